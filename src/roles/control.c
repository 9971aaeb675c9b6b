/* Control: the store and the admin logic. It answers administration as an egress answers requests:
 * a body handed in by the admin front, a release passed on by audit, the digest checked, then it
 * acts. Its own state is the database; keys go from it to warden. */
#include "control/admin.h"

#include "base/enc.h"
#include "base/map.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "gate/operation.h"
#include "roles/house.h"
#include "roles/roles.h"
#include "sys/fd.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { REQUESTS_MAX = 256, BODY_CAP = 65536, ANSWER_CAP = 8 * 1024 * 1024, STATS_MAX = 64 };

/* One administration request, until it is answered. */
struct admin_request {
    uint64_t id;
    uint8_t front, operation, attempt;
    bool has_body, released;
    struct pst_buf body;
    uint8_t digest[32];
    char who[128];
};

struct role_stats {
    bool used;
    struct pst_ipc_stats s;
    uint64_t counters[PST_METRIC_COUNT];
};

struct control {
    struct pst_house house;
    int dir;
    struct pst_sandbox_path path;
    struct pst_store *store;
    uint64_t max_keys; /* the limit "keys" */
    struct pst_admin admin;
    struct pst_map requests;
    struct role_stats stats[STATS_MAX];
    uint64_t reload_token;
    uint64_t reload_req; /* whose answer waits for the supervisor; 0: none */
    uint32_t generation;
    int64_t started_unix_ns;
};

static struct admin_request *find(struct control *c, uint64_t id)
{
    return pst_map_get(&c->requests, pst_str_of(&id, sizeof id));
}

