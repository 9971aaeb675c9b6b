/* The decision: scopes, conditions, forbid over permit, default deny. */
#include "cedar/eval.h"
#include "cedar/index.h"

static bool scope_matches(const struct pst_cedar_request *r, const struct pst_cedar_scope *s,
                          uint32_t uid)
{
    struct pst_cedar_ctx x = {.c = r->c, .r = r};
    switch ((enum pst_cedar_scope_kind)s->kind) {
    case PST_CEDAR_SCOPE_ANY:
        return true;
    case PST_CEDAR_SCOPE_EQ:
        return uid == s->uid;
    case PST_CEDAR_SCOPE_IN:
        return pst_cedar_uid_in(r, uid, s->uid);
    case PST_CEDAR_SCOPE_IS:
        return pst_cedar_uid_type(x, uid) == s->type;
    case PST_CEDAR_SCOPE_IS_IN:
        return pst_cedar_uid_type(x, uid) == s->type && pst_cedar_uid_in(r, uid, s->uid);
    case PST_CEDAR_SCOPE_LIST:
        for (uint32_t i = 0; i < s->n; i++) {
            if (pst_cedar_uid_in(r, uid, r->c->kids[s->uid + i])) {
                return true;
            }
        }
        return false;
    case PST_CEDAR_SCOPE_COUNT:
    default:
        return false;
    }
}

bool pst_cedar_scope_part(const struct pst_cedar_request *r, const struct pst_cedar_policy_row *p,
                          enum pst_cedar_var var)
{
    return scope_matches(r, &p->scope[var], r->vars[var]);
}

bool pst_cedar_scope_match(const struct pst_cedar_request *r, const struct pst_cedar_policy_row *p)
{
    return p->is_template == 0 && scope_matches(r, &p->scope[0], r->vars[0]) &&
           scope_matches(r, &p->scope[1], r->vars[1]) && scope_matches(r, &p->scope[2], r->vars[2]);
}

static void add_failure(struct pst_cedar_request *r, uint32_t policy, struct pst_cedar_fault fault)
{
    const struct pst_cedar_policy_row *p = &r->c->policies[policy];
    const struct pst_cedar_node *n = &r->c->nodes[r->c->code_nodes[p->code + fault.at]];
    uint32_t i = PST_CEDAR_LOCAL_ADD(r, failures, 1);
    if (i != PST_CEDAR_NO) {
        r->failures[i] = (struct pst_cedar_failure){
            .policy = policy, .code = fault.code, .line = n->line, .column = n->column};
    }
}

/* Permits and forbids share reasons[]: once a forbid is satisfied, only forbids count. */
static void add_reason(struct pst_cedar_request *r, uint32_t policy, bool *forbidden)
{
    bool forbid = r->c->policies[policy].forbid != 0;
    if (forbid && !*forbidden) {
        r->n[PST_CEDAR_L_reasons] = 0;
        *forbidden = true;
    }
    if (forbid == *forbidden) {
        uint32_t i = PST_CEDAR_LOCAL_ADD(r, reasons, 1);
        if (i != PST_CEDAR_NO) {
            r->reasons[i] = policy;
        }
    }
}

/* A policy with a list of actions may come once for each of them. */
static bool seen(const struct pst_cedar_request *r, uint32_t policy)
{
    bool found = false;
    for (uint32_t i = 0; i < r->n[PST_CEDAR_L_reasons] && !found; i++) {
        found = r->reasons[i] == policy;
    }
    for (uint32_t i = 0; i < r->n[PST_CEDAR_L_failures] && !found; i++) {
        found = r->failures[i].policy == policy;
    }
    return found;
}

static void consider(struct pst_cedar_request *r, uint32_t policy, bool *forbidden)
{
    const struct pst_cedar_policy_row *p = &r->c->policies[policy];
    struct pst_cedar_fault fault;
    if (!pst_cedar_scope_match(r, p) ||
        (p->scope[PST_CEDAR_ACTION].kind == PST_CEDAR_SCOPE_LIST && seen(r, policy))) {
        return;
    }
    enum pst_cedar_outcome outcome = pst_cedar_eval(r, p, &fault);
    if (outcome == PST_CEDAR_SATISFIED) {
        add_reason(r, policy, forbidden);
    } else if (outcome == PST_CEDAR_FAILED) {
        add_failure(r, policy, fault);
    }
}

enum pst_status pst_cedar_request_ready(struct pst_cedar_request *r, struct pst_err *err)
{
    if (r->vars[0] == PST_CEDAR_NO || r->vars[1] == PST_CEDAR_NO || r->vars[2] == PST_CEDAR_NO) {
        return pst_fail(err, r->full ? PST_E_NO_MEMORY : PST_E_CEDAR_ENTITY,
                        "the request names no principal, action or resource");
    }
    if (r->stack == NULL && !r->full) {
        size_t bytes = ((size_t)r->c->stack_max + 1) * sizeof r->stack[0];
        r->stack = (struct pst_cedar_value *)pst_arena_take(r->arena, bytes);
        r->full = r->stack == NULL;
    }
    return r->full ? pst_fail(err, PST_E_NO_MEMORY, "the memory limit of this request was reached")
                   : PST_OK;
}

enum pst_status pst_cedar_authorize(struct pst_cedar_request *r, struct pst_cedar_answer *ret,
                                    struct pst_err *err)
{
    bool forbidden = false;
    *ret = (struct pst_cedar_answer){.allow = false};
    if (pst_cedar_request_ready(r, err) != PST_OK) {
        return PST_ERR;
    }
    r->n[PST_CEDAR_L_reasons] = 0;
    r->n[PST_CEDAR_L_failures] = 0;
    struct pst_cedar_walk walk;
    pst_cedar_walk_init(&walk, r);
    for (uint32_t i = pst_cedar_walk_next(&walk); i != PST_CEDAR_NO;
         i = pst_cedar_walk_next(&walk)) {
        consider(r, i, &forbidden);
    }
    if (r->full) {
        return pst_fail(err, PST_E_NO_MEMORY, "the memory limit of this request was reached");
    }
    *ret = (struct pst_cedar_answer){.allow = !forbidden && r->n[PST_CEDAR_L_reasons] > 0,
                                     .reasons = r->reasons,
                                     .n_reasons = r->n[PST_CEDAR_L_reasons],
                                     .errors = r->failures,
                                     .n_errors = r->n[PST_CEDAR_L_failures]};
    return PST_OK;
}
