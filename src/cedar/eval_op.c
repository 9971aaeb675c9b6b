/* Operators on known values. Both operands have been evaluated; what is left are their types. */
#include "base/check.h"
#include "cedar/entities.h"
#include "cedar/eval.h"

static struct pst_cedar_ctx ctx_of(const struct pst_cedar_request *r)
{
    return (struct pst_cedar_ctx){.c = r->c, .r = r};
}

bool pst_cedar_eval_unary(struct pst_cedar_request *r, enum pst_cedar_op op,
                          struct pst_cedar_value a, struct pst_cedar_value *ret,
                          enum pst_error *ret_code)
{
    (void)r;
    *ret_code = PST_E_CEDAR_TYPE;
    if (op == PST_CEDAR_OP_NOT && a.tag == PST_CEDAR_BOOL) {
        *ret = pst_cedar_bool(a.i == 0);
        return true;
    }
    if (op == PST_CEDAR_OP_IS_EMPTY && a.tag == PST_CEDAR_SET) {
        *ret = pst_cedar_bool(a.n == 0);
        return true;
    }
    if (op == PST_CEDAR_OP_NEG && a.tag == PST_CEDAR_LONG) {
        *ret_code = PST_E_CEDAR_OVERFLOW;
        ret->tag = PST_CEDAR_LONG;
        ret->n = 0;
        return pst_sub_i64(0, a.i, &ret->i);
    }
    return false;
}

static bool compare(enum pst_cedar_op op, struct pst_cedar_value a, struct pst_cedar_value b,
                    struct pst_cedar_value *ret)
{
    bool ordered = a.tag == PST_CEDAR_LONG || a.tag == PST_CEDAR_DATETIME ||
                   a.tag == PST_CEDAR_DURATION;
    if (!ordered || a.tag != b.tag) {
        return false;
    }
    bool yes = op == PST_CEDAR_OP_LT   ? a.i < b.i
               : op == PST_CEDAR_OP_LE ? a.i <= b.i
               : op == PST_CEDAR_OP_GT ? a.i > b.i
                                       : a.i >= b.i;
    *ret = pst_cedar_bool(yes);
    return true;
}

static bool arithmetic(enum pst_cedar_op op, struct pst_cedar_value a, struct pst_cedar_value b,
                       struct pst_cedar_value *ret, enum pst_error *ret_code)
{
    if (a.tag != PST_CEDAR_LONG || b.tag != PST_CEDAR_LONG) {
        return false;
    }
    *ret_code = PST_E_CEDAR_OVERFLOW;
    *ret = (struct pst_cedar_value){.tag = PST_CEDAR_LONG};
    if (op == PST_CEDAR_OP_ADD) {
        return pst_add_i64(a.i, b.i, &ret->i);
    }
    return op == PST_CEDAR_OP_SUB ? pst_sub_i64(a.i, b.i, &ret->i) : pst_mul_i64(a.i, b.i, &ret->i);
}

static bool in(const struct pst_cedar_request *r, struct pst_cedar_value a,
               struct pst_cedar_value b, struct pst_cedar_value *ret)
{
    if (a.tag != PST_CEDAR_UID) {
        return false;
    }
    if (b.tag == PST_CEDAR_UID) {
        *ret = pst_cedar_bool(pst_cedar_uid_in(r, (uint32_t)a.i, (uint32_t)b.i));
        return true;
    }
    if (b.tag != PST_CEDAR_SET) {
        return false;
    }
    /* All items must be entities, also those after the one that decides. Sorted items of one tag
     * stand together, so the ends tell. */
    const struct pst_cedar_value *items = pst_cedar_items(ctx_of(r), b);
    if (b.n != 0 && (items[0].tag != PST_CEDAR_UID || items[b.n - 1].tag != PST_CEDAR_UID)) {
        return false;
    }
    bool yes = false;
    for (uint32_t i = 0; i < b.n && !yes; i++) {
        yes = pst_cedar_uid_in(r, (uint32_t)a.i, (uint32_t)items[i].i);
    }
    *ret = pst_cedar_bool(yes);
    return true;
}

