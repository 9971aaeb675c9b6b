/* Building a request: local tables, values, entities. */
#include "cedar/request.h"

#include "cedar/entities.h"

static const uint32_t element_size[PST_CEDAR_L_COUNT] = {
#define X(name, type) sizeof(type),
    PST_CEDAR_LOCAL_ARRAYS(X)
#undef X
};

static struct pst_cedar_ctx ctx_of(const struct pst_cedar_request *r)
{
    return (struct pst_cedar_ctx){.c = r->c, .r = r};
}

uint32_t pst_cedar_local_grow(struct pst_cedar_request *r, enum pst_cedar_local_array a, uint32_t n)
{
    uint32_t first = r->n[a];
    if (n > PST_CEDAR_LOCAL - 1 - first) {
        r->full = true;
        return PST_CEDAR_NO;
    }
    if (first + n > r->cap[a]) {
        uint32_t cap = r->cap[a] == 0 ? 32 : r->cap[a] * 2;
        cap = cap < first + n ? first + n : cap;
        void *more = pst_arena_take(r->arena, (size_t)cap * element_size[a]);
        if (more == NULL) {
            r->full = true;
            return PST_CEDAR_NO;
        }
        if (first != 0) {
            memcpy(more, r->array[a], (size_t)first * element_size[a]);
        }
        r->array[a] = more;
        r->cap[a] = cap;
    }
    r->n[a] = first + n;
    return first;
}

struct pst_cedar_request *pst_cedar_request_new(const struct pst_cedar *c, struct pst_arena *arena)
{
    PST_BUG_ON(!c->sealed);
    struct pst_cedar_request *r = PST_ARENA_NEW(arena, struct pst_cedar_request);
    if (r != NULL) {
        r->c = c;
        r->arena = arena;
        r->vars[0] = r->vars[1] = r->vars[2] = PST_CEDAR_NO;
    }
    return r;
}

/* --- local symbols and references --------------------------------------------------------------
 */

/* Makes the table large enough for one more; hash_of gives the hashes of those already there. */
static bool table_room(struct pst_cedar_request *r, struct pst_cedar_local_table *t, uint32_t used,
                       uint32_t (*hash_of)(const struct pst_cedar_request *r, uint32_t i))
{
    if ((used + 1) * 2 <= t->size) {
        return true;
    }
    uint32_t size = t->size != 0 ? t->size * 2 : 128;
    uint32_t *slots = (uint32_t *)pst_arena_take(r->arena, (size_t)size * sizeof slots[0]);
    if (slots == NULL) {
        r->full = true;
        return false;
    }
    memset(slots, 0xFF, (size_t)size * sizeof slots[0]);
    for (uint32_t i = 0; i < used; i++) {
        uint32_t at = hash_of(r, i) & (size - 1);
        while (slots[at] != PST_CEDAR_NO) {
            at = (at + 1) & (size - 1);
        }
        slots[at] = i;
    }
    t->slots = slots;
    t->size = size;
    return true;
}

static uint32_t sym_hash(const struct pst_cedar_request *r, uint32_t i)
{
    return r->syms[i].hash;
}

static uint32_t uid_hash(const struct pst_cedar_request *r, uint32_t i)
{
    return pst_cedar_uid_hash(r->uids[i].type, r->uids[i].id);
}

uint32_t pst_cedar_local_sym(struct pst_cedar_request *r, struct pst_str text)
{
    uint32_t hash = pst_cedar_hash(r->c, text);
    uint32_t sym = pst_cedar_sym_find_hashed(r->c, text, hash);
    if (sym != PST_CEDAR_NO) {
        return sym;
    }
    if (!table_room(r, &r->sym_table, r->n[PST_CEDAR_L_syms], sym_hash)) {
        return 0;
    }
    uint32_t mask = r->sym_table.size - 1;
    uint32_t at = hash & mask;
    for (; r->sym_table.slots[at] != PST_CEDAR_NO; at = (at + 1) & mask) {
        const struct pst_cedar_local_sym *s = &r->syms[r->sym_table.slots[at]];
        if (s->hash == hash && pst_str_eq(s->text, text)) {
            return r->sym_table.slots[at] | PST_CEDAR_LOCAL;
        }
    }
    uint32_t i = PST_CEDAR_LOCAL_ADD(r, syms, 1);
    if (i == PST_CEDAR_NO) {
        return 0;
    }
    r->syms[i] = (struct pst_cedar_local_sym){text, hash};
    r->sym_table.slots[at] = i;
    return i | PST_CEDAR_LOCAL;
}

