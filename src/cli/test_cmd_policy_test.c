#include "cli/test_command.h"

#include <sys/stat.h>

#define RUN(...)                                                                                   \
    test_command(&r, f, pst_cmd_policy_test, "", (const char *const[]){"test", __VA_ARGS__, NULL})

static const char policies[] =
    "@id(\"small\") permit (principal in Postern::Group::\"a\", action, resource)\n"
    "when { context.maxTokens < 10 };\n"
    "@id(\"never\") forbid (principal, action, resource == Postern::Model::\"secret\");\n";

static const char head[] =
    "policies: p.cedar\n"
    "given: {principal: User/u, groups: [a], action: chat, resource: Model/m}\n"
    "tests:\n";

static void setup_files(struct test_folder *f)
{
    char path[128];
    snprintf(path, sizeof path, "%s/a", f->root);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    snprintf(path, sizeof path, "%s/t", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    test_folder_put(f, "t/p.cedar", policies);
}

static void test_results(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    char text[1024];
    setup_files(f);
    snprintf(text, sizeof text, "%s%s", head,
             "  - {name: one, expect: allow, by: small}\n"
             "  - {name: two, resource: Model/secret, expect: deny, by: [never]}\n"
             "  - {name: three, groups: [], expect: deny, by: []}\n");
    test_folder_put(f, "t/good.test", text);
    RUN("t");
    test_command_check(&r, 0, "3 passed, 0 failed\n", "");
    assert_int_equal(strlen(r.out), strlen("3 passed, 0 failed\n"));
    RUN("t", "--verbose");
    test_command_check(&r, 0, "ok     t/good.test:4: one\n", "");
    snprintf(text, sizeof text, "%s%s", head,
             "  - {name: wrong, expect: deny}\n"
             "  - {name: by nobody, expect: allow, by: []}\n"
             "  - {name: by another, expect: allow, by: other}\n"
             "  - {name: denied, context: {maxTokens: 10}, expect: allow}\n"
             "  - {name: not asked, context: {maxTokns: 10}, expect: deny}\n"
             "  - {name: right, expect: allow}\n");
    test_folder_put(f, "t/bad.test", text);
    RUN("t/bad.test");
    test_command_check(&r, 1, "1 passed, 5 failed\n", "");
    test_command_check(&r, 1, "FAIL   t/bad.test:4: wrong\n       expected deny, got allow\n", "");
    test_command_check(&r, 1, ":5: by nobody\n       no policy was to decide this\n", "");
    test_command_check(&r, 1, ":6: by another\n       it was not decided by other\n", "");
    test_command_check(&r, 1, "`context.maxTokens` is 10", "");
    test_command_check(&r, 1, "this cannot be asked: context `maxTokns`", "");
    RUN("t", "--json");
    test_command_check(&r, 1, "\"passed\":4,\"failed\":5}", "");
    test_command_check(
        &r, 1, "{\"file\":\"t/bad.test\",\"line\":4,\"name\":\"wrong\",\"passed\":false", "");
}

/* A policy that cannot be evaluated is its own outcome: neither allow nor an honest deny. */
static void test_errors(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    setup_files(f);
    test_folder_put(f, "t/p.cedar",
                    "@id(\"all\") permit (principal, action, resource);\n"
                    "@id(\"e\") forbid (principal, action, resource)\n"
                    "when { context.x == principal.y };\n");
    test_folder_put(f, "t/e.test",
                    "policies: [p.cedar]\nschema: none\n"
                    "entities:\n  U/u: {attrs: {y: 3, l: [a, true]}, in: [G/g]}\n  U/v: G/g\n"
                    "given: {principal: U/u, action: a, resource: 'R::\"r\\n\"'}\n"
                    "tests:\n"
                    "  - {name: missing, expect: error, by: e}\n"
                    "  - {name: fine, context: {x: 4}, expect: allow, by: all}\n"
                    "  - {name: no attribute, principal: U/v, context: {x: 4}, expect: error}\n"
                    "  - {name: not so, expect: deny}\n");
    RUN("t/e.test");
    test_command_check(&r, 1, "3 passed, 1 failed", "");
    test_command_check(&r, 1, "expected deny, got error: denied, because a policy could not be",
                       "");
}

static void test_refused(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    setup_files(f);
    RUN(NULL);
    test_command_check(&r, 2, "", "which tests?");
    RUN("t");
    test_command_check(&r, 3, "", "no *.test file");
    test_folder_put(f, "t/bad.test", "policies: p.cedar\ntests:\n  - {expct: allow}\n");
    RUN("t");
    test_command_check(&r, 3, "",
                       "t/bad.test:3:6: a test has no \"expct\"; did you mean \"expect\"?");
    test_folder_put(f, "t/bad.test",
                    "policies: none.cedar\ntests:\n  - {principal: User/u, action: "
                    "chat, resource: Model/m, expect: deny}\n");
    RUN("t");
    test_command_check(&r, 3, "", "none.cedar");
    test_folder_put(f, "t/p.cedar", "permit (principal, action, resource) when { context.x };");
    test_folder_put(f, "t/bad.test",
                    "policies: p.cedar\ntests:\n  - {principal: User/u, action: "
                    "chat, resource: Model/m, expect: deny}\n");
    RUN("t");
    test_command_check(&r, 3, "", "p.cedar:1:53");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_results, test_folder_setup, test_folder_teardown),
        cmocka_unit_test_setup_teardown(test_errors, test_folder_setup, test_folder_teardown),
        cmocka_unit_test_setup_teardown(test_refused, test_folder_setup, test_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
