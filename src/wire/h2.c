/* The session: bytes in, callbacks of nghttp2, bytes out, floods, time. */
#include "wire/h2.h"

#include "base/check.h"
#include "wire/h2_impl.h"

#include <stdlib.h>
#include <string.h>

enum {
    MEMORY_BASE = 256 * 1024,
    CONTINUATIONS = 8,          /* of one head */
    CONTINUATION_PIECES = 1024, /* nghttp2 counts a frame for each piece that its header comes in */
    SETTINGS_ENTRIES = 32,
    SETTINGS_COST = 8,    /* of the control bucket: it may touch every stream */
    EARN_FRAME = 4,       /* for a DATA frame sent: the client may acknowledge it */
    EARN_BYTES = 1024,    /* and for so many bytes of it */
    WINDOWS = 4,          /* of a stream's window: the connection's */
    IDLE_BYTES = 1 << 20, /* of nothing that is known, beside a window of streams that ended */
    REFILL_PART = 10,     /* of a bucket, each second */
    THOUSAND = 1000,
};

/* --- memory ----------------------------------------------------------------------------------- */

/* Every block is known. nghttp2 1.52 frees twice what it could not finish for want of memory, so
 * behind the first failure nothing is given back any more and nghttp2 is not called again: the
 * session ends, and its blocks go all at once. */
struct h2_block {
    _Alignas(16) struct h2_block *next;
    struct h2_block *prev;
    size_t n;
};

static void block_link(struct pst_h2 *h, struct h2_block *b, size_t n)
{
    *b = (struct h2_block){.next = h->blocks, .n = n};
    if (b->next != NULL) {
        b->next->prev = b;
    }
    h->blocks = b;
    h->memory += n;
}

static void block_unlink(struct pst_h2 *h, struct h2_block *b)
{
    *(b->prev != NULL ? &b->prev->next : &h->blocks) = b->next;
    if (b->next != NULL) {
        b->next->prev = b->prev;
    }
    h->memory -= b->n;
}

static void *block_of(struct pst_h2 *h, void *old, size_t n)
{
    struct h2_block *b = old != NULL ? (struct h2_block *)old - 1 : NULL;
    size_t before = b != NULL ? b->n : 0;
    size_t size = 0;
    if (h->starved || !pst_add_size(n, sizeof *b, &size) ||
        (n > before && n - before > h->limits.memory_bytes - h->memory)) {
        h->starved = true;
        return NULL;
    }
    if (b != NULL) {
        block_unlink(h, b);
    }
    struct h2_block *moved = realloc(b, size);
    if (moved == NULL) {
        h->starved = true;
        if (b != NULL) {
            block_link(h, b, before);
        }
        return NULL;
    }
    block_link(h, moved, n);
    return moved + 1;
}

static void blocks_free(struct pst_h2 *h)
{
    while (h->blocks != NULL) {
        struct h2_block *b = h->blocks;
        h->blocks = b->next;
        free(b);
    }
}

static void *mem_malloc(size_t n, void *user)
{
    return block_of(user, NULL, n);
}

static void mem_free(void *p, void *user)
{
    pst_h2_unalloc(user, p);
}

static void *mem_calloc(size_t count, size_t size, void *user)
{
    size_t n = 0;
    void *p = pst_mul_size(count, size, &n) ? block_of(user, NULL, n) : NULL;
    if (p != NULL) {
        memset(p, 0, n);
    }
    return p;
}

static void *mem_realloc(void *p, size_t n, void *user)
{
    return block_of(user, p, n);
}

void *pst_h2_alloc(struct pst_h2 *h, size_t n)
{
    return mem_calloc(1, n, h);
}

void pst_h2_unalloc(struct pst_h2 *h, void *p)
{
    if (p != NULL && !h->starved) {
        struct h2_block *b = (struct h2_block *)p - 1;
        block_unlink(h, b);
        free(b);
    }
}

/* --- floods ----------------------------------------------------------------------------------- */

void pst_h2_fail(struct pst_h2 *h, enum pst_error code, const char *text)
{
    if (!h->over) {
        h->over = true;
        (void)pst_fail(&h->reason, code, "%s", text);
    }
}

static struct h2_bucket bucket(uint32_t size)
{
    return (struct h2_bucket){size, (uint64_t)size * THOUSAND};
}

static void earn(struct h2_bucket *b, uint64_t thousandths)
{
    uint64_t room = b->size * THOUSAND - b->tokens;
    b->tokens += thousandths < room ? thousandths : room;
}

