/* Warden: verifies, decides and counts, on typed facts. It sees no body, opens no file and no
 * socket. Every request in flight has an entry here from its release to its settlement. */
#ifndef PST_ROLES_WARDEN_H
#define PST_ROLES_WARDEN_H

#include "budget/budget.h"
#include "gate/decide.h"
#include "gate/image.h"
#include "identity/certificate.h"
#include "identity/keyring.h"
#include "roles/house.h"
#include "roles/roles.h"

enum { PST_WARDEN_IMAGES = 2, PST_WARDEN_OLD_MS = 5000 };

/* One generation of configuration and policy. The one before lives on for a moment, for proposals
 * that were under way when it was replaced. */
struct pst_warden_policy {
    struct pst_str map; /* the sealed image */
    const struct pst_warden_image *image;
    struct pst_cedar *cedar;
    struct pst_certificates *certificates; /* of clients */
    struct pst_str models[PST_MODELS_MAX];
    uint64_t until_ms; /* 0: current */
};

/* A proposal that was released, kept so that another policy can decide it again. */
struct pst_warden_asked;

struct pst_warden_request {
    uint64_t id;
    enum pst_req_state state;
    uint8_t front, upstream, route, attempt;
    bool released;                  /* once at least: its outcome is owed to the evidence */
    bool stopped;                   /* told to end; waits for the front to settle */
    struct pst_warden_asked *asked; /* NULL: cannot be decided again, so is not permitted again */
    const struct pst_keyring_key *key;
    const struct pst_certificate *certificate; /* kept; NULL where a key named the principal */
    bool client_certificate;                   /* its connection had one */
    char principal[192];                       /* "Workload::demo" */
    char end_user[192];
    char resource[PST_MODEL_MAX]; /* what was released */
    struct pst_budget_hold hold;
    /* what inspection said of it: its tool calls are decided with it */
    uint32_t evasion;
    uint16_t injection;
    bool tainted;
};

struct pst_warden {
    struct pst_house house;
    struct pst_keyring keys;
    bool keys_complete;
    struct pst_budget budget;
    struct pst_warden_policy policies[PST_WARDEN_IMAGES]; /* [0] current, [1] the one before */
    struct pst_map requests;
    struct pst_arena arena;               /* of one message */
    uint64_t last_id[PST_FRONTS_MAX + 1]; /* newest request id of each front: ids only grow */
    uint32_t live[PST_FRONTS_MAX + 1];    /* requests of each front */
    struct pst_timer expiry;
    uint64_t seed;
};

struct pst_warden_request *pst_warden_find(struct pst_warden *w, uint64_t id);
/* The id was this front's, and has ended: what still comes for it is late, not wrong. */
bool pst_warden_ended(const struct pst_warden *w, const struct pst_link *front, uint64_t id);
/* Takes a request out, and gives back what it holds. */
void pst_warden_forget(struct pst_warden *w, struct pst_warden_request *r);
/* Ends a request: gives back what it holds and, if it was released, writes its outcome. `s` may be
 * NULL (the front is gone): then `code` says why. */
void pst_warden_settle(struct pst_warden *w, struct pst_warden_request *r,
                       const struct pst_ipc_settle *s, struct pst_str findings,
                       enum pst_error code);

/* warden_case.c: a proposal or admission from a front; ERR: the front broke the protocol. */
enum pst_status pst_warden_propose(struct pst_warden *w, struct pst_link *front,
                                   const struct pst_ipc_propose *p, struct pst_str tail);
enum pst_status pst_warden_admit(struct pst_warden *w, struct pst_link *front,
                                 const struct pst_ipc_admit *a, struct pst_str tail);
enum pst_status pst_warden_tool(struct pst_warden *w, struct pst_link *front,
                                const struct pst_ipc_tool *t);

/* Ends a live request from here: the front says so in the dialect, the egress is cut off. */
void pst_warden_cut(struct pst_warden *w, struct pst_warden_request *r, enum pst_error code);
/* warden_again.c: decides everything that is under way by the current policies, and cuts what they
 * do not permit as it is. Proposals for the policies before are not taken any more. */
void pst_warden_redecide(struct pst_warden *w);

/* warden_policy.c: a new image; on an error the old one stays. */
enum pst_status pst_warden_policy_load(struct pst_warden *w, int *fd, uint64_t size,
                                       struct pst_err *err);
/* The policies of a generation, NULL when they are neither current nor just replaced. */
const struct pst_warden_policy *pst_warden_policy_of(const struct pst_warden *w,
                                                     uint32_t generation);

#endif
