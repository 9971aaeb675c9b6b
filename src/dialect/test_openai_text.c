/* Errors and model lists in OpenAI's shape. */
#include "dialect/openai.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_text(struct pst_buf *b, const char *want)
{
    assert_true(pst_str_eq(pst_buf_str(b), pst_str_c(want)));
    pst_buf_clear(b);
}

static void test_errors(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, 4096);
    struct pst_err err = {.code = PST_E_NONE};
    (void)pst_fail(&err, PST_E_POLICY_DENIED, "no policy permits \"x\"\n");
    assert_true(pst_openai_error_write(&b, &err, PST_STR("r-1")));
    assert_text(&b, "{\"error\":{\"message\":\"no policy permits \\\"x\\\"\\n (request id r-1)\","
                    "\"type\":\"permission_error\",\"param\":null,\"code\":\"policy_denied\"},"
                    "\"request_id\":\"r-1\"}");
    /* the table's own words when there are no others; bytes that are no text do no harm */
    err = (struct pst_err){.code = PST_E_RATE_LIMITED};
    assert_true(pst_openai_error_write(&b, &err, PST_STR("")));
    assert_text(&b, "{\"error\":{\"message\":\"too many requests; try again later\",\"type\":"
                    "\"rate_limit_error\",\"param\":null,\"code\":\"rate_limited\"}}");
    err.text[0] = (char)0xFF;
    assert_true(pst_openai_error_write(&b, &err, PST_STR("")));
    assert_true(pst_str_find(pst_buf_str(&b), PST_STR("\xEF\xBF\xBD")) != PST_NPOS);
    for (size_t cap = 0; cap < b.n; cap++) {
        struct pst_buf small;
        pst_buf_init(&small, cap);
        assert_false(pst_openai_error_write(&small, &err, PST_STR("")));
        assert_int_equal(small.n, 0);
        pst_buf_release(&small);
    }
    pst_buf_release(&b);
}

static void test_models(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, 4096);
    static const struct pst_str aliases[] = {PST_STR_INIT("fast"), PST_STR_INIT("a\"b")};
    assert_true(pst_openai_models_write(&b, aliases, 2));
    assert_text(
        &b, "{\"object\":\"list\",\"data\":[{\"id\":\"fast\",\"object\":\"model\",\"created\":0,"
            "\"owned_by\":\"postern\"},{\"id\":\"a\\\"b\",\"object\":\"model\",\"created\":0,"
            "\"owned_by\":\"postern\"}]}");
    assert_true(pst_openai_models_write(&b, NULL, 0));
    assert_text(&b, "{\"object\":\"list\",\"data\":[]}");
    assert_true(pst_openai_model_write(&b, aliases[0]));
    assert_text(&b,
                "{\"id\":\"fast\",\"object\":\"model\",\"created\":0,\"owned_by\":\"postern\"}");
    pst_buf_release(&b);
    pst_buf_init(&b, 20);
    assert_false(pst_openai_models_write(&b, aliases, 2));
    assert_false(pst_openai_model_write(&b, aliases[0]));
    assert_int_equal(b.n, 0);
    pst_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors),
                                       cmocka_unit_test(test_models)};
    return cmocka_run_group_tests_name("openai_text", tests, NULL, NULL);
}
