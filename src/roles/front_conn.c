#include "roles/front.h"

#include "sys/fd.h"

#include <stdlib.h>
#include <sys/socket.h>

enum {
    IN_CAP = 2 * PST_FRONT_READ,
    OUT_CAP = 64 * 1024 * 1024, /* never near: credit bounds what an egress may send */
    ARENA_FIRST = 32 * 1024,
    ACCEPT_BATCH = 32,
    ACCEPT_PAUSE_MS = 100,
    DRAIN_MS = 2000,
};

static void conn_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user);
static void conn_timeout(struct pst_loop *loop, void *user);
static void write_timeout(struct pst_loop *loop, void *user);
static void conn_parse(struct pst_front_conn *c);

static uint64_t limit(const struct pst_front *f, enum pst_limit which)
{
    return f->config->image->limits.v[which];
}

/* --- life ------------------------------------------------------------------------------------- */

static void conn_free(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct pst_front_conn *c = user;
    pst_arena_release(&c->arena);
    pst_buf_release(&c->in);
    pst_buf_release(&c->out);
    pst_buf_release(&c->request.body);
    pst_buf_release(&c->request.guarded);
    pst_buf_release(&c->request.held);
    free(c);
}

void pst_front_conn_close(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    if (c->dead) {
        return;
    }
    c->dead = true;
    pst_front_request_abandon(&c->request, c->request.outcome != PST_E_NONE ? c->request.outcome
                                                                            : PST_E_CLIENT_CLOSED);
    *(c->prev != NULL ? &c->prev->next : &f->conns) = c->next;
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
    f->n_conns--;
    pst_unwatch(f->house.loop, &c->watch);
    pst_timer_cancel(f->house.loop, &c->timer);
    pst_timer_cancel(f->house.loop, &c->write_timer);
    pst_loop_later_cancel(f->house.loop, &c->resume);
    pst_loop_later_cancel(f->house.loop, &c->work);
    pst_fd_close(&c->fd);
    pst_house_count(&f->house, PST_METRIC_connections_open, -1);
    pst_loop_later(f->house.loop, &c->later, conn_free, c);
}

static size_t conns_of(const struct pst_front *f, const char *address)
{
    size_t n = 0;
    for (const struct pst_front_conn *c = f->conns; c != NULL; c = c->next) {
        n += strcmp(c->address, address) == 0 ? 1 : 0;
    }
    return n;
}

static void parser_init(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    const struct pst_h1_limits limits = {
        .line_bytes = (uint32_t)limit(f, PST_LIMIT_request_line_bytes),
        .head_bytes = (uint32_t)limit(f, PST_LIMIT_header_bytes),
        .header_bytes = (uint32_t)limit(f, PST_LIMIT_header_bytes),
        .headers = (uint32_t)limit(f, PST_LIMIT_header_count),
        .chunks = 1024 * 1024,
        .body_bytes = pst_limit_row(PST_LIMIT_body_bytes)->hard, /* the head is wanted first */
    };
    pst_arena_init(&c->arena, ARENA_FIRST, (size_t)limit(f, PST_LIMIT_request_arena_bytes));
    pst_h1_init(&c->parser, PST_H1_REQUEST, &limits, &c->arena);
}

static bool conn_add(struct pst_front_listener *l, int fd, const struct pst_addr *peer)
{
    struct pst_front *f = l->front;
    struct pst_err err = {0};
    struct pst_front_conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return false;
    }
    c->front = f;
    c->fd = fd;
    c->kind = l->kind;
    c->peer_uid = UINT32_MAX;
    if (l->kind == PST_LISTEN_ADMIN_UNIX) {
        struct pst_peer who;
        pst_str_cut_c(PST_STR("local"), c->address, sizeof c->address);
        if (pst_fd_peer(fd, &who, &err) != PST_OK) {
            free(c);
            return false;
        }
        c->peer_uid = who.uid;
    } else {
        pst_addr_ip_text(peer, c->address);
    }
    if (f->n_conns >= limit(f, PST_LIMIT_connections) ||
        conns_of(f, c->address) >= limit(f, PST_LIMIT_connections_per_address) ||
        pst_watch(f->house.loop, fd, PST_READ | PST_CLOSED, conn_ready, c, &c->watch, &err) !=
            PST_OK) {
        pst_house_count(&f->house, PST_METRIC_connections_refused_total, 1);
        free(c);
        return false;
    }
    c->next = f->conns;
    if (f->conns != NULL) {
        f->conns->prev = c;
    }
    f->conns = c;
    f->n_conns++;
    parser_init(c);
    pst_buf_init(&c->in, IN_CAP);
    pst_buf_init(&c->out, OUT_CAP);
    pst_buf_init(&c->request.body, 0); /* their caps come with the configuration of a request */
    pst_buf_init(&c->request.guarded, 0);
    pst_buf_init(&c->request.held, 4 * PST_IPC_WINDOW);
    pst_front_request_begin(c);
    pst_house_timer(&f->house, &c->timer, limit(f, PST_LIMIT_idle_ms), conn_timeout, c);
    pst_house_count(&f->house, PST_METRIC_connections_open, 1);
    pst_house_count(&f->house, PST_METRIC_connections_total, 1);
    return true;
}

