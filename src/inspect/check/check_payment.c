/* Cards, accounts and banks. */
#include "inspect/check/parts.h"

/* ISO 3166 alpha-2, and XK. */
bool pst_check_country(struct pst_str s)
{
    static const char codes[] =
        "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
        "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
        "DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
        "GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
        "KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
        "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
        "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
        "SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
        "VN VU WF WS XK YE YT ZA ZM ZW";
    return pst_check_in2(s, 0, codes);
}

struct card_range {
    uint32_t from, to; /* first six digits */
    uint32_t lengths;  /* bit n: n digits */
};
#define L(n) (1U << (n))

/* Issuer ranges of ISO/IEC 7812 as the schemes publish them. */
static const struct card_range cards[] = {
    {340000, 349999, L(15)},                                 /* American Express */
    {370000, 379999, L(15)},                                 /* American Express */
    {300000, 305999, L(14) | L(16) | L(17) | L(18) | L(19)}, /* Diners Club */
    {309500, 309599, L(14) | L(16) | L(17) | L(18) | L(19)}, /* Diners Club */
    {360000, 369999, L(14) | L(16) | L(17) | L(18) | L(19)}, /* Diners Club */
    {380000, 399999, L(14) | L(16) | L(17) | L(18) | L(19)}, /* Diners Club, Discover */
    {352800, 358999, L(16) | L(17) | L(18) | L(19)},         /* JCB */
    {400000, 499999, L(13) | L(16) | L(18) | L(19)},         /* Visa */
    {500000, 509999, L(12) | L(13) | L(14) | L(15) | L(16) | L(17) | L(18) | L(19)}, /* Maestro,
                                                                Elo, Verve, Dankort */
    {510000, 559999, L(16)},                         /* Mastercard */
    {222100, 272099, L(16)},                         /* Mastercard, 2-series */
    {220000, 220499, L(16) | L(17) | L(18) | L(19)}, /* Mir */
    {560000, 589999, L(12) | L(13) | L(14) | L(15) | L(16) | L(17) | L(18) | L(19)}, /* Maestro */
    {600000, 600999, L(12) | L(13) | L(14) | L(15) | L(16) | L(17) | L(18) | L(19)}, /* Maestro */
    {601100, 601199, L(16) | L(17) | L(18) | L(19)},                                 /* Discover */
    {603000, 609999, L(13) | L(16) | L(17) | L(18) | L(19)}, /* RuPay, Hipercard, UATP kin */
    {610000, 619999, L(12) | L(13) | L(14) | L(15) | L(16) | L(17) | L(18) | L(19)}, /* Maestro */
    {620000, 629999, L(16) | L(17) | L(18) | L(19)},                                 /* UnionPay */
    {630000, 639999, L(12) | L(13) | L(14) | L(15) | L(16) | L(17) | L(18) | L(19)}, /* Maestro,
                                                                InstaPayment, Elo */
    {640000, 659999, L(16) | L(17) | L(18) | L(19)}, /* Discover, RuPay, Elo, Troy */
    {660000, 699999, L(12) | L(13) | L(14) | L(15) | L(16) | L(17) | L(18) | L(19)}, /* Maestro */
    {810000, 817199, L(16) | L(17) | L(18) | L(19)}, /* UnionPay, RuPay 81, 82 */
    {820000, 829999, L(16)},                         /* RuPay */
    {979200, 979289, L(16)},                         /* Troy */
};
#undef L

/* UnionPay has issuers whose numbers do not obey Luhn; such a number is a card only by context, and
 * none of ours. */
enum pst_verdict pst_check_card(struct pst_str s)
{
    if (!pst_check_digits(s, 12, 19)) {
        return PST_CHECK_NO;
    }
    uint32_t head = (uint32_t)pst_check_num(s, 0, 6);
    for (size_t i = 0; i < PST_LEN(cards); i++) {
        if (head >= cards[i].from && head <= cards[i].to && (cards[i].lengths >> s.n & 1U) != 0) {
            return pst_check_if(s, pst_check_luhn_ok(s));
        }
    }
    return PST_CHECK_NO;
}

struct iban_row {
    char country[3];
    char bban[32]; /* runs of <count><kind>: n digits, a upper case letters, c either */
};

