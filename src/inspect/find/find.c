#include "inspect/find/find.h"

#include "inspect/find/parts.h"

static const struct pst_find_row rows[] = {
#define PST_FIND_ROW(name, anchor, longest) {PST_STR_INIT(#name), anchor, longest, pst_find_##name},
#include "inspect/find/find.def"
#undef PST_FIND_ROW
};

const struct pst_find_row *pst_find_rows(size_t *ret_n)
{
    *ret_n = PST_LEN(rows);
    return rows;
}

const struct pst_find_row *pst_find_find(struct pst_str name)
{
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        if (pst_str_eq(rows[i].name, name)) {
            return &rows[i];
        }
    }
    return NULL;
}
