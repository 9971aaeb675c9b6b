#include "inspect/normal/words.h"

#include "inspect/normal/words.inc"

enum pst_word pst_word_known(uint32_t hash, size_t n, enum pst_part *ret_part)
{
    *ret_part = PST_PART_OTHER;
    if (n < 2 || n > PST_WORD_LONGEST) {
        return PST_WORD_UNKNOWN;
    }
    uint32_t h = (hash ^ hash >> 15) * 0x2C1B3C6DU;
    for (uint32_t at = h >> 19; words_table[at] != 0; at = (at + 1) % WORDS_SIZE) {
        if (words_table[at] >> 3 == h >> 3) {
            *ret_part = (enum pst_part)(words_table[at] >> 1 & 3);
            return (words_table[at] & 1) != 0 ? PST_WORD_STOP : PST_WORD_KNOWN;
        }
    }
    return PST_WORD_UNKNOWN;
}

enum pst_word pst_word_find(struct pst_str word)
{
    uint32_t hash = (uint32_t)PST_WORD_SEED;
    enum pst_part part;
    if (word.n > PST_WORD_LONGEST) {
        return PST_WORD_UNKNOWN;
    }
    for (size_t i = 0; i < word.n; i++) {
        hash = pst_word_next(hash, word.p[i]);
    }
    return pst_word_known(hash, word.n, &part);
}

void pst_score_count(struct pst_score *score, size_t n, enum pst_word found)
{
    /* two letters are a word of some language by chance, and count less */
    size_t weight = n == 2 ? 1 : n;
    score->words++;
    score->letters += n;
    score->known += found != PST_WORD_UNKNOWN ? weight : 0;
    score->stops += found == PST_WORD_STOP && n >= 3;
    score->stop += found == PST_WORD_STOP ? weight : 0;
}

void pst_score_add(struct pst_score *score, struct pst_str word)
{
    pst_score_count(score, word.n, pst_word_find(word));
}

size_t pst_score_share(const struct pst_score *score)
{
    return score->letters > 0 ? score->known * 100 / score->letters : 0;
}

bool pst_score_good(const struct pst_score *score)
{
    return (score->known >= 8 && pst_score_share(score) >= 45) ||
           (score->stops >= 4 && score->stop * 5 >= score->letters);
}
