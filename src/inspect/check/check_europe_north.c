/* The Nordic and the Baltic countries. */
#include "inspect/check/parts.h"

/* --- Sweden ---------------------------------------------------------------------------------- */

/* Ten or twelve digits, a '+' or '-' between or none; the day of a coordination number is 60 more.
 */
enum pst_verdict pst_check_se_personnummer(struct pst_str s)
{
    uint8_t digits[12];
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < sizeof digits; i++) {
        if (!((s.p[i] == '-' || s.p[i] == '+') && i + 5 == s.n)) {
            digits[n++] = s.p[i];
        }
    }
    struct pst_str d = pst_str_of(digits, n);
    struct pst_str ten = n == 12 ? pst_str_from(d, 2) : d;
    if (s.n > 13 || (n != 10 && n != 12) || !pst_check_digits(d, 10, 12) ||
        (n == 12 && !pst_check_in2(d, 0, "18 19 20"))) {
        return PST_CHECK_NO;
    }
    int year = pst_check_num(ten, 0, 2), month = pst_check_num(ten, 2, 2),
        day = pst_check_num(ten, 4, 2);
    day -= day > 60 ? 60 : 0;
    bool date = n == 12 ? pst_check_date(pst_check_num(d, 0, 4), month, day)
                        : pst_check_date(1900 + year, month, day) ||
                              pst_check_date(2000 + year, month, day);
    return pst_check_if(ten, date && pst_check_luhn_ok(ten));
}

enum pst_verdict pst_check_se_orgnr(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 10, 10) && s.p[0] != '0' && pst_check_luhn_ok(s));
}

enum pst_verdict pst_check_se_vat(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "SE") ? pst_str_from(s, 2) : s;
    bool tail = n.n == 12 && pst_check_lit(pst_str_from(n, 10), "01");
    return tail ? pst_check_se_orgnr(pst_str_cut(n, 0, 10)) : PST_CHECK_NO;
}

/* --- Denmark and the Faroes ------------------------------------------------------------------ */

/* Modulo 11 has not been promised since 2007: the date decides, the arithmetic only strengthens.
 * The seventh digit tells the century. */
enum pst_verdict pst_check_dk_cpr(struct pst_str s)
{
    if (!pst_check_digits(s, 10, 10)) {
        return PST_CHECK_NO;
    }
    int year = pst_check_num(s, 4, 2), mark = pst_check_d(s, 6);
    int century = mark <= 3                ? 1900
                  : mark == 4 || mark == 9 ? (year <= 36 ? 2000 : 1900)
                                           : (year <= 57 ? 2000 : 1800);
    if (century + year > 2040 ||
        !pst_check_date(century + year, pst_check_num(s, 2, 2), pst_check_num(s, 0, 2))) {
        return PST_CHECK_NO;
    }
    bool sum = PST_WSUM(s, 0, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1) % 11 == 0;
    return sum ? pst_check_if(s, true) : pst_check_shape_if(s, true);
}

enum pst_verdict pst_check_dk_cvr(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "DK") ? pst_str_from(s, 2) : s;
    return pst_check_if(n, pst_check_digits(n, 8, 8) && n.p[0] != '0' &&
                               PST_WSUM(n, 0, 2, 7, 6, 5, 4, 3, 2, 1) % 11 == 0);
}

enum pst_verdict pst_check_fo_vn(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "FO") ? pst_str_from(s, 2) : s;
    return pst_check_shape_if(n, pst_check_digits(n, 6, 6));
}

/* --- Norway ---------------------------------------------------------------------------------- */

/* Two digits modulo 11. D-numbers raise the day by 40, H-numbers the month by 40, test numbers by
 * 80 (which are nobody's); FH-numbers begin with 8 or 9 and have no date. */
