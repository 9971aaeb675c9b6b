/* The answer guard: what it lets pass, what it holds, what it refuses, and that cuts change
 * nothing. */
#include "dialect/openai_answer.h"
#include "dialect/test_answer_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state)
{
    static struct pst_openai_names names;
    pst_openai_answer_names(&names);
    *state = &names;
    return 0;
}

#define HEAD "\"id\":\"c-1\",\"object\":\"chat.completion.chunk\",\"created\":17,\"model\":\"up\""
#define EVENT(json) "data: {" HEAD "," json "}\n\n"
#define ONE(delta, finish)                                                                         \
    EVENT("\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]")
#define DONE "data: [DONE]\n\n"
#define USAGE                                                                                      \
    EVENT("\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7,"                 \
          "\"total_tokens\":12,\"prompt_tokens_details\":{\"cached_tokens\":3}}")

static const char text_stream[] = ONE("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}",
                                      "null") ONE("{\"content\":\"Hello\"}", "null")
    ONE("{\"content\":\" w\\u00f6rld \\ud83d\\ude00\"}", "null") ONE("{}", "\"stop\"") DONE;
static const char text_written[] = ONE("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}",
                                       "null") ONE("{\"content\":\"Hello\"}", "null")
    ONE("{\"content\":\" wörld 😀\"}", "null") ONE("{}", "\"stop\"") DONE;

#define CALL(index, rest) "{\"tool_calls\":[{\"index\":" #index rest "}]}"

/* two calls in pieces, as OpenAI sends them; the second has a member nobody knows */
static const char tools_stream[] = ONE("{\"role\":\"assistant\",\"content\":null}", "null")
    ONE(CALL(0, ",\"id\":\"call_a\",\"type\":\"function\",\"function\":{\"name\":\"get\","
                "\"arguments\":\"\"}"),
        "null") ONE(CALL(0, ",\"function\":{\"arguments\":\"{\\\"ci\"}"), "null")
        ONE(CALL(0, ",\"function\":{\"arguments\":\"ty\\\":\\\"Bonn\\\"}\"}"), "null")
            ONE(CALL(1, ",\"id\":\"call_b\",\"type\":\"function\",\"function\":{\"name\":\"put\","
                        "\"arguments\":\"\"},\"extra_content\":{\"sig\":\"zz\"}"),
                "null") ONE(CALL(1, ",\"function\":{\"arguments\":\"{}\"}"), "null")
                ONE("{}", "\"tool_calls\"") DONE;
static const char tools_written[] = ONE("{\"role\":\"assistant\",\"content\":null}", "null")
    ONE(CALL(0, ",\"id\":\"call_a\",\"type\":\"function\",\"function\":{\"name\":\"get\","
                "\"arguments\":\"{\\\"city\\\":\\\"Bonn\\\"}\"}"),
        "null")
        ONE(CALL(1, ",\"id\":\"call_b\",\"type\":\"function\",\"function\":{\"name\":\"put\","
                    "\"arguments\":\"{}\"},\"extra_content\":{\"sig\":\"zz\"}"),
            "null") ONE("{}", "\"tool_calls\"") DONE;

static const char refusal_stream[] = ONE("{\"role\":\"assistant\",\"refusal\":\"I\"}", "null")
    ONE("{\"refusal\":\" cannot\"}", "null") ONE("{}", "\"stop\"") DONE;

static const char reasoning_stream[] = ONE("{\"role\":\"assistant\",\"reasoning_content\":\"hm\"}",
                                           "null") ONE("{\"reasoning_content\":\" so\"}", "null")
    ONE("{\"reasoning\":\"or\",\"content\":\"42\"}", "null") ONE("{}", "\"length\"") DONE;

