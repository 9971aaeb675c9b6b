#include "cedar/types.h"

#include "base/test.h"
#include "base/test_heap.h"

static struct pst_str text_of(const void *ctx, uint32_t sym)
{
    static const char *const names[] = {"zero", "one", "two words", "three"};
    (void)ctx;
    return pst_str_c(names[sym]);
}

static void check_text(const struct pst_cedar_types *t, uint32_t type, const char *want)
{
    struct pst_buf out;
    pst_buf_init(&out, 4096);
    assert_true(pst_cedar_type_print(t, type, 1000, false, text_of, NULL, &out));
    assert_true(pst_buf_byte(&out, 0));
    assert_string_equal((const char *)out.p, want);
    pst_buf_release(&out);
}

static uint32_t record(struct pst_cedar_types *t, uint32_t k1, uint32_t t1, uint32_t r1,
                       uint32_t k2, uint32_t t2, uint32_t r2)
{
    struct pst_cedar_member_type m[2] = {{k1, t1, r1}, {k2, t2, r2}};
    return pst_cedar_type_record(t, m, 2, false);
}

static void each_type_is_held_once(void **state)
{
    (void)state;
    struct pst_cedar_types t;
    assert_true(pst_cedar_types_init(&t, 1u << 24));
    uint32_t a = record(&t, 1, PST_CEDAR_TY_LONG, 1, 0, PST_CEDAR_TY_BOOL, 0);
    uint32_t b = record(&t, 0, PST_CEDAR_TY_BOOL, 0, 1, PST_CEDAR_TY_LONG, 1);
    assert_int_equal(a, b);
    assert_int_not_equal(a, record(&t, 0, PST_CEDAR_TY_BOOL, 1, 1, PST_CEDAR_TY_LONG, 1));
    assert_int_equal(pst_cedar_type_set(&t, a), pst_cedar_type_set(&t, b));
    uint32_t names[2] = {1, 3};
    assert_int_equal(pst_cedar_type_union(&t, names, 2), pst_cedar_type_union(&t, names, 2));
    assert_int_equal(pst_cedar_type_union(&t, names, 1), pst_cedar_type_entity(&t, 1));
    assert_ptr_equal(pst_cedar_type_member(&t, a, 2), NULL);
    assert_int_equal(pst_cedar_type_member(&t, a, 1)->type, PST_CEDAR_TY_LONG);
    assert_null(pst_cedar_type_member(&t, PST_CEDAR_TY_LONG, 1));
    check_text(&t, pst_cedar_type_set(&t, a), "Set<{one: Long, zero?: Bool}>");
    check_text(&t, pst_cedar_type_union(&t, names, 2), "one or three");
    check_text(&t, record(&t, 2, PST_CEDAR_TY_IP, 1, 3, pst_cedar_type_entity(&t, 0), 0),
               "{three?: zero, \"two words\": ipaddr}");
    pst_cedar_types_release(&t);
}

static void many_types_are_found_again(void **state)
{
    (void)state;
    struct pst_cedar_types t;
    struct pst_cedar_types copy;
    assert_true(pst_cedar_types_init(&t, 1u << 24));
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(pst_cedar_type_entity(&t, i), PST_CEDAR_TY_ENTITY + i);
    }
    assert_true(pst_cedar_types_copy(&copy, &t));
    for (uint32_t i = 0; i < 5000; i++) {
        assert_int_equal(pst_cedar_type_entity(&copy, i), PST_CEDAR_TY_ENTITY + i);
    }
    assert_int_equal(copy.n_rows, t.n_rows);
    pst_cedar_types_release(&copy);
    pst_cedar_types_release(&t);
}

