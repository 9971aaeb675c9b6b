#include "roles/warden_case.h"

#include <stdio.h>
#include <stdlib.h>

/* --- 5 decide --------------------------------------------------------------------------------- */

/* The upstream a proposal names must be the one that this model's route leads to. An honest front
 * reads the same table: another answer is a broken protocol, not a denial. */
static bool route_valid(const struct pst_case *c, const struct pst_image_route **ret)
{
    const struct pst_ipc_propose *p = c->p;
    const struct pst_operation_row *row = pst_operation_row(p->operation);
    *ret = NULL;
    if (row == NULL || (row->place == PST_PLACE_CONTROL && !c->front->admin)) {
        return false;
    }
    if (p->fault == PST_E_NONE && row->place == PST_PLACE_NOWHERE) {
        return false; /* a part of other decisions: nobody can ask for it by itself */
    }
    if (p->fault != PST_E_NONE || row->place != PST_PLACE_UPSTREAM) {
        return p->upstream == PST_UPSTREAM_CONTROL;
    }
    const struct pst_warden_image *image = c->policy->image;
    const struct pst_image_model *m = pst_image_model(image->models, image->n_models,
                                                      PST_ISTR(p->resource));
    if (m == NULL || p->route >= m->n_routes || m->routes[p->route].upstream != p->upstream) {
        return false;
    }
    *ret = &m->routes[p->route];
    return true;
}

static void facts_of_proposal(struct pst_case *c, const struct pst_str *tools, size_t n_tools)
{
    const struct pst_ipc_propose *p = c->p;
    c->facts = (struct pst_facts){
        .operation = (enum pst_operation)p->operation,
        .fault = (enum pst_error)p->fault,
        .who = &c->who,
        .resource = PST_ISTR(p->resource),
        .address = PST_ISTR(p->address),
        .user = PST_ISTR(p->user),
        .stream = p->stream != 0,
        .attempt = p->attempt,
        .max_tokens = p->max_tokens,
        .messages = p->messages,
        .choices = p->choices,
        .images = p->images,
        .files = p->files,
        .audios = p->audios,
        .remote_urls = p->remote_urls,
        .unknown_members = p->unknown_members,
        .bytes = p->body_bytes,
        .findings = c->findings,
        .n_findings = c->n_findings,
        .injection = p->injection,
        .evasion = p->evasion,
        .tainted = p->tainted != 0,
        .certificate = p->certificate != 0,
        .tools = tools,
        .n_tools = n_tools,
        .wall_ns = pst_loop_wall_ns(c->w->house.loop),
    };
}

static void facts_of_tool(struct pst_case *c)
{
    const struct pst_ipc_tool *t = c->tool;
    c->facts = (struct pst_facts){
        .operation = PST_OP_CALL_TOOL,
        .who = &c->who,
        .resource = PST_ISTR(t->tool),
        .tool_offered = t->offered != 0,
        .attempt = c->request->attempt,
        .bytes = t->arguments_bytes,
        .injection = c->request->injection,
        .evasion = c->request->evasion,
        .tainted = c->request->tainted,
        .certificate = c->request->client_certificate || c->request->certificate != NULL,
        .wall_ns = pst_loop_wall_ns(c->w->house.loop),
    };
}

static enum pst_step_result step_decide(void *request, struct pst_err *err)
{
    struct pst_case *c = request;
    pst_decide(c->policy->cedar, &c->facts, c->policy->models, c->policy->image->n_models,
               &c->w->arena, &c->decision);
    if (c->decision.verdict == PST_DENY) {
        (void)pst_fail(err, c->decision.code, "%s", c->decision.message);
        return PST_STEP_STOP;
    }
    if (c->decision.verdict == PST_AMEND && c->p != NULL && c->p->amended != 0) {
        return pst_case_stop(c, err,
                             PST_E_POLICY_DENIED); /* amended once, and still not what was asked */
    }
    return PST_STEP_NEXT;
}

/* --- 6 reserve -------------------------------------------------------------------------------- */