/* The IBAN registry of SWIFT (ISO 13616), BBAN structure column. */
static const struct iban_row ibans[] = {
    {"AD", "8n12c"},    {"AE", "19n"},      {"AL", "8n16c"},    {"AT", "16n"},
    {"AZ", "4a20c"},    {"BA", "16n"},      {"BE", "12n"},      {"BG", "4a6n8c"},
    {"BH", "4a14c"},    {"BI", "23n"},      {"BR", "23n1a1c"},  {"BY", "4c4n16c"},
    {"CH", "5n12c"},    {"CR", "18n"},      {"CY", "8n16c"},    {"CZ", "20n"},
    {"DE", "18n"},      {"DJ", "23n"},      {"DK", "14n"},      {"DO", "4c20n"},
    {"EE", "16n"},      {"EG", "25n"},      {"ES", "20n"},      {"FI", "14n"},
    {"FK", "2a12n"},    {"FO", "14n"},      {"FR", "10n11c2n"}, {"GB", "4a14n"},
    {"GE", "2a16n"},    {"GI", "4a15c"},    {"GL", "14n"},      {"GR", "7n16c"},
    {"GT", "4c20c"},    {"HN", "4a20n"},    {"HR", "17n"},      {"HU", "24n"},
    {"IE", "4a14n"},    {"IL", "19n"},      {"IQ", "4a15n"},    {"IS", "22n"},
    {"IT", "1a10n12c"}, {"JO", "4a4n18c"},  {"KW", "4a22c"},    {"KZ", "3n13c"},
    {"LB", "4n20c"},    {"LC", "4a24c"},    {"LI", "5n12c"},    {"LT", "16n"},
    {"LU", "3n13c"},    {"LV", "4a13c"},    {"LY", "21n"},      {"MC", "10n11c2n"},
    {"MD", "20c"},      {"ME", "18n"},      {"MK", "3n10c2n"},  {"MN", "16n"},
    {"MR", "23n"},      {"MT", "4a5n18c"},  {"MU", "4a19n3a"},  {"NI", "4a20n"},
    {"NL", "4a10n"},    {"NO", "11n"},      {"OM", "3n16c"},    {"PK", "4a16c"},
    {"PL", "24n"},      {"PS", "4a21c"},    {"PT", "21n"},      {"QA", "4a21c"},
    {"RO", "4a16c"},    {"RS", "18n"},      {"RU", "14n15c"},   {"SA", "2n18c"},
    {"SC", "4a20n3a"},  {"SD", "14n"},      {"SE", "20n"},      {"SI", "15n"},
    {"SK", "20n"},      {"SM", "1a10n12c"}, {"SO", "19n"},      {"ST", "21n"},
    {"SV", "4a20n"},    {"TL", "19n"},      {"TN", "20n"},      {"TR", "5n1n16c"},
    {"UA", "6n19c"},    {"VA", "18n"},      {"VG", "4a16n"},    {"XK", "16n"},
    {"YE", "4a4n18c"},
};

static bool bban_ok(struct pst_str s, const char *structure)
{
    struct pst_str form = pst_str_c(structure);
    size_t at = 0;
    for (size_t i = 0; i < form.n; i++) {
        size_t count = 0;
        for (; form.p[i] >= '0' && form.p[i] <= '9'; i++) {
            count = count * 10 + (size_t)(form.p[i] - '0');
        }
        for (; count > 0; count--, at++) {
            int v = at < s.n ? pst_check_36(s.p[at]) : -1;
            if (v < 0 || (form.p[i] == 'n' && v > 9) || (form.p[i] == 'a' && v < 10)) {
                return false;
            }
        }
    }
    return at == s.n;
}

enum pst_verdict pst_check_iban(struct pst_str s)
{
    uint8_t turned[PST_CHECK_MAX];
    if (s.n < 15 || s.n > 34 || !pst_check_digits(pst_str_cut(s, 2, 2), 2, 2)) {
        return PST_CHECK_NO;
    }
    for (size_t i = 0; i < PST_LEN(ibans); i++) {
        if (pst_check_lit(s, ibans[i].country) && bban_ok(pst_str_from(s, 4), ibans[i].bban)) {
            memcpy(turned, pst_str_from(s, 4).p, s.n - 4);
            memcpy(&turned[s.n - 4], s.p, 4);
            return pst_check_if(s, pst_check_mod97_10(pst_str_of(turned, s.n)));
        }
    }
    return PST_CHECK_NO;
}

/* The length that a country's IBAN has, 0 when it has none: for reading one out of running text. */
size_t pst_check_iban_length(struct pst_str s)
{
    for (size_t i = 0; i < PST_LEN(ibans); i++) {
        if (pst_check_lit(s, ibans[i].country)) {
            size_t total = 4, count = 0;
            const char *bban = ibans[i].bban;
            for (size_t k = 0; bban[k] != '\0'; k++) {
                bool digit = bban[k] >= '0' && bban[k] <= '9';
                total += digit ? 0 : count;
                count = digit ? count * 10 + (size_t)(bban[k] - '0') : 0;
            }
            return total;
        }
    }
    return 0;
}

/* ISO 9362: four letters of the institution (since 2014 letters or digits, in practice letters),
 * country, two of the place, three of the branch or none. */
enum pst_verdict pst_check_bic(struct pst_str s)
{
    bool ok = pst_check_shape(s, "AAAAAAXX") || pst_check_shape(s, "AAAAAAXXXXX");
    return pst_check_shape_if(s, ok && pst_check_country(pst_str_cut(s, 4, 2)));
}

/* ABA routing number: weights 3 7 1; the first two digits name a Federal Reserve district, a thrift
 * (21-32), electronic use (61-72) or traveller's cheques (80). */
