/* `postern compile`, internal: one shot, unprivileged, started by the supervisor at start and for a
 * reload. Reads the configuration and the policies and sends the images as sealed memory files;
 * what is wrong goes the same way, and to standard error. */
#include "cli/cli.h"
#include "cli/load.h"
#include "cli/state_tls.h"
#include "crypto/crypto.h"
#include "crypto/random.h"
#include "sys/fd.h"
#include "sys/sandbox.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct args {
    struct pst_common common;
    uint32_t out_fd, generation, admin_uid, port, admin_port, tls_port, demo_tls_port, demo_port;
};

static enum pst_status send(const struct args *args, struct pst_compile_msg *msg, int fd,
                            struct pst_err *err)
{
    struct iovec part = {.iov_base = msg, .iov_len = sizeof *msg};
    msg->magic = PST_IMAGE_MAGIC;
    return pst_fd_send((int)args->out_fd, &part, 1, &fd, fd >= 0 ? 1 : 0, err);
}

static enum pst_status send_all(const struct args *args, const struct pst_images *images,
                                struct pst_err *err)
{
    for (size_t i = 0; i < images->n; i++) {
        const struct pst_blob *blob = &images->list[i];
        struct pst_compile_msg msg = {
            .kind = (uint32_t)blob->kind,
            .index = blob->index,
            .count = (uint32_t)images->n,
            .size = blob->n,
        };
        PST_FD fd = -1;
        if (pst_memfd_of("postern-image", pst_str_of(blob->p, blob->n), &fd, err) != PST_OK ||
            send(args, &msg, fd, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static void notes_send(const struct args *args, const struct pst_loaded *loaded)
{
    for (size_t i = 0; loaded->notes != NULL && i < loaded->notes->n; i++) {
        struct pst_compile_msg msg = {.kind = PST_COMPILE_NOTE, .err = loaded->notes->list[i]};
        (void)send(args, &msg, -1, NULL); /* what is only worth saying may be lost */
    }
}

/* The demo's listener moves out of the way of others only as init made it. */
static void tls_port_override(const struct args *args, struct pst_config *config)
{
    for (uint32_t i = 0; i < config->n_listen; i++) {
        struct pst_config_listen *listen = &config->listen[i];
        bool demos = listen->port == PST_DEMO_TLS_PORT && strcmp(listen->address, "127.0.0.1") == 0;
        if (listen->key[0] != 0 && args->tls_port != 0) {
            listen->port = args->tls_port;
            return;
        }
        if (listen->key[0] != 0 && args->demo_tls_port != 0 && demos) {
            listen->port = args->demo_tls_port;
            return;
        }
    }
}

/* What the command line says in place of the file. */
static enum pst_status override(const struct args *args, struct pst_config *config,
                                struct pst_err *err)
{
    if (args->port > 65535 || args->admin_port > 65535 || args->tls_port > 65535 ||
        args->demo_port > 65535) {
        return pst_fail(err, PST_E_USAGE, "a port is at most 65535");
    }
    if (args->port != 0) {
        config->listen[0].port = args->port;
    }
    if (args->admin_port != 0) {
        config->admin.port = args->admin_port;
    }
    tls_port_override(args, config);
    if (pst_config_listeners_check(config, err) != PST_OK) {
        return PST_ERR;
    }
    for (uint32_t i = 0; i < config->n_upstreams; i++) {
        struct pst_config_upstream *upstream = &config->upstreams[i];
        /* only a demo upstream as init makes it: never one that somebody pointed elsewhere */
        if (args->demo_port != 0 && strcmp(upstream->name, "demo") == 0 &&
            strcmp(upstream->host, "127.0.0.1") == 0) {
            upstream->port = args->demo_port;
        }
    }
    return PST_OK;
}

/* YAML and policies are read by a process that can read files and write to its socket, nothing
 * else. */
static enum pst_status confine(struct pst_err *err)
{
    static const struct pst_sandbox_path everywhere[] = {
        {.path = "/", .dir = -1, .access = PST_SANDBOX_READ}};
    const struct pst_sandbox_config config = {.role = PST_ROLE_COMPILE,
                                              .mode = PST_SANDBOX_NORMAL,
                                              .paths = everywhere,
                                              .n_paths = PST_LEN(everywhere)};
    struct pst_sandbox_status status;
    return pst_sandbox_enter(&config, &status, err);
}

static enum pst_status compile(const struct args *args, struct pst_err *err)
{
    struct pst_loaded loaded = {0};
    struct pst_images images = {.n = 0};
    char state_dir[PST_PATH_MAX] = {0};
    uint64_t seed = 0;
    enum pst_status status = pst_crypto_init(err);
    if (status == PST_OK) {
        seed = pst_random_u64(); /* before it is confined: it needs no randomness later */
        status = confine(err);
    }
    if (status == PST_OK) {
        status = pst_load_state_dir(&args->common, state_dir, err);
    }
    if (status == PST_OK) {
        status = pst_load(&args->common, &loaded, err);
    }
    if (status == PST_OK) {
        status = override(args, loaded.config, err);
    }
    if (status == PST_OK) {
        status = pst_load_listeners(&args->common, &loaded, (int64_t)time(NULL), err);
        notes_send(args, &loaded);
    }
    if (status == PST_OK) {
        struct pst_compile_in in = {
            .config = loaded.config,
            .config_text = loaded.text,
            .policies = loaded.policies,
            .n_policies = loaded.n_policies,
            .schemas = loaded.schemas,
            .n_schemas = loaded.n_schemas,
            .listen_tls = loaded.listen_tls,
            .inspect = loaded.inspect,
            .seed = seed,
            .state_dir = pst_str_c(state_dir),
            .generation = args->generation,
            .admin_uid = args->admin_uid,
        };
        status = pst_compile(&in, &images, err);
    }
    if (status == PST_OK) {
        status = send_all(args, &images, err);
    }
    pst_images_release(&images);
    pst_loaded_release(&loaded);
    return status;
}

int pst_cmd_compile(int argc, char **argv)
{
    struct args args = {.generation = 1, .admin_uid = (uint32_t)getuid()};
    struct pst_err err = {0};
    const struct pst_option options[] = {
        {"--out-fd", PST_OPTION_U32, &args.out_fd},
        {"--generation", PST_OPTION_U32, &args.generation},
        {"--port", PST_OPTION_U32, &args.port},
        {"--admin-port", PST_OPTION_U32, &args.admin_port},
        {"--tls-port", PST_OPTION_U32, &args.tls_port},
        {"--demo-tls-port", PST_OPTION_U32, &args.demo_tls_port},
        {"--demo-port", PST_OPTION_U32, &args.demo_port},
    };
    if (pst_options_parse(argc, argv, &args.common, options, PST_LEN(options), NULL, 0, &err) !=
        PST_OK) {
        return pst_cli_fail(&args.common, &err);
    }
    if (args.out_fd > INT32_MAX || fcntl((int)args.out_fd, F_GETFD) < 0 || args.out_fd < 3) {
        (void)pst_fail(&err, PST_E_USAGE,
                       "compile is started by the gateway itself; to check a "
                       "configuration: postern check");
        return pst_cli_fail(&args.common, &err);
    }
    if (pst_fd_nonblock((int)args.out_fd, false, &err) != PST_OK ||
        compile(&args, &err) != PST_OK) {
        struct pst_compile_msg msg = {.kind = 0, .err = err};
        (void)send(&args, &msg, -1, NULL);
        return pst_cli_fail(&args.common, &err);
    }
    return PST_EXIT_OK;
}
