/* Floods, each alone: the connection ends, with the reason that it deserves, at a bounded cost. */
#include "base/test.h"
#include "wire/h2_trace.h"

#include <nghttp2/nghttp2.h>

#define GET ":method: GET\n:scheme: http\n:path: /v1/models\n:authority: h\n"
#define POST ":method: POST\n:scheme: http\n:path: /v1/chat/completions\n:authority: h\n"

static struct h2_trace trace;
static struct pst_buf in;

static void begin(void)
{
    struct pst_h2_limits limits = h2_trace_limits();
    assert_true(h2_trace_open(&trace, &limits));
    pst_buf_init(&in, 1 << 26);
    h2_put_begin(&in);
}

/* Ended by a GOAWAY with this code, and streams with it. */
static void ends(uint32_t code)
{
    const size_t cuts[] = {16384};
    uint32_t got = 0xffff;
    (void)h2_trace_cut(&trace, pst_buf_str(&in), cuts, 1);
    h2_trace_send(&trace);
    assert_true(h2_count_frames(pst_buf_str(&trace.out), 7, NULL, &got) >= 1);
    assert_int_equal(got, code);
    assert_true(pst_h2_ended(trace.h));
    assert_true(pst_h2_memory(trace.h) < 256 * 1024 + 100 * PST_H2_STREAM_MEMORY);
    assert_true(trace.live_most <= 100);
    assert_int_not_equal(h2_trace_feed(&trace, PST_STR("x")), PST_E_NONE);
    for (size_t i = 0; i < trace.n_streams; i++) {
        assert_null(trace.streams[i].s); /* its owner knows */
    }
    h2_trace_close(&trace);
    pst_buf_release(&in);
}

static void passes(void)
{
    const size_t cuts[] = {16384};
    assert_int_equal(h2_trace_cut(&trace, pst_buf_str(&in), cuts, 1), PST_E_NONE);
    assert_false(pst_h2_ended(trace.h));
    h2_trace_close(&trace);
    pst_buf_release(&in);
}

static void test_rapid_reset(void **state)
{
    (void)state;
    for (int n = 90; n <= 110; n += 20) {
        begin();
        for (uint32_t i = 0; i < (uint32_t)n; i++) {
            h2_put_headers(&in, 2 * i + 1, GET, true);
            h2_put_u32(&in, 3, 2 * i + 1, 8);
        }
        if (n < 100) {
            passes();
        } else {
            ends(NGHTTP2_ENHANCE_YOUR_CALM);
        }
    }
}

/* Tokens come back with time. */
static void test_refill(void **state)
{
    (void)state;
    begin();
    for (uint32_t i = 0; i < 240; i++) {
        h2_put_headers(&in, 2 * i + 1, GET, true);
        h2_put_u32(&in, 3, 2 * i + 1, 8);
        assert_int_equal(h2_trace_feed(&trace, pst_buf_str(&in)), PST_E_NONE);
        pst_buf_clear(&in);
        trace.now_ms += 200;
    }
    passes();
}

/* The client does not reset; it makes the server do it. */
static void test_made_you_reset(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        begin();
        for (uint32_t i = 0; i < 200; i++) {
            uint32_t id = 2 * i + 1;
            h2_put_headers(&in, id, kind == 1 ? GET : POST, kind == 1);
            if (kind == 0) {
                h2_put_u32(&in, 8, id, 0);
            } else if (kind == 1) {
                h2_put_data(&in, id, PST_STR("behind the end"), false);
            } else if (kind == 2) {
                h2_put_u32(&in, 8, id, 0x7fffffff);
            } else {
                h2_put_headers(&in, id, "Malformed: x\n", true);
            }
        }
        const size_t cuts[] = {100};
        uint32_t code = 0xffff;
        (void)h2_trace_cut(&trace, pst_buf_str(&in), cuts, 1);
        h2_trace_send(&trace);
        assert_int_equal(h2_count_frames(pst_buf_str(&trace.out), 7, NULL, &code), 1);
        assert_int_not_equal(code, NGHTTP2_NO_ERROR);
        assert_true(pst_h2_ended(trace.h));
        assert_true(trace.n_streams <= 102);
        h2_trace_close(&trace);
        pst_buf_release(&in);
    }
}

static void test_malformed_heads(void **state)
{
    (void)state;
    begin();
    trace.answer = true;
    for (uint32_t i = 0; i < 200; i++) {
        h2_put_headers(&in, 2 * i + 1, "", true);
    }
    ends(NGHTTP2_ENHANCE_YOUR_CALM);
}

