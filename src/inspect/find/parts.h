/* What the recognisers share. Offsets beyond the text read as 0. */
#ifndef PST_INSPECT_FIND_PARTS_H
#define PST_INSPECT_FIND_PARTS_H

#include "inspect/find/find.h"

#define PST_FIND_ROW(name, anchor, longest)                                                        \
    struct pst_found pst_find_##name(struct pst_str text, size_t at);
#include "inspect/find/find.def"
#undef PST_FIND_ROW

static inline uint8_t pst_find_at(struct pst_str t, size_t i)
{
    return i < t.n ? t.p[i] : 0;
}

static inline uint8_t pst_find_before(struct pst_str t, size_t i)
{
    return i > 0 && i <= t.n ? t.p[i - 1] : 0;
}

static inline bool pst_find_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool pst_find_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool pst_find_alnum(uint8_t c)
{
    return pst_find_digit(c) || pst_find_letter(c);
}

static inline int pst_find_hex(uint8_t c)
{
    return pst_find_digit(c)      ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static inline struct pst_found pst_find_nothing(size_t resume)
{
    return (struct pst_found){.verdict = PST_CHECK_NO, .resume = resume};
}

/* A word of ASCII or UTF-8 letters in lower case (ASCII folded only) against a list of words
 * separated by spaces. */
/* Two capitals of ISO 3166. */
bool pst_find_country(struct pst_str two);
bool pst_find_word_in(struct pst_str word, const char *list);

/* A run of digits with single separators (space, no-break space, - . / and brackets), as phones
 * have it. Groups end where a separator stands. */
enum { PST_RUN_DIGITS = 20, PST_RUN_GROUPS = 8 };
struct pst_run {
    uint8_t digits[PST_RUN_DIGITS];
    size_t n;
    size_t group_n[PST_RUN_GROUPS];   /* digits until the end of the group */
    size_t group_end[PST_RUN_GROUPS]; /* offset in the text */
    size_t groups;
    uint8_t first_separator;
    bool whole; /* nothing alphanumeric follows the last group */
};
void pst_find_run(struct pst_str text, size_t at, struct pst_run *ret);

#endif
