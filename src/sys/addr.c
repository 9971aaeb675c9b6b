#include "sys/net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* One row: addresses whose first `bits` bits are these. The first match decides. */
struct row4 {
    uint32_t net;
    uint8_t bits;
    uint8_t class;
};
struct row6 {
    uint8_t net[16];
    uint8_t bits;
    uint8_t class;
};

#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* IANA's special-purpose registry for IPv4, and the metadata services that sit in public space. */
static const struct row4 rows4[] = {
    {V4(169, 254, 169, 254), 32, PST_ADDR_METADATA}, /* EC2, GCE, Azure, and most others */
    {V4(169, 254, 169, 253), 32, PST_ADDR_METADATA}, /* EC2's resolver */
    {V4(169, 254, 169, 123), 32, PST_ADDR_METADATA}, /* EC2's clock */
    {V4(169, 254, 170, 2), 32, PST_ADDR_METADATA},   /* ECS task credentials */
    {V4(169, 254, 170, 23), 32, PST_ADDR_METADATA},  /* EKS pod identity */
    {V4(169, 254, 0, 23), 32, PST_ADDR_METADATA},    /* Tencent */
    {V4(100, 100, 100, 200), 32, PST_ADDR_METADATA}, /* Alibaba */
    {V4(168, 63, 129, 16), 32, PST_ADDR_METADATA},   /* Azure's wire server */
    {V4(192, 0, 0, 192), 32, PST_ADDR_METADATA},     /* Oracle, old */
    {V4(255, 255, 255, 255), 32, PST_ADDR_BROADCAST},
    {V4(0, 0, 0, 0), 8, PST_ADDR_UNSPECIFIED},
    {V4(10, 0, 0, 0), 8, PST_ADDR_PRIVATE},
    {V4(100, 64, 0, 0), 10, PST_ADDR_SHARED},
    {V4(127, 0, 0, 0), 8, PST_ADDR_LOOPBACK},
    {V4(169, 254, 0, 0), 16, PST_ADDR_LINK_LOCAL},
    {V4(172, 16, 0, 0), 12, PST_ADDR_PRIVATE},
    {V4(192, 0, 0, 0), 24, PST_ADDR_RESERVED},    /* RFC 6890 */
    {V4(192, 0, 2, 0), 24, PST_ADDR_RESERVED},    /* documentation */
    {V4(192, 31, 196, 0), 24, PST_ADDR_RESERVED}, /* AS112 */
    {V4(192, 52, 193, 0), 24, PST_ADDR_RESERVED}, /* AMT */
    {V4(192, 88, 99, 0), 24, PST_ADDR_RESERVED},  /* 6to4 relays */
    {V4(192, 168, 0, 0), 16, PST_ADDR_PRIVATE},
    {V4(192, 175, 48, 0), 24, PST_ADDR_RESERVED}, /* AS112 */
    {V4(198, 18, 0, 0), 15, PST_ADDR_RESERVED},   /* benchmarking */
    {V4(198, 51, 100, 0), 24, PST_ADDR_RESERVED}, /* documentation */
    {V4(203, 0, 113, 0), 24, PST_ADDR_RESERVED},  /* documentation */
    {V4(224, 0, 0, 0), 4, PST_ADDR_MULTICAST},
    {V4(240, 0, 0, 0), 4, PST_ADDR_RESERVED},
};

/* Anything outside 2000::/3 that has no row of its own is not global unicast: reserved. */
static const struct row6 rows6[] = {
    {{0xfd, 0x00, 0x0e, 0xc2, [15] = 0x54, [14] = 0x02}, 128, PST_ADDR_METADATA}, /* EC2 */
    {{0xfd, 0x00, 0x0e, 0xc2, [15] = 0x53, [14] = 0x02}, 128, PST_ADDR_METADATA}, /* EC2 resolver */
    {{0xfd, 0x00, 0x0e, 0xc2, [15] = 0x23}, 128, PST_ADDR_METADATA},              /* EKS */
    {{0xfd, 0x20, 0x00, 0xce, [15] = 0x54, [14] = 0x02}, 128, PST_ADDR_METADATA}, /* GCE */
    {{[15] = 0}, 128, PST_ADDR_UNSPECIFIED},
    {{[15] = 1}, 128, PST_ADDR_LOOPBACK},
    {{0xfe, 0x80}, 10, PST_ADDR_LINK_LOCAL},
    {{0xfe, 0xc0}, 10, PST_ADDR_UNIQUE_LOCAL}, /* site-local, RFC 3879 */
    {{0xfc}, 7, PST_ADDR_UNIQUE_LOCAL},
    {{0xff}, 8, PST_ADDR_MULTICAST},
    {{0x20, 0x01, 0x00, 0x00}, 23, PST_ADDR_RESERVED}, /* Teredo, ORCHID, benchmarking, … */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, PST_ADDR_RESERVED}, /* documentation */
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48, PST_ADDR_RESERVED}, /* AS112 */
    {{0x3f, 0xff}, 20, PST_ADDR_RESERVED},                         /* documentation */
    {{0x20}, 3, PST_ADDR_PUBLIC},
};

