/* Tokens, named values and recognisers, through the one entry. */
#include "base/test.h"
#include "inspect/credential/credential.h"
#include "inspect/credential/value.h"
#include "inspect/finding.h"

static void fill(uint8_t set[32], const char *bytes)
{
    for (size_t i = 0; bytes[i] != 0; i++) {
        uint8_t b = (uint8_t)bytes[i];
        set[b >> 3] = (uint8_t)(set[b >> 3] | 1U << (b & 7U));
    }
}

#define BASE62 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static struct pst_credential_rule token_rule(uint16_t n)
{
    struct pst_credential_rule rule = {.kind = PST_CREDENTIAL_TOKEN, .n_parts = 1, .prior = 30};
    fill(rule.parts[0].set, BASE62);
    fill(rule.edge, BASE62 "_");
    rule.parts[0].min = n;
    rule.parts[0].max = n;
    return rule;
}

static bool confirm(const struct pst_credential_rule *rule, const char *text, const char *prefix,
                    struct pst_credential_hit *hit)
{
    const char *at = strstr(text, prefix);
    assert_non_null(at);
    return pst_credential_confirm(rule, pst_str_c(text), (size_t)(at - text), strlen(prefix),
                                  PST_STR(""), hit);
}

static void tokens_need_edges(void **state)
{
    (void)state;
    struct pst_credential_rule rule = token_rule(16);
    struct pst_credential_hit hit;
    assert_true(confirm(&rule, "key=tok_8fK2mP9xQ4vL7zR3;", "tok_", &hit));
    assert_int_equal(hit.start, 4);
    assert_int_equal(hit.end, 24);
    assert_int_equal(hit.score, 30);
    assert_true((hit.why & PST_WHY_PREFIX) != 0);
    assert_true(confirm(&rule, "a\\ntok_8fK2mP9xQ4vL7zR3\\n", "tok_", &hit)); /* after an escape */
    assert_false(confirm(&rule, "xtok_8fK2mP9xQ4vL7zR3", "tok_", &hit));
    assert_false(confirm(&rule, "tok_8fK2mP9xQ4vL7zR3Z", "tok_", &hit));
    assert_false(confirm(&rule, "tok_8fK2mP9xQ4vL7zR", "tok_", &hit));
    assert_false(confirm(&rule, "tok_xxxxxxxxxxxxxxxx", "tok_", &hit));
    assert_false(confirm(&rule, "tok_examplekeyword12", "tok_", &hit));
    assert_false(confirm(&rule, "tok_informationtable", "tok_", &hit));
    rule.entropy = 399;
    assert_true(confirm(&rule, "tok_8fK2mP9xQ4vL7zR3", "tok_", &hit));
    assert_false(confirm(&rule, "tok_8fK28fK28fK28fK2", "tok_", &hit));
}

static void failed_proofs_cost_and_failed_forms_end(void **state)
{
    (void)state;
    struct pst_credential_rule rule = token_rule(36);
    size_t n = 0;
    const struct pst_credential_check *checks = pst_credential_checks(&n);
    for (size_t i = 0; i < n; i++) {
        if (pst_str_eq(checks[i].name, PST_STR("base62_crc"))) {
            rule.check = (uint8_t)(i + 1);
        }
    }
    struct pst_credential_hit hit;
    assert_true(confirm(&rule, "gxp_8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2sA4gE", "gxp_", &hit));
    assert_true(hit.score < 30 && hit.score >= 0);
    for (size_t i = 0; i < n; i++) {
        if (pst_str_eq(checks[i].name, PST_STR("mixed"))) {
            rule.check = (uint8_t)(i + 1);
        }
    }
    assert_false(confirm(&rule, "gxp_xKqWzPvTrJhGbNmQxKqWzPvTrJhGbNmQzzKq", "gxp_", &hit));
}