enum pst_verdict pst_check_us_aba(struct pst_str s)
{
    int head = pst_check_num(s, 0, 2);
    bool known = head <= 12 || (head >= 21 && head <= 32) || (head >= 61 && head <= 72) ||
                 head == 80;
    return pst_check_if(s, pst_check_digits(s, 9, 9) && known &&
                               PST_WSUM(s, 0, 3, 7, 1, 3, 7, 1, 3, 7, 1) % 10 == 0);
}

/* CLABE of the Mexican banks' association: weights 3 7 1, each product modulo 10. */
enum pst_verdict pst_check_mx_clabe(struct pst_str s)
{
    int sum = PST_WSUM(s, 0, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7);
    return pst_check_if(s,
                        pst_check_digits(s, 18, 18) && (10 - sum % 10) % 10 == pst_check_d(s, 17));
}

/* Código cuenta cliente: two digits, one over bank and office, one over the account. */
enum pst_verdict pst_check_es_ccc(struct pst_str s)
{
    int bank = PST_WSUM(s, 0, 4, 8, 5, 10, 9, 7, 3, 6) % 11;
    int account = PST_WSUM(s, 10, 1, 2, 4, 8, 5, 10, 9, 7, 3, 6) % 11;
    int first = bank < 2 ? bank : 11 - bank, second = account < 2 ? account : 11 - account;
    return pst_check_if(s, pst_check_digits(s, 20, 20) && pst_check_d(s, 8) == first &&
                               pst_check_d(s, 9) == second);
}

/* Czech account as prefix (6), number (10), bank (4): both parts modulo 11, decree 169/2011. */
enum pst_verdict pst_check_cz_bankaccount(struct pst_str s)
{
    return pst_check_if(s, pst_check_digits(s, 20, 20) &&
                               PST_WSUM(s, 0, 10, 5, 8, 4, 2, 1) % 11 == 0 &&
                               PST_WSUM(s, 6, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1) % 11 == 0 &&
                               pst_check_num(s, 6, 9) != 0);
}

enum pst_verdict pst_check_no_kontonr(struct pst_str s)
{
    int rest = PST_WSUM(s, 0, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11;
    return pst_check_if(s, pst_check_digits(s, 11, 11) && rest != 1 &&
                               (11 - rest) % 11 == pst_check_d(s, 10));
}

/* CBU of the Argentine central bank: eight digits and fourteen, weights 7 1 3 9. */
enum pst_verdict pst_check_ar_cbu(struct pst_str s)
{
    int bank = PST_WSUM(s, 0, 7, 1, 3, 9, 7, 1, 3);
    int account = PST_WSUM(s, 8, 3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3);
    return pst_check_if(s, pst_check_digits(s, 22, 22) &&
                               (10 - bank % 10) % 10 == pst_check_d(s, 7) &&
                               (10 - account % 10) % 10 == pst_check_d(s, 21));
}

/* Bank, branch, account, suffix; the weights depend on the bank (IRD specification of account
 * validation). Banks whose algorithm is another one stay plausible. */
enum pst_verdict pst_check_nz_bankaccount(struct pst_str s)
{
    int bank = pst_check_num(s, 0, 2), branch = pst_check_num(s, 2, 4);
    if (!pst_check_digits(s, 15, 16) || bank == 0 || branch == 0) {
        return PST_CHECK_NO;
    }
    /* banks whose accounts follow the general rule */
    static const char usual_banks[] =
        "01 02 03 04 05 06 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 27 30 35 38";
    bool usual = pst_check_in2(s, 0, usual_banks);
    if (!usual) {
        return pst_check_shape_if(s, bank <= 38 || bank == 86 || bank == 88);
    }
    int sum = pst_check_num(s, 6, 7) < 990000
                  ? PST_WSUM(s, 2, 6, 3, 7, 9) + PST_WSUM(s, 6, 0, 10, 5, 8, 4, 2, 1)
                  : PST_WSUM(s, 6, 0, 10, 5, 8, 4, 2, 1);
    return pst_check_if(s, sum % 11 == 0);
}

/* German account parts have a procedure for each bank; only the form of the bank code is common:
 * eight digits that begin with a clearing area 1-8. */
enum pst_verdict pst_check_de_blz(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 8, 8) && s.p[0] >= '1' && s.p[0] <= '8');
}

/* Reserve Bank of India: four letters, a zero, six letters or digits. */
enum pst_verdict pst_check_in_ifsc(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_shape(s, "AAAA0XXXXXX"));
}

/* BSB: two digits of the bank, one of the state (2-8 in the mainland states), three of the branch.
 */
enum pst_verdict pst_check_au_bsb(struct pst_str s)
{
    return pst_check_shape_if(s, pst_check_digits(s, 6, 6) && s.p[2] >= '0' && s.p[2] <= '8');
}

/* Swiss post's inpayment reference: modulo 10, recursive. */
enum pst_verdict pst_check_ch_esr(struct pst_str s)
{
    static const uint8_t step[10] = {0, 9, 4, 6, 8, 2, 7, 1, 3, 5};
    int carry = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        carry = step[(carry + pst_check_d(s, i)) % 10];
    }
    bool ok = pst_check_digits(s, 16, 27) && (10 - carry) % 10 == pst_check_d(s, s.n - 1);
    return pst_check_if(s, ok);
}
