#include "base/test.h"

#include "base/test_heap.h"
#include "wire/json_out.h"

struct fixture {
    struct pst_arena arena;
    struct pst_json *root;
};

static const struct pst_json_config plain = {
    .limits =
        {.bytes = 1U << 16, .depth = 64, .nodes = 1000, .string_bytes = 1000, .name_bytes = 99},
};

static void open_tree(struct fixture *f, const char *text)
{
    pst_arena_init(&f->arena, 1024, 1U << 16);
    f->root = pst_json_parse(&plain, &f->arena, pst_str_c(text), NULL);
    assert_non_null(f->root);
}

static void assert_written(const struct pst_json *v, const char *want)
{
    struct pst_buf out;
    pst_buf_init(&out, 1U << 16);
    assert_int_equal(pst_json_write(v, &out, NULL), PST_OK);
    if (!pst_str_eq(pst_buf_str(&out), pst_str_c(want))) {
        fail_msg("wanted %s, got %.*s", want, PST_FMT(pst_buf_str(&out)));
    }
    pst_buf_release(&out);
}

/* Ends the test of one tree: what it has become, and that last and count agree with it. */
static void close_tree(struct fixture *f, const char *want)
{
    assert_written(f->root, want);
    uint32_t n = 0;
    const struct pst_json *last = NULL;
    for (const struct pst_json *v = pst_json_first(f->root); v != NULL; v = v->next) {
        last = v;
        n++;
    }
    assert_int_equal(n, f->root->count);
    assert_ptr_equal(last, f->root->last);
    pst_arena_release(&f->arena);
}

static void reading_accepts_anything(void **state)
{
    (void)state;
    struct fixture f;
    open_tree(&f, "{\"s\":\"x\",\"t\":true,\"f\":false,\"n\":null,\"a\":[1],\"i\":-5}");
    struct pst_str s;
    bool b = false;
    int64_t i;
    assert_true(pst_json_str(PST_JSON_GET(f.root, "s"), &s));
    assert_str(s, "x");
    assert_false(pst_json_str(PST_JSON_GET(f.root, "t"), &s));
    assert_true(pst_json_bool(PST_JSON_GET(f.root, "t"), &b));
    assert_true(b);
    assert_true(pst_json_bool(PST_JSON_GET(f.root, "f"), &b));
    assert_false(b);
    assert_false(pst_json_bool(PST_JSON_GET(f.root, "n"), &b));
    assert_true(pst_json_is(PST_JSON_GET(f.root, "n"), PST_JSON_NULL));
    assert_true(pst_json_i64(PST_JSON_GET(f.root, "i"), &i));
    assert_int_equal(i, -5);
    assert_null(PST_JSON_GET(f.root, "absent"));
    assert_null(PST_JSON_GET(f.root, ""));
    assert_null(PST_JSON_GET(NULL, "s"));
    assert_null(PST_JSON_GET(PST_JSON_GET(f.root, "a"), "s"));
    assert_null(pst_json_first(NULL));
    assert_null(pst_json_first(PST_JSON_GET(f.root, "s")));
    assert_null(pst_json_first(PST_JSON_GET(f.root, "i")));
    assert_int_equal(pst_json_first(PST_JSON_GET(f.root, "a"))->type, PST_JSON_NUMBER);
    assert_false(pst_json_is(NULL, PST_JSON_NULL));
    assert_false(pst_json_str(NULL, &s));
    assert_false(pst_json_bool(NULL, &b));
    pst_arena_release(&f.arena);
}

static void values_change_in_place(void **state)
{
    (void)state;
    struct fixture f;
    open_tree(&f, "{\"a\":1,\"b\":[1,2],\"c\":{\"x\":1},\"d\":\"s\",\"e\":0,\"unknown\":[{}]}");
    struct pst_arena *a = &f.arena;
    assert_true(pst_json_set_string(a, PST_JSON_GET(f.root, "a"), PST_STR("new \"text\"")));
    assert_true(pst_json_set_number(a, PST_JSON_GET(f.root, "b"), PST_STR("1.50")));
    assert_true(pst_json_set_u64(a, PST_JSON_GET(f.root, "c"), UINT64_MAX));
    pst_json_set_bool(PST_JSON_GET(f.root, "d"), true);
    pst_json_set_null(PST_JSON_GET(f.root, "e"));
    assert_false(pst_json_set_string(a, PST_JSON_GET(f.root, "d"), PST_STR("\xff")));
    assert_false(pst_json_set_number(a, PST_JSON_GET(f.root, "d"), PST_STR("1;")));
    assert_int_equal(PST_JSON_GET(f.root, "d")->length, 0);
    close_tree(&f, "{\"a\":\"new \\\"text\\\"\",\"b\":1.50,\"c\":18446744073709551615,\"d\":true,"
                   "\"e\":null,\"unknown\":[{}]}");
}

