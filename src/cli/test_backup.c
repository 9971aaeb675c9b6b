#include "cli/backup.h"

#include "audit/test_log.h"
#include "cli/state.h"
#include "cli/test_folder.h"
#include "control/store.h"
#include "sys/file.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
    struct test_folder *f;
    struct test_log log;
    char to[128];
};

static void put(const struct test_folder *f, const char *name, struct pst_str bytes)
{
    char path[192];
    struct pst_err err = {0};
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    assert_int_equal(pst_file_write(path, 0600, bytes, &err), PST_OK);
}

static void get(const char *folder, const char *name, struct pst_buf *out)
{
    char path[192];
    struct pst_err err = {0};
    pst_buf_init(out, 1 << 20);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(pst_file_read(path, out, &err), PST_OK);
}

static bool there(const char *folder, const char *name)
{
    char path[192];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return lstat(path, &st) == 0;
}

static int setup(void **state)
{
    struct pst_state_made made;
    struct pst_err err = {0};
    struct fixture *x = calloc(1, sizeof *x);
    void *folder = NULL;
    assert_non_null(x);
    assert_int_equal(test_folder_setup(&folder), 0);
    x->f = folder;
    assert_int_equal(pst_state_make(x->f->dir, true, 1000, &made, &err), PST_OK);
    snprintf(x->to, sizeof x->to, "%s/copy", x->f->root);
    test_log_init(&x->log);
    for (int segment = 0; segment < 2; segment++) {
        test_log_begin(&x->log);
        for (int i = 0; i < 3; i++) {
            test_log_decision(&x->log, segment * 10 + i);
        }
    }
    test_log_pad(&x->log);
    put(x->f, "audit/seg-00000001.log", pst_buf_str(&x->log.seg[0]));
    put(x->f, "audit/seg-00000002.log", pst_buf_str(&x->log.seg[1]));
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;
    void *folder = x->f;
    test_log_release(&x->log);
    free(x);
    return test_folder_teardown(&folder);
}

static void test_copies_what_is_there(void **state)
{
    struct fixture *x = *state;
    struct pst_backup_made made;
    struct pst_err err = {0};
    struct pst_buf a, b;
    char path[192];
    struct stat st;
    struct pst_store *store = NULL;
    snprintf(path, sizeof path, "%s/policies/more", x->f->dir);
    assert_int_equal(pst_dir_make_all(path, 0755, &err), PST_OK);
    put(x->f, "policies/more/a.cedar", PST_STR("permit (principal, action, resource);"));
    put(x->f, "run/left", PST_STR("of a running gateway"));
    put(x->f, "store/postern.db-wal", PST_STR(""));
    snprintf(path, sizeof path, "%s/keys/link", x->f->dir);
    assert_int_equal(symlink("/etc/hostname", path), 0);

    assert_int_equal(pst_backup(x->f->dir, x->to, &made, &err), PST_OK);
    assert_int_equal(made.records, 6);
    assert_int_equal(made.segments, 2);
    assert_int_equal(made.skipped, 1);
    static const char *const same[] = {
        "keys/log.seed",         "keys/data.key",          "audit/log.pub",         "postern.yaml",
        "policies/more/a.cedar", "audit/seg-00000001.log", "audit/seg-00000002.log"};
    for (size_t i = 0; i < PST_LEN(same); i++) {
        get(x->f->dir, same[i], &a);
        get(x->to, same[i], &b);
        assert_true(pst_str_eq(pst_buf_str(&a), pst_buf_str(&b)));
        pst_buf_release(&a);
        pst_buf_release(&b);
    }
    assert_true(there(x->to, "run"));
    assert_false(there(x->to, "run/left"));
    assert_false(there(x->to, "keys/link"));
    snprintf(path, sizeof path, "%s/store/postern.db", x->to);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(x->to, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(pst_store_open(path, &store, &err), PST_OK);
    pst_store_close(store);
}

/* A frame in the middle of being written, and a segment that was made and not begun. */
static void test_live_log(void **state)
{
    struct fixture *x = *state;
    struct pst_backup_made made;
    struct pst_err err = {0};
    struct pst_buf got, torn;
    size_t used = x->log.used[1];
    static const uint8_t empty[4096];
    pst_buf_init(&torn, 1 << 20);
    assert_true(pst_buf_add(&torn, pst_buf_str(&x->log.seg[1])));
    torn.p[used] = 40; /* a length, and a part of its record */
    torn.p[used + 4] = '{';
    put(x->f, "audit/seg-00000002.log", pst_buf_str(&torn));
    put(x->f, "audit/seg-00000003.log", pst_str_of(empty, sizeof empty));
    assert_int_equal(pst_backup(x->f->dir, x->to, &made, &err), PST_OK);
    assert_int_equal(made.records, 6);
    assert_false(there(x->to, "audit/seg-00000003.log"));
    get(x->to, "audit/seg-00000002.log", &got);
    assert_true(pst_str_eq(pst_buf_str(&got), pst_buf_str(&x->log.seg[1])));
    pst_buf_release(&got);
    pst_buf_release(&torn);
}

static void test_damage_is_refused(void **state)
{
    struct fixture *x = *state;
    struct pst_backup_made made = {.files = 77};
    struct pst_err err = {0};
    struct pst_buf bad;
    pst_buf_init(&bad, 1 << 20);
    assert_true(pst_buf_add(&bad, pst_buf_str(&x->log.seg[0])));
    bad.p[300] ^= 1;
    put(x->f, "audit/seg-00000001.log", pst_buf_str(&bad));
    assert_int_equal(pst_backup(x->f->dir, x->to, &made, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_SYNTAX);
    assert_int_equal(made.files, 77);
    assert_false(there(x->to, ""));
    /* what is left of it is not written over */
    assert_int_equal(pst_backup(x->f->dir, x->to, &made, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_EXISTS);
    pst_buf_release(&bad);
}

static void test_where_it_may_go(void **state)
{
    struct fixture *x = *state;
    struct pst_backup_made made;
    struct pst_err err = {0};
    char inside[160], slash[160], missing[160];
    snprintf(inside, sizeof inside, "%s/keys/b", x->f->dir);
    snprintf(slash, sizeof slash, "%s//", x->to);
    snprintf(missing, sizeof missing, "%s/no/such/b", x->f->root);
    assert_int_equal(pst_backup(x->f->dir, inside, &made, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_USAGE);
    assert_false(there(x->f->dir, "keys/b.partial"));
    assert_int_equal(pst_backup(x->f->dir, missing, &made, &err), PST_ERR);
    assert_int_equal(pst_backup(x->f->dir, "", &made, &err), PST_ERR);
    assert_int_equal(pst_backup(x->f->dir, slash, &made, &err), PST_OK);
    assert_true(there(x->to, "keys/log.seed"));
    assert_int_equal(pst_backup(x->f->dir, x->to, &made, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_EXISTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_copies_what_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_live_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_where_it_may_go, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
