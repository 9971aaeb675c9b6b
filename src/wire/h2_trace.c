#include "wire/h2_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA = 1 << 20, EVENTS = 1 << 24, OUT_HIGH = 1 << 16 };

struct pst_h2_limits h2_trace_limits(void)
{
    return (struct pst_h2_limits){
        .head = {.line_bytes = 4096,
                 .head_bytes = 16384,
                 .header_bytes = 8192,
                 .headers = 100,
                 .body_bytes = 1 << 20},
        .streams = 100,
        .window_bytes = PST_H2_WINDOW_LEAST,
        .resets = 100,
        .control = 1000,
        .unsent_bytes = 1 << 20,
        .write_ms = 30000,
        .drain_ms = 2000,
    };
}

/* --- events ----------------------------------------------------------------------------------- */

static void answer(struct h2_trace_stream *s)
{
    struct pst_err err = {0};
    struct pst_h1_header header = {PST_STR("content-type"), PST_STR("text/plain")};
    struct pst_h1_framing framing = {.body = PST_H1_BODY_CHUNKED};
    char text[16];
    if (s->s == NULL || !s->t->answer) {
        return;
    }
    snprintf(text, sizeof text, "%u", s->id);
    if (pst_h2_respond(s->s, 200, &header, 1, framing, &err) == PST_OK &&
        pst_h2_write(s->s, pst_str_c(text))) {
        pst_h2_end(s->s);
    } else {
        pst_h2_reset(s->s, PST_H2_INTERNAL_ERROR);
    }
    s->s = NULL;
}

static bool on_open(void *user, struct pst_h2_stream *handle, uint32_t id,
                    struct pst_arena **ret_arena, void **ret_ctx)
{
    struct h2_trace *t = user;
    if (t->n_streams == H2_TRACE_STREAMS) {
        return false;
    }
    struct h2_trace_stream *s = &t->streams[t->n_streams++];
    *s = (struct h2_trace_stream){.t = t, .s = handle, .id = id};
    pst_arena_init(&s->arena, 4096, t->arena_cap);
    *ret_arena = &s->arena;
    *ret_ctx = s;
    return true;
}

static void on_head(void *ctx, const struct pst_h1_head *head)
{
    struct h2_trace_stream *s = ctx;
    struct pst_buf *out = &s->t->events;
    PST_BUG_ON(!pst_h1_path_valid(head->path) || !pst_h1_host_valid(head->host) ||
               !pst_h1_token_valid(head->method_name) || head->minor != 1 || !head->keep_alive);
    pst_buf_fmt(out, "%u HEAD ", s->id);
    pst_buf_add(out, head->method_name);
    pst_buf_byte(out, ' ');
    pst_buf_add(out, head->path);
    if (head->has_query) {
        PST_BUG_ON(!pst_h1_query_valid(head->query));
        pst_buf_byte(out, '?');
        pst_buf_add(out, head->query);
    }
    PST_BUF_LIT(out, " host=");
    pst_buf_add(out, head->host);
    pst_buf_fmt(out, " body=%d/%llu%s\n", (int)head->body, (unsigned long long)head->content_length,
                head->expect_continue ? " expect" : "");
    for (size_t i = 0; i < head->n_headers; i++) {
        const struct pst_h1_header *header = &head->headers[i];
        PST_BUG_ON(!pst_h1_token_valid(header->name) || !pst_h1_value_valid(header->value));
        pst_buf_fmt(out, "%u  ", s->id);
        pst_buf_add(out, header->name);
        PST_BUF_LIT(out, "=");
        pst_buf_add(out, header->value);
        pst_buf_byte(out, '\n');
    }
    if (s->t->reset) {
        pst_h2_reset(s->s, PST_H2_CANCEL);
        s->s = NULL;
    } else if (s->t->close_at_head) {
        pst_h2_close(s->t->h);
        s->t->h = NULL;
    }
}

static enum pst_status on_body(void *ctx, struct pst_str bytes)
{
    struct h2_trace_stream *s = ctx;
    PST_BUG_ON(bytes.n == 0);
    s->body += bytes.n;
    s->pieces++;
    for (size_t i = 0; i < bytes.n; i++) {
        s->sum = s->sum * 31 + bytes.p[i];
    }
    return s->t->hold ? PST_AGAIN : PST_OK;
}

