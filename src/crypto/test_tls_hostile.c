/* Clients that do not want to be served, and every way of cutting what a good one sends. */
#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/test_tls_pair.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>

struct fixture {
    struct test_cert root, leaf;
    struct test_signer signer;
    struct pst_tls_host *host;
    struct pst_tls_server *server;
    SSL_CTX *client;
    struct test_pair pair;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->root = test_cert_make(&(struct test_cert_spec){.cn = "root", .ca = true});
    f->leaf = test_cert_make(&(struct test_cert_spec){.cn = "leaf", .issuer = &f->root});
    test_signer_init(&f->signer, &f->leaf);
    f->signer.at_once = true;
    f->host = test_tls_host();
    f->server = test_tls_server(f->host, &f->leaf, NULL, PST_TLS_CLIENTS_NONE, true);
    f->client = test_tls_client(&f->root, NULL);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    SSL_CTX_free(f->client);
    pst_tls_server_free(f->server);
    pst_tls_host_free(f->host);
    test_signer_release(&f->signer);
    test_cert_free(&f->leaf);
    test_cert_free(&f->root);
    free(f);
    return 0;
}

/* What the client has to say, cut into pieces of `size` bytes (the first of `first`). */
static void in_pieces(struct fixture *f, int version, size_t first, size_t size)
{
    struct test_pair *p = &f->pair;
    SSL_CTX_set_max_proto_version(f->client, version);
    test_pair_open(p, f->server, f->client, &f->signer);
    BIO *from = BIO_new(BIO_s_mem()), *to = BIO_new(BIO_s_mem());
    assert_true(from != NULL && to != NULL);
    SSL_set_bio(p->client, from, to);
    size_t piece = first;
    bool said = false;
    for (int i = 0; i < 100000; i++) {
        uint8_t bytes[8192];
        if (!p->client_done) {
            p->client_done = SSL_do_handshake(p->client) == 1;
        } else if (!said) {
            said = SSL_write(p->client, "ping", 4) == 4;
        }
        int n = BIO_read(to, bytes, piece < sizeof bytes ? (int)piece : (int)sizeof bytes);
        piece = n > 0 ? size : piece;
        if (n > 0) {
            assert_int_equal(send(p->client_fd, bytes, (size_t)n, 0), n);
        }
        size_t got = 0;
        if (!p->server_done) {
            enum pst_status status = pst_tls_conn_handshake(p->conn, &p->err);
            assert_int_not_equal(status, PST_ERR);
            p->server_done = status == PST_OK;
        } else if (pst_tls_conn_read(p->conn, bytes, sizeof bytes, &got, &p->err) == PST_OK) {
            assert_int_equal(got, 4);
            test_pair_close(p);
            return;
        }
        ssize_t back = recv(p->client_fd, bytes, sizeof bytes, MSG_DONTWAIT);
        assert_true(back <= 0 || BIO_write(from, bytes, (int)back) == back);
    }
    fail_msg("pieces of %zu: the handshake does not end", size);
}

static void every_split(void **state)
{
    struct fixture *f = *state;
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        in_pieces(f, version, 1, 1);
        for (size_t size = 2; size < 40; size += 7) {
            in_pieces(f, version, size, size);
        }
        for (size_t first = 1; first < 480; first++) { /* the hello, and what follows */
            in_pieces(f, version, first, 16384);
        }
    }
}

/* The server's word on bytes that are no handshake. */
static void one_wrong(struct fixture *f, struct pst_str bytes, const char *text)
{
    struct test_pair *p = &f->pair;
    uint8_t answer[64];
    test_pair_open(p, f->server, NULL, &f->signer);
    assert_int_equal(send(p->client_fd, bytes.p, bytes.n, 0), bytes.n);
    shutdown(p->client_fd, SHUT_WR);
    assert_int_equal(pst_tls_conn_handshake(p->conn, &p->err), PST_ERR);
    assert_true(p->err.code == PST_E_CLIENT_TLS || p->err.code == PST_E_CLIENT_CLOSED);
    if (text != NULL && strstr(p->err.text, text) == NULL) {
        fail_msg("%s", p->err.text);
    }
    ssize_t n = recv(p->client_fd, answer, sizeof answer, MSG_DONTWAIT);
    assert_true(n <= 7); /* an alert, or nothing at all */
    assert_true(n <= 0 || answer[0] == 21);
    assert_int_equal(pst_tls_conn_handshake(p->conn, &p->err), PST_ERR);
    assert_int_equal(pst_tls_conn_write(p->conn, PST_STR("x"), &(size_t){0}, &p->err), PST_ERR);
    test_pair_close(p);
}

