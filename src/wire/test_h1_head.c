/* Heads: every hostile case by name, with the error it must get, under every cut. */
#include "base/test.h"
#include "wire/h1_trace.h"

struct bad {
    const char *name;
    struct pst_str in;
    enum pst_error code;
};
#define BAD(name, in, code) {name, PST_STR_INIT(in), PST_E_##code}
#define GET "GET / HTTP/1.1\r\nHost: h\r\n"
#define POST "POST /x HTTP/1.1\r\nHost: h\r\n"
#define OK "HTTP/1.1 200 OK\r\n"

static void refused(const struct h1_trace_plan *plan, const struct bad *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct pst_buf out;
        pst_buf_init(&out, 1 << 20);
        enum pst_error code = PST_E_NONE;
        bool same = h1_trace_splits(&out, plan, cases[i].in, &code);
        if (!same || code != cases[i].code || !pst_str_starts(pst_buf_str(&out), PST_STR("ERR"))) {
            fail_msg("%s: %s, cuts agree: %d\n%.*s", cases[i].name, pst_error_row(code)->name, same,
                     PST_FMT(pst_buf_str(&out)));
        }
        pst_buf_release(&out);
    }
}

/* The whole trace, under every cut. */
static void says(const struct h1_trace_plan *plan, struct pst_str in, const char *want)
{
    struct pst_buf out;
    pst_buf_init(&out, 1 << 20);
    enum pst_error code = PST_E_NONE;
    assert_true(h1_trace_splits(&out, plan, in, &code));
    if (!pst_str_eq(pst_buf_str(&out), pst_str_c(want))) {
        fail_msg("got:\n%.*s\nwant:\n%s", PST_FMT(pst_buf_str(&out)), want);
    }
    pst_buf_release(&out);
}

