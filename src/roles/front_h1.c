/* HTTP/1.1 on a connection: one stream at a time; what follows it waits in the buffer. */
#include "roles/front.h"

static uint64_t limit(const struct pst_front_conn *c, enum pst_limit which)
{
    return c->front->config->image->limits.v[which];
}

static enum pst_status h1_begin(struct pst_front_conn *c, struct pst_err *err)
{
    (void)c;
    (void)err;
    return PST_OK; /* a stream comes with the first byte: who only waits costs little */
}

static void h1_end(struct pst_front_conn *c, enum pst_error code)
{
    pst_front_stream_give(c->streams, code);
    c->streams = NULL;
}

/* --- from the client -------------------------------------------------------------------------- */

/* The first byte of a message. */
static bool stream_begin(struct pst_front_conn *c)
{
    const struct pst_h1_limits limits = {
        .line_bytes = (uint32_t)limit(c, PST_LIMIT_request_line_bytes),
        .head_bytes = (uint32_t)limit(c, PST_LIMIT_header_bytes),
        .header_bytes = (uint32_t)limit(c, PST_LIMIT_header_bytes),
        .headers = (uint32_t)limit(c, PST_LIMIT_header_count),
        .chunks = 1024 * 1024,
        .body_bytes = pst_limit_row(PST_LIMIT_body_bytes)->hard, /* the head is wanted first */
    };
    c->streams = pst_front_stream_take(c);
    if (c->streams == NULL) {
        return false;
    }
    pst_h1_init(&c->h1, PST_H1_REQUEST, &limits, &c->streams->arena);
    pst_front_conn_phase(c, limit(c, PST_LIMIT_header_ms));
    return true;
}

/* Whether bytes of the request in hand may be read now. */
static bool readable(const struct pst_front_stream *s)
{
    return s == NULL || (!s->request.body_ended && s->request.asking != PST_FRONT_ADMITTING);
}

static void on_event(struct pst_front_stream *s, const struct pst_h1_event *event)
{
    struct pst_front_conn *c = s->conn;
    struct pst_front_request *r = &s->request;
    if (event->type == PST_H1_EVENT_HEAD) {
        pst_front_conn_phase(c, 0);
        pst_front_stream_body(s);
        pst_front_request_head(r, event->head);
    } else if (event->type == PST_H1_EVENT_BODY) {
        pst_house_count(&c->front->house, PST_METRIC_bytes_in_total, (int64_t)event->body.n);
        (void)pst_front_request_body(r, event->body); /* `readable` tells whether to go on */
    } else {
        if (!r->refused) { /* else a verdict is due, and has its own time */
            pst_timer_cancel(c->front->house.loop, &s->timer);
        }
        pst_front_request_body_end(r);
    }
}

/* Parses what is buffered until the request is whole, or more bytes or an admission are needed. */
static void h1_take(struct pst_front_conn *c)
{
    while (!c->dead && !c->closing && readable(c->streams)) {
        struct pst_front_stream *s = c->streams;
        struct pst_h1_event event;
        struct pst_err err = {0};
        size_t used = 0;
        if (s == NULL) {
            if (c->in.n == 0) {
                return;
            }
            if (!stream_begin(c)) {
                pst_front_conn_close(c, PST_E_NO_MEMORY);
                return;
            }
            s = c->streams;
        }
        enum pst_status status = pst_h1_feed(&c->h1, pst_buf_str(&c->in), &used, &event, &err);
        if (status != PST_OK) {
            pst_buf_clear(&c->in);
            if (status == PST_ERR) {
                pst_front_conn_phase(c, 0);
                pst_front_request_broken(&s->request, &err);
            }
            return;
        }
        bool ended = event.type == PST_H1_EVENT_END;
        on_event(s, &event);
        if (c->dead) {
            return;
        }
        pst_buf_consume(&c->in, used); /* behind the event: a body is a view into it */
        if (ended || c->streams != s) {
            return; /* the next one begins when the loop comes round */
        }
    }
}

static bool h1_wants(const struct pst_front_conn *c)
{
    return readable(c->streams) && c->in.n < PST_FRONT_READ;
}

/* The head did not come in time, or nothing at all. */
static void h1_late(struct pst_front_conn *c)
{
    struct pst_err err = {0};
    if (c->streams == NULL) {
        pst_front_conn_close(c, PST_E_NONE);
        return;
    }
    (void)pst_fail(&err, PST_E_REQUEST_TIMEOUT, "%s", pst_error_row(PST_E_REQUEST_TIMEOUT)->text);
    pst_front_request_broken(&c->streams->request, &err);
}

/* --- to the client ---------------------------------------------------------------------------- */

static bool keep_alive(const struct pst_front_stream *s)
{
    const struct pst_front_request *r = &s->request;
    return r->head != NULL && r->head->keep_alive && r->body_ended && !s->until_close;
}

static bool h1_proceed(struct pst_front_stream *s)
{
    return pst_h1_write_continue(&s->conn->out);
}

static bool h1_head(struct pst_front_stream *s, unsigned status,
                    const struct pst_h1_header *headers, size_t n, size_t length)
{
    struct pst_err err = {0};
    const struct pst_h1_head *asked = s->request.head;
    struct pst_h1_framing framing = {.body = PST_H1_BODY_LENGTH, .length = length};
    if (length == PST_NPOS) {
        s->chunked = asked != NULL && asked->minor >= 1;
        s->until_close = !s->chunked;
        framing.body = s->chunked ? PST_H1_BODY_CHUNKED : PST_H1_BODY_UNTIL_CLOSE;
        framing.length = 0;
    }
    framing.close = !keep_alive(s);
    return pst_h1_write_response(&s->conn->out, status, headers, n, framing, &err) == PST_OK;
}

static bool h1_piece(struct pst_front_stream *s, struct pst_str bytes)
{
    struct pst_buf *out = &s->conn->out;
    if (!s->chunked) {
        return pst_buf_add(out, bytes);
    }
    return pst_h1_write_chunk_begin(out, bytes.n) && pst_buf_add(out, bytes) &&
           pst_h1_write_chunk_end(out);
}

static void h1_finish(struct pst_front_stream *s)
{
    struct pst_front_conn *c = s->conn;
    bool again = keep_alive(s) && !c->closing;
    if (s->chunked && !pst_h1_write_chunk_last(&c->out)) {
        again = false;
    }
    pst_front_stream_give(s, PST_E_NONE);
    c->streams = NULL;
    c->closing = !again;
    pst_front_conn_phase(c, again ? limit(c, PST_LIMIT_idle_ms) : 0);
    pst_front_conn_push(c);
    if (again) {
        pst_front_conn_resume(c);
    }
}

static void h1_abort(struct pst_front_stream *s)
{
    pst_front_conn_close(s->conn, PST_E_NONE);
}

static void h1_resume(struct pst_front_stream *s)
{
    pst_front_conn_resume(s->conn);
}

static void h1_fill(struct pst_front_conn *c)
{
    (void)c; /* everything was written where it is sent from */
}

static size_t h1_unsent(const struct pst_front_stream *s)
{
    return s->conn->out.n;
}

const struct pst_front_protocol pst_front_h1 = {
    .name = "http/1.1",
    .begin = h1_begin,
    .end = h1_end,
    .take = h1_take,
    .wants = h1_wants,
    .fill = h1_fill,
    .late = h1_late,
    .proceed = h1_proceed,
    .head = h1_head,
    .piece = h1_piece,
    .finish = h1_finish,
    .abort = h1_abort,
    .resume = h1_resume,
    .unsent = h1_unsent,
};
