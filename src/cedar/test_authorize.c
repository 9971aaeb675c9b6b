/* authorize.c, index.c, request.c: decisions, slicing, requests built without JSON. */
#include "cedar/test_util.h"

#include "cedar/index.h"

static void forbid_beats_permit_and_errors_are_reported(void **state)
{
    (void)state;
    struct pst_cedar *c = test_set("permit(principal,action,resource);"
                                   "permit(principal,action,resource) when {context.n > 1};"
                                   "forbid(principal,action,resource) when {context.n == 3};"
                                   "forbid(principal,action,resource) when {context.n.x};"
                                   "permit(principal == User::\"bob\",action,resource);",
                                   NULL);
    struct pst_arena a;
    struct pst_cedar_answer answer;
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = test_request(c, &a, "{\"n\":2}");
    assert_int_equal(pst_cedar_authorize(r, &answer, NULL), PST_OK);
    assert_true(answer.allow);
    assert_int_equal(answer.n_reasons, 2);
    assert_int_equal(answer.n_errors, 1);
    assert_int_equal(answer.errors[0].policy, 3);
    r = test_request(c, &a, "{\"n\":3}");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pst_cedar_authorize(r, &answer, NULL), PST_OK);
        assert_false(answer.allow);
        assert_int_equal(answer.n_reasons, 1);
        assert_int_equal(answer.reasons[0], 2);
    }
    pst_arena_release(&a);
    pst_cedar_free(c);
}

static void no_policy_is_a_denial_without_reasons(void **state)
{
    (void)state;
    struct pst_cedar *c = test_set("", NULL);
    struct pst_arena a;
    struct pst_cedar_answer answer;
    pst_arena_init(&a, 4096, 1u << 20);
    assert_int_equal(pst_cedar_authorize(test_request(c, &a, NULL), &answer, NULL), PST_OK);
    assert_false(answer.allow);
    assert_int_equal(answer.n_reasons + answer.n_errors, 0);
    pst_arena_release(&a);
    pst_cedar_free(c);
}

static void an_unfinished_request_is_no_decision(void **state)
{
    (void)state;
    struct pst_cedar *c = test_set("permit(principal,action,resource);", NULL);
    struct pst_arena a;
    struct pst_cedar_answer answer = {.allow = true};
    struct pst_err err = {0};
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = pst_cedar_request_new(c, &a);
    pst_cedar_principal(r, pst_cedar_long(1));
    assert_int_equal(pst_cedar_authorize(r, &answer, &err), PST_ERR);
    assert_false(answer.allow);
    pst_arena_release(&a);
    pst_cedar_free(c);
}

static const char scopes[] =
    "permit(principal == User::\"alice\",action,resource);"                                  /* 0 */
    "permit(principal in Group::\"g\",action,resource);"                                     /* 1 */
    "permit(principal is User,action,resource);"                                             /* 2 */
    "permit(principal is User in Group::\"g\",action,resource);"                             /* 3 */
    "permit(principal,action in [Action::\"all\",Action::\"view\"],resource);"               /* 4 */
    "permit(principal,action == Action::\"view\",resource is Doc);"                          /* 5 */
    "permit(principal,action in Action::\"all\",resource == Doc::\"d1\");"                   /* 6 */
    "permit(principal,action,resource) when {principal in Group::\"g\"};"                    /* 7 */
    "permit(principal,action,resource) when {resource is Doc && action in Action::\"all\"};" /* 8 */
    "permit(principal == User::\"bob\",action,resource);"                       /* 9: no */
    "permit(principal in Group::\"h\",action,resource);"                        /* 10: no */
    "permit(principal is Group,action,resource);"                               /* 11: no */
    "permit(principal is Group in Group::\"g\",action,resource);"               /* 12: no */
    "permit(principal,action in [],resource);"                                  /* 13: no */
    "permit(principal,action == Action::\"all\",resource);"                     /* 14: no */
    "permit(principal,action,resource) when {principal == User::\"bob\" && 1};" /* 15: no */
    "permit(principal == ?principal,action,resource);";                         /* 16: no */

