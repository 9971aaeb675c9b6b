/* postern policy check: are policies well formed, and can they be proven against the schema? */
#include "cli/policy_answer.h"
#include "cli/policy_world.h"
#include "gate/decide.h"

struct check {
    struct pst_common common;
    struct pst_option_list words;
    const char *schema, *level;
    bool permissive;
    struct pst_policy_world world;
    struct pst_json_out findings;
    struct pst_cedar_verdict verdict;
};

static void on_finding(void *ctx, const struct pst_cedar_finding *f)
{
    struct check *c = ctx;
    if (c->common.json) {
        pst_policy_finding_json(&c->findings, c->world.set, f);
    } else {
        pst_policy_finding_print(stderr, c->world.set, f, c->world.sources, c->world.n_sources);
    }
}

static enum pst_status prove(struct check *c, struct pst_err *err)
{
    uint64_t level = 0;
    struct pst_cedar_validation how = {
        .mode = c->permissive ? PST_CEDAR_PERMISSIVE : PST_CEDAR_STRICT,
        .report = on_finding,
        .ctx = c,
        .with_level = c->level != NULL,
    };
    if (c->level != NULL && (!pst_str_u64(pst_str_c(c->level), &level) || level > 1000)) {
        return pst_fail(err, PST_E_USAGE, "--level needs a number from 0 to 1000");
    }
    how.level = (uint32_t)level;
    if (c->world.schema == NULL) {
        return PST_OK;
    }
    return pst_cedar_validate(c->world.set, c->world.schema, &how, &c->verdict, err);
}

static enum pst_status check(struct check *c, struct pst_err *err)
{
    struct pst_policy_from from = {.common = &c->common,
                                   .policies = c->words.v,
                                   .n_policies = c->words.n,
                                   .schema = c->schema};
    if (c->permissive && c->schema == NULL) {
        return pst_fail(err, PST_E_USAGE,
                        "the gateway always checks strictly; --permissive needs --schema FILE");
    }
    if (pst_policy_world_read(&c->world, &from, err) != PST_OK ||
        pst_policy_world_fill(&c->world, err) != PST_OK || prove(c, err) != PST_OK) {
        return PST_ERR;
    }
    /* findings first: one that is wrong in both ways is told by its line */
    return c->world.gateway && c->verdict.invalid == 0 ? pst_decide_check(c->world.set, err)
                                                       : PST_OK;
}

static int done(struct check *c, struct pst_buf *findings)
{
    bool valid = c->verdict.invalid == 0;
    uint32_t n = pst_cedar_policies(c->world.set);
    pst_json_out_end(&c->findings);
    if (!c->common.json) {
        if (valid) {
            printf("%u policies in %zu files are valid\n", n, c->world.n_sources);
        } else {
            fprintf(stderr, "%u of %u policies are not valid\n", c->verdict.invalid, n);
        }
        return valid ? PST_EXIT_OK : PST_EXIT_FAILED;
    }
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, PST_POLICY_FILE_MAX);
    pst_json_out_init(&o, &buf);
    pst_json_out_object(&o);
    pst_json_out_kbool(&o, "valid", valid);
    pst_json_out_ku64(&o, "policies", n);
    pst_json_out_ku64(&o, "policy_files", c->world.n_sources);
    pst_json_out_ku64(&o, "errors", c->verdict.errors);
    pst_json_out_ku64(&o, "warnings", c->verdict.warnings);
    PST_JSON_KEY(&o, "findings");
    pst_json_out_raw(&o, pst_buf_str(findings));
    pst_json_out_end(&o);
    (void)pst_cli_json(pst_buf_str(&buf));
    pst_buf_release(&buf);
    return valid ? PST_EXIT_OK : PST_EXIT_FAILED;
}

int pst_cmd_policy_check(int argc, char **argv)
{
    struct check c = {.common = {0}};
    struct pst_err err = {0};
    struct pst_buf findings;
    const struct pst_option options[] = {
        {"--schema", PST_OPTION_TEXT, &c.schema},
        {"--level", PST_OPTION_TEXT, &c.level},
        {"--permissive", PST_OPTION_FLAG, &c.permissive},
    };
    pst_buf_init(&findings, PST_POLICY_FILE_MAX);
    pst_json_out_init(&c.findings, &findings);
    pst_json_out_array(&c.findings);
    int code = pst_options_parse(argc, argv, &c.common, options, PST_LEN(options), &c.words,
                                 PST_OPTION_LIST, &err) == PST_OK &&
                       check(&c, &err) == PST_OK
                   ? done(&c, &findings)
                   : pst_cli_fail(&c.common, &err);
    pst_policy_world_release(&c.world);
    pst_buf_release(&findings);
    return code;
}
