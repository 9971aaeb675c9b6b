#include "roles/egress.h"

#include "gate/operation.h"
#include "sys/fd.h"
#include "sys/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    OUT_CAP = 128 * 1024, /* request bytes waiting in memory; the rest stays in its file */
    HEAD_BYTES = 32768,
    ARENA_FIRST = 4096,
    ARENA_CAP = 512 * 1024,
};

static void conn_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user);
static void conn_timeout(struct pst_loop *loop, void *user);
static void conn_advance(struct pst_egress_conn *c);
static void conn_write(struct pst_egress_conn *c);
static void conn_read(struct pst_egress_conn *c);

static uint64_t limit(const struct pst_egress *e, enum pst_limit which)
{
    return e->image->limits.v[which];
}

static bool has_proxy(const struct pst_egress *e)
{
    return e->image->proxy_host[0] != 0;
}

static void timer_set(struct pst_egress_conn *c, uint64_t ms)
{
    pst_house_timer(&c->egress->house, &c->timer, ms, conn_timeout, c);
}

/* --- life of a connection --------------------------------------------------------------------- */

static void idle_add(struct pst_egress_conn *c)
{
    struct pst_egress *e = c->egress;
    c->idle_prev = NULL;
    c->idle_next = e->idle;
    if (e->idle != NULL) {
        e->idle->idle_prev = c;
    }
    e->idle = c;
    e->n_idle++;
}

static void idle_remove(struct pst_egress_conn *c)
{
    struct pst_egress *e = c->egress;
    *(c->idle_prev != NULL ? &c->idle_prev->idle_next : &e->idle) = c->idle_next;
    if (c->idle_next != NULL) {
        c->idle_next->idle_prev = c->idle_prev;
    }
    e->n_idle--;
}

static void conn_free(struct pst_egress_conn *c)
{
    struct pst_egress *e = c->egress;
    for (struct pst_egress_conn **at = &e->conns; *at != NULL; at = &(*at)->next) {
        if (*at == c) {
            *at = c->next;
            break;
        }
    }
    if (c->phase == PST_EGRESS_IDLE) {
        idle_remove(c);
    }
    e->n_conns--;
    pst_loop_later_cancel(e->house.loop, &c->write);
    pst_unwatch(e->house.loop, &c->watch);
    pst_timer_cancel(e->house.loop, &c->timer);
    pst_tls_free(c->tls);
    pst_fd_close(&c->fd);
    if (c->out.n > 0) {
        pst_wipe(c->out.p, c->out.n); /* it may hold the credential */
    }
    pst_buf_release(&c->out);
    pst_arena_release(&c->arena);
    free(c);
    pst_house_count(&e->house, PST_METRIC_connections_open, -1);
}

static struct pst_egress_conn *conn_new(struct pst_egress *e)
{
    struct pst_egress_conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    c->egress = e;
    c->fd = -1;
    c->id = ++e->next_conn;
    c->phase = PST_EGRESS_DIALING;
    c->next = e->conns;
    e->conns = c;
    e->n_conns++;
    pst_buf_init(&c->out, OUT_CAP);
    pst_arena_init(&c->arena, ARENA_FIRST, ARENA_CAP);
    const struct pst_h1_limits limits = {
        .line_bytes = 4096,
        .head_bytes = HEAD_BYTES,
        .header_bytes = 16384,
        .headers = 200,
        .interims = 8,
        .chunks = UINT64_MAX,
        .body_bytes = limit(e, PST_LIMIT_answer_bytes),
    };
    pst_h1_init(&c->parser, PST_H1_RESPONSE, &limits, &c->arena);
    pst_house_count(&e->house, PST_METRIC_connections_open, 1);
    pst_house_count(&e->house, PST_METRIC_connections_total, 1);
    return c;
}

/* The connection failed, and with it the request it carried. */
static void conn_fail(struct pst_egress_conn *c, enum pst_error code)
{
    struct pst_egress_request *r = c->request;
    c->broken = true;
    if (r != NULL) {
        pst_egress_end(r, code, false); /* frees the connection too */
    } else {
        conn_free(c);
    }
}

void pst_egress_conns_close(struct pst_egress *e)
{
    while (e->conns != NULL) {
        conn_free(e->conns);
    }
}

/* --- pool ------------------------------------------------------------------------------------- */

/* An idle connection on which the upstream has not spoken and which it has not closed. */
static bool still_good(struct pst_egress_conn *c)
{
    uint8_t byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN);
}

