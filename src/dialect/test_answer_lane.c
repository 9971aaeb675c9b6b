/* Lanes: a filter that masks one word sees every text of an answer whole, however it is cut into
 * bytes and into events, and nothing of the word gets out. */
#include "dialect/test_answer_run.h"
#include "wire/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct pst_str word = PST_STR_INIT("SECRET");

/* Masks the word; holds back a tail that may still become it. */
static enum pst_status mask(void *ctx, const struct pst_lane *lane, struct pst_str held, bool end,
                            size_t *ret_taken, struct pst_buf *out, struct pst_err *err)
{
    (void)lane;
    size_t *pushes = ctx;
    (*pushes)++;
    size_t at = 0;
    while (at < held.n) {
        struct pst_str rest = pst_str_from(held, at);
        if (pst_str_starts(rest, word)) {
            PST_BUF_LIT(out, "***");
            at += word.n;
        } else if (!end && rest.n < word.n && pst_str_starts(word, rest)) {
            break;
        } else {
            pst_buf_byte(out, held.p[at++]);
        }
    }
    if (pst_str_find(held, PST_STR("BOOM")) != PST_NPOS) {
        return pst_fail(err, PST_E_POLICY_FORBIDDEN, "a filter says stop");
    }
    *ret_taken = at;
    return PST_OK;
}

static enum pst_status hold_all(void *ctx, const struct pst_lane *lane, struct pst_str held,
                                bool end, size_t *ret_taken, struct pst_buf *out,
                                struct pst_err *err)
{
    (void)ctx;
    (void)lane;
    (void)err;
    *ret_taken = end ? held.n : 0;
    pst_buf_add(out, pst_str_cut(held, 0, *ret_taken));
    return PST_OK;
}

static const struct pst_lane_filter masking = {mask};
static const struct pst_lane_filter holding = {hold_all};

static struct pst_openai_names names;

static int setup(void **state)
{
    (void)state;
    pst_openai_answer_names(&names);
    return 0;
}

static void filtered_run(struct run *r, bool stream, const struct pst_lane_filter *filter,
                         size_t *pushes)
{
    run_init(r, stream);
    r->config.filter = filter;
    r->config.filter_ctx = pushes;
}

#define HEAD "\"id\":\"c-1\",\"object\":\"chat.completion.chunk\",\"created\":17,\"model\":\"up\""
#define EVENT(json) "data: {" HEAD "," json "}\n\n"
#define ONE(delta, finish)                                                                         \
    EVENT("\"choices\":[{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]")
#define DONE "data: [DONE]\n\n"

static void add_event(struct pst_buf *b, const char *member, struct pst_str text)
{
    PST_BUF_LIT(b, "data: {" HEAD ",\"choices\":[{\"index\":0,\"delta\":{\"");
    pst_buf_add(b, pst_str_c(member));
    PST_BUF_LIT(b, "\":\"");
    pst_buf_add(b, text);
    PST_BUF_LIT(b, "\"},\"finish_reason\":null}]}\n\n");
}

/* Everything a client gathers of one member of the deltas of choice 0. */
static void gather(const struct run *r, const char *member, struct pst_buf *text)
{
    struct pst_sse sse;
    struct pst_sse_limits limits = {1 << 20, 1 << 20};
    struct pst_arena arena;
    struct pst_json_config c = pst_json_config_of(1 << 20, 1);
    pst_sse_init(&sse, &limits);
    pst_arena_init(&arena, 4096, 1 << 22);
    pst_buf_clear(text);
    size_t at = 0;
    for (;;) {
        struct pst_sse_event event;
        size_t used = 0;
        if (pst_sse_feed(&sse, pst_str_from(pst_buf_str(&r->out), at), &used, &event, NULL) !=
            PST_OK) {
            break;
        }
        at += used;
        struct pst_json *root = pst_json_parse(&c, &arena, event.data, NULL);
        struct pst_json *delta = PST_JSON_GET(pst_json_first(PST_JSON_GET(root, "choices")),
                                              "delta");
        struct pst_str piece;
        if (pst_json_str(pst_json_get(delta, pst_str_c(member)), &piece)) {
            pst_buf_add(text, piece);
        }
    }
    pst_sse_release(&sse);
    pst_arena_release(&arena);
}

