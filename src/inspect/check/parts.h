/* What the checks of all regions are made of: shapes, weighted sums, the check-digit systems of
 * ISO 7064 and their cousins, and dates. All take views of at most PST_CHECK_MAX bytes and are
 * pure. */
#ifndef PST_INSPECT_CHECK_PARTS_H
#define PST_INSPECT_CHECK_PARTS_H

#include "inspect/check/check.h"

#define PST_CHECK_ROW(name) enum pst_verdict pst_check_##name(struct pst_str s);
#include "inspect/check/check.def"
#undef PST_CHECK_ROW

/* YES when the arithmetic holds and the value is not one byte repeated: such values pass many
 * sums, and nobody was given one. */
enum pst_verdict pst_check_if(struct pst_str s, bool ok);
/* The same for what has a structure and no arithmetic. */
enum pst_verdict pst_check_shape_if(struct pst_str s, bool ok);

/* `shape`: 9 digit, A letter, X either; every other byte for itself. The lengths must agree. */
bool pst_check_shape(struct pst_str s, const char *shape);
bool pst_check_country(struct pst_str s); /* starts with a code of ISO 3166, or XK */
size_t pst_check_iban_length(struct pst_str s);
bool pst_check_digits(struct pst_str s, size_t min, size_t max);
bool pst_check_lit(struct pst_str s, const char *prefix);
/* One byte of a list; never true for NUL. */
bool pst_check_in(uint8_t byte, const char *list);
/* Two bytes of s from `at` in a list of two-byte words that are separated by spaces. */
bool pst_check_in2(struct pst_str s, size_t at, const char *list);

/* The digit at `i`, or 0 for what is no digit (shapes are tested before). */
int pst_check_d(struct pst_str s, size_t i);
/* 0-9 as they are, A = 10 … Z = 35, -1 for anything else. */
int pst_check_36(uint8_t byte);
/* The decimal number of `n` ≤ 9 digits from `at`. */
int pst_check_num(struct pst_str s, size_t at, size_t n);
/* The whole as a number modulo `m`; letters count as two digits, as in ISO 7064 and IBAN. */
int pst_check_mod(struct pst_str s, int m);

int pst_check_wsum(struct pst_str s, size_t at, const int8_t *weights, size_t n);
#define PST_WSUM(s, at, ...)                                                                       \
    pst_check_wsum(s, at, (const int8_t[]){__VA_ARGS__}, sizeof((const int8_t[]){__VA_ARGS__}))
/* Digits of n(first) … down or up by one, in the one order that many countries use: weight of the
 * first is `first`, the next `first + step`, … */
int pst_check_ramp(struct pst_str s, size_t at, size_t n, int first, int step);
int pst_check_digit_sum(int n);

bool pst_check_luhn_ok(struct pst_str s);
/* The same over base 36: letters count as 10 … 35, sums in base `base` (18 … 36). */
bool pst_check_luhn36_ok(struct pst_str s, const char *alphabet);
bool pst_check_mod11_10(struct pst_str s); /* ISO 7064 MOD 11,10 */
bool pst_check_mod11_2(struct pst_str s);  /* ISO 7064 MOD 11-2, X is ten */
bool pst_check_mod97_10(struct pst_str s); /* ISO 7064 MOD 97-10, check digits last */
bool pst_check_verhoeff_ok(struct pst_str s);
bool pst_check_731(struct pst_str s); /* ICAO 9303: weights 7 3 1, mod 10, check digit last */

bool pst_check_date(int year, int month, int day);
/* Six digits as year (of the century), month, day in the order that `order` says ("ymd", "dmy");
 * the 29th of February passes when either century would have it. */
bool pst_check_date6(struct pst_str s, size_t at, const char *order);
/* Eight digits, "ymd" or "dmy", years 1800 to 2099. */
bool pst_check_date8(struct pst_str s, size_t at, const char *order);

#endif
