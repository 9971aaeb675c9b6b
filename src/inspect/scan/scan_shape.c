/* Stage B: shapes. Everything starts at a digit or at one of four marks; the rest of a text is
 * skipped by the vector. From there a stretch grows to both sides, never further than the longest
 * form, so that no text costs more than linear time. */
#include "base/enc.h"
#include "inspect/scan/scan_impl.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { TOKEN_BACK = 64, LETTERS_BEFORE = 4, LETTERS_AFTER = 6, WORD_MIN = 16 };

/* Letters in upper case and digits for themselves, 0 for what is neither. */
static const uint8_t folded[128] = {
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6',
    ['7'] = '7', ['8'] = '8', ['9'] = '9', ['A'] = 'A', ['B'] = 'B', ['C'] = 'C', ['D'] = 'D',
    ['E'] = 'E', ['F'] = 'F', ['G'] = 'G', ['H'] = 'H', ['I'] = 'I', ['J'] = 'J', ['K'] = 'K',
    ['L'] = 'L', ['M'] = 'M', ['N'] = 'N', ['O'] = 'O', ['P'] = 'P', ['Q'] = 'Q', ['R'] = 'R',
    ['S'] = 'S', ['T'] = 'T', ['U'] = 'U', ['V'] = 'V', ['W'] = 'W', ['X'] = 'X', ['Y'] = 'Y',
    ['Z'] = 'Z', ['a'] = 'A', ['b'] = 'B', ['c'] = 'C', ['d'] = 'D', ['e'] = 'E', ['f'] = 'F',
    ['g'] = 'G', ['h'] = 'H', ['i'] = 'I', ['j'] = 'J', ['k'] = 'K', ['l'] = 'L', ['m'] = 'M',
    ['n'] = 'N', ['o'] = 'O', ['p'] = 'P', ['q'] = 'Q', ['r'] = 'R', ['s'] = 'S', ['t'] = 'T',
    ['u'] = 'U', ['v'] = 'V', ['w'] = 'W', ['x'] = 'X', ['y'] = 'Y', ['z'] = 'Z'};

/* Full width letters and digits; the digits of Arabic, Persian and Devanagari. */
static size_t alnum_wide(struct pst_str text, size_t at, uint8_t *ret)
{
    uint8_t c = text.p[at];
    size_t left = text.n - at;
    if (c == 0xEF && left >= 3 && (text.p[at + 1] == 0xBC || text.p[at + 1] == 0xBD)) {
        unsigned cp = 0xF000U | (text.p[at + 1] & 0x3FU) << 6 | (text.p[at + 2] & 0x3FU);
        unsigned a = cp - 0xFEE0U;
        *ret = a < 128 ? folded[a] : 0;
        return *ret != 0 ? 3 : 0;
    }
    if ((c == 0xD9 || c == 0xDB) && left >= 2) {
        uint8_t first = c == 0xD9 ? 0xA0 : 0xB0;
        if (text.p[at + 1] >= first && text.p[at + 1] <= first + 9) {
            *ret = (uint8_t)('0' + text.p[at + 1] - first);
            return 2;
        }
        return 0;
    }
    if (c == 0xE0 && left >= 3 && text.p[at + 1] == 0xA5 && text.p[at + 2] >= 0xA6 &&
        text.p[at + 2] <= 0xAF) {
        *ret = (uint8_t)('0' + text.p[at + 2] - 0xA6);
        return 3;
    }
    return 0;
}

/* A letter or digit at `at`, folded to ASCII upper case; its length in bytes, 0 when there is none.
 */
static inline size_t alnum_at(struct pst_str text, size_t at, uint8_t *ret)
{
    if (at >= text.n) {
        return 0;
    }
    uint8_t c = text.p[at];
    if (c < 0x80) {
        *ret = folded[c];
        return *ret != 0 ? 1 : 0;
    }
    return c == 0xEF || c == 0xD9 || c == 0xDB || c == 0xE0 ? alnum_wide(text, at, ret) : 0;
}