void pst_h2_earn(struct h2_bucket *b, uint64_t n)
{
    earn(b, n * THOUSAND);
}

bool pst_h2_spend(struct pst_h2 *h, struct h2_bucket *b, uint64_t n)
{
    if (b->tokens < n * THOUSAND) {
        b->tokens = 0;
        pst_h2_fail(h, PST_E_HTTP2_FLOOD,
                    b == &h->resets ? "too many streams were cancelled or broken"
                                    : "too many frames that carry nothing");
        return false;
    }
    b->tokens -= n * THOUSAND;
    return true;
}

static void clock_set(struct pst_h2 *h, uint64_t now_ms)
{
    const uint64_t most = REFILL_PART * THOUSAND; /* fills either bucket */
    if (now_ms > h->now_ms) {
        uint64_t passed = now_ms - h->now_ms < most ? now_ms - h->now_ms : most;
        earn(&h->resets, passed * h->resets.size / REFILL_PART);
        earn(&h->control, passed * h->control.size / REFILL_PART);
        h->now_ms = now_ms;
    }
}

/* --- from nghttp2 ----------------------------------------------------------------------------- */

static int verdict(const struct pst_h2 *h)
{
    return h->over || h->doomed || h->starved ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static struct pst_h2_stream *stream_of(nghttp2_session *session, int32_t id)
{
    return id > 0 ? nghttp2_session_get_stream_user_data(session, id) : NULL;
}

/* RFC 9113 §5.1: an id is used once. Where the server reset the stream, the client may not know. */
static void used_before(struct pst_h2 *h, int32_t id)
{
    for (size_t i = 0; i < PST_LEN(h->was_reset); i++) {
        if (h->was_reset[i] == id) {
            (void)pst_h2_spend(h, &h->control, 1);
            return;
        }
    }
    h->code = NGHTTP2_STREAM_CLOSED;
    pst_h2_fail(h, PST_E_HTTP2, "a stream that ended was used again");
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user)
{
    struct pst_h2 *h = user;
    if (h->goodbye && h->n_streams == 0) { /* nghttp2 would read on to the end of this feed only */
        pst_h2_fail(h, PST_E_CLIENT_CLOSED, "the client said goodbye");
    }
    switch (hd->type) {
    case NGHTTP2_HEADERS:
        h->continuations = 0;
        if (hd->stream_id > h->last_id) {
            h->last_id = hd->stream_id;
        } else if (stream_of(session, hd->stream_id) == NULL) {
            used_before(h, hd->stream_id);
        }
        break;
    case NGHTTP2_CONTINUATION:
        if (++h->continuations > CONTINUATIONS) {
            pst_h2_fail(h, PST_E_HTTP2_FLOOD, "too many CONTINUATION frames");
        }
        break;
    case NGHTTP2_RST_STREAM: /* counted where it is known to be one */
        break;
    case NGHTTP2_DATA:
        if (hd->length == 0 && (hd->flags & NGHTTP2_FLAG_END_STREAM) == 0) {
            (void)pst_h2_spend(h, &h->control, 1);
        }
        break;
    case NGHTTP2_SETTINGS:
        (void)pst_h2_spend(h, &h->control, (hd->flags & NGHTTP2_FLAG_ACK) == 0 ? SETTINGS_COST : 1);
        break;
    default:
        (void)pst_h2_spend(h, &h->control, 1);
        break;
    }
    return verdict(h);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    const nghttp2_extpri in_turn = {.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1};
    struct pst_h2 *h = user;
    int32_t id = frame->hd.stream_id;
    struct pst_arena *arena = NULL;
    void *ctx = NULL;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
        return verdict(h);
    }
    struct pst_h2_stream *s = pst_h2_stream_new(h, id);
    if (s == NULL || !h->events->open(h->user, s, (uint32_t)id, &arena, &ctx)) {
        if (s != NULL) {
            pst_h2_stream_free(s);
        }
        if (verdict(h) == 0 && nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id,
                                                         NGHTTP2_REFUSED_STREAM) == 0) {
            h->n_refused++; /* not the client's fault */
        }
        return verdict(h);
    }
    s->ctx = ctx;
    pst_h2_head_begin(&s->head, arena);
    (void)nghttp2_session_set_stream_user_data(session, id, s);
    (void)nghttp2_session_change_extpri_stream_priority(session, id, &in_turn, 1);
    return verdict(h);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags, void *user)
{
    struct pst_h2 *h = user;
    struct pst_h2_stream *s = stream_of(session, frame->hd.stream_id);
    (void)flags;
    if (s == NULL) {
        return verdict(h);
    }
    if ((s->headed || s->ctx == NULL) && s->head.fault.code == PST_E_NONE) {
        /* counted, not looked at: the memory of the head may be gone */
        (void)pst_fail(&s->head.fault, PST_E_HTTP_FRAMING, "trailers are not allowed");
    }
    if (!pst_h2_head_field(&s->head, &h->limits.head, pst_str_of(name, n_name),
                           pst_str_of(value, n_value))) {
        pst_h2_fail(h, PST_E_HTTP2_FLOOD, "the headers unpack to too much");
    }
    return verdict(h);
}

