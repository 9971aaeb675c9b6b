/* A map from views to pointers: open addressing, keys hashed with a seeded XXH3 so that no client
 * can aim at one bucket. Keys are not copied: the caller keeps them alive while they are in the
 * map. The number of entries never exceeds the cap given at init. */
#ifndef PST_BASE_MAP_H
#define PST_BASE_MAP_H

#include "base/def.h"
#include "base/str.h"

#include <stdbool.h>

struct pst_map_slot {
    struct pst_str key; /* key.p == NULL: empty; a removed slot keeps a marker; private */
    uint64_t hash;
    void *value;
};

struct pst_map {
    struct pst_map_slot *slots;
    size_t size; /* power of two or 0 */
    size_t used; /* live entries */
    size_t dead; /* removed entries not yet swept */
    size_t cap;
    uint64_t seed;
};

void pst_map_init(struct pst_map *m, uint64_t seed, size_t cap);
void pst_map_release(struct pst_map *m);
/* Adds or replaces; a NULL value is not allowed. False at the cap or without memory. */
PST_NODISCARD bool pst_map_put(struct pst_map *m, struct pst_str key, void *value);
void *pst_map_get(const struct pst_map *m, struct pst_str key);
/* Removes and returns the value, NULL when absent. */
void *pst_map_take(struct pst_map *m, struct pst_str key);
/* Walks all entries: start with *at = 0; NULL at the end. No order. Removing the entry just
 * returned is allowed, adding is not. */
void *pst_map_next(const struct pst_map *m, size_t *at, struct pst_str *ret_key);
/* The hash itself, for other seeded tables. */
uint64_t pst_hash(uint64_t seed, struct pst_str s);

#endif
