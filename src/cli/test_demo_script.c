/* Every behaviour of the demo model, read back by the strict HTTP parser and the answer guard: what
 * is well-formed passes both, what is not is refused by the one that should. */
#include "base/enc.h"
#include "cli/demo_script.h"
#include "dialect/openai.h"
#include "dialect/openai_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum outcome {
    FINE,    /* a clean end */
    NO_HTTP, /* refused by the HTTP parser */
    CUT,     /* the body is shorter than promised, or nothing ends it */
    GUARD,   /* refused by the guard */
    STATUS,  /* an error status */
};

struct trial {
    struct pst_arena arena;
    struct pst_demo_script script;
    struct pst_demo_seen seen;
    struct pst_demo_options options;
    struct pst_openai_names names;
    struct pst_buf released, body;
    struct pst_err err;
    uint32_t calls;
};

static int setup(void **state)
{
    static struct trial t;
    memset(&t, 0, sizeof t);
    pst_arena_init(&t.arena, 65536, 1 << 28);
    pst_demo_script_init(&t.script);
    pst_buf_init(&t.seen.authorization, 4096);
    pst_buf_init(&t.seen.body, 65536);
    pst_buf_init(&t.released, 64 << 20);
    pst_buf_init(&t.body, 64 << 20);
    pst_openai_answer_names(&t.names);
    *state = &t;
    return 0;
}

static int teardown(void **state)
{
    struct trial *t = *state;
    pst_demo_script_release(&t->script);
    pst_buf_release(&t->seen.authorization);
    pst_buf_release(&t->seen.body);
    pst_buf_release(&t->released);
    pst_buf_release(&t->body);
    pst_arena_release(&t->arena);
    return 0;
}

static void ask(struct trial *t, const char *method, const char *path, const char *body)
{
    const struct pst_h1_header headers[] = {{PST_STR("authorization"), PST_STR("Bearer sk-up")}};
    struct pst_h1_head head = {
        .method = strcmp(method, "GET") == 0 ? PST_H1_GET : PST_H1_POST,
        .path = pst_str_c(path),
        .keep_alive = true,
        .headers = headers,
        .n_headers = 1,
    };
    pst_arena_clear(&t->arena);
    assert_int_equal(pst_demo_script_answer(&t->script, &t->options, &t->seen, &head,
                                            pst_str_c(body), &t->arena, &t->err),
                     PST_OK);
    assert_true(t->script.n > 0);
    assert_int_equal(t->script.steps[t->script.n - 1].end, t->script.out.n);
}

/* The guard over the decoded body. */
static enum outcome guarded(struct trial *t, const struct pst_h1_head *head, bool stream, bool cut)
{
    struct pst_arena arena;
    struct pst_answer a;
    struct pst_str media = {NULL, 0};
    pst_arena_init(&arena, 4096, 1 << 24);
    (void)pst_h1_find(head, PST_STR("content-type"), &media);
    struct pst_answer_config config = {.limits = pst_answer_limits_default(),
                                       .arena = &arena,
                                       .names = &t->names.names,
                                       .stream = stream,
                                       .choices = 2};
    pst_buf_clear(&t->released);
    enum pst_status st = pst_answer_init(&a, &config, &t->err);
    if (st == PST_OK) {
        st = pst_answer_begin(&a, head->status, media, &t->err);
    }
    for (size_t at = 0; st == PST_OK && at < t->body.n;) {
        size_t used = 0;
        st = pst_answer_feed(&a, pst_str_from(pst_buf_str(&t->body), at), &used, &t->released,
                             &t->err);
        at += used;
        while (st == PST_AGAIN) {
            st = pst_answer_verdict(&a, true, &t->released, &t->err);
        }
    }
    if (st == PST_OK && !cut) {
        st = pst_answer_finish(&a, &t->released, &t->err);
        while (st == PST_AGAIN) {
            st = pst_answer_verdict(&a, true, &t->released, &t->err);
        }
    }
    t->calls = a.facts.calls;
    bool ended = pst_answer_ended(&a);
    pst_answer_release(&a);
    pst_arena_release(&arena);
    return st == PST_ERR ? (head->status == 200 ? GUARD : STATUS) : ended ? FINE : CUT;
}

