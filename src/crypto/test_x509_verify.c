#include "base/test.h"

#include "base/test_heap.h"
#include "crypto/crypto.h"
#include "crypto/test_pki.h"
#include "crypto/x509_verify.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

/* A root, an issuer below it, and what verifies. */
struct fixture {
    struct test_cert root, other, issuer;
    struct pst_x509_anchors *anchors;
    struct pst_arena arena;
};

static void extend(struct test_cert *c, const struct test_cert *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer->cert, c->cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(ext);
    assert_int_equal(X509_add_ext(c->cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
    assert_true(X509_sign(c->cert, issuer->key, EVP_sha256()) > 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct pst_buf pem;
    struct pst_err err = {0};
    assert_non_null(f);
    assert_int_equal(pst_crypto_init(&err), PST_OK);
    f->root = test_cert_make(
        &(struct test_cert_spec){.cn = "root", .ca = true, .from_days = -9, .to_days = 900});
    f->other = test_cert_make(&(struct test_cert_spec){.cn = "root", .ca = true});
    f->issuer = test_cert_make(&(struct test_cert_spec){
        .cn = "issuer", .ca = true, .issuer = &f->root, .from_days = -5, .to_days = 90});
    pst_buf_init(&pem, 1 << 16);
    test_cert_pem(&f->root, &pem);
    assert_int_equal(pst_x509_anchors_new(pst_buf_str(&pem), &f->anchors, &err), PST_OK);
    pst_buf_release(&pem);
    pst_arena_init(&f->arena, 4096, 1 << 20);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    test_cert_free(&f->root);
    test_cert_free(&f->other);
    test_cert_free(&f->issuer);
    pst_x509_anchors_free(f->anchors);
    pst_arena_release(&f->arena);
    free(f);
    return 0;
}

/* What comes of a leaf with the issuer behind it. */
static enum pst_error judge_at(struct fixture *f, const struct test_cert *leaf, int64_t now,
                               struct pst_x509_client *ret)
{
    struct pst_buf chain;
    struct pst_err err = {0};
    pst_buf_init(&chain, 1 << 16);
    test_cert_der(leaf, &chain);
    test_cert_der(&f->issuer, &chain);
    pst_arena_clear(&f->arena);
    enum pst_status status = pst_x509_client_verify(f->anchors, pst_buf_str(&chain), now, &f->arena,
                                                    ret, &err);
    pst_buf_release(&chain);
    assert_int_equal(status == PST_OK, err.code == PST_E_NONE);
    return err.code;
}

static enum pst_error judge(struct fixture *f, const struct test_cert *leaf,
                            struct pst_x509_client *ret)
{
    return judge_at(f, leaf, time(NULL), ret);
}

/* The same of a leaf that is made for it. */
static enum pst_error judge_spec(struct fixture *f, struct test_cert_spec spec)
{
    struct pst_x509_client got;
    spec.cn = "leaf";
    spec.issuer = spec.issuer != NULL ? spec.issuer : &f->issuer;
    struct test_cert leaf = test_cert_make(&spec);
    enum pst_error code = judge(f, &leaf, &got);
    test_cert_free(&leaf);
    return code;
}

static void a_client(void **state)
{
    struct fixture *f = *state;
    struct pst_x509_client got;
    struct test_cert leaf = test_cert_make(&(struct test_cert_spec){
        .cn = "nobody reads this",
        .san =
            "URI:spiffe://example.org/batch,DNS:App1.internal,email:alice@example.org,IP:192.0.2.1",
        .eku = "clientAuth",
        .issuer = &f->issuer,
        .from_days = -1,
        .to_days = 3});
    int64_t now = time(NULL);
    assert_int_equal(judge(f, &leaf, &got), PST_E_NONE);
    assert_int_equal(got.n_names, 3);
    assert_int_equal(got.names[0].kind, PST_X509_URI);
    assert_str(got.names[0].text, "spiffe://example.org/batch");
    assert_int_equal(got.names[1].kind, PST_X509_DNS);
    assert_str(got.names[1].text, "App1.internal");
    assert_int_equal(got.names[2].kind, PST_X509_EMAIL);
    assert_str(got.names[2].text, "alice@example.org");
    assert_in_range(got.until_s, now + 2 * 86400, now + 4 * 86400);
    assert_in_range(got.from_s, now - 2 * 86400, now);
    assert_false(got.signs || got.certifies);
    uint8_t again[32];
    memcpy(again, got.spki, sizeof again);
    extend(&leaf, &f->issuer, NID_key_usage, "critical,digitalSignature");
    assert_int_equal(judge(f, &leaf, &got), PST_E_NONE);
    assert_true(got.signs && !got.certifies);
    assert_memory_equal(again, got.spki, sizeof again); /* another certificate, the same key */
    test_cert_free(&leaf);
    /* without extended key usage and without names it is a client all the same: nobody's */
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.san = NULL}), PST_E_NONE);
}

