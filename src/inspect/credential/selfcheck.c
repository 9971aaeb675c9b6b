/* Self-checks of tokens: GitHub and npm (github.blog 2021-04-05, 2021-09-23: CRC-32 of the random
 * part in six base62 digits), PyPI (a macaroon whose location is pypi.org), GitLab (routable
 * tokens: CRC-32 in seven base36 digits), AWS ids (base32). */
#include "inspect/credential/selfcheck.h"
#include "inspect/credential/credential.h"
#include "inspect/credential/value.h"

uint32_t pst_crc32(struct pst_str in)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < in.n; i++) {
        crc ^= in.p[i];
        for (int k = 0; k < 8; k++) {
            crc = (crc >> 1) ^ (0xEDB88320U & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

static int digit64(uint8_t c)
{
    if (pst_is_upper(c)) {
        return c - 'A';
    }
    if (pst_is_lower(c)) {
        return c - 'a' + 26;
    }
    if (pst_is_digit(c)) {
        return c - '0' + 52;
    }
    if (c == '+' || c == '-') {
        return 62;
    }
    return c == '/' || c == '_' ? 63 : -1;
}

size_t pst_base64_peek(struct pst_str in, uint8_t *ret, size_t cap)
{
    size_t n = 0;
    uint32_t bits = 0;
    unsigned have = 0;
    for (size_t i = 0; i < in.n && n < cap; i++) {
        int d = digit64(in.p[i]);
        if (d < 0) {
            break;
        }
        bits = (bits << 6 | (uint32_t)d) & 0xFFFFFFU;
        have += 6;
        if (have >= 8) {
            have -= 8;
            ret[n++] = (uint8_t)(bits >> have);
        }
    }
    return n;
}

bool pst_jwt_header(struct pst_str part)
{
    uint8_t out[768];
    if (part.n < 12 || part.n > 1024) {
        return false;
    }
    struct pst_str json = pst_str_of(out, pst_base64_peek(part, out, sizeof(out)));
    size_t i = 0;
    while (pst_is_space(pst_at(json, i))) {
        i++;
    }
    return pst_at(json, i) == '{' && (pst_str_find(json, PST_STR("\"alg\"")) != PST_NPOS ||
                                      pst_str_find(json, PST_STR("\"enc\"")) != PST_NPOS ||
                                      pst_str_find(json, PST_STR("\"typ\"")) != PST_NPOS);
}

/* prefix_ + random + six digits of CRC-32(random), 0-9A-Za-z, most significant first. */
static bool pst_self_check_base62_crc(struct pst_str secret)
{
    size_t from = 0;
    for (size_t i = 0; i < secret.n; i++) {
        from = secret.p[i] == '_' ? i + 1 : from;
    }
    if (secret.n - from < 12) {
        return false;
    }
    uint64_t said = 0;
    for (size_t i = secret.n - 6; i < secret.n; i++) {
        uint8_t c = secret.p[i];
        if (!pst_is_alnum(c)) {
            return false;
        }
        unsigned d = pst_is_digit(c) ? c - '0' : (pst_is_upper(c) ? c - 'A' + 10 : c - 'a' + 36);
        said = said * 62 + d;
    }
    return said == pst_crc32(pst_str_cut(secret, from, secret.n - 6 - from));
}

/* A macaroon of version 2: 0x02 0x01, length, location. */
static bool pst_self_check_pypi(struct pst_str secret)
{
    uint8_t out[32];
    size_t n = pst_base64_peek(pst_str_from(secret, 5), out, sizeof(out));
    if (n < 16 || out[0] != 2 || out[1] != 1) {
        return false;
    }
    struct pst_str where = pst_str_cut(pst_str_of(out, n), 3, out[2]);
    return pst_str_eq(where, PST_STR("pypi.org")) || pst_str_eq(where, PST_STR("test.pypi.org"));
}

/* Four letters of kind, then base32 (RFC 4648) of which the first digit is of the second half since
 * 2019; older ids hold any digit. What remains to check is the alphabet and that it is random. */
static bool pst_self_check_aws_id(struct pst_str secret)
{
    struct pst_str id = pst_str_from(secret, 4);
    struct pst_value_shape shape;
    pst_value_shape(id, &shape);
    if (id.n != 16 || shape.distinct < 6) {
        return false;
    }
    for (size_t i = 0; i < id.n; i++) {
        if (!pst_is_upper(id.p[i]) && !pst_is_digit(id.p[i])) {
            return false;
        }
    }
    return true;
}

/* prefix-payload.vv + length + seven digits of CRC-32 over all before them, in base 36. */
static bool pst_self_check_gitlab_routable(struct pst_str secret)
{
    if (secret.n < 30) {
        return false;
    }
    uint64_t said = 0;
    for (size_t i = secret.n - 7; i < secret.n; i++) {
        uint8_t c = secret.p[i];
        if (!pst_is_digit(c) && !pst_is_lower(c)) {
            return false;
        }
        said = said * 36 + (pst_is_digit(c) ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10));
    }
    return said == pst_crc32(pst_str_cut(secret, 0, secret.n - 7));
}

/* xox?-digits-… : workspace and user numbers, then a random part. */
static bool pst_self_check_slack(struct pst_str secret)
{
    size_t at = pst_str_find_byte(secret, '-');
    struct pst_value_shape shape;
    pst_value_shape(secret, &shape);
    return at != PST_NPOS && pst_is_alnum(pst_at(secret, at + 1)) && shape.digit >= 1 &&
           shape.distinct >= 9;
}

/* After the last '_' or '-' of the prefix, base64 of something that begins as a JSON object. */
static bool pst_self_check_base64_json(struct pst_str secret)
{
    uint8_t out[8];
    size_t at = pst_str_find(secret, PST_STR("ey"));
    size_t n = at == PST_NPOS ? 0 : pst_base64_peek(pst_str_from(secret, at), out, sizeof(out));
    return n > 3 && out[0] == '{' && out[1] == '"';
}

/* Letters and digits both: for short prefixes before which words could stand. */
static bool pst_self_check_mixed(struct pst_str secret)
{
    struct pst_value_shape shape;
    pst_value_shape(pst_str_from(secret, 3), &shape);
    return shape.digit >= 2 && shape.lower + shape.upper >= 2;
}

static const struct pst_credential_check CHECKS[] = {
#define PST_SELF_CHECK(name, proof) {PST_STR_INIT(#name), proof, pst_self_check_##name},
#include "inspect/credential/credential.def"
#undef PST_SELF_CHECK
};

const struct pst_credential_check *pst_credential_checks(size_t *ret_n)
{
    *ret_n = PST_LEN(CHECKS);
    return CHECKS;
}
