#include "control/units.h"

#include "base/check.h"

#include <arpa/inet.h>

struct unit {
    struct pst_str suffix;
    uint64_t factor;
};

static const struct unit sizes[] = {
    {PST_STR_INIT("KiB"), 1024},
    {PST_STR_INIT("MiB"), 1048576},
    {PST_STR_INIT("GiB"), 1073741824},
    {PST_STR_INIT("B"), 1},
};
/* "ms" before "s" and "m": the first suffix that fits is taken */
static const struct unit times[] = {
    {PST_STR_INIT("ms"), 1},      {PST_STR_INIT("s"), 1000},     {PST_STR_INIT("m"), 60000},
    {PST_STR_INIT("h"), 3600000}, {PST_STR_INIT("d"), 86400000},
};

static bool with_unit(struct pst_str text, const struct unit *units, size_t n, uint64_t *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (pst_str_ends(text, units[i].suffix)) {
            uint64_t value = 0;
            return pst_str_u64(pst_str_cut(text, 0, text.n - units[i].suffix.n), &value) &&
                   pst_mul_u64(value, units[i].factor, ret);
        }
    }
    return false;
}

bool pst_size_parse(struct pst_str text, uint64_t *ret_bytes)
{
    return pst_str_u64(text, ret_bytes) || with_unit(text, sizes, PST_LEN(sizes), ret_bytes);
}

bool pst_time_parse(struct pst_str text, uint64_t *ret_ms)
{
    return with_unit(text, times, PST_LEN(times), ret_ms);
}

bool pst_rate_parse(struct pst_str text, uint32_t *ret_n, uint32_t *ret_window_ms)
{
    size_t slash = pst_str_find_byte(text, '/');
    uint64_t n = 0, window = 0;
    if (slash == PST_NPOS || !pst_str_u64(pst_str_cut(text, 0, slash), &n)) {
        return false;
    }
    struct pst_str per = pst_str_from(text, slash + 1);
    if (!pst_time_parse(per, &window)) {
        bool found = false;
        for (size_t i = 0; i < PST_LEN(times); i++) { /* "10/s" */
            if (pst_str_eq(per, times[i].suffix)) {
                window = times[i].factor;
                found = true;
            }
        }
        if (!found) {
            return false;
        }
    }
    if (n == 0 || n > UINT32_MAX || window == 0 || window > 86400000) {
        return false;
    }
    *ret_n = (uint32_t)n;
    *ret_window_ms = (uint32_t)window;
    return true;
}

/* --- hosts -------------------------------------------------------------------------------- */

static bool alnum(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z');
}

static bool hex_digit(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

static bool name_host(struct pst_str host)
{
    size_t label = 0;
    for (size_t i = 0; i < host.n; i++) {
        uint8_t byte = host.p[i];
        if (byte == '.') {
            if (label == 0) {
                return false;
            }
            label = 0;
            continue;
        }
        if (!alnum(byte) && byte != '_' && (byte != '-' || label == 0)) {
            return false;
        }
        if (++label > 63) {
            return false;
        }
    }
    return host.n > 0 && host.n <= 253 && host.p[host.n - 1] != '-' && label > 0;
}

/* The characters of an IPv6 literal without zone; whether it is one, inet_pton says where the
 * address is used. */
static bool v6_host(struct pst_str host)
{
    size_t colons = 0;
    for (size_t i = 0; i < host.n; i++) {
        colons += host.p[i] == ':';
        if (!hex_digit(host.p[i]) && host.p[i] != ':' && host.p[i] != '.') {
            return false;
        }
    }
    return host.n >= 2 && host.n <= 45 && colons >= 2 && colons <= 7;
}

/* Four numbers of at most 255. An all-digit name that is not such a literal is refused by callers:
 * resolvers read "127.1" and "0x7f000001" as addresses. */
static bool v4_host(struct pst_str host, uint8_t ret[4])
{
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        struct pst_str rest = pst_str_from(host, at);
        size_t dot = i < 3 ? pst_str_find_byte(rest, '.') : rest.n;
        uint64_t value = 0;
        if (dot == PST_NPOS || !pst_str_u64(pst_str_cut(rest, 0, dot), &value) || value > 255) {
            return false;
        }
        ret[i] = (uint8_t)value;
        at += dot + 1;
    }
    return true;
}

static bool looks_numeric(struct pst_str host)
{
    size_t at = 0;
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] == '.') {
            at = i + 1;
        }
    }
    struct pst_str last = pst_str_from(host, at);
    bool digits = last.n > 0;
    for (size_t i = 0; i < last.n; i++) {
        digits = digits && last.p[i] >= '0' && last.p[i] <= '9';
    }
    return digits || pst_str_starts(last, PST_STR("0x")) || pst_str_starts(last, PST_STR("0X"));
}

static bool host_put(struct pst_str host, char ret[PST_HOST_MAX])
{
    if (!pst_str_to_c(host, ret, PST_HOST_MAX)) {
        return false;
    }
    for (size_t i = 0; i < host.n; i++) {
        if (ret[i] >= 'A' && ret[i] <= 'Z') {
            ret[i] = (char)(ret[i] - 'A' + 'a');
        }
    }
    return true;
}

