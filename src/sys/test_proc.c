/* The program starts itself: with a first argument it is the child. */
#include "base/test.h"

#include "sys/fd.h"
#include "sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

/* --- the child -------------------------------------------------------------------------------- */

extern char **environ;

/* Which descriptors below 256 are open, as "0,1,2,7". */
static void list_descriptors(char *ret, size_t size)
{
    size_t n = 0;
    for (int fd = 0; fd < 256 && n + 8 < size; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            n += (size_t)snprintf(&ret[n], size - n, "%s%d", n > 0 ? "," : "", fd);
        }
    }
}

static int child_report(int out)
{
    char fds[512] = "";
    sigset_t blocked;
    struct sigaction pipe_action;
    int death = 0;
    size_t env = 0;
    list_descriptors(fds, sizeof(fds));
    sigprocmask(SIG_SETMASK, NULL, &blocked);
    sigaction(SIGPIPE, NULL, &pipe_action);
    prctl(PR_GET_PDEATHSIG, &death);
    while (environ[env] != NULL) {
        env++;
    }
    dprintf(out, "fds=%s env=%zu first=%s blocked=%d pipe=%d death=%d group=%d", fds, env,
            env > 0 ? environ[0] : "-", sigismember(&blocked, SIGUSR1),
            pipe_action.sa_handler == SIG_DFL ? 0 : 1, death, getpgrp() == getpid());
    return 0;
}

static int child(int argc, char **argv)
{
    if (strcmp(argv[1], "report") == 0) {
        return child_report(7);
    }
    if (strcmp(argv[1], "exit") == 0) {
        return argc > 2 ? 3 : 0;
    }
    if (strcmp(argv[1], "sleep") == 0) {
        (void)pause();
    }
    if (strcmp(argv[1], "parent") == 0) { /* starts a sleeper that inherits 7, tells, and waits */
        const char *const args[] = {"child", "sleep", NULL};
        const struct pst_proc_fd fds[] = {{7, 7}};
        const struct pst_proc_spec spec = {
            .path = "/proc/self/exe", .argv = args, .fds = fds, .n_fds = 1};
        struct pst_proc proc;
        if (pst_proc_start(&spec, &proc, NULL) != PST_OK || write(7, "y", 1) != 1) {
            return 1;
        }
        (void)pause();
    }
    return 9;
}

/* --- tests ------------------------------------------------------------------------------------ */

static struct pst_proc start(const char *const *argv, const char *const *env,
                             const struct pst_proc_fd *fds, size_t n_fds)
{
    const struct pst_proc_spec spec = {
        .path = "/proc/self/exe", .argv = argv, .env = env, .fds = fds, .n_fds = n_fds};
    struct pst_proc proc = {.pidfd = -1};
    struct pst_err err = {0};
    if (pst_proc_start(&spec, &proc, &err) != PST_OK) {
        fail_msg("%s", err.text);
    }
    return proc;
}

static int ended(struct pst_proc *proc)
{
    struct pollfd p = {.fd = proc->pidfd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 20000), 1);
    int status = -1;
    assert_int_equal(pst_proc_reap(proc, &status, NULL), PST_OK);
    assert_int_equal(proc->pidfd, -1);
    assert_int_equal(proc->pid, 0);
    return status;
}

static void the_child_gets_exactly_what_was_named(void **state)
{
    (void)state;
    int out[2];
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    PST_FD stray = open("/dev/null", O_RDONLY); /* inheritable, but not named */
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, &before), 0);
    signal(SIGPIPE, SIG_IGN);
    /* targets that are sources of others: a swap must come out right */
    const struct pst_proc_fd fds[] = {{out[1], 7}, {0, out[0]}, {out[0], out[1]}, {0, 30}};
    const char *const args[] = {"child", "report", NULL};
    const char *const env[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
    struct pst_proc proc = start(args, env, fds, PST_LEN(fds));
    assert_int_equal(ended(&proc), 0);
    pst_fd_close(&out[1]);
    char got[512] = "", want[512];
    size_t n = 0;
    assert_int_equal(pst_fd_read_full(out[0], got, sizeof(got) - 1, &n, NULL), PST_OK);
    int a = out[0], b = fds[0].from;
    assert_true(a > 2 && b == a + 1 && a < 7 - 1);
    (void)snprintf(want, sizeof(want),
                   "fds=0,1,2,%d,%d,7,30 env=1 first=ASAN_OPTIONS=detect_leaks=0 blocked=0 pipe=0 "
                   "death=9 group=1",
                   a, b);
    assert_string_equal(got, want);
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    pst_fd_close(&out[0]);
}

