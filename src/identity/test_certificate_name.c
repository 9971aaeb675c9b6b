#include "base/test.h"

#include "identity/certificate_name.h"

static bool spiffe(const char *uri)
{
    return pst_spiffe_id_valid(pst_str_c(uri));
}

static void spiffe_ids(void **state)
{
    (void)state;
    assert_true(spiffe("spiffe://example.org/batch"));
    assert_true(spiffe("spiffe://a_b-c.1/ns/default/sa/Web.api-1_x/..."));
    static const char *const wrong[] = {
        "",
        "spiffe:",
        "spiffe://",
        "spiffe:///batch",
        "spiffe://example.org",
        "spiffe://example.org/",
        "spiffe://example.org//batch",
        "spiffe://example.org/batch/",
        "spiffe://example.org/./batch",
        "spiffe://example.org/../batch",
        "spiffe://example.org/batch/..",
        "spiffe://Example.org/batch",
        "SPIFFE://example.org/batch",
        "spiffe://example.org:443/batch",
        "spiffe://user@example.org/batch",
        "spiffe://example.org/batch?x=1",
        "spiffe://example.org/batch#x",
        "spiffe://example.org/ba%74ch",
        "spiffe://example.org/b*",
        "spiffe://example.org/*",
        "spiffe://ex*mple.org/batch",
        "spiffe://example.org/b\xc3\xa4tch",
        "https://example.org/batch",
    };
    for (size_t i = 0; i < PST_LEN(wrong); i++) {
        assert_false(spiffe(wrong[i]));
    }
    char name[2100];
    memset(name, 'a', sizeof name);
    memcpy(name, "spiffe://d/", 11);
    assert_true(pst_spiffe_id_valid(pst_str_of(name, 2048)));
    assert_false(pst_spiffe_id_valid(pst_str_of(name, 2049)));
    memset(&name[9], 'a', 300);
    name[9 + 255] = '/';
    assert_true(pst_spiffe_id_valid(pst_str_of(name, 300)));
    name[9 + 255] = 'a';
    name[9 + 256] = '/';
    assert_false(pst_spiffe_id_valid(pst_str_of(name, 300)));
    assert_true(pst_spiffe_id_meant(PST_STR("SpIfFe:x")));
    assert_false(pst_spiffe_id_meant(PST_STR("spiff")));
}

static bool good(enum pst_x509_name_kind kind, const char *pattern)
{
    return pst_certificate_pattern_fault(kind, pst_str_c(pattern)) == NULL;
}

static void patterns(void **state)
{
    (void)state;
    assert_true(good(PST_X509_URI, "spiffe://example.org/batch"));
    assert_true(good(PST_X509_URI, "spiffe://example.org/ns/*/sa/*"));
    assert_false(good(PST_X509_URI, "spiffe://*/batch"));
    assert_false(good(PST_X509_URI, "spiffe://example.org/b*"));
    assert_false(good(PST_X509_URI, "spiffe://example.org"));
    assert_false(good(PST_X509_URI, "Spiffe://example.org/batch"));
    assert_true(good(PST_X509_URI, "https://example.org/*/x"));
    assert_true(good(PST_X509_URI, "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"));
    assert_false(good(PST_X509_URI, "urn:*"));
    assert_false(good(PST_X509_URI, "https://*.example.org/x"));
    assert_false(good(PST_X509_URI, "https://example.org/**"));
    assert_false(good(PST_X509_URI, "example.org"));
    assert_false(good(PST_X509_URI, ":x"));
    assert_true(good(PST_X509_DNS, "app1.internal"));
    assert_true(good(PST_X509_DNS, "*.internal"));
    assert_false(good(PST_X509_DNS, "*"));
    assert_false(good(PST_X509_DNS, "*.*"));
    assert_false(good(PST_X509_DNS, "a*.internal"));
    assert_false(good(PST_X509_DNS, "app.*.internal"));
    assert_false(good(PST_X509_DNS, "app..internal"));
    assert_false(good(PST_X509_DNS, ".internal"));
    assert_false(good(PST_X509_DNS, "internal."));
    assert_false(good(PST_X509_DNS, "-a.b"));
    assert_false(good(PST_X509_DNS, "a b"));
    assert_true(good(PST_X509_EMAIL, "alice@example.org"));
    assert_false(good(PST_X509_EMAIL, "*@example.org"));
    assert_false(good(PST_X509_EMAIL, "alice"));
    assert_false(good(PST_X509_EMAIL, "@example.org"));
    assert_false(good(PST_X509_EMAIL, "alice@"));
    assert_false(good(PST_X509_EMAIL, "alice@a@b"));
    for (int kind = PST_X509_URI; kind <= PST_X509_EMAIL; kind++) {
        assert_false(good((enum pst_x509_name_kind)kind, ""));
        assert_false(good((enum pst_x509_name_kind)kind, "a\tb"));
    }
    char name[600];
    memset(name, 'a', sizeof name);
    memcpy(name, "urn:", 4);
    assert_null(pst_certificate_pattern_fault(PST_X509_URI, pst_str_of(name, 512)));
    assert_non_null(pst_certificate_pattern_fault(PST_X509_URI, pst_str_of(name, 513)));
}

