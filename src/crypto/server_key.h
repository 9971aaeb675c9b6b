/* The private key of a TLS server, where it is read: in keys alone. */
#ifndef PST_CRYPTO_SERVER_KEY_H
#define PST_CRYPTO_SERVER_KEY_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
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

#endif