static void names_give_form_its_meaning(void **state)
{
    (void)state;
    struct pst_credential_rule rule = token_rule(32);
    rule.kind = PST_CREDENTIAL_ASSIGNED;
    static const char *const YES[] = {
        "acme_api_key = \"8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2s\"",
        "ACME_TOKEN=8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2s",
        "acme.api('8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2s')",
        "{\"acme\": {\"key\": \"8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2s\"}}",
        "- name: ACME\n  value: 8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2s",
    };
    struct pst_credential_hit hit;
    for (size_t i = 0; i < PST_LEN(YES); i++) {
        const char *name = strstr(YES[i], "ACME") != NULL ? "ACME" : "acme";
        if (!confirm(&rule, YES[i], name, &hit)) {
            fail_msg("not found: %s", YES[i]);
        }
        assert_int_equal(hit.end - hit.start, 32);
    }
    assert_false(confirm(&rule, "acme\nsum: 8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2s", "acme", &hit));
    assert_false(confirm(&rule, "acme_key = 8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2sX", "acme", &hit));
    assert_false(confirm(&rule, "acme_key = abcdefghijklmnopqrstuvwxyzabcdef", "acme", &hit));
    assert_true(pst_credential_confirm_keyed(&rule, PST_STR("8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2s"),
                                             PST_STR("acme_key"), &hit));
    assert_false(pst_credential_confirm_keyed(&rule, PST_STR("8fK2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2"),
                                              PST_STR("acme_key"), &hit));
    struct pst_credential_rule chosen = {.kind = PST_CREDENTIAL_ASSIGNED, .words_ok = 1};
    assert_true(
        pst_credential_confirm_keyed(&chosen, PST_STR("hunter2"), PST_STR("db_password"), &hit));
    assert_false(
        pst_credential_confirm_keyed(&chosen, PST_STR("hunter2"), PST_STR("password_hint"), &hit));
    assert_false(
        pst_credential_confirm_keyed(&chosen, PST_STR("string"), PST_STR("password"), &hit));
    assert_false(pst_credential_confirm_keyed(&chosen, PST_STR(""), PST_STR("password"), &hit));
}

struct found {
    const char *finder, *text; /* [[ ]] around what must be found; without: nothing */
};

static void look(const struct found *row)
{
    char text[2048];
    size_t n = 0, start = 0, end = 0;
    for (size_t i = 0; row->text[i] != 0; i++) {
        if (strncmp(row->text + i, "[[", 2) == 0) {
            start = n;
            i++;
        } else if (strncmp(row->text + i, "]]", 2) == 0) {
            end = n;
            i++;
        } else {
            text[n++] = row->text[i];
        }
    }
    struct pst_str in = pst_str_of(text, n);
    size_t rows = 0;
    const struct pst_credential_finder *list = pst_credential_finders(&rows);
    struct pst_credential_rule rule = {.kind = PST_CREDENTIAL_FIND};
    while (rule.find < rows && !pst_str_eq(list[rule.find].name, pst_str_c(row->finder))) {
        rule.find++;
    }
    assert_true(rule.find < rows);
    const struct pst_credential_finder *finder = &list[rule.find];
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < PST_OPENERS_MAX; k++) {
            struct pst_str opener = finder->openers[k], here = pst_str_cut(in, i, opener.n);
            struct pst_credential_hit hit;
            if (opener.n == 0 ||
                !(finder->nocase ? pst_str_eq_nocase(here, opener) : pst_str_eq(here, opener)) ||
                !pst_credential_confirm(&rule, in, i, opener.n, PST_STR(""), &hit)) {
                continue;
            }
            if (end == 0) {
                fail_msg("%s: found %.*s in %s", row->finder, (int)(hit.end - hit.start),
                         text + hit.start, row->text);
            }
            assert_true(hit.end <= n && hit.start < hit.end && hit.score >= 0);
            assert_true(finder->longest == 0 || hit.end - hit.start <= finder->longest);
            found = found || (hit.start == start && hit.end == end);
        }
    }
    if (found != (end != 0)) {
        fail_msg("%s: not found in %s", row->finder, row->text);
    }
}

