#include "base/test.h"

#include "wire/json_out.h"
#include "wire/test_json_help.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static void the_grammar_of_numbers(void **state)
{
    (void)state;
    static const char *const good[] = {"0",    "-0",    "1",      "10",     "-1",   "1.0",
                                       "-0.0", "0.001", "1e1",    "1E+1",   "1e-1", "0e0",
                                       "1e00", "1.5e5", "-9.9e9", "123456", "1E400"};
    static const char *const bad[] = {"",     "-",   "+1",  "00",   "01",   "-01",  "1.",   ".1",
                                      "1.e1", "1e",  "1e+", "1e-",  "e1",   "0x1",  "1 ",   " 1",
                                      "1,",   "--1", "1-",  "1.1.", "1e1e", "1e.1", "1.0e", "Inf",
                                      "NaN",  "1_0", "1f",  "0b1",  "1e1.", "-e1",  "-.1"};
    for (size_t i = 0; i < PST_LEN(good); i++) {
        assert_true(pst_json_number_valid(pst_str_c(good[i])));
    }
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        if (pst_json_number_valid(pst_str_c(bad[i]))) {
            fail_msg("%s", bad[i]);
        }
    }
    assert_false(pst_json_number_valid(PST_STR("1\0")));
}

static void integers_are_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool i64, u64;
    } cases[] = {
        {"0", true, true},
        {"-0", false, false},
        {"-1", true, false},
        {"1.0", false, false},
        {"1e2", false, false},
        {"9223372036854775807", true, true},
        {"9223372036854775808", false, true},
        {"-9223372036854775808", true, false},
        {"-9223372036854775809", false, false},
        {"18446744073709551615", false, true},
        {"18446744073709551616", false, false},
        {"1000000000000000000000000", false, false},
    };
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        struct pst_json v = {.text = pst_str_c(cases[i].text), .type = PST_JSON_NUMBER};
        int64_t s = 77;
        uint64_t u = 77;
        assert_int_equal(pst_json_i64(&v, &s), cases[i].i64);
        assert_int_equal(pst_json_u64(&v, &u), cases[i].u64);
        assert_true(cases[i].i64 ? s == strtoll(cases[i].text, NULL, 10) : s == 77);
        assert_true(cases[i].u64 ? u == strtoull(cases[i].text, NULL, 10) : u == 77);
        v.type = PST_JSON_STRING;
        assert_false(pst_json_i64(&v, &s));
        assert_false(pst_json_u64(&v, &u));
    }
    int64_t s;
    assert_false(pst_json_i64(NULL, &s));
}

static void doubles_are_finite(void **state)
{
    (void)state;
    struct pst_json v = {.text = PST_STR("0.7"), .type = PST_JSON_NUMBER};
    double value = 5;
    assert_true(pst_json_double(&v, &value));
    assert_true(value == 0.7);
    v.text = PST_STR("1e400");
    assert_false(pst_json_double(&v, &value));
    v.text = PST_STR("-1e400");
    assert_false(pst_json_double(&v, &value));
    assert_true(value == 0.7);
    v.text = PST_STR("1e-400");
    assert_true(pst_json_double(&v, &value));
    assert_true(value == 0);
    assert_false(pst_json_double(NULL, &value));
}

static void assert_text(double value, const char *want)
{
    char text[PST_JSON_DOUBLE_CHARS];
    const struct pst_str got = pst_json_double_text(value, text);
    if (!pst_str_eq(got, pst_str_c(want))) {
        fail_msg("wanted %s, got %.*s", want, PST_FMT(got));
    }
}

static double of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* RFC 8785 appendix B, and the edges of ECMAScript's rules. */
static void doubles_are_written_as_es6_does(void **state)
{
    (void)state;
    static const struct {
        uint64_t bits;
        const char *text;
    } cases[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
        /* powers of two whose shortest decimal is not the nearest one of its length */
        {0x4580000000000000, "6.189700196426902e+26"},
        {0x0060000000000000, "7.120236347223045e-307"},
        {0x0010000000000000, "2.2250738585072014e-308"},
        {0x000fffffffffffff, "2.225073858507201e-308"},
        {0x3ff0000000000000, "1"},
        {0x4024000000000000, "10"},
        {0x3fb999999999999a, "0.1"},
        {0xbff8000000000000, "-1.5"},
    };
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        assert_text(of_bits(cases[i].bits), cases[i].text);
    }
    char text[PST_JSON_DOUBLE_CHARS];
    assert_dies((void)pst_json_double_text(INFINITY, text).n);
    assert_dies((void)pst_json_double_text(NAN, text).n);
}

/* Whatever the bits: the text is a JSON number that reads back as the same double. */
static void every_double_reads_back(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 60000; i++) {
        uint64_t bits = test_random(&seed);
        if (i < 4094) {
            bits = ((uint64_t)i / 2 + 1) << 52; /* powers of two, each twice with its neighbour */
            bits -= (uint64_t)i % 2;
        }
        const double value = of_bits(bits);
        if (!isfinite(value)) {
            continue;
        }
        char text[PST_JSON_DOUBLE_CHARS], c[64];
        const struct pst_str got = pst_json_double_text(value, text);
        assert_true(pst_json_number_valid(got) && got.n <= 25);
        assert_true(pst_str_to_c(got, c, sizeof c));
        assert_true(strtod(c, NULL) == value);
    }
}

static bool next_line(struct pst_cur *c, struct pst_str *ret)
{
    const struct pst_str rest = pst_cur_rest(c);
    const size_t end = pst_str_find_byte(rest, '\n');
    if (rest.n == 0) {
        return false;
    }
    *ret = pst_str_cut(rest, 0, end);
    pst_cur_skip(c, end == PST_NPOS ? rest.n : end + 1);
    return true;
}

static void ten_thousand_numbers_of_the_suite(void **state)
{
    (void)state;
    struct pst_buf file;
    pst_buf_init(&file, 1U << 20);
    if (!test_vector_read("jcs/es6-numbers-10000.txt", &file)) {
        test_vector_missing("jcs/es6-numbers-10000.txt");
        pst_buf_release(&file);
        return;
    }
    struct pst_cur c = pst_cur_of(pst_buf_str(&file));
    struct pst_str line;
    int n = 0;
    while (next_line(&c, &line)) {
        char text[128];
        assert_true(pst_str_to_c(line, text, sizeof text));
        char *comma = strchr(text, ',');
        assert_non_null(comma);
        assert_text(of_bits(strtoull(text, NULL, 16)), &comma[1]);
        n++;
    }
    assert_int_equal(n, 10000);
    pst_buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grammar_of_numbers),
        cmocka_unit_test(integers_are_strict),
        cmocka_unit_test(doubles_are_finite),
        cmocka_unit_test(doubles_are_written_as_es6_does),
        cmocka_unit_test(every_double_reads_back),
        cmocka_unit_test(ten_thousand_numbers_of_the_suite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
