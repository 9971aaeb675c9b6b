/* est_read.c, est_write.c, print.c, print_text.c, link.c: the JSON policy format and text. */
#include "cedar/test_util.h"

#include "cedar/format.h"

static struct pst_str json_of(const char *policies, struct pst_buf *out)
{
    struct pst_cedar *c = test_set(policies, NULL);
    pst_buf_clear(out);
    assert_int_equal(pst_cedar_policies_json(c, out, NULL), PST_OK);
    pst_cedar_free(c);
    return pst_buf_str(out);
}

static struct pst_cedar *set_of_json(struct pst_str json)
{
    struct pst_err err = {0};
    struct pst_cedar *c = pst_cedar_new(NULL);
    if (pst_cedar_add_policies_json(c, PST_STR("p.json"), json, &err) != PST_OK) {
        fail_msg("%u:%u: %s in %.*s", err.line, err.column, err.text, (int)json.n,
                 (const char *)json.p);
    }
    return c;
}

static const char *const policies[] = {
    "permit(principal,action,resource);",
    "@a(\"x\")\n@b\nforbid(principal == User::\"a\\n\\\"\", action in [Action::\"x\", "
    "N::Action::\"y\"], "
    "resource is N::D in F::\"f\")\nwhen { true }\nunless { principal.x };",
    "permit(principal is A, action == Action::\"a\", resource in B::\"b\");",
    "permit(principal == ?principal, action in Action::\"a\", resource is B in ?resource);",
    "permit(principal,action,resource) when { 1 + 2 * -3 - (4 - 5) == (1 + 2) * 3 };",
    "permit(principal,action,resource) when { if true then 1 == 2 else (if false then 1 else 2) == "
    "3 };",
    "permit(principal,action,resource) when { (if true then 1 else 2) + 1 == (-5).a + -(5) + -(-5) "
    "};",
    "permit(principal,action,resource) when { principal has a.b.c && principal has \"x y\" && 1 "
    "has if_ };",
    "permit(principal,action,resource) when { (principal has a && true) == (1 == 2) };",
    "permit(principal,action,resource) when { principal is A in [B::\"c\", resource] && 1 is A };",
    "permit(principal,action,resource) when { \"a\\\"*é\" like \"*\\*b\\n*é**\" };",
    "permit(principal,action,resource) when { [1, [], {\"a b\": 1, c: {}}].contains(1) };",
    "permit(principal,action,resource) when { principal[\"x y\"].b.contains(1) && [].isEmpty() };",
    "permit(principal,action,resource) when { ip(\"1.1.1.1\").isInRange(ip(\"0.0.0.0/0\")) };",
    "permit(principal,action,resource) when { ip() == decimal(\"1\", 2) };",
    "permit(principal,action,resource) when { "
    "principal.getTag(\"x\").containsAll(context.a[\"if\"]) };",
    "permit(principal,action,resource) when { -9223372036854775808 <= 9223372036854775807 };",
    "permit(principal,action,resource) when { !(!(!true)) && -(-(-context.x)) != 1 };",
    "permit(principal,action,resource) when { datetime(\"2024-01-01\").offset(duration(\"1d\")) > "
    "context.t };",
};

/* text → JSON → JSON, and text → text → JSON, come to the same. */
static void formats_agree(void **state)
{
    (void)state;
    struct pst_buf first;
    struct pst_buf second;
    struct pst_buf text;
    pst_buf_init(&first, 1u << 20);
    pst_buf_init(&second, 1u << 20);
    pst_buf_init(&text, 1u << 20);
    for (size_t i = 0; i < PST_LEN(policies); i++) {
        struct pst_str want = json_of(policies[i], &first);
        struct pst_cedar *c = set_of_json(want);
        pst_buf_clear(&second);
        assert_int_equal(pst_cedar_policies_json(c, &second, NULL), PST_OK);
        if (!pst_str_eq(want, pst_buf_str(&second))) {
            fail_msg("%.*s\nthen\n%.*s", (int)want.n, (const char *)want.p, (int)second.n,
                     (const char *)second.p);
        }
        pst_buf_clear(&text);
        assert_int_equal(pst_cedar_policy_text(c, 0, &text, NULL), PST_OK);
        assert_true(pst_buf_byte(&text, 0));
        pst_cedar_free(c);
        struct pst_str got = json_of((const char *)text.p, &second);
        if (!pst_str_eq(want, got)) {
            fail_msg("%s\n%.*s\nthen\n%.*s", (const char *)text.p, (int)want.n,
                     (const char *)want.p, (int)got.n, (const char *)got.p);
        }
    }
    pst_buf_release(&first);
    pst_buf_release(&second);
    pst_buf_release(&text);
}

