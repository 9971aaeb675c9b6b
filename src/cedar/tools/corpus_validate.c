#include "cedar/tools/corpus_validate.h"

#include "cedar/conform.h"
#include "cedar/schema.h"
#include "cedar/tools/files.h"
#include "cedar/validate.h"

struct bad_entity {
    struct bad_entity *next;
    struct pst_str uid;
    const char *text;
};

struct job {
    const struct pst_corpus_case *k;
    struct pst_cedar_schema *s;
    struct pst_cedar *set; /* the policies */
    const struct pst_json *expected;
    bool *invalid[2]; /* by mode, by policy */
    uint32_t n_policies;
    struct bad_entity *bad;
};

static const char *const modes[] = {"strict", "permissive"};

/* "WHAT NAME". */
static void disagree(const struct job *j, int64_t request, const char *what, struct pst_str name)
{
    struct pst_str cut = pst_str_cut(name, 0, 200);
    struct pst_err words = {0}; /* formats, and cuts what is too long */
    (void)pst_fail(&words, PST_E_CEDAR_VALIDATION, "%s %.*s", what, (int)cut.n,
                   (const char *)cut.p);
    j->k->disagree(j->k->ctx, j->k->path, request, words.text);
}

/* A file beside the case, called as it but for the ending; NULL when there is none. */
static const struct pst_json *beside(const struct pst_corpus_case *k, const char *ending,
                                     struct pst_str *ret_text)
{
    struct pst_err err = {0};
    struct pst_str stem = pst_str_cut(pst_str_c(k->path), 0, strlen(k->path) - strlen(".json"));
    char *path = (char *)pst_arena_take(k->arena, stem.n + strlen(ending) + 1);
    if (path == NULL) {
        return NULL;
    }
    memcpy(path, stem.p, stem.n);
    memcpy(&path[stem.n], ending, strlen(ending) + 1);
    if (!pst_tool_read(k->arena, path, ret_text, &err)) {
        return NULL;
    }
    struct pst_json_config config = pst_json_config_of(256u << 20, 0);
    config.limits.depth = PST_JSON_DEPTH_MAX;
    config.limits.name_bytes = config.limits.string_bytes;
    config.stable = true;
    return pst_json_parse(&config, k->arena, *ret_text, &err);
}

/* --- policies ----------------------------------------------------------------------------------
 */

struct mode_run {
    struct job *j;
    unsigned mode;
    bool print;
};

static void put_finding(struct pst_json_out *out, const struct pst_cedar *set,
                        const struct pst_cedar_finding *f)
{
    pst_json_out_object(out);
    pst_json_out_kstr(out, "policy", pst_cedar_policy(set, f->policy).id);
    pst_json_out_kstr(out, "kind", pst_str_c(pst_cedar_finding_name(f->kind)));
    pst_json_out_kbool(out, "warning", f->warning);
    pst_json_out_ku64(out, "line", f->line);
    pst_json_out_ku64(out, "column", f->column);
    pst_json_out_kstr(out, "text", f->text);
    if (f->hint.n != 0) {
        pst_json_out_kstr(out, "hint", f->hint);
    }
    pst_json_out_end(out);
}

static void on_finding(void *ctx, const struct pst_cedar_finding *f)
{
    struct mode_run *m = (struct mode_run *)ctx;
    if (!f->warning) {
        m->j->invalid[m->mode][f->policy] = true;
    }
    if (m->print) {
        put_finding(m->j->k->out, m->j->set, f);
    }
}

static bool validate_policies(struct job *j, struct pst_err *err)
{
    struct pst_json_out *out = j->k->out;
    for (unsigned mode = 0; mode < 2; mode++) {
        struct mode_run m = {.j = j, .mode = mode, .print = mode == 0};
        struct pst_cedar_verdict verdict = {0};
        struct pst_cedar_validation how = {
            .mode = (enum pst_cedar_mode)mode, .report = on_finding, .ctx = &m};
        if (m.print) {
            PST_JSON_KEY(out, "findings");
            pst_json_out_array(out);
        }
        enum pst_status st = pst_cedar_validate(j->set, j->s, &how, &verdict, err);
        if (m.print) {
            pst_json_out_end(out);
        }
        if (st != PST_OK) {
            return false;
        }
        pst_json_out_kbool(out, modes[mode], verdict.invalid == 0);
    }
    return true;
}

