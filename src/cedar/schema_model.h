/* Internal: a schema as it was written (declarations, in an arena) and what it means (entity types,
 * actions and their types, by number). Both parsers fill in the first, schema_resolve.c makes the
 * second from it. */
#ifndef PST_CEDAR_SCHEMA_MODEL_H
#define PST_CEDAR_SCHEMA_MODEL_H

#include "cedar/schema.h"
#include "cedar/store.h"
#include "cedar/types.h"

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

/* --- what it means -----------------------------------------------------------------------------
 */

struct pst_cedar_entity_type {
    uint32_t name; /* symbol */
    bool is_action;
    bool is_enum;
    const struct pst_cedar_entity_decl *decl; /* NULL for action types */
    uint32_t attrs;                           /* type */
    uint32_t tags;                            /* type, or PST_CEDAR_NO */
    uint32_t *ids;                            /* of an enumerated type: symbols, sorted */
    uint32_t n_ids;
    uint32_t *parents, n_parents;     /* entity types, sorted */
    uint32_t *ancestors, n_ancestors; /* transitive, sorted; itself only when it is on a cycle */
};

struct pst_cedar_schema_action {
    uint32_t uid, type; /* entity reference; entity type */
    const struct pst_cedar_action_decl *decl;
    uint32_t *principals, n_principals; /* entity types, sorted */
    uint32_t *resources, n_resources;
    uint32_t context;                 /* type */
    uint32_t *parents, n_parents;     /* actions, sorted */
    uint32_t *ancestors, n_ancestors; /* transitive, sorted */
};

struct pst_cedar_schema {
    struct pst_arena arena;
    struct pst_cedar *names; /* symbols and entity references */
    struct pst_cedar_space *spaces;
    struct pst_cedar_types types;
    struct pst_cedar_entity_type *entity_types;
    uint32_t n_entity_types;
    struct pst_cedar_schema_action *actions;
    uint32_t n_actions;
    uint32_t *type_of_sym; /* symbol → entity type, or PST_CEDAR_NO; for symbols below n_syms */
    uint32_t *action_of_uid;
    struct pst_cedar_common **common_of_sym;
    uint32_t n_syms, n_uids;
};

/* While a schema is made: what errors need. */
struct pst_cedar_schema_build {
    struct pst_cedar_schema *s;
    struct pst_str file, text;
    bool json;
    struct pst_err *err;
    struct pst_buf scratch;
    uint32_t n_spaces;
};

/* Types within types, as written (two levels of JSON each); annotations of one declaration,
 * namespaces of one schema: more is CEDAR_LIMIT. */
enum { PST_CEDAR_WRITTEN_DEPTH = 50 };
enum { PST_CEDAR_NOTES_MAX = 1000, PST_CEDAR_SPACES_MAX = 10000 };

/* Sets err with the file and the place; always PST_ERR. */
enum pst_status pst_cedar_schema_fail(struct pst_cedar_schema_build *b, enum pst_error code,
                                      struct pst_cedar_place place, const char *fmt, ...)
    PST_PRINTF(4, 5);
enum pst_status pst_cedar_schema_full(struct pst_cedar_schema_build *b);
/* Cleared memory of the schema, or NULL with err set. */
void *pst_cedar_schema_take(struct pst_cedar_schema_build *b, size_t count, size_t size);
#define PST_CEDAR_SCHEMA_NEW(b, type) ((type *)pst_cedar_schema_take((b), 1, sizeof(type)))

/* A new namespace at the end of the list. CEDAR_SCHEMA when there is one of that name already. */
PST_NODISCARD enum pst_status pst_cedar_schema_add_space(struct pst_cedar_schema_build *b,
                                                         uint32_t name,
                                                         struct pst_cedar_place place,
                                                         struct pst_cedar_space **ret);
/* A new type expression. */
struct pst_cedar_written *pst_cedar_schema_new_type(struct pst_cedar_schema_build *b,
                                                    enum pst_cedar_written_kind kind,
                                                    struct pst_cedar_place place,
                                                    const struct pst_cedar_space *space);
/* A new reference at the end of a list. */
struct pst_cedar_name_ref *pst_cedar_schema_new_ref(struct pst_cedar_schema_build *b,
                                                    struct pst_cedar_name_ref ***last,
                                                    struct pst_cedar_place place);

PST_NODISCARD enum pst_status pst_cedar_schema_read_text(struct pst_cedar_schema_build *b,
                                                         const struct pst_cedar_limits *limits);
PST_NODISCARD enum pst_status pst_cedar_schema_read_json(struct pst_cedar_schema_build *b);
PST_NODISCARD enum pst_status pst_cedar_schema_resolve(struct pst_cedar_schema_build *b);
/* Resolves entity types' and actions' types, common types on the way; schema_types.c. */
PST_NODISCARD enum pst_status pst_cedar_schema_resolve_type(struct pst_cedar_schema_build *b,
                                                            struct pst_cedar_written *w);
/* The symbol of a name as it is when declared in a namespace, or PST_CEDAR_NO without room. */
uint32_t pst_cedar_schema_qualify(struct pst_cedar_schema_build *b, uint32_t space, uint32_t name);
bool pst_cedar_schema_reserved_type(struct pst_str name);

/* --- questions ---------------------------------------------------------------------------------
 */

static inline struct pst_str pst_cedar_schema_text(const struct pst_cedar_schema *s, uint32_t sym)
{
    return pst_cedar_text(s->names, sym);
}
/* Entity type or action number, PST_CEDAR_NO when it is not declared. */
uint32_t pst_cedar_schema_entity_type(const struct pst_cedar_schema *s, uint32_t sym);
uint32_t pst_cedar_schema_find_type(const struct pst_cedar_schema *s, struct pst_str name);
uint32_t pst_cedar_schema_find_action(const struct pst_cedar_schema *s, struct pst_str type,
                                      struct pst_str id);
/* Is `a` the same as `b` or below it? */
bool pst_cedar_schema_type_in(const struct pst_cedar_schema *s, uint32_t a, uint32_t b);
bool pst_cedar_schema_action_in(const struct pst_cedar_schema *s, uint32_t a, uint32_t b);
bool pst_cedar_sorted_has(const uint32_t *list, uint32_t n, uint32_t item);

#endif
