#include "roles/supervisor_inside.h"

#include "sys/fd.h"
#include "sys/net.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 1024, KEY_BYTES_MAX = 16384, KEYS_MS = 5000 };

/* --- sockets ---------------------------------------------------------------------------------- */

static const struct pst_plan_listener *row_of(const struct pst_plan *plan, uint64_t id)
{
    for (uint32_t i = 0; i < plan->n_listeners; i++) {
        if (plan->listeners[i].id == id) {
            return &plan->listeners[i];
        }
    }
    return NULL;
}

static bool is_open(const struct pst_super *s, uint64_t id)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        if (s->listeners[i].id == id) {
            return true;
        }
    }
    return false;
}

static enum pst_status socket_open(struct pst_super *s, const struct pst_plan_listener *row,
                                   struct pst_err *err)
{
    struct pst_super_listener *l = &s->opened[s->n_opened];
    struct pst_addr a;
    enum pst_status status;
    *l = (struct pst_super_listener){.fd = -1, .kind = row->kind, .id = row->id, .fresh = true};
    if (row->kind == PST_LISTEN_ADMIN_UNIX) {
        char folder[PST_PATH_MAX + 8];
        pst_text(folder, sizeof folder, "%s/run", s->options->state_dir);
        (void)mkdir(folder, 0700); /* what is wrong with it, listening tells */
        status = pst_net_listen_unix(row->address, 0600, 0, &l->fd, err);
    } else if (!pst_addr_parse_ip(pst_str_c(row->address), (uint16_t)row->port, &a)) {
        return pst_fail(err, PST_E_CONFIG, "%s is not an address", row->address);
    } else {
        status = pst_net_listen(&a, LISTEN_BACKLOG, &l->fd, err);
    }
    s->n_opened += status == PST_OK;
    return status;
}

/* Only opened: to read it is for keys alone. */
static enum pst_status key_open(struct pst_super *s, const struct pst_plan_listener *row, int *ret,
                                struct pst_err *err)
{
    struct stat st;
    PST_FD fd = open(row->key_file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return pst_fail(err, PST_E_CONFIG, "%s:%u:%u: %s: %m", s->options->config_path, row->line,
                        row->column, row->key_file);
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > KEY_BYTES_MAX) {
        return pst_fail(err, PST_E_CONFIG, "%s:%u:%u: %s is not a file with a private key",
                        s->options->config_path, row->line, row->column, row->key_file);
    }
    *ret = pst_fd_take(&fd);
    return PST_OK;
}

