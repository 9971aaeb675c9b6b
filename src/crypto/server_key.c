#include "crypto/server_key.h"

#include "crypto/ossl.h"
#include "crypto/tls_scheme.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

struct pst_server_key {
    EVP_PKEY *key;
    enum pst_tls_kind kind;
    uint8_t spki[PST_X509_SPKI_BYTES];
};

static enum pst_status wrap(struct pst_server_key *k, struct pst_err *err)
{
    if (!pst_tls_kind_of(k->key, &k->kind)) {
        return pst_ossl_fail(err, PST_E_CONFIG,
                             "a TLS key is ECDSA P-256 or P-384, RSA with 2048 to 4096 bits, or "
                             "Ed25519");
    }
    if (!pst_tls_spki_of(k->key, k->spki)) {
        return pst_ossl_fail(err, PST_E_CONFIG, "the public half of the key cannot be had");
    }
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->key, NULL);
    bool pair = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    return pair ? PST_OK
                : pst_ossl_fail(err, PST_E_CONFIG, "the private key does not fit its public half");
}

enum pst_status pst_server_key_load(struct pst_str pem, struct pst_server_key **ret,
                                    struct pst_err *err)
{
    if (pst_str_find(pem, PST_STR("ENCRYPTED")) != PST_NPOS) {
        return pst_fail(err, PST_E_CONFIG,
                        "the key is encrypted; nobody is there to type a "
                        "password");
    }
    if (pst_str_find(pem, PST_STR("PRIVATE KEY-----")) == PST_NPOS) {
        return pst_fail(err, PST_E_CONFIG, "the file holds no private key in PEM");
    }
    struct pst_server_key *k = calloc(1, sizeof *k);
    BIO *bio = pem.n <= PST_SERVER_KEY_FILE_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    enum pst_status status = PST_OK;
    if (k == NULL || bio == NULL) {
        status = pst_fail(err, PST_E_NO_MEMORY, "no memory for a key");
    } else {
        k->key = PEM_read_bio_PrivateKey(bio, NULL, pst_ossl_no_password, NULL);
        status = k->key != NULL ? wrap(k, err)
                                : pst_ossl_fail(err, PST_E_CONFIG, "the key cannot be read");
    }
    BIO_free(bio);
    if (status != PST_OK) {
        pst_server_key_free(k);
        return status;
    }
    *ret = k;
    return PST_OK;
}

void pst_server_key_free(struct pst_server_key *k)
{
    if (k != NULL) {
        EVP_PKEY_free(k->key);
        free(k);
    }
}

const uint8_t *pst_server_key_spki(const struct pst_server_key *k)
{
    return k->spki;
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct pst_tls_scheme *s)
{
    return s->kind != PST_TLS_RSA || !s->pss ||
           (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

enum pst_status pst_server_key_sign(const struct pst_server_key *k, uint16_t scheme,
                                    struct pst_str text, uint8_t ret[PST_TLS_SIG_MAX],
                                    size_t *ret_n, struct pst_err *err)
{
    const struct pst_tls_scheme *s = pst_tls_scheme_of(scheme);
    if (s == NULL || s->kind != k->kind) {
        return pst_fail(err, PST_E_USAGE, "a TLS key does not sign with scheme %04x", scheme);
    }
    if (!pst_tls_text_ok(scheme, text)) {
        return pst_fail(err, PST_E_USAGE, "a TLS key signs handshakes of a server only");
    }
    ERR_clear_error();
    uint8_t signature[PST_TLS_SIG_MAX];
    size_t n = sizeof signature;
    EVP_PKEY_CTX *pkey_ctx = NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL &&
              EVP_DigestSignInit_ex(ctx, &pkey_ctx, s->digest, NULL, NULL, k->key, NULL) == 1 &&
              set_padding(pkey_ctx, s) && EVP_DigestSign(ctx, signature, &n, text.p, text.n) == 1 &&
              n <= sizeof signature; /* without memory ECDSA succeeds with a length of -1 */
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "signing failed");
    }
    memcpy(ret, signature, n);
    *ret_n = n;
    return PST_OK;
}
