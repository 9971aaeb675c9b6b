#include "mask/inside.h"

#include "base/test.h"

/* Notes "key=text;" and puts R"\ (with a quote, a backslash) in the place of every x. */
static enum pst_status note(void *ctx, struct pst_str key, struct pst_str text, struct pst_buf *out,
                            struct pst_err *err)
{
    struct pst_buf *notes = ctx;
    pst_buf_add(notes, key);
    PST_BUF_LIT(notes, "=");
    pst_buf_add(notes, text);
    PST_BUF_LIT(notes, ";");
    if (pst_str_eq(text, PST_STR("stop"))) {
        return pst_fail(err, PST_E_SENSITIVE_DATA, "stop");
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == 'x') {
            PST_BUF_LIT(out, "R\"\\");
        } else {
            pst_buf_byte(out, text.p[i]);
        }
    }
    return PST_OK;
}

static void run(const char *text, const char *want, const char *want_notes)
{
    struct pst_arena arena;
    struct pst_buf out, notes;
    struct pst_err err = {0};
    pst_arena_init(&arena, 4096, 1 << 20);
    pst_buf_init(&out, 1 << 16);
    pst_buf_init(&notes, 1 << 16);
    const struct pst_inside in = {.arena = &arena, .seed = 1, .text = note, .ctx = &notes};
    assert_int_equal(pst_inside_apply(&in, PST_STR("top"), pst_str_c(text), &out, &err), PST_OK);
    pst_buf_byte(&out, 0);
    pst_buf_byte(&notes, 0);
    assert_string_equal((const char *)out.p, want);
    assert_string_equal((const char *)notes.p, want_notes);
    pst_buf_release(&out);
    pst_buf_release(&notes);
    pst_arena_release(&arena);
}

static void texts_are_shown_and_replaced(void **state)
{
    (void)state;
    run("plain x", "plain R\"\\", "top=plain x;");
    run("{ \"a\" : 1 }", "{ \"a\" : 1 }", "=a;a=1;"); /* nothing changed: as it was */
    run("{\"a\":\"x\"}", "{\"a\":\"R\\\"\\\\\"}", "=a;a=x;");
    run("{\"x\":[1,{\"b\":[\"x\"]}]}", "{\"R\\\"\\\\\":[1,{\"b\":[\"R\\\"\\\\\"]}]}",
        "=x;x=1;=b;b=x;");
    run("{\"a\":[\"y\",\"\\u0078\"],\"c\":\"x\"}",
        "{\"a\":[\"y\",\"R\\\"\\\\\"],\"c\":\"R\\\"\\\\\"}", "=a;a=y;a=x;=c;c=x;");
    run("{\"a\":", "{\"a\":", "top={\"a\":;"); /* half of JSON is text */
    run("[]", "[]", "");
    run("", "", "top=;");
}

static void json_in_json_is_written_as_it_was(void **state)
{
    (void)state;
    run("{\"a\":\"{\\\"b\\\":\\\"x\\\"}\"}", "{\"a\":\"{\\\"b\\\":\\\"R\\\\\\\"\\\\\\\\\\\"}\"}",
        "=a;=b;b=x;");
    run("{\"a\":\"{\\\"b\\\": 1}\",\"c\":\"x\"}", "{\"a\":\"{\\\"b\\\": 1}\",\"c\":\"R\\\"\\\\\"}",
        "=a;=b;b=1;=c;c=x;");
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    struct pst_buf text, next, out, notes;
    struct pst_arena arena;
    struct pst_err err = {0};
    pst_arena_init(&arena, 4096, 1 << 22);
    pst_buf_init(&text, 1 << 20);
    pst_buf_init(&next, 1 << 20);
    pst_buf_init(&out, 1 << 20);
    pst_buf_init(&notes, 1 << 20);
    pst_buf_add(&text, PST_STR("[\"x\"]"));
    for (int i = 0; i < 7; i++) {
        pst_buf_clear(&next);
        PST_BUF_LIT(&next, "[\"");
        for (size_t k = 0; k < text.n; k++) {
            if (text.p[k] == '"' || text.p[k] == '\\') {
                pst_buf_byte(&next, '\\');
            }
            pst_buf_byte(&next, text.p[k]);
        }
        PST_BUF_LIT(&next, "\"]");
        pst_buf_clear(&text);
        pst_buf_add(&text, pst_buf_str(&next));
    }
    const struct pst_inside in = {.arena = &arena, .seed = 1, .text = note, .ctx = &notes};
    assert_int_equal(pst_inside_apply(&in, PST_STR(""), pst_buf_str(&text), &out, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_UNINSPECTED);
    pst_buf_release(&text);
    pst_buf_release(&next);
    pst_buf_release(&out);
    pst_buf_release(&notes);
    pst_arena_release(&arena);
}

static void a_stop_ends_it(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct pst_buf out, notes;
    struct pst_err err = {0};
    pst_arena_init(&arena, 4096, 1 << 20);
    pst_buf_init(&out, 1 << 16);
    pst_buf_init(&notes, 1 << 16);
    const struct pst_inside in = {.arena = &arena, .seed = 1, .text = note, .ctx = &notes};
    assert_int_equal(
        pst_inside_apply(&in, PST_STR(""), PST_STR("[\"a\",\"stop\",\"b\"]"), &out, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_SENSITIVE_DATA);
    assert_int_equal(out.n, 0);
    pst_arena_release(&arena);
    pst_arena_init(&arena, 64, 64); /* and without memory */
    assert_int_equal(pst_inside_apply(&in, PST_STR(""), PST_STR("{\"a\":\"x\"}"), &out, &err),
                     PST_ERR);
    assert_int_equal(err.code, PST_E_UNINSPECTED);
    err = (struct pst_err){0};
    assert_int_equal(pst_inside_apply(&in, PST_STR(""), PST_STR("{\"a\":1,\"a\":2}"), &out, &err),
                     PST_ERR);
    pst_buf_release(&out);
    pst_buf_release(&notes);
    pst_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_shown_and_replaced),
        cmocka_unit_test(json_in_json_is_written_as_it_was),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(a_stop_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
