/* Examples that the issuers print themselves, one fault in each, and hostile values for all. */
#include "base/test.h"
#include "inspect/check/check.h"

static const struct {
    const char *name, *good;
    enum pst_verdict verdict;
} examples[] = {
    {"card", "4111111111111111", PST_CHECK_YES},       /* Visa */
    {"card", "378282246310005", PST_CHECK_YES},        /* American Express */
    {"card", "2223000048400011", PST_CHECK_YES},       /* Mastercard, 2-series */
    {"card", "6200000000000005", PST_CHECK_YES},       /* UnionPay */
    {"card", "30569309025904", PST_CHECK_YES},         /* Diners Club */
    {"card", "3530111333300000", PST_CHECK_YES},       /* JCB */
    {"iban", "DE89370400440532013000", PST_CHECK_YES}, /* registry */
    {"iban", "MT84MALT011000012345MTLCAST001S", PST_CHECK_YES},
    {"iban", "NO9386011117947", PST_CHECK_YES},
    {"iban", "GB29NWBK60161331926819", PST_CHECK_YES},
    {"iban", "FR1420041010050500013M02606", PST_CHECK_YES},
    {"iban", "BR9700360305000010009795493P1", PST_CHECK_YES},
    {"iban", "SC18SSCB11010000000000001497USD", PST_CHECK_YES},
    {"bic", "DEUTDEFF500", PST_CHECK_PLAUSIBLE},
    {"imei", "490154203237518", PST_CHECK_YES}, /* TS 23.003 */
    {"vin", "1M8GDM9AXKP042788", PST_CHECK_YES},
    {"vin", "WBAAA31050FH12345", PST_CHECK_PLAUSIBLE}, /* Europe: no check digit */
    {"lei", "5493001KJTIIGC8Y1R12", PST_CHECK_YES},
    {"isin", "US0378331005", PST_CHECK_YES},
    {"orcid", "0000000218250097", PST_CHECK_YES},
    {"mrz_td3", "L898902C36UTO7408122F1204159ZE184226B<<<<<10", PST_CHECK_YES}, /* ICAO 9303-4 */
    {"us_npi", "1234567893", PST_CHECK_YES},                                    /* CMS */
    {"us_dea", "AB1234563", PST_CHECK_YES},
    {"us_mbi", "1EG4TE5MK73", PST_CHECK_PLAUSIBLE}, /* CMS */
    {"us_aba", "011000015", PST_CHECK_YES},
    {"us_ssn", "536223457", PST_CHECK_PLAUSIBLE},
    {"ca_sin", "130692544", PST_CHECK_YES},
    {"ca_bc_phn", "9698658215", PST_CHECK_YES},
    {"mx_clabe", "032180000118359719", PST_CHECK_YES},
    {"br_cnpj", "12ABC34501DE35", PST_CHECK_YES}, /* Receita Federal, letters */
    {"br_cnh", "02650306461", PST_CHECK_YES},
    {"br_titulo", "004356870906", PST_CHECK_YES},
    {"uy_ci", "12345672", PST_CHECK_YES},
    {"gb_driver", "MORGA657054SM9IJ", PST_CHECK_PLAUSIBLE}, /* DVLA */
    {"gb_nino", "AB123456C", PST_CHECK_PLAUSIBLE},
    {"fr_nif", "3023217600053", PST_CHECK_YES},    /* OECD sheet of France */
    {"fr_siret", "35600000049837", PST_CHECK_YES}, /* La Poste: the sum, not Luhn */
    {"de_idnr", "86095742719", PST_CHECK_YES},
    {"de_rvnr", "15070649C103", PST_CHECK_YES},
    {"de_kvnr", "A123456780", PST_CHECK_YES},
    {"de_document", "T220001293", PST_CHECK_YES}, /* specimen */
    {"de_document", "LZ6311T475", PST_CHECK_YES}, /* specimen */
    {"de_lanr", "123456601", PST_CHECK_YES},
    {"lu_matricule", "1893120105732", PST_CHECK_YES},
    {"es_nss", "281234567840", PST_CHECK_YES},
    {"pl_idcard", "ABA300000", PST_CHECK_YES}, /* specimen */
    {"pl_passport", "ZS0000177", PST_CHECK_YES},
    {"hu_tax", "8071592153", PST_CHECK_YES},
    {"ru_snils", "11223344595", PST_CHECK_YES},
    {"ru_ogrn", "1027700132195", PST_CHECK_YES},
    {"ru_inn", "7707083893", PST_CHECK_YES},
    {"fi_hetu", "131052-308T", PST_CHECK_YES}, /* Digital and Population Data Services Agency */
    {"fi_hetu", "131052X308T", PST_CHECK_YES}, /* the same with a sign of 2023 */
    {"dk_cpr", "0707614285", PST_CHECK_YES},
    {"dk_cpr", "0707614284", PST_CHECK_PLAUSIBLE}, /* the sum is not promised */
    {"lv_pk", "32867300679", PST_CHECK_PLAUSIBLE}, /* the new series */
    {"kr_brn", "1248100998", PST_CHECK_YES},
    {"jp_mynumber", "123456789018", PST_CHECK_YES},
    {"tw_id", "A123456789", PST_CHECK_YES},
    {"hk_hkid", "G123456A", PST_CHECK_YES}, /* specimen */
    {"sg_nric", "S1234567D", PST_CHECK_YES},
    {"sg_nric", "G1234567X", PST_CHECK_YES},
    {"cn_ric", "11010519491231002X", PST_CHECK_YES}, /* GB 11643 */
    {"au_ihi", "8003608166690503", PST_CHECK_YES},
    {"au_medicare", "2123456701", PST_CHECK_YES},
    {"nz_nhi", "ZAC5361", PST_CHECK_YES}, /* HISO 10046 */
    {"nz_nhi", "ZBN77VL", PST_CHECK_YES},
};

