#include "sys/ipc_link.h"

#include <errno.h>
#include <stdalign.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* What stands before each message in the queue. */
struct frame {
    uint32_t n;
    int32_t fd;
};

union fd_space {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};

void pst_link_init(struct pst_link *link, int fd, enum pst_role self, enum pst_role peer,
                   uint8_t index, size_t cap)
{
    *link = (struct pst_link){.fd = fd, .self = self, .peer = peer, .index = index};
    pst_buf_init(&link->queue, cap);
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void queue_drop(struct pst_link *link)
{
    struct pst_cur c = pst_cur_of(pst_buf_str(&link->queue));
    struct pst_str part;
    while (pst_cur_take(&c, sizeof(struct frame), &part)) {
        struct frame f;
        memcpy(&f, part.p, sizeof f);
        close_fd(f.fd);
        if (!pst_cur_take(&c, f.n, &part)) {
            break;
        }
    }
    pst_buf_clear(&link->queue);
    link->queued = 0;
}

void pst_link_release(struct pst_link *link)
{
    if (link == NULL) {
        return;
    }
    queue_drop(link);
    pst_buf_release(&link->queue);
    close_fd(link->fd);
    link->fd = -1;
    link->broken = true;
}

bool pst_link_send(struct pst_link *link, enum pst_ipc_type type, const void *fixed,
                   struct pst_str tail, int fd)
{
    const struct pst_ipc_row *row = pst_ipc_row(type);
    PST_BUG_ON(row == NULL || !pst_ipc_direction(row, link->self, link->peer));
    PST_BUG_ON(tail.n > row->tail_max);
    struct pst_ipc_head head = {.type = (uint16_t)type, .tail_n = (uint32_t)tail.n};
    struct frame frame = {.n = (uint32_t)(sizeof head + row->fixed_n + tail.n), .fd = fd};
    if (link->broken || pst_buf_room(&link->queue, sizeof frame + frame.n) == NULL) {
        close_fd(fd);
        return false;
    }
    (void)pst_buf_add(&link->queue, pst_str_of(&frame, sizeof frame));
    (void)pst_buf_add(&link->queue, pst_str_of(&head, sizeof head));
    (void)pst_buf_add(&link->queue, pst_str_of(fixed, row->fixed_n));
    (void)pst_buf_add(&link->queue, tail);
    link->queued++;
    return true;
}

/* Fills up to PST_LINK_BATCH headers from the front of the queue. */
static unsigned batch_fill(struct pst_link *link, struct mmsghdr *msgs, struct iovec *iov,
                           union fd_space *space)
{
    struct pst_cur c = pst_cur_of(pst_buf_str(&link->queue));
    unsigned n = 0;
    struct pst_str part;
    while (n < PST_LINK_BATCH && pst_cur_take(&c, sizeof(struct frame), &part)) {
        struct frame f;
        memcpy(&f, part.p, sizeof f);
        PST_BUG_ON(!pst_cur_take(&c, f.n, &part));
        union {
            const void *in;
            void *out;
        } cast = {.in = part.p};
        iov[n] = (struct iovec){cast.out, part.n};
        msgs[n] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[n], .msg_iovlen = 1}};
        if (f.fd >= 0) {
            memset(&space[n], 0, sizeof space[n]);
            msgs[n].msg_hdr.msg_control = space[n].bytes;
            msgs[n].msg_hdr.msg_controllen = sizeof space[n].bytes;
            struct cmsghdr *cm = CMSG_FIRSTHDR(&msgs[n].msg_hdr);
            cm->cmsg_level = SOL_SOCKET;
            cm->cmsg_type = SCM_RIGHTS;
            cm->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(cm), &f.fd, sizeof(int));
        }
        n++;
    }
    return n;
}

static void batch_consume(struct pst_link *link, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct frame f;
        memcpy(&f, link->queue.p, sizeof f);
        close_fd(f.fd);
        pst_buf_consume(&link->queue, sizeof f + f.n);
        link->queued--;
    }
}

enum pst_status pst_link_flush(struct pst_link *link)
{
    struct mmsghdr msgs[PST_LINK_BATCH];
    struct iovec iov[PST_LINK_BATCH];
    union fd_space space[PST_LINK_BATCH];
    link->blocked = false;
    while (link->queued > 0 && !link->broken) {
        unsigned n = batch_fill(link, msgs, iov, space);
        int sent = sendmmsg(link->fd, msgs, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            batch_consume(link, (unsigned)sent);
            continue;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno == EAGAIN || errno == ENOBUFS || errno == ETOOMANYREFS) {
            link->blocked = true;
            return PST_AGAIN;
        }
        link->broken = true;
    }
    if (link->broken) {
        queue_drop(link);
        return PST_ERR;
    }
    return PST_OK;
}

