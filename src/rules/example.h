/* Examples of rules: a value that looks live has no place in a tree that others scan, so an example
 * holds generators in double braces, and they are expanded, always to the same, where it is run.
 *
 *   {{base62:36}}         36 characters of an alphabet by name: base62 base64 base64url base32 hex
 *                         lower upper digits lower36 upper36
 *   {{[A-Za-z0-9.]:12}}   of a set, as in the value of a rule
 *   {{jwt}}               header, claims and signature of a made-up token
 *
 * Used by whoever runs examples and counter-examples: expand first, then look for [[ and ]], which
 * pass through unchanged. */
#ifndef PST_RULES_EXAMPLE_H
#define PST_RULES_EXAMPLE_H

#include "base/buf.h"
#include "base/err.h"

enum { PST_EXAMPLE_MAX = 16384, PST_EXAMPLE_RUN_MAX = 4096 };

/* Appends to `out`, whose cap is the limit. `seed`: e.g. a hash of the type and the number of the
 * example. A text without generators comes out as it is. ERR: an unknown generator, a count of zero
 * or above PST_EXAMPLE_RUN_MAX, an open brace, no room. */
PST_NODISCARD enum pst_status pst_rules_example_expand(struct pst_str example, uint64_t seed,
                                                       struct pst_buf *out, struct pst_err *err);
/* FNV-1a, for seeds. */
uint64_t pst_rules_example_seed(struct pst_str type, size_t number);

#endif
