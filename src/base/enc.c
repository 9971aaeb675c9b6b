#include "base/enc.h"

#include "base/check.h"

void pst_hex_put(const uint8_t *in, size_t n, char *ret)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        ret[2 * i] = digit[in[i] >> 4];
        ret[2 * i + 1] = digit[in[i] & 15];
    }
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    uint8_t low = (uint8_t)(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool pst_hex_get(struct pst_str in, uint8_t *ret, size_t n)
{
    if (in.n / 2 != n || in.n % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < in.n; i++) {
        if (hex_value(in.p[i]) < 0) {
            return false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        ret[i] = (uint8_t)(hex_value(in.p[2 * i]) << 4 | hex_value(in.p[2 * i + 1]));
    }
    return true;
}

/* --- base64 ----------------------------------------------------------------------------------- */

static const char b64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool pst_b64_put(struct pst_buf *out, enum pst_b64 alphabet, struct pst_str in)
{
    const char *digit = alphabet == PST_B64_URL ? b64_url : b64_std;
    size_t tail = in.n % 3, n;
    size_t tail_chars = tail == 0 ? 0 : alphabet == PST_B64_STD ? 4 : tail + 1;
    if (!pst_mul_size(in.n / 3, 4, &n) || !pst_add_size(n, tail_chars, &n)) {
        out->failed = true;
        return false;
    }
    uint8_t *p = pst_buf_room(out, n);
    if (p == NULL) {
        return false;
    }
    size_t at = 0, put = 0;
    for (; at + 3 <= in.n; at += 3) {
        uint32_t v = (uint32_t)in.p[at] << 16 | (uint32_t)in.p[at + 1] << 8 | in.p[at + 2];
        p[put++] = (uint8_t)digit[v >> 18];
        p[put++] = (uint8_t)digit[v >> 12 & 63];
        p[put++] = (uint8_t)digit[v >> 6 & 63];
        p[put++] = (uint8_t)digit[v & 63];
    }
    if (tail > 0) {
        uint32_t v = (uint32_t)in.p[at] << 16 | (tail == 2 ? (uint32_t)in.p[at + 1] << 8 : 0);
        p[put++] = (uint8_t)digit[v >> 18];
        p[put++] = (uint8_t)digit[v >> 12 & 63];
        if (tail == 2) {
            p[put++] = (uint8_t)digit[v >> 6 & 63];
        }
        while (put < n) {
            p[put++] = '=';
        }
    }
    pst_buf_added(out, n);
    return true;
}

/* Without a table and with few branches; a credential's bytes do not index memory. */
static int b64_value(uint8_t c, enum pst_b64 alphabet)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    const char *digit = alphabet == PST_B64_URL ? b64_url : b64_std;
    return c == (uint8_t)digit[62] ? 62 : c == (uint8_t)digit[63] ? 63 : -1;
}

/* Takes the padding off; false when it is not exactly what the alphabet asks for. */
static bool b64_unpad(struct pst_str *s, enum pst_b64 alphabet)
{
    if (alphabet == PST_B64_STD) {
        if (s->n % 4 != 0) {
            return false;
        }
        for (int i = 0; i < 2 && s->n > 0 && s->p[s->n - 1] == '='; i++) {
            s->n--;
        }
    }
    return s->n % 4 != 1;
}

bool pst_b64_get(struct pst_str in, enum pst_b64 alphabet, uint8_t *ret, size_t cap, size_t *ret_n)
{
    if (!b64_unpad(&in, alphabet)) {
        return false;
    }
    size_t tail = in.n % 4, n = in.n / 4 * 3 + (tail > 0 ? tail - 1 : 0);
    if (n > cap) {
        return false;
    }
    /* all of it is checked before the first byte is written */
    int last = 0;
    for (size_t i = 0; i < in.n; i++) {
        last = b64_value(in.p[i], alphabet);
        if (last < 0) {
            return false;
        }
    }
    if ((tail == 2 && (last & 15) != 0) || (tail == 3 && (last & 3) != 0)) {
        return false;
    }
    uint32_t bits = 0;
    size_t held = 0, put = 0;
    for (size_t i = 0; i < in.n; i++) {
        bits = bits << 6 | (uint32_t)b64_value(in.p[i], alphabet);
        held += 6;
        if (held >= 8) {
            held -= 8;
            ret[put++] = (uint8_t)(bits >> held);
        }
    }
    *ret_n = n;
    return true;
}

/* --- ids -------------------------------------------------------------------------------------- */

/* Crockford's alphabet: no I, L, O, U; in ASCII order, so that texts sort as numbers. */
static const char id_digit[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void pst_id_put(uint64_t id, char ret[PST_ID_CHARS])
{
    for (size_t i = PST_ID_CHARS; i > 0; i--) {
        ret[i - 1] = id_digit[id & 31];
        id >>= 5;
    }
}

bool pst_id_get(struct pst_str in, uint64_t *ret)
{
    /* 13 digits hold 65 bits */
    if (in.n != PST_ID_CHARS || in.p[0] > 'F') {
        return false;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < PST_ID_CHARS; i++) {
        const char *at = in.p[i] != 0 ? strchr(id_digit, in.p[i]) : NULL;
        if (at == NULL) {
            return false;
        }
        v = v << 5 | (uint64_t)(at - id_digit);
    }
    *ret = v;
    return true;
}
