/* The patterns of signatures: words put in, spaces widened, and what may be refused by looking. */
#ifndef PST_RULES_SIGNATURE_PATTERN_H
#define PST_RULES_SIGNATURE_PATTERN_H

#include "rules/signature_compile.h"

struct pst_signature_word {
    struct pst_str name, text; /* the text has no {{…}} left */
};
struct pst_signature_words {
    struct pst_signature_word list[PST_SIGNATURE_WORDS_MAX];
    size_t n;
};

/* The pattern with every {{name}} replaced by its words in a group, in the arena. An empty view,
 * and `*ret_what` why, when a name is not known, the pattern is empty or becomes too long. */
struct pst_str pst_signature_words_put(const struct pst_signature_words *words,
                                       struct pst_str pattern, struct pst_arena *arena,
                                       const char **ret_what);
/* The expression for the matcher, which sees bytes: each space outside a class becomes what may
 * stand between two words, `bounded` or not; a letter of several bytes becomes a group of itself
 * and of how it is written without its marks; a NUL ends it. False when `out` is full or the
 * pattern is no UTF-8. */
bool pst_signature_expression(struct pst_str pattern, bool bounded, struct pst_buf *out);
/* No class holds a letter of several bytes: to the matcher those would be its bytes. */
bool pst_signature_class_ok(struct pst_str pattern);
/* Bytes of the longest run of literals. */
size_t pst_signature_literal(struct pst_str pattern);

#endif
