#include "roles/front_tls.h"

#include "roles/front.h"

enum { TELL_MS = 1000 };

/* --- signatures ------------------------------------------------------------------------------- */

static struct pst_str key_of(const struct pst_front_conn *c)
{
    return pst_str_of(&c->tls.sign_id, sizeof c->tls.sign_id);
}

static void rest_end(struct pst_front_conn *c)
{
    if (c->tls.sign_id != 0) {
        (void)pst_map_take(&c->front->tls.resting, key_of(c));
        c->tls.sign_id = 0;
    }
}

/* Asks keys; when it is not there, the handshake fails and the client may come again. */
static void on_sign(void *user, struct pst_tls_conn *conn, const uint8_t spki[PST_TLS_SPKI],
                    uint16_t scheme, struct pst_str text)
{
    struct pst_front_conn *c = user;
    struct pst_front *f = c->front;
    struct pst_link *keys = pst_house_peer(&f->house, PST_ROLE_KEYS, 0);
    struct pst_ipc_tls_sign m = {.id = ++f->tls.last_id, .scheme = scheme};
    memcpy(m.spki, spki, sizeof m.spki);
    c->tls.sign_id = m.id;
    if (keys == NULL || !pst_map_put(&f->tls.resting, key_of(c), c)) {
        c->tls.sign_id = 0;
    } else if (!pst_link_send(keys, PST_IPC_TLS_SIGN, &m, text, -1)) {
        rest_end(c);
    }
    if (c->tls.sign_id == 0) {
        pst_tls_conn_signed(conn, (struct pst_str){NULL, 0});
    }
}

static void rest_over(struct pst_front_conn *c, struct pst_str signature)
{
    rest_end(c);
    pst_tls_conn_signed(c->tls.conn, signature);
    pst_front_conn_resume(c);
}

void pst_front_tls_signed(struct pst_front *f, const struct pst_message *m)
{
    const struct pst_ipc_tls_signed *fixed = m->fixed;
    struct pst_front_conn *c = pst_map_get(&f->tls.resting,
                                           pst_str_of(&fixed->id, sizeof fixed->id));
    if (c != NULL) { /* else its client did not wait */
        rest_over(c, pst_str_cut(m->tail, 0, fixed->ok != 0 ? m->tail.n : 0));
    }
}

void pst_front_tls_keys_lost(struct pst_front *f)
{
    struct pst_str id;
    size_t at = 0;
    for (struct pst_front_conn *c = pst_map_next(&f->tls.resting, &at, &id); c != NULL;
         c = pst_map_next(&f->tls.resting, &at, &id)) {
        rest_over(c, (struct pst_str){NULL, 0});
    }
}

/* A front that has no ticket keys resumes nothing, and that is all. */
void pst_front_tls_tickets(struct pst_front *f, const struct pst_ipc_ticket_keys *m)
{
    struct pst_err err = {0};
    if (pst_tls_host_tickets(f->tls.host, m->current, m->previous, &err) != PST_OK) {
        pst_house_log(&f->house, "no session tickets: %s", err.text);
    }
}

/* --- handshakes ------------------------------------------------------------------------------- */

/* Strangers cause this at will: it is counted, and one of a second is told. */
static void failed(struct pst_front_conn *c, const struct pst_err *why)
{
    struct pst_front *f = c->front;
    uint64_t now = pst_loop_now_ms(f->house.loop);
    pst_house_count(&f->house, PST_METRIC_tls_failed_total, 1);
    f->tls.untold++;
    if (f->tls.told_ms != 0 && now - f->tls.told_ms < TELL_MS) {
        return;
    }
    pst_house_log(&f->house, "%u TLS handshakes failed, the last one of %s: %s", f->tls.untold,
                  c->address, why->text);
    f->tls.told_ms = now;
    f->tls.untold = 0;
}

static enum pst_status nothing_begins(struct pst_front_conn *c, struct pst_err *err)
{
    (void)c;
    (void)err;
    return PST_OK;
}

static void nothing_ends(struct pst_front_conn *c, enum pst_error code)
{
    (void)c;
    (void)code;
}

static void nothing(struct pst_front_conn *c)
{
    (void)c;
}

static bool wants(const struct pst_front_conn *c)
{
    return c->tls.sign_id == 0 && !c->tls.stuck;
}

static void late(struct pst_front_conn *c)
{
    struct pst_err err = {0};
    (void)pst_fail(&err, PST_E_CLIENT_TLS, "it took too long");
    failed(c, &err);
    pst_front_conn_close(c, PST_E_CLIENT_TLS);
}

