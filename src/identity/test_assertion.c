#include "base/enc.h"
#include "base/test.h"
#include "crypto/hash.h"
#include "identity/assertion.h"

#include <stdlib.h>

#define KEY "pst_0123456789ab_CAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJic000000"
#define NOW 1800000000
#define HEAD "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define CLAIMS "{\"sub\":\"alice\",\"iat\":1799999990,\"exp\":1800000100}"

enum { TOKEN = 8192 };

struct token {
    char text[TOKEN];
    size_t n;
};

static void part(struct token *t, const void *bytes, size_t n)
{
    struct pst_buf out;
    pst_buf_init(&out, TOKEN);
    assert_true(pst_b64_put(&out, PST_B64_URL, pst_str_of(bytes, n)));
    assert_true(t->n + out.n + 2 < sizeof t->text);
    memcpy(&t->text[t->n], out.p, out.n);
    t->n += out.n;
    pst_buf_release(&out);
}

/* A token over these very bytes, signed with `key`. */
static void signed_with(struct token *t, const char *key, struct pst_str head,
                        struct pst_str claims)
{
    struct pst_hmac hmac;
    uint8_t mac[32];
    struct pst_err err = {0};
    t->n = 0;
    part(t, head.p, head.n);
    t->text[t->n++] = '.';
    part(t, claims.p, claims.n);
    assert_int_equal(pst_hmac_init(&hmac, pst_str_c(key), &err), PST_OK);
    pst_hmac_once(&hmac, pst_str_of(t->text, t->n), mac);
    pst_hmac_release(&hmac);
    t->text[t->n++] = '.';
    part(t, mac, sizeof mac);
}

static void token_of(struct token *t, const char *head, const char *claims)
{
    signed_with(t, KEY, pst_str_c(head), pst_str_c(claims));
}

static enum pst_status verify_view(struct pst_str token, char ret_sub[256])
{
    struct pst_arena arena;
    struct pst_str sub = {NULL, 0};
    struct pst_err err = {0};
    pst_arena_init(&arena, 4096, 64 * 1024);
    uint8_t *exact = malloc(token.n + 1);
    assert_non_null(exact);
    if (token.n > 0) {
        memcpy(exact, token.p, token.n);
    }
    enum pst_status status = pst_assertion_verify(pst_str_of(exact, token.n), PST_STR(KEY), NOW,
                                                  300, &arena, &sub, &err);
    free(exact); /* the subject lives in the arena */
    if (status == PST_OK) {
        assert_true(pst_str_to_c(sub, ret_sub, 256));
    } else {
        assert_int_equal(err.code, PST_E_ASSERTION_INVALID);
        assert_null(sub.p);
        assert_null(strstr(err.text, "alice")); /* says nothing of what it was */
    }
    pst_arena_release(&arena);
    return status;
}

static enum pst_status verify(const struct token *t)
{
    char sub[256];
    return verify_view(pst_str_of(t->text, t->n), sub);
}

static enum pst_status verify_of(const char *head, const char *claims)
{
    static struct token t;
    token_of(&t, head, claims);
    return verify(&t);
}

static void test_good(void **state)
{
    (void)state;
    char sub[256] = "";
    static struct token t;
    token_of(&t, HEAD, CLAIMS);
    assert_int_equal(verify_view(pst_str_of(t.text, t.n), sub), PST_OK);
    assert_string_equal(sub, "alice");
    token_of(&t, "{\"alg\":\"HS256\"}",
             "{\"exp\":1800000001,\"iat\":1799999701,\"sub\":\"a\xc3\xa9 b\",\"aud\":\"postern\","
             "\"role\":{\"x\":[1]}}");
    assert_int_equal(verify_view(pst_str_of(t.text, t.n), sub), PST_OK);
    assert_string_equal(sub, "a\xc3\xa9 b");
}

/* RFC 8725 §2.1, §3.1: one algorithm; nothing in the header chooses anything. */
static void test_headers(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{\"alg\":\"nOnE\"}",
        "{\"alg\":\"\"}",
        "{\"alg\":null}",
        "{\"alg\":[\"HS256\"]}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"HS256 \"}",
        "{\"alg\":\"HS384\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"ES256\"}",
        "{\"alg\":\"PS256\"}",
        "{\"alg\":\"EdDSA\"}",
        "{\"alg\":\"HS256\\u0000\"}",
        "{}",
        "{\"typ\":\"JWT\"}",
        "[]",
        "\"HS256\"",
        "{\"alg\":\"HS256\",\"kid\":\"x\"}",
        "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
        "{\"alg\":\"HS256\",\"jku\":\"https://evil\"}",
        "{\"alg\":\"HS256\",\"x5u\":\"https://evil\"}",
        "{\"alg\":\"HS256\",\"x5c\":[\"AA\"]}",
        "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"HS256\",\"zip\":\"DEF\"}",
        "{\"alg\":\"HS256\",\"enc\":\"A128GCM\"}",
        "{\"alg\":\"HS256\",\"b64\":false}",
        "{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
        "{\"alg\":\"HS256\",\"typ\":null}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"x\":1}",
        "{\"alg\":\"HS256\",\"alg\":\"none\"}",
        "{\"alg\":\"none\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"ALG\":\"none\"}",
        "{\"alg\":\"HS256\"}x",
        "{\"alg\":\"HS256\"",
        " ",
        "\xef\xbb\xbf{\"alg\":\"HS256\"}",
    };
    for (size_t i = 0; i < PST_LEN(heads); i++) {
        if (verify_of(heads[i], CLAIMS) != PST_ERR) {
            fail_msg("taken: %s", heads[i]);
        }
    }
}

