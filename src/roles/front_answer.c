#include "roles/front.h"

static struct pst_str id_view(const struct pst_front_request *r)
{
    return pst_str_of(r->id_text, r->id != 0 ? PST_FRONT_ID_TEXT : 0);
}

/* --- writing to the client -------------------------------------------------------------------- */

/* The answer's head. `length` PST_NPOS: the body comes in pieces. */
static bool head_write(struct pst_front_request *r, unsigned status, struct pst_str type,
                       size_t length, uint32_t retry_after_ms)
{
    struct pst_buf retry;
    struct pst_h1_header headers[6] = {
        {PST_STR("content-type"), type},
        {PST_STR("cache-control"), PST_STR("no-store")},
        {PST_STR("x-content-type-options"), PST_STR("nosniff")},
    };
    size_t n = 3;
    if (r->id != 0) {
        headers[n++] = (struct pst_h1_header){PST_STR("x-request-id"), id_view(r)};
    }
    pst_buf_init(&retry, 24);
    if (retry_after_ms > 0 && pst_buf_u64(&retry, (retry_after_ms + 999) / 1000)) {
        headers[n++] = (struct pst_h1_header){PST_STR("retry-after"), pst_buf_str(&retry)};
    }
    if (status == 401) {
        headers[n++] = (struct pst_h1_header){PST_STR("www-authenticate"), PST_STR("Bearer")};
    }
    bool ok = r->conn->protocol->head(r->stream, status, headers, n, length);
    pst_buf_release(&retry);
    r->status = (uint16_t)status;
    r->head_written = true;
    r->answering = true;
    return ok;
}

static bool piece_write(struct pst_front_request *r, struct pst_str bytes)
{
    bool bodiless = r->head != NULL && r->head->method == PST_H1_HEAD; /* RFC 9110 §9.3.2 */
    if (bytes.n == 0 || bodiless) {
        return true;
    }
    if (r->first_out_ns == 0) {
        r->first_out_ns = pst_loop_now_ns(r->front->house.loop);
    }
    r->bytes_out += bytes.n;
    return r->conn->protocol->piece(r->stream, bytes);
}

void pst_front_log(const struct pst_front_request *r)
{
    struct pst_front *f = r->front;
    struct pst_buf *out = &f->log;
    char when[PST_TIME_CHARS];
    pst_time_put(pst_loop_wall_ns(f->house.loop), when);
    uint64_t us = (pst_loop_now_ns(f->house.loop) - r->began_ns) / 1000;
    bool ok = PST_BUF_LIT(out, "{\"time\":\"") && pst_buf_add(out, pst_str_of(when, sizeof when)) &&
              PST_BUF_LIT(out, "\",\"event\":\"request\",\"request\":\"") &&
              pst_buf_add(out, id_view(r)) && PST_BUF_LIT(out, "\",\"action\":\"") &&
              pst_buf_add(out, pst_operation_row(r->route.operation)->action) &&
              PST_BUF_LIT(out, "\",\"code\":\"") &&
              pst_buf_add(out, r->outcome == PST_E_NONE
                                   ? PST_STR("ok")
                                   : pst_str_c(pst_error_row(r->outcome)->code)) &&
              PST_BUF_LIT(out, "\",\"client\":\"") && pst_buf_add(out, pst_str_c(r->address)) &&
              PST_BUF_LIT(out, "\",\"status\":") && pst_buf_u64(out, r->status) &&
              PST_BUF_LIT(out, ",\"attempts\":") && pst_buf_u64(out, r->attempt) &&
              PST_BUF_LIT(out, ",\"stream\":") &&
              pst_buf_add(out, r->exchange.stream ? PST_STR("true") : PST_STR("false")) &&
              PST_BUF_LIT(out, ",\"bytes_out\":") && pst_buf_u64(out, r->bytes_out) &&
              PST_BUF_LIT(out, ",\"us\":") && pst_buf_u64(out, us) && PST_BUF_LIT(out, "}\n");
    if (!ok) {
        pst_buf_clear(out); /* only a full buffer: standard error is stuck */
    }
}

