/* Bodies, the life of a connection, memory, and the time of a head. */
#include "base/test.h"
#include "base/test_heap.h"
#include "wire/h1_trace.h"

#include <stdlib.h>
#include <time.h>

#define POST "POST / HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"
#define LENGTH5 POST "Content-Length: 5\r\n\r\n"

struct play {
    const char *name;
    struct pst_str in;
    const char *tail; /* the trace after the head of the first message */
};
#define PLAY(name, in, tail) {name, PST_STR_INIT(in), tail}

static void plays(const struct h1_trace_plan *plan, const struct play *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct pst_buf out;
        pst_buf_init(&out, 1 << 20);
        enum pst_error code = PST_E_NONE;
        bool same = h1_trace_splits(&out, plan, cases[i].in, &code);
        if (!same || !pst_str_ends(pst_buf_str(&out), pst_str_c(cases[i].tail))) {
            fail_msg("%s: cuts agree: %d, got\n%.*s", cases[i].name, same,
                     PST_FMT(pst_buf_str(&out)));
        }
        pst_buf_release(&out);
    }
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct play cases[] = {
        PLAY("length", LENGTH5 "hello", "content-length=5\nBODY hello\nEND\nCLOSED\n"),
        PLAY("length 0", POST "Content-Length: 0\r\n\r\n", "content-length=0\nEND\nCLOSED\n"),
        PLAY("length, cut off", LENGTH5 "hell", "BODY hell\nCUT http_framing\n"),
        PLAY("length, nothing came", LENGTH5, "length=5\nCUT http_framing\n"),
        PLAY(
            "pipelined", LENGTH5 "hello" LENGTH5 "world",
            "BODY hello\nEND\nHEAD 3 v=1 keep=1 up=0 body=1 len=5 expect=0 status=0\n POST\n /\n \n"
            " h\n \n has_query=0\n  host=h\n  content-length=5\nBODY world\nEND\nCLOSED\n"),
        PLAY("CR LF after a body", LENGTH5 "hello\r\n" LENGTH5, "END\nERR http_syntax\n"),
        PLAY("one byte too many", LENGTH5 "hello!", "END\nCUT http_syntax\n"),
        PLAY("chunked", CHUNKED "5\r\nhello\r\n00a\r\n wonderful\r\n6\r\n world\r\n0\r\n\r\n",
             "BODY hello wonderful world\nEND\nCLOSED\n"),
        PLAY("chunked, upper case", CHUNKED "A\r\n0123456789\r\n0\r\n\r\n", "9\nEND\nCLOSED\n"),
        PLAY("chunked, empty", CHUNKED "0\r\n\r\n", "chunked\nEND\nCLOSED\n"),
        PLAY("chunked, 16 digits", CHUNKED "0000000000000001\r\na\r\n0000000000000000\r\n\r\n",
             "BODY a\nEND\nCLOSED\n"),
        PLAY("chunked, then another", CHUNKED "1\r\na\r\n0\r\n\r\nGET", "END\nCUT http_syntax\n"),
        PLAY("chunked, binary", CHUNKED "3\r\n\r\n\n\r\n0\r\n\r\n", "BODY \r\n\n\nEND\nCLOSED\n"),

        PLAY("17 digits", CHUNKED "00000000000000001\r\na", "ERR http_framing\n"),
        PLAY("FFFFFFFFFFFFFFED", CHUNKED "FFFFFFFFFFFFFFED\r\n", "ERR http_framing\n"),
        PLAY("7fffffffffffffff", CHUNKED "7fffffffffffffff\r\n", "ERR body_too_large\n"),
        PLAY("plus", CHUNKED "+1\r\na\r\n", "ERR http_framing\n"),
        PLAY("minus", CHUNKED "-1\r\na\r\n", "ERR http_framing\n"),
        PLAY("0x", CHUNKED "0x1\r\na\r\n", "ERR http_framing\n"),
        PLAY("leading space", CHUNKED " 1\r\na\r\n", "ERR http_framing\n"),
        PLAY("trailing space", CHUNKED "1 \r\na\r\n", "ERR http_framing\n"),
        PLAY("trailing tab", CHUNKED "1\t\r\na\r\n", "ERR http_framing\n"),
        PLAY("underscore", CHUNKED "1_0\r\n", "ERR http_framing\n"),
        PLAY("not hexadecimal", CHUNKED "g\r\n", "ERR http_framing\n"),
        PLAY("NUL", CHUNKED "1\0\r\n", "ERR http_framing\n"),
        PLAY("no size", CHUNKED "\r\n", "ERR http_framing\n"),
        PLAY("extension", CHUNKED "1;a=b\r\na\r\n", "ERR http_framing\n"),
        PLAY("extension of the last chunk", CHUNKED "0;a\r\n\r\n", "ERR http_framing\n"),
        PLAY("size with bare LF", CHUNKED "1\na\r\n", "ERR http_bare_lf\n"),
        PLAY("size with bare CR", CHUNKED "1\ra\r\n", "ERR http_bare_lf\n"),
        PLAY("size with CR CR LF", CHUNKED "1\r\r\n", "ERR http_bare_lf\n"),
        PLAY("data too long", CHUNKED "1\r\nab\r\n", "BODY a\nERR http_framing\n"),
        PLAY("data then bare LF", CHUNKED "1\r\na\n", "BODY a\nERR http_bare_lf\n"),
        PLAY("data then bare CR", CHUNKED "1\r\na\r0\r\n", "BODY a\nERR http_bare_lf\n"),
        PLAY("no CR LF after data", CHUNKED "1\r\na0\r\n\r\n", "BODY a\nERR http_framing\n"),
        PLAY("trailer", CHUNKED "0\r\nX: 1\r\n\r\n", "ERR http_framing\n"),
        PLAY("trailer with framing", CHUNKED "0\r\nContent-Length: 1\r\n\r\n",
             "ERR http_framing\n"),
        PLAY("last chunk then bare LF", CHUNKED "0\r\n\n", "ERR http_bare_lf\n"),
        PLAY("last chunk then bare CR", CHUNKED "0\r\n\rG", "ERR http_bare_lf\n"),
        PLAY("chunked, cut off in size", CHUNKED "1", "chunked\nCUT http_framing\n"),
        PLAY("chunked, cut off in data", CHUNKED "3\r\nab", "BODY ab\nCUT http_framing\n"),
        PLAY("chunked, cut off before the end", CHUNKED "1\r\na\r\n0\r\n\r",
             "BODY a\nCUT http_framing\n"),
    };
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_REQUEST);
    plays(&plan, cases, PST_LEN(cases));
}

