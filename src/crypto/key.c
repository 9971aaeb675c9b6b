#include "crypto/key.h"

#include "crypto/ossl.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192, RSA_BITS_NEW = 3072, RSA_E_BITS_MAX = 33 };

static bool is_p256(const EVP_PKEY *pkey)
{
    char group[32];
    return EVP_PKEY_is_a(pkey, "EC") == 1 &&
           EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

/* A small modulus can be broken, a huge one burns time, and an exponent of 1 verifies anything. */
static bool is_good_rsa(const EVP_PKEY *pkey)
{
    BIGNUM *n = NULL, *e = NULL;
    bool ok = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
              EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
              BN_num_bits(n) >= RSA_BITS_MIN && BN_num_bits(n) <= RSA_BITS_MAX && BN_is_odd(n) &&
              BN_num_bits(e) >= 2 && BN_num_bits(e) <= RSA_E_BITS_MAX && BN_is_odd(e);
    BN_free(n);
    BN_free(e);
    return ok;
}

/* A key whose halves do not fit would sign what nobody can verify, and with Ed25519 it would give
 * the private half away. */
static bool halves_fit(const struct pst_key *k)
{
    uint8_t signature[PST_SIG_MAX];
    size_t n = 0;
    struct pst_str message = PST_STR("postern key check");
    return pst_key_sign(k, message, signature, &n, NULL) == PST_OK &&
           pst_key_verify(k, k->alg, message, pst_str_of(signature, n));
}

enum pst_status pst_key_wrap(EVP_PKEY *pkey, bool is_private, struct pst_key **ret,
                             struct pst_err *err)
{
    if (pkey == NULL) {
        return pst_ossl_fail(err, PST_E_CONFIG, "not a usable key");
    }
    enum pst_sig alg = PST_SIG_EDDSA;
    if (EVP_PKEY_is_a(pkey, "ED25519") != 1) {
        if (is_p256(pkey)) {
            alg = PST_SIG_ES256;
        } else if (EVP_PKEY_is_a(pkey, "RSA") == 1) {
            alg = PST_SIG_RS256;
            if (!is_good_rsa(pkey)) {
                EVP_PKEY_free(pkey);
                return pst_ossl_fail(err, PST_E_CONFIG,
                                     "an RSA key needs 2048 to 8192 bits and an odd exponent "
                                     "from 3 to 2^32");
            }
        } else {
            EVP_PKEY_free(pkey);
            return pst_ossl_fail(err, PST_E_CONFIG,
                                 "only Ed25519, ECDSA P-256 and RSA keys are used here");
        }
    }
    struct pst_key *k = malloc(sizeof *k);
    if (k == NULL) {
        EVP_PKEY_free(pkey);
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a key");
    }
    *k = (struct pst_key){pkey, alg, is_private};
    if (is_private && !halves_fit(k)) {
        pst_key_free(k);
        return pst_ossl_fail(err, PST_E_CONFIG, "the two halves of a key do not fit");
    }
    *ret = k;
    return PST_OK;
}

void pst_key_free(struct pst_key *k)
{
    if (k != NULL) {
        EVP_PKEY_free(k->pkey);
        free(k);
    }
}

enum pst_sig pst_key_alg(const struct pst_key *k)
{
    return k->alg;
}

bool pst_key_is_private(const struct pst_key *k)
{
    return k->is_private;
}

enum pst_status pst_key_generate(enum pst_sig alg, struct pst_key **ret, struct pst_err *err)
{
    EVP_PKEY *pkey = NULL;
    switch (alg) {
    case PST_SIG_EDDSA:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;
    case PST_SIG_ES256:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        break;
    case PST_SIG_RS256:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS_NEW);
        break;
    }
    return pst_key_wrap(pkey, /* is_private= */ true, ret, err);
}

enum pst_status pst_key_from_seed(const struct pst_secret *seed, struct pst_key **ret,
                                  struct pst_err *err)
{
    struct pst_str s = pst_secret_reveal(seed);
    if (s.n != PST_ED25519_BYTES) {
        return pst_fail(err, PST_E_CONFIG, "an Ed25519 seed has 32 bytes, not %zu", s.n);
    }
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, s.p, s.n);
    return pst_key_wrap(pkey, /* is_private= */ true, ret, err);
}

enum pst_status pst_key_from_pem(const struct pst_secret *pem, struct pst_key **ret,
                                 struct pst_err *err)
{
    struct pst_secret *der = NULL;
    if (pst_pem_get(pst_secret_reveal(pem), PST_STR("PRIVATE KEY"), &der, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_str s = pst_secret_reveal(der);
    const unsigned char *at = s.p;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)s.n);
    EVP_PKEY *pkey = info != NULL && at == &s.p[s.n] ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    pst_secret_free(der);
    return pst_key_wrap(pkey, /* is_private= */ true, ret, err);
}

enum pst_status pst_key_from_public_pem(struct pst_str pem, struct pst_key **ret,
                                        struct pst_err *err)
{
    struct pst_secret *der = NULL;
    if (pst_pem_get(pem, PST_STR("PUBLIC KEY"), &der, err) != PST_OK) {
        return PST_ERR;
    }
    struct pst_str s = pst_secret_reveal(der);
    const unsigned char *at = s.p;
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, (long)s.n);
    if (pkey != NULL && at != &s.p[s.n]) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    pst_secret_free(der);
    return pst_key_wrap(pkey, /* is_private= */ false, ret, err);
}

enum pst_status pst_key_from_ed25519(struct pst_str x, struct pst_key **ret, struct pst_err *err)
{
    if (x.n != PST_ED25519_BYTES) {
        return pst_fail(err, PST_E_CONFIG, "an Ed25519 public key has 32 bytes, not %zu", x.n);
    }
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x.p, x.n);
    return pst_key_wrap(pkey, /* is_private= */ false, ret, err);
}

