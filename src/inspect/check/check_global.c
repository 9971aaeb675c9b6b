/* Numbers that are the same everywhere: devices, securities, ids of legal entities, things. */
#include "inspect/check/parts.h"

enum pst_verdict pst_check_luhn(struct pst_str s)
{
    return pst_check_if(s, pst_check_luhn_ok(s));
}

enum pst_verdict pst_check_verhoeff(struct pst_str s)
{
    return pst_check_if(s, pst_check_verhoeff_ok(s));
}

enum pst_verdict pst_check_mod11_10_any(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 2, PST_CHECK_MAX) && pst_check_mod11_10(s));
}

/* Fifteen digits; the reporting body's two digits are 01, 10, 30, 33, 35, 44-54, 86, 91, 98, 99. */
enum pst_verdict pst_check_imei(struct pst_str s)
{
    bool body = pst_check_in2(s, 0, "01 10 30 33 35 44 45 49 50 51 52 53 54 86 91 98 99");
    return pst_check_if(s, body && pst_check_digits(s, 15, 15) && pst_check_luhn_ok(s));
}

/* Any fifteen digits whose last is Luhn's: the arithmetic of TS 23.003 annex B without its bodies.
 */
enum pst_verdict pst_check_imei_any(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 15, 15) && pst_check_luhn_ok(s));
}

/* Mobile country codes of E.212: 2 to 7 by continent, 901 for networks of no country. */
enum pst_verdict pst_check_imsi(struct pst_str s)
{
    int mcc = pst_check_num(s, 0, 3);
    bool known = (mcc >= 202 && mcc <= 297) || (mcc >= 302 && mcc <= 376) ||
                 (mcc >= 400 && mcc <= 472) || (mcc >= 502 && mcc <= 555) ||
                 (mcc >= 602 && mcc <= 659) || (mcc >= 702 && mcc <= 750) || mcc == 901;
    return pst_check_shape_if(s, pst_check_digits(s, 14, 15) && known);
}

/* E.118: 89, country and issuer, Luhn; some issuers print nineteen digits, others twenty. */
enum pst_verdict pst_check_iccid(struct pst_str s)
{
    bool ok = pst_check_digits(s, 18, 20) && pst_check_lit(s, "89");
    return pst_check_if(s, ok && pst_check_luhn_ok(s));
}

static bool hex(struct pst_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        int v = pst_check_36(s.p[i]);
        if (v < 0 || v > 15) {
            return false;
        }
    }
    return true;
}

/* 3GPP2 S.R0048: fourteen hexadecimal digits from A0 up, and a check digit in base 16. */
enum pst_verdict pst_check_meid(struct pst_str s)
{
    bool ok = s.n >= 14 && s.n <= 15 && hex(s) && pst_check_36(s.p[0]) >= 10;
    if (!ok || s.n == 14) {
        return pst_check_shape_if(s, ok);
    }
    return pst_check_if(s, pst_check_luhn36_ok(s, "0123456789ABCDEF"));
}

/* Twelve hexadecimal digits; not broadcast, not null (those repeat one digit). */
enum pst_verdict pst_check_mac(struct pst_str s)
{
    return pst_check_shape_if(s, s.n == 12 && hex(s));
}

/* RFC 9562: version and variant where they must be. */
enum pst_verdict pst_check_uuid(struct pst_str s)
{
    bool ok = s.n == 32 && hex(s) && s.p[12] >= '1' && s.p[12] <= '8' &&
              pst_check_in(s.p[16], "89AB");
    return pst_check_shape_if(s, ok);
}

static bool vin_alphabet(struct pst_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (pst_check_36(s.p[i]) < 0 || pst_check_in(s.p[i], "IOQ")) {
            return false;
        }
    }
    return s.n == 17;
}

/* ISO 3779 and 49 CFR 565: the ninth place is a check digit in North America and China; makers
 * elsewhere use it as they like, so a wrong one leaves a plausible number. */
