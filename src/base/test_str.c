#include "base/test.h"

#include "base/str.h"

static const struct pst_str none = {NULL, 0};

static void compares(void **state)
{
    (void)state;
    assert_true(pst_str_eq(none, PST_STR("")));
    assert_true(pst_str_eq(pst_str_c(NULL), none));
    assert_true(pst_str_cmp(none, none) == 0);
    assert_true(pst_str_cmp(none, PST_STR("a")) < 0);
    assert_true(pst_str_cmp(PST_STR("ab"), PST_STR("a")) > 0);
    assert_true(pst_str_cmp(PST_STR("a\xFF"), PST_STR("aa")) > 0);
    assert_true(pst_str_cmp(PST_STR("a\0"), PST_STR("a")) > 0);
    assert_true(pst_str_eq_nocase(PST_STR("Content-Length"), PST_STR("content-lENGTH")));
    assert_false(pst_str_eq_nocase(PST_STR("a"), PST_STR("ab")));
    assert_false(pst_str_eq_nocase(PST_STR("@"), PST_STR("`")));
    assert_false(pst_str_eq_nocase(PST_STR("["), PST_STR("{")));
    assert_false(pst_str_eq_nocase(PST_STR("\xC9"), PST_STR("\xE9")));
    assert_true(pst_str_eq_const_time(none, none));
    assert_true(pst_str_eq_const_time(PST_STR("secret"), PST_STR("secret")));
    assert_false(pst_str_eq_const_time(PST_STR("secret"), PST_STR("sEcret")));
    assert_false(pst_str_eq_const_time(PST_STR("secret"), PST_STR("secre")));
    assert_false(pst_str_eq_const_time(PST_STR("\x01"), PST_STR("\x81")));
}

static void finds(void **state)
{
    (void)state;
    struct pst_str s = PST_STR("ab\0cab");
    assert_true(pst_str_starts(s, PST_STR("ab")) && pst_str_starts(s, none) &&
                pst_str_starts(none, none));
    assert_false(pst_str_starts(PST_STR("a"), PST_STR("ab")));
    assert_true(pst_str_ends(s, PST_STR("cab")) && pst_str_ends(s, none) && pst_str_ends(s, s));
    assert_false(pst_str_ends(PST_STR("b"), PST_STR("ab")));
    assert_int_equal(pst_str_find_byte(s, 0), 2);
    assert_int_equal(pst_str_find_byte(s, 'z'), PST_NPOS);
    assert_int_equal(pst_str_find_byte(none, 0), PST_NPOS);
    assert_int_equal(pst_str_find(s, PST_STR("ca")), 3);
    assert_int_equal(pst_str_find(s, PST_STR("cabb")), PST_NPOS);
    assert_int_equal(pst_str_find(s, none), 0);
    assert_int_equal(pst_str_find(none, PST_STR("a")), PST_NPOS);
}

static void cuts(void **state)
{
    (void)state;
    struct pst_str s = PST_STR("0123456789");
    assert_str(pst_str_cut(s, 2, 3), "234");
    assert_str(pst_str_cut(s, 8, 99), "89");
    assert_str(pst_str_cut(s, 99, 1), "");
    assert_str(pst_str_cut(s, 1, SIZE_MAX), "123456789");
    assert_str(pst_str_from(s, 10), "");
    assert_str(pst_str_cut(none, 5, 5), "");
    assert_str(pst_str_trim(PST_STR(" \t a b\t ")), "a b");
    assert_str(pst_str_trim(PST_STR(" \t ")), "");
    assert_str(pst_str_trim(PST_STR("\r\nx")), "\r\nx");
    assert_str(pst_str_trim(none), "");
}

