/* The instruction loop. */
#include "cedar/eval.h"

struct machine {
    struct pst_cedar_request *r;
    struct pst_cedar_ctx x;
    struct pst_cedar_value *stack;
    uint32_t top; /* values on the stack */
    enum pst_error code;
};

static struct pst_cedar_value variable(const struct pst_cedar_request *r, uint8_t var)
{
    if (var == PST_CEDAR_CONTEXT) {
        return r->context;
    }
    return (struct pst_cedar_value){.tag = PST_CEDAR_UID, .i = r->vars[var]};
}

/* v . key; entities and records alike. */
static bool get(struct machine *m, struct pst_cedar_value v, uint32_t key,
                struct pst_cedar_value *ret)
{
    m->code = PST_E_CEDAR_ATTRIBUTE;
    if (v.tag == PST_CEDAR_UID) {
        struct pst_cedar_entity_view e = pst_cedar_entity_of(m->r, (uint32_t)v.i);
        if (!e.exists) {
            m->code = PST_E_CEDAR_ENTITY;
            return false;
        }
        v = e.attrs;
    } else if (v.tag != PST_CEDAR_RECORD && v.tag != PST_CEDAR_NONE) {
        m->code = PST_E_CEDAR_TYPE;
        return false;
    }
    const struct pst_cedar_value *member = pst_cedar_member(m->x, v, key);
    if (member != NULL) {
        *ret = *member;
    }
    return member != NULL;
}

static bool has(struct machine *m, struct pst_cedar_value v, uint32_t key,
                struct pst_cedar_value *ret)
{
    if (v.tag == PST_CEDAR_UID) {
        v = pst_cedar_entity_of(m->r, (uint32_t)v.i).attrs;
    } else if (v.tag != PST_CEDAR_RECORD && v.tag != PST_CEDAR_NONE) {
        m->code = PST_E_CEDAR_TYPE;
        return false;
    }
    *ret = pst_cedar_bool(pst_cedar_member(m->x, v, key) != NULL);
    return true;
}

static bool is_like(struct machine *m, struct pst_cedar_value v, uint32_t pattern,
                    struct pst_cedar_value *ret)
{
    const struct pst_cedar *c = m->r->c;
    m->code = PST_E_CEDAR_TYPE;
    if (v.tag != PST_CEDAR_STRING) {
        return false;
    }
    *ret = pst_cedar_bool(pst_cedar_like(c, pst_cedar_sym_text(m->x, (uint32_t)v.i),
                                         &c->kids[pattern + 1], c->kids[pattern]));
    return true;
}

/* A set of the top n values. */
static bool make_set(struct machine *m, uint32_t n)
{
    m->top -= n;
    struct pst_cedar_value set = pst_cedar_set(m->r, &m->stack[m->top], n);
    m->stack[m->top++] = set;
    m->code = PST_E_NO_MEMORY;
    return !m->r->full;
}

static bool make_record(struct machine *m, uint32_t at)
{
    const uint32_t *keys = &m->r->c->kids[at];
    uint32_t n = keys[0];
    uint32_t first = PST_CEDAR_LOCAL_ADD(m->r, fields, n);
    m->code = PST_E_NO_MEMORY;
    if (first == PST_CEDAR_NO) {
        return false;
    }
    m->top -= n;
    for (uint32_t i = 0; i < n; i++) {
        m->r->fields[first + i] = (struct pst_cedar_field){.key = keys[i + 1],
                                                           .value = m->stack[m->top + i]};
    }
    m->stack[m->top++] = (struct pst_cedar_value){
        .tag = PST_CEDAR_RECORD, .n = n, .i = n != 0 ? first | PST_CEDAR_LOCAL : 0};
    return true;
}

static bool call(struct machine *m, struct pst_cedar_code code)
{
    struct pst_cedar_value v = {0};
    m->top -= code.y;
    bool ok = pst_cedar_eval_call(m->r, (enum pst_cedar_fn)code.x, &m->stack[m->top], code.y, &v,
                                  &m->code);
    m->stack[m->top++] = v;
    return ok;
}