static struct pst_egress_conn *idle_take(struct pst_egress *e)
{
    struct pst_egress_conn *c;
    while ((c = e->idle) != NULL) {
        if (still_good(c)) {
            idle_remove(c);
            c->phase = PST_EGRESS_BUSY;
            pst_timer_cancel(e->house.loop, &c->timer);
            return c;
        }
        conn_free(c);
    }
    return NULL;
}

static void attach(struct pst_egress_conn *c, struct pst_egress_request *r)
{
    c->request = r;
    r->conn = c;
}

enum pst_step_result pst_egress_conn_get(struct pst_egress_request *r, struct pst_err *err)
{
    struct pst_egress *e = r->egress;
    if (r->conn != NULL) {
        return r->conn->phase == PST_EGRESS_BUSY ? PST_STEP_NEXT : PST_STEP_WAIT;
    }
    struct pst_egress_conn *c = idle_take(e);
    if (c != NULL) {
        attach(c, r);
        return PST_STEP_NEXT;
    }
    struct pst_link *dial = pst_house_peer(&e->house, PST_ROLE_DIAL, 0);
    if (e->n_conns < limit(e, PST_LIMIT_upstream_connections) && dial != NULL) {
        c = conn_new(e);
    }
    if (c == NULL) {
        (void)pst_fail(err, PST_E_UPSTREAM_CONNECT, "no connection to the upstream is to be had");
        return PST_STEP_STOP;
    }
    const struct pst_egress_image *image = e->image;
    struct pst_ipc_connect m = {
        .id = c->id,
        .target = has_proxy(e) ? pst_image_target(image->proxy_host, image->proxy_port)
                               : pst_image_target(image->host, image->port)};
    attach(c, r);
    timer_set(c, limit(e, PST_LIMIT_connect_ms));
    if (!PST_LINK_SEND(dial, CONNECT, &m)) {
        (void)pst_fail(err, PST_E_UPSTREAM_CONNECT, "dial does not take more work");
        return PST_STEP_STOP;
    }
    return PST_STEP_WAIT;
}

void pst_egress_conns_renew(struct pst_egress *e)
{
    struct pst_egress_conn *next;
    for (struct pst_egress_conn *c = e->conns; c != NULL; c = next) {
        next = c->next;
        if (c->phase == PST_EGRESS_BUSY) {
            c->broken = true; /* what it carries ends, and it with it */
        } else {
            conn_fail(c, PST_E_UPSTREAM_CONNECT);
        }
    }
}

void pst_egress_conn_done(struct pst_egress_conn *c, bool reusable)
{
    struct pst_egress *e = c->egress;
    c->request = NULL;
    if (!reusable || c->broken || c->phase != PST_EGRESS_BUSY || c->out.n > 0 ||
        e->n_idle >= e->image->pool) {
        conn_free(c);
        return;
    }
    c->phase = PST_EGRESS_IDLE;
    idle_add(c);
    pst_h1_reset(&c->parser);
    pst_arena_clear(&c->arena);
    pst_watch_set(e->house.loop, c->watch, PST_READ); /* a word or an end now makes it useless */
    timer_set(c, limit(e, PST_LIMIT_upstream_idle_ms));
}

/* --- connecting ------------------------------------------------------------------------------- */

void pst_egress_conn_connected(struct pst_egress *e, const struct pst_ipc_connected *m, int *fd)
{
    struct pst_egress_conn *c = e->conns;
    struct pst_err err = {0};
    while (c != NULL && c->id != m->id) {
        c = c->next;
    }
    if (c == NULL || c->phase != PST_EGRESS_DIALING) {
        return; /* nobody waits for it any more; the descriptor is closed by the link */
    }
    if (*fd < 0 || m->error != PST_E_NONE) {
        pst_house_log(&e->house, "%s: %.*s", e->image->name, PST_FMT(PST_ISTR(m->text)));
        conn_fail(c, m->error != PST_E_NONE && m->error < PST_E_COUNT ? (enum pst_error)m->error
                                                                      : PST_E_UPSTREAM_CONNECT);
        return;
    }
    c->fd = pst_fd_take(fd);
    if (pst_net_nodelay(c->fd, &err) != PST_OK ||
        pst_watch(e->house.loop, c->fd, 0, conn_ready, c, &c->watch, &err) != PST_OK) {
        conn_fail(c, PST_E_UPSTREAM_CONNECT);
        return;
    }
    conn_advance(c);
}

