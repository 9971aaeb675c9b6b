/* postern policy translate: policies and schemas between Cedar's own syntax and its JSON. */
#include "cedar/format.h"
#include "cedar/schema.h"
#include "cli/load.h"
#include "cli/policy_world.h"
#include "wire/json_out.h"

#include <string.h>

struct translate {
    struct pst_common common;
    struct pst_option_list words;
    const char *kind, *to;
    bool schema, from_json, to_json;
    struct pst_arena arena;
    struct pst_str text;
    struct pst_buf out;
};

/* What cannot be told from the name or the first character is asked for. */
static enum pst_status settle(struct translate *t, const char *path, struct pst_err *err)
{
    struct pst_str name = pst_str_c(path), text = t->text;
    size_t at = 0;
    while (at < text.n && (text.p[at] == ' ' || (text.p[at] >= '\t' && text.p[at] <= '\r'))) {
        at++;
    }
    t->from_json = at < text.n && (text.p[at] == '{' || text.p[at] == '[');
    t->to_json = !t->from_json;
    t->schema = pst_str_ends(name, PST_STR(".cedarschema")) ||
                pst_str_ends(name, PST_STR(".cedarschema.json"));
    if (t->kind != NULL) {
        t->schema = strcmp(t->kind, "schema") == 0;
        if (!t->schema && strcmp(t->kind, "policies") != 0) {
            return pst_fail(err, PST_E_USAGE, "--kind is policies or schema");
        }
    }
    if (t->to != NULL) {
        t->to_json = strcmp(t->to, "json") == 0;
        if (!t->to_json && strcmp(t->to, "cedar") != 0) {
            return pst_fail(err, PST_E_USAGE, "--to is json or cedar");
        }
    }
    return PST_OK;
}

static enum pst_status translate_schema(struct translate *t, struct pst_str name,
                                        struct pst_err *err)
{
    struct pst_cedar_schema *s =
        t->from_json ? pst_cedar_schema_parse_json(/* limits= */ NULL, name, t->text, err)
                     : pst_cedar_schema_parse_text(/* limits= */ NULL, name, t->text, err);
    if (s == NULL) {
        return PST_ERR;
    }
    enum pst_status status = t->to_json ? pst_cedar_schema_print_json(s, &t->out, err)
                                        : pst_cedar_schema_print_text(s, &t->out, err);
    pst_cedar_schema_free(s);
    return status;
}

/* Cedar text has no place for the ids of a JSON policy set: they become comments. */
static enum pst_status write_text(const struct pst_cedar *set, struct pst_buf *out,
                                  struct pst_err *err)
{
    for (uint32_t i = 0; i < pst_cedar_policies(set); i++) {
        char usual[32];
        struct pst_str id = pst_cedar_policy(set, i).id;
        pst_text(usual, sizeof usual, "policy%u", i);
        (void)(i == 0 || pst_buf_byte(out, '\n'));
        if (!pst_str_eq(id, pst_str_c(usual)) && pst_str_find_byte(id, '\n') == PST_NPOS) {
            (void)(PST_BUF_LIT(out, "// ") && pst_buf_add(out, id) && pst_buf_byte(out, '\n'));
        }
        if (pst_cedar_policy_text(set, i, out, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status translate_policies(struct translate *t, struct pst_str name,
                                          struct pst_err *err)
{
    struct pst_cedar *set = pst_cedar_new(/* limits= */ NULL);
    if (set == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the policies");
    }
    enum pst_status status = t->from_json ? pst_cedar_add_policies_json(set, name, t->text, err)
                                          : pst_cedar_add_policies(set, name, t->text, err);
    if (status == PST_OK) {
        status = t->to_json ? pst_cedar_policies_json(set, &t->out, err)
                            : write_text(set, &t->out, err);
    }
    pst_cedar_free(set);
    return status;
}

static enum pst_status translate(struct translate *t, struct pst_err *err)
{
    const char *path = t->words.n > 0 ? t->words.v[0] : "-";
    if (pst_load_file(&t->arena, path, PST_POLICY_FILE_MAX, &t->text, err) != PST_OK ||
        settle(t, path, err) != PST_OK) {
        return PST_ERR;
    }
    return t->schema ? translate_schema(t, pst_str_c(path), err)
                     : translate_policies(t, pst_str_c(path), err);
}

static int print(const struct translate *t)
{
    struct pst_str text = pst_buf_str(&t->out);
    if (!t->common.json) {
        (void)fwrite(text.p, 1, text.n, stdout);
        if (!pst_str_ends(text, PST_STR("\n"))) {
            fputc('\n', stdout);
        }
        return fflush(stdout) == 0 ? PST_EXIT_OK : PST_EXIT_UNREADABLE;
    }
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, 4 * (size_t)PST_POLICY_FILE_MAX);
    pst_json_out_init(&o, &buf);
    pst_json_out_object(&o);
    pst_json_out_kstr(&o, "kind", t->schema ? PST_STR("schema") : PST_STR("policies"));
    if (t->to_json) {
        PST_JSON_KEY(&o, "json");
        pst_json_out_raw(&o, text);
    } else {
        pst_json_out_kstr(&o, "cedar", text);
    }
    pst_json_out_end(&o);
    bool ok = pst_json_out_ok(&o) && pst_cli_json(pst_buf_str(&buf));
    pst_buf_release(&buf);
    return ok ? PST_EXIT_OK : PST_EXIT_UNREADABLE;
}

int pst_cmd_policy_translate(int argc, char **argv)
{
    struct translate t = {.common = {0}};
    struct pst_err err = {0};
    const struct pst_option options[] = {
        {"--kind", PST_OPTION_TEXT, &t.kind},
        {"--to", PST_OPTION_TEXT, &t.to},
    };
    pst_arena_init(&t.arena, 1 << 16, 256 << 20);
    pst_buf_init(&t.out, 4 * (size_t)PST_POLICY_FILE_MAX);
    int code = pst_options_parse(argc, argv, &t.common, options, PST_LEN(options), &t.words, 1,
                                 &err) == PST_OK &&
                       translate(&t, &err) == PST_OK
                   ? print(&t)
                   : pst_policy_fail(&t.common, &err);
    pst_arena_release(&t.arena);
    pst_buf_release(&t.out);
    return code;
}
