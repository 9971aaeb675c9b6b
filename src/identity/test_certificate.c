#include "base/test.h"

#include "base/test_heap.h"
#include "crypto/crypto.h"
#include "crypto/test_pki.h"
#include "identity/certificate.h"

#include <stdlib.h>
#include <time.h>

enum { CAP = 4 };

struct fixture {
    struct test_cert root;
    struct pst_buf pem, chain;
    struct pst_certificates *set;
    struct pst_arena scratch;
};

static const char rows[] = "uri\tspiffe://example.org/batch\tWorkload::batch\tnightly\tall\n"
                           "dns\t*.internal\tWorkload::apps\n"
                           "email\talice@example.org\tUser::alice\tstaff\n"
                           "dns\tapp1.internal\tWorkload::never\n";

static struct pst_certificates *set_new(struct fixture *f, const char *text)
{
    struct pst_certificates *s = NULL;
    struct pst_err err = {0};
    assert_int_equal(pst_certificates_new(pst_str_c(text), pst_buf_str(&f->pem), CAP, 1, &s, &err),
                     PST_OK);
    return s;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(pst_crypto_init(NULL), PST_OK);
    f->root = test_cert_make(
        &(struct test_cert_spec){.cn = "root", .ca = true, .from_days = -2, .to_days = 30});
    pst_buf_init(&f->pem, 1 << 16);
    pst_buf_init(&f->chain, 1 << 16);
    test_cert_pem(&f->root, &f->pem);
    pst_arena_init(&f->scratch, 4096, 1 << 16);
    f->set = set_new(f, rows);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    test_cert_free(&f->root);
    pst_buf_release(&f->pem);
    pst_buf_release(&f->chain);
    pst_arena_release(&f->scratch);
    pst_certificates_free(f->set);
    free(f);
    return 0;
}

/* A leaf with these names, as a chain in f->chain. */
static struct pst_str chain_of(struct fixture *f, const char *san, bool signs)
{
    struct test_cert leaf = test_cert_make(
        &(struct test_cert_spec){.cn = "app1.internal",
                                 .san = san,
                                 .usage = signs ? "critical,digitalSignature" : NULL,
                                 .issuer = &f->root,
                                 .from_days = -1,
                                 .to_days = 3});
    pst_buf_clear(&f->chain);
    test_cert_der(&leaf, &f->chain);
    test_cert_free(&leaf);
    return pst_buf_str(&f->chain);
}

static enum pst_error judge(struct fixture *f, struct pst_str chain, int64_t now,
                            const struct pst_certificate **ret)
{
    struct pst_err err = {0};
    pst_arena_clear(&f->scratch);
    enum pst_status status = pst_certificates_verify(f->set, chain, now, &f->scratch, ret, &err);
    assert_int_equal(status == PST_OK, err.code == PST_E_NONE);
    return err.code;
}

static void speaks_for(struct fixture *f, const char *san, bool signs, const char *wanted)
{
    const struct pst_certificate *c = NULL;
    enum pst_error code = judge(f, chain_of(f, san, signs), time(NULL), &c);
    if (wanted == NULL) {
        assert_int_equal(code, PST_E_IDENTITY_INVALID);
        assert_non_null(c); /* verified all the same: evidence may name it */
        assert_int_equal(c->type.n, 0);
        assert_int_equal(strlen(c->key_id), PST_CERTIFICATE_KEY_ID);
        return;
    }
    char got[128];
    assert_int_equal(code, PST_E_NONE);
    pst_text(got, sizeof got, "%.*s::%.*s", PST_FMT(c->type), PST_FMT(c->id));
    assert_string_equal(got, wanted);
    assert_memory_equal(c->key_id, "x509_", 5);
    assert_int_equal(strlen(c->key_id), PST_CERTIFICATE_KEY_ID);
}

