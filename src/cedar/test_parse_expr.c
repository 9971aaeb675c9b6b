#include "cedar/test_util.h"

#include "cedar/store.h"

#include <stdlib.h>

/* What the Rust parser takes and refuses, observed of cedarpy 4.12. */
static const struct {
    const char *text;
    bool ok;
} rows[] = {
    {"principal.if", false},
    {"{if: 1}", false},
    {"{true: 1}", false},
    {"principal has if", false},
    {"principal has a.b.c", true},
    {"principal has \"a\"", true},
    {"principal has a[\"b\"]", false},
    {"principal[\"a\"][\"b\"]", true},
    {"principal[(\"a\")]", false},
    {"-9223372036854775808", true},
    {"--9223372036854775808", true},
    {"-(9223372036854775808)", false},
    {"9223372036854775808", false},
    {"99999999999999999999999", false},
    {"!-1", false},
    {"-!true", false},
    {"1 < 2 < 3", false},
    {"1 + 2 - 3 * 4", true},
    {"principal is A in B::\"x\"", true},
    {"principal is (A)", false},
    {"context.foo(1)", false},
    {"ip(\"a\",\"b\")", true},
    {"ip()", true},
    {"foo(1)", false},
    {"principal.ip(\"1\")", false},
    {"isIpv4(principal)", false},
    {"A::ip(\"x\")", false},
    {"principal.contains(1,2)", false},
    {"principal.isEmpty(1)", false},
    {"[1,2,]", true},
    {"[,]", false},
    {"{a:1,}", true},
    {"{a:1,a:2}", false},
    {"{a:1,\"a\":2}", false},
    {"if true then 1 else 2 || true", true},
    {"1 in [principal]", true},
    {"principal in principal in principal", false},
    {"a", false},
    {"A::B", false},
    {"-5.foo", true},
    {"(-5).foo", true},
    {"- 5", true},
    {"-\"a\"", true},
    {"true.foo", true},
    {"1.foo", true},
    {"principal.has", false},
    {"principal.principal", true},
    {"{principal:1}", true},
    {"{in:1}", false},
    {"{__cedar:1}", false},
    {"principal.__cedar", false},
    {"__cedar::A::\"x\"", false},
    {"A::__cedar::\"x\"", false},
    {"principal is __cedar::A", false},
    {"1 = 1", false},
    {"1 % 2", false},
    {"1/2", false},
    {"principal has (a)", false},
    {"\"\\*\"", false},
    {"principal has a.if", false},
    {"!!!!true", true},
    {"!!!!!true", false},
    {"----1", true},
    {"-----1", false},
    {"true && if true then true else false", false},
    {"principal has a && true", true},
    {"principal like principal", false},
    {"principal has 1", false},
    {"1--1", true},
    {"1 - -1", true},
    {"principal[1]", false},
    {"principal is \"A\"", false},
    {"(ip)(\"1.1.1.1\")", false},
    {"(1) (2)", false},
    {"principal has a == true", false},
    {"principal has a + 1", false},
    {"(principal has a) == true", true},
    {"1 == principal has a", false},
    {"true || false && true", true},
    {"\"a\" like \"*\" == true", false},
    {"principal is A == true", false},
    {"[1][0]", false},
    {"{}", true},
    {"()", false},
    {"1 +", false},
    {"if true then 1", false},
    {"if true else 1", false},
    {"[1 2]", false},
    {"{a 1}", false},
    {"{a:1 b:2}", false},
    {"ip(\"a\"", false},
    {"principal.", false},
    {"principal.a.b.c(1)", false},
    {"principal::\"x\"", true},
    {"principal.toDate()", true},
};

static void expressions_are_taken_or_refused_as_by_cedar(void **state)
{
    (void)state;
    char text[300];
    char got[PST_ERR_TEXT + 160];
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        (void)snprintf(text, sizeof text, "permit(principal,action,resource) when { %s };",
                       rows[i].text);
        bool ok = strcmp(test_refusal(text, got, sizeof got), "ok") == 0;
        if (ok != rows[i].ok) {
            fail_msg("%s: %s", rows[i].text, got);
        }
    }
}

static void operators_bind_as_in_the_grammar(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "1 + 2 * 3 == 7",
        "(1 + 2) * 3 == 9",
        "10 - 3 - 2 == 5",
        "true || false && false",
        "!(true && false)",
        "!false && true",
        "-2 + 3 == 1",
        "2 - -2 == 4",
        "if false then false else true || false",
        "(if true then 1 else 2) == 1",
        "[1, 2 + 3].contains(5)",
        "{a: {b: 3}}.a.b == 3",
        "{\"a b\": 1}[\"a b\"] == 1",
        "1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3 && 1 != 2",
        "--5 == 5",
        "-(-5) == 5",
    };
    for (size_t i = 0; i < PST_LEN(yes); i++) {
        if (test_eval(yes[i], NULL, NULL, NULL) != 'T') {
            fail_msg("%s", yes[i]);
        }
    }
}

/* Long chains and deep nesting cost memory, not stack; deeper than the limit is refused. */
static void depth_is_no_danger(void **state)
{
    (void)state;
    size_t n = 200000;
    char *text = (char *)malloc(8 * n + 200);
    char got[PST_ERR_TEXT + 160];
    assert_non_null(text);
    size_t at = (size_t)snprintf(text, 200, "permit(principal,action,resource) when { true");
    for (size_t i = 0; i < n; i++) {
        memcpy(&text[at], " && true", 8);
        at += 8;
    }
    memcpy(&text[at], " };", 4);
    struct pst_cedar *c = test_set(text, NULL);
    pst_cedar_free(c);
    at = (size_t)snprintf(text, 200, "permit(principal,action,resource) when { ");
    memset(&text[at], '(', n);
    text[at + n] = 0;
    assert_non_null(strstr(test_refusal(text, got, sizeof got), "nested more than"));
    memset(&text[at], '[', n);
    assert_non_null(strstr(test_refusal(text, got, sizeof got), "nested more than"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_are_taken_or_refused_as_by_cedar),
        cmocka_unit_test(operators_bind_as_in_the_grammar),
        cmocka_unit_test(depth_is_no_danger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
