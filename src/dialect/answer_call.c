#include "dialect/answer_state.h"
#include "dialect/openai_table.h"

static enum pst_status refuse(struct pst_err *err, const char *text)
{
    return pst_fail(err, PST_E_UPSTREAM_ANSWER, "%s", text);
}

/* --- gathering ------------------------------------------------------------------------------- */

static struct answer_call *call_new(struct pst_answer *a, const struct event_call *part)
{
    struct pst_answer_state *s = a->s;
    struct answer_call *c = PST_ARENA_NEW(a->config.arena, struct answer_call);
    if (c == NULL) {
        return NULL;
    }
    c->choice = part->choice;
    c->index = part->index;
    c->type = part->type;
    pst_buf_init(&c->id, PST_ANSWER_NAME_MAX);
    pst_buf_init(&c->name, PST_ANSWER_NAME_MAX);
    pst_buf_init(&c->arguments, a->config.limits.arguments_bytes);
    pst_buf_init(&c->extra_call, a->config.limits.arguments_bytes);
    pst_buf_init(&c->extra_function, a->config.limits.arguments_bytes);
    c->next = s->calls;
    s->calls = c;
    a->facts.calls++;
    return c;
}

static bool is_known(struct pst_str name, uint8_t object)
{
    return pst_table_find(pst_openai_answer_table(), object, name) != NULL;
}

static bool extra_seen(const struct answer_call *c, struct pst_str name)
{
    for (const struct answer_extra *e = c->extras; e != NULL; e = e->next) {
        if (pst_str_eq(e->name, name)) {
            return true;
        }
    }
    return false;
}

/* Members nobody knows are kept with the call; the first of a name stays. */
static enum pst_status take_extras(struct pst_answer *a, struct answer_call *c,
                                   const struct pst_json *from, uint8_t object,
                                   struct pst_buf *into, struct pst_err *err)
{
    for (const struct pst_json *v = pst_json_first(from); v != NULL; v = v->next) {
        if (is_known(v->name, object) || extra_seen(c, v->name)) {
            continue;
        }
        struct answer_extra *e = PST_ARENA_NEW(a->config.arena, struct answer_extra);
        if (e == NULL) {
            return answer_no_memory(err);
        }
        e->name = pst_arena_copy(a->config.arena, v->name);
        if (v->name.n > 0 && e->name.p == NULL) {
            return answer_no_memory(err);
        }
        e->next = c->extras;
        c->extras = e;
        if (++c->n_extras > PST_ANSWER_EXTRAS_MAX) {
            return refuse(err, "a tool call has too many unknown members");
        }
        PST_BUF_LIT(into, ",\"");
        pst_json_escape(into, v->name);
        PST_BUF_LIT(into, "\":");
        if (into->failed || pst_json_write(v, into, err) != PST_OK) {
            return refuse(err, "a tool call is too large");
        }
    }
    return PST_OK;
}

static enum pst_status call_add(struct pst_answer *a, struct answer_call *c,
                                const struct event_call *part, struct pst_err *err)
{
    /* some servers repeat the id and the name in every part */
    if (part->id.n > 0 && !pst_str_eq(pst_buf_str(&c->id), part->id)) {
        if (c->id.n > 0) {
            return refuse(err, "a tool call has two ids");
        }
        pst_buf_add(&c->id, part->id);
    }
    if (!pst_str_eq(pst_buf_str(&c->name), part->name)) {
        pst_buf_add(&c->name, part->name);
    }
    pst_buf_add(&c->arguments, part->arguments);
    if (c->id.failed || c->name.failed || c->arguments.failed) {
        return refuse(err, "a tool call is too large");
    }
    c->arguments_node = part->arguments_node;
    if (a->s->mode == ANSWER_WHOLE) {
        return PST_OK; /* its tree is written as it is */
    }
    if (part->type != PST_TOOL_LEGACY &&
        take_extras(a, c, part->node, PST_ANS_delta_call, &c->extra_call, err) != PST_OK) {
        return PST_ERR;
    }
    bool custom = part->type == PST_TOOL_CUSTOM;
    const struct pst_json *inner = part->type == PST_TOOL_LEGACY ? part->node
                                   : custom ? PST_JSON_GET(part->node, "custom")
                                            : PST_JSON_GET(part->node, "function");
    return take_extras(a, c, inner,
                       (uint8_t)(custom ? PST_ANS_delta_custom : PST_ANS_delta_function),
                       &c->extra_function, err);
}

static bool same_call(const struct answer_call *c, const struct event_call *part)
{
    return c->choice == part->choice && c->index == part->index &&
           (c->type == PST_TOOL_LEGACY) == (part->type == PST_TOOL_LEGACY);
}

/* The decision was about the call as it was: nothing may be added behind it. */
static bool was_closed(const struct pst_answer_state *s, const struct event_call *part)
{
    for (const struct answer_call *c = s->calls; c != NULL; c = c->next) {
        if (c->closed && same_call(c, part)) {
            return true;
        }
    }
    return false;
}

enum pst_status answer_calls_take(struct pst_answer *a, const struct event_choice *choice,
                                  struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    struct answer_choice *held = &s->choices[choice->index];
    for (const struct event_call *part = s->event.calls; part != NULL; part = part->next) {
        if (part->choice != choice->index) {
            continue;
        }
        if (held->finished) {
            return refuse(err, "a tool call behind the end of its choice");
        }
        if (held->open != NULL && !same_call(held->open, part)) {
            answer_call_close(a, held);
        }
        if (held->open == NULL) {
            if (was_closed(s, part)) {
                return refuse(err, "more of a tool call that was complete");
            }
            if (a->facts.calls >= a->config.limits.calls) {
                return refuse(err, "too many tool calls");
            }
            held->open = call_new(a, part);
            if (held->open == NULL) {
                return answer_no_memory(err);
            }
        }
        if (part->type == PST_TOOL_CUSTOM) {
            held->open->type = PST_TOOL_CUSTOM;
        }
        if (call_add(a, held->open, part, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

void answer_call_close(struct pst_answer *a, struct answer_choice *choice)
{
    struct answer_call *c = choice->open;
    if (c != NULL) {
        c->closed = true;
        *a->s->queue_end = c;
        a->s->queue_end = &c->queued;
        choice->open = NULL;
    }
}

void answer_calls_release(struct pst_answer *a)
{
    for (struct answer_call *c = a->s->calls; c != NULL; c = c->next) {
        pst_buf_release(&c->id);
        pst_buf_release(&c->name);
        pst_buf_release(&c->arguments);
        pst_buf_release(&c->extra_call);
        pst_buf_release(&c->extra_function);
    }
    a->s->calls = NULL;
}

/* --- deciding -------------------------------------------------------------------------------- */

void answer_call_show(struct pst_answer *a, const struct answer_call *call)
{
    bool offered = false;
    for (size_t i = 0; i < a->config.n_tools && !offered; i++) {
        offered = a->config.tools[i].type == call->type &&
                  pst_str_eq(a->config.tools[i].name, pst_buf_str(&call->name));
    }
    a->pending = (struct pst_answer_call){
        .choice = call->choice,
        .index = call->index,
        .id = pst_buf_str(&call->id),
        .name = pst_buf_str(&call->name),
        .arguments = pst_buf_str(&call->arguments),
        .type = call->type,
        .offered = offered,
    };
    if (!offered) {
        a->facts.calls_not_offered++;
    }
}
