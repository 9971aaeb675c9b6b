#include "roles/egress.h"

#include "gate/operation.h"
#include "sys/fd.h"

#include <stdlib.h>

struct pst_egress_request *pst_egress_find(struct pst_egress *e, uint64_t id)
{
    return pst_map_get(&e->requests, pst_str_of(&id, sizeof id));
}

static struct pst_egress_request *request_get(struct pst_egress *e, uint64_t id, uint8_t front)
{
    struct pst_egress_request *r = pst_egress_find(e, id);
    if (r != NULL) {
        return r;
    }
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    *r = (struct pst_egress_request){.egress = e,
                                     .id = id,
                                     .state = PST_REQ_NONE,
                                     .front = front,
                                     .memfd = -1,
                                     .window = PST_IPC_WINDOW};
    pst_buf_init(&r->inline_body, PST_IPC_INLINE_MAX);
    if (!pst_map_put(&e->requests, pst_str_of(&r->id, sizeof r->id), r)) {
        free(r);
        return NULL;
    }
    pst_house_count(&e->house, PST_METRIC_requests_live, 1);
    return r;
}

static void waiting_set(struct pst_egress_request *r, bool on)
{
    uint32_t *count = &r->egress->unreleased[r->front];
    if (r->waiting != on) {
        *count = on ? *count + 1 : *count - 1;
        r->waiting = on;
    }
}

/* --- the steps: match, verify, connect, send, relay ------------------------------------------- */

/* Body and release have both come, in whichever order. */
static enum pst_step_result step_match(void *request, struct pst_err *err)
{
    (void)err;
    struct pst_egress_request *r = request;
    return r->has_body && r->released ? PST_STEP_NEXT : PST_STEP_WAIT;
}

static enum pst_status digest_memfd(struct pst_egress_request *r, struct pst_err *err)
{
    struct pst_egress *e = r->egress;
    pst_sha256_clear(&e->sha);
    for (uint64_t at = 0; at < r->body_bytes;) {
        uint64_t left = r->body_bytes - at;
        size_t n = left < sizeof e->read_buf ? (size_t)left : sizeof e->read_buf;
        if (pst_fd_pread_full(r->memfd, e->read_buf, n, at, err) != PST_OK) {
            return PST_ERR;
        }
        pst_sha256_update(&e->sha, pst_str_of(e->read_buf, n));
        at += n;
    }
    return PST_OK;
}

static enum pst_step_result stop(struct pst_err *err, enum pst_error code)
{
    (void)pst_fail(err, code, "%s", pst_error_row(code)->text);
    return PST_STEP_STOP;
}

/* The bytes in hand are the bytes that were decided. They cannot change any more: inline ones are
 * this process's copy, a memory file is sealed. */
static enum pst_step_result step_verify(void *request, struct pst_err *err)
{
    struct pst_egress_request *r = request;
    struct pst_egress *e = r->egress;
    uint8_t digest[32];
    if (r->stale) {
        return stop(err, PST_E_STALE_GENERATION);
    }
    if (r->memfd >= 0) {
        if (digest_memfd(r, err) != PST_OK) {
            return PST_STEP_STOP;
        }
        pst_sha256_finish(&e->sha, digest);
    } else {
        pst_sha256_once(&e->sha, pst_buf_str(&r->inline_body), digest);
    }
    if (r->body_bytes != r->released_bytes ||
        !pst_str_eq(pst_str_of(digest, sizeof digest), pst_str_of(r->digest, sizeof r->digest))) {
        struct pst_link *front = pst_house_peer(&e->house, PST_ROLE_FRONT, r->front);
        pst_house_count(&e->house, PST_METRIC_digest_mismatch_total, 1);
        if (front != NULL) {
            pst_house_accuse(&e->house, front, PST_E_DIGEST_MISMATCH, r->id);
        }
        return stop(err, PST_E_DIGEST_MISMATCH);
    }
    r->verified = true;
    return PST_STEP_NEXT;
}

static enum pst_step_result step_connect(void *request, struct pst_err *err)
{
    return pst_egress_conn_get(request, err);
}

/* From here on the request is at the upstream's: the connection drives it, and ends it. */
static enum pst_step_result step_send(void *request, struct pst_err *err)
{
    struct pst_egress_request *r = request;
    PST_BUG_ON(!r->verified);
    if (pst_egress_conn_send(r, err) != PST_OK) {
        return PST_STEP_STOP;
    }
    r->state = PST_REQ_SENT;
    return PST_STEP_WAIT;
}

static const struct pst_step steps[] = {
    {"match", step_match, PST_X_RELEASE_UNMATCHED},
    {"verify", step_verify, PST_X_RELEASE_UNMATCHED},
    {"connect", step_connect, PST_X_RELEASE_UNMATCHED},
    {"send", step_send, PST_X_RELEASE_UNMATCHED},
};

