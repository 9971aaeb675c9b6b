#include "base/test.h"
#include "rules/example.h"

static struct pst_buf expand(const char *example, uint64_t seed, enum pst_status expect)
{
    struct pst_buf out;
    struct pst_err err = {0};
    pst_buf_init(&out, PST_EXAMPLE_MAX);
    assert_int_equal(pst_rules_example_expand(pst_str_c(example), seed, &out, &err), expect);
    assert_true(expect == PST_OK || err.text[0] != 0);
    return out;
}

static void generators_make_what_they_say(void **state)
{
    (void)state;
    struct pst_buf out = expand("a [[ghp_{{base62:36}}]] {{hex:4}}", 7, PST_OK);
    assert_int_equal(out.n, 2 + 2 + 4 + 36 + 2 + 1 + 4);
    assert_true(pst_str_starts(pst_buf_str(&out), PST_STR("a [[ghp_")));
    pst_buf_release(&out);
    out = expand("{{[x-z9]:64}}", 7, PST_OK);
    assert_int_equal(out.n, 64);
    for (size_t i = 0; i < out.n; i++) {
        assert_non_null(strchr("xyz9", out.p[i]));
    }
    pst_buf_release(&out);
    out = expand("{{jwt}}", 7, PST_OK);
    assert_true(pst_str_starts(pst_buf_str(&out), PST_STR("eyJhbGciOiJIUzI1NiIs")));
    pst_buf_release(&out);
    out = expand("plain } { text", 7, PST_OK);
    assert_str(pst_buf_str(&out), "plain } { text");
    pst_buf_release(&out);
    out = expand("token: \"{{ token }}\"", 7, PST_OK);
    assert_str(pst_buf_str(&out), "token: \"{{ token }}\"");
    pst_buf_release(&out);
}

static void the_same_seed_makes_the_same(void **state)
{
    (void)state;
    uint64_t seed = pst_rules_example_seed(PST_STR("GITHUB_PAT"), 0);
    struct pst_buf a = expand("{{base62:36}}", seed, PST_OK),
                   b = expand("{{base62:36}}", seed, PST_OK);
    struct pst_buf c = expand("{{base62:36}}", pst_rules_example_seed(PST_STR("GITHUB_PAT"), 1),
                              PST_OK);
    assert_true(pst_str_eq(pst_buf_str(&a), pst_buf_str(&b)));
    assert_false(pst_str_eq(pst_buf_str(&a), pst_buf_str(&c)));
    pst_buf_release(&a);
    pst_buf_release(&b);
    pst_buf_release(&c);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const NO[] = {
        "{{",
        "x {{base62:36",
        "{{base62}}",
        "{{base62:0}}",
        "{{base62:4097}}",
        "{{base63:4}}",
        "{{[]:4}}",
        "{{:4}}",
        "{{}}",
        "{{base62:4096}}{{base62:4096}}{{base62:4096}}{{base62:4096}}{{hex:1}}"};
    for (size_t i = 0; i < PST_LEN(NO); i++) {
        struct pst_buf out = expand(NO[i], 7, PST_ERR);
        pst_buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generators_make_what_they_say),
        cmocka_unit_test(the_same_seed_makes_the_same),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
