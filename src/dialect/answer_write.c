#include "dialect/answer_state.h"
#include "dialect/openai.h"

/* --- events ---------------------------------------------------------------------------------- */

/* Everything a stream releases goes through begin and end, so that an event is whole or absent. */
static size_t event_begin(struct pst_buf *out)
{
    size_t before = out->n;
    PST_BUF_LIT(out, "data: ");
    return before;
}

static enum pst_status event_end(struct pst_answer *a, struct pst_buf *out, size_t before, bool ok,
                                 struct pst_err *err)
{
    if (!ok || !PST_BUF_LIT(out, "\n\n") || out->failed) {
        pst_buf_truncate(out, before);
        return answer_no_memory(err);
    }
    a->facts.events_out++;
    a->facts.bytes_out += out->n - before;
    return PST_OK;
}

static struct pst_str shown_model(const struct pst_answer *a)
{
    return a->config.model.n > 0 ? a->config.model : pst_buf_str(&a->s->model);
}

/* A chunk that this gateway makes: the head as the upstream's last one, up to its choices. */
static void chunk_begin(const struct pst_answer *a, struct pst_json_out *o, struct pst_buf *out)
{
    struct pst_str created = pst_buf_str(&a->s->created);
    pst_json_out_init(o, out);
    pst_json_out_object(o);
    pst_json_out_kstr(o, "id", pst_buf_str(&a->s->id));
    pst_json_out_kstr(o, "object", PST_STR("chat.completion.chunk"));
    PST_JSON_KEY(o, "created");
    pst_json_out_raw(o, created.n > 0 ? created : PST_STR("0"));
    pst_json_out_kstr(o, "model", shown_model(a));
    PST_JSON_KEY(o, "choices");
    pst_json_out_array(o);
}

static void choice_begin(struct pst_json_out *o, uint32_t index)
{
    pst_json_out_object(o);
    pst_json_out_ku64(o, "index", index);
    PST_JSON_KEY(o, "delta");
    pst_json_out_object(o);
}

static void choice_end(struct pst_json_out *o, const char *finish)
{
    pst_json_out_end(o);
    PST_JSON_KEY(o, "finish_reason");
    if (finish != NULL) {
        pst_json_out_str(o, pst_str_c(finish));
    } else {
        pst_json_out_null(o);
    }
    pst_json_out_end(o);
}

/* --- tool calls ------------------------------------------------------------------------------ */

/* `{"name":…,"arguments":…` and what nobody knows; the extras are members with a leading comma. */
static bool put_called(struct pst_buf *out, const struct answer_call *c)
{
    PST_BUF_LIT(out, "{\"name\":\"");
    bool ok = pst_json_escape(out, pst_buf_str(&c->name));
    if (c->type == PST_TOOL_CUSTOM) {
        PST_BUF_LIT(out, "\",\"input\":\"");
    } else {
        PST_BUF_LIT(out, "\",\"arguments\":\"");
    }
    ok = ok && pst_json_escape(out, pst_buf_str(&c->arguments));
    PST_BUF_LIT(out, "\"");
    pst_buf_add(out, pst_buf_str(&c->extra_function));
    return PST_BUF_LIT(out, "}") && ok;
}

static bool put_call(struct pst_buf *out, const struct answer_call *c)
{
    PST_BUF_LIT(out, "{\"index\":");
    pst_buf_u64(out, c->index);
    PST_BUF_LIT(out, ",\"id\":\"");
    bool ok = pst_json_escape(out, pst_buf_str(&c->id));
    if (c->type == PST_TOOL_CUSTOM) {
        PST_BUF_LIT(out, "\",\"type\":\"custom\",\"custom\":");
    } else {
        PST_BUF_LIT(out, "\",\"type\":\"function\",\"function\":");
    }
    ok = ok && put_called(out, c);
    pst_buf_add(out, pst_buf_str(&c->extra_call));
    return PST_BUF_LIT(out, "}") && ok;
}

