#include "base/test.h"
#include "base/test_heap.h"
#include "wire/h1_trace.h"

static const struct pst_h1_framing no_body = {.body = PST_H1_BODY_NONE};

static void test_request(void **state)
{
    (void)state;
    struct pst_buf out;
    pst_buf_init(&out, 4096);
    const struct pst_h1_header headers[] = {
        {PST_STR_INIT("host"), PST_STR_INIT("api.example.com")},
        {PST_STR_INIT("X-Empty"), PST_STR_INIT("")},
    };
    struct pst_h1_framing framing = {.body = PST_H1_BODY_LENGTH, .length = 12, .close = true};
    assert_int_equal(pst_h1_write_request(&out, PST_STR("POST"), PST_STR("/v1/x"), PST_STR("a=b"),
                                          headers, 2, framing, NULL),
                     PST_OK);
    assert_str(pst_buf_str(&out),
               "POST /v1/x?a=b HTTP/1.1\r\nhost: api.example.com\r\nX-Empty: \r\n"
               "content-length: 12\r\nconnection: close\r\n\r\n");
    pst_buf_clear(&out);
    assert_int_equal(pst_h1_write_request(&out, PST_STR("GET"), PST_STR("/"),
                                          (struct pst_str){NULL, 0}, headers, 1, no_body, NULL),
                     PST_OK);
    assert_str(pst_buf_str(&out), "GET / HTTP/1.1\r\nhost: api.example.com\r\n\r\n");
    pst_buf_clear(&out);
    framing = (struct pst_h1_framing){.body = PST_H1_BODY_CHUNKED};
    assert_int_equal(pst_h1_write_request(&out, PST_STR("PUT"), PST_STR("/"), PST_STR(""), headers,
                                          1, framing, NULL),
                     PST_OK);
    assert_str(pst_buf_str(&out), "PUT /? HTTP/1.1\r\nhost: api.example.com\r\n"
                                  "transfer-encoding: chunked\r\n\r\n");
    pst_buf_release(&out);
}

static void test_connect(void **state)
{
    (void)state;
    struct pst_buf out;
    pst_buf_init(&out, 4096);
    const struct pst_h1_header auth = {PST_STR_INIT("proxy-authorization"), PST_STR_INIT("x")};
    assert_int_equal(pst_h1_write_connect(&out, PST_STR("a.example:443"), &auth, 1, NULL), PST_OK);
    assert_str(pst_buf_str(&out), "CONNECT a.example:443 HTTP/1.1\r\nhost: a.example:443\r\n"
                                  "proxy-authorization: x\r\n\r\n");
    pst_buf_clear(&out);
    assert_int_equal(pst_h1_write_connect(&out, PST_STR("[::1]:443"), NULL, 0, NULL), PST_OK);
    pst_buf_clear(&out);
    const struct pst_h1_header host = {PST_STR_INIT("Host"), PST_STR_INIT("b")};
    assert_int_equal(pst_h1_write_connect(&out, PST_STR("a:1"), &host, 1, NULL), PST_ERR);
    assert_int_equal(pst_h1_write_connect(&out, PST_STR("a.example"), NULL, 0, NULL), PST_ERR);
    assert_int_equal(pst_h1_write_connect(&out, PST_STR("[::1]"), NULL, 0, NULL), PST_ERR);
    assert_int_equal(pst_h1_write_connect(&out, PST_STR("a:1\r\nx"), NULL, 0, NULL), PST_ERR);
    assert_int_equal(out.n, 0);
    pst_buf_release(&out);
}

