/* Entering the whole sandbox. The program starts itself as a role under a confined supervisor. */
#include "base/test.h"

#include "sys/fd.h"
#include "sys/loop.h"
#include "sys/net.h"
#include "sys/proc.h"
#include "sys/sandbox_parts.h"
#include "sys/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            dprintf(2, "line %d: %s (errno %d)\n", __LINE__, #cond, errno);                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

enum { OTHER_UID = 61234 };

typedef void life(const struct pst_sandbox_config *config, const struct pst_sandbox_status *status);

/* The wait status of a child that enters and then lives this life. */
static int live(const struct pst_sandbox_config *config, life *fn)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct pst_sandbox_status status = {0};
        struct pst_err err = {0};
        if (pst_sandbox_enter(config, &status, &err) != PST_OK) {
            dprintf(2, "%s: %s\n", pst_role_name(config->role), err.text);
            _exit(2);
        }
        if (fn != NULL) {
            fn(config, &status);
        }
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* --- every layer, for every role -------------------------------------------------------------- */

static void check_layers(const struct pst_sandbox_config *config,
                         const struct pst_sandbox_status *s)
{
    bool supervisor = config->role == PST_ROLE_SUPERVISOR;
    char text[PST_SANDBOX_TEXT];
    CHECK(s->seccomp && s->no_new_privs && s->nondumpable && !s->off);
    CHECK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2);
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
    CHECK(supervisor || s->landlock_files == (s->landlock_abi > 0));
    pst_sandbox_text(s, text);
    CHECK(strncmp(text, "seccomp,nnp,nodump", 18) == 0);
    CHECK((strstr(text, ",landlock=") != NULL) == s->landlock_files);
}

static void every_role_has_every_layer(void **state)
{
    (void)state;
    for (unsigned r = 0; r < PST_ROLE_COUNT; r++) {
        struct pst_sandbox_config config = {.role = (enum pst_role)r, .mode = PST_SANDBOX_NORMAL};
        assert_int_equal(live(&config, check_layers), 0);
        assert_int_equal(pst_sandbox_probe(&config, NULL), PST_OK);
        config.mode = PST_SANDBOX_STRICT;
        assert_int_equal(live(&config, check_layers), pst_landlock_abi() > 0 ? 0 : 2 << 8);
    }
}

static void do_forbidden(const struct pst_sandbox_config *config,
                         const struct pst_sandbox_status *s)
{
    (void)config;
    (void)s;
    (void)syscall(SYS_io_uring_setup, 0, NULL);
}

static void a_forbidden_call_is_death(void **state)
{
    (void)state;
    for (unsigned r = 0; r < PST_ROLE_COUNT; r++) {
        struct pst_sandbox_config config = {.role = (enum pst_role)r, .mode = PST_SANDBOX_NORMAL};
        int status = live(&config, do_forbidden);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
        assert_false(WCOREDUMP(status));
    }
}

/* --- modes ------------------------------------------------------------------------------------ */

static void check_off(const struct pst_sandbox_config *config, const struct pst_sandbox_status *s)
{
    char text[PST_SANDBOX_TEXT];
    (void)config;
    pst_sandbox_text(s, text);
    CHECK(s->off && !s->seccomp && strcmp(text, "off") == 0);
    CHECK(open("/etc/passwd", O_RDONLY) >= 0);
}

