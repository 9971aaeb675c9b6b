/* Internal: a schema as it was written. Both parsers fill it in; schema_resolve.c says what it
 * means. */
#ifndef PST_CEDAR_SCHEMA_WRITTEN_H
#define PST_CEDAR_SCHEMA_WRITTEN_H

#include "base/def.h"

#include <stdbool.h>
#include <stdint.h>

/* Line and column, 1-based; from JSON, the byte offset and 0. */
struct pst_cedar_place {
    uint32_t line, column;
};

struct pst_cedar_note {
    struct pst_cedar_note *next;
    uint32_t key, value; /* symbols */
    bool has_value;
};

/* --- types as written --------------------------------------------------------------------------
 */

enum pst_cedar_written_kind {
    PST_CEDAR_W_NAME,      /* of a common type, entity type or built-in type */
    PST_CEDAR_W_COMMON,    /* JSON {"type": "T"}: of a common or built-in type */
    PST_CEDAR_W_ENTITY,    /* JSON */
    PST_CEDAR_W_EXTENSION, /* JSON */
    PST_CEDAR_W_LONG,      /* JSON, whatever else has that name */
    PST_CEDAR_W_STRING,
    PST_CEDAR_W_BOOL,
    PST_CEDAR_W_SET,
    PST_CEDAR_W_RECORD
};

struct pst_cedar_written_member {
    struct pst_cedar_written_member *next;
    uint32_t key;
    bool optional;
    struct pst_cedar_note *notes;
    struct pst_cedar_written *type;
    struct pst_cedar_place place;
};

struct pst_cedar_written {
    enum pst_cedar_written_kind kind;
    uint32_t name; /* symbol */
    struct pst_cedar_place place;
    const struct pst_cedar_space *space; /* in which names are looked up */
    struct pst_cedar_written *element;
    struct pst_cedar_written_member *members; /* in order */
    uint32_t n_members;
    uint32_t type;                         /* resolved; PST_CEDAR_NO before */
    const struct pst_cedar_common *common; /* what a name turned out to be, for printing */
    bool is_entity;
};

/* --- declarations ------------------------------------------------------------------------------
 */

/* An entity type or an action that a declaration refers to. */
struct pst_cedar_name_ref {
    struct pst_cedar_name_ref *next;
    uint32_t type; /* symbol; of an action PST_CEDAR_NO when only the id is written */
    uint32_t id;   /* of an action */
    struct pst_cedar_place place;
    uint32_t index; /* resolved: entity type or action number */
};

struct pst_cedar_common {
    struct pst_cedar_common *next;
    uint32_t name, full; /* symbols: as declared, and with the namespace */
    struct pst_cedar_note *notes;
    struct pst_cedar_written *type;
    struct pst_cedar_place place;
    bool busy; /* being resolved */
};

struct pst_cedar_entity_decl {
    struct pst_cedar_entity_decl *next;
    uint32_t name, full;
    struct pst_cedar_note *notes;
    struct pst_cedar_name_ref *parents;
    struct pst_cedar_written *shape, *tags; /* NULL: none */
    bool is_enum;
    struct pst_cedar_name_ref *ids; /* id: of each allowed entity */
    struct pst_cedar_place place;
};

struct pst_cedar_action_decl {
    struct pst_cedar_action_decl *next;
    uint32_t id;
    struct pst_cedar_note *notes;
    struct pst_cedar_name_ref *parents;
    bool applies;
    struct pst_cedar_name_ref *principals, *resources;
    struct pst_cedar_written *context; /* NULL: {} */
    struct pst_cedar_place place;
};

struct pst_cedar_space {
    struct pst_cedar_space *next;
    uint32_t name; /* symbol; "" for what is in no namespace */
    struct pst_cedar_note *notes;
    struct pst_cedar_common *commons, **last_common;
    struct pst_cedar_entity_decl *entities, **last_entity;
    struct pst_cedar_action_decl *actions, **last_action;
    struct pst_cedar_place place;
};

#endif
