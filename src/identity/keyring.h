/* The API keys that warden knows. Control sends them; nothing here reads a file. Only hashes are
 * held: SHA-256 of the 256-bit secret. */
#ifndef PST_IDENTITY_KEYRING_H
#define PST_IDENTITY_KEYRING_H

#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { PST_KEYRING_GROUPS = 32, PST_KEYRING_TEXT = 1024 };

struct pst_keyring_key {
    uint8_t hash[32];
    int64_t expires_unix_s; /* 0: never */
    bool revoked;
    bool may_assert;
    struct pst_str id, owner_type, owner_id; /* "Workload", "demo"; views into `text` */
    struct pst_str groups[PST_KEYRING_GROUPS];
    size_t n_groups;
    uint64_t epoch; /* grows with every change of this key */
    uint8_t text[PST_KEYRING_TEXT];
    size_t text_n;
};

struct pst_keyring {
    struct pst_map keys;
};

void pst_keyring_init(struct pst_keyring *r, uint64_t seed, size_t cap);
void pst_keyring_release(struct pst_keyring *r);
size_t pst_keyring_count(const struct pst_keyring *r);
/* Adds or replaces (the place in memory stays, so pointers stay valid; a revoked key stays known).
 * `owner` is "Type::id". PST_E_LIMIT at the cap or when the texts do not fit, PST_E_SYNTAX for an
 * owner of another form. */
PST_NODISCARD enum pst_status pst_keyring_put(struct pst_keyring *r, struct pst_str id,
                                              struct pst_str owner, const struct pst_str *groups,
                                              size_t n_groups, const uint8_t hash[32],
                                              int64_t expires_unix_s, bool revoked, bool may_assert,
                                              struct pst_err *err);
/* The key with this id whose hash is `hash`: NULL with IDENTITY_INVALID, _EXPIRED or _REVOKED. An
 * unknown id costs the same comparison as a known one. */
const struct pst_keyring_key *pst_keyring_verify(const struct pst_keyring *r, struct pst_str id,
                                                 const uint8_t hash[32], int64_t now_unix_s,
                                                 struct pst_err *err);

#endif