/* No stream can be there yet, so what is about streams is never called. */
static const struct pst_front_protocol shaking = {
    .name = "tls",
    .begin = nothing_begins,
    .end = nothing_ends,
    .take = nothing,
    .wants = wants,
    .fill = nothing,
    .late = late,
};

static const struct pst_front_protocol *agreed(const struct pst_front_conn *c)
{
    return pst_str_eq(pst_tls_conn_alpn(c->tls.conn), PST_STR("h2")) ? &pst_front_h2
                                                                     : &pst_front_h1;
}

static enum pst_status shaken(struct pst_front_conn *c, struct pst_err *err)
{
    struct pst_front *f = c->front;
    if (pst_tls_conn_peer(c->tls.conn, &c->chain, err) != PST_OK) {
        failed(c, err);
        return PST_ERR;
    }
    c->tls.shaken = true;
    pst_house_count(&f->house, PST_METRIC_tls_handshakes_total, 1);
    pst_house_count(&f->house, PST_METRIC_tls_resumed_total,
                    pst_tls_conn_resumed(c->tls.conn) ? 1 : 0);
    c->protocol = agreed(c);
    pst_front_conn_phase(c, f->config->image->limits.v[PST_LIMIT_idle_ms]);
    return c->protocol->begin(c, err);
}

enum pst_status pst_front_tls_shake(struct pst_front_conn *c, struct pst_err *err)
{
    struct pst_err why = {0};
    enum pst_status status = pst_tls_conn_handshake(c->tls.conn, &why);
    c->tls.stuck = status == PST_AGAIN && pst_tls_conn_need(c->tls.conn) == PST_TLS_NEED_WRITE;
    if (status == PST_OK) {
        return shaken(c, err);
    }
    if (status == PST_ERR) {
        failed(c, &why);
        *err = why;
    }
    return status;
}

enum pst_status pst_front_tls_open(struct pst_front_conn *c, const struct pst_image_listener *row,
                                   struct pst_err *err)
{
    const struct pst_front_config *config = c->front->config;
    size_t at = (size_t)(row - config->image->listeners);
    if (config->tls[at] == NULL) {
        return pst_fail(err, PST_E_CLIENT_TLS, "there is no certificate");
    }
    c->protocol = &shaking;
    return pst_tls_conn_new(config->tls[at], c->fd, c, &c->tls.conn, err);
}

void pst_front_tls_close(struct pst_front_conn *c)
{
    rest_end(c);
    pst_tls_conn_free(c->tls.conn);
    c->tls.conn = NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

enum pst_status pst_front_tls_init(struct pst_front *f, struct pst_err *err)
{
    pst_map_init(&f->tls.resting, f->seed, PST_TLS_RESTING_MAX);
    return pst_tls_host_new(on_sign, &f->tls.host, err);
}

void pst_front_tls_release(struct pst_front *f)
{
    pst_map_release(&f->tls.resting);
    pst_tls_host_free(f->tls.host);
}

enum pst_status pst_front_tls_configure(struct pst_front *f, struct pst_front_config *config,
                                        struct pst_err *err)
{
    static const enum pst_tls_clients modes[] = {
        [PST_CLIENT_NONE] = PST_TLS_CLIENTS_NONE,
        [PST_CLIENT_OPTIONAL] = PST_TLS_CLIENTS_OPTIONAL,
        [PST_CLIENT_REQUIRED] = PST_TLS_CLIENTS_REQUIRED,
    };
    const struct pst_front_image *image = config->image;
    for (size_t i = 0; i < image->n_listeners; i++) {
        const struct pst_image_listener *row = &image->listeners[i];
        const struct pst_tls_server_config server = {
            .certificate = pst_image_certificate(image, row),
            .clients = pst_image_clients(image, row),
            .mode = modes[row->client_mode],
            .http2 = row->http2 != 0,
        };
        bool mine = (row->kind == PST_LISTEN_CLIENT) != f->admin;
        if (row->tls != 0 && mine &&
            pst_tls_server_new(f->tls.host, &server, &config->tls[i], err) != PST_OK) {
            pst_front_tls_forget(config);
            return PST_ERR;
        }
    }
    return PST_OK;
}

void pst_front_tls_forget(struct pst_front_config *config)
{
    for (size_t i = 0; i < PST_LISTENERS_MAX; i++) {
        pst_tls_server_free(config->tls[i]);
        config->tls[i] = NULL;
    }
}