static struct pst_budget_ask budget_ask(const struct pst_case *c)
{
    bool speaks_for = c->person[0] != 0;
    return (struct pst_budget_ask){
        .principal = pst_str_c(speaks_for ? c->person : c->principal),
        .app = pst_str_c(speaks_for ? c->principal : NULL),
        .groups = c->who.groups,
        .n_groups = c->who.n_groups,
        .model = c->p != NULL && c->p->operation == PST_OP_CHAT ? PST_ISTR(c->p->resource)
                                                                : (struct pst_str){NULL, 0},
        .now_ms = pst_loop_now_ms(c->w->house.loop),
    };
}

static enum pst_step_result step_reserve(void *request, struct pst_err *err)
{
    struct pst_case *c = request;
    struct pst_budget_ask ask = budget_ask(c);
    if (c->decision.verdict == PST_AMEND || (c->request != NULL && c->request->released)) {
        return PST_STEP_NEXT; /* counted when it is released; another attempt is the same request */
    }
    if (pst_budget_take(&c->w->budget, &ask, &c->hold, &c->retry_after_ms, err) != PST_OK) {
        c->decision.verdict = PST_DENY;
        c->decision.code = err->code;
        pst_text(c->decision.message, sizeof c->decision.message, "%s", err->text);
        return PST_STEP_STOP;
    }
    return PST_STEP_NEXT;
}

/* The warden's way of a request. */
static const struct pst_step steps[] = {
    {"identify", pst_case_identify, PST_X_IDENTITY_UNVERIFIED},
    {"decide", step_decide, PST_X_POLICY_UNEVALUATED},
    {"reserve", step_reserve, PST_X_LIMIT_UNCOUNTED},
};
enum { STEP_IDENTIFY, STEP_DECIDE, STEP_RESERVE };

/* Runs the steps up to, not including, `end`. */
static bool judge(struct pst_case *c, uint8_t begin, uint8_t end)
{
    struct pst_course course = {.at = begin};
    struct pst_err err = {0};
    enum pst_step_result result = pst_steps_run(steps, end, &course, c->w->house.simulate, c, &err);
    if (result == PST_STEP_NEXT) {
        return true;
    }
    c->decision.verdict = PST_DENY;
    if (c->decision.code == PST_E_NONE || c->decision.message[0] == 0) {
        c->decision.code = err.code;
        pst_text(c->decision.message, sizeof c->decision.message, "%.127s", err.text);
    }
    return false;
}

/* --- what follows ----------------------------------------------------------------------------- */

static uint16_t list_put(struct pst_buf *tail, const struct pst_str *items, size_t n)
{
    uint16_t count = 0;
    for (size_t i = 0; i < n && i < UINT16_MAX; i++) {
        if (tail->n + items[i].n + 1 > PST_IPC_TAIL_MAX) {
            break;
        }
        if (pst_ipc_list_add(tail, pst_str_cut(items[i], 0, UINT8_MAX))) {
            count++;
        }
    }
    return count;
}