static void numbers(void **state)
{
    (void)state;
    uint64_t u = 77;
    assert_true(pst_str_u64(PST_STR("0"), &u) && u == 0);
    assert_true(pst_str_u64(PST_STR("18446744073709551615"), &u) && u == UINT64_MAX);
    u = 77;
    const char *bad[] = {"",
                         "00",
                         "01",
                         "-1",
                         "+1",
                         " 1",
                         "1 ",
                         "1a",
                         "0x1",
                         "18446744073709551616",
                         "99999999999999999999",
                         "100000000000000000000",
                         "1.0",
                         "1e3"};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_false(pst_str_u64(pst_str_c(bad[i]), &u));
    }
    assert_false(pst_str_u64(PST_STR("1\0"), &u));
    assert_true(u == 77);
    int64_t v = 77;
    assert_true(pst_str_i64(PST_STR("-9223372036854775808"), &v) && v == INT64_MIN);
    assert_true(pst_str_i64(PST_STR("9223372036854775807"), &v) && v == INT64_MAX);
    assert_true(pst_str_i64(PST_STR("-1"), &v) && v == -1);
    assert_true(pst_str_i64(PST_STR("0"), &v) && v == 0);
    v = 77;
    const char *bad_i[] = {
        "", "-", "-0", "--1", "+1", "-01", "9223372036854775808", "-9223372036854775809", "1-"};
    for (size_t i = 0; i < PST_LEN(bad_i); i++) {
        assert_false(pst_str_i64(pst_str_c(bad_i[i]), &v));
    }
    assert_true(v == 77);
}

static void to_c(void **state)
{
    (void)state;
    char text[4] = "zzz";
    assert_true(pst_str_to_c(PST_STR("abc"), text, 4));
    assert_string_equal(text, "abc");
    assert_false(pst_str_to_c(PST_STR("abcd"), text, 4));
    assert_string_equal(text, "");
    assert_false(pst_str_to_c(PST_STR("a\0b"), text, 4));
    assert_string_equal(text, "");
    assert_true(pst_str_to_c(none, text, 1));
    assert_false(pst_str_to_c(none, text, 0));
}

static void cursors(void **state)
{
    (void)state;
    struct pst_cur c = pst_cur_of(
        PST_STR("GET \x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"));
    assert_int_equal(pst_cur_peek(&c, 0), 'G');
    assert_int_equal(pst_cur_peek(&c, 18), 15);
    assert_int_equal(pst_cur_peek(&c, 19), -1);
    assert_int_equal(pst_cur_peek(&c, SIZE_MAX), -1);
    assert_false(pst_cur_lit(&c, PST_STR("PUT")));
    assert_true(pst_cur_lit(&c, PST_STR("GET")));
    assert_false(pst_cur_byte(&c, 'x'));
    assert_true(pst_cur_byte(&c, ' '));
    uint8_t a;
    uint16_t b;
    uint32_t d;
    uint64_t e;
    assert_true(pst_cur_u8(&c, &a) && a == 1);
    assert_true(pst_cur_u16le(&c, &b) && b == 0x0302);
    assert_true(pst_cur_u32le(&c, &d) && d == 0x07060504);
    assert_true(pst_cur_u64le(&c, &e) && e == 0x0f0e0d0c0b0a0908);
    assert_true(pst_cur_done(&c));
    assert_false(pst_cur_u8(&c, &a) || pst_cur_u16le(&c, &b) || pst_cur_u32le(&c, &d) ||
                 pst_cur_u64le(&c, &e));
    assert_true(a == 1 && b == 0x0302);
    assert_false(pst_cur_byte(&c, 0));
    assert_str(pst_cur_rest(&c), "");
    assert_dies(pst_cur_skip(&c, 1));
    c = pst_cur_of(PST_STR("abc"));
    struct pst_str s = none;
    assert_false(pst_cur_take(&c, 4, &s));
    assert_false(pst_cur_take(&c, SIZE_MAX, &s));
    assert_true(s.p == NULL && c.at == 0);
    assert_true(pst_cur_take(&c, 2, &s));
    assert_str(s, "ab");
    uint32_t x;
    assert_false(pst_cur_u32le(&c, &x));
    assert_int_equal(pst_cur_left(&c), 1);
    c = pst_cur_of(none);
    assert_true(pst_cur_done(&c) && pst_cur_take(&c, 0, &s) && pst_cur_lit(&c, none));
}

static void put_numbers(void **state)
{
    (void)state;
    uint8_t out[8];
    pst_put_u64le(out, 0x0102030405060708);
    const uint8_t want[8] = {8, 7, 6, 5, 4, 3, 2, 1};
    assert_memory_equal(out, want, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),    cmocka_unit_test(finds), cmocka_unit_test(cuts),
        cmocka_unit_test(numbers),     cmocka_unit_test(to_c),  cmocka_unit_test(cursors),
        cmocka_unit_test(put_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
