/* The table walker and the exchange's small parts, beside what the readers' tests cover. */
#include "dialect/exchange.h"
#include "dialect/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct pst_table_row rows[] = {
    {PST_STR_INIT("type"), PST_TYPE_STRING | PST_TYPE_REQUIRED, PST_CLASS_CAPABILITY, 0, 1, 0, 0},
    {PST_STR_INIT("a"), PST_TYPE_OBJECT | PST_TYPE_OBJECTS, PST_CLASS_STRUCT, PST_CHILD_OBJECTS, 0,
     0, 0},
    {PST_STR_INIT("n"), PST_TYPE_INTEGER | PST_TYPE_NULL, PST_CLASS_LIMIT, 0, 0, 0, 0},
    {PST_STR_INIT("f"), PST_TYPE_OBJECT, PST_CLASS_TEXT, PST_CHILD_FREE, 0, 3, 0},
};
static const struct pst_table_object objects[] = {
    {"", 0, 0}, {"", 0, 0}, {"", 0, 0}, {"", 0, 0}, {"root", 0, 4}};
static const char *const set_types[] = {"a", "b", NULL};
static const char *const *const sets[] = {NULL, set_types};
static const struct pst_table table = {rows, objects, sets, PST_LEN(rows), PST_LEN(objects)};

struct seen {
    struct pst_buf text;
};

static enum pst_status on_text(void *ctx, struct pst_walk *w, const struct pst_table_row *row,
                               struct pst_json *v, bool is_name, struct pst_err *err)
{
    (void)w;
    (void)err;
    struct seen *s = ctx;
    pst_buf_add(&s->text, is_name ? v->name : v->text);
    pst_buf_byte(&s->text, row == NULL ? '?' : (uint8_t)('0' + row->channel));
    return PST_OK;
}

static enum pst_status walk(struct seen *s, struct pst_arena *arena, const char *body,
                            uint32_t *ret_unknown, struct pst_err *err)
{
    static const struct pst_walk_ops ops = {.text = on_text};
    struct pst_json_config c = pst_json_config_of(1 << 16, 1);
    pst_arena_clear(arena);
    pst_buf_clear(&s->text);
    struct pst_json *root = pst_json_parse(&c, arena, pst_str_c(body), err);
    assert_non_null(root);
    struct pst_walk w;
    pst_walk_init(&w, &table, &ops, s);
    enum pst_status st = pst_walk_run(&w, root, PST_CHILD_OBJECTS, err);
    *ret_unknown = w.unknown_members;
    return st;
}

static void test_walk(void **state)
{
    (void)state;
    static const struct {
        const char *body, *error, *text;
        uint32_t unknown;
    } cases[] = {
        {"{\"type\":\"b\"}", NULL, "", 0},
        {"{\"type\":\"c\"}", "type: this value is not known here; known are a b", NULL, 0},
        {"{}", "the member type is missing", NULL, 0},
        {"{\"type\":\"a\"}", "the member a is missing", NULL, 0},
        {"{\"type\":\"a\",\"a\":{\"type\":\"b\",\"n\":1}}", NULL, "", 0},
        {"{\"type\":\"a\",\"a\":[{\"type\":\"b\"},{\"type\":\"b\",\"n\":\"x\"}]}",
         "a[1].n: must be an integer or null", NULL, 0},
        {"{\"type\":\"a\",\"a\":[[]]}", "a[0]: must be an object", NULL, 0},
        {"{\"type\":\"a\",\"a\":[{}]}", "a[0]: the member type is missing", NULL, 0},
        {"{\"type\":\"b\",\"n\":1.0}", "n: must be an integer or null", NULL, 0},
        {"{\"type\":\"b\",\"n\":99999999999999999999}", "n: must be an integer or null", NULL, 0},
        {"{\"type\":\"b\",\"f\":{\"k\":[\"v\",{\"l\":1}]}}", NULL, "k3v3l3", 0},
        {"{\"type\":\"b\",\"u\":\"v\",\"w\":{\"type\":\"zz\"}}", NULL, "u?v?w?type?zz?", 2},
        {"{\"type\":\"b\",\"N\":1}", "N: differs from a known member only in case", NULL, 0},
        {"{\"type\":\"b\",\"w\":{\"N\":1}}", NULL, "w?N?", 1},
    };
    struct pst_arena arena;
    struct seen s;
    pst_arena_init(&arena, 4096, 1 << 20);
    pst_buf_init(&s.text, 4096);
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        struct pst_err err = {.code = PST_E_NONE};
        uint32_t unknown = 0;
        enum pst_status st = walk(&s, &arena, cases[i].body, &unknown, &err);
        if ((st == PST_OK) != (cases[i].error == NULL)) {
            fail_msg("%s: %s", cases[i].body, err.text);
        }
        if (st != PST_OK) {
            assert_string_equal(err.text, cases[i].error);
            continue;
        }
        assert_true(pst_str_eq(pst_buf_str(&s.text), pst_str_c(cases[i].text)));
        assert_int_equal(unknown, cases[i].unknown);
    }
    pst_buf_release(&s.text);
    pst_arena_release(&arena);
}

