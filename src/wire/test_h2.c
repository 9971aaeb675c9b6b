/* HTTP/2: what a connection does when everybody means well, or almost. */
#include "base/test.h"
#include "base/test_heap.h"
#include "wire/h2_trace.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#define GET ":method: GET\n:scheme: http\n:path: /v1/models\n:authority: h\n"
#define POST ":method: POST\n:scheme: http\n:path: /v1/chat/completions\n:authority: h\n"

static struct h2_trace trace; /* large */

static struct h2_trace *begin(struct pst_buf *in)
{
    struct pst_h2_limits limits = h2_trace_limits();
    assert_true(h2_trace_open(&trace, &limits));
    pst_buf_init(in, 1 << 24);
    h2_put_begin(in);
    return &trace;
}

static void end(struct h2_trace *t, struct pst_buf *in)
{
    h2_trace_close(t);
    pst_buf_release(in);
}

#define assert_events(t, literal)                                                                  \
    do {                                                                                           \
        pst_buf_byte(&(t)->events, 0);                                                             \
        assert_string_equal((const char *)(t)->events.p, literal);                                 \
        pst_buf_truncate(&(t)->events, (t)->events.n - 1);                                         \
    } while (0)

static void test_requests(void **state)
{
    (void)state;
    struct pst_buf in;
    struct h2_trace *t = begin(&in);
    t->answer = true;
    h2_put_headers(&in, 1, GET "accept: */*\ncookie: a=1\nx: y\ncookie: b=2\nte: trailers\n", true);
    h2_put_headers(&in, 3, POST "content-length: 5\nhost: H\n", false);
    h2_put_data(&in, 3, PST_STR("he"), false);
    h2_put_headers(&in, 5, POST "expect: 100-continue\n", false);
    h2_put_data(&in, 3, PST_STR("llo"), true);
    h2_put_data(&in, 5, PST_STR(""), true);
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    assert_events(t, "1 HEAD GET /v1/models host=h body=0/0\n1  accept=*/*\n1  cookie=a=1; b=2\n"
                     "1  x=y\n1  host=h\n1 END 0 00000000\n"
                     "3 HEAD POST /v1/chat/completions host=H body=1/5\n3  content-length=5\n"
                     "3  host=H\n"
                     "5 HEAD POST /v1/chat/completions host=h body=2/0 expect\n"
                     "5  expect=100-continue\n5  host=h\n"
                     "3 END 5 05e918d2\n5 END 0 00000000\n");
    uint32_t id = 0;
    struct pst_str out = pst_buf_str(&t->out);
    assert_int_equal(h2_count_frames(out, 1, NULL, NULL), 3);
    assert_true(h2_count_frames(out, 0, NULL, NULL) >= 3);
    assert_int_equal(h2_count_frames(out, 3, &id, NULL), 0);
    assert_int_equal(h2_count_frames(out, 7, NULL, NULL), 0);
    assert_int_equal(pst_h2_live(t->h), 0);
    assert_false(pst_h2_ended(t->h));
    pst_h2_goaway(t->h);
    h2_trace_send(t);
    assert_true(pst_h2_ended(t->h));
    end(t, &in);
}

