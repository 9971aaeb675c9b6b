/* The tables of operations and routes (src/tables/operations.def, routes.def). */
#ifndef PST_GATE_OPERATION_H
#define PST_GATE_OPERATION_H

#include "base/str.h"

#include <stdint.h>

enum pst_operation {
#define PST_OPERATION(name, action, resource, place) PST_OP_##name,
#include "tables/operations.def"
#undef PST_OPERATION
    PST_OP_COUNT
};

enum pst_place { PST_PLACE_NOWHERE, PST_PLACE_UPSTREAM, PST_PLACE_LOCAL, PST_PLACE_CONTROL };

struct pst_operation_row {
    struct pst_str action;        /* "chat" */
    struct pst_str resource_type; /* "Model", without namespace */
    enum pst_place place;
};
/* NULL for a number that is no operation. */
const struct pst_operation_row *pst_operation_row(unsigned operation);

enum pst_route_listener { PST_ROUTE_CLIENT, PST_ROUTE_ADMIN };
enum pst_route_body { PST_ROUTE_BODY_NONE, PST_ROUTE_BODY_JSON, PST_ROUTE_BODY_ANY };

struct pst_route {
    enum pst_operation operation;
    enum pst_route_body body;
    struct pst_str object; /* of a ONE route: the last segment */
};
enum pst_route_match {
    PST_ROUTE_FOUND,
    PST_ROUTE_NO_METHOD, /* the path exists, with another method */
    PST_ROUTE_UNKNOWN,
};
/* Looks the route up; *ret only when found. `path` has been checked by the HTTP parser. */
enum pst_route_match pst_route_find(enum pst_route_listener listener, struct pst_str method,
                                    struct pst_str path, struct pst_route *ret);

#endif
