/* The public suites of JSON and UTF-8 (tests/vectors.md names their origins). */
#include "base/test.h"

#include "base/enc.h"
#include "base/lossy.h"
#include "wire/test_json_help.h"

#include <stdlib.h>

static const struct pst_json_config config = {
    .limits = {.bytes = 1U << 20,
               .depth = 64,
               .nodes = 200000,
               .string_bytes = 1U << 20,
               .name_bytes = 1000},
};

#define PARSING "http/json-test-suite/test_parsing"
#define TRANSFORM "http/json-test-suite/test_transform"

struct decision {
    const char *file;
    enum pst_error code;
};

/* What the suite leaves open, decided: numbers are kept as they are written, whatever their size;
 * text must be UTF-8 without lone surrogates and without a byte-order mark. */
static const struct decision open_cases[] = {
    {"i_number_double_huge_neg_exp.json", PST_E_NONE},
    {"i_number_huge_exp.json", PST_E_NONE},
    {"i_number_neg_int_huge_exp.json", PST_E_NONE},
    {"i_number_pos_double_huge_exp.json", PST_E_NONE},
    {"i_number_real_neg_overflow.json", PST_E_NONE},
    {"i_number_real_pos_overflow.json", PST_E_NONE},
    {"i_number_real_underflow.json", PST_E_NONE},
    {"i_number_too_big_neg_int.json", PST_E_NONE},
    {"i_number_too_big_pos_int.json", PST_E_NONE},
    {"i_number_very_big_negative_int.json", PST_E_NONE},
    {"i_object_key_lone_2nd_surrogate.json", PST_E_JSON_UTF8},
    {"i_string_1st_surrogate_but_2nd_missing.json", PST_E_JSON_UTF8},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", PST_E_JSON_UTF8},
    {"i_string_UTF-16LE_with_BOM.json", PST_E_JSON_SYNTAX},
    {"i_string_UTF-8_invalid_sequence.json", PST_E_JSON_UTF8},
    {"i_string_UTF8_surrogate_U+D800.json", PST_E_JSON_UTF8},
    {"i_string_incomplete_surrogate_and_escape_valid.json", PST_E_JSON_UTF8},
    {"i_string_incomplete_surrogate_pair.json", PST_E_JSON_UTF8},
    {"i_string_incomplete_surrogates_escape_valid.json", PST_E_JSON_UTF8},
    {"i_string_invalid_lonely_surrogate.json", PST_E_JSON_UTF8},
    {"i_string_invalid_surrogate.json", PST_E_JSON_UTF8},
    {"i_string_invalid_utf-8.json", PST_E_JSON_UTF8},
    {"i_string_inverted_surrogates_U+1D11E.json", PST_E_JSON_UTF8},
    {"i_string_iso_latin_1.json", PST_E_JSON_UTF8},
    {"i_string_lone_second_surrogate.json", PST_E_JSON_UTF8},
    {"i_string_lone_utf8_continuation_byte.json", PST_E_JSON_UTF8},
    {"i_string_not_in_unicode_range.json", PST_E_JSON_UTF8},
    {"i_string_overlong_sequence_2_bytes.json", PST_E_JSON_UTF8},
    {"i_string_overlong_sequence_6_bytes.json", PST_E_JSON_UTF8},
    {"i_string_overlong_sequence_6_bytes_null.json", PST_E_JSON_UTF8},
    {"i_string_truncated-utf-8.json", PST_E_JSON_UTF8},
    {"i_string_utf16BE_no_BOM.json", PST_E_JSON_SYNTAX},
    {"i_string_utf16LE_no_BOM.json", PST_E_JSON_SYNTAX},
    {"i_structure_500_nested_arrays.json", PST_E_JSON_DEPTH},
    {"i_structure_UTF-8_BOM_empty_object.json", PST_E_JSON_SYNTAX},
};