/* The same events, however the bytes are cut. */
static void test_splits(void **state)
{
    (void)state;
    struct pst_buf in, whole;
    struct h2_trace *t = begin(&in);
    pst_buf_init(&whole, 1 << 20);
    t->answer = true;
    h2_put_headers(&in, 1, GET, true);
    h2_put_headers(&in, 3, POST "content-length: 9\n", false);
    h2_put_headers(&in, 5, POST "Upper: x\n", false);
    h2_put_data(&in, 3, PST_STR("some text"), true);
    h2_put_data(&in, 5, PST_STR("other text"), true);
    h2_put_headers(&in, 7, POST "content-length: 3\n", false);
    h2_put_data(&in, 7, PST_STR("more than three"), true);
    h2_put_headers(&in, 9, POST, false);
    h2_put_u32(&in, 3, 9, 8);
    struct pst_buf block;
    pst_buf_init(&block, 4096);
    h2_put_fields(&block, GET);
    for (size_t at = 0, k = 0; k < 7; k++, at += 9) {
        h2_put_frame(&in, k == 0 ? 1 : 9, (k == 0 ? 1u : 0u) | (k == 6 ? 4u : 0u), 11,
                     pst_str_cut(pst_buf_str(&block), at, k == 6 ? SIZE_MAX : 9));
    }
    pst_buf_release(&block);
    h2_put_frame(&in, 6, 0, 0, PST_STR("pingping"));
    h2_put_u32(&in, 8, 0, 0); /* a window update of nothing: the end of it */
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    pst_buf_add(&whole, pst_buf_str(&t->events));
    assert_int_equal(h2_count_frames(pst_buf_str(&t->out), 7, NULL, NULL), 1);
    assert_true(pst_h2_ended(t->h));
    h2_trace_close(t);
    srand(1);
    for (size_t i = 0; i < in.n + 20; i++) {
        size_t cuts[3] = {i == 0 ? 1 : i, i < in.n ? in.n : (size_t)rand() % 20 + 1,
                          (size_t)rand() % 9 + 1};
        struct pst_h2_limits limits = h2_trace_limits();
        assert_true(h2_trace_open(t, &limits));
        t->answer = true;
        (void)h2_trace_cut(t, pst_buf_str(&in), cuts, i == 0 ? 1 : 3);
        assert_true(pst_str_eq(pst_buf_str(&t->events), pst_buf_str(&whole)));
        h2_trace_close(t);
    }
    pst_buf_release(&whole);
    pst_buf_release(&in);
}

/* A body that is not taken: a window's worth comes, is kept, and not a byte more is asked for. */
static void test_hold(void **state)
{
    (void)state;
    static uint8_t bytes[16000];
    struct pst_buf in;
    struct h2_trace *t = begin(&in);
    t->hold = true;
    h2_put_headers(&in, 1, POST, false);
    h2_put_headers(&in, 3, POST, false);
    size_t left = PST_H2_WINDOW_LEAST;
    while (left > 0) {
        size_t n = left < sizeof bytes ? left : sizeof bytes;
        h2_put_data(&in, 1, pst_str_of(bytes, n), false);
        left -= n;
    }
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    struct h2_trace_stream *s = h2_trace_stream(t, 1);
    assert_int_equal(s->body, sizeof bytes);
    uint32_t id = 0;
    pst_buf_clear(&t->out);
    pst_buf_clear(&in);
    h2_put_data(&in, 3, PST_STR("another"), true); /* others are not held up */
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    assert_int_equal(h2_trace_stream(t, 3)->body, 7);
    h2_trace_resume(t);
    assert_int_equal(s->body, PST_H2_WINDOW_LEAST);
    assert_int_equal(h2_count_frames(pst_buf_str(&t->out), 8, &id, NULL), 1);
    assert_int_equal(id, 1);
    t->hold = false;
    h2_trace_resume(t);
    pst_buf_clear(&in);
    h2_put_data(&in, 1, PST_STR("the rest"), true);
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    assert_int_equal(s->body, PST_H2_WINDOW_LEAST + 8);
    assert_true(pst_str_find(pst_buf_str(&t->events), PST_STR("3 END 7")) != PST_NPOS);
    assert_true(pst_str_find(pst_buf_str(&t->events), PST_STR("1 END 65543")) != PST_NPOS);
    end(t, &in);
}

/* More than the window, while it is held: the stream is reset, and counted. */
static void test_beyond_window(void **state)
{
    (void)state;
    static uint8_t bytes[16384];
    struct pst_buf in;
    struct h2_trace *t = begin(&in);
    t->hold = true;
    h2_put_frame(&in, 4, 1, 0, PST_STR(""));
    h2_put_headers(&in, 1, POST, false);
    for (int i = 0; i < 5; i++) {
        h2_put_data(&in, 1, pst_str_of(bytes, sizeof bytes), false);
    }
    (void)h2_trace_feed(t, pst_buf_str(&in));
    uint32_t id = 0, code = 0;
    assert_int_equal(h2_count_frames(pst_buf_str(&t->out), 3, &id, &code), 1);
    assert_int_equal(id, 1);
    assert_int_equal(code, NGHTTP2_FLOW_CONTROL_ERROR);
    assert_int_equal(h2_trace_stream(t, 1)->body, sizeof bytes);
    assert_true(pst_str_find(pst_buf_str(&t->events), PST_STR("1 CLOSED client_closed")) !=
                PST_NPOS);
    end(t, &in);
}

