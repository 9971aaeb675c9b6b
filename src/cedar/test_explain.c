/* explain.c, partial.c. */
#include "cedar/test_util.h"

#include "cedar/explain.h"

static struct pst_cedar_outlook look(const char *policies, const char *context)
{
    struct pst_cedar *c = test_set(policies, "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},"
                                             "\"attrs\":{\"role\":\"dev\",\"level\":3}}]");
    struct pst_arena a;
    struct pst_cedar_outlook o;
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = test_request(c, &a, context);
    if (context == NULL) {
        pst_cedar_context(r, pst_cedar_unknown());
    }
    assert_int_equal(pst_cedar_outlook(r, &o, NULL), PST_OK);
    pst_arena_release(&a);
    pst_cedar_free(c);
    return o;
}

#define PERMIT(c) "permit(principal,action,resource) when {" c "};"
#define FORBID(c) "forbid(principal,action,resource) when {" c "};"

static void outlooks_are_sound_and_sharp(void **state)
{
    (void)state;
    static const struct {
        const char *policies;
        enum pst_cedar_certainty want;
    } rows[] = {
        {"", PST_CEDAR_NEVER},
        {PERMIT("true"), PST_CEDAR_ALWAYS},
        {PERMIT("context.a"), PST_CEDAR_DEPENDS},
        {PERMIT("context.a && principal.role == \"admin\""), PST_CEDAR_NEVER},
        {PERMIT("principal.role == \"admin\" && context.a"), PST_CEDAR_NEVER},
        {PERMIT("context.a.b.c > 3 && context has x && principal.role == \"dev\""),
         PST_CEDAR_DEPENDS},
        {PERMIT("context has x || principal.role == \"dev\""), PST_CEDAR_ALWAYS},
        {PERMIT("context.x || principal.role == \"dev\""), PST_CEDAR_DEPENDS},
        {PERMIT("if context has x then false else principal.role == \"admin\""), PST_CEDAR_NEVER},
        {PERMIT("if context has x then true else principal.role == \"dev\""), PST_CEDAR_ALWAYS},
        {PERMIT("if context.x then true else true"), PST_CEDAR_DEPENDS},
        {PERMIT("context has x && principal.none"), PST_CEDAR_NEVER},
        {PERMIT("(if context has x then principal.none else 1) == 1"), PST_CEDAR_DEPENDS},
        {PERMIT("!(context has x && principal.role == \"admin\")"), PST_CEDAR_ALWAYS},
        {PERMIT("[context has x, true].contains(true)"), PST_CEDAR_DEPENDS},
        {PERMIT("{a: context.x} == {a: 1}"), PST_CEDAR_DEPENDS},
        {PERMIT("context has a && (context has b && principal.level == 4)"), PST_CEDAR_NEVER},
        {PERMIT("(context has a || context has b) && principal.level == 4"), PST_CEDAR_NEVER},
        {PERMIT("(context has a && context has b) || principal.level == 3"), PST_CEDAR_ALWAYS},
        {PERMIT("true") FORBID("context.x"), PST_CEDAR_DEPENDS},
        {PERMIT("true") FORBID("context.x && principal.level == 4"), PST_CEDAR_ALWAYS},
        {PERMIT("true") FORBID("true"), PST_CEDAR_NEVER},
        {PERMIT("context.x") FORBID("context has y || principal.level == 3"), PST_CEDAR_NEVER},
        {"permit(principal,action,resource) unless {context has x && principal.level == 4};",
         PST_CEDAR_ALWAYS},
        {"permit(principal,action,resource) when {context.x} when {principal.level == 4};",
         PST_CEDAR_NEVER},
        {PERMIT("context == {}"), PST_CEDAR_DEPENDS},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        if (look(rows[i].policies, NULL).verdict != rows[i].want) {
            fail_msg("%s: %d", rows[i].policies, look(rows[i].policies, NULL).verdict);
        }
    }
    assert_true(look(PERMIT("principal.none"), NULL).error_certain);
    assert_false(look(PERMIT("context.none"), NULL).error_certain);
    assert_true(look(PERMIT("context.none"), NULL).error_possible);
    assert_false(look(PERMIT("context has none"), NULL).error_possible);
    assert_int_equal(look(PERMIT("context.a == 1"), "{\"a\":1}").verdict, PST_CEDAR_ALWAYS);
    assert_int_equal(look(PERMIT("context.a == 1"), "{\"a\":2}").verdict, PST_CEDAR_NEVER);
}