/* What the suite allows and a gateway must not: the two ends could read different members. */
static const struct decision stricter[] = {
    {"y_object_duplicated_key.json", PST_E_JSON_DUPLICATE},
    {"y_object_duplicated_key_and_value.json", PST_E_JSON_DUPLICATE},
};

static const struct decision *find(const struct decision *list, size_t n, const char *file)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(list[i].file, file) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

static void read_file(const char *folder, const char *file, struct pst_buf *ret)
{
    struct pst_buf path;
    char c[300];
    pst_buf_init(&path, sizeof c);
    assert_true(pst_buf_fmt(&path, "%s/%s", folder, file));
    assert_true(pst_str_to_c(pst_buf_str(&path), c, sizeof c));
    pst_buf_init(ret, 1U << 20);
    assert_true(test_vector_read(c, ret));
    pst_buf_release(&path);
}

static enum pst_error code_of(const char *folder, const char *file)
{
    struct pst_buf text;
    read_file(folder, file, &text);
    const enum pst_error code = test_json_code(&config, pst_buf_str(&text), NULL);
    pst_buf_release(&text);
    return code;
}

static void parsing(void **state)
{
    (void)state;
    char **files;
    const int n = test_vector_list(PARSING, &files);
    if (n < 0) {
        test_vector_missing(PARSING);
        return;
    }
    int count[3] = {0};
    for (int i = 0; i < n; i++) {
        const enum pst_error code = code_of(PARSING, files[i]);
        bool right = false;
        if (files[i][0] == 'y') {
            const struct decision *d = find(stricter, PST_LEN(stricter), files[i]);
            right = code == (d != NULL ? d->code : PST_E_NONE);
            count[0]++;
        } else if (files[i][0] == 'n') {
            right = code != PST_E_NONE && code != PST_E_NO_MEMORY;
            count[1]++;
        } else {
            const struct decision *d = find(open_cases, PST_LEN(open_cases), files[i]);
            right = d != NULL && code == d->code;
            count[2]++;
        }
        if (!right) {
            fail_msg("%s: %s", files[i], pst_error_row(code)->name);
        }
    }
    assert_int_equal(count[0], 95);
    assert_int_equal(count[1], 188);
    assert_int_equal(count[2], PST_LEN(open_cases));
    test_vector_free(files, n);
}

static void transform(void **state)
{
    (void)state;
    char **files;
    const int n = test_vector_list(TRANSFORM, &files);
    if (n < 0) {
        test_vector_missing(TRANSFORM);
        return;
    }
    assert_int_equal(n, 22);
    for (int i = 0; i < n; i++) {
        enum pst_error want = PST_E_NONE;
        if (strncmp(files[i], "object_same_key", 15) == 0) {
            want = PST_E_JSON_DUPLICATE;
        } else if (strstr(files[i], "invalid_codepoint") != NULL) {
            want = PST_E_JSON_UTF8;
        }
        assert_int_equal(code_of(TRANSFORM, files[i]), want);
        if (strncmp(files[i], "number_", 7) != 0) {
            continue;
        }
        /* the literal that comes out is the one that went in */
        struct pst_buf text;
        struct pst_arena arena;
        pst_arena_init(&arena, 1024, 1U << 20);
        read_file(TRANSFORM, files[i], &text);
        const struct pst_json *root = pst_json_parse(&config, &arena, pst_buf_str(&text), NULL);
        const struct pst_json *v = pst_json_first(root);
        assert_non_null(v);
        assert_true(pst_str_eq(v->text, pst_str_cut(pst_buf_str(&text), v->offset, v->length)));
        pst_arena_release(&arena);
        pst_buf_release(&text);
    }
    test_vector_free(files, n);
}

/* --- utf8tests.txt ------------------------------------------------------------------------------
 */

