#include "roles/front.h"

#include "crypto/random.h"
#include "identity/key.h"
#include "mask/scope.h"

static struct pst_str nothing(void)
{
    return (struct pst_str){NULL, 0};
}

/* --- 1 admit: the head ------------------------------------------------------------------------ */

struct refused_header {
    struct pst_str name;
    enum pst_error error;
};

static enum pst_status header_check(struct pst_str name, struct pst_err *err)
{
    static const struct refused_header refused[] = {
#define PST_HEADER(name, error) {PST_STR_INIT(name), PST_E_##error},
#include "tables/headers.def"
#undef PST_HEADER
    };
    if (pst_str_eq(name, PST_STR("postern-end-user")) ||
        pst_str_eq(name, PST_STR("postern-conversation"))) {
        return PST_OK;
    }
    for (size_t i = 0; i < PST_LEN(refused); i++) {
        struct pst_str row = refused[i].name;
        if (name.n < row.n || name.p[0] != row.p[0]) {
            continue; /* nearly always */
        }
        bool family = row.p[row.n - 1] == '-';
        if (family ? pst_str_starts(name, refused[i].name) : pst_str_eq(name, refused[i].name)) {
            return pst_fail(err, refused[i].error, "%s: %.*s",
                            pst_error_row(refused[i].error)->text, PST_FMT(name));
        }
    }
    return PST_OK;
}

/* One bearer key, or the user at the other end of the Unix socket, or the one that a client
 * certificate speaks for, or nobody. */
static enum pst_status credential_read(struct pst_front_request *r, struct pst_err *err)
{
    struct pst_str value;
    size_t n = pst_h1_find(r->head, PST_STR("authorization"), &value);
    if (r->conn->kind == PST_LISTEN_ADMIN_UNIX && n == 0) {
        r->cred_kind = PST_CRED_KIND_PEER;
    } else if (n == 0 && r->conn->chain.n > 0) {
        r->cred_kind = PST_CRED_KIND_CERTIFICATE;
        r->credential = pst_buf_str(&r->conn->chain);
    }
    if (n == 1) {
        size_t space = pst_str_find_byte(value, ' ');
        struct pst_str scheme = pst_str_cut(value, 0, space);
        struct pst_str token = pst_str_trim(pst_str_from(value, space));
        if (space == PST_NPOS || !pst_str_eq_nocase(scheme, PST_STR("bearer")) || token.n == 0 ||
            token.n > 512) {
            return pst_fail(err, PST_E_IDENTITY_INVALID,
                            "the Authorization header is not Bearer <key>");
        }
        r->credential = token;
        r->cred_kind = PST_CRED_KIND_BEARER;
    }
    n = pst_h1_find(r->head, PST_STR("postern-end-user"), &value);
    if (n > 1 || (n == 1 && (value.n == 0 || value.n > 4096))) {
        return pst_fail(err, PST_E_ASSERTION_INVALID, "%s",
                        pst_error_row(PST_E_ASSERTION_INVALID)->text);
    }
    if (n == 1) {
        r->assertion = value;
    }
    return PST_OK;
}

/* A client may name the conversation that a request belongs to. */
static enum pst_status conversation_read(struct pst_front_request *r, struct pst_err *err)
{
    struct pst_str value = nothing();
    size_t n = pst_h1_find(r->head, PST_STR("postern-conversation"), &value);
    if (n > 1 || (n == 1 && !pst_conversation_valid(value))) {
        return pst_fail(err, PST_E_HTTP_HEADER,
                        "postern-conversation is one name of at most %d letters, digits, "
                        "underscores, dots and dashes",
                        PST_CONVERSATION_MAX);
    }
    r->texts.conversation = value;
    return PST_OK;
}

static void too_large(struct pst_err *err)
{
    (void)pst_fail(err, PST_E_BODY_TOO_LARGE, "%s", pst_error_row(PST_E_BODY_TOO_LARGE)->text);
}