/* The answer is complete: the request settles, and its stream ends. */
static void finish(struct pst_front_request *r)
{
    struct pst_front *f = r->front;
    pst_front_log(r);
    if (r->id != 0) {
        pst_front_settle(r);
        (void)pst_map_take(&f->requests, pst_str_of(&r->id, sizeof r->id));
        pst_house_count(&f->house, PST_METRIC_requests_live, -1);
        pst_house_count(&f->house, PST_METRIC_answers_total, 1);
        r->id = 0;
    }
    pst_front_request_abandon(r, PST_E_NONE); /* frees what it holds; it is settled */
    r->conn->protocol->finish(r->stream);
}

void pst_front_answer_whole(struct pst_front_request *r, unsigned status, struct pst_str type,
                            struct pst_str body)
{
    if (!head_write(r, status, type, body.n, 0) || !piece_write(r, body)) {
        pst_front_stream_abort(r->stream);
        return;
    }
    finish(r);
}

void pst_front_answer_probe(struct pst_front_request *r)
{
    struct pst_house *house = &r->front->house;
    bool live = pst_str_eq(r->resource, PST_STR("/healthz"));
    bool ready = pst_house_peer(house, PST_ROLE_WARDEN, 0) != NULL &&
                 pst_house_peer(house, PST_ROLE_AUDIT, 0) != NULL;
    char body[128];
    switch (r->config->image->durability) {
    case PST_DURABLE_INTERVAL:
        pst_text(body, sizeof body, "ready; evidence is durable within %u ms\n",
                 r->config->image->interval_ms);
        break;
    case PST_DURABLE_SEND:
        pst_text(body, sizeof body, "ready; evidence is durable before anything is sent\n");
        break;
    default:
        pst_text(body, sizeof body, "ready; evidence is durable before an answer is shown\n");
        break;
    }
    pst_front_answer_whole(r, live || ready ? 200 : 503, PST_STR("text/plain; charset=utf-8"),
                           live    ? PST_STR("alive\n")
                           : ready ? pst_str_c(body)
                                   : PST_STR("not ready\n"));
}

void pst_front_answer_error(struct pst_front_request *r, const struct pst_err *why,
                            uint32_t retry_after_ms)
{
    struct pst_buf body;
    unsigned status = pst_error_row(why->code)->status;
    if (r->stream->gone) {
        return;
    }
    r->outcome = why->code;
    r->texts.scoring = r->texts.looking = false;
    if (r->head_written) { /* too late for a status: the dialect says it */
        pst_buf_clear(&r->guarded);
        if (r->guarding) {
            pst_answer_stop(&r->answer, why, &r->guarded);
        }
        if (piece_write(r, pst_buf_str(&r->guarded))) {
            finish(r);
        } else {
            pst_front_stream_abort(r->stream);
        }
        return;
    }
    pst_buf_init(&body, 8192);
    bool ok = pst_openai_error_write(&body, why, id_view(r)) &&
              head_write(r, status, PST_STR("application/json"), body.n, retry_after_ms) &&
              piece_write(r, pst_buf_str(&body));
    pst_buf_release(&body);
    if (!ok) {
        pst_front_stream_abort(r->stream);
        return;
    }
    finish(r);
}

void pst_front_answer_permitted(struct pst_front_request *r, const struct pst_str *names, size_t n)
{
    struct pst_err err = {0};
    struct pst_buf body;
    bool ok;
    pst_buf_init(&body, 1024 * 1024);
    if (r->route.object.n == 0) {
        ok = pst_openai_models_write(&body, names, n);
    } else {
        bool found = false;
        for (size_t i = 0; i < n; i++) {
            found = found || pst_str_eq(names[i], r->route.object);
        }
        if (!found) {
            (void)pst_fail(&err, PST_E_MODEL_UNKNOWN, "%s",
                           pst_error_row(PST_E_MODEL_UNKNOWN)->text);
            pst_buf_release(&body);
            pst_front_answer_error(r, &err, 0);
            return;
        }
        ok = pst_openai_model_write(&body, r->route.object);
    }
    if (ok) {
        pst_front_answer_whole(r, 200, PST_STR("application/json"), pst_buf_str(&body));
    } else {
        pst_front_stream_abort(r->stream);
    }
    pst_buf_release(&body);
}

/* --- 9 guard: from the upstream --------------------------------------------------------------- */

