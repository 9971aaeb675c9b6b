/* Central, south-eastern and eastern Europe, and Central Asia. */
#include "inspect/check/parts.h"

/* --- Poland ---------------------------------------------------------------------------------- */

/* The month carries the century: + 80 for 18xx, 20 for 20xx, 40 for 21xx, 60 for 22xx. */
enum pst_verdict pst_check_pl_pesel(struct pst_str s)
{
    int month = pst_check_num(s, 2, 2), shift = month / 20;
    int century = shift == 4 ? 1800 : 1900 + shift * 100;
    bool date = pst_check_date(century + pst_check_num(s, 0, 2), month % 20,
                               pst_check_num(s, 4, 2));
    return pst_check_if(s, pst_check_digits(s, 11, 11) && date &&
                               PST_WSUM(s, 0, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1) % 10 == 0);
}

enum pst_verdict pst_check_pl_nip(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "PL") ? pst_str_from(s, 2) : s;
    return pst_check_if(n, pst_check_digits(n, 10, 10) &&
                               PST_WSUM(n, 0, 6, 5, 7, 2, 3, 4, 5, 6, 7) % 11 == pst_check_d(n, 9));
}

enum pst_verdict pst_check_pl_regon(struct pst_str s)
{
    bool nine = PST_WSUM(s, 0, 8, 9, 2, 3, 4, 5, 6, 7) % 11 % 10 == pst_check_d(s, 8);
    bool rest = s.n == 9 || PST_WSUM(s, 0, 2, 4, 8, 5, 0, 9, 7, 3, 6, 1, 2, 4, 8) % 11 % 10 ==
                                pst_check_d(s, 13);
    return pst_check_if(s, (s.n == 9 || s.n == 14) && pst_check_digits(s, 9, 14) && nine && rest);
}

/* Identity card: three letters, a check digit, five digits; 7 3 1 of the other eight. */
enum pst_verdict pst_check_pl_idcard(struct pst_str s)
{
    if (!pst_check_shape(s, "AAA999999")) {
        return PST_CHECK_NO;
    }
    int sum = pst_check_36(s.p[0]) * 7 + pst_check_36(s.p[1]) * 3 + pst_check_36(s.p[2]) +
              PST_WSUM(s, 4, 7, 3, 1, 7, 3);
    return pst_check_if(s, sum % 10 == pst_check_d(s, 3));
}

/* Passport: two letters, a check digit, six digits. */
enum pst_verdict pst_check_pl_passport(struct pst_str s)
{
    if (!pst_check_shape(s, "AA9999999")) {
        return PST_CHECK_NO;
    }
    int sum = pst_check_36(s.p[0]) * 7 + pst_check_36(s.p[1]) * 3 +
              PST_WSUM(s, 3, 1, 7, 3, 1, 7, 3);
    return pst_check_if(s, sum % 10 == pst_check_d(s, 2));
}

/* --- Czechia, Slovakia, Hungary -------------------------------------------------------------- */

/* Rodné číslo: nine digits before 1954, then ten, divisible by eleven (until 1984 with a last digit
 * of 0 where the rest is ten); women + 50, and since 2004 also + 20 and + 70. */
enum pst_verdict pst_check_cz_rc(struct pst_str s)
{
    if (!pst_check_digits(s, 9, 10)) {
        return PST_CHECK_NO;
    }
    int year = pst_check_num(s, 0, 2), month = pst_check_num(s, 2, 2) % 50;
    year += s.n == 9 && year >= 80 ? 1800 : s.n == 9 || year >= 54 ? 1900 : 2000;
    month -= month > 20 ? 20 : 0;
    if (!pst_check_date(year, month, pst_check_num(s, 4, 2))) {
        return PST_CHECK_NO;
    }
    if (s.n == 9) {
        return pst_check_shape_if(s, year < 1954);
    }
    int rest = pst_check_mod(pst_str_cut(s, 0, 9), 11);
    return pst_check_if(s, (year < 1985 ? rest % 10 : rest) == pst_check_d(s, 9));
}

/* Companies have eight digits; persons without a rodné číslo 6 and eight digits, others their
 * rodné číslo. */
