/* Internal: what a schema means: entity types, actions and their types, by number. schema_resolve.c
 * makes it from what was written (schema_written.h); both live in one arena. */
#ifndef PST_CEDAR_SCHEMA_MODEL_H
#define PST_CEDAR_SCHEMA_MODEL_H

#include "cedar/schema.h"
#include "cedar/schema_written.h"
#include "cedar/store.h"
#include "cedar/types.h"

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