uint32_t pst_cedar_local_uid(struct pst_cedar_request *r, uint32_t type, uint32_t id)
{
    if (((type | id) & PST_CEDAR_LOCAL) == 0) {
        uint32_t uid = pst_cedar_uid_find(r->c, type, id);
        if (uid != PST_CEDAR_NO) {
            return uid;
        }
    }
    if (!table_room(r, &r->uid_table, r->n[PST_CEDAR_L_uids], uid_hash)) {
        return PST_CEDAR_NO;
    }
    uint32_t mask = r->uid_table.size - 1;
    uint32_t at = pst_cedar_uid_hash(type, id) & mask;
    for (; r->uid_table.slots[at] != PST_CEDAR_NO; at = (at + 1) & mask) {
        uint32_t i = r->uid_table.slots[at];
        if (r->uids[i].type == type && r->uids[i].id == id) {
            return i | PST_CEDAR_LOCAL;
        }
    }
    uint32_t i = PST_CEDAR_LOCAL_ADD(r, uids, 1);
    if (i == PST_CEDAR_NO) {
        return PST_CEDAR_NO;
    }
    r->uids[i] = (struct pst_cedar_local_uid){type, id};
    r->uid_table.slots[at] = i;
    return i | PST_CEDAR_LOCAL;
}

/* --- values ------------------------------------------------------------------------------------
 */

struct pst_cedar_value pst_cedar_bool(bool v)
{
    return (struct pst_cedar_value){.tag = PST_CEDAR_BOOL, .i = v};
}

struct pst_cedar_value pst_cedar_long(int64_t v)
{
    return (struct pst_cedar_value){.tag = PST_CEDAR_LONG, .i = v};
}

struct pst_cedar_value pst_cedar_string(struct pst_cedar_request *r, struct pst_str s)
{
    return (struct pst_cedar_value){.tag = PST_CEDAR_STRING, .i = pst_cedar_local_sym(r, s)};
}

struct pst_cedar_value pst_cedar_uid(struct pst_cedar_request *r, struct pst_str type,
                                     struct pst_str id)
{
    uint32_t t = pst_cedar_local_sym(r, type);
    uint32_t i = pst_cedar_local_sym(r, id);
    uint32_t uid = r->full ? PST_CEDAR_NO : pst_cedar_local_uid(r, t, i);
    if (uid == PST_CEDAR_NO) {
        r->full = true;
        return (struct pst_cedar_value){0};
    }
    return (struct pst_cedar_value){.tag = PST_CEDAR_UID, .i = uid};
}

struct pst_cedar_value pst_cedar_set(struct pst_cedar_request *r, const struct pst_cedar_value *v,
                                     size_t n)
{
    struct pst_cedar_value set = {.tag = PST_CEDAR_SET};
    if (n > UINT32_MAX / 4) {
        r->full = true;
        return set;
    }
    uint32_t first = PST_CEDAR_LOCAL_ADD(r, values, (uint32_t)n);
    if (n == 0 || first == PST_CEDAR_NO) {
        return set;
    }
    memcpy(&r->values[first], v, n * sizeof v[0]);
    set.n = pst_cedar_items_sort(ctx_of(r), &r->values[first], (uint32_t)n);
    set.i = first | PST_CEDAR_LOCAL;
    r->n[PST_CEDAR_L_values] = first + set.n;
    return set;
}

