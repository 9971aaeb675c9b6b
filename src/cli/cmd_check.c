#include "cedar/cedar.h"
#include "cli/cli.h"
#include "cli/load.h"
#include "crypto/crypto.h"
#include "wire/json_out.h"

#include <string.h>
#include <time.h>

static size_t policies_in(const struct pst_images *images)
{
    size_t n = 0;
    for (size_t i = 0; i < images->n; i++) {
        struct pst_cedar *set = NULL;
        const struct pst_warden_image *warden = images->list[i].p;
        if (images->list[i].kind == PST_IMAGE_WARDEN &&
            pst_cedar_image_open(pst_image_cedar(warden), &set, NULL) == PST_OK) {
            n = pst_cedar_policies(set);
        }
        pst_cedar_free(set);
    }
    return n;
}

/* Compiles everything and throws it away: what passes here starts and reloads. */
static enum pst_status check(const struct pst_loaded *l, size_t *ret_policies, struct pst_err *err)
{
    struct pst_images images = {.n = 0};
    struct pst_compile_in in = {
        .config = l->config,
        .config_text = l->text,
        .policies = l->policies,
        .n_policies = l->n_policies,
        .schemas = l->schemas,
        .n_schemas = l->n_schemas,
        .listen_tls = l->listen_tls,
        .inspect = l->inspect,
        .state_dir = PST_STR("/state"), /* where it will live is not the configuration's business */
        .generation = 1,
    };
    enum pst_status status = pst_compile(&in, &images, err);
    if (status == PST_OK) {
        *ret_policies = policies_in(&images);
    }
    pst_images_release(&images);
    return status;
}

static void print(const struct pst_common *common, const struct pst_loaded *l, size_t policies)
{
    struct pst_buf buf;
    struct pst_json_out o;
    if (!common->json) {
        printf("%s is valid: %u upstreams, %u models, %zu policies in %zu files%s\n", l->path,
               l->config->n_upstreams, l->config->n_models, policies, l->n_policies,
               l->config->policies[0] == 0 ? " (built in)" : "");
        return;
    }
    pst_buf_init(&buf, 8192);
    pst_json_out_init(&o, &buf);
    pst_json_out_object(&o);
    pst_json_out_kbool(&o, "valid", true);
    PST_JSON_KEY(&o, "config");
    pst_json_out_lossy(&o, pst_str_c(l->path));
    pst_json_out_ku64(&o, "upstreams", l->config->n_upstreams);
    pst_json_out_ku64(&o, "models", l->config->n_models);
    pst_json_out_ku64(&o, "policies", policies);
    pst_json_out_ku64(&o, "policy_files", l->n_policies);
    pst_json_out_kbool(&o, "builtin_policies", l->config->policies[0] == 0);
    pst_json_out_end(&o);
    (void)pst_cli_json(pst_buf_str(&buf));
    pst_buf_release(&buf);
}

static void print_notes(const struct pst_loaded *l)
{
    for (size_t i = 0; l->notes != NULL && i < l->notes->n; i++) {
        const struct pst_err *note = &l->notes->list[i];
        fprintf(stderr, "%s:%u:%u: warning: %s\n", note->file, note->line, note->column,
                note->text);
    }
}

int pst_cmd_check(int argc, char **argv)
{
    struct pst_common common = {0};
    struct pst_loaded loaded = {0};
    struct pst_err err = {0};
    size_t policies = 0;
    int code = PST_EXIT_OK;
    if (pst_options_parse(argc, argv, &common, NULL, 0, NULL, 0, &err) != PST_OK ||
        pst_crypto_init(&err) != PST_OK || pst_load(&common, &loaded, &err) != PST_OK ||
        pst_load_listeners(&common, &loaded, (int64_t)time(NULL), &err) != PST_OK ||
        pst_load_keys_check(&common, &loaded, &err) != PST_OK ||
        check(&loaded, &policies, &err) != PST_OK) {
        code = pst_cli_fail(&common, &err);
    } else {
        print(&common, &loaded, policies);
    }
    print_notes(&loaded);
    pst_loaded_release(&loaded);
    return code;
}