static struct pst_h2_stream *respond(struct h2_trace *t, uint32_t id, struct pst_str body)
{
    struct pst_err err = {0};
    struct pst_h2_stream *s = h2_trace_stream(t, id)->s;
    assert_int_equal(
        pst_h2_respond(s, 200, NULL, 0, (struct pst_h1_framing){.body = PST_H1_BODY_CHUNKED}, &err),
        PST_OK);
    assert_true(pst_h2_write(s, body));
    return s;
}

/* A client that opens no window keeps its answer waiting, nobody else's, and not for ever. */
static void test_zero_window(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_buf in;
    struct h2_trace *t = begin(&in);
    h2_put_frame(&in, 4, 0, 0, PST_STR("\0\4\0\0\0\0")); /* INITIAL_WINDOW_SIZE 0 */
    h2_put_headers(&in, 1, GET, true);
    h2_put_headers(&in, 3, GET, true);
    h2_put_headers(&in, 5, POST, false);
    h2_put_u32(&in, 8, 3, 1000);
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    struct pst_h2_stream *one = respond(t, 1, PST_STR("waits")),
                         *three = respond(t, 3, PST_STR("goes"));
    pst_h2_end(respond(t, 5, PST_STR("waits too")));
    h2_trace_stream(t, 5)->s = NULL;
    h2_trace_send(t);
    assert_int_equal(pst_h2_unsent(one), 5);
    assert_int_equal(pst_h2_unsent(three), 0);
    pst_h2_end(three);
    h2_trace_stream(t, 3)->s = NULL;
    h2_trace_send(t);
    assert_int_equal(pst_h2_live(t->h), 2);
    assert_int_equal(pst_h2_tick(t->h, t->now_ms + 29999, &err), PST_OK);
    h2_trace_send(t);
    assert_int_equal(h2_count_frames(pst_buf_str(&t->out), 3, NULL, NULL), 0);
    assert_int_equal(pst_h2_tick(t->h, t->now_ms + 30001, &err), PST_OK);
    h2_trace_send(t);
    assert_int_equal(h2_count_frames(pst_buf_str(&t->out), 3, NULL, NULL), 2);
    assert_true(pst_str_find(pst_buf_str(&t->events), PST_STR("1 CLOSED client_slow")) != PST_NPOS);
    assert_true(pst_str_find(pst_buf_str(&t->events), PST_STR("5 CLOSED")) == PST_NPOS);
    assert_int_equal(pst_h2_live(t->h), 0);
    end(t, &in);
}

/* An answer that is complete before its request: what comes is thrown away, then the stream ends.
 */
static void test_early_answer(void **state)
{
    (void)state;
    struct pst_err err = {0};
    static uint8_t bytes[16000];
    struct pst_buf in;
    uint32_t id = 0, code = 9;
    struct h2_trace *t = begin(&in);
    h2_put_headers(&in, 1, POST, false);
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    pst_h2_end(respond(t, 1, PST_STR("no")));
    h2_trace_stream(t, 1)->s = NULL;
    for (int i = 0; i < 10; i++) {
        pst_buf_clear(&in);
        h2_put_data(&in, 1, pst_str_of(bytes, sizeof bytes), false);
        assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    }
    assert_true(h2_count_frames(pst_buf_str(&t->out), 8, NULL, NULL) >= 2);
    assert_int_equal(h2_count_frames(pst_buf_str(&t->out), 3, NULL, NULL), 0);
    assert_int_equal(pst_h2_tick(t->h, t->now_ms + 2000, &err), PST_OK);
    h2_trace_send(t);
    assert_int_equal(h2_count_frames(pst_buf_str(&t->out), 3, &id, &code), 1);
    assert_int_equal(code, 0);
    assert_int_equal(pst_h2_live(t->h), 0);
    end(t, &in);
}

