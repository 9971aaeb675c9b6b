/* Client certificates: who they speak for. The rows of `certificates:` and the authorities are one
 * object of one configuration; what it has verified it remembers by SHA-256 of the whole chain, in
 * a bounded cache. Dates are looked at on every hit.
 *
 * A certificate with a SPIFFE ID must be an X.509-SVID (X509-SVID §2 … §4): one URI name, a valid
 * ID, a key for signatures that signs no certificates. Otherwise the names of kinds URI, DNS and
 * e-mail count; the first row that any of them matches holds. The common name never counts.
 *
 * That whoever sent the chain has its key is not proven here: the handshake did that. */
#ifndef PST_IDENTITY_CERTIFICATE_H
#define PST_IDENTITY_CERTIFICATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PST_CERTIFICATE_ROWS = 256,
    PST_CERTIFICATE_GROUPS = 8,      /* of one row */
    PST_CERTIFICATE_KEY_ID = 5 + 24, /* "x509_" and 96 bits of its key's SHA-256 in hex */
};

struct pst_certificates;

/* One that was verified: who it speaks for. */
struct pst_certificate {
    struct pst_str type, id; /* "Workload", "batch" */
    struct pst_str groups[PST_CERTIFICATE_GROUPS];
    size_t n_groups;
    char key_id[PST_CERTIFICATE_KEY_ID + 1]; /* names it in evidence */
    int64_t from_s, until_s;                 /* its path is valid from … to before */
};

/* `rows`: lines of "KIND\tPATTERN\tTYPE::ID" with "\tGROUP" for each group; KIND is uri, dns or
 * email. May be empty, and so may `authorities` (PEM): then nothing is accepted. Both are copied.
 * `cap`: certificates remembered. CONFIG or NO_MEMORY. */
PST_NODISCARD enum pst_status pst_certificates_new(struct pst_str rows, struct pst_str authorities,
                                                   size_t cap, uint64_t seed,
                                                   struct pst_certificates **ret,
                                                   struct pst_err *err);
/* What is kept of it lives on. NULL is fine. */
void pst_certificates_free(struct pst_certificates *s);

/* Verifies a chain (DER, one after another, the leaf first) and finds its row. *ret is valid until
 * the next call, unless it is kept. IDENTITY_INVALID or IDENTITY_EXPIRED; then *ret may still name
 * a certificate that was verified but speaks for nobody, or not now: for evidence. `scratch` is
 * used on the way. */
PST_NODISCARD enum pst_status pst_certificates_verify(struct pst_certificates *s,
                                                      struct pst_str chain, int64_t now_s,
                                                      struct pst_arena *scratch,
                                                      const struct pst_certificate **ret,
                                                      struct pst_err *err);
/* Keeps one past the next call, until it is dropped. NULL is fine. */
const struct pst_certificate *pst_certificate_keep(const struct pst_certificate *c);
void pst_certificate_drop(const struct pst_certificate *c);
/* How many are remembered. */
size_t pst_certificates_count(const struct pst_certificates *s);

#endif
