/* The table, row by row: for every role, every call that has no row dies, every call that has one
 * lives, and every condition bites. */
#include "base/test.h"

#include "sys/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

enum { CALLS = 470, LIVES = 0, NO_FILTER = 5, WRONG_ERROR = 6, PATIENCE_S = 20 };
#define B(role) (1U << PST_ROLE_##role)
#define SUP B(SUPERVISOR)
#ifdef PST_SANITIZED
#define SAN 0xffffU /* what the rows of sanitizer builds open to all */
#define STRIDE 13   /* forks are slow there; the other builds try every call */
#else
#define SAN 0
#define STRIDE 1
#endif

typedef long call_fn(void);

static void confine_or_exit(enum pst_role role)
{
    (void)alarm(PATIENCE_S); /* a call that ought to die may wait for ever if it does not */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || pst_filter_load(role, NULL) != PST_OK) {
        _exit(NO_FILTER);
    }
}

static int wait_status(pid_t pid)
{
    int status = -1;
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* A waitpid status of a child of this role that makes one call. */
static int try_call(enum pst_role role, long nr, const unsigned long a[6], int want_errno)
{
    pid_t pid = fork();
    if (pid == 0) {
        confine_or_exit(role);
        errno = 0;
        long got = syscall(nr, a[0], a[1], a[2], a[3], a[4], a[5]);
        bool right = want_errno == 0 || (got == -1 && errno == want_errno);
        syscall(SYS_exit_group, right ? LIVES : WRONG_ERROR);
    }
    return wait_status(pid);
}

static bool killed(int status)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

/* --- what has no row dies --------------------------------------------------------------------- */

static bool has_row(enum pst_role role, int call)
{
    size_t n;
    const struct pst_filter_row *rows = pst_filter_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].call == call && pst_filter_row_for(&rows[i], role)) {
            return true;
        }
    }
    return false;
}

/* Newer kernels let these by every filter, since a tracer's trampoline makes them; from anywhere
 * else they are harmless. */
static bool is_passed_through(int call)
{
#ifdef __x86_64__
    return call == 335 || call == 336; /* uretprobe, uprobe */
#else
    return call < 0;
#endif
}

static void calls_without_a_row_die(void **state)
{
    (void)state;
    static const unsigned long zero[6] = {0};
    size_t tried = 0;
    for (unsigned r = 0; r < PST_ROLE_COUNT; r++) {
        for (int call = 0; call < CALLS; call += STRIDE) {
            enum pst_role role = (enum pst_role)r;
            if (has_row(role, call) || is_passed_through(call)) {
                continue;
            }
            int status = try_call(role, call, zero, 0);
            if (!killed(status)) {
                fail_msg("%s: call %d was not killed: %x", pst_role_name(role), call,
                         (unsigned)status);
            }
            tried++;
        }
    }
    print_message("%zu forbidden calls died\n", tried);
    assert_true(tried > 100);
}

/* --- what has a row lives --------------------------------------------------------------------- */

/* Calls that end or split the caller by their nature. */
static bool cannot_be_tried(int call)
{
    return call == SYS_exit || call == SYS_exit_group || call == SYS_rt_sigreturn ||
           call == SYS_clone || call == SYS_vfork;
}

/* Arguments that meet the row's conditions and otherwise mean nothing. */
static void arguments_of(const struct pst_filter_row *row, unsigned long ret[6])
{
    bool plain = row->when[0].kind == 0;
    for (int i = 0; i < 6; i++) {
        ret[i] = plain ? ULONG_MAX : 0;
    }
    for (int i = 0; i < PST_FILTER_CONDITIONS && row->when[i].kind != 0; i++) {
        /* garbage in the upper half, which the kernel ignores in an int: so must the filter */
        ret[row->when[i].argument] = row->when[i].value | (unsigned long)0xabcd << 32;
    }
}

static void calls_with_a_row_live(void **state)
{
    (void)state;
    size_t n, tried = 0;
    const struct pst_filter_row *rows = pst_filter_rows(&n);
    for (unsigned r = 0; r < PST_ROLE_COUNT; r++) {
        for (size_t i = r % STRIDE; i < n; i += STRIDE) {
            enum pst_role role = (enum pst_role)r;
            const struct pst_filter_row *row = &rows[i];
            /* SELF needs the child's own id: tried below */
            bool self = row->call == SYS_tgkill;
            if (!pst_filter_row_for(row, role) || cannot_be_tried(row->call) || self) {
                continue;
            }
            unsigned long a[6];
            arguments_of(row, a);
            int status = try_call(role, row->call, a, row->fail);
            if (status != LIVES) {
                fail_msg("%s: %s (%s) did not live: %x", pst_role_name(role), row->name, row->why,
                         (unsigned)status);
            }
            tried++;
        }
    }
    print_message("%zu allowed calls lived\n", tried);
    assert_true(tried > 300 / STRIDE);
}

