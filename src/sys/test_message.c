#include "base/test.h"

#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

static size_t open_descriptors(void)
{
    size_t n = 0;
    for (int fd = 0; fd < 256; fd++) {
        n += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return n;
}

static enum pst_status send_one(int fd, struct pst_str s, const int *fds, size_t n_fds,
                                struct pst_err *err)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)s.p, .iov_len = s.n};
    return pst_fd_send(fd, &part, 1, fds, n_fds, err);
}

static void keeps_message_boundaries(void **state)
{
    (void)state;
    int pair[2];
    uint8_t bytes[64];
    struct pst_fd_message m;
    assert_int_equal(pst_fd_pair(pair, 0, NULL), PST_OK);
    assert_int_equal(fcntl(pair[0], F_GETFD), FD_CLOEXEC);
    assert_int_equal(pst_fd_recv(pair[0], bytes, sizeof(bytes), &m, NULL), PST_AGAIN);
    char head[] = "he", tail[] = "llo";
    struct iovec parts[] = {{head, 2}, {tail, 3}};
    assert_int_equal(pst_fd_send(pair[1], parts, 2, NULL, 0, NULL), PST_OK);
    assert_int_equal(send_one(pair[1], PST_STR("two"), NULL, 0, NULL), PST_OK);
    assert_int_equal(pst_fd_recv(pair[0], bytes, sizeof(bytes), &m, NULL), PST_OK);
    assert_int_equal(m.n, 5);
    assert_int_equal(m.n_fds, 0);
    assert_memory_equal(bytes, "hello", 5);
    assert_int_equal(pst_fd_recv(pair[0], bytes, sizeof(bytes), &m, NULL), PST_OK);
    assert_int_equal(m.n, 3);
    pst_fd_close(&pair[1]);
    assert_int_equal(pst_fd_recv(pair[0], bytes, sizeof(bytes), &m, NULL), PST_OK);
    assert_int_equal(m.n, 0); /* the end */
    struct pst_err err = {0};
    assert_int_equal(send_one(pair[0], PST_STR("x"), NULL, 0, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_ABORTED_PEER);
    pst_fd_close(&pair[0]);
    assert_int_equal(pst_fd_recv(pair[0], bytes, sizeof(bytes), &m, &err), PST_ERR);
}

static void a_full_queue_is_back_pressure(void **state)
{
    (void)state;
    int pair[2];
    static uint8_t big[PST_FD_MESSAGE + 1];
    struct pst_err err = {0};
    assert_int_equal(pst_fd_pair(pair, 0, NULL), PST_OK);
    assert_int_equal(send_one(pair[1], pst_str_of(big, PST_FD_MESSAGE - 1024), NULL, 0, NULL),
                     PST_OK);
    enum pst_status st = PST_OK;
    for (int i = 0; i < 100 && st == PST_OK; i++) {
        st = send_one(pair[1], pst_str_of(big, 32768), NULL, 0, &err);
    }
    assert_int_equal(st, PST_AGAIN);
    assert_int_equal(err.code, PST_E_NONE);
    assert_int_equal(send_one(pair[1], pst_str_of(big, sizeof(big)), NULL, 0, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    pst_fd_close(&pair[0]);
    pst_fd_close(&pair[1]);
    assert_int_equal(pst_fd_pair(pair, 8192, NULL), PST_OK);
    int size = 0;
    socklen_t n = sizeof(size);
    assert_int_equal(getsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, &n), 0);
    assert_int_equal(size, 16384); /* the kernel doubles for its own use */
    pst_fd_close(&pair[0]);
    pst_fd_close(&pair[1]);
}

static void passes_descriptors(void **state)
{
    (void)state;
    int pair[2];
    uint8_t bytes[8];
    struct pst_fd_message m;
    assert_int_equal(pst_fd_pair(pair, 0, NULL), PST_OK);
    size_t before = open_descriptors();
    for (size_t n = 1; n <= PST_FD_PASS; n++) {
        int fds[PST_FD_PASS];
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(pst_memfd_of("x", PST_STR("12345"), &fds[i], NULL), PST_OK);
        }
        assert_int_equal(send_one(pair[1], PST_STR("m"), fds, n, NULL), PST_OK);
        for (size_t i = 0; i < n; i++) {
            pst_fd_close(&fds[i]);
        }
        assert_int_equal(pst_fd_recv(pair[0], bytes, sizeof(bytes), &m, NULL), PST_OK);
        assert_int_equal(m.n_fds, n);
        for (size_t i = 0; i < PST_FD_PASS; i++) {
            if (i < n) {
                assert_int_equal(pst_memfd_check(m.fds[i], PST_SEALS, 5, NULL), PST_OK);
                assert_int_equal(fcntl(m.fds[i], F_GETFD), FD_CLOEXEC);
            } else {
                assert_int_equal(m.fds[i], -1);
            }
        }
        PST_FD taken = pst_fd_take(&m.fds[0]);
        assert_true(taken >= 0);
        pst_fd_message_release(&m);
        pst_fd_message_release(&m);
        assert_int_equal(fcntl(taken, F_GETFD), FD_CLOEXEC);
    }
    assert_int_equal(open_descriptors(), before);
    pst_fd_close(&pair[0]);
    pst_fd_close(&pair[1]);
}

/* What the library's own sender never does, a hostile one will. */
static void send_many(int fd, const int *fds, size_t n)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * 64)];
    } control;
    memset(&control, 0, sizeof(control));
    char byte = 'x';
    struct iovec part = {&byte, 1};
    struct msghdr h = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = CMSG_SPACE(sizeof(int) * n)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int) * n);
    memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
    assert_int_equal(sendmsg(fd, &h, 0), 1);
}

static void too_much_is_a_violation_and_leaks_nothing(void **state)
{
    (void)state;
    int pair[2];
    uint8_t bytes[8];
    struct pst_fd_message m = {.n = 77};
    struct pst_err err = {0};
    int fds[40] = {0};
    assert_int_equal(pst_fd_pair(pair, 0, NULL), PST_OK);
    size_t before = open_descriptors();
    for (size_t n = PST_FD_PASS + 1; n <= PST_LEN(fds); n++) {
        send_many(pair[1], fds, n);
        err.code = PST_E_NONE;
        assert_int_equal(pst_fd_recv(pair[0], bytes, sizeof(bytes), &m, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_PROTOCOL_VIOLATION);
        assert_int_equal(m.n, 77);
        assert_int_equal(open_descriptors(), before);
    }
    /* too long, with a descriptor */
    assert_int_equal(send_one(pair[1], PST_STR("123456789"), fds, 1, NULL), PST_OK);
    assert_int_equal(pst_fd_recv(pair[0], bytes, sizeof(bytes), &m, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_PROTOCOL_VIOLATION);
    assert_int_equal(open_descriptors(), before);
    /* credentials, which nobody asked for */
    int one = 1;
    assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)), 0);
    assert_int_equal(send_one(pair[1], PST_STR("1"), NULL, 0, NULL), PST_OK);
    assert_int_equal(pst_fd_recv(pair[0], bytes, sizeof(bytes), &m, &err), PST_ERR);
    pst_fd_close(&pair[0]);
    pst_fd_close(&pair[1]);
    assert_dies((void)(send_one(0, PST_STR("x"), fds, PST_FD_PASS + 1, NULL) == PST_OK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_message_boundaries),
        cmocka_unit_test(a_full_queue_is_back_pressure),
        cmocka_unit_test(passes_descriptors),
        cmocka_unit_test(too_much_is_a_violation_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
