/* Stage B: shapes. Everything starts at a digit or at one of four marks; the rest of a text is
 * skipped by the vector. From there a stretch grows to both sides, never further than the longest
 * form, so that no text costs more than linear time. */
#include "base/enc.h"
#include "inspect/scan/scan_impl.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { TOKEN_BACK = 64, LETTERS_BEFORE = 4, WORD_MIN = 16 };

/* A letter or digit at `at`, folded to ASCII upper case; its length in bytes, 0 when there is none.
 */
static size_t alnum_at(struct pst_str text, size_t at, uint8_t *ret)
{
    if (at >= text.n) {
        return 0;
    }
    uint8_t c = text.p[at];
    if (c < 0x80) {
        if (c >= 'a' && c <= 'z') {
            *ret = (uint8_t)(c - 32);
            return 1;
        }
        *ret = c;
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ? 1 : 0;
    }
    size_t left = text.n - at;
    if (c == 0xEF && left >= 3 &&
        (text.p[at + 1] == 0xBC || text.p[at + 1] == 0xBD)) { /* full width */
        unsigned cp = 0xF000U | (text.p[at + 1] & 0x3FU) << 6 | (text.p[at + 2] & 0x3FU);
        unsigned a = cp - 0xFEE0U;
        if ((a >= '0' && a <= '9') || (a >= 'A' && a <= 'Z') || (a >= 'a' && a <= 'z')) {
            *ret = (uint8_t)(a >= 'a' ? a - 32 : a);
            return 3;
        }
        return 0;
    }
    if ((c == 0xD9 || c == 0xDB) && left >= 2) { /* Arabic-Indic, Persian */
        uint8_t first = c == 0xD9 ? 0xA0 : 0xB0;
        if (text.p[at + 1] >= first && text.p[at + 1] <= first + 9) {
            *ret = (uint8_t)('0' + text.p[at + 1] - first);
            return 2;
        }
        return 0;
    }
    if (c == 0xE0 && left >= 3 && text.p[at + 1] == 0xA5 && text.p[at + 2] >= 0xA6 &&
        text.p[at + 2] <= 0xAF) { /* Devanagari */
        *ret = (uint8_t)('0' + text.p[at + 2] - 0xA6);
        return 3;
    }
    return 0;
}

/* The length of the letter or digit that ends at `at`. */
static size_t alnum_before(struct pst_str text, size_t at)
{
    uint8_t c;
    if (at == 0) {
        return 0;
    }
    if (text.p[at - 1] < 0x80) {
        return alnum_at(text, at - 1, &c);
    }
    for (size_t n = 2; n <= 3 && n <= at; n++) {
        if (alnum_at(text, at - n, &c) == n) {
            return n;
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

static bool any_form(const struct pst_scan_image *image, const struct pst_window *w)
{
    const struct pst_data_length *l = &image->lengths[w->n];
    for (uint32_t i = 0; i < l->n; i++) {
        if (pst_form_fits(&image->forms[l->first + i], w)) {
            return true;
        }
    }
    return false;
}

/* Appends one group of letters and digits; false when the form table has nothing as long. */
static bool group_add(struct pst_str text, size_t *at, uint8_t sep, struct pst_window *w)
{
    uint8_t c;
    size_t n;
    while ((n = alnum_at(text, *at, &c)) > 0) {
        if (w->n == PST_FORM_MAX) {
            return false;
        }
        uint64_t bit = UINT64_C(1) << w->n;
        *(c <= '9' ? &w->digits : &w->letters) |= bit;
        w->chars[w->n] = c;
        w->sep[w->n++] = sep;
        sep = 0;
        *at += n;
    }
    w->end = (uint32_t)*at;
    return true;
}

static void windows_from(struct pst_scanner *s, size_t start)
{
    struct pst_window w = {.start = (uint32_t)start};
    size_t at = start;
    uint8_t sep = 0, c;
    for (size_t groups = 0; groups < PST_RUN_TOKENS; groups++) {
        if (!group_add(s->text, &at, sep, &w)) {
            return;
        }
        if (w.n >= 4 && w.digits != 0 && s->n_windows < PST_WINDOWS_MAX && any_form(s->image, &w)) {
            s->windows[s->n_windows++] = w;
        }
        if (at >= s->text.n || !is_separator(s->text.p[at]) || alnum_at(s->text, at + 1, &c) == 0) {
            return;
        }
        sep = s->text.p[at++];
    }
}

/* --- recognisers ------------------------------------------------------------------------------ */

static void wake(struct pst_scanner *s, enum pst_anchor anchor, size_t at)
{
    size_t n;
    const struct pst_find_row *rows = pst_find_rows(&n);
    for (size_t i = 0; i < n && i < 255; i++) {
        if (rows[i].anchor != anchor || s->image->wanted[i] == 0 || at < s->resume[i]) {
            continue;
        }
        struct pst_found f = rows[i].fn(s->text, at);
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
    for (int groups = 0; groups < 2; groups++) {
        size_t letters = 0, back = start, n;
        if (start < 2 || !is_separator(s->text.p[start - 1])) {
            return;
        }
        back = start - 1;
        while (letters <= LETTERS_BEFORE && (n = alnum_before(s->text, back)) > 0) {
            uint8_t c;
            (void)alnum_at(s->text, back - n, &c);
            if (c <= '9') {
                return; /* it has been a start of its own */
            }
            back -= n;
            letters++;
        }
        if (letters == 0 || letters > LETTERS_BEFORE) {
            return;
        }
        windows_from(s, back);
        start = back;
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
    bool whole = alnum_before(s->text, start) == 0;
    if (whole && end - start <= PST_FORM_MAX * 3) {
        windows_from(s, start);
        letters_before(s, start);
    }
    bool digits_before = start >= 2 && is_separator(s->text.p[start - 1]) &&
                         s->text.p[start - 2] >= '0' && s->text.p[start - 2] <= '9';
    if (whole && !digits_before) {
        wake(s, PST_ANCHOR_DIGITS, at);
    }
    if (whole && end - start >= WORD_MIN) {
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
        uint8_t c = s->text.p[i], folded;
        if (alnum_at(s->text, i, &folded) > 0) {
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