static struct admin_request *get(struct control *c, uint64_t id, uint8_t front)
{
    struct admin_request *r = find(c, id);
    if (r != NULL) {
        return r;
    }
    r = calloc(1, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    r->id = id;
    r->front = front;
    pst_buf_init(&r->body, BODY_CAP);
    if (!pst_map_put(&c->requests, pst_str_of(&r->id, sizeof r->id), r)) {
        free(r);
        return NULL;
    }
    return r;
}

static void forget(struct control *c, struct admin_request *r)
{
    (void)pst_map_take(&c->requests, pst_str_of(&r->id, sizeof r->id));
    pst_buf_release(&r->body);
    if (c->reload_req == r->id) {
        c->reload_req = 0;
    }
    free(r);
}

/* --- what administration is told -------------------------------------------------------------- */

static void admin_status(void *user, struct pst_json_out *out)
{
    struct control *c = user;
    pst_json_out_ku64(out, "generation", c->generation);
    pst_json_out_ki64(out, "started_s", c->started_unix_ns / 1000000000);
    pst_json_out_key(out, PST_STR("roles"));
    pst_json_out_array(out);
    for (size_t i = 0; i < STATS_MAX; i++) {
        const struct role_stats *r = &c->stats[i];
        if (!r->used) {
            continue;
        }
        pst_json_out_object(out);
        pst_json_out_kstr(out, "role", pst_str_c(pst_role_name((enum pst_role)r->s.role)));
        pst_json_out_ku64(out, "index", r->s.index);
        pst_json_out_ku64(out, "pid", r->s.pid);
        pst_json_out_kbool(out, "up", r->s.up != 0);
        pst_json_out_ku64(out, "restarts", r->s.restarts);
        pst_json_out_ki64(out, "since_s", (int64_t)r->s.since_unix_ns / 1000000000);
        pst_json_out_kbool(out, "seccomp", r->s.seccomp != 0);
        pst_json_out_ku64(out, "landlock_abi", r->s.landlock_abi);
        PST_JSON_KEY(out, "sandbox");
        pst_json_out_lossy(out, PST_ISTR(r->s.sandbox));
        pst_json_out_end(out);
    }
    pst_json_out_end(out);
}

static void admin_metrics(void *user, struct pst_buf *out)
{
    static const struct {
        const char *name, *kind, *text;
    } metrics[] = {
#define PST_METRIC(name, kind, text) {#name, #kind, text},
#include "tables/metrics.def"
#undef PST_METRIC
    };
    struct control *c = user;
    for (size_t m = 0; m < PST_LEN(metrics); m++) {
        (void)pst_buf_fmt(out, "# HELP postern_%s %s\n# TYPE postern_%s %s\n", metrics[m].name,
                          metrics[m].text, metrics[m].name, metrics[m].kind);
        for (size_t i = 0; i < STATS_MAX; i++) {
            const struct role_stats *r = &c->stats[i];
            if (r->used && r->counters[m] != 0) {
                (void)pst_buf_fmt(out, "postern_%s{role=\"%s\",index=\"%u\"} %llu\n",
                                  metrics[m].name, pst_role_name((enum pst_role)r->s.role),
                                  r->s.index, (unsigned long long)r->counters[m]);
            }
        }
    }
    (void)pst_buf_fmt(out, "# HELP postern_role_up the role runs and is confined\n"
                           "# TYPE postern_role_up gauge\n");
    for (size_t i = 0; i < STATS_MAX; i++) {
        const struct role_stats *r = &c->stats[i];
        if (r->used) {
            (void)pst_buf_fmt(out, "postern_role_up{role=\"%s\",index=\"%u\"} %u\n",
                              pst_role_name((enum pst_role)r->s.role), r->s.index, r->s.up);
        }
    }
}

static void admin_random(void *user, uint8_t *ret, size_t n)
{
    (void)user;
    pst_random(ret, n);
}

static enum pst_status admin_reload(void *user, bool now, struct pst_err *err)
{
    struct control *c = user;
    struct pst_ipc_reload m = {.token = ++c->reload_token, .now = now ? 1 : 0};
    if (c->reload_req != 0) {
        return pst_fail(err, PST_E_EXISTS, "a reload is under way");
    }
    return PST_LINK_SEND(&c->house.control.link, RELOAD, &m)
               ? PST_AGAIN
               : pst_fail(err, PST_E_CONTROL_UNAVAILABLE, "the supervisor does not answer");
}

/* --- keys to warden --------------------------------------------------------------------------- */

static void key_send(struct control *c, const struct pst_key_row *row)
{
    struct pst_link *warden = pst_house_peer(&c->house, PST_ROLE_WARDEN, 0);
    struct pst_ipc_key m = {.expires_unix_s = (uint64_t)row->expires_s,
                            .revoked = row->revoked_s != 0 ? 1 : 0,
                            .may_assert = row->may_assert ? 1 : 0,
                            .groups_n = (uint16_t)row->n_groups};
    struct pst_buf groups;
    memcpy(m.hash, row->hash, sizeof m.hash);
    PST_ISTR_CUT(m.id, pst_str_c(row->id));
    PST_ISTR_CUT(m.owner, pst_str_c(row->owner));
    pst_buf_init(&groups, 8192);
    bool ok = true;
    for (uint32_t i = 0; i < row->n_groups; i++) {
        ok = ok && pst_ipc_list_add(&groups, pst_str_c(row->groups[i]));
    }
    if (warden != NULL && ok) {
        (void)pst_link_send(warden, PST_IPC_KEY, &m, pst_buf_str(&groups), -1);
    }
    pst_buf_release(&groups);
}

static void key_changed(void *user, const struct pst_key_row *row)
{
    key_send(user, row);
}

static enum pst_status key_each(void *user, const struct pst_key_row *row, struct pst_err *err)
{
    (void)err;
    key_send(user, row);
    return PST_OK;
}

static void keys_send_all(struct control *c)
{
    struct pst_link *warden = pst_house_peer(&c->house, PST_ROLE_WARDEN, 0);
    struct pst_ipc_keys_done m = {0};
    struct pst_err err = {0};
    if (warden == NULL || c->store == NULL) {
        return;
    }
    if (pst_store_key_each(c->store, key_each, c, &err) != PST_OK) {
        pst_house_fail(&c->house, &err);
        return;
    }
    (void)PST_LINK_SEND(warden, KEYS_DONE, &m);
}

/* --- answering
 * ------------------------------------------------------------------------------------------------
 */

/* Audit closes the request's evidence when both sides are done with it. */
static void done_tell(struct control *c, const struct admin_request *r, uint16_t status, uint64_t n)
{
    struct pst_link *audit = pst_house_peer(&c->house, PST_ROLE_AUDIT, 0);
    struct pst_ipc_done done = {.req = r->id,
                                .bytes_received = n,
                                .status = status,
                                .front = r->front,
                                .attempt = r->attempt};
    if (audit != NULL && r->released) {
        (void)PST_LINK_SEND(audit, DONE, &done);
    }
}

/* What was changed is recorded before anybody is told of it. */
static void deed_tell(struct control *c, const struct admin_request *r,
                      const struct pst_admin_deed *deed)
{
    struct pst_link *audit = pst_house_peer(&c->house, PST_ROLE_AUDIT, 0);
    struct pst_ipc_administered m = {.req = r->id, .front = r->front};
    if (audit == NULL || deed->action[0] == 0) {
        return;
    }
    PST_ISTR_CUT(m.who, pst_str_c(r->who));
    PST_ISTR_CUT(m.action, pst_str_c(deed->action));
    PST_ISTR_CUT(m.object, pst_str_c(deed->object));
    PST_ISTR_CUT(m.detail, pst_str_c(deed->detail));
    (void)PST_LINK_SEND(audit, ADMINISTERED, &m);
}

static void reply(struct control *c, struct admin_request *r, const struct pst_admin_out *out)
{
    struct pst_link *front = pst_house_peer(&c->house, PST_ROLE_FRONT, r->front);
    struct pst_str left = pst_buf_str(&out->body);
    struct pst_ipc_answer m = {.req = r->id,
                               .status = out->status,
                               .first = 1,
                               .content = out->json ? 1 : 0,
                               .attempt = r->attempt};
    deed_tell(c, r, &out->deed);
    do {
        struct pst_str part = pst_str_cut(left, 0, PST_IPC_TAIL_MAX);
        left = pst_str_from(left, part.n);
        m.last = left.n == 0 ? 1 : 0;
        if (front != NULL) {
            (void)pst_link_send(front, PST_IPC_ANSWER, &m, part, -1);
        }
        m.first = 0;
    } while (left.n > 0);
    done_tell(c, r, out->status, out->body.n);
    forget(c, r);
}

/* The path must be one of the operation that was decided. */
static bool operation_matches(const struct admin_request *r, const struct pst_admin_in *in)
{
    struct pst_route route;
    return pst_route_find(PST_ROUTE_ADMIN, in->method, in->path, &route) == PST_ROUTE_FOUND &&
           (uint8_t)route.operation == r->operation;
}

static void act(struct control *c, struct admin_request *r)
{
    struct pst_admin_in in = {.who = pst_str_c(r->who),
                              .now_s = pst_loop_wall_ns(c->house.loop) / 1000000000};
    struct pst_admin_out out = {.json = true};
    struct pst_err err = {0};
    uint8_t digest[32];
    if (!r->has_body || !r->released) {
        return;
    }
    pst_buf_init(&out.body, ANSWER_CAP);
    pst_sha256(pst_buf_str(&r->body), digest);
    enum pst_status status = PST_OK;
    if (!pst_str_eq(pst_str_of(digest, sizeof digest), pst_str_of(r->digest, sizeof r->digest)) ||
        !pst_admin_split(pst_buf_str(&r->body), &in) || !operation_matches(r, &in)) {
        struct pst_link *front = pst_house_peer(&c->house, PST_ROLE_FRONT, r->front);
        (void)pst_fail(&err, PST_E_DIGEST_MISMATCH, "%s",
                       pst_error_row(PST_E_DIGEST_MISMATCH)->text);
        pst_admin_refuse(&err, &out);
        if (front != NULL) {
            pst_house_accuse(&c->house, front, PST_E_DIGEST_MISMATCH, r->id);
        }
    } else {
        in.who = pst_str_c(r->who);
        in.now_s = pst_loop_wall_ns(c->house.loop) / 1000000000;
        status = pst_admin_handle(&c->admin, &in, &out);
    }
    if (status == PST_AGAIN) {
        c->reload_req = r->id;
    } else {
        reply(c, r, &out);
    }
    if (out.body.n > 0) {
        pst_wipe(out.body.p, out.body.n); /* it may hold a new key */
    }
    pst_buf_release(&out.body);
}

static enum pst_status on_submit(struct control *c, struct pst_link *front, struct pst_message *m)
{
    const struct pst_ipc_submit *s = m->fixed;
    struct admin_request *r = find(c, s->req);
    enum pst_req_state state = r == NULL     ? PST_REQ_NONE
                               : r->has_body ? PST_REQ_SUBMITTED
                                             : PST_REQ_RELEASED;
    if (s->req >> 56 != front->index || m->fd >= 0 || s->body_bytes != m->tail.n ||
        !pst_ipc_legal(m->row, state)) {
        return PST_ERR;
    }
    r = get(c, s->req, front->index);
    if (r == NULL || !pst_buf_add(&r->body, m->tail)) {
        struct pst_ipc_answer busy = {.req = s->req,
                                      .error = PST_E_CONTROL_UNAVAILABLE,
                                      .first = 1,
                                      .last = 1,
                                      .attempt = s->attempt};
        (void)PST_LINK_SEND(front, ANSWER, &busy);
        return PST_OK;
    }
    r->has_body = true;
    r->attempt = s->attempt;
    act(c, r);
    return PST_OK;
}

static enum pst_status on_released(struct control *c, const struct pst_ipc_released *m)
{
    const struct pst_operation_row *row = pst_operation_row(m->operation);
    struct admin_request *r = find(c, m->req);
    if (row == NULL || row->place != PST_PLACE_CONTROL || (r != NULL && r->released)) {
        return PST_ERR;
    }
    r = get(c, m->req, m->front);
    if (r == NULL) {
        return PST_OK; /* its front was told so when it handed the body in */
    }
    r->released = true;
    r->operation = m->operation;
    r->attempt = m->attempt;
    memcpy(r->digest, m->digest, sizeof r->digest);
    pst_str_cut_c(PST_ISTR(m->who), r->who, sizeof r->who);
    act(c, r);
    return PST_OK;
}

static enum pst_status on_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct control *c = ctx;
    uint64_t id;
    struct admin_request *r;
    switch ((unsigned)m->type) {
    case PST_IPC_SUBMIT:
        return on_submit(c, link, m);
    case PST_IPC_RELEASED:
        return on_released(c, m->fixed);
    case PST_IPC_WITHDRAW:
    case PST_IPC_CUT:
        memcpy(&id, m->fixed, sizeof id);
        r = find(c, id);
        if (r != NULL && c->reload_req != id) {
            done_tell(c, r, 0, 0);
            forget(c, r);
        }
        return PST_OK;
    case PST_IPC_CREDIT:
    case PST_IPC_SYNCED:
        return PST_OK;
    default:
        return PST_ERR;
    }
}

