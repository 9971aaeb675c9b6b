/* Evaluation with unknown values. A value that is not known carries the outcomes it may still have;
 * an
 * && or || or `if` whose test is not known goes on into what follows and joins both ways where they
 * meet. */
#include "cedar/eval.h"
#include "cedar/explain.h"
#include "cedar/index.h"

/* Outcomes, as bits in `n` of an unknown value. */
enum { MAY_TRUE = 1, MAY_FALSE = 2, MAY_FAIL = 4, MAY_OTHER = 8, MAY_ALL = 15 };

enum join_kind { JOIN_AND, JOIN_OR, JOIN_THEN, JOIN_ELSE };

/* A test that was not known; joined when instruction `at` is reached. */
struct join {
    enum join_kind kind;
    uint32_t test; /* outcomes of the test */
    uint32_t then; /* outcomes of the then-branch */
    uint32_t at;
    uint32_t top; /* height of the stack when the test had been popped */
};

enum { JOINS_MAX = 64 };

struct partial {
    struct pst_cedar_request *r;
    struct pst_cedar_value *stack;
    uint32_t top;
    struct join joins[JOINS_MAX];
    uint32_t n_joins;
};

static struct pst_cedar_value unknown(uint32_t outcomes)
{
    return (struct pst_cedar_value){.tag = PST_CEDAR_UNKNOWN, .n = outcomes};
}

struct pst_cedar_value pst_cedar_unknown(void)
{
    return unknown(MAY_ALL);
}

static bool is_unknown(struct pst_cedar_value v)
{
    return v.tag == PST_CEDAR_UNKNOWN;
}

static uint32_t outcomes(struct pst_cedar_value v)
{
    if (is_unknown(v)) {
        return v.n;
    }
    if (v.tag == PST_CEDAR_BOOL) {
        return v.i != 0 ? MAY_TRUE : MAY_FALSE;
    }
    return MAY_OTHER;
}

/* As where a bool is required: anything else is a failure. */
static uint32_t as_bool(uint32_t o)
{
    return (o & MAY_OTHER) != 0 ? (o & ~(uint32_t)MAY_OTHER) | MAY_FAIL : o;
}

static struct pst_cedar_value from_outcomes(uint32_t o)
{
    if (o == MAY_TRUE || o == MAY_FALSE) {
        return pst_cedar_bool(o == MAY_TRUE);
    }
    return unknown(o);
}

static uint32_t join(const struct join *j, uint32_t rest)
{
    uint32_t test = as_bool(j->test);
    uint32_t o = test & MAY_FAIL;
    if (j->kind == JOIN_AND) {
        o |= test & MAY_FALSE;
        return (test & MAY_TRUE) != 0 ? o | as_bool(rest) : o;
    }
    if (j->kind == JOIN_OR) {
        o |= test & MAY_TRUE;
        return (test & MAY_FALSE) != 0 ? o | as_bool(rest) : o;
    }
    o |= (test & MAY_TRUE) != 0 ? j->then : 0;
    return (test & MAY_FALSE) != 0 ? o | rest : o;
}

/* The result of an operation one of whose operands is unknown. `plain`: what it may come to besides
 * failing. */
static struct pst_cedar_value operation(uint32_t plain, bool total, uint32_t operands)
{
    uint32_t fails = total ? operands & MAY_FAIL : MAY_FAIL;
    return unknown(plain | fails);
}

