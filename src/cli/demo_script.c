#include "cli/demo_script.h"

#include "cli/demo_chat.h"
#include "wire/json_out.h"

/* What one request is answered with, while it is written. */
struct writer {
    struct pst_demo_script *s;
    const struct pst_demo_options *options;
    const struct pst_demo_chat *chat;
    struct pst_arena *arena;
    struct pst_str authorization;
    struct pst_buf event; /* one JSON text or SSE event */
    uint32_t wait_ms;     /* before the next step */
    bool failed;
};

void pst_demo_script_init(struct pst_demo_script *s)
{
    *s = (struct pst_demo_script){.n = 0};
    pst_buf_init(&s->out, PST_DEMO_OUT_MAX);
}

void pst_demo_script_release(struct pst_demo_script *s)
{
    pst_buf_release(&s->out);
}

/* --- steps ----------------------------------------------------------------------------------- */

/* What was written since the last step leaves after the wait. */
static void step(struct writer *w)
{
    struct pst_demo_script *s = w->s;
    if (s->n == s->size) {
        size_t size = s->size == 0 ? 64 : s->size * 2;
        struct pst_demo_step *steps = PST_ARENA_ARRAY(w->arena, size, struct pst_demo_step);
        if (steps == NULL) {
            w->failed = true;
            return;
        }
        if (s->n > 0) {
            memcpy(steps, s->steps, s->n * sizeof *steps);
        }
        s->steps = steps;
        s->size = size;
    }
    s->steps[s->n++] = (struct pst_demo_step){w->wait_ms, s->out.n};
    w->wait_ms = 0;
}

static void put_head(struct writer *w, unsigned status, struct pst_str media_type,
                     struct pst_h1_framing framing)
{
    struct pst_h1_header headers[4] = {{PST_STR("content-type"), media_type}};
    size_t n = 1;
    if (w->chat != NULL && PST_DEMO_IS(w->chat, "echo-key")) {
        headers[n++] = (struct pst_h1_header){PST_STR("x-echo-authorization"), w->authorization};
    }
    if (status == 302) {
        headers[n++] = (struct pst_h1_header){PST_STR("location"),
                                              PST_STR("http://127.0.0.1:9/elsewhere")};
    }
    if (status == 429) {
        headers[n++] = (struct pst_h1_header){PST_STR("retry-after"), PST_STR("1")};
    }
    struct pst_err ignored;
    if (pst_h1_write_response(&w->s->out, status, headers, n, framing, &ignored) != PST_OK) {
        w->failed = true;
    }
}

static struct pst_h1_framing of_length(size_t n)
{
    return (struct pst_h1_framing){.body = PST_H1_BODY_LENGTH, .length = n};
}

static void put_whole(struct writer *w, unsigned status, struct pst_str media_type,
                      struct pst_str body)
{
    put_head(w, status, media_type, of_length(body.n));
    pst_buf_add(&w->s->out, body);
    step(w);
}

static void put_json(struct writer *w, unsigned status)
{
    put_whole(w, status, PST_STR("application/json"), pst_buf_str(&w->event));
}

/* --- errors ---------------------------------------------------------------------------------- */

/* As providers do, with more in the message than a client should see. */
static void put_error(struct writer *w, unsigned status, const char *code)
{
    struct pst_json_out o;
    struct pst_buf message;
    pst_buf_init(&message, 65536);
    PST_BUF_LIT(&message, "Something is wrong with the request made with ");
    pst_buf_add(&message, w->authorization);
    pst_buf_clear(&w->event);
    pst_json_out_init(&o, &w->event);
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "error");
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "message");
    pst_json_out_lossy(&o, pst_buf_str(&message));
    pst_json_out_kstr(&o, "type", PST_STR("demo_error"));
    PST_JSON_KEY(&o, "param");
    pst_json_out_null(&o);
    pst_json_out_kstr(&o, "code", pst_str_c(code));
    pst_json_out_end(&o);
    pst_json_out_end(&o);
    pst_buf_release(&message);
    put_json(w, status);
}

static bool error_status(const struct pst_demo_chat *c, unsigned *ret)
{
    uint64_t status;
    if (!pst_str_starts(c->marker, PST_STR("error-")) ||
        !pst_str_u64(pst_str_from(c->marker, 6), &status) || status < 400 || status > 599) {
        return false;
    }
    *ret = (unsigned)status;
    return true;
}

