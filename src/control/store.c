#include "control/store.h"

#include "sys/file.h"

#include <sqlite3.h>
#include <stdlib.h>

enum { SCHEMA_VERSION = 1 };

enum query {
    ADD_KEY,
    ADD_GROUP,
    COUNT_KEYS,
    GET_KEY,
    GET_GROUPS,
    REVOKE_KEY,
    EXPIRE_KEY,
    EACH_KEY,
    BEGIN,
    COMMIT,
    ROLLBACK,
    QUERIES,
};

#define KEY_COLUMNS                                                                                \
    "id, hash, owner, may_assert, created_s, expires_s, revoked_s, rotated_from, label"

static const char *const queries[QUERIES] = {
    [ADD_KEY] = "INSERT INTO key (" KEY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [ADD_GROUP] = "INSERT INTO key_group (key, name) VALUES (?1, ?2)",
    [COUNT_KEYS] = "SELECT count(*) FROM key",
    [GET_KEY] = "SELECT " KEY_COLUMNS " FROM key WHERE id = ?1",
    [GET_GROUPS] = "SELECT name FROM key_group WHERE key = ?1 ORDER BY name",
    [REVOKE_KEY] = "UPDATE key SET revoked_s = ?2 WHERE id = ?1 AND revoked_s = 0",
    [EXPIRE_KEY] =
        "UPDATE key SET expires_s = ?2 WHERE id = ?1 AND (expires_s = 0 OR expires_s > ?2)",
    [EACH_KEY] = "SELECT " KEY_COLUMNS " FROM key ORDER BY created_s, id",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

/* STRICT: a column holds its type or the statement fails. The id is the whole key of the table. */
static const char schema[] = "CREATE TABLE key ("
                             " id TEXT PRIMARY KEY CHECK (length(id) = 12),"
                             " hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),"
                             " owner TEXT NOT NULL CHECK (instr(owner, '::') > 1),"
                             " may_assert INTEGER NOT NULL CHECK (may_assert IN (0, 1)),"
                             " created_s INTEGER NOT NULL,"
                             " expires_s INTEGER NOT NULL DEFAULT 0,"
                             " revoked_s INTEGER NOT NULL DEFAULT 0,"
                             " rotated_from TEXT REFERENCES key (id),"
                             " label TEXT NOT NULL DEFAULT ''"
                             ") STRICT, WITHOUT ROWID;"
                             "CREATE TABLE key_group ("
                             " key TEXT NOT NULL REFERENCES key (id),"
                             " name TEXT NOT NULL,"
                             " PRIMARY KEY (key, name)"
                             ") STRICT, WITHOUT ROWID;";

struct pst_store {
    sqlite3 *db;
    sqlite3_stmt *prepared[QUERIES];
};

enum pst_key_state pst_key_row_state(const struct pst_key_row *row, int64_t now_s)
{
    if (row->revoked_s != 0) {
        return PST_KEY_REVOKED;
    }
    return row->expires_s != 0 && row->expires_s <= now_s ? PST_KEY_EXPIRED : PST_KEY_ACTIVE;
}

static enum pst_status db_fail(const struct pst_store *s, struct pst_err *err, const char *what)
{
    int code = sqlite3_errcode(s->db);
    return pst_fail(err, code == SQLITE_NOMEM ? PST_E_NO_MEMORY : PST_E_IO, "the key store: %s: %s",
                    what, sqlite3_errmsg(s->db));
}

/* --- opening ------------------------------------------------------------------------------ */

/* SQLite would create it with the umask's mode; its -wal and -shm files take the mode of the file.
 */
static enum pst_status make_file(const char *path, struct pst_err *err)
{
    if (!pst_file_exists(path)) {
        struct pst_err raced = {0};
        if (pst_file_create(path, 0600, PST_STR(""), &raced) != PST_OK &&
            raced.code != PST_E_EXISTS) {
            return pst_fail(err, raced.code, "%s", raced.text);
        }
    }
    return pst_file_private(path, err);
}

static enum pst_status run(struct pst_store *s, const char *sql, struct pst_err *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? PST_OK
                                                                   : db_fail(s, err, "opening");
}

static enum pst_status version_of(struct pst_store *s, int *ret, struct pst_err *err)
{
    sqlite3_stmt *q = NULL;
    enum pst_status status = PST_ERR;
    if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW) {
        *ret = sqlite3_column_int(q, 0);
        status = PST_OK;
    } else {
        (void)db_fail(s, err, "reading its version");
    }
    (void)sqlite3_finalize(q);
    return status;
}

