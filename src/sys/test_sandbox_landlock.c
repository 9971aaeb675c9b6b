/* Landlock by itself, without the filter in front of it. */
#include "base/test.h"

#include "sys/fd.h"
#include "sys/net.h"
#include "sys/sandbox_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define CHECK(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            dprintf(2, "line %d: %s (errno %d)\n", __LINE__, #cond, errno);                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static char *folder;

static int make_folder(void **state)
{
    char path[64];
    (void)state;
    folder = mkdtemp(strdup("/tmp/postern-landlock-XXXXXX"));
    if (folder == NULL) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/in", folder);
    return mkdir(path, 0700);
}

static int remove_folder(void **state)
{
    char command[96];
    (void)state;
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    int done = system(command);
    free(folder);
    return done;
}

typedef void child_fn(enum pst_role role, int abi);

static void in_child(enum pst_role role, const struct pst_sandbox_path *paths, size_t n,
                     child_fn *fn)
{
    int abi = pst_landlock_abi();
    if (abi == 0) {
        print_message("skipped: this kernel has no Landlock\n");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        struct pst_sandbox_config config = {.role = role, .paths = paths, .n_paths = n};
        struct pst_sandbox_status status = {0};
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        CHECK(pst_landlock_enter(&config, &status, NULL) == PST_OK);
        CHECK(status.landlock_abi == abi);
        CHECK(status.landlock_files == (role != PST_ROLE_SUPERVISOR));
        CHECK(status.landlock_net == (role != PST_ROLE_SUPERVISOR && abi >= 4));
        fn(role, abi);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int open_in(const char *name, int flags)
{
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return open(path, flags | O_CLOEXEC, 0600);
}

static void no_files_at_all(enum pst_role role, int abi)
{
    (void)role;
    (void)abi;
    CHECK(open("/etc/hostname", O_RDONLY) < 0 && errno == EACCES);
    CHECK(open("/", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
    CHECK(open_in("in/x", O_WRONLY | O_CREAT) < 0 && errno == EACCES);
}

static void roles_without_paths_open_nothing(void **state)
{
    (void)state;
    for (unsigned r = PST_ROLE_FRONT; r < PST_ROLE_COUNT; r++) {
        in_child((enum pst_role)r, NULL, 0, no_files_at_all);
    }
}

static void only_below_its_folder(enum pst_role role, int abi)
{
    char from[96], to[96];
    (void)role;
    int fd = open_in("in/log", O_RDWR | O_CREAT | O_EXCL);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1 && ftruncate(fd, 0) == 0);
    CHECK(open_in("in/log", O_RDONLY) >= 0);
    CHECK(open_in("in", O_RDONLY | O_DIRECTORY) >= 0);
    CHECK(open_in("out", O_WRONLY | O_CREAT) < 0 && errno == EACCES);
    CHECK(open_in("", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
    CHECK(open_in("in/../secret", O_RDONLY) < 0 && errno == EACCES);
    CHECK(open("/etc/hostname", O_RDONLY) < 0 && errno == EACCES);
    (void)snprintf(from, sizeof(from), "%s/in/log", folder);
    (void)snprintf(to, sizeof(to), "%s/in/dir", folder);
    CHECK(mkdir(to, 0700) != 0 && errno == EACCES);
    CHECK(symlink("/etc/hostname", to) != 0 && errno == EACCES);
    CHECK(mkfifo(to, 0600) != 0 && errno == EACCES);
    (void)snprintf(to, sizeof(to), "%s/moved", folder);
    CHECK(rename(from, to) != 0 && (errno == EACCES || errno == EXDEV));
    if (abi >= 3) {
        (void)snprintf(to, sizeof(to), "%s/secret", folder);
        CHECK(truncate(to, 0) != 0 && errno == EACCES);
    }
    CHECK(unlink(from) == 0);
}

static void a_writer_stays_in_its_folder(void **state)
{
    (void)state;
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/in", folder);
    PST_FD secret = open_in("secret", O_WRONLY | O_CREAT);
    assert_true(secret >= 0);
    const struct pst_sandbox_path by_name[] = {{.path = path, .access = PST_SANDBOX_READ_WRITE}};
    in_child(PST_ROLE_AUDIT, by_name, 1, only_below_its_folder);
    in_child(PST_ROLE_CONTROL, by_name, 1, only_below_its_folder);
    PST_FD dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct pst_sandbox_path by_fd[] = {{.dir = dir, .access = PST_SANDBOX_READ_WRITE}};
    in_child(PST_ROLE_AUDIT, by_fd, 1, only_below_its_folder);
}

static void only_reading(enum pst_role role, int abi)
{
    (void)role;
    (void)abi;
    CHECK(open_in("in/policy", O_RDONLY) >= 0);
    CHECK(open_in("file", O_RDONLY) >= 0);
    CHECK(open_in("in/policy", O_WRONLY) < 0 && errno == EACCES);
    CHECK(open_in("in/policy", O_RDONLY | O_TRUNC) < 0 && errno == EACCES);
    CHECK(open_in("file", O_RDWR) < 0 && errno == EACCES);
    CHECK(open_in("in/new", O_WRONLY | O_CREAT) < 0 && errno == EACCES);
    CHECK(open_in("other", O_RDONLY) < 0 && errno == EACCES);
}

static void a_reader_only_reads(void **state)
{
    (void)state;
    char dir[96], file[96];
    (void)snprintf(dir, sizeof(dir), "%s/in", folder);
    (void)snprintf(file, sizeof(file), "%s/file", folder);
    static const char *const names[] = {"in/policy", "file", "other"};
    for (size_t i = 0; i < PST_LEN(names); i++) {
        PST_FD fd = open_in(names[i], O_WRONLY | O_CREAT);
        assert_true(fd >= 0);
    }
    const struct pst_sandbox_path paths[] = {{.path = dir, .access = PST_SANDBOX_READ},
                                             {.path = file, .access = PST_SANDBOX_READ}};
    in_child(PST_ROLE_COMPILE, paths, 2, only_reading);
}

static void access_is_for_those_in_the_table(void **state)
{
    (void)state;
    for (unsigned r = 0; r < PST_ROLE_COUNT; r++) {
        enum pst_role role = (enum pst_role)r;
        bool writer = role == PST_ROLE_AUDIT || role == PST_ROLE_CONTROL;
        assert_int_equal(pst_landlock_may(role, PST_SANDBOX_READ_WRITE), writer);
        assert_int_equal(pst_landlock_may(role, PST_SANDBOX_READ),
                         writer || role == PST_ROLE_COMPILE);
    }
    if (pst_landlock_abi() == 0) {
        return;
    }
    struct pst_err err = {0};
    struct pst_sandbox_status status = {0};
    const struct pst_sandbox_path root[] = {{.path = "/", .access = PST_SANDBOX_READ}};
    struct pst_sandbox_config config = {.role = PST_ROLE_FRONT, .paths = root, .n_paths = 1};
    assert_int_equal(pst_landlock_enter(&config, &status, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_INTERNAL);
    const struct pst_sandbox_path none[] = {{.path = "/nonexistent", .access = PST_SANDBOX_READ}};
    config = (struct pst_sandbox_config){.role = PST_ROLE_COMPILE, .paths = none, .n_paths = 1};
    assert_int_equal(pst_landlock_enter(&config, &status, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
}

/* --- network ---------------------------------------------------------------------------------- */

static struct pst_addr server;

static void reach_out(enum pst_role role, int abi)
{
    int fd = -1;
    struct pst_addr any = {0};
    CHECK(pst_addr_parse(PST_STR("127.0.0.1:0"), &any));
    int out = socket(AF_INET, SOCK_STREAM, 0);
    bool connects = connect(out, &server.u.any, server.n) == 0;
    CHECK(connects == (role == PST_ROLE_DIAL || abi < 4));
    CHECK((pst_net_listen(&any, 0, &fd, NULL) == PST_OK) == (abi < 4));
    if (abi >= 6) {
        struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0postern-test"};
        int talk = socket(AF_UNIX, SOCK_STREAM, 0);
        CHECK(connect(talk, (const struct sockaddr *)&name, sizeof(name)) != 0 && errno == EPERM);
        CHECK(kill(getppid(), 0) != 0 && errno == EPERM);
    }
}

static void only_dial_connects_and_nobody_binds(void **state)
{
    (void)state;
    struct pst_addr any = {0};
    PST_FD listener = -1;
    assert_true(pst_addr_parse(PST_STR("127.0.0.1:0"), &any));
    assert_int_equal(pst_net_listen(&any, 0, &listener, NULL), PST_OK);
    assert_int_equal(pst_net_local(listener, &server, NULL), PST_OK);
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0postern-test"};
    PST_FD abstract = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(abstract, (const struct sockaddr *)&name, sizeof(name)), 0);
    assert_int_equal(listen(abstract, 5), 0);
    for (unsigned r = PST_ROLE_FRONT; r < PST_ROLE_COUNT; r++) {
        in_child((enum pst_role)r, NULL, 0, reach_out);
    }
}

static void the_supervisor_has_no_domain_to_hand_on(enum pst_role role, int abi)
{
    (void)role;
    (void)abi;
    CHECK(open("/etc/passwd", O_RDONLY) >= 0);
    CHECK(kill(getppid(), 0) == 0);
}

static void the_supervisor_stays_outside(void **state)
{
    (void)state;
    in_child(PST_ROLE_SUPERVISOR, NULL, 0, the_supervisor_has_no_domain_to_hand_on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(roles_without_paths_open_nothing, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_writer_stays_in_its_folder, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_reader_only_reads, make_folder, remove_folder),
        cmocka_unit_test(access_is_for_those_in_the_table),
        cmocka_unit_test(only_dial_connects_and_nobody_binds),
        cmocka_unit_test(the_supervisor_stays_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
