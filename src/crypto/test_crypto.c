#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/ossl.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* A configuration that would switch the default provider off must not be read. */
static void no_configuration_is_read(void **state)
{
    (void)state;
    char path[] = "/tmp/postern-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    const char text[] = "openssl_conf = a\n[a]\nproviders = b\n[b]\nnull = c\n[c]\nactivate = 1\n";
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    close(fd);
    assert_int_equal(setenv("OPENSSL_CONF", path, 1), 0);
    struct pst_err err;
    assert_int_equal(pst_crypto_init(&err), PST_OK);
    uint8_t digest[32];
    assert_int_equal(EVP_Digest("", 0, digest, NULL, EVP_sha256(), NULL), 1);
    unlink(path);
}

static void a_second_call_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(pst_crypto_init(NULL), PST_OK);
    assert_int_equal(pst_crypto_init(NULL), PST_OK);
}

static void reasons_are_told(void **state)
{
    (void)state;
    struct pst_err err;
    ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
    assert_int_equal(pst_ossl_fail(&err, PST_E_CONFIG, "this"), PST_ERR);
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    assert_string_equal(err.text, "this: malloc failure");
    ERR_raise(ERR_LIB_EVP, EVP_R_DECODE_ERROR);
    assert_int_equal(pst_ossl_fail(&err, PST_E_CONFIG, "that"), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    assert_string_equal(err.text, "that: decode error");
    assert_int_equal(ERR_peek_error(), 0);
    assert_int_equal(pst_ossl_fail(&err, PST_E_CONFIG, "other"), PST_ERR);
    assert_string_equal(err.text, "other");
    char buf[8];
    assert_true(pst_ossl_no_password(buf, 8, 0, NULL) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_configuration_is_read),
        cmocka_unit_test(a_second_call_does_nothing),
        cmocka_unit_test(reasons_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