static enum pst_status migrate(struct pst_store *s, struct pst_err *err)
{
    int version = 0;
    /* immediate: two processes that open a new file at once do not both create it */
    if (run(s, "BEGIN IMMEDIATE", err) != PST_OK || version_of(s, &version, err) != PST_OK) {
        return PST_ERR;
    }
    if (version > SCHEMA_VERSION || version < 0) {
        return pst_fail(err, PST_E_CONFIG,
                        "the key store has version %d, this program knows %d; use a newer postern",
                        version, SCHEMA_VERSION);
    }
    if (version == 0 &&
        (run(s, schema, err) != PST_OK || run(s, "PRAGMA user_version = 1", err) != PST_OK)) {
        return PST_ERR;
    }
    return run(s, "COMMIT", err);
}

static enum pst_status setup(struct pst_store *s, struct pst_err *err)
{
    (void)sqlite3_busy_timeout(s->db, 5000);
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (run(s,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
            "PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON;",
            err) != PST_OK ||
        migrate(s, err) != PST_OK) {
        return PST_ERR;
    }
    for (size_t i = 0; i < QUERIES; i++) {
        if (sqlite3_prepare_v3(s->db, queries[i], -1, SQLITE_PREPARE_PERSISTENT, &s->prepared[i],
                               NULL) != SQLITE_OK) {
            return db_fail(s, err, "preparing");
        }
    }
    return PST_OK;
}

enum pst_status pst_store_open(const char *path, struct pst_store **ret, struct pst_err *err)
{
    if (make_file(path, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the key store");
    }
    enum pst_status status = PST_OK;
    if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        status = pst_fail(err, PST_E_IO, "the key store %s cannot be opened: %s", path,
                          s->db != NULL ? sqlite3_errmsg(s->db) : "no memory");
    } else {
        status = setup(s, err);
    }
    if (status != PST_OK) {
        pst_store_close(s);
        return status;
    }
    *ret = s;
    return PST_OK;
}

void pst_store_close(struct pst_store *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < QUERIES; i++) {
        (void)sqlite3_finalize(s->prepared[i]);
    }
    (void)sqlite3_close(s->db);
    free(s);
}

/* --- statements --------------------------------------------------------------------------- */

/* Starts a statement anew. Every use ends in done(), so that no read transaction stays open. */
static sqlite3_stmt *use(struct pst_store *s, enum query query)
{
    sqlite3_stmt *q = s->prepared[query];
    (void)sqlite3_reset(q);
    (void)sqlite3_clear_bindings(q);
    return q;
}

static void done(sqlite3_stmt *q)
{
    (void)sqlite3_reset(q);
    (void)sqlite3_clear_bindings(q);
}

static bool bind_text(sqlite3_stmt *q, int at, struct pst_str text)
{
    return sqlite3_bind_text64(q, at, (const char *)text.p, text.n, SQLITE_TRANSIENT,
                               SQLITE_UTF8) == SQLITE_OK;
}

/* Runs a statement without rows to its end. */
static enum pst_status finish(struct pst_store *s, sqlite3_stmt *q, bool bound, const char *what,
                              struct pst_err *err)
{
    int code = bound ? sqlite3_step(q) : SQLITE_NOMEM;
    enum pst_status status = PST_OK;
    if (code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_UNIQUE ||
        code == SQLITE_CONSTRAINT_ROWID) {
        status = pst_fail(err, PST_E_EXISTS, "there is a key of this id already");
    } else if (code != SQLITE_DONE) {
        status = bound ? db_fail(s, err, what)
                       : pst_fail(err, PST_E_NO_MEMORY, "no memory for the key store");
    }
    done(q);
    return status;
}

static enum pst_status simple(struct pst_store *s, enum query query, struct pst_err *err)
{
    return finish(s, use(s, query), true, "a transaction", err);
}

