/* Sockets and addresses: listeners, accept, connect, and the classes of addresses that dial needs
 * to refuse what nobody listed. Everything made here is non-blocking and close-on-exec. */
#ifndef PST_SYS_NET_H
#define PST_SYS_NET_H

#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IP address with port. Zeroed means none. */
struct pst_addr {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } u;
    socklen_t n; /* 0: none */
};

/* What an address reaches. A v4 address inside a v6 one (mapped ::ffff:0:0/96, NAT64 64:ff9b::/96,
 * 6to4 2002::/16, compatible ::/96) has the class of the v4 address; local NAT64 (64:ff9b:1::/48)
 * and Teredo, whose inside is not for us to know, are RESERVED. */
enum pst_addr_class {
    PST_ADDR_PUBLIC,       /* the only class that needs no listing */
    PST_ADDR_LOOPBACK,     /* 127/8, ::1 */
    PST_ADDR_PRIVATE,      /* RFC 1918 */
    PST_ADDR_SHARED,       /* 100.64/10, RFC 6598 */
    PST_ADDR_LINK_LOCAL,   /* 169.254/16, fe80::/10 */
    PST_ADDR_METADATA,     /* cloud instance metadata, e.g. 169.254.169.254, fd00:ec2::254 */
    PST_ADDR_UNIQUE_LOCAL, /* fc00::/7, RFC 4193; fec0::/10 */
    PST_ADDR_MULTICAST,    /* 224/4, ff00::/8 */
    PST_ADDR_UNSPECIFIED,  /* 0/8, :: */
    PST_ADDR_BROADCAST,    /* 255.255.255.255 */
    PST_ADDR_RESERVED,     /* documentation, benchmarking, 240/4, 192.0.0/24, discard, … */
    PST_ADDR_CLASSES
};
const char *pst_addr_class_name(enum pst_addr_class c); /* "link-local" */
enum pst_addr_class pst_addr_class(const struct pst_addr *a);

/* Strict: "192.0.2.1:443", "[2001:db8::1]:443"; a port is required. No names, no octal or short
 * IPv4, no zone. */
PST_NODISCARD bool pst_addr_parse(struct pst_str s, struct pst_addr *ret);
/* Address alone, without brackets, and its port. */
PST_NODISCARD bool pst_addr_parse_ip(struct pst_str s, uint16_t port, struct pst_addr *ret);
/* From a kernel's or resolver's sockaddr; false for other families or a wrong length. */
PST_NODISCARD bool pst_addr_of(const struct sockaddr *sa, socklen_t n, struct pst_addr *ret);
enum { PST_ADDR_TEXT = 64 };
/* "192.0.2.1:443", "[2001:db8::1]:443"; mapped addresses as IPv4; "-" for none. */
void pst_addr_text(const struct pst_addr *a, char ret[PST_ADDR_TEXT]);
/* The same without port and brackets. */
void pst_addr_ip_text(const struct pst_addr *a, char ret[PST_ADDR_TEXT]);
uint16_t pst_addr_port(const struct pst_addr *a);
bool pst_addr_eq(const struct pst_addr *a, const struct pst_addr *b);

/* --- listeners ----------------------------------------------------------------------------------
 */
/* TCP with SO_REUSEADDR. A taken or forbidden port is PST_E_CONFIG whose text names the address and
 * says what to do. backlog 0: 1024. Port 0 lets the kernel choose; see pst_net_local. */
PST_NODISCARD enum pst_status pst_net_listen(const struct pst_addr *a, int backlog, int *ret,
                                             struct pst_err *err);
/* Unix stream socket at `path` with this mode. A dead socket file is replaced, a live one or
 * another kind of file is PST_E_CONFIG. */
PST_NODISCARD enum pst_status pst_net_listen_unix(const char *path, unsigned mode, int backlog,
                                                  int *ret, struct pst_err *err);
/* PST_AGAIN: nobody waits, or the one who did has gone. PST_E_LIMIT: out of descriptors or memory:
 * stop watching the listener for a while. ret_peer may be NULL; for Unix sockets it is none. */
PST_NODISCARD enum pst_status pst_net_accept(int listener, int *ret, struct pst_addr *ret_peer,
                                             struct pst_err *err);
PST_NODISCARD enum pst_status pst_net_local(int fd, struct pst_addr *ret, struct pst_err *err);

/* --- connections --------------------------------------------------------------------------------
 */
PST_NODISCARD enum pst_status pst_net_nodelay(int fd, struct pst_err *err);
/* Starts a TCP connect with TCP_NODELAY. PST_OK: connected at once. PST_AGAIN: watch *ret for
 * PST_WRITE, then ask pst_net_connected. Errors are PST_E_UPSTREAM_CONNECT. The caller owns *ret
 * after both OK and AGAIN. Classes are the caller's to check. */
PST_NODISCARD enum pst_status pst_net_connect(const struct pst_addr *a, int *ret,
                                              struct pst_err *err);
PST_NODISCARD enum pst_status pst_net_connected(int fd, struct pst_err *err);
/* Blocking connect to a Unix stream socket, for the command line. */
PST_NODISCARD enum pst_status pst_net_connect_unix(const char *path, int *ret, struct pst_err *err);
/* Closes with a reset instead of an orderly end: for clients that broke the protocol. */
void pst_net_reset(int *fd);

#endif
