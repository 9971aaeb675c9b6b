/* Compiled databases kept on disk, for the build alone: compiling all signatures takes half a
 * minute, and most builds compile the same ones again. Named by a digest of all that the matcher
 * was given and of its version, so that a file is right or absent; a damaged one counts as absent.
 */
#ifndef PST_RULES_SIGNATURE_STORE_H
#define PST_RULES_SIGNATURE_STORE_H

#include "base/buf.h"

enum { PST_SIGNATURE_KEY_BYTES = 32 };

/* False: there is none in the folder `dir`. */
bool pst_signature_store_get(const char *dir, const uint8_t key[PST_SIGNATURE_KEY_BYTES],
                             struct pst_buf *ret);
/* Best effort: what cannot be kept is compiled again. Makes the folder; others may do so, and keep
 * the same file, at the same time. */
void pst_signature_store_put(const char *dir, const uint8_t key[PST_SIGNATURE_KEY_BYTES],
                             struct pst_str bytes);

#endif