static void dates(void **state)
{
    struct fixture *f = *state;
    struct pst_x509_client got;
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.from_days = -3, .to_days = -1}),
                     PST_E_IDENTITY_EXPIRED);
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.from_days = 1, .to_days = 3}),
                     PST_E_IDENTITY_EXPIRED);
    /* at the second, by the time that is passed in */
    struct test_cert leaf = test_cert_make(
        &(struct test_cert_spec){.cn = "x", .issuer = &f->issuer, .from_days = -1, .to_days = 3});
    assert_int_equal(judge(f, &leaf, &got), PST_E_NONE);
    int64_t from = got.from_s, until = got.until_s;
    assert_int_equal(judge_at(f, &leaf, until - 1, &got), PST_E_NONE);
    assert_int_equal(judge_at(f, &leaf, until, &got), PST_E_IDENTITY_EXPIRED);
    assert_int_equal(judge_at(f, &leaf, from, &got), PST_E_NONE);
    assert_int_equal(judge_at(f, &leaf, from - 1, &got), PST_E_IDENTITY_EXPIRED);
    test_cert_free(&leaf);
    /* an issuer that has expired: the path is wrong, and a leaf that lives on says nothing */
    leaf = test_cert_make(
        &(struct test_cert_spec){.cn = "x", .issuer = &f->issuer, .from_days = -1, .to_days = 300});
    assert_int_equal(judge(f, &leaf, &got), PST_E_NONE);
    assert_true(got.until_s < time(NULL) + 91 * 86400); /* the first end on the path */
    assert_int_equal(judge_at(f, &leaf, time(NULL) + 100 * 86400, &got), PST_E_IDENTITY_INVALID);
    test_cert_free(&leaf);
}

static void purposes(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.eku = "serverAuth"}),
                     PST_E_IDENTITY_INVALID);
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.eku = "serverAuth,clientAuth"}),
                     PST_E_NONE);
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.ca = true}), PST_E_IDENTITY_INVALID);
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.rsa_bits = 1024}),
                     PST_E_IDENTITY_INVALID);
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.rsa_bits = 2048}), PST_E_NONE);
    struct pst_x509_client got;
    struct test_cert leaf = test_cert_make(
        &(struct test_cert_spec){.cn = "x", .issuer = &f->issuer});
    extend(&leaf, &f->issuer, NID_key_usage, "critical,keyEncipherment");
    assert_int_equal(judge(f, &leaf, &got), PST_E_IDENTITY_INVALID);
    test_cert_free(&leaf);
    leaf = test_cert_make(&(struct test_cert_spec){.cn = "x", .issuer = &f->issuer});
    assert_true(X509_sign(leaf.cert, f->issuer.key, EVP_sha1()) > 0);
    assert_int_equal(judge(f, &leaf, &got), PST_E_IDENTITY_INVALID);
    test_cert_free(&leaf);
}