enum pst_status pst_cedar_extension(struct pst_cedar_request *r, struct pst_str fn,
                                    struct pst_str text, struct pst_cedar_value *ret,
                                    struct pst_err *err)
{
    enum pst_cedar_fn f = pst_cedar_fn_find(fn, false);
    if (f == PST_CEDAR_FN_COUNT) {
        return pst_fail(err, PST_E_CEDAR_EXTENSION, "there is no such extension type");
    }
    return pst_cedar_target_extension((struct pst_cedar_target){.r = r}, f, text, ret, err);
}

struct pst_cedar_record {
    struct pst_cedar_request *r;
    struct pst_cedar_field *fields;
    uint32_t n, cap;
};

struct pst_cedar_record *pst_cedar_record_new(struct pst_cedar_request *r, size_t members_hint)
{
    struct pst_cedar_record *rec = PST_ARENA_NEW(r->arena, struct pst_cedar_record);
    uint32_t cap = members_hint < 4 ? 4 : members_hint > 1024 ? 1024 : (uint32_t)members_hint;
    if (rec != NULL) {
        rec->r = r;
        rec->fields = (struct pst_cedar_field *)pst_arena_take(r->arena,
                                                               cap * sizeof rec->fields[0]);
        rec->cap = cap;
    }
    if (rec == NULL || rec->fields == NULL) {
        r->full = true;
        return NULL;
    }
    return rec;
}

/* Sorted insertion: contexts are small, and mostly put in one order. */
void pst_cedar_record_put(struct pst_cedar_record *rec, struct pst_str key,
                          struct pst_cedar_value v)
{
    if (rec == NULL) {
        return;
    }
    uint32_t sym = pst_cedar_local_sym(rec->r, key);
    uint32_t low = 0;
    uint32_t high = rec->n;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (rec->fields[mid].key < sym) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    if (low < rec->n && rec->fields[low].key == sym) {
        rec->fields[low].value = v;
        return;
    }
    if (rec->n == rec->cap) {
        struct pst_cedar_field *more = (struct pst_cedar_field *)pst_arena_take(
            rec->r->arena, (size_t)rec->cap * 2 * sizeof more[0]);
        if (more == NULL) {
            rec->r->full = true;
            return;
        }
        memcpy(more, rec->fields, rec->n * sizeof more[0]);
        rec->fields = more;
        rec->cap *= 2;
    }
    memmove(&rec->fields[low + 1], &rec->fields[low], (rec->n - low) * sizeof rec->fields[0]);
    rec->fields[low] = (struct pst_cedar_field){.key = sym, .value = v};
    rec->n++;
}

struct pst_cedar_value pst_cedar_record_done(struct pst_cedar_record *rec)
{
    struct pst_cedar_value v = {.tag = PST_CEDAR_RECORD};
    if (rec == NULL || rec->n == 0) {
        return v;
    }
    uint32_t first = PST_CEDAR_LOCAL_ADD(rec->r, fields, rec->n);
    if (first != PST_CEDAR_NO) {
        memcpy(&rec->r->fields[first], rec->fields, rec->n * sizeof rec->fields[0]);
        v.n = rec->n;
        v.i = first | PST_CEDAR_LOCAL;
    }
    return v;
}

/* --- principal, action, resource, context, entities --------------------------------------------
 */

static void set_var(struct pst_cedar_request *r, enum pst_cedar_var var, struct pst_cedar_value v)
{
    r->vars[var] = v.tag == PST_CEDAR_UID ? (uint32_t)v.i : PST_CEDAR_NO;
}

void pst_cedar_principal(struct pst_cedar_request *r, struct pst_cedar_value uid)
{
    set_var(r, PST_CEDAR_PRINCIPAL, uid);
}

void pst_cedar_action(struct pst_cedar_request *r, struct pst_cedar_value uid)
{
    set_var(r, PST_CEDAR_ACTION, uid);
}

void pst_cedar_resource(struct pst_cedar_request *r, struct pst_cedar_value uid)
{
    set_var(r, PST_CEDAR_RESOURCE, uid);
}