/* The decision as audit records it; its tail goes into `tail`. */
static struct pst_ipc_release decision_message(const struct pst_case *c,
                                               const struct pst_image_route *route,
                                               struct pst_buf *tail)
{
    const struct pst_ipc_propose *p = c->p;
    const struct pst_decision *d = &c->decision;
    struct pst_ipc_release m = {
        .req = p->req,
        .body_bytes = p->body_bytes,
        .generation = c->policy->image->head.generation,
        .max_tokens = p->max_tokens,
        .messages = p->messages,
        .retry_after_ms = c->retry_after_ms,
        .unknown_members = p->unknown_members,
        .images = p->images,
        .files = p->files,
        .audios = p->audios,
        .remote_urls = p->remote_urls,
        .choices = p->choices,
        .code = (uint16_t)(d->verdict == PST_DENY ? d->code : PST_E_NONE),
        .front = c->front->index,
        .upstream = p->upstream,
        .route = p->route,
        .attempt = p->attempt,
        .operation = p->operation,
        .stream = p->stream,
        .sync_first = d->sync_first ? 1 : 0,
        .amended = p->amended,
    };
    memcpy(m.digest, p->digest, sizeof m.digest);
    PST_ISTR_CUT(m.principal, pst_str_c(c->principal));
    PST_ISTR_CUT(m.end_user, c->who.end_user);
    PST_ISTR_CUT(m.key_id, c->who.key_id);
    PST_ISTR_CUT(m.address, PST_ISTR(p->address));
    PST_ISTR_CUT(m.resource, PST_ISTR(p->resource));
    PST_ISTR_CUT(m.message, pst_str_c(d->message));
    if (route != NULL) {
        PST_ISTR_CUT(m.upstream_model, pst_str_c(route->model));
    }
    m.groups_n = list_put(tail, c->who.groups, c->who.n_groups);
    m.policies_n = list_put(tail, d->policies, d->n_policies);
    m.errors_n = list_put(tail, d->errors, d->n_errors);
    m.obligations_n = list_put(tail, d->obligations, d->n_obligations);
    m.tools_n = list_put(tail, c->facts.tools, c->facts.n_tools);
    m.permitted_n = list_put(tail, d->permitted, d->n_permitted);
    for (size_t i = 0; i < c->n_findings; i++) {
        m.findings_n = (uint16_t)(m.findings_n + list_put(tail, &c->findings[i].text, 1));
    }
    return m;
}

/* The front cannot be answered through audit: it is told at once, and nothing is served. */
static void unavailable(struct pst_case *c, uint64_t req, enum pst_error code)
{
    struct pst_ipc_stop m = {.req = req, .code = (uint16_t)code};
    (void)PST_LINK_SEND(c->front, STOP, &m);
}

/* What was proposed does not come about. A request of which an attempt was released stays: its
 * front settles it, with an outcome. */
static void drop(struct pst_case *c)
{
    pst_budget_settle(&c->w->budget, &c->hold);
    if (c->request != NULL && c->request->released) {
        c->request->state = PST_REQ_LIVE;
    } else if (c->request != NULL) {
        pst_warden_forget(c->w, c->request);
        c->request = NULL;
    }
}

/* A connection carries one request at a time, or streams of HTTP/2, of which a front has so many.
 */
static uint64_t most_of_a_front(const struct pst_case *c)
{
    const uint64_t *limits = c->policy->image->limits.v;
    return limits[PST_LIMIT_connections] + limits[PST_LIMIT_h2_streams_all];
}

/* Keeps the request in flight; false without room. Where live_requests is larger than what a front
 * may have, none can take the places of the others. */
static bool keep(struct pst_case *c, uint64_t id, enum pst_req_state state)
{
    struct pst_warden *w = c->w;
    struct pst_warden_request *r = c->request;
    if (r == NULL) {
        r = w->live[c->front->index] < most_of_a_front(c) ? calloc(1, sizeof *r) : NULL;
        if (r == NULL) {
            return false;
        }
        r->id = id;
        r->front = c->front->index;
        if (!pst_map_put(&w->requests, pst_str_of(&r->id, sizeof r->id), r)) {
            free(r);
            return false;
        }
        c->request = r;
        w->live[r->front]++;
        pst_house_count(&w->house, PST_METRIC_requests_live, 1);
    }
    r->state = state;
    r->key = c->key;
    pst_certificate_drop(r->certificate);
    r->certificate = pst_certificate_keep(c->certificate);
    r->client_certificate = c->p->certificate != 0;
    memcpy(r->principal, c->principal, sizeof r->principal);
    pst_str_cut_c(c->who.end_user, r->end_user, sizeof r->end_user);
    if (c->hold.n > 0) {
        r->hold = c->hold;
        c->hold.n = 0;
    }
    r->injection = c->p->injection;
    r->evasion = c->p->evasion;
    r->tainted = c->p->tainted != 0;
    r->route = c->p->route;
    r->attempt = c->p->attempt;
    pst_str_cut_c(PST_ISTR(c->p->resource), r->resource, sizeof r->resource);
    if (state == PST_REQ_LIVE) {
        r->upstream = c->p->upstream;
    }
    return true;
}

