/* 64 bytes at a time become bit masks, one bit a byte; the portable path makes the same masks byte
 * by byte. */
#include "inspect/normal/look.h"

#include "inspect/normal/ascii.h"

#if defined(__SSE2__) && !defined(PST_LOOK_PORTABLE)
#include <emmintrin.h>
#endif

enum { RUN = 20 };

struct masks {
    uint64_t high, control, markup, bracket;
    uint64_t percent, ampersand, backslash, equal;
    uint64_t cr, lf;
    uint64_t hex, u; /* hexadecimal digits, only beside a percent or an equals sign; the letter u */
};

#if defined(__SSE2__) && !defined(PST_LOOK_PORTABLE)
/* Bytes from `low` to `high`, by one wrapping add and one signed compare. */
static inline __m128i between(__m128i v, uint8_t low, uint8_t high)
{
    __m128i moved = _mm_add_epi8(v, _mm_set1_epi8((char)(0x80 - low)));
    return _mm_cmplt_epi8(moved, _mm_set1_epi8((char)(0x80 + (high - low) + 1)));
}

static inline uint64_t bits(__m128i v, int lane)
{
    return (uint64_t)(uint16_t)_mm_movemask_epi8(v) << (16 * lane);
}

static inline __m128i equal_to(__m128i v, char c)
{
    return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

static inline __m128i word_of(__m128i v)
{
    __m128i letters = between(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
    __m128i digits = between(v, '/', '9'); /* '/' is before '0' */
    __m128i dash = _mm_or_si128(equal_to(v, '+'), equal_to(v, '-'));
    return _mm_or_si128(_mm_or_si128(letters, digits), _mm_or_si128(dash, equal_to(v, '_')));
}

static inline __m128i odd_of(__m128i v)
{
    __m128i control = between(v, 0, 0x1F);
    __m128i fine = _mm_or_si128(equal_to(v, '\n'), equal_to(v, '\t'));
    return _mm_or_si128(_mm_andnot_si128(fine, control), equal_to(v, 0x7F));
}

static inline struct masks masks_take(const uint8_t *p)
{
    struct masks m = {0};
#pragma GCC unroll 4
    for (int lane = 0; lane < 4; lane++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)&p[16 * lane]);
        m.high |= bits(v, lane);
        m.control |= bits(odd_of(v), lane);
        m.markup |= bits(equal_to(v, '<'), lane);
        m.bracket |= bits(equal_to(v, '['), lane);
        m.percent |= bits(equal_to(v, '%'), lane);
        m.ampersand |= bits(equal_to(v, '&'), lane);
        m.backslash |= bits(equal_to(v, '\\'), lane);
        m.equal |= bits(equal_to(v, '='), lane);
        m.cr |= bits(equal_to(v, '\r'), lane);
        m.lf |= bits(equal_to(v, '\n'), lane);
    }
    for (int lane = 0; (m.percent | m.equal) != 0 && lane < 4; lane++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)&p[16 * lane]);
        __m128i letters = between(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'f');
        m.hex |= bits(_mm_or_si128(letters, between(v, '0', '9')), lane);
        m.u |= bits(equal_to(v, 'u'), lane);
    }
    return m;
}

/* Bytes that any mask but `word` is about, and more: what most blocks have none of. */
static inline uint64_t rare_take(const uint8_t *p, uint64_t *ret_dense)
{
    uint64_t rare = 0, dense = 0;
#pragma GCC unroll 4
    for (int lane = 0; lane < 4; lane++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)&p[16 * lane]);
        __m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* signed: high bytes too */
        __m128i a = _mm_or_si128(between(v, '%', '&'), between(v, '<', '='));
        __m128i b = _mm_or_si128(between(v, '[', '\\'), equal_to(v, 0x7F));
        rare |= bits(_mm_or_si128(low, _mm_or_si128(a, b)), lane);
        dense |= bits(_mm_cmpgt_epi8(v, _mm_set1_epi8('*')), lane);
    }
    *ret_dense = dense;
    return rare;
}

static inline uint64_t words_take(const uint8_t *p)
{
    uint64_t word = 0;
#pragma GCC unroll 4
    for (int lane = 0; lane < 4; lane++) {
        word |= bits(word_of(_mm_loadu_si128((const __m128i *)(const void *)&p[16 * lane])), lane);
    }
    return word;
}

static inline uint64_t odds_take(const uint8_t *p)
{
    uint64_t odd = 0;
#pragma GCC unroll 4
    for (int lane = 0; lane < 4; lane++) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)&p[16 * lane]);
        odd |= bits(_mm_or_si128(v, odd_of(v)), lane);
    }
    return odd;
}
#else
static inline bool is_word(uint8_t b)
{
    return pst_is_alnum(b) || b == '/' || b == '+' || b == '-' || b == '_';
}

