#include "cedar/ast.h"

#define ROW(text, a, b, n, res, is_method)                                                         \
    {.name = (text),                                                                               \
     .args = {PST_CEDAR_##a, PST_CEDAR_##b},                                                       \
     .n_args = (n),                                                                                \
     .result = PST_CEDAR_##res,                                                                    \
     .method = (is_method)}

static const struct pst_cedar_fn_row rows[PST_CEDAR_FN_COUNT] = {
    [PST_CEDAR_FN_DECIMAL] = ROW("decimal", STRING, NONE, 1, DECIMAL, false),
    [PST_CEDAR_FN_IP] = ROW("ip", STRING, NONE, 1, IP, false),
    [PST_CEDAR_FN_DATETIME] = ROW("datetime", STRING, NONE, 1, DATETIME, false),
    [PST_CEDAR_FN_DURATION] = ROW("duration", STRING, NONE, 1, DURATION, false),
    [PST_CEDAR_FN_LESS_THAN] = ROW("lessThan", DECIMAL, DECIMAL, 2, BOOL, true),
    [PST_CEDAR_FN_LESS_THAN_OR_EQUAL] = ROW("lessThanOrEqual", DECIMAL, DECIMAL, 2, BOOL, true),
    [PST_CEDAR_FN_GREATER_THAN] = ROW("greaterThan", DECIMAL, DECIMAL, 2, BOOL, true),
    [PST_CEDAR_FN_GREATER_THAN_OR_EQUAL] = ROW("greaterThanOrEqual", DECIMAL, DECIMAL, 2, BOOL,
                                               true),
    [PST_CEDAR_FN_IS_IPV4] = ROW("isIpv4", IP, NONE, 1, BOOL, true),
    [PST_CEDAR_FN_IS_IPV6] = ROW("isIpv6", IP, NONE, 1, BOOL, true),
    [PST_CEDAR_FN_IS_LOOPBACK] = ROW("isLoopback", IP, NONE, 1, BOOL, true),
    [PST_CEDAR_FN_IS_MULTICAST] = ROW("isMulticast", IP, NONE, 1, BOOL, true),
    [PST_CEDAR_FN_IS_IN_RANGE] = ROW("isInRange", IP, IP, 2, BOOL, true),
    [PST_CEDAR_FN_OFFSET] = ROW("offset", DATETIME, DURATION, 2, DATETIME, true),
    [PST_CEDAR_FN_DURATION_SINCE] = ROW("durationSince", DATETIME, DATETIME, 2, DURATION, true),
    [PST_CEDAR_FN_TO_DATE] = ROW("toDate", DATETIME, NONE, 1, DATETIME, true),
    [PST_CEDAR_FN_TO_TIME] = ROW("toTime", DATETIME, NONE, 1, DURATION, true),
    [PST_CEDAR_FN_TO_MILLISECONDS] = ROW("toMilliseconds", DURATION, NONE, 1, LONG, true),
    [PST_CEDAR_FN_TO_SECONDS] = ROW("toSeconds", DURATION, NONE, 1, LONG, true),
    [PST_CEDAR_FN_TO_MINUTES] = ROW("toMinutes", DURATION, NONE, 1, LONG, true),
    [PST_CEDAR_FN_TO_HOURS] = ROW("toHours", DURATION, NONE, 1, LONG, true),
    [PST_CEDAR_FN_TO_DAYS] = ROW("toDays", DURATION, NONE, 1, LONG, true),
};

const struct pst_cedar_fn_row *pst_cedar_fn(enum pst_cedar_fn fn)
{
    PST_BUG_ON(fn >= PST_CEDAR_FN_COUNT);
    return &rows[fn];
}

enum pst_cedar_fn pst_cedar_fn_find(struct pst_str name, bool method)
{
    for (unsigned i = 0; i < PST_CEDAR_FN_COUNT; i++) {
        if (rows[i].method == method && pst_str_eq(name, pst_str_c(rows[i].name))) {
            return (enum pst_cedar_fn)i;
        }
    }
    return PST_CEDAR_FN_COUNT;
}
