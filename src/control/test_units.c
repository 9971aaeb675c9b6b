#include "base/test.h"
#include "control/units.h"

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {
        {"1", 1},
        {"512B", 512},
        {"64KiB", 65536},
        {"4MiB", 4194304},
        {"1GiB", 1073741824},
        {"0", 0},
        {"18446744073709551615", UINT64_MAX},
    };
    for (size_t i = 0; i < PST_LEN(good); i++) {
        uint64_t got = 77;
        assert_true(pst_size_parse(pst_str_c(good[i].text), &got));
        assert_int_equal(got, good[i].value);
    }
    static const char *const bad[] = {"",
                                      "KiB",
                                      "4MB",
                                      "4 MiB",
                                      "4mib",
                                      "-1",
                                      "1.5MiB",
                                      "0x10",
                                      "01KiB",
                                      "4MiBx",
                                      "+4",
                                      "18446744073709551616",
                                      "18446744073709551615KiB"};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        uint64_t got = 77;
        assert_false(pst_size_parse(pst_str_c(bad[i]), &got));
        assert_int_equal(got, 77);
    }
}

static void test_times_and_rates(void **state)
{
    (void)state;
    uint64_t ms = 0;
    assert_true(pst_time_parse(PST_STR("50ms"), &ms) && ms == 50);
    assert_true(pst_time_parse(PST_STR("5s"), &ms) && ms == 5000);
    assert_true(pst_time_parse(PST_STR("10m"), &ms) && ms == 600000);
    assert_true(pst_time_parse(PST_STR("2h"), &ms) && ms == 7200000);
    assert_true(pst_time_parse(PST_STR("7d"), &ms) && ms == 604800000);
    static const char *const bad_times[] = {
        "", "s", "5", "5 s", "5S", "ms", "5sec", "1h30m", "18446744073709551615d"};
    for (size_t i = 0; i < PST_LEN(bad_times); i++) {
        assert_false(pst_time_parse(pst_str_c(bad_times[i]), &ms));
    }
    uint32_t n = 0, window = 0;
    assert_true(pst_rate_parse(PST_STR("600/1m"), &n, &window) && n == 600 && window == 60000);
    assert_true(pst_rate_parse(PST_STR("10/s"), &n, &window) && n == 10 && window == 1000);
    assert_true(pst_rate_parse(PST_STR("1/1d"), &n, &window) && window == 86400000);
    static const char *const bad_rates[] = {"",     "600",          "/1m",   "600/",
                                            "0/1s", "1/0s",         "1/2d",  "1/1m/1",
                                            "-1/s", "4294967296/s", "1/25h", "1/x"};
    for (size_t i = 0; i < PST_LEN(bad_rates); i++) {
        assert_false(pst_rate_parse(pst_str_c(bad_rates[i]), &n, &window));
    }
}

