#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { MAP_FIRST = 16 };

/* A removed slot has a key pointer and no value; the empty key is stored with this pointer too, so
 * that NULL always means "never used". */
static const uint8_t no_bytes[1];

uint64_t pst_hash(uint64_t seed, struct pst_str s)
{
    return XXH3_64bits_withSeed(s.n > 0 ? s.p : no_bytes, s.n, seed);
}

void pst_map_init(struct pst_map *m, uint64_t seed, size_t cap)
{
    *m = (struct pst_map){.seed = seed, .cap = cap};
}

void pst_map_release(struct pst_map *m)
{
    if (m != NULL) {
        free(m->slots);
        *m = (struct pst_map){.seed = m->seed, .cap = m->cap};
    }
}

static struct pst_map_slot *find(const struct pst_map *m, struct pst_str key, uint64_t hash)
{
    if (m->size == 0) {
        return NULL;
    }
    /* ends: growth keeps at least a quarter of the slots never used */
    for (size_t at = hash & (m->size - 1);; at = (at + 1) & (m->size - 1)) {
        struct pst_map_slot *slot = &m->slots[at];
        if (slot->key.p == NULL) {
            return NULL;
        }
        if (slot->hash == hash && slot->value != NULL && pst_str_eq(slot->key, key)) {
            return slot;
        }
    }
}

static void place(struct pst_map_slot *slots, size_t size, struct pst_map_slot what)
{
    size_t at = what.hash & (size - 1);
    while (slots[at].value != NULL) {
        at = (at + 1) & (size - 1);
    }
    slots[at] = what;
}

/* A new table without the removed slots, at most half full after one more entry. */
static bool rebuild(struct pst_map *m)
{
    size_t size = MAP_FIRST;
    while (size / 2 < m->used + 1) {
        if (size > SIZE_MAX / 2 / sizeof(struct pst_map_slot)) {
            return false;
        }
        size *= 2;
    }
    struct pst_map_slot *slots = calloc(size, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < m->size; i++) {
        if (m->slots[i].value != NULL) {
            place(slots, size, m->slots[i]);
        }
    }
    free(m->slots);
    m->slots = slots;
    m->size = size;
    m->dead = 0;
    return true;
}

bool pst_map_put(struct pst_map *m, struct pst_str key, void *value)
{
    PST_BUG_ON(value == NULL);
    if (key.n == 0) {
        key.p = no_bytes;
    }
    uint64_t hash = pst_hash(m->seed, key);
    struct pst_map_slot *slot = find(m, key, hash);
    if (slot != NULL) {
        slot->key = key; /* the new view may outlive the old one */
        slot->value = value;
        return true;
    }
    if (m->used >= m->cap) {
        return false;
    }
    if (m->used + m->dead + 1 > m->size - m->size / 4 && !rebuild(m)) {
        return false;
    }
    size_t at = hash & (m->size - 1);
    while (m->slots[at].value != NULL) {
        at = (at + 1) & (m->size - 1);
    }
    if (m->slots[at].key.p != NULL) {
        m->dead--;
    }
    m->slots[at] = (struct pst_map_slot){key, hash, value};
    m->used++;
    return true;
}

void *pst_map_get(const struct pst_map *m, struct pst_str key)
{
    const struct pst_map_slot *slot = find(m, key, pst_hash(m->seed, key));
    return slot != NULL ? slot->value : NULL;
}

void *pst_map_take(struct pst_map *m, struct pst_str key)
{
    struct pst_map_slot *slot = find(m, key, pst_hash(m->seed, key));
    if (slot == NULL) {
        return NULL;
    }
    void *value = slot->value;
    size_t next = ((size_t)(slot - m->slots) + 1) & (m->size - 1);
    /* no chain leads past this slot when the next one was never used: no marker is needed */
    bool last = m->slots[next].key.p == NULL;
    *slot = (struct pst_map_slot){.key = {last ? NULL : no_bytes, 0}};
    m->dead += last ? 0 : 1;
    m->used--;
    return value;
}

void *pst_map_next(const struct pst_map *m, size_t *at, struct pst_str *ret_key)
{
    while (*at < m->size) {
        const struct pst_map_slot *slot = &m->slots[(*at)++];
        if (slot->value != NULL) {
            if (ret_key != NULL) {
                *ret_key = slot->key;
            }
            return slot->value;
        }
    }
    return NULL;
}
