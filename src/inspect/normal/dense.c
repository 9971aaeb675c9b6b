/* Encodings with more signs than letters, and the names of hosts in other alphabets. */
#include "inspect/normal/decode.h"

#include "base/enc.h"
#include "inspect/normal/ascii.h"

enum { TOKEN_MIN = 20, PROBE = 10, LABEL_MAX = 63 };

/* --- five characters for four bytes ----------------------------------------------------------- */

enum alphabet85 { ASCII85, RFC1924, Z85, ALPHABETS };

static int value85(uint8_t c, enum alphabet85 alphabet)
{
    static const char rfc1924[] = "!#$%&()*+-;<=>?@^_`{|}~";
    static const char z85[] = ".-:+=^!/*?&<>()[]{}@%$#";
    const char *found;
    switch (alphabet) {
    case ASCII85:
        return c >= '!' && c <= 'u' ? c - '!' : -1;
    case RFC1924:
        if (pst_is_digit(c)) {
            return c - '0';
        }
        if (pst_is_alpha(c)) {
            return pst_is_upper(c) ? c - 'A' + 10 : c - 'a' + 36;
        }
        found = c != 0 ? strchr(rfc1924, c) : NULL;
        return found != NULL ? (int)(found - rfc1924) + 62 : -1;
    case Z85:
        if (pst_is_digit(c)) {
            return c - '0';
        }
        if (pst_is_alpha(c)) {
            return pst_is_lower(c) ? c - 'a' + 10 : c - 'A' + 36;
        }
        found = c != 0 ? strchr(z85, c) : NULL;
        return found != NULL ? (int)(found - z85) + 62 : -1;
    case ALPHABETS:
        break;
    }
    return -1;
}

/* Decodes [start, end) up to `most` bytes of text; where it stopped. Blanks are passed over. */
static size_t read85(struct pst_draft *out, struct pst_str in, size_t start, size_t end,
                     enum alphabet85 alphabet, size_t most)
{
    uint64_t value = 0;
    size_t have = 0, group = start, at = start, mark = out->n;
    for (; at < end && out->n - mark < most; at++) {
        uint8_t c = in.p[at];
        if (pst_is_blank(c)) {
            continue;
        }
        if (alphabet == ASCII85 && c == 'z' && have == 0) {
            for (size_t i = 0; i < 4; i++) {
                pst_draft_byte(out, 0, at);
            }
            continue;
        }
        int v = value85(c, alphabet);
        if (v < 0) {
            break;
        }
        group = have == 0 ? at : group;
        value = value * 85 + (unsigned)v;
        if (++have == 5) {
            if (value > UINT32_MAX) {
                return start;
            }
            for (int bits = 24; bits >= 0; bits -= 8) {
                pst_draft_byte(out, (uint8_t)(value >> bits), group);
            }
            value = have = 0;
        }
    }
    if (have > 1 && out->n - mark < most) { /* the last group is short */
        for (size_t i = have; i < 5; i++) {
            value = value * 85 + 84;
        }
        for (size_t i = 0; i + 1 < have; i++) {
            pst_draft_byte(out, (uint8_t)(value >> (24 - 8 * i)), group);
        }
    }
    return at;
}

static bool letters_mostly(const struct pst_draft *d, size_t mark)
{
    size_t good = 0;
    for (size_t i = mark; i < d->n; i++) {
        good += pst_is_alnum(d->text[i]) || d->text[i] == ' ' || d->text[i] >= 0x80;
    }
    return good * 10 >= (d->n - mark) * 8;
}

/* Tries the first bytes, then all. */
static size_t try85(struct pst_draft *out, struct pst_str in, size_t start, size_t end,
                    enum alphabet85 alphabet)
{
    size_t mark = out->n;
    for (int whole = 0; whole < 2; whole++) {
        size_t stop = read85(out, in, start, end, alphabet, whole ? SIZE_MAX : PROBE);
        size_t n = out->n - mark, plain = 0;
        for (size_t i = mark; i < out->n; i++) {
            uint8_t b = out->text[i];
            plain += (b >= 0x20 && b < 0x7F) || b == '\n' || b >= 0x80;
        }
        bool good = n >= PROBE && plain == n;
        if (whole) {
            good = good && stop - start >= TOKEN_MIN && pst_draft_settle(out, mark) &&
                   letters_mostly(out, mark);
            if (good) {
                pst_draft_byte(out, '\n', stop);
                return stop;
            }
        }
        out->n = mark;
        if (!good) {
            return start;
        }
    }
    return start;
}

