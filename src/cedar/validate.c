/* Every policy, for every request that the schema allows. */
#include "cedar/validate.h"

#include "cedar/typecheck.h"

#include <stdlib.h>

struct validation {
    struct pst_cedar_checker k;
    const struct pst_cedar_validation *how;
    struct pst_cedar_verdict verdict;
    uint32_t *stamps; /* node → 1 + policy that came by last */
    uint32_t *stack;
    uint32_t n_stack, cap_stack;
};

/* --- names that must be declared ---------------------------------------------------------------
 */

static bool is_action_name(struct pst_str type)
{
    return pst_str_eq(type, PST_STR("Action")) || pst_str_ends(type, PST_STR("::Action"));
}

static void unknown_type(struct pst_cedar_checker *k, struct pst_str name, uint32_t node,
                         uint32_t line, uint32_t column)
{
    struct pst_cedar_nearest nearest;
    pst_cedar_nearest_init(&nearest, name);
    pst_cedar_finding_begin(k);
    (void)PST_BUF_LIT(&k->text, "the entity type ");
    pst_cedar_put_name(&k->text, name);
    (void)PST_BUF_LIT(&k->text, " is not declared");
    pst_cedar_put_name(&k->found, name);
    for (uint32_t i = 0; i < k->s->n_entity_types; i++) {
        if (!k->s->entity_types[i].is_action) {
            pst_cedar_nearest_try(&nearest,
                                  pst_cedar_schema_text(k->s, k->s->entity_types[i].name));
        }
    }
    pst_cedar_nearest_put(&nearest, &k->hint);
    pst_cedar_finding_end(k, PST_CEDAR_F_ENTITY_TYPE, node, line, column);
}

static void check_type_name(struct pst_cedar_checker *k, uint32_t sym, uint32_t node, uint32_t line,
                            uint32_t column)
{
    struct pst_str name = pst_cedar_text(k->c, sym);
    if (!is_action_name(name) &&
        pst_cedar_schema_entity_type(k->s, pst_cedar_check_sym(k, sym)) == PST_CEDAR_NO) {
        unknown_type(k, name, node, line, column);
    }
}

static void unknown_action(struct pst_cedar_checker *k, struct pst_str id, uint32_t node,
                           uint32_t line, uint32_t column)
{
    struct pst_cedar_nearest nearest;
    pst_cedar_nearest_init(&nearest, id);
    pst_cedar_finding_begin(k);
    (void)PST_BUF_LIT(&k->text, "the action ");
    pst_cedar_put_name(&k->text, id);
    (void)PST_BUF_LIT(&k->text, " is not declared in this namespace");
    pst_cedar_put_name(&k->found, id);
    for (uint32_t i = 0; i < k->s->n_actions; i++) {
        pst_cedar_nearest_try(&nearest, pst_cedar_schema_text(k->s, k->s->actions[i].decl->id));
    }
    pst_cedar_nearest_put(&nearest, &k->hint);
    pst_cedar_finding_end(k, PST_CEDAR_F_ACTION, node, line, column);
}

static void check_enum(struct pst_cedar_checker *k, const struct pst_cedar_entity_type *t,
                       uint32_t uid, uint32_t node, uint32_t line, uint32_t column)
{
    uint32_t id_sym = k->c->uids[uid].id;
    struct pst_str id = pst_cedar_text(k->c, id_sym);
    struct pst_cedar_nearest nearest;
    if (!t->is_enum || pst_cedar_sorted_has(t->ids, t->n_ids, pst_cedar_check_sym(k, id_sym))) {
        return;
    }
    pst_cedar_nearest_init(&nearest, id);
    pst_cedar_finding_begin(k);
    pst_cedar_put_name(&k->text, id);
    (void)PST_BUF_LIT(&k->text, " is not one of the ids of the enumerated entity type ");
    pst_cedar_put_name(&k->text, pst_cedar_schema_text(k->s, t->name));
    pst_cedar_put_name(&k->found, id);
    for (uint32_t i = 0; i < t->n_ids; i++) {
        pst_cedar_nearest_try(&nearest, pst_cedar_schema_text(k->s, t->ids[i]));
    }
    pst_cedar_nearest_put(&nearest, &k->hint);
    pst_cedar_finding_end(k, PST_CEDAR_F_ENUM, node, line, column);
}

