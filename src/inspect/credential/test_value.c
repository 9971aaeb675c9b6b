#include "base/test.h"
#include "inspect/credential/credential.h"
#include "inspect/credential/selfcheck.h"
#include "inspect/credential/value.h"

static struct pst_value_part part(const char *bytes, uint16_t min, uint16_t max)
{
    struct pst_value_part ret = {.min = min, .max = max};
    for (size_t i = 0; bytes[i] != 0; i++) {
        uint8_t b = (uint8_t)bytes[i];
        ret.set[b >> 3] = (uint8_t)(ret.set[b >> 3] | 1U << (b & 7U));
    }
    return ret;
}

static void parts_take_what_they_can(void **state)
{
    (void)state;
    struct pst_value_part list[3] = {part("abc", 2, 4), part("-", 1, 1), part("abc123", 1, 3)};
    assert_int_equal(pst_value_match(list, 3, PST_STR("ab-1"), 0), 4);
    assert_int_equal(pst_value_match(list, 3, PST_STR("abca-123x"), 0), 8);
    assert_int_equal(pst_value_match(list, 3, PST_STR("..ab-1234"), 2), 8);
    assert_int_equal(pst_value_match(list, 3, PST_STR("abcab-1"), 0), PST_NPOS); /* five */
    assert_int_equal(pst_value_match(list, 3, PST_STR("a-1"), 0), PST_NPOS);
    assert_int_equal(pst_value_match(list, 3, PST_STR("ab-"), 0), PST_NPOS);
    assert_int_equal(pst_value_match(list, 0, PST_STR("ab-1"), 0), PST_NPOS);
    assert_int_equal(pst_value_match(list, 3, PST_STR("ab"), 3), PST_NPOS);
}

static void parts_give_back_only_when_they_must(void **state)
{
    (void)state;
    /* the mark is of the first part's set, as in sk-…T3BlbkFJ… */
    struct pst_value_part list[4] = {part("abcXY", 2, 10), part("X", 1, 1), part("Y", 1, 1),
                                     part("abcXY", 2, 10)};
    assert_int_equal(pst_value_match(list, 4, PST_STR("abcXYabc."), 0), 8);
    assert_int_equal(pst_value_match(list, 4, PST_STR("abXYabXYab"), 0), 10);
    assert_int_equal(pst_value_match(list, 4, PST_STR("abcabcabc"), 0), PST_NPOS);
    struct pst_value_part two[2] = {part("ab", 0, 5), part("ab", 3, 3)};
    assert_int_equal(pst_value_match(two, 2, PST_STR("abab"), 0), 4);
    assert_int_equal(pst_value_match(two, 2, PST_STR("ab"), 0), PST_NPOS);
}

static void entropy_is_shannons(void **state)
{
    (void)state;
    assert_int_equal(pst_value_entropy(PST_STR("")), 0);
    assert_int_equal(pst_value_entropy(PST_STR("aaaaaaaa")), 0);
    assert_int_equal(pst_value_entropy(PST_STR("abababab")), 100);
    assert_int_equal(pst_value_entropy(PST_STR("abcdefgh")), 300);
    assert_in_range(pst_value_entropy(PST_STR("hunter2")), 280, 281);
}

static void words_and_random_letters_are_far_apart(void **state)
{
    (void)state;
    assert_true(pst_value_rarity(PST_STR("authentication_handler")) < -20);
    assert_true(pst_value_rarity(PST_STR("getUserNameFromSession")) < -20);
    assert_true(pst_value_rarity(PST_STR("xKqWzPvTrJhGbNmQ")) > 60);
    assert_int_equal(pst_value_rarity(PST_STR("12345")), 0);
    const struct pst_str words[] = {PST_STR("the secret of success"),
                                    PST_STR("prod-user-service-token"), PST_STR("nextPageToken"),
                                    PST_STR("application_name_2"),
                                    PST_STR("Contrase\xc3\xb1"
                                            "a")};
    for (size_t i = 0; i < PST_LEN(words); i++) {
        assert_true(pst_value_words(words[i]));
    }
    assert_false(pst_value_words(PST_STR("8f7d6s5a4d3f2g1h0jk9")));
    assert_false(pst_value_words(PST_STR("wJalrXUtnFEMIK7MDENGbPxRfiCYzzzKEY")));
    assert_false(pst_value_words(PST_STR("xKqWzPvTrJhGbNmQ")));
}

static void placeholders_are_known(void **state)
{
    (void)state;
    const struct pst_str yes[] = {
        PST_STR("changeme"),
        PST_STR("<your-key>"),
        PST_STR("xxxxxxxxxxxx"),
        PST_STR("${DB_PASSWORD}"),
        PST_STR("$PASSWORD"),
        PST_STR("%(password)s"),
        PST_STR("{{ password }}"),
        PST_STR("{password}"),
        PST_STR("AKIAIOSFODNN7EXAMPLE"),
        PST_STR("your_api_key_here"),
        PST_STR("********"),
        PST_STR("password"),
        PST_STR("null"),
        PST_STR("abcdefghijklmnop"),
        PST_STR("0000000000000000"),
        PST_STR("%s"),
        PST_STR("#{secret}"),
        PST_STR("$(cat /run/secret)"),
        PST_STR("%PASSWORD%"),
        PST_STR("[password]"),
        PST_STR("..."),
        PST_STR(""),
        PST_STR("prefix-${VALUE}-suffix"),
    };
    for (size_t i = 0; i < PST_LEN(yes); i++) {
        if (!pst_value_placeholder(yes[i])) {
            print_error("%.*s\n", PST_FMT(yes[i]));
        }
        assert_true(pst_value_placeholder(yes[i]));
    }
    const struct pst_str no[] = {PST_STR("hunter2"), PST_STR("GitHub!23"),
                                 PST_STR("8f7d6s5a4d3f2g1h0jk9"),
                                 PST_STR("$2b$10$N9qo8uLOickgx2ZM"), PST_STR("P@ssw0rd99")};
    for (size_t i = 0; i < PST_LEN(no); i++) {
        assert_false(pst_value_placeholder(no[i]));
    }
}

