#include "roles/supervisor_inside.h"

#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { COMPILE_FD = 3, COMPILE_MS = 30000 };

static void images_release(struct pst_super_images *images)
{
    for (size_t i = 0; i < images->n; i++) {
        pst_fd_close(&images->list[i].fd);
    }
    for (size_t i = 0; images->keys_open && i < PST_LISTENERS_MAX; i++) {
        pst_fd_close(&images->keys[i]);
    }
    pst_memfd_unmap(&images->plan_map);
    *images = (struct pst_super_images){0};
}

const struct pst_super_image *pst_super_image_of(const struct pst_super_images *images,
                                                 enum pst_image_kind kind, uint32_t index)
{
    for (size_t i = 0; i < images->n; i++) {
        if (images->list[i].kind == (uint32_t)kind && images->list[i].index == index) {
            return &images->list[i];
        }
    }
    return NULL;
}

static bool image_send(struct pst_child *c, const struct pst_super_image *image)
{
    struct pst_ipc_image m = {
        .size = image->size, .kind = image->kind, .generation = c->super->current.generation};
    int fd = fcntl(image->fd, F_DUPFD_CLOEXEC, 0);
    return fd >= 0 && pst_link_send(&c->link, PST_IPC_IMAGE, &m, (struct pst_str){NULL, 0}, fd);
}

void pst_super_image_send(struct pst_child *c)
{
    static const enum pst_image_kind kinds[PST_ROLE_COUNT] = {
        [PST_ROLE_FRONT] = PST_IMAGE_FRONT,   [PST_ROLE_WARDEN] = PST_IMAGE_WARDEN,
        [PST_ROLE_EGRESS] = PST_IMAGE_EGRESS, [PST_ROLE_DIAL] = PST_IMAGE_DIAL,
        [PST_ROLE_AUDIT] = PST_IMAGE_AUDIT,   [PST_ROLE_CONTROL] = PST_IMAGE_AUDIT,
    };
    const struct pst_super_images *images = &c->super->current;
    enum pst_image_kind kind = kinds[c->role];
    const struct pst_super_image *image =
        kind != 0 ? pst_super_image_of(images, kind, c->role == PST_ROLE_EGRESS ? c->index : 0)
                  : NULL;
    /* what a front looks for comes before the configuration that says what to do about it */
    const struct pst_super_image *inspect = c->role == PST_ROLE_FRONT
                                                ? pst_super_image_of(images, PST_IMAGE_INSPECT, 0)
                                                : NULL;
    if (image == NULL || !c->running) {
        return;
    }
    if ((inspect != NULL && !image_send(c, inspect)) || !image_send(c, image)) {
        pst_super_log(c->super, "%s/%u did not get its image", pst_role_name(c->role), c->index);
        pst_child_kill(c); /* its next life begins with it */
    }
}

/* --- into force ------------------------------------------------------------------------------- */

void pst_super_reload_done(struct pst_super *s, bool ok, const char *why)
{
    struct pst_child *control = pst_super_child(s, PST_ROLE_CONTROL, 0);
    struct pst_ipc_reloaded m = {
        .token = s->reload_token, .generation = s->current.generation, .ok = ok ? 1 : 0};
    if (!ok) {
        pst_super_log(s, "the new configuration was refused, the old one stays: %s", why);
    } else {
        pst_super_log(s, "configuration %u is in force", s->current.generation);
    }
    if (control != NULL && control->ready && s->reload_token != 0) {
        (void)pst_link_send(&control->link, PST_IPC_RELOADED, &m,
                            pst_str_cut(pst_str_c(why), 0, 4096), -1);
    }
    s->reload_token = 0;
    s->reload_now = false;
}

static bool answered(struct pst_super *s, enum pst_role role)
{
    const struct pst_child *c = pst_super_child(s, role, 0);
    return c != NULL && c->ready && c->ponged >= s->fronts_after;
}