static enum pst_status media_check(const struct pst_front_request *r, struct pst_err *err)
{
    struct pst_str type, value;
    bool has_body = r->head->body != PST_H1_BODY_NONE &&
                    !(r->head->body == PST_H1_BODY_LENGTH && r->head->content_length == 0);
    if (r->route.body == PST_ROUTE_BODY_NONE && has_body) {
        return pst_fail(err, PST_E_HTTP_FRAMING, "this route takes no body");
    }
    if (r->route.body == PST_ROUTE_BODY_JSON && r->head->body == PST_H1_BODY_NONE) {
        return pst_fail(err, PST_E_HTTP_LENGTH_REQUIRED, "%s",
                        pst_error_row(PST_E_HTTP_LENGTH_REQUIRED)->text);
    }
    if (pst_h1_find(r->head, PST_STR("content-encoding"), &value) > 0) {
        return pst_fail(err, PST_E_HTTP_ENCODING, "%s", pst_error_row(PST_E_HTTP_ENCODING)->text);
    }
    if (!has_body) {
        return PST_OK;
    }
    if (r->head->body == PST_H1_BODY_LENGTH &&
        r->head->content_length > pst_front_limit(r, PST_LIMIT_body_bytes)) {
        too_large(err);
        return PST_ERR;
    }
    bool found = pst_h1_find(r->head, PST_STR("content-type"), &type) == 1;
    size_t semicolon = found ? pst_str_find_byte(type, ';') : PST_NPOS;
    struct pst_str base = found ? pst_str_trim(pst_str_cut(type, 0, semicolon)) : nothing();
    struct pst_str parameter = semicolon != PST_NPOS
                                   ? pst_str_trim(pst_str_from(type, semicolon + 1))
                                   : nothing();
    if (!pst_str_eq_nocase(base, PST_STR("application/json")) ||
        (parameter.n > 0 && !pst_str_eq_nocase(parameter, PST_STR("charset=utf-8")) &&
         !pst_str_eq_nocase(parameter, PST_STR("charset=\"utf-8\"")))) {
        return pst_fail(err, PST_E_HTTP_MEDIA_TYPE, "%s",
                        pst_error_row(PST_E_HTTP_MEDIA_TYPE)->text);
    }
    return PST_OK;
}

static enum pst_status route_read(struct pst_front_request *r, struct pst_err *err)
{
    enum pst_route_listener where = r->conn->kind == PST_LISTEN_CLIENT ? PST_ROUTE_CLIENT
                                                                       : PST_ROUTE_ADMIN;
    const struct pst_h1_head *head = r->head;
    enum pst_route_match match = pst_route_find(where, head->method_name, head->path, &r->route);
    if (match != PST_ROUTE_FOUND) {
        enum pst_error code = match == PST_ROUTE_NO_METHOD ? PST_E_HTTP_METHOD
                                                           : PST_E_ROUTE_UNKNOWN;
        struct pst_str path = pst_str_cut(pst_key_cut(head->path), 0, 96);
        return pst_fail(err, code, "%s: %.*s %.*s", pst_error_row(code)->text,
                        PST_FMT(pst_str_cut(head->method_name, 0, 16)), PST_FMT(path));
    }
    if (head->has_query) {
        return pst_fail(err, PST_E_QUERY_NOT_ALLOWED, "%s",
                        pst_error_row(PST_E_QUERY_NOT_ALLOWED)->text);
    }
    if (where == PST_ROUTE_ADMIN) {
        r->resource = pst_str_cut(head->path, 0, 126);
    }
    return PST_OK;
}

/* Everything the head can be refused for. Who asks is read first, so that a refusal can name them.
 */
static enum pst_step_result step_admit(void *request, struct pst_err *err)
{
    struct pst_front_request *r = request;
    if (r->head == NULL) {
        return PST_STEP_WAIT;
    }
    if (credential_read(r, err) != PST_OK || pst_front_hop_sender(r, err) != PST_OK ||
        conversation_read(r, err) != PST_OK || route_read(r, err) != PST_OK ||
        media_check(r, err) != PST_OK) {
        return PST_STEP_STOP;
    }
    if (r->route.operation == PST_OP_NONE) {
        return PST_STEP_NEXT; /* a probe: nothing of it is looked at */
    }
    for (size_t i = 0; i < r->head->n_headers; i++) {
        if (header_check(r->head->headers[i].name, err) != PST_OK) {
            return PST_STEP_STOP;
        }
    }
    if (r->head->expect_continue && !r->conn->protocol->proceed(r->stream)) {
        return PST_STEP_STOP;
    }
    return PST_STEP_NEXT;
}

