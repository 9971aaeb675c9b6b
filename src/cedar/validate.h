/* Validating policies against a schema (docs.cedarpolicy.com/policies/validation.html).
 *
 * Each policy is type-checked once for every request that the schema allows: each action with each
 * of its principal types and each of its resource types, and each type that an unfilled slot may
 * have. A policy is valid when no such check finds an error and its scope allows at least one of
 * these requests. A valid policy cannot fail when it is evaluated on a request and on entities that
 * conform to the schema (conform.h), except by integer overflow, a missing entity, or an extension
 * operation that does not fit. */
#ifndef PST_CEDAR_VALIDATE_H
#define PST_CEDAR_VALIDATE_H

#include "cedar/schema.h"

enum pst_cedar_mode {
    PST_CEDAR_STRICT,
    PST_CEDAR_PERMISSIVE, /* types need not match exactly: sets and branches of mixed types, any
                             equality, computed extension values */
};

enum pst_cedar_finding_kind {
    PST_CEDAR_F_ENTITY_TYPE,  /* not declared */
    PST_CEDAR_F_ACTION,       /* not declared */
    PST_CEDAR_F_ENUM,         /* not one of the ids of an enumerated entity type */
    PST_CEDAR_F_NO_ACTION,    /* the scope allows no request of the schema */
    PST_CEDAR_F_TYPE,         /* an operand has the wrong type */
    PST_CEDAR_F_INCOMPATIBLE, /* types that must agree do not */
    PST_CEDAR_F_ATTRIBUTE,    /* no such attribute */
    PST_CEDAR_F_OPTIONAL,     /* optional attribute without a `has` before it */
    PST_CEDAR_F_TAG,          /* tag without a `hasTag` before it, or no tags at all */
    PST_CEDAR_F_EMPTY_SET,    /* strict: [] has no type */
    PST_CEDAR_F_EXTENSION,    /* a text that its constructor refuses; wrong number of arguments */
    PST_CEDAR_F_NOT_LITERAL,  /* strict: a constructor of a computed text */
    PST_CEDAR_F_LEVEL,        /* entity data beyond the level, or of a literal */
    PST_CEDAR_F_IMPOSSIBLE,   /* warning: the conditions are false for every request */
    PST_CEDAR_F_COUNT
};
/* A short name: "unknown_entity_type". */
const char *pst_cedar_finding_name(enum pst_cedar_finding_kind kind);

struct pst_cedar_finding {
    enum pst_cedar_finding_kind kind;
    bool warning;                   /* does not make the policy invalid */
    uint32_t policy;                /* number in the set */
    uint32_t line, column;          /* in the policy's file; 0 when it has no source */
    struct pst_str text;            /* a sentence that needs nothing else */
    struct pst_str expected, found; /* types or names; may be empty */
    struct pst_str hint;            /* what to do; may be empty */
    /* The request for which it was found first; empty when it does not depend on one. */
    struct pst_str principal, action, resource;
};

/* Called for each finding, in order of policies and positions; the views live during the call. */
typedef void pst_cedar_report(void *ctx, const struct pst_cedar_finding *finding);

struct pst_cedar_validation {
    enum pst_cedar_mode mode;
    bool with_level; /* also checks that no policy needs entity data more than `level` steps away */
    uint32_t level;
    pst_cedar_report *report; /* may be NULL */
    void *ctx;
};

struct pst_cedar_verdict {
    uint32_t invalid; /* policies with an error; 0: the set is valid */
    uint32_t errors, warnings;
};

/* Validates every policy, template and link of a set, sealed or not. PST_ERR: CEDAR_LIMIT or
 * NO_MEMORY, no verdict. */
PST_NODISCARD enum pst_status pst_cedar_validate(const struct pst_cedar *c,
                                                 const struct pst_cedar_schema *s,
                                                 const struct pst_cedar_validation *how,
                                                 struct pst_cedar_verdict *ret,
                                                 struct pst_err *err);

#endif
