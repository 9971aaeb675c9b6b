#include "base/test.h"

#include "wire/json_out.h"

static void every_value_is_written(void **state)
{
    (void)state;
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, 4096);
    pst_json_out_init(&o, &buf);
    assert_false(pst_json_out_ok(&o));
    pst_json_out_object(&o);
    pst_json_out_kstr(&o, "s", PST_STR("a\n\"b\""));
    pst_json_out_ku64(&o, "u", UINT64_MAX);
    pst_json_out_ki64(&o, "i", INT64_MIN);
    pst_json_out_kbool(&o, "t", true);
    pst_json_out_kbool(&o, "f", false);
    PST_JSON_KEY(&o, "list");
    pst_json_out_array(&o);
    pst_json_out_null(&o);
    pst_json_out_str(&o, PST_STR(""));
    pst_json_out_u64(&o, 0);
    pst_json_out_i64(&o, -1);
    pst_json_out_bool(&o, true);
    pst_json_out_array(&o);
    pst_json_out_end(&o);
    pst_json_out_object(&o);
    pst_json_out_end(&o);
    pst_json_out_raw(&o, PST_STR("{\"raw\":1.50}"));
    pst_json_out_end(&o);
    PST_JSON_KEY(&o, "k\t");
    pst_json_out_lossy(&o, PST_STR("a\xff\xe2\x82z"));
    PST_JSON_KEY(&o, "v");
    const struct pst_json v = {.type = PST_JSON_STRING, .text = PST_STR("tree")};
    pst_json_out_value(&o, &v);
    assert_false(pst_json_out_ok(&o));
    pst_json_out_end(&o);
    assert_true(pst_json_out_ok(&o));
    assert_str(pst_buf_str(&buf),
               "{\"s\":\"a\\n\\\"b\\\"\",\"u\":18446744073709551615,\"i\":-9223372036854775808,"
               "\"t\":true,\"f\":false,\"list\":[null,\"\",0,-1,true,[],{},{\"raw\":1.50}],"
               "\"k\\t\":\"a\xef\xbf\xbd\xef\xbf\xbdz\",\"v\":\"tree\"}");
    pst_buf_release(&buf);
}

static void one_value_may_stand_alone(void **state)
{
    (void)state;
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, 100);
    pst_json_out_init(&o, &buf);
    pst_json_out_lossy(&o, PST_STR("x"));
    assert_true(pst_json_out_ok(&o));
    assert_str(pst_buf_str(&buf), "\"x\"");
    pst_buf_release(&buf);
}

static void the_deepest_levels_keep_their_kind(void **state)
{
    (void)state;
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, 4096);
    pst_json_out_init(&o, &buf);
    for (int i = 0; i < PST_JSON_DEPTH_MAX; i++) {
        if (i % 3 == 0) {
            pst_json_out_object(&o);
            PST_JSON_KEY(&o, "k");
        } else {
            pst_json_out_array(&o);
        }
    }
    assert_dies(pst_json_out_array(&o));
    pst_json_out_u64(&o, 1);
    for (int i = 0; i < PST_JSON_DEPTH_MAX; i++) {
        pst_json_out_end(&o);
    }
    assert_true(pst_json_out_ok(&o));
    struct pst_arena arena;
    pst_arena_init(&arena, 1024, 1U << 20);
    struct pst_json_config config = pst_json_config_of(4096, 1);
    config.limits.depth = PST_JSON_DEPTH_MAX;
    struct pst_err err = {0};
    assert_non_null(pst_json_parse(&config, &arena, pst_buf_str(&buf), &err));
    pst_arena_release(&arena);
    pst_buf_release(&buf);
}

static void bad_text_is_remembered(void **state)
{
    (void)state;
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, 100);
    pst_json_out_init(&o, &buf);
    pst_json_out_array(&o);
    pst_json_out_str(&o, PST_STR("\xff"));
    pst_json_out_end(&o);
    assert_false(pst_json_out_ok(&o));
    pst_buf_clear(&buf);
    pst_json_out_init(&o, &buf);
    pst_json_out_object(&o);
    pst_json_out_kstr(&o, "\xc3", PST_STR(""));
    pst_json_out_end(&o);
    assert_false(pst_json_out_ok(&o));
    pst_buf_release(&buf);
}

static void a_full_buffer_is_remembered(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 25; cap++) {
        struct pst_buf buf;
        struct pst_json_out o;
        pst_buf_init(&buf, cap);
        pst_json_out_init(&o, &buf);
        pst_json_out_object(&o);
        pst_json_out_kstr(&o, "a", PST_STR("b"));
        PST_JSON_KEY(&o, "c");
        pst_json_out_lossy(&o, PST_STR("\xff\xff"));
        const struct pst_json v = {.type = PST_JSON_NULL};
        PST_JSON_KEY(&o, "d");
        pst_json_out_value(&o, &v);
        pst_json_out_end(&o);
        assert_false(pst_json_out_ok(&o));
        pst_buf_release(&buf);
    }
}

static void mistakes_are_bugs(void **state)
{
    (void)state;
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, 100);
    pst_json_out_init(&o, &buf);
    assert_dies(pst_json_out_end(&o));
    assert_dies(PST_JSON_KEY(&o, "k"));
    assert_dies(pst_json_out_raw(&o, PST_STR("")));
    pst_json_out_object(&o);
    assert_dies(pst_json_out_u64(&o, 1));
    assert_dies(pst_json_out_array(&o));
    PST_JSON_KEY(&o, "k");
    assert_dies(PST_JSON_KEY(&o, "k"));
    assert_dies(pst_json_out_end(&o));
    pst_json_out_u64(&o, 1);
    pst_json_out_end(&o);
    assert_dies(pst_json_out_u64(&o, 1));
    assert_dies(pst_json_out_end(&o));
    pst_buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_written),
        cmocka_unit_test(one_value_may_stand_alone),
        cmocka_unit_test(the_deepest_levels_keep_their_kind),
        cmocka_unit_test(bad_text_is_remembered),
        cmocka_unit_test(a_full_buffer_is_remembered),
        cmocka_unit_test(mistakes_are_bugs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