/* What is written may not grow without bound, and what is not an answer is not written. */
static void test_writing(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 20];
    struct pst_err err = {0};
    struct pst_buf in;
    struct h2_trace *t = begin(&in);
    h2_put_frame(&in, 4, 0, 0, PST_STR("\0\4\0\0\0\0"));
    h2_put_headers(&in, 1, GET, true);
    h2_put_headers(&in, 3, GET, true);
    h2_put_headers(&in, 5, GET, true);
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    const struct pst_h1_header bad[] = {
        {PST_STR("X"), PST_STR("upper")},
        {PST_STR(":status"), PST_STR("200")},
        {PST_STR("x"), PST_STR("a\r\nb: c")},
        {PST_STR("connection"), PST_STR("close")},
        {PST_STR("content-length"), PST_STR("1")},
        {PST_STR("x"), PST_STR(" outer")},
        {PST_STR(""), PST_STR("")},
    };
    struct pst_h2_stream *s = h2_trace_stream(t, 3)->s;
    const struct pst_h1_framing none = {.body = PST_H1_BODY_NONE};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_int_equal(pst_h2_respond(s, 200, &bad[i], 1, none, &err), PST_ERR);
    }
    assert_int_equal(pst_h2_respond(s, 100, NULL, 0, none, &err), PST_ERR);
    assert_true(pst_h2_proceed(s));
    assert_int_equal(pst_h2_respond(s, 204, NULL, 0, none, &err), PST_OK);
    assert_false(pst_h2_write(s, PST_STR("x")));
    pst_h2_end(s);
    h2_trace_stream(t, 3)->s = NULL;
    s = respond(t, 1, pst_str_of(bytes, sizeof bytes));
    assert_false(pst_h2_write(s, PST_STR("x")));
    struct pst_h2_stream *other = respond(t, 5, PST_STR(""));
    assert_false(pst_h2_write(other, PST_STR("x"))); /* of all together */
    pst_h2_reset(s, PST_H2_CANCEL);
    h2_trace_stream(t, 1)->s = NULL;
    assert_true(pst_h2_write(other, PST_STR("x")));
    h2_trace_send(t);
    assert_int_equal(pst_h2_live(t->h), 1);
    end(t, &in);
}

static void test_from_within(void **state)
{
    (void)state;
    struct pst_buf in;
    struct h2_trace *t = begin(&in);
    h2_put_headers(&in, 1, GET, true);
    h2_put_headers(&in, 3, GET, true);
    t->close_at_head = true;
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_CLIENT_CLOSED);
    assert_null(t->h);
    assert_null(h2_trace_stream(t, 3));
    end(t, &in);

    t = begin(&in);
    t->reset = true;
    for (uint32_t id = 1; id < 20; id += 2) {
        h2_put_headers(&in, id, POST "content-length: 3\n", false);
        h2_put_data(&in, id, PST_STR("abcd"), true);
    }
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    assert_int_equal(h2_count_frames(pst_buf_str(&t->out), 3, NULL, NULL), 10);
    assert_true(pst_str_find(pst_buf_str(&t->events), PST_STR("BROKEN")) == PST_NPOS);
    assert_int_equal(pst_h2_live(t->h), 0);
    end(t, &in);
}

/* --- nghttp2's own client --------------------------------------------------------------------- */

struct client {
    nghttp2_session *session;
    size_t done, body[64];
    uint32_t reset;
};

static int client_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
                       size_t n, void *user)
{
    struct client *c = user;
    (void)session;
    (void)flags;
    char want[16];
    snprintf(want, sizeof want, "%d", id);
    assert_int_equal(n, strlen(want)); /* its own answer, nobody else's */
    assert_memory_equal(data, want, n);
    c->body[id / 2] += n;
    return 0;
}

static int client_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    struct client *c = user;
    (void)session;
    (void)id;
    c->done++;
    c->reset = code != 0 ? code : c->reset;
    return 0;
}

static ssize_t client_body(nghttp2_session *session, int32_t id, uint8_t *buf, size_t length,
                           uint32_t *flags, nghttp2_data_source *source, void *user)
{
    size_t *left = source->ptr;
    (void)session;
    (void)id;
    (void)user;
    size_t n = *left < length ? *left : length;
    memset(buf, 'b', n);
    *left -= n;
    *flags |= *left == 0 ? NGHTTP2_DATA_FLAG_EOF : 0;
    return (ssize_t)n;
}

static void client_exchange(struct client *c, struct h2_trace *t)
{
    for (bool moved = true; moved;) {
        const uint8_t *p = NULL;
        ssize_t n = nghttp2_session_mem_send(c->session, &p);
        assert_true(n >= 0);
        moved = n > 0;
        if (n > 0) {
            assert_int_equal(h2_trace_feed(t, pst_str_of(p, (size_t)n)), PST_E_NONE);
        }
        h2_trace_send(t);
        if (t->out.n > 0) {
            n = nghttp2_session_mem_recv(c->session, t->out.p, t->out.n);
            assert_int_equal(n, t->out.n);
            pst_buf_clear(&t->out);
            moved = true;
        }
    }
}

