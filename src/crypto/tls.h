/* The TLS client of egress (TLS 1.2 RFC 5246, TLS 1.3 RFC 8446). The certificate and the name are
 * always verified (RFC 5280, RFC 9525). Non-blocking, over a descriptor that stays the caller's. */
#ifndef PST_CRYPTO_TLS_H
#define PST_CRYPTO_TLS_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/* Trust anchors and settings, shared by any number of connections. */
struct pst_tls_client;

enum { PST_TLS_CA_MAX = 4 << 20, PST_TLS_HOST_MAX = 253 };

/* `ca_pem` is the content of a bundle: one or more CERTIFICATE blocks (RFC 7468), text between them
 * ignored, at most PST_TLS_CA_MAX bytes. Nothing else is trusted: no default path is looked at. */
PST_NODISCARD enum pst_status pst_tls_client_new(struct pst_str ca_pem, struct pst_tls_client **ret,
                                                 struct pst_err *err);
/* Connections still open keep what they need. */
void pst_tls_client_free(struct pst_tls_client *c);

/* One connection. */
struct pst_tls;

/* What to wait for after PST_AGAIN. */
enum pst_tls_want { PST_TLS_WANT_READ, PST_TLS_WANT_WRITE };

/* Prepares; nothing is sent yet. `host` is a DNS name (A-labels, no trailing dot) or an IPv4 or
 * IPv6 address as text without brackets; it is what the certificate must carry as subjectAltName.
 */
PST_NODISCARD enum pst_status pst_tls_new(struct pst_tls_client *c, int fd, struct pst_str host,
                                          struct pst_tls **ret, struct pst_err *err);
/* Frees without a word to the peer; the descriptor stays open. NULL is fine. */
void pst_tls_free(struct pst_tls *t);

/* All four: PST_AGAIN says to call again, with the same arguments or more, once pst_tls_want is
 * there; the descriptor may be readable while a write waits and the other way round. After PST_ERR
 * only pst_tls_free is left. Codes: UPSTREAM_TLS (with the reason of a certificate's refusal),
 * UPSTREAM_CLOSED (end without close_notify, or reset), NO_MEMORY. */
PST_NODISCARD enum pst_status pst_tls_handshake(struct pst_tls *t, struct pst_err *err);
/* PST_OK with *ret_n = 0 (n > 0 asked) is the peer's close_notify: a true end. */
PST_NODISCARD enum pst_status pst_tls_read(struct pst_tls *t, uint8_t *ret, size_t n, size_t *ret_n,
                                           struct pst_err *err);
/* Takes a part or all; *ret_n bytes are done. */
PST_NODISCARD enum pst_status pst_tls_write(struct pst_tls *t, struct pst_str in, size_t *ret_n,
                                            struct pst_err *err);
/* Sends close_notify; does not wait for the peer's. */
PST_NODISCARD enum pst_status pst_tls_shutdown(struct pst_tls *t, struct pst_err *err);

enum pst_tls_want pst_tls_want(const struct pst_tls *t);
/* Received bytes wait in memory, where the descriptor does not show them: whoever stopped reading
 * before PST_AGAIN must read again before waiting. */
bool pst_tls_pending(const struct pst_tls *t);
/* "TLSv1.3", "TLS_AES_256_GCM_SHA384": for logs, after the handshake; static text. */
const char *pst_tls_version(const struct pst_tls *t);
const char *pst_tls_cipher(const struct pst_tls *t);

#endif