static bool proxy_ask(struct pst_egress_conn *c)
{
    const struct pst_egress_image *image = c->egress->image;
    char authority[PST_HOST_MAX + 8];
    pst_text(authority, sizeof authority, "%s:%u", image->host, image->port);
    c->phase = PST_EGRESS_PROXY;
    pst_h1_expect(&c->parser, PST_H1_CONNECT);
    pst_watch_set(c->egress->house.loop, c->watch, PST_READ | PST_WRITE);
    return pst_h1_write_connect(&c->out, pst_str_c(authority), NULL, 0, NULL) == PST_OK;
}

static bool tls_begin(struct pst_egress_conn *c)
{
    struct pst_egress *e = c->egress;
    struct pst_err err = {0};
    c->phase = PST_EGRESS_TLS;
    timer_set(c, limit(e, PST_LIMIT_tls_ms));
    if (pst_tls_new(e->tls, c->fd, pst_str_c(e->image->host), &c->tls, &err) != PST_OK) {
        pst_house_log(&e->house, "%s: %s", e->image->name, err.text);
        return false;
    }
    return true;
}

/* The connection can carry requests: its request goes on. */
static void conn_open(struct pst_egress_conn *c)
{
    struct pst_egress_request *r = c->request;
    pst_timer_cancel(c->egress->house.loop, &c->timer);
    c->phase = PST_EGRESS_BUSY;
    if (r != NULL) {
        pst_egress_run(r);
    } else {
        pst_egress_conn_done(c, true);
    }
}

static void tls_handshake(struct pst_egress_conn *c)
{
    struct pst_err err = {0};
    enum pst_status status = pst_tls_handshake(c->tls, &err);
    if (status == PST_OK) {
        conn_open(c);
    } else if (status == PST_AGAIN) {
        pst_watch_set(c->egress->house.loop, c->watch,
                      pst_tls_want(c->tls) == PST_TLS_WANT_READ ? PST_READ : PST_WRITE);
    } else {
        pst_house_log(&c->egress->house, "%s: %s", c->egress->image->name, err.text);
        conn_fail(c, PST_E_UPSTREAM_TLS);
    }
}

/* The next phase of a connection that is being set up. */
static void conn_advance(struct pst_egress_conn *c)
{
    struct pst_egress *e = c->egress;
    if (c->phase == PST_EGRESS_DIALING && has_proxy(e)) {
        if (!proxy_ask(c)) {
            conn_fail(c, PST_E_UPSTREAM_CONNECT);
        }
        return;
    }
    if (c->phase != PST_EGRESS_TLS && e->image->tls != 0) {
        if (!tls_begin(c)) {
            conn_fail(c, PST_E_UPSTREAM_TLS);
            return;
        }
        tls_handshake(c);
        return;
    }
    conn_open(c);
}

/* --- bytes
 * ------------------------------------------------------------------------------------------------
 */

static enum pst_status raw_read(struct pst_egress_conn *c, size_t *ret_n, struct pst_err *err)
{
    struct pst_egress *e = c->egress;
    const struct pst_egress_request *r = c->request;
    size_t n = sizeof e->read_buf;
    if (r != NULL && r->window > 0 && (uint64_t)r->window < n) {
        n = (size_t)r->window; /* never more than the front has room for */
    }
    if (c->tls != NULL) {
        return pst_tls_read(c->tls, e->read_buf, n, ret_n, err);
    }
    return pst_fd_read(c->fd, e->read_buf, n, ret_n, err);
}

static enum pst_status raw_write(struct pst_egress_conn *c, size_t *ret_n, struct pst_err *err)
{
    if (c->tls != NULL) {
        return pst_tls_write(c->tls, pst_buf_str(&c->out), ret_n, err);
    }
    return pst_fd_write(c->fd, pst_buf_str(&c->out), ret_n, err);
}

/* Moves more of a large body from its file into the buffer. */
static bool out_refill(struct pst_egress_conn *c)
{
    struct pst_egress_request *r = c->request;
    if (r == NULL || r->memfd < 0 || r->body_at == r->body_bytes || c->out.n > OUT_CAP / 2) {
        return true;
    }
    uint64_t left = r->body_bytes - r->body_at;
    size_t n = left < OUT_CAP / 4 ? (size_t)left : OUT_CAP / 4;
    uint8_t *room = pst_buf_room(&c->out, n);
    if (room == NULL || pst_fd_pread_full(r->memfd, room, n, r->body_at, NULL) != PST_OK) {
        return false;
    }
    pst_buf_added(&c->out, n);
    r->body_at += n;
    return true;
}

