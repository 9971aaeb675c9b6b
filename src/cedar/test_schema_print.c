#include "cedar/schema.h"

#include "base/test.h"

static struct pst_cedar_schema *parse(struct pst_str text, bool json)
{
    struct pst_err err = {0};
    struct pst_cedar_schema *s = json ? pst_cedar_schema_parse_json(NULL, PST_STR("j"), text, &err)
                                      : pst_cedar_schema_parse_text(NULL, PST_STR("t"), text, &err);
    if (s == NULL) {
        fail_msg("%u:%u %s in %.*s", err.line, err.column, err.text, PST_FMT(text));
    }
    return s;
}

static const char everything[] =
    "type ipaddr = {v: __cedar::ipaddr};\n"
    "@doc(\"a \\\"person\\\"\") @flag entity U, V in [G, N::T] = {\n"
    "  \"a b\"?: Set<{x: Long, @why(\"\") y?: N::T}>, i: ipaddr, l: __cedar::Long, e: E,\n"
    "} tags Set<String>;\n"
    "entity G; entity Long; entity E enum [\"p\", \"\\u{1F600}\"];\n"
    "action all; action \"read it\", w in [all, N::Action::\"go\"] appliesTo {\n"
    "  principal: [U, V], resource: G, context: C };\n"
    "type C = {d?: datetime, r: {}};\n"
    "@ns namespace N { entity T {u: U}; action go; }\n";

static void print(const struct pst_cedar_schema *s, int how, struct pst_buf *out)
{
    pst_buf_clear(out);
    enum pst_status st = how == 0   ? pst_cedar_schema_print_text(s, out, NULL)
                         : how == 1 ? pst_cedar_schema_print_json(s, out, NULL)
                                    : pst_cedar_schema_print_resolved(s, out, NULL);
    assert_int_equal(st, PST_OK);
}

/* text → either → either again: the meaning stays, and the second printing is the first. */
static void rounds_keep_the_meaning(void **state)
{
    (void)state;
    struct pst_buf meaning;
    struct pst_buf first;
    struct pst_buf second;
    pst_buf_init(&meaning, 1u << 20);
    pst_buf_init(&first, 1u << 20);
    pst_buf_init(&second, 1u << 20);
    struct pst_cedar_schema *s = parse(pst_str_c(everything), false);
    print(s, 2, &meaning);
    for (int way = 0; way < 4; way++) {
        print(s, way & 1, &first);
        struct pst_cedar_schema *mid = parse(pst_buf_str(&first), (way & 1) != 0);
        print(mid, way >> 1, &first);
        struct pst_cedar_schema *end = parse(pst_buf_str(&first), way >> 1 != 0);
        print(end, way >> 1, &second);
        assert_true(pst_str_eq(pst_buf_str(&first), pst_buf_str(&second)));
        print(end, 2, &second);
        assert_true(pst_str_eq(pst_buf_str(&meaning), pst_buf_str(&second)));
        pst_cedar_schema_free(mid);
        pst_cedar_schema_free(end);
    }
    assert_true(pst_str_find(pst_buf_str(&meaning),
                             PST_STR("entity U in [G, N::T] attributes {\"a b\"?: "
                                     "Set<{x: Long, y?: N::T}>, e: E, i: {v: __cedar::ipaddr}, "
                                     "l: __cedar::Long} tags Set<__cedar::String>\n")) != PST_NPOS);
    pst_cedar_schema_free(s);
    pst_buf_release(&meaning);
    pst_buf_release(&first);
    pst_buf_release(&second);
}