/* Tokens with many signs that are no code: letters and digits among them, and no long words. */
static bool dense_token(struct pst_str t)
{
    size_t signs = 0, run = 0, longest = 0, digits = 0;
    for (size_t i = 0; i < t.n && i < 64; i++) {
        uint8_t b = t.p[i];
        bool same = pst_is_alpha(b) && i > 0 && pst_is_alpha(t.p[i - 1]) &&
                    pst_is_lower(b) == pst_is_lower(t.p[i - 1]);
        signs += !pst_is_alnum(b);
        digits += pst_is_digit(b);
        run = same ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return t.n >= TOKEN_MIN && signs >= 3 && digits > 0 && longest < 7;
}

static size_t token85(struct pst_draft *out, struct pst_str in, size_t start, size_t end)
{
    size_t from = start;
    while (from < end && (in.p[from] == '"' || in.p[from] == '\'' || in.p[from] == '`')) {
        from++;
    }
    if (in.p[from] == '<' && end - from > 3) { /* a tag or a mark stands before it */
        size_t close = pst_str_find_byte(pst_str_cut(in, from, end - from < 16 ? end - from : 16),
                                         '>');
        bool mark = in.p[from + 1] == '~';
        from += mark ? 2 : close != PST_NPOS && pst_is_alpha(in.p[from + 1]) ? close + 1 : 0;
    }
    size_t stop = end;
    for (size_t i = from; i + 1 < end; i++) { /* where a mark or a closing tag ends it */
        if ((in.p[i] == '~' && in.p[i + 1] == '>') || (in.p[i] == '<' && in.p[i + 1] == '/')) {
            stop = i;
            break;
        }
    }
    while (stop > from && (in.p[stop - 1] == '"' || in.p[stop - 1] == '\'')) {
        stop--;
    }
    for (unsigned alphabet = 0; alphabet < ALPHABETS; alphabet++) {
        if (try85(out, in, from, stop, (enum alphabet85)alphabet) > from) {
            return stop;
        }
    }
    return start;
}

size_t pst_dense_token(struct pst_draft *out, struct pst_str in, size_t start, size_t end)
{
    if (end - start < TOKEN_MIN || !dense_token(pst_str_cut(in, start, end - start))) {
        return start;
    }
    return token85(out, in, start, end);
}

/* Between <~ and ~>, perhaps wrapped. */
static void view85(struct pst_make *make, size_t parent, struct pst_str in)
{
    struct pst_draft out = {.make = make};
    size_t last = 0;
    for (size_t at = 0; at < in.n;) {
        size_t mark = pst_look_pair(in, at, '<', '~');
        size_t close = mark < in.n ? pst_look_pair(in, mark, '~', '>') : in.n;
        if (close == in.n) {
            break;
        }
        size_t stop = token85(&out, in, mark, close + 2);
        last = stop > mark ? stop : last;
        at = close + 2;
    }
    if (pst_draft_view(&out, PST_VIEW_BASE85, parent, last, true, false) > 0) {
        pst_make_hit(make, PST_EVADE_ENCODED, 1);
    }
}

/* --- uuencoded lines (POSIX uuencode) --------------------------------------------------------- */

/* One line at [at, end): its length character and groups of four. 0: it is none. */
static size_t uu_line(struct pst_draft *out, struct pst_str in, size_t at, size_t end)
{
    size_t n = (in.p[at] - ' ') & 63, mark = out->n;
    size_t chars = (n + 2) / 3 * 4;
    if (in.p[at] < '!' || in.p[at] > 'M' || end - at < 1 + chars || end - at > chars + 3) {
        return 0;
    }
    for (size_t i = 0; i < chars; i += 4) {
        uint32_t bits = 0;
        for (size_t k = 0; k < 4; k++) {
            uint8_t c = in.p[at + 1 + i + k];
            if (c < ' ' || c > '`') {
                out->n = mark;
                return 0;
            }
            bits = bits << 6 | ((c - ' ') & 63U);
        }
        for (int shift = 16; shift >= 0 && out->n - mark < n; shift -= 8) {
            pst_draft_byte(out, (uint8_t)(bits >> shift), at + 1 + i);
        }
    }
    return n;
}

static bool begins(struct pst_str in)
{
    size_t at = 0;
    while ((at = pst_look_pair(in, at, 'b', 'e')) < in.n) {
        if (pst_str_starts(pst_str_from(in, at), PST_STR("begin "))) {
            return true;
        }
        at += 2;
    }
    return false;
}

static void view_uu(struct pst_make *make, size_t parent, struct pst_str in)
{
    struct pst_draft out = {.make = make};
    size_t last = 0, mark = 0;
    bool open = false, any = begins(in);
    for (size_t at = 0; at < in.n;) {
        size_t line = pst_str_find_byte(pst_str_from(in, at), '\n');
        size_t end = line == PST_NPOS ? in.n : at + line;
        size_t trim = end > at && in.p[end - 1] == '\r' ? end - 1 : end;
        size_t head = trim - at < 64 ? trim - at : 64;
        size_t begin = any ? pst_str_find(pst_str_cut(in, at, head), PST_STR("begin ")) : PST_NPOS;
        bool full = trim - at == 61 && in.p[at] == 'M';
        if (begin != PST_NPOS) {
            open = true;
            mark = out.n;
        } else if ((open || full) && trim > at && uu_line(&out, in, at, trim) > 0) {
            open = true;
            last = trim;
        } else if (open) {
            open = false;
            if (out.n > mark && pst_draft_settle(&out, mark)) {
                pst_draft_byte(&out, '\n', last);
            }
            mark = out.n;
        }
        at = end + 1;
    }
    if (open && out.n > mark) {
        (void)pst_draft_settle(&out, mark);
    }
    if (out.n >= 4 && pst_draft_view(&out, PST_VIEW_BASE85, parent, last, true, false) > 0) {
        pst_make_hit(make, PST_EVADE_ENCODED, 1);
    }
}

/* --- punycode (RFC 3492) ---------------------------------------------------------------------- */

static uint32_t adapt(uint32_t delta, uint32_t points, bool first)
{
    uint32_t k = 0;
    delta = first ? delta / 700 : delta / 2;
    delta += delta / points;
    for (; delta > 455; k += 36) {
        delta /= 35;
    }
    return k + 36 * delta / (delta + 38);
}

/* The label after "xn--", as characters; 0: it is none. */
static size_t puny_read(struct pst_str label, uint32_t ret[LABEL_MAX])
{
    size_t n = 0, basic = 0;
    for (size_t i = 0; i < label.n; i++) {
        basic = label.p[i] == '-' ? i : basic;
    }
    for (size_t i = 0; i < basic; i++) {
        ret[n++] = label.p[i];
    }
    uint32_t cp = 128, i = 0, bias = 72;
    size_t at = basic > 0 ? basic + 1 : 0;
    while (at < label.n) {
        uint32_t old = i, weight = 1;
        for (uint32_t k = 36;; k += 36) {
            if (at >= label.n) {
                return 0;
            }
            uint8_t c = label.p[at++];
            uint32_t digit = pst_is_alpha(c)   ? (c | 0x20U) - 'a'
                             : pst_is_digit(c) ? c - '0' + 26U
                                               : 99;
            uint32_t t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
            if (digit > 35 || digit > (UINT32_MAX - i) / weight) {
                return 0;
            }
            i += digit * weight;
            if (digit < t) {
                break;
            }
            if (weight > UINT32_MAX / (36 - t)) {
                return 0;
            }
            weight *= 36 - t;
        }
        bias = adapt(i - old, (uint32_t)n + 1, old == 0);
        if (n == LABEL_MAX || i / (n + 1) > 0x10FFFF) {
            return 0;
        }
        cp += i / (uint32_t)(n + 1);
        i %= (uint32_t)(n + 1);
        if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) {
            return 0;
        }
        for (size_t k = n; k > i; k--) {
            ret[k] = ret[k - 1];
        }
        ret[i++] = cp;
        n++;
    }
    return n;
}

