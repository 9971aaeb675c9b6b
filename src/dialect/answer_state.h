/* The inside of the answer guard. Private to dialect: openai_answer.c drives, answer_read.c reads
 * one JSON text, answer_call.c keeps tool calls, answer_lane.c keeps text, answer_write.c writes.
 */
#ifndef PST_DIALECT_ANSWER_STATE_H
#define PST_DIALECT_ANSWER_STATE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "dialect/lane.h"
#include "dialect/openai_answer.h"
#include "wire/json.h"
#include "wire/json_out.h"
#include "wire/sse.h"

#include <stdbool.h>

enum {
    PST_ANSWER_LANES_MAX = 16,      /* of one choice */
    PST_ANSWER_EXTRAS_MAX = 16,     /* unknown members of one tool call */
    PST_ANSWER_NAME_MAX = 256,      /* bytes of a tool's name or a call's id */
    PST_ANSWER_ERROR_BYTES = 65536, /* of an upstream's error body that are read */
};

enum answer_mode {
    ANSWER_NEW,
    ANSWER_STREAM,
    ANSWER_WHOLE,
    ANSWER_ERROR, /* the upstream's status was not 200 */
    ANSWER_ENDED,
};

enum answer_verdict { VERDICT_OPEN, VERDICT_ALLOWED, VERDICT_DENIED };

struct answer_extra {
    struct answer_extra *next;
    struct pst_str name; /* in the answer's arena */
};

/* One tool call: gathered from deltas, or taken from a whole message. */
struct answer_call {
    struct answer_call *next;   /* all calls of the answer, newest first */
    struct answer_call *queued; /* the next one that waits for a verdict */
    uint32_t choice, index;
    uint8_t type; /* enum pst_tool_type */
    uint8_t verdict;
    bool closed;
    struct pst_buf id, name, arguments;
    struct answer_extra *extras;
    uint32_t n_extras;
    struct pst_buf extra_call, extra_function; /* unknown members: `,"name":value` */
    struct pst_json *arguments_node;           /* of a whole answer: changed in place */
};

struct answer_lane {
    struct answer_lane *next;
    struct pst_lane id;
    struct pst_buf held;
    bool open; /* text came since its end was told: the filter may hold some of its own */
};

struct answer_choice {
    bool seen, finished, denied;
    struct answer_call *open;
    struct answer_lane *lanes;
    uint32_t n_lanes;
};

/* What the walk found in one JSON text; all in scratch. */
struct event_text {
    struct event_text *next;
    struct pst_json *node, *parent;
    struct pst_lane lane;
};

struct event_call {
    struct event_call *next;
    struct pst_json *node; /* the call's own object */
    uint32_t choice, index;
    struct pst_str id, name, arguments;
    struct pst_json *arguments_node;
    uint8_t type;
};

struct event_choice {
    struct event_choice *next;
    uint32_t index;
    struct pst_json *node, *body; /* the choice and its delta or message (may be NULL) */
    bool finish;
};

struct answer_event {
    struct pst_json *root;
    struct event_choice *choices, **choices_end;
    struct event_call *calls, **calls_end;
    struct event_text *texts, **texts_end;
    bool open; /* read, not written yet */
};

struct pst_answer_state {
    enum answer_mode mode;
    uint32_t status;
    struct pst_arena scratch; /* of one JSON text */
    struct pst_sse sse;
    struct pst_json_parser parser; /* of a whole answer or an error body */
    bool parser_on, body_bad;
    struct answer_event event;
    struct answer_choice *choices;
    struct answer_call *calls, *queue, **queue_end;
    struct pst_buf id, created, model; /* for events made here, as last seen */
    struct pst_buf filtered;           /* what a filter released */
    bool done;                         /* [DONE] was read, not written yet */
};

/* answer_read.c: checks one JSON text against the table and fills s->event. No lasting state
 * changes but the facts. */
PST_NODISCARD enum pst_status answer_read(struct pst_answer *a, struct pst_json *root,
                                          struct pst_err *err);

/* answer_call.c */
PST_NODISCARD enum pst_status
answer_calls_take(struct pst_answer *a, const struct event_choice *choice, struct pst_err *err);
/* The open call of the choice, if there is one, is whole: it waits for its verdict. */
void answer_call_close(struct pst_answer *a, struct answer_choice *choice);
void answer_calls_release(struct pst_answer *a);
/* Fills a->pending from the call. */
void answer_call_show(struct pst_answer *a, const struct answer_call *call);

/* answer_lane.c: only with a filter */
PST_NODISCARD enum pst_status answer_atom(struct pst_answer *a, struct pst_json *v, bool is_name,
                                          struct pst_err *err);
PST_NODISCARD enum pst_status answer_lanes_apply(struct pst_answer *a, bool *ret_changed,
                                                 struct pst_err *err);
PST_NODISCARD enum pst_status
answer_filter_arguments(struct pst_answer *a, struct answer_call *call, struct pst_err *err);
/* Puts what a choice's lanes still hold into `body` and leaves them empty. */
PST_NODISCARD enum pst_status answer_lanes_flush(struct pst_answer *a, uint32_t choice,
                                                 struct pst_json *body, bool *ret_any,
                                                 struct pst_err *err);
void answer_lanes_release(struct pst_answer *a);

/* answer_write.c */
PST_NODISCARD enum pst_status answer_write_event(struct pst_answer *a, struct pst_buf *out,
                                                 struct pst_err *err);
PST_NODISCARD enum pst_status answer_write_call(struct pst_answer *a, struct answer_call *call,
                                                struct pst_buf *out, struct pst_err *err);
PST_NODISCARD enum pst_status answer_write_done(struct pst_answer *a, struct pst_buf *out,
                                                struct pst_err *err);
void answer_write_filtered(struct pst_answer *a, struct pst_buf *out);
void answer_write_error(struct pst_answer *a, const struct pst_err *why, struct pst_buf *out);

static inline enum pst_status answer_no_memory(struct pst_err *err)
{
    return pst_fail(err, PST_E_NO_MEMORY, "the memory limit of this answer was reached");
}

#endif
