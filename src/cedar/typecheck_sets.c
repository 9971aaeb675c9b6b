/* What the checker keeps besides types: symbols of the schema for those of the set, numbers of
 * equal expressions, capabilities. */
#include "cedar/typecheck.h"

#include <stdlib.h>

enum { SYM_UNKNOWN = UINT32_MAX - 1 }; /* not looked up yet */

void pst_cedar_check_full(struct pst_cedar_checker *k)
{
    if (!k->failed) {
        (void)pst_fail(k->err, PST_E_NO_MEMORY, "no memory left for validating the policies");
        k->failed = true;
    }
}

void *pst_cedar_check_grow(struct pst_cedar_checker *k, void *array, uint32_t *cap, uint32_t need,
                           size_t size)
{
    if (need <= *cap) {
        return array;
    }
    uint32_t more = *cap != 0 ? *cap * 2 : 64;
    more = more < need ? need : more;
    void *p = more < UINT32_MAX / 4 ? realloc(array, more * size) : NULL;
    if (p == NULL) {
        pst_cedar_check_full(k);
        return NULL;
    }
    *cap = more;
    return p;
}

static uint32_t mix(uint32_t h, uint32_t v)
{
    uint64_t x = (((uint64_t)h << 32) | v) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(x >> 32) ^ (uint32_t)x;
}

/* --- symbols -----------------------------------------------------------------------------------
 */

uint32_t pst_cedar_check_sym(struct pst_cedar_checker *k, uint32_t sym)
{
    if (k->sym[sym] == SYM_UNKNOWN) {
        uint32_t found = pst_cedar_sym_find(k->s->names, pst_cedar_text(k->c, sym));
        k->sym[sym] = found != PST_CEDAR_NO ? found : sym | PST_CEDAR_LOCAL;
    }
    return k->sym[sym];
}

struct pst_str pst_cedar_check_text(const void *checker, uint32_t sym)
{
    const struct pst_cedar_checker *k = (const struct pst_cedar_checker *)checker;
    return (sym & PST_CEDAR_LOCAL) != 0 ? pst_cedar_text(k->c, sym & ~PST_CEDAR_LOCAL)
                                        : pst_cedar_schema_text(k->s, sym);
}

uint32_t pst_cedar_check_action(struct pst_cedar_checker *k, uint32_t uid)
{
    uint32_t type = pst_cedar_check_sym(k, k->c->uids[uid].type);
    uint32_t id = pst_cedar_check_sym(k, k->c->uids[uid].id);
    if (((type | id) & PST_CEDAR_LOCAL) != 0) {
        return PST_CEDAR_NO;
    }
    uint32_t found = pst_cedar_uid_find(k->s->names, type, id);
    return found < k->s->n_uids ? k->s->action_of_uid[found] : PST_CEDAR_NO;
}

uint32_t pst_cedar_check_type(struct pst_cedar_checker *k, uint32_t uid)
{
    uint32_t type = pst_cedar_schema_entity_type(k->s,
                                                 pst_cedar_check_sym(k, k->c->uids[uid].type));
    bool action = type != PST_CEDAR_NO && k->s->entity_types[type].is_action;
    return action && pst_cedar_check_action(k, uid) == PST_CEDAR_NO ? PST_CEDAR_NO : type;
}

/* --- numbers of expressions: a node's children come before it, so one pass does ------------------
 */

static uint32_t list_length(const struct pst_cedar_node *n)
{
    switch (n->kind) {
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_CALL:
        return n->b;
    case PST_CEDAR_N_RECORD:
        return n->b * 2;
    case PST_CEDAR_N_LIKE:
        return n->c;
    default:
        return 0;
    }
}

/* Item i of the node's list: a key or text as it is, a child by its number. */
static uint32_t list_item(const struct pst_cedar_checker *k, const struct pst_cedar_node *n,
                          uint32_t i)
{
    uint32_t at = n->kind == PST_CEDAR_N_LIKE ? n->b + i : n->a + i;
    uint32_t item = k->c->kids[at];
    bool child = n->kind != PST_CEDAR_N_LIKE && (n->kind != PST_CEDAR_N_RECORD || i % 2 == 1);
    return child ? k->number[item] : item;
}

