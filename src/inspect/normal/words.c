#include "inspect/normal/words.h"

#include "inspect/normal/words.inc"

/* FNV-1a with a last mix; tools/word_tables.py has the same. */
static uint32_t word_hash(struct pst_str word)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < word.n; i++) {
        h = (h ^ word.p[i]) * 16777619U;
    }
    return (h ^ h >> 15) * 0x2C1B3C6DU;
}

enum pst_word pst_word_find(struct pst_str word)
{
    if (word.n < 2 || word.n > PST_WORD_LONGEST) {
        return PST_WORD_UNKNOWN;
    }
    uint32_t h = word_hash(word);
    for (uint32_t at = h >> 19; words_table[at] != 0; at = (at + 1) % WORDS_SIZE) {
        if (words_table[at] >> 1 == h >> 1) {
            return (words_table[at] & 1) != 0 ? PST_WORD_STOP : PST_WORD_KNOWN;
        }
    }
    return PST_WORD_UNKNOWN;
}

void pst_score_add(struct pst_score *score, struct pst_str word)
{
    enum pst_word found = pst_word_find(word);
    /* two letters are a word of some language by chance, and count less */
    size_t weight = word.n == 2 ? 1 : word.n;
    score->words++;
    score->letters += word.n;
    score->known += found != PST_WORD_UNKNOWN ? weight : 0;
    score->stop += found == PST_WORD_STOP ? weight : 0;
}

size_t pst_score_share(const struct pst_score *score)
{
    return score->letters > 0 ? score->known * 100 / score->letters : 0;
}

bool pst_score_good(const struct pst_score *score)
{
    return score->known >= 8 && pst_score_share(score) >= 45;
}
