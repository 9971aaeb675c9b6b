#include "cli/test_command.h"

#include <sys/stat.h>

#define ASK(command, ...)                                                                          \
    test_command(&r, f, command, "{\"maxTokens\": 7}",                                             \
                 (const char *const[]){"x", "--policies", "p.cedar", __VA_ARGS__, NULL})
#define ALICE "--principal", "User/alice", "--action", "chat", "--resource", "Model/m"

static const char policies[] =
    "@id(\"small\")\n"
    "permit (principal in Postern::Group::\"a\", action == Postern::Action::\"chat\", resource)\n"
    "when { context.maxTokens < 10 };\n"
    "@id(\"never\")\n"
    "forbid (principal, action, resource == Postern::Model::\"secret\");\n";

static void setup_files(struct test_folder *f)
{
    char path[128];
    snprintf(path, sizeof path, "%s/a", f->root);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    test_folder_put(f, "p.cedar", policies);
}

static void test_gateway(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    setup_files(f);
    ASK(pst_cmd_policy_authorize, ALICE, "--group", "a");
    test_command_check(&r, 0, "allow\n  permitted by small (p.cedar:1)\n", "");
    ASK(pst_cmd_policy_authorize, ALICE);
    test_command_check(&r, 1, "deny\n  no policy permits it\n", "");
    ASK(pst_cmd_policy_authorize, ALICE, "--group", "Group/a", "--context", "-", "--json");
    test_command_check(&r, 0, "{\"decision\":\"allow\",\"cedar_decision\":\"allow\",\"reasons\":[{",
                       "");
    test_folder_put(f, "c.json", "{\"maxTokens\": 11}");
    ASK(pst_cmd_policy_explain, ALICE, "--group", "a", "--context", "c.json");
    test_command_check(&r, 1, "`context.maxTokens` is 11", "");
    ASK(pst_cmd_policy_explain, "--principal=Postern::User::\"alice\"", "--action",
        "Postern::Action::\"chat\"", "--resource", "Model/secret", "--json");
    test_command_check(&r, 1, "\"id\":\"never\"", "");
    test_command_check(&r, 1, "\"explanation\":\"Denied", "");
    ASK(pst_cmd_policy_authorize, "--principal", "EndUser/bob", "--app", "Workload/w", "--group",
        "a", "--action", "chat", "--resource", "Model/m");
    test_command_check(&r, 0, "allow", "");
    /* what nobody would ask */
    ASK(pst_cmd_policy_authorize, "--principal", "Group/a", "--action", "chat", "--resource",
        "Model/m");
    test_command_check(&r, 3, "", "postern: ");
    test_folder_put(f, "c.json", "{\"maxTokns\": 11}");
    ASK(pst_cmd_policy_authorize, ALICE, "--context", "c.json");
    test_command_check(&r, 3, "", "maxTokns");
    ASK(pst_cmd_policy_authorize, "--principal", "alice", "--action", "chat", "--resource",
        "Model/m");
    test_command_check(&r, 2, "", "Type/id");
    ASK(pst_cmd_policy_authorize, "--principal", "User/alice");
    test_command_check(&r, 2, "", "--action is missing");
    /* what the gateway would refuse is not asked either */
    test_folder_put(f, "p.cedar", "permit (principal, action, resource) when { context.none };");
    ASK(pst_cmd_policy_authorize, ALICE);
    test_command_check(&r, 3, "", "p.cedar:1:");
}

static void test_plain_cedar(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    setup_files(f);
    test_folder_put(f, "p.cedar",
                    "permit (principal in G::\"g\", action, resource);\n"
                    "forbid (principal, action, resource) when { context.x };\n");
    test_folder_put(f, "e.json",
                    "[{\"uid\": {\"type\": \"U\", \"id\": \"u\"}, \"attrs\": {},"
                    " \"parents\": [{\"type\": \"G\", \"id\": \"g\"}]}]");
    test_folder_put(f, "q.json",
                    "{\"principal\": \"U::\\\"u\\\"\", \"action\": {\"type\":"
                    " \"Action\", \"id\": \"a\"}, \"resource\": {\"__entity\":"
                    " {\"type\": \"R\", \"id\": \"r\"}}, \"context\": {\"x\": false}}");
    ASK(pst_cmd_policy_authorize, "--schema", "none", "--entities", "e.json", "--request",
        "q.json");
    test_command_check(&r, 0, "permitted by policy0", "");
    /* a forbid that cannot be evaluated: the gateway denies, Cedar passes over it */
    test_folder_put(f, "q.json",
                    "{\"principal\": \"U::\\\"u\\\"\", \"action\": \"a\","
                    " \"resource\": \"R/r\"}");
    ASK(pst_cmd_policy_authorize, "--schema", "none", "--entities", "e.json", "--request",
        "q.json");
    test_command_check(&r, 1, "deny\n  because a policy could not be evaluated", "");
    test_command_check(&r, 1, "not evaluable: policy1", "");
    ASK(pst_cmd_policy_authorize, "--schema", "none", "--entities", "e.json", "--request", "q.json",
        "--cedar", "--json");
    test_command_check(&r, 0, "\"decision\":\"allow\"", "");
    test_command_check(&r, 0, "\"code\":\"cedar_attribute\"", "");
    ASK(pst_cmd_policy_explain, "--schema", "none", "--entities", "e.json", "--request", "q.json");
    test_command_check(&r, 1, "Denied by the gateway", "");
    ASK(pst_cmd_policy_authorize, "--schema", "none", "--request", "q.json", "--principal", "U/u");
    test_command_check(&r, 2, "", "--request");
    test_folder_put(f, "q.json", "{\"principal\": 1}");
    ASK(pst_cmd_policy_authorize, "--schema", "none", "--request", "q.json");
    test_command_check(&r, 3, "", "principal");
    test_folder_put(f, "e.json", "[{\"uid\": 1}]");
    test_folder_put(f, "q.json", "{");
    ASK(pst_cmd_policy_authorize, "--schema", "none", "--request", "q.json", "--json");
    test_command_check(&r, 3, "\"file\":\"q.json\"", "");
}

/* Without --policies: what a gateway with this state folder would decide by. */
static void test_configured(void **state)
{
    struct test_folder *f = *state;
    static struct test_command r;
    setup_files(f);
    test_folder_put(f, "postern.yaml",
                    "upstreams: {o: {url: 'https://a/v1'}}\nmodels: {m: o}\n"
                    "groups: {a: [User/alice]}\npolicies: p.cedar\n");
    test_command(&r, f, pst_cmd_policy_authorize, "",
                 (const char *const[]){"authorize", "--state", ".", ALICE, NULL});
    test_command_check(&r, 0, "permitted by small", ""); /* alice's group is the configuration's */
    test_command(&r, f, pst_cmd_policy_authorize, "",
                 (const char *const[]){"authorize", "--state", "none", ALICE, NULL});
    test_command_check(&r, 3, "", "postern init");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_gateway, test_folder_setup, test_folder_teardown),
        cmocka_unit_test_setup_teardown(test_plain_cedar, test_folder_setup, test_folder_teardown),
        cmocka_unit_test_setup_teardown(test_configured, test_folder_setup, test_folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
