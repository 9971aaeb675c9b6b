#include "crypto/sign.h"

#include "crypto/key.h"
#include "crypto/ossl.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

enum { ES256_BYTES = 64, EDDSA_BYTES = 64, ES256_DER_MAX = 72 };

/* Ed25519 hashes by itself (RFC 8032 §5.1). */
static const char *digest_of(enum pst_sig alg)
{
    return alg == PST_SIG_EDDSA ? NULL : "SHA256";
}

bool pst_ecdsa_raw_to_der(struct pst_str raw, uint8_t ret[ES256_DER_MAX], size_t *ret_n)
{
    if (raw.n != ES256_BYTES) {
        return false;
    }
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(raw.p, PST_P256_BYTES, NULL);
    BIGNUM *s = BN_bin2bn(&raw.p[PST_P256_BYTES], PST_P256_BYTES, NULL);
    if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(sig);
        ERR_clear_error();
        return false;
    }
    unsigned char *at = ret;
    int n = i2d_ECDSA_SIG(sig, NULL);
    bool ok = n > 0 && n <= ES256_DER_MAX && i2d_ECDSA_SIG(sig, &at) == n;
    ECDSA_SIG_free(sig);
    if (ok) {
        *ret_n = (size_t)n;
    }
    return ok;
}

bool pst_ecdsa_der_to_raw(struct pst_str der, uint8_t ret[ES256_BYTES])
{
    if (der.n == 0 || der.n > ES256_DER_MAX) {
        return false;
    }
    const unsigned char *at = der.p;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.n);
    uint8_t raw[ES256_BYTES], again[ES256_DER_MAX];
    size_t n = 0;
    /* the reader is lenient, so what it read must write back to the same bytes */
    bool ok = sig != NULL && BN_is_negative(ECDSA_SIG_get0_r(sig)) == 0 &&
              BN_is_negative(ECDSA_SIG_get0_s(sig)) == 0 &&
              BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, PST_P256_BYTES) == PST_P256_BYTES &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), &raw[PST_P256_BYTES], PST_P256_BYTES) ==
                  PST_P256_BYTES &&
              pst_ecdsa_raw_to_der(pst_str_of(raw, sizeof raw), again, &n) &&
              pst_str_eq(pst_str_of(again, n), der);
    ECDSA_SIG_free(sig);
    ERR_clear_error();
    if (ok) {
        memcpy(ret, raw, sizeof raw);
    }
    return ok;
}

enum pst_status pst_key_sign(const struct pst_key *k, struct pst_str message,
                             uint8_t ret[PST_SIG_MAX], size_t *ret_n, struct pst_err *err)
{
    if (!k->is_private) {
        return pst_fail(err, PST_E_USAGE, "this key has no private half");
    }
    uint8_t signature[PST_SIG_MAX];
    size_t n = sizeof signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL &&
              EVP_DigestSignInit_ex(ctx, NULL, digest_of(k->alg), NULL, NULL, k->pkey, NULL) == 1 &&
              EVP_DigestSign(ctx, signature, &n, message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "signing failed");
    }
    if (k->alg == PST_SIG_ES256) {
        if (!pst_ecdsa_der_to_raw(pst_str_of(signature, n), ret)) {
            return pst_fail(err, PST_E_INTERNAL, "signing failed");
        }
        *ret_n = ES256_BYTES;
        return PST_OK;
    }
    memcpy(ret, signature, n);
    *ret_n = n;
    return PST_OK;
}

bool pst_key_verify(const struct pst_key *k, enum pst_sig expected, struct pst_str message,
                    struct pst_str signature)
{
    if (k->alg != expected) {
        return false;
    }
    uint8_t der[ES256_DER_MAX];
    if (k->alg == PST_SIG_ES256) {
        size_t n = 0;
        if (!pst_ecdsa_raw_to_der(signature, der, &n)) {
            return false;
        }
        signature = pst_str_of(der, n);
    } else if (k->alg == PST_SIG_EDDSA && signature.n != EDDSA_BYTES) {
        return false;
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL &&
              EVP_DigestVerifyInit_ex(ctx, NULL, digest_of(k->alg), NULL, NULL, k->pkey, NULL) ==
                  1 &&
              EVP_DigestVerify(ctx, signature.p, signature.n, message.p, message.n) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}
