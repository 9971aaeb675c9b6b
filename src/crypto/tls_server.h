/* The TLS server of a front (TLS 1.2 RFC 5246, TLS 1.3 RFC 8446). The private key is somewhere
 * else: a handshake that needs a signature says so and rests until one is brought. Non-blocking,
 * over a socket that stays the caller's; one thread.
 *
 * ECDHE with AEAD only, X25519, P-256 and P-384, security level 2; no renegotiation, no
 * compression, no early data. SNI (RFC 6066 §3) is read and does not matter. Sessions are resumed
 * by tickets (RFC 5077, RFC 8446 §4.6.1) that hold everything, on servers that ask for no client
 * certificate: where one is asked for, it is shown and verified in every handshake. */
#ifndef PST_CRYPTO_TLS_SERVER_H
#define PST_CRYPTO_TLS_SERVER_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/tls_text.h"

#include <stdbool.h>

/* --- what all servers of a process share -------------------------------------------------------
 */

struct pst_tls_host;

enum {
    PST_TLS_CHAIN_MAX = 65536,        /* PEM of a server's certificate and those above it */
    PST_TLS_CLIENTS_MAX = 1 << 20,    /* PEM of authorities */
    PST_TLS_CERTS_MAX = 8,            /* certificates in a chain */
    PST_TLS_TICKET_KEY = 80,          /* name (16), AES-256 key, HMAC-SHA-256 key */
    PST_TLS_TICKET_LIFE_S = 4 * 3600, /* a session may be resumed so long */
    PST_TLS_RESTING_MAX = 512, /* handshakes at rest at the same time; each has a stack of 32 KiB */
    PST_TLS_HELLO_MAX = 65536, /* bytes that a client may send before its handshake is over */
    PST_TLS_TAKE_MAX = 65536,  /* bytes taken from the socket in one call */
    PST_TLS_LATE_MAX = 64,     /* handshake messages and alerts after the handshake */
};

struct pst_tls_conn;

/* The connection needs a signature of the key with this name. It is to be brought by
 * pst_tls_conn_signed, at once or later; views are valid as long as the connection rests. */
typedef void pst_tls_sign_fn(void *user, struct pst_tls_conn *conn,
                             const uint8_t spki[PST_TLS_SPKI], uint16_t scheme,
                             struct pst_str text);

PST_NODISCARD enum pst_status pst_tls_host_new(pst_tls_sign_fn *sign, struct pst_tls_host **ret,
                                               struct pst_err *err);
/* Behind its servers and connections. NULL is fine. */
void pst_tls_host_free(struct pst_tls_host *h);
/* New tickets are made with the first key; those made with the second are good once more. Copies
 * are kept in locked memory. Until the first call there are no tickets. */
PST_NODISCARD enum pst_status pst_tls_host_tickets(struct pst_tls_host *h,
                                                   const uint8_t current[PST_TLS_TICKET_KEY],
                                                   const uint8_t previous[PST_TLS_TICKET_KEY],
                                                   struct pst_err *err);
/* Handshakes at rest. */
size_t pst_tls_host_resting(const struct pst_tls_host *h);

/* --- one server ---------------------------------------------------------------------------------
 */

struct pst_tls_server;

enum pst_tls_clients { PST_TLS_CLIENTS_NONE, PST_TLS_CLIENTS_OPTIONAL, PST_TLS_CLIENTS_REQUIRED };

struct pst_tls_server_config {
    struct pst_str certificate; /* PEM, the leaf first */
    struct pst_str clients;     /* PEM of the authorities of client certificates; empty with NONE */
    enum pst_tls_clients mode;  /* OPTIONAL: one that is shown must be good all the same */
    bool http2;                 /* offered by ALPN (RFC 7301) before http/1.1 */
};

/* Views need to be valid during the call only. CONFIG, NO_MEMORY. */
PST_NODISCARD enum pst_status pst_tls_server_new(struct pst_tls_host *h,
                                                 const struct pst_tls_server_config *config,
                                                 struct pst_tls_server **ret, struct pst_err *err);
/* Gives it back; the last of its connections takes it along. NULL is fine. */
void pst_tls_server_free(struct pst_tls_server *s);

/* --- one connection -----------------------------------------------------------------------------
 */

/* What to wait for after PST_AGAIN. */
enum pst_tls_need { PST_TLS_NEED_READ, PST_TLS_NEED_WRITE, PST_TLS_NEED_SIGNATURE };

PST_NODISCARD enum pst_status pst_tls_conn_new(struct pst_tls_server *s, int fd, void *user,
                                               struct pst_tls_conn **ret, struct pst_err *err);
/* Without a word to the client; the socket stays open. A handshake at rest ends. NULL is fine. */
void pst_tls_conn_free(struct pst_tls_conn *c);

/* All four: PST_AGAIN says to call again once pst_tls_conn_need is there (with the same or more to
 * write). After PST_ERR only the free is left; the client has been sent an alert and no reason.
 * Codes: CLIENT_TLS, CLIENT_CLOSED (the client left), NO_MEMORY, KEYS_UNAVAILABLE (no signature).
 */
PST_NODISCARD enum pst_status pst_tls_conn_handshake(struct pst_tls_conn *c, struct pst_err *err);
/* Several records, as far as they are there. PST_OK with *ret_n = 0 is the client's close_notify.
 */
PST_NODISCARD enum pst_status pst_tls_conn_read(struct pst_tls_conn *c, uint8_t *ret, size_t n,
                                                size_t *ret_n, struct pst_err *err);
/* Takes a part or all. */
PST_NODISCARD enum pst_status pst_tls_conn_write(struct pst_tls_conn *c, struct pst_str in,
                                                 size_t *ret_n, struct pst_err *err);
/* Sends close_notify; does not wait for the client's. */
enum pst_status pst_tls_conn_shutdown(struct pst_tls_conn *c, struct pst_err *err);

/* Brings the signature; empty: there will be none. The handshake goes on with the next
 * pst_tls_conn_handshake. Nothing happens when none is waited for. */
void pst_tls_conn_signed(struct pst_tls_conn *c, struct pst_str signature);

enum pst_tls_need pst_tls_conn_need(const struct pst_tls_conn *c);
/* Bytes wait in memory, where the socket does not show them: whoever stopped reading before
 * PST_AGAIN must read again before waiting. */
bool pst_tls_conn_pending(const struct pst_tls_conn *c);
/* After the handshake; static texts: "TLSv1.3", "TLS_AES_256_GCM_SHA384", the protocol of ALPN
 * ("h2", "http/1.1", or empty where the client named none). */
const char *pst_tls_conn_version(const struct pst_tls_conn *c);
const char *pst_tls_conn_cipher(const struct pst_tls_conn *c);
struct pst_str pst_tls_conn_alpn(const struct pst_tls_conn *c);
bool pst_tls_conn_resumed(const struct pst_tls_conn *c);
/* Appends the certificates that the client showed, DER one after another, the leaf first; nothing
 * when it showed none. LIMIT: they do not fit into `out`, which is as it was. */
PST_NODISCARD enum pst_status pst_tls_conn_peer(const struct pst_tls_conn *c, struct pst_buf *out,
                                                struct pst_err *err);

#endif