bool pst_endpoint_parse(struct pst_str text, struct pst_endpoint *ret)
{
    struct pst_endpoint got = {0};
    struct pst_str host = text, rest = {0};
    if (text.n > 0 && text.p[0] == '[') {
        size_t close = pst_str_find_byte(text, ']');
        if (close == PST_NPOS) {
            return false;
        }
        host = pst_str_cut(text, 1, close - 1);
        rest = pst_str_from(text, close + 1);
        if (!v6_host(host)) {
            return false;
        }
    } else {
        size_t colon = pst_str_find_byte(text, ':');
        if (colon != PST_NPOS) {
            host = pst_str_cut(text, 0, colon);
            rest = pst_str_from(text, colon);
        }
        uint8_t v4[4];
        if (!name_host(host) || (looks_numeric(host) && !v4_host(host, v4))) {
            return false;
        }
    }
    if (rest.n > 0) {
        uint64_t port = 0;
        if (rest.p[0] != ':' || !pst_str_u64(pst_str_from(rest, 1), &port) || port == 0 ||
            port > 65535) {
            return false;
        }
        got.port = (uint32_t)port;
    }
    if (!host_put(host, got.host)) {
        return false;
    }
    *ret = got;
    return true;
}

/* Characters that mean themselves in a path: unreserved and a few that providers use. No escapes:
 * an escaped slash or dot would be read differently by the two sides. */
static bool path_ok(struct pst_str path)
{
    size_t segment = 0;
    for (size_t i = 0; i < path.n; i++) {
        uint8_t byte = path.p[i];
        if (!alnum(byte) && strchr("-._~/:@", byte) == NULL) {
            return false;
        }
        if (byte == '/') {
            segment = i + 1;
            if (i + 1 < path.n && path.p[i + 1] == '/') {
                return false;
            }
        }
        bool ends = i + 1 == path.n || path.p[i + 1] == '/';
        struct pst_str part = pst_str_cut(path, segment, i + 1 - segment);
        if (ends && (pst_str_eq(part, PST_STR(".")) || pst_str_eq(part, PST_STR("..")))) {
            return false;
        }
    }
    return true;
}

bool pst_url_parse(struct pst_str text, struct pst_url *ret)
{
    struct pst_url got = {0};
    struct pst_cur cur = pst_cur_of(text);
    if (pst_cur_lit(&cur, PST_STR("https://"))) {
        got.tls = true;
    } else if (!pst_cur_lit(&cur, PST_STR("http://"))) {
        return false;
    }
    struct pst_str rest = pst_cur_rest(&cur), path = {0};
    size_t slash = pst_str_find_byte(rest, '/');
    if (slash != PST_NPOS) {
        path = pst_str_from(rest, slash);
        rest = pst_str_cut(rest, 0, slash);
    }
    if (pst_str_ends(path, PST_STR("/"))) {
        path = pst_str_cut(path, 0, path.n - 1);
    }
    if (!pst_endpoint_parse(rest, &got.at) || !path_ok(path) ||
        !pst_str_to_c(path, got.path, sizeof got.path)) {
        return false;
    }
    if (pst_str_ends(path, PST_STR("/"))) { /* "//" at the end */
        return false;
    }
    if (got.at.port == 0) {
        got.at.port = got.tls ? 443 : 80;
    }
    *ret = got;
    return true;
}

enum pst_reach pst_host_reach(struct pst_str host)
{
    uint8_t v4[4];
    if (v4_host(host, v4)) {
        if (v4[0] == 127) {
            return PST_REACH_LOOPBACK;
        }
        bool private = v4[0] == 0 || v4[0] == 10 || (v4[0] == 172 && (v4[1] & 0xf0) == 16) ||
                       (v4[0] == 192 && v4[1] == 168) || (v4[0] == 169 && v4[1] == 254) ||
                       (v4[0] == 100 && (v4[1] & 0xc0) == 64) || v4[0] >= 224;
        return private ? PST_REACH_PRIVATE : PST_REACH_PUBLIC;
    }
    if (pst_str_find_byte(host, ':') != PST_NPOS) {
        if (pst_str_eq(host, PST_STR("::1"))) {
            return PST_REACH_LOOPBACK;
        }
        /* 2000::/3 is all that is routed publicly */
        return host.p[0] == '2' || host.p[0] == '3' ? PST_REACH_PUBLIC : PST_REACH_PRIVATE;
    }
    return pst_str_eq(host, PST_STR("localhost")) || pst_str_ends(host, PST_STR(".localhost"))
               ? PST_REACH_LOOPBACK
               : PST_REACH_NAME;
}

/* --- address ranges ----------------------------------------------------------------------- */

