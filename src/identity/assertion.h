/* End-user assertions: a JWT (RFC 7519, compact JWS of RFC 7515) by which an app that has proven
 * itself with its API key names the person it acts for. Signed HS256 (RFC 7518 §3.2) with the text
 * of that very API key, so an assertion is worth nothing without the key it came with.
 *
 *   header  exactly {"alg":"HS256"} with an optional "typ":"JWT"; anything else is refused
 *   claims  sub  1-128 bytes, printable, no control characters      required
 *           exp  seconds since 1970, later than now                 required
 *           iat  not later than now + 60 s; exp - iat <= max_age_s  required
 *           aud  "postern" when present
 *           others are ignored */
#ifndef PST_IDENTITY_ASSERTION_H
#define PST_IDENTITY_ASSERTION_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum { PST_ASSERTION_MAX = 4096, PST_ASSERTION_SUB_MAX = 128 };

/* Verifies `token` against `key_text`. *ret_sub lives in `arena`. Any failure is
 * PST_E_ASSERTION_INVALID. */
PST_NODISCARD enum pst_status pst_assertion_verify(struct pst_str token, struct pst_str key_text,
                                                   int64_t now_unix_s, uint64_t max_age_s,
                                                   struct pst_arena *arena, struct pst_str *ret_sub,
                                                   struct pst_err *err);

#endif