static void accept_again(struct pst_loop *loop, void *user)
{
    struct pst_front *f = user;
    for (size_t i = 0; i < f->n_listeners; i++) {
        pst_watch_set(loop, f->listeners[i].watch, PST_READ);
    }
}

void pst_front_accept(struct pst_front_listener *l)
{
    struct pst_front *f = l->front;
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        struct pst_addr peer = {0};
        struct pst_err err = {0};
        int fd = -1;
        enum pst_status status = pst_net_accept(l->fd, &fd, &peer, &err);
        if (status == PST_AGAIN) {
            return;
        }
        if (status != PST_OK) { /* out of descriptors: let others finish first */
            for (size_t k = 0; k < f->n_listeners; k++) {
                pst_watch_set(f->house.loop, f->listeners[k].watch, 0);
            }
            pst_house_timer(&f->house, &f->accept_timer, ACCEPT_PAUSE_MS, accept_again, f);
            return;
        }
        if (l->kind != PST_LISTEN_ADMIN_UNIX && pst_net_nodelay(fd, &err) != PST_OK) {
            pst_fd_close(&fd);
            continue;
        }
        if (!conn_add(l, fd, &peer)) {
            pst_fd_close(&fd);
        }
    }
}

/* --- sending ---------------------------------------------------------------------------------- */

static void interest(struct pst_front_conn *c)
{
    unsigned want = PST_CLOSED |
                    (c->out.n > 0 ? PST_WRITE : 0U); /* always: a change costs a call */
    bool wants_body = c->busy && !c->request.body_ended && c->request.asking != PST_FRONT_ADMITTING;
    bool draining = c->closing && c->out.n == 0;
    if (draining || ((!c->busy || wants_body) && !c->closing && c->in.n < PST_FRONT_READ)) {
        want |= PST_READ;
    }
    pst_watch_set(c->front->house.loop, c->watch, want);
}

static void conn_send(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    struct pst_err err = {0};
    while (c->out.n > 0) {
        size_t n = 0;
        enum pst_status status = pst_fd_write(c->fd, pst_buf_str(&c->out), &n, &err);
        if (status == PST_AGAIN) {
            break;
        }
        if (status != PST_OK) {
            pst_front_conn_close(c);
            return;
        }
        pst_buf_consume(&c->out, n);
        c->progress_ms = pst_loop_now_ms(f->house.loop);
        pst_house_count(&f->house, PST_METRIC_bytes_out_total, (int64_t)n);
    }
    pst_front_answer_credit(&c->request);
    if (c->out.n == 0 && c->closing && !c->last_word) {
        /* What the client still sends is thrown away for a moment, so that the last word is not
         * lost in a reset. */
        c->last_word = true;
        (void)shutdown(c->fd, SHUT_WR);
        pst_house_timer(&f->house, &c->timer, DRAIN_MS, conn_timeout, c);
    }
    interest(c);
}

void pst_front_conn_push(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    if (c->dead) {
        return;
    }
    conn_send(c);
    if (!c->dead && c->out.n > 0 && !pst_timer_live(f->house.loop, c->write_timer)) {
        c->progress_ms = pst_loop_now_ms(f->house.loop);
        pst_house_timer(&f->house, &c->write_timer, limit(f, PST_LIMIT_write_ms), write_timeout, c);
    }
}

/* The client has been taking bytes, or has had its time. */
static void write_timeout(struct pst_loop *loop, void *user)
{
    struct pst_front_conn *c = user;
    struct pst_front *f = c->front;
    uint64_t silent = pst_loop_now_ms(loop) - c->progress_ms;
    uint64_t patience = limit(f, PST_LIMIT_write_ms);
    if (c->out.n == 0) {
        return;
    }
    if (silent < patience) {
        pst_house_timer(&f->house, &c->write_timer, patience - silent, write_timeout, c);
        return;
    }
    c->request.outcome = PST_E_CLIENT_SLOW;
    pst_front_conn_close(c);
}

void pst_front_conn_await(struct pst_front_conn *c)
{
    if (!c->dead) {
        pst_house_timer(&c->front->house, &c->timer, limit(c->front, PST_LIMIT_decision_ms),
                        conn_timeout, c);
    }
}

/* --- reading ---------------------------------------------------------------------------------- */

