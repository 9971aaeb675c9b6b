/* The private key of a TLS server, where it is read: in keys alone. */
#ifndef PST_CRYPTO_SERVER_KEY_H
#define PST_CRYPTO_SERVER_KEY_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/tls_text.h"
#include "crypto/x509.h"

enum { PST_SERVER_KEY_FILE_MAX = 16384 };

/* Immutable. */
struct pst_server_key;

/* From unencrypted PEM with one key: PKCS#8 (RFC 5958), or the older forms "RSA PRIVATE KEY" and
 * "EC PRIVATE KEY"; of a kind that pst_x509_chain accepts. The text is the caller's to wipe. */
PST_NODISCARD enum pst_status pst_server_key_load(struct pst_str pem, struct pst_server_key **ret,
                                                  struct pst_err *err);
void pst_server_key_free(struct pst_server_key *k);
/* Its name: SHA-256 of the SubjectPublicKeyInfo that belongs to it. */
const uint8_t *pst_server_key_spki(const struct pst_server_key *k);

/* What a server signs in a handshake, and nothing else; as DER where the scheme has it so (ECDSA).
 * USAGE: this key does not sign with this scheme, or the text is none of those. */
PST_NODISCARD enum pst_status pst_server_key_sign(const struct pst_server_key *k, uint16_t scheme,
                                                  struct pst_str text, uint8_t ret[PST_TLS_SIG_MAX],
                                                  size_t *ret_n, struct pst_err *err);

#endif