/* --- conditions ------------------------------------------------------------------------------- */

static long map_exec(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? -1 : 0;
}
static long map_all(void)
{
    return syscall(SYS_mmap, 0UL, 4096UL, 7UL | 0xff00000000UL, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static long protect_exec(void)
{
    void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}
static long pkey_exec(void)
{
    return syscall(SYS_pkey_mprotect, 0UL, 4096UL, 4UL, -1);
}
static long open_read(void)
{
    return open("/etc/hostname", O_RDONLY);
}
static long open_write(void)
{
    return open("/tmp/postern-forbidden", O_WRONLY | O_CREAT | O_EXCL, 0600);
}
static long open_how(void)
{
    return syscall(SYS_openat2, -100, "/etc/hostname", 0, 0);
}
static long tcp_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}
static long unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}
static long raw_socket(void)
{
    return socket(AF_INET, SOCK_RAW, 1);
}
static long raw6_socket(void)
{
    return socket(AF_INET6, SOCK_RAW, 58);
}
static long packet_socket(void)
{
    return socket(AF_PACKET, SOCK_DGRAM, 0);
}
static long netlink_socket(void)
{
    return socket(AF_NETLINK, SOCK_DGRAM, 0);
}
static long vsock_socket(void)
{
    return socket(AF_VSOCK, SOCK_STREAM, 0);
}
static long do_connect(void)
{
    return connect(0, NULL, 0);
}
static long do_bind(void)
{
    return bind(0, NULL, 0);
}
static long do_listen(void)
{
    return listen(0, 1);
}
static long do_accept(void)
{
    return accept4(0, NULL, NULL, 0);
}
static long debug_option(void)
{
    int one = 1;
    return setsockopt(0, SOL_SOCKET, SO_DEBUG, &one, sizeof(one));
}
static long mark_option(void)
{
    int one = 1;
    return setsockopt(0, SOL_SOCKET, SO_MARK, &one, sizeof(one));
}
static long ulp_option(void)
{
    return setsockopt(0, IPPROTO_TCP, TCP_ULP, "tls", 3);
}
static long do_execve(void)
{
    return syscall(SYS_execve, "/nonexistent", NULL, NULL);
}
static long do_execveat(void)
{
    return syscall(SYS_execveat, -1, "", 0, 0, 0);
}
static long do_fork(void)
{
    long pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return pid;
}
static long do_clone3(void)
{
    return syscall(SYS_clone3, NULL, 0);
}
static long new_user_namespace(void)
{
    return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) == 0 ? (_exit(0), 0) : 0;
}
static long do_unshare(void)
{
    return unshare(CLONE_NEWUSER);
}
static long do_setns(void)
{
    return setns(-1, 0);
}
static long do_ptrace(void)
{
    return syscall(SYS_ptrace, 0, 0, 0, 0);
}
static long read_memory(void)
{
    return syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0);
}
static long kill_parent(void)
{
    return syscall(SYS_kill, 1, 0);
}
static long tgkill_parent(void)
{
    return syscall(SYS_tgkill, 1, 1, 0);
}
static long tkill_other(void)
{
    return syscall(SYS_tkill, 1, 0);
}
static long uring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL);
}
static long bpf(void)
{
    return syscall(SYS_bpf, 0, NULL, 0);
}
static long keyring(void)
{
    return syscall(SYS_keyctl, 0, 0, 0, 0, 0);
}
static long perf(void)
{
    return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}
