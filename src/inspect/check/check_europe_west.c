/* The British Isles, France, the Low Countries, the German-speaking countries, Italy, Iberia. */
#include "inspect/check/parts.h"

/* --- United Kingdom and Ireland -------------------------------------------------------------- */

/* HMRC NIM39110: no D F I Q U V first, nor O second, none of the administrative prefixes. */
enum pst_verdict pst_check_gb_nino(struct pst_str s)
{
    bool ok = pst_check_shape(s, "AA999999A") && !pst_check_in(s.p[0], "DFIQUV") &&
              !pst_check_in(s.p[1], "DFIQUVO") && !pst_check_in2(s, 0, "BG GB KN NK NT TN ZZ") &&
              s.p[8] <= 'D';
    return pst_check_shape_if(s, ok);
}

enum pst_verdict pst_check_gb_nhs(struct pst_str s)
{
    int rest = (11 - pst_check_ramp(s, 0, 9, 10, -1) % 11) % 11;
    return pst_check_if(s, pst_check_digits(s, 10, 10) && rest == pst_check_d(s, 9));
}

/* Scotland: the NHS arithmetic on a birth date and four digits. */
enum pst_verdict pst_check_gb_chi(struct pst_str s)
{
    return pst_check_digits(s, 10, 10) && pst_check_date6(s, 0, "dmy") ? pst_check_gb_nhs(s)
                                                                       : PST_CHECK_NO;
}

enum pst_verdict pst_check_gb_utr(struct pst_str s)
{
    int rest = PST_WSUM(s, 1, 6, 7, 8, 9, 10, 5, 4, 3, 2) % 11;
    uint8_t check = (uint8_t)"21987654321"[rest];
    return pst_check_if(s, pst_check_digits(s, 10, 10) && s.p[0] == check);
}

/* Standard numbers weigh 8 … 2 and 10 1, modulo 97, since 2010 also 55 less; GD and HA are offices.
 */
enum pst_verdict pst_check_gb_vat(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "GB") || pst_check_lit(s, "XI") ? pst_str_from(s, 2) : s;
    if (n.n == 5) {
        int v = pst_check_num(n, 2, 3);
        bool digits = pst_check_digits(pst_str_from(n, 2), 3, 3);
        return pst_check_shape_if(n, digits && ((pst_check_lit(n, "GD") && v < 500) ||
                                                (pst_check_lit(n, "HA") && v >= 500)));
    }
    int sum = PST_WSUM(n, 0, 8, 7, 6, 5, 4, 3, 2, 10, 1) % 97;
    bool old = sum == 0 && pst_check_num(n, 0, 3) >= 0;
    bool newer = sum == 42 && pst_check_num(n, 0, 3) >= 100;
    return pst_check_if(n, (pst_check_digits(n, 9, 9) || pst_check_digits(n, 12, 12)) &&
                               (old || newer));
}

/* Unique pupil number: a letter for the sum modulo 23, local authority, school and year. */
enum pst_verdict pst_check_gb_upn(struct pst_str s)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ";
    const char *last = s.n == 13 && s.p[12] != 0 ? strchr(letters, s.p[12]) : NULL;
    bool temporary = last != NULL && s.p[12] >= 'A';
    if (!pst_check_shape(pst_str_cut(s, 0, 12), "A99999999999") ||
        (!temporary && !pst_check_digits(pst_str_from(s, 12), 1, 1))) {
        return PST_CHECK_NO;
    }
    int sum = pst_check_ramp(s, 1, 11, 2, 1) +
              13 * (temporary ? (int)(last - letters) : pst_check_d(s, 12));
    return pst_check_if(s, s.p[0] == (uint8_t)letters[sum % 23]);
}

/* DVLA: five places of the name, decade, month (women + 50), day, year, initials, two more. */
enum pst_verdict pst_check_gb_driver(struct pst_str s)
{
    bool ok = s.n == 16 && pst_check_digits(pst_str_cut(s, 5, 6), 6, 6) &&
              pst_check_shape(pst_str_from(s, 11), "XX9AA") && pst_check_36(s.p[0]) > 9;
    bool nines = false;
    for (size_t i = 0; i < 5 && ok; i++) {
        ok = (pst_check_36(s.p[i]) > 9 && !nines) || s.p[i] == '9';
        nines = nines || s.p[i] == '9';
    }
    int month = pst_check_num(s, 6, 2), day = pst_check_num(s, 8, 2);
    month -= month > 50 ? 50 : 0;
    return pst_check_shape_if(s, ok && month >= 1 && month <= 12 && day >= 1 && day <= 31);
}

