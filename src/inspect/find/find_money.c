/* Accounts, coins, card tracks. */
#include "inspect/check/parts.h"
#include "inspect/find/hash.h"
#include "inspect/find/parts.h"

static uint8_t upper(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
}

/* ISO 13616 as written: in groups of four, with spaces or hyphens, or together. The country says
 * how long it is, so what follows does not matter. */
struct pst_found pst_find_iban(struct pst_str t, size_t at)
{
    uint8_t compact[36];
    if (at < 2 || !pst_find_letter(t.p[at - 1]) || !pst_find_letter(t.p[at - 2]) ||
        pst_find_alnum(pst_find_before(t, at - 2))) {
        return pst_find_nothing(at + 1);
    }
    size_t start = at - 2, n = 0, i = start;
    compact[0] = upper(t.p[start]);
    compact[1] = upper(t.p[start + 1]);
    size_t length = pst_check_iban_length(pst_str_of(compact, 2));
    for (; n < length && n < sizeof compact && i < t.n; i++) {
        uint8_t c = t.p[i];
        if (pst_find_alnum(c)) {
            compact[n++] = upper(c);
        } else if (c == 0xC2 && pst_find_at(t, i + 1) == 0xA0) {
            i++;
        } else if ((c != ' ' && c != '-' && c != '.') || !pst_find_alnum(pst_find_at(t, i + 1))) {
            break;
        }
    }
    if (length == 0 || n != length || pst_find_alnum(pst_find_at(t, i)) ||
        pst_check_iban(pst_str_of(compact, n)) == PST_CHECK_NO) {
        return pst_find_nothing(at + 1);
    }
    return (struct pst_found){start, i, PST_CHECK_YES, i};
}

static size_t word_end(struct pst_str t, size_t at, size_t max)
{
    size_t i = at;
    while (i < t.n && i - at <= max && pst_find_alnum(t.p[i])) {
        i++;
    }
    return i;
}

static const char base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* Base58 with four bytes of a double SHA-256 behind, as Bitcoin and its children have it. */
static bool base58check(struct pst_str s, const char *alphabet)
{
    uint8_t bytes[40] = {0}, digest[32];
    enum { SIZE = 25 };
    for (size_t i = 0; i < s.n; i++) {
        const char *p = s.p[i] == 0 ? NULL : strchr(alphabet, s.p[i]);
        if (p == NULL) {
            return false;
        }
        unsigned carry = (unsigned)(p - alphabet);
        for (size_t k = SIZE; k > 0; k--) {
            carry += 58U * bytes[k - 1];
            bytes[k - 1] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry != 0) {
            return false;
        }
    }
    pst_find_sha256(pst_str_of(bytes, SIZE - 4), digest);
    pst_find_sha256(pst_str_of(digest, 32), digest);
    return memcmp(digest, &bytes[SIZE - 4], 4) == 0;
}

/* BIP 173 and 350: the checksum of a name and its data. */
static bool bech32(struct pst_str s)
{
    static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    static const uint32_t generator[5] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
                                          0x2a1462b3};
    uint32_t check = 1;
    size_t one = s.n;
    bool lower = false, capital = false;
    while (one > 0 && s.p[one - 1] != '1') {
        one--;
    }
    if (one < 2 || s.n - one < 6) {
        return false;
    }
    size_t name = one - 1;
    for (size_t i = 0; i < name * 2 + 1 + s.n - one; i++) {
        uint8_t c = s.p[i < name        ? i
                        : i <= name * 2 ? (i == name ? 0 : i - name - 1)
                                        : one + i - name * 2 - 1];
        uint8_t small = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        lower = lower || (c >= 'a' && c <= 'z');
        capital = capital || (c >= 'A' && c <= 'Z');
        uint32_t v = i < name ? small >> 5 : i == name ? 0 : i <= name * 2 ? small & 31U : 0;
        if (i > name * 2) {
            const char *p = small == 0 ? NULL : strchr(alphabet, small);
            if (p == NULL) {
                return false;
            }
            v = (uint32_t)(p - alphabet);
        }
        uint32_t top = check >> 25;
        check = (check & 0x1ffffffU) << 5 ^ v;
        for (unsigned b = 0; b < 5; b++) {
            check ^= (top >> b & 1U) != 0 ? generator[b] : 0;
        }
    }
    return !(lower && capital) && (check == 1 || check == 0x2bc830a3U);
}

struct pst_found pst_find_bitcoin(struct pst_str t, size_t at)
{
    size_t end = word_end(t, at, 90);
    struct pst_str s = pst_str_cut(t, at, end - at);
    bool old = s.n >= 26 && s.n <= 35 &&
               (s.p[0] == '1' || s.p[0] == '3' || s.p[0] == 'L' || s.p[0] == 'M' || s.p[0] == 'T' ||
                s.p[0] == 'D' || s.p[0] == 'X');
    struct pst_str head = pst_str_cut(s, 0, 4);
    bool segwit = s.n >= 14 && s.n <= 90 &&
                  (pst_str_eq_nocase(pst_str_cut(head, 0, 3), PST_STR("bc1")) ||
                   pst_str_eq_nocase(pst_str_cut(head, 0, 3), PST_STR("tb1")) ||
                   pst_str_eq_nocase(head, PST_STR("ltc1")) ||
                   pst_str_eq_nocase(head, PST_STR("addr")));
    if ((old && base58check(s, base58)) || (segwit && bech32(s))) {
        return (struct pst_found){at, end, PST_CHECK_YES, end};
    }
    return pst_find_nothing(end);
}