static void every_scope_finds_its_requests(void **state)
{
    (void)state;
    struct pst_cedar *c = test_set(scopes, "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},"
                                           "\"parents\":[{\"type\":\"Group\",\"id\":\"g\"}]},"
                                           "{\"uid\":{\"type\":\"Action\",\"id\":\"view\"},"
                                           "\"parents\":[{\"type\":\"Action\",\"id\":\"all\"}]}]");
    struct pst_arena a;
    struct pst_cedar_answer answer;
    uint32_t seen = 0;
    pst_arena_init(&a, 4096, 1u << 20);
    assert_int_equal(pst_cedar_authorize(test_request(c, &a, NULL), &answer, NULL), PST_OK);
    for (size_t i = 0; i < answer.n_reasons; i++) {
        assert_false((seen >> answer.reasons[i] & 1) != 0);
        seen |= 1u << answer.reasons[i];
    }
    assert_int_equal(seen, 0x1FF);
    assert_int_equal(answer.n_errors, 0);
    pst_arena_release(&a);
    pst_cedar_free(c);
}

/* A test that may fail must be evaluated even where a later one would rule the policy out. */
static void slicing_never_hides_an_error(void **state)
{
    (void)state;
    struct pst_cedar *c = test_set(
        "permit(principal,action,resource) when {context.none && principal == User::\"bob\"};"
        "permit(principal,action,resource) when {principal is User && context.none};"
        "permit(principal,action,resource) unless {principal == User::\"bob\" && false};",
        NULL);
    struct pst_arena a;
    struct pst_cedar_answer answer;
    pst_arena_init(&a, 4096, 1u << 20);
    assert_int_equal(pst_cedar_authorize(test_request(c, &a, NULL), &answer, NULL), PST_OK);
    assert_int_equal(answer.n_errors, 2);
    assert_int_equal(answer.n_reasons, 1);
    pst_arena_release(&a);
    pst_cedar_free(c);
}

static void unrelated_policies_are_not_looked_at(void **state)
{
    (void)state;
    struct pst_buf text;
    pst_buf_init(&text, 1u << 20);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(pst_buf_fmt(&text,
                                "permit(principal in Group::\"g%u\",action == Action::\"view\","
                                "resource) when {resource in Doc::\"%u\"};",
                                i % 50, i));
    }
    assert_true(pst_buf_byte(&text, 0));
    struct pst_cedar *c = test_set((const char *)text.p, NULL);
    struct pst_arena a;
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = test_request(c, &a, NULL);
    pst_cedar_resource(r, pst_cedar_uid(r, PST_STR("Doc"), PST_STR("7")));
    struct pst_cedar_walk w;
    uint32_t looked = 0;
    for (pst_cedar_walk_init(&w, r); pst_cedar_walk_next(&w) != PST_CEDAR_NO;) {
        looked++;
    }
    assert_int_equal(looked, 1);
    pst_arena_release(&a);
    pst_cedar_free(c);
    pst_buf_release(&text);
}

