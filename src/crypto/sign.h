/* Signature keys and the primitives of JOSE (RFC 7518 §3, RFC 8037): one key, one algorithm. Raw
 * primitives only: no token, no header, no file is read here. HS256 is hash.h's HMAC. */
#ifndef PST_CRYPTO_SIGN_H
#define PST_CRYPTO_SIGN_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/secret.h"

#include <stdbool.h>

enum pst_sig {
    PST_SIG_EDDSA, /* Ed25519 (RFC 8032), 64 bytes */
    PST_SIG_ES256, /* ECDSA P-256 SHA-256, r || s, 64 bytes */
    PST_SIG_RS256, /* RSASSA-PKCS1-v1_5 SHA-256, as long as the modulus */
};

enum { PST_ED25519_BYTES = 32, PST_P256_BYTES = 32, PST_SIG_MAX = 1024 };

/* A public key, with or without its private half. Immutable. */
struct pst_key;

/* Of the kind that this algorithm uses; RSA with 3072 bits. */
PST_NODISCARD enum pst_status pst_key_generate(enum pst_sig alg, struct pst_key **ret,
                                               struct pst_err *err);
/* Private, from the 32-byte seed (RFC 8032 §5.1.5). */
PST_NODISCARD enum pst_status pst_key_from_seed(const struct pst_secret *seed, struct pst_key **ret,
                                                struct pst_err *err);
/* Private, from unencrypted PKCS#8 (RFC 5958) PEM with exactly one key of a kind above. */
PST_NODISCARD enum pst_status pst_key_from_pem(const struct pst_secret *pem, struct pst_key **ret,
                                               struct pst_err *err);
/* Public, from SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) PEM. */
PST_NODISCARD enum pst_status pst_key_from_public_pem(struct pst_str pem, struct pst_key **ret,
                                                      struct pst_err *err);
/* Public, from what a JWK carries: Ed25519 x (32 bytes); P-256 x and y (32 bytes each, on the
 * curve); RSA n and e (big-endian, no leading zero). */
PST_NODISCARD enum pst_status pst_key_from_ed25519(struct pst_str x, struct pst_key **ret,
                                                   struct pst_err *err);
PST_NODISCARD enum pst_status pst_key_from_p256(struct pst_str x, struct pst_str y,
                                                struct pst_key **ret, struct pst_err *err);
PST_NODISCARD enum pst_status pst_key_from_rsa(struct pst_str n, struct pst_str e,
                                               struct pst_key **ret, struct pst_err *err);
void pst_key_free(struct pst_key *k);

enum pst_sig pst_key_alg(const struct pst_key *k);
bool pst_key_is_private(const struct pst_key *k);
/* Appends: Ed25519: 32 bytes; P-256: x || y, 64 bytes; RSA: refused (use the PEM). */
PST_NODISCARD enum pst_status pst_key_public_raw(const struct pst_key *k, struct pst_buf *out,
                                                 struct pst_err *err);
PST_NODISCARD enum pst_status pst_key_public_pem(const struct pst_key *k, struct pst_buf *out,
                                                 struct pst_err *err);
/* The private half as a secret, to be stored by the caller. The seed is Ed25519's only. */
PST_NODISCARD enum pst_status pst_key_private_pem(const struct pst_key *k, struct pst_secret **ret,
                                                  struct pst_err *err);
PST_NODISCARD enum pst_status pst_key_private_seed(const struct pst_key *k, struct pst_secret **ret,
                                                   struct pst_err *err);

/* Signs with the key's algorithm into PST_SIG_MAX bytes. */
PST_NODISCARD enum pst_status pst_key_sign(const struct pst_key *k, struct pst_str message,
                                           uint8_t ret[PST_SIG_MAX], size_t *ret_n,
                                           struct pst_err *err);
/* True only when the key is of the expected algorithm and the signature is good. */
PST_NODISCARD bool pst_key_verify(const struct pst_key *k, enum pst_sig expected,
                                  struct pst_str message, struct pst_str signature);

/* r || s (64 bytes) to DER ECDSA-Sig-Value (RFC 3279 §2.2.3), at most 72 bytes, and back; back only
 * from the one DER form. */
PST_NODISCARD bool pst_ecdsa_raw_to_der(struct pst_str raw, uint8_t ret[72], size_t *ret_n);
PST_NODISCARD bool pst_ecdsa_der_to_raw(struct pst_str der, uint8_t ret[64]);

#endif
