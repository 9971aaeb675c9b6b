/* Whole policies: names, scopes, requests, levels, and how findings are told. */
#include "cedar/test_validate_util.h"

#include "base/test_heap.h"

struct row {
    const char *policy, *want;
};

static void check(const struct row *rows, size_t n, bool texts, int level)
{
    struct test_findings t = {.texts = texts};
    pst_buf_init(&t.out, 1u << 16);
    for (size_t i = 0; i < n; i++) {
        test_validate(rows[i].policy, PST_CEDAR_STRICT, level, &t);
        if (strcmp((const char *)t.out.p, rows[i].want) != 0) {
            fail_msg("%s: got \"%s\", want \"%s\"", rows[i].policy, (const char *)t.out.p,
                     rows[i].want);
        }
    }
    pst_buf_release(&t.out);
}

static void scopes_must_allow_a_request(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"permit(principal, action, resource);", ""},
        {"permit(principal, action == Action::\"read\", resource);", ""},
        {"permit(principal, action in Action::\"some\", resource);", ""},
        {"permit(principal, action == Action::\"some\", resource);", "no_applicable_action "},
        {"permit(principal, action in [], resource);", "no_applicable_action "},
        {"permit(principal is Bot, action == Action::\"write\", resource);",
         "no_applicable_action "},
        {"permit(principal == Doc::\"d\", action, resource);", "no_applicable_action "},
        {"permit(principal in Bot::\"b\", action, resource);", ""},
        {"permit(principal in G::\"g\", action, resource in G::\"g\");", ""},
        {"permit(principal is User in G::\"g\", action, resource is Doc);", ""},
        {"permit(principal is G, action, resource);", "no_applicable_action "},
        {"permit(principal, action in [Action::\"read\", Action::\"write\"], resource);", ""},
        {"permit(principal, action in [Action::\"read\", N::Action::\"go\"], resource);",
         "incompatible_types "},
        {"permit(principal is G, action in [Action::\"read\", N::Action::\"go\"], resource);",
         "no_applicable_action "},
        {"permit(principal == ?principal, action, resource in ?resource);", ""},
        {"permit(principal is Doc in ?principal, action, resource);", "no_applicable_action "},
        {"permit(principal is Bot, action, resource) when { principal.n };", "unexpected_type "},
        {"permit(principal, action, resource) when { principal is User } when { principal.n > 1 };",
         ""},
        {"permit(principal is User, action, resource) when { principal has o } unless { "
         "principal.o == "
         "\"x\" };",
         ""},
        {"permit(principal is User, action, resource) unless { principal has o } when { "
         "principal.o == "
         "\"x\" };",
         "optional_attribute "},
        {"permit(principal, action, resource) unless { true };", "impossible "},
    };
    check(rows, PST_LEN(rows), false, -1);
}

static void names_must_be_declared(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"permit(principal == Usr::\"a\", action, resource);",
         "no_applicable_action 1:1 the scope allows no request of the schema: no action applies to "
         "such "
         "a principal and resource\n"
         "unknown_entity_type 1:8 the entity type `Usr` is not declared [did you mean `User`?]\n"},
        {"permit(principal, action == Action::\"raed\",\n resource) when { resource is Dok };",
         "no_applicable_action 1:1 the scope allows no request of the schema: no action applies to "
         "such "
         "a principal and resource\n"
         "unknown_action 1:19 the action `raed` is not declared in this namespace [did you mean "
         "`read`?]\n"
         "unknown_entity_type 2:28 the entity type `Dok` is not declared [did you mean `Doc`?]\n"},
        {"permit(principal, action, resource) when { E::\"P\" == E::\"q\" || E::\"zzz\" == "
         "E::\"q\" };",
         "not_in_enum 1:44 `P` is not one of the ids of the enumerated entity type `E` [did you "
         "mean "
         "`p`?]\n"
         "not_in_enum 1:64 `zzz` is not one of the ids of the enumerated entity type `E`\n"},
        {"permit(principal is User, action == Action::\"read\", resource) when {\n"
         "  principal.S == \"x\" &&\n  context.c == 1 };",
         "unknown_attribute 2:13 there is no attribute `S` in User [did you mean `s`?]\n"
         "unknown_attribute 3:11 there is no attribute `c` in {a: Long, b?: String, r: {u?: User, "
         "x?: "
         "Bool}} [did you mean `a`?]\n"},
        {"permit(principal is User, action, resource) when { principal.o == \"x\" };",
         "optional_attribute 1:62 the attribute `o` of User is optional and may be missing [test "
         "it "
         "first: … has `o` && …]\n"},
        {"permit(principal is User, action, resource) when { principal.n && principal == \"x\" };",
         "unexpected_type 1:62 expected Bool, found Long [compare the number with something]\n"
         "incompatible_types 1:77 the values compared have types that do not agree: User and "
         "String\n"},
    };
    check(rows, PST_LEN(rows), true, -1);
}

