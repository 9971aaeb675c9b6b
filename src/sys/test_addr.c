#include "base/test.h"

#include "sys/net.h"

#include <arpa/inet.h>

static struct pst_addr ip(const char *text)
{
    struct pst_addr a = {0};
    if (!pst_addr_parse_ip(pst_str_c(text), 443, &a)) {
        fail_msg("not an address: %s", text);
    }
    return a;
}

struct expect {
    const char *text;
    enum pst_addr_class class;
};

/* Each range by its edges, and what lies just outside. */
static const struct expect expected[] = {
    {"1.1.1.1", PST_ADDR_PUBLIC},
    {"0.0.0.0", PST_ADDR_UNSPECIFIED},
    {"0.255.255.255", PST_ADDR_UNSPECIFIED},
    {"1.0.0.0", PST_ADDR_PUBLIC},
    {"9.255.255.255", PST_ADDR_PUBLIC},
    {"10.0.0.0", PST_ADDR_PRIVATE},
    {"10.255.255.255", PST_ADDR_PRIVATE},
    {"11.0.0.0", PST_ADDR_PUBLIC},
    {"100.63.255.255", PST_ADDR_PUBLIC},
    {"100.64.0.0", PST_ADDR_SHARED},
    {"100.100.100.199", PST_ADDR_SHARED},
    {"100.100.100.200", PST_ADDR_METADATA},
    {"100.127.255.255", PST_ADDR_SHARED},
    {"100.128.0.0", PST_ADDR_PUBLIC},
    {"126.255.255.255", PST_ADDR_PUBLIC},
    {"127.0.0.0", PST_ADDR_LOOPBACK},
    {"127.0.0.1", PST_ADDR_LOOPBACK},
    {"127.255.255.255", PST_ADDR_LOOPBACK},
    {"128.0.0.0", PST_ADDR_PUBLIC},
    {"168.63.129.16", PST_ADDR_METADATA},
    {"168.63.129.17", PST_ADDR_PUBLIC},
    {"169.253.255.255", PST_ADDR_PUBLIC},
    {"169.254.0.0", PST_ADDR_LINK_LOCAL},
    {"169.254.169.254", PST_ADDR_METADATA},
    {"169.254.169.255", PST_ADDR_LINK_LOCAL},
    {"169.254.170.2", PST_ADDR_METADATA},
    {"169.255.0.0", PST_ADDR_PUBLIC},
    {"172.15.255.255", PST_ADDR_PUBLIC},
    {"172.16.0.0", PST_ADDR_PRIVATE},
    {"172.31.255.255", PST_ADDR_PRIVATE},
    {"172.32.0.0", PST_ADDR_PUBLIC},
    {"192.0.0.192", PST_ADDR_METADATA},
    {"192.0.0.1", PST_ADDR_RESERVED},
    {"192.0.2.1", PST_ADDR_RESERVED},
    {"192.0.3.1", PST_ADDR_PUBLIC},
    {"192.167.255.255", PST_ADDR_PUBLIC},
    {"192.168.0.0", PST_ADDR_PRIVATE},
    {"192.168.255.255", PST_ADDR_PRIVATE},
    {"192.169.0.0", PST_ADDR_PUBLIC},
    {"198.17.255.255", PST_ADDR_PUBLIC},
    {"198.18.0.0", PST_ADDR_RESERVED},
    {"198.19.255.255", PST_ADDR_RESERVED},
    {"198.20.0.0", PST_ADDR_PUBLIC},
    {"198.51.100.7", PST_ADDR_RESERVED},
    {"203.0.113.7", PST_ADDR_RESERVED},
    {"223.255.255.255", PST_ADDR_PUBLIC},
    {"224.0.0.0", PST_ADDR_MULTICAST},
    {"239.255.255.255", PST_ADDR_MULTICAST},
    {"240.0.0.0", PST_ADDR_RESERVED},
    {"255.255.255.254", PST_ADDR_RESERVED},
    {"255.255.255.255", PST_ADDR_BROADCAST},
    /* IPv6 */
    {"::", PST_ADDR_UNSPECIFIED},
    {"::1", PST_ADDR_LOOPBACK},
    {"::2", PST_ADDR_UNSPECIFIED}, /* compatible 0.0.0.2 */
    {"::7f00:1", PST_ADDR_LOOPBACK},
    {"::ffff:127.0.0.1", PST_ADDR_LOOPBACK},
    {"::ffff:10.1.2.3", PST_ADDR_PRIVATE},
    {"::ffff:169.254.169.254", PST_ADDR_METADATA},
    {"::ffff:a9fe:a9fe", PST_ADDR_METADATA},
    {"::ffff:8.8.8.8", PST_ADDR_PUBLIC},
    {"::ffff:0:127.0.0.1", PST_ADDR_LOOPBACK}, /* translated */
    {"::fffe:127.0.0.1", PST_ADDR_RESERVED},
    {"64:ff9b::169.254.169.254", PST_ADDR_METADATA},
    {"64:ff9b::192.168.0.1", PST_ADDR_PRIVATE},
    {"64:ff9b::8.8.8.8", PST_ADDR_PUBLIC},
    {"64:ff9b:1::8.8.8.8", PST_ADDR_RESERVED},
    {"64:ff9b::1:8.8.8.8", PST_ADDR_RESERVED},
    {"2002:7f00:1::", PST_ADDR_LOOPBACK},
    {"2002:a9fe:a9fe::1", PST_ADDR_METADATA},
    {"2002:808:808::", PST_ADDR_PUBLIC},
    {"2001::", PST_ADDR_RESERVED}, /* Teredo */
    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", PST_ADDR_RESERVED},
    {"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", PST_ADDR_RESERVED},
    {"2001:200::", PST_ADDR_PUBLIC},
    {"2001:db8::1", PST_ADDR_RESERVED},
    {"2001:4860:4860::8888", PST_ADDR_PUBLIC},
    {"2606:4700::1111", PST_ADDR_PUBLIC},
    {"3fff::1", PST_ADDR_RESERVED},
    {"4000::", PST_ADDR_RESERVED},
    {"1fff::", PST_ADDR_RESERVED},
    {"100::1", PST_ADDR_RESERVED}, /* discard */
    {"5f00::1", PST_ADDR_RESERVED},
    {"fbff::", PST_ADDR_RESERVED},
    {"fc00::1", PST_ADDR_UNIQUE_LOCAL},
    {"fdff:ffff::", PST_ADDR_UNIQUE_LOCAL},
    {"fd00:ec2::254", PST_ADDR_METADATA},
    {"fd00:ec2::23", PST_ADDR_METADATA},
    {"fd00:ec2::255", PST_ADDR_UNIQUE_LOCAL},
    {"fd20:ce::254", PST_ADDR_METADATA},
    {"fe7f::", PST_ADDR_RESERVED},
    {"fe80::1", PST_ADDR_LINK_LOCAL},
    {"febf:ffff::", PST_ADDR_LINK_LOCAL},
    {"fec0::1", PST_ADDR_UNIQUE_LOCAL},
    {"ff02::1", PST_ADDR_MULTICAST},
    {"ff00::", PST_ADDR_MULTICAST},
};

