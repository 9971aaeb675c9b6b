/* Iberia, Italy, Greece, Cyprus, Malta. */
#include "inspect/check/parts.h"

static const char es_letters[] = "TRWAGMYFPDXBNJZSQVHLCKE";

enum pst_verdict pst_check_es_dni(struct pst_str s)
{
    bool ok = pst_check_shape(s, "99999999A");
    return pst_check_if(s, ok && s.p[8] == (uint8_t)es_letters[pst_check_num(s, 0, 8) % 23]);
}

/* Foreigners: X, Y, Z stand for 0, 1, 2. */
enum pst_verdict pst_check_es_nie(struct pst_str s)
{
    if (!pst_check_shape(s, "A9999999A") || !pst_check_in(s.p[0], "XYZ")) {
        return PST_CHECK_NO;
    }
    int number = (s.p[0] - 'X') * 10000000 + pst_check_num(s, 1, 7);
    return pst_check_if(s, s.p[8] == (uint8_t)es_letters[number % 23]);
}

/* Orden EHA/451/2008: the kind of body decides whether the last place is a letter or a digit. */
enum pst_verdict pst_check_es_cif(struct pst_str s)
{
    if (!pst_check_shape(s, "A9999999X") || !pst_check_in(s.p[0], "ABCDEFGHJNPQRSUVW")) {
        return PST_CHECK_NO;
    }
    int sum = 0;
    for (size_t i = 1; i <= 7; i++) {
        sum += pst_check_digit_sum(pst_check_d(s, i) * (i % 2 == 1 ? 2 : 1));
    }
    int check = (10 - sum % 10) % 10;
    bool letter = s.p[8] == (uint8_t)"JABCDEFGHI"[check], digit = s.p[8] == '0' + check;
    bool letters_only = pst_check_in(s.p[0], "PQSNWR") || pst_check_lit(pst_str_from(s, 1), "00");
    bool digits_only = pst_check_in(s.p[0], "ABEH");
    return pst_check_if(s, letters_only  ? letter || (digit && !pst_check_in(s.p[0], "PQSNWR"))
                           : digits_only ? digit
                                         : letter || digit);
}

/* K, L, M: a natural person without a number of the others. */
enum pst_verdict pst_check_es_nif(struct pst_str s)
{
    struct pst_str n = s.n == 11 && pst_check_lit(s, "ES") ? pst_str_from(s, 2) : s;
    if (pst_check_shape(n, "A9999999A") && pst_check_in(n.p[0], "KLM")) {
        return pst_check_if(n, n.p[8] == (uint8_t)es_letters[pst_check_num(n, 1, 7) % 23]);
    }
    enum pst_verdict v = pst_check_es_dni(n);
    v = v == PST_CHECK_NO ? pst_check_es_nie(n) : v;
    return v == PST_CHECK_NO ? pst_check_es_cif(n) : v;
}

/* Social security: province, number, two digits modulo 97. A number below ten millions is joined to
 * the province without its zero. */
enum pst_verdict pst_check_es_nss(struct pst_str s)
{
    if (!pst_check_digits(s, 12, 12)) {
        return PST_CHECK_NO;
    }
    int64_t province = pst_check_num(s, 0, 2), number = pst_check_num(s, 2, 8);
    int64_t whole = number < 10000000 ? province * 10000000 + number
                                      : province * 100000000 + number;
    bool known = (province >= 1 && province <= 53) || province == 66;
    return pst_check_if(s, known && whole % 97 == pst_check_num(s, 10, 2));
}

/* Supply point: ES, sixteen digits, two letters for the number modulo 529 (in base 23); a point of
 * measure may follow. */
enum pst_verdict pst_check_es_cups(struct pst_str s)
{
    struct pst_str n = pst_str_cut(s, 0, 20);
    bool tail = s.n == 20 || (s.n == 22 && pst_check_digits(pst_str_cut(s, 20, 1), 1, 1) &&
                              pst_check_in(s.p[21], "FPRCXYZ"));
    if (!tail || !pst_check_shape(n, "ES9999999999999999AA")) {
        return PST_CHECK_NO;
    }
    int rest = pst_check_mod(pst_str_cut(n, 2, 16), 529);
    return pst_check_if(n, n.p[18] == (uint8_t)es_letters[rest / 23] &&
                               n.p[19] == (uint8_t)es_letters[rest % 23]);
}

