#include "cedar/test_util.h"

#include "cedar/lex.h"

static void tokens_have_kinds_and_positions(void **state)
{
    (void)state;
    static const struct {
        enum pst_cedar_tok_kind kind;
        const char *text;
        uint32_t line, column;
    } want[] = {
        {PST_CEDAR_T_PUNCT, "@", 1, 1},
        {PST_CEDAR_T_IDENT, "id", 1, 2},
        {PST_CEDAR_T_PUNCT, "(", 1, 4},
        {PST_CEDAR_T_STRING, "\"é\\\"x\"", 1, 5},
        {PST_CEDAR_T_PUNCT, ")", 1, 11},
        {PST_CEDAR_T_PUNCT, "::", 3, 3},
        {PST_CEDAR_T_PUNCT, "<=", 3, 5},
        {PST_CEDAR_T_PUNCT, "<", 3, 7},
        {PST_CEDAR_T_NUMBER, "0129", 3, 9},
        {PST_CEDAR_T_SLOT, "?principal", 3, 13},
        {PST_CEDAR_T_PUNCT, "?", 3, 23},
        {PST_CEDAR_T_PUNCT, ":", 3, 24},
        {PST_CEDAR_T_PUNCT, "&&", 3, 25},
        {PST_CEDAR_T_PUNCT, "||", 3, 27},
        {PST_CEDAR_T_PUNCT, "!=", 3, 29},
        {PST_CEDAR_T_PUNCT, "!", 3, 31},
        {PST_CEDAR_T_STRING, "\"a\nb\"", 3, 32},
        {PST_CEDAR_T_IDENT, "_x9", 4, 4},
        {PST_CEDAR_T_END, "", 4, 7},
    };
    const char *text = "@id(\"é\\\"x\") // comment \" here\r\n"
                       "\xE2\x80\x83\xC2\xA0\n"
                       "  ::<=< 0129?principal?:&&||!=!\"a\nb\" _x9";
    struct pst_cedar_lex lex;
    struct pst_err err = {0};
    assert_int_equal(pst_cedar_lex_init(&lex, pst_str_c(text), &err), PST_OK);
    for (size_t i = 0; i < PST_LEN(want); i++) {
        assert_int_equal(lex.tok.kind, want[i].kind);
        assert_true(pst_str_eq(lex.tok.text, pst_str_c(want[i].text)));
        assert_int_equal(lex.tok.line, want[i].line);
        assert_int_equal(lex.tok.column, want[i].column);
        assert_int_equal(pst_cedar_lex_next(&lex, &err), PST_OK);
    }
    assert_int_equal(lex.tok.kind, PST_CEDAR_T_END);
}

static void bad_characters_are_refused_where_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t line, column;
    } bad[] = {{" #", 1, 2},   {"\n a & b", 2, 4}, {"|", 1, 1},     {"'a'", 1, 1},
               {"\x01", 1, 1}, {"a \"open", 1, 3}, {"\"a\\", 1, 1}, {"\"a\\\n\"", 1, 1},
               {"a ~", 1, 3},  {"é", 1, 1}};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        struct pst_cedar_lex lex;
        struct pst_err err = {0};
        enum pst_status st = pst_cedar_lex_init(&lex, pst_str_c(bad[i].text), &err);
        while (st == PST_OK && lex.tok.kind != PST_CEDAR_T_END) {
            st = pst_cedar_lex_next(&lex, &err);
        }
        assert_int_equal(st, PST_ERR);
        assert_int_equal(err.code, PST_E_CEDAR_SYNTAX);
        assert_int_equal(err.line, bad[i].line);
        assert_int_equal(err.column, bad[i].column);
    }
}

static void ill_formed_utf8_is_refused(void **state)
{
    (void)state;
    struct pst_cedar_lex lex;
    struct pst_err err = {0};
    assert_int_equal(pst_cedar_lex_init(&lex, PST_STR("\"\xC0\x80\""), &err), PST_ERR);
    assert_int_equal(pst_cedar_lex_init(&lex, PST_STR("// \xED\xA0\x80"), &err), PST_ERR);
}

static void names_are_told_from_words(void **state)
{
    (void)state;
    assert_true(pst_cedar_ident_reserved(PST_STR("__cedar")));
    assert_true(pst_cedar_ident_reserved(PST_STR("if")));
    assert_false(pst_cedar_ident_reserved(PST_STR("principal")));
    assert_true(pst_cedar_ident_valid(PST_STR("_a1")));
    assert_false(pst_cedar_ident_valid(PST_STR("1a")));
    assert_false(pst_cedar_ident_valid(PST_STR("")));
    assert_false(pst_cedar_ident_valid(PST_STR("a-b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_have_kinds_and_positions),
        cmocka_unit_test(bad_characters_are_refused_where_they_stand),
        cmocka_unit_test(ill_formed_utf8_is_refused),
        cmocka_unit_test(names_are_told_from_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