static void members_are_put(void **state)
{
    (void)state;
    struct fixture f;
    open_tree(&f, "{\"a\":1,\"b\":2}");
    struct pst_arena *a = &f.arena;
    assert_true(pst_json_put(a, f.root, PST_STR("a"), pst_json_new_string(a, PST_STR(""))));
    assert_true(pst_json_put(a, f.root, PST_STR("c\n"), pst_json_new_i64(a, INT64_MIN)));
    struct pst_json *object = pst_json_new(a, PST_JSON_OBJECT);
    struct pst_json *array = pst_json_new(a, PST_JSON_ARRAY);
    assert_true(pst_json_put(a, f.root, PST_STR("b"), object));
    assert_true(pst_json_put(a, object, PST_STR("list"), array));
    assert_true(pst_json_append(array, pst_json_new_u64(a, 0)));
    assert_true(pst_json_append(array, pst_json_new_i64(a, -1)));
    assert_true(pst_json_append(array, pst_json_new(a, PST_JSON_STRING)));
    assert_true(pst_json_append(array, pst_json_new_number(a, PST_STR("1e5"))));
    assert_true(pst_json_append(array, pst_json_new(a, PST_JSON_NULL)));
    assert_false(pst_json_put(a, array, PST_STR("x"), pst_json_new(a, PST_JSON_NULL)));
    assert_false(pst_json_put(a, f.root, PST_STR("x"), NULL));
    assert_false(pst_json_put(a, f.root, PST_STR("\xc3"), pst_json_new(a, PST_JSON_NULL)));
    assert_false(pst_json_append(object, pst_json_new(a, PST_JSON_NULL)));
    assert_false(pst_json_append(array, NULL));
    assert_null(pst_json_new_number(a, PST_STR("x")));
    assert_null(pst_json_new_string(a, PST_STR("\xff")));
    assert_dies((void)pst_json_new(a, PST_JSON_NUMBER));
    close_tree(&f,
               "{\"a\":\"\",\"b\":{\"list\":[0,-1,\"\",1e5,null]},\"c\\n\":-9223372036854775808}");
}

static void children_are_removed_and_replaced(void **state)
{
    (void)state;
    struct fixture f;
    open_tree(&f, "[0,1,2,3]");
    struct pst_arena *a = &f.arena;
    struct pst_json *zero = f.root->first, *three = f.root->last, *one = zero->next;
    assert_true(pst_json_remove(f.root, one));
    assert_false(pst_json_remove(f.root, one));
    assert_true(pst_json_remove(f.root, three));
    assert_true(pst_json_append(f.root, three));
    assert_true(pst_json_remove(f.root, zero));
    assert_true(pst_json_replace(f.root, three, one));
    assert_false(pst_json_replace(f.root, three, zero));
    assert_false(pst_json_replace(f.root, one, NULL));
    assert_true(pst_json_replace(f.root, one, one));
    assert_false(pst_json_remove(NULL, one));
    assert_false(pst_json_remove(one, zero));
    assert_true(pst_json_append(f.root, pst_json_new(a, PST_JSON_ARRAY)));
    close_tree(&f, "[2,1,[]]");

    open_tree(&f, "{\"a\":1,\"b\":2,\"c\":3}");
    assert_true(pst_json_remove(f.root, PST_JSON_GET(f.root, "c")));
    assert_true(pst_json_remove(f.root, PST_JSON_GET(f.root, "a")));
    assert_true(pst_json_remove(f.root, PST_JSON_GET(f.root, "b")));
    assert_null(f.root->first);
    assert_true(
        pst_json_put(&f.arena, f.root, PST_STR("z"), pst_json_new(&f.arena, PST_JSON_TRUE)));
    close_tree(&f, "{\"z\":true}");
}

static void a_failed_edit_changes_nothing(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 64, 256);
    struct pst_json *object = pst_json_new(&a, PST_JSON_OBJECT);
    struct pst_json *v = pst_json_new(&a, PST_JSON_NULL);
    assert_true(object != NULL && v != NULL);
    static const char text[] =
        "sixty-four bytes and more of text that cannot find any room in here"
        "sixty-four bytes and more of text that cannot find any room in here"
        "sixty-four bytes and more of text that cannot find any room in here";
    assert_false(pst_json_set_string(&a, v, pst_str_c(text)));
    assert_int_equal(v->type, PST_JSON_NULL);
    assert_false(pst_json_put(&a, object, pst_str_c(text), v));
    assert_int_equal(object->count, 0);
    assert_null(pst_json_new_string(&a, pst_str_c(text)));
    assert_true(pst_arena_full(&a));
    pst_arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_accepts_anything),
        cmocka_unit_test(values_change_in_place),
        cmocka_unit_test(members_are_put),
        cmocka_unit_test(children_are_removed_and_replaced),
        cmocka_unit_test(a_failed_edit_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
