#include "base/arena.h"
#include "base/test.h"
#include "cedar/cedar.h"
#include "control/builtin.h"
#include "control/policy.h"
#include "gate/decide.h"

#include <stdlib.h>

static struct pst_source source(const char *name, const char *text)
{
    return (struct pst_source){pst_str_c(name), pst_str_c(text)};
}

static void test_builtin(void **state)
{
    (void)state;
    struct pst_err err = {0};
    size_t count = 0;
    assert_true(pst_builtin_policies_n >= 2);
    assert_int_equal(pst_builtin_schema_n, 1);
    if (pst_policy_check(pst_builtin_policies, pst_builtin_policies_n, PST_STR("[]"), &count,
                         &err) != PST_OK) {
        fail_msg("%s:%u:%u %s", err.file, err.line, err.column, err.text);
    }
    assert_int_equal(count, 8);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *entities;
        uint32_t line;
    } rows[] = {
        {"permit (principal, action, resource)\n", "[]", 2},
        {"permit (principal, action, resource);\npermt (principal, action, resource);\n", "[]", 2},
        {"// fine\n\n@mask(\"pii\")\npermit (principal, action, resource);\n", "[]", 3},
        {"@max_tokens(\"many\") permit (principal, action, resource);\n", "[]", 1},
        {"@max_token(\"5\") permit (principal, action, resource);\n", "[]", 1},
        {"permit (principal, action, resource);\n", "[{\"uid\":", 0},
        {"permit (principal, action, resource);\n",
         "[{\"uid\":{\"type\":\"A\",\"id\":\"a\"},\"attrs\":{},\"parents\":[{\"type\":\"A\",\"id\":"
         "\"a\"}]}]",
         0},
    };
    struct pst_source two[2] = {
        source("first.cedar", "permit (principal, action, resource);\n"),
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_err err = {0};
        two[1] = source("second.cedar", rows[i].text);
        if (pst_policy_check(two, 2, pst_str_c(rows[i].entities), NULL, &err) != PST_ERR) {
            fail_msg("accepted: %s", rows[i].text);
        }
        assert_true(err.text[0] != 0);
        if (rows[i].line != 0 && err.line != rows[i].line) {
            fail_msg("%s: %s:%u:%u %s", rows[i].text, err.file, err.line, err.column, err.text);
        }
        if (rows[i].line != 0) {
            assert_string_equal(err.file, "second.cedar");
        }
    }
    /* a statement may not begin in one file and end in the next */
    struct pst_err err = {0};
    two[0] = source("first.cedar", "permit (principal, action,");
    two[1] = source("second.cedar", "resource);");
    assert_int_equal(pst_policy_check(two, 2, PST_STR("[]"), NULL, &err), PST_ERR);
    assert_string_equal(err.file, "first.cedar");
}

/* --- what the built-in policies decide ---------------------------------------------------- */

struct ask {
    enum pst_operation operation;
    const char *type, *id, *group, *resource;
    const char *tool;     /* offered, or NULL */
    const char *end_user; /* or NULL */
    bool unoffered, may_assert;
    uint32_t remote_urls;
    enum pst_error code; /* NONE: allowed */
};