static void paths(void **state)
{
    struct fixture *f = *state;
    struct pst_x509_client got;
    /* an issuer of the same name with another key; a leaf that issues; one that nobody signed */
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.issuer = &f->other}),
                     PST_E_IDENTITY_INVALID);
    struct test_cert middle = test_cert_make(
        &(struct test_cert_spec){.cn = "middle", .issuer = &f->issuer});
    assert_int_equal(judge_spec(f, (struct test_cert_spec){.issuer = &middle}),
                     PST_E_IDENTITY_INVALID);
    test_cert_free(&middle);
    struct test_cert leaf = test_cert_make(&(struct test_cert_spec){.cn = "alone"});
    assert_int_equal(judge(f, &leaf, &got), PST_E_IDENTITY_INVALID);
    test_cert_free(&leaf);
    /* a signature with one wrong bit */
    leaf = test_cert_make(&(struct test_cert_spec){.cn = "x", .issuer = &f->issuer});
    struct pst_buf chain;
    pst_buf_init(&chain, 1 << 16);
    test_cert_der(&leaf, &chain);
    size_t n = chain.n;
    test_cert_der(&f->issuer, &chain);
    chain.p[n - 3] ^= 1;
    struct pst_err err = {0};
    assert_int_equal(
        pst_x509_client_verify(f->anchors, pst_buf_str(&chain), time(NULL), &f->arena, &got, &err),
        PST_ERR);
    assert_int_equal(err.code, PST_E_IDENTITY_INVALID);
    chain.p[n - 3] ^= 1;
    /* the issuer is missing, something stands behind it, the chain is cut anywhere */
    struct pst_str whole = pst_buf_str(&chain);
    assert_int_equal(pst_x509_client_verify(f->anchors, whole, time(NULL), &f->arena, &got, NULL),
                     PST_OK);
    for (size_t cut = 0; cut < whole.n; cut++) {
        assert_int_equal(pst_x509_client_verify(f->anchors, pst_str_cut(whole, 0, cut), time(NULL),
                                                &f->arena, &got, NULL),
                         PST_ERR);
    }
    assert_true(pst_buf_byte(&chain, 0));
    assert_int_equal(
        pst_x509_client_verify(f->anchors, pst_buf_str(&chain), time(NULL), &f->arena, &got, NULL),
        PST_ERR);
    while (chain.n <= PST_X509_CHAIN_BYTES) {
        test_cert_der(&f->issuer, &chain);
    }
    assert_int_equal(
        pst_x509_client_verify(f->anchors, pst_buf_str(&chain), time(NULL), &f->arena, &got, NULL),
        PST_ERR);
    pst_buf_release(&chain);
    test_cert_free(&leaf);
}

static void name_constraints(void **state)
{
    struct fixture *f = *state;
    extend(&f->issuer, &f->root, NID_name_constraints,
           "critical,permitted;URI:example.org,permitted;DNS:internal,permitted;email:example.org");
    const struct {
        const char *san;
        bool ok;
    } rows[] = {
        {"URI:spiffe://example.org/batch", true},
        {"URI:spiffe://evil.org/batch", false},
        {"DNS:app1.internal", true},
        {"DNS:internal.evil.org", false},
        {"email:a@example.org", true},
        {"email:a@evil.org", false},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        enum pst_error code = judge_spec(f, (struct test_cert_spec){.san = rows[i].san});
        assert_int_equal(code, rows[i].ok ? PST_E_NONE : PST_E_IDENTITY_INVALID);
    }
}

/* A subjectAltName of these bytes, as one dNSName each. */
static void names_set(struct test_cert *leaf, const struct test_cert *issuer,
                      const struct pst_str *names, size_t n, bool twice)
{
    GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
    for (size_t i = 0; i < n; i++) {
        GENERAL_NAME *one = GENERAL_NAME_new();
        ASN1_IA5STRING *value = ASN1_IA5STRING_new();
        assert_int_equal(ASN1_STRING_set(value, names[i].p, (int)names[i].n), 1);
        GENERAL_NAME_set0_value(one, GEN_DNS, value);
        assert_true(sk_GENERAL_NAME_push(all, one) > 0);
    }
    for (int i = 0; i < (twice ? 2 : 1); i++) {
        X509_EXTENSION *ext = X509V3_EXT_i2d(NID_subject_alt_name, 0, all);
        assert_non_null(ext);
        assert_int_equal(X509_add_ext(leaf->cert, ext, -1), 1);
        X509_EXTENSION_free(ext);
    }
    GENERAL_NAMES_free(all);
    assert_true(X509_sign(leaf->cert, issuer->key, EVP_sha256()) > 0);
}

static void names_with_two_meanings(void **state)
{
    struct fixture *f = *state;
    const struct {
        struct pst_str names[2];
        size_t n;
        bool twice, ok;
    } rows[] = {
        {{PST_STR_INIT("a.b"), PST_STR_INIT("c.d")}, 2, false, true},
        {{PST_STR_INIT("a.b"), PST_STR_INIT("a.b")}, 2, false, false},
        {{PST_STR_INIT("a.b")}, 1, true, false}, /* the extension itself is there twice */
        {{PST_STR_INIT("app1.internal\0.evil.org")}, 1, false, false},
        {{PST_STR_INIT("app1.internal\0")}, 1, false, false},
        {{PST_STR_INIT("")}, 1, false, false},
        {{PST_STR_INIT("a b")}, 1, false, false},
        {{PST_STR_INIT("a\n")}, 1, false, false},
        {{PST_STR_INIT("a\x7f")}, 1, false, false},
        {{PST_STR_INIT("\xc3\xa4.internal")}, 1, false, false},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_x509_client got;
        struct test_cert leaf = test_cert_make(
            &(struct test_cert_spec){.cn = "x", .issuer = &f->issuer});
        names_set(&leaf, &f->issuer, rows[i].names, rows[i].n, rows[i].twice);
        assert_int_equal(judge(f, &leaf, &got), rows[i].ok ? PST_E_NONE : PST_E_IDENTITY_INVALID);
        test_cert_free(&leaf);
    }
}