static enum outcome play(struct trial *t, bool stream)
{
    static const struct pst_h1_limits limits = {.line_bytes = 4096,
                                                .head_bytes = 32768,
                                                .header_bytes = 16384,
                                                .headers = 100,
                                                .interims = 4,
                                                .chunks = 1 << 20,
                                                .body_bytes = 64 << 20};
    struct pst_arena arena;
    struct pst_h1 h;
    struct pst_h1_event event;
    const struct pst_h1_head *head = NULL;
    pst_arena_init(&arena, 4096, 1 << 20);
    pst_h1_init(&h, PST_H1_RESPONSE, &limits, &arena);
    pst_buf_clear(&t->body);
    struct pst_str in = pst_buf_str(&t->script.out);
    bool end = false, bad = false;
    while (!end && !bad) {
        size_t used = 0;
        enum pst_status st = pst_h1_feed(&h, in, &used, &event, &t->err);
        if (st == PST_AGAIN && t->script.end == PST_DEMO_CLOSE) {
            st = pst_h1_finish(&h, &event, &t->err);
        }
        if (st == PST_AGAIN || (st == PST_ERR && head != NULL)) {
            break; /* cut off */
        }
        bad = st == PST_ERR;
        if (bad) {
            break;
        }
        in = pst_str_from(in, used);
        end = event.type == PST_H1_EVENT_END;
        if (event.type == PST_H1_EVENT_HEAD) {
            head = event.head;
        } else if (event.type == PST_H1_EVENT_BODY) {
            pst_buf_add(&t->body, event.body);
        }
    }
    enum outcome outcome = bad || (head == NULL && t->script.out.n > 0) ? NO_HTTP
                           : head == NULL                               ? CUT
                                          : guarded(t, head, stream, !end);
    pst_arena_release(&arena);
    return outcome;
}

static void test_behaviours(void **state)
{
    struct trial *t = *state;
    static const struct {
        const char *text;
        enum outcome whole, stream;
    } cases[] = {
        {"hello", FINE, FINE},
        {"demo:echo", FINE, FINE},
        {"demo:tokens=200", FINE, FINE},
        {"demo:secret", FINE, FINE},
        {"demo:tool", FINE, FINE},
        {"demo:tools=4", FINE, FINE},
        {"demo:tool-garbage", FINE, FINE},
        {"demo:tool-not-offered", FINE, FINE},
        {"demo:refusal", FINE, FINE},
        {"demo:reasoning", FINE, FINE},
        {"demo:content-filter", FINE, FINE},
        {"demo:slow=10", FINE, FINE},
        {"demo:pace=10", FINE, FINE},
        {"demo:echo-key", FINE, FINE},
        {"demo:until-close", FINE, FINE},
        {"demo:huge-line", FINE, GUARD},
        {"demo:no-done", FINE, GUARD},
        {"demo:unknown-finish", GUARD, GUARD},
        {"demo:wrong-role", GUARD, GUARD},
        {"demo:garbage", GUARD, GUARD},
        {"demo:error-body", GUARD, GUARD},
        {"demo:dup-key", GUARD, GUARD},
        {"demo:extra-choice", GUARD, GUARD},
        {"demo:bad-utf8", GUARD, FINE}, /* the SSE standard has it read as U+FFFD */
        {"demo:unknown-shape", GUARD, GUARD},
        {"demo:html", GUARD, GUARD},
        {"demo:truncate", CUT, CUT},
        {"demo:stall", CUT, CUT},
        {"demo:stall-head", CUT, CUT},
        {"demo:reset", CUT, CUT},
        {"demo:bare-lf", NO_HTTP, NO_HTTP},
        {"demo:cl-te", NO_HTTP, NO_HTTP},
        {"demo:long-header", NO_HTTP, NO_HTTP},
        {"demo:error-400", STATUS, STATUS},
        {"demo:error-401", STATUS, STATUS},
        {"demo:error-429", STATUS, STATUS},
        {"demo:error-503", STATUS, STATUS},
        {"demo:redirect", STATUS, STATUS},
    };
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        for (int stream = 0; stream < 2; stream++) {
            struct pst_buf body;
            pst_buf_init(&body, 4096);
            pst_buf_fmt(&body,
                        "{\"model\":\"m\",\"n\":2,\"stream\":%s,\"messages\":[{\"role\":\"user\","
                        "\"content\":\"%s\"}]}",
                        stream == 1 ? "true" : "false", cases[i].text);
            pst_buf_byte(&body, 0);
            ask(t, "POST", "/v1/chat/completions", (const char *)body.p);
            enum outcome want = stream == 1 ? cases[i].stream : cases[i].whole;
            enum outcome got = play(t, stream == 1);
            if (got != want) {
                fail_msg("%s stream=%d: %d, wanted %d (%s)", cases[i].text, stream, (int)got,
                         (int)want, t->err.text);
            }
            /* the credential and the provider's words never come through the guard */
            struct pst_str released = pst_buf_str(&t->released);
            assert_true(pst_str_find(released, PST_STR("sk-up")) == PST_NPOS);
            assert_true(pst_utf8_valid(released));
            pst_buf_release(&body);
        }
    }
}

