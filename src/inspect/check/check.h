/* Arithmetic and structural checks of numbers and codes. One row of check.def, one function. A
 * check never decides alone: one check digit passes a tenth of all numbers. */
#ifndef PST_INSPECT_CHECK_H
#define PST_INSPECT_CHECK_H

#include "base/str.h"

#include <stdbool.h>

enum pst_verdict {
    PST_CHECK_NO,        /* not such a number */
    PST_CHECK_PLAUSIBLE, /* structure holds, and there is no arithmetic that could fail */
    PST_CHECK_YES,       /* the arithmetic holds */
};

/* `compact`: without separators, ASCII, letters in upper case, at most PST_CHECK_MAX bytes. Pure;
 * no allocation. */
enum { PST_CHECK_MAX = 64 };
typedef enum pst_verdict (*pst_check_fn)(struct pst_str compact);

struct pst_check_row {
    struct pst_str name;
    pst_check_fn fn;
};
/* NULL when there is none of this name; the index of a row is stable within one build. */
const struct pst_check_row *pst_check_find(struct pst_str name);
const struct pst_check_row *pst_check_rows(size_t *ret_n);

#endif
