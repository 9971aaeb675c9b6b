#include "budget/budget.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct pst_budget_ask ask_of(const char *principal, const char *model, uint64_t now_ms)
{
    return (struct pst_budget_ask){
        .principal = pst_str_c(principal), .model = pst_str_c(model), .now_ms = now_ms};
}

static void add(struct pst_budget *b, struct pst_budget_rule rule)
{
    struct pst_err err = {0};
    assert_int_equal(pst_budget_rule_add(b, &rule, &err), PST_OK);
}

static enum pst_error take(struct pst_budget *b, const struct pst_budget_ask *ask,
                           struct pst_budget_hold *hold, uint32_t *retry)
{
    struct pst_err err = {0};
    return pst_budget_take(b, ask, hold, retry, &err) == PST_OK ? PST_E_NONE : err.code;
}

static void test_rate_is_exact_and_refills(void **state)
{
    (void)state;
    struct pst_budget b;
    struct pst_budget_hold hold;
    uint32_t retry = 0;
    pst_budget_init(&b, 1, 100);
    add(&b,
        (struct pst_budget_rule){.scope = PST_BUDGET_PRINCIPAL, .requests = 10, .window_ms = 1000});
    struct pst_budget_ask ask = ask_of("Workload::a", "m", 5000);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_NONE);
        pst_budget_settle(&b, &hold);
    }
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_RATE_LIMITED);
    assert_int_equal(retry, 100);
    struct pst_budget_ask other = ask_of("Workload::b", "m", 5000);
    assert_int_equal(take(&b, &other, &hold, &retry), PST_E_NONE);
    pst_budget_settle(&b, &hold);
    ask.now_ms += 99;
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_RATE_LIMITED);
    ask.now_ms += 1;
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_NONE);
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_RATE_LIMITED);
    pst_budget_release(&b);
}

/* Many small steps of time must not lose tokens to rounding. */
static void test_rate_loses_nothing_in_small_steps(void **state)
{
    (void)state;
    struct pst_budget b;
    struct pst_budget_hold hold;
    uint32_t retry;
    pst_budget_init(&b, 1, 100);
    add(&b,
        (struct pst_budget_rule){.scope = PST_BUDGET_PRINCIPAL, .requests = 3, .window_ms = 60000});
    struct pst_budget_ask ask = ask_of("Workload::a", "", 1);
    int granted = 0;
    for (uint64_t t = 0; t < 600000; t += 7) {
        ask.now_ms = 1 + t;
        if (take(&b, &ask, &hold, &retry) == PST_E_NONE) {
            pst_budget_settle(&b, &hold);
            granted++;
        }
    }
    assert_in_range(granted, 32, 33); /* 3 at once, then 3 a minute for 10 minutes */
    pst_budget_release(&b);
}

static void test_concurrency_counts_both_ways(void **state)
{
    (void)state;
    struct pst_budget b;
    struct pst_budget_hold holds[3];
    uint32_t retry;
    pst_budget_init(&b, 1, 100);
    add(&b,
        (struct pst_budget_rule){.scope = PST_BUDGET_MODEL, .concurrent = 2, .name = PST_STR("m")});
    struct pst_budget_ask ask = ask_of("Workload::a", "m", 1);
    assert_int_equal(take(&b, &ask, &holds[0], &retry), PST_E_NONE);
    assert_int_equal(take(&b, &ask, &holds[1], &retry), PST_E_NONE);
    assert_int_equal(take(&b, &ask, &holds[2], &retry), PST_E_CONCURRENCY_LIMITED);
    struct pst_err err;
    assert_int_equal(pst_budget_peek(&b, &ask, &retry, &err), PST_ERR);
    pst_budget_settle(&b, &holds[0]);
    pst_budget_settle(&b, &holds[0]); /* once is enough: the second is harmless */
    assert_int_equal(pst_budget_peek(&b, &ask, &retry, &err), PST_OK);
    assert_int_equal(take(&b, &ask, &holds[0], &retry), PST_E_NONE);
    assert_int_equal(take(&b, &ask, &holds[2], &retry), PST_E_CONCURRENCY_LIMITED);
    struct pst_budget_ask other = ask_of("Workload::a", "n", 1);
    assert_int_equal(take(&b, &other, &holds[2], &retry), PST_E_NONE);
    pst_budget_release(&b);
}

/* A refusal by a later rule must not charge the earlier ones. */
static void test_refusal_charges_nothing(void **state)
{
    (void)state;
    struct pst_budget b;
    struct pst_budget_hold hold, kept;
    uint32_t retry;
    const struct pst_str groups[] = {PST_STR("g")};
    pst_budget_init(&b, 1, 100);
    add(&b,
        (struct pst_budget_rule){.scope = PST_BUDGET_PRINCIPAL, .requests = 5, .window_ms = 1000});
    add(&b,
        (struct pst_budget_rule){.scope = PST_BUDGET_GROUP, .concurrent = 1, .name = PST_STR("g")});
    struct pst_budget_ask ask = ask_of("Workload::a", "m", 1);
    ask.groups = groups;
    ask.n_groups = 1;
    assert_int_equal(take(&b, &ask, &kept, &retry), PST_E_NONE);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_CONCURRENCY_LIMITED);
    }
    pst_budget_settle(&b, &kept);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_NONE);
        pst_budget_settle(&b, &hold);
    }
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_RATE_LIMITED);
    pst_budget_release(&b);
}

