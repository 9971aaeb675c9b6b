#include "base/test.h"

#include "base/enc.h"
#include "base/test_heap.h"
#include "wire/json_out.h"
#include "wire/test_json_help.h"

#include <stdlib.h>

static const struct pst_json_config plain = {
    .limits = {.bytes = 1U << 20,
               .depth = PST_JSON_DEPTH_MAX,
               .nodes = 100000,
               .string_bytes = 1U << 20,
               .name_bytes = 1000},
};

static const struct pst_json *parse(struct pst_arena *arena, struct pst_str text)
{
    const struct pst_json *root = pst_json_parse(&plain, arena, text, NULL);
    assert_non_null(root);
    return root;
}

static void assert_forms(struct pst_str text, struct pst_str compact, struct pst_str canonical)
{
    struct pst_arena arena;
    struct pst_buf out;
    pst_arena_init(&arena, 1024, 1U << 20);
    pst_buf_init(&out, 1U << 20);
    const struct pst_json *root = parse(&arena, text);
    assert_int_equal(pst_json_write(root, &out, NULL), PST_OK);
    if (!pst_str_eq(pst_buf_str(&out), compact)) {
        fail_msg("compact: %.*s", PST_FMT(pst_buf_str(&out)));
    }
    pst_buf_clear(&out);
    assert_int_equal(pst_json_write_canonical(root, &arena, &out, NULL), PST_OK);
    if (!pst_str_eq(pst_buf_str(&out), canonical)) {
        fail_msg("canonical: %.*s", PST_FMT(pst_buf_str(&out)));
    }
    pst_buf_release(&out);
    pst_arena_release(&arena);
}
#define FORMS(text, compact, canonical)                                                            \
    assert_forms(PST_STR(text), PST_STR(compact), PST_STR(canonical))

static void trees_are_written(void **state)
{
    (void)state;
    FORMS(" null ", "null", "null");
    FORMS("[ ]", "[]", "[]");
    FORMS("{ }", "{}", "{}");
    FORMS("[[ ], {}, [[1]], true, false]", "[[],{},[[1]],true,false]", "[[],{},[[1]],true,false]");
    FORMS("{\"b\": {\"d\": 1, \"c\": []}, \"a\": [ {} , 2 ]}",
          "{\"b\":{\"d\":1,\"c\":[]},\"a\":[{},2]}", "{\"a\":[{},2],\"b\":{\"c\":[],\"d\":1}}");
    FORMS("\"\\u0041\\/\\u000a\\u0000\"", "\"A/\\n\\u0000\"", "\"A/\\n\\u0000\"");
    FORMS("{\"\\u0022\":1,\"\":2}", "{\"\\\"\":1,\"\":2}", "{\"\":2,\"\\\"\":1}");
}

