/* The command's arguments, and its life from the printed address to SIGTERM. */
#define PST_HAVE_DEMO_MODEL 1 /* as the command's own build says */
#include "cli/cli.h"
#include "sys/fd.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_arguments(void **state)
{
    (void)state;
    static const char *const bad[][3] = {
        {NULL},          {"--port", NULL}, {"--port", "65536"},
        {"--port", "x"}, {"--what", "1"},  {"--pace", "1"},
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        char words[4][32] = {"demo-model"};
        char *argv[4] = {words[0], NULL, NULL, NULL};
        int argc = 1;
        for (size_t k = 0; k < 2 && bad[i][k] != NULL; k++) {
            memcpy(words[k + 1], bad[i][k], strlen(bad[i][k]) + 1);
            argv[argc++] = words[k + 1];
        }
        assert_int_equal(pst_cmd_demo_model(argc, argv), 2);
    }
    char name[] = "demo-model", port[] = "--port", zero[] = "0";
    char address[] = "--address", nowhere[] = "nowhere";
    char *lost[] = {name, port, zero, address, nowhere, NULL};
    assert_int_equal(pst_cmd_demo_model(5, lost), 2);
}

static void test_life(void **state)
{
    (void)state;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char name[] = "demo-model", port[] = "--port", zero[] = "0";
        char *argv[] = {name, port, zero, NULL};
        if (dup2(pipes[1], STDOUT_FILENO) < 0) {
            _exit(9);
        }
        _exit(pst_cmd_demo_model(3, argv));
    }
    pst_fd_close(&pipes[1]);
    char line[128] = "";
    ssize_t n = read(pipes[0], line, sizeof line - 1);
    assert_true(n > 0);
    assert_memory_equal(line, "demo-model: http://127.0.0.1:", 29);
    assert_int_equal(kill(pid, SIGTERM), 0);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pst_fd_close(&pipes[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arguments),
                                       cmocka_unit_test(test_life)};
    return cmocka_run_group_tests_name("demo_model", tests, NULL, NULL);
}