static void on_end(void *ctx)
{
    struct h2_trace_stream *s = ctx;
    pst_buf_fmt(&s->t->events, "%u END %zu %08x\n", s->id, s->body, s->sum);
    answer(s);
}

static void on_broken(void *ctx, const struct pst_err *err)
{
    struct h2_trace_stream *s = ctx;
    pst_buf_fmt(&s->t->events, "%u BROKEN %s\n", s->id, pst_error_row(err->code)->code);
    answer(s);
}

static void on_closed(void *ctx, enum pst_error why)
{
    struct h2_trace_stream *s = ctx;
    PST_BUG_ON(s->s == NULL); /* nothing comes behind its end */
    pst_buf_fmt(&s->t->events, "%u CLOSED %s\n", s->id, pst_error_row(why)->code);
    s->s = NULL;
}

static const struct pst_h2_events events = {on_open, on_head,   on_body,
                                            on_end,  on_broken, on_closed};

/* --- the play --------------------------------------------------------------------------------- */

bool h2_trace_open(struct h2_trace *t, const struct pst_h2_limits *limits)
{
    struct pst_err err = {0};
    *t = (struct h2_trace){.limits = *limits, .arena_cap = ARENA, .now_ms = 1000};
    const struct pst_h2_config config = {
        .limits = *limits, .events = &events, .user = t, .now_ms = t->now_ms};
    pst_buf_init(&t->events, EVENTS);
    pst_buf_init(&t->out, EVENTS);
    return pst_h2_open(&config, &t->h, &err) == PST_OK;
}

void h2_trace_close(struct h2_trace *t)
{
    pst_h2_close(t->h);
    for (size_t i = 0; i < t->n_streams; i++) {
        pst_arena_release(&t->streams[i].arena);
    }
    pst_buf_release(&t->events);
    pst_buf_release(&t->out);
}

void h2_trace_send(struct h2_trace *t)
{
    struct pst_err err = {0};
    if (t->h != NULL && pst_h2_send(t->h, &t->out, t->out.n + OUT_HIGH, &err) != PST_OK) {
        pst_buf_fmt(&t->events, "SEND %s\n", pst_error_row(err.code)->code);
    }
}

enum pst_error h2_trace_feed(struct h2_trace *t, struct pst_str in)
{
    struct pst_err err = {0};
    if (t->h == NULL) {
        return PST_E_CLIENT_CLOSED;
    }
    enum pst_status status = pst_h2_feed(t->h, in, t->now_ms, &err);
    if (t->h != NULL) {
        size_t live = pst_h2_live(t->h);
        t->live_most = live > t->live_most ? live : t->live_most;
        if (!t->quiet) {
            h2_trace_send(t);
        }
    }
    return status == PST_OK ? PST_E_NONE : err.code;
}

enum pst_error h2_trace_cut(struct h2_trace *t, struct pst_str in, const size_t *cuts, size_t n)
{
    enum pst_error code = PST_E_NONE;
    for (size_t i = 0; in.n > 0 && code == PST_E_NONE; i++) {
        struct pst_str part = pst_str_cut(in, 0, cuts[i % n]);
        uint8_t *block = malloc(part.n > 0 ? part.n : 1); /* a read beyond it faults */
        PST_BUG_ON(block == NULL);
        memcpy(block, part.p, part.n);
        code = h2_trace_feed(t, pst_str_of(block, part.n));
        free(block);
        in = pst_str_from(in, part.n);
    }
    return code;
}

void h2_trace_resume(struct h2_trace *t)
{
    for (size_t i = 0; i < t->n_streams; i++) {
        if (t->streams[i].s != NULL) {
            pst_h2_resume(t->streams[i].s);
        }
    }
    h2_trace_send(t);
}

struct h2_trace_stream *h2_trace_stream(struct h2_trace *t, uint32_t id)
{
    for (size_t i = 0; i < t->n_streams; i++) {
        if (t->streams[i].id == id) {
            return &t->streams[i];
        }
    }
    return NULL;
}