void pst_front_answer_credit(struct pst_front_request *r)
{
    struct pst_link *link;
    if (r->owed == 0 || r->id == 0 || !r->submitted ||
        r->conn->protocol->unsent(r->stream) > PST_FRONT_OUT_LOW || r->held.n > 0) {
        return;
    }
    link = r->upstream == PST_UPSTREAM_CONTROL
               ? pst_house_peer(&r->front->house, PST_ROLE_CONTROL, 0)
               : pst_house_peer(&r->front->house, PST_ROLE_EGRESS, r->upstream);
    struct pst_ipc_credit m = {.req = r->id, .bytes = r->owed};
    if (link != NULL && PST_LINK_SEND(link, CREDIT, &m)) {
        r->owed = 0;
    }
}

static struct pst_str media_type(uint8_t content)
{
    switch (content) {
    case 1:
        return PST_STR("application/json");
    case 2:
        return PST_STR("text/event-stream");
    default:
        return PST_STR("");
    }
}

static enum pst_status guard_begin(struct pst_front_request *r, const struct pst_ipc_answer *m,
                                   struct pst_err *err)
{
    struct pst_front *f = r->front;
    struct pst_answer_limits limits = pst_answer_limits_default();
    limits.bytes = (uint32_t)pst_front_limit(r, PST_LIMIT_answer_bytes);
    limits.event_bytes = (uint32_t)pst_front_limit(r, PST_LIMIT_sse_line_bytes);
    limits.arguments_bytes = (uint32_t)pst_front_limit(r, PST_LIMIT_tool_arguments_bytes);
    limits.hold_bytes = (uint32_t)pst_front_limit(r, PST_LIMIT_lane_hold_bytes);
    const struct pst_lane_filter *filter = NULL;
    if (pst_front_inspect_answer(r, &filter, err) != PST_OK) {
        pst_house_count(&f->house, PST_METRIC_EXCEPTION(PST_X_ANSWER_UNINSPECTED), 1);
        return PST_ERR;
    }
    const struct pst_answer_config config = {
        .limits = limits,
        .arena = &r->stream->arena,
        .names = &f->answer_names.names,
        .seed = f->seed,
        .stream = r->exchange.stream,
        .usage_asked = r->exchange.usage_asked,
        .choices = r->exchange.n,
        .model = pst_str_c(r->model->name),
        .request_id = id_view(r),
        .tools = r->exchange.tools,
        .n_tools = r->exchange.n_tools,
        .filter = filter,
        .filter_ctx = &r->texts.guard,
    };
    if (pst_answer_init(&r->answer, &config, err) != PST_OK) {
        return PST_ERR;
    }
    r->guarding = true;
    return pst_answer_begin(&r->answer, m->status, media_type(m->content), err);
}

/* What the guard let out so far goes to the client: at once in a stream, at the end otherwise. */
static bool guarded_send(struct pst_front_request *r, bool ended)
{
    struct pst_str bytes = pst_buf_str(&r->guarded);
    bool ok = true;
    if (r->exchange.stream && (bytes.n > 0 || ended)) {
        if (!r->head_written) {
            ok = head_write(r, 200, PST_STR("text/event-stream"), PST_NPOS, 0);
        }
        ok = ok && piece_write(r, bytes);
        pst_buf_clear(&r->guarded);
    } else if (!r->exchange.stream && ended) {
        ok = head_write(r, 200, PST_STR("application/json"), bytes.n, 0) && piece_write(r, bytes);
    }
    return ok;
}

/* A tool call is whole: it is decided before the client sees it. False: it cannot be asked for. */
static bool tool_ask(struct pst_front_request *r)
{
    struct pst_front *f = r->front;
    struct pst_link *warden = pst_house_peer(&f->house, PST_ROLE_WARDEN, 0);
    const struct pst_answer_call *call = &r->answer.pending;
    struct pst_ipc_tool m = {.req = r->id,
                             .arguments_bytes = call->arguments.n,
                             .call = ++r->calls,
                             .offered = call->offered ? 1 : 0};
    pst_sha256_once(&f->sha, call->arguments, m.digest);
    bool fits = PST_ISTR_SET(m.tool, call->name);
    r->state = PST_REQ_TOOL_WAIT;
    pst_front_stream_await(r->stream);
    return fits && warden != NULL && !pst_house_simulates(&f->house, PST_X_TOOL_UNDECIDED) &&
           PST_LINK_SEND(warden, TOOL, &m);
}

