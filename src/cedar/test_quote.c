#include "cedar/test_util.h"

#include "cedar/lex.h"

static bool count_star(void *ctx)
{
    ++*(int *)ctx;
    return true;
}

/* The bytes of a literal; false when it is refused. */
static bool unescaped(const char *literal, bool pattern, struct pst_buf *out, int *stars)
{
    struct pst_cedar_lex lex;
    struct pst_err err = {0};
    pst_buf_clear(out);
    *stars = 0;
    if (pst_cedar_lex_init(&lex, pst_str_c(literal), &err) != PST_OK) {
        return false;
    }
    return pst_cedar_unescape(&lex.tok, out, pattern ? count_star : NULL, stars, &err) == PST_OK;
}

static void escapes_stand_for_characters(void **state)
{
    (void)state;
    struct pst_buf b;
    int stars = 0;
    pst_buf_init(&b, 1000);
    assert_true(
        unescaped("\"a\\n\\r\\t\\\\\\0\\'\\\"\\x41\\u{e9}\\u{1F6_00}*\"", false, &b, &stars));
    assert_true(pst_str_eq(pst_buf_str(&b), PST_STR("a\n\r\t\\\0'\"A\xC3\xA9\xF0\x9F\x98\x80*")));
    assert_true(unescaped("\"a*\\*b*\"", true, &b, &stars));
    assert_true(pst_str_eq(pst_buf_str(&b), PST_STR("a*b")));
    assert_int_equal(stars, 2);
    pst_buf_release(&b);
}

static void bad_escapes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\"\\q\"",         "\"\\*\"",       "\"\\x80\"",
                                      "\"\\xg0\"",       "\"\\x4\"",      "\"\\u{}\"",
                                      "\"\\u{110000}\"", "\"\\u{d800}\"", "\"\\u{1234567}\"",
                                      "\"\\u61\"",       "\"\\u{61\"",    "\"\\u{_61}\""};
    struct pst_buf b;
    int stars = 0;
    pst_buf_init(&b, 1000);
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_false(unescaped(bad[i], false, &b, &stars));
    }
    pst_buf_release(&b);
}

static void what_is_quoted_reads_back(void **state)
{
    (void)state;
    uint8_t all[256];
    struct pst_buf quoted;
    struct pst_buf back;
    int stars = 0;
    for (unsigned i = 0; i < 128; i++) {
        all[i] = (uint8_t)i;
    }
    memcpy(&all[128], "\xC3\xA9\xF0\x9F\x98\x80", 6);
    pst_buf_init(&quoted, 4096);
    pst_buf_init(&back, 4096);
    assert_true(pst_cedar_quote(&quoted, pst_str_of(all, 134)));
    assert_true(pst_buf_byte(&quoted, 0));
    assert_true(unescaped((const char *)quoted.p, false, &back, &stars));
    assert_true(pst_str_eq(pst_buf_str(&back), pst_str_of(all, 134)));
    pst_buf_release(&quoted);
    pst_buf_release(&back);
}

static void a_full_buffer_is_an_error(void **state)
{
    (void)state;
    struct pst_buf b;
    int stars = 0;
    pst_buf_init(&b, 3);
    assert_false(unescaped("\"abcd\"", false, &b, &stars));
    pst_buf_clear(&b);
    assert_false(pst_cedar_quote(&b, PST_STR("abcd")));
    pst_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_stand_for_characters),
        cmocka_unit_test(bad_escapes_are_refused),
        cmocka_unit_test(what_is_quoted_reads_back),
        cmocka_unit_test(a_full_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
