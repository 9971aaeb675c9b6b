#include "base/test.h"

#include "base/enc.h"
#include "base/lossy.h"

static void text_is_kept(void **state)
{
    (void)state;
    struct pst_buf out;
    pst_buf_init(&out, 100);
    assert_true(pst_utf8_lossy(&out, PST_STR("")));
    assert_true(pst_utf8_lossy(&out, PST_STR("a\0\xc3\xa9\xf0\x9f\x98\x80")));
    assert_str(pst_buf_str(&out), "a\0\xc3\xa9\xf0\x9f\x98\x80");
    pst_buf_release(&out);
}

/* One U+FFFD for each maximal part: the examples of Unicode 15 §3.9, tables 3-8 to 3-11, and the
 * limits of every row of table 3-7. */
static void maximal_parts_are_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out; /* R stands for U+FFFD */
    } cases[] = {
        {"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", "RRRRRRRRA"},
        {"\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", "RRRRRRRRA"},
        {"\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", "RRRRRARRB"},
        {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41", "RRRRA"},
        {"\xc2", "R"},
        {"\xc2\x41", "RA"},
        {"\xe0\x9f\x80", "RRR"},
        {"\xe0\xa0", "R"},
        {"\xf0\x8f\x80\x80", "RRRR"},
        {"\xf0\x90\x80", "R"},
        {"\xf0\x90\x80\x41", "RA"},
        {"\xf4\x8f\xbf", "R"},
        {"\xf5\x80", "RR"},
        {"x\x80y\xff", "xRyR"},
        {"\xe2\x82\xe2\x82\xac", "R\xe2\x82\xac"},
    };
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        struct pst_buf out, want;
        pst_buf_init(&out, 100);
        pst_buf_init(&want, 100);
        for (const char *c = cases[i].out; *c != '\0'; c++) {
            assert_true(*c == 'R' ? PST_BUF_LIT(&want, "\xef\xbf\xbd")
                                  : pst_buf_byte(&want, (uint8_t)*c));
        }
        assert_true(pst_utf8_lossy(&out, pst_str_c(cases[i].in)));
        if (!pst_str_eq(pst_buf_str(&out), pst_buf_str(&want))) {
            fail_msg("case %zu", i);
        }
        pst_buf_release(&out);
        pst_buf_release(&want);
    }
}

static void any_four_bytes_become_text(void **state)
{
    (void)state;
    static const uint8_t some[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                   0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                   0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    enum { N = sizeof some };
    struct pst_buf out;
    pst_buf_init(&out, 100);
    for (size_t i = 0; i < (size_t)N * N * N * N; i++) {
        const uint8_t in[4] = {some[i % N], some[i / N % N], some[i / N / N % N],
                               some[i / N / N / N]};
        pst_buf_clear(&out);
        assert_true(pst_utf8_lossy(&out, pst_str_of(in, 4)));
        assert_true(pst_utf8_valid(pst_buf_str(&out)));
        assert_true(out.n >= 3 && out.n <= 12);
    }
    pst_buf_release(&out);
}

static void a_full_buffer_is_said(void **state)
{
    (void)state;
    struct pst_buf out;
    for (size_t cap = 0; cap < 8; cap++) {
        pst_buf_init(&out, cap);
        assert_false(pst_utf8_lossy(&out, PST_STR("ab\xff\x80")));
        pst_buf_release(&out);
    }
    pst_buf_init(&out, 8);
    assert_true(pst_utf8_lossy(&out, PST_STR("ab\xff\x80")));
    pst_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_kept),
        cmocka_unit_test(maximal_parts_are_replaced),
        cmocka_unit_test(any_four_bytes_become_text),
        cmocka_unit_test(a_full_buffer_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