enum pst_verdict pst_check_cz_dic(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "CZ") ? pst_str_from(s, 2) : s;
    if (pst_check_digits(n, 8, 8)) {
        int rest = (11 - pst_check_ramp(n, 0, 7, 8, -1) % 11) % 11;
        int check = rest == 0 ? 1 : rest == 10 ? 0 : rest;
        return pst_check_if(n, n.p[0] != '9' && check == pst_check_d(n, 7));
    }
    if (pst_check_digits(n, 9, 9) && n.p[0] == '6') {
        int rest = pst_check_ramp(n, 1, 7, 8, -1) % 11;
        return pst_check_if(n, 8 - (10 - rest) % 11 == pst_check_d(n, 8) ||
                                   (8 - (10 - rest) % 11 + 10) % 10 == pst_check_d(n, 8));
    }
    return pst_check_cz_rc(n);
}

/* IČO: the company's eight digits alone. */
enum pst_verdict pst_check_cz_ico(struct pst_str s)
{
    int rest = (11 - pst_check_ramp(s, 0, 7, 8, -1) % 11) % 11;
    int check = rest == 0 ? 1 : rest == 10 ? 0 : rest;
    return pst_check_if(s, pst_check_digits(s, 8, 8) && check == pst_check_d(s, 7));
}

enum pst_verdict pst_check_sk_dph(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "SK") ? pst_str_from(s, 2) : s;
    bool ok = pst_check_digits(n, 10, 10) && n.p[0] != '0' && pst_check_in(n.p[2], "234789");
    if (ok && pst_check_mod(n, 11) == 0) {
        return pst_check_if(n, true);
    }
    return n.n == 10 ? pst_check_cz_rc(n) : PST_CHECK_NO;
}

/* TAJ: weights 3 and 7, modulo 10. */
enum pst_verdict pst_check_hu_taj(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 9, 9) &&
                               PST_WSUM(s, 0, 3, 7, 3, 7, 3, 7, 3, 7) % 10 == pst_check_d(s, 8));
}

/* Adóazonosító jel: 8, days since 1867, serial, modulo 11. */
enum pst_verdict pst_check_hu_tax(struct pst_str s)
{
    int sum = pst_check_ramp(s, 0, 9, 1, 1) % 11;
    return pst_check_if(s,
                        pst_check_digits(s, 10, 10) && s.p[0] == '8' && sum == pst_check_d(s, 9));
}

enum pst_verdict pst_check_hu_anum(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "HU") ? pst_str_from(s, 2) : s;
    bool length = n.n == 8 || (n.n == 11 && pst_check_in(n.p[8], "12345"));
    return pst_check_if(n, length && pst_check_digits(n, 8, 11) &&
                               PST_WSUM(n, 0, 9, 7, 3, 1, 9, 7, 3, 1) % 10 == 0);
}

/* Személyi azonosító: sex and century, birth, serial; weights rise until 1996 and fall after. */
enum pst_verdict pst_check_hu_id(struct pst_str s)
{
    int year = pst_check_num(s, 1, 2), kind = pst_check_d(s, 0);
    bool date = kind >= 1 && kind <= 8 && pst_check_date6(s, 1, "ymd");
    bool newer = kind >= 3 && kind <= 4 ? true : year > 96;
    int sum = newer ? pst_check_ramp(s, 0, 10, 10, -1) : pst_check_ramp(s, 0, 10, 1, 1);
    return pst_check_if(s, pst_check_digits(s, 11, 11) && date && sum % 11 == pst_check_d(s, 10));
}

/* --- Romania, Bulgaria ----------------------------------------------------------------------- */

