#include "cedar/index.h"

#include "cedar/compile.h"

#include <stdlib.h>

/* Something a request must have: an entity or type of one of its variables. */
struct key {
    uint32_t var;  /* enum pst_cedar_var */
    uint32_t what; /* entity reference, or type symbol */
    bool is_type;
};

enum { KEYS_MAX = 16 };

struct builder {
    struct pst_cedar *c;
    uint32_t *by_uid[3]; /* per entity reference: policies that need it, then their number placed */
    uint32_t *by_type[2]; /* per symbol, for principal and resource */
    uint32_t n_always;
    uint32_t *chosen; /* per policy: which of its keys; PST_CEDAR_NO none */
};

static uint32_t *slot(struct builder *b, struct key k)
{
    if (k.is_type) {
        return &b->by_type[k.var == PST_CEDAR_RESOURCE ? 1 : 0][k.what];
    }
    return &b->by_uid[k.var][k.what];
}

static void add_key(struct key *keys, uint32_t *n, struct key k)
{
    if (*n < KEYS_MAX) {
        keys[(*n)++] = k;
    }
}

/* A test that cannot fail and that the request passes only with this key. */
static bool test_key(const struct pst_cedar *c, const struct pst_cedar_node *n, struct key *ret)
{
    const struct pst_cedar_node *left = &c->nodes[n->a];
    if (n->kind == PST_CEDAR_N_IS && left->kind == PST_CEDAR_N_VAR) {
        *ret = (struct key){left->a, n->b, true};
        return n->c == PST_CEDAR_NO &&
               (left->a == PST_CEDAR_PRINCIPAL || left->a == PST_CEDAR_RESOURCE);
    }
    if (n->kind != PST_CEDAR_N_BINARY || (n->op != PST_CEDAR_OP_IN && n->op != PST_CEDAR_OP_EQ)) {
        return false;
    }
    const struct pst_cedar_node *right = &c->nodes[n->b];
    if (left->kind != PST_CEDAR_N_VAR || left->a == PST_CEDAR_CONTEXT ||
        right->kind != PST_CEDAR_N_UID) {
        return false;
    }
    *ret = (struct key){left->a, right->a, false};
    return true;
}

enum { LEADING_MAX = 24 };

/* The tests that the first condition begins with, joined by &&, in the order of evaluation. */
static uint32_t leading_tests(const struct pst_cedar *c, const struct pst_cedar_policy_row *p,
                              uint32_t tests[LEADING_MAX])
{
    uint32_t spine[LEADING_MAX - 1];
    uint32_t depth = 0;
    uint32_t n = 0;
    if (p->n_conds == 0 || c->kids[p->conds + 1] != 0) {
        return 0;
    }
    uint32_t node = c->kids[p->conds];
    while (c->nodes[node].kind == PST_CEDAR_N_AND) {
        /* Of a long chain the innermost tests, which come first, are kept. */
        spine[depth % PST_LEN(spine)] = c->nodes[node].b;
        depth++;
        node = c->nodes[node].a;
    }
    tests[n++] = node;
    for (uint32_t left = depth < PST_LEN(spine) ? depth : (uint32_t)PST_LEN(spine); left > 0;
         left--) {
        depth--;
        tests[n++] = spine[depth % PST_LEN(spine)];
    }
    return n;
}

/* Keys from the tests that a condition begins with. Only those evaluated first, all before anything
 * that may fail: a policy that the index passes over must be one that neither applies nor fails. */
static void condition_keys(const struct pst_cedar *c, const struct pst_cedar_policy_row *p,
                           struct key *keys, uint32_t *n)
{
    uint32_t tests[LEADING_MAX];
    uint32_t count = leading_tests(c, p, tests);
    struct key k;
    for (uint32_t i = 0; i < count && test_key(c, &c->nodes[tests[i]], &k); i++) {
        add_key(keys, n, k);
    }
}

/* --- guards ------------------------------------------------------------------------------------
 */

