#include "base/test.h"

#include "base/map.h"
#include "base/test_heap.h"

enum { KEYS = 3000 };

struct keys {
    char text[KEYS][32];
    int value[KEYS];
};

static struct pst_str key_of(struct keys *k, size_t i)
{
    snprintf(k->text[i], sizeof k->text[i], "key-%zu", i);
    k->value[i] = (int)i;
    return pst_str_c(k->text[i]);
}

static void puts_gets_takes(void **state)
{
    (void)state;
    static struct keys k;
    struct pst_map m;
    pst_map_init(&m, 42, KEYS);
    assert_null(pst_map_get(&m, PST_STR("nothing")));
    assert_null(pst_map_take(&m, PST_STR("nothing")));
    for (size_t i = 0; i < KEYS; i++) {
        assert_true(pst_map_put(&m, key_of(&k, i), &k.value[i]));
    }
    int other = 0;
    assert_false(pst_map_put(&m, PST_STR("one too many"), &other));
    assert_true(pst_map_put(&m, PST_STR("key-7"), &other));
    assert_ptr_equal(pst_map_get(&m, PST_STR("key-7")), &other);
    assert_true(m.used == KEYS);
    for (size_t i = 0; i < KEYS; i += 2) {
        assert_ptr_equal(pst_map_take(&m, key_of(&k, i)), &k.value[i]);
        assert_null(pst_map_take(&m, key_of(&k, i)));
    }
    for (size_t i = 0; i < KEYS; i++) {
        const int *want = i % 2 == 0 ? NULL : i == 7 ? &other : &k.value[i];
        assert_ptr_equal(pst_map_get(&m, key_of(&k, i)), want);
    }
    pst_map_release(&m);
    pst_map_release(NULL);
    assert_null(pst_map_get(&m, PST_STR("key-7")));
}

static void odd_keys(void **state)
{
    (void)state;
    int a, b, c;
    struct pst_map m;
    pst_map_init(&m, 1, 10);
    assert_true(pst_map_put(&m, (struct pst_str){NULL, 0}, &a));
    assert_ptr_equal(pst_map_get(&m, PST_STR("")), &a);
    assert_true(pst_map_put(&m, PST_STR("x\0y"), &b));
    assert_true(pst_map_put(&m, PST_STR("x\0z"), &c));
    assert_ptr_equal(pst_map_get(&m, PST_STR("x\0y")), &b);
    assert_ptr_equal(pst_map_get(&m, PST_STR("x\0z")), &c);
    assert_null(pst_map_get(&m, PST_STR("x")));
    assert_ptr_equal(pst_map_take(&m, PST_STR("")), &a);
    assert_null(pst_map_get(&m, (struct pst_str){NULL, 0}));
    assert_dies(if (pst_map_put(&m, PST_STR("k"), NULL)) { _exit(0); });
    pst_map_release(&m);
}

static void walks_and_removes(void **state)
{
    (void)state;
    static struct keys k;
    struct pst_map m;
    pst_map_init(&m, 7, KEYS);
    for (size_t i = 0; i < 500; i++) {
        assert_true(pst_map_put(&m, key_of(&k, i), &k.value[i]));
    }
    size_t at = 0, seen = 0;
    struct pst_str key;
    int *value;
    while ((value = pst_map_next(&m, &at, &key)) != NULL) {
        seen++;
        assert_true(pst_str_eq(key, pst_str_c(k.text[*value])));
        if (*value % 3 == 0) {
            assert_ptr_equal(pst_map_take(&m, key), value);
        }
    }
    assert_int_equal(seen, 500);
    at = 0;
    seen = 0;
    while ((value = pst_map_next(&m, &at, NULL)) != NULL) {
        assert_true(*value % 3 != 0);
        seen++;
    }
    assert_int_equal(seen, m.used);
    pst_map_release(&m);
}

/* Entries that come and go must not grow the table, nor fill it with markers. */
static void churn_stays_small(void **state)
{
    (void)state;
    static struct keys k;
    struct pst_map m;
    pst_map_init(&m, 9, 100);
    for (size_t round = 0; round < 200; round++) {
        for (size_t i = 0; i < 90; i++) {
            size_t at = (round * 97 + i) % KEYS;
            assert_true(pst_map_put(&m, key_of(&k, at), &k.value[at]));
        }
        for (size_t i = 0; i < 90; i++) {
            size_t at = (round * 97 + i) % KEYS;
            assert_ptr_equal(pst_map_take(&m, key_of(&k, at)), &k.value[at]);
        }
        assert_int_equal(m.used, 0);
        assert_true(m.size <= 256);
        assert_true(m.used + m.dead <= m.size - m.size / 4);
    }
    pst_map_release(&m);
}

static void a_failing_heap_keeps_the_map(void **state)
{
    (void)state;
    static struct keys k;
    struct pst_map m;
    pst_map_init(&m, 3, KEYS);
    test_heap_fail_from(1);
    bool ok = pst_map_put(&m, key_of(&k, 0), &k.value[0]);
    test_heap_fail_from(0);
    assert_false(ok);
    size_t n = 0;
    test_heap_fail_from(3);
    while (pst_map_put(&m, key_of(&k, n), &k.value[n])) {
        n++;
    }
    test_heap_fail_from(0);
    assert_true(n > 12 && n < 100);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(pst_map_get(&m, key_of(&k, i)), &k.value[i]);
    }
    assert_true(pst_map_put(&m, key_of(&k, n), &k.value[n]));
    pst_map_release(&m);
}

static void the_seed_matters(void **state)
{
    (void)state;
    assert_true(pst_hash(1, PST_STR("abc")) != pst_hash(2, PST_STR("abc")));
    assert_true(pst_hash(1, PST_STR("abc")) != pst_hash(1, PST_STR("abd")));
    assert_true(pst_hash(5, PST_STR("")) == pst_hash(5, (struct pst_str){NULL, 0}));
    char text[400];
    memset(text, 'q', sizeof text);
    assert_true(pst_hash(1, pst_str_of(text, 400)) != pst_hash(1, pst_str_of(text, 399)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_gets_takes),
        cmocka_unit_test(odd_keys),
        cmocka_unit_test(walks_and_removes),
        cmocka_unit_test(churn_stays_small),
        cmocka_unit_test(a_failing_heap_keeps_the_map),
        cmocka_unit_test(the_seed_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
