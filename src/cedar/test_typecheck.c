/* Rules of the type system: one condition each, and the kinds of findings it must have. */
#include "cedar/test_validate_util.h"

struct row {
    const char *condition;
    const char *strict;     /* kinds found, in order; "" when valid */
    const char *permissive; /* NULL: the same */
};

static void check(const char *scope, const struct row *rows, size_t n)
{
    struct test_findings t = {.texts = false};
    char policy[1000];
    pst_buf_init(&t.out, 1u << 16);
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(policy, sizeof policy, "permit(%s) when { %s };", scope, rows[i].condition);
        for (int mode = 0; mode < 2; mode++) {
            const char *want = mode == 1 && rows[i].permissive != NULL ? rows[i].permissive
                                                                       : rows[i].strict;
            test_validate(policy, (enum pst_cedar_mode)mode, -1, &t);
            if (strcmp((const char *)t.out.p, want) != 0) {
                fail_msg("%s (%s): got \"%s\", want \"%s\"", rows[i].condition,
                         mode == 0 ? "strict" : "permissive", (const char *)t.out.p, want);
            }
        }
    }
    pst_buf_release(&t.out);
}

static const char user_reads[] = "principal is User, action == Action::\"read\", resource";
static const char any_reads[] = "principal, action == Action::\"read\", resource";

#define BAD "unexpected_type "
#define MIX "incompatible_types "
#define IMP "impossible "

static void operators_take_their_types(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"principal.n + 1 < 3 - -principal.n * 2", "", NULL},
        {"principal.n + \"a\" == 1", BAD, NULL},
        {"-principal == 1", BAD, NULL},
        {"!principal.n", BAD, NULL},
        {"principal.n", BAD, NULL},
        {"principal.n < resource.when", BAD, NULL},
        {"resource.when < datetime(\"2024-01-01\") && resource.ttl >= duration(\"1h\")", "", NULL},
        {"resource.when < resource.ttl", BAD, NULL},
        {"principal.s < \"x\"", BAD BAD, NULL},
        {"principal.s like \"a*\" && principal.n like \"b\"", BAD, NULL},
        {"principal.t.contains(\"x\") && principal.t.containsAny([\"a\"])", "", NULL},
        {"principal.t.contains(1)", MIX, ""},
        {"principal.t.containsAll([1])", MIX, ""},
        {"principal.t.containsAll(1)", BAD, NULL},
        {"principal.n.contains(1)", BAD, NULL},
        {"principal.t.isEmpty() && principal.isEmpty()", BAD, NULL},
        {"principal.i.isIpv4() && principal.i.isInRange(ip(\"10.0.0.0/8\"))", "", NULL},
        {"principal.n.isIpv4()", BAD, NULL},
        {"principal.i.isInRange(principal.i, principal.i)", "extension_argument ", NULL},
        {"resource.when.offset(resource.ttl).toTime().toHours() == 1", "", NULL},
        {"ip(\"1.2.3\").isIpv4()", "extension_argument ", NULL},
        {"decimal(\"1.23456\").lessThan(decimal(\"1.0\"))", "extension_argument ", NULL},
        {"datetime(\"x\") == duration(\"y\")", "extension_argument " MIX "extension_argument ",
         "extension_argument extension_argument "},
        {"ip(principal.s).isIpv4()", "not_literal ", ""},
        {"ip(principal.n).isIpv4()", BAD, NULL},
        {"ip(\"1.2.3.4\", \"5\").isIpv4()", "extension_argument ", NULL},
    };
    check(user_reads, rows, PST_LEN(rows));
}

static void equality_needs_one_type(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"principal.n == 1 && principal.s != \"x\"", "", NULL},
        {"principal.n == principal.s", MIX, ""},
        {"principal == principal.s", MIX, ""},
        {"{a: 1} == {a: principal.n}", "", NULL},
        {"{a: 1} == {b: 1}", MIX, ""},
        {"{a: true} == {a: false}", "", NULL},
        {"1 == \"a\" || principal.n == 1", "", NULL}, /* literals compare at once */
        {"principal == resource || true", "", NULL},  /* entities of two types: just false */
        {"principal == resource && 1 < \"a\"", IMP, NULL},
        {"action == Action::\"read\" || 1 < \"a\"", "", NULL},
        {"action == Action::\"write\" && 1 < \"a\"", IMP, NULL},
        {"principal.r == context", "", NULL},
        {"principal.r == {a: 1, r: {}}", MIX, ""},
    };
    check(user_reads, rows, PST_LEN(rows));
}