static void values_in_json_are_literals(void **state)
{
    (void)state;
    struct pst_cedar *c = set_of_json(PST_STR(
        "{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"All\"},"
        "\"resource\":{\"op\":\"All\"},\"conditions\":[{\"kind\":\"when\",\"body\":{\"==\":{"
        "\"left\":{\"Value\":[1,\"a\",{\"x\":[true],\"y\":{\"__extn\":{\"fn\":\"ip\",\"arg\":"
        "\"::1\"}}},{\"__entity\":{\"type\":\"User\",\"id\":\"alice\"}}]},\"right\":{\"Set\":["
        "{\"Var\":\"principal\"},{\"Value\":\"a\"},{\"Value\":1},{\"Record\":{\"x\":{\"Set\":["
        "{\"Value\":true}]},\"y\":{\"ip\":[{\"Value\":\"::1\"}]}}}]}}}}]}"));
    struct pst_arena a;
    struct pst_cedar_answer answer;
    assert_int_equal(pst_cedar_seal(c, NULL), PST_OK);
    pst_arena_init(&a, 4096, 1u << 20);
    assert_int_equal(pst_cedar_authorize(test_request(c, &a, NULL), &answer, NULL), PST_OK);
    assert_true(answer.allow);
    pst_arena_release(&a);
    pst_cedar_free(c);
}

#define SCOPES                                                                                     \
    "\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"}"
#define BODY(b)                                                                                    \
    "{\"effect\":\"permit\"," SCOPES ",\"conditions\":[{\"kind\":\"when\",\"body\":" b "}]}"

static void bad_json_is_refused_with_a_position(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "[]x",
        "{\"effect\":\"allow\"," SCOPES "}",
        "{\"effect\":\"permit\"}",
        "{\"effect\":\"permit\"," SCOPES ",\"conditions\":{}}",
        "{\"effect\":\"permit\"," SCOPES
        ",\"conditions\":[{\"kind\":\"if\",\"body\":{\"Value\":true}}]}",
        "{\"effect\":\"permit\"," SCOPES ",\"conditions\":[{\"kind\":\"when\"}]}",
        "{\"effect\":\"permit\"," SCOPES ",\"annotations\":{\"a b\":\"\"}}",
        "{\"effect\":\"permit\"," SCOPES ",\"annotations\":{\"a\":1}}",
        BODY("{}"),
        BODY("1"),
        BODY("{\"Value\":null}"),
        BODY("{\"Value\":1.5}"),
        BODY("{\"Var\":\"x\"}"),
        BODY("{\"Slot\":\"?principal\"}"),
        BODY("{\"foo\":[]}"),
        BODY("{\"==\":{\"left\":{\"Value\":1}}}"),
        BODY("{\"==\":[]}"),
        BODY("{\"ip\":{}}"),
        BODY("{\".\":{\"left\":{\"Value\":1}}}"),
        BODY("{\"is\":{\"left\":{\"Value\":1},\"entity_type\":\"a b\"}}"),
        BODY("{\"like\":{\"left\":{\"Value\":1},\"pattern\":[1]}}"),
        BODY("{\"Set\":[1]}"),
        BODY("{\"Value\":1,\"Var\":\"action\"}"),
        "{\"staticPolicies\":[]}",
        "{\"staticPolicies\":{\"a\":1}}",
        "{\"templateLinks\":[{\"templateId\":\"a\",\"newId\":\"b\",\"values\":{}}]}",
        "{\"effect\":\"permit\",\"principal\":{\"op\":\"==\"},\"action\":{\"op\":\"All\"},"
        "\"resource\":{\"op\":\"All\"}}",
        "{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},\"action\":{\"op\":\"is\",\"entity_"
        "type\":\"A\"},\"resource\":{\"op\":\"All\"}}",
        "{\"effect\":\"permit\",\"principal\":{\"op\":\"==\",\"slot\":\"?resource\"},\"action\":{"
        "\"op\":\"All\"},\"resource\":{\"op\":\"All\"}}",
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        struct pst_err err = {0};
        struct pst_cedar *c = pst_cedar_new(NULL);
        if (pst_cedar_add_policies_json(c, PST_STR("p.json"), pst_str_c(bad[i]), &err) != PST_ERR) {
            fail_msg("%s", bad[i]);
        }
        assert_int_equal(err.line, 1);
        assert_true(err.column > 0);
        pst_cedar_free(c);
    }
}

