/* HTTP/2, the server's side (RFC 9113), on nghttp2: frames, HPACK and flow control are nghttp2's,
 * what a message means is decided here, by the same checks as HTTP/1.1 (h1.h). Sans-I/O: bytes are
 * fed, events come, bytes to be sent are asked for, the time is passed in.
 *
 * A request is the very same `struct pst_h1_head`, with `:authority` as its host, `minor` 1, and a
 * body of LENGTH (content-length), NONE (the head ended the stream) or CHUNKED (neither).
 *
 * Refused as malformed (`broken`; the connection lives): what RFC 9113 §8.1.1 calls so, and what
 * HTTP/1.1 refuses here: upper case or `_` in a name, control characters or outer white space in a
 * value, connection fields, `te` but trailers, `trailer`, a repeated singleton, CONNECT, a path
 * that is not plain segments, `:authority` and `host` that disagree, trailers, a body that is not
 * as long as it says. Fatal to the connection: what RFC 9113 makes so, and floods.
 *
 * Floods are told by two buckets of tokens, refilled by a tenth of their size each second: `resets`
 * (streams a client cancels, breaks, or makes the server reset) and `control` (frames that carry
 * nothing: PING, SETTINGS, WINDOW_UPDATE, PRIORITY, CONTINUATION, empty DATA, unknown ones; sent
 * DATA earns some back). Too many CONTINUATION frames for one head, headers that unpack to several
 * times the limit, and memory beyond `memory_bytes` end the connection at once.
 *
 * Memory of one connection, at most: memory_bytes (nghttp2's state, HPACK tables, queued frames,
 * streams) + streams * window_bytes (body bytes held back by the caller) + unsent_bytes (answers).
 */
#ifndef PST_WIRE_H2_H
#define PST_WIRE_H2_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "wire/h1.h"

#include <stdbool.h>

enum {
    PST_H2_WINDOW_LEAST = 65535, /* RFC 9113 §6.9.2: a client may rely on it at first */
    PST_H2_STREAM_MEMORY = 4096, /* what a stream may take of memory_bytes, generously */
    PST_H2_HEADERS_MAX = 16,     /* of one answer */
};

struct pst_h2_limits {
    struct pst_h1_limits head; /* `line_bytes`: the path; `chunks` and `interims` mean nothing */
    uint32_t streams;          /* open at a time */
    uint32_t window_bytes;     /* body bytes of one stream that may be on their way; at least
                                  PST_H2_WINDOW_LEAST, at most 2^31-1 */
    uint32_t resets, control;  /* sizes of the buckets */
    size_t unsent_bytes;       /* of all answers, written and not yet taken */
    size_t memory_bytes;       /* 0: 256 KiB and PST_H2_STREAM_MEMORY for each stream */
    uint32_t write_ms;         /* a stream whose answer does not move for so long is reset */
    uint32_t drain_ms;         /* a request that goes on behind its answer is reset after it */
};

struct pst_h2;
/* Valid from `open` until end, reset or `closed`. */
struct pst_h2_stream;

/* Called from within feed, resume, send and tick. A handler may call everything below, on any
 * stream: feed and send do nothing when they are called from within. `ctx` is what `open` gave. */
struct pst_h2_events {
    /* A head begins; it will live in *ret_arena. False: no memory, the stream is refused. */
    bool (*open)(void *user, struct pst_h2_stream *s, uint32_t id, struct pst_arena **ret_arena,
                 void **ret_ctx);
    void (*head)(void *ctx, const struct pst_h1_head *head);
    /* Never empty. AGAIN: no more until pst_h2_resume; the client may send a window's worth. */
    enum pst_status (*body)(void *ctx, struct pst_str bytes);
    void (*end)(void *ctx);
    /* The message is malformed or beyond a limit: HTTP_SYNTAX HEADER HOST METHOD FRAMING EXPECT
     * HEADER_LIMIT URI_LIMIT, BODY_TOO_LARGE, NO_MEMORY. What still comes of it is thrown away; it
     * may be answered, or reset. */
    void (*broken)(void *ctx, const struct pst_err *err);
    /* It ended before its answer: CLIENT_CLOSED (cancelled), CLIENT_SLOW, or what ended the
     * connection. */
    void (*closed)(void *ctx, enum pst_error why);
};