static void sets_and_branches_are_of_one_type(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"[] == principal.t", "empty_set ", ""},
        {"[].isEmpty()", "empty_set ", ""},
        {"[1, \"a\"].isEmpty()", MIX, MIX},
        {"[User::\"a\", Bot::\"b\"].contains(principal)", MIX, ""},
        {"[{a: 1}, {a: 2, b: 3}].isEmpty()", MIX, ""},
        {"[true, false, principal.n == 1].isEmpty()", "", NULL},
        {"(if principal.n == 1 then 1 else 2) == 1", "", NULL},
        {"(if principal.n == 1 then 1 else \"a\") == 1", MIX, NULL},
        {"(if true then 1 else \"a\") == 1", "", NULL},
        {"(if false then \"a\" else 1) == 1", "", NULL},
        {"(if principal.n == 1 then User::\"a\" else Bot::\"b\").s == \"x\"", MIX, ""},
        {"(if principal.n == 1 then User::\"a\" else Bot::\"b\").n == 1", MIX,
         "unknown_attribute "},
        {"(if principal.n == 1 then User::\"a\" else Bot::\"b\") has n", MIX, ""},
        {"(if principal.n == 1 then User::\"a\" else Bot::\"b\").o == \"x\"", MIX,
         "optional_attribute "},
        {"(if principal.n == 1 then {a: 1, b: 2} else {a: 2}).a == 1", MIX, ""},
        {"(if principal.n == 1 then {a: 1, b: 2} else {a: 2}) has b", MIX, ""},
        {"(if principal.n == 1 then User::\"a\" else Bot::\"b\") is User", MIX, ""},
        {"(if 1 then 1 else 2) == 1", BAD, NULL},
    };
    check(user_reads, rows, PST_LEN(rows));
}

static void what_is_not_reached_is_not_looked_at(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"false && 1", IMP, NULL},
        {"true || 1", "", NULL},
        {"principal is Bot && principal.zz", IMP, NULL},
        {"principal is User || principal.zz", "", NULL},
        {"!(principal is Bot) || principal.zz", "", NULL},
        {"if principal is Bot then principal.zz else principal.n == 1", "", NULL},
        {"principal has zz && principal.zz.zz", IMP, NULL},
        {"resource in User::\"a\" && 1", IMP, NULL},
        {"principal in G::\"g\" && 1", BAD, NULL},
        {"action in Action::\"all\" || 1", "", NULL},
        {"action in [Action::\"write\", Action::\"some\"] || 1", "", NULL},
        {"action in Action::\"write\" && 1", IMP, NULL},
        {"false && principal == Nope::\"x\"", "unknown_entity_type ", NULL},
    };
    check(user_reads, rows, PST_LEN(rows));
}