static bool column_text(sqlite3_stmt *q, int at, char *ret, size_t cap)
{
    const unsigned char *text = sqlite3_column_text(q, at);
    int n = sqlite3_column_bytes(q, at);
    memset(ret, 0, cap);
    return n >= 0 && pst_str_to_c(pst_str_of(text, text != NULL ? (size_t)n : 0), ret, cap);
}

/* --- rows --------------------------------------------------------------------------------- */

static enum pst_status read_groups(struct pst_store *s, struct pst_key_row *row,
                                   struct pst_err *err)
{
    sqlite3_stmt *q = use(s, GET_GROUPS);
    int code = bind_text(q, 1, pst_str_c(row->id)) ? sqlite3_step(q) : SQLITE_NOMEM;
    bool fits = true;
    while (code == SQLITE_ROW && fits) {
        fits = row->n_groups < PST_STORE_GROUPS_MAX &&
               column_text(q, 0, row->groups[row->n_groups], PST_NAME_MAX);
        row->n_groups += fits;
        code = sqlite3_step(q);
    }
    enum pst_status status = PST_OK;
    if (!fits) {
        status = pst_fail(err, PST_E_IO, "the key store: the groups of key %s do not fit", row->id);
    } else if (code != SQLITE_DONE) {
        status = db_fail(s, err, "reading groups");
    }
    done(q);
    return status;
}

/* The statement stands on a row of KEY_COLUMNS. */
static enum pst_status read_row(struct pst_store *s, sqlite3_stmt *q, struct pst_key_row *ret,
                                struct pst_err *err)
{
    struct pst_key_row row = {0};
    const void *hash = sqlite3_column_blob(q, 1);
    if (!column_text(q, 0, row.id, sizeof row.id) || hash == NULL ||
        sqlite3_column_bytes(q, 1) != PST_KEY_HASH_BYTES ||
        !column_text(q, 2, row.owner, sizeof row.owner) ||
        !column_text(q, 7, row.rotated_from, sizeof row.rotated_from) ||
        !column_text(q, 8, row.label, sizeof row.label)) {
        return pst_fail(err, PST_E_IO, "the key store holds a row that is not a key");
    }
    memcpy(row.hash, hash, sizeof row.hash);
    row.may_assert = sqlite3_column_int(q, 3) != 0;
    row.created_s = sqlite3_column_int64(q, 4);
    row.expires_s = sqlite3_column_int64(q, 5);
    row.revoked_s = sqlite3_column_int64(q, 6);
    enum pst_status status = read_groups(s, &row, err);
    if (status == PST_OK) {
        *ret = row;
    }
    return status;
}

static enum pst_status count_keys(struct pst_store *s, uint64_t max_keys, struct pst_err *err)
{
    sqlite3_stmt *q = use(s, COUNT_KEYS);
    enum pst_status status = PST_OK;
    if (sqlite3_step(q) != SQLITE_ROW) {
        status = db_fail(s, err, "counting keys");
    } else if ((uint64_t)sqlite3_column_int64(q, 0) >= max_keys) {
        status = pst_fail(err, PST_E_LIMIT, "there are %llu keys, which is the limit \"keys\"",
                          (unsigned long long)max_keys);
    }
    done(q);
    return status;
}

static enum pst_status insert(struct pst_store *s, const struct pst_key_row *row, uint64_t max_keys,
                              struct pst_err *err)
{
    if (count_keys(s, max_keys, err) != PST_OK) {
        return PST_ERR;
    }
    sqlite3_stmt *q = use(s, ADD_KEY);
    bool bound = bind_text(q, 1, pst_str_c(row->id)) &&
                 sqlite3_bind_blob(q, 2, row->hash, sizeof row->hash, SQLITE_TRANSIENT) ==
                     SQLITE_OK &&
                 bind_text(q, 3, pst_str_c(row->owner)) &&
                 sqlite3_bind_int(q, 4, row->may_assert) == SQLITE_OK &&
                 sqlite3_bind_int64(q, 5, row->created_s) == SQLITE_OK &&
                 sqlite3_bind_int64(q, 6, row->expires_s) == SQLITE_OK &&
                 sqlite3_bind_int64(q, 7, row->revoked_s) == SQLITE_OK &&
                 (row->rotated_from[0] == 0 || bind_text(q, 8, pst_str_c(row->rotated_from))) &&
                 bind_text(q, 9, pst_str_c(row->label));
    enum pst_status status = finish(s, q, bound, "adding a key", err);
    for (uint32_t i = 0; status == PST_OK && i < row->n_groups; i++) {
        q = use(s, ADD_GROUP);
        bound = bind_text(q, 1, pst_str_c(row->id)) && bind_text(q, 2, pst_str_c(row->groups[i]));
        status = finish(s, q, bound, "adding a group", err);
    }
    return status;
}

