/* Server-sent events (HTML standard §9.2.5-9.2.6): an incremental parser of text/event-stream and a
 * serialiser. Lines end in LF, CR LF or CR; one byte-order mark at the start is skipped; comments
 * and unknown fields are dropped. What is not UTF-8 becomes U+FFFD, as the standard decodes: what a
 * gateway inspects is then what its client would have read. */
#ifndef PST_WIRE_SSE_H
#define PST_WIRE_SSE_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

struct pst_sse_limits {
    uint32_t line_bytes;  /* of one line without its end */
    uint32_t event_bytes; /* of type and data of one event */
};

/* Views into the parser, valid until its next feed, clear or release. */
struct pst_sse_event {
    struct pst_str type; /* "message" when the stream named none */
    struct pst_str data; /* lines joined with LF; may be empty */
    struct pst_str id;   /* last event id so far */
    int64_t retry_ms;    /* of a retry field since the last event, -1 when there was none */
    uint32_t comments;   /* comment lines since the last event (keep-alives) */
};

struct pst_sse {
    struct pst_sse_limits limits;
    int64_t retry_ms; /* last accepted retry of the stream, -1: none */
    uint64_t events;  /* dispatched so far */
    /* the rest is private */
    struct pst_buf line; /* a line that crosses feeds */
    struct pst_buf data, type, id;
    int64_t event_retry_ms;
    uint32_t comments;
    uint8_t bom; /* bytes of a possible byte-order mark seen; 3: past it */
    bool skip_lf, has_data, delivered, refused;
};

/* Limits of 0 are a bug. */
void pst_sse_init(struct pst_sse *s, const struct pst_sse_limits *limits);
void pst_sse_release(struct pst_sse *s);
/* Ready for a new stream; keeps memory. */
void pst_sse_clear(struct pst_sse *s);
/* OK: one event is in *ret, and *ret_used bytes were taken: call again with the rest. AGAIN: all
 * was taken, no event yet. ERR, for good: PST_E_UPSTREAM_TOO_LARGE at a limit, PST_E_NO_MEMORY. */
PST_NODISCARD enum pst_status pst_sse_feed(struct pst_sse *s, struct pst_str in, size_t *ret_used,
                                           struct pst_sse_event *ret, struct pst_err *err);
/* At the end of the stream: whether an event was cut off. The standard drops it; a gateway may
 * want to say so. */
bool pst_sse_pending(const struct pst_sse *s);

/* Appends one event: `type` and `id` are left out when empty, retry_ms when negative; data is
 * always written, a line for each LF in it. False, and `out` as it was: a CR in data, a CR, LF or
 * NUL in type or id, text that is not UTF-8 (a receiver would read another event), or `out` is
 * full. */
PST_NODISCARD bool pst_sse_put(struct pst_buf *out, struct pst_str type, struct pst_str data,
                               struct pst_str id, int64_t retry_ms);
/* Appends ": text" as a keep-alive; no CR, LF or NUL in it. */
PST_NODISCARD bool pst_sse_put_comment(struct pst_buf *out, struct pst_str text);

#endif
