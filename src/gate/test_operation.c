#include "base/test.h"
#include "gate/operation.h"

static void test_rows(void **state)
{
    (void)state;
    for (unsigned op = 0; op < PST_OP_COUNT; op++) {
        const struct pst_operation_row *row = pst_operation_row(op);
        assert_non_null(row);
        assert_true(row->action.n > 0 && row->resource_type.n > 0);
        for (unsigned other = 0; other < op; other++) {
            assert_false(pst_str_eq(row->action, pst_operation_row(other)->action));
        }
    }
    assert_null(pst_operation_row(PST_OP_COUNT));
    assert_null(pst_operation_row(255));
    assert_null(pst_operation_row(UINT32_MAX));
    /* what a front may ask an egress for, and nothing else */
    assert_int_equal(pst_operation_row(PST_OP_CHAT)->place, PST_PLACE_UPSTREAM);
    assert_int_equal(pst_operation_row(PST_OP_ADMINISTER)->place, PST_PLACE_CONTROL);
    assert_int_equal(pst_operation_row(PST_OP_CALL_TOOL)->place, PST_PLACE_NOWHERE);
    assert_int_equal(pst_operation_row(PST_OP_NONE)->place, PST_PLACE_NOWHERE);
}

static enum pst_route_match find(enum pst_route_listener where, const char *method,
                                 const char *path, struct pst_route *ret)
{
    return pst_route_find(where, pst_str_c(method), pst_str_c(path), ret);
}

static void test_found(void **state)
{
    (void)state;
    struct pst_route r;
    assert_int_equal(find(PST_ROUTE_CLIENT, "POST", "/v1/chat/completions", &r), PST_ROUTE_FOUND);
    assert_int_equal(r.operation, PST_OP_CHAT);
    assert_int_equal(r.body, PST_ROUTE_BODY_JSON);
    assert_int_equal(r.object.n, 0);
    assert_int_equal(find(PST_ROUTE_CLIENT, "GET", "/v1/models", &r), PST_ROUTE_FOUND);
    assert_int_equal(r.operation, PST_OP_LIST_MODELS);
    assert_int_equal(r.object.n, 0);
    assert_int_equal(find(PST_ROUTE_CLIENT, "GET", "/v1/models/m", &r), PST_ROUTE_FOUND);
    assert_str(r.object, "m");
    assert_int_equal(find(PST_ROUTE_ADMIN, "DELETE", "/admin/v1/keys/x/y", &r), PST_ROUTE_FOUND);
    assert_int_equal(r.operation, PST_OP_ADMINISTER);
    assert_int_equal(find(PST_ROUTE_ADMIN, "GET", "/metrics", &r), PST_ROUTE_FOUND);
}

/* Nothing near a route is that route, and a refusal leaves the result alone. */
static void test_not_found(void **state)
{
    (void)state;
    static const struct {
        enum pst_route_listener where;
        const char *method, *path;
        enum pst_route_match match;
    } rows[] = {
        {PST_ROUTE_CLIENT, "GET", "/v1/chat/completions", PST_ROUTE_NO_METHOD},
        {PST_ROUTE_CLIENT, "post", "/v1/chat/completions", PST_ROUTE_NO_METHOD},
        {PST_ROUTE_CLIENT, "POSTS", "/v1/chat/completions", PST_ROUTE_NO_METHOD},
        {PST_ROUTE_CLIENT, "", "/v1/chat/completions", PST_ROUTE_NO_METHOD},
        {PST_ROUTE_CLIENT, "POST", "/v1/chat/completions/", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "POST", "/v1/chat/completionsx", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "POST", "/v1/chat/completion", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "POST", "/V1/chat/completions", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "POST", "//v1/chat/completions", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "POST", "v1/chat/completions", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "POST", "", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "POST", "/", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "GET", "/v1/models/", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "GET", "/v1/models/a/b", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "GET", "/v1/models//", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "GET", "/v1/modelsx", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "DELETE", "/v1/models/a", PST_ROUTE_NO_METHOD},
        /* administration is not to be had where clients come, and the other way round */
        {PST_ROUTE_CLIENT, "GET", "/metrics", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "GET", "/admin/v1/keys", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_CLIENT, "GET", "/healthz", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_ADMIN, "POST", "/v1/chat/completions", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_ADMIN, "GET", "/admin/v1", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_ADMIN, "GET", "/admin/v1x/keys", PST_ROUTE_UNKNOWN},
        {PST_ROUTE_ADMIN, "PUT", "/admin/v1/keys", PST_ROUTE_NO_METHOD},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_route r = {.operation = PST_OP_COUNT};
        assert_int_equal(find(rows[i].where, rows[i].method, rows[i].path, &r), rows[i].match);
        assert_int_equal(r.operation, PST_OP_COUNT);
    }
}

/* A NUL does not end a path. */
static void test_nul(void **state)
{
    (void)state;
    struct pst_route r;
    static const char path[] = "/v1/models\0/x";
    assert_int_equal(
        pst_route_find(PST_ROUTE_CLIENT, PST_STR("GET"), pst_str_of(path, sizeof path - 1), &r),
        PST_ROUTE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_not_found),
        cmocka_unit_test(test_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