static void test_body_limits(void **state)
{
    (void)state;
    static const struct play fits[] = {
        PLAY("length", LENGTH5 "hello", "BODY hello\nEND\nCLOSED\n"),
        PLAY("chunks", CHUNKED "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "BODY hello\nEND\nCLOSED\n"),
    };
    static const struct play over[] = {
        PLAY("length", POST "Content-Length: 6\r\n\r\nhello!", "ERR body_too_large\n"),
        PLAY("one chunk", CHUNKED "6\r\nhello!\r\n0\r\n\r\n", "chunked\nERR body_too_large\n"),
        PLAY("sum of chunks", CHUNKED "5\r\nhello\r\n1\r\n!\r\n", "hello\nERR body_too_large\n"),
        PLAY("number of chunks", CHUNKED "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n",
             "BODY ab\nERR http_framing\n"),
    };
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_REQUEST);
    plan.limits.body_bytes = 5;
    plan.limits.chunks = 2;
    plays(&plan, fits, PST_LEN(fits));
    plays(&plan, over, PST_LEN(over));
    static const struct play until[] = {
        PLAY("fits", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
             "BODY hello\nCLOSED END\n"),
        PLAY("does not", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello!",
             "BODY hello\nERR body_too_large\n"),
    };
    plan.kind = PST_H1_RESPONSE;
    plays(&plan, until, PST_LEN(until));
}

/* Every limit is one message's: three that reach all of them follow each other. */
static void test_limits_per_message(void **state)
{
    (void)state;
#define ANSWER                                                                                     \
    "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"                  \
    "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_RESPONSE);
    plan.limits.interims = 1;
    plan.limits.head_bytes = 47;
    plan.limits.body_bytes = 5;
    plan.limits.chunks = 2;
    plan.limits.headers = 1;
    static const struct play three[] = {
        PLAY("three", ANSWER ANSWER ANSWER, "BODY hello\nEND\nCLOSED\n"),
    };
    plays(&plan, three, PST_LEN(three));
    static const struct play over[] = {
        PLAY("head", "HTTP/1.1 200 OKK\r\nTransfer-Encoding: chunked\r\n\r\n",
             "ERR http_header_limit\n"),
    };
    plays(&plan, over, PST_LEN(over));
#undef ANSWER
}