static const struct ask asks[] = {
    {PST_OP_CHAT, "Workload", "demo", "demo", "demo", NULL, NULL, false, false, 0, PST_E_NONE},
    {PST_OP_CHAT, "Workload", "demo", "demo", "demo-restricted", NULL, NULL, false, false, 0,
     PST_E_POLICY_DENIED},
    {PST_OP_CHAT, "Workload", "demo", "other", "demo", NULL, NULL, false, false, 0,
     PST_E_POLICY_DENIED},
    {PST_OP_CHAT, "User", "root", "admins", "demo", NULL, NULL, false, false, 0,
     PST_E_POLICY_DENIED},
    {PST_OP_CHAT, "Workload", "demo", "demo", "demo", NULL, NULL, false, false, 1,
     PST_E_POLICY_FORBIDDEN},
    {PST_OP_CHAT, "Workload", "demo", "demo", "demo", "get_weather", NULL, false, false, 0,
     PST_E_NONE},
    {PST_OP_CHAT, "Workload", "demo", "demo", "demo", "delete_everything", NULL, false, false, 0,
     PST_E_TOOL_DENIED},
    {PST_OP_CALL_TOOL, "Workload", "demo", "demo", "get_weather", NULL, NULL, false, false, 0,
     PST_E_NONE},
    {PST_OP_CALL_TOOL, "Workload", "demo", "demo", "get_weather", NULL, NULL, true, false, 0,
     PST_E_POLICY_FORBIDDEN},
    {PST_OP_CALL_TOOL, "Workload", "demo", "demo", "delete_everything", NULL, NULL, false, false, 0,
     PST_E_POLICY_DENIED},
    {PST_OP_CHAT, "Workload", "demo", "demo", "demo", NULL, "alice", false, true, 0, PST_E_NONE},
    {PST_OP_CHAT, "Workload", "demo", "demo", "demo", NULL, "alice", false, false, 0,
     PST_E_ASSERTION_NOT_ALLOWED},
    {PST_OP_CHAT, "Workload", "other", "demo", "demo", NULL, "alice", false, true, 0,
     PST_E_ASSERTION_NOT_ALLOWED},
    {PST_OP_ADMINISTER, "User", "local-0", "admins", "/admin/v1/keys", NULL, NULL, false, false, 0,
     PST_E_NONE},
    {PST_OP_ADMINISTER, "Workload", "demo", "demo", "/admin/v1/keys", NULL, NULL, false, false, 0,
     PST_E_POLICY_DENIED},
    {PST_OP_READ_METRICS, "Workload", "prom", "monitoring", "/metrics", NULL, NULL, false, false, 0,
     PST_E_NONE},
    {PST_OP_ADMINISTER, "Workload", "prom", "monitoring", "/admin/v1/keys", NULL, NULL, false,
     false, 0, PST_E_POLICY_DENIED},
};

static void test_decisions(void **state)
{
    (void)state;
    struct pst_cedar *cedar = pst_cedar_new(NULL);
    struct pst_err err = {0};
    assert_non_null(cedar);
    for (size_t i = 0; i < pst_builtin_policies_n; i++) {
        assert_int_equal(pst_cedar_add_policies(cedar, pst_builtin_policies[i].name,
                                                pst_builtin_policies[i].text, &err),
                         PST_OK);
    }
    assert_int_equal(pst_cedar_seal(cedar, &err), PST_OK);
    for (size_t i = 0; i < PST_LEN(asks); i++) {
        const struct ask *ask = &asks[i];
        struct pst_arena arena;
        struct pst_decision decision;
        struct pst_str tool = pst_str_c(ask->tool);
        struct pst_principal who = {
            .type = pst_str_c(ask->type),
            .id = pst_str_c(ask->id),
            .groups = {pst_str_c(ask->group)},
            .n_groups = 1,
            .end_user = pst_str_c(ask->end_user),
            .may_assert = ask->may_assert,
            .acr = "key",
        };
        struct pst_facts facts = {
            .operation = ask->operation,
            .who = &who,
            .resource = pst_str_c(ask->resource),
            .address = PST_STR("127.0.0.1"),
            .tool_offered = !ask->unoffered,
            .remote_urls = ask->remote_urls,
            .tools = &tool,
            .n_tools = ask->tool != NULL ? 1 : 0,
        };
        pst_arena_init(&arena, 1 << 14, 1 << 20);
        pst_decide(cedar, &facts, NULL, 0, &arena, &decision);
        if (decision.code != ask->code) {
            fail_msg("case %zu: %s %s", i, pst_error_row(decision.code)->name, decision.message);
        }
        assert_true((decision.verdict == PST_DENY) == (ask->code != PST_E_NONE));
        if (ask->operation == PST_OP_CHAT && ask->code == PST_E_NONE) {
            assert_int_equal(decision.max_tokens, 1024);
        }
        pst_arena_release(&arena);
    }
    pst_cedar_free(cedar);
}

/* docs/policy.md names every action and every annotation of the tables. */
static void test_documented(void **state)
{
    static const char *const words[] = {
#define PST_OPERATION(name, action, resource, place) action,
#include "tables/operations.def"
#undef PST_OPERATION
#define PST_OBLIGATION(name, kind, text) "@" #name,
#include "tables/obligations.def"
#undef PST_OBLIGATION
    };
    (void)state;
    FILE *f = fopen(PST_SOURCE_ROOT "/docs/policy.md", "rb");
    assert_non_null(f);
    char *doc = calloc(1, 1 << 16);
    assert_non_null(doc);
    assert_true(fread(doc, 1, (1 << 16) - 1, f) > 0);
    fclose(f);
    for (size_t i = 0; i < PST_LEN(words); i++) {
        char want[64];
        snprintf(want, sizeof want, "`%s", words[i]);
        if (strcmp(words[i], "none") != 0 && strstr(doc, want) == NULL) {
            fail_msg("docs/policy.md lacks %s", words[i]);
        }
    }
    free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtin),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