/* --- the supervisor's news -------------------------------------------------------------------- */

static void on_stats(struct control *c, const struct pst_ipc_stats *m, struct pst_str counters)
{
    struct role_stats *slot = NULL;
    for (size_t i = 0; i < STATS_MAX; i++) {
        struct role_stats *r = &c->stats[i];
        if (r->used && r->s.role == m->role && r->s.index == m->index) {
            slot = r;
            break;
        }
        if (!r->used && slot == NULL) {
            slot = r;
        }
    }
    if (slot == NULL) {
        return;
    }
    slot->used = true;
    slot->s = *m;
    if (counters.n == sizeof slot->counters) {
        memcpy(slot->counters, counters.p, counters.n);
    }
}

static void on_reloaded(struct control *c, const struct pst_ipc_reloaded *m, struct pst_str why)
{
    struct admin_request *r = c->reload_req != 0 ? find(c, c->reload_req) : NULL;
    struct pst_admin_out out = {.json = true};
    if (m->ok != 0) {
        c->generation = m->generation;
    }
    c->reload_req = 0;
    if (r == NULL) {
        return;
    }
    pst_buf_init(&out.body, ANSWER_CAP);
    pst_admin_reloaded(m->ok != 0, m->generation, why, &out);
    reply(c, r, &out);
    pst_buf_release(&out.body);
}

