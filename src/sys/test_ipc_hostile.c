#include "base/test.h"
#include "sys/fd.h"
#include "sys/ipc_link.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { CAP = 256 * 1024 };

/* A front and a warden at the two ends of a real pair; `raw` writes what no link would. */
struct pair {
    struct pst_link front, warden;
    struct pst_link_scratch *scratch;
    int raw;
    size_t got;
    uint64_t last;
    bool ordered;
    int taken; /* a descriptor that the handler took */
    size_t refuse_at;
    size_t lost; /* descriptors for which there was no room here */
    struct pst_buf tail;
};

static void open_pair(struct pair *p, enum pst_role left, enum pst_role right, size_t cap)
{
    int fds[2];
    struct pst_err err = {0};
    *p = (struct pair){.ordered = true, .taken = -1};
    p->scratch = malloc(sizeof *p->scratch);
    assert_non_null(p->scratch);
    assert_int_equal(pst_fd_pair(fds, 64 * 1024, &err), PST_OK);
    p->raw = fds[0];
    pst_link_init(&p->front, fds[0], left, right, 1, cap);
    pst_link_init(&p->warden, fds[1], right, left, 1, cap);
    pst_buf_init(&p->tail, PST_IPC_TAIL_MAX);
}

static void close_pair(struct pair *p)
{
    pst_link_release(&p->front);
    pst_link_release(&p->warden);
    pst_buf_release(&p->tail);
    if (p->taken >= 0) {
        close(p->taken);
    }
    free(p->scratch);
}

static enum pst_status handler(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct pair *p = ctx;
    uint64_t id;
    assert_true(link == &p->warden || link == &p->front);
    assert_int_equal((uintptr_t)m->fixed % 8, 0);
    memcpy(&id, m->fixed, sizeof id);
    p->ordered = p->ordered && id == p->last + 1;
    p->last = id;
    p->got++;
    pst_buf_clear(&p->tail);
    assert_true(pst_buf_add(&p->tail, m->tail));
    p->lost += m->fd_lost ? 1 : 0;
    assert_false(m->fd_lost && m->fd >= 0);
    if (m->fd >= 0 && p->taken < 0) {
        p->taken = pst_fd_take(&m->fd);
    }
    return p->refuse_at != 0 && p->got == p->refuse_at ? PST_ERR : PST_OK;
}

static enum pst_status read_some(struct pair *p, int rounds, bool *more, unsigned *violation)
{
    return pst_link_read(&p->warden, p->scratch, rounds, handler, p, more, violation);
}

static bool settle(struct pair *p, uint64_t id)
{
    struct pst_ipc_settle m = {.req = id};
    return PST_LINK_SEND(&p->front, SETTLE, &m);
}

/* A full socket is back-pressure, a full queue refuses; nothing is lost, doubled or out of order.
 */
static void test_back_pressure(void **state)
{
    (void)state;
    struct pair p;
    bool more;
    unsigned violation;
    uint64_t sent = 0;
    open_pair(&p, PST_ROLE_FRONT, PST_ROLE_WARDEN, CAP);
    while (settle(&p, sent + 1)) {
        sent++;
        if (sent % 50 == 0 && pst_link_flush(&p.front) == PST_AGAIN) {
            assert_true(p.front.blocked);
        }
        assert_true(sent < 100000);
    }
    assert_false(p.front.broken);
    assert_true(p.front.queue.n <= CAP);
    while (p.got < sent) {
        size_t before = p.got;
        assert_int_equal(read_some(&p, 2, &more, &violation), PST_OK);
        assert_true(p.got > before);
        assert_int_not_equal(pst_link_flush(&p.front), PST_ERR);
    }
    assert_int_equal(p.got, sent);
    assert_true(p.ordered);
    assert_int_equal(pst_link_flush(&p.front), PST_OK);
    assert_false(p.front.blocked);
    assert_true(settle(&p, sent + 1));
    close_pair(&p);
}

