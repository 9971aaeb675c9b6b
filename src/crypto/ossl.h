/* Inside crypto/ only: what the files here share about OpenSSL and secrets. */
#ifndef PST_CRYPTO_OSSL_H
#define PST_CRYPTO_OSSL_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/secret.h"

/* Fails with `what` and OpenSSL's own reason for the last failure, and empties its error queue. The
 * code becomes NO_MEMORY when that was the reason. */
enum pst_status pst_ossl_fail(struct pst_err *err, enum pst_error code, const char *what);

/* A secret of n zero bytes to be filled through pst_secret_bytes by its maker. */
PST_NODISCARD struct pst_secret *pst_secret_blank(size_t n);
uint8_t *pst_secret_bytes(struct pst_secret *s);
/* Counts fewer bytes; the rest is wiped. */
void pst_secret_cut(struct pst_secret *s, size_t n);

/* PEM (RFC 7468) of exactly one block with this label and nothing but white space around it. */
PST_NODISCARD enum pst_status pst_pem_get(struct pst_str pem, struct pst_str label,
                                          struct pst_secret **ret_der, struct pst_err *err);
PST_NODISCARD enum pst_status pst_pem_put(struct pst_str der, struct pst_str label,
                                          struct pst_secret **ret_pem, struct pst_err *err);

/* For OpenSSL's PEM readers: there is no password, and nobody to ask. */
int pst_ossl_no_password(char *buf, int size, int rwflag, void *arg);

#endif