bool pst_ip_parse(struct pst_str text, uint8_t ret[16])
{
    char c[INET6_ADDRSTRLEN];
    uint8_t ip[16] = {[10] = 0xff, [11] = 0xff};
    if (text.n == 0 || !pst_str_to_c(text, c, sizeof c)) {
        return false;
    }
    if (inet_pton(AF_INET, c, &ip[12]) != 1 && inet_pton(AF_INET6, c, ip) != 1) {
        return false;
    }
    memcpy(ret, ip, sizeof ip);
    return true;
}

bool pst_cidr_is_v4(const struct pst_image_cidr *cidr)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return cidr->bits >= 96 && memcmp(cidr->address, mapped, sizeof mapped) == 0;
}

bool pst_cidr_parse(struct pst_str text, struct pst_image_cidr *ret)
{
    struct pst_image_cidr got = {.bits = 128};
    size_t slash = pst_str_find_byte(text, '/');
    bool v6 = pst_str_find_byte(text, ':') != PST_NPOS;
    if (slash != PST_NPOS) {
        uint64_t bits = 0;
        struct pst_str digits = pst_str_from(text, slash + 1);
        if (digits.n > 3 || (digits.n > 1 && digits.p[0] == '0') || !pst_str_u64(digits, &bits) ||
            bits > (v6 ? 128U : 32U)) {
            return false;
        }
        got.bits = (uint32_t)bits + (v6 ? 0 : 96);
    }
    if (!pst_ip_parse(pst_str_cut(text, 0, slash == PST_NPOS ? text.n : slash), got.address)) {
        return false;
    }
    for (uint32_t bit = got.bits; bit < 128; bit++) {
        if ((got.address[bit / 8] >> (7 - bit % 8) & 1) != 0) {
            return false;
        }
    }
    *ret = got;
    return true;
}

/* --- names -------------------------------------------------------------------------------- */

bool pst_principal_parse(struct pst_str text, char ret[PST_NAME_MAX])
{
    static const struct pst_str types[] = {PST_STR_INIT("User"), PST_STR_INIT("Workload"),
                                           PST_STR_INIT("Agent"), PST_STR_INIT("EndUser")};
    struct pst_str name = {0}, type = {0};
    for (size_t i = 0; i < PST_LEN(types); i++) {
        struct pst_cur cur = pst_cur_of(text);
        if (pst_cur_lit(&cur, types[i]) &&
            (pst_cur_lit(&cur, PST_STR("::")) || pst_cur_byte(&cur, '/'))) {
            type = types[i];
            name = pst_cur_rest(&cur);
        }
    }
    if (name.n == 0 || type.n + 2 + name.n >= PST_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        uint8_t byte = name.p[i];
        if (byte <= 0x20 || byte >= 0x7f || byte == '"' || byte == '\\' || byte == ',') {
            return false;
        }
    }
    memset(ret, 0, PST_NAME_MAX);
    memcpy(ret, type.p, type.n);
    memcpy(&ret[type.n], "::", 2);
    memcpy(&ret[type.n + 2], name.p, name.n);
    return true;
}

bool pst_name_valid(struct pst_str text)
{
    if (text.n == 0 || text.n >= PST_NAME_MAX || !alnum(text.p[0])) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (!alnum(text.p[i]) && text.p[i] != '.' && text.p[i] != '-' && text.p[i] != '_') {
            return false;
        }
    }
    return true;
}

static uint8_t fold(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte == '-' ? '_' : byte;
}

enum { NEAR_MAX = 40 };

/* Edits (insert, delete, replace, swap neighbours) from one text to the other, without case. */
static size_t distance(struct pst_str a, struct pst_str b)
{
    size_t rows[3][NEAR_MAX + 1] = {{0}}; /* two rows back, one row back, this row */
    for (size_t j = 0; j <= b.n; j++) {
        rows[1][j] = j;
    }
    for (size_t i = 1; i <= a.n; i++) {
        rows[2][0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            uint8_t x = fold(a.p[i - 1]), y = fold(b.p[j - 1]);
            size_t best = rows[1][j - 1] + (x != y);
            best = rows[1][j] + 1 < best ? rows[1][j] + 1 : best;
            best = rows[2][j - 1] + 1 < best ? rows[2][j - 1] + 1 : best;
            if (i > 1 && j > 1 && x == fold(b.p[j - 2]) && fold(a.p[i - 2]) == y &&
                rows[0][j - 2] + 1 < best) {
                best = rows[0][j - 2] + 1;
            }
            rows[2][j] = best;
        }
        memcpy(rows[0], rows[1], sizeof rows[0]);
        memcpy(rows[1], rows[2], sizeof rows[1]);
    }
    return rows[1][b.n];
}

const char *pst_name_nearest(struct pst_str text, const char *const *names, size_t n)
{
    const char *found = NULL;
    size_t least = text.n / 3 + 2;
    if (text.n == 0 || text.n > NEAR_MAX) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        struct pst_str name = pst_str_c(names[i]);
        if (name.n == 0 || name.n > NEAR_MAX) {
            continue;
        }
        size_t d = distance(text, name);
        if (d < least && d < name.n) {
            least = d;
            found = names[i];
        }
    }
    return found;
}
