#include "roles/front.h"

#include "crypto/crypto.h"
#include "crypto/random.h"
#include "sys/fd.h"

#include <stdlib.h>
#include <unistd.h>

enum { REQUESTS_MAX = 65536, LOG_CAP = 4 * 1024 * 1024 };

/* --- listeners -------------------------------------------------------------------------------- */

const struct pst_image_listener *pst_front_listener_row(const struct pst_front_listener *l)
{
    return pst_image_listener(l->front->config->image, l->id);
}

static void listener_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready,
                           void *user)
{
    (void)loop;
    (void)watch;
    (void)ready;
    pst_front_accept(user);
}

static enum pst_status listener_open(struct pst_front_listener *l, struct pst_err *err)
{
    return pst_watch(l->front->house.loop, l->fd, PST_READ, listener_ready, l, &l->watch, err);
}

/* Its place stays where it is: a watch points to it. */
static struct pst_front_listener *listener_free(struct pst_front *f)
{
    for (size_t i = 0; i < f->n_listeners; i++) {
        if (f->listeners[i].fd < 0) {
            return &f->listeners[i];
        }
    }
    return f->n_listeners < PST_LISTENERS_MAX ? &f->listeners[f->n_listeners++] : NULL;
}

/* At start, before GO; later the new ones of a reload, after the image that knows them. */
static enum pst_status on_listen(void *user, const struct pst_ipc_listen *m, int *fd,
                                 struct pst_err *err)
{
    struct pst_front *f = user;
    for (size_t i = 0; i < f->n_listeners; i++) {
        if (f->listeners[i].fd >= 0 && f->listeners[i].id == m->id) {
            return PST_OK; /* given at the start already, amid a reload */
        }
    }
    struct pst_front_listener *l = listener_free(f);
    if (l == NULL) {
        return pst_fail(err, PST_E_LIMIT, "too many listeners");
    }
    *l = (struct pst_front_listener){.front = f, .fd = -1};
    if (pst_fd_nonblock(*fd, true, err) != PST_OK) {
        return PST_ERR;
    }
    l->fd = pst_fd_take(fd);
    l->id = m->id;
    l->kind = m->kind;
    return f->open ? listener_open(l, err) : PST_OK;
}

/* What the new configuration does not have any more lets nobody in from now on; who is in stays. */
static void listeners_close_gone(struct pst_front *f)
{
    for (size_t i = 0; i < f->n_listeners; i++) {
        struct pst_front_listener *l = &f->listeners[i];
        if (l->fd >= 0 && pst_front_listener_row(l) == NULL) {
            pst_unwatch(f->house.loop, &l->watch);
            pst_fd_close(&l->fd);
        }
    }
}

/* --- configuration ---------------------------------------------------------------------------- */

static void config_free(struct pst_front_config *config)
{
    if (config->retired && config->users == 0) {
        pst_front_inspect_close(config->inspect);
        pst_front_tls_forget(config);
        pst_memfd_unmap(&config->map);
        free(config);
    }
}

void pst_front_config_put(struct pst_front_config *config)
{
    config->users--;
    config_free(config);
}

/* What is looked for comes before the configuration that it belongs to. */
static enum pst_status on_inspect(struct pst_front *f, const struct pst_ipc_image *image, int fd,
                                  struct pst_err *err)
{
    pst_front_inspect_close(f->inspect);
    f->inspect = NULL;
    return pst_front_inspect_open(fd, image->size, &f->inspect, err);
}

/* Requests under way keep the configuration they began with: a reload never cuts a stream. */
static enum pst_status on_image(void *user, const struct pst_ipc_image *image, int *fd,
                                struct pst_err *err)
{
    struct pst_front *f = user;
    if (image->kind == PST_IMAGE_INSPECT) {
        return on_inspect(f, image, *fd, err);
    }
    struct pst_front_config *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a configuration");
    }
    if (pst_memfd_check(*fd, PST_SEALS, image->size, err) != PST_OK ||
        pst_memfd_map(*fd, (size_t)image->size, &fresh->map, err) != PST_OK ||
        pst_image_check(fresh->map, PST_IMAGE_FRONT, err) != PST_OK) {
        pst_memfd_unmap(&fresh->map);
        free(fresh);
        return PST_ERR;
    }
    union {
        const void *p;
        const struct pst_front_image *image;
    } cast = {.p = fresh->map.p};
    fresh->image = cast.image;
    if (pst_front_tls_configure(f, fresh, err) != PST_OK) {
        pst_memfd_unmap(&fresh->map);
        free(fresh);
        return PST_ERR;
    }
    if (f->inspect != NULL && pst_front_inspect_configure(f->inspect, fresh, err) != PST_OK) {
        pst_front_tls_forget(fresh);
        pst_memfd_unmap(&fresh->map);
        free(fresh);
        return PST_ERR;
    }
    fresh->inspect = f->inspect;
    f->inspect = NULL;
    if (f->config != NULL) {
        f->config->retired = true;
        config_free(f->config);
    }
    f->config = fresh;
    listeners_close_gone(f);
    return PST_OK;
}