static void no_handshakes(void **state)
{
    struct fixture *f = *state;
    one_wrong(f, PST_STR("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "http request");
    one_wrong(f, PST_STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), NULL);
    one_wrong(f, PST_STR("POST /v1/chat/completions HTTP/1.1\r\n\r\n"), "http request");
    one_wrong(f, PST_STR("CONNECT a:1 HTTP/1.1\r\n\r\n"), "proxy request");
    one_wrong(f, PST_STR("SSH-2.0-x\r\n"), NULL);
    one_wrong(f, PST_STR(""), "left");
    one_wrong(f, PST_STR("\x16"), "left");
    one_wrong(f, PST_STR("\x16\x03\x01\xff\xff\x01"), NULL);             /* a record too long */
    one_wrong(f, PST_STR("\x16\x03\x01\x00\x00"), NULL);                 /* and an empty one */
    one_wrong(f, PST_STR("\x17\x03\x03\x00\x05hello"), NULL);            /* data first */
    one_wrong(f, PST_STR("\x15\x03\x01\x00\x02\x02\x28"), NULL);         /* the client gives up */
    one_wrong(f, PST_STR("\x16\x03\x01\x00\x04\x0e\x00\x00\x00"), NULL); /* not a hello */
    one_wrong(f, PST_STR("\x16\x03\x00\x00\x04\x01\xff\xff\xff"), NULL); /* one of 16 MiB */
    one_wrong(f, PST_STR("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10"), NULL); /* SSL 2 */
    uint8_t junk[600];
    uint32_t seed = 7;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof junk; i++) {
            seed = seed * 1664525 + 1013904223;
            junk[i] = (uint8_t)(seed >> 24);
        }
        if (round % 2 == 0) { /* a record and a hello as far as anybody can tell */
            memcpy(junk, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
        }
        one_wrong(f, pst_str_of(junk, sizeof junk), NULL);
    }
}

/* A handshake has an end, whatever a hello says of itself. */
static void endless_hello(void **state)
{
    struct fixture *f = *state;
    struct test_pair *p = &f->pair;
    uint8_t record[5 + 4096] = {0x16, 3, 1, 0x10, 0};
    static const uint8_t hello[] = {1, 1, 0xff, 0xff, 3, 3}; /* 131,071 bytes to come */
    memcpy(&record[5], hello, sizeof hello);
    test_pair_open(p, f->server, NULL, &f->signer);
    size_t sent = 0;
    enum pst_status status = PST_AGAIN;
    while (status == PST_AGAIN && sent < 400000) {
        ssize_t n = send(p->client_fd, record, sizeof record, 0);
        assert_int_equal(n, sizeof record);
        sent += (size_t)n;
        memset(&record[5], 0, sizeof hello);
        status = pst_tls_conn_handshake(p->conn, &p->err);
    }
    assert_int_equal(status, PST_ERR);
    assert_int_equal(p->err.code, PST_E_CLIENT_TLS);
    assert_non_null(strstr(p->err.text, "more than"));
    assert_true(sent <= PST_TLS_HELLO_MAX + 2 * sizeof record);
    test_pair_close(p);
}

static void opened(struct fixture *f, int version)
{
    SSL_CTX_set_max_proto_version(f->client, version);
    test_pair_open(&f->pair, f->server, f->client, &f->signer);
    test_pair_shake(&f->pair);
    assert_true(f->pair.server_done && f->pair.client_done);
}

/* New keys for ever, and never a byte. */
static void endless_keys(void **state)
{
    struct fixture *f = *state;
    struct test_pair *p = &f->pair;
    uint8_t bytes[16];
    size_t n = 0;
    opened(f, TLS1_3_VERSION);
    for (int i = 0; i < 5; i++) { /* some are in order */
        assert_int_equal(SSL_key_update(p->client, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_write(p->client, "x", 1), 1);
        assert_int_equal(pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err), PST_OK);
        assert_int_equal(n, 1);
    }
    enum pst_status status = PST_AGAIN;
    int i = 0;
    for (; i < 1000 && status == PST_AGAIN; i++) {
        assert_int_equal(SSL_key_update(p->client, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        if (SSL_do_handshake(p->client) != 1) {
            break;
        }
        status = pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err);
    }
    assert_int_equal(status, PST_ERR);
    assert_int_equal(p->err.code, PST_E_CLIENT_TLS);
    assert_true(i <= PST_TLS_LATE_MAX + 1);
    test_pair_close(p);
}

static void renegotiation(void **state)
{
    struct fixture *f = *state;
    struct test_pair *p = &f->pair;
    uint8_t bytes[16];
    size_t n = 0, asked = f->signer.asked + 1;
    opened(f, TLS1_2_VERSION);
    for (int i = 0; i < 3; i++) {
        ERR_clear_error();
        (void)SSL_renegotiate(p->client);
        (void)SSL_do_handshake(p->client);
        enum pst_status status = pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err);
        assert_true(status != PST_OK);
    }
    assert_int_equal(f->signer.asked, asked); /* nothing was signed for it */
    test_pair_close(p);
}