/* Every cut of the text into two or three events gives the client the same text. */
static void test_any_split_of_text(void **state)
{
    (void)state;
    static const char *const members[] = {"content", "refusal", "reasoning_content", "reasoning",
                                          "later"};
    struct pst_str text = PST_STR("SESECRET ok SECRE, SECRETSECRET und \xC3\xBC\x62"
                                  "er SECR");
    struct pst_str want = PST_STR("SE*** ok SECRE, ****** und \xC3\xBC\x62"
                                  "er SECR");
    struct pst_buf in, got;
    pst_buf_init(&in, 1 << 16);
    pst_buf_init(&got, 1 << 16);
    for (size_t m = 0; m < PST_LEN(members); m++) {
        for (size_t i = 0; i <= text.n; i++) {
            if (i < text.n && (text.p[i] & 0xC0) == 0x80) {
                continue;
            }
            for (size_t j = i; j <= text.n; j += m > 0 ? 4U : 1U) {
                if (j < text.n && (text.p[j] & 0xC0) == 0x80) {
                    continue;
                }
                pst_buf_clear(&in);
                add_event(&in, members[m], pst_str_cut(text, 0, i));
                add_event(&in, members[m], pst_str_cut(text, i, j - i));
                add_event(&in, members[m], pst_str_from(text, j));
                if ((i + j) % 2 == 0) {
                    PST_BUF_LIT(&in, ONE("{}", "\"stop\""));
                }
                PST_BUF_LIT(&in, DONE);
                struct run r;
                size_t pushes = 0;
                filtered_run(&r, true, &masking, &pushes);
                run_answer(&r, &names, pst_buf_str(&in), /* cut= */ 0);
                assert_int_equal(r.st, PST_OK);
                gather(&r, members[m], &got);
                assert_true(pst_str_eq(pst_buf_str(&got), want));
                assert_true(pst_str_ends(pst_buf_str(&r.out), PST_STR(DONE)));
                run_release(&r);
            }
        }
    }
    pst_buf_release(&in);
    pst_buf_release(&got);
}

/* What is held does not leave, not even when the answer is stopped or breaks off. */
static void test_held_stays(void **state)
{
    (void)state;
    struct run r;
    size_t pushes = 0;
    filtered_run(&r, true, &masking, &pushes);
    run_answer(&r, &names, PST_STR(ONE("{\"content\":\"ab SECR\"}", "null")), 0);
    assert_int_equal(r.st, PST_ERR);
    assert_true(pst_str_find(pst_buf_str(&r.out), PST_STR("\"content\":\"ab \"")) != PST_NPOS);
    assert_true(pst_str_find(pst_buf_str(&r.out), PST_STR("SECR")) == PST_NPOS);
    run_release(&r);
}

/* An event whose text is held is no event; one that ends the choice carries what was held. */
static void test_events(void **state)
{
    (void)state;
    struct run r;
    size_t pushes = 0;
    filtered_run(&r, true, &masking, &pushes);
    run_answer(&r, &names,
               PST_STR(ONE("{\"role\":\"assistant\",\"content\":\"\"}", "null")
                           ONE("{\"content\":\"SEC\"}", "null") ONE("{\"content\":\"RE\"}", "null")
                               ONE("{}", "\"stop\"") DONE),
               0);
    assert_true(pst_str_eq(pst_buf_str(&r.out),
                           PST_STR(ONE("{\"role\":\"assistant\",\"content\":\"\"}", "null")
                                       ONE("{\"content\":\"SECRE\"}", "\"stop\"") DONE)));
    /* the last text in the same event as the end, and an end without a delta */
    run_answer(&r, &names, PST_STR(ONE("{\"content\":\"a SEC\"}", "\"stop\"") DONE), 0);
    assert_true(
        pst_str_eq(pst_buf_str(&r.out), PST_STR(ONE("{\"content\":\"a SEC\"}", "\"stop\"") DONE)));
    run_answer(&r, &names,
               PST_STR(ONE("{\"content\":\"S\"}", "null")
                           EVENT("\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}]") DONE),
               0);
    assert_true(pst_str_find(pst_buf_str(&r.out), PST_STR("\"delta\":{\"content\":\"S\"}")) !=
                PST_NPOS);
    run_release(&r);
}

static void test_lanes_are_apart(void **state)
{
    (void)state;
    struct run r;
    size_t pushes = 0;
    filtered_run(&r, true, &masking, &pushes);
    run_answer(
        &r, &names,
        PST_STR(EVENT("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"SEC\"}},{\"index\":1,"
                      "\"delta\":{\"content\":\"SEC\",\"refusal\":\"RET\"}}]")
                    EVENT("\"choices\":[{\"index\":0,\"delta\":{\"content\":\"RET\"},"
                          "\"finish_reason\":\"stop\"},{\"index\":1,\"delta\":{\"content\":\"x\"},"
                          "\"finish_reason\":\"stop\"}]") DONE),
        0);
    assert_int_equal(r.st, PST_OK);
    struct pst_str out = pst_buf_str(&r.out);
    assert_true(pst_str_find(out, PST_STR("{\"content\":\"***\"},\"finish_reason\":\"stop\"}")) !=
                PST_NPOS);
    assert_true(pst_str_find(out, PST_STR("{\"content\":\"SECx\"}")) != PST_NPOS);
    assert_true(pst_str_find(out, PST_STR("{\"refusal\":\"RET\"}")) != PST_NPOS);
    run_release(&r);
}

/* Text that stands elsewhere: arguments, citations, unknown members, names, spoken text, logprobs.
 */