#define LINE "MIIEowIBAAKCAQEA0Z3VS5JJcds3xfn8ygWyF8PbnGy0AHB7MaXoFUq2QmV8xZ"

static void finders_find(void **state)
{
    (void)state;
    static const struct found ROWS[] = {
        {"pem", "x [[-----BEGIN RSA PRIVATE KEY-----\n" LINE "\n-----END RSA PRIVATE KEY-----]] y"},
        {"pem", "\"[[-----BEGIN PRIVATE KEY-----\\n" LINE "\\n-----END PRIVATE KEY-----]]\\n\""},
        {"pem", "[[-----BEGIN OPENSSH PRIVATE KEY-----\n" LINE "\n" LINE "]]"},
        {"pem", "[[-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 1\n\n" LINE
                "\n-----END PGP PRIVATE KEY BLOCK-----]]"},
        {"pem", "[[-----BEGIN EC PRIVATE KEY-----]]"},
        {"pem", "-----BEGIN CERTIFICATE-----\n" LINE "\n-----END CERTIFICATE-----"},
        {"pem", "-----BEGIN PUBLIC KEY-----\n" LINE "\n-----END PUBLIC KEY-----"},
        {"pem",
         "starts with \"-----BEGIN PRIVATE KEY-----\" and ends with a line like it, says the text"},
        {"jwt", "a "
                "[[eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJib2IifQ.4twFt5NiznN84AWoo1d7KO1T_"
                "yoc0Z6XOpOVswacPZg]] b"},
        {"jwt", "eyJub3QiOiJhIGp3dCJ9.eyJzdWIiOiJib2IifQ.4twFt5NiznN84AWoo1d7KO1T"},
        {"jwt", "eyJhbGciOiJIUzI1NiJ9 alone"},
        {"url_password", "postgres://app:[[hunter2]]@db:5432/x"},
        {"url_password", "redis://:[[k9X2mP4q]]@cache:6379/0"},
        {"url_password", "https://user:password@host/x"},
        {"url_password", "https://${USER}:${PASS}@host/x"},
        {"url_password", "http://a.example:8080/x@y"},
        {"url_password", "https://github.com/a/b@v1.2"},
        {"basic_header", "Authorization: Basic [[YWRtaW46aHVudGVyMg==]]"},
        {"basic_header", "a basic understanding of the matter"},
        {"bearer_header", "Authorization: Bearer [[8f7d6s5a4d3f2g1h0jk9zxcv]]"},
        {"bearer_header", "the bearer understands responsibility"},
        {"bearer_header", "Authorization: Bearer ${TOKEN}"},
        {"cookie", "Cookie: theme=dark; sessionid=[[8f7d6s5a4d3f2g1h0jk9zxcv]]; a=b"},
        {"cookie", "Cookie: theme=dark; lang=en"},
        {"curl_user", "curl -X POST -u bob:[[GitHub!23]] https://a.example"},
        {"curl_user", "curl --user 'bob:[[GitHub!23]]' https://a.example"},
        {"curl_user", "curl -u bob https://a.example:443"},
        {"cli_password", "mysql -u root -p[[S3cretPw]] shop"},
        {"cli_password", "sshpass -p '[[hunter2x]]' ssh root@host"},
        {"cli_password", "redis-cli -h a -a [[k9X2mP4q]] ping"},
        {"cli_password", "docker login -u bob -p [[k9X2mP4q]] r.example"},
        {"cli_password", "mysql -u root -p shop"},
        {"cli_password", "sshpass -p $PASS ssh a"},
    };
    for (size_t i = 0; i < PST_LEN(ROWS); i++) {
        look(&ROWS[i]);
    }
}

