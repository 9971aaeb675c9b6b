#include "cli/audit_files.h"

#include "base/test.h"
#include "cli/test_audit_folder.h"

#include <sys/stat.h>

static bool count(void *user, struct pst_str json)
{
    size_t *n = user;
    assert_true(json.n > 2 && json.p[0] == '{');
    return ++*n < 100;
}

static bool stop_at_once(void *user, struct pst_str json)
{
    (void)json;
    ++*(size_t *)user;
    return false;
}

static void lists_only_segments_in_order(void **state)
{
    (void)state;
    struct test_folder f;
    struct pst_audit_files files;
    struct pst_err err = {0};
    test_folder_make(&f);
    test_folder_write(&f, "seg-100000000.log", PST_STR(""));
    static const char *const others[] = {"seg-1.log",
                                         "seg-00000000.log",
                                         "seg-000000004.log",
                                         "seg-0000000x.log",
                                         "xseg-00000005.log",
                                         "seg-00000005.log.cut",
                                         "seg-99999999999999999999.log"};
    for (size_t i = 0; i < PST_LEN(others); i++) {
        test_folder_write(&f, others[i], PST_STR(""));
    }
    assert_int_equal(pst_audit_files_list(&files, f.path, &err), PST_OK);
    assert_int_equal(files.n, 4);
    assert_true(files.numbers[0] == 1 && files.numbers[1] == 2 && files.numbers[2] == 3);
    assert_int_equal(files.numbers[3], 100000000);
    pst_audit_files_release(&files);
    test_folder_remove(&f);
    assert_int_equal(pst_audit_files_list(&files, f.path, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
}

static void gives_each_record(void **state)
{
    (void)state;
    struct test_folder f;
    struct pst_audit_files files;
    uint64_t end = 0, after;
    bool whole = false;
    size_t n = 0;
    test_folder_make(&f);
    assert_int_equal(pst_audit_files_list(&files, f.path, NULL), PST_OK);
    assert_int_equal(pst_audit_files_each(&files, 2, 0, count, &n, &end, &whole, NULL), PST_OK);
    assert_true(n == 4 && whole);
    assert_int_equal(end, f.log.used[1]);
    /* nothing new behind the end; and from the second record on */
    n = 0;
    assert_int_equal(pst_audit_files_each(&files, 2, end, count, &n, &after, &whole, NULL), PST_OK);
    assert_true(n == 0 && whole && after == end);
    n = 0;
    assert_int_equal(pst_audit_files_each(&files, 2, 0, stop_at_once, &n, &end, &whole, NULL),
                     PST_OK);
    assert_int_equal(n, 1);
    n = 0;
    assert_int_equal(pst_audit_files_each(&files, 2, end, count, &n, &after, &whole, NULL), PST_OK);
    assert_int_equal(n, 3);
    assert_int_equal(after, f.log.used[1]);
    pst_audit_files_release(&files);
    test_folder_remove(&f);
}

static void tells_damage(void **state)
{
    (void)state;
    struct test_folder f;
    struct pst_audit_files files;
    struct pst_err err = {0};
    uint64_t end;
    bool whole = true;
    size_t n = 0;
    test_folder_make(&f);
    f.log.seg[1].p[f.log.used[1] - 700] ^= 1;
    test_folder_write(&f, "seg-00000002.log", pst_buf_str(&f.log.seg[1]));
    test_folder_write(&f, "seg-00000003.log", PST_STR("nothing of a log in here"));
    assert_int_equal(pst_audit_files_list(&files, f.path, NULL), PST_OK);
    assert_int_equal(pst_audit_files_each(&files, 2, 0, count, &n, &end, &whole, NULL), PST_OK);
    assert_true(n > 0 && n < 4 && !whole);
    uint8_t zeros[PST_SEGMENT_HEADER] = {0};
    test_folder_write(&f, "seg-00000003.log", pst_str_of(zeros, sizeof zeros));
    assert_int_equal(pst_audit_files_each(&files, 3, 0, count, &n, &end, &whole, NULL), PST_OK);
    memset(zeros, 'x', sizeof zeros);
    test_folder_write(&f, "seg-00000003.log", pst_str_of(zeros, sizeof zeros));
    assert_int_equal(pst_audit_files_each(&files, 3, 0, count, &n, &end, &whole, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_SYNTAX);
    assert_int_equal(pst_audit_files_each(&files, 4, 0, count, &n, &end, &whole, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    pst_audit_files_release(&files);
    test_folder_remove(&f);
}

static void slurps_small_files(void **state)
{
    (void)state;
    struct test_folder f;
    struct pst_buf b;
    struct pst_err err = {0};
    char path[256];
    test_folder_make(&f);
    snprintf(path, sizeof path, "%s/log.pub", f.path);
    pst_buf_init(&b, 4096);
    assert_int_equal(pst_audit_files_slurp(path, &b, NULL), PST_OK);
    assert_true(pst_str_starts(pst_buf_str(&b), PST_STR(TEST_ORIGIN "+")));
    pst_buf_release(&b);
    pst_buf_init(&b, 10);
    assert_int_equal(pst_audit_files_slurp(path, &b, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    pst_buf_release(&b);
    test_folder_remove(&f);
    assert_int_equal(pst_audit_files_slurp(path, &b, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_only_segments_in_order),
        cmocka_unit_test(gives_each_record),
        cmocka_unit_test(tells_damage),
        cmocka_unit_test(slurps_small_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
