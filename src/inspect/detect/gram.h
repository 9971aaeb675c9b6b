/* The n-grams of a text, token by token, as bucket numbers: what the model was trained on is what
 * this yields, and nothing else. A token is a word, one letter of a script written without spaces,
 * or one punctuation mark. Any change here needs new weights and a new PST_GRAM_VERSION. */
#ifndef PST_INSPECT_DETECT_GRAM_H
#define PST_INSPECT_DETECT_GRAM_H

#include "base/str.h"

#include <stdbool.h>

enum {
    PST_GRAM_VERSION = 1,
    PST_GRAM_BITS = 20,        /* of a number; a smaller table uses the upper bits */
    PST_GRAM_WORD_MAX = 32,    /* letters of a token; a longer word makes several */
    PST_GRAMS_MAX = 32 * 3 + 8 /* of one token */
};

struct pst_grams {
    struct pst_cur in;
    size_t start, end;          /* of the token, bytes of the text */
    uint32_t id[PST_GRAMS_MAX]; /* < 1 << PST_GRAM_BITS */
    size_t n;
    uint32_t run[4];  /* rolling hashes of the last 1 … 4 characters; private */
    uint32_t word[3]; /* the last words; private */
    uint32_t last;    /* the last punctuation mark, to cut its repeats; private */
    uint32_t repeats;
};
/* `text`: valid UTF-8, case folded. It must outlive `g`. */
void pst_grams_init(struct pst_grams *g, struct pst_str text);
/* The next token and its n-grams; false at the end. Constant work per byte. */
bool pst_grams_next(struct pst_grams *g);

/* What a character is to the reader above; exported for tests. */
enum pst_letter { PST_LETTER_SPACE, PST_LETTER_WORD, PST_LETTER_ALONE, PST_LETTER_MARK };
enum pst_letter pst_letter_of(uint32_t cp);

#endif
