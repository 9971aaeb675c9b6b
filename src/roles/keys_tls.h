/* What keys does for the TLS of fronts: signatures of handshakes, and the keys of session tickets,
 * which are made here so that all fronts have the same ones. */
#ifndef PST_ROLES_KEYS_TLS_H
#define PST_ROLES_KEYS_TLS_H

#include "roles/house.h"
#include "roles/keys_set.h"

enum {
    PST_KEYS_SIGN_RATE = 4000,                /* signatures of one front in a second */
    PST_KEYS_ROTATE_MS = 12 * 60 * 60 * 1000, /* life of a ticket key as the newest one */
    PST_KEYS_FRONTS = 256,                    /* a link's index is a byte */
};

struct pst_keys_tls {
    struct pst_house *house;
    const struct pst_keys_set *set;
    struct pst_secret *tickets; /* the newest and the one before, PST_TLS_TICKET_KEY bytes each */
    struct pst_timer timer;
    uint64_t second;                      /* that is counted */
    uint16_t signed_for[PST_KEYS_FRONTS]; /* in it */
};

/* Makes the first ticket keys. `set` and `house` outlive it. */
PST_NODISCARD enum pst_status pst_keys_tls_init(struct pst_keys_tls *t, struct pst_house *house,
                                                const struct pst_keys_set *set,
                                                struct pst_err *err);
void pst_keys_tls_release(struct pst_keys_tls *t);
/* The loop runs: rotation begins. */
void pst_keys_tls_begin(struct pst_keys_tls *t);
/* Gives a front its ticket keys. */
void pst_keys_tls_tickets_send(const struct pst_keys_tls *t, struct pst_link *front);
/* Answers each request, with a signature or without. ERR: what a front never asks for. */
PST_NODISCARD enum pst_status pst_keys_tls_sign(struct pst_keys_tls *t, struct pst_link *front,
                                                const struct pst_ipc_tls_sign *m,
                                                struct pst_str text);

#endif