static void interest(struct pst_egress_conn *c)
{
    struct pst_egress_request *r = c->request;
    unsigned want = 0;
    if (c->out.n > 0) {
        want |= PST_WRITE;
    }
    if (c->phase == PST_EGRESS_PROXY || c->phase == PST_EGRESS_IDLE ||
        (r != NULL && pst_egress_may_flow(r))) {
        want |= PST_READ;
    }
    pst_watch_set(c->egress->house.loop, c->watch, want);
}

static void conn_write(struct pst_egress_conn *c)
{
    struct pst_egress *e = c->egress;
    struct pst_err err = {0};
    while (c->out.n > 0) {
        size_t n = 0;
        enum pst_status status = raw_write(c, &n, &err);
        if (status == PST_AGAIN) {
            break;
        }
        if (status != PST_OK) {
            conn_fail(c, PST_E_UPSTREAM_CLOSED);
            return;
        }
        pst_wipe(c->out.p, n < 1024 ? n : 1024); /* the head, and the credential in it */
        pst_buf_consume(&c->out, n);
        if (c->request != NULL) {
            c->request->bytes_sent += n;
        }
        pst_house_count(&e->house, PST_METRIC_bytes_out_total, (int64_t)n);
        if (!out_refill(c)) {
            conn_fail(c, PST_E_NO_MEMORY);
            return;
        }
    }
    if (c->phase == PST_EGRESS_BUSY) {
        timer_set(c, limit(e, c->out.n > 0 ? PST_LIMIT_send_ms : PST_LIMIT_first_byte_ms));
    }
    interest(c);
}

static void conn_write_later(struct pst_loop *loop, void *user)
{
    (void)loop;
    conn_write(user);
}

static bool base_and_path(const struct pst_egress *e, struct pst_buf *path)
{
    return pst_buf_add(path, pst_str_c(e->image->base_path)) &&
           PST_BUF_LIT(path, "/chat/completions");
}

/* The head names what the configuration names; of the client nothing is copied. */
static enum pst_status head_write(struct pst_egress_request *r, struct pst_err *err)
{
    struct pst_egress *e = r->egress;
    const struct pst_egress_image *image = e->image;
    struct pst_buf path, credential;
    char host[PST_HOST_MAX + 8];
    bool default_port = image->port == (image->tls != 0 ? 443u : 80u);
    pst_text(host, sizeof host, default_port ? "%s" : "%s:%u", image->host, image->port);
    pst_buf_init(&path, 2 * PST_PATH_MAX);
    pst_buf_init(&credential, PST_SECRET_MAX + PST_NAME_MAX);
    struct pst_h1_header headers[6] = {
        {PST_STR("host"), pst_str_c(host)},
        {PST_STR("content-type"), PST_STR("application/json")},
        {PST_STR("accept"), r->stream ? PST_STR("text/event-stream") : PST_STR("application/json")},
        {PST_STR("user-agent"), PST_STR("postern")},
    };
    size_t n = 4;
    bool ok = base_and_path(e, &path);
    if (e->credential != NULL) {
        ok = ok && pst_buf_add(&credential, pst_str_c(image->cred_prefix)) &&
             pst_buf_add(&credential, pst_secret_reveal(e->credential));
        headers[n++] = (struct pst_h1_header){pst_str_c(image->cred_header),
                                              pst_buf_str(&credential)};
    }
    enum pst_status status =
        ok ? pst_h1_write_request(
                 &r->conn->out, PST_STR("POST"), pst_buf_str(&path), (struct pst_str){NULL, 0},
                 headers, n, (struct pst_h1_framing){PST_H1_BODY_LENGTH, r->body_bytes, false}, err)
           : pst_fail(err, PST_E_LIMIT, "the request's head does not fit");
    if (credential.n > 0) {
        pst_wipe(credential.p, credential.n);
    }
    pst_buf_release(&credential);
    pst_buf_release(&path);
    return status;
}