/* --- messages --------------------------------------------------------------------------------- */

/* Nobody is let in before texts can be masked: what waits at the door waits a moment longer. */
static enum pst_status open_up(struct pst_front *f, struct pst_err *err)
{
    if (!f->admin && f->config->image->inspect != 0 && !f->masking_there) {
        return PST_OK;
    }
    for (size_t i = 0; i < f->n_listeners; i++) {
        if (f->listeners[i].fd >= 0 && listener_open(&f->listeners[i], err) != PST_OK) {
            return PST_ERR;
        }
    }
    f->open = true;
    return PST_OK;
}

/* Keys may have come back: it is the same key. */
static enum pst_status on_masking(struct pst_front *f, const struct pst_ipc_masking *m)
{
    struct pst_err err = {0};
    if (f->masking_there) {
        return PST_OK;
    }
    enum pst_status status = pst_hmac_init(&f->masking, pst_str_of(m->key, sizeof m->key), &err);
    f->masking_there = status == PST_OK;
    if (status == PST_OK && f->begun && !f->open) {
        status = open_up(f, &err);
    }
    if (status != PST_OK) {
        pst_house_fail(&f->house, &err);
    }
    return PST_OK;
}

static enum pst_status on_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct pst_front *f = ctx;
    if (m->type == PST_IPC_MASKING) {
        return on_masking(f, m->fixed);
    }
    if (m->type == PST_IPC_TLS_SIGNED) {
        pst_front_tls_signed(f, m);
        return PST_OK;
    }
    if (m->type == PST_IPC_TICKET_KEYS) {
        pst_front_tls_tickets(f, m->fixed);
        return PST_OK;
    }
    if (m->type == PST_IPC_ANSWER) {
        return pst_front_on_answer(f, link, m);
    }
    return pst_front_on_verdict(f, link, m);
}

static void on_peer_lost(void *user, struct pst_link *link)
{
    if (link->peer == PST_ROLE_KEYS) {
        pst_front_tls_keys_lost(user);
    }
    pst_front_peer_lost(user, link->peer, link->index);
}

/* Log lines leave once per wake-up, in one write. */
static void on_before_sleep(void *user)
{
    struct pst_front *f = user;
    if (f->log.n == 0) {
        return;
    }
    ssize_t n = write(STDERR_FILENO, f->log.p, f->log.n);
    (void)n; /* a full or closed standard error loses log lines, never evidence */
    pst_buf_clear(&f->log);
}

static enum pst_status on_start(void *user, const struct pst_ipc_go *go,
                                struct pst_sandbox_config *sandbox, struct pst_err *err)
{
    struct pst_front *f = user;
    (void)go;
    (void)sandbox;
    if (f->config == NULL || f->n_listeners == 0) {
        return pst_fail(err, PST_E_CONFIG, "front was started without configuration or listeners");
    }
    f->last_id = pst_id_first(f->house.index, pst_loop_wall_ns(f->house.loop));
    return PST_OK;
}

static enum pst_status on_begin(void *user, struct pst_err *err)
{
    struct pst_front *f = user;
    f->begun = true;
    return open_up(f, err);
}

static void on_end(void *user)
{
    struct pst_front *f = user;
    while (f->conns != NULL) {
        pst_front_conn_close(f->conns, PST_E_NONE);
    }
    pst_front_streams_release(f);
}

int pst_front_main(uint8_t index, bool admin)
{
    static const struct pst_house_ops ops = {
        .image = on_image,
        .listen = on_listen,
        .start = on_start,
        .begin = on_begin,
        .message = on_message,
        .peer_lost = on_peer_lost,
        .before_sleep = on_before_sleep,
        .end = on_end,
    };
    struct pst_err err = {0};
    struct pst_front *f = calloc(1, sizeof *f);
    if (f == NULL || pst_crypto_init(&err) != PST_OK || pst_sha256_init(&f->sha, &err) != PST_OK ||
        pst_aead_init(&f->aead, &err) != PST_OK) {
        free(f);
        return 1;
    }
    f->admin = admin;
    f->seed = pst_random_u64();
    if (pst_front_tls_init(f, &err) != PST_OK) {
        free(f);
        return 1;
    }
    pst_map_init(&f->requests, f->seed, REQUESTS_MAX);
    pst_buf_init(&f->log, LOG_CAP);
    pst_buf_init(&f->masked, 0); /* its cap comes with the configuration of a request */
    pst_openai_request_names(&f->request_names);
    pst_openai_answer_names(&f->answer_names);
    int status = pst_house_run(&f->house, PST_ROLE_FRONT, index, &ops, f);
    free(f);
    return status;
}
