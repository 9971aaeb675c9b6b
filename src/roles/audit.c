#include "roles/audit.h"

#include "crypto/crypto.h"
#include "crypto/random.h"
#include "gate/operation.h"
#include "gate/steps.h"
#include "sys/fd.h"

#include <stdlib.h>

enum {
    PENDING_MAX = 65536,
    CHECKPOINT_MS = 1000,
    UNHURRIED_MS = 20,        /* an outcome may wait so long for company in a write, */
    UNHURRIED_BYTES = 131072, /* or until there is so much of it */
};

/* --- waiting for a record --------------------------------------------------------------------- */

static bool interval_mode(const struct pst_audit *a)
{
    return a->image->durability == PST_DURABLE_INTERVAL;
}

/* The queue for what a client gets to see, and for what a policy wants durable before it leaves. */
static struct pst_audit_queue *queue_for(struct pst_audit *a, bool must_last)
{
    return must_last ? &a->durable : &a->written;
}

static void fail(struct pst_audit *a, const struct pst_err *err)
{
    /* the log's end is unknown: start anew, recover, refuse meanwhile */
    pst_house_fail(&a->house, err);
}

/* --- 7 record --------------------------------------------------------------------------------- */

/* What of the sandbox this machine does not enforce: every record says so by itself. */
static struct pst_str not_enforced(const struct pst_sandbox_status *s)
{
    if (s->off) {
        return PST_STR("off");
    }
    return s->landlock_files ? (struct pst_str){NULL, 0} : PST_STR("no_landlock");
}

static bool record_add(struct pst_audit *a, struct pst_record *r, uint64_t *ret_seq)
{
    struct pst_err err = {0};
    r->sandbox = not_enforced(&a->house.sandbox);
    if (pst_house_simulates(&a->house, PST_X_RECORD_UNWRITTEN)) {
        (void)pst_fail(&err, PST_E_AUDIT_UNAVAILABLE, "simulated");
    }
    if (err.code != PST_E_NONE || pst_audit_log_add(&a->log, r, ret_seq, &err) != PST_OK) {
        pst_house_count(&a->house, PST_METRIC_EXCEPTION(PST_X_RECORD_UNWRITTEN), 1);
        pst_house_log(&a->house, "a record was refused: %s", err.text);
        if (a->log.broken) {
            fail(a, &err);
        }
        return false;
    }
    if (r->kind != PST_RECORD_OUTCOME) {
        a->write_now = true;
        a->wanted = interval_mode(a) ? a->wanted : *ret_seq;
    }
    pst_house_count(&a->house, PST_METRIC_records_total, 1);
    return true;
}

static void refuse(struct pst_audit *a, uint64_t req, uint8_t front)
{
    struct pst_link *link = pst_house_peer(&a->house, PST_ROLE_FRONT, front);
    struct pst_ipc_denied m = {.req = req, .code = PST_E_AUDIT_UNAVAILABLE};
    PST_ISTR_CUT(m.message, pst_str_c(pst_error_row(PST_E_AUDIT_UNAVAILABLE)->text));
    if (link != NULL) {
        (void)PST_LINK_SEND(link, DENIED, &m);
    }
}

static struct pst_audit_pending *pending_get(struct pst_audit *a, uint64_t req)
{
    return pst_map_get(&a->pending, pst_str_of(&req, sizeof req));
}

static struct pst_audit_pending *pending_new(struct pst_audit *a, uint64_t req)
{
    struct pst_audit_pending *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->req = req;
    pst_buf_init(&p->findings, PST_IPC_TAIL_MAX);
    if (!pst_map_put(&a->pending, pst_str_of(&p->req, sizeof p->req), p)) {
        free(p);
        return NULL;
    }
    return p;
}

static void pending_free(struct pst_audit *a, struct pst_audit_pending *p)
{
    (void)pst_map_take(&a->pending, pst_str_of(&p->req, sizeof p->req));
    pst_buf_release(&p->findings);
    free(p);
}

/* The attempt that is on record now. What a front answers alone has no other side to wait for. */
static void pending_set(struct pst_audit_pending *p, const struct pst_ipc_release *m)
{
    p->front = m->front;
    p->egress = m->upstream;
    p->generation = m->generation;
    p->attempts = m->attempt;
    p->done = pst_operation_row(m->operation)->place == PST_PLACE_LOCAL;
    pst_str_cut_c(PST_ISTR(m->principal), p->principal, sizeof p->principal);
    pst_str_cut_c(PST_ISTR(m->end_user), p->end_user, sizeof p->end_user);
    pst_str_cut_c(PST_ISTR(m->key_id), p->key_id, sizeof p->key_id);
    pst_str_cut_c(PST_ISTR(m->upstream_model), p->upstream_model, sizeof p->upstream_model);
}

