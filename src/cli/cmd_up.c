#include "cli/cli.h"
#include "cli/load.h"
#include "cli/state.h"
#include "cli/state_tls.h"
#include "control/units.h"
#include "roles/supervisor.h"
#include "sys/fd.h"
#include "sys/net.h"
#include "sys/notify.h"

#include <limits.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct up {
    struct pst_common common;
    struct pst_up_options options;
    struct pst_state_made made;
    char self[PATH_MAX], role[PATH_MAX + 16];
    char config[PST_PATH_MAX], state[PST_PATH_MAX];
    const char *role_option;
};

/* postern-role lies beside this executable. */
static enum pst_status find_executables(struct up *up, struct pst_err *err)
{
    ssize_t n = readlink("/proc/self/exe", up->self, sizeof up->self - 1);
    if (n <= 0) {
        return pst_fail(err, PST_E_IO, "/proc/self/exe cannot be read: %m");
    }
    up->self[n] = 0;
    if (up->role_option != NULL) {
        up->options.role_path = up->role_option;
    } else {
        const char *slash = strrchr(up->self, '/');
        int k = snprintf(up->role, sizeof up->role, "%.*s/postern-role",
                         slash != NULL ? (int)(slash - up->self) : 0, up->self);
        if (k < 0 || (size_t)k >= sizeof up->role) {
            return pst_fail(err, PST_E_IO, "the path of this program is too long");
        }
        up->options.role_path = up->role;
    }
    up->options.self_path = up->self;
    if (access(up->options.role_path, X_OK) != 0) {
        return pst_fail(err, PST_E_NOT_FOUND, "%s: %m; it belongs beside postern",
                        up->options.role_path);
    }
    return PST_OK;
}

/* Whether a name is a row of the table of exceptions. */
static enum pst_status check_simulate(const char *name, struct pst_err *err)
{
    static const char *const names[] = {
#define PST_EXCEPTION(name, error, verdict, text) #name,
#include "tables/exceptions.def"
#undef PST_EXCEPTION
    };
    for (size_t i = 0; name != NULL && i < PST_LEN(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return PST_OK;
        }
    }
    if (name == NULL) {
        return PST_OK;
    }
    const char *nearest = pst_name_nearest(pst_str_c(name), names, PST_LEN(names));
    return pst_fail(err, PST_E_USAGE, "there is no exception of this name%s%s%s",
                    nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "",
                    nearest != NULL ? "?" : "");
}

/* Keys that were made now are shown now, and never again: also when nothing else could be started.
 */
static bool keys_print(struct up *up)
{
    bool any = up->made.demo_key[0] != 0 || up->made.admin_key[0] != 0;
    if (up->made.demo_key[0] != 0) {
        printf("export POSTERN_KEY=%s\n", up->made.demo_key);
    }
    if (up->made.admin_key[0] != 0) {
        printf("export POSTERN_ADMIN_KEY=%s\n", up->made.admin_key);
    }
    pst_state_made_wipe(&up->made);
    return any;
}

static void url_print(const char *name, const struct pst_plan_listener *l)
{
    bool v6 = strchr(l->address, ':') != NULL;
    printf("export %s=http%s://%s%s%s:%u\n", name, l->tls != 0 ? "s" : "", v6 ? "[" : "",
           l->address, v6 ? "]" : "", l->port);
}

/* Clients trust what this folder's own authority has issued only if they are told to. */
static void tls_print(const struct up *up, const struct pst_plan_listener *l)
{
    char own[PST_PATH_MAX + 32];
    pst_text(own, sizeof own, "%s/tls/server.key", up->state);
    url_print("POSTERN_TLS_URL", l);
    if (strcmp(l->key_file, own) == 0) {
        printf("export POSTERN_CA=%s/tls/ca.pem\n"
               "# over TLS: curl --cacert $POSTERN_CA $POSTERN_TLS_URL/…; Python: export "
               "SSL_CERT_FILE=$POSTERN_CA; Node.js: export NODE_EXTRA_CA_CERTS=$POSTERN_CA\n",
               up->state);
    }
}