static nghttp2_nv field(const char *name, const char *value)
{
    union {
        const char *in;
        uint8_t *out;
    } n = {name}, v = {value};
    return (nghttp2_nv){n.out, v.out, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static void test_client(void **state)
{
    (void)state;
    struct pst_h2_limits limits = h2_trace_limits();
    struct client c = {0};
    nghttp2_session_callbacks *callbacks = NULL;
    static size_t left[40];
    assert_true(h2_trace_open(&trace, &limits));
    trace.answer = true;
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, client_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, client_close);
    assert_int_equal(nghttp2_session_client_new(&c.session, callbacks, &c), 0);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(c.session, 0, NULL, 0), 0);
    for (size_t i = 0; i < PST_LEN(left); i++) {
        const nghttp2_nv nv[] = {field(":method", "POST"), field(":scheme", "https"),
                                 field(":path", "/v1/chat/completions"),
                                 field(":authority", "gateway.example:8443"),
                                 field("content-type", "application/json")};
        left[i] = i * 7001;
        const nghttp2_data_provider body = {.source.ptr = &left[i], .read_callback = client_body};
        assert_true(nghttp2_submit_request(c.session, NULL, nv, PST_LEN(nv), &body, NULL) > 0);
    }
    client_exchange(&c, &trace);
    assert_int_equal(c.done, PST_LEN(left));
    assert_int_equal(c.reset, 0);
    for (size_t i = 0; i < PST_LEN(left); i++) {
        assert_true(c.body[i] > 0);
        assert_int_equal(trace.streams[i].body, i * 7001);
    }
    assert_int_equal(pst_h2_live(trace.h), 0);
    nghttp2_session_del(c.session);
    h2_trace_close(&trace);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Every allocation, ours and nghttp2's, fails once: an error, or a stream less; never a crash. */
static void test_no_memory(void **state)
{
    (void)state;
    struct pst_buf in;
    struct h2_trace *t = begin(&in);
    h2_trace_close(t);
    h2_put_headers(&in, 1, GET "cookie: a\ncookie: b\n", true);
    h2_put_headers(&in, 3, POST, false);
    h2_put_data(&in, 3, PST_STR("some text"), true);
    bool whole = false;
    for (size_t nth = 1; !whole; nth++) {
        struct pst_h2_limits limits = h2_trace_limits();
        test_heap_fail_from(nth);
        if (h2_trace_open(t, &limits)) {
            t->answer = true;
            (void)h2_trace_feed(t, pst_buf_str(&in));
        }
        whole = test_heap_count() < nth;
        test_heap_fail_from(0);
        h2_trace_close(t);
        assert_true(nth < 2000);
    }
    pst_buf_release(&in);
}

/* The memory of a session has a bound of its own. */
static void test_memory_bound(void **state)
{
    (void)state;
    struct pst_buf in;
    struct h2_trace *t = begin(&in);
    h2_trace_close(t);
    struct pst_h2_limits limits = h2_trace_limits();
    assert_true(h2_trace_open(t, &limits));
    for (uint32_t id = 1; id < 200; id += 2) {
        h2_put_headers(&in, id, POST "x: some header that is kept somewhere else\n", false);
    }
    assert_int_equal(h2_trace_feed(t, pst_buf_str(&in)), PST_E_NONE);
    assert_int_equal(pst_h2_live(t->h), 100);
    print_message("an HTTP/2 connection with 100 streams takes %zu bytes\n", pst_h2_memory(t->h));
    assert_true(pst_h2_memory(t->h) < 256 * 1024 + 100 * PST_H2_STREAM_MEMORY);
    h2_trace_close(t);

    limits.memory_bytes = 64 * 1024;
    enum pst_error code = PST_E_NO_MEMORY;
    if (h2_trace_open(t, &limits)) {
        code = h2_trace_feed(t, pst_buf_str(&in));
    }
    assert_int_equal(code, PST_E_NO_MEMORY);
    h2_trace_close(t);
    pst_buf_release(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),     cmocka_unit_test(test_splits),
        cmocka_unit_test(test_hold),         cmocka_unit_test(test_beyond_window),
        cmocka_unit_test(test_zero_window),  cmocka_unit_test(test_early_answer),
        cmocka_unit_test(test_writing),      cmocka_unit_test(test_from_within),
        cmocka_unit_test(test_client),       cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_memory_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
