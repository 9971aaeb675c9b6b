/* The library's allocations fail one after another, in every call that can say so: an error comes
 * back, nothing leaks (with a sanitizer) and nothing breaks. */
#include "base/test.h"

#include "base/test_heap.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/sign.h"
#include "crypto/test_pki.h"
#include "crypto/test_tls_pair.h"
#include "crypto/tls.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>

/* OpenSSL's allocations go through this program's malloc, which test_heap counts. */
static void *lib_malloc(size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(n);
}

static void *lib_realloc(void *p, size_t n, const char *file, int line)
{
    (void)file;
    (void)line;
    return realloc(p, n);
}

static void lib_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    free(p);
}

struct fixture {
    struct pst_key *keys[3];
    struct pst_secret *pem[3];
    struct pst_buf public_pem[3];
    uint8_t sig[3][PST_SIG_MAX];
    size_t sig_n[3];
    struct pst_buf ca;
    struct test_server server;
    struct pst_buf leaf_pem;
    struct pst_server_key *leaf_key;
    struct pst_tls_server *tls;
    struct pst_tls_host *host; /* made once at a program's start, where a failure is its end */
    SSL_CTX *client;
};

/* Works once; true when all of it succeeded. */
typedef bool work(struct fixture *f);

static bool makes_contexts(struct fixture *f)
{
    (void)f;
    struct pst_sha256 h = {NULL, NULL, false};
    struct pst_hmac m = {NULL, false};
    bool ok = pst_sha256_init(&h, NULL) == PST_OK &&
              pst_hmac_init(&m, PST_STR("k"), NULL) == PST_OK;
    pst_sha256_release(&h);
    pst_hmac_release(&m);
    return ok;
}

static bool loads_keys(struct fixture *f)
{
    bool ok = true;
    for (size_t i = 0; i < 3; i++) {
        struct pst_key *private = NULL, *public = NULL;
        ok = pst_key_from_pem(f->pem[i], &private, NULL) == PST_OK && ok;
        ok = pst_key_from_public_pem(pst_buf_str(&f->public_pem[i]), &public, NULL) == PST_OK && ok;
        pst_key_free(private);
        pst_key_free(public);
    }
    return ok;
}

static bool signs(struct fixture *f)
{
    bool ok = true;
    for (size_t i = 0; i < 3; i++) {
        uint8_t sig[PST_SIG_MAX];
        size_t n = 0;
        ok = pst_key_sign(f->keys[i], PST_STR("m"), sig, &n, NULL) == PST_OK && ok;
    }
    return ok;
}

static bool verifies(struct fixture *f)
{
    bool ok = true;
    for (size_t i = 0; i < 3; i++) {
        struct pst_str sig = pst_str_of(f->sig[i], f->sig_n[i]);
        ok = pst_key_verify(f->keys[i], pst_key_alg(f->keys[i]), PST_STR("m"), sig) && ok;
        /* whatever fails, a wrong signature is never good */
        if (pst_key_verify(f->keys[i], pst_key_alg(f->keys[i]), PST_STR("n"), sig)) {
            fail_msg("a wrong signature was accepted");
        }
    }
    return ok;
}

static bool exports(struct fixture *f)
{
    bool ok = true;
    for (size_t i = 0; i < 3; i++) {
        struct pst_secret *pem = NULL;
        struct pst_buf out;
        pst_buf_init(&out, 4096);
        ok = pst_key_private_pem(f->keys[i], &pem, NULL) == PST_OK && ok;
        ok = pst_key_public_pem(f->keys[i], &out, NULL) == PST_OK && ok;
        pst_secret_free(pem);
        pst_buf_release(&out);
    }
    return ok;
}

static bool opens_tls(struct fixture *f)
{
    struct pst_tls_client *c = NULL;
    struct pst_tls *t = NULL;
    struct pst_err err;
    bool ok = pst_tls_client_new(pst_buf_str(&f->ca), &c, &err) == PST_OK &&
              pst_tls_new(c, f->server.client_fd, PST_STR("a.test"), &t, &err) == PST_OK;
    pst_tls_free(t);
    pst_tls_client_free(c);
    return ok;
}

static void on_sign(void *user, struct pst_tls_conn *conn, const uint8_t spki[PST_TLS_SPKI],
                    uint16_t scheme, struct pst_str text)
{
    const struct fixture *f = user;
    uint8_t signature[PST_TLS_SIG_MAX];
    size_t n = 0;
    (void)spki;
    if (pst_server_key_sign(f->leaf_key, scheme, text, signature, &n, NULL) != PST_OK) {
        n = 0;
    }
    pst_tls_conn_signed(conn, pst_str_of(signature, n));
}

