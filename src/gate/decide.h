/* The decision. pst_decide() is called once, by warden, when the final model, upstream, credential
 * and tools are known; what it returns is recorded and then carried out by others. */
#ifndef PST_GATE_DECIDE_H
#define PST_GATE_DECIDE_H

#include "base/arena.h"
#include "base/err.h"
#include "cedar/cedar.h"
#include "gate/facts.h"

#include <stdbool.h>

enum { PST_DECISION_LIST = 64 };

enum pst_verdict {
    PST_DENY = 0,
    PST_RELEASE,
    PST_AMEND, /* released once the obligations are met: propose again */
};

/* Names of policies are their @id, or policyN. Lists are cut at PST_DECISION_LIST items. */
struct pst_decision {
    enum pst_verdict verdict;
    enum pst_error code; /* why, for a denial */
    char message[128];   /* for the client: names the tool or model, never a policy's text */
    uint32_t max_tokens; /* obligation; 0: none */
    bool sync_first;     /* obligation @record("send"), and always for administration */
    struct pst_str policies[PST_DECISION_LIST];
    size_t n_policies;
    struct pst_str errors[PST_DECISION_LIST];
    size_t n_errors;
    struct pst_str obligations[PST_DECISION_LIST];
    size_t n_obligations;
    const struct pst_str *strip; /* tools to take out */
    size_t n_strip;
    /* What of the findings must not leave as it would: "mask:TYPE", "redact:TYPE". */
    struct pst_str demands[PST_DECISION_LIST];
    size_t n_demands;
    struct pst_str blocked; /* a type that was found and that a policy lets not pass; empty: none */
    const struct pst_str *permitted; /* listModels: what may be listed */
    size_t n_permitted;
};

/* Decides on facts with a sealed policy set. Never fails: what cannot be decided is a denial. All
 * memory comes from `arena`; views in *ret live there or in the set. `models` is what listModels
 * chooses from. */
void pst_decide(const struct pst_cedar *policies, const struct pst_facts *facts,
                const struct pst_str *models, size_t n_models, struct pst_arena *arena,
                struct pst_decision *ret);

/* Every annotation of a policy set is one of src/tables/obligations.def with a value that can be
 * carried out: for `postern check` and for a reload. */
PST_NODISCARD enum pst_status pst_decide_check(const struct pst_cedar *policies,
                                               struct pst_err *err);

#endif