static int cadastral(struct pst_str s, size_t at)
{
    static const int8_t weights[11] = {13, 15, 12, 5, 4, 17, 9, 21, 3, 7, 1};
    int sum = 0;
    for (size_t i = 0; i < 11; i++) {
        uint8_t c = s.p[i < 7 ? at + i : 7 + i]; /* seven places, and the four of the unit */
        int v = pst_check_36(c);
        v = v > 9 ? c - 'A' + 1 + (c > 'N' ? 1 : 0) : v;
        sum += v * weights[i];
    }
    return sum % 23;
}

/* Cadastre: twice seven places and a unit of four, a letter over each of the sevens with the unit.
 */
enum pst_verdict pst_check_es_cadastral(struct pst_str s)
{
    static const char letters[] = "MQWERTYUIOPASDFGHJKLBZX";
    for (size_t i = 0; i < s.n; i++) {
        if (pst_check_36(s.p[i]) < 0) {
            return PST_CHECK_NO;
        }
    }
    return pst_check_if(s, s.n == 20 && s.p[18] == (uint8_t)letters[cadastral(s, 0)] &&
                               s.p[19] == (uint8_t)letters[cadastral(s, 7)]);
}

static int pt_check(struct pst_str s)
{
    int rest = 11 - pst_check_ramp(s, 0, 8, 9, -1) % 11;
    return rest > 9 ? 0 : rest;
}

enum pst_verdict pst_check_pt_nif(struct pst_str s)
{
    struct pst_str n = s.n == 11 && pst_check_lit(s, "PT") ? pst_str_from(s, 2) : s;
    return pst_check_if(n, pst_check_digits(n, 9, 9) && n.p[0] != '0' &&
                               pt_check(n) == pst_check_d(n, 8));
}

/* Citizen card: nine digits, two letters or digits of the version, a digit; as Luhn in base 36 with
 * modulo 10. */
enum pst_verdict pst_check_pt_cc(struct pst_str s)
{
    int sum = 0;
    if (!pst_check_shape(s, "999999999XX9")) {
        return PST_CHECK_NO;
    }
    for (size_t i = 0; i < 12; i++) {
        int v = pst_check_36(s.p[11 - i]) * (i % 2 == 0 ? 1 : 2);
        sum += i % 2 == 1 && v > 9 ? v - 9 : v;
    }
    return pst_check_if(s, sum % 10 == 0);
}

/* Social security: eleven digits from 1 or 2, primes as weights, 9 less the sum modulo 10. */
enum pst_verdict pst_check_pt_niss(struct pst_str s)
{
    int sum = PST_WSUM(s, 0, 29, 23, 19, 17, 13, 11, 7, 5, 3, 2);
    return pst_check_if(s, pst_check_digits(s, 11, 11) && pst_check_in(s.p[0], "12") &&
                               9 - sum % 10 == pst_check_d(s, 10));
}

enum pst_verdict pst_check_ad_nrt(struct pst_str s)
{
    bool ok = pst_check_shape(s, "A999999A") && pst_check_in(s.p[0], "ACDEFGLOPU");
    int number = pst_check_num(s, 1, 6);
    bool range = (s.p[0] != 'F' || number <= 699999) &&
                 (!pst_check_in(s.p[0], "AL") || (number > 699999 && number < 800000));
    return pst_check_shape_if(s, ok && range);
}

/* DM 23 December 1976: odd places by a table, even ones by their value, modulo 26. Digits may be
 * letters (omocodia: L M N P Q R S T U V). */