/* The node with its children replaced by their numbers and what does not matter left out. */
static struct pst_cedar_node canonical(const struct pst_cedar_checker *k, uint32_t node)
{
    struct pst_cedar_node n = k->c->nodes[node];
    n.line = 0;
    n.column = 0;
    switch ((enum pst_cedar_kind)n.kind) {
    case PST_CEDAR_N_IF:
        n.c = k->number[n.c];
        n.a = k->number[n.a];
        n.b = k->number[n.b];
        break;
    case PST_CEDAR_N_AND:
    case PST_CEDAR_N_OR:
        n.op = 0;
        n.a = k->number[n.a];
        n.b = k->number[n.b];
        break;
    case PST_CEDAR_N_BINARY:
        n.a = k->number[n.a];
        n.b = k->number[n.b];
        break;
    case PST_CEDAR_N_GET:
        n.op = 0;
        n.a = k->number[n.a];
        break;
    case PST_CEDAR_N_UNARY:
    case PST_CEDAR_N_HAS:
        n.a = k->number[n.a];
        break;
    case PST_CEDAR_N_LIKE:
        n.a = k->number[n.a];
        n.b = 0;
        break;
    case PST_CEDAR_N_IS:
        n.a = k->number[n.a];
        n.c = n.c != PST_CEDAR_NO ? k->number[n.c] : PST_CEDAR_NO;
        break;
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_RECORD:
    case PST_CEDAR_N_CALL:
        n.a = 0;
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
    return n;
}

static bool same_node(const struct pst_cedar_checker *k, uint32_t x, uint32_t y)
{
    struct pst_cedar_node a = canonical(k, x);
    struct pst_cedar_node b = canonical(k, y);
    if (a.kind != b.kind || a.op != b.op || a.a != b.a || a.b != b.b || a.c != b.c) {
        return false;
    }
    uint32_t n = list_length(&k->c->nodes[x]);
    for (uint32_t i = 0; i < n; i++) {
        if (list_item(k, &k->c->nodes[x], i) != list_item(k, &k->c->nodes[y], i)) {
            return false;
        }
    }
    return true;
}

static uint32_t node_hash(const struct pst_cedar_checker *k, uint32_t node)
{
    struct pst_cedar_node n = canonical(k, node);
    uint32_t h = mix(mix(mix(mix(n.kind, n.op), n.a), n.b), n.c);
    uint32_t count = list_length(&k->c->nodes[node]);
    for (uint32_t i = 0; i < count; i++) {
        h = mix(h, list_item(k, &k->c->nodes[node], i));
    }
    return h;
}

bool pst_cedar_check_number(struct pst_cedar_checker *k)
{
    uint32_t n = PST_CEDAR_N_OF(k->c, nodes);
    uint32_t size = 64;
    while (size < n * 2) {
        size *= 2;
    }
    uint32_t *slots = (uint32_t *)malloc(size * sizeof slots[0]);
    if (slots == NULL) {
        return false;
    }
    memset(slots, 0xFF, size * sizeof slots[0]);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = node_hash(k, i) & (size - 1);
        while (slots[at] != PST_CEDAR_NO && !same_node(k, slots[at], i)) {
            at = (at + 1) & (size - 1);
        }
        if (slots[at] == PST_CEDAR_NO) {
            slots[at] = i;
        }
        k->number[i] = slots[at];
    }
    free(slots);
    return true;
}

/* --- capabilities ------------------------------------------------------------------------------
 */

static uint32_t cap_hash(struct pst_cedar_cap c)
{
    return mix(mix(c.expr, c.key), c.tag);
}

static bool caps_rehash(struct pst_cedar_checker *k)
{
    if (k->n_caps * 2 < k->n_cap_slots) {
        return true;
    }
    uint32_t size = k->n_cap_slots != 0 ? k->n_cap_slots * 2 : 64;
    uint32_t *slots = (uint32_t *)malloc(size * sizeof slots[0]);
    if (slots == NULL) {
        pst_cedar_check_full(k);
        return false;
    }
    memset(slots, 0xFF, size * sizeof slots[0]);
    for (uint32_t i = 0; i < k->n_caps; i++) {
        uint32_t at = cap_hash(k->caps[i]) & (size - 1);
        while (slots[at] != PST_CEDAR_NO) {
            at = (at + 1) & (size - 1);
        }
        slots[at] = i;
    }
    free(k->cap_slots);
    k->cap_slots = slots;
    k->n_cap_slots = size;
    return true;
}

uint32_t pst_cedar_cap(struct pst_cedar_checker *k, struct pst_cedar_cap cap)
{
    void *p = pst_cedar_check_grow(k, k->caps, &k->cap_caps, k->n_caps + 1, sizeof k->caps[0]);
    if (p == NULL) {
        return PST_CEDAR_NO;
    }
    k->caps = (struct pst_cedar_cap *)p;
    if (!caps_rehash(k)) {
        return PST_CEDAR_NO;
    }
    uint32_t at = cap_hash(cap) & (k->n_cap_slots - 1);
    while (k->cap_slots[at] != PST_CEDAR_NO) {
        const struct pst_cedar_cap *c = &k->caps[k->cap_slots[at]];
        if (c->expr == cap.expr && c->key == cap.key && c->tag == cap.tag) {
            return k->cap_slots[at];
        }
        at = (at + 1) & (k->n_cap_slots - 1);
    }
    k->cap_slots[at] = k->n_caps;
    k->caps[k->n_caps] = cap;
    return k->n_caps++;
}

