/* Addresses of coins, by their checksums: base58check (Bitcoin, Litecoin, Tron), bech32 and bech32m
 * (BIP 173, BIP 350), Ethereum by its form. */
#include "inspect/find/grow.h"
#include "inspect/find/sha256.h"

struct pst_found pst_find_bitcoin(struct pst_str text, size_t at);
struct pst_found pst_find_ethereum(struct pst_str text, size_t at);
struct pst_found pst_find_tron(struct pst_str text, size_t at);

enum { WORD_MAX_BYTES = 100, PAYLOAD = 25 };

/* The whole run of letters and digits, when it is not too long. */
static size_t word_end(struct pst_str text, size_t at)
{
    size_t end = at;
    while (end < text.n && end - at < WORD_MAX_BYTES &&
           (pst_is_letter(text.p[end]) || pst_is_digit(text.p[end]))) {
        end++;
    }
    return end;
}

static int base58_digit(uint8_t c)
{
    static const char digits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const char *p = c != 0 ? strchr(digits, c) : NULL;
    return p != NULL ? (int)(p - digits) : -1;
}

/* 21 bytes and four of a doubled SHA-256; the first byte says which coin. */
static bool base58check(struct pst_str s, uint8_t *ret_version)
{
    uint8_t bytes[PAYLOAD] = {0}, once[32], twice[32];
    for (size_t i = 0; i < s.n; i++) {
        int digit = base58_digit(s.p[i]);
        if (digit < 0) {
            return false;
        }
        unsigned carry = (unsigned)digit;
        for (size_t b = PAYLOAD; b-- > 0;) {
            carry += bytes[b] * 58U;
            bytes[b] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0) {
            return false;
        }
    }
    pst_find_sha256(pst_str_of(bytes, PAYLOAD - 4), once);
    pst_find_sha256(pst_str_of(once, sizeof once), twice);
    *ret_version = bytes[0];
    return memcmp(twice, &bytes[PAYLOAD - 4], 4) == 0;
}

static bool bech32(struct pst_str s)
{
    static const char digits[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                         0x2a1462b3};
    size_t one = pst_str_find_byte(s, '1');
    if (one == PST_NPOS || one == 0 || s.n - one < 8 || s.n > 90) {
        return false;
    }
    uint32_t check = 1;
    for (size_t i = 0; i < one * 2 + 1 + (s.n - one - 1); i++) {
        uint32_t v;
        if (i < one) {
            v = (uint32_t)(s.p[i] | 0x20U) >> 5;
        } else if (i == one) {
            v = 0;
        } else if (i <= one * 2) {
            v = (s.p[i - one - 1] | 0x20U) & 31U;
        } else {
            uint8_t c = s.p[i - one];
            c = (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
            const char *p = c != 0 ? strchr(digits, c) : NULL;
            if (p == NULL) {
                return false;
            }
            v = (uint32_t)(p - digits);
        }
        uint32_t top = check >> 25;
        check = (check & 0x1ffffff) << 5 ^ v;
        for (size_t g = 0; g < 5; g++) {
            check ^= (top >> g & 1U) != 0 ? generator[g] : 0;
        }
    }
    return check == 1 || check == 0x2bc830a3;
}

struct pst_found pst_find_bitcoin(struct pst_str text, size_t at)
{
    size_t end = word_end(text, at);
    struct pst_str s = pst_str_cut(text, at, end - at);
    uint8_t version, first = pst_byte_at(s, 0);
    bool segwit = s.n >= 14 && (pst_str_eq_nocase(pst_str_cut(s, 0, 3), PST_STR("bc1")) ||
                                pst_str_eq_nocase(pst_str_cut(s, 0, 4), PST_STR("ltc1")) ||
                                pst_str_eq_nocase(pst_str_cut(s, 0, 3), PST_STR("tb1")));
    if (segwit && bech32(s)) {
        return pst_found_at(at, end, PST_CHECK_YES);
    }
    bool plain = s.n >= 26 && s.n <= 35 &&
                 (first == '1' || first == '3' || first == 'L' || first == 'M' || first == 'D');
    if (plain && base58check(s, &version) &&
        (version == 0 || version == 5 || version == 48 || version == 50 || version == 30)) {
        return pst_found_at(at, end, PST_CHECK_YES);
    }
    return pst_found_none(end);
}

struct pst_found pst_find_tron(struct pst_str text, size_t at)
{
    size_t end = word_end(text, at);
    struct pst_str s = pst_str_cut(text, at, end - at);
    uint8_t version;
    bool tron = s.n == 34 && s.p[0] == 'T' && base58check(s, &version) && version == 0x41;
    return tron ? pst_found_at(at, end, PST_CHECK_YES) : pst_found_none(end);
}

struct pst_found pst_find_ethereum(struct pst_str text, size_t at)
{
    size_t end = word_end(text, at), digits = 0, letters = 0;
    struct pst_str s = pst_str_cut(text, at, end - at);
    if (s.n != 42 || s.p[0] != '0' || (s.p[1] != 'x' && s.p[1] != 'X')) {
        return pst_found_none(end);
    }
    for (size_t i = 2; i < s.n; i++) {
        if (!pst_is_hex(s.p[i])) {
            return pst_found_none(end);
        }
        digits += pst_is_digit(s.p[i]);
        letters += pst_is_letter(s.p[i]);
    }
    return digits < 36 && letters < 36 ? pst_found_at(at, end, PST_CHECK_YES) : pst_found_none(end);
}
