/* Literals for the matcher: an expression each, of one fixed length, so that where a hit ends says
 * where it began. */
#ifndef PST_RULES_DATA_WORDS_H
#define PST_RULES_DATA_WORDS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

struct pst_literals {
    char **list;
    unsigned int *flags, *ids;
    size_t n, room;
};

PST_NODISCARD bool pst_literals_add(struct pst_literals *l, struct pst_str expression, bool nocase);
/* An expression of any length; the matcher says where its matches begin. */
PST_NODISCARD bool pst_literals_add_pattern(struct pst_literals *l, struct pst_str expression,
                                            bool nocase);
void pst_literals_release(struct pst_literals *l);
/* Compiled for the least processor, placed as it will be read; `*ret` is to be freed. */
PST_NODISCARD enum pst_status pst_literals_compile(const struct pst_literals *l, void **ret,
                                                   size_t *ret_n, struct pst_err *err);
/* Every byte as \xHH. */
bool pst_literal_put(struct pst_buf *out, struct pst_str bytes);
/* A context word: a space also stands for '_' and '-'. */
bool pst_word_put(struct pst_buf *out, struct pst_str word);
/* `[…]{n}` of a byte set. */
bool pst_set_put(struct pst_buf *out, const uint8_t set[32], unsigned n);
/* The word with its first letter (`all`: every letter) in upper case, for scripts that have cases.
 */
bool pst_word_upper(struct pst_str word, bool all, struct pst_buf *out);
/* Han, kana, hangul, Thai: words have no borders there. */
bool pst_word_unspaced(struct pst_str word);
/* Code points. */
size_t pst_word_length(struct pst_str word);

#endif
