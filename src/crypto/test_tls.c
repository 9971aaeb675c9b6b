#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/test_pki.h"
#include "crypto/tls.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct test_cert root, other_root;

static struct pst_tls_client *client_of(const struct test_cert *ca)
{
    struct pst_buf pem;
    struct pst_err err;
    struct pst_tls_client *c = NULL;
    pst_buf_init(&pem, 1 << 16);
    assert_true(PST_BUF_LIT(&pem, "# a bundle has text between its blocks\n"));
    test_cert_pem(ca, &pem);
    assert_true(PST_BUF_LIT(&pem, "\nand more\n"));
    assert_int_equal(pst_tls_client_new(pst_buf_str(&pem), &c, &err), PST_OK);
    pst_buf_release(&pem);
    return c;
}

/* Both sides in turn until the client knows. */
static enum pst_status shake(struct pst_tls *t, struct test_server *s, struct pst_err *err)
{
    for (int i = 0; i < 50; i++) {
        enum pst_status status = pst_tls_handshake(t, err);
        if (status != PST_AGAIN) {
            ERR_clear_error();
            (void)SSL_do_handshake(s->ssl);
            return status;
        }
        assert_int_equal(pst_tls_want(t), PST_TLS_WANT_READ);
        ERR_clear_error();
        (void)SSL_do_handshake(s->ssl);
    }
    fail_msg("the handshake does not end");
    return PST_ERR;
}

static enum pst_status connect_to(const struct test_cert *ca, const struct test_cert *leaf,
                                  const struct test_cert *chain, const char *host, int max_version,
                                  struct pst_err *err)
{
    struct test_server s;
    struct pst_tls *t = NULL;
    memset(err, 0, sizeof *err);
    test_server_init(&s, leaf, chain);
    if (max_version != 0) {
        assert_int_equal(SSL_set_max_proto_version(s.ssl, max_version), 1);
        assert_int_equal(SSL_set_min_proto_version(s.ssl, 0), 1);
    }
    struct pst_tls_client *c = client_of(ca);
    assert_int_equal(pst_tls_new(c, s.client_fd, pst_str_c(host), &t, err), PST_OK);
    pst_tls_client_free(c); /* a connection keeps what it needs */
    enum pst_status status = shake(t, &s, err);
    if (status == PST_ERR) {
        struct pst_err again;
        assert_int_equal(pst_tls_handshake(t, &again), PST_ERR);
    }
    pst_tls_free(t);
    test_server_release(&s);
    return status;
}

static struct test_cert leaf_of(const struct test_cert *issuer, const char *san)
{
    return test_cert_make(&(struct test_cert_spec){.cn = "leaf", .san = san, .issuer = issuer});
}

static void names(void **state)
{
    (void)state;
    static const struct {
        const char *san, *host;
        bool good;
    } rows[] = {
        {"DNS:api.example.test", "api.example.test", true},
        {"DNS:api.example.test", "API.Example.TEST", true},
        {"DNS:x.test,DNS:api.example.test", "api.example.test", true},
        {"DNS:*.example.test", "api.example.test", true},
        {"IP:127.0.0.1", "127.0.0.1", true},
        {"IP:::1", "::1", true},
        {"IP:2001:db8::7", "2001:DB8:0::7", true},
        {"DNS:api.example.test", "evil.example.test", false},
        {"DNS:api.example.test", "example.test", false},
        {"DNS:api.example.test", "api.example.test.evil.test", false},
        {"DNS:*.example.test", "a.b.example.test", false},
        {"DNS:*.example.test", "example.test", false},
        {"DNS:a*.example.test", "api.example.test", false},
        {"DNS:*i.example.test", "api.example.test", false},
        {"DNS:*.test", "example.example.test", false},
        {"DNS:127.0.0.1", "127.0.0.1", false},
        {"IP:127.0.0.1", "127.0.0.2", false},
        {"IP:::1", "::2", false},
        {"email:api@example.test", "api.example.test", false},
        {"URI:https://api.example.test/", "api.example.test", false},
        {NULL, "api.example.test", false},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        struct pst_err err;
        struct test_cert leaf = leaf_of(&root, rows[i].san);
        enum pst_status status = connect_to(&root, &leaf, NULL, rows[i].host, 0, &err);
        if (status != (rows[i].good ? PST_OK : PST_ERR)) {
            fail_msg("%s against %s", rows[i].host, rows[i].san);
        }
        if (!rows[i].good) {
            assert_int_equal(err.code, PST_E_UPSTREAM_TLS);
            assert_non_null(strstr(err.text, "mismatch"));
            assert_non_null(strstr(err.text, rows[i].host));
        }
        test_cert_free(&leaf);
    }
    /* the common name is no name, not even when it is the only one */
    struct pst_err err;
    struct test_cert leaf = test_cert_make(
        &(struct test_cert_spec){.cn = "api.example.test", .issuer = &root});
    assert_int_equal(connect_to(&root, &leaf, NULL, "api.example.test", 0, &err), PST_ERR);
    test_cert_free(&leaf);
}

