#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/ossl.h"

static void round_trip(void **state)
{
    (void)state;
    uint8_t der[200];
    for (size_t i = 0; i < sizeof der; i++) {
        der[i] = (uint8_t)(i + 1);
    }
    for (size_t n = 1; n <= sizeof der; n++) {
        struct pst_secret *pem = NULL, *back = NULL;
        assert_int_equal(pst_pem_put(pst_str_of(der, n), PST_STR("X Y"), &pem, NULL), PST_OK);
        assert_int_equal(pst_pem_get(pst_secret_reveal(pem), PST_STR("X Y"), &back, NULL), PST_OK);
        assert_true(pst_secret_eq(back, pst_str_of(der, n)));
        pst_secret_free(back);
        assert_int_equal(pst_pem_get(pst_secret_reveal(pem), PST_STR("X"), &back, NULL), PST_ERR);
        pst_secret_free(pem);
    }
    struct pst_secret *pem = NULL;
    assert_int_equal(pst_pem_put(PST_STR("abc"), PST_STR("K"), &pem, NULL), PST_OK);
    assert_str(pst_secret_reveal(pem), "-----BEGIN K-----\nYWJj\n-----END K-----\n");
    pst_secret_free(pem);
}

static void accepts_white_space_only(void **state)
{
    (void)state;
    const char *good[] = {"-----BEGIN K-----\nYWJj\n-----END K-----",
                          " \r\n-----BEGIN K-----\r\nYW\r\nJj\r\n-----END K-----\r\n\t"};
    const char *bad[] = {"",
                         "x",
                         "YWJj",
                         "-----BEGIN K-----\n",
                         "-----BEGIN K-----\nYWJj",
                         "-----BEGIN K-----\nYWJj\n-----END K----",
                         "-----BEGIN K-----\nYWJj\n-----END L-----",
                         "-----BEGIN K-----\n\n-----END K-----",
                         "-----BEGIN K-----\nYWJ\n-----END K-----",
                         "-----BEGIN K-----\nYW!j\n-----END K-----",
                         "-----BEGIN K-----\nProc-Type: 4,ENCRYPTED\n\nYWJj\n-----END K-----",
                         "text -----BEGIN K-----\nYWJj\n-----END K-----",
                         "-----BEGIN K-----\nYWJj\n-----END K-----text",
                         ("-----BEGIN K-----\nYWJj\n-----END K-----\n"
                          "-----BEGIN K-----\nYWJj\n-----END K-----\n")};
    struct pst_err err;
    struct pst_secret *der = NULL;
    for (size_t i = 0; i < PST_LEN(good); i++) {
        assert_int_equal(pst_pem_get(pst_str_c(good[i]), PST_STR("K"), &der, &err), PST_OK);
        assert_str(pst_secret_reveal(der), "abc");
        pst_secret_free(der);
    }
    der = NULL;
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_int_equal(pst_pem_get(pst_str_c(bad[i]), PST_STR("K"), &der, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_SYNTAX);
    }
    static const uint8_t huge[PST_SECRET_MAX + 1];
    assert_int_equal(pst_pem_get(pst_str_of(huge, sizeof huge), PST_STR("K"), &der, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    assert_int_equal(pst_pem_put(pst_str_of(huge, sizeof huge), PST_STR("K"), &der, &err), PST_ERR);
    assert_null(der);
}

int main(void)
{
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip),
                                       cmocka_unit_test(accepts_white_space_only)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
