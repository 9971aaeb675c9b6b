/* Tokens: what stands for a masked value. Fixed length, [A-Za-z0-9_] only, self-checking, keyed:
 * the same value gives the same token within one scope (principal and conversation) and an
 * unrelated one in any other. A token cannot be guessed, and one that a model drifted or invented
 * is recognised as none.
 *
 *   Qz TTTT_ bbbbbbbbbbbbbbbb cccc      'Qz', four letters of the type's group, '_', 16 base32
 * digits of HMAC-SHA-256(scope key, type ‖ value) (80 bits), 4 of a keyless check
 */
#ifndef PST_MASK_TOKEN_H
#define PST_MASK_TOKEN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/secret.h"

#include <stdbool.h>

enum { PST_TOKEN_BYTES = 27, PST_SCOPE_KEY_BYTES = 32 };

/* The key of one principal's one conversation, from the front's masking key. */
struct pst_scope {
    uint8_t key[PST_SCOPE_KEY_BYTES];
};

void pst_token_make(const struct pst_scope *scope, struct pst_str tag, struct pst_str value,
                    uint8_t ret[PST_TOKEN_BYTES]);
/* Form and check digits only, letters in any case: says nothing of who issued it. */
bool pst_token_looks(struct pst_str text);
/* Length of the longest suffix of `text` that is a proper prefix of something pst_token_looks() may
 * accept. */
size_t pst_token_tail(struct pst_str text);

#endif
