#include "base/test.h"

#include "sys/hosts.h"

/* All addresses of a name, one behind the other. */
static void expect(const char *text, const char *name, const char *want)
{
    char got[512] = "", one[PST_ADDR_TEXT];
    struct pst_addr a;
    size_t at = 0, n = 0;
    while (pst_hosts_next(pst_str_c(text), pst_str_c(name), 443, &at, &a)) {
        pst_addr_text(&a, one);
        size_t k = strlen(one);
        assert_true(n + k + 2 < sizeof got);
        memcpy(&got[n], one, k);
        n += k;
        got[n++] = ' ';
        got[n] = 0;
    }
    assert_string_equal(got, want);
}

static void names(void **state)
{
    (void)state;
    const char *text = "# local\n127.0.0.1\tlocalhost\n::1 localhost ip6-localhost # and more\n"
                       "10.0.0.7   model model.example\r\n10.0.0.8 other\n10.0.0.9 Model";
    expect(text, "localhost", "127.0.0.1:443 [::1]:443 ");
    expect(text, "model", "10.0.0.7:443 10.0.0.9:443 ");
    expect(text, "MODEL.EXAMPLE", "10.0.0.7:443 ");
    expect(text, "ip6-localhost", "[::1]:443 ");
    expect(text, "more", "");
    expect(text, "mode", "");
    expect(text, "10.0.0.8", "");
    expect(text, "", "");
}

static void nonsense(void **state)
{
    (void)state;
    expect("", "a", "");
    expect("\n\n \t\n#\n", "a", "");
    expect("not-an-address a\n1.2.3 a\n1.2.3.4\n a\n1.2.3.4 a", "a", "1.2.3.4:443 ");
    expect("fe80::1%eth0 a\n::ffff:1.2.3.4 a", "a", "1.2.3.4:443 ");
    expect("1.2.3.4 #a\n", "a", "");
}

/* Every cut of a file is a file. */
static void cuts(void **state)
{
    (void)state;
    struct pst_str text = PST_STR("1.2.3.4 a b # c\n::1 a\n");
    for (size_t n = 0; n <= text.n; n++) {
        struct pst_addr a;
        size_t at = 0, found = 0;
        while (pst_hosts_next(pst_str_cut(text, 0, n), PST_STR("a"), 1, &at, &a)) {
            found++;
        }
        assert_true(found <= 2 && at <= n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
