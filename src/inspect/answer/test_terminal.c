/* Commands to a terminal are taken out, whole or cut; words stay. */
#include "base/test.h"
#include "inspect/answer/terminal.h"

static void check(struct pst_str text, const char *want, uint32_t removed, uint32_t commands)
{
    for (size_t piece = 1; piece < 12; piece++) {
        struct pst_terminal t = {0};
        struct pst_buf out;
        pst_buf_init(&out, 4096);
        for (size_t i = 0; i < text.n; i += piece) {
            assert_true(
                pst_terminal_push(&t, pst_str_cut(text, i, piece), i + piece >= text.n, &out));
        }
        assert_true(pst_str_eq(pst_buf_str(&out), pst_str_c(want)));
        assert_int_equal(t.removed, removed);
        assert_int_equal(t.commands, commands);
        pst_buf_release(&out);
    }
}

static void test_sequences(void **state)
{
    (void)state;
    check(PST_STR("a\tb\r\nc \xc3\xa9 \xc2\xa0."), "a\tb\r\nc \xc3\xa9 \xc2\xa0.", 0, 0);
    check(PST_STR("\x1b[31mred\x1b[0m"), "red", 2, 0);
    check(PST_STR("x\x1b]8;;https://evil.example/?d\x1b\\text\x1b]8;;\x07y"), "xtexty", 2, 2);
    check(PST_STR("\x1b]52;c;ZXZpbA==\x07paste"), "paste", 1, 1);
    check(PST_STR("\xc2\x9b"
                  "2Jclear \xc2\x9d"
                  "0;title\xc2\x9c!"),
          "clear !", 2, 1);
    check(PST_STR("\x1bP$q\"p\x1b\\z\x1b_x\x1b\\\x1b^y\x1b\\"), "z", 3, 3);
    check(PST_STR("ab\x08\x08"
                  "cd\x7f\x01"),
          "abcd", 4, 0);
    check(PST_STR("\x1b(Bplain\x1b"
                  "c."),
          "plain.", 2, 0);
    check(PST_STR("\x1b[\x1b[31mx"), "x", 1, 0);
}

static void test_unfinished(void **state)
{
    (void)state;
    check(PST_STR("a\x1b"), "a", 1, 0);
    check(PST_STR("a\x1b[12;"), "a", 1, 0);
    /* a string without an end swallows its line, not the answer */
    check(PST_STR("a\x1b]0;title\nnext"), "a\nnext", 1, 1);
    check(PST_STR("a\xc2"), "a\xc2", 0, 0);
}

static void test_spelled(void **state)
{
    struct pst_terminal t = {0};
    struct pst_buf out;
    (void)state;
    pst_buf_init(&out, 4096);
    assert_true(pst_terminal_push(&t, PST_STR("echo '\\x1b[31m' '\\u001b[0m' '\\033[1m' '\\e[2m'"),
                                  true, &out));
    assert_int_equal(t.spelled, 4);
    assert_int_equal(t.removed, 0);
    pst_buf_release(&out);
    pst_buf_init(&out, 2);
    assert_false(pst_terminal_push(&t, PST_STR("abc"), true, &out));
    pst_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sequences),
                                       cmocka_unit_test(test_unfinished),
                                       cmocka_unit_test(test_spelled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