/* The length of the letter or digit that ends at `at`. */
static inline size_t alnum_before(struct pst_str text, size_t at)
{
    uint8_t c;
    if (at == 0) {
        return 0;
    }
    if (text.p[at - 1] < 0x80) {
        return folded[text.p[at - 1]] != 0 ? 1 : 0;
    }
    for (size_t n = 2; n <= 3 && n <= at; n++) {
        if (text.p[at - n] >= 0xC0) {
            return alnum_wide(text, at - n, &c) == n ? n : 0;
        }
    }
    return 0;
}

static bool is_separator(uint8_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == '/';
}

/* --- the vector ------------------------------------------------------------------------------- */

static bool wakes(uint8_t c)
{
    return (c >= '0' && c <= '9') || c == '@' || c == ':' || c == '+' || c == '%' || c == 0xEF ||
           c == 0xD9 || c == 0xDB || c == 0xE0;
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static size_t next_avx2(struct pst_str text, size_t at)
{
    const __m256i zero = _mm256_set1_epi8('0'), nine = _mm256_set1_epi8(9);
    for (; at + 32 <= text.n; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)&text.p[at]);
        __m256i digit = _mm256_sub_epi8(v, zero);
        digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digit, nine), digit);
        __m256i mark = _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('@')),
                                       _mm256_cmpeq_epi8(v, _mm256_set1_epi8(':')));
        mark = _mm256_or_si256(mark, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('+')));
        mark = _mm256_or_si256(mark, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('%')));
        mark = _mm256_or_si256(mark, _mm256_cmpeq_epi8(v, _mm256_set1_epi8((char)0xEF)));
        mark = _mm256_or_si256(mark, _mm256_cmpeq_epi8(v, _mm256_set1_epi8((char)0xD9)));
        mark = _mm256_or_si256(mark, _mm256_cmpeq_epi8(v, _mm256_set1_epi8((char)0xDB)));
        mark = _mm256_or_si256(mark, _mm256_cmpeq_epi8(v, _mm256_set1_epi8((char)0xE0)));
        unsigned bits = (unsigned)_mm256_movemask_epi8(_mm256_or_si256(digit, mark));
        if (bits != 0) {
            return at + (size_t)__builtin_ctz(bits);
        }
    }
    return at;
}
#endif

/* The next byte that wakes anything. */
static size_t next_wake(struct pst_str text, size_t at)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        at = next_avx2(text, at);
    }
#endif
    while (at < text.n && !wakes(text.p[at])) {
        at++;
    }
    return at;
}

/* --- forms ------------------------------------------------------------------------------------ */

bool pst_form_fits(const struct pst_data_form *form, const struct pst_window *w)
{
    if (form->n != w->n || (form->digit & ~w->digits) != 0 || (form->letter & ~w->letters) != 0) {
        return false;
    }
    uint8_t kind = 0;
    for (size_t i = 0; i < w->n; i++) {
        uint8_t want = form->sep[i], have = w->sep[i];
        if (want == '_') {
            if (have != 0 && kind != 0 && have != kind) {
                return false;
            }
            kind = have != 0 ? have : kind;
        } else if (want != have) {
            return false;
        }
        if ((form->fixed >> i & 1U) != 0 ? form->chars[i] != w->chars[i]
                                         : form->chars[i] == 'H' && w->chars[i] > 'F') {
            return false;
        }
    }
    return true;
}

/* What the masks alone can say; most forms fail here. */
static inline bool quick_fits(const struct pst_form_quick *q, uint64_t digits, uint64_t letters,
                              uint64_t seps)
{
    return ((q->digit & ~digits) | (q->letter & ~letters) | (seps & ~(q->sep_any | q->sep_fixed)) |
            (q->sep_fixed & ~seps)) == 0;
}

bool pst_form_may(const struct pst_scan_image *image, size_t form, const struct pst_window *w)
{
    return quick_fits(&image->quick[form], w->digits, w->letters, w->seps);
}

static bool any_form(const struct pst_scan_image *image, const struct pst_window *w)
{
    const struct pst_data_length *l = &image->lengths[w->n];
    for (uint32_t i = 0; i < l->n; i++) {
        if (quick_fits(&image->quick[l->first + i], w->digits, w->letters, w->seps) &&
            pst_form_fits(&image->forms[l->first + i], w)) {
            return true;
        }
    }
    return false;
}