/* The longest message there is, with every byte of its tail. */
static void test_longest(void **state)
{
    (void)state;
    struct pair p;
    bool more;
    unsigned violation;
    uint8_t *tail = malloc(PST_IPC_TAIL_MAX);
    struct pst_ipc_propose m = {.req = 1};
    open_pair(&p, PST_ROLE_FRONT, PST_ROLE_WARDEN, CAP);
    assert_non_null(tail);
    for (size_t i = 0; i < PST_IPC_TAIL_MAX; i++) {
        tail[i] = (uint8_t)(i * 7);
    }
    assert_true(
        pst_link_send(&p.front, PST_IPC_PROPOSE, &m, pst_str_of(tail, PST_IPC_TAIL_MAX), -1));
    assert_int_equal(pst_link_flush(&p.front), PST_OK);
    assert_int_equal(read_some(&p, 1, &more, &violation), PST_OK);
    assert_int_equal(p.got, 1);
    assert_int_equal(p.tail.n, PST_IPC_TAIL_MAX);
    assert_memory_equal(p.tail.p, tail, PST_IPC_TAIL_MAX);
    free(tail);
    close_pair(&p);
}

static int open_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++) {
        n += fcntl(fd, F_GETFD) >= 0;
    }
    return n;
}

/* A descriptor arrives as the same file; what the handler leaves is closed; none is lost. */
static void test_descriptors(void **state)
{
    (void)state;
    struct pair p;
    bool more;
    unsigned violation;
    int before = open_descriptors();
    open_pair(&p, PST_ROLE_FRONT, PST_ROLE_EGRESS, CAP);
    struct pst_ipc_submit m = {.req = 1};
    struct stat a, b;
    assert_int_equal(stat("/dev/null", &a), 0);
    for (int i = 0; i < 40; i++) {
        int fd = i % 3 == 2 ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
        m.req = (uint64_t)i + 1;
        assert_true(pst_link_send(&p.front, PST_IPC_SUBMIT, &m, (struct pst_str){NULL, 0}, fd));
    }
    assert_int_equal(pst_link_flush(&p.front), PST_OK);
    assert_int_equal(read_some(&p, 10, &more, &violation), PST_OK);
    assert_int_equal(p.got, 40);
    assert_true(p.taken >= 0);
    assert_int_equal(fstat(p.taken, &b), 0);
    assert_int_equal(a.st_ino, b.st_ino);
    assert_int_equal(fcntl(p.taken, F_GETFD), FD_CLOEXEC);
    /* those in a queue that is never sent */
    for (int i = 0; i < 5; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        assert_true(pst_link_send(&p.front, PST_IPC_SUBMIT, &m, (struct pst_str){NULL, 0}, fd));
    }
    close_pair(&p);
    assert_int_equal(open_descriptors(), before);
}

/* The receiver may have `room` descriptors more and no others; returns the limit there was. */
static struct rlimit descriptors_bound(rlim_t room)
{
    struct rlimit before, few;
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(lowest >= 0);
    few = (struct rlimit){(rlim_t)lowest + room, before.rlim_max};
    close(lowest);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    return before;
}

/* No room for a descriptor is the receiver's trouble: what can do without it goes on and says so,
 * what cannot ends the link, and nobody broke the protocol. */
static void test_no_room_for_descriptors(void **state)
{
    (void)state;
    struct pair p;
    bool more;
    unsigned violation;
    struct pst_ipc_submit m = {0};
    for (unsigned room = 0; room < 3; room++) {
        open_pair(&p, PST_ROLE_FRONT, PST_ROLE_EGRESS, CAP);
        for (uint64_t i = 1; i <= 6; i++) {
            m.req = i;
            int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
            assert_true(pst_link_send(&p.front, PST_IPC_SUBMIT, &m, (struct pst_str){NULL, 0}, fd));
        }
        assert_int_equal(pst_link_flush(&p.front), PST_OK);
        struct rlimit before = descriptors_bound(room);
        enum pst_status status = read_some(&p, 4, &more, &violation);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(status, PST_OK);
        assert_int_equal(p.got, 6);
        assert_int_equal(p.lost, 6 - room);
        close_pair(&p);
    }
    struct pst_ipc_channel channel = {.role = PST_ROLE_WARDEN};
    open_pair(&p, PST_ROLE_SUPERVISOR, PST_ROLE_EGRESS, CAP);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(pst_link_send(&p.front, PST_IPC_CHANNEL, &channel, (struct pst_str){NULL, 0}, fd));
    assert_int_equal(pst_link_flush(&p.front), PST_OK);
    struct rlimit before = descriptors_bound(0);
    enum pst_status status = read_some(&p, 4, &more, &violation);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(status, PST_ERR);
    assert_int_equal(violation, 0);
    assert_int_equal(p.got, 0);
    close_pair(&p);
}

