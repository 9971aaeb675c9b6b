#include "inspect/find/find.h"
const struct pst_find_row *pst_find_rows(size_t *n) { static const struct pst_find_row rows[1]; *n = 0; return rows; }
