#include "base/lossy.h"

#include "base/enc.h"

/* Length of the ill-formed part at the start: the longest beginning of a well-formed character, or
 * one byte. */
static size_t bad_part(struct pst_str s)
{
    const uint8_t b = s.p[0];
    if (b < 0xc2 || b > 0xf4) {
        return 1;
    }
    uint8_t low = 0x80, high = 0xbf;
    if (b == 0xe0) {
        low = 0xa0;
    } else if (b == 0xed) {
        high = 0x9f;
    } else if (b == 0xf0) {
        low = 0x90;
    } else if (b == 0xf4) {
        high = 0x8f;
    }
    if (s.n < 2 || s.p[1] < low || s.p[1] > high || b < 0xe0) {
        return 1;
    }
    return b >= 0xf0 && s.n > 2 && (s.p[2] & 0xc0) == 0x80 ? 3 : 2;
}

bool pst_utf8_lossy(struct pst_buf *out, struct pst_str in)
{
    if (pst_utf8_valid(in)) {
        return pst_buf_add(out, in);
    }
    size_t from = 0, at = 0;
    bool ok = true;
    while (at < in.n && ok) {
        uint32_t cp;
        const struct pst_str rest = pst_str_from(in, at);
        const size_t n = pst_utf8_get(rest, &cp);
        if (n > 0) {
            at += n;
            continue;
        }
        ok = pst_buf_add(out, pst_str_cut(in, from, at - from)) &&
             pst_buf_add(out, PST_STR("\xef\xbf\xbd"));
        at += bad_part(rest);
        from = at;
    }
    return ok && pst_buf_add(out, pst_str_cut(in, from, at - from));
}