static enum pst_verdict run(const char *name, const char *value)
{
    const struct pst_check_row *row = pst_check_find(pst_str_c(name));
    assert_non_null(row);
    return row->fn(pst_str_c(value));
}

static void printed_examples_hold(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < PST_LEN(examples); i++) {
        if (run(examples[i].name, examples[i].good) != examples[i].verdict) {
            print_error("%s %s\n", examples[i].name, examples[i].good);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

/* The last digit of a number that holds, changed: arithmetic must see any single digit. */
static void one_wrong_digit_is_seen(void **state)
{
    (void)state;
    for (size_t i = 0; i < PST_LEN(examples); i++) {
        char value[PST_CHECK_MAX];
        size_t last = strlen(examples[i].good) - 1;
        if (examples[i].verdict != PST_CHECK_YES || examples[i].good[last] > '9') {
            continue;
        }
        pst_text(value, sizeof value, "%s", examples[i].good);
        value[last] = value[last] == '9' ? '0' : (char)(value[last] + 1);
        if (strcmp(examples[i].name, "vin") != 0 && strcmp(examples[i].name, "de_lanr") != 0 &&
            strcmp(examples[i].name, "au_medicare") != 0) { /* what follows the check digit */
            assert_int_not_equal(run(examples[i].name, value), PST_CHECK_YES);
        }
    }
}

static void samples_are_nobodys(void **state)
{
    (void)state;
    assert_int_equal(run("us_ssn", "078051120"), PST_CHECK_NO);
    assert_int_equal(run("us_ssn", "666123456"), PST_CHECK_NO);
    assert_int_equal(run("us_ssn", "078051121"), PST_CHECK_PLAUSIBLE); /* never by prefix */
    assert_int_equal(run("br_cpf", "11111111111"), PST_CHECK_NO);
    assert_int_equal(run("luhn", "0000000000000000"), PST_CHECK_NO);
    assert_int_equal(run("card", "9999999999999995"), PST_CHECK_NO); /* no issuer */
    assert_int_equal(run("card", "4111 1111 1111 1111"), PST_CHECK_NO);
    assert_int_equal(run("kr_rrn", "9710139019902"), PST_CHECK_YES);
    assert_int_equal(run("kr_rrn", "9710139019903"), PST_CHECK_PLAUSIBLE); /* since 2020 */
}

static void any_bytes_are_answered(void **state)
{
    (void)state;
    size_t n = 0;
    const struct pst_check_row *rows = pst_check_rows(&n);
    assert_true(n >= 110);
    uint32_t seed = 1;
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(pst_check_find(rows[i].name), &rows[i]);
        assert_int_equal(rows[i].fn(pst_str_c("")), PST_CHECK_NO);
        for (size_t length = 0; length <= PST_CHECK_MAX; length++) {
            uint8_t exact[PST_CHECK_MAX];
            for (size_t k = 0; k < length; k++) {
                seed = seed * 1664525U + 1013904223U;
                exact[k] = length % 3 == 0 ? (uint8_t)(seed >> 24)
                                           : (uint8_t)('0' + (seed >> 24) % 10);
            }
            enum pst_verdict v = rows[i].fn(pst_str_of(exact, length));
            assert_true(v == PST_CHECK_NO || v == PST_CHECK_PLAUSIBLE || v == PST_CHECK_YES);
        }
    }
    assert_null(pst_check_find(pst_str_c("no_such_check")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(printed_examples_hold),
        cmocka_unit_test(one_wrong_digit_is_seen),
        cmocka_unit_test(samples_are_nobodys),
        cmocka_unit_test(any_bytes_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
