/* A role's place in the house: the loop, the control socket to the supervisor, the links to its
 * neighbours, and the order of its life:
 *
 *   exec → grants, images, listeners, channels over the control socket → GO → ops->start → sandbox
 *        → READY → messages until STOPPING, the supervisor's end, or a fatal error
 *
 * Messages are sent by queueing; all queues are flushed once per wake-up. A peer that breaks the
 * table is reported to the supervisor, which kills it and has it recorded. */
#ifndef PST_ROLES_HOUSE_H
#define PST_ROLES_HOUSE_H

#include "base/err.h"
#include "sys/ipc_link.h"
#include "sys/loop.h"
#include "sys/sandbox.h"

enum pst_metric {
#define PST_METRIC(name, kind, text) PST_METRIC_##name,
#include "tables/metrics.def"
#undef PST_METRIC
    PST_METRIC_COUNT
};

/* The counter of an exception (enum pst_exception of gate/steps.h). */
#define PST_METRIC_EXCEPTION(x)                                                                    \
    ((enum pst_metric)((unsigned)PST_METRIC_exception_REQUEST_UNREADABLE_total + (unsigned)(x)))

enum { PST_HOUSE_LINKS = 64, PST_HOUSE_CONTROL_FD = 3 };

struct pst_house;

/* All but `message` may be NULL. */
struct pst_house_ops {
    /* Before GO, and later too (a reload): takes m->fd if it wants it. ERR ends the role. A role
     * that has no use for grants after GO says so by leaving `late_grants` false. */
    enum pst_status (*grant)(void *user, const struct pst_ipc_grant *grant, int *fd,
                             struct pst_err *err);
    enum pst_status (*image)(void *user, const struct pst_ipc_image *image, int *fd,
                             struct pst_err *err);
    enum pst_status (*listen)(void *user, const struct pst_ipc_listen *listen, int *fd,
                              struct pst_err *err);
    bool late_grants;
    /* Everything is here; opens what must be opened before the sandbox, adds its paths. */
    enum pst_status (*start)(void *user, const struct pst_ipc_go *go,
                             struct pst_sandbox_config *sandbox, struct pst_err *err);
    /* In the sandbox, about to say READY. */
    enum pst_status (*begin)(void *user, struct pst_err *err);
    /* From a neighbour; the state check is the handler's. ERR: the peer is a violator. */
    pst_link_handler *message;
    /* Back-pressure: while much is queued for a `hold_for`, nothing is read from a `hold`.
     * The supervisor's value, 0, is none. */
    enum pst_role hold, hold_for;
    /* From the supervisor, kinds that the house does not handle itself. */
    pst_link_handler *order;
    void (*peer_new)(void *user, struct pst_link *link);
    void (*peer_lost)(void *user, struct pst_link *link);
    void (*before_sleep)(void *user);
    /* The loop has ended and is still there: gives back what was watched. */
    void (*end)(void *user);
};

enum { PST_ID_PER_MS = 16 }; /* bits of a request id that count within a millisecond */
/* Where the request ids of a front begin: its slot, then milliseconds since 2026. A process that
 * takes another's place begins above all ids that it can have given, as none of them makes 65,536
 * requests a millisecond. */
static inline uint64_t pst_id_first(uint8_t front, int64_t wall_ns)
{
    static const int64_t epoch_2026_ms = 1767225600000;
    int64_t ms = wall_ns / 1000000 - epoch_2026_ms;
    uint64_t since = ms > 0 ? (uint64_t)ms & 0xffffffffff : 0;
    return (uint64_t)front << 56 | since << PST_ID_PER_MS;
}

struct pst_house_link {
    struct pst_link link;
    struct pst_watch watch;
    struct pst_house *house;
    bool used;
    bool held; /* not read for now */
};

struct pst_house {
    enum pst_role self;
    uint8_t index;
    bool running;      /* READY was said */
    bool holding;      /* ops->hold is not read for now */
    uint64_t simulate; /* bits of exceptions forced by a test */
    struct pst_loop *loop;
    const struct pst_house_ops *ops;
    void *user;
    struct pst_house_link control;
    struct pst_house_link links[PST_HOUSE_LINKS];
    uint8_t order[PST_HOUSE_LINKS]; /* of the links in use: who is waited for most comes first */
    size_t n_order;
    struct pst_sandbox_status sandbox;
    uint64_t metrics[PST_METRIC_COUNT];
    struct pst_link_scratch *scratch;
    struct pst_err fatal;
    bool failed;
};

/* Runs the role until it ends; returns the process's exit status. Owns nothing of `user`. */
int pst_house_run(struct pst_house *house, enum pst_role self, uint8_t index,
                  const struct pst_house_ops *ops, void *user);

/* The link to a neighbour, NULL while there is none. */
struct pst_link *pst_house_peer(struct pst_house *house, enum pst_role role, uint8_t index);
/* The peer broke its protocol: reports it, drops the link (peer_lost runs). */
void pst_house_accuse(struct pst_house *house, struct pst_link *link, enum pst_error code,
                      uint64_t req);
/* This role cannot go on: remembers why and ends the loop; the supervisor restarts it. */
void pst_house_fail(struct pst_house *house, const struct pst_err *err);
/* Arms a timer; a loop without room for it ends the role. */
void pst_house_timer(struct pst_house *house, struct pst_timer *timer, uint64_t after_ms,
                     pst_timer_fn *fn, void *user);
/* One line on standard error: time, role, text. For the few things that no record holds. */
void pst_house_log(const struct pst_house *house, const char *fmt, ...) PST_PRINTF(2, 3);

/* Whether a test forces this exception (enum pst_exception of gate/steps.h). */
static inline bool pst_house_simulates(const struct pst_house *house, unsigned exception)
{
    return (house->simulate >> exception & 1) != 0;
}

static inline void pst_house_count(struct pst_house *house, enum pst_metric metric, int64_t by)
{
    house->metrics[metric] += (uint64_t)by;
}

#endif
