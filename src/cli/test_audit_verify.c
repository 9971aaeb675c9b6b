#include "cli/cmd_audit.h"

#include "base/test.h"
#include "cli/test_audit_folder.h"

#include <stdlib.h>

#define RUN(r, ...) test_run((r), (const char *const[]){"audit", "verify", __VA_ARGS__, NULL})

static void good(void **state)
{
    (void)state;
    struct test_folder f;
    struct test_run r;
    test_folder_make(&f);
    RUN(&r, "--log", f.path);
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.out, "log       postern/test\n"));
    assert_non_null(strstr(r.out, "segments  3, 393216 bytes\n"));
    assert_non_null(strstr(r.out, "records   12 (0 to 11), 2026-11-25T07:47:31.123456Z to "
                                  "2026-11-25T07:47:54.123456Z\n"));
    assert_non_null(strstr(r.out, "3 checkpoints good, 0 bad; 10 of 12 records are covered"));
    assert_non_null(strstr(r.out, "verdict   GOOD"));
    RUN(&r, "--log", f.path, "--json");
    assert_int_equal(r.status, 0);
    assert_int_equal(strncmp(r.out, "{\"ok\":true,\"origin\":\"postern/test\",", 35), 0);
    assert_non_null(strstr(r.out, "\"signatures_checked\":true"));
    test_folder_remove(&f);
}

static void without_a_key(void **state)
{
    (void)state;
    struct test_folder f;
    struct test_run r;
    char path[256];
    test_folder_make(&f);
    snprintf(path, sizeof path, "%s/log.pub", f.path);
    assert_int_equal(unlink(path), 0);
    RUN(&r, "--log", f.path);
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.out, "signed    not checked"));
    RUN(&r, "--log", f.path, "--key", path); /* asked for, so it has to be there */
    assert_int_equal(r.status, 3);
    test_folder_write(&f, "log.pub", PST_STR("no key\n"));
    RUN(&r, "--log", f.path);
    assert_int_equal(r.status, 3);
    test_folder_write(&f, "log.pub",
                      PST_STR("example.com/log/testdata+33d7b496+"
                              "AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx\n"));
    RUN(&r, "--log", f.path); /* somebody else's */
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.out, "a checkpoint's signature is missing or wrong"));
    test_folder_remove(&f);
}

static void broken(void **state)
{
    (void)state;
    struct test_folder f;
    struct test_run r;
    char path[256], kept[256];
    test_folder_make(&f);
    test_run(&r, (const char *const[]){"audit", "checkpoint", "--log", f.path, NULL});
    test_folder_write(&f, "kept.txt", pst_str_c(r.out));
    snprintf(kept, sizeof kept, "%s/kept.txt", f.path);
    /* one bit in the middle */
    f.log.seg[1].p[300] ^= 1;
    test_folder_write(&f, "seg-00000002.log", pst_buf_str(&f.log.seg[1]));
    RUN(&r, "--log", f.path);
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.out, "verdict   BROKEN: a segment does not end as it should\n"
                                  "          seg-00000002.log, byte 256: "));
    RUN(&r, "--log", f.path, "--json");
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.out, "\"file\":\"seg-00000002.log\",\"offset\":256}"));
    f.log.seg[1].p[300] ^= 1;
    test_folder_write(&f, "seg-00000002.log", pst_buf_str(&f.log.seg[1]));
    /* the newest segment is gone: only the kept checkpoint knows */
    snprintf(path, sizeof path, "%s/seg-00000003.log", f.path);
    assert_int_equal(unlink(path), 0);
    RUN(&r, "--log", f.path);
    assert_int_equal(r.status, 0);
    RUN(&r, "--log", f.path, "--checkpoint", kept);
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.out, "the log contradicts the checkpoint that was given"));
    /* a file that was created and never begun is no damage */
    uint8_t *zeros = calloc(1, TEST_SEGMENT);
    assert_non_null(zeros);
    test_folder_write(&f, "seg-00000003.log", pst_str_of(zeros, TEST_SEGMENT));
    free(zeros);
    RUN(&r, "--log", f.path);
    assert_int_equal(r.status, 0);
    assert_non_null(strstr(r.out, "never begun"));
    /* the oldest one is gone */
    snprintf(path, sizeof path, "%s/seg-00000001.log", f.path);
    assert_int_equal(unlink(path), 0);
    RUN(&r, "--log", f.path);
    assert_int_equal(r.status, 1);
    RUN(&r, "--log", f.path, "--later-start");
    assert_int_equal(r.status, 0);
    /* a checkpoint that cannot be believed */
    test_folder_write(&f, "kept.txt", PST_STR("postern/test\n9\n"));
    RUN(&r, "--log", f.path, "--checkpoint", kept);
    assert_int_equal(r.status, 3);
    test_folder_remove(&f);
    RUN(&r, "--log", f.path);
    assert_int_equal(r.status, 3);
}

static void empty(void **state)
{
    (void)state;
    char path[] = "/tmp/postern-audit-XXXXXX";
    struct test_run r;
    assert_non_null(mkdtemp(path));
    RUN(&r, "--log", path);
    assert_int_equal(r.status, 1);
    assert_non_null(strstr(r.out, "there is no segment"));
    rmdir(path);
}

static int python(const struct test_folder *f, bool with_key)
{
    char command[1024];
    snprintf(command, sizeof command,
             "python3 '" PST_SOURCE_ROOT "/tests/verify_audit.py' '%s' %s%s%s > '%s/python.txt'",
             f->path, with_key ? "'" : "", with_key ? f->path : "", with_key ? "/log.pub'" : "",
             f->path);
    fflush(NULL);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A verifier that shares nothing with this program comes to the same end. */
static void the_outsider_agrees(void **state)
{
    (void)state;
    struct test_folder f;
    struct test_run r;
    if (system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2> /dev/null") != 0) {
        const char *ci = getenv("CI");
        assert_false(ci != NULL && strcmp(ci, "true") == 0);
        printf("skipped: verify_audit.py\n");
        return;
    }
    test_folder_make(&f);
    assert_int_equal(python(&f, false), 0);
    assert_int_equal(python(&f, true), 0);
    for (size_t at = 0; at < f.log.used[1] + 40; at += 53) {
        f.log.seg[1].p[at] ^= 4;
        test_folder_write(&f, "seg-00000002.log", pst_buf_str(&f.log.seg[1]));
        RUN(&r, "--log", f.path);
        assert_int_equal(r.status, 1);
        if (at % 30 == 0) { /* a process each: some will do */
            assert_int_equal(python(&f, false), 1);
        }
        f.log.seg[1].p[at] ^= 4;
    }
    test_folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),  cmocka_unit_test(without_a_key),       cmocka_unit_test(broken),
        cmocka_unit_test(empty), cmocka_unit_test(the_outsider_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
