#include "roles/front.h"

#include <stdlib.h>

enum {
    ARENA_FIRST = 32 * 1024,
    SPARE_MAX = 64,          /* streams kept by a front for the next requests */
    SPARE_BYTES = 64 * 1024, /* kept of one buffer of theirs */
};

static void stream_free(struct pst_front_stream *s)
{
    pst_arena_release(&s->arena);
    pst_buf_release(&s->request.body);
    pst_buf_release(&s->request.guarded);
    pst_buf_release(&s->request.held);
    free(s);
}

void pst_front_streams_release(struct pst_front *f)
{
    while (f->spare != NULL) {
        struct pst_front_stream *s = f->spare;
        f->spare = s->next;
        stream_free(s);
    }
    f->n_spare = 0;
}

static struct pst_front_stream *stream_new(struct pst_front *f)
{
    struct pst_front_stream *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->front = f;
    pst_arena_init(&s->arena, ARENA_FIRST, 0); /* its cap, and theirs, come with a configuration */
    pst_buf_init(&s->request.body, 0);
    pst_buf_init(&s->request.guarded, 0);
    pst_buf_init(&s->request.held, 4 * PST_IPC_WINDOW);
    return s;
}

struct pst_front_stream *pst_front_stream_take(struct pst_front_conn *c)
{
    struct pst_front *f = c->front;
    struct pst_front_stream *s = f->spare;
    if (s != NULL) {
        f->spare = s->next;
        f->n_spare--;
    } else if ((s = stream_new(f)) == NULL) {
        return NULL;
    }
    s->conn = c;
    s->next = s->prev = NULL;
    s->id = 0;
    s->h2 = NULL;
    s->gone = s->chunked = s->until_close = false;
    s->arena.cap = (size_t)f->config->image->limits.v[PST_LIMIT_request_arena_bytes];
    pst_front_request_begin(s);
    return s;
}

static void spare_buffer(struct pst_buf *b)
{
    if (b->size > SPARE_BYTES) {
        pst_buf_release(b);
    }
    pst_buf_clear(b);
}

static void stream_back(struct pst_loop *loop, void *user)
{
    struct pst_front_stream *s = user;
    struct pst_front *f = s->front;
    (void)loop;
    if (f->n_spare == SPARE_MAX) {
        stream_free(s);
        return;
    }
    pst_arena_clear(&s->arena);
    spare_buffer(&s->request.body);
    spare_buffer(&s->request.guarded);
    spare_buffer(&s->request.held);
    s->next = f->spare;
    f->spare = s;
    f->n_spare++;
}

void pst_front_stream_give(struct pst_front_stream *s, enum pst_error code)
{
    if (s == NULL || s->gone) {
        return;
    }
    struct pst_loop *loop = s->front->house.loop;
    s->gone = true;
    pst_front_request_abandon(&s->request,
                              s->request.outcome != PST_E_NONE ? s->request.outcome : code);
    pst_timer_cancel(loop, &s->timer);
    pst_loop_later_cancel(loop, &s->work);
    pst_loop_later(loop, &s->later, stream_back, s);
}

void pst_front_stream_abort(struct pst_front_stream *s)
{
    if (!s->gone) {
        s->conn->protocol->abort(s);
    }
}

/* --- time ------------------------------------------------------------------------------------- */

/* The phase took too long; what that means depends on where the request is. */
static void stream_timeout(struct pst_loop *loop, void *user)
{
    struct pst_front_stream *s = user;
    struct pst_front *f = s->front;
    struct pst_front_request *r = &s->request;
    struct pst_err err = {0};
    (void)loop;
    if (r->state == PST_REQ_TOOL_WAIT) {
        pst_house_count(&f->house, PST_METRIC_EXCEPTION(PST_X_TOOL_UNDECIDED), 1);
        pst_front_answer_verdict(r, false);
    } else if (r->state == PST_REQ_PROPOSED || r->state == PST_REQ_ADMITTING) {
        pst_house_count(&f->house, PST_METRIC_EXCEPTION(PST_X_WARDEN_SILENT), 1);
        (void)pst_fail(&err, PST_E_WARDEN_UNAVAILABLE, "%s",
                       pst_error_row(PST_E_WARDEN_UNAVAILABLE)->text);
        pst_front_withdraw(r);
        pst_front_answer_error(r, &err, 0);
    } else if (!r->body_ended) {
        (void)pst_fail(&err, PST_E_REQUEST_TIMEOUT, "%s",
                       pst_error_row(PST_E_REQUEST_TIMEOUT)->text);
        pst_front_request_broken(r, &err);
    }
}

void pst_front_stream_await(struct pst_front_stream *s)
{
    if (!s->gone) {
        pst_house_timer(&s->front->house, &s->timer,
                        pst_front_limit(&s->request, PST_LIMIT_decision_ms), stream_timeout, s);
    }
}

void pst_front_stream_body(struct pst_front_stream *s)
{
    pst_house_timer(&s->front->house, &s->timer, pst_front_limit(&s->request, PST_LIMIT_body_ms),
                    stream_timeout, s);
}
