#include "crypto/tls.h"

#include "crypto/ossl.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAIN_DEPTH_MAX = 8 };

struct pst_tls_client {
    SSL_CTX *ctx;
};

struct pst_tls {
    SSL *ssl;
    enum pst_tls_want want;
    bool dead; /* OpenSSL forbids any further call after a fatal error */
    char host[PST_TLS_HOST_MAX + 1];
};

/* --- the shared context ----------------------------------------------------------------------- */

static enum pst_status add_anchors(SSL_CTX *ctx, struct pst_str pem, struct pst_err *err)
{
    if (pem.n == 0 || pem.n > PST_TLS_CA_MAX) {
        return pst_fail(err, PST_E_CONFIG, "a CA bundle has 1 to %d bytes, not %zu", PST_TLS_CA_MAX,
                        pem.n);
    }
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio == NULL) {
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "no memory for a CA bundle");
    }
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    unsigned count = 0;
    enum pst_status status = PST_OK;
    ERR_clear_error();
    while (status == PST_OK) {
        X509 *cert = PEM_read_bio_X509(bio, NULL, pst_ossl_no_password, NULL);
        if (cert == NULL) {
            break;
        }
        count++;
        if (X509_STORE_add_cert(store, cert) != 1) {
            status = pst_ossl_fail(err, PST_E_CONFIG, "a CA certificate cannot be used");
        }
        X509_free(cert);
    }
    BIO_free(bio);
    /* the one good end of the loop is "no further block" */
    if (status == PST_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        char what[64];
        snprintf(what, sizeof what, "certificate %u of the CA bundle is not valid", count + 1);
        status = pst_ossl_fail(err, PST_E_CONFIG, what);
    }
    ERR_clear_error();
    if (status == PST_OK && count == 0) {
        status = pst_fail(err, PST_E_CONFIG, "the CA bundle holds no certificate");
    }
    return status;
}

static bool set_up(SSL_CTX *ctx)
{
    SSL_CTX_set_security_level(ctx, 2);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_verify_depth(ctx, CHAIN_DEPTH_MAX);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    SSL_CTX_clear_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    /* one read per record instead of one for its head and one for its body */
    SSL_CTX_set_read_ahead(ctx, 1);
    int groups[] = {NID_X25519, NID_X9_62_prime256v1, NID_secp384r1};
    static const unsigned char alpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set1_groups(ctx, groups, PST_LEN(groups)) == 1 &&
           SSL_CTX_set_alpn_protos(ctx, alpn, sizeof alpn) == 0;
}

enum pst_status pst_tls_client_new(struct pst_str ca_pem, struct pst_tls_client **ret,
                                   struct pst_err *err)
{
    if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS, NULL) != 1) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "OpenSSL does not start");
    }
    struct pst_tls_client *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for TLS");
    }
    c->ctx = SSL_CTX_new(TLS_client_method());
    if (c->ctx == NULL || !set_up(c->ctx)) {
        pst_tls_client_free(c);
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "TLS cannot be set up");
    }
    if (add_anchors(c->ctx, ca_pem, err) != PST_OK) {
        pst_tls_client_free(c);
        return PST_ERR;
    }
    *ret = c;
    return PST_OK;
}

void pst_tls_client_free(struct pst_tls_client *c)
{
    if (c != NULL) {
        SSL_CTX_free(c->ctx);
        free(c);
    }
}

/* --- one connection --------------------------------------------------------------------------- */

/* LDH labels and the underscore; nothing that OpenSSL would read as a pattern (a leading dot
 * matches every subdomain there) or as the end of the text. */
static bool is_dns_name(struct pst_str s)
{
    size_t label = 0;
    bool letters = false; /* in the last label: a name that ends in a number is a broken address */
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], low = (uint8_t)(c | 0x20);
        if (c == '.') {
            if (label == 0 || s.p[i - 1] == '-') {
                return false;
            }
            label = 0;
            letters = false;
            continue;
        }
        bool letter = low >= 'a' && low <= 'z', digit = c >= '0' && c <= '9';
        if ((!letter && !digit && c != '-' && c != '_') || (c == '-' && label == 0) ||
            ++label > 63) {
            return false;
        }
        letters = letters || letter;
    }
    return label > 0 && letters && s.p[s.n - 1] != '-';
}

static enum pst_status set_name(struct pst_tls *t, struct pst_str host, struct pst_err *err)
{
    if (!pst_str_to_c(host, t->host, sizeof t->host)) {
        return pst_fail(err, PST_E_CONFIG, "an upstream's name is too long or not text");
    }
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, t->host) == 1) {
        return PST_OK; /* an address is not sent as SNI (RFC 6066 §3) */
    }
    ERR_clear_error();
    if (!is_dns_name(host)) {
        return pst_fail(err, PST_E_CONFIG,
                        "an upstream's name is neither a DNS name nor an address");
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (X509_VERIFY_PARAM_set1_host(param, t->host, host.n) != 1 ||
        SSL_set_tlsext_host_name(t->ssl, t->host) != 1) {
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "no memory for TLS");
    }
    return PST_OK;
}

enum pst_status pst_tls_new(struct pst_tls_client *c, int fd, struct pst_str host,
                            struct pst_tls **ret, struct pst_err *err)
{
    struct pst_tls *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for TLS");
    }
    t->ssl = SSL_new(c->ctx);
    if (t->ssl == NULL || SSL_set_fd(t->ssl, fd) != 1) {
        pst_tls_free(t);
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "no memory for TLS");
    }
    SSL_set_connect_state(t->ssl);
    if (set_name(t, host, err) != PST_OK) {
        pst_tls_free(t);
        return PST_ERR;
    }
    *ret = t;
    return PST_OK;
}

