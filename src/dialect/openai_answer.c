#include "dialect/openai_answer.h"

#include "base/check.h"
#include "dialect/answer_state.h"
#include "dialect/openai.h"

struct pst_answer_limits pst_answer_limits_default(void)
{
    return (struct pst_answer_limits){
        .bytes = 32U << 20,
        .event_bytes = 1U << 20,
        .arguments_bytes = 256U << 10,
        .hold_bytes = 64U << 10,
        .calls = 128,
        .nodes = 262144,
        .depth = 64,
    };
}

/* --- life ------------------------------------------------------------------------------------ */

enum pst_status pst_answer_init(struct pst_answer *a, const struct pst_answer_config *config,
                                struct pst_err *err)
{
    *a = (struct pst_answer){.config = *config};
    PST_BUG_ON(config->choices == 0 || config->arena == NULL);
    struct pst_answer_state *s = PST_ARENA_NEW(config->arena, struct pst_answer_state);
    struct answer_choice *choices = PST_ARENA_ARRAY(config->arena, config->choices,
                                                    struct answer_choice);
    if (s == NULL || choices == NULL) {
        return answer_no_memory(err);
    }
    const struct pst_answer_limits *limits = &config->limits;
    /* a tree costs some 80 bytes a value beside its text */
    size_t text = config->stream ? limits->event_bytes : limits->bytes;
    size_t cap = (size_t)limits->nodes * 96 + text * 3 + (1U << 16);
    pst_arena_init(&s->scratch, /* first= */ 16384, cap);
    s->choices = choices;
    s->queue_end = &s->queue;
    pst_buf_init(&s->id, PST_ANSWER_NAME_MAX);
    pst_buf_init(&s->created, 64);
    pst_buf_init(&s->model, PST_ANSWER_NAME_MAX);
    pst_buf_init(&s->filtered, (size_t)limits->hold_bytes + 2 * text);
    a->s = s;
    return PST_OK;
}

void pst_answer_release(struct pst_answer *a)
{
    struct pst_answer_state *s = a != NULL ? a->s : NULL;
    if (s == NULL) {
        return;
    }
    answer_calls_release(a);
    answer_lanes_release(a);
    if (s->parser_on) {
        pst_json_release(&s->parser);
    }
    if (s->mode != ANSWER_NEW && a->config.stream) {
        pst_sse_release(&s->sse);
    }
    pst_buf_release(&s->id);
    pst_buf_release(&s->created);
    pst_buf_release(&s->model);
    pst_buf_release(&s->filtered);
    pst_arena_release(&s->scratch);
    a->s = NULL;
}

static struct pst_json_config json_config(const struct pst_answer *a, uint32_t bytes)
{
    struct pst_json_config c = pst_json_config_of(bytes, a->config.seed);
    c.limits.nodes = a->config.limits.nodes;
    c.limits.depth = a->config.limits.depth;
    c.names = a->config.names;
    return c;
}

static bool media_is(struct pst_str media_type, struct pst_str want)
{
    size_t semicolon = pst_str_find_byte(media_type, ';');
    struct pst_str bare = pst_str_trim(
        semicolon == PST_NPOS ? media_type : pst_str_cut(media_type, 0, semicolon));
    return pst_str_eq_nocase(bare, want);
}

enum pst_status pst_answer_begin(struct pst_answer *a, uint32_t status, struct pst_str media_type,
                                 struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    PST_BUG_ON(s->mode != ANSWER_NEW);
    s->status = status;
    if (a->config.stream) {
        struct pst_sse_limits limits = {a->config.limits.event_bytes, a->config.limits.event_bytes};
        pst_sse_init(&s->sse, &limits);
    }
    bool stream = a->config.stream && status == 200;
    s->mode = status != 200 ? ANSWER_ERROR : stream ? ANSWER_STREAM : ANSWER_WHOLE;
    if (!stream) {
        struct pst_json_config c = json_config(a, status != 200 ? PST_ANSWER_ERROR_BYTES
                                                                : a->config.limits.bytes);
        if (status != 200) {
            c.names = NULL;
        }
        pst_json_init(&s->parser, &c, &s->scratch);
        s->parser_on = true;
    }
    struct pst_str want = stream ? PST_STR("text/event-stream") : PST_STR("application/json");
    if (status == 200 && !media_is(media_type, want)) {
        s->mode = ANSWER_ENDED;
        return pst_fail(err, PST_E_UPSTREAM_ANSWER, "the upstream's answer is not %s",
                        stream ? "an event stream" : "JSON");
    }
    return PST_OK;
}