/* two choices, each with text and one call, mixed */
static const char mixed_stream[] = EVENT(
    "\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}},{\"index\":1,\"delta\":"
    "{\"content\":\"b\"}}]")
    EVENT("\"choices\":[{\"index\":1,\"delta\":" CALL(
        0, ",\"id\":\"c1\",\"function\":{\"name\":\"get\","
           "\"arguments\":\"{1\"}") "}]")
        EVENT("\"choices\":[{\"index\":0,\"delta\":" CALL(
            0, ",\"id\":\"c0\",\"function\":{\"name\":\"get\","
               "\"arguments\":\"{0\"}") "}]")
            EVENT("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"more\"}}]") EVENT(
                "\"choices\":[{\"index\":1,\"delta\":" CALL(
                    0, ",\"function\":{\"arguments\":\"}\"}") "}]")
                EVENT("\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"tool_calls\"}]")
                    EVENT("\"choices\":[{\"index\":0,\"delta\":" CALL(
                        0, ",\"function\":{\"arguments\":\"}\"}") ",\"finish_reason\":\"tool_"
                                                                  "calls\"}]") DONE;

static const char usage_stream[] = ONE("{\"role\":\"assistant\",\"content\":\"x\"}", "null")
    ONE("{}", "\"stop\"") USAGE DONE;

static const char *const streams[] = {text_stream,      tools_stream, refusal_stream,
                                      reasoning_stream, mixed_stream, usage_stream};

static const struct pst_offered_tool offered[] = {
    {.name = PST_STR_INIT("get"), .type = PST_TOOL_FUNCTION}};

static struct pst_str text_of(const struct pst_buf *b)
{
    return pst_buf_str(b);
}

static void assert_out(const struct run *r, const char *want)
{
    if (!pst_str_eq(text_of(&r->out), pst_str_c(want))) {
        fail_msg("released:\n%.*s\nwanted:\n%s\nerror: %s", PST_FMT(text_of(&r->out)), want,
                 r->err.text);
    }
}

static bool out_has(const struct run *r, const char *text)
{
    return pst_str_find(text_of(&r->out), pst_str_c(text)) != PST_NPOS;
}

static void go(struct run *r, void **state, const char *body)
{
    run_answer(r, *state, pst_str_c(body), /* cut= */ 0);
}

/* --- streams that pass ----------------------------------------------------------------------- */

static void test_text(void **state)
{
    struct run r;
    run_init(&r, /* stream= */ true);
    go(&r, state, text_stream);
    assert_int_equal(r.st, PST_OK);
    assert_true(r.ended);
    assert_out(&r, text_written);
    assert_int_equal(r.facts.finish, PST_FINISH_STOP);
    assert_int_equal(r.facts.events_in, 5);
    assert_int_equal(r.facts.events_out, 5);
    assert_int_equal(r.facts.bytes_out, r.out.n);
    go(&r, state, reasoning_stream);
    assert_out(&r, reasoning_stream);
    go(&r, state, refusal_stream);
    assert_out(&r, refusal_stream);
    run_release(&r);
}

static void test_tool_calls_wait(void **state)
{
    struct run r;
    run_init(&r, true);
    r.config.tools = offered;
    r.config.n_tools = 1;
    go(&r, state, tools_stream);
    assert_int_equal(r.st, PST_OK);
    assert_out(&r, tools_written);
    assert_true(pst_str_eq(text_of(&r.decided), PST_STR("0:0:call_a:get:{\"city\":\"Bonn\"}:0:1;"
                                                        "0:1:call_b:put:{}:0:0;")));
    assert_int_equal(r.facts.calls, 2);
    assert_int_equal(r.facts.calls_not_offered, 1);
    run_release(&r);
}

static void test_tool_call_denied(void **state)
{
    struct run r;
    run_init(&r, true);
    r.deny = PST_STR("put");
    go(&r, state, tools_stream);
    assert_int_equal(r.st, PST_OK);
    assert_true(r.ended);
    assert_out(&r, ONE("{\"role\":\"assistant\",\"content\":null}", "null") ONE(
                       CALL(0, ",\"id\":\"call_a\",\"type\":\"function\",\"function\":"
                               "{\"name\":\"get\",\"arguments\":\"{\\\"city\\\":\\\"Bonn\\\"}\"}"),
                       "null") ONE("{}", "\"content_filter\"") DONE);
    assert_int_equal(r.facts.calls_denied, 1);
    assert_int_equal(r.facts.finish & PST_FINISH_GUARD, PST_FINISH_GUARD);
    r.deny = PST_STR("get");
    go(&r, state, tools_stream);
    assert_false(out_has(&r, "Bonn"));
    assert_false(out_has(&r, "call_b"));
    run_release(&r);
}