static void finders_know_files(void **state)
{
    (void)state;
    static const struct found ROWS[] = {
        {"docker_auth", "{\"auths\": {\"r\": {\"auth\": \"[[Ym9iOkdpdEh1YiEyMw==]]\"}}}"},
        {"docker_auth", "{\"auth\": \"basic\"}"},
        {"azure_sas",
         "https://a.example/"
         "c?sv=2022-11-02&se=2026-01-01&sig=[[w8K2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2sA4gE7iU9oPc%3D]]"},
        {"azure_sas", "https://a.example/?sig=abc"},
        {"netrc", "machine a.example login bob password [[hunter2]]\n"},
        {"netrc", "the machine is new, the login page too"},
        {"pgpass", "db.host:5432:mydb:bob:[[hunter2]]\n"},
        {"pgpass", "listens on a.example:5432: and waits"},
        {"password_hash", "root:[[$6$saltsalt$"
                          "IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9"
                          "AjRbLCelDCy.g.]]:18000::"},
        {"password_hash", "[[$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy]]"},
        {"password_hash", "costs $5$ or $6$ a piece"},
        {"jwk", "{\"kty\":\"OKP\",\"d\":\"[[nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A]]\",\"x\":"
                "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"},
        {"jwk", "{\"kty\":\"OKP\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"},
        {"seed_phrase", "seed phrase: [[ranch vivid copper lemon glide urban maple crisp onion "
                        "tiger walnut fancy]]"},
        {"seed_phrase", "the seed phrase is what restores a wallet"},
        {"otpauth", "otpauth://totp/A:bob?secret=[[JBSWY3DPEHPK3PXP]]&issuer=A"},
        {"wifi", "WIFI:T:WPA;S:home;P:[[GitHub!23]];;"},
        {"wifi", "WIFI:T:nopass;S:open;;"},
        {"azure_client_secret", "secret=[[abC8Q~w8K2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2s]]"},
        {"atlas_token", "token = "
                        "\"[[aB3dE5fG7hJ9kL.atlasv1."
                        "w8K2mP9xQ4vL7zR3tY6wN1bC5dF0hJ2sA4gE7iU9oPcw8K2mP9xQ4vL7zR3tY6]]\""},
    };
    for (size_t i = 0; i < PST_LEN(ROWS); i++) {
        look(&ROWS[i]);
    }
}

/* A text full of openers is read in time that grows with its length only. */
static void openers_repeated(void **state)
{
    (void)state;
    size_t rows = 0;
    const struct pst_credential_finder *list = pst_credential_finders(&rows);
    static char text[1 << 18];
    for (size_t f = 0; f < rows; f++) {
        struct pst_str opener = list[f].openers[0];
        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = (char)opener.p[i % opener.n];
        }
        struct pst_credential_hit hit;
        for (size_t at = 0; at + opener.n < sizeof(text); at += opener.n) {
            if (list[f].fn(pst_str_of(text, sizeof(text)), at, opener.n, &hit)) {
                assert_true(hit.end <= sizeof(text));
            }
        }
    }
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct pst_credential_rule rule = token_rule(16);
    struct pst_credential_hit hit;
    assert_false(pst_credential_confirm(&rule, PST_STR("tok_"), 5, 1, PST_STR(""), &hit));
    assert_false(pst_credential_confirm(&rule, PST_STR("tok_"), 2, 9, PST_STR(""), &hit));
    rule.n_parts = PST_VALUE_PARTS_MAX + 1;
    assert_false(
        pst_credential_confirm(&rule, PST_STR("tok_8fK2mP9xQ4vL7zR3"), 0, 4, PST_STR(""), &hit));
    rule = (struct pst_credential_rule){.kind = PST_CREDENTIAL_FIND, .find = 255};
    assert_false(
        pst_credential_confirm(&rule, PST_STR("tok_8fK2mP9xQ4vL7zR3"), 0, 4, PST_STR(""), &hit));
    rule.kind = 77;
    assert_false(
        pst_credential_confirm(&rule, PST_STR("tok_8fK2mP9xQ4vL7zR3"), 0, 4, PST_STR(""), &hit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_need_edges),
        cmocka_unit_test(failed_proofs_cost_and_failed_forms_end),
        cmocka_unit_test(names_give_form_its_meaning),
        cmocka_unit_test(finders_find),
        cmocka_unit_test(finders_know_files),
        cmocka_unit_test(openers_repeated),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