static long faultfd(void)
{
    return syscall(SYS_userfaultfd, 0);
}
static long become_root(void)
{
    return syscall(SYS_setuid, 0);
}
static long push_input(void)
{
    char c = 'x';
    return ioctl(0, TIOCSTI, &c);
}
static long bytes_waiting(void)
{
    int n;
    return ioctl(0, FIONREAD, &n);
}
static long own_signals(void)
{
    return fcntl(0, F_SETOWN, 1);
}
static long seal(void)
{
    return fcntl(0, F_ADD_SEALS, F_SEAL_WRITE);
}
static long lock(void)
{
    struct flock whole = {.l_type = F_WRLCK};
    return fcntl(0, F_SETLK, &whole);
}
static long name_self(void)
{
    return prctl(PR_SET_NAME, "x");
}
static long dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 1);
}
static long another_filter(void)
{
    return prctl(PR_SET_SECCOMP, 0, 0);
}
static long personality_exec(void)
{
    return syscall(SYS_personality, 0x0400000);
}
static long make_file(void)
{
    return syscall(SYS_memfd_create, "x", 0);
}
static long read_into(void)
{
    return syscall(SYS_sendfile, 0, 0, 0, 0);
}
static long watch_files(void)
{
    return syscall(SYS_inotify_init1, 0);
}
static long take_descriptor(void)
{
    return syscall(SYS_pidfd_getfd, -1, 0, 0);
}
static long old_abi(void)
{
#ifdef __x86_64__
    return syscall(0x40000000 | SYS_getpid); /* x32 */
#else
    return syscall(SYS_io_uring_setup, 0, NULL);
#endif
}

/* The call, and the roles that may make it: for all others it is death. */
static const struct {
    const char *name;
    call_fn *call;
    unsigned may;
} forbidden[] = {
    {"mmap executable", map_exec, SUP},
    {"mmap all rights", map_all, SUP},
    {"mprotect executable", protect_exec, SUP},
    {"pkey_mprotect", pkey_exec, 0},
    {"open for reading", open_read, SUP | B(AUDIT) | B(CONTROL) | B(COMPILE) | B(DIAL) | SAN},
    {"open for writing", open_write, SUP | B(AUDIT) | B(CONTROL) | B(DIAL)},
    {"openat2", open_how, 0},
    {"socket TCP", tcp_socket, SUP | B(DIAL)},
    {"socket Unix", unix_socket, SUP},
    {"socket raw", raw_socket, SUP},
    {"socket raw IPv6", raw6_socket, SUP},
    {"socket packet", packet_socket, 0},
    {"socket netlink", netlink_socket, 0},
    {"socket vsock", vsock_socket, 0},
    {"connect", do_connect, SUP | B(DIAL)},
    {"bind", do_bind, SUP},
    {"listen", do_listen, SUP},
    {"accept4", do_accept, SUP | B(FRONT)},
    {"SO_DEBUG", debug_option, SUP},
    {"SO_MARK", mark_option, SUP},
    {"TCP_ULP", ulp_option, SUP},
    {"execve", do_execve, SUP},
    {"execveat", do_execveat, 0},
    {"fork", do_fork, SUP},
    {"clone3", do_clone3, SUP},
    {"clone into a namespace", new_user_namespace, 0},
    {"unshare", do_unshare, 0},
    {"setns", do_setns, 0},
    {"ptrace", do_ptrace, 0},
    {"process_vm_readv", read_memory, 0},
    {"kill", kill_parent, SUP},
    {"tgkill of another", tgkill_parent, 0},
    {"tkill", tkill_other, 0},
    {"io_uring_setup", uring, 0},
    {"bpf", bpf, 0},
    {"keyctl", keyring, 0},
    {"perf_event_open", perf, 0},
    {"userfaultfd", faultfd, 0},
    {"setuid", become_root, 0},
    {"TIOCSTI", push_input, 0},
    {"FIONREAD", bytes_waiting, 0},
    {"F_SETOWN", own_signals, 0},
    {"F_ADD_SEALS", seal, SUP | B(FRONT) | B(CONTROL) | B(COMPILE)},
    {"F_SETLK", lock, SUP | B(CONTROL)},
    {"PR_SET_NAME", name_self, SUP},
    {"PR_SET_DUMPABLE", dumpable, SUP},
    {"PR_SET_SECCOMP", another_filter, SUP},
    {"personality", personality_exec, 0},
    {"memfd_create", make_file, SUP | B(FRONT) | B(CONTROL) | B(COMPILE)},
    {"sendfile", read_into, 0},
    {"inotify", watch_files, 0},
    {"pidfd_getfd", take_descriptor, 0},
    {"another call table", old_abi, 0},
};

