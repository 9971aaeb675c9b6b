#include "base/enc.h"

static void digits(char *p, uint64_t v, size_t n)
{
    while (n > 0) {
        p[--n] = (char)('0' + v % 10);
        v /= 10;
    }
}

/* Civil date of days since 1970 in the proleptic Gregorian calendar, counted in 400-year eras that
 * begin on 1 March, so that the leap day is the last day of a year. */
static void civil(int64_t days, uint64_t *ret_year, uint64_t *ret_month, uint64_t *ret_day)
{
    enum { DAYS_PER_ERA = 146097, DAYS_0000_03_01_TO_1970 = 719468 };
    /* 64-bit nanoseconds reach from 1677 to 2262: the sum is positive */
    uint64_t z = (uint64_t)(days + DAYS_0000_03_01_TO_1970);
    uint64_t era = z / DAYS_PER_ERA, day = z % DAYS_PER_ERA;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    uint64_t day_of_year = day - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    *ret_day = day_of_year - (153 * month + 2) / 5 + 1;
    *ret_month = month < 10 ? month + 3 : month - 9;
    *ret_year = era * 400 + year + (*ret_month <= 2 ? 1 : 0);
}

void pst_time_put(int64_t unix_ns, char ret[PST_TIME_CHARS])
{
    const int64_t day_ns = INT64_C(86400000000000);
    int64_t days = unix_ns / day_ns, rest = unix_ns % day_ns;
    if (rest < 0) {
        days--;
        rest += day_ns;
    }
    uint64_t year, month, day, us = (uint64_t)rest / 1000, s = us / 1000000;
    civil(days, &year, &month, &day);
    memcpy(ret, "0000-00-00T00:00:00.000000Z", PST_TIME_CHARS);
    digits(&ret[0], year, 4);
    digits(&ret[5], month, 2);
    digits(&ret[8], day, 2);
    digits(&ret[11], s / 3600, 2);
    digits(&ret[14], s / 60 % 60, 2);
    digits(&ret[17], s % 60, 2);
    digits(&ret[20], us % 1000000, 6);
}
