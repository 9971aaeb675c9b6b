/* Turkey, the Middle East, South, East and South-East Asia. */
#include "inspect/check/parts.h"

enum pst_verdict pst_check_tr_tckimlik(struct pst_str s)
{
    int odd = PST_WSUM(s, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1),
        even = PST_WSUM(s, 0, 0, 1, 0, 1, 0, 1, 0, 1);
    int tenth = ((7 * odd - even) % 10 + 10) % 10;
    return pst_check_if(s, pst_check_digits(s, 11, 11) && s.p[0] != '0' &&
                               tenth == pst_check_d(s, 9) &&
                               (odd + even + tenth) % 10 == pst_check_d(s, 10));
}

/* Tax number: each digit plus its distance from the end, times a power of two, modulo 9. */
enum pst_verdict pst_check_tr_vkn(struct pst_str s)
{
    int sum = 0;
    for (int i = 0; i < 9; i++) {
        int v = (pst_check_d(s, (size_t)i) + 9 - i) % 10;
        int power = (v << (9 - i)) % 9;
        sum += v != 0 && power == 0 ? 9 : power;
    }
    return pst_check_if(s,
                        pst_check_digits(s, 10, 10) && (10 - sum % 10) % 10 == pst_check_d(s, 9));
}

enum pst_verdict pst_check_il_idnr(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 9, 9) && pst_check_num(s, 0, 9) != 0 &&
                               pst_check_luhn_ok(s));
}

/* Companies and associations begin with 5. */
enum pst_verdict pst_check_il_hp(struct pst_str s)
{
    return pst_check_digits(s, 9, 9) && s.p[0] == '5' ? pst_check_il_idnr(s) : PST_CHECK_NO;
}

/* National id (1) and Iqama (2): Luhn. */
enum pst_verdict pst_check_sa_id(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 10, 10) && pst_check_in(s.p[0], "12") &&
                               pst_check_luhn_ok(s));
}

/* 784 (ISO 3166), year of birth, seven digits, Luhn. */
enum pst_verdict pst_check_ae_emirates(struct pst_str s)
{
    int year = pst_check_num(s, 3, 4);
    bool ok = pst_check_digits(s, 15, 15) && pst_check_lit(s, "784") && year >= 1900 &&
              year <= 2099;
    return pst_check_if(s, ok && pst_check_luhn_ok(s));
}

/* Century, birth, serial, modulo 11. */
enum pst_verdict pst_check_kw_civil(struct pst_str s)
{
    int rest = 11 - PST_WSUM(s, 0, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2) % 11;
    return pst_check_if(s, pst_check_digits(s, 12, 12) && pst_check_in(s.p[0], "123") &&
                               pst_check_date6(s, 1, "ymd") && rest < 10 &&
                               rest == pst_check_d(s, 11));
}

/* Century (2 or 3), two of the year, three of the nationality, five more. */
enum pst_verdict pst_check_qa_qid(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 11, 11) && pst_check_in(s.p[0], "23") &&
                                     pst_check_num(s, 3, 3) != 0);
}

/* --- South Asia ------------------------------------------------------------------------------ */

static bool palindrome(struct pst_str s)
{
    for (size_t i = 0; i < s.n / 2; i++) {
        if (s.p[i] != s.p[s.n - 1 - i]) {
            return false;
        }
    }
    return true;
}

/* UIDAI: twelve digits, none of 0 and 1 first, no palindrome, Verhoeff. */
enum pst_verdict pst_check_in_aadhaar(struct pst_str s)
{
    bool ok = pst_check_digits(s, 12, 12) && s.p[0] >= '2' && !palindrome(s);
    return pst_check_if(s, ok && pst_check_verhoeff_ok(s));
}

/* Fourth letter: the class of holder. The check letter's rule is not published. */
enum pst_verdict pst_check_in_pan(struct pst_str s)
{
    bool ok = pst_check_shape(s, "AAAAA9999A") && pst_check_in(s.p[3], "ABCFGHJLPTK");
    return pst_check_shape_if(s, ok && pst_check_num(s, 5, 4) != 0);
}

enum pst_verdict pst_check_in_gstin(struct pst_str s)
{
    int state = pst_check_num(s, 0, 2);
    bool known = (state >= 1 && state <= 38) || state == 97 || state == 99;
    bool ok = pst_check_shape(s, "99AAAAA9999AXZX") && s.p[12] != '0' && known;
    bool pan = ok && pst_check_in_pan(pst_str_cut(s, 2, 10)) != PST_CHECK_NO;
    return pst_check_if(s, pan && pst_check_luhn36_ok(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
}

/* Voter: three letters, seven digits, the last by Luhn. */
enum pst_verdict pst_check_in_epic(struct pst_str s)
{
    bool ok = pst_check_shape(s, "AAA9999999");
    return pst_check_if(s, ok && pst_check_luhn_ok(pst_str_from(s, 3)));
}

/* Province (1-7), division …; the last digit tells the sex. */
enum pst_verdict pst_check_pk_cnic(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 13, 13) && pst_check_in(s.p[0], "1234567") &&
                                     s.p[12] != '0');
}

