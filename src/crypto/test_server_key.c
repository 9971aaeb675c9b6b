#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/test_tls_pair.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

enum { VERIFY13 = 64 + 33 + 1 + 32, EXCHANGE = 64 + 4 + 32 };

static size_t text_13(uint8_t *text, size_t hash)
{
    memset(text, ' ', 64);
    memcpy(&text[64], "TLS 1.3, server CertificateVerify", 34);
    memset(&text[98], 0xab, hash);
    return 98 + hash;
}

static size_t text_12(uint8_t *text, uint8_t group, uint8_t n)
{
    memset(text, 0x5a, 64);
    const uint8_t head[] = {3, 0, group, n, 4};
    memcpy(&text[64], head, sizeof head);
    memset(&text[64 + sizeof head], 0x77, (size_t)n - 1);
    return 64 + 4 + (size_t)n;
}

static bool ok(uint16_t scheme, const uint8_t *text, size_t n)
{
    return pst_tls_text_ok(scheme, pst_str_of(text, n));
}

static void shapes(void **state)
{
    (void)state;
    uint8_t text[256] = {0};
    size_t n = text_13(text, 32);
    assert_int_equal(n, VERIFY13);
    assert_true(ok(0x0403, text, n));
    assert_true(ok(0x0804, text, n));
    assert_false(ok(0x0401, text, n)); /* PKCS #1 v1.5 has no place in TLS 1.3 */
    assert_false(ok(0x0603, text, n));
    assert_false(ok(0x0201, text, n));
    assert_false(ok(0, text, n));
    for (size_t i = 0; i <= sizeof text; i++) { /* no other length */
        assert_int_equal(ok(0x0403, text, i), i == n || i == n + 16);
    }
    for (size_t i = 0; i < 98; i++) { /* no other byte before the hash */
        uint8_t kept = text[i];
        text[i] ^= 1;
        assert_false(ok(0x0403, text, n));
        text[i] = kept;
    }
    /* a client's, which is what somebody in the middle would want */
    memcpy(&text[64], "TLS 1.3, client CertificateVerify", 34);
    assert_false(ok(0x0403, text, n));
    static const uint8_t groups[][2] = {{0x1d, 32}, {0x17, 65}, {0x18, 97}};
    for (size_t k = 0; k < PST_LEN(groups); k++) {
        n = text_12(text, groups[k][0], groups[k][1]);
        assert_true(ok(0x0403, text, n));
        assert_true(ok(0x0401, text, n));
        for (size_t i = 0; i <= sizeof text; i++) {
            assert_int_equal(ok(0x0403, text, i), i == n);
        }
        for (size_t i = 64; i < 68; i++) {
            uint8_t kept = text[i];
            for (unsigned v = 0; v < 256; v++) {
                text[i] = (uint8_t)v;
                assert_int_equal(ok(0x0403, text, n), v == kept);
            }
            text[i] = kept;
        }
        text[68] = 2; /* a compressed point, or any coordinate of X25519 */
        assert_int_equal(ok(0x0403, text, n), k == 0);
    }
    assert_false(ok(0x0403, (const uint8_t *)"postern/checkpoint", 18));
    assert_false(pst_tls_text_ok(0x0403, (struct pst_str){NULL, 0}));
}

static bool verifies(EVP_PKEY *pkey, const char *digest, bool pss, struct pst_str text,
                     struct pst_str signature)
{
    EVP_PKEY_CTX *ctx = NULL;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool good = EVP_DigestVerifyInit_ex(md, &ctx, digest, NULL, NULL, pkey, NULL) == 1 &&
                (!pss || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                          EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1)) &&
                EVP_DigestVerify(md, signature.p, signature.n, text.p, text.n) == 1;
    EVP_MD_CTX_free(md);
    return good;
}

