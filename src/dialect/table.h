/* Tables of a dialect: rows that name every path and what it means, and what the walker needs of
 * them. The rows are written in src/tables/; a dialect's table file turns them into these. */
#ifndef PST_DIALECT_TABLE_H
#define PST_DIALECT_TABLE_H

#include "base/def.h"
#include "base/str.h"
#include "wire/json.h"

#include <stdbool.h>

enum pst_table_class {
    PST_CLASS_TEXT,
    PST_CLASS_CAPABILITY,
    PST_CLASS_STATE,
    PST_CLASS_OPAQUE,
    PST_CLASS_CONTROL,
    PST_CLASS_LIMIT,
    PST_CLASS_STRUCT,
    PST_CLASS_REFUSED,
};

enum pst_table_type {
    PST_TYPE_STRING = 1U << 0,
    PST_TYPE_INTEGER = 1U << 1,
    PST_TYPE_NUMBER = 1U << 2,
    PST_TYPE_BOOL = 1U << 3,
    PST_TYPE_NULL = 1U << 4,
    PST_TYPE_OBJECT = 1U << 5,
    PST_TYPE_OBJECTS = 1U << 6, /* array of objects */
    PST_TYPE_STRINGS = 1U << 7, /* array of strings */
    PST_TYPE_ANY = 1U << 8,
    PST_TYPE_REQUIRED = 1U << 9,
};

/* Special values of a row's child; real objects come behind them. */
enum pst_table_child {
    PST_CHILD_NONE,
    PST_CHILD_FREE,     /* any JSON, all strings and names are text */
    PST_CHILD_NUMBERS,  /* a flat map of numbers, its names are text */
    PST_CHILD_LOGPROBS, /* as FREE; repeats the text of a lane */
    PST_CHILD_OBJECTS,  /* the first object */
};

struct pst_table_row {
    struct pst_str name;
    uint16_t types;  /* enum pst_table_type bits */
    uint8_t cls;     /* enum pst_table_class */
    uint8_t child;   /* enum pst_table_child or an object */
    uint8_t values;  /* index of the set, 0: any */
    uint8_t channel; /* the dialect's own meaning */
    uint8_t hook;    /* the dialect's own meaning, 0: none */
};

struct pst_table_object {
    const char *name;
    uint16_t first, end; /* rows */
};

struct pst_table {
    const struct pst_table_row *rows;
    const struct pst_table_object *objects; /* indexed by object, the specials are empty */
    const char *const *const *values;       /* sets of known values, each ends in NULL */
    size_t n_rows, n_objects;
};

/* The row of a member of the object, NULL when the table has none. */
const struct pst_table_row *pst_table_find(const struct pst_table *t, uint8_t object,
                                           struct pst_str name);
/* Whether the value is in the set; always true for set 0. */
bool pst_table_value(const struct pst_table *t, uint8_t set, struct pst_str value);
/* Every member name once, for the JSON parser's check of case variants; names below a FREE or
 * NUMBERS member are the client's own. Returns the count; more than `cap` is a bug. */
size_t pst_table_names(const struct pst_table *t, struct pst_json_name *ret, size_t cap);

#endif
