#include "roles/supervisor_inside.h"

#include "sys/fd.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINK_CAP = 16 * 1024 * 1024,
    PAIR_BUFFER = 1024 * 1024,
    BACKOFF_BASE_MS = 100,
    BACKOFF_MAX_MS = 5000,
    STABLE_MS = 10000,
    REAP_AGAIN_MS = 50,
    HOPELESS = 5, /* deaths before the first READY of all: the configuration is at fault */
};

static void child_start(struct pst_child *c);

struct pst_child *pst_super_child(struct pst_super *s, enum pst_role role, uint8_t index)
{
    for (size_t i = 0; i < s->n_children; i++) {
        if (s->children[i].role == role && s->children[i].index == index) {
            return &s->children[i];
        }
    }
    return NULL;
}

/* --- who speaks with whom --------------------------------------------------------------------- */

static bool linked_one_way(const struct pst_child *a, const struct pst_child *b)
{
    switch ((unsigned)a->role) {
    case PST_ROLE_FRONT:
        return b->role == PST_ROLE_WARDEN || b->role == PST_ROLE_AUDIT ||
               b->role == PST_ROLE_KEYS || (b->role == PST_ROLE_EGRESS && !a->admin) ||
               (b->role == PST_ROLE_CONTROL && a->admin);
    case PST_ROLE_AUDIT:
        return b->role == PST_ROLE_WARDEN || b->role == PST_ROLE_EGRESS ||
               b->role == PST_ROLE_CONTROL || b->role == PST_ROLE_KEYS;
    case PST_ROLE_EGRESS:
        return b->role == PST_ROLE_DIAL;
    case PST_ROLE_CONTROL:
        return b->role == PST_ROLE_WARDEN;
    default:
        return false;
    }
}

static void channel_send(struct pst_child *to, const struct pst_child *peer, int fd)
{
    struct pst_ipc_channel m = {
        .role = (uint8_t)peer->role, .index = peer->index, .admin = peer->admin ? 1 : 0};
    (void)pst_link_send(&to->link, PST_IPC_CHANNEL, &m, (struct pst_str){NULL, 0}, fd);
}

static void channels_make(struct pst_child *c)
{
    struct pst_super *s = c->super;
    struct pst_err err = {0};
    for (size_t i = 0; i < s->n_children; i++) {
        struct pst_child *other = &s->children[i];
        int pair[2];
        if (other == c || !other->running ||
            (!linked_one_way(c, other) && !linked_one_way(other, c))) {
            continue;
        }
        if (pst_fd_pair(pair, PAIR_BUFFER, &err) != PST_OK) {
            pst_super_log(s, "no channel: %s", err.text);
            continue;
        }
        channel_send(c, other, pair[0]);
        channel_send(other, c, pair[1]);
    }
}

/* Control stays who it is, without privileges: SQLite looks at every folder above the database. */
static uid_t child_user(const struct pst_child *c)
{
    return c->super->own_users && c->role != PST_ROLE_CONTROL
               ? (uid_t)(PST_ROLE_UID_BASE + (uint32_t)c->role * 256 + c->index)
               : 0;
}

/* The evidence folder belongs to the user that writes it. */
static enum pst_status folder_give(int fd, uid_t user, struct pst_err *err)
{
    int copy = dup(fd); /* closedir closes it */
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;
    if (dir == NULL || fchown(fd, user, user) != 0) {
        if (dir != NULL) {
            (void)closedir(dir);
        } else if (copy >= 0) {
            (void)close(copy);
        }
        return pst_fail(err, PST_E_IO, "the evidence folder cannot be given to its writer: %m");
    }
    enum pst_status status = PST_OK;
    while ((entry = readdir(dir)) != NULL) {
        bool dots = pst_str_eq(pst_str_c(entry->d_name), PST_STR(".")) ||
                    pst_str_eq(pst_str_c(entry->d_name), PST_STR(".."));
        if (!dots && fchownat(fd, entry->d_name, user, user, AT_SYMLINK_NOFOLLOW) != 0) {
            status = pst_fail(err, PST_E_IO, "%s: %m", entry->d_name);
        }
    }
    (void)closedir(dir);
    return status;
}

/* --- what a child is given -------------------------------------------------------------------- */

static void grant(struct pst_child *c, enum pst_grant what, int fd)
{
    struct pst_ipc_grant m = {.what = (uint32_t)what};
    (void)pst_link_send(&c->link, PST_IPC_GRANT, &m, (struct pst_str){NULL, 0}, fd);
}