static void chains(void **state)
{
    (void)state;
    struct pst_err err;
    const char *host = "api.example.test", *san = "DNS:api.example.test";
    struct test_cert middle = test_cert_make(
        &(struct test_cert_spec){.cn = "middle", .ca = true, .issuer = &root});
    struct test_cert below = leaf_of(&middle, san);
    assert_int_equal(connect_to(&root, &below, &middle, host, 0, &err), PST_OK);
    assert_int_equal(connect_to(&root, &below, NULL, host, 0, &err), PST_ERR);
    assert_non_null(strstr(err.text, "unable to get local issuer certificate"));

    struct test_cert good = leaf_of(&root, san);
    assert_int_equal(connect_to(&other_root, &good, NULL, host, 0, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_UPSTREAM_TLS);
    assert_non_null(strstr(err.text, "unable to get local issuer certificate"));

    /* a leaf is no authority, though its own issuer is trusted */
    struct test_cert forged = leaf_of(&good, san);
    assert_int_equal(connect_to(&root, &forged, &good, host, 0, &err), PST_ERR);
    assert_non_null(strstr(err.text, "certificate of api.example.test is not accepted"));

    const struct {
        struct test_cert_spec spec;
        const char *text;
    } bad[] = {
        {{.cn = "x", .san = san}, "self-signed certificate"},
        {{.cn = "x", .san = san, .issuer = &root, .from_days = -9, .to_days = -1},
         "certificate has expired"},
        {{.cn = "x", .san = san, .issuer = &root, .from_days = 1, .to_days = 9},
         "certificate is not yet valid"},
        {{.cn = "x", .san = san, .issuer = &root, .eku = "clientAuth"}, "purpose"},
        {{.cn = "x", .san = san, .issuer = &root, .rsa_bits = 1024}, "key too weak"},
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        struct test_cert leaf = test_cert_make(&bad[i].spec);
        assert_int_equal(connect_to(&root, &leaf, NULL, host, 0, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_UPSTREAM_TLS);
        if (strstr(err.text, bad[i].text) == NULL) {
            fail_msg("%s", err.text);
        }
        test_cert_free(&leaf);
    }
    struct test_cert rsa = test_cert_make(&(struct test_cert_spec){
        .cn = "x", .san = san, .issuer = &root, .eku = "serverAuth", .rsa_bits = 2048});
    assert_int_equal(connect_to(&root, &rsa, NULL, host, 0, &err), PST_OK);
    /* the very certificate as its own authority */
    struct test_cert own = test_cert_make(&(struct test_cert_spec){.cn = "x", .san = san});
    assert_int_equal(connect_to(&own, &own, NULL, host, 0, &err), PST_OK);
    test_cert_free(&own);
    test_cert_free(&rsa);
    test_cert_free(&forged);
    test_cert_free(&good);
    test_cert_free(&below);
    test_cert_free(&middle);
}

static void versions(void **state)
{
    (void)state;
    struct pst_err err;
    struct test_cert leaf = leaf_of(&root, "DNS:a.test");
    assert_int_equal(connect_to(&root, &leaf, NULL, "a.test", TLS1_3_VERSION, &err), PST_OK);
    assert_int_equal(connect_to(&root, &leaf, NULL, "a.test", TLS1_2_VERSION, &err), PST_OK);
    assert_int_equal(connect_to(&root, &leaf, NULL, "a.test", TLS1_1_VERSION, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_UPSTREAM_TLS);
    assert_non_null(strstr(err.text, "a.test"));
    test_cert_free(&leaf);
}

static void hosts_that_are_none(void **state)
{
    (void)state;
    struct pst_err err;
    struct pst_tls_client *c = client_of(&root);
    struct pst_tls *t = NULL;
    char long_host[300];
    memset(long_host, 'a', sizeof long_host);
    for (size_t i = 50; i < sizeof long_host; i += 50) {
        long_host[i] = '.';
    }
    const struct pst_str bad[] = {
        PST_STR(""),
        PST_STR("."),
        PST_STR(".example.test"),
        PST_STR("a..b"),
        PST_STR("a.test."),
        PST_STR("*.test"),
        PST_STR("a b"),
        PST_STR("a\0.test"),
        PST_STR("-a.test"),
        PST_STR("a-.test"),
        PST_STR("a.test-"),
        PST_STR("[::1]"),
        PST_STR("127.1"),
        PST_STR("1.2.3.4.5"),
        PST_STR("a.test:443"),
        PST_STR("999.1.1.1"),
        PST_STR("a/b"),
        PST_STR("\xC3\xA9.test"),
        pst_str_of(long_host, 254),
        pst_str_of(long_host, 300),
        (struct pst_str){NULL, 0},
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_int_equal(pst_tls_new(c, 0, bad[i], &t, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_CONFIG);
    }
    memset(long_host, 'a', 64);
    assert_int_equal(pst_tls_new(c, 0, pst_str_of(long_host, 64), &t, &err), PST_ERR);
    assert_null(t);
    const char *good[] = {"localhost", "xn--bcher-kva.example", "a_b.internal", "1.example"};
    for (size_t i = 0; i < PST_LEN(good); i++) {
        assert_int_equal(pst_tls_new(c, 0, pst_str_c(good[i]), &t, &err), PST_OK);
        pst_tls_free(t);
        t = NULL;
    }
    pst_tls_free(NULL);
    pst_tls_client_free(c);
    pst_tls_client_free(NULL);
}

static void bundles_that_are_none(void **state)
{
    (void)state;
    struct pst_err err;
    struct pst_tls_client *c = NULL;
    struct pst_buf pem;
    pst_buf_init(&pem, 1 << 16);
    test_cert_pem(&root, &pem);
    size_t one = pem.n;
    test_cert_pem(&other_root, &pem);
    assert_int_equal(pst_tls_client_new(pst_buf_str(&pem), &c, &err), PST_OK);
    pst_tls_client_free(c);
    c = NULL;
    const struct pst_str empty[] = {PST_STR(""), (struct pst_str){NULL, 0}};
    for (size_t i = 0; i < PST_LEN(empty); i++) {
        assert_int_equal(pst_tls_client_new(empty[i], &c, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_CONFIG);
    }
    assert_int_equal(pst_tls_client_new(PST_STR("no certificate here\n"), &c, &err), PST_ERR);
    assert_string_equal(err.text, "the CA bundle holds no certificate");
    /* one bad block spoils the bundle: an operator must not believe that it is trusted */
    pem.p[one + 200] = pem.p[one + 200] == 'A' ? 'B' : 'A';
    pem.p[one + 201] = '!';
    assert_int_equal(pst_tls_client_new(pst_buf_str(&pem), &c, &err), PST_ERR);
    assert_non_null(strstr(err.text, "certificate 2 of the CA bundle"));
    assert_int_equal(pst_tls_client_new(pst_str_cut(pst_buf_str(&pem), 0, one - 10), &c, &err),
                     PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    size_t huge = PST_TLS_CA_MAX + 1;
    uint8_t *zeros = calloc(1, huge);
    assert_non_null(zeros);
    assert_int_equal(pst_tls_client_new(pst_str_of(zeros, huge), &c, &err), PST_ERR);
    free(zeros);
    assert_null(c);
    pst_buf_release(&pem);
}

/* --- what a server sees and does -------------------------------------------------------------- */

struct link {
    struct test_cert leaf;
    struct test_server server;
    struct pst_tls_client *client;
    struct pst_tls *tls;
};

static void link_init(struct link *l, int version)
{
    struct pst_err err;
    l->leaf = leaf_of(&root, "DNS:a.test");
    test_server_init(&l->server, &l->leaf, NULL);
    if (version != 0) {
        SSL_set_max_proto_version(l->server.ssl, version);
    }
    l->client = client_of(&root);
    assert_int_equal(pst_tls_new(l->client, l->server.client_fd, PST_STR("a.test"), &l->tls, &err),
                     PST_OK);
}

static void link_release(struct link *l)
{
    pst_tls_free(l->tls);
    pst_tls_client_free(l->client);
    test_server_release(&l->server);
    test_cert_free(&l->leaf);
}

static int choose_http11(SSL *ssl, const unsigned char **out, unsigned char *n,
                         const unsigned char *in, unsigned in_n, void *arg)
{
    (void)ssl;
    *(bool *)arg = pst_str_eq(pst_str_of(in, in_n), PST_STR("\x08http/1.1"));
    *out = &in[1];
    *n = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *n, const unsigned char *in,
                     unsigned in_n, void *arg)
{
    (void)ssl;
    (void)in;
    (void)in_n;
    (void)arg;
    static const unsigned char h2[] = "h2";
    *out = h2;
    *n = 2;
    return SSL_TLSEXT_ERR_OK;
}

static void sni_and_alpn(void **state)
{
    (void)state;
    struct link l;
    struct pst_err err;
    bool offered = false;
    link_init(&l, 0);
    SSL_CTX_set_alpn_select_cb(l.server.ctx, choose_http11, &offered);
    assert_int_equal(shake(l.tls, &l.server, &err), PST_OK);
    assert_true(offered);
    assert_string_equal(SSL_get_servername(l.server.ssl, TLSEXT_NAMETYPE_host_name), "a.test");
    assert_string_equal(pst_tls_version(l.tls), "TLSv1.3");
    assert_string_equal(pst_tls_cipher(l.tls), "TLS_AES_256_GCM_SHA384");
    link_release(&l);

    link_init(&l, 0);
    SSL_CTX_set_alpn_select_cb(l.server.ctx, choose_h2, NULL);
    assert_int_equal(shake(l.tls, &l.server, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_UPSTREAM_TLS);
    assert_int_equal(pst_tls_write(l.tls, PST_STR("GET"), &(size_t){0}, &err), PST_ERR);
    link_release(&l);

    /* an address is not a server name */
    struct test_cert leaf = leaf_of(&root, "IP:127.0.0.1");
    struct test_server s;
    struct pst_tls *t = NULL;
    test_server_init(&s, &leaf, NULL);
    struct pst_tls_client *c = client_of(&root);
    assert_int_equal(pst_tls_new(c, s.client_fd, PST_STR("127.0.0.1"), &t, &err), PST_OK);
    assert_int_equal(shake(t, &s, &err), PST_OK);
    assert_null(SSL_get_servername(s.ssl, TLSEXT_NAMETYPE_host_name));
    pst_tls_free(t);
    pst_tls_client_free(c);
    test_server_release(&s);
    test_cert_free(&leaf);
}

/* More than the sockets hold, in both directions, under back-pressure: every byte arrives once. */
static void large_transfers(void **state)
{
    (void)state;
    enum { TOTAL = 3 << 20 };
    uint8_t *in = malloc(TOTAL), *out = malloc(TOTAL);
    assert_true(in != NULL && out != NULL);
    for (size_t i = 0; i < TOTAL; i++) {
        in[i] = (uint8_t)(i * 31 + i / 1000);
    }
    const int versions_[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t v = 0; v < 2; v++) {
        struct link l;
        struct pst_err err;
        link_init(&l, versions_[v]);
        assert_int_equal(shake(l.tls, &l.server, &err), PST_OK);
        size_t sent = 0, got = 0, agains = 0;
        while (got < TOTAL) {
            size_t n = 0;
            if (sent < TOTAL) {
                enum pst_status status = pst_tls_write(
                    l.tls, pst_str_cut(pst_str_of(in, TOTAL), sent, 70000), &n, &err);
                assert_true(status != PST_ERR);
                if (status == PST_OK) {
                    sent += n;
                    continue;
                }
                assert_int_equal(pst_tls_want(l.tls), PST_TLS_WANT_WRITE);
                agains++;
            }
            while (SSL_read_ex(l.server.ssl, &out[got], TOTAL - got, &n) == 1) {
                got += n;
            }
        }
        assert_true(agains > 0);
        assert_memory_equal(in, out, TOTAL);
        memset(out, 0, TOTAL);
        sent = 0;
        got = 0;
        while (got < TOTAL) {
            size_t n = 0;
            while (sent < TOTAL && SSL_write_ex(l.server.ssl, &in[sent], TOTAL - sent, &n) == 1) {
                sent += n;
            }
            enum pst_status status;
            while (got < TOTAL &&
                   (status = pst_tls_read(l.tls, &out[got], 999, &n, &err)) == PST_OK) {
                assert_true(n > 0);
                got += n < TOTAL - got ? n : TOTAL - got;
            }
        }
        assert_memory_equal(in, out, TOTAL);
        link_release(&l);
    }
    free(in);
    free(out);
}

static void ends(void **state)
{
    (void)state;
    uint8_t bytes[100];
    size_t n = 99;
    struct pst_err err;
    struct link l;
    /* a true end: data, then close_notify, then our own */
    link_init(&l, 0);
    assert_int_equal(shake(l.tls, &l.server, &err), PST_OK);
    assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_AGAIN);
    assert_int_equal(pst_tls_want(l.tls), PST_TLS_WANT_READ);
    assert_int_equal(pst_tls_read(l.tls, bytes, 0, &n, &err), PST_OK);
    assert_int_equal(pst_tls_write(l.tls, PST_STR(""), &n, &err), PST_OK);
    assert_int_equal(SSL_write(l.server.ssl, "abcdef", 6), 6);
    (void)SSL_shutdown(l.server.ssl);
    assert_int_equal(pst_tls_read(l.tls, bytes, 2, &n, &err), PST_OK);
    assert_int_equal(n, 2);
    assert_true(pst_tls_pending(l.tls));
    assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_OK);
    assert_int_equal(n, 4);
    assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_OK);
    assert_int_equal(n, 0);
    assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_OK);
    assert_int_equal(n, 0);
    assert_int_equal(pst_tls_shutdown(l.tls, &err), PST_OK);
    assert_int_equal(SSL_read(l.server.ssl, bytes, sizeof bytes), 0);
    assert_int_equal(SSL_get_error(l.server.ssl, 0), SSL_ERROR_ZERO_RETURN);
    link_release(&l);
    /* a cut connection is not an end */
    link_init(&l, 0);
    assert_int_equal(shake(l.tls, &l.server, &err), PST_OK);
    assert_int_equal(SSL_write(l.server.ssl, "abc", 3), 3);
    assert_int_equal(shutdown(l.server.fd, SHUT_WR), 0);
    assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_OK);
    assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_UPSTREAM_CLOSED);
    assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_ERR);
    assert_int_equal(pst_tls_write(l.tls, PST_STR("x"), &n, &err), PST_ERR);
    assert_int_equal(pst_tls_shutdown(l.tls, &err), PST_ERR);
    link_release(&l);
    /* nor is one that ends in the handshake */
    link_init(&l, 0);
    assert_int_equal(pst_tls_handshake(l.tls, &err), PST_AGAIN);
    assert_int_equal(pst_tls_shutdown(l.tls, &err), PST_OK);
    assert_int_equal(shutdown(l.server.fd, SHUT_RDWR), 0);
    assert_int_equal(pst_tls_handshake(l.tls, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_UPSTREAM_CLOSED);
    link_release(&l);
    /* a peer that is gone when we write */
    link_init(&l, 0);
    assert_int_equal(shake(l.tls, &l.server, &err), PST_OK);
    assert_int_equal(shutdown(l.server.fd, SHUT_RDWR), 0);
    assert_int_equal(pst_tls_write(l.tls, PST_STR("x"), &n, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_UPSTREAM_CLOSED);
    link_release(&l);
}

static void what_is_not_tls(void **state)
{
    (void)state;
    const struct pst_str answers[] = {PST_STR("HTTP/1.1 400 Bad Request\r\n\r\n"),
                                      PST_STR("\x16\x03\x03\xff\xff garbage garbage"),
                                      PST_STR("\x15\x03\x03\x00\x02\x02\x28")};
    for (size_t i = 0; i < PST_LEN(answers); i++) {
        struct link l;
        struct pst_err err;
        link_init(&l, 0);
        assert_int_equal(pst_tls_handshake(l.tls, &err), PST_AGAIN);
        assert_int_equal(write(l.server.fd, answers[i].p, answers[i].n), answers[i].n);
        assert_int_equal(pst_tls_handshake(l.tls, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_UPSTREAM_TLS);
        assert_non_null(strstr(err.text, "TLS with a.test: "));
        link_release(&l);
    }
}

/* A damaged record after the handshake. */
static void what_was_changed_on_the_way(void **state)
{
    (void)state;
    struct link l;
    struct pst_err err;
    uint8_t bytes[100];
    size_t n = 0;
    link_init(&l, TLS1_3_VERSION);
    assert_int_equal(shake(l.tls, &l.server, &err), PST_OK);
    /* session tickets are read and dropped */
    assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_AGAIN);
    const uint8_t record[] = {0x17, 3,  3,  0,  24, 1,  2,  3,  4,  5,  6,  7,  8,  9, 10,
                              11,   12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
    assert_int_equal(write(l.server.fd, record, sizeof record), sizeof record);
    assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_UPSTREAM_TLS);
    link_release(&l);
}

/* A server that asks for a handshake may believe it is done; a client that starts one says hello.
 */
static void count_hellos(const SSL *ssl, int where, int result)
{
    (void)result;
    if ((where & SSL_CB_LOOP) != 0 && SSL_get_state(ssl) == TLS_ST_SR_CLNT_HELLO) {
        ++*(int *)SSL_get_app_data(ssl);
    }
}

static void no_renegotiation(void **state)
{
    (void)state;
    struct link l;
    struct pst_err err;
    uint8_t bytes[100];
    size_t n = 0;
    int hellos = 0;
    link_init(&l, TLS1_2_VERSION);
    SSL_set_app_data(l.server.ssl, &hellos);
    SSL_set_info_callback(l.server.ssl, count_hellos);
    assert_int_equal(shake(l.tls, &l.server, &err), PST_OK);
    assert_int_equal(hellos, 1);
    assert_int_equal(SSL_renegotiate(l.server.ssl), 1);
    (void)SSL_do_handshake(l.server.ssl);
    enum pst_status status = pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err);
    assert_true(status != PST_OK);
    for (int i = 0; i < 5; i++) {
        assert_true(SSL_read(l.server.ssl, bytes, sizeof bytes) <= 0);
        status = pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err);
        assert_true(status != PST_OK);
    }
    assert_int_equal(hellos, 1);
    link_release(&l);
}