void pst_super_images_answered(struct pst_super *s)
{
    if (!s->fronts_wait || !answered(s, PST_ROLE_WARDEN) || !answered(s, PST_ROLE_AUDIT)) {
        return;
    }
    s->fronts_wait = false;
    for (size_t i = 0; i < s->n_children; i++) {
        if (s->children[i].role == PST_ROLE_FRONT && s->children[i].running) {
            pst_super_image_send(&s->children[i]);
            pst_super_listeners_give(&s->children[i], false);
        }
    }
    pst_super_listeners_given(s);
    struct pst_child *warden = pst_super_child(s, PST_ROLE_WARDEN, 0);
    struct pst_ipc_redecide redecide = {.generation = s->current.generation};
    if (s->reload_now && warden != NULL && warden->running) {
        (void)PST_LINK_SEND(&warden->link, REDECIDE, &redecide);
    }
    pst_super_reload_done(s, true, "");
}

static void start_all(struct pst_super *s)
{
    const struct pst_plan *plan = s->current.plan;
    static const enum pst_role first[] = {PST_ROLE_KEYS, PST_ROLE_AUDIT, PST_ROLE_WARDEN,
                                          PST_ROLE_CONTROL, PST_ROLE_DIAL};
    for (size_t i = 0; i < PST_LEN(first) && !s->stopping; i++) {
        pst_super_child_want(s, first[i], 0, false);
    }
    for (uint32_t i = 0; i < plan->n_upstreams && !s->stopping; i++) {
        pst_super_child_want(s, PST_ROLE_EGRESS, (uint8_t)i, false);
    }
    for (uint32_t i = 0; i < plan->fronts && !s->stopping; i++) {
        pst_super_child_want(s, PST_ROLE_FRONT, (uint8_t)(i + 1), false);
    }
    if (!s->stopping) {
        pst_super_child_want(s, PST_ROLE_FRONT, 0, true);
    }
}

static bool same_upstream(const struct pst_super_images *a, const struct pst_super_images *b,
                          uint32_t i)
{
    return i < a->plan->n_upstreams && i < b->plan->n_upstreams &&
           memcmp(&a->plan->upstreams[i], &b->plan->upstreams[i], sizeof a->plan->upstreams[i]) ==
               0;
}

/* What only a restart can change is said, not passed over in silence. */
static void unchanged_tell(struct pst_super *s, const struct pst_plan *old)
{
    const struct pst_plan *plan = s->current.plan;
    if (plan->fronts != old->fronts || plan->sandbox != old->sandbox) {
        pst_super_log(s, "fronts and sandbox change only at a restart");
    }
}

/* Everything but the fronts first: a front may propose for the new generation as soon as it has it,
 * so warden and audit must have it before. */
static void replace_all(struct pst_super *s, struct pst_super_images *old)
{
    const struct pst_plan *plan = s->current.plan;
    static const enum pst_role now[] = {PST_ROLE_AUDIT, PST_ROLE_WARDEN, PST_ROLE_DIAL,
                                        PST_ROLE_CONTROL};
    for (size_t i = 0; i < PST_LEN(now); i++) {
        struct pst_child *c = pst_super_child(s, now[i], 0);
        if (c != NULL && c->running) {
            pst_super_image_send(c);
        }
    }
    for (uint32_t i = 0; i < PST_UPSTREAMS_MAX; i++) {
        struct pst_child *c = pst_super_child(s, PST_ROLE_EGRESS, (uint8_t)i);
        if (i >= plan->n_upstreams) {
            if (c != NULL) {
                c->wanted = false;
                pst_child_kill(c);
            }
        } else if (c == NULL || !c->wanted) {
            pst_super_child_want(s, PST_ROLE_EGRESS, (uint8_t)i, false);
        } else if (same_upstream(old, &s->current, i)) {
            struct pst_err err = {0};
            pst_super_image_send(c);
            if (c->running && pst_super_secrets_give(c, &err) != PST_OK) {
                pst_super_log(s, "%s; what was there stays", err.text);
            }
        } else {
            pst_child_kill(c); /* another host or credential: another process */
        }
    }
    s->fronts_wait = true;
    s->fronts_after = ++s->ping;
    struct pst_ipc_ping ping = {.n = s->ping};
    for (size_t i = 0; i < s->n_children; i++) {
        struct pst_child *c = &s->children[i];
        if (c->running && (c->role == PST_ROLE_WARDEN || c->role == PST_ROLE_AUDIT)) {
            (void)PST_LINK_SEND(&c->link, PING, &ping);
        }
    }
}

