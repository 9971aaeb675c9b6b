/* The private key of a TLS server, where it lives: in a process that speaks no TLS. It signs what a
 * server signs in a handshake and nothing else, so that whoever may ask for signatures has no
 * general oracle: the texts of TLS 1.3 (RFC 8446 §4.4.3) and TLS 1.2 (RFC 8422 §5.4) are told by
 * their shape. */
#ifndef PST_CRYPTO_TLS_KEY_H
#define PST_CRYPTO_TLS_KEY_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/secret.h"

#include <stdbool.h>

enum {
    PST_TLS_SPKI = 32,     /* SHA-256 of a SubjectPublicKeyInfo: the name of a key */
    PST_TLS_SIGNED = 192,  /* what is signed is never longer */
    PST_TLS_SIG_MAX = 512, /* RSA with 4096 bits */
};

struct pst_tls_key;

/* From unencrypted PKCS#8 (RFC 5958) PEM: ECDSA P-256 or P-384, RSA of 2048 to 4096 bits, Ed25519.
 * CONFIG, NO_MEMORY. */
PST_NODISCARD enum pst_status pst_tls_key_new(const struct pst_secret *pem,
                                              struct pst_tls_key **ret, struct pst_err *err);
void pst_tls_key_free(struct pst_tls_key *k);
/* PST_TLS_SPKI bytes, valid as long as the key. */
const uint8_t *pst_tls_key_spki(const struct pst_tls_key *k);
/* As DER where the scheme has it so (ECDSA). USAGE: this key does not sign with this scheme, or the
 * text is not what a server signs with it. */
PST_NODISCARD enum pst_status pst_tls_key_sign(const struct pst_tls_key *k, uint16_t scheme,
                                               struct pst_str text, uint8_t ret[PST_TLS_SIG_MAX],
                                               size_t *ret_n, struct pst_err *err);

/* Whether a server signs this with that scheme in a handshake of TLS 1.3 or 1.2. */
bool pst_tls_text_ok(uint16_t scheme, struct pst_str text);

/* The name of the key that the first certificate of this PEM chain is about. CONFIG: no
 * certificate, or with a key that is not used for TLS here. */
PST_NODISCARD enum pst_status pst_tls_chain_spki(struct pst_str pem, uint8_t ret[PST_TLS_SPKI],
                                                 struct pst_err *err);

#endif