static inline bool is_odd(uint8_t b)
{
    return (b < 0x20 && b != '\n' && b != '\t') || b == 0x7F;
}

static inline struct masks masks_take(const uint8_t *p)
{
    struct masks m = {0};
    for (unsigned i = 0; i < 64; i++) {
        m.high |= (uint64_t)(p[i] >= 0x80) << i;
        m.control |= (uint64_t)is_odd(p[i]) << i;
        m.markup |= (uint64_t)(p[i] == '<') << i;
        m.bracket |= (uint64_t)(p[i] == '[') << i;
        m.percent |= (uint64_t)(p[i] == '%') << i;
        m.ampersand |= (uint64_t)(p[i] == '&') << i;
        m.backslash |= (uint64_t)(p[i] == '\\') << i;
        m.equal |= (uint64_t)(p[i] == '=') << i;
        m.cr |= (uint64_t)(p[i] == '\r') << i;
        m.lf |= (uint64_t)(p[i] == '\n') << i;
        m.hex |= (uint64_t)(pst_is_digit(p[i]) || ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f'))
                 << i;
        m.u |= (uint64_t)(p[i] == 'u') << i;
    }
    return m;
}

static inline uint64_t rare_take(const uint8_t *p, uint64_t *ret_dense)
{
    *ret_dense = 0;
    for (unsigned i = 0; i < 64; i++) {
        *ret_dense |= (uint64_t)(p[i] > '*' && p[i] < 0x80) << i;
    }
    return UINT64_MAX; /* always the whole look */
}

static inline uint64_t words_take(const uint8_t *p)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 64; i++) {
        word |= (uint64_t)is_word(p[i]) << i;
    }
    return word;
}

static inline uint64_t odds_take(const uint8_t *p)
{
    struct masks m = masks_take(p);
    return m.control | m.high;
}
#endif

/* The last block, filled up with spaces, which are in no mask. */
static void tail_take(struct pst_str text, size_t at, uint8_t ret[64])
{
    memset(ret, ' ', 64);
    memcpy(ret, &text.p[at], text.n - at < 64 ? text.n - at : 64);
}

/* Whether 20 ones stand together in the mask. */
static inline bool long_run(uint64_t m)
{
    m &= m >> 1;
    m &= m >> 2;
    m &= m >> 4;
    m &= m >> 8;
    return (m & m >> 4) != 0;
}

/* Few, where it is called: without the instruction a count of bits is a call. */
static size_t ones(uint64_t m)
{
    size_t n = 0;
    for (; m != 0; m &= m - 1) {
        n++;
    }
    return n;
}

/* `next`: the byte after the block, which a CR at its end needs. */
static void look_count(struct pst_look *look, const struct masks *m, uint8_t next)
{
    uint64_t fed = m->lf >> 1 | (uint64_t)(next == '\n') << 63;
    uint64_t control = m->control & ~(m->cr & fed); /* a line end of two is no trick */
    look->hints |= (m->high != 0 ? PST_HINT_HIGH : 0U) | (control != 0 ? PST_HINT_CONTROL : 0U) |
                   (m->markup != 0 ? PST_HINT_MARKUP : 0U) |
                   (m->bracket != 0 ? PST_HINT_BRACKET : 0U);
    if ((m->percent | m->ampersand | m->backslash | m->equal) != 0) {
        /* what two hexadecimal digits follow, or could beyond the end of the block */
        uint64_t coded = (m->hex >> 1 | 1ULL << 63) & (m->hex >> 2 | 3ULL << 62);
        look->percents += ones(m->percent & (coded | m->u >> 1));
        look->ampersands += m->ampersand != 0;
        look->backslashes += m->backslash != 0;
        look->equals += ones(m->equal & coded);
    }
}

static inline bool run_seen(unsigned *carry, uint64_t m)
{
    unsigned leading = ~m == 0 ? 64 : (unsigned)__builtin_ctzll(~m);
    bool seen = *carry + leading >= RUN || long_run(m);
    *carry = ~m == 0 ? RUN : (unsigned)__builtin_clzll(~m);
    return seen;
}

/* The block at `p`; `before`: the one before it, NULL: none. */
static inline void look_block(struct pst_look *look, unsigned *carry, const uint8_t *before,
                              const uint8_t *p, uint8_t next)
{
    uint64_t dense, rare = rare_take(p, &dense);
    if (rare != 0) {
        struct masks m = masks_take(p);
        look_count(look, &m, next);
    }
    /* A run of the alphabet is one of what is not blank, quote or bracket, which costs one compare
     * and which prose has none of; where there is one, it is looked at as it is. */
    if (run_seen(carry, dense) && (look->hints & PST_HINT_RUN) == 0) {
        unsigned word_carry = 0;
        if (before != NULL) {
            (void)run_seen(&word_carry, words_take(before));
        }
        look->hints |= run_seen(&word_carry, words_take(p)) ? PST_HINT_RUN : 0U;
    }
}