bool pst_answer_ended(const struct pst_answer *a)
{
    return a->s->mode == ANSWER_ENDED;
}

/* --- one JSON text --------------------------------------------------------------------------- */

/* Text in a choice that has ended would pass behind filters that have said their last word. */
static bool says_something(const struct event_choice *c)
{
    for (const struct pst_json *v = pst_json_first(c->body); v != NULL; v = v->next) {
        if (v->type == PST_JSON_STRING && v->text.n > 0 && !pst_str_eq(v->name, PST_STR("role"))) {
            return true;
        }
    }
    return false;
}

static enum pst_status apply(struct pst_answer *a, struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    for (const struct event_choice *c = s->event.choices; c != NULL; c = c->next) {
        struct answer_choice *held = &s->choices[c->index];
        if (s->mode == ANSWER_WHOLE && held->seen) {
            return pst_fail(err, PST_E_UPSTREAM_ANSWER, "a choice stands twice in the answer");
        }
        if (!held->seen) {
            held->seen = true;
            a->facts.choices++;
        }
        if (held->finished && says_something(c)) {
            return pst_fail(err, PST_E_UPSTREAM_ANSWER, "text behind the end of its choice");
        }
    }
    /* each choice once, though an event may name it twice: calls are taken for all its entries */
    for (const struct event_choice *c = s->event.choices; c != NULL; c = c->next) {
        bool again = false;
        for (const struct event_choice *b = s->event.choices; b != c && !again; b = b->next) {
            again = b->index == c->index;
        }
        if (!again && answer_calls_take(a, c, err) != PST_OK) {
            return PST_ERR;
        }
    }
    for (const struct event_choice *c = s->event.choices; c != NULL; c = c->next) {
        if (c->finish) {
            answer_call_close(a, &s->choices[c->index]);
        }
    }
    return PST_OK;
}

/* Goes on until a call waits for its verdict or there is nothing left to write. */
static enum pst_status advance(struct pst_answer *a, struct pst_buf *out, struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    while (s->queue != NULL) {
        struct answer_call *call = s->queue;
        bool skip = s->choices[call->choice].denied;
        if (!skip && call->verdict == VERDICT_OPEN) {
            answer_call_show(a, call);
            return PST_AGAIN;
        }
        s->queue = call->queued;
        if (s->queue == NULL) {
            s->queue_end = &s->queue;
        }
        if (!skip && answer_write_call(a, call, out, err) != PST_OK) {
            return PST_ERR;
        }
    }
    if (s->event.open && answer_write_event(a, out, err) != PST_OK) {
        return PST_ERR;
    }
    if (s->mode == ANSWER_WHOLE) {
        s->mode = ANSWER_ENDED;
    }
    if (s->done) {
        if (answer_write_done(a, out, err) != PST_OK) {
            return PST_ERR;
        }
        s->mode = ANSWER_ENDED;
    }
    return PST_OK;
}

/* The codes of JSON and SSE speak of the client's body in a request; here it is the upstream's. */
static enum pst_status as_upstream(struct pst_err *err, const struct pst_err *why)
{
    if (why->code == PST_E_NO_MEMORY) {
        return answer_no_memory(err);
    }
    if (why->code == PST_E_BODY_TOO_LARGE || why->code == PST_E_UPSTREAM_TOO_LARGE) {
        return pst_fail(err, PST_E_UPSTREAM_TOO_LARGE, "the answer is larger than the limit");
    }
    return pst_fail(err, PST_E_UPSTREAM_ANSWER, "the upstream's answer cannot be read: %.180s",
                    why->text);
}

