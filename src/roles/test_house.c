/* A role's place in the house, driven from the outside: this test is the supervisor and the
 * neighbours, a child process is the role. The sandbox is off: the role is a small one of its own.
 */
#include "base/test.h"
#include "roles/house.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>

enum { WAIT_MS = 10000, CAP = 256 * 1024 };

/* --- the role: answers ADMIT with ADMITTED; accuses whoever settles ----------------------------
 */

static enum pst_status on_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct pst_house *house = ctx;
    if (m->type == PST_IPC_ADMIT) {
        const struct pst_ipc_admit *a = m->fixed;
        struct pst_ipc_admitted out = {.req = a->req};
        (void)PST_LINK_SEND(link, ADMITTED, &out);
        return PST_OK;
    }
    if (m->type == PST_IPC_SETTLE) {
        const struct pst_ipc_settle *s = m->fixed;
        pst_house_accuse(house, link, PST_E_DIGEST_MISMATCH, s->req);
        return PST_OK;
    }
    return PST_ERR;
}

static void on_peer_lost(void *user, struct pst_link *link)
{
    struct pst_house *house = user;
    pst_house_count(house, PST_METRIC_aborted_total, 1);
    (void)link;
}

static void role_run(int control)
{
    static const struct pst_house_ops ops = {.message = on_message, .peer_lost = on_peer_lost};
    struct pst_house *house = calloc(1, sizeof *house);
    if (house == NULL || dup2(control, PST_HOUSE_CONTROL_FD) < 0) {
        _exit(9);
    }
    for (int fd = PST_HOUSE_CONTROL_FD + 1; fd < 64; fd++) {
        (void)close(fd);
    }
    if (freopen("/dev/null", "w", stderr) == NULL) {
        _exit(9);
    }
    _exit(pst_house_run(house, PST_ROLE_WARDEN, 0, &ops, house));
}

/* --- the outside --------------------------------------------------------------------------------
 */

struct outside {
    pid_t pid;
    struct pst_link control, front[2];
    struct pst_link_scratch *scratch;
    uint64_t admitted;
    struct pst_ipc_violation violation;
    struct pst_ipc_pong pong;
    uint64_t aborted;
    bool ready;
};

static enum pst_status take(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct outside *o = ctx;
    (void)link;
    if (m->type == PST_IPC_ADMITTED) {
        memcpy(&o->admitted, m->fixed, sizeof o->admitted);
    } else if (m->type == PST_IPC_VIOLATION) {
        memcpy(&o->violation, m->fixed, sizeof o->violation);
    } else if (m->type == PST_IPC_PONG) {
        memcpy(&o->pong, m->fixed, sizeof o->pong);
        memcpy(&o->aborted, &m->tail.p[PST_METRIC_aborted_total * sizeof o->aborted],
               sizeof o->aborted);
    } else if (m->type == PST_IPC_READY) {
        o->ready = true;
    }
    return PST_OK;
}

/* Reads from a link until something comes; false at its end. */
static bool hear(struct outside *o, struct pst_link *link)
{
    struct pollfd p = {.fd = link->fd, .events = POLLIN};
    bool more;
    unsigned violation;
    assert_int_equal(poll(&p, 1, WAIT_MS), 1);
    return pst_link_read(link, o->scratch, 4, take, o, &more, &violation) == PST_OK;
}

static void send_all(struct pst_link *link)
{
    struct pollfd p = {.fd = link->fd, .events = POLLOUT};
    while (pst_link_flush(link) == PST_AGAIN) {
        assert_int_equal(poll(&p, 1, WAIT_MS), 1);
    }
    assert_false(link->broken);
}

static void channel(struct outside *o, unsigned index, uint8_t role)
{
    int pair[2];
    struct pst_err err = {0};
    struct pst_ipc_channel m = {.role = role, .index = (uint8_t)index};
    assert_int_equal(pst_fd_pair(pair, 64 * 1024, &err), PST_OK);
    pst_link_init(&o->front[index], pair[0], PST_ROLE_FRONT, PST_ROLE_WARDEN, 0, CAP);
    assert_true(
        pst_link_send(&o->control, PST_IPC_CHANNEL, &m, (struct pst_str){NULL, 0}, pair[1]));
    send_all(&o->control);
}

static void begin(struct outside *o)
{
    int pair[2];
    struct pst_err err = {0};
    *o = (struct outside){.front = {{.fd = -1}, {.fd = -1}}};
    o->scratch = malloc(sizeof *o->scratch);
    assert_non_null(o->scratch);
    assert_int_equal(pst_fd_pair(pair, 64 * 1024, &err), PST_OK);
    fflush(NULL);
    o->pid = fork();
    assert_true(o->pid >= 0);
    if (o->pid == 0) {
        (void)close(pair[0]);
        role_run(pair[1]);
    }
    (void)close(pair[1]);
    pst_link_init(&o->control, pair[0], PST_ROLE_SUPERVISOR, PST_ROLE_WARDEN, 0, CAP);
    channel(o, 0, PST_ROLE_FRONT);
    channel(o, 1, PST_ROLE_FRONT);
    struct pst_ipc_go go = {.generation = 1, .sandbox = PST_SANDBOX_OFF, .uid = 0};
    assert_true(PST_LINK_SEND(&o->control, GO, &go));
    send_all(&o->control);
    while (!o->ready) {
        assert_true(hear(o, &o->control));
    }
}

