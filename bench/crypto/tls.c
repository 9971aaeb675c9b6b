/* What a TLS connection costs the process that serves it: handshakes a second and CPU each, with
 * the signature counted apart, and the memory of a connection that waits. Prints rows for
 * bench/RESULTS.md. Server and client share this process; only the server's calls are counted. */
#include "base/test.h"

#include "crypto/crypto.h"
#include "crypto/test_tls_pair.h"

#include <malloc.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 400, IDLE = 200 };

struct cost {
    double cpu_us;  /* of the server's calls */
    double sign_us; /* of the signatures in them */
    size_t heap;    /* taken by them and not given back */
};

static SSL_SESSION *session;

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int keep(SSL *ssl, SSL_SESSION *s)
{
    (void)ssl;
    SSL_SESSION_free(session);
    session = s;
    return 1;
}

/* One handshake, with what the server's calls cost. */
static void shake(struct test_pair *p, struct test_signer *signer, struct cost *cost)
{
    for (int i = 0; i < 10 && !(p->server_done && p->client_done); i++) {
        p->client_done = p->client_done || SSL_do_handshake(p->client) == 1;
        size_t heap = mallinfo2().uordblks;
        double began = now_us();
        if (!p->server_done) {
            p->server_done = pst_tls_conn_handshake(p->conn, &p->err) == PST_OK;
        }
        if (signer->n > 0) {
            double signing = now_us();
            test_sign(signer, 0);
            cost->sign_us += now_us() - signing;
            p->server_done = pst_tls_conn_handshake(p->conn, &p->err) == PST_OK;
        }
        cost->cpu_us += now_us() - began;
        cost->heap += mallinfo2().uordblks - heap;
    }
    assert_true(p->server_done && p->client_done);
    uint8_t byte;
    (void)SSL_read(p->client, &byte, 1); /* tickets */
}

static void row(const char *name, struct pst_tls_server *s, SSL_CTX *client,
                struct test_signer *signer, bool resume)
{
    struct cost cost = {0};
    for (int i = 0; i < ROUNDS; i++) {
        struct test_pair p;
        test_pair_open(&p, s, client, signer);
        if (resume && session != NULL) {
            (void)SSL_set_session(p.client, session);
        }
        struct cost *to = i > 0 ? &cost : &(struct cost){0};
        shake(&p, signer, to);
        test_pair_close(&p);
    }
    double each = cost.cpu_us / (ROUNDS - 1), sign = cost.sign_us / (ROUNDS - 1);
    printf("| %s | %.0f | %.0f | %.0f |\n", name, each - sign, sign, 1e6 / each);
}

static void idle(const char *name, struct pst_tls_server *s, SSL_CTX *client,
                 struct test_signer *signer)
{
    static struct test_pair pairs[IDLE];
    struct cost cost = {0};
    size_t opened = 0;
    for (size_t i = 0; i < IDLE; i++) {
        size_t heap = mallinfo2().uordblks;
        test_pair_open(&pairs[i], s, NULL, signer);
        opened += mallinfo2().uordblks - heap;
        pairs[i].client = SSL_new(client);
        assert_int_equal(SSL_set_fd(pairs[i].client, pairs[i].client_fd), 1);
        SSL_set_connect_state(pairs[i].client);
        shake(&pairs[i], signer, &cost);
        for (int k = 0; k < 2; k++) { /* a word each way, and the wait for the next */
            uint8_t bytes[16];
            size_t n = 0;
            (void)SSL_write(pairs[i].client, "ping", 4);
            heap = mallinfo2().uordblks;
            (void)!pst_tls_conn_read(pairs[i].conn, bytes, sizeof bytes, &n, &pairs[i].err);
            (void)!pst_tls_conn_write(pairs[i].conn, PST_STR("pong"), &n, &pairs[i].err);
            (void)!pst_tls_conn_read(pairs[i].conn, bytes, sizeof bytes, &n, &pairs[i].err);
            cost.heap += mallinfo2().uordblks - heap;
            (void)SSL_read(pairs[i].client, bytes, sizeof bytes);
        }
    }
    printf("%s, idle: %.1f KiB\n", name, (double)(opened + cost.heap) / IDLE / 1024);
    for (size_t i = 0; i < IDLE; i++) {
        test_pair_close(&pairs[i]);
    }
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30); /* so that mallinfo2 sees all */
    if (pst_crypto_init(NULL) != PST_OK) {
        return 1;
    }
    struct test_cert root = test_cert_make(&(struct test_cert_spec){.cn = "root", .ca = true});
    struct test_cert ec = test_cert_make(&(struct test_cert_spec){.cn = "ec", .issuer = &root});
    struct test_cert rsa = test_cert_make(
        &(struct test_cert_spec){.cn = "rsa", .issuer = &root, .rsa_bits = 2048});
    struct pst_err err;
    uint8_t tickets[PST_TLS_TICKET_KEY] = {1};
    size_t before = mallinfo2().uordblks;
    struct pst_tls_host *h = test_tls_host();
    printf("what all servers share: %.0f KiB\n", (double)(mallinfo2().uordblks - before) / 1024);
    if (pst_tls_host_tickets(h, tickets, tickets, &err) != PST_OK) {
        return 1;
    }
    struct test_signer by_ec, by_rsa;
    test_signer_init(&by_ec, &ec);
    test_signer_init(&by_rsa, &rsa);
    before = mallinfo2().uordblks;
    struct pst_tls_server *s_ec = test_tls_server(h, &ec, NULL, PST_TLS_CLIENTS_NONE, true);
    printf("a server: %.0f KiB\n", (double)(mallinfo2().uordblks - before) / 1024);
    struct pst_tls_server *s_rsa = test_tls_server(h, &rsa, NULL, PST_TLS_CLIENTS_NONE, true);
    struct pst_tls_server *s_mutual = test_tls_server(h, &ec, &root, PST_TLS_CLIENTS_REQUIRED,
                                                      true);
    SSL_CTX *client = test_tls_client(&root, NULL), *mutual = test_tls_client(&root, &ec);
    SSL_CTX *old = test_tls_client(&root, NULL);
    SSL_CTX_set_max_proto_version(old, TLS1_2_VERSION);
    printf("| handshake | CPU µs without the signature | signature µs | a second on one core |\n"
           "|---|---|---|---|\n");
    row("TLS 1.3, P-256", s_ec, client, &by_ec, false);
    row("TLS 1.3, RSA-2048", s_rsa, client, &by_rsa, false);
    row("TLS 1.2, P-256", s_ec, old, &by_ec, false);
    row("TLS 1.3, P-256, client certificate", s_mutual, mutual, &by_ec, false);
    SSL_CTX_set_session_cache_mode(client, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(client, keep);
    row("TLS 1.3, resumed", s_ec, client, &by_ec, true);
    idle("TLS 1.3", s_ec, client, &by_ec);
    idle("TLS 1.2", s_ec, old, &by_ec);
    idle("TLS 1.3 with a client certificate", s_mutual, mutual, &by_ec);
    return 0;
}