static void answer_failed(struct pst_front_request *r, const struct pst_err *err)
{
    if (err->code == PST_E_UNINSPECTED) {
        pst_house_count(&r->front->house, PST_METRIC_EXCEPTION(PST_X_ANSWER_UNINSPECTED), 1);
    }
    pst_front_withdraw(r);
    if (!r->head_written && r->guarding && r->answer.facts.events_out == 0) {
        pst_front_answer_error(r, err, r->retry_after_ms);
        return;
    }
    /* the guard has written the stream's own error already */
    r->outcome = err->code;
    if (guarded_send(r, true)) {
        finish(r);
    } else {
        pst_front_stream_abort(r->stream);
    }
}

static void answer_done(struct pst_front_request *r)
{
    if (!r->answer.facts.usage_seen) {
        r->answer.facts.prompt_tokens = r->answer.facts.completion_tokens = 0;
    }
    if (!guarded_send(r, true)) {
        pst_front_stream_abort(r->stream);
        return;
    }
    pst_front_withdraw(r);
    finish(r);
}

/* Feeds the guard; what it does not take before a tool's verdict is kept. */
static void guard_feed(struct pst_front_request *r, struct pst_str in, bool last)
{
    struct pst_err err = {0};
    enum pst_status status = PST_OK;
    r->texts.guard.now_ms = pst_loop_now_ms(r->front->house.loop);
    while (in.n > 0 && status == PST_OK && !pst_answer_ended(&r->answer)) {
        size_t used = 0;
        status = pst_answer_feed(&r->answer, in, &used, &r->guarded, &err);
        in = pst_str_from(in, used);
    }
    if (status == PST_OK && last && !pst_answer_ended(&r->answer)) {
        status = pst_answer_finish(&r->answer, &r->guarded, &err);
    }
    if (status == PST_ERR) {
        answer_failed(r, &err);
        return;
    }
    if (status == PST_AGAIN) {
        if (!pst_buf_add(&r->held, in)) {
            (void)pst_fail(&err, PST_E_UPSTREAM_TOO_LARGE,
                           "the upstream sent more than its credit");
            pst_front_withdraw(r);
            pst_front_answer_error(r, &err, 0);
            return;
        }
        r->held_last = last;
        if (!guarded_send(r, false)) {
            pst_front_stream_abort(r->stream);
            return;
        }
        pst_front_conn_push(r->stream->conn);
        if (!r->stream->gone && !tool_ask(r)) {
            pst_front_answer_verdict(r, false);
        }
        return;
    }
    if (last || pst_answer_ended(&r->answer)) {
        answer_done(r);
        return;
    }
    if (!guarded_send(r, false)) {
        pst_front_stream_abort(r->stream);
        return;
    }
    pst_front_conn_push(r->stream->conn);
}

void pst_front_answer_verdict(struct pst_front_request *r, bool allow)
{
    struct pst_err err = {0};
    enum pst_status status;
    r->texts.guard.now_ms = pst_loop_now_ms(r->front->house.loop);
    do {
        status = pst_answer_verdict(&r->answer, allow, &r->guarded, &err);
        allow = false; /* of a next call that cannot even be asked for */
    } while (status == PST_AGAIN && !tool_ask(r));
    if (status == PST_AGAIN) {
        return;
    }
    struct pst_buf held = r->held;
    bool last = r->held_last;
    pst_timer_cancel(r->front->house.loop, &r->stream->timer);
    r->state = PST_REQ_LIVE;
    pst_buf_init(&r->held, held.cap);
    r->held_last = false;
    if (status == PST_ERR) {
        answer_failed(r, &err);
    } else {
        guard_feed(r, pst_buf_str(&held), last);
    }
    pst_buf_release(&held);
}

