#include "inspect/check/parts.h"

static bool repeated(struct pst_str s)
{
    for (size_t i = 1; i < s.n; i++) {
        if (s.p[i] != s.p[0]) {
            return false;
        }
    }
    return true;
}

enum pst_verdict pst_check_if(struct pst_str s, bool ok)
{
    return ok && !repeated(s) ? PST_CHECK_YES : PST_CHECK_NO;
}

enum pst_verdict pst_check_shape_if(struct pst_str s, bool ok)
{
    return ok && !repeated(s) ? PST_CHECK_PLAUSIBLE : PST_CHECK_NO;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

bool pst_check_shape(struct pst_str s, const char *shape)
{
    if (strlen(shape) != s.n) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool ok = shape[i] == '9'   ? is_digit(c)
                  : shape[i] == 'A' ? is_upper(c)
                  : shape[i] == 'X' ? is_digit(c) || is_upper(c)
                                    : c == (uint8_t)shape[i];
        if (!ok) {
            return false;
        }
    }
    return true;
}

bool pst_check_digits(struct pst_str s, size_t min, size_t max)
{
    if (s.n < min || s.n > max) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i])) {
            return false;
        }
    }
    return true;
}

bool pst_check_lit(struct pst_str s, const char *prefix)
{
    return pst_str_starts(s, pst_str_c(prefix));
}

bool pst_check_in(uint8_t byte, const char *list)
{
    return byte != 0 && strchr(list, byte) != NULL;
}

bool pst_check_in2(struct pst_str s, size_t at, const char *list)
{
    struct pst_str words = pst_str_c(list);
    for (size_t i = 0; at + 2 <= s.n && i + 2 <= words.n; i += 3) {
        if (words.p[i] == s.p[at] && words.p[i + 1] == s.p[at + 1]) {
            return true;
        }
    }
    return false;
}

int pst_check_d(struct pst_str s, size_t i)
{
    return i < s.n && is_digit(s.p[i]) ? s.p[i] - '0' : 0;
}

int pst_check_36(uint8_t byte)
{
    return is_digit(byte) ? byte - '0' : is_upper(byte) ? byte - 'A' + 10 : -1;
}

int pst_check_num(struct pst_str s, size_t at, size_t n)
{
    int value = 0;
    for (size_t i = 0; i < n && i < 9; i++) {
        value = value * 10 + pst_check_d(s, at + i);
    }
    return value;
}

int pst_check_mod(struct pst_str s, int m)
{
    int rest = 0;
    for (size_t i = 0; i < s.n; i++) {
        int v = pst_check_36(s.p[i]);
        rest = v < 0 ? rest : (rest * (v > 9 ? 100 : 10) + v) % m;
    }
    return rest;
}

int pst_check_wsum(struct pst_str s, size_t at, const int8_t *weights, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += pst_check_d(s, at + i) * weights[i];
    }
    return sum;
}

int pst_check_ramp(struct pst_str s, size_t at, size_t n, int first, int step)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += pst_check_d(s, at + i) * (first + step * (int)i);
    }
    return sum;
}

int pst_check_digit_sum(int n)
{
    int sum = 0;
    for (; n > 0; n /= 10) {
        sum += n % 10;
    }
    return sum;
}

bool pst_check_luhn_ok(struct pst_str s)
{
    int sum = 0;
    for (size_t i = 0; i < s.n; i++) {
        int d = s.p[s.n - 1 - i] - '0';
        if (d < 0 || d > 9) {
            return false;
        }
        sum += i % 2 == 0 ? d : d < 5 ? d * 2 : d * 2 - 9;
    }
    return s.n > 1 && sum % 10 == 0;
}

bool pst_check_luhn36_ok(struct pst_str s, const char *alphabet)
{
    int base = (int)strlen(alphabet), sum = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[s.n - 1 - i];
        const char *at = c == 0 ? NULL : strchr(alphabet, c);
        if (at == NULL) {
            return false;
        }
        int d = (int)(at - alphabet) * (i % 2 == 0 ? 1 : 2);
        sum += d / base + d % base;
    }
    return s.n > 1 && sum % base == 0;
}

bool pst_check_mod11_10(struct pst_str s)
{
    int product = 10;
    for (size_t i = 0; i + 1 < s.n; i++) {
        int sum = (pst_check_d(s, i) + product) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return s.n > 1 && (product + pst_check_d(s, s.n - 1)) % 10 == 1;
}

bool pst_check_mod11_2(struct pst_str s)
{
    int check = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        check = (check + pst_check_d(s, i)) * 2 % 11;
    }
    uint8_t last = s.n > 1 ? s.p[s.n - 1] : 0;
    int value = last == 'X' ? 10 : is_digit(last) ? last - '0' : -1;
    return value >= 0 && (check + value) % 11 == 1;
}

bool pst_check_mod97_10(struct pst_str s)
{
    return s.n > 2 && pst_check_mod(s, 97) == 1;
}

/* Verhoeff 1969: the dihedral group D5, and a permutation of period eight. */
bool pst_check_verhoeff_ok(struct pst_str s)
{
    static const uint8_t permute[10] = {1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
    int check = 0;
    for (size_t i = 0; i < s.n; i++) {
        int d = s.p[s.n - 1 - i] - '0';
        if (d < 0 || d > 9) {
            return false;
        }
        for (size_t k = 0; k < i % 8; k++) {
            d = permute[d];
        }
        /* rotations are 0-4, reflections 5-9 */
        int a = check % 5, b = d % 5;
        bool mirror_a = check >= 5, mirror_b = d >= 5;
        int c = (mirror_a ? a - b + 5 : a + b) % 5;
        check = mirror_a == mirror_b ? c : c + 5;
    }
    return s.n > 1 && check == 0;
}

bool pst_check_731(struct pst_str s)
{
    static const int weights[3] = {7, 3, 1};
    int sum = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        int v = s.p[i] == '<' ? 0 : pst_check_36(s.p[i]);
        if (v < 0) {
            return false;
        }
        sum += v * weights[i % 3];
    }
    return s.n > 1 && is_digit(s.p[s.n - 1]) && sum % 10 == pst_check_d(s, s.n - 1);
}

bool pst_check_date(int year, int month, int day)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || year < 0) {
        return false;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap ? 1 : 0);
}

bool pst_check_date6(struct pst_str s, size_t at, const char *order)
{
    bool ymd = order[0] == 'y';
    int a = pst_check_num(s, at, 2), month = pst_check_num(s, at + 2, 2);
    int b = pst_check_num(s, at + 4, 2);
    int year = ymd ? a : b, day = ymd ? b : a;
    return pst_check_date(1900 + year, month, day) || pst_check_date(2000 + year, month, day);
}

bool pst_check_date8(struct pst_str s, size_t at, const char *order)
{
    bool ymd = order[0] == 'y';
    int year = pst_check_num(s, ymd ? at : at + 4, 4);
    int month = pst_check_num(s, ymd ? at + 4 : at + 2, 2);
    int day = pst_check_num(s, ymd ? at + 6 : at, 2);
    return year >= 1800 && year <= 2099 && pst_check_date(year, month, day);
}