static void bounds_are_least(void **state)
{
    (void)state;
    struct pst_cedar_types t;
    assert_true(pst_cedar_types_init(&t, 1u << 24));
    const enum pst_cedar_mode S = PST_CEDAR_STRICT;
    const enum pst_cedar_mode P = PST_CEDAR_PERMISSIVE;
    uint32_t e1 = pst_cedar_type_entity(&t, 1);
    uint32_t e3 = pst_cedar_type_entity(&t, 3);
    uint32_t set_true = pst_cedar_type_set(&t, PST_CEDAR_TY_TRUE);
    uint32_t set_false = pst_cedar_type_set(&t, PST_CEDAR_TY_FALSE);
    assert_int_equal(pst_cedar_type_lub(&t, S, PST_CEDAR_TY_TRUE, PST_CEDAR_TY_TRUE),
                     PST_CEDAR_TY_TRUE);
    assert_int_equal(pst_cedar_type_lub(&t, S, PST_CEDAR_TY_TRUE, PST_CEDAR_TY_FALSE),
                     PST_CEDAR_TY_BOOL);
    assert_int_equal(pst_cedar_type_lub(&t, S, PST_CEDAR_TY_LONG, PST_CEDAR_TY_STRING),
                     PST_CEDAR_NO);
    assert_int_equal(pst_cedar_type_lub(&t, P, PST_CEDAR_TY_LONG, PST_CEDAR_TY_STRING),
                     PST_CEDAR_NO);
    assert_int_equal(pst_cedar_type_lub(&t, S, e1, e3), PST_CEDAR_NO);
    check_text(&t, pst_cedar_type_lub(&t, P, e1, e3), "one or three");
    assert_int_equal(pst_cedar_type_lub(&t, S, set_true, set_false),
                     pst_cedar_type_set(&t, PST_CEDAR_TY_BOOL));
    assert_int_equal(pst_cedar_type_lub(&t, S, set_true, PST_CEDAR_TY_BOOL), PST_CEDAR_NO);
    uint32_t a = record(&t, 0, PST_CEDAR_TY_TRUE, 1, 1, set_true, 1);
    uint32_t b = record(&t, 0, PST_CEDAR_TY_FALSE, 1, 1, set_false, 1);
    uint32_t optional = record(&t, 0, PST_CEDAR_TY_FALSE, 0, 1, set_false, 1);
    uint32_t other = record(&t, 0, PST_CEDAR_TY_LONG, 1, 3, set_false, 1);
    check_text(&t, pst_cedar_type_lub(&t, S, a, b), "{one: Set<Bool>, zero: Bool}");
    assert_int_equal(pst_cedar_type_lub(&t, S, a, optional), PST_CEDAR_NO);
    check_text(&t, pst_cedar_type_lub(&t, P, a, optional), "{one: Set<Bool>, zero?: Bool}");
    assert_int_equal(pst_cedar_type_lub(&t, S, a, other), PST_CEDAR_NO);
    check_text(&t, pst_cedar_type_lub(&t, P, a, other), "{, …}");
    check_text(&t, pst_cedar_type_lub(&t, P, pst_cedar_type_set(&t, a), pst_cedar_type_set(&t, b)),
               "Set<{one: Set<Bool>, zero: Bool}>");
    /* Commutative, and the type itself is its own bound. */
    const uint32_t all[] = {PST_CEDAR_TY_TRUE,
                            PST_CEDAR_TY_BOOL,
                            PST_CEDAR_TY_NEVER,
                            e1,
                            set_true,
                            set_false,
                            a,
                            b,
                            optional,
                            other};
    for (size_t i = 0; i < PST_LEN(all); i++) {
        for (size_t j = 0; j < PST_LEN(all); j++) {
            for (int m = 0; m < 2; m++) {
                uint32_t x = pst_cedar_type_lub(&t, (enum pst_cedar_mode)m, all[i], all[j]);
                assert_int_equal(x, pst_cedar_type_lub(&t, (enum pst_cedar_mode)m, all[j], all[i]));
                assert_true(i != j || x == all[i]);
                if (x != PST_CEDAR_NO) {
                    assert_int_equal(x, pst_cedar_type_lub(&t, (enum pst_cedar_mode)m, x, all[i]));
                }
            }
        }
    }
    pst_cedar_types_release(&t);
}

/* Two towers of records, each of whose parts is shared twice by the next: what they have in common
 * is found in as many steps as there are storeys. */
static void bounds_of_shared_parts_are_found_once(void **state)
{
    (void)state;
    struct pst_cedar_types t;
    assert_true(pst_cedar_types_init(&t, 1u << 24));
    uint32_t a = record(&t, 0, PST_CEDAR_TY_LONG, 1, 1, PST_CEDAR_TY_TRUE, 1);
    uint32_t b = record(&t, 0, PST_CEDAR_TY_STRING, 1, 1, PST_CEDAR_TY_FALSE, 1);
    for (unsigned i = 0; i < 90; i++) {
        a = record(&t, 0, a, 1, 1, a, 1);
        b = record(&t, 0, b, 1, 1, b, 1);
    }
    assert_int_not_equal(pst_cedar_type_lub(&t, PST_CEDAR_PERMISSIVE, a, b), PST_CEDAR_NO);
    assert_true(t.n_rows < 400);
    for (unsigned i = 0; i < 20; i++) {
        a = a != PST_CEDAR_NO ? pst_cedar_type_set(&t, a) : a;
    }
    assert_int_equal(a, PST_CEDAR_NO);
    assert_false(t.full); /* too deep, not full */
    pst_cedar_types_release(&t);
}

static void text_is_cut(void **state)
{
    (void)state;
    struct pst_cedar_types t;
    struct pst_buf out;
    assert_true(pst_cedar_types_init(&t, 1u << 24));
    pst_buf_init(&out, 200);
    uint32_t a = PST_CEDAR_TY_LONG;
    for (unsigned i = 0; i < 90; i++) {
        a = record(&t, 0, a, 1, 1, a, 1);
    }
    assert_true(pst_cedar_type_print(&t, a, 60, false, text_of, NULL, &out));
    assert_true(out.n < 80 && pst_str_ends(pst_buf_str(&out), PST_STR("…")));
    pst_buf_release(&out);
    pst_cedar_types_release(&t);
}

static void failing_memory_is_said(void **state)
{
    (void)state;
    for (size_t n = 1; n < 12; n++) {
        struct pst_cedar_types t;
        test_heap_fail_from(n);
        if (pst_cedar_types_init(&t, 1u << 24)) {
            uint32_t a = record(&t, 0, PST_CEDAR_TY_LONG, 1, 1, PST_CEDAR_TY_TRUE, 1);
            uint32_t b = record(&t, 0, PST_CEDAR_TY_LONG, 1, 1, PST_CEDAR_TY_FALSE, 1);
            if (a != PST_CEDAR_NO && b != PST_CEDAR_NO) {
                uint32_t c = pst_cedar_type_lub(&t, PST_CEDAR_STRICT, a, b);
                assert_true(c != PST_CEDAR_NO || t.full);
            } else {
                assert_true(t.full);
            }
            pst_cedar_types_release(&t);
        }
        test_heap_fail_from(0);
    }
    struct pst_cedar_types t;
    assert_false(pst_cedar_types_init(&t, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_is_held_once),
        cmocka_unit_test(many_types_are_found_again),
        cmocka_unit_test(bounds_are_least),
        cmocka_unit_test(bounds_of_shared_parts_are_found_once),
        cmocka_unit_test(text_is_cut),
        cmocka_unit_test(failing_memory_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
