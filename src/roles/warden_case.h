/* A message from a front while warden judges it: shared by warden_case.c and warden_identify.c. */
#ifndef PST_ROLES_WARDEN_CASE_H
#define PST_ROLES_WARDEN_CASE_H

#include "gate/steps.h"
#include "roles/warden.h"

/* One message from a front while it is being judged. Everything here lives on the stack or in the
 * warden's arena, which is cleared for the next message. */
struct pst_case {
    struct pst_warden *w;
    struct pst_link *front;
    const struct pst_warden_policy *policy;
    const struct pst_ipc_propose *p; /* NULL for an admission or a tool call */
    const struct pst_ipc_tool *tool; /* NULL for a proposal */
    struct pst_warden_request *request;
    struct pst_str credential, assertion;
    uint8_t cred_kind;
    uint32_t peer_uid;
    const struct pst_keyring_key *key;
    const struct pst_certificate *certificate; /* what named the principal, if it was one */
    struct pst_principal who;
    struct pst_str lists; /* tools and findings, as they came */
    const struct pst_found *findings;
    size_t n_findings;
    struct pst_facts facts;
    struct pst_decision decision;
    struct pst_budget_hold hold;
    uint32_t retry_after_ms;
    char principal[192]; /* "Workload::demo" */
    char person[192];    /* "EndUser::demo/alice"; empty: it speaks for itself */
};

/* Denies the request for `code`. */
enum pst_step_result pst_case_stop(struct pst_case *c, struct pst_err *err, enum pst_error code);
/* Who asks, proven by the credential that came with the message. (warden_identify.c) */
enum pst_step_result pst_case_identify(void *request, struct pst_err *err);
/* Who asked, of a request under way: for what its answer wants to do. False: not any more. */
bool pst_case_identify_again(struct pst_case *c);

/* Reads the lists of a proposal, and makes the facts of it. False: they are not well formed. */
bool pst_case_facts(struct pst_case *c);

/* warden_again.c: keeps what was released. */
void pst_case_keep_asked(struct pst_case *c);

#endif