static bool next_field(struct pst_str *rest, uint8_t separator, struct pst_str *ret)
{
    if (rest->n == 0) {
        return false;
    }
    const size_t end = pst_str_find_byte(*rest, separator);
    *ret = pst_str_trim(pst_str_cut(*rest, 0, end));
    *rest = end == PST_NPOS ? PST_STR("") : pst_str_from(*rest, end + 1);
    return true;
}

/* Hex digits, with blanks between some. */
static size_t bytes_of(struct pst_str hex, uint8_t *ret, size_t cap)
{
    char digits[256];
    size_t n = 0;
    if (pst_str_eq(hex, PST_STR("nothing"))) {
        return 0;
    }
    for (size_t i = 0; i < hex.n; i++) {
        if (hex.p[i] != ' ') {
            assert_true(n < sizeof digits);
            digits[n++] = (char)hex.p[i];
        }
    }
    assert_true(n % 2 == 0 && n / 2 <= cap);
    assert_true(pst_hex_get(pst_str_of(digits, n), ret, n / 2));
    return n / 2;
}

/* The sequence inside a JSON string is accepted exactly when it is valid. */
static void check_in_json(struct pst_str bytes, bool valid)
{
    struct pst_buf text;
    pst_buf_init(&text, 1000);
    (void)PST_BUF_LIT(&text, "[\"0123456789abcde");
    for (size_t i = 0; i < bytes.n; i++) {
        if (bytes.p[i] < 0x20 || bytes.p[i] == '"' || bytes.p[i] == '\\') {
            pst_buf_release(&text);
            return;
        }
    }
    (void)pst_buf_add(&text, bytes);
    (void)PST_BUF_LIT(&text, "\"]");
    assert_int_equal(test_json_code(&config, pst_buf_str(&text), NULL),
                     valid ? PST_E_NONE : PST_E_JSON_UTF8);
    pst_buf_release(&text);
}

static void check_line(struct pst_str line, int count[2])
{
    struct pst_str number, kind, text, skipped, replaced = PST_STR("");
    uint8_t bytes[128], want[128];
    if (line.n == 0 || line.p[0] == '#' || !next_field(&line, ':', &number) ||
        !next_field(&line, ':', &kind)) {
        return;
    }
    if (pst_str_eq(kind, PST_STR("valid"))) {
        check_in_json(line, true);
        assert_true(pst_utf8_valid(line));
        count[0]++;
        return;
    }
    assert_true(next_field(&line, ':', &text));
    const struct pst_str in = pst_str_of(bytes, bytes_of(text, bytes, sizeof bytes));
    const bool valid = pst_str_eq(kind, PST_STR("valid hex"));
    assert_true(valid || pst_str_eq(kind, PST_STR("invalid hex")));
    if (pst_utf8_valid(in) != valid) {
        fail_msg("%.*s", PST_FMT(number));
    }
    check_in_json(in, valid);
    count[valid ? 0 : 1]++;
    if (!valid) {
        assert_true(next_field(&line, ':', &skipped) && next_field(&line, ':', &replaced));
        struct pst_buf out;
        pst_buf_init(&out, 1000);
        assert_true(pst_utf8_lossy(&out, in));
        if (!pst_str_eq(pst_buf_str(&out),
                        pst_str_of(want, bytes_of(replaced, want, sizeof want)))) {
            fail_msg("%.*s", PST_FMT(number));
        }
        pst_buf_release(&out);
    }
}

static void utf8(void **state)
{
    (void)state;
    struct pst_buf file;
    pst_buf_init(&file, 1U << 20);
    if (!test_vector_read("http/utf8/utf8tests.txt", &file)) {
        test_vector_missing("http/utf8");
        pst_buf_release(&file);
        return;
    }
    struct pst_str rest = pst_buf_str(&file), line;
    int count[2] = {0};
    while (next_field(&rest, '\n', &line)) {
        check_line(line, count);
    }
    assert_int_equal(count[0], 77);
    assert_int_equal(count[1], 145);
    pst_buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsing),
        cmocka_unit_test(transform),
        cmocka_unit_test(utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
