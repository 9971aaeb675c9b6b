/* Random bytes from OpenSSL's generator, seeded by getrandom(2); works inside the sandbox. */
#ifndef PST_CRYPTO_RANDOM_H
#define PST_CRYPTO_RANDOM_H

#include "base/def.h"

/* Fills n bytes. Aborts when the generator fails: there is no safe way on without it. */
void pst_random(uint8_t *ret, size_t n);
uint64_t pst_random_u64(void);

#endif
