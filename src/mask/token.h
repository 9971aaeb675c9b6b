/* Tokens: what stands for a masked value. Fixed length, [A-Za-z0-9_] only, self-checking, keyed:
 * the same value gives the same token within one scope (principal and conversation) and an
 * unrelated one in any other. A token cannot be guessed, and one that a model drifted or invented
 * is recognised as none.
 *
 *   Qz TTTT_ bbbbbbbbbbbbbbbb cccc      'Qz', four letters of the type, '_', 16 base32 digits of
 * HMAC-SHA-256(scope key, type ‖ 0 ‖ value) (80 bits), 4 of a keyless check
 *
 * The digits are a-z without q, and 2-8; no letter of the type is a Q: so a token has one q, its
 * first byte, and two tokens can never overlap, nor one arise where a token meets other text.
 *
 * Text that came from outside and looks like a token is escaped before it is sent: a '0' goes
 * behind the Qz, one more where there are some already. On the way back one '0' is taken out. What
 * a user or a tool wrote is thereby never taken for a token issued here, and comes back as it was.
 */
#ifndef PST_MASK_TOKEN_H
#define PST_MASK_TOKEN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/secret.h"

#include <stdbool.h>

enum {
    PST_TOKEN_BYTES = 27,
    PST_SCOPE_KEY_BYTES = 32,
    PST_TOKEN_ESCAPES_MAX = 32, /* zeros; text with more of them is no look-alike */
};

/* The key of one principal's one conversation, from the front's masking key. */
struct pst_scope {
    uint8_t key[PST_SCOPE_KEY_BYTES];
};

/* `tag` is the type's name; four letters of it are shown. */
void pst_token_make(const struct pst_scope *scope, struct pst_str tag, struct pst_str value,
                    uint8_t ret[PST_TOKEN_BYTES]);
/* Form and check digits only, letters in any case: says nothing of who issued it. */
bool pst_token_looks(struct pst_str text);
/* Length of the longest suffix of `text` that is a proper prefix of something pst_token_looks() may
 * accept, or of an escaped look-alike. */
size_t pst_token_tail(struct pst_str text);

/* A token or an escaped look-alike in a text. */
struct pst_token_at {
    size_t start, end;              /* end exclusive */
    size_t escapes;                 /* zeros in it; 0: a token, or an unescaped look-alike */
    uint8_t plain[PST_TOKEN_BYTES]; /* in lower case, without the zeros: key of a lookup */
};

/* Walks a text: the next one behind the one before; false at the end. Begin with {0}. */
struct pst_token_walk {
    size_t at;           /* nothing before it is looked at again; may be moved on by the caller */
    size_t lower, upper; /* private: the next q and Q, PST_NPOS past the last, 0 not known */
    bool begun;
};
bool pst_token_next(struct pst_token_walk *w, struct pst_str text, struct pst_token_at *ret);

/* Appends the look-alike with one zero more, or (`escapes` > 0) one less. False: no room. */
bool pst_token_escape(struct pst_buf *out, struct pst_str text, const struct pst_token_at *t);
bool pst_token_unescape(struct pst_buf *out, struct pst_str text, const struct pst_token_at *t);

#endif
