#include "base/test.h"

#include "wire/test_json_help.h"

#include <time.h>

static const struct pst_json_name known[] = {
    {PST_STR_INIT("model"), false},        {PST_STR_INIT("messages"), false},
    {PST_STR_INIT("role"), false},         {PST_STR_INIT("content"), false},
    {PST_STR_INIT("parameters"), true},    {PST_STR_INIT("additionalProperties"), false},
    {PST_STR_INIT("tool_call_id"), false}, {PST_STR_INIT("Id"), false},
    {PST_STR_INIT("metadata"), true},      {PST_STR_INIT("id"), false},
};

static struct pst_json_config config_of(const struct pst_json_names *names)
{
    return (struct pst_json_config){.limits = {.bytes = 16U << 20,
                                               .depth = 64,
                                               .nodes = 1U << 20,
                                               .string_bytes = 1000,
                                               .name_bytes = 300},
                                    .names = names,
                                    .seed = 42};
}

#define CODE(text) test_json_code(&c, PST_STR(text), NULL)

static void repeated_names_are_refused(void **state)
{
    (void)state;
    const struct pst_json_config c = config_of(NULL);
    assert_int_equal(CODE("{\"a\":1,\"a\":1}"), PST_E_JSON_DUPLICATE);
    assert_int_equal(CODE("{\"a\":1,\"\\u0061\":1}"), PST_E_JSON_DUPLICATE);
    assert_int_equal(CODE("{\"\":1,\"\":1}"), PST_E_JSON_DUPLICATE);
    assert_int_equal(CODE("{\"a\\u0000b\":1,\"a\\u0000b\":1}"), PST_E_JSON_DUPLICATE);
    assert_int_equal(CODE("[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]"), PST_E_JSON_DUPLICATE);
    assert_int_equal(CODE("{\"a\\u0000b\":1,\"a\\u0000c\":1,\"a\":1}"), PST_E_NONE);
    assert_int_equal(CODE("{\"a\":{\"a\":{\"a\":1}},\"A\":1}"), PST_E_NONE);
    assert_int_equal(CODE("[{\"a\":1},{\"a\":1}]"), PST_E_NONE);
    /* composed and decomposed are two names */
    assert_int_equal(CODE("{\"\xc3\xa9\":1,\"e\xcc\x81\":1}"), PST_E_NONE);
}

/* An object of n members, then one more called as the which-th, in an array of two such. */
static enum pst_error large(const struct pst_json_config *c, unsigned n, unsigned which)
{
    struct pst_buf text;
    pst_buf_init(&text, 16U << 20);
    (void)PST_BUF_LIT(&text, "[");
    for (unsigned object = 0; object < 2; object++) {
        (void)pst_buf_fmt(&text, "%s{", object > 0 ? "," : "");
        for (unsigned i = 0; i < n; i++) {
            (void)pst_buf_fmt(&text, "%s\"k%u\":{\"k%u\":1}", i > 0 ? "," : "", i, i);
        }
        if (object == 1 && which < n) {
            (void)pst_buf_fmt(&text, ",\"k%u\":1", which);
        }
        (void)PST_BUF_LIT(&text, "}");
    }
    (void)PST_BUF_LIT(&text, "]");
    assert_false(text.failed);
    const enum pst_error code = test_json_code(c, pst_buf_str(&text), NULL);
    pst_buf_release(&text);
    return code;
}

static void objects_of_any_size_are_checked(void **state)
{
    (void)state;
    const struct pst_json_config c = config_of(NULL);
    for (unsigned n = 1; n <= 40; n++) {
        assert_int_equal(large(&c, n, n), PST_E_NONE);
        for (unsigned which = 0; which < n; which += 3) {
            assert_int_equal(large(&c, n, which), PST_E_JSON_DUPLICATE);
        }
        assert_int_equal(large(&c, n, n - 1), PST_E_JSON_DUPLICATE);
    }
}

/* A large object interrupted by other large ones keeps its own entries. */
static void nested_large_objects_do_not_mix(void **state)
{
    (void)state;
    const struct pst_json_config c = config_of(NULL);
#define NINE "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1"
    assert_int_equal(CODE("{" NINE ",\"j\":{" NINE ",\"j\":{" NINE "}},\"k\":1}"), PST_E_NONE);
    assert_int_equal(CODE("{" NINE ",\"j\":{" NINE ",\"j\":{" NINE "}},\"j\":1}"),
                     PST_E_JSON_DUPLICATE);
    assert_int_equal(CODE("{" NINE ",\"j\":{" NINE ",\"j\":{" NINE "},\"i\":1}}"),
                     PST_E_JSON_DUPLICATE);
    assert_int_equal(CODE("{" NINE ",\"j\":{" NINE ",\"j\":{" NINE "}},\"a\":1}"),
                     PST_E_JSON_DUPLICATE);
}

