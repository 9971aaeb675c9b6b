#include "base/test.h"

#include "base/enc.h"
#include "crypto/crypto.h"
#include "crypto/key.h"
#include "crypto/ossl.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

static const enum pst_sig algs[] = {PST_SIG_EDDSA, PST_SIG_ES256, PST_SIG_RS256};

static void signs_for(const struct pst_key *private, const struct pst_key *public)
{
    uint8_t sig[PST_SIG_MAX];
    size_t n = 0;
    assert_int_equal(pst_key_sign(private, PST_STR("message"), sig, &n, NULL), PST_OK);
    assert_true(
        pst_key_verify(public, pst_key_alg(private), PST_STR("message"), pst_str_of(sig, n)));
    assert_false(
        pst_key_verify(public, pst_key_alg(private), PST_STR("massage"), pst_str_of(sig, n)));
}

static void stores_and_loads(void **state)
{
    (void)state;
    struct pst_err err;
    for (size_t i = 0; i < PST_LEN(algs); i++) {
        struct pst_key *k = NULL, *loaded = NULL, *public = NULL;
        struct pst_secret *pem = NULL, *seed = NULL;
        struct pst_buf out;
        pst_buf_init(&out, 4096);
        assert_int_equal(pst_key_generate(algs[i], &k, &err), PST_OK);
        assert_int_equal(pst_key_alg(k), algs[i]);
        assert_true(pst_key_is_private(k));
        assert_int_equal(pst_key_private_pem(k, &pem, &err), PST_OK);
        assert_true(
            pst_str_starts(pst_secret_reveal(pem), PST_STR("-----BEGIN PRIVATE KEY-----\n")));
        assert_int_equal(pst_key_from_pem(pem, &loaded, &err), PST_OK);
        assert_int_equal(pst_key_public_pem(k, &out, &err), PST_OK);
        assert_int_equal(pst_key_from_public_pem(pst_buf_str(&out), &public, &err), PST_OK);
        assert_false(pst_key_is_private(public));
        assert_int_equal(pst_key_alg(public), algs[i]);
        signs_for(k, public);
        signs_for(loaded, public);
        uint8_t sig[PST_SIG_MAX];
        size_t n = 0;
        struct pst_secret *none = NULL;
        assert_int_equal(pst_key_sign(public, PST_STR("m"), sig, &n, &err), PST_ERR);
        assert_int_equal(pst_key_private_pem(public, &none, &err), PST_ERR);
        assert_int_equal(pst_key_private_seed(public, &none, &err), PST_ERR);
        /* the public half is no private key and the other way round */
        struct pst_secret *as_secret = pst_secret_new(pst_buf_str(&out));
        struct pst_key *nothing = NULL;
        assert_int_equal(pst_key_from_pem(as_secret, &nothing, &err), PST_ERR);
        assert_int_equal(pst_key_from_public_pem(pst_secret_reveal(pem), &nothing, &err), PST_ERR);
        assert_int_equal(pst_key_private_seed(k, &seed, &err),
                         algs[i] == PST_SIG_EDDSA ? PST_OK : PST_ERR);
        assert_null(nothing);
        assert_null(none);
        pst_secret_free(as_secret);
        pst_secret_free(seed);
        pst_secret_free(pem);
        pst_key_free(k);
        pst_key_free(loaded);
        pst_key_free(public);
        pst_buf_release(&out);
    }
    pst_key_free(NULL);
}

