#include "inspect/check/check.h"

#include "inspect/check/parts.h"

static const struct pst_check_row rows[] = {
#define PST_CHECK_ROW(name) {PST_STR_INIT(#name), pst_check_##name},
#include "inspect/check/check.def"
#undef PST_CHECK_ROW
};

const struct pst_check_row *pst_check_rows(size_t *ret_n)
{
    *ret_n = PST_LEN(rows);
    return rows;
}

const struct pst_check_row *pst_check_find(struct pst_str name)
{
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        if (pst_str_eq(rows[i].name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}