static void deny(struct pst_case *c, const struct pst_image_route *route)
{
    struct pst_warden *w = c->w;
    struct pst_link *audit = pst_house_peer(&w->house, PST_ROLE_AUDIT, 0);
    struct pst_buf tail;
    pst_buf_init(&tail, PST_IPC_TAIL_MAX);
    struct pst_ipc_release as_release = decision_message(c, route, &tail);
    struct pst_ipc_deny m;
    _Static_assert(sizeof m == sizeof as_release, "both are PST_DECISION_FIELDS");
    memcpy(&m, &as_release, sizeof m);
    drop(c);
    pst_house_count(&w->house, PST_METRIC_decisions_deny_total, 1);
    if (audit == NULL || !pst_link_send(audit, PST_IPC_DENY, &m, pst_buf_str(&tail), -1)) {
        unavailable(c, c->p->req, PST_E_AUDIT_UNAVAILABLE);
    }
    pst_buf_release(&tail);
}

static void deny_for(struct pst_case *c, const struct pst_image_route *route, enum pst_error code)
{
    c->decision.verdict = PST_DENY;
    c->decision.code = code;
    pst_text(c->decision.message, sizeof c->decision.message, "%s", pst_error_row(code)->text);
    deny(c, route);
}

static void release(struct pst_case *c, const struct pst_image_route *route)
{
    struct pst_warden *w = c->w;
    struct pst_link *audit = pst_house_peer(&w->house, PST_ROLE_AUDIT, 0);
    if (audit == NULL) {
        drop(c);
        unavailable(c, c->p->req, PST_E_AUDIT_UNAVAILABLE);
        return;
    }
    if (!keep(c, c->p->req, PST_REQ_LIVE)) {
        deny_for(c, route, PST_E_CONCURRENCY_LIMITED);
        return;
    }
    struct pst_buf tail;
    pst_buf_init(&tail, PST_IPC_TAIL_MAX);
    struct pst_ipc_release m = decision_message(c, route, &tail);
    if (pst_link_send(audit, PST_IPC_RELEASE, &m, pst_buf_str(&tail), -1)) {
        c->request->released = true;
        pst_case_keep_asked(c);
    } else {
        drop(c);
        unavailable(c, c->p->req, PST_E_AUDIT_UNAVAILABLE);
    }
    pst_buf_release(&tail);
    pst_house_count(&w->house, PST_METRIC_decisions_allow_total, 1);
}

static void amend(struct pst_case *c, const struct pst_image_route *route)
{
    struct pst_buf tail;
    pst_buf_init(&tail, PST_IPC_TAIL_MAX / 2);
    struct pst_ipc_amend m = {.req = c->p->req, .max_tokens = c->decision.max_tokens};
    m.strip_n = list_put(&tail, c->decision.strip, c->decision.n_strip);
    m.demands_n = list_put(&tail, c->decision.demands, c->decision.n_demands);
    if (m.strip_n != c->decision.n_strip || m.demands_n != c->decision.n_demands ||
        !keep(c, c->p->req, PST_REQ_AMENDED)) {
        deny_for(c, route, PST_E_CONCURRENCY_LIMITED);
    } else {
        (void)pst_link_send(c->front, PST_IPC_AMEND, &m, pst_buf_str(&tail), -1);
        pst_house_count(&c->w->house, PST_METRIC_decisions_amend_total, 1);
    }
    pst_buf_release(&tail);
}

/* --- messages --------------------------------------------------------------------------------- */

