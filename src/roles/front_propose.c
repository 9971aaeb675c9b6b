#include "roles/front.h"

#include "identity/key.h"
#include "sys/fd.h"

enum { SETTLE_TAIL = 16384 /* as the table says */ };

/* Ids grow with every request, and from one process to the next: see pst_id_first. */
void pst_front_id(struct pst_front_request *r)
{
    struct pst_front *f = r->front;
    if (r->id != 0) {
        return;
    }
    r->id = ++f->last_id;
    memcpy(r->id_text, "req_", 4);
    pst_id_put(r->id, &r->id_text[4]);
    if (!pst_map_put(&f->requests, pst_str_of(&r->id, sizeof r->id), r)) {
        struct pst_err err = {0};
        (void)pst_fail(&err, PST_E_NO_MEMORY, "no room for another request");
        pst_house_fail(&f->house, &err);
    }
    pst_house_count(&f->house, PST_METRIC_requests_total, 1);
    pst_house_count(&f->house, PST_METRIC_requests_live, 1);
}

static struct pst_link *answering_link(struct pst_front *f, uint8_t upstream)
{
    return upstream == PST_UPSTREAM_CONTROL ? pst_house_peer(&f->house, PST_ROLE_CONTROL, 0)
                                            : pst_house_peer(&f->house, PST_ROLE_EGRESS, upstream);
}

void pst_front_withdraw(struct pst_front_request *r)
{
    struct pst_link *link = answering_link(r->front, r->upstream);
    struct pst_ipc_withdraw m = {.req = r->id, .round = r->round};
    if (r->submitted && link != NULL) {
        (void)PST_LINK_SEND(link, WITHDRAW, &m);
    }
    r->submitted = false;
}

/* Small bodies travel in the message, larger ones as a sealed memory file. */
static enum pst_status submit(struct pst_front_request *r, struct pst_err *err)
{
    struct pst_front *f = r->front;
    struct pst_link *link = answering_link(f, r->upstream);
    struct pst_str body = pst_buf_str(&r->body);
    struct pst_ipc_submit m = {.req = r->id,
                               .body_bytes = body.n,
                               .operation = (uint8_t)r->route.operation,
                               .attempt = r->attempt,
                               .round = pst_front_round(r)};
    int fd = -1;
    if (link == NULL) {
        return pst_fail(err,
                        r->upstream == PST_UPSTREAM_CONTROL ? PST_E_CONTROL_UNAVAILABLE
                                                            : PST_E_EGRESS_UNAVAILABLE,
                        "the process that would answer is not available");
    }
    if (body.n > PST_IPC_INLINE_MAX) {
        if (pst_memfd_of("request", body, &fd, err) != PST_OK) {
            return PST_ERR;
        }
        body = (struct pst_str){NULL, 0};
    }
    if (!pst_link_send(link, PST_IPC_SUBMIT, &m, body, fd)) {
        return pst_fail(err, PST_E_EGRESS_UNAVAILABLE, "the process that would answer is too busy");
    }
    r->submitted = true;
    r->round = m.round;
    return PST_OK;
}

enum pst_status pst_front_serialise(struct pst_front_request *r, struct pst_err *err)
{
    const struct pst_image_route *route = &r->model->routes[r->route_at];
    struct pst_exchange *x = &r->exchange;
    r->upstream = (uint8_t)route->upstream;
    pst_buf_clear(&r->body);
    if (!pst_exchange_set_model(x, pst_str_c(route->model))) {
        return pst_fail(err, PST_E_NO_MEMORY, "%s", pst_error_row(PST_E_NO_MEMORY)->text);
    }
    return pst_exchange_write(x, &r->body, err);
}

bool pst_front_next_route(struct pst_front_request *r)
{
    struct pst_err err = {0};
    if (r->model == NULL || r->route_at + 1u >= r->model->n_routes) {
        return false;
    }
    r->route_at++;
    return pst_front_serialise(r, &err) == PST_OK;
}

enum pst_status pst_front_propose_any(struct pst_front_request *r, struct pst_err *err)
{
    enum pst_status status = pst_front_propose(r, err);
    while (status != PST_OK && err->code == PST_E_EGRESS_UNAVAILABLE && pst_front_next_route(r)) {
        *err = (struct pst_err){0};
        status = pst_front_propose(r, err);
    }
    return status;
}

