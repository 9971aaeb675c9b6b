#include "cli/cli.h"
#include "cli/client.h"

/* Asks for one thing without a body and shows the answer. With --now, where it is an option, the
 * path is another. */
static int ask_now(int argc, char **argv, const char *method, const char *path,
                   const char *now_path)
{
    bool now = false;
    const struct pst_option options[] = {{"--now", PST_OPTION_FLAG, &now}};
    struct pst_common common = {0};
    struct pst_arena arena;
    struct pst_buf raw;
    struct pst_err err = {0};
    const struct pst_json *answer = NULL;
    int code = PST_EXIT_OK;
    pst_arena_init(&arena, 1 << 14, 256 << 20);
    pst_buf_init(&raw, 64 << 20);
    if (pst_options_parse(argc, argv, &common, options, now_path != NULL ? 1 : 0, NULL, 0, &err) !=
            PST_OK ||
        pst_client_ask(&common, method, now ? now_path : path, PST_STR(""), &arena, &raw, &answer,
                       &err) != PST_OK) {
        code = pst_cli_fail(&common, &err);
    } else if (common.json) {
        code = pst_cli_json(pst_buf_str(&raw)) ? PST_EXIT_OK : PST_EXIT_FAILED;
    } else {
        pst_cli_print(stdout, answer);
    }
    pst_buf_release(&raw);
    pst_arena_release(&arena);
    return code;
}

static int ask(int argc, char **argv, const char *method, const char *path)
{
    return ask_now(argc, argv, method, path, NULL);
}

int pst_cmd_status(int argc, char **argv)
{
    return ask(argc, argv, "GET", "/admin/v1/status");
}

int pst_cmd_reload(int argc, char **argv)
{
    return ask_now(argc, argv, "POST", "/admin/v1/reload", "/admin/v1/reload/now");
}

int pst_cmd_key_list(int argc, char **argv)
{
    return ask(argc, argv, "GET", "/admin/v1/keys");
}
