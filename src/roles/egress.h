/* Egress: one upstream's process. It holds that upstream's credential and nothing else of
 * anybody's, speaks HTTP and TLS on descriptors that dial gives it, and sends a body only when
 * audit has passed on a release that names exactly those bytes. The answer waits until the
 * release's record is durable; then it flows to the front as far as the front's credit goes. */
#ifndef PST_ROLES_EGRESS_H
#define PST_ROLES_EGRESS_H

#include "base/map.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "crypto/tls.h"
#include "gate/image.h"
#include "gate/steps.h"
#include "roles/house.h"
#include "roles/roles.h"
#include "wire/h1.h"

enum pst_egress_phase {
    PST_EGRESS_DIALING, /* waits for dial */
    PST_EGRESS_PROXY,   /* CONNECT sent */
    PST_EGRESS_TLS,
    PST_EGRESS_IDLE, /* in the pool */
    PST_EGRESS_BUSY, /* carries a request */
};

struct pst_egress;
struct pst_egress_request;

struct pst_egress_conn {
    struct pst_egress *egress;
    uint64_t id; /* names the connection to dial */
    int fd;
    enum pst_egress_phase phase;
    struct pst_watch watch;
    struct pst_timer timer;
    struct pst_tls *tls;
    struct pst_h1 parser;
    struct pst_arena arena;
    struct pst_buf out; /* request head and body on their way */
    struct pst_egress_request *request;
    struct pst_egress_conn *next; /* all connections of the role */
    struct pst_egress_conn *idle_next, *idle_prev;
    struct pst_later write; /* a request was put into `out` */
    bool broken;
};

struct pst_egress_request {
    struct pst_egress *egress;
    uint64_t id;
    enum pst_req_state state;
    uint8_t front, operation, attempt, round;
    bool stream, hold, head_sent;
    /* the body: inline bytes or a sealed memory file */
    bool has_body, released;
    bool stale;    /* released when this upstream was another one */
    bool waiting;  /* a body without a release: counted in unreleased */
    bool verified; /* this body is what this release names; nothing else is sent */
    struct pst_buf inline_body;
    int memfd;
    uint64_t body_bytes, body_at;
    uint64_t submitted_ms;
    /* the release */
    uint64_t seq, released_bytes;
    uint8_t digest[32];
    struct pst_course course;
    struct pst_egress_conn *conn;
    struct pst_timer timer;
    int64_t window; /* answer bytes the front will still take */
    uint64_t sent_ns, first_byte_ns;
    uint64_t bytes_sent, bytes_received;
    uint16_t status;
    uint8_t content; /* enum pst_answer_content */
    uint32_t retry_after_ms;
};

/* What an answer's body is, as its head says: the only thing of an upstream's head that a front
 * gets to see, beside the status. */
enum pst_answer_content { PST_CONTENT_OTHER, PST_CONTENT_JSON, PST_CONTENT_EVENTS };

struct pst_egress {
    struct pst_house house;
    struct pst_str map;
    const struct pst_egress_image *image;
    uint32_t since; /* the generation from which on this upstream is the one that it is now */
    struct pst_secret *credential;
    int ca_fd;
    uint8_t ca_digest[PST_SHA256_BYTES]; /* of the bundle in use */
    struct pst_tls_client *tls;
    struct pst_sha256 sha;
    struct pst_map requests;
    uint32_t unreleased[PST_FRONTS_MAX + 1]; /* bodies of each front that wait for a release */
    struct pst_egress_conn *conns;
    struct pst_egress_conn *idle; /* the one used last comes first */
    uint64_t durable;             /* records that survive power loss */
    uint64_t next_conn;
    uint32_t n_conns, n_idle;
    struct pst_timer sweep;
    uint8_t read_buf[PST_IPC_TAIL_MAX];
    struct pst_buf answer; /* body bytes of the read in hand */
};

/* egress_request.c */
struct pst_egress_request *pst_egress_find(struct pst_egress *e, uint64_t id);
/* Runs the request's steps on from where it waits. */
void pst_egress_run(struct pst_egress_request *r);
/* Ends a request: tells the front (unless it is gone) and audit, frees its connection. `code` NONE
 * is a good end; `last` says that the front was told so already. */
void pst_egress_end(struct pst_egress_request *r, enum pst_error code, bool told);
enum pst_status pst_egress_submit(struct pst_egress *e, struct pst_link *front,
                                  struct pst_message *m);
enum pst_status pst_egress_released(struct pst_egress *e, const struct pst_ipc_released *m);
/* Sends what the read in hand brought; `last` ends the answer. */
void pst_egress_answer(struct pst_egress_request *r, bool last, enum pst_error code);
/* Whether answer bytes may flow now: the record is durable and the front has credit. */
bool pst_egress_may_flow(const struct pst_egress_request *r);

/* egress_conn.c */
/* A connection for the request: an idle one, a new one, or none yet (it waits). */
enum pst_step_result pst_egress_conn_get(struct pst_egress_request *r, struct pst_err *err);
void pst_egress_conn_connected(struct pst_egress *e, const struct pst_ipc_connected *m, int *fd);
/* Begins sending: head and body. */
enum pst_status pst_egress_conn_send(struct pst_egress_request *r, struct pst_err *err);
/* Read interest follows pst_egress_may_flow. */
void pst_egress_conn_resume(struct pst_egress_conn *c);
/* The upstream is another one now: no connection is used again, none that is being made is waited
 * for. Requests that were sent go on. */
void pst_egress_conns_renew(struct pst_egress *e);
/* Gives the connection back to the pool, or closes it when it cannot carry another request. */
void pst_egress_conn_done(struct pst_egress_conn *c, bool reusable);
void pst_egress_conns_close(struct pst_egress *e);

#endif
