#include "cli/test_command.h"

#include <sys/stat.h>

#define RUN(...)                                                                                   \
    test_command(&r, f, pst_cmd_policy_check, "", (const char *const[]){"check", __VA_ARGS__, NULL})

static const char good[] = "permit (principal in Postern::Group::\"a\", action, resource)\n"
                           "when { context.maxTokens < 5 };\n";
static const char bad[] = "// a comment\npermit (principal, action, resource)\n"
                          "when { context.maxToken < 5 };\n";

static void setup_files(struct test_folder *f)
{
    char path[128];
    snprintf(path, sizeof path, "%s/a", f->root);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    test_folder_put(f, "good.cedar", good);
    test_folder_put(f, "bad.cedar", bad);
}

static void test_gateway(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    setup_files(f);
    RUN("good.cedar");
    test_command_check(&r, 0, "1 policies in 1 files are valid", "");
    RUN("bad.cedar");
    test_command_check(&r, 1, "", "bad.cedar:3:16: error: there is no attribute `maxToken`");
    test_command_check(&r, 1, "",
                       "      3 | when { context.maxToken < 5 };\n"
                       "        |                ^\n");
    test_command_check(&r, 1, "", "= hint: did you mean `maxTokens`?");
    test_command_check(&r, 1, "", "1 of 1 policies are not valid");
    RUN("--json", "good.cedar", "bad.cedar");
    test_command_check(&r, 1, "{\"valid\":false,\"policies\":2,\"policy_files\":2,\"errors\":1,",
                       "");
    test_command_check(&r, 1, "\"kind\":\"unknown_attribute\",\"severity\":\"error\"", "");
    test_command_check(&r, 1, "\"file\":\"bad.cedar\"", "");
    test_folder_put(f, "obliged.cedar", "@max_token(\"5\") permit (principal, action, resource);");
    RUN("obliged.cedar");
    test_command_check(&r, 1, "", "obliged.cedar:1:1: @max_token");
    test_folder_put(f, "broken.cedar", "permit (principal, action resource);");
    RUN("broken.cedar", "--json");
    test_command_check(&r, 1, "{\"error\":{\"code\":\"cedar_syntax\"", "");
    RUN("nowhere.cedar");
    test_command_check(&r, 1, "", "nowhere.cedar");
    RUN("good.cedar", "--permissive");
    test_command_check(&r, 2, "", "--schema");
    RUN("good.cedar", "--level", "many");
    test_command_check(&r, 2, "", "--level");
}

static void test_own_schema(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    setup_files(f);
    test_folder_put(f, "s.cedarschema",
                    "entity U in [G] = {n: Long}; entity G = {owner: U};\n"
                    "action a appliesTo {principal: U, resource: G};\n");
    test_folder_put(f, "p.cedar",
                    "@anything permit (principal, action == Action::\"a\", resource)\n"
                    "when { resource.owner.n == 3 };\n");
    RUN("p.cedar", "--schema", "s.cedarschema");
    test_command_check(&r, 0, "valid", "");
    RUN("p.cedar", "--schema", "s.cedarschema", "--level", "2");
    test_command_check(&r, 0, "valid", "");
    RUN("p.cedar", "--schema", "s.cedarschema", "--level", "1");
    test_command_check(&r, 1, "", "p.cedar:2:");
    RUN("p.cedar", "--schema", "none");
    test_command_check(&r, 0, "valid", "");
    RUN("p.cedar");
    test_command_check(&r, 1, "", "error");
    test_folder_put(f, "mixed.cedar",
                    "permit (principal, action, resource)\n"
                    "when { [principal, resource].contains(principal) };\n");
    RUN("mixed.cedar", "--schema", "s.cedarschema");
    test_command_check(&r, 1, "", "mixed.cedar:2:");
    RUN("mixed.cedar", "--schema", "s.cedarschema", "--permissive");
    test_command_check(&r, 0, "valid", "");
    test_folder_put(f, "bad.cedarschema", "entity U {\n");
    RUN("p.cedar", "--schema", "bad.cedarschema");
    test_command_check(&r, 1, "", "bad.cedarschema:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gateway, test_folder_setup, test_folder_teardown),
        cmocka_unit_test_setup_teardown(test_own_schema, test_folder_setup, test_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
