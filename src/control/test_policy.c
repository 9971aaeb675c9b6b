#include "base/arena.h"
#include "base/test.h"
#include "cedar/blank.h"
#include "cedar/cedar.h"
#include "control/builtin.h"
#include "control/policy.h"
#include "gate/decide.h"
#include "wire/json.h"

#include <stdlib.h>

static struct pst_source source(const char *name, const char *text)
{
    return (struct pst_source){pst_str_c(name), pst_str_c(text)};
}

static struct pst_policy_in input(const struct pst_source *sources, size_t n, const char *entities)
{
    return (struct pst_policy_in){
        .sources = sources, .n_sources = n, .entities = pst_str_c(entities)};
}

static void test_builtin(void **state)
{
    (void)state;
    struct pst_err err = {0};
    size_t count = 0;
    assert_true(pst_builtin_policies_n >= 2);
    assert_int_equal(pst_builtin_schema_n, 1);
    struct pst_policy_in in = input(pst_builtin_policies, pst_builtin_policies_n, "[]");
    if (pst_policy_check(&in, &count, &err) != PST_OK) {
        fail_msg("%s:%u:%u %s", err.file, err.line, err.column, err.text);
    }
    assert_int_equal(count, 9);
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
        {"// fine\n\n@step_up(\"pii\")\npermit (principal, action, resource);\n", "[]", 3},
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
        struct pst_policy_in in = input(two, 2, rows[i].entities);
        if (pst_policy_check(&in, NULL, &err) != PST_ERR) {
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
    struct pst_policy_in in = input(two, 2, "[]");
    assert_int_equal(pst_policy_check(&in, NULL, &err), PST_ERR);
    assert_string_equal(err.file, "first.cedar");
}

/* What the validator cannot prove is refused, with the place and the way out. */
static void test_unproven(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
        uint32_t line, column;
    } rows[] = {
        {"permit (principal, action, resource)\nwhen { context.maxToken > 5 };", "maxToken", 2, 16},
        {"permit (principal in Postern::Grup::\"a\", action, resource);", "Grup", 1, 9},
        {"permit (principal, action == Postern::Action::\"chatt\", resource);", "chatt", 1, 20},
        {"permit (principal, action, resource)\n  when { context.acr > 5 };", "String", 2, 18},
        {"permit (principal is Postern::Group, action, resource);", "", 1, 1},
        {"permit (principal, action, resource) when { principal.app == resource };", "app", 1, 55},
        {"forbid (principal, action, resource) when { context.tools == \"3\" };", "Long and String",
         1, 59},
    };
    bool failed = false;
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_err err = {0};
        struct pst_source one = source("mine.cedar", rows[i].text);
        struct pst_policy_in in = input(&one, 1, "[]");
        assert_int_equal(pst_policy_check(&in, NULL, &err), PST_ERR);
        if (err.code != PST_E_CEDAR_VALIDATION || strstr(err.text, rows[i].says) == NULL ||
            err.line != rows[i].line || err.column != rows[i].column ||
            strcmp(err.file, "mine.cedar") != 0) {
            print_error("%s\n%s:%u:%u: %s\n", rows[i].text, err.file, err.line, err.column,
                        err.text);
            failed = true;
        }
    }
    assert_false(failed);
}

