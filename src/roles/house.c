#include "roles/house.h"

#include "base/enc.h"
#include "sys/fd.h"

#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    QUEUE_CAP = 16 * 1024 * 1024,
    READ_ROUNDS = 4,          /* batches from one peer before the others have their turn */
    HOLD_ABOVE = 1024 * 1024, /* bytes queued for one peer before others are not read any more … */
    HOLD_BELOW = 256 * 1024,  /* … and are again */
    TRIM_EVERY = 8,           /* heartbeats */
    TRIM_ABOVE = 2 * 1024 * 1024,
    TRIM_LEAVE = 256 * 1024,
};

void pst_house_log(const struct pst_house *house, const char *fmt, ...)
{
    char when[PST_TIME_CHARS + 1] = "-", text[512];
    if (house->loop != NULL) {
        pst_time_put(pst_loop_wall_ns(house->loop), when);
        when[PST_TIME_CHARS] = 0;
    }
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)fprintf(stderr, "%s %s/%u %s\n", when, pst_role_name(house->self), house->index, text);
}

void pst_house_fail(struct pst_house *house, const struct pst_err *err)
{
    if (!house->failed) {
        house->failed = true;
        house->fatal = *err;
        pst_loop_stop(house->loop);
    }
}

void pst_house_timer(struct pst_house *house, struct pst_timer *timer, uint64_t after_ms,
                     pst_timer_fn *fn, void *user)
{
    struct pst_err err = {0};
    if (!pst_timer_set(house->loop, timer, after_ms, fn, user)) {
        (void)pst_fail(&err, PST_E_NO_MEMORY, "no room for a timer");
        pst_house_fail(house, &err);
    }
}

/* --- links ------------------------------------------------------------------------------------ */

/* Who hears first when a wake-up is over. A request waits for the decision and for its answer, not
 * for the body to arrive at the egress or for evidence of what is over. */
static const uint8_t urgency[PST_ROLE_COUNT] = {
    [PST_ROLE_WARDEN] = 4, [PST_ROLE_FRONT] = 3, [PST_ROLE_EGRESS] = 2, [PST_ROLE_AUDIT] = 1};

static void order_add(struct pst_house *house, size_t index)
{
    size_t at = house->n_order++;
    for (; at > 0; at--) {
        uint8_t before = house->order[at - 1];
        if (urgency[house->links[before].link.peer] >= urgency[house->links[index].link.peer]) {
            break;
        }
        house->order[at] = before;
    }
    house->order[at] = (uint8_t)index;
}

static void order_remove(struct pst_house *house, const struct pst_house_link *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < house->n_order; i++) {
        if (&house->links[house->order[i]] != l) {
            house->order[kept++] = house->order[i];
        }
    }
    house->n_order = kept;
}

static void link_drop(struct pst_house *house, struct pst_house_link *l)
{
    if (!l->used) {
        return;
    }
    l->used = false;
    order_remove(house, l);
    pst_unwatch(house->loop, &l->watch);
    if (l != &house->control && house->ops->peer_lost != NULL) {
        house->ops->peer_lost(house->user, &l->link);
    }
    pst_link_release(&l->link);
}

static void report(struct pst_house *house, const struct pst_link *link, enum pst_error code,
                   unsigned type, uint64_t req)
{
    struct pst_ipc_violation v = {.req = req,
                                  .code = (uint16_t)code,
                                  .type = (uint16_t)type,
                                  .role = (uint8_t)link->peer,
                                  .index = link->index};
    pst_house_count(house, PST_METRIC_violations_total, 1);
    (void)PST_LINK_SEND(&house->control.link, VIOLATION, &v);
}

void pst_house_accuse(struct pst_house *house, struct pst_link *link, enum pst_error code,
                      uint64_t req)
{
    report(house, link, code, 0, req);
    link->broken = true; /* dropped when its read returns or at the next flush */
}

static void link_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)loop;
    (void)watch;
    struct pst_house_link *l = user;
    struct pst_house *house = l->house;
    bool more;
    unsigned violation;
    if (l->held && (ready & PST_HANGUP) == 0) {
        return;
    }
    enum pst_status status = pst_link_read(&l->link, house->scratch, READ_ROUNDS,
                                           house->ops->message, house->user, &more, &violation);
    if (status == PST_OK && !l->link.broken) {
        return;
    }
    if (violation != 0) {
        report(house, &l->link, PST_E_PROTOCOL_VIOLATION, violation, 0);
    }
    link_drop(house, l);
}

static enum pst_status link_watch(struct pst_house *house, struct pst_house_link *l,
                                  struct pst_err *err)
{
    l->used = true;
    l->house = house;
    l->held = house->holding && l->link.peer == house->ops->hold;
    return pst_watch(house->loop, l->link.fd, l->held ? 0 : PST_READ, link_ready, l, &l->watch,
                     err);
}

