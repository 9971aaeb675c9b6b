/* Characters written as numbers, bits, dots and dashes, dot patterns or the words of radio. */
#include "inspect/normal/tokens.h"

#include "base/enc.h"
#include "inspect/normal/ascii.h"
#include "inspect/normal/words.h"

enum { BITS_MIN = 32, MORSE_LETTERS_MIN = 5, BRAILLE_MIN = 4 };

/* Letters of the draft from `mark` on, and whether they read as words. */
static bool reads(const struct pst_draft *d, size_t mark)
{
    struct pst_score score = {0};
    uint8_t word[PST_WORD_LONGEST];
    size_t n = 0;
    for (size_t i = mark; i <= d->n; i++) {
        uint8_t b = i < d->n ? d->text[i] : 0;
        if (pst_is_alpha(b) && n < sizeof word) {
            word[n++] = b | 0x20;
        } else if (n > 0) {
            pst_score_add(&score, pst_str_of(word, n));
            n = 0;
        }
    }
    return score.known >= 5 && pst_score_share(&score) >= 30;
}

/* Text, most of it letters and blanks. */
static bool letters_mostly(const struct pst_draft *d, size_t mark)
{
    size_t letters = 0;
    for (size_t i = mark; i < d->n; i++) {
        uint8_t b = d->text[i];
        letters += pst_is_alpha(b) || b == ' ' || b >= 0x80;
    }
    return letters * 4 >= (d->n - mark) * 3;
}

static bool settle(struct pst_codes *c, struct pst_draft *out, size_t *end, size_t mark,
                   size_t stop)
{
    if (out->n == mark || !pst_draft_settle(out, mark)) {
        out->n = mark;
        return false;
    }
    pst_draft_byte(out, '\n', stop);
    *end = stop;
    pst_make_hit(c->make, PST_EVADE_ENCODED, 1);
    return true;
}

/* --- bits ------------------------------------------------------------------------------------- */

static void bits_read(struct pst_codes *c, size_t start, size_t end)
{
    struct pst_draft *out = &c->out[PST_CODE_BINARY];
    size_t bits = 0, group = 0, width = 0, at_byte = start;
    bool even = true;
    for (size_t i = start; i <= end; i++) {
        uint8_t b = i < end ? c->in.p[i] : ' ';
        if (b == '0' || b == '1') {
            bits++;
            group++;
        } else if (group > 0) {
            width = width == 0 ? group : width;
            even = even && group == width;
            group = 0;
        }
    }
    size_t per = even && width == 7 ? 7 : 8;
    if (bits < BITS_MIN || (bits % per != 0 && !even)) {
        return;
    }
    size_t mark = out->n, have = 0;
    unsigned value = 0;
    for (size_t i = start; i < end; i++) {
        uint8_t b = c->in.p[i];
        if (b != '0' && b != '1') {
            continue;
        }
        at_byte = have == 0 ? i : at_byte;
        value = value << 1 | (b - '0');
        if (++have == per) {
            pst_draft_byte(out, (uint8_t)value, at_byte);
            have = 0;
            value = 0;
        }
    }
    if (pst_draft_settle(out, mark) && letters_mostly(out, mark)) {
        (void)settle(c, out, &c->end[PST_CODE_BINARY], mark, end);
    } else {
        out->n = mark;
    }
}

/* --- numbers ---------------------------------------------------------------------------------- */

static unsigned digit_of(uint8_t b)
{
    return pst_is_digit(b) ? b - (unsigned)'0' : (b | 0x20U) - 'a' + 10;
}

static void hex_read(struct pst_codes *c, size_t start, size_t end)
{
    struct pst_draft *out = &c->out[PST_CODE_HEX];
    size_t mark = out->n, pairs = 0; /* since the last separator */
    for (size_t i = start; i + 1 < end;) {
        uint8_t b = c->in.p[i];
        if (!pst_is_alnum(b)) {
            if (pairs > 1) { /* a word each */
                pst_draft_byte(out, ' ', i);
            }
            pairs = 0;
            i++;
            continue;
        }
        if (b == '0' && (c->in.p[i + 1] | 0x20) == 'x') {
            i += 2;
            continue;
        }
        unsigned high = digit_of(b), low = digit_of(c->in.p[i + 1]);
        if (high > 15 || low > 15) {
            out->n = mark;
            return;
        }
        pst_draft_byte(out, (uint8_t)(high << 4 | low), i);
        pairs++;
        i += 2;
    }
    /* times and addresses are printable too */
    if (pst_draft_settle(out, mark) && letters_mostly(out, mark)) {
        (void)settle(c, out, &c->end[PST_CODE_HEX], mark, end);
    } else {
        out->n = mark;
    }
}

