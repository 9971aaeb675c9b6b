/* What the files of the HTTP/2 session share; nobody else includes this. */
#ifndef PST_WIRE_H2_IMPL_H
#define PST_WIRE_H2_IMPL_H

#include "wire/h2.h"

#include <nghttp2/nghttp2.h>

/* A head while its fields come. */
struct h2_head {
    struct pst_arena *arena;
    struct pst_h1_head *head;
    struct pst_h1_header *headers;
    size_t n, size;
    uint64_t seen;   /* known fields met, one bit each */
    unsigned pseudo; /* the pseudo-header fields met */
    bool regular;    /* the first field that is none was met */
    size_t bytes;    /* of all fields, unpacked */
    struct pst_str authority;
    struct pst_err fault; /* the first; what comes behind it is not looked at */
};

struct pst_h2_stream {
    struct pst_h2 *h;
    struct pst_h2_stream *next, *prev;
    int32_t id;
    void *ctx; /* NULL: nobody's any more */
    struct h2_head head;
    /* the request */
    bool headed;           /* `head` was given */
    bool broken;           /* `broken` was given */
    bool holding;          /* body bytes are kept until they are asked for */
    bool ended;            /* the client's side is complete */
    bool told;             /* `end` was given */
    uint64_t body, length; /* seen and announced */
    struct pst_buf held;
    /* the answer */
    bool answered;     /* its head was submitted */
    bool deferred;     /* nghttp2 waits for bytes of it */
    bool finished;     /* no more bytes come */
    bool bodiless;     /* its head ends it */
    bool resetting;    /* RST_STREAM is on its way */
    uint64_t moved_ms; /* when it last moved, or was given up */
    struct pst_buf out;
};

struct h2_block;

/* Tokens, in thousandths. */
struct h2_bucket {
    uint64_t size, tokens;
};

struct pst_h2 {
    struct pst_h2_limits limits;
    const struct pst_h2_events *events;
    void *user;
    nghttp2_session *session;
    struct pst_h2_stream *streams;
    size_t n_streams;
    struct h2_bucket resets, control;
    uint64_t now_ms;
    int32_t last_id;       /* the highest that the client used */
    int32_t was_reset[64]; /* by the server, the last ones */
    size_t n_reset, n_refused;
    unsigned continuations; /* of the head in hand */
    uint32_t code;          /* of GOAWAY, where `reason` does not give it */
    size_t idle_bytes;      /* fed, since something came of it */
    struct h2_block *blocks;
    size_t memory, unsent;
    unsigned within;       /* feed, send or tick are at work: 0 or more */
    bool goodbye;          /* the client asks for no more */
    bool starved;          /* memory ran out: nghttp2 is not called again */
    bool doomed;           /* closed from within */
    bool over;             /* nothing is read any more */
    bool told;             /* and its streams know, and the client soon */
    struct pst_err reason; /* why */
};

/* h2_head.c */
void pst_h2_head_begin(struct h2_head *b, struct pst_arena *arena);
/* One field, as it was unpacked. False: so much came that the connection should end. */
bool pst_h2_head_field(struct h2_head *b, const struct pst_h1_limits *limits, struct pst_str name,
                       struct pst_str value);
/* The head is complete: OK, or the fault. `last`: no body follows. */
enum pst_status pst_h2_head_end(struct h2_head *b, const struct pst_h1_limits *limits, bool last,
                                struct pst_err *err);

/* h2.c: from the allocator that counts; zeroed, or NULL */
void *pst_h2_alloc(struct pst_h2 *h, size_t n);
void pst_h2_unalloc(struct pst_h2 *h, void *p);
/* Ends the connection, once: the first reason stays. */
void pst_h2_fail(struct pst_h2 *h, enum pst_error code, const char *text);
/* Takes tokens; without any the connection ends. */
bool pst_h2_spend(struct pst_h2 *h, struct h2_bucket *b, uint64_t n);
void pst_h2_earn(struct h2_bucket *b, uint64_t n);
/* Behind within++: does what waited for it. False: `h` is no more. */
bool pst_h2_leave(struct pst_h2 *h);

/* h2_stream.c */
struct pst_h2_stream *pst_h2_stream_new(struct pst_h2 *h, int32_t id);
void pst_h2_stream_free(struct pst_h2_stream *s);
/* The head's last frame, or that of trailers. */
void pst_h2_stream_headers(struct pst_h2_stream *s, bool trailers, bool last);
void pst_h2_stream_data(struct pst_h2_stream *s, struct pst_str bytes);
void pst_h2_stream_end(struct pst_h2_stream *s);
void pst_h2_stream_break(struct pst_h2_stream *s, const struct pst_err *err);
/* Tells its owner, and is nobody's from then on. */
void pst_h2_stream_closed(struct pst_h2_stream *s, enum pst_error why);

#endif