static void text_is_readable(void **state)
{
    (void)state;
    struct pst_buf out;
    pst_buf_init(&out, 1u << 16);
    struct pst_cedar_schema *s = parse(
        PST_STR("@a(\"b\") entity A in A {x?: Set<{y: Long}>, \"in\": {}} tags Bool;"
                "action \"v w\" in g appliesTo {principal: A, resource: A}; action g;"),
        false);
    print(s, 0, &out);
    assert_str(pst_buf_str(&out), "\n@a(\"b\")\nentity A in [A] {\n"
                                  "    x?: Set<{\n        y: Long,\n    }>,\n    \"in\": {},\n"
                                  "} tags Bool;\n"
                                  "action \"v w\" in [\"g\"] appliesTo {\n    principal: [A],\n"
                                  "    resource: [A],\n};\naction g;\n");
    print(s, 1, &out);
    assert_str(
        pst_buf_str(&out),
        "{\"\":{\"entityTypes\":{\"A\":{\"memberOfTypes\":[\"A\"],\"shape\":{\"type\":\"Record\","
        "\"attributes\":{\"x\":{\"type\":\"Set\",\"element\":{\"type\":\"Record\",\"attributes\":"
        "{\"y\":{\"type\":\"Long\"}}},\"required\":false},\"in\":{\"type\":\"Record\","
        "\"attributes\":{}}}},\"tags\":{\"type\":\"Boolean\"},\"annotations\":{\"a\":\"b\"}}},"
        "\"actions\":{\"v w\":{\"memberOf\":[{\"id\":\"g\"}],\"appliesTo\":{\"principalTypes\":"
        "[\"A\"],\"resourceTypes\":[\"A\"]}},\"g\":{}}}}");
    pst_cedar_schema_free(s);
    pst_buf_release(&out);
}

/* JSON can say what the human syntax cannot. */
static void what_cannot_be_said_is_an_error(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_buf out;
    struct pst_buf again;
    pst_buf_init(&out, 1u << 16);
    pst_buf_init(&again, 1u << 16);
    struct pst_cedar_schema *s = parse(
        PST_STR(
            "{\"\":{\"commonTypes\":{\"A\":{\"type\":\"Long\"}},\"entityTypes\":{\"A\":{},\"B\":{"
            "\"shape\":{\"type\":\"Record\",\"attributes\":{\"x\":{\"type\":\"Entity\",\"name\":"
            "\"A\"}}}}},\"actions\":{}}}"),
        true);
    assert_int_equal(pst_cedar_schema_print_text(s, &out, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CEDAR_SCHEMA);
    print(s, 1, &out);
    pst_cedar_schema_free(s);
    /* A shape may be a name of another namespace, and an action may apply to nothing. */
    s = parse(
        PST_STR(
            "{\"N\":{\"commonTypes\":{\"T\":{\"type\":\"Record\",\"attributes\":{\"x\":{\"type\":"
            "\"EntityOrCommon\",\"name\":\"E\"}}}},\"entityTypes\":{\"E\":{}},\"actions\":{}},"
            "\"\":{\"entityTypes\":{\"B\":{\"shape\":{\"type\":\"N::T\"}}},\"actions\":{\"a\":{"
            "\"appliesTo\":{\"principalTypes\":[],\"resourceTypes\":[\"B\"]}}}}}"),
        true);
    print(s, 2, &again);
    print(s, 0, &out);
    pst_cedar_schema_free(s);
    s = parse(pst_buf_str(&out), false);
    print(s, 2, &out);
    assert_true(pst_str_eq(pst_buf_str(&out), pst_buf_str(&again)));
    pst_cedar_schema_free(s);
    pst_buf_release(&out);
    pst_buf_release(&again);
}

static void a_full_buffer_is_an_error(void **state)
{
    (void)state;
    struct pst_cedar_schema *s = parse(pst_str_c(everything), false);
    for (size_t cap = 0; cap < 300; cap += 7) {
        struct pst_buf out;
        pst_buf_init(&out, cap);
        assert_int_equal(pst_cedar_schema_print_text(s, &out, NULL), PST_ERR);
        pst_buf_clear(&out);
        assert_int_equal(pst_cedar_schema_print_json(s, &out, NULL), PST_ERR);
        pst_buf_clear(&out);
        assert_int_equal(pst_cedar_schema_print_resolved(s, &out, NULL), PST_ERR);
        pst_buf_release(&out);
    }
    pst_cedar_schema_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_keep_the_meaning),
        cmocka_unit_test(text_is_readable),
        cmocka_unit_test(what_cannot_be_said_is_an_error),
        cmocka_unit_test(a_full_buffer_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