/* Sri Lanka: nine digits with V or X, or twelve; days of the year (women + 500). */
enum pst_verdict pst_check_lk_nic(struct pst_str s)
{
    bool old = s.n == 10 && pst_check_digits(pst_str_cut(s, 0, 9), 9, 9) &&
               pst_check_in(s.p[9], "VX");
    bool newer = pst_check_digits(s, 12, 12) && pst_check_in2(s, 0, "19 20");
    int days = pst_check_num(s, newer ? 4 : 2, 3) % 500;
    return pst_check_shape_if(s, (old || newer) && days >= 1 && days <= 366);
}

/* --- East Asia ------------------------------------------------------------------------------- */

/* GB 11643: division, birth, serial, MOD 11-2. */
enum pst_verdict pst_check_cn_ric(struct pst_str s)
{
    bool known = pst_check_in2(
        s, 0,
        "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 "
        "52 53 54 61 62 63 64 65 71 81 82 83");
    bool ok = s.n == 18 && pst_check_digits(pst_str_cut(s, 0, 17), 17, 17) && known;
    return pst_check_if(s, ok && pst_check_date8(s, 6, "ymd") && pst_check_mod11_2(s));
}

/* GB 32100: powers of three modulo 31 over an alphabet without I O S V Z. */
enum pst_verdict pst_check_cn_uscc(struct pst_str s)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    int sum = 0, weight = 1;
    for (size_t i = 0; i < s.n && s.n == 18; i++) {
        const char *at = s.p[i] == 0 ? NULL : strchr(alphabet, s.p[i]);
        if (at == NULL || (i >= 2 && i < 8 && s.p[i] > '9')) {
            return PST_CHECK_NO;
        }
        sum += (int)(at - alphabet) * (i == 17 ? 1 : weight);
        weight = weight * 3 % 31;
    }
    return pst_check_if(s, s.n == 18 && sum % 31 == 0);
}