static void optional_attributes_are_tested_first(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"principal.o == \"x\"", "optional_attribute ", NULL},
        {"principal has o && principal.o == \"x\"", "", NULL},
        {"principal[\"o\"] == \"x\"", "optional_attribute ", NULL},
        {"principal has \"o\" && principal[\"o\"] == \"x\"", "", NULL},
        {"principal has o || principal.o == \"x\"", "optional_attribute ", NULL},
        {"!(principal has o) || principal.o == \"x\"", "optional_attribute ", NULL},
        {"(principal has o && principal.n == 1) && principal.o == \"x\"", "", NULL},
        {"(principal has o || principal.n == 1) && principal.o == \"x\"", "optional_attribute ",
         NULL},
        {"(principal has o || principal has o) && principal.o == \"x\"", "", NULL},
        {"(principal has o || false) && principal.o == \"x\"", "", NULL},
        {"(false || principal has o) && principal.o == \"x\"", "", NULL},
        {"if principal has o then principal.o == \"x\" else true", "", NULL},
        {"if principal has o then true else principal.o == \"x\"", "optional_attribute ", NULL},
        {"(if principal has o then principal.n == 1 else false) && principal.o == \"x\"",
         "optional_attribute ", NULL},
        {"(if principal.n == 1 then principal has o else principal has o) && principal.o == \"x\"",
         "", NULL},
        {"(if principal has o then true else true) && principal.o == \"x\"", "optional_attribute ",
         NULL},
        {"principal has m && principal.m has m && principal.m.m.n == 1", "", NULL},
        {"principal has m && resource.owner.m.n == 1", "optional_attribute ", NULL},
        {"principal has m.o && principal.m.o == \"x\"", "", NULL},
        {"context.r has u && context.r.u.n == 1", "", NULL},
        {"context has r.u && context.r.u == principal", "", NULL},
        {"context.r.u.n == 1", "optional_attribute ", NULL},
        {"context has a && (principal.zz == 1)", "unknown_attribute ", NULL},
        {"{a: principal} has a && {a: principal}.b == 1", "unknown_attribute ", NULL},
        {"principal.n.x == 1", BAD, NULL},
        {"action.x == 1", "unknown_attribute ", NULL},
        {"action has x && 1", IMP, NULL},
    };
    check(user_reads, rows, PST_LEN(rows));
}

static void tags_are_tested_first(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"principal.getTag(\"a\") == \"x\"", "tag_not_known ", NULL},
        {"principal.hasTag(\"a\") && principal.getTag(\"a\") == \"x\"", "", NULL},
        {"principal.hasTag(\"a\") && principal.getTag(\"b\") == \"x\"", "tag_not_known ", NULL},
        {"principal.hasTag(principal.s) && principal.getTag(principal.s) like \"x*\"", "", NULL},
        {"principal.hasTag(\"a\") && resource.owner.getTag(\"a\") == \"x\"", "tag_not_known ",
         NULL},
        {"resource.hasTag(\"a\") && 1", IMP, NULL},
        {"resource.getTag(\"a\") == 1", "tag_not_known ", NULL},
        {"principal.hasTag(1)", BAD, NULL},
        {"\"x\".hasTag(\"a\")", BAD, NULL},
        {"(if principal.n == 1 then User::\"a\" else Bot::\"b\").hasTag(\"t\")", MIX, ""},
    };
    check(user_reads, rows, PST_LEN(rows));
}

static void every_request_counts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"principal.s == \"x\"", "", NULL}, /* both types have it */
        {"principal.n == 1", MIX, ""},      /* Long here, String there */
        {"principal.n < 1", BAD, NULL},
        {"principal is User && principal.n < 1", "", NULL},
        {"principal in G::\"g\" && principal.n < 1", "", NULL}, /* a Bot is in nothing */
        {"principal.m == principal", "optional_attribute unknown_attribute ", NULL},
        {"principal is Bot && principal.hasTag(\"k\") && principal.getTag(\"k\") == 1", "", NULL},
    };
    check(any_reads, rows, PST_LEN(rows));
}

static void membership_takes_entities(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"principal in [G::\"a\", G::\"b\"]", "", NULL},
        {"principal in \"a\"", BAD, NULL},
        {"\"a\" in principal", BAD, NULL},
        {"principal in principal.t", BAD, NULL},
        {"principal in principal.u", "", NULL},
        {"principal is User in G::\"g\"", "", NULL},
        {"principal is User in 1", BAD, NULL},
        {"principal is Bot in 1", IMP, NULL},
        {"principal.n is User", BAD, NULL},
        {"principal is Nope", "unknown_entity_type ", NULL},
        {"principal has act && principal.act in Action::\"all\"", "", NULL},
        {"principal has act && principal.act == action", "", NULL},
    };
    check(user_reads, rows, PST_LEN(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_take_their_types),
        cmocka_unit_test(equality_needs_one_type),
        cmocka_unit_test(sets_and_branches_are_of_one_type),
        cmocka_unit_test(what_is_not_reached_is_not_looked_at),
        cmocka_unit_test(optional_attributes_are_tested_first),
        cmocka_unit_test(tags_are_tested_first),
        cmocka_unit_test(every_request_counts),
        cmocka_unit_test(membership_takes_entities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