static bool contains_one(struct pst_cedar_ctx x, struct pst_cedar_value set,
                         struct pst_cedar_value v)
{
    const struct pst_cedar_value *items = pst_cedar_items(x, set);
    uint32_t low = 0;
    uint32_t high = set.n;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int order = pst_cedar_value_cmp(x, items[mid], v);
        if (order == 0) {
            return true;
        }
        if (order < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return false;
}

static bool contains(struct pst_cedar_ctx x, enum pst_cedar_op op, struct pst_cedar_value a,
                     struct pst_cedar_value b, struct pst_cedar_value *ret)
{
    if (a.tag != PST_CEDAR_SET || (op != PST_CEDAR_OP_CONTAINS && b.tag != PST_CEDAR_SET)) {
        return false;
    }
    if (op == PST_CEDAR_OP_CONTAINS) {
        *ret = pst_cedar_bool(contains_one(x, a, b));
        return true;
    }
    bool all = op == PST_CEDAR_OP_CONTAINS_ALL;
    bool yes = all;
    const struct pst_cedar_value *items = pst_cedar_items(x, b);
    for (uint32_t i = 0; i < b.n && yes == all; i++) {
        yes = contains_one(x, a, items[i]);
    }
    *ret = pst_cedar_bool(yes);
    return true;
}

static bool tag(const struct pst_cedar_request *r, enum pst_cedar_op op, struct pst_cedar_value a,
                struct pst_cedar_value b, struct pst_cedar_value *ret, enum pst_error *ret_code)
{
    if (a.tag != PST_CEDAR_UID || b.tag != PST_CEDAR_STRING) {
        return false;
    }
    struct pst_cedar_entity_view e = pst_cedar_entity_of(r, (uint32_t)a.i);
    const struct pst_cedar_value *v = pst_cedar_member(ctx_of(r), e.tags, (uint32_t)b.i);
    if (op == PST_CEDAR_OP_HAS_TAG) {
        *ret = pst_cedar_bool(v != NULL);
        return true;
    }
    *ret_code = e.exists ? PST_E_CEDAR_ATTRIBUTE : PST_E_CEDAR_ENTITY;
    if (v != NULL) {
        *ret = *v;
    }
    return v != NULL;
}

bool pst_cedar_eval_binary(struct pst_cedar_request *r, enum pst_cedar_op op,
                           struct pst_cedar_value a, struct pst_cedar_value b,
                           struct pst_cedar_value *ret, enum pst_error *ret_code)
{
    *ret_code = PST_E_CEDAR_TYPE;
    switch (op) {
    case PST_CEDAR_OP_EQ:
    case PST_CEDAR_OP_NE:
        *ret = pst_cedar_bool(pst_cedar_value_eq(ctx_of(r), a, b) == (op == PST_CEDAR_OP_EQ));
        return true;
    case PST_CEDAR_OP_LT:
    case PST_CEDAR_OP_LE:
    case PST_CEDAR_OP_GT:
    case PST_CEDAR_OP_GE:
        return compare(op, a, b, ret);
    case PST_CEDAR_OP_ADD:
    case PST_CEDAR_OP_SUB:
    case PST_CEDAR_OP_MUL:
        return arithmetic(op, a, b, ret, ret_code);
    case PST_CEDAR_OP_IN:
        return in(r, a, b, ret);
    case PST_CEDAR_OP_CONTAINS:
    case PST_CEDAR_OP_CONTAINS_ALL:
    case PST_CEDAR_OP_CONTAINS_ANY:
        return contains(ctx_of(r), op, a, b, ret);
    case PST_CEDAR_OP_GET_TAG:
    case PST_CEDAR_OP_HAS_TAG:
        return tag(r, op, a, b, ret, ret_code);
    case PST_CEDAR_OP_NOT:
    case PST_CEDAR_OP_NEG:
    case PST_CEDAR_OP_IS_EMPTY:
    case PST_CEDAR_OP_COUNT:
    default:
        return false;
    }
}

/* --- like --------------------------------------------------------------------------------------
 */

/* The first text must begin s and the last end it; those between are looked for one after the
 * other, each as early as possible. Linear in s for each text, never exponential. */
bool pst_cedar_like(const struct pst_cedar *c, struct pst_str s, const uint32_t *texts, uint32_t n)
{
    struct pst_str first = pst_cedar_text(c, texts[0]);
    if (n == 1) {
        return pst_str_eq(s, first);
    }
    if (!pst_str_starts(s, first)) {
        return false;
    }
    s = pst_str_from(s, first.n);
    struct pst_str last = pst_cedar_text(c, texts[n - 1]);
    if (!pst_str_ends(s, last)) {
        return false;
    }
    s = pst_str_cut(s, 0, s.n - last.n);
    for (uint32_t i = 1; i + 1 < n; i++) {
        struct pst_str text = pst_cedar_text(c, texts[i]);
        size_t at = pst_str_find(s, text);
        if (at == PST_NPOS) {
            return false;
        }
        s = pst_str_from(s, at + text.n);
    }
    return true;
}

/* --- extension functions -----------------------------------------------------------------------
 */

static bool construct(struct pst_cedar_request *r, enum pst_cedar_fn fn, struct pst_cedar_value a,
                      struct pst_cedar_value *ret)
{
    struct pst_str text = pst_cedar_sym_text(ctx_of(r), (uint32_t)a.i);
    struct pst_cedar_target t = {.r = r};
    return pst_cedar_target_extension(t, fn, text, ret, NULL) == PST_OK;
}

static int64_t floor_day(int64_t ms)
{
    int64_t rest = ms % 86400000;
    return rest < 0 ? rest + 86400000 : rest;
}

static bool datetime_fn(enum pst_cedar_fn fn, struct pst_cedar_value a, struct pst_cedar_value b,
                        struct pst_cedar_value *ret)
{
    *ret = (struct pst_cedar_value){.tag = pst_cedar_fn(fn)->result};
    if (fn == PST_CEDAR_FN_OFFSET) {
        return pst_add_i64(a.i, b.i, &ret->i);
    }
    if (fn == PST_CEDAR_FN_DURATION_SINCE) {
        return pst_sub_i64(a.i, b.i, &ret->i);
    }
    int64_t of_day = floor_day(a.i);
    if (fn == PST_CEDAR_FN_TO_TIME) {
        ret->i = of_day;
        return true;
    }
    return pst_sub_i64(a.i, of_day, &ret->i);
}

static bool ip_fn(const struct pst_cedar_request *r, enum pst_cedar_fn fn,
                  const struct pst_cedar_value *args)
{
    const struct pst_cedar_ip *ip = pst_cedar_ip_of(ctx_of(r), args[0]);
    if (fn == PST_CEDAR_FN_IS_IPV4 || fn == PST_CEDAR_FN_IS_IPV6) {
        return (ip->v6 != 0) == (fn == PST_CEDAR_FN_IS_IPV6);
    }
    if (fn == PST_CEDAR_FN_IS_LOOPBACK) {
        return pst_cedar_ip_loopback(ip);
    }
    if (fn == PST_CEDAR_FN_IS_MULTICAST) {
        return pst_cedar_ip_multicast(ip);
    }
    return pst_cedar_ip_in_range(ip, pst_cedar_ip_of(ctx_of(r), args[1]));
}

bool pst_cedar_eval_call(struct pst_cedar_request *r, enum pst_cedar_fn fn,
                         const struct pst_cedar_value *args, uint32_t n,
                         struct pst_cedar_value *ret, enum pst_error *ret_code)
{
    const struct pst_cedar_fn_row *row = pst_cedar_fn(fn);
    *ret_code = n == row->n_args ? PST_E_CEDAR_TYPE : PST_E_CEDAR_EXTENSION;
    bool ok = n == row->n_args;
    for (uint32_t i = 0; i < n && ok; i++) {
        ok = args[i].tag == row->args[i];
    }
    if (!ok) {
        return false;
    }
    *ret_code = PST_E_CEDAR_EXTENSION;
    switch (fn) {
    case PST_CEDAR_FN_DECIMAL:
    case PST_CEDAR_FN_IP:
    case PST_CEDAR_FN_DATETIME:
    case PST_CEDAR_FN_DURATION:
        return construct(r, fn, args[0], ret);
    case PST_CEDAR_FN_LESS_THAN:
        *ret = pst_cedar_bool(args[0].i < args[1].i);
        return true;
    case PST_CEDAR_FN_LESS_THAN_OR_EQUAL:
        *ret = pst_cedar_bool(args[0].i <= args[1].i);
        return true;
    case PST_CEDAR_FN_GREATER_THAN:
        *ret = pst_cedar_bool(args[0].i > args[1].i);
        return true;
    case PST_CEDAR_FN_GREATER_THAN_OR_EQUAL:
        *ret = pst_cedar_bool(args[0].i >= args[1].i);
        return true;
    case PST_CEDAR_FN_IS_IPV4:
    case PST_CEDAR_FN_IS_IPV6:
    case PST_CEDAR_FN_IS_LOOPBACK:
    case PST_CEDAR_FN_IS_MULTICAST:
    case PST_CEDAR_FN_IS_IN_RANGE:
        *ret = pst_cedar_bool(ip_fn(r, fn, args));
        return true;
    case PST_CEDAR_FN_OFFSET:
    case PST_CEDAR_FN_DURATION_SINCE:
    case PST_CEDAR_FN_TO_DATE:
    case PST_CEDAR_FN_TO_TIME:
        return datetime_fn(fn, args[0], args[n - 1], ret);
    case PST_CEDAR_FN_TO_MILLISECONDS:
        *ret = pst_cedar_long(args[0].i);
        return true;
    case PST_CEDAR_FN_TO_SECONDS:
        *ret = pst_cedar_long(args[0].i / 1000);
        return true;
    case PST_CEDAR_FN_TO_MINUTES:
        *ret = pst_cedar_long(args[0].i / 60000);
        return true;
    case PST_CEDAR_FN_TO_HOURS:
        *ret = pst_cedar_long(args[0].i / 3600000);
        return true;
    case PST_CEDAR_FN_TO_DAYS:
        *ret = pst_cedar_long(args[0].i / 86400000);
        return true;
    case PST_CEDAR_FN_COUNT:
    default:
        return false;
    }
}