static enum pst_status path_grant(struct pst_child *c, enum pst_grant what, const char *below,
                                  int flags, struct pst_err *err)
{
    char path[2 * PST_PATH_MAX];
    pst_text(path, sizeof path, "%s/%s", c->super->options->state_dir, below);
    int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return pst_fail(err, PST_E_CONFIG, "%s: %m", path);
    }
    if (what == PST_GRANT_LOG_DIR && child_user(c) != 0 &&
        folder_give(fd, child_user(c), err) != PST_OK) {
        pst_fd_close(&fd);
        return PST_ERR;
    }
    grant(c, what, fd);
    return PST_OK;
}

/* An upstream's credential goes into its egress only, never through a file or an environment. */
static enum pst_status credential_grant(struct pst_child *c, struct pst_err *err)
{
    const struct pst_plan_upstream *u = &c->super->current.plan->upstreams[c->index];
    struct pst_buf bytes;
    int fd = -1;
    enum pst_status status = PST_OK;
    pst_buf_init(&bytes, 65536);
    if (u->cred_source == PST_CRED_ENV) {
        const char *value = getenv(u->cred_ref);
        if (value == NULL || value[0] == 0) {
            status = pst_fail(err, PST_E_CONFIG, "upstream %s: the variable %s is not set", u->name,
                              u->cred_ref);
        } else if (!pst_buf_add(&bytes, pst_str_c(value))) {
            status = pst_fail(err, PST_E_LIMIT, "the credential is too long");
        }
    } else if (u->cred_source == PST_CRED_FILE) {
        status = pst_file_read(u->cred_ref, &bytes, err);
    }
    if (status == PST_OK && bytes.n > 0) {
        status = pst_memfd_of("credential", pst_buf_str(&bytes), &fd, err);
    }
    if (status == PST_OK && fd >= 0) {
        grant(c, PST_GRANT_CREDENTIAL, fd);
    }
    if (bytes.n > 0) {
        explicit_bzero(bytes.p, bytes.n);
    }
    pst_buf_release(&bytes);
    return status;
}

static enum pst_status ca_grant(struct pst_child *c, struct pst_err *err)
{
    const struct pst_plan_upstream *u = &c->super->current.plan->upstreams[c->index];
    const char *path = u->ca_file[0] != 0 ? u->ca_file : "/etc/ssl/certs/ca-certificates.crt";
    if (u->tls == 0) {
        return PST_OK;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return pst_fail(err, PST_E_CONFIG, "upstream %s: its CA bundle %s: %m", u->name, path);
    }
    grant(c, PST_GRANT_CA, fd);
    return PST_OK;
}

enum pst_status pst_super_secrets_give(struct pst_child *egress, struct pst_err *err)
{
    return ca_grant(egress, err) == PST_OK ? credential_grant(egress, err) : PST_ERR;
}

static enum pst_status equip(struct pst_child *c, struct pst_err *err)
{
    pst_super_image_send(c);
    switch ((unsigned)c->role) {
    case PST_ROLE_FRONT:
        pst_super_listeners_give(c, true);
        return PST_OK;
    case PST_ROLE_AUDIT:
        return path_grant(c, PST_GRANT_LOG_DIR, "audit", O_RDONLY | O_DIRECTORY, err);
    case PST_ROLE_KEYS:
        if (path_grant(c, PST_GRANT_DATA_KEY, "keys/data.key", O_RDONLY, err) != PST_OK) {
            return PST_ERR;
        }
        if (path_grant(c, PST_GRANT_LOG_KEY, "keys/log.seed", O_RDONLY, err) != PST_OK) {
            return PST_ERR;
        }
        pst_super_keys_give(c, &c->super->current);
        return PST_OK;
    case PST_ROLE_CONTROL:
        return path_grant(c, PST_GRANT_STATE_DIR, "store", O_RDONLY | O_DIRECTORY, err);
    case PST_ROLE_EGRESS:
        return pst_super_secrets_give(c, err);
    default:
        return PST_OK;
    }
}

/* --- death ------------------------------------------------------------------------------------ */

static void note_send(struct pst_super *s)
{
    struct pst_child *audit = pst_super_child(s, PST_ROLE_AUDIT, 0);
    if (audit == NULL || !audit->ready) {
        return;
    }
    for (size_t i = 0; i < PST_LEN(s->notes); i++) {
        if (s->notes[i].used) {
            (void)PST_LINK_SEND(&audit->link, DEATH, &s->notes[i].death);
            s->notes[i].used = false;
        }
    }
}