static void test_response(void **state)
{
    (void)state;
    struct pst_buf out;
    struct pst_err err;
    pst_buf_init(&out, 4096);
    const struct pst_h1_header type = {PST_STR_INIT("content-type"), PST_STR_INIT("text/plain")};
    struct pst_h1_framing framing = {.body = PST_H1_BODY_LENGTH, .length = UINT64_MAX};
    assert_int_equal(pst_h1_write_response(&out, 431, &type, 1, framing, &err), PST_OK);
    assert_str(pst_buf_str(&out), "HTTP/1.1 431 Request Header Fields Too Large\r\n"
                                  "content-type: text/plain\r\n"
                                  "content-length: 18446744073709551615\r\n\r\n");
    pst_buf_clear(&out);
    framing = (struct pst_h1_framing){.body = PST_H1_BODY_UNTIL_CLOSE, .close = true};
    assert_int_equal(pst_h1_write_response(&out, 200, NULL, 0, framing, &err), PST_OK);
    assert_str(pst_buf_str(&out), "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
    pst_buf_clear(&out);
    assert_int_equal(pst_h1_write_response(&out, 204, NULL, 0, no_body, &err), PST_OK);
    assert_str(pst_buf_str(&out), "HTTP/1.1 204 No Content\r\n\r\n");
    pst_buf_clear(&out);
    assert_int_equal(pst_h1_write_response(&out, 299, NULL, 0, no_body, &err), PST_OK);
    assert_str(pst_buf_str(&out), "HTTP/1.1 299 Unknown\r\n\r\n");
    pst_buf_clear(&out);

    framing.close = false;
    assert_int_equal(pst_h1_write_response(&out, 200, NULL, 0, framing, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_HTTP_FRAMING);
    framing.body = PST_H1_BODY_LENGTH;
    const unsigned bodiless[] = {204, 304};
    for (size_t i = 0; i < PST_LEN(bodiless); i++) {
        assert_int_equal(pst_h1_write_response(&out, bodiless[i], NULL, 0, framing, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_HTTP_FRAMING);
    }
    const unsigned never[] = {0, 100, 101, 199, 600, 1200};
    for (size_t i = 0; i < PST_LEN(never); i++) {
        assert_int_equal(pst_h1_write_response(&out, never[i], NULL, 0, framing, &err), PST_ERR);
    }
    assert_int_equal(out.n, 0);
    pst_buf_release(&out);
}

/* Nothing a name, value, path, query, method or host holds can become another line. */
static void test_injection(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *query;
        struct pst_h1_header header;
        enum pst_error code;
    } cases[] = {
        {"GE T", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET\r\n", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"CONNECT", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/a b", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/a\r\nX: y", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/../a", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/?a", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", "a b", {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", "a HTTP/1.1\r\n", {PST_STR_INIT("a"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT(""), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("a:"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("a "), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("a\r\nb"), PST_STR_INIT("b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("a_b"), PST_STR_INIT("b")}, PST_E_HTTP_HEADER},
        {"GET", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b\r\nc: d")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b\nc")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b\r")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b\0c")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT(" b")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("a"), PST_STR_INIT("b ")}, PST_E_HTTP_SYNTAX},
        {"GET", "/", NULL, {PST_STR_INIT("Content-Length"), PST_STR_INIT("1")}, PST_E_HTTP_HEADER},
        {"GET",
         "/",
         NULL,
         {PST_STR_INIT("transfer-encoding"), PST_STR_INIT("x")},
         PST_E_HTTP_HEADER},
        {"GET", "/", NULL, {PST_STR_INIT("CONNECTION"), PST_STR_INIT("x")}, PST_E_HTTP_HEADER},
        {"GET", "/", NULL, {PST_STR_INIT("te"), PST_STR_INIT("x")}, PST_E_HTTP_HEADER},
        {"GET", "/", NULL, {PST_STR_INIT("trailer"), PST_STR_INIT("x")}, PST_E_HTTP_HEADER},
        {"GET", "/", NULL, {PST_STR_INIT("upgrade"), PST_STR_INIT("x")}, PST_E_HTTP_HEADER},
        {"GET", "/", NULL, {PST_STR_INIT("host"), PST_STR_INIT("h")}, PST_E_HTTP_HOST},
        {"GET", "/", NULL, {PST_STR_INIT("Host"), PST_STR_INIT("a/b")}, PST_E_HTTP_HOST},
    };
    struct pst_buf out;
    pst_buf_init(&out, 4096);
    PST_BUF_LIT(&out, "before");
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        const struct pst_h1_header headers[] = {
            {PST_STR_INIT("host"), PST_STR_INIT("h")},
            cases[i].header,
        };
        struct pst_err err = {0};
        enum pst_status st = pst_h1_write_request(
            &out, pst_str_c(cases[i].method), pst_str_c(cases[i].path), pst_str_c(cases[i].query),
            headers, 2, no_body, &err);
        if (st != PST_ERR || err.code != cases[i].code || out.n != 6) {
            fail_msg("case %zu: %s", i, pst_error_row(err.code)->name);
        }
        if (i >= 11 && cases[i].code == PST_E_HTTP_SYNTAX) {
            st = pst_h1_write_response(&out, 200, headers, 2, no_body, &err);
            assert_int_equal(st, PST_ERR);
            assert_int_equal(out.n, 6);
        }
    }
    assert_str(pst_buf_str(&out), "before");
    pst_buf_release(&out);
}

