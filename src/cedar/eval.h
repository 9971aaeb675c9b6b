/* Internal: running a policy's instructions for a request. */
#ifndef PST_CEDAR_EVAL_H
#define PST_CEDAR_EVAL_H

#include "cedar/compile.h"
#include "cedar/request.h"

enum pst_cedar_outcome {
    PST_CEDAR_SATISFIED,
    PST_CEDAR_NOT_SATISFIED,
    PST_CEDAR_FAILED,
};

/* The instruction that failed or, of a policy that is not satisfied, the REQUIRE; counted from the
 * policy's first. */
struct pst_cedar_fault {
    enum pst_error code;
    uint32_t at;
    uint32_t jumped; /* the && or || that was last cut short; PST_CEDAR_NO none */
};

/* Runs the conditions of a policy whose scope matches. The request's stack must have room for
 * p->n_stack values. Local values made meanwhile are dropped. */
enum pst_cedar_outcome pst_cedar_eval(struct pst_cedar_request *r,
                                      const struct pst_cedar_policy_row *p,
                                      struct pst_cedar_fault *ret);

/* No template, and principal, action and resource are in its scope. */
bool pst_cedar_scope_match(const struct pst_cedar_request *r, const struct pst_cedar_policy_row *p);
/* One of the three alone. */
bool pst_cedar_scope_part(const struct pst_cedar_request *r, const struct pst_cedar_policy_row *p,
                          enum pst_cedar_var var);
/* Principal, action and resource are set, and there is a stack. */
PST_NODISCARD enum pst_status pst_cedar_request_ready(struct pst_cedar_request *r,
                                                      struct pst_err *err);

/* One instruction that is no jump, no test and no REQUIRE, on a stack of *top values. */
bool pst_cedar_step(struct pst_cedar_request *r, struct pst_cedar_code code,
                    struct pst_cedar_value *stack, uint32_t *top, enum pst_error *ret_code);

/* The operations, for values that are known; false: *ret_code says what is wrong. */
bool pst_cedar_eval_unary(struct pst_cedar_request *r, enum pst_cedar_op op,
                          struct pst_cedar_value a, struct pst_cedar_value *ret,
                          enum pst_error *ret_code);
bool pst_cedar_eval_binary(struct pst_cedar_request *r, enum pst_cedar_op op,
                           struct pst_cedar_value a, struct pst_cedar_value b,
                           struct pst_cedar_value *ret, enum pst_error *ret_code);
bool pst_cedar_eval_call(struct pst_cedar_request *r, enum pst_cedar_fn fn,
                         const struct pst_cedar_value *args, uint32_t n,
                         struct pst_cedar_value *ret, enum pst_error *ret_code);
/* s like a pattern of n texts with a star between each two. */
bool pst_cedar_like(const struct pst_cedar *c, struct pst_str s, const uint32_t *texts, uint32_t n);

#endif
