/* Bytes and elements: what may stand in a token, value, host, path or query, and which fields are
 * known. Pure functions over views, shared by the parser, the writer and the configuration. */
#include "wire/h1.h"
#include "wire/h1_impl.h"

#include <string.h>

/* Rows past 0x7f are zero: nothing outside ASCII is part of any element. A unit test holds both
 * tables against the RFCs' lists of characters. */
/* clang-format off */
const uint8_t pst_h1_class[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x10 */
    0, 7, 0, 1, 7, 1, 7, 7, 6, 6, 7, 7, 6, 31, 31, 4, /* 0x20 */
    63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 6, 4, 0, 6, 0, 4, /* 0x30 */
    6, 63, 63, 63, 63, 63, 63, 31, 31, 31, 31, 31, 31, 31, 31, 31, /* 0x40 */
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 0, 0, 0, 1, 31, /* 0x50 */
    1, 63, 63, 63, 63, 63, 63, 31, 31, 31, 31, 31, 31, 31, 31, 31, /* 0x60 */
    31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 31, 0, 1, 0, 15, 0, /* 0x70 */
};
const uint8_t pst_h1_lower[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 0x10 */
    0, '!', 0, '#', '$', '%', '&', '\'', 0, 0, '*', '+', 0, '-', '.', 0, /* 0x20 */
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 0, 0, 0, 0, 0, 0, /* 0x30 */
    0, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', /* 0x40 */
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, 0, 0, '^', '_', /* 0x50 */
    '`', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', /* 0x60 */
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0, '|', 0, '~', 0, /* 0x70 */
};
/* clang-format on */

int pst_h1_hex(uint8_t byte)
{
    if (!h1_is(byte, H1_C_HEX)) {
        return -1;
    }
    return byte <= '9' ? byte - '0' : (byte | 0x20) - 'a' + 10;
}

bool pst_h1_token_valid(struct pst_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!h1_is(s.p[i], H1_C_TOKEN)) {
            return false;
        }
    }
    return s.n > 0;
}

/* --- field values ----------------------------------------------------------------------------- */

/* Sixteen bytes at a time, in the compiler's own vectors: header values are most of a head. */
typedef uint8_t h1_v16 __attribute__((vector_size(16)));

