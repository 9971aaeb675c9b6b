#include "base/test.h"

#include "base/enc.h"

static void every_scalar_round_trips(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        if (cp >= 0xD800 && cp <= 0xDFFF) {
            continue;
        }
        uint8_t bytes[4];
        size_t n = pst_utf8_put(cp, bytes);
        uint32_t back = 0xFFFFFFFF;
        if (pst_utf8_get(pst_str_of(bytes, n), &back) != n || back != cp ||
            !pst_utf8_valid(pst_str_of(bytes, n)) ||
            (n > 1 && (pst_utf8_valid(pst_str_of(bytes, n - 1)) ||
                       pst_utf8_get(pst_str_of(bytes, n - 1), &back) != 0))) {
            fail_msg("U+%04X", cp);
        }
    }
    uint8_t bytes[4];
    assert_dies(if (pst_utf8_put(0xD800, bytes) == 0) { _exit(0); });
    assert_dies(if (pst_utf8_put(0x110000, bytes) == 0) { _exit(0); });
}

/* All strings of one to three bytes, and all of four with a leading byte of F0 to F7, counted
 * against table 3-7: what is accepted is exactly the encodings of scalar values. */
static void nothing_else_is_accepted(void **state)
{
    (void)state;
    size_t two = 0, three = 0, four = 0;
    uint8_t b[4];
    uint32_t cp;
    for (unsigned i = 0x80; i < 0x100; i++) {
        b[0] = (uint8_t)i;
        assert_false(pst_utf8_valid(pst_str_of(b, 1)));
        for (unsigned j = 0; j < 0x100; j++) {
            b[1] = (uint8_t)j;
            two += pst_utf8_get(pst_str_of(b, 2), &cp) == 2;
            for (unsigned k = 0; k < 0x100; k++) {
                b[2] = (uint8_t)k;
                three += pst_utf8_get(pst_str_of(b, 3), &cp) == 3;
                if (i >= 0xF0 && j >= 0x70 && j < 0xD0 && k >= 0x70 && k < 0xD0) {
                    for (unsigned l = 0x70; l < 0xD0; l++) {
                        b[3] = (uint8_t)l;
                        four += pst_utf8_get(pst_str_of(b, 4), &cp) == 4;
                    }
                }
            }
        }
    }
    assert_int_equal(two, 0x800 - 0x80);
    assert_int_equal(three, 0x10000 - 0x800 - 0x800);
    assert_int_equal(four, 0x110000 - 0x10000);
}

static void a_bad_byte_is_seen_anywhere(void **state)
{
    (void)state;
    const char *bad[] = {"\x80",
                         "\xC0\xAF",
                         "\xC1\xBF",
                         "\xE0\x80\xAF",
                         "\xED\xA0\x80",
                         "\xED\xBF\xBF",
                         "\xF0\x80\x80\xAF",
                         "\xF4\x90\x80\x80",
                         "\xF5\x80\x80\x80",
                         "\xFF",
                         "\xE2\x82",
                         "\xE2\x82x",
                         "\xF0\x9F\x98",
                         "\xC3"};
    uint8_t text[100];
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        size_t len = strlen(bad[i]);
        for (size_t at = 0; at + len <= sizeof text; at++) {
            memset(text, 'a', sizeof text);
            assert_true(pst_utf8_valid(pst_str_of(text, sizeof text)));
            memcpy(&text[at], bad[i], len);
            assert_false(pst_utf8_valid(pst_str_of(text, sizeof text)));
            assert_false(pst_utf8_valid(pst_str_of(text, at + len)));
        }
    }
    assert_true(pst_utf8_valid((struct pst_str){NULL, 0}));
    assert_true(pst_utf8_valid(PST_STR("a\0b")));
    uint32_t cp = 5;
    assert_int_equal(pst_utf8_get((struct pst_str){NULL, 0}, &cp), 0);
    assert_int_equal(cp, 5);
}

static void a_good_sequence_is_seen_anywhere(void **state)
{
    (void)state;
    const char *good[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xEF\xBF\xBF",
                          "\xF4\x8F\xBF\xBF"};
    uint8_t text[100];
    for (size_t i = 0; i < PST_LEN(good); i++) {
        size_t len = strlen(good[i]);
        for (size_t at = 0; at + len <= sizeof text; at++) {
            memset(text, 'a', sizeof text);
            memcpy(&text[at], good[i], len);
            assert_true(pst_utf8_valid(pst_str_of(text, sizeof text)));
            assert_false(pst_utf8_valid(pst_str_of(text, at + len - 1)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scalar_round_trips),
        cmocka_unit_test(nothing_else_is_accepted),
        cmocka_unit_test(a_bad_byte_is_seen_anywhere),
        cmocka_unit_test(a_good_sequence_is_seen_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
