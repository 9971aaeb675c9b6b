#include "crypto/x509.h"

#include "base/test.h"
#include "base/test_heap.h"
#include "crypto/crypto.h"
#include "crypto/server_key.h"
#include "crypto/test_pki.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <time.h>

struct world {
    struct test_cert root, middle, leaf, other, weak;
    struct pst_buf pem; /* what is read */
    struct pst_buf out;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->root = test_cert_make(&(struct test_cert_spec){.cn = "root", .ca = true});
    w->middle = test_cert_make(
        &(struct test_cert_spec){.cn = "middle", .ca = true, .issuer = &w->root});
    w->leaf = test_cert_make(&(struct test_cert_spec){
        .cn = "leaf", .san = "DNS:a.test,IP:127.0.0.1", .issuer = &w->middle, .to_days = 40});
    w->other = test_cert_make(&(struct test_cert_spec){.cn = "other", .rsa_bits = 2048});
    w->weak = test_cert_make(&(struct test_cert_spec){.cn = "weak", .rsa_bits = 1024});
    pst_buf_init(&w->pem, 1 << 20);
    pst_buf_init(&w->out, 1 << 20);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    test_cert_free(&w->root);
    test_cert_free(&w->middle);
    test_cert_free(&w->leaf);
    test_cert_free(&w->other);
    test_cert_free(&w->weak);
    pst_buf_release(&w->pem);
    pst_buf_release(&w->out);
    free(w);
    return 0;
}

static void again(struct world *w)
{
    pst_buf_clear(&w->pem);
    pst_buf_clear(&w->out);
}

static void say(struct world *w, const char *text)
{
    assert_true(pst_buf_add(&w->pem, pst_str_c(text)));
}

/* The private key as the tools of an operator write it. */
static void key_pem(const struct test_cert *c, struct pst_buf *out, bool old_form)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    assert_non_null(bio);
    assert_int_equal(
        old_form ? PEM_write_bio_PrivateKey_traditional(bio, c->key, NULL, NULL, 0, NULL, NULL)
                 : PEM_write_bio_PKCS8PrivateKey(bio, c->key, NULL, NULL, 0, NULL, NULL),
        1);
    long n = BIO_get_mem_data(bio, &text);
    assert_true(pst_buf_add(out, pst_str_of(text, (size_t)n)));
    BIO_free(bio);
}

static void refused(struct world *w, const char *why)
{
    struct pst_x509_leaf leaf = {.n = 77};
    struct pst_err err = {0};
    assert_int_equal(pst_x509_chain(pst_buf_str(&w->pem), &leaf, &w->out, &err), PST_ERR);
    if (strstr(err.text, why) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", why, err.text);
    }
    assert_int_equal(leaf.n, 77);
    again(w);
}

static void test_chain(void **state)
{
    struct world *w = *state;
    struct pst_x509_leaf leaf = {0}, alone = {0};
    struct pst_err err = {0};
    int64_t now = (int64_t)time(NULL);
    again(w);
    say(w, "subject=CN = leaf\n");
    test_cert_pem(&w->leaf, &w->pem);
    test_cert_pem(&w->middle, &w->pem);
    test_cert_pem(&w->root, &w->pem);
    if (pst_x509_chain(pst_buf_str(&w->pem), &leaf, &w->out, &err) != PST_OK) {
        fail_msg("%s", err.text);
    }
    assert_true(leaf.n == 3 && leaf.named && leaf.ordered);
    assert_true(leaf.from_s <= now && leaf.from_s > now - 2 * 86400);
    assert_true(leaf.to_s > now + 39 * 86400 && leaf.to_s < now + 41 * 86400);
    struct pst_str out = pst_buf_str(&w->out);
    assert_true(pst_str_starts(out, PST_STR("-----BEGIN CERTIFICATE-----\n")));
    assert_int_equal(pst_str_find(out, PST_STR("subject=")), PST_NPOS);
    again(w);
    test_cert_pem(&w->leaf, &w->pem);
    assert_int_equal(pst_x509_chain(pst_buf_str(&w->pem), &alone, &w->out, &err), PST_OK);
    assert_memory_equal(alone.spki, leaf.spki, sizeof leaf.spki);
    again(w);
    test_cert_pem(&w->leaf, &w->pem);
    test_cert_pem(&w->root, &w->pem);
    test_cert_pem(&w->middle, &w->pem);
    assert_int_equal(pst_x509_chain(pst_buf_str(&w->pem), &leaf, &w->out, &err), PST_OK);
    assert_false(leaf.ordered);
    again(w);
    test_cert_pem(&w->other, &w->pem);
    assert_int_equal(pst_x509_chain(pst_buf_str(&w->pem), &leaf, &w->out, &err), PST_OK);
    assert_false(leaf.named);
    again(w);
}