/* A refused send closes its descriptor too. */
static void test_refused_send(void **state)
{
    (void)state;
    struct pair p;
    int before = open_descriptors();
    open_pair(&p, PST_ROLE_FRONT, PST_ROLE_EGRESS, 200);
    struct pst_ipc_submit m = {.req = 1};
    unsigned refused = 0;
    for (int i = 0; i < 10; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        refused += !pst_link_send(&p.front, PST_IPC_SUBMIT, &m, (struct pst_str){NULL, 0}, fd);
    }
    assert_true(refused > 0 && refused < 10);
    p.front.broken = true;
    assert_false(pst_link_send(&p.front, PST_IPC_SUBMIT, &m, (struct pst_str){NULL, 0},
                               open("/dev/null", O_RDONLY | O_CLOEXEC)));
    assert_int_equal(pst_link_flush(&p.front), PST_ERR);
    close_pair(&p);
    assert_int_equal(open_descriptors(), before);
}

static void test_end(void **state)
{
    (void)state;
    struct pair p;
    bool more;
    unsigned violation = 9;
    open_pair(&p, PST_ROLE_FRONT, PST_ROLE_WARDEN, CAP);
    assert_true(settle(&p, 1));
    assert_int_equal(pst_link_flush(&p.front), PST_OK);
    pst_link_release(&p.front);
    assert_int_equal(p.front.fd, -1);
    assert_int_equal(read_some(&p, 4, &more, &violation), PST_ERR);
    assert_int_equal(p.got, 1); /* what was said before the end counts */
    assert_int_equal(violation, 0);
    assert_true(p.warden.broken);
    struct pst_ipc_admitted m = {.req = 1};
    assert_false(PST_LINK_SEND(&p.warden, ADMITTED, &m));
    pst_link_release(&p.front); /* twice, and none at all */
    pst_link_release(NULL);
    close_pair(&p);
}

static void test_end_while_sending(void **state)
{
    (void)state;
    struct pair p;
    open_pair(&p, PST_ROLE_FRONT, PST_ROLE_WARDEN, CAP);
    pst_link_release(&p.warden);
    assert_true(settle(&p, 1));
    assert_int_equal(pst_link_flush(&p.front), PST_ERR); /* and no SIGPIPE */
    assert_true(p.front.broken);
    assert_int_equal(p.front.queued, 0);
    close_pair(&p);
}

static bool raw_send(int to, const void *bytes, size_t n, const int *fds, size_t n_fds)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } space = {0};
    union {
        const void *in;
        void *out;
    } cast = {.in = bytes};
    struct iovec iov = {cast.out, n};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (n_fds > 0) {
        m.msg_control = space.bytes;
        m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
        cm->cmsg_level = SOL_SOCKET;
        cm->cmsg_type = SCM_RIGHTS;
        cm->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
        memcpy(CMSG_DATA(cm), fds, n_fds * sizeof(int));
    }
    return sendmsg(to, &m, MSG_NOSIGNAL) == (ssize_t)n;
}

