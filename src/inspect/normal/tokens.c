#include "inspect/normal/tokens.h"

#include "base/enc.h"
#include "inspect/normal/ascii.h"
#include "inspect/normal/decode.h"
#include "inspect/normal/unicode.h"

enum { SINGLES_MIN = 4, GAP_MAX = 6, SIGNS_MIN = 11, DENSE_MIN = 20 };

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
    struct pst_draft dense, short64;
    size_t dense_end, short64_end;
    struct run words64; /* stretches in a row that are base64 of letters */
};

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
    kinds |= (hex == t.n && t.n % 2 == 0) || (prefixed && t.n % 4 == 0) ? 1U << HEX : 0;
    kinds |= digits == t.n && t.n <= 3 ? 1U << NUMBER : 0;
    return kinds;
}

/* Which runs a token may be part of. */
static unsigned token_kinds(struct pst_str t)
{
    unsigned kinds = 0;
    uint8_t first = t.p[0];
    if (pst_is_alpha(first) && t.n > 2 && (t.n < 4 || t.n > 8)) {
        return 0; /* words */
    }
    if (t.n <= 4 && one_letter(t)) {
        kinds |= 1U << SINGLE;
    }
    if (pst_is_alpha(first)) {
        bool pair = t.n == 2 && (t.p[0] | 0x20) <= 'f' &&
                    (pst_is_digit(t.p[1]) || (pst_is_alpha(t.p[1]) && (t.p[1] | 0x20) <= 'f'));
        kinds |= pair ? 1U << HEX : 0;
        /* the second letters of the words of radio decide for nearly all words */
        static const char second[] = "lrhecooonuiiiosauoianihrau";
        if (t.n >= 4 && (t.p[1] | 0x20) == (uint8_t)second[(first | 0x20) - 'a']) {
            kinds |= pst_code_nato(t) != 0 ? 1U << NATO : 0;
        }
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
        r->n += kind == HEX && end - at > 4 ? (end - at) / 4 : 1; /* 0x410x42, words */
        r->end = end;
        s->active |= 1U << kind;
    }
}

/* What a byte says about the stretch between blanks that it is in. */
enum trait {
    BLANK = 1U << 0,
    TOKEN = 1U << 1, /* of a token: a letter, a digit, a byte beyond ASCII */
    HIGH = 1U << 2,
    SWAPPED = 1U << 3, /* a digit or a sign that may stand for a letter */
    HUMP = 1U << 4,    /* a capital */
    GLUE = 1U << 5,
    WIDE = 1U << 6, /* begins a sign beyond ASCII */
    LATIN = 1U << 7,
};

static const uint8_t traits[256] = {
    [0 ... ' '] = BLANK,
    ['0' ... '9'] = TOKEN | SWAPPED,
    ['A' ... 'Z'] = TOKEN | HUMP | LATIN,
    ['a' ... 'z'] = TOKEN | LATIN,
    ['@'] = SWAPPED,
    ['$'] = SWAPPED,
    ['+'] = SWAPPED,
    ['('] = SWAPPED,
    ['!'] = SWAPPED,
    ['|'] = SWAPPED,
    ['-'] = GLUE,
    ['_'] = GLUE,
    [0x80 ... 0xC1] = TOKEN | HIGH,
    [0xC2] = WIDE | HIGH,
    [0xC3 ... 0xE1] = TOKEN | HIGH,
    [0xE2] = WIDE | HIGH,
    [0xE3 ... 0xFF] = TOKEN | HIGH,
};

/* Three in a row are no chance, nor is a long one; those of 20 and more are found as runs. */
static void words64_end(struct scan *s)
{
    struct run r = s->words64;
    s->words64.n = 0;
    if (r.n >= 3 || (r.n > 0 && r.end - r.start >= 12)) {
        pst_short64_read(&s->short64, s->in, r.start, r.end);
        s->short64_end = r.end;
    }
}

/* A stretch of plain small letters, however it is punctuated, is a word and hides nothing. */
static void blob_end(struct scan *s, size_t start, size_t end, unsigned seen)
{
    size_t n = end - start;
    bool parts = n >= 12 && (seen & (HUMP | GLUE)) != 0;
    bool accents = (seen & (HIGH | LATIN)) == (HIGH | LATIN);
    bool glued = n >= 16 && (seen & HIGH) == 0;
    if ((seen & (SWAPPED | HIGH)) == SWAPPED || accents || parts || glued) {
        pst_collapse_token(&s->collapse, start, end);
    }
    if (n >= 4 && (seen & HIGH) == 0 && pst_short64(pst_str_cut(s->in, start, n))) {
        s->words64.start = s->words64.n == 0 ? start : s->words64.start;
        s->words64.end = end;
        s->words64.n++;
    } else if (s->words64.n > 0) {
        words64_end(s);
    }
    if (n >= DENSE_MIN && (seen & (SWAPPED | HIGH)) == SWAPPED) {
        size_t stop = pst_dense_token(&s->dense, s->in, start, end);
        s->dense_end = stop > start ? stop : s->dense_end;
    }
}

static void tokens_read(struct scan *s)
{
    struct pst_str in = s->in;
    size_t gap = 0, blob = 0, at = 0, signs = 0;
    unsigned seen = 0;
    while (at < in.n) {
        unsigned trait = traits[in.p[at]];
        if ((trait & BLANK) != 0) {
            if (seen != 0) {
                blob_end(s, blob, at, seen);
            }
            seen = 0;
            blob = ++at;
            continue;
        }
        seen |= trait | TOKEN;
        if ((trait & TOKEN) == 0) {
            signs++;
            at += (trait & WIDE) == 0 ? 1 : in.p[at] == 0xC2 ? 2 : 3;
            continue;
        }
        if (signs >= SIGNS_MIN) {
            pst_codes_signs(&s->codes, gap, at);
        }
        signs = 0;
        size_t end = at + 1;
        while (end < in.n && (traits[in.p[end]] & TOKEN) != 0) {
            seen |= traits[in.p[end]];
            end++;
        }
        token_take(s, gap, at, end);
        gap = at = end;
    }
    runs_end(s, 0);
    if (seen != 0) {
        blob_end(s, blob, in.n, seen);
    }
    words64_end(s);
    if (signs >= SIGNS_MIN) {
        pst_codes_signs(&s->codes, gap, in.n);
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
    s.codes.morse.make = s.codes.braille.make = s.dense.make = s.short64.make = make;
    tokens_read(&s);
    pst_codes_braille(&s.codes);
    if (pst_draft_view(&s.short64, PST_VIEW_BASE64, parent, s.short64_end, true, false) > 0) {
        pst_make_hit(make, PST_EVADE_ENCODED, 1);
    }
    if (pst_draft_view(&s.dense, PST_VIEW_BASE85, parent, s.dense_end, true, false) > 0) {
        pst_make_hit(make, PST_EVADE_ENCODED, 1);
    }
    (void)pst_collapse_end(&s.collapse, parent);
    pst_codes_end(&s.codes, parent);
}