static void view_punycode(struct pst_make *make, size_t parent, struct pst_str in)
{
    struct pst_draft out = {.make = make};
    size_t done = 0, found = 0;
    for (size_t at = 0; at < in.n;) {
        at = pst_look_pair(in, at, 'x', 'n');
        if (at == in.n) {
            break;
        }
        if (!pst_str_starts(pst_str_from(in, at), PST_STR("xn--"))) {
            at += 2;
            continue;
        }
        size_t end = at + 4;
        while (end < in.n && end - at < 4 + LABEL_MAX && in.p[end] != '.' && in.p[end] > ' ' &&
               in.p[end] < 0x7F && in.p[end] != '/') {
            end++;
        }
        uint32_t cps[LABEL_MAX];
        size_t n = puny_read(pst_str_cut(in, at + 4, end - at - 4), cps);
        if (n > 0) {
            pst_draft_copy(&out, in, done, at - done);
            for (size_t i = 0; i < n; i++) {
                pst_draft_cp(&out, cps[i], at);
            }
            done = end;
            found++;
        }
        at = end;
    }
    if (found > 0) {
        pst_draft_copy(&out, in, done, in.n - done);
        (void)pst_draft_view(&out, PST_VIEW_ESCAPE, parent, in.n, true, false);
    }
}

void pst_decode_dense(struct pst_make *make, size_t parent)
{
    struct pst_str in = make->ret->list[parent].text;
    view85(make, parent, in);
    view_uu(make, parent, in);
    view_punycode(make, parent, in);
}
