#include "roles/supervisor_inside.h"

#include "base/enc.h"
#include "gate/steps.h"
#include "sys/fd.h"
#include "sys/net.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STOP_MS = 800,
    DEMO_RESTART_MS = 500,
    START_MS = 60000, /* to its first READY: audit reads a whole segment at its start */
};

void pst_super_log(const struct pst_super *s, const char *fmt, ...)
{
    char when[PST_TIME_CHARS + 1], text[1024];
    va_list args;
    pst_time_put(pst_loop_wall_ns(s->loop), when);
    when[PST_TIME_CHARS] = 0;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)fprintf(stderr, "%s supervisor %s\n", when, text);
}

/* --- the demo model --------------------------------------------------------------------------- */

static enum pst_status demo_start(struct pst_super *s, struct pst_err *err);

static void demo_again(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct pst_err err = {0};
    if (demo_start(user, &err) != PST_OK) {
        pst_super_log(user, "the demo model: %s", err.text);
    }
}

static void demo_ended(struct pst_loop *loop, struct pst_watch watch, unsigned ready, void *user)
{
    (void)watch;
    (void)ready;
    struct pst_super *s = user;
    struct pst_err err = {0};
    int status;
    pst_unwatch(loop, &s->demo_watch);
    if (pst_proc_reap(&s->demo, &status, &err) == PST_OK && !s->stopping &&
        !pst_timer_set(loop, &s->demo_timer, DEMO_RESTART_MS, demo_again, s)) {
        pst_super_log(s, "the demo model has ended");
    }
}

