/* The supervisor: starts every role, hands out images, sockets and credentials, restarts what dies,
 * and ends everything when it is told to. It parses nothing and reads no network. */
#ifndef PST_ROLES_SUPERVISOR_H
#define PST_ROLES_SUPERVISOR_H

#include "gate/image.h"

#include <stdbool.h>
#include <stdint.h>

struct pst_up_options {
    const char *config_path; /* absolute */
    const char *state_dir;   /* absolute */
    const char *self_path;   /* this executable: it runs `compile` and `demo-model` */
    const char *role_path;   /* the postern-role executable */
    uint32_t port;           /* instead of the configured one; 0: as configured */
    uint32_t admin_port;     /* the same */
    uint32_t tls_port;       /* the same, of the first listener with TLS */
    uint32_t demo_tls_port;  /* the same, of the demo's listener with TLS only */
    bool demo;               /* run the demo model server; `compile --demo-port` tells where */
    bool sandbox_off;        /* for debuggers: an explicit flag of the command line */
    bool verbose;
    const char *simulate; /* a name of exceptions.def to force, or NULL */
    /* To be called once, when every role is ready: prints what to paste. */
    void (*ready)(void *user, const struct pst_plan *plan);
    void *user;
};

/* Runs until a signal ends it; returns the exit status. */
int pst_supervisor_run(const struct pst_up_options *options);

#endif
