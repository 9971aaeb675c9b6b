/* Inside crypto/ only: the signature schemes of TLS (RFC 8446 §4.2.3) that are used here. */
#ifndef PST_CRYPTO_TLS_SCHEME_H
#define PST_CRYPTO_TLS_SCHEME_H

#include "base/def.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

enum pst_tls_kind { PST_TLS_EC, PST_TLS_RSA, PST_TLS_ED25519 };

struct pst_tls_scheme {
    uint16_t number;
    uint8_t kind;       /* enum pst_tls_kind */
    bool pss;           /* of RSA: PSS with a salt as long as the digest, else PKCS #1 v1.5 */
    bool old;           /* TLS 1.2 only */
    const char *digest; /* NULL: the algorithm has its own */
};

/* NULL: not one of ours. */
const struct pst_tls_scheme *pst_tls_scheme_of(uint16_t number);
const struct pst_tls_scheme *pst_tls_scheme_find(enum pst_tls_kind kind, bool pss,
                                                 const char *digest);
/* False: of a kind, on a curve or of a size that is not used for TLS. */
bool pst_tls_kind_of(const EVP_PKEY *pkey, enum pst_tls_kind *ret);
/* SHA-256 of the SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). */
PST_NODISCARD bool pst_tls_spki_of(const EVP_PKEY *pkey, uint8_t ret[32]);

#endif