struct pst_look pst_look(struct pst_str text)
{
    struct pst_look look = {0};
    unsigned carry = 0;
    size_t at = 0;
    for (; text.n - at >= 64; at += 64) {
        look_block(&look, &carry, at > 0 ? &text.p[at - 64] : NULL, &text.p[at],
                   at + 64 < text.n ? text.p[at + 64] : 0);
    }
    if (at < text.n) {
        uint8_t tail[64];
        tail_take(text, at, tail);
        look_block(&look, &carry, at > 0 ? &text.p[at - 64] : NULL, tail, 0);
    }
    return look;
}

static uint64_t words_at(struct pst_str text, size_t at)
{
    if (text.n - at >= 64) {
        return words_take(&text.p[at]);
    }
    uint8_t tail[64];
    tail_take(text, at, tail);
    return words_take(tail);
}

bool pst_look_run(struct pst_str text, size_t from, size_t *ret_start, size_t *ret_end)
{
    size_t start = from;
    bool in_run = false;
    for (size_t at = from; at < text.n; at += 64) {
        uint64_t word = words_at(text, at);
        if (!in_run && word == 0) {
            continue;
        }
        unsigned bit = 0;
        while (bit < 64) {
            uint64_t rest = (in_run ? ~word : word) >> bit;
            if (rest == 0) {
                break;
            }
            bit += (unsigned)__builtin_ctzll(rest);
            if (!in_run) {
                start = at + bit;
            } else if (at + bit - start >= RUN) {
                *ret_start = start;
                *ret_end = at + bit;
                return true;
            }
            in_run = !in_run;
        }
    }
    if (in_run && text.n - start >= RUN) {
        *ret_start = start;
        *ret_end = text.n;
        return true;
    }
    return false;
}

size_t pst_look_odd(struct pst_str text, size_t from)
{
    size_t at = from;
    for (; text.n - at >= 64; at += 64) {
        uint64_t odd = odds_take(&text.p[at]);
        if (odd != 0) {
            return at + (size_t)__builtin_ctzll(odd);
        }
    }
    if (at < text.n) {
        uint8_t tail[64];
        tail_take(text, at, tail);
        uint64_t odd = odds_take(tail);
        return odd != 0 ? at + (size_t)__builtin_ctzll(odd) : text.n;
    }
    return text.n;
}

void pst_look_lower(uint8_t *ret, struct pst_str text)
{
    size_t at = 0;
#if defined(__SSE2__) && !defined(PST_LOOK_PORTABLE)
    for (; text.n - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)&text.p[at]);
        __m128i low = _mm_and_si128(between(v, 'A', 'Z'), _mm_set1_epi8(0x20));
        _mm_storeu_si128((__m128i *)(void *)&ret[at], _mm_or_si128(v, low));
    }
#endif
    for (; at < text.n; at++) {
        ret[at] = (uint8_t)(text.p[at] | (pst_is_upper(text.p[at]) ? 0x20 : 0));
    }
}

size_t pst_look_any(struct pst_str text, size_t from, uint8_t a, uint8_t b, uint8_t c)
{
    size_t at = from;
#if defined(__SSE2__) && !defined(PST_LOOK_PORTABLE)
    for (; text.n - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)&text.p[at]);
        __m128i found = _mm_or_si128(_mm_or_si128(equal_to(v, (char)a), equal_to(v, (char)b)),
                                     equal_to(v, (char)c));
        int mask = _mm_movemask_epi8(found);
        if (mask != 0) {
            return at + (size_t)__builtin_ctz((unsigned)mask);
        }
    }
#endif
    while (at < text.n && text.p[at] != a && text.p[at] != b && text.p[at] != c) {
        at++;
    }
    return at;
}

size_t pst_look_pair(struct pst_str text, size_t from, uint8_t a, uint8_t b)
{
    size_t at = from;
#if defined(__SSE2__) && !defined(PST_LOOK_PORTABLE)
    for (; text.n - at >= 17; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)&text.p[at]);
        __m128i w = _mm_loadu_si128((const __m128i *)(const void *)&text.p[at + 1]);
        int mask = _mm_movemask_epi8(_mm_and_si128(equal_to(v, (char)a), equal_to(w, (char)b)));
        if (mask != 0) {
            return at + (size_t)__builtin_ctz((unsigned)mask);
        }
    }
#endif
    while (at + 1 < text.n && (text.p[at] != a || text.p[at + 1] != b)) {
        at++;
    }
    return at + 1 < text.n ? at : text.n;
}