static void levels_count_steps(void **state)
{
    (void)state;
    static const struct {
        const char *condition;
        int least; /* level at which it is valid; -1: none */
    } rows[] = {
        {"principal is User && action == Action::\"read\" && context.a == 1", 0},
        {"principal == User::\"a\" && context.r has x && context.r.x", 0},
        {"principal.n == 1", 1},
        {"principal in G::\"g\"", 1},
        {"action in Action::\"all\"", 1},
        {"principal has o", 1},
        {"principal.hasTag(\"k\") && principal.getTag(\"k\") == \"x\"", 1},
        {"context.r has u && context.r.u == principal", 0},
        {"context.r has u && context.r.u.n == 1", 1},
        {"resource.owner == principal", 1},
        {"resource.owner.n == 1", 2},
        {"resource.owner in G::\"g\"", 2},
        {"resource.owner has m && resource.owner.m.n == 1", 3},
        {"principal.r.a == 1", 1},
        {"principal.r.r has u && principal.r.r.u.n == 1", 2},
        {"User::\"a\".n == 1", -1},
        {"User::\"a\" in G::\"g\"", -1},
        {"(if principal.n == 1 then resource.owner else principal).n == 1", 2},
        {"{a: resource.owner, b: User::\"x\"}.a.n == 1", 2},
        {"{a: principal, b: resource.owner.n}.a.n == 1", 2},
        {"{a: User::\"x\"}.a.n == 1", -1},
        {"principal.u.contains(resource.owner)", 1},
        {"resource is Doc || User::\"a\".n == 1", 0},
        {"principal is Bot && resource.owner.n == 1", 0},
        {"principal is User in G::\"g\"", 1},
        {"[resource.owner.n].contains(1)", 2},
    };
    struct test_findings t = {.texts = false};
    char policy[600];
    pst_buf_init(&t.out, 1u << 16);
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        (void)snprintf(
            policy, sizeof policy,
            "permit(principal is User, action == Action::\"read\", resource) when { %s };",
            rows[i].condition);
        for (int level = 0; level < 5; level++) {
            test_validate(policy, PST_CEDAR_STRICT, level, &t);
            bool valid = pst_str_find(pst_buf_str(&t.out), PST_STR("level")) == PST_NPOS;
            bool want = rows[i].least >= 0 && level >= rows[i].least;
            if (valid != want) {
                fail_msg("%s at level %d: got \"%s\"", rows[i].condition, level,
                         (const char *)t.out.p);
            }
        }
    }
    test_validate("permit(principal in G::\"g\", action, resource);", PST_CEDAR_STRICT, 0, &t);
    assert_string_equal((const char *)t.out.p, "level ");
    test_validate("permit(principal in G::\"g\", action, resource);", PST_CEDAR_STRICT, 1, &t);
    assert_string_equal((const char *)t.out.p, "");
    pst_buf_release(&t.out);
}

static void findings_come_once_and_in_order(void **state)
{
    (void)state;
    struct test_findings t = {.texts = true};
    pst_buf_init(&t.out, 1u << 16);
    /* The same mistake for four requests is told once; that of each policy for itself. */
    test_validate("permit(principal, action, resource) when { resource.zz == principal.zz };\n"
                  "permit(principal, action, resource) when { 1 };",
                  PST_CEDAR_STRICT, -1, &t);
    assert_string_equal((const char *)t.out.p,
                        "unknown_attribute 1:53 there is no attribute `zz` in Doc\n"
                        "unknown_attribute 1:53 there is no attribute `zz` in User\n"
                        "unknown_attribute 1:69 there is no attribute `zz` in Bot\n"
                        "unknown_attribute 1:69 there is no attribute `zz` in User\n"
                        "unexpected_type 2:44 expected Bool, found Long [compare the number with "
                        "something]\n");
    pst_buf_release(&t.out);
}

struct first {
    bool seen;
};

static void on_first(void *ctx, const struct pst_cedar_finding *f)
{
    struct first *s = (struct first *)ctx;
    s->seen = true;
    assert_str(f->principal, "User");
    assert_str(f->action, "Action::\"read\"");
    assert_str(f->resource, "Doc");
    assert_str(f->expected, "Long");
    assert_str(f->found, "String");
    assert_int_equal(f->policy, 2);
}

static struct pst_cedar *linked(void)
{
    struct pst_cedar *c = pst_cedar_new(NULL);
    struct pst_cedar_uid_text user = {PST_STR("User"), PST_STR("a")};
    struct pst_cedar_uid_text bot = {PST_STR("Nope"), PST_STR("b")};
    struct pst_cedar_uid_text none = {0};
    assert_non_null(c);
    assert_int_equal(
        pst_cedar_add_policies(
            c, PST_STR("p"),
            PST_STR("permit(principal == ?principal, action == Action::\"write\", resource);"
                    "permit(principal, action, resource);"
                    "permit(principal is User, action == Action::\"read\", resource) when { "
                    "principal.n "
                    "< 1 + principal.s };"),
            NULL),
        PST_OK);
    assert_int_equal(pst_cedar_link(c, PST_STR("policy0"), PST_STR("l1"), user, none, NULL),
                     PST_OK);
    assert_int_equal(pst_cedar_link(c, PST_STR("policy0"), PST_STR("l2"), bot, none, NULL), PST_OK);
    return c;
}