enum pst_status answer_write_call(struct pst_answer *a, struct answer_call *call,
                                  struct pst_buf *out, struct pst_err *err)
{
    if (answer_filter_arguments(a, call, err) != PST_OK) {
        return PST_ERR;
    }
    if (a->s->mode != ANSWER_STREAM) {
        return PST_OK; /* the call stands in the message, which is written at the end */
    }
    struct pst_buf one;
    pst_buf_init(&one, SIZE_MAX / 2);
    bool legacy = call->type == PST_TOOL_LEGACY;
    bool ok = legacy ? put_called(&one, call) : put_call(&one, call);
    size_t before = event_begin(out);
    struct pst_json_out o;
    chunk_begin(a, &o, out);
    choice_begin(&o, call->choice);
    if (legacy) {
        PST_JSON_KEY(&o, "function_call");
    } else {
        PST_JSON_KEY(&o, "tool_calls");
        pst_json_out_array(&o);
    }
    pst_json_out_raw(&o, pst_buf_str(&one));
    if (!legacy) {
        pst_json_out_end(&o);
    }
    choice_end(&o, /* finish= */ NULL);
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    ok = ok && !one.failed && pst_json_out_ok(&o);
    pst_buf_release(&one);
    return event_end(a, out, before, ok, err);
}

/* --- what the upstream sent ------------------------------------------------------------------ */

static bool remove_member(struct pst_json *object, struct pst_str name)
{
    struct pst_json *v = pst_json_get(object, name);
    return v != NULL && pst_json_remove(object, v);
}

/* Whether a choice of a chunk says nothing once its tool calls and held text are out. */
static bool choice_hollow(const struct pst_json *choice)
{
    static const struct pst_str dull[] = {PST_STR_INIT("index"), PST_STR_INIT("finish_reason"),
                                          PST_STR_INIT("logprobs"), PST_STR_INIT("delta")};
    for (const struct pst_json *v = pst_json_first(choice); v != NULL; v = v->next) {
        bool known = false;
        for (size_t i = 0; i < PST_LEN(dull) && !known; i++) {
            known = pst_str_eq(v->name, dull[i]);
        }
        bool empty = v->type == PST_JSON_NULL || pst_str_eq(v->name, PST_STR("index")) ||
                     (v->type == PST_JSON_OBJECT && v->count == 0);
        if (!known || !empty) {
            return false;
        }
    }
    return true;
}

static bool event_hollow(const struct answer_event *e)
{
    const struct pst_json *usage = PST_JSON_GET(e->root, "usage");
    if (usage != NULL && usage->type != PST_JSON_NULL) {
        return false;
    }
    for (const struct event_choice *c = e->choices; c != NULL; c = c->next) {
        if (!choice_hollow(c->node)) {
            return false;
        }
    }
    return true;
}

static enum pst_status write_chunk(struct pst_answer *a, struct pst_buf *out, struct pst_err *err)
{
    struct answer_event *e = &a->s->event;
    bool changed = false;
    if (!a->config.usage_asked) {
        struct pst_json *usage = PST_JSON_GET(e->root, "usage");
        bool swallow = usage != NULL && usage->type != PST_JSON_NULL && e->choices == NULL;
        if (swallow) {
            return PST_OK;
        }
        (void)remove_member(e->root, PST_STR("usage"));
    }
    for (const struct event_choice *c = e->choices; c != NULL; c = c->next) {
        changed |= remove_member(c->body, PST_STR("tool_calls"));
        changed |= remove_member(c->body, PST_STR("function_call"));
    }
    if (answer_lanes_apply(a, &changed, err) != PST_OK) {
        return PST_ERR;
    }
    for (const struct event_choice *c = e->choices; c != NULL; c = c->next) {
        a->s->choices[c->index].finished |= c->finish;
    }
    if (changed && event_hollow(e)) {
        return PST_OK;
    }
    size_t before = event_begin(out);
    bool ok = pst_json_write(e->root, out, err) == PST_OK;
    return event_end(a, out, before, ok, err);
}

/* A denied choice of a whole answer keeps its text and loses its calls. */
static enum pst_status deny_choice(struct pst_answer *a, const struct event_choice *c,
                                   struct pst_err *err)
{
    (void)remove_member(c->body, PST_STR("tool_calls"));
    (void)remove_member(c->body, PST_STR("function_call"));
    struct pst_json *finish = PST_JSON_GET(c->node, "finish_reason");
    if (!pst_json_set_string(&a->s->scratch, finish, PST_STR("content_filter"))) {
        return answer_no_memory(err);
    }
    a->facts.finish |= PST_FINISH_GUARD;
    return PST_OK;
}