/* Nothing of a call is released before its verdict, whatever else is. */
static void test_nothing_before_the_verdict(void **state)
{
    const struct pst_openai_names *names = *state;
    struct pst_arena arena;
    struct pst_answer a;
    struct pst_buf out;
    struct run r;
    run_init(&r, true);
    pst_arena_init(&arena, 4096, 1 << 20);
    pst_buf_init(&out, 1 << 20);
    r.config.arena = &arena;
    r.config.names = &names->names;
    assert_int_equal(pst_answer_init(&a, &r.config, &r.err), PST_OK);
    assert_int_equal(pst_answer_begin(&a, 200, PST_STR("text/event-stream"), &r.err), PST_OK);
    struct pst_str in = pst_str_c(tools_stream);
    size_t used = 0;
    assert_int_equal(pst_answer_feed(&a, in, &used, &out, &r.err), PST_AGAIN);
    assert_true(used < in.n);
    assert_true(pst_str_find(pst_buf_str(&out), PST_STR("call_a")) == PST_NPOS);
    assert_true(pst_str_eq(a.pending.name, PST_STR("get")));
    /* feeding on without a verdict takes nothing, and the end does not come either */
    size_t more = 99;
    assert_int_equal(pst_answer_feed(&a, pst_str_from(in, used), &more, &out, &r.err), PST_AGAIN);
    assert_int_equal(more, 0);
    assert_int_equal(pst_answer_finish(&a, &out, &r.err), PST_AGAIN);
    /* a revocation while the call waits */
    struct pst_err why = {.code = PST_E_STREAM_REVOKED};
    pst_answer_stop(&a, &why, &out);
    assert_true(pst_answer_ended(&a));
    assert_true(pst_str_find(pst_buf_str(&out), PST_STR("stream_revoked")) != PST_NPOS);
    assert_true(pst_str_find(pst_buf_str(&out), PST_STR("call_a")) == PST_NPOS);
    assert_true(pst_str_find(pst_buf_str(&out), PST_STR("[DONE]")) == PST_NPOS);
    size_t before = out.n;
    pst_answer_stop(&a, NULL, &out);
    assert_int_equal(out.n, before);
    pst_answer_release(&a);
    pst_answer_release(&a);
    pst_arena_release(&arena);
    pst_buf_release(&out);
    run_release(&r);
}

static void test_choices_are_apart(void **state)
{
    struct run r;
    run_init(&r, true);
    go(&r, state, mixed_stream);
    assert_int_equal(r.st, PST_OK);
    assert_true(pst_str_eq(text_of(&r.decided), PST_STR("1:0:c1:get:{1}:0:0;0:0:c0:get:{0}:0:0;")));
    assert_true(out_has(&r, "more"));
    assert_int_equal(r.facts.choices, 2);
    run_release(&r);
}

static void test_usage(void **state)
{
    struct run r;
    run_init(&r, true);
    go(&r, state, usage_stream);
    assert_int_equal(r.st, PST_OK);
    assert_false(out_has(&r, "usage"));
    assert_true(r.facts.usage_seen);
    assert_int_equal(r.facts.prompt_tokens, 5);
    assert_int_equal(r.facts.completion_tokens, 7);
    assert_int_equal(r.facts.total_tokens, 12);
    assert_int_equal(r.facts.cached_tokens, 3);
    r.config.usage_asked = true;
    go(&r, state, usage_stream);
    assert_out(&r, usage_stream);
    run_release(&r);
}

static void test_model_is_the_alias(void **state)
{
    struct run r;
    run_init(&r, true);
    r.config.model = PST_STR("fast");
    go(&r, state, tools_stream);
    assert_true(out_has(&r, "\"model\":\"fast\""));
    assert_false(out_has(&r, "\"model\":\"up\""));
    run_release(&r);
}