/* A new end of a pair; it replaces a link to the same peer (which has been restarted). */
static enum pst_status channel_add(struct pst_house *house, const struct pst_ipc_channel *c,
                                   int *fd, struct pst_err *err)
{
    struct pst_house_link *free_one = NULL;
    size_t free_at = 0;
    for (size_t i = 0; i < PST_HOUSE_LINKS; i++) {
        struct pst_house_link *l = &house->links[i];
        if (l->used && l->link.peer == (enum pst_role)c->role && l->link.index == c->index) {
            link_drop(house, l);
        }
        if (!l->used && free_one == NULL) {
            free_one = l;
            free_at = i;
        }
    }
    if (free_one == NULL || c->role >= PST_ROLE_COUNT) {
        return pst_fail(err, PST_E_LIMIT, "no room for a channel to role %u", c->role);
    }
    pst_link_init(&free_one->link, *fd, house->self, (enum pst_role)c->role, c->index, QUEUE_CAP);
    *fd = -1;
    free_one->link.admin = c->admin != 0;
    if (link_watch(house, free_one, err) != PST_OK) {
        return PST_ERR;
    }
    order_add(house, free_at);
    if (house->ops->peer_new != NULL) {
        house->ops->peer_new(house->user, &free_one->link);
    }
    return PST_OK;
}

struct pst_link *pst_house_peer(struct pst_house *house, enum pst_role role, uint8_t index)
{
    for (size_t i = 0; i < house->n_order; i++) {
        struct pst_house_link *l = &house->links[house->order[i]];
        if (l->link.peer == role && l->link.index == index && !l->link.broken) {
            return &l->link;
        }
    }
    return NULL;
}

static void interest_set(struct pst_house *house, const struct pst_house_link *l)
{
    pst_watch_set(house->loop, l->watch,
                  (l->held ? 0U : PST_READ) | (l->link.blocked ? PST_WRITE : 0U));
}

/* False when the link was dropped: what its loss made others say is still to be sent. */
static bool link_flush(struct pst_house *house, struct pst_house_link *l)
{
    if (!l->used || (l->link.queued == 0 && !l->link.broken)) {
        return true;
    }
    enum pst_status status = pst_link_flush(&l->link);
    if (status == PST_ERR) {
        if (l == &house->control) {
            pst_loop_stop(house->loop);
            return true;
        }
        link_drop(house, l);
        return false;
    }
    interest_set(house, l);
    return true;
}

/* Back-pressure, as ops->hold says: whoever asks faster than answers can be passed on, waits. */
static void holds_set(struct pst_house *house)
{
    const struct pst_house_ops *ops = house->ops;
    size_t queued = 0;
    for (size_t i = 0; i < PST_HOUSE_LINKS && ops->hold_for != PST_ROLE_SUPERVISOR; i++) {
        const struct pst_house_link *l = &house->links[i];
        if (l->used && l->link.peer == ops->hold_for && l->link.queue.n > queued) {
            queued = l->link.queue.n;
        }
    }
    bool hold = queued > (house->holding ? HOLD_BELOW : HOLD_ABOVE);
    if (hold == house->holding) {
        return;
    }
    house->holding = hold;
    for (size_t i = 0; i < PST_HOUSE_LINKS; i++) {
        struct pst_house_link *l = &house->links[i];
        if (l->used && l->link.peer == ops->hold) {
            l->held = hold;
            interest_set(house, l);
        }
    }
}

static void flush_all(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct pst_house *house = user;
    if (house->ops->before_sleep != NULL) {
        house->ops->before_sleep(house->user);
    }
    for (bool all = false; !all;) {     /* each round but the last drops a link, so it ends */
        uint8_t order[PST_HOUSE_LINKS]; /* a link that is dropped leaves the house's own */
        size_t n = house->n_order;
        memcpy(order, house->order, n);
        all = true;
        for (size_t i = 0; i < n; i++) {
            all = link_flush(house, &house->links[order[i]]) && all;
        }
    }
    (void)link_flush(house, &house->control);
    holds_set(house);
}

/* --- the supervisor's orders ------------------------------------------------------------------ */

static enum pst_status on_go(struct pst_house *house, const struct pst_ipc_go *go,
                             struct pst_err *err)
{
    house->simulate = go->simulate;
    struct pst_sandbox_config config = {
        .role = house->self,
        .mode = (enum pst_sandbox_mode)go->sandbox,
        .debug = go->sandbox == PST_SANDBOX_OFF,
        .uid = go->uid,
        .gid = go->uid,
    };
    if (house->ops->start != NULL && house->ops->start(house->user, go, &config, err) != PST_OK) {
        return PST_ERR;
    }
    if (pst_sandbox_enter(&config, &house->sandbox, err) != PST_OK ||
        (house->ops->begin != NULL && house->ops->begin(house->user, err) != PST_OK)) {
        return PST_ERR;
    }
    house->running = true;
    struct pst_ipc_ready ready = {.landlock_abi = (uint32_t)house->sandbox.landlock_abi,
                                  .seccomp = house->sandbox.seccomp ? 1 : 0};
    char text[PST_SANDBOX_TEXT];
    pst_sandbox_text(&house->sandbox, text);
    PST_ISTR_CUT(ready.sandbox, pst_str_c(text));
    (void)PST_LINK_SEND(&house->control.link, READY, &ready);
    return PST_OK;
}

