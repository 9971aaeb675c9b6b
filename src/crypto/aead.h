/* Authenticated encryption of small values that stay in this process's memory (AES-256-GCM, NIST SP
 * 800-38D). One key per object, drawn at random and never shown; every seal has a nonce of its own,
 * counted. */
#ifndef PST_CRYPTO_AEAD_H
#define PST_CRYPTO_AEAD_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { PST_AEAD_KEY_BYTES = 32, PST_AEAD_EXTRA = 8 + 16 /* nonce and tag */ };

struct pst_aead {
    void *ctx;       /* private */
    uint64_t sealed; /* private: how many */
};

/* Draws the key. Allocates. */
PST_NODISCARD enum pst_status pst_aead_init(struct pst_aead *a, struct pst_err *err);
/* NULL and an object that was only zeroed are fine. */
void pst_aead_release(struct pst_aead *a);
/* `ret` has room for in.n + PST_AEAD_EXTRA bytes. `about` is bound to the value, not kept. Aborts
 * where OpenSSL fails: bytes that are not encrypted must never be taken for some that are. */
void pst_aead_seal(struct pst_aead *a, struct pst_str about, struct pst_str in, uint8_t *ret);
/* `ret` has room for in.n - PST_AEAD_EXTRA bytes. False: not what was sealed here about this. */
PST_NODISCARD bool pst_aead_open(struct pst_aead *a, struct pst_str about, struct pst_str in,
                                 uint8_t *ret);

#endif