static void forbidden_deeds_die(void **state)
{
    (void)state;
    size_t died = 0, lived = 0;
    for (unsigned r = 0; r < PST_ROLE_COUNT; r++) {
        for (size_t i = 0; i < PST_LEN(forbidden); i++) {
            pid_t pid = fork();
            if (pid == 0) {
                confine_or_exit((enum pst_role)r);
                (void)forbidden[i].call();
                _exit(LIVES);
            }
            int status = wait_status(pid);
            bool may = (forbidden[i].may & (1U << r)) != 0;
            if (may ? status != LIVES : !killed(status)) {
                fail_msg("%s, %s: %s, but %x", pst_role_name((enum pst_role)r), forbidden[i].name,
                         may ? "must live" : "must die", (unsigned)status);
            }
            died += may ? 0 : 1;
            lived += may ? 1 : 0;
        }
    }
    print_message("%zu deeds died, %zu lived\n", died, lived);
    assert_true(died > 300);
}

/* --- what every process does without knowing -------------------------------------------------- */

static void stay_alive_as(enum pst_role role)
{
    confine_or_exit(role);
    /* the heap in all its ways */
    for (size_t size = 16; size < (size_t)64 << 20; size *= 3) {
        char *p = malloc(size);
        p = p != NULL ? realloc(p, size * 2) : NULL;
        if (p == NULL) {
            _exit(1);
        }
        memset(p, 1, size * 2);
        free(p);
    }
    fprintf(stderr, "%s", "");
    dprintf(2, "%s", "");
    _exit(LIVES);
}

static void ordinary_life_goes_on(void **state)
{
    (void)state;
    for (unsigned r = 0; r < PST_ROLE_COUNT; r++) {
        pid_t pid = fork();
        if (pid == 0) {
            stay_alive_as((enum pst_role)r);
        }
        assert_int_equal(wait_status(pid), LIVES);
    }
}

/* A bug ends as a bug, with its line on standard error, not as a forbidden call. */
static void abort_is_seen_as_abort(void **state)
{
    (void)state;
    for (unsigned r = 0; r < PST_ROLE_COUNT; r++) {
        int out[2];
        char line[256] = "";
        assert_int_equal(pipe(out), 0);
        pid_t pid = fork();
        if (pid == 0) {
            if (dup2(out[1], 2) != 2) {
                _exit(1);
            }
            signal(SIGABRT, SIG_DFL);
            confine_or_exit((enum pst_role)r);
            PST_BUG_ON(r < PST_ROLE_COUNT);
        }
        int status = wait_status(pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGABRT);
        assert_true(read(out[0], line, sizeof(line) - 1) > 0);
        assert_non_null(strstr(line, "PST_ROLE_COUNT"));
        assert_int_equal(close(out[0]), 0);
        assert_int_equal(close(out[1]), 0);
    }
}

/* --- the table itself ------------------------------------------------------------------------- */

static void every_row_has_a_reason_and_a_role(void **state)
{
    (void)state;
    size_t n;
    const struct pst_filter_row *rows = pst_filter_rows(&n);
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(rows[i].why) >= 3);
        assert_true(rows[i].roles != 0 && rows[i].roles < 1U << PST_ROLE_COUNT);
        /* a role that may do a thing unconditionally needs no conditional row for it */
        for (size_t k = 0; k < n; k++) {
            bool wider = rows[k].call == rows[i].call && rows[k].when[0].kind == 0;
            bool narrow = rows[i].when[0].kind != 0 || k < i;
            /* the supervisor's rows are wider on purpose */
            unsigned both = rows[k].roles & rows[i].roles & ~SUP;
            if (k != i && wider && narrow && both != 0) {
                fail_msg("two rows of %s for one role: %s / %s", rows[i].name, rows[i].why,
                         rows[k].why);
            }
        }
    }
    /* the supervisor's filter is inherited, so nothing may be missing there */
    for (unsigned r = 1; r < PST_ROLE_COUNT; r++) {
        for (size_t i = 0; i < n; i++) {
            if (rows[i].call >= 0 && rows[i].fail == 0 &&
                pst_filter_row_for(&rows[i], (enum pst_role)r)) {
                assert_true(pst_filter_row_for(&rows[i], PST_ROLE_SUPERVISOR));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_reason_and_a_role),
        cmocka_unit_test(ordinary_life_goes_on),
        cmocka_unit_test(abort_is_seen_as_abort),
        cmocka_unit_test(forbidden_deeds_die),
        cmocka_unit_test(calls_with_a_row_live),
        cmocka_unit_test(calls_without_a_row_die),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