static void check_uid(struct pst_cedar_checker *k, uint32_t uid, uint32_t node, uint32_t line,
                      uint32_t column)
{
    uint32_t type_sym = k->c->uids[uid].type;
    if (is_action_name(pst_cedar_text(k->c, type_sym))) {
        if (pst_cedar_check_action(k, uid) == PST_CEDAR_NO) {
            unknown_action(k, pst_cedar_text(k->c, k->c->uids[uid].id), node, line, column);
        }
        return;
    }
    uint32_t type = pst_cedar_check_type(k, uid);
    if (type == PST_CEDAR_NO) {
        unknown_type(k, pst_cedar_text(k->c, type_sym), node, line, column);
    } else {
        check_enum(k, &k->s->entity_types[type], uid, node, line, column);
    }
}

static void check_scope(struct pst_cedar_checker *k, const struct pst_cedar_scope *s)
{
    if (s->kind == PST_CEDAR_SCOPE_IS || s->kind == PST_CEDAR_SCOPE_IS_IN) {
        check_type_name(k, s->type, PST_CEDAR_NO, s->line, s->column);
    }
    bool one = s->kind == PST_CEDAR_SCOPE_EQ || s->kind == PST_CEDAR_SCOPE_IN ||
               s->kind == PST_CEDAR_SCOPE_IS_IN;
    if (one && s->uid != PST_CEDAR_NO) {
        check_uid(k, s->uid, PST_CEDAR_NO, s->line, s->column);
    }
    for (uint32_t i = 0; s->kind == PST_CEDAR_SCOPE_LIST && i < s->n; i++) {
        check_uid(k, k->c->kids[s->uid + i], PST_CEDAR_NO, s->line, s->column);
    }
}

static void push(struct validation *v, uint32_t node)
{
    if (node == PST_CEDAR_NO || v->stamps[node] == v->k.policy + 1) {
        return;
    }
    void *p = pst_cedar_check_grow(&v->k, v->stack, &v->cap_stack, v->n_stack + 1,
                                   sizeof v->stack[0]);
    if (p != NULL) {
        v->stamps[node] = v->k.policy + 1;
        v->stack = (uint32_t *)p;
        v->stack[v->n_stack++] = node;
    }
}

/* Puts the node's children on the stack. */
static void push_children(struct validation *v, const struct pst_cedar_node *n)
{
    const uint32_t *kids = v->k.c->kids;
    switch ((enum pst_cedar_kind)n->kind) {
    case PST_CEDAR_N_IF:
        push(v, n->c);
        push(v, n->b);
        push(v, n->a);
        break;
    case PST_CEDAR_N_AND:
    case PST_CEDAR_N_OR:
    case PST_CEDAR_N_BINARY:
        push(v, n->b);
        push(v, n->a);
        break;
    case PST_CEDAR_N_IS:
        push(v, n->c);
        push(v, n->a);
        break;
    case PST_CEDAR_N_UNARY:
    case PST_CEDAR_N_GET:
    case PST_CEDAR_N_HAS:
    case PST_CEDAR_N_LIKE:
        push(v, n->a);
        break;
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_CALL:
        for (uint32_t i = 0; i < n->b; i++) {
            push(v, kids[n->a + i]);
        }
        break;
    case PST_CEDAR_N_RECORD:
        for (uint32_t i = 0; i < n->b; i++) {
            push(v, kids[n->a + 2 * i + 1]);
        }
        break;
    case PST_CEDAR_N_BOOL:
    case PST_CEDAR_N_LONG:
    case PST_CEDAR_N_STRING:
    case PST_CEDAR_N_UID:
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_COUNT:
    default:
        break;
    }
}