static void test_claims(void **state)
{
    (void)state;
#define T "\"iat\":1799999990,\"exp\":1800000100"
    static const char *const claims[] = {
        "{}",
        "[]",
        "{" T "}",
        "{\"sub\":\"\"," T "}",
        "{\"sub\":null," T "}",
        "{\"sub\":7," T "}",
        "{\"sub\":[\"alice\"]," T "}",
        "{\"sub\":\"a\\nb\"," T "}",
        "{\"sub\":\"a\\u0000b\"," T "}",
        "{\"sub\":\"a\\u007fb\"," T "}",
        "{\"sub\":\"\\ud800\"," T "}",
        "{\"sub\":\"\xff\"," T "}",
        "{\"sub\":\"\xed\xa0\x80\"," T "}",
        "{\"sub\":\"alice\",\"sub\":\"bob\"," T "}",
        "{\"sub\":\"alice\",\"s\\u0075b\":\"bob\"," T "}",
        "{\"sub\":\"alice\",\"exp\":1800000100,\"exp\":1800000101,\"iat\":1799999990}",
        "{\"sub\":\"alice\",\"exp\":1800000100}",
        "{\"sub\":\"alice\",\"iat\":1799999990}",
        "{\"sub\":\"alice\",\"iat\":\"1799999990\",\"exp\":\"1800000100\"}",
        "{\"sub\":\"alice\",\"iat\":1799999990,\"exp\":1.8000001e9}",
        "{\"sub\":\"alice\",\"iat\":1799999990.5,\"exp\":1800000100}",
        "{\"sub\":\"alice\",\"iat\":1799999990,\"exp\":true}",
        "{\"sub\":\"alice\",\"iat\":1799999990,\"exp\":1800000000}", /* expires now */
        "{\"sub\":\"alice\",\"iat\":1799999690,\"exp\":1799999991}",
        "{\"sub\":\"alice\",\"iat\":1800000061,\"exp\":1800000100}", /* from the future */
        "{\"sub\":\"alice\",\"iat\":1799999990,\"exp\":1800000291}", /* lives too long */
        "{\"sub\":\"alice\",\"iat\":0,\"exp\":1800000100}",
        "{\"sub\":\"alice\",\"iat\":-1,\"exp\":1800000100}",
        "{\"sub\":\"alice\",\"iat\":1800000050,\"exp\":1800000050}",
        "{\"sub\":\"alice\",\"iat\":-9223372036854775808,\"exp\":9223372036854775807}",
        "{\"sub\":\"alice\",\"iat\":1799999990,\"exp\":9223372036854775807}",
        "{\"sub\":\"alice\",\"iat\":1799999990,\"exp\":18446744073709551616}",
        "{\"sub\":\"alice\",\"iat\":1799999990,\"exp\":1e400}",
        "{\"sub\":\"alice\",\"aud\":\"other\"," T "}",
        "{\"sub\":\"alice\",\"aud\":\"Postern\"," T "}",
        "{\"sub\":\"alice\",\"aud\":\"postern \"," T "}",
        "{\"sub\":\"alice\",\"aud\":[\"postern\"]," T "}",
        "{\"sub\":\"alice\",\"aud\":null," T "}",
        "{\"sub\":\"alice\"," T "} ,",
        "{\"sub\":\"alice\"," T ",}",
        "{\"sub\":\"alice\"," T ",\"x\":[[[[[[[[[[[[1]]]]]]]]]]]]}",
    };
    for (size_t i = 0; i < PST_LEN(claims); i++) {
        if (verify_of(HEAD, claims[i]) != PST_ERR) {
            fail_msg("taken: %s", claims[i]);
        }
    }
    char text[400];
    for (size_t n = 127; n <= 129; n++) {
        (void)snprintf(text, sizeof text, "{\"sub\":\"%0*d\"," T "}", (int)n, 0);
        assert_int_equal(verify_of(HEAD, text), n <= 128 ? PST_OK : PST_ERR);
    }
    /* at the edges of time */
    assert_int_equal(verify_of(HEAD, "{\"sub\":\"a\",\"iat\":1800000060,\"exp\":1800000360}"),
                     PST_OK);
    assert_int_equal(verify_of(HEAD, "{\"sub\":\"a\",\"iat\":1799999701,\"exp\":1800000001}"),
                     PST_OK);
}

static enum pst_status verify_signed(const char *key)
{
    static struct token t;
    signed_with(&t, key, PST_STR(HEAD), PST_STR(CLAIMS));
    return verify(&t);
}

