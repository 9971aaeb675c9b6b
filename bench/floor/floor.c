/* The floor: an empty relay in the shape of Postern, to know what the shape alone costs.
 *
 *   floor PORT UPSTREAM_PORT
 *
 * Four processes: front → warden → audit → egress → front. A request is read by the front until it
 * is whole, goes as one message through warden and audit to the egress, which writes it to a kept-
 * alive connection and sends the answer back as one message. SOCK_SEQPACKET pairs, level-triggered
 * epoll, up to 16 messages a system call each way, queues flushed once per wake-up: as Postern does
 * it. Nothing is parsed beyond framing, nothing is decided, written or hashed. */
#include "../wire.h"

#include <signal.h>
#include <sys/prctl.h>

enum { BATCH = 16, MESSAGE = 8192, CONNS = 2048, READY = 64 };

struct message {
    uint32_t slot; /* of the front's connection */
    char bytes[MESSAGE];
};

/* Messages that wait to be sent: as many as there can be connections. */
struct outbox {
    int fd;
    unsigned first, n;
    uint32_t size[CONNS];
    struct message *ring;
};

struct conn {
    int fd;
    uint32_t slot; /* front: its own; egress: of the request in hand */
    size_t n;
    struct conn *next; /* egress: idle ones */
    char in[MESSAGE];
};

/* One of the four. What only one kind uses is zero in the others. */
struct process {
    int epoll, listener;
    struct outbox out;
    struct message *scratch;
    struct conn *conns[CONNS];
    uint32_t free_slots[CONNS];
    unsigned n_free;
    struct conn *idle;
    uint16_t upstream_port;
    void (*message)(struct process *p, const struct message *m, size_t n);
    void (*ready)(struct process *p, struct conn *c);
};

static char in_marker, listen_marker; /* what epoll says instead of a connection */

static void *take(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (p == NULL) {
        bench_die("calloc");
    }
    return p;
}

/* --- messages
 * ------------------------------------------------------------------------------------- */

static void out_add(struct process *p, uint32_t slot, const char *bytes, size_t n)
{
    struct outbox *o = &p->out;
    unsigned at = (o->first + o->n++) % CONNS;
    o->ring[at].slot = slot;
    memcpy(o->ring[at].bytes, bytes, n);
    o->size[at] = (uint32_t)(sizeof o->ring[at].slot + n);
}

static void out_flush(struct process *p)
{
    struct outbox *o = &p->out;
    while (o->n > 0) {
        struct mmsghdr m[BATCH];
        struct iovec iov[BATCH];
        unsigned n = 0;
        for (; n < BATCH && n < o->n; n++) {
            unsigned at = (o->first + n) % CONNS;
            iov[n] = (struct iovec){&o->ring[at], o->size[at]};
            m[n] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[n], .msg_iovlen = 1}};
        }
        int sent = sendmmsg(o->fd, m, n, MSG_NOSIGNAL); /* blocks when the next one is behind */
        if (sent <= 0) {
            bench_die("sendmmsg");
        }
        o->first = (o->first + (unsigned)sent) % CONNS;
        o->n -= (unsigned)sent;
    }
}

static void in_read(struct process *p, int fd)
{
    struct mmsghdr m[BATCH];
    struct iovec iov[BATCH];
    for (unsigned i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){&p->scratch[i], sizeof p->scratch[i]};
        m[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[i], .msg_iovlen = 1}};
    }
    int n = recvmmsg(fd, m, BATCH, MSG_DONTWAIT, NULL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    for (int i = 0; i < n; i++) {
        if (m[i].msg_len <= sizeof p->scratch->slot) {
            exit(0); /* the one before has gone */
        }
        p->message(p, &p->scratch[i], m[i].msg_len - sizeof p->scratch->slot);
    }
}

/* --- front
 * ---------------------------------------------------------------------------------------- */

static void front_close(struct process *p, struct conn *c)
{
    close(c->fd);
    p->conns[c->slot] = NULL;
    p->free_slots[p->n_free++] = c->slot;
    free(c);
}

static void front_ready(struct process *p, struct conn *c)
{
    ssize_t got = recv(c->fd, &c->in[c->n], sizeof c->in - c->n, MSG_DONTWAIT);
    if (got <= 0) {
        front_close(p, c);
        return;
    }
    c->n += (size_t)got;
    if (bench_message(c->in, c->n) == c->n) {
        out_add(p, c->slot, c->in, c->n);
        c->n = 0;
    }
}