/* All names in the policy, also where no request comes by. */
static void check_names(struct validation *v, const struct pst_cedar_policy_row *p)
{
    struct pst_cedar_checker *k = &v->k;
    k->action = PST_CEDAR_NO; /* these findings depend on no request */
    for (unsigned i = 0; i < 3; i++) {
        check_scope(k, &p->scope[i]);
    }
    for (uint32_t i = 0; i < p->n_conds; i++) {
        push(v, k->c->kids[p->conds + 2 * i]);
    }
    while (v->n_stack > 0 && !k->failed) {
        uint32_t node = v->stack[--v->n_stack];
        const struct pst_cedar_node *n = &k->c->nodes[node];
        if (n->kind == PST_CEDAR_N_UID) {
            check_uid(k, n->a, node, 0, 0);
        } else if (n->kind == PST_CEDAR_N_IS) {
            check_type_name(k, n->b, node, 0, 0);
        }
        push_children(v, n);
    }
    v->n_stack = 0;
}

/* --- scopes ------------------------------------------------------------------------------------
 */

/* May a principal or resource of this type be in the scope? */
static bool entity_scope(struct pst_cedar_checker *k, const struct pst_cedar_scope *s,
                         uint32_t type)
{
    uint32_t wanted = PST_CEDAR_NO;
    if (s->kind == PST_CEDAR_SCOPE_ANY) {
        return true;
    }
    if (s->kind == PST_CEDAR_SCOPE_IS || s->kind == PST_CEDAR_SCOPE_IS_IN) {
        wanted = pst_cedar_schema_entity_type(k->s, pst_cedar_check_sym(k, s->type));
        if (wanted != type || s->kind == PST_CEDAR_SCOPE_IS) {
            return wanted == type;
        }
    }
    if (s->uid == PST_CEDAR_NO) {
        return true; /* a slot takes any entity that fits */
    }
    wanted = pst_cedar_check_type(k, s->uid);
    if (wanted == PST_CEDAR_NO || s->kind == PST_CEDAR_SCOPE_EQ) {
        return wanted == type;
    }
    return pst_cedar_schema_type_in(k->s, type, wanted);
}

static bool action_scope(struct pst_cedar_checker *k, const struct pst_cedar_scope *s,
                         uint32_t action)
{
    uint32_t n = s->kind == PST_CEDAR_SCOPE_LIST ? s->n : 1;
    if (s->kind == PST_CEDAR_SCOPE_ANY) {
        return true;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t uid = s->kind == PST_CEDAR_SCOPE_LIST ? k->c->kids[s->uid + i] : s->uid;
        uint32_t wanted = pst_cedar_check_action(k, uid);
        bool in = wanted != PST_CEDAR_NO && pst_cedar_schema_action_in(k->s, action, wanted);
        if (in && (s->kind != PST_CEDAR_SCOPE_EQ || wanted == action)) {
            return true;
        }
    }
    return false;
}

/* Strict: the actions of a list make a set, whose elements must be of one type. It is looked at
 * when the principal fits, as the scope is evaluated from left to right. */
