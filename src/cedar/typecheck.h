/* Internal: the types of a policy's expressions for one kind of request.
 *
 * A capability says that an attribute or tag is known to exist: `principal has x` gives one to what
 * is evaluated only when it was true. Expressions are compared by number: equal ones have one. */
#ifndef PST_CEDAR_TYPECHECK_H
#define PST_CEDAR_TYPECHECK_H

#include "cedar/schema_model.h"
#include "cedar/validate.h"

/* A sorted set of capability numbers, in the arena. */
struct pst_cedar_caps {
    const uint32_t *list;
    uint32_t n;
};

struct pst_cedar_typed {
    uint32_t type;
    struct pst_cedar_caps caps; /* what holds where this expression was true */
};

struct pst_cedar_cap {
    uint32_t expr; /* number of the expression that has it */
    uint32_t key;  /* symbol of the attribute, or number of the tag's expression */
    uint32_t tag;  /* 1: a tag */
};

/* An expression under way. */
struct pst_cedar_check_frame {
    uint32_t node;
    uint32_t step;
    uint32_t types; /* where its parts' types begin */
    struct pst_cedar_caps prior;
    struct pst_cedar_typed a, b;
};

/* A finding of the policy at hand; texts in the findings' arena. */
struct pst_cedar_kept_finding {
    struct pst_cedar_finding f;
    uint32_t node;
    uint64_t hash; /* of the text */
};

struct pst_cedar_checker {
    const struct pst_cedar *c;
    const struct pst_cedar_schema *s;
    enum pst_cedar_mode mode;
    struct pst_cedar_types types; /* the schema's, and those of expressions */
    struct pst_err *err;
    bool failed; /* err is set: memory or a limit */

    uint32_t *sym;    /* symbol of the set → of the schema, or itself | PST_CEDAR_LOCAL */
    uint32_t *number; /* node → number of equal expressions */

    struct pst_cedar_cap *caps;
    uint32_t n_caps, cap_caps;
    uint32_t *cap_slots;
    uint32_t n_cap_slots;

    /* the request */
    uint32_t principal, action, resource; /* entity type, action, entity type */
    struct pst_arena arena;               /* capability sets; cleared for each */

    struct pst_cedar_check_frame *frames;
    uint32_t n_frames, cap_frames;
    uint32_t *parts; /* types of parts of sets, records and calls */
    uint32_t n_parts, cap_parts;
    struct pst_cedar_typed ret; /* of the expression just finished */
    /* for levels: by node, the type, and which part was not reached */
    uint32_t *node_type;
    uint8_t *node_dead;

    /* the policy */
    uint32_t policy;
    struct pst_arena texts;
    struct pst_cedar_kept_finding *findings;
    uint32_t n_findings, cap_findings;
    struct pst_buf text, expected, found, hint;
};

/* Findings of one policy that are kept. */
enum { PST_CEDAR_FINDINGS_MAX = 100 };
enum { PST_CEDAR_DEAD_SECOND = 1, PST_CEDAR_DEAD_THIRD = 2 };

/* NO_MEMORY. Release in any case. */
PST_NODISCARD enum pst_status pst_cedar_checker_init(struct pst_cedar_checker *k,
                                                     const struct pst_cedar *c,
                                                     const struct pst_cedar_schema *s,
                                                     enum pst_cedar_mode mode, struct pst_err *err);
void pst_cedar_checker_release(struct pst_cedar_checker *k);

/* The type of an expression when the capabilities `prior` hold; false: k->failed. */
bool pst_cedar_typecheck(struct pst_cedar_checker *k, uint32_t node, struct pst_cedar_caps prior,
                         struct pst_cedar_typed *ret);
/* The type when all parts are known; typecheck_op.c. */
struct pst_cedar_typed pst_cedar_type_of_unary(struct pst_cedar_checker *k, uint32_t node,
                                               uint32_t a);
struct pst_cedar_typed pst_cedar_type_of_binary(struct pst_cedar_checker *k, uint32_t node,
                                                uint32_t a, uint32_t b,
                                                struct pst_cedar_caps prior);
struct pst_cedar_typed pst_cedar_type_of_get(struct pst_cedar_checker *k, uint32_t node, uint32_t a,
                                             struct pst_cedar_caps prior);
struct pst_cedar_typed pst_cedar_type_of_has(struct pst_cedar_checker *k, uint32_t node, uint32_t a,
                                             struct pst_cedar_caps prior);