static void test_endpoints(void **state)
{
    (void)state;
    struct pst_endpoint at;
    assert_true(pst_endpoint_parse(PST_STR("127.0.0.1:8080"), &at));
    assert_string_equal(at.host, "127.0.0.1");
    assert_int_equal(at.port, 8080);
    assert_true(pst_endpoint_parse(PST_STR("[::1]:1"), &at));
    assert_string_equal(at.host, "::1");
    assert_true(pst_endpoint_parse(PST_STR("API.Example.com"), &at));
    assert_string_equal(at.host, "api.example.com");
    assert_int_equal(at.port, 0);
    static const char *const bad[] = {
        "",           ":80",        "a:",        "a:0",       "a:65536",   "a:080",
        "a:-1",       "a b:80",     "[::1",      "[::1]80",   "::1",       "127.1:80",
        "2130706433", "0x7f000001", "1.2.3.4.5", "1.2.3.256", "a..b",      ".a",
        "a.",         "-a",         "a-",        "a:80:80",   "user@a:80", "[fe80::1%1]",
        "h\xc3\xa9",  "1.2.3.0x4",  "a:80 ",     "01.2.3.4",
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        if (pst_endpoint_parse(pst_str_c(bad[i]), &at)) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

static void test_urls(void **state)
{
    (void)state;
    struct pst_url url;
    assert_true(pst_url_parse(PST_STR("https://api.openai.com/v1"), &url));
    assert_true(url.tls && url.at.port == 443);
    assert_string_equal(url.at.host, "api.openai.com");
    assert_string_equal(url.path, "/v1");
    assert_true(pst_url_parse(PST_STR("https://h/a/b/"), &url));
    assert_string_equal(url.path, "/a/b");
    assert_true(pst_url_parse(PST_STR("http://127.0.0.1:9000"), &url));
    assert_true(!url.tls && url.at.port == 9000 && url.path[0] == 0);
    assert_true(pst_url_parse(PST_STR("http://[::1]/"), &url));
    assert_true(url.at.port == 80 && url.path[0] == 0);
    static const char *const bad[] = {
        "",
        "api.openai.com",
        "ftp://a",
        "https://",
        "https:///v1",
        "HTTPS://a",
        "https://a/v1?x=1",
        "https://a/v1#f",
        "https://u:p@a/v1",
        "https://a//v1",
        "https://a/",
        "https://a/../b",
        "https://a/./b",
        "https://a/%2e",
        "https://a/b c",
        "https://a\\b",
        "https://a/b\r\nx",
        "https://a/b/..",
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        bool fine = strcmp(bad[i], "https://a/") == 0; /* the one that is not bad */
        if (pst_url_parse(pst_str_c(bad[i]), &url) != fine) {
            fail_msg("wrong: %s", bad[i]);
        }
    }
}

static void test_reach(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        enum pst_reach reach;
    } rows[] = {
        {"127.0.0.1", PST_REACH_LOOPBACK},
        {"127.9.9.9", PST_REACH_LOOPBACK},
        {"::1", PST_REACH_LOOPBACK},
        {"localhost", PST_REACH_LOOPBACK},
        {"a.localhost", PST_REACH_LOOPBACK},
        {"10.0.0.1", PST_REACH_PRIVATE},
        {"172.16.0.1", PST_REACH_PRIVATE},
        {"172.31.255.1", PST_REACH_PRIVATE},
        {"172.32.0.1", PST_REACH_PUBLIC},
        {"192.168.1.1", PST_REACH_PRIVATE},
        {"169.254.169.254", PST_REACH_PRIVATE},
        {"100.64.0.1", PST_REACH_PRIVATE},
        {"0.0.0.0", PST_REACH_PRIVATE},
        {"224.0.0.1", PST_REACH_PRIVATE},
        {"8.8.8.8", PST_REACH_PUBLIC},
        {"fd00::1", PST_REACH_PRIVATE},
        {"fe80::1", PST_REACH_PRIVATE},
        {"::ffff:10.0.0.1", PST_REACH_PRIVATE},
        {"2606:4700::1", PST_REACH_PUBLIC},
        {"api.openai.com", PST_REACH_NAME},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        assert_int_equal(pst_host_reach(pst_str_c(rows[i].host)), rows[i].reach);
    }
}

static void test_principals_and_names(void **state)
{
    (void)state;
    char got[PST_NAME_MAX];
    assert_true(pst_principal_parse(PST_STR("User/alice"), got));
    assert_string_equal(got, "User::alice");
    assert_true(pst_principal_parse(PST_STR("Workload::demo"), got));
    assert_string_equal(got, "Workload::demo");
    assert_true(pst_principal_parse(PST_STR("EndUser/a.b+c@example.com"), got));
    assert_string_equal(got, "EndUser::a.b+c@example.com");
    static const char *const bad[] = {
        "",
        "alice",
        "User",
        "User/",
        "User::",
        "user/alice",
        "Root/alice",
        "User/a b",
        "User/a\"b",
        "User/a\\b",
        "User/h\xc3\xa9",
        "User/a,b",
        "Users/a",
        "User:a",
        "User/0123456789012345678901234567890123456789012345678901234567",
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        if (pst_principal_parse(pst_str_c(bad[i]), got)) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
    assert_true(pst_name_valid(PST_STR("open-ai_2.eu")));
    assert_false(pst_name_valid(PST_STR("")));
    assert_false(pst_name_valid(PST_STR(".a")));
    assert_false(pst_name_valid(PST_STR("a b")));
    assert_false(pst_name_valid(PST_STR("a/b")));
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"listen", "admin", "upstreams", "models", "body_bytes"};
#define NEAREST(text) pst_name_nearest(PST_STR(text), names, PST_LEN(names))
    assert_string_equal(NEAREST("lisen"), "listen");
    assert_string_equal(NEAREST("lsiten"), "listen");
    assert_string_equal(NEAREST("Upstream"), "upstreams");
    assert_string_equal(NEAREST("model"), "models");
    assert_string_equal(NEAREST("body-bytes"), "body_bytes");
    assert_null(NEAREST("zzzzzz"));
    assert_null(NEAREST(""));
    assert_null(NEAREST("a"));
    assert_null(pst_name_nearest(PST_STR("listen"), names, 0));
    char big[300];
    memset(big, 'x', sizeof big);
    assert_null(pst_name_nearest(pst_str_of(big, sizeof big), names, PST_LEN(names)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_times_and_rates),
        cmocka_unit_test(test_endpoints), cmocka_unit_test(test_urls),
        cmocka_unit_test(test_reach),     cmocka_unit_test(test_principals_and_names),
        cmocka_unit_test(test_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