/* My Number: weights 6 5 4 3 2 7 6 5 4 3 2, modulo 11 (Ordinance 85 of 2014, art. 5). */
enum pst_verdict pst_check_jp_mynumber(struct pst_str s)
{
    int rest = PST_WSUM(s, 0, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11;
    return pst_check_if(s, pst_check_digits(s, 12, 12) &&
                               (rest <= 1 ? 0 : 11 - rest) == pst_check_d(s, 11));
}

/* Corporate number: the first digit, 9 less the sum modulo 9. */
enum pst_verdict pst_check_jp_corporate(struct pst_str s)
{
    int sum = PST_WSUM(s, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1) % 9;
    return pst_check_if(s, pst_check_digits(s, 13, 13) && 9 - sum == pst_check_d(s, 0));
}

/* Resident and foreigner numbers: birth, sex and century; the last digit holds for what was given
 * out before October 2020 only, so a wrong one leaves a plausible number of that time. */
enum pst_verdict pst_check_kr_rrn(struct pst_str s)
{
    if (!pst_check_digits(s, 13, 13)) {
        return PST_CHECK_NO;
    }
    int mark = pst_check_d(s, 6), century = mark == 9 || mark == 0           ? 1800
                                            : mark % 4 == 1 || mark % 4 == 2 ? 1900
                                                                             : 2000;
    int year = century + pst_check_num(s, 0, 2), foreign = mark >= 5 && mark <= 8 ? 13 : 11;
    if (!pst_check_date(year, pst_check_num(s, 2, 2), pst_check_num(s, 4, 2))) {
        return PST_CHECK_NO;
    }
    int sum = PST_WSUM(s, 0, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5) % 11;
    bool holds = (foreign - sum) % 10 == pst_check_d(s, 12) ||
                 (foreign == 13 && (11 - sum) % 10 == pst_check_d(s, 12));
    return holds ? pst_check_if(s, true) : pst_check_shape_if(s, year <= 2039);
}

/* Business: 1 3 7 1 3 7 1 3 5, and the tens of the ninth product. */
enum pst_verdict pst_check_kr_brn(struct pst_str s)
{
    int sum = PST_WSUM(s, 0, 1, 3, 7, 1, 3, 7, 1, 3, 5) + pst_check_d(s, 8) * 5 / 10;
    return pst_check_if(s, pst_check_digits(s, 10, 10) && pst_check_num(s, 0, 3) >= 101 &&
                               pst_check_num(s, 3, 2) != 0 && pst_check_num(s, 5, 4) != 0 &&
                               (10 - sum % 10) % 10 == pst_check_d(s, 9));
}

static int tw_letter(uint8_t c)
{
    static const uint8_t order[] = "ABCDEFGHJKLMNPQRSTUVXYWZIO"; /* 10 … 35 */
    for (int i = 0; i < 26; i++) {
        if (order[i] == c) {
            return 10 + i;
        }
    }
    return 0;
}

/* National id: a letter for the place, 1 or 2 (citizens), 8 or 9 (residents since 2021). */
enum pst_verdict pst_check_tw_id(struct pst_str s)
{
    if (!pst_check_shape(s, "A999999999") || !pst_check_in(s.p[1], "1289")) {
        return PST_CHECK_NO;
    }
    int letter = tw_letter(s.p[0]);
    int sum = letter / 10 + letter % 10 * 9 + PST_WSUM(s, 1, 8, 7, 6, 5, 4, 3, 2, 1, 1);
    return pst_check_if(s, sum % 10 == 0);
}

/* Resident certificates before 2021: a second letter, of which the unit counts. */
enum pst_verdict pst_check_tw_arc(struct pst_str s)
{
    if (!pst_check_shape(s, "AA99999999") || !pst_check_in(s.p[1], "ABCD")) {
        return PST_CHECK_NO;
    }
    int first = tw_letter(s.p[0]), second = tw_letter(s.p[1]);
    int sum = first / 10 + first % 10 * 9 + second % 10 * 8 +
              PST_WSUM(s, 2, 7, 6, 5, 4, 3, 2, 1, 1);
    return pst_check_if(s, sum % 10 == 0);
}

/* Unified business number: digit sums of products with 1 2 1 2 1 2 4 1, divisible by five since
 * 2023 (by ten before, which is implied); a seven in the seventh place may count one more. */
enum pst_verdict pst_check_tw_ubn(struct pst_str s)
{
    static const int8_t weights[8] = {1, 2, 1, 2, 1, 2, 4, 1};
    int sum = 0;
    for (size_t i = 0; i < 8; i++) {
        sum += pst_check_digit_sum(pst_check_d(s, i) * weights[i]);
    }
    bool seven = s.n == 8 && s.p[6] == '7';
    return pst_check_if(s, pst_check_digits(s, 8, 8) &&
                               (sum % 5 == 0 || (seven && (sum + 1) % 5 == 0)));
}

/* One or two letters, six digits, a digit or A; modulo 11 with a blank worth 36. */
enum pst_verdict pst_check_hk_hkid(struct pst_str s)
{
    bool two = s.n == 9;
    if (!pst_check_shape(s, two ? "AA999999X" : "A999999X")) {
        return PST_CHECK_NO;
    }
    size_t at = two ? 2 : 1;
    int sum = (two ? pst_check_36(s.p[0]) : 36) * 9 + pst_check_36(s.p[at - 1]) * 8 +
              PST_WSUM(s, at, 7, 6, 5, 4, 3, 2);
    int rest = (11 - sum % 11) % 11;
    return pst_check_if(s, s.p[s.n - 1] == (uint8_t)"0123456789A"[rest]);
}

/* First digit 1, 5 or 7; no arithmetic is published. */
enum pst_verdict pst_check_mo_bir(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 8, 8) && pst_check_in(s.p[0], "157"));
}

/* --- South-East Asia ------------------------------------------------------------------------- */

/* NRIC and FIN: S and T for citizens, F, G and M for foreigners, each with its letters. */
enum pst_verdict pst_check_sg_nric(struct pst_str s)
{
    if (!pst_check_shape(s, "A9999999A") || !pst_check_in(s.p[0], "STFGM")) {
        return PST_CHECK_NO;
    }
    int sum = PST_WSUM(s, 1, 2, 7, 6, 5, 4, 3, 2);
    sum += s.p[0] == 'T' || s.p[0] == 'G' ? 4 : s.p[0] == 'M' ? 3 : 0;
    int rest = sum % 11;
    const char *letters = pst_check_in(s.p[0], "ST")   ? "JZIHGFEDCBA"
                          : pst_check_in(s.p[0], "FG") ? "XWUTRQPNMLK"
                                                       : "XWUTRQPNJLK";
    return pst_check_if(s, s.p[8] == (uint8_t)letters[rest]);
}

static enum pst_verdict sg_other(struct pst_str s)
{
    static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWX0123456789";
    static const int8_t weights[9] = {4, 3, 5, 3, 10, 2, 2, 5, 7};
    int sum = 0;
    if (!pst_check_shape(s, "A99AX9999A") || !pst_check_in(s.p[0], "RST")) {
        return PST_CHECK_NO;
    }
    for (size_t i = 0; i < 9; i++) {
        const char *at = strchr(alphabet, s.p[i]);
        if (at == NULL) {
            return PST_CHECK_NO;
        }
        sum += (int)(at - alphabet) * weights[i];
    }
    return pst_check_if(s, s.p[9] == (uint8_t)alphabet[((sum - 5) % 11 + 11) % 11]);
}

