/* The names of client certificates, and the patterns that an operator writes for them.
 *
 *   URI    byte for byte; `*` as a whole segment of the path stands for one segment of letters,
 *          digits, dot, dash, underscore and tilde. One that begins with spiffe: is a SPIFFE ID.
 *   DNS    letters without case; `*` as the first label stands for one label
 *   email  byte for byte before the @, letters without case behind it; no `*`
 *
 * A name that has a `*` itself matches nothing. All pure; patterns are checked once, by
 * pst_certificate_pattern_fault, before they are used. */
#ifndef PST_IDENTITY_CERTIFICATE_NAME_H
#define PST_IDENTITY_CERTIFICATE_NAME_H

#include "base/str.h"
#include "crypto/x509_verify.h"

#include <stdbool.h>

enum { PST_CERTIFICATE_PATTERN_MAX = 512 };

/* What is wrong with a pattern, for people; NULL: nothing. */
const char *pst_certificate_pattern_fault(enum pst_x509_name_kind kind, struct pst_str pattern);
bool pst_certificate_pattern_matches(enum pst_x509_name_kind kind, struct pst_str pattern,
                                     struct pst_str name);
/* It is meant to be a SPIFFE ID: the scheme is spiffe, in letters of any case. */
bool pst_spiffe_id_meant(struct pst_str uri);
/* SPIFFE-ID §2: spiffe://, a trust domain of lower-case letters, digits, dot, dash and underscore
 * (255 at most), then a path whose segments are letters, digits, dot, dash and underscore, none
 * empty, "." or "..". No port, user, query or fragment, at most 2048 bytes. For an X.509-SVID the
 * path may not be empty (X509-SVID §2). */
bool pst_spiffe_id_valid(struct pst_str uri);

#endif