static void many_names(void **state)
{
    struct fixture *f = *state;
    static char texts[PST_X509_NAMES + 1][16];
    static struct pst_str names[PST_X509_NAMES + 1];
    for (size_t i = 0; i < PST_LEN(names); i++) {
        pst_text(texts[i], sizeof texts[i], "h%zu.test", i);
        names[i] = pst_str_c(texts[i]);
    }
    for (size_t n = PST_X509_NAMES; n <= PST_X509_NAMES + 1; n++) {
        struct pst_x509_client got;
        struct test_cert leaf = test_cert_make(
            &(struct test_cert_spec){.cn = "x", .issuer = &f->issuer});
        names_set(&leaf, &f->issuer, names, n, false);
        assert_int_equal(judge(f, &leaf, &got),
                         n <= PST_X509_NAMES ? PST_E_NONE : PST_E_IDENTITY_INVALID);
        test_cert_free(&leaf);
    }
}

static enum pst_error anchors_of(struct pst_str pem)
{
    struct pst_x509_anchors *a = NULL;
    struct pst_err err = {0};
    enum pst_status status = pst_x509_anchors_new(pem, &a, &err);
    assert_int_equal(status == PST_OK, a != NULL);
    pst_x509_anchors_free(a);
    return err.code;
}

static void authorities(void **state)
{
    struct fixture *f = *state;
    struct pst_buf pem;
    struct test_cert leaf = test_cert_make(
        &(struct test_cert_spec){.cn = "leaf", .issuer = &f->issuer});
    pst_buf_init(&pem, 1 << 16);
    assert_int_equal(anchors_of(PST_STR("")), PST_E_CONFIG);
    assert_int_equal(anchors_of(PST_STR("nothing")), PST_E_CONFIG);
    test_cert_pem(&f->root, &pem);
    test_cert_pem(&f->other, &pem);
    assert_int_equal(anchors_of(pst_buf_str(&pem)), PST_E_NONE);
    assert_int_equal(anchors_of(pst_str_cut(pst_buf_str(&pem), 0, pem.n - 40)), PST_E_CONFIG);
    test_cert_pem(&leaf, &pem);
    assert_int_equal(anchors_of(pst_buf_str(&pem)),
                     PST_E_CONFIG); /* trusted, it would be a client */
    /* an intermediate authority alone is trusted by itself */
    struct pst_x509_anchors *whole = f->anchors;
    struct pst_x509_client got;
    pst_buf_clear(&pem);
    test_cert_pem(&f->issuer, &pem);
    assert_int_equal(pst_x509_anchors_new(pst_buf_str(&pem), &f->anchors, NULL), PST_OK);
    assert_int_equal(judge(f, &leaf, &got), PST_E_NONE);
    pst_x509_anchors_free(f->anchors);
    f->anchors = whole;
    pst_buf_release(&pem);
    test_cert_free(&leaf);
}

static void a_small_arena(void **state)
{
    struct fixture *f = *state;
    struct pst_x509_client got;
    struct test_cert leaf = test_cert_make(
        &(struct test_cert_spec){.cn = "x", .san = "DNS:a.b", .issuer = &f->issuer});
    pst_arena_release(&f->arena);
    pst_arena_init(&f->arena, 8, 8);
    assert_int_equal(judge(f, &leaf, &got), PST_E_NO_MEMORY);
    test_heap_fail_from(1);
    struct pst_x509_anchors *a = NULL;
    assert_int_equal(pst_x509_anchors_new(PST_STR("x"), &a, NULL), PST_ERR);
    test_heap_fail_from(0);
    test_cert_free(&leaf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client),         TEST(dates),
        TEST(purposes),         TEST(paths),
        TEST(name_constraints), TEST(names_with_two_meanings),
        TEST(many_names),       TEST(authorities),
        TEST(a_small_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
