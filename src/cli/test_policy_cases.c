#include "base/test.h"
#include "cli/policy_cases.h"

static enum pst_status suite_read(struct pst_arena *arena, const char *text,
                                  struct pst_policy_suite *suite, struct pst_err *err)
{
    *err = (struct pst_err){0};
    return pst_policy_suite_read(arena, "dir/x.test", pst_str_c(text), suite, err);
}

static void test_read(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct pst_policy_suite suite;
    struct pst_err err;
    pst_arena_init(&arena, 1 << 14, 1 << 22);
    if (suite_read(&arena,
                   "policies: [a.cedar, /b.cedar]\n"
                   "entities:\n"
                   "  Model/m: [Provider/p, Provider/q]\n"
                   "  Group/g:\n"
                   "  'Postern::User::\"u\\n\"': {in: Group/g, attrs: {s: '5', n: -5, b: true, "
                   "r: {l: [x, {}]}}, tags: {}}\n"
                   "given: {principal: User/u, groups: [g, Group/h], context: {stream: true}}\n"
                   "tests:\n"
                   "  - {name: one, action: chat, resource: Model/m, expect: allow}\n"
                   "  - principal: EndUser/e\n"
                   "    app: Workload/w\n"
                   "    groups: x\n"
                   "    action: Postern::Action::\"callTool\"\n"
                   "    resource: Tool/a/b\n"
                   "    context: {}\n"
                   "    expect: error\n"
                   "    by: [p, q]\n",
                   &suite, &err) != PST_OK) {
        fail_msg("%u:%u %s", err.line, err.column, err.text);
    }
    assert_int_equal(suite.n_policies, 2);
    assert_string_equal(suite.policies[0], "dir/a.cedar");
    assert_string_equal(suite.policies[1], "/b.cedar");
    assert_null(suite.schema);
    assert_str(suite.entities,
               "[{\"uid\":{\"type\":\"Postern::Model\",\"id\":\"m\"},\"attrs\":{},\"tags\":{},"
               "\"parents\":[{\"type\":\"Postern::Provider\",\"id\":\"p\"},"
               "{\"type\":\"Postern::Provider\",\"id\":\"q\"}]},"
               "{\"uid\":{\"type\":\"Postern::Group\",\"id\":\"g\"},\"attrs\":{},\"tags\":{},"
               "\"parents\":[]},"
               "{\"uid\":{\"type\":\"Postern::User\",\"id\":\"u\\n\"},\"attrs\":{\"s\":\"5\","
               "\"n\":-5,\"b\":true,\"r\":{\"l\":[\"x\",{}]}},\"tags\":{},\"parents\":"
               "[{\"type\":\"Postern::Group\",\"id\":\"g\"}]}]");
    assert_int_equal(suite.n_cases, 2);
    const struct pst_policy_case *c = &suite.cases[0];
    assert_str(c->name, "one");
    assert_int_equal(c->line, 8);
    assert_str(c->question.principal.type, "Postern::User");
    assert_str(c->question.action.id, "chat");
    assert_int_equal(c->question.n_groups, 2);
    assert_str(c->question.groups[1].id, "h");
    assert_str(c->question.context, "{\"stream\":true}");
    assert_false(c->with_by);
    c = &suite.cases[1];
    assert_int_equal(c->expect, PST_EXPECT_ERROR);
    assert_str(c->question.app.type, "Postern::Workload");
    assert_str(c->question.resource.id, "a/b");
    assert_str(c->question.context, "{}");
    assert_int_equal(c->question.n_groups, 1);
    assert_int_equal(c->n_by, 2);
    assert_int_equal(suite_read(&arena,
                                "policies: p\nschema: none\ntests: [{principal: A/a, action: b, "
                                "resource: B::C/c, expect: deny, by: []}]",
                                &suite, &err),
                     PST_OK);
    assert_string_equal(suite.schema, "none");
    assert_str(suite.cases[0].question.principal.type, "A");
    assert_str(suite.cases[0].question.action.type, "Action");
    assert_true(suite.cases[0].with_by);
    pst_arena_release(&arena);
}

#define TEST(rest) "policies: p\ntests:\n  - {principal: User/u, action: chat, " rest "}\n"

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
        uint32_t line, column;
    } rows[] = {
        {"", "empty", 1, 1},
        {"- a\n", "mapping", 1, 1},
        {"tests: []\n", "`policies` is missing", 1, 1},
        {"policies: []\ntests: [{}]\n", "names no file", 1, 11},
        {"policies: p\n", "`tests` is a list", 1, 1},
        {"policies: p\ntests: []\n", "`tests` is a list", 2, 8},
        {"policies: p\ntest: []\n", "did you mean \"tests\"", 2, 1},
        {"policies: p\ngiven: {who: x}\ntests: [{}]\n", "who", 2, 9},
        {"policies: p\ntests:\n  - name: x\n", "principal", 3, 5},
        {TEST("resource: m, expect: allow"), "Type/id", 3, 49},
        {TEST("resource: Model/m"), "`expect`", 3, 5},
        {TEST("resource: Model/m, expect: maybe"), "`expect`", 3, 66},
        {TEST("resource: Model/m, expect: allow, context: 5"), "mapping", 3, 82},
        {TEST("resource: Model/m, expect: allow, by: {a: b}"), "`by`", 3, 77},
        {TEST("resource: Model/m, expect: allow, groups: [[]]"), "entity", 3, 82},
        {TEST("resource: 'Model::\"x', expect: allow"), "is not an entity", 3, 49},
        {"policies: p\nentities: {a: b}\ntests: [{}]\n", "is not an entity", 2, 12},
        {"policies: p\nentities: {A/a: {of: x}}\ntests: [{}]\n", "of", 2, 18},
        {"policies: &x p\n", "", 1, 0},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_arena arena;
        struct pst_policy_suite suite;
        struct pst_err err;
        pst_arena_init(&arena, 1 << 14, 1 << 22);
        enum pst_status status = suite_read(&arena, rows[i].text, &suite, &err);
        if (status != PST_ERR || strstr(err.text, rows[i].says) == NULL ||
            err.line != rows[i].line || (rows[i].column != 0 && err.column != rows[i].column) ||
            strcmp(err.file, "dir/x.test") != 0) {
            fail_msg("%s\n%s:%u:%u %s", rows[i].text, err.file, err.line, err.column, err.text);
        }
        pst_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
