/* Walking an expression with its capabilities. An explicit stack of expressions under way; a part
 * that is finished leaves its type in k->ret. */
#include "cedar/typecheck.h"

enum outcome { DONE, WAIT };

static enum outcome done(struct pst_cedar_checker *k, uint32_t type, struct pst_cedar_caps caps)
{
    k->ret = (struct pst_cedar_typed){type, caps};
    return DONE;
}

static const struct pst_cedar_caps no_caps = {NULL, 0};

static enum outcome ask(struct pst_cedar_checker *k, uint32_t node, struct pst_cedar_caps prior)
{
    void *p = pst_cedar_check_grow(k, k->frames, &k->cap_frames, k->n_frames + 1,
                                   sizeof k->frames[0]);
    if (p != NULL) {
        k->frames = (struct pst_cedar_check_frame *)p;
        k->frames[k->n_frames++] = (struct pst_cedar_check_frame){
            .node = node, .prior = prior, .types = k->n_parts};
    }
    return WAIT;
}

/* a && b: what is after a false part is not looked at. */
static enum outcome and_step(struct pst_cedar_checker *k, struct pst_cedar_check_frame *f,
                             const struct pst_cedar_node *n)
{
    if (f->step == 0) {
        f->step = 1;
        return ask(k, n->a, f->prior);
    }
    if (f->step == 1) {
        f->a = k->ret;
        (void)pst_cedar_check_bool(k, n->a, &f->a.type);
        if (f->a.type == PST_CEDAR_TY_FALSE) {
            k->node_dead[f->node] = PST_CEDAR_DEAD_SECOND;
            return done(k, PST_CEDAR_TY_FALSE, no_caps);
        }
        f->step = 2;
        return ask(k, n->b, pst_cedar_caps_both(k, f->prior, f->a.caps));
    }
    struct pst_cedar_typed b = k->ret;
    (void)pst_cedar_check_bool(k, n->b, &b.type);
    if (b.type == PST_CEDAR_TY_FALSE) {
        return done(k, PST_CEDAR_TY_FALSE, no_caps);
    }
    uint32_t type = b.type == PST_CEDAR_TY_TRUE   ? f->a.type
                    : b.type == PST_CEDAR_TY_BOOL ? PST_CEDAR_TY_BOOL
                                                  : b.type;
    return done(k, type, pst_cedar_caps_both(k, f->a.caps, b.caps));
}

static enum outcome or_step(struct pst_cedar_checker *k, struct pst_cedar_check_frame *f,
                            const struct pst_cedar_node *n)
{
    if (f->step == 0) {
        f->step = 1;
        return ask(k, n->a, f->prior);
    }
    if (f->step == 1) {
        f->a = k->ret;
        (void)pst_cedar_check_bool(k, n->a, &f->a.type);
        if (f->a.type == PST_CEDAR_TY_TRUE) {
            k->node_dead[f->node] = PST_CEDAR_DEAD_SECOND;
            return done(k, PST_CEDAR_TY_TRUE, no_caps);
        }
        f->step = 2;
        return ask(k, n->b, f->prior);
    }
    struct pst_cedar_typed b = k->ret;
    (void)pst_cedar_check_bool(k, n->b, &b.type);
    if (f->a.type == PST_CEDAR_TY_FALSE) {
        return done(k, b.type, b.caps);
    }
    if (b.type == PST_CEDAR_TY_TRUE) {
        return done(k, PST_CEDAR_TY_TRUE, no_caps);
    }
    if (b.type == PST_CEDAR_TY_FALSE) {
        return done(k, PST_CEDAR_TY_BOOL, f->a.caps);
    }
    return done(k, PST_CEDAR_TY_BOOL, pst_cedar_caps_common(k, f->a.caps, b.caps));
}

static enum outcome if_step(struct pst_cedar_checker *k, struct pst_cedar_check_frame *f,
                            const struct pst_cedar_node *n)
{
    switch (f->step++) {
    case 0:
        return ask(k, n->a, f->prior);
    case 1:
        f->a = k->ret;
        (void)pst_cedar_check_bool(k, n->a, &f->a.type);
        if (f->a.type == PST_CEDAR_TY_FALSE) {
            k->node_dead[f->node] = PST_CEDAR_DEAD_SECOND;
            f->step = 3;
            return ask(k, n->c, f->prior);
        }
        return ask(k, n->b, pst_cedar_caps_both(k, f->prior, f->a.caps));
    case 2:
        f->b = k->ret;
        f->b.caps = pst_cedar_caps_both(k, f->a.caps, f->b.caps);
        if (f->a.type == PST_CEDAR_TY_TRUE) {
            k->node_dead[f->node] = PST_CEDAR_DEAD_THIRD;
            return done(k, f->b.type, f->b.caps);
        }
        return ask(k, n->c, f->prior);
    default:
        if (f->a.type == PST_CEDAR_TY_FALSE) {
            return DONE; /* the answer is that of the branch */
        }
        return done(k,
                    pst_cedar_check_lub(k, f->node, f->b.type, k->ret.type,
                                        "the branches of `if` have types"),
                    pst_cedar_caps_common(k, f->b.caps, k->ret.caps));
    }
}

