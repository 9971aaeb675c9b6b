#include "cedar/types.h"

#include <stdlib.h>

enum { ROWS_MAX = 1 << 24 };

/* --- growing -----------------------------------------------------------------------------------
 */

static bool grow(struct pst_cedar_types *t, void **array, uint32_t *cap, uint32_t need, size_t size)
{
    if (need <= *cap) {
        return true;
    }
    uint64_t more = *cap != 0 ? (uint64_t)*cap * 2 : 64;
    more = more < need ? need : more;
    uint64_t bytes = (more - *cap) * size;
    void *p = NULL;
    if (need <= ROWS_MAX && t->held + bytes <= t->cap) {
        p = realloc(*array, (size_t)more * size);
    }
    if (p == NULL) {
        t->full = true;
        return false;
    }
    *array = p;
    *cap = (uint32_t)more;
    t->held += bytes;
    return true;
}

#define GROW(t, what, more)                                                                        \
    grow((t), (void **)&(t)->what, &(t)->cap_##what, (t)->n_##what + (more), sizeof((t)->what[0]))

/* --- holding each once -------------------------------------------------------------------------
 */

static uint32_t mix(uint32_t h, uint32_t v)
{
    uint64_t x = (((uint64_t)h << 32) | v) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(x >> 32) ^ (uint32_t)x;
}

static uint32_t hash_of(const struct pst_cedar_types *t, const struct pst_cedar_type_def *r)
{
    uint32_t h = mix(r->kind, r->open);
    if (r->kind == PST_CEDAR_TY_UNION) {
        for (uint32_t i = 0; i < r->n; i++) {
            h = mix(h, t->parts[r->a + i]);
        }
    } else if (r->kind == PST_CEDAR_TY_RECORD) {
        for (uint32_t i = 0; i < r->n; i++) {
            const struct pst_cedar_member_type *m = &t->members[r->a + i];
            h = mix(mix(mix(h, m->key), m->type), m->required);
        }
    } else {
        h = mix(h, r->a);
    }
    return h;
}

static bool same(const struct pst_cedar_types *t, const struct pst_cedar_type_def *x,
                 const struct pst_cedar_type_def *y)
{
    if (x->hash != y->hash || x->kind != y->kind || x->open != y->open || x->n != y->n) {
        return false;
    }
    if (x->kind == PST_CEDAR_TY_UNION) {
        return memcmp(&t->parts[x->a], &t->parts[y->a], x->n * sizeof t->parts[0]) == 0;
    }
    if (x->kind == PST_CEDAR_TY_RECORD) {
        return x->n == 0 ||
               memcmp(&t->members[x->a], &t->members[y->a], x->n * sizeof t->members[0]) == 0;
    }
    return x->a == y->a;
}

static bool rehash(struct pst_cedar_types *t)
{
    if ((uint64_t)t->n_rows * 2 < t->n_slots) {
        return true;
    }
    uint32_t cap = t->n_slots;
    uint32_t size = cap != 0 ? cap * 2 : 128;
    while (size <= t->n_rows * 2) {
        size *= 2;
    }
    if (!grow(t, (void **)&t->slots, &cap, size, sizeof t->slots[0])) {
        return false;
    }
    memset(t->slots, 0xFF, size * sizeof t->slots[0]);
    t->n_slots = size;
    for (uint32_t i = 0; i < t->n_rows; i++) {
        uint32_t at = t->rows[i].hash & (size - 1);
        while (t->slots[at] != PST_CEDAR_NO) {
            at = (at + 1) & (size - 1);
        }
        t->slots[at] = i;
    }
    return true;
}

/* The number of the type, added when it is new. Its parts stand at the end of parts[] or members[]
 * and are dropped when it is not. */
static uint32_t intern(struct pst_cedar_types *t, struct pst_cedar_type_def row)
{
    uint32_t found = PST_CEDAR_NO;
    row.hash = hash_of(t, &row);
    if (row.depth <= PST_CEDAR_TYPE_DEPTH && rehash(t)) {
        uint32_t at = row.hash & (t->n_slots - 1);
        while (t->slots[at] != PST_CEDAR_NO && !same(t, &t->rows[t->slots[at]], &row)) {
            at = (at + 1) & (t->n_slots - 1);
        }
        found = t->slots[at];
        if (found == PST_CEDAR_NO && GROW(t, rows, 1)) {
            t->slots[at] = t->n_rows;
            t->rows[t->n_rows] = row;
            return t->n_rows++;
        }
    }
    if (row.kind == PST_CEDAR_TY_UNION) {
        t->n_parts = row.a;
    } else if (row.kind == PST_CEDAR_TY_RECORD) {
        t->n_members = row.a;
    }
    return found;
}

bool pst_cedar_types_init(struct pst_cedar_types *t, uint64_t cap)
{
    *t = (struct pst_cedar_types){.cap = cap};
    for (uint8_t kind = 0; kind < PST_CEDAR_TY_ENTITY; kind++) {
        if (intern(t, (struct pst_cedar_type_def){.kind = kind}) != kind) {
            pst_cedar_types_release(t);
            return false;
        }
    }
    return true;
}

bool pst_cedar_types_copy(struct pst_cedar_types *t, const struct pst_cedar_types *from)
{
    *t = (struct pst_cedar_types){.cap = from->cap};
    bool ok = GROW(t, rows, from->n_rows) && GROW(t, members, from->n_members + 1) &&
              GROW(t, parts, from->n_parts + 1);
    if (ok) {
        memcpy(t->rows, from->rows, from->n_rows * sizeof t->rows[0]);
        t->n_rows = from->n_rows;
        if (from->n_members != 0) {
            memcpy(t->members, from->members, from->n_members * sizeof t->members[0]);
            t->n_members = from->n_members;
        }
    }
    ok = ok && rehash(t);
    if (!ok) {
        pst_cedar_types_release(t);
    }
    return ok;
}

void pst_cedar_types_release(struct pst_cedar_types *t)
{
    free(t->rows);
    free(t->members);
    free(t->parts);
    free(t->slots);
    free(t->memo);
    *t = (struct pst_cedar_types){0};
}

uint32_t pst_cedar_type_entity(struct pst_cedar_types *t, uint32_t name)
{
    return intern(t, (struct pst_cedar_type_def){.kind = PST_CEDAR_TY_ENTITY, .a = name});
}

uint32_t pst_cedar_type_union(struct pst_cedar_types *t, const uint32_t *names, uint32_t n)
{
    if (n == 1) {
        return pst_cedar_type_entity(t, names[0]);
    }
    if (!GROW(t, parts, n)) {
        return PST_CEDAR_NO;
    }
    uint32_t at = t->n_parts;
    memcpy(&t->parts[at], names, n * sizeof names[0]);
    t->n_parts += n;
    return intern(t, (struct pst_cedar_type_def){.kind = PST_CEDAR_TY_UNION, .a = at, .n = n});
}

uint32_t pst_cedar_type_set(struct pst_cedar_types *t, uint32_t element)
{
    uint16_t depth = (uint16_t)(t->rows[element].depth + 1);
    return intern(
        t, (struct pst_cedar_type_def){.kind = PST_CEDAR_TY_SET, .depth = depth, .a = element});
}

static int by_key(const void *a, const void *b)
{
    const struct pst_cedar_member_type *x = (const struct pst_cedar_member_type *)a;
    const struct pst_cedar_member_type *y = (const struct pst_cedar_member_type *)b;
    return x->key < y->key ? -1 : x->key > y->key;
}

uint32_t pst_cedar_type_record(struct pst_cedar_types *t, struct pst_cedar_member_type *members,
                               uint32_t n, bool open)
{
    uint16_t depth = 0;
    if (!GROW(t, members, n)) {
        return PST_CEDAR_NO;
    }
    if (n != 0) {
        qsort(members, n, sizeof members[0], by_key);
        memcpy(&t->members[t->n_members], members, n * sizeof members[0]);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint16_t below = t->rows[members[i].type].depth;
        depth = below > depth ? below : depth;
    }
    uint32_t at = t->n_members;
    t->n_members += n;
    return intern(t, (struct pst_cedar_type_def){.kind = PST_CEDAR_TY_RECORD,
                                                 .open = open ? 1 : 0,
                                                 .depth = (uint16_t)(depth + 1),
                                                 .a = at,
                                                 .n = n});
}

const struct pst_cedar_member_type *pst_cedar_type_member(const struct pst_cedar_types *t,
                                                          uint32_t record, uint32_t key)
{
    const struct pst_cedar_type_def *r = &t->rows[record];
    uint32_t low = 0;
    uint32_t high = r->kind == PST_CEDAR_TY_RECORD ? r->n : 0;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct pst_cedar_member_type *m = &t->members[r->a + mid];
        if (m->key == key) {
            return m;
        }
        if (m->key < key) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NULL;
}

uint32_t pst_cedar_type_entities(const struct pst_cedar_types *t, uint32_t type,
                                 const uint32_t **ret)
{
    const struct pst_cedar_type_def *r = &t->rows[type];
    if (r->kind == PST_CEDAR_TY_ENTITY) {
        *ret = &r->a;
        return 1;
    }
    if (r->kind == PST_CEDAR_TY_UNION) {
        *ret = &t->parts[r->a];
        return r->n;
    }
    return 0;
}
