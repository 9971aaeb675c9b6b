/* Descriptors: cleanup, flags, whole reads and writes, sealed memory files, message sockets and the
 * passing of descriptors. Everything made here is close-on-exec. Calls interrupted by a signal are
 * made again. Errors are PST_E_IO unless stated. */
#ifndef PST_SYS_FD_H
#define PST_SYS_FD_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Closes *fd if it is >= 0 and sets it to -1; errno is kept. */
void pst_fd_close(int *fd);
/* `PST_FD fd = -1;` closes at the end of the scope. */
#define PST_FD PST_CLEANUP(pst_fd_close) int
/* Hands the descriptor out of a PST_FD: returns it and leaves -1. */
static inline int pst_fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

PST_NODISCARD enum pst_status pst_fd_nonblock(int fd, bool on, struct pst_err *err);
PST_NODISCARD enum pst_status pst_fd_cloexec(int fd, bool on, struct pst_err *err);
/* Closes every descriptor that is not in keep[] (any order, at most PST_FD_KEEP). */
enum { PST_FD_KEEP = 80 };
PST_NODISCARD enum pst_status pst_fd_close_others(const int *keep, size_t n, struct pst_err *err);

/* --- bytes --------------------------------------------------------------------------------------
 */
/* Non-blocking single calls. PST_AGAIN: would block. PST_OK with *ret_n == 0 from a read: the end.
 * A peer that is gone (EPIPE, ECONNRESET) is PST_ERR; no SIGPIPE is raised on sockets. */
PST_NODISCARD enum pst_status pst_fd_read(int fd, void *p, size_t n, size_t *ret_n,
                                          struct pst_err *err);
PST_NODISCARD enum pst_status pst_fd_write(int fd, struct pst_str s, size_t *ret_n,
                                           struct pst_err *err);
/* Reads exactly n bytes at an offset; a shorter file is an error. */
PST_NODISCARD enum pst_status pst_fd_pread_full(int fd, void *p, size_t n, uint64_t offset,
                                                struct pst_err *err);
/* For blocking descriptors: all of s; up to n bytes or to the end. */
PST_NODISCARD enum pst_status pst_fd_write_full(int fd, struct pst_str s, struct pst_err *err);
PST_NODISCARD enum pst_status pst_fd_read_full(int fd, void *p, size_t n, size_t *ret_n,
                                               struct pst_err *err);
/* Size of a regular file by fstat. */
PST_NODISCARD enum pst_status pst_fd_size(int fd, uint64_t *ret, struct pst_err *err);

/* --- sealed memory files ------------------------------------------------------------------------
 */
/* Seals that make the bytes and the size final. */
enum { PST_SEALS = 0x0002 | 0x0004 | 0x0008 }; /* F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE */
/* An empty memory file that can be sealed; `name` is for /proc only. Caller owns *ret. */
PST_NODISCARD enum pst_status pst_memfd_open(const char *name, int *ret, struct pst_err *err);
/* Adds PST_SEALS and F_SEAL_SEAL. Fails while a writable mapping exists. */
PST_NODISCARD enum pst_status pst_memfd_seal(int fd, struct pst_err *err);
/* Open, write, seal. */
PST_NODISCARD enum pst_status pst_memfd_of(const char *name, struct pst_str bytes, int *ret,
                                           struct pst_err *err);
/* Strict, for descriptors that a neighbour sent: a regular file, every seal of `seals` set, exactly
 * `size` bytes. Anything else is PST_E_PROTOCOL_VIOLATION. */
PST_NODISCARD enum pst_status pst_memfd_check(int fd, unsigned seals, uint64_t size,
                                              struct pst_err *err);
/* Maps a checked file read-only (never executable); `size` > 0. Unmapped by pst_memfd_unmap. */
PST_NODISCARD enum pst_status pst_memfd_map(int fd, size_t size, struct pst_str *ret,
                                            struct pst_err *err);
void pst_memfd_unmap(struct pst_str *map);

/* --- message sockets ----------------------------------------------------------------------------
 */
enum {
    PST_FD_PASS = 4,         /* descriptors in one message, at most */
    PST_FD_MESSAGE = 212960, /* bytes in one message, at most, with the default buffer */
};
/* A connected, non-blocking SOCK_SEQPACKET pair. buffer_bytes 0 keeps the system's size; the kernel
 * may grant less than asked (net.core.wmem_max). */
PST_NODISCARD enum pst_status pst_fd_pair(int ret[2], int buffer_bytes, struct pst_err *err);
/* One message of n parts with n_fds descriptors (may be 0; they stay the caller's). All or nothing.
 * PST_AGAIN: the peer's queue is full. PST_E_ABORTED_PEER: it is gone. */
PST_NODISCARD enum pst_status pst_fd_send(int fd, const struct iovec *parts, size_t n,
                                          const int *fds, size_t n_fds, struct pst_err *err);
struct pst_fd_message {
    size_t n;             /* bytes */
    int fds[PST_FD_PASS]; /* the receiver owns them; -1 past n_fds */
    size_t n_fds;
};
/* One message into p. PST_OK with n == 0 and no descriptors: the peer closed. A message that is
 * longer than size, or carries more descriptors than PST_FD_PASS or anything else, is
 * PST_E_PROTOCOL_VIOLATION, and whatever it carried is closed. */
PST_NODISCARD enum pst_status pst_fd_recv(int fd, void *p, size_t size, struct pst_fd_message *ret,
                                          struct pst_err *err);
/* Closes what is left in a message (an owner that takes one sets its place to -1). */
void pst_fd_message_release(struct pst_fd_message *message);

struct pst_peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};
/* Who connected a Unix socket (SO_PEERCRED, as of connect). */
PST_NODISCARD enum pst_status pst_fd_peer(int fd, struct pst_peer *ret, struct pst_err *err);

#endif