static void classes_follow_the_registries(void **state)
{
    (void)state;
    for (size_t i = 0; i < PST_LEN(expected); i++) {
        struct pst_addr a = ip(expected[i].text);
        if (pst_addr_class(&a) != expected[i].class) {
            fail_msg("%s is %s, not %s", expected[i].text, pst_addr_class_name(pst_addr_class(&a)),
                     pst_addr_class_name(expected[i].class));
        }
    }
    struct pst_addr none = {0};
    assert_int_equal(pst_addr_class(&none), PST_ADDR_RESERVED);
    for (unsigned i = 0; i < PST_ADDR_CLASSES; i++) {
        assert_non_null(pst_addr_class_name((enum pst_addr_class)i));
    }
    assert_string_equal(pst_addr_class_name(PST_ADDR_LINK_LOCAL), "link-local");
    assert_string_equal(pst_addr_class_name(PST_ADDR_CLASSES), "unknown");
}

static void parses_strictly(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"192.0.2.1:443", "192.0.2.1:443"},
        {"0.0.0.0:0", "0.0.0.0:0"},
        {"127.0.0.1:65535", "127.0.0.1:65535"},
        {"[::1]:80", "[::1]:80"},
        {"[2001:DB8:0:0:0:0:0:1]:1", "[2001:db8::1]:1"},
        {"[::ffff:192.0.2.1]:9", "192.0.2.1:9"}, /* shown as what it is */
    };
    for (size_t i = 0; i < PST_LEN(good); i++) {
        struct pst_addr a = {0};
        char text[PST_ADDR_TEXT];
        assert_true(pst_addr_parse(pst_str_c(good[i][0]), &a));
        pst_addr_text(&a, text);
        assert_string_equal(text, good[i][1]);
    }
    static const char *const bad[] = {
        "",
        ":",
        ":80",
        "1.2.3.4",
        "1.2.3.4:",
        "1.2.3.4:65536",
        "1.2.3.4:080",
        "1.2.3.4:+1",
        "1.2.3.4: 1",
        " 1.2.3.4:1",
        "1.2.3:1",
        "1.2.3.256:1",
        "01.2.3.4:1",
        "0x7f.0.0.1:1",
        "2130706433:1",
        "1.2.3.4:1:1",
        "::1:80",
        "[::1]",
        "[::1]:",
        "[::1]80",
        "[::1:80",
        "[1.2.3.4]:80",
        "[fe80::1%eth0]:80",
        "[]:80",
        "localhost:80",
        "[:::1]:80",
        "1.2.3.4:9x",
        "[::1]]:80",
        "[[::1]:80",
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        struct pst_addr a = {.n = 77};
        if (pst_addr_parse(pst_str_c(bad[i]), &a)) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_int_equal(a.n, 77);
    }
    struct pst_addr a = {0};
    assert_false(pst_addr_parse(PST_STR("1.2.3.4\0:80"), &a));
    assert_false(pst_addr_parse_ip(PST_STR("1.2.3.4\0"), 80, &a));
    assert_false(pst_addr_parse_ip(
        PST_STR("1111:2222:3333:4444:5555:6666:7777:8888:9999:1111:2222:3333"), 80, &a));
}