static void front_message(struct process *p, const struct message *m, size_t n)
{
    struct conn *c = p->conns[m->slot];
    if (c != NULL && !bench_write(c->fd, m->bytes, n)) {
        front_close(p, c);
    }
}

static void front_accept(struct process *p)
{
    int fd;
    while ((fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (p->n_free == 0) {
            close(fd);
            continue;
        }
        struct conn *c = take(1, sizeof *c);
        c->fd = fd;
        c->slot = p->free_slots[--p->n_free];
        p->conns[c->slot] = c;
        bench_nodelay(fd);
        bench_watch(p->epoll, fd, c);
    }
}

/* --- warden and audit
 * ------------------------------------------------------------------------------- */

static void pass_message(struct process *p, const struct message *m, size_t n)
{
    out_add(p, m->slot, m->bytes, n);
}

/* --- egress
 * ----------------------------------------------------------------------------------------- */

static void egress_message(struct process *p, const struct message *m, size_t n)
{
    struct conn *c = p->idle;
    if (c != NULL) {
        p->idle = c->next;
    } else {
        c = take(1, sizeof *c);
        c->fd = bench_connect(p->upstream_port);
        bench_watch(p->epoll, c->fd, c);
    }
    c->slot = m->slot;
    c->n = 0;
    if (!bench_write(c->fd, m->bytes, n)) {
        bench_die("upstream");
    }
}

static void egress_ready(struct process *p, struct conn *c)
{
    ssize_t got = recv(c->fd, &c->in[c->n], sizeof c->in - c->n, MSG_DONTWAIT);
    if (got <= 0) {
        exit(0); /* the upstream has gone, and the benchmark with it */
    }
    c->n += (size_t)got;
    if (bench_message(c->in, c->n) == c->n) {
        out_add(p, c->slot, c->in, c->n);
        c->next = p->idle;
        p->idle = c;
    }
}

/* --- the four
 * ----------------------------------------------------------------------------------------- */

_Noreturn static void process_run(struct process *p, int in, int out)
{
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    p->out.fd = out;
    p->out.ring = take(CONNS, sizeof *p->out.ring);
    p->scratch = take(BATCH, sizeof *p->scratch);
    bench_watch(p->epoll, in, &in_marker);
    if (p->listener >= 0) {
        bench_watch(p->epoll, p->listener, &listen_marker);
    }
    for (;;) {
        struct epoll_event ready[READY];
        int n = epoll_wait(p->epoll, ready, READY, -1);
        for (int i = 0; i < n; i++) {
            if (ready[i].data.ptr == &in_marker) {
                in_read(p, in);
            } else if (ready[i].data.ptr == &listen_marker) {
                front_accept(p);
            } else {
                p->ready(p, ready[i].data.ptr);
            }
        }
        out_flush(p);
    }
}

static struct process *process_new(void)
{
    struct process *p = take(1, sizeof *p);
    p->listener = -1;
    return p;
}

/* Forks one that reads `in` and writes `out`, and closes all other ends. */
static void process_fork(struct process *p, int pairs[4][2], int in, int out)
{
    pid_t pid = fork();
    if (pid < 0) {
        bench_die("fork");
    }
    if (pid != 0) {
        return;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 2; k++) {
            if (pairs[i][k] != in && pairs[i][k] != out) {
                close(pairs[i][k]);
            }
        }
    }
    process_run(p, in, out);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: floor PORT UPSTREAM_PORT\n");
        return 2;
    }
    int pairs[4][2]; /* [0] front→warden [1] warden→audit [2] audit→egress [3] egress→front */
    for (int i = 0; i < 4; i++) {
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pairs[i]) != 0) {
            bench_die("socketpair");
        }
    }
    struct process *p = process_new();
    p->message = pass_message;
    process_fork(p, pairs, pairs[0][1], pairs[1][0]);
    process_fork(p, pairs, pairs[1][1], pairs[2][0]);
    p->message = egress_message;
    p->ready = egress_ready;
    p->upstream_port = (uint16_t)strtoul(argv[2], NULL, 10);
    process_fork(p, pairs, pairs[2][1], pairs[3][0]);
    p->message = front_message;
    p->ready = front_ready;
    p->listener = bench_listen((uint16_t)strtoul(argv[1], NULL, 10));
    for (uint32_t i = CONNS; i > 0; i--) {
        p->free_slots[p->n_free++] = i - 1;
    }
    process_run(p, pairs[3][1], pairs[0][0]);
}
