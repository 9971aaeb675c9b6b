#include "cedar/check.h"

#include <stdlib.h>

static bool sym_ok(const struct pst_cedar *c, uint32_t sym)
{
    return sym < PST_CEDAR_N_OF(c, syms);
}

/* kids[at] is a count and that many symbols follow. */
static bool sym_list_ok(const struct pst_cedar *c, uint32_t at)
{
    uint32_t n = PST_CEDAR_N_OF(c, kids);
    if (at >= n || c->kids[at] > n - at - 1) {
        return false;
    }
    for (uint32_t i = 0; i < c->kids[at]; i++) {
        if (!sym_ok(c, c->kids[at + 1 + i])) {
            return false;
        }
    }
    return true;
}

/* Keys must ascend: records are searched by halving. */
static bool keys_ok(const struct pst_cedar *c, uint32_t at)
{
    if (!sym_list_ok(c, at)) {
        return false;
    }
    for (uint32_t i = 1; i < c->kids[at]; i++) {
        if (c->kids[at + i] >= c->kids[at + 1 + i]) {
            return false;
        }
    }
    return true;
}

bool pst_cedar_code_effect(const struct pst_cedar *c, struct pst_cedar_code code, uint32_t *ret_pop,
                           uint32_t *ret_push)
{
    *ret_pop = 1;
    *ret_push = 1;
    switch ((enum pst_cedar_code_op)code.op) {
    case PST_CEDAR_C_CONST:
        *ret_pop = 0;
        return code.a < PST_CEDAR_N_OF(c, values);
    case PST_CEDAR_C_VAR:
        *ret_pop = 0;
        return code.x < PST_CEDAR_VAR_COUNT;
    case PST_CEDAR_C_VAR_GET:
    case PST_CEDAR_C_VAR_HAS:
        *ret_pop = 0;
        return code.x < PST_CEDAR_VAR_COUNT && sym_ok(c, code.a);
    case PST_CEDAR_C_AND:
    case PST_CEDAR_C_OR:
    case PST_CEDAR_C_IF:
    case PST_CEDAR_C_REQUIRE:
        *ret_push = 0;
        return code.x <= 1;
    case PST_CEDAR_C_JUMP:
        *ret_pop = 0;
        *ret_push = 0;
        return true;
    case PST_CEDAR_C_BOOL:
        return true;
    case PST_CEDAR_C_UNARY:
        return code.x <= PST_CEDAR_OP_IS_EMPTY;
    case PST_CEDAR_C_BINARY:
        *ret_pop = 2;
        return code.x > PST_CEDAR_OP_IS_EMPTY && code.x < PST_CEDAR_OP_COUNT;
    case PST_CEDAR_C_EQ_CONST:
        return code.x <= 1 && code.a < PST_CEDAR_N_OF(c, values);
    case PST_CEDAR_C_GET:
    case PST_CEDAR_C_HAS:
    case PST_CEDAR_C_IS:
        return sym_ok(c, code.a);
    case PST_CEDAR_C_LIKE:
        return sym_list_ok(c, code.a) && c->kids[code.a] != 0;
    case PST_CEDAR_C_SET:
        *ret_pop = code.a;
        return code.a <= PST_CEDAR_STACK_MAX;
    case PST_CEDAR_C_RECORD:
        if (!keys_ok(c, code.a)) {
            return false;
        }
        *ret_pop = c->kids[code.a];
        return true;
    case PST_CEDAR_C_CALL:
        *ret_pop = code.y;
        return code.x < PST_CEDAR_FN_COUNT;
    case PST_CEDAR_C_COUNT:
    default:
        return false;
    }
}

static bool jumps(uint8_t op)
{
    return op == PST_CEDAR_C_AND || op == PST_CEDAR_C_OR || op == PST_CEDAR_C_IF ||
           op == PST_CEDAR_C_JUMP;
}

enum { UNREACHED = -1 };

