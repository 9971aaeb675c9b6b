/* Message sockets between processes, and the passing of descriptors over them. */
#include "sys/fd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the control message and its alignment. A receiver has room for more descriptors than are
 * allowed, so that too many is seen as such and all of them are closed. */
enum { ROOM = PST_FD_PASS * 2 };
union control {
    struct cmsghdr align;
    uint8_t bytes[CMSG_SPACE(sizeof(int) * ROOM)];
};

enum pst_status pst_fd_pair(int ret[2], int buffer_bytes, struct pst_err *err)
{
    int made[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, made) != 0) {
        return pst_fail(err, PST_E_IO, "socketpair: %s", strerror(errno));
    }
    PST_FD a = made[0];
    PST_FD b = made[1];
    for (size_t i = 0; i < PST_LEN(made) && buffer_bytes > 0; i++) {
        if (setsockopt(made[i], SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof(buffer_bytes)) != 0) {
            return pst_fail(err, PST_E_IO, "SO_SNDBUF: %s", strerror(errno));
        }
    }
    ret[0] = pst_fd_take(&a);
    ret[1] = pst_fd_take(&b);
    return PST_OK;
}

enum pst_status pst_fd_send(int fd, const struct iovec *parts, size_t n, const int *fds,
                            size_t n_fds, struct pst_err *err)
{
    PST_BUG_ON(n_fds > PST_FD_PASS);
    union control control = {.bytes = {0}};
    union {
        const struct iovec *in;
        struct iovec *out; /* sendmsg does not write to it */
    } iov = {.in = parts};
    struct msghdr m = {.msg_iov = iov.out, .msg_iovlen = n};
    if (n_fds > 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
    }
    ssize_t put;
    do {
        put = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (put < 0 && errno == EINTR);
    if (put >= 0) {
        return PST_OK;
    }
    int e = errno;
    if (e == EAGAIN || e == ENOBUFS) {
        return PST_AGAIN;
    }
    if (e == EPIPE || e == ECONNRESET || e == ENOTCONN) {
        return pst_fail(err, PST_E_ABORTED_PEER, "send: %s", strerror(e));
    }
    return pst_fail(err, e == EMSGSIZE ? PST_E_LIMIT : PST_E_IO, "send: %s", strerror(e));
}

/* Collects the descriptors of one control message; too many are closed here and counted. */
static void collect(const struct cmsghdr *c, struct pst_fd_message *got, size_t *ret_excess)
{
    size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    int fds[ROOM + 1]; /* padding of the last slot may hold one more */
    n = n < PST_LEN(fds) ? n : PST_LEN(fds);
    memcpy(fds, CMSG_DATA(c), n * sizeof(int));
    for (size_t i = 0; i < n; i++) {
        if (got->n_fds < PST_FD_PASS) {
            got->fds[got->n_fds++] = fds[i];
        } else {
            pst_fd_close(&fds[i]);
            ++*ret_excess;
        }
    }
}

enum pst_status pst_fd_recv(int fd, void *p, size_t size, struct pst_fd_message *ret,
                            struct pst_err *err)
{
    union control control = {.bytes = {0}};
    struct iovec part = {.iov_base = p, .iov_len = size};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.bytes,
                       .msg_controllen = sizeof(control.bytes)};
    ssize_t got;
    do {
        got = recvmsg(fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        int e = errno;
        if (e == EAGAIN) {
            return PST_AGAIN;
        }
        return pst_fail(err, e == ECONNRESET ? PST_E_ABORTED_PEER : PST_E_IO, "receive: %s",
                        strerror(e));
    }
    struct pst_fd_message message = {.n = (size_t)got, .fds = {-1, -1, -1, -1}};
    size_t wrong = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
            collect(c, &message, &wrong);
        } else {
            wrong++;
        }
    }
    if (wrong != 0 || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        pst_fd_message_release(&message);
        return pst_fail(err, PST_E_PROTOCOL_VIOLATION,
                        "a message is too long or carries what it may not");
    }
    *ret = message;
    return PST_OK;
}

void pst_fd_message_release(struct pst_fd_message *message)
{
    for (size_t i = 0; i < PST_FD_PASS; i++) {
        pst_fd_close(&message->fds[i]);
    }
    message->n_fds = 0;
}