enum pst_verdict pst_check_ro_cnp(struct pst_str s)
{
    int kind = pst_check_d(s, 0), county = pst_check_num(s, 7, 2);
    int century = kind == 3 || kind == 4 ? 1800 : kind == 5 || kind == 6 ? 2000 : 1900;
    int sum = PST_WSUM(s, 0, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11;
    bool date = pst_check_date(century + pst_check_num(s, 1, 2), pst_check_num(s, 3, 2),
                               pst_check_num(s, 5, 2)) ||
                (kind >= 7 && pst_check_date6(s, 1, "ymd"));
    bool known = (county >= 1 && county <= 48) || county == 51 || county == 52 || county == 70 ||
                 county == 80 || county == 81 || county == 82 || county == 83;
    return pst_check_if(s, pst_check_digits(s, 13, 13) && kind != 0 && date && known &&
                               (sum == 10 ? 1 : sum) == pst_check_d(s, 12));
}

enum pst_verdict pst_check_ro_cui(struct pst_str s)
{
    static const int8_t weights[9] = {2, 3, 5, 7, 1, 2, 3, 5, 7};
    struct pst_str n = pst_check_lit(s, "RO") ? pst_str_from(s, 2) : s;
    int sum = 0;
    for (size_t i = 0; i + 1 < n.n && i < 9; i++) {
        sum += pst_check_d(n, n.n - 2 - i) * weights[i];
    }
    return pst_check_if(n, pst_check_digits(n, 2, 10) && n.p[0] != '0' &&
                               sum * 10 % 11 % 10 == pst_check_d(n, n.n - 1));
}

/* EGN: months + 20 for 18xx and + 40 for 20xx. */
enum pst_verdict pst_check_bg_egn(struct pst_str s)
{
    int month = pst_check_num(s, 2, 2), century = month > 40 ? 2000 : month > 20 ? 1800 : 1900;
    month -= month > 40 ? 40 : month > 20 ? 20 : 0;
    int sum = PST_WSUM(s, 0, 2, 4, 8, 5, 10, 9, 7, 3, 6) % 11 % 10;
    return pst_check_if(
        s, pst_check_digits(s, 10, 10) && sum == pst_check_d(s, 9) &&
               pst_check_date(century + pst_check_num(s, 0, 2), month, pst_check_num(s, 4, 2)));
}

/* Foreigners: weights 21 19 17 13 11 9 7 3 1, modulo 10. */
enum pst_verdict pst_check_bg_pnf(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 10, 10) &&
                               PST_WSUM(s, 0, 21, 19, 17, 13, 11, 9, 7, 3, 1) % 10 ==
                                   pst_check_d(s, 9));
}

static bool bg_legal(struct pst_str n)
{
    int rest = pst_check_ramp(n, 0, 8, 1, 1) % 11;
    rest = rest == 10 ? pst_check_ramp(n, 0, 8, 3, 1) % 11 : rest;
    return rest % 10 == pst_check_d(n, 8);
}

enum pst_verdict pst_check_bg_vat(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "BG") ? pst_str_from(s, 2) : s;
    if (n.n == 9) {
        return pst_check_if(n, pst_check_digits(n, 9, 9) && bg_legal(n));
    }
    int rest = (11 - PST_WSUM(n, 0, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11) % 11;
    bool other = pst_check_digits(n, 10, 10) && rest == pst_check_d(n, 9);
    return pst_check_bg_egn(n) == PST_CHECK_YES || pst_check_bg_pnf(n) == PST_CHECK_YES
               ? PST_CHECK_YES
               : pst_check_if(n, other);
}

/* --- what was Yugoslavia, Albania ------------------------------------------------------------ */

/* JMBG: birth with three digits of the year, region, serial; the sum of pairs with weights 7 … 2.
 */
enum pst_verdict pst_check_si_emso(struct pst_str s)
{
    int year = pst_check_num(s, 4, 3);
    year += year < 800 ? 2000 : 1000;
    int rest = 11 - PST_WSUM(s, 0, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11;
    return pst_check_if(s,
                        pst_check_digits(s, 13, 13) &&
                            pst_check_date(year, pst_check_num(s, 2, 2), pst_check_num(s, 0, 2)) &&
                            (rest > 9 ? 0 : rest) == pst_check_d(s, 12));
}

enum pst_verdict pst_check_si_ddv(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "SI") ? pst_str_from(s, 2) : s;
    int rest = 11 - pst_check_ramp(n, 0, 7, 8, -1) % 11;
    return pst_check_if(n, pst_check_digits(n, 8, 8) && n.p[0] != '0' && rest != 11 &&
                               rest % 10 == pst_check_d(n, 7));
}

