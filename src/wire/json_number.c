#include "wire/json.h"
#include "wire/json_out.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static size_t digits_from(struct pst_str s, size_t at)
{
    while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9') {
        at++;
    }
    return at;
}

bool pst_json_number_valid(struct pst_str s)
{
    size_t at = s.n > 0 && s.p[0] == '-' ? 1 : 0;
    size_t end = digits_from(s, at);
    if (end == at || (s.p[at] == '0' && end - at > 1)) {
        return false;
    }
    if (end < s.n && s.p[end] == '.') {
        at = end + 1;
        end = digits_from(s, at);
        if (end == at) {
            return false;
        }
    }
    if (end < s.n && (s.p[end] | 0x20) == 'e') {
        at = end + 1;
        if (at < s.n && (s.p[at] == '+' || s.p[at] == '-')) {
            at++;
        }
        end = digits_from(s, at);
        if (end == at) {
            return false;
        }
    }
    return end == s.n;
}

bool pst_json_double(const struct pst_json *v, double *ret)
{
    char text[PST_JSON_NUMBER_MAX + 1];
    if (!pst_json_is(v, PST_JSON_NUMBER) || !pst_str_to_c(v->text, text, sizeof text)) {
        return false;
    }
    const double value = strtod(text, NULL);
    if (!isfinite(value)) {
        return false;
    }
    *ret = value;
    return true;
}

/* --- ECMAScript's text of a double -------------------------------------------------------------
 */

enum { DIGITS_MAX = 17 };

/* value = 0.d1d2d3… × 10^point */
struct decimal {
    char digit[DIGITS_MAX + 1];
    int n;
    int point;
};

static double value_of(const struct decimal *d)
{
    char text[40];
    (void)snprintf(text, sizeof text, "0.%.*se%d", d->n, d->digit, d->point);
    return strtod(text, NULL);
}

/* The n-digit decimal nearest to the value, which is positive. */
static void nearest(double value, int n, struct decimal *d)
{
    char text[40];
    (void)snprintf(text, sizeof text, "%.*e", n - 1, value);
    int at = 0;
    d->n = 0;
    for (; text[at] != 'e' && text[at] != '\0'; at++) {
        if (text[at] >= '0' && text[at] <= '9' && d->n < DIGITS_MAX) {
            d->digit[d->n++] = text[at];
        }
    }
    d->point = (text[at] == 'e' ? (int)strtol(&text[at + 1], NULL, 10) : 0) + 1;
}

/* One more in the last digit; false when that would carry into a new digit (then a shorter decimal
 * was tried before). */
static bool step_up(struct decimal *d)
{
    int at = d->n - 1;
    while (at >= 0 && d->digit[at] == '9') {
        d->digit[at--] = '0';
    }
    if (at < 0) {
        return false;
    }
    d->digit[at]++;
    return true;
}

/* The shortest decimal that reads back as the value; of several the nearest (ECMA-262
 * Number::toString step 5). */
static void shortest(double value, struct decimal *d)
{
    /* A normal double carries any 15 digits, so the 15-digit decimal, without trailing zeros, is
     * the shortest when it reads back. */
    for (int n = value < DBL_MIN ? 1 : DBL_DIG; n < DIGITS_MAX; n++) {
        nearest(value, n, d);
        if (value_of(d) == value) {
            return;
        }
        /* Just above a power of two doubles are twice as far apart as below: the nearest decimal
         * below may belong to the neighbour while the next one up is still ours. */
        int exponent;
        if (frexp(value, &exponent) == 0.5 && step_up(d) && value_of(d) == value) {
            return;
        }
    }
    nearest(value, DIGITS_MAX, d);
}

static size_t put_char(char *ret, size_t at, char c)
{
    ret[at] = c;
    return at + 1;
}

static size_t put_digits(char *ret, size_t at, const struct decimal *d, int from, int to)
{
    for (int i = from; i < to; i++) {
        at = put_char(ret, at, i < d->n ? d->digit[i] : '0');
    }
    return at;
}

/* At most 25 characters: sign, "0.", 5 zeros and 17 digits. */
struct pst_str pst_json_double_text(double value, char ret[PST_JSON_DOUBLE_CHARS])
{
    PST_BUG_ON(!isfinite(value));
    size_t at = 0;
    if (value == 0) {
        at = put_char(ret, at, '0');
        return pst_str_of(ret, at);
    }
    if (value < 0) {
        at = put_char(ret, at, '-');
        value = -value;
    }
    struct decimal d;
    shortest(value, &d);
    while (d.n > 1 && d.digit[d.n - 1] == '0') {
        d.n--;
    }
    if (d.point > 0 && d.point <= 21) {
        at = put_digits(ret, at, &d, 0, d.point);
        if (d.n > d.point) {
            at = put_char(ret, at, '.');
            at = put_digits(ret, at, &d, d.point, d.n);
        }
    } else if (d.point > -6 && d.point <= 0) {
        at = put_char(ret, at, '0');
        at = put_char(ret, at, '.');
        for (int i = d.point; i < 0; i++) {
            at = put_char(ret, at, '0');
        }
        at = put_digits(ret, at, &d, 0, d.n);
    } else {
        at = put_digits(ret, at, &d, 0, 1);
        if (d.n > 1) {
            at = put_char(ret, at, '.');
            at = put_digits(ret, at, &d, 1, d.n);
        }
        const int n = snprintf(&ret[at], PST_JSON_DOUBLE_CHARS - at, "e%+d", d.point - 1);
        at += n > 0 ? (size_t)n : 0;
    }
    return pst_str_of(ret, at);
}