/* A member's name is the peer's: it is shown without what a terminal would act on, and cut. */
static void test_error_paths_are_tame(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct seen s;
    struct pst_err err = {.code = PST_E_NONE};
    uint32_t unknown;
    pst_arena_init(&arena, 4096, 1 << 20);
    pst_buf_init(&s.text, 4096);
    assert_int_equal(walk(&s, &arena, "{\"type\":\"b\",\"TYPE\":1}", &unknown, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_JSON_CASE_VARIANT);
    struct pst_json_config c = pst_json_config_of(1 << 16, 1);
    struct pst_json *root = pst_json_parse(
        &c, &arena, PST_STR("{\"\\u001b[2J\\\"x\\u00e9\":[1,{\"b\":2}]}"), &err);
    struct pst_buf path;
    pst_buf_init(&path, 256);
    assert_true(pst_json_path(root, root->first->first->next->first, &path));
    assert_true(pst_str_eq(pst_buf_str(&path), PST_STR("?[2J?x??[1].b")));
    pst_buf_clear(&path);
    assert_false(pst_json_path(root->first->first, root, &path));
    assert_int_equal(path.n, 0);
    pst_buf_release(&path);
    pst_buf_release(&s.text);
    pst_arena_release(&arena);
}

static void test_depth(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct seen s;
    struct pst_err err = {.code = PST_E_NONE};
    pst_arena_init(&arena, 4096, 1 << 20);
    pst_buf_init(&s.text, 4096);
    struct pst_json *root = pst_json_new(&arena, PST_JSON_OBJECT);
    struct pst_json *at = root;
    for (int i = 0; i < PST_JSON_DEPTH_MAX + 5; i++) {
        struct pst_json *inner = pst_json_new(&arena, PST_JSON_OBJECT);
        assert_true(pst_json_put(&arena, at, PST_STR("x"), inner));
        at = inner;
    }
    static const struct pst_walk_ops ops = {.text = on_text};
    struct pst_walk w;
    pst_walk_init(&w, &table, &ops, &s);
    assert_int_equal(pst_walk_run(&w, root, PST_CHILD_OBJECTS, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_JSON_DEPTH);
    pst_buf_release(&s.text);
    pst_arena_release(&arena);
}

static void test_names(void **state)
{
    (void)state;
    struct pst_json_name list[8];
    assert_int_equal(pst_table_names(&table, list, PST_LEN(list)), 4);
    assert_true(list[3].opaque);
    assert_false(list[0].opaque);
    assert_string_equal(pst_speaker_name(PST_SPEAKER_TOOL), "tool");
    assert_string_equal(pst_channel_name(PST_CHANNEL_UNKNOWN), "unknown");
    assert_string_equal(pst_channel_name((enum pst_channel)99), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_error_paths_are_tame),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
