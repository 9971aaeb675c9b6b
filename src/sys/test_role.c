#include "base/test.h"

#include "sys/role.h"

static void names_go_both_ways(void **state)
{
    (void)state;
    enum pst_role got = PST_ROLE_KEYS;
    for (unsigned i = 0; i < PST_ROLE_COUNT; i++) {
        assert_true(pst_role_get(pst_str_c(pst_role_name((enum pst_role)i)), &got));
        assert_int_equal(got, i);
    }
    assert_string_equal(pst_role_name(PST_ROLE_FRONT), "front");
    assert_string_equal(pst_role_name(PST_ROLE_COUNT), "unknown");
    got = PST_ROLE_KEYS;
    assert_false(pst_role_get(PST_STR("Front"), &got));
    assert_false(pst_role_get(PST_STR(""), &got));
    assert_false(pst_role_get(PST_STR("fron"), &got));
    assert_false(pst_role_get(PST_STR("front\0"), &got));
    assert_int_equal(got, PST_ROLE_KEYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_go_both_ways)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
