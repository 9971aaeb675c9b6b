/* Runs of one alphabet that hold text: base64 in both alphabets and wrapped, hex, base32. A run is
 * tried on its first bytes; most are names, paths and digests and end there. What is decoded stands
 * in the view alone, a line for each run, so that a long document costs its secrets only. */
#include "inspect/normal/decode.h"

#include "base/enc.h"
#include "inspect/normal/ascii.h"

enum {
    PROBE = 12,      /* decoded bytes that must look like text before a run is decoded */
    HEX_MIN = 32,    /* digits */
    BASE32_MIN = 24, /* characters */
    KNOWN_RUNS_MAX = 64,
    WRAP_MAX = 12, /* white space and quotation marks between the lines of one run */
};

static int value64(uint8_t c)
{
    if (pst_is_upper(c)) {
        return c - 'A';
    }
    if (pst_is_lower(c)) {
        return c - 'a' + 26;
    }
    if (pst_is_digit(c)) {
        return c - '0' + 52;
    }
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static int value32(uint8_t c)
{
    return pst_is_alpha(c) ? (c | 0x20) - 'a' : c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static int value16(uint8_t c)
{
    int low = c | 0x20;
    return pst_is_digit(c) ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

struct alphabet {
    int (*value)(uint8_t c);
    unsigned bits, group; /* bits of a character, characters of a group of whole bytes */
    enum pst_view_kind kind;
};

static const struct alphabet base64 = {value64, 6, 4, PST_VIEW_BASE64};
static const struct alphabet base32 = {value32, 5, 8, PST_VIEW_BASE32};
static const struct alphabet base16 = {value16, 4, 2, PST_VIEW_HEX};

/* Whether decoded bytes could be the beginning of a text in UTF-8, UTF-16 or Latin-1. */
static bool probable(const uint8_t *p, size_t n)
{
    size_t plain = 0, zeros = 0, high = 0, cut = n;
    for (size_t i = 0; i < n; i++) {
        plain += (p[i] >= 0x20 && p[i] < 0x7F) || p[i] == '\n' || p[i] == '\r' || p[i] == '\t';
        zeros += p[i] == 0;
        high += p[i] >= 0x80;
    }
    if (plain == n) {
        return true;
    }
    if (zeros > 0) {
        return zeros + plain + 2 >= n && zeros * 5 >= n * 2;
    }
    while (cut > 0 && n - cut < 3 && (p[cut - 1] & 0xC0) == 0x80) {
        cut--;
    }
    cut -= cut > 0 && p[cut - 1] >= 0xC0; /* a character that may go on */
    return plain + high == n && (pst_utf8_valid(pst_str_of(p, cut)) || plain * 100 >= n * 80);
}

/* The first bytes of the run, decoded. */
static bool probe(const struct alphabet *a, struct pst_str in, size_t start, size_t end)
{
    uint8_t bytes[PROBE];
    size_t n = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = start; i < end && n < PROBE; i++) {
        int v = a->value(in.p[i]);
        if (v < 0) {
            break;
        }
        bits = bits << a->bits | (uint32_t)v;
        have += a->bits;
        if (have >= 8) {
            have -= 8;
            bytes[n++] = (uint8_t)(bits >> have);
        }
    }
    return n >= PROBE / 2 && probable(bytes, n);
}

struct reader {
    const struct alphabet *alphabet;
    uint32_t bits;
    unsigned have, in_group;
    size_t group; /* offset of its first character */
};

/* Decodes [start, end); every byte maps to its group. */
static void read_run(struct reader *r, struct pst_draft *out, struct pst_str in, size_t start,
                     size_t end)
{
    for (size_t i = start; i < end; i++) {
        if (r->in_group == 0) {
            r->group = i;
        }
        r->bits = r->bits << r->alphabet->bits | (uint32_t)r->alphabet->value(in.p[i]);
        r->have += r->alphabet->bits;
        r->in_group = r->in_group + 1 == r->alphabet->group ? 0 : r->in_group + 1;
        if (r->have >= 8) {
            r->have -= 8;
            pst_draft_byte(out, (uint8_t)(r->bits >> r->have), r->group);
        }
    }
}

/* The end of the characters of the alphabet from `at` on. */
static size_t run_end(const struct alphabet *a, struct pst_str in, size_t at)
{
    while (at < in.n && a->value(in.p[at]) >= 0) {
        at++;
    }
    return at;
}

/* Where the next line of a wrapped run begins; `at` itself: it is not wrapped. */
static size_t next_line(struct pst_str in, size_t at)
{
    size_t i = at;
    bool line = false;
    while (i < in.n && i - at < WRAP_MAX) {
        uint8_t c = in.p[i];
        bool escaped = c == '\\' && i + 1 < in.n && (in.p[i + 1] == 'n' || in.p[i + 1] == 'r');
        if (c == '\n' || escaped) {
            line = true;
            i += escaped ? 2 : 1;
        } else if (c == '\r' || c == ' ' || c == '\t' || c == '>' || c == '"' || c == '\'' ||
                   c == '+' || c == ',' || c == '#' || c == '*' || c == '|') {
            i++;
        } else {
            break;
        }
    }
    return line && i < in.n ? i : at;
}

/* Decodes the run at [start, end) and the lines it goes on in; where it ended. Nothing was
 * added when that is `start`. */
static size_t take_run(const struct alphabet *a, struct pst_draft *out, struct pst_str in,
                       size_t start, size_t end)
{
    if (!probe(a, in, start, end)) {
        return start;
    }
    size_t mark = out->n;
    struct reader r = {.alphabet = a};
    read_run(&r, out, in, start, end);
    size_t width = end - start;
    for (;;) {
        size_t line = next_line(in, end);
        size_t stop = line > end ? run_end(a, in, line) : line;
        size_t n = stop - line;
        /* a full line is followed by more; the last one may be short, but not a word of prose */
        if (n == 0 || n > width || width < 16 || (r.in_group != 0 && n < width) ||
            (n < width && (r.in_group + n) % a->group == 1)) {
            break;
        }
        size_t before = out->n;
        read_run(&r, out, in, line, stop);
        if (n < width && !probable(&out->text[before], out->n - before)) {
            out->n = before;
            break;
        }
        end = stop;
        if (n < width) {
            break;
        }
    }
    return out->n > mark && pst_draft_settle(out, mark) ? end : start;
}

/* Two runs with only blanks between them read on; others stand on lines of their own. */
static void separate(struct pst_draft *out, struct pst_str in, size_t last_end, size_t start)
{
    if (out->n == 0) {
        return;
    }
    bool near = start - last_end <= 2;
    for (size_t i = last_end; near && i < start; i++) {
        near = in.p[i] == ' ' || in.p[i] == '\n';
    }
    pst_draft_byte(out, near ? ' ' : '\n', last_end);
}

/* Decoded data that is no text says nothing about words; a name that decodes by chance is short. */
static bool worth(struct pst_draft *out, size_t mark)
{
    size_t letters = 0, n = out->n - mark;
    for (size_t i = mark; i < out->n; i++) {
        uint8_t c = out->text[i];
        letters += pst_is_alnum(c) || c >= 0x80 || c == ' ';
    }
    return letters * 2 >= n;
}

static size_t try_run(const struct alphabet *a, struct pst_draft *out, struct pst_str in,
                      size_t start, size_t end, size_t *last_end)
{
    size_t mark = out->n;
    separate(out, in, *last_end, start);
    size_t text = out->n;
    size_t stop = take_run(a, out, in, start, end);
    if (stop == start || !worth(out, text)) {
        out->n = mark;
        return start;
    }
    while (stop < in.n && in.p[stop] == '=') {
        stop++;
    }
    *last_end = stop;
    return stop;
}

static bool all_of(const struct alphabet *a, struct pst_str in, size_t start, size_t end)
{
    return run_end(a, pst_str_cut(in, 0, end), start) == end;
}

struct outs {
    struct pst_draft b64, b32, b16;
    size_t end64, end32, end16;
};

/* The parts between characters that are of the alphabet of URLs only, or end paths. */
static size_t try_parts(struct outs *o, struct pst_str in, size_t start, size_t end)
{
    size_t part = start;
    for (size_t i = start; i <= end; i++) {
        if (i < end && in.p[i] != '/' && in.p[i] != '-' && in.p[i] != '_' && in.p[i] != '+') {
            continue;
        }
        if (part > start && i - part >= 16) {
            /* the longest remainder first: the sign may be of the alphabet */
            size_t stop = try_run(&base64, &o->b64, in, part, end, &o->end64);
            if (stop > part) {
                return stop;
            }
        }
        part = i + 1;
        if (i < end && i - start > 512) {
            break; /* a chain of signs without end is no encoding */
        }
    }
    return start;
}

static size_t try_all(struct outs *o, struct pst_str in, size_t start, size_t end)
{
    size_t n = end - start, stop = start;
    if (n >= HEX_MIN && all_of(&base16, in, start, end)) {
        stop = try_run(&base16, &o->b16, in, start, end, &o->end16);
    }
    if (stop == start && n >= HEX_MIN + 2 && in.p[start] == '0' &&
        (in.p[start + 1] | 0x20) == 'x' && all_of(&base16, in, start + 2, end)) {
        stop = try_run(&base16, &o->b16, in, start + 2, end, &o->end16);
        stop = stop == start + 2 ? start : stop;
    }
    if (stop == start) {
        stop = try_run(&base64, &o->b64, in, start, end, &o->end64);
    }
    if (stop == start && n >= BASE32_MIN && all_of(&base32, in, start, end)) {
        stop = try_run(&base32, &o->b32, in, start, end, &o->end32);
    }
    return stop == start ? try_parts(o, in, start, end) : stop;
}

void pst_decode_runs(struct pst_make *make, size_t parent, const struct pst_look *look)
{
    if ((look->hints & PST_HINT_RUN) == 0) {
        return;
    }
    struct pst_str in = make->ret->list[parent].text;
    struct outs o = {.b64 = {.make = make}, .b32 = {.make = make}, .b16 = {.make = make}};
    size_t at = 0, start, end;
    while (pst_look_run(in, at, &start, &end)) {
        size_t stop = try_all(&o, in, start, end);
        at = stop > end ? stop : end;
    }
    const struct {
        struct pst_draft *out;
        enum pst_view_kind kind;
        size_t end;
    } made[] = {{&o.b64, PST_VIEW_BASE64, o.end64},
                {&o.b32, PST_VIEW_BASE32, o.end32},
                {&o.b16, PST_VIEW_HEX, o.end16}};
    for (size_t i = 0; i < PST_LEN(made); i++) {
        if (pst_draft_view(made[i].out, made[i].kind, parent, made[i].end, true, false) > 0) {
            pst_make_hit(make, PST_EVADE_ENCODED, 1);
        }
    }
}

bool pst_runs_new(struct pst_str in, struct pst_str given)
{
    size_t at = 0, start, end, known = 0;
    for (; pst_look_run(in, at, &start, &end); at = end) {
        bool run = probe(&base64, in, start, end) ||
                   (all_of(&base16, in, start, end) && probe(&base16, in, start, end)) ||
                   (all_of(&base32, in, start, end) && probe(&base32, in, start, end));
        if (!run) {
            continue;
        }
        /* looking it up costs a pass over the text each: only so often */
        if (++known > KNOWN_RUNS_MAX ||
            pst_str_find(given, pst_str_cut(in, start, end - start)) == PST_NPOS) {
            return true;
        }
    }
    return false;
}

static bool textual(uint8_t b)
{
    return pst_is_alpha(b) || b == ' ' || b == ',' || b == '.' || b == '-' || b == '/' || b == '\'';
}

bool pst_short64(struct pst_str t)
{
    size_t n = t.n, bytes = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    while (n > 0 && t.n - n < 2 && t.p[n - 1] == '=') {
        n--;
    }
    if (n < 2 || n >= 20 || t.n % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int v = value64(t.p[i]);
        if (v < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)v;
        have += 6;
        if (have >= 8) {
            have -= 8;
            if (!textual((uint8_t)(bits >> have))) {
                return false; /* with most words at the first byte */
            }
            bytes++;
        }
    }
    return bytes > 0;
}

void pst_short64_read(struct pst_draft *out, struct pst_str in, size_t start, size_t end)
{
    size_t first = start, last = 0, width;
    bool groups = true;
    while (first < end && !pst_is_blank(in.p[first])) {
        first++;
    }
    width = first - start;
    for (size_t at = start; at < end; at = last + 1) {
        for (last = at; last < end && !pst_is_blank(in.p[last]); last++) {
        }
        groups = groups && (last == at || last - at == width || last == end);
    }
    if (out->n > 0) {
        pst_draft_byte(out, '\n', start);
    }
    for (size_t at = start; at < end;) {
        struct reader r = {.alphabet = &base64};
        size_t stop = run_end(&base64, in, at);
        read_run(&r, out, in, at, stop < end ? stop : end);
        at = stop < end ? stop : end;
        bool more = false;
        while (at < end && run_end(&base64, in, at) == at) {
            at++;
            more = true;
        }
        if (more && at < end && !groups) {
            pst_draft_byte(out, ' ', stop);
        }
    }
}
