/* The chat part of the demo model: what a request asks for, and the answers in OpenAI's shape.
 * Private to the demo model. */
#ifndef PST_CLI_DEMO_CHAT_H
#define PST_CLI_DEMO_CHAT_H

#include "cli/demo_script.h"
#include "wire/json.h"

enum { PST_DEMO_CHOICES_MAX = 8, PST_DEMO_CALLS_MAX = 8 };

/* A request, read with a blind eye to everything that does not matter here. */
struct pst_demo_chat {
    struct pst_str model, last_user;
    struct pst_str marker; /* what follows "demo:" in the model's name or the last user's text */
    struct pst_str value;  /* what follows '=' behind it */
    struct pst_str tool;   /* the first one offered */
    bool stream, include_usage, after_tool;
    uint32_t choices, max_tokens;
    uint64_t prompt_tokens;
};

/* What is said: worked out once, then written as a stream or as a whole. */
struct pst_demo_plan {
    const struct pst_demo_chat *chat;
    struct pst_buf *text; /* the answer's words */
    uint32_t tokens;
    const char *member; /* "content", "refusal", "reasoning_content" */
    const char *finish;
    const char *role;
    uint32_t calls; /* tool calls instead of text */
    struct pst_str call_name;
    bool call_garbage; /* arguments that are no JSON */
};

PST_NODISCARD enum pst_status pst_demo_chat_read(struct pst_demo_chat *ret, struct pst_str body,
                                                 struct pst_arena *arena, struct pst_err *err);
static inline bool pst_demo_is(const struct pst_demo_chat *c, struct pst_str marker)
{
    return pst_str_eq(c->marker, marker);
}
#define PST_DEMO_IS(c, literal) pst_demo_is((c), PST_STR(literal))
/* Fills the plan; its text goes to `text`. */
void pst_demo_plan(struct pst_demo_plan *p, const struct pst_demo_chat *c,
                   const struct pst_demo_options *options, struct pst_buf *text);
/* Takes the first piece off: a word with the space before it. Empty at the end. */
struct pst_str pst_demo_word(struct pst_str *rest);

/* One JSON text each. */
void pst_demo_write_whole(const struct pst_demo_plan *p, struct pst_buf *out);
void pst_demo_write_role(const struct pst_demo_plan *p, uint32_t choice, struct pst_buf *out);
void pst_demo_write_word(const struct pst_demo_plan *p, uint32_t choice, struct pst_str word,
                         struct pst_buf *out);
/* `part` 0: id and name; 1 and 2: halves of the arguments. */
void pst_demo_write_call(const struct pst_demo_plan *p, uint32_t choice, uint32_t call,
                         uint32_t part, struct pst_buf *out);
void pst_demo_write_finish(const struct pst_demo_plan *p, uint32_t choice, struct pst_buf *out);
void pst_demo_write_usage(const struct pst_demo_plan *p, struct pst_buf *out);

#endif