/* Both sides are done with it: its outcome is written. */
static void pending_close(struct pst_audit *a, struct pst_audit_pending *p)
{
    PST_UNINIT struct pst_record r;
    uint64_t seq;
    if (!p->settled || !p->done) {
        return;
    }
    if (pst_audit_outcome(a, p, &a->space, &r)) { /* it was looked at when it came */
        (void)record_add(a, &r, &seq);
    }
    pending_free(a, p);
}

static enum pst_role answering_role(uint8_t upstream)
{
    return upstream == PST_UPSTREAM_CONTROL ? PST_ROLE_CONTROL : PST_ROLE_EGRESS;
}

static struct pst_link *answering_link(struct pst_audit *a, uint8_t upstream)
{
    enum pst_role role = answering_role(upstream);
    return pst_house_peer(&a->house, role, role == PST_ROLE_CONTROL ? 0 : upstream);
}

/* A release that still waits for its record must not overtake the order to stop. */
static bool release_drop(struct pst_audit_queue *q, uint64_t req)
{
    bool dropped = false;
    for (struct pst_audit_waiting **at = &q->first; *at != NULL;) {
        struct pst_audit_waiting *w = *at;
        uint64_t id;
        memcpy(&id, w->fixed, sizeof id); /* the first field of all that is queued */
        if (w->type == PST_IPC_RELEASED && id == req) {
            *at = w->next;
            pst_buf_release(&w->tail);
            free(w);
            dropped = true;
        } else {
            at = &w->next;
        }
    }
    q->last = &q->first;
    while (*q->last != NULL) {
        q->last = &(*q->last)->next;
    }
    return dropped;
}

/* Ends what an egress, or control, has of a request: orders it to stop, and takes back the release
 * that did not leave yet. */
static void end_at(struct pst_audit *a, uint64_t req, uint8_t front, uint8_t upstream,
                   uint16_t code)
{
    struct pst_audit_pending *p = pending_get(a, req);
    struct pst_link *link = answering_link(a, upstream);
    struct pst_ipc_cut out = {.req = req, .code = code, .front = front};
    bool unsent = release_drop(&a->written, req);
    unsent = release_drop(&a->durable, req) || unsent;
    if (p != NULL && (unsent || link == NULL)) {
        p->done = true; /* it never heard of it, or is gone and will say nothing more */
    }
    if (link != NULL) {
        (void)PST_LINK_SEND(link, CUT, &out);
    }
}

/* Passes a release on once its record is written: to the egress that holds the body, to control, or
 * to the front itself for what it may answer alone. */
static bool release_pass(struct pst_audit *a, const struct pst_ipc_release *m, uint64_t seq,
                         const struct pst_strs *permitted)
{
    bool durable_first = m->sync_first != 0 || a->image->durability == PST_DURABLE_SEND;
    if (pst_operation_row(m->operation)->place == PST_PLACE_LOCAL) {
        struct pst_ipc_permitted out = {.req = m->req, .seq = seq, .n = (uint32_t)permitted->n};
        struct pst_buf names;
        bool fits = true;
        pst_buf_init(&names, PST_IPC_TAIL_MAX);
        for (size_t i = 0; i < permitted->n; i++) {
            fits = fits && pst_ipc_list_add(&names, permitted->p[i]);
        }
        bool ok = fits && pst_audit_queue_add(queue_for(a, durable_first || !interval_mode(a)), seq,
                                              PST_ROLE_FRONT, m->front, PST_IPC_PERMITTED, &out,
                                              pst_buf_str(&names));
        pst_buf_release(&names);
        return ok;
    }
    struct pst_ipc_released out = {.req = m->req,
                                   .seq = seq,
                                   .body_bytes = m->body_bytes,
                                   .generation = m->generation,
                                   .front = m->front,
                                   .operation = m->operation,
                                   .stream = m->stream,
                                   .hold = interval_mode(a) ? 0 : 1,
                                   .attempt = m->attempt,
                                   .round = (uint8_t)(m->attempt << 1 | (m->amended != 0))};
    memcpy(out.digest, m->digest, sizeof out.digest);
    PST_ISTR_CUT(out.who, PST_ISTR(m->principal));
    enum pst_role role = answering_role(m->upstream);
    return pst_audit_queue_add(queue_for(a, durable_first), seq, role,
                               role == PST_ROLE_CONTROL ? 0 : m->upstream, PST_IPC_RELEASED, &out,
                               (struct pst_str){NULL, 0});
}

