#include "dialect/answer_state.h"
#include "dialect/openai.h"
#include "dialect/openai_table.h"
#include "dialect/walk.h"

/* Where the walk is. */
struct place {
    struct pst_answer *a;
    struct event_choice *choice;
    struct event_call *call;
};

static enum pst_status refuse(const struct pst_walk *w, struct pst_err *err, const char *text)
{
    return pst_walk_fail(w, err, PST_E_UPSTREAM_ANSWER, text);
}

/* --- text ------------------------------------------------------------------------------------ */

static enum pst_status add_text(struct place *at, struct pst_walk *w, uint8_t kind,
                                struct pst_json *v, struct pst_err *err)
{
    struct answer_event *e = &at->a->s->event;
    struct event_text *t = PST_ARENA_NEW(&at->a->s->scratch, struct event_text);
    if (t == NULL) {
        return answer_no_memory(err);
    }
    t->node = v;
    t->parent = pst_walk_frame(w, 0)->node;
    t->lane.choice = at->choice->index;
    t->lane.kind = kind;
    if (kind == PST_LANE_UNKNOWN) {
        t->lane.name = v->name;
    }
    *e->texts_end = t;
    e->texts_end = &t->next;
    return PST_OK;
}

static enum pst_status on_text(void *ctx, struct pst_walk *w, const struct pst_table_row *row,
                               struct pst_json *v, bool is_name, struct pst_err *err)
{
    struct place *at = ctx;
    uint8_t kind = row != NULL ? row->channel : (uint8_t)PST_LANE_ATOM;
    if (kind == PST_ANS_CALL) {
        return PST_OK; /* its hook has it, and the call waits for a verdict */
    }
    at->a->facts.text_bytes += is_name ? v->name.n : v->text.n;
    if (at->a->config.filter == NULL) {
        return PST_OK;
    }
    uint8_t object = pst_walk_frame(w, 0)->object;
    bool body = object == PST_ANS_delta || object == PST_ANS_message;
    if (row == NULL && body && !is_name) {
        kind = PST_LANE_UNKNOWN;
    }
    if (is_name || kind == PST_LANE_ATOM || kind == PST_ANS_NONE || at->choice == NULL) {
        return answer_atom(at->a, v, is_name, err);
    }
    return add_text(at, w, kind, v, err);
}

/* --- choices and calls ----------------------------------------------------------------------- */

static enum pst_status enter_choice(struct place *at, struct pst_walk *w, struct pst_err *err)
{
    struct answer_event *e = &at->a->s->event;
    struct pst_json *node = pst_walk_frame(w, 0)->node;
    uint64_t index;
    if (!pst_json_u64(PST_JSON_GET(node, "index"), &index) || index >= at->a->config.choices) {
        return refuse(w, err, "a choice that was not asked for");
    }
    struct event_choice *c = PST_ARENA_NEW(&at->a->s->scratch, struct event_choice);
    if (c == NULL) {
        return answer_no_memory(err);
    }
    c->index = (uint32_t)index;
    c->node = node;
    *e->choices_end = c;
    e->choices_end = &c->next;
    at->choice = c;
    return PST_OK;
}

static enum pst_status add_call(struct place *at, struct pst_walk *w, struct pst_json *node,
                                uint64_t index, uint8_t type, struct pst_err *err)
{
    struct answer_event *e = &at->a->s->event;
    if (index >= at->a->config.limits.calls) {
        return refuse(w, err, "too many tool calls");
    }
    struct event_call *c = PST_ARENA_NEW(&at->a->s->scratch, struct event_call);
    if (c == NULL) {
        return answer_no_memory(err);
    }
    c->node = node;
    c->choice = at->choice->index;
    c->index = (uint32_t)index;
    c->type = type;
    *e->calls_end = c;
    e->calls_end = &c->next;
    at->call = c;
    return PST_OK;
}

