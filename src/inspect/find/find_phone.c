/* Telephone numbers: E.164 with its '+', national ways of writing them. */
#include "inspect/find/grow.h"

struct pst_found pst_find_phone_plus(struct pst_str text, size_t at);
struct pst_found pst_find_phone_national(struct pst_str text, size_t at);

enum { DIGITS_MAX = 15, SPAN_MAX = 32 };

/* What was read: the digits, where it ends, and how it was grouped. */
struct number {
    uint8_t digits[DIGITS_MAX + 1];
    size_t n, end, groups, separators;
    bool brackets, slash, dots, dashes;
    uint8_t group[8]; /* digits of each of the first groups */
};

static bool is_separator(uint8_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')';
}

static void separator_note(struct number *r, uint8_t c)
{
    r->separators++;
    r->brackets = r->brackets || c == '(' || c == ')';
    r->slash = r->slash || c == '/';
    r->dots = r->dots || c == '.';
    r->dashes = r->dashes || c == '-';
}

/* Reads digits with separators between them: one, or a bracket with a space or hyphen. */
static void number_read(struct pst_str text, size_t at, struct number *r)
{
    size_t start = at, gap = 0;
    *r = (struct number){.end = at};
    for (; at < text.n && at - start < SPAN_MAX; at++) {
        uint8_t c = text.p[at];
        if (pst_is_digit(c)) {
            if (r->n == DIGITS_MAX + 1) {
                return;
            }
            if (gap > 0 || r->n == 0) {
                r->groups++;
            }
            if (r->groups <= 8) {
                r->group[r->groups - 1]++;
            }
            r->digits[r->n < DIGITS_MAX ? r->n : DIGITS_MAX] = c;
            r->n++;
            r->end = at + 1;
            gap = 0;
            continue;
        }
        /* U+00A0 and U+2011 stand for a space and a hyphen */
        if (!is_separator(c)) {
            return;
        }
        bool bracket = c == '(' || c == ')' ||
                       (gap > 0 && (text.p[at - 1] == ')' || text.p[at - 1] == '('));
        gap++;
        if (gap > (bracket ? 3U : 1U) || (gap == 2 && !bracket && text.p[at - 1] != ')')) {
            return;
        }
        if (r->n > 0) {
            separator_note(r, c);
        }
    }
}

/* ITU-T E.164 country codes: the first digits that are assigned. */
static size_t country_code(const struct number *r)
{
    unsigned a = r->digits[0] - '0', b = r->digits[1] - '0';
    if (a == 1 || a == 7) {
        return 1;
    }
    static const char *const two[] = {
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46",
        "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63",
        "64", "65", "66", "81", "82", "84", "86", "90", "91", "92", "93", "94", "95", "98"};
    for (size_t i = 0; i < PST_LEN(two); i++) {
        if (two[i][0] == (char)r->digits[0] && two[i][1] == (char)r->digits[1]) {
            return 2;
        }
    }
    bool three = (a == 2 && (b == 1 || b == 2 || b == 3 || b == 4 || b == 5 || b == 6 || b == 9)) ||
                 (a == 3 && (b == 5 || b == 7 || b == 8)) || (a == 4 && b == 2) ||
                 (a == 5 && (b == 0 || b == 9)) || (a == 6 && (b == 7 || b == 8 || b == 9)) ||
                 (a == 8 && (b == 5 || b == 8 || b == 0)) ||
                 (a == 9 && (b == 6 || b == 7 || b == 9));
    return three ? 3 : 0;
}

static bool all_same(const uint8_t *digits, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (digits[i] != digits[0]) {
            return false;
        }
    }
    return true;
}

struct pst_found pst_find_phone_plus(struct pst_str text, size_t at)
{
    struct number r;
    uint8_t before = pst_byte_before(text, at);
    number_read(text, at + 1, &r);
    size_t code = r.n >= 7 ? country_code(&r) : 0;
    if (code == 0 || r.n > DIGITS_MAX || r.n < code + 6 || pst_is_letter(before) ||
        pst_is_digit(before) || pst_is_letter(pst_byte_at(text, r.end)) ||
        all_same(r.digits, r.n)) {
        return pst_found_none(at + 1);
    }
    if (code == 1 && r.digits[0] == '1' && (r.n != 11 || r.digits[1] < '2')) {
        return pst_found_none(at + 1);
    }
    return pst_found_at(at, r.end, PST_CHECK_YES);
}

/* --- national --------------------------------------------------------------------------------- */

/* (212) 555-0123, 212-555-0123, 212.555.0123: NANP, area and exchange begin with 2-9. */
static bool is_nanp(const struct number *r)
{
    size_t first = r->n == 11 && r->digits[0] == '1' ? 1 : 0;
    size_t g = first == 1 ? 1 : 0;
    return r->n == 10 + first && r->groups == 3 + g && r->group[g] == 3 && r->group[g + 1] == 3 &&
           r->group[g + 2] == 4 && r->digits[first] >= '2' && r->digits[first + 3] >= '2' &&
           !r->slash;
}

/* A date or a time, not a telephone: 2024-01-15, 15.01.2024, 10.0.0.1. */
static bool is_date(const struct number *r)
{
    bool year_first = r->groups >= 3 && r->group[0] == 4 &&
                      (r->digits[0] == '1' || r->digits[0] == '2') && r->group[1] <= 2 &&
                      r->group[2] <= 2;
    bool year_last = r->groups == 3 && r->group[0] <= 2 && r->group[1] <= 2 &&
                     (r->group[2] == 4 || r->group[2] == 2);
    return year_first || year_last;
}

struct pst_found pst_find_phone_national(struct pst_str text, size_t at)
{
    struct number r;
    size_t start = at;
    uint8_t before = pst_byte_before(text, at);
    bool bracket = before == '(';
    if (bracket) {
        start--;
        before = pst_byte_before(text, start);
    }
    number_read(text, at, &r);
    uint8_t after = pst_byte_at(text, r.end);
    bool glued = pst_is_letter(before) || pst_is_digit(before) || before == '+' || before == '.' ||
                 before == '-' || before == '/' || before == '_' || before == '#' ||
                 before == '$' || pst_is_letter(after) || after == '_' || after == '%' ||
                 (after == '-' && pst_is_letter(pst_byte_at(text, r.end + 1)));
    if (glued || r.n < 7 || r.n > DIGITS_MAX || is_date(&r) || all_same(r.digits, r.n) ||
        r.groups > 6) {
        return pst_found_none(at + 1);
    }
    if (bracket && !(r.brackets && r.group[0] <= 5)) {
        start = at;
        bracket = false;
    }
    if (is_nanp(&r) && (bracket || r.separators >= 2)) {
        return pst_found_at(start, r.end, PST_CHECK_YES);
    }
    bool international = r.digits[0] == '0' && r.digits[1] == '0' && r.n >= 10;
    bool trunk = r.digits[0] == '0' && r.digits[1] != '0' && r.n >= 9 && r.n <= 12;
    if (trunk && r.groups >= 2 && !r.dots && r.groups <= 5) {
        return pst_found_at(start, r.end, PST_CHECK_YES);
    }
    if (international || trunk || (r.n >= 7 && r.n <= 12)) {
        return pst_found_at(start, r.end, PST_CHECK_PLAUSIBLE);
    }
    return pst_found_none(at + 1);
}
