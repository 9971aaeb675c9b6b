/* Africa, Australia, New Zealand. */
#include "inspect/check/parts.h"

/* Birth, sex, 0 citizen or 1 resident (2 refugee), Luhn. */
enum pst_verdict pst_check_za_idnr(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 13, 13) && pst_check_in(s.p[10], "012") &&
                               pst_check_date6(s, 0, "ymd") && pst_check_luhn_ok(s));
}

enum pst_verdict pst_check_za_tin(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 10, 10) && pst_check_in(s.p[0], "01239") &&
                               pst_check_luhn_ok(s));
}

/* National and bank verification number: eleven digits. BVN begins with 22. */
enum pst_verdict pst_check_ng_nin(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 11, 11) && s.p[0] != '0');
}

enum pst_verdict pst_check_ng_bvn(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 11, 11) && pst_check_lit(s, "22"));
}

enum pst_verdict pst_check_ke_pin(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_shape(s, "A999999999A") && pst_check_in(s.p[0], "AP"));
}

/* Weights 1 … 9 modulo 11, ten is X. */
enum pst_verdict pst_check_gh_tin(struct pst_str s)
{
    bool ok = s.n == 11 && pst_check_in2(s, 0, "P0 C0 G0 Q0 V0") && s.p[2] == '0' &&
              pst_check_digits(pst_str_cut(s, 3, 7), 7, 7);
    int rest = pst_check_ramp(s, 1, 9, 1, 1) % 11;
    return pst_check_if(s, ok && s.p[10] == (uint8_t)"0123456789X"[rest]);
}

/* Nine of the company, four of the place, two modulo 97. */
enum pst_verdict pst_check_ma_ice(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 15, 15) && pst_check_mod(s, 97) == 0);
}

/* Century, birth, governorate, serial; the rule of the last digit is not published. */
enum pst_verdict pst_check_eg_id(struct pst_str s)
{
    int governorate = pst_check_num(s, 7, 2), century = s.n == 14 && s.p[0] == '2' ? 1900 : 2000;
    bool known = (governorate >= 1 && governorate <= 35) || governorate == 88;
    return pst_check_shape_if(s,
                              pst_check_digits(s, 14, 14) && pst_check_in(s.p[0], "23") && known &&
                                  pst_check_date(century + pst_check_num(s, 1, 2),
                                                 pst_check_num(s, 3, 2), pst_check_num(s, 5, 2)));
}

/* Seven digits and a letter modulo 23; VAT and category letters and three zeros may follow. */
enum pst_verdict pst_check_tn_mf(struct pst_str s)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTVWXYZ";
    bool tail = s.n == 8 ||
                (s.n == 13 && pst_check_in(s.p[8], "ABDNP") && pst_check_in(s.p[9], "CMNPE") &&
                 pst_check_digits(pst_str_from(s, 10), 3, 3) &&
                 (s.p[9] == 'E' || pst_check_num(s, 10, 3) == 0));
    bool ok = tail && pst_check_shape(pst_str_cut(s, 0, 8), "9999999A") &&
              pst_check_in(s.p[7], letters);
    return pst_check_shape_if(s, ok);
}

/* Initial, birth, serial, a place of base 36 modulo 17. */
enum pst_verdict pst_check_mu_nid(struct pst_str s)
{
    if (!pst_check_shape(s, "A999999999999X") || !pst_check_date6(s, 1, "dmy")) {
        return PST_CHECK_NO;
    }
    int sum = 0;
    for (size_t i = 0; i < 13; i++) {
        sum += pst_check_36(s.p[i]) * (14 - (int)i);
    }
    return pst_check_if(s, (17 - sum % 17) % 17 == pst_check_36(s.p[13]));
}

enum pst_verdict pst_check_dz_nif(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 15, 15) || pst_check_digits(s, 20, 20));
}

/* --- Australia ------------------------------------------------------------------------------- */

