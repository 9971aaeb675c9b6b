#include "audit/query.h"

#include "base/test.h"

static const char decision[] =
    "{\"decision\":\"deny\",\"key\":\"k_7\",\"kind\":\"decision\",\"on_behalf_of\":\"zo\xc3\xab\","
    "\"principal_id\":\"app \\\"one\\\"\",\"reason\":\"policy_denied\",\"request\":\"req_1\","
    "\"resource_id\":\"small\",\"resource_type\":\"Model\",\"seq\":4,"
    "\"ts\":\"2026-11-25T07:47:31.123456Z\",\"upstream\":\"u1\",\"upstream_model\":\"small-1\","
    "\"v\":1}";
static const int64_t ts = 1795592851123456000;

static int match(struct pst_query q)
{
    struct pst_err err = {0};
    return pst_query_match(&q, pst_str_c(decision), &err);
}

static void each_condition(void **state)
{
    (void)state;
    assert_int_equal(match((struct pst_query){0}), PST_OK);
#define YES(...) assert_int_equal(match((struct pst_query){__VA_ARGS__}), PST_OK)
#define NO(...) assert_int_equal(match((struct pst_query){__VA_ARGS__}), PST_AGAIN)
    YES(.request = PST_STR("req_1"));
    NO(.request = PST_STR("req_"));
    NO(.request = PST_STR("req_11"));
    YES(.principal = PST_STR("app \"one\""));
    YES(.principal = PST_STR("zo\xc3\xab"));
    NO(.principal = PST_STR("app \\\"one\\\""));
    YES(.key = PST_STR("k_7"));
    NO(.key = PST_STR("k_8"));
    YES(.kind = PST_STR("decision"));
    NO(.kind = PST_STR("tool"));
    YES(.decision = PST_STR("deny"));
    NO(.decision = PST_STR("allow"));
    YES(.model = PST_STR("small"));
    YES(.model = PST_STR("small-1"));
    NO(.model = PST_STR("large"));
    YES(.upstream = PST_STR("u1"));
    NO(.upstream = PST_STR("u2"));
    YES(.reason = PST_STR("policy_denied"));
    NO(.reason = PST_STR("ok"));
    YES(.since_ns = ts);
    NO(.since_ns = ts + 1000);
    NO(.until_ns = ts);
    YES(.until_ns = ts + 1);
    YES(.since_ns = ts - 1, .until_ns = ts + 1, .kind = PST_STR("decision"));
    NO(.since_ns = ts - 1, .until_ns = ts + 1, .kind = PST_STR("outcome"));
    YES(.model = PST_STR("small"), .decision = PST_STR("deny"), .request = PST_STR("req_1"));
    NO(.model = PST_STR("small"), .decision = PST_STR("allow"), .request = PST_STR("req_1"));
}

static void the_type_of_the_resource_counts(void **state)
{
    (void)state;
    struct pst_query q = {.model = PST_STR("small")};
    assert_int_equal(
        pst_query_match(&q, PST_STR("{\"resource_id\":\"small\",\"resource_type\":\"Tool\"}"),
                        NULL),
        PST_AGAIN);
    assert_int_equal(pst_query_match(&q, PST_STR("{\"resource_id\":\"small\"}"), NULL), PST_AGAIN);
    assert_int_equal(pst_query_match(&q, PST_STR("{\"upstream_model\":\"small\"}"), NULL), PST_OK);
    struct pst_query code = {.reason = PST_STR("client_closed")};
    assert_int_equal(pst_query_match(&code, PST_STR("{\"code\":\"client_closed\"}"), NULL), PST_OK);
    /* a value of another type is no match, and not taken for its text */
    assert_int_equal(pst_query_match(&code, PST_STR("{\"code\":[\"client_closed\"]}"), NULL),
                     PST_AGAIN);
}

static void not_a_record(void **state)
{
    (void)state;
    struct pst_query q = {.request = PST_STR("r")};
    struct pst_err err = {0};
    assert_int_equal(pst_query_match(&q, PST_STR("{\"request\":\"r\"} "), &err), PST_ERR);
    assert_int_equal(err.code, PST_E_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_condition),
        cmocka_unit_test(the_type_of_the_resource_counts),
        cmocka_unit_test(not_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