static int on_frame_recv(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct pst_h2 *h = user;
    struct pst_h2_stream *s = stream_of(session, frame->hd.stream_id);
    bool last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
        (void)pst_h2_spend(h, &h->resets, 1);
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
        h->goodbye = true;
    } else if (frame->hd.type == NGHTTP2_HEADERS && s != NULL) {
        h->idle_bytes = 0;
        pst_h2_stream_headers(s, frame->headers.cat != NGHTTP2_HCAT_REQUEST, last);
    } else if (frame->hd.type == NGHTTP2_DATA && s != NULL && last) {
        pst_h2_stream_end(s);
    } else if (frame->hd.type == NGHTTP2_DATA && !last && frame->hd.length > 0 &&
               frame->hd.length <= frame->data.padlen) {
        (void)pst_h2_spend(h, &h->control, 1); /* nothing but padding */
    }
    return verdict(h);
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                   size_t n, void *user)
{
    struct pst_h2 *h = user;
    struct pst_h2_stream *s = stream_of(session, id);
    (void)flags;
    /* The connection's window bounds what is under way; what waits is bounded for each stream. */
    if (nghttp2_session_consume_connection(session, n) != 0) {
        pst_h2_fail(h, PST_E_NO_MEMORY, "no memory for a window update");
    } else if (s != NULL && n > 0) {
        h->idle_bytes = 0;
        pst_h2_stream_data(s, pst_str_of(data, n));
    } else if (s == NULL) {
        (void)nghttp2_session_consume_stream(session, id, n);
    }
    return verdict(h);
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    struct pst_h2_stream *s = stream_of(session, id);
    (void)code;
    (void)user;
    if (s != NULL) {
        pst_h2_stream_closed(s, PST_E_CLIENT_CLOSED);
        (void)nghttp2_session_set_stream_user_data(session, id, NULL);
        pst_h2_stream_free(s);
    }
    return 0;
}

static int on_frame_send(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct pst_h2 *h = user;
    (void)session;
    if (frame->hd.type == NGHTTP2_DATA) {
        h->idle_bytes = 0;
        pst_h2_earn(&h->control, EARN_FRAME + frame->hd.length / EARN_BYTES);
    } else if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
        pst_h2_fail(h, PST_E_HTTP2, "the client broke the protocol");
    } else if (frame->hd.type == NGHTTP2_RST_STREAM) {
        h->was_reset[h->n_reset++ % PST_LEN(h->was_reset)] = frame->hd.stream_id;
        switch (frame->rst_stream.error_code) { /* the client made it so */
        case NGHTTP2_PROTOCOL_ERROR:
        case NGHTTP2_FLOW_CONTROL_ERROR:
        case NGHTTP2_STREAM_CLOSED:
        case NGHTTP2_FRAME_SIZE_ERROR:
        case NGHTTP2_REFUSED_STREAM:
            if (frame->rst_stream.error_code == NGHTTP2_REFUSED_STREAM && h->n_refused > 0) {
                h->n_refused--;
                break;
            }
            (void)pst_h2_spend(h, &h->resets, 1);
            break;
        default:
            break;
        }
    }
    return 0;
}

/* Frames of unknown types are skipped, but counted: nghttp2 tells of those only that somebody
 * wants. */
