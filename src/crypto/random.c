#include "crypto/random.h"

#include <limits.h>
#include <openssl/rand.h>

void pst_random(uint8_t *ret, size_t n)
{
    PST_BUG_ON(n > INT_MAX);
    PST_BUG_ON(n > 0 && RAND_bytes(ret, (int)n) != 1);
}

uint64_t pst_random_u64(void)
{
    uint8_t bytes[8];
    pst_random(bytes, sizeof bytes);
    uint64_t v = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        v = v << 8 | bytes[i];
    }
    return v;
}
