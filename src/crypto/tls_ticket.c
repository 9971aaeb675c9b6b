/* Session tickets (RFC 5077 §4) under keys that come from outside. */
#include "crypto/ossl.h"
#include "crypto/tls_host.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>

enum { NAME = 16, IV = 16, KEY = 32 };

static bool ready(const struct pst_tls_host *h, const uint8_t *key, const unsigned char *iv,
                  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
    char digest[] = "SHA256";
    uint8_t mac_key[KEY];
    memcpy(mac_key, &key[NAME + KEY], KEY);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, sizeof mac_key),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_CIPHER *aes = EVP_CIPHER_fetch(h->library.ctx, "AES-256-CBC", PST_REMOTE_PROPERTIES);
    bool ok = aes != NULL && EVP_CipherInit_ex2(cipher, aes, &key[NAME], iv, encrypt, NULL) == 1 &&
              EVP_MAC_CTX_set_params(mac, params) == 1;
    EVP_CIPHER_free(aes);
    pst_wipe(mac_key, sizeof mac_key);
    return ok;
}

/* 1: good; 2: good, and the client gets a newer one; 0: a full handshake; -1: the handshake fails.
 */
int pst_tls_ticket_key(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *cipher,
                       EVP_MAC_CTX *mac, int encrypt)
{
    const struct pst_tls_server *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    const struct pst_tls_host *h = s->host;
    if (h->tickets == NULL) {
        return 0;
    }
    const uint8_t *keys = pst_secret_reveal(h->tickets).p;
    if (encrypt != 0) {
        memcpy(name, keys, NAME);
        return RAND_bytes_ex(h->library.ctx, iv, IV, 0) == 1 && ready(h, keys, iv, cipher, mac, 1)
                   ? 1
                   : -1;
    }
    for (size_t i = 0; i < 2; i++) {
        const uint8_t *key = &keys[i * PST_TLS_TICKET_KEY];
        if (memcmp(name, key, NAME) == 0) {
            /* clients use a ticket of TLS 1.3 once (RFC 8446 appendix C.4): they get another */
            bool renew = i > 0 || SSL_version(ssl) == TLS1_3_VERSION;
            return !ready(h, key, iv, cipher, mac, 0) ? -1 : renew ? 2 : 1;
        }
    }
    return 0;
}