static int end(struct outside *o)
{
    int status = -1;
    pst_link_release(&o->control);
    assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
    pst_link_release(&o->front[0]);
    pst_link_release(&o->front[1]);
    free(o->scratch);
    return status;
}

static void ping(struct outside *o, uint64_t n)
{
    struct pst_ipc_ping m = {.n = n};
    assert_true(PST_LINK_SEND(&o->control, PING, &m));
    send_all(&o->control);
    while (o->pong.n != n) {
        assert_true(hear(o, &o->control));
    }
}

static void admit(struct outside *o, unsigned front, uint64_t req)
{
    struct pst_ipc_admit m = {.req = req};
    assert_true(PST_LINK_SEND(&o->front[front], ADMIT, &m));
    send_all(&o->front[front]);
    assert_true(hear(o, &o->front[front]));
    assert_int_equal(o->admitted, req);
}

static void test_life(void **state)
{
    (void)state;
    struct outside o;
    begin(&o);
    ping(&o, 7);
    admit(&o, 0, 1);
    admit(&o, 1, 2);
    assert_int_equal(o.violation.code, PST_E_NONE);
    struct pst_ipc_stopping m = {0};
    assert_true(PST_LINK_SEND(&o.control, STOPPING, &m));
    send_all(&o.control);
    assert_false(hear(&o, &o.control)); /* its end */
    assert_int_equal(end(&o), 0);
}

/* Without a supervisor there is nothing to be a part of. */
static void test_supervisor_gone(void **state)
{
    (void)state;
    struct outside o;
    begin(&o);
    assert_int_equal(end(&o), 0); /* the control socket is closed first: it ends by itself */
}

static void wait_accused(struct outside *o)
{
    while (o->violation.code == PST_E_NONE) {
        assert_true(hear(o, &o->control));
    }
}

/* A message that is not of the table: reported with the role and index of who sent it; the others
 * go on. */
static void test_violation(void **state)
{
    (void)state;
    struct outside o;
    begin(&o);
    assert_int_equal(write(o.front[1].fd, "garbage", 7), 7);
    wait_accused(&o);
    assert_int_equal(o.violation.code, PST_E_PROTOCOL_VIOLATION);
    assert_int_equal(o.violation.role, PST_ROLE_FRONT);
    assert_int_equal(o.violation.index, 1);
    assert_int_equal(o.violation.type, UINT16_MAX);
    assert_false(hear(&o, &o.front[1])); /* it is not listened to any more */
    admit(&o, 0, 3);
    ping(&o, 1);
    assert_int_equal(o.aborted, 1); /* peer_lost ran once */
    (void)end(&o);
}

static void test_accused(void **state)
{
    (void)state;
    struct outside o;
    begin(&o);
    struct pst_ipc_settle m = {.req = 77};
    assert_true(PST_LINK_SEND(&o.front[0], SETTLE, &m));
    send_all(&o.front[0]);
    wait_accused(&o);
    assert_int_equal(o.violation.code, PST_E_DIGEST_MISMATCH);
    assert_int_equal(o.violation.req, 77);
    assert_int_equal(o.violation.index, 0);
    assert_false(hear(&o, &o.front[0]));
    admit(&o, 1, 4);
    (void)end(&o);
}

/* A peer that has been restarted gets a new channel in place of its old one. */
static void test_replaced(void **state)
{
    (void)state;
    struct outside o;
    begin(&o);
    admit(&o, 0, 1);
    struct pst_link old = o.front[0];
    channel(&o, 0, PST_ROLE_FRONT);
    admit(&o, 0, 2);
    assert_false(hear(&o, &old));
    pst_link_release(&old);
    ping(&o, 1);
    assert_int_equal(o.aborted, 1);
    (void)end(&o);
}

static void test_many_channels(void **state)
{
    (void)state;
    struct outside o;
    begin(&o);
    for (int i = 0; i < 200; i++) {
        pst_link_release(&o.front[0]);
        channel(&o, 0, PST_ROLE_FRONT);
    }
    admit(&o, 0, 1);
    admit(&o, 1, 2);
    (void)end(&o);
}

/* Ids of a process that takes another's place are above all that it can have given. */
static void test_ids(void **state)
{
    (void)state;
    const int64_t now = 1800000000000000000;
    assert_int_equal(pst_id_first(3, now) >> 56, 3);
    assert_true(pst_id_first(3, now + 1000000) - pst_id_first(3, now) == 65536);
    assert_true(pst_id_first(3, now) + 65535 < pst_id_first(3, now + 1000000));
    assert_int_equal(pst_id_first(16, 0), (uint64_t)16 << 56); /* a clock before 2026 */
    assert_int_equal(pst_id_first(255, INT64_MAX) >> 56, 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_life),      cmocka_unit_test(test_supervisor_gone),
        cmocka_unit_test(test_violation), cmocka_unit_test(test_accused),
        cmocka_unit_test(test_replaced),  cmocka_unit_test(test_many_channels),
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
