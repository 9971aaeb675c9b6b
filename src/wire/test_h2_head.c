/* Heads that are refused, and what for; a normal stream beside each of them goes on. */
#include "base/test.h"
#include "wire/h2_trace.h"

#define START ":method: POST\n:scheme: http\n:path: /x\n:authority: h\n"

struct row {
    const char *lines, *code; /* NULL: it passes */
};

static const struct row rows[] = {
    {START, NULL},
    {":path: /x\n:authority: [::1]:8\n:method: POST\n:scheme: https\n", NULL},
    {":method: POST\n:scheme: http\n:path: /x\nhost: h\n", NULL},
    {START "host: h\n", NULL},
    {START "host: H\n", NULL},
    {START "te: trailers\n", NULL},
    {START "x: \n", NULL},
    {START "x: a\tb \xc3\xa9\n", NULL},
    {START "accept: a\naccept: b\n", NULL},
    {START "cookie: a\ncookie: b\n", NULL},
    {":method: POST\n:scheme: http\n:path: /x?a=b\n:authority: h\n", NULL},
    /* pseudo-header fields, RFC 9113 §8.3 */
    {"", "http_syntax"},
    {"x: y\n", "http_syntax"},
    {":scheme: http\n:path: /x\n:authority: h\n", "http_syntax"},
    {":method: POST\n:path: /x\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: /x\n", "http_host"},
    {START ":path: /y\n", "http_syntax"},
    {START ":method: GET\n", "http_syntax"},
    {START ":status: 200\n", "http_syntax"},
    {START ":protocol: websocket\n", "http_syntax"},
    {START ":: x\n", "http_syntax"},
    {":method: POST\nx: y\n:scheme: http\n:path: /x\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: ftp\n:path: /x\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: HTTP\n:path: /x\n:authority: h\n", "http_syntax"},
    {":Method: POST\n:scheme: http\n:path: /x\n:authority: h\n", "http_syntax"},
    /* what would be another request, or another path, in HTTP/1.1 */
    {":method: POST\n:scheme: http\n:path: /x HTTP/1.1\r\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: /x y\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: /x#y\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: /a/../x\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: //x\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: /%2e%2e/x\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: /x\?a b\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: x\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: \n:authority: h\n", "http_syntax"},
    {":method: OPTIONS\n:scheme: http\n:path: *\n:authority: h\n", "http_syntax"},
    {":method: POST\n:scheme: http\n:path: http://h/x\n:authority: h\n", "http_syntax"},
    {":method: PO ST\n:scheme: http\n:path: /x\n:authority: h\n", "http_syntax"},
    {":method: GET /y HTTP/1.1\n:scheme: http\n:path: /x\n:authority: h\n", "http_syntax"},
    {":method: \n:scheme: http\n:path: /x\n:authority: h\n", "http_syntax"},
    {":method: CONNECT\n:authority: h:80\n", "http_method"},
    {":method: CONNECT\n:scheme: http\n:path: /x\n:authority: h\n", "http_method"},
    {":method: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n:scheme: http\n:path: /x\n:authority: h\n",
     "http_method"},
    /* who is meant */
    {":method: POST\n:scheme: http\n:path: /x\n:authority: \n", "http_host"},
    {":method: POST\n:scheme: http\n:path: /x\n:authority: u@h\n", "http_host"},
    {":method: POST\n:scheme: http\n:path: /x\n:authority: h/y\n", "http_host"},
    {":method: POST\n:scheme: http\n:path: /x\n:authority: h\r\n", "http_host"},
    {START "host: other\n", "http_host"},
    {START "host: h\nhost: h\n", "http_host"},
    {START "host: \n", "http_host"},
    /* fields, RFC 9113 §8.2 */
    {START "X: y\n", "http_header"},
    {START "x_y: z\n", "http_header"},
    {START "x y: z\n", "http_syntax"},
    {START "x\r: z\n", "http_syntax"},
    {START "x: a\rb\n", "http_syntax"},
    {START "x:  outer\n", "http_syntax"},
    {START "x: outer \n", "http_syntax"},
    {START "x: outer\t\n", "http_syntax"},
    {START "x: \x7f\n", "http_syntax"},
    {START "x: \x01\n", "http_syntax"},
    {START "connection: close\n", "http_header"},
    {START "connection: keep-alive\n", "http_header"},
    {START "keep-alive: 5\n", "http_header"},
    {START "proxy-connection: close\n", "http_header"},
    {START "transfer-encoding: chunked\n", "http_header"},
    {START "upgrade: h2c\n", "http_header"},
    {START "trailer: x\n", "http_header"},
    {START "te: gzip\n", "http_header"},
    {START "te: trailers, gzip\n", "http_header"},
    {START "authorization: a\nauthorization: b\n", "http_header"},
    {START "content-type: a\ncontent-type: b\n", "http_header"},
    {START "expect: something\n", "http_expect"},
    /* the body */
    {START "content-length: 0\n", NULL},
    {START "content-length: 1\n", "http_framing"},
    {START "content-length: -1\n", "http_framing"},
    {START "content-length: 00\n", "http_framing"},
    {START "content-length: 0\ncontent-length: 0\n", "http_framing"},
    {START "content-length: 18446744073709551616\n", "http_framing"},
};

static struct h2_trace trace;

static void open_trace(struct pst_buf *in)
{
    struct pst_h2_limits limits = h2_trace_limits();
    assert_true(h2_trace_open(&trace, &limits));
    trace.answer = true;
    pst_buf_init(in, 1 << 20);
    h2_put_begin(in);
}