enum pst_verdict pst_check_hr_oib(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "HR") ? pst_str_from(s, 2) : s;
    return pst_check_if(n, pst_check_digits(n, 11, 11) && pst_check_mod11_10(n));
}

enum pst_verdict pst_check_rs_pib(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 9, 9) && pst_check_mod11_10(s));
}

enum pst_verdict pst_check_mk_edb(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "MK") ? pst_str_from(s, 2) : s;
    int rest = (11 - PST_WSUM(n, 0, 7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11) % 11 % 10;
    return pst_check_if(n, pst_check_digits(n, 13, 13) && rest == pst_check_d(n, 12));
}

enum pst_verdict pst_check_me_pib(struct pst_str s)
{
    int rest = (11 - pst_check_ramp(s, 0, 7, 8, -1) % 11) % 11 % 10;
    return pst_check_if(s, pst_check_digits(s, 8, 8) && rest == pst_check_d(s, 7));
}

/* Letter for the decade, year, month (women + 50), day, serial, letter. */
enum pst_verdict pst_check_al_nipt(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "AL") ? pst_str_from(s, 2) : s;
    bool ok = pst_check_shape(n, "A99999999A") && pst_check_in(n.p[0], "ABCDEFGHIJKLM");
    return pst_check_shape_if(n, ok);
}

enum pst_verdict pst_check_md_idno(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 13, 13) &&
                               PST_WSUM(s, 0, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1) % 10 ==
                                   pst_check_d(s, 12));
}

/* --- Russia, Belarus, Ukraine, Kazakhstan, Uzbekistan ---------------------------------------- */