static bool all_valid(const struct job *j, unsigned mode)
{
    bool ok = true;
    for (uint32_t i = 0; i < j->n_policies; i++) {
        ok = ok && !j->invalid[mode][i];
    }
    return ok;
}

static void compare_policies(const struct job *j)
{
    const struct pst_json *pv = PST_JSON_GET(j->expected, "policyValidation");
    const struct pst_json *should = PST_JSON_GET(j->k->v, "shouldValidate");
    bool want = false;
    if (!j->k->verdicts && pst_json_bool(should, &want) && want != all_valid(j, PST_CEDAR_STRICT)) {
        disagree(j, -1, "shouldValidate", PST_STR("(strict)"));
    }
    for (unsigned mode = 0; mode < 2; mode++) {
        if (pst_json_bool(pst_json_get(pv, pst_str_c(modes[mode])), &want) &&
            want != all_valid(j, mode)) {
            disagree(j, -1, "policyValidation", pst_str_c(modes[mode]));
        }
        const struct pst_json *per = PST_JSON_GET(pv, "perPolicy");
        for (uint32_t i = 0; i < j->n_policies; i++) {
            struct pst_str id = pst_cedar_policy(j->set, i).id;
            const struct pst_json *p = pst_json_get(per, id);
            if (pst_json_bool(pst_json_get(p, pst_str_c(modes[mode])), &want) &&
                want == j->invalid[mode][i]) {
                disagree(j, -1, mode == 0 ? "strict verdict of" : "permissive verdict of", id);
            }
        }
    }
}

/* --- entities ----------------------------------------------------------------------------------
 */

static void on_entity(void *ctx, struct pst_str uid, const struct pst_err *err)
{
    struct job *j = (struct job *)ctx;
    struct bad_entity *b = PST_ARENA_NEW(j->k->arena, struct bad_entity);
    struct pst_str text = pst_arena_copy(j->k->arena, pst_str_from(pst_str_c(err->text), 0));
    char *c = (char *)pst_arena_take(j->k->arena, text.n + 1);
    if (b != NULL && c != NULL) {
        memcpy(c, err->text, text.n);
        c[text.n] = 0;
        b->uid = pst_arena_copy(j->k->arena, uid);
        b->text = c;
        b->next = j->bad;
        j->bad = b;
    }
}

static bool is_bad(const struct job *j, struct pst_str uid)
{
    for (const struct bad_entity *b = j->bad; b != NULL; b = b->next) {
        if (pst_str_eq(b->uid, uid)) {
            return true;
        }
    }
    return false;
}

/* Reads the entities by the schema into a set of their own; false: all of them were wrong together
 * (not JSON). */
static bool validate_entities(struct job *j, const struct pst_json *name)
{
    struct pst_json_out *out = j->k->out;
    struct pst_err err = {0};
    struct pst_str text = {0};
    struct pst_cedar *c = pst_cedar_new(NULL);
    bool ok = c != NULL && j->k->read(j->k->ctx, j->k->path, name, &text, &err) &&
              pst_cedar_add_entities_by_schema(c, j->s, PST_STR("entities"), text, on_entity, j,
                                               &err) == PST_OK;
    pst_cedar_free(c);
    pst_json_out_kbool(out, "entities", ok);
    PST_JSON_KEY(out, "entity_findings");
    pst_json_out_object(out);
    for (const struct bad_entity *b = j->bad; b != NULL; b = b->next) {
        pst_json_out_key(out, b->uid);
        pst_json_out_lossy(out, pst_str_c(b->text));
    }
    pst_json_out_end(out);
    return ok;
}