static uint32_t *room(struct pst_cedar_checker *k, uint32_t n)
{
    uint32_t *list = (uint32_t *)pst_arena_take(&k->arena, n * sizeof list[0]);
    if (list == NULL) {
        pst_cedar_check_full(k);
    }
    return list;
}

struct pst_cedar_caps pst_cedar_caps_one(struct pst_cedar_checker *k, uint32_t cap)
{
    uint32_t *list = cap != PST_CEDAR_NO ? room(k, 1) : NULL;
    if (list == NULL) {
        return (struct pst_cedar_caps){0};
    }
    list[0] = cap;
    return (struct pst_cedar_caps){list, 1};
}

struct pst_cedar_caps pst_cedar_caps_both(struct pst_cedar_checker *k, struct pst_cedar_caps a,
                                          struct pst_cedar_caps b)
{
    if (a.n == 0 || b.n == 0) {
        return a.n == 0 ? b : a;
    }
    uint32_t *list = room(k, a.n + b.n);
    uint32_t n = 0;
    for (uint32_t i = 0, j = 0; list != NULL && (i < a.n || j < b.n);) {
        uint32_t least = i < a.n && (j == b.n || a.list[i] <= b.list[j]) ? a.list[i] : b.list[j];
        i += i < a.n && a.list[i] == least;
        j += j < b.n && b.list[j] == least;
        list[n++] = least;
    }
    return (struct pst_cedar_caps){list, n};
}

struct pst_cedar_caps pst_cedar_caps_common(struct pst_cedar_checker *k, struct pst_cedar_caps a,
                                            struct pst_cedar_caps b)
{
    if (a.n == 0 || b.n == 0) {
        return (struct pst_cedar_caps){0};
    }
    uint32_t *list = room(k, a.n < b.n ? a.n : b.n);
    uint32_t n = 0;
    for (uint32_t i = 0; list != NULL && i < a.n; i++) {
        if (pst_cedar_sorted_has(b.list, b.n, a.list[i])) {
            list[n++] = a.list[i];
        }
    }
    return (struct pst_cedar_caps){list, n};
}

/* --- the checker -------------------------------------------------------------------------------
 */

enum pst_status pst_cedar_checker_init(struct pst_cedar_checker *k, const struct pst_cedar *c,
                                       const struct pst_cedar_schema *s, enum pst_cedar_mode mode,
                                       struct pst_err *err)
{
    size_t syms = (size_t)PST_CEDAR_N_OF(c, syms) + 1;
    size_t nodes = (size_t)PST_CEDAR_N_OF(c, nodes) + 1;
    *k = (struct pst_cedar_checker){.c = c, .s = s, .mode = mode, .err = err};
    pst_arena_init(&k->arena, 65536, c->limits.total_bytes);
    pst_arena_init(&k->texts, 4096, c->limits.total_bytes);
    pst_buf_init(&k->text, 4096);
    pst_buf_init(&k->expected, 1024);
    pst_buf_init(&k->found, 1024);
    pst_buf_init(&k->hint, 1024);
    k->sym = (uint32_t *)malloc(syms * sizeof k->sym[0]);
    k->number = (uint32_t *)malloc(nodes * sizeof k->number[0]);
    k->node_type = (uint32_t *)calloc(nodes, sizeof k->node_type[0]);
    k->node_dead = (uint8_t *)calloc(nodes, 1);
    if (k->sym == NULL || k->number == NULL || k->node_type == NULL || k->node_dead == NULL ||
        !pst_cedar_types_copy(&k->types, &s->types) || !pst_cedar_check_number(k)) {
        pst_cedar_check_full(k);
        return PST_ERR;
    }
    for (size_t i = 0; i < syms; i++) {
        k->sym[i] = SYM_UNKNOWN;
    }
    return PST_OK;
}

void pst_cedar_checker_release(struct pst_cedar_checker *k)
{
    pst_arena_release(&k->arena);
    pst_arena_release(&k->texts);
    pst_buf_release(&k->text);
    pst_buf_release(&k->expected);
    pst_buf_release(&k->found);
    pst_buf_release(&k->hint);
    pst_cedar_types_release(&k->types);
    free(k->sym);
    free(k->number);
    free(k->node_type);
    free(k->node_dead);
    free(k->caps);
    free(k->cap_slots);
    free(k->frames);
    free(k->parts);
    free(k->findings);
}
