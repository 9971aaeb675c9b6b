/* What the demo model reads from a request and plans to say. */
#include "cli/demo_chat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct pst_arena arena;

static struct pst_demo_chat read_chat(const char *body)
{
    struct pst_demo_chat c;
    struct pst_err err;
    assert_int_equal(pst_demo_chat_read(&c, pst_str_c(body), &arena, &err), PST_OK);
    return c;
}

static void assert_view(struct pst_str got, const char *want)
{
    assert_true(pst_str_eq(got, pst_str_c(want)));
}

static void test_read(void **state)
{
    (void)state;
    struct pst_demo_chat c = read_chat(
        "{\"model\":\"m\",\"stream\":true,\"n\":3,\"max_tokens\":7,\"stream_options\":{\"include_"
        "usage\":"
        "true},\"messages\":[{\"role\":\"user\",\"content\":\"demo:tool "
        "first\"},{\"role\":\"user\","
        "\"content\":[{\"type\":\"image_url\"},{\"type\":\"text\",\"text\":\"x demo:tool=look "
        "y\"}]}],"
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"get\"}}]}");
    assert_view(c.marker, "tool");
    assert_view(c.value, "look");
    assert_view(c.tool, "get");
    assert_true(c.stream && c.include_usage && !c.after_tool);
    assert_int_equal(c.choices, 3);
    assert_int_equal(c.max_tokens, 7);
    c = read_chat(
        "{\"model\":\"demo:error-500\",\"n\":99,\"messages\":[{\"role\":\"user\",\"content\":"
        "\"demo:tool\"},{\"role\":\"tool\",\"content\":\"demo:slow\"}]}");
    assert_view(c.marker, "error-500");
    assert_true(c.after_tool);
    assert_int_equal(c.choices, PST_DEMO_CHOICES_MAX);
    static const char *const bad[] = {"", "[]", "{}", "{\"model\":1}", "x"};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        struct pst_err err;
        assert_int_equal(pst_demo_chat_read(&c, pst_str_c(bad[i]), &arena, &err), PST_ERR);
    }
}

static void test_plan(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t max_tokens, calls, tokens;
        const char *finish, *said;
    } cases[] = {
        {"hi", 3, 0, 3, "length", "This is the"},
        {"demo:tokens=2", 0, 0, 2, "stop", "This is"},
        {"demo:tokens=25", 0, 0, 25, "stop", NULL},
        {"demo:tokens=25", 24, 0, 24, "length", NULL},
        {"demo:echo \xC3\xBC  b", 0, 0, 3, "stop", "demo:echo \xC3\xBC  b"},
        {"demo:tool", 0, 1, 8, "tool_calls", ""},
        {"demo:tools=3", 0, 3, 24, "tool_calls", ""},
        {"demo:unknown-finish", 0, 0, 23, "exploded", NULL},
    };
    const struct pst_demo_options options = {0};
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        struct pst_demo_chat c = {.choices = 1, .max_tokens = cases[i].max_tokens};
        struct pst_buf body, text;
        struct pst_demo_plan p;
        pst_buf_init(&body, 4096);
        pst_buf_init(&text, 4096);
        pst_buf_fmt(
            &body,
            "{\"model\":\"m\",\"max_tokens\":%u,\"messages\":[{\"role\":\"user\",\"content\":"
            "\"%s\"}]}",
            (unsigned)cases[i].max_tokens, cases[i].text);
        struct pst_err err;
        assert_int_equal(pst_demo_chat_read(&c, pst_buf_str(&body), &arena, &err), PST_OK);
        pst_demo_plan(&p, &c, &options, &text);
        assert_int_equal(p.calls, cases[i].calls);
        assert_int_equal(p.tokens, cases[i].tokens);
        assert_string_equal(p.finish, cases[i].finish);
        if (cases[i].said != NULL) {
            assert_view(pst_buf_str(&text), cases[i].said);
        }
        /* the pieces are the text, and as many as are counted */
        struct pst_str rest = pst_buf_str(&text);
        uint32_t words = 0;
        while (rest.n > 0) {
            assert_true(pst_demo_word(&rest).n > 0);
            words++;
        }
        assert_int_equal(words, cases[i].calls > 0 ? 0 : cases[i].tokens);
        pst_buf_release(&body);
        pst_buf_release(&text);
    }
}

static int setup(void **state)
{
    (void)state;
    pst_arena_init(&arena, 4096, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    pst_arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_plan)};
    return cmocka_run_group_tests_name("demo_chat", tests, setup, teardown);
}
