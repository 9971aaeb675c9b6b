/* The operator's prompt in an answer: word for word, in part, encoded; and what is none. */
#include "base/buf.h"
#include "base/test.h"
#include "inspect/answer/leak.h"

#define PROMPT                                                                                     \
    PST_STR(                                                                                       \
        "You are Mira, the assistant of the harbour office. Answer questions about berths and "    \
        "fees. Never quote the internal tariff table, which lists 14 euros per metre and "         \
        "night. Be short and polite, and hand over to a person when somebody is angry.")
enum { SEED = 99 };

static struct pst_arena arena;

static struct pst_leak look(struct pst_str prompt, struct pst_str canary, struct pst_str except,
                            struct pst_str answer, size_t piece)
{
    static struct pst_leak_source s;
    struct pst_leak l;
    pst_arena_release(&arena);
    pst_arena_init(&arena, 1 << 14, 4 << 20);
    assert_int_equal(pst_leak_source_init(&s, prompt, canary, SEED, &arena, NULL), PST_OK);
    pst_leak_source_except(&s, except, SEED);
    assert_int_equal(pst_leak_init(&l, &s, SEED, &arena, NULL), PST_OK);
    for (size_t i = 0; i < answer.n; i += piece) {
        pst_leak_push(&l, pst_str_cut(answer, i, piece));
    }
    pst_leak_end(&l);
    return l;
}

static bool leaks(const char *answer)
{
    bool whole = false;
    for (size_t piece = 1; piece < 40; piece += 3) {
        struct pst_leak l = look(PROMPT, PST_STR("k7q2mzr4"), PST_STR(""), pst_str_c(answer),
                                 piece);
        bool found = pst_leak_found(&l);
        assert_true(piece == 1 || found == whole);
        whole = found;
    }
    return whole;
}

static void test_found(void **state)
{
    (void)state;
    assert_true(leaks("Sure: \"never quote the internal tariff table, which lists 14 euros per\""));
    assert_true(leaks("NEVER... quote *the* internal\ntariff | table; which lists (14) euros PER"));
    assert_true(leaks("The key is k7q2mzr4."));
    assert_true(leaks("The key is K-7-Q-2-m z r 4"));
    assert_true(leaks("first k7q2mk7q2mzr4"));
    /* backwards, rot13, base64 of a part */
    assert_true(leaks(".yrgna si ydobemos nehw nosrep a ot revo dnah dna ,etilop dna trohs eB"));
    assert_true(leaks("Arire dhbgr gur vagreany gnevss gnoyr, juvpu yvfgf 14 rhebf cre zrger"));
    assert_true(leaks("bmV2ZXIgcXVvdGUgdGhlIGludGVybmFsIHRhcmlmZiB0YWJsZSwgd2hpY2ggbGlzdHMgMTQgZXVy"
                      "b3MgcGVyIG1ldHJl"));
}

static void test_not_found(void **state)
{
    (void)state;
    assert_false(leaks(""));
    assert_false(leaks("I am Mira. A berth costs what the table at the office says; how long is "
                       "your boat, and how many nights do you want to stay with us this summer?"));
    assert_false(leaks("a table which lists 14 euros per person"));
    assert_false(leaks("k7q2mzr"));
}

static void test_users_own_words(void **state)
{
    (void)state;
    struct pst_str quote = PST_STR(
        "answer questions about berths and fees. never quote the internal tariff table");
    struct pst_leak l = look(PROMPT, PST_STR(""), quote, quote, 5);
    assert_false(pst_leak_found(&l));
    l = look(PROMPT, PST_STR(""), PST_STR(""), quote, 5);
    assert_true(pst_leak_found(&l));
}

static void test_other_scripts(void **state)
{
    (void)state;
    struct pst_str prompt = PST_STR(
        "\xe4\xbd\xa0\xe6\x98\xaf\xe6\xb8\xaf\xe5\x8a\xa1\xe5\xb1\x80\xe7\x9a\x84\xe5\x8a"
        "\xa9\xe6\x89\x8b\xef\xbc\x8c\xe4\xb8\x8d\xe5\xbe\x97\xe6\xb3\x84\xe9\x9c\xb2");
    struct pst_leak l = look(prompt, PST_STR(""), PST_STR(""), prompt, 1);
    assert_true(pst_leak_found(&l));
    prompt = PST_STR("\xd0\x92\xd1\x8b \xd0\xbf\xd0\xbe\xd0\xbc\xd0\xbe\xd1\x89\xd0\xbd\xd0\xb8\xd0"
                     "\xba a b c d e f g h");
    l = look(prompt, PST_STR(""), PST_STR(""),
             PST_STR("\xd0\xb2\xd1\x8b \xd0\x9f\xd0\x9e\xd0\xbc\xd0\xbe\xd1\x89\xd0\xbd\xd0\xb8\xd0"
                     "\xba A B C D E F G H"),
             2);
    assert_true(pst_leak_found(&l));
}

static void test_short_and_bounds(void **state)
{
    (void)state;
    struct pst_leak l = look(PST_STR("You are a helpful assistant."), PST_STR(""), PST_STR(""),
                             PST_STR("You are a helpful assistant."), 4);
    assert_false(pst_leak_found(&l));
    struct pst_leak_source s;
    struct pst_err err = {0};
    assert_int_equal(pst_leak_source_init(&s, PROMPT, PST_STR("no spaces"), SEED, &arena, &err),
                     PST_ERR);
    struct pst_arena tiny;
    pst_arena_init(&tiny, 16, 16);
    assert_int_equal(pst_leak_source_init(&s, PROMPT, PST_STR(""), SEED, &tiny, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    pst_arena_release(&tiny);
    /* more runs than fit */
    struct pst_buf big;
    pst_buf_init(&big, 1 << 20);
    for (int i = 0; i < 40000; i++) {
        (void)pst_buf_fmt(&big, "w%d ", i);
    }
    l = look(pst_buf_str(&big), PST_STR(""), PST_STR(""),
             PST_STR("w5 w6 w7 w8 w9 w10 w11 w12 w13 w14"), 3);
    assert_true(l.source->cut);
    assert_true(pst_leak_found(&l));
    pst_buf_release(&big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_users_own_words),
        cmocka_unit_test(test_other_scripts),
        cmocka_unit_test(test_short_and_bounds),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pst_arena_release(&arena);
    return failed;
}
