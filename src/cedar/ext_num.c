/* decimal and duration: texts ⇄ 64-bit numbers. */
#include "base/check.h"
#include "cedar/value.h"

/* Digits at the cursor, with the sign applied; false when there are none or they do not fit. */
static bool digits(struct pst_cur *cur, bool negative, int64_t *ret)
{
    int64_t v = 0;
    size_t start = cur->at;
    for (int ch = pst_cur_peek(cur, 0); ch >= '0' && ch <= '9'; ch = pst_cur_peek(cur, 0)) {
        int64_t d = negative ? '0' - ch : ch - '0';
        if (!pst_mul_i64(v, 10, &v) || !pst_add_i64(v, d, &v)) {
            return false;
        }
        pst_cur_skip(cur, 1);
    }
    *ret = v;
    return cur->at > start;
}

/* -?digits.digits with one to four digits after the point. */
bool pst_cedar_decimal_parse(struct pst_str s, int64_t *ret)
{
    struct pst_cur cur = pst_cur_of(s);
    bool negative = pst_cur_byte(&cur, '-');
    int64_t whole = 0;
    int64_t part = 0;
    if (!digits(&cur, negative, &whole) || !pst_cur_byte(&cur, '.')) {
        return false;
    }
    size_t places = pst_cur_left(&cur);
    if (places < 1 || places > 4 || !digits(&cur, negative, &part) || !pst_cur_done(&cur)) {
        return false;
    }
    for (; places < 4; places++) {
        part *= 10;
    }
    return pst_mul_i64(whole, 10000, &whole) && pst_add_i64(whole, part, ret);
}

bool pst_cedar_decimal_put(struct pst_buf *out, int64_t v)
{
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    char part[5];
    size_t n = 4;
    uint64_t rest = u % 10000;
    for (size_t i = 4; i > 0; i--) {
        part[i - 1] = (char)('0' + rest % 10);
        rest /= 10;
    }
    while (n > 1 && part[n - 1] == '0') {
        n--;
    }
    return (v >= 0 || pst_buf_byte(out, '-')) && pst_buf_u64(out, u / 10000) &&
           pst_buf_byte(out, '.') && pst_buf_add(out, pst_str_of(part, n));
}

static const struct {
    const char *unit;
    int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

/* -?(Nd)?(Nh)?(Nm)?(Ns)?(Nms)?, at least one part. */
bool pst_cedar_duration_parse(struct pst_str s, int64_t *ret)
{
    struct pst_cur cur = pst_cur_of(s);
    bool negative = pst_cur_byte(&cur, '-');
    int64_t sum = 0;
    size_t unit = 0;
    if (pst_cur_done(&cur)) {
        return false;
    }
    while (!pst_cur_done(&cur)) {
        int64_t v = 0;
        if (!digits(&cur, negative, &v)) {
            return false;
        }
        /* "ms" must not be read as minutes followed by rubbish. */
        bool ms = pst_cur_peek(&cur, 0) == 'm' && pst_cur_peek(&cur, 1) == 's';
        while (unit < PST_LEN(units) &&
               (ms ? unit != 4 : pst_cur_peek(&cur, 0) != units[unit].unit[0] || unit == 4)) {
            unit++;
        }
        if (unit == PST_LEN(units) || !pst_mul_i64(v, units[unit].ms, &v) ||
            !pst_add_i64(sum, v, &sum)) {
            return false;
        }
        pst_cur_skip(&cur, ms ? 2 : 1);
        unit++;
    }
    *ret = sum;
    return true;
}

bool pst_cedar_duration_put(struct pst_buf *out, int64_t ms)
{
    return pst_buf_i64(out, ms) && PST_BUF_LIT(out, "ms");
}
