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
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_KEY_ID_CHARS = 12,
    PST_KEY_SECRET_BYTES = 32,
    PST_KEY_CHARS = 66,
    PST_KEY_HASH_BYTES = 32,
};

struct pst_key_text {
    char id[PST_KEY_ID_CHARS + 1]; /* NUL-terminated */
    uint8_t secret[PST_KEY_SECRET_BYTES];
};

/* A new key from 40 random bytes: 8 for the id, 32 for the secret. */
void pst_key_make(const uint8_t random[8 + PST_KEY_SECRET_BYTES], struct pst_key_text *ret);
/* Its text with a NUL at the end. */
void pst_key_format(const struct pst_key_text *key, char ret[PST_KEY_CHARS + 1]);
/* Strict: one text per key. */
PST_NODISCARD bool pst_key_parse(struct pst_str text, struct pst_key_text *ret);
/* What is wrong with a text, for people who may know: NULL when nothing is. Never quotes the text.
 * A client that sends a bad key is only told that it is not valid. */
const char *pst_key_fault(struct pst_str text);
/* What may be quoted of a text in which somebody may have put a key: all that comes before the
 * first secret, "pst_" and its id included. A view of the same bytes. */
struct pst_str pst_key_cut(struct pst_str text);
/* 12 characters of the id's alphabet. */
bool pst_key_id_valid(struct pst_str id);
/* What is stored: SHA-256 of the secret's 32 bytes. */
void pst_key_hash(const struct pst_key_text *key, uint8_t ret[PST_KEY_HASH_BYTES]);

#endif
