/* compile.c, eval.c, eval_op.c, value.c: what conditions come to. */
#include "cedar/test_util.h"

#include "cedar/eval.h"

static const char entities[] =
    "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"attrs\":{\"age\":30,\"name\":\"Al\","
    "\"tagset\":[1,2,3],\"manager\":{\"__entity\":{\"type\":\"User\",\"id\":\"ghost\"}},"
    "\"rec\":{\"x\":1,\"y\":{\"z\":\"deep\"}}},"
    "\"parents\":[{\"type\":\"Group\",\"id\":\"g1\"}],\"tags\":{\"role\":\"admin\"}},"
    "{\"uid\":{\"type\":\"Group\",\"id\":\"g1\"},\"parents\":[{\"type\":\"Group\",\"id\":\"g2\"}]}"
    "]";
static const char context[] = "{\"n\":5,\"s\":\"hello\",\"b\":true,\"set\":[\"a\",\"b\"],"
                              "\"ip\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"10.1.2.3\"}},"
                              "\"u\":{\"__entity\":{\"type\":\"User\",\"id\":\"alice\"}}}";

struct row {
    char want;
    const char *text;
    enum pst_error code;
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum pst_error code = PST_E_NONE;
        char got = test_eval(rows[i].text, entities, context, &code);
        if (got != rows[i].want || (got == 'E' && code != rows[i].code)) {
            fail_msg("%s: %c (%s), not %c", rows[i].text, got, pst_error_row(code)->code,
                     rows[i].want);
        }
    }
}

static void logic_is_short_and_strict(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {'T', "true", 0},
        {'F', "false", 0},
        {'E', "1", PST_E_CEDAR_TYPE},
        {'E', "context", PST_E_CEDAR_TYPE},
        {'F', "false && 1", 0},
        {'T', "true || 1", 0},
        {'E', "true && 1", PST_E_CEDAR_TYPE},
        {'E', "false || 1", PST_E_CEDAR_TYPE},
        {'E', "1 && true", PST_E_CEDAR_TYPE},
        {'E', "1 || true", PST_E_CEDAR_TYPE},
        {'F', "false && context.none", 0},
        {'E', "!1", PST_E_CEDAR_TYPE},
        {'T', "!false", 0},
        {'T', "if true then true else 1 + \"\" == 1", 0},
        {'E', "if 1 then true else true", PST_E_CEDAR_TYPE},
        {'E', "if true then 1 else true", PST_E_CEDAR_TYPE},
        {'T', "(if context.b then 1 else 2) == 1", 0},
        {'F', "false && (1 == 1 && 1)", 0},
        {'F', "true && false && 1 && 2", 0},
        {'T', "false || true || 1", 0},
        {'T', "(if context.b then context.b else false) && true", 0},
    };
    check(rows, PST_LEN(rows));
}

static void numbers_overflow_into_errors(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {'E', "9223372036854775807 + 1 == 1", PST_E_CEDAR_OVERFLOW},
        {'E', "-9223372036854775808 - 1 == 1", PST_E_CEDAR_OVERFLOW},
        {'E', "9223372036854775807 * 2 == 1", PST_E_CEDAR_OVERFLOW},
        {'E', "-(-9223372036854775808) == 1", PST_E_CEDAR_OVERFLOW},
        {'T', "-9223372036854775808 < 9223372036854775807", 0},
        {'T', "context.n * 2 - 3 == 7", 0},
        {'E', "1 + true == 1", PST_E_CEDAR_TYPE},
        {'E', "1 < true", PST_E_CEDAR_TYPE},
        {'E', "\"a\" < \"b\"", PST_E_CEDAR_TYPE},
        {'E', "-true == 1", PST_E_CEDAR_TYPE},
        {'E', "true > 1 + \"\"", PST_E_CEDAR_TYPE},
    };
    check(rows, PST_LEN(rows));
}

static void equality_is_total(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {'F', "1 == true", 0},
        {'T', "1 != \"1\"", 0},
        {'T', "[1,2,2] == [2,1]", 0},
        {'F', "[1] == [1,2]", 0},
        {'T', "{a: 1, b: [2]} == {b: [2], a: 1}", 0},
        {'F', "{a: 1} == {a: 1, b: 2}", 0},
        {'F', "{a: 1} == {b: 1}", 0},
        {'F', "[] == {}", 0},
        {'T', "[] == [1,1] || [1,1] == [1]", 0},
        {'T', "[[1],[2,1]] == [[1,2,1],[1,1]]", 0},
        {'T', "User::\"alice\" == principal", 0},
        {'T', "context.u == principal", 0},
        {'F', "User::\"alice\" == Group::\"alice\"", 0},
        {'T', "context.s == \"hello\"", 0},
        {'T', "context.set == [\"b\",\"a\"]", 0},
        {'T', "context.ip == ip(\"10.1.2.3\")", 0},
        {'F', "ip(\"10.0.0.1/24\") == ip(\"10.0.0.0/24\")", 0},
        {'T', "ip(\"::1\") == ip(\"0:0:0:0:0:0:0:1\")", 0},
        {'T', "decimal(\"1.50\") == decimal(\"1.5\")", 0},
        {'T', "datetime(\"1970-01-01\") != duration(\"0ms\")", 0},
        {'T', "{a: context.n} == {a: 5} && [context.n, 5] == [5]", 0},
    };
    check(rows, PST_LEN(rows));
}

