#include "base/test.h"

#include "base/test_heap.h"
#include "wire/json_out.h"
#include "wire/test_json_help.h"

#include <stdlib.h>

static const struct pst_json_config plain = {
    .limits = {.bytes = 1U << 20,
               .depth = 64,
               .nodes = 100000,
               .string_bytes = 1U << 20,
               .name_bytes = 256},
    .seed = 7,
};

#define assert_code(text, code)                                                                    \
    assert_int_equal(test_json_code(&plain, PST_STR(text), NULL), PST_E_##code)

static void values_of_every_type(void **state)
{
    (void)state;
    assert_code("null", NONE);
    assert_code(" true ", NONE);
    assert_code("\t\r\nfalse\r\n", NONE);
    assert_code("0", NONE);
    assert_code("-12.5e+3", NONE);
    assert_code("\"\"", NONE);
    assert_code("\"text\"", NONE);
    assert_code("[]", NONE);
    assert_code("{}", NONE);
    assert_code("[1,\"a\",null,true,false,[],{},[[1]],{\"\":{}}]", NONE);
    assert_code("{\"a\":1,\"b\":[2,3],\"c\":{\"d\":\"e\"},\"f\":\"\"}", NONE);
    assert_code(" [ 1 , { \"a\" : \"b\" } ] ", NONE);
}

static void the_tree_has_order_spans_and_text(void **state)
{
    (void)state;
    struct pst_arena arena;
    pst_arena_init(&arena, 1024, 1U << 16);
    struct pst_str text = PST_STR("\n {\"b\": [1, -2.50],\n\"a\" : \"x\\ny\"} ");
    struct pst_json *root = pst_json_parse(&plain, &arena, text, NULL);
    struct pst_buf out;
    pst_buf_init(&out, 4096);
    test_json_dump(&out, root);
    assert_str(pst_buf_str(&out), "6 @2+31 known=0 opaque=0 count=2 name=0:\n"
                                  "5 @8+10 known=0 opaque=0 count=2 name=1:b\n"
                                  "3 @9+1 known=0 opaque=0 count=0 name=0: text=1:1\n"
                                  "3 @12+5 known=0 opaque=0 count=0 name=0: text=5:-2.50\n"
                                  "end\n"
                                  "4 @26+6 known=0 opaque=0 count=0 name=1:a text=3:x\ny\n"
                                  "end\n");
    pst_buf_release(&out);
    pst_arena_release(&arena);
}

static void what_is_not_json_is_refused(void **state)
{
    (void)state;
    assert_code("", JSON_SYNTAX);
    assert_code("  ", JSON_SYNTAX);
    assert_code("nul", JSON_SYNTAX);
    assert_code("nulL", JSON_SYNTAX);
    assert_code("True", JSON_SYNTAX);
    assert_code("NaN", JSON_SYNTAX);
    assert_code("Infinity", JSON_SYNTAX);
    assert_code("1 2", JSON_SYNTAX);
    assert_code("{} x", JSON_SYNTAX);
    assert_code("{}{}", JSON_SYNTAX);
    assert_code("[1]\0", JSON_SYNTAX);
    assert_code("[1,]", JSON_SYNTAX);
    assert_code("[,1]", JSON_SYNTAX);
    assert_code("[1 2]", JSON_SYNTAX);
    assert_code("[1", JSON_SYNTAX);
    assert_code("[1}", JSON_SYNTAX);
    assert_code("{\"a\":1]", JSON_SYNTAX);
    assert_code("]", JSON_SYNTAX);
    assert_code("}", JSON_SYNTAX);
    assert_code("{\"a\"}", JSON_SYNTAX);
    assert_code("{\"a\":}", JSON_SYNTAX);
    assert_code("{\"a\" 1}", JSON_SYNTAX);
    assert_code("{\"a\":1,}", JSON_SYNTAX);
    assert_code("{,\"a\":1}", JSON_SYNTAX);
    assert_code("{a:1}", JSON_SYNTAX);
    assert_code("{'a':1}", JSON_SYNTAX);
    assert_code("{1:1}", JSON_SYNTAX);
    assert_code("[1]//x", JSON_SYNTAX);
    assert_code("/**/[1]", JSON_SYNTAX);
    assert_code("[1]\f", JSON_SYNTAX);
    assert_code("\v[1]", JSON_SYNTAX);
    assert_code("[1]\xc2\xa0", JSON_SYNTAX);
    assert_code("\xef\xbb\xbf{}", JSON_SYNTAX);
    assert_code("\xff\xfe{\0}\0", JSON_SYNTAX);
    assert_code("+1", JSON_SYNTAX);
    assert_code("01", JSON_SYNTAX);
    assert_code("1.", JSON_SYNTAX);
    assert_code("[.5]", JSON_SYNTAX);
    assert_code("[-]", JSON_SYNTAX);
    assert_code("[1e]", JSON_SYNTAX);
    assert_code("[0x10]", JSON_SYNTAX);
    assert_code("[1-2]", JSON_SYNTAX);
}

static void errors_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line, column;
        const char *message;
    } cases[] = {
        {"[1,\n 2,\n  x]", 3, 3, "a value was expected (line 3, column 3, offset 10)"},
        {"x", 1, 1, "a value was expected (line 1, column 1, offset 0)"},
        {"{\"a\":1,\r\n\"a\":2}", 2, 1, "a member name is repeated (line 2, column 1, offset 9)"},
        {"[\n1", 2, 2, "the text ends too early (line 2, column 2, offset 3)"},
        {"[\"ab\ncd\"]", 1, 5, "a control character in a string (line 1, column 5, offset 4)"},
        {"[\n\"\xff\"]", 2, 1, "a string is not valid UTF-8 (line 2, column 1, offset 2)"},
        {"\n\n[01]", 3, 2, "not a valid number (line 3, column 2, offset 3)"},
        {"[1]\n\n]", 3, 1, "more bytes behind the value (line 3, column 1, offset 5)"},
    };
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        struct pst_err err = {0};
        assert_int_not_equal(test_json_code(&plain, pst_str_c(cases[i].text), &err), PST_E_NONE);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(err.line, cases[i].line);
        assert_int_equal(err.column, cases[i].column);
    }
}