static void links_and_requests_are_told(void **state)
{
    (void)state;
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("s"),
                                                             pst_str_c(test_schema_text), NULL);
    struct pst_cedar *c = linked();
    struct pst_cedar_verdict v = {0};
    struct pst_cedar_validation how = {.mode = PST_CEDAR_STRICT};
    assert_int_equal(pst_cedar_validate(c, s, &how, &v, NULL), PST_OK);
    assert_int_equal(v.invalid, 2); /* the third policy, and the link to an unknown type */
    assert_int_equal(v.errors, 3);
    assert_int_equal(pst_cedar_seal(c, NULL), PST_OK);
    struct pst_cedar_verdict again = {0};
    assert_int_equal(pst_cedar_validate(c, s, &how, &again, NULL), PST_OK);
    assert_memory_equal(&v, &again, sizeof v);
    pst_cedar_free(c);

    struct first f = {0};
    c = pst_cedar_new(NULL);
    assert_int_equal(
        pst_cedar_add_policies(c, PST_STR("p"),
                               PST_STR("permit(principal, action, resource);"
                                       "permit(principal, action, resource);"
                                       "permit(principal is User, action, resource) when { 1 < 1 + "
                                       "principal.s };"),
                               NULL),
        PST_OK);
    how.report = on_first;
    how.ctx = &f;
    assert_int_equal(pst_cedar_validate(c, s, &how, &v, NULL), PST_OK);
    assert_true(f.seen);
    pst_cedar_free(c);
    pst_cedar_schema_free(s);
}

static void deep_and_wide_policies_are_answered(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_buf b;
    pst_buf_init(&b, 1u << 22);
    assert_true(PST_BUF_LIT(&b, "permit(principal is User, action, resource) when { "));
    for (int i = 0; i < 400; i++) {
        assert_true(PST_BUF_LIT(&b, "!("));
    }
    assert_true(PST_BUF_LIT(&b, "principal.n"));
    for (int i = 0; i < 400; i++) {
        assert_true(PST_BUF_LIT(&b, ")"));
    }
    assert_true(PST_BUF_LIT(&b, "};permit(principal is User, action, resource) when { true"));
    for (int i = 0; i < 400; i++) {
        assert_true(PST_BUF_LIT(&b, " && principal has o"));
    }
    assert_true(PST_BUF_LIT(&b, "};"));
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("s"),
                                                             pst_str_c(test_schema_text), NULL);
    struct pst_cedar *c = pst_cedar_new(NULL);
    struct pst_cedar_verdict v = {0};
    struct pst_cedar_validation how = {.mode = PST_CEDAR_STRICT, .with_level = true, .level = 1};
    if (pst_cedar_add_policies(c, PST_STR("p"), pst_buf_str(&b), &err) != PST_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(pst_cedar_validate(c, s, &how, &v, &err), PST_OK);
    assert_int_equal(v.invalid, 1);
    pst_cedar_free(c);
    /* A literal too deep for a type is a limit, not a crash. */
    pst_buf_clear(&b);
    assert_true(PST_BUF_LIT(&b, "permit(principal, action, resource) when { "));
    for (int i = 0; i < 300; i++) {
        assert_true(PST_BUF_LIT(&b, "["));
    }
    assert_true(PST_BUF_LIT(&b, "1"));
    for (int i = 0; i < 300; i++) {
        assert_true(PST_BUF_LIT(&b, "]"));
    }
    assert_true(PST_BUF_LIT(&b, ".isEmpty() };"));
    c = pst_cedar_new(NULL);
    assert_int_equal(pst_cedar_add_policies(c, PST_STR("p"), pst_buf_str(&b), &err), PST_OK);
    assert_int_equal(pst_cedar_validate(c, s, &how, &v, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CEDAR_LIMIT);
    assert_int_equal(err.line, 1);
    pst_cedar_free(c);
    pst_cedar_schema_free(s);
    pst_buf_release(&b);
}

static void failing_memory_is_an_error(void **state)
{
    (void)state;
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("s"),
                                                             pst_str_c(test_schema_text), NULL);
    struct pst_cedar *c = linked();
    size_t n = 1;
    for (;; n++) {
        struct pst_err err = {0};
        struct pst_cedar_verdict v = {.errors = 77};
        struct pst_cedar_validation how = {.with_level = true};
        test_heap_fail_from(n);
        enum pst_status st = pst_cedar_validate(c, s, &how, &v, &err);
        test_heap_fail_from(0);
        if (st == PST_OK) {
            break;
        }
        assert_int_equal(err.code, PST_E_NO_MEMORY);
        assert_int_equal(v.errors, 77);
    }
    assert_true(n > 10);
    pst_cedar_free(c);
    pst_cedar_schema_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_must_allow_a_request),
        cmocka_unit_test(names_must_be_declared),
        cmocka_unit_test(levels_count_steps),
        cmocka_unit_test(findings_come_once_and_in_order),
        cmocka_unit_test(links_and_requests_are_told),
        cmocka_unit_test(deep_and_wide_policies_are_answered),
        cmocka_unit_test(failing_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