static void signs(void **state)
{
    (void)state;
    static const struct {
        const char *kind; /* NULL: RSA */
        uint16_t scheme;
        const char *digest;
        bool pss, works;
    } rows[] = {
        {"P-256", 0x0403, "SHA256", false, true}, {"P-256", 0x0503, "SHA384", false, true},
        {"P-384", 0x0503, "SHA384", false, true}, {"ED25519", 0x0807, NULL, false, true},
        {NULL, 0x0804, "SHA256", true, true},     {NULL, 0x0805, "SHA384", true, true},
        {NULL, 0x0806, "SHA512", true, true},     {NULL, 0x0401, "SHA256", false, true},
        {NULL, 0x0501, "SHA384", false, true},    {NULL, 0x0601, "SHA512", false, true},
        {"P-256", 0x0804, NULL, false, false},    {"P-256", 0x0807, NULL, false, false},
        {"P-256", 0x0203, NULL, false, false},    {"ED25519", 0x0403, NULL, false, false},
        {NULL, 0x0403, NULL, false, false},       {NULL, 0x0809, NULL, false, false},
    };
    uint8_t text[256];
    struct pst_str in = pst_str_of(text, text_12(text, 0x1d, 32));
    struct test_cert rsa = test_cert_make(&(struct test_cert_spec){.cn = "x", .rsa_bits = 2048});
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct test_cert cert = rsa;
        if (rows[i].kind != NULL) {
            cert = test_cert_make(&(struct test_cert_spec){.cn = "x", .kind = rows[i].kind});
        }
        struct pst_server_key *key = test_tls_key(&cert);
        uint8_t signature[PST_TLS_SIG_MAX];
        struct pst_x509_leaf leaf;
        size_t n = 0;
        struct pst_err err = {0};
        enum pst_status status = pst_server_key_sign(key, rows[i].scheme, in, signature, &n, &err);
        assert_int_equal(status, rows[i].works ? PST_OK : PST_ERR);
        assert_true(!rows[i].works ||
                    verifies(cert.key, rows[i].digest, rows[i].pss, in, pst_str_of(signature, n)));
        assert_true(rows[i].works || err.code == PST_E_USAGE);
        /* nothing but handshakes */
        assert_int_equal(
            pst_server_key_sign(key, rows[i].scheme, PST_STR("anything"), signature, &n, &err),
            PST_ERR);
        /* the certificate names the key */
        struct pst_buf pem, out;
        pst_buf_init(&pem, 1 << 16);
        pst_buf_init(&out, 1 << 16);
        test_cert_pem(&cert, &pem);
        assert_int_equal(pst_x509_chain(pst_buf_str(&pem), &leaf, &out, &err), PST_OK);
        assert_memory_equal(leaf.spki, pst_server_key_spki(key), sizeof leaf.spki);
        pst_buf_release(&pem);
        pst_buf_release(&out);
        pst_server_key_free(key);
        if (rows[i].kind != NULL) {
            test_cert_free(&cert);
        }
    }
    test_cert_free(&rsa);
}

static void refuse(const char *text, const char *why)
{
    struct pst_server_key *key = NULL;
    struct pst_err err = {0};
    assert_int_equal(pst_server_key_load(pst_str_c(text), &key, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    assert_true(why == NULL || strstr(err.text, why) != NULL);
    assert_null(key);
}

static void refuse_kind(const char *kind, unsigned rsa_bits)
{
    struct test_cert cert = test_cert_make(
        &(struct test_cert_spec){.cn = "x", .kind = kind, .rsa_bits = rsa_bits});
    BIO *bio = BIO_new(BIO_s_mem());
    char text[8192] = {0};
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, cert.key, NULL, NULL, 0, NULL, NULL), 1);
    assert_true(BIO_read(bio, text, sizeof text - 1) > 0);
    refuse(text, "a TLS key is");
    BIO_free(bio);
    test_cert_free(&cert);
}

static void refused_keys(void **state)
{
    (void)state;
    refuse("", NULL);
    refuse("nothing", NULL);
    refuse("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", NULL);
    refuse("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", NULL);
    refuse_kind("P-521", 0);
    refuse_kind("secp256k1", 0);
    refuse_kind(NULL, 1024);
}

int main(void)
{
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(shapes), cmocka_unit_test(signs),
                                       cmocka_unit_test(refused_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
