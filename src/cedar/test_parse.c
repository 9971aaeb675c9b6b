#include "cedar/test_util.h"

#include "cedar/store.h"

static void policies_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",
        "// nothing\n",
        "permit(principal,action,resource);",
        "forbid(principal,action,resource,);",
        "permit(principal == User::\"a\",action == Action::\"x\",resource == NS::D::\"\");",
        "permit(principal == (User::\"a\"),action in (Action::\"x\"),resource);",
        "permit(principal in G::\"a\",action in Action::\"x\",resource is A::B in C::\"d\");",
        "permit(principal is Action,action in [],resource);",
        "permit(principal,action in [Action::\"a\", N::Action::\"b\",],resource);",
        "permit(principal == ?principal,action,resource in ?resource);",
        "permit(principal is A in ?principal,action,resource);",
        "@a @b(\"x\") @if(\"\") permit(principal,action,resource) when {true} unless {false};",
        "permit(principal == A :: \"x\",action,resource);permit(principal,action,resource);",
    };
    char text[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(good); i++) {
        assert_string_equal(test_refusal(good[i], text, sizeof text), "ok");
    }
}

static void policies_are_refused_with_a_position(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } bad[] = {
        {"permit(principal,action,resource)", "1:34 expected `when`, `unless` or `;`, found end"},
        {"permit(principal,action,resource);;", "1:35 expected `permit`"},
        {"allow(principal,action,resource);", "1:1 expected `permit`, `forbid` or an annotation"},
        {"permit(action,principal,resource);", "1:8 expected `principal`, found `action`"},
        {"permit(principal,\n action);", "2:8 expected `,`"},
        {"permit(principal == \"a\",action,resource);", "1:21 expected an entity"},
        {"permit(principal,action == User::\"a\",resource);", "1:28 `User`: an action's type"},
        {"permit(principal,action in [User::\"a\"],resource);", "1:29 `User`: an action's type"},
        {"permit(principal,action is Action,resource);", "1:25 `is`: `is` cannot restrict"},
        {"permit(principal,action == ?principal,resource);", "1:28 `?principal`: only"},
        {"permit(principal in ?resource,action,resource);", "1:21 `?resource`: only"},
        {"permit(principal in [A::\"b\"],action,resource);", "1:21 `[`: a list may stand"},
        {"permit(principal is A == A::\"b\",action,resource);", "1:23 `==`: `is` cannot"},
        {"permit(principal is __cedar::A,action,resource);", "1:21 `__cedar`: this word is"},
        {"permit(principal < A::\"b\",action,resource);", "1:18 expected `,`"},
        {"@a @a permit(principal,action,resource);", "1:5 `a`: this annotation is given twice"},
        {"@1 permit(principal,action,resource);", "1:2 expected the annotation's name"},
        {"permit(principal,action,resource) when {};", "1:41 `}`: a condition cannot be empty"},
        {"permit(principal,action,resource) if {true};", "1:35 expected `when`"},
        {"permit(principal,action,resource) when {?principal == 1};", "1:41 `?principal`: a slot"},
        {"permit(principal is A::\"b\",action,resource);", "1:22 `::`: expected a type name"},
    };
    char text[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        (void)test_refusal(bad[i].text, text, sizeof text);
        if (strncmp(text, bad[i].want, strlen(bad[i].want)) != 0) {
            fail_msg("%s: %s", bad[i].text, text);
        }
    }
}

static void a_policy_says_what_it_is(void **state)
{
    (void)state;
    struct pst_cedar *c = test_set(
        "// first\n@id(\"x\") @quiet\n  forbid(principal,action,resource);"
        "permit(principal == ?principal,action,resource);",
        NULL);
    assert_int_equal(pst_cedar_policies(c), 2);
    struct pst_cedar_policy_info p = pst_cedar_policy(c, 0);
    assert_true(pst_str_eq(p.id, PST_STR("policy0")));
    assert_true(pst_str_eq(p.file, PST_STR("t.cedar")));
    assert_true(pst_str_starts(p.text, PST_STR("@id")));
    assert_true(pst_str_ends(p.text, PST_STR("resource);")));
    assert_int_equal(p.line, 2);
    assert_int_equal(p.column, 1);
    assert_true(p.forbid && !p.is_template);
    struct pst_str value;
    assert_true(pst_cedar_annotation(c, 0, PST_STR("id"), &value));
    assert_true(pst_str_eq(value, PST_STR("x")));
    assert_true(pst_cedar_annotation(c, 0, PST_STR("quiet"), &value));
    assert_int_equal(value.n, 0);
    assert_false(pst_cedar_annotation(c, 0, PST_STR("none"), &value));
    struct pst_str key;
    assert_true(pst_cedar_annotation_at(c, 0, 1, &key, &value));
    assert_true(pst_str_eq(key, PST_STR("quiet")));
    assert_false(pst_cedar_annotation_at(c, 0, 2, &key, &value));
    p = pst_cedar_policy(c, 1);
    assert_true(pst_str_eq(p.id, PST_STR("policy1")));
    assert_true(p.is_template && !p.forbid);
    pst_cedar_free(c);
}

static void limits_hold(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_cedar_limits few = {.policies = 1, .text_bytes = 200, .depth = 5};
    static const char *const bad[] = {
        "permit(principal,action,resource);permit(principal,action,resource);",
        "permit(principal,action,resource) when {((((((true))))))};",
        "permit(principal,action,resource) when {[[[[[[true]]]]]]};",
        "permit(principal,action,resource) when {if if if if if if true then 1 else 2};",
        "// 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
        "012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
        "0"
        "0123456789012345678901234567890",
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        struct pst_cedar *c = pst_cedar_new(&few);
        assert_int_equal(pst_cedar_add_policies(c, PST_STR("f"), pst_str_c(bad[i]), &err), PST_ERR);
        assert_int_equal(err.code, PST_E_CEDAR_LIMIT);
        pst_cedar_free(c);
    }
    struct pst_cedar_limits small = {.total_bytes = 4096};
    struct pst_cedar *c = pst_cedar_new(&small);
    enum pst_status st = PST_OK;
    for (unsigned i = 0; i < 1000 && st == PST_OK; i++) {
        st = pst_cedar_add_policies(
            c, PST_STR("f"), PST_STR("permit(principal,action,resource) when {1==2};"), &err);
    }
    assert_int_equal(st, PST_ERR);
    pst_cedar_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_taken),
        cmocka_unit_test(policies_are_refused_with_a_position),
        cmocka_unit_test(a_policy_says_what_it_is),
        cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
