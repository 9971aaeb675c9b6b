/* A stream: one request in hand on a connection, with the memory it lives in and the time of its
 * phase. HTTP/1.1 has one at a time, HTTP/2 many. A protocol turns bytes into streams and what is
 * answered into bytes; nothing behind it knows which one it was. */
#ifndef PST_ROLES_FRONT_STREAM_H
#define PST_ROLES_FRONT_STREAM_H

#include "base/arena.h"
#include "roles/front_request.h"
#include "sys/loop.h"
#include "wire/h2.h"

struct pst_front;
struct pst_front_conn;

struct pst_front_stream {
    struct pst_front *front;
    struct pst_front_conn *conn;
    struct pst_front_stream *next, *prev; /* of its connection; `next` of the spare ones */
    struct pst_arena arena;               /* of the request: head, JSON, exchange */
    struct pst_timer timer;               /* of its phase: body, verdict */
    struct pst_later work;                /* to score on */
    struct pst_later later;               /* to go back to the spare ones */
    uint32_t id;                          /* the protocol's name of it, 0 where it needs none */
    struct pst_h2_stream *h2;             /* HTTP/2: its other half, NULL when it ended */
    bool gone;                            /* nothing more can be said to its client */
    bool chunked, until_close;            /* how HTTP/1 frames its answer */
    struct pst_front_request request;
};

/* All but `late` are about one stream and may end it. `head`, `piece` and `proceed` are false when
 * the client cannot be told: the stream is to be aborted. Each writes into the connection's memory;
 * pst_front_conn_push sends. */
struct pst_front_protocol {
    const char *name;
    /* A connection takes it up; ERR: no memory. `end` gives back what it keeps, streams first, each
     * of which ends for `code`. */
    enum pst_status (*begin)(struct pst_front_conn *c, struct pst_err *err);
    void (*end)(struct pst_front_conn *c, enum pst_error code);
    /* Reads what is buffered, as far as it may be read now. */
    void (*take)(struct pst_front_conn *c);
    /* Whether more of the client's bytes are wanted. */
    bool (*wants)(const struct pst_front_conn *c);
    /* Puts what may be sent into the connection's buffer, before that is sent. */
    void (*fill)(struct pst_front_conn *c);
    /* The time of the connection's phase is over. */
    void (*late)(struct pst_front_conn *c);

    /* The client waits to be told to send the body. */
    bool (*proceed)(struct pst_front_stream *s);
    /* The answer's head; `length` PST_NPOS: the body comes in pieces. */
    bool (*head)(struct pst_front_stream *s, unsigned status, const struct pst_h1_header *headers,
                 size_t n, size_t length);
    bool (*piece)(struct pst_front_stream *s, struct pst_str bytes);
    /* The answer is complete, the request settled and abandoned: the stream ends here. */
    void (*finish)(struct pst_front_stream *s);
    /* The answer cannot be completed, and the client must not take it for whole. */
    void (*abort)(struct pst_front_stream *s);
    /* The body that was held back may come now. */
    void (*resume)(struct pst_front_stream *s);
    /* Bytes of its answer that the client has not taken. */
    size_t (*unsent)(const struct pst_front_stream *s);
};

extern const struct pst_front_protocol pst_front_h1, pst_front_h2;

/* A stream with a request begun on it, or NULL without memory. The protocol keeps it and ends it
 * with pst_front_stream_give. */
struct pst_front_stream *pst_front_stream_take(struct pst_front_conn *c);
/* Ends whatever is under way for it and takes it back; its memory stays until the loop comes round,
 * so that whoever is at work on it may return. NULL is fine. */
void pst_front_stream_give(struct pst_front_stream *s, enum pst_error code);
/* The spare ones that a front keeps. */
void pst_front_streams_release(struct pst_front *f);

/* A verdict is due from warden and audit alone: without one in time the client is refused. */
void pst_front_stream_await(struct pst_front_stream *s);
/* The body has so long to arrive. */
void pst_front_stream_body(struct pst_front_stream *s);
void pst_front_stream_abort(struct pst_front_stream *s);

#endif