static enum pst_status on_event(struct pst_answer *a, const struct pst_sse_event *event,
                                struct pst_buf *out, struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    bool message = pst_str_eq(event->type, PST_STR("message"));
    if (!message && !pst_str_eq(event->type, PST_STR("error"))) {
        return pst_fail(err, PST_E_UPSTREAM_ANSWER, "an event of a type that is not known");
    }
    a->facts.events_in++;
    if (event->data.n == 0) {
        return PST_OK;
    }
    pst_arena_clear(&s->scratch);
    if (message && pst_str_eq(event->data, PST_STR("[DONE]"))) {
        for (uint32_t i = 0; i < a->config.choices; i++) {
            answer_call_close(a, &s->choices[i]);
        }
        s->done = true;
        return advance(a, out, err);
    }
    struct pst_json_config config = json_config(a, a->config.limits.event_bytes);
    config.stable = true;
    struct pst_err why = {.code = PST_E_NONE};
    struct pst_json *root = pst_json_parse(&config, &s->scratch, event->data, &why);
    if (root == NULL) {
        return as_upstream(err, &why);
    }
    if (!message && PST_JSON_GET(root, "error") == NULL) {
        pst_openai_upstream_error(s->status, root, err);
        return PST_ERR;
    }
    if (answer_read(a, root, err) != PST_OK || apply(a, err) != PST_OK) {
        return PST_ERR;
    }
    return advance(a, out, err);
}

/* --- feeding --------------------------------------------------------------------------------- */

/* The one place where an answer ends badly. */
static enum pst_status settle(struct pst_answer *a, enum pst_status st, struct pst_buf *out,
                              struct pst_err *err)
{
    if (st == PST_ERR && err->code == PST_E_SENSITIVE_DATA && a->s->mode == ANSWER_STREAM) {
        *err = (struct pst_err){.code = PST_E_NONE}; /* a filter's verdict, said in the dialect */
        pst_answer_stop(a, /* why= */ NULL, out);
        return PST_OK;
    }
    if (st == PST_ERR) {
        struct pst_err copy = *err;
        if (a->config.stream && a->facts.events_out > 0) {
            answer_write_error(a, &copy, out);
        }
        a->s->mode = ANSWER_ENDED;
        a->s->queue = NULL;
    }
    return st;
}

static enum pst_status feed_stream(struct pst_answer *a, struct pst_str in, size_t *ret_used,
                                   struct pst_buf *out, struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    size_t at = 0;
    enum pst_status st = PST_OK;
    while (st == PST_OK && s->mode == ANSWER_STREAM) {
        struct pst_sse_event event;
        struct pst_err why = {.code = PST_E_NONE};
        size_t used = 0;
        enum pst_status got = pst_sse_feed(&s->sse, pst_str_from(in, at), &used, &event, &why);
        at += used;
        if (got == PST_AGAIN) {
            break;
        }
        st = got == PST_OK ? on_event(a, &event, out, err) : as_upstream(err, &why);
    }
    *ret_used = at;
    return st;
}

static enum pst_status feed_json(struct pst_answer *a, struct pst_str in, struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    if (s->body_bad) {
        return PST_OK;
    }
    struct pst_err why = {.code = PST_E_NONE};
    if (pst_json_feed(&s->parser, in, &why) != PST_ERR) {
        return PST_OK;
    }
    s->body_bad = true;
    return s->mode == ANSWER_ERROR ? PST_OK : as_upstream(err, &why);
}