/* The next upstream of the model, when this one could not even begin to answer. */
static bool try_next(struct pst_front_request *r, const struct pst_ipc_answer *m)
{
    struct pst_err err = {0};
    bool failed = m->error == PST_E_UPSTREAM_CONNECT || m->error == PST_E_UPSTREAM_TLS ||
                  m->error == PST_E_UPSTREAM_REFUSED_ADDRESS ||
                  m->error == PST_E_EGRESS_UNAVAILABLE ||
                  (m->error == PST_E_NONE && (m->status >= 500 || m->status == 429));
    if (!failed || r->guarding || r->model == NULL || r->route_at + 1u >= r->model->n_routes) {
        return false;
    }
    pst_front_withdraw(r);
    r->owed = 0;
    r->attempt++;
    r->amended = false;
    (void)pst_fail(&err, PST_E_NO_MEMORY, "%s", pst_error_row(PST_E_NO_MEMORY)->text);
    if (!pst_front_next_route(r) || pst_front_propose_any(r, &err) != PST_OK) {
        pst_front_answer_error(r, &err, 0);
    }
    return true;
}

static void on_control_answer(struct pst_front_request *r, const struct pst_ipc_answer *m,
                              struct pst_str tail)
{
    struct pst_err err = {0};
    if (m->error != PST_E_NONE) {
        enum pst_error code = m->error < PST_E_COUNT ? (enum pst_error)m->error : PST_E_INTERNAL;
        (void)pst_fail(&err, code, "%s", pst_error_row(code)->text);
        r->submitted = r->submitted && m->last == 0;
        pst_front_withdraw(r);
        pst_front_answer_error(r, &err, 0);
        return;
    }
    if (!pst_buf_add(&r->guarded, tail)) {
        pst_front_stream_abort(r->stream);
        return;
    }
    if (m->last == 0) {
        r->status = m->first != 0 ? m->status : r->status;
        pst_front_answer_credit(r);
        return;
    }
    uint16_t status = m->first != 0 ? m->status : r->status;
    r->submitted = false;
    if (status < 200 || status > 599) {
        status = 500;
    }
    pst_front_answer_whole(r, status,
                           m->content == 1 ? PST_STR("application/json")
                                           : PST_STR("text/plain; version=0.0.4; charset=utf-8"),
                           pst_buf_str(&r->guarded));
}

static void on_upstream_answer(struct pst_front_request *r, const struct pst_ipc_answer *m,
                               struct pst_str tail)
{
    struct pst_err err = {0};
    if (m->last != 0) {
        r->submitted = false; /* nothing is left there to withdraw */
    }
    if (m->first != 0) {
        r->retry_after_ms = m->retry_after_ms;
    }
    if (m->first != 0 && try_next(r, m)) {
        return;
    }
    if (m->error != PST_E_NONE) {
        enum pst_error code = m->error < PST_E_COUNT ? (enum pst_error)m->error : PST_E_INTERNAL;
        (void)pst_fail(&err, code, "%s", pst_error_row(code)->text);
        pst_front_answer_error(r, &err, m->retry_after_ms);
        return;
    }
    if (!r->guarding && guard_begin(r, m, &err) != PST_OK) {
        pst_front_withdraw(r);
        pst_front_answer_error(r, &err, m->retry_after_ms);
        return;
    }
    if (r->state == PST_REQ_TOOL_WAIT) {
        r->held_last = m->last != 0;
        if (!pst_buf_add(&r->held, tail)) {
            (void)pst_fail(&err, PST_E_UPSTREAM_TOO_LARGE,
                           "the upstream sent more than its credit");
            pst_front_withdraw(r);
            pst_front_answer_error(r, &err, 0);
        }
        return;
    }
    guard_feed(r, tail, m->last != 0);
}

enum pst_status pst_front_on_answer(struct pst_front *f, struct pst_link *link,
                                    struct pst_message *m)
{
    const struct pst_ipc_answer *a = m->fixed;
    struct pst_front_request *r = pst_map_get(&f->requests, pst_str_of(&a->req, sizeof a->req));
    if (r == NULL || a->attempt != r->attempt) {
        return PST_OK; /* it ended here before the egress heard of it */
    }
    uint8_t from = link->peer == PST_ROLE_CONTROL ? PST_UPSTREAM_CONTROL : link->index;
    if (from != r->upstream || !pst_ipc_legal(m->row, r->state)) {
        return PST_ERR;
    }
    if (r->state == PST_REQ_PROPOSED) {
        r->state = PST_REQ_LIVE;
    }
    r->owed += (uint32_t)m->tail.n;
    if (from == PST_UPSTREAM_CONTROL) {
        on_control_answer(r, a, m->tail);
    } else {
        on_upstream_answer(r, a, m->tail);
    }
    return PST_OK;
}