/* One call takes a bounded part; the rest is there in the next. */
static void bounded_reads(void **state)
{
    struct fixture *f = *state;
    struct test_pair *p = &f->pair;
    static uint8_t bytes[200000];
    static uint8_t data[16384];
    memset(data, 'd', sizeof data);
    opened(f, TLS1_3_VERSION);
    int size = 1 << 20;
    (void)setsockopt(p->client_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    size_t sent = 0, got = 0, most = 0;
    while (SSL_write(p->client, data, sizeof data) > 0 && sent < 180000) {
        sent += sizeof data;
    }
    for (int i = 0; i < 100 && got < sent; i++) {
        size_t n = 0;
        enum pst_status status = pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err);
        assert_true(status == PST_OK || status == PST_AGAIN);
        got += status == PST_OK ? n : 0;
        most = n > most ? n : most;
        sent += SSL_write(p->client, data, sizeof data) > 0 ? sizeof data : 0;
    }
    assert_true(most <= PST_TLS_TAKE_MAX);
    assert_true(got >= 100000);
    /* a small buffer: what it leaves is pending */
    test_pair_close(p);
    opened(f, TLS1_3_VERSION);
    size_t n = 0;
    assert_int_equal(SSL_write(p->client, data, 100), 100);
    assert_false(pst_tls_conn_pending(p->conn));
    assert_int_equal(pst_tls_conn_read(p->conn, bytes, 60, &n, &p->err), PST_OK);
    assert_int_equal(n, 60);
    assert_true(pst_tls_conn_pending(p->conn));
    assert_int_equal(pst_tls_conn_read(p->conn, bytes, 60, &n, &p->err), PST_OK);
    assert_int_equal(n, 40);
    assert_false(pst_tls_conn_pending(p->conn));
    test_pair_close(p);
}

static void endings(void **state)
{
    struct fixture *f = *state;
    struct test_pair *p = &f->pair;
    uint8_t bytes[16];
    size_t n = 7;
    /* data, then close_notify */
    opened(f, TLS1_3_VERSION);
    assert_int_equal(SSL_write(p->client, "bye", 3), 3);
    (void)SSL_shutdown(p->client);
    assert_int_equal(pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err), PST_OK);
    assert_int_equal(n, 3);
    assert_int_equal(pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err), PST_OK);
    assert_int_equal(n, 0);
    /* the other half is open (RFC 8446 §6.1) */
    assert_int_equal(pst_tls_conn_write(p->conn, PST_STR("still"), &n, &p->err), PST_OK);
    assert_int_equal(SSL_read(p->client, bytes, sizeof bytes), 5);
    assert_int_equal(pst_tls_conn_shutdown(p->conn, &p->err), PST_OK);
    assert_int_equal(SSL_read(p->client, bytes, sizeof bytes), 0);
    assert_int_equal(SSL_get_error(p->client, 0), SSL_ERROR_ZERO_RETURN);
    test_pair_close(p);
    /* no close_notify */
    opened(f, TLS1_2_VERSION);
    close(p->client_fd);
    p->client_fd = -1;
    assert_int_equal(pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err), PST_ERR);
    assert_int_equal(p->err.code, PST_E_CLIENT_CLOSED);
    test_pair_close(p);
    /* a record that was changed on the way */
    opened(f, TLS1_3_VERSION);
    assert_int_equal(send(p->client_fd,
                          "\x17\x03\x03\x00\x14"
                          "01234567890123456789",
                          25, 0),
                     25);
    assert_int_equal(pst_tls_conn_read(p->conn, bytes, sizeof bytes, &n, &p->err), PST_ERR);
    assert_int_equal(p->err.code, PST_E_CLIENT_TLS);
    test_pair_close(p);
    /* the client does not listen */
    opened(f, TLS1_3_VERSION);
    static uint8_t much[65536];
    enum pst_status status = PST_OK;
    for (int i = 0; i < 1000 && status == PST_OK; i++) {
        status = pst_tls_conn_write(p->conn, pst_str_of(much, sizeof much), &n, &p->err);
    }
    assert_int_equal(status, PST_AGAIN);
    assert_int_equal(pst_tls_conn_need(p->conn), PST_TLS_NEED_WRITE);
    assert_int_equal(pst_tls_conn_shutdown(p->conn, &p->err), PST_AGAIN);
    test_pair_close(p);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split),   cmocka_unit_test(no_handshakes),
        cmocka_unit_test(endless_hello), cmocka_unit_test(endless_keys),
        cmocka_unit_test(renegotiation), cmocka_unit_test(bounded_reads),
        cmocka_unit_test(endings),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
