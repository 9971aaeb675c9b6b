#include "audit/reader.h"

#include "base/enc.h"
#include "base/test.h"

#include <stdlib.h>

static enum pst_status walk(struct pst_str json, size_t *ret_n)
{
    struct pst_reader r;
    struct pst_reader_field f;
    enum pst_status st;
    size_t n = 0;
    pst_reader_init(&r, json);
    while ((st = pst_reader_next(&r, &f, NULL)) == PST_OK) {
        n++;
    }
    if (st == PST_AGAIN) { /* it stays ended */
        assert_int_equal(pst_reader_next(&r, &f, NULL), PST_AGAIN);
    }
    *ret_n = n;
    return st;
}

static void accepts(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        size_t n;
    } good[] = {
        {"{}", 0},
        {"{\"a\":1}", 1},
        {"{\"a\":0,\"a_\":9007199254740991,\"b\":true,\"c\":false}", 4},
        {"{\"a\":\"\",\"b\":\"/"
         "\x7f\xf0\x9f\x98\x80\",\"c\":[],\"d\":[\"\"],\"e\":[\"x\",\"\\\"\"]}",
         5},
        {"{\"a\":\"\\b\\f\\n\\r\\t\\\"\\\\\\u0000\\u000b\\u001f\"}", 1},
    };
    for (size_t i = 0; i < PST_LEN(good); i++) {
        size_t n = 0;
        assert_int_equal(walk(pst_str_c(good[i].json), &n), PST_AGAIN);
        assert_int_equal(n, good[i].n);
        /* no proper prefix is a record, and nothing may follow */
        for (size_t k = 0; k < strlen(good[i].json); k++) {
            assert_int_equal(walk(pst_str_cut(pst_str_c(good[i].json), 0, k), &n), PST_ERR);
        }
        char longer[128];
        snprintf(longer, sizeof longer, "%s ", good[i].json);
        assert_int_equal(walk(pst_str_c(longer), &n), PST_ERR);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        " {}",
        "{ }",
        "{,}",
        "{\"a\":1,}",
        "{\"a\" :1}",
        "{\"a\": 1}",
        "{\"a\":1 }",
        "{\"a\":1 ,\"b\":2}",
        "{\"a\":01}",
        "{\"a\":-1}",
        "{\"a\":-0}",
        "{\"a\":1.0}",
        "{\"a\":1e3}",
        "{\"a\":9007199254740992}",
        "{\"a\":99999999999999999999999}",
        "{\"a\":null}",
        "{\"a\":True}",
        "{\"a\":tru}",
        "{\"a\":{}}",
        "{\"a\":[1]}",
        "{\"a\":[[]]}",
        "{\"a\":[\"x\",]}",
        "{\"a\":[\"x\" ,\"y\"]}",
        "{\"a\":[\"x\"}",
        "{\"b\":1,\"a\":1}",
        "{\"a\":1,\"a\":1}",
        "{\"A\":1}",
        "{\"\":1}",
        "{\"\\u0061\":1}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":\"\\/\"}",
        "{\"a\":\"\\u002f\"}",
        "{\"a\":\"\\u0009\"}",
        "{\"a\":\"\\u000B\"}",
        "{\"a\":\"\\u001F\"}",
        "{\"a\":\"\\u0020\"}",
        "{\"a\":\"\\ud83d\\ude00\"}",
        "{\"a\":\"\\x41\"}",
        "{\"a\":\"\\u00\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"x",
        "{\"a\":\"x\\",
        "{\"a\":1}{}",
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        size_t n;
        if (walk(pst_str_c(bad[i]), &n) != PST_ERR) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void says_where(void **state)
{
    (void)state;
    size_t n;
    assert_int_equal(walk(PST_STR("{\"a\":\"\0\"}"), &n), PST_ERR);
    struct pst_reader r;
    struct pst_reader_field f = {.number = 77};
    struct pst_err err = {0};
    pst_reader_init(&r, PST_STR("{\"a\":nil}"));
    assert_int_equal(pst_reader_next(&r, &f, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_SYNTAX);
    assert_int_equal(err.column, 6);
    assert_int_equal(f.number, 77);
}

static void values(void **state)
{
    (void)state;
    struct pst_reader r;
    struct pst_reader_field f;
    struct pst_buf b;
    pst_buf_init(&b, 64);
    pst_reader_init(&r, PST_STR("{\"a\":\"x\\n\\u001fy\",\"b\":[\"p\",\"\\\\\",\"\"],\"c\":true}"));
    assert_int_equal(pst_reader_next(&r, &f, NULL), PST_OK);
    assert_int_equal(f.type, PST_READER_STR);
    assert_true(pst_reader_eq(f.raw, PST_STR("x\n\x1fy")));
    assert_false(pst_reader_eq(f.raw, PST_STR("x\n\x1f")));
    assert_false(pst_reader_eq(f.raw, PST_STR("x\n\x1fyz")));
    assert_false(pst_reader_eq(f.raw, PST_STR("x\\n\\u001fy")));
    assert_true(pst_reader_plain(f.raw, &b));
    assert_str(pst_buf_str(&b), "x\n\x1fy");
    assert_int_equal(pst_reader_next(&r, &f, NULL), PST_OK);
    assert_int_equal(f.type, PST_READER_STRS);
    struct pst_cur c = pst_cur_of(f.raw);
    struct pst_str item;
    assert_true(pst_reader_item(&c, &item));
    assert_str(item, "p");
    assert_true(pst_reader_item(&c, &item));
    assert_true(pst_reader_eq(item, PST_STR("\\")));
    assert_true(pst_reader_item(&c, &item));
    assert_int_equal(item.n, 0);
    assert_false(pst_reader_item(&c, &item));
    c = pst_cur_of(PST_STR(""));
    assert_false(pst_reader_item(&c, &item));
    assert_int_equal(pst_reader_next(&r, &f, NULL), PST_OK);
    assert_true(f.type == PST_READER_BOOL && f.number == 1);
    assert_str(f.raw, "true");
    pst_buf_release(&b);
    pst_buf_init(&b, 2);
    assert_false(pst_reader_plain(PST_STR("abc"), &b));
    pst_buf_release(&b);
}

static void times(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "2026-11-25T07:47:31.12345Z",  "2026-11-25T07:47:31.123456",  "2026-11-25 07:47:31.123456Z",
        "2026-13-25T07:47:31.123456Z", "2026-00-25T07:47:31.123456Z", "2026-11-31T07:47:31.123456Z",
        "2026-02-29T07:47:31.123456Z", "1900-02-29T00:00:00.000000Z", "2026-11-00T07:47:31.123456Z",
        "2026-11-25T24:47:31.123456Z", "2026-11-25T07:60:31.123456Z", "2026-11-25T07:47:60.123456Z",
        "2026-11-25T07:47:31.12345xZ", "+026-11-25T07:47:31.123456Z", "2026-11-25T07:47:31.123456z",
        "0000-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "",
    };
    int64_t ns = 5;
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        if (pst_reader_time(pst_str_c(bad[i]), &ns)) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_int_equal(ns, 5);
    assert_true(pst_reader_time(PST_STR("1970-01-01T00:00:00.000000Z"), &ns));
    assert_int_equal(ns, 0);
    assert_true(pst_reader_time(PST_STR("2000-02-29T23:59:59.999999Z"), &ns));
    assert_int_equal(ns, 951868799999999000);
    for (int i = 0; i < 20000; i++) { /* 0 to about the year 2255, to the microsecond */
        int64_t want = (int64_t)(((uint64_t)rand() << 32 | (uint64_t)rand()) % 9000000000000000) *
                       1000;
        char text[PST_TIME_CHARS];
        pst_time_put(want, text);
        assert_true(pst_reader_time(pst_str_of(text, sizeof text), &ns));
        assert_int_equal(ns, want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts), cmocka_unit_test(refuses), cmocka_unit_test(says_where),
        cmocka_unit_test(values),  cmocka_unit_test(times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
