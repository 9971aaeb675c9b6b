#include "crypto/hash.h"

#include "crypto/ossl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* Once a context exists, OpenSSL's digest calls fail only when they are misused or when the heap
 * has not even a hundred bytes left. Neither leaves a way to go on. */

void pst_sha256(struct pst_str in, uint8_t ret[PST_SHA256_BYTES])
{
    unsigned n = 0;
    PST_BUG_ON(EVP_Digest(in.p, in.n, ret, &n, EVP_sha256(), NULL) != 1 || n != PST_SHA256_BYTES);
}

enum pst_status pst_sha256_init(struct pst_sha256 *h, struct pst_err *err)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (md == NULL || ctx == NULL || EVP_DigestInit_ex2(ctx, md, NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        EVP_MD_free(md);
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "no context for a digest");
    }
    *h = (struct pst_sha256){ctx, md, /* dirty= */ false};
    return PST_OK;
}

void pst_sha256_release(struct pst_sha256 *h)
{
    if (h != NULL) {
        EVP_MD_CTX_free(h->ctx);
        EVP_MD_free(h->md);
        *h = (struct pst_sha256){NULL, NULL, false};
    }
}

void pst_sha256_update(struct pst_sha256 *h, struct pst_str in)
{
    h->dirty = true;
    PST_BUG_ON(EVP_DigestUpdate(h->ctx, in.p, in.n) != 1);
}

void pst_sha256_finish(struct pst_sha256 *h, uint8_t ret[PST_SHA256_BYTES])
{
    PST_BUG_ON(EVP_DigestFinal_ex(h->ctx, ret, NULL) != 1);
    pst_sha256_clear(h);
}

void pst_sha256_clear(struct pst_sha256 *h)
{
    PST_BUG_ON(EVP_DigestInit_ex2(h->ctx, h->md, NULL) != 1);
    h->dirty = false;
}

void pst_sha256_once(struct pst_sha256 *h, struct pst_str in, uint8_t ret[PST_SHA256_BYTES])
{
    if (h->dirty) {
        pst_sha256_clear(h);
    }
    pst_sha256_update(h, in);
    pst_sha256_finish(h, ret);
}

enum pst_status pst_hmac_init(struct pst_hmac *h, struct pst_str key, struct pst_err *err)
{
    /* an empty key means "the one before" to OpenSSL, and no secret to anybody */
    if (key.n == 0) {
        return pst_fail(err, PST_E_CONFIG, "an HMAC key is empty");
    }
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac); /* the context holds it */
    if (ctx == NULL || EVP_MAC_init(ctx, key.p, key.n, params) != 1) {
        EVP_MAC_CTX_free(ctx);
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "no context for a MAC");
    }
    *h = (struct pst_hmac){ctx, /* dirty= */ false};
    return PST_OK;
}

void pst_hmac_release(struct pst_hmac *h)
{
    if (h != NULL) {
        EVP_MAC_CTX_free(h->ctx);
        *h = (struct pst_hmac){NULL, false};
    }
}

/* The same key again. */
static void hmac_restart(struct pst_hmac *h)
{
    PST_BUG_ON(EVP_MAC_init(h->ctx, NULL, 0, NULL) != 1);
    h->dirty = false;
}

void pst_hmac_update(struct pst_hmac *h, struct pst_str in)
{
    h->dirty = true;
    PST_BUG_ON(EVP_MAC_update(h->ctx, in.p, in.n) != 1);
}

void pst_hmac_finish(struct pst_hmac *h, uint8_t ret[PST_SHA256_BYTES])
{
    size_t n = 0;
    PST_BUG_ON(EVP_MAC_final(h->ctx, ret, &n, PST_SHA256_BYTES) != 1 || n != PST_SHA256_BYTES);
    hmac_restart(h);
}

void pst_hmac_once(struct pst_hmac *h, struct pst_str in, uint8_t ret[PST_SHA256_BYTES])
{
    if (h->dirty) {
        hmac_restart(h);
    }
    pst_hmac_update(h, in);
    pst_hmac_finish(h, ret);
}
