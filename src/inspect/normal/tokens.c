#include "inspect/normal/tokens.h"

#include "base/enc.h"
#include "inspect/normal/ascii.h"
#include "inspect/normal/unicode.h"

enum { SINGLES_MIN = 4, GAP_MAX = 4, SIGNS_MIN = 11 };

enum kind { SINGLE, BINARY, HEX, NUMBER, NATO, KINDS };

struct run {
    size_t start, end, n;
};

struct scan {
    struct pst_make *make;
    struct pst_str in;
    struct pst_collapse collapse;
    struct pst_codes codes;
    struct run runs[KINDS];
    unsigned active; /* kinds with a run */
};

/* Letters and digits; of what is beyond ASCII everything but the signs of Latin-1 and the blocks
 * from U+2000 to U+2FFF. *ret_n: its bytes, or 1. */
static bool of_token(struct pst_str in, size_t at, size_t *ret_n)
{
    uint8_t c = in.p[at];
    *ret_n = c == 0xC2 ? 2 : c == 0xE2 ? 3 : 1;
    return c >= 0x80 ? *ret_n == 1 : pst_is_alnum(c);
}

static void run_end(struct scan *s, enum kind kind)
{
    static const size_t least[KINDS] = {SINGLES_MIN, 1, 6, 6, 4};
    struct run r = s->runs[kind];
    s->active &= ~(1U << kind);
    if (r.n < least[kind]) {
        return;
    }
    switch (kind) {
    case SINGLE:
        pst_collapse_spaced(&s->collapse, r.start, r.end);
        break;
    case BINARY:
        pst_codes_run(&s->codes, PST_CODE_BINARY, r.start, r.end);
        break;
    case HEX:
        pst_codes_run(&s->codes, PST_CODE_HEX, r.start, r.end);
        break;
    case NUMBER:
        pst_codes_run(&s->codes, PST_CODE_NUMBER, r.start, r.end);
        break;
    case NATO:
        pst_codes_run(&s->codes, PST_CODE_NATO, r.start, r.end);
        break;
    case KINDS:
        break;
    }
}

static void runs_end(struct scan *s, unsigned but)
{
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if ((s->active & ~but & 1U << kind) != 0) {
            run_end(s, (enum kind)kind);
        }
    }
}

static bool one_letter(struct pst_str t)
{
    if (t.n == 1) {
        return true;
    }
    uint32_t cp = 0;
    if (t.n > 4 || t.p[0] < 0xC0 || pst_utf8_get(t, &cp) != t.n) {
        return false;
    }
    uint16_t prop = pst_unicode(cp);
    enum pst_script script = pst_unicode_script(prop);
    return pst_unicode_glyph(prop) == PST_GLYPH_LETTER && script <= PST_SCRIPT_ARABIC;
}

/* The same of one that begins with a digit. */
static unsigned code_kinds(struct pst_str t)
{
    unsigned kinds = 0;
    size_t digits = 0, hex = 0, bits = 0;
    for (size_t i = 0; i < t.n; i++) {
        uint8_t c = t.p[i];
        bits += c == '0' || c == '1';
        digits += pst_is_digit(c);
        hex += pst_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
    }
    bool prefixed = t.n >= 4 && (t.p[1] | 0x20) == 'x' && t.p[0] == '0';
    kinds |= bits == t.n && t.n >= 7 ? 1U << BINARY : 0;
    kinds |= (hex == t.n && t.n == 2) || (prefixed && t.n % 4 == 0) ? 1U << HEX : 0;
    kinds |= digits == t.n && t.n <= 3 ? 1U << NUMBER : 0;
    return kinds;
}

/* Which runs a token may be part of. */
static unsigned token_kinds(struct pst_str t)
{
    unsigned kinds = 0;
    if (t.n <= 4 && one_letter(t)) {
        kinds |= 1U << SINGLE;
    }
    if (t.n > 8 && t.p[0] != '0' && t.p[0] != '1') {
        return kinds;
    }
    if (pst_is_alpha(t.p[0])) { /* words: most tokens end here */
        bool pair = t.n == 2 && (t.p[0] | 0x20) <= 'f' &&
                    (pst_is_digit(t.p[1]) || (pst_is_alpha(t.p[1]) && (t.p[1] | 0x20) <= 'f'));
        kinds |= pair ? 1U << HEX : 0;
        kinds |= pst_code_nato(t) != 0 ? 1U << NATO : 0;
        return kinds;
    }
    return kinds | code_kinds(t);
}

/* A token at [at, end) after a gap that began at `gap`. */
static void token_take(struct scan *s, size_t gap, size_t at, size_t end)
{
    unsigned kinds = token_kinds(pst_str_cut(s->in, at, end - at));
    if ((s->active | kinds) == 0) {
        return;
    }
    if (at > gap && s->in.p[gap] == '%') {
        kinds &= ~(1U << HEX); /* an escape of another kind */
    }
    runs_end(s, at - gap <= GAP_MAX ? kinds : 0);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        if ((kinds & 1U << kind) == 0) {
            continue;
        }
        struct run *r = &s->runs[kind];
        if ((s->active & 1U << kind) == 0) {
            *r = (struct run){.start = at};
        }
        r->n += kind == HEX && end - at > 4 ? (end - at) / 4 : 1; /* 0x410x42 */
        r->end = end;
        s->active |= 1U << kind;
    }
}

void pst_view_tokens(struct pst_make *make, size_t parent)
{
    struct pst_str in = make->ret->list[parent].text;
    struct scan s = {.make = make, .in = in};
    s.collapse = (struct pst_collapse){.make = make, .in = in, .out = {.make = make}};
    s.codes = (struct pst_codes){.make = make, .in = in};
    for (size_t i = 0; i < PST_CODES; i++) {
        s.codes.out[i].make = make;
    }
    s.codes.morse.make = s.codes.braille.make = make;
    size_t gap = 0, blob = 0;
    bool in_blob = false;
    for (size_t at = 0; at < in.n;) {
        uint8_t c = in.p[at];
        bool blank = c <= ' ';
        if (in_blob && blank) {
            pst_collapse_token(&s.collapse, blob, at);
            in_blob = false;
        } else if (!in_blob && !blank) {
            blob = at;
            in_blob = true;
        }
        size_t n;
        if (!of_token(in, at, &n)) {
            at += n;
            continue;
        }
        if (at - gap >= SIGNS_MIN) {
            pst_codes_signs(&s.codes, gap, at);
        }
        size_t end = at + 1;
        while (end < in.n && of_token(in, end, &n)) {
            end++;
        }
        token_take(&s, gap, at, end);
        gap = at = end;
    }
    runs_end(&s, 0);
    if (in_blob) {
        pst_collapse_token(&s.collapse, blob, in.n);
    }
    if (in.n - gap >= SIGNS_MIN) {
        pst_codes_signs(&s.codes, gap, in.n);
    }
    pst_codes_braille(&s.codes);
    (void)pst_collapse_end(&s.collapse, parent);
    pst_codes_end(&s.codes, parent);
}