/* Prefixes that carry an IPv4 address at a byte offset. */
struct inside {
    uint8_t net[16];
    uint8_t bits, at;
};
static const struct inside insides[] = {
    {{[10] = 0xff, [11] = 0xff}, 96, 12}, /* mapped, RFC 4291 §2.5.5.2 */
    {{[8] = 0xff, [9] = 0xff}, 96, 12},   /* translated, RFC 2765 */
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12},   /* NAT64, RFC 6052 §2.1 */
    {{0x20, 0x02}, 16, 2},                /* 6to4, RFC 3056 */
};

static bool prefix_is(const uint8_t a[16], const uint8_t net[16], unsigned bits)
{
    unsigned whole = bits / 8;
    if (memcmp(a, net, whole) != 0) {
        return false;
    }
    unsigned rest = bits % 8;
    return rest == 0 || ((a[whole] ^ net[whole]) >> (8 - rest)) == 0;
}

static enum pst_addr_class class4(uint32_t a)
{
    for (size_t i = 0; i < PST_LEN(rows4); i++) {
        if (((a ^ rows4[i].net) >> (32 - rows4[i].bits)) == 0) {
            return (enum pst_addr_class)rows4[i].class;
        }
    }
    return PST_ADDR_PUBLIC;
}

static uint32_t be32(const uint8_t *p)
{
    return V4(p[0], p[1], p[2], p[3]);
}

static enum pst_addr_class class6(const uint8_t a[16])
{
    for (size_t i = 0; i < PST_LEN(rows6); i++) {
        if (rows6[i].class != PST_ADDR_PUBLIC && prefix_is(a, rows6[i].net, rows6[i].bits)) {
            return (enum pst_addr_class)rows6[i].class;
        }
    }
    for (size_t i = 0; i < PST_LEN(insides); i++) {
        if (prefix_is(a, insides[i].net, insides[i].bits)) {
            return class4(be32(&a[insides[i].at]));
        }
    }
    static const uint8_t zero[16] = {0};
    if (prefix_is(a, zero, 96)) { /* IPv4-compatible, RFC 4291 §2.5.5.1 */
        return class4(be32(&a[12]));
    }
    return (a[0] & 0xe0) == 0x20 ? PST_ADDR_PUBLIC : PST_ADDR_RESERVED;
}

enum pst_addr_class pst_addr_class(const struct pst_addr *a)
{
    if (a->n == sizeof(a->u.v4) && a->u.any.sa_family == AF_INET) {
        return class4(ntohl(a->u.v4.sin_addr.s_addr));
    }
    if (a->n == sizeof(a->u.v6) && a->u.any.sa_family == AF_INET6) {
        return class6(a->u.v6.sin6_addr.s6_addr);
    }
    return PST_ADDR_RESERVED;
}

const char *pst_addr_class_name(enum pst_addr_class c)
{
    static const char *const names[PST_ADDR_CLASSES] = {
        [PST_ADDR_PUBLIC] = "public",
        [PST_ADDR_LOOPBACK] = "loopback",
        [PST_ADDR_PRIVATE] = "private",
        [PST_ADDR_SHARED] = "shared",
        [PST_ADDR_LINK_LOCAL] = "link-local",
        [PST_ADDR_METADATA] = "metadata",
        [PST_ADDR_UNIQUE_LOCAL] = "unique-local",
        [PST_ADDR_MULTICAST] = "multicast",
        [PST_ADDR_UNSPECIFIED] = "unspecified",
        [PST_ADDR_BROADCAST] = "broadcast",
        [PST_ADDR_RESERVED] = "reserved",
    };
    return (unsigned)c < PST_ADDR_CLASSES ? names[c] : "unknown";
}

/* --- text ---------------------------------------------------------------------------------------
 */

