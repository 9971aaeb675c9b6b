#include "dialect/answer_state.h"

/* --- one push -------------------------------------------------------------------------------- */

static size_t char_start(struct pst_str text, size_t at)
{
    while (at > 0 && at < text.n && (text.p[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}

/* Asks the filter about `held`; what it releases is in s->filtered, *ret_taken is how much of the
 * hold it covers. */
static enum pst_status push(struct pst_answer *a, const struct pst_lane *lane, struct pst_str held,
                            bool end, size_t *ret_taken, struct pst_err *err)
{
    struct pst_buf *out = &a->s->filtered;
    size_t taken = 0;
    pst_buf_clear(out);
    if (a->config.filter->push(a->config.filter_ctx, lane, held, end, &taken, out, err) != PST_OK) {
        return PST_ERR;
    }
    if (taken > held.n || (end && taken != held.n)) {
        return pst_fail(err, PST_E_INTERNAL, "a filter did not say what to do with all text");
    }
    if (out->failed) {
        return pst_fail(err, PST_E_UPSTREAM_ANSWER, "more text is released than the limit allows");
    }
    *ret_taken = taken;
    return PST_OK;
}

enum pst_status answer_atom(struct pst_answer *a, struct pst_json *v, bool is_name,
                            struct pst_err *err)
{
    struct pst_lane lane = {.kind = PST_LANE_ATOM};
    struct pst_str text = is_name ? v->name : v->text;
    size_t taken;
    if (text.n == 0) {
        return PST_OK;
    }
    if (push(a, &lane, text, /* end= */ true, &taken, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_str released = pst_buf_str(&a->s->filtered);
    if (pst_str_eq(released, text)) {
        return PST_OK;
    }
    if (is_name) {
        return pst_fail(err, PST_E_UPSTREAM_ANSWER, "a member's name holds what may not pass");
    }
    return pst_json_set_string(&a->s->scratch, v, released) ? PST_OK : answer_no_memory(err);
}

/* A filter's verdict against a text of a whole answer: the choice loses it, and its calls. */
static bool blocked(struct pst_answer *a, uint32_t choice, struct pst_err *err)
{
    if (a->s->mode != ANSWER_WHOLE || err->code != PST_E_SENSITIVE_DATA) {
        return false;
    }
    *err = (struct pst_err){.code = PST_E_NONE};
    a->s->choices[choice].denied = true;
    pst_buf_clear(&a->s->filtered);
    return true;
}

enum pst_status answer_filter_arguments(struct pst_answer *a, struct answer_call *call,
                                        struct pst_err *err)
{
    struct pst_lane lane = {
        .choice = call->choice, .index = call->index, .kind = PST_LANE_ARGUMENTS};
    size_t taken;
    if (a->config.filter == NULL || call->arguments.n == 0) {
        return PST_OK;
    }
    if (push(a, &lane, pst_buf_str(&call->arguments), /* end= */ true, &taken, err) != PST_OK &&
        !blocked(a, call->choice, err)) {
        return PST_ERR;
    }
    if (call->arguments_node != NULL && a->s->mode == ANSWER_WHOLE &&
        !pst_json_set_string(&a->s->scratch, call->arguments_node, pst_buf_str(&a->s->filtered))) {
        return answer_no_memory(err);
    }
    pst_buf_clear(&call->arguments);
    return pst_buf_add(&call->arguments, pst_buf_str(&a->s->filtered)) ? PST_OK
                                                                       : answer_no_memory(err);
}

/* --- lanes ----------------------------------------------------------------------------------- */

static enum pst_status lane_of(struct pst_answer *a, const struct pst_lane *id,
                               struct answer_lane **ret, struct pst_err *err)
{
    struct answer_choice *c = &a->s->choices[id->choice];
    struct answer_lane **end = &c->lanes;
    for (; *end != NULL; end = &(*end)->next) {
        if ((*end)->id.kind == id->kind && pst_str_eq((*end)->id.name, id->name)) {
            *ret = *end;
            return PST_OK;
        }
    }
    if (c->n_lanes >= PST_ANSWER_LANES_MAX) {
        return pst_fail(err, PST_E_UPSTREAM_ANSWER, "the answer has too many kinds of text");
    }
    struct answer_lane *lane = PST_ARENA_NEW(a->config.arena, struct answer_lane);
    if (lane == NULL) {
        return answer_no_memory(err);
    }
    lane->id = *id;
    lane->id.name = pst_arena_copy(a->config.arena, id->name);
    if (id->name.n > 0 && lane->id.name.p == NULL) {
        return answer_no_memory(err);
    }
    /* one piece may be as large as an event, or the answer; what stays behind is checked after the
     * push */
    const struct pst_answer_limits *limits = &a->config.limits;
    pst_buf_init(&lane->held, (size_t)limits->hold_bytes +
                                  (a->config.stream ? limits->event_bytes : limits->bytes));
    *end = lane;
    c->n_lanes++;
    *ret = lane;
    return PST_OK;
}

static enum pst_status lane_push(struct pst_answer *a, struct answer_lane *lane, bool end,
                                 struct pst_err *err)
{
    struct pst_str held = pst_buf_str(&lane->held);
    size_t taken;
    if (push(a, &lane->id, held, end, &taken, err) != PST_OK) {
        return PST_ERR;
    }
    if (char_start(held, taken) != taken) {
        return pst_fail(err, PST_E_INTERNAL, "a filter cut a character in two");
    }
    pst_buf_consume(&lane->held, taken);
    if (lane->held.n > a->config.limits.hold_bytes) {
        return pst_fail(err, PST_E_UPSTREAM_ANSWER,
                        "more text would have to be held back than the limit allows");
    }
    return PST_OK;
}

/* An empty piece is taken out, so that a held token is no event of its own. */
static enum pst_status replace_text(struct pst_answer *a, const struct event_text *t,
                                    bool *ret_changed, struct pst_err *err)
{
    struct pst_str released = pst_buf_str(&a->s->filtered);
    if (pst_str_eq(released, t->node->text)) {
        return PST_OK;
    }
    *ret_changed = true;
    if (released.n == 0 && a->s->mode == ANSWER_STREAM) {
        pst_json_remove(t->parent, t->node);
        return PST_OK;
    }
    return pst_json_set_string(&a->s->scratch, t->node, released) ? PST_OK : answer_no_memory(err);
}

static enum pst_status lane_take(struct pst_answer *a, const struct event_text *t,
                                 bool *ret_changed, struct pst_err *err)
{
    struct answer_lane *lane = NULL;
    if (t->node->text.n == 0) {
        return PST_OK;
    }
    if (lane_of(a, &t->lane, &lane, err) != PST_OK) {
        return PST_ERR;
    }
    if (!pst_buf_add(&lane->held, t->node->text)) {
        return answer_no_memory(err);
    }
    /* the end of a stream's lane comes by flush: an event may hold two pieces of one lane */
    bool end = a->s->mode == ANSWER_WHOLE;
    lane->open = !end;
    if (lane_push(a, lane, end, err) != PST_OK && !blocked(a, t->lane.choice, err)) {
        return PST_ERR;
    }
    return replace_text(a, t, ret_changed, err);
}

enum pst_status answer_lanes_apply(struct pst_answer *a, bool *ret_changed, struct pst_err *err)
{
    struct answer_event *e = &a->s->event;
    if (a->config.filter == NULL) {
        return PST_OK;
    }
    for (const struct event_text *t = e->texts; t != NULL; t = t->next) {
        if (lane_take(a, t, ret_changed, err) != PST_OK) {
            return PST_ERR;
        }
    }
    if (a->s->mode != ANSWER_STREAM) {
        return PST_OK;
    }
    for (struct event_choice *c = e->choices; c != NULL; c = c->next) {
        if (!c->finish) {
            continue;
        }
        if (c->body == NULL) {
            c->body = pst_json_new(&a->s->scratch, PST_JSON_OBJECT);
            if (!pst_json_put(&a->s->scratch, c->node, PST_STR("delta"), c->body)) {
                return answer_no_memory(err);
            }
        }
        if (answer_lanes_flush(a, c->index, c->body, ret_changed, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

/* --- the end of a lane ----------------------------------------------------------------------- */

static struct pst_str member_of(const struct pst_lane *lane)
{
    switch (lane->kind) {
    case PST_LANE_CONTENT:
        return PST_STR("content");
    case PST_LANE_REFUSAL:
        return PST_STR("refusal");
    case PST_LANE_REASONING:
        return PST_STR("reasoning_content");
    case PST_LANE_REASONING2:
        return PST_STR("reasoning");
    case PST_LANE_TRANSCRIPT:
        return PST_STR("transcript");
    default:
        return lane->name;
    }
}

/* Appends to the member where there is text already: the same event may have released some. */
static bool put_text(struct pst_arena *arena, struct pst_json *object, struct pst_str name,
                     struct pst_str text)
{
    struct pst_json *there = pst_json_get(object, name);
    if (!pst_json_is(there, PST_JSON_STRING) || there->text.n == 0) {
        return pst_json_put(arena, object, name, pst_json_new_string(arena, text));
    }
    size_t n = there->text.n + text.n;
    uint8_t *joined = pst_arena_take(arena, n);
    if (joined == NULL) {
        return false;
    }
    memcpy(joined, there->text.p, there->text.n);
    memcpy(&joined[there->text.n], text.p, text.n);
    return pst_json_set_string(arena, there, pst_str_of(joined, n));
}

static bool put_lane(struct pst_arena *arena, struct pst_json *body, const struct pst_lane *lane,
                     struct pst_str text)
{
    if (lane->kind == PST_LANE_TRANSCRIPT) {
        struct pst_json *audio = PST_JSON_GET(body, "audio");
        if (!pst_json_is(audio, PST_JSON_OBJECT)) {
            audio = pst_json_new(arena, PST_JSON_OBJECT);
            if (!pst_json_put(arena, body, PST_STR("audio"), audio)) {
                return false;
            }
        }
        body = audio;
    }
    return put_text(arena, body, member_of(lane), text);
}

enum pst_status answer_lanes_flush(struct pst_answer *a, uint32_t choice, struct pst_json *body,
                                   bool *ret_any, struct pst_err *err)
{
    for (struct answer_lane *l = a->s->choices[choice].lanes; l != NULL; l = l->next) {
        if (!l->open) {
            continue;
        }
        l->open = false;
        if (lane_push(a, l, /* end= */ true, err) != PST_OK) {
            return PST_ERR;
        }
        struct pst_str released = pst_buf_str(&a->s->filtered);
        if (released.n > 0) {
            *ret_any = true;
            if (!put_lane(&a->s->scratch, body, &l->id, released)) {
                return answer_no_memory(err);
            }
        }
    }
    return PST_OK;
}

void answer_lanes_release(struct pst_answer *a)
{
    for (uint32_t i = 0; a->s->choices != NULL && i < a->config.choices; i++) {
        for (struct answer_lane *l = a->s->choices[i].lanes; l != NULL; l = l->next) {
            pst_buf_release(&l->held);
        }
        a->s->choices[i].lanes = NULL;
    }
}
