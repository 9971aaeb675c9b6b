/* Entities and requests against a schema: reading their JSON by the types that the schema expects,
 * and checking that they are what the schema declares. */
#ifndef PST_CEDAR_CONFORM_H
#define PST_CEDAR_CONFORM_H

#include "cedar/schema.h"

/* Called for each entity of a source that is wrong; `uid` as text, empty when it has none. */
typedef void pst_cedar_entity_report(void *ctx, struct pst_str uid, const struct pst_err *err);

/* As pst_cedar_add_entities_json, by the schema: where it expects an entity or an extension value,
 * the short forms {"type","id"} and "text" are read too. Every entity must conform: type declared,
 * attributes declared, present and of their type, tags, parents of allowed types, ids of enumerated
 * types; an action must be as declared. With `report`, all wrong entities are reported and the call
 * fails at the end; without, at the first. */
PST_NODISCARD enum pst_status
pst_cedar_add_entities_by_schema(struct pst_cedar *c, const struct pst_cedar_schema *s,
                                 struct pst_str file, struct pst_str text,
                                 pst_cedar_entity_report *report, void *ctx, struct pst_err *err);
/* Adds the schema's actions and their groups as entities, as the reference authorizer does when it
 * is given a schema. Those that are there already stay as they are. */
PST_NODISCARD enum pst_status
pst_cedar_add_actions(struct pst_cedar *c, const struct pst_cedar_schema *s, struct pst_err *err);

/* A context from JSON, read by the type that `action` declares. CEDAR_SCHEMA when it does not
 * conform. */
PST_NODISCARD enum pst_status
pst_cedar_context_by_schema(struct pst_cedar_request *r, const struct pst_cedar_schema *s,
                            struct pst_cedar_value action, struct pst_str text,
                            struct pst_cedar_value *ret, struct pst_err *err);
/* The request's principal, action, resource and context are what the schema allows. CEDAR_SCHEMA
 * says what is not. */
PST_NODISCARD enum pst_status pst_cedar_request_conforms(const struct pst_cedar_request *r,
                                                         const struct pst_cedar_schema *s,
                                                         struct pst_err *err);

#endif
