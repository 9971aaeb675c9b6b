/* `certificates:` from the text of a configuration to the image of warden. */
#include "base/test.h"

#include "control/builtin.h"
#include "control/compile.h"
#include "crypto/crypto.h"
#include "crypto/test_pki.h"

#include <stdlib.h>

#define MODEL                                                                                      \
    "models: {m: o}\n"                                                                             \
    "upstreams: {o: {url: 'https://x'}}\n"
#define LISTEN                                                                                     \
    "listen: {address: '127.0.0.1:8443', certificate: c, key: k, clients: a}\n"                    \
    "certificates:\n"

static enum pst_status read_text(struct pst_arena *arena, const char *text, struct pst_config **ret,
                                 struct pst_err *err)
{
    return pst_config_parse(arena, pst_str_c(text), PST_STR("/etc/postern"), ret, err);
}

static const char good[] = LISTEN
    "  - {uri: 'spiffe://example.org/batch', workload: batch, groups: [nightly, all]}\n"
    "  - {dns: '*.internal', workload: apps}\n"
    "  - {email: alice@example.org, user: alice, groups: []}\n"
    "  - {agent: helper, uri: 'https://example.org/*/x'}\n" MODEL;

static void rows_are_read(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct pst_config *c = NULL;
    struct pst_err err = {0};
    pst_arena_init(&arena, 1 << 16, 8 << 20);
    if (read_text(&arena, good, &c, &err) != PST_OK) {
        fail_msg("%u:%u %s", err.line, err.column, err.text);
    }
    assert_int_equal(c->n_certificates, 4);
    assert_string_equal(c->certificates[0].kind, "uri");
    assert_string_equal(c->certificates[0].pattern, "spiffe://example.org/batch");
    assert_string_equal(c->certificates[0].principal, "Workload::batch");
    assert_int_equal(c->certificates[0].n_groups, 2);
    assert_string_equal(c->certificates[0].groups[1], "all");
    assert_string_equal(c->certificates[2].principal, "User::alice");
    assert_string_equal(c->certificates[3].principal, "Agent::helper");
    pst_arena_release(&arena);
}

static void mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *rows, *what;
        uint32_t line;
    } bad[] = {
        {"  {dns: a}\n", "a list of at most 256", 3},
        {"  - {workload: batch}\n", "which certificate", 3},
        {"  - {dns: app1.internal}\n", "whom does", 3},
        {"  - {dns: a.b, uri: 'x:y', workload: w}\n", "one name", 3},
        {"  - {dns: a.b, user: w, workload: w}\n", "speaks for one", 3},
        {"  - {cn: a.b, workload: w}\n", "known keys: uri", 3},
        {"  - {dns: 'a*.b', workload: w}\n", "first label only", 3},
        {"  - {dns: '*.*.b', workload: w}\n", "first label only", 3},
        {"  - {dns: [a.b], workload: w}\n", "a name is expected", 3},
        {"  - {uri: 'spiffe://Example.org/x', workload: w}\n", "no SPIFFE ID", 3},
        {"  - {uri: 'spiffe://example.org', workload: w}\n", "no SPIFFE ID", 3},
        {"  - {uri: 'https://*/x', workload: w}\n", "segment of the path", 3},
        {"  - {email: '*@example.org', user: w}\n", "name each person", 3},
        {"  - {dns: a.b, workload: 'a b'}\n", "a name such as batch", 3},
        {"  - {dns: a.b, workload: ''}\n", "a name such as batch", 3},
        {"  - {dns: a.b, workload: "
         "'aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb'}\n",
         "a name such as batch", 3},
        {"  - {dns: a.b, workload: w, groups: x}\n", "a list of at most 8", 3},
        {"  - {dns: a.b, workload: w, groups: [1,2,3,4,5,6,7,8,9]}\n", "a list of at most 8", 3},
        {"  - {dns: a.b, workload: w, groups: ['a b']}\n", "the name of a group", 3},
        {"  - a.b\n", "mapping", 3},
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        char text[1024];
        struct pst_arena arena;
        struct pst_config *c = NULL;
        struct pst_err err = {0};
        pst_text(text, sizeof text, LISTEN "%s" MODEL, bad[i].rows);
        pst_arena_init(&arena, 1 << 16, 8 << 20);
        assert_int_equal(read_text(&arena, text, &c, &err), PST_ERR);
        if (strstr(err.text, bad[i].what) == NULL || err.line != bad[i].line) {
            fail_msg("%s: %u: %s", bad[i].rows, err.line, err.text);
        }
        pst_arena_release(&arena);
    }
}

