/* Cedar 4.5 (docs.cedarpolicy.com): policies, entities, requests, decisions.
 *
 * Life of a set: new, add policies and entities in any order, seal; then read-only. Life of a
 * request: begin in an arena, set principal, action, resource and context, authorize (as often as
 * wanted).
 *
 * Cedar's own rule: a policy whose evaluation fails is skipped and reported, a `forbid` too. A
 * caller that must fail closed denies when `n_errors > 0`, whatever `allow` says; the gate does. */
#ifndef PST_CEDAR_CEDAR_H
#define PST_CEDAR_CEDAR_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

struct pst_cedar;

/* Zero members mean the default. */
struct pst_cedar_limits {
    uint32_t text_bytes;  /* of one policy, entity or JSON source; default 16 MiB */
    uint32_t depth;       /* of one expression and of one JSON value; default 1,000 */
    uint32_t policies;    /* default 100,000 */
    uint32_t entities;    /* default 1,000,000 */
    uint32_t total_bytes; /* of everything held; default 1 GiB, hard maximum 2 GiB */
    uint64_t seed;        /* of the hash tables; random where requests bring hostile strings */
};

/* --- a policy set with its entities ---------------------------------------------------------- */

/* NULL without memory. `limits` may be NULL. */
PST_NODISCARD struct pst_cedar *pst_cedar_new(const struct pst_cedar_limits *limits);
/* Takes NULL. An opened image's bytes stay the caller's. */
void pst_cedar_free(struct pst_cedar *c);

/* Parses policies and templates; `file` is the name that errors and positions carry. A failed add
 * leaves the set unfit for anything but free. CEDAR_SYNTAX, CEDAR_LIMIT, NO_MEMORY; err has file,
 * line and column. */
PST_NODISCARD enum pst_status pst_cedar_add_policies(struct pst_cedar *c, struct pst_str file,
                                                     struct pst_str text, struct pst_err *err);
/* The same from the JSON policy format: a policy set, or one policy. A set's own ids are kept. */
PST_NODISCARD enum pst_status pst_cedar_add_policies_json(struct pst_cedar *c, struct pst_str file,
                                                          struct pst_str text, struct pst_err *err);
/* A policy from the template `template_id`, called `id`; the two entities fill ?principal and
 * ?resource, type empty for a slot that the template has not. */
struct pst_cedar_uid_text {
    struct pst_str type; /* "Postern::User" */
    struct pst_str id;   /* unescaped */
};
PST_NODISCARD enum pst_status pst_cedar_link(struct pst_cedar *c, struct pst_str template_id,
                                             struct pst_str id, struct pst_cedar_uid_text principal,
                                             struct pst_cedar_uid_text resource,
                                             struct pst_err *err);
/* Entities in Cedar's JSON format (an array of {uid, attrs, parents, tags}); the same entity twice
 * is refused unless both are equal. */
PST_NODISCARD enum pst_status pst_cedar_add_entities_json(struct pst_cedar *c, struct pst_str file,
                                                          struct pst_str text, struct pst_err *err);
/* Closes the hierarchy (a cycle is CEDAR_ENTITY), compiles and indexes. Nothing is added after. */
PST_NODISCARD enum pst_status pst_cedar_seal(struct pst_cedar *c, struct pst_err *err);

/* The image of a sealed set: one block without pointers, for a sealed read-only mapping. */
PST_NODISCARD enum pst_status pst_cedar_image_write(const struct pst_cedar *c, struct pst_buf *out,
                                                    struct pst_err *err);
/* Opens an image in place (16-byte aligned, kept alive by the caller). Every index, length and
 * instruction is checked; anything off is CEDAR_SYNTAX. */
PST_NODISCARD enum pst_status pst_cedar_image_open(struct pst_str image, struct pst_cedar **ret,
                                                   struct pst_err *err);

/* --- what a set holds ------------------------------------------------------------------------- */

/* Policies are numbered from 0 in the order of adding; templates and links count too. */
uint32_t pst_cedar_policies(const struct pst_cedar *c);

struct pst_cedar_policy_info {
    struct pst_str id;   /* "policy0", or the id of a link or JSON policy set */
    struct pst_str file; /* and where it begins there */
    uint32_t line, column;
    struct pst_str text; /* the source; empty for links and JSON */
    bool forbid;
    bool is_template; /* never evaluated itself */
};
/* Views live as long as the set. `policy` must be < pst_cedar_policies. */
struct pst_cedar_policy_info pst_cedar_policy(const struct pst_cedar *c, uint32_t policy);
/* Annotation number `at` of a policy; false past the last. A value-less annotation has an empty
 * value. */
