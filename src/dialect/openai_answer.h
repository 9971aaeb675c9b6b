/* The guard of an OpenAI answer: stands between an upstream's body (already de-chunked) and the
 * client. It parses what comes, checks it against src/tables/openai_chat_answer.def, splits text
 * into lanes, holds every tool call until it is whole and has a verdict, and writes new bytes from
 * the model. Streams and whole answers take the same way. Sans-I/O; how the input is cut changes
 * nothing in the output.
 *
 *   init → begin → feed… → finish → release
 *   verdict whenever feed, verdict or finish says AGAIN
 *
 * Any of feed, verdict, finish returns
 *   OK     go on; when pst_answer_ended() is true nothing more comes: cancel the upstream
 *   AGAIN  a tool call waits in a->pending: decide, then call verdict; then feed what was not taken
 *   ERR    the answer is refused and over. A stream that has released something then ends with an
 *          error event in `out`; otherwise `out` is untouched, and the client gets an HTTP error.
 */
#ifndef PST_DIALECT_OPENAI_ANSWER_H
#define PST_DIALECT_OPENAI_ANSWER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "dialect/exchange.h"
#include "dialect/lane.h"
#include "wire/json.h"
#include "wire/sse.h"

#include <stdbool.h>

struct pst_answer_limits {
    uint32_t bytes;           /* of the whole answer as received */
    uint32_t event_bytes;     /* of one event of a stream */
    uint32_t arguments_bytes; /* of one tool call */
    uint32_t hold_bytes;      /* of text held back in one lane */
    uint32_t calls;           /* tool calls of one answer */
    uint32_t nodes, depth;    /* of one JSON text */
};
struct pst_answer_limits pst_answer_limits_default(void);

struct pst_answer_config {
    struct pst_answer_limits limits;
    struct pst_arena *arena;            /* for what lasts as long as the answer; the caller's */
    const struct pst_json_names *names; /* of pst_openai_answer_names */
    uint64_t seed;
    bool stream;          /* what was asked of the upstream */
    bool usage_asked;     /* the client wants the usage chunk of a stream */
    uint32_t choices;     /* how many were asked for */
    struct pst_str model; /* shown to the client; empty: what the upstream says */
    struct pst_str request_id;
    const struct pst_offered_tool *tools; /* what was offered; alive as long as the guard */
    size_t n_tools;
    const struct pst_lane_filter *filter; /* NULL: text passes as it comes */
    void *filter_ctx;
};

/* A whole tool call that waits for its verdict; views are valid until the verdict. */
struct pst_answer_call {
    uint32_t choice;
    uint32_t index;    /* among the calls of the choice */
    struct pst_str id; /* empty for a legacy function call */
    struct pst_str name;
    struct pst_str arguments; /* as the model wrote them: usually JSON text, not checked */
    uint8_t type;             /* enum pst_tool_type */
    bool offered;             /* the request offered a tool of this name and type */
};

/* For evidence and budgets; valid at any time. */
struct pst_answer_facts {
    uint64_t prompt_tokens, completion_tokens, total_tokens;
    uint64_t cached_tokens, reasoning_tokens;
    bool usage_seen;
    uint32_t choices; /* seen */
    uint32_t finish;  /* enum pst_answer_finish bits, of all choices */
    uint32_t calls, calls_denied, calls_not_offered;
    uint32_t events_in, events_out;
    uint32_t unknown_members;
    uint64_t bytes_in, bytes_out, text_bytes, opaque_bytes;
};

enum pst_answer_finish {
    PST_FINISH_STOP = 1U << 0,
    PST_FINISH_LENGTH = 1U << 1,
    PST_FINISH_TOOL_CALLS = 1U << 2,
    PST_FINISH_CONTENT_FILTER = 1U << 3, /* the upstream's own */
    PST_FINISH_FUNCTION_CALL = 1U << 4,
    PST_FINISH_GUARD = 1U << 5, /* ended here */
};

struct pst_answer_state;
struct pst_answer {
    struct pst_answer_config config;
    struct pst_answer_facts facts;
    struct pst_answer_call pending; /* after AGAIN */
    /* the rest is private */
    struct pst_answer_state *s;
};

/* ERR: PST_E_NO_MEMORY. After it only release may follow. */
PST_NODISCARD enum pst_status
pst_answer_init(struct pst_answer *a, const struct pst_answer_config *config, struct pst_err *err);
/* Frees what the guard holds; what is in the caller's arena stays. Also after zeroing. */
void pst_answer_release(struct pst_answer *a);

/* The upstream's status and media type ("" when there was none). OK: feed the body. A status other
 * than 200 is OK too: its body is read for an error code, and finish returns ERR. ERR at once: the
 * media type does not fit what was asked (PST_E_UPSTREAM_ANSWER). */
PST_NODISCARD enum pst_status pst_answer_begin(struct pst_answer *a, uint32_t status,
                                               struct pst_str media_type, struct pst_err *err);
/* Takes body bytes; *ret_used is what was taken, less than all only with AGAIN or at the end. */
PST_NODISCARD enum pst_status pst_answer_feed(struct pst_answer *a, struct pst_str in,
                                              size_t *ret_used, struct pst_buf *out,
                                              struct pst_err *err);
/* The decision about a->pending. Denied: a stream ends with finish_reason "content_filter" and
 * [DONE]; a whole answer loses the tool calls of that choice and says the same. */
PST_NODISCARD enum pst_status pst_answer_verdict(struct pst_answer *a, bool allow,
                                                 struct pst_buf *out, struct pst_err *err);
/* The upstream's body is over. Without [DONE], or with half an event, a stream is refused
 * (PST_E_UPSTREAM_CLOSED). */
PST_NODISCARD enum pst_status pst_answer_finish(struct pst_answer *a, struct pst_buf *out,
                                                struct pst_err *err);
/* Nothing more will be written. */
bool pst_answer_ended(const struct pst_answer *a);

/* Ends the answer here, whatever state it is in. With `why` (revocation, a death): a stream gets an
 * error event. Without: finish_reason "content_filter" for every open choice and [DONE]. Held text
 * and calls are dropped. Nothing is written for a whole answer or after the end. */
void pst_answer_stop(struct pst_answer *a, const struct pst_err *why, struct pst_buf *out);

#endif
