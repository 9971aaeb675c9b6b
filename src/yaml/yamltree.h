/* Strict YAML: one document, read into a tree in an arena. YAML 1.1's surprises are left out: no
 * anchors, aliases, tags, merge keys, directives, complex keys, repeated keys or further documents,
 * and no scalar is anything but text until the reader of its key says what it should be. */
#ifndef PST_YAML_YAMLTREE_H
#define PST_YAML_YAMLTREE_H

#include "base/arena.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_YAML_DEPTH_MAX = 16,
    PST_YAML_NODES_MAX = 65536,
    PST_YAML_KEYS_MAX = 1024, /* of one mapping */
};

enum pst_yaml_kind { PST_YAML_SCALAR, PST_YAML_LIST, PST_YAML_MAP };

struct pst_yaml {
    struct pst_yaml *next;         /* the next element or member */
    struct pst_yaml *first, *last; /* LIST, MAP */
    struct pst_str text;           /* SCALAR */
    struct pst_str key;            /* of a member */
    uint32_t line, column;         /* 1-based, of the value */
    uint32_t key_line, key_column;
    uint32_t count; /* children */
    enum pst_yaml_kind kind;
    bool plain; /* SCALAR: written without quotes; empty and plain is "nothing there" */
};

/* `*ret` is the root, NULL for an empty document. Texts live in the arena. Errors: PST_E_CONFIG
 * with line and column, PST_E_NO_MEMORY. Messages never quote values, which may be secrets. */
PST_NODISCARD enum pst_status pst_yaml_parse(struct pst_arena *arena, struct pst_str text,
                                             struct pst_yaml **ret, struct pst_err *err);
/* The member of that name; NULL when absent or `map` is none. */
const struct pst_yaml *pst_yaml_get(const struct pst_yaml *map, struct pst_str key);
/* Nothing was written: `key:` alone, or `~`. */
bool pst_yaml_empty(const struct pst_yaml *node);

#endif