static void attributes_tags_and_hierarchy(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {'T', "principal.age == 30", 0},
        {'E', "principal.none == 1", PST_E_CEDAR_ATTRIBUTE},
        {'E', "resource.none == 1", PST_E_CEDAR_ENTITY},
        {'F', "resource has none", 0},
        {'F', "principal has none", 0},
        {'T', "principal has age", 0},
        {'T', "principal has rec.y.z", 0},
        {'F', "principal has rec.q.z", 0},
        {'E', "principal has age.x", PST_E_CEDAR_TYPE},
        {'F', "principal has manager.x", 0},
        {'T', "principal.rec.y.z == \"deep\"", 0},
        {'E', "1 has a", PST_E_CEDAR_TYPE},
        {'E', "principal.age.x == 1", PST_E_CEDAR_TYPE},
        {'E', "principal.manager.age == 1", PST_E_CEDAR_ENTITY},
        {'T', "context has n", 0},
        {'E', "context.none", PST_E_CEDAR_ATTRIBUTE},
        {'T', "principal.hasTag(\"role\")", 0},
        {'F', "principal.hasTag(\"none\")", 0},
        {'F', "resource.hasTag(\"role\")", 0},
        {'T', "principal.getTag(\"role\") == \"admin\"", 0},
        {'E', "principal.getTag(\"none\") == 1", PST_E_CEDAR_ATTRIBUTE},
        {'E', "resource.getTag(\"role\") == 1", PST_E_CEDAR_ENTITY},
        {'E', "principal.hasTag(1)", PST_E_CEDAR_TYPE},
        {'E', "resource.hasTag(1)", PST_E_CEDAR_TYPE},
        {'E', "context.hasTag(\"a\")", PST_E_CEDAR_TYPE},
        {'T', "principal in Group::\"g2\"", 0},
        {'T', "principal in principal", 0},
        {'T', "resource in [Group::\"g1\", Doc::\"d1\"]", 0},
        {'F', "principal in []", 0},
        {'F', "Group::\"g2\" in Group::\"g1\"", 0},
        {'E', "principal in [principal, 1]", PST_E_CEDAR_TYPE},
        {'E', "principal in [1, context.n, principal]", PST_E_CEDAR_TYPE},
        {'E', "principal in 1", PST_E_CEDAR_TYPE},
        {'E', "1 in principal", PST_E_CEDAR_TYPE},
        {'T', "principal is User", 0},
        {'F', "principal is Group", 0},
        {'E', "1 is User", PST_E_CEDAR_TYPE},
        {'T', "principal is User in Group::\"g2\"", 0},
        {'F', "principal is Group in 1", 0},
        {'E', "principal is User in 1", PST_E_CEDAR_TYPE},
    };
    check(rows, PST_LEN(rows));
}

static void sets_and_patterns(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {'T', "[1,2,3].contains(2)", 0},
        {'F', "[1,2,3].contains(\"2\")", 0},
        {'T', "[[1],[2]].contains([2,2])", 0},
        {'T', "[1,2,3].containsAll([3,1])", 0},
        {'T', "[1].containsAll([])", 0},
        {'F', "[1].containsAny([])", 0},
        {'T', "[1,2].containsAny([5,2])", 0},
        {'F', "[1,2].containsAny([5])", 0},
        {'E', "[1].containsAll(1)", PST_E_CEDAR_TYPE},
        {'E', "1.contains(1)", PST_E_CEDAR_TYPE},
        {'T', "[].isEmpty()", 0},
        {'F', "[1].isEmpty()", 0},
        {'E', "1.isEmpty()", PST_E_CEDAR_TYPE},
        {'T', "context.set.contains(\"b\") && principal.tagset.contains(context.n - 3)", 0},
        {'T', "\"\" like \"\"", 0},
        {'T', "\"\" like \"*\"", 0},
        {'F', "\"a\" like \"\"", 0},
        {'T', "\"hello\" like \"h*o\"", 0},
        {'F', "\"hello\" like \"h*x\"", 0},
        {'T', "\"a*b\" like \"a\\*b\"", 0},
        {'F', "\"axb\" like \"a\\*b\"", 0},
        {'T', "\"abcabc\" like \"*b*c\"", 0},
        {'F', "\"ab\" like \"ab*b\"", 0},
        {'T', "\"aXbXc\" like \"a*X*c\"", 0},
        {'F', "\"ac\" like \"a*X*c\"", 0},
        {'T', "context.s like \"hel*\"", 0},
        {'E', "1 like \"a\"", PST_E_CEDAR_TYPE},
        {'T', "\"été\" like \"*t*é\"", 0},
        {'T', "\"aaa\" like \"a**a\"", 0},
    };
    check(rows, PST_LEN(rows));
}

