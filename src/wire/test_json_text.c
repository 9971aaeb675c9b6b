#include "base/test.h"

#include "wire/json_out.h"
#include "wire/json_text.h"

static void assert_quoted(struct pst_str text, const char *want)
{
    struct pst_buf out;
    pst_buf_init(&out, 1000);
    assert_true(pst_json_quote(&out, text));
    if (!pst_str_eq(pst_buf_str(&out), pst_str_c(want))) {
        fail_msg("wanted %s, got %.*s", want, PST_FMT(pst_buf_str(&out)));
    }
    pst_buf_clear(&out);
    assert_true(pst_json_escape(&out, text));
    assert_true(pst_str_eq(pst_buf_str(&out), pst_str_cut(pst_str_c(want), 1, strlen(want) - 2)));
    pst_buf_release(&out);
}
#define QUOTED(text, want) assert_quoted(PST_STR(text), want)

static void escapes_are_minimal(void **state)
{
    (void)state;
    QUOTED("", "\"\"");
    QUOTED("plain / text", "\"plain / text\"");
    QUOTED("\"\\", "\"\\\"\\\\\"");
    QUOTED("\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"");
    QUOTED("\0\x01\x0b\x1f\x7f", "\"\\u0000\\u0001\\u000b\\u001f\x7f\"");
    QUOTED("\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\"");
    QUOTED("0123456789abcdef0123456789\n0123456789abcdef\n",
           "\"0123456789abcdef0123456789\\n0123456789abcdef\\n\"");
    QUOTED("\n", "\"\\n\"");
}

static void escape_wants_utf8(void **state)
{
    (void)state;
    struct pst_buf out;
    pst_buf_init(&out, 1000);
    assert_false(pst_json_escape(&out, PST_STR("a\xff")));
    assert_false(pst_json_escape(&out, PST_STR("\xed\xa0\x80")));
    assert_int_equal(out.n, 0);
    pst_buf_release(&out);
}

static void a_full_buffer_is_said(void **state)
{
    (void)state;
    const struct pst_str texts[] = {PST_STR("abcdef"), PST_STR("a\nb\x01")};
    for (size_t i = 0; i < PST_LEN(texts); i++) {
        size_t need = 0;
        for (size_t cap = 0; need == 0; cap++) {
            struct pst_buf out;
            pst_buf_init(&out, cap);
            if (pst_json_quote(&out, texts[i])) {
                need = cap;
            }
            pst_buf_release(&out);
        }
        assert_int_equal(need, i == 0 ? 8 : 12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_minimal),
        cmocka_unit_test(escape_wants_utf8),
        cmocka_unit_test(a_full_buffer_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
