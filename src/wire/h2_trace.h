/* For tests and fuzz targets: plays bytes to an HTTP/2 session in pieces and writes down what came
 * of them; makes the bytes of a client. */
#ifndef PST_WIRE_H2_TRACE_H
#define PST_WIRE_H2_TRACE_H

#include "wire/h2.h"

#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum { H2_TRACE_STREAMS = 256 };

struct h2_trace_stream {
    struct h2_trace *t;
    struct pst_h2_stream *s; /* NULL: it ended */
    uint32_t id;
    struct pst_arena arena;
    size_t body, pieces;
    uint32_t sum; /* of the body's bytes */
};

struct h2_trace {
    struct pst_h2_limits limits;
    size_t arena_cap;
    bool answer;        /* each request that is complete or broken, with its number as body */
    bool hold;          /* each piece of a body until h2_trace_resume */
    bool reset;         /* each head */
    bool quiet;         /* sends only when told to */
    bool close_at_head; /* closes the session from within */
    struct pst_h2 *h;
    struct pst_buf events, out; /* a line each; what the server says */
    struct h2_trace_stream streams[H2_TRACE_STREAMS];
    size_t n_streams, live_most;
    uint64_t now_ms;
};

struct pst_h2_limits h2_trace_limits(void);
/* A trace with a session. The plan's members are set behind it. False: no memory. */
bool h2_trace_open(struct h2_trace *t, const struct pst_h2_limits *limits);
void h2_trace_close(struct h2_trace *t);
/* Feeds and sends. NONE, or why it is over. */
enum pst_error h2_trace_feed(struct h2_trace *t, struct pst_str in);
/* The same in pieces of these sizes, again and again. */
enum pst_error h2_trace_cut(struct h2_trace *t, struct pst_str in, const size_t *cuts, size_t n);
void h2_trace_send(struct h2_trace *t);
void h2_trace_resume(struct h2_trace *t);
struct h2_trace_stream *h2_trace_stream(struct h2_trace *t, uint32_t id);

/* --- a client's bytes ------------------------------------------------------------------------- */

void h2_put_frame(struct pst_buf *out, unsigned type, unsigned flags, uint32_t id,
                  struct pst_str payload);
/* Preface and empty SETTINGS. */
void h2_put_begin(struct pst_buf *out);
/* A literal field without indexing. */
void h2_put_field(struct pst_buf *block, struct pst_str name, struct pst_str value);
/* "name: value" lines, each ended by a line feed; the colon of a pseudo-header counts as its name's
 * first byte. */
void h2_put_fields(struct pst_buf *block, const char *lines);
/* HEADERS with these lines, END_HEADERS and, if `last`, END_STREAM. */
void h2_put_headers(struct pst_buf *out, uint32_t id, const char *lines, bool last);
void h2_put_data(struct pst_buf *out, uint32_t id, struct pst_str bytes, bool last);
void h2_put_u32(struct pst_buf *out, unsigned type, uint32_t id, uint32_t value);

/* Frames of a type in a server's bytes; the last one's stream and first four bytes of payload (of
 * GOAWAY: its code). */
size_t h2_count_frames(struct pst_str out, unsigned type, uint32_t *ret_id, uint32_t *ret_value);

#endif
