#include "dialect/table.h"

const struct pst_table_row *pst_table_find(const struct pst_table *t, uint8_t object,
                                           struct pst_str name)
{
    const struct pst_table_object *o = &t->objects[object];
    for (size_t i = o->first; i < o->end; i++) {
        if (pst_str_eq(t->rows[i].name, name)) {
            return &t->rows[i];
        }
    }
    return NULL;
}

bool pst_table_value(const struct pst_table *t, uint8_t set, struct pst_str value)
{
    if (set == 0) {
        return true;
    }
    for (const char *const *v = t->values[set]; *v != NULL; v++) {
        if (pst_str_eq(pst_str_c(*v), value)) {
            return true;
        }
    }
    return false;
}

size_t pst_table_names(const struct pst_table *t, struct pst_json_name *ret, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_rows; i++) {
        const struct pst_table_row *row = &t->rows[i];
        bool free_below = (row->child == PST_CHILD_FREE && row->cls == PST_CLASS_TEXT) ||
                          row->child == PST_CHILD_NUMBERS;
        size_t k = 0;
        while (k < n && !pst_str_eq(ret[k].name, row->name)) {
            k++;
        }
        if (k == n) {
            PST_BUG_ON(n == cap);
            ret[n++] = (struct pst_json_name){row->name, free_below};
        } else if (free_below) {
            ret[k].opaque = true;
        }
    }
    return n;
}
