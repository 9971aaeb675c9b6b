#include "crypto/crypto.h"

#include "crypto/ossl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

/* Locked memory counts in full towards what a process uses, so the heap for secrets is small. */
enum { SECURE_HEAP_BYTES = 65536, SECURE_HEAP_LEAST = 32 };

enum pst_status pst_ossl_fail(struct pst_err *err, enum pst_error code, const char *what)
{
    unsigned long reason = ERR_peek_error();
    if (reason != 0 && ERR_GET_REASON(reason) == ERR_R_MALLOC_FAILURE) {
        code = PST_E_NO_MEMORY;
    }
    const char *text = reason != 0 ? ERR_reason_error_string(reason) : NULL;
    ERR_clear_error();
    if (text == NULL) {
        return pst_fail(err, code, "%s", what);
    }
    return pst_fail(err, code, "%s: %s", what, text);
}

int pst_ossl_no_password(char *buf PST_UNUSED, int size PST_UNUSED, int rwflag PST_UNUSED,
                         void *arg PST_UNUSED)
{
    return -1;
}

/* A fetched algorithm stays in the library's store after it is freed here; the point is to find out
 * now, and to have the provider started before the sandbox. */
static bool algorithms_are_there(void)
{
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_SIGNATURE *eddsa = EVP_SIGNATURE_fetch(NULL, "ED25519", NULL);
    EVP_SIGNATURE *ecdsa = EVP_SIGNATURE_fetch(NULL, "ECDSA", NULL);
    EVP_SIGNATURE *rsa = EVP_SIGNATURE_fetch(NULL, "RSA", NULL);
    EVP_CIPHER *aead = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    bool ok = aead != NULL && md != NULL && mac != NULL && eddsa != NULL && ecdsa != NULL &&
              rsa != NULL;
    EVP_CIPHER_free(aead);
    EVP_MD_free(md);
    EVP_MAC_free(mac);
    EVP_SIGNATURE_free(eddsa);
    EVP_SIGNATURE_free(ecdsa);
    EVP_SIGNATURE_free(rsa);
    return ok;
}

enum pst_status pst_crypto_init(struct pst_err *err)
{
    const uint64_t options = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS;
    if (OPENSSL_init_crypto(options, NULL) != 1) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "OpenSSL does not start");
    }
    /* 2 is "works, but could not be locked": a low RLIMIT_MEMLOCK is no reason to refuse service */
    if (CRYPTO_secure_malloc_initialized() == 0 &&
        CRYPTO_secure_malloc_init(SECURE_HEAP_BYTES, SECURE_HEAP_LEAST) == 0) {
        return pst_ossl_fail(err, PST_E_NO_MEMORY, "no memory for the heap of secrets");
    }
    if (!algorithms_are_there()) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "OpenSSL lacks an algorithm");
    }
    uint8_t seed[8];
    if (RAND_bytes(seed, sizeof seed) != 1 || RAND_priv_bytes(seed, sizeof seed) != 1) {
        return pst_ossl_fail(err, PST_E_INTERNAL, "no random bytes");
    }
    return PST_OK;
}
