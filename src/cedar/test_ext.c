/* ext_num.c, ext_datetime.c, ext_ip.c: the values' texts. */
#include "cedar/test_util.h"

#include "cedar/value.h"

static void decimals(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t v;
    } good[] = {{"0.0", 0},
                {"1.5", 15000},
                {"-1.5", -15000},
                {"-0.0001", -1},
                {"12.3456", 123456},
                {"0000000000000000000000001.0", 10000},
                {"922337203685477.5807", INT64_MAX},
                {"-922337203685477.5808", INT64_MIN}};
    static const char *const bad[] = {"",
                                      "1",
                                      "1.",
                                      ".5",
                                      "1.23456",
                                      "+1.0",
                                      "1.0 ",
                                      "-",
                                      "--1.0",
                                      "1.-5",
                                      "1,0",
                                      "1e5.0",
                                      "-.5",
                                      "1.0.0",
                                      "922337203685477.5808",
                                      "-922337203685477.5809",
                                      "1000000000000000000.0"};
    for (size_t i = 0; i < PST_LEN(good); i++) {
        int64_t v = 0;
        assert_true(pst_cedar_decimal_parse(pst_str_c(good[i].text), &v));
        assert_int_equal(v, good[i].v);
        struct pst_buf b;
        int64_t back = 0;
        pst_buf_init(&b, 64);
        assert_true(pst_cedar_decimal_put(&b, v));
        assert_true(pst_cedar_decimal_parse(pst_buf_str(&b), &back));
        assert_int_equal(back, v);
        pst_buf_release(&b);
    }
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        int64_t v = 0;
        assert_false(pst_cedar_decimal_parse(pst_str_c(bad[i]), &v));
    }
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t v;
    } good[] = {{"0ms", 0},
                {"1d2h3m4s5ms", 93784005},
                {"-1d", -86400000},
                {"5ms", 5},
                {"3m5ms", 180005},
                {"007s", 7000},
                {"9223372036854775807ms", INT64_MAX},
                {"-9223372036854775808ms", INT64_MIN}};
    static const char *const bad[] = {"",
                                      "-",
                                      "1",
                                      "1x",
                                      "ms",
                                      "1ms1s",
                                      "1s1m",
                                      "1d1d",
                                      "1 d",
                                      "+1d",
                                      "--1d",
                                      "1D",
                                      "1d-1h",
                                      "1mms",
                                      "d",
                                      "1s1",
                                      "9223372036854775808ms",
                                      "106751991168d",
                                      "1d9223372036854775807ms"};
    for (size_t i = 0; i < PST_LEN(good); i++) {
        int64_t v = -1;
        assert_true(pst_cedar_duration_parse(pst_str_c(good[i].text), &v));
        assert_int_equal(v, good[i].v);
    }
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        int64_t v = 0;
        assert_false(pst_cedar_duration_parse(pst_str_c(bad[i]), &v));
    }
}

static void datetimes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t v;
    } good[] = {{"1970-01-01", 0},
                {"1970-01-01T00:00:00Z", 0},
                {"2024-10-15", 1728950400000},
                {"2024-02-29T23:59:59.999Z", 1709251199999},
                {"0000-01-01", -62167219200000},
                {"9999-12-31T23:59:59.999Z", 253402300799999},
                {"2024-10-15T11:35:00-0800", 1729020900000},
                {"2024-10-15T11:35:00.010+2359", 1728905760010}};
    static const char *const bad[] = {"",
                                      "1970-1-01",
                                      "1970-01-00",
                                      "1970-00-01",
                                      "1970-13-01",
                                      "2023-02-29",
                                      "1970-01-01T00:00:00",
                                      "1970-01-01T24:00:00Z",
                                      "1900-02-29",
                                      "970-01-01",
                                      "1970-01-01T00:60:00Z",
                                      "1970-01-01T00:00:60Z",
                                      "1970-01-01 ",
                                      "1970-01-01T00:00:00.1Z",
                                      "1970-01-01T00:00:00.1234Z",
                                      "1970-01-01T00:00:00+2400",
                                      "1970-01-01T00:00:00+0060",
                                      "1970-01-01T00:00:00+01:00",
                                      "1970-01-01t00:00:00Z",
                                      "1970-01-01T00:00:00z",
                                      "-1970-01-01"};
    for (size_t i = 0; i < PST_LEN(good); i++) {
        int64_t v = -1;
        assert_true(pst_cedar_datetime_parse(pst_str_c(good[i].text), &v));
        assert_int_equal(v, good[i].v);
    }
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        int64_t v = 0;
        assert_false(pst_cedar_datetime_parse(pst_str_c(bad[i]), &v));
    }
}

static void addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"0.0.0.0",
                                       "255.255.255.255",
                                       "10.0.0.1/8",
                                       "1.2.3.4/0",
                                       "::",
                                       "::1",
                                       "1::",
                                       "fe80::1/64",
                                       "1:2:3:4:5:6:7:8",
                                       "1:2:3:4:5:6:7::",
                                       "::2:3:4:5:6:7:8",
                                       "ABCD:ef01::/128",
                                       "0:0:0:0:0:ffff:7f00:1"};
    static const char *const bad[] = {"",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "256.0.0.1",
                                      "01.2.3.4",
                                      "1.2.3.4/33",
                                      "1.2.3.4/",
                                      "1.2.3.4/08",
                                      "1.2.3.4/+8",
                                      ":",
                                      ":::",
                                      "1::2::3",
                                      "12345::",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "::/129",
                                      "::ffff:1.2.3.4",
                                      "fe80::1%eth0",
                                      "1.2.3.4 ",
                                      " ::1",
                                      "1.2.3.-4",
                                      "::g",
                                      "1:2:3:4:5:6:7:8::"};
    for (size_t i = 0; i < PST_LEN(good); i++) {
        struct pst_cedar_ip ip;
        struct pst_cedar_ip back;
        struct pst_buf b;
        if (!pst_cedar_ip_parse(pst_str_c(good[i]), &ip)) {
            fail_msg("%s", good[i]);
        }
        pst_buf_init(&b, 64);
        assert_true(pst_cedar_ip_put(&b, &ip));
        assert_true(pst_cedar_ip_parse(pst_buf_str(&b), &back));
        assert_int_equal(pst_cedar_ip_cmp(&ip, &back), 0);
        pst_buf_release(&b);
    }
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        struct pst_cedar_ip ip;
        if (pst_cedar_ip_parse(pst_str_c(bad[i]), &ip)) {
            fail_msg("%s", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals),
        cmocka_unit_test(durations),
        cmocka_unit_test(datetimes),
        cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