/* With everything known, an outlook says what the decision is. */
static void known_requests_are_decided(void **state)
{
    (void)state;
    static const char *const conditions[] = {
        "context.a && context.b",
        "context.a || context.b",
        "if context.a then context.b else !context.b",
        "!(context.a || (context.b && context.n > 1)) && (if context.b then false else true)",
        "[context.a, context.b].contains(true) && {x: context.n} == {x: 1}",
        "context.none || context.a",
    };
    static const char *const contexts[] = {
        "{\"a\":true,\"b\":true,\"n\":1}", "{\"a\":true,\"b\":false,\"n\":1}",
        "{\"a\":false,\"b\":true,\"n\":2}", "{\"a\":false,\"b\":false,\"n\":2}"};
    char text[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(conditions); i++) {
        for (size_t k = 0; k < PST_LEN(contexts); k++) {
            (void)snprintf(text, sizeof text, "permit(principal,action,resource) when {%s};",
                           conditions[i]);
            char want = test_eval(conditions[i], NULL, contexts[k], NULL);
            struct pst_cedar_outlook o = look(text, contexts[k]);
            assert_int_equal(o.verdict, want == 'T' ? PST_CEDAR_ALWAYS : PST_CEDAR_NEVER);
            assert_int_equal(o.error_certain, want == 'E');
        }
    }
}

static void explain_check(const char *policies, const char *context, const char *const *wants)
{
    struct pst_cedar *c = test_set(policies, "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},"
                                             "\"attrs\":{\"role\":\"dev\",\"level\":3}}]");
    struct pst_arena a;
    struct pst_buf out;
    pst_arena_init(&a, 4096, 1u << 20);
    pst_buf_init(&out, 1u << 16);
    assert_int_equal(pst_cedar_explain(test_request(c, &a, context), &out, NULL), PST_OK);
    assert_true(pst_buf_byte(&out, 0));
    for (size_t i = 0; wants[i] != NULL; i++) {
        if (strstr((const char *)out.p, wants[i]) == NULL) {
            fail_msg("no \"%s\" in:\n%s", wants[i], (const char *)out.p);
        }
    }
    pst_buf_release(&out);
    pst_arena_release(&a);
    pst_cedar_free(c);
}

static void explanations_name_what_failed(void **state)
{
    (void)state;
    explain_check("@id(\"mine\") permit(principal,action,resource)\nwhen { true };", "{}",
                  (const char *const[]){"Allowed", "policy0 \"mine\" (t.cedar:1)",
                                        "    | when { true };", NULL});
    explain_check(PERMIT("true") FORBID("context.n > 1"), "{\"n\":2}",
                  (const char *const[]){"Denied, because it is forbidden by", "policy1", NULL});
    explain_check(PERMIT("principal.role == \"dev\" && context.n > 5 && context.mfa"),
                  "{\"n\":2,\"mfa\":false}",
                  (const char *const[]){"no policy permits it",
                                        "`context.n > 5` is false; `context.n` is 2",
                                        "it would have to be true", "line 1", NULL});
    explain_check(PERMIT("principal.role == \"dev\" && context.mfa"), "{\"mfa\":false}",
                  (const char *const[]){"`context.mfa` is false", NULL});
    explain_check(
        "permit(principal == User::\"bob\",action in [Action::\"view\"],resource is Folder)"
        " unless { principal.level < 5 };"
        "permit(principal,action == Action::\"edit\",resource);",
        "{}",
        (const char *const[]){"the principal is User::\"alice\"; it would have to be User::\"bob\"",
                              "the resource is Doc::\"d1\"; it would have to be a Folder",
                              "`principal.level < 5` is true; `principal.level` is 3",
                              "it would have to be false", NULL});
    explain_check(PERMIT("!(principal.level < 5) || [context.n, 2].contains(context.m)"),
                  "{\"n\":2,\"m\":9}",
                  (const char *const[]){"`principal.level` is 3", "`context.n` is 2",
                                        "`context.m` is 9", NULL});
    explain_check(PERMIT("context.none == 1"), "{}",
                  (const char *const[]){"`context.none` cannot be evaluated",
                                        "could not be evaluated and were passed over", NULL});
    explain_check(FORBID("false"), "{}", (const char *const[]){"There is no permit at all", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outlooks_are_sound_and_sharp),
        cmocka_unit_test(known_requests_are_decided),
        cmocka_unit_test(explanations_name_what_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
