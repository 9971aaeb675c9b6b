/* Internal: making a schema; shared by its two parsers and by what resolves names and types. */
#ifndef PST_CEDAR_SCHEMA_BUILD_H
#define PST_CEDAR_SCHEMA_BUILD_H

#include "cedar/schema_model.h"

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

#endif
