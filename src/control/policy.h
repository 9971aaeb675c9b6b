/* Policies before anything runs on them: the grammar of every file, every annotation, the entities,
 * and strict validation against the schema. What the validator cannot prove is refused. */
#ifndef PST_CONTROL_POLICY_H
#define PST_CONTROL_POLICY_H

#include "base/def.h"
#include "base/err.h"
#include "cedar/validate.h"
#include "control/compile.h"

/* Called for each finding of the validator, warnings too; `set` tells which file it is in. */
typedef void pst_policy_report(void *ctx, const struct pst_cedar *set,
                               const struct pst_cedar_finding *finding);

struct pst_policy_in {
    const struct pst_source *sources; /* *.cedar, in the order in which they count */
    size_t n_sources;
    const struct pst_source *schemas; /* the operator's *.cedarschema, may be none */
    size_t n_schemas;
    struct pst_str entities;   /* Cedar JSON */
    uint64_t seed;             /* of the hash tables */
    pst_policy_report *report; /* may be NULL */
    void *ctx;
};

/* The set, sealed; the caller frees it. err names file, line and column. CEDAR_* or NO_MEMORY. */
PST_NODISCARD enum pst_status pst_policy_compile(const struct pst_policy_in *in,
                                                 struct pst_cedar **ret, struct pst_err *err);
/* The same, and throws the set away. `*ret_count` is the number of policies; may be NULL. */
PST_NODISCARD enum pst_status pst_policy_check(const struct pst_policy_in *in, size_t *ret_count,
                                               struct pst_err *err);
/* The schema that policies are held to: the built-in one, which says what the gateway asks, and
 * what the operator's files add in namespaces of their own. They cannot change the built-in one:
 * policies would be proven against requests that never come. NULL with err set. */
PST_NODISCARD struct pst_cedar_schema *pst_policy_schema(const struct pst_source *schemas, size_t n,
                                                         struct pst_err *err);
/* Annotations that this gateway knows and can carry out, and every policy proven. */
PST_NODISCARD enum pst_status pst_policy_prove(const struct pst_cedar *set,
                                               const struct pst_cedar_schema *schema,
                                               pst_policy_report *report, void *ctx,
                                               struct pst_err *err);

#endif