/* a is T [in b], which is a is T && a in b. */
static enum outcome is_step(struct pst_cedar_checker *k, struct pst_cedar_check_frame *f,
                            const struct pst_cedar_node *n)
{
    if (f->step == 0) {
        f->step = 1;
        return ask(k, n->a, f->prior);
    }
    if (f->step == 1) {
        f->a = k->ret;
        uint32_t is = pst_cedar_type_of_is(k, f->node, f->a.type);
        if (n->c == PST_CEDAR_NO || is == PST_CEDAR_TY_FALSE) {
            k->node_dead[f->node] = PST_CEDAR_DEAD_SECOND;
            return done(k, is, no_caps);
        }
        f->b.type = is;
        f->step = 2;
        return ask(k, n->c, f->prior);
    }
    uint32_t in = pst_cedar_type_of_in(k, f->node, n->a, n->c, f->a.type, k->ret.type);
    return done(k,
                in == PST_CEDAR_TY_FALSE  ? PST_CEDAR_TY_FALSE
                : in == PST_CEDAR_TY_TRUE ? f->b.type
                                          : PST_CEDAR_TY_BOOL,
                no_caps);
}

static enum outcome pair_step(struct pst_cedar_checker *k, struct pst_cedar_check_frame *f,
                              const struct pst_cedar_node *n)
{
    if (f->step < 2) {
        f->a = k->ret; /* of the first, when the second is asked for */
        return ask(k, f->step++ == 0 ? n->a : n->b, f->prior);
    }
    k->ret = pst_cedar_type_of_binary(k, f->node, f->a.type, k->ret.type, f->prior);
    return DONE;
}

static enum outcome single_step(struct pst_cedar_checker *k, struct pst_cedar_check_frame *f,
                                const struct pst_cedar_node *n)
{
    if (f->step++ == 0) {
        return ask(k, n->a, f->prior);
    }
    uint32_t a = k->ret.type;
    switch (n->kind) {
    case PST_CEDAR_N_GET:
        k->ret = pst_cedar_type_of_get(k, f->node, a, f->prior);
        return DONE;
    case PST_CEDAR_N_HAS:
        k->ret = pst_cedar_type_of_has(k, f->node, a, f->prior);
        return DONE;
    case PST_CEDAR_N_LIKE:
        return done(k, pst_cedar_type_of_like(k, f->node, a), no_caps);
    default:
        k->ret = pst_cedar_type_of_unary(k, f->node, a);
        return DONE;
    }
}

/* Sets, records and calls: one part after the other. */
static enum outcome list_step(struct pst_cedar_checker *k, struct pst_cedar_check_frame *f,
                              const struct pst_cedar_node *n)
{
    bool record = n->kind == PST_CEDAR_N_RECORD;
    if (f->step > 0) {
        void *p = pst_cedar_check_grow(k, k->parts, &k->cap_parts, k->n_parts + 1,
                                       sizeof k->parts[0]);
        if (p == NULL) {
            return DONE;
        }
        k->parts = (uint32_t *)p;
        k->parts[k->n_parts++] = k->ret.type;
    }
    if (f->step < n->b) {
        uint32_t kid = record ? n->a + 2 * f->step + 1 : n->a + f->step;
        f->step++;
        return ask(k, k->c->kids[kid], f->prior);
    }
    const uint32_t *types = &k->parts[f->types];
    uint32_t type = record                       ? pst_cedar_type_of_record(k, f->node, types)
                    : n->kind == PST_CEDAR_N_SET ? pst_cedar_type_of_set(k, f->node, types)
                                                 : pst_cedar_type_of_call(k, f->node, types);
    k->n_parts = f->types;
    return done(k, type, no_caps);
}

static enum outcome step(struct pst_cedar_checker *k, struct pst_cedar_check_frame *f)
{
    const struct pst_cedar_node *n = &k->c->nodes[f->node];
    switch ((enum pst_cedar_kind)n->kind) {
    case PST_CEDAR_N_AND:
        return and_step(k, f, n);
    case PST_CEDAR_N_OR:
        return or_step(k, f, n);
    case PST_CEDAR_N_IF:
        return if_step(k, f, n);
    case PST_CEDAR_N_IS:
        return is_step(k, f, n);
    case PST_CEDAR_N_BINARY:
        return pair_step(k, f, n);
    case PST_CEDAR_N_UNARY:
    case PST_CEDAR_N_GET:
    case PST_CEDAR_N_HAS:
    case PST_CEDAR_N_LIKE:
        return single_step(k, f, n);
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_RECORD:
    case PST_CEDAR_N_CALL:
        return list_step(k, f, n);
    case PST_CEDAR_N_BOOL:
    case PST_CEDAR_N_LONG:
    case PST_CEDAR_N_STRING:
    case PST_CEDAR_N_UID:
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_COUNT:
    default:
        return done(k, pst_cedar_type_of_leaf(k, f->node), no_caps);
    }
}

bool pst_cedar_typecheck(struct pst_cedar_checker *k, uint32_t node, struct pst_cedar_caps prior,
                         struct pst_cedar_typed *ret)
{
    uint32_t floor = k->n_frames;
    (void)ask(k, node, prior);
    while (k->n_frames > floor && !k->failed) {
        /* A step may move the frames, but then it does not look at its own again. */
        struct pst_cedar_check_frame *f = &k->frames[k->n_frames - 1];
        uint32_t at = f->node;
        if (f->step == 0) {
            k->node_dead[at] = 0;
        }
        if (step(k, f) == DONE) {
            k->node_type[at] = k->ret.type;
            k->n_frames--;
        }
        if (k->types.full) {
            pst_cedar_check_full(k);
        }
    }
    k->n_frames = floor;
    *ret = k->ret;
    return !k->failed;
}