static void templates_are_linked(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_cedar_uid_text none = {0};
    struct pst_cedar_uid_text alice = {PST_STR("User"), PST_STR("alice")};
    struct pst_cedar_uid_text doc = {PST_STR("Doc"), PST_STR("d1")};
    struct pst_cedar *c = pst_cedar_new(NULL);
    assert_int_equal(
        pst_cedar_add_policies(c, PST_STR("t"),
                               PST_STR("@n(\"v\") permit(principal == ?principal,action,resource in"
                                       " ?resource) when {true};"
                                       "permit(principal is User in ?principal,action,resource);"),
                               &err),
        PST_OK);
    struct pst_str t0 = PST_STR("policy0");
    assert_int_equal(pst_cedar_link(c, t0, PST_STR("l"), alice, none, &err), PST_ERR);
    assert_int_equal(pst_cedar_link(c, PST_STR("policy9"), PST_STR("l"), alice, doc, &err),
                     PST_ERR);
    assert_int_equal(pst_cedar_link(c, PST_STR("policy1"), PST_STR("l"), alice, doc, &err),
                     PST_ERR);
    assert_int_equal(pst_cedar_link(c, t0, t0, alice, doc, &err), PST_ERR);
    assert_int_equal(pst_cedar_link(c, t0, PST_STR("l"), alice, doc, &err), PST_OK);
    assert_int_equal(pst_cedar_link(c, PST_STR("l"), PST_STR("m"), alice, doc, &err), PST_ERR);
    struct pst_buf json;
    pst_buf_init(&json, 1u << 16);
    assert_int_equal(pst_cedar_policies_json(c, &json, &err), PST_OK);
    struct pst_cedar *again = set_of_json(pst_buf_str(&json));
    struct pst_buf json2;
    pst_buf_init(&json2, 1u << 16);
    assert_int_equal(pst_cedar_policies_json(again, &json2, &err), PST_OK);
    assert_true(pst_str_eq(pst_buf_str(&json), pst_buf_str(&json2)));
    assert_int_equal(pst_cedar_seal(again, &err), PST_OK);
    struct pst_arena a;
    struct pst_cedar_answer answer;
    pst_arena_init(&a, 4096, 1u << 20);
    assert_int_equal(pst_cedar_authorize(test_request(again, &a, NULL), &answer, NULL), PST_OK);
    assert_true(answer.allow);
    assert_int_equal(answer.n_reasons, 1);
    assert_true(pst_str_eq(pst_cedar_policy(again, answer.reasons[0]).id, PST_STR("l")));
    struct pst_str value;
    assert_true(pst_cedar_annotation(again, answer.reasons[0], PST_STR("n"), &value));
    pst_arena_release(&a);
    pst_buf_release(&json);
    pst_buf_release(&json2);
    pst_cedar_free(c);
    pst_cedar_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_agree),
        cmocka_unit_test(values_in_json_are_literals),
        cmocka_unit_test(bad_json_is_refused_with_a_position),
        cmocka_unit_test(templates_are_linked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
