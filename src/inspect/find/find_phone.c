/* Telephone numbers: E.164 by country code and length, and national ones by the shapes that the
 * numbering plans print. Lengths are of ITU's list of national numbering plans. */
#include "inspect/find/parts.h"

struct plan {
    uint16_t code;
    uint8_t min, max; /* digits after the code */
};

static const struct plan plans[] = {
    {1, 10, 10},  {7, 10, 10},  {20, 8, 10},  {27, 9, 9},   {30, 10, 10}, {31, 9, 9},
    {32, 8, 9},   {33, 9, 9},   {34, 9, 9},   {36, 8, 9},   {39, 6, 11},  {40, 9, 9},
    {41, 9, 9},   {43, 7, 13},  {44, 9, 10},  {45, 8, 8},   {46, 7, 10},  {47, 8, 8},
    {48, 9, 9},   {49, 6, 12},  {51, 8, 9},   {52, 10, 11}, {53, 8, 8},   {54, 10, 11},
    {55, 10, 11}, {56, 9, 9},   {57, 8, 10},  {58, 10, 10}, {60, 8, 10},  {61, 9, 9},
    {62, 8, 12},  {63, 8, 10},  {64, 8, 10},  {65, 8, 8},   {66, 8, 9},   {81, 9, 10},
    {82, 8, 10},  {84, 8, 10},  {86, 10, 11}, {90, 10, 10}, {91, 10, 10}, {92, 9, 10},
    {93, 9, 9},   {94, 9, 9},   {95, 7, 10},  {98, 10, 10}, {212, 9, 9},  {213, 8, 9},
    {216, 8, 8},  {218, 8, 10}, {220, 7, 9},  {221, 9, 9},  {225, 8, 10}, {233, 9, 9},
    {234, 8, 10}, {237, 8, 9},  {243, 9, 9},  {244, 9, 9},  {250, 9, 9},  {251, 9, 9},
    {254, 9, 9},  {255, 9, 9},  {256, 9, 9},  {260, 9, 9},  {263, 8, 10}, {351, 9, 9},
    {352, 5, 11}, {353, 7, 10}, {354, 7, 9},  {355, 8, 9},  {356, 8, 8},  {357, 8, 8},
    {358, 6, 11}, {359, 7, 9},  {370, 8, 8},  {371, 8, 8},  {372, 7, 8},  {373, 8, 8},
    {374, 8, 8},  {375, 9, 9},  {376, 6, 9},  {377, 8, 9},  {380, 9, 9},  {381, 8, 9},
    {382, 8, 9},  {385, 8, 9},  {386, 8, 8},  {387, 8, 9},  {389, 8, 8},  {420, 9, 9},
    {421, 9, 9},  {423, 7, 9},  {502, 8, 8},  {503, 8, 8},  {504, 8, 8},  {505, 8, 8},
    {506, 8, 8},  {507, 7, 8},  {591, 8, 8},  {593, 8, 9},  {595, 9, 9},  {598, 7, 8},
    {852, 8, 8},  {853, 8, 8},  {855, 8, 9},  {856, 8, 10}, {880, 8, 10}, {886, 8, 9},
    {960, 7, 7},  {961, 7, 8},  {962, 8, 9},  {963, 8, 9},  {964, 8, 10}, {965, 8, 8},
    {966, 8, 9},  {967, 7, 9},  {968, 8, 8},  {970, 8, 9},  {971, 8, 9},  {972, 8, 9},
    {973, 8, 8},  {974, 7, 8},  {975, 7, 8},  {976, 8, 8},  {977, 8, 10}, {992, 9, 9},
    {993, 8, 8},  {994, 9, 9},  {995, 9, 9},  {996, 9, 9},  {998, 9, 9},
};

static bool e164(const uint8_t *digits, size_t n)
{
    unsigned code = 0;
    for (size_t i = 0; i < 3 && i < n; i++) {
        code = code * 10 + (unsigned)(digits[i] - '0');
        for (size_t k = 0; k < PST_LEN(plans); k++) {
            if (plans[k].code == code) {
                size_t rest = n - i - 1;
                bool trunk = digits[i + 1] == '0' && code != 39; /* +44 (0)20 … */
                return rest >= plans[k].min && rest <= plans[k].max + (trunk ? 1U : 0U);
            }
        }
    }
    return false;
}