/* What people paste and scripts read: on standard output, each line complete in itself. */
static void ready(void *user, const struct pst_plan *plan)
{
    struct up *up = user;
    const struct pst_plan_listener *plain = NULL, *tls = NULL, *admin = NULL;
    for (uint32_t i = 0; i < plan->n_listeners; i++) {
        const struct pst_plan_listener *l = &plan->listeners[i];
        bool client = l->kind == PST_LISTEN_CLIENT;
        plain = client && l->tls == 0 && plain == NULL ? l : plain;
        tls = client && l->tls != 0 && tls == NULL ? l : tls;
        admin = l->kind == PST_LISTEN_ADMIN ? l : admin;
    }
    if (plain != NULL || tls != NULL) {
        url_print("POSTERN_URL", plain != NULL ? plain : tls);
    }
    if (admin != NULL) {
        url_print("POSTERN_ADMIN_URL", admin);
    }
    if (tls != NULL) {
        tls_print(up, tls);
    }
    bool shown = keys_print(up);
    if (!shown && up->options.demo) {
        printf(
            "# The state in %s was kept, and its keys with it. New ones, for the demo and for "
            "administration:\n"
            "#   export POSTERN_KEY=$(%s key create --state %s --owner Workload/demo --group demo "
            "--may-assert)\n"
            "#   export POSTERN_ADMIN_KEY=$(%s key create --state %s --owner User/admin --group "
            "admins)\n",
            up->state, up->self, up->state, up->self, up->state);
    }
    if (up->options.demo) {
        printf(
            "\n"
            "# an answer\n"
            "curl -s $POSTERN_URL/v1/chat/completions -H \"Authorization: Bearer $POSTERN_KEY\" "
            "-H 'Content-Type: application/json' -d '{\"model\":\"demo\",\"messages\":[{\"role\":"
            "\"user\",\"content\":\"Hello\"}]}'\n"
            "# a stream\n"
            "curl -sN $POSTERN_URL/v1/chat/completions -H \"Authorization: Bearer $POSTERN_KEY\" "
            "-H 'Content-Type: application/json' -d '{\"model\":\"demo\",\"stream\":true,"
            "\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'\n"
            "# a model that no policy permits\n"
            "curl -s $POSTERN_URL/v1/chat/completions -H \"Authorization: Bearer $POSTERN_KEY\" "
            "-H 'Content-Type: application/json' -d '{\"model\":\"demo-restricted\",\"messages\":"
            "[{\"role\":\"user\",\"content\":\"Hello\"}]}'\n"
            "# nobody\n"
            "curl -s $POSTERN_URL/v1/models\n"
            "# the evidence\n"
            "%s audit verify --state %s\n",
            up->self, up->state);
    }
    fflush(stdout);
    (void)pst_notify(PST_STR("READY=1"));
}

/* The demo's second listener must not keep anybody from a first look: with another port for the
 * first, or when something else has its own, it takes one that nobody has. */
static void demo_tls_port(struct pst_up_options *o)
{
    struct pst_addr want, got;
    struct pst_err err = {0};
    PST_FD fd = -1;
    bool free_one = pst_addr_parse_ip(PST_STR("127.0.0.1"), PST_DEMO_TLS_PORT, &want) &&
                    o->port == 0 && pst_net_listen(&want, 1, &fd, &err) == PST_OK;
    if (free_one || o->tls_port != 0 || !pst_addr_parse_ip(PST_STR("127.0.0.1"), 0, &want)) {
        return;
    }
    if (pst_net_listen(&want, 1, &fd, &err) == PST_OK && pst_net_local(fd, &got, &err) == PST_OK) {
        o->demo_tls_port = pst_addr_port(&got);
    }
}

static enum pst_status prepare(struct up *up, int argc, char **argv, struct pst_err *err)
{
    struct pst_up_options *o = &up->options;
    const struct pst_option options[] = {
        {"--demo", PST_OPTION_FLAG, &o->demo},
        {"--port", PST_OPTION_U32, &o->port},
        {"--admin-port", PST_OPTION_U32, &o->admin_port},
        {"--tls-port", PST_OPTION_U32, &o->tls_port},
        {"--simulate", PST_OPTION_TEXT, &o->simulate},
        {"--no-sandbox", PST_OPTION_FLAG, &o->sandbox_off},
        {"--verbose", PST_OPTION_FLAG, &o->verbose},
        {"--role", PST_OPTION_TEXT, &up->role_option},
    };
    if (pst_options_parse(argc, argv, &up->common, options, PST_LEN(options), NULL, 0, err) !=
            PST_OK ||
        check_simulate(o->simulate, err) != PST_OK) {
        return PST_ERR;
    }
    if (o->port > 65535 || o->admin_port > 65535 || o->tls_port > 65535) {
        return pst_fail(err, PST_E_USAGE, "a port is at most 65535");
    }
    if (o->demo &&
        pst_state_make(up->common.state, true, (int64_t)time(NULL), &up->made, err) != PST_OK) {
        return PST_ERR;
    }
    if (pst_load_state_dir(&up->common, up->state, err) != PST_OK ||
        pst_load_config_path(&up->common, up->config, err) != PST_OK ||
        find_executables(up, err) != PST_OK) {
        return PST_ERR;
    }
    if (o->demo) {
        demo_tls_port(o);
    }
    o->state_dir = up->state;
    o->config_path = up->config;
    o->ready = ready;
    o->user = up;
    return PST_OK;
}

int pst_cmd_up(int argc, char **argv)
{
    struct up up = {0};
    struct pst_err err = {0};
    int code = PST_EXIT_OK;
    if (prepare(&up, argc, argv, &err) != PST_OK) {
        code = pst_cli_fail(&up.common, &err);
    } else {
        code = pst_supervisor_run(&up.options);
    }
    (void)keys_print(&up);
    fflush(stdout);
    return code;
}