/* --- limits -------------------------------------------------------------------------------------
 */

static enum pst_error repeated(const struct pst_json_config *config, const char *unit, size_t n,
                               const char *tail)
{
    struct pst_buf text;
    pst_buf_init(&text, 64U << 20);
    for (size_t i = 0; i < n; i++) {
        assert_true(pst_buf_add(&text, pst_str_c(unit)));
    }
    assert_true(pst_buf_add(&text, pst_str_c(tail)));
    const enum pst_error code = test_json_code(config, pst_buf_str(&text), NULL);
    pst_buf_release(&text);
    return code;
}

static void depth_is_limited(void **state)
{
    (void)state;
    assert_int_equal(repeated(&plain, "[", 64, ""), PST_E_JSON_SYNTAX);
    assert_int_equal(repeated(&plain, "[", 65, ""), PST_E_JSON_DEPTH);
    assert_int_equal(repeated(&plain, "[", 100000, ""), PST_E_JSON_DEPTH);
    assert_int_equal(repeated(&plain, "[{\"\":", 50000, ""), PST_E_JSON_DEPTH);
    struct pst_json_config c = plain;
    c.limits.depth = 0;
    assert_int_equal(test_json_code(&c, PST_STR("1"), NULL), PST_E_NONE);
    assert_int_equal(test_json_code(&c, PST_STR("[]"), NULL), PST_E_JSON_DEPTH);
    c.limits.depth = PST_JSON_DEPTH_MAX;
    assert_int_equal(repeated(&c, "[", PST_JSON_DEPTH_MAX, "1"), PST_E_JSON_SYNTAX);
    assert_int_equal(repeated(&c, "[", PST_JSON_DEPTH_MAX + 1, "1"), PST_E_JSON_DEPTH);
    c.limits.depth = PST_JSON_DEPTH_MAX + 1;
    struct pst_json_parser p;
    struct pst_arena arena;
    pst_arena_init(&arena, 64, 1024);
    assert_dies(pst_json_init(&p, &c, &arena));
}

