/* SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). A context is made once, kept, and used for any
 * number of messages one after another. OpenSSL 3.0 still asks the heap for a small block or two
 * per message; when even that is gone these calls abort, because bytes that are not the digest must
 * never be taken for one. */
#ifndef PST_CRYPTO_HASH_H
#define PST_CRYPTO_HASH_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { PST_SHA256_BYTES = 32 };

/* One message, no context: about 0.3 us dearer. For what is not on the hot path. */
void pst_sha256(struct pst_str in, uint8_t ret[PST_SHA256_BYTES]);

struct pst_sha256 {
    void *ctx, *md; /* private */
    bool dirty;     /* private: updated since the last start */
};

/* Allocates; afterwards the context is ready for a message. */
PST_NODISCARD enum pst_status pst_sha256_init(struct pst_sha256 *h, struct pst_err *err);
/* NULL and a context that was only zeroed are fine. */
void pst_sha256_release(struct pst_sha256 *h);
void pst_sha256_update(struct pst_sha256 *h, struct pst_str in);
/* The digest of all updates; the context is ready for the next message. */
void pst_sha256_finish(struct pst_sha256 *h, uint8_t ret[PST_SHA256_BYTES]);
/* Forgets the updates so far. */
void pst_sha256_clear(struct pst_sha256 *h);
/* One whole message; drops what was updated before. */
void pst_sha256_once(struct pst_sha256 *h, struct pst_str in, uint8_t ret[PST_SHA256_BYTES]);

struct pst_hmac {
    void *ctx;  /* private */
    bool dirty; /* private */
};

/* Takes a copy of the key, of any length (an empty one is refused). Allocates. */
PST_NODISCARD enum pst_status pst_hmac_init(struct pst_hmac *h, struct pst_str key,
                                            struct pst_err *err);
void pst_hmac_release(struct pst_hmac *h);
void pst_hmac_update(struct pst_hmac *h, struct pst_str in);
/* The code of all updates; the context is ready for the next message under the same key. Compare
 * with pst_str_eq_const_time. */
void pst_hmac_finish(struct pst_hmac *h, uint8_t ret[PST_SHA256_BYTES]);
void pst_hmac_once(struct pst_hmac *h, struct pst_str in, uint8_t ret[PST_SHA256_BYTES]);

#endif
