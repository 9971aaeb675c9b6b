#include "base/test.h"
#include "cli/cli.h"

struct got {
    struct pst_common common;
    bool flag;
    const char *text;
    uint32_t number;
    struct pst_option_list many, words;
    struct pst_err err;
};

static enum pst_status parse(struct got *g, size_t max, int argc, const char *const *argv)
{
    char copies[16][64];
    char *args[16];
    *g = (struct got){.text = "default", .number = 7};
    for (int i = 0; i < argc; i++) {
        snprintf(copies[i], sizeof copies[i], "%s", argv[i]);
        args[i] = copies[i];
    }
    const struct pst_option options[] = {
        {"--flag", PST_OPTION_FLAG, &g->flag},
        {"--text", PST_OPTION_TEXT, &g->text},
        {"--number", PST_OPTION_U32, &g->number},
        {"--many", PST_OPTION_MANY, &g->many},
    };
    enum pst_status status = pst_options_parse(argc, args, &g->common, options, PST_LEN(options),
                                               &g->words, max, &g->err);
    /* compare what points into the copies while they live */
    if (status == PST_OK && g->words.n > 0) {
        assert_string_equal(g->words.v[g->words.n - 1], argv[argc - 1]);
    }
    if (status == PST_OK && g->many.n == 2) {
        assert_string_equal(g->many.v[0], "a");
        assert_string_equal(g->many.v[1], "b");
    }
    if (status == PST_OK && strcmp(g->text, "default") != 0) {
        assert_string_equal(g->text, "--flag");
    }
    g->text = NULL;
    return status;
}
#define PARSE(g, max, ...)                                                                         \
    parse((g), (max), (int)PST_LEN(((const char *const[]){"cmd", __VA_ARGS__})),                   \
          (const char *const[]){"cmd", __VA_ARGS__})

static void test_taken(void **state)
{
    (void)state;
    struct got g;
    const char *const none[] = {"cmd"};
    assert_int_equal(parse(&g, 0, 1, none), PST_OK);
    assert_false(g.flag || g.common.json);
    assert_int_equal(g.number, 7);
    assert_string_equal(g.common.state, "state");
    assert_null(g.common.config);
    assert_int_equal(PARSE(&g, 1, "--flag", "--number", "12", "--json", "word"), PST_OK);
    assert_true(g.flag && g.common.json && g.number == 12 && g.words.n == 1);
    assert_int_equal(PARSE(&g, 0, "--number=4294967295"), PST_OK);
    assert_int_equal(g.number, UINT32_MAX);
    assert_int_equal(PARSE(&g, 0, "--many", "a", "--many=b"), PST_OK);
    assert_int_equal(g.many.n, 2);
    assert_int_equal(PARSE(&g, 0, "--text", "--flag"),
                     PST_OK); /* a value, whatever it looks like */
    assert_false(g.flag);
    assert_int_equal(PARSE(&g, 2, "--", "--flag"), PST_OK);
    assert_true(!g.flag && g.words.n == 1);
    assert_int_equal(PARSE(&g, 1, "-"), PST_OK);
    assert_int_equal(g.words.n, 1);
}

static void test_refused(void **state)
{
    (void)state;
    struct got g;
#define REFUSE(why, max, ...)                                                                      \
    do {                                                                                           \
        assert_int_equal(PARSE(&g, (max), __VA_ARGS__), PST_ERR);                                  \
        assert_int_equal(g.err.code, PST_E_USAGE);                                                 \
        if (strstr(g.err.text, (why)) == NULL) {                                                   \
            fail_msg("%s", g.err.text);                                                            \
        }                                                                                          \
    } while (0)
    REFUSE("did you mean --flag", 0, "--flga");
    REFUSE("unknown option", 0, "--zzzzzzzz");
    REFUSE("unknown option", 0, "-f");
    REFUSE("needs a value", 0, "--text");
    REFUSE("takes no value", 0, "--flag=1");
    REFUSE("given twice", 0, "--flag", "--flag");
    REFUSE("given twice", 0, "--number", "1", "--number=2");
    REFUSE("needs a number", 0, "--number", "0");
    REFUSE("needs a number", 0, "--number", "4294967296");
    REFUSE("needs a number", 0, "--number", "-1");
    REFUSE("needs a number", 0, "--number=");
    REFUSE("one word too many", 1, "a", "b");
    REFUSE("one word too many", 0, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