static bool is_control(uint8_t byte)
{
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

static h1_v16 controls(h1_v16 v)
{
    return (h1_v16)(((v < 0x20) & (v != '\t')) | (v == 0x7f));
}

bool pst_h1_value_clean(struct pst_str s)
{
    h1_v16 v, bad = {0};
    if (s.n < sizeof v) {
        bool clean = true;
        for (size_t i = 0; i < s.n; i++) {
            clean &= !is_control(s.p[i]);
        }
        return clean;
    }
    for (size_t i = 0; s.n - i > sizeof v; i += sizeof v) {
        memcpy(&v, &s.p[i], sizeof v);
        bad |= controls(v);
    }
    memcpy(&v, &s.p[s.n - sizeof v], sizeof v); /* the last sixteen, some of them twice */
    bad |= controls(v);
    uint64_t half[2];
    memcpy(half, &bad, sizeof half);
    return (half[0] | half[1]) == 0;
}

bool pst_h1_value_valid(struct pst_str s)
{
    return pst_str_trim(s).n == s.n && pst_h1_value_clean(s);
}

/* --- host ------------------------------------------------------------------------------------- */

/* RFC 3986 §3.2.2 IPv6address, without the form that ends in an IPv4 address and without zones. */
static bool ipv6_valid(struct pst_str s)
{
    size_t groups = 0, digits = 0;
    bool gap = false;
    size_t i = 0;
    if (pst_str_starts(s, PST_STR("::"))) {
        gap = true;
        i = 2;
    }
    for (; i < s.n; i++) {
        if (h1_is(s.p[i], H1_C_HEX)) {
            if (++digits > 4) {
                return false;
            }
            continue;
        }
        if (s.p[i] != ':' || digits == 0) {
            return false;
        }
        groups++;
        digits = 0;
        if (i + 1 < s.n && s.p[i + 1] == ':') {
            if (gap) {
                return false;
            }
            gap = true;
            i++;
        } else if (i + 1 == s.n) {
            return false; /* a single colon at the end */
        }
    }
    groups += digits > 0 ? 1 : 0;
    return gap ? groups <= 7 : groups == 8;
}

static bool name_valid(struct pst_str s)
{
    bool dot = true; /* so that neither the first nor two in a row may be one */
    for (size_t i = 0; i < s.n; i++) {
        if (!h1_is(s.p[i], H1_C_NAME) || (dot && s.p[i] == '.')) {
            return false;
        }
        dot = s.p[i] == '.';
    }
    return s.n > 0 && s.n <= 255;
}

static bool port_valid(struct pst_str s)
{
    uint64_t port = 0;
    return pst_str_u64(s, &port) && port >= 1 && port <= 65535;
}

bool pst_h1_host_valid(struct pst_str s)
{
    size_t end;
    bool ok;
    if (s.n > 0 && s.p[0] == '[') {
        end = pst_str_find_byte(s, ']');
        if (end == PST_NPOS) {
            return false;
        }
        ok = ipv6_valid(pst_str_cut(s, 1, end - 1));
        end++;
    } else {
        end = pst_str_find_byte(s, ':');
        end = end == PST_NPOS ? s.n : end;
        ok = name_valid(pst_str_cut(s, 0, end));
    }
    struct pst_str port = pst_str_from(s, end);
    return ok && (port.n == 0 || (port.p[0] == ':' && port_valid(pst_str_from(port, 1))));
}

/* --- request target --------------------------------------------------------------------------- */

/* The byte that "%XY" at i stands for, or -1. */
static int percent(struct pst_str s, size_t i)
{
    if (s.n - i < 3) {
        return -1;
    }
    int high = pst_h1_hex(s.p[i + 1]), low = pst_h1_hex(s.p[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Routes are compared byte for byte, so a path may have one spelling only: an encoded byte must be
 * one that could not stand there plainly, and must not be a separator or anything that a second
 * decoder would take for one. */
static bool path_encoded_ok(int byte)
{
    return byte >= 0x20 && byte < 0x7f && !h1_is((uint8_t)byte, H1_C_UNRESERVED) && byte != '/' &&
           byte != '\\' && byte != '%' && byte != ';';
}

bool pst_h1_path_valid(struct pst_str s)
{
    if (s.n == 0 || s.p[0] != '/') {
        return false;
    }
    uint8_t before = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t byte = s.p[i];
        if (byte == '%') {
            if (!path_encoded_ok(percent(s, i))) {
                return false;
            }
            i += 2;
        } else {
            bool last = i + 1 == s.n || s.p[i + 1] == '/';
            bool dots = byte == '.' && (before == '.' || (before == '/' && last));
            bool plain = byte == '/' ? before != '/' : h1_is(byte, H1_C_PATH);
            if (!plain || dots) {
                return false;
            }
        }
        before = byte;
    }
    return true;
}

bool pst_h1_query_valid(struct pst_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '%') {
            if (percent(s, i) <= 0) {
                return false;
            }
            i += 2;
        } else if (!h1_is(s.p[i], H1_C_QUERY)) {
            return false;
        }
    }
    return true;
}

/* --- known fields ----------------------------------------------------------------------------- */

/* Sorted by length; `once` for {request, response}. Fields that are lists by their definition and
 * may be spread over lines (accept, via, set-cookie, anthropic-beta, …) are not here. */
#define ROW(name, field, request, response)                                                        \
    {                                                                                              \
        PST_STR_INIT(name), field,                                                                 \
        {                                                                                          \
            request, response                                                                      \
        }                                                                                          \
    }
static const struct h1_known known_fields[] = {
    ROW("te", H1_F_TE, true, true),
    ROW("date", H1_F_OTHERS, true, false),
    ROW("dpop", H1_F_OTHERS + 1, true, false),
    ROW("from", H1_F_OTHERS + 2, true, false),
    ROW("host", H1_F_HOST, true, true),
    ROW("range", H1_F_OTHERS + 3, true, false),
    ROW("cookie", H1_F_OTHERS + 4, true, false),
    ROW("expect", H1_F_EXPECT, true, false),
    ROW("origin", H1_F_OTHERS + 5, true, false),
    ROW("api-key", H1_F_OTHERS + 6, true, false),
    ROW("referer", H1_F_OTHERS + 7, true, false),
    ROW("trailer", H1_F_TRAILER, true, true),
    ROW("upgrade", H1_F_UPGRADE, true, false),
    ROW("location", H1_F_OTHERS + 8, false, true),
    ROW("x-api-key", H1_F_OTHERS + 9, true, false),
    ROW("connection", H1_F_CONNECTION, true, true),
    ROW("keep-alive", H1_F_KEEP_ALIVE, true, true),
    ROW("user-agent", H1_F_OTHERS + 10, true, false),
    ROW("retry-after", H1_F_OTHERS + 11, false, true),
    ROW("content-type", H1_F_OTHERS + 12, true, true),
    ROW("max-forwards", H1_F_OTHERS + 13, true, false),
    ROW("x-request-id", H1_F_OTHERS + 14, true, false),
    ROW("authorization", H1_F_OTHERS + 15, true, false),
    ROW("content-range", H1_F_OTHERS + 16, true, true),
    ROW("content-length", H1_F_CONTENT_LENGTH, true, true),
    ROW("openai-project", H1_F_OTHERS + 17, true, false),
    ROW("idempotency-key", H1_F_OTHERS + 18, true, false),
    ROW("content-encoding", H1_F_OTHERS + 19, true, true),
    ROW("anthropic-version", H1_F_OTHERS + 20, true, false),
    ROW("transfer-encoding", H1_F_TRANSFER_ENCODING, true, true),
    ROW("openai-organization", H1_F_OTHERS + 21, true, false),
    ROW("proxy-authorization", H1_F_OTHERS + 22, true, false),
};
#undef ROW
_Static_assert(H1_F_OTHERS + 22 < 64, "one bit each in pst_h1.seen");

/* Where the rows of each length start; the next entry is where they end. */
static const uint8_t known_at[] = {
    [0] = 0,   [1] = 0,   [2] = 0,   [3] = 1,   [4] = 1,   [5] = 5,   [6] = 6,
    [7] = 9,   [8] = 13,  [9] = 14,  [10] = 15, [11] = 18, [12] = 19, [13] = 22,
    [14] = 24, [15] = 26, [16] = 27, [17] = 28, [18] = 30, [19] = 30, [20] = 32,
};
_Static_assert(PST_LEN(known_fields) == 32, "known_at ends where the table ends");

const struct h1_known *pst_h1_known(struct pst_str name)
{
    if (name.n + 1 >= PST_LEN(known_at)) {
        return NULL;
    }
    for (size_t i = known_at[name.n]; i < known_at[name.n + 1]; i++) {
        if (memcmp(known_fields[i].name.p, name.p, name.n) == 0) {
            return &known_fields[i];
        }
    }
    return NULL;
}

bool pst_h1_framing_field(struct pst_str name)
{
    static const struct pst_str fields[] = {
        PST_STR_INIT("connection"), PST_STR_INIT("content-length"),
        PST_STR_INIT("keep-alive"), PST_STR_INIT("te"),
        PST_STR_INIT("trailer"),    PST_STR_INIT("transfer-encoding"),
        PST_STR_INIT("upgrade"),    PST_STR_INIT("proxy-connection"),
    };
    for (size_t i = 0; i < PST_LEN(fields); i++) {
        if (pst_str_eq_nocase(name, fields[i])) {
            return true;
        }
    }
    return false;
}
