#include "sys/ipc_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* A packet of the queue: the next `n` bytes of it. */
struct packet {
    uint32_t n, messages;
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
    pst_buf_init(&link->packets, cap); /* a message is larger than what is noted of its packet */
}

static void close_fd(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void queue_drop(struct pst_link *link)
{
    struct pst_cur c = pst_cur_of(pst_buf_str(&link->packets));
    struct pst_str part;
    while (pst_cur_take(&c, sizeof(struct packet), &part)) {
        struct packet p;
        memcpy(&p, part.p, sizeof p);
        close_fd(p.fd);
    }
    pst_buf_clear(&link->packets);
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
    pst_buf_release(&link->packets);
    close_fd(link->fd);
    link->fd = -1;
    link->broken = true;
}

/* The last packet of the queue, if a message of n bytes may join it. */
static bool packet_join(struct pst_link *link, uint32_t n, int fd)
{
    struct packet p;
    if (fd >= 0 || link->packets.n < sizeof p) {
        return false;
    }
    uint8_t *last = &link->packets.p[link->packets.n - sizeof p];
    memcpy(&p, last, sizeof p);
    if (p.fd >= 0 || p.messages == PST_LINK_MESSAGES || n > PST_LINK_PACKET ||
        p.n > PST_LINK_PACKET - n) {
        return false;
    }
    p.n += n;
    p.messages++;
    memcpy(last, &p, sizeof p);
    return true;
}

/* A buffer remembers that it was full; a queue must not: it has room again when some of it left. */
static bool queue_room(struct pst_buf *queue, size_t n)
{
    bool room = n <= queue->cap - queue->n && pst_buf_room(queue, n) != NULL;
    queue->failed = false;
    return room;
}

bool pst_link_send(struct pst_link *link, enum pst_ipc_type type, const void *fixed,
                   struct pst_str tail, int fd)
{
    const struct pst_ipc_row *row = pst_ipc_row(type);
    PST_BUG_ON(row == NULL || !pst_ipc_direction(row, link->self, link->peer));
    PST_BUG_ON(tail.n > row->tail_max);
    struct pst_ipc_head head = {.type = (uint16_t)type, .tail_n = (uint32_t)tail.n};
    struct packet alone = {
        .n = (uint32_t)(sizeof head + row->fixed_n + tail.n), .messages = 1, .fd = fd};
    if (link->broken || !queue_room(&link->queue, alone.n) ||
        !queue_room(&link->packets, sizeof alone)) {
        close_fd(fd);
        return false;
    }
    if (!packet_join(link, alone.n, fd)) {
        (void)pst_buf_add(&link->packets, pst_str_of(&alone, sizeof alone));
    }
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
    struct pst_cur packets = pst_cur_of(pst_buf_str(&link->packets));
    unsigned n = 0;
    struct pst_str part;
    while (n < PST_LINK_BATCH && pst_cur_take(&packets, sizeof(struct packet), &part)) {
        struct packet f;
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
        struct packet p;
        memcpy(&p, link->packets.p, sizeof p);
        close_fd(p.fd);
        pst_buf_consume(&link->packets, sizeof p);
        pst_buf_consume(&link->queue, p.n);
        link->queued -= p.messages;
    }
}

enum pst_status pst_link_flush(struct pst_link *link)
{
    PST_UNINIT struct mmsghdr msgs[PST_LINK_BATCH];
    PST_UNINIT struct iovec iov[PST_LINK_BATCH];
    PST_UNINIT union fd_space space[PST_LINK_BATCH];
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

/* Whether descriptors of this batch are missing because this process may have no more of them.
 * Asked before any is closed again: afterwards nobody could tell. */
static bool fds_full(const struct pst_link *link, const struct mmsghdr *msgs, int n)
{
    for (int i = 0; i < n; i++) {
        if ((msgs[i].msg_hdr.msg_flags & MSG_CTRUNC) != 0) {
            int fd = fcntl(link->fd, F_DUPFD_CLOEXEC, 0);
            bool full = fd < 0 && (errno == EMFILE || errno == ENFILE);
            close_fd(fd);
            return full;
        }
    }
    return false;
}

/* The one descriptor of a message, or -1; more than one, or anything else, is a violation: all are
 * closed. One that the kernel could not install, as this process is `full`, is lost, and nobody's
 * violation. */
static enum pst_status message_fd(struct msghdr *h, bool full, int *ret_fd, bool *ret_lost)
{
    *ret_fd = -1;
    *ret_lost = false;
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
        *ret_lost = full && status == PST_OK && *ret_fd < 0 && (h->msg_flags & MSG_TRUNC) == 0;
        status = *ret_lost ? PST_OK : PST_ERR;
    }
    if (status != PST_OK) {
        close_fd(*ret_fd);
        *ret_fd = -1;
    }
    return status;
}

/* The first message of a packet; nothing when its head claims more than is there. */
static struct pst_str message_first(struct pst_str packet)
{
    struct pst_ipc_head head;
    if (packet.n < sizeof head) {
        return (struct pst_str){NULL, 0};
    }
    memcpy(&head, packet.p, sizeof head);
    const struct pst_ipc_row *row = pst_ipc_row(head.type);
    if (row == NULL || head.tail_n > row->tail_max ||
        packet.n < sizeof head + row->fixed_n + head.tail_n) {
        return (struct pst_str){NULL, 0};
    }
    return pst_str_cut(packet, 0, sizeof head + row->fixed_n + head.tail_n);
}

/* One message: checked, handed over, its descriptor closed unless taken. */
static enum pst_status message_handle(struct pst_link *link, struct pst_str bytes, int fd,
                                      bool fd_lost, pst_link_handler *handler, void *ctx,
                                      unsigned *ret_violation)
{
    PST_UNINIT alignas(8) uint8_t fixed[PST_IPC_FIXED_MAX]; /* as much as the row has is filled */
    struct pst_message message = {.fixed = fixed, .fd = fd, .fd_lost = fd_lost};
    *ret_violation = UINT16_MAX;
    enum pst_status status = pst_ipc_check(bytes, fd >= 0 || fd_lost, link->peer, link->self,
                                           &message.row, fixed, &message.tail);
    if (status == PST_OK && fd_lost && message.row->fd == PST_IPC_FD_ONE) {
        *ret_violation = 0;
        link->broken = true;
        status = PST_ERR;
    } else if (status == PST_OK) {
        struct pst_ipc_head head;
        memcpy(&head, bytes.p, sizeof head);
        message.type = (enum pst_ipc_type)head.type;
        *ret_violation = head.type;
        status = handler(link, &message, ctx);
    }
    close_fd(message.fd);
    return status;
}

/* One packet, message by message, until its end or the first that is wrong. */
static enum pst_status packet_handle(struct pst_link *link, struct mmsghdr *m, struct pst_str bytes,
                                     bool full, pst_link_handler *handler, void *ctx,
                                     unsigned *ret_violation)
{
    int fd;
    bool lost;
    *ret_violation = UINT16_MAX;
    if (message_fd(&m->msg_hdr, full, &fd, &lost) != PST_OK) {
        return PST_ERR;
    }
    struct pst_str first = message_first(bytes);
    bool alone = first.n == bytes.n;
    if (first.n == 0 || (!alone && (fd >= 0 || lost || bytes.n > PST_LINK_PACKET))) {
        close_fd(fd);
        return PST_ERR;
    }
    enum pst_status status = PST_OK;
    for (int i = 0; bytes.n > 0 && status == PST_OK && !link->broken; i++) {
        first = message_first(bytes);
        if (first.n == 0 || i == PST_LINK_MESSAGES) {
            *ret_violation = UINT16_MAX;
            return PST_ERR;
        }
        status = message_handle(link, first, fd, lost, handler, ctx, ret_violation);
        fd = -1; /* it was the first one's, and is closed or taken */
        bytes = pst_str_from(bytes, first.n);
    }
    return status;
}

/* Whether somebody is still there to send to: then what looked like an end was an empty message. */
static bool peer_lives(const struct pst_link *link)
{
    return send(link->fd, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 || errno == EAGAIN;
}

enum pst_status pst_link_read(struct pst_link *link, struct pst_link_scratch *scratch, int rounds,
                              pst_link_handler *handler, void *ctx, bool *ret_more,
                              unsigned *ret_violation)
{
    PST_UNINIT struct mmsghdr msgs[PST_LINK_BATCH];
    PST_UNINIT struct iovec iov[PST_LINK_BATCH];
    PST_UNINIT union fd_space space[PST_LINK_BATCH];
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
        bool full = fds_full(link, msgs, n);
        enum pst_status status = PST_OK;
        for (int i = 0; i < n; i++) {
            if (status == PST_OK && msgs[i].msg_len == 0) {
                int fd;
                bool lost;
                status = PST_ERR; /* an end of file looks like a message of no bytes */
                *ret_violation = peer_lives(link) ? UINT16_MAX : 0;
                (void)message_fd(&msgs[i].msg_hdr, full, &fd, &lost);
                close_fd(fd);
            } else if (status == PST_OK && !link->broken) {
                status = packet_handle(link, &msgs[i],
                                       pst_str_of(scratch->bytes[i], msgs[i].msg_len), full,
                                       handler, ctx, ret_violation);
            } else {
                int fd;
                bool lost;
                (void)message_fd(&msgs[i].msg_hdr, full, &fd, &lost);
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
