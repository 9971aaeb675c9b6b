#include "base/test.h"

#include "wire/sse.h"
#include "wire/test_json_help.h"

static void events_are_written(void **state)
{
    (void)state;
    struct pst_buf out;
    pst_buf_init(&out, 1000);
    const struct pst_str none = PST_STR("");
    assert_true(pst_sse_put(&out, none, PST_STR("{\"a\":1}"), none, -1));
    assert_true(pst_sse_put(&out, PST_STR("e"), PST_STR("x\n\ny\n"), PST_STR("7"), 0));
    assert_true(pst_sse_put(&out, none, none, none, -1));
    assert_true(pst_sse_put(&out, none, PST_STR(" \0"), none, INT64_MAX));
    assert_true(pst_sse_put_comment(&out, PST_STR("keep-alive")));
    assert_str(pst_buf_str(&out), "data: {\"a\":1}\n\n"
                                  "event: e\nid: 7\nretry: 0\ndata: x\ndata: \ndata: y\ndata: \n\n"
                                  "data: \n\n"
                                  "retry: 9223372036854775807\ndata:  \0\n\n"
                                  ": keep-alive\n\n");
    pst_buf_release(&out);
}

static void what_would_be_read_otherwise_is_refused(void **state)
{
    (void)state;
    const struct pst_str none = PST_STR(""), x = PST_STR("x");
    const struct pst_str one_line[] = {PST_STR("a\nb"), PST_STR("a\rb"), PST_STR("a\0b"),
                                       PST_STR("\n"), PST_STR("\xff")};
    struct pst_buf out;
    pst_buf_init(&out, 1000);
    for (size_t i = 0; i < PST_LEN(one_line); i++) {
        assert_false(pst_sse_put(&out, one_line[i], x, none, -1));
        assert_false(pst_sse_put(&out, none, x, one_line[i], -1));
        assert_false(pst_sse_put_comment(&out, one_line[i]));
    }
    assert_false(pst_sse_put(&out, none, PST_STR("a\rb"), none, -1));
    assert_false(pst_sse_put(&out, none, PST_STR("a\r\n"), none, -1));
    assert_false(pst_sse_put(&out, none, PST_STR("\xe2\x82"), none, -1));
    assert_int_equal(out.n, 0);
    pst_buf_release(&out);
}

static void a_full_buffer_keeps_what_it_held(void **state)
{
    (void)state;
    for (size_t cap = 3; cap < 40; cap++) {
        struct pst_buf out;
        pst_buf_init(&out, cap);
        assert_true(PST_BUF_LIT(&out, "abc"));
        assert_false(pst_sse_put(&out, PST_STR("t"), PST_STR("x\ny"), PST_STR("i"), 5));
        assert_str(pst_buf_str(&out), "abc");
        pst_buf_clear(&out);
        assert_true(PST_BUF_LIT(&out, "abc"));
        assert_int_equal(pst_sse_put_comment(&out, PST_STR("0123456789")), cap >= 17);
        pst_buf_release(&out);
    }
}

static struct pst_str random_text(uint64_t *seed, struct pst_str some, uint8_t ret[8])
{
    const size_t n = (size_t)(test_random(seed) % 8);
    for (size_t i = 0; i < n; i++) {
        ret[i] = some.p[test_random(seed) % some.n];
    }
    return pst_str_of(ret, n);
}

static void what_was_written_is_read(void **state)
{
    (void)state;
    const struct pst_sse_limits limits = {.line_bytes = 1000, .event_bytes = 1000};
    uint64_t seed = 5;
    struct pst_buf out;
    struct pst_sse s;
    pst_buf_init(&out, 1000);
    pst_sse_init(&s, &limits);
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[3][8];
        const struct pst_str type = random_text(&seed, PST_STR("ab: "), bytes[0]);
        const struct pst_str data = random_text(&seed, PST_STR("a: \n\0"), bytes[1]);
        const struct pst_str id = random_text(&seed, PST_STR("1: "), bytes[2]);
        const int64_t retry_ms = (int64_t)(test_random(&seed) % 3) - 1;
        pst_buf_clear(&out);
        pst_sse_clear(&s);
        assert_true(pst_sse_put(&out, type, data, id, retry_ms));
        struct pst_sse_event e;
        size_t used;
        assert_int_equal(pst_sse_feed(&s, pst_buf_str(&out), &used, &e, NULL), PST_OK);
        assert_int_equal(used, out.n);
        assert_true(pst_str_eq(e.type, type.n > 0 ? type : PST_STR("message")));
        assert_true(pst_str_eq(e.data, data));
        assert_true(pst_str_eq(e.id, id));
        assert_int_equal(e.retry_ms, retry_ms);
    }
    pst_sse_release(&s);
    pst_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_written),
        cmocka_unit_test(what_would_be_read_otherwise_is_refused),
        cmocka_unit_test(a_full_buffer_keeps_what_it_held),
        cmocka_unit_test(what_was_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
