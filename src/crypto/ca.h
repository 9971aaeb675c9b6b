/* A certificate authority for this machine alone, and the certificate of a server on it: for first
 * steps, where nobody has given a certificate. The authority is constrained (RFC 5280 §4.2.1.10) to
 * localhost, 127.0.0.1 and ::1, so that whoever gets hold of its key can pretend to be nobody else.
 */
#ifndef PST_CRYPTO_CA_H
#define PST_CRYPTO_CA_H

#include "base/buf.h"
#include "crypto/sign.h"

/* The authority's own certificate for a P-256 key, as PEM: ten years from now. */
PST_NODISCARD enum pst_status pst_ca_certificate(const struct pst_key *key, int64_t now_s,
                                                 struct pst_buf *out, struct pst_err *err);
/* A server's certificate for localhost, 127.0.0.1 and ::1, as PEM: one year from now. CONFIG: the
 * authority's key and certificate do not belong together. */
PST_NODISCARD enum pst_status pst_ca_issue(const struct pst_key *ca_key, struct pst_str ca_pem,
                                           const struct pst_key *key, int64_t now_s,
                                           struct pst_buf *out, struct pst_err *err);

#endif