/* What a policy tests first rules it out without running it, but never hides that it fails. */
static void guards_rule_out_and_hide_nothing(void **state)
{
    (void)state;
    static const char all[] =
        "permit(principal,action,resource) when {principal.role == \"a\" && 1};"      /* 0 no */
        "permit(principal,action,resource) when {principal.role == \"dev\" && true};" /* 1
                                                                                         yes
                                                                                       */
        "permit(principal,action,resource) when {principal.none == \"a\"};"           /* 2 fails */
        "permit(principal,action,resource) when {principal has none && principal.none == "
        "1};"                                                                           /* 3 */
        "permit(principal,action,resource) when {context has n && context.n == 5};"     /* 4 yes
                                                                                         */
        "permit(principal,action,resource) when {context.n == \"5\" && 1};"             /* 5 no */
        "permit(principal,action,resource) when {principal is User && context.n == 6};" /* 6
                                                                                           no */
        "permit(principal,action,resource) when {principal.hasTag(\"t\") && "
        "principal.getTag(\"t\") =="
        " \"v\"};" /* 7 yes */
        "permit(principal,action,resource) when {principal.hasTag(\"u\") && "
        "principal.getTag(\"u\") =="
        " \"v\"};"                                                                    /* 8 no */
        "permit(principal,action,resource) when {resource.x == 1};"                   /* 9 fails */
        "permit(principal,action,resource) when {resource has x && resource.x == 1};" /* 10
                                                                                         no
                                                                                       */
        "permit(principal,action,resource) when {principal has y && principal.role == "
        "\"dev\"};"                                                           /* no */
        "permit(principal,action,resource) unless {principal.role == \"a\"};" /* 12 yes */
        "permit(principal,action,resource) when {context.s == [1]};"          /* 13 yes */
        "permit(principal,action,resource) when {context.s == 1 || true};"    /* 14 yes */
        "forbid(principal,action,resource) when {context.n == 7 && true};";   /* 15 no */
    struct pst_cedar *c = test_set(
        all, "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"attrs\":{\"role\":\"dev\"},"
             "\"tags\":{\"t\":\"v\"}}]");
    struct pst_arena a;
    struct pst_cedar_answer answer;
    uint32_t yes = 0;
    uint32_t failed = 0;
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = test_request(c, &a, "{\"n\":5,\"s\":[1]}");
    assert_int_equal(pst_cedar_authorize(r, &answer, NULL), PST_OK);
    for (size_t i = 0; i < answer.n_reasons; i++) {
        yes |= 1u << answer.reasons[i];
    }
    for (size_t i = 0; i < answer.n_errors; i++) {
        failed |= 1u << answer.errors[i].policy;
    }
    assert_int_equal(yes, 1u << 1 | 1u << 4 | 1u << 7 | 1u << 12 | 1u << 13 | 1u << 14);
    assert_int_equal(failed, 1u << 2 | 1u << 9);
    pst_arena_release(&a);
    pst_cedar_free(c);
}