static void shows_and_compares(void **state)
{
    (void)state;
    struct pst_addr none = {0}, a = ip("10.0.0.1"), b = ip("10.0.0.1"), c = ip("::1");
    char text[PST_ADDR_TEXT];
    pst_addr_text(&none, text);
    assert_string_equal(text, "-");
    pst_addr_ip_text(&c, text);
    assert_string_equal(text, "::1");
    struct pst_addr longest = ip("2111:2222:3333:4444:5555:6666:7777:8888");
    longest.u.v6.sin6_port = htons(65535);
    pst_addr_text(&longest, text);
    assert_string_equal(text, "[2111:2222:3333:4444:5555:6666:7777:8888]:65535");
    assert_int_equal(pst_addr_port(&a), 443);
    assert_int_equal(pst_addr_port(&c), 443);
    assert_int_equal(pst_addr_port(&none), 0);
    assert_true(pst_addr_eq(&a, &b));
    assert_true(pst_addr_eq(&none, &none));
    assert_true(pst_addr_eq(&c, &c));
    assert_false(pst_addr_eq(&a, &c));
    assert_false(pst_addr_eq(&a, &none));
    b.u.v4.sin_port = htons(80);
    assert_false(pst_addr_eq(&a, &b));
    struct pst_addr d = ip("::2");
    assert_false(pst_addr_eq(&c, &d));
}

static void takes_only_whole_socket_addresses(void **state)
{
    (void)state;
    struct pst_addr a = ip("10.0.0.1"), c = ip("::1"), got = {.n = 77};
    assert_false(pst_addr_of(&a.u.any, 1, &got));
    assert_false(pst_addr_of(&a.u.any, sizeof(a.u.v4) - 1, &got));
    assert_false(pst_addr_of(&c.u.any, sizeof(a.u.v4), &got));
    struct sockaddr other = {.sa_family = AF_UNIX};
    assert_false(pst_addr_of(&other, sizeof(other), &got));
    assert_int_equal(got.n, 77);
    assert_true(pst_addr_of(&a.u.any, sizeof(a.u.v4), &got));
    assert_true(pst_addr_eq(&a, &got));
    assert_true(pst_addr_of(&c.u.any, sizeof(c.u.v6), &got));
    assert_true(pst_addr_eq(&c, &got));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_follow_the_registries),
        cmocka_unit_test(parses_strictly),
        cmocka_unit_test(shows_and_compares),
        cmocka_unit_test(takes_only_whole_socket_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