/* Two connections of one client: nothing of the first one is offered in the second. */
static void no_session_is_kept(void **state)
{
    (void)state;
    const int versions_[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t v = 0; v < 2; v++) {
        struct link l;
        struct pst_err err;
        uint8_t bytes[10];
        size_t n = 0;
        link_init(&l, versions_[v]);
        assert_int_equal(shake(l.tls, &l.server, &err), PST_OK);
        assert_int_equal(pst_tls_read(l.tls, bytes, sizeof bytes, &n, &err), PST_AGAIN);
        pst_tls_free(l.tls);
        SSL_free(l.server.ssl);
        close(l.server.fd);
        close(l.server.client_fd);
        int ends_[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_), 0);
        l.server.fd = ends_[0];
        l.server.client_fd = ends_[1];
        l.server.ssl = SSL_new(l.server.ctx);
        SSL_set_fd(l.server.ssl, ends_[0]);
        SSL_set_accept_state(l.server.ssl);
        assert_int_equal(pst_tls_new(l.client, ends_[1], PST_STR("a.test"), &l.tls, &err), PST_OK);
        assert_int_equal(shake(l.tls, &l.server, &err), PST_OK);
        assert_int_equal(SSL_session_reused(l.server.ssl), 0);
        link_release(&l);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    root = test_cert_make(&(struct test_cert_spec){.cn = "root", .ca = true});
    other_root = test_cert_make(&(struct test_cert_spec){.cn = "other root", .ca = true});
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(chains),
        cmocka_unit_test(versions),
        cmocka_unit_test(hosts_that_are_none),
        cmocka_unit_test(bundles_that_are_none),
        cmocka_unit_test(sni_and_alpn),
        cmocka_unit_test(large_transfers),
        cmocka_unit_test(ends),
        cmocka_unit_test(what_is_not_tls),
        cmocka_unit_test(what_was_changed_on_the_way),
        cmocka_unit_test(no_renegotiation),
        cmocka_unit_test(no_session_is_kept),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_cert_free(&root);
    test_cert_free(&other_root);
    return failed;
}
