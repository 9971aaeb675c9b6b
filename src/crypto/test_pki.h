/* For tests: certificates made on the spot, and a TLS server in this process that is driven in turn
 * with the client. Errors end the test program. */
#ifndef PST_CRYPTO_TEST_PKI_H
#define PST_CRYPTO_TEST_PKI_H

#include "base/buf.h"

#include <openssl/ssl.h>
#include <stdbool.h>

struct test_cert {
    EVP_PKEY *key;
    X509 *cert;
};

struct test_cert_spec {
    const char *cn;
    const char *san;                /* "DNS:a.test,IP:127.0.0.1"; NULL: none */
    const char *eku;                /* "serverAuth"; NULL: none */
    const struct test_cert *issuer; /* NULL: self-signed */
    bool ca;
    int from_days, to_days; /* relative to now; both 0: from -1 to 1 */
    unsigned rsa_bits;      /* 0: P-256, or */
    const char *kind;       /* "P-384", "P-521", "ED25519" */
    const char *usage;      /* of a leaf: "critical,digitalSignature"; NULL: none */
};

struct test_cert test_cert_make(const struct test_cert_spec *spec);
void test_cert_free(struct test_cert *c);
void test_cert_pem(const struct test_cert *c, struct pst_buf *out);
void test_cert_der(const struct test_cert *c, struct pst_buf *out);

struct test_server {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;        /* the server's end, non-blocking */
    int client_fd; /* the client's end, non-blocking */
};

/* `chain` may be NULL: an intermediate certificate that is sent too. */
void test_server_init(struct test_server *s, const struct test_cert *leaf,
                      const struct test_cert *chain);
void test_server_release(struct test_server *s);

#endif
