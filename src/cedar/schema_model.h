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
