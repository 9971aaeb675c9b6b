#include "gate/operation.h"

#include <stdbool.h>

enum rest { REST_EXACT, REST_ONE, REST_TREE };

const struct pst_operation_row *pst_operation_row(unsigned operation)
{
    static const struct pst_operation_row rows[] = {
#define PST_OPERATION(name, action_text, resource, place_name)                                     \
    {PST_STR_INIT(action_text), PST_STR_INIT(resource), PST_PLACE_##place_name},
#include "tables/operations.def"
#undef PST_OPERATION
    };
    return operation < PST_LEN(rows) ? &rows[operation] : NULL;
}

/* Whether `path` is `base` and what the row allows behind it; *ret_rest is that part. */
static bool path_matches(struct pst_str base, enum rest rest, struct pst_str path,
                         struct pst_str *ret_rest)
{
    if (!pst_str_starts(path, base)) {
        return false;
    }
    struct pst_str behind = pst_str_from(path, base.n);
    if (rest == REST_EXACT) {
        *ret_rest = behind;
        return behind.n == 0;
    }
    if (behind.n < 2 || behind.p[0] != '/') {
        return false;
    }
    *ret_rest = pst_str_from(behind, 1);
    return rest == REST_TREE || pst_str_find_byte(*ret_rest, '/') == PST_NPOS;
}

enum pst_route_match pst_route_find(enum pst_route_listener listener, struct pst_str method,
                                    struct pst_str path, struct pst_route *ret)
{
    static const struct {
        enum pst_route_listener listener;
        struct pst_str method, path;
        enum rest rest;
        enum pst_operation operation;
        enum pst_route_body body;
    } rows[] = {
#define PST_ROUTE(where, method_name, path_text, rest_rule, op, body_rule)                         \
    {PST_ROUTE_##where, PST_STR_INIT(#method_name), PST_STR_INIT(path_text), REST_##rest_rule,     \
     PST_OP_##op,       PST_ROUTE_BODY_##body_rule},
#include "tables/routes.def"
#undef PST_ROUTE
    };
    enum pst_route_match match = PST_ROUTE_UNKNOWN;
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_str rest;
        if (rows[i].listener != listener ||
            !path_matches(rows[i].path, rows[i].rest, path, &rest)) {
            continue;
        }
        if (pst_str_eq(rows[i].method, method)) {
            *ret = (struct pst_route){rows[i].operation, rows[i].body, rest};
            return PST_ROUTE_FOUND;
        }
        match = PST_ROUTE_NO_METHOD;
    }
    return match;
}
