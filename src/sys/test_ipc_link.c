#include "sys/ipc_link.h"

#include "base/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { SEEN = 512, CAP = 4 * 1024 * 1024 };

/* Two ends, and what the second has got. */
struct pair {
    struct pst_link a, b; /* a: supervisor, b: front */
    struct pst_link_scratch *scratch;
    uint64_t seen[SEEN];
    size_t n_seen, fds;
    uint64_t refuse; /* the number that the handler calls a violation */
    unsigned violation;
};

static void pair_open(struct pair *p)
{
    int fds[2];
    *p = (struct pair){.refuse = UINT64_MAX};
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    pst_link_init(&p->a, fds[0], PST_ROLE_SUPERVISOR, PST_ROLE_FRONT, 1, CAP);
    pst_link_init(&p->b, fds[1], PST_ROLE_FRONT, PST_ROLE_SUPERVISOR, 0, CAP);
    p->scratch = malloc(sizeof *p->scratch);
    assert_non_null(p->scratch);
}

static void pair_close(struct pair *p)
{
    pst_link_release(&p->a);
    pst_link_release(&p->b);
    free(p->scratch);
}

static bool ping(struct pair *p, uint64_t n)
{
    struct pst_ipc_ping m = {.n = n};
    return PST_LINK_SEND(&p->a, PING, &m);
}

static enum pst_status on_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct pair *p = ctx;
    uint64_t n = 0;
    (void)link;
    memcpy(&n, m->fixed, m->type == PST_IPC_GRANT ? 4 : sizeof n);
    assert_true(p->n_seen < SEEN);
    p->seen[p->n_seen++] = n;
    p->fds += m->fd >= 0 ? 1 : 0;
    assert_int_equal(m->fd >= 0, m->type == PST_IPC_GRANT);
    return n == p->refuse ? PST_ERR : PST_OK;
}

static enum pst_status read_all(struct pair *p)
{
    bool more = true;
    enum pst_status status = PST_OK;
    while (status == PST_OK && more) {
        status = pst_link_read(&p->b, p->scratch, 4, on_message, p, &more, &p->violation);
    }
    return status;
}

static void assert_seen(const struct pair *p, size_t n)
{
    assert_int_equal(p->n_seen, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(p->seen[i], i);
    }
}

/* --- packets ------------------------------------------------------------------------------------
 */

static size_t packets_waiting(struct pair *p)
{
    uint8_t bytes[512];
    size_t n = 0;
    while (recv(p->b.fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC) > 0) {
        n++;
    }
    return n;
}

static void test_share(void **state)
{
    struct pair p;
    (void)state;
    pair_open(&p);
    for (uint64_t i = 0; i < 2 * PST_LINK_MESSAGES + 1; i++) {
        assert_true(ping(&p, i));
    }
    assert_int_equal(p.a.queued, 2 * PST_LINK_MESSAGES + 1);
    assert_int_equal(pst_link_flush(&p.a), PST_OK);
    assert_int_equal(p.a.queued, 0);
    assert_int_equal(packets_waiting(&p), 3);
    pair_close(&p);
}

static void test_order(void **state)
{
    struct pair p;
    (void)state;
    pair_open(&p);
    for (uint64_t i = 0; i < 300; i++) {
        if (i % 50 == 25) {
            struct pst_ipc_grant m = {.what = (uint32_t)i};
            assert_true(pst_link_send(&p.a, PST_IPC_GRANT, &m, (struct pst_str){NULL, 0},
                                      open("/dev/null", O_RDONLY | O_CLOEXEC)));
        } else {
            assert_true(ping(&p, i));
        }
    }
    assert_int_equal(pst_link_flush(&p.a), PST_OK);
    assert_int_equal(read_all(&p), PST_OK);
    assert_seen(&p, 300);
    assert_int_equal(p.fds, 6);
    pair_close(&p);
}

