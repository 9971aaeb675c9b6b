#include "base/test.h"

#include "base/arena.h"
#include "base/test_heap.h"

static void takes_and_aligns(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 256, 4096);
    for (size_t n = 0; n < 60; n++) {
        uint8_t *p = pst_arena_take(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, 0xA5, n);
    }
    assert_false(pst_arena_full(&a));
    assert_true(a.held <= a.cap);
    pst_arena_release(&a);
    pst_arena_release(NULL);
}

static void takes_the_whole_cap_and_no_more(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 64, 1024);
    assert_non_null(pst_arena_take(&a, 1024));
    assert_null(pst_arena_take(&a, 1));
    assert_true(pst_arena_full(&a));
    pst_arena_clear(&a);
    assert_false(pst_arena_full(&a));
    assert_null(pst_arena_take(&a, 1025));
    assert_null(pst_arena_take(&a, SIZE_MAX));
    assert_null(pst_arena_take(&a, SIZE_MAX - 15));
    assert_null(pst_arena_array(&a, SIZE_MAX / 2, 3));
    pst_arena_clear(&a);
    assert_null(pst_arena_array(&a, SIZE_MAX, SIZE_MAX));
    assert_true(pst_arena_full(&a));
    pst_arena_release(&a);
    pst_arena_init(&a, 0, 0);
    assert_null(pst_arena_take(&a, 1));
    pst_arena_release(&a);
}

static void zero_bytes_are_a_pointer(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 64, 64);
    assert_non_null(pst_arena_take(&a, 0));
    assert_non_null(pst_arena_take(&a, 64));
    assert_non_null(pst_arena_take(&a, 0));
    pst_arena_release(&a);
}

static void a_large_piece_leaves_the_head_in_use(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 256, 1 << 16);
    uint8_t *small = pst_arena_take(&a, 16);
    assert_non_null(pst_arena_take(&a, 5000));
    uint8_t *next = pst_arena_take(&a, 16);
    assert_ptr_equal(next, small + 16);
    pst_arena_release(&a);
}

static void clear_keeps_a_small_chunk(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 256, 1 << 20);
    uint8_t *first = pst_arena_take(&a, 1);
    for (int i = 0; i < 100; i++) {
        assert_non_null(pst_arena_take(&a, 1000));
    }
    pst_arena_clear(&a);
    assert_int_equal(a.held, 256);
    assert_ptr_equal(pst_arena_take(&a, 1), first);
    pst_arena_clear(&a);
    pst_arena_clear(&a);
    pst_arena_release(&a);
    /* nothing of the first size: nothing is kept */
    pst_arena_init(&a, 256, 1 << 20);
    assert_non_null(pst_arena_take(&a, 9000));
    pst_arena_clear(&a);
    assert_int_equal(a.held, 0);
    pst_arena_clear(&a);
    assert_non_null(pst_arena_take(&a, 1));
    pst_arena_release(&a);
}

static void arrays_are_cleared(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 4096, 4096);
    memset(pst_arena_take(&a, 4096), 0xFF, 4096);
    pst_arena_clear(&a);
    uint64_t *v = PST_ARENA_ARRAY(&a, 100, uint64_t);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(v[i], 0);
    }
    pst_arena_release(&a);
}

static void copies_are_packed(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 64, 128);
    struct pst_str one = pst_arena_copy(&a, PST_STR("abc")), two = pst_arena_copy(&a, PST_STR("d"));
    assert_str(one, "abc");
    assert_str(two, "d");
    assert_ptr_equal(two.p, one.p + 3);
    struct pst_str none = pst_arena_copy(&a, PST_STR(""));
    assert_null(none.p);
    assert_false(pst_arena_full(&a));
    assert_int_equal((uintptr_t)pst_arena_take(&a, 1) % 16, 0);
    uint8_t big[200] = {0};
    none = pst_arena_copy(&a, pst_str_of(big, sizeof big));
    assert_null(none.p);
    assert_int_equal(none.n, 0);
    assert_true(pst_arena_full(&a));
    assert_str(one, "abc");
    pst_arena_release(&a);
}

static void a_failing_heap_is_remembered(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 256, 1 << 20);
    test_heap_fail_from(1);
    void *p = pst_arena_take(&a, 10);
    struct pst_str s = pst_arena_copy(&a, PST_STR("x"));
    test_heap_fail_from(0);
    assert_null(p);
    assert_null(s.p);
    assert_true(pst_arena_full(&a));
    pst_arena_clear(&a);
    assert_non_null(pst_arena_take(&a, 200));
    test_heap_fail_from(1);
    p = pst_arena_take(&a, 200);
    test_heap_fail_from(0);
    assert_null(p);
    assert_true(pst_arena_full(&a));
    pst_arena_release(&a);
}

static void few_chunks(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 1024, 1 << 20);
    test_heap_fail_from(0);
    while (a.held < a.cap || (size_t)(a.end - a.at) >= 64) {
        assert_non_null(pst_arena_take(&a, 64));
    }
    assert_true(test_heap_count() <= 12);
    assert_int_equal(a.held, a.cap);
    pst_arena_release(&a);
}

#if defined(PST_SANITIZED) && defined(__has_feature)
#if __has_feature(address_sanitizer)
static void unused_room_is_poisoned(void **state)
{
    (void)state;
    struct pst_arena a;
    pst_arena_init(&a, 256, 256);
    uint8_t *volatile p = pst_arena_take(&a, 13);
    p[12] = 1;
    assert_dies(p[13] = 1);
    struct pst_str volatile s = pst_arena_copy(&a, PST_STR("abc"));
    assert_dies(if (s.p[s.n] == 0) { fflush(stdout); });
    pst_arena_clear(&a);
    assert_dies(p[0] = 1);
    pst_arena_release(&a);
}
#define POISON_TEST cmocka_unit_test(unused_room_is_poisoned),
#endif
#endif
#ifndef POISON_TEST
#define POISON_TEST
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(takes_and_aligns),
                                       cmocka_unit_test(takes_the_whole_cap_and_no_more),
                                       cmocka_unit_test(zero_bytes_are_a_pointer),
                                       cmocka_unit_test(a_large_piece_leaves_the_head_in_use),
                                       cmocka_unit_test(clear_keeps_a_small_chunk),
                                       cmocka_unit_test(arrays_are_cleared),
                                       cmocka_unit_test(copies_are_packed),
                                       cmocka_unit_test(a_failing_heap_is_remembered),
                                       cmocka_unit_test(few_chunks),
                                       POISON_TEST};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
