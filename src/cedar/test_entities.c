/* entities.c, json_value.c, target.c, store.c: the entity store. */
#include "cedar/test_util.h"

#include "cedar/store.h"

static enum pst_status add(const char *json, struct pst_err *err)
{
    struct pst_cedar *c = pst_cedar_new(NULL);
    *err = (struct pst_err){0};
    enum pst_status st = pst_cedar_add_entities_json(c, PST_STR("e.json"), pst_str_c(json), err);
    if (st == PST_OK) {
        st = pst_cedar_seal(c, err);
    }
    pst_cedar_free(c);
    return st;
}

#define E(id, rest) "{\"uid\":{\"type\":\"T\",\"id\":\"" id "\"}" rest "}"
#define P(id) "{\"type\":\"T\",\"id\":\"" id "\"}"

static void entities_are_taken(void **state)
{
    (void)state;
    static const char *const good[] = {
        "[]",
        "[" E("a", "") "]",
        "[" E("a", ",\"attrs\":{},\"parents\":[],\"tags\":{}") "]",
        "[{\"uid\":{\"__entity\":" P("a") "},\"attrs\":{},\"parents\":[{\"__entity\":" P(
            "b") "}]}]",
        "[" E("a", ",\"parents\":[" P("b") "," P("b") "]") "," E("a",
                                                                 ",\"parents\":[" P("b") "]") "]",
        "[" E("a\\u0000\\n", ",\"attrs\":{\"\\u0000\":[[[{\"x\":-9223372036854775808}]]]}") "]",
        "[" E("a", ",\"attrs\":{\"d\":{\"__extn\":{\"fn\":\"offset\",\"args\":["
                   "{\"__extn\":{\"fn\":\"datetime\",\"arg\":\"1970-01-01\"}},"
                   "{\"__extn\":{\"fn\":\"duration\",\"arg\":\"5ms\"}}]}}}") "]",
    };
    struct pst_err err;
    for (size_t i = 0; i < PST_LEN(good); i++) {
        if (add(good[i], &err) != PST_OK) {
            fail_msg("%s: %s", good[i], err.text);
        }
    }
}

static void entities_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{}",
        "[1]",
        "[{}]",
        "[{\"uid\":\"T::a\"}]",
        "[{\"uid\":{\"type\":\"T\"}}]",
        "[{\"uid\":{\"type\":\"T-x\",\"id\":\"a\"}}]",
        "[{\"uid\":{\"type\":\"__cedar\",\"id\":\"a\"}}]",
        "[" E("a", ",\"attrs\":[]") "]",
        "[" E("a", ",\"attrs\":{\"x\":null}") "]",
        "[" E("a", ",\"attrs\":{\"x\":1.5}") "]",
        "[" E("a", ",\"attrs\":{\"x\":9223372036854775808}") "]",
        "[" E("a", ",\"attrs\":{\"x\":{\"__expr\":\"1\"}}") "]",
        "[" E("a", ",\"attrs\":{\"x\":{\"__entity\":1}}") "]",
        "[" E("a", ",\"attrs\":{\"x\":{\"__extn\":{\"fn\":\"ip\",\"arg\":\"x\"}}}") "]",
        "[" E("a", ",\"attrs\":{\"x\":{\"__extn\":{\"fn\":\"lessThan\",\"arg\":\"x\"}}}") "]",
        "[" E("a", ",\"attrs\":{\"x\":1,\"x\":2}") "]",
        "[" E("a", ",\"parents\":{}") "]",
        "[" E("a", ",\"parents\":[\"b\"]") "]",
        "[" E("a", ",\"more\":1") "]",
        "[" E("a", ",\"attrs\":{\"x\":1}") "," E("a", ",\"attrs\":{\"x\":2}") "]",
        "[" E("a", ",\"parents\":[" P("a") "]") "]",
        "[" E("a", ",\"parents\":[" P("b") "]") "," E("b", ",\"parents\":[" P("c") "]") "," E(
            "c", ",\"parents\":[" P("a") "]") "]",
        "[" E("a", ",\"attrs\":{\"__entity\":" P("a") "}") "]",
    };
    struct pst_err err;
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        if (add(bad[i], &err) != PST_ERR || err.code == PST_E_NONE) {
            fail_msg("%s", bad[i]);
        }
    }
    assert_int_equal(add("[" E("a", "") ",\n  " E("b", ",\"x\":1") "]", &err), PST_ERR);
    assert_int_equal(err.line, 2);
    assert_int_equal(err.column, 3);
    assert_string_equal(err.file, "e.json");
}

static void ancestors_are_closed(void **state)
{
    (void)state;
    struct pst_buf text;
    pst_buf_init(&text, 1u << 22);
    assert_true(pst_buf_byte(&text, '['));
    for (unsigned i = 0; i < 3000; i++) {
        assert_true(pst_buf_fmt(&text,
                                "%s{\"uid\":{\"type\":\"T\",\"id\":\"%u\"},\"parents\":"
                                "[{\"type\":\"T\",\"id\":\"%u\"}]}",
                                i == 0 ? "" : ",", i, i + 1));
    }
    assert_true(PST_BUF_LIT(&text, "]"));
    struct pst_cedar *c = pst_cedar_new(NULL);
    assert_int_equal(pst_cedar_add_entities_json(c, PST_STR("e"), pst_buf_str(&text), NULL),
                     PST_OK);
    assert_int_equal(pst_cedar_seal(c, NULL), PST_OK);
    uint32_t type = pst_cedar_sym_find(c, PST_STR("T"));
    uint32_t first = pst_cedar_uid_find(c, type, pst_cedar_sym_find(c, PST_STR("0")));
    const struct pst_cedar_entity_row *e = &c->entities[c->uids[first].entity];
    assert_int_equal(e->n_ancestors, 3000);
    for (uint32_t i = 1; i < e->n_ancestors; i++) {
        assert_true(c->links[e->ancestors + i - 1] < c->links[e->ancestors + i]);
    }
    pst_cedar_free(c);
    pst_buf_release(&text);
}

static void symbols_and_references_are_unique(void **state)
{
    (void)state;
    struct pst_cedar *c = pst_cedar_new(NULL);
    char name[16];
    for (unsigned i = 0; i < 5000; i++) {
        int n = snprintf(name, sizeof name, "s%u", i);
        assert_int_equal(pst_cedar_sym(c, pst_str_of(name, (size_t)n)), i);
    }
    assert_int_equal(pst_cedar_sym(c, PST_STR("s17")), 17);
    assert_int_equal(pst_cedar_sym_find(c, PST_STR("nothing")), PST_CEDAR_NO);
    for (uint32_t i = 0; i < 3000; i++) {
        assert_int_equal(pst_cedar_uid_add(c, i, i / 2), i);
    }
    assert_int_equal(pst_cedar_uid_add(c, 9, 4), 9);
    assert_int_equal(pst_cedar_uid_find(c, 9, 5), PST_CEDAR_NO);
    assert_true(pst_cedar_name_valid(PST_STR("A::b::_c")));
    assert_false(pst_cedar_name_valid(PST_STR("A::")));
    assert_false(pst_cedar_name_valid(PST_STR("A:b")));
    assert_false(pst_cedar_name_valid(PST_STR("A::if")));
    pst_cedar_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entities_are_taken),
        cmocka_unit_test(entities_are_refused),
        cmocka_unit_test(ancestors_are_closed),
        cmocka_unit_test(symbols_and_references_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
