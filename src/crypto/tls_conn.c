#include "crypto/ossl.h"
#include "crypto/tls_host.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <sys/socket.h>

struct pst_tls_conn {
    struct pst_tls_server *server;
    SSL *ssl;
    void *user;
    int fd;
    int trouble; /* errno of the socket, 0: none */
    enum pst_tls_need need;
    bool shaken;   /* the handshake is over */
    bool resting;  /* counted among the host's */
    bool told;     /* the signature was asked for */
    bool dead;     /* OpenSSL forbids any further call after a fatal error */
    bool mute;     /* nothing is written any more */
    bool ended;    /* the client's end of file was read */
    uint32_t late; /* messages behind the handshake */
    size_t room;   /* bytes that this call may still take from the socket */
    size_t before; /* bytes taken before the handshake was over */
    struct pst_remote_wish wish;
};

/* --- the socket ---------------------------------------------------------------------------------
 */

/* A call takes so much and no more: a client that keeps a socket full with what is no data for us
 * must not keep the process, too. */
static int socket_read(BIO *bio, char *out, int n)
{
    struct pst_tls_conn *c = BIO_get_data(bio);
    size_t want = n > 0 ? (size_t)n : 0;
    BIO_clear_retry_flags(bio);
    if (!c->shaken && c->before >= PST_TLS_HELLO_MAX) {
        c->trouble = EMSGSIZE;
        return -1;
    }
    if (c->room == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    ssize_t got = recv(c->fd, out, want < c->room ? want : c->room, 0);
    if (got > 0) {
        c->room -= (size_t)got;
        c->before += c->shaken ? 0 : (size_t)got;
    } else if (got == 0) {
        c->ended = true;
    } else if (errno == EAGAIN || errno == EINTR) {
        BIO_set_retry_read(bio);
    } else {
        c->trouble = errno;
    }
    return (int)got;
}

static int socket_write(BIO *bio, const char *in, int n)
{
    struct pst_tls_conn *c = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (c->mute) {
        return n;
    }
    ssize_t put = send(c->fd, in, n > 0 ? (size_t)n : 0, MSG_NOSIGNAL);
    if (put < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            BIO_set_retry_write(bio);
        } else {
            c->trouble = errno;
        }
    }
    return (int)put;
}

static long socket_control(BIO *bio, int what, long number, void *p)
{
    (void)number;
    (void)p;
    const struct pst_tls_conn *c = BIO_get_data(bio);
    return what == BIO_CTRL_FLUSH || (what == BIO_CTRL_EOF && c->ended) ? 1 : 0;
}

BIO_METHOD *pst_tls_socket_new(void)
{
    BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "postern");
    if (m == NULL || BIO_meth_set_read(m, socket_read) != 1 ||
        BIO_meth_set_write(m, socket_write) != 1 || BIO_meth_set_ctrl(m, socket_control) != 1) {
        BIO_meth_free(m);
        return NULL;
    }
    return m;
}

/* What a client may send for ever without a byte of data: new keys, warnings, empty hellos. */
void pst_tls_conn_message(int write, int version, int type, const void *bytes, size_t n, SSL *ssl,
                          void *arg)
{
    (void)write;
    (void)version;
    (void)bytes;
    (void)n;
    (void)arg;
    struct pst_tls_conn *c = SSL_get_app_data(ssl);
    if (c != NULL && c->shaken && (type == SSL3_RT_HANDSHAKE || type == SSL3_RT_ALERT)) {
        c->late++;
    }
}

/* --- life ----------------------------------------------------------------------------------------
 */

enum pst_status pst_tls_conn_new(struct pst_tls_server *s, int fd, void *user,
                                 struct pst_tls_conn **ret, struct pst_err *err)
{
    ERR_clear_error();
    struct pst_tls_conn *c = calloc(1, sizeof *c);
    if (c == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for TLS");
    }
    c->server = s;
    c->fd = fd;
    c->user = user;
    s->users++;
    c->ssl = SSL_new(s->ctx);
    BIO *bio = BIO_new(s->host->socket);
    if (c->ssl == NULL || bio == NULL || SSL_set_app_data(c->ssl, c) != 1) {
        BIO_free(bio);
        pst_tls_conn_free(c);
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "no memory for TLS");
    }
    BIO_set_data(bio, c);
    BIO_set_init(bio, 1);
    SSL_set_bio(c->ssl, bio, bio);
    SSL_set_accept_state(c->ssl);
    if (s->host->tickets == NULL) {
        SSL_set_options(c->ssl, SSL_OP_NO_TICKET);
        (void)SSL_set_num_tickets(c->ssl, 0);
    }
    *ret = c;
    return PST_OK;
}

static void rest(struct pst_tls_conn *c, bool on)
{
    if (c->resting != on) {
        c->resting = on;
        c->server->host->resting += on ? 1 : (size_t)-1;
    }
}

