#include "roles/egress.h"

#include "crypto/crypto.h"
#include "crypto/random.h"
#include "sys/fd.h"

#include <stdlib.h>

enum { REQUESTS_MAX = 16384, SWEEP_MS = 1000 };

static enum pst_status on_credit(struct pst_egress *e, struct pst_link *front,
                                 const struct pst_ipc_credit *m)
{
    struct pst_egress_request *r = pst_egress_find(e, m->req);
    if (m->req >> 56 != front->index || m->bytes > PST_IPC_WINDOW) {
        return PST_ERR;
    }
    if (r == NULL) {
        return PST_OK; /* it ended meanwhile */
    }
    if (!pst_ipc_legal(pst_ipc_row(PST_IPC_CREDIT), r->state)) {
        return PST_ERR;
    }
    r->window += m->bytes;
    if (r->window > PST_IPC_WINDOW) {
        return PST_ERR; /* more was given back than was taken */
    }
    if (r->conn != NULL) {
        pst_egress_conn_resume(r->conn);
    }
    return PST_OK;
}

static enum pst_status on_withdraw(struct pst_egress *e, struct pst_link *front,
                                   const struct pst_ipc_withdraw *m)
{
    struct pst_egress_request *r = pst_egress_find(e, m->req);
    if (m->req >> 56 != front->index) {
        return PST_ERR;
    }
    if (r != NULL && m->round >= r->round) { /* else a newer round has taken its place */
        pst_egress_end(r, PST_E_CLIENT_CLOSED, true);
    }
    return PST_OK;
}

static void on_cut(struct pst_egress *e, const struct pst_ipc_cut *m)
{
    struct pst_egress_request *r = pst_egress_find(e, m->req);
    if (r != NULL) {
        pst_egress_end(r, m->code < PST_E_COUNT ? (enum pst_error)m->code : PST_E_INTERNAL, false);
    }
}

static void on_synced(struct pst_egress *e, const struct pst_ipc_synced *m)
{
    if (m->seq <= e->durable) {
        return;
    }
    e->durable = m->seq;
    for (struct pst_egress_conn *c = e->conns; c != NULL; c = c->next) {
        if (c->request != NULL) {
            pst_egress_conn_resume(c);
        }
    }
}

static enum pst_status on_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct pst_egress *e = ctx;
    switch ((unsigned)m->type) {
    case PST_IPC_SUBMIT:
        return pst_egress_submit(e, link, m);
    case PST_IPC_CREDIT:
        return on_credit(e, link, m->fixed);
    case PST_IPC_WITHDRAW:
        return on_withdraw(e, link, m->fixed);
    case PST_IPC_RELEASED:
        return pst_egress_released(e, m->fixed);
    case PST_IPC_CUT:
        on_cut(e, m->fixed);
        return PST_OK;
    case PST_IPC_SYNCED:
        on_synced(e, m->fixed);
        return PST_OK;
    case PST_IPC_CONNECTED:
        pst_egress_conn_connected(e, m->fixed, &m->fd);
        return PST_OK;
    default:
        return PST_ERR;
    }
}

/* A body without a release: the front sent what nobody decided, or never took back what was denied.
 * A release without a body, or an answer that takes too long, ends here as well. */
static void sweep(struct pst_loop *loop, void *user)
{
    struct pst_egress *e = user;
    uint64_t now = pst_loop_now_ms(loop);
    uint64_t patience = e->image->limits.v[PST_LIMIT_unreleased_ms];
    uint64_t longest_ns = e->image->limits.v[PST_LIMIT_answer_ms] * 1000000;
    size_t at = 0;
    struct pst_str key;
    struct pst_egress_request *r;
    while ((r = pst_map_next(&e->requests, &at, &key)) != NULL) {
        if (r->state == PST_REQ_SENT) {
            if (pst_loop_now_ns(loop) - r->sent_ns > longest_ns) {
                pst_egress_end(r, PST_E_UPSTREAM_TIMEOUT, false);
            }
        } else if (now - r->submitted_ms > patience && r->conn == NULL) {
            struct pst_link *front = pst_house_peer(&e->house, PST_ROLE_FRONT, r->front);
            if (r->state == PST_REQ_SUBMITTED && front != NULL) {
                pst_house_accuse(&e->house, front, PST_E_PROTOCOL_VIOLATION, r->id);
            }
            pst_egress_end(r, PST_E_EGRESS_UNAVAILABLE, false);
        }
    }
    pst_house_timer(&e->house, &e->sweep, SWEEP_MS, sweep, e);
}