static void test_control(void **state)
{
    (void)state;
    static const struct {
        unsigned type, flags;
        uint32_t id;
        struct pst_str payload;
    } frames[] = {
        {6, 0, 0, PST_STR_INIT("pingping")},
        {6, 1, 0, PST_STR_INIT("pingping")},
        {4, 0, 0, PST_STR_INIT("")},
        {4, 0, 0, PST_STR_INIT("\0\4\0\1\0\0")},
        {2, 0, 1, PST_STR_INIT("\0\0\0\0\1")},
        {2, 0, 77, PST_STR_INIT("\0\0\0\0\1")},
        {8, 0, 0, PST_STR_INIT("\0\0\0\1")},
        {8, 0, 1, PST_STR_INIT("\0\0\0\1")},
        {0, 0, 1, PST_STR_INIT("")},
        {0, 8, 1, PST_STR_INIT("\4abcd")},
        {0, 8, 1, PST_STR_INIT("\0")},
        {0x10, 0, 0, PST_STR_INIT("\0\0\0\1u=1")},
        {0xee, 0, 0, PST_STR_INIT("whatever")},
        {0xee, 0, 1, PST_STR_INIT("")},
        {7, 0, 0, PST_STR_INIT("\0\0\0\0\0\0\0\0")},
    };
    for (size_t i = 0; i < PST_LEN(frames); i++) {
        for (int n = 90; n <= 1500; n += 1410) {
            begin();
            h2_put_headers(&in, 1, POST, false);
            for (int k = 0; k < n; k++) {
                h2_put_frame(&in, frames[i].type, frames[i].flags, frames[i].id, frames[i].payload);
            }
            if (n < 100) {
                passes();
            } else {
                ends(NGHTTP2_ENHANCE_YOUR_CALM);
            }
        }
    }
}

/* DATA for a stream that ended is nobody's, and does not go on for ever. */
static void test_nobodys_data(void **state)
{
    (void)state;
    static uint8_t bytes[16000];
    begin();
    h2_put_headers(&in, 1, POST, false);
    h2_put_u32(&in, 3, 1, 8);
    for (int i = 0; i < 200; i++) {
        h2_put_data(&in, 1, pst_str_of(bytes, i % 2 == 0 ? sizeof bytes : 0), false);
    }
    ends(NGHTTP2_ENHANCE_YOUR_CALM);
}

/* A client that takes a large answer in small steps is no flood. */
static void test_acknowledging(void **state)
{
    (void)state;
    static uint8_t bytes[4000];
    struct pst_err err = {0};
    begin();
    h2_put_headers(&in, 1, GET, true);
    assert_int_equal(h2_trace_feed(&trace, pst_buf_str(&in)), PST_E_NONE);
    struct pst_h2_stream *s = h2_trace_stream(&trace, 1)->s;
    assert_int_equal(
        pst_h2_respond(s, 200, NULL, 0, (struct pst_h1_framing){.body = PST_H1_BODY_CHUNKED}, &err),
        PST_OK);
    for (int i = 0; i < 5000; i++) {
        assert_true(pst_h2_write(s, pst_str_of(bytes, sizeof bytes)));
        pst_buf_clear(&in);
        pst_buf_clear(&trace.out);
        h2_trace_send(&trace);
        h2_put_u32(&in, 8, 0, 2000);
        h2_put_u32(&in, 8, 0, 2000);
        h2_put_u32(&in, 8, 1, 2000);
        h2_put_u32(&in, 8, 1, 2000);
        assert_int_equal(h2_trace_feed(&trace, pst_buf_str(&in)), PST_E_NONE);
    }
    assert_int_equal(pst_h2_unsent(s), 0);
    pst_buf_clear(&in);
    passes();
}

static void test_continuation(void **state)
{
    (void)state;
    begin();
    struct pst_buf block;
    pst_buf_init(&block, 1 << 16);
    h2_put_fields(&block, GET);
    h2_put_frame(&in, 1, 1, 1, pst_buf_str(&block));
    pst_buf_release(&block);
    for (int i = 0; i < 5000; i++) {
        h2_put_frame(&in, 9, 0, 1, PST_STR(""));
    }
    ends(NGHTTP2_ENHANCE_YOUR_CALM);
}

/* One long value in the table, and a byte for each time it is meant: 4000 bytes for one. */
static void test_hpack_bomb(void **state)
{
    (void)state;
    static uint8_t value[3900];
    begin();
    struct pst_buf block;
    pst_buf_init(&block, 1 << 16);
    memset(value, 'v', sizeof value);
    h2_put_fields(&block, GET);
    pst_buf_byte(&block, 0x40); /* kept in the table */
    pst_buf_byte(&block, 1);
    pst_buf_byte(&block, 'x');
    pst_buf_byte(&block, 127);
    pst_buf_byte(&block, (uint8_t)((sizeof value - 127) % 128 + 128));
    pst_buf_byte(&block, (uint8_t)((sizeof value - 127) / 128));
    pst_buf_add(&block, pst_str_of(value, sizeof value));
    for (int i = 0; i < 8000; i++) {
        pst_buf_byte(&block, 0x80 | 62);
    }
    h2_put_frame(&in, 1, 5, 1, pst_buf_str(&block));
    pst_buf_release(&block);
    ends(NGHTTP2_ENHANCE_YOUR_CALM);
}

