#include "crypto/aead.h"

#include "base/test.h"
#include "crypto/crypto.h"

static void what_was_sealed_is_opened(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_aead a;
    uint8_t sealed[64 + PST_AEAD_EXTRA], again[64 + PST_AEAD_EXTRA], text[64];
    assert_int_equal(pst_crypto_init(&err), PST_OK);
    assert_int_equal(pst_aead_init(&a, &err), PST_OK);
    for (size_t n = 0; n <= 64; n += 16) {
        uint8_t in[64];
        memset(in, (int)n, sizeof in);
        pst_aead_seal(&a, PST_STR("about"), pst_str_of(in, n), sealed);
        pst_aead_seal(&a, PST_STR("about"), pst_str_of(in, n), again);
        struct pst_str whole = pst_str_of(sealed, n + PST_AEAD_EXTRA);
        assert_false(pst_str_eq(whole, pst_str_of(again, n + PST_AEAD_EXTRA)));
        assert_true(pst_aead_open(&a, PST_STR("about"), whole, text));
        assert_true(pst_str_eq(pst_str_of(text, n), pst_str_of(in, n)));
        assert_false(pst_aead_open(&a, PST_STR("other"), whole, text));
        for (size_t i = 0; i < whole.n; i++) {
            sealed[i] ^= 1;
            assert_false(pst_aead_open(&a, PST_STR("about"), whole, text));
            sealed[i] ^= 1;
        }
        assert_false(pst_aead_open(&a, PST_STR("about"), pst_str_cut(whole, 0, whole.n - 1), text));
    }
    pst_aead_release(&a);
    pst_aead_release(&a);
    pst_aead_release(NULL);
}

static void another_key_opens_nothing(void **state)
{
    (void)state;
    struct pst_err err = {0};
    struct pst_aead a, b;
    uint8_t sealed[5 + PST_AEAD_EXTRA], text[5];
    assert_int_equal(pst_aead_init(&a, &err), PST_OK);
    assert_int_equal(pst_aead_init(&b, &err), PST_OK);
    pst_aead_seal(&a, PST_STR(""), PST_STR("value"), sealed);
    assert_null(memmem(sealed, sizeof sealed, "value", 5));
    assert_false(pst_aead_open(&b, PST_STR(""), pst_str_of(sealed, sizeof sealed), text));
    pst_aead_release(&a);
    pst_aead_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_is_opened),
        cmocka_unit_test(another_key_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
