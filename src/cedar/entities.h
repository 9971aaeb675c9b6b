/* Internal: the entity store while it is built, and values from JSON. */
#ifndef PST_CEDAR_ENTITIES_H
#define PST_CEDAR_ENTITIES_H

#include "cedar/store.h"
#include "wire/json.h"

/* Where new values go: a set being built (r NULL) or a request. */
struct pst_cedar_target {
    struct pst_cedar *c; /* NULL when r is given */
    struct pst_cedar_request *r;
};
/* PST_CEDAR_NO, or a value of tag NONE, without room. */
uint32_t pst_cedar_target_sym(struct pst_cedar_target t, struct pst_str text);
struct pst_cedar_value pst_cedar_target_uid(struct pst_cedar_target t, struct pst_str type,
                                            struct pst_str id);
/* Sorts the items, which the caller's array keeps. */
bool pst_cedar_target_set(struct pst_cedar_target t, struct pst_cedar_value *items, uint32_t n,
                          struct pst_cedar_value *ret);
/* Keys in any order, each once. Sorts the fields. */
bool pst_cedar_target_record(struct pst_cedar_target t, struct pst_cedar_field *fields, uint32_t n,
                             struct pst_cedar_value *ret);
/* CEDAR_EXTENSION when the text is not of that type. */
PST_NODISCARD enum pst_status pst_cedar_target_extension(struct pst_cedar_target t,
                                                         enum pst_cedar_fn fn, struct pst_str text,
                                                         struct pst_cedar_value *ret,
                                                         struct pst_err *err);

/* A JSON value with its __entity and __extn escapes; `scratch` is used while it is read. */
PST_NODISCARD enum pst_status
pst_cedar_json_value(struct pst_cedar_target t, const struct pst_json *v, struct pst_arena *scratch,
                     struct pst_cedar_value *ret, struct pst_err *err);
/* {type, id} or {"__entity": {type, id}}. */
PST_NODISCARD enum pst_status pst_cedar_json_uid(struct pst_cedar_target t,
                                                 const struct pst_json *v,
                                                 struct pst_cedar_value *ret, struct pst_err *err);
/* Whether `v` is one of those two forms; *ret is the object with type and id. */
bool pst_cedar_json_is_uid(const struct pst_json *v, const struct pst_json **ret);

/* Line and column of a byte of the text, into an error. */
void pst_cedar_json_position(struct pst_err *err, struct pst_str text, size_t offset);

/* Adds an entity; the same again must be equal. `parents` are entity references of the set. */
PST_NODISCARD enum pst_status pst_cedar_entity_put(struct pst_cedar *c, uint32_t uid,
                                                   struct pst_cedar_value attrs,
                                                   struct pst_cedar_value tags,
                                                   const uint32_t *parents, uint32_t n,
                                                   struct pst_err *err);
/* Fills in the ancestors of every entity; a cycle is CEDAR_ENTITY. */
PST_NODISCARD enum pst_status pst_cedar_close_hierarchy(struct pst_cedar *c, struct pst_err *err);
/* "Type::"id"", cut to a readable length, for messages. */
struct pst_cedar_uid_words {
    char c[96];
};
struct pst_cedar_uid_words pst_cedar_uid_words(struct pst_cedar_ctx x, uint32_t uid);

#endif