/* More streams than may be open: refused, others go on; again and again: the end. */
static void test_streams(void **state)
{
    (void)state;
    begin();
    for (uint32_t i = 0; i < 150; i++) {
        h2_put_headers(&in, 2 * i + 1, POST, false);
    }
    const size_t cuts[] = {4096};
    assert_int_equal(h2_trace_cut(&trace, pst_buf_str(&in), cuts, 1), PST_E_NONE);
    assert_int_equal(trace.live_most, 100);
    assert_int_equal(h2_count_frames(pst_buf_str(&trace.out), 3, NULL, NULL), 50);
    pst_buf_clear(&in);
    for (uint32_t i = 150; i < 250; i++) {
        h2_put_headers(&in, 2 * i + 1, POST, false);
    }
    ends(NGHTTP2_ENHANCE_YOUR_CALM);
}

/* What RFC 9113 calls a connection error. */
static void test_broken(void **state)
{
    (void)state;
    static const struct {
        unsigned type, flags;
        uint32_t id;
        struct pst_str payload;
        uint32_t code;
    } frames[] = {
        {0, 1, 0, PST_STR_INIT("x"), NGHTTP2_PROTOCOL_ERROR},
        {0, 1, 5, PST_STR_INIT("x"), NGHTTP2_PROTOCOL_ERROR}, /* idle */
        {1, 5, 2, PST_STR_INIT(""), NGHTTP2_PROTOCOL_ERROR},  /* even */
        {1, 5, 0, PST_STR_INIT(""), NGHTTP2_PROTOCOL_ERROR},
        {1, 5, 3, PST_STR_INIT("\xff\xff\xff\xff\xff"), NGHTTP2_COMPRESSION_ERROR},
        {1, 5, 3, PST_STR_INIT("\x80"), NGHTTP2_COMPRESSION_ERROR},
        {3, 0, 5, PST_STR_INIT("\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR},
        {4, 0, 0, PST_STR_INIT("\0"), NGHTTP2_FRAME_SIZE_ERROR},
        {4, 1, 0, PST_STR_INIT("\0\0\0\0\0\0"), NGHTTP2_FRAME_SIZE_ERROR},
        {4, 0, 1, PST_STR_INIT(""), NGHTTP2_PROTOCOL_ERROR},
        {4, 0, 0, PST_STR_INIT("\0\4\xff\xff\xff\xff"), NGHTTP2_FLOW_CONTROL_ERROR},
        {4, 0, 0, PST_STR_INIT("\0\2\0\0\0\2"), NGHTTP2_PROTOCOL_ERROR},
        {5, 4, 1, PST_STR_INIT("\0\0\0\2"), NGHTTP2_PROTOCOL_ERROR}, /* a client pushes nothing */
        {6, 0, 0, PST_STR_INIT("short"), NGHTTP2_FRAME_SIZE_ERROR},
        {8, 0, 0, PST_STR_INIT("\0\0\0\0"), NGHTTP2_PROTOCOL_ERROR},
        {8, 0, 0, PST_STR_INIT("\x7f\xff\xff\xff"), NGHTTP2_FLOW_CONTROL_ERROR},
        {9, 4, 1, PST_STR_INIT(""), NGHTTP2_PROTOCOL_ERROR},
    };
    for (size_t i = 0; i < PST_LEN(frames); i++) {
        begin();
        h2_put_headers(&in, 1, POST, false);
        h2_put_frame(&in, frames[i].type, frames[i].flags, frames[i].id, frames[i].payload);
        ends(frames[i].code);
    }
}

/* An id that was used, of a stream that ended. */
static void test_reuse(void **state)
{
    (void)state;
    begin();
    trace.answer = true;
    h2_put_headers(&in, 3, GET, true);
    assert_int_equal(h2_trace_feed(&trace, pst_buf_str(&in)), PST_E_NONE);
    assert_int_equal(pst_h2_live(trace.h), 0);
    pst_buf_clear(&in);
    h2_put_headers(&in, 3, GET, true);
    h2_put_headers(&in, 1, GET, true);
    (void)h2_trace_feed(&trace, pst_buf_str(&in));
    assert_int_equal(trace.n_streams, 1);
    assert_true(pst_h2_ended(trace.h));
    pst_buf_clear(&in);
    h2_trace_close(&trace);
    pst_buf_release(&in);
}

static void test_preface(void **state)
{
    (void)state;
    static const char *const bad[] = {"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
                                      "PRI * HTTP/2.0\r\n\r\nSX", "\x16\x03\x01\x02"};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        begin();
        pst_buf_clear(&in);
        pst_buf_add(&in, pst_str_c(bad[i]));
        assert_int_equal(h2_trace_feed(&trace, pst_buf_str(&in)), PST_E_HTTP2);
        assert_true(pst_h2_ended(trace.h));
        h2_trace_close(&trace);
        pst_buf_release(&in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rapid_reset),    cmocka_unit_test(test_refill),
        cmocka_unit_test(test_made_you_reset), cmocka_unit_test(test_malformed_heads),
        cmocka_unit_test(test_control),        cmocka_unit_test(test_nobodys_data),
        cmocka_unit_test(test_acknowledging),  cmocka_unit_test(test_continuation),
        cmocka_unit_test(test_hpack_bomb),     cmocka_unit_test(test_streams),
        cmocka_unit_test(test_broken),         cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_preface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
