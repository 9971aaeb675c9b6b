/* What a TLS server signs in a handshake, told by its shape, so that whoever may ask for signatures
 * of its key has no general oracle: the texts of TLS 1.3 (RFC 8446 §4.4.3) and TLS 1.2 (RFC 8422
 * §5.4). */
#ifndef PST_CRYPTO_TLS_TEXT_H
#define PST_CRYPTO_TLS_TEXT_H

#include "base/str.h"

#include <stdbool.h>

enum {
    PST_TLS_SPKI = 32,     /* SHA-256 of a SubjectPublicKeyInfo: the name of a key */
    PST_TLS_SIGNED = 192,  /* what is signed is never longer */
    PST_TLS_SIG_MAX = 512, /* RSA with 4096 bits */
};

/* Whether a server signs this with that scheme (RFC 8446 §4.2.3) in a handshake of TLS 1.3 or 1.2.
 */
bool pst_tls_text_ok(uint16_t scheme, struct pst_str text);

#endif