static void note_add(struct pst_super *s, const struct pst_child *c, const char *cause)
{
    for (size_t i = 0; i < PST_LEN(s->notes); i++) {
        if (s->notes[i].used) {
            continue;
        }
        s->notes[i] = (struct pst_death_note){
            .used = true,
            .death = {.req = c->accused_req,
                      .code = (uint16_t)c->accused,
                      .type = c->accused_type,
                      .role = (uint8_t)c->role,
                      .index = c->index,
                      .restarts = c->restarts > UINT16_MAX ? UINT16_MAX : (uint16_t)c->restarts}};
        PST_ISTR_CUT(s->notes[i].death.cause, pst_str_c(cause));
        break;
    }
    note_send(s);
}

static void restart(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct pst_child *c = user;
    if (c->wanted && !c->running && !c->super->stopping) {
        child_start(c);
    }
}

static void child_gone(struct pst_child *c, const char *cause)
{
    struct pst_super *s = c->super;
    pst_unwatch(s->loop, &c->link_watch);
    pst_unwatch(s->loop, &c->proc_watch);
    pst_link_release(&c->link);
    c->running = c->ready = false;
    if (s->stopping) {
        return;
    }
    if (c->role == PST_ROLE_KEYS) {
        pst_super_keys_gone(s);
    }
    pst_super_log(s, "%s/%u ended: %s%s%s", pst_role_name(c->role), c->index, cause,
                  c->accused != PST_E_NONE ? "; killed for " : "",
                  c->accused != PST_E_NONE ? pst_error_row(c->accused)->code : "");
    note_add(s, c, cause);
    c->accused = PST_E_NONE;
    c->accused_type = 0;
    c->accused_req = 0;
    c->restarts++;
    if (!s->told_ready && c->restarts >= HOPELESS) {
        pst_super_log(s, "%s/%u does not start; giving up", pst_role_name(c->role), c->index);
        pst_super_stop(s, 1);
        return;
    }
    uint64_t now = pst_loop_now_ms(s->loop);
    uint32_t delay = pst_backoff_next(&c->backoff, now - c->started_ms);
    if (c->wanted && !pst_timer_set(s->loop, &c->restart, delay, restart, c)) {
        pst_super_stop(s, 1);
    }
}

static void reap_again(struct pst_loop *loop, void *user);

/* A process that is traced has ended for its tracer first: it is asked again a moment later. */
static void reap(struct pst_child *c)
{
    struct pst_err err = {0};
    int status = 0;
    char text[PST_PROC_TEXT] = "unknown";
    switch (pst_proc_reap(&c->proc, &status, &err)) {
    case PST_OK:
        pst_proc_status_text(status, text);
        child_gone(c, text);
        break;
    case PST_AGAIN:
    case PST_ERR:
        if (!pst_timer_set(c->super->loop, &c->restart, REAP_AGAIN_MS, reap_again, c)) {
            pst_super_stop(c->super, 1);
        }
        break;
    }
}

static void reap_again(struct pst_loop *loop, void *user)
{
    (void)loop;
    reap(user);
}

static void proc_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)watch;
    (void)ready;
    struct pst_child *c = user;
    pst_unwatch(loop, &c->proc_watch);
    reap(c);
}

void pst_child_kill(struct pst_child *c)
{
    if (c->running) {
        (void)pst_proc_signal(&c->proc, SIGKILL, NULL); /* its pidfd tells of the end */
    }
}

/* --- what a child says ------------------------------------------------------------------------ */

static void stats_forward(struct pst_child *c, struct pst_str counters)
{
    struct pst_child *control = pst_super_child(c->super, PST_ROLE_CONTROL, 0);
    struct pst_ipc_stats m = {.since_unix_ns = (uint64_t)c->since_unix_ns,
                              .pid = (uint32_t)c->proc.pid,
                              .restarts = c->restarts,
                              .landlock_abi = c->landlock_abi,
                              .role = (uint8_t)c->role,
                              .index = c->index,
                              .up = c->ready ? 1 : 0,
                              .seccomp = c->seccomp ? 1 : 0};
    PST_ISTR_CUT(m.sandbox, pst_str_c(c->sandbox));
    if (control != NULL && control->ready) {
        (void)pst_link_send(&control->link, PST_IPC_STATS, &m, counters, -1);
    }
}