static bool literal(const struct pst_cedar_node *n, struct pst_cedar_value *ret)
{
    *ret = (struct pst_cedar_value){0};
    if (n->kind == PST_CEDAR_N_STRING || n->kind == PST_CEDAR_N_UID ||
        n->kind == PST_CEDAR_N_BOOL) {
        ret->tag = n->kind == PST_CEDAR_N_STRING ? (uint32_t)PST_CEDAR_STRING
                   : n->kind == PST_CEDAR_N_UID  ? (uint32_t)PST_CEDAR_UID
                                                 : (uint32_t)PST_CEDAR_BOOL;
        ret->i = n->a;
        return true;
    }
    *ret = pst_cedar_long((int64_t)(((uint64_t)n->b << 32) | n->a));
    return n->kind == PST_CEDAR_N_LONG;
}

/* `var.sym == literal`, or the same of a tag. */
static bool equality(const struct pst_cedar *c, const struct pst_cedar_node *n, bool tag,
                     struct pst_cedar_guard *ret)
{
    if (n->kind != PST_CEDAR_N_BINARY || n->op != PST_CEDAR_OP_EQ ||
        !literal(&c->nodes[n->b], &ret->value)) {
        return false;
    }
    const struct pst_cedar_node *left = &c->nodes[n->a];
    bool fits = tag ? left->kind == PST_CEDAR_N_BINARY && left->op == PST_CEDAR_OP_GET_TAG &&
                          c->nodes[left->b].kind == PST_CEDAR_N_STRING
                    : left->kind == PST_CEDAR_N_GET;
    if (!fits || c->nodes[left->a].kind != PST_CEDAR_N_VAR) {
        return false;
    }
    ret->var = (uint8_t)c->nodes[left->a].a;
    ret->sym = tag ? c->nodes[left->b].a : left->b;
    return !tag || ret->var != PST_CEDAR_CONTEXT;
}

/* `var has sym`, or `var.hasTag(sym)`, of the guard's variable and symbol. */
static bool presence(const struct pst_cedar *c, const struct pst_cedar_node *n, bool tag,
                     const struct pst_cedar_guard *g)
{
    const struct pst_cedar_node *var = &c->nodes[n->a];
    if (tag) {
        return n->kind == PST_CEDAR_N_BINARY && n->op == PST_CEDAR_OP_HAS_TAG &&
               var->kind == PST_CEDAR_N_VAR && var->a == g->var &&
               c->nodes[n->b].kind == PST_CEDAR_N_STRING && c->nodes[n->b].a == g->sym;
    }
    return n->kind == PST_CEDAR_N_HAS && var->kind == PST_CEDAR_N_VAR && var->a == g->var &&
           n->b == g->sym;
}

static struct pst_cedar_guard find_guard(const struct pst_cedar *c,
                                         const struct pst_cedar_policy_row *p)
{
    uint32_t tests[LEADING_MAX];
    uint32_t n = leading_tests(c, p, tests);
    uint32_t i = 0;
    struct key k;
    struct pst_cedar_guard g = {.kind = PST_CEDAR_G_NONE};
    while (i < n && test_key(c, &c->nodes[tests[i]], &k)) {
        i++;
    }
    if (i < n && equality(c, &c->nodes[tests[i]], false, &g)) {
        g.kind = PST_CEDAR_G_ATTR;
    } else if (i + 1 < n && equality(c, &c->nodes[tests[i + 1]], false, &g) &&
               presence(c, &c->nodes[tests[i]], false, &g)) {
        g.kind = PST_CEDAR_G_HAS_ATTR;
    } else if (i + 1 < n && equality(c, &c->nodes[tests[i + 1]], true, &g) &&
               presence(c, &c->nodes[tests[i]], true, &g)) {
        g.kind = PST_CEDAR_G_HAS_TAG;
    } else {
        g = (struct pst_cedar_guard){.kind = PST_CEDAR_G_NONE};
    }
    return g;
}

/* All keys that a policy needs at once. The list of actions is not among them: see below. */
static uint32_t policy_keys(const struct pst_cedar *c, const struct pst_cedar_policy_row *p,
                            struct key keys[KEYS_MAX])
{
    uint32_t n = 0;
    for (uint32_t var = 0; var < 3; var++) {
        const struct pst_cedar_scope *s = &p->scope[var];
        bool entity = s->kind == PST_CEDAR_SCOPE_EQ || s->kind == PST_CEDAR_SCOPE_IN ||
                      s->kind == PST_CEDAR_SCOPE_IS_IN;
        bool type = s->kind == PST_CEDAR_SCOPE_IS || s->kind == PST_CEDAR_SCOPE_IS_IN;
        if (entity) {
            add_key(keys, &n, (struct key){var, s->uid, false});
        }
        if (type) {
            add_key(keys, &n, (struct key){var, s->type, true});
        }
    }
    condition_keys(c, p, keys, &n);
    return n;
}

