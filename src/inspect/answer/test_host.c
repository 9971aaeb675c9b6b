/* Hosts: what makes two the same, and what an address's host is. */
#include "base/test.h"
#include "inspect/answer/host.h"

static void fold(const char *host, const char *want)
{
    struct pst_buf out;
    pst_buf_init(&out, 1024);
    bool ok = pst_host_fold(pst_str_c(host), &out);
    assert_int_equal(ok, want != NULL);
    if (want != NULL) {
        assert_true(pst_str_eq(pst_buf_str(&out), pst_str_c(want)));
    }
    pst_buf_release(&out);
}

static void test_fold(void **state)
{
    (void)state;
    fold("Docs.Example.", "docs.example");
    fold("xn--bcher-kva.example", "b\xc3\xbc"
                                  "cher.example");
    fold("b\xc3\xbc"
         "cher.example",
         "b\xc3\xbc"
         "cher.example");
    fold("xn--fiqs8s", "\xe4\xb8\xad\xe5\x9b\xbd");
    fold("a\xe3\x80\x82"
         "b\xef\xbc\x8e"
         "c",
         "a.b.c");
    fold("\xef\xbd\x84ocs.example", "docs.example");
    fold("", NULL);
    fold("a..b", NULL);
    fold("a b", NULL);
    fold("xn--99999999", NULL);
    fold("xn--a-\xc3\xa9", NULL);
    fold("\xff", NULL);
}

static void address(const char *text, const char *host, const char *userinfo, const char *query)
{
    struct pst_address a;
    pst_address_read(pst_str_c(text), &a);
    assert_true(pst_str_eq(a.host, pst_str_c(host)));
    assert_true(pst_str_eq(a.userinfo, pst_str_c(userinfo)));
    assert_true(pst_str_eq(a.query, pst_str_c(query)));
}

static void test_address(void **state)
{
    (void)state;
    address("https://a.example/p?q=1#f", "a.example", "", "q=1");
    address("https://u:p@a.example:8080", "a.example", "u:p", "");
    address("https://a@b@c.example", "c.example", "a@b", "");
    address("//a.example/", "a.example", "", "");
    address("https:a.example", "a.example", "", "");
    address("https:\\\\a.example\\b", "a.example", "", "");
    address("https:///a.example", "a.example", "", "");
    address("http://[2001:db8::1]:80/", "[2001:db8::1]", "", "");
    address("images/a.png?x", "", "", "x");
    address("mailto:a@b.example", "", "", "");
    address("", "", "", "");
}

static void test_set(void **state)
{
    struct pst_arena arena;
    struct pst_hosts h;
    (void)state;
    pst_arena_init(&arena, 4096, 1 << 16);
    pst_hosts_init(&h, &arena);
    assert_false(pst_hosts_has(&h, PST_STR("a.example")));
    assert_int_equal(pst_hosts_allow(&h, PST_STR("*.a.example"), NULL), PST_OK);
    assert_int_equal(pst_hosts_allow(&h, PST_STR("a..b"), NULL), PST_ERR);
    pst_hosts_learn(&h, PST_STR("at http://user@B.example:80/x and www.c.example."));
    assert_true(pst_hosts_has(&h, PST_STR("a.example")));
    assert_true(pst_hosts_has(&h, PST_STR("x.y.A.example")));
    assert_false(pst_hosts_has(&h, PST_STR("xa.example")));
    assert_true(pst_hosts_has(&h, PST_STR("b.example")));
    assert_false(pst_hosts_has(&h, PST_STR("x.b.example")));
    assert_true(pst_hosts_has(&h, PST_STR("c.example")));
    pst_arena_release(&arena);
}

static void test_set_full(void **state)
{
    struct pst_arena arena;
    struct pst_hosts h;
    (void)state;
    pst_arena_init(&arena, 4096, 1 << 18);
    pst_hosts_init(&h, &arena);
    for (int i = 0; i < PST_HOSTS_MAX + 5; i++) {
        char text[64];
        pst_text(text, sizeof text, "https://h%d.example/", i);
        pst_hosts_learn(&h, pst_str_c(text));
    }
    assert_int_equal(h.n, PST_HOSTS_MAX);
    assert_true(h.full);
    assert_true(pst_hosts_has(&h, PST_STR("h7.example")));
    assert_false(pst_hosts_has(&h, PST_STR("h1026.example")));
    pst_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_set_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
