#include "mask/test_mask.h"

static void fold(uint8_t t[PST_TOKEN_BYTES])
{
    for (size_t i = 0; i < PST_TOKEN_BYTES; i++) {
        t[i] = t[i] >= 'A' && t[i] <= 'Z' ? (uint8_t)(t[i] + 32) : t[i];
    }
}

static void values_come_back_and_lie_encrypted(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 1);
    uint8_t token[PST_TOKEN_BYTES];
    struct pst_buf out;
    char value[32];
    pst_buf_init(&out, 64);
    for (unsigned i = 0; i < 4096; i++) {
        pst_text(value, sizeof value, "value %u", i);
        pst_token_make(&r.scope, PST_STR("EMAIL"), pst_str_c(value), token);
        assert_int_equal(pst_vault_put(&r.vault, token, pst_str_c(value), &r.err), PST_OK);
        assert_int_equal(pst_vault_put(&r.vault, token, pst_str_c(value), &r.err), PST_OK);
    }
    assert_int_equal(r.vault.used, 4096);
    for (size_t i = 0; i < r.vault.size; i++) {
        const struct pst_vault_entry *e = &r.vault.slots[i];
        assert_true(e->sealed == NULL ||
                    memmem(e->sealed, e->n + PST_AEAD_EXTRA, "value", 5) == NULL);
    }
    for (unsigned i = 0; i < 4096; i++) {
        pst_text(value, sizeof value, "value %u", i);
        pst_token_make(&r.scope, PST_STR("EMAIL"), pst_str_c(value), token);
        fold(token);
        pst_buf_clear(&out);
        assert_true(pst_vault_get(&r.vault, token, 999, &out));
        assert_true(pst_str_eq(pst_buf_str(&out), pst_str_c(value)));
    }
    assert_false(pst_vault_get(&r.vault, token, 1000, &out)); /* expired */
    pst_token_make(&r.scope, PST_STR("EMAIL"), PST_STR("one more"), token);
    assert_int_equal(pst_vault_put(&r.vault, token, PST_STR("one more"), &r.err), PST_ERR);
    assert_int_equal(r.err.code, PST_E_LIMIT);
    fold(token);
    assert_false(pst_vault_get(&r.vault, token, 0, &out));
    pst_buf_release(&out);
    rig_release(&r);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    struct rig r;
    struct pst_arena small;
    struct pst_vault vault;
    uint8_t token[PST_TOKEN_BYTES];
    rig_init(&r, 1);
    pst_token_make(&r.scope, PST_STR("EMAIL"), PST_STR("v"), token);
    pst_arena_init(&small, 64, 64);
    pst_vault_init(&vault, &small, &r.aead, 10, 1000);
    assert_int_equal(pst_vault_put(&vault, token, PST_STR("v"), &r.err), PST_ERR);
    assert_int_equal(r.err.code, PST_E_NO_MEMORY);
    pst_arena_release(&small);
    rig_release(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back_and_lie_encrypted),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
