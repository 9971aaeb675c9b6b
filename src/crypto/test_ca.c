#include "crypto/ca.h"

#include "base/test.h"
#include "crypto/crypto.h"
#include "crypto/server_key.h"
#include "crypto/x509.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

static X509 *read_pem(const struct pst_buf *pem)
{
    BIO *bio = BIO_new_mem_buf(pem->p, (int)pem->n);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(cert);
    return cert;
}

static int verify(X509 *ca, X509 *leaf)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(store, ca), 1);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, NULL), 1);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    int ok = X509_verify_cert(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return ok;
}

static void test_ca(void **state)
{
    (void)state;
    struct pst_key *ca_key = NULL, *key = NULL;
    struct pst_buf ca, leaf, chain;
    struct pst_err err = {0};
    struct pst_x509_leaf read = {0};
    int64_t now = (int64_t)time(NULL);
    pst_buf_init(&ca, 1 << 16);
    pst_buf_init(&leaf, 1 << 16);
    pst_buf_init(&chain, 1 << 16);
    assert_int_equal(pst_key_generate(PST_SIG_ES256, &ca_key, &err), PST_OK);
    assert_int_equal(pst_key_generate(PST_SIG_ES256, &key, &err), PST_OK);
    assert_int_equal(pst_ca_certificate(ca_key, now, &ca, &err), PST_OK);
    if (pst_ca_issue(ca_key, pst_buf_str(&ca), key, now, &leaf, &err) != PST_OK) {
        fail_msg("%s", err.text);
    }
    X509 *ca_cert = read_pem(&ca), *leaf_cert = read_pem(&leaf);
    assert_int_equal(verify(ca_cert, leaf_cert), 1);
    assert_int_equal(X509_check_host(leaf_cert, "localhost", 0, 0, NULL), 1);
    assert_int_equal(X509_check_ip_asc(leaf_cert, "127.0.0.1", 0), 1);
    assert_int_equal(X509_check_ip_asc(leaf_cert, "::1", 0), 1);
    assert_int_equal(X509_check_host(leaf_cert, "example.com", 0, 0, NULL), 0);

    /* it may not speak for anybody else: a name outside is refused by whoever trusts it */
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:example.com");
    int at = X509_get_ext_by_NID(leaf_cert, NID_subject_alt_name, -1);
    X509_EXTENSION_free(X509_delete_ext(leaf_cert, at));
    assert_int_equal(X509_add_ext(leaf_cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
    struct pst_secret *pem = NULL;
    assert_int_equal(pst_key_private_pem(ca_key, &pem, &err), PST_OK);
    struct pst_str text = pst_secret_reveal(pem);
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    EVP_PKEY *raw = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_true(X509_sign(leaf_cert, raw, EVP_sha256()) > 0);
    X509 *other = X509_dup(leaf_cert); /* what was read of the first is kept in it */
    assert_int_equal(verify(ca_cert, other), 0);
    X509_free(other);
    EVP_PKEY_free(raw);
    BIO_free(bio);
    pst_secret_free(pem);

    /* both are what a listener takes */
    struct pst_server_key *tls = NULL;
    assert_int_equal(pst_key_private_pem(key, &pem, &err), PST_OK);
    assert_int_equal(pst_server_key_load(pst_secret_reveal(pem), &tls, &err), PST_OK);
    assert_int_equal(pst_x509_chain(pst_buf_str(&leaf), &read, &chain, &err), PST_OK);
    assert_memory_equal(read.spki, pst_server_key_spki(tls), sizeof read.spki);
    assert_true(read.named && read.to_s > now + 364 * 86400 && read.to_s < now + 366 * 86400);
    pst_server_key_free(tls);
    pst_secret_free(pem);
    /* not with another authority's key */
    assert_int_equal(pst_ca_issue(key, pst_buf_str(&ca), key, now, &leaf, &err), PST_ERR);
    assert_int_equal(pst_ca_issue(key, PST_STR("hello"), key, now, &leaf, &err), PST_ERR);
    X509_free(ca_cert);
    X509_free(leaf_cert);
    pst_key_free(ca_key);
    pst_key_free(key);
    pst_buf_release(&ca);
    pst_buf_release(&leaf);
    pst_buf_release(&chain);
}

int main(void)
{
    struct pst_err err = {0};
    if (pst_crypto_init(&err) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ca)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