/* --- a client's bytes ------------------------------------------------------------------------- */

void h2_put_frame(struct pst_buf *out, unsigned type, unsigned flags, uint32_t id,
                  struct pst_str payload)
{
    const uint8_t head[9] = {(uint8_t)(payload.n >> 16),
                             (uint8_t)(payload.n >> 8),
                             (uint8_t)payload.n,
                             (uint8_t)type,
                             (uint8_t)flags,
                             (uint8_t)(id >> 24),
                             (uint8_t)(id >> 16),
                             (uint8_t)(id >> 8),
                             (uint8_t)id};
    pst_buf_add(out, pst_str_of(head, sizeof head));
    pst_buf_add(out, payload);
}

void h2_put_begin(struct pst_buf *out)
{
    PST_BUF_LIT(out, H2_PREFACE);
    h2_put_frame(out, 4, 0, 0, PST_STR(""));
}

static void put_string(struct pst_buf *block, struct pst_str s)
{
    size_t n = s.n;
    if (n < 127) {
        pst_buf_byte(block, (uint8_t)n);
    } else { /* RFC 7541 §5.1, seven bits of prefix */
        pst_buf_byte(block, 127);
        for (n -= 127; n >= 128; n /= 128) {
            pst_buf_byte(block, (uint8_t)(n % 128 + 128));
        }
        pst_buf_byte(block, (uint8_t)n);
    }
    pst_buf_add(block, s);
}

void h2_put_field(struct pst_buf *block, struct pst_str name, struct pst_str value)
{
    pst_buf_byte(block, 0);
    put_string(block, name);
    put_string(block, value);
}

void h2_put_fields(struct pst_buf *block, const char *lines)
{
    struct pst_str rest = pst_str_c(lines);
    while (rest.n > 0) {
        size_t end = pst_str_find_byte(rest, '\n');
        struct pst_str line = pst_str_cut(rest, 0, end);
        size_t colon = pst_str_find_byte(pst_str_from(line, 1), ':') + 1;
        h2_put_field(block, pst_str_cut(line, 0, colon), pst_str_from(line, colon + 2));
        rest = pst_str_from(rest, end == PST_NPOS ? rest.n : end + 1);
    }
}

void h2_put_headers(struct pst_buf *out, uint32_t id, const char *lines, bool last)
{
    struct pst_buf block;
    pst_buf_init(&block, EVENTS);
    h2_put_fields(&block, lines);
    h2_put_frame(out, 1, last ? 5 : 4, id, pst_buf_str(&block));
    pst_buf_release(&block);
}

void h2_put_data(struct pst_buf *out, uint32_t id, struct pst_str bytes, bool last)
{
    h2_put_frame(out, 0, last ? 1 : 0, id, bytes);
}

void h2_put_u32(struct pst_buf *out, unsigned type, uint32_t id, uint32_t value)
{
    const uint8_t payload[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
                                (uint8_t)(value >> 8), (uint8_t)value};
    h2_put_frame(out, type, 0, id, pst_str_of(payload, sizeof payload));
}

static uint32_t big(struct pst_str s, size_t at)
{
    return (uint32_t)s.p[at] << 24 | (uint32_t)s.p[at + 1] << 16 | (uint32_t)s.p[at + 2] << 8 |
           s.p[at + 3];
}

size_t h2_count_frames(struct pst_str out, unsigned type, uint32_t *ret_id, uint32_t *ret_value)
{
    size_t found = 0;
    while (out.n >= 9) {
        size_t n = (size_t)out.p[0] << 16 | (size_t)out.p[1] << 8 | out.p[2];
        PST_BUG_ON(out.n - 9 < n);
        if (out.p[3] == type) {
            size_t at = type == 7 ? 13 : 9;
            found++;
            if (ret_id != NULL) {
                *ret_id = big(out, 5);
            }
            if (ret_value != NULL) {
                *ret_value = n >= at - 5 ? big(out, at) : 0;
            }
        }
        out = pst_str_from(out, 9 + n);
    }
    return found;
}
