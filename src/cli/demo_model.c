/* The command `postern demo-model`. */
#include "cli/cli.h"
#include "cli/demo_server.h"
#include "wire/json_out.h"

#include <signal.h>
#include <stdio.h>

struct arguments {
    struct pst_common common;
    struct pst_demo_options options;
    const char *address, *port, *key;
};

static enum pst_status read_arguments(struct arguments *a, int argc, char **argv,
                                      struct pst_addr *ret_address, struct pst_err *err)
{
    const struct pst_option options[] = {
        {"--port", PST_OPTION_TEXT, &a->port},
        {"--address", PST_OPTION_TEXT, &a->address},
        {"--key", PST_OPTION_TEXT, &a->key},
        {"--pace", PST_OPTION_U32, &a->options.pace_ms},
        {"--latency", PST_OPTION_U32, &a->options.latency_ms},
        {"--tokens", PST_OPTION_U32, &a->options.tokens},
    };
    uint64_t port;
    if (pst_options_parse(argc, argv, &a->common, options, PST_LEN(options), /* words= */ NULL, 0,
                          err) != PST_OK) {
        return PST_ERR;
    }
    if (!pst_str_u64(pst_str_c(a->port), &port) || port > UINT16_MAX) {
        return pst_fail(err, PST_E_USAGE, "--port needs a number up to 65535 (0: any free port)");
    }
    if (!pst_addr_parse_ip(pst_str_c(a->address), (uint16_t)port, ret_address)) {
        return pst_fail(err, PST_E_USAGE, "--address needs an IP address");
    }
    const uint32_t hour_ms = 3600000;
    if (a->options.pace_ms > hour_ms || a->options.latency_ms > hour_ms ||
        a->options.tokens > PST_DEMO_TOKENS_MAX) {
        return pst_fail(err, PST_E_USAGE, "a pause is at most an hour, an answer %d words",
                        (int)PST_DEMO_TOKENS_MAX);
    }
    a->options.key = pst_str_c(a->key);
    return PST_OK;
}

static void on_signal(struct pst_loop *loop, int signal, void *user)
{
    (void)signal;
    (void)user;
    pst_loop_stop(loop);
}

/* The line a script reads to know where the server is. */
static bool announce(const struct arguments *a, const struct pst_addr *address, uint16_t port)
{
    char ip[PST_ADDR_TEXT], url[PST_ADDR_TEXT + 32];
    pst_addr_ip_text(address, ip);
    bool v6 = address->u.any.sa_family == AF_INET6;
    (void)snprintf(url, sizeof url, "http://%s%s%s:%u/v1", v6 ? "[" : "", ip, v6 ? "]" : "",
                   (unsigned)port);
    if (!a->common.json) {
        return printf("demo-model: %s\n", url) > 0 && fflush(stdout) == 0;
    }
    struct pst_buf line;
    struct pst_json_out o;
    pst_buf_init(&line, 256);
    pst_json_out_init(&o, &line);
    pst_json_out_object(&o);
    pst_json_out_kstr(&o, "url", pst_str_c(url));
    pst_json_out_end(&o);
    bool ok = pst_json_out_ok(&o) && pst_cli_json(pst_buf_str(&line)) && fflush(stdout) == 0;
    pst_buf_release(&line);
    return ok;
}

static enum pst_status serve(const struct arguments *a, const struct pst_addr *address,
                             struct pst_err *err)
{
    static const int signals[] = {SIGINT, SIGTERM};
    struct pst_loop *loop = NULL;
    struct pst_demo_server *server = NULL;
    enum pst_status st = pst_loop_open(/* config= */ NULL, &loop, err);
    if (st == PST_OK) {
        st = pst_loop_signals(loop, signals, PST_LEN(signals), on_signal, NULL, err);
    }
    if (st == PST_OK) {
        st = pst_demo_server_open(loop, address, &a->options, &server, err);
    }
    if (st == PST_OK && !announce(a, address, pst_demo_server_port(server))) {
        st = pst_fail(err, PST_E_IO, "standard output cannot be written");
    }
    if (st == PST_OK) {
        st = pst_loop_run(loop, err);
    }
    pst_demo_server_close(server);
    pst_loop_close(loop);
    return st;
}

int pst_cmd_demo_model(int argc, char **argv)
{
    struct arguments a = {.address = "127.0.0.1", .port = ""};
    struct pst_addr address;
    struct pst_err err = {.code = PST_E_NONE};
    if (read_arguments(&a, argc, argv, &address, &err) != PST_OK ||
        serve(&a, &address, &err) != PST_OK) {
        return pst_cli_fail(&a.common, &err);
    }
    return PST_EXIT_OK;
}