/* The one descriptor of a message, or -1; more than one, or anything else, is a violation: all are
 * closed. */
static enum pst_status message_fd(struct msghdr *h, int *ret_fd)
{
    *ret_fd = -1;
    enum pst_status status = PST_OK;
    for (struct cmsghdr *cm = CMSG_FIRSTHDR(h); cm != NULL; cm = CMSG_NXTHDR(h, cm)) {
        if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS) {
            status = PST_ERR;
            continue;
        }
        size_t count = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, &CMSG_DATA(cm)[i * sizeof(int)], sizeof fd);
            if (*ret_fd < 0 && count == 1 && status == PST_OK) {
                *ret_fd = fd;
            } else {
                close_fd(fd);
                status = PST_ERR;
            }
        }
    }
    if ((h->msg_flags & (MSG_CTRUNC | MSG_TRUNC)) != 0) {
        status = PST_ERR;
    }
    if (status != PST_OK) {
        close_fd(*ret_fd);
        *ret_fd = -1;
    }
    return status;
}

/* One received message: checked, handed over, its descriptor closed unless taken. */
static enum pst_status message_handle(struct pst_link *link, struct mmsghdr *m,
                                      struct pst_str bytes, pst_link_handler *handler, void *ctx,
                                      unsigned *ret_violation)
{
    alignas(8) uint8_t fixed[PST_IPC_FIXED_MAX];
    struct pst_message message = {.fixed = fixed, .fd = -1};
    *ret_violation = UINT16_MAX;
    if (message_fd(&m->msg_hdr, &message.fd) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = pst_ipc_check(bytes, message.fd >= 0, link->peer, link->self,
                                           &message.row, fixed, &message.tail);
    if (status == PST_OK) {
        struct pst_ipc_head head;
        memcpy(&head, bytes.p, sizeof head);
        message.type = (enum pst_ipc_type)head.type;
        *ret_violation = head.type;
        status = handler(link, &message, ctx);
    }
    close_fd(message.fd);
    return status;
}

enum pst_status pst_link_read(struct pst_link *link, struct pst_link_scratch *scratch, int rounds,
                              pst_link_handler *handler, void *ctx, bool *ret_more,
                              unsigned *ret_violation)
{
    struct mmsghdr msgs[PST_LINK_BATCH];
    struct iovec iov[PST_LINK_BATCH];
    union fd_space space[PST_LINK_BATCH];
    *ret_more = false;
    *ret_violation = 0;
    for (int round = 0; round < rounds && !link->broken; round++) {
        for (int i = 0; i < PST_LINK_BATCH; i++) {
            iov[i] = (struct iovec){scratch->bytes[i], sizeof scratch->bytes[i]};
            msgs[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i],
                                                   .msg_iovlen = 1,
                                                   .msg_control = space[i].bytes,
                                                   .msg_controllen = sizeof space[i].bytes}};
        }
        int n = recvmmsg(link->fd, msgs, PST_LINK_BATCH, MSG_DONTWAIT | MSG_CMSG_CLOEXEC, NULL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return PST_OK;
        }
        if (n <= 0) {
            link->broken = true;
            return PST_ERR;
        }
        enum pst_status status = PST_OK;
        for (int i = 0; i < n; i++) {
            if (status == PST_OK && msgs[i].msg_len == 0) {
                status = PST_ERR; /* end of file: SEQPACKET gives a message of no bytes */
                *ret_violation = 0;
            } else if (status == PST_OK && !link->broken) {
                status = message_handle(link, &msgs[i],
                                        pst_str_of(scratch->bytes[i], msgs[i].msg_len), handler,
                                        ctx, ret_violation);
            } else {
                int fd;
                (void)message_fd(&msgs[i].msg_hdr, &fd);
                close_fd(fd);
            }
        }
        if (status != PST_OK) {
            link->broken = true;
            return PST_ERR;
        }
        *ret_violation = 0;
        if (n < PST_LINK_BATCH) {
            return PST_OK;
        }
    }
    *ret_more = true;
    return PST_OK;
}
