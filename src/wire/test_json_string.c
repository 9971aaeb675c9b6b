#include "base/test.h"

#include "wire/test_json_help.h"

static const struct pst_json_config plain = {
    .limits = {.bytes = 1U << 20,
               .depth = 64,
               .nodes = 1000,
               .string_bytes = 1U << 20,
               .name_bytes = 256},
};

/* The decoded string of a text that is one; the code else. */
static void assert_decodes(struct pst_str text, struct pst_str want)
{
    struct pst_arena arena;
    pst_arena_init(&arena, 1024, 1U << 20);
    assert_int_equal(test_json_code(&plain, text, NULL), PST_E_NONE);
    const struct pst_json *v = pst_json_parse(&plain, &arena, text, NULL);
    assert_non_null(v);
    assert_true(pst_str_eq(v->text, want));
    pst_arena_release(&arena);
}
#define DECODES(text, want) assert_decodes(PST_STR(text), PST_STR(want))
#define REFUSED(text, code)                                                                        \
    assert_int_equal(test_json_code(&plain, PST_STR(text), NULL), PST_E_##code)

static void escapes_decode(void **state)
{
    (void)state;
    DECODES("\"\"", "");
    DECODES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
    DECODES("\"a\\u0000b\"", "a\0b");
    DECODES("\"\\u0041\\u00e9\\u20AC\\uFFFF\"", "A\xc3\xa9\xe2\x82\xac\xef\xbf\xbf");
    DECODES("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80");
    DECODES("\"\\uDBFF\\uDFFF\\uD800\\uDC00\"", "\xf4\x8f\xbf\xbf\xf0\x90\x80\x80");
    DECODES("\"\\\\u0041\"", "\\u0041");
    DECODES("\"\x7f\"", "\x7f");
    DECODES("\"\\u001f\"", "\x1f");
    DECODES("\"0123456789abcdef0123456789abcdef\\n0123456789abcdef\"",
            "0123456789abcdef0123456789abcdef\n0123456789abcdef");
}

static void utf8_is_kept(void **state)
{
    (void)state;
    DECODES("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    DECODES("\"0123456789abcde\xc3\xa9 0123456789abcde\xc3\xa9\"",
            "0123456789abcde\xc3\xa9 0123456789abcde\xc3\xa9");
    DECODES("\"\xef\xbb\xbf\xef\xbf\xbe\"", "\xef\xbb\xbf\xef\xbf\xbe");
}

static void bad_escapes_are_refused(void **state)
{
    (void)state;
    REFUSED("\"\\x41\"", JSON_SYNTAX);
    REFUSED("\"\\U0041\"", JSON_SYNTAX);
    REFUSED("\"\\'\"", JSON_SYNTAX);
    REFUSED("\"\\\n\"", JSON_SYNTAX);
    REFUSED("\"\\0\"", JSON_SYNTAX);
    REFUSED("\"\\\"", JSON_SYNTAX);
    REFUSED("\"\\", JSON_SYNTAX);
    REFUSED("\"\\u", JSON_SYNTAX);
    REFUSED("\"\\u004\"", JSON_SYNTAX);
    REFUSED("\"\\u00g0\"", JSON_SYNTAX);
    REFUSED("\"\\u+041\"", JSON_SYNTAX);
    REFUSED("\"\\u 041\"", JSON_SYNTAX);
    REFUSED("\"\\u004\xef\xbc\x91\"", JSON_SYNTAX);
    REFUSED("\"", JSON_SYNTAX);
    REFUSED("\"abc", JSON_SYNTAX);
}

static void control_characters_are_refused(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 0x20; b++) {
        /* at each place of a 16-byte step */
        for (size_t at = 1; at <= 20; at++) {
            uint8_t text[24] = "\"aaaaaaaaaaaaaaaaaaaaaa\"";
            text[at] = (uint8_t)b;
            struct pst_err err = {0};
            assert_int_equal(test_json_code(&plain, pst_str_of(text, 24), &err), PST_E_JSON_SYNTAX);
            assert_int_equal(err.column, at + 1);
        }
    }
}

static void lone_surrogates_are_refused(void **state)
{
    (void)state;
    REFUSED("\"\\ud800\"", JSON_UTF8);
    REFUSED("\"\\udc00\"", JSON_UTF8);
    REFUSED("\"\\ud800a\"", JSON_UTF8);
    REFUSED("\"\\ud800\\n\"", JSON_UTF8);
    REFUSED("\"\\ud800\\u0041\"", JSON_UTF8);
    REFUSED("\"\\ud800\\ud800\"", JSON_UTF8);
    REFUSED("\"\\ud800\\ud800\\udc00\"", JSON_UTF8);
    REFUSED("\"\\udc00\\ud800\"", JSON_UTF8);
    REFUSED("\"\\ud83d\\ude00\\ude00\"", JSON_UTF8);
    REFUSED("{\"\\ud800\":1}", JSON_UTF8);
    REFUSED("\"\\ud800\\u00\"", JSON_SYNTAX);
    REFUSED("\"\xed\xa0\x80\"", JSON_UTF8);
    REFUSED("\"\xed\xa0\xbd\xed\xb8\x80\"", JSON_UTF8);
}

static void ill_formed_utf8_is_refused(void **state)
{
    (void)state;
    REFUSED("\"\x80\"", JSON_UTF8);
    REFUSED("\"\xc0\x80\"", JSON_UTF8);
    REFUSED("\"\xc3\"", JSON_UTF8);
    REFUSED("\"\xff\"", JSON_UTF8);
    REFUSED("\"\xf4\x90\x80\x80\"", JSON_UTF8);
    REFUSED("\"0123456789abcdef0123456789abcdef\xc3\"", JSON_UTF8);
    REFUSED("{\"\xc3\":1}", JSON_UTF8);
    /* a character may not be put together from a raw byte and an escape */
    REFUSED("\"\xc3\\u00a9\"", JSON_UTF8);
    REFUSED("\"\xc3\\n\xa9\"", JSON_UTF8);
    REFUSED("\"\\u00c3\xa9\"", JSON_UTF8);
    REFUSED("\"\\n\xa9\"", JSON_UTF8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_decode),
        cmocka_unit_test(utf8_is_kept),
        cmocka_unit_test(bad_escapes_are_refused),
        cmocka_unit_test(control_characters_are_refused),
        cmocka_unit_test(lone_surrogates_are_refused),
        cmocka_unit_test(ill_formed_utf8_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