/* The gate's way: no JSON, entities of the request over those of the set. */
static void requests_are_built_without_json(void **state)
{
    (void)state;
    struct pst_cedar *c = test_set(
        "permit(principal in Group::\"top\",action,resource) when { principal.level > 3 &&"
        " principal.getTag(\"k\") == \"v\" && context.findings.contains(\"pii\") &&"
        " context.net.addr.isLoopback() && context.size == 7 && context has extra &&"
        " principal.boss in Group::\"top\" };",
        "[{\"uid\":{\"type\":\"Group\",\"id\":\"staff\"},"
        "\"parents\":[{\"type\":\"Group\",\"id\":\"top\"}]},"
        "{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"attrs\":{\"level\":1}}]");
    struct pst_arena a;
    struct pst_cedar_answer answer;
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = test_request(c, &a, NULL);
    struct pst_cedar_value alice = pst_cedar_uid(r, PST_STR("User"), PST_STR("alice"));
    struct pst_cedar_value boss = pst_cedar_uid(r, PST_STR("User"), PST_STR("new boss"));
    struct pst_cedar_value staff = pst_cedar_uid(r, PST_STR("Group"), PST_STR("staff"));
    struct pst_cedar_value team = pst_cedar_uid(r, PST_STR("Team"), PST_STR("unheard of"));
    struct pst_cedar_value none = {0};
    struct pst_cedar_record *attrs = pst_cedar_record_new(r, 2);
    pst_cedar_record_put(attrs, PST_STR("level"), pst_cedar_long(2));
    pst_cedar_record_put(attrs, PST_STR("boss"), boss);
    pst_cedar_record_put(attrs, PST_STR("level"), pst_cedar_long(4));
    struct pst_cedar_record *tags = pst_cedar_record_new(r, 1);
    pst_cedar_record_put(tags, PST_STR("k"), pst_cedar_string(r, PST_STR("v")));
    pst_cedar_entity(r, team, none, none, &staff, 1);
    pst_cedar_entity(r, boss, none, none, &team, 1);
    pst_cedar_entity(r, alice, pst_cedar_record_done(attrs), pst_cedar_record_done(tags), &boss, 1);
    struct pst_cedar_value found[3] = {pst_cedar_string(r, PST_STR("secret")),
                                       pst_cedar_string(r, PST_STR("pii")),
                                       pst_cedar_string(r, PST_STR("secret"))};
    struct pst_cedar_value addr;
    assert_int_equal(pst_cedar_extension(r, PST_STR("ip"), PST_STR("127.0.0.1"), &addr, NULL),
                     PST_OK);
    assert_int_equal(pst_cedar_extension(r, PST_STR("ip"), PST_STR("x"), &addr, NULL), PST_ERR);
    assert_int_equal(pst_cedar_extension(r, PST_STR("url"), PST_STR("x"), &addr, NULL), PST_ERR);
    struct pst_cedar_record *net = pst_cedar_record_new(r, 1);
    pst_cedar_record_put(net, PST_STR("addr"), addr);
    struct pst_cedar_record *ctx = pst_cedar_record_new(r, 0);
    pst_cedar_record_put(ctx, PST_STR("size"), pst_cedar_long(7));
    pst_cedar_record_put(ctx, PST_STR("findings"), pst_cedar_set(r, found, 3));
    pst_cedar_record_put(ctx, PST_STR("net"), pst_cedar_record_done(net));
    for (unsigned i = 0; i < 40; i++) {
        static const char names[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        pst_cedar_record_put(ctx, pst_str_of(&names[i], 1), pst_cedar_bool(true));
    }
    pst_cedar_record_put(ctx, PST_STR("extra"), pst_cedar_bool(false));
    pst_cedar_context(r, pst_cedar_record_done(ctx));
    assert_int_equal(pst_cedar_authorize(r, &answer, NULL), PST_OK);
    assert_int_equal(answer.n_errors, 0);
    assert_true(answer.allow);
    pst_arena_release(&a);
    pst_cedar_free(c);
}

/* Whatever the arena's limit, the answer is the right one or an error, never a wrong one. */
static void a_full_arena_is_never_an_allowance(void **state)
{
    (void)state;
    struct pst_cedar *c = test_set(
        "permit(principal,action,resource);"
        "forbid(principal,action,resource) when {[context.a, [context.b, 1]].contains(1) ||"
        " {x: context.a, y: [context.b]} != {x: 2, y: [3]}};",
        NULL);
    unsigned decided = 0;
    for (size_t cap = 256; cap < 20000; cap += 64) {
        struct pst_arena a;
        struct pst_cedar_answer answer = {.allow = true};
        struct pst_cedar_value v = {0};
        pst_arena_init(&a, 256, cap);
        struct pst_cedar_request *r = pst_cedar_request_new(c, &a);
        if (r != NULL) {
            pst_cedar_principal(r, pst_cedar_uid(r, PST_STR("User"), PST_STR("alice")));
            pst_cedar_action(r, pst_cedar_uid(r, PST_STR("Action"), PST_STR("view")));
            pst_cedar_resource(r, pst_cedar_uid(r, PST_STR("Doc"), PST_STR("d1")));
            enum pst_status st = pst_cedar_value_json(r, PST_STR("{\"a\":1,\"b\":2}"), &v, NULL);
            pst_cedar_context(r, v);
            if (st == PST_OK) {
                st = pst_cedar_authorize(r, &answer, NULL);
            }
            if (st == PST_OK) {
                decided++;
            } else {
                answer.allow = false;
            }
            assert_false(answer.allow);
        }
        pst_arena_release(&a);
    }
    assert_true(decided > 0);
    pst_cedar_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forbid_beats_permit_and_errors_are_reported),
        cmocka_unit_test(no_policy_is_a_denial_without_reasons),
        cmocka_unit_test(an_unfinished_request_is_no_decision),
        cmocka_unit_test(every_scope_finds_its_requests),
        cmocka_unit_test(slicing_never_hides_an_error),
        cmocka_unit_test(unrelated_policies_are_not_looked_at),
        cmocka_unit_test(guards_rule_out_and_hide_nothing),
        cmocka_unit_test(requests_are_built_without_json),
        cmocka_unit_test(a_full_arena_is_never_an_allowance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
