/* Escapes that stand for single characters. What is around them is kept: it is the context of what
 * they hide. A flag is counted only where letters were hidden that need no escape. */
#include "base/enc.h"
#include "inspect/normal/ascii.h"
#include "inspect/normal/decode.h"
#include "inspect/normal/entity.h"

enum { NAMED_MAX = 12, HIDDEN_LETTERS = 4 };

struct escape {
    size_t used;
    uint32_t value;
    bool byte;   /* one of a string of bytes, else a character */
    bool simple; /* \n and its kin: too common to say anything */
};

typedef bool escape_read(struct pst_str in, size_t at, struct escape *ret);

static int hex_digit(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int byte_at(struct pst_str in, size_t at)
{
    return at < in.n ? in.p[at] : -1;
}

/* Between `least` and `most` hexadecimal digits; how many, and their value. */
static size_t hex_read(struct pst_str in, size_t at, size_t least, size_t most, uint32_t *ret)
{
    size_t n = 0;
    uint32_t value = 0;
    int digit;
    while (n < most && (digit = hex_digit(byte_at(in, at + n))) >= 0) {
        value = value << 4 | (uint32_t)digit;
        n++;
    }
    *ret = value;
    return n >= least ? n : 0;
}

static bool scalar(uint32_t cp)
{
    return cp < 0x110000 && (cp < 0xD800 || cp > 0xDFFF);
}

/* XXXX, and a second \uXXXX when it is half of a pair. `lead`: length of "\u" or "%u". */
static bool unit_read(struct pst_str in, size_t at, size_t lead, struct escape *ret)
{
    uint32_t high, low;
    if (hex_read(in, at + lead, 4, 4, &high) == 0) {
        return false;
    }
    ret->value = high;
    ret->used = lead + 4;
    size_t next = at + ret->used;
    if (high >= 0xD800 && high < 0xDC00 && next + lead <= in.n &&
        memcmp(&in.p[at], &in.p[next], lead) == 0 && hex_read(in, next + lead, 4, 4, &low) > 0 &&
        low >= 0xDC00 && low < 0xE000) {
        ret->value = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        ret->used += lead + 4;
    }
    return scalar(ret->value);
}

static bool percent_read(struct pst_str in, size_t at, struct escape *ret)
{
    *ret = (struct escape){.byte = true, .used = 3};
    if (byte_at(in, at + 1) == 'u') {
        ret->byte = false;
        return unit_read(in, at, 2, ret);
    }
    return hex_read(in, at + 1, 2, 2, &ret->value) == 2;
}

static bool quoted_read(struct pst_str in, size_t at, struct escape *ret)
{
    *ret = (struct escape){.byte = true, .used = 3};
    size_t i = at + 1;
    while (byte_at(in, i) == ' ' && i - at < 8) {
        i++;
    }
    i += byte_at(in, i) == '\r';
    if (byte_at(in, i) == '\n') { /* a line that goes on */
        *ret = (struct escape){.used = i + 1 - at, .simple = true, .value = UINT32_MAX};
        return true;
    }
    for (size_t k = at + 1; k < at + 3; k++) {
        int c = byte_at(in, k);
        if (hex_digit(c) < 0 || c >= 'a') {
            return false;
        }
    }
    return hex_read(in, at + 1, 2, 2, &ret->value) == 2;
}

static bool backslash_read(struct pst_str in, size_t at, struct escape *ret)
{
    static const char names[] = "nrt\"'\\/bfv", values[] = "\n\r\t\"'\\/\b\f\v";
    int c = byte_at(in, at + 1);
    *ret = (struct escape){.used = 2};
    if (c == 'u' && byte_at(in, at + 2) == '{') {
        size_t n = hex_read(in, at + 3, 1, 6, &ret->value);
        ret->used = n + 4;
        return n > 0 && byte_at(in, at + 3 + n) == '}' && scalar(ret->value);
    }
    if (c == 'u') {
        return unit_read(in, at, 2, ret);
    }
    if (c == 'U') {
        ret->used = 10;
        return hex_read(in, at + 2, 8, 8, &ret->value) == 8 && scalar(ret->value);
    }
    if (c == 'x') {
        ret->byte = true;
        ret->used = 4;
        return hex_read(in, at + 2, 2, 2, &ret->value) == 2;
    }
    if (c >= '0' && c <= '3') {
        int d = byte_at(in, at + 2), e = byte_at(in, at + 3);
        ret->byte = true;
        ret->used = 4;
        ret->value = (uint32_t)((c - '0') * 64 + (d - '0') * 8 + (e - '0'));
        return d >= '0' && d <= '7' && e >= '0' && e <= '7';
    }
    const char *name = c > 0 ? strchr(names, c) : NULL;
    if (name == NULL) {
        return false;
    }
    ret->simple = true;
    ret->value = (uint8_t)values[name - names];
    return true;
}

static bool entity_read(struct pst_str in, size_t at, struct escape *ret)
{
    *ret = (struct escape){0};
    size_t i = at + 1;
    if (byte_at(in, i) != '#') {
        size_t n = 0;
        while (n < NAMED_MAX && byte_at(in, i + n) > ' ' && byte_at(in, i + n) != ';') {
            n++;
        }
        ret->value = pst_entity_find(pst_str_cut(in, i, n));
        ret->used = n + 2;
        ret->simple = true;
        return ret->value != 0 && byte_at(in, i + n) == ';';
    }
    i++;
    size_t n = 0;
    if ((byte_at(in, i) | 0x20) == 'x') {
        i++;
        n = hex_read(in, i, 1, 8, &ret->value);
    } else {
        for (; n < 7 && byte_at(in, i + n) >= '0' && byte_at(in, i + n) <= '9'; n++) {
            ret->value = ret->value * 10 + (uint32_t)(in.p[i + n] - '0');
        }
    }
    ret->used = i + n - at + (byte_at(in, i + n) == ';');
    return n > 0 && ret->value > 0 && scalar(ret->value);
}

/* --- one kind over a text --------------------------------------------------------------------- */

struct sweep {
    size_t real, simple, letters, chained, soft;
    bool joined; /* a simple escape directly before a letter or digit */
};

/* A string of bytes has ended: it is UTF-8, or each byte is a character of Latin-1. */
static void bytes_end(struct pst_draft *out, size_t mark)
{
    size_t n = out->n - mark;
    if (n == 0 || pst_utf8_valid(pst_str_of(&out->text[mark], n))) {
        return;
    }
    enum { PIECE = 512 };
    uint8_t bytes[PIECE];
    uint32_t from[PIECE];
    if (n > PIECE) { /* nobody's word: only what is ASCII stays */
        for (size_t i = mark; i < out->n; i++) {
            out->text[i] = out->text[i] < 0x80 ? out->text[i] : '?';
        }
        return;
    }
    memcpy(bytes, &out->text[mark], n);
    memcpy(from, &out->map[mark], n * sizeof from[0]);
    out->n = mark;
    for (size_t i = 0; i < n; i++) {
        pst_draft_cp(out, bytes[i], from[i]);
    }
}

static void sweep_count(struct sweep *s, struct pst_str in, size_t at, const struct escape *e,
                        size_t last_end)
{
    uint32_t v = e->value;
    bool letter = pst_is_alpha(v);
    int next = byte_at(in, at + e->used);
    s->simple += e->simple;
    s->soft += v == UINT32_MAX;
    s->real += !e->simple;
    s->letters += !e->simple && letter;
    s->chained += !e->simple && at == last_end;
    s->joined = s->joined || (e->simple && (v == '\n' || v == '\r' || v == '\t') && next > 0 &&
                              pst_is_alnum((uint8_t)next));
}

/* What the escapes of a text amount to, by looking at nothing but them. */
static struct sweep sweep_openers(struct pst_str in, uint8_t opener, escape_read *read)
{
    struct sweep s = {0};
    size_t last_end = PST_NPOS;
    for (size_t at = 0; at < in.n;) {
        size_t gap = pst_str_find_byte(pst_str_from(in, at), opener);
        struct escape e = {0};
        if (gap == PST_NPOS) {
            break;
        }
        at += gap;
        if (!read(in, at, &e)) {
            at++;
            continue;
        }
        sweep_count(&s, in, at, &e, last_end);
        at += e.used;
        last_end = at;
    }
    return s;
}

static void sweep_text(struct pst_str in, uint8_t opener, escape_read *read, struct pst_draft *out)
{
    size_t at = 0, mark = PST_NPOS;
    while (at < in.n && !out->over) {
        size_t gap = pst_str_find_byte(pst_str_from(in, at), opener);
        if (gap == PST_NPOS) {
            gap = in.n - at;
        }
        struct escape e = {0};
        bool ok = at + gap < in.n && read(in, at + gap, &e);
        if (mark != PST_NPOS && (gap > 0 || !ok || !e.byte)) {
            bytes_end(out, mark);
            mark = PST_NPOS;
        }
        pst_draft_copy(out, in, at, gap);
        at += gap;
        if (!ok) {
            if (at < in.n) {
                pst_draft_copy(out, in, at, 1);
                at++;
            }
            continue;
        }
        if (e.byte) {
            mark = mark == PST_NPOS ? out->n : mark;
            pst_draft_byte(out, (uint8_t)e.value, at);
        } else if (e.value != UINT32_MAX) {
            pst_draft_cp(out, e.value, at);
        }
        at += e.used;
    }
    if (mark != PST_NPOS) {
        bytes_end(out, mark);
    }
}

static void decode(struct pst_make *make, size_t parent, uint8_t opener, escape_read *read,
                   enum pst_view_kind kind)
{
    struct pst_str in = make->ret->list[parent].text;
    struct sweep s = sweep_openers(in, opener, read);
    bool reader = (make->want & PST_WANT_READER) != 0;
    bool good = false;
    switch (opener) {
    case '%':
        good = s.real >= 3 || s.letters > 0;
        break;
    case '&':
        good = s.real > 0 || s.simple >= 2;
        break;
    case '\\':
        good = s.real > 0 || s.joined || (reader && s.simple >= 4);
        break;
    default: /* '=' stands between names and values too */
        good = s.real >= 3 && (s.soft > 0 || s.chained * 2 >= s.real);
        break;
    }
    if (!good) {
        return;
    }
    struct pst_draft out;
    pst_draft_init(&out, make, in.n);
    sweep_text(in, opener, read, &out);
    if (pst_draft_view(&out, kind, parent, in.n, true, false) == 0) {
        return;
    }
    if (s.letters >= HIDDEN_LETTERS) {
        pst_make_hit(make, PST_EVADE_ENCODED, s.letters);
    }
}

void pst_decode_escapes(struct pst_make *make, size_t parent, const struct pst_look *look)
{
    if (look->percents > 0) {
        decode(make, parent, '%', percent_read, PST_VIEW_PERCENT);
    }
    if (look->ampersands > 0) {
        decode(make, parent, '&', entity_read, PST_VIEW_ENTITY);
    }
    if (look->backslashes > 0) {
        decode(make, parent, '\\', backslash_read, PST_VIEW_ESCAPE);
    }
    if (look->equals >= 3) {
        decode(make, parent, '=', quoted_read, PST_VIEW_QUOTED);
    }
}
