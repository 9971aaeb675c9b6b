/* One stream of HTTP/2: the request as it comes, the answer as it leaves. */
#include "wire/h1_impl.h"
#include "wire/h2_impl.h"

#include <stdio.h>
#include <string.h>

/* --- life ------------------------------------------------------------------------------------- */

struct pst_h2_stream *pst_h2_stream_new(struct pst_h2 *h, int32_t id)
{
    struct pst_h2_stream *s = pst_h2_alloc(h, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->h = h;
    s->id = id;
    s->length = UINT64_MAX;
    s->moved_ms = h->now_ms;
    pst_buf_init(&s->held, h->limits.window_bytes);
    pst_buf_init(&s->out, h->limits.unsent_bytes);
    s->next = h->streams;
    if (s->next != NULL) {
        s->next->prev = s;
    }
    h->streams = s;
    h->n_streams++;
    return s;
}

void pst_h2_stream_free(struct pst_h2_stream *s)
{
    struct pst_h2 *h = s->h;
    *(s->prev != NULL ? &s->prev->next : &h->streams) = s->next;
    if (s->next != NULL) {
        s->next->prev = s->prev;
    }
    h->n_streams--;
    h->unsent -= s->out.n;
    pst_buf_release(&s->held);
    pst_buf_release(&s->out);
    pst_h2_unalloc(h, s);
}

void pst_h2_stream_closed(struct pst_h2_stream *s, enum pst_error why)
{
    void *ctx = s->ctx;
    s->ctx = NULL;
    if (ctx != NULL && !s->h->doomed) {
        s->h->events->closed(ctx, why);
    }
}

/* Whether its owner still hears of it. */
static bool heard(const struct pst_h2_stream *s)
{
    return s->ctx != NULL && !s->h->doomed && !s->h->over && !s->h->starved;
}

/* --- the request ------------------------------------------------------------------------------ */

void pst_h2_stream_break(struct pst_h2_stream *s, const struct pst_err *err)
{
    if (s->broken || !heard(s)) {
        return;
    }
    s->broken = true;
    if (pst_h2_spend(s->h, &s->h->resets, 1)) {
        s->h->events->broken(s->ctx, err);
    }
}

static void break_for(struct pst_h2_stream *s, enum pst_error code, const char *text)
{
    struct pst_err err = {0};
    (void)pst_fail(&err, code, "%s", text);
    pst_h2_stream_break(s, &err);
}

void pst_h2_stream_headers(struct pst_h2_stream *s, bool trailers, bool last)
{
    struct pst_err err = {0};
    if (!heard(s)) {
        s->headed = true;
    } else if (trailers) {
        break_for(s, PST_E_HTTP_FRAMING, "trailers are not allowed");
    } else if (pst_h2_head_end(&s->head, &s->h->limits.head, last, &err) != PST_OK) {
        s->headed = true;
        pst_h2_stream_break(s, &err);
    } else {
        const struct pst_h1_head *head = s->head.head;
        s->headed = true;
        s->length = head->body == PST_H1_BODY_LENGTH ? head->content_length : UINT64_MAX;
        s->h->events->head(s->ctx, head);
    }
    if (last) {
        pst_h2_stream_end(s);
    }
}

/* So much of the body is nobody's concern any more: as much may follow. */
static void consumed(struct pst_h2_stream *s, size_t n)
{
    if (!s->h->starved && nghttp2_session_consume_stream(s->h->session, s->id, n) != 0) {
        pst_h2_fail(s->h, PST_E_NO_MEMORY, "no memory for a window update");
    }
}

static void deliver(struct pst_h2_stream *s, struct pst_str bytes)
{
    s->holding = s->h->events->body(s->ctx, bytes) == PST_AGAIN;
    consumed(s, bytes.n);
}

void pst_h2_stream_data(struct pst_h2_stream *s, struct pst_str bytes)
{
    s->body += bytes.n;
    if (s->body > s->length) {
        break_for(s, PST_E_HTTP_FRAMING, "the body is longer than its content-length");
    } else if (s->body > s->h->limits.head.body_bytes) {
        break_for(s, PST_E_BODY_TOO_LARGE, "the body is larger than the limit");
    }
    if (s->broken || !heard(s)) {
        consumed(s, bytes.n);
    } else if (!s->holding) {
        deliver(s, bytes);
    } else if (!pst_buf_add(&s->held, bytes)) {
        break_for(s, PST_E_NO_MEMORY, "no memory for the body");
    }
}

static void end_tell(struct pst_h2_stream *s)
{
    if (s->ended && !s->told && !s->holding && !s->broken && heard(s)) {
        s->told = true;
        s->h->events->end(s->ctx);
    }
}

void pst_h2_stream_end(struct pst_h2_stream *s)
{
    s->ended = true;
    if (s->length != UINT64_MAX && s->body < s->length) {
        break_for(s, PST_E_HTTP_FRAMING, "the body is shorter than its content-length");
    }
    end_tell(s);
}

void pst_h2_resume(struct pst_h2_stream *s)
{
    struct pst_h2 *h = s->h;
    if (!s->holding || s->broken || !heard(s)) {
        return;
    }
    struct pst_buf held = s->held;
    h->within++;
    pst_buf_init(&s->held, held.cap);
    s->holding = false;
    if (held.n > 0) {
        deliver(s, pst_buf_str(&held));
    }
    end_tell(s);
    pst_buf_release(&held);
    pst_h2_leave(h);
}

/* --- the answer ------------------------------------------------------------------------------- */

static ssize_t answer_read(nghttp2_session *session, int32_t id, uint8_t *buf, size_t length,
                           uint32_t *data_flags, nghttp2_data_source *source, void *user)
{
    struct pst_h2_stream *s = source->ptr;
    (void)session;
    (void)id;
    (void)user;
    size_t n = s->out.n < length ? s->out.n : length;
    if (n == 0 && !s->finished) {
        s->deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (n > 0) {
        memcpy(buf, s->out.p, n);
        pst_buf_consume(&s->out, n);
        s->h->unsent -= n;
        s->moved_ms = s->h->now_ms;
    }
    if (s->out.n == 0 && s->finished) {
        *data_flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return (ssize_t)n;
}

static nghttp2_nv nv(struct pst_str name, struct pst_str value)
{
    union { /* nghttp2 copies and does not write; its type does not say so */
        const uint8_t *in;
        uint8_t *out;
    } n = {name.p}, v = {value.p};
    return (nghttp2_nv){n.out, v.out, name.n, value.n, NGHTTP2_NV_FLAG_NONE};
}

static bool lower(struct pst_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] >= 'A' && name.p[i] <= 'Z') {
            return false;
        }
    }
    return true;
}