enum pst_verdict pst_check_ru_inn(struct pst_str s)
{
    if (s.n == 10) {
        return pst_check_if(s, pst_check_digits(s, 10, 10) &&
                                   PST_WSUM(s, 0, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10 ==
                                       pst_check_d(s, 9));
    }
    return pst_check_if(
        s, pst_check_digits(s, 12, 12) &&
               PST_WSUM(s, 0, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10 == pst_check_d(s, 10) &&
               PST_WSUM(s, 0, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) % 11 % 10 == pst_check_d(s, 11));
}

/* Weights 9 … 1, modulo 101, where 100 is 00; numbers up to 001-001-998 have none. */
enum pst_verdict pst_check_ru_snils(struct pst_str s)
{
    int sum = pst_check_ramp(s, 0, 9, 9, -1) % 101 % 100;
    if (!pst_check_digits(s, 11, 11)) {
        return PST_CHECK_NO;
    }
    if (pst_check_num(s, 0, 9) <= 1001998) {
        return pst_check_shape_if(s, pst_check_num(s, 0, 9) != 0);
    }
    return pst_check_if(s, sum == pst_check_num(s, 9, 2));
}

/* OGRN (13) modulo 11, OGRNIP (15) modulo 13; of a rest of ten or more the last digit. */
enum pst_verdict pst_check_ru_ogrn(struct pst_str s)
{
    bool ok = (s.n == 13 && pst_check_in(s.p[0], "1256789")) ||
              (s.n == 15 && pst_check_in(s.p[0], "34"));
    if (!ok || !pst_check_digits(s, 13, 15)) {
        return PST_CHECK_NO;
    }
    int rest = pst_check_mod(pst_str_cut(s, 0, s.n - 1), s.n == 13 ? 11 : 13);
    return pst_check_if(s, rest % 10 == pst_check_d(s, s.n - 1));
}

/* Passport: region, year of the form, number; nothing to reckon. */
enum pst_verdict pst_check_ru_passport(struct pst_str s)
{
    int region = pst_check_num(s, 0, 2), year = pst_check_num(s, 2, 2);
    return pst_check_shape_if(s, pst_check_digits(s, 10, 10) && region != 0 &&
                                     (year <= 40 || year >= 97) && pst_check_num(s, 4, 6) >= 101);
}

/* Birth as days since 1899-12-31, serial, weights -1 5 7 9 4 6 10 5 7. */
enum pst_verdict pst_check_ua_rntrc(struct pst_str s)
{
    int sum = PST_WSUM(s, 0, -1, 5, 7, 9, 4, 6, 10, 5, 7);
    return pst_check_if(s, pst_check_digits(s, 10, 10) &&
                               (sum % 11 + 11) % 11 % 10 == pst_check_d(s, 9));
}

enum pst_verdict pst_check_ua_edrpou(struct pst_str s)
{
    bool middle = s.n == 8 && (s.p[0] >= '3' && s.p[0] <= '5');
    int sum = middle ? PST_WSUM(s, 0, 7, 1, 2, 3, 4, 5, 6) : PST_WSUM(s, 0, 1, 2, 3, 4, 5, 6, 7);
    int again = middle ? PST_WSUM(s, 0, 9, 3, 4, 5, 6, 7, 8) : PST_WSUM(s, 0, 3, 4, 5, 6, 7, 8, 9);
    int rest = sum % 11 == 10 ? again % 11 : sum % 11;
    return pst_check_if(s, pst_check_digits(s, 8, 8) && rest % 10 == pst_check_d(s, 7));
}

/* Weights 29 23 19 17 13 7 5 3, modulo 11; the two letters of persons have values of their own. */
enum pst_verdict pst_check_by_unp(struct pst_str s)
{
    static const int8_t weights[8] = {29, 23, 19, 17, 13, 7, 5, 3};
    static const char letters[] = "ABCEHKMOPT";
    if (s.n != 9 || !pst_check_digits(pst_str_from(s, 2), 7, 7)) {
        return PST_CHECK_NO;
    }
    bool person = pst_check_36(s.p[0]) > 9;
    bool head = person ? pst_check_in(s.p[0], "ABCEHKM") && pst_check_in(s.p[1], letters)
                       : pst_check_in(s.p[0], "1234567") && s.p[1] >= '0' && s.p[1] <= '9';
    if (!head) {
        return PST_CHECK_NO;
    }
    int sum = pst_check_36(s.p[0]) * weights[0];
    int second = person ? (int)(strchr(letters, s.p[1]) - letters) : pst_check_d(s, 1);
    sum += second * weights[1];
    for (size_t i = 2; i < 8; i++) {
        sum += pst_check_d(s, i) * weights[i];
    }
    return pst_check_if(s, sum % 11 < 10 && sum % 11 == pst_check_d(s, 8));
}

/* Personal number: sex and century, birth, region, serial, citizenship, a digit by 7 3 1. */
enum pst_verdict pst_check_by_personal(struct pst_str s)
{
    bool ok = pst_check_shape(s, "9999999A999AA9") && pst_check_in(s.p[0], "123456") &&
              pst_check_in(s.p[7], "ABCEHKM") && pst_check_in2(s, 11, "PB BA BI");
    return pst_check_if(s, ok && pst_check_date6(s, 1, "dmy") && pst_check_731(s));
}

/* IIN of persons (birth, century) and BIN of companies (year, month, kind): two passes modulo 11.
 */
enum pst_verdict pst_check_kz_iin(struct pst_str s)
{
    int rest = PST_WSUM(s, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) % 11;
    rest = rest == 10 ? PST_WSUM(s, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2) % 11 : rest;
    bool person = pst_check_date6(s, 0, "ymd") && s.n == 12 && s.p[6] <= '6';
    bool company = s.n == 12 && pst_check_num(s, 2, 2) >= 1 && pst_check_num(s, 2, 2) <= 12 &&
                   pst_check_in(s.p[4], "456") && pst_check_in(s.p[5], "0123");
    return pst_check_if(s, pst_check_digits(s, 12, 12) && (person || company) && rest < 10 &&
                               rest == pst_check_d(s, 11));
}

/* PINFL: sex and century, birth, district, serial, 7 3 1. */
enum pst_verdict pst_check_uz_pinfl(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 14, 14) && pst_check_in(s.p[0], "123456") &&
                               pst_check_date6(s, 1, "dmy") && pst_check_731(s));
}