bool pst_addr_parse_ip(struct pst_str s, uint16_t port, struct pst_addr *ret)
{
    char text[INET6_ADDRSTRLEN];
    if (s.n == 0 || s.n >= sizeof(text) || memchr(s.p, '\0', s.n) != NULL) {
        return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    struct pst_addr a = {0};
    if (inet_pton(AF_INET, text, &a.u.v4.sin_addr) == 1) { /* strict: four decimal parts */
        a.u.v4.sin_family = AF_INET;
        a.u.v4.sin_port = htons(port);
        a.n = sizeof(a.u.v4);
    } else if (inet_pton(AF_INET6, text, &a.u.v6.sin6_addr) == 1) {
        a.u.v6.sin6_family = AF_INET6;
        a.u.v6.sin6_port = htons(port);
        a.n = sizeof(a.u.v6);
    } else {
        return false;
    }
    *ret = a;
    return true;
}

bool pst_addr_parse(struct pst_str s, struct pst_addr *ret)
{
    struct pst_str ip, rest;
    bool brackets = s.n > 0 && s.p[0] == '[';
    size_t end = pst_str_find_byte(s, brackets ? ']' : ':');
    if (end == PST_NPOS) {
        return false;
    }
    ip = brackets ? pst_str_cut(s, 1, end - 1) : pst_str_cut(s, 0, end);
    rest = pst_str_from(s, brackets ? end + 1 : end);
    uint64_t port;
    if (rest.n < 2 || rest.p[0] != ':' || !pst_str_u64(pst_str_from(rest, 1), &port) ||
        port > UINT16_MAX) {
        return false;
    }
    struct pst_addr a = {0};
    if (!pst_addr_parse_ip(ip, (uint16_t)port, &a) || brackets != (a.u.any.sa_family == AF_INET6)) {
        return false;
    }
    *ret = a;
    return true;
}

bool pst_addr_of(const struct sockaddr *sa, socklen_t n, struct pst_addr *ret)
{
    struct pst_addr a = {0};
    if (n < (socklen_t)sizeof(sa->sa_family)) {
        return false;
    }
    if (sa->sa_family == AF_INET && n >= (socklen_t)sizeof(a.u.v4)) {
        memcpy(&a.u.v4, sa, sizeof(a.u.v4));
        a.n = sizeof(a.u.v4);
    } else if (sa->sa_family == AF_INET6 && n >= (socklen_t)sizeof(a.u.v6)) {
        memcpy(&a.u.v6, sa, sizeof(a.u.v6));
        a.n = sizeof(a.u.v6);
    } else {
        return false;
    }
    *ret = a;
    return true;
}

void pst_addr_ip_text(const struct pst_addr *a, char ret[PST_ADDR_TEXT])
{
    const char *text = NULL;
    if (a->n != 0 && a->u.any.sa_family == AF_INET) {
        text = inet_ntop(AF_INET, &a->u.v4.sin_addr, ret, PST_ADDR_TEXT);
    } else if (a->n != 0 && a->u.any.sa_family == AF_INET6) {
        const uint8_t *b = a->u.v6.sin6_addr.s6_addr;
        text = IN6_IS_ADDR_V4MAPPED(&a->u.v6.sin6_addr)
                   ? inet_ntop(AF_INET, &b[12], ret, PST_ADDR_TEXT)
                   : inet_ntop(AF_INET6, b, ret, PST_ADDR_TEXT);
    }
    if (text == NULL) {
        (void)snprintf(ret, PST_ADDR_TEXT, "-");
    }
}

void pst_addr_text(const struct pst_addr *a, char ret[PST_ADDR_TEXT])
{
    char ip[PST_ADDR_TEXT];
    pst_addr_ip_text(a, ip);
    if (strcmp(ip, "-") == 0) {
        (void)snprintf(ret, PST_ADDR_TEXT, "-");
    } else if (strchr(ip, ':') != NULL) {
        (void)snprintf(ret, PST_ADDR_TEXT, "[%.45s]:%u", ip, (unsigned)pst_addr_port(a));
    } else {
        (void)snprintf(ret, PST_ADDR_TEXT, "%.45s:%u", ip, (unsigned)pst_addr_port(a));
    }
}

uint16_t pst_addr_port(const struct pst_addr *a)
{
    if (a->n == 0) {
        return 0;
    }
    return ntohs(a->u.any.sa_family == AF_INET6 ? a->u.v6.sin6_port : a->u.v4.sin_port);
}

bool pst_addr_eq(const struct pst_addr *a, const struct pst_addr *b)
{
    if (a->n != b->n || (a->n != 0 && a->u.any.sa_family != b->u.any.sa_family) ||
        pst_addr_port(a) != pst_addr_port(b)) {
        return false;
    }
    if (a->n == 0) {
        return true;
    }
    if (a->u.any.sa_family == AF_INET) {
        return a->u.v4.sin_addr.s_addr == b->u.v4.sin_addr.s_addr;
    }
    return memcmp(&a->u.v6.sin6_addr, &b->u.v6.sin6_addr, sizeof(struct in6_addr)) == 0 &&
           a->u.v6.sin6_scope_id == b->u.v6.sin6_scope_id;
}