static enum pst_status demo_start(struct pst_super *s, struct pst_err *err)
{
    char port[16];
    const char *argv[] = {"postern", "demo-model", "--port", port, NULL};
    const struct pst_proc_spec spec = {.path = s->options->self_path, .argv = argv};
    struct pst_addr any, local;
    PST_FD fd = -1;
    if (s->demo_port == 0) { /* a port nobody has */
        if (!pst_addr_parse_ip(PST_STR("127.0.0.1"), 0, &any) ||
            pst_net_listen(&any, 1, &fd, err) != PST_OK ||
            pst_net_local(fd, &local, err) != PST_OK) {
            return PST_ERR;
        }
        s->demo_port = pst_addr_port(&local);
        pst_fd_close(&fd);
    }
    pst_text(port, sizeof port, "%u", s->demo_port);
    if (pst_proc_start(&spec, &s->demo, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_watch(s->loop, s->demo.pidfd, PST_READ, demo_ended, s, &s->demo_watch, err);
}

/* --- heartbeat, stop -------------------------------------------------------------------------- */

static void heartbeat(struct pst_loop *loop, void *user)
{
    struct pst_super *s = user;
    const struct pst_plan *plan = s->current.plan;
    struct pst_limits usual; /* until there is a plan */
    pst_limits_default(&usual);
    uint64_t every_ms = plan != NULL ? plan->heartbeat_ms : usual.v[PST_LIMIT_heartbeat_ms];
    uint64_t missed = plan != NULL ? plan->heartbeat_missed : usual.v[PST_LIMIT_heartbeat_missed];
    struct pst_ipc_ping ping = {.n = ++s->ping};
    for (size_t i = 0; i < s->n_children && !s->stopping; i++) {
        struct pst_child *c = &s->children[i];
        if (!c->running) {
            continue;
        }
        if (c->unanswered++ >= (c->ready ? missed : START_MS / every_ms)) {
            pst_super_log(s, "%s/%u does not answer", pst_role_name(c->role), c->index);
            pst_child_kill(c);
            continue;
        }
        (void)PST_LINK_SEND(&c->link, PING, &ping);
    }
    if (!pst_timer_set(loop, &s->heartbeat, every_ms, heartbeat, s)) {
        pst_super_stop(s, 1);
    }
}

static void stop_now(struct pst_loop *loop, void *user)
{
    struct pst_super *s = user;
    for (size_t i = 0; i < s->n_children; i++) {
        pst_child_kill(&s->children[i]);
    }
    pst_loop_stop(loop);
}

/* Asked first, so that audit syncs and fronts say a last word; killed a moment later. */
void pst_super_stop(struct pst_super *s, int exit_status)
{
    struct pst_ipc_stopping m = {0};
    if (s->stopping) {
        return;
    }
    s->stopping = true;
    s->exit_status = exit_status;
    for (size_t i = 0; i < s->n_children; i++) {
        if (s->children[i].running) {
            (void)PST_LINK_SEND(&s->children[i].link, STOPPING, &m);
        }
    }
    if (!pst_timer_set(s->loop, &s->stop_timer, s->n_children > 0 ? STOP_MS : 0, stop_now, s)) {
        stop_now(s->loop, s);
    }
}

static void on_signal(struct pst_loop *loop, int signal, void *user)
{
    (void)loop;
    struct pst_super *s = user;
    struct pst_err err = {0};
    if (signal == SIGHUP) {
        if (s->reloading || pst_super_compile(s, &err) != PST_OK) {
            pst_super_log(s, "no reload: %s", s->reloading ? "one is under way" : err.text);
        }
        return;
    }
    pst_super_stop(s, 0);
}

static void before_sleep(struct pst_loop *loop, void *user)
{
    (void)loop;
    struct pst_super *s = user;
    pst_child_flush_all(s);
    bool any = false;
    for (size_t i = 0; i < s->n_children; i++) {
        any = any || s->children[i].running;
    }
    if (s->stopping && !any) {
        pst_loop_stop(s->loop);
    }
}

/* Its filter allows what starting roles needs and what any of them needs, and nothing else; each
 * role then confines itself further. */
static enum pst_status confine(struct pst_super *s, struct pst_err *err)
{
    struct pst_sandbox_status status;
    const struct pst_sandbox_config config = {.role = PST_ROLE_SUPERVISOR,
                                              .mode = s->options->sandbox_off ? PST_SANDBOX_OFF
                                                                              : PST_SANDBOX_NORMAL,
                                              .debug = s->options->sandbox_off};
    return pst_sandbox_enter(&config, &status, err);
}

static enum pst_status begin(struct pst_super *s, struct pst_err *err)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    if (pst_loop_open(NULL, &s->loop, err) != PST_OK ||
        pst_loop_signals(s->loop, signals, PST_LEN(signals), on_signal, s, err) != PST_OK ||
        pst_loop_hook(s->loop, before_sleep, s, err) != PST_OK) {
        return PST_ERR;
    }
    s->started_unix_ns = pst_loop_wall_ns(s->loop);
    s->own_users = pst_proc_all_users();
    if (s->options->simulate != NULL) {
        enum pst_exception x = pst_exception_find(pst_str_c(s->options->simulate));
        s->simulate = x < PST_X_COUNT ? (uint64_t)1 << x : 0;
    }
    if (s->options->demo && demo_start(s, err) != PST_OK) {
        return PST_ERR;
    }
    if (confine(s, err) != PST_OK) {
        return PST_ERR;
    }
    heartbeat(s->loop, s);
    return pst_super_compile(s, err);
}

int pst_supervisor_run(const struct pst_up_options *options)
{
    struct pst_err err = {0};
    struct pst_super *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return 1;
    }
    s->scratch = malloc(sizeof *s->scratch);
    if (s->scratch == NULL) {
        free(s);
        return 1;
    }
    s->options = options;
    s->compiler = (struct pst_proc){.pidfd = -1};
    s->demo = (struct pst_proc){.pidfd = -1};
    s->compiler_fd = -1;
    (void)signal(SIGPIPE, SIG_IGN);
    enum pst_status status = begin(s, &err);
    if (status == PST_OK) {
        status = pst_loop_run(s->loop, &err);
    }
    if (status != PST_OK) {
        (void)fprintf(stderr, "postern: %s\n", err.text);
        s->exit_status = 1;
    }
    for (size_t i = 0; i < s->n_children; i++) {
        pst_proc_kill(&s->children[i].proc);
        pst_link_release(&s->children[i].link);
    }
    pst_proc_kill(&s->demo);
    pst_proc_kill(&s->compiler);
    int exit_status = s->exit_status;
    pst_loop_close(s->loop);
    free(s->scratch);
    free(s);
    return exit_status;
}
