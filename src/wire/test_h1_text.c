#include "base/test.h"
#include "wire/h1_impl.h"

static bool in(const char *set, int byte)
{
    return byte != 0 && byte < 0x80 && strchr(set, byte) != NULL;
}

#define DIGITS "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* The tables against the RFCs' own lists. */
static void test_tables(void **state)
{
    (void)state;
    const char *tchar = "!#$%&'*+-.^_`|~" DIGITS LETTERS;
    const char *unreserved = "-._~" DIGITS LETTERS;
    const char *pchar = "-._~!$&'()*+,;=:@" DIGITS LETTERS;
    for (int b = 0; b < 256; b++) {
        uint8_t byte = (uint8_t)b;
        assert_int_equal(h1_is(byte, H1_C_TOKEN), in(tchar, b));
        assert_int_equal(h1_is(byte, H1_C_UNRESERVED), in(unreserved, b));
        assert_int_equal(h1_is(byte, H1_C_PATH), in(pchar, b) && b != ';');
        assert_int_equal(h1_is(byte, H1_C_QUERY), in(pchar, b) || b == '/' || b == '?');
        assert_int_equal(h1_is(byte, H1_C_NAME), in("-_." DIGITS LETTERS, b));
        assert_int_equal(h1_is(byte, H1_C_HEX), in("abcdefABCDEF" DIGITS, b));
        int low = b >= 'A' && b <= 'Z' ? b + 32 : b;
        assert_int_equal(pst_h1_lower[b], in(tchar, b) ? low : 0);
    }
    assert_int_equal(pst_h1_hex('0'), 0);
    assert_int_equal(pst_h1_hex('9'), 9);
    assert_int_equal(pst_h1_hex('a'), 10);
    assert_int_equal(pst_h1_hex('F'), 15);
    assert_int_equal(pst_h1_hex('g'), -1);
}

static void test_token(void **state)
{
    (void)state;
    assert_true(pst_h1_token_valid(PST_STR("X-Api_Key.1")));
    assert_false(pst_h1_token_valid(PST_STR("")));
    assert_false(pst_h1_token_valid(PST_STR("a b")));
    assert_false(pst_h1_token_valid(PST_STR("a:")));
    assert_false(pst_h1_token_valid(PST_STR("\xc3\xa9")));
    assert_false(pst_h1_token_valid(PST_STR("a\0")));
}

/* Every byte at every place of values of every length round the vector width. */
static void test_value(void **state)
{
    (void)state;
    assert_true(pst_h1_value_valid(PST_STR("")));
    assert_true(pst_h1_value_valid(PST_STR("a\tb \xff")));
    assert_false(pst_h1_value_valid(PST_STR(" a")));
    assert_false(pst_h1_value_valid(PST_STR("a\t")));
    uint8_t v[50];
    for (size_t n = 1; n <= sizeof v; n++) {
        for (size_t at = 0; at < n; at++) {
            for (int b = 0; b < 256; b++) {
                memset(v, 'a', sizeof v);
                v[at] = (uint8_t)b;
                bool bad = (b < 32 && b != '\t') || b == 127;
                assert_int_equal(pst_h1_value_clean(pst_str_of(v, n)), !bad);
            }
        }
    }
}