/* --- 2 read: the body ------------------------------------------------------------------------- */

static void json_begin(struct pst_front_request *r)
{
    struct pst_front *f = r->front;
    uint32_t bytes = (uint32_t)pst_front_limit(r, PST_LIMIT_body_bytes);
    struct pst_json_config config = pst_json_config_of(bytes, f->seed);
    config.limits.depth = (uint32_t)pst_front_limit(r, PST_LIMIT_json_depth);
    if (config.limits.depth > PST_JSON_DEPTH_MAX) {
        config.limits.depth = PST_JSON_DEPTH_MAX;
    }
    config.limits.nodes = (uint32_t)pst_front_limit(r, PST_LIMIT_json_nodes);
    config.names = r->route.operation == PST_OP_CHAT ? &f->request_names.names : NULL;
    pst_json_init(&r->json, &config, &r->stream->arena);
    r->json_begun = true;
}

enum pst_status pst_front_request_body(struct pst_front_request *r, struct pst_str bytes)
{
    struct pst_err err = {0};
    r->body_bytes += bytes.n;
    if (r->fault.code != PST_E_NONE || r->refused) {
        return PST_OK; /* what still comes is not looked at */
    }
    if (r->body_bytes > pst_front_limit(r, PST_LIMIT_body_bytes)) {
        too_large(&r->fault);
        pst_front_request_run(r); /* refused now: the rest may never come */
        return PST_OK;
    }
    if (r->asking == PST_FRONT_NOT_ASKED &&
        (r->head->content_length > pst_front_limit(r, PST_LIMIT_first_buffer_bytes) ||
         r->body_bytes > pst_front_limit(r, PST_LIMIT_first_buffer_bytes))) {
        if (pst_front_admit(r, &err) != PST_OK) {
            pst_front_answer_error(r, &err, 0);
            return PST_AGAIN;
        }
    }
    if (!r->json_begun) {
        json_begin(r);
    }
    if (pst_json_feed(&r->json, bytes, &err) == PST_ERR) {
        r->fault = err;
        pst_front_request_run(r);
    }
    return r->asking == PST_FRONT_ADMITTING && !r->refused ? PST_AGAIN : PST_OK;
}

void pst_front_request_body_end(struct pst_front_request *r)
{
    r->body_ended = true;
    pst_front_request_run(r);
}

static enum pst_step_result step_read(void *request, struct pst_err *err)
{
    struct pst_front_request *r = request;
    if (r->asking == PST_FRONT_ADMITTING) {
        return PST_STEP_WAIT;
    }
    if (r->fault.code != PST_E_NONE) { /* nobody needs the rest */
        *err = r->fault;
        return PST_STEP_STOP;
    }
    if (!r->body_ended) {
        return PST_STEP_WAIT;
    }
    if (r->route.body == PST_ROUTE_BODY_NONE ||
        (!r->json_begun && r->route.body == PST_ROUTE_BODY_ANY)) {
        return PST_STEP_NEXT;
    }
    if (!r->json_begun) {
        json_begin(r);
    }
    return pst_json_finish(&r->json, err) == PST_OK ? PST_STEP_NEXT : PST_STEP_STOP;
}

/* --- 3 inspect: what it means ----------------------------------------------------------------- */

/* Warden is told every name, so all of them must fit one proposal, beside the credential. */
static enum pst_status tools_check(const struct pst_front_request *r, struct pst_err *err)
{
    size_t room = PST_IPC_TAIL_MAX - r->credential.n - r->assertion.n;
    for (size_t i = 0; i < r->exchange.n_tools; i++) {
        size_t n = r->exchange.tools[i].name.n;
        if (n == 0 || n > 126) {
            return pst_fail(err, PST_E_DIALECT_MEMBER, "a tool's name must have 1 to 126 bytes");
        }
        if (n + 1 > room) {
            return pst_fail(err, PST_E_LIMIT, "the tools' names are too long together");
        }
        room -= n + 1;
    }
    return PST_OK;
}