static int on_extension(nghttp2_session *session, void **ret_payload, const nghttp2_frame_hd *hd,
                        void *user)
{
    (void)session;
    (void)ret_payload;
    (void)hd;
    (void)user;
    return NGHTTP2_ERR_CANCEL;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool session_new(struct pst_h2 *h)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *option = NULL;
    nghttp2_mem mem = {h, mem_malloc, mem_free, mem_calloc, mem_realloc};
    bool ok = nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0;
    if (ok) {
        nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
        nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, on_extension);
        for (unsigned type = NGHTTP2_CONTINUATION + 1; type <= UINT8_MAX; type++) {
            nghttp2_option_set_user_recv_extension_type(option, (uint8_t)type);
        }
        nghttp2_option_set_no_auto_window_update(option, 1);
        nghttp2_option_set_no_http_messaging(option, 1); /* stricter, and with an answer: here */
        nghttp2_option_set_no_closed_streams(option, 1);
        nghttp2_option_set_max_continuations(option, CONTINUATION_PIECES);
        nghttp2_option_set_max_settings(option, SETTINGS_ENTRIES);
        /* by its own clock; the bucket here comes first */
        nghttp2_option_set_stream_reset_rate_limit(option, UINT32_MAX, UINT32_MAX);
        nghttp2_session *session = NULL;
        ok = nghttp2_session_server_new3(&session, callbacks, h, option, &mem) == 0;
        h->session = ok ? session : NULL;
    }
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_option_del(option);
    return ok;
}

static bool settings_send(struct pst_h2 *h)
{
    const struct pst_h2_limits *l = &h->limits;
    const nghttp2_settings_entry entries[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, l->streams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, l->window_bytes},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, l->head.head_bytes},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    uint64_t window = (uint64_t)l->window_bytes * WINDOWS;
    window = window < INT32_MAX ? window : INT32_MAX;
    return nghttp2_submit_settings(h->session, NGHTTP2_FLAG_NONE, entries, PST_LEN(entries)) == 0 &&
           nghttp2_session_set_local_window_size(h->session, NGHTTP2_FLAG_NONE, 0,
                                                 (int32_t)window) == 0;
}

enum pst_status pst_h2_open(const struct pst_h2_config *config, struct pst_h2 **ret,
                            struct pst_err *err)
{
    const struct pst_h2_limits *l = &config->limits;
    PST_BUG_ON(l->streams == 0 || l->window_bytes < PST_H2_WINDOW_LEAST ||
               l->window_bytes > INT32_MAX || l->resets == 0 || l->control == 0);
    struct pst_h2 *h = calloc(1, sizeof *h);
    if (h == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a connection");
    }
    h->limits = *l;
    if (h->limits.memory_bytes == 0) {
        h->limits.memory_bytes = MEMORY_BASE + (size_t)l->streams * PST_H2_STREAM_MEMORY;
    }
    h->events = config->events;
    h->user = config->user;
    h->now_ms = config->now_ms;
    h->resets = bucket(l->resets);
    h->control = bucket(l->control);
    if (!session_new(h) || !settings_send(h)) {
        pst_h2_close(h);
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a connection");
    }
    *ret = h;
    return PST_OK;
}

void pst_h2_close(struct pst_h2 *h)
{
    if (h == NULL) {
        return;
    }
    h->doomed = true;
    if (h->within > 0) {
        return; /* on the way out */
    }
    while (h->streams != NULL) {
        pst_h2_stream_free(h->streams);
    }
    if (h->session != NULL && !h->starved) {
        nghttp2_session_del(h->session);
    }
    blocks_free(h);
    free(h);
}

bool pst_h2_leave(struct pst_h2 *h)
{
    if (--h->within > 0) {
        return true;
    }
    if (h->doomed) {
        pst_h2_close(h);
        return false;
    }
    if (h->starved) {
        pst_h2_fail(h, PST_E_NO_MEMORY, "a connection takes too much memory");
    }
    if (h->over && !h->told) {
        uint32_t code = h->reason.code == PST_E_HTTP2_FLOOD     ? NGHTTP2_ENHANCE_YOUR_CALM
                        : h->reason.code == PST_E_NO_MEMORY     ? NGHTTP2_INTERNAL_ERROR
                        : h->reason.code == PST_E_CLIENT_CLOSED ? NGHTTP2_NO_ERROR
                        : h->code != NGHTTP2_NO_ERROR           ? h->code
                                                                : NGHTTP2_PROTOCOL_ERROR;
        h->told = true;
        if (!h->starved) {
            (void)nghttp2_session_terminate_session(h->session, code);
        }
        h->within++;
        for (struct pst_h2_stream *s = h->streams; s != NULL; s = s->next) {
            pst_h2_stream_closed(s, h->reason.code);
        }
        return pst_h2_leave(h);
    }
    return true;
}

/* --- bytes and time --------------------------------------------------------------------------- */