enum pst_status pst_egress_conn_send(struct pst_egress_request *r, struct pst_err *err)
{
    struct pst_egress_conn *c = r->conn;
    pst_h1_expect(&c->parser, PST_H1_POST);
    if (head_write(r, err) != PST_OK) {
        return PST_ERR;
    }
    if (r->memfd < 0 && !pst_buf_add(&c->out, pst_buf_str(&r->inline_body))) {
        return pst_fail(err, PST_E_NO_MEMORY, "the request does not fit its buffer");
    }
    if (!out_refill(c)) {
        return pst_fail(err, PST_E_NO_MEMORY, "the request does not fit its buffer");
    }
    r->sent_ns = pst_loop_now_ns(r->egress->house.loop);
    timer_set(c, limit(r->egress, PST_LIMIT_send_ms));
    /* from the loop, not on this stack; until then nothing is read */
    pst_watch_set(r->egress->house.loop, c->watch, 0);
    pst_loop_later(r->egress->house.loop, &c->write, conn_write_later, c);
    return PST_OK;
}

/* --- the answer ------------------------------------------------------------------------------- */

static uint8_t content_of(const struct pst_h1_head *head)
{
    struct pst_str type;
    if (pst_h1_find(head, PST_STR("content-type"), &type) != 1) {
        return PST_CONTENT_OTHER;
    }
    type = pst_str_trim(pst_str_cut(type, 0, pst_str_find_byte(type, ';')));
    if (pst_str_eq_nocase(type, PST_STR("application/json"))) {
        return PST_CONTENT_JSON;
    }
    return pst_str_eq_nocase(type, PST_STR("text/event-stream")) ? PST_CONTENT_EVENTS
                                                                 : PST_CONTENT_OTHER;
}

static bool on_head(struct pst_egress_conn *c, const struct pst_h1_head *head)
{
    struct pst_egress_request *r = c->request;
    struct pst_str value;
    uint64_t seconds;
    r->status = head->status;
    r->content = content_of(head);
    if (pst_h1_find(head, PST_STR("content-encoding"), &value) > 0 &&
        !pst_str_eq_nocase(value, PST_STR("identity"))) {
        return false; /* cannot be inspected */
    }
    if (pst_h1_find(head, PST_STR("retry-after"), &value) == 1 && pst_str_u64(value, &seconds) &&
        seconds <= 86400) {
        r->retry_after_ms = (uint32_t)seconds * 1000;
    }
    return true;
}

/* The upstream has answered completely: the connection goes back first, then the request ends. */
static void answer_end(struct pst_egress_conn *c, bool clean)
{
    struct pst_egress_request *r = c->request;
    bool reusable = clean && c->parser.head != NULL && c->parser.head->keep_alive;
    pst_egress_answer(r, true, PST_E_NONE);
    r->conn = NULL;
    pst_egress_conn_done(c, reusable);
    pst_egress_end(r, PST_E_NONE, true);
}

/* Feeds what was read; false when the connection is gone. */
static bool answer_feed(struct pst_egress_conn *c, struct pst_str in)
{
    struct pst_egress *e = c->egress;
    struct pst_err err = {0};
    for (;;) {
        struct pst_h1_event event;
        size_t used = 0;
        enum pst_status status = pst_h1_feed(&c->parser, in, &used, &event, &err);
        if (status == PST_ERR) {
            pst_house_log(&e->house, "%s: not HTTP: %s", e->image->name, err.text);
            conn_fail(c, err.code == PST_E_BODY_TOO_LARGE ? PST_E_UPSTREAM_TOO_LARGE
                                                          : PST_E_UPSTREAM_PROTOCOL);
            return false;
        }
        if (status == PST_AGAIN) {
            return true;
        }
        in = pst_str_from(in, used);
        if (event.type == PST_H1_EVENT_HEAD && c->phase == PST_EGRESS_BUSY &&
            !on_head(c, event.head)) {
            conn_fail(c, PST_E_UPSTREAM_ANSWER);
            return false;
        }
        if (event.type == PST_H1_EVENT_BODY) {
            (void)pst_buf_add(&e->answer, event.body); /* no more than was read */
        }
        if (event.type == PST_H1_EVENT_END) {
            answer_end(c, in.n == 0);
            return false;
        }
    }
}