static enum pst_status on_release(struct pst_audit *a, const struct pst_ipc_release *m,
                                  struct pst_str tail)
{
    PST_UNINIT struct pst_record r;
    struct pst_strs permitted;
    uint64_t seq;
    if (!pst_audit_decision(a, m, tail, true, &a->space, &r, &permitted)) {
        return PST_ERR;
    }
    struct pst_audit_pending *p = pending_get(a, m->req);
    bool first = p == NULL;
    if (p != NULL && !p->done && p->egress != m->upstream) {
        end_at(a, p->req, p->front, p->egress, PST_E_CLIENT_CLOSED); /* one attempt at a time */
    }
    p = first ? pending_new(a, m->req) : p;
    if (p == NULL || !record_add(a, &r, &seq)) {
        if (first && p != NULL) {
            pending_free(a, p);
        }
        refuse(a, m->req, m->front);
        return PST_OK;
    }
    pending_set(p, m);
    a->generation = m->generation;
    if (!release_pass(a, m, seq, &permitted)) {
        p->done = true; /* nobody else hears of it */
        refuse(a, m->req, m->front);
    }
    return PST_OK;
}

static enum pst_status on_deny(struct pst_audit *a, const struct pst_ipc_deny *deny,
                               struct pst_str tail)
{
    PST_UNINIT struct pst_record r;
    struct pst_strs permitted;
    struct pst_ipc_release m;
    uint64_t seq;
    memcpy(&m, deny, sizeof m);
    if (!pst_audit_decision(a, &m, tail, false, &a->space, &r, &permitted)) {
        return PST_ERR;
    }
    struct pst_ipc_denied out = {.req = m.req, .retry_after_ms = m.retry_after_ms, .code = m.code};
    PST_ISTR_CUT(out.message, PST_ISTR(m.message));
    if (!record_add(a, &r, &seq)) {
        refuse(a, m.req, m.front);
        return PST_OK;
    }
    out.seq = seq;
    if (!pst_audit_queue_add(queue_for(a, !interval_mode(a)), seq, PST_ROLE_FRONT, m.front,
                             PST_IPC_DENIED, &out, (struct pst_str){NULL, 0})) {
        refuse(a, m.req, m.front);
    }
    return PST_OK;
}

static enum pst_status on_tool(struct pst_audit *a, const struct pst_ipc_tool_decided *m,
                               struct pst_str tail)
{
    PST_UNINIT struct pst_record r;
    uint64_t seq = 0;
    if (!pst_audit_tool(a, m, tail, &a->space, &r)) {
        return PST_ERR;
    }
    struct pst_ipc_tool_verdict out = {
        .req = m->req, .call = m->call, .code = m->code, .allow = m->allow};
    if (!record_add(a, &r, &seq)) {
        out.allow = 0;
        out.code = PST_E_AUDIT_UNAVAILABLE;
    }
    out.seq = seq;
    (void)pst_audit_queue_add(queue_for(a, !interval_mode(a)), seq, PST_ROLE_FRONT, m->front,
                              PST_IPC_TOOL_VERDICT, &out, (struct pst_str){NULL, 0});
    return PST_OK;
}

static enum pst_status on_administered(struct pst_audit *a, const struct pst_ipc_administered *m)
{
    struct pst_record r;
    uint64_t seq;
    pst_audit_admin(a, m, &a->space, &r);
    (void)record_add(a, &r, &seq);
    return PST_OK;
}

static enum pst_status on_done(struct pst_audit *a, const struct pst_ipc_done *m)
{
    struct pst_audit_pending *p = pending_get(a, m->req);
    if (p != NULL && p->attempts == m->attempt) {
        p->egress_done = *m;
        p->done = true;
        pending_close(a, p);
    }
    return PST_OK;
}

static enum pst_status on_cancel(struct pst_audit *a, const struct pst_ipc_cancel *m)
{
    end_at(a, m->req, m->front, m->upstream, m->code);
    return PST_OK;
}

