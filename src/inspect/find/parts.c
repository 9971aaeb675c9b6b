#include "inspect/find/parts.h"

#include "inspect/check/parts.h"

bool pst_find_country(struct pst_str two)
{
    return pst_check_country(two);
}

bool pst_find_word_in(struct pst_str word, const char *list)
{
    struct pst_str all = pst_str_c(list);
    for (size_t i = 0; i < all.n;) {
        size_t end = i;
        while (end < all.n && all.p[end] != ' ') {
            end++;
        }
        if (pst_str_eq_nocase(pst_str_cut(all, i, end - i), word)) {
            return true;
        }
        i = end + 1;
    }
    return false;
}

/* Bytes of a separator at `i`: one of " -./()" or a no-break space, and after a bracket one more.
 */
static size_t separator(struct pst_str t, size_t i)
{
    uint8_t c = pst_find_at(t, i);
    size_t n = 0;
    if (c == ')' || c == ' ' || c == '-' || c == '.' || c == '/') {
        n = 1;
        uint8_t next = pst_find_at(t, i + 1);
        n += (c == ')' && (next == ' ' || next == '-' || next == '.')) || (c == ' ' && next == '(')
                 ? 1
                 : 0;
    } else if (c == '(' || (c == 0xC2 && pst_find_at(t, i + 1) == 0xA0)) {
        n = c == '(' ? 1 : 2;
    } else if (c == 0xE2 && pst_find_at(t, i + 1) == 0x80 &&
               (pst_find_at(t, i + 2) & 0xF0U) == 0x90U) {
        n = 3; /* hyphens and dashes of Unicode */
    }
    return n;
}

void pst_find_run(struct pst_str t, size_t at, struct pst_run *ret)
{
    *ret = (struct pst_run){0};
    size_t i = at;
    while (ret->groups < PST_RUN_GROUPS && ret->n < PST_RUN_DIGITS) {
        while (pst_find_digit(pst_find_at(t, i)) && ret->n < PST_RUN_DIGITS) {
            ret->digits[ret->n++] = t.p[i++];
        }
        ret->group_n[ret->groups] = ret->n;
        ret->group_end[ret->groups++] = i;
        size_t n = separator(t, i);
        if (n == 0 || !pst_find_digit(pst_find_at(t, i + n))) {
            break;
        }
        ret->first_separator = ret->groups == 1 ? t.p[i] : ret->first_separator;
        i += n;
    }
    uint8_t c = pst_find_at(t, i);
    ret->whole = !pst_find_alnum(c) && c != '_';
}