/* EIP-55: where letters differ in case, the case is a checksum of the rest. */
struct pst_found pst_find_ethereum(struct pst_str t, size_t at)
{
    uint8_t small[40], digest[32];
    size_t end = word_end(t, at, 64);
    bool capital = false, lower = false, holds = true;
    if (end - at != 42 || t.p[at] != '0' || (t.p[at + 1] | 0x20) != 'x') {
        return pst_find_nothing(end);
    }
    for (size_t i = 0; i < 40; i++) {
        uint8_t c = t.p[at + 2 + i];
        if (pst_find_hex(c) < 0) {
            return pst_find_nothing(end);
        }
        capital = capital || (c >= 'A' && c <= 'F');
        lower = lower || (c >= 'a' && c <= 'f');
        small[i] = (uint8_t)(c >= 'A' && c <= 'F' ? c + 32 : c);
    }
    pst_find_keccak256(pst_str_of(small, 40), digest);
    for (size_t i = 0; i < 40; i++) {
        uint8_t c = t.p[at + 2 + i];
        bool high = (digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 8U) != 0;
        holds = holds && (pst_find_digit(c) || (c >= 'A' && c <= 'F') == high);
    }
    if (capital && lower) {
        return (struct pst_found){at, end, holds ? PST_CHECK_YES : PST_CHECK_NO, end};
    }
    return (struct pst_found){at, end, PST_CHECK_PLAUSIBLE, end};
}

/* ISO/IEC 7813: "%B" number "^" name "^" year, month, service … "?", and the second track after it.
 */
struct pst_found pst_find_track(struct pst_str t, size_t at)
{
    size_t i = at + 2, from = i, carets = 0;
    if ((pst_find_at(t, at + 1) | 0x20) != 'b') {
        return pst_find_nothing(at + 1);
    }
    while (i - from <= 23 && (pst_find_digit(pst_find_at(t, i)) || pst_find_at(t, i) == ' ')) {
        i++;
    }
    uint8_t pan[24];
    size_t n = 0;
    for (size_t k = from; k < i && n < 19; k++) {
        if (t.p[k] != ' ') {
            pan[n++] = t.p[k];
        }
    }
    if (pst_find_at(t, i) != '^' || pst_check_card(pst_str_of(pan, n)) == PST_CHECK_NO) {
        return pst_find_nothing(at + 1);
    }
    for (; i < t.n && i - at < 108 && t.p[i] != '?' && t.p[i] >= ' '; i++) {
        carets += t.p[i] == '^';
    }
    if (carets != 2) {
        return pst_find_nothing(at + 1);
    }
    i += pst_find_at(t, i) == '?';
    return (struct pst_found){at, i, PST_CHECK_YES, i};
}

/* The second track: ";" number "=" year, month, service … "?". */
struct pst_found pst_find_track2(struct pst_str t, size_t at)
{
    size_t i = at;
    while (i - at < 20 && pst_find_digit(pst_find_at(t, i))) {
        i++;
    }
    size_t n = i - at, tail = i + 1;
    if (n < 12 || n > 19 || (pst_find_at(t, i) != '=' && pst_find_at(t, i) != 'D') ||
        pst_check_card(pst_str_cut(t, at, n)) == PST_CHECK_NO) {
        return pst_find_nothing(at + 1);
    }
    while (tail - i < 22 && pst_find_digit(pst_find_at(t, tail))) {
        tail++;
    }
    if (tail - i < 8 || pst_find_digit(pst_find_at(t, tail))) {
        return pst_find_nothing(at + 1);
    }
    size_t start = pst_find_before(t, at) == ';' ? at - 1 : at;
    tail += pst_find_at(t, tail) == '?';
    return (struct pst_found){start, tail, PST_CHECK_YES, tail};
}

/* Monero: 95 or 106 places of base 58 that begin with 4 or 8. Its checksum is over blocks, and the
 * length alone is nobody else's. */
struct pst_found pst_find_monero(struct pst_str t, size_t at)
{
    size_t end = word_end(t, at, 110), n = end - at;
    bool ok = (n == 95 || n == 106) && (t.p[at] == '4' || t.p[at] == '8');
    bool digit = false, capital = false, small = false;
    for (size_t i = at; i < end && ok; i++) {
        ok = strchr(base58, t.p[i]) != NULL;
        digit = digit || pst_find_digit(t.p[i]);
        capital = capital || (t.p[i] >= 'A' && t.p[i] <= 'Z');
        small = small || (t.p[i] >= 'a' && t.p[i] <= 'z');
    }
    return ok && digit && capital && small ? (struct pst_found){at, end, PST_CHECK_YES, end}
                                           : pst_find_nothing(end);
}

/* The XRP ledger: the same check in an alphabet of its own; accounts begin with r. */
struct pst_found pst_find_ripple(struct pst_str t, size_t at)
{
    static const char alphabet[] = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";
    size_t end = word_end(t, at, 40);
    struct pst_str s = pst_str_cut(t, at, end - at);
    bool ok = s.n >= 25 && s.n <= 35 && s.p[0] == 'r' && base58check(s, alphabet);
    return ok ? (struct pst_found){at, end, PST_CHECK_YES, end} : pst_find_nothing(end);
}