struct fixture {
    struct pst_arena arena;
    struct pst_h1 h;
    struct pst_h1_event ev;
    struct pst_err err;
    size_t used;
};

static void begin(struct fixture *f, enum pst_h1_kind kind)
{
    struct h1_trace_plan plan = h1_trace_plan(kind);
    *f = (struct fixture){0};
    pst_arena_init(&f->arena, 4096, 1 << 20);
    pst_h1_init(&f->h, kind, &plan.limits, &f->arena);
}

static enum pst_status feed(struct fixture *f, struct pst_str in)
{
    return pst_h1_feed(&f->h, in, &f->used, &f->ev, &f->err);
}

/* What a caller sees: which bytes are taken when, and that END needs none. */
static void test_calls(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, PST_H1_REQUEST);
    assert_int_equal(pst_h1_finish(&f.h, &f.ev, NULL), PST_AGAIN); /* nothing was begun */
    assert_int_equal(feed(&f, PST_STR("")), PST_AGAIN);
    struct pst_str in = PST_STR(LENGTH5 "helloGET");
    assert_int_equal(feed(&f, in), PST_OK);
    assert_int_equal(f.ev.type, PST_H1_EVENT_HEAD);
    assert_int_equal(f.used, in.n - 8);
    in = pst_str_from(in, f.used);
    assert_int_equal(feed(&f, pst_str_cut(in, 0, 5)), PST_OK);
    assert_int_equal(f.ev.type, PST_H1_EVENT_BODY);
    assert_ptr_equal(f.ev.body.p, in.p);
    assert_int_equal(f.used, 5);
    assert_int_equal(feed(&f, PST_STR("")), PST_OK);
    assert_int_equal(f.ev.type, PST_H1_EVENT_END);
    assert_int_equal(f.used, 0);
    assert_int_equal(pst_h1_finish(&f.h, &f.ev, NULL), PST_AGAIN);
    pst_h1_reset(&f.h);
    pst_arena_clear(&f.arena);
    assert_int_equal(feed(&f, PST_STR("GET")), PST_AGAIN);
    assert_int_equal(f.used, 3);
    assert_int_equal(pst_h1_finish(&f.h, &f.ev, &f.err), PST_ERR);
    assert_int_equal(f.err.code, PST_E_HTTP_SYNTAX);
    pst_arena_release(&f.arena);
}

/* A refusal stays, and leaves the outputs alone; a NULL err is fine. */
static void test_refusal_stays(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, PST_H1_RESPONSE);
    f.used = 77;
    assert_int_equal(pst_h1_feed(&f.h, PST_STR("x"), &f.used, &f.ev, NULL), PST_ERR);
    assert_int_equal(f.used, 77);
    assert_int_equal(feed(&f, PST_STR("HTTP/1.1 200 OK\r\n\r\n")), PST_ERR);
    assert_int_equal(f.err.code, PST_E_HTTP_SYNTAX);
    assert_int_equal(pst_h1_finish(&f.h, &f.ev, &f.err), PST_ERR);
    pst_arena_release(&f.arena);
}

static void test_find(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, PST_H1_REQUEST);
    assert_int_equal(feed(&f, PST_STR("GET / HTTP/1.1\r\nHost: h\r\nVia: a\r\nVIA: b\r\n\r\n")),
                     PST_OK);
    struct pst_str value = PST_STR("untouched");
    assert_int_equal(pst_h1_find(f.ev.head, PST_STR("x"), &value), 0);
    assert_str(value, "untouched");
    assert_int_equal(pst_h1_find(f.ev.head, PST_STR("via"), &value), 2);
    assert_str(value, "a");
    assert_int_equal(pst_h1_find(f.ev.head, PST_STR("host"), &value), 1);
    assert_str(value, "h");
    pst_arena_release(&f.arena);
}