static bool ie_pps(struct pst_str s)
{
    static const char letters[] = "WABCDEFGHIJKLMNOPQRSTUV";
    int second = s.n == 9 && !pst_check_in(s.p[8], "WTX") ? pst_check_36(s.p[8]) - 9 : 0;
    return s.p[7] == (uint8_t)letters[(pst_check_ramp(s, 0, 7, 8, -1) + 9 * second) % 23];
}

/* Seven digits, a letter modulo 23, and since 2013 a second one (A-I, W, T, X) that counts
 * nine-fold.
 */
enum pst_verdict pst_check_ie_pps(struct pst_str s)
{
    bool ok = pst_check_shape(s, "9999999A") ||
              (pst_check_shape(s, "9999999AA") && pst_check_in(s.p[8], "ABCDEFGHIWTX"));
    return pst_check_if(s, ok && ie_pps(s));
}

enum pst_verdict pst_check_ie_vat(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "IE") ? pst_str_from(s, 2) : s;
    uint8_t turned[8];
    if (pst_check_shape(n, "9999999A") || pst_check_shape(n, "9999999AA")) {
        return pst_check_if(n, (n.n == 8 || n.p[8] <= 'I' || n.p[8] == 'W') && ie_pps(n));
    }
    /* the old form: a letter or sign second; the first digit moves to the end */
    if (n.n != 8 || !(pst_check_36(n.p[1]) > 9 || pst_check_in(n.p[1], "+*")) ||
        !pst_check_digits(pst_str_cut(n, 0, 1), 1, 1) ||
        !pst_check_digits(pst_str_cut(n, 2, 5), 5, 5)) {
        return PST_CHECK_NO;
    }
    turned[0] = '0';
    memcpy(&turned[1], pst_str_from(n, 2).p, 5);
    turned[6] = n.p[0];
    turned[7] = n.p[7];
    return pst_check_if(n, ie_pps(pst_str_of(turned, 8)));
}

/* --- France and Monaco ----------------------------------------------------------------------- */

/* INSEE: 97 less the first thirteen modulo 97; Corsica's 2A and 2B read as 19 and 18. */
enum pst_verdict pst_check_fr_nir(struct pst_str s)
{
    uint8_t n[15];
    if (s.n != 15) {
        return PST_CHECK_NO;
    }
    memcpy(n, s.p, 15);
    bool corsica = n[5] == '2' && (n[6] == 'A' || n[6] == 'B');
    if (corsica) {
        n[5] = '1';
        n[6] = s.p[6] == 'A' ? '9' : '8';
    }
    struct pst_str digits = pst_str_of(n, 15);
    int month = pst_check_num(digits, 3, 2), rest = pst_check_mod(pst_str_cut(digits, 0, 13), 97);
    bool ok = pst_check_digits(digits, 15, 15) && pst_check_in(n[0], "1234567890") && n[0] != '0' &&
              n[0] != '9' && month != 0;
    return pst_check_if(s, ok && 97 - rest == pst_check_num(digits, 13, 2));
}

/* Tax number of a household member: thirteen digits from 0-3, the last three modulo 511. */
enum pst_verdict pst_check_fr_nif(struct pst_str s)
{
    bool ok = pst_check_digits(s, 13, 13) && s.p[0] <= '3';
    return pst_check_if(s,
                        ok && pst_check_mod(pst_str_cut(s, 0, 10), 511) == pst_check_num(s, 10, 3));
}

enum pst_verdict pst_check_fr_siren(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 9, 9) && pst_check_luhn_ok(s));
}

/* La Poste's branches have a digit sum divisible by five instead, but its seat obeys Luhn. */
enum pst_verdict pst_check_fr_siret(struct pst_str s)
{
    if (!pst_check_digits(s, 14, 14) || !pst_check_luhn_ok(pst_str_cut(s, 0, 9))) {
        return PST_CHECK_NO;
    }
    int sum = 0;
    for (size_t i = 0; i < 14; i++) {
        sum += pst_check_d(s, i);
    }
    bool post = pst_check_lit(s, "356000000") && sum % 5 == 0;
    return pst_check_if(s, post || pst_check_luhn_ok(s));
}