enum pst_verdict pst_check_vin(struct pst_str s)
{
    static const int8_t weights[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    static const char values[] = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ";
    if (!vin_alphabet(s) || !pst_check_digits(pst_str_cut(s, 14, 3), 3, 3)) {
        return PST_CHECK_NO;
    }
    int sum = 0;
    for (size_t i = 0; i < 17; i++) {
        sum += (int)(strchr(values, s.p[i]) - values) % 10 * weights[i];
    }
    uint8_t check = (uint8_t)"0123456789X"[sum % 11];
    return s.p[8] == check ? pst_check_if(s, true) : pst_check_shape_if(s, true);
}

/* ISO 6166: letters count as two digits, then Luhn. */
enum pst_verdict pst_check_isin(struct pst_str s)
{
    uint8_t digits[24];
    size_t n = 0;
    if (!pst_check_shape(s, "AAXXXXXXXXX9")) {
        return PST_CHECK_NO;
    }
    for (size_t i = 0; i < s.n; i++) {
        int v = pst_check_36(s.p[i]);
        if (v > 9) {
            digits[n++] = (uint8_t)('0' + v / 10);
        }
        digits[n++] = (uint8_t)('0' + v % 10);
    }
    bool known = pst_check_country(s) || pst_check_in2(s, 0, "XS XA XB XC XD XF EU QS QT QW");
    return pst_check_if(s, known && pst_check_luhn_ok(pst_str_of(digits, n)));
}

static int cusip_value(uint8_t c)
{
    return c == '*' ? 36 : c == '@' ? 37 : c == '#' ? 38 : pst_check_36(c);
}

enum pst_verdict pst_check_cusip(struct pst_str s)
{
    int sum = 0;
    for (size_t i = 0; i < 8 && s.n == 9; i++) {
        int v = cusip_value(s.p[i]) * (i % 2 == 0 ? 1 : 2);
        if (v < 0) {
            return PST_CHECK_NO;
        }
        sum += v / 10 + v % 10;
    }
    return pst_check_if(s, s.n == 9 && s.p[8] == '0' + (10 - sum % 10) % 10);
}

/* Seven places without vowels; numbers given out before 2004 are digits only. */
enum pst_verdict pst_check_gb_sedol(struct pst_str s)
{
    static const int8_t weights[7] = {1, 3, 1, 7, 3, 9, 1};
    int sum = 0;
    for (size_t i = 0; i < s.n && i < 7; i++) {
        if (pst_check_in(s.p[i], "AEIOU") || pst_check_36(s.p[i]) < 0) {
            return PST_CHECK_NO;
        }
        sum += pst_check_36(s.p[i]) * weights[i];
    }
    bool digits = pst_check_digits(s, 7, 7);
    bool letter = s.n == 7 && pst_check_36(s.p[0]) > 9 && pst_check_36(s.p[6]) < 10;
    return pst_check_if(s, (digits || letter) && sum % 10 == 0);
}

/* OMG FIGI: no vowels, G in third place, not a country's ISIN prefix; Luhn with letters doubled. */
enum pst_verdict pst_check_figi(struct pst_str s)
{
    int sum = 0;
    if (s.n != 12 || s.p[2] != 'G' || pst_check_in2(s, 0, "BS BM GG GB GH KY VG") ||
        pst_check_36(s.p[0]) < 10 || pst_check_36(s.p[1]) < 10 || pst_check_36(s.p[11]) > 9) {
        return PST_CHECK_NO;
    }
    for (size_t i = 0; i < 12; i++) {
        int v = pst_check_36(s.p[i]) * (i % 2 == 0 || i == 11 ? 1 : 2);
        if (v < 0 || pst_check_in(s.p[i], "AEIOU")) {
            return PST_CHECK_NO;
        }
        sum += v / 10 + v % 10;
    }
    return pst_check_if(s, sum % 10 == 0);
}

/* ISO 17442 */
enum pst_verdict pst_check_lei(struct pst_str s)
{
    bool ok = pst_check_shape(s, "XXXXXXXXXXXXXXXXXX99");
    return pst_check_if(s, ok && pst_check_mod97_10(s));
}

/* EPC262-08: country, check digits, a three-place business code that does not count. */
enum pst_verdict pst_check_eu_creditor(struct pst_str s)
{
    uint8_t turned[PST_CHECK_MAX];
    if (s.n < 8 || s.n > 35 || !pst_check_shape(pst_str_cut(s, 0, 4), "AA99") ||
        !pst_check_country(s)) {
        return PST_CHECK_NO;
    }
    memcpy(turned, pst_str_from(s, 7).p, s.n - 7);
    memcpy(&turned[s.n - 7], s.p, 4);
    for (size_t i = 4; i < s.n; i++) {
        if (pst_check_36(s.p[i]) < 0) {
            return PST_CHECK_NO;
        }
    }
    return pst_check_if(s, pst_check_mod97_10(pst_str_of(turned, s.n - 3)));
}

/* ISO 11649: RF, check digits, up to 21 places. */
enum pst_verdict pst_check_rf_reference(struct pst_str s)
{
    uint8_t turned[PST_CHECK_MAX];
    if (s.n < 5 || s.n > 25 || !pst_check_shape(pst_str_cut(s, 0, 4), "RF99")) {
        return PST_CHECK_NO;
    }
    for (size_t i = 4; i < s.n; i++) {
        if (pst_check_36(s.p[i]) < 0) {
            return PST_CHECK_NO;
        }
    }
    memcpy(turned, pst_str_from(s, 4).p, s.n - 4);
    memcpy(&turned[s.n - 4], s.p, 4);
    return pst_check_if(s, pst_check_mod97_10(pst_str_of(turned, s.n)));
}

/* ISO 27729 and ORCID: MOD 11-2 over sixteen places. ORCID lies in 0000 0001 5 … 0000 0003 5 and
 * 0009 0…: others are names of the same system. */
enum pst_verdict pst_check_orcid(struct pst_str s)
{
    bool ok = s.n == 16 && pst_check_digits(pst_str_cut(s, 0, 15), 15, 15);
    return pst_check_if(s, ok && pst_check_lit(s, "000") && pst_check_mod11_2(s));
}

/* ICAO 9303: document number, and birth and expiry of a machine-readable passport's second line,
 * each with a digit of its own, and one over all. */
enum pst_verdict pst_check_mrz_td3(struct pst_str s)
{
    if (s.n != 44 || !pst_check_731(pst_str_cut(s, 0, 10)) ||
        !pst_check_731(pst_str_cut(s, 13, 7)) || !pst_check_731(pst_str_cut(s, 21, 7)) ||
        !pst_check_in(s.p[20], "MFX<")) {
        return PST_CHECK_NO;
    }
    uint8_t all[40];
    memcpy(all, s.p, 10);
    memcpy(&all[10], pst_str_from(s, 13).p, 7);
    memcpy(&all[17], pst_str_from(s, 21).p, 22);
    all[39] = s.p[43];
    return pst_check_if(s, pst_check_731(pst_str_of(all, 40)));
}

/* IMO ship number: six digits and their weighted sum's last. */
enum pst_verdict pst_check_imo(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "IMO") ? pst_str_from(s, 3) : s;
    bool ok = pst_check_digits(n, 7, 7);
    return pst_check_if(n, ok && pst_check_ramp(n, 0, 6, 7, -1) % 10 == pst_check_d(n, 6));
}