/* One instruction that is neither a test nor a jump. False: it certainly fails. */
static bool plain_step(struct partial *k, const struct pst_cedar_policy_row *p, uint32_t at)
{
    struct pst_cedar_code code = k->r->c->code[p->code + at];
    uint32_t pop = 0;
    uint32_t push = 0;
    uint32_t seen = 0;
    bool any = false;
    bool ok = pst_cedar_code_effect(k->r->c, code, &pop, &push);
    PST_BUG_ON(!ok || pop > k->top);
    for (uint32_t i = k->top - pop; i < k->top; i++) {
        any = any || is_unknown(k->stack[i]);
        seen |= outcomes(k->stack[i]);
    }
    bool of_context = (code.op == PST_CEDAR_C_VAR_GET || code.op == PST_CEDAR_C_VAR_HAS) &&
                      code.x == PST_CEDAR_CONTEXT && is_unknown(k->r->context);
    if (!any && !of_context) {
        enum pst_error fault = PST_E_NONE;
        return pst_cedar_step(k->r, code, k->stack, &k->top, &fault);
    }
    k->top -= pop;
    uint32_t both = MAY_TRUE | MAY_FALSE;
    struct pst_cedar_value v = unknown(MAY_ALL);
    if (code.op == PST_CEDAR_C_VAR_HAS) {
        v = unknown(both);
    } else if (code.op == PST_CEDAR_C_EQ_CONST ||
               (code.op == PST_CEDAR_C_BINARY &&
                (code.x == PST_CEDAR_OP_EQ || code.x == PST_CEDAR_OP_NE))) {
        v = operation(both, true, seen);
    } else if (code.op == PST_CEDAR_C_SET || code.op == PST_CEDAR_C_RECORD) {
        v = operation(MAY_OTHER, true, seen);
    } else if (code.op == PST_CEDAR_C_UNARY && code.x == PST_CEDAR_OP_NOT) {
        uint32_t o = as_bool(seen);
        v = from_outcomes((o & MAY_FAIL) | ((o & MAY_TRUE) != 0 ? MAY_FALSE : 0u) |
                          ((o & MAY_FALSE) != 0 ? MAY_TRUE : 0u));
    } else if (code.op == PST_CEDAR_C_BOOL) {
        v = from_outcomes(as_bool(seen));
    } else if (code.op == PST_CEDAR_C_HAS || code.op == PST_CEDAR_C_LIKE ||
               code.op == PST_CEDAR_C_IS) {
        v = operation(both, false, seen);
    }
    k->stack[k->top++] = v;
    return true;
}

/* Gives up on what is being tested: its outcome is a failure; goes on where the ways meet. */
static uint32_t abandon(struct partial *k)
{
    const struct join *j = &k->joins[k->n_joins - 1];
    k->top = j->top;
    k->stack[k->top++] = unknown(MAY_FAIL);
    return j->at;
}

/* A test. Returns the next instruction; *ret_lost when there are too many unknown ones. */
static uint32_t test_step(struct partial *k, const struct pst_cedar_policy_row *p, uint32_t at,
                          bool *ret_failed, bool *ret_lost)
{
    struct pst_cedar_code code = k->r->c->code[p->code + at];
    struct pst_cedar_value v = k->stack[--k->top];
    uint32_t o = as_bool(outcomes(v));
    uint32_t skips = code.op == PST_CEDAR_C_OR ? MAY_TRUE : MAY_FALSE;
    if ((o & (MAY_TRUE | MAY_FALSE)) == 0) {
        *ret_failed = true;
        return at + 1;
    }
    if (o == skips) {
        if (code.op != PST_CEDAR_C_IF) {
            k->stack[k->top++] = v;
        }
        return code.a;
    }
    if (o == ((MAY_TRUE | MAY_FALSE) ^ skips)) {
        return at + 1;
    }
    bool branch = code.op == PST_CEDAR_C_IF;
    const struct pst_cedar_code *before = &k->r->c->code[p->code + code.a - 1];
    if (k->n_joins == JOINS_MAX || (branch && before->op != PST_CEDAR_C_JUMP)) {
        *ret_lost = true;
        return at + 1;
    }
    k->joins[k->n_joins++] = (struct join){.kind = branch                       ? JOIN_THEN
                                                   : code.op == PST_CEDAR_C_AND ? JOIN_AND
                                                                                : JOIN_OR,
                                           .test = o,
                                           .at = branch ? code.a - 1 : code.a,
                                           .top = k->top};
    return at + 1;
}

/* Joins all ways that meet at this instruction. Returns where to go on. */
static uint32_t meet(struct partial *k, const struct pst_cedar_policy_row *p, uint32_t at)
{
    while (k->n_joins > 0 && k->joins[k->n_joins - 1].at == at) {
        struct join *j = &k->joins[k->n_joins - 1];
        uint32_t o = outcomes(k->stack[--k->top]);
        if (j->kind == JOIN_THEN) {
            /* At the jump that ends the then-branch: the else-branch comes next. */
            j->kind = JOIN_ELSE;
            j->then = o;
            j->at = k->r->c->code[p->code + at].a;
            return at + 1;
        }
        k->n_joins--;
        k->stack[k->top++] = from_outcomes(join(j, o));
    }
    return at;
}

