#include "crypto/test_tls_pair.h"

#include "base/test.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/socket.h>

struct pst_server_key *test_tls_key(const struct test_cert *cert)
{
    struct pst_server_key *key = NULL;
    struct pst_err err = {0};
    char *text = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, cert->key, NULL, NULL, 0, NULL, NULL), 1);
    long n = BIO_get_mem_data(bio, &text);
    if (pst_server_key_load(pst_str_of(text, (size_t)n), &key, &err) != PST_OK) {
        fail_msg("%s", err.text);
    }
    BIO_free(bio);
    return key;
}

void test_signer_init(struct test_signer *s, const struct test_cert *cert)
{
    *s = (struct test_signer){.key = test_tls_key(cert),
                              .wishes = calloc(TEST_RESTING, sizeof *s->wishes)};
    assert_non_null(s->wishes);
}

void test_signer_release(struct test_signer *s)
{
    pst_server_key_free(s->key);
    free(s->wishes);
}

static void on_sign(void *user, struct pst_tls_conn *conn, const uint8_t spki[PST_TLS_SPKI],
                    uint16_t scheme, struct pst_str text)
{
    struct test_signer *s = user;
    assert_memory_equal(spki, pst_server_key_spki(s->key), PST_TLS_SPKI);
    assert_true(s->n < TEST_RESTING && text.n <= PST_TLS_SIGNED);
    struct test_wish *w = &s->wishes[s->n++];
    s->asked++;
    w->conn = conn;
    w->scheme = scheme;
    w->n = text.n;
    memcpy(w->text, text.p, text.n);
    if (s->at_once) {
        test_sign(s, s->n - 1);
    }
}

void test_sign(struct test_signer *s, size_t at)
{
    struct test_wish w = s->wishes[at];
    uint8_t signature[PST_TLS_SIG_MAX];
    size_t n = 0;
    struct pst_err err = {0};
    s->wishes[at] = s->wishes[--s->n];
    if (pst_server_key_sign(s->key, w.scheme, pst_str_of(w.text, w.n), signature, &n, &err) !=
        PST_OK) {
        fail_msg("%s", err.text);
    }
    pst_tls_conn_signed(w.conn, pst_str_of(signature, n));
}

struct pst_tls_host *test_tls_host(void)
{
    struct pst_tls_host *h = NULL;
    struct pst_err err = {0};
    assert_int_equal(pst_tls_host_new(on_sign, &h, &err), PST_OK);
    return h;
}

struct pst_tls_server *test_tls_server(struct pst_tls_host *h, const struct test_cert *leaf,
                                       const struct test_cert *clients, enum pst_tls_clients mode,
                                       bool http2)
{
    struct pst_tls_server *s = NULL;
    struct pst_err err = {0};
    struct pst_buf chain, authorities;
    pst_buf_init(&chain, 1 << 16);
    pst_buf_init(&authorities, 1 << 16);
    test_cert_pem(leaf, &chain);
    if (clients != NULL) {
        test_cert_pem(clients, &authorities);
    }
    struct pst_tls_server_config config = {.certificate = pst_buf_str(&chain),
                                           .clients = pst_buf_str(&authorities),
                                           .mode = mode,
                                           .http2 = http2};
    if (pst_tls_server_new(h, &config, &s, &err) != PST_OK) {
        fail_msg("%s", err.text);
    }
    pst_buf_release(&chain);
    pst_buf_release(&authorities);
    return s;
}

SSL_CTX *test_tls_client(const struct test_cert *authority, const struct test_cert *own)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    assert_non_null(ctx);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority->cert), 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
    if (own != NULL) {
        assert_int_equal(SSL_CTX_use_certificate(ctx, own->cert), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(ctx, own->key), 1);
    }
    return ctx;
}

void test_pair_open(struct test_pair *p, struct pst_tls_server *s, SSL_CTX *client,
                    struct test_signer *signer)
{
    int ends[2];
    memset(p, 0, sizeof *p);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    p->server_fd = ends[0];
    p->client_fd = ends[1];
    assert_int_equal(pst_tls_conn_new(s, p->server_fd, signer, &p->conn, &p->err), PST_OK);
    if (client != NULL) {
        p->client = SSL_new(client);
        assert_non_null(p->client);
        assert_int_equal(SSL_set_fd(p->client, p->client_fd), 1);
        SSL_set_connect_state(p->client);
    }
}

void test_pair_close(struct test_pair *p)
{
    pst_tls_conn_free(p->conn);
    if (p->client != NULL && p->client_done) { /* else its session counts as broken */
        SSL_set_shutdown(p->client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(p->client);
    close(p->server_fd);
    if (p->client_fd >= 0) {
        close(p->client_fd);
    }
    ERR_clear_error();
}

void test_pair_shake(struct test_pair *p)
{
    for (int i = 0; i < 40; i++) {
        ERR_clear_error();
        if (!p->client_done) {
            int result = SSL_do_handshake(p->client);
            p->client_done = result == 1;
            if (result != 1 && SSL_get_error(p->client, result) == SSL_ERROR_SSL) {
                p->failed = true;
            }
        }
        if (!p->server_done) {
            enum pst_status status = pst_tls_conn_handshake(p->conn, &p->err);
            p->server_done = status == PST_OK;
            p->failed = p->failed || status == PST_ERR;
        }
        if (p->server_done && p->client_done) {
            return;
        }
        if (p->failed) { /* what the client hears of it */
            uint8_t byte;
            (void)SSL_read(p->client, &byte, 1);
            if (!p->server_done && p->err.code == PST_E_NONE) {
                p->server_done = pst_tls_conn_handshake(p->conn, &p->err) == PST_OK;
            }
            return;
        }
    }
}
