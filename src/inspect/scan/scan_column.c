/* Tables in text: the heading of the column that a value stands in is the name it is given to. */
#include "inspect/scan/scan_impl.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { KINDS = 4, QUOTE = 5, LINE_END = 6, CELL_MAX = 64, HEADING_MAX = 4096, COMMA_LINE_MAX = 96 };

static const uint8_t what[256] = {
    [','] = 1, [';'] = 2, ['\t'] = 3, ['|'] = 4, ['"'] = QUOTE, ['\n'] = LINE_END};

/* The kind of delimiter that cuts a line into most cells, + 1; 0: none. One comma makes a table of
 * a short line only: sentences have commas. */
static uint8_t delimiter_of(const size_t counts[KINDS], size_t line_n)
{
    uint8_t best = 0;
    for (uint8_t k = 0; k < KINDS; k++) {
        bool enough = counts[k] >= 2 || (counts[k] == 1 && line_n <= COMMA_LINE_MAX);
        if (enough && (best == 0 || counts[k] > counts[best - 1])) {
            best = (uint8_t)(k + 1);
        }
    }
    return best;
}

/* The line ends: it belongs to the table, or it may be the heading of the next. */
static void line_ends(struct pst_columns *c, struct pst_str text, size_t end)
{
    bool same = c->delimiter != 0 &&
                c->counts[c->delimiter - 1] == c->heading_counts[c->delimiter - 1];
    if (!same) {
        size_t n = end - c->line;
        c->heading = pst_str_cut(text, c->line, n);
        memcpy(c->heading_counts, c->counts, sizeof c->counts);
        c->delimiter = n <= HEADING_MAX ? delimiter_of(c->counts, n) : 0;
    }
    memset(c->counts, 0, sizeof c->counts);
    c->quoted = false;
    c->line = end + 1;
}

/* The next byte from `at` that means anything, `to` when there is none before. */
static size_t next_mark(struct pst_str text, size_t at, size_t to)
{
#if defined(__x86_64__)
    for (; at + 16 <= to; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)&text.p[at]);
        __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(',')),
                                   _mm_cmpeq_epi8(v, _mm_set1_epi8(';')));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('\t')));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('|')));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
        hit = _mm_or_si128(hit, _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
        unsigned bits = (unsigned)_mm_movemask_epi8(hit);
        if (bits != 0) {
            return at + (size_t)__builtin_ctz(bits);
        }
    }
#endif
    while (at < to && what[text.p[at]] == 0) {
        at++;
    }
    return at;
}

static void forward(struct pst_columns *c, struct pst_str text, size_t to)
{
    for (c->at = next_mark(text, c->at, to); c->at < to; c->at = next_mark(text, c->at + 1, to)) {
        uint8_t kind = what[text.p[c->at]];
        if (kind == LINE_END) {
            line_ends(c, text, c->at);
        } else if (kind == QUOTE) {
            c->quoted = !c->quoted;
        } else if (!c->quoted) {
            c->counts[kind - 1]++;
        }
    }
}

static struct pst_str cell_of(struct pst_str line, uint8_t kind, size_t column)
{
    size_t start = 0, i = 0;
    bool quoted = false;
    for (; i < line.n; i++) {
        uint8_t k = what[line.p[i]];
        quoted = k == QUOTE ? !quoted : quoted;
        if (k == kind && !quoted) {
            if (column == 0) {
                break;
            }
            column--;
            start = i + 1;
        }
    }
    return column == 0 ? pst_str_trim(pst_str_cut(line, start, i - start))
                       : (struct pst_str){NULL, 0};
}

struct pst_str pst_scan_column(struct pst_columns *c, struct pst_str text, size_t at)
{
    const struct pst_str none = {NULL, 0};
    if (at < c->line) {
        return none; /* what began on the line before */
    }
    forward(c, text, at);
    if (c->delimiter == 0) {
        return none;
    }
    struct pst_str cell = cell_of(c->heading, c->delimiter, c->counts[c->delimiter - 1]);
    for (size_t i = 0; i < cell.n; i++) {
        if (cell.p[i] == ':' || cell.p[i] == '{' || cell.p[i] == '=' || cell.p[i] == '(') {
            return none; /* a line of something else */
        }
    }
    return cell.n <= CELL_MAX ? cell : none;
}
