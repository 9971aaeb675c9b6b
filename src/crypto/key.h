/* Inside crypto/ only: what a key is made of. */
#ifndef PST_CRYPTO_KEY_H
#define PST_CRYPTO_KEY_H

#include "crypto/sign.h"

#include <openssl/evp.h>

struct pst_key {
    EVP_PKEY *pkey;
    enum pst_sig alg;
    bool is_private;
};

/* Takes over pkey (frees it on failure; NULL is a failure). Refuses every kind and size that is not
 * meant to be used; a private key must fit its public half. */
PST_NODISCARD enum pst_status pst_key_wrap(EVP_PKEY *pkey, bool is_private, struct pst_key **ret,
                                           struct pst_err *err);

#endif
