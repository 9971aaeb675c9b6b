/* postern policy authorize and explain: one question, the decision, and why. */
#include "cedar/explain.h"
#include "cli/policy_answer.h"
#include "cli/policy_world.h"

enum { EXIT_DENY = 1, OUT_MAX = 16 << 20 };

struct asked {
    struct pst_common common;
    struct pst_option_list policies, groups;
    const char *schema, *entities, *request;
    const char *principal, *action, *resource, *context, *app;
    bool cedar; /* Cedar's own rule for policies that cannot be evaluated */
    struct pst_policy_world world;
    struct pst_arena arena;
    struct pst_policy_question question;
    struct pst_policy_verdict verdict;
    struct pst_buf why;
};

/* --- the question ------------------------------------------------------------------------- */

static enum pst_status ref(struct asked *a, bool action, const char *option, const char *text,
                           struct pst_cedar_uid_text *ret, struct pst_err *err)
{
    if (text == NULL) {
        return pst_fail(err, PST_E_USAGE, "%s is missing (or a --request FILE that says it)",
                        option);
    }
    return pst_policy_ref(&a->arena, a->world.gateway, action, pst_str_c(text), ret, err);
}

/* "T::\"id\"" as text, or {"type", "id"}, or that in "__entity". */
static enum pst_status json_ref(struct asked *a, bool action, const struct pst_json *v,
                                const char *name, struct pst_cedar_uid_text *ret,
                                struct pst_err *err)
{
    struct pst_str text;
    if (pst_json_str(v, &text)) {
        return pst_policy_ref(&a->arena, a->world.gateway, action, text, ret, err);
    }
    const struct pst_json *inner = PST_JSON_GET(v, "__entity");
    v = inner != NULL ? inner : v;
    if (!pst_json_str(PST_JSON_GET(v, "type"), &ret->type) ||
        !pst_json_str(PST_JSON_GET(v, "id"), &ret->id)) {
        return pst_fail(err, PST_E_SYNTAX,
                        "the request's %s is not \"Type::\\\"id\\\"\" or {\"type\", \"id\"}", name);
    }
    return PST_OK;
}

static enum pst_status read_request(struct asked *a, struct pst_err *err)
{
    struct pst_str text;
    struct pst_json_config config = pst_json_config_of(PST_POLICY_FILE_MAX, /* seed= */ 0);
    config.stable = true;
    if (pst_load_file(&a->arena, a->request, PST_POLICY_FILE_MAX, &text, err) != PST_OK) {
        return PST_ERR;
    }
    const struct pst_json *v = pst_json_parse(&config, &a->arena, text, err);
    if (v == NULL) {
        if (err != NULL) {
            pst_str_cut_c(pst_str_c(a->request), err->file, sizeof err->file);
        }
        return PST_ERR;
    }
    const struct pst_json *context = PST_JSON_GET(v, "context");
    if (context != NULL) {
        a->question.context = pst_str_cut(text, context->offset, context->length);
    }
    struct pst_policy_question *q = &a->question;
    if (json_ref(a, false, PST_JSON_GET(v, "principal"), "principal", &q->principal, err) !=
            PST_OK ||
        json_ref(a, true, PST_JSON_GET(v, "action"), "action", &q->action, err) != PST_OK) {
        return PST_ERR;
    }
    return json_ref(a, false, PST_JSON_GET(v, "resource"), "resource", &q->resource, err);
}

