#include "identity/key.h"

#include "base/buf.h"
#include "base/enc.h"
#include "crypto/hash.h"

enum {
    ID_AT = 4,
    SECRET_AT = ID_AT + PST_KEY_ID_CHARS + 1,
    SECRET_CHARS = 43,
    SUM_AT = SECRET_AT + SECRET_CHARS,
    SUM_CHARS = 6,
};
_Static_assert(SUM_AT + SUM_CHARS == PST_KEY_CHARS, "the parts make the whole");

static const char id_alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char sum_alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char b64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void pst_key_make(const uint8_t random[8 + PST_KEY_SECRET_BYTES], struct pst_key_text *ret)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; i++) {
        bits = bits << 8 | random[i];
    }
    for (size_t i = 0; i < PST_KEY_ID_CHARS; i++) {
        ret->id[i] = id_alphabet[bits & 31];
        bits >>= 5;
    }
    ret->id[PST_KEY_ID_CHARS] = 0;
    memcpy(ret->secret, &random[8], PST_KEY_SECRET_BYTES);
}

static void checksum_put(struct pst_str text, char ret[SUM_CHARS])
{
    uint32_t sum = pst_crc32c(0, text);
    for (size_t i = SUM_CHARS; i > 0; i--) {
        ret[i - 1] = sum_alphabet[sum % 62];
        sum /= 62;
    }
}

void pst_key_format(const struct pst_key_text *key, char ret[PST_KEY_CHARS + 1])
{
    memcpy(ret, "pst_", ID_AT);
    memcpy(&ret[ID_AT], key->id, PST_KEY_ID_CHARS);
    ret[SECRET_AT - 1] = '_';
    /* by hand and not by pst_b64_put: no copy of the secret stays in a buffer's heap block */
    for (size_t i = 0; i < SECRET_CHARS; i++) {
        size_t bit = i * 6, at = bit / 8, shift = bit % 8;
        unsigned pair = (unsigned)key->secret[at] << 8;
        if (at + 1 < PST_KEY_SECRET_BYTES) {
            pair |= key->secret[at + 1];
        }
        ret[SECRET_AT + i] = b64_alphabet[pair >> (10 - shift) & 63];
    }
    checksum_put(pst_str_of(ret, SUM_AT), &ret[SUM_AT]);
    ret[PST_KEY_CHARS] = 0;
}

bool pst_key_id_valid(struct pst_str id)
{
    if (id.n != PST_KEY_ID_CHARS) {
        return false;
    }
    for (size_t i = 0; i < id.n; i++) {
        if (id.p[i] == 0 || strchr(id_alphabet, id.p[i]) == NULL) {
            return false;
        }
    }
    return true;
}

struct pst_str pst_key_cut(struct pst_str text)
{
    static const struct pst_str begin = {(const uint8_t *)"pst_", ID_AT};
    for (size_t at = 0; at < text.n;) {
        size_t found = pst_str_find(pst_str_from(text, at), begin);
        if (found == PST_NPOS || text.n - at - found < SECRET_AT) {
            return text;
        }
        at += found;
        if (text.p[at + SECRET_AT - 1] == '_' &&
            pst_key_id_valid(pst_str_cut(text, at + ID_AT, PST_KEY_ID_CHARS))) {
            return pst_str_cut(text, 0, at + SECRET_AT);
        }
        at++;
    }
    return text;
}

static bool checksum_fits(struct pst_str text)
{
    char sum[SUM_CHARS];
    checksum_put(pst_str_cut(text, 0, SUM_AT), sum);
    return pst_str_eq(pst_str_from(text, SUM_AT), pst_str_of(sum, SUM_CHARS));
}

bool pst_key_parse(struct pst_str text, struct pst_key_text *ret)
{
    struct pst_key_text key = {0};
    size_t n = 0;
    if (text.n != PST_KEY_CHARS || !pst_str_starts(text, PST_STR("pst_")) || !checksum_fits(text)) {
        return false;
    }
    struct pst_str id = pst_str_cut(text, ID_AT, PST_KEY_ID_CHARS);
    if (!pst_key_id_valid(id) || text.p[SECRET_AT - 1] != '_' ||
        !pst_b64_get(pst_str_cut(text, SECRET_AT, SECRET_CHARS), PST_B64_URL, key.secret,
                     sizeof key.secret, &n) ||
        n != sizeof key.secret) {
        return false;
    }
    memcpy(key.id, id.p, id.n);
    *ret = key;
    return true;
}

const char *pst_key_fault(struct pst_str text)
{
    struct pst_key_text key;
    if (!pst_str_starts(text, PST_STR("pst_"))) {
        return "this is not a Postern key: it does not begin with pst_";
    }
    if (text.n != PST_KEY_CHARS) {
        return "the key is not 66 characters long: was it copied whole?";
    }
    if (!checksum_fits(text)) {
        return "the key's checksum is wrong: it was mistyped";
    }
    return pst_key_parse(text, &key) ? NULL : "the key is not well formed";
}

void pst_key_hash(const struct pst_key_text *key, uint8_t ret[PST_KEY_HASH_BYTES])
{
    pst_sha256(pst_str_of(key->secret, sizeof key->secret), ret);
}