static bool listed(const struct pst_cedar_policy_row *p)
{
    return p->scope[PST_CEDAR_ACTION].kind == PST_CEDAR_SCOPE_LIST;
}

static void count(struct builder *b)
{
    const struct pst_cedar *c = b->c;
    for (uint32_t i = 0; i < PST_CEDAR_N_OF(c, policies); i++) {
        const struct pst_cedar_policy_row *p = &c->policies[i];
        struct key keys[KEYS_MAX];
        uint32_t n = p->is_template == 0 ? policy_keys(c, p, keys) : 0;
        for (uint32_t k = 0; k < n; k++) {
            ++*slot(b, keys[k]);
        }
        const struct pst_cedar_scope *a = &p->scope[PST_CEDAR_ACTION];
        for (uint32_t k = 0; p->is_template == 0 && listed(p) && k < a->n; k++) {
            ++b->by_uid[PST_CEDAR_ACTION][c->kids[a->uid + k]];
        }
    }
}

enum { CHOSE_LIST = KEYS_MAX, CHOSE_ALWAYS, CHOSE_NOTHING };

static uint32_t choose(struct builder *b, const struct pst_cedar_policy_row *p)
{
    struct key keys[KEYS_MAX];
    uint32_t n = policy_keys(b->c, p, keys);
    uint32_t best = CHOSE_ALWAYS;
    uint32_t fewest = UINT32_MAX;
    if (p->is_template != 0) {
        return CHOSE_NOTHING;
    }
    for (uint32_t k = 0; k < n; k++) {
        if (*slot(b, keys[k]) < fewest) {
            fewest = *slot(b, keys[k]);
            best = k;
        }
    }
    const struct pst_cedar_scope *a = &p->scope[PST_CEDAR_ACTION];
    if (listed(p)) {
        uint32_t most = 0;
        for (uint32_t k = 0; k < a->n; k++) {
            uint32_t many = b->by_uid[PST_CEDAR_ACTION][b->c->kids[a->uid + k]];
            most = many > most ? many : most;
        }
        best = most < fewest ? (uint32_t)CHOSE_LIST : best;
    }
    return best;
}

/* Calls place() for every slot that the policy goes into. */
static void each_slot(struct builder *b, uint32_t policy,
                      void (*place)(struct builder *b, uint32_t *slot, uint32_t policy))
{
    const struct pst_cedar_policy_row *p = &b->c->policies[policy];
    const struct pst_cedar_scope *a = &p->scope[PST_CEDAR_ACTION];
    struct key keys[KEYS_MAX];
    uint32_t chosen = b->chosen[policy];
    if (chosen == CHOSE_NOTHING) {
        return;
    }
    if (chosen == CHOSE_ALWAYS) {
        place(b, &b->n_always, policy);
    } else if (chosen == CHOSE_LIST) {
        for (uint32_t k = 0; k < a->n; k++) {
            place(b, &b->by_uid[PST_CEDAR_ACTION][b->c->kids[a->uid + k]], policy);
        }
    } else {
        (void)policy_keys(b->c, p, keys);
        place(b, slot(b, keys[chosen]), policy);
    }
}

static void count_one(struct builder *b, uint32_t *at, uint32_t policy)
{
    (void)b;
    (void)policy;
    ++*at;
}

/* The slots now hold bucket numbers. */
static void put_one(struct builder *b, uint32_t *at, uint32_t policy)
{
    struct pst_cedar_span *bucket = &b->c->buckets[*at];
    b->c->guards[bucket->at + bucket->n] = find_guard(b->c, &b->c->policies[policy]);
    b->c->bucket_items[bucket->at + bucket->n++] = policy;
}

static void zero(struct builder *b)
{
    for (unsigned v = 0; v < 3; v++) {
        memset(b->by_uid[v], 0, PST_CEDAR_N_OF(b->c, uids) * sizeof(uint32_t));
    }
    for (unsigned v = 0; v < 2; v++) {
        memset(b->by_type[v], 0, PST_CEDAR_N_OF(b->c, syms) * sizeof(uint32_t));
    }
    b->n_always = 0;
}

