/* Cedar schemas (docs.cedarpolicy.com/schema): the human syntax and the JSON syntax, both read into
 * one resolved model and both printed from it.
 *
 * A schema is immutable once parsed and may be shared by any number of readers. Every error has the
 * file's name and, for the human syntax and for JSON alike, line and column. */
#ifndef PST_CEDAR_SCHEMA_H
#define PST_CEDAR_SCHEMA_H

#include "cedar/cedar.h"

struct pst_cedar_schema;

/* `limits` may be NULL; text_bytes, depth (of types within types as written, at most 50
 * here) and total_bytes are used; with every common type replaced, types nest at most 100 deep.
 * NULL with err set: CEDAR_SYNTAX (not well formed), JSON_* (the JSON text), CEDAR_SCHEMA (declared
 * twice, not declared, a cycle, a name that is reserved…), CEDAR_LIMIT, NO_MEMORY. Texts are
 * copied. */
PST_NODISCARD struct pst_cedar_schema *
pst_cedar_schema_parse_text(const struct pst_cedar_limits *limits, struct pst_str file,
                            struct pst_str text, struct pst_err *err);
PST_NODISCARD struct pst_cedar_schema *
pst_cedar_schema_parse_json(const struct pst_cedar_limits *limits, struct pst_str file,
                            struct pst_str text, struct pst_err *err);
/* Takes NULL. */
void pst_cedar_schema_free(struct pst_cedar_schema *s);

/* The schema in either syntax: namespaces, declarations, common types and annotations as they were
 * declared; read again, the result resolves to the same. What the human syntax cannot say (an
 * action that applies to an empty list of types) is said by the nearest that resolves the same.
 * NO_MEMORY when `out` is full. */
PST_NODISCARD enum pst_status pst_cedar_schema_print_text(const struct pst_cedar_schema *s,
                                                          struct pst_buf *out, struct pst_err *err);
PST_NODISCARD enum pst_status pst_cedar_schema_print_json(const struct pst_cedar_schema *s,
                                                          struct pst_buf *out, struct pst_err *err);
/* What the schema means, as sorted text with every common type replaced: two schemas mean the same
 * exactly when these are equal. */
PST_NODISCARD enum pst_status pst_cedar_schema_print_resolved(const struct pst_cedar_schema *s,
                                                              struct pst_buf *out,
                                                              struct pst_err *err);

#endif
