/* Where tokens are the same: keys from the state folder's data key down to one principal's one
 * conversation. */
#ifndef PST_MASK_SCOPE_H
#define PST_MASK_SCOPE_H

#include "crypto/hash.h"
#include "mask/token.h"

enum { PST_DATA_KEY_BYTES = 32, PST_MASKING_KEY_BYTES = 32, PST_CONVERSATION_MAX = 64 };

/* The fronts' key, of the data key: keys derives it, fronts never see what it came from. */
void pst_masking_key(const uint8_t data_key[PST_DATA_KEY_BYTES],
                     uint8_t ret[PST_MASKING_KEY_BYTES]);
/* `masking` is ready for a message under the masking key. `principal`: who sends (the id of a key),
 * `person`: for whom (may be empty), `conversation`: a name, or what stands for one. */
void pst_scope_make(struct pst_hmac *masking, struct pst_str principal, struct pst_str person,
                    struct pst_str conversation, struct pst_scope *ret);
/* 1 to PST_CONVERSATION_MAX bytes of [A-Za-z0-9_.-]. */
bool pst_conversation_valid(struct pst_str name);

#endif
