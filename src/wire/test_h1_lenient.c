/* Every switch by which llhttp can be made lenient, and what it would let pass: here all of it is
 * refused, in requests and in answers, however it is cut. There is no such switch. */
#include "base/test.h"
#include "wire/h1_trace.h"

struct lenient {
    const char *what; /* the switch, as llhttp calls it */
    enum pst_h1_kind kind;
    const char *bytes;
    enum pst_error refused;
};

#define REQUEST "POST /x HTTP/1.1\r\nHost: h\r\n"
#define CHUNKED REQUEST "Transfer-Encoding: chunked\r\n\r\n"
#define ANSWER "HTTP/1.1 200 OK\r\n"
#define ANSWER_CHUNKED ANSWER "Transfer-Encoding: chunked\r\n\r\n"

static const struct lenient rows[] = {
    {"headers", PST_H1_REQUEST, REQUEST "X: a\x01z\r\n\r\n", PST_E_HTTP_SYNTAX},
    {"headers", PST_H1_REQUEST, REQUEST "X: a\x7fz\r\n\r\n", PST_E_HTTP_SYNTAX},
    {"headers", PST_H1_REQUEST, REQUEST "X : a\r\n\r\n", PST_E_HTTP_SYNTAX},
    {"headers", PST_H1_REQUEST, REQUEST "X: a\r\n b\r\n\r\n", PST_E_HTTP_SYNTAX},
    {"headers", PST_H1_RESPONSE, ANSWER "X: a\x01z\r\nContent-Length: 0\r\n\r\n",
     PST_E_HTTP_SYNTAX},
    {"headers", PST_H1_RESPONSE, ANSWER "X : a\r\nContent-Length: 0\r\n\r\n", PST_E_HTTP_SYNTAX},
    {"headers", PST_H1_RESPONSE, ANSWER "X: a\r\n\tb\r\nContent-Length: 0\r\n\r\n",
     PST_E_HTTP_SYNTAX},
    {"header-value-relaxed", PST_H1_REQUEST, REQUEST "X: a\fz\r\n\r\n", PST_E_HTTP_SYNTAX},
    {"header-value-relaxed", PST_H1_RESPONSE, ANSWER "X: a\vz\r\nContent-Length: 0\r\n\r\n",
     PST_E_HTTP_SYNTAX},
    {"chunked-length", PST_H1_REQUEST,
     REQUEST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     PST_E_HTTP_FRAMING},
    {"chunked-length", PST_H1_REQUEST,
     REQUEST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
     PST_E_HTTP_FRAMING},
    {"chunked-length", PST_H1_RESPONSE,
     ANSWER "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", PST_E_HTTP_FRAMING},
    {"transfer-encoding", PST_H1_REQUEST,
     REQUEST "Transfer-Encoding: chunked, deflate\r\n\r\n0\r\n\r\n", PST_E_HTTP_FRAMING},
    {"transfer-encoding", PST_H1_REQUEST,
     REQUEST "Transfer-Encoding: chunked\r\nTransfer-Encoding: deflate\r\n\r\n",
     PST_E_HTTP_FRAMING},
    {"transfer-encoding", PST_H1_RESPONSE, ANSWER "Transfer-Encoding: chunked, deflate\r\n\r\n",
     PST_E_HTTP_FRAMING},
    {"version", PST_H1_REQUEST, "GET / HTTP/5.6\r\nHost: h\r\n\r\n", PST_E_HTTP_VERSION},
    {"version", PST_H1_REQUEST, "GET / HTTP/1.2\r\nHost: h\r\n\r\n", PST_E_HTTP_VERSION},
    {"version", PST_H1_RESPONSE, "HTTP/5.6 200 OK\r\nContent-Length: 0\r\n\r\n",
     PST_E_HTTP_VERSION},
    {"optional-lf-after-cr", PST_H1_REQUEST, REQUEST "X: a\rY: b\r\n\r\n", PST_E_HTTP_BARE_LF},
    {"optional-lf-after-cr", PST_H1_REQUEST, REQUEST "Content-Length: 3\r\n\rabc",
     PST_E_HTTP_SYNTAX},
    {"optional-lf-after-cr", PST_H1_REQUEST, CHUNKED "5\rhello\r\n0\r\n\r\n", PST_E_HTTP_BARE_LF},
    {"optional-lf-after-cr", PST_H1_RESPONSE, "HTTP/1.1 200 OK\rContent-Length: 0\r\n\r\n",
     PST_E_HTTP_BARE_LF},
    {"optional-cr-before-lf", PST_H1_REQUEST, "GET / HTTP/1.1\nHost: h\n\n", PST_E_HTTP_BARE_LF},
    {"optional-cr-before-lf", PST_H1_REQUEST, CHUNKED "5\nhello\n0\n\n", PST_E_HTTP_BARE_LF},
    {"optional-cr-before-lf", PST_H1_RESPONSE, "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
     PST_E_HTTP_BARE_LF},
    {"optional-cr-before-lf", PST_H1_RESPONSE, ANSWER_CHUNKED "5\nhello\n0\n\n",
     PST_E_HTTP_BARE_LF},
    {"optional-crlf-after-chunk", PST_H1_REQUEST, CHUNKED "5\r\nhello0\r\n\r\n",
     PST_E_HTTP_FRAMING},
    {"optional-crlf-after-chunk", PST_H1_RESPONSE, ANSWER_CHUNKED "5\r\nhello0\r\n\r\n",
     PST_E_HTTP_FRAMING},
    {"spaces-after-chunk-size", PST_H1_REQUEST, CHUNKED "5 \r\nhello\r\n0\r\n\r\n",
     PST_E_HTTP_FRAMING},
    {"spaces-after-chunk-size", PST_H1_RESPONSE, ANSWER_CHUNKED "5 \r\nhello\r\n0\r\n\r\n",
     PST_E_HTTP_FRAMING},
};

