#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/ossl.h"
#include "crypto/secret.h"

#include <openssl/crypto.h>

static void holds_and_compares(void **state)
{
    (void)state;
    struct pst_secret *s = pst_secret_new(PST_STR("hunter2\0x"));
    assert_non_null(s);
    assert_int_equal(pst_secret_size(s), 9);
    assert_str(pst_secret_reveal(s), "hunter2\0x");
    assert_true(pst_secret_eq(s, PST_STR("hunter2\0x")));
    assert_false(pst_secret_eq(s, PST_STR("hunter2\0y")));
    assert_false(pst_secret_eq(s, PST_STR("hunter2")));
    assert_true(CRYPTO_secure_allocated(s));
    pst_secret_free(s);
    pst_secret_free(NULL);
    s = pst_secret_new((struct pst_str){NULL, 0});
    assert_non_null(s);
    assert_true(pst_secret_eq(s, PST_STR("")));
    pst_secret_free(s);
    struct pst_secret *a = pst_secret_random(32), *b = pst_secret_random(32);
    assert_false(pst_secret_eq(a, pst_secret_reveal(b)));
    pst_secret_free(a);
    pst_secret_free(b);
}

/* The freed block is still mapped: its bytes must be gone, but for what the heap keeps there. */
static void is_wiped_on_free(void **state)
{
    (void)state;
    uint8_t pattern[1024];
    memset(pattern, 0x5A, sizeof pattern);
    struct pst_secret *s = pst_secret_new(pst_str_of(pattern, sizeof pattern));
    assert_non_null(s);
    const volatile uint8_t *bytes = pst_secret_reveal(s).p;
    assert_int_equal(bytes[1000], 0x5A);
    pst_secret_free(s);
    for (size_t i = 16; i < sizeof pattern; i++) {
        assert_int_equal(bytes[i], 0);
    }
    s = pst_secret_new(pst_str_of(pattern, sizeof pattern));
    pst_secret_cut(s, 10);
    bytes = pst_secret_reveal(s).p;
    assert_int_equal(pst_secret_size(s), 10);
    assert_int_equal(bytes[9], 0x5A);
    for (size_t i = 10; i < sizeof pattern; i++) {
        assert_int_equal(bytes[i], 0);
    }
    pst_secret_free(s);
    uint8_t own[32];
    memset(own, 1, sizeof own);
    pst_wipe(own, sizeof own);
    pst_wipe(NULL, 0);
    for (size_t i = 0; i < sizeof own; i++) {
        assert_int_equal(own[i], 0);
    }
}

/* The kernel's own account of the block's mapping: locked ("lo") and left out of dumps ("dd"). */
static void is_locked_and_not_dumped(void **state)
{
    (void)state;
    struct pst_secret *s = pst_secret_new(PST_STR("secret"));
    uintptr_t at = (uintptr_t)pst_secret_reveal(s).p;
    FILE *f = fopen("/proc/self/smaps", "r");
    assert_non_null(f);
    char line[512];
    bool inside = false, dumped = true, locked = false;
    while (fgets(line, sizeof line, f) != NULL) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            inside = at >= from && at < to;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            dumped = strstr(line, " dd") == NULL;
            locked = strstr(line, " lo") != NULL;
        }
    }
    fclose(f);
    pst_secret_free(s);
    assert_false(dumped);
    if (!locked) {
        print_message("the heap of secrets could not be locked here\n");
    }
}

static void the_heap_has_an_end(void **state)
{
    (void)state;
    static const uint8_t big[PST_SECRET_MAX + 1];
    assert_null(pst_secret_new(pst_str_of(big, sizeof big)));
    struct pst_secret *all[64];
    size_t n = 0;
    while (n < 64 && (all[n] = pst_secret_new(pst_str_of(big, 8000))) != NULL) {
        n++;
    }
    assert_true(n >= 4 && n < 64);
    while (n > 0) {
        pst_secret_free(all[--n]);
    }
    struct pst_secret *again = pst_secret_random(PST_SECRET_MAX);
    assert_non_null(again);
    pst_secret_free(again);
}

int main(void)
{
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_and_compares),
        cmocka_unit_test(is_wiped_on_free),
        cmocka_unit_test(is_locked_and_not_dumped),
        cmocka_unit_test(the_heap_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