/* A request needs a host, and a body whose end the server can see. */
static void test_incomplete(void **state)
{
    (void)state;
    struct pst_buf out;
    pst_buf_init(&out, 4096);
    PST_BUF_LIT(&out, "before");
    struct pst_err err = {0};
    assert_int_equal(pst_h1_write_request(&out, PST_STR("GET"), PST_STR("/"), PST_STR("a"), NULL, 0,
                                          no_body, &err),
                     PST_ERR);
    assert_int_equal(err.code, PST_E_HTTP_HOST);
    struct pst_h1_framing until = {.body = PST_H1_BODY_UNTIL_CLOSE, .close = true};
    const struct pst_h1_header host = {PST_STR_INIT("host"), PST_STR_INIT("h")};
    assert_int_equal(pst_h1_write_request(&out, PST_STR("GET"), PST_STR("/"), PST_STR("a"), &host,
                                          1, until, &err),
                     PST_ERR);
    assert_int_equal(err.code, PST_E_HTTP_FRAMING);
    assert_str(pst_buf_str(&out), "before");
    pst_buf_release(&out);
}

/* A head is whole or absent, whatever the buffer's cap and whichever allocation fails. */
static void test_all_or_nothing(void **state)
{
    (void)state;
    const struct pst_h1_header type = {PST_STR_INIT("content-type"), PST_STR_INIT("text/plain")};
    struct pst_h1_framing framing = {.body = PST_H1_BODY_LENGTH, .length = 5};
    struct pst_str whole = PST_STR("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n"
                                   "content-length: 5\r\n\r\n");
    for (size_t cap = 0; cap <= whole.n; cap++) {
        struct pst_buf out;
        struct pst_err err = {0};
        pst_buf_init(&out, cap);
        enum pst_status st = pst_h1_write_response(&out, 200, &type, 1, framing, &err);
        assert_int_equal(st, cap < whole.n ? PST_ERR : PST_OK);
        assert_int_equal(out.n, cap < whole.n ? 0 : whole.n);
        assert_int_equal(err.code, cap < whole.n ? PST_E_NO_MEMORY : PST_E_NONE);
        pst_buf_release(&out);
    }
    struct pst_buf out;
    pst_buf_init(&out, 4096);
    test_heap_fail_from(1);
    assert_int_equal(pst_h1_write_response(&out, 200, &type, 1, framing, NULL), PST_ERR);
    test_heap_fail_from(0);
    assert_int_equal(out.n, 0);
    pst_buf_release(&out);
}

static void test_chunks(void **state)
{
    (void)state;
    struct pst_buf out;
    pst_buf_init(&out, 4096);
    assert_true(pst_h1_write_continue(&out));
    assert_str(pst_buf_str(&out), "HTTP/1.1 100 Continue\r\n\r\n");
    pst_buf_clear(&out);
    const struct {
        size_t n;
        const char *line;
    } sizes[] = {{1, "1\r\n"},
                 {15, "f\r\n"},
                 {16, "10\r\n"},
                 {0xabcdef, "abcdef\r\n"},
                 {SIZE_MAX, "ffffffffffffffff\r\n"}};
    for (size_t i = 0; i < PST_LEN(sizes); i++) {
        assert_true(pst_h1_write_chunk_begin(&out, sizes[i].n));
        assert_true(pst_str_eq(pst_buf_str(&out), pst_str_c(sizes[i].line)));
        pst_buf_clear(&out);
    }
    assert_dies(pst_h1_write_chunk_begin(&out, 0));
    pst_buf_release(&out);
}