static EVP_PKEY *from_params(const char *type, OSSL_PARAM params[])
{
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

enum pst_status pst_key_from_p256(struct pst_str x, struct pst_str y, struct pst_key **ret,
                                  struct pst_err *err)
{
    if (x.n != PST_P256_BYTES || y.n != PST_P256_BYTES) {
        return pst_fail(err, PST_E_CONFIG, "a P-256 coordinate has 32 bytes");
    }
    uint8_t point[1 + 2 * PST_P256_BYTES] = {4}; /* uncompressed (SEC 1 §2.3.3) */
    memcpy(&point[1], x.p, PST_P256_BYTES);
    memcpy(&point[1 + PST_P256_BYTES], y.p, PST_P256_BYTES);
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    return pst_key_wrap(from_params("EC", params), /* is_private= */ false, ret, err);
}

enum pst_status pst_key_from_rsa(struct pst_str n, struct pst_str e, struct pst_key **ret,
                                 struct pst_err *err)
{
    if (n.n == 0 || n.n > RSA_BITS_MAX / 8 || e.n == 0 || e.n > 8 || n.p[0] == 0 || e.p[0] == 0) {
        return pst_fail(err, PST_E_CONFIG,
                        "an RSA modulus has up to 1024 bytes and no leading zero");
    }
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *big_n = BN_bin2bn(n.p, (int)n.n, NULL), *big_e = BN_bin2bn(e.p, (int)e.n, NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *pkey = NULL;
    if (builder != NULL && big_n != NULL && big_e != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, big_n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, big_e) == 1) {
        params = OSSL_PARAM_BLD_to_param(builder);
        pkey = params != NULL ? from_params("RSA", params) : NULL;
    }
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    BN_free(big_n);
    BN_free(big_e);
    return pst_key_wrap(pkey, /* is_private= */ false, ret, err);
}

/* --- export ----------------------------------------------------------------------------------- */

enum pst_status pst_key_public_raw(const struct pst_key *k, struct pst_buf *out,
                                   struct pst_err *err)
{
    uint8_t raw[1 + 2 * PST_P256_BYTES];
    size_t n = sizeof raw, from = 0;
    int ok = 0;
    if (k->alg == PST_SIG_EDDSA) {
        ok = EVP_PKEY_get_raw_public_key(k->pkey, raw, &n);
    } else if (k->alg == PST_SIG_ES256) {
        ok = EVP_PKEY_get_octet_string_param(k->pkey, OSSL_PKEY_PARAM_PUB_KEY, raw, sizeof raw, &n);
        ok = ok == 1 && n == sizeof raw && raw[0] == 4;
        from = 1; /* the mark of an uncompressed point */
    } else {
        return pst_fail(err, PST_E_USAGE, "an RSA key has no raw form");
    }
    if (ok != 1) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "a public key cannot be written");
    }
    if (!pst_buf_add(out, pst_str_of(&raw[from], n - from))) {
        return pst_fail(err, PST_E_NO_MEMORY, "no room for a public key");
    }
    return PST_OK;
}

enum pst_status pst_key_public_pem(const struct pst_key *k, struct pst_buf *out,
                                   struct pst_err *err)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(k->pkey, &der);
    if (n <= 0) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "a public key cannot be written");
    }
    struct pst_secret *pem = NULL;
    enum pst_status status = pst_pem_put(pst_str_of(der, (size_t)n), PST_STR("PUBLIC KEY"), &pem,
                                         err);
    OPENSSL_free(der);
    if (status == PST_OK && !pst_buf_add(out, pst_secret_reveal(pem))) {
        status = pst_fail(err, PST_E_NO_MEMORY, "no room for a public key");
    }
    pst_secret_free(pem);
    return status;
}

static enum pst_status need_private(const struct pst_key *k, struct pst_err *err)
{
    return k->is_private ? PST_OK : pst_fail(err, PST_E_USAGE, "this key has no private half");
}

enum pst_status pst_key_private_pem(const struct pst_key *k, struct pst_secret **ret,
                                    struct pst_err *err)
{
    if (need_private(k, err) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = PST_ERR;
    struct pst_secret *der = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(k->pkey);
    int n = info != NULL ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : 0;
    if (n > 0) {
        der = pst_secret_blank((size_t)n);
    }
    if (der != NULL) {
        unsigned char *at = pst_secret_bytes(der);
        n = i2d_PKCS8_PRIV_KEY_INFO(info, &at);
        status = n > 0 ? pst_pem_put(pst_secret_reveal(der), PST_STR("PRIVATE KEY"), ret, err)
                       : pst_ossl_fail(err, PST_E_INTERNAL, "a private key cannot be written");
    } else {
        (void)pst_ossl_fail(err, PST_E_NO_MEMORY, "a private key cannot be written");
    }
    pst_secret_free(der);
    PKCS8_PRIV_KEY_INFO_free(info);
    return status;
}

enum pst_status pst_key_private_seed(const struct pst_key *k, struct pst_secret **ret,
                                     struct pst_err *err)
{
    if (need_private(k, err) != PST_OK) {
        return PST_ERR;
    }
    if (k->alg != PST_SIG_EDDSA) {
        return pst_fail(err, PST_E_USAGE, "only an Ed25519 key has a seed");
    }
    struct pst_secret *seed = pst_secret_blank(PST_ED25519_BYTES);
    size_t n = PST_ED25519_BYTES;
    if (seed == NULL || EVP_PKEY_get_raw_private_key(k->pkey, pst_secret_bytes(seed), &n) != 1 ||
        n != PST_ED25519_BYTES) {
        pst_secret_free(seed);
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "a seed cannot be written");
    }
    *ret = seed;
    return PST_OK;
}
