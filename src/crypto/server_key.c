#include "crypto/server_key.h"

#include "crypto/hash.h"
#include "crypto/ossl.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

struct pst_server_key {
    EVP_PKEY *key;
    uint8_t spki[PST_X509_SPKI_BYTES];
};

static enum pst_status wrap(struct pst_server_key *k, struct pst_err *err)
{
    unsigned char *der = NULL;
    int n = i2d_PUBKEY(k->key, &der);
    if (n <= 0) {
        return pst_ossl_fail(err, PST_E_CONFIG, "the public half of the key cannot be had");
    }
    pst_sha256(pst_str_of(der, (size_t)n), k->spki);
    OPENSSL_free(der);
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
