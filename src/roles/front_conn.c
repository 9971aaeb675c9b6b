#include "roles/front.h"

#include "crypto/x509_verify.h"
#include "sys/fd.h"

#include <stdlib.h>

enum {
    IN_CAP = 2 * PST_FRONT_READ,
    OUT_CAP = 64 * 1024 * 1024, /* never near: credit bounds what an egress may send */
    ACCEPT_BATCH = 32,
    ACCEPT_PAUSE_MS = 100,
    DRAIN_MS = 2000,
};

static void conn_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user);
static void write_timeout(struct pst_loop *loop, void *user);

static uint64_t limit(const struct pst_front *f, enum pst_limit which)
{
    return f->config->image->limits.v[which];
}

/* --- life ------------------------------------------------------------------------------------- */

static void conn_free(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct pst_front_conn *c = user;
    pst_buf_release(&c->in);
    pst_buf_release(&c->out);
    pst_buf_release(&c->chain);
    pst_front_hop_release(c);
    free(c);
}

void pst_front_conn_close(struct pst_front_conn *c, enum pst_error code)
{
    struct pst_front *f = c->front;
    if (c->dead) {
        return;
    }
    bool whole = c->streams == NULL;
    c->dead = true;
    c->protocol->end(c, code != PST_E_NONE ? code : PST_E_CLIENT_CLOSED);
    *(c->prev != NULL ? &c->prev->next : &f->conns) = c->next;
    if (c->next != NULL) {
        c->next->prev = c->prev;
    }
    f->n_conns--;
    pst_unwatch(f->house.loop, &c->watch);
    pst_timer_cancel(f->house.loop, &c->timer);
    pst_timer_cancel(f->house.loop, &c->write_timer);
    pst_loop_later_cancel(f->house.loop, &c->resume);
    pst_front_io_close(c, whole);
    pst_house_count(&f->house, PST_METRIC_connections_open, -1);
    pst_loop_later(f->house.loop, &c->later, conn_free, c);
}

/* The connection's phase took too long. */
static void conn_timeout(struct pst_loop *loop, void *user)
{
    struct pst_front_conn *c = user;
    (void)loop;
    if (c->closing) {
        pst_front_conn_close(c, PST_E_NONE);
    } else if (c->hop.awaited) {
        pst_front_hop_late(c);
    } else {
        c->protocol->late(c);
    }
}

void pst_front_conn_phase(struct pst_front_conn *c, uint64_t ms)
{
    if (ms == 0) {
        pst_timer_cancel(c->front->house.loop, &c->timer);
    } else if (!c->dead) {
        pst_house_timer(&c->front->house, &c->timer, ms, conn_timeout, c);
    }
}

static size_t conns_of(const struct pst_front *f, const char *address)
{
    size_t n = 0;
    for (const struct pst_front_conn *c = f->conns; c != NULL; c = c->next) {
        n += !c->hop.awaited && strcmp(c->address, address) == 0 ? 1 : 0;
    }
    return n;
}

/* How long may it take to what comes first: a handshake, or a request. */
static enum pst_limit first_phase(const struct pst_front_conn *c)
{
    return c->tls.conn != NULL ? PST_LIMIT_handshake_ms : PST_LIMIT_idle_ms;
}

static bool too_many_of(struct pst_front *f, const char *address, size_t others)
{
    if (conns_of(f, address) < limit(f, PST_LIMIT_connections_per_address) + others) {
        return false;
    }
    pst_house_count(&f->house, PST_METRIC_connections_refused_total, 1);
    return true;
}

void pst_front_conn_named(struct pst_front_conn *c)
{
    if (too_many_of(c->front, c->address, /* others: itself */ 1)) {
        pst_front_conn_close(c, PST_E_NONE);
        return;
    }
    pst_front_conn_phase(c, limit(c->front, first_phase(c)));
}

static bool conn_add(struct pst_front_listener *l, int fd, const struct pst_addr *peer)
{
    struct pst_front *f = l->front;
    struct pst_err err = {0};
    const struct pst_image_listener *row = pst_front_listener_row(l);
    if (row == NULL) {
        return false;
    }
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
        pst_front_hop_begin(c, row, peer);
    }
    if (!c->hop.awaited && too_many_of(f, c->address, 0)) {
        free(c);
        return false;
    }
    if (f->n_conns >= limit(f, PST_LIMIT_connections) ||
        pst_watch(f->house.loop, fd, PST_READ | PST_CLOSED, conn_ready, c, &c->watch, &err) !=
            PST_OK) {
        pst_house_count(&f->house, PST_METRIC_connections_refused_total, 1);
        free(c);
        return false;
    }
    /* in plain text there is nobody to ask, and the first bytes tell (RFC 9113 §3.3) */
    c->undecided = l->kind != PST_LISTEN_ADMIN_UNIX && row->tls == 0 && row->http2 != 0;
    c->protocol = &pst_front_h1;
    if ((row->tls != 0 && pst_front_tls_open(c, row, &err) != PST_OK) ||
        c->protocol->begin(c, &err) != PST_OK) {
        pst_unwatch(f->house.loop, &c->watch);
        free(c);
        return false;
    }
    c->next = f->conns;
    if (f->conns != NULL) {
        f->conns->prev = c;
    }
    f->conns = c;
    f->n_conns++;
    pst_buf_init(&c->in, IN_CAP);
    pst_buf_init(&c->out, OUT_CAP);
    pst_buf_init(&c->chain, PST_X509_CHAIN_BYTES);
    pst_front_conn_phase(c, limit(f, c->hop.awaited ? PST_LIMIT_header_ms : first_phase(c)));
    pst_house_count(&f->house, PST_METRIC_connections_open, 1);
    pst_house_count(&f->house, PST_METRIC_connections_total, 1);
    return true;
}

