/* What an image must hold for the rest of this folder to read it without looking again. */
#include "cedar/check.h"

#include "base/enc.h"

#include <stdlib.h>

#define N(name) PST_CEDAR_N_OF(c, name)

static bool range_ok(uint32_t at, uint32_t n, uint32_t size)
{
    return at <= size && n <= size - at;
}

static bool sym_ok(const struct pst_cedar *c, uint32_t sym)
{
    return sym < N(syms);
}

static bool optional_ok(uint32_t i, uint32_t n)
{
    return i < n || i == PST_CEDAR_NO;
}

/* A power of two, every entry an index or empty, and at least one empty: so that every search ends.
 */
static bool table_ok(const uint32_t *slots, uint32_t size, uint32_t n)
{
    uint32_t empty = 0;
    if (size == 0) {
        return n == 0;
    }
    if ((size & (size - 1)) != 0) {
        return false;
    }
    for (uint32_t i = 0; i < size; i++) {
        if (!optional_ok(slots[i], n)) {
            return false;
        }
        empty += slots[i] == PST_CEDAR_NO;
    }
    return empty > 0;
}

/* Every symbol is UTF-8 and is what looking for its text finds: the table is right, none is double.
 */
static bool symbols_ok(const struct pst_cedar *c)
{
    if (!table_ok(c->sym_slots, N(sym_slots), N(syms))) {
        return false;
    }
    for (uint32_t i = 0; i < N(syms); i++) {
        if (!range_ok(c->syms[i].at, c->syms[i].n, N(bytes)) ||
            c->syms[i].hash != pst_cedar_hash(c, pst_cedar_text(c, i))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < N(syms); i++) {
        struct pst_str text = pst_cedar_text(c, i);
        if (!pst_utf8_valid(text) || pst_cedar_sym_find_hashed(c, text, c->syms[i].hash) != i) {
            return false;
        }
    }
    return true;
}

static bool uids_ok(const struct pst_cedar *c)
{
    if (!table_ok(c->uid_slots, N(uid_slots), N(uids))) {
        return false;
    }
    for (uint32_t i = 0; i < N(uids); i++) {
        const struct pst_cedar_uid_row *u = &c->uids[i];
        if (!sym_ok(c, u->type) || !sym_ok(c, u->id) || !optional_ok(u->entity, N(entities)) ||
            (u->entity != PST_CEDAR_NO && c->entities[u->entity].uid != i) ||
            pst_cedar_uid_find(c, u->type, u->id) != i) {
            return false;
        }
        for (unsigned v = 0; v < 3; v++) {
            if (!optional_ok(u->bucket[v], N(buckets))) {
                return false;
            }
        }
    }
    return true;
}

/* --- values ------------------------------------------------------------------------------------
 */

static bool value_ok(const struct pst_cedar *c, struct pst_cedar_value v)
{
    uint64_t i = (uint64_t)v.i;
    bool scalar = v.n == 0;
    switch ((enum pst_cedar_tag)v.tag) {
    case PST_CEDAR_NONE:
        return scalar && i == 0;
    case PST_CEDAR_BOOL:
        return scalar && i <= 1;
    case PST_CEDAR_LONG:
    case PST_CEDAR_DECIMAL:
    case PST_CEDAR_DATETIME:
    case PST_CEDAR_DURATION:
        return scalar;
    case PST_CEDAR_STRING:
        return scalar && i < N(syms);
    case PST_CEDAR_UID:
        return scalar && i < N(uids);
    case PST_CEDAR_IP:
        return scalar && i < N(ips);
    case PST_CEDAR_SET:
        return i <= N(values) && range_ok((uint32_t)i, v.n, N(values));
    case PST_CEDAR_RECORD:
        return i <= N(fields) && range_ok((uint32_t)i, v.n, N(fields));
    case PST_CEDAR_UNKNOWN:
    case PST_CEDAR_TAG_COUNT:
    default:
        return false;
    }
}

/* How deep each place of values[] and fields[] nests, from the places its value names. Repeated
 * until nothing changes: one or two rounds for what we write. A circle grows past the limit and is
 * refused, and the lists together may not be so long that the rounds take long. */
struct nesting {
    const struct pst_cedar *c;
    uint8_t *of_value, *of_field;
    uint64_t budget; /* places that may still be looked at */
};

static bool deepen(struct nesting *k, struct pst_cedar_value v, uint8_t *level, bool *changed)
{
    uint8_t deepest = 0;
    if (v.tag != PST_CEDAR_SET && v.tag != PST_CEDAR_RECORD) {
        return true;
    }
    if (v.n > k->budget) {
        return false;
    }
    k->budget -= v.n;
    const uint8_t *of = v.tag == PST_CEDAR_SET ? k->of_value : k->of_field;
    for (uint32_t i = 0; i < v.n; i++) {
        uint8_t one = of[(uint32_t)v.i + i];
        deepest = one > deepest ? one : deepest;
    }
    if (deepest + 1 >= PST_CEDAR_VALUE_DEPTH) {
        return false;
    }
    if (deepest + 1 != *level) {
        *level = (uint8_t)(deepest + 1);
        *changed = true;
    }
    return true;
}

static bool nesting_ok(const struct pst_cedar *c)
{
    struct nesting k = {.c = c, .budget = 1u << 20};
    k.budget += ((uint64_t)N(values) + N(fields)) * 64;
    k.of_value = (uint8_t *)calloc((size_t)N(values) + 1, 1);
    k.of_field = (uint8_t *)calloc((size_t)N(fields) + 1, 1);
    bool ok = k.of_value != NULL && k.of_field != NULL;
    bool changed = true;
    while (ok && changed) {
        changed = false;
        for (uint32_t i = 0; i < N(values) && ok; i++) {
            ok = deepen(&k, c->values[i], &k.of_value[i], &changed);
        }
        for (uint32_t i = 0; i < N(fields) && ok; i++) {
            ok = deepen(&k, c->fields[i].value, &k.of_field[i], &changed);
        }
    }
    free(k.of_value);
    free(k.of_field);
    return ok;
}

/* Sets ascend, records ascend by key. After the nesting is known to be sound. */
static bool sorted_ok(const struct pst_cedar *c, struct pst_cedar_value v)
{
    struct pst_cedar_ctx x = {.c = c};
    for (uint32_t i = 1; i < v.n; i++) {
        uint32_t at = (uint32_t)v.i + i;
        if (v.tag == PST_CEDAR_SET ? pst_cedar_value_cmp(x, c->values[at - 1], c->values[at]) >= 0
                                   : c->fields[at - 1].key >= c->fields[at].key) {
            return false;
        }
    }
    return true;
}

static bool values_ok(const struct pst_cedar *c)
{
    for (uint32_t i = 0; i < N(values); i++) {
        if (!value_ok(c, c->values[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < N(fields); i++) {
        if (!sym_ok(c, c->fields[i].key) || !value_ok(c, c->fields[i].value)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < N(ips); i++) {
        if (c->ips[i].v6 > 1 || c->ips[i].prefix > (c->ips[i].v6 != 0 ? 128 : 32)) {
            return false;
        }
    }
    if (!nesting_ok(c)) {
        return false;
    }
    for (uint32_t i = 0; i < N(values); i++) {
        if (!sorted_ok(c, c->values[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < N(fields); i++) {
        if (!sorted_ok(c, c->fields[i].value)) {
            return false;
        }
    }
    return true;
}

static bool links_ok(const struct pst_cedar *c, uint32_t at, uint32_t n)
{
    if (!range_ok(at, n, N(links))) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (c->links[at + i] >= N(uids) || (i > 0 && c->links[at + i - 1] >= c->links[at + i])) {
            return false;
        }
    }
    return true;
}

static bool record_ok(const struct pst_cedar *c, struct pst_cedar_value v)
{
    return (v.tag == PST_CEDAR_RECORD || v.tag == PST_CEDAR_NONE) && value_ok(c, v) &&
           sorted_ok(c, v);
}

static bool entities_ok(const struct pst_cedar *c)
{
    for (uint32_t i = 0; i < N(entities); i++) {
        const struct pst_cedar_entity_row *e = &c->entities[i];
        if (e->uid >= N(uids) || c->uids[e->uid].entity != i ||
            !links_ok(c, e->parents, e->n_parents) || !links_ok(c, e->ancestors, e->n_ancestors) ||
            !record_ok(c, e->attrs) || !record_ok(c, e->tags)) {
            return false;
        }
    }
    return true;
}

/* --- expressions and policies ------------------------------------------------------------------
 */

/* kids[at..] are n entries: nodes before `self`, or symbols, every `step`th from `first`. */
static bool kids_ok(const struct pst_cedar *c, uint32_t at, uint64_t n, uint32_t below)
{
    if (n > N(kids) || !range_ok(at, (uint32_t)n, N(kids))) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (c->kids[at + i] >= below) {
            return false;
        }
    }
    return true;
}

static bool pairs_ok(const struct pst_cedar *c, uint32_t at, uint32_t n, uint32_t self)
{
    if (n > N(kids) / 2 || !range_ok(at, 2 * n, N(kids))) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!sym_ok(c, c->kids[at + 2 * i]) || c->kids[at + 2 * i + 1] >= self) {
            return false;
        }
    }
    return true;
}

static bool node_ok(const struct pst_cedar *c, uint32_t self)
{
    const struct pst_cedar_node *n = &c->nodes[self];
    switch ((enum pst_cedar_kind)n->kind) {
    case PST_CEDAR_N_BOOL:
        return n->a <= 1;
    case PST_CEDAR_N_LONG:
        return true;
    case PST_CEDAR_N_STRING:
        return sym_ok(c, n->a);
    case PST_CEDAR_N_UID:
        return n->a < N(uids);
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
        return n->a < PST_CEDAR_VAR_COUNT;
    case PST_CEDAR_N_IF:
        return n->a < self && n->b < self && n->c < self;
    case PST_CEDAR_N_AND:
    case PST_CEDAR_N_OR:
        return n->a < self && n->b < self;
    case PST_CEDAR_N_UNARY:
        return n->op <= PST_CEDAR_OP_IS_EMPTY && n->a < self;
    case PST_CEDAR_N_BINARY:
        return n->op > PST_CEDAR_OP_IS_EMPTY && n->op < PST_CEDAR_OP_COUNT && n->a < self &&
               n->b < self;
    case PST_CEDAR_N_GET:
    case PST_CEDAR_N_HAS:
        return n->a < self && sym_ok(c, n->b);
    case PST_CEDAR_N_LIKE:
        return n->a < self && n->c != 0 && kids_ok(c, n->b, n->c, N(syms));
    case PST_CEDAR_N_IS:
        return n->a < self && sym_ok(c, n->b) && (n->c < self || n->c == PST_CEDAR_NO);
    case PST_CEDAR_N_SET:
        return kids_ok(c, n->a, n->b, self);
    case PST_CEDAR_N_RECORD:
        return pairs_ok(c, n->a, n->b, self);
    case PST_CEDAR_N_CALL:
        return n->op < PST_CEDAR_FN_COUNT && kids_ok(c, n->a, n->b, self);
    case PST_CEDAR_N_COUNT:
    default:
        return false;
    }
}

static bool scope_ok(const struct pst_cedar *c, const struct pst_cedar_scope *s)
{
    bool uid = s->uid < N(uids) || (s->slot == 1 && s->uid == PST_CEDAR_NO);
    bool slot = s->slot <= 1;
    switch ((enum pst_cedar_scope_kind)s->kind) {
    case PST_CEDAR_SCOPE_ANY:
        return slot;
    case PST_CEDAR_SCOPE_EQ:
    case PST_CEDAR_SCOPE_IN:
        return slot && uid;
    case PST_CEDAR_SCOPE_LIST:
        return slot && kids_ok(c, s->uid, s->n, N(uids));
    case PST_CEDAR_SCOPE_IS:
        return slot && sym_ok(c, s->type);
    case PST_CEDAR_SCOPE_IS_IN:
        return slot && sym_ok(c, s->type) && uid;
    case PST_CEDAR_SCOPE_COUNT:
    default:
        return false;
    }
}

static bool policy_ok(const struct pst_cedar *c, const struct pst_cedar_policy_row *p)
{
    bool open_slot = false;
    for (unsigned v = 0; v < 3; v++) {
        if (!scope_ok(c, &p->scope[v])) {
            return false;
        }
        open_slot = open_slot || (p->scope[v].slot != 0 && p->scope[v].uid == PST_CEDAR_NO);
    }
    if (!sym_ok(c, p->id) || !sym_ok(c, p->file) || !sym_ok(c, p->text) ||
        !optional_ok(p->link_of, N(policies)) || open_slot != (p->is_template != 0) ||
        !range_ok(p->notes, p->n_notes, N(notes)) || p->n_conds > N(kids) / 2 ||
        !range_ok(p->conds, 2 * p->n_conds, N(kids))) {
        return false;
    }
    for (uint32_t i = 0; i < p->n_conds; i++) {
        if (c->kids[p->conds + 2 * i] >= N(nodes) || c->kids[p->conds + 2 * i + 1] > 1) {
            return false;
        }
    }
    return true;
}

static bool policies_ok(const struct pst_cedar *c)
{
    for (uint32_t i = 0; i < N(nodes); i++) {
        if (!node_ok(c, i)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < N(notes); i++) {
        if (!sym_ok(c, c->notes[i].key) || !sym_ok(c, c->notes[i].value)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < N(policies); i++) {
        if (!policy_ok(c, &c->policies[i])) {
            return false;
        }
    }
    if (N(code_nodes) != N(code)) {
        return false;
    }
    for (uint32_t i = 0; i < N(code_nodes); i++) {
        if (c->code_nodes[i] >= N(nodes)) {
            return false;
        }
    }
    return true;
}

static bool index_ok(const struct pst_cedar *c)
{
    if (!optional_ok(c->always, N(buckets))) {
        return false;
    }
    for (uint32_t i = 0; i < N(buckets); i++) {
        if (!range_ok(c->buckets[i].at, c->buckets[i].n, N(bucket_items))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < N(bucket_items); i++) {
        if (c->bucket_items[i] >= N(policies)) {
            return false;
        }
    }
    if (N(guards) != N(bucket_items)) {
        return false;
    }
    for (uint32_t i = 0; i < N(guards); i++) {
        const struct pst_cedar_guard *g = &c->guards[i];
        if (g->kind >= PST_CEDAR_G_COUNT || g->var >= PST_CEDAR_VAR_COUNT || !sym_ok(c, g->sym) ||
            !value_ok(c, g->value)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < N(types); i++) {
        const struct pst_cedar_type_row *t = &c->types[i];
        if (!sym_ok(c, t->type) || !optional_ok(t->bucket[0], N(buckets)) ||
            !optional_ok(t->bucket[1], N(buckets)) || (i > 0 && c->types[i - 1].type >= t->type)) {
            return false;
        }
    }
    return true;
}

enum pst_status pst_cedar_check_image(struct pst_cedar *c, struct pst_err *err)
{
    const char *wrong = NULL;
    if (!symbols_ok(c)) {
        wrong = "symbols";
    } else if (!uids_ok(c)) {
        wrong = "entity references";
    } else if (!values_ok(c)) {
        wrong = "values";
    } else if (!entities_ok(c)) {
        wrong = "entities";
    } else if (!policies_ok(c)) {
        wrong = "policies";
    } else if (!index_ok(c)) {
        wrong = "index";
    }
    if (wrong != NULL) {
        return pst_fail(err, PST_E_CEDAR_SYNTAX, "the policy image is not valid: %s", wrong);
    }
    return pst_cedar_check_code(c, err);
}