static void somebody_must_ask_for_them(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct pst_config *c = NULL;
    struct pst_err err = {0};
    pst_arena_init(&arena, 1 << 16, 8 << 20);
    assert_int_equal(read_text(&arena, "certificates: [{dns: a.b, workload: w}]\n" MODEL, &c, &err),
                     PST_ERR);
    assert_non_null(strstr(err.text, "no listener asks for client certificates"));
    assert_int_equal(read_text(&arena, "certificates: []\n" MODEL, &c, &err), PST_OK);
    pst_arena_release(&arena);
}

static void warden_gets_rows_and_authorities(void **state)
{
    (void)state;
    struct pst_arena arena;
    struct pst_config *c = NULL;
    struct pst_err err = {0};
    struct pst_buf pem;
    assert_int_equal(pst_crypto_init(&err), PST_OK);
    pst_arena_init(&arena, 1 << 16, 8 << 20);
    pst_buf_init(&pem, 1 << 16);
    assert_int_equal(read_text(&arena, good, &c, &err), PST_OK);
    struct test_cert root = test_cert_make(&(struct test_cert_spec){.cn = "r", .ca = true});
    struct test_cert leaf = test_cert_make(&(struct test_cert_spec){.cn = "l", .issuer = &root});
    test_cert_pem(&root, &pem);
    struct pst_listen_tls tls[PST_LISTEN_TLS_MAX] = {
        {.chain = pst_buf_str(&pem), .clients = pst_buf_str(&pem)}};
    struct pst_compile_in in = {.config = c,
                                .config_text = pst_str_c(good),
                                .policies = pst_builtin_policies,
                                .n_policies = pst_builtin_policies_n,
                                .listen_tls = tls,
                                .state_dir = PST_STR("/var/lib/postern"),
                                .generation = 1};
    struct pst_images images = {.n = 0};
    if (pst_compile(&in, &images, &err) != PST_OK) {
        fail_msg("%s", err.text);
    }
    bool seen = false;
    for (size_t i = 0; i < images.n; i++) {
        if (images.list[i].kind == PST_IMAGE_WARDEN) {
            const struct pst_warden_image *warden = images.list[i].p;
            seen = true;
            assert_str(pst_image_certificates(warden),
                       "uri\tspiffe://example.org/batch\tWorkload::batch\tnightly\tall\n"
                       "dns\t*.internal\tWorkload::apps\n"
                       "email\talice@example.org\tUser::alice\n"
                       "uri\thttps://example.org/*/x\tAgent::helper\n");
            assert_true(pst_str_eq(pst_image_authorities(warden), pst_buf_str(&pem)));
        }
    }
    assert_true(seen);
    pst_images_release(&images);
    /* one that is no authority would be a client of its own making */
    struct pst_buf both;
    pst_buf_init(&both, 1 << 16);
    test_cert_pem(&root, &both);
    test_cert_pem(&leaf, &both);
    tls[0].clients = pst_buf_str(&both);
    assert_int_equal(pst_compile(&in, &images, &err), PST_ERR);
    assert_non_null(strstr(err.text, "certificate 2 is not that of an authority"));
    pst_buf_release(&both);
    pst_buf_release(&pem);
    test_cert_free(&leaf);
    test_cert_free(&root);
    pst_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_read),
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(somebody_must_ask_for_them),
        cmocka_unit_test(warden_gets_rows_and_authorities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