static const char *error_code(unsigned status)
{
    switch (status) {
    case 400:
        return "context_length_exceeded";
    case 401:
        return "invalid_api_key";
    case 404:
        return "model_not_found";
    case 429:
        return "rate_limit_exceeded";
    default:
        return "server_error";
    }
}

/* --- answers that are wrong before the body --------------------------------------------------- */

static bool put_broken_head(struct writer *w)
{
    const struct pst_demo_chat *c = w->chat;
    struct pst_demo_script *s = w->s;
    unsigned status;
    s->end = PST_DEMO_CLOSE;
    if (PST_DEMO_IS(c, "stall-head")) {
        s->end = PST_DEMO_STALL;
    } else if (PST_DEMO_IS(c, "reset")) {
        s->end = PST_DEMO_RESET;
    } else if (PST_DEMO_IS(c, "bare-lf")) {
        PST_BUF_LIT(&s->out,
                    "HTTP/1.1 200 OK\nContent-Type: application/json\nContent-Length: 2\n\n{}");
    } else if (PST_DEMO_IS(c, "cl-te")) {
        PST_BUF_LIT(&s->out,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
    } else if (PST_DEMO_IS(c, "long-header")) {
        PST_BUF_LIT(&s->out, "HTTP/1.1 200 OK\r\nX-Long: ");
        for (int i = 0; i < 1 << 18; i++) {
            pst_buf_byte(&s->out, 'a');
        }
        PST_BUF_LIT(&s->out, "\r\nContent-Length: 0\r\n\r\n");
    } else {
        s->end = PST_DEMO_KEEP;
        if (error_status(c, &status)) {
            put_error(w, status, error_code(status));
        } else if (PST_DEMO_IS(c, "redirect")) {
            put_whole(w, 302, PST_STR("text/plain"), PST_STR("over there\n"));
        } else if (PST_DEMO_IS(c, "html")) {
            put_whole(w, 200, PST_STR("text/html"), PST_STR("<h1>It works!</h1>\n"));
        } else {
            return false;
        }
        return true;
    }
    step(w);
    return true;
}

/* JSON texts no client should get. */
static struct pst_str broken_json(const struct pst_demo_chat *c)
{
#define CHUNK_HEAD                                                                                 \
    "{\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
    static const struct {
        struct pst_str marker, json;
    } rows[] = {
        {PST_STR_INIT("garbage"), PST_STR_INIT("this is not JSON")},
        {PST_STR_INIT("error-body"),
         PST_STR_INIT(
             "{\"error\":{\"message\":\"sk-upstream-secret\",\"code\":\"server_error\"}}")},
        {PST_STR_INIT("dup-key"),
         PST_STR_INIT(CHUNK_HEAD "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\","
                                 "\"content\":\"b\"}}]}")},
        {PST_STR_INIT("extra-choice"),
         PST_STR_INIT(CHUNK_HEAD "\"choices\":[{\"index\":99,\"delta\":{\"content\":\"a\"}}]}")},
        {PST_STR_INIT("bad-utf8"),
         PST_STR_INIT(CHUNK_HEAD "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xFF\"}}]}")},
        {PST_STR_INIT("unknown-shape"), PST_STR_INIT("{\"output\":[{\"text\":\"hello\"}]}")},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        if (pst_demo_is(c, rows[i].marker)) {
            return rows[i].json;
        }
    }
    return (struct pst_str){NULL, 0};
}

/* --- streams --------------------------------------------------------------------------------- */

/* Sends w->event, which holds JSON or [DONE], as one event in one chunk, after the pace. */
static void put_event(struct writer *w)
{
    struct pst_buf *out = &w->s->out;
    pst_h1_write_chunk_begin(out, w->event.n + 8);
    PST_BUF_LIT(out, "data: ");
    pst_buf_add(out, pst_buf_str(&w->event));
    PST_BUF_LIT(out, "\n\n");
    pst_h1_write_chunk_end(out);
    step(w);
    pst_buf_clear(&w->event);
    w->wait_ms = w->options->pace_ms;
}

static void put_event_text(struct writer *w, struct pst_str text)
{
    pst_buf_clear(&w->event);
    pst_buf_add(&w->event, text);
    put_event(w);
}

/* Whether the stream goes wrong here, behind its first words; then it is over or ends soon. */
static bool put_broken_event(struct writer *w)
{
    const struct pst_demo_chat *c = w->chat;
    struct pst_str bad = broken_json(c);
    if (bad.n > 0) {
        put_event_text(w, bad);
        return false; /* and goes on as if nothing were wrong */
    }
    if (PST_DEMO_IS(c, "truncate")) {
        PST_BUF_LIT(&w->s->out, "40\r\ndata: {\"id\":\"chatcmpl-demo\",\"obj");
        step(w);
        w->s->end = PST_DEMO_CLOSE;
        return true;
    }
    if (PST_DEMO_IS(c, "stall")) {
        w->s->end = PST_DEMO_STALL;
        return true;
    }
    return false;
}

/* All choices word by word, side by side. True when the stream broke. */
static bool put_words(struct writer *w, const struct pst_demo_plan *p)
{
    struct pst_str rest = pst_buf_str(p->text);
    for (uint32_t i = 0; rest.n > 0; i++) {
        struct pst_str word = pst_demo_word(&rest);
        for (uint32_t k = 0; k < w->chat->choices; k++) {
            pst_demo_write_word(p, k, word, &w->event);
            put_event(w);
        }
        if (i == 1 && put_broken_event(w)) {
            return true;
        }
    }
    return false;
}

static void put_calls(struct writer *w, const struct pst_demo_plan *p)
{
    for (uint32_t k = 0; k < w->chat->choices; k++) {
        for (uint32_t call = 0; call < p->calls; call++) {
            for (uint32_t part = 0; part < 3; part++) {
                pst_demo_write_call(p, k, call, part, &w->event);
                put_event(w);
            }
        }
    }
}

static void put_stream(struct writer *w, const struct pst_demo_plan *p)
{
    put_head(w, 200, PST_STR("text/event-stream"),
             (struct pst_h1_framing){.body = PST_H1_BODY_CHUNKED});
    for (uint32_t k = 0; k < w->chat->choices; k++) {
        pst_demo_write_role(p, k, &w->event);
        put_event(w);
        w->wait_ms = 0;
    }
    w->wait_ms = w->options->pace_ms;
    if (p->calls > 0) {
        put_calls(w, p);
    } else if (put_words(w, p)) {
        return;
    }
    for (uint32_t k = 0; k < w->chat->choices; k++) {
        pst_demo_write_finish(p, k, &w->event);
        put_event(w);
        w->wait_ms = 0;
    }
    if (w->chat->include_usage) {
        pst_demo_write_usage(p, &w->event);
        put_event(w);
        w->wait_ms = 0;
    }
    if (!PST_DEMO_IS(w->chat, "no-done")) {
        put_event_text(w, PST_STR("[DONE]"));
    }
    w->wait_ms = 0;
    pst_h1_write_chunk_last(&w->s->out);
    step(w);
}

/* --- chat ------------------------------------------------------------------------------------ */

static void put_completion(struct writer *w, const struct pst_demo_plan *p)
{
    const struct pst_demo_chat *c = w->chat;
    struct pst_str bad = broken_json(c);
    pst_demo_write_whole(p, &w->event);
    if (bad.n > 0) {
        pst_buf_clear(&w->event);
        pst_buf_add(&w->event, bad);
    }
    struct pst_str body = pst_buf_str(&w->event);
    if (PST_DEMO_IS(c, "truncate") || PST_DEMO_IS(c, "stall")) {
        put_head(w, 200, PST_STR("application/json"), of_length(body.n));
        pst_buf_add(&w->s->out, pst_str_cut(body, 0, body.n / 2));
        w->s->end = PST_DEMO_IS(c, "stall") ? PST_DEMO_STALL : PST_DEMO_CLOSE;
        step(w);
    } else if (PST_DEMO_IS(c, "until-close")) {
        struct pst_h1_framing framing = {.body = PST_H1_BODY_UNTIL_CLOSE, .close = true};
        put_head(w, 200, PST_STR("application/json"), framing);
        pst_buf_add(&w->s->out, body);
        w->s->end = PST_DEMO_CLOSE;
        step(w);
    } else {
        put_json(w, 200);
    }
}

static void answer_chat(struct writer *w, struct pst_str body)
{
    struct pst_demo_chat chat;
    struct pst_demo_plan plan;
    struct pst_err err = {.code = PST_E_NONE};
    if (pst_demo_chat_read(&chat, body, w->arena, &err) != PST_OK) {
        put_error(w, 400, "bad_request");
        return;
    }
    uint64_t number;
    w->chat = &chat;
    w->wait_ms = w->options->latency_ms;
    if (PST_DEMO_IS(&chat, "slow")) {
        w->wait_ms += pst_str_u64(chat.value, &number) && number <= 600000 ? (uint32_t)number
                                                                           : 2000;
    }
    struct pst_demo_options paced = *w->options;
    if (PST_DEMO_IS(&chat, "pace") && pst_str_u64(chat.value, &number) && number <= 60000) {
        paced.pace_ms = (uint32_t)number;
        w->options = &paced;
    }
    if (put_broken_head(w)) {
        return;
    }
    struct pst_buf text;
    pst_buf_init(&text, PST_DEMO_OUT_MAX);
    pst_demo_plan(&plan, &chat, w->options, &text);
    if (PST_DEMO_IS(&chat, "huge-line")) {
        for (int i = 0; i < 8 << 20; i++) {
            pst_buf_byte(&text, 'a');
        }
    }
    if (chat.stream) {
        put_stream(w, &plan);
    } else {
        put_completion(w, &plan);
    }
    w->failed = w->failed || text.failed;
    pst_buf_release(&text);
}

/* --- other routes ---------------------------------------------------------------------------- */

static void answer_models(struct writer *w)
{
    put_whole(w, 200, PST_STR("application/json"),
              PST_STR("{\"object\":\"list\",\"data\":[{\"id\":\"demo\",\"object\":\"model\","
                      "\"created\":1700000000,\"owned_by\":\"demo\"}]}"));
}

static void answer_last(struct writer *w, const struct pst_demo_seen *seen)
{
    struct pst_json_out o;
    pst_json_out_init(&o, &w->event);
    pst_json_out_object(&o);
    pst_json_out_ku64(&o, "requests", seen->requests);
    PST_JSON_KEY(&o, "authorization");
    pst_json_out_lossy(&o, pst_buf_str(&seen->authorization));
    PST_JSON_KEY(&o, "body");
    pst_json_out_lossy(&o, pst_buf_str(&seen->body));
    pst_json_out_end(&o);
    put_json(w, 200);
}

static void route(struct writer *w, struct pst_demo_seen *seen, const struct pst_h1_head *head,
                  struct pst_str body)
{
    struct pst_str path = head->path;
    if (pst_str_starts(path, PST_STR("/v1/"))) {
        path = pst_str_from(path, 3);
    }
    if (head->method == PST_H1_GET && pst_str_eq(path, PST_STR("/demo/last"))) {
        answer_last(w, seen);
        return;
    }
    if (head->method == PST_H1_GET && pst_str_eq(path, PST_STR("/health"))) {
        put_whole(w, 200, PST_STR("application/json"), PST_STR("{\"status\":\"ok\"}"));
        return;
    }
    bool chat = head->method == PST_H1_POST && pst_str_eq(path, PST_STR("/chat/completions"));
    if (chat) {
        seen->requests++;
        pst_buf_clear(&seen->authorization);
        pst_buf_clear(&seen->body);
        pst_buf_add(&seen->authorization, w->authorization);
        pst_buf_add(&seen->body, body);
    }
    struct pst_str key = w->options->key;
    if (key.n > 0 && !(pst_str_starts(w->authorization, PST_STR("Bearer ")) &&
                       pst_str_eq(pst_str_from(w->authorization, 7), key))) {
        put_error(w, 401, "invalid_api_key");
    } else if (chat) {
        answer_chat(w, body);
    } else if (head->method == PST_H1_GET && pst_str_eq(path, PST_STR("/models"))) {
        answer_models(w);
    } else {
        put_error(w, 404, "unknown_url");
    }
}

enum pst_status pst_demo_script_answer(struct pst_demo_script *s,
                                       const struct pst_demo_options *options,
                                       struct pst_demo_seen *seen, const struct pst_h1_head *head,
                                       struct pst_str body, struct pst_arena *arena,
                                       struct pst_err *err)
{
    struct writer w = {.s = s, .options = options, .arena = arena};
    pst_buf_clear(&s->out);
    s->steps = NULL;
    s->n = s->size = 0;
    s->end = head->keep_alive ? PST_DEMO_KEEP : PST_DEMO_CLOSE;
    pst_buf_init(&w.event, PST_DEMO_OUT_MAX);
    (void)pst_h1_find(head, PST_STR("authorization"), &w.authorization);
    route(&w, seen, head, body);
    bool ok = !w.failed && !w.event.failed && !s->out.failed;
    pst_buf_release(&w.event);
    if (s->end == PST_DEMO_KEEP && !head->keep_alive) {
        s->end = PST_DEMO_CLOSE;
    }
    return ok ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "the demo model is out of memory");
}