/* Its front calls it finished: whatever still runs of it, or waits for a body that was taken back,
 * ends. */
static enum pst_status on_outcome(struct pst_audit *a, const struct pst_ipc_outcome *m,
                                  struct pst_str findings)
{
    PST_UNINIT struct pst_record r;
    struct pst_audit_pending *p = pending_get(a, m->req);
    if (m->outcome >= PST_E_COUNT) {
        return PST_ERR;
    }
    if (p == NULL) {
        return PST_OK;
    }
    p->outcome = *m;
    pst_buf_clear(&p->findings);
    if (!pst_buf_add(&p->findings, findings) || !pst_audit_outcome(a, p, &a->space, &r)) {
        pst_buf_clear(&p->findings);
        p->outcome = (struct pst_ipc_outcome){.req = p->req, .outcome = PST_E_ABORTED_PEER};
        return PST_ERR;
    }
    p->settled = true;
    if (!p->done) {
        end_at(a, p->req, p->front, p->egress,
               m->outcome != PST_E_NONE ? m->outcome : PST_E_CLIENT_CLOSED);
    }
    pending_close(a, p);
    return PST_OK;
}

/* --- checkpoints ------------------------------------------------------------------------------ */

static void checkpoint_ask(struct pst_audit *a)
{
    struct pst_link *keys = pst_house_peer(&a->house, PST_ROLE_KEYS, 0);
    struct pst_audit_log *l = &a->log;
    if (keys == NULL || a->checkpoint_text.n > 0 || a->checkpoint_at == l->durable) {
        return; /* nothing twice */
    }
    /* only what is durable is covered: under load the log is always a little further */
    struct pst_checkpoint c = {.origin = l->synced.origin, .records = l->synced.seq};
    memcpy(c.head, l->synced.chain, sizeof c.head);
    struct pst_ipc_sign m = {.id = ++a->checkpoint_id};
    if (pst_checkpoint_text(&a->checkpoint_text, &c)) {
        (void)pst_link_send(keys, PST_IPC_SIGN, &m, pst_buf_str(&a->checkpoint_text), -1);
        a->checkpoint_at = l->durable;
    }
}

static enum pst_status on_signed(struct pst_audit *a, const struct pst_ipc_signed *m)
{
    struct pst_err err = {0};
    struct pst_note_key key;
    struct pst_checkpoint c;
    struct pst_buf note;
    uint64_t seq;
    if (m->id != a->checkpoint_id || a->checkpoint_text.n == 0) {
        return PST_OK; /* of an audit before this one */
    }
    struct pst_str text = pst_buf_str(&a->checkpoint_text);
    struct pst_str origin = pst_str_of(a->log.log.origin.p, a->log.log.origin.n);
    pst_buf_init(&note, PST_NOTE_MAX);
    if (pst_note_key_init(&key, origin, m->public_key, &err) == PST_OK &&
        pst_checkpoint_parse(text, &c, &err) == PST_OK &&
        pst_note_put(&note, text, &key, m->signature)) {
        struct pst_record r = {.kind = PST_RECORD_CHECKPOINT,
                               .ts_ns = pst_loop_wall_ns(a->house.loop)};
        r.checkpoint.durability = pst_str_c(pst_audit_durability_name(a->image->durability));
        r.checkpoint.head = c.head;
        r.checkpoint.note = pst_buf_str(&note);
        r.checkpoint.records = c.records;
        r.checkpoint.window_ms = interval_mode(a) ? a->image->interval_ms : 0;
        if (record_add(a, &r, &seq)) {
            a->checkpoint_at = seq; /* the checkpoint itself is no reason for another */
        }
    }
    pst_buf_release(&note);
    pst_buf_clear(&a->checkpoint_text);
    return PST_OK;
}

static void checkpoint_tick(struct pst_loop *loop, void *user)
{
    struct pst_audit *a = user;
    checkpoint_ask(a);
    (void)loop;
    pst_house_timer(&a->house, &a->checkpoint, CHECKPOINT_MS, checkpoint_tick, a);
}

/* --- durability ------------------------------------------------------------------------------- */

static void log_write(struct pst_audit *a);

static void sync_start(struct pst_audit *a)
{
    struct pst_err err = {0};
    if (pst_audit_log_sync(&a->log, &err) != PST_OK) {
        fail(a, &err);
    } else if (a->log.sync.busy) {
        pst_house_count(&a->house, PST_METRIC_syncs_total, 1);
    }
}