static enum pst_status outcome(struct pst_h2 *h, struct pst_err *err)
{
    if (!pst_h2_leave(h)) {
        return pst_fail(err, PST_E_CLIENT_CLOSED, "the connection was closed");
    }
    if (h->over) {
        *err = h->reason;
        return PST_ERR;
    }
    return PST_OK;
}

enum pst_status pst_h2_feed(struct pst_h2 *h, struct pst_str in, uint64_t now_ms,
                            struct pst_err *err)
{
    PST_BUG_ON(h->within > 0);
    if (h->over) {
        *err = h->reason;
        return PST_ERR;
    }
    h->within++;
    clock_set(h, now_ms);
    h->idle_bytes += in.n;
    ssize_t n = nghttp2_session_mem_recv(h->session, in.p, in.n);
    if (h->starved || h->over) {
        n = 0; /* it is known why */
    } else if (n == NGHTTP2_ERR_FLOODED || n == NGHTTP2_ERR_TOO_MANY_SETTINGS ||
               n == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
        pst_h2_fail(h, PST_E_HTTP2_FLOOD, "too many frames of one kind");
    } else if (h->idle_bytes > (size_t)h->limits.window_bytes * WINDOWS + IDLE_BYTES) {
        pst_h2_fail(h, PST_E_HTTP2_FLOOD, "too many bytes that belong to nothing");
    } else if (n < 0) {
        pst_h2_fail(h, PST_E_HTTP2, "the connection preface is not that of HTTP/2");
    }
    return outcome(h, err);
}

enum pst_status pst_h2_send(struct pst_h2 *h, struct pst_buf *out, size_t high, struct pst_err *err)
{
    if (h->within > 0) {
        return PST_OK; /* whoever is at work will ask again */
    }
    h->within++;
    bool failed = false;
    while (!failed && !h->doomed && !h->starved && out->n < high) {
        const uint8_t *p = NULL;
        ssize_t n = nghttp2_session_mem_send(h->session, &p);
        if (n == 0) {
            break;
        }
        failed = h->starved || n < 0 || !pst_buf_add(out, pst_str_of(p, (size_t)n));
    }
    bool over = h->over;
    failed = failed || h->starved;
    if (failed) {
        pst_h2_fail(h, PST_E_NO_MEMORY, "no memory to send from");
    }
    if (!pst_h2_leave(h)) {
        return pst_fail(err, PST_E_CLIENT_CLOSED, "the connection was closed");
    }
    if (failed) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory to send from");
    }
    /* what ended it just now has something to say */
    return !over && h->over && !h->starved && out->n < high ? pst_h2_send(h, out, high, err)
                                                            : PST_OK;
}

enum pst_status pst_h2_tick(struct pst_h2 *h, uint64_t now_ms, struct pst_err *err)
{
    PST_BUG_ON(h->within > 0);
    h->within++;
    clock_set(h, now_ms);
    for (struct pst_h2_stream *s = h->streams; s != NULL && !h->doomed; s = s->next) {
        uint64_t still = h->now_ms - s->moved_ms;
        if (s->resetting) {
            continue;
        }
        if (s->out.n > 0 && still >= h->limits.write_ms) {
            pst_h2_stream_closed(s, PST_E_CLIENT_SLOW);
            pst_h2_reset(s, PST_H2_CANCEL);
        } else if (s->finished && s->out.n == 0 && !s->ended && still >= h->limits.drain_ms) {
            pst_h2_reset(s, PST_H2_NO_ERROR); /* RFC 9113 §8.1: it was answered */
        }
    }
    return outcome(h, err);
}

void pst_h2_goaway(struct pst_h2 *h)
{
    int32_t last = h->starved ? 0 : nghttp2_session_get_last_proc_stream_id(h->session);
    if (!h->over && !h->starved &&
        nghttp2_submit_goaway(h->session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, NULL, 0) !=
            0) {
        pst_h2_fail(h, PST_E_NO_MEMORY, "no memory to say goodbye");
    }
}

bool pst_h2_ended(const struct pst_h2 *h)
{
    if (h->starved) {
        return true;
    }
    return nghttp2_session_want_write(h->session) == 0 &&
           (h->over || nghttp2_session_want_read(h->session) == 0);
}

size_t pst_h2_live(const struct pst_h2 *h)
{
    return h->n_streams;
}

size_t pst_h2_memory(const struct pst_h2 *h)
{
    return h->memory;
}