static void things_are_no_secrets(void **state)
{
    (void)state;
    const struct pst_str yes[] = {PST_STR("/etc/ssl/private/key.pem"),
                                  PST_STR("./secrets"),
                                  PST_STR("https://a.example/x"),
                                  PST_STR("bob@a.example"),
                                  PST_STR("2026-01-01"),
                                  PST_STR("10.0.0.1"),
                                  PST_STR("30s"),
                                  PST_STR("0x1F"),
                                  PST_STR("sha256"),
                                  PST_STR("HS256"),
                                  PST_STR("utf8_bin"),
                                  PST_STR("arn:aws:secretsmanager:x"),
                                  PST_STR("vault:secret/data"),
                                  PST_STR("op://vault/item"),
                                  PST_STR("server.key"),
                                  PST_STR("application/json"),
                                  PST_STR("sha512-abcdef")};
    for (size_t i = 0; i < PST_LEN(yes); i++) {
        if (!pst_value_thing(yes[i])) {
            print_error("%.*s\n", PST_FMT(yes[i]));
        }
        assert_true(pst_value_thing(yes[i]));
    }
    assert_false(pst_value_thing(PST_STR("hunter2")));
    assert_false(pst_value_thing(PST_STR("123456")));
    assert_false(pst_value_thing(PST_STR("wJalrXUtnFEMI/K7MDENG/bPxRfiCYzQ8vWk2LpT")));
    assert_true(pst_value_uuid(PST_STR("0e9a7c6d-5b4f-4e3d-8c2b-1a0f9e8d7c6b")));
    assert_false(pst_value_uuid(PST_STR("0e9a7c6d-5b4f-4e3d-8c2b-1a0f9e8d7c6")));
}

static bool check(const char *name, struct pst_str secret)
{
    size_t n = 0;
    const struct pst_credential_check *rows = pst_credential_checks(&n);
    for (size_t i = 0; i < n; i++) {
        if (pst_str_eq(rows[i].name, pst_str_c(name))) {
            return rows[i].fn(secret);
        }
    }
    fail_msg("no check of the name %s", name);
    return false;
}

static void self_checks_hold_and_fail(void **state)
{
    (void)state;
    assert_int_equal(pst_crc32(PST_STR("123456789")), 0xCBF43926U); /* the check value of CRC-32 */
    /* made here: thirty characters and the six digits of their CRC-32 */
    char token[] = "ghp_"
                   "aaaaabbbbbcccccdddddeeeeefffff"
                   "000000";
    uint32_t crc = pst_crc32(pst_str_of(token + 4, 30));
    for (size_t i = 0; i < 6; i++, crc /= 62) {
        token[39 - i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[crc % 62];
    }
    assert_true(check("base62_crc", pst_str_of(token, 40)));
    token[10] = 'z';
    assert_false(check("base62_crc", pst_str_of(token, 40)));
    assert_false(check("base62_crc", PST_STR("ghp_")));
    assert_true(check("pypi", PST_STR("pypi-AgEIcHlwaS5vcmcCJDEyMzQ1Njc4LTEyMzQ")));
    assert_false(check("pypi", PST_STR("pypi-AgEIcHlwaS5vcmZDJDEyMzQ1Njc4LTEyMzQ")));
    assert_true(check("aws_id", PST_STR("AKIA"
                                        "Q3EGRZX7B2LMN5T4")));
    assert_false(check("aws_id", PST_STR("AKIA"
                                         "AAAAAAAAAAAAAAAB")));
    assert_false(check("aws_id", PST_STR("AKIA")));
    assert_true(check("base64_json", PST_STR("sntrys_eyJpYXQiOjE2")));
    assert_false(check("base64_json", PST_STR("sntrys_eyABCDEFGH")));
    char routable[] = "glpat-"
                      "aaaaabbbbbcccccdddddeeeeeff.01."
                      "0000000";
    crc = pst_crc32(pst_str_of(routable, sizeof(routable) - 8));
    for (size_t i = 0; i < 7; i++, crc /= 36) {
        routable[sizeof(routable) - 2 - i] = "0123456789abcdefghijklmnopqrstuvwxyz"[crc % 36];
    }
    assert_true(check("gitlab_routable", pst_str_c(routable)));
    routable[8] = 'z';
    assert_false(check("gitlab_routable", pst_str_c(routable)));
    assert_true(pst_jwt_header(PST_STR("eyJhbGciOiJIUzI1NiJ9")));
    assert_false(pst_jwt_header(PST_STR("eyJub3QiOiJhIGp3dCJ9")));
    assert_false(pst_jwt_header(PST_STR("eyJ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_take_what_they_can),
        cmocka_unit_test(parts_give_back_only_when_they_must),
        cmocka_unit_test(entropy_is_shannons),
        cmocka_unit_test(words_and_random_letters_are_far_apart),
        cmocka_unit_test(placeholders_are_known),
        cmocka_unit_test(things_are_no_secrets),
        cmocka_unit_test(self_checks_hold_and_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
