/* What is given to a name, in all the ways people write it; and what is not. */
#include "base/test.h"
#include "inspect/credential/assign.h"
#include "inspect/credential/credential.h"
#include "inspect/credential/value.h"

static const struct pst_credential_rule CHOSEN = {.kind = PST_CREDENTIAL_ASSIGNED, .words_ok = 1};
static const struct pst_credential_rule MACHINE = {.kind = PST_CREDENTIAL_ASSIGNED};

struct given {
    const char *name, *text; /* the value between [[ and ]], none: nothing is given */
};

static void look(const struct given *row, const struct pst_credential_rule *rule)
{
    char text[512];
    size_t n = 0, start = 0, end = 0, bytes = strlen(row->text);
    for (size_t i = 0; i < bytes; i++) {
        if (strncmp(row->text + i, "[[", 2) == 0 && end == 0 && strstr(row->text, "]]") != NULL) {
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
    bool found = false;
    for (size_t i = 0; i < n; i++) {
        struct pst_credential_hit hit = {0};
        if (pst_has_nocase(in, i, row->name) &&
            pst_credential_confirm(rule, in, i, strlen(row->name), PST_STR(""), &hit)) {
            found = found || (hit.start == start && hit.end == end && hit.score >= 0);
            if (end == 0) {
                fail_msg("%s: found %.*s", row->text, (int)(hit.end - hit.start), text + hit.start);
            }
        }
    }
    if (found != (end != 0)) {
        fail_msg("not found: %s", row->text);
    }
}

static void passwords_in_every_syntax(void **state)
{
    (void)state;
    static const struct given ROWS[] = {
        {"password", "password: [[hunter2]]"},
        {"password", "DB_PASSWORD=[[GitHub!23]]"},
        {"password", "export PGPASSWORD=[[elephant]] && psql"},
        {"password", "\"password\": \"[[s3cr3tPa55]]\","},
        {"password", "{\\\"password\\\": \\\"[[s3cr3tPa55]]\\\", \\\"x\\\": 1}"},
        {"password", "db_password = \"[[Tr0ub4dor&3]]\""},
        {"password", "password := \"[[kJ8#mPq2]]\""},
        {"password", "'password' => '[[mEgapaz3]]',"},
        {"password", ":password => '[[mEgapaz3]]'"},
        {"password", "<password>[[hunter22]]</password>"},
        {"password", "<property name=\"password\" value=\"[[Summ3rRain!]]\"/>"},
        {"password", "ALTER ROLE app WITH PASSWORD '[[n0tSoS3cret]]';"},
        {"identified by", "CREATE USER joe IDENTIFIED BY '[[Pa88word]]';"},
        {"password", "tool --password [[sw0rdf1sh]] --verbose"},
        {"password", "tool --password=[[sw0rdf1sh]] --verbose"},
        {"password", "https://a.example/?user=bob&password=[[hunter2]]&x=1"},
        {"password", "Server=db;User Id=sa;Password=[[elephant]];Database=x"},
        {"password", "user.setPassword(\"[[hunter2x]]\");"},
        {"password", "conf.put(\"password\", \"[[h8nter2x]]\")"},
        {"password", "os.environ[\"DB_PASSWORD\"] = \"[[xk29dk2P]]\""},
        {"password", "password: str = \"[[hunter2x]]\""},
        {"password", "var password string = \"[[hunter2x]]\""},
        {"password", "char password[] = \"[[hunter2x]]\";"},
        {"password", "- name: DB_PASSWORD\n  value: [[hunter2x]]\n"},
        {"password", "ENV MYSQL_ROOT_PASSWORD [[hunter2x]]"},
        {"password", "| Password | [[hunter2x]] |"},
        {"password", "**Password:** `[[hunter2x]]`"},
        {"password", "$password = ConvertTo-SecureString \"[[P@ssw0rd99]]\" -AsPlainText"},
        {"password", "set password [[hunter2x]]"},
        {"passwd", "passwd=[[123456]]"},
        {"password", "password=[[hunter2]]"},
        {"password", "x\\npassword=[[hunter2]]\\ny"},
    };
    for (size_t i = 0; i < PST_LEN(ROWS); i++) {
        look(&ROWS[i], &CHOSEN);
    }
}

static void passwords_in_many_languages(void **state)
{
    (void)state;
    static const struct given ROWS[] = {
        {"password", "the password is [[hunter2]]."},
        {"password", "The password for the staging server is [[Blue-Horse7]] and the user is bob"},
        {"password", "log in as bob with password [[hunter2]] please"},
        {"passwort", "Das Passwort lautet [[Sommer2024!]]"},
        {"contrase\xc3\xb1"
         "a",
         "la contrase\xc3\xb1"
         "a es [[Gato1234]]"},
        {"mot de passe", "mot de passe du wifi : [[Soleil99x]]"},
        {"senha", "A senha \xc3\xa9 [[Cachorro88]]"},
        {"password", "la password \xc3\xa8 [[Gatto77x]]"},
        {"wachtwoord", "het wachtwoord is [[Fiets123!]]"},
        {"has\xc5\x82o", "has\xc5\x82o to [[Kotek123]]"},
        {"l\xc3\xb6senord", "l\xc3\xb6senord \xc3\xa4r [[Sommar22]]"},
        {"\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c",
         "\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c: [[Zima2023]]"},
        {"\xe5\xaf\x86\xe7\xa0\x81", "\xe5\xaf\x86\xe7\xa0\x81\xe6\x98\xaf[[hunter2]]"},
        {"\xe5\xaf\x86\xe7\xa0\x81",
         "\xe5\xaf\x86\xe7\xa0\x81\xef\xbc\x9a[[Abc12345]]\xe3\x80\x82"},
        {"\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89",
         "\xe3\x83\x91\xe3\x82\xb9\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89\xe3\x81\xaf[[sakura2020]]"
         "\xe3\x81\xa7\xe3\x81\x99"},
        {"\xeb\xb9\x84\xeb\xb0\x80\xeb\xb2\x88\xed\x98\xb8",
         "\xeb\xb9\x84\xeb\xb0\x80\xeb\xb2\x88\xed\x98\xb8\xeb\x8a\x94 [[qwer1234!]] "
         "\xec\x9e\x85\xeb\x8b\x88\xeb\x8b\xa4"},
        {"\xc5\x9f"
         "ifre",
         "\xc5\x9f"
         "ifre: [[Kedi1234]]"},
    };
    for (size_t i = 0; i < PST_LEN(ROWS); i++) {
        look(&ROWS[i], &CHOSEN);
    }
}

static void what_is_no_password(void **state)
{
    (void)state;
    static const struct given ROWS[] = {
        {"password", "password: string"},
        {"password", "password = input(\"Password: \")"},
        {"password", "password == \"hunter2\""},
        {"password", "if (password != \"abc123x\") {"},
        {"password", "password =~ /[0-9]x/"},
        {"password", "password: ${DB_PASSWORD}"},
        {"password", "password: process.env.PASSWORD2,"},
        {"password", "\"password\": \"password\""},
        {"password", "\"password\": \"Password\""},
        {"password", "passwordHash: sha256"},
        {"password", "password_file: /etc/secret/pw1.txt"},
        {"password", "self.password = password2"},
        {"password", "char *password = NULL;"},
        {"password", "the password is required"},
        {"password", "the password is incorrect!"},
        {"password", "Enter your password:\nname2: x"},
        {"password", "password must be at least 8 characters long"},
        {"password", "Password strength: 8 to 64"},
        {"password", "<input type=\"password\" name=\"password\" placeholder=\"Password\">"},
        {"password", "<password>"},
        {"password", "PASSWORD_MIN_LENGTH=12"},
        {"password", "password = <your password>"},
        {"password", "[\"HTTPPasswordMgr\", \"urllib2\"]"},
        {"pass", "do not pass the option to test-v8 or x2"},
        {"pass", "bypass=abc123"},
        {"identified by", "interface identified by %NL80211_ATTR_IFINDEX2"},
        {"password", "password"},
        {"password", "password="},
        {"password", "password=\""},
    };
    for (size_t i = 0; i < PST_LEN(ROWS); i++) {
        look(&ROWS[i], &CHOSEN);
    }
}

static void secrets_that_machines_make(void **state)
{
    (void)state;
    static const struct given ROWS[] = {
        {"api_key", "export API_KEY=[[9f8a7b6c5d4e3f2a1b0c]]"},
        {"apikey", "<add key=\"ApiKey\" value=\"[[a8f5f167f44f4964e6c998dee827110c]]\"/>"},
        {"api_key", "https://a.example/v1?api_key=[[8f7d6s5a4d3f2g1h0jk9]]&x=1"},
        {"client_secret", "client_secret: [[8Qx~abc123DEFghi456JKLmno789]]"},
        {"token", "_authToken=[[0e9a7c6d-5b4f-4e3d-8c2b-1a0f9e8d7c6b]]"},
        {"secret_key", "SECRET_KEY = '[[4k2#x9v&p0q8w7e6r5t4y3u2i1o0p]]'"},
        /* and none */
        {"token", "token = getToken()"},
        {"secret", "secret: \"the secret of success\""},
        {"key", "key: primary"},
        {"token", "max_tokens = 4096"},
        {"token", "next_page_token: \"CAUQAA81723461\""},
        {"token", "token_type: bearer"},
        {"token", "token: Vec<Token2>"},
        {"token", "tokenizer: gpt2tokenizer99"},
        {"token", "token := r.Header.Get(\"X-Token-2\")"},
        {"token", "const token = await fetchToken(user1);"},
        {"api_key", "api_key: your-api-key-here"},
        {"secret", "secret: kubernetes.io/tls"},
        {"credentials", "credentials: \"same-origin\""},
        {"access_key", "access_key = key1"},
        {"token", "PKPushToken', 'PKPushPayload2x'"},
        {"secret", "The secret is to whisk 2 eggs for 10 minutes"},
    };
    for (size_t i = 0; i < PST_LEN(ROWS); i++) {
        look(&ROWS[i], &MACHINE);
    }
}

static void names_decide(void **state)
{
    (void)state;
    assert_true(pst_name_keeps(PST_STR("db_password"), 3, 8));
    assert_true(pst_name_keeps(PST_STR("passwordProd"), 0, 8));
    assert_true(pst_name_keeps(PST_STR("secretkey"), 0, 6));
    assert_false(pst_name_keeps(PST_STR("password_hint"), 0, 8));
    assert_false(pst_name_keeps(PST_STR("passwordPolicy"), 0, 8));
    assert_false(pst_name_keeps(PST_STR("tokenizer"), 0, 5));
    assert_false(pst_name_keeps(PST_STR("compass"), 3, 4));
    assert_false(pst_name_keeps(PST_STR("hasPassword"), 3, 8));
    assert_false(pst_name_keeps(PST_STR("PUBLIC_KEY"), 7, 3));
    assert_true(pst_name_keeps_any(PST_STR("dbPassword")));
    assert_false(pst_name_keeps_any(PST_STR("passwordFile")));
    assert_false(pst_name_keeps_any(PST_STR("next_page_token")));
}

/* Every prefix of a hostile text is read without a step outside, and a long one in linear time. */
static void hostile_texts_end(void **state)
{
    (void)state;
    static const char *const REPEATED[] = {"password=", "password: \"",     "password",
                                           "token = (", "{\\\"secret\\\":", "password\xef\xbc\x9a",
                                           "api_key\t"};
    char text[4096];
    for (size_t k = 0; k < PST_LEN(REPEATED); k++) {
        size_t n = strlen(REPEATED[k]);
        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = REPEATED[k][i % n];
        }
        for (size_t end = 0; end < sizeof(text); end += 13) {
            struct pst_assign a;
            for (size_t at = 0; at < end; at += n) {
                bool given = pst_assign_read(pst_str_of(text, end), at,
                                             n < end - at ? n - 1 : end - at, &a);
                assert_true(!given || (a.start < a.end && a.end <= end));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_in_every_syntax),
        cmocka_unit_test(passwords_in_many_languages),
        cmocka_unit_test(what_is_no_password),
        cmocka_unit_test(secrets_that_machines_make),
        cmocka_unit_test(names_decide),
        cmocka_unit_test(hostile_texts_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
