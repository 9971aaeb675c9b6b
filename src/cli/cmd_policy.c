#include "cli/cli.h"
#include "cli/load.h"
#include "control/builtin.h"
#include "control/policy.h"

static int done(const struct pst_common *common, size_t policies, size_t files)
{
    if (common->json) {
        printf("{\"valid\":true,\"policies\":%zu,\"policy_files\":%zu}\n", policies, files);
    } else {
        printf("%zu policies in %zu files are valid\n", policies, files);
    }
    return PST_EXIT_OK;
}

/* The files named, or what the configuration names. */
static enum pst_status gather(const struct pst_common *common, const struct pst_option_list *words,
                              struct pst_loaded *l, struct pst_err *err)
{
    if (words->n == 0) {
        return pst_load(common, l, err);
    }
    pst_arena_init(&l->arena, 1 << 16, 128 << 20);
    struct pst_source *list = PST_ARENA_ARRAY(&l->arena, PST_LOAD_POLICIES_MAX, struct pst_source);
    if (list == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the policies");
    }
    l->policies = list;
    for (size_t i = 0; i < words->n; i++) {
        if (pst_load_policies(&l->arena, words->v[i], list, &l->n_policies, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status check(const struct pst_loaded *l, size_t *ret, struct pst_err *err)
{
    struct pst_policy_in in = {.sources = l->policies,
                               .n_sources = l->n_policies,
                               .schemas = l->schemas,
                               .n_schemas = l->n_schemas,
                               .entities = PST_STR("[]")};
    return pst_policy_check(&in, ret, err);
}

int pst_cmd_policy_check(int argc, char **argv)
{
    struct pst_common common = {0};
    struct pst_option_list words = {0};
    struct pst_loaded loaded = {0};
    struct pst_err err = {0};
    size_t policies = 0;
    int code = PST_EXIT_OK;
    if (pst_options_parse(argc, argv, &common, NULL, 0, &words, PST_OPTION_LIST, &err) != PST_OK ||
        gather(&common, &words, &loaded, &err) != PST_OK ||
        check(&loaded, &policies, &err) != PST_OK) {
        code = pst_cli_fail(&common, &err);
    } else {
        code = done(&common, policies, loaded.n_policies);
    }
    pst_loaded_release(&loaded);
    return code;
}

int pst_cmd_policy_show(int argc, char **argv)
{
    struct pst_common common = {0};
    struct pst_err err = {0};
    if (pst_options_parse(argc, argv, &common, NULL, 0, NULL, 0, &err) != PST_OK) {
        return pst_cli_fail(&common, &err);
    }
    if (common.json) {
        (void)pst_fail(&err, PST_E_USAGE, "policies are text; leave --json out");
        return pst_cli_fail(&common, &err);
    }
    for (size_t i = 0; i < pst_builtin_schema_n; i++) {
        (void)fwrite(pst_builtin_schema[i].text.p, 1, pst_builtin_schema[i].text.n, stdout);
    }
    for (size_t i = 0; i < pst_builtin_policies_n; i++) {
        printf("\n// --- %.*s\n\n", PST_FMT(pst_builtin_policies[i].name));
        (void)fwrite(pst_builtin_policies[i].text.p, 1, pst_builtin_policies[i].text.n, stdout);
    }
    return PST_EXIT_OK;
}
