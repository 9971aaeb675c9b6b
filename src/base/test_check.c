#include "base/test.h"

#include "base/check.h"

static void fits_or_leaves_the_result(void **state)
{
    (void)state;
    size_t z = 1;
    assert_true(pst_add_size(SIZE_MAX - 1, 1, &z) && z == SIZE_MAX);
    assert_false(pst_add_size(SIZE_MAX, 1, &z));
    assert_true(z == SIZE_MAX);
    assert_true(pst_mul_size(1 << 20, 1 << 20, &z) && z == (size_t)1 << 40);
    assert_false(pst_mul_size(SIZE_MAX / 2 + 1, 2, &z));
    assert_true(z == (size_t)1 << 40);
    uint64_t u = 5;
    assert_false(pst_add_u64(UINT64_MAX, 1, &u));
    assert_false(pst_mul_u64(UINT64_MAX, 2, &u));
    assert_true(u == 5 && pst_add_u64(u, 2, &u) && u == 7 && pst_mul_u64(u, u, &u) && u == 49);
    int64_t i = 5;
    assert_false(pst_add_i64(INT64_MAX, 1, &i));
    assert_false(pst_sub_i64(INT64_MIN, 1, &i));
    assert_false(pst_mul_i64(INT64_MIN, -1, &i));
    assert_true(i == 5 && pst_sub_i64(i, 7, &i) && i == -2 && pst_mul_i64(i, -3, &i) && i == 6 &&
                pst_add_i64(i, -6, &i) && i == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fits_or_leaves_the_result)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
