/* Client certificates: a chain as it came in a handshake, verified against authorities (RFC 5280
 * §6) and read. Nothing is fetched: no CRL, no OCSP, no missing certificate. The time is passed in.
 *
 * Whatever would have two meanings is refused: a repeated extension or name, a NUL or a byte that
 * is not printable ASCII in a name, bytes behind a certificate. The common name is never read. */
#ifndef PST_CRYPTO_X509_VERIFY_H
#define PST_CRYPTO_X509_VERIFY_H

#include "base/arena.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_X509_CHAIN_BYTES = 6144, /* DER certificates one after another, the leaf first */
    PST_X509_CHAIN_CERTS = 8,    /* as many of them, and as deep a path */
    PST_X509_NAMES = 64,         /* subjectAltNames of one certificate */
    PST_X509_NAME_BYTES = 2048,  /* the longest SPIFFE ID */
    PST_X509_ANCHORS = 1024,
    PST_X509_ANCHOR_BYTES = 4 << 20,
    PST_X509_DIGEST = 32,
};

enum pst_x509_name_kind { PST_X509_URI, PST_X509_DNS, PST_X509_EMAIL };

struct pst_x509_name {
    enum pst_x509_name_kind kind;
    struct pst_str text; /* printable ASCII, not empty; as it stands in the certificate */
};

struct pst_x509_client {
    uint8_t spki[PST_X509_DIGEST]; /* SHA-256 of the leaf's SubjectPublicKeyInfo: names the key */
    int64_t until_s;               /* the first end of validity on the path: then it is over */
    int64_t from_s;                /* the last beginning */
    const struct pst_x509_name *names; /* URI, DNS and e-mail; others are not read */
    size_t n_names;
    bool signs;     /* keyUsage is there and has digitalSignature */
    bool certifies; /* keyUsage has keyCertSign or cRLSign */
};

/* Authorities. */
struct pst_x509_anchors;

/* `pem`: one or more CERTIFICATE blocks (RFC 7468), text between them ignored. Each must be a CA by
 * its basicConstraints; each is trusted by itself, an intermediate one too. CONFIG, LIMIT or
 * NO_MEMORY. */
PST_NODISCARD enum pst_status
pst_x509_anchors_new(struct pst_str pem, struct pst_x509_anchors **ret, struct pst_err *err);
void pst_x509_anchors_free(struct pst_x509_anchors *a);

/* Verifies `chain` (DER) for a TLS client: signatures of at least 112 bits of security, dates,
 * path length, key usage, extended key usage (clientAuth, where there is one), name constraints. A
 * leaf that may issue certificates is none. *ret and the names live in `arena`. IDENTITY_EXPIRED
 * when only the leaf's dates are wrong, else IDENTITY_INVALID, or NO_MEMORY; the text is for logs,
 * not for clients. */
PST_NODISCARD enum pst_status
pst_x509_client_verify(const struct pst_x509_anchors *a, struct pst_str chain, int64_t now_s,
                       struct pst_arena *arena, struct pst_x509_client *ret, struct pst_err *err);

#endif
