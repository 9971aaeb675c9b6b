/* Levels (docs.cedarpolicy.com/policies/level-validation.html): no policy may need data of an
 * entity more than a number of steps from the request. A step is an attribute of an entity, a tag,
 * or what an entity is in; entities written out in a policy are not reached by any number of steps.
 * What no request comes by (the typechecker marks it) does not count. */
#include "cedar/typecheck.h"

#include <stdlib.h>

/* Attributes of records on the way from an entity up to its use. */
struct path {
    const struct path *rest;
    uint32_t key; /* symbol of the set */
};

struct item {
    uint32_t node;
    uint32_t left;           /* steps that may still be taken to get this entity */
    bool entity;             /* its data is used; else only its value */
    const struct path *path; /* that lead from it to the entity used */
};

struct levels {
    struct pst_cedar_checker *k;
    uint32_t level;
    struct item *stack;
    uint32_t n, cap;
};

static void push(struct levels *l, struct item item)
{
    void *p = pst_cedar_check_grow(l->k, l->stack, &l->cap, l->n + 1, sizeof l->stack[0]);
    if (p != NULL) {
        l->stack = (struct item *)p;
        l->stack[l->n++] = item;
    }
}

static void value(struct levels *l, uint32_t node)
{
    push(l, (struct item){.node = node, .left = l->level});
}

static void too_far(struct levels *l, uint32_t node)
{
    struct pst_cedar_checker *k = l->k;
    pst_cedar_finding_begin(k);
    (void)pst_buf_fmt(&k->text, "this needs entity data more than %u step%s from the request",
                      l->level, l->level == 1 ? "" : "s");
    pst_cedar_finding_end(k, PST_CEDAR_F_LEVEL, node, 0, 0);
}

static void not_reached(struct levels *l, uint32_t node)
{
    struct pst_cedar_checker *k = l->k;
    pst_cedar_finding_begin(k);
    (void)PST_BUF_LIT(&k->text, "the data of an entity that is not in the request is needed here");
    (void)PST_BUF_LIT(&k->hint, "pass the entity in the context");
    pst_cedar_finding_end(k, PST_CEDAR_F_LEVEL, node, 0, 0);
}

/* `node` uses data of the entity `of`, for which `left` steps may be taken. */
static void use(struct levels *l, uint32_t node, uint32_t of, uint32_t left)
{
    if (left == 0) {
        too_far(l, node);
        return;
    }
    push(l, (struct item){.node = of, .left = left - 1, .entity = true});
}

static bool is_entity(const struct levels *l, uint32_t node)
{
    enum pst_cedar_type_kind kind = pst_cedar_type_kind(&l->k->types, l->k->node_type[node]);
    return kind == PST_CEDAR_TY_ENTITY || kind == PST_CEDAR_TY_UNION;
}

/* --- values: the parts, and the entities whose data they use ------------------------------------
 */

static void list(struct levels *l, const struct pst_cedar_node *n)
{
    bool record = n->kind == PST_CEDAR_N_RECORD;
    for (uint32_t i = 0; i < n->b; i++) {
        value(l, l->k->c->kids[record ? n->a + 2 * i + 1 : n->a + i]);
    }
}

static void binary(struct levels *l, uint32_t node, const struct pst_cedar_node *n)
{
    if (n->op == PST_CEDAR_OP_IN || n->op == PST_CEDAR_OP_GET_TAG ||
        n->op == PST_CEDAR_OP_HAS_TAG) {
        use(l, node, n->a, l->level);
    } else {
        value(l, n->a);
    }
    value(l, n->b);
}

