#include "base/test.h"
#include "control/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

struct fixture {
    char folder[64], path[96];
    struct pst_store *store;
};

static int setup(void **state)
{
    static struct fixture f;
    struct pst_err err = {0};
    snprintf(f.folder, sizeof f.folder, "/tmp/postern-store-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.path, sizeof f.path, "%s/keys.db", f.folder);
    f.store = NULL;
    if (pst_store_open(f.path, &f.store, &err) != PST_OK) {
        print_error("%s\n", err.text);
        return -1;
    }
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[128];
    pst_store_close(f->store);
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < PST_LEN(ends); i++) {
        snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
        (void)unlink(path);
    }
    return rmdir(f->folder);
}

static struct pst_key_row make(unsigned n)
{
    struct pst_key_row row = {.created_s = 1000 + n, .n_groups = 2};
    snprintf(row.id, sizeof row.id, "%012u", n);
    snprintf(row.owner, sizeof row.owner, "Workload::demo");
    snprintf(row.label, sizeof row.label, "key %u", n);
    snprintf(row.groups[0], PST_NAME_MAX, "admins");
    snprintf(row.groups[1], PST_NAME_MAX, "demo");
    memset(row.hash, (int)n, sizeof row.hash);
    row.hash[0] = (uint8_t)(n >> 8);
    return row;
}