enum pst_verdict pst_check_au_tfn(struct pst_str s)
{
    int sum = s.n == 9 ? PST_WSUM(s, 0, 1, 4, 3, 7, 5, 8, 6, 9, 10)
                       : PST_WSUM(s, 0, 10, 7, 8, 4, 6, 3, 5, 1);
    return pst_check_if(s, pst_check_digits(s, 8, 9) && sum % 11 == 0);
}

/* One less in the first place, then modulo 89. */
enum pst_verdict pst_check_au_abn(struct pst_str s)
{
    int sum = PST_WSUM(s, 0, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19) - 10;
    return pst_check_if(s, pst_check_digits(s, 11, 11) && s.p[0] != '0' && sum % 89 == 0);
}

enum pst_verdict pst_check_au_acn(struct pst_str s)
{
    int sum = pst_check_ramp(s, 0, 8, 8, -1);
    return pst_check_if(s, pst_check_digits(s, 9, 9) && (10 - sum % 10) % 10 == pst_check_d(s, 8));
}

/* Card number: first digit 2-6, weights 1 3 7 9, modulo 10, issue, and a person's place or none. */
enum pst_verdict pst_check_au_medicare(struct pst_str s)
{
    int sum = PST_WSUM(s, 0, 1, 3, 7, 9, 1, 3, 7, 9);
    return pst_check_if(s, pst_check_digits(s, 10, 11) && s.p[0] >= '2' && s.p[0] <= '6' &&
                               s.p[9] != '0' && sum % 10 == pst_check_d(s, 8));
}

/* Individual, provider and organisation healthcare identifiers: 800360, 800361, 800362, Luhn. */
enum pst_verdict pst_check_au_ihi(struct pst_str s)
{
    bool ok = pst_check_digits(s, 16, 16) && pst_check_lit(s, "80036") && s.p[5] <= '2';
    return pst_check_if(s, ok && pst_check_luhn_ok(s));
}

/* --- New Zealand ----------------------------------------------------------------------------- */

enum pst_verdict pst_check_nz_ird(struct pst_str s)
{
    uint8_t padded[9] = "0";
    int number = pst_check_num(s, 0, s.n);
    if (!pst_check_digits(s, 8, 9) || number < 10000000 || number >= 200000000) {
        return PST_CHECK_NO;
    }
    memcpy(&padded[9 - s.n], s.p, s.n);
    struct pst_str n = pst_str_of(padded, 9);
    int rest = (11 - PST_WSUM(n, 0, 3, 2, 7, 6, 5, 4, 3, 2) % 11) % 11;
    rest = rest == 10 ? (11 - PST_WSUM(n, 0, 7, 4, 3, 2, 5, 2, 7, 6) % 11) % 11 : rest;
    return pst_check_if(s, rest < 10 && rest == pst_check_d(n, 8));
}

/* NHI, HISO 10046: three letters without I and O; the old form ends in a digit modulo 11, the new
 * one (two digits, two letters) in a letter modulo 23. */
enum pst_verdict pst_check_nz_nhi(struct pst_str s)
{
    static const char letters[] = ".ABCDEFGHJKLMNPQRSTUVWXYZ";
    bool old = pst_check_shape(s, "AAA9999"), newer = pst_check_shape(s, "AAA99AA");
    int sum = 0;
    for (size_t i = 0; i < 7; i++) {
        const char *at = (old || newer) && s.p[i] > '9' ? strchr(letters, s.p[i]) : NULL;
        if (!(old || newer) || pst_check_in(s.p[i], "IO")) {
            return PST_CHECK_NO;
        }
        sum += i < 6 ? (at != NULL ? (int)(at - letters) : pst_check_d(s, i)) * (7 - (int)i) : 0;
    }
    if (old) {
        int rest = sum % 11;
        return pst_check_if(s, rest != 0 && (11 - rest) % 10 == pst_check_d(s, 6));
    }
    return pst_check_if(s, s.p[6] == (uint8_t)letters[23 - sum % 23]);
}
