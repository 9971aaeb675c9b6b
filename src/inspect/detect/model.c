#include "inspect/detect/model.h"

/* Sixteen tokens: sums of their weights, and where they stand. */
struct block {
    int32_t sum[PST_LANES];
    uint32_t grams;
    size_t start, end;
};

typedef int16_t lanes16 __attribute__((vector_size(16)));
typedef int8_t lanes8 __attribute__((vector_size(8)));

/* floor(2^16 / sqrt(n)): the root of 2^32 / n, bit by bit. */
static uint32_t inverse_root(uint64_t n)
{
    uint64_t value = (UINT64_C(1) << 32) / n;
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 16; bit != 0; bit >>= 1) {
        uint64_t next = root | bit;
        if (next * next <= value) {
            root = next;
        }
    }
    return (uint32_t)root;
}

static int32_t clamp(int64_t v)
{
    const int64_t most = 64 * PST_LOGIT_ONE;
    return (int32_t)(v > most ? most : v < -most ? -most : v);
}

/* bias + sum * scale / sqrt(grams). |sum| < 2^22 * 2^8, scale < 2^24: no overflow before the
 * division, which rounds towards zero on every processor. */
static int32_t logit_of(const struct pst_table *t, size_t lane, int64_t sum, uint32_t root)
{
    int64_t v = sum * (int64_t)t->scale[lane] / (1 << 14) * (int64_t)root / (1 << 12);
    return clamp(t->bias[lane] + v);
}

static void add_token(const struct pst_table *t, const struct pst_grams *g, struct block *b)
{
    lanes16 sum = {0};
    unsigned drop = PST_GRAM_BITS - t->bits;
    for (size_t i = 0; i < g->n; i++) { /* PST_GRAMS_MAX * 128 < 2^15 */
        lanes8 w;
        memcpy(&w, &t->weights.p[(size_t)(g->id[i] >> drop) * PST_LANES], sizeof(w));
        sum += __builtin_convertvector(w, lanes16);
    }
    for (size_t lane = 0; lane < PST_LANES; lane++) {
        b->sum[lane] += sum[lane];
    }
    b->grams += (uint32_t)g->n;
}

/* The window of the last `n` blocks of the ring, `at` the newest. */
static void look_back(const struct pst_table *t, const struct block *ring, size_t at, size_t n,
                      struct pst_window *ret)
{
    int32_t sum[PST_LANES] = {0};
    uint32_t grams = 0;
    for (size_t i = 0; i < n; i++) {
        const struct block *b = &ring[(at - i) % PST_LARGE_BLOCKS];
        for (size_t lane = 0; lane < PST_LANES; lane++) {
            sum[lane] += b->sum[lane];
        }
        grams += b->grams;
    }
    uint32_t root = inverse_root(grams < PST_GRAMS_FEW ? PST_GRAMS_FEW : grams);
    for (size_t lane = 0; lane < PST_LANES; lane++) {
        int32_t logit = logit_of(t, lane, sum[lane], root);
        if (logit > ret->logit[lane]) {
            ret->logit[lane] = logit;
            ret->start[lane] = ring[(at - (n - 1)) % PST_LARGE_BLOCKS].start;
            ret->end[lane] = ring[at % PST_LARGE_BLOCKS].end;
        }
    }
}

static void close_block(const struct pst_table *t, const struct block *ring, size_t at, bool last,
                        struct pst_model_score *ret)
{
    size_t have = at + 1;
    if (have >= PST_TINY_BLOCKS || last) {
        size_t n = have < PST_TINY_BLOCKS ? have : PST_TINY_BLOCKS;
        look_back(t, ring, at, n, &ret->tiny);
    }
    if (have >= PST_SMALL_BLOCKS || last) {
        size_t n = have < PST_SMALL_BLOCKS ? have : PST_SMALL_BLOCKS;
        look_back(t, ring, at, n, &ret->small);
    }
    if (have >= PST_LARGE_BLOCKS || last) {
        size_t n = have < PST_LARGE_BLOCKS ? have : PST_LARGE_BLOCKS;
        look_back(t, ring, at, n, &ret->large);
    }
}

void pst_model_score(const struct pst_table *table, struct pst_str text,
                     struct pst_model_score *ret)
{
    *ret = (struct pst_model_score){0};
    for (size_t lane = 0; lane < PST_LANES; lane++) {
        ret->tiny.logit[lane] = ret->small.logit[lane] = ret->large.logit[lane] = INT32_MIN;
    }
    struct block ring[PST_LARGE_BLOCKS] = {0};
    struct pst_grams g;
    pst_grams_init(&g, text);
    size_t at = 0;
    for (bool more = pst_grams_next(&g); more;) {
        struct block *b = &ring[at % PST_LARGE_BLOCKS];
        *b = (struct block){.start = g.start};
        for (size_t i = 0; i < PST_BLOCK_TOKENS && more; i++) {
            add_token(table, &g, b);
            b->end = g.end;
            ret->tokens++;
            more = pst_grams_next(&g);
        }
        close_block(table, ring, at, !more, ret);
        at++;
    }
    if (at == 0) {
        look_back(table, ring, 0, 1, &ret->tiny);
        ret->small = ret->large = ret->tiny;
    }
}