static enum pst_status on_order(struct pst_link *link, struct pst_message *m, void *ctx)
{
    (void)link;
    if (m->type == PST_IPC_STATS) {
        on_stats(ctx, m->fixed, m->tail);
    } else if (m->type == PST_IPC_RELOADED) {
        on_reloaded(ctx, m->fixed, m->tail);
    }
    return PST_OK;
}

static void on_peer_new(void *user, struct pst_link *link)
{
    struct control *c = user;
    if (link->peer == PST_ROLE_WARDEN && c->house.running) {
        keys_send_all(c);
    }
}

/* What a front asked for that is gone, or what an audit released that is gone, ends. A reload goes
 * on: the supervisor has it in hand. */
static void on_peer_lost(void *user, struct pst_link *link)
{
    struct control *c = user;
    size_t at = 0;
    struct pst_str key;
    struct admin_request *r;
    while ((r = pst_map_next(&c->requests, &at, &key)) != NULL) {
        if ((link->peer == PST_ROLE_FRONT && r->front == link->index) ||
            link->peer == PST_ROLE_AUDIT) {
            done_tell(c, r, 0, 0);
            forget(c, r);
        }
    }
}

static enum pst_status on_grant(void *user, const struct pst_ipc_grant *grant, int *fd,
                                struct pst_err *err)
{
    (void)err;
    struct control *c = user;
    if (grant->what == PST_GRANT_STATE_DIR) {
        c->dir = pst_fd_take(fd);
    }
    return PST_OK;
}