struct pst_h2_config {
    struct pst_h2_limits limits;
    const struct pst_h2_events *events;
    void *user;
    uint64_t now_ms;
};

/* Whoever holds *ret closes it. Settings are ready to be sent. ERR: NO_MEMORY. */
PST_NODISCARD enum pst_status pst_h2_open(const struct pst_h2_config *config, struct pst_h2 **ret,
                                          struct pst_err *err);
/* No event comes of it. From within an event it takes effect when feed, send or tick return, which
 * then answer ERR. NULL is fine. */
void pst_h2_close(struct pst_h2 *h);

/* Takes all of `in`, the connection preface first. ERR (HTTP2, HTTP2_FLOOD, NO_MEMORY): the
 * connection is over, its streams are closed; send what is left (GOAWAY says why) and close. */
PST_NODISCARD enum pst_status pst_h2_feed(struct pst_h2 *h, struct pst_str in, uint64_t now_ms,
                                          struct pst_err *err);
/* Appends frames to `out` while it holds less than `high` bytes; one frame may go beyond. ERR: out
 * of memory, the connection is over. */
PST_NODISCARD enum pst_status pst_h2_send(struct pst_h2 *h, struct pst_buf *out, size_t high,
                                          struct pst_err *err);
/* Resets what did not move in time; call it now and then (each second will do). */
PST_NODISCARD enum pst_status pst_h2_tick(struct pst_h2 *h, uint64_t now_ms, struct pst_err *err);
/* No new streams; those that are open go on. */
void pst_h2_goaway(struct pst_h2 *h);
/* The connection is over: nothing is to be read, and nothing but what send gives to be sent. */
bool pst_h2_ended(const struct pst_h2 *h);
size_t pst_h2_live(const struct pst_h2 *h);   /* streams that are open, abandoned ones included */
size_t pst_h2_memory(const struct pst_h2 *h); /* of memory_bytes, now */

/* --- one stream ------------------------------------------------------------------------------- */

/* 100 (Continue). False: no memory. */
PST_NODISCARD bool pst_h2_proceed(struct pst_h2_stream *s);
/* The answer's head, once: names in lower case, no framing fields, at most PST_H2_HEADERS_MAX; the
 * checks of pst_h1_write_response. LENGTH states a content-length, CHUNKED does not, NONE ends the
 * answer with its head (call pst_h2_end all the same). */
PST_NODISCARD enum pst_status pst_h2_respond(struct pst_h2_stream *s, unsigned status,
                                             const struct pst_h1_header *headers, size_t n,
                                             struct pst_h1_framing framing, struct pst_err *err);
/* Body bytes, copied; behind respond. False: beyond unsent_bytes. */
PST_NODISCARD bool pst_h2_write(struct pst_h2_stream *s, struct pst_str bytes);
/* Bytes written that no frame has taken yet: the client's window, or the connection, is full. */
size_t pst_h2_unsent(const struct pst_h2_stream *s);
/* The answer is complete. The stream is the caller's no more, no event follows; what was written
 * still leaves. */
void pst_h2_end(struct pst_h2_stream *s);
/* Gives the stream up (RFC 9113 §7 code). It is the caller's no more, no event follows. */
void pst_h2_reset(struct pst_h2_stream *s, uint32_t code);
enum {
    PST_H2_NO_ERROR = 0,
    PST_H2_PROTOCOL_ERROR = 1,
    PST_H2_INTERNAL_ERROR = 2,
    PST_H2_CANCEL = 8
};
/* Behind AGAIN: body and end may come again; they do so from within. */
void pst_h2_resume(struct pst_h2_stream *s);

#endif