static void feed(struct pst_buf *in)
{
    h2_put_headers(in, 99, START, true); /* the normal one */
    assert_int_equal(h2_trace_feed(&trace, pst_buf_str(in)), PST_E_NONE);
    assert_true(pst_str_find(pst_buf_str(&trace.events), PST_STR("99 END 0")) != PST_NPOS);
    assert_int_equal(h2_count_frames(pst_buf_str(&trace.out), 7, NULL, NULL), 0);
    pst_buf_release(in);
}

static bool said(const char *text)
{
    return pst_str_find(pst_buf_str(&trace.events), pst_str_c(text)) != PST_NPOS;
}

static void check(const char *lines, const char *code)
{
    char want[64];
    snprintf(want, sizeof want, code == NULL ? "1 END" : "1 BROKEN %s\n", code);
    if (!said(want) || said("1 HEAD") != (code == NULL)) {
        print_message("%s\nwants %s, got\n%.*s\n", lines, want, (int)trace.events.n,
                      (const char *)trace.events.p);
        fail();
    }
}

static void test_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_buf in;
        open_trace(&in);
        h2_put_headers(&in, 1, rows[i].lines, true);
        feed(&in);
        check(rows[i].lines, rows[i].code);
        h2_trace_close(&trace);
    }
}

/* Bytes that no text line can hold. */
static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        struct pst_str name, value;
        const char *code;
    } fields[] = {
        {PST_STR_INIT("x"), PST_STR_INIT("a\r\nb: c"), "http_syntax"},
        {PST_STR_INIT("x"), PST_STR_INIT("a\nb"), "http_syntax"},
        {PST_STR_INIT("x"), PST_STR_INIT("a\0b"), "http_syntax"},
        {PST_STR_INIT("x\0y"), PST_STR_INIT("a"), "http_syntax"},
        {PST_STR_INIT("x\r\ny"), PST_STR_INIT("a"), "http_syntax"},
        {PST_STR_INIT("x: a\r\nhost"), PST_STR_INIT("a"), "http_syntax"},
        {PST_STR_INIT(""), PST_STR_INIT("a"), "http_syntax"},
        {PST_STR_INIT("\x80"), PST_STR_INIT("a"), "http_syntax"},
    };
    for (size_t i = 0; i < PST_LEN(fields); i++) {
        struct pst_buf in, block;
        open_trace(&in);
        pst_buf_init(&block, 1 << 16);
        h2_put_fields(&block, START);
        h2_put_field(&block, fields[i].name, fields[i].value);
        h2_put_frame(&in, 1, 5, 1, pst_buf_str(&block));
        pst_buf_release(&block);
        feed(&in);
        check("bytes", fields[i].code);
        h2_trace_close(&trace);
    }
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *length;
        size_t sent;
        bool trailers;
        const char *code;
    } bodies[] = {
        {"", 5, false, NULL},
        {"content-length: 5\n", 5, false, NULL},
        {"content-length: 6\n", 5, false, "http_framing"},
        {"content-length: 4\n", 5, false, "http_framing"},
        {"content-length: 0\n", 5, false, "http_framing"},
        {"content-length: 1048576\n", 5, false, "http_framing"},
        {"content-length: 1048577\n", 5, false, "body_too_large"},
        {"", 5, true, "http_framing"},
        {"content-length: 5\n", 5, true, "http_framing"},
    };
    for (size_t i = 0; i < PST_LEN(bodies); i++) {
        struct pst_buf in;
        char lines[256], want[64];
        open_trace(&in);
        snprintf(lines, sizeof lines, START "%s", bodies[i].length);
        h2_put_headers(&in, 1, lines, false);
        h2_put_data(&in, 1, pst_str_cut(PST_STR("abcdefgh"), 0, bodies[i].sent),
                    !bodies[i].trailers);
        if (bodies[i].trailers) {
            h2_put_headers(&in, 1, "x: y\n", true);
        }
        feed(&in);
        snprintf(want, sizeof want, bodies[i].code == NULL ? "1 END 5" : "1 BROKEN %s\n",
                 bodies[i].code);
        assert_true(said(want));
        h2_trace_close(&trace);
    }
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        size_t path, value, fields, each;
        const char *code;
    } sizes[] = {
        {4096, 1, 1, 1, NULL},
        {4097, 1, 1, 1, "http_uri_limit"},
        {2, 8189, 1, 1, NULL},
        {2, 8190, 1, 1, "http_header_limit"},
        {2, 1, 98, 1, NULL},
        {2, 1, 101, 1, "http_header_limit"},
        {2, 1, 60, 500, "http_header_limit"},
    };
    for (size_t i = 0; i < PST_LEN(sizes); i++) {
        static uint8_t many[8192];
        struct pst_buf in, block;
        open_trace(&in);
        pst_buf_init(&block, 1 << 20);
        memset(many, 'a', sizeof many);
        many[0] = '/';
        h2_put_fields(&block, ":method: POST\n:scheme: http\n:authority: h\n");
        h2_put_field(&block, PST_STR(":path"), pst_str_of(many, sizes[i].path));
        h2_put_field(&block, PST_STR("x"), pst_str_of(many, sizes[i].value));
        for (size_t k = 0; k < sizes[i].fields; k++) {
            h2_put_field(&block, PST_STR("y"), pst_str_of(many, sizes[i].each));
        }
        struct pst_str rest = pst_buf_str(&block);
        bool first = true;
        while (rest.n > 0 || first) { /* as few frames as may be */
            struct pst_str part = pst_str_cut(rest, 0, 16384);
            rest = pst_str_from(rest, part.n);
            h2_put_frame(&in, first ? 1 : 9, (first ? 1u : 0u) | (rest.n == 0 ? 4u : 0u), 1, part);
            first = false;
        }
        pst_buf_release(&block);
        feed(&in);
        check("sizes", sizes[i].code);
        h2_trace_close(&trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