/* A job that rests has a stack, and what lies on it: it is brought to its end first. */
static void end_job(struct pst_tls_conn *c)
{
    struct pst_remote_lane *lane = &c->server->host->lane;
    c->mute = true;
    c->room = 0;
    lane->wish = &c->wish;
    for (int i = 0; i < 4 && SSL_waiting_for_async(c->ssl) == 1; i++) {
        c->wish.state = PST_REMOTE_FAILED;
        (void)SSL_do_handshake(c->ssl);
    }
    lane->wish = NULL;
    ERR_clear_error();
}

void pst_tls_conn_free(struct pst_tls_conn *c)
{
    if (c == NULL) {
        return;
    }
    if (c->ssl != NULL) {
        end_job(c);
        SSL_free(c->ssl);
    }
    rest(c, false);
    pst_tls_server_put(c->server);
    free(c);
}

/* --- the meaning of a call
 * ------------------------------------------------------------------------ */

static enum pst_status start(struct pst_tls_conn *c, struct pst_err *err)
{
    if (c->dead) {
        return pst_fail(err, PST_E_CLIENT_CLOSED, "the connection is over");
    }
    ERR_clear_error();
    c->room = PST_TLS_TAKE_MAX;
    c->trouble = 0;
    c->server->host->lane.wish = &c->wish;
    return PST_OK;
}

static enum pst_status refuse(struct pst_tls_conn *c, struct pst_err *err)
{
    long verdict = SSL_get_verify_result(c->ssl);
    unsigned long reason = ERR_peek_error();
    if (verdict != X509_V_OK) {
        ERR_clear_error();
        return pst_fail(err, PST_E_CLIENT_TLS, "the client's certificate is not accepted: %s",
                        X509_verify_cert_error_string(verdict));
    }
    if (ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING || c->ended) {
        ERR_clear_error();
        return pst_fail(err, PST_E_CLIENT_CLOSED, "the client left without saying so");
    }
    return pst_ossl_fail(err, PST_E_CLIENT_TLS, "TLS with a client");
}

/* Of a call that did not succeed. */
static enum pst_status outcome(struct pst_tls_conn *c, int result, struct pst_err *err)
{
    c->server->host->lane.wish = NULL;
    switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        c->need = PST_TLS_NEED_READ;
        return PST_AGAIN;
    case SSL_ERROR_WANT_WRITE:
        c->need = PST_TLS_NEED_WRITE;
        return PST_AGAIN;
    case SSL_ERROR_WANT_ASYNC:
        c->need = PST_TLS_NEED_SIGNATURE;
        return PST_AGAIN;
    case SSL_ERROR_ZERO_RETURN:
        c->dead = true;
        return pst_fail(err, PST_E_CLIENT_CLOSED, "the client ended the connection");
    default:
        c->dead = true;
        break;
    }
    if (c->trouble == EMSGSIZE) {
        ERR_clear_error();
        return pst_fail(err, PST_E_CLIENT_TLS, "a handshake with more than %d bytes",
                        PST_TLS_HELLO_MAX);
    }
    if (c->trouble != 0) {
        ERR_clear_error();
        return pst_fail(err, PST_E_CLIENT_CLOSED, "the client reset the connection");
    }
    return refuse(c, err);
}

static enum pst_status finish(struct pst_tls_conn *c, struct pst_err *err)
{
    c->server->host->lane.wish = NULL;
    if (c->late > PST_TLS_LATE_MAX) {
        c->dead = true;
        return pst_fail(err, PST_E_CLIENT_TLS, "a client that sends messages instead of data");
    }
    return PST_OK;
}

/* --- handshake
 * ------------------------------------------------------------------------------------- */

static enum pst_status shaken(struct pst_tls_conn *c, struct pst_err *err)
{
    c->server->host->lane.wish = NULL;
    if (SSL_get_verify_result(c->ssl) != X509_V_OK) { /* the library's promise, and cheap */
        c->dead = true;
        return refuse(c, err);
    }
    c->shaken = true;
    /* nothing is signed any more: what follows needs no job */
    SSL_clear_mode(c->ssl, SSL_MODE_ASYNC);
    return PST_OK;
}

/* Asks for the signature, outside of the job and its small stack. It may be there at once. */
static void ask(struct pst_tls_conn *c)
{
    struct pst_tls_host *h = c->server->host;
    rest(c, true);
    c->told = true;
    if (h->resting > PST_TLS_RESTING_MAX) {
        pst_tls_conn_signed(c, (struct pst_str){NULL, 0});
        return;
    }
    h->sign(c->user, c, c->server->spki, c->wish.scheme, c->wish.text);
}

enum pst_status pst_tls_conn_handshake(struct pst_tls_conn *c, struct pst_err *err)
{
    for (;;) {
        if (c->wish.state == PST_REMOTE_WAITS) {
            return PST_AGAIN;
        }
        if (start(c, err) != PST_OK) {
            return PST_ERR;
        }
        bool failed = c->wish.state == PST_REMOTE_FAILED;
        rest(c, false);
        int result = SSL_do_handshake(c->ssl);
        if (result == 1) {
            return shaken(c, err);
        }
        enum pst_status status = outcome(c, result, err);
        if (status == PST_ERR && failed) {
            return pst_fail(err, PST_E_KEYS_UNAVAILABLE, "no signature for a handshake");
        }
        if (status != PST_AGAIN || c->wish.state != PST_REMOTE_WAITS) {
            return status;
        }
        ask(c);
    }
}