static bool sets_up_server(struct fixture *f)
{
    static const uint8_t tickets[PST_TLS_TICKET_KEY] = {1};
    struct pst_tls_server *s = NULL;
    const struct pst_tls_server_config config = {.certificate = pst_buf_str(&f->leaf_pem),
                                                 .clients = pst_buf_str(&f->ca),
                                                 .mode = PST_TLS_CLIENTS_OPTIONAL,
                                                 .http2 = true};
    bool ok = pst_tls_host_tickets(f->host, tickets, tickets, NULL) == PST_OK &&
              pst_tls_server_new(f->host, &config, &s, NULL) == PST_OK;
    pst_tls_server_free(f->tls);
    f->tls = s;
    return ok;
}

/* A handshake on a server that is there; some more words, and the end. */
static bool serves(struct fixture *f)
{
    struct pst_tls_conn *c = NULL;
    uint8_t bytes[16];
    size_t n = 0;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    SSL *client = SSL_new(f->client);
    bool ok = client != NULL && SSL_set_fd(client, ends[1]) == 1 &&
              pst_tls_conn_new(f->tls, ends[0], f, &c, NULL) == PST_OK;
    enum pst_status status = PST_AGAIN;
    for (int i = 0; ok && i < 20 && (status == PST_AGAIN || SSL_in_init(client) != 0); i++) {
        ERR_clear_error();
        (void)SSL_connect(client);
        status = status == PST_AGAIN ? pst_tls_conn_handshake(c, NULL) : status;
    }
    ok = ok && status == PST_OK && SSL_write(client, "ping", 4) == 4 &&
         pst_tls_conn_read(c, bytes, sizeof bytes, &n, NULL) == PST_OK && n == 4 &&
         pst_tls_conn_write(c, PST_STR("pong"), &n, NULL) == PST_OK &&
         pst_tls_conn_shutdown(c, NULL) == PST_OK;
    SSL_free(client);
    pst_tls_conn_free(c);
    close(ends[0]);
    close(ends[1]);
    return ok;
}

static void torture(struct fixture *f, const char *name, work *w)
{
    assert_true(w(f)); /* once to warm the library's caches */
    size_t nth = 1, failures = 0;
    /* all of the first hundred, then ever larger steps: a decoder asks for thousands */
    for (;; nth += 1 + nth / 100) {
        ERR_clear_error();
        test_heap_fail_from(nth);
        bool ok = w(f);
        size_t asked = test_heap_count();
        test_heap_fail_from(0);
        failures += ok ? 0 : 1;
        if (asked < nth) {
            assert_true(ok);
            break;
        }
        assert_true(nth < 20000);
    }
    assert_true(failures > 0);
    print_message("%s: %zu failures\n", name, failures);
}

static void every_allocation(void **state)
{
    (void)state;
    struct fixture f;
    const enum pst_sig algs[] = {PST_SIG_EDDSA, PST_SIG_ES256, PST_SIG_RS256};
    for (size_t i = 0; i < 3; i++) {
        pst_buf_init(&f.public_pem[i], 4096);
        assert_int_equal(pst_key_generate(algs[i], &f.keys[i], NULL), PST_OK);
        assert_int_equal(pst_key_private_pem(f.keys[i], &f.pem[i], NULL), PST_OK);
        assert_int_equal(pst_key_public_pem(f.keys[i], &f.public_pem[i], NULL), PST_OK);
        assert_int_equal(pst_key_sign(f.keys[i], PST_STR("m"), f.sig[i], &f.sig_n[i], NULL),
                         PST_OK);
    }
    struct test_cert root = test_cert_make(&(struct test_cert_spec){.cn = "root", .ca = true});
    pst_buf_init(&f.ca, 1 << 16);
    test_cert_pem(&root, &f.ca);
    test_server_init(&f.server, &root, NULL);
    torture(&f, "contexts", makes_contexts);
    torture(&f, "load", loads_keys);
    torture(&f, "sign", signs);
    torture(&f, "verify", verifies);
    torture(&f, "export", exports);
    torture(&f, "tls", opens_tls);
    pst_buf_init(&f.leaf_pem, 1 << 16);
    struct test_cert leaf = test_cert_make(&(struct test_cert_spec){.cn = "leaf", .issuer = &root});
    test_cert_pem(&leaf, &f.leaf_pem);
    f.leaf_key = test_tls_key(&leaf);
    f.client = test_tls_client(&root, NULL);
    assert_int_equal(pst_tls_host_new(on_sign, &f.host, NULL), PST_OK);
    f.tls = NULL;
    torture(&f, "server", sets_up_server);
    assert_true(sets_up_server(&f));
    torture(&f, "handshake", serves);
    SSL_CTX_free(f.client);
    pst_tls_server_free(f.tls);
    pst_tls_host_free(f.host);
    pst_server_key_free(f.leaf_key);
    pst_buf_release(&f.leaf_pem);
    test_cert_free(&leaf);
    for (size_t i = 0; i < 3; i++) {
        pst_key_free(f.keys[i]);
        pst_secret_free(f.pem[i]);
        pst_buf_release(&f.public_pem[i]);
    }
    pst_buf_release(&f.ca);
    test_server_release(&f.server);
    test_cert_free(&root);
}

int main(void)
{
    if (CRYPTO_set_mem_functions(lib_malloc, lib_realloc, lib_free) != 1 ||
        pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