/* Mistakes of the caller end the process. */
static void test_misuse(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, PST_H1_REQUEST);
    assert_dies(pst_h1_expect(&f.h, PST_H1_HEAD));
    assert_int_equal(feed(&f, PST_STR("GET / HTTP/1.1\r\nHost: h\r\n\r\n")), PST_OK);
    assert_dies(pst_h1_reset(&f.h));
    assert_int_equal(feed(&f, PST_STR("")), PST_OK);
    assert_dies((void)feed(&f, PST_STR("x")));
    struct pst_h1_limits limits = h1_trace_plan(PST_H1_REQUEST).limits;
    limits.head_bytes = 1 << 20;
    assert_dies(pst_h1_init(&f.h, PST_H1_REQUEST, &limits, &f.arena));
    pst_arena_release(&f.arena);
}

/* Every allocation failing in its turn, and every arena too small: an error, never a wrong event.
 */
static void test_memory(void **state)
{
    (void)state;
    struct pst_buf in;
    pst_buf_init(&in, 1 << 20);
    pst_buf_fmt(&in, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 70; i++) {
        pst_buf_fmt(&in, "X-Header-%d: %0100d\r\n", i, i);
    }
    pst_buf_fmt(&in, "\r\n");
    for (size_t nth = 1;; nth++) {
        struct fixture f;
        begin(&f, PST_H1_REQUEST);
        test_heap_fail_from(nth);
        enum pst_status st = feed(&f, pst_buf_str(&in));
        test_heap_fail_from(0);
        if (st == PST_OK) {
            assert_true(nth > 2);
            assert_int_equal(f.ev.head->n_headers, 71);
            pst_arena_release(&f.arena);
            break;
        }
        assert_int_equal(st, PST_ERR);
        assert_int_equal(f.err.code, PST_E_NO_MEMORY);
        pst_arena_release(&f.arena);
    }
    bool enough = false;
    for (size_t cap = 0; !enough; cap += 512) {
        struct h1_trace_plan plan = h1_trace_plan(PST_H1_REQUEST);
        struct fixture f = {0};
        pst_arena_init(&f.arena, 256, cap);
        pst_h1_init(&f.h, PST_H1_REQUEST, &plan.limits, &f.arena);
        enum pst_status st = feed(&f, pst_buf_str(&in));
        enough = st == PST_OK;
        assert_true(enough || f.err.code == PST_E_NO_MEMORY);
        assert_true(enough || cap < 4 * in.n);
        pst_arena_release(&f.arena);
    }
    pst_buf_release(&in);
}

/* What an SDK sends, 2 KB of head. */
static const char sdk[] =
    "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway.example.internal:8443\r\n"
    "Accept: application/json\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n"
    "Content-Type: application/json\r\nUser-Agent: OpenAI/Python 1.99.1\r\n"
    "X-Stainless-Lang: python\r\nX-Stainless-Package-Version: 1.99.1\r\nX-Stainless-OS: Linux\r\n"
    "X-Stainless-Arch: x64\r\nX-Stainless-Runtime: CPython\r\n"
    "X-Stainless-Runtime-Version: 3.11.2\r\nX-Stainless-Retry-Count: 0\r\n"
    "Authorization: Bearer %0*d\r\nContent-Length: 1234\r\n\r\n";

/* Not a check but a number, and only when asked for: PST_H1_TIME=1. */
static void test_time(void **state)
{
    (void)state;
    if (getenv("PST_H1_TIME") == NULL) {
        skip();
        return;
    }
    struct pst_buf in;
    pst_buf_init(&in, 1 << 20);
    char text[4096];
    int n = snprintf(text, sizeof text, sdk, 1400, 7);
    assert_true(pst_buf_add(&in, pst_str_of(text, (size_t)n)));
    struct fixture f;
    begin(&f, PST_H1_REQUEST);
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_REQUEST);
    const int rounds = 200000;
    struct timespec a, b;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (int i = 0; i < rounds; i++) {
        pst_arena_clear(&f.arena);
        pst_h1_init(&f.h, PST_H1_REQUEST, &plan.limits, &f.arena);
        assert_int_equal(feed(&f, pst_buf_str(&in)), PST_OK);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
    printf("head of %zu bytes, %zu fields: %.0f ns\n", in.n, f.ev.head->n_headers, ns / rounds);
    pst_arena_release(&f.arena);
    pst_buf_release(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_body_limits),
        cmocka_unit_test(test_limits_per_message),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_refusal_stays),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
