/* format.c: one style, nothing lost. */
#include "cedar/test_util.h"

#include "cedar/format.h"
#include "cedar/lex.h"

static void check(const char *text, const char *want)
{
    struct pst_buf out;
    struct pst_buf again;
    struct pst_err err = {0};
    pst_buf_init(&out, 1u << 16);
    pst_buf_init(&again, 1u << 16);
    if (pst_cedar_format(pst_str_c(text), &out, &err) != PST_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    if (want != NULL && !pst_str_eq(pst_buf_str(&out), pst_str_c(want))) {
        fail_msg("got:\n%.*s\nwant:\n%s", (int)out.n, (const char *)out.p, want);
    }
    assert_int_equal(pst_cedar_format(pst_buf_str(&out), &again, &err), PST_OK);
    if (!pst_str_eq(pst_buf_str(&out), pst_buf_str(&again))) {
        fail_msg("not stable:\n%.*s\nthen:\n%.*s", (int)out.n, (const char *)out.p, (int)again.n,
                 (const char *)again.p);
    }
    /* The tokens are the same, one by one. */
    struct pst_cedar_lex a;
    struct pst_cedar_lex b;
    assert_int_equal(pst_cedar_lex_init(&a, pst_str_c(text), &err), PST_OK);
    assert_int_equal(pst_cedar_lex_init(&b, pst_buf_str(&out), &err), PST_OK);
    while (a.tok.kind != PST_CEDAR_T_END) {
        assert_true(pst_str_eq(a.tok.text, b.tok.text));
        assert_int_equal(pst_cedar_lex_next(&a, &err), PST_OK);
        assert_int_equal(pst_cedar_lex_next(&b, &err), PST_OK);
    }
    assert_int_equal(b.tok.kind, PST_CEDAR_T_END);
    pst_buf_release(&out);
    pst_buf_release(&again);
}

static void short_policies_stay_on_one_line(void **state)
{
    (void)state;
    check("", "");
    check("permit ( principal , action , resource ) ;", "permit(principal, action, resource);\n");
    check("@id( \"a\" )@b permit(principal==User::\"a\",action in[Action::\"x\",],resource)"
          "when{principal . a[\"b\"]. contains ( 1 - -2 "
          ")&&!context.x&&-context.y<1-2}unless{{a:1}=={}};"
          "permit(principal,action,resource);",
          NULL);
    check("@id(\"a\")@b "
          "permit(principal,action,resource)when{ip(\"1.1.1.1\")\n.isIpv4()}\nunless{{a:[1]}=={}};"
          "forbid(principal is A in B::\"c\",action,resource);",
          "@id(\"a\")\n@b\npermit(principal, action, resource)\nwhen { ip(\"1.1.1.1\").isIpv4() }\n"
          "unless { {a: [1]} == {} };\n\nforbid(principal is A in B::\"c\", action, resource);\n");
}

static void long_groups_are_broken(void **state)
{
    (void)state;
    check("permit(principal in Some::Very::Long::Namespace::Group::\"with a long name\", action == "
          "Action::\"view\", resource) when { principal.department == resource.department && "
          "principal.level >= resource.level && (context.mfa || context.trusted) };",
          "permit(\n    principal in Some::Very::Long::Namespace::Group::\"with a long name\",\n"
          "    action == Action::\"view\",\n    resource\n)\nwhen {\n"
          "    principal.department == resource.department &&\n"
          "    principal.level >= resource.level &&\n    (context.mfa || context.trusted)\n};\n");
}

static void comments_are_kept(void **state)
{
    (void)state;
    check(
        "// head\n\n// doc\npermit(principal, // who\n action, resource) // after\nwhen { // why\n"
        "  true // yes\n  // own line\n};\n// between\npermit(principal,action,resource); // "
        "tail\n\n// end",
        "// head\n\n// doc\npermit(\n    principal, // who\n    action,\n    resource\n) // after\n"
        "when { // why\n    true // yes\n    // own line\n};\n\n// between\n"
        "permit(principal, action, resource); // tail\n\n// end\n");
    check("// only a comment", "// only a comment\n");
    check("permit(principal,action,resource) when { \"// no comment\" == \"a\" };", NULL);
}

static void bad_text_is_refused(void **state)
{
    (void)state;
    struct pst_buf out;
    struct pst_err err = {0};
    pst_buf_init(&out, 1000);
    assert_int_equal(pst_cedar_format(PST_STR("permit("), &out, &err), PST_ERR);
    assert_int_equal(out.n, 0);
    pst_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_policies_stay_on_one_line),
        cmocka_unit_test(long_groups_are_broken),
        cmocka_unit_test(comments_are_kept),
        cmocka_unit_test(bad_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
