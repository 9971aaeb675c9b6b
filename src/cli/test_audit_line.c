#include "cli/audit_line.h"

#include "base/test.h"

static void line(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, 4096);
    pst_audit_line(&b, PST_STR("{\"action\":\"chat\",\"decision\":\"deny\",\"kind\":\"decision\","
                               "\"policies\":[\"a\",\"b\"],\"principal_id\":\"x\\ny\","
                               "\"reason\":\"policy_denied\",\"request\":\"req_1\",\"seq\":4,"
                               "\"ts\":\"2026-11-25T07:47:31.123456Z\",\"unknown\":1,\"v\":1}"));
    assert_str(pst_buf_str(&b),
               "2026-11-25T07:47:31.123456Z #4 decision deny policy_denied request=req_1 "
               "principal_id=x\\ny action=chat policies=\"a\",\"b\"");
    pst_buf_clear(&b);
    pst_audit_line(&b, PST_STR("no record"));
    assert_str(pst_buf_str(&b), "");
    pst_buf_release(&b);
}

static void nothing_steers_the_terminal(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, 4096);
    pst_audit_line_safe(&b, PST_STR("a\x1b[2J\x7f\xc2\x9b"
                                    "31m\xe2\x80\xae\xff zo\xc3\xab\n"));
    assert_str(pst_buf_str(&b), "a\\u001b[2J\\u007f\\u009b31m\\u202e\\xff zo\xc3\xab\\u000a");
    pst_buf_clear(&b);
    pst_audit_line(&b, PST_STR("{\"kind\":\"x\xc2\x9b\",\"seq\":1}"));
    assert_str(pst_buf_str(&b), " #1 x\\u009b");
    pst_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line),
        cmocka_unit_test(nothing_steers_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