void pst_egress_run(struct pst_egress_request *r)
{
    struct pst_err err = {0};
    enum pst_step_result result = pst_steps_run(steps, PST_LEN(steps), &r->course,
                                                r->egress->house.simulate, r, &err);
    if (result == PST_STEP_STOP) {
        pst_egress_end(r, err.code, false);
    }
}

/* --- the answer ------------------------------------------------------------------------------- */

bool pst_egress_may_flow(const struct pst_egress_request *r)
{
    return (!r->hold || r->seq <= r->egress->durable) && r->window > 0;
}

void pst_egress_answer(struct pst_egress_request *r, bool last, enum pst_error code)
{
    struct pst_egress *e = r->egress;
    struct pst_link *front = pst_house_peer(&e->house, PST_ROLE_FRONT, r->front);
    struct pst_ipc_answer m = {.req = r->id,
                               .retry_after_ms = r->retry_after_ms,
                               .status = r->status,
                               .error = (uint16_t)code,
                               .first = r->head_sent ? 0 : 1,
                               .last = last ? 1 : 0,
                               .content = r->content,
                               .attempt = r->attempt};
    if (front != NULL && !front->broken &&
        !pst_link_send(front, PST_IPC_ANSWER, &m, pst_buf_str(&e->answer), -1)) {
        /* it takes nothing any more; an answer with a piece missing must not go on */
        pst_house_accuse(&e->house, front, PST_E_PROTOCOL_VIOLATION, r->id);
    }
    r->head_sent = true;
    r->window -= (int64_t)e->answer.n;
    r->bytes_received += e->answer.n;
    pst_house_count(&e->house, PST_METRIC_bytes_in_total, (int64_t)e->answer.n);
    pst_buf_clear(&e->answer);
}

static void request_free(struct pst_egress_request *r)
{
    struct pst_egress *e = r->egress;
    (void)pst_map_take(&e->requests, pst_str_of(&r->id, sizeof r->id));
    waiting_set(r, false);
    pst_timer_cancel(e->house.loop, &r->timer);
    pst_buf_release(&r->inline_body);
    pst_fd_close(&r->memfd);
    free(r);
    pst_house_count(&e->house, PST_METRIC_requests_live, -1);
}

void pst_egress_end(struct pst_egress_request *r, enum pst_error code, bool told)
{
    struct pst_egress *e = r->egress;
    struct pst_link *audit = pst_house_peer(&e->house, PST_ROLE_AUDIT, 0);
    uint64_t now = pst_loop_now_ns(e->house.loop);
    if (r->conn != NULL) {
        struct pst_egress_conn *c = r->conn;
        r->conn = NULL;
        c->request = NULL;
        pst_egress_conn_done(c, false);
    }
    if (!told && (r->has_body || r->head_sent)) {
        pst_buf_clear(&e->answer);
        pst_egress_answer(r, true, code);
    }
    if (audit != NULL && r->released) {
        struct pst_ipc_done m = {
            .req = r->id,
            .bytes_sent = r->bytes_sent,
            .bytes_received = r->bytes_received,
            .ttfb_us = r->first_byte_ns > r->sent_ns ? (r->first_byte_ns - r->sent_ns) / 1000 : 0,
            .duration_us = r->sent_ns != 0 ? (now - r->sent_ns) / 1000 : 0,
            .status = r->status,
            .error = (uint16_t)code,
            .front = r->front,
            .attempt = r->attempt};
        (void)PST_LINK_SEND(audit, DONE, &m);
    }
    pst_house_count(
        &e->house, code == PST_E_NONE ? PST_METRIC_answers_total : PST_METRIC_upstream_errors_total,
        1);
    request_free(r);
}

/* --- messages --------------------------------------------------------------------------------- */

/* AGAIN: it is as it should be, and there is no room for it. */
static enum pst_status body_take(struct pst_egress_request *r, const struct pst_ipc_submit *s,
                                 struct pst_message *m)
{
    struct pst_err err;
    r->body_bytes = s->body_bytes;
    if (m->fd_lost) {
        return PST_AGAIN;
    }
    if (m->fd >= 0) {
        uint64_t cap = r->egress->image->limits.v[PST_LIMIT_body_bytes] * 2;
        if (m->tail.n != 0 || s->body_bytes > cap ||
            pst_memfd_check(m->fd, PST_SEALS, s->body_bytes, &err) != PST_OK) {
            return PST_ERR;
        }
        r->memfd = pst_fd_take(&m->fd);
    } else if (s->body_bytes != m->tail.n) {
        return PST_ERR;
    } else if (!pst_buf_add(&r->inline_body, m->tail)) {
        return PST_AGAIN;
    }
    r->has_body = true;
    waiting_set(r, !r->released);
    return PST_OK;
}

static void body_drop(struct pst_egress_request *r)
{
    pst_buf_clear(&r->inline_body);
    pst_fd_close(&r->memfd);
    waiting_set(r, false);
    r->has_body = false;
    r->state = PST_REQ_NONE;
}