static enum pst_status write_whole(struct pst_answer *a, struct pst_buf *out, struct pst_err *err)
{
    struct answer_event *e = &a->s->event;
    bool changed = false;
    size_t before = out->n;
    if (answer_lanes_apply(a, &changed, err) != PST_OK) {
        return PST_ERR;
    }
    for (const struct event_choice *c = e->choices; c != NULL; c = c->next) {
        if (a->s->choices[c->index].denied && deny_choice(a, c, err) != PST_OK) {
            return PST_ERR;
        }
    }
    if (pst_json_write(e->root, out, err) != PST_OK) {
        return PST_ERR;
    }
    a->facts.events_out++;
    a->facts.bytes_out += out->n - before;
    return PST_OK;
}

enum pst_status answer_write_event(struct pst_answer *a, struct pst_buf *out, struct pst_err *err)
{
    struct answer_event *e = &a->s->event;
    e->open = false;
    struct pst_json *model = PST_JSON_GET(e->root, "model");
    if (a->config.model.n > 0 && model != NULL &&
        !pst_json_set_string(&a->s->scratch, model, a->config.model)) {
        return answer_no_memory(err);
    }
    return a->s->mode == ANSWER_STREAM ? write_chunk(a, out, err) : write_whole(a, out, err);
}

/* --- ends ------------------------------------------------------------------------------------ */

/* An upstream may say [DONE] without a finish_reason: what lanes still hold leaves before it. */
static enum pst_status flush_choice(struct pst_answer *a, uint32_t index, struct pst_buf *out,
                                    struct pst_err *err)
{
    bool any = false;
    struct pst_json *body = pst_json_new(&a->s->scratch, PST_JSON_OBJECT);
    if (body == NULL) {
        return answer_no_memory(err);
    }
    if (answer_lanes_flush(a, index, body, &any, err) != PST_OK) {
        return PST_ERR;
    }
    if (!any) {
        return PST_OK;
    }
    size_t before = event_begin(out);
    struct pst_json_out o;
    chunk_begin(a, &o, out);
    pst_json_out_object(&o);
    pst_json_out_ku64(&o, "index", index);
    PST_JSON_KEY(&o, "delta");
    pst_json_out_value(&o, body);
    PST_JSON_KEY(&o, "finish_reason");
    pst_json_out_null(&o);
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    return event_end(a, out, before, pst_json_out_ok(&o), err);
}

enum pst_status answer_write_done(struct pst_answer *a, struct pst_buf *out, struct pst_err *err)
{
    for (uint32_t i = 0; a->config.filter != NULL && i < a->config.choices; i++) {
        if (flush_choice(a, i, out, err) != PST_OK) {
            return PST_ERR;
        }
    }
    size_t before = event_begin(out);
    return event_end(a, out, before, PST_BUF_LIT(out, "[DONE]"), err);
}

void answer_write_filtered(struct pst_answer *a, struct pst_buf *out)
{
    struct pst_err ignored;
    size_t before = event_begin(out);
    struct pst_json_out o;
    bool any = false;
    chunk_begin(a, &o, out);
    for (uint32_t i = 0; i < a->config.choices; i++) {
        if (a->s->choices[i].seen && !a->s->choices[i].finished) {
            any = true;
            a->s->choices[i].finished = true;
            choice_begin(&o, i);
            choice_end(&o, "content_filter");
        }
    }
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    if (!any) {
        pst_buf_truncate(out, before);
    } else if (event_end(a, out, before, pst_json_out_ok(&o), &ignored) != PST_OK) {
        return; /* no room: the connection ends without a clean end */
    }
    a->facts.finish |= PST_FINISH_GUARD;
    before = event_begin(out);
    (void)event_end(a, out, before, PST_BUF_LIT(out, "[DONE]"), &ignored);
}

void answer_write_error(struct pst_answer *a, const struct pst_err *why, struct pst_buf *out)
{
    struct pst_err ignored;
    size_t before = event_begin(out);
    bool ok = pst_openai_error_write(out, why, a->config.request_id);
    (void)event_end(a, out, before, ok, &ignored);
}