static enum pst_step_result inspect_chat(struct pst_front_request *r, struct pst_err *err)
{
    const struct pst_front_image *image = r->config->image;
    const struct pst_openai_config config = {
        .limits = {.messages = (uint32_t)pst_front_limit(r, PST_LIMIT_messages),
                   .tools = (uint32_t)pst_front_limit(r, PST_LIMIT_tools),
                   .choices = 128}};
    if (pst_openai_read(&config, &r->stream->arena, r->json.root, &r->exchange, err) != PST_OK) {
        return PST_STEP_STOP;
    }
    struct pst_str name = r->exchange.model;
    r->resource = pst_str_cut(name, 0, 126);
    if (tools_check(r, err) != PST_OK) {
        return PST_STEP_STOP;
    }
    r->model = name.n <= 126 ? pst_image_model(image->models, image->n_models, name) : NULL;
    if (r->model == NULL || r->model->n_routes == 0) {
        (void)pst_fail(err, PST_E_MODEL_UNKNOWN, "the model does not exist or you may not use it");
        return PST_STEP_STOP;
    }
    /* what is known beforehand goes in at once, so that the usual request takes one round */
    if ((r->model->max_tokens != 0 &&
         !pst_exchange_cap_tokens(&r->exchange, r->model->max_tokens, false)) ||
        !pst_exchange_want_usage(&r->exchange)) {
        return PST_STEP_STOP;
    }
    return PST_STEP_NEXT;
}

/* --- texts: what they hold -------------------------------------------------------------------- */

/* After everybody else had a turn; unless the request has ended meanwhile. */
static void texts_on(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct pst_front_request *r = user;
    if (r->texts.looking || r->texts.scoring) {
        pst_front_request_run(r);
    }
}

static enum pst_step_result step_texts(void *request, struct pst_err *err)
{
    struct pst_front_request *r = request;
    if (pst_operation_row(r->route.operation)->place != PST_PLACE_UPSTREAM) {
        return PST_STEP_NEXT;
    }
    enum pst_status status = pst_front_inspect_request(r, err);
    if (status == PST_OK) {
        status = pst_front_inspect_score(r, err);
    }
    if (status == PST_AGAIN) {
        pst_loop_later(r->front->house.loop, &r->stream->work, texts_on, r);
        return PST_STEP_WAIT;
    }
    return status == PST_OK && pst_front_serialise(r, err) == PST_OK ? PST_STEP_NEXT
                                                                     : PST_STEP_STOP;
}

/* Administration travels as "METHOD path", a line feed, and the JSON in its canonical spelling. */
static enum pst_step_result inspect_admin(struct pst_front_request *r, struct pst_err *err)
{
    r->upstream = PST_UPSTREAM_CONTROL;
    bool ok = pst_buf_add(&r->body, r->head->method_name) && pst_buf_byte(&r->body, ' ') &&
              pst_buf_add(&r->body, r->head->path) && pst_buf_byte(&r->body, '\n');
    if (ok && r->json_begun && pst_json_write(r->json.root, &r->body, err) != PST_OK) {
        return PST_STEP_STOP;
    }
    if (!ok || r->body.n > PST_IPC_INLINE_MAX) {
        too_large(err); /* control takes no memory files */
        return PST_STEP_STOP;
    }
    return PST_STEP_NEXT;
}

static enum pst_step_result step_inspect(void *request, struct pst_err *err)
{
    struct pst_front_request *r = request;
    if (r->route.operation == PST_OP_NONE) {
        r->probe = true;
        return PST_STEP_WAIT; /* answered when the driver has returned */
    }
    switch (pst_operation_row(r->route.operation)->place) {
    case PST_PLACE_UPSTREAM:
        return inspect_chat(r, err);
    case PST_PLACE_CONTROL:
        return inspect_admin(r, err);
    case PST_PLACE_LOCAL:
        r->upstream = PST_UPSTREAM_CONTROL;
        r->resource = r->route.object;
        return PST_STEP_NEXT;
    case PST_PLACE_NOWHERE:
        break;
    }
    return PST_STEP_STOP;
}

/* --- propose and guard ------------------------------------------------------------------------ */

static enum pst_step_result step_propose(void *request, struct pst_err *err)
{
    struct pst_front_request *r = request;
    r->attempt = 1;
    if (pst_front_propose_any(r, err) != PST_OK) {
        return PST_STEP_STOP;
    }
    if (pst_operation_row(r->route.operation)->place == PST_PLACE_LOCAL) {
        pst_front_stream_await(r->stream);
    }
    return PST_STEP_NEXT;
}