static void test_legacy_and_custom_calls(void **state)
{
    struct run r;
    run_init(&r, true);
    go(&r, state,
       ONE("{\"function_call\":{\"name\":\"f\",\"arguments\":\"{\"}}", "null")
           ONE("{\"function_call\":{\"arguments\":\"}\"}}", "null") ONE("{}", "\"function_call\"")
               DONE);
    assert_out(&r, ONE("{\"function_call\":{\"name\":\"f\",\"arguments\":\"{}\"}}", "null")
                       ONE("{}", "\"function_call\"") DONE);
    assert_true(pst_str_eq(text_of(&r.decided), PST_STR("0:0::f:{}:2:0;")));
    const char *custom = ONE(CALL(0,
                                  ",\"id\":\"c\",\"type\":\"custom\",\"custom\":{\"name\":\"sh\","
                                  "\"input\":\"ls\"}"),
                             "null") ONE("{}", "\"tool_calls\"") DONE;
    go(&r, state, custom);
    assert_out(&r, custom);
    assert_true(pst_str_eq(text_of(&r.decided), PST_STR("0:0:c:sh:ls:1:0;")));
    run_release(&r);
}

/* --- cuts ------------------------------------------------------------------------------------ */

static void test_every_cut(void **state)
{
    for (size_t i = 0; i < PST_LEN(streams); i++) {
        struct run whole, cut;
        run_init(&whole, true);
        run_init(&cut, true);
        go(&whole, state, streams[i]);
        assert_int_equal(whole.st, PST_OK);
        size_t n = strlen(streams[i]);
        for (size_t at = 1; at < n + 40; at++) {
            /* pieces of `at` bytes, and beyond: random ones */
            size_t how = at < n ? at : (1U << 16) + at;
            run_answer(&cut, *state, pst_str_c(streams[i]), how);
            assert_int_equal(cut.st, whole.st);
            assert_true(pst_str_eq(text_of(&cut.out), text_of(&whole.out)));
            assert_true(pst_str_eq(text_of(&cut.decided), text_of(&whole.decided)));
        }
        run_release(&whole);
        run_release(&cut);
    }
}

/* CR LF, CR and comments are the same stream. */
static void test_line_ends(void **state)
{
    struct run r;
    run_init(&r, true);
    struct pst_buf b;
    pst_buf_init(&b, 65536);
    PST_BUF_LIT(&b, ": keep-alive\r\n\r\n");
    for (const char *p = text_stream; *p != '\0'; p++) {
        if (*p == '\n') {
            PST_BUF_LIT(&b, "\r\n");
        } else {
            pst_buf_byte(&b, (uint8_t)*p);
        }
    }
    for (size_t cut = 1; cut < 80; cut++) {
        run_answer(&r, *state, pst_buf_str(&b), cut);
        assert_int_equal(r.st, PST_OK);
        assert_out(&r, text_written);
    }
    pst_buf_release(&b);
    run_release(&r);
}

/* --- streams that are refused ---------------------------------------------------------------- */

#define START ONE("{\"role\":\"assistant\",\"content\":\"x\"}", "null")

