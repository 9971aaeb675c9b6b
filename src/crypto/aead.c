#include "crypto/aead.h"

#include "crypto/ossl.h"
#include "crypto/random.h"
#include "crypto/secret.h"

#include <openssl/evp.h>

enum { NONCE = 8, IV = 12, TAG = 16 };

enum pst_status pst_aead_init(struct pst_aead *a, struct pst_err *err)
{
    uint8_t key[PST_AEAD_KEY_BYTES];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    pst_random(key, sizeof key);
    bool ok = cipher != NULL && ctx != NULL &&
              EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL) == 1;
    pst_wipe(key, sizeof key);
    EVP_CIPHER_free(cipher); /* the context holds it */
    if (!ok) {
        EVP_CIPHER_CTX_free(ctx);
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "no context for a cipher");
    }
    *a = (struct pst_aead){ctx, 0};
    return PST_OK;
}

void pst_aead_release(struct pst_aead *a)
{
    if (a != NULL) {
        EVP_CIPHER_CTX_free(a->ctx);
        *a = (struct pst_aead){NULL, 0};
    }
}

static void iv_of(const uint8_t *nonce, uint8_t ret[IV])
{
    memset(ret, 0, IV);
    memcpy(&ret[IV - NONCE], nonce, NONCE);
}

void pst_aead_seal(struct pst_aead *a, struct pst_str about, struct pst_str in, uint8_t *ret)
{
    uint8_t iv[IV];
    int n = 0;
    PST_BUG_ON(in.n > INT32_MAX || about.n > INT32_MAX);
    pst_put_u64le(ret, a->sealed++);
    iv_of(ret, iv);
    bool ok = EVP_EncryptInit_ex2(a->ctx, NULL, NULL, iv, NULL) == 1 &&
              EVP_EncryptUpdate(a->ctx, NULL, &n, about.p, (int)about.n) == 1 &&
              (in.n == 0 || EVP_EncryptUpdate(a->ctx, &ret[NONCE], &n, in.p, (int)in.n) == 1) &&
              EVP_EncryptFinal_ex(a->ctx, &ret[NONCE + in.n], &n) == 1 &&
              EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, TAG, &ret[NONCE + in.n]) == 1;
    PST_BUG_ON(!ok);
}

bool pst_aead_open(struct pst_aead *a, struct pst_str about, struct pst_str in, uint8_t *ret)
{
    uint8_t iv[IV], tag[TAG];
    int n = 0;
    if (in.n < PST_AEAD_EXTRA || in.n > INT32_MAX) {
        return false;
    }
    size_t text = in.n - PST_AEAD_EXTRA;
    iv_of(in.p, iv);
    memcpy(tag, &in.p[NONCE + text], TAG);
    bool ok = EVP_DecryptInit_ex2(a->ctx, NULL, NULL, iv, NULL) == 1 &&
              EVP_DecryptUpdate(a->ctx, NULL, &n, about.p, (int)about.n) == 1 &&
              (text == 0 || EVP_DecryptUpdate(a->ctx, ret, &n, &in.p[NONCE], (int)text) == 1) &&
              EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
              EVP_DecryptFinal_ex(a->ctx, &tag[0], &n) == 1;
    return ok;
}