/* Businesses (9), companies (10, year first) and others (10, T and year). */
enum pst_verdict pst_check_sg_uen(struct pst_str s)
{
    if (pst_check_shape(s, "99999999A")) {
        int rest = PST_WSUM(s, 0, 10, 4, 9, 3, 8, 2, 7, 1) % 11;
        return pst_check_if(s, s.p[8] == (uint8_t)"XMKECAWLJDB"[rest]);
    }
    if (pst_check_shape(s, "999999999A")) {
        int rest = PST_WSUM(s, 0, 10, 8, 6, 4, 9, 7, 5, 3, 1) % 11;
        return pst_check_if(s, s.p[9] == (uint8_t)"ZKCMDNERGWH"[rest]);
    }
    return sg_other(s);
}

/* Birth, place (01-16 states, 21-59 their newer codes, 60-99 abroad), serial. */
enum pst_verdict pst_check_my_nric(struct pst_str s)
{
    int place = pst_check_num(s, 6, 2);
    bool known = place != 0 && !(place >= 17 && place <= 20) && place != 69 && place != 70 &&
                 place != 73 && place != 80 && place != 81 && !(place >= 94 && place <= 97);
    return pst_check_shape_if(s,
                              pst_check_digits(s, 12, 12) && pst_check_date6(s, 0, "ymd") && known);
}

/* Province, regency, district, birth (women + 40), serial. */
enum pst_verdict pst_check_id_nik(struct pst_str s)
{
    int province = pst_check_num(s, 0, 2), day = pst_check_num(s, 6, 2),
        month = pst_check_num(s, 8, 2);
    int year = pst_check_num(s, 10, 2);
    day -= day > 40 ? 40 : 0;
    bool date = pst_check_date(1900 + year, month, day) || pst_check_date(2000 + year, month, day);
    return pst_check_shape_if(s, pst_check_digits(s, 16, 16) && province >= 11 && province <= 97 &&
                                     date && pst_check_num(s, 2, 2) != 0 &&
                                     pst_check_num(s, 4, 2) != 0 && pst_check_num(s, 12, 4) != 0);
}

/* Fifteen digits: nine with Luhn, office, branch; sixteen are a NIK, or a 0 before the fifteen. */
enum pst_verdict pst_check_id_npwp(struct pst_str s)
{
    struct pst_str n = s.n == 16 && s.p[0] == '0' ? pst_str_from(s, 1) : s;
    if (n.n == 16) {
        return pst_check_id_nik(n);
    }
    return pst_check_if(n, pst_check_digits(n, 15, 15) && pst_check_luhn_ok(pst_str_cut(n, 0, 9)));
}

/* Thirteen digits, modulo 11; a 0 first is a tax number of a juristic person. */
enum pst_verdict pst_check_th_moa(struct pst_str s)
{
    int rest = (11 - pst_check_ramp(s, 0, 12, 13, -1) % 11) % 10;
    return pst_check_if(s,
                        pst_check_digits(s, 13, 13) && s.p[0] == '0' && rest == pst_check_d(s, 12));
}

enum pst_verdict pst_check_th_pin(struct pst_str s)
{
    int rest = (11 - pst_check_ramp(s, 0, 12, 13, -1) % 11) % 10;
    return pst_check_if(s, pst_check_digits(s, 13, 13) && pst_check_in(s.p[0], "12345678") &&
                               rest == pst_check_d(s, 12));
}

/* Nine digits, modulo 11, and a branch of three or five digits; no arithmetic is published. */
enum pst_verdict pst_check_ph_tin(struct pst_str s)
{
    bool length = s.n == 9 || s.n == 12 || s.n == 14;
    return pst_check_shape_if(s, length && pst_check_digits(s, 9, 14));
}

/* Tax code: ten digits with weights 31 29 23 19 17 13 7 5 3, a branch of three or none. */
enum pst_verdict pst_check_vn_mst(struct pst_str s)
{
    int rest = 10 - PST_WSUM(s, 0, 31, 29, 23, 19, 17, 13, 7, 5, 3) % 11;
    bool length = s.n == 10 || (s.n == 13 && pst_check_num(s, 10, 3) != 0);
    return pst_check_if(s, length && pst_check_digits(s, 10, 13) && rest < 10 &&
                               rest == pst_check_d(s, 9) && pst_check_num(s, 2, 7) != 0);
}

/* Citizen card: province 001-096, sex and century, year, serial. */
enum pst_verdict pst_check_vn_cccd(struct pst_str s)
{
    int province = pst_check_num(s, 0, 3);
    return pst_check_shape_if(s, pst_check_digits(s, 12, 12) && province >= 1 && province <= 96 &&
                                     s.p[3] <= '3');
}