static void test_refused_streams(void **state)
{
    static const struct {
        const char *body;
        enum pst_error code;
    } cases[] = {
        {START, PST_E_UPSTREAM_CLOSED},
        {START ONE("{}", "\"stop\""), PST_E_UPSTREAM_CLOSED},
        {START "data: {\"id\"", PST_E_UPSTREAM_CLOSED},
        {START "data: garbage\n\n", PST_E_UPSTREAM_ANSWER},
        {START "data: []\n\n", PST_E_UPSTREAM_ANSWER},
        {START "data: {}\n\n", PST_E_UPSTREAM_ANSWER},
        {START "event: ping\ndata: {}\n\n", PST_E_UPSTREAM_ANSWER},
        {START "event: error\ndata: {\"message\":\"sk-secret\"}\n\n", PST_E_UPSTREAM_STATUS},
        {START "data: {\"error\":{\"message\":\"sk-secret\",\"code\":\"rate_limit_exceeded\"}}\n\n",
         PST_E_UPSTREAM_STATUS},
        {START ONE("{\"role\":\"system\",\"content\":\"x\"}", "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE("{\"content\":7}", "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE("{\"content\":\"\\ud800\"}", "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE("{\"Content\":\"x\"}", "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE("{\"content\":\"x\",\"content\":\"y\"}", "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE("{}", "\"exploded\""), PST_E_UPSTREAM_ANSWER},
        {START EVENT("\"choices\":[{\"index\":4,\"delta\":{}}]"), PST_E_UPSTREAM_ANSWER},
        {START EVENT("\"choices\":[{\"index\":-1,\"delta\":{}}]"), PST_E_UPSTREAM_ANSWER},
        {START EVENT("\"choices\":{}"), PST_E_UPSTREAM_ANSWER},
        {START ONE("{}", "\"stop\"") ONE("{\"content\":\"late\"}", "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE("{}", "\"stop\"") ONE(CALL(0, ",\"id\":\"a\""), "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE(CALL(0, ",\"id\":\"a\",\"type\":\"shell\""), "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE(CALL(999, ",\"id\":\"a\""), "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE("{\"tool_calls\":[{\"id\":\"a\"}]}", "null"), PST_E_UPSTREAM_ANSWER},
        {START ONE(CALL(0, ",\"id\":\"a\""), "null") ONE(CALL(0, ",\"id\":\"b\""), "null"),
         PST_E_UPSTREAM_ANSWER},
        {START ONE(CALL(0, ",\"id\":\"a\""), "null") ONE(CALL(1, ",\"id\":\"b\""), "null")
             ONE(CALL(0, ",\"function\":{\"arguments\":\"evil\"}"), "null"),
         PST_E_UPSTREAM_ANSWER},
        {START EVENT("\"choices\":[],\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":7,"
                     "\"total_tokens\":12}"),
         PST_E_UPSTREAM_ANSWER},
    };
    struct run r;
    run_init(&r, true);
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        for (size_t cut = 0; cut < 3; cut++) {
            run_answer(&r, *state, pst_str_c(cases[i].body), cut);
            if (r.st != PST_ERR || r.err.code != cases[i].code) {
                fail_msg("%s: %d %s \"%s\"", cases[i].body, r.st, pst_error_row(r.err.code)->name,
                         r.err.text);
            }
            assert_true(r.ended);
            /* it began, so it ends with an error event, and not as if all were well */
            assert_true(out_has(&r, "data: {\"error\":{\"message\":\""));
            assert_true(out_has(&r, pst_error_row(cases[i].code)->code));
            assert_true(pst_str_ends(text_of(&r.out), PST_STR("}\n\n")));
            assert_false(out_has(&r, "[DONE]"));
            assert_false(out_has(&r, "sk-secret"));
        }
    }
    run_release(&r);
}

/* Before anything was released the client can still get an HTTP error: out stays empty. */
static void test_refused_at_once(void **state)
{
    static const char *const bodies[] = {"", "data: x\n\n",
                                         "data: {\"error\":{\"code\":\"x\"}}\n\n", "\n\n\n"};
    struct run r;
    run_init(&r, true);
    for (size_t i = 0; i < PST_LEN(bodies); i++) {
        go(&r, state, bodies[i]);
        assert_int_equal(r.st, PST_ERR);
        assert_int_equal(r.out.n, 0);
    }
    r.media_type = PST_STR("application/json");
    go(&r, state, text_stream);
    assert_int_equal(r.st, PST_ERR);
    assert_int_equal(r.err.code, PST_E_UPSTREAM_ANSWER);
    run_release(&r);
    run_init(&r, /* stream= */ false);
    r.media_type = PST_STR("text/html");
    go(&r, state, "{}");
    assert_int_equal(r.err.code, PST_E_UPSTREAM_ANSWER);
    run_release(&r);
}

static void test_stream_limits(void **state)
{
    struct run r;
    run_init(&r, true);
    r.config.limits.arguments_bytes = 8;
    go(&r, state, tools_stream);
    assert_int_equal(r.err.code, PST_E_UPSTREAM_ANSWER);
    r.config.limits = pst_answer_limits_default();
    r.config.limits.calls = 1;
    go(&r, state, tools_stream);
    assert_int_equal(r.err.code, PST_E_UPSTREAM_ANSWER);
    r.config.limits = pst_answer_limits_default();
    r.config.limits.bytes = 300;
    go(&r, state, text_stream);
    assert_int_equal(r.err.code, PST_E_UPSTREAM_TOO_LARGE);
    r.config.limits = pst_answer_limits_default();
    r.config.limits.event_bytes = 64;
    go(&r, state, text_stream);
    assert_int_equal(r.err.code, PST_E_UPSTREAM_TOO_LARGE);
    assert_int_equal(r.out.n, 0);
    run_release(&r);
}

/* --- whole answers --------------------------------------------------------------------------- */

#define WHOLE(choices)                                                                             \
    "{\"id\":\"c-1\",\"object\":\"chat.completion\",\"created\":17,\"model\":\"up\",\"choices\":"  \
    "[" choices "],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7,\"total_tokens\":12},"   \
    "\"timings\":{\"x\":1.50}}"
#define MESSAGE(i, message, finish)                                                                \
    "{\"index\":" #i ",\"message\":{\"role\":\"assistant\"," message                               \
    "},\"finish_reason\":\"" finish "\"}"
#define CALLS                                                                                      \
    "\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"get\","          \
    "\"arguments\":\"{}\"}},{\"id\":\"b\",\"type\":\"function\",\"function\":{\"name\":\"put\","   \
    "\"arguments\":\"{1}\"}}]"

static void test_whole(void **state)
{
    struct run r;
    run_init(&r, /* stream= */ false);
    const char *body = WHOLE(MESSAGE(0, "\"content\":\"hi\"", "stop") "," MESSAGE(
        1, "\"content\":null," CALLS, "tool_calls"));
    for (size_t cut = 0; cut < strlen(body); cut++) {
        run_answer(&r, *state, pst_str_c(body), cut);
        assert_int_equal(r.st, PST_OK);
        assert_true(r.ended);
        assert_out(&r, body);
        assert_true(
            pst_str_eq(text_of(&r.decided), PST_STR("1:0:a:get:{}:0:0;1:1:b:put:{1}:0:0;")));
    }
    assert_int_equal(r.facts.total_tokens, 12);
    assert_int_equal(r.facts.unknown_members, 1);
    assert_int_equal(r.facts.finish, PST_FINISH_STOP | PST_FINISH_TOOL_CALLS);
    r.deny = PST_STR("get");
    r.config.model = PST_STR("fast");
    go(&r, state, body);
    assert_int_equal(r.st, PST_OK);
    assert_true(pst_str_eq(text_of(&r.decided), PST_STR("1:0:a:get:{}:0:0;")));
    assert_true(out_has(&r, "\"content\":null},\"finish_reason\":\"content_filter\"}"));
    assert_true(out_has(&r, "\"content\":\"hi\"},\"finish_reason\":\"stop\"}"));
    assert_true(out_has(&r, "\"model\":\"fast\""));
    assert_false(out_has(&r, "tool_calls"));
    run_release(&r);
}

static void test_refused_whole(void **state)
{
    static const char *const bodies[] = {
        "",
        "{",
        "null",
        "{}",
        "<html>",
        WHOLE(MESSAGE(0, "\"content\":\"a\"", "stop") "," MESSAGE(0, "\"content\":\"b\"", "stop")),
        WHOLE(MESSAGE(9, "\"content\":\"a\"", "stop")),
        WHOLE(MESSAGE(0, "\"content\":\"a\"", "maybe")),
        WHOLE(MESSAGE(0, "\"content\":[]", "stop")),
        WHOLE(MESSAGE(0, "\"tool_calls\":[{\"id\":\"a\",\"type\":\"mcp\"}]", "stop")),
        WHOLE(MESSAGE(0, "\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\"}]", "stop")),
        WHOLE("{\"index\":0,\"finish_reason\":\"stop\"}"),
        "{\"error\":{\"message\":\"sk-secret\"}}",
        WHOLE(MESSAGE(0, "\"content\":\"a\"", "stop")) "x",
    };
    struct run r;
    run_init(&r, false);
    for (size_t i = 0; i < PST_LEN(bodies); i++) {
        for (size_t cut = 0; cut < 4; cut++) {
            run_answer(&r, *state, pst_str_c(bodies[i]), cut);
            if (r.st != PST_ERR) {
                fail_msg("accepted: %s", bodies[i]);
            }
            assert_int_equal(r.out.n, 0);
            assert_null(strstr(r.err.text, "sk-secret"));
        }
    }
    run_release(&r);
}

/* --- upstream errors ------------------------------------------------------------------------- */

static void test_upstream_errors(void **state)
{
    static const struct {
        uint32_t status;
        const char *body;
        enum pst_error code;
        const char *text;
    } cases[] = {
        {400,
         "{\"error\":{\"message\":\"your prompt: secret\",\"code\":\"context_length_exceeded\"}}",
         PST_E_UPSTREAM_REFUSED, "context_length_exceeded"},
        {401,
         "{\"error\":{\"message\":\"bad key sk-abc\",\"type\":\"invalid_request_error\","
         "\"code\":\"sk-abc123\"}}",
         PST_E_UPSTREAM_STATUS, "invalid_request_error"},
        {429, "{\"error\":\"slow down\"}", PST_E_UPSTREAM_RATE_LIMITED, "429"},
        {404, "<html>secret</html>", PST_E_UPSTREAM_REFUSED, "404"},
        {500, "", PST_E_UPSTREAM_STATUS, "500"},
        {503, "{\"error\":{\"code\":\"Not Safe\"}}", PST_E_UPSTREAM_STATUS, "503"},
        {302, "x", PST_E_UPSTREAM_STATUS, "302"},
    };
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        for (int stream = 0; stream < 2; stream++) {
            struct run r;
            run_init(&r, stream == 1);
            r.status = cases[i].status;
            run_answer(&r, *state, pst_str_c(cases[i].body), /* cut= */ 3);
            assert_int_equal(r.st, PST_ERR);
            assert_int_equal(r.err.code, cases[i].code);
            assert_non_null(strstr(r.err.text, cases[i].text));
            assert_null(strstr(r.err.text, "secret"));
            assert_null(strstr(r.err.text, "sk-abc"));
            assert_null(strstr(r.err.text, "Not Safe"));
            assert_int_equal(r.out.n, 0);
            run_release(&r);
        }
    }
}

/* --- memory ---------------------------------------------------------------------------------- */

static void test_memory(void **state)
{
    const struct pst_openai_names *names = *state;
    bool done = false;
    for (size_t cap = 0; cap < (1U << 16) && !done; cap += 128) {
        struct pst_arena arena;
        struct pst_answer a;
        struct pst_buf out;
        struct run r;
        run_init(&r, true);
        r.config.arena = &arena;
        r.config.names = &names->names;
        pst_arena_init(&arena, 64, cap);
        pst_buf_init(&out, cap);
        enum pst_status st = pst_answer_init(&a, &r.config, &r.err);
        if (st == PST_OK) {
            st = pst_answer_begin(&a, 200, PST_STR("text/event-stream"), &r.err);
        }
        size_t at = 0;
        while (st == PST_OK && at < strlen(tools_stream)) {
            size_t used = 0;
            st = pst_answer_feed(&a, pst_str_from(pst_str_c(tools_stream), at), &used, &out,
                                 &r.err);
            at += used;
            while (st == PST_AGAIN) {
                st = pst_answer_verdict(&a, true, &out, &r.err);
            }
        }
        assert_true(st == PST_OK || r.err.code == PST_E_NO_MEMORY);
        /* whole events only */
        assert_true(out.n == 0 || pst_str_ends(pst_buf_str(&out), PST_STR("\n\n")));
        done = st == PST_OK;
        pst_answer_release(&a);
        pst_arena_release(&arena);
        pst_buf_release(&out);
        run_release(&r);
    }
    assert_true(done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_tool_calls_wait),
        cmocka_unit_test(test_tool_call_denied),
        cmocka_unit_test(test_nothing_before_the_verdict),
        cmocka_unit_test(test_choices_are_apart),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_model_is_the_alias),
        cmocka_unit_test(test_legacy_and_custom_calls),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_line_ends),
        cmocka_unit_test(test_refused_streams),
        cmocka_unit_test(test_refused_at_once),
        cmocka_unit_test(test_stream_limits),
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_refused_whole),
        cmocka_unit_test(test_upstream_errors),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("openai_answer", tests, setup, NULL);
}
