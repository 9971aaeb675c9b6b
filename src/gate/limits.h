/* The runtime values of src/tables/limits.def: each image carries all of them. */
#ifndef PST_GATE_LIMITS_H
#define PST_GATE_LIMITS_H

#include "base/err.h"

#include <stdint.h>

enum pst_limit {
#define PST_LIMIT(name, def, hard, unit, error, text) PST_LIMIT_##name,
#include "tables/limits.def"
#undef PST_LIMIT
    PST_LIMIT_COUNT
};

struct pst_limits {
    uint64_t v[PST_LIMIT_COUNT];
};

struct pst_limit_row {
    const char *name; /* "body_bytes", the key in postern.yaml */
    const char *unit;
    const char *text;
    uint64_t def, hard;
    enum pst_error error;
};
const struct pst_limit_row *pst_limit_row(enum pst_limit limit);
void pst_limits_default(struct pst_limits *ret);

#endif
