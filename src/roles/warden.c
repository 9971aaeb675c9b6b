#include "roles/warden.h"

#include "crypto/crypto.h"
#include "crypto/random.h"
#include "sys/fd.h"

#include <stdlib.h>

enum { ARENA_FIRST = 256 * 1024, ARENA_CAP = 16 * 1024 * 1024, COUNTERS = 65536 };

struct pst_warden_request *pst_warden_find(struct pst_warden *w, uint64_t id)
{
    return pst_map_get(&w->requests, pst_str_of(&id, sizeof id));
}

bool pst_warden_ended(const struct pst_warden *w, const struct pst_link *front, uint64_t id)
{
    return id >> 56 == front->index && front->index <= PST_FRONTS_MAX &&
           id <= w->last_id[front->index];
}

void pst_warden_forget(struct pst_warden *w, struct pst_warden_request *r)
{
    (void)pst_map_take(&w->requests, pst_str_of(&r->id, sizeof r->id));
    pst_budget_settle(&w->budget, &r->hold);
    w->live[r->front]--;
    pst_certificate_drop(r->certificate);
    free(r->asked);
    free(r);
    pst_house_count(&w->house, PST_METRIC_requests_live, -1);
}

void pst_warden_settle(struct pst_warden *w, struct pst_warden_request *r,
                       const struct pst_ipc_settle *s, struct pst_str findings, enum pst_error code)
{
    struct pst_link *audit = pst_house_peer(&w->house, PST_ROLE_AUDIT, 0);
    struct pst_ipc_outcome m = {
        .req = r->id, .outcome = (uint16_t)code, .front = r->front, .upstream = r->upstream};
    if (s != NULL) {
        m.bytes_out = s->bytes_out;
        m.duration_us = s->duration_us;
        m.ttfb_us = s->ttfb_us;
        m.tokens_in = s->tokens_in;
        m.tokens_out = s->tokens_out;
        m.outcome = s->outcome;
        m.status = s->status;
        m.tool_calls = s->tool_calls;
        m.findings_n = s->findings_n;
        PST_ISTR_CUT(m.finish, PST_ISTR(s->finish));
        pst_house_count(&w->house, PST_METRIC_tokens_in_total, s->tokens_in);
        pst_house_count(&w->house, PST_METRIC_tokens_out_total, s->tokens_out);
    }
    if (audit != NULL && r->released) {
        (void)pst_link_send(audit, PST_IPC_OUTCOME, &m, findings, -1);
    }
    pst_warden_forget(w, r);
}

void pst_warden_cut(struct pst_warden *w, struct pst_warden_request *r, enum pst_error code)
{
    struct pst_link *front = pst_house_peer(&w->house, PST_ROLE_FRONT, r->front);
    struct pst_link *audit = pst_house_peer(&w->house, PST_ROLE_AUDIT, 0);
    struct pst_ipc_stop stop = {.req = r->id, .code = (uint16_t)code};
    struct pst_ipc_cancel cancel = {
        .req = r->id, .code = (uint16_t)code, .front = r->front, .upstream = r->upstream};
    r->stopped = true;
    if (audit != NULL && r->released) {
        (void)PST_LINK_SEND(audit, CANCEL, &cancel);
    }
    if (front != NULL) {
        (void)PST_LINK_SEND(front, STOP, &stop);
    }
}

/* --- messages --------------------------------------------------------------------------------- */

/* What the front says it found in the answer: names of types and counts, and nothing else. */
static bool findings_valid(uint16_t n, struct pst_str list)
{
    struct pst_cur cur = pst_cur_of(list);
    for (uint16_t i = 0; i < n; i++) {
        struct pst_found found;
        struct pst_str item;
        if (!pst_ipc_list_next(&cur, &item) || !pst_found_get(item, &found)) {
            return false;
        }
    }
    return n <= PST_FOUND_MAX && pst_cur_done(&cur);
}

