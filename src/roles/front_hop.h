/* Proxies in front of the gateway. Only those whose addresses the listener's row names are listened
 * to: what a PROXY protocol header or a forwarding header says decides for whom limits per address,
 * policies and evidence count. */
#ifndef PST_ROLES_FRONT_HOP_H
#define PST_ROLES_FRONT_HOP_H

#include "gate/image_parts.h"
#include "sys/net.h"
#include "wire/proxy2.h"

struct pst_front_conn;
struct pst_front_request;

/* Of a connection. */
struct pst_front_hop {
    bool awaited;   /* a PROXY protocol header must come before anything else */
    bool uninvited; /* one must not come: its first bytes are looked at */
    bool believed;  /* its forwarding headers are */
    struct pst_proxy2 header;
    /* of the listener's row, as it was when the connection came */
    uint32_t n_forwarded;
    struct pst_image_cidr forwarded[PST_CIDRS_MAX];
};

/* A connection from `peer` has come to the listener of this row. Allocates nothing. */
void pst_front_hop_begin(struct pst_front_conn *c, const struct pst_image_listener *row,
                         const struct pst_addr *peer);
void pst_front_hop_release(struct pst_front_conn *c);
/* While a header is awaited, the descriptor is read here and nowhere else, and not a byte beyond
 * it: what follows may be TLS. Closes the connection when it is wrong. */
void pst_front_hop_read(struct pst_front_conn *c);
/* The header did not come in time. */
void pst_front_hop_late(struct pst_front_conn *c);
/* The first bytes of somebody else are a PROXY protocol header: counted; to be closed. */
bool pst_front_hop_uninvited(struct pst_front_conn *c, struct pst_str first);

/* Whose request it is, by the forwarding headers of a hop that is believed: the right-most sender
 * that is no such hop itself. Sets the request's address. HTTP_HEADER: they are not well formed. */
PST_NODISCARD enum pst_status pst_front_hop_sender(struct pst_front_request *r,
                                                   struct pst_err *err);

#endif
