#include "crypto/tls_server.h"

#include "crypto/ossl.h"
#include "crypto/tls_host.h"
#include "crypto/tls_scheme.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    CLIENT_CHAIN_BYTES = 16384, /* the Certificate message of a client */
    CLIENT_NAMES_MAX = 64,      /* authorities named to clients; more of them, and none is named */
};

/* --- what all share ----------------------------------------------------------------------------
 */

enum pst_status pst_tls_host_new(pst_tls_sign_fn *sign, struct pst_tls_host **ret,
                                 struct pst_err *err)
{
    if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS, NULL) != 1) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "OpenSSL does not start");
    }
    struct pst_tls_host *h = calloc(1, sizeof *h);
    if (h == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for TLS");
    }
    h->sign = sign;
    bool library = pst_remote_library_init(&h->library);
    h->socket = pst_tls_socket_new();
    if (!library || h->socket == NULL) {
        pst_tls_host_free(h);
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "TLS cannot be set up");
    }
    *ret = h;
    return PST_OK;
}

void pst_tls_host_free(struct pst_tls_host *h)
{
    if (h != NULL) {
        BIO_meth_free(h->socket);
        pst_remote_library_release(&h->library);
        pst_secret_free(h->tickets);
        free(h);
    }
}

enum pst_status pst_tls_host_tickets(struct pst_tls_host *h,
                                     const uint8_t current[PST_TLS_TICKET_KEY],
                                     const uint8_t previous[PST_TLS_TICKET_KEY],
                                     struct pst_err *err)
{
    struct pst_secret *both = pst_secret_blank(2 * (size_t)PST_TLS_TICKET_KEY);
    if (both == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no locked memory for ticket keys");
    }
    memcpy(pst_secret_bytes(both), current, PST_TLS_TICKET_KEY);
    memcpy(&pst_secret_bytes(both)[PST_TLS_TICKET_KEY], previous, PST_TLS_TICKET_KEY);
    pst_secret_free(h->tickets);
    h->tickets = both;
    return PST_OK;
}

size_t pst_tls_host_resting(const struct pst_tls_host *h)
{
    return h->resting;
}

/* --- settings -----------------------------------------------------------------------------------
 */

/* The first of ours that the client has, too. A client that names protocols and none of ours must
 * not be taken for one that speaks HTTP (RFC 7301 §3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                           const unsigned char *in, unsigned in_n, void *http2)
{
    static const struct pst_str ours[] = {PST_STR_INIT("h2"), PST_STR_INIT("http/1.1")};
    (void)ssl;
    for (size_t i = http2 != NULL ? 0 : 1; i < PST_LEN(ours); i++) {
        struct pst_cur c = pst_cur_of(pst_str_of(in, in_n));
        uint8_t n = 0;
        struct pst_str name;
        while (pst_cur_u8(&c, &n) && pst_cur_take(&c, n, &name)) {
            if (pst_str_eq(name, ours[i])) {
                *out = ours[i].p;
                *out_n = (unsigned char)ours[i].n;
                return SSL_TLSEXT_ERR_OK;
            }
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool set_up(SSL_CTX *ctx)
{
    char groups[] = "X25519:P-256:P-384"; /* the macros below cast a const away */
    char sigalgs[] = "ECDSA+SHA256:ed25519:RSA-PSS+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:"
                     "RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512";
    SSL_CTX_set_security_level(ctx, 2);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(ctx, PST_TLS_TICKET_LIFE_S);
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_clear_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ASYNC);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_max_cert_list(ctx, CLIENT_CHAIN_BYTES);
    SSL_CTX_set_verify_depth(ctx, PST_TLS_CERTS_MAX);
    SSL_CTX_set_msg_callback(ctx, pst_tls_conn_message);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set1_groups_list(ctx, groups) == 1 &&
           SSL_CTX_set1_sigalgs_list(ctx, sigalgs) == 1 &&
           SSL_CTX_set1_client_sigalgs_list(ctx, sigalgs) == 1 &&
           SSL_CTX_set_max_early_data(ctx, 0) == 1 && SSL_CTX_set_recv_max_early_data(ctx, 0) == 1;
}

/* Gives each certificate of a PEM text to `take`. */
static enum pst_status each_certificate(struct pst_str pem, size_t bytes_max, const char *what,
                                        enum pst_status (*take)(SSL_CTX *ctx, X509 *cert, size_t at,
                                                                struct pst_err *err),
                                        SSL_CTX *ctx, struct pst_err *err)
{
    if (pem.n == 0 || pem.n > bytes_max) {
        return pst_fail(err, PST_E_CONFIG, "%s: 1 to %zu bytes of PEM are needed, not %zu", what,
                        bytes_max, pem.n);
    }
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    if (bio == NULL) {
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "no memory for certificates");
    }
    size_t count = 0;
    enum pst_status status = PST_OK;
    ERR_clear_error();
    while (status == PST_OK) {
        X509 *cert = PEM_read_bio_X509(bio, NULL, pst_ossl_no_password, NULL);
        if (cert == NULL) {
            break;
        }
        status = take(ctx, cert, count++, err);
        X509_free(cert);
    }
    BIO_free(bio);
    /* the one good end of the loop is "no further block" */
    if (status == PST_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        char text[96];
        snprintf(text, sizeof text, "%s: certificate %zu is not valid", what, count + 1);
        status = pst_ossl_fail(err, PST_E_CONFIG, text);
    } else if (status == PST_OK && count == 0) {
        status = pst_fail(err, PST_E_CONFIG, "%s: there is no certificate", what);
    }
    ERR_clear_error();
    return status;
}

