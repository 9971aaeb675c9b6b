/* API keys as text: "pst_" + 12 characters of id + "_" + 43 of secret + 6 of checksum, 66 bytes.
 *
 *   id        60 random bits, Crockford base32 in lower case; names the key in logs and evidence
 *   secret    32 random bytes, base64url without padding; never stored
 *   checksum  CRC-32C of the 60 bytes before it, base62, most significant digit first
 *
 * All pure. Texts of keys are secrets: callers wipe what they no longer need. */
#ifndef PST_IDENTITY_KEY_H
#define PST_IDENTITY_KEY_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_APIKEY_ID_CHARS = 12,
    PST_APIKEY_SECRET_BYTES = 32,
    PST_APIKEY_CHARS = 66,
    PST_APIKEY_HASH_BYTES = 32,
};

struct pst_apikey {
    char id[PST_APIKEY_ID_CHARS + 1]; /* NUL-terminated */
    uint8_t secret[PST_APIKEY_SECRET_BYTES];
};

/* A new key from 40 random bytes: 8 for the id, 32 for the secret. */
void pst_apikey_make(const uint8_t random[8 + PST_APIKEY_SECRET_BYTES], struct pst_apikey *ret);
/* Its text with a NUL at the end. */
void pst_apikey_format(const struct pst_apikey *key, char ret[PST_APIKEY_CHARS + 1]);
/* Strict: one text per key. IDENTITY_INVALID, with a message that says what kind of mistake it is.
 */
PST_NODISCARD enum pst_status pst_apikey_parse(struct pst_str text, struct pst_apikey *ret,
                                               struct pst_err *err);
/* 12 characters of the id's alphabet. */
bool pst_apikey_id_valid(struct pst_str id);
/* What is stored: SHA-256 of the secret's 32 bytes. */
void pst_apikey_hash(const struct pst_apikey *key, uint8_t ret[PST_APIKEY_HASH_BYTES]);

#endif
