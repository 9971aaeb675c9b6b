#include "sys/net.h"

#include "sys/fd.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { DEFAULT_BACKLOG = 1024 };

static enum pst_status set_one(int fd, int level, int option, const char *name, struct pst_err *err)
{
    int one = 1;
    if (setsockopt(fd, level, option, &one, sizeof(one)) != 0) {
        return pst_fail(err, PST_E_IO, "%s: %s", name, strerror(errno));
    }
    return PST_OK;
}

static enum pst_status refused_bind(const char *where, int e, struct pst_err *err)
{
    if (e == EADDRINUSE) {
        return pst_fail(err, PST_E_CONFIG,
                        "%s is taken by another program; stop it or choose another port", where);
    }
    if (e == EACCES || e == EPERM) {
        return pst_fail(err, PST_E_CONFIG,
                        "no permission to listen on %s; choose a port of 1024 or above, or grant "
                        "CAP_NET_BIND_SERVICE",
                        where);
    }
    if (e == EADDRNOTAVAIL) {
        return pst_fail(err, PST_E_CONFIG, "%s is not an address of this machine", where);
    }
    return pst_fail(err, PST_E_CONFIG, "cannot listen on %s: %s", where, strerror(e));
}

enum pst_status pst_net_listen(const struct pst_addr *a, int backlog, int *ret, struct pst_err *err)
{
    char where[PST_ADDR_TEXT];
    pst_addr_text(a, where);
    PST_FD fd = socket(a->u.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return pst_fail(err, PST_E_CONFIG, "no socket for %s: %s", where, strerror(errno));
    }
    if (set_one(fd, SOL_SOCKET, SO_REUSEADDR, "SO_REUSEADDR", err) != PST_OK) {
        return PST_ERR;
    }
    /* An IPv6 listener takes IPv6 only, whatever the system's default: one address, one meaning. */
    if (a->u.any.sa_family == AF_INET6 &&
        set_one(fd, IPPROTO_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", err) != PST_OK) {
        return PST_ERR;
    }
    if (bind(fd, &a->u.any, a->n) != 0 ||
        listen(fd, backlog > 0 ? backlog : DEFAULT_BACKLOG) != 0) {
        return refused_bind(where, errno, err);
    }
    *ret = pst_fd_take(&fd);
    return PST_OK;
}

static enum pst_status unix_addr(const char *path, struct sockaddr_un *ret, struct pst_err *err)
{
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(ret->sun_path)) {
        return pst_fail(err, PST_E_CONFIG, "the socket path must have 1 to %zu bytes: %.100s",
                        sizeof(ret->sun_path) - 1, path);
    }
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(ret->sun_path, path, n);
    return PST_OK;
}

static int connect_unix(const struct sockaddr_un *sa, int flags)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0) {
        pst_fd_close(&fd);
    }
    return fd;
}

/* Removes what a killed process left behind: a socket file that nobody answers. */
static enum pst_status clear_place(const struct sockaddr_un *sa, struct pst_err *err)
{
    const char *path = sa->sun_path;
    struct stat st = {0};
    if (lstat(path, &st) != 0) {
        return errno == ENOENT ? PST_OK
                               : pst_fail(err, PST_E_CONFIG, "%s: %s", path, strerror(errno));
    }
    if (!S_ISSOCK(st.st_mode)) {
        return pst_fail(err, PST_E_CONFIG, "%s exists and is not a socket", path);
    }
    PST_FD probe = connect_unix(sa, SOCK_NONBLOCK);
    if (probe >= 0 || errno != ECONNREFUSED) {
        return pst_fail(err, PST_E_CONFIG, "%s is in use by a running process", path);
    }
    if (unlink(path) != 0 && errno != ENOENT) {
        return pst_fail(err, PST_E_CONFIG, "cannot remove %s: %s", path, strerror(errno));
    }
    return PST_OK;
}

