/* Internal: values by type. */
#ifndef PST_CEDAR_CONFORM_MODEL_H
#define PST_CEDAR_CONFORM_MODEL_H

#include "cedar/conform.h"
#include "cedar/entities.h"
#include "cedar/schema_model.h"

/* Reads a JSON value of an expected type into a set or request. The error says where in the value,
 * beginning with `name`: "attribute `a.b`: expected Long, found a text"; *ret_at is the JSON value
 * that is wrong. CEDAR_SCHEMA, CEDAR_EXTENSION, CEDAR_LIMIT, NO_MEMORY. */
PST_NODISCARD enum pst_status
pst_cedar_json_typed(struct pst_cedar_target t, const struct pst_cedar_schema *s,
                     const struct pst_json *v, uint32_t type, const char *name,
                     struct pst_arena *scratch, struct pst_cedar_value *ret,
                     const struct pst_json **ret_at, struct pst_err *err);
/* {type, id}, alone or in __entity, whatever else the objects hold. False: it is not that. */
bool pst_cedar_json_uid_texts(const struct pst_json *v, struct pst_str *ret_type,
                              struct pst_str *ret_id);
/* An entity that the schema allows to exist: type declared, id one of an enumeration's, action
 * declared. CEDAR_SCHEMA. */
PST_NODISCARD enum pst_status pst_cedar_uid_allowed(const struct pst_cedar_schema *s,
                                                    struct pst_str type, struct pst_str id,
                                                    struct pst_err *err);
/* A value that exists already is of the type. */
PST_NODISCARD enum pst_status pst_cedar_value_conforms(struct pst_cedar_ctx x,
                                                       const struct pst_cedar_schema *s,
                                                       struct pst_cedar_value v, uint32_t type,
                                                       const char *name, struct pst_err *err);
/* "expected TYPE, found WHAT", for one value; the caller puts the path before it. */
enum pst_status pst_cedar_mismatch(const struct pst_cedar_schema *s, uint32_t type,
                                   const char *found, struct pst_buf *path, struct pst_err *err);

#endif
