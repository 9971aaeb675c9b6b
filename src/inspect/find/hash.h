/* Digests that the checksums of coin addresses are made of. Nothing here keeps a secret: these are
 * checks of form, not cryptography. */
#ifndef PST_INSPECT_FIND_HASH_H
#define PST_INSPECT_FIND_HASH_H

#include "base/str.h"

/* FIPS 180-4, for at most 119 bytes (two blocks). */
void pst_find_sha256(struct pst_str in, uint8_t ret[32]);
/* Keccak-256 as Ethereum uses it (padding 01, before FIPS 202), for at most 135 bytes. */
void pst_find_keccak256(struct pst_str in, uint8_t ret[32]);

#endif