void pst_super_coming_refuse(struct pst_super *s, const char *why)
{
    pst_super_listen_abandon(s);
    images_release(&s->coming);
    s->reloading = false;
    if (s->current.plan == NULL) {
        pst_super_log(s, "%s", why);
        pst_super_stop(s, 1);
    } else {
        pst_super_reload_done(s, false, why);
    }
}

static void coming_complete(struct pst_super *s)
{
    struct pst_err err = {0};
    const struct pst_super_image *plan = pst_super_image_of(&s->coming, PST_IMAGE_PLAN, 0);
    if (plan == NULL ||
        pst_memfd_map(plan->fd, (size_t)plan->size, &s->coming.plan_map, &err) != PST_OK ||
        pst_image_check(s->coming.plan_map, PST_IMAGE_PLAN, &err) != PST_OK) {
        pst_super_coming_refuse(s, err.text[0] != 0 ? err.text : "the compiler sent no plan");
        return;
    }
    union {
        const void *p;
        const struct pst_plan *plan;
    } cast = {.p = s->coming.plan_map.p};
    s->coming.plan = cast.plan;
    bool wait = false;
    if (pst_super_listen_prepare(s, &err) != PST_OK ||
        (s->current.plan != NULL && pst_super_keys_ask(s, &wait, &err) != PST_OK)) {
        pst_super_coming_refuse(s, err.text);
    } else if (!wait) {
        pst_super_coming_commit(s);
    }
}

void pst_super_coming_commit(struct pst_super *s)
{
    struct pst_super_images old = s->current;
    s->current = s->coming;
    s->coming = (struct pst_super_images){0};
    s->reloading = false;
    pst_super_listen_commit(s);
    if (old.plan == NULL) {
        start_all(s);
        return;
    }
    unchanged_tell(s, old.plan);
    replace_all(s, &old);
    images_release(&old);
}

/* --- the compiler ----------------------------------------------------------------------------- */

static void compiler_end(struct pst_super *s)
{
    pst_unwatch(s->loop, &s->compiler_watch);
    pst_timer_cancel(s->loop, &s->compiler_timer);
    pst_fd_close(&s->compiler_fd);
    pst_proc_kill(&s->compiler);
}

static void compiler_failed(struct pst_super *s, const struct pst_err *err)
{
    char why[512];
    if (err->file[0] != 0) {
        pst_text(why, sizeof why, "%s:%u:%u: %s", err->file, err->line, err->column, err->text);
    } else {
        pst_text(why, sizeof why, "%s", err->text);
    }
    compiler_end(s);
    pst_super_coming_refuse(s, why);
}

static void compiler_slow(struct pst_loop *loop, void *user)
{
    struct pst_err err = {0};
    (void)loop;
    (void)pst_fail(&err, PST_E_CONFIG, "the compiler did not end within %u s", COMPILE_MS / 1000);
    compiler_failed(user, &err);
}

