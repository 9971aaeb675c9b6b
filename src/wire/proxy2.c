#include "wire/proxy2.h"

#include "base/enc.h"

static const uint8_t signature[PST_PROXY2_SIGNATURE] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                        0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

enum { AT_COMMAND = 12, AT_FAMILY = 13, AT_LENGTH = 14 };
enum { LOCAL = 0x20, PROXY = 0x21 };
enum { UNSPEC = 0x00, TCP4 = 0x11, TCP6 = 0x21 };
enum { TCP4_BYTES = 12, TCP6_BYTES = 36 };
enum { TLV_CRC32C = 0x03, TLV_SSL = 0x20, TLV_SSL_FIXED = 5 };

static enum pst_status bad(struct pst_err *err, const char *what)
{
    return pst_fail(err, PST_E_HTTP_SYNTAX, "the PROXY protocol header is not valid: %s", what);
}

void pst_proxy2_init(struct pst_proxy2 *p, size_t limit)
{
    *p = (struct pst_proxy2){.want = PST_PROXY2_FIXED};
    pst_buf_init(&p->bytes, PST_PROXY2_FIXED + limit);
}

void pst_proxy2_release(struct pst_proxy2 *p)
{
    pst_buf_release(&p->bytes);
    p->over = true;
}

size_t pst_proxy2_want(const struct pst_proxy2 *p)
{
    return p->over ? 0 : p->want - p->bytes.n;
}

bool pst_proxy2_begins(struct pst_str bytes)
{
    size_t n = bytes.n < sizeof signature ? bytes.n : sizeof signature;
    return n > 0 && memcmp(bytes.p, signature, n) == 0;
}

static uint16_t be16(const uint8_t *bytes, size_t at)
{
    return (uint16_t)(bytes[at] << 8 | bytes[at + 1]);
}

/* --- the fixed part --------------------------------------------------------------------------- */

static size_t address_bytes(uint8_t family)
{
    return family == TCP4 ? TCP4_BYTES : family == TCP6 ? TCP6_BYTES : 0;
}

/* Looks at the bytes that are new: the first wrong one refuses. */
static enum pst_status fixed_check(const struct pst_proxy2 *p, size_t from, struct pst_err *err)
{
    const uint8_t *b = p->bytes.p;
    for (size_t i = from; i < p->bytes.n && i < AT_LENGTH; i++) {
        if (i < sizeof signature) {
            if (b[i] != signature[i]) {
                return bad(err, "it does not begin as one of version 2");
            }
        } else if (i == AT_COMMAND) {
            if (b[i] != LOCAL && b[i] != PROXY) {
                return bad(err, "its version or command is unknown");
            }
        } else if (b[AT_COMMAND] == PROXY && b[i] != UNSPEC && b[i] != TCP4 && b[i] != TCP6) {
            return bad(err, "it is for something else than TCP over IPv4 or IPv6");
        }
    }
    return PST_OK;
}

static enum pst_status length_check(struct pst_proxy2 *p, struct pst_err *err)
{
    const uint8_t *b = p->bytes.p;
    size_t n = be16(b, AT_LENGTH);
    if (PST_PROXY2_FIXED + n > p->bytes.cap) {
        return pst_fail(err, PST_E_LIMIT, "a PROXY protocol header of %zu bytes is too long", n);
    }
    if (b[AT_COMMAND] == PROXY && n < address_bytes(b[AT_FAMILY])) {
        return bad(err, "it is too short for its addresses");
    }
    p->want = PST_PROXY2_FIXED + n;
    return PST_OK;
}

/* --- TLVs ------------------------------------------------------------------------------------- */

struct tlv {
    uint8_t type;
    size_t at; /* of the value, in the text it was read from */
    struct pst_str value;
};

static bool tlv_next(struct pst_cur *cur, struct tlv *ret)
{
    struct pst_str head;
    if (!pst_cur_take(cur, 3, &head)) {
        return false;
    }
    ret->type = head.p[0];
    ret->at = cur->at;
    return pst_cur_take(cur, be16(head.p, 1), &ret->value);
}