/* Reads the group at `at`; false when there is none. */
static bool group_read(struct pst_str text, size_t at, struct pst_group *g)
{
    uint8_t c;
    size_t n, k = 0;
    g->start = (uint32_t)at;
    g->digits = 0;
    g->letters = 0;
    g->sep = 0;
    while ((n = alnum_at(text, at, &c)) > 0 && k <= PST_FORM_MAX) {
        if (k < PST_FORM_MAX) {
            uint64_t bit = UINT64_C(1) << k;
            *(c <= '9' ? &g->digits : &g->letters) |= bit;
            g->chars[k] = c;
        }
        k++;
        at += n;
    }
    g->n = (uint8_t)k;
    g->end = (uint32_t)at;
    return k > 0;
}

/* The groups from `start` on, as far as they hang together by single separators. Those that were
 * read for the group before are kept. */
static void groups_from(struct pst_scanner *s, size_t start)
{
    struct pst_groups *g = &s->groups;
    while (g->first < g->end && g->list[g->first].start < start) {
        g->first++;
    }
    if (g->first == g->end || g->list[g->first].start != start) {
        g->first = 0;
        g->end = group_read(s->text, start, &g->list[0]) ? 1 : 0;
    } else if (g->first + PST_RUN_TOKENS > PST_GROUPS) {
        memmove(g->list, &g->list[g->first], (g->end - g->first) * sizeof g->list[0]);
        g->end -= g->first;
        g->first = 0;
    }
    while (g->end > g->first && g->end - g->first < PST_RUN_TOKENS) {
        const struct pst_group *last = &g->list[g->end - 1];
        size_t at = last->end;
        if (last->n > PST_FORM_MAX || at >= s->text.n || !is_separator(s->text.p[at]) ||
            !group_read(s->text, at + 1, &g->list[g->end])) {
            return;
        }
        g->list[g->end++].sep = s->text.p[at];
    }
}

static bool group_add(struct pst_window *w, const struct pst_group *g, bool first)
{
    if (w->n + g->n > PST_FORM_MAX) {
        return false;
    }
    memcpy(&w->chars[w->n], g->chars, g->n);
    memset(&w->sep[w->n], 0, g->n);
    if (!first) {
        w->sep[w->n] = g->sep;
        w->seps |= UINT64_C(1) << w->n;
    }
    w->digits |= g->digits << w->n;
    w->letters |= g->letters << w->n;
    w->n = (uint8_t)(w->n + g->n);
    w->end = g->end;
    return true;
}

/* Windows that begin with the groups before (letters), if any, and go on over those read. A word of
 * more than a few letters after a number is none of its groups. */
static void windows_over(struct pst_scanner *s, const struct pst_group *before, size_t n_before)
{
    const struct pst_groups *g = &s->groups;
    struct pst_window w = {.start = n_before > 0 ? before[0].start : g->list[g->first].start};
    for (size_t i = 0; i < n_before; i++) {
        if (!group_add(&w, &before[i], i == 0)) {
            return;
        }
    }
    for (size_t i = g->first; i < g->end; i++) {
        const struct pst_group *next = &g->list[i];
        bool word = next->digits == 0 && next->n > LETTERS_AFTER;
        if ((word && i > g->first) || !group_add(&w, next, n_before == 0 && i == g->first)) {
            return;
        }
        if (w.n >= 4 && s->n_windows < PST_WINDOWS_MAX && any_form(s->image, &w)) {
            s->windows[s->n_windows++] = w;
        }
    }
}

/* --- recognisers ------------------------------------------------------------------------------ */