/* Without audit nothing may go on: what is under way ends. Without its front a request has nobody.
 */
static void on_peer_lost(void *user, struct pst_link *link)
{
    struct pst_egress *e = user;
    size_t at = 0;
    struct pst_str key;
    struct pst_egress_request *r;
    if (link->peer != PST_ROLE_AUDIT && link->peer != PST_ROLE_FRONT) {
        return;
    }
    if (link->peer == PST_ROLE_AUDIT) {
        e->durable = 0; /* the next one counts its own */
    }
    while ((r = pst_map_next(&e->requests, &at, &key)) != NULL) {
        if (link->peer == PST_ROLE_AUDIT) {
            pst_egress_end(r, PST_E_AUDIT_UNAVAILABLE, false);
        } else if (r->front == link->index) {
            pst_egress_end(r, PST_E_ABORTED_FRONT, true);
        }
    }
}

/* Other anchors: no connection that was made under the ones before carries another request. */
static void take_client(struct pst_egress *e, struct pst_tls_client *fresh, struct pst_str pem)
{
    uint8_t digest[PST_SHA256_BYTES];
    pst_sha256(pem, digest);
    if (e->tls != NULL && memcmp(digest, e->ca_digest, sizeof digest) != 0) {
        pst_egress_conns_renew(e);
    }
    memcpy(e->ca_digest, digest, sizeof digest);
    pst_tls_client_free(e->tls);
    e->tls = fresh;
}

static enum pst_status tls_prepare(struct pst_egress *e, struct pst_err *err)
{
    struct pst_buf pem;
    uint64_t size;
    if (e->ca_fd < 0) {
        return pst_fail(err, PST_E_CONFIG, "there is no CA bundle for %s", e->image->name);
    }
    pst_buf_init(&pem, PST_TLS_CA_MAX);
    enum pst_status status = pst_fd_size(e->ca_fd, &size, err);
    uint8_t *room = status == PST_OK && size <= PST_TLS_CA_MAX ? pst_buf_room(&pem, (size_t)size)
                                                               : NULL;
    if (room == NULL) {
        status = pst_fail(err, PST_E_CONFIG, "the CA bundle for %s cannot be read", e->image->name);
    } else {
        status = pst_fd_pread_full(e->ca_fd, room, (size_t)size, 0, err);
        pst_buf_added(&pem, (size_t)size);
    }
    struct pst_tls_client *fresh = NULL;
    if (status == PST_OK) {
        status = pst_tls_client_new(pst_buf_str(&pem), &fresh, err);
    }
    if (status == PST_OK) {
        take_client(e, fresh, pst_buf_str(&pem));
    }
    pst_buf_release(&pem);
    pst_fd_close(&e->ca_fd);
    return status;
}

/* A new one holds for requests that are sent from now on. */
static enum pst_status credential_take(struct pst_egress *e, int fd, struct pst_err *err)
{
    uint8_t *bytes = e->read_buf;
    uint64_t size;
    if (pst_fd_size(fd, &size, err) != PST_OK || size == 0 || size > PST_SECRET_MAX ||
        pst_fd_pread_full(fd, bytes, (size_t)size, 0, err) != PST_OK) {
        return pst_fail(err, PST_E_CONFIG, "the credential cannot be read");
    }
    struct pst_str text = pst_str_trim(pst_str_of(bytes, (size_t)size));
    while (text.n > 0 && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r')) {
        text.n--;
    }
    struct pst_secret *fresh = pst_secret_new(text);
    pst_wipe(bytes, (size_t)size);
    if (fresh == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "the credential cannot be kept");
    }
    pst_secret_free(e->credential);
    e->credential = fresh;
    return PST_OK;
}