static void tells_how_it_ended(void **state)
{
    (void)state;
    const char *const quick[] = {"child", "exit", "3", NULL}, *const slow[] = {"child", "sleep",
                                                                               NULL};
    char text[PST_PROC_TEXT];
    struct pst_proc proc = start(quick, NULL, NULL, 0);
    pst_proc_status_text(ended(&proc), text);
    assert_string_equal(text, "exit 3");
    int status = 77;
    struct pst_err err = {0};
    assert_int_equal(pst_proc_reap(&proc, &status, &err), PST_ERR);
    assert_int_equal(pst_proc_signal(&proc, SIGTERM, NULL), PST_OK); /* none: nothing to do */
    proc = start(slow, NULL, NULL, 0);
    assert_int_equal(pst_proc_reap(&proc, &status, NULL), PST_AGAIN);
    assert_int_equal(status, 77);
    assert_int_equal(pst_proc_signal(&proc, SIGTERM, NULL), PST_OK);
    pst_proc_status_text(ended(&proc), text);
    assert_string_equal(text, "killed by SIGTERM");
    proc = start(slow, NULL, NULL, 0);
    pid_t pid = proc.pid;
    pst_proc_kill(&proc);
    assert_int_equal(proc.pidfd, -1);
    assert_int_equal(kill(pid, 0), -1); /* reaped */
    pst_proc_kill(&proc);
    assert_int_equal(pst_proc_signal(&(struct pst_proc){.pid = 1, .pidfd = 0}, 0, &err), PST_ERR);
}

static void a_failed_exec_is_an_error_of_the_parent(void **state)
{
    (void)state;
    struct pst_proc proc = {.pid = 5, .pidfd = -1};
    struct pst_err err = {0};
    const char *const args[] = {"child", NULL};
    struct pst_proc_spec spec = {.path = "/nonexistent/role", .argv = args};
    assert_int_equal(pst_proc_start(&spec, &proc, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nonexistent/role"));
    spec.path = "/";
    assert_int_equal(pst_proc_start(&spec, &proc, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
    const struct pst_proc_fd closed[] = {{200, 7}};
    spec = (struct pst_proc_spec){
        .path = "/proc/self/exe", .argv = args, .fds = closed, .n_fds = 1};
    assert_int_equal(pst_proc_start(&spec, &proc, &err), PST_ERR);
    spec.n_fds = PST_PROC_FDS + 1;
    assert_int_equal(pst_proc_start(&spec, &proc, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    assert_int_equal(proc.pid, 5);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    const struct pst_proc_fd twice[] = {{0, 7}, {1, 7}};
    spec.fds = twice;
    spec.n_fds = 2;
    assert_dies((void)(pst_proc_start(&spec, &proc, &err) == PST_OK));
}

static void many_descriptors_can_be_passed(void **state)
{
    (void)state;
    struct pst_proc_fd fds[PST_PROC_FDS];
    for (int i = 0; i < PST_PROC_FDS; i++) {
        fds[i] = (struct pst_proc_fd){0, 3 + i};
    }
    const char *const args[] = {"child", "exit", NULL};
    struct pst_proc proc = start(args, NULL, fds, PST_LEN(fds));
    assert_int_equal(ended(&proc), 0);
}

static void roles_die_with_their_parent(void **state)
{
    (void)state;
    int out[2];
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    const struct pst_proc_fd fds[] = {{out[1], 7}};
    const char *const args[] = {"child", "parent", NULL};
    struct pst_proc proc = start(args, NULL, fds, 1);
    pst_fd_close(&out[1]);
    char byte;
    assert_int_equal(read(out[0], &byte, 1), 1); /* the grandchild runs */
    pst_proc_kill(&proc);
    /* both ends of the writer are gone only when the grandchild is */
    struct pollfd p = {.fd = out[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 20000), 1);
    assert_int_equal(read(out[0], &byte, 1), 0);
    pst_fd_close(&out[0]);
}

static void says_statuses(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {0, "exit 0"},
        {127 << 8, "exit 127"},
        {SIGSYS, "killed by SIGSYS (forbidden system call)"},
        {SIGSEGV | 0x80, "killed by SIGSEGV, core dumped"},
        {SIGKILL, "killed by SIGKILL"},
        {50, "killed by signal 50"},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        char text[PST_PROC_TEXT];
        pst_proc_status_text(rows[i].status, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void backs_off(void **state)
{
    (void)state;
    struct pst_backoff b = {.base_ms = 100, .max_ms = 3000, .stable_ms = 10000};
    static const uint32_t want[] = {0, 100, 200, 400, 800, 1600, 3000, 3000};
    for (size_t i = 0; i < PST_LEN(want); i++) {
        assert_int_equal(pst_backoff_next(&b, 50), want[i]);
    }
    for (int i = 0; i < 100; i++) {
        assert_int_equal(pst_backoff_next(&b, 9999), 3000);
    }
    assert_int_equal(pst_backoff_next(&b, 10000), 0); /* it was stable */
    assert_int_equal(pst_backoff_next(&b, 0), 100);
    b = (struct pst_backoff){
        .base_ms = UINT32_MAX, .max_ms = UINT32_MAX, .stable_ms = 1, .attempt = UINT32_MAX};
    assert_int_equal(pst_backoff_next(&b, 0), UINT32_MAX);
    assert_int_equal(b.attempt, UINT32_MAX);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return child(argc, argv);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_child_gets_exactly_what_was_named),
        cmocka_unit_test(tells_how_it_ended),
        cmocka_unit_test(a_failed_exec_is_an_error_of_the_parent),
        cmocka_unit_test(many_descriptors_can_be_passed),
        cmocka_unit_test(roles_die_with_their_parent),
        cmocka_unit_test(says_statuses),
        cmocka_unit_test(backs_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
