#include "mask/token.h"

#include "base/test.h"
#include "crypto/crypto.h"

static void make(uint8_t key, const char *tag, const char *value, uint8_t ret[PST_TOKEN_BYTES])
{
    struct pst_scope scope;
    memset(scope.key, key, sizeof scope.key);
    pst_token_make(&scope, pst_str_c(tag), pst_str_c(value), ret);
}

static void a_token_is_of_its_value_type_and_scope(void **state)
{
    (void)state;
    uint8_t a[PST_TOKEN_BYTES], b[PST_TOKEN_BYTES];
    make(1, "EMAIL", "a@b.org", a);
    make(1, "EMAIL", "a@b.org", b);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_equal(a, "QzEMAI_", 7);
    assert_true(pst_token_looks(pst_str_of(a, sizeof a)));
    make(2, "EMAIL", "a@b.org", b);
    assert_memory_not_equal(&a[7], &b[7], 16);
    make(1, "EMAIL", "a@b.orh", b);
    assert_memory_not_equal(&a[7], &b[7], 16);
    make(1, "EMAIX", "a@b.org", b);
    assert_memory_not_equal(&a[7], &b[7], 16);
    make(1, "Q1", "a@b.org", b); /* a tag without one letter that may stand there */
    assert_memory_equal(b, "QzXXXX_", 7);
}

static void one_changed_letter_is_no_token(void **state)
{
    (void)state;
    uint8_t a[PST_TOKEN_BYTES];
    size_t passed = 0;
    make(1, "PHONE", "+1 555", a);
    for (size_t i = 0; i < sizeof a; i++) {
        uint8_t was = a[i];
        for (unsigned b = 0; b < 256; b++) {
            a[i] = (uint8_t)b;
            bool same = b == was || (b ^ 0x20) == was;
            passed += !same && pst_token_looks(pst_str_of(a, sizeof a)) ? 1 : 0;
        }
        a[i] = was;
    }
    assert_int_equal(passed, 0);
    assert_false(pst_token_looks(pst_str_of(a, sizeof a - 1)));
}

static void letters_come_in_any_case(void **state)
{
    (void)state;
    uint8_t a[PST_TOKEN_BYTES];
    make(1, "PHONE", "+1 555", a);
    for (size_t i = 0; i < sizeof a; i++) {
        if ((a[i] >= 'a' && a[i] <= 'z') || (a[i] >= 'A' && a[i] <= 'Z')) {
            a[i] ^= 0x20;
        }
    }
    assert_true(pst_token_looks(pst_str_of(a, sizeof a)));
}

static void every_prefix_is_held(void **state)
{
    (void)state;
    uint8_t a[PST_TOKEN_BYTES];
    struct pst_buf text;
    make(1, "CARD", "4111", a);
    for (size_t zeros = 0; zeros <= 2; zeros++) {
        for (size_t n = 1; n < PST_TOKEN_BYTES; n++) {
            pst_buf_init(&text, 256);
            pst_buf_add(&text, PST_STR("text q "));
            pst_buf_add(&text, pst_str_of(a, n < 2 ? n : 2));
            for (size_t z = 0; n >= 2 && z < zeros; z++) {
                pst_buf_byte(&text, '0');
            }
            if (n > 2) {
                pst_buf_add(&text, pst_str_of(&a[2], n - 2));
            }
            assert_int_equal(pst_token_tail(pst_buf_str(&text)), n >= 2 ? n + zeros : n);
            pst_buf_release(&text);
        }
    }
    assert_int_equal(pst_token_tail(pst_str_of(a, sizeof a)), 0); /* whole: nothing to wait for */
    assert_int_equal(pst_token_tail(PST_STR("")), 0);
    assert_int_equal(pst_token_tail(PST_STR("Qzab_")), 0);
    assert_int_equal(pst_token_tail(PST_STR("quiet")), 0);
    assert_int_equal(pst_token_tail(PST_STR("faq")), 1);
}

static void escapes_are_taken_back(void **state)
{
    (void)state;
    uint8_t a[PST_TOKEN_BYTES];
    struct pst_buf one, two;
    struct pst_token_at at;
    make(1, "CARD", "4111", a);
    pst_buf_init(&one, 256);
    pst_buf_init(&two, 256);
    pst_buf_add(&one, pst_str_of(a, sizeof a));
    for (size_t i = 0; i <= PST_TOKEN_ESCAPES_MAX; i++) {
        struct pst_token_walk walk = {0};
        assert_true(pst_token_next(&walk, pst_buf_str(&one), &at));
        assert_int_equal(at.start, 0);
        assert_int_equal(at.end, one.n);
        assert_int_equal(at.escapes, i);
        pst_buf_clear(&two);
        assert_true(pst_token_escape(&two, pst_buf_str(&one), &at));
        struct pst_token_walk again = {0};
        struct pst_token_at back;
        if (i < PST_TOKEN_ESCAPES_MAX) {
            assert_true(pst_token_next(&again, pst_buf_str(&two), &back));
            pst_buf_clear(&one);
            assert_true(pst_token_unescape(&one, pst_buf_str(&two), &back));
            assert_int_equal(one.n, sizeof a + i);
            assert_memory_equal(one.p, two.p, 2);
            pst_buf_clear(&one);
            pst_buf_add(&one, pst_buf_str(&two));
        } else {
            assert_false(pst_token_next(&again, pst_buf_str(&two), &back));
        }
    }
    pst_buf_release(&one);
    pst_buf_release(&two);
}

static void all_of_a_text_are_found(void **state)
{
    (void)state;
    uint8_t a[PST_TOKEN_BYTES], b[PST_TOKEN_BYTES];
    struct pst_buf text;
    struct pst_token_walk walk = {0};
    struct pst_token_at at;
    make(1, "CARD", "4111", a);
    make(1, "EMAIL", "x@y", b);
    pst_buf_init(&text, 1024);
    pst_buf_add(&text, PST_STR("q Q qz "));
    pst_buf_add(&text, pst_str_of(a, sizeof a));
    pst_buf_add(&text, pst_str_of(b, sizeof b));
    pst_buf_add(&text, pst_str_of(a, sizeof a - 1));
    pst_buf_add(&text, pst_str_of(b, sizeof b));
    const size_t starts[] = {7, 7 + 27, 7 + 54 + 26};
    for (size_t i = 0; i < PST_LEN(starts); i++) {
        assert_true(pst_token_next(&walk, pst_buf_str(&text), &at));
        assert_int_equal(at.start, starts[i]);
    }
    assert_false(pst_token_next(&walk, pst_buf_str(&text), &at));
    assert_false(pst_token_next(&walk, pst_buf_str(&text), &at));
    pst_buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_of_its_value_type_and_scope),
        cmocka_unit_test(one_changed_letter_is_no_token),
        cmocka_unit_test(letters_come_in_any_case),
        cmocka_unit_test(every_prefix_is_held),
        cmocka_unit_test(escapes_are_taken_back),
        cmocka_unit_test(all_of_a_text_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