static void accept_again(struct pst_loop *loop, void *user)
{
    struct pst_front *f = user;
    for (size_t i = 0; i < f->n_listeners; i++) {
        if (f->listeners[i].fd >= 0) {
            pst_watch_set(loop, f->listeners[i].watch, PST_READ);
        }
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
                if (f->listeners[k].fd >= 0) {
                    pst_watch_set(f->house.loop, f->listeners[k].watch, 0);
                }
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
    bool writes = c->out.n > 0 || c->tls.stuck;
    unsigned want = PST_CLOSED | (writes ? PST_WRITE : 0U); /* always: a change costs a call */
    bool draining = c->closing && c->out.n == 0;
    if (draining || (!c->closing && c->protocol->wants(c))) {
        want |= PST_READ;
        if (pst_front_io_pending(c)) {
            pst_front_conn_resume(c);
        }
    }
    pst_watch_set(c->front->house.loop, c->watch, want);
}

/* Answers that wait for room may earn credit again. */
static void credit(struct pst_front_conn *c)
{
    for (struct pst_front_stream *s = c->streams; s != NULL; s = s->next) {
        pst_front_answer_credit(&s->request);
    }
}

static void conn_send(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    struct pst_err err = {0};
    c->protocol->fill(c);
    while (c->out.n > 0) {
        size_t n = 0;
        enum pst_status status = pst_front_io_write(c, pst_buf_str(&c->out), &n, &err);
        if (status == PST_AGAIN) {
            break;
        }
        if (status != PST_OK) {
            pst_front_conn_close(c, PST_E_NONE);
            return;
        }
        pst_buf_consume(&c->out, n);
        c->progress_ms = pst_loop_now_ms(f->house.loop);
        pst_house_count(&f->house, PST_METRIC_bytes_out_total, (int64_t)n);
        if (c->out.n == 0) {
            c->protocol->fill(c);
        }
    }
    credit(c);
    if (c->out.n == 0 && c->closing && !c->last_word) {
        /* What the client still sends is thrown away for a moment, so that the last word is not
         * lost in a reset. */
        c->last_word = true;
        pst_front_io_finish(c);
        pst_front_conn_phase(c, DRAIN_MS);
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
    pst_front_conn_close(c, PST_E_CLIENT_SLOW);
}

/* --- reading ---------------------------------------------------------------------------------- */

/* No request of HTTP/1.1 begins like the preface of HTTP/2. False: more bytes must come first, or
 * the connection is gone. */
static bool protocol_choose(struct pst_front_conn *c)
{
    const struct pst_str preface = PST_STR("PRI ");
    struct pst_err err = {0};
    struct pst_str first = pst_str_cut(pst_buf_str(&c->in), 0, preface.n);
    if (!c->undecided) {
        return true;
    }
    if (pst_str_eq(first, preface)) {
        c->protocol = &pst_front_h2;
        if (c->protocol->begin(c, &err) != PST_OK) {
            pst_front_conn_close(c, PST_E_NO_MEMORY);
            return false;
        }
    } else if (pst_str_starts(preface, first)) {
        pst_front_conn_phase(c, limit(c->front, PST_LIMIT_header_ms));
        return false;
    }
    c->undecided = false;
    return true;
}

static void conn_read(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    struct pst_err err = {0};
    size_t n = 0;
    enum pst_status status = pst_front_io_read(c, f->read_buf, sizeof f->read_buf, &n, &err);
    if (status == PST_AGAIN) {
        return;
    }
    if (status != PST_OK || n == 0) {
        pst_front_conn_close(c, PST_E_NONE);
        return;
    }
    if (c->closing) {
        return; /* draining */
    }
    if (pst_front_hop_uninvited(c, pst_str_of(f->read_buf, n))) {
        pst_front_conn_close(c, PST_E_NONE);
        return;
    }
    if (!pst_buf_add(&c->in, pst_str_of(f->read_buf, n))) {
        pst_front_conn_close(c, PST_E_NO_MEMORY);
        return;
    }
    if (protocol_choose(c)) {
        c->protocol->take(c);
    }
}

static void conn_resume(struct pst_loop *loop, void *user)
{
    struct pst_front_conn *c = user;
    (void)loop;
    if (c->in.n > 0 && protocol_choose(c)) {
        c->protocol->take(c);
    }
    bool more = c->tls.conn != NULL && (!c->tls.shaken || pst_front_io_pending(c));
    if (!c->dead && more && (c->closing || c->protocol->wants(c))) {
        conn_read(c);
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
    if (c->hop.awaited) {
        pst_front_hop_read(c);
        return;
    }
    if ((ready & PST_WRITE) != 0 && c->tls.stuck) {
        ready |= PST_READ;
    }
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
        pst_front_conn_close(c, PST_E_NONE);
    }
}
