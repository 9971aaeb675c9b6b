/* Inside crypto/ only: a private key that is not here. An OpenSSL provider makes key objects that
 * hold the public half; to sign means to say what is wanted and to let the handshake's job
 * (ASYNC_pause_job) rest until somebody brings the signature. Everything is in a library context of
 * its own, so that nothing else in the process can meet such a key. */
#ifndef PST_CRYPTO_REMOTE_KEY_H
#define PST_CRYPTO_REMOTE_KEY_H

#include "base/str.h"
#include "crypto/tls_text.h"

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdbool.h>

enum pst_remote_state { PST_REMOTE_IDLE, PST_REMOTE_WAITS, PST_REMOTE_SIGNED, PST_REMOTE_FAILED };

/* The signature that one connection waits for. */
struct pst_remote_wish {
    enum pst_remote_state state;
    uint16_t scheme;
    struct pst_str text; /* valid while it waits */
    uint8_t signature[PST_TLS_SIG_MAX];
    size_t n;
};

/* Whose call it is: set around every call into the library that may sign. */
struct pst_remote_lane {
    struct pst_remote_wish *wish;
};

/* A library context with the provider and the library's own algorithms in it. */
struct pst_remote_library {
    OSSL_LIB_CTX *ctx;
    OSSL_PROVIDER *own, *usual;
};
/* False: no memory; release it all the same. */
PST_NODISCARD bool pst_remote_library_init(struct pst_remote_library *l);
void pst_remote_library_release(struct pst_remote_library *l);

/* What a TLS context of this library context prefers: the library's own algorithms. */
#define PST_REMOTE_PROPERTIES "?provider=default"

/* The key whose public half this is (up-referenced). `lane` outlives it. NULL: see the error queue.
 */
PST_NODISCARD EVP_PKEY *pst_remote_key_new(struct pst_remote_library *l, EVP_PKEY *public,
                                           struct pst_remote_lane *lane);

#endif