static void check_action_list(struct validation *v, const struct pst_cedar_policy_row *p)
{
    struct pst_cedar_checker *k = &v->k;
    const struct pst_cedar_scope *s = &p->scope[PST_CEDAR_ACTION];
    uint32_t first = PST_CEDAR_NO;
    uint32_t other = PST_CEDAR_NO;
    bool fits = false;
    if (k->mode != PST_CEDAR_STRICT || s->kind != PST_CEDAR_SCOPE_LIST) {
        return;
    }
    for (uint32_t i = 0; i < s->n && other == PST_CEDAR_NO; i++) {
        uint32_t type = pst_cedar_check_type(k, k->c->kids[s->uid + i]);
        first = first == PST_CEDAR_NO ? type : first;
        other = type != PST_CEDAR_NO && type != first ? type : PST_CEDAR_NO;
    }
    for (uint32_t a = 0; a < k->s->n_actions && other != PST_CEDAR_NO && !fits; a++) {
        const struct pst_cedar_schema_action *action = &k->s->actions[a];
        for (uint32_t i = 0; i < action->n_principals && action->n_resources != 0 && !fits; i++) {
            fits = entity_scope(k, &p->scope[PST_CEDAR_PRINCIPAL], action->principals[i]);
        }
    }
    if (fits) {
        pst_cedar_finding_begin(k);
        (void)PST_BUF_LIT(&k->text, "the actions of this list have types that do not agree: ");
        pst_cedar_put_name(&k->text, pst_cedar_schema_text(k->s, k->s->entity_types[first].name));
        (void)PST_BUF_LIT(&k->text, " and ");
        pst_cedar_put_name(&k->text, pst_cedar_schema_text(k->s, k->s->entity_types[other].name));
        (void)PST_BUF_LIT(&k->hint, "write one policy for each namespace, or use a group");
        pst_cedar_finding_end(k, PST_CEDAR_F_INCOMPATIBLE, PST_CEDAR_NO, s->line, s->column);
    }
}

/* --- one policy --------------------------------------------------------------------------------
 */

/* All conditions for the request at hand: are they false whatever it holds? */
static bool check_conditions(struct validation *v, const struct pst_cedar_policy_row *p)
{
    struct pst_cedar_checker *k = &v->k;
    struct pst_cedar_caps caps = {0};
    bool possible = true;
    for (uint32_t i = 0; i < p->n_conds && possible && !k->failed; i++) {
        uint32_t node = k->c->kids[p->conds + 2 * i];
        bool unless = k->c->kids[p->conds + 2 * i + 1] != 0;
        struct pst_cedar_typed got = {0};
        if (!pst_cedar_typecheck(k, node, caps, &got)) {
            break;
        }
        (void)pst_cedar_check_bool(k, node, &got.type);
        if (v->how->with_level) {
            pst_cedar_check_level(k, node, v->how->level);
        }
        possible = got.type != (uint32_t)(unless ? PST_CEDAR_TY_TRUE : PST_CEDAR_TY_FALSE);
        if (!unless) {
            caps = pst_cedar_caps_both(k, caps, got.caps);
        }
    }
    return possible;
}

static void check_scope_level(struct validation *v, const struct pst_cedar_policy_row *p)
{
    for (unsigned i = 0; i < 3 && v->how->with_level && v->how->level == 0; i++) {
        const struct pst_cedar_scope *s = &p->scope[i];
        if (s->kind == PST_CEDAR_SCOPE_IN || s->kind == PST_CEDAR_SCOPE_LIST ||
            s->kind == PST_CEDAR_SCOPE_IS_IN) {
            pst_cedar_finding_begin(&v->k);
            (void)PST_BUF_LIT(&v->k.text, "`in` needs entity data, which level 0 does not allow");
            pst_cedar_finding_end(&v->k, PST_CEDAR_F_LEVEL, PST_CEDAR_NO, s->line, s->column);
        }
    }
}

/* Once for each request that the scope allows. */
static void check_requests(struct validation *v, const struct pst_cedar_policy_row *p,
                           bool *ret_applies, bool *ret_possible)
{
    struct pst_cedar_checker *k = &v->k;
    *ret_applies = false;
    *ret_possible = false;
    for (uint32_t a = 0; a < k->s->n_actions; a++) {
        const struct pst_cedar_schema_action *action = &k->s->actions[a];
        if (!action_scope(k, &p->scope[PST_CEDAR_ACTION], a)) {
            continue;
        }
        for (uint32_t i = 0; i < action->n_principals && !k->failed; i++) {
            if (!entity_scope(k, &p->scope[PST_CEDAR_PRINCIPAL], action->principals[i])) {
                continue;
            }
            for (uint32_t j = 0; j < action->n_resources && !k->failed; j++) {
                if (!entity_scope(k, &p->scope[PST_CEDAR_RESOURCE], action->resources[j])) {
                    continue;
                }
                k->action = a;
                k->principal = action->principals[i];
                k->resource = action->resources[j];
                pst_arena_clear(&k->arena);
                *ret_applies = true;
                *ret_possible = check_conditions(v, p) || *ret_possible;
            }
        }
    }
    k->action = PST_CEDAR_NO;
}