static void who(void **state)
{
    struct fixture *f = *state;
    speaks_for(f, "URI:spiffe://example.org/batch", true, "Workload::batch");
    speaks_for(f, "DNS:app1.internal", false, "Workload::apps"); /* the first row, not the best */
    speaks_for(f, "email:alice@example.org", false, "User::alice");
    speaks_for(f, "DNS:other.test,email:alice@example.org", false, "User::alice");
    speaks_for(f, "email:alice@example.org,DNS:x.internal", false, "Workload::apps");
    speaks_for(f, "DNS:other.test", false, NULL);
    speaks_for(f, NULL, false, NULL); /* its common name is that of a row */
    const struct pst_certificate *c = NULL;
    assert_int_equal(judge(f, chain_of(f, "URI:spiffe://example.org/batch", true), time(NULL), &c),
                     PST_E_NONE);
    assert_int_equal(c->n_groups, 2);
    assert_str(c->groups[0], "nightly");
    assert_str(c->groups[1], "all");
}

static void svids(void **state)
{
    struct fixture *f = *state;
    speaks_for(f, "URI:spiffe://example.org/batch", false, NULL); /* not a key for signatures */
    speaks_for(f, "URI:spiffe://example.org/batch,URI:spiffe://example.org/other", true, NULL);
    speaks_for(f, "URI:spiffe://example.org/batch,URI:https://example.org/", true, NULL);
    speaks_for(f, "URI:spiffe://example.org/batch,DNS:whatever.test", true, "Workload::batch");
    /* an ID that is none spoils the other names, too */
    speaks_for(f, "URI:spiffe://example.org/a/../batch,DNS:app1.internal", true, NULL);
    speaks_for(f, "URI:SPIFFE://example.org/batch,DNS:app1.internal", true, NULL);
}

static void dates_on_every_hit(void **state)
{
    struct fixture *f = *state;
    const struct pst_certificate *c = NULL;
    struct pst_str chain = chain_of(f, "DNS:app1.internal", false);
    int64_t now = time(NULL);
    assert_int_equal(judge(f, chain, now, &c), PST_E_NONE);
    int64_t from = c->from_s, until = c->until_s;
    for (int i = 0; i < 2; i++) { /* remembered: the same as if it were new */
        assert_int_equal(judge(f, chain, until - 1, &c), PST_E_NONE);
        assert_int_equal(judge(f, chain, until, &c), PST_E_IDENTITY_EXPIRED);
        assert_int_equal(judge(f, chain, from - 1, &c), PST_E_IDENTITY_EXPIRED);
        assert_int_equal(judge(f, chain, from, &c), PST_E_NONE);
        assert_int_equal(pst_certificates_count(f->set), 1);
    }
}

static void the_cache_is_bounded(void **state)
{
    struct fixture *f = *state;
    const struct pst_certificate *c = NULL, *kept = NULL;
    struct pst_buf first;
    int64_t now = time(NULL);
    pst_buf_init(&first, 1 << 16);
    assert_true(pst_buf_add(&first, chain_of(f, "DNS:first.internal", false)));
    assert_int_equal(judge(f, pst_buf_str(&first), now, &c), PST_E_NONE);
    kept = pst_certificate_keep(c);
    for (int i = 0; i < 2 * CAP; i++) {
        assert_int_equal(judge(f, chain_of(f, "DNS:x.internal", false), now, &c), PST_E_NONE);
        assert_in_range(pst_certificates_count(f->set), 1, CAP);
        if (i < CAP) { /* what is used stays */
            assert_int_equal(judge(f, pst_buf_str(&first), now, &c), PST_E_NONE);
            assert_ptr_equal(c, kept);
        }
    }
    /* forgotten, and kept: it is another one now */
    assert_int_equal(judge(f, pst_buf_str(&first), now, &c), PST_E_NONE);
    assert_ptr_not_equal(c, kept);
    assert_string_equal(c->key_id, kept->key_id);
    /* what is kept outlives its set */
    pst_certificates_free(f->set);
    f->set = NULL;
    assert_str(kept->id, "apps");
    pst_certificate_drop(kept);
    pst_certificate_drop(NULL);
    pst_buf_release(&first);
}