/* Messages with long tails fill a packet by bytes; the largest goes alone. */
static void test_large(void **state)
{
    static uint8_t tail[PST_IPC_TAIL_MAX];
    struct pair p;
    (void)state;
    pair_open(&p);
    pst_link_release(&p.a);
    pst_link_release(&p.b);
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    pst_link_init(&p.a, fds[0], PST_ROLE_FRONT, PST_ROLE_EGRESS, 0, CAP);
    pst_link_init(&p.b, fds[1], PST_ROLE_EGRESS, PST_ROLE_FRONT, 1, CAP);
    static const size_t sizes[] = {0, 2048, 32768, 2048, 15000, 15000, 1, 15360, 0};
    for (uint64_t i = 0; i < PST_LEN(sizes); i++) {
        struct pst_ipc_submit m = {.req = i, .body_bytes = sizes[i]};
        assert_true(
            pst_link_send(&p.a, PST_IPC_SUBMIT, &m, pst_str_of(tail, sizes[i]), /* fd= */ -1));
    }
    enum pst_status status;
    do {
        status = pst_link_flush(&p.a);
        assert_int_not_equal(status, PST_ERR);
        assert_int_equal(read_all(&p), PST_OK);
    } while (status == PST_AGAIN);
    assert_seen(&p, PST_LEN(sizes));
    pair_close(&p);
}

static void test_back_pressure(void **state)
{
    struct pair p;
    uint64_t sent = 0;
    (void)state;
    pair_open(&p);
    int small = 4096;
    assert_int_equal(setsockopt(p.a.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    while (sent < SEEN - 1) {
        assert_true(ping(&p, sent++));
        if (pst_link_flush(&p.a) == PST_AGAIN) {
            break;
        }
    }
    assert_true(p.a.blocked && p.a.queued > 0 && sent < SEEN - 1);
    assert_true(ping(&p, sent++)); /* joins the packet that waits */
    while (p.a.queued > 0) {
        assert_int_equal(read_all(&p), PST_OK);
        assert_int_not_equal(pst_link_flush(&p.a), PST_ERR);
    }
    assert_int_equal(read_all(&p), PST_OK);
    assert_seen(&p, sent);
    pair_close(&p);
}

static void test_full(void **state)
{
    struct pair p;
    (void)state;
    pair_open(&p);
    pst_buf_release(&p.a.queue);
    pst_buf_init(&p.a.queue, 40); /* two and a half pings */
    assert_true(ping(&p, 0) && ping(&p, 1));
    assert_false(ping(&p, 9));
    assert_int_equal(pst_link_flush(&p.a), PST_OK);
    assert_int_equal(read_all(&p), PST_OK);
    assert_seen(&p, 2);
    pair_close(&p);
}

/* --- hostile packets ----------------------------------------------------------------------------
 */

struct raw {
    uint8_t bytes[PST_IPC_MESSAGE_MAX];
    size_t n;
};

static void raw_add(struct raw *r, unsigned type, uint32_t tail_n, uint64_t number, size_t total)
{
    struct pst_ipc_head head = {.type = (uint16_t)type, .tail_n = tail_n};
    uint8_t message[sizeof head + sizeof number];
    memcpy(message, &head, sizeof head);
    memcpy(&message[sizeof head], &number, sizeof number);
    assert_true(r->n + total <= sizeof r->bytes);
    memset(&r->bytes[r->n], 0, total);
    memcpy(&r->bytes[r->n], message, total < sizeof message ? total : sizeof message);
    r->n += total;
}

static void raw_send(struct pair *p, const struct raw *r, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } space = {0};
    struct iovec iov = {.iov_len = r->n};
    memcpy(&iov.iov_base, &(const void *){r->bytes}, sizeof iov.iov_base);
    struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        h.msg_control = space.bytes;
        h.msg_controllen = sizeof space.bytes;
        struct cmsghdr *cm = CMSG_FIRSTHDR(&h);
        *cm = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
        memcpy(CMSG_DATA(cm), &fd, sizeof fd);
    }
    assert_int_equal(sendmsg(p->a.fd, &h, 0), r->n);
}

/* Sends the packet; the reader must refuse it after `good` messages. */
static void refused(const struct raw *r, int fd, size_t good)
{
    struct pair p;
    pair_open(&p);
    raw_send(&p, r, fd);
    assert_int_equal(read_all(&p), PST_ERR);
    assert_int_equal(p.violation, UINT16_MAX);
    assert_true(p.b.broken);
    assert_seen(&p, good);
    pair_close(&p);
}

