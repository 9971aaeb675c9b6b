#include "crypto/test_pki.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void need(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "test pki: %s\n", what);
        ERR_print_errors_fp(stderr);
        exit(1);
    }
}

static void extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    need(ext != NULL && X509_add_ext(cert, ext, -1) == 1, value);
    X509_EXTENSION_free(ext);
}

struct test_cert test_cert_make(const struct test_cert_spec *spec)
{
    struct test_cert c;
    const char *kind = spec->kind != NULL ? spec->kind : "P-256";
    c.key = spec->rsa_bits != 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)spec->rsa_bits)
            : strcmp(kind, "ED25519") == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, kind)
                                           : EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
    c.cert = X509_new();
    need(c.key != NULL && c.cert != NULL, "key");
    bool usual = spec->from_days == 0 && spec->to_days == 0;
    X509 *issuer = spec->issuer != NULL ? spec->issuer->cert : c.cert;
    EVP_PKEY *issuer_key = spec->issuer != NULL ? spec->issuer->key : c.key;
    BIGNUM *serial = BN_new();
    need(serial != NULL && BN_rand(serial, 100, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
             BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(c.cert)) != NULL,
         "serial");
    BN_free(serial);
    X509_NAME *name = X509_get_subject_name(c.cert);
    need(X509_set_version(c.cert, 2) == 1 && X509_set_pubkey(c.cert, c.key) == 1 &&
             X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)spec->cn,
                                        -1, -1, 0) == 1 &&
             X509_set_issuer_name(c.cert, X509_get_subject_name(issuer)) == 1,
         "name");
    X509_time_adj_ex(X509_getm_notBefore(c.cert), usual ? -1 : spec->from_days, 0, NULL);
    X509_time_adj_ex(X509_getm_notAfter(c.cert), usual ? 1 : spec->to_days, 0, NULL);
    extend(c.cert, issuer, NID_basic_constraints, spec->ca ? "critical,CA:TRUE" : "CA:FALSE");
    extend(c.cert, issuer, NID_subject_key_identifier, "hash");
    if (spec->ca) {
        extend(c.cert, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else if (spec->usage != NULL) {
        extend(c.cert, issuer, NID_key_usage, spec->usage);
    }
    if (spec->san != NULL) {
        extend(c.cert, issuer, NID_subject_alt_name, spec->san);
    }
    if (spec->eku != NULL) {
        extend(c.cert, issuer, NID_ext_key_usage, spec->eku);
    }
    const EVP_MD *digest = EVP_PKEY_is_a(issuer_key, "ED25519") == 1 ? NULL : EVP_sha256();
    need(X509_sign(c.cert, issuer_key, digest) > 0, "signature");
    return c;
}

void test_cert_free(struct test_cert *c)
{
    EVP_PKEY_free(c->key);
    X509_free(c->cert);
}

void test_cert_pem(const struct test_cert *c, struct pst_buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    need(bio != NULL && PEM_write_bio_X509(bio, c->cert) == 1, "pem");
    long n = BIO_get_mem_data(bio, &text);
    need(pst_buf_add(out, pst_str_of(text, (size_t)n)), "pem");
    BIO_free(bio);
}

void test_cert_der(const struct test_cert *c, struct pst_buf *out)
{
    unsigned char *der = NULL;
    int n = i2d_X509(c->cert, &der);
    need(n > 0 && pst_buf_add(out, pst_str_of(der, (size_t)n)), "der");
    OPENSSL_free(der);
}

void test_server_init(struct test_server *s, const struct test_cert *leaf,
                      const struct test_cert *chain)
{
    int ends[2];
    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "sockets");
    s->fd = ends[0];
    s->client_fd = ends[1];
    s->ctx = SSL_CTX_new(TLS_server_method());
    need(s->ctx != NULL, "context");
    SSL_CTX_set_security_level(s->ctx, 0);
    need(SSL_CTX_use_certificate(s->ctx, leaf->cert) == 1 &&
             SSL_CTX_use_PrivateKey(s->ctx, leaf->key) == 1,
         "certificate");
    if (chain != NULL) {
        need(SSL_CTX_add1_chain_cert(s->ctx, chain->cert) == 1, "chain");
    }
    s->ssl = SSL_new(s->ctx);
    need(s->ssl != NULL && SSL_set_fd(s->ssl, s->fd) == 1, "connection");
    SSL_set_mode(s->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_accept_state(s->ssl);
}

void test_server_release(struct test_server *s)
{
    SSL_free(s->ssl);
    SSL_CTX_free(s->ctx);
    close(s->fd);
    close(s->client_fd);
}
