#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void pst_fd_close(int *fd)
{
    if (*fd >= 0) {
        int e = errno;
        (void)close(*fd); /* never again on EINTR: Linux has freed the number already */
        errno = e;
        *fd = -1;
    }
}

static enum pst_status set_flag(int fd, int get, int set, int flag, bool on, struct pst_err *err)
{
    int flags = fcntl(fd, get);
    int wanted = on ? flags | flag : flags & ~flag;
    if (flags < 0 || (wanted != flags && fcntl(fd, set, wanted) < 0)) {
        return pst_fail(err, PST_E_IO, "cannot set flags of descriptor %d: %s", fd,
                        strerror(errno));
    }
    return PST_OK;
}

enum pst_status pst_fd_nonblock(int fd, bool on, struct pst_err *err)
{
    return set_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, on, err);
}

enum pst_status pst_fd_cloexec(int fd, bool on, struct pst_err *err)
{
    return set_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on, err);
}

/* Closes first..last; the system call itself, since the C library's wrapper may fall back to /proc.
 */
static int close_from(unsigned first, unsigned last)
{
    return first > last ? 0 : (int)syscall(SYS_close_range, first, last, 0U);
}

enum pst_status pst_fd_close_others(const int *keep, size_t n, struct pst_err *err)
{
    int sorted[PST_FD_KEEP];
    if (n > PST_LEN(sorted)) {
        return pst_fail(err, PST_E_LIMIT, "too many descriptors to keep");
    }
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > keep[i]; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = keep[i];
    }
    unsigned first = 0;
    for (size_t i = 0; i < n; i++) {
        if (sorted[i] < 0 || (unsigned)sorted[i] < first) {
            continue; /* none, or named twice */
        }
        unsigned kept = (unsigned)sorted[i];
        if (kept > 0 && close_from(first, kept - 1) != 0) {
            return pst_fail(err, PST_E_IO, "close_range: %s", strerror(errno));
        }
        first = kept + 1;
    }
    if (close_from(first, UINT_MAX) != 0) {
        return pst_fail(err, PST_E_IO, "close_range: %s", strerror(errno));
    }
    return PST_OK;
}

/* --- bytes --------------------------------------------------------------------------------------
 */

static enum pst_status failed_io(const char *what, struct pst_err *err)
{
    int e = errno;
    if (e == EAGAIN) { /* EWOULDBLOCK is the same number on Linux */
        return PST_AGAIN;
    }
    if (e == EPIPE || e == ECONNRESET || e == ECONNREFUSED || e == ENOTCONN) {
        return pst_fail(err, PST_E_ABORTED_PEER, "%s: %s", what, strerror(e));
    }
    return pst_fail(err, PST_E_IO, "%s: %s", what, strerror(e));
}

enum pst_status pst_fd_read(int fd, void *p, size_t n, size_t *ret_n, struct pst_err *err)
{
    ssize_t got;
    do {
        got = read(fd, p, n);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return failed_io("read", err);
    }
    *ret_n = (size_t)got;
    return PST_OK;
}

enum pst_status pst_fd_write(int fd, struct pst_str s, size_t *ret_n, struct pst_err *err)
{
    /* Sockets first: only send() can be told not to raise SIGPIPE. */
    ssize_t put;
    do {
        put = send(fd, s.p, s.n, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    if (put < 0 && errno == ENOTSOCK) {
        do {
            put = write(fd, s.p, s.n);
        } while (put < 0 && errno == EINTR);
    }
    if (put < 0) {
        return failed_io("write", err);
    }
    *ret_n = (size_t)put;
    return PST_OK;
}

enum pst_status pst_fd_pread_full(int fd, void *p, size_t n, uint64_t offset, struct pst_err *err)
{
    if (offset > (uint64_t)INT64_MAX || n > (uint64_t)INT64_MAX - offset) {
        return pst_fail(err, PST_E_LIMIT, "pread: the offset is out of range");
    }
    uint8_t *bytes = p;
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, &bytes[done], n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return pst_fail(err, PST_E_IO, "pread: %s", strerror(errno));
        }
        if (got == 0) {
            return pst_fail(err, PST_E_IO, "pread: the file ends early");
        }
        done += (size_t)got;
    }
    return PST_OK;
}

enum pst_status pst_fd_write_full(int fd, struct pst_str s, struct pst_err *err)
{
    while (s.n > 0) {
        size_t n = 0;
        enum pst_status st = pst_fd_write(fd, s, &n, err);
        if (st != PST_OK) {
            return st == PST_ERR ? st
                                 : pst_fail(err, PST_E_IO, "write: the descriptor would block");
        }
        s = pst_str_from(s, n);
    }
    return PST_OK;
}

enum pst_status pst_fd_read_full(int fd, void *p, size_t n, size_t *ret_n, struct pst_err *err)
{
    uint8_t *bytes = p;
    size_t done = 0;
    while (done < n) {
        size_t got = 0;
        enum pst_status st = pst_fd_read(fd, &bytes[done], n - done, &got, err);
        if (st != PST_OK) {
            return st == PST_ERR ? st : pst_fail(err, PST_E_IO, "read: the descriptor would block");
        }
        if (got == 0) {
            break;
        }
        done += got;
    }
    *ret_n = done;
    return PST_OK;
}

/* The plain fstat call: the C library asks newfstatat with an empty path instead, and a filter that
 * admits that one admits the stat of any path. */
static int plain_fstat(int fd, struct stat *ret)
{
    return (int)syscall(SYS_fstat, fd, ret);
}

enum pst_status pst_fd_size(int fd, uint64_t *ret, struct pst_err *err)
{
    struct stat st = {0};
    if (plain_fstat(fd, &st) != 0) {
        return pst_fail(err, PST_E_IO, "fstat: %s", strerror(errno));
    }
    if (!S_ISREG(st.st_mode) || st.st_size < 0) {
        return pst_fail(err, PST_E_IO, "descriptor %d is not a regular file", fd);
    }
    *ret = (uint64_t)st.st_size;
    return PST_OK;
}

enum pst_status pst_fd_peer(int fd, struct pst_peer *ret, struct pst_err *err)
{
    struct ucred c = {0};
    socklen_t n = sizeof(c);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) != 0 || n != sizeof(c)) {
        return pst_fail(err, PST_E_IO, "SO_PEERCRED: %s", strerror(errno));
    }
    /* On anything but a Unix socket the kernel answers with pid 0 and the overflow ids. */
    if (c.pid <= 0) {
        return pst_fail(err, PST_E_IO, "SO_PEERCRED: the peer is not known");
    }
    *ret = (struct pst_peer){.pid = c.pid, .uid = c.uid, .gid = c.gid};
    return PST_OK;
}