static enum pst_status enter_call(struct place *at, struct pst_walk *w, struct pst_err *err)
{
    const struct pst_walk_frame *f = pst_walk_frame(w, 0);
    uint64_t index = pst_walk_frame(w, 1)->index;
    if (f->object == PST_ANS_delta_call && !pst_json_u64(PST_JSON_GET(f->node, "index"), &index)) {
        return refuse(w, err, "a tool call without an index");
    }
    bool custom = PST_JSON_GET(f->node, "custom") != NULL;
    return add_call(at, w, f->node, index, custom ? PST_TOOL_CUSTOM : PST_TOOL_FUNCTION, err);
}

static enum pst_status on_enter(void *ctx, struct pst_walk *w, struct pst_err *err)
{
    struct place *at = ctx;
    switch (pst_walk_frame(w, 0)->object) {
    case PST_ANS_choice:
    case PST_ANS_chunk_choice:
        return enter_choice(at, w, err);
    case PST_ANS_message:
    case PST_ANS_delta:
        at->choice->body = pst_walk_frame(w, 0)->node;
        return PST_OK;
    case PST_ANS_call:
    case PST_ANS_delta_call:
        return enter_call(at, w, err);
    default:
        return PST_OK;
    }
}

static enum pst_status on_leave(void *ctx, struct pst_walk *w, struct pst_err *err)
{
    (void)err;
    struct place *at = ctx;
    switch (pst_walk_frame(w, 0)->object) {
    case PST_ANS_choice:
    case PST_ANS_chunk_choice:
        at->choice = NULL;
        break;
    case PST_ANS_call:
    case PST_ANS_delta_call:
        at->call = NULL;
        break;
    default:
        break;
    }
    return PST_OK;
}

/* --- hooks ----------------------------------------------------------------------------------- */

static uint32_t finish_bit(struct pst_str reason)
{
    static const struct {
        struct pst_str name;
        uint32_t bit;
    } reasons[] = {
        {PST_STR_INIT("stop"), PST_FINISH_STOP},
        {PST_STR_INIT("length"), PST_FINISH_LENGTH},
        {PST_STR_INIT("tool_calls"), PST_FINISH_TOOL_CALLS},
        {PST_STR_INIT("content_filter"), PST_FINISH_CONTENT_FILTER},
        {PST_STR_INIT("function_call"), PST_FINISH_FUNCTION_CALL},
    };
    for (size_t i = 0; i < PST_LEN(reasons); i++) {
        if (pst_str_eq(reasons[i].name, reason)) {
            return reasons[i].bit;
        }
    }
    return 0; /* the walk refuses it right after the hook */
}

static enum pst_status note_tokens(struct pst_walk *w, const struct pst_json *v, uint64_t *ret,
                                   struct pst_err *err)
{
    if (v->type == PST_JSON_NULL || pst_json_u64(v, ret)) {
        return PST_OK;
    }
    return refuse(w, err, "a count of tokens cannot be negative");
}

static enum pst_status remember(struct pst_buf *b, struct pst_str text, struct pst_err *err)
{
    if (pst_str_eq(pst_buf_str(b), text)) {
        return PST_OK;
    }
    pst_buf_clear(b);
    return pst_buf_add(b, text)
               ? PST_OK
               : pst_fail(err, PST_E_UPSTREAM_ANSWER, "an identifier of the answer is too long");
}

/* A part of a tool call; `custom` and legacy calls have the same two texts under other names. */
static enum pst_status note_call_text(struct place *at, struct pst_walk *w, uint8_t hook,
                                      struct pst_json *v, struct pst_err *err)
{
    struct event_call *c = at->call;
    if (c == NULL) {
        return refuse(w, err, "a tool call where none can stand");
    }
    if (v->type == PST_JSON_NULL) {
        return PST_OK;
    }
    if (hook == PST_ANS_HOOK_CALL_ID) {
        c->id = v->text;
    } else if (hook == PST_ANS_HOOK_CALL_NAME) {
        c->name = v->text;
    } else {
        c->arguments = v->text;
        c->arguments_node = v;
    }
    return PST_OK;
}