static void wake(struct pst_scanner *s, enum pst_anchor anchor, size_t at)
{
    const struct pst_scan_anchor *a = &s->image->anchors[anchor];
    for (size_t k = 0; k < a->n; k++) {
        size_t i = a->rows[k];
        if (at < s->resume[i]) {
            continue;
        }
        struct pst_found f = s->image->finds[i].fn(s->text, at);
        s->resume[i] = f.resume > s->resume[i] ? f.resume : s->resume[i];
        if (f.verdict != PST_CHECK_NO && f.end > f.start && f.end <= s->text.n &&
            s->n_windows < PST_WINDOWS_MAX) {
            s->windows[s->n_windows++] = (struct pst_window){.start = (uint32_t)f.start,
                                                             .end = (uint32_t)f.end,
                                                             .find = (uint16_t)(i + 1),
                                                             .verdict = (uint8_t)f.verdict};
        }
    }
}

/* Short groups of letters before a number belong to it: "DE 123…", "RSS MRA 80…". */
static void letters_before(struct pst_scanner *s, size_t start)
{
    struct pst_group before[2];
    size_t end = start;
    for (size_t groups = 1; groups <= 2; groups++) {
        size_t letters = 0, n;
        if (end < 2 || !is_separator(s->text.p[end - 1])) {
            return;
        }
        size_t back = end - 1;
        while (letters <= LETTERS_BEFORE && (n = alnum_before(s->text, back)) > 0) {
            back -= n;
            letters++;
        }
        if (letters == 0 || letters > LETTERS_BEFORE ||
            !group_read(s->text, back, &before[2 - groups]) || before[2 - groups].digits != 0) {
            return; /* with digits it has been a start of its own */
        }
        before[2 - groups].sep = 0;
        if (groups == 2) {
            before[1].sep = s->text.p[end - 1];
        }
        s->groups.list[s->groups.first].sep = s->text.p[start - 1];
        windows_over(s, &before[2 - groups], groups);
        end = back;
    }
}

/* All that begins at the group of letters and digits around `at`; returns where it ends. */
static size_t token_at(struct pst_scanner *s, size_t at, size_t floor)
{
    size_t start = at, end = at, n;
    uint8_t c;
    while (start > floor && at - start < TOKEN_BACK && (n = alnum_before(s->text, start)) > 0) {
        start -= n;
    }
    while ((n = alnum_at(s->text, end, &c)) > 0) {
        end += n;
    }
    if (alnum_before(s->text, start) != 0) {
        return end; /* longer than anything */
    }
    if (end - start <= PST_FORM_MAX * 3) {
        groups_from(s, start);
        if (s->groups.end > s->groups.first && s->groups.list[s->groups.first].n <= PST_FORM_MAX) {
            windows_over(s, NULL, 0);
            letters_before(s, start);
        }
    }
    bool digits_before = start >= 2 && is_separator(s->text.p[start - 1]) &&
                         s->text.p[start - 2] >= '0' && s->text.p[start - 2] <= '9';
    if (!digits_before) {
        wake(s, PST_ANCHOR_DIGITS, at);
    }
    if (end - start >= WORD_MIN) {
        wake(s, PST_ANCHOR_WORD, start);
    }
    return end;
}

bool pst_scan_shapes(struct pst_scanner *s, size_t *at)
{
    size_t i = *at, floor = *at;
    while (i < s->text.n) {
        i = next_wake(s->text, i);
        if (i >= s->text.n) {
            break;
        }
        bool full = s->n_windows + 64 > PST_WINDOWS_MAX;
        bool far = s->n_windows > 0 && i - s->windows[0].start > PST_BATCH_BYTES;
        if (full || far) {
            *at = i;
            return false;
        }
        uint8_t c = s->text.p[i], upper;
        if (alnum_at(s->text, i, &upper) > 0) {
            i = token_at(s, i, floor);
            floor = i;
            continue;
        }
        if (c == '@') {
            wake(s, PST_ANCHOR_AT, i);
        } else if (c == ':') {
            wake(s, PST_ANCHOR_COLON, i);
        } else if (c == '%') {
            wake(s, PST_ANCHOR_PERCENT, i);
        } else if (c == '+' && i + 1 < s->text.n && s->text.p[i + 1] >= '0' &&
                   s->text.p[i + 1] <= '9') {
            wake(s, PST_ANCHOR_PLUS, i);
        }
        i++;
    }
    *at = s->text.n;
    return true;
}