void pst_cedar_context(struct pst_cedar_request *r, struct pst_cedar_value record)
{
    bool is_record = record.tag == PST_CEDAR_RECORD || record.tag == PST_CEDAR_UNKNOWN;
    r->context = is_record ? record : (struct pst_cedar_value){0};
}

static const struct pst_cedar_local_entity *find_local(const struct pst_cedar_request *r,
                                                       uint32_t uid)
{
    /* The last one put wins; there are a handful. */
    for (uint32_t i = r->n[PST_CEDAR_L_entities]; i > 0; i--) {
        if (r->entities[i - 1].uid == uid) {
            return &r->entities[i - 1];
        }
    }
    return NULL;
}

struct pst_cedar_entity_view pst_cedar_entity_of(const struct pst_cedar_request *r, uint32_t uid)
{
    struct pst_cedar_entity_view v = {0};
    const struct pst_cedar_local_entity *local = find_local(r, uid);
    if (local != NULL) {
        v = (struct pst_cedar_entity_view){
            true, local->attrs, local->tags,
            local->n_ancestors != 0 ? &r->links[local->ancestors] : NULL, local->n_ancestors};
    } else if ((uid & PST_CEDAR_LOCAL) == 0 && r->c->uids[uid].entity != PST_CEDAR_NO) {
        const struct pst_cedar_entity_row *e = &r->c->entities[r->c->uids[uid].entity];
        v = (struct pst_cedar_entity_view){true, e->attrs, e->tags,
                                           e->n_ancestors != 0 ? &r->c->links[e->ancestors] : NULL,
                                           e->n_ancestors};
    }
    return v;
}

bool pst_cedar_uid_in(const struct pst_cedar_request *r, uint32_t uid, uint32_t other)
{
    if (uid == other) {
        return true;
    }
    struct pst_cedar_entity_view e = pst_cedar_entity_of(r, uid);
    uint32_t low = 0;
    uint32_t n = e.n_ancestors;
    while (n > 0) {
        uint32_t half = n / 2;
        uint32_t at = e.ancestors[low + half];
        if (at == other) {
            return true;
        }
        if (at < other) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return false;
}

/* Adds to links[first..] keeping it sorted and distinct. */
static void add_link(struct pst_cedar_request *r, uint32_t first, uint32_t uid)
{
    uint32_t at = first;
    uint32_t end = r->n[PST_CEDAR_L_links];
    while (at < end && r->links[at] < uid) {
        at++;
    }
    if ((at < end && r->links[at] == uid) || PST_CEDAR_LOCAL_ADD(r, links, 1) == PST_CEDAR_NO) {
        return;
    }
    memmove(&r->links[at + 1], &r->links[at], (end - at) * sizeof r->links[0]);
    r->links[at] = uid;
}

void pst_cedar_entity(struct pst_cedar_request *r, struct pst_cedar_value uid,
                      struct pst_cedar_value attrs, struct pst_cedar_value tags,
                      const struct pst_cedar_value *parents, size_t n)
{
    uint32_t first = r->n[PST_CEDAR_L_links];
    for (size_t i = 0; i < n; i++) {
        if (parents[i].tag != PST_CEDAR_UID) {
            continue;
        }
        add_link(r, first, (uint32_t)parents[i].i);
        /* The view may point into links[], which add_link moves: take it anew each time. */
        uint32_t count = pst_cedar_entity_of(r, (uint32_t)parents[i].i).n_ancestors;
        for (uint32_t k = 0; k < count; k++) {
            add_link(r, first, pst_cedar_entity_of(r, (uint32_t)parents[i].i).ancestors[k]);
        }
    }
    uint32_t at = PST_CEDAR_LOCAL_ADD(r, entities, 1);
    if (at == PST_CEDAR_NO || uid.tag != PST_CEDAR_UID) {
        r->full = true;
        return;
    }
    r->entities[at] = (struct pst_cedar_local_entity){.uid = (uint32_t)uid.i,
                                                      .ancestors = first,
                                                      .n_ancestors = r->n[PST_CEDAR_L_links] -
                                                                     first,
                                                      .attrs = attrs,
                                                      .tags = tags};
}