bool pst_cedar_annotation_at(const struct pst_cedar *c, uint32_t policy, uint32_t at,
                             struct pst_str *ret_key, struct pst_str *ret_value);
/* By name; false when the policy has no such annotation. */
bool pst_cedar_annotation(const struct pst_cedar *c, uint32_t policy, struct pst_str key,
                          struct pst_str *ret_value);

/* --- a request -------------------------------------------------------------------------------- */

struct pst_cedar_request; /* lives in its arena */

/* An opaque value of a request, passed by value: valid as long as the request. */
struct pst_cedar_value {
    uint32_t tag;
    uint32_t n;
    int64_t i;
};

/* A request against a sealed set. All memory comes from the arena, now and while evaluating; when
 * it is full, building goes on with dummies and authorize fails with NO_MEMORY. NULL: arena full.
 */
PST_NODISCARD struct pst_cedar_request *pst_cedar_request_new(const struct pst_cedar *c,
                                                              struct pst_arena *arena);

/* Strings passed in are not copied: they must live as long as the request. Strings must be valid
 * UTF-8, which the caller has checked. */
struct pst_cedar_value pst_cedar_bool(bool v);
struct pst_cedar_value pst_cedar_long(int64_t v);
struct pst_cedar_value pst_cedar_string(struct pst_cedar_request *r, struct pst_str s);
/* An entity reference; `type` is a full name such as "Postern::User". */
struct pst_cedar_value pst_cedar_uid(struct pst_cedar_request *r, struct pst_str type,
                                     struct pst_str id);
/* Of n values, in any order, duplicates allowed. */
struct pst_cedar_value pst_cedar_set(struct pst_cedar_request *r, const struct pst_cedar_value *v,
                                     size_t n);
/* An extension value from its text: fn is "decimal", "ip", "datetime" or "duration".
 * CEDAR_EXTENSION when the text is not one. */
PST_NODISCARD enum pst_status pst_cedar_extension(struct pst_cedar_request *r, struct pst_str fn,
                                                  struct pst_str text, struct pst_cedar_value *ret,
                                                  struct pst_err *err);

/* Records are built member by member; a key put twice keeps the last. Several may be open at once.
 */
struct pst_cedar_record;
PST_NODISCARD struct pst_cedar_record *pst_cedar_record_new(struct pst_cedar_request *r,
                                                            size_t members_hint);
void pst_cedar_record_put(struct pst_cedar_record *rec, struct pst_str key,
                          struct pst_cedar_value v);
/* Ends the record. */
struct pst_cedar_value pst_cedar_record_done(struct pst_cedar_record *rec);

/* A JSON object in the context or attribute format (with __entity and __extn escapes) as a value.
 */
PST_NODISCARD enum pst_status pst_cedar_value_json(struct pst_cedar_request *r, struct pst_str text,
                                                   struct pst_cedar_value *ret,
                                                   struct pst_err *err);

void pst_cedar_principal(struct pst_cedar_request *r, struct pst_cedar_value uid);
void pst_cedar_action(struct pst_cedar_request *r, struct pst_cedar_value uid);
void pst_cedar_resource(struct pst_cedar_request *r, struct pst_cedar_value uid);
/* A record; without it the context is {}. */
void pst_cedar_context(struct pst_cedar_request *r, struct pst_cedar_value record);

/* An entity known to this request only; it hides the set's entity of that uid. `attrs` and `tags`
 * are records ({} is a zeroed value). Parents are entity references: their ancestors in the set and
 * in entities put before this one are ancestors too. */
void pst_cedar_entity(struct pst_cedar_request *r, struct pst_cedar_value uid,
                      struct pst_cedar_value attrs, struct pst_cedar_value tags,
                      const struct pst_cedar_value *parents, size_t n);

/* --- the decision ----------------------------------------------------------------------------- */

struct pst_cedar_failure {
    uint32_t policy;
    enum pst_error code;   /* CEDAR_TYPE, _OVERFLOW, _ATTRIBUTE, _ENTITY, _EXTENSION */
    uint32_t line, column; /* of the expression that failed, in the policy's file */
};

struct pst_cedar_answer {
    bool allow;
    const uint32_t *reasons; /* determining policies: the forbids when denied by them, the permits
                                when allowed, none when no policy applies */
    size_t n_reasons;
    const struct pst_cedar_failure *errors;
    size_t n_errors;
};

/* Decides. The answer's arrays live in the request until the next authorize on it. PST_ERR means no
 * decision was reached (NO_MEMORY, or principal, action or resource missing) and `ret->allow` is
 * false. */
PST_NODISCARD enum pst_status
pst_cedar_authorize(struct pst_cedar_request *r, struct pst_cedar_answer *ret, struct pst_err *err);

#endif
