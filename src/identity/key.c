#include "identity/key.h"

#include "base/buf.h"
#include "base/enc.h"
#include "crypto/hash.h"

enum {
    ID_AT = 4,
    SECRET_AT = ID_AT + PST_APIKEY_ID_CHARS + 1,
    SECRET_CHARS = 43,
    SUM_AT = SECRET_AT + SECRET_CHARS,
    SUM_CHARS = 6,
};
_Static_assert(SUM_AT + SUM_CHARS == PST_APIKEY_CHARS, "the parts make the whole");

static const char id_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char sum_alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char b64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void pst_apikey_make(const uint8_t random[8 + PST_APIKEY_SECRET_BYTES], struct pst_apikey *ret)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; i++) {
        bits = bits << 8 | random[i];
    }
    for (size_t i = 0; i < PST_APIKEY_ID_CHARS; i++) {
        ret->id[i] = id_alphabet[bits & 31];
        bits >>= 5;
    }
    ret->id[PST_APIKEY_ID_CHARS] = 0;
    memcpy(ret->secret, &random[8], PST_APIKEY_SECRET_BYTES);
}

static void checksum_put(struct pst_str text, char ret[SUM_CHARS])
{
    uint32_t sum = pst_crc32c(0, text);
    for (size_t i = SUM_CHARS; i > 0; i--) {
        ret[i - 1] = sum_alphabet[sum % 62];
        sum /= 62;
    }
}

void pst_apikey_format(const struct pst_apikey *key, char ret[PST_APIKEY_CHARS + 1])
{
    memcpy(ret, "pst_", ID_AT);
    memcpy(&ret[ID_AT], key->id, PST_APIKEY_ID_CHARS);
    ret[SECRET_AT - 1] = '_';
    /* by hand and not by pst_b64_put: no copy of the secret stays in a buffer's heap block */
    for (size_t i = 0; i < SECRET_CHARS; i++) {
        size_t bit = i * 6, at = bit / 8, shift = bit % 8;
        unsigned pair = (unsigned)key->secret[at] << 8;
        if (at + 1 < PST_APIKEY_SECRET_BYTES) {
            pair |= key->secret[at + 1];
        }
        ret[SECRET_AT + i] = b64_alphabet[pair >> (10 - shift) & 63];
    }
    checksum_put(pst_str_of(ret, SUM_AT), &ret[SUM_AT]);
    ret[PST_APIKEY_CHARS] = 0;
}

bool pst_apikey_id_valid(struct pst_str id)
{
    if (id.n != PST_APIKEY_ID_CHARS) {
        return false;
    }
    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] == 0 || strchr(id_alphabet, id.p[i]) == NULL) {
            return false;
        }
    }
    return true;
}

enum pst_status pst_apikey_parse(struct pst_str text, struct pst_apikey *ret, struct pst_err *err)
{
    if (!pst_str_starts(text, PST_STR("pst_"))) {
        return pst_fail(err, PST_E_IDENTITY_INVALID,
                        "this is not a Postern key: it does not begin "
                        "with pst_");
    }
    if (text.n != PST_APIKEY_CHARS) {
        return pst_fail(err, PST_E_IDENTITY_INVALID,
                        "the key is %zu characters long, not %d: was it copied whole?", text.n,
                        PST_APIKEY_CHARS);
    }
    char sum[SUM_CHARS];
    checksum_put(pst_str_cut(text, 0, SUM_AT), sum);
    if (!pst_str_eq(pst_str_from(text, SUM_AT), pst_str_of(sum, SUM_CHARS))) {
        return pst_fail(err, PST_E_IDENTITY_INVALID,
                        "the key's checksum is wrong: it was mistyped");
    }
    struct pst_apikey key = {0};
    struct pst_str id = pst_str_cut(text, ID_AT, PST_APIKEY_ID_CHARS);
    size_t n = 0;
    if (!pst_apikey_id_valid(id) || text.p[SECRET_AT - 1] != '_' ||
        !pst_b64_get(pst_str_cut(text, SECRET_AT, SECRET_CHARS), PST_B64_URL, key.secret,
                     sizeof key.secret, &n) ||
        n != sizeof key.secret) {
        return pst_fail(err, PST_E_IDENTITY_INVALID, "the key is not well formed");
    }
    memcpy(key.id, id.p, id.n);
    *ret = key;
    return PST_OK;
}

void pst_apikey_hash(const struct pst_apikey *key, uint8_t ret[PST_APIKEY_HASH_BYTES])
{
    pst_sha256(pst_str_of(key->secret, sizeof key->secret), ret);
}
