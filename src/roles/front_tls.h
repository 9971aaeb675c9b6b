/* TLS of client connections: handshakes whose signatures come from keys. A connection that shakes
 * hands has a protocol of its own, which is followed by the one that was agreed. */
#ifndef PST_ROLES_FRONT_TLS_H
#define PST_ROLES_FRONT_TLS_H

#include "base/err.h"
#include "base/map.h"
#include "crypto/tls_server.h"
#include "gate/image.h"

struct pst_front;
struct pst_front_config;
struct pst_front_conn;
struct pst_front_protocol;
struct pst_ipc_ticket_keys;
struct pst_message;

/* Of a front. */
struct pst_front_tls {
    struct pst_tls_host *host;
    struct pst_map resting; /* connections by the id of the signature that they wait for */
    uint64_t last_id;
    uint64_t told_ms; /* when a line about failures was written last */
    uint32_t untold;  /* failures since */
};

/* Of a connection. */
struct pst_front_tls_conn {
    struct pst_tls_conn *conn; /* NULL: plain text */
    uint64_t sign_id;          /* 0: no signature is waited for */
    bool shaken;
    bool stuck; /* reading goes on once the socket takes bytes */
};

PST_NODISCARD enum pst_status pst_front_tls_init(struct pst_front *f, struct pst_err *err);
void pst_front_tls_release(struct pst_front *f);

/* The servers of a configuration's listeners; those of a configuration that goes. */
PST_NODISCARD enum pst_status
pst_front_tls_configure(struct pst_front *f, struct pst_front_config *config, struct pst_err *err);
void pst_front_tls_forget(struct pst_front_config *config);

/* A connection of a listener with TLS: its certificates are those of the configuration in force
 * now. */
PST_NODISCARD enum pst_status pst_front_tls_open(struct pst_front_conn *c,
                                                 const struct pst_image_listener *row,
                                                 struct pst_err *err);
/* Goes on; OK: the handshake is over, and the connection's protocol the one that was agreed. */
PST_NODISCARD enum pst_status pst_front_tls_shake(struct pst_front_conn *c, struct pst_err *err);
void pst_front_tls_close(struct pst_front_conn *c);

/* From keys. */
void pst_front_tls_signed(struct pst_front *f, const struct pst_message *m);
void pst_front_tls_tickets(struct pst_front *f, const struct pst_ipc_ticket_keys *m);
/* Keys has gone: nobody signs what was asked. */
void pst_front_tls_keys_lost(struct pst_front *f);

#endif