/* One reading of the numbers: base 10 or 8, or places in the alphabet with the base 26. */
static bool numbers_as(struct pst_codes *c, struct pst_draft *out, size_t start, size_t end,
                       unsigned base)
{
    size_t mark = out->n, last = start;
    for (size_t i = start; i < end;) {
        if (!pst_is_digit(c->in.p[i])) {
            i++;
            continue;
        }
        size_t from = i;
        unsigned value = 0;
        for (; i < end && pst_is_digit(c->in.p[i]); i++) {
            unsigned digit = c->in.p[i] - '0';
            if (base == 8 && digit > 7) {
                out->n = mark;
                return false;
            }
            value = value * (base == 8 ? 8 : 10) + digit;
        }
        if (base == 26) {
            if (value < 1 || value > 26) {
                out->n = mark;
                return false;
            }
            bool near = from - last <= 1 && (from == start || c->in.p[last] == '-' ||
                                             c->in.p[last] == '.' || c->in.p[last] == ',');
            if (!near && from > start) {
                pst_draft_byte(out, ' ', last);
            }
            value += 'a' - 1;
        }
        if (value > 255) {
            out->n = mark;
            return false;
        }
        pst_draft_byte(out, (uint8_t)value, from);
        last = i;
    }
    if (out->n > mark && pst_draft_settle(out, mark) && letters_mostly(out, mark) &&
        reads(out, mark)) {
        return true;
    }
    out->n = mark;
    return false;
}

static void numbers_read(struct pst_codes *c, size_t start, size_t end)
{
    static const unsigned bases[] = {10, 8, 26};
    struct pst_draft *out = &c->out[PST_CODE_NUMBER];
    for (size_t i = 0; i < PST_LEN(bases); i++) {
        if (numbers_as(c, out, start, end, bases[i])) {
            pst_draft_byte(out, '\n', end);
            c->end[PST_CODE_NUMBER] = end;
            pst_make_hit(c->make, PST_EVADE_ENCODED, 1);
            return;
        }
    }
}

/* --- words of radio --------------------------------------------------------------------------- */

uint8_t pst_code_nato(struct pst_str word)
{
    static const char *const names[26] = {
        "alfa",    "bravo", "charlie", "delta",  "echo",     "foxtrot", "golf",   "hotel",  "india",
        "juliett", "kilo",  "lima",    "mike",   "november", "oscar",   "papa",   "quebec", "romeo",
        "sierra",  "tango", "uniform", "victor", "whiskey",  "xray",    "yankee", "zulu",
    };
    static const char *const others[] = {"alpha", "juliet", "whisky"};
    if (word.n < 4 || word.n > 8 || !pst_is_alpha(word.p[0])) {
        return 0;
    }
    uint8_t letter = word.p[0] | 0x20;
    if ((word.p[1] | 0x20) != (uint8_t)names[letter - 'a'][1]) { /* also of the others */
        return 0;
    }
    if (pst_str_eq_nocase(word, pst_str_c(names[letter - 'a']))) {
        return letter;
    }
    for (size_t i = 0; i < PST_LEN(others); i++) {
        if (pst_str_eq_nocase(word, pst_str_c(others[i]))) {
            return letter;
        }
    }
    return 0;
}

static void nato_read(struct pst_codes *c, size_t start, size_t end)
{
    struct pst_draft *out = &c->out[PST_CODE_NATO];
    size_t mark = out->n, last = start;
    for (size_t at = start; at < end;) {
        size_t stop = at;
        while (stop < end && pst_is_alpha(c->in.p[stop])) {
            stop++;
        }
        if (stop == at) {
            at++;
            continue;
        }
        bool apart = at - last > 1 || (at > last && c->in.p[last] == '\n');
        if (out->n > mark && apart) {
            pst_draft_byte(out, ' ', last);
        }
        uint8_t letter = pst_code_nato(pst_str_cut(c->in, at, stop - at));
        if (letter != 0) {
            pst_draft_byte(out, letter, at);
        }
        at = last = stop;
    }
    (void)settle(c, out, &c->end[PST_CODE_NATO], mark, end);
}

