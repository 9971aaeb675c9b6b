/* Certificates (RFC 5280) as an operator gives them: PEM texts that are read once, at leisure. What
 * is not a certificate is refused, a private key above all: these texts go to processes that may
 * not have it. Nothing here verifies a chain. */
#ifndef PST_CRYPTO_X509_H
#define PST_CRYPTO_X509_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_X509_SPKI_BYTES = 32,  /* SHA-256 of a SubjectPublicKeyInfo's DER */
    PST_X509_CHAIN_MAX = 10,   /* certificates of a chain, the leaf counted */
    PST_X509_BUNDLE_MAX = 512, /* certificates of a bundle of authorities */
};

/* What a server's own certificate says of itself. */
struct pst_x509_leaf {
    uint8_t spki[PST_X509_SPKI_BYTES];
    int64_t from_s, to_s; /* valid from and to, in Unix seconds */
    uint32_t n;           /* certificates in the chain */
    bool named;           /* it has a subjectAltName with a DNS name or an address */
    bool ordered;         /* each certificate was issued by the next */
};

/* A server's chain, the leaf first: 1 … PST_X509_CHAIN_MAX certificates. The leaf's key must be one
 * that is served: RSA of 2048 to 4096 bits, EC on P-256 or P-384, Ed25519; and no certificate of
 * the chain may be signed with less than 112 bits of security (SHA-1). `out` gets the certificates
 * alone, as PEM. CONFIG: err says what is wrong, and with which certificate. */
PST_NODISCARD enum pst_status pst_x509_chain(struct pst_str pem, struct pst_x509_leaf *ret,
                                             struct pst_buf *out, struct pst_err *err);
/* Authorities, in any order: 1 … PST_X509_BUNDLE_MAX certificates that may issue others. */
PST_NODISCARD enum pst_status pst_x509_authorities(struct pst_str pem, struct pst_buf *out,
                                                   struct pst_err *err);

#endif
