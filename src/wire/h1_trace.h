/* For tests and fuzz targets: feeds a connection's bytes to a parser in chosen pieces and writes
 * what it said as text, so that two ways of cutting can be compared byte for byte. */
#ifndef PST_WIRE_H1_TRACE_H
#define PST_WIRE_H1_TRACE_H

#include "wire/h1.h"

struct h1_trace_plan {
    enum pst_h1_kind kind;
    enum pst_h1_method expect; /* of every response */
    struct pst_h1_limits limits;
    size_t arena_cap;
    const size_t *cuts; /* lengths of the pieces, in a circle, not all 0; none: one piece */
    size_t n_cuts;
};

/* Roomy limits, kind and an answer to GET. */
struct h1_trace_plan h1_trace_plan(enum pst_h1_kind kind);

/* Appends the events; BODY events in a row are one. Ends with the error, with what finish said, or
 * with the bytes that were left after a message that closes the connection. Every piece is an
 * exact-size heap block freed after its feed. Returns the error, NONE when there was none. */
enum pst_error h1_trace(struct pst_buf *out, const struct h1_trace_plan *plan, struct pst_str in);

/* The whole as one piece, then byte by byte, cut once at every place, and in random pieces: true
 * when all agree. The trace of the whole is appended to `out`, its error put in *ret_code. */
bool h1_trace_splits(struct pst_buf *out, const struct h1_trace_plan *plan, struct pst_str in,
                     enum pst_error *ret_code);

#endif