static void matches(void **state)
{
    (void)state;
    static const struct {
        enum pst_x509_name_kind kind;
        const char *pattern, *name;
        bool ok;
    } rows[] = {
        {PST_X509_URI, "spiffe://example.org/batch", "spiffe://example.org/batch", true},
        {PST_X509_URI, "spiffe://example.org/batch", "spiffe://example.org/Batch", false},
        {PST_X509_URI, "spiffe://example.org/batch", "spiffe://example.org/batch/x", false},
        {PST_X509_URI, "spiffe://example.org/batch", "spiffe://example.orgx/batch", false},
        {PST_X509_URI, "spiffe://example.org/*", "spiffe://example.org/batch", true},
        {PST_X509_URI, "spiffe://example.org/*", "spiffe://example.org/batch/x", false},
        {PST_X509_URI, "spiffe://example.org/*", "spiffe://example.org/", false},
        {PST_X509_URI, "spiffe://example.org/*", "spiffe://example.org", false},
        {PST_X509_URI, "spiffe://example.org/*", "spiffe://example.com/batch", false},
        {PST_X509_URI, "spiffe://example.org/*/sa", "spiffe://example.org/a/sa", true},
        {PST_X509_URI, "spiffe://example.org/*/sa", "spiffe://example.org/a/b/sa", false},
        {PST_X509_URI, "spiffe://example.org/*/sa", "spiffe://example.org/a", false},
        {PST_X509_URI, "https://example.org/*", "https://example.org/..", false},
        {PST_X509_URI, "https://example.org/*", "https://example.org/a%2fb", false},
        {PST_X509_URI, "https://example.org/*", "https://example.org/a?b", false},
        {PST_X509_URI, "https://example.org/*", "https://example.org/*", false},
        {PST_X509_URI, "https://example.org/*", "https://example.org/~a", true},
        {PST_X509_DNS, "app1.internal", "APP1.Internal", true},
        {PST_X509_DNS, "app1.internal", "app1.internal.evil.org", false},
        {PST_X509_DNS, "app1.internal", "app1.internal.", false},
        {PST_X509_DNS, "*.internal", "app1.internal", true},
        {PST_X509_DNS, "*.internal", "a.app1.internal", false},
        {PST_X509_DNS, "*.internal", "internal", false},
        {PST_X509_DNS, "*.internal", ".internal", false},
        {PST_X509_DNS, "*.internal", "*.internal", false},
        {PST_X509_DNS, "*.internal", "app1xinternal", false},
        {PST_X509_EMAIL, "alice@example.org", "alice@EXAMPLE.org", true},
        {PST_X509_EMAIL, "alice@example.org", "Alice@example.org", false},
        {PST_X509_EMAIL, "alice@example.org", "alice@example.org@evil.org", false},
        {PST_X509_EMAIL, "alice@example.org", "xalice@example.org", false},
        {PST_X509_EMAIL, "alice@example.org", "alice", false},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        assert_true(good(rows[i].kind, rows[i].pattern));
        assert_int_equal(pst_certificate_pattern_matches(rows[i].kind, pst_str_c(rows[i].pattern),
                                                         pst_str_c(rows[i].name)),
                         rows[i].ok);
        assert_false(
            pst_certificate_pattern_matches(rows[i].kind, pst_str_c(rows[i].pattern), PST_STR("")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spiffe_ids),
        cmocka_unit_test(patterns),
        cmocka_unit_test(matches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
