#include "base/map.h"
#include "wire/json_private.h"

/* --- known names --------------------------------------------------------------------------------
 */

/* Equal for names that are equal without ASCII case; |0x20 folds some other bytes too, which only
 * makes a chain longer. */
static size_t folded_bucket(struct pst_str name)
{
    const size_t first = name.p[0] | 0x20, last = name.p[name.n - 1] | 0x20;
    const size_t middle = name.p[name.n / 2] | 0x20;
    return (name.n * 37 + first * 5 + middle * 17 + last) & 0xff;
}

void pst_json_names_init(struct pst_json_names *names, const struct pst_json_name *list, size_t n)
{
    PST_BUG_ON(n > PST_JSON_KNOWN_MAX);
    *names = (struct pst_json_names){.list = list, .n = (uint16_t)n};
    for (size_t i = 0; i < n; i++) {
        PST_BUG_ON(list[i].name.n == 0 || list[i].name.n > 255);
        const size_t bucket = folded_bucket(list[i].name);
        names->chain[i] = names->head[bucket];
        names->head[bucket] = (uint16_t)(i + 1);
    }
}

/* 1 + index of the name; 0 and *variant when it only is one without case. */
static uint16_t find_known(const struct pst_json_names *names, struct pst_str name, bool *variant)
{
    if (name.n == 0 || name.n > 255) {
        return 0;
    }
    uint16_t at = names->head[folded_bucket(name)];
    while (at != 0) {
        const struct pst_str known = names->list[at - 1].name;
        if (known.n == name.n) {
            if (memcmp(known.p, name.p, name.n) == 0) {
                return at;
            }
            *variant |= pst_str_eq_nocase(known, name);
        }
        at = names->chain[at - 1];
    }
    return 0;
}

/* --- repeated names -----------------------------------------------------------------------------
 */

/* Small objects are searched; the names of larger ones go into one table for the whole text, where
 * an entry belongs to the object that begins at `object`. Entries of closed objects stay: their
 * number is bounded by that of nodes. */
enum { SMALL_OBJECT = 8, FIRST_SLOTS = 64 };

struct slot {
    uint64_t hash;
    const uint8_t *name; /* NULL: empty */
    uint32_t name_n;
    uint32_t object;
};

struct pst_json_index {
    struct slot *slots;
    size_t size; /* a power of two */
    size_t used;
};

/* The slot that holds the entry, or the empty one where it belongs. */
static struct slot *find_slot(const struct pst_json_index *index, const struct slot *entry)
{
    for (size_t at = (size_t)entry->hash & (index->size - 1);; at = (at + 1) & (index->size - 1)) {
        struct slot *s = &index->slots[at];
        if (s->name == NULL ||
            (s->hash == entry->hash && s->object == entry->object &&
             pst_str_eq(pst_str_of(s->name, s->name_n), pst_str_of(entry->name, entry->name_n)))) {
            return s;
        }
    }
}

static bool grow(struct pst_json_parser *p, struct pst_json_index *index)
{
    const struct pst_json_index old = *index;
    const size_t size = old.size > 0 ? old.size * 2 : FIRST_SLOTS;
    struct slot *slots = PST_ARENA_ARRAY(p->arena, size, struct slot);
    if (slots == NULL) {
        return false;
    }
    index->slots = slots;
    index->size = size;
    for (size_t i = 0; i < old.size; i++) {
        if (old.slots[i].name != NULL) {
            *find_slot(index, &old.slots[i]) = old.slots[i];
        }
    }
    return true;
}

/* Adds the name: OK, AGAIN when it is there already, ERR without memory. */
static enum pst_status index_add(struct pst_json_parser *p, uint32_t object, struct pst_str name)
{
    struct pst_json_index *index = p->index;
    if (index == NULL) {
        p->index = index = PST_ARENA_NEW(p->arena, struct pst_json_index);
        if (index == NULL) {
            return PST_ERR;
        }
    }
    if (index->used >= index->size / 2 && !grow(p, index)) {
        return PST_ERR;
    }
    const uint64_t seed = p->config.seed ^ (object * UINT64_C(0x9e3779b97f4a7c15));
    const struct slot entry = {pst_hash(seed, name), name.p, (uint32_t)name.n, object};
    struct slot *s = find_slot(index, &entry);
    if (s->name != NULL) {
        return PST_AGAIN;
    }
    *s = entry;
    index->used++;
    return PST_OK;
}

static enum pst_status check_repeated(struct pst_json_parser *p, const struct pst_json *object)
{
    if (object->count < SMALL_OBJECT) {
        for (const struct pst_json *v = object->first; v != NULL; v = v->next) {
            if (pst_str_eq(v->name, p->name)) {
                return PST_AGAIN;
            }
        }
        return PST_OK;
    }
    if (object->count == SMALL_OBJECT) {
        for (const struct pst_json *v = object->first; v != NULL; v = v->next) {
            if (index_add(p, object->offset, v->name) == PST_ERR) {
                return PST_ERR;
            }
        }
    }
    return index_add(p, object->offset, p->name);
}

enum pst_status pst_json_check_name(struct pst_json_parser *p, const struct pst_json *object,
                                    struct pst_err *err)
{
    p->known = 0;
    p->opaque = 0;
    const enum pst_status repeated = check_repeated(p, object);
    if (repeated == PST_AGAIN) {
        return pst_json_refuse(p, PST_E_JSON_DUPLICATE, p->token, "a member name is repeated", err);
    }
    if (repeated != PST_OK) {
        return pst_json_refuse(p, PST_E_NO_MEMORY, p->token, "no memory for member names", err);
    }
    const struct pst_json_names *names = p->config.names;
    if (names == NULL || object->opaque) {
        return PST_OK;
    }
    bool variant = false;
    p->known = find_known(names, p->name, &variant);
    if (p->known == 0 && variant) {
        return pst_json_refuse(p, PST_E_JSON_CASE_VARIANT, p->token,
                               "a member name differs from a known one only in case", err);
    }
    p->opaque = p->known != 0 && names->list[p->known - 1].opaque;
    return PST_OK;
}
