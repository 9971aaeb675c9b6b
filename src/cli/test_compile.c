#include "cli/state.h"
#include "cli/test_folder.h"
#include "control/compile.h"
#include "crypto/crypto.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* In a process of its own, for it confines itself for good. Returns its exit status; -1 if it was
 * killed. */
static int run_compile(const struct test_folder *f, int fd)
{
    char out[16];
    char *argv[] = {
        (char[]){"compile"},        (char[]){"--out-fd"},        out, (char[]){"--state"}, NULL,
        (char[]){"--generation=5"}, (char[]){"--demo-port=4321"}};
    char dir[96];
    snprintf(out, sizeof out, "%d", fd);
    memcpy(dir, f->dir, sizeof dir);
    argv[4] = dir;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(null, STDERR_FILENO);
        _exit(pst_cmd_compile((int)PST_LEN(argv), argv));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What compile sends is what a supervisor can check: sealed, exact, in order. */
static void test_compile(void **state)
{
    const struct test_folder *f = *state;
    struct pst_state_made made;
    struct pst_err err = {0};
    int pair[2];
    assert_int_equal(pst_state_make(f->dir, true, (int64_t)time(NULL), &made, &err), PST_OK);
    assert_int_equal(pst_fd_pair(pair, 0, &err), PST_OK);
    assert_int_equal(run_compile(f, pair[1]), PST_EXIT_OK);
    uint32_t count = 1;
    for (uint32_t i = 0; i < count; i++) {
        struct pst_compile_msg msg;
        struct pst_fd_message m;
        struct pst_str map;
        assert_int_equal(pst_fd_recv(pair[0], &msg, sizeof msg, &m, &err), PST_OK);
        assert_int_equal(m.n, sizeof msg);
        assert_int_equal(m.n_fds, 1);
        assert_int_equal(msg.magic, PST_IMAGE_MAGIC);
        count = msg.count;
        assert_int_equal(pst_memfd_check(m.fds[0], PST_SEALS, msg.size, &err), PST_OK);
        assert_int_equal(pst_memfd_map(m.fds[0], msg.size, &map, &err), PST_OK);
        assert_int_equal(pst_image_check(map, (enum pst_image_kind)msg.kind, &err), PST_OK);
        assert_true((i == 0) == (msg.kind == PST_IMAGE_PLAN));
        const struct pst_image_head *head = (const void *)map.p;
        assert_int_equal(head->generation, 5);
        if (msg.kind == PST_IMAGE_DIAL) {
            const struct pst_dial_image *dial = (const void *)map.p;
            assert_int_equal(dial->targets[0].port, 4321);
        }
        pst_memfd_unmap(&map);
        pst_fd_message_release(&m);
    }
    assert_int_equal(count, 7);
    test_folder_put(f, "postern.yaml", "models: {m: o}\nlistn: 1\n");
    assert_int_equal(run_compile(f, pair[1]), PST_EXIT_FAILED);
    struct pst_compile_msg msg;
    struct pst_fd_message m;
    assert_int_equal(pst_fd_recv(pair[0], &msg, sizeof msg, &m, &err), PST_OK);
    assert_int_equal(msg.kind, 0);
    assert_int_equal(msg.err.line, 2);
    assert_non_null(strstr(msg.err.text, "listen"));
    pst_fd_close(&pair[0]);
    pst_fd_close(&pair[1]);
}

int main(void)
{
    struct pst_err err = {0};
    if (pst_crypto_init(&err) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_compile, test_folder_setup, test_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