static void test_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {"x", "pst_", KEY "x"};
    for (size_t i = 0; i < PST_LEN(keys); i++) {
        assert_int_equal(verify_signed(keys[i]), PST_ERR);
    }
    char near[] = KEY;
    near[20] ^= 1;
    assert_int_equal(verify_signed(near), PST_ERR);
}

/* Every byte of a good token counts: changed, left out, doubled, or cut there. */
static void test_every_byte(void **state)
{
    (void)state;
    static const char alphabet[] = "AZaz09-_.=+/ \n";
    static struct token good;
    token_of(&good, HEAD, CLAIMS);
    char sub[256];
    for (size_t i = 0; i < good.n; i++) {
        assert_int_equal(verify_view(pst_str_of(good.text, i), sub), PST_ERR);
        static struct token t;
        t = good;
        for (size_t k = 0; k < sizeof alphabet; k++) { /* the NUL at its end too */
            t.text[i] = alphabet[k];
            if (alphabet[k] != good.text[i]) {
                assert_int_equal(verify(&t), PST_ERR);
            }
        }
        t = good;
        memmove(&t.text[i], &t.text[i + 1], t.n - i - 1);
        t.n--;
        assert_int_equal(verify(&t), PST_ERR);
        t = good;
        memmove(&t.text[i + 1], &t.text[i], t.n - i);
        t.n++;
        if (i + 1 < good.n && good.text[i] != good.text[i + 1]) {
            assert_int_equal(verify(&t), PST_ERR);
        }
    }
}

static void test_forms(void **state)
{
    (void)state;
    static const char *const suffixes[] = {"=", "==", ".", ".x", " ", "\n", "\t"};
    static struct token good;
    token_of(&good, HEAD, CLAIMS);
    for (size_t i = 0; i < PST_LEN(suffixes); i++) {
        static struct token t;
        t = good;
        memcpy(&t.text[t.n], suffixes[i], strlen(suffixes[i]));
        t.n += strlen(suffixes[i]);
        assert_int_equal(verify(&t), PST_ERR);
    }
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..c",
        "a..c",
        "e30.e30.",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImlhdCI6MTc5OTk5OTk5MCwiZXhwIjoxODAwMDAwMTAwfQ.",
    };
    char sub[256];
    for (size_t i = 0; i < PST_LEN(texts); i++) {
        assert_int_equal(verify_view(pst_str_c(texts[i]), sub), PST_ERR);
    }
    assert_int_equal(verify_view((struct pst_str){NULL, 0}, sub), PST_ERR);
    /* the last character of a part may carry bits that decode to nothing: only one spelling counts
     */
    static struct token t;
    t = good;
    assert_int_equal(verify(&t), PST_OK);
    for (unsigned add = 1; add < 4; add++) { /* 32 bytes leave two bits over */
        t = good;
        t.text[t.n - 1] = (char)(t.text[t.n - 1] + (int)add);
        assert_int_equal(verify(&t), PST_ERR);
    }
}

static void test_huge(void **state)
{
    (void)state;
    static char claims[4000];
    static char raw[2 * PST_ASSERTION_MAX];
    char sub[256];
    /* as large as may be, with a claim nobody needs; and one byte more */
    for (int pad = 2700; pad < 3100; pad += 50) {
        (void)snprintf(claims, sizeof claims,
                       "{\"sub\":\"a\",\"iat\":1799999990,\"exp\":1800000100,\"x\":[%*s]}", pad,
                       "");
        static struct token t;
        token_of(&t, HEAD, claims);
        assert_int_equal(verify(&t),
                         t.n <= PST_ASSERTION_MAX && strlen(claims) <= 3072 ? PST_OK : PST_ERR);
    }
    memset(raw, 'A', sizeof raw);
    assert_int_equal(verify_view(pst_str_of(raw, sizeof raw), sub), PST_ERR);
    raw[10] = raw[100] = '.';
    assert_int_equal(verify_view(pst_str_of(raw, sizeof raw), sub), PST_ERR);
    memset(raw, '.', sizeof raw);
    assert_int_equal(verify_view(pst_str_of(raw, sizeof raw), sub), PST_ERR);
}

/* However little memory there is: refused, or right. */
static void test_memory(void **state)
{
    (void)state;
    static struct token t;
    token_of(&t, HEAD, CLAIMS);
    unsigned ok = 0, refused = 0;
    for (size_t cap = 16; cap < 16384; cap += 64) {
        struct pst_arena arena;
        struct pst_str sub = {NULL, 0};
        struct pst_err err = {0};
        pst_arena_init(&arena, 16, cap);
        if (pst_assertion_verify(pst_str_of(t.text, t.n), PST_STR(KEY), NOW, 300, &arena, &sub,
                                 &err) == PST_OK) {
            assert_str(sub, "alice");
            ok++;
        } else {
            refused++;
        }
        pst_arena_release(&arena);
    }
    assert_true(ok > 10 && refused > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),       cmocka_unit_test(test_headers),
        cmocka_unit_test(test_claims),     cmocka_unit_test(test_keys),
        cmocka_unit_test(test_every_byte), cmocka_unit_test(test_forms),
        cmocka_unit_test(test_huge),       cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