static int by_place(const void *a, const void *b)
{
    const struct pst_cedar_finding *x = &((const struct pst_cedar_kept_finding *)a)->f;
    const struct pst_cedar_finding *y = &((const struct pst_cedar_kept_finding *)b)->f;
    if (x->line != y->line) {
        return x->line < y->line ? -1 : 1;
    }
    if (x->column != y->column) {
        return x->column < y->column ? -1 : 1;
    }
    return pst_str_cmp(x->text, y->text);
}

static void report(struct validation *v)
{
    struct pst_cedar_checker *k = &v->k;
    bool invalid = false;
    for (uint32_t i = 0; i < k->n_findings; i++) {
        struct pst_cedar_kept_finding *kf = &k->findings[i];
        if (kf->node != PST_CEDAR_NO) {
            kf->f.line = k->c->nodes[kf->node].line;
            kf->f.column = k->c->nodes[kf->node].column;
        }
        v->verdict.errors += !kf->f.warning;
        v->verdict.warnings += kf->f.warning;
        invalid = invalid || !kf->f.warning;
    }
    v->verdict.invalid += invalid;
    if (k->n_findings != 0) {
        qsort(k->findings, k->n_findings, sizeof k->findings[0], by_place);
    }
    for (uint32_t i = 0; i < k->n_findings && v->how->report != NULL; i++) {
        v->how->report(v->how->ctx, &k->findings[i].f);
    }
    k->n_findings = 0;
    pst_arena_clear(&k->texts);
}

static void check_policy(struct validation *v, uint32_t policy)
{
    struct pst_cedar_checker *k = &v->k;
    const struct pst_cedar_policy_row *p = &k->c->policies[policy];
    bool applies = false;
    bool possible = false;
    k->policy = policy;
    check_names(v, p);
    check_action_list(v, p);
    check_scope_level(v, p);
    check_requests(v, p, &applies, &possible);
    if (!applies) {
        pst_cedar_finding_begin(k);
        (void)PST_BUF_LIT(&k->text, "the scope allows no request of the schema: no action applies "
                                    "to such a principal and resource");
        pst_cedar_finding_end(k, PST_CEDAR_F_NO_ACTION, PST_CEDAR_NO, p->line, p->column);
    } else if (!possible && k->n_findings == 0) {
        pst_cedar_finding_begin(k);
        (void)PST_BUF_LIT(&k->text, "the conditions are false for every request: the policy never "
                                    "applies");
        pst_cedar_finding_end(k, PST_CEDAR_F_IMPOSSIBLE, PST_CEDAR_NO, p->line, p->column);
    }
    report(v);
}

enum pst_status pst_cedar_validate(const struct pst_cedar *c, const struct pst_cedar_schema *s,
                                   const struct pst_cedar_validation *how,
                                   struct pst_cedar_verdict *ret, struct pst_err *err)
{
    struct validation v = {.how = how};
    enum pst_status st = pst_cedar_checker_init(&v.k, c, s, how->mode, err);
    if (st == PST_OK) {
        v.stamps = (uint32_t *)calloc((size_t)PST_CEDAR_N_OF(c, nodes) + 1, sizeof v.stamps[0]);
        if (v.stamps == NULL) {
            pst_cedar_check_full(&v.k);
        }
    }
    for (uint32_t i = 0; i < PST_CEDAR_N_OF(c, policies) && !v.k.failed; i++) {
        check_policy(&v, i);
    }
    st = v.k.failed ? PST_ERR : PST_OK;
    if (st == PST_OK) {
        *ret = v.verdict;
    }
    free(v.stamps);
    free(v.stack);
    pst_cedar_checker_release(&v.k);
    return st;
}
