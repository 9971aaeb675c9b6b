/* The first look: what it hints at, and that block borders make no difference. */
#include "base/buf.h"
#include "base/test.h"
#include "inspect/normal/ascii.h"
#include "inspect/normal/look.h"

static bool of_run(uint8_t b)
{
    return pst_is_alnum(b) || strchr("+/_-", b) != NULL;
}

/* Every hint at every place around the borders of blocks. */
static void borders(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t hint;
    } cases[] = {
        {"\xC3\xA9", PST_HINT_HIGH},
        {"\x1B", PST_HINT_CONTROL},
        {"\x7F", PST_HINT_CONTROL},
        {"\r.", PST_HINT_CONTROL},
        {"<", PST_HINT_MARKUP},
        {"[", PST_HINT_BRACKET},
        {"aGVsbG8gdGhlcmUgbX", 0},
        {"\r\n", 0},
        {"\t", 0},
        {"aGVsbG8gdGhlcmUgbXkg", PST_HINT_RUN},
    };
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        for (size_t before = 0; before < 140; before++) {
            struct pst_buf b;
            pst_buf_init(&b, 1024);
            for (size_t k = 0; k < before; k++) {
                assert_true(pst_buf_byte(&b, ' '));
            }
            assert_true(pst_buf_add(&b, pst_str_c(cases[i].text)));
            for (size_t after = 0; after < 3; after++) {
                assert_int_equal(pst_look(pst_buf_str(&b)).hints, cases[i].hint);
                assert_true(pst_buf_byte(&b, ' '));
            }
            pst_buf_release(&b);
        }
    }
}

static void escapes_are_counted(void **state)
{
    (void)state;
    assert_int_equal(pst_look(PST_STR("100% of a%41b%zz %u0041 and %")).percents, 2);
    assert_int_equal(pst_look(PST_STR("a=1 b=xy c=3D d==41")).equals, 2);
    assert_true(pst_look(PST_STR("a && b")).ampersands > 0);
    assert_true(pst_look(PST_STR("a \\n b")).backslashes > 0);
    assert_int_equal(pst_look(PST_STR("a, b")).ampersands + pst_look(PST_STR("a")).backslashes, 0);
    for (size_t before = 0; before < 140; before++) {
        struct pst_buf b;
        pst_buf_init(&b, 1024);
        for (size_t k = 0; k < before; k++) {
            assert_true(pst_buf_byte(&b, ' '));
        }
        assert_true(PST_BUF_LIT(&b, "%41"));
        assert_int_equal(pst_look(pst_buf_str(&b)).percents, 1);
        pst_buf_release(&b);
    }
}

/* Runs, odd bytes and searches agree with a look at every byte. */
static void same_as_byte_by_byte(void **state)
{
    (void)state;
    uint32_t seed = 12345;
    uint8_t bytes[300];
    for (int round = 0; round < 400; round++) {
        size_t n = (size_t)round * 300 / 400;
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1664525 + 1013904223;
            uint32_t r = seed >> 24;
            bytes[i] = r < 250 ? (uint8_t)"abcXYZ019+/-_"[r % 13] : (uint8_t)" <\x80~x\x01"[r % 6];
        }
        struct pst_str s = pst_str_of(bytes, n);
        size_t at = 0, start = 0, end = 0, run = 0, longest = 0;
        for (size_t i = 0; i <= n; i++) {
            if (i < n && of_run(bytes[i])) {
                run++;
                continue;
            }
            longest = run > longest ? run : longest;
            if (run >= 20) {
                assert_true(pst_look_run(s, at, &start, &end));
                assert_int_equal(start, i - run);
                assert_int_equal(end, i);
                at = end;
            }
            run = 0;
        }
        assert_false(pst_look_run(s, at, &start, &end));
        assert_int_equal((pst_look(s).hints & PST_HINT_RUN) != 0, longest >= 20);
        for (size_t i = 0; i <= n; i += 7) {
            size_t odd = i, any = i, pair = i;
            while (odd < n && bytes[odd] < 0x7F && bytes[odd] >= 0x20) {
                odd++;
            }
            while (any < n && bytes[any] != '<' && bytes[any] != 'X' && bytes[any] != '~') {
                any++;
            }
            while (pair < n && !(pair + 1 < n && bytes[pair] == 'a' && bytes[pair + 1] == '0')) {
                pair++;
            }
            assert_int_equal(pst_look_odd(s, i), odd);
            assert_int_equal(pst_look_any(s, i, '<', 'X', '~'), any);
            assert_int_equal(pst_look_pair(s, i, 'a', '0'), pair);
        }
    }
}

static void lower(void **state)
{
    (void)state;
    uint8_t ret[64];
    struct pst_str s = PST_STR("AZ@[`az{ \xC3\x89 The Quick BROWN Fox");
    pst_look_lower(ret, s);
    assert_str(pst_str_of(ret, s.n), "az@[`az{ \xC3\x89 the quick brown fox");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borders),
        cmocka_unit_test(escapes_are_counted),
        cmocka_unit_test(same_as_byte_by_byte),
        cmocka_unit_test(lower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