static void test_switches(void **state)
{
    (void)state;
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct h1_trace_plan plan = h1_trace_plan(rows[i].kind);
        struct pst_buf out;
        enum pst_error code = PST_E_NONE;
        pst_buf_init(&out, 1 << 16);
        assert_true(h1_trace_splits(&out, &plan, pst_str_c(rows[i].bytes), &code));
        if (code != rows[i].refused) {
            printf("%zu, %s: %s\n", i, rows[i].what, pst_error_row(code)->code);
        }
        assert_int_equal(code, rows[i].refused);
        pst_buf_release(&out);
    }
}

/* keep-alive and data-after-close: what follows a message that closes the connection is nobody's.
 */
static void test_after_the_end(void **state)
{
    (void)state;
    static const struct {
        enum pst_h1_kind kind;
        const char *first;
    } ends[] = {
        {PST_H1_REQUEST, "PUT /x HTTP/1.0\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
        {PST_H1_REQUEST, REQUEST "Connection: close\r\nContent-Length: 4\r\n\r\nq=42"},
        {PST_H1_RESPONSE, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"},
        {PST_H1_RESPONSE, ANSWER "Content-Length: 5\r\nConnection: close\r\n\r\nhello"},
        {PST_H1_RESPONSE, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
    };
    static const char *const behind[] = {"GET /evil HTTP/1.1\r\nHost: h\r\n\r\n",
                                         "HTTP/1.1 200 OK\r\n\r\n", "\r\n", "x"};
    for (size_t i = 0; i < PST_LEN(ends); i++) {
        for (size_t k = 0; k < PST_LEN(behind); k++) {
            struct h1_trace_plan plan = h1_trace_plan(ends[i].kind);
            struct pst_buf in, out;
            enum pst_error code = PST_E_NONE;
            char last[32];
            pst_buf_init(&in, 4096);
            pst_buf_init(&out, 1 << 16);
            pst_buf_add(&in, pst_str_c(ends[i].first));
            pst_buf_add(&in, pst_str_c(behind[k]));
            assert_true(h1_trace_splits(&out, &plan, pst_buf_str(&in), &code));
            assert_int_equal(code, PST_E_NONE);
            snprintf(last, sizeof last, "LEFT %zu\n", strlen(behind[k]));
            assert_true(pst_str_ends(pst_buf_str(&out), pst_str_c(last)));
            pst_buf_release(&in);
            pst_buf_release(&out);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_switches),
        cmocka_unit_test(test_after_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
