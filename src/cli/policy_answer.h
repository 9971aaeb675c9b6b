/* Decisions and findings, for people and as JSON: what the policy commands print. */
#ifndef PST_CLI_POLICY_ANSWER_H
#define PST_CLI_POLICY_ANSWER_H

#include "cedar/validate.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "wire/json_out.h"

/* What was decided. The gateway denies when any policy could not be evaluated; Cedar by itself
 * passes over such a policy, a forbid too. */
struct pst_policy_verdict {
    const struct pst_cedar *set;
    struct pst_cedar_answer answer; /* Cedar's */
    bool allow;                     /* the gateway's, or Cedar's where that was asked for */
};

void pst_policy_verdict_print(FILE *out, const struct pst_policy_verdict *v);
/* Members of the object that is open: decision, cedar_decision, reasons, errors. */
void pst_policy_verdict_json(struct pst_json_out *o, const struct pst_policy_verdict *v);

/* A finding of the validator with the line it is about and a mark below the place. `sources` are
 * searched for the file. */
void pst_policy_finding_print(FILE *out, const struct pst_cedar *set,
                              const struct pst_cedar_finding *f, const struct pst_source *sources,
                              size_t n);
/* As an object. */
void pst_policy_finding_json(struct pst_json_out *o, const struct pst_cedar *set,
                             const struct pst_cedar_finding *f);

#endif