static enum pst_status on_settle(struct pst_warden *w, struct pst_link *front,
                                 const struct pst_ipc_settle *s, struct pst_str findings)
{
    struct pst_warden_request *r = pst_warden_find(w, s->req);
    if (s->outcome >= PST_E_COUNT || !findings_valid(s->findings_n, findings)) {
        return PST_ERR;
    }
    if (r == NULL) {
        return pst_warden_ended(w, front, s->req) ? PST_OK : PST_ERR;
    }
    if (r->front != front->index || !pst_ipc_legal(pst_ipc_row(PST_IPC_SETTLE), r->state)) {
        return PST_ERR;
    }
    pst_warden_settle(w, r, s, findings, (enum pst_error)s->outcome);
    return PST_OK;
}

/* Keys come one by one; a change that takes rights away cuts what is under way with that key. */
static enum pst_status on_key(struct pst_warden *w, const struct pst_ipc_key *k,
                              struct pst_str tail)
{
    struct pst_str groups[PST_KEYRING_GROUPS];
    struct pst_cur cur = pst_cur_of(tail);
    struct pst_err err = {0};
    if (k->groups_n > PST_KEYRING_GROUPS) {
        return PST_ERR;
    }
    for (uint16_t i = 0; i < k->groups_n; i++) {
        if (!pst_ipc_list_next(&cur, &groups[i])) {
            return PST_ERR;
        }
    }
    if (pst_keyring_put(&w->keys, PST_ISTR(k->id), PST_ISTR(k->owner), groups, k->groups_n, k->hash,
                        (int64_t)k->expires_unix_s, k->revoked != 0, k->may_assert != 0,
                        &err) != PST_OK) {
        pst_house_log(&w->house, "a key was not taken: %s", err.text);
    }
    w->house.metrics[PST_METRIC_keys_known] = pst_keyring_count(&w->keys);
    size_t at = 0;
    struct pst_str id;
    struct pst_warden_request *r;
    while ((r = pst_map_next(&w->requests, &at, &id)) != NULL) {
        if (r->key != NULL && !r->stopped && r->key->revoked &&
            pst_str_eq(r->key->id, PST_ISTR(k->id))) {
            pst_warden_cut(w, r, PST_E_STREAM_REVOKED);
        }
    }
    return PST_OK;
}

static enum pst_status on_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct pst_warden *w = ctx;
    switch ((unsigned)m->type) {
    case PST_IPC_PROPOSE:
        return pst_warden_propose(w, link, m->fixed, m->tail);
    case PST_IPC_ADMIT:
        return pst_warden_admit(w, link, m->fixed, m->tail);
    case PST_IPC_TOOL:
        return pst_warden_tool(w, link, m->fixed);
    case PST_IPC_SETTLE:
        return on_settle(w, link, m->fixed, m->tail);
    case PST_IPC_KEY:
        return on_key(w, m->fixed, m->tail);
    case PST_IPC_KEYS_DONE:
        w->keys_complete = true;
        return PST_OK;
    default:
        return PST_ERR;
    }
}

/* Keys expire while answers run; looked at once a second. */
static void expire(struct pst_loop *loop, void *user)
{
    static const uint64_t every_ms = 1000;
    struct pst_warden *w = user;
    int64_t now = pst_loop_wall_ns(loop) / 1000000000;
    size_t at = 0;
    struct pst_str id;
    struct pst_warden_request *r;
    while ((r = pst_map_next(&w->requests, &at, &id)) != NULL) {
        bool key = r->key != NULL && r->key->expires_unix_s != 0 && now >= r->key->expires_unix_s;
        bool certificate = r->certificate != NULL && now >= r->certificate->until_s;
        if ((key || certificate) && !r->stopped) {
            pst_warden_cut(w, r, PST_E_IDENTITY_EXPIRED);
        }
    }
    pst_house_timer(&w->house, &w->expiry, every_ms, expire, w);
}

