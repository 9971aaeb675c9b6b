#include "base/test.h"

#include "wire/forwarded.h"

/* What was read, with "-" for what is not said: "192.0.2.1 - 2001:db8::1" */
static const char *text_of(enum pst_status status, const struct pst_forwarded *f, char ret[512])
{
    size_t at = 0;
    if (status != PST_OK) {
        return "refused";
    }
    for (size_t i = 0; i < f->n; i++) {
        struct pst_str from = f->from[i].n > 0 ? f->from[i] : PST_STR("-");
        at += (size_t)snprintf(&ret[at], 512 - at, "%s%.*s", i > 0 ? " " : "", PST_FMT(from));
    }
    return ret;
}

static void reads_for(const char *value, const char *wanted)
{
    struct pst_forwarded f = {.n = 0};
    struct pst_err err = {0};
    char text[512];
    enum pst_status status = pst_forwarded_for(&f, pst_str_c(value), &err);
    assert_string_equal(text_of(status, &f, text), wanted);
    assert_int_equal(err.code, status == PST_OK ? PST_E_NONE : PST_E_HTTP_HEADER);
}

static void reads(const char *value, const char *wanted)
{
    struct pst_forwarded f = {.n = 0};
    struct pst_err err = {0};
    char text[512];
    enum pst_status status = pst_forwarded_elements(&f, pst_str_c(value), &err);
    assert_string_equal(text_of(status, &f, text), wanted);
    assert_int_equal(err.code, status == PST_OK ? PST_E_NONE : PST_E_HTTP_HEADER);
}

static void x_forwarded_for(void **state)
{
    (void)state;
    reads_for("192.0.2.1", "192.0.2.1");
    reads_for("192.0.2.1,2001:db8::1 ,\t[2001:db8::2]", "192.0.2.1 2001:db8::1 2001:db8::2");
    reads_for("192.0.2.1:80, [2001:db8::2]:65535", "192.0.2.1 2001:db8::2");
    reads_for("unknown, Unknown, 192.0.2.1", "- - 192.0.2.1");
    reads_for("::ffff:192.0.2.1", "::ffff:192.0.2.1");
    static const char *const wrong[] = {
        "",
        ",",
        "192.0.2.1,",
        ",192.0.2.1",
        "192.0.2.1,,192.0.2.2",
        "[::1",
        "::1]:x",
        "[::1]x",
        "[::1]:",
        "[::1]:65536",
        "[192.0.2.1]",
        "[]",
        "192.0.2.1:",
        "192.0.2.1:x",
        "192.0.2.1:70000",
        "localhost",
        "_hidden",
        "1 2",
        "fe80::1%eth0",
        ":80",
        "[]:80",
    };
    for (size_t i = 0; i < PST_LEN(wrong); i++) {
        reads_for(wrong[i], "refused");
    }
}

static void forwarded(void **state)
{
    (void)state;
    reads("for=192.0.2.1", "192.0.2.1");
    reads("For=\"192.0.2.1:47011\"", "192.0.2.1");
    reads("FOR=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17");
    reads("for=\"[2001:db8::1]\"", "2001:db8::1");
    reads("for=192.0.2.43, for=198.51.100.17", "192.0.2.43 198.51.100.17");
    reads("for=192.0.2.43;proto=http;by=203.0.113.43 ,for=_gazonk", "192.0.2.43 -");
    reads("by=203.0.113.43;host=\"a\\\"b,c;d\";proto=https", "-");
    reads("for=unknown, for=\"unknown:80\", for=\"_hidden:_port\"", "- - -");
    reads("  for=192.0.2.1  ", "192.0.2.1");
    reads("ext=\"\xc3\xa4\";for=192.0.2.1", "192.0.2.1");
    static const char *const wrong[] = {
        "",
        ",",
        "for=192.0.2.1,",
        ",for=192.0.2.1",
        "for=",
        "for=\"\"",
        "for",
        "=192.0.2.1",
        "for=192.0.2.1;",
        ";for=192.0.2.1",
        "for=192.0.2.1; proto=http", /* no blanks inside an element */
        "for =192.0.2.1",
        "for= 192.0.2.1",
        "for=192.0.2.1 for=192.0.2.2",
        "for=192.0.2.1;for=192.0.2.2",
        "for=192.0.2.1;FOR=192.0.2.2",
        "for=192.0.2.1;proto=a;Proto=b",
        "for=2001:db8::1",
        "for=\"2001:db8::1\"",
        "for=192.0.2.1:80",
        "for=\"192.0.2.1\\:80\"",
        "for=\"192.0.2.1",
        "for=\"192.0.2.1\\",
        "for=\"192.0.2.1\"x",
        "for=\"_a b\"",
        "for=\"_\"",
        "for=\"a\nb\"",
        "for=\"\x7f\"",
        "a=1;b=1;c=1;d=1;e=1;f=1;g=1;h=1;i=1",
        "192.0.2.1",
    };
    for (size_t i = 0; i < PST_LEN(wrong); i++) {
        reads(wrong[i], "refused");
    }
}

static void lines_are_one_list(void **state)
{
    (void)state;
    struct pst_forwarded f = {.n = 0};
    char text[512];
    assert_int_equal(pst_forwarded_for(&f, PST_STR("192.0.2.1, 192.0.2.2"), NULL), PST_OK);
    enum pst_status status = pst_forwarded_for(&f, PST_STR("192.0.2.3"), NULL);
    assert_string_equal(text_of(status, &f, text), "192.0.2.1 192.0.2.2 192.0.2.3");
}

static void as_many_as_there_is_room_for(void **state)
{
    (void)state;
    struct pst_forwarded f = {.n = 0}, g = {.n = 0};
    for (size_t i = 0; i < PST_FORWARDED_MAX; i++) {
        assert_int_equal(pst_forwarded_for(&f, PST_STR("192.0.2.1"), NULL), PST_OK);
        assert_int_equal(pst_forwarded_elements(&g, PST_STR("for=192.0.2.1"), NULL), PST_OK);
    }
    assert_int_equal(pst_forwarded_for(&f, PST_STR("192.0.2.1"), NULL), PST_ERR);
    assert_int_equal(pst_forwarded_elements(&g, PST_STR("for=192.0.2.1"), NULL), PST_ERR);
    assert_int_equal(f.n, PST_FORWARDED_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x_forwarded_for),
        cmocka_unit_test(forwarded),
        cmocka_unit_test(lines_are_one_list),
        cmocka_unit_test(as_many_as_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
