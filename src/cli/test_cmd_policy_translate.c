#include "cli/test_command.h"

#include <sys/stat.h>

#define RUN(in, ...)                                                                               \
    test_command(&r, f, pst_cmd_policy_translate, (in),                                            \
                 (const char *const[]){"translate", __VA_ARGS__, NULL})

static void test_translate(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    static char text[32768];
    char path[128];
    snprintf(path, sizeof path, "%s/a", f->root);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    static const char policy[] = "@id(\"x\")\npermit(principal, action, resource)\n"
                                 "when { context.a < 3 };\n";
    RUN(policy, "-");
    test_command_check(&r, 0, "\"staticPolicies\"", "");
    pst_text(text, sizeof text, " \n%s", r.out); /* white space first changes nothing */
    RUN(text, "-");
    test_command_check(&r, 0, policy, "");
    RUN("{\"staticPolicies\":{\"mine\":{\"effect\":\"permit\",\"principal\":{\"op\":\"All\"},"
        "\"action\":{\"op\":\"All\"},\"resource\":{\"op\":\"All\"},\"conditions\":[]}}}",
        "-");
    test_command_check(&r, 0, "// mine\npermit(principal, action, resource);\n", "");
    RUN(policy, "--json", "--to", "cedar");
    test_command_check(&r, 0, "{\"kind\":\"policies\",\"cedar\":\"@id", "");
    static const char schema[] = "entity U;\naction a appliesTo {principal: [U], resource: [U]};\n";
    RUN(schema, "--kind", "schema", "--json");
    test_command_check(&r, 0, "{\"kind\":\"schema\",\"json\":{\"\":{", "");
    test_folder_put(f, "s.cedarschema", schema);
    RUN("", "s.cedarschema");
    test_command_check(&r, 0, "\"entityTypes\":{\"U\"", "");
    test_folder_put(f, "s.cedarschema.json", r.out);
    RUN("", "s.cedarschema.json");
    test_command_check(&r, 0, "entity U", "");
    RUN("permit (", "-");
    test_command_check(&r, 3, "", "-:1:9");
    RUN("", "--kind", "policy");
    test_command_check(&r, 2, "", "policies or schema");
    RUN("", "--to", "yaml");
    test_command_check(&r, 2, "", "json or cedar");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_translate, test_folder_setup, test_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
