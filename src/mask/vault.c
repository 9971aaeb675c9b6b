#include "mask/vault.h"

enum { SLOTS_FIRST = 32 };

void pst_vault_init(struct pst_vault *v, struct pst_arena *arena, struct pst_aead *aead, size_t cap,
                    uint64_t expires_ms)
{
    *v = (struct pst_vault){.arena = arena, .aead = aead, .cap = cap, .expires_ms = expires_ms};
}

/* The digits are a keyed hash already. */
static size_t slot_of(const struct pst_vault *v, const uint8_t plain[PST_TOKEN_BYTES])
{
    uint64_t h = 0;
    memcpy(&h, &plain[PST_TOKEN_BYTES - 16], sizeof h);
    h *= UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(h >> 20) & (v->size - 1);
    while (v->slots[at].sealed != NULL && memcmp(v->slots[at].plain, plain, PST_TOKEN_BYTES) != 0) {
        at = (at + 1) & (v->size - 1);
    }
    return at;
}

static bool grow(struct pst_vault *v)
{
    struct pst_vault old = *v;
    size_t size = old.size == 0 ? SLOTS_FIRST : old.size * 2;
    struct pst_vault_entry *slots = PST_ARENA_ARRAY(v->arena, size, struct pst_vault_entry);
    if (slots == NULL) {
        return false;
    }
    v->slots = slots;
    v->size = size;
    for (size_t i = 0; i < old.size; i++) {
        if (old.slots[i].sealed != NULL) {
            v->slots[slot_of(v, old.slots[i].plain)] = old.slots[i];
        }
    }
    return true;
}

enum pst_status pst_vault_put(struct pst_vault *v, const uint8_t token[PST_TOKEN_BYTES],
                              struct pst_str value, struct pst_err *err)
{
    uint8_t plain[PST_TOKEN_BYTES];
    for (size_t i = 0; i < sizeof plain; i++) {
        plain[i] = token[i] >= 'A' && token[i] <= 'Z' ? (uint8_t)(token[i] + 32) : token[i];
    }
    if (v->used * 2 >= v->size && !grow(v)) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for masked values");
    }
    struct pst_vault_entry *e = &v->slots[slot_of(v, plain)];
    if (e->sealed != NULL) {
        /* 80 bits of a keyed hash say that it is the same; the length costs nothing to compare */
        return e->n == value.n ? PST_OK
                               : pst_fail(err, PST_E_INTERNAL, "two values have the same token");
    }
    if (v->used >= v->cap) {
        return pst_fail(err, PST_E_LIMIT, "more values would have to be masked than the limit");
    }
    uint8_t *sealed = pst_arena_take(v->arena, value.n + PST_AEAD_EXTRA);
    if (sealed == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for masked values");
    }
    pst_aead_seal(v->aead, pst_str_of(plain, sizeof plain), value, sealed);
    memcpy(e->plain, plain, sizeof plain);
    e->sealed = sealed;
    e->n = value.n;
    v->used++;
    return PST_OK;
}

bool pst_vault_get(const struct pst_vault *v, const uint8_t plain[PST_TOKEN_BYTES], uint64_t now_ms,
                   struct pst_buf *out)
{
    if (v->size == 0 || now_ms >= v->expires_ms) {
        return false;
    }
    const struct pst_vault_entry *e = &v->slots[slot_of(v, plain)];
    if (e->sealed == NULL) {
        return false;
    }
    uint8_t *room = pst_buf_room(out, e->n);
    if (room == NULL) {
        return true; /* out->failed says it */
    }
    if (!pst_aead_open(v->aead, pst_str_of(plain, PST_TOKEN_BYTES),
                       pst_str_of(e->sealed, e->n + PST_AEAD_EXTRA), room)) {
        return false;
    }
    pst_buf_added(out, e->n);
    return true;
}
