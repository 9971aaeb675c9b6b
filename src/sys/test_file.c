#include "base/test.h"

#include "sys/fd.h"
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { PATH = 128 };

static int folder(void **state)
{
    *state = mkdtemp(strdup("/tmp/postern-file-XXXXXX"));
    return *state == NULL ? -1 : 0;
}

/* Removes the folder's files and empty folders; says how many there were. */
static size_t empty(const char *path)
{
    size_t n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            n++;
            if (unlinkat(dirfd(dir), e->d_name, 0) != 0) {
                assert_int_equal(unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR), 0);
            }
        }
    }
    closedir(dir);
    return n;
}

static int remove_folder(void **state)
{
    (void)empty(*state);
    int done = rmdir(*state);
    free(*state);
    return done;
}

static const char *in(void **state, const char *name, char ret[PATH])
{
    (void)snprintf(ret, PATH, "%s/%s", (const char *)*state, name);
    return ret;
}

static void has(const char *path, const char *text)
{
    struct pst_buf b;
    pst_buf_init(&b, 1 << 20);
    assert_int_equal(pst_file_read(path, &b, NULL), PST_OK);
    assert_int_equal(b.n, strlen(text));
    assert_memory_equal(b.p, text, b.n);
    pst_buf_release(&b);
}

static void writes_whole_files(void **state)
{
    char path[PATH], other[PATH];
    in(state, "f", path);
    assert_false(pst_file_exists(path));
    mode_t before = umask(077);
    assert_int_equal(pst_file_write(path, 0644, PST_STR("one"), NULL), PST_OK);
    umask(before);
    assert_true(pst_file_exists(path));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0644); /* exactly, whatever the umask */
    has(path, "one");
    ino_t old = st.st_ino;
    PST_FD reader = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(pst_file_write(path, 0600, PST_STR("two!"), NULL), PST_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(st.st_ino != old);
    has(path, "two!");
    char bytes[4] = {0};
    assert_int_equal(read(reader, bytes, 4), 3); /* who read the old one still does */
    assert_string_equal(bytes, "one");
    /* a link is replaced, not followed */
    assert_int_equal(symlink(path, in(state, "link", other)), 0);
    assert_int_equal(pst_file_write(other, 0600, PST_STR("three"), NULL), PST_OK);
    has(path, "two!");
    has(other, "three");
    assert_int_equal(empty(*state), 2); /* no left-overs */
}

