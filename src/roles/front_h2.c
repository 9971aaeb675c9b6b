/* HTTP/2 on a connection: many streams at a time, each of which is one request like any other. */
#include "roles/front.h"

enum {
    OUT_HIGH = 256 *
               1024, /* what waits to be sent of a connection; the rest waits in its streams */
    TICK_MS = 500,
    DRAIN_MS = 2000, /* a body that nobody wants is thrown away for so long, as in HTTP/1.1 */
};

static const struct pst_h2_events h2_events;

static uint64_t limit(const struct pst_front_conn *c, enum pst_limit which)
{
    return c->front->config->image->limits.v[which];
}

/* --- life ------------------------------------------------------------------------------------- */

static enum pst_status h2_begin(struct pst_front_conn *c, struct pst_err *err)
{
    uint64_t window = limit(c, PST_LIMIT_h2_window_bytes);
    const struct pst_h2_config config = {
        .limits = {.head = {.line_bytes = (uint32_t)limit(c, PST_LIMIT_request_line_bytes),
                            .head_bytes = (uint32_t)limit(c, PST_LIMIT_header_bytes),
                            .header_bytes = (uint32_t)limit(c, PST_LIMIT_header_bytes),
                            .headers = (uint32_t)limit(c, PST_LIMIT_header_count),
                            /* as with HTTP/1.1: the head is wanted first */
                            .body_bytes = pst_limit_row(PST_LIMIT_body_bytes)->hard},
                   .streams = (uint32_t)limit(c, PST_LIMIT_h2_streams),
                   .window_bytes = window < PST_H2_WINDOW_LEAST ? PST_H2_WINDOW_LEAST
                                                                : (uint32_t)window,
                   .resets = (uint32_t)limit(c, PST_LIMIT_h2_resets),
                   .control = (uint32_t)limit(c, PST_LIMIT_h2_control_frames),
                   .unsent_bytes = (size_t)limit(c, PST_LIMIT_h2_unsent_bytes),
                   .write_ms = (uint32_t)limit(c, PST_LIMIT_write_ms),
                   .drain_ms = DRAIN_MS},
        .events = &h2_events,
        .user = c,
        .now_ms = pst_loop_now_ms(c->front->house.loop)};
    if (pst_h2_open(&config, &c->h2, err) != PST_OK) {
        return PST_ERR;
    }
    pst_front_conn_phase(c, limit(c, PST_LIMIT_idle_ms));
    return PST_OK;
}

/* Out of the connection's list and of its own time. */
static void stream_drop(struct pst_front_stream *s, enum pst_error code)
{
    struct pst_front_conn *c = s->conn;
    if (s->gone) {
        return;
    }
    *(s->prev != NULL ? &s->prev->next : &c->streams) = s->next;
    if (s->next != NULL) {
        s->next->prev = s->prev;
    }
    s->h2 = NULL;
    c->front->n_h2_streams--;
    pst_front_stream_give(s, code);
    if (c->streams == NULL && !c->closing) {
        pst_front_conn_phase(c, limit(c, PST_LIMIT_idle_ms));
    }
}

static void h2_end(struct pst_front_conn *c, enum pst_error code)
{
    while (c->streams != NULL) {
        stream_drop(c->streams, code);
    }
    pst_timer_cancel(c->front->house.loop, &c->h2_timer);
    pst_h2_close(c->h2); /* takes effect on the way out, when it is at work */
    c->h2 = NULL;
}

/* What did not move in time is reset, or thrown away. */
static void h2_tick(struct pst_loop *loop, void *user)
{
    struct pst_front_conn *c = user;
    struct pst_err err = {0};
    if (pst_h2_tick(c->h2, pst_loop_now_ms(loop), &err) != PST_OK && c->dead) {
        return;
    }
    pst_front_conn_push(c);
    if (!c->dead && !c->closing && pst_h2_live(c->h2) > 0) {
        pst_house_timer(&c->front->house, &c->h2_timer, TICK_MS, h2_tick, c);
    }
}

/* --- from the client -------------------------------------------------------------------------- */

static bool on_open(void *user, struct pst_h2_stream *handle, uint32_t id,
                    struct pst_arena **ret_arena, void **ret_ctx)
{
    struct pst_front_conn *c = user;
    struct pst_front *f = c->front;
    struct pst_front_stream *s = NULL;
    if (!c->closing && f->n_h2_streams < limit(c, PST_LIMIT_h2_streams_all)) {
        s = pst_front_stream_take(c);
    }
    if (s == NULL) {
        pst_house_count(&f->house, PST_METRIC_h2_streams_refused_total, 1);
        return false;
    }
    f->n_h2_streams++;
    s->id = id;
    s->h2 = handle;
    s->next = c->streams;
    if (s->next != NULL) {
        s->next->prev = s;
    }
    c->streams = s;
    pst_front_conn_phase(c, limit(c, PST_LIMIT_header_ms)); /* heads come one behind another */
    *ret_arena = &s->arena;
    *ret_ctx = s;
    return true;
}

static void on_head(void *ctx, const struct pst_h1_head *head)
{
    struct pst_front_stream *s = ctx;
    pst_front_conn_phase(s->conn, 0);
    pst_front_stream_body(s);
    pst_front_request_head(&s->request, head);
}