enum pst_status pst_net_listen_unix(const char *path, unsigned mode, int backlog, int *ret,
                                    struct pst_err *err)
{
    struct sockaddr_un sa;
    if (unix_addr(path, &sa, err) != PST_OK || clear_place(&sa, err) != PST_OK) {
        return PST_ERR;
    }
    PST_FD fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return pst_fail(err, PST_E_CONFIG, "no socket for %s: %s", path, strerror(errno));
    }
    /* Narrow from birth: the mode of the socket's inode is the mode that bind gives the file. */
    mode_t before = umask((mode_t)(~mode & 0777U));
    int bound = bind(fd, (const struct sockaddr *)&sa, sizeof(sa));
    int e = errno;
    (void)umask(before);
    if (bound != 0) {
        return refused_bind(path, e, err);
    }
    if (listen(fd, backlog > 0 ? backlog : DEFAULT_BACKLOG) != 0) {
        return refused_bind(path, errno, err);
    }
    *ret = pst_fd_take(&fd);
    return PST_OK;
}

enum pst_status pst_net_accept(int listener, int *ret, struct pst_addr *ret_peer,
                               struct pst_err *err)
{
    struct sockaddr_storage ss = {0};
    socklen_t n = sizeof(ss);
    int fd = accept4(listener, (struct sockaddr *)&ss, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        struct pst_addr peer = {0};
        if (!pst_addr_of((const struct sockaddr *)&ss, n, &peer)) {
            peer.n = 0; /* a Unix socket */
        }
        if (ret_peer != NULL) {
            *ret_peer = peer;
        }
        *ret = fd;
        return PST_OK;
    }
    int e = errno;
    if (e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM) {
        return pst_fail(err, PST_E_LIMIT, "accept: %s", strerror(e));
    }
    if (e == EBADF || e == EINVAL || e == ENOTSOCK || e == EOPNOTSUPP || e == EFAULT) {
        return pst_fail(err, PST_E_IO, "accept: %s", strerror(e));
    }
    return PST_AGAIN; /* nobody waits, or a network error that belongs to that one client */
}

enum pst_status pst_net_local(int fd, struct pst_addr *ret, struct pst_err *err)
{
    struct sockaddr_storage ss = {0};
    socklen_t n = sizeof(ss);
    if (getsockname(fd, (struct sockaddr *)&ss, &n) != 0 ||
        !pst_addr_of((const struct sockaddr *)&ss, n, ret)) {
        return pst_fail(err, PST_E_IO, "the descriptor has no internet address");
    }
    return PST_OK;
}

enum pst_status pst_net_nodelay(int fd, struct pst_err *err)
{
    return set_one(fd, IPPROTO_TCP, TCP_NODELAY, "TCP_NODELAY", err);
}

static enum pst_status refused_connect(int e, struct pst_err *err)
{
    return pst_fail(err, PST_E_UPSTREAM_CONNECT, "connect: %s", strerror(e));
}

enum pst_status pst_net_connect(const struct pst_addr *a, int *ret, struct pst_err *err)
{
    PST_FD fd = socket(a->u.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return refused_connect(errno, err);
    }
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
                     sizeof(one)); /* only speed depends on it */
    int made = connect(fd, &a->u.any, a->n);
    if (made != 0 && errno != EINPROGRESS && errno != EINTR) {
        return refused_connect(errno, err);
    }
    *ret = pst_fd_take(&fd);
    return made == 0 ? PST_OK : PST_AGAIN;
}

enum pst_status pst_net_connected(int fd, struct pst_err *err)
{
    int e = 0;
    socklen_t n = sizeof(e);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) != 0) {
        e = errno;
    }
    if (e != 0) {
        return refused_connect(e, err);
    }
    struct sockaddr_storage ss;
    n = sizeof(ss);
    if (getpeername(fd, (struct sockaddr *)&ss, &n) != 0) {
        return errno == ENOTCONN ? PST_AGAIN : refused_connect(errno, err);
    }
    return PST_OK;
}

enum pst_status pst_net_connect_unix(const char *path, int *ret, struct pst_err *err)
{
    struct sockaddr_un sa;
    if (unix_addr(path, &sa, err) != PST_OK) {
        return PST_ERR;
    }
    int fd = connect_unix(&sa, 0);
    if (fd < 0) {
        return pst_fail(err, errno == ENOENT ? PST_E_NOT_FOUND : PST_E_IO, "%s: %s", path,
                        strerror(errno));
    }
    *ret = fd;
    return PST_OK;
}

void pst_net_reset(int *fd)
{
    if (*fd >= 0) {
        struct linger hard = {.l_onoff = 1, .l_linger = 0};
        (void)setsockopt(*fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        pst_fd_close(fd);
    }
}