static bool one_digit(const struct pst_run *r, size_t n)
{
    for (size_t i = 2; i < n; i++) {
        if (r->digits[i] != r->digits[1]) {
            return false;
        }
    }
    return true;
}

struct pst_found pst_find_phone_international(struct pst_str t, size_t at)
{
    struct pst_run run;
    pst_find_run(t, at + 1, &run);
    uint8_t before = pst_find_before(t, at);
    if (pst_find_alnum(before) || before == '+' || before == ')') {
        return pst_find_nothing(at + 1); /* a sum */
    }
    for (size_t g = run.groups; g > 0; g--) {
        if (g == run.groups && !run.whole) {
            continue;
        }
        size_t n = run.group_n[g - 1];
        if (n >= 8 && n <= 16 && run.digits[0] != '0' && e164(run.digits, n) &&
            !one_digit(&run, n)) {
            return (struct pst_found){at, run.group_end[g - 1], PST_CHECK_YES,
                                      run.group_end[g - 1]};
        }
    }
    return pst_find_nothing(at + 1);
}

static size_t group_size(const struct pst_run *r, size_t g)
{
    return r->group_n[g] - (g > 0 ? r->group_n[g - 1] : 0);
}

static bool groups_are(const struct pst_run *r, size_t groups, const char *sizes)
{
    if (groups != strlen(sizes)) {
        return false;
    }
    for (size_t g = 0; g < groups; g++) {
        if (group_size(r, g) != (size_t)(sizes[g] - '0')) {
            return false;
        }
    }
    return true;
}

/* Shapes that hardly anything but a telephone has. */
static bool strong_shape(const struct pst_run *r, size_t groups, bool bracket)
{
    const uint8_t *d = r->digits;
    bool nanp = d[0] >= '2' && d[3] >= '2';
    if (groups_are(r, groups, "334")) {
        return nanp && (bracket || r->first_separator == '-' || r->first_separator == '.');
    }
    if (groups_are(r, groups, "1334")) {
        return d[0] == '1' && d[1] >= '2' && d[4] >= '2';
    }
    if (groups_are(r, groups, "22222")) { /* France */
        return d[0] == '0' && d[1] != '0' && r->first_separator != '/';
    }
    return bracket && (groups_are(r, groups, "254") || groups_are(r, groups, "244")); /* Brazil */
}

/* What some plan could have given out: by leading digit and length. */
static bool weak_shape(const struct pst_run *r, size_t n)
{
    uint8_t a = r->digits[0], b = r->digits[1];
    if (a == '0') {
        return b == '0' ? n >= 11 && n <= 15 && e164(&r->digits[2], n - 2) : n >= 8 && n <= 12;
    }
    switch (n) {
    case 7:
        return r->groups > 1;
    case 8:
        return a >= '2';
    case 9:
        return a >= '2' && (a >= '5' || r->groups > 1);
    case 10:
        return (a >= '2' && r->digits[3] >= '2') || a >= '6';
    case 11:
        return (a == '1' && (b >= '3' || (b == '2' && r->groups > 1))) || a == '8' || a == '7' ||
               b == '1' || r->digits[2] == '9';
    default:
        return false;
    }
}

struct pst_found pst_find_phone_national(struct pst_str t, size_t at)
{
    struct pst_run run;
    uint8_t before = pst_find_before(t, at);
    if (pst_find_alnum(before) || before == '+' || before == '_' || before == '#' ||
        before == '$' || (before == '.' && at > 1 && pst_find_alnum(t.p[at - 2])) ||
        (before == '-' && at > 1 && pst_find_alnum(t.p[at - 2]))) {
        return pst_find_nothing(at + 1);
    }
    pst_find_run(t, at, &run);
    bool bracket = before == '(';
    for (size_t g = run.groups; g > 0; g--) {
        size_t n = run.group_n[g - 1], end = run.group_end[g - 1];
        uint8_t after = pst_find_at(t, end);
        if ((g == run.groups && !run.whole) || n < 7 || n > 15 || one_digit(&run, n) ||
            (after == ':' && pst_find_digit(pst_find_at(t, end + 1)))) {
            continue;
        }
        bool strong = strong_shape(&run, g, bracket);
        if (strong || (g == run.groups && weak_shape(&run, n))) {
            return (struct pst_found){bracket ? at - 1 : at, end,
                                      strong ? PST_CHECK_YES : PST_CHECK_PLAUSIBLE, end};
        }
    }
    return pst_find_nothing(at + 1);
}
