/* What the demo model says: one request in, the whole answer out, byte for byte, with the pauses in
 * it. Deterministic and sans-I/O. It reads requests with its own few lines and not with dialect/,
 * so that a mistake there is not made twice. The behaviours are listed in docs/demo-model.md. */
#ifndef PST_CLI_DEMO_SCRIPT_H
#define PST_CLI_DEMO_SCRIPT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "wire/h1.h"

#include <stdbool.h>
#include <stdint.h>

struct pst_demo_options {
    uint32_t pace_ms;    /* between the events of a stream */
    uint32_t latency_ms; /* before the first byte */
    uint32_t tokens;     /* words of an answer; 0: the whole sentence */
    struct pst_str key;  /* demanded as a bearer token; empty: none */
};

/* For tests: what came last, and how much of it. Owned by the server. */
struct pst_demo_seen {
    uint64_t requests; /* to chat/completions */
    struct pst_buf authorization, body;
};

enum pst_demo_end {
    PST_DEMO_KEEP,  /* the connection carries on */
    PST_DEMO_CLOSE, /* an orderly end, whatever the framing promised */
    PST_DEMO_RESET,
    PST_DEMO_STALL, /* nothing more, and no end */
};

struct pst_demo_step {
    uint32_t delay_ms; /* before it */
    size_t end;        /* bytes of `out` that may leave up to and with this step */
};

struct pst_demo_script {
    struct pst_buf out;
    struct pst_demo_step *steps; /* in the arena given to answer */
    size_t n, size;
    enum pst_demo_end end;
};

enum {
    PST_DEMO_TOKENS_MAX = 65536,
    PST_DEMO_OUT_MAX = 64 << 20,
    PST_DEMO_BODY_MAX = 64 << 20,
};

void pst_demo_script_init(struct pst_demo_script *s);
void pst_demo_script_release(struct pst_demo_script *s);
/* Replaces what the script held. ERR: no memory. */
PST_NODISCARD enum pst_status
pst_demo_script_answer(struct pst_demo_script *s, const struct pst_demo_options *options,
                       struct pst_demo_seen *seen, const struct pst_h1_head *head,
                       struct pst_str body, struct pst_arena *arena, struct pst_err *err);

#endif