enum pst_verdict pst_check_no_fodselsnummer(struct pst_str s)
{
    int first = (11 - PST_WSUM(s, 0, 3, 7, 6, 1, 8, 9, 4, 5, 2) % 11) % 11;
    int second = (11 - PST_WSUM(s, 0, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11) % 11;
    if (!pst_check_digits(s, 11, 11) || first != pst_check_d(s, 9) ||
        second != pst_check_d(s, 10)) {
        return PST_CHECK_NO;
    }
    int day = pst_check_num(s, 0, 2), month = pst_check_num(s, 2, 2), year = pst_check_num(s, 4, 2);
    int serial = pst_check_num(s, 6, 3);
    if (day >= 80) {
        return pst_check_if(s, true);
    }
    day -= day > 40 ? 40 : 0;
    month -= month > 40 ? 40 : 0;
    int century = serial <= 499                 ? 1900
                  : year <= 39                  ? 2000
                  : serial >= 900               ? 1900
                  : serial <= 749 && year >= 54 ? 1800
                                                : 0;
    return pst_check_if(s, century != 0 && pst_check_date(century + year, month, day));
}

enum pst_verdict pst_check_no_orgnr(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 9, 9) && pst_check_in(s.p[0], "89") &&
                               PST_WSUM(s, 0, 3, 2, 7, 6, 5, 4, 3, 2, 1) % 11 == 0);
}

enum pst_verdict pst_check_no_mva(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "NO") ? pst_str_from(s, 2) : s;
    bool tail = n.n == 12 && pst_str_eq(pst_str_from(n, 9), PST_STR("MVA"));
    return tail ? pst_check_no_orgnr(pst_str_cut(n, 0, 9)) : PST_CHECK_NO;
}

/* --- Finland --------------------------------------------------------------------------------- */

/* Modulo 31. The sign of the century keeps its place in the compact form ('+' 18, '-' and U-Y 19,
 * A-F 20; the new ones since 2023). Without it, as a compact form drops '-', the 1900s are meant.
 */
enum pst_verdict pst_check_fi_hetu(struct pst_str s)
{
    static const char letters[] = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    size_t tail = s.n == 11 ? 7 : 6;
    if ((s.n != 10 && s.n != 11) || !pst_check_digits(pst_str_cut(s, 0, 6), 6, 6) ||
        !pst_check_digits(pst_str_cut(s, tail, 3), 3, 3)) {
        return PST_CHECK_NO;
    }
    uint8_t sign = s.n == 11 ? s.p[6] : '-';
    int century = sign == '+'                    ? 1800
                  : pst_check_in(sign, "-UVWXY") ? 1900
                  : pst_check_in(sign, "ABCDEF") ? 2000
                                                 : 0;
    int serial = pst_check_num(s, tail, 3), number = pst_check_num(s, 0, 6) * 1000 + serial;
    bool date = pst_check_date(century + pst_check_num(s, 4, 2), pst_check_num(s, 2, 2),
                               pst_check_num(s, 0, 2));
    return pst_check_if(s, century != 0 && date && serial >= 2 &&
                               s.p[s.n - 1] == (uint8_t)letters[number % 31]);
}

enum pst_verdict pst_check_fi_ytunnus(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 8, 8) &&
                               PST_WSUM(s, 0, 7, 9, 10, 5, 8, 4, 2, 1) % 11 == 0);
}

enum pst_verdict pst_check_fi_alv(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "FI") ? pst_str_from(s, 2) : s;
    return pst_check_fi_ytunnus(n);
}

/* Tax number on construction sites: no arithmetic is published. */
enum pst_verdict pst_check_fi_veronumero(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 12, 12));
}

/* --- Iceland --------------------------------------------------------------------------------- */

/* Birth (companies: day + 40), two digits, check, century (9 or 0). */
enum pst_verdict pst_check_is_kennitala(struct pst_str s)
{
    int day = pst_check_num(s, 0, 2), mark = pst_check_d(s, 9);
    int century = mark == 9 ? 1900 : mark == 0 ? 2000 : 0;
    day -= day > 40 ? 40 : 0;
    bool date = pst_check_date(century + pst_check_num(s, 4, 2), pst_check_num(s, 2, 2), day);
    return pst_check_if(s, pst_check_digits(s, 10, 10) && century != 0 && date &&
                               PST_WSUM(s, 0, 3, 2, 7, 6, 5, 4, 3, 2, 1) % 11 == 0);
}