static void compare_entities(const struct job *j)
{
    const struct pst_json *per = PST_JSON_GET(PST_JSON_GET(j->expected, "entityValidation"),
                                              "perEntity");
    for (const struct pst_json *e = pst_json_first(per); e != NULL; e = e->next) {
        const struct pst_json *errors = PST_JSON_GET(e, "errors");
        bool want = errors == NULL || errors->count == 0;
        if (want == is_bad(j, e->name)) {
            disagree(j, -1, "entity", e->name);
        }
    }
}

/* --- requests ----------------------------------------------------------------------------------
 */

static struct pst_cedar_value uid_of(struct pst_cedar_request *r, const struct pst_json *v)
{
    struct pst_str type = {0};
    struct pst_str id = {0};
    (void)pst_json_str(PST_JSON_GET(v, "type"), &type);
    (void)pst_json_str(PST_JSON_GET(v, "id"), &id);
    return pst_cedar_uid(r, type, id);
}

static bool validate_request(struct job *j, struct pst_arena *arena, const struct pst_json *q,
                             struct pst_err *err)
{
    struct pst_cedar_value context = {0};
    struct pst_cedar_request *r = pst_cedar_request_new(j->set, arena);
    if (r == NULL) {
        (void)pst_fail(err, PST_E_NO_MEMORY, "no memory for the request");
        return false;
    }
    struct pst_cedar_value action = uid_of(r, PST_JSON_GET(q, "action"));
    pst_cedar_principal(r, uid_of(r, PST_JSON_GET(q, "principal")));
    pst_cedar_action(r, action);
    pst_cedar_resource(r, uid_of(r, PST_JSON_GET(q, "resource")));
    const struct pst_json *v = PST_JSON_GET(q, "context");
    if (v != NULL) {
        struct pst_str text = pst_str_cut(j->k->text, v->offset, v->length);
        if (pst_cedar_context_by_schema(r, j->s, action, text, &context, err) != PST_OK) {
            return false;
        }
        pst_cedar_context(r, context);
    }
    return pst_cedar_request_conforms(r, j->s, err) == PST_OK;
}

static void validate_requests(struct job *j)
{
    struct pst_json_out *out = j->k->out;
    const struct pst_json *expected = pst_json_first(
        PST_JSON_GET(j->expected, "requestValidation"));
    struct pst_arena arena;
    int64_t number = 0;
    pst_arena_init(&arena, 65536, 1u << 30);
    PST_JSON_KEY(out, "requests");
    pst_json_out_array(out);
    for (const struct pst_json *q = pst_json_first(PST_JSON_GET(j->k->v, "requests")); q != NULL;
         q = q->next, number++) {
        struct pst_err err = {0};
        bool want = false;
        pst_arena_clear(&arena);
        bool ok = validate_request(j, &arena, q, &err);
        pst_json_out_bool(out, ok);
        if (expected != NULL) {
            if (pst_json_bool(PST_JSON_GET(expected, "strict"), &want) && want != ok) {
                disagree(j, number, "request validation:", pst_str_c(err.text));
            }
            expected = expected->next;
        }
    }
    pst_json_out_end(out);
    pst_arena_release(&arena);
}

/* --- schemas -----------------------------------------------------------------------------------
 */

/* The schema in JSON beside the case means the same, and so does what is printed from both. */
static void compare_schemas(const struct job *j)
{
    struct pst_err err = {0};
    struct pst_str text = {0};
    struct pst_buf a;
    struct pst_buf b;
    if (beside(j->k, ".cedarschema.json", &text) == NULL) {
        return;
    }
    pst_buf_init(&a, 256u << 20);
    pst_buf_init(&b, 256u << 20);
    struct pst_cedar_schema *other = pst_cedar_schema_parse_json(NULL, PST_STR("cedarschema.json"),
                                                                 text, &err);
    bool same = other != NULL && pst_cedar_schema_print_resolved(j->s, &a, &err) == PST_OK &&
                pst_cedar_schema_print_resolved(other, &b, &err) == PST_OK &&
                pst_str_eq(pst_buf_str(&a), pst_buf_str(&b));
    if (!same) {
        disagree(j, -1, "the schema in JSON differs:", pst_str_c(err.text));
    }
    pst_cedar_schema_free(other);
    pst_buf_release(&a);
    pst_buf_release(&b);
}

