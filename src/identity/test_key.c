#include "base/enc.h"
#include "base/test.h"
#include "crypto/hash.h"
#include "identity/key.h"

static void counting(uint8_t random[40])
{
    for (size_t i = 0; i < 40; i++) {
        random[i] = (uint8_t)i;
    }
}

/* The form is a contract with every stored key and every scanner rule: it never changes. */
static void test_fixed(void **state)
{
    (void)state;
    uint8_t random[40];
    struct pst_key_text key, back;
    char text[PST_KEY_CHARS + 1];
    counting(random);
    pst_key_make(random, &key);
    pst_key_format(&key, text);
    assert_int_equal(strlen(text), PST_KEY_CHARS);
    assert_int_equal(strncmp(text, "pst_", 4), 0);
    assert_int_equal(text[16], '_');
    assert_memory_equal(&text[17], "CAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJic", 43);
    assert_true(pst_key_parse(pst_str_c(text), &back));
    assert_null(pst_key_fault(pst_str_c(text)));
    assert_string_equal(back.id, key.id);
    assert_memory_equal(back.secret, &random[8], 32);
    uint8_t hash[32], want[32];
    pst_key_hash(&key, hash);
    pst_sha256(pst_str_of(&random[8], 32), want);
    assert_memory_equal(hash, want, 32);
}

static void test_round(void **state)
{
    (void)state;
    uint32_t x = 12345;
    for (int round = 0; round < 2000; round++) {
        uint8_t random[40];
        struct pst_key_text key, back;
        char text[PST_KEY_CHARS + 1];
        for (size_t i = 0; i < 40; i++) {
            x = x * 1103515245 + 12345;
            random[i] = (uint8_t)(round == 0 ? 0 : round == 1 ? 255 : x >> 16);
        }
        pst_key_make(random, &key);
        assert_true(pst_key_id_valid(pst_str_c(key.id)));
        pst_key_format(&key, text);
        assert_true(pst_key_parse(pst_str_c(text), &back));
        assert_null(pst_key_fault(pst_str_c(text)));
        assert_memory_equal(&key, &back, sizeof key);
    }
}

/* Every single wrong character and every swap of neighbours is told offline. */
static void test_typos(void **state)
{
    (void)state;
    uint8_t random[40];
    struct pst_key_text key, back = {.id = "untouched"};
    char text[PST_KEY_CHARS + 1], typo[PST_KEY_CHARS + 1];
    counting(random);
    pst_key_make(random, &key);
    pst_key_format(&key, text);
    for (size_t at = 0; at < PST_KEY_CHARS; at++) {
        for (int c = 1; c < 256; c++) {
            memcpy(typo, text, sizeof typo);
            typo[at] = (char)c;
            bool same = text[at] == (char)c;
            assert_true(pst_key_parse(pst_str_c(typo), &back) == same);
        }
        if (at > 0 && text[at] != text[at - 1]) {
            memcpy(typo, text, sizeof typo);
            typo[at] = text[at - 1];
            typo[at - 1] = text[at];
            assert_false(pst_key_parse(pst_str_c(typo), &back));
        }
    }
    for (size_t n = 0; n < PST_KEY_CHARS; n++) {
        assert_false(pst_key_parse(pst_str_of(text, n), &back));
        assert_non_null(pst_key_fault(pst_str_of(text, n)));
    }
    assert_false(pst_key_parse(pst_str_of(text, sizeof text), &back));
    assert_non_null(strstr(pst_key_fault(PST_STR("sk-1234")), "pst_"));
    assert_non_null(strstr(pst_key_fault(pst_str_of(text, 60)), "copied whole"));
    text[20] = text[20] == 'A' ? 'B' : 'A';
    assert_non_null(strstr(pst_key_fault(pst_str_c(text)), "mistyped"));
}

/* A right checksum does not make a wrong form right. */
static void test_forged_sum(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char *const heads[] = {
        "pst_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", /* unused bits set */
        "pst_00000000000o_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", /* no such digit */
        "pst_00000000000A_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "pst_000000000000-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "pst_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "pst_000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
    };
    for (size_t i = 0; i < PST_LEN(heads); i++) {
        char text[PST_KEY_CHARS + 1] = {0};
        struct pst_key_text key;
        memcpy(text, heads[i], 60);
        uint32_t sum = pst_crc32c(0, pst_str_of(text, 60));
        for (size_t k = 6; k > 0; k--) {
            text[60 + k - 1] = alphabet[sum % 62];
            sum /= 62;
        }
        assert_false(pst_key_parse(pst_str_c(text), &key));
        assert_string_equal(pst_key_fault(pst_str_c(text)), "the key is not well formed");
    }
    assert_false(pst_key_id_valid(PST_STR("")));
    assert_false(pst_key_id_valid(PST_STR("00000000000\0")));
    assert_true(pst_key_id_valid(PST_STR("0123456789ab")));
}

/* What is quoted of a text holds no secret, wherever a key stands in it. */
static void test_cut(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", ""},
        {"/v1/models/m", "/v1/models/m"},
        {"pst_0123456789ab_SECRET", "pst_0123456789ab_"},
        {"/v1/models/pst_0123456789ab_SECRET/x", "/v1/models/pst_0123456789ab_"},
        {"pst_0123456789ab", "pst_0123456789ab"},
        {"pst_0123456789ab_", "pst_0123456789ab_"},
        {"pst_pst_0123456789ab_S", "pst_pst_0123456789ab_"},
        {"pst_0123456789a_pst_0123456789ab_S", "pst_0123456789a_pst_0123456789ab_"},
        {"pst_0123456789aB_S", "pst_0123456789aB_S"},
        {"PST_0123456789ab_S", "PST_0123456789ab_S"},
        {"a pst_", "a pst_"},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        assert_true(pst_str_eq(pst_key_cut(pst_str_c(rows[i][0])), pst_str_c(rows[i][1])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed), cmocka_unit_test(test_round),
        cmocka_unit_test(test_typos), cmocka_unit_test(test_forged_sum),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
