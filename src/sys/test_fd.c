#include "base/test.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void closes_at_the_end_of_the_scope(void **state)
{
    (void)state;
    int number, kept;
    {
        PST_FD fd = dup(0);
        PST_FD other = dup(0);
        PST_FD none = -1;
        assert_true(fd >= 0 && other >= 0 && none == -1);
        number = fd;
        errno = 77;
        kept = pst_fd_take(&other);
        assert_int_equal(other, -1);
    }
    assert_int_equal(errno, 77);
    assert_false(is_open(number));
    assert_true(is_open(kept));
    pst_fd_close(&kept);
    assert_int_equal(kept, -1);
    pst_fd_close(&kept);
}

static void sets_flags(void **state)
{
    (void)state;
    PST_FD fd = open("/dev/null", O_RDWR);
    assert_int_equal(pst_fd_nonblock(fd, true, NULL), PST_OK);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_int_equal(pst_fd_nonblock(fd, false, NULL), PST_OK);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0);
    assert_int_equal(pst_fd_cloexec(fd, true, NULL), PST_OK);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(pst_fd_cloexec(fd, false, NULL), PST_OK);
    assert_int_equal(fcntl(fd, F_GETFD), 0);
    struct pst_err err = {0};
    assert_int_equal(pst_fd_cloexec(-1, true, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
}

/* In a child, since everything goes. */
static void close_others_in_child(void)
{
    int keep[] = {9, -1, 0, 1, 2, 17, 9, 5};
    for (int fd = 3; fd < 40; fd++) {
        if (dup2(0, fd) < 0) {
            _exit(1);
        }
    }
    if (pst_fd_close_others(keep, PST_LEN(keep), NULL) != PST_OK) {
        _exit(2);
    }
    for (int fd = 0; fd < 64; fd++) {
        bool want = fd <= 2 || fd == 5 || fd == 9 || fd == 17;
        if (is_open(fd) != want) {
            _exit(3);
        }
    }
    _exit(0);
}

static void closes_all_others(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        close_others_in_child();
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    struct pst_err err = {0};
    int keep[PST_FD_KEEP + 1] = {0};
    assert_int_equal(pst_fd_close_others(keep, PST_LEN(keep), &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    assert_true(is_open(0));
}

static void reads_and_writes(void **state)
{
    (void)state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    char bytes[16];
    size_t n = 99;
    struct pst_err err = {0};
    assert_int_equal(pst_fd_read(pair[0], bytes, sizeof(bytes), &n, &err), PST_AGAIN);
    assert_int_equal(n, 99);
    assert_int_equal(err.code, PST_E_NONE);
    assert_int_equal(pst_fd_write(pair[1], PST_STR("hello"), &n, NULL), PST_OK);
    assert_int_equal(n, 5);
    assert_int_equal(pst_fd_read(pair[0], bytes, sizeof(bytes), &n, NULL), PST_OK);
    assert_int_equal(n, 5);
    /* full: back-pressure, not an error */
    static const uint8_t block[65536];
    enum pst_status st = PST_OK;
    for (int i = 0; i < 1000 && st == PST_OK; i++) {
        st = pst_fd_write(pair[1], pst_str_of(block, sizeof(block)), &n, NULL);
    }
    assert_int_equal(st, PST_AGAIN);
    pst_fd_close(&pair[0]);
    /* gone: an error, and no SIGPIPE */
    assert_int_equal(pst_fd_write(pair[1], PST_STR("x"), &n, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_ABORTED_PEER);
    pst_fd_close(&pair[1]);
    assert_int_equal(pst_fd_read(pair[1], bytes, 1, &n, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
    /* the end; and a pipe, which send() refuses */
    assert_int_equal(pipe(pair), 0);
    assert_int_equal(pst_fd_write(pair[1], PST_STR("p"), &n, NULL), PST_OK);
    pst_fd_close(&pair[1]);
    assert_int_equal(pst_fd_read(pair[0], bytes, 1, &n, NULL), PST_OK);
    assert_int_equal(n, 1);
    assert_int_equal(pst_fd_read(pair[0], bytes, 1, &n, NULL), PST_OK);
    assert_int_equal(n, 0);
    pst_fd_close(&pair[0]);
}

static void reads_and_writes_whole(void **state)
{
    (void)state;
    PST_FD fd = -1;
    assert_int_equal(pst_memfd_open("test", &fd, NULL), PST_OK);
    assert_int_equal(pst_fd_write_full(fd, PST_STR("0123456789"), NULL), PST_OK);
    char bytes[16] = {0};
    assert_int_equal(pst_fd_pread_full(fd, bytes, 4, 6, NULL), PST_OK);
    assert_memory_equal(bytes, "6789", 4);
    assert_int_equal(pst_fd_pread_full(fd, bytes, 0, 10, NULL), PST_OK);
    struct pst_err err = {0};
    assert_int_equal(pst_fd_pread_full(fd, bytes, 5, 6, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_IO);
    assert_int_equal(pst_fd_pread_full(fd, bytes, 5, UINT64_MAX, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    assert_int_equal(pst_fd_pread_full(fd, bytes, 5, INT64_MAX, &err), PST_ERR);
    assert_int_equal(pst_fd_pread_full(0 - 1, bytes, 5, 0, &err), PST_ERR);
    uint64_t size = 0;
    assert_int_equal(pst_fd_size(fd, &size, NULL), PST_OK);
    assert_int_equal(size, 10);
    size_t n = 0;
    assert_int_equal(lseek(fd, 3, SEEK_SET), 3);
    assert_int_equal(pst_fd_read_full(fd, bytes, 5, &n, NULL), PST_OK);
    assert_int_equal(n, 5);
    assert_memory_equal(bytes, "34567", 5);
    assert_int_equal(pst_fd_read_full(fd, bytes, sizeof(bytes), &n, NULL), PST_OK);
    assert_int_equal(n, 2);
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    assert_int_equal(pst_fd_size(pair[0], &size, &err), PST_ERR);
    assert_int_equal(pst_fd_nonblock(pair[0], true, NULL), PST_OK);
    assert_int_equal(pst_fd_read_full(pair[0], bytes, 5, &n, &err), PST_ERR);
    assert_int_equal(pst_fd_read_full(-1, bytes, 5, &n, &err), PST_ERR);
    assert_int_equal(pst_fd_write_full(pair[0], PST_STR("x"), &err), PST_ERR);
    pst_fd_close(&pair[0]);
    pst_fd_close(&pair[1]);
}

static void knows_its_peer(void **state)
{
    (void)state;
    int pair[2];
    struct pst_peer peer = {0};
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(pst_fd_peer(pair[0], &peer, NULL), PST_OK);
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.uid, geteuid());
    assert_int_equal(peer.gid, getegid());
    pst_fd_close(&pair[0]);
    pst_fd_close(&pair[1]);
    PST_FD tcp = socket(AF_INET, SOCK_STREAM, 0);
    struct pst_err err = {0};
    assert_int_equal(pst_fd_peer(tcp, &peer, &err), PST_ERR);
    assert_int_equal(pst_fd_peer(0 - 1, &peer, &err), PST_ERR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closes_at_the_end_of_the_scope),
        cmocka_unit_test(sets_flags),
        cmocka_unit_test(closes_all_others),
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(reads_and_writes_whole),
        cmocka_unit_test(knows_its_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
