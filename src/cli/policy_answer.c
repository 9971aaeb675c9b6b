#include "cli/policy_answer.h"

#include "cli/policy_world.h"

/* --- decisions ---------------------------------------------------------------------------- */

static void place_print(FILE *out, struct pst_cedar_policy_info info, uint32_t line)
{
    fputs(" (", out);
    pst_cli_text(out, info.file, 0);
    fprintf(out, ":%u)\n", line);
}

void pst_policy_verdict_print(FILE *out, const struct pst_policy_verdict *v)
{
    const struct pst_cedar_answer *a = &v->answer;
    fputs(v->allow ? "allow\n" : "deny\n", out);
    if (a->allow && !v->allow) {
        fputs("  because a policy could not be evaluated; Cedar by itself would pass over it and "
              "allow\n",
              out);
    }
    for (size_t i = 0; i < a->n_reasons; i++) {
        struct pst_cedar_policy_info info = pst_cedar_policy(v->set, a->reasons[i]);
        fputs(info.forbid ? "  forbidden by " : "  permitted by ", out);
        pst_cli_text(out, pst_policy_name(v->set, a->reasons[i]), 0);
        place_print(out, info, info.line);
    }
    if (a->n_reasons == 0) {
        fputs("  no policy permits it\n", out);
    }
    for (size_t i = 0; i < a->n_errors; i++) {
        fputs("  not evaluable: ", out);
        pst_cli_text(out, pst_policy_name(v->set, a->errors[i].policy), 0);
        fprintf(out, ": %s", pst_error_row(a->errors[i].code)->text);
        place_print(out, pst_cedar_policy(v->set, a->errors[i].policy), a->errors[i].line);
    }
}

static void policy_json(struct pst_json_out *o, const struct pst_cedar *set, uint32_t policy)
{
    struct pst_cedar_policy_info info = pst_cedar_policy(set, policy);
    pst_json_out_kstr(o, "id", pst_policy_name(set, policy));
    pst_json_out_kstr(o, "policy", info.id);
    pst_json_out_kstr(o, "effect", info.forbid ? PST_STR("forbid") : PST_STR("permit"));
    PST_JSON_KEY(o, "file");
    pst_json_out_lossy(o, info.file);
}

void pst_policy_verdict_json(struct pst_json_out *o, const struct pst_policy_verdict *v)
{
    const struct pst_cedar_answer *a = &v->answer;
    pst_json_out_kstr(o, "decision", v->allow ? PST_STR("allow") : PST_STR("deny"));
    pst_json_out_kstr(o, "cedar_decision", a->allow ? PST_STR("allow") : PST_STR("deny"));
    PST_JSON_KEY(o, "reasons");
    pst_json_out_array(o);
    for (size_t i = 0; i < a->n_reasons; i++) {
        pst_json_out_object(o);
        policy_json(o, v->set, a->reasons[i]);
        pst_json_out_ku64(o, "line", pst_cedar_policy(v->set, a->reasons[i]).line);
        pst_json_out_end(o);
    }
    pst_json_out_end(o);
    PST_JSON_KEY(o, "errors");
    pst_json_out_array(o);
    for (size_t i = 0; i < a->n_errors; i++) {
        const struct pst_error_row *row = pst_error_row(a->errors[i].code);
        pst_json_out_object(o);
        policy_json(o, v->set, a->errors[i].policy);
        pst_json_out_ku64(o, "line", a->errors[i].line);
        pst_json_out_ku64(o, "column", a->errors[i].column);
        pst_json_out_kstr(o, "code", pst_str_c(row->code));
        pst_json_out_kstr(o, "message", pst_str_c(row->text));
        pst_json_out_end(o);
    }
    pst_json_out_end(o);
}

/* --- findings ----------------------------------------------------------------------------- */

static struct pst_str line_of(struct pst_str text, uint32_t line)
{
    struct pst_str rest = text;
    for (uint32_t at = 1; at < line; at++) {
        size_t end = pst_str_find_byte(rest, '\n');
        if (end == PST_NPOS) {
            return (struct pst_str){NULL, 0};
        }
        rest = pst_str_from(rest, end + 1);
    }
    return pst_str_cut(rest, 0, pst_str_find_byte(rest, '\n'));
}

/* The line, and a mark under the column, which counts characters. */
static void excerpt(FILE *out, struct pst_str file, const struct pst_cedar_finding *f,
                    const struct pst_source *sources, size_t n)
{
    struct pst_str line = {NULL, 0};
    for (size_t i = 0; i < n && line.n == 0; i++) {
        if (pst_str_eq(sources[i].name, file)) {
            line = line_of(sources[i].text, f->line);
        }
    }
    if (line.n == 0 || line.n > 400 || f->column == 0) {
        return;
    }
    fprintf(out, "  %5u | ", f->line);
    pst_cli_text(out, line, 0);
    fprintf(out, "\n        | %*s^\n", (int)f->column - 1, "");
}

static void note(FILE *out, const char *word, struct pst_str text)
{
    if (text.n > 0) {
        fprintf(out, "        = %s: ", word);
        pst_cli_text(out, text, 0);
        fputc('\n', out);
    }
}

void pst_policy_finding_print(FILE *out, const struct pst_cedar *set,
                              const struct pst_cedar_finding *f, const struct pst_source *sources,
                              size_t n)
{
    struct pst_cedar_policy_info info = pst_cedar_policy(set, f->policy);
    pst_cli_text(out, info.file, 0);
    if (f->line != 0) {
        fprintf(out, ":%u:%u", f->line, f->column);
    }
    fprintf(out, ": %s: ", f->warning ? "warning" : "error");
    pst_cli_text(out, f->text, 0);
    fputc('\n', out);
    excerpt(out, info.file, f, sources, n);
    note(out, "policy", pst_policy_name(set, f->policy));
    note(out, "expected", f->expected);
    note(out, "found", f->found);
    note(out, "hint", f->hint);
    if (f->action.n > 0) {
        fputs("        = for: ", out);
        pst_cli_text(out, f->principal, 0);
        fputs(", ", out);
        pst_cli_text(out, f->action, 0);
        fputs(", ", out);
        pst_cli_text(out, f->resource, 0);
        fputc('\n', out);
    }
}

static void lossy(struct pst_json_out *o, const char *key, struct pst_str text)
{
    if (text.n > 0) {
        pst_json_out_key(o, pst_str_c(key));
        pst_json_out_lossy(o, text);
    }
}

void pst_policy_finding_json(struct pst_json_out *o, const struct pst_cedar *set,
                             const struct pst_cedar_finding *f)
{
    pst_json_out_object(o);
    pst_json_out_kstr(o, "kind", pst_str_c(pst_cedar_finding_name(f->kind)));
    pst_json_out_kstr(o, "severity", f->warning ? PST_STR("warning") : PST_STR("error"));
    policy_json(o, set, f->policy);
    pst_json_out_ku64(o, "line", f->line);
    pst_json_out_ku64(o, "column", f->column);
    lossy(o, "message", f->text);
    lossy(o, "expected", f->expected);
    lossy(o, "found", f->found);
    lossy(o, "hint", f->hint);
    lossy(o, "principal", f->principal);
    lossy(o, "action", f->action);
    lossy(o, "resource", f->resource);
    pst_json_out_end(o);
}