static void failures_leave_nothing(void **state)
{
    char path[PATH];
    struct pst_err err = {0};
    assert_int_equal(pst_file_write(in(state, "none/f", path), 0600, PST_STR("x"), &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "none"));
    assert_int_equal(mkdir(in(state, "dir", path), 0700), 0);
    assert_int_equal(pst_file_write(path, 0600, PST_STR("x"), &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
    assert_int_equal(empty(*state), 1);
    char too_long[5000];
    memset(too_long, '/', sizeof(too_long));
    too_long[sizeof(too_long) - 1] = '\0';
    assert_int_equal(pst_file_write(too_long, 0600, PST_STR("x"), &err), PST_ERR);
}

static void creates_only_once(void **state)
{
    char path[PATH];
    struct pst_err err = {0};
    in(state, "key", path);
    assert_int_equal(pst_file_create(path, 0600, PST_STR("secret"), NULL), PST_OK);
    assert_int_equal(pst_file_create(path, 0600, PST_STR("other"), &err), PST_ERR);
    assert_int_equal(err.code, PST_E_EXISTS);
    has(path, "secret");
    assert_int_equal(empty(*state), 1);
    assert_int_equal(symlink("/nonexistent/target", path), 0);
    assert_int_equal(pst_file_create(path, 0600, PST_STR("other"), &err), PST_ERR);
    assert_int_equal(err.code, PST_E_EXISTS);
}

static void reads_up_to_the_cap(void **state)
{
    char path[PATH];
    struct pst_err err = {0};
    struct pst_buf b;
    static uint8_t big[20000];
    memset(big, 'b', sizeof(big));
    in(state, "f", path);
    assert_int_equal(pst_file_write(path, 0600, pst_str_of(big, sizeof(big)), NULL), PST_OK);
    pst_buf_init(&b, sizeof(big) + 2);
    assert_true(PST_BUF_LIT(&b, "ab"));
    assert_int_equal(pst_file_read(path, &b, NULL), PST_OK); /* just fits */
    assert_int_equal(b.n, sizeof(big) + 2);
    assert_memory_equal(b.p, "abbb", 4);
    pst_buf_truncate(&b, 3);
    assert_int_equal(pst_file_read(path, &b, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    assert_str(pst_buf_str(&b), "abb");
    assert_false(b.failed);
    assert_int_equal(pst_file_read(in(state, "none", path), &b, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    assert_int_equal(pst_file_read(*state, &b, &err), PST_ERR); /* a folder */
    assert_int_equal(mkfifo(in(state, "fifo", path), 0600), 0);
    assert_int_equal(pst_file_read(path, &b, &err), PST_ERR); /* and does not hang */
    assert_int_equal(pst_file_read("/dev/zero", &b, &err), PST_ERR);
    pst_buf_release(&b);
}

static void secrets_are_private(void **state)
{
    char path[PATH];
    struct pst_err err = {0};
    in(state, "key", path);
    assert_int_equal(pst_file_private(path, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    assert_int_equal(pst_file_create(path, 0600, PST_STR("s"), NULL), PST_OK);
    assert_int_equal(pst_file_private(path, NULL), PST_OK);
    static const mode_t open_to_others[] = {0640, 0604, 0620, 0610, 0601};
    for (size_t i = 0; i < PST_LEN(open_to_others); i++) {
        assert_int_equal(chmod(path, open_to_others[i]), 0);
        assert_int_equal(pst_file_private(path, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_CONFIG);
    }
    if (geteuid() == 0) {
        assert_int_equal(chmod(path, 0600), 0);
        assert_int_equal(chown(path, 12345, 12345), 0);
        assert_int_equal(pst_file_private(path, &err), PST_ERR);
        assert_non_null(strstr(err.text, "another user"));
    } else {
        print_message("skipped: a file of another user needs root\n");
    }
}

static void makes_folders(void **state)
{
    char path[PATH];
    struct stat st;
    struct pst_err err = {0};
    in(state, "a/b//c/", path);
    mode_t before = umask(077);
    assert_int_equal(pst_dir_make(path, 0750, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NOT_FOUND);
    assert_int_equal(pst_dir_make_all(path, 0750, NULL), PST_OK);
    umask(before);
    assert_int_equal(pst_dir_make_all(path, 0700, NULL), PST_OK); /* again: left alone */
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0750);
    PST_FD dir = -1;
    assert_int_equal(pst_dir_open(path, &dir, NULL), PST_OK);
    assert_int_equal(pst_dir_sync(dir, NULL), PST_OK);
    assert_int_equal(pst_dir_sync(-1, &err), PST_ERR);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(in(state, "a/b", path)), 0);
    assert_int_equal(pst_file_write(in(state, "f", path), 0600, PST_STR(""), NULL), PST_OK);
    assert_int_equal(pst_dir_make(path, 0700, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_EXISTS);
    assert_int_equal(pst_dir_make_all("", 0700, &err), PST_ERR);
    int fd = -1;
    assert_int_equal(pst_dir_open(path, &fd, &err), PST_ERR);
    assert_int_equal(fd, -1);
}

static void a_second_start_is_refused(void **state)
{
    char path[PATH], pid[32];
    struct pst_err err = {0};
    PST_FD lock = -1;
    int again = -1;
    in(state, "lock", path);
    assert_int_equal(pst_file_lock(path, &lock, NULL), PST_OK);
    assert_int_equal(pst_file_lock(path, &again, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_EXISTS);
    (void)snprintf(pid, sizeof(pid), "process %ld;", (long)getpid());
    assert_non_null(strstr(err.text, pid));
    /* closing another descriptor of the file does not drop the lock */
    int other = open(path, O_RDONLY | O_CLOEXEC);
    pst_fd_close(&other);
    assert_int_equal(pst_file_lock(path, &again, &err), PST_ERR);
    /* a killed holder leaves no lock behind */
    pst_fd_close(&lock);
    pid_t child = fork();
    if (child == 0) {
        int fd = -1;
        _exit(pst_file_lock(path, &fd, NULL) == PST_OK ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(pst_file_lock(path, &lock, NULL), PST_OK);
    assert_int_equal(pst_file_lock("/nonexistent/lock", &again, &err), PST_ERR);
    assert_int_equal(again, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_whole_files, folder, remove_folder),
        cmocka_unit_test_setup_teardown(failures_leave_nothing, folder, remove_folder),
        cmocka_unit_test_setup_teardown(creates_only_once, folder, remove_folder),
        cmocka_unit_test_setup_teardown(reads_up_to_the_cap, folder, remove_folder),
        cmocka_unit_test_setup_teardown(secrets_are_private, folder, remove_folder),
        cmocka_unit_test_setup_teardown(makes_folders, folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_second_start_is_refused, folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
