#include "base/test.h"

#include "base/enc.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/test_vectors.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <time.h>

static size_t allocations, fail_from;

static void *count_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return fail_from != 0 && allocations >= fail_from ? NULL : malloc(n);
}

static void *count_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return fail_from != 0 && allocations >= fail_from ? NULL : realloc(p, n);
}

static void count_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

static void assert_digest(const uint8_t digest[32], const char *hex)
{
    char text[64];
    pst_hex_put(digest, 32, text);
    assert_memory_equal(text, hex, 64);
}

static const char empty_hex[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static const char abc_hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void known_digests(void **state)
{
    (void)state;
    uint8_t out[32];
    pst_sha256(PST_STR(""), out);
    assert_digest(out, empty_hex);
    pst_sha256((struct pst_str){NULL, 0}, out);
    assert_digest(out, empty_hex);
    pst_sha256(PST_STR("abc"), out);
    assert_digest(out, abc_hex);
}

static void a_context_serves_many_messages(void **state)
{
    (void)state;
    struct pst_sha256 h;
    uint8_t out[32], want[32], in[300];
    assert_int_equal(pst_sha256_init(&h, NULL), PST_OK);
    pst_sha256_finish(&h, out);
    assert_digest(out, empty_hex);
    pst_sha256_once(&h, PST_STR("abc"), out);
    assert_digest(out, abc_hex);
    pst_sha256_update(&h, PST_STR("forget me"));
    pst_sha256_once(&h, PST_STR("abc"), out);
    assert_digest(out, abc_hex);
    pst_sha256_update(&h, PST_STR("forget me"));
    pst_sha256_clear(&h);
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i * 7);
    }
    for (size_t cut = 0; cut <= sizeof in; cut++) {
        pst_sha256(pst_str_of(in, sizeof in), want);
        pst_sha256_update(&h, pst_str_of(in, cut));
        pst_sha256_update(&h, (struct pst_str){NULL, 0});
        pst_sha256_update(&h, pst_str_of(&in[cut], sizeof in - cut));
        pst_sha256_finish(&h, out);
        assert_memory_equal(out, want, 32);
    }
    pst_sha256_release(&h);
    pst_sha256_release(&h);
    pst_sha256_release(NULL);
}