/* The operator's schema adds namespaces, and cannot change what is built in. */
static void test_own_schema(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_source policy = source(
        "mine.cedar", "permit (principal, action == Shop::Action::\"buy\", resource)"
                      " when { resource.price < 5 };");
    struct pst_source schemas[2] = {
        source("a.cedarschema", "namespace Empty {}"), /* no line feed at its end */
        source("b.cedarschema", "namespace Shop {\n entity Ware = {price: Long};\n action buy "
                                "appliesTo {principal: [Postern::User], resource: [Ware]};\n}"),
    };
    struct pst_policy_in in = input(&policy, 1, "[]");
    assert_int_equal(pst_policy_check(&in, NULL, &err), PST_ERR);
    in.schemas = schemas;
    in.n_schemas = 2;
    if (pst_policy_check(&in, NULL, &err) != PST_OK) {
        fail_msg("%s:%u:%u %s", err.file, err.line, err.column, err.text);
    }
    schemas[0] = pst_builtin_schema[0]; /* a copy of it changes nothing */
    assert_int_equal(pst_policy_check(&in, NULL, &err), PST_OK);
    static const struct {
        const char *text;
        uint32_t line;
    } bad[] = {
        {"\nnamespace Postern { entity User; }", 2},
        {"entity Long;", 0},
        {"\n\nnamespace Shop { entity Ware = {price: Lang}; }", 3},
        {"entity A\n", 0},
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        err = (struct pst_err){0};
        schemas[1] = source("b.cedarschema", bad[i].text);
        assert_int_equal(pst_policy_check(&in, NULL, &err), PST_ERR);
        if (err.text[0] == 0 || (bad[i].line != 0 && (err.line != bad[i].line ||
                                                      strcmp(err.file, "b.cedarschema") != 0))) {
            fail_msg("%s: %s:%u:%u %s", bad[i].text, err.file, err.line, err.column, err.text);
        }
    }
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

static void ask_all(const struct pst_cedar *cedar)
{
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
}

static void ask_with(const struct pst_source *extra, size_t n)
{
    struct pst_err err = {0};
    struct pst_cedar *cedar = NULL;
    struct pst_source sources[8];
    size_t count = 0;
    for (; count < pst_builtin_policies_n; count++) {
        sources[count] = pst_builtin_policies[count];
    }
    for (size_t i = 0; i < n; i++) {
        sources[count++] = extra[i];
    }
    struct pst_policy_in in = input(sources, count, "[]");
    if (pst_policy_compile(&in, &cedar, &err) != PST_OK) {
        fail_msg("%s:%u:%u %s", err.file, err.line, err.column, err.text);
    }
    ask_all(cedar);
    pst_cedar_free(cedar);
}

static void test_decisions(void **state)
{
    (void)state;
    ask_with(NULL, 0);
}

/* A forbid that is never true, and cannot be evaluated where the member is not what the schema
 * says: then the decision would be another one. */
static void put_probe(struct pst_buf *out, const char *action, const char *of,
                      const struct pst_json *member)
{
    const char *operation = pst_json_is(member, PST_JSON_STRING)   ? " like \"\\u{1}!\""
                            : pst_json_is(member, PST_JSON_NUMBER) ? " < -1"
                            : pst_json_is(member, PST_JSON_ARRAY)  ? ".contains(\"\\u{1}!\")"
                                                                   : NULL;
    if (pst_json_is(member, PST_JSON_OBJECT)) {
        for (const struct pst_json *m = pst_json_first(member); m != NULL; m = m->next) {
            put_probe(out, action, "findings.", m);
        }
        return;
    }
    (void)pst_buf_fmt(
        out, "forbid (principal, action == Postern::Action::\"%s\", resource) when { ", action);
    (void)(operation != NULL
               ? pst_buf_fmt(out, "context.%s%.*s%s };\n", of, PST_FMT(member->name), operation)
               : pst_buf_fmt(out, "context.%s%.*s && !context.%s%.*s };\n", of,
                             PST_FMT(member->name), of, PST_FMT(member->name)));
}

/* What the gate asks is what the schema says it asks: else what was proven would not hold. */
static void test_requests_conform(void **state)
{
    (void)state;
    static const char *const actions[] = {
#define PST_OPERATION(name, action, resource, place) action,
#include "tables/operations.def"
#undef PST_OPERATION
    };
    struct pst_buf text, blank;
    struct pst_arena arena;
    struct pst_err err = {0};
    struct pst_json_config config = pst_json_config_of(1 << 16, 0);
    struct pst_cedar_schema *schema = pst_policy_schema(NULL, 0, &err);
    size_t probes = 0;
    assert_non_null(schema);
    pst_arena_init(&arena, 1 << 14, 1 << 22);
    pst_buf_init(&text, 1 << 18);
    pst_buf_init(&blank, 1 << 16);
    (void)PST_BUF_LIT(&text,
                      "forbid (principal is Postern::EndUser, action, resource) when {"
                      " principal has app && principal.app == Postern::Workload::\"!\" };\n");
    for (size_t i = 0; i < PST_LEN(actions); i++) {
        struct pst_cedar_uid_text action = {PST_STR("Postern::Action"), pst_str_c(actions[i])};
        if (strcmp(actions[i], "none") == 0) {
            continue;
        }
        pst_buf_clear(&blank);
        assert_int_equal(pst_cedar_context_blank(schema, action, &blank, &err), PST_OK);
        const struct pst_json *v = pst_json_parse(
            &config, &arena, pst_arena_copy(&arena, pst_buf_str(&blank)), &err);
        for (const struct pst_json *m = pst_json_first(v); m != NULL; m = m->next) {
            put_probe(&text, actions[i], "", m);
            probes++;
        }
    }
    assert_true(probes >= 16 * (PST_LEN(actions) - 1));
    struct pst_source extra = {PST_STR("probes.cedar"), pst_buf_str(&text)};
    ask_with(&extra, 1);
    pst_buf_release(&text);
    pst_buf_release(&blank);
    pst_arena_release(&arena);
    pst_cedar_schema_free(schema);
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
        cmocka_unit_test(test_builtin),    cmocka_unit_test(test_refused),
        cmocka_unit_test(test_unproven),   cmocka_unit_test(test_own_schema),
        cmocka_unit_test(test_decisions),  cmocka_unit_test(test_requests_conform),
        cmocka_unit_test(test_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
