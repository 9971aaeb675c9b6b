#include "base/test.h"

#include "base/crc32c.h"
#include "base/enc.h"

static void known_values(void **state)
{
    (void)state;
    uint8_t bytes[32] = {0};
    /* RFC 3720 B.4 */
    assert_int_equal(pst_crc32c(0, pst_str_of(bytes, 32)), 0x8A9136AA);
    assert_int_equal(pst_crc32c_portable(0, pst_str_of(bytes, 32)), 0x8A9136AA);
    memset(bytes, 0xFF, 32);
    assert_int_equal(pst_crc32c(0, pst_str_of(bytes, 32)), 0x62A8AB43);
    for (uint8_t i = 0; i < 32; i++) {
        bytes[i] = i;
    }
    assert_int_equal(pst_crc32c(0, pst_str_of(bytes, 32)), 0x46DD794E);
    assert_int_equal(pst_crc32c(0, PST_STR("123456789")), 0xE3069283);
    assert_int_equal(pst_crc32c(0, PST_STR("")), 0);
    assert_int_equal(pst_crc32c(7, (struct pst_str){NULL, 0}), 7);
}

static void both_paths_agree_and_continue(void **state)
{
    (void)state;
    uint8_t bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t from = 0; from < 9; from++) {
        for (size_t n = 0; n + from <= sizeof bytes; n++) {
            struct pst_str s = pst_str_of(&bytes[from], n);
            uint32_t want = pst_crc32c_portable(0, s);
            assert_int_equal(pst_crc32c(0, s), want);
            uint32_t half = pst_crc32c(0, pst_str_cut(s, 0, n / 3));
            assert_int_equal(pst_crc32c(half, pst_str_from(s, n / 3)), want);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_values),
                                       cmocka_unit_test(both_paths_agree_and_continue)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
