#include "crypto/tls_scheme.h"

#include "crypto/hash.h"

#include <openssl/x509.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096 };

static const struct pst_tls_scheme schemes[] = {
    {0x0403, PST_TLS_EC, false, false, "SHA256"},  /* ecdsa_secp256r1_sha256 */
    {0x0503, PST_TLS_EC, false, false, "SHA384"},  /* ecdsa_secp384r1_sha384 */
    {0x0804, PST_TLS_RSA, true, false, "SHA256"},  /* rsa_pss_rsae_sha256 */
    {0x0805, PST_TLS_RSA, true, false, "SHA384"},  /* rsa_pss_rsae_sha384 */
    {0x0806, PST_TLS_RSA, true, false, "SHA512"},  /* rsa_pss_rsae_sha512 */
    {0x0807, PST_TLS_ED25519, false, false, NULL}, /* ed25519 */
    {0x0401, PST_TLS_RSA, false, true, "SHA256"},  /* rsa_pkcs1_sha256 */
    {0x0501, PST_TLS_RSA, false, true, "SHA384"},  /* rsa_pkcs1_sha384 */
    {0x0601, PST_TLS_RSA, false, true, "SHA512"},  /* rsa_pkcs1_sha512 */
};

const struct pst_tls_scheme *pst_tls_scheme_of(uint16_t number)
{
    for (size_t i = 0; i < PST_LEN(schemes); i++) {
        if (schemes[i].number == number) {
            return &schemes[i];
        }
    }
    return NULL;
}

const struct pst_tls_scheme *pst_tls_scheme_find(enum pst_tls_kind kind, bool pss,
                                                 const char *digest)
{
    for (size_t i = 0; i < PST_LEN(schemes); i++) {
        const struct pst_tls_scheme *s = &schemes[i];
        if (s->kind == kind && s->pss == pss &&
            (s->digest == NULL ? digest == NULL
                               : digest != NULL && strcmp(s->digest, digest) == 0)) {
            return s;
        }
    }
    return NULL;
}

bool pst_tls_kind_of(const EVP_PKEY *pkey, enum pst_tls_kind *ret)
{
    char group[32];
    if (EVP_PKEY_is_a(pkey, "ED25519") == 1) {
        *ret = PST_TLS_ED25519;
        return true;
    }
    if (EVP_PKEY_is_a(pkey, "RSA") == 1) {
        int bits = EVP_PKEY_get_bits(pkey);
        *ret = PST_TLS_RSA;
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
    }
    *ret = PST_TLS_EC;
    return EVP_PKEY_is_a(pkey, "EC") == 1 &&
           EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
           (strcmp(group, "prime256v1") == 0 || strcmp(group, "secp384r1") == 0);
}

bool pst_tls_spki_of(const EVP_PKEY *pkey, uint8_t ret[32])
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(pkey, &der);
    if (n <= 0) {
        return false;
    }
    pst_sha256(pst_str_of(der, (size_t)n), ret);
    OPENSSL_free(der);
    return true;
}
