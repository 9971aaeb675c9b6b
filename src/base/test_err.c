#include "base/test.h"

#include "base/enc.h"
#include "base/err.h"

static void rows_are_complete_and_unique(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PST_E_COUNT; i++) {
        const struct pst_error_row *row = pst_error_row((enum pst_error)i);
        assert_non_null(row->name);
        assert_true(row->status >= 400 && row->status < 600);
        assert_true(strlen(row->type) > 0 && strlen(row->code) > 0 && strlen(row->text) > 0);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(pst_error_row((enum pst_error)k)->code, row->code);
        }
    }
    assert_string_equal(pst_error_row(PST_E_BODY_TOO_LARGE)->name, "BODY_TOO_LARGE");
    assert_int_equal(pst_error_row(PST_E_BODY_TOO_LARGE)->status, 413);
    assert_dies((void)pst_error_row(PST_E_COUNT));
}

static void fail_fills(void **state)
{
    (void)state;
    struct pst_err err;
    memset(&err, 0xFF, sizeof err);
    assert_int_equal(pst_fail(&err, PST_E_CONFIG, "no %s", "way"), PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    assert_string_equal(err.text, "no way");
    assert_int_equal(err.line, 0);
    assert_int_equal(err.column, 0);
    assert_string_equal(err.file, "");
    assert_int_equal(pst_fail_at(&err, PST_E_SYNTAX, 3, 9, "more: %s", err.text), PST_ERR);
    assert_string_equal(err.text, "more: no way");
    assert_int_equal(err.line, 3);
    assert_int_equal(err.column, 9);
    assert_int_equal(pst_fail(NULL, PST_E_IO, "unheard"), PST_ERR);
    assert_int_equal(pst_fail_at(NULL, PST_E_IO, 1, 1, "unheard"), PST_ERR);
}

static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    struct pst_err err;
    char text[PST_ERR_TEXT + 160];
    const char *letters[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t l = 0; l < PST_LEN(letters); l++) {
        size_t len = strlen(letters[l]);
        for (size_t shift = 0; shift < 4; shift++) {
            memset(text, 'a', sizeof text);
            for (size_t at = shift; at + len < PST_ERR_TEXT + 60; at += len) {
                memcpy(&text[at], letters[l], len);
            }
            text[PST_ERR_TEXT + 60] = '\0';
            pst_fail(&err, PST_E_IO, "%s", text);
            size_t n = strlen(err.text);
            assert_true(n > PST_ERR_TEXT - 5 && n < PST_ERR_TEXT);
            assert_true(pst_utf8_valid(pst_str_c(err.text)));
        }
    }
    /* what was not UTF-8 before is cut too, without a bad read */
    memset(text, 0x80, 300);
    pst_fail(&err, PST_E_IO, "%s", text);
    assert_true(strlen(err.text) < PST_ERR_TEXT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_complete_and_unique),
        cmocka_unit_test(fail_fills),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
