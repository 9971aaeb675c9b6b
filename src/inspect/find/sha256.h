/* SHA-256 (FIPS 180-4 §6.2) of a few bytes, for the checksums of addresses only: inspect links no
 * cryptography, and nothing secret is hashed here. */
#ifndef PST_INSPECT_FIND_SHA256_H
#define PST_INSPECT_FIND_SHA256_H

#include "base/str.h"

enum { PST_FIND_SHA256_MAX = 119 }; /* two blocks */
/* `in` has at most PST_FIND_SHA256_MAX bytes. */
void pst_find_sha256(struct pst_str in, uint8_t ret[32]);

#endif