static double parse_seconds(struct pst_str text)
{
    struct pst_json_config c = config_of(NULL);
    c.stable = true;
    struct pst_arena arena;
    pst_arena_init(&arena, 1U << 16, 1U << 30);
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    assert_non_null(pst_json_parse(&c, &arena, text, NULL));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    pst_arena_release(&arena);
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

/* Comparing each of 200,000 names with all before it would take minutes. */
static void a_flood_of_names_takes_linear_time(void **state)
{
    (void)state;
    struct pst_buf text;
    pst_buf_init(&text, 16U << 20);
    for (unsigned i = 0; i < 200000; i++) {
        (void)pst_buf_fmt(&text, "%s\"name%08u\":0", i > 0 ? "," : "{", i);
    }
    (void)PST_BUF_LIT(&text, "}");
    assert_false(text.failed);
    assert_true(parse_seconds(pst_buf_str(&text)) < 5);
    pst_buf_release(&text);
}

static void case_variants_are_refused(void **state)
{
    (void)state;
    struct pst_json_names names;
    pst_json_names_init(&names, known, PST_LEN(known));
    const struct pst_json_config c = config_of(&names);
    assert_int_equal(CODE("{\"model\":1,\"messages\":[{\"role\":1,\"content\":2}]}"), PST_E_NONE);
    assert_int_equal(CODE("{\"Model\":1}"), PST_E_JSON_CASE_VARIANT);
    assert_int_equal(CODE("{\"model\":1,\"MODEL\":1}"), PST_E_JSON_CASE_VARIANT);
    assert_int_equal(CODE("{\"messages\":[{\"Role\":1}]}"), PST_E_JSON_CASE_VARIANT);
    assert_int_equal(CODE("{\"\\u004dodel\":1}"), PST_E_JSON_CASE_VARIANT);
    assert_int_equal(CODE("{\"TOOL_CALL_ID\":1}"), PST_E_JSON_CASE_VARIANT);
    assert_int_equal(CODE("{\"additionalproperties\":1}"), PST_E_JSON_CASE_VARIANT);
    /* both of two known names that differ in case only, and nothing between */
    assert_int_equal(CODE("{\"id\":1,\"Id\":2}"), PST_E_NONE);
    assert_int_equal(CODE("{\"ID\":1}"), PST_E_JSON_CASE_VARIANT);
    assert_int_equal(CODE("{\"iD\":1}"), PST_E_JSON_CASE_VARIANT);
    /* other names, and bytes that only |0x20 would make equal */
    assert_int_equal(CODE("{\"models\":1,\"Mode\":2,\"MODELS\":3}"), PST_E_NONE);
    assert_int_equal(CODE("{\"tool\\u007fcall\\u007fid\":1,\"tool-call-id\":1}"), PST_E_NONE);
    assert_int_equal(CODE("{\"\":1}"), PST_E_NONE);
}

static void opaque_members_have_names_of_their_own(void **state)
{
    (void)state;
    struct pst_json_names names;
    pst_json_names_init(&names, known, PST_LEN(known));
    const struct pst_json_config c = config_of(&names);
    const struct pst_str text = PST_STR(
        "{\"model\":1,\"parameters\":{\"Model\":1,\"x\":[{\"ROLE\":{}}],\"role\":3},\"id\":2}");
    assert_int_equal(test_json_code(&c, text, NULL), PST_E_NONE);
    struct pst_arena arena;
    pst_arena_init(&arena, 4096, 1U << 16);
    const struct pst_json *root = pst_json_parse(&c, &arena, text, NULL);
    assert_int_equal(PST_JSON_GET(root, "model")->known, 1);
    assert_int_equal(PST_JSON_GET(root, "model")->opaque, 0);
    assert_int_equal(PST_JSON_GET(root, "id")->known, 10);
    const struct pst_json *parameters = PST_JSON_GET(root, "parameters");
    assert_int_equal(parameters->known, 5);
    assert_int_equal(parameters->opaque, 1);
    assert_int_equal(PST_JSON_GET(parameters, "role")->known, 0);
    assert_int_equal(PST_JSON_GET(parameters, "role")->opaque, 1);
    pst_arena_release(&arena);
    /* repeated names are refused there too, and the next sibling is checked again */
    assert_int_equal(CODE("{\"parameters\":{\"Role\":1,\"Role\":2}}"), PST_E_JSON_DUPLICATE);
    assert_int_equal(CODE("{\"metadata\":{\"Role\":1},\"Role\":2}"), PST_E_JSON_CASE_VARIANT);
    assert_int_equal(CODE("{\"metadata\":[{\"Role\":1}],\"x\":{\"Role\":2}}"),
                     PST_E_JSON_CASE_VARIANT);
    assert_int_equal(CODE("{\"Metadata\":{}}"), PST_E_JSON_CASE_VARIANT);
}

static void impossible_lists_are_bugs(void **state)
{
    (void)state;
    static const struct pst_json_name none[] = {{PST_STR_INIT(""), false}};
    struct pst_json_names names;
    assert_dies(pst_json_names_init(&names, none, 1));
    assert_dies(pst_json_names_init(&names, known, PST_JSON_KNOWN_MAX + 1));
    pst_json_names_init(&names, known, 0);
    const struct pst_json_config c = config_of(&names);
    assert_int_equal(CODE("{\"model\":1}"), PST_E_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeated_names_are_refused),
        cmocka_unit_test(objects_of_any_size_are_checked),
        cmocka_unit_test(nested_large_objects_do_not_mix),
        cmocka_unit_test(a_flood_of_names_takes_linear_time),
        cmocka_unit_test(case_variants_are_refused),
        cmocka_unit_test(opaque_members_have_names_of_their_own),
        cmocka_unit_test(impossible_lists_are_bugs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
