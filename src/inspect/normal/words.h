/* Whether letters are words: a set of the words that texts of many languages are full of, and of
 * frequent English ones (words.txt). A measure of scrambles, not a dictionary. Private. */
#ifndef PST_INSPECT_NORMAL_WORDS_H
#define PST_INSPECT_NORMAL_WORDS_H

#include "base/str.h"

#include <stdbool.h>

enum { PST_WORD_LONGEST = 24 };

enum pst_word { PST_WORD_UNKNOWN, PST_WORD_KNOWN, PST_WORD_STOP };

/* `word`: lower-case ASCII letters. One letter is never a word here. */
enum pst_word pst_word_find(struct pst_str word);

/* How much of some words is known, in letters. */
struct pst_score {
    size_t words, letters, known, stop; /* known and stop: letters; stop is part of known */
};
void pst_score_add(struct pst_score *score, struct pst_str word);
/* Reads like language: enough of it is known, and not by chance. */
bool pst_score_good(const struct pst_score *score);
/* Hundredths of the letters that are known. */
size_t pst_score_share(const struct pst_score *score);

#endif