/* Tells every egress how far the log is durable; they hold answers until it covers their record. */
static void synced_tell(struct pst_audit *a)
{
    struct pst_ipc_synced m = {.seq = a->log.durable};
    for (size_t i = 0; i < PST_HOUSE_LINKS; i++) {
        struct pst_house_link *l = &a->house.links[i];
        if (l->used && (l->link.peer == PST_ROLE_EGRESS || l->link.peer == PST_ROLE_CONTROL)) {
            (void)PST_LINK_SEND(&l->link, SYNCED, &m);
        }
    }
    a->house.metrics[PST_METRIC_records_synced] = a->log.durable;
    pst_audit_queue_send(&a->house, &a->durable, a->log.durable);
}

/* Something is to be durable as soon as can be, and is not yet. */
static bool sync_wanted(const struct pst_audit *a)
{
    return a->durable.first != NULL || a->wanted > a->log.durable;
}

static void on_sync(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)loop;
    (void)watch;
    (void)ready;
    struct pst_audit *a = user;
    struct pst_err err = {0};
    enum pst_status status = pst_audit_log_synced(&a->log, &err);
    if (status == PST_ERR) {
        fail(a, &err);
    } else if (status == PST_OK) {
        synced_tell(a);
        if (sync_wanted(a)) {
            sync_start(a);
        }
    }
}

static void interval_tick(struct pst_loop *loop, void *user)
{
    struct pst_audit *a = user;
    (void)loop;
    a->write_now = true; /* the window covers outcomes too */
    log_write(a);
    sync_start(a);
    if (interval_mode(a)) {
        pst_house_timer(&a->house, &a->interval, a->image->interval_ms, interval_tick, a);
    } else {
        a->wanted = a->log.written.seq; /* the window has just been closed by a reload */
    }
}

/* Nobody waits for outcomes: they are written together, and do not make a decision's sync wait. */
static void unhurried_tick(struct pst_loop *loop, void *user)
{
    struct pst_audit *a = user;
    (void)loop;
    a->write_now = true;
    log_write(a);
    if (!interval_mode(a)) {
        a->wanted = a->log.written.seq;
    }
}

static void log_write(struct pst_audit *a)
{
    struct pst_err err = {0};
    if (a->log.batch.n == 0) {
        return;
    }
    if (!a->write_now && a->log.batch.n < UNHURRIED_BYTES) {
        if (!pst_timer_live(a->house.loop, a->unhurried)) {
            pst_house_timer(&a->house, &a->unhurried, UNHURRIED_MS, unhurried_tick, a);
        }
        return;
    }
    bool unhurried = !a->write_now;
    a->write_now = false;
    pst_timer_cancel(a->house.loop, &a->unhurried);
    if (pst_audit_log_write(&a->log, &err) != PST_OK) {
        fail(a, &err);
    } else if (unhurried && !interval_mode(a)) {
        a->wanted = a->log.written.seq;
    }
}

/* Once per wake-up: one write for all records of it, then what waited for them, then the sync. */
static void on_before_sleep(void *user)
{
    struct pst_audit *a = user;
    if (!a->house.running || a->house.failed) {
        return; /* after a failure nothing more is passed on */
    }
    log_write(a);
    if (a->house.failed) {
        return;
    }
    a->house.metrics[PST_METRIC_segment_number] = a->log.segment;
    pst_audit_queue_send(&a->house, &a->written, a->log.written.seq);
    if (a->log.durable > a->house.metrics[PST_METRIC_records_synced]) {
        synced_tell(a); /* a new segment made everything before it durable */
    }
    if (sync_wanted(a)) {
        sync_start(a);
    }
}

static void on_end(void *user)
{
    struct pst_audit *a = user;
    if (a->house.running && !a->house.failed) {
        a->write_now = true;
        log_write(a);
    }
}

/* --- the house -------------------------------------------------------------------------------- */

static void system_record(struct pst_audit *a, struct pst_record_system s)
{
    struct pst_record r = {.kind = PST_RECORD_SYSTEM, .ts_ns = pst_loop_wall_ns(a->house.loop)};
    uint64_t seq;
    r.system = s;
    (void)record_add(a, &r, &seq);
}