/* A crowd that has left leaves pages behind that the allocator keeps: a hole between two live
 * blocks is given back only when asked for, and so is the top of a heap that large blocks have
 * passed through. Asked now and then, it costs a loaded process next to nothing. */
static void memory_return(const struct pst_ipc_ping *ping)
{
#ifndef PST_SANITIZED /* another allocator */
    if (ping->n % TRIM_EVERY == 0 && mallinfo2().fordblks > TRIM_ABOVE) {
        (void)malloc_trim(TRIM_LEAVE);
    }
#else
    (void)ping;
#endif
}

static void on_ping(struct pst_house *house, const struct pst_ipc_ping *ping)
{
    struct pst_ipc_pong pong = {.n = ping->n};
    memory_return(ping);
    (void)pst_link_send(&house->control.link, PST_IPC_PONG, &pong,
                        pst_str_of(house->metrics, sizeof house->metrics), -1);
}

/* The house's own part of the control messages; what is left goes to ops->order. */
static enum pst_status control_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct pst_house *house = ctx;
    const struct pst_house_ops *ops = house->ops;
    struct pst_err err = {0};
    enum pst_status status = PST_OK;
    if (m->type == PST_IPC_PING) {
        on_ping(house, m->fixed);
    } else if (m->type == PST_IPC_CHANNEL) {
        status = channel_add(house, m->fixed, &m->fd, &err);
    } else if (m->type == PST_IPC_IMAGE && ops->image != NULL) {
        status = ops->image(house->user, m->fixed, &m->fd, &err);
    } else if (m->type == PST_IPC_GRANT && ops->grant != NULL &&
               (!house->running || ops->late_grants)) {
        status = ops->grant(house->user, m->fixed, &m->fd, &err);
    } else if (m->type == PST_IPC_LISTEN && ops->listen != NULL) {
        status = ops->listen(house->user, m->fixed, &m->fd, &err);
    } else if (m->type == PST_IPC_GO && !house->running) {
        status = on_go(house, m->fixed, &err);
    } else if (m->type == PST_IPC_STOPPING) {
        pst_loop_stop(house->loop);
    } else if (ops->order != NULL) {
        return ops->order(link, m, house->user);
    }
    if (status != PST_OK) {
        pst_house_fail(house, &err);
    }
    return PST_OK;
}

static void control_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)watch;
    (void)ready;
    struct pst_house *house = user;
    bool more;
    unsigned violation;
    if (pst_link_read(&house->control.link, house->scratch, 1, control_message, house, &more,
                      &violation) != PST_OK) {
        pst_loop_stop(loop);
    }
}

int pst_house_run(struct pst_house *house, enum pst_role self, uint8_t index,
                  const struct pst_house_ops *ops, void *user)
{
    struct pst_err err = {0};
    *house = (struct pst_house){.self = self, .index = index, .ops = ops, .user = user};
    house->scratch = malloc(sizeof *house->scratch);
    (void)signal(SIGPIPE, SIG_IGN);
    tzset(); /* reads /etc/localtime, which the first certificate's date would do in the sandbox */
    if (house->scratch == NULL || pst_loop_open(NULL, &house->loop, &err) != PST_OK ||
        pst_fd_nonblock(PST_HOUSE_CONTROL_FD, true, &err) != PST_OK) {
        (void)fprintf(stderr, "%s/%u cannot start: %s\n", pst_role_name(self), index, err.text);
        free(house->scratch);
        return 1;
    }
    struct pst_house_link *control = &house->control;
    pst_link_init(&control->link, PST_HOUSE_CONTROL_FD, self, PST_ROLE_SUPERVISOR, 0, QUEUE_CAP);
    control->used = true;
    control->house = house;
    enum pst_status status = pst_watch(house->loop, control->link.fd, PST_READ, control_ready,
                                       house, &control->watch, &err);
    if (status == PST_OK) {
        status = pst_loop_hook(house->loop, flush_all, house, &err);
    }
    if (status == PST_OK) {
        status = pst_loop_run(house->loop, &err);
    }
    if (house->failed) {
        err = house->fatal;
        status = PST_ERR;
    }
    if (status != PST_OK) {
        pst_house_log(house, "ends: %s: %s", pst_error_row(err.code)->code, err.text);
    }
    if (ops->end != NULL) {
        ops->end(user);
    }
    for (size_t i = 0; i < PST_HOUSE_LINKS; i++) {
        struct pst_house_link *l = &house->links[i];
        if (l->used) {
            l->used = false;
            pst_unwatch(house->loop, &l->watch);
            pst_link_release(&l->link);
        }
    }
    pst_unwatch(house->loop, &control->watch);
    pst_link_release(&control->link);
    pst_loop_close(house->loop);
    free(house->scratch);
    return status == PST_OK ? 0 : 1;
}
