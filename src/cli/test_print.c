#include "base/test.h"
#include "cli/cli.h"

#include <stdlib.h>

static char *text_of(struct pst_str text, size_t width)
{
    char *p = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&p, &n);
    assert_non_null(f);
    pst_cli_text(f, text, width);
    fclose(f);
    return p;
}

#define TEXT(in, width, want)                                                                      \
    do {                                                                                           \
        char *got_ = text_of(PST_STR(in), (width));                                                \
        assert_string_equal(got_, (want));                                                         \
        free(got_);                                                                                \
    } while (0)

/* What comes from a label or a server cannot write on the terminal. */
static void test_text(void **state)
{
    (void)state;
    TEXT("plain", 0, "plain");
    TEXT("caf\xc3\xa9", 0, "caf\xc3\xa9");
    TEXT("a\x1b[31mb\r\n\x7f", 0, "a?[31mb???");
    TEXT("a\xc2\x9b"
         "31m",
         0, "a?31m");
    TEXT("\xe2\x80\xae"
         "evil",
         0, "?evil");
    TEXT("\xff\xc3", 0, "??");
    TEXT("ab", 4, "ab  ");
    TEXT("caf\xc3\xa9s", 4, "caf\xc3\xa9");
}

static void test_table(void **state)
{
    (void)state;
    static const char json[] = "{\"you\":\"User::a\",\"n\":5,\"on\":true,\"none\":null,\"o\":{"
                               "\"x\":\"y\"},\"list\":[\"a\","
                               "\"b\"],\"empty\":[],\"rows\":[{\"id\":\"1\",\"groups\":[\"a\","
                               "\"b\"],\"last\":null},{\"id\":"
                               "\"long one\",\"groups\":[],\"last\":\"\\u001b\"}]}";
    struct pst_arena arena;
    pst_arena_init(&arena, 4096, 1 << 20);
    struct pst_json_config config = pst_json_config_of(4096, 1);
    const struct pst_json *root = pst_json_parse(&config, &arena, pst_str_c(json), NULL);
    assert_non_null(root);
    char *p = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&p, &n);
    assert_non_null(f);
    pst_cli_print(f, root);
    fclose(f);
    assert_string_equal(p,
                        "you: User::a\nn: 5\non: yes\nnone: -\no: \n  x: y\nlist: a, b\nempty: -\n"
                        "\nid        groups  last\n1         a, b    -\nlong one  -       ?\n");
    free(p);
    pst_arena_release(&arena);
}

static void test_codes(void **state)
{
    (void)state;
    struct pst_common common = {0};
    struct pst_err err = {0};
    assert_true(freopen("/dev/null", "w", stderr) != NULL);
    (void)pst_fail(&err, PST_E_USAGE, "no");
    assert_int_equal(pst_cli_fail(&common, &err), PST_EXIT_USAGE);
    (void)pst_fail(&err, PST_E_CONFIG, "no");
    assert_int_equal(pst_cli_fail(&common, &err), PST_EXIT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