enum pst_verdict pst_check_it_codicefiscale(struct pst_str s)
{
    static const int8_t odd[26] = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                   20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    static const char omocodia[] = "LMNPQRSTUV";
    static const char months[] = "ABCDEHLMPRST";
    if (s.n == 11) {
        return pst_check_it_iva(s);
    }
    if (!pst_check_shape(s, "AAAAAAXXAXXAXXXA") || !pst_check_in(s.p[8], months)) {
        return PST_CHECK_NO;
    }
    uint8_t plain[16];
    int sum = 0;
    for (size_t i = 0; i < 16; i++) {
        bool number = (i >= 6 && i <= 7) || (i >= 9 && i <= 10) || (i >= 12 && i <= 14);
        const char *at = number ? strchr(omocodia, s.p[i]) : NULL;
        plain[i] = at == NULL ? s.p[i] : (uint8_t)('0' + (at - omocodia));
        if (number && plain[i] > '9') {
            return PST_CHECK_NO;
        }
        int v = s.p[i] <= '9' ? s.p[i] - '0' : s.p[i] - 'A';
        sum += i == 15 ? 0 : i % 2 == 0 ? odd[v] : v;
    }
    struct pst_str p = pst_str_of(plain, 16);
    int year = pst_check_num(p, 6, 2), day = pst_check_num(p, 9, 2) % 40;
    int month = (int)(strchr(months, s.p[8]) - months) + 1;
    bool date = pst_check_date(1900 + year, month, day) || pst_check_date(2000 + year, month, day);
    return pst_check_if(s, date && pst_check_num(p, 9, 2) <= 71 && sum % 26 == s.p[15] - 'A');
}

enum pst_verdict pst_check_it_iva(struct pst_str s)
{
    struct pst_str n = s.n == 13 && pst_check_lit(s, "IT") ? pst_str_from(s, 2) : s;
    int office = pst_check_num(n, 7, 3);
    bool known = (office >= 1 && office <= 100) || office == 120 || office == 121 ||
                 office == 888 || office == 999;
    return pst_check_if(n, pst_check_digits(n, 11, 11) && pst_check_num(n, 0, 7) != 0 && known &&
                               pst_check_luhn_ok(n));
}

enum pst_verdict pst_check_sm_coe(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 2, 5) && s.p[0] != '0');
}

static int powers_of_two(struct pst_str s, size_t n)
{
    int sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum = (sum + pst_check_d(s, i)) * 2;
    }
    return sum % 11 % 10;
}

enum pst_verdict pst_check_gr_afm(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "EL") || pst_check_lit(s, "GR") ? pst_str_from(s, 2) : s;
    return pst_check_if(n, pst_check_digits(n, 9, 9) && powers_of_two(n, 8) == pst_check_d(n, 8));
}

/* Social security: birth and Luhn. */
enum pst_verdict pst_check_gr_amka(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 11, 11) && pst_check_date6(s, 0, "dmy") &&
                               pst_check_luhn_ok(s));
}

enum pst_verdict pst_check_cy_vat(struct pst_str s)
{
    static const int8_t odd[10] = {1, 0, 5, 7, 9, 13, 15, 17, 19, 21};
    struct pst_str n = s.n == 11 && pst_check_lit(s, "CY") ? pst_str_from(s, 2) : s;
    if (!pst_check_shape(n, "99999999A") || pst_check_lit(n, "12")) {
        return PST_CHECK_NO;
    }
    int sum = 0;
    for (size_t i = 0; i < 8; i++) {
        sum += i % 2 == 0 ? odd[pst_check_d(n, i)] : pst_check_d(n, i);
    }
    return pst_check_if(n, n.p[8] == 'A' + sum % 26);
}

enum pst_verdict pst_check_mt_vat(struct pst_str s)
{
    struct pst_str n = s.n == 10 && pst_check_lit(s, "MT") ? pst_str_from(s, 2) : s;
    return pst_check_if(n, pst_check_digits(n, 8, 8) && n.p[0] != '0' &&
                               PST_WSUM(n, 0, 3, 4, 6, 7, 8, 9, 10, 1) % 37 == 0);
}

/* Identity card: up to seven digits and a letter of the register. */
enum pst_verdict pst_check_mt_id(struct pst_str s)
{
    bool ok = s.n >= 4 && s.n <= 8 && pst_check_digits(pst_str_cut(s, 0, s.n - 1), 3, 7);
    return pst_check_shape_if(s, ok && pst_check_in(s.p[s.n - 1], "MGAPLHBZ"));
}