static void chains_that_share_their_beginning(void **state)
{
    struct fixture *f = *state;
    const struct pst_certificate *c = NULL;
    struct pst_str chain = chain_of(f, "DNS:app1.internal", false);
    assert_int_equal(judge(f, chain, time(NULL), &c), PST_E_NONE);
    for (size_t i = 0; i < chain.n; i += 7) { /* remembered by the whole of it */
        f->chain.p[i] ^= 1;
        assert_int_not_equal(judge(f, chain, time(NULL), &c), PST_E_NONE);
        f->chain.p[i] ^= 1;
    }
    for (size_t n = 0; n < chain.n; n += 11) {
        assert_int_equal(judge(f, pst_str_cut(chain, 0, n), time(NULL), &c),
                         PST_E_IDENTITY_INVALID);
        assert_null(c);
    }
}

static void rows_that_are_none(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {
        "uri\tspiffe://example.org/batch\tWorkload::batch", /* no end */
        "cn\tapp1\tWorkload::app1\n",
        "dns\tapp1.internal\tWorkload\n",
        "dns\tapp1.internal\t::x\n",
        "dns\tapp1.internal\tWorkload::\n",
        "dns\t**.internal\tWorkload::x\n",
        "dns\tapp1.internal\tWorkload::x\t\n",
        "dns\tapp1.internal\tWorkload::x\t1\t2\t3\t4\t5\t6\t7\t8\t9\n",
        "\n",
        "dns\n",
    };
    for (size_t i = 0; i < PST_LEN(wrong); i++) {
        struct pst_certificates *s = NULL;
        struct pst_err err = {0};
        assert_int_equal(
            pst_certificates_new(pst_str_c(wrong[i]), pst_buf_str(&f->pem), CAP, 1, &s, &err),
            PST_ERR);
        assert_int_equal(err.code, PST_E_CONFIG);
        assert_null(s);
    }
}

static void nothing_is_accepted_without_authorities(void **state)
{
    struct fixture *f = *state;
    struct pst_certificates *s = NULL;
    const struct pst_certificate *c = NULL;
    struct pst_str chain = chain_of(f, "DNS:app1.internal", false);
    assert_int_equal(pst_certificates_new(pst_str_c(rows), PST_STR(""), CAP, 1, &s, NULL), PST_OK);
    assert_int_equal(pst_certificates_verify(s, chain, time(NULL), &f->scratch, &c, NULL), PST_ERR);
    assert_null(c);
    pst_certificates_free(s);
    pst_certificates_free(NULL);
}

static void without_memory(void **state)
{
    struct fixture *f = *state;
    struct pst_str chain = chain_of(f, "DNS:app1.internal", false);
    const struct pst_certificate *c = NULL;
    for (size_t nth = 1; nth < 4; nth++) {
        struct pst_certificates *s = NULL;
        struct pst_err err = {0};
        test_heap_fail_from(nth);
        enum pst_status status = pst_certificates_new(pst_str_c(rows), PST_STR(""), CAP, 1, &s,
                                                      &err);
        test_heap_fail_from(0);
        assert_int_equal(status, PST_ERR);
        assert_int_equal(err.code, PST_E_NO_MEMORY);
    }
    for (size_t nth = 1; nth < 8; nth++) {
        test_heap_fail_from(nth);
        enum pst_error code = judge(f, chain, time(NULL), &c);
        size_t asked = test_heap_count();
        test_heap_fail_from(0);
        if (asked < nth) {
            assert_int_equal(code, PST_E_NONE);
            return;
        }
        assert_int_equal(code, PST_E_NO_MEMORY);
        assert_int_equal(pst_certificates_count(f->set), 0);
    }
    fail();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who),
        TEST(svids),
        TEST(dates_on_every_hit),
        TEST(the_cache_is_bounded),
        TEST(chains_that_share_their_beginning),
        TEST(rows_that_are_none),
        TEST(nothing_is_accepted_without_authorities),
        TEST(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
