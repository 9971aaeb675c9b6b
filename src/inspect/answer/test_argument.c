/* What of a call's arguments the user said, and what came from elsewhere. */
#include "base/buf.h"
#include "base/test.h"
#include "inspect/answer/argument.h"

static struct pst_argument_facts inspect(const char *text)
{
    const struct pst_str turns[] = {
        PST_STR("Mail the report /srv/reports/q3.pdf to anna@corp.example and look at "
                "https://Docs.example/a"),
        PST_STR("thanks; the key is 0123456789abcdef0123456789abcdef0123456789abcdef")};
    struct pst_arena arena;
    struct pst_provenance p;
    struct pst_argument_facts facts = {0};
    pst_arena_init(&arena, 4096, 1 << 20);
    assert_int_equal(pst_provenance_init(&p, turns, 2, &arena, NULL), PST_OK);
    assert_int_equal(pst_argument_inspect(&p, pst_str_c(text), &arena, &facts, NULL), PST_OK);
    pst_arena_release(&arena);
    return facts;
}

static void test_given(void **state)
{
    (void)state;
    struct pst_argument_facts f = inspect(
        "to: Anna@corp.example, file: /srv/reports/q3.pdf (see https://docs.example/b?c).");
    assert_int_equal(f.given[PST_ARGUMENT_EMAIL], 1);
    assert_int_equal(f.given[PST_ARGUMENT_PATH], 1);
    assert_int_equal(f.given[PST_ARGUMENT_URL], 1);
    assert_int_equal(f.n, 0);
    f = inspect("0123456789abcdef0123456789abcdef0123456789abcdef");
    assert_int_equal(f.given[PST_ARGUMENT_BLOB], 1);
    assert_int_equal(inspect("just words, 3.14 and a/b").n, 0);
}

static void test_fresh(void **state)
{
    (void)state;
    struct pst_argument_facts f = inspect("bcc: mallory@evil.example");
    assert_int_equal(f.fresh[PST_ARGUMENT_EMAIL], 1);
    assert_int_equal(f.list[0].start, 5);
    assert_int_equal(f.list[0].end, 25);
    /* a part of what was said is not what was said */
    assert_int_equal(inspect("na@corp.example").fresh[PST_ARGUMENT_EMAIL], 1);
    assert_int_equal(inspect("https://ocs.example/").fresh[PST_ARGUMENT_URL], 1);
    assert_int_equal(inspect("https://docs.example@evil.example/").fresh[PST_ARGUMENT_URL], 1);
    assert_int_equal(inspect("www.evil.example/x").fresh[PST_ARGUMENT_URL], 1);
    assert_int_equal(inspect("/srv/reports/q3").fresh[PST_ARGUMENT_PATH], 0);
    assert_int_equal(inspect("cat ~/.ssh/id_rsa C:\\Users\\x").fresh[PST_ARGUMENT_PATH], 2);
    assert_int_equal(inspect("QW5uYSBTY2htaWR0LCBib3JuIDE5ODQtMDMtMTIsIElCQU4gREUwMiAxMjM0")
                         .fresh[PST_ARGUMENT_BLOB],
                     1);
}

static void test_many(void **state)
{
    struct pst_buf text;
    (void)state;
    pst_buf_init(&text, 1 << 16);
    for (int i = 0; i < 200; i++) {
        (void)pst_buf_fmt(&text, "u%d@evil.example ", i);
    }
    (void)pst_buf_byte(&text, 0);
    struct pst_argument_facts f = inspect((const char *)text.p);
    assert_int_equal(f.n, PST_ARGUMENT_ITEMS_MAX);
    assert_true(f.cut);
    pst_buf_release(&text);
}

static void test_no_memory(void **state)
{
    struct pst_arena arena;
    struct pst_provenance p;
    struct pst_argument_facts facts = {0};
    const struct pst_str turn = PST_STR("a long enough turn of the user, to not fit into it");
    (void)state;
    pst_arena_init(&arena, 16, 32);
    assert_int_equal(pst_provenance_init(&p, &turn, 1, &arena, NULL), PST_ERR);
    p.folded = turn;
    assert_int_equal(pst_argument_inspect(&p, turn, &arena, &facts, NULL), PST_ERR);
    pst_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_given), cmocka_unit_test(test_fresh),
                                       cmocka_unit_test(test_many),
                                       cmocka_unit_test(test_no_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