static void test_hostile(void **state)
{
    static struct raw r;
    (void)state;
    r.n = 0; /* something behind the last message */
    raw_add(&r, PST_IPC_PING, 0, 0, 16);
    raw_add(&r, PST_IPC_PING, 0, 1, 7);
    refused(&r, -1, 1);
    r.n = 16; /* the second is cut short */
    raw_add(&r, PST_IPC_PING, 0, 1, 15);
    refused(&r, -1, 1);
    r.n = 16; /* of a type that does not exist */
    raw_add(&r, PST_IPC_COUNT, 0, 1, 16);
    refused(&r, -1, 1);
    r.n = 16; /* that this peer may not send */
    raw_add(&r, PST_IPC_PONG, 0, 1, 16);
    refused(&r, -1, 1);
    r.n = 16; /* with a tail that it may not have */
    raw_add(&r, PST_IPC_PING, 8, 1, 24);
    refused(&r, -1, 1);
    r.n = 16; /* whose length overflows */
    raw_add(&r, PST_IPC_PING, UINT32_MAX, 1, 16);
    refused(&r, -1, 1);
    r.n = 0; /* more messages than a packet holds */
    for (uint64_t i = 0; i < PST_LINK_MESSAGES + 1; i++) {
        raw_add(&r, PST_IPC_PING, 0, i, 16);
    }
    refused(&r, -1, PST_LINK_MESSAGES);
    r.n = 4; /* not even a head */
    refused(&r, -1, 0);
}

static void test_hostile_fd(void **state)
{
    static struct raw r;
    (void)state;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    r.n = 0; /* a descriptor that belongs to nobody */
    raw_add(&r, PST_IPC_PING, 0, 0, 16);
    refused(&r, fd, 0);
    raw_add(&r, PST_IPC_PING, 0, 1, 16);
    refused(&r, fd, 0);
    r.n = 0; /* one that two messages could mean */
    raw_add(&r, PST_IPC_GRANT, 0, 0, 16);
    raw_add(&r, PST_IPC_GRANT, 0, 1, 16);
    refused(&r, fd, 0);
    r.n = 16; /* one that is missing */
    refused(&r, -1, 0);
    assert_int_equal(close(fd), 0);
}

/* Larger than messages may be together, though each is right. */
static void test_hostile_size(void **state)
{
    static struct raw r;
    struct pair p;
    (void)state;
    pair_open(&p);
    pst_link_release(&p.b);
    pst_link_release(&p.a);
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    pst_link_init(&p.a, fds[0], PST_ROLE_FRONT, PST_ROLE_EGRESS, 0, CAP);
    pst_link_init(&p.b, fds[1], PST_ROLE_EGRESS, PST_ROLE_FRONT, 1, CAP);
    uint32_t half = PST_LINK_PACKET / 2;
    r.n = 0;
    for (uint64_t i = 0; i < 2; i++) {
        raw_add(&r, PST_IPC_SUBMIT, half, i, 8 + sizeof(struct pst_ipc_submit) + half);
    }
    raw_send(&p, &r, -1);
    assert_int_equal(read_all(&p), PST_ERR);
    assert_seen(&p, 0);
    pair_close(&p);
}

static void test_refused_inside(void **state)
{
    struct pair p;
    (void)state;
    pair_open(&p);
    p.refuse = 3;
    for (uint64_t i = 0; i < 10; i++) {
        assert_true(ping(&p, i));
    }
    assert_int_equal(pst_link_flush(&p.a), PST_OK);
    assert_int_equal(read_all(&p), PST_ERR);
    assert_int_equal(p.violation, PST_IPC_PING);
    assert_seen(&p, 4);
    pair_close(&p);
}

static void test_end(void **state)
{
    struct pair p;
    (void)state;
    pair_open(&p);
    assert_true(ping(&p, 0));
    assert_int_equal(pst_link_flush(&p.a), PST_OK);
    pst_link_release(&p.a);
    assert_int_equal(read_all(&p), PST_ERR);
    assert_int_equal(p.violation, 0);
    assert_seen(&p, 1);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share),          cmocka_unit_test(test_order),
        cmocka_unit_test(test_large),          cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_full),           cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_hostile_fd),     cmocka_unit_test(test_hostile_size),
        cmocka_unit_test(test_refused_inside), cmocka_unit_test(test_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
