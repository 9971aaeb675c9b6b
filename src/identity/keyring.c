#include "identity/keyring.h"

#include <stdlib.h>

void pst_keyring_init(struct pst_keyring *r, uint64_t seed, size_t cap)
{
    pst_map_init(&r->keys, seed, cap);
}

void pst_keyring_release(struct pst_keyring *r)
{
    size_t at = 0;
    struct pst_str id;
    struct pst_keyring_key *key;
    if (r == NULL) {
        return;
    }
    while ((key = pst_map_next(&r->keys, &at, &id)) != NULL) {
        (void)pst_map_take(&r->keys, id);
        free(key);
    }
    pst_map_release(&r->keys);
}

size_t pst_keyring_count(const struct pst_keyring *r)
{
    return r->keys.used;
}

static bool text_add(struct pst_keyring_key *key, struct pst_str s, struct pst_str *ret)
{
    if (s.n > sizeof key->text - key->text_n) {
        return false;
    }
    if (s.n > 0) {
        memcpy(&key->text[key->text_n], s.p, s.n);
    }
    *ret = pst_str_of(&key->text[key->text_n], s.n);
    key->text_n += s.n;
    return true;
}

static bool fill(struct pst_keyring_key *key, struct pst_str id, struct pst_str type,
                 struct pst_str owner, const struct pst_str *groups, size_t n_groups)
{
    if (n_groups > PST_KEYRING_GROUPS || !text_add(key, id, &key->id) ||
        !text_add(key, type, &key->owner_type) || !text_add(key, owner, &key->owner_id)) {
        return false;
    }
    for (size_t i = 0; i < n_groups; i++) {
        if (!text_add(key, groups[i], &key->groups[i])) {
            return false;
        }
    }
    key->n_groups = n_groups;
    return true;
}

/* Moves a finished key to the place where its predecessor was, views included. */
static void replace(struct pst_keyring_key *old, struct pst_keyring_key *new)
{
    new->epoch = old->epoch + 1;
    *old = *new;
    old->id.p = old->text;
    old->owner_type.p = &old->text[new->id.n];
    old->owner_id.p = &old->text[new->id.n + new->owner_type.n];
    size_t at = new->id.n + new->owner_type.n + new->owner_id.n;
    for (size_t i = 0; i < old->n_groups; i++) {
        old->groups[i].p = &old->text[at];
        at += old->groups[i].n;
    }
    free(new);
}

enum pst_status pst_keyring_put(struct pst_keyring *r, struct pst_str id, struct pst_str owner,
                                const struct pst_str *groups, size_t n_groups,
                                const uint8_t hash[32], int64_t expires_unix_s, bool revoked,
                                bool may_assert, struct pst_err *err)
{
    size_t cut = pst_str_find(owner, PST_STR("::"));
    if (cut == PST_NPOS || cut == 0 || cut + 2 >= owner.n || id.n == 0) {
        return pst_fail(err, PST_E_SYNTAX, "the owner of a key is Type::id");
    }
    struct pst_keyring_key *key = calloc(1, sizeof *key);
    if (key == NULL || !fill(key, id, pst_str_cut(owner, 0, cut), pst_str_from(owner, cut + 2),
                             groups, n_groups)) {
        free(key);
        return pst_fail(err, PST_E_LIMIT, "the texts of a key do not fit");
    }
    memcpy(key->hash, hash, sizeof key->hash);
    key->expires_unix_s = expires_unix_s;
    key->revoked = revoked;
    key->may_assert = may_assert;
    struct pst_keyring_key *old = pst_map_get(&r->keys, id);
    if (old != NULL) {
        replace(old, key);
        return PST_OK;
    }
    if (!pst_map_put(&r->keys, key->id, key)) {
        free(key);
        return pst_fail(err, PST_E_LIMIT, "more than %zu API keys", r->keys.cap);
    }
    return PST_OK;
}

const struct pst_keyring_key *pst_keyring_verify(const struct pst_keyring *r, struct pst_str id,
                                                 const uint8_t hash[32], int64_t now_unix_s,
                                                 struct pst_err *err)
{
    static const uint8_t nobody[32] = {0};
    const struct pst_keyring_key *key = pst_map_get(&r->keys, id);
    const uint8_t *expected = key != NULL ? key->hash : nobody;
    bool same = pst_str_eq_const_time(pst_str_of(expected, 32), pst_str_of(hash, 32));
    if (key == NULL || !same) {
        (void)pst_fail(err, PST_E_IDENTITY_INVALID, "the credential is not valid");
        return NULL;
    }
    if (key->revoked) {
        (void)pst_fail(err, PST_E_IDENTITY_REVOKED, "the credential was revoked");
        return NULL;
    }
    if (key->expires_unix_s != 0 && now_unix_s >= key->expires_unix_s) {
        (void)pst_fail(err, PST_E_IDENTITY_EXPIRED, "the credential has expired");
        return NULL;
    }
    return key;
}