/* Before an else-branch stands the jump that ends the then-branch, with its value on the stack. */
static bool then_branch_ok(const struct pst_cedar *c, const struct pst_cedar_policy_row *p,
                           uint32_t other, int32_t base, int32_t *height)
{
    uint32_t end = other - 1;
    if (c->code[p->code + end].op != PST_CEDAR_C_JUMP ||
        (height[end] != UNREACHED && height[end] != base + 1)) {
        return false;
    }
    height[end] = base + 1;
    return true;
}

/* Heights of the stack before each instruction of one policy. Negative: not valid. */
static int32_t walk(const struct pst_cedar *c, const struct pst_cedar_policy_row *p,
                    int32_t *height)
{
    int32_t highest = 0;
    for (uint32_t i = 0; i <= p->n_code; i++) {
        height[i] = UNREACHED;
    }
    height[0] = 0;
    for (uint32_t i = 0; i < p->n_code; i++) {
        struct pst_cedar_code code = c->code[p->code + i];
        uint32_t pop = 0;
        uint32_t push = 0;
        int32_t now = height[i];
        if (now < 0 || !pst_cedar_code_effect(c, code, &pop, &push) || pop > (uint32_t)now) {
            return -1;
        }
        int32_t next = now - (int32_t)pop + (int32_t)push;
        highest = next > highest ? next : highest;
        if (next > PST_CEDAR_STACK_MAX) {
            return next;
        }
        if (jumps(code.op)) {
            /* && and || keep the value when they jump; if has popped it, a jump leaves it. */
            bool keeps = code.op == PST_CEDAR_C_AND || code.op == PST_CEDAR_C_OR;
            int32_t there = keeps ? now : next;
            if (code.a <= i || code.a > p->n_code ||
                (height[code.a] != UNREACHED && height[code.a] != there)) {
                return -1;
            }
            height[code.a] = there;
            if (code.op == PST_CEDAR_C_IF && !then_branch_ok(c, p, code.a, there, height)) {
                return -1;
            }
        }
        if (code.op != PST_CEDAR_C_JUMP) {
            if (height[i + 1] != UNREACHED && height[i + 1] != next) {
                return -1;
            }
            height[i + 1] = next;
        }
    }
    return height[p->n_code] == 0 ? highest : -1;
}

static enum pst_status check_policy(struct pst_cedar *c, uint32_t i, int32_t *height,
                                    struct pst_err *err)
{
    struct pst_cedar_policy_row *p = &c->policies[i];
    int32_t highest = walk(c, p, height);
    if (highest > PST_CEDAR_STACK_MAX) {
        pst_cedar_err_file(err, pst_cedar_text(c, p->file));
        return pst_fail_at(err, PST_E_CEDAR_LIMIT, p->line, p->column,
                           "an expression of this policy is too large");
    }
    if (highest < 0 || (c->borrowed && p->n_stack != (uint32_t)highest)) {
        return pst_fail(err, PST_E_CEDAR_SYNTAX, "policy %u has instructions that are not valid",
                        i);
    }
    if (!c->borrowed) {
        p->n_stack = (uint32_t)highest;
    }
    c->stack_max = p->n_stack > c->stack_max ? p->n_stack : c->stack_max;
    return PST_OK;
}

enum pst_status pst_cedar_check_code(struct pst_cedar *c, struct pst_err *err)
{
    uint32_t most = 0;
    uint32_t n_code = PST_CEDAR_N_OF(c, code);
    for (uint32_t i = 0; i < PST_CEDAR_N_OF(c, policies); i++) {
        const struct pst_cedar_policy_row *p = &c->policies[i];
        if (p->code > n_code || p->n_code > n_code - p->code) {
            return pst_fail(err, PST_E_CEDAR_SYNTAX, "policy %u has no instructions", i);
        }
        most = p->n_code > most ? p->n_code : most;
    }
    int32_t *height = (int32_t *)malloc(((size_t)most + 1) * sizeof height[0]);
    if (height == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory to check the policies");
    }
    enum pst_status st = PST_OK;
    for (uint32_t i = 0; i < PST_CEDAR_N_OF(c, policies) && st == PST_OK; i++) {
        st = check_policy(c, i, height, err);
    }
    free(height);
    return st;
}