/* Whether another body of this front may wait here for its release. */
static bool unreleased_room(const struct pst_egress *e, uint8_t front)
{
    return front < PST_LEN(e->unreleased) &&
           e->unreleased[front] < e->image->limits.v[PST_LIMIT_unreleased_count];
}

/* No memory or no descriptor for it: that is this process's trouble, and not the front's fault. */
static enum pst_status submit_refuse(struct pst_link *front, const struct pst_ipc_submit *s,
                                     struct pst_egress_request *r)
{
    struct pst_ipc_answer out = {.req = s->req,
                                 .error = PST_E_EGRESS_UNAVAILABLE,
                                 .first = 1,
                                 .last = 1,
                                 .attempt = s->attempt};
    (void)PST_LINK_SEND(front, ANSWER, &out);
    if (r != NULL) {
        pst_egress_end(r, PST_E_EGRESS_UNAVAILABLE, true);
    }
    return PST_OK;
}

enum pst_status pst_egress_submit(struct pst_egress *e, struct pst_link *front,
                                  struct pst_message *m)
{
    const struct pst_ipc_submit *s = m->fixed;
    struct pst_egress_request *r = pst_egress_find(e, s->req);
    if (s->req >> 56 != front->index || front->index > PST_FRONTS_MAX ||
        (r != NULL && r->front != front->index) ||
        !pst_ipc_legal(m->row, r != NULL ? r->state : PST_REQ_NONE)) {
        return PST_ERR;
    }
    /* never a second body behind one that was verified already, nor more of them than may wait */
    if ((r != NULL && r->has_body) || (r == NULL && !unreleased_room(e, front->index))) {
        return PST_ERR;
    }
    r = request_get(e, s->req, front->index);
    if (r == NULL) {
        return submit_refuse(front, s, NULL);
    }
    if (r->released && r->round > s->round) {
        return PST_OK; /* an older round's body, overtaken by the release of a newer one */
    }
    if (r->released && (r->operation != s->operation || r->round != s->round)) {
        return PST_ERR;
    }
    enum pst_status taken = body_take(r, s, m);
    if (taken != PST_OK) {
        return taken == PST_AGAIN ? submit_refuse(front, s, r) : PST_ERR;
    }
    r->round = s->round;
    r->operation = s->operation;
    r->attempt = s->attempt;
    r->submitted_ms = pst_loop_now_ms(e->house.loop);
    if (r->state == PST_REQ_NONE) {
        r->state = PST_REQ_SUBMITTED;
    }
    pst_egress_run(r);
    return PST_OK;
}

/* A second release while one is in force: no honest front proposes an attempt before the one before
 * has ended here. Audit, which passes releases on, cannot know that. */
static void released_twice(struct pst_egress *e, struct pst_egress_request *r)
{
    struct pst_link *front = pst_house_peer(&e->house, PST_ROLE_FRONT, r->front);
    if (front != NULL) {
        pst_house_accuse(&e->house, front, PST_E_PROTOCOL_VIOLATION, r->id);
    }
    pst_egress_end(r, PST_E_PROTOCOL_VIOLATION, true);
}

enum pst_status pst_egress_released(struct pst_egress *e, const struct pst_ipc_released *m)
{
    struct pst_egress_request *r = pst_egress_find(e, m->req);
    const struct pst_operation_row *row = pst_operation_row(m->operation);
    if (row == NULL || row->place != PST_PLACE_UPSTREAM || m->front > PST_FRONTS_MAX ||
        (r != NULL && r->front != m->front)) {
        return PST_ERR;
    }
    if (r != NULL && r->released && r->round < m->round) {
        pst_egress_end(r, PST_E_CLIENT_CLOSED, true); /* its WITHDRAW is still on its way */
        r = NULL;
    }
    if (r != NULL && (r->released || !pst_ipc_legal(pst_ipc_row(PST_IPC_RELEASED), r->state))) {
        released_twice(e, r);
        return PST_OK;
    }
    r = request_get(e, m->req, m->front);
    if (r == NULL) {
        return PST_OK; /* the front's own wait ends it */
    }
    if (r->has_body && r->round < m->round) {
        body_drop(r); /* its own WITHDRAW is still on its way */
    }
    r->released = true;
    waiting_set(r, false);
    r->released_bytes = m->body_bytes;
    r->seq = m->seq;
    r->hold = m->hold != 0;
    r->stale = m->generation < e->since;
    r->stream = m->stream != 0;
    memcpy(r->digest, m->digest, sizeof r->digest);
    if (r->has_body && (r->operation != m->operation || r->round != m->round)) {
        pst_egress_end(r, PST_E_DIGEST_MISMATCH, false);
        return PST_OK;
    }
    r->operation = m->operation;
    r->attempt = m->attempt;
    r->round = m->round;
    r->submitted_ms = pst_loop_now_ms(e->house.loop);
    if (r->state == PST_REQ_NONE) {
        r->state = PST_REQ_RELEASED;
    }
    pst_egress_run(r);
    return PST_OK;
}