void pst_tls_conn_signed(struct pst_tls_conn *c, struct pst_str signature)
{
    if (c->wish.state != PST_REMOTE_WAITS) {
        return;
    }
    bool good = signature.n > 0 && signature.n <= sizeof c->wish.signature;
    if (good) {
        memcpy(c->wish.signature, signature.p, signature.n);
    }
    c->wish.n = good ? signature.n : 0;
    c->wish.state = good ? PST_REMOTE_SIGNED : PST_REMOTE_FAILED;
}

/* --- data
 * ------------------------------------------------------------------------------------------- */

enum pst_status pst_tls_conn_read(struct pst_tls_conn *c, uint8_t *ret, size_t n, size_t *ret_n,
                                  struct pst_err *err)
{
    size_t done = 0;
    if (start(c, err) != PST_OK) {
        return PST_ERR;
    }
    while (done < n) {
        size_t part = 0;
        int result = SSL_read_ex(c->ssl, &ret[done], n - done, &part);
        if (result == 1) {
            done += part;
            continue;
        }
        if (SSL_get_error(c->ssl, result) == SSL_ERROR_ZERO_RETURN) {
            break; /* told again when it is read again */
        }
        enum pst_status status = outcome(c, result, err);
        if (done == 0) {
            return status == PST_AGAIN && finish(c, err) != PST_OK ? PST_ERR : status;
        }
        break; /* what came before is good; an error is told by the next call */
    }
    if (finish(c, err) != PST_OK) {
        return PST_ERR;
    }
    *ret_n = done;
    return PST_OK;
}

enum pst_status pst_tls_conn_write(struct pst_tls_conn *c, struct pst_str in, size_t *ret_n,
                                   struct pst_err *err)
{
    size_t done = 0;
    if (start(c, err) != PST_OK) {
        return PST_ERR;
    }
    int result = in.n > 0 ? SSL_write_ex(c->ssl, in.p, in.n, &done) : 1;
    if (result != 1) {
        return outcome(c, result, err);
    }
    if (finish(c, err) != PST_OK) {
        return PST_ERR;
    }
    *ret_n = done;
    return PST_OK;
}

enum pst_status pst_tls_conn_shutdown(struct pst_tls_conn *c, struct pst_err *err)
{
    if (start(c, err) != PST_OK) {
        return PST_ERR;
    }
    if (!c->shaken) {
        return PST_OK; /* nothing was agreed that could be ended */
    }
    int result = SSL_shutdown(c->ssl);
    return result >= 0 ? finish(c, err) : outcome(c, result, err);
}

/* --- what it is
 * -------------------------------------------------------------------------------------- */

enum pst_tls_need pst_tls_conn_need(const struct pst_tls_conn *c)
{
    return c->need;
}

bool pst_tls_conn_pending(const struct pst_tls_conn *c)
{
    return !c->dead && SSL_has_pending(c->ssl) == 1;
}

const char *pst_tls_conn_version(const struct pst_tls_conn *c)
{
    return SSL_get_version(c->ssl);
}

const char *pst_tls_conn_cipher(const struct pst_tls_conn *c)
{
    return SSL_get_cipher_name(c->ssl);
}

struct pst_str pst_tls_conn_alpn(const struct pst_tls_conn *c)
{
    const unsigned char *name = NULL;
    unsigned n = 0;
    SSL_get0_alpn_selected(c->ssl, &name, &n);
    return pst_str_of(name, n);
}

bool pst_tls_conn_resumed(const struct pst_tls_conn *c)
{
    return SSL_session_reused(c->ssl) == 1;
}

static bool add_der(struct pst_buf *out, X509 *cert)
{
    int n = i2d_X509(cert, NULL);
    if (n <= 0 || (size_t)n > out->cap - out->n) {
        return false;
    }
    unsigned char *at = pst_buf_room(out, (size_t)n);
    if (at == NULL || i2d_X509(cert, &at) != n) {
        return false;
    }
    pst_buf_added(out, (size_t)n);
    return true;
}

enum pst_status pst_tls_conn_peer(const struct pst_tls_conn *c, struct pst_buf *out,
                                  struct pst_err *err)
{
    X509 *leaf = SSL_get0_peer_certificate(c->ssl);
    STACK_OF(X509) *above = SSL_get_peer_cert_chain(c->ssl); /* a server's has no leaf */
    size_t before = out->n;
    bool ok = leaf == NULL || add_der(out, leaf);
    for (int i = 0; ok && leaf != NULL && i < sk_X509_num(above); i++) {
        ok = add_der(out, sk_X509_value(above, i));
    }
    if (!ok) {
        pst_buf_truncate(out, before);
        return pst_fail(err, PST_E_LIMIT, "a client's certificates have more than %zu bytes",
                        out->cap - before);
    }
    return PST_OK;
}