/* Turns a slot's count into an empty bucket with that much room; its number goes into the slot. */
static bool make_bucket(struct builder *b, uint32_t *at, uint32_t *ret)
{
    struct pst_cedar *c = b->c;
    uint32_t n = *at;
    *ret = PST_CEDAR_NO;
    if (n == 0) {
        return true;
    }
    uint32_t items = PST_CEDAR_ADD(c, bucket_items, n);
    uint32_t guards = PST_CEDAR_ADD(c, guards, n);
    bool room = items != PST_CEDAR_NO && guards != PST_CEDAR_NO;
    uint32_t bucket = room ? PST_CEDAR_ADD(c, buckets, 1) : PST_CEDAR_NO;
    if (bucket == PST_CEDAR_NO) {
        return false;
    }
    c->buckets[bucket] = (struct pst_cedar_span){.at = items, .n = 0};
    *at = bucket;
    *ret = bucket;
    return true;
}

static bool make_buckets(struct builder *b)
{
    struct pst_cedar *c = b->c;
    for (uint32_t uid = 0; uid < PST_CEDAR_N_OF(c, uids); uid++) {
        for (unsigned v = 0; v < 3; v++) {
            if (!make_bucket(b, &b->by_uid[v][uid], &c->uids[uid].bucket[v])) {
                return false;
            }
        }
    }
    for (uint32_t sym = 0; sym < PST_CEDAR_N_OF(c, syms); sym++) {
        struct pst_cedar_type_row row = {.type = sym};
        if (b->by_type[0][sym] == 0 && b->by_type[1][sym] == 0) {
            continue;
        }
        uint32_t at = PST_CEDAR_ADD(c, types, 1);
        if (at == PST_CEDAR_NO || !make_bucket(b, &b->by_type[0][sym], &row.bucket[0]) ||
            !make_bucket(b, &b->by_type[1][sym], &row.bucket[1])) {
            return false;
        }
        c->types[at] = row;
    }
    return make_bucket(b, &b->n_always, &c->always);
}

static bool allocate(struct builder *b)
{
    size_t uids = (size_t)PST_CEDAR_N_OF(b->c, uids) + 1;
    size_t syms = (size_t)PST_CEDAR_N_OF(b->c, syms) + 1;
    bool ok = true;
    for (unsigned v = 0; v < 3; v++) {
        b->by_uid[v] = (uint32_t *)calloc(uids, sizeof(uint32_t));
        ok = ok && b->by_uid[v] != NULL;
    }
    for (unsigned v = 0; v < 2; v++) {
        b->by_type[v] = (uint32_t *)calloc(syms, sizeof(uint32_t));
        ok = ok && b->by_type[v] != NULL;
    }
    b->chosen = (uint32_t *)calloc((size_t)PST_CEDAR_N_OF(b->c, policies) + 1, sizeof(uint32_t));
    return ok && b->chosen != NULL;
}

enum pst_status pst_cedar_index(struct pst_cedar *c, struct pst_err *err)
{
    struct builder b = {.c = c};
    bool ok = allocate(&b);
    uint32_t n = PST_CEDAR_N_OF(c, policies);
    if (ok) {
        count(&b);
        for (uint32_t i = 0; i < n; i++) {
            b.chosen[i] = choose(&b, &c->policies[i]);
        }
        zero(&b);
        for (uint32_t i = 0; i < n; i++) {
            each_slot(&b, i, count_one);
        }
        ok = make_buckets(&b);
    }
    for (uint32_t i = 0; i < n && ok; i++) {
        each_slot(&b, i, put_one);
    }
    for (unsigned v = 0; v < 3; v++) {
        free(b.by_uid[v]);
    }
    free(b.by_type[0]);
    free(b.by_type[1]);
    free(b.chosen);
    return ok ? PST_OK
              : pst_fail(err, PST_E_NO_MEMORY, "the policy index needs more memory than the limit");
}

/* --- looking up --------------------------------------------------------------------------------
 */