static void off_needs_the_flag(void **state)
{
    (void)state;
    struct pst_sandbox_config config = {.role = PST_ROLE_FRONT, .mode = PST_SANDBOX_OFF};
    struct pst_sandbox_status status = {0};
    struct pst_err err = {0};
    assert_int_equal(pst_sandbox_enter(&config, &status, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    config.debug = true;
    assert_int_equal(live(&config, check_off), 0);
    /* without a sandbox the probe's child survives: the probe can fail */
    assert_int_equal(pst_sandbox_probe(&config, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_INTERNAL);
    assert_non_null(strstr(err.text, "did not kill"));
}

static void what_cannot_be_entered_is_an_error(void **state)
{
    (void)state;
    const struct pst_sandbox_path none[] = {
        {.path = "/nonexistent/log", .access = PST_SANDBOX_READ}};
    struct pst_sandbox_config config = {
        .role = PST_ROLE_AUDIT, .mode = PST_SANDBOX_NORMAL, .paths = none, .n_paths = 1};
    struct pst_err err = {0};
    if (pst_landlock_abi() > 0) {
        assert_int_equal(live(&config, NULL), 2 << 8);
        assert_int_equal(pst_sandbox_probe(&config, &err), PST_ERR);
        assert_non_null(strstr(err.text, "cannot be entered"));
    }
    struct pst_sandbox_status status = {0};
    config.n_paths = PST_SANDBOX_PATHS + 1;
    assert_int_equal(pst_sandbox_enter(&config, &status, &err), PST_ERR);
    config = (struct pst_sandbox_config){.role = PST_ROLE_COUNT};
    assert_int_equal(pst_sandbox_enter(&config, &status, &err), PST_ERR);
    int keep[PST_FD_KEEP] = {0};
    config = (struct pst_sandbox_config){
        .role = PST_ROLE_KEYS, .mode = PST_SANDBOX_NORMAL, .keep = keep, .n_keep = PST_FD_KEEP};
    assert_int_equal(live(&config, NULL), 2 << 8);
}

/* --- descriptors, limits, user ---------------------------------------------------------------- */

static void check_descriptors(const struct pst_sandbox_config *config,
                              const struct pst_sandbox_status *s)
{
    (void)s;
    for (int fd = 0; fd < 64; fd++) {
        bool want = fd <= 2 || fd == config->keep[0] || fd == config->keep[1];
        CHECK((fcntl(fd, F_GETFD) >= 0) == want);
    }
}

static void other_descriptors_are_closed(void **state)
{
    (void)state;
    PST_FD stray = open("/dev/null", O_RDONLY);
    PST_FD a = open("/dev/null", O_RDONLY);
    PST_FD b = open("/dev/null", O_RDONLY);
    const int keep[] = {b, a};
    struct pst_sandbox_config config = {
        .role = PST_ROLE_WARDEN, .mode = PST_SANDBOX_NORMAL, .keep = keep, .n_keep = 2};
    assert_true(stray >= 0);
    assert_int_equal(live(&config, check_descriptors), 0);
}

static void open_many(const struct pst_sandbox_config *config, const struct pst_sandbox_status *s)
{
    (void)s;
    /* dup by fcntl is what a warden can do to use up descriptors */
    int made = 0;
    while (fcntl(0, F_DUPFD_CLOEXEC, 3) >= 0) {
        made++;
    }
    CHECK(errno == EMFILE && made > 10 && made < (int)config->nofile);
#ifndef PST_SANITIZED
    void *p = malloc((size_t)1 << 30);
    CHECK(p == NULL);
    free(p);
#endif
}

static void limits_hold(void **state)
{
    (void)state;
    struct pst_sandbox_config config = {.role = PST_ROLE_WARDEN,
                                        .mode = PST_SANDBOX_NORMAL,
                                        .nofile = 40,
                                        .memory_bytes = 512U << 20};
    assert_int_equal(live(&config, open_many), 0);
}

static char *folder;

static int make_folder(void **state)
{
    (void)state;
    folder = mkdtemp(strdup("/tmp/postern-sandbox-XXXXXX"));
    return folder == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    char path[96];
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/log", folder);
    (void)unlink(path);
    int done = rmdir(folder);
    free(folder);
    return done;
}

static void write_log(const struct pst_sandbox_config *config, const struct pst_sandbox_status *s)
{
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/log", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(fallocate(fd, 0, 0, 65536) == 0 || errno == EOPNOTSUPP);
    CHECK(pwrite(fd, "record", 6, 0) == 6);
    CHECK(fdatasync(fd) == 0);
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(dir >= 0 && fsync(dir) == 0);
    CHECK(ftruncate(fd, 6) == 0);
    CHECK(s->unprivileged == (config->uid != 0 || getpid() == 0));
    if (s->landlock_files) {
        CHECK(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
    }
}

static void audit_writes_its_log_and_nothing_else(void **state)
{
    (void)state;
    const struct pst_sandbox_path paths[] = {{.path = folder, .access = PST_SANDBOX_READ_WRITE}};
    struct pst_sandbox_config config = {
        .role = PST_ROLE_AUDIT, .mode = PST_SANDBOX_NORMAL, .paths = paths, .n_paths = 1};
    if (geteuid() != 0) {
        print_message("skipped: another user needs root\n");
        config.uid = getuid(); /* stays what it is */
        assert_int_equal(live(&config, write_log), 0);
        return;
    }
    config.uid = OTHER_UID;
    config.gid = OTHER_UID;
    assert_int_equal(chown(folder, OTHER_UID, OTHER_UID), 0);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(live(&config, write_log), 0);
    char path[96];
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/log", folder);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_uid, OTHER_UID);
    assert_int_equal(st.st_gid, OTHER_UID);
    /* root without a user of its own: no capabilities, so no way past a mode */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(chmod(folder, 0), 0);
    config.uid = config.gid = 0;
    assert_int_not_equal(live(&config, write_log), 0);
    config.uid = OTHER_UID; /* a user without its group is refused */
    assert_int_equal(live(&config, NULL), 2 << 8);
}

/* --- what the roles need ---------------------------------------------------------------------- */

static void audit_syncs_beside_other_work(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct pst_sync sync;
        struct pst_sandbox_status status;
        struct pst_sandbox_config config = {.role = PST_ROLE_AUDIT, .mode = PST_SANDBOX_NORMAL};
        char path[96];
        (void)snprintf(path, sizeof(path), "%s/log", folder);
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        CHECK(fd >= 0 && pst_sync_open(&sync, NULL) == PST_OK);
        CHECK(pst_sandbox_enter(&config, &status, NULL) == PST_OK);
        CHECK(posix_fallocate(fd, 0, 65536) == 0);
        CHECK(pwrite(fd, "record", 6, 0) == 6);
        CHECK(pst_sync_start(&sync, fd, NULL) == PST_OK);
        enum pst_status done = PST_AGAIN;
        while (done == PST_AGAIN) {
            (void)sched_yield();
            done = pst_sync_finish(&sync, NULL);
        }
        CHECK(done == PST_OK);
        pst_sync_close(&sync);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void front_serves(int listener)
{
    struct pst_addr peer;
    int fd = -1;
    struct pst_err err = {0};
    CHECK(pst_net_accept(listener, &fd, &peer, NULL) == PST_OK);
    CHECK(pst_net_nodelay(fd, NULL) == PST_OK);
    struct pst_peer who;
    CHECK(pst_fd_peer(fd, &who, &err) == PST_ERR && err.code == PST_E_IO); /* asked; it is TCP */
    pst_net_reset(&fd);
    CHECK(pst_net_accept(listener, &fd, NULL, NULL) == PST_AGAIN);
}

static void dial_connects(const struct pst_addr *server)
{
    int fd = -1;
    enum pst_status st = pst_net_connect(server, &fd, NULL);
    CHECK(st != PST_ERR);
    while (st == PST_AGAIN) {
        (void)sched_yield();
        st = pst_net_connected(fd, NULL);
    }
    CHECK(st == PST_OK);
    pst_fd_close(&fd);
    CHECK(open("/etc/hosts", O_RDONLY) < 0 && errno == ENOENT); /* a library's try is no death */
}

static void front_and_dial_have_their_sockets(void **state)
{
    (void)state;
    struct pst_addr any = {0}, server = {0};
    PST_FD listener = -1;
    PST_FD client = -1;
    assert_true(pst_addr_parse(PST_STR("127.0.0.1:0"), &any));
    assert_int_equal(pst_net_listen(&any, 0, &listener, NULL), PST_OK);
    assert_int_equal(pst_net_local(listener, &server, NULL), PST_OK);
    assert_true(pst_net_connect(&server, &client, NULL) != PST_ERR);
    struct pollfd p = {.fd = listener, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 5000), 1);
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct pst_sandbox_status status;
            struct pst_sandbox_config config = {.role = i == 0 ? PST_ROLE_FRONT : PST_ROLE_DIAL,
                                                .mode = PST_SANDBOX_NORMAL};
            CHECK(pst_sandbox_enter(&config, &status, NULL) == PST_OK);
            if (i == 0) {
                front_serves(listener);
            } else {
                dial_connects(&server);
            }
            _exit(0);
        }
        int status = -1;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

static void on_timer(struct pst_loop *loop, void *user)
{
    (void)user;
    pst_loop_stop(loop);
}

static void work(enum pst_role role, struct pst_loop *loop, int channel[2])
{
    struct pst_timer timer = {0};
    CHECK(pst_timer_set(loop, &timer, 2, on_timer, NULL));
    CHECK(pst_loop_run(loop, NULL) == PST_OK);
    uint8_t bytes[64];
    struct iovec part = {bytes, sizeof(bytes)};
    memset(bytes, 7, sizeof(bytes));
    int passed = 0;
    CHECK(pst_fd_send(channel[0], &part, 1, &passed, 1, NULL) == PST_OK);
    struct pst_fd_message m;
    CHECK(pst_fd_recv(channel[1], bytes, sizeof(bytes), &m, NULL) == PST_OK);
    CHECK(m.n == sizeof(bytes) && m.n_fds == 1);
    pst_fd_message_release(&m);
    size_t n;
    CHECK(pst_fd_write(channel[0], PST_STR("bytes"), &n, NULL) == PST_OK);
    CHECK(pst_fd_read(channel[1], bytes, sizeof(bytes), &n, NULL) == PST_OK && n == 5);
    CHECK(pst_fd_nonblock(channel[0], true, NULL) == PST_OK);
    if (role == PST_ROLE_FRONT || role == PST_ROLE_CONTROL || role == PST_ROLE_COMPILE) {
        int fd = -1;
        struct pst_str map;
        CHECK(pst_memfd_of("body", PST_STR("large"), &fd, NULL) == PST_OK);
        CHECK(pst_memfd_check(fd, PST_SEALS, 5, NULL) == PST_OK);
        CHECK(pst_fd_pread_full(fd, bytes, 5, 0, NULL) == PST_OK);
        CHECK(pst_memfd_map(fd, 5, &map, NULL) == PST_OK && map.p[0] == 'l');
        pst_memfd_unmap(&map);
        pst_fd_close(&fd);
    }
}

static void the_library_works_inside(void **state)
{
    (void)state;
    for (unsigned r = 0; r < PST_ROLE_COUNT; r++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct pst_loop *loop = NULL;
            struct pst_sandbox_status status;
            int channel[2];
            int body = -1;
            struct pst_sandbox_config config = {.role = (enum pst_role)r,
                                                .mode = PST_SANDBOX_NORMAL};
            CHECK(pst_loop_open(NULL, &loop, NULL) == PST_OK);
            CHECK(pst_fd_pair(channel, 0, NULL) == PST_OK);
            CHECK(pst_memfd_of("body", PST_STR("abc"), &body, NULL) == PST_OK);
            CHECK(pst_sandbox_enter(&config, &status, NULL) == PST_OK);
            CHECK(pst_memfd_check(body, PST_SEALS, 3, NULL) == PST_OK);
            work(config.role, loop, channel);
            pst_loop_close(loop);
            _exit(0);
        }
        int status = -1;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status != 0) {
            fail_msg("%s: %x", pst_role_name((enum pst_role)r), (unsigned)status);
        }
    }
}

/* --- death with the supervisor, also after the change of user --------------------------------- */

static void wait_for_ever(const struct pst_sandbox_config *config,
                          const struct pst_sandbox_status *s)
{
    char byte;
    (void)s;
    CHECK(write(config->keep[0], "r", 1) == 1);
    (void)!read(config->keep[1], &byte, 1);
    _exit(0);
}

static void roles_of_another_user_still_die_with_their_parent(void **state)
{
    (void)state;
    int told[2], never[2];
    if (geteuid() != 0) {
        print_message("skipped: another user needs root\n");
        return;
    }
    assert_int_equal(pipe(told), 0);
    assert_int_equal(pipe(never), 0);
    pid_t parent = fork();
    if (parent == 0) {
        const int keep[] = {told[1], never[0]};
        struct pst_sandbox_config config = {.role = PST_ROLE_WARDEN,
                                            .mode = PST_SANDBOX_NORMAL,
                                            .uid = OTHER_UID,
                                            .gid = OTHER_UID,
                                            .keep = keep,
                                            .n_keep = 2};
        _exit(live(&config, wait_for_ever) == 0 ? 0 : 1);
    }
    pst_fd_close(&told[1]);
    char byte;
    assert_int_equal(read(told[0], &byte, 1), 1);
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    struct pollfd p = {.fd = told[0], .events = POLLIN};
    assert_int_equal(poll(&p, 1, 20000), 1);
    assert_int_equal(read(told[0], &byte, 1), 0); /* the last writer is gone */
    pst_fd_close(&told[0]);
    pst_fd_close(&never[0]);
    pst_fd_close(&never[1]);
}

/* --- a supervisor's filter lets its roles start and confine themselves ------------------------ */

static int be_role(const char *name)
{
    enum pst_role role;
    struct pst_sandbox_status status;
    struct pst_err err = {0};
    struct pst_loop *loop = NULL;
    if (!pst_role_get(pst_str_c(name), &role)) {
        return 10;
    }
    struct pst_sandbox_config config = {.role = role, .mode = PST_SANDBOX_NORMAL};
    if (geteuid() == 0) {
        config.uid = config.gid = OTHER_UID + (unsigned)role;
    }
    int channel[2];
    CHECK(pst_loop_open(NULL, &loop, NULL) == PST_OK);
    CHECK(pst_fd_pair(channel, 0, NULL) == PST_OK);
    if (pst_sandbox_enter(&config, &status, &err) != PST_OK) {
        dprintf(2, "%s: %s\n", name, err.text);
        return 11;
    }
    CHECK(status.unprivileged);
    work(role, loop, channel);
    pst_loop_close(loop);
    pst_fd_close(&channel[0]);
    pst_fd_close(&channel[1]);
    return 0;
}

static void supervise(const struct pst_sandbox_config *config, const struct pst_sandbox_status *s)
{
    (void)config;
    (void)s;
    for (unsigned r = PST_ROLE_FRONT; r < PST_ROLE_COUNT; r++) {
        const char *const args[] = {"role", pst_role_name((enum pst_role)r), NULL};
        const char *const env[] = {"ASAN_OPTIONS=symbolize=0", NULL};
        const struct pst_proc_spec spec = {.path = "/proc/self/exe", .argv = args, .env = env};
        struct pst_proc proc = {.pidfd = -1};
        struct pst_err err = {0};
        if (pst_proc_start(&spec, &proc, &err) != PST_OK) {
            dprintf(2, "%s\n", err.text);
            _exit(20);
        }
        struct pollfd p = {.fd = proc.pidfd, .events = POLLIN};
        int status = -1;
        char text[PST_PROC_TEXT];
        CHECK(poll(&p, 1, 30000) == 1);
        CHECK(pst_proc_reap(&proc, &status, NULL) == PST_OK);
        pst_proc_status_text(status, text);
        if (status != 0) {
            dprintf(2, "%s: %s\n", args[1], text);
            _exit(21);
        }
    }
}

static void roles_start_under_the_supervisors_filter(void **state)
{
    (void)state;
    struct pst_sandbox_config config = {.role = PST_ROLE_SUPERVISOR, .mode = PST_SANDBOX_NORMAL};
    assert_int_equal(live(&config, supervise), 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return be_role(argv[1]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_role_has_every_layer),
        cmocka_unit_test(a_forbidden_call_is_death),
        cmocka_unit_test(off_needs_the_flag),
        cmocka_unit_test(what_cannot_be_entered_is_an_error),
        cmocka_unit_test(other_descriptors_are_closed),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test_setup_teardown(audit_writes_its_log_and_nothing_else, make_folder,
                                        remove_folder),
        cmocka_unit_test(the_library_works_inside),
        cmocka_unit_test_setup_teardown(audit_syncs_beside_other_work, make_folder, remove_folder),
        cmocka_unit_test(front_and_dial_have_their_sockets),
        cmocka_unit_test(roles_of_another_user_still_die_with_their_parent),
        cmocka_unit_test(roles_start_under_the_supervisors_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
