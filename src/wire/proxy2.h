/* The PROXY protocol, version 2 (haproxy, proxy-protocol.txt §2.2): the binary header by which a
 * balancer says, before anything else, whose connection this is. Version 1 is text, has no length
 * in front and no checksum: refused.
 *
 * Incremental and exact: pst_proxy2_want says how many bytes may be read now, never one beyond the
 * header, because what follows (a TLS handshake) belongs to another reader. A wrong byte is refused
 * when it comes; how the bytes are cut changes nothing.
 *
 *   LOCAL             the balancer speaks for itself; the rest of the header is skipped (§2.2)
 *   PROXY, UNSPEC     an unknown source: the same as nobody named
 *   PROXY, TCP        over IPv4 or IPv6: the source
 *   anything else     UDP, Unix sockets, unknown commands and families: refused
 *
 * TLVs (§2.2.1 ff) are checked for their shape, that of PP2_TYPE_SSL too, and a CRC32C for its
 * value; nothing that they say is believed. Any failure is PST_E_HTTP_SYNTAX, a header longer than
 * the limit PST_E_LIMIT. */
#ifndef PST_WIRE_PROXY2_H
#define PST_WIRE_PROXY2_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { PST_PROXY2_FIXED = 16, PST_PROXY2_SIGNATURE = 12 };

enum pst_proxy2_source { PST_PROXY2_NONE, PST_PROXY2_V4, PST_PROXY2_V6 };

struct pst_proxy2 {
    struct pst_buf bytes; /* the header so far; private */
    size_t want;          /* bytes of the whole, as far as that is known; private */
    bool over;            /* whole, or refused; private */
    /* when whole */
    enum pst_proxy2_source source; /* NONE: the hop itself */
    uint8_t address[16];           /* network order; 4 bytes of it for V4 */
    uint16_t port;
};

/* `limit`: bytes that may follow the fixed part. Allocates nothing yet. */
void pst_proxy2_init(struct pst_proxy2 *p, size_t limit);
void pst_proxy2_release(struct pst_proxy2 *p);
/* How many bytes may be fed next; 0: it is over. */
size_t pst_proxy2_want(const struct pst_proxy2 *p);
/* Takes all of `bytes`, at most pst_proxy2_want of them. PST_OK: the header is whole. */
PST_NODISCARD enum pst_status pst_proxy2_feed(struct pst_proxy2 *p, struct pst_str bytes,
                                              struct pst_err *err);
/* These bytes begin as a header of version 2 does (as many of them as there are, at least one). */
bool pst_proxy2_begins(struct pst_str bytes);

#endif