static void counts_and_lengths_are_limited(void **state)
{
    (void)state;
    struct pst_json_config c = plain;
    c.limits = (struct pst_json_limits){
        .bytes = 40, .depth = 3, .nodes = 4, .string_bytes = 5, .name_bytes = 3};
    static const struct {
        const char *text;
        enum pst_error code;
    } cases[] = {
        {"[1,2,3]", PST_E_NONE},
        {"[1,2,3,4]", PST_E_JSON_LIMIT},
        {"[[],{},\"\"]", PST_E_NONE},
        {"[[],{},\"\",null]", PST_E_JSON_LIMIT},
        {"\"12345\"", PST_E_NONE},
        {"\"123456\"", PST_E_JSON_LIMIT},
        {"\"\\u00e9\\u00e9x\"", PST_E_NONE},
        {"\"\\u00e9\\u00e9\\u00e9\"", PST_E_JSON_LIMIT},
        {"\"123456", PST_E_JSON_LIMIT},
        {"\"123456\x01", PST_E_JSON_LIMIT},
        {"\"12345\x01", PST_E_JSON_SYNTAX},
        {"\"1234\\n\"", PST_E_NONE},
        {"\"12345\\n\"", PST_E_JSON_LIMIT},
        {"{\"abc\":\"12345\"}", PST_E_NONE},
        {"{\"abcd\":1}", PST_E_JSON_LIMIT},
        {"                                       1", PST_E_NONE},
        {"                                        1", PST_E_BODY_TOO_LARGE},
        {"1                                        ", PST_E_BODY_TOO_LARGE},
        {"x                                             ", PST_E_JSON_SYNTAX},
    };
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        if (test_json_code(&c, pst_str_c(cases[i].text), NULL) != cases[i].code) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void long_numbers_are_refused(void **state)
{
    (void)state;
    assert_int_equal(repeated(&plain, "1", PST_JSON_NUMBER_MAX, ""), PST_E_NONE);
    assert_int_equal(repeated(&plain, "1", PST_JSON_NUMBER_MAX + 1, ""), PST_E_JSON_LIMIT);
    assert_int_equal(repeated(&plain, "-", 5000, "]"), PST_E_JSON_LIMIT);
}

static void an_endless_token_is_not_held(void **state)
{
    (void)state;
    struct pst_json_config c = plain;
    c.limits.bytes = UINT32_MAX;
    c.limits.string_bytes = 1000;
    struct pst_arena arena;
    pst_arena_init(&arena, 64, 4096);
    struct pst_json_parser p;
    pst_json_init(&p, &c, &arena);
    static const uint8_t block[4096] = "\"";
    uint8_t text[4096];
    memset(text, 'a', sizeof text);
    assert_int_equal(pst_json_feed(&p, pst_str_of(block, 1), NULL), PST_AGAIN);
    struct pst_err err = {0};
    assert_int_equal(pst_json_feed(&p, pst_str_of(text, 1000), &err), PST_AGAIN);
    assert_int_equal(pst_json_feed(&p, pst_str_of(text, sizeof text), &err), PST_ERR);
    assert_int_equal(err.code, PST_E_JSON_LIMIT);
    assert_true(p.spill.size <= 1000);
    pst_json_release(&p);
    pst_arena_release(&arena);
}

/* --- memory -------------------------------------------------------------------------------------
 */

static const char rich[] =
    "{\"model\":\"gpt\\u002d4\",\"messages\":[{\"role\":\"user\",\"content\":\"h\\u00e9llo \\ud83d"
    "\\ude00\"},1,2,3,4,5,6,7,8,9,null,true,false,1.5e3],\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,"
    "\"f\":6,\"g\":7,\"h\":8,\"i\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,"
    "\"h\":8,\"i\":9,\"j\":10}}";

static enum pst_status feed_bytes(struct pst_json_parser *p, struct pst_str text,
                                  struct pst_err *err)
{
    for (size_t i = 0; i < text.n; i++) {
        if (pst_json_feed(p, pst_str_cut(text, i, 1), err) == PST_ERR) {
            return PST_ERR;
        }
    }
    return pst_json_finish(p, err);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const struct pst_str text = pst_str_c(rich);
    bool passed = false;
    for (size_t nth = 1; !passed; nth++) {
        struct pst_arena arena;
        pst_arena_init(&arena, 64, 1U << 20);
        struct pst_json_parser p;
        struct pst_err err = {0};
        pst_json_init(&p, &plain, &arena);
        test_heap_fail_from(nth);
        const enum pst_status status = feed_bytes(&p, text, &err);
        test_heap_fail_from(0);
        passed = status == PST_OK;
        assert_true(passed || err.code == PST_E_NO_MEMORY);
        assert_true(nth < 100);
        pst_json_release(&p);
        pst_arena_release(&arena);
        assert_true(nth > 3 || !passed);
    }
}

static void an_arena_may_be_too_small(void **state)
{
    (void)state;
    for (size_t cap = 64;; cap += 16) {
        struct pst_arena arena;
        struct pst_err err = {0};
        pst_arena_init(&arena, 64, cap);
        const struct pst_json *root = pst_json_parse(&plain, &arena, pst_str_c(rich), &err);
        pst_arena_release(&arena);
        if (root != NULL) {
            break;
        }
        assert_int_equal(err.code, PST_E_NO_MEMORY);
        assert_true(cap < 1U << 16);
    }
}

static void stable_text_is_not_copied(void **state)
{
    (void)state;
    struct pst_json_config c = plain;
    c.stable = true;
    struct pst_arena arena;
    pst_arena_init(&arena, 4096, 1U << 20);
    const struct pst_str text = PST_STR(
        "{\"plain\":\"text\",\"esc\\u0061ped\":\"a\\nb\",\"n\":12}");
    const struct pst_json *root = pst_json_parse(&c, &arena, text, NULL);
    const struct pst_json *v = PST_JSON_GET(root, "plain");
    assert_ptr_equal(v->name.p, &text.p[2]);
    assert_ptr_equal(v->text.p, &text.p[10]);
    assert_ptr_equal(PST_JSON_GET(root, "n")->text.p, &text.p[text.n - 3]);
    assert_str(PST_JSON_GET(root, "escaped")->text, "a\nb");
    pst_arena_release(&arena);
}

static void the_whole_answer_comes_early(void **state)
{
    (void)state;
    struct pst_arena arena;
    pst_arena_init(&arena, 4096, 1U << 20);
    struct pst_json_parser p;
    pst_json_init(&p, &plain, &arena);
    assert_int_equal(pst_json_feed(&p, PST_STR(""), NULL), PST_AGAIN);
    assert_int_equal(pst_json_feed(&p, PST_STR("{\"a\":"), NULL), PST_AGAIN);
    assert_int_equal(pst_json_feed(&p, PST_STR("1}"), NULL), PST_OK);
    assert_int_equal(pst_json_feed(&p, PST_STR("\r\n"), NULL), PST_OK);
    assert_int_equal(pst_json_finish(&p, NULL), PST_OK);
    assert_int_equal(p.root->type, PST_JSON_OBJECT);
    pst_json_release(&p);
    pst_json_init(&p, &plain, &arena);
    assert_int_equal(pst_json_feed(&p, PST_STR("12"), NULL), PST_AGAIN);
    assert_int_equal(pst_json_feed(&p, PST_STR("3"), NULL), PST_AGAIN);
    assert_int_equal(pst_json_finish(&p, NULL), PST_OK);
    assert_str(p.root->text, "123");
    pst_json_release(&p);
    pst_json_release(NULL);
    pst_arena_release(&arena);
}

static void a_sensible_configuration_takes_a_request(void **state)
{
    (void)state;
    const struct pst_json_config c = pst_json_config_of(1U << 20, 99);
    assert_int_equal(test_json_code(&c, pst_str_c(rich), NULL), PST_E_NONE);
    assert_int_equal(c.limits.bytes, 1U << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_every_type),
        cmocka_unit_test(the_tree_has_order_spans_and_text),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(counts_and_lengths_are_limited),
        cmocka_unit_test(long_numbers_are_refused),
        cmocka_unit_test(an_endless_token_is_not_held),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(an_arena_may_be_too_small),
        cmocka_unit_test(stable_text_is_not_copied),
        cmocka_unit_test(the_whole_answer_comes_early),
        cmocka_unit_test(a_sensible_configuration_takes_a_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