static void hmac_known(void **state)
{
    (void)state;
    struct pst_hmac h;
    struct pst_err err;
    uint8_t out[32];
    /* RFC 4231 §4.3 */
    assert_int_equal(pst_hmac_init(&h, PST_STR("Jefe"), &err), PST_OK);
    for (int i = 0; i < 3; i++) {
        pst_hmac_update(&h, PST_STR("what do ya want "));
        pst_hmac_update(&h, PST_STR("for nothing?"));
        pst_hmac_finish(&h, out);
        assert_digest(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        pst_hmac_update(&h, PST_STR("forget me"));
        pst_hmac_once(&h, PST_STR("what do ya want for nothing?"), out);
        assert_digest(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
    pst_hmac_release(&h);
    pst_hmac_release(&h);
    pst_hmac_release(NULL);
    assert_int_equal(pst_hmac_init(&h, PST_STR(""), &err), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
}

static void hmac_wycheproof(void **state)
{
    (void)state;
    char *json = test_vectors_load("jose/wycheproof/hmac_sha256_test.json");
    if (json == NULL) {
        return;
    }
    size_t at = 0, seen = 0, tag_bits = 0, n[3] = {0};
    uint8_t *part[3] = {NULL, NULL, NULL}; /* key, msg, tag */
    const char *names[3] = {"key", "msg", "tag"};
    struct pst_str name, value;
    while (test_vectors_next(json, &at, &name, &value)) {
        if (pst_str_eq(name, PST_STR("tagSize"))) {
            uint64_t v = 0;
            assert_true(pst_str_u64(value, &v));
            tag_bits = (size_t)v;
        }
        for (size_t i = 0; i < 3; i++) {
            if (pst_str_eq(name, pst_str_c(names[i]))) {
                free(part[i]);
                part[i] = test_vectors_hex(value, &n[i]);
            }
        }
        if (!pst_str_eq(name, PST_STR("result"))) {
            continue;
        }
        struct pst_hmac h;
        uint8_t out[32];
        assert_int_equal(pst_hmac_init(&h, pst_str_of(part[0], n[0]), NULL), PST_OK);
        pst_hmac_once(&h, pst_str_of(part[1], n[1]), out);
        pst_hmac_release(&h);
        bool equal = n[2] == tag_bits / 8 &&
                     pst_str_eq_const_time(pst_str_of(out, n[2]), pst_str_of(part[2], n[2]));
        assert_int_equal(equal, pst_str_eq(value, PST_STR("valid")));
        seen++;
    }
    assert_int_equal(seen, 174);
    for (size_t i = 0; i < 3; i++) {
        free(part[i]);
    }
    free(json);
}

/* OpenSSL makes the inner state of a digest anew for each message; more than that would be ours. */
static void a_kept_context_hardly_allocates(void **state)
{
    (void)state;
    struct pst_sha256 h;
    struct pst_hmac m;
    uint8_t in[2048] = {1}, out[32];
    assert_int_equal(pst_sha256_init(&h, NULL), PST_OK);
    assert_int_equal(pst_hmac_init(&m, PST_STR("key"), NULL), PST_OK);
    allocations = 0;
    pst_sha256_once(&h, pst_str_of(in, sizeof in), out);
    assert_true(allocations <= 1);
    allocations = 0;
    for (int i = 0; i < 10; i++) {
        pst_sha256_update(&h, pst_str_of(in, sizeof in));
    }
    pst_sha256_finish(&h, out);
    assert_true(allocations <= 1);
    allocations = 0;
    pst_hmac_once(&m, pst_str_of(in, sizeof in), out);
    print_message("%zu allocations for an HMAC\n", allocations);
    assert_true(allocations <= 2);
    pst_sha256_release(&h);
    pst_hmac_release(&m);
}

static void a_failing_heap_is_an_error(void **state)
{
    (void)state;
    struct pst_err err;
    for (size_t nth = 1; nth < 40; nth++) {
        struct pst_sha256 h = {NULL, NULL, false};
        struct pst_hmac m = {NULL, false};
        allocations = 0;
        fail_from = nth;
        enum pst_status a = pst_sha256_init(&h, &err);
        allocations = 0;
        enum pst_status b = pst_hmac_init(&m, PST_STR("key"), &err);
        size_t asked = allocations;
        fail_from = 0;
        uint8_t out[32];
        if (a == PST_OK) {
            pst_sha256_once(&h, PST_STR("abc"), out);
            assert_digest(out, abc_hex);
        }
        if (b == PST_OK) {
            pst_hmac_once(&m, PST_STR("abc"), out);
        } else {
            assert_int_equal(err.code, PST_E_NO_MEMORY);
        }
        assert_true(nth > 1 || (a == PST_ERR && b == PST_ERR));
        assert_true(nth <= asked || b == PST_OK);
        pst_sha256_release(&h);
        pst_hmac_release(&m);
    }
    fail_from = 1;
    uint8_t out[32];
    allocations = 0;
    assert_dies(pst_sha256(PST_STR("abc"), out));

    fail_from = 0;
}

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Printed, not asserted: a shared machine is no clock. */
static void cost(void **state)
{
    (void)state;
    const int rounds = 20000;
    struct pst_sha256 h;
    uint8_t in[2048] = {1}, out[32];
    assert_int_equal(pst_sha256_init(&h, NULL), PST_OK);
    double t0 = now_ns();
    for (int i = 0; i < rounds; i++) {
        pst_sha256_once(&h, pst_str_of(in, sizeof in), out);
    }
    double t1 = now_ns();
    for (int i = 0; i < rounds; i++) {
        pst_sha256_once(&h, PST_STR(""), out);
    }
    double t2 = now_ns();
    for (int i = 0; i < rounds; i++) {
        pst_sha256(pst_str_of(in, sizeof in), out);
    }
    double t3 = now_ns();
    print_message("2 KiB kept %.0f ns, empty kept %.0f ns, 2 KiB without a context %.0f ns\n",
                  (t1 - t0) / rounds, (t2 - t1) / rounds, (t3 - t2) / rounds);
    pst_sha256_release(&h);
}

int main(void)
{
    if (CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free) != 1 ||
        pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(a_context_serves_many_messages),
        cmocka_unit_test(hmac_known),
        cmocka_unit_test(hmac_wycheproof),
        cmocka_unit_test(a_kept_context_hardly_allocates),
        cmocka_unit_test(a_failing_heap_is_an_error),
        cmocka_unit_test(cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