#define EACH(list, check, want)                                                                    \
    for (size_t i_ = 0; i_ < PST_LEN(list); i_++) {                                                \
        if (check(list[i_]) != (want)) {                                                           \
            fail_msg("%s(\"%.*s\") is not %d", #check, PST_FMT(list[i_]), want);                   \
        }                                                                                          \
    }

static void test_host(void **state)
{
    (void)state;
    static const struct pst_str good[] = {
        PST_STR_INIT("a"),
        PST_STR_INIT("localhost:8080"),
        PST_STR_INIT("api.example.com"),
        PST_STR_INIT("api.example.com.:1"),
        PST_STR_INIT("my_service-1:65535"),
        PST_STR_INIT("127.0.0.1:80"),
        PST_STR_INIT("[::1]"),
        PST_STR_INIT("[::]:443"),
        PST_STR_INIT("[1::]"),
        PST_STR_INIT("[2001:db8::1:2]:8443"),
        PST_STR_INIT("[1:2:3:4:5:6:7:8]"),
        PST_STR_INIT("[1:2:3:4:5:6:7::]"),
    };
    static const struct pst_str bad[] = {
        PST_STR_INIT(""),
        PST_STR_INIT(":80"),
        PST_STR_INIT("a:"),
        PST_STR_INIT("a:0"),
        PST_STR_INIT("a:080"),
        PST_STR_INIT("a:65536"),
        PST_STR_INIT("a:+1"),
        PST_STR_INIT("a:1:2"),
        PST_STR_INIT("a b"),
        PST_STR_INIT("a,b"),
        PST_STR_INIT("a/b"),
        PST_STR_INIT("a@b"),
        PST_STR_INIT("a%41"),
        PST_STR_INIT(".a"),
        PST_STR_INIT("a..b"),
        PST_STR_INIT("\xc3\xa9"),
        PST_STR_INIT("http://a"),
        PST_STR_INIT("a?b"),
        PST_STR_INIT("a#b"),
        PST_STR_INIT("a\\b"),
        PST_STR_INIT("a\0b"),
        PST_STR_INIT("[::1"),
        PST_STR_INIT("[]"),
        PST_STR_INIT("[:]"),
        PST_STR_INIT("[::1]x"),
        PST_STR_INIT("[::1]:"),
        PST_STR_INIT("[:::]"),
        PST_STR_INIT("[1::2::3]"),
        PST_STR_INIT("[12345::]"),
        PST_STR_INIT("[1:2:3:4:5:6:7]"),
        PST_STR_INIT("[1:]"),
        PST_STR_INIT("[1:2:3:4:5:6:7:8:9]"),
        PST_STR_INIT("[:1::]"),
        PST_STR_INIT("[1:2:3:4:5:6:7:8::]"),
        PST_STR_INIT("[fe80::1%25eth0]"),
        PST_STR_INIT("[v1.a]"),
        PST_STR_INIT("[::1]]"),
        PST_STR_INIT("[::127.0.0.1]"),
    };
    EACH(good, pst_h1_host_valid, true);
    EACH(bad, pst_h1_host_valid, false);
    uint8_t name[256];
    memset(name, 'a', sizeof name);
    assert_true(pst_h1_host_valid(pst_str_of(name, 255)));
    assert_false(pst_h1_host_valid(pst_str_of(name, 256)));
}

static void test_path(void **state)
{
    (void)state;
    static const struct pst_str good[] = {
        PST_STR_INIT("/"),
        PST_STR_INIT("/v1/chat/completions"),
        PST_STR_INIT("/v1/models/ft:gpt-4o:org::id"),
        PST_STR_INIT("/v1/models/ft%3Agpt"),
        PST_STR_INIT("/.well-known/x"),
        PST_STR_INIT("/a.b/"),
        PST_STR_INIT("/a%20b"),
        PST_STR_INIT("/a@!$&'()*+,="),
    };
    static const struct pst_str bad[] = {
        PST_STR_INIT(""),          PST_STR_INIT("*"),         PST_STR_INIT("v1"),
        PST_STR_INIT("//"),        PST_STR_INIT("//v1"),      PST_STR_INIT("/a//b"),
        PST_STR_INIT("/."),        PST_STR_INIT("/./a"),      PST_STR_INIT("/a/."),
        PST_STR_INIT("/.."),       PST_STR_INIT("/../a"),     PST_STR_INIT("/a/../b"),
        PST_STR_INIT("/a..b"),     PST_STR_INIT("/..;/a"),    PST_STR_INIT("/a;b=c"),
        PST_STR_INIT("/a%3bb"),    PST_STR_INIT("/%2e%2e/a"), PST_STR_INIT("/.%2e/a"),
        PST_STR_INIT("/a%2fb"),    PST_STR_INIT("/a%2Fb"),    PST_STR_INIT("/a%5cb"),
        PST_STR_INIT("/a%00"),     PST_STR_INIT("/a%0d%0a"),  PST_STR_INIT("/a%7f"),
        PST_STR_INIT("/%76%31"),   PST_STR_INIT("/a%252f"),   PST_STR_INIT("/a%c0%af"),
        PST_STR_INIT("/a%"),       PST_STR_INIT("/a%2"),      PST_STR_INIT("/a%zz"),
        PST_STR_INIT("/a%u0041"),  PST_STR_INIT("/a\\b"),     PST_STR_INIT("/a b"),
        PST_STR_INIT("/a\tb"),     PST_STR_INIT("/a\x7f"),    PST_STR_INIT("/a\0b"),
        PST_STR_INIT("/\xc3\xa9"), PST_STR_INIT("/a#b"),      PST_STR_INIT("/a?b"),
        PST_STR_INIT("/a|b"),      PST_STR_INIT("/a<b"),      PST_STR_INIT("/a\"b"),
        PST_STR_INIT("/a[1]"),     PST_STR_INIT("/a^b"),      PST_STR_INIT("/a`b"),
        PST_STR_INIT("/a{b}"),
    };
    EACH(good, pst_h1_path_valid, true);
    EACH(bad, pst_h1_path_valid, false);
}

static void test_query(void **state)
{
    (void)state;
    static const struct pst_str good[] = {
        PST_STR_INIT(""),        PST_STR_INIT("a=b&c=d"),
        PST_STR_INIT("a=/?:@;"), PST_STR_INIT("include%5B%5D=x%0a"),
        PST_STR_INIT("../.."),
    };
    static const struct pst_str bad[] = {
        PST_STR_INIT("a b"),  PST_STR_INIT("a#b"),  PST_STR_INIT("a%"),   PST_STR_INIT("a%0"),
        PST_STR_INIT("a%00"), PST_STR_INIT("a%xy"), PST_STR_INIT("\xe4"), PST_STR_INIT("a\\"),
        PST_STR_INIT("a\""),  PST_STR_INIT("a<"),   PST_STR_INIT("a|b"),  PST_STR_INIT("a\n"),
        PST_STR_INIT("a[]"),  PST_STR_INIT("a\0"),  PST_STR_INIT("a^"),   PST_STR_INIT("a\x7f"),
    };
    EACH(good, pst_h1_query_valid, true);
    EACH(bad, pst_h1_query_valid, false);
}

/* A row in the wrong place of the table would not be found. */
static void test_known(void **state)
{
    (void)state;
    static const struct pst_str names[] = {
        PST_STR_INIT("te"),
        PST_STR_INIT("date"),
        PST_STR_INIT("dpop"),
        PST_STR_INIT("from"),
        PST_STR_INIT("host"),
        PST_STR_INIT("range"),
        PST_STR_INIT("cookie"),
        PST_STR_INIT("expect"),
        PST_STR_INIT("origin"),
        PST_STR_INIT("api-key"),
        PST_STR_INIT("referer"),
        PST_STR_INIT("trailer"),
        PST_STR_INIT("upgrade"),
        PST_STR_INIT("location"),
        PST_STR_INIT("x-api-key"),
        PST_STR_INIT("connection"),
        PST_STR_INIT("keep-alive"),
        PST_STR_INIT("user-agent"),
        PST_STR_INIT("retry-after"),
        PST_STR_INIT("content-type"),
        PST_STR_INIT("max-forwards"),
        PST_STR_INIT("x-request-id"),
        PST_STR_INIT("authorization"),
        PST_STR_INIT("content-range"),
        PST_STR_INIT("content-length"),
        PST_STR_INIT("openai-project"),
        PST_STR_INIT("idempotency-key"),
        PST_STR_INIT("content-encoding"),
        PST_STR_INIT("anthropic-version"),
        PST_STR_INIT("transfer-encoding"),
        PST_STR_INIT("openai-organization"),
        PST_STR_INIT("proxy-authorization"),
    };
    uint64_t bits = 0;
    for (size_t i = 0; i < PST_LEN(names); i++) {
        const struct h1_known *known = pst_h1_known(names[i]);
        assert_non_null(known);
        assert_true(pst_str_eq(known->name, names[i]));
        assert_true(known->field > 0 && known->field < 64);
        assert_true((bits & UINT64_C(1) << known->field) == 0);
        bits |= UINT64_C(1) << known->field;
    }
    static const struct pst_str others[] = {
        PST_STR_INIT("x"),
        PST_STR_INIT("accept"),
        PST_STR_INIT("set-cookie"),
        PST_STR_INIT("proxy-authorizatiom"),
        PST_STR_INIT("a-name-of-20-bytes-x"),
        PST_STR_INIT("a-name-that-is-much-longer-than-the-table"),
    };
    for (size_t i = 0; i < PST_LEN(others); i++) {
        assert_null(pst_h1_known(others[i]));
    }
    assert_true(pst_h1_framing_field(PST_STR("Content-LENGTH")));
    assert_true(pst_h1_framing_field(PST_STR("te")));
    assert_false(pst_h1_framing_field(PST_STR("content-type")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables), cmocka_unit_test(test_token), cmocka_unit_test(test_value),
        cmocka_unit_test(test_host),   cmocka_unit_test(test_path),  cmocka_unit_test(test_query),
        cmocka_unit_test(test_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
