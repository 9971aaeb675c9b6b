#include "control/store.h"

#include "sys/file.h"

#include <sqlite3.h>

static enum pst_status db_fail(sqlite3 *db, const char *what, const char *path, struct pst_err *err)
{
    return pst_fail(err, PST_E_IO, "%s %s: %s", what, path,
                    db != NULL ? sqlite3_errmsg(db) : "out of memory");
}

static enum pst_status vacuum_into(sqlite3 *db, const char *to, struct pst_err *err)
{
    sqlite3_stmt *q = NULL;
    enum pst_status status = PST_OK;
    if (sqlite3_prepare_v2(db, "VACUUM INTO ?1", -1, &q, NULL) != SQLITE_OK ||
        sqlite3_bind_text(q, 1, to, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_DONE) {
        status = db_fail(db, "the key store cannot be copied to", to, err);
    }
    (void)sqlite3_finalize(q);
    return status;
}

/* Neither pragmas nor a migration, unlike pst_store_open: a copy made before an upgrade must be one
 * of the old version. */
enum pst_status pst_store_copy(const char *from, const char *to, struct pst_err *err)
{
    sqlite3 *db = NULL;
    if (!pst_file_exists(from)) {
        return pst_fail(err, PST_E_NOT_FOUND, "there is no key store %s", from);
    }
    /* made here because SQLite would give it the umask's mode; it takes an empty file */
    if (pst_file_create(to, 0600, PST_STR(""), err) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = PST_OK;
    if (sqlite3_open_v2(from, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL) !=
        SQLITE_OK) {
        status = db_fail(db, "cannot open", from, err);
    }
    if (status == PST_OK) {
        (void)sqlite3_busy_timeout(db, 5000);
        status = vacuum_into(db, to, err);
    }
    (void)sqlite3_close(db);
    return status;
}