static enum pst_status take_own(SSL_CTX *ctx, X509 *cert, size_t at, struct pst_err *err)
{
    if (at == PST_TLS_CERTS_MAX) {
        return pst_fail(err, PST_E_CONFIG, "a chain has %d certificates at most",
                        PST_TLS_CERTS_MAX);
    }
    if ((at == 0 ? SSL_CTX_use_certificate(ctx, cert) : SSL_CTX_add1_chain_cert(ctx, cert)) != 1) {
        return pst_ossl_fail(err, PST_E_CONFIG, "a certificate cannot be used");
    }
    return PST_OK;
}

static enum pst_status take_authority(SSL_CTX *ctx, X509 *cert, size_t at, struct pst_err *err)
{
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert) != 1 ||
        (at < CLIENT_NAMES_MAX && SSL_CTX_add_client_CA(ctx, cert) != 1)) {
        return pst_ossl_fail(err, PST_E_CONFIG,
                             "an authority of client certificates cannot be used");
    }
    if (at == CLIENT_NAMES_MAX) { /* a client that is told no names shows what it has */
        SSL_CTX_set_client_CA_list(ctx, sk_X509_NAME_new_null());
    }
    return PST_OK;
}

static enum pst_status set_clients(struct pst_tls_server *s,
                                   const struct pst_tls_server_config *config, struct pst_err *err)
{
    if (config->mode == PST_TLS_CLIENTS_NONE) {
        SSL_CTX_set_verify(s->ctx, SSL_VERIFY_NONE, NULL);
        return PST_OK;
    }
    /* A ticket would carry the leaf without the chain that was verified, past its end and past the
     * authority's removal: nothing is resumed here. */
    SSL_CTX_set_options(s->ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_verify(
        s->ctx,
        SSL_VERIFY_PEER |
            (config->mode == PST_TLS_CLIENTS_REQUIRED ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
        NULL);
    return SSL_CTX_set_num_tickets(s->ctx, 0) == 1
               ? each_certificate(config->clients, PST_TLS_CLIENTS_MAX,
                                  "authorities of client certificates", take_authority, s->ctx, err)
               : pst_ossl_fail(err, PST_E_INTERNAL, "TLS cannot be set up");
}

static enum pst_status set_key(struct pst_tls_server *s, struct pst_err *err)
{
    EVP_PKEY *public = X509_get0_pubkey(SSL_CTX_get0_certificate(s->ctx));
    enum pst_tls_kind kind;
    if (public == NULL || !pst_tls_kind_of(public, &kind)) {
        return pst_ossl_fail(err, PST_E_CONFIG,
                             "a TLS key is ECDSA P-256 or P-384, RSA with 2048 to 4096 bits, or "
                             "Ed25519");
    }
    EVP_PKEY *key = pst_remote_key_new(&s->host->library, public, &s->host->lane);
    bool ok = key != NULL && pst_tls_spki_of(public, s->spki) &&
              SSL_CTX_use_PrivateKey(s->ctx, key) == 1 &&
              /* sessions are the key's own: a ticket of another server is none here */
              SSL_CTX_set_session_id_context(s->ctx, s->spki, sizeof s->spki) == 1;
    EVP_PKEY_free(key);
    return ok ? PST_OK : pst_ossl_fail(err, PST_E_NO_MEMORY, "a TLS key cannot be set up");
}

enum pst_status pst_tls_server_new(struct pst_tls_host *h,
                                   const struct pst_tls_server_config *config,
                                   struct pst_tls_server **ret, struct pst_err *err)
{
    struct pst_tls_server *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for TLS");
    }
    s->host = h;
    s->users = 1;
    ERR_clear_error();
    s->ctx = SSL_CTX_new_ex(h->library.ctx, PST_REMOTE_PROPERTIES, TLS_server_method());
    if (s->ctx == NULL || !set_up(s->ctx) || SSL_CTX_set_app_data(s->ctx, s) != 1 ||
        SSL_CTX_set_tlsext_ticket_key_evp_cb(s->ctx, pst_tls_ticket_key) != 1) {
        pst_tls_server_free(s);
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "TLS cannot be set up");
    }
    SSL_CTX_set_alpn_select_cb(s->ctx, choose_protocol, config->http2 ? s : NULL);
    if (each_certificate(config->certificate, PST_TLS_CHAIN_MAX, "certificate", take_own, s->ctx,
                         err) != PST_OK ||
        set_key(s, err) != PST_OK || set_clients(s, config, err) != PST_OK) {
        pst_tls_server_free(s);
        return PST_ERR;
    }
    *ret = s;
    return PST_OK;
}

void pst_tls_server_put(struct pst_tls_server *s)
{
    s->users--;
    if (s->users == 0) {
        SSL_CTX_free(s->ctx);
        free(s);
    }
}

void pst_tls_server_free(struct pst_tls_server *s)
{
    if (s != NULL) {
        pst_tls_server_put(s);
    }
}
