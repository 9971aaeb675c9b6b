/* ipaddr: addresses and networks. Strict: no zeros in front, no zone, no IPv4 inside IPv6. */
#include "cedar/value.h"

static bool v4(struct pst_str s, uint8_t ret[4])
{
    struct pst_cur cur = pst_cur_of(s);
    for (unsigned part = 0; part < 4; part++) {
        unsigned v = 0;
        unsigned n = 0;
        if (part > 0 && !pst_cur_byte(&cur, '.')) {
            return false;
        }
        for (int ch = pst_cur_peek(&cur, 0); ch >= '0' && ch <= '9' && n < 3;
             ch = pst_cur_peek(&cur, 0)) {
            v = v * 10 + (unsigned)(ch - '0');
            n++;
            if (n == 2 && v < 10) {
                return false;
            }
            pst_cur_skip(&cur, 1);
        }
        if (n == 0 || v > 255) {
            return false;
        }
        ret[part] = (uint8_t)v;
    }
    return pst_cur_done(&cur);
}

static int hex(int ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }
    if (ch >= 'a' && ch <= 'f') {
        return ch - 'a' + 10;
    }
    return ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

/* Up to `max` groups separated by single colons; how many were read. */
static unsigned groups(struct pst_cur *cur, unsigned max, uint16_t *ret)
{
    unsigned count = 0;
    while (count < max) {
        struct pst_cur ahead = *cur;
        if (count > 0 && !pst_cur_byte(&ahead, ':')) {
            break;
        }
        unsigned v = 0;
        unsigned n = 0;
        for (int d = hex(pst_cur_peek(&ahead, 0)); d >= 0 && n < 4;
             d = hex(pst_cur_peek(&ahead, 0))) {
            v = v * 16 + (unsigned)d;
            n++;
            pst_cur_skip(&ahead, 1);
        }
        if (n == 0) {
            break;
        }
        ret[count++] = (uint16_t)v;
        *cur = ahead;
    }
    return count;
}

static bool v6(struct pst_str s, uint8_t ret[16])
{
    struct pst_cur cur = pst_cur_of(s);
    uint16_t head[8] = {0};
    uint16_t tail[8] = {0};
    unsigned n_head = groups(&cur, 8, head);
    unsigned n_tail = 0;
    if (n_head < 8) {
        if (!pst_cur_lit(&cur, PST_STR("::"))) {
            return false;
        }
        n_tail = groups(&cur, 7 - n_head, tail);
    }
    if (!pst_cur_done(&cur)) {
        return false;
    }
    memset(ret, 0, 16);
    for (unsigned i = 0; i < n_head; i++) {
        ret[2 * i] = (uint8_t)(head[i] >> 8);
        ret[2 * i + 1] = (uint8_t)head[i];
    }
    for (unsigned i = 0; i < n_tail; i++) {
        unsigned at = 2 * (8 - n_tail + i);
        ret[at] = (uint8_t)(tail[i] >> 8);
        ret[at + 1] = (uint8_t)tail[i];
    }
    return true;
}

static bool prefix(struct pst_str s, unsigned max, uint8_t *ret)
{
    uint64_t v = 0;
    if (!pst_str_u64(s, &v) || v > max) {
        return false;
    }
    *ret = (uint8_t)v;
    return true;
}

bool pst_cedar_ip_parse(struct pst_str s, struct pst_cedar_ip *ret)
{
    size_t slash = pst_str_find_byte(s, '/');
    struct pst_str addr = slash == PST_NPOS ? s : pst_str_cut(s, 0, slash);
    struct pst_cedar_ip ip = {0};
    uint8_t four[4];
    if (v4(addr, four)) {
        memcpy(&ip.addr[12], four, 4);
        ip.prefix = 32;
    } else if (v6(addr, ip.addr)) {
        ip.v6 = 1;
        ip.prefix = 128;
    } else {
        return false;
    }
    if (slash != PST_NPOS && !prefix(pst_str_from(s, slash + 1), ip.prefix, &ip.prefix)) {
        return false;
    }
    *ret = ip;
    return true;
}

int pst_cedar_ip_cmp(const struct pst_cedar_ip *a, const struct pst_cedar_ip *b)
{
    return memcmp(a, b, sizeof *a);
}

/* Whether the first `bits` bits agree; v4 bits begin at byte 12. */
static bool same_bits(const struct pst_cedar_ip *a, const struct pst_cedar_ip *b, unsigned bits)
{
    unsigned first = a->v6 != 0 ? 0 : 12;
    unsigned whole = bits / 8;
    if (memcmp(&a->addr[first], &b->addr[first], whole) != 0) {
        return false;
    }
    unsigned rest = bits % 8;
    uint8_t mask = (uint8_t)(0xFF00u >> rest);
    return rest == 0 || ((a->addr[first + whole] ^ b->addr[first + whole]) & mask) == 0;
}

bool pst_cedar_ip_in_range(const struct pst_cedar_ip *a, const struct pst_cedar_ip *range)
{
    return a->v6 == range->v6 && a->prefix >= range->prefix && same_bits(a, range, range->prefix);
}

bool pst_cedar_ip_loopback(const struct pst_cedar_ip *a)
{
    static const struct pst_cedar_ip v4_loop = {.addr = {[12] = 127}, .prefix = 8};
    static const struct pst_cedar_ip v6_loop = {.addr = {[15] = 1}, .prefix = 128, .v6 = 1};
    return pst_cedar_ip_in_range(a, a->v6 != 0 ? &v6_loop : &v4_loop);
}

bool pst_cedar_ip_multicast(const struct pst_cedar_ip *a)
{
    static const struct pst_cedar_ip v4_multi = {.addr = {[12] = 224}, .prefix = 4};
    static const struct pst_cedar_ip v6_multi = {.addr = {[0] = 255}, .prefix = 8, .v6 = 1};
    return pst_cedar_ip_in_range(a, a->v6 != 0 ? &v6_multi : &v4_multi);
}

bool pst_cedar_ip_put(struct pst_buf *out, const struct pst_cedar_ip *ip)
{
    bool ok = true;
    for (unsigned i = ip->v6 != 0 ? 0 : 12; i < 16 && ok; i += ip->v6 != 0 ? 2 : 1) {
        if (ip->v6 != 0) {
            unsigned group = (unsigned)ip->addr[i] << 8 | ip->addr[i + 1];
            ok = pst_buf_fmt(out, i == 0 ? "%x" : ":%x", group);
        } else {
            ok = (i == 12 || pst_buf_byte(out, '.')) && pst_buf_u64(out, ip->addr[i]);
        }
    }
    unsigned max = ip->v6 != 0 ? 128 : 32;
    return ok && (ip->prefix == max || (pst_buf_byte(out, '/') && pst_buf_u64(out, ip->prefix)));
}