/* The id is one of this front's, and new ones only grow: an id is never used twice. */
static bool id_valid(struct pst_warden *w, const struct pst_link *front, uint64_t id,
                     const struct pst_warden_request *known)
{
    if (id >> 56 != front->index || front->index > PST_FRONTS_MAX) {
        return false;
    }
    if (known != NULL) {
        return known->front == front->index;
    }
    if (id <= w->last_id[front->index]) {
        return false;
    }
    w->last_id[front->index] = id;
    return true;
}

static enum pst_req_state state_of(const struct pst_warden_request *r)
{
    return r != NULL ? r->state : PST_REQ_NONE;
}

/* Attempts are counted from one, each after the one before it has failed; what a front refuses by
 * itself is no attempt, and was never released. */
static bool attempt_valid(const struct pst_ipc_propose *p, const struct pst_warden_request *known)
{
    enum pst_req_state state = state_of(known);
    if (p->fault != PST_E_NONE) {
        return p->attempt == 0 && state != PST_REQ_LIVE;
    }
    uint8_t before = known != NULL ? known->attempt : 0;
    return p->attempt == (state == PST_REQ_AMENDED ? before : before + 1);
}

/* Only the front of the administration has a socket whose peers the kernel vouches for. */
static bool peer_valid(const struct pst_link *front, uint8_t cred_kind)
{
    return cred_kind != PST_CRED_KIND_PEER || front->admin;
}

static bool tail_split(struct pst_str tail, uint16_t cred_n, uint16_t assertion_n,
                       struct pst_str *cred, struct pst_str *assertion, struct pst_str *rest)
{
    struct pst_cur cur = pst_cur_of(tail);
    if (!pst_cur_take(&cur, cred_n, cred) || !pst_cur_take(&cur, assertion_n, assertion)) {
        return false;
    }
    *rest = pst_cur_rest(&cur);
    return true;
}

static bool findings_read(struct pst_case *c, struct pst_str list)
{
    const struct pst_ipc_propose *p = c->p;
    struct pst_cur cur = pst_cur_of(list);
    struct pst_found *found = PST_ARENA_ARRAY(&c->w->arena, p->findings_n, struct pst_found);
    if (p->findings_n > PST_FOUND_MAX || found == NULL || p->injection > 1000 || p->tainted > 1 ||
        p->certificate > 1) {
        return false;
    }
    for (uint16_t i = 0; i < p->findings_n; i++) {
        struct pst_str item;
        if (!pst_ipc_list_next(&cur, &item) || !pst_found_get(item, &found[i])) {
            return false;
        }
    }
    c->findings = found;
    c->n_findings = p->findings_n;
    return pst_cur_done(&cur);
}

/* The lists behind credential and assertion: tools, then findings. */
static bool tools_read(struct pst_case *c, struct pst_str lists, struct pst_str **ret)
{
    const struct pst_ipc_propose *p = c->p;
    struct pst_str list = pst_str_cut(lists, 0, p->tools_bytes);
    struct pst_cur cur = pst_cur_of(list);
    if (p->tools_n > PST_TOOLS_MAX || lists.n != (size_t)p->tools_bytes + p->findings_bytes ||
        !findings_read(c, pst_str_from(lists, p->tools_bytes))) {
        return false;
    }
    *ret = PST_ARENA_ARRAY(&c->w->arena, p->tools_n, struct pst_str);
    for (uint16_t i = 0; i < p->tools_n; i++) {
        struct pst_str item;
        if (*ret == NULL || !pst_ipc_list_next(&cur, &item)) {
            return false;
        }
        (*ret)[i] = item;
    }
    return pst_cur_done(&cur);
}

/* Where a request is decides what may be proposed for it: once amended, the amended one; once
 * released, another attempt for the same model by a later route. An honest front does nothing else,
 * and another one gains nothing by it: one place and one token pay for one request. */