/* Two digits: (12 + 3 · SIREN mod 97) mod 97; with letters a later scheme in base 34. */
enum pst_verdict pst_check_fr_tva(struct pst_str s)
{
    static const char letters[] = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    struct pst_str n = pst_check_lit(s, "FR") && s.n == 13 ? pst_str_from(s, 2) : s;
    struct pst_str siren = pst_str_from(n, 2);
    if (n.n != 11 || !pst_check_digits(siren, 9, 9) || pst_check_in(n.p[0], "IO") ||
        pst_check_in(n.p[1], "IO") || pst_check_36(n.p[0]) < 0 || pst_check_36(n.p[1]) < 0) {
        return PST_CHECK_NO;
    }
    /* Monaco's 000 has no SIREN behind it */
    bool luhn = pst_check_lit(siren, "000") || pst_check_luhn_ok(siren);
    if (pst_check_digits(n, 11, 11)) {
        int key = (12 + 3 * pst_check_mod(siren, 97)) % 97;
        return pst_check_if(n, luhn && key == pst_check_num(n, 0, 2));
    }
    int a = (int)(strchr(letters, n.p[0]) - letters), b = (int)(strchr(letters, n.p[1]) - letters);
    int key = a < 10 ? a * 24 + b - 10 : a * 34 + b - 100;
    return pst_check_if(n, luhn && (pst_check_num(siren, 0, 9) + 1 + key / 11) % 11 == key % 11);
}

enum pst_verdict pst_check_mc_tva(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "FR") || pst_check_lit(s, "MC") ? pst_str_from(s, 2) : s;
    return pst_check_lit(pst_str_from(n, 2), "000") ? pst_check_fr_tva(n) : PST_CHECK_NO;
}

/* --- Germany, Austria, Switzerland ----------------------------------------------------------- */

/* Steuer-IdNr: exactly one digit stands two or three times in the first ten (three times never in a
 * row), and MOD 11,10. */
enum pst_verdict pst_check_de_idnr(struct pst_str s)
{
    int count[10] = {0}, twice = 0, thrice = 0;
    if (!pst_check_digits(s, 11, 11) || s.p[0] == '0') {
        return PST_CHECK_NO;
    }
    for (size_t i = 0; i < 10; i++) {
        count[pst_check_d(s, i)]++;
    }
    for (size_t d = 0; d < 10; d++) {
        twice += count[d] == 2 ? 1 : 0;
        thrice += count[d] == 3 ? 1 : 0;
        if (count[d] > 3) {
            return PST_CHECK_NO;
        }
    }
    return pst_check_if(s, twice + thrice == 1 && pst_check_mod11_10(s));
}

/* Steuernummer in the federal form of thirteen digits (state, office, 0) or a state's own of ten or
 * eleven: procedures differ by state, so only the form is looked at. */
enum pst_verdict pst_check_de_stnr(struct pst_str s)
{
    bool federal = s.n == 13 && s.p[4] == '0' &&
                   (pst_check_in2(s, 0, "10 11 21 22 23 24 26 27 28 30 31 32 40 41") ||
                    pst_check_in(s.p[0], "59"));
    return pst_check_shape_if(s, pst_check_digits(s, 10, 13) && s.n != 12 && (s.n < 13 || federal));
}

/* Rentenversicherung: area, birth, letter, serial, check. The letter counts as two digits; products
 * are reduced to their digit sums, the total modulo 10 (VKVV § 4). */
enum pst_verdict pst_check_de_rvnr(struct pst_str s)
{
    static const int8_t weights[12] = {2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1};
    uint8_t n[13];
    if (!pst_check_shape(s, "99999999A999")) {
        return PST_CHECK_NO;
    }
    int letter = s.p[8] - 'A' + 1, day = pst_check_num(s, 2, 2), month = pst_check_num(s, 4, 2);
    memcpy(n, s.p, 8);
    n[8] = (uint8_t)('0' + letter / 10);
    n[9] = (uint8_t)('0' + letter % 10);
    n[10] = s.p[9];
    n[11] = s.p[10];
    int sum = 0;
    for (size_t i = 0; i < 12; i++) {
        sum += pst_check_digit_sum((n[i] - '0') * weights[i]);
    }
    /* the day of a double is raised by 50 */
    bool date = month <= 12 && (day > 50 ? day - 50 : day) <= 31 && day != 50;
    return pst_check_if(s, date && sum % 10 == pst_check_d(s, 11));
}