static void test_other_text(void **state)
{
    (void)state;
    struct run r;
    size_t pushes = 0;
    filtered_run(&r, true, &masking, &pushes);
    run_answer(
        &r, &names,
        PST_STR(ONE("{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
                    "\"arguments\":\"{SEC\"}}]}",
                    "null") ONE("{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
                                "\"RET}\"}}]}",
                                "null") ONE("{\"content\":\"c\",\"audio\":{\"transcript\":\"SEC\"},"
                                            "\"x\":{\"y\":[\"SECRET\"]}}",
                                            "null")
                    ONE("{\"audio\":{\"transcript\":\"RET\"}}", "null")
                        EVENT("\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\","
                              "\"logprobs\":{\"content\":[{\"token\":\"SECRET\",\"logprob\":-1,"
                              "\"top_logprobs\":[]}]}}]") DONE),
        0);
    assert_int_equal(r.st, PST_OK);
    struct pst_str out = pst_buf_str(&r.out);
    assert_true(pst_str_find(out, PST_STR("SECRET")) == PST_NPOS);
    assert_true(pst_str_find(out, PST_STR("\"arguments\":\"{***}\"")) != PST_NPOS);
    assert_true(pst_str_find(out, PST_STR("\"x\":{\"y\":[\"***\"]}")) != PST_NPOS);
    assert_true(pst_str_find(out, PST_STR("\"transcript\":\"***\"")) != PST_NPOS);
    assert_true(pst_str_find(out, PST_STR("\"logprobs\":null")) != PST_NPOS);
    assert_true(pst_str_find(out, PST_STR("token")) == PST_NPOS);
    /* a name cannot be masked */
    run_answer(&r, &names, PST_STR(ONE("{\"SECRET\":\"c\"}", "null") DONE), 0);
    assert_int_equal(r.st, PST_ERR);
    assert_int_equal(r.err.code, PST_E_UPSTREAM_ANSWER);
    run_release(&r);
}

static void test_whole_answers_too(void **state)
{
    (void)state;
    struct run r;
    size_t pushes = 0;
    filtered_run(&r, /* stream= */ false, &masking, &pushes);
    struct pst_str body = PST_STR(
        "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"up\",\"choices\":["
        "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a SECRET "
        "SEC\",\"y\":\"SECRET\","
        "\"tool_calls\":[{\"id\":\"i\",\"type\":\"function\",\"function\":{\"name\":\"f\","
        "\"arguments\":\"SECRET\"}}]},\"finish_reason\":\"stop\","
        "\"logprobs\":{\"content\":[],\"refusal\":null}}]}");
    for (size_t cut = 0; cut < 40; cut++) {
        run_answer(&r, &names, body, cut);
        assert_int_equal(r.st, PST_OK);
        assert_true(pst_str_eq(
            pst_buf_str(&r.out),
            PST_STR(
                "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"up\","
                "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
                "\"a *** SEC\",\"y\":\"***\",\"tool_calls\":[{\"id\":\"i\",\"type\":\"function\","
                "\"function\":{\"name\":\"f\",\"arguments\":\"***\"}}]},\"finish_reason\":"
                "\"stop\",\"logprobs\":null}]}")));
    }
    run_release(&r);
}

static void test_hold_limit_and_stop(void **state)
{
    (void)state;
    struct run r;
    size_t pushes = 0;
    filtered_run(&r, true, &holding, &pushes);
    r.config.limits.hold_bytes = 8;
    run_answer(&r, &names,
               PST_STR(ONE("{\"content\":\"12345\"}", "null")
                           ONE("{\"content\":\"678\"}", "\"stop\"") DONE),
               0);
    assert_int_equal(r.st, PST_OK);
    assert_true(pst_str_find(pst_buf_str(&r.out), PST_STR("12345678")) != PST_NPOS);
    run_answer(
        &r, &names,
        PST_STR(ONE("{\"content\":\"12345\"}", "null") ONE("{\"content\":\"6789\"}", "null") DONE),
        0);
    assert_int_equal(r.st, PST_ERR);
    assert_int_equal(r.err.code, PST_E_UPSTREAM_ANSWER);
    assert_true(pst_str_find(pst_buf_str(&r.out), PST_STR("12345")) == PST_NPOS);
    run_release(&r);
    filtered_run(&r, true, &masking, &pushes);
    run_answer(
        &r, &names,
        PST_STR(ONE("{\"content\":\"fine \"}", "null") ONE("{\"content\":\"BOOM\"}", "null") DONE),
        0);
    assert_int_equal(r.st, PST_ERR);
    assert_int_equal(r.err.code, PST_E_POLICY_FORBIDDEN);
    assert_true(pst_str_find(pst_buf_str(&r.out), PST_STR("BOOM")) == PST_NPOS);
    assert_true(pst_str_find(pst_buf_str(&r.out), PST_STR("policy_forbidden")) != PST_NPOS);
    run_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_split_of_text),
        cmocka_unit_test(test_held_stays),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_lanes_are_apart),
        cmocka_unit_test(test_other_text),
        cmocka_unit_test(test_whole_answers_too),
        cmocka_unit_test(test_hold_limit_and_stop),
    };
    return cmocka_run_group_tests_name("answer_lane", tests, setup, NULL);
}