static const struct bad first_lines[] = {
    BAD("empty line first", "\r\n" GET "\r\n", HTTP_SYNTAX),
    BAD("bare LF first", "\n" GET "\r\n", HTTP_SYNTAX),
    BAD("space first", " " GET "\r\n", HTTP_SYNTAX),
    BAD("NUL first", "\0" GET "\r\n", HTTP_SYNTAX),
    BAD("TLS hello", "\x16\x03\x01\x02\x00\x01", HTTP_SYNTAX),
    BAD("HTTP/0.9", "GET /\r\n", HTTP_SYNTAX),
    BAD("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", HTTP_VERSION),
    BAD("HTTP/1.2", "GET / HTTP/1.2\r\n", HTTP_VERSION),
    BAD("HTTP/2.0", "GET / HTTP/2.0\r\n", HTTP_VERSION),
    BAD("HTTP/3", "GET / HTTP/3\r\n", HTTP_SYNTAX),
    BAD("HTTP/1.10", "GET / HTTP/1.10\r\n", HTTP_SYNTAX),
    BAD("lower-case http", "GET / http/1.1\r\n", HTTP_SYNTAX),
    BAD("other protocol", "GET / RTSP/1.0\r\n", HTTP_SYNTAX),
    BAD("white space after version", "GET / HTTP/1.1 \r\n", HTTP_SYNTAX),
    BAD("two spaces before target", "GET  / HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("two spaces before version", "GET /  HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("tab for space", "GET\t/ HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("space in target", "GET /a b HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("method not a token", "G(T / HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("method of 33 bytes", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n", HTTP_METHOD),
    BAD("CONNECT", "CONNECT h:443 HTTP/1.1\r\n", HTTP_METHOD),
    BAD("bare LF", "GET / HTTP/1.1\nHost: h\r\n\r\n", HTTP_BARE_LF),
    BAD("bare CR", "GET / HTTP/1.1\rHost: h\r\n\r\n", HTTP_BARE_LF),
    BAD("CR CR LF", "GET / HTTP/1.1\r\r\n", HTTP_BARE_LF),
    BAD("CR in target", "GET /a\rb HTTP/1.1\r\n", HTTP_BARE_LF),
    BAD("absolute form", "GET http://h/ HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("asterisk form", "OPTIONS * HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("authority form", "GET h:80 HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("no target", "GET HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("encoded slash", "GET /a%2fb HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("encoded NUL", "GET /a%00 HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("encoded backslash", "GET /a%5cb HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("backslash", "GET /a\\b HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("dot dot", "GET /a/../b HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("encoded dot dot", "GET /a/%2e%2e/b HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("two slashes", "GET //h/x HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("fragment", "GET /a#b HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("fragment in query", "GET /a?b#c HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("control in target", "GET /a\x01 HTTP/1.1\r\n", HTTP_SYNTAX),
    BAD("non-ASCII target", "GET /\xc3\xa9 HTTP/1.1\r\n", HTTP_SYNTAX),
};

static const struct bad fields[] = {
    BAD("space before colon", GET "X : 1\r\n\r\n", HTTP_SYNTAX),
    BAD("tab before colon", GET "X\t: 1\r\n\r\n", HTTP_SYNTAX),
    BAD("no colon", GET "X\r\n\r\n", HTTP_SYNTAX),
    BAD("empty name", GET ": 1\r\n\r\n", HTTP_SYNTAX),
    BAD("space in name", GET "X Y: 1\r\n\r\n", HTTP_SYNTAX),
    BAD("NUL in name", GET "X\0: 1\r\n\r\n", HTTP_SYNTAX),
    BAD("non-ASCII name", GET "X\xc3\xa9: 1\r\n\r\n", HTTP_SYNTAX),
    BAD("bracket in name", GET "X[]: 1\r\n\r\n", HTTP_SYNTAX),
    BAD("underscore in name", GET "X_Api_Key: 1\r\n\r\n", HTTP_HEADER),
    BAD("content_length", GET "Content_Length: 1\r\n\r\n", HTTP_HEADER),
    BAD("obs-fold by space", GET "X: 1\r\n 2\r\n\r\n", HTTP_SYNTAX),
    BAD("obs-fold by tab", GET "X: 1\r\n\t2\r\n\r\n", HTTP_SYNTAX),
    BAD("fold after first line", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", HTTP_SYNTAX),
    BAD("NUL in value", GET "X: a\0b\r\n\r\n", HTTP_SYNTAX),
    BAD("control in value", GET "X: a\x0b\r\n\r\n", HTTP_SYNTAX),
    BAD("DEL in value", GET "X: a\x7f\r\n\r\n", HTTP_SYNTAX),
    BAD("bare LF after field", GET "X: 1\nY: 2\r\n\r\n", HTTP_BARE_LF),
    BAD("bare CR in value", GET "X: 1\rY: 2\r\n\r\n", HTTP_BARE_LF),
    BAD("bare CR in name", GET "X\rY: 2\r\n\r\n", HTTP_BARE_LF),
    BAD("CR CR LF after field", GET "X: 1\r\r\n\r\n", HTTP_BARE_LF),
    BAD("bare LF for the empty line", GET "\n", HTTP_BARE_LF),
    BAD("CR and a letter for the empty line", GET "\rA\r\n", HTTP_BARE_LF),
    BAD("LF LF", "GET / HTTP/1.1\r\nHost: h\n\n", HTTP_BARE_LF),

    BAD("no Host", "GET / HTTP/1.1\r\n\r\n", HTTP_HOST),
    BAD("a tab before a Host", "GET / HTTP/1.1\r\nHost:\th\r\n\r\n", HTTP_HOST),
    BAD("a tab behind a Host", "GET / HTTP/1.1\r\nHost: h\t\r\n\r\n", HTTP_HOST),
    BAD("a tab before a coding", GET "Transfer-Encoding:\tchunked\r\n\r\n", HTTP_FRAMING),
    BAD("a tab behind a coding", GET "Transfer-Encoding: chunked\t\r\n\r\n", HTTP_FRAMING),
    BAD("a blank behind a coding", GET "Transfer-Encoding: chunked \r\n\r\n", HTTP_FRAMING),
    BAD("a tab before a length", GET "Content-Length: \t0\r\n\r\n", HTTP_FRAMING),
    BAD("a blank behind a length", GET "Content-Length: 0 \r\n\r\n", HTTP_FRAMING),
    BAD("no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", HTTP_HOST),
    BAD("two Hosts", GET "Host: h\r\n\r\n", HTTP_HOST),
    BAD("two Hosts in other case", GET "HOST: h\r\n\r\n", HTTP_HOST),
    BAD("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", HTTP_HOST),
    BAD("Host with a path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", HTTP_HOST),
    BAD("Host with user", "GET / HTTP/1.1\r\nHost: a@h\r\n\r\n", HTTP_HOST),
    BAD("Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", HTTP_HOST),
    BAD("Host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HTTP_HOST),
    BAD("Host with port 0", "GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", HTTP_HOST),

    BAD("CL and TE", POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FRAMING),
    BAD("TE and CL", POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", HTTP_FRAMING),
    BAD("TE in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
        HTTP_FRAMING),
    BAD("CL and TE in HTTP/1.0",
        "POST / HTTP/1.0\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        HTTP_FRAMING),
    BAD("two CLs", POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", HTTP_FRAMING),
    BAD("two equal CLs", POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", HTTP_FRAMING),
    BAD("CL list", POST "Content-Length: 3, 3\r\n\r\n", HTTP_FRAMING),
    BAD("CL plus", POST "Content-Length: +3\r\n\r\n", HTTP_FRAMING),
    BAD("CL minus", POST "Content-Length: -3\r\n\r\n", HTTP_FRAMING),
    BAD("CL hex", POST "Content-Length: 0x3\r\n\r\n", HTTP_FRAMING),
    BAD("CL leading zero", POST "Content-Length: 03\r\n\r\n", HTTP_FRAMING),
    BAD("CL fraction", POST "Content-Length: 3.0\r\n\r\n", HTTP_FRAMING),
    BAD("CL empty", POST "Content-Length:\r\n\r\n", HTTP_FRAMING),
    BAD("CL inner space", POST "Content-Length: 3 3\r\n\r\n", HTTP_FRAMING),
    BAD("CL past 64 bits", POST "Content-Length: 18446744073709551616\r\n\r\n", HTTP_FRAMING),
    BAD("CL past the limit", POST "Content-Length: 1048577\r\n\r\n", BODY_TOO_LARGE),
    BAD("CL of 64 bits", POST "Content-Length: 18446744073709551615\r\n\r\n", BODY_TOO_LARGE),
    BAD("TE identity", POST "Transfer-Encoding: identity\r\n\r\n", HTTP_FRAMING),
    BAD("TE gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n", HTTP_FRAMING),
    BAD("TE chunked, identity", POST "Transfer-Encoding: chunked, identity\r\n\r\n", HTTP_FRAMING),
    BAD("TE chunked, chunked", POST "Transfer-Encoding: chunked, chunked\r\n\r\n", HTTP_FRAMING),
    BAD("TE xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n", HTTP_FRAMING),
    BAD("TE quoted", POST "Transfer-Encoding: \"chunked\"\r\n\r\n", HTTP_FRAMING),
    BAD("TE chunked;q", POST "Transfer-Encoding: chunked;q=1\r\n\r\n", HTTP_FRAMING),
    BAD("TE ,chunked", POST "Transfer-Encoding: ,chunked\r\n\r\n", HTTP_FRAMING),
    BAD("TE empty", POST "Transfer-Encoding:\r\n\r\n", HTTP_FRAMING),
    BAD("TE vertical tab",
        POST "Transfer-Encoding: \x0b"
             "chunked\r\n\r\n",
        HTTP_SYNTAX),
    BAD("two TEs", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        HTTP_FRAMING),
    BAD("TE with space before colon", POST "Transfer-Encoding : chunked\r\n\r\n", HTTP_SYNTAX),
    BAD("TE with leading space", POST " Transfer-Encoding: chunked\r\n\r\n", HTTP_SYNTAX),

    BAD("Connection: upgrade", GET "Connection: upgrade\r\nUpgrade: h2c\r\n\r\n", HTTP_HEADER),
    BAD("Connection names a header", GET "Connection: close, authorization\r\n\r\n", HTTP_HEADER),
    BAD("Connection: close, close", GET "Connection: close, close\r\n\r\n", HTTP_HEADER),
    BAD("Connection empty", GET "Connection:\r\n\r\n", HTTP_HEADER),
    BAD("two Connections", GET "Connection: close\r\nConnection: keep-alive\r\n\r\n", HTTP_HEADER),
    BAD("TE header", GET "TE: trailers\r\n\r\n", HTTP_HEADER),
    BAD("Trailer header", POST "Trailer: x\r\n\r\n", HTTP_HEADER),
    BAD("Expect other", POST "Expect: 200-ok\r\n\r\n", HTTP_EXPECT),
    BAD("Expect list", POST "Expect: 100-continue, x\r\n\r\n", HTTP_EXPECT),
    BAD("two Expects", POST "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n", HTTP_HEADER),
    BAD("two Authorizations", GET "Authorization: a\r\nauthorization: b\r\n\r\n", HTTP_HEADER),
    BAD("two Content-Types", POST "Content-Type: a\r\nContent-Type: a\r\n\r\n", HTTP_HEADER),
    BAD("two x-api-keys", GET "X-Api-Key: a\r\nx-api-key: b\r\n\r\n", HTTP_HEADER),
};

static const struct bad answers[] = {
    BAD("garbage before", "x" OK "\r\n", HTTP_SYNTAX),
    BAD("CR LF before", "\r\n" OK "\r\n", HTTP_SYNTAX),
    BAD("plain text", "SSH-2.0-OpenSSH\r\n", HTTP_SYNTAX),
    BAD("not HTTP", "HTPT/1.1 200 OK\r\n", HTTP_SYNTAX),
    BAD("HTTP/2.0", "HTTP/2.0 200 OK\r\n", HTTP_VERSION),
    BAD("HTTP/0.9", "HTTP/0.9 200 OK\r\n", HTTP_VERSION),
    BAD("two spaces", "HTTP/1.1  200 OK\r\n", HTTP_SYNTAX),
    BAD("no space after status", "HTTP/1.1 200\r\n", HTTP_SYNTAX),
    BAD("two digits", "HTTP/1.1 20 OK\r\n", HTTP_SYNTAX),
    BAD("four digits", "HTTP/1.1 2000 OK\r\n", HTTP_SYNTAX),
    BAD("status 000", "HTTP/1.1 000 OK\r\n", HTTP_SYNTAX),
    BAD("status 099", "HTTP/1.1 099 OK\r\n", HTTP_SYNTAX),
    BAD("status 600", "HTTP/1.1 600 OK\r\n", HTTP_SYNTAX),
    BAD("status +20", "HTTP/1.1 +20 OK\r\n", HTTP_SYNTAX),
    BAD("control in reason", "HTTP/1.1 200 O\x01K\r\n", HTTP_SYNTAX),
    BAD("CR in reason", "HTTP/1.1 200 O\rK\r\n", HTTP_BARE_LF),
    BAD("bare LF", "HTTP/1.1 200 OK\n\n", HTTP_BARE_LF),
    BAD("101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", HTTP_SYNTAX),
    BAD("100 of HTTP/1.0", "HTTP/1.0 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        HTTP_SYNTAX),
    BAD("a tab behind a coding of an answer",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n", HTTP_FRAMING),
    BAD("a tab before a length of an answer", "HTTP/1.1 200 OK\r\nContent-Length:\t0\r\n\r\n",
        HTTP_FRAMING),
    BAD("100 with CL", "HTTP/1.1 100 C\r\nContent-Length: 0\r\n\r\n", HTTP_FRAMING),
    BAD("103 with TE", "HTTP/1.1 103 E\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FRAMING),
    BAD("204 with CL", "HTTP/1.1 204 N\r\nContent-Length: 3\r\n\r\n", HTTP_FRAMING),
    BAD("204 with TE", "HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FRAMING),
    BAD("no length, no close", OK "\r\n", HTTP_FRAMING),
    BAD("no length, keep-alive", OK "Connection: keep-alive\r\n\r\n", HTTP_FRAMING),
    BAD("HTTP/1.0, no length, close not said", "HTTP/1.0 200 OK\r\n\r\n", HTTP_FRAMING),
    BAD("CL and TE", OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FRAMING),
    BAD("two CLs", OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", HTTP_FRAMING),
    BAD("TE deflate", OK "Transfer-Encoding: deflate\r\n\r\n", HTTP_FRAMING),
    BAD("TE in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", HTTP_FRAMING),
    BAD("two Content-Types", OK "Content-Type: a\r\nContent-Type: b\r\n\r\n", HTTP_HEADER),
    BAD("two Locations", OK "Location: a\r\nLocation: b\r\n\r\n", HTTP_HEADER),
    BAD("Trailer", OK "Trailer: x\r\n\r\n", HTTP_HEADER),
    BAD("Connection: upgrade", OK "Connection: upgrade\r\n\r\n", HTTP_HEADER),
    BAD("obs-fold", OK "X: 1\r\n 2\r\n\r\n", HTTP_SYNTAX),
    BAD("space before colon", OK "X : 1\r\n\r\n", HTTP_SYNTAX),
    BAD("nine interims",
        "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
        "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\n\r\n"
        "HTTP/1.1 103 E\r\n\r\n",
        HTTP_HEADER_LIMIT),
    BAD("CL past the limit", OK "Content-Length: 1048577\r\n\r\n", BODY_TOO_LARGE),
};

static void test_refused(void **state)
{
    (void)state;
    struct h1_trace_plan request = h1_trace_plan(PST_H1_REQUEST);
    struct h1_trace_plan response = h1_trace_plan(PST_H1_RESPONSE);
    refused(&request, first_lines, PST_LEN(first_lines));
    refused(&request, fields, PST_LEN(fields));
    refused(&response, answers, PST_LEN(answers));
    response.expect = PST_H1_CONNECT;
    const struct bad tunnel[] = {
        BAD("2xx to CONNECT with CL", OK "Content-Length: 1\r\n\r\n", HTTP_FRAMING),
        BAD("2xx to CONNECT with TE", OK "Transfer-Encoding: chunked\r\n\r\n", HTTP_FRAMING),
    };
    refused(&response, tunnel, PST_LEN(tunnel));
}

static void test_request_says(void **state)
{
    (void)state;
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_REQUEST);
    says(
        &plan,
        PST_STR("POST /v1/x?a=b?c HTTP/1.1\r\nHOST:  h.example:80  \r\nX-Empty:\r\nX-Empty: \t \r\n"
                "X-Tab: a\tb\r\nX-Latin: \xe9\r\nExpect: 100-Continue\r\nUpgrade: h2c\r\n"
                "Content-Length: 2\r\n\r\nhi"),
        "HEAD 3 v=1 keep=1 up=1 body=1 len=2 expect=1 status=0\n POST\n /v1/x\n a=b?c\n"
        " h.example:80\n \n has_query=1\n  host=h.example:80\n  x-empty=\n  x-empty=\n"
        "  x-tab=a\tb\n  x-latin=\xe9\n  expect=100-Continue\n  upgrade=h2c\n"
        "  content-length=2\nBODY hi\nEND\nCLOSED\n");
    says(&plan, PST_STR("get / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\nrest"),
         "HEAD 0 v=1 keep=0 up=0 body=0 len=0 expect=0 status=0\n get\n /\n \n h\n \n"
         " has_query=0\n  host=h\n  connection=Close\nEND\nLEFT 4\n");
    says(&plan, PST_STR("GET /? HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\n\r\n"),
         "HEAD 1 v=0 keep=0 up=0 body=0 len=0 expect=0 status=0\n GET\n /\n \n h\n \n"
         " has_query=1\n  host=h\n  expect=100-continue\nEND\nLEFT 0\n");
    says(
        &plan,
        PST_STR("POST / HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"),
        "HEAD 3 v=0 keep=0 up=0 body=1 len=1 expect=0 status=0\n POST\n /\n \n h\n \n"
        " has_query=0\n  host=h\n  expect=100-continue\n  content-length=1\nBODY x\nEND\nLEFT 0\n");
    says(&plan,
         PST_STR(
             "HEAD / HTTP/1.0\r\nHost: h\r\nConnection: Keep-Alive\r\n\r\n"
             "DELETE /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"),
         "HEAD 2 v=0 keep=1 up=0 body=0 len=0 expect=0 status=0\n HEAD\n /\n \n h\n \n"
         " has_query=0\n  host=h\n  connection=Keep-Alive\nEND\n"
         "HEAD 6 v=1 keep=1 up=0 body=1 len=0 expect=0 status=0\n DELETE\n /a\n \n h\n \n"
         " has_query=0\n  host=h\n  content-length=0\n  expect=100-continue\nEND\nCLOSED\n");
}

static void test_response_says(void **state)
{
    (void)state;
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_RESPONSE);
    says(&plan,
         PST_STR("HTTP/1.1 100 Continue\r\nX: dropped\r\n\r\nHTTP/1.1 103 \r\n\r\n"
                 "HTTP/1.1 200 Good \xe9\tday\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nDate: "
                 "1\r\nDate: 2\r\nX_Y: 1\r\n"
                 "content-length: 1\r\n\r\nx"),
         "HEAD 0 v=1 keep=1 up=0 body=1 len=1 expect=0 status=200\n \n \n \n \n Good \xe9\tday\n"
         " has_query=0\n  set-cookie=a\n  set-cookie=b\n  date=1\n  date=2\n  x_y=1\n  "
         "content-length=1\nBODY x\nEND\n"
         "CLOSED\n");
    says(&plan, PST_STR("HTTP/1.1 200 \r\nConnection: close\r\n\r\nuntil close"),
         "HEAD 0 v=1 keep=0 up=0 body=3 len=0 expect=0 status=200\n \n \n \n \n \n has_query=0\n"
         "  connection=close\nBODY until close\nCLOSED END\n");
    says(&plan, PST_STR("HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\nHTTP/1.1 204 N\r\n\r\n"),
         "HEAD 0 v=1 keep=1 up=0 body=0 len=9 expect=0 status=304\n \n \n \n \n N\n has_query=0\n"
         "  content-length=9\nEND\nHEAD 0 v=1 keep=1 up=0 body=0 len=0 expect=0 status=204\n"
         " \n \n \n \n N\n has_query=0\nEND\nCLOSED\n");
    plan.expect = PST_H1_HEAD;
    says(&plan,
         PST_STR("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 404 N\r\n\r\n"),
         "HEAD 0 v=1 keep=1 up=0 body=0 len=0 expect=0 status=200\n \n \n \n \n OK\n has_query=0\n"
         "  transfer-encoding=chunked\nEND\n"
         "HEAD 0 v=1 keep=1 up=0 body=0 len=0 expect=0 status=404\n \n \n \n \n N\n has_query=0\n"
         "END\nCLOSED\n");
    plan.expect = PST_H1_CONNECT;
    says(&plan, PST_STR("HTTP/1.1 200 Established\r\n\r\n"),
         "HEAD 0 v=1 keep=1 up=0 body=0 len=0 expect=0 status=200\n \n \n \n \n Established\n"
         " has_query=0\nEND\nCLOSED\n");
    says(&plan, PST_STR("HTTP/1.1 407 P\r\nContent-Length: 1\r\n\r\nx"),
         "HEAD 0 v=1 keep=1 up=0 body=1 len=1 expect=0 status=407\n \n \n \n \n P\n has_query=0\n"
         "  content-length=1\nBODY x\nEND\nCLOSED\n");
}

/* Each limit: reached is fine, one more is not, wherever the cut falls. */
static void test_limits(void **state)
{
    (void)state;
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_REQUEST);
    struct pst_str in = PST_STR(
        "GET /0123456789 HTTP/1.1\r\nHost: h\r\nX-Long: 0123456789\r\n\r\n");
    struct pst_buf out;
    pst_buf_init(&out, 1 << 20);
    enum pst_error code = PST_E_NONE;
    plan.limits.line_bytes = 24;
    plan.limits.header_bytes = 18;
    plan.limits.headers = 2;
    plan.limits.head_bytes = (uint32_t)in.n;
    assert_true(h1_trace_splits(&out, &plan, in, &code));
    assert_int_equal(code, PST_E_NONE);
    const struct {
        uint32_t *limit;
        enum pst_error code;
    } each[] = {
        {&plan.limits.line_bytes, PST_E_HTTP_URI_LIMIT},
        {&plan.limits.header_bytes, PST_E_HTTP_HEADER_LIMIT},
        {&plan.limits.headers, PST_E_HTTP_HEADER_LIMIT},
        {&plan.limits.head_bytes, PST_E_HTTP_HEADER_LIMIT},
    };
    for (size_t i = 0; i < PST_LEN(each); i++) {
        (*each[i].limit)--;
        assert_true(h1_trace_splits(&out, &plan, in, &code));
        assert_int_equal(code, each[i].code);
        (*each[i].limit)++;
    }
    /* an endless line is refused when the limit is passed, not when it ends */
    struct pst_str endless = PST_STR("GET /01234567890123456789012345678901234567890123456789");
    assert_true(h1_trace_splits(&out, &plan, endless, &code));
    assert_int_equal(code, PST_E_HTTP_URI_LIMIT);
    /* 26 bytes and still no LF: too long already */
    assert_true(h1_trace_splits(&out, &plan, pst_str_cut(endless, 0, 26), &code));
    assert_int_equal(code, PST_E_HTTP_URI_LIMIT);
    assert_true(h1_trace_splits(&out, &plan, pst_str_cut(endless, 0, 25), &code));
    assert_int_equal(code, PST_E_HTTP_SYNTAX); /* cut off */
    plan.limits.head_bytes = 20;               /* the smaller limit speaks */
    assert_true(h1_trace_splits(&out, &plan, endless, &code));
    assert_int_equal(code, PST_E_HTTP_HEADER_LIMIT);
    pst_buf_release(&out);
    struct h1_trace_plan response = h1_trace_plan(PST_H1_RESPONSE);
    response.limits.line_bytes = 14;
    response.limits.interims = 1;
    const struct bad cases[] = {
        BAD("status line", "HTTP/1.1 200 OK.\r\n", HTTP_HEADER_LIMIT),
        BAD("interims", "HTTP/1.1 100 \r\n\r\nHTTP/1.1 100 \r\n\r\n", HTTP_HEADER_LIMIT),
    };
    refused(&response, cases, PST_LEN(cases));
}

/* More lines and headers than the first block and array hold. */
static void test_growth(void **state)
{
    (void)state;
    struct pst_buf in, out, want;
    pst_buf_init(&in, 1 << 20);
    pst_buf_init(&out, 1 << 20);
    pst_buf_init(&want, 1 << 20);
    pst_buf_fmt(&in, "GET / HTTP/1.1\r\nHost: h\r\n");
    pst_buf_fmt(&want, "HEAD 1 v=1 keep=1 up=0 body=0 len=0 expect=0 status=0\n GET\n /\n \n h\n \n"
                       " has_query=0\n  host=h\n");
    for (int i = 0; i < 99; i++) {
        pst_buf_fmt(&in, "X-Header-%d: %0*d\r\n", i, 50 + i, i);
        pst_buf_fmt(&want, "  x-header-%d=%0*d\n", i, 50 + i, i);
    }
    pst_buf_fmt(&in, "\r\n");
    pst_buf_fmt(&want, "END\nCLOSED\n");
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_REQUEST);
    /* the arena that the header promises to suffice */
    plan.limits.head_bytes = (uint32_t)in.n;
    plan.arena_cap = 4 * in.n + 128 * 100 + 8192;
    enum pst_error code = PST_E_NONE;
    assert_true(h1_trace_splits(&out, &plan, pst_buf_str(&in), &code));
    assert_true(pst_str_eq(pst_buf_str(&out), pst_buf_str(&want)));
    pst_buf_release(&in);
    pst_buf_release(&out);
    pst_buf_release(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),       cmocka_unit_test(test_request_says),
        cmocka_unit_test(test_response_says), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
