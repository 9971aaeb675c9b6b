#include "cli/cmd_audit.h"

#include "base/enc.h"
#include "base/test.h"
#include "cli/test_audit_folder.h"

#include <stdlib.h>
#include <time.h>

#define RUN(r, ...) test_run((r), (const char *const[]){"audit", __VA_ARGS__, NULL})

static size_t lines(const char *text)
{
    size_t n = 0;
    for (; *text != 0; text++) {
        n += *text == '\n' ? 1 : 0;
    }
    return n;
}

static void tails(void **state)
{
    (void)state;
    struct test_folder f;
    struct test_run r;
    test_folder_make(&f);
    RUN(&r, "tail", "--log", f.path);
    assert_int_equal(r.status, 0);
    assert_int_equal(lines(r.out), 10);
    assert_non_null(strstr(r.out, " #2 checkpoint"));
    assert_non_null(strstr(r.out, " #11 decision allow none request=req_"));
    assert_null(strstr(r.out, " #1 "));
    RUN(&r, "tail", "--log", f.path, "-n", "3", "--json");
    assert_int_equal(lines(r.out), 3);
    assert_int_equal(strncmp(r.out, "{\"action\":\"chat\"", 16), 0);
    assert_non_null(strstr(r.out, "\"seq\":9,"));
    RUN(&r, "tail", "--log", f.path, "-n", "100");
    assert_int_equal(lines(r.out), 12);
    RUN(&r, "tail", "--log", f.path, "-n", "2", "--kind", "checkpoint");
    assert_int_equal(lines(r.out), 2);
    assert_non_null(strstr(r.out, " #6 checkpoint"));
    assert_non_null(strstr(r.out, " #10 checkpoint"));
    test_folder_remove(&f);
}

static void queries(void **state)
{
    (void)state;
    struct test_folder f;
    struct test_run r;
    test_folder_make(&f);
    RUN(&r, "query", "--log", f.path);
    assert_int_equal(lines(r.out), 12);
    RUN(&r, "query", "--log", f.path, "--principal", "zo\xc3\xab@example.org", "--model", "small",
        "--limit", "4");
    assert_int_equal(lines(r.out), 4);
    assert_non_null(strstr(r.out, " #0 "));
    RUN(&r, "query", "--log", f.path, "--decision", "deny");
    assert_int_equal(r.status, 0);
    assert_string_equal(r.out, "");
    RUN(&r, "query", "--log", f.path, "--since", "2026-11-25T07:47:41Z", "--until",
        "2026-11-25T07:47:44.1Z");
    assert_int_equal(lines(r.out), 3);
    RUN(&r, "query", "--log", f.path, "--since", "2026-11-26");
    assert_int_equal(lines(r.out), 0);
    /* damage is said, and what can be read is shown */
    f.log.seg[2].p[f.log.used[2] - 30] ^= 1;
    test_folder_write(&f, "seg-00000003.log", pst_buf_str(&f.log.seg[2]));
    RUN(&r, "query", "--log", f.path);
    assert_int_equal(r.status, 1);
    assert_int_equal(lines(r.out), 11);
    assert_non_null(strstr(r.err, "seg-00000003.log cannot be read behind byte"));
    test_folder_remove(&f);
}

static void gives_the_last_checkpoint(void **state)
{
    (void)state;
    struct test_folder f;
    struct test_run r;
    test_folder_make(&f);
    RUN(&r, "checkpoint", "--log", f.path);
    assert_int_equal(r.status, 0);
    assert_int_equal(strncmp(r.out, "postern/test\n10\n", 16), 0);
    test_folder_write(&f, "kept.txt", pst_str_c(r.out));
    char kept[256];
    snprintf(kept, sizeof kept, "%s/kept.txt", f.path);
    RUN(&r, "verify", "--log", f.path, "--checkpoint", kept);
    assert_int_equal(r.status, 0);
    test_folder_remove(&f);
}