/* CAS registry number, without its hyphens. */
enum pst_verdict pst_check_cas(struct pst_str s)
{
    int sum = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        sum += pst_check_d(s, s.n - 2 - i) * ((int)i + 1);
    }
    bool ok = pst_check_digits(s, 5, 10) && s.p[0] != '0';
    return pst_check_if(s, ok && sum % 10 == pst_check_d(s, s.n - 1));
}

/* Three letters of the owner (or a three-letter prefix and category), six digits and one more:
 * ISO 6346. Container numbers speak against a person's number of the same length. */
enum pst_verdict pst_check_container(struct pst_str s)
{
    static const char values[] = "0123456789A.BCDEFGHIJK.LMNOPQRSTU.VWXYZ";
    int sum = 0;
    if (!pst_check_shape(s, "AAAA9999999") || !pst_check_in(s.p[3], "UJZR")) {
        return PST_CHECK_NO;
    }
    for (size_t i = 0; i < 10; i++) {
        int v = (int)(strchr(values, s.p[i]) - values);
        sum += v << i;
    }
    return pst_check_if(s, sum % 11 % 10 == pst_check_d(s, 10));
}

/* EAN-13 and its shorter and longer kin (GTIN), which speak against ids. */
enum pst_verdict pst_check_gtin(struct pst_str s)
{
    int sum = 0;
    for (size_t i = 0; i < s.n; i++) {
        sum += pst_check_d(s, s.n - 1 - i) * (i % 2 == 0 ? 1 : 3);
    }
    bool length = s.n == 8 || s.n == 12 || s.n == 13 || s.n == 14;
    return pst_check_if(s, length && pst_check_digits(s, 8, 14) && sum % 10 == 0);
}
