#include "crypto/secret.h"

#include "crypto/ossl.h"
#include "crypto/random.h"

#include <openssl/crypto.h>
#include <string.h>

struct pst_secret {
    size_t n;
    size_t size;
    uint8_t bytes[];
};

struct pst_secret *pst_secret_blank(size_t n)
{
    PST_BUG_ON(CRYPTO_secure_malloc_initialized() == 0);
    if (n > PST_SECRET_MAX) {
        return NULL;
    }
    struct pst_secret *s = OPENSSL_secure_zalloc(sizeof *s + n);
    if (s != NULL) {
        s->n = n;
        s->size = n;
    }
    return s;
}

uint8_t *pst_secret_bytes(struct pst_secret *s)
{
    return s->bytes;
}

void pst_secret_cut(struct pst_secret *s, size_t n)
{
    PST_BUG_ON(n > s->n);
    pst_wipe(&s->bytes[n], s->n - n);
    s->n = n;
}

struct pst_secret *pst_secret_new(struct pst_str from)
{
    struct pst_secret *s = pst_secret_blank(from.n);
    if (s != NULL && from.n > 0) {
        memcpy(s->bytes, from.p, from.n);
    }
    return s;
}

struct pst_secret *pst_secret_random(size_t n)
{
    struct pst_secret *s = pst_secret_blank(n);
    if (s != NULL) {
        pst_random(s->bytes, n);
    }
    return s;
}

void pst_secret_free(struct pst_secret *s)
{
    if (s != NULL) {
        OPENSSL_secure_clear_free(s, sizeof *s + s->size);
    }
}

size_t pst_secret_size(const struct pst_secret *s)
{
    return s->n;
}

struct pst_str pst_secret_reveal(const struct pst_secret *s)
{
    return pst_str_of(s->bytes, s->n);
}

bool pst_secret_eq(const struct pst_secret *s, struct pst_str other)
{
    return pst_str_eq_const_time(pst_secret_reveal(s), other);
}

void pst_wipe(void *p, size_t n)
{
    if (n > 0) {
        OPENSSL_cleanse(p, n);
    }
}