void pst_codes_run(struct pst_codes *c, enum pst_code code, size_t start, size_t end)
{
    switch (code) {
    case PST_CODE_BINARY:
        bits_read(c, start, end);
        break;
    case PST_CODE_HEX:
        hex_read(c, start, end);
        break;
    case PST_CODE_NUMBER:
        numbers_read(c, start, end);
        break;
    case PST_CODE_NATO:
        nato_read(c, start, end);
        break;
    case PST_CODES:
        break;
    }
}

/* --- dots and dashes -------------------------------------------------------------------------- */

/* The letter of a code: a one, then 0 for each dot and 1 for each dash (ITU-R M.1677-1). */
static uint8_t morse_letter(unsigned code)
{
    static const uint8_t letters[64] = {
        [0x02] = 'e', [0x03] = 't', [0x04] = 'i', [0x05] = 'a', [0x06] = 'n', [0x07] = 'm',
        [0x08] = 's', [0x09] = 'u', [0x0A] = 'r', [0x0B] = 'w', [0x0C] = 'd', [0x0D] = 'k',
        [0x0E] = 'g', [0x0F] = 'o', [0x10] = 'h', [0x11] = 'v', [0x12] = 'f', [0x14] = 'l',
        [0x16] = 'p', [0x17] = 'j', [0x18] = 'b', [0x19] = 'x', [0x1A] = 'c', [0x1B] = 'y',
        [0x1C] = 'z', [0x1D] = 'q', [0x20] = '5', [0x21] = '4', [0x23] = '3', [0x27] = '2',
        [0x2F] = '1', [0x30] = '6', [0x38] = '7', [0x3C] = '8', [0x3E] = '9', [0x3F] = '0',
    };
    static const struct {
        uint8_t code, letter;
    } signs[] = {{0x55, '.'}, {0x73, ','}, {0x4C, '?'}, {0x5E, '\''}, {0x6B, '!'}, {0x78, ':'},
                 {0x61, '-'}, {0x52, '"'}, {0x5A, '@'}, {0x6D, ')'},  {0x4D, '_'}, {0x6A, ';'}};
    if (code < sizeof letters) {
        return letters[code];
    }
    for (size_t i = 0; i < PST_LEN(signs); i++) {
        if (signs[i].code == code) {
            return signs[i].letter;
        }
    }
    return 0;
}

/* 0 a dot, 1 a dash, -1 another; *ret_n bytes. */
static int morse_sign(struct pst_str in, size_t at, size_t *ret_n)
{
    uint32_t cp = 0;
    *ret_n = pst_utf8_get(pst_str_from(in, at), &cp);
    if (cp == '.' || cp == 0xB7 || cp == 0x2022 || cp == 0x2219 || cp == 0x22C5) {
        return 0;
    }
    return cp == '-' || cp == '_' || (cp >= 0x2010 && cp <= 0x2015) || cp == 0x2212 ? 1 : -1;
}

/* Groups of one to five dots, of several lengths, and many of them: a square is needed to read it.
 */
static bool tapped(struct pst_str in, size_t start, size_t end)
{
    size_t group = 0, groups = 0;
    unsigned lengths = 0;
    for (size_t i = start; i <= end; i++) {
        if (i < end && in.p[i] == '.') {
            group++;
        } else if (group > 0) {
            lengths |= group < 6 ? 1U << group : 1U;
            groups++;
            group = 0;
        }
    }
    return groups >= 16 && (lengths & 1) == 0 && __builtin_popcount(lengths) >= 4;
}

static void morse_read(struct pst_codes *c, size_t start, size_t end)
{
    struct pst_draft *out = &c->morse;
    size_t mark = out->n, from = start, letters = 0, kinds = 0, gap = 0, bad = 0, n = 1;
    unsigned code = 1;
    for (size_t at = start; at <= end; at += n) {
        int sign = -1;
        n = 1;
        uint8_t b = at < end ? c->in.p[at] : ' ';
        if (at < end) {
            sign = morse_sign(c->in, at, &n);
        }
        if (sign >= 0 && code < 0x80) {
            if (code == 1) {
                from = at;
                if (out->n > mark && gap > 1) {
                    pst_draft_byte(out, ' ', at);
                }
            }
            code = code << 1 | (unsigned)sign;
            kinds |= 1U << sign;
            gap = 0;
            continue;
        }
        if (code > 1) {
            uint8_t letter = morse_letter(code);
            bad += letter == 0;
            letters += pst_is_alpha(letter);
            if (letter != 0) {
                pst_draft_byte(out, letter, from);
            }
            code = 1;
        }
        gap += b == '/' || b == '|' || b == '\n' ? 2 : 1;
    }
    if (kinds == 1 && tapped(c->in, start, end)) {
        pst_make_hit(c->make, PST_EVADE_GIBBERISH, 1);
    }
    if (letters < MORSE_LETTERS_MIN || kinds != 3 || bad * 8 > letters || out->n - mark < 5) {
        out->n = mark;
        return;
    }
    (void)settle(c, out, &c->morse_end, mark, end);
}