/* Krankenversichertennummer: a letter as two digits, eight digits, weights 1 2, digit sums. */
enum pst_verdict pst_check_de_kvnr(struct pst_str s)
{
    if (!pst_check_shape(s, "A999999999")) {
        return PST_CHECK_NO;
    }
    int letter = s.p[0] - 'A' + 1, sum = letter / 10 + pst_check_digit_sum(letter % 10 * 2);
    for (size_t i = 1; i < 9; i++) {
        sum += pst_check_digit_sum(pst_check_d(s, i) * (i % 2 == 1 ? 1 : 2));
    }
    return pst_check_if(s, sum % 10 == pst_check_d(s, 9));
}

/* Physicians: six digits with weights 4 9, their tens' complement, two of the specialty. */
enum pst_verdict pst_check_de_lanr(struct pst_str s)
{
    int sum = PST_WSUM(s, 0, 4, 9, 4, 9, 4, 9);
    return pst_check_if(s, pst_check_digits(s, 9, 9) && (10 - sum % 10) % 10 == pst_check_d(s, 6));
}

/* Identity card and passport: letters and digits that cannot be misread, ICAO's 7 3 1; the check
 * digit may be missing. */
enum pst_verdict pst_check_de_document(struct pst_str s)
{
    static const char alphabet[] = "0123456789CFGHJKLMNPRTVWXYZ";
    for (size_t i = 0; i < s.n; i++) {
        if (!pst_check_in(s.p[i], alphabet)) {
            return PST_CHECK_NO;
        }
    }
    bool letter = s.n > 0 && pst_check_in(s.p[0], "CFGHJKLMNPRTVWXYZ");
    if (s.n == 9) {
        return pst_check_shape_if(s, letter);
    }
    return pst_check_if(s, s.n == 10 && letter && pst_check_731(s));
}

enum pst_verdict pst_check_de_vat(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "DE") ? pst_str_from(s, 2) : s;
    return pst_check_if(n, pst_check_digits(n, 9, 9) && n.p[0] != '0' && pst_check_mod11_10(n));
}

/* Sozialversicherung: serial, check digit, birth; months 13-15 stand for a used-up day. */
enum pst_verdict pst_check_at_vnr(struct pst_str s)
{
    int sum = PST_WSUM(s, 0, 3, 7, 9, 0, 5, 8, 4, 2, 1, 6);
    return pst_check_if(s, pst_check_digits(s, 10, 10) && s.p[0] != '0' &&
                               sum % 11 == pst_check_d(s, 3));
}

/* Abgabenkontonummer: office and seven digits, weights 1 2 as Luhn, tens' complement. */
enum pst_verdict pst_check_at_tin(struct pst_str s)
{
    int sum = 0;
    for (size_t i = 0; i < 8; i++) {
        sum += pst_check_digit_sum(pst_check_d(s, i) * (i % 2 == 0 ? 1 : 2));
    }
    return pst_check_if(s, pst_check_digits(s, 9, 9) && (10 - sum % 10) % 10 == pst_check_d(s, 8));
}

enum pst_verdict pst_check_at_uid(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "AT") ? pst_str_from(s, 2) : s;
    int sum = 4;
    for (size_t i = 1; i < 8; i++) {
        sum += pst_check_digit_sum(pst_check_d(n, i) * (i % 2 == 1 ? 1 : 2));
    }
    return pst_check_if(n, pst_check_shape(n, "U99999999") &&
                               (10 - sum % 10) % 10 == pst_check_d(n, 8));
}

/* AHV: 756 (Switzerland in ISO 3166) and EAN-13. */
enum pst_verdict pst_check_ch_ahv(struct pst_str s)
{
    return s.n == 13 && pst_check_lit(s, "756") ? pst_check_gtin(s) : PST_CHECK_NO;
}

enum pst_verdict pst_check_ch_uid(struct pst_str s)
{
    struct pst_str n = s;
    if (s.n > 12) { /* MWST, TVA, IVA or TPV after it */
        struct pst_str tail = pst_str_from(s, 12);
        if (!pst_str_eq(tail, PST_STR("MWST")) && !pst_str_eq(tail, PST_STR("TVA")) &&
            !pst_str_eq(tail, PST_STR("IVA")) && !pst_str_eq(tail, PST_STR("TPV"))) {
            return PST_CHECK_NO;
        }
        n = pst_str_cut(s, 0, 12);
    }
    int rest = 11 - PST_WSUM(n, 3, 5, 4, 3, 2, 7, 6, 5, 4) % 11;
    return pst_check_if(n, pst_check_shape(n, "CHE999999999") && rest % 11 == pst_check_d(n, 11));
}