static void raw_forms(void **state)
{
    (void)state;
    struct pst_err err;
    struct pst_key *k = NULL, *other = NULL;
    struct pst_buf out;
    pst_buf_init(&out, 64);
    /* RFC 8032 §7.1, test 1 */
    uint8_t seed_bytes[32], want[32];
    assert_true(
        pst_hex_get(PST_STR("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"),
                    seed_bytes, 32));
    assert_true(pst_hex_get(
        PST_STR("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"), want, 32));
    struct pst_secret *seed = pst_secret_new(pst_str_of(seed_bytes, 32)), *back = NULL;
    assert_int_equal(pst_key_from_seed(seed, &k, &err), PST_OK);
    assert_int_equal(pst_key_public_raw(k, &out, &err), PST_OK);
    assert_true(pst_str_eq(pst_buf_str(&out), pst_str_of(want, 32)));
    assert_int_equal(pst_key_private_seed(k, &back, &err), PST_OK);
    assert_true(pst_secret_eq(back, pst_secret_reveal(seed)));
    assert_int_equal(pst_key_from_ed25519(pst_buf_str(&out), &other, &err), PST_OK);
    signs_for(k, other);
    pst_secret_free(seed);
    pst_secret_free(back);
    pst_key_free(k);
    pst_key_free(other);

    pst_buf_clear(&out);
    assert_int_equal(pst_key_generate(PST_SIG_ES256, &k, &err), PST_OK);
    assert_int_equal(pst_key_public_raw(k, &out, &err), PST_OK);
    assert_int_equal(out.n, 64);
    struct pst_str x = pst_str_cut(pst_buf_str(&out), 0, 32),
                   y = pst_str_from(pst_buf_str(&out), 32);
    assert_int_equal(pst_key_from_p256(x, y, &other, &err), PST_OK);
    signs_for(k, other);
    pst_key_free(other);
    other = NULL;
    /* off the curve, swapped, short, long */
    out.p[63] ^= 1;
    assert_int_equal(pst_key_from_p256(x, y, &other, &err), PST_ERR);
    out.p[63] ^= 1;
    assert_int_equal(pst_key_from_p256(y, x, &other, &err), PST_ERR);
    assert_int_equal(pst_key_from_p256(pst_str_cut(x, 0, 31), y, &other, &err), PST_ERR);
    assert_int_equal(pst_key_from_p256(pst_buf_str(&out), y, &other, &err), PST_ERR);
    assert_int_equal(pst_key_from_p256((struct pst_str){NULL, 0}, y, &other, &err), PST_ERR);
    uint8_t zero[32] = {0};
    assert_int_equal(pst_key_from_p256(pst_str_of(zero, 32), pst_str_of(zero, 32), &other, &err),
                     PST_ERR);
    assert_int_equal(pst_key_public_raw(k, &out, &err), PST_ERR); /* no room is left */
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    pst_key_free(k);
    pst_buf_release(&out);
    assert_int_equal(pst_key_from_ed25519(PST_STR("short"), &other, &err), PST_ERR);
    struct pst_secret *bad_seed = pst_secret_random(31);
    assert_int_equal(pst_key_from_seed(bad_seed, &other, &err), PST_ERR);
    pst_secret_free(bad_seed);
    assert_null(other);
}

static void rsa_rules(void **state)
{
    (void)state;
    struct pst_err err;
    struct pst_key *k = NULL;
    uint8_t n[1025];
    memset(n, 0xFF, sizeof n);
    const struct {
        size_t bytes;
        struct pst_str e;
        bool good;
    } rows[] = {
        {256, PST_STR_INIT("\x01\x00\x01"), true},
        {1024, PST_STR_INIT("\x03"), true},
        {255, PST_STR_INIT("\x01\x00\x01"), false},
        {128, PST_STR_INIT("\x01\x00\x01"), false},
        {1025, PST_STR_INIT("\x01\x00\x01"), false},
        {0, PST_STR_INIT("\x01\x00\x01"), false},
        {256, PST_STR_INIT(""), false},
        {256, PST_STR_INIT("\x01"), false},
        {256, PST_STR_INIT("\x02"), false},
        {256, PST_STR_INIT("\x00\x03"), false},
        {256, PST_STR_INIT("\x02\x00\x00\x00\x01"), false},
        {256, PST_STR_INIT("\x01\x00\x00\x00\x00\x00\x00\x00\x01"), false},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        enum pst_status status = pst_key_from_rsa(pst_str_of(n, rows[i].bytes), rows[i].e, &k,
                                                  &err);
        assert_int_equal(status, rows[i].good ? PST_OK : PST_ERR);
        if (status == PST_OK) {
            struct pst_buf out;
            pst_buf_init(&out, 4096);
            assert_int_equal(pst_key_public_raw(k, &out, &err), PST_ERR);
            pst_buf_release(&out);
            pst_key_free(k);
            k = NULL;
        } else {
            assert_int_equal(err.code, PST_E_CONFIG);
        }
    }
    n[0] = 0;
    assert_int_equal(pst_key_from_rsa(pst_str_of(n, 257), PST_STR("\x03"), &k, &err), PST_ERR);
    n[0] = 0xFF;
    n[255] = 0xFE; /* even */
    assert_int_equal(pst_key_from_rsa(pst_str_of(n, 256), PST_STR("\x03"), &k, &err), PST_ERR);
    assert_null(k);
}