uint32_t pst_cedar_type_of_is(struct pst_cedar_checker *k, uint32_t node, uint32_t a);
uint32_t pst_cedar_type_of_in(struct pst_cedar_checker *k, uint32_t node, uint32_t left,
                              uint32_t right, uint32_t a, uint32_t b);
uint32_t pst_cedar_type_of_like(struct pst_cedar_checker *k, uint32_t node, uint32_t a);
uint32_t pst_cedar_type_of_set(struct pst_cedar_checker *k, uint32_t node, const uint32_t *types);
uint32_t pst_cedar_type_of_record(struct pst_cedar_checker *k, uint32_t node,
                                  const uint32_t *types);
uint32_t pst_cedar_type_of_call(struct pst_cedar_checker *k, uint32_t node, const uint32_t *types);
uint32_t pst_cedar_type_of_leaf(struct pst_cedar_checker *k, uint32_t node);
/* Least upper bound; PST_CEDAR_TY_ERROR when there is none, which is reported at `node`. */
uint32_t pst_cedar_check_lub(struct pst_cedar_checker *k, uint32_t node, uint32_t a, uint32_t b,
                             const char *what);
/* Bool of some kind; else reported at `node`, and false. ERROR is let pass as Bool. */
bool pst_cedar_check_bool(struct pst_cedar_checker *k, uint32_t node, uint32_t *type);

/* Reports what needs entity data more than `level` steps from the request, in an expression that
 * was just type-checked; validate_level.c. */
void pst_cedar_check_level(struct pst_cedar_checker *k, uint32_t node, uint32_t level);

struct pst_cedar_caps pst_cedar_caps_both(struct pst_cedar_checker *k, struct pst_cedar_caps a,
                                          struct pst_cedar_caps b);
struct pst_cedar_caps pst_cedar_caps_common(struct pst_cedar_checker *k, struct pst_cedar_caps a,
                                            struct pst_cedar_caps b);
/* Its number, added when new; PST_CEDAR_NO: k->failed. */
uint32_t pst_cedar_cap(struct pst_cedar_checker *k, struct pst_cedar_cap cap);
struct pst_cedar_caps pst_cedar_caps_one(struct pst_cedar_checker *k, uint32_t cap);

/* Symbols of the set as symbols of the schema. */
uint32_t pst_cedar_check_sym(struct pst_cedar_checker *k, uint32_t sym);
struct pst_str pst_cedar_check_text(const void *checker, uint32_t sym);
/* The declared action that an entity reference of the set is, or PST_CEDAR_NO. */
uint32_t pst_cedar_check_action(struct pst_cedar_checker *k, uint32_t uid);
/* The declared entity type of an entity reference of the set, or PST_CEDAR_NO. */
uint32_t pst_cedar_check_type(struct pst_cedar_checker *k, uint32_t uid);
bool pst_cedar_check_number(struct pst_cedar_checker *k);
void *pst_cedar_check_grow(struct pst_cedar_checker *k, void *array, uint32_t *cap, uint32_t need,
                           size_t size);
void pst_cedar_check_full(struct pst_cedar_checker *k);

/* --- findings; validate_report.c ---------------------------------------------------------------
 */

/* Begins a finding: empties k->text, expected, found and hint, which the caller fills. */
void pst_cedar_finding_begin(struct pst_cedar_checker *k);
/* Keeps it, unless the policy has it already. `node` PST_CEDAR_NO: at line and column. */
void pst_cedar_finding_end(struct pst_cedar_checker *k, enum pst_cedar_finding_kind kind,
                           uint32_t node, uint32_t line, uint32_t column);
/* "expected EXPECTED, found TYPE" at a node. */
void pst_cedar_finding_type(struct pst_cedar_checker *k, uint32_t node, const char *expected,
                            uint32_t found);
void pst_cedar_put_type(struct pst_cedar_checker *k, struct pst_buf *out, uint32_t type);
/* A name, cut to a readable length, in backticks. */
void pst_cedar_put_name(struct pst_buf *out, struct pst_str name);
/* "did you mean `X`?" with the nearest of what `next` gives, if one is near. */
struct pst_cedar_nearest {
    struct pst_str wanted;
    struct pst_str best;
    uint32_t distance;
};
void pst_cedar_nearest_init(struct pst_cedar_nearest *n, struct pst_str wanted);
void pst_cedar_nearest_try(struct pst_cedar_nearest *n, struct pst_str candidate);
void pst_cedar_nearest_put(const struct pst_cedar_nearest *n, struct pst_buf *hint);

#endif
