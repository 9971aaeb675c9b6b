#include "crypto/tls_key.h"

#include "crypto/ossl.h"
#include "crypto/tls_scheme.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

struct pst_tls_key {
    EVP_PKEY *pkey;
    enum pst_tls_kind kind;
    uint8_t spki[PST_TLS_SPKI];
};

static const char *const wrong_kind = "a TLS key is ECDSA P-256 or P-384, RSA with 2048 to 4096 "
                                      "bits, or Ed25519";

/* --- what may be signed ----------------------------------------------------------------------- */

/* 64 spaces, the context, a zero, the hash of the handshake (RFC 8446 §4.4.3). */
static bool is_certificate_verify(struct pst_str text)
{
    struct pst_cur c = pst_cur_of(text);
    for (int i = 0; i < 64; i++) {
        if (!pst_cur_byte(&c, ' ')) {
            return false;
        }
    }
    return pst_cur_lit(&c, PST_STR("TLS 1.3, server CertificateVerify")) && pst_cur_byte(&c, 0) &&
           (pst_cur_left(&c) == 32 || pst_cur_left(&c) == 48);
}

/* Two times 32 random bytes, a named curve, a point (RFC 8422 §5.4). The first byte behind the
 * random ones tells it from the text above. */
static bool is_key_exchange(struct pst_str text)
{
    static const struct {
        uint8_t group, point;
    } groups[] = {{0x1d, 32}, {0x17, 65}, {0x18, 97}};
    struct pst_cur c = pst_cur_of(pst_str_from(text, 64));
    if (!pst_cur_lit(&c, PST_STR("\x03\x00"))) {
        return false;
    }
    uint8_t group = 0, n = 0;
    if (!pst_cur_u8(&c, &group) || !pst_cur_u8(&c, &n) || pst_cur_left(&c) != n) {
        return false;
    }
    for (size_t i = 0; i < PST_LEN(groups); i++) {
        if (groups[i].group == group) {
            return groups[i].point == n && (group == 0x1d || pst_cur_peek(&c, 0) == 4);
        }
    }
    return false;
}

bool pst_tls_text_ok(uint16_t scheme, struct pst_str text)
{
    const struct pst_tls_scheme *s = pst_tls_scheme_of(scheme);
    return s != NULL && text.n <= PST_TLS_SIGNED &&
           ((is_certificate_verify(text) && !s->old) || is_key_exchange(text));
}

/* --- the key ---------------------------------------------------------------------------------- */

/* Signing what the public half does not verify would show the client, or with RSA give away, what
 * is wrong with the key. */
static bool halves_fit(EVP_PKEY *pkey)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
    bool ok = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

enum pst_status pst_tls_key_new(const struct pst_secret *pem, struct pst_tls_key **ret,
                                struct pst_err *err)
{
    struct pst_secret *der = NULL;
    struct pst_err why = {0};
    if (pst_pem_get(pst_secret_reveal(pem), PST_STR("PRIVATE KEY"), &der, &why) != PST_OK) {
        return why.code == PST_E_NO_MEMORY
                   ? pst_fail(err, why.code, "%s", why.text)
                   : pst_fail(err, PST_E_CONFIG,
                              "a TLS key is one block PRIVATE KEY of PEM (PKCS#8), not encrypted");
    }
    ERR_clear_error();
    struct pst_str s = pst_secret_reveal(der);
    const unsigned char *at = s.p;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)s.n);
    EVP_PKEY *pkey = info != NULL && at == &s.p[s.n] ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    pst_secret_free(der);
    if (pkey == NULL) {
        return pst_ossl_fail(err, PST_E_CONFIG, "not a usable TLS key");
    }
    struct pst_tls_key *k = calloc(1, sizeof *k);
    if (k == NULL) {
        EVP_PKEY_free(pkey);
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a key");
    }
    k->pkey = pkey;
    if (!pst_tls_kind_of(pkey, &k->kind)) {
        pst_tls_key_free(k);
        return pst_ossl_fail(err, PST_E_CONFIG, wrong_kind);
    }
    if (!halves_fit(pkey) || !pst_tls_spki_of(pkey, k->spki)) {
        pst_tls_key_free(k);
        return pst_ossl_fail(err, PST_E_CONFIG, "the two halves of a TLS key do not fit");
    }
    *ret = k;
    return PST_OK;
}

void pst_tls_key_free(struct pst_tls_key *k)
{
    if (k != NULL) {
        EVP_PKEY_free(k->pkey);
        free(k);
    }
}

const uint8_t *pst_tls_key_spki(const struct pst_tls_key *k)
{
    return k->spki;
}

static bool set_padding(EVP_PKEY_CTX *ctx, const struct pst_tls_scheme *s)
{
    return s->kind != PST_TLS_RSA || !s->pss ||
           (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

enum pst_status pst_tls_key_sign(const struct pst_tls_key *k, uint16_t scheme, struct pst_str text,
                                 uint8_t ret[PST_TLS_SIG_MAX], size_t *ret_n, struct pst_err *err)
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
              EVP_DigestSignInit_ex(ctx, &pkey_ctx, s->digest, NULL, NULL, k->pkey, NULL) == 1 &&
              set_padding(pkey_ctx, s) && EVP_DigestSign(ctx, signature, &n, text.p, text.n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!ok) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "signing failed");
    }
    memcpy(ret, signature, n);
    *ret_n = n;
    return PST_OK;
}

enum pst_status pst_tls_chain_spki(struct pst_str pem, uint8_t ret[PST_TLS_SPKI],
                                   struct pst_err *err)
{
    ERR_clear_error();
    BIO *bio = BIO_new_mem_buf(pem.p, pem.n <= INT32_MAX ? (int)pem.n : 0);
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, pst_ossl_no_password, NULL) : NULL;
    EVP_PKEY *pkey = cert != NULL ? X509_get0_pubkey(cert) : NULL;
    enum pst_tls_kind kind;
    enum pst_status status = PST_OK;
    if (pkey == NULL) {
        status = pst_ossl_fail(err, PST_E_CONFIG, "there is no certificate");
    } else if (!pst_tls_kind_of(pkey, &kind)) {
        status = pst_fail(err, PST_E_CONFIG, "%s", wrong_kind);
    } else if (!pst_tls_spki_of(pkey, ret)) {
        status = pst_ossl_fail(err, PST_E_NO_MEMORY, "no memory for a certificate");
    }
    X509_free(cert);
    BIO_free(bio);
    ERR_clear_error();
    return status;
}