static enum pst_status on_order(struct pst_link *link, struct pst_message *m, void *ctx)
{
    (void)link;
    struct pst_audit *a = ctx;
    if (m->type == PST_IPC_DEATH) {
        const struct pst_ipc_death *d = m->fixed;
        struct pst_str role = pst_str_c(pst_role_name((enum pst_role)d->role));
        if (d->code != PST_E_NONE && d->code < PST_E_COUNT) {
            struct pst_record r;
            uint64_t seq;
            pst_audit_violation(a, d, &a->space, &r);
            (void)record_add(a, &r, &seq);
        }
        system_record(a, (struct pst_record_system){.event = PST_STR("role_death"),
                                                    .role = role,
                                                    .index = d->index,
                                                    .detail = PST_ISTR(d->cause)});
    } else if (m->type == PST_IPC_STATE) {
        const struct pst_ipc_state *s = m->fixed;
        system_record(a, (struct pst_record_system){
                             .event = s->event == 0 ? PST_STR("role_start") : PST_STR("config"),
                             .role = pst_str_c(pst_role_name((enum pst_role)s->role)),
                             .index = s->index,
                             .seccomp = s->event == 0,
                             .landlock_abi = s->landlock_abi,
                             .detail = PST_ISTR(s->text)});
    }
    return PST_OK;
}

static enum pst_status on_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    (void)link;
    struct pst_audit *a = ctx;
    switch ((unsigned)m->type) {
    case PST_IPC_RELEASE:
        return on_release(a, m->fixed, m->tail);
    case PST_IPC_DENY:
        return on_deny(a, m->fixed, m->tail);
    case PST_IPC_TOOL_DECIDED:
        return on_tool(a, m->fixed, m->tail);
    case PST_IPC_OUTCOME:
        return on_outcome(a, m->fixed, m->tail);
    case PST_IPC_CANCEL:
        return on_cancel(a, m->fixed);
    case PST_IPC_DONE:
        return on_done(a, m->fixed);
    case PST_IPC_ADMINISTERED:
        return on_administered(a, m->fixed);
    case PST_IPC_SIGNED:
        return on_signed(a, m->fixed);
    default:
        return PST_ERR;
    }
}

/* Warden has gone: nobody could stop what is under way any more, so it ends. An egress has gone:
 * its requests get their outcome without its word. */
static void on_peer_lost(void *user, struct pst_link *link)
{
    struct pst_audit *a = user;
    size_t at = 0;
    struct pst_str key;
    struct pst_audit_pending *p;
    if (link->peer == PST_ROLE_KEYS) {
        pst_buf_clear(&a->checkpoint_text);
        a->checkpoint_at = 0; /* what it did not sign is asked for again */
        return;
    }
    if (link->peer != PST_ROLE_WARDEN && link->peer != PST_ROLE_EGRESS &&
        link->peer != PST_ROLE_CONTROL) {
        return;
    }
    while ((p = pst_map_next(&a->pending, &at, &key)) != NULL) {
        if (link->peer == PST_ROLE_WARDEN) {
            struct pst_ipc_cancel m = {.req = p->req,
                                       .code = PST_E_ABORTED_PEER,
                                       .front = p->front,
                                       .upstream = p->egress};
            (void)on_cancel(a, &m);
            p->outcome = (struct pst_ipc_outcome){.req = p->req, .outcome = PST_E_ABORTED_PEER};
            pst_buf_clear(&p->findings);
            p->settled = true;
        } else if (answering_role(p->egress) == link->peer &&
                   (link->peer == PST_ROLE_CONTROL || p->egress == link->index)) {
            (void)release_drop(&a->written, p->req); /* the next one knows nothing of it */
            (void)release_drop(&a->durable, p->req);
            p->done = true;
        }
        pending_close(a, p);
    }
}

static enum pst_status on_grant(void *user, const struct pst_ipc_grant *grant, int *fd,
                                struct pst_err *err)
{
    (void)err;
    struct pst_audit *a = user;
    if (grant->what == PST_GRANT_LOG_DIR) {
        a->dir = pst_fd_take(fd);
    }
    return PST_OK;
}

/* A reload: names and durability change, where the log lives does not. */
static void image_replace(struct pst_audit *a, struct pst_str map,
                          const struct pst_audit_image *image)
{
    bool interval_before = interval_mode(a);
    pst_memfd_unmap(&a->map_before);
    a->map_before = a->map;
    a->before = a->image;
    a->map = map;
    a->image = image;
    a->generation = image->head.generation;
    system_record(a, (struct pst_record_system){
                         .event = PST_STR("reload"),
                         .role = PST_STR("audit"),
                         .config_generation = a->generation,
                         .config_sha256 = image->head.digest,
                         .durability = pst_str_c(pst_audit_durability_name(image->durability)),
                         .window_ms = interval_mode(a) ? image->interval_ms : 0});
    if (interval_mode(a) && !interval_before) {
        interval_tick(a->house.loop, a);
    }
}