static enum pst_status on_call_member(struct place *at, struct pst_walk *w,
                                      const struct pst_table_row *row, struct pst_json *v,
                                      struct pst_err *err)
{
    switch (row->hook) {
    case PST_ANS_HOOK_LEGACY_CALL:
        if (v->type == PST_JSON_NULL) {
            return PST_OK;
        }
        return add_call(at, w, v, /* index= */ 0, PST_TOOL_LEGACY, err);
    case PST_ANS_HOOK_CALL_ID:
    case PST_ANS_HOOK_CALL_NAME:
    case PST_ANS_HOOK_CALL_ARGUMENTS:
        return note_call_text(at, w, row->hook, v, err);
    default:
        return PST_OK;
    }
}

static enum pst_status on_member(void *ctx, struct pst_walk *w, const struct pst_table_row *row,
                                 struct pst_json *v, struct pst_err *err)
{
    struct place *at = ctx;
    struct pst_answer *a = at->a;
    switch (row->hook) {
    case PST_ANS_HOOK_ID:
        return v->text.n > 0 ? remember(&a->s->id, v->text, err) : PST_OK;
    case PST_ANS_HOOK_CREATED:
        return remember(&a->s->created, v->text, err);
    case PST_ANS_HOOK_MODEL:
        return remember(&a->s->model, v->text, err);
    case PST_ANS_HOOK_USAGE:
        a->facts.usage_seen = a->facts.usage_seen || v->type == PST_JSON_OBJECT;
        return PST_OK;
    case PST_ANS_HOOK_FINISH:
        if (v->type == PST_JSON_STRING) {
            at->choice->finish = true;
            a->facts.finish |= finish_bit(v->text);
        }
        return PST_OK;
    case PST_ANS_HOOK_LOGPROBS:
        /* they repeat the text token by token: what a filter holds or masks would stand here */
        if (a->config.filter != NULL) {
            pst_json_set_null(v);
        }
        return PST_OK;
    case PST_ANS_HOOK_OPAQUE:
        a->facts.opaque_bytes += v->type == PST_JSON_STRING ? v->text.n : 0;
        return PST_OK;
    case PST_ANS_HOOK_PROMPT_TOKENS:
        return note_tokens(w, v, &a->facts.prompt_tokens, err);
    case PST_ANS_HOOK_COMPLETION_TOKENS:
        return note_tokens(w, v, &a->facts.completion_tokens, err);
    case PST_ANS_HOOK_TOTAL_TOKENS:
        return note_tokens(w, v, &a->facts.total_tokens, err);
    case PST_ANS_HOOK_CACHED_TOKENS:
        return note_tokens(w, v, &a->facts.cached_tokens, err);
    case PST_ANS_HOOK_REASONING_TOKENS:
        return note_tokens(w, v, &a->facts.reasoning_tokens, err);
    default:
        return on_call_member(at, w, row, v, err);
    }
}

enum pst_status answer_read(struct pst_answer *a, struct pst_json *root, struct pst_err *err)
{
    static const struct pst_walk_ops ops = {
        .enter = on_enter, .leave = on_leave, .member = on_member, .text = on_text};
    struct answer_event *e = &a->s->event;
    *e = (struct answer_event){.root = root};
    e->choices_end = &e->choices;
    e->calls_end = &e->calls;
    e->texts_end = &e->texts;
    const struct pst_json *error = PST_JSON_GET(root, "error");
    if (error != NULL && error->type != PST_JSON_NULL) {
        pst_openai_upstream_error(a->s->status, root, err);
        return PST_ERR;
    }
    struct place at = {.a = a};
    PST_UNINIT struct pst_walk w; /* its frames are filled as they are entered */
    pst_walk_init(&w, pst_openai_answer_table(), &ops, &at);
    w.refusal = PST_E_UPSTREAM_ANSWER;
    uint8_t object = (uint8_t)(a->s->mode == ANSWER_STREAM ? (int)PST_ANS_chunk
                                                           : (int)PST_ANS_answer);
    if (pst_walk_run(&w, root, object, err) != PST_OK) {
        return PST_ERR;
    }
    a->facts.unknown_members += w.unknown_members;
    e->open = true;
    return PST_OK;
}
