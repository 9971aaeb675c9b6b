/* Inside crypto/ only: what a TLS server is made of. */
#ifndef PST_CRYPTO_TLS_HOST_H
#define PST_CRYPTO_TLS_HOST_H

#include "crypto/remote_key.h"
#include "crypto/tls_server.h"

#include <openssl/ssl.h>

struct pst_tls_host {
    struct pst_remote_library library;
    BIO_METHOD *socket; /* tls_conn.c's */
    pst_tls_sign_fn *sign;
    struct pst_secret *tickets; /* two keys; NULL: none yet */
    struct pst_remote_lane lane;
    size_t resting;
};

struct pst_tls_server {
    struct pst_tls_host *host;
    SSL_CTX *ctx;
    size_t users; /* the owner and the connections */
    uint8_t spki[PST_TLS_SPKI];
};

void pst_tls_server_put(struct pst_tls_server *s);
/* The socket of a connection, for its SSL. NULL: no memory. */
BIO_METHOD *pst_tls_socket_new(void);
/* Counts what comes behind the handshake. */
void pst_tls_conn_message(int write, int version, int type, const void *bytes, size_t n, SSL *ssl,
                          void *arg);

/* tls_ticket.c: SSL_CTX_set_tlsext_ticket_key_evp_cb's. */
int pst_tls_ticket_key(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                       EVP_MAC_CTX *mac, int encrypt);

#endif
