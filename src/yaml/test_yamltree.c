#include "base/buf.h"
#include "base/test.h"
#include "yaml/yamltree.h"

static enum pst_status parse(struct pst_arena *arena, const char *text, struct pst_yaml **ret,
                             struct pst_err *err)
{
    *err = (struct pst_err){0};
    return pst_yaml_parse(arena, pst_str_c(text), ret, err);
}

static void test_tree(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct pst_err err;
    struct pst_yaml *root = NULL;
    pst_arena_init(&arena, 4096, 1 << 20);
    assert_int_equal(
        parse(&arena, "a: 1\nb:\n  - x\n  - 'no'\nc: {d: , e: ~, f: ''}\n", &root, &err), PST_OK);
    assert_int_equal(root->kind, PST_YAML_MAP);
    assert_int_equal(root->count, 3);
    const struct pst_yaml *a = pst_yaml_get(root, PST_STR("a"));
    assert_str(a->text, "1");
    assert_true(a->plain && a->line == 1 && a->column == 4 && a->key_line == 1);
    const struct pst_yaml *b = pst_yaml_get(root, PST_STR("b"));
    assert_int_equal(b->kind, PST_YAML_LIST);
    assert_int_equal(b->count, 2);
    assert_str(b->first->text, "x");
    assert_str(b->last->text, "no");
    assert_false(b->last->plain);
    assert_int_equal(b->last->line, 4);
    assert_int_equal(b->last->column, 5);
    const struct pst_yaml *c = pst_yaml_get(root, PST_STR("c"));
    assert_true(pst_yaml_empty(pst_yaml_get(c, PST_STR("d"))));
    assert_true(pst_yaml_empty(pst_yaml_get(c, PST_STR("e"))));
    assert_false(pst_yaml_empty(pst_yaml_get(c, PST_STR("f"))));
    assert_null(pst_yaml_get(c, PST_STR("g")));
    assert_null(pst_yaml_get(a, PST_STR("g")));
    assert_null(pst_yaml_get(NULL, PST_STR("g")));
    root = (void *)1;
    assert_int_equal(parse(&arena, "", &root, &err), PST_OK);
    assert_null(root);
    assert_int_equal(parse(&arena, "# only a comment\n", &root, &err), PST_OK);
    assert_null(root);
    pst_arena_release(&arena);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
        uint32_t line, column;
    } rows[] = {
        {"a: &x 1\n", "anchors", 1, 4},
        {"a: &x {b: 1}\n", "anchors", 1, 4},
        {"a: &x [1]\n", "anchors", 1, 4},
        {"a: 1\nb: *x\n", "aliases", 2, 4},
        {"a: !!str 1\n", "tags", 1, 4},
        {"a: !x [1]\n", "tags", 1, 4},
        {"! a: 1\n", "tags", 1, 1},
        {"a:\n  <<: {b: 1}\n", "merge", 2, 3},
        {"a: 1\nb: 2\na: 3\n", "twice; the first is on line 1", 3, 1},
        {"a: {b: 1, \"b\": 2}\n", "twice", 1, 11},
        {"a: 1\n---\nb: 2\n", "second document", 2, 1},
        {"%YAML 1.1\n---\na: 1\n", "directives", 1, 1},
        {"%TAG ! tag:x,2000:\n---\na: 1\n", "directives", 1, 1},
        {"? [a]\n: 1\n", "a key must be", 1, 3},
        {"? {a: b}\n: 1\n", "a key must be", 1, 3},
        {"'': 1\n", "empty", 1, 1},
        {"a: [1\n", "not valid YAML", 2, 1},
        {"a:\n\t- 1\n", "spaces", 2, 1},
        {"a: \x01\n", "not allowed in YAML", 1, 4},
        {"a: 1\nb: \xff\n", "not allowed in YAML", 2, 4},
        {"a: \"\\xZZ\"\n", "not valid YAML", 1, 0},
        {"[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", "deeply", 1, 17},
    };
    struct pst_arena arena;
    pst_arena_init(&arena, 4096, 1 << 20);
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_err err;
        struct pst_yaml *root = NULL;
        if (parse(&arena, rows[i].text, &root, &err) != PST_ERR) {
            fail_msg("accepted: %s", rows[i].text);
        }
        assert_null(root);
        assert_int_equal(err.code, PST_E_CONFIG);
        if (strstr(err.text, rows[i].why) == NULL || err.line != rows[i].line ||
            (rows[i].column != 0 && err.column != rows[i].column)) {
            fail_msg("%s: %u:%u %s", rows[i].text, err.line, err.column, err.text);
        }
    }
    pst_arena_release(&arena);
}

static void test_limits(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct pst_buf text;
    struct pst_err err = {0};
    struct pst_yaml *root = NULL;
    pst_buf_init(&text, 1 << 20);
    pst_arena_init(&arena, 4096, 64 << 20);
    for (int i = 0; i < PST_YAML_KEYS_MAX + 1; i++) {
        assert_true(pst_buf_fmt(&text, "k%d: 1\n", i));
    }
    assert_int_equal(pst_yaml_parse(&arena, pst_buf_str(&text), &root, &err), PST_ERR);
    assert_non_null(strstr(err.text, "too many keys"));
    pst_buf_clear(&text);
    for (int i = 0; i < PST_YAML_NODES_MAX + 1; i++) {
        assert_true(PST_BUF_LIT(&text, "- 1\n"));
    }
    assert_int_equal(pst_yaml_parse(&arena, pst_buf_str(&text), &root, &err), PST_ERR);
    assert_non_null(strstr(err.text, "too many values"));
    pst_arena_release(&arena);
    pst_arena_init(&arena, 128, 512); /* too small for anything */
    assert_int_equal(parse(&arena, "a: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n", &root, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    pst_arena_release(&arena);
    pst_buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