static enum pst_status on_body(void *ctx, struct pst_str bytes)
{
    struct pst_front_stream *s = ctx;
    pst_house_count(&s->front->house, PST_METRIC_bytes_in_total, (int64_t)bytes.n);
    (void)pst_front_request_body(&s->request, bytes);
    return !s->gone && s->request.asking == PST_FRONT_ADMITTING ? PST_AGAIN : PST_OK;
}

static void on_end(void *ctx)
{
    struct pst_front_stream *s = ctx;
    if (!s->request.refused) { /* else a verdict is due, and has its own time */
        pst_timer_cancel(s->front->house.loop, &s->timer);
    }
    pst_front_request_body_end(&s->request);
}

static void on_broken(void *ctx, const struct pst_err *err)
{
    struct pst_front_stream *s = ctx;
    pst_front_conn_phase(s->conn, 0);
    pst_front_request_broken(&s->request, err);
}

static void on_closed(void *ctx, enum pst_error why)
{
    stream_drop(ctx, why);
}

static const struct pst_h2_events h2_events = {.open = on_open,
                                               .head = on_head,
                                               .body = on_body,
                                               .end = on_end,
                                               .broken = on_broken,
                                               .closed = on_closed};

static void h2_take(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    struct pst_err err = {0};
    if (c->closing || c->in.n == 0) {
        return;
    }
    enum pst_status status = pst_h2_feed(c->h2, pst_buf_str(&c->in), pst_loop_now_ms(f->house.loop),
                                         &err);
    pst_buf_clear(&c->in);
    if (c->dead) {
        return;
    }
    if (status != PST_OK && err.code == PST_E_HTTP2_FLOOD) {
        pst_house_count(&f->house, PST_METRIC_h2_floods_total, 1);
    }
    pst_front_conn_push(c);
    if (!c->dead && !c->closing && pst_h2_live(c->h2) > 0 &&
        !pst_timer_live(f->house.loop, c->h2_timer)) {
        pst_house_timer(&f->house, &c->h2_timer, TICK_MS, h2_tick, c);
    }
}

static bool h2_wants(const struct pst_front_conn *c)
{
    return c->out.n < OUT_HIGH; /* who takes nothing is not read either */
}

/* Nothing was asked for in time, or a head stopped in the middle. */
static void h2_late(struct pst_front_conn *c)
{
    if (c->streams == NULL && pst_h2_live(c->h2) > 0) { /* answers are still leaving */
        pst_front_conn_phase(c, limit(c, PST_LIMIT_idle_ms));
        return;
    }
    if (c->streams != NULL) {
        pst_front_conn_close(c, PST_E_REQUEST_TIMEOUT);
        return;
    }
    pst_h2_goaway(c->h2);
    pst_front_conn_push(c);
}

/* --- to the client ---------------------------------------------------------------------------- */

static void h2_fill(struct pst_front_conn *c)
{
    struct pst_err err = {0};
    if (c->dead || c->h2 == NULL) {
        return;
    }
    enum pst_status status = pst_h2_send(c->h2, &c->out, OUT_HIGH, &err);
    if (!c->dead && (status != PST_OK || pst_h2_ended(c->h2))) {
        c->closing = true;
    }
}

static bool h2_proceed(struct pst_front_stream *s)
{
    return pst_h2_proceed(s->h2);
}

static bool h2_head(struct pst_front_stream *s, unsigned status,
                    const struct pst_h1_header *headers, size_t n, size_t length)
{
    struct pst_err err = {0};
    struct pst_h1_framing framing = {.body = PST_H1_BODY_LENGTH, .length = length};
    if (length == PST_NPOS) {
        framing = (struct pst_h1_framing){.body = PST_H1_BODY_CHUNKED};
    }
    return pst_h2_respond(s->h2, status, headers, n, framing, &err) == PST_OK;
}

static bool h2_piece(struct pst_front_stream *s, struct pst_str bytes)
{
    return pst_h2_write(s->h2, bytes);
}

static void h2_finish(struct pst_front_stream *s)
{
    struct pst_front_conn *c = s->conn;
    pst_h2_end(s->h2); /* what was written leaves without it */
    stream_drop(s, PST_E_NONE);
    pst_front_conn_push(c);
}

static void h2_abort(struct pst_front_stream *s)
{
    struct pst_front_conn *c = s->conn;
    pst_h2_reset(s->h2, PST_H2_INTERNAL_ERROR);
    stream_drop(s, PST_E_CLIENT_CLOSED);
    pst_front_conn_push(c);
}

static void h2_resume(struct pst_front_stream *s)
{
    struct pst_front_conn *c = s->conn;
    if (!s->gone) {
        pst_h2_resume(s->h2);
        pst_front_conn_push(c);
    }
}

static size_t h2_unsent(const struct pst_front_stream *s)
{
    return s->h2 != NULL ? pst_h2_unsent(s->h2) : 0;
}

const struct pst_front_protocol pst_front_h2 = {
    .name = "h2",
    .begin = h2_begin,
    .end = h2_end,
    .take = h2_take,
    .wants = h2_wants,
    .fill = h2_fill,
    .late = h2_late,
    .proceed = h2_proceed,
    .head = h2_head,
    .piece = h2_piece,
    .finish = h2_finish,
    .abort = h2_abort,
    .resume = h2_resume,
    .unsent = h2_unsent,
};
