#include "control/policy.h"

#include "base/enc.h"
#include "cedar/conform.h"
#include "control/builtin.h"
#include "gate/decide.h"

/* --- proving ------------------------------------------------------------------------------ */

struct judge {
    const struct pst_cedar *set;
    pst_policy_report *report;
    void *ctx;
    struct pst_err *err; /* the first error goes here */
    bool failed, vague;
    uint32_t policy; /* in which it is */
};

/* The error as one line with its place. A long sentence (it may list the members of a type) is cut
 * before the hint is. */
static void first_error(struct judge *j, const struct pst_cedar_finding *f)
{
    struct pst_str file = pst_cedar_policy(j->set, f->policy).file;
    struct pst_str hint = pst_str_cut(f->hint, 0, PST_ERR_TEXT / 2), text = f->text;
    size_t room = PST_ERR_TEXT - sizeof "…; " - hint.n;
    if (text.n > room) {
        do {
            text = pst_str_cut(text, 0, room--);
        } while (!pst_utf8_valid(text));
    }
    (void)pst_fail_at(j->err, PST_E_CEDAR_VALIDATION, f->line, f->column, "%.*s%s%s%.*s",
                      PST_FMT(text), text.n < f->text.n ? "…" : "", hint.n > 0 ? "; " : "",
                      (int)hint.n, hint.n > 0 ? (const char *)hint.p : "");
    if (j->err != NULL) {
        pst_str_cut_c(file, j->err->file, sizeof j->err->file);
    }
}

static void on_finding(void *ctx, const struct pst_cedar_finding *f)
{
    struct judge *j = ctx;
    /* that nothing of the schema fits the scope is the least that can be said of a policy */
    bool better = j->vague && f->policy == j->policy && f->kind != PST_CEDAR_F_NO_ACTION;
    if (!f->warning && (!j->failed || better)) {
        j->failed = true;
        j->vague = f->kind == PST_CEDAR_F_NO_ACTION;
        j->policy = f->policy;
        first_error(j, f);
    }
    if (j->report != NULL) {
        j->report(j->ctx, j->set, f);
    }
}

enum pst_status pst_policy_prove(const struct pst_cedar *set, const struct pst_cedar_schema *schema,
                                 pst_policy_report *report, void *ctx, struct pst_err *err)
{
    struct judge j = {.set = set, .report = report, .ctx = ctx, .err = err};
    struct pst_cedar_validation how = {.mode = PST_CEDAR_STRICT, .report = on_finding, .ctx = &j};
    struct pst_cedar_verdict verdict = {0};
    if (pst_decide_check(set, err) != PST_OK ||
        pst_cedar_validate(set, schema, &how, &verdict, err) != PST_OK) {
        return PST_ERR;
    }
    if (verdict.invalid > 0 && !j.failed) {
        return pst_fail(err, PST_E_CEDAR_VALIDATION, "a policy does not agree with the schema");
    }
    return verdict.invalid > 0 ? PST_ERR : PST_OK;
}

/* --- the schema --------------------------------------------------------------------------- */

/* Every line of `part` is a line of `whole`; both are sorted. */
static bool lines_within(struct pst_str part, struct pst_str whole)
{
    struct pst_cur a = pst_cur_of(part), b = pst_cur_of(whole);
    while (!pst_cur_done(&a)) {
        struct pst_str want = pst_str_cut(pst_cur_rest(&a), 0,
                                          pst_str_find_byte(pst_cur_rest(&a), '\n'));
        bool found = false;
        while (!found && !pst_cur_done(&b)) {
            struct pst_str have = pst_str_cut(pst_cur_rest(&b), 0,
                                              pst_str_find_byte(pst_cur_rest(&b), '\n'));
            found = pst_str_eq(want, have);
            pst_cur_skip(&b, have.n < pst_cur_left(&b) ? have.n + 1 : have.n);
        }
        if (!found) {
            return false;
        }
        pst_cur_skip(&a, want.n < pst_cur_left(&a) ? want.n + 1 : want.n);
    }
    return true;
}

/* What the built-in schema says still means the same beside the operator's declarations: an `entity
 * Long` in no namespace, say, would quietly be the type of `now: Long`. */
static enum pst_status meaning_kept(const struct pst_cedar_schema *own,
                                    const struct pst_cedar_schema *all, struct pst_err *err)
{
    struct pst_buf before, after;
    pst_buf_init(&before, 64 << 20);
    pst_buf_init(&after, 64 << 20);
    enum pst_status status = pst_cedar_schema_print_resolved(own, &before, err);
    if (status == PST_OK) {
        status = pst_cedar_schema_print_resolved(all, &after, err);
    }
    if (status == PST_OK && !lines_within(pst_buf_str(&before), pst_buf_str(&after))) {
        status = pst_fail(err, PST_E_CEDAR_SCHEMA,
                          "a declaration outside any namespace changes what the schema of "
                          "Postern means; put it into a namespace of its own");
    }
    pst_buf_release(&before);
    pst_buf_release(&after);
    return status;
}