/* The answer drives itself from here (front_answer.c): messages come, bytes go. */
static enum pst_step_result step_guard(void *request, struct pst_err *err)
{
    (void)request;
    (void)err;
    return PST_STEP_WAIT;
}

static const struct pst_step steps[] = {
    {"admit", step_admit, PST_X_REQUEST_UNREADABLE},
    {"read", step_read, PST_X_REQUEST_UNREADABLE},
    {"inspect", step_inspect, PST_X_REQUEST_UNKNOWN},
    {"texts", step_texts, PST_X_REQUEST_UNINSPECTED},
    {"propose", step_propose, PST_X_WARDEN_SILENT},
    {"guard", step_guard, PST_X_ANSWER_UNREADABLE},
};

/* A request refused here is proposed all the same, with its fault: warden denies it, audit records
 * it, and only then the client hears of it. Without them it hears at once. */
static void refuse(struct pst_front_request *r, const struct pst_err *why)
{
    struct pst_err err = {0};
    r->refused = true;
    r->fault = *why;
    r->attempt = 0;
    r->upstream = PST_UPSTREAM_CONTROL;
    pst_house_count(&r->front->house, PST_METRIC_refused_total, 1);
    if (pst_front_propose(r, &err) == PST_OK) {
        pst_front_stream_await(r->stream);
    } else {
        pst_front_answer_error(r, why->code == PST_E_NONE ? &err : why, 0);
    }
}

void pst_front_request_run(struct pst_front_request *r)
{
    struct pst_err err = {0};
    struct pst_house *house = &r->front->house;
    if (r->refused) {
        return; /* what still arrives of it changes nothing */
    }
    enum pst_step_result result = pst_steps_run(steps, PST_LEN(steps), &r->course, house->simulate,
                                                r, &err);
    if (result == PST_STEP_WAIT && r->probe) {
        pst_front_answer_probe(r);
    } else if (result == PST_STEP_STOP) {
        pst_house_count(house, PST_METRIC_EXCEPTION(pst_steps_exception(steps, &r->course)), 1);
        refuse(r, &err);
    }
}

/* --- life of a request ------------------------------------------------------------------------ */

static void config_take(struct pst_front_request *r)
{
    r->config = r->front->config;
    r->config->users++;
    r->body.cap = (size_t)pst_front_limit(r, PST_LIMIT_body_bytes) * 2;
    r->guarded.cap = (size_t)pst_front_limit(r, PST_LIMIT_answer_bytes) * 2;
}

void pst_front_request_begin(struct pst_front_stream *s)
{
    struct pst_front_request *r = &s->request;
    struct pst_buf body = r->body, guarded = r->guarded, held = r->held;
    memset(r, 0, sizeof *r); /* in place: it is large */
    r->front = s->front;
    r->stream = s;
    r->conn = s->conn;
    memcpy(r->address, s->conn->address, sizeof r->address);
    r->state = PST_REQ_NONE;
    r->body = body;
    r->guarded = guarded;
    r->held = held;
    pst_buf_clear(&r->body);
    pst_buf_clear(&r->guarded);
    pst_buf_clear(&r->held);
    config_take(r);
    r->began_ns = pst_loop_now_ns(s->front->house.loop);
}

void pst_front_request_head(struct pst_front_request *r, const struct pst_h1_head *head)
{
    struct pst_front *f = r->front;
    if (r->config != f->config && r->id == 0) { /* an idle connection takes the newest */
        pst_front_config_put(r->config);
        config_take(r);
    }
    r->head = head;
    pst_front_request_run(r);
}

void pst_front_request_broken(struct pst_front_request *r, const struct pst_err *err)
{
    bool decided = r->state != PST_REQ_NONE && r->state != PST_REQ_ADMITTING &&
                   r->state != PST_REQ_ADMITTED;
    if (r->refused && !r->answering) { /* its denial is on its way, and the last word here */
        r->body_ended = true;
        r->head = NULL;
        return;
    }
    if (decided || r->answering) {
        r->outcome = err->code;
        pst_front_stream_abort(r->stream);
        return;
    }
    r->body_ended = true;
    r->course.stopped = true;
    r->head = NULL; /* nothing of it may be trusted, the way it wants to be framed least of all */
    refuse(r, err);
}