enum pst_status pst_answer_feed(struct pst_answer *a, struct pst_str in, size_t *ret_used,
                                struct pst_buf *out, struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    PST_BUG_ON(s->mode == ANSWER_NEW);
    *ret_used = in.n;
    if (s->mode == ANSWER_ENDED) {
        return PST_OK;
    }
    if (s->queue != NULL) {
        *ret_used = 0;
        return PST_AGAIN;
    }
    struct pst_err local = {.code = PST_E_NONE};
    struct pst_err *why = err != NULL ? err : &local;
    /* what is beyond the limit is not looked at, so that it does not matter where pieces end */
    struct pst_str room = pst_str_cut(in, 0, a->config.limits.bytes - a->facts.bytes_in);
    enum pst_status st = s->mode == ANSWER_STREAM ? feed_stream(a, room, ret_used, out, why)
                                                  : feed_json(a, room, why);
    a->facts.bytes_in += s->mode == ANSWER_STREAM ? *ret_used : room.n;
    if (s->mode == ANSWER_ENDED) {
        *ret_used = in.n;
    } else if (st == PST_OK && room.n < in.n && !s->body_bad) {
        st = pst_fail(why, PST_E_UPSTREAM_TOO_LARGE, "the answer is larger than the limit");
    }
    return settle(a, st, out, why);
}

/* A denied call of a stream ends it: what came before cannot be taken back, what comes cannot be
 * shown without it. A whole answer only loses the calls of the choice. */
enum pst_status pst_answer_verdict(struct pst_answer *a, bool allow, struct pst_buf *out,
                                   struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    PST_BUG_ON(s->queue == NULL);
    struct answer_call *call = s->queue;
    struct pst_err local = {.code = PST_E_NONE};
    struct pst_err *why = err != NULL ? err : &local;
    call->verdict = allow ? VERDICT_ALLOWED : VERDICT_DENIED;
    a->pending = (struct pst_answer_call){.choice = 0};
    if (!allow) {
        a->facts.calls_denied++;
        s->choices[call->choice].denied = true;
        if (s->mode == ANSWER_STREAM) {
            pst_answer_stop(a, /* why= */ NULL, out);
            return PST_OK;
        }
    }
    return settle(a, advance(a, out, why), out, why);
}

static enum pst_status finish_whole(struct pst_answer *a, struct pst_buf *out, struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    struct pst_err why = {.code = PST_E_NONE};
    if (pst_json_finish(&s->parser, &why) != PST_OK) {
        return as_upstream(err, &why);
    }
    if (answer_read(a, s->parser.root, err) != PST_OK || apply(a, err) != PST_OK) {
        return PST_ERR;
    }
    return advance(a, out, err);
}

enum pst_status pst_answer_finish(struct pst_answer *a, struct pst_buf *out, struct pst_err *err)
{
    struct pst_answer_state *s = a->s;
    struct pst_err local = {.code = PST_E_NONE};
    struct pst_err *why = err != NULL ? err : &local;
    enum pst_status st = PST_OK;
    if (s->queue != NULL) {
        return PST_AGAIN;
    }
    switch (s->mode) {
    case ANSWER_NEW:
    case ANSWER_STREAM:
        st = pst_fail(why, PST_E_UPSTREAM_CLOSED, "the upstream's answer broke off");
        break;
    case ANSWER_WHOLE:
        st = finish_whole(a, out, why);
        break;
    case ANSWER_ERROR: {
        struct pst_err ignored = {.code = PST_E_NONE};
        bool read = !s->body_bad && pst_json_finish(&s->parser, &ignored) == PST_OK;
        pst_openai_upstream_error(s->status, read ? s->parser.root : NULL, why);
        st = PST_ERR;
        break;
    }
    case ANSWER_ENDED:
        break;
    }
    return settle(a, st, out, why);
}

void pst_answer_stop(struct pst_answer *a, const struct pst_err *why, struct pst_buf *out)
{
    struct pst_answer_state *s = a->s;
    if (s == NULL || s->mode == ANSWER_ENDED) {
        return;
    }
    if (s->mode == ANSWER_STREAM) {
        if (why != NULL) {
            answer_write_error(a, why, out);
        } else {
            answer_write_filtered(a, out);
        }
    }
    s->mode = ANSWER_ENDED;
    s->queue = NULL;
}