static enum pst_status on_grant(void *user, const struct pst_ipc_grant *grant, int *fd,
                                struct pst_err *err)
{
    struct pst_egress *e = user;
    struct pst_err why = {0};
    enum pst_status status = PST_OK;
    if (grant->what == PST_GRANT_CA) {
        pst_fd_close(&e->ca_fd);
        e->ca_fd = pst_fd_take(fd);
        status = e->house.running ? tls_prepare(e, &why) : PST_OK;
    } else if (grant->what == PST_GRANT_CREDENTIAL) {
        status = credential_take(e, *fd, &why);
    }
    if (status != PST_OK && e->house.running) { /* amid a reload: the one before still serves */
        pst_house_log(&e->house, "%s; what was there stays", why.text);
        return PST_OK;
    }
    if (status != PST_OK) {
        *err = why;
    }
    return status;
}

/* Whether both mean the same place, spoken to in the same way. */
static bool same_upstream(const struct pst_egress_image *a, const struct pst_egress_image *b)
{
    return a->port == b->port && a->tls == b->tls && a->proxy_port == b->proxy_port &&
           memcmp(a->host, b->host, sizeof a->host) == 0 &&
           memcmp(a->proxy_host, b->proxy_host, sizeof a->proxy_host) == 0 &&
           memcmp(a->base_path, b->base_path, sizeof a->base_path) == 0 &&
           memcmp(a->cred_header, b->cred_header, sizeof a->cred_header) == 0 &&
           memcmp(a->cred_prefix, b->cred_prefix, sizeof a->cred_prefix) == 0;
}

static enum pst_status on_image(void *user, const struct pst_ipc_image *image, int *fd,
                                struct pst_err *err)
{
    struct pst_egress *e = user;
    struct pst_str map;
    if (pst_memfd_check(*fd, PST_SEALS, image->size, err) != PST_OK ||
        pst_memfd_map(*fd, (size_t)image->size, &map, err) != PST_OK) {
        return PST_ERR;
    }
    union {
        const void *p;
        const struct pst_egress_image *image;
    } cast = {.p = map.p};
    if (pst_image_check(map, PST_IMAGE_EGRESS, err) != PST_OK) {
        pst_memfd_unmap(&map);
        return PST_ERR;
    }
    bool same = e->image != NULL && same_upstream(e->image, cast.image);
    pst_memfd_unmap(&e->map);
    e->map = map;
    e->image = cast.image;
    if (!same) { /* what was decided for the one before must not go here */
        e->since = cast.image->head.generation;
        pst_egress_conns_renew(e);
    }
    return PST_OK;
}

static enum pst_status on_start(void *user, const struct pst_ipc_go *go,
                                struct pst_sandbox_config *sandbox, struct pst_err *err)
{
    (void)go;
    (void)sandbox;
    struct pst_egress *e = user;
    if (e->image == NULL) {
        return pst_fail(err, PST_E_CONFIG, "egress was started without an upstream");
    }
    if (e->image->tls != 0 && tls_prepare(e, err) != PST_OK) {
        return PST_ERR;
    }
    pst_house_timer(&e->house, &e->sweep, SWEEP_MS, sweep, e);
    return PST_OK;
}

static void on_end(void *user)
{
    pst_egress_conns_close(user);
}

int pst_egress_main(uint8_t index)
{
    static const struct pst_house_ops ops = {
        .grant = on_grant,
        .late_grants = true,
        .image = on_image,
        .start = on_start,
        .message = on_message,
        .peer_lost = on_peer_lost,
        .end = on_end,
    };
    struct pst_err err = {0};
    struct pst_egress *e = calloc(1, sizeof *e);
    if (e == NULL || pst_crypto_init(&err) != PST_OK || pst_sha256_init(&e->sha, &err) != PST_OK) {
        free(e);
        return 1;
    }
    e->ca_fd = -1;
    pst_map_init(&e->requests, pst_random_u64(), REQUESTS_MAX);
    pst_buf_init(&e->answer, PST_IPC_TAIL_MAX);
    int status = pst_house_run(&e->house, PST_ROLE_EGRESS, index, &ops, e);
    pst_secret_free(e->credential);
    free(e);
    return status;
}