enum pst_verdict pst_check_is_vsk(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "IS") ? pst_str_from(s, 2) : s;
    return pst_check_shape_if(n, pst_check_digits(n, 5, 6));
}

/* --- the Baltic countries -------------------------------------------------------------------- */

/* Estonia and Lithuania share it: weights 1 2 … 1, and when that gives ten, 3 4 … 3. */
static bool baltic_check(struct pst_str s)
{
    int rest = PST_WSUM(s, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1) % 11;
    if (rest == 10) {
        rest = PST_WSUM(s, 0, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3) % 11 % 10;
    }
    return rest == pst_check_d(s, 10);
}

static bool baltic_date(struct pst_str s)
{
    int century = 1800 + (pst_check_d(s, 0) - 1) / 2 * 100;
    return pst_check_in(s.p[0], "12345678") &&
           pst_check_date(century + pst_check_num(s, 1, 2), pst_check_num(s, 3, 2),
                          pst_check_num(s, 5, 2));
}

enum pst_verdict pst_check_ee_ik(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 11, 11) && baltic_date(s) && baltic_check(s));
}

/* A first digit of 9 marks numbers without a birth date. */
enum pst_verdict pst_check_lt_asmens(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 11, 11) && (s.p[0] == '9' || baltic_date(s)) &&
                               baltic_check(s));
}

enum pst_verdict pst_check_ee_kmkr(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "EE") ? pst_str_from(s, 2) : s;
    return pst_check_if(n, pst_check_digits(n, 9, 9) &&
                               PST_WSUM(n, 0, 3, 7, 1, 3, 7, 1, 3, 7, 1) % 10 == 0);
}

enum pst_verdict pst_check_ee_registrikood(struct pst_str s)
{
    int rest = PST_WSUM(s, 0, 1, 2, 3, 4, 5, 6, 7) % 11;
    rest = rest == 10 ? PST_WSUM(s, 0, 3, 4, 5, 6, 7, 8, 9) % 11 % 10 : rest;
    return pst_check_if(s, pst_check_digits(s, 8, 8) && pst_check_in(s.p[0], "1789") &&
                               rest == pst_check_d(s, 7));
}

enum pst_verdict pst_check_lt_pvm(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "LT") ? pst_str_from(s, 2) : s;
    int a = 0, b = 0;
    for (size_t i = 0; i + 1 < n.n; i++) {
        a += pst_check_d(n, i) * (1 + (int)i % 9);
        b += pst_check_d(n, i) * (1 + (int)(i + 2) % 9);
    }
    int rest = a % 11 == 10 ? b % 11 % 10 : a % 11;
    bool ok = (pst_check_digits(n, 9, 9) && n.p[7] == '1') ||
              (pst_check_digits(n, 12, 12) && n.p[10] == '1');
    return pst_check_if(n, ok && rest == pst_check_d(n, n.n - 1));
}

/* Personal code: since July 2017 numbers from 32 on carry neither birth nor check digit. */
enum pst_verdict pst_check_lv_pk(struct pst_str s)
{
    if (!pst_check_digits(s, 11, 11)) {
        return PST_CHECK_NO;
    }
    if (pst_check_lit(s, "3") && s.p[1] >= '2') {
        return pst_check_shape_if(s, true);
    }
    int century = 1800 + pst_check_d(s, 6) * 100;
    bool date = s.p[6] <= '2' && pst_check_date(century + pst_check_num(s, 4, 2),
                                                pst_check_num(s, 2, 2), pst_check_num(s, 0, 2));
    int sum = 1 + PST_WSUM(s, 0, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9);
    return pst_check_if(s, date && sum % 11 % 10 == pst_check_d(s, 10));
}

/* Companies begin with 4 or more; weights modulo 11, three less the sum. Persons have their code.
 */
enum pst_verdict pst_check_lv_pvn(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "LV") ? pst_str_from(s, 2) : s;
    if (pst_check_digits(n, 11, 11) && n.p[0] <= '3') {
        return pst_check_lv_pk(n);
    }
    return pst_check_if(n, pst_check_digits(n, 11, 11) &&
                               PST_WSUM(n, 0, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1) % 11 == 3);
}
