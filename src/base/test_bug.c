#include "base/test.h"

#include "base/def.h"

static void a_bug_aborts_with_one_line(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        PST_BUG_ON(ends[0] >= 0);
        _exit(0);
    }
    close(ends[1]);
    char text[600];
    ssize_t n = read(ends[0], text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "bug: "));
    assert_non_null(strstr(text, "test_bug.c:"));
    assert_non_null(strstr(text, "ends[0] >= 0\n"));
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    PST_BUG_ON(ends[0] < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_bug_aborts_with_one_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
