#include "cli/cli.h"
#include "cli/state.h"
#include "crypto/secret.h"
#include "wire/json_out.h"

#include <string.h>
#include <time.h>

static void print_json(const struct pst_state_made *made)
{
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, 8192);
    if (pst_buf_room(&buf, 4096) == NULL) { /* no copies of keys left behind by growing */
        pst_buf_release(&buf);
        return;
    }
    pst_json_out_init(&o, &buf);
    pst_json_out_object(&o);
    PST_JSON_KEY(&o, "state");
    pst_json_out_lossy(&o, pst_str_c(made->dir));
    pst_json_out_kbool(&o, "fresh", made->fresh);
    if (made->admin_key[0] != 0) {
        pst_json_out_kstr(&o, "admin_key", pst_str_c(made->admin_key));
    }
    if (made->demo_key[0] != 0) {
        pst_json_out_kstr(&o, "demo_key", pst_str_c(made->demo_key));
    }
    pst_json_out_end(&o);
    (void)pst_cli_json(pst_buf_str(&buf));
    pst_wipe(buf.p, buf.n);
    pst_buf_release(&buf);
}

static void print_text(const struct pst_state_made *made, const char *state)
{
    if (!made->fresh) {
        fprintf(stderr,
                "%s was there already and is kept. A new key:\n"
                "  postern key create --state %s --owner Workload/demo --group demo\n",
                made->dir, state);
        return;
    }
    if (made->admin_key[0] == 0) {
        fprintf(stderr,
                "Made %s, without a key. On this machine root and you may make keys:\n"
                "  postern key create --state %s --owner User/admin --group admins\n",
                made->dir, state);
        return;
    }
    fprintf(stderr, "Made %s. These keys are shown once; only their hashes are kept:\n", made->dir);
    printf("export POSTERN_ADMIN_KEY=%s\n", made->admin_key);
    if (made->demo_key[0] != 0) {
        printf("export POSTERN_KEY=%s\n", made->demo_key);
    }
    fprintf(stderr, "Next: postern up --state %s\n", state);
}

int pst_cmd_init(int argc, char **argv)
{
    struct pst_common common = {0};
    struct pst_state_made made;
    struct pst_err err = {0};
    struct pst_state_plan plan = {.now_s = (int64_t)time(NULL)};
    const struct pst_option options[] = {{"--demo", PST_OPTION_FLAG, &plan.demo},
                                         {"--no-keys", PST_OPTION_FLAG, &plan.no_keys}};
    if (pst_options_parse(argc, argv, &common, options, PST_LEN(options), NULL, 0, &err) !=
        PST_OK) {
        return pst_cli_fail(&common, &err);
    }
    plan.config = common.config;
    if (pst_state_make_as(common.state, &plan, &made, &err) != PST_OK) {
        return pst_cli_fail(&common, &err);
    }
    if (common.json) {
        print_json(&made);
    } else {
        print_text(&made, common.state);
    }
    pst_state_made_wipe(&made);
    return PST_EXIT_OK;
}