static void test_full_table_refuses_and_forgets_only_the_refilled(void **state)
{
    (void)state;
    struct pst_budget b;
    struct pst_budget_hold hold;
    uint32_t retry;
    pst_budget_init(&b, 1, 2);
    add(&b,
        (struct pst_budget_rule){.scope = PST_BUDGET_PRINCIPAL, .requests = 1, .window_ms = 1000});
    struct pst_budget_ask a = ask_of("a", "", 1), c = ask_of("c", "", 1), d = ask_of("d", "", 1);
    assert_int_equal(take(&b, &a, &hold, &retry), PST_E_NONE);
    pst_budget_settle(&b, &hold);
    assert_int_equal(take(&b, &c, &hold, &retry), PST_E_NONE); /* held */
    assert_int_equal(take(&b, &d, &hold, &retry), PST_E_RATE_LIMITED);
    d.now_ms = 1001;
    assert_int_equal(take(&b, &d, &hold, &retry), PST_E_NONE); /* a was dropped, c is held */
    a.now_ms = 1002;
    assert_int_equal(take(&b, &a, &hold, &retry), PST_E_RATE_LIMITED);
    pst_budget_release(&b);
}

/* A reload moves rules about and changes their numbers: what is in flight stays counted. */
static void test_counters_survive_a_reload(void **state)
{
    (void)state;
    struct pst_budget b;
    struct pst_budget_hold hold, other;
    uint32_t retry;
    const struct pst_budget_rule places = {.scope = PST_BUDGET_PRINCIPAL, .concurrent = 1};
    const struct pst_budget_rule rate = {
        .scope = PST_BUDGET_PRINCIPAL, .requests = 2, .window_ms = 1000};
    pst_budget_init(&b, 1, 100);
    add(&b, places);
    add(&b, rate);
    struct pst_budget_ask ask = ask_of("a", "m", 1);
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_NONE);
    pst_budget_rules_clear(&b);
    add(&b, (struct pst_budget_rule){.scope = PST_BUDGET_MODEL, .concurrent = 9});
    add(&b, rate);
    add(&b, places);
    assert_int_equal(take(&b, &ask, &other, &retry), PST_E_CONCURRENCY_LIMITED);
    pst_budget_settle(&b, &hold);
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_NONE);
    pst_budget_settle(&b, &hold);
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_RATE_LIMITED); /* both were before */
    pst_budget_release(&b);
}

/* Rules that differ only in their numbers each have a counter of their own. */
static void test_twins_are_counted_apart(void **state)
{
    (void)state;
    struct pst_budget b;
    struct pst_budget_hold hold;
    uint32_t retry;
    pst_budget_init(&b, 1, 100);
    add(&b,
        (struct pst_budget_rule){.scope = PST_BUDGET_PRINCIPAL, .requests = 3, .window_ms = 1000});
    add(&b,
        (struct pst_budget_rule){.scope = PST_BUDGET_PRINCIPAL, .requests = 2, .window_ms = 1000});
    struct pst_budget_ask ask = ask_of("a", "m", 1);
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_NONE);
    pst_budget_settle(&b, &hold);
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_NONE);
    pst_budget_settle(&b, &hold);
    assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_RATE_LIMITED);
    pst_budget_release(&b);
}

/* An app cannot escape its own limit by naming another person each time. */
static void test_an_app_is_bound_by_its_own_name(void **state)
{
    (void)state;
    struct pst_budget b;
    struct pst_budget_hold hold;
    uint32_t retry;
    pst_budget_init(&b, 1, 100);
    add(&b, (struct pst_budget_rule){.scope = PST_BUDGET_PRINCIPAL,
                                     .requests = 2,
                                     .window_ms = 1000,
                                     .name = PST_STR("Workload::app")});
    add(&b,
        (struct pst_budget_rule){.scope = PST_BUDGET_PRINCIPAL, .requests = 1, .window_ms = 1000});
    static const char *const people[] = {"EndUser::app/a", "EndUser::app/b", "EndUser::app/c"};
    for (size_t i = 0; i < PST_LEN(people); i++) {
        struct pst_budget_ask ask = ask_of(people[i], "m", 1);
        ask.app = PST_STR("Workload::app");
        assert_int_equal(take(&b, &ask, &hold, &retry), i < 2 ? PST_E_NONE : PST_E_RATE_LIMITED);
        if (i == 0) { /* each person by itself, too */
            pst_budget_settle(&b, &hold);
            assert_int_equal(take(&b, &ask, &hold, &retry), PST_E_RATE_LIMITED);
        }
    }
    pst_budget_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_is_exact_and_refills),
        cmocka_unit_test(test_rate_loses_nothing_in_small_steps),
        cmocka_unit_test(test_concurrency_counts_both_ways),
        cmocka_unit_test(test_refusal_charges_nothing),
        cmocka_unit_test(test_full_table_refuses_and_forgets_only_the_refilled),
        cmocka_unit_test(test_counters_survive_a_reload),
        cmocka_unit_test(test_twins_are_counted_apart),
        cmocka_unit_test(test_an_app_is_bound_by_its_own_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