static void look_value(struct levels *l, uint32_t node)
{
    const struct pst_cedar_node *n = &l->k->c->nodes[node];
    uint8_t dead = l->k->node_dead[node];
    switch (n->kind) {
    case PST_CEDAR_N_IF:
        value(l, n->a);
        if ((dead & PST_CEDAR_DEAD_SECOND) == 0) {
            value(l, n->b);
        }
        if ((dead & PST_CEDAR_DEAD_THIRD) == 0) {
            value(l, n->c);
        }
        break;
    case PST_CEDAR_N_AND:
    case PST_CEDAR_N_OR:
        value(l, n->a);
        if ((dead & PST_CEDAR_DEAD_SECOND) == 0) {
            value(l, n->b);
        }
        break;
    case PST_CEDAR_N_UNARY:
    case PST_CEDAR_N_LIKE:
        value(l, n->a);
        break;
    case PST_CEDAR_N_IS:
        value(l, n->a);
        if (n->c != PST_CEDAR_NO && (dead & PST_CEDAR_DEAD_SECOND) == 0) {
            use(l, node, n->a, l->level);
            value(l, n->c);
        }
        break;
    case PST_CEDAR_N_BINARY:
        binary(l, node, n);
        break;
    case PST_CEDAR_N_GET:
    case PST_CEDAR_N_HAS:
        if (is_entity(l, n->a)) {
            use(l, node, n->a, l->level);
        } else {
            value(l, n->a);
        }
        break;
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_RECORD:
    case PST_CEDAR_N_CALL:
        list(l, n);
        break;
    default:
        break;
    }
}

/* --- entities whose data is used: how they are reached ------------------------------------------
 */

/* Of a record written out, the member on the path is the entity; the others are values. */
static void record(struct levels *l, const struct item *at, const struct pst_cedar_node *n)
{
    for (uint32_t i = 0; i < n->b; i++) {
        uint32_t node = l->k->c->kids[n->a + 2 * i + 1];
        if (at->path != NULL && l->k->c->kids[n->a + 2 * i] == at->path->key) {
            push(l, (struct item){node, at->left, true, at->path->rest});
        } else {
            value(l, node);
        }
    }
}

static void get(struct levels *l, const struct item *at, const struct pst_cedar_node *n)
{
    if (is_entity(l, n->a)) {
        use(l, at->node, n->a, at->left);
        return;
    }
    struct path *longer = PST_ARENA_NEW(&l->k->arena, struct path);
    if (longer == NULL) {
        pst_cedar_check_full(l->k);
        return;
    }
    *longer = (struct path){.rest = at->path, .key = n->b};
    push(l, (struct item){n->a, at->left, true, longer});
}

static void look_entity(struct levels *l, const struct item *at)
{
    const struct pst_cedar_node *n = &l->k->c->nodes[at->node];
    uint8_t dead = l->k->node_dead[at->node];
    switch (n->kind) {
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
        break;
    case PST_CEDAR_N_UID:
        if (pst_cedar_check_action(l->k, n->a) != l->k->action) {
            not_reached(l, at->node);
        }
        break;
    case PST_CEDAR_N_IF:
        value(l, n->a);
        if ((dead & PST_CEDAR_DEAD_SECOND) == 0) {
            push(l, (struct item){n->b, at->left, true, at->path});
        }
        if ((dead & PST_CEDAR_DEAD_THIRD) == 0) {
            push(l, (struct item){n->c, at->left, true, at->path});
        }
        break;
    case PST_CEDAR_N_GET:
        get(l, at, n);
        break;
    case PST_CEDAR_N_BINARY: /* getTag */
        use(l, at->node, n->a, at->left);
        value(l, n->b);
        break;
    case PST_CEDAR_N_RECORD:
        record(l, at, n);
        break;
    default:
        not_reached(l, at->node);
        break;
    }
}

void pst_cedar_check_level(struct pst_cedar_checker *k, uint32_t node, uint32_t level)
{
    struct levels l = {.k = k, .level = level};
    value(&l, node);
    while (l.n > 0 && !k->failed) {
        struct item at = l.stack[--l.n];
        if (at.entity) {
            look_entity(&l, &at);
        } else {
            look_value(&l, at.node);
        }
    }
    free(l.stack);
}