enum pst_status pst_super_listen_prepare(struct pst_super *s, struct pst_err *err)
{
    const struct pst_plan *plan = s->coming.plan;
    for (size_t i = 0; i < PST_LISTENERS_MAX; i++) {
        s->coming.keys[i] = -1;
    }
    s->coming.keys_open = true;
    for (uint32_t i = 0; i < plan->n_listeners; i++) {
        const struct pst_plan_listener *row = &plan->listeners[i];
        if (row->tls != 0 && key_open(s, row, &s->coming.keys[i], err) != PST_OK) {
            return PST_ERR;
        }
        if (!is_open(s, row->id) && socket_open(s, row, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

void pst_super_listen_abandon(struct pst_super *s)
{
    for (size_t i = 0; i < s->n_opened; i++) {
        pst_fd_close(&s->opened[i].fd);
    }
    s->n_opened = 0;
}

void pst_super_listen_commit(struct pst_super *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n_listeners; i++) {
        if (row_of(s->current.plan, s->listeners[i].id) != NULL) {
            s->listeners[kept++] = s->listeners[i];
        } else {
            pst_fd_close(&s->listeners[i].fd);
        }
    }
    for (size_t i = 0; i < s->n_opened; i++) {
        PST_BUG_ON(kept == PST_LISTENERS_MAX); /* each has its row in the plan */
        s->listeners[kept++] = s->opened[i];
    }
    s->n_listeners = kept;
    s->n_opened = 0;
}

void pst_super_listeners_give(struct pst_child *front, bool all)
{
    const struct pst_super *s = front->super;
    for (size_t i = 0; i < s->n_listeners; i++) {
        const struct pst_super_listener *l = &s->listeners[i];
        bool for_admin = l->kind != PST_LISTEN_CLIENT;
        struct pst_ipc_listen m = {.id = l->id, .kind = l->kind};
        int fd = for_admin == front->admin && (all || l->fresh) ? fcntl(l->fd, F_DUPFD_CLOEXEC, 0)
                                                                : -1;
        if (fd >= 0) {
            (void)pst_link_send(&front->link, PST_IPC_LISTEN, &m, (struct pst_str){NULL, 0}, fd);
        }
    }
}

void pst_super_listeners_given(struct pst_super *s)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        s->listeners[i].fresh = false;
    }
}

/* --- keys ------------------------------------------------------------------------------------- */

static bool has_tls(const struct pst_plan *plan)
{
    for (uint32_t i = 0; plan != NULL && i < plan->n_listeners; i++) {
        if (plan->listeners[i].tls != 0) {
            return true;
        }
    }
    return false;
}

static void tell_keys(struct pst_child *keys, enum pst_tls_keys_step step, uint32_t generation)
{
    struct pst_ipc_tls_keys m = {.generation = generation, .step = (uint32_t)step};
    if (keys != NULL && keys->running) {
        (void)PST_LINK_SEND(&keys->link, TLS_KEYS, &m);
    }
}

void pst_super_keys_give(struct pst_child *keys, const struct pst_super_images *images)
{
    struct pst_super *s = keys->super;
    s->keys_bad = false;
    for (uint32_t i = 0; images->keys_open && i < images->plan->n_listeners; i++) {
        struct pst_ipc_grant m = {.what = PST_GRANT_TLS_KEY, .index = i};
        int fd = images->keys[i] >= 0 ? fcntl(images->keys[i], F_DUPFD_CLOEXEC, 0) : -1;
        if (fd >= 0) {
            (void)pst_link_send(&keys->link, PST_IPC_GRANT, &m, (struct pst_str){NULL, 0}, fd);
        }
    }
    tell_keys(keys, PST_TLS_KEYS_READ, images->generation);
}

static void keys_slow(struct pst_loop *loop, void *user)
{
    struct pst_super *s = user;
    (void)loop;
    s->keys_wait = false;
    struct pst_child *keys = pst_super_child(s, PST_ROLE_KEYS, 0);
    if (keys != NULL) {
        pst_child_kill(keys); /* what it says later must not be taken for another answer */
    }
    pst_super_coming_refuse(s, "keys did not say in time whether it has the keys of the listeners");
}

enum pst_status pst_super_keys_ask(struct pst_super *s, bool *ret_wait, struct pst_err *err)
{
    struct pst_child *keys = pst_super_child(s, PST_ROLE_KEYS, 0);
    *ret_wait = has_tls(s->coming.plan) || has_tls(s->current.plan);
    if (!*ret_wait) {
        return PST_OK;
    }
    if (keys == NULL || !keys->ready) {
        return pst_fail(err, PST_E_CONFIG, "keys is being restarted; try again");
    }
    if (!pst_timer_set(s->loop, &s->keys_timer, KEYS_MS, keys_slow, s)) {
        return pst_fail(err, PST_E_NO_MEMORY, "no room for a timer");
    }
    s->keys_wait = true;
    pst_super_keys_give(keys, &s->coming);
    return PST_OK;
}

/* The configuration that keys is being asked about. */
static const struct pst_super_images *asked(const struct pst_super *s)
{
    return s->keys_wait ? &s->coming : &s->current;
}

void pst_super_key_read(struct pst_child *keys, const struct pst_ipc_tls_key_read *m)
{
    struct pst_super *s = keys->super;
    const struct pst_plan *plan = asked(s)->plan;
    if (plan == NULL || m->index >= plan->n_listeners || s->keys_bad) {
        return;
    }
    const struct pst_plan_listener *row = &plan->listeners[m->index];
    struct pst_str text = PST_ISTR(m->text);
    if (m->ok != 0 && memcmp(m->spki, row->spki, sizeof row->spki) == 0) {
        return;
    }
    s->keys_bad = true;
    if (m->ok != 0) {
        text = PST_STR("this is not the key of the listener's certificate");
    }
    pst_text(s->keys_why, sizeof s->keys_why, "%s:%u:%u: %s: %.*s", s->options->config_path,
             row->line, row->column, row->key_file, PST_FMT(text));
}

void pst_super_keys_read(struct pst_child *keys, const struct pst_ipc_tls_keys_read *m)
{
    struct pst_super *s = keys->super;
    if (m->generation != asked(s)->generation) {
        return; /* of a configuration that was given up */
    }
    bool ok = !s->keys_bad;
    if (s->keys_wait) {
        s->keys_wait = false;
        pst_timer_cancel(s->loop, &s->keys_timer);
        tell_keys(keys, ok ? PST_TLS_KEYS_COMMIT : PST_TLS_KEYS_DROP, m->generation);
        if (ok) {
            pst_super_coming_commit(s);
        } else {
            pst_super_coming_refuse(s, s->keys_why);
        }
        return;
    }
    /* of a new process: a key that was overwritten meanwhile serves nobody until a reload */
    tell_keys(keys, PST_TLS_KEYS_COMMIT, m->generation);
    if (!ok) {
        pst_super_log(s, "%s", s->keys_why);
        if (!s->told_ready) {
            pst_super_stop(s, 1);
        }
    }
}

void pst_super_keys_gone(struct pst_super *s)
{
    if (s->keys_wait) {
        s->keys_wait = false;
        pst_timer_cancel(s->loop, &s->keys_timer);
        pst_super_coming_refuse(s, "keys ended before it had the keys of the listeners");
    }
}