static void proxy_feed(struct pst_egress_conn *c, struct pst_str in)
{
    struct pst_h1_event event;
    struct pst_err err = {0};
    size_t used = 0;
    enum pst_status status = pst_h1_feed(&c->parser, in, &used, &event, &err);
    if (status == PST_AGAIN) {
        return;
    }
    if (status == PST_ERR || event.type != PST_H1_EVENT_HEAD || event.head->status != 200 ||
        used != in.n) {
        pst_house_log(&c->egress->house, "%s: the proxy refused: %s", c->egress->image->name,
                      status == PST_ERR ? err.text : "no 200");
        conn_fail(c, PST_E_UPSTREAM_CONNECT);
        return;
    }
    status = pst_h1_feed(&c->parser, (struct pst_str){NULL, 0}, &used, &event, &err);
    PST_BUG_ON(status != PST_OK || event.type != PST_H1_EVENT_END); /* 200 to CONNECT has no body */
    pst_h1_reset(&c->parser);
    pst_arena_clear(&c->arena);
    conn_advance(c);
}

static void answer_cut_off(struct pst_egress_conn *c)
{
    struct pst_h1_event event;
    struct pst_err err = {0};
    if (c->phase == PST_EGRESS_BUSY && c->request != NULL &&
        pst_h1_finish(&c->parser, &event, &err) == PST_OK) {
        c->broken = true;
        answer_end(c, false);
        return;
    }
    conn_fail(c, PST_E_UPSTREAM_CLOSED);
}

static void conn_read(struct pst_egress_conn *c)
{
    struct pst_egress *e = c->egress;
    struct pst_err err = {0};
    size_t n = 0;
    enum pst_status status = raw_read(c, &n, &err);
    if (status == PST_AGAIN) {
        interest(c);
        return;
    }
    if (status == PST_ERR || n == 0) {
        answer_cut_off(c);
        return;
    }
    if (c->phase == PST_EGRESS_IDLE || (c->phase == PST_EGRESS_BUSY && c->request == NULL)) {
        conn_free(c); /* it spoke without being asked */
        return;
    }
    if (c->phase == PST_EGRESS_PROXY) {
        proxy_feed(c, pst_str_of(e->read_buf, n));
        return;
    }
    struct pst_egress_request *r = c->request;
    if (r->first_byte_ns == 0) {
        r->first_byte_ns = pst_loop_now_ns(e->house.loop);
    }
    timer_set(c, limit(e, PST_LIMIT_between_bytes_ms));
    if (answer_feed(c, pst_str_of(e->read_buf, n))) {
        if (e->answer.n > 0 || (!r->head_sent && r->status != 0)) {
            pst_egress_answer(r, false, PST_E_NONE);
        }
        interest(c);
        if (c->tls != NULL && pst_tls_pending(c->tls) && pst_egress_may_flow(r)) {
            pst_watch_set(e->house.loop, c->watch, PST_READ | PST_WRITE); /* come back at once */
        }
    }
}

void pst_egress_conn_resume(struct pst_egress_conn *c)
{
    if (c->phase != PST_EGRESS_BUSY) {
        return;
    }
    interest(c);
    if (c->tls != NULL && pst_tls_pending(c->tls) && c->request != NULL &&
        pst_egress_may_flow(c->request)) {
        pst_watch_set(c->egress->house.loop, c->watch, PST_READ | PST_WRITE);
    }
}

static void conn_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)loop;
    (void)watch;
    struct pst_egress_conn *c = user;
    if (c->phase == PST_EGRESS_TLS) {
        tls_handshake(c);
        return;
    }
    if ((ready & PST_WRITE) != 0 && c->out.n > 0) {
        conn_write(c);
        return; /* level-triggered: what can be read is told again */
    }
    conn_read(c);
}

static void conn_timeout(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct pst_egress_conn *c = user;
    static const enum pst_error codes[] = {
        [PST_EGRESS_DIALING] = PST_E_UPSTREAM_CONNECT, [PST_EGRESS_PROXY] = PST_E_UPSTREAM_CONNECT,
        [PST_EGRESS_TLS] = PST_E_UPSTREAM_TLS,         [PST_EGRESS_IDLE] = PST_E_NONE,
        [PST_EGRESS_BUSY] = PST_E_UPSTREAM_TIMEOUT,
    };
    struct pst_egress_request *r = c->request;
    if (c->phase == PST_EGRESS_BUSY && r != NULL && !pst_egress_may_flow(r)) {
        timer_set(c, limit(c->egress, PST_LIMIT_between_bytes_ms));
        return; /* we made it wait, not it us */
    }
    conn_fail(c, codes[c->phase]);
}