bool pst_h2_proceed(struct pst_h2_stream *s)
{
    nghttp2_nv status = nv(PST_STR(":status"), PST_STR("100"));
    return !s->h->starved && nghttp2_submit_headers(s->h->session, NGHTTP2_FLAG_NONE, s->id, NULL,
                                                    &status, 1, NULL) == 0;
}

enum pst_status pst_h2_respond(struct pst_h2_stream *s, unsigned status,
                               const struct pst_h1_header *headers, size_t n,
                               struct pst_h1_framing framing, struct pst_err *err)
{
    nghttp2_nv fields[PST_H2_HEADERS_MAX + 2];
    nghttp2_data_provider provider = {.source.ptr = s, .read_callback = answer_read};
    char code[8], length[24];
    size_t at = 0;
    PST_BUG_ON(s->answered);
    if (status < 200 || status > 599 || n > PST_H2_HEADERS_MAX) {
        return pst_fail(err, PST_E_HTTP_SYNTAX, "not an answer's head");
    }
    snprintf(code, sizeof code, "%u", status);
    fields[at++] = nv(PST_STR(":status"), pst_str_c(code));
    for (size_t i = 0; i < n; i++) {
        if (!pst_h1_token_valid(headers[i].name) || !lower(headers[i].name) ||
            !pst_h1_value_valid(headers[i].value) || pst_h1_framing_field(headers[i].name)) {
            return pst_fail(err, PST_E_HTTP_HEADER, "a header of an answer cannot be written");
        }
        fields[at++] = nv(headers[i].name, headers[i].value);
    }
    if (framing.body == PST_H1_BODY_LENGTH) {
        snprintf(length, sizeof length, "%llu", (unsigned long long)framing.length);
        fields[at++] = nv(PST_STR("content-length"), pst_str_c(length));
    }
    bool bodiless = framing.body == PST_H1_BODY_NONE;
    if (s->h->starved || nghttp2_submit_response(s->h->session, s->id, fields, at,
                                                 bodiless ? NULL : &provider) != 0) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for an answer's head");
    }
    s->answered = true;
    s->bodiless = bodiless;
    return PST_OK;
}

/* nghttp2 asks for bytes again. */
static void wake(struct pst_h2_stream *s)
{
    if (s->deferred && !s->h->starved) {
        s->deferred = false;
        if (nghttp2_session_resume_data(s->h->session, s->id) == NGHTTP2_ERR_NOMEM) {
            pst_h2_fail(s->h, PST_E_NO_MEMORY, "no memory to go on with an answer");
        }
    }
}

bool pst_h2_write(struct pst_h2_stream *s, struct pst_str bytes)
{
    PST_BUG_ON(!s->answered || s->finished);
    if (bytes.n == 0) {
        return true;
    }
    if (s->bodiless || bytes.n > s->h->limits.unsent_bytes - s->h->unsent) {
        return false;
    }
    if (s->out.n == 0) {
        s->moved_ms = s->h->now_ms;
    }
    if (!pst_buf_add(&s->out, bytes)) {
        return false;
    }
    s->h->unsent += bytes.n;
    wake(s);
    return true;
}

size_t pst_h2_unsent(const struct pst_h2_stream *s)
{
    return s->out.n;
}

static void held_drop(struct pst_h2_stream *s)
{
    size_t n = s->held.n;
    pst_buf_release(&s->held);
    s->holding = false;
    if (n > 0) {
        consumed(s, n);
    }
}

void pst_h2_end(struct pst_h2_stream *s)
{
    if (!s->answered) {
        pst_h2_reset(s, PST_H2_INTERNAL_ERROR);
        return;
    }
    s->ctx = NULL;
    s->finished = true;
    s->moved_ms = s->h->now_ms;
    held_drop(s);
    wake(s);
}

void pst_h2_reset(struct pst_h2_stream *s, uint32_t code)
{
    struct pst_h2 *h = s->h;
    s->ctx = NULL;
    if (s->resetting) {
        return;
    }
    s->resetting = true;
    h->unsent -= s->out.n;
    pst_buf_clear(&s->out);
    held_drop(s);
    if (!h->starved && nghttp2_submit_rst_stream(h->session, NGHTTP2_FLAG_NONE, s->id, code) != 0) {
        pst_h2_fail(h, PST_E_NO_MEMORY, "no memory to reset a stream");
    }
}