void pst_front_request_abandon(struct pst_front_request *r, enum pst_error code)
{
    struct pst_front *f = r->front;
    if (r->id != 0) {
        if (r->outcome == PST_E_NONE) {
            r->outcome = code;
        }
        pst_front_withdraw(r);
        pst_front_log(r);
        pst_front_settle(r);
        (void)pst_map_take(&f->requests, pst_str_of(&r->id, sizeof r->id));
        pst_house_count(&f->house, PST_METRIC_requests_live, -1);
        pst_house_count(&f->house, PST_METRIC_aborted_total, 1);
        r->id = 0;
    }
    if (r->json_begun) {
        pst_json_release(&r->json);
        r->json_begun = false;
    }
    if (r->guarding) {
        pst_answer_release(&r->answer);
        r->guarding = false;
    }
    r->texts.scoring = false;
    pst_front_inspect_forget(r);
    if (r->texts.guard.lanes != NULL) {
        pst_lane_guard_release(&r->texts.guard);
    }
    if (r->config != NULL) {
        pst_front_config_put(r->config);
        r->config = NULL;
    }
}

/* --- what warden and audit say ---------------------------------------------------------------- */

static void on_denied(struct pst_front_request *r, const struct pst_ipc_denied *m)
{
    struct pst_err err = {0};
    enum pst_error code = m->code < PST_E_COUNT ? (enum pst_error)m->code : PST_E_INTERNAL;
    if (r->fault.code != PST_E_NONE && r->fault.code == code) {
        err = r->fault; /* the front's own words are better than the table's */
    } else {
        (void)pst_fail(&err, code, "%.*s", (int)m->message.n, m->message.b);
    }
    pst_front_withdraw(r);
    pst_front_answer_error(r, &err, m->retry_after_ms);
}

static void on_admitted(struct pst_front_request *r)
{
    if (r->state != PST_REQ_ADMITTING) {
        return; /* refused meanwhile */
    }
    r->state = PST_REQ_ADMITTED;
    r->asking = PST_FRONT_ADMITTED;
    pst_front_request_run(r); /* the body may be whole, or broken at its beginning */
    r->conn->protocol->resume(r->stream);
}

/* What a policy demands is done, or cannot be: the request is proposed again, or refused. */
static void amended(struct pst_front_request *r, enum pst_status status, struct pst_err *err)
{
    if (status == PST_OK && pst_front_serialise(r, err) == PST_OK &&
        pst_front_propose(r, err) == PST_OK) {
        return;
    }
    if (err->code == PST_E_NONE) {
        (void)pst_fail(err, PST_E_POLICY_DENIED, "what a policy demands cannot be done");
    }
    pst_front_withdraw(r);
    pst_front_answer_error(r, err, 0);
}

/* Looks at the texts again, a part with each turn of the loop. */
static void amend_on(struct pst_loop *loop, void *user)
{
    struct pst_front_request *r = user;
    struct pst_err err = {0};
    if (!r->texts.looking) {
        return; /* ended meanwhile */
    }
    enum pst_status status = pst_front_inspect_request(r, &err);
    if (status == PST_AGAIN) {
        pst_loop_later(loop, &r->stream->work, amend_on, r);
    } else {
        amended(r, status, &err);
    }
}

/* Obligations: met once, then proposed again. */
static void on_amend(struct pst_front_request *r, const struct pst_ipc_amend *m,
                     struct pst_str tail)
{
    struct pst_err err = {0};
    struct pst_cur cur = pst_cur_of(tail);
    struct pst_str name;
    bool ok = !r->amended;
    for (uint16_t i = 0; ok && i < m->strip_n && pst_ipc_list_next(&cur, &name); i++) {
        ok = pst_exchange_strip_tool(&r->exchange, name) > 0;
    }
    if (ok && m->max_tokens != 0) {
        ok = pst_exchange_cap_tokens(&r->exchange, m->max_tokens, false);
    }
    struct pst_str *demands = PST_ARENA_ARRAY(&r->stream->arena, m->demands_n, struct pst_str);
    for (uint16_t i = 0; ok && i < m->demands_n; i++) {
        ok = demands != NULL && pst_ipc_list_next(&cur, &demands[i]);
    }
    ok = ok && pst_front_inspect_amend(r, demands, m->demands_n, &err) == PST_OK;
    pst_front_withdraw(r);
    r->amended = true;
    if (ok && r->texts.looking) {
        amend_on(r->front->house.loop, r);
    } else {
        amended(r, ok ? PST_OK : PST_ERR, &err);
    }
}