static uint16_t small(uint64_t v)
{
    return v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

/* Credential, assertion, tool names and findings: the tail of a proposal. */
static bool tail_write(const struct pst_front_request *r, struct pst_buf *tail,
                       struct pst_ipc_propose *m)
{
    if (!pst_buf_add(tail, r->credential) || !pst_buf_add(tail, r->assertion)) {
        return false;
    }
    m->cred_n = (uint16_t)r->credential.n;
    m->assertion_n = (uint16_t)r->assertion.n;
    size_t before = tail->n;
    if (m->fault == PST_E_NONE) {
        for (size_t i = 0; i < r->exchange.n_tools; i++) {
            if (!pst_ipc_list_add(tail, r->exchange.tools[i].name)) {
                return false;
            }
        }
        m->tools_n = small(r->exchange.n_tools);
    }
    m->tools_bytes = (uint16_t)(tail->n - before);
    before = tail->n;
    if (!pst_front_inspect_findings(r, /* answer= */ false, tail, &m->findings_n)) {
        return false;
    }
    m->findings_bytes = (uint16_t)(tail->n - before);
    m->injection = r->texts.walk.score.injection;
    m->evasion = r->texts.walk.score.evasion;
    m->tainted = r->texts.walk.score.tainted ? 1 : 0;
    return true;
}

static void facts_write(struct pst_front_request *r, struct pst_ipc_propose *m)
{
    const struct pst_exchange *x = &r->exchange;
    if (r->route.operation != PST_OP_CHAT || r->fault.code != PST_E_NONE) {
        return;
    }
    m->max_tokens = x->max_tokens > UINT32_MAX ? UINT32_MAX : (uint32_t)x->max_tokens;
    m->messages = x->messages;
    m->unknown_members = x->unknown_members;
    m->images = small(x->images);
    m->files = small(x->files);
    m->audios = small(x->audios);
    m->remote_urls = small(x->remote_urls);
    m->choices = small(x->n);
    m->stream = x->stream ? 1 : 0;
    PST_ISTR_CUT(m->user, pst_key_cut(x->end_user));
}

enum pst_status pst_front_propose(struct pst_front_request *r, struct pst_err *err)
{
    struct pst_front *f = r->front;
    struct pst_link *warden = pst_house_peer(&f->house, PST_ROLE_WARDEN, 0);
    bool refused = r->fault.code != PST_E_NONE;
    struct pst_ipc_propose m = {.body_bytes = refused ? r->body_bytes : r->body.n,
                                .generation = r->config->image->head.generation,
                                .peer_uid = r->conn->peer_uid,
                                .fault = (uint16_t)r->fault.code,
                                .operation = (uint8_t)r->route.operation,
                                .cred_kind = (uint8_t)r->cred_kind,
                                .upstream = refused ? PST_UPSTREAM_CONTROL : r->upstream,
                                .route = r->route_at,
                                .attempt = r->attempt,
                                .amended = r->amended ? 1 : 0,
                                .certificate = r->conn->chain.n > 0 ? 1 : 0};
    struct pst_buf tail;
    pst_front_id(r);
    m.req = r->id;
    if (warden == NULL) {
        return pst_fail(err, PST_E_WARDEN_UNAVAILABLE, "%s",
                        pst_error_row(PST_E_WARDEN_UNAVAILABLE)->text);
    }
    facts_write(r, &m);
    PST_ISTR_CUT(m.resource, pst_key_cut(r->resource)); /* it will be on record */
    PST_ISTR_CUT(m.address, pst_str_c(r->address));
    pst_buf_init(&tail, PST_IPC_TAIL_MAX);
    enum pst_status status = PST_OK;
    if (!tail_write(r, &tail, &m)) {
        status = pst_fail(err, PST_E_LIMIT, "the credential and the tools' names are too long");
    }
    enum pst_place place = pst_operation_row(r->route.operation)->place;
    if (status == PST_OK && !refused && place != PST_PLACE_LOCAL) {
        pst_sha256_once(&f->sha, pst_buf_str(&r->body), m.digest);
        status = submit(r, err);
    }
    if (status == PST_OK && !pst_link_send(warden, PST_IPC_PROPOSE, &m, pst_buf_str(&tail), -1)) {
        pst_front_withdraw(r);
        status = pst_fail(err, PST_E_WARDEN_UNAVAILABLE, "warden takes no more proposals");
    }
    if (status == PST_OK) {
        r->state = PST_REQ_PROPOSED;
        r->told = true;
    }
    pst_buf_release(&tail);
    return status;
}

enum pst_status pst_front_admit(struct pst_front_request *r, struct pst_err *err)
{
    struct pst_link *warden = pst_house_peer(&r->front->house, PST_ROLE_WARDEN, 0);
    struct pst_ipc_admit m = {.content_length = r->head->content_length,
                              .peer_uid = r->conn->peer_uid,
                              .cred_n = (uint16_t)r->credential.n,
                              .assertion_n = (uint16_t)r->assertion.n,
                              .cred_kind = (uint8_t)r->cred_kind};
    struct pst_buf tail;
    pst_front_id(r);
    m.req = r->id;
    PST_ISTR_CUT(m.address, pst_str_c(r->address));
    pst_buf_init(&tail, pst_ipc_row(PST_IPC_ADMIT)->tail_max);
    bool ok = warden != NULL && pst_buf_add(&tail, r->credential) &&
              pst_buf_add(&tail, r->assertion) &&
              pst_link_send(warden, PST_IPC_ADMIT, &m, pst_buf_str(&tail), -1);
    pst_buf_release(&tail);
    if (!ok) {
        return pst_fail(err, PST_E_WARDEN_UNAVAILABLE, "%s",
                        pst_error_row(PST_E_WARDEN_UNAVAILABLE)->text);
    }
    r->state = PST_REQ_ADMITTING;
    r->asking = PST_FRONT_ADMITTING;
    r->told = true;
    return PST_OK;
}

void pst_front_settle(struct pst_front_request *r)
{
    struct pst_front *f = r->front;
    struct pst_link *warden = pst_house_peer(&f->house, PST_ROLE_WARDEN, 0);
    uint64_t now = pst_loop_now_ns(f->house.loop);
    const struct pst_answer_facts *a = &r->answer.facts;
    struct pst_ipc_settle m = {
        .req = r->id,
        .bytes_out = r->bytes_out,
        .duration_us = (now - r->began_ns) / 1000,
        .ttfb_us = r->first_out_ns > r->began_ns ? (r->first_out_ns - r->began_ns) / 1000 : 0,
        .outcome = (uint16_t)r->outcome,
        .status = r->status,
        .tool_calls = small(r->calls),
    };
    static const struct {
        uint32_t bit;
        const char *name;
    } finishes[] = {
        {PST_FINISH_GUARD, "stopped"},         {PST_FINISH_CONTENT_FILTER, "content_filter"},
        {PST_FINISH_TOOL_CALLS, "tool_calls"}, {PST_FINISH_FUNCTION_CALL, "function_call"},
        {PST_FINISH_LENGTH, "length"},         {PST_FINISH_STOP, "stop"},
    };
    if (r->settled || !r->told || warden == NULL) {
        return;
    }
    r->settled = true;
    if (r->guarding) {
        m.tokens_in = a->prompt_tokens > UINT32_MAX ? UINT32_MAX : (uint32_t)a->prompt_tokens;
        m.tokens_out = a->completion_tokens > UINT32_MAX ? UINT32_MAX
                                                         : (uint32_t)a->completion_tokens;
        for (size_t i = 0; i < PST_LEN(finishes); i++) {
            if ((a->finish & finishes[i].bit) != 0) {
                PST_ISTR_CUT(m.finish, pst_str_c(finishes[i].name));
                break;
            }
        }
    }
    struct pst_buf tail;
    pst_buf_init(&tail, SETTLE_TAIL);
    if (r->config != NULL && r->config->inspect != NULL &&
        !pst_front_inspect_findings(r, /* answer= */ true, &tail, &m.findings_n)) {
        pst_buf_clear(&tail); /* no room: better an outcome without them than none */
        m.findings_n = 0;
    }
    (void)pst_link_send(warden, PST_IPC_SETTLE, &m, pst_buf_str(&tail), -1);
    pst_buf_release(&tail);
}