static void compiler_ready(struct pst_loop *loop, struct pst_watch watch, unsigned ready,
                           void *user)
{
    (void)loop;
    (void)watch;
    (void)ready;
    struct pst_super *s = user;
    struct pst_compile_msg msg;
    struct pst_fd_message got;
    struct pst_err err = {0};
    enum pst_status status = pst_fd_recv(s->compiler_fd, &msg, sizeof msg, &got, &err);
    if (status == PST_AGAIN) {
        return;
    }
    if (status != PST_OK || got.n != sizeof msg || msg.magic != PST_IMAGE_MAGIC ||
        (msg.kind != 0 && msg.kind != PST_COMPILE_NOTE &&
         (got.n_fds != 1 || s->coming.n == PST_IMAGES_MAX ||
          pst_memfd_check(got.fds[0], PST_SEALS, msg.size, &err) != PST_OK))) {
        if (err.code == PST_E_NONE) {
            (void)pst_fail(&err, PST_E_CONFIG, "the compiler ended without a configuration");
        }
        if (status == PST_OK) {
            pst_fd_message_release(&got);
        }
        compiler_failed(s, &err);
        return;
    }
    msg.err.file[sizeof msg.err.file - 1] = msg.err.text[sizeof msg.err.text - 1] = 0;
    if (msg.kind == PST_COMPILE_NOTE) {
        pst_fd_message_release(&got);
        pst_super_log(s, "warning: %s:%u:%u: %s", msg.err.file, msg.err.line, msg.err.column,
                      msg.err.text);
        return;
    }
    if (msg.kind == 0) {
        pst_fd_message_release(&got);
        compiler_failed(s, &msg.err);
        return;
    }
    s->coming.list[s->coming.n++] = (struct pst_super_image){
        .fd = got.fds[0], .size = msg.size, .kind = msg.kind, .index = msg.index};
    if (s->coming.n == msg.count) {
        compiler_end(s);
        coming_complete(s);
    }
}

enum pst_status pst_super_compile(struct pst_super *s, struct pst_err *err)
{
    const struct pst_up_options *o = s->options;
    const struct {
        const char *option;
        uint32_t value; /* 0: not given */
    } numbers[] = {{"--generation", s->current.generation + 1},
                   {"--port", o->port},
                   {"--admin-port", o->admin_port},
                   {"--tls-port", o->tls_port},
                   {"--demo-tls-port", o->demo_tls_port},
                   {"--demo-port", s->demo_port}};
    enum { WORDS = 8 }; /* those that are always there */
    char text[PST_LEN(numbers)][16];
    int pair[2];
    const char *argv[WORDS + 2 * PST_LEN(numbers) + 1] = {
        "postern", "compile", "--config", o->config_path, "--state", o->state_dir, "--out-fd", "3"};
    for (size_t i = 0, n = WORDS; i < PST_LEN(numbers); i++) {
        if (numbers[i].value != 0) {
            pst_text(text[i], sizeof text[i], "%u", numbers[i].value);
            argv[n++] = numbers[i].option;
            argv[n++] = text[i];
        }
    }
    if (pst_fd_pair(pair, 0, err) != PST_OK) {
        return PST_ERR;
    }
    /* what is wrong comes back in a message, so its standard error has nothing to add */
    PST_FD null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const struct pst_proc_fd fds[] = {{pair[1], COMPILE_FD}, {null, STDERR_FILENO}};
    const struct pst_proc_spec spec = {
        .path = o->self_path, .argv = argv, .fds = fds, .n_fds = null >= 0 ? 2 : 1};
    enum pst_status status = pst_proc_start(&spec, &s->compiler, err);
    pst_fd_close(&pair[1]);
    if (status == PST_OK) {
        status = pst_watch(s->loop, pair[0], PST_READ, compiler_ready, s, &s->compiler_watch, err);
    }
    if (status == PST_OK &&
        !pst_timer_set(s->loop, &s->compiler_timer, COMPILE_MS, compiler_slow, s)) {
        pst_unwatch(s->loop, &s->compiler_watch);
        status = pst_fail(err, PST_E_NO_MEMORY, "no room for a timer");
    }
    if (status != PST_OK) {
        pst_fd_close(&pair[0]);
        pst_proc_kill(&s->compiler);
        return PST_ERR;
    }
    s->compiler_fd = pair[0];
    s->coming = (struct pst_super_images){.generation = s->current.generation + 1};
    s->reloading = true;
    return PST_OK;
}