static bool proposal_valid(const struct pst_case *c)
{
    const struct pst_ipc_propose *p = c->p;
    const struct pst_warden_request *r = c->request;
    if (!pst_ipc_legal(pst_ipc_row(PST_IPC_PROPOSE), state_of(r)) || p->fault >= PST_E_COUNT ||
        (p->amended != 0) != (state_of(r) == PST_REQ_AMENDED)) {
        return false;
    }
    if (r == NULL || p->fault != PST_E_NONE || r->state == PST_REQ_ADMITTED) {
        return true;
    }
    bool next_route = r->state == PST_REQ_AMENDED ? p->route == r->route : p->route > r->route;
    return next_route && pst_str_eq(PST_ISTR(p->resource), pst_str_c(r->resource));
}

bool pst_case_facts(struct pst_case *c)
{
    struct pst_str *tools = NULL;
    if (!tools_read(c, c->lists, &tools)) {
        return false;
    }
    facts_of_proposal(c, tools, c->p->tools_n);
    return true;
}

enum pst_status pst_warden_propose(struct pst_warden *w, struct pst_link *front,
                                   const struct pst_ipc_propose *p, struct pst_str tail)
{
    struct pst_case c = {.w = w,
                         .front = front,
                         .p = p,
                         .cred_kind = p->cred_kind,
                         .peer_uid = p->peer_uid,
                         .who.acr = "none"};
    pst_arena_clear(&w->arena);
    c.request = pst_warden_find(w, p->req);
    if (!id_valid(w, front, p->req, c.request) || !proposal_valid(&c) ||
        !tail_split(tail, p->cred_n, p->assertion_n, &c.credential, &c.assertion, &c.lists) ||
        !pst_case_facts(&c) || !attempt_valid(p, c.request) || !peer_valid(front, p->cred_kind)) {
        return PST_ERR;
    }
    pst_house_count(&w->house, PST_METRIC_requests_total, 1);
    c.policy = pst_warden_policy_of(w, p->generation);
    const struct pst_image_route *route = NULL;
    if (c.policy == NULL) {
        c.policy = &w->policies[0];
        c.decision.code = PST_E_STALE_GENERATION;
        pst_text(c.decision.message, sizeof c.decision.message, "%s",
                 pst_error_row(PST_E_STALE_GENERATION)->text);
        deny(&c, NULL);
        return PST_OK;
    }
    if (!route_valid(&c, &route)) {
        return PST_ERR;
    }
    bool known = judge(&c, STEP_IDENTIFY, STEP_DECIDE);
    if (known && c.request != NULL && c.request->released &&
        !pst_str_eq(pst_str_c(c.principal), pst_str_c(c.request->principal))) {
        return PST_ERR; /* another attempt is the same request, so it is the same sender's */
    }
    /* refused by the front already: who it was is only noted; but what exists nobody is told */
    if (p->fault != PST_E_NONE && (known || p->fault != PST_E_MODEL_UNKNOWN)) {
        pst_decide(c.policy->cedar, &c.facts, NULL, 0, &w->arena, &c.decision);
        deny(&c, NULL);
    } else if (!known || !judge(&c, STEP_DECIDE, PST_LEN(steps))) {
        deny(&c, route);
    } else if (c.decision.verdict == PST_AMEND) {
        amend(&c, route);
    } else {
        release(&c, route);
    }
    return PST_OK;
}