static size_t lines_of(struct pst_str text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == '\n';
    }
    return n + !pst_str_ends(text, PST_STR("\n"));
}

/* A copy of the built-in schema lies beside many a copy of the built-in policies. */
static bool is_own(const struct pst_source *schema)
{
    return pst_str_eq(schema->text, pst_builtin_schema[0].text);
}

/* The files were read as one text: back to the file and its line. */
static void locate(const struct pst_source *schemas, size_t n, struct pst_err *err)
{
    if (err == NULL || err->line == 0) {
        return;
    }
    size_t line = err->line;
    struct pst_str name = pst_builtin_schema[0].name;
    size_t here = lines_of(pst_builtin_schema[0].text);
    for (size_t i = 0; i < n && line > here; i++) {
        if (is_own(&schemas[i])) {
            continue;
        }
        line -= here;
        name = schemas[i].name;
        here = lines_of(schemas[i].text);
    }
    err->line = (uint32_t)line;
    pst_str_cut_c(name, err->file, sizeof err->file);
}

static void add_text(struct pst_buf *out, struct pst_str text)
{
    (void)pst_buf_add(out, text);
    if (!pst_str_ends(text, PST_STR("\n"))) {
        (void)pst_buf_byte(out, '\n');
    }
}

struct pst_cedar_schema *pst_policy_schema(const struct pst_source *schemas, size_t n,
                                           struct pst_err *err)
{
    const struct pst_source *own = &pst_builtin_schema[0];
    struct pst_cedar_schema *built_in = pst_cedar_schema_parse_text(/* limits= */ NULL, own->name,
                                                                    own->text, err);
    struct pst_cedar_schema *all = NULL;
    struct pst_buf text;
    if (built_in == NULL || n == 0) {
        return built_in;
    }
    pst_buf_init(&text, 2 * (size_t)pst_limit_row(PST_LIMIT_policy_bytes)->hard);
    add_text(&text, own->text);
    for (size_t i = 0; i < n; i++) {
        if (!is_own(&schemas[i])) {
            add_text(&text, schemas[i].text);
        }
    }
    if (text.failed) {
        (void)pst_fail(err, PST_E_CEDAR_LIMIT, "the schema files are too large");
    } else {
        all = pst_cedar_schema_parse_text(/* limits= */ NULL, own->name, pst_buf_str(&text), err);
        if (all == NULL) {
            locate(schemas, n, err);
        } else if (meaning_kept(built_in, all, err) != PST_OK) {
            pst_cedar_schema_free(all);
            all = NULL;
        }
    }
    pst_buf_release(&text);
    pst_cedar_schema_free(built_in);
    return all;
}

/* --- all of it ---------------------------------------------------------------------------- */

static enum pst_status fill(struct pst_cedar *set, const struct pst_policy_in *in,
                            const struct pst_cedar_schema *schema, struct pst_err *err)
{
    for (size_t i = 0; i < in->n_sources; i++) {
        /* file by file, so that a statement cannot begin in one and end in the next */
        if (pst_cedar_add_policies(set, in->sources[i].name, in->sources[i].text, err) != PST_OK) {
            return PST_ERR;
        }
    }
    /* entities by the schema: what is proven holds for those that are what it declares */
    if (pst_cedar_add_entities_by_schema(set, schema, PST_STR("(entities)"), in->entities,
                                         /* report= */ NULL, NULL, err) != PST_OK ||
        pst_cedar_add_actions(set, schema, err) != PST_OK || pst_cedar_seal(set, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_policy_prove(set, schema, in->report, in->ctx, err);
}

enum pst_status pst_policy_compile(const struct pst_policy_in *in, struct pst_cedar **ret,
                                   struct pst_err *err)
{
    struct pst_cedar_limits limits = {.seed = in->seed};
    struct pst_cedar_schema *schema = pst_policy_schema(in->schemas, in->n_schemas, err);
    if (schema == NULL) {
        return PST_ERR;
    }
    struct pst_cedar *set = pst_cedar_new(&limits);
    enum pst_status status = set != NULL ? fill(set, in, schema, err)
                                         : pst_fail(err, PST_E_NO_MEMORY,
                                                    "no memory to check the policies");
    pst_cedar_schema_free(schema);
    if (status != PST_OK) {
        pst_cedar_free(set);
        return PST_ERR;
    }
    *ret = set;
    return PST_OK;
}

enum pst_status pst_policy_check(const struct pst_policy_in *in, size_t *ret_count,
                                 struct pst_err *err)
{
    struct pst_cedar *set = NULL;
    if (pst_policy_compile(in, &set, err) != PST_OK) {
        return PST_ERR;
    }
    if (ret_count != NULL) {
        *ret_count = pst_cedar_policies(set);
    }
    pst_cedar_free(set);
    return PST_OK;
}