/* A stretch of signs: the parts of it that are dots, dashes and what may stand between them. */
void pst_codes_signs(struct pst_codes *c, size_t start, size_t end)
{
    size_t from = start;
    for (size_t at = start; at < end;) {
        size_t n = 1;
        uint8_t b = c->in.p[at];
        bool fits = b == ' ' || b == '/' || b == '|' || b == '\n' || b == '\r' || b == '\t' ||
                    morse_sign(c->in, at, &n) >= 0;
        if (!fits) {
            if (at - from >= 9) {
                morse_read(c, from, at);
            }
            from = at + n;
        }
        at += n;
    }
    if (end > from && end - from >= 9) {
        morse_read(c, from, end);
    }
}

/* --- dot patterns ----------------------------------------------------------------------------- */

/* Letters of six dots in the order of their patterns (U+2800 + pattern); 0: none. */
static uint8_t braille_letter(uint8_t pattern)
{
    static const uint8_t letters[64] = {
        [0x00] = ' ', [0x01] = 'a', [0x02] = ',', [0x03] = 'b', [0x04] = '\'', [0x05] = 'k',
        [0x06] = ';', [0x07] = 'l', [0x09] = 'c', [0x0A] = 'i', [0x0B] = 'f',  [0x0D] = 'm',
        [0x0E] = 's', [0x0F] = 'p', [0x11] = 'e', [0x12] = ':', [0x13] = 'h',  [0x15] = 'o',
        [0x16] = '!', [0x17] = 'r', [0x19] = 'd', [0x1A] = 'j', [0x1B] = 'g',  [0x1D] = 'n',
        [0x1E] = 't', [0x1F] = 'q', [0x24] = '-', [0x25] = 'u', [0x26] = '?',  [0x27] = 'v',
        [0x2D] = 'x', [0x32] = '.', [0x35] = 'z', [0x3A] = 'w', [0x3D] = 'y',
    };
    return pattern < 64 ? letters[pattern] : 0;
}

void pst_codes_braille(struct pst_codes *c)
{
    struct pst_draft *out = &c->braille;
    size_t mark = 0, letters = 0, last = 0;
    for (size_t at = 0; at < c->in.n;) {
        size_t gap = pst_str_find_byte(pst_str_from(c->in, at), 0xE2);
        uint32_t cp = 0;
        if (gap == PST_NPOS) {
            break;
        }
        at += gap;
        size_t n = pst_utf8_get(pst_str_from(c->in, at), &cp);
        if (cp >= 0x2800 && cp < 0x2900) {
            uint8_t letter = braille_letter((uint8_t)(cp - 0x2800));
            if (out->n > 0 && at - last > 0) {
                pst_draft_byte(out, ' ', last);
            }
            letters += pst_is_alpha(letter);
            pst_draft_byte(out, letter != 0 ? letter : '?', at);
            last = at + n;
        }
        at += n;
    }
    /* pictures are drawn with all eight dots: few of them are letters */
    if (letters >= BRAILLE_MIN && letters * 2 >= out->n) {
        (void)settle(c, out, &c->braille_end, mark, last);
    } else {
        out->n = 0;
    }
}

void pst_codes_end(struct pst_codes *c, size_t parent)
{
    const struct {
        struct pst_draft *out;
        enum pst_view_kind kind;
        size_t end;
    } made[] = {{&c->out[PST_CODE_BINARY], PST_VIEW_BINARY, c->end[PST_CODE_BINARY]},
                {&c->out[PST_CODE_HEX], PST_VIEW_HEX, c->end[PST_CODE_HEX]},
                {&c->out[PST_CODE_NUMBER], PST_VIEW_HEX, c->end[PST_CODE_NUMBER]},
                {&c->out[PST_CODE_NATO], PST_VIEW_NATO, c->end[PST_CODE_NATO]},
                {&c->morse, PST_VIEW_MORSE, c->morse_end},
                {&c->braille, PST_VIEW_BRAILLE, c->braille_end}};
    for (size_t i = 0; i < PST_LEN(made); i++) {
        (void)pst_draft_view(made[i].out, made[i].kind, parent, made[i].end, true, false);
    }
}