static void on_ready(struct pst_child *c, const struct pst_ipc_ready *m)
{
    struct pst_super *s = c->super;
    struct pst_child *audit = pst_super_child(s, PST_ROLE_AUDIT, 0);
    struct pst_ipc_state state = {
        .landlock_abi = m->landlock_abi, .role = (uint8_t)c->role, .index = c->index};
    c->ready = true;
    c->landlock_abi = m->landlock_abi;
    c->seccomp = m->seccomp != 0;
    pst_str_cut_c(PST_ISTR(m->sandbox), c->sandbox, sizeof c->sandbox);
    note_send(s);
    PST_ISTR_CUT(state.text, c->seccomp ? PST_STR("seccomp") : PST_STR("no seccomp"));
    if (audit != NULL && audit->ready) {
        (void)PST_LINK_SEND(&audit->link, STATE, &state);
    }
    bool all = true;
    for (size_t i = 0; i < s->n_children; i++) {
        all = all && (!s->children[i].wanted || s->children[i].ready);
    }
    if (all && !s->told_ready) {
        s->told_ready = true;
        if (s->options->ready != NULL) {
            s->options->ready(s->options->user, s->current.plan);
        }
    }
}

/* Who reads bytes from outside is believed little: an egress about the fronts that hand it bodies,
 * a front and dial about nobody. Nobody is believed about a stranger. What such a one accuses, it
 * is restarted for itself. */
static bool believed(const struct pst_child *c, const struct pst_child *accused)
{
    if (!linked_one_way(c, accused) && !linked_one_way(accused, c)) {
        return false;
    }
    return c->role == PST_ROLE_EGRESS ? accused->role == PST_ROLE_FRONT
                                      : c->role != PST_ROLE_FRONT && c->role != PST_ROLE_DIAL;
}

static void on_violation(struct pst_child *c, const struct pst_ipc_violation *m)
{
    struct pst_super *s = c->super;
    const struct pst_ipc_row *row = pst_ipc_row(m->type);
    struct pst_child *accused = pst_super_child(s, (enum pst_role)m->role, m->index);
    if (accused == NULL) {
        accused = c;
    }
    pst_super_log(s, "%s/%u says that %s/%u broke the protocol%s%s", pst_role_name(c->role),
                  c->index, pst_role_name(accused->role), accused->index,
                  row != NULL ? " with " : "", row != NULL ? row->name : "");
    if (!believed(c, accused)) {
        accused = c;
    }
    if (!accused->running || accused->accused != PST_E_NONE) {
        return;
    }
    accused->accused = m->code < PST_E_COUNT && m->code != PST_E_NONE ? (enum pst_error)m->code
                                                                      : PST_E_PROTOCOL_VIOLATION;
    accused->accused_type = m->type;
    accused->accused_req = m->req;
    pst_child_kill(accused);
}

static enum pst_status child_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct pst_child *c = ctx;
    struct pst_super *s = c->super;
    struct pst_err err = {0};
    (void)link;
    if (m->type == PST_IPC_PONG) {
        const struct pst_ipc_pong *pong = m->fixed;
        c->unanswered = 0;
        c->ponged = pong->n;
        stats_forward(c, m->tail);
        pst_super_images_answered(s);
    } else if (m->type == PST_IPC_READY && !c->ready) {
        on_ready(c, m->fixed);
    } else if (m->type == PST_IPC_VIOLATION) {
        on_violation(c, m->fixed);
    } else if (m->type == PST_IPC_TLS_KEY_READ && c->role == PST_ROLE_KEYS) {
        pst_super_key_read(c, m->fixed);
    } else if (m->type == PST_IPC_TLS_KEYS_READ && c->role == PST_ROLE_KEYS) {
        pst_super_keys_read(c, m->fixed);
    } else if (m->type == PST_IPC_RELOAD && c->role == PST_ROLE_CONTROL) {
        const struct pst_ipc_reload *reload = m->fixed;
        s->reload_token = reload->token;
        s->reload_now = reload->now != 0;
        if (s->reloading || pst_super_compile(s, &err) != PST_OK) {
            pst_super_reload_done(s, false, s->reloading ? "a reload is under way" : err.text);
        }
    } else {
        return PST_ERR;
    }
    return PST_OK;
}

static void link_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)loop;
    (void)watch;
    (void)ready;
    struct pst_child *c = user;
    bool more;
    unsigned violation;
    if (pst_link_read(&c->link, c->super->scratch, 2, child_message, c, &more, &violation) !=
        PST_OK) {
        pst_unwatch(c->super->loop, &c->link_watch);
        if (violation != 0 && c->accused == PST_E_NONE) {
            c->accused = PST_E_PROTOCOL_VIOLATION;
            c->accused_type = (uint16_t)violation;
        }
        pst_child_kill(c); /* whoever does not speak with the supervisor has no place here */
    }
}