static void test_refused(void **state)
{
    struct world *w = *state;
    again(w);
    refused(w, "not PEM");
    say(w, "hello");
    refused(w, "not PEM");
    say(w, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
    refused(w, "certificate 1 cannot be read");
    say(w, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    refused(w, "certificate 1 cannot be read");
    say(w, "-----BEGIN CERTIFICATE");
    refused(w, "not a certificate");
    say(w, "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n");
    refused(w, "not a certificate");
    test_cert_pem(&w->leaf, &w->pem);
    key_pem(&w->leaf, &w->pem, false);
    refused(w, "private key");
    key_pem(&w->leaf, &w->pem, true);
    test_cert_pem(&w->leaf, &w->pem);
    refused(w, "private key");
    test_cert_pem(&w->leaf, &w->pem);
    say(w, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    refused(w, "certificate 2 cannot be read");
    test_cert_pem(&w->weak, &w->pem);
    refused(w, "1024 bits");
    for (int i = 0; i <= PST_X509_CHAIN_MAX; i++) {
        test_cert_pem(&w->leaf, &w->pem);
    }
    refused(w, "more than 10");
    /* a byte of its middle is another: whatever it is now, nothing breaks */
    test_cert_pem(&w->leaf, &w->pem);
    struct pst_x509_leaf leaf;
    for (size_t i = 0; i < w->pem.n; i++) {
        uint8_t before = w->pem.p[i];
        w->pem.p[i] = before == 'A' ? 'B' : 'A';
        pst_buf_clear(&w->out);
        if (pst_x509_chain(pst_buf_str(&w->pem), &leaf, &w->out, NULL) == PST_OK) {
            pst_buf_clear(&w->out);
        }
        assert_int_equal(
            pst_x509_chain(pst_str_cut(pst_buf_str(&w->pem), 0, i), &leaf, &w->out, NULL),
            i < w->pem.n - 1 ? PST_ERR : PST_OK); /* but for the last line feed */
        w->pem.p[i] = before;
    }
    again(w);
}

static void test_authorities(void **state)
{
    struct world *w = *state;
    struct pst_err err = {0};
    again(w);
    assert_int_equal(pst_x509_authorities(PST_STR(""), &w->out, &err), PST_ERR);
    test_cert_pem(&w->root, &w->pem);
    test_cert_pem(&w->middle, &w->pem);
    assert_int_equal(pst_x509_authorities(pst_buf_str(&w->pem), &w->out, &err), PST_OK);
    assert_true(w->out.n > 0);
    test_cert_pem(&w->leaf, &w->pem);
    assert_int_equal(pst_x509_authorities(pst_buf_str(&w->pem), &w->out, &err), PST_ERR);
    assert_non_null(strstr(err.text, "certificate 3 is not an authority"));
    again(w);
    test_cert_pem(&w->root, &w->pem);
    key_pem(&w->root, &w->pem, false);
    assert_int_equal(pst_x509_authorities(pst_buf_str(&w->pem), &w->out, &err), PST_ERR);
    again(w);
}

/* A key finds its certificate by the same name, in each form that tools write. */
static void test_key(void **state)
{
    struct world *w = *state;
    const struct test_cert *certs[] = {&w->leaf, &w->other};
    for (size_t i = 0; i < PST_LEN(certs); i++) {
        struct pst_x509_leaf leaf = {0};
        struct pst_err err = {0};
        again(w);
        test_cert_pem(certs[i], &w->pem);
        assert_int_equal(pst_x509_chain(pst_buf_str(&w->pem), &leaf, &w->out, &err), PST_OK);
        for (int form = 0; form < 2; form++) {
            struct pst_server_key *key = NULL;
            again(w);
            key_pem(certs[i], &w->pem, form == 1);
            assert_int_equal(pst_server_key_load(pst_buf_str(&w->pem), &key, &err), PST_OK);
            assert_memory_equal(pst_server_key_spki(key), leaf.spki, sizeof leaf.spki);
            pst_server_key_free(key);
        }
    }
    struct pst_server_key *key = NULL;
    struct pst_err err = {0};
    again(w);
    test_cert_pem(&w->leaf, &w->pem);
    assert_int_equal(pst_server_key_load(pst_buf_str(&w->pem), &key, &err), PST_ERR);
    assert_non_null(strstr(err.text, "no private key"));
    again(w);
    say(w, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n");
    assert_int_equal(pst_server_key_load(pst_buf_str(&w->pem), &key, &err), PST_ERR);
    assert_non_null(strstr(err.text, "encrypted"));
    again(w);
    say(w, "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n");
    assert_int_equal(pst_server_key_load(pst_buf_str(&w->pem), &key, &err), PST_ERR);
    assert_null(key);
    pst_server_key_free(NULL);
    again(w);
}

int main(void)
{
    struct pst_err err = {0};
    if (pst_crypto_init(&err) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_authorities),
        cmocka_unit_test(test_key),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