static const struct pst_cedar_type_row *find_type(const struct pst_cedar *c, uint32_t type)
{
    uint32_t low = 0;
    uint32_t high = PST_CEDAR_N_OF(c, types);
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (c->types[mid].type == type) {
            return &c->types[mid];
        }
        if (c->types[mid].type < type) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

void pst_cedar_walk_init(struct pst_cedar_walk *w, const struct pst_cedar_request *r)
{
    *w = (struct pst_cedar_walk){.r = r, .asked_sym = PST_CEDAR_NO};
    if (r->c->always != PST_CEDAR_NO) {
        w->bucket = r->c->buckets[r->c->always];
    }
}

static void open_uid(struct pst_cedar_walk *w, uint32_t uid)
{
    if ((uid & PST_CEDAR_LOCAL) == 0 && w->r->c->uids[uid].bucket[w->var] != PST_CEDAR_NO) {
        w->bucket = w->r->c->buckets[w->r->c->uids[uid].bucket[w->var]];
    }
}

static void open_type(struct pst_cedar_walk *w)
{
    struct pst_cedar_ctx x = {.c = w->r->c, .r = w->r};
    uint32_t type = pst_cedar_uid_type(x, w->r->vars[w->var]);
    const struct pst_cedar_type_row *row = w->var != PST_CEDAR_ACTION ? find_type(w->r->c, type)
                                                                      : NULL;
    uint32_t bucket = row != NULL ? row->bucket[w->var == PST_CEDAR_RESOURCE] : PST_CEDAR_NO;
    if (bucket != PST_CEDAR_NO) {
        w->bucket = w->r->c->buckets[bucket];
    }
}

/* Looks the guard's attribute or tag up, unless it is the one looked up last. */
static void ask(struct pst_cedar_walk *w, const struct pst_cedar_guard *g)
{
    uint8_t tag = g->kind == PST_CEDAR_G_HAS_TAG;
    if (g->sym == w->asked_sym && g->var == w->asked_var && tag == w->asked_tag) {
        return;
    }
    struct pst_cedar_ctx x = {.c = w->r->c, .r = w->r};
    struct pst_cedar_value record = w->r->context;
    if (g->var != PST_CEDAR_CONTEXT) {
        struct pst_cedar_entity_view e = pst_cedar_entity_of(w->r, w->r->vars[g->var]);
        record = tag != 0 ? e.tags : e.attrs;
    }
    w->asked_sym = g->sym;
    w->asked_var = g->var;
    w->asked_tag = tag;
    w->asked_known = record.tag == PST_CEDAR_RECORD || record.tag == PST_CEDAR_NONE;
    w->asked = w->asked_known ? pst_cedar_member(x, record, g->sym) : NULL;
}

/* Whether the guard's test is certainly false, and so the policy neither applies nor fails. */
static bool ruled_out(struct pst_cedar_walk *w, const struct pst_cedar_guard *g)
{
    if (g->kind == PST_CEDAR_G_NONE) {
        return false;
    }
    ask(w, g);
    if (w->asked == NULL) {
        return w->asked_known && g->kind != PST_CEDAR_G_ATTR;
    }
    return w->asked->tag != PST_CEDAR_UNKNOWN &&
           (w->asked->tag != g->value.tag || w->asked->i != g->value.i);
}

/* The next bucket of the request; false at the end. Steps of each variable: its type, itself, each
 * ancestor. */
static bool next_bucket(struct pst_cedar_walk *w)
{
    while (w->bucket.n == 0) {
        if (w->var == 3) {
            return false;
        }
        uint32_t step = w->step++;
        if (step == 0) {
            w->entity = pst_cedar_entity_of(w->r, w->r->vars[w->var]);
            open_type(w);
        } else if (step == 1) {
            open_uid(w, w->r->vars[w->var]);
        } else if (step - 2 < w->entity.n_ancestors) {
            open_uid(w, w->entity.ancestors[step - 2]);
        } else {
            w->var++;
            w->step = 0;
        }
    }
    return true;
}

uint32_t pst_cedar_walk_next(struct pst_cedar_walk *w)
{
    const struct pst_cedar *c = w->r->c;
    while (next_bucket(w)) {
        while (w->bucket.n > 0) {
            uint32_t at = w->bucket.at++;
            w->bucket.n--;
            if (!ruled_out(w, &c->guards[at])) {
                return c->bucket_items[at];
            }
        }
    }
    return PST_CEDAR_NO;
}
