#include "base/test.h"

#include "base/enc.h"
#include "base/test_heap.h"

static void hex(void **state)
{
    (void)state;
    const uint8_t in[4] = {0x00, 0x0f, 0xa5, 0xff};
    char text[8];
    pst_hex_put(in, 4, text);
    assert_memory_equal(text, "000fa5ff", 8);
    uint8_t out[4] = {9, 9, 9, 9};
    assert_true(pst_hex_get(PST_STR("000FA5ff"), out, 4));
    assert_memory_equal(out, in, 4);
    const char *bad[] = {"000fa5f", "000fa5fff", "000fa5fg",  "000fa5f ",
                         "",        "0x0fa5ff",  "000fa5ff00"};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_false(pst_hex_get(pst_str_c(bad[i]), out, 4));
    }
    assert_memory_equal(out, in, 4);
    assert_true(pst_hex_get(PST_STR(""), out, 0));
    for (int c = 0; c < 256; c++) {
        uint8_t pair[2] = {'0', (uint8_t)c};
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        assert_int_equal(pst_hex_get(pst_str_of(pair, 2), out, 1), digit);
    }
}

static void base64_known(void **state)
{
    (void)state;
    /* RFC 4648 §10 */
    const char *plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    const char *coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    const char *url[] = {"", "Zg", "Zm8", "Zm9v", "Zm9vYg", "Zm9vYmE", "Zm9vYmFy"};
    for (size_t i = 0; i < PST_LEN(plain); i++) {
        struct pst_buf b;
        pst_buf_init(&b, 64);
        uint8_t out[16];
        size_t n = 99;
        assert_true(pst_b64_put(&b, PST_B64_STD, pst_str_c(plain[i])));
        assert_true(pst_str_eq(pst_buf_str(&b), pst_str_c(coded[i])));
        pst_buf_clear(&b);
        assert_true(pst_b64_put(&b, PST_B64_URL, pst_str_c(plain[i])));
        assert_true(pst_str_eq(pst_buf_str(&b), pst_str_c(url[i])));
        assert_true(pst_b64_get(pst_str_c(coded[i]), PST_B64_STD, out, 16, &n));
        assert_true(pst_str_eq(pst_str_of(out, n), pst_str_c(plain[i])));
        assert_true(pst_b64_get(pst_str_c(url[i]), PST_B64_URL, out, 16, &n));
        assert_true(pst_str_eq(pst_str_of(out, n), pst_str_c(plain[i])));
        pst_buf_release(&b);
    }
}

static void base64_refuses(void **state)
{
    (void)state;
    const char *bad_std[] = {"Zg",       "Zg=",  "Zg===", "Z===",        "====",   "=",
                             "Zh==",     "Zm9=", "Zm9v=", "Zm 9v",       "Zm9v\n", "Zm-_",
                             "Zg==Zm9v", "Zg=x", "Z",     "Zm9vZg======"};
    const char *bad_url[] = {"Zg==", "Zh", "Zm9", "Z", "Zm+/", "Zm9v\n", " Zm9v", "Zm8=", "="};
    uint8_t out[32] = {7};
    size_t n = 99;
    for (size_t i = 0; i < PST_LEN(bad_std); i++) {
        assert_false(pst_b64_get(pst_str_c(bad_std[i]), PST_B64_STD, out, 32, &n));
    }
    for (size_t i = 0; i < PST_LEN(bad_url); i++) {
        assert_false(pst_b64_get(pst_str_c(bad_url[i]), PST_B64_URL, out, 32, &n));
    }
    assert_false(pst_b64_get(PST_STR("Zm9v"), PST_B64_STD, out, 2, &n));
    assert_false(pst_b64_get(PST_STR("Zm\0v"), PST_B64_STD, out, 32, &n));
    assert_int_equal(n, 99);
    assert_int_equal(out[0], 7);
    assert_true(pst_b64_get(PST_STR("Zm9v"), PST_B64_STD, out, 3, &n));
}

static void base64_round_trip(void **state)
{
    (void)state;
    uint8_t in[260], out[260];
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i * 151 + 3);
    }
    struct pst_buf b;
    pst_buf_init(&b, 1024);
    for (size_t len = 0; len <= sizeof in; len++) {
        for (int a = 0; a < 2; a++) {
            enum pst_b64 alphabet = a == 0 ? PST_B64_STD : PST_B64_URL;
            pst_buf_clear(&b);
            size_t n = 0;
            assert_true(pst_b64_put(&b, alphabet, pst_str_of(in, len)));
            assert_true(pst_b64_get(pst_buf_str(&b), alphabet, out, sizeof out, &n));
            assert_int_equal(n, len);
            assert_memory_equal(out, in, len);
        }
    }
    /* one text per value: every accepted text of four characters encodes back to itself */
    for (uint32_t v = 0; v < 1U << 16; v++) {
        uint8_t text[3] = {(uint8_t)(v & 127), (uint8_t)(v >> 7 & 127), 'A'};
        size_t n = 0;
        for (size_t len = 2; len <= 3; len++) {
            if (pst_b64_get(pst_str_of(text, len), PST_B64_URL, out, 3, &n)) {
                pst_buf_clear(&b);
                assert_true(pst_b64_put(&b, PST_B64_URL, pst_str_of(out, n)));
                assert_true(pst_str_eq(pst_buf_str(&b), pst_str_of(text, len)));
            }
        }
    }
    pst_buf_release(&b);
    pst_buf_init(&b, 3);
    assert_false(pst_b64_put(&b, PST_B64_STD, PST_STR("abc")));
    assert_true(b.failed && b.n == 0);
    pst_buf_release(&b);
    pst_buf_init(&b, 64);
    test_heap_fail_from(1);
    bool ok = pst_b64_put(&b, PST_B64_STD, PST_STR("abc"));
    test_heap_fail_from(0);
    assert_false(ok);
    pst_buf_release(&b);
}

static void ids(void **state)
{
    (void)state;
    const uint64_t values[] = {0, 1, 31, 32, 0x123456789ABCDEF0, UINT64_MAX - 1, UINT64_MAX};
    char last[PST_ID_CHARS] = {0};
    for (size_t i = 0; i < PST_LEN(values); i++) {
        char text[PST_ID_CHARS];
        uint64_t back = 42;
        pst_id_put(values[i], text);
        assert_true(pst_id_get(pst_str_of(text, sizeof text), &back));
        assert_true(back == values[i]);
        assert_true(memcmp(last, text, sizeof text) < 0);
        memcpy(last, text, sizeof text);
    }
    assert_memory_equal(last, "FZZZZZZZZZZZZ", 13);
    uint64_t v = 42;
    const char *bad[] = {"",
                         "000000000000",
                         "00000000000000",
                         "G000000000000",
                         "ZZZZZZZZZZZZZ",
                         "000000000000I",
                         "000000000000L",
                         "000000000000O",
                         "000000000000U",
                         "000000000000a",
                         "000000000000-"};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_false(pst_id_get(pst_str_c(bad[i]), &v));
    }
    assert_false(pst_id_get(PST_STR("000000\0000000"), &v));
    assert_true(v == 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex),
        cmocka_unit_test(base64_known),
        cmocka_unit_test(base64_refuses),
        cmocka_unit_test(base64_round_trip),
        cmocka_unit_test(ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