/* Outcomes of the policy's conditions: satisfied, not satisfied, failed. */
static uint32_t evaluate(struct pst_cedar_request *r, const struct pst_cedar_policy_row *p)
{
    struct partial k = {.r = r, .stack = r->stack};
    uint32_t so_far = 0;
    uint32_t at = 0;
    for (;;) {
        uint32_t next = meet(&k, p, at);
        if (next != at) {
            at = next;
            continue;
        }
        if (at >= p->n_code) {
            return so_far | MAY_TRUE;
        }
        struct pst_cedar_code code = r->c->code[p->code + at];
        bool failed = false;
        bool lost = false;
        if (code.op == PST_CEDAR_C_REQUIRE) {
            uint32_t o = as_bool(outcomes(k.stack[--k.top]));
            uint32_t right = code.x != 0 ? MAY_TRUE : MAY_FALSE;
            so_far |= o & MAY_FAIL;
            so_far |= (o & (MAY_TRUE | MAY_FALSE) & ~right) != 0 ? MAY_FALSE : 0u;
            if ((o & right) == 0) {
                return so_far;
            }
            at++;
        } else if (code.op == PST_CEDAR_C_JUMP) {
            at = code.a;
        } else if (code.op == PST_CEDAR_C_AND || code.op == PST_CEDAR_C_OR ||
                   code.op == PST_CEDAR_C_IF) {
            at = test_step(&k, p, at, &failed, &lost);
        } else {
            failed = !plain_step(&k, p, at);
            at++;
        }
        if (lost) {
            return MAY_TRUE | MAY_FALSE | MAY_FAIL;
        }
        if (failed && k.n_joins > 0 && k.joins[k.n_joins - 1].at < at) {
            return MAY_ALL; /* not what the compiler writes: the ways do not nest */
        }
        if (failed && k.n_joins == 0) {
            return so_far | MAY_FAIL;
        }
        if (failed) {
            at = abandon(&k);
        }
    }
}

enum pst_status pst_cedar_outlook(struct pst_cedar_request *r, struct pst_cedar_outlook *ret,
                                  struct pst_err *err)
{
    bool may_permit = false;
    bool must_permit = false;
    bool may_forbid = false;
    bool must_forbid = false;
    struct pst_cedar_walk walk;
    *ret = (struct pst_cedar_outlook){.verdict = PST_CEDAR_NEVER};
    if (pst_cedar_request_ready(r, err) != PST_OK) {
        return PST_ERR;
    }
    pst_cedar_walk_init(&walk, r);
    for (uint32_t i = pst_cedar_walk_next(&walk); i != PST_CEDAR_NO;
         i = pst_cedar_walk_next(&walk)) {
        const struct pst_cedar_policy_row *p = &r->c->policies[i];
        if (!pst_cedar_scope_match(r, p)) {
            continue;
        }
        uint32_t values = r->n[PST_CEDAR_L_values];
        uint32_t fields = r->n[PST_CEDAR_L_fields];
        uint32_t ips = r->n[PST_CEDAR_L_ips];
        uint32_t o = evaluate(r, p);
        r->n[PST_CEDAR_L_values] = values;
        r->n[PST_CEDAR_L_fields] = fields;
        r->n[PST_CEDAR_L_ips] = ips;
        ret->error_certain = ret->error_certain || o == MAY_FAIL;
        ret->error_possible = ret->error_possible || (o & MAY_FAIL) != 0;
        if (p->forbid != 0) {
            may_forbid = may_forbid || (o & MAY_TRUE) != 0;
            must_forbid = must_forbid || o == MAY_TRUE;
        } else {
            may_permit = may_permit || (o & MAY_TRUE) != 0;
            must_permit = must_permit || o == MAY_TRUE;
        }
    }
    if (r->full) {
        return pst_fail(err, PST_E_NO_MEMORY, "the memory limit of this request was reached");
    }
    if (may_permit && !must_forbid) {
        ret->verdict = must_permit && !may_forbid ? PST_CEDAR_ALWAYS : PST_CEDAR_DEPENDS;
    }
    return PST_OK;
}