/* Written and read back: the same, chunks included. */
static void test_round_trip(void **state)
{
    (void)state;
    struct pst_buf out, trace;
    pst_buf_init(&out, 1 << 20);
    pst_buf_init(&trace, 1 << 20);
    const struct pst_h1_header headers[] = {
        {PST_STR_INIT("host"), PST_STR_INIT("[::1]:80")},
        {PST_STR_INIT("x-a"), PST_STR_INIT("\xc3\xa9 \t b")},
        {PST_STR_INIT("x-a"), PST_STR_INIT("")},
    };
    struct pst_h1_framing framing = {.body = PST_H1_BODY_CHUNKED, .close = true};
    assert_int_equal(pst_h1_write_request(&out, PST_STR("POST"), PST_STR("/a%20b/"),
                                          PST_STR("c=%00d"), headers, 3, framing, NULL),
                     PST_ERR);
    assert_int_equal(pst_h1_write_request(&out, PST_STR("POST"), PST_STR("/a%20b/"), PST_STR("c=d"),
                                          headers, 3, framing, NULL),
                     PST_OK);
    size_t total = 0;
    for (size_t n = 1; n < 300; n += 37) {
        assert_true(pst_h1_write_chunk_begin(&out, n));
        for (size_t i = 0; i < n; i++) {
            assert_true(pst_buf_byte(&out, 'x'));
        }
        assert_true(pst_h1_write_chunk_end(&out));
        total += n;
    }
    assert_true(pst_h1_write_chunk_last(&out));
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_REQUEST);
    enum pst_error code = PST_E_NONE;
    assert_true(h1_trace_splits(&trace, &plan, pst_buf_str(&out), &code));
    const char *head =
        "HEAD 3 v=1 keep=0 up=0 body=2 len=0 expect=0 status=0\n POST\n /a%20b/\n c=d\n"
        " [::1]:80\n \n has_query=1\n  host=[::1]:80\n  x-a=\xc3\xa9 \t b\n  x-a=\n"
        "  transfer-encoding=chunked\n  connection=close\nBODY x";
    assert_true(pst_str_starts(pst_buf_str(&trace), pst_str_c(head)));
    assert_true(pst_str_ends(pst_buf_str(&trace), PST_STR("x\nEND\nLEFT 0\n")));
    assert_int_equal(trace.n, strlen(head) - 1 + total + strlen("\nEND\nLEFT 0\n"));
    pst_buf_release(&out);
    pst_buf_release(&trace);
}

static void test_reasons(void **state)
{
    (void)state;
    assert_str(pst_h1_reason(200), "OK");
    assert_str(pst_h1_reason(413), "Content Too Large");
    assert_str(pst_h1_reason(511), "Network Authentication Required");
    assert_str(pst_h1_reason(299), "Unknown");
    for (int i = 0; i < PST_E_COUNT;
         i++) { /* every status this gateway answers with has a phrase */
        const struct pst_error_row *row = pst_error_row((enum pst_error)i);
        assert_false(pst_str_eq(pst_h1_reason(row->status), PST_STR("Unknown")));
    }
    for (unsigned status = 0; status < 700; status++) {
        assert_true(pst_h1_value_valid(pst_h1_reason(status)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),    cmocka_unit_test(test_connect),
        cmocka_unit_test(test_response),   cmocka_unit_test(test_injection),
        cmocka_unit_test(test_incomplete), cmocka_unit_test(test_all_or_nothing),
        cmocka_unit_test(test_chunks),     cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