/* Whatever is wrong with a message: nothing behind it is handled, its descriptors are closed. */
static void violate(const void *bytes, size_t n, size_t n_fds, size_t handled)
{
    struct pair p;
    bool more;
    unsigned violation = 0;
    int before = open_descriptors();
    open_pair(&p, PST_ROLE_FRONT, PST_ROLE_EGRESS, CAP);
    int fds[4];
    for (size_t i = 0; i < PST_LEN(fds); i++) {
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    struct pst_ipc_credit good = {.req = 1};
    assert_true(PST_LINK_SEND(&p.front, CREDIT, &good));
    assert_int_equal(pst_link_flush(&p.front), PST_OK);
    assert_true(raw_send(p.raw, bytes, n, fds, n_fds));
    good.req = 2;
    assert_true(PST_LINK_SEND(&p.front, CREDIT, &good));
    assert_int_equal(pst_link_flush(&p.front), PST_OK);
    assert_int_equal(read_some(&p, 4, &more, &violation), PST_ERR);
    assert_int_equal(violation, UINT16_MAX);
    assert_int_equal(p.got, handled);
    assert_true(p.warden.broken);
    for (size_t i = 0; i < PST_LEN(fds); i++) {
        close(fds[i]);
    }
    close_pair(&p);
    assert_int_equal(open_descriptors(), before);
}

static void test_violations(void **state)
{
    (void)state;
    static uint8_t bytes[PST_IPC_MESSAGE_MAX + 100];
    struct pst_ipc_head head = {.type = PST_IPC_CREDIT};
    size_t whole = sizeof head + sizeof(struct pst_ipc_credit);
    memcpy(bytes, &head, sizeof head);
    violate(bytes, 1, 0, 1);
    violate(bytes, whole - 1, 0, 1);
    violate(bytes, whole + 1, 0, 2);    /* a good one, and a byte of another */
    violate(bytes, sizeof bytes, 0, 1); /* longer than the scratch: cut, and noticed */
    violate(bytes, whole, 1, 1);        /* a descriptor where none belongs */
    head.type = PST_IPC_RELEASED;       /* not a front's to say */
    memcpy(bytes, &head, sizeof head);
    violate(bytes, sizeof head + sizeof(struct pst_ipc_released), 0, 1);
    head.type = PST_IPC_SUBMIT;
    memcpy(bytes, &head, sizeof head);
    violate(bytes, sizeof head + sizeof(struct pst_ipc_submit), 2, 1);
    violate(bytes, sizeof head + sizeof(struct pst_ipc_submit), 3, 1);
    violate(bytes, sizeof head + sizeof(struct pst_ipc_submit), 4, 1);
}

/* The handler refuses: its type is named, and what came with it is not handled any more. */
static void test_refused_by_handler(void **state)
{
    (void)state;
    struct pair p;
    bool more;
    unsigned violation;
    open_pair(&p, PST_ROLE_FRONT, PST_ROLE_WARDEN, CAP);
    for (uint64_t i = 1; i <= 10; i++) {
        assert_true(settle(&p, i));
    }
    assert_int_equal(pst_link_flush(&p.front), PST_OK);
    p.refuse_at = 4;
    assert_int_equal(read_some(&p, 4, &more, &violation), PST_ERR);
    assert_int_equal(violation, PST_IPC_SETTLE);
    assert_int_equal(p.got, 4);
    close_pair(&p);
}

/* An empty message is no end: a peer that lives and sends one is at fault. */
static void test_empty_message(void **state)
{
    (void)state;
    violate("", 0, 0, 1);
    violate("", 0, 1, 1); /* and its descriptor is not kept */
    violate("", 0, 3, 1);
}

/* What the table does not allow is a bug of the sender, and ends it. */
static void test_wrong_sender(void **state)
{
    (void)state;
    struct pair p;
    open_pair(&p, PST_ROLE_FRONT, PST_ROLE_WARDEN, CAP);
    struct pst_ipc_admitted m = {.req = 1};
    struct pst_ipc_tool t = {.req = 1};
    assert_dies((void)PST_LINK_SEND(&p.front, ADMITTED, &m));
    assert_dies((void)pst_link_send(&p.front, PST_IPC_TOOL, &t, PST_STR("tail"), -1));
    assert_dies((void)pst_link_send(&p.front, PST_IPC_COUNT, &t, (struct pst_str){NULL, 0}, -1));
    close_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {

        cmocka_unit_test(test_back_pressure),      cmocka_unit_test(test_longest),
        cmocka_unit_test(test_descriptors),        cmocka_unit_test(test_no_room_for_descriptors),
        cmocka_unit_test(test_refused_send),       cmocka_unit_test(test_end),
        cmocka_unit_test(test_end_while_sending),  cmocka_unit_test(test_violations),
        cmocka_unit_test(test_refused_by_handler), cmocka_unit_test(test_empty_message),
        cmocka_unit_test(test_wrong_sender),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