/* Ends a transaction as it deserves; a failed commit is rolled back too. */
static enum pst_status settle(struct pst_store *s, enum pst_status status, struct pst_err *err)
{
    if (status == PST_OK) {
        status = simple(s, COMMIT, err);
    }
    if (status != PST_OK && sqlite3_get_autocommit(s->db) == 0) {
        (void)simple(s, ROLLBACK, /* err= */ NULL);
    }
    return status;
}

enum pst_status pst_store_key_add(struct pst_store *s, const struct pst_key_row *row,
                                  uint64_t max_keys, struct pst_err *err)
{
    if (simple(s, BEGIN, err) != PST_OK) {
        return PST_ERR;
    }
    return settle(s, insert(s, row, max_keys, err), err);
}

enum pst_status pst_store_key_get(struct pst_store *s, struct pst_str id, struct pst_key_row *ret,
                                  struct pst_err *err)
{
    sqlite3_stmt *q = use(s, GET_KEY);
    int code = bind_text(q, 1, id) ? sqlite3_step(q) : SQLITE_NOMEM;
    enum pst_status status = PST_OK;
    if (code == SQLITE_ROW) {
        status = read_row(s, q, ret, err);
    } else if (code == SQLITE_DONE) {
        status = pst_fail(err, PST_E_NOT_FOUND, "there is no key of this id");
    } else {
        status = db_fail(s, err, "reading a key");
    }
    done(q);
    return status;
}

static enum pst_status update(struct pst_store *s, enum query query, struct pst_str id,
                              int64_t at_s, struct pst_err *err)
{
    sqlite3_stmt *q = use(s, query);
    bool bound = bind_text(q, 1, id) && sqlite3_bind_int64(q, 2, at_s) == SQLITE_OK;
    return finish(s, q, bound, "changing a key", err);
}

enum pst_status pst_store_key_revoke(struct pst_store *s, struct pst_str id, int64_t now_s,
                                     struct pst_err *err)
{
    struct pst_key_row row;
    if (simple(s, BEGIN, err) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = pst_store_key_get(s, id, &row, err);
    if (status == PST_OK) {
        status = update(s, REVOKE_KEY, id, now_s, err);
    }
    return settle(s, status, err);
}

enum pst_status pst_store_key_rotate(struct pst_store *s, struct pst_str old_id,
                                     struct pst_key_row *row, int64_t old_expires_s,
                                     uint64_t max_keys, struct pst_err *err)
{
    struct pst_key_row old;
    if (simple(s, BEGIN, err) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = pst_store_key_get(s, old_id, &old, err);
    if (status == PST_OK && old.revoked_s != 0) {
        status = pst_fail(err, PST_E_EXISTS, "the key is revoked; create a new one instead");
    }
    if (status == PST_OK) {
        memcpy(row->rotated_from, old.id, sizeof row->rotated_from);
        status = insert(s, row, max_keys, err);
    }
    if (status == PST_OK) {
        status = update(s, EXPIRE_KEY, old_id, old_expires_s, err);
    }
    return settle(s, status, err);
}

enum pst_status pst_store_key_each(struct pst_store *s, pst_store_key_fn *each, void *user,
                                   struct pst_err *err)
{
    sqlite3_stmt *q = use(s, EACH_KEY); /* an open statement is one snapshot */
    enum pst_status status = PST_OK;
    int code = SQLITE_ROW;
    while (status == PST_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        struct pst_key_row row;
        status = read_row(s, q, &row, err);
        if (status == PST_OK) {
            status = each(user, &row, err);
        }
    }
    if (status == PST_OK && code != SQLITE_DONE) {
        status = db_fail(s, err, "listing keys");
    }
    done(q);
    return status;
}