static void on_stop(struct pst_front_request *r, const struct pst_ipc_stop *m)
{
    struct pst_err err = {0};
    enum pst_error code = m->code < PST_E_COUNT ? (enum pst_error)m->code : PST_E_INTERNAL;
    (void)pst_fail(&err, code, "%s", pst_error_row(code)->text);
    pst_front_withdraw(r);
    pst_front_answer_error(r, &err, 0);
}

static void on_permitted(struct pst_front_request *r, const struct pst_ipc_permitted *m,
                         struct pst_str tail)
{
    struct pst_cur cur = pst_cur_of(tail);
    struct pst_str *names = PST_ARENA_ARRAY(&r->stream->arena, m->n, struct pst_str);
    size_t n = 0;
    while (names != NULL && n < m->n && pst_ipc_list_next(&cur, &names[n])) {
        n++;
    }
    r->state = PST_REQ_LIVE;
    pst_front_answer_permitted(r, names, n);
}

/* The request a message is about: NULL for one that has ended; *ret_ok is false when this front
 * never had such an id. */
static struct pst_front_request *request_of(struct pst_front *f, uint64_t id, bool *ret_ok)
{
    struct pst_front_request *r = pst_map_get(&f->requests, pst_str_of(&id, sizeof id));
    *ret_ok = r != NULL || (id <= f->last_id && id >> 56 == f->last_id >> 56);
    return r;
}

enum pst_status pst_front_on_verdict(struct pst_front *f, struct pst_link *link,
                                     struct pst_message *m)
{
    uint64_t id;
    bool ok;
    (void)link;
    memcpy(&id, m->fixed, sizeof id); /* `req` comes first in all of them */
    struct pst_front_request *r = request_of(f, id, &ok);
    if (!ok || !pst_ipc_legal(m->row, r != NULL ? r->state : PST_REQ_NONE)) {
        return r == NULL && ok ? PST_OK : PST_ERR;
    }
    if (r == NULL) {
        return PST_OK;
    }
    switch ((unsigned)m->type) {
    case PST_IPC_DENIED:
        on_denied(r, m->fixed);
        return PST_OK;
    case PST_IPC_ADMITTED:
        on_admitted(r);
        return PST_OK;
    case PST_IPC_AMEND:
        on_amend(r, m->fixed, m->tail);
        return PST_OK;
    case PST_IPC_STOP:
        on_stop(r, m->fixed);
        return PST_OK;
    case PST_IPC_PERMITTED:
        on_permitted(r, m->fixed, m->tail);
        return PST_OK;
    case PST_IPC_TOOL_VERDICT: {
        const struct pst_ipc_tool_verdict *v = m->fixed;
        if (r->state == PST_REQ_TOOL_WAIT && v->call == r->calls) {
            pst_front_answer_verdict(r, v->allow != 0);
        }
        return PST_OK;
    }
    default:
        return PST_ERR;
    }
}

void pst_front_peer_lost(struct pst_front *f, enum pst_role role, uint8_t index)
{
    struct pst_err err = {0};
    size_t at = 0;
    struct pst_str key;
    struct pst_front_request *r;
    enum pst_error code = role == PST_ROLE_WARDEN  ? PST_E_WARDEN_UNAVAILABLE
                          : role == PST_ROLE_AUDIT ? PST_E_AUDIT_UNAVAILABLE
                                                   : PST_E_ABORTED_PEER;
    (void)pst_fail(&err, code, "%s", pst_error_row(code)->text);
    while ((r = pst_map_next(&f->requests, &at, &key)) != NULL) {
        bool concerned = role == PST_ROLE_WARDEN || role == PST_ROLE_AUDIT ||
                         (role == PST_ROLE_EGRESS && r->upstream == index && r->submitted) ||
                         (role == PST_ROLE_CONTROL && r->upstream == PST_UPSTREAM_CONTROL &&
                          r->submitted);
        if (!concerned) {
            continue;
        }
        pst_front_withdraw(r);
        pst_front_answer_error(r, &err, 0);
    }
}
