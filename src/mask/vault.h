/* The vault: which value each token issued in one conversation stands for. Only what was put here
 * comes out; secrets never go in (mask.h sees to it). Values are encrypted where they lie, lookups
 * take the letters of a token in any case. Memory is of an arena: nothing is freed one by one. */
#ifndef PST_MASK_VAULT_H
#define PST_MASK_VAULT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "crypto/aead.h"
#include "mask/token.h"

#include <stdbool.h>

struct pst_vault_entry {
    uint8_t plain[PST_TOKEN_BYTES]; /* in lower case */
    const uint8_t *sealed;          /* NULL: empty */
    size_t n;                       /* of the value */
};

struct pst_vault {
    struct pst_arena *arena;
    struct pst_aead *aead;
    struct pst_vault_entry *slots; /* private; open addressing, a power of two of them */
    size_t size, used;
    size_t cap;          /* values, at most */
    uint64_t expires_ms; /* from then on it is empty */
};

/* No allocation happens here. `arena` and `aead` outlive the vault. */
void pst_vault_init(struct pst_vault *v, struct pst_arena *arena, struct pst_aead *aead, size_t cap,
                    uint64_t expires_ms);
/* Notes that the token stands for the value; the same again does nothing. ERR: PST_E_LIMIT (cap),
 * PST_E_NO_MEMORY, or PST_E_INTERNAL: the token stands for another value already. */
PST_NODISCARD enum pst_status pst_vault_put(struct pst_vault *v,
                                            const uint8_t token[PST_TOKEN_BYTES],
                                            struct pst_str value, struct pst_err *err);
/* Appends the value. False: not issued here, or the vault has expired; out->failed: no room. */
bool pst_vault_get(const struct pst_vault *v, const uint8_t plain[PST_TOKEN_BYTES], uint64_t now_ms,
                   struct pst_buf *out);

#endif
