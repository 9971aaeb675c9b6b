#include "base/test.h"

#include "base/test_heap.h"
#include "sys/timers.h"

#include <stdlib.h>

static void on_timer(struct pst_loop *loop, void *user)
{
    (void)loop;
    (void)user;
}

static uintptr_t take(struct pst_timers *t, uint64_t now)
{
    pst_timer_fn *fn;
    void *user;
    if (!pst_timers_take(t, now, t->age, &fn, &user)) {
        return 0;
    }
    assert_true(fn == on_timer);
    return (uintptr_t)user;
}

static void fires_in_order_of_time_then_age(void **state)
{
    (void)state;
    struct pst_timers t;
    struct pst_timer h[5] = {{0}};
    static const uint64_t due[5] = {30, 10, 20, 10, 10};
    pst_timers_init(&t, 100);
    for (uintptr_t i = 0; i < 5; i++) {
        assert_true(pst_timers_set(&t, &h[i], due[i], on_timer, (void *)(i + 1)));
    }
    uint64_t next = 0;
    assert_true(pst_timers_next(&t, &next));
    assert_int_equal(next, 10);
    assert_int_equal(take(&t, 9), 0);
    assert_int_equal(take(&t, 10), 2);
    assert_int_equal(take(&t, 10), 4);
    assert_int_equal(take(&t, 10), 5);
    assert_int_equal(take(&t, 10), 0);
    assert_int_equal(take(&t, 99), 3);
    assert_int_equal(take(&t, 99), 1);
    assert_false(pst_timers_next(&t, &next));
    pst_timers_release(&t);
}

static void a_stale_handle_does_nothing(void **state)
{
    (void)state;
    struct pst_timers t;
    struct pst_timer a = {0}, none = {0};
    pst_timers_init(&t, 100);
    assert_false(pst_timers_live(&t, none));
    pst_timers_cancel(&t, none);
    assert_true(pst_timers_set(&t, &a, 5, on_timer, (void *)1));
    struct pst_timer old = a;
    pst_timers_cancel(&t, a);
    assert_false(pst_timers_live(&t, old));
    struct pst_timer b = {0};
    assert_true(pst_timers_set(&t, &b, 6, on_timer, (void *)2));
    assert_int_equal(b.index, old.index); /* the same slot */
    assert_false(pst_timers_live(&t, old));
    pst_timers_cancel(&t, old);
    assert_true(pst_timers_live(&t, b));
    /* a stale handle arms a slot of its own */
    assert_true(pst_timers_set(&t, &old, 7, on_timer, (void *)3));
    assert_int_equal(t.used, 2);
    struct pst_timer wild = {12345, 1};
    assert_false(pst_timers_live(&t, wild));
    pst_timers_release(&t);
}

static void the_cap_holds(void **state)
{
    (void)state;
    struct pst_timers t;
    struct pst_timer h[101] = {{0}};
    pst_timers_init(&t, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_true(pst_timers_set(&t, &h[i], i, on_timer, NULL));
    }
    assert_false(pst_timers_set(&t, &h[100], 1, on_timer, NULL));
    assert_int_equal(h[100].generation, 0);
    assert_true(pst_timers_set(&t, &h[7], 1000, on_timer, NULL)); /* re-arming needs no slot */
    pst_timers_cancel(&t, h[3]);
    assert_true(pst_timers_set(&t, &h[100], 1, on_timer, NULL));
    pst_timers_release(&t);
}

static void without_memory_it_says_no(void **state)
{
    (void)state;
    for (size_t nth = 1; nth <= 2; nth++) {
        struct pst_timers t;
        struct pst_timer a = {0};
        pst_timers_init(&t, 100);
        test_heap_fail_from(nth);
        assert_false(pst_timers_set(&t, &a, 1, on_timer, NULL));
        test_heap_fail_from(0);
        assert_true(pst_timers_set(&t, &a, 1, on_timer, NULL));
        assert_int_equal(t.used, 1);
        pst_timers_release(&t);
    }
}

static void armed_meanwhile_waits_for_the_next_round(void **state)
{
    (void)state;
    struct pst_timers t;
    struct pst_timer a = {0}, b = {0};
    pst_timer_fn *fn;
    void *user;
    pst_timers_init(&t, 10);
    assert_true(pst_timers_set(&t, &a, 5, on_timer, NULL));
    uint64_t age = t.age;
    assert_true(pst_timers_set(&t, &b, 5, on_timer, NULL));
    assert_true(pst_timers_take(&t, 5, age, &fn, &user));
    assert_false(pst_timers_take(&t, 5, age, &fn, &user));
    assert_true(pst_timers_take(&t, 5, t.age, &fn, &user));
    pst_timers_release(&t);
}

/* The same random work on the heap and on a plain array must agree. */
enum { SLOTS = 3000, STEPS = 60000 };
struct plain {
    uint64_t due, age;
    bool live;
};

static size_t plain_first(const struct plain *p)
{
    size_t best = SLOTS;
    for (size_t i = 0; i < SLOTS; i++) {
        if (p[i].live && (best == SLOTS || p[i].due < p[best].due ||
                          (p[i].due == p[best].due && p[i].age < p[best].age))) {
            best = i;
        }
    }
    return best;
}

static void agrees_with_a_plain_array(void **state)
{
    (void)state;
    static struct plain plain[SLOTS];
    static struct pst_timer handle[SLOTS];
    struct pst_timers t;
    pst_timers_init(&t, SLOTS);
    srand(7);
    uint64_t now = 0;
    for (size_t step = 0; step < STEPS; step++) {
        size_t i = (size_t)rand() % SLOTS;
        switch (rand() % 8) {
        case 0:
            pst_timers_cancel(&t, handle[i]);
            plain[i].live = false;
            break;
        case 1: {
            size_t want = plain_first(plain);
            if (want < SLOTS) {
                now = plain[want].due > now ? plain[want].due : now;
                assert_int_equal(take(&t, now), want + 1);
                plain[want].live = false;
            }
            break;
        }
        default:
            plain[i] = (struct plain){now + (uint64_t)rand() % 500, t.age, true};
            assert_true(pst_timers_set(&t, &handle[i], plain[i].due, on_timer, (void *)(i + 1)));
            break;
        }
        assert_int_equal(pst_timers_live(&t, handle[i]), plain[i].live);
    }
    for (size_t want = plain_first(plain); want < SLOTS; want = plain_first(plain)) {
        assert_int_equal(take(&t, UINT64_MAX), want + 1);
        plain[want].live = false;
    }
    assert_int_equal(t.used, 0);
    pst_timers_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_in_order_of_time_then_age),
        cmocka_unit_test(a_stale_handle_does_nothing),
        cmocka_unit_test(the_cap_holds),
        cmocka_unit_test(without_memory_it_says_no),
        cmocka_unit_test(armed_meanwhile_waits_for_the_next_round),
        cmocka_unit_test(agrees_with_a_plain_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
