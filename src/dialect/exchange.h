/* The exchange: what a request to a model asks for, in terms that do not depend on the dialect it
 * was written in. It is made from one parsed tree by a dialect's reader (dialect/openai.h), amended
 * here, and written back from the same tree: what was inspected is what is sent. The tree, all
 * views and all arrays live in the arena given to the reader. */
#ifndef PST_DIALECT_EXCHANGE_H
#define PST_DIALECT_EXCHANGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "wire/json.h"

#include <stdbool.h>

enum pst_speaker {
    PST_SPEAKER_NONE, /* outside any message */
    PST_SPEAKER_SYSTEM,
    PST_SPEAKER_DEVELOPER,
    PST_SPEAKER_USER,
    PST_SPEAKER_ASSISTANT,
    PST_SPEAKER_TOOL,
    PST_SPEAKER_FUNCTION,
};
/* "user"; "none" outside a message. */
const char *pst_speaker_name(enum pst_speaker role);

/* Which kind of text a segment is. */
enum pst_channel {
    PST_CHANNEL_NONE,
    PST_CHANNEL_CONTENT, /* what the role said */
    PST_CHANNEL_REFUSAL,
    PST_CHANNEL_NAME,        /* of a speaker, tool, schema or file */
    PST_CHANNEL_DESCRIPTION, /* of a tool or schema */
    PST_CHANNEL_SCHEMA,      /* strings and names in a JSON schema or a grammar */
    PST_CHANNEL_ARGUMENTS,   /* of an earlier tool call: usually JSON in a string */
    PST_CHANNEL_STOP,
    PST_CHANNEL_IDENT, /* identifiers: call ids, end user, cache keys, state references */
    PST_CHANNEL_META,
    PST_CHANNEL_URL,     /* fetched by the provider */
    PST_CHANNEL_UNKNOWN, /* in a member this gateway does not know */
};
const char *pst_channel_name(enum pst_channel channel);

/* One string that leaves with the request and is text (a value, or a member's name). */
struct pst_segment {
    struct pst_json *node; /* the STRING, or the member whose name it is */
    uint32_t message;      /* index of the message around it, PST_NO_MESSAGE outside */
    uint8_t role;          /* enum pst_speaker */
    uint8_t channel;       /* enum pst_channel */
    bool is_name;          /* the member's name, not its value */
};
enum { PST_NO_MESSAGE = UINT32_MAX - 1U };

static inline struct pst_str pst_segment_text(const struct pst_segment *s)
{
    return s->is_name ? s->node->name : s->node->text;
}

enum pst_tool_type { PST_TOOL_FUNCTION, PST_TOOL_CUSTOM, PST_TOOL_LEGACY /* `functions` */ };

struct pst_offered_tool {
    struct pst_str name;
    struct pst_json *node; /* the element of `tools` or `functions` */
    uint8_t type;          /* enum pst_tool_type */
};

enum pst_tool_choice {
    PST_CHOICE_UNSET,
    PST_CHOICE_NONE,
    PST_CHOICE_AUTO,
    PST_CHOICE_REQUIRED,
    PST_CHOICE_NAMED,   /* tool_choice_name */
    PST_CHOICE_ALLOWED, /* a list within those offered */
};

/* What the request uses beyond text in, text out; facts for policy. */
enum pst_capability {
    PST_CAP_TOOLS = 1U << 0,
    PST_CAP_CUSTOM_TOOLS = 1U << 1,
    PST_CAP_LEGACY_FUNCTIONS = 1U << 2,
    PST_CAP_WEB_SEARCH = 1U << 3,
    PST_CAP_IMAGE_IN = 1U << 4,
    PST_CAP_REMOTE_FETCH = 1U << 5, /* the provider is asked to fetch a URL */
    PST_CAP_AUDIO_IN = 1U << 6,
    PST_CAP_FILE_IN = 1U << 7,
    PST_CAP_AUDIO_OUT = 1U << 8,
    PST_CAP_JSON_SCHEMA = 1U << 9,
    PST_CAP_PREDICTION = 1U << 10,
    PST_CAP_LOGIT_BIAS = 1U << 11,
    PST_CAP_LOGPROBS = 1U << 12,
    PST_CAP_STORE = 1U << 13, /* the provider is asked to keep the answer */
    PST_CAP_STATE = 1U << 14, /* a reference to state kept by the provider */
    PST_CAP_MODERATION = 1U << 15,
    PST_CAP_PROMPT_CACHE = 1U << 16,
    PST_CAP_SERVICE_TIER = 1U << 17, /* a tier that is not auto or default */
};

struct pst_exchange {
    struct pst_arena *arena;
    struct pst_json *root;
    struct pst_str model; /* as the client named it, until pst_exchange_set_model */
    bool stream;
    bool usage_asked;      /* the client asked for a usage chunk */
    uint32_t n;            /* choices asked for, at least 1 */
    uint64_t max_tokens;   /* the smaller of the two members; 0: not limited */
    uint32_t capabilities; /* enum pst_capability bits */
    uint32_t messages;
    uint32_t images, audios, files, remote_urls;
    uint32_t unknown_members;
    uint64_t text_bytes;                        /* of all segments */
    uint64_t opaque_bytes;                      /* of all opaque strings, as sent */
    struct pst_str end_user, safety_identifier; /* as the client claims */
    struct pst_offered_tool *tools;
    size_t n_tools;
    enum pst_tool_choice tool_choice;
    struct pst_str tool_choice_name;
    struct pst_segment *segments; /* in the order of the source */
    size_t n_segments;
    /* private: the nodes that amendments change */
    struct pst_json *model_node, *max_tokens_node, *max_completion_node;
    size_t tools_size, segments_size;
};

/* Where in the tree a segment stands, for findings: "messages[2].content[0].text"; a name gets
 * "(name)" behind it. Searches the tree: not for the common path. */
void pst_segment_path(const struct pst_exchange *x, const struct pst_segment *s,
                      struct pst_buf *out);

/* --- amendments: false only without memory ------------------------------------------------------
 */

/* The name the upstream knows. */
PST_NODISCARD bool pst_exchange_set_model(struct pst_exchange *x, struct pst_str upstream_model);
/* Lowers every token limit above `cap`; where there is none, puts one in, under the older member
 * name when `legacy`. */
PST_NODISCARD bool pst_exchange_cap_tokens(struct pst_exchange *x, uint64_t cap, bool legacy);
/* Makes a stream end with its usage; nothing for an answer in one piece. */
PST_NODISCARD bool pst_exchange_want_usage(struct pst_exchange *x);
/* Takes a tool out, everywhere it is offered, allowed or demanded; the last one takes `tools`,
 * `tool_choice` and `parallel_tool_calls` with it. Returns how many were taken. The segments of a
 * tool that was taken stay in the list: they were inspected, they do not leave. */
size_t pst_exchange_strip_tool(struct pst_exchange *x, struct pst_str name);
/* Whether a tool of this name is offered. */
bool pst_exchange_offers(const struct pst_exchange *x, struct pst_str name);

/* The bytes that leave. ERR: out is full or memory is (PST_E_NO_MEMORY). */
PST_NODISCARD enum pst_status pst_exchange_write(const struct pst_exchange *x, struct pst_buf *out,
                                                 struct pst_err *err);

#endif
