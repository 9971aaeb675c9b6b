/* Why a decision came out as it did, in words. Looks at every policy, so that the nearest one can
 * be named: the one that would have permitted with the fewest things different. */
#include "cedar/explain.h"

#include "cedar/eval.h"
#include "cedar/lex.h"
#include "cedar/print.h"

enum { NEAREST_MAX = 3, VALUE_MAX = 120 };

struct explainer {
    struct pst_cedar_request *r;
    const struct pst_cedar *c;
    struct pst_buf *out;
};

static struct pst_cedar_ctx ctx_of(const struct pst_cedar_request *r)
{
    return (struct pst_cedar_ctx){.c = r->c, .r = r};
}

/* --- values ------------------------------------------------------------------------------------
 */

static bool quote_cut(struct pst_buf *out, struct pst_str s, size_t max)
{
    size_t n = s.n;
    if (n > max) {
        n = max;
        while (n > 0 && (s.p[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    return pst_cedar_quote(out, pst_str_cut(s, 0, n)) && (n == s.n || PST_BUF_LIT(out, "…"));
}

static bool uid_text(const struct pst_cedar_request *r, uint32_t uid, struct pst_buf *out)
{
    struct pst_cedar_ctx x = ctx_of(r);
    return pst_buf_add(out, pst_cedar_sym_text(x, pst_cedar_uid_type(x, uid))) &&
           PST_BUF_LIT(out, "::") &&
           quote_cut(out, pst_cedar_sym_text(x, pst_cedar_uid_id(x, uid)), VALUE_MAX);
}

static bool scalar_text(const struct pst_cedar_request *r, struct pst_cedar_value v, size_t max,
                        struct pst_buf *out)
{
    switch ((enum pst_cedar_tag)v.tag) {
    case PST_CEDAR_BOOL:
        return pst_buf_add(out, v.i != 0 ? PST_STR("true") : PST_STR("false"));
    case PST_CEDAR_LONG:
        return pst_buf_i64(out, v.i);
    case PST_CEDAR_STRING:
        return quote_cut(out, pst_cedar_sym_text(ctx_of(r), (uint32_t)v.i), max);
    case PST_CEDAR_UID:
        return uid_text(r, (uint32_t)v.i, out);
    case PST_CEDAR_DECIMAL:
        return PST_BUF_LIT(out, "decimal(\"") && pst_cedar_decimal_put(out, v.i) &&
               PST_BUF_LIT(out, "\")");
    case PST_CEDAR_DATETIME:
        return PST_BUF_LIT(out, "datetime(\"1970-01-01\").offset(duration(\"") &&
               pst_cedar_duration_put(out, v.i) && PST_BUF_LIT(out, "\"))");
    case PST_CEDAR_DURATION:
        return PST_BUF_LIT(out, "duration(\"") && pst_cedar_duration_put(out, v.i) &&
               PST_BUF_LIT(out, "\")");
    case PST_CEDAR_IP:
        return PST_BUF_LIT(out, "ip(\"") && pst_cedar_ip_put(out, pst_cedar_ip_of(ctx_of(r), v)) &&
               PST_BUF_LIT(out, "\")");
    case PST_CEDAR_UNKNOWN:
        return PST_BUF_LIT(out, "(not known)");
    case PST_CEDAR_SET:
        return pst_buf_fmt(out, "a set of %u", v.n);
    case PST_CEDAR_NONE:
    case PST_CEDAR_RECORD:
        return pst_buf_fmt(out, "a record of %u", v.n);
    case PST_CEDAR_TAG_COUNT:
    default:
        return false;
    }
}

bool pst_cedar_value_text(const struct pst_cedar_request *r, struct pst_cedar_value v, size_t max,
                          struct pst_buf *out)
{
    bool set = v.tag == PST_CEDAR_SET;
    if (!set && v.tag != PST_CEDAR_RECORD && v.tag != PST_CEDAR_NONE) {
        return scalar_text(r, v, max, out);
    }
    /* One level: what is deeper is counted, not written out. */
    size_t start = out->n;
    bool ok = pst_buf_byte(out, set ? '[' : '{');
    for (uint32_t i = 0; i < v.n && ok; i++) {
        ok = i == 0 || PST_BUF_LIT(out, ", ");
        if (out->n - start > max) {
            ok = ok && PST_BUF_LIT(out, "…");
            break;
        }
        if (set) {
            ok = ok && scalar_text(r, pst_cedar_items(ctx_of(r), v)[i], 40, out);
        } else {
            const struct pst_cedar_field *f = &pst_cedar_fields(ctx_of(r), v)[i];
            ok = ok && quote_cut(out, pst_cedar_sym_text(ctx_of(r), f->key), 40) &&
                 PST_BUF_LIT(out, ": ") && scalar_text(r, f->value, 40, out);
        }
    }
    return ok && pst_buf_byte(out, set ? ']' : '}');
}

/* The value of a variable or of a path of attributes from one; false for other expressions, and
 * when something on the path is missing. */
static bool path_value(const struct explainer *e, uint32_t node, struct pst_cedar_value *ret)
{
    uint32_t path[32];
    uint32_t n = 0;
    while (e->c->nodes[node].kind == PST_CEDAR_N_GET) {
        if (n == PST_LEN(path)) {
            return false;
        }
        path[n++] = e->c->nodes[node].b;
        node = e->c->nodes[node].a;
    }
    if (e->c->nodes[node].kind != PST_CEDAR_N_VAR) {
        return false;
    }
    uint32_t var = e->c->nodes[node].a;
    struct pst_cedar_value v = e->r->context;
    if (var != PST_CEDAR_CONTEXT) {
        v = (struct pst_cedar_value){.tag = PST_CEDAR_UID, .i = e->r->vars[var]};
    }
    while (n > 0) {
        struct pst_cedar_value rec = v;
        if (v.tag == PST_CEDAR_UID) {
            rec = pst_cedar_entity_of(e->r, (uint32_t)v.i).attrs;
        } else if (v.tag != PST_CEDAR_RECORD && v.tag != PST_CEDAR_NONE) {
            return false;
        }
        const struct pst_cedar_value *member = pst_cedar_member(ctx_of(e->r), rec, path[--n]);
        if (member == NULL) {
            return false;
        }
        v = *member;
    }
    *ret = v;
    return true;
}

/* --- conditions --------------------------------------------------------------------------------
 */

static bool expr_text(const struct explainer *e, uint32_t node)
{
    return pst_buf_byte(e->out, '`') && pst_cedar_print_expr(e->c, node, e->out) &&
           pst_buf_byte(e->out, '`');
}

enum { PATHS_MAX = 6, WALK_MAX = 64 };

/* The children of a node that may hold paths worth telling. */
static uint32_t children(const struct explainer *e, const struct pst_cedar_node *n, uint32_t ret[3],
                         uint32_t *ret_list)
{
    *ret_list = 0;
    ret[0] = n->a;
    ret[1] = n->b;
    ret[2] = n->c;
    switch ((enum pst_cedar_kind)n->kind) {
    case PST_CEDAR_N_IF:
        return 3;
    case PST_CEDAR_N_AND:
        return n->op == 1 ? 0 : 2; /* a has path: the words say it all */
    case PST_CEDAR_N_OR:
    case PST_CEDAR_N_BINARY:
        return 2;
    case PST_CEDAR_N_UNARY:
    case PST_CEDAR_N_LIKE:
    case PST_CEDAR_N_GET:
        return 1;
    case PST_CEDAR_N_IS:
        ret[1] = n->c;
        return n->c == PST_CEDAR_NO ? 1 : 2;
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_CALL:
        *ret_list = n->a;
        return n->b;
    case PST_CEDAR_N_BOOL:
    case PST_CEDAR_N_LONG:
    case PST_CEDAR_N_STRING:
    case PST_CEDAR_N_UID:
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_HAS:
    case PST_CEDAR_N_RECORD:
    case PST_CEDAR_N_COUNT:
    default:
        (void)e;
        return 0;
    }
}

/* "; `context.n` is 5" for the first few variables and attributes that an expression looks at. */
static bool operand_values(const struct explainer *e, uint32_t node)
{
    uint32_t stack[WALK_MAX];
    uint32_t depth = 1;
    uint32_t told = 0;
    bool ok = true;
    stack[0] = node;
    while (depth > 0 && ok && told < PATHS_MAX) {
        uint32_t at = stack[--depth];
        const struct pst_cedar_node *n = &e->c->nodes[at];
        bool path = n->kind == PST_CEDAR_N_GET || n->kind == PST_CEDAR_N_VAR;
        struct pst_cedar_value v;
        if (path && at != node && path_value(e, at, &v)) {
            ok = PST_BUF_LIT(e->out, "; ") && expr_text(e, at) && PST_BUF_LIT(e->out, " is ") &&
                 pst_cedar_value_text(e->r, v, VALUE_MAX, e->out);
            told++;
            continue;
        }
        uint32_t child[3];
        uint32_t list = 0;
        uint32_t count = children(e, n, child, &list);
        bool listed = n->kind == PST_CEDAR_N_SET || n->kind == PST_CEDAR_N_CALL;
        for (uint32_t i = count; i > 0 && depth < WALK_MAX; i--) {
            stack[depth++] = listed ? e->c->kids[list + i - 1] : child[i - 1];
        }
    }
    return ok;
}

/* The part of a condition that decided: down the right side of &&, whose left sides were true. */
static uint32_t deciding(const struct explainer *e, const struct pst_cedar_policy_row *p,
                         const struct pst_cedar_fault *fault)
{
    uint32_t node = e->c->code_nodes[p->code + fault->at];
    if (fault->jumped != PST_CEDAR_NO && e->c->code[p->code + fault->jumped].a == fault->at &&
        e->c->code[p->code + fault->jumped].op == PST_CEDAR_C_AND) {
        uint32_t cut = e->c->code_nodes[p->code + fault->jumped];
        /* `a is T in b` is a test of its own, though it was compiled like an &&. */
        node = e->c->nodes[cut].kind == PST_CEDAR_N_AND ? e->c->nodes[cut].a : cut;
    }
    while (e->c->nodes[node].kind == PST_CEDAR_N_AND && e->c->nodes[node].op == 0) {
        node = e->c->nodes[node].b;
    }
    return node;
}

static bool place(const struct explainer *e, uint32_t node)
{
    const struct pst_cedar_node *n = &e->c->nodes[node];
    return n->line == 0 || pst_buf_fmt(e->out, " (line %u, column %u)", n->line, n->column);
}

/* What stopped the conditions, and what would have to be otherwise. */
static bool condition(const struct explainer *e, const struct pst_cedar_policy_row *p,
                      enum pst_cedar_outcome outcome, const struct pst_cedar_fault *fault)
{
    if (outcome == PST_CEDAR_FAILED) {
        uint32_t node = e->c->code_nodes[p->code + fault->at];
        return PST_BUF_LIT(e->out, "    ") && expr_text(e, node) &&
               PST_BUF_LIT(e->out, " cannot be evaluated: ") &&
               pst_buf_add(e->out, pst_str_c(pst_error_row(fault->code)->text)) &&
               operand_values(e, node) && place(e, node) && PST_BUF_LIT(e->out, "\n");
    }
    uint32_t node = deciding(e, p, fault);
    bool when = e->c->code[p->code + fault->at].x != 0;
    return PST_BUF_LIT(e->out, "    ") && expr_text(e, node) &&
           pst_buf_add(e->out, when ? PST_STR(" is false") : PST_STR(" is true")) &&
           operand_values(e, node) && place(e, node) &&
           pst_buf_add(e->out, when ? PST_STR("; it would have to be true\n")
                                    : PST_STR("; it would have to be false\n"));
}

/* --- scopes ------------------------------------------------------------------------------------
 */

static bool scope_wants(const struct explainer *e, const struct pst_cedar_scope *s)
{
    bool ok = true;
    if (s->kind == PST_CEDAR_SCOPE_IS || s->kind == PST_CEDAR_SCOPE_IS_IN) {
        ok = PST_BUF_LIT(e->out, "a ") && pst_buf_add(e->out, pst_cedar_text(e->c, s->type));
        ok = ok && (s->kind == PST_CEDAR_SCOPE_IS || PST_BUF_LIT(e->out, " "));
    }
    if (s->kind == PST_CEDAR_SCOPE_LIST) {
        ok = PST_BUF_LIT(e->out, "one of");
        for (uint32_t i = 0; i < s->n && ok; i++) {
            if (i == 8) {
                return ok && PST_BUF_LIT(e->out, " …");
            }
            ok = PST_BUF_LIT(e->out, " ") && uid_text(e->r, e->c->kids[s->uid + i], e->out);
        }
        return ok;
    }
    if (s->kind == PST_CEDAR_SCOPE_IN || s->kind == PST_CEDAR_SCOPE_IS_IN) {
        ok = ok && PST_BUF_LIT(e->out, "in ");
    }
    return ok && (s->kind == PST_CEDAR_SCOPE_IS || uid_text(e->r, s->uid, e->out));
}

static bool scope(const struct explainer *e, const struct pst_cedar_policy_row *p, unsigned var)
{
    return PST_BUF_LIT(e->out, "    the ") &&
           pst_buf_add(e->out, pst_str_c(pst_cedar_var_name((enum pst_cedar_var)var))) &&
           PST_BUF_LIT(e->out, " is ") && uid_text(e->r, e->r->vars[var], e->out) &&
           PST_BUF_LIT(e->out, "; it would have to be ") && scope_wants(e, &p->scope[var]) &&
           PST_BUF_LIT(e->out, "\n");
}

/* --- policies ----------------------------------------------------------------------------------
 */

static bool policy_name(const struct explainer *e, uint32_t policy)
{
    struct pst_cedar_policy_info info = pst_cedar_policy(e->c, policy);
    struct pst_str id;
    bool ok = pst_buf_add(e->out, info.id);
    if (pst_cedar_annotation(e->c, policy, PST_STR("id"), &id)) {
        ok = ok && PST_BUF_LIT(e->out, " ") && quote_cut(e->out, id, VALUE_MAX);
    }
    if (info.line != 0) {
        ok = ok && PST_BUF_LIT(e->out, " (") && pst_buf_add(e->out, info.file) &&
             pst_buf_fmt(e->out, ":%u)", info.line);
    }
    return ok;
}

/* How far a policy is from applying: 0 it applies. The action counts most: a policy about another
 * action is not what was meant. */
static uint32_t distance(const struct explainer *e, uint32_t policy, bool miss[3],
                         enum pst_cedar_outcome *ret, struct pst_cedar_fault *fault)
{
    static const uint32_t weight[3] = {10, 100, 10};
    const struct pst_cedar_policy_row *p = &e->c->policies[policy];
    uint32_t far = 0;
    for (unsigned v = 0; v < 3; v++) {
        miss[v] = !pst_cedar_scope_part(e->r, p, (enum pst_cedar_var)v);
        far += miss[v] ? weight[v] : 0;
    }
    *ret = pst_cedar_eval(e->r, p, fault);
    if (*ret == PST_CEDAR_NOT_SATISFIED) {
        far += 1;
    } else if (*ret == PST_CEDAR_FAILED) {
        far += 3;
    }
    return far;
}

static bool one_policy(const struct explainer *e, uint32_t policy)
{
    bool miss[3];
    enum pst_cedar_outcome outcome;
    struct pst_cedar_fault fault = {0};
    (void)distance(e, policy, miss, &outcome, &fault);
    bool ok = PST_BUF_LIT(e->out, "  ") && policy_name(e, policy) && PST_BUF_LIT(e->out, "\n");
    for (unsigned v = 0; v < 3; v++) {
        ok = ok && (!miss[v] || scope(e, &e->c->policies[policy], v));
    }
    if (outcome != PST_CEDAR_SATISFIED) {
        ok = ok && condition(e, &e->c->policies[policy], outcome, &fault);
    }
    return ok;
}

/* Permits that do not apply, nearest first. */
static bool nearest(const struct explainer *e)
{
    uint32_t found[NEAREST_MAX] = {0};
    uint32_t far[NEAREST_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < pst_cedar_policies(e->c); i++) {
        bool miss[3];
        enum pst_cedar_outcome outcome;
        struct pst_cedar_fault fault;
        if (e->c->policies[i].forbid != 0 || e->c->policies[i].is_template != 0) {
            continue;
        }
        uint32_t d = distance(e, i, miss, &outcome, &fault);
        uint32_t at = n < NEAREST_MAX ? n : (uint32_t)NEAREST_MAX;
        while (at > 0 && far[at - 1] > d) {
            if (at < NEAREST_MAX) {
                far[at] = far[at - 1];
                found[at] = found[at - 1];
            }
            at--;
        }
        if (at < NEAREST_MAX) {
            far[at] = d;
            found[at] = i;
            n += n < NEAREST_MAX;
        }
    }
    bool ok = n == 0 ? PST_BUF_LIT(e->out, "There is no permit at all.\n")
                     : PST_BUF_LIT(e->out, "Nearest to a permit:\n");
    for (uint32_t i = 0; i < n && ok; i++) {
        /* Something much further away than the first would only confuse. */
        ok = far[i] > far[0] + 10 || one_policy(e, found[i]);
    }
    return ok;
}

static bool named_policies(const struct explainer *e, const struct pst_cedar_answer *a)
{
    bool ok = true;
    for (size_t i = 0; i < a->n_reasons && ok; i++) {
        struct pst_str text = pst_cedar_policy(e->c, a->reasons[i]).text;
        ok = PST_BUF_LIT(e->out, "  ") && policy_name(e, a->reasons[i]) &&
             PST_BUF_LIT(e->out, "\n");
        for (size_t from = 0; from < text.n && ok;) {
            struct pst_str rest = pst_str_from(text, from);
            size_t end = pst_str_find_byte(rest, '\n');
            end = end == PST_NPOS ? rest.n : end;
            ok = PST_BUF_LIT(e->out, "    | ") && pst_buf_add(e->out, pst_str_cut(rest, 0, end)) &&
                 PST_BUF_LIT(e->out, "\n");
            from += end + 1;
        }
    }
    return ok;
}

static bool failures(const struct explainer *e, const struct pst_cedar_answer *a)
{
    bool ok = a->n_errors == 0 ||
              PST_BUF_LIT(e->out, "These policies could not be evaluated and were passed over; a "
                                  "caller that denies on errors denies:\n");
    for (size_t i = 0; i < a->n_errors && ok; i++) {
        ok = one_policy(e, a->errors[i].policy);
    }
    return ok;
}

enum pst_status pst_cedar_explain(struct pst_cedar_request *r, struct pst_buf *out,
                                  struct pst_err *err)
{
    struct pst_cedar_answer a;
    struct explainer e = {.r = r, .c = r->c, .out = out};
    if (pst_cedar_authorize(r, &a, err) != PST_OK) {
        return PST_ERR;
    }
    bool ok = true;
    if (a.allow) {
        ok = PST_BUF_LIT(out, "Allowed, because of\n") && named_policies(&e, &a);
    } else if (a.n_reasons != 0) {
        ok = PST_BUF_LIT(out, "Denied, because it is forbidden by\n") && named_policies(&e, &a) &&
             PST_BUF_LIT(out, "Only a change of what that policy says, or of what it looks at, can "
                              "permit this.\n");
    } else {
        ok = PST_BUF_LIT(out, "Denied, because no policy permits it.\n") && nearest(&e);
    }
    ok = ok && failures(&e, &a);
    return ok ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "the explanation is larger than the limit");
}