void pst_child_flush_all(struct pst_super *s)
{
    for (size_t i = 0; i < s->n_children; i++) {
        struct pst_child *c = &s->children[i];
        if (!c->running || c->link.queued == 0) {
            continue;
        }
        enum pst_status status = pst_link_flush(&c->link);
        if (status == PST_ERR) {
            pst_child_kill(c);
        } else {
            pst_watch_set(s->loop, c->link_watch,
                          status == PST_AGAIN ? PST_READ | PST_WRITE : PST_READ);
        }
    }
}

/* --- start
 * -------------------------------------------------------------------------------------------------
 */

static enum pst_status child_exec(struct pst_child *c, int fd, struct pst_err *err)
{
    const struct pst_up_options *o = c->super->options;
    char index[8];
    const char *role = pst_role_name(c->role);
    const char *argv_role[] = {"postern-role", role, index, c->admin ? "admin" : NULL, NULL};
    const char *argv_self[] = {"postern", "role", role, index, NULL};
    bool own = c->role == PST_ROLE_CONTROL;
    pst_text(index, sizeof index, "%u", c->index);
    const struct pst_proc_fd fds[] = {{fd, PST_HOUSE_CONTROL_FD}};
    const struct pst_proc_spec spec = {.path = own ? o->self_path : o->role_path,
                                       .argv = own ? argv_self : argv_role,
                                       .fds = fds,
                                       .n_fds = 1};
    return pst_proc_start(&spec, &c->proc, err);
}

/* At first a mistake of the configuration, which ends everything. Later it is this role's trouble
 * alone (a secret's file that is gone, no descriptor to be had), tried again as a death is. */
static void start_failed(struct pst_child *c, const struct pst_err *err)
{
    struct pst_super *s = c->super;
    pst_super_log(s, "%s/%u cannot start: %s", pst_role_name(c->role), c->index, err->text);
    if (!s->told_ready) {
        pst_super_stop(s, 1);
        return;
    }
    pst_unwatch(s->loop, &c->proc_watch); /* its descriptor is closed with it */
    pst_proc_kill(&c->proc);
    child_gone(c, "cannot start");
}

static void child_start(struct pst_child *c)
{
    struct pst_super *s = c->super;
    struct pst_err err = {0};
    int pair[2];
    c->started_ms = pst_loop_now_ms(s->loop);
    c->since_unix_ns = pst_loop_wall_ns(s->loop);
    c->unanswered = 0;
    c->ponged = 0;
    enum pst_status status = pst_fd_pair(pair, PAIR_BUFFER, &err);
    if (status == PST_OK) {
        status = child_exec(c, pair[1], &err);
        pst_fd_close(&pair[1]);
        if (status == PST_OK) {
            pst_link_init(&c->link, pair[0], PST_ROLE_SUPERVISOR, c->role, c->index, LINK_CAP);
            c->running = true;
        } else {
            pst_fd_close(&pair[0]);
        }
    }
    if (status == PST_OK) {
        status = pst_watch(s->loop, c->link.fd, PST_READ, link_ready, c, &c->link_watch, &err);
    }
    if (status == PST_OK) {
        status = pst_watch(s->loop, c->proc.pidfd, PST_READ, proc_ready, c, &c->proc_watch, &err);
    }
    if (status == PST_OK) {
        status = equip(c, &err);
    }
    if (status != PST_OK) {
        start_failed(c, &err);
        return;
    }
    channels_make(c);
    const struct pst_plan *plan = s->current.plan;
    struct pst_ipc_go go = {
        .uid = child_user(c),
        .started_unix_ns = (uint64_t)s->started_unix_ns,
        .simulate = s->simulate,
        .generation = s->current.generation,
        .sandbox = (uint16_t)(s->options->sandbox_off ? PST_SANDBOX_OFF : plan->sandbox),
        .fronts = (uint8_t)plan->fronts,
        .upstreams = (uint8_t)plan->n_upstreams};
    (void)PST_LINK_SEND(&c->link, GO, &go);
}

void pst_super_child_want(struct pst_super *s, enum pst_role role, uint8_t index, bool admin)
{
    struct pst_child *c = pst_super_child(s, role, index);
    if (c == NULL) {
        PST_BUG_ON(s->n_children == PST_CHILDREN_MAX);
        c = &s->children[s->n_children++];
        *c = (struct pst_child){.super = s,
                                .role = role,
                                .index = index,
                                .admin = admin,
                                .proc = {.pidfd = -1},
                                .link = {.fd = -1},
                                .backoff = {.base_ms = BACKOFF_BASE_MS,
                                            .max_ms = BACKOFF_MAX_MS,
                                            .stable_ms = STABLE_MS}};
    }
    c->wanted = true;
    if (!c->running) {
        child_start(c);
    }
}
