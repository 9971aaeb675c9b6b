/* Front: accepts, parses, proposes, and guards the answer. It reads hostile bytes, so it can do
 * next to nothing: it has the sockets it was given and the links of the house. What it wants sent
 * it can only propose. One loop, many connections, and on each the
 * streams that its protocol has. */
#ifndef PST_ROLES_FRONT_H
#define PST_ROLES_FRONT_H

#include "base/enc.h"
#include "base/map.h"
#include "crypto/hash.h"
#include "dialect/openai.h"
#include "dialect/openai_answer.h"
#include "gate/facts.h"
#include "gate/image.h"
#include "gate/operation.h"
#include "gate/steps.h"
#include "roles/front_hop.h"
#include "roles/front_io.h"
#include "roles/front_request.h"
#include "roles/front_stream.h"
#include "roles/front_tls.h"
#include "roles/house.h"
#include "roles/roles.h"
#include "sys/net.h"
#include "wire/h1.h"
#include "wire/h2.h"
#include "wire/json.h"
#include "wire/json_out.h"

enum {
    PST_FRONT_READ = 65536,    /* bytes of one read */
    PST_FRONT_OUT_LOW = 65536, /* below this, answer bytes earn credit again */
};

struct pst_front;
struct pst_front_conn;

struct pst_front_listener {
    struct pst_front *front;
    int fd;
    uint64_t id;   /* names its row in the front image */
    uint32_t kind; /* enum pst_listener_kind */
    struct pst_watch watch;
};

struct pst_front_conn {
    struct pst_front *front;
    struct pst_front_conn *next, *prev;
    int fd;
    uint32_t kind; /* enum pst_listener_kind */
    uint32_t peer_uid;
    char address[PST_ADDR_TEXT]; /* whose it is, as far as a hop in front may say it */
    struct pst_front_hop hop;
    struct pst_buf chain; /* the client's certificate with its chain, DER; empty: none */
    struct pst_front_tls_conn tls;
    struct pst_watch watch;
    struct pst_timer timer;       /* of the connection's phase: idle, head, last word */
    struct pst_timer write_timer; /* runs while the client leaves bytes untaken */
    const struct pst_front_protocol *protocol;
    struct pst_front_stream *streams; /* requests in hand */
    struct pst_h1 h1;                 /* HTTP/1.1: parses the one in hand */
    struct pst_h2 *h2;                /* HTTP/2: the session; NULL in HTTP/1.1 */
    struct pst_timer h2_timer;        /* looks for streams that do not move */
    struct pst_buf in;                /* read, not parsed yet */
    struct pst_buf out;               /* written, not sent yet */
    bool undecided;                   /* the first bytes tell which protocol it is */
    bool closing;                     /* close once `out` is sent */
    bool last_word;                   /* all was sent, and nothing more will be */
    bool dead;                        /* freed when the loop comes round */
    uint64_t progress_ms;             /* last time the client took a byte */
    struct pst_later later, resume;   /* to be freed; to read on */
};

struct pst_front {
    struct pst_house house;
    bool admin;
    struct pst_front_config *config;
    struct pst_front_listener listeners[PST_LISTENERS_MAX];
    size_t n_listeners;
    struct pst_front_conn *conns;
    size_t n_conns;
    struct pst_front_stream *spare; /* for the next requests */
    size_t n_spare;
    size_t n_h2_streams;     /* in hand, of all connections */
    struct pst_map requests; /* by id */
    struct pst_openai_names request_names, answer_names;
    struct pst_sha256 sha;
    struct pst_hmac masking; /* under the key that keys gives */
    bool masking_there, begun, open;
    struct pst_front_tls tls;
    struct pst_aead aead;              /* of the values in the vaults */
    struct pst_buf masked;             /* one text, as it will leave */
    struct pst_front_inspect *inspect; /* came, and waits for its configuration */
    uint64_t seed, last_id;
    bool accepting;
    struct pst_timer accept_timer;
    struct pst_buf log;
    uint8_t read_buf[PST_FRONT_READ];
};

static inline uint64_t pst_front_limit(const struct pst_front_request *r, enum pst_limit which)
{
    return r->config->image->limits.v[which];
}

/* The listener's row in the current image: what holds for the connections that come now. A listener
 * without one is closed, so there always is one where connections are accepted. (front.c) */
const struct pst_image_listener *pst_front_listener_row(const struct pst_front_listener *l);