static struct pst_secret *pkcs8_of(EVP_PKEY *pkey, struct pst_secret **ret_der)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    assert_non_null(info);
    unsigned char *der = NULL;
    int n = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    assert_true(n > 0);
    struct pst_secret *pem = NULL;
    assert_int_equal(pst_pem_put(pst_str_of(der, (size_t)n), PST_STR("PRIVATE KEY"), &pem, NULL),
                     PST_OK);
    if (ret_der != NULL) {
        *ret_der = pst_secret_new(pst_str_of(der, (size_t)n));
    }
    OPENSSL_free(der);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(pkey);
    return pem;
}

static void other_kinds_are_refused(void **state)
{
    (void)state;
    struct pst_err err;
    struct pst_key *k = NULL;
    EVP_PKEY *kinds[] = {
        EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"),
        EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"),
        EVP_PKEY_Q_keygen(NULL, NULL, "X25519"),
        EVP_PKEY_Q_keygen(NULL, NULL, "ED448"),
        EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
    };
    for (size_t i = 0; i < PST_LEN(kinds); i++) {
        struct pst_secret *pem = pkcs8_of(kinds[i], NULL);
        assert_int_equal(pst_key_from_pem(pem, &k, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_CONFIG);
        pst_secret_free(pem);
    }
    assert_null(k);
}

/* Every flipped bit of a stored key is refused or still a key that fits itself. */
static void damaged_keys(void **state)
{
    (void)state;
    struct pst_err err;
    const char *kinds[][2] = {{"ED25519", NULL}, {"EC", "P-256"}};
    for (size_t i = 0; i < PST_LEN(kinds); i++) {
        struct pst_secret *der = NULL;
        EVP_PKEY *pkey = kinds[i][1] != NULL
                             ? EVP_PKEY_Q_keygen(NULL, NULL, kinds[i][0], kinds[i][1])
                             : EVP_PKEY_Q_keygen(NULL, NULL, kinds[i][0]);
        pst_secret_free(pkcs8_of(pkey, &der));
        size_t n = pst_secret_size(der), refused = 0;
        for (size_t bit = 0; bit < n * 8; bit += 3) {
            struct pst_key *k = NULL;
            struct pst_secret *pem = NULL;
            pst_secret_bytes(der)[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(
                pst_pem_put(pst_secret_reveal(der), PST_STR("PRIVATE KEY"), &pem, NULL), PST_OK);
            if (pst_key_from_pem(pem, &k, &err) == PST_OK) {
                signs_for(k, k);
            } else {
                refused++;
            }
            pst_key_free(k);
            pst_secret_free(pem);
            pst_secret_bytes(der)[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_true(refused > 0);
        /* and every truncation, and a byte too many */
        for (size_t len = 1; len < n; len++) {
            struct pst_key *k = NULL;
            struct pst_secret *pem = NULL;
            assert_int_equal(pst_pem_put(pst_str_cut(pst_secret_reveal(der), 0, len),
                                         PST_STR("PRIVATE KEY"), &pem, NULL),
                             PST_OK);
            assert_int_equal(pst_key_from_pem(pem, &k, &err), PST_ERR);
            pst_secret_free(pem);
        }
        pst_secret_free(der);
    }
}

int main(void)
{
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_and_loads), cmocka_unit_test(raw_forms),
        cmocka_unit_test(rsa_rules),        cmocka_unit_test(other_kinds_are_refused),
        cmocka_unit_test(damaged_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
