#include "base/test.h"

#include "wire/json_scan.h"
#include "wire/test_json_help.h"

#include <stdlib.h>

static size_t by_definition(struct pst_str in, size_t at, bool *wide)
{
    while (at < in.n && in.p[at] >= 0x20 && in.p[at] != '"' && in.p[at] != '\\') {
        *wide |= in.p[at] >= 0x80;
        at++;
    }
    return at;
}

static void compare(struct pst_str in, size_t at)
{
    bool want_wide = false, wide = false, words_wide = false;
    const size_t want = by_definition(in, at, &want_wide);
    assert_int_equal(pst_json_scan(in, at, &wide), want);
    assert_int_equal(pst_json_scan_words(in, at, &words_wide), want);
    assert_int_equal(wide, want_wide);
    assert_int_equal(words_wide, want_wide);
}

static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 132; n++) {
        if (n > 40 && n % 64 > 4 && n % 64 < 63) {
            continue; /* a block of 64 begins or ends */
        }
        uint8_t *block = malloc(n);
        assert_non_null(block);
        for (size_t place = 0; place < n; place++) {
            for (unsigned b = 0; b < 256; b++) {
                memset(block, 'a', n);
                block[place] = (uint8_t)b;
                compare(pst_str_of(block, n), 0);
                compare(pst_str_of(block, n), n / 2);
            }
        }
        free(block);
    }
    compare(PST_STR(""), 0);
}

static void bytes_side_by_side(void **state)
{
    (void)state;
    /* those whose borrow or sign could be mistaken for a neighbour's */
    static const uint8_t some[] = {0x00, 0x01, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x5b,
                                   0x5c, 0x5d, 0x7f, 0x80, 0x9f, 0xa2, 0xdc, 0xff};
    uint64_t seed = 11;
    for (int round = 0; round < 200000; round++) {
        uint8_t block[33];
        for (size_t i = 0; i < sizeof block; i++) {
            const uint64_t r = test_random(&seed);
            block[i] = r % 8 != 0 ? 'x' : some[r / 8 % sizeof some];
        }
        compare(pst_str_of(block, 17 + (size_t)(test_random(&seed) % 17)), 0);
    }
}

static void what_was_wide_stays_wide(void **state)
{
    (void)state;
    bool wide = true;
    assert_int_equal(pst_json_scan(PST_STR("abc\""), 0, &wide), 3);
    assert_true(wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(bytes_side_by_side),
        cmocka_unit_test(what_was_wide_stays_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