/* --- a case ------------------------------------------------------------------------------------
 */

struct pst_cedar_schema *pst_corpus_schema(const struct pst_corpus_case *k, struct pst_err *err)
{
    const struct pst_json *name = PST_JSON_GET(k->v, "schema");
    struct pst_str path = {0};
    struct pst_str text = {0};
    (void)pst_json_str(name, &path);
    if (!k->read(k->ctx, k->path, name, &text, err)) {
        return NULL;
    }
    return pst_str_ends(path, PST_STR(".json"))
               ? pst_cedar_schema_parse_json(NULL, path, text, err)
               : pst_cedar_schema_parse_text(NULL, path, text, err);
}

static bool validate_case(struct job *j, struct pst_err *err)
{
    const struct pst_corpus_case *k = j->k;
    struct pst_str text = {0};
    j->s = pst_corpus_schema(k, err);
    j->set = pst_cedar_new(NULL);
    if (j->s == NULL || j->set == NULL ||
        !k->read(k->ctx, k->path, PST_JSON_GET(k->v, "policies"), &text, err) ||
        pst_cedar_add_policies(j->set, PST_STR("policies"), text, err) != PST_OK ||
        pst_cedar_seal(j->set, err) != PST_OK) {
        return false;
    }
    j->n_policies = pst_cedar_policies(j->set);
    for (unsigned mode = 0; mode < 2; mode++) {
        j->invalid[mode] = PST_ARENA_ARRAY(k->arena, j->n_policies, bool);
        if (j->invalid[mode] == NULL) {
            return false;
        }
    }
    if (!validate_policies(j, err)) {
        return false;
    }
    compare_policies(j);
    (void)validate_entities(j, PST_JSON_GET(k->v, "entities"));
    compare_entities(j);
    validate_requests(j);
    compare_schemas(j);
    return true;
}

void pst_corpus_validate(const struct pst_corpus_case *k)
{
    struct job j = {.k = k};
    struct pst_err err = {0};
    struct pst_str ignored;
    if (PST_JSON_GET(k->v, "schema") == NULL) {
        return;
    }
    j.expected = beside(k, ".validation.json", &ignored);
    PST_JSON_KEY(k->out, "validation");
    pst_json_out_object(k->out);
    if (!validate_case(&j, &err)) {
        disagree(&j, -1, "cannot be validated:", pst_str_c(err.text));
    }
    pst_json_out_end(k->out);
    pst_cedar_free(j.set);
    pst_cedar_schema_free(j.s);
}

bool pst_corpus_parse_entities(const struct pst_corpus_case *k)
{
    struct job j = {.k = k};
    struct pst_err err = {0};
    struct pst_str ignored;
    bool want = false;
    if (PST_JSON_GET(k->v, "policies") != NULL || PST_JSON_GET(k->v, "entities") == NULL) {
        return false;
    }
    j.expected = beside(k, ".parsing.json", &ignored);
    if (j.expected == NULL) {
        return false;
    }
    pst_json_out_object(k->out);
    pst_json_out_kstr(k->out, "case", pst_str_c(k->path));
    j.s = pst_corpus_schema(k, &err);
    bool ok = j.s != NULL && validate_entities(&j, PST_JSON_GET(k->v, "entities"));
    pst_json_out_end(k->out);
    const struct pst_json *all = PST_JSON_GET(j.expected, "allEntities");
    if (j.s == NULL || !pst_json_bool(PST_JSON_GET(all, "success"), &want) || want != ok) {
        disagree(&j, -1, "reading all entities:", pst_str_c(err.text));
    }
    for (const struct pst_json *e = pst_json_first(PST_JSON_GET(j.expected, "perEntity"));
         e != NULL; e = e->next) {
        if (pst_json_bool(PST_JSON_GET(e, "success"), &want) && want == is_bad(&j, e->name)) {
            disagree(&j, -1, "reading entity", e->name);
        }
    }
    pst_cedar_schema_free(j.s);
    return true;
}
