/* Secrets: bytes that must not be swapped, dumped, printed or compared in variable time. They live
 * in a locked heap shared by the process (64 KiB). The type is opaque: the only way to its bytes is
 * pst_secret_reveal, which a reviewer can search for. */
#ifndef PST_CRYPTO_SECRET_H
#define PST_CRYPTO_SECRET_H

#include "base/def.h"
#include "base/str.h"

#include <stdbool.h>

struct pst_secret;

enum { PST_SECRET_MAX = 16384 };

/* A copy of 0 to PST_SECRET_MAX bytes; the caller wipes its own with pst_wipe. NULL when the locked
 * heap is exhausted or the secret is too long. */
PST_NODISCARD struct pst_secret *pst_secret_new(struct pst_str from);
/* n fresh random bytes. */
PST_NODISCARD struct pst_secret *pst_secret_random(size_t n);
/* Wipes and frees; NULL is fine. */
void pst_secret_free(struct pst_secret *s);
size_t pst_secret_size(const struct pst_secret *s);
/* The bytes themselves, valid until the free. Never log, never copy into an arena that is not
 * wiped. */
PST_NODISCARD struct pst_str pst_secret_reveal(const struct pst_secret *s);
/* Equal or not in time that depends on the lengths only. */
bool pst_secret_eq(const struct pst_secret *s, struct pst_str other);
/* Overwrites memory in a way that no compiler removes. */
void pst_wipe(void *p, size_t n);

#endif