static void test_pace(void **state)
{
    struct trial *t = *state;
    t->options = (struct pst_demo_options){.pace_ms = 20, .latency_ms = 100, .tokens = 64};
    ask(t, "POST", "/v1/chat/completions", "{\"model\":\"m\",\"stream\":true,\"messages\":[]}");
    uint32_t total = 0, paced = 0;
    for (size_t i = 0; i < t->script.n; i++) {
        total += t->script.steps[i].delay_ms;
        paced += t->script.steps[i].delay_ms == 20;
    }
    assert_int_equal(t->script.steps[0].delay_ms, 100);
    assert_int_equal(paced, 65); /* before each word and before the end */
    assert_int_equal(total, 100 + 65 * 20);
}

static void test_routes(void **state)
{
    struct trial *t = *state;
    ask(t, "POST", "/v1/chat/completions", "{\"model\":\"m\",\"messages\":[]}");
    ask(t, "GET", "/demo/last", "");
    struct pst_str out = pst_buf_str(&t->script.out);
    assert_true(
        pst_str_find(out, PST_STR("{\"requests\":1,\"authorization\":\"Bearer sk-up\",\"body\":"
                                  "\"{\\\"model\\\"")) != PST_NPOS);
    ask(t, "GET", "/v1/models", "");
    assert_true(pst_str_find(pst_buf_str(&t->script.out), PST_STR("\"id\":\"demo\"")) != PST_NPOS);
    ask(t, "GET", "/nowhere", "");
    assert_true(pst_str_starts(pst_buf_str(&t->script.out), PST_STR("HTTP/1.1 404 ")));
    ask(t, "POST", "/chat/completions", "not JSON");
    assert_true(pst_str_starts(pst_buf_str(&t->script.out), PST_STR("HTTP/1.1 400 ")));
    t->options.key = PST_STR("right");
    ask(t, "POST", "/chat/completions", "{\"model\":\"m\"}");
    assert_true(pst_str_starts(pst_buf_str(&t->script.out), PST_STR("HTTP/1.1 401 ")));
    t->options.key = PST_STR("sk-up");
    ask(t, "POST", "/chat/completions", "{\"model\":\"m\"}");
    assert_true(pst_str_starts(pst_buf_str(&t->script.out), PST_STR("HTTP/1.1 200 ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_behaviours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
    };
    return cmocka_run_group_tests_name("demo_script", tests, NULL, NULL);
}
