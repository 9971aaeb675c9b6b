#include "gate/findings.h"

#include "base/test.h"

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct pst_buf out;
    struct pst_found in = {.type = PST_STR("IBAN"),
                           .secret = true,
                           .state = PST_FOUND_REMOVED,
                           .count = 17},
                     back;
    pst_buf_init(&out, 256);
    assert_true(pst_found_put(&out, &in));
    assert_str(pst_buf_str(&out), "secret:IBAN:removed:17");
    assert_true(pst_found_get(pst_buf_str(&out), &back));
    assert_true(back.secret && back.state == PST_FOUND_REMOVED && back.count == 17);
    assert_str(back.type, "IBAN");
    pst_buf_release(&out);
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ":",
        "secret",
        "secret:IBAN",
        "secret:IBAN:clear",
        "secret:IBAN:clear:",
        "secret:IBAN:clear:0",
        "secret:IBAN:clear:01",
        "secret:IBAN:clear:4294967296",
        "secret:IBAN:gone:1",
        "other:IBAN:clear:1",
        "secret::clear:1",
        "secret:iban:clear:1",
        "secret:I BAN:clear:1",
        "secret:IBAN:clear:1:",
        "secret:IBAN:clear:1 ",
        "secret:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA:clear:1",
    };
    struct pst_found f;
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_false(pst_found_get(pst_str_c(bad[i]), &f));
    }
}

static void words_mean_kinds_and_types(void **state)
{
    (void)state;
    struct pst_found f = {.type = PST_STR("EMAIL")};
    assert_true(pst_found_meant(&f, PST_STR("pii")));
    assert_true(pst_found_meant(&f, PST_STR("personal")));
    assert_true(pst_found_meant(&f, PST_STR("all")));
    assert_true(pst_found_meant(&f, PST_STR("email")));
    assert_false(pst_found_meant(&f, PST_STR("secrets")));
    assert_false(pst_found_meant(&f, PST_STR("EMAILS")));
    size_t at = 0;
    struct pst_str word;
    assert_true(pst_found_word(PST_STR("EMAIL, IBAN"), &at, &word));
    assert_str(word, "EMAIL");
    assert_true(pst_found_word(PST_STR("EMAIL, IBAN"), &at, &word));
    assert_str(word, "IBAN");
    assert_false(pst_found_word(PST_STR("EMAIL, IBAN"), &at, &word));
    assert_true(pst_found_words_valid(PST_STR("EMAIL, IBAN")));
    assert_false(pst_found_words_valid(PST_STR("")));
    assert_false(pst_found_words_valid(PST_STR("EMAIL,")));
    assert_false(pst_found_words_valid(PST_STR("EMAIL,,IBAN")));
    assert_false(pst_found_words_valid(PST_STR("E-MAIL")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(words_mean_kinds_and_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
