/* The keys, in SQLite: one file of mode 0600, write-ahead log, STRICT tables, a schema version.
 * Only the SHA-256 of a secret is kept. Every change is durable when the call returns. Time comes
 * from the caller. One store handle for one thread. */
#ifndef PST_CONTROL_STORE_H
#define PST_CONTROL_STORE_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "gate/image.h"
#include "identity/key.h"

#include <stdbool.h>

enum {
    PST_STORE_LABEL_MAX = 128, /* with the NUL */
    PST_STORE_GROUPS_MAX = 16, /* of one key */
};

struct pst_key_row {
    char id[PST_KEY_ID_CHARS + 1];
    uint8_t hash[PST_KEY_HASH_BYTES];
    char owner[PST_NAME_MAX]; /* "Workload::demo" */
    char groups[PST_STORE_GROUPS_MAX][PST_NAME_MAX];
    uint32_t n_groups;
    bool may_assert; /* may speak for end users, where a policy permits it */
    int64_t created_s, expires_s, revoked_s; /* seconds since 1970; 0: never */
    char rotated_from[PST_KEY_ID_CHARS + 1]; /* the key that this one replaces, or empty */
    char label[PST_STORE_LABEL_MAX];
};

enum pst_key_state { PST_KEY_ACTIVE, PST_KEY_EXPIRED, PST_KEY_REVOKED };
enum pst_key_state pst_key_row_state(const struct pst_key_row *row, int64_t now_s);

struct pst_store;

/* Opens or creates the file. An unknown schema version is refused. IO, CONFIG, NO_MEMORY. */
PST_NODISCARD enum pst_status pst_store_open(const char *path, struct pst_store **ret,
                                             struct pst_err *err);
void pst_store_close(struct pst_store *s);
/* Writes one consistent copy of the store at `from`, which may be in use, to the new file `to`
 * (0600, without a write-ahead log). What happens to `from` meanwhile is in the copy whole or not
 * at all. NOT_FOUND, EXISTS, IO; a half-made `to` is left behind. */
PST_NODISCARD enum pst_status pst_store_copy(const char *from, const char *to, struct pst_err *err);

/* Adds a key; `max_keys` is the limit `keys`. EXISTS, LIMIT, IO. */
PST_NODISCARD enum pst_status pst_store_key_add(struct pst_store *s, const struct pst_key_row *row,
                                                uint64_t max_keys, struct pst_err *err);
/* NOT_FOUND, IO. */
PST_NODISCARD enum pst_status pst_store_key_get(struct pst_store *s, struct pst_str id,
                                                struct pst_key_row *ret, struct pst_err *err);
/* Marks it revoked at now_s; revoking again changes nothing and is OK. NOT_FOUND, IO. */
PST_NODISCARD enum pst_status pst_store_key_revoke(struct pst_store *s, struct pst_str id,
                                                   int64_t now_s, struct pst_err *err);
/* In one transaction: adds `row` (with rotated_from set by this call) and lets the old key end at
 * old_expires_s (at once: now_s), never later than it would. A revoked key is not rotated: CONFLICT
 * is told as EXISTS. NOT_FOUND, EXISTS, LIMIT, IO. */
PST_NODISCARD enum pst_status pst_store_key_rotate(struct pst_store *s, struct pst_str old_id,
                                                   struct pst_key_row *row, int64_t old_expires_s,
                                                   uint64_t max_keys, struct pst_err *err);
/* All keys, oldest first, one consistent snapshot. The callback returns ERR to stop. */
typedef enum pst_status pst_store_key_fn(void *user, const struct pst_key_row *row,
                                         struct pst_err *err);
PST_NODISCARD enum pst_status pst_store_key_each(struct pst_store *s, pst_store_key_fn *each,
                                                 void *user, struct pst_err *err);

#endif
