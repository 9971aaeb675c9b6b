/* postern health: for a service manager or a container, which need an exit status and no key. */
#include "cli/cli.h"
#include "cli/client.h"
#include "wire/json_out.h"

static void print(const struct pst_common *common, bool healthy, struct pst_str text)
{
    struct pst_buf buf;
    struct pst_json_out o;
    while (text.n > 0 && text.p[text.n - 1] == '\n') {
        text.n--;
    }
    if (!common->json) {
        pst_cli_text(stdout, pst_str_cut(text, 0, 200), /* width= */ 0);
        putchar('\n');
        return;
    }
    pst_buf_init(&buf, 4096);
    pst_json_out_init(&o, &buf);
    pst_json_out_object(&o);
    pst_json_out_kbool(&o, "healthy", healthy);
    PST_JSON_KEY(&o, "text");
    pst_json_out_lossy(&o, pst_str_cut(text, 0, 200));
    pst_json_out_end(&o);
    (void)pst_cli_json(pst_buf_str(&buf));
    pst_buf_release(&buf);
}

int pst_cmd_health(int argc, char **argv)
{
    struct pst_common common = {0};
    struct pst_err err = {0};
    struct pst_arena arena;
    struct pst_buf raw;
    uint16_t status = 0;
    bool ready = false;
    int code = PST_EXIT_FAILED;
    const struct pst_option options[] = {{"--ready", PST_OPTION_FLAG, &ready}};
    pst_arena_init(&arena, 1 << 14, 1 << 20);
    pst_buf_init(&raw, 1 << 16);
    if (pst_options_parse(argc, argv, &common, options, PST_LEN(options), NULL, 0, &err) !=
            PST_OK ||
        pst_client_get(&common, ready ? "/readyz" : "/healthz", &arena, &raw, &status, &err) !=
            PST_OK) {
        code = pst_cli_fail(&common, &err);
    } else {
        print(&common, status == 200, pst_buf_str(&raw));
        code = status == 200 ? PST_EXIT_OK : PST_EXIT_FAILED;
    }
    pst_buf_release(&raw);
    pst_arena_release(&arena);
    return code;
}