/* Before a large body: who is it, and is there any room? The body's own decision comes later. */
enum pst_status pst_warden_admit(struct pst_warden *w, struct pst_link *front,
                                 const struct pst_ipc_admit *a, struct pst_str tail)
{
    struct pst_str rest;
    struct pst_ipc_propose as_proposal = {.req = a->req,
                                          .body_bytes = a->content_length,
                                          .operation = PST_OP_CHAT,
                                          .upstream = PST_UPSTREAM_CONTROL,
                                          .peer_uid = a->peer_uid,
                                          .cred_kind = a->cred_kind};
    struct pst_case c = {.w = w,
                         .front = front,
                         .p = &as_proposal,
                         .policy = &w->policies[0],
                         .cred_kind = a->cred_kind,
                         .peer_uid = a->peer_uid,
                         .who.acr = "none"};
    PST_ISTR_CUT(as_proposal.address, PST_ISTR(a->address));
    pst_arena_clear(&w->arena);
    c.request = pst_warden_find(w, a->req);
    if (!id_valid(w, front, a->req, c.request) ||
        !pst_ipc_legal(pst_ipc_row(PST_IPC_ADMIT), state_of(c.request)) ||
        !peer_valid(front, a->cred_kind) ||
        !tail_split(tail, a->cred_n, a->assertion_n, &c.credential, &c.assertion, &rest) ||
        rest.n != 0) {
        return PST_ERR;
    }
    facts_of_proposal(&c, NULL, 0);
    struct pst_err err = {0};
    if (!judge(&c, STEP_IDENTIFY, STEP_DECIDE)) {
        deny(&c, NULL);
        return PST_OK;
    }
    struct pst_budget_ask ask = budget_ask(&c);
    if (pst_budget_peek(&w->budget, &ask, &c.retry_after_ms, &err) != PST_OK ||
        !keep(&c, a->req, PST_REQ_ADMITTED)) {
        c.decision.code = err.code != PST_E_NONE ? err.code : PST_E_CONCURRENCY_LIMITED;
        pst_text(c.decision.message, sizeof c.decision.message, "%.127s", err.text);
        deny(&c, NULL);
        return PST_OK;
    }
    struct pst_ipc_admitted m = {.req = a->req};
    (void)PST_LINK_SEND(front, ADMITTED, &m);
    return PST_OK;
}

/* A tool call in an answer: a decision of its own, by the same function, about the same principal.
 */
enum pst_status pst_warden_tool(struct pst_warden *w, struct pst_link *front,
                                const struct pst_ipc_tool *t)
{
    struct pst_case c = {
        .w = w, .front = front, .tool = t, .policy = &w->policies[0], .who.acr = "key"};
    pst_arena_clear(&w->arena);
    c.request = pst_warden_find(w, t->req);
    if (c.request == NULL) {
        return pst_warden_ended(w, front, t->req) ? PST_OK : PST_ERR;
    }
    if (!id_valid(w, front, t->req, c.request) ||
        !pst_ipc_legal(pst_ipc_row(PST_IPC_TOOL), state_of(c.request))) {
        return PST_ERR;
    }
    struct pst_link *audit = pst_house_peer(&w->house, PST_ROLE_AUDIT, 0);
    bool known = pst_case_identify_again(&c);
    facts_of_tool(&c);
    bool allow = known && !c.request->stopped && judge(&c, STEP_DECIDE, STEP_RESERVE);
    struct pst_ipc_tool_decided m = {.req = t->req,
                                     .arguments_bytes = t->arguments_bytes,
                                     .call = t->call,
                                     .generation = c.policy->image->head.generation,
                                     .code = (uint16_t)(allow ? PST_E_NONE : PST_E_TOOL_DENIED),
                                     .front = front->index,
                                     .allow = allow ? 1 : 0};
    struct pst_buf tail;
    pst_buf_init(&tail, 4096);
    memcpy(m.digest, t->digest, sizeof m.digest);
    PST_ISTR_CUT(m.principal, pst_str_c(c.request->principal));
    PST_ISTR_CUT(m.end_user, pst_str_c(c.request->end_user));
    PST_ISTR_CUT(m.tool, PST_ISTR(t->tool));
    m.policies_n = list_put(&tail, c.decision.policies,
                            c.decision.n_policies > 8 ? 8 : c.decision.n_policies);
    m.errors_n = list_put(&tail, c.decision.errors,
                          c.decision.n_errors > 4 ? 4 : c.decision.n_errors);
    pst_house_count(
        &w->house, allow ? PST_METRIC_tool_calls_allow_total : PST_METRIC_tool_calls_deny_total, 1);
    if (audit == NULL || !pst_link_send(audit, PST_IPC_TOOL_DECIDED, &m, pst_buf_str(&tail), -1)) {
        unavailable(&c, t->req, PST_E_AUDIT_UNAVAILABLE);
    }
    pst_buf_release(&tail);
    return PST_OK;
}