static enum pst_status on_image(void *user, const struct pst_ipc_image *image, int *fd,
                                struct pst_err *err)
{
    struct pst_audit *a = user;
    struct pst_str map;
    if (pst_memfd_check(*fd, PST_SEALS, image->size, err) != PST_OK ||
        pst_memfd_map(*fd, (size_t)image->size, &map, err) != PST_OK) {
        return PST_ERR;
    }
    union {
        const void *p;
        const struct pst_audit_image *image;
    } cast = {.p = map.p};
    if (pst_image_check(map, PST_IMAGE_AUDIT, err) != PST_OK) {
        pst_memfd_unmap(&map);
        return PST_ERR;
    }
    if (a->image != NULL) {
        image_replace(a, map, cast.image);
        return PST_OK;
    }
    a->map = map;
    a->image = cast.image;
    return PST_OK;
}

static enum pst_status on_start(void *user, const struct pst_ipc_go *go,
                                struct pst_sandbox_config *sandbox, struct pst_err *err)
{
    (void)go;
    struct pst_audit *a = user;
    if (a->image == NULL || a->dir < 0) {
        return pst_fail(err, PST_E_CONFIG, "audit was started without a log to write");
    }
    a->path = (struct pst_sandbox_path){.dir = a->dir, .access = PST_SANDBOX_READ_WRITE};
    sandbox->paths = &a->path;
    sandbox->n_paths = 1;
    if (pst_audit_log_open(&a->log, a->dir, pst_str_c(a->image->log_name),
                           a->image->limits.v[PST_LIMIT_segment_bytes],
                           pst_loop_wall_ns(a->house.loop), err) != PST_OK) {
        return PST_ERR;
    }
    return pst_watch(a->house.loop, a->log.sync.event_fd, PST_READ, on_sync, a, &a->sync_watch,
                     err);
}

static enum pst_status on_begin(void *user, struct pst_err *err)
{
    struct pst_audit *a = user;
    char sandbox[PST_SANDBOX_TEXT];
    pst_sandbox_text(&a->house.sandbox, sandbox);
    system_record(a, (struct pst_record_system){
                         .event = a->log.recovered ? PST_STR("recovered") : PST_STR("start"),
                         .role = PST_STR("audit"),
                         .config_generation = a->generation,
                         .config_sha256 = a->image->head.digest,
                         .dropped_bytes = a->log.dropped_bytes,
                         .durability = pst_str_c(pst_audit_durability_name(a->image->durability)),
                         .window_ms = interval_mode(a) ? a->image->interval_ms : 0,
                         .landlock_abi = (uint64_t)a->house.sandbox.landlock_abi,
                         .seccomp = a->house.sandbox.seccomp,
                         .detail = pst_str_c(sandbox)});
    (void)err;
    checkpoint_tick(a->house.loop, a);
    if (interval_mode(a)) {
        interval_tick(a->house.loop, a);
    }
    return PST_OK;
}

int pst_audit_main(uint8_t index)
{
    static const struct pst_house_ops ops = {
        .grant = on_grant,
        .image = on_image,
        .start = on_start,
        .begin = on_begin,
        .message = on_message,
        .order = on_order,
        .peer_lost = on_peer_lost,
        .before_sleep = on_before_sleep,
        .end = on_end,
    };
    struct pst_err err = {0};
    struct pst_audit *a = calloc(1, sizeof *a);
    if (a == NULL || pst_crypto_init(&err) != PST_OK) {
        free(a);
        return 1;
    }
    a->dir = -1;
    a->log.fd = a->log.dir = -1;
    a->log.sync.event_fd = -1;
    pst_audit_queue_init(&a->written);
    pst_audit_queue_init(&a->durable);
    pst_map_init(&a->pending, pst_random_u64(), PENDING_MAX);
    pst_buf_init(&a->checkpoint_text, 4096);
    int status = pst_house_run(&a->house, PST_ROLE_AUDIT, index, &ops, a);
    pst_audit_log_close(&a->log);
    free(a);
    return status;
}