static enum pst_status read_groups(struct asked *a, struct pst_err *err)
{
    struct pst_policy_question *q = &a->question;
    for (size_t i = 0; i < a->groups.n; i++) {
        struct pst_str text = pst_str_c(a->groups.v[i]);
        struct pst_cedar_uid_text *to = &q->groups[q->n_groups++];
        if (a->world.gateway && pst_str_find_byte(text, '/') == PST_NPOS &&
            pst_str_find_byte(text, '"') == PST_NPOS) {
            *to = (struct pst_cedar_uid_text){PST_STR("Postern::Group"), text};
        } else if (pst_policy_ref(&a->arena, a->world.gateway, false, text, to, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status read_question(struct asked *a, struct pst_err *err)
{
    struct pst_policy_question *q = &a->question;
    if (a->request != NULL) {
        if (a->principal != NULL || a->action != NULL || a->resource != NULL ||
            a->context != NULL) {
            return pst_fail(err, PST_E_USAGE, "--request says it all; leave the others out");
        }
        if (read_request(a, err) != PST_OK) {
            return PST_ERR;
        }
    } else if (ref(a, false, "--principal", a->principal, &q->principal, err) != PST_OK ||
               ref(a, true, "--action", a->action, &q->action, err) != PST_OK ||
               ref(a, false, "--resource", a->resource, &q->resource, err) != PST_OK) {
        return PST_ERR;
    }
    if (a->context != NULL &&
        pst_load_file(&a->arena, a->context, PST_POLICY_FILE_MAX, &q->context, err) != PST_OK) {
        return PST_ERR;
    }
    if (a->app != NULL && ref(a, false, "--app", a->app, &q->app, err) != PST_OK) {
        return PST_ERR;
    }
    return read_groups(a, err);
}

/* --- the answer --------------------------------------------------------------------------- */

static enum pst_status answer(struct asked *a, struct pst_err *err)
{
    struct pst_policy_from from = {.common = &a->common,
                                   .policies = a->policies.v,
                                   .n_policies = a->policies.n,
                                   .schema = a->schema};
    struct pst_cedar_request *r = NULL;
    if (a->entities != NULL) {
        from.entities_name = pst_str_c(a->entities);
        if (pst_load_file(&a->arena, a->entities, PST_POLICY_FILE_MAX, &from.entities, err) !=
            PST_OK) {
            return PST_ERR;
        }
    }
    if (pst_policy_world_read(&a->world, &from, err) != PST_OK || read_question(a, err) != PST_OK ||
        pst_policy_world_seal(&a->world, err) != PST_OK ||
        pst_policy_ask(&a->world, &a->arena, &a->question, &r, err) != PST_OK) {
        return PST_ERR;
    }
    a->verdict.set = a->world.set;
    if (pst_cedar_explain(r, &a->why, err) != PST_OK ||
        pst_cedar_authorize(r, &a->verdict.answer, err) != PST_OK) {
        return PST_ERR;
    }
    a->verdict.allow = a->verdict.answer.allow && (a->cedar || a->verdict.answer.n_errors == 0);
    return PST_OK;
}

static int print(struct asked *a, bool explain)
{
    int code = a->verdict.allow ? PST_EXIT_OK : EXIT_DENY;
    if (!a->common.json) {
        if (explain) {
            if (a->verdict.answer.allow && !a->verdict.allow) {
                fputs("Denied by the gateway, because a policy could not be evaluated. Cedar by "
                      "itself:\n",
                      stdout);
            }
            (void)fwrite(a->why.p, 1, a->why.n, stdout);
        } else {
            pst_policy_verdict_print(stdout, &a->verdict);
        }
        return code;
    }
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, OUT_MAX);
    pst_json_out_init(&o, &buf);
    pst_json_out_object(&o);
    pst_policy_verdict_json(&o, &a->verdict);
    if (explain) {
        PST_JSON_KEY(&o, "explanation");
        pst_json_out_lossy(&o, pst_buf_str(&a->why));
    }
    pst_json_out_end(&o);
    (void)pst_cli_json(pst_buf_str(&buf));
    pst_buf_release(&buf);
    return code;
}

static int run(int argc, char **argv, bool explain)
{
    struct asked a = {.common = {0}};
    struct pst_err err = {0};
    const struct pst_option options[] = {
        {"--policies", PST_OPTION_MANY, &a.policies},   {"--schema", PST_OPTION_TEXT, &a.schema},
        {"--entities", PST_OPTION_TEXT, &a.entities},   {"--request", PST_OPTION_TEXT, &a.request},
        {"--principal", PST_OPTION_TEXT, &a.principal}, {"--action", PST_OPTION_TEXT, &a.action},
        {"--resource", PST_OPTION_TEXT, &a.resource},   {"--context", PST_OPTION_TEXT, &a.context},
        {"--group", PST_OPTION_MANY, &a.groups},        {"--app", PST_OPTION_TEXT, &a.app},
        {"--cedar", PST_OPTION_FLAG, &a.cedar},
    };
    pst_arena_init(&a.arena, 1 << 16, 512 << 20);
    pst_buf_init(&a.why, OUT_MAX);
    int code = pst_options_parse(argc, argv, &a.common, options, PST_LEN(options), NULL, 0, &err) ==
                           PST_OK &&
                       answer(&a, &err) == PST_OK
                   ? print(&a, explain)
                   : pst_policy_fail(&a.common, &err);
    pst_policy_world_release(&a.world);
    pst_arena_release(&a.arena);
    pst_buf_release(&a.why);
    return code;
}

int pst_cmd_policy_authorize(int argc, char **argv)
{
    return run(argc, argv, /* explain= */ false);
}

int pst_cmd_policy_explain(int argc, char **argv)
{
    return run(argc, argv, /* explain= */ true);
}