static bool ssl_shape(struct pst_str value)
{
    struct pst_cur cur = pst_cur_of(value);
    struct pst_str fixed;
    struct tlv one;
    if (!pst_cur_take(&cur, TLV_SSL_FIXED, &fixed)) {
        return false;
    }
    while (!pst_cur_done(&cur)) {
        if (!tlv_next(&cur, &one)) {
            return false;
        }
    }
    return true;
}

/* Of the whole header with the checksum's own four bytes as zeros (§2.2.3). */
static bool checksum_good(const struct pst_proxy2 *p, size_t at)
{
    static const uint8_t zeros[4];
    struct pst_str all = pst_buf_str(&p->bytes);
    uint32_t crc = pst_crc32c(0, pst_str_cut(all, 0, at));
    crc = pst_crc32c(crc, pst_str_of(zeros, sizeof zeros));
    crc = pst_crc32c(crc, pst_str_from(all, at + sizeof zeros));
    return crc == ((uint32_t)be16(all.p, at) << 16 | be16(all.p, at + 2));
}

static enum pst_status tlvs_check(const struct pst_proxy2 *p, size_t from, struct pst_err *err)
{
    struct pst_cur cur = pst_cur_of(pst_buf_str(&p->bytes));
    bool summed = false;
    pst_cur_skip(&cur, from);
    while (!pst_cur_done(&cur)) {
        struct tlv one;
        if (!tlv_next(&cur, &one)) {
            return bad(err, "a part of it reaches past its end");
        }
        if (one.type == TLV_SSL && !ssl_shape(one.value)) {
            return bad(err, "what it says of TLS has the wrong shape");
        }
        if (one.type == TLV_CRC32C) {
            if (summed || one.value.n != 4 || !checksum_good(p, one.at)) {
                return bad(err, "its checksum is wrong");
            }
            summed = true;
        }
    }
    return PST_OK;
}

/* --- whole ------------------------------------------------------------------------------------ */

static enum pst_status whole(struct pst_proxy2 *p, struct pst_err *err)
{
    const uint8_t *b = p->bytes.p;
    uint8_t family = b[AT_FAMILY];
    if (b[AT_COMMAND] == LOCAL) {
        return PST_OK; /* "discard the protocol block including the family" */
    }
    if (tlvs_check(p, PST_PROXY2_FIXED + address_bytes(family), err) != PST_OK) {
        return PST_ERR;
    }
    if (family == TCP4) {
        p->source = PST_PROXY2_V4;
        memcpy(p->address, &b[PST_PROXY2_FIXED], 4);
        p->port = be16(b, PST_PROXY2_FIXED + 8);
    } else if (family == TCP6) {
        p->source = PST_PROXY2_V6;
        memcpy(p->address, &b[PST_PROXY2_FIXED], 16);
        p->port = be16(b, PST_PROXY2_FIXED + 32);
    }
    return PST_OK;
}

enum pst_status pst_proxy2_feed(struct pst_proxy2 *p, struct pst_str bytes, struct pst_err *err)
{
    size_t before = p->bytes.n;
    PST_BUG_ON(bytes.n > pst_proxy2_want(p));
    enum pst_status status = PST_OK;
    if (!pst_buf_add(&p->bytes, bytes)) {
        status = pst_fail(err, PST_E_NO_MEMORY, "no memory for a PROXY protocol header");
    }
    if (status == PST_OK && before < PST_PROXY2_FIXED) {
        status = fixed_check(p, before, err);
        if (status == PST_OK && p->bytes.n == PST_PROXY2_FIXED) {
            status = length_check(p, err);
        }
    }
    if (status == PST_OK && p->bytes.n < p->want) {
        return PST_AGAIN;
    }
    if (status == PST_OK) {
        status = whole(p, err);
    }
    p->over = true;
    return status;
}