static void on_event(struct pst_front_conn *c, const struct pst_h1_event *event, bool *ret_stop)
{
    struct pst_front *f = c->front;
    struct pst_front_request *r = &c->request;
    if (event->type == PST_H1_EVENT_HEAD) {
        c->busy = true;
        pst_house_timer(&f->house, &c->timer, limit(f, PST_LIMIT_body_ms), conn_timeout, c);
        pst_front_request_head(r, event->head);
    } else if (event->type == PST_H1_EVENT_BODY) {
        pst_house_count(&f->house, PST_METRIC_bytes_in_total, (int64_t)event->body.n);
        *ret_stop = pst_front_request_body(r, event->body) == PST_AGAIN;
    } else {
        if (!r->refused) { /* else a verdict is due, and has its own time */
            pst_timer_cancel(f->house.loop, &c->timer);
        }
        pst_front_request_body_end(r);
        *ret_stop = true;
    }
}

/* Parses what is buffered until the request is whole, or more bytes or an admission are needed. */
static void conn_parse(struct pst_front_conn *c)
{
    bool stop = c->busy && (c->request.body_ended || c->request.asking == PST_FRONT_ADMITTING);
    while (!c->dead && !c->closing && !stop) {
        struct pst_h1_event event;
        struct pst_err err = {0};
        size_t used = 0;
        enum pst_status status = pst_h1_feed(&c->parser, pst_buf_str(&c->in), &used, &event, &err);
        if (status == PST_AGAIN) {
            pst_buf_clear(&c->in);
            break;
        }
        if (status == PST_ERR) {
            pst_buf_clear(&c->in);
            c->busy = true;
            pst_front_request_broken(&c->request, &err);
            break;
        }
        on_event(c, &event, &stop);
        if (!c->dead) {
            pst_buf_consume(&c->in, used); /* behind the event: a body is a view into it */
        }
    }
}

static void conn_read(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    struct pst_err err = {0};
    size_t n = 0;
    enum pst_status status = pst_fd_read(c->fd, f->read_buf, sizeof f->read_buf, &n, &err);
    if (status == PST_AGAIN) {
        return;
    }
    if (status != PST_OK || n == 0) {
        pst_front_conn_close(c);
        return;
    }
    if (c->closing) {
        return; /* draining */
    }
    if (!c->busy && c->in.n == 0 && !c->parser.begun) {
        c->request.began_ns = pst_loop_now_ns(f->house.loop);
        pst_house_timer(&f->house, &c->timer, limit(f, PST_LIMIT_header_ms), conn_timeout, c);
    }
    if (!pst_buf_add(&c->in, pst_str_of(f->read_buf, n))) {
        pst_front_conn_close(c);
        return;
    }
    conn_parse(c);
}

static void conn_resume(struct pst_loop *loop, void *user)
{
    struct pst_front_conn *c = user;
    struct pst_front *f = c->front;
    (void)loop;
    if (!c->busy && !c->closing) {
        pst_house_timer(&f->house, &c->timer, limit(f, PST_LIMIT_idle_ms), conn_timeout, c);
    }
    if (c->in.n > 0) {
        if (!c->busy) {
            c->request.began_ns = pst_loop_now_ns(f->house.loop);
        }
        conn_parse(c);
    }
    if (!c->dead) {
        interest(c);
    }
}

void pst_front_conn_resume(struct pst_front_conn *c)
{
    if (!c->dead) {
        pst_loop_later(c->front->house.loop, &c->resume, conn_resume, c);
    }
}

static void conn_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)loop;
    (void)watch;
    struct pst_front_conn *c = user;
    if ((ready & PST_WRITE) != 0) {
        conn_send(c);
    }
    if (c->dead) {
        return;
    }
    if ((ready & PST_READ) != 0) {
        conn_read(c);
        if (!c->dead && !c->closing) {
            interest(c);
        }
    } else if ((ready & (PST_CLOSED | PST_HANGUP)) != 0) {
        pst_front_conn_close(c);
    }
}

/* The phase took too long; what that means depends on where the connection is. */
static void conn_timeout(struct pst_loop *loop, void *user)
{
    struct pst_front_conn *c = user;
    struct pst_front *f = c->front;
    struct pst_front_request *r = &c->request;
    struct pst_err err = {0};
    (void)loop;
    if (c->closing || (!c->busy && !c->parser.begun)) {
        pst_front_conn_close(c);
    } else if (r->state == PST_REQ_TOOL_WAIT) {
        pst_house_count(&f->house, PST_METRIC_EXCEPTION(PST_X_TOOL_UNDECIDED), 1);
        pst_front_answer_verdict(r, false);
    } else if (r->state == PST_REQ_PROPOSED || r->state == PST_REQ_ADMITTING) {
        pst_house_count(&f->house, PST_METRIC_EXCEPTION(PST_X_WARDEN_SILENT), 1);
        (void)pst_fail(&err, PST_E_WARDEN_UNAVAILABLE, "%s",
                       pst_error_row(PST_E_WARDEN_UNAVAILABLE)->text);
        pst_front_withdraw(r);
        pst_front_answer_error(r, &err, 0);
    } else if (!c->busy || !r->body_ended) {
        (void)pst_fail(&err, PST_E_REQUEST_TIMEOUT, "%s",
                       pst_error_row(PST_E_REQUEST_TIMEOUT)->text);
        c->busy = true;
        pst_front_request_broken(r, &err);
    }
}
