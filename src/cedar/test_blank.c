#include "base/test.h"
#include "cedar/blank.h"

static void check(const char *schema, const char *id, const char *want)
{
    struct pst_err err = {0};
    struct pst_buf out;
    struct pst_cedar_schema *s = pst_cedar_schema_parse_text(NULL, PST_STR("s"), pst_str_c(schema),
                                                             &err);
    struct pst_cedar_uid_text action = {PST_STR("N::Action"), pst_str_c(id)};
    assert_non_null(s);
    pst_buf_init(&out, 1 << 12);
    enum pst_status status = pst_cedar_context_blank(s, action, &out, &err);
    assert_int_equal(status, want != NULL ? PST_OK : PST_ERR);
    if (want != NULL) {
        assert_true(pst_str_eq(pst_buf_str(&out), pst_str_c(want)));
        struct pst_buf small; /* without room: an error */
        pst_buf_init(&small, out.n - 1);
        assert_int_equal(pst_cedar_context_blank(s, action, &small, &err), PST_ERR);
        pst_buf_release(&small);
    }
    pst_buf_release(&out);
    pst_cedar_schema_free(s);
}

#define SCHEMA(context)                                                                            \
    "namespace N { entity U; action a appliesTo {principal: U, resource: U" context "}; action "   \
    "b; }"

static void test_blank(void **state)
{
    (void)state;
    check(SCHEMA(""), "a", "{}");
    check(SCHEMA(""), "b", "{}");
    check(SCHEMA(""), "c", NULL);
    check(SCHEMA(", context: {z: Bool, n: Long, s: String, o?: Long, l: Set<Long>}"), "a",
          "{\"z\":false,\"n\":0,\"s\":\"\",\"l\":[]}");
    check(SCHEMA(", context: {u: U, ip: ipaddr, r: {d: decimal, x: {y: Long}, q: {}}, t: Long}"),
          "a", "{\"r\":{\"x\":{\"y\":0},\"q\":{}},\"t\":0}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blank)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
