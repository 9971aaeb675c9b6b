/* One end of a SOCK_SEQPACKET pair that speaks the table in ipc.def. The link owns its descriptor
 * and those waiting in its queue. It knows nothing of the event loop: the owner calls read when the
 * descriptor is readable and flush once per wake-up. A full socket is back-pressure (AGAIN), a full
 * queue refuses the message.
 *
 * What waits for the same flush shares packets, because the kernel's price is per packet: a packet
 * is one message, or several of at most PST_LINK_PACKET bytes and PST_LINK_MESSAGES messages
 * together. A message with a descriptor, and one that is larger, travel alone. Each message is
 * checked as if it had come by itself; a packet that breaks these rules is a violation. Several
 * packets move in one system call each way. */
#ifndef PST_SYS_IPC_LINK_H
#define PST_SYS_IPC_LINK_H

#include "sys/ipc.h"

struct pst_link {
    int fd; /* -1 when closed */
    enum pst_role self, peer;
    uint8_t index;          /* which front or egress the peer is */
    bool admin;             /* the peer is the administration front */
    bool broken;            /* closed by the peer or by a violation; the owner drops it */
    bool blocked;           /* the last flush met a full socket */
    void *user;             /* the owner's */
    struct pst_buf queue;   /* packets, one after the other */
    struct pst_buf packets; /* what each is made of */
    size_t queued;          /* messages in the queue */
};

/* Received packets live in the scratch until the next read; one scratch serves all links of a
 * process. */
enum {
    PST_LINK_BATCH = 16,     /* packets a system call */
    PST_LINK_PACKET = 15360, /* bytes: what the kernel keeps in one piece without asking for more */
    PST_LINK_MESSAGES = 64,
};
struct pst_link_scratch {
    uint8_t bytes[PST_LINK_BATCH][PST_IPC_MESSAGE_MAX];
};

/* A message that passed every check of its row. `fixed` points at the row's struct (struct
 * pst_ipc_<name>, aligned); `fd` is -1 or a descriptor: the handler takes it by setting it to -1,
 * what it leaves is closed. `fd_lost`: it came with one, and this process has no room for another,
 * which is not the peer's fault; only where the row says MAYBE. */
struct pst_message {
    const struct pst_ipc_row *row;
    enum pst_ipc_type type;
    const void *fixed;
    struct pst_str tail;
    int fd;
    bool fd_lost;
};

/* Returns PST_OK, or PST_ERR to declare the message a violation. */
typedef enum pst_status pst_link_handler(struct pst_link *link, struct pst_message *m, void *ctx);

/* Takes over fd (made non-blocking by the caller). `cap` bounds the queue in bytes. */
void pst_link_init(struct pst_link *link, int fd, enum pst_role self, enum pst_role peer,
                   uint8_t index, size_t cap);
void pst_link_release(struct pst_link *link);

/* Queues a message; `fixed` is the row's struct, tail may be empty, fd is -1 or a descriptor that
 * the link takes over, also on failure. False when the link is broken or the queue is full. */
bool pst_link_send(struct pst_link *link, enum pst_ipc_type type, const void *fixed,
                   struct pst_str tail, int fd);
#define PST_LINK_SEND(link, NAME, ...)                                                             \
    pst_link_send((link), PST_IPC_##NAME, (__VA_ARGS__), (struct pst_str){NULL, 0}, -1)

/* Sends what the socket takes. OK: queue empty; AGAIN: wait for writability; ERR: peer gone. */
enum pst_status pst_link_flush(struct pst_link *link);

/* Reads batches until the socket is empty or `rounds` system calls were made, calling the handler
 * for each message in order. OK: more may come (also when `rounds` ran out, *ret_more true);
 * ERR: end of file, or a violation, in which case *ret_violation holds the offending type (or
 * UINT16_MAX for a malformed message), or no room for a descriptor that its message cannot be
 * without, when it is 0 as at an end. */
enum pst_status pst_link_read(struct pst_link *link, struct pst_link_scratch *scratch, int rounds,
                              pst_link_handler *handler, void *ctx, bool *ret_more,
                              unsigned *ret_violation);

#endif
