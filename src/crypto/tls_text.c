#include "crypto/tls_text.h"

#include "crypto/tls_scheme.h"

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
