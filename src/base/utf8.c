#include "base/enc.h"

static inline bool more(uint8_t c)
{
    return (c & 0xC0) == 0x80;
}

/* Length of the well-formed sequence at `at` (Unicode 15, table 3-7), 0 when there is none. at < n.
 * The table's ranges of the second byte are what makes a code point too small, a surrogate or too
 * large, so the code point itself is tested: that takes fewer branches. */
static inline size_t sequence(const uint8_t *p, size_t at, size_t n)
{
    uint32_t c = p[at];
    size_t left = n - at;
    if (c < 0xE0) {
        if (c < 0x80) {
            return 1;
        }
        return c >= 0xC2 && left >= 2 && more(p[at + 1]) ? 2 : 0;
    }
    if (c < 0xF0) {
        if (left < 3 || !more(p[at + 1]) || !more(p[at + 2])) {
            return 0;
        }
        uint32_t top = (c & 0x0F) << 6 | (p[at + 1] & 0x3FU); /* without the last six bits */
        return top >= 0x800 >> 6 && (top & 0x3E0) != 0xD800 >> 6 ? 3 : 0;
    }
    if (c > 0xF4 || left < 4 || !more(p[at + 1]) || !more(p[at + 2]) || !more(p[at + 3])) {
        return 0;
    }
    uint32_t top = (c & 0x07) << 6 | (p[at + 1] & 0x3FU); /* without the last twelve */
    return top >= 0x10000 >> 12 && top <= 0x10FFFF >> 12 ? 4 : 0;
}

bool pst_utf8_valid(struct pst_str in)
{
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    size_t at = 0;
    while (at < in.n) {
        /* most text is ASCII: 32 bytes a step */
        while (in.n - at >= 32) {
            uint64_t w[4];
            memcpy(w, in.p + at, sizeof w);
            if (((w[0] | w[1] | w[2] | w[3]) & high_bits) != 0) {
                break;
            }
            at += 32;
        }
        while (at < in.n && in.p[at] < 0x80) {
            at++;
        }
        /* and what is not comes in runs */
        while (at < in.n && in.p[at] >= 0x80) {
            size_t len = sequence(in.p, at, in.n);
            if (len == 0) {
                return false;
            }
            at += len;
        }
    }
    return true;
}

size_t pst_utf8_get(struct pst_str in, uint32_t *ret)
{
    size_t len = in.n > 0 ? sequence(in.p, 0, in.n) : 0;
    if (len == 0) {
        return 0;
    }
    uint32_t cp = in.p[0];
    if (len > 1) {
        cp &= 0x7FU >> len;
        for (size_t i = 1; i < len; i++) {
            cp = cp << 6 | (in.p[i] & 0x3FU);
        }
    }
    *ret = cp;
    return len;
}

size_t pst_utf8_put(uint32_t cp, uint8_t ret[4])
{
    PST_BUG_ON(cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF));
    if (cp < 0x80) {
        ret[0] = (uint8_t)cp;
        return 1;
    }
    size_t len = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        ret[i] = (uint8_t)(0x80 | (cp & 0x3F));
        cp >>= 6;
    }
    ret[0] = (uint8_t)((0xF00U >> len & 0xF0) | cp);
    return len;
}
