/* Whether letters are words: a set of the words that texts of many languages are full of, and of
 * frequent English ones (words.txt). A measure of scrambles, not a dictionary. Private. */
#ifndef PST_INSPECT_NORMAL_WORDS_H
#define PST_INSPECT_NORMAL_WORDS_H

#include "base/str.h"

#include <stdbool.h>

enum { PST_WORD_LONGEST = 24 };

enum pst_word { PST_WORD_UNKNOWN, PST_WORD_KNOWN, PST_WORD_STOP };
enum pst_part { PST_PART_OTHER, PST_PART_DETERMINER, PST_PART_PREPOSITION, PST_PART_VERB };

/* The hash of a word, letter by letter (FNV-1a): a reader of letters may make it as it goes. */
enum { PST_WORD_SEED = 0x811C9DC5 };
static inline uint32_t pst_word_next(uint32_t hash, uint8_t letter)
{
    return (hash ^ letter) * 16777619U;
}
/* `word`: lower-case ASCII letters, n of them. One letter is never a word here. */
enum pst_word pst_word_known(uint32_t hash, size_t n, enum pst_part *ret_part);
enum pst_word pst_word_find(struct pst_str word);

/* How much of some words is known, in letters. */
struct pst_score {
    size_t stops;                       /* words of three letters and more that texts are full of */
    size_t words, letters, known, stop; /* known and stop: letters; stop is part of known */
};
void pst_score_add(struct pst_score *score, struct pst_str word);
void pst_score_count(struct pst_score *score, size_t n, enum pst_word found);
/* Reads like language: enough of it is known, and not by chance. */
bool pst_score_good(const struct pst_score *score);
/* Hundredths of the letters that are known. */
size_t pst_score_share(const struct pst_score *score);

#endif