static void canonical_numbers(void **state)
{
    (void)state;
    FORMS("[1.0,-0,0.0,1e2,-1,123456789012345,1234567890123456789,0.1e-6,1e30]",
          "[1.0,-0,0.0,1e2,-1,123456789012345,1234567890123456789,0.1e-6,1e30]",
          "[1,0,0,100,-1,123456789012345,1234567890123456800,1e-7,1e+30]");
    struct pst_arena arena;
    struct pst_buf out;
    struct pst_err err = {0};
    pst_arena_init(&arena, 1024, 1U << 20);
    pst_buf_init(&out, 1000);
    (void)PST_BUF_LIT(&out, "before");
    const struct pst_json *root = parse(&arena, PST_STR("[1,1e400]"));
    assert_int_equal(pst_json_write_canonical(root, &arena, &out, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_JSON_LIMIT);
    assert_str(pst_buf_str(&out), "before");
    pst_buf_release(&out);
    pst_arena_release(&arena);
}

static void names_sort_by_utf16(void **state)
{
    (void)state;
    /* RFC 8785 §3.2.3: CR, 1, U+0080, U+00F6, U+20AC, U+1F600 (D83D DE00), U+FB33 */
    FORMS("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,"
          "\"\\u00f6\":7}",
          "{\"\xe2\x82\xac\":1,\"\\r\":2,\"\xef\xac\xb3\":3,\"1\":4,\"\xf0\x9f\x98\x80\":5,"
          "\"\xc2\x80\":6,\"\xc3\xb6\":7}",
          "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,"
          "\"\xf0\x9f\x98\x80\":5,\"\xef\xac\xb3\":3}");
    static const struct {
        const char *less, *more;
    } pairs[] = {
        {"", "a"},
        {"a", "aa"},
        {"Z", "a"},
        {"a", "\xc3\xa9"},
        {"\xed\x9f\xbf", "\xf0\x90\x80\x80"},     /* U+D7FF, U+10000 */
        {"\xf4\x8f\xbf\xbf", "\xee\x80\x80"},     /* U+10FFFF, U+E000 */
        {"\xf0\x90\x80\x80", "\xef\xbf\xbd"},     /* U+10000, U+FFFD */
        {"\xee\x80\x80", "\xef\xbf\xbd"},         /* U+E000, U+FFFD */
        {"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}, /* U+10000, U+10FFFF */
        {"x\xf0\x90\x80\x80", "x\xee\x80\x80"},   /* behind a common part */
        {"\xc3\xae", "\xc3\xaf"},
    };
    for (size_t i = 0; i < PST_LEN(pairs); i++) {
        const struct pst_str a = pst_str_c(pairs[i].less), b = pst_str_c(pairs[i].more);
        assert_true(pst_json_name_cmp(a, b) < 0);
        assert_true(pst_json_name_cmp(b, a) > 0);
        assert_int_equal(pst_json_name_cmp(a, a), 0);
    }
}

/* The order by definition: convert to UTF-16 and compare the units. */
static size_t utf16(struct pst_str s, uint16_t *ret)
{
    size_t at = 0, n = 0;
    uint32_t cp;
    size_t len;
    while ((len = pst_utf8_get(pst_str_from(s, at), &cp)) > 0) {
        at += len;
        if (cp >= 0x10000) {
            ret[n++] = (uint16_t)(0xd800 + ((cp - 0x10000) >> 10));
            cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
        }
        ret[n++] = (uint16_t)cp;
    }
    return n;
}

static void the_order_is_that_of_utf16_units(void **state)
{
    (void)state;
    static const uint32_t some[] = {0x41,   0x7f,   0x80,   0x7ff,  0x800,   0xd7ff,
                                    0xe000, 0xefff, 0xf000, 0xffff, 0x10000, 0x10ffff};
    uint64_t seed = 3;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[2][16];
        struct pst_str s[2];
        uint16_t units[2][8] = {{0}};
        size_t n[2];
        for (int k = 0; k < 2; k++) {
            size_t at = 0;
            for (uint64_t count = test_random(&seed) % 4; count > 0; count--) {
                at += pst_utf8_put(some[test_random(&seed) % PST_LEN(some)], &bytes[k][at]);
            }
            s[k] = pst_str_of(bytes[k], at);
            n[k] = utf16(s[k], units[k]);
        }
        int want = 0;
        for (size_t i = 0; want == 0 && (i < n[0] || i < n[1]); i++) {
            want = i >= n[0] ? -1 : i >= n[1] ? 1 : (int)units[0][i] - (int)units[1][i];
        }
        const int got = pst_json_name_cmp(s[0], s[1]);
        assert_true((got < 0) == (want < 0) && (got > 0) == (want > 0));
    }
}

static void what_was_written_parses_to_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"a\":[1,2.50,{\"b\":\"\\u0001\\ud83d\\ude00\\n\"}],\"\":{},\"c\":[[],[[]]]}",
        "[\"\\\"\",\"\\\\\",\"\\u2028\",\"\\u007f\",-0.0e-0]",
    };
    for (size_t i = 0; i < PST_LEN(texts); i++) {
        struct pst_arena arena;
        struct pst_buf first, second;
        pst_arena_init(&arena, 1024, 1U << 20);
        pst_buf_init(&first, 1000);
        pst_buf_init(&second, 1000);
        const struct pst_json *root = parse(&arena, pst_str_c(texts[i]));
        assert_int_equal(pst_json_write(root, &first, NULL), PST_OK);
        root = parse(&arena, pst_buf_str(&first));
        assert_int_equal(pst_json_write(root, &second, NULL), PST_OK);
        assert_true(pst_str_eq(pst_buf_str(&first), pst_buf_str(&second)));
        pst_buf_release(&first);
        pst_buf_release(&second);
        pst_arena_release(&arena);
    }
}

static void a_subtree_is_written_alone(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct pst_buf out;
    pst_arena_init(&arena, 1024, 1U << 20);
    pst_buf_init(&out, 1000);
    const struct pst_json *root = parse(&arena, PST_STR("{\"a\":[1,{\"x\":2}],\"b\":3}"));
    assert_int_equal(pst_json_write(PST_JSON_GET(root, "a"), &out, NULL), PST_OK);
    assert_str(pst_buf_str(&out), "[1,{\"x\":2}]");
    pst_buf_release(&out);
    pst_arena_release(&arena);
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct pst_buf out;
    struct pst_err err = {0};
    pst_arena_init(&arena, 1024, 1U << 20);
    pst_buf_init(&out, 10000);
    struct pst_json *v = pst_json_new(&arena, PST_JSON_ARRAY);
    assert_true(pst_json_append(v, pst_json_new(&arena, PST_JSON_NULL)));
    for (unsigned depth = 1; depth <= PST_JSON_DEPTH_MAX + 1; depth++) {
        pst_buf_clear(&out);
        const enum pst_status want = depth <= PST_JSON_DEPTH_MAX ? PST_OK : PST_ERR;
        assert_int_equal(pst_json_write(v, &out, &err), want);
        assert_int_equal(pst_json_write_canonical(v, &arena, &out, &err), want);
        struct pst_json *outer = pst_json_new(&arena, PST_JSON_ARRAY);
        assert_true(pst_json_append(outer, v));
        v = outer;
    }
    assert_int_equal(err.code, PST_E_JSON_DEPTH);
    assert_int_equal(out.n, 0);
    pst_buf_release(&out);
    pst_arena_release(&arena);
}