static void wrong_use(void **state)
{
    (void)state;
    struct test_run r;
    test_run(&r, (const char *const[]){"audit", NULL});
    assert_int_equal(r.status, 2);
    assert_non_null(strstr(r.err, "usage:"));
    RUN(&r, "--help");
    assert_int_equal(r.status, 0);
    RUN(&r, "tail", "--help");
    assert_true(r.status == 0 && strstr(r.out, "usage:") != NULL);
    RUN(&r, "tail", "--nonsense");
    assert_int_equal(r.status, 2);
    assert_string_equal(r.err, "postern audit: --nonsense is not an option\n");
    RUN(&r, "tail", "--nonsense", "--json");
    assert_int_equal(r.status, 2);
    assert_string_equal(r.err, "");
    assert_string_equal(r.out, "{\"error\":{\"code\":\"usage\",\"message\":"
                               "\"--nonsense is not an option\"}}\n");
    RUN(&r, "tail", "--log");
    assert_int_equal(r.status, 2);
    static const char *const bad[][2] = {
        {"-n", "0"},
        {"-n", "ten"},
        {"--limit", "99999999"},
        {"--since", "yesterday"},
        {"--since", "-5m"},
        {"--until", "5x"},
        {"--clock-tolerance", "-1"},
        {"--kind", ""},
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        RUN(&r, "tail", bad[i][0], bad[i][1]);
        assert_int_equal(r.status, 2);
    }
    RUN(&r, "tail", "more");
    assert_int_equal(r.status, 2);
    RUN(&r, "tail", "--log", "/nonexistent\x1b[31m");
    assert_int_equal(r.status, 3);
    assert_null(strchr(r.err, '\x1b'));
    struct test_folder f;
    test_folder_make(&f);
    RUN(&r, "burn", "--log", f.path);
    assert_int_equal(r.status, 2);
    test_folder_remove(&f);
}

static void times(void **state)
{
    (void)state;
    const int64_t now = 1795592851123456000;
    int64_t ns;
    assert_true(pst_audit_time("2026-11-25", now, &ns));
    assert_int_equal(ns, 1795564800000000000);
    assert_true(pst_audit_time("2026-11-25T07:47:31Z", now, &ns));
    assert_int_equal(ns, 1795592851000000000);
    assert_true(pst_audit_time("2026-11-25T07:47:31.5Z", now, &ns));
    assert_int_equal(ns, 1795592851500000000);
    assert_true(pst_audit_time("2026-11-25T07:47:31.123456Z", now, &ns));
    assert_int_equal(ns, now);
    assert_true(pst_audit_time("90s", now, &ns));
    assert_int_equal(ns, now - 90000000000);
    assert_true(pst_audit_time("7d", now, &ns));
    assert_int_equal(ns, now - 604800000000000);
    static const char *const bad[] = {"",
                                      "5",
                                      "d",
                                      "-1h",
                                      "1.5h",
                                      "2026-11-31",
                                      "2026-11-25T07:47Z",
                                      "2026-11-25T07:47:31.Z",
                                      "2026-11-25T07:47:31.1234567Z",
                                      "2026-11-25T07:47:31+01:00",
                                      "99999999999d",
                                      "2147483647d"};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        if (pst_audit_time(bad[i], now, &ns)) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

/* --follow shows what comes, over the beginning of a new segment too, and ends with its reader. */
static void follows(void **state)
{
    (void)state;
    struct test_folder f;
    int pipes[2];
    char text[8192] = {0};
    size_t n = 0;
    test_folder_make(&f);
    char path[256];
    snprintf(path, sizeof path, "%s/seg-00000003.log", f.path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char *argv[] = {(char[]){"audit"}, (char[]){"tail"},  (char[]){"-f"}, (char[]){"-n"},
                        (char[]){"1"},     (char[]){"--log"}, f.path,         NULL};
        dup2(pipes[1], STDOUT_FILENO);
        close(pipes[0]);
        close(pipes[1]);
        _exit(pst_cmd_audit(7, argv));
    }
    close(pipes[1]);
    while (lines(text) < 1) {
        ssize_t got = read(pipes[0], &text[n], sizeof text - 1 - n);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_non_null(strstr(text, " #7 "));
    /* a header, then two records; then the rest */
    uint8_t *copy = calloc(1, TEST_SEGMENT);
    assert_non_null(copy);
    memcpy(copy, f.log.seg[2].p, f.log.used[2] - 900);
    test_folder_write(&f, "seg-00000003.new", pst_str_of(copy, TEST_SEGMENT));
    char new_path[256];
    snprintf(new_path, sizeof new_path, "%s/seg-00000003.new", f.path);
    assert_int_equal(rename(new_path, path), 0);
    while (strstr(text, " #8 ") == NULL) {
        ssize_t got = read(pipes[0], &text[n], sizeof text - 1 - n);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_null(strstr(text, " #11 "));
    test_folder_write(&f, "seg-00000003.new", pst_buf_str(&f.log.seg[2]));
    assert_int_equal(rename(new_path, path), 0);
    while (strstr(text, " #11 ") == NULL) {
        ssize_t got = read(pipes[0], &text[n], sizeof text - 1 - n);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_int_equal(lines(text), 5);
    close(pipes[0]);
    kill(pid, SIGTERM);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    free(copy);
    test_folder_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tails),
        cmocka_unit_test(queries),
        cmocka_unit_test(gives_the_last_checkpoint),
        cmocka_unit_test(wrong_use),
        cmocka_unit_test(times),
        cmocka_unit_test(follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