enum pst_verdict pst_check_li_peid(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 4, 12));
}

/* --- the Low Countries ----------------------------------------------------------------------- */

static bool be_complement(struct pst_str s, int64_t prefix)
{
    int64_t value = prefix * 1000000000 + pst_check_num(s, 0, 9);
    return 97 - (int)(value % 97) == pst_check_num(s, 9, 2);
}

/* Rijksregister: birth, serial, 97 less the rest; from 2000 with a 2 before. BIS numbers raise the
 * month by 20 or 40, and an unknown birth has zeros. */
enum pst_verdict pst_check_be_nn(struct pst_str s)
{
    if (!pst_check_digits(s, 11, 11)) {
        return PST_CHECK_NO;
    }
    int year = pst_check_num(s, 0, 2), month = pst_check_num(s, 2, 2), day = pst_check_num(s, 4, 2);
    month -= month >= 40 ? 40 : month >= 20 ? 20 : 0;
    bool unknown = month == 0 || day == 0;
    bool old = be_complement(s, 0) && (unknown || pst_check_date(1900 + year, month, day));
    bool newer = year <= 40 && be_complement(s, 2) &&
                 (unknown || pst_check_date(2000 + year, month, day));
    return pst_check_if(s, month <= 12 && day <= 31 && (old || newer));
}

enum pst_verdict pst_check_be_vat(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "BE") ? pst_str_from(s, 2) : s;
    uint8_t padded[10] = "0";
    if (n.n == 9) {
        memcpy(&padded[1], n.p, 9);
        n = pst_str_of(padded, 10);
    }
    return pst_check_if(n, pst_check_digits(n, 10, 10) && n.p[0] <= '1' &&
                               pst_check_num(n, 0, 8) != 0 &&
                               (pst_check_num(n, 0, 8) + pst_check_num(n, 8, 2)) % 97 == 0);
}

static bool nl_eleven(struct pst_str s)
{
    return PST_WSUM(s, 0, 9, 8, 7, 6, 5, 4, 3, 2, -1) % 11 == 0;
}

enum pst_verdict pst_check_nl_bsn(struct pst_str s)
{
    return pst_check_if(s,
                        pst_check_digits(s, 9, 9) && pst_check_num(s, 0, 9) != 0 && nl_eleven(s));
}

/* The eleven-test with a rest of five. */
enum pst_verdict pst_check_nl_onderwijsnummer(struct pst_str s)
{
    int sum = PST_WSUM(s, 0, 9, 8, 7, 6, 5, 4, 3, 2, -1) % 11;
    return pst_check_if(s, pst_check_digits(s, 9, 9) && pst_check_lit(s, "10") &&
                               (sum + 11) % 11 == 5);
}

/* A BSN-like number, B and two digits; since 2020 the whole with NL modulo 97 for the
 * self-employed. */
enum pst_verdict pst_check_nl_btw(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "NL") ? pst_str_from(s, 2) : s;
    uint8_t whole[14] = "NL";
    if (!pst_check_shape(n, "999999999B99") || pst_check_num(n, 10, 2) == 0) {
        return PST_CHECK_NO;
    }
    memcpy(&whole[2], n.p, 12);
    return pst_check_if(n, (pst_check_num(n, 0, 9) != 0 && nl_eleven(n)) ||
                               pst_check_mod97_10(pst_str_of(whole, 14)));
}

enum pst_verdict pst_check_lu_tva(struct pst_str s)
{
    struct pst_str n = pst_check_lit(s, "LU") ? pst_str_from(s, 2) : s;
    return pst_check_if(n, pst_check_digits(n, 8, 8) &&
                               pst_check_num(n, 0, 6) % 89 == pst_check_num(n, 6, 2));
}

/* Matricule: birth and serial (eleven digits), then Luhn's and Verhoeff's digit over the eleven. */
enum pst_verdict pst_check_lu_matricule(struct pst_str s)
{
    uint8_t second[12];
    if (!pst_check_digits(s, 13, 13) || !pst_check_date8(s, 0, "ymd")) {
        return PST_CHECK_NO;
    }
    memcpy(second, s.p, 11);
    second[11] = s.p[12];
    return pst_check_if(s, pst_check_luhn_ok(pst_str_cut(s, 0, 12)) &&
                               pst_check_verhoeff_ok(pst_str_of(second, 12)));
}