static void extension_values(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {'T', "decimal(\"1.1\").lessThan(decimal(\"1.2\"))", 0},
        {'T', "decimal(\"1.1\").lessThanOrEqual(decimal(\"1.1\"))", 0},
        {'F', "decimal(\"1.1\").greaterThan(decimal(\"1.1\"))", 0},
        {'T', "decimal(\"1.1\").greaterThanOrEqual(decimal(\"1.1\"))", 0},
        {'E', "decimal(\"1.1\") < decimal(\"1.2\")", PST_E_CEDAR_TYPE},
        {'E', "decimal(\"x\") == 1", PST_E_CEDAR_EXTENSION},
        {'E', "decimal(1) == 1", PST_E_CEDAR_TYPE},
        {'E', "decimal(\"1.0\",\"1.0\") == 1", PST_E_CEDAR_EXTENSION},
        {'E', "decimal(context.s) == 1", PST_E_CEDAR_EXTENSION},
        {'E', "decimal(\"1.0\").lessThan(1)", PST_E_CEDAR_TYPE},
        {'E', "context.ip.lessThan(context.ip)", PST_E_CEDAR_TYPE},
        {'T', "context.ip.isIpv4() && !context.ip.isIpv6()", 0},
        {'T', "context.ip.isInRange(ip(\"10.0.0.0/8\"))", 0},
        {'F', "ip(\"10.0.0.0/8\").isInRange(context.ip)", 0},
        {'F', "ip(\"::1\").isInRange(ip(\"0.0.0.0/0\"))", 0},
        {'T', "ip(\"fe80::1\").isInRange(ip(\"fe80::/10\"))", 0},
        {'F', "ip(\"fec0::1\").isInRange(ip(\"fe80::/10\"))", 0},
        {'T', "ip(\"127.3.4.5\").isLoopback() && ip(\"::1\").isLoopback()", 0},
        {'F', "ip(\"127.0.0.0/7\").isLoopback() || ip(\"::1/127\").isLoopback()", 0},
        {'T', "ip(\"224.0.0.1\").isMulticast() && ip(\"ff02::1\").isMulticast()", 0},
        {'F', "ip(\"99.64.255.255/4\").isMulticast()", 0},
        {'T', "datetime(\"2024-01-01\") < datetime(\"2024-01-02\")", 0},
        {'T', "datetime(\"2024-01-01\").offset(duration(\"1d\")) == datetime(\"2024-01-02\")", 0},
        {'T',
         "datetime(\"2024-01-02\").durationSince(datetime(\"2024-01-01\")) >= duration(\"24h\")",
         0},
        {'T', "datetime(\"1969-12-31T23:00:00Z\").toDate() == datetime(\"1969-12-31\")", 0},
        {'T', "datetime(\"1969-12-31T23:00:00Z\").toTime() == duration(\"23h\")", 0},
        {'T', "duration(\"-1d1ms\").toSeconds() == -86400", 0},
        {'T', "duration(\"90m\").toHours() == 1 && duration(\"90m\").toMinutes() == 90", 0},
        {'T', "duration(\"49h\").toDays() == 2 && duration(\"1s\").toMilliseconds() == 1000", 0},
        {'E', "datetime(\"9999-12-31\").offset(duration(\"9223372036854775807ms\")) == 1",
         PST_E_CEDAR_EXTENSION},
        {'E', "datetime(\"2024-01-01\") < duration(\"1d\")", PST_E_CEDAR_TYPE},
        {'E', "datetime(\"2024-01-01\").toDate(1) == 1", PST_E_CEDAR_EXTENSION},
    };
    check(rows, PST_LEN(rows));
}

static void a_failure_has_the_place_of_the_expression(void **state)
{
    (void)state;
    struct pst_cedar *c = test_set("permit(principal,action,resource)\nwhen { true &&\n"
                                   "  context.n + \"x\" == 1 };",
                                   NULL);
    struct pst_arena a;
    struct pst_cedar_answer answer;
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = test_request(c, &a, "{\"n\":1}");
    assert_int_equal(pst_cedar_authorize(r, &answer, NULL), PST_OK);
    assert_false(answer.allow);
    assert_int_equal(answer.n_errors, 1);
    assert_int_equal(answer.errors[0].code, PST_E_CEDAR_TYPE);
    assert_int_equal(answer.errors[0].line, 3);
    assert_int_equal(answer.errors[0].column, 13);
    pst_arena_release(&a);
    pst_cedar_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logic_is_short_and_strict),
        cmocka_unit_test(numbers_overflow_into_errors),
        cmocka_unit_test(equality_is_total),
        cmocka_unit_test(attributes_tags_and_hierarchy),
        cmocka_unit_test(sets_and_patterns),
        cmocka_unit_test(extension_values),
        cmocka_unit_test(a_failure_has_the_place_of_the_expression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