static enum pst_status on_start(void *user, const struct pst_ipc_go *go,
                                struct pst_sandbox_config *sandbox, struct pst_err *err)
{
    static const char database[] = "postern.db";
    struct control *c = user;
    if (c->dir < 0 || fchdir(c->dir) != 0) {
        return pst_fail(err, PST_E_CONFIG, "control was started without its folder");
    }
    if (pst_store_open(database, &c->store, err) != PST_OK) {
        return PST_ERR;
    }
    c->generation = go->generation;
    c->started_unix_ns = (int64_t)go->started_unix_ns;
    c->path = (struct pst_sandbox_path){.dir = c->dir, .access = PST_SANDBOX_READ_WRITE};
    sandbox->paths = &c->path;
    sandbox->n_paths = 1;
    c->admin = (struct pst_admin){.store = c->store,
                                  .max_keys = c->max_keys,
                                  .user = c,
                                  .random = admin_random,
                                  .key_changed = key_changed,
                                  .reload = admin_reload,
                                  .status = admin_status,
                                  .metrics = admin_metrics};
    return PST_OK;
}

/* Of the image that audit has, its limits. */
static enum pst_status on_image(void *user, const struct pst_ipc_image *image, int *fd,
                                struct pst_err *err)
{
    struct control *c = user;
    struct pst_str map;
    if (pst_memfd_check(*fd, PST_SEALS, image->size, err) != PST_OK ||
        pst_memfd_map(*fd, (size_t)image->size, &map, err) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = pst_image_check(map, PST_IMAGE_AUDIT, err);
    if (status == PST_OK) {
        const struct pst_audit_image *audit = (const void *)map.p;
        c->max_keys = c->admin.max_keys = audit->limits.v[PST_LIMIT_keys];
    }
    pst_memfd_unmap(&map);
    return status;
}

static enum pst_status on_begin(void *user, struct pst_err *err)
{
    (void)err;
    keys_send_all(user);
    return PST_OK;
}

int pst_control_main(uint8_t index)
{
    static const struct pst_house_ops ops = {.grant = on_grant,
                                             .image = on_image,
                                             .start = on_start,
                                             .begin = on_begin,
                                             .message = on_message,
                                             .order = on_order,
                                             .peer_new = on_peer_new,
                                             .peer_lost = on_peer_lost};
    struct pst_err err = {0};
    struct control *c = calloc(1, sizeof *c);
    if (c == NULL || pst_crypto_init(&err) != PST_OK) {
        free(c);
        return 1;
    }
    c->dir = -1;
    pst_map_init(&c->requests, pst_random_u64(), REQUESTS_MAX);
    int status = pst_house_run(&c->house, PST_ROLE_CONTROL, index, &ops, c);
    pst_store_close(c->store);
    free(c);
    return status;
}