void pst_tls_free(struct pst_tls *t)
{
    if (t != NULL) {
        SSL_free(t->ssl);
        free(t);
    }
}

static enum pst_status closed(struct pst_tls *t, struct pst_err *err, const char *how)
{
    ERR_clear_error();
    return pst_fail(err, PST_E_UPSTREAM_CLOSED, "%s %s", t->host, how);
}

/* Names the reason. A certificate's refusal is told in its own words: it is the one that an
 * operator can do something about. */
static enum pst_status refuse(struct pst_tls *t, struct pst_err *err)
{
    long verdict = SSL_get_verify_result(t->ssl);
    if (verdict != X509_V_OK) {
        ERR_clear_error();
        return pst_fail(err, PST_E_UPSTREAM_TLS, "the certificate of %s is not accepted: %s",
                        t->host, X509_verify_cert_error_string(verdict));
    }
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        return closed(t, err, "ended the connection without saying so");
    }
    char what[PST_TLS_HOST_MAX + 16];
    snprintf(what, sizeof what, "TLS with %s", t->host);
    return pst_ossl_fail(err, PST_E_UPSTREAM_TLS, what);
}

/* The meaning of a call that did not succeed. `saved_errno` is that of the call. */
static enum pst_status outcome(struct pst_tls *t, int result, int saved_errno, struct pst_err *err)
{
    switch (SSL_get_error(t->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        t->want = PST_TLS_WANT_READ;
        return PST_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        t->want = PST_TLS_WANT_WRITE;
        return PST_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        t->dead = true;
        return closed(t, err, "ended the connection");
    case SSL_ERROR_SYSCALL: {
        t->dead = true;
        if (saved_errno == 0 || saved_errno == ECONNRESET || saved_errno == EPIPE) {
            return closed(t, err, "reset the connection");
        }
        const char *text = strerrordesc_np(saved_errno);
        ERR_clear_error();
        return pst_fail(err, PST_E_UPSTREAM_CLOSED, "the connection to %s failed: %s", t->host,
                        text != NULL ? text : "unknown error");
    }
    default:
        t->dead = true;
        return refuse(t, err);
    }
}

static enum pst_status start(struct pst_tls *t, struct pst_err *err)
{
    if (t->dead) {
        return pst_fail(err, PST_E_UPSTREAM_CLOSED, "the connection to %s is over", t->host);
    }
    ERR_clear_error();
    errno = 0;
    return PST_OK;
}

enum pst_status pst_tls_handshake(struct pst_tls *t, struct pst_err *err)
{
    if (start(t, err) != PST_OK) {
        return PST_ERR;
    }
    int result = SSL_do_handshake(t->ssl);
    if (result != 1) {
        return outcome(t, result, errno, err);
    }
    /* not every 3.0 release checks that a server took a protocol we offered; that a verdict was
     * reached is the library's promise, and cheap to be sure of */
    const unsigned char *alpn = NULL;
    unsigned n = 0;
    SSL_get0_alpn_selected(t->ssl, &alpn, &n);
    if (n > 0 && !pst_str_eq(pst_str_of(alpn, n), PST_STR("http/1.1"))) {
        t->dead = true;
        return pst_fail(err, PST_E_UPSTREAM_TLS, "%s chose a protocol that was not offered",
                        t->host);
    }
    if (SSL_get_verify_result(t->ssl) != X509_V_OK || SSL_get0_peer_certificate(t->ssl) == NULL) {
        t->dead = true;
        return pst_fail(err, PST_E_UPSTREAM_TLS, "%s has no accepted certificate", t->host);
    }
    return PST_OK;
}

enum pst_status pst_tls_read(struct pst_tls *t, uint8_t *ret, size_t n, size_t *ret_n,
                             struct pst_err *err)
{
    if (start(t, err) != PST_OK) {
        return PST_ERR;
    }
    size_t done = 0;
    int result = n > 0 ? SSL_read_ex(t->ssl, ret, n, &done) : 1;
    if (result != 1) {
        int saved_errno = errno;
        if (SSL_get_error(t->ssl, result) != SSL_ERROR_ZERO_RETURN) {
            return outcome(t, result, saved_errno, err);
        }
        done = 0;
    }
    *ret_n = done;
    return PST_OK;
}

enum pst_status pst_tls_write(struct pst_tls *t, struct pst_str in, size_t *ret_n,
                              struct pst_err *err)
{
    if (start(t, err) != PST_OK) {
        return PST_ERR;
    }
    size_t done = 0;
    int result = in.n > 0 ? SSL_write_ex(t->ssl, in.p, in.n, &done) : 1;
    if (result != 1) {
        return outcome(t, result, errno, err);
    }
    *ret_n = done;
    return PST_OK;
}

enum pst_status pst_tls_shutdown(struct pst_tls *t, struct pst_err *err)
{
    if (start(t, err) != PST_OK) {
        return PST_ERR;
    }
    if (SSL_in_init(t->ssl)) {
        return PST_OK; /* nothing was agreed that could be ended */
    }
    int result = SSL_shutdown(t->ssl);
    return result >= 0 ? PST_OK : outcome(t, result, errno, err);
}

enum pst_tls_want pst_tls_want(const struct pst_tls *t)
{
    return t->want;
}

bool pst_tls_pending(const struct pst_tls *t)
{
    return SSL_has_pending(t->ssl) == 1;
}

const char *pst_tls_version(const struct pst_tls *t)
{
    return SSL_get_version(t->ssl);
}

const char *pst_tls_cipher(const struct pst_tls *t)
{
    return SSL_get_cipher_name(t->ssl);
}
