/* The linear model: a table of n-gram weights and windows that slide over a text. Integers only, so
 * that every processor gives the same scores. */
#ifndef PST_INSPECT_DETECT_MODEL_H
#define PST_INSPECT_DETECT_MODEL_H

#include "inspect/detect/gram.h"

/* Lanes of a table: eight weights of one byte stand side by side, one load per n-gram. */
enum {
    PST_LANES = 8,
    PST_BLOCK_TOKENS = 16,
    PST_TINY_BLOCKS = 2,   /* 32 tokens: one order of few words in much other text */
    PST_SMALL_BLOCKS = 4,  /* 64 tokens: one order with its reasons */
    PST_LARGE_BLOCKS = 16, /* 256 tokens, about 1 to 2 KB: its surroundings */
    PST_LOGIT_ONE = 1024,  /* logits are fixed-point with ten bits */
    PST_GRAMS_FEW =
        64, /* a window of fewer n-grams counts as of so many: no short text is certain */
};

struct pst_table {
    struct pst_str weights;    /* PST_LANES signed bytes for each of 1 << bits buckets */
    uint32_t bits;             /* 8 … PST_GRAM_BITS */
    int32_t bias[PST_LANES];   /* logits */
    uint32_t scale[PST_LANES]; /* one unit of a weight, with 20 bits */
};

struct pst_window {
    int32_t logit[PST_LANES];                /* the largest of any window, each lane for itself */
    size_t start[PST_LANES], end[PST_LANES]; /* where that was, bytes of the text */
};
struct pst_model_score {
    struct pst_window tiny, small, large;
    uint64_t tokens;
};
/* Linear in the text, no allocation. An empty text scores as its bias. */
void pst_model_score(const struct pst_table *table, struct pst_str text,
                     struct pst_model_score *ret);

#endif
