/* For tests: our TLS server and OpenSSL's client in one thread, with sockets between them, and keys
 * that sign when the test says so. */
#ifndef PST_CRYPTO_TEST_TLS_PAIR_H
#define PST_CRYPTO_TEST_TLS_PAIR_H

#include "crypto/server_key.h"
#include "crypto/test_pki.h"
#include "crypto/tls_server.h"

enum { TEST_RESTING = 600 };

/* What the server asked for, not answered yet. */
struct test_wish {
    struct pst_tls_conn *conn;
    uint16_t scheme;
    uint8_t text[PST_TLS_SIGNED];
    size_t n;
};

struct test_signer {
    struct pst_server_key *key;
    bool at_once;
    size_t asked; /* in all */
    size_t n;
    struct test_wish *wishes; /* TEST_RESTING of them */
};

struct test_pair {
    int server_fd, client_fd;
    struct pst_tls_conn *conn;
    SSL *client;
    bool server_done, client_done, failed;
    struct pst_err err;
};

struct pst_server_key *test_tls_key(const struct test_cert *cert);
/* Signs with this certificate's key. */
void test_signer_init(struct test_signer *s, const struct test_cert *cert);
void test_signer_release(struct test_signer *s);
struct pst_tls_host *test_tls_host(void);
struct pst_tls_server *test_tls_server(struct pst_tls_host *h, const struct test_cert *leaf,
                                       const struct test_cert *clients, enum pst_tls_clients mode,
                                       bool http2);
/* A client that believes this authority and shows `own` (NULL: nothing). */
SSL_CTX *test_tls_client(const struct test_cert *authority, const struct test_cert *own);
/* `signer` is the connection's user. */
void test_pair_open(struct test_pair *p, struct pst_tls_server *s, SSL_CTX *client,
                    struct test_signer *signer);
void test_pair_close(struct test_pair *p);
/* Both sides in turn, until both are done, one has failed, or nothing moves. */
void test_pair_shake(struct test_pair *p);
/* Signs the wish with this number and forgets it. */
void test_sign(struct test_signer *s, size_t at);

#endif