static void test_round(void **state)
{
    struct fixture *f = *state;
    struct pst_err err = {0};
    struct pst_key_row row = make(1), got;
    row.may_assert = true;
    row.expires_s = 5000;
    assert_int_equal(pst_store_key_add(f->store, &row, 10, &err), PST_OK);
    assert_int_equal(pst_store_key_get(f->store, pst_str_c(row.id), &got, &err), PST_OK);
    assert_memory_equal(&row, &got, sizeof row);
    assert_int_equal(pst_store_key_add(f->store, &row, 10, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_EXISTS);
    struct pst_key_row same_hash = make(2);
    memcpy(same_hash.hash, row.hash, sizeof row.hash);
    assert_int_equal(pst_store_key_add(f->store, &same_hash, 10, &err), PST_ERR);
    assert_int_equal(pst_store_key_get(f->store, PST_STR("000000000002"), &got, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    assert_int_equal(pst_store_key_get(f->store, PST_STR("' OR 1=1 --"), &got, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    assert_int_equal(pst_key_row_state(&row, 4999), PST_KEY_ACTIVE);
    assert_int_equal(pst_key_row_state(&row, 5000), PST_KEY_EXPIRED);
    row.revoked_s = 1;
    assert_int_equal(pst_key_row_state(&row, 0), PST_KEY_REVOKED);
}

static void test_revoke(void **state)
{
    struct fixture *f = *state;
    struct pst_err err = {0};
    struct pst_key_row row = make(1), got;
    assert_int_equal(pst_store_key_add(f->store, &row, 10, &err), PST_OK);
    assert_int_equal(pst_store_key_revoke(f->store, PST_STR("000000000009"), 7, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    assert_int_equal(pst_store_key_revoke(f->store, pst_str_c(row.id), 7, &err), PST_OK);
    assert_int_equal(pst_store_key_revoke(f->store, pst_str_c(row.id), 9, &err), PST_OK);
    assert_int_equal(pst_store_key_get(f->store, pst_str_c(row.id), &got, &err), PST_OK);
    assert_int_equal(got.revoked_s, 7); /* the first time stays */
}

static void test_rotate(void **state)
{
    struct fixture *f = *state;
    struct pst_err err = {0};
    struct pst_key_row old = make(1), row = make(2), third = make(3), got;
    assert_int_equal(pst_store_key_add(f->store, &old, 10, &err), PST_OK);
    assert_int_equal(pst_store_key_rotate(f->store, pst_str_c(old.id), &row, 2000, 10, &err),
                     PST_OK);
    assert_string_equal(row.rotated_from, old.id);
    assert_int_equal(pst_store_key_get(f->store, pst_str_c(old.id), &got, &err), PST_OK);
    assert_int_equal(got.expires_s, 2000);
    assert_int_equal(pst_store_key_get(f->store, pst_str_c(row.id), &got, &err), PST_OK);
    assert_memory_equal(&row, &got, sizeof row);
    /* a second rotation never gives the old key more time */
    assert_int_equal(pst_store_key_rotate(f->store, pst_str_c(old.id), &third, 9000, 10, &err),
                     PST_OK);
    assert_int_equal(pst_store_key_get(f->store, pst_str_c(old.id), &got, &err), PST_OK);
    assert_int_equal(got.expires_s, 2000);
    /* nothing is half done: the new id is taken, so the old key is as it was */
    struct pst_key_row fourth = make(3);
    assert_int_equal(pst_store_key_rotate(f->store, pst_str_c(old.id), &fourth, 1, 10, &err),
                     PST_ERR);
    assert_int_equal(pst_store_key_get(f->store, pst_str_c(old.id), &got, &err), PST_OK);
    assert_int_equal(got.expires_s, 2000);
    assert_int_equal(pst_store_key_revoke(f->store, pst_str_c(old.id), 7, &err), PST_OK);
    fourth = make(4);
    assert_int_equal(pst_store_key_rotate(f->store, pst_str_c(old.id), &fourth, 1, 10, &err),
                     PST_ERR);
    assert_int_equal(err.code, PST_E_EXISTS);
    assert_int_equal(pst_store_key_rotate(f->store, PST_STR("000000000009"), &fourth, 1, 10, &err),
                     PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    assert_int_equal(pst_store_key_get(f->store, PST_STR("000000000004"), &got, &err), PST_ERR);
}

static enum pst_status count_one(void *user, const struct pst_key_row *row, struct pst_err *err)
{
    unsigned *n = user;
    assert_int_equal(row->n_groups, 2);
    ++*n;
    assert_true(*n > 10000 || row->created_s == 1000 + (int64_t)*n); /* oldest first */
    return *n == 10020 ? pst_fail(err, PST_E_LIMIT, "enough") : PST_OK;
}

static void test_each_and_limit(void **state)
{
    struct fixture *f = *state;
    struct pst_err err = {0};
    unsigned n = 0;
    for (unsigned i = 20; i > 0; i--) {
        struct pst_key_row row = make(i);
        assert_int_equal(pst_store_key_add(f->store, &row, 20, &err), PST_OK);
    }
    struct pst_key_row more = make(21);
    assert_int_equal(pst_store_key_add(f->store, &more, 20, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    assert_int_equal(pst_store_key_each(f->store, count_one, &n, &err), PST_OK);
    assert_int_equal(n, 20);
    n = 10015; /* a callback that stops: the error is its own */
    assert_int_equal(pst_store_key_each(f->store, count_one, &n, &err), PST_ERR);
    assert_string_equal(err.text, "enough");
    assert_int_equal(n, 10020);
}

static void test_reopen(void **state)
{
    struct fixture *f = *state;
    struct pst_err err = {0};
    struct pst_key_row row = make(1), got;
    struct stat st;
    assert_int_equal(pst_store_key_add(f->store, &row, 10, &err), PST_OK);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    char wal[128];
    snprintf(wal, sizeof wal, "%s-wal", f->path);
    assert_int_equal(stat(wal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    /* a second handle sees what the first has written, and both go on */
    struct pst_store *second = NULL;
    assert_int_equal(pst_store_open(f->path, &second, &err), PST_OK);
    assert_int_equal(pst_store_key_get(second, pst_str_c(row.id), &got, &err), PST_OK);
    assert_int_equal(pst_store_key_revoke(second, pst_str_c(row.id), 5, &err), PST_OK);
    assert_int_equal(pst_store_key_get(f->store, pst_str_c(row.id), &got, &err), PST_OK);
    assert_int_equal(got.revoked_s, 5);
    pst_store_close(second);
}

static void test_refused(void **state)
{
    struct fixture *f = *state;
    struct pst_err err = {0};
    struct pst_store *second = NULL;
    assert_int_equal(chmod(f->path, 0640), 0);
    assert_int_equal(pst_store_open(f->path, &second, &err), PST_ERR);
    assert_int_equal(chmod(f->path, 0600), 0);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(pst_store_open(f->path, &second, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    assert_non_null(strstr(err.text, "newer postern"));
    assert_int_equal(pst_store_open("/nonexistent/keys.db", &second, &err), PST_ERR);
    char garbage[128];
    snprintf(garbage, sizeof garbage, "%s/garbage", f->folder);
    int fd = open(garbage, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(write(fd, "this is not a database\n", 23), 23);
    }
    close(fd);
    assert_int_equal(pst_store_open(garbage, &second, &err), PST_ERR);
    assert_int_equal(unlink(garbage), 0);
    assert_null(second);
    pst_store_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round, setup, teardown),
        cmocka_unit_test_setup_teardown(test_revoke, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_each_and_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reopen, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
