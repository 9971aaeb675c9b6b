/* Finding the end of a run of plain string bytes, 64, 16 or 8 at a time. Private to wire/. */
#ifndef PST_WIRE_JSON_SCAN_H
#define PST_WIRE_JSON_SCAN_H

#include "base/str.h"

#include <stdbool.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* One byte that ends a run: quote, backslash or a control character. */
static inline bool pst_json_stops(uint8_t b)
{
    return b < 0x20 || b == '"' || b == '\\';
}

/* Both: offset, from `at` on, of the first byte that ends a run; in.n when none does. *wide is set
 * (never cleared) when a byte over 0x7F was passed. */
static inline size_t pst_json_scan_words(struct pst_str in, size_t at, bool *wide)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    while (in.n - at >= 8) {
        uint64_t v;
        memcpy(&v, &in.p[at], sizeof v);
        const uint64_t q = v ^ (ones * '"'), s = v ^ (ones * '\\');
        const uint64_t stop = ((v - ones * 0x20) & ~v) | ((q - ones) & ~q) | ((s - ones) & ~s);
        if ((stop & tops) != 0) {
            break; /* one of these eight: the loop below finds which */
        }
        *wide |= (v & tops) != 0;
        at += 8;
    }
    while (at < in.n && !pst_json_stops(in.p[at])) {
        *wide |= in.p[at] > 0x7f;
        at++;
    }
    return at;
}

#if defined(__SSE2__)
/* All ones where a byte ends a run. */
static inline __m128i pst_json_stops16(__m128i v)
{
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    return _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                              _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));
}

static inline size_t pst_json_scan(struct pst_str in, size_t at, bool *wide)
{
    while (in.n - at >= 64) { /* long texts: four at a time */
        const __m128i a = _mm_loadu_si128((const void *)&in.p[at]);
        const __m128i b = _mm_loadu_si128((const void *)&in.p[at + 16]);
        const __m128i c = _mm_loadu_si128((const void *)&in.p[at + 32]);
        const __m128i d = _mm_loadu_si128((const void *)&in.p[at + 48]);
        const __m128i stop = _mm_or_si128(_mm_or_si128(pst_json_stops16(a), pst_json_stops16(b)),
                                          _mm_or_si128(pst_json_stops16(c), pst_json_stops16(d)));
        if (_mm_movemask_epi8(stop) != 0) {
            break;
        }
        *wide |= _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d))) != 0;
        at += 64;
    }
    while (in.n - at >= 16) {
        const __m128i v = _mm_loadu_si128((const void *)&in.p[at]);
        const unsigned stops = (unsigned)_mm_movemask_epi8(pst_json_stops16(v));
        const unsigned high = (unsigned)_mm_movemask_epi8(v);
        if (stops != 0) {
            const unsigned n = (unsigned)__builtin_ctz(stops);
            *wide |= (high & ((1U << n) - 1)) != 0;
            return at + n;
        }
        *wide |= high != 0;
        at += 16;
    }
    return pst_json_scan_words(in, at, wide);
}
#else
static inline size_t pst_json_scan(struct pst_str in, size_t at, bool *wide)
{
    return pst_json_scan_words(in, at, wide);
}
#endif

#endif