/* --- front_conn.c: bytes of clients ----------------------------------------------------------- */

void pst_front_accept(struct pst_front_listener *l);
/* Reads on from what is buffered, when the loop comes round: the request in hand is done, or its
 * body may come. */
void pst_front_conn_resume(struct pst_front_conn *c);
/* There is something to send, or the interest changed. */
void pst_front_conn_push(struct pst_front_conn *c);
/* So long may the connection's phase last, from now; 0: a request has its own time. */
void pst_front_conn_phase(struct pst_front_conn *c, uint64_t ms);
/* It is known whose connection it is; its requests may come, or its handshake. */
void pst_front_conn_named(struct pst_front_conn *c);
/* Closes now. Its requests are given up for `code`; NONE: the client left. */
void pst_front_conn_close(struct pst_front_conn *c, enum pst_error code);

/* --- front_request.c: the steps --------------------------------------------------------------- */

void pst_front_request_begin(struct pst_front_stream *s);
/* Gives a configuration back; one that was replaced goes with its last user. (front.c) */
void pst_front_config_put(struct pst_front_config *config);
/* The head is there. */
void pst_front_request_head(struct pst_front_request *r, const struct pst_h1_head *head);
/* Body bytes; PST_AGAIN: no more may be read until the sender is admitted. */
enum pst_status pst_front_request_body(struct pst_front_request *r, struct pst_str bytes);
void pst_front_request_body_end(struct pst_front_request *r);
/* The message itself is broken: refused, and with HTTP/1.1 the connection with it. */
void pst_front_request_broken(struct pst_front_request *r, const struct pst_err *err);
/* Goes on from where it waits. */
void pst_front_request_run(struct pst_front_request *r);
/* The client has gone: everything under way for it ends. */
void pst_front_request_abandon(struct pst_front_request *r, enum pst_error code);
/* Messages from warden and audit; ERR: a broken protocol. */
enum pst_status pst_front_on_verdict(struct pst_front *f, struct pst_link *link,
                                     struct pst_message *m);
/* A neighbour has gone: what depended on it ends. */
void pst_front_peer_lost(struct pst_front *f, enum pst_role role, uint8_t index);

/* --- front_propose.c: what is said to warden and egress --------------------------------------- */

/* Gives the request its id, once. */
void pst_front_id(struct pst_front_request *r);
/* Hands the body to the upstream's egress and asks warden. ERR: one of them is not there. */
enum pst_status pst_front_propose(struct pst_front_request *r, struct pst_err *err);
/* The same, with the model's next route when this one's egress is not there. */
enum pst_status pst_front_propose_any(struct pst_front_request *r, struct pst_err *err);
/* Makes the next route of the model the one in turn: its body is written. False: there is none. */
bool pst_front_next_route(struct pst_front_request *r);
/* Writes the body that leaves for the route in turn. */
enum pst_status pst_front_serialise(struct pst_front_request *r, struct pst_err *err);
enum pst_status pst_front_admit(struct pst_front_request *r, struct pst_err *err);
void pst_front_withdraw(struct pst_front_request *r);
static inline uint8_t pst_front_round(const struct pst_front_request *r)
{
    return (uint8_t)(r->attempt << 1 | (r->amended ? 1 : 0));
}
void pst_front_settle(struct pst_front_request *r);

/* --- front_answer.c: the way back ------------------------------------------------------------- */

/* An error instead of an answer; or, when the answer has begun, its end in the dialect. */
void pst_front_answer_error(struct pst_front_request *r, const struct pst_err *why,
                            uint32_t retry_after_ms);
enum pst_status pst_front_on_answer(struct pst_front *f, struct pst_link *link,
                                    struct pst_message *m);
void pst_front_answer_permitted(struct pst_front_request *r, const struct pst_str *names, size_t n);
void pst_front_answer_verdict(struct pst_front_request *r, bool allow);
/* /healthz and /readyz: the one thing that is answered without an identity, on the admin listener
 * only, with constant bodies. */
void pst_front_answer_probe(struct pst_front_request *r);
/* A body of the front's own, whole. */
void pst_front_answer_whole(struct pst_front_request *r, unsigned status, struct pst_str type,
                            struct pst_str body);
/* The client took bytes: credit for as many goes to the egress. */
void pst_front_answer_credit(struct pst_front_request *r);
/* One line a request, with the id that the client has: no key, no text of prompt or answer. */
void pst_front_log(const struct pst_front_request *r);

#endif
