/* Small readings of configuration texts: sizes, times, rates, addresses, URLs, names. All pure; all
 * strict: the whole text must match. */
#ifndef PST_CONTROL_UNITS_H
#define PST_CONTROL_UNITS_H

#include "base/def.h"
#include "base/str.h"
#include "gate/image.h"

#include <stdbool.h>

/* "4MiB", "64KiB", "1GiB", "512B" or plain bytes. */
PST_NODISCARD bool pst_size_parse(struct pst_str text, uint64_t *ret_bytes);
/* "50ms", "5s", "10m", "2h", "7d". */
PST_NODISCARD bool pst_time_parse(struct pst_str text, uint64_t *ret_ms);
/* "600/1m", "10/s": so many per so long. Both at least 1; the window at most a day. */
PST_NODISCARD bool pst_rate_parse(struct pst_str text, uint32_t *ret_n, uint32_t *ret_window_ms);

struct pst_endpoint {
    char host[PST_HOST_MAX]; /* lower case; an IPv6 literal has no brackets */
    uint32_t port;           /* 0: not given */
};
/* "host:port", "host", "[::1]:8080", "127.0.0.1:80". */
PST_NODISCARD bool pst_endpoint_parse(struct pst_str text, struct pst_endpoint *ret);

struct pst_url {
    bool tls;                /* https */
    struct pst_endpoint at;  /* the port is filled in */
    char path[PST_PATH_MAX]; /* empty or "/v1": no slash at the end */
};
/* http and https; no user, query, fragment, escapes or dot segments. */
PST_NODISCARD bool pst_url_parse(struct pst_str text, struct pst_url *ret);

enum pst_reach {
    PST_REACH_NAME,     /* not a literal: only its resolution tells */
    PST_REACH_LOOPBACK, /* 127/8, ::1, and the name localhost */
    PST_REACH_PRIVATE,  /* private, link-local (cloud metadata too), unspecified */
    PST_REACH_PUBLIC,
};
/* What an address literal says about itself. For an early, kind error message: the check that
 * counts is made on the resolved address by dial. */
enum pst_reach pst_host_reach(struct pst_str host);

/* An address literal in 16 bytes, IPv4 mapped (::ffff:0:0/96). Strict: no zone, no short form of
 * IPv4; an IPv6 one has no brackets. */
PST_NODISCARD bool pst_ip_parse(struct pst_str text, uint8_t ret[16]);
/* "10.0.0.0/8", "fd00::/8", or a single address. Bits behind the prefix must be zero. */
PST_NODISCARD bool pst_cidr_parse(struct pst_str text, struct pst_image_cidr *ret);
bool pst_cidr_is_v4(const struct pst_image_cidr *cidr);

/* "User/alice", "User::alice" to "User::alice". Types: User, Workload, Agent, EndUser. The name is
 * 1 or more printable ASCII characters without quotes, backslash, comma and space. */
PST_NODISCARD bool pst_principal_parse(struct pst_str text, char ret[PST_NAME_MAX]);
/* A name of a group, an upstream, a log: letters, digits, dot, dash and underscore, a letter or
 * digit first, shorter than PST_NAME_MAX. */
bool pst_name_valid(struct pst_str text);

/* The nearest of n names, NULL when none is near enough to be meant. */
const char *pst_name_nearest(struct pst_str text, const char *const *names, size_t n);

#endif
