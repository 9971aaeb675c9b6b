/* datetime: the five forms of RFC 80 of Cedar. */
#include "cedar/value.h"

static bool number(struct pst_cur *cur, size_t n, int64_t max, int64_t *ret)
{
    int64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        int ch = pst_cur_peek(cur, i);
        if (ch < '0' || ch > '9') {
            return false;
        }
        v = v * 10 + (ch - '0');
    }
    pst_cur_skip(cur, n);
    *ret = v;
    return v <= max;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const uint8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar; years counted from March, so that the
 * leap day comes last. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "Z", or a sign and hhmm; as milliseconds. */
static bool zone(struct pst_cur *cur, int64_t *ret)
{
    *ret = 0;
    if (pst_cur_byte(cur, 'Z')) {
        return true;
    }
    bool minus = pst_cur_byte(cur, '-');
    int64_t hours = 0;
    int64_t minutes = 0;
    if ((!minus && !pst_cur_byte(cur, '+')) || !number(cur, 2, 23, &hours) ||
        !number(cur, 2, 59, &minutes)) {
        return false;
    }
    *ret = (hours * 60 + minutes) * 60000 * (minus ? -1 : 1);
    return true;
}

bool pst_cedar_datetime_parse(struct pst_str s, int64_t *ret)
{
    struct pst_cur cur = pst_cur_of(s);
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    if (!number(&cur, 4, 9999, &year) || !pst_cur_byte(&cur, '-') || !number(&cur, 2, 12, &month) ||
        month == 0 || !pst_cur_byte(&cur, '-') ||
        !number(&cur, 2, days_in_month(year, month), &day) || day == 0) {
        return false;
    }
    int64_t at = days_since_1970(year, month, day) * 86400000;
    if (pst_cur_done(&cur)) {
        *ret = at;
        return true;
    }
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t milli = 0;
    int64_t offset = 0;
    if (!pst_cur_byte(&cur, 'T') || !number(&cur, 2, 23, &hour) || !pst_cur_byte(&cur, ':') ||
        !number(&cur, 2, 59, &minute) || !pst_cur_byte(&cur, ':') ||
        !number(&cur, 2, 59, &second) ||
        (pst_cur_byte(&cur, '.') && !number(&cur, 3, 999, &milli)) || !zone(&cur, &offset) ||
        !pst_cur_done(&cur)) {
        return false;
    }
    *ret = at + ((hour * 60 + minute) * 60 + second) * 1000 + milli - offset;
    return true;
}
