#include "cli/cli.h"
#include "control/builtin.h"

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
