#include "base/test.h"

#include "base/buf.h"
#include "base/test_heap.h"

static void appends(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, 4096);
    assert_true(pst_buf_add(&b, PST_STR("")));
    assert_int_equal(pst_buf_str(&b).n, 0);
    assert_true(PST_BUF_LIT(&b, "a=") && pst_buf_u64(&b, 0) && pst_buf_byte(&b, ' ') &&
                pst_buf_u64(&b, UINT64_MAX) && pst_buf_byte(&b, ' ') &&
                pst_buf_i64(&b, INT64_MIN) && pst_buf_byte(&b, ' ') && pst_buf_i64(&b, -7) &&
                pst_buf_i64(&b, 8) && pst_buf_fmt(&b, " %s %d", "x", 3));
    assert_str(pst_buf_str(&b), "a=0 18446744073709551615 -9223372036854775808 -78 x 3");
    pst_buf_truncate(&b, 3);
    assert_str(pst_buf_str(&b), "a=0");
    pst_buf_clear(&b);
    assert_str(pst_buf_str(&b), "");
    pst_buf_release(&b);
    pst_buf_release(NULL);
    assert_true(PST_BUF_LIT(&b, "again"));
    pst_buf_release(&b);
}

static void never_exceeds_the_cap(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, 10);
    assert_true(PST_BUF_LIT(&b, "12345678"));
    assert_false(PST_BUF_LIT(&b, "abc"));
    assert_true(b.failed);
    assert_str(pst_buf_str(&b), "12345678");
    /* a later, smaller append would leave a hole */
    assert_false(pst_buf_byte(&b, 'x'));
    assert_false(pst_buf_add(&b, PST_STR("")));
    assert_str(pst_buf_str(&b), "12345678");
    pst_buf_clear(&b);
    assert_true(PST_BUF_LIT(&b, "1234567890"));
    assert_false(pst_buf_byte(&b, 'x'));
    assert_true(b.size <= b.cap);
    pst_buf_release(&b);
    pst_buf_init(&b, 0);
    assert_true(pst_buf_add(&b, PST_STR("")));
    assert_non_null(pst_buf_room(&b, 0));
    assert_false(pst_buf_byte(&b, 'x'));
    pst_buf_release(&b);
    pst_buf_init(&b, 3);
    assert_false(pst_buf_i64(&b, -1234));
    assert_str(pst_buf_str(&b), "");
    pst_buf_release(&b);
}

static void lengths_do_not_wrap(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, SIZE_MAX);
    assert_true(PST_BUF_LIT(&b, "12345678"));
    assert_null(pst_buf_room(&b, SIZE_MAX));
    assert_true(b.failed);
    assert_str(pst_buf_str(&b), "12345678");
    pst_buf_release(&b);
}

static void room_is_filled_by_the_caller(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, 1000);
    uint8_t *p = pst_buf_room(&b, 1000);
    assert_non_null(p);
    memset(p, 'r', 600);
    pst_buf_added(&b, 600);
    assert_int_equal(b.n, 600);
    assert_null(pst_buf_room(&b, 401));
    pst_buf_clear(&b);
    assert_dies(pst_buf_added(&b, 1001));
    assert_dies(pst_buf_consume(&b, 1));
    assert_dies(pst_buf_truncate(&b, 1));
    pst_buf_release(&b);
}

static void fmt_has_a_limit(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, 4096);
    assert_true(pst_buf_fmt(&b, "%512s", "x"));
    assert_int_equal(b.n, 512);
    assert_false(pst_buf_fmt(&b, "%513s", "x"));
    assert_int_equal(b.n, 512);
    assert_true(b.failed);
    pst_buf_release(&b);
}

/* A queue against a plain array: any mix of appends and consumes gives the same bytes. */
static void consumes_like_a_queue(void **state)
{
    (void)state;
    const size_t caps[] = {1, 7, 64, 300, 5000};
    for (size_t c = 0; c < PST_LEN(caps); c++) {
        struct pst_buf b;
        pst_buf_init(&b, caps[c]);
        uint8_t put = 0, got = 0;
        uint32_t seed = 12345;
        for (int i = 0; i < 20000; i++) {
            seed = seed * 1664525 + 1013904223;
            size_t n = (seed >> 8) % (caps[c] + 1);
            if ((seed >> 4 & 1) != 0 && n <= b.cap - b.n) {
                uint8_t *p = pst_buf_room(&b, n);
                assert_non_null(p);
                for (size_t k = 0; k < n; k++) {
                    p[k] = put++;
                }
                pst_buf_added(&b, n);
            } else if (n <= b.n) {
                for (size_t k = 0; k < n; k++) {
                    assert_int_equal(b.p[k], got++);
                }
                pst_buf_consume(&b, n);
            }
            assert_true(b.n <= b.cap && b.size <= b.cap && b.head + b.n <= b.size);
        }
        assert_false(b.failed);
        pst_buf_release(&b);
    }
}

static void a_failing_heap_leaves_the_content(void **state)
{
    (void)state;
    uint8_t big[1000] = {0};
    struct pst_buf b;
    pst_buf_init(&b, 1 << 20);
    test_heap_fail_from(1);
    bool ok = pst_buf_byte(&b, 'a');
    test_heap_fail_from(0);
    assert_false(ok);
    assert_int_equal(b.n, 0);
    pst_buf_clear(&b);
    assert_true(PST_BUF_LIT(&b, "abcdef"));
    test_heap_fail_from(1);
    ok = pst_buf_add(&b, pst_str_of(big, sizeof big));
    test_heap_fail_from(0);
    assert_false(ok);
    assert_str(pst_buf_str(&b), "abcdef");
    /* and after a consume, where growth allocates anew */
    pst_buf_clear(&b);
    assert_true(PST_BUF_LIT(&b, "abcdef"));
    pst_buf_consume(&b, 2);
    test_heap_fail_from(1);
    ok = pst_buf_add(&b, pst_str_of(big, sizeof big));
    test_heap_fail_from(0);
    assert_false(ok);
    assert_str(pst_buf_str(&b), "cdef");
    pst_buf_clear(&b);
    assert_true(PST_BUF_LIT(&b, "x"));
    pst_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends),
        cmocka_unit_test(never_exceeds_the_cap),
        cmocka_unit_test(lengths_do_not_wrap),
        cmocka_unit_test(room_is_filled_by_the_caller),
        cmocka_unit_test(fmt_has_a_limit),
        cmocka_unit_test(consumes_like_a_queue),
        cmocka_unit_test(a_failing_heap_leaves_the_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