static void on_peer_lost(void *user, struct pst_link *link)
{
    struct pst_warden *w = user;
    size_t at = 0;
    struct pst_str id;
    struct pst_warden_request *r;
    if (link->peer == PST_ROLE_CONTROL) {
        return; /* the keys it sent stay valid until it comes back with all of them */
    }
    while ((r = pst_map_next(&w->requests, &at, &id)) != NULL) {
        if (link->peer == PST_ROLE_FRONT && r->front == link->index) {
            struct pst_link *audit = pst_house_peer(&w->house, PST_ROLE_AUDIT, 0);
            struct pst_ipc_cancel cancel = {.req = r->id,
                                            .code = PST_E_ABORTED_FRONT,
                                            .front = r->front,
                                            .upstream = r->upstream};
            if (audit != NULL && r->released) {
                (void)PST_LINK_SEND(audit, CANCEL, &cancel);
            }
            pst_warden_settle(w, r, NULL, (struct pst_str){NULL, 0}, PST_E_ABORTED_FRONT);
        }
    }
}

/* A new front begins its ids with its own start. Those of the process before it stay used; one that
 * dated its own into the future must not take them from its successors. */
static void on_peer_new(void *user, struct pst_link *link)
{
    static const uint64_t lag = (uint64_t)1000 << PST_ID_PER_MS; /* until this is heard of here */
    struct pst_warden *w = user;
    if (link->peer != PST_ROLE_FRONT || link->index > PST_FRONTS_MAX || !w->house.running) {
        return;
    }
    uint64_t now = pst_id_first(link->index, pst_loop_wall_ns(w->house.loop));
    uint64_t *last = &w->last_id[link->index];
    if (*last > now || *last < now - lag) {
        *last = now - lag;
    }
}

static enum pst_status on_image(void *user, const struct pst_ipc_image *image, int *fd,
                                struct pst_err *err)
{
    struct pst_warden *w = user;
    struct pst_err why = {0};
    if (pst_warden_policy_load(w, fd, image->size, &why) == PST_OK) {
        return PST_OK;
    }
    if (w->policies[0].image == NULL) {
        *err = why;
        return PST_ERR;
    }
    pst_house_log(&w->house, "the new policies were refused, the old ones stay: %s:%u:%u: %s",
                  why.file, why.line, why.column, why.text);
    return PST_OK;
}

static enum pst_status on_order(struct pst_link *link, struct pst_message *m, void *ctx)
{
    (void)link;
    if (m->type != PST_IPC_REDECIDE) {
        return PST_ERR;
    }
    pst_warden_redecide(ctx);
    return PST_OK;
}

static enum pst_status on_start(void *user, const struct pst_ipc_go *go,
                                struct pst_sandbox_config *sandbox, struct pst_err *err)
{
    (void)go;
    (void)sandbox;
    struct pst_warden *w = user;
    if (w->policies[0].image == NULL) {
        return pst_fail(err, PST_E_CONFIG, "warden was started without policies");
    }
    expire(w->house.loop, w);
    return PST_OK;
}

int pst_warden_main(uint8_t index)
{
    static const struct pst_house_ops ops = {
        .image = on_image,
        .start = on_start,
        .message = on_message,
        .order = on_order,
        .hold = PST_ROLE_FRONT,
        .hold_for = PST_ROLE_AUDIT,
        .peer_new = on_peer_new,
        .peer_lost = on_peer_lost,
    };
    struct pst_err err = {0};
    struct pst_warden *w = calloc(1, sizeof *w);
    if (w == NULL || pst_crypto_init(&err) != PST_OK) {
        free(w);
        return 1;
    }
    w->seed = pst_random_u64();
    struct pst_limits limits;
    pst_limits_default(&limits);
    pst_keyring_init(&w->keys, w->seed, limits.v[PST_LIMIT_keys]);
    pst_budget_init(&w->budget, w->seed, COUNTERS);
    pst_map_init(&w->requests, w->seed, limits.v[PST_LIMIT_live_requests]);
    pst_arena_init(&w->arena, ARENA_FIRST, ARENA_CAP);
    int status = pst_house_run(&w->house, PST_ROLE_WARDEN, index, &ops, w);
    free(w);
    return status;
}