/* Instructions that neither jump nor end: false is a failure. */
static bool execute(struct machine *m, struct pst_cedar_code code)
{
    const struct pst_cedar *c = m->r->c;
    struct pst_cedar_value *top = m->top > 0 ? &m->stack[m->top - 1] : m->stack;
    switch ((enum pst_cedar_code_op)code.op) {
    case PST_CEDAR_C_CONST:
        m->stack[m->top++] = c->values[code.a];
        return true;
    case PST_CEDAR_C_VAR:
        m->stack[m->top++] = variable(m->r, code.x);
        return true;
    case PST_CEDAR_C_VAR_GET:
        return get(m, variable(m->r, code.x), code.a, &m->stack[m->top++]);
    case PST_CEDAR_C_VAR_HAS:
        return has(m, variable(m->r, code.x), code.a, &m->stack[m->top++]);
    case PST_CEDAR_C_BOOL:
        m->code = PST_E_CEDAR_TYPE;
        return top->tag == PST_CEDAR_BOOL;
    case PST_CEDAR_C_UNARY:
        return pst_cedar_eval_unary(m->r, (enum pst_cedar_op)code.x, *top, top, &m->code);
    case PST_CEDAR_C_BINARY:
        m->top--;
        top = &m->stack[m->top - 1];
        return pst_cedar_eval_binary(m->r, (enum pst_cedar_op)code.x, *top, m->stack[m->top], top,
                                     &m->code);
    case PST_CEDAR_C_EQ_CONST:
        *top = pst_cedar_bool(pst_cedar_value_eq(m->x, *top, c->values[code.a]) == (code.x == 0));
        return true;
    case PST_CEDAR_C_GET:
        return get(m, *top, code.a, top);
    case PST_CEDAR_C_HAS:
        return has(m, *top, code.a, top);
    case PST_CEDAR_C_LIKE:
        return is_like(m, *top, code.a, top);
    case PST_CEDAR_C_IS:
        m->code = PST_E_CEDAR_TYPE;
        if (top->tag != PST_CEDAR_UID) {
            return false;
        }
        *top = pst_cedar_bool(pst_cedar_uid_type(m->x, (uint32_t)top->i) == code.a);
        return true;
    case PST_CEDAR_C_SET:
        return make_set(m, code.a);
    case PST_CEDAR_C_RECORD:
        return make_record(m, code.a);
    case PST_CEDAR_C_CALL:
        return call(m, code);
    case PST_CEDAR_C_AND:
    case PST_CEDAR_C_OR:
    case PST_CEDAR_C_IF:
    case PST_CEDAR_C_JUMP:
    case PST_CEDAR_C_REQUIRE:
    case PST_CEDAR_C_COUNT:
    default:
        PST_BUG_ON(true);
    }
}

bool pst_cedar_step(struct pst_cedar_request *r, struct pst_cedar_code code,
                    struct pst_cedar_value *stack, uint32_t *top, enum pst_error *ret_code)
{
    struct machine m = {.r = r, .x = {.c = r->c, .r = r}, .stack = stack, .top = *top};
    bool ok = execute(&m, code);
    *top = m.top;
    *ret_code = m.code;
    return ok;
}

static enum pst_cedar_outcome run(struct machine *m, const struct pst_cedar_policy_row *p,
                                  uint32_t *ret_at, uint32_t *ret_jumped)
{
    const struct pst_cedar_code *codes = &m->r->c->code[p->code];
    for (uint32_t at = 0; at < p->n_code; at++) {
        struct pst_cedar_code code = codes[at];
        *ret_at = at;
        if (code.op == PST_CEDAR_C_JUMP) {
            at = code.a - 1;
            continue;
        }
        bool tests = code.op == PST_CEDAR_C_AND || code.op == PST_CEDAR_C_OR ||
                     code.op == PST_CEDAR_C_IF || code.op == PST_CEDAR_C_REQUIRE;
        if (!tests) {
            if (!execute(m, code)) {
                return PST_CEDAR_FAILED;
            }
            continue;
        }
        struct pst_cedar_value v = m->stack[m->top - 1];
        if (v.tag != PST_CEDAR_BOOL) {
            m->code = PST_E_CEDAR_TYPE;
            return PST_CEDAR_FAILED;
        }
        if (code.op == PST_CEDAR_C_REQUIRE) {
            m->top--;
            if (v.i != code.x) {
                return PST_CEDAR_NOT_SATISFIED;
            }
        } else if (code.op == PST_CEDAR_C_IF) {
            m->top--;
            at = v.i != 0 ? at : code.a - 1;
        } else if ((v.i != 0) == (code.op == PST_CEDAR_C_OR)) {
            *ret_jumped = at;
            at = code.a - 1;
        } else {
            m->top--;
        }
    }
    return PST_CEDAR_SATISFIED;
}

enum pst_cedar_outcome pst_cedar_eval(struct pst_cedar_request *r,
                                      const struct pst_cedar_policy_row *p,
                                      struct pst_cedar_fault *ret)
{
    if (p->n_code == 0) {
        return PST_CEDAR_SATISFIED;
    }
    uint32_t values = r->n[PST_CEDAR_L_values];
    uint32_t fields = r->n[PST_CEDAR_L_fields];
    uint32_t ips = r->n[PST_CEDAR_L_ips];
    struct machine m = {.r = r, .x = {.c = r->c, .r = r}, .stack = r->stack};
    uint32_t at = 0;
    uint32_t jumped = PST_CEDAR_NO;
    enum pst_cedar_outcome outcome = run(&m, p, &at, &jumped);
    if (ret != NULL) {
        *ret = (struct pst_cedar_fault){.code = m.code, .at = at, .jumped = jumped};
    }
    r->n[PST_CEDAR_L_values] = values;
    r->n[PST_CEDAR_L_fields] = fields;
    r->n[PST_CEDAR_L_ips] = ips;
    return outcome;
}
