/* Self-checks: what an issuer built into its tokens so that they can be told from chance. Also the
 * decodings that finders need. Pure, no allocation. */
#ifndef PST_INSPECT_SELFCHECK_H
#define PST_INSPECT_SELFCHECK_H

#include "base/str.h"

#include <stdbool.h>

/* Base64 of either alphabet, with or without padding; stops at the first other byte or when `cap`
 * bytes are out. Returns how many bytes came out. */
size_t pst_base64_peek(struct pst_str in, uint8_t *ret, size_t cap);
/* CRC-32 of ISO 3309 (as in zip and PNG). */
uint32_t pst_crc32(struct pst_str in);
/* The first part of a JWT or JWE: base64url of a JSON object with "alg" or "enc" or "typ". */
bool pst_jwt_header(struct pst_str part);

#endif