static void a_full_buffer_or_heap_is_said(void **state)
{
    (void)state;
    struct pst_arena arena, scratch;
    struct pst_err err = {0};
    pst_arena_init(&arena, 1024, 1U << 20);
    const struct pst_str text = PST_STR("{\"b\":[1,2,\"\\n\"],\"a\":{\"c\":1.5}}");
    const struct pst_json *root = parse(&arena, text);
    for (size_t cap = 0; cap <= text.n; cap++) {
        struct pst_buf out;
        for (int canonical = 0; canonical < 2; canonical++) {
            pst_buf_init(&out, cap);
            const enum pst_status status = canonical
                                               ? pst_json_write_canonical(root, &arena, &out, &err)
                                               : pst_json_write(root, &out, &err);
            assert_int_equal(status, cap < text.n ? PST_ERR : PST_OK);
            assert_true(status == PST_OK || (err.code == PST_E_NO_MEMORY && out.n == 0));
            pst_buf_release(&out);
        }
    }
    size_t nth = 0;
    enum pst_status status = PST_ERR;
    for (nth = 1; status == PST_ERR; nth++) {
        struct pst_buf out;
        pst_buf_init(&out, 1000);
        pst_arena_init(&scratch, 64, 1U << 20);
        test_heap_fail_from(nth);
        status = pst_json_write_canonical(root, &scratch, &out, &err);
        test_heap_fail_from(0);
        assert_true(status == PST_OK || err.code == PST_E_NO_MEMORY);
        pst_arena_release(&scratch);
        pst_buf_release(&out);
    }
    assert_true(nth >= 3);
    pst_arena_release(&arena);
}

static void read_vector(const char *folder, const char *name, const char *extension,
                        struct pst_buf *out)
{
    struct pst_buf path;
    char c[300];
    const int stem = (int)strlen(name) - (int)strlen(".json");
    pst_buf_init(&path, sizeof c);
    assert_true(pst_buf_fmt(&path, "jcs/%s/%.*s.%s", folder, stem, name, extension));
    assert_true(pst_str_to_c(pst_buf_str(&path), c, sizeof c));
    assert_true(test_vector_read(c, out));
    pst_buf_release(&path);
}

static uint8_t hex_digit(uint8_t b)
{
    return (uint8_t)(b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
}

/* The bytes that the hex text of a file, with white space between, stands for. */
static void from_hex(struct pst_str hex, struct pst_buf *out)
{
    int high = -1;
    for (size_t i = 0; i < hex.n; i++) {
        if (hex.p[i] <= ' ') {
            continue;
        }
        if (high < 0) {
            high = hex_digit(hex.p[i]);
        } else {
            assert_true(pst_buf_byte(out, (uint8_t)(high << 4 | hex_digit(hex.p[i]))));
            high = -1;
        }
    }
}

static void canonical_form_of_the_suite(void **state)
{
    (void)state;
    char **names;
    const int n = test_vector_list("jcs/input", &names);
    if (n < 0) {
        test_vector_missing("jcs");
        return;
    }
    assert_int_equal(n, 6);
    for (int i = 0; i < n; i++) {
        struct pst_buf in, want, hex, bytes, out;
        struct pst_arena arena;
        struct pst_buf *all[] = {&in, &want, &hex, &bytes, &out};
        for (size_t k = 0; k < PST_LEN(all); k++) {
            pst_buf_init(all[k], 1U << 20);
        }
        pst_arena_init(&arena, 1024, 1U << 20);
        read_vector("input", names[i], "json", &in);
        read_vector("output", names[i], "json", &want);
        read_vector("outhex", names[i], "txt", &hex);
        from_hex(pst_buf_str(&hex), &bytes);
        const struct pst_json *root = parse(&arena, pst_buf_str(&in));
        assert_int_equal(pst_json_write_canonical(root, &arena, &out, NULL), PST_OK);
        if (!pst_str_eq(pst_buf_str(&out), pst_buf_str(&bytes)) ||
            !pst_str_eq(pst_buf_str(&out), pst_buf_str(&want))) {
            fail_msg("%s: %.*s", names[i], PST_FMT(pst_buf_str(&out)));
        }
        /* canonical form of canonical form is itself */
        pst_buf_clear(&out);
        root = parse(&arena, pst_buf_str(&want));
        assert_int_equal(pst_json_write_canonical(root, &arena, &out, NULL), PST_OK);
        assert_true(pst_str_eq(pst_buf_str(&out), pst_buf_str(&want)));
        for (size_t k = 0; k < PST_LEN(all); k++) {
            pst_buf_release(all[k]);
        }
        pst_arena_release(&arena);
    }
    test_vector_free(names, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_are_written),
        cmocka_unit_test(canonical_numbers),
        cmocka_unit_test(names_sort_by_utf16),
        cmocka_unit_test(the_order_is_that_of_utf16_units),
        cmocka_unit_test(what_was_written_parses_to_the_same),
        cmocka_unit_test(a_subtree_is_written_alone),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(a_full_buffer_or_heap_is_said),
        cmocka_unit_test(canonical_form_of_the_suite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
