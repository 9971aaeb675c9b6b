/* Start of the module: once per process, before the sandbox, before any thread. */
#ifndef PST_CRYPTO_CRYPTO_H
#define PST_CRYPTO_CRYPTO_H

#include "base/def.h"
#include "base/err.h"

/* Prepares OpenSSL so that nothing later needs a file or a configuration: see README.md. Calling it
 * again does nothing. PST_ERR (INTERNAL) when an algorithm that this program needs is missing. */
PST_NODISCARD enum pst_status pst_crypto_init(struct pst_err *err);

#endif
