/* cedar-corpus [--image] [--verdicts] DIR…: runs cases in the format of cedar-integration-tests and
 * prints, as one JSON object, what was decided and where that differs from what the cases expect.
 * Exit status: 0 when all agree, 1 when something differs, 2 when a case cannot be run. */
#include "cedar/cedar.h"
#include "cedar/conform.h"
#include "cedar/format.h"
#include "cedar/tools/corpus_validate.h"
#include "cedar/tools/files.h"
#include "wire/json.h"
#include "wire/json_out.h"

#include <stdio.h>
#include <stdlib.h>

struct run {
    struct pst_arena arena;    /* of one case */
    struct pst_arena requests; /* of one request */
    struct pst_json_out out;
    struct pst_buf results;       /* the "results" array */
    struct pst_buf disagreements; /* the "disagreements" array */
    struct pst_json_out res, dis;
    uint64_t cases, asked, differ, broken;
    bool through_image; /* decide from an image of each set instead of the set itself */
    struct pst_buf image;
    bool verdicts;                   /* compare what the validator says only */
    struct pst_cedar_schema *schema; /* of the case at hand; NULL when it has none */
};

static struct pst_json_config json_config(void)
{
    struct pst_json_config c = pst_json_config_of(256u << 20, 0);
    c.limits.depth = PST_JSON_DEPTH_MAX;
    c.limits.name_bytes = c.limits.string_bytes;
    c.stable = true;
    return c;
}

static void disagree(struct run *r, const char *path, int64_t request, const char *what)
{
    r->differ++;
    pst_json_out_object(&r->dis);
    pst_json_out_kstr(&r->dis, "case", pst_str_c(path));
    if (request >= 0) {
        pst_json_out_ki64(&r->dis, "request", request);
    }
    pst_json_out_kstr(&r->dis, "what", pst_str_c(what));
    pst_json_out_end(&r->dis);
}

static void broken(struct run *r, const char *path, const struct pst_err *err)
{
    char text[2 * PST_ERR_TEXT];
    (void)snprintf(text, sizeof text, "cannot be run: %s%s%u:%u: %s", err->file,
                   err->file[0] != 0 ? ":" : "", err->line, err->column, err->text);
    r->broken++;
    disagree(r, path, -1, text);
}

static size_t last_slash(struct pst_str s)
{
    size_t at = PST_NPOS;
    for (size_t i = 0; i < s.n; i++) {
        at = s.p[i] == '/' ? i : at;
    }
    return at;
}

/* A file that a case names: beside the case by its last component, or relative to one of the
 * directories above the case. */
static bool read_named(struct run *r, const char *path, const struct pst_json *v,
                       struct pst_str *ret, struct pst_err *err)
{
    struct pst_str name;
    struct pst_str dir = pst_str_c(path);
    if (!pst_json_str(v, &name)) {
        (void)pst_fail(err, PST_E_SYNTAX, "the case does not name its files");
        return false;
    }
    size_t slash = last_slash(name);
    bool beside = true;
    while (dir.n > 0) {
        size_t cut = last_slash(dir);
        dir = cut == PST_NPOS ? PST_STR("") : pst_str_cut(dir, 0, cut);
        struct pst_str wanted = beside && slash != PST_NPOS ? pst_str_from(name, slash + 1) : name;
        struct pst_str at = dir.n != 0 ? dir : PST_STR(".");
        char *file = pst_tool_join(&r->arena, at, wanted);
        if (file != NULL && pst_tool_read(&r->arena, file, ret, err)) {
            return true;
        }
        beside = false;
    }
    return false;
}

static struct pst_cedar_value uid_of(struct pst_cedar_request *rq, const struct pst_json *v)
{
    struct pst_str type = {0};
    struct pst_str id = {0};
    (void)pst_json_str(PST_JSON_GET(v, "type"), &type);
    (void)pst_json_str(PST_JSON_GET(v, "id"), &id);
    return pst_cedar_uid(rq, type, id);
}

/* Every id of the expected list is among the given policies, and there are as many. */
static bool same_ids(const struct pst_cedar *c, const struct pst_json *expected,
                     const uint32_t *got, size_t stride, size_t n)
{
    size_t count = expected != NULL ? expected->count : 0;
    bool same = count == n;
    for (const struct pst_json *e = pst_json_first(expected); e != NULL && same; e = e->next) {
        struct pst_str id = {0};
        bool found = false;
        (void)pst_json_str(e, &id);
        for (size_t i = 0; i < n && !found; i++) {
            found = pst_str_eq(pst_cedar_policy(c, got[i * stride]).id, id);
        }
        same = found;
    }
    return same;
}

static void print_answer(struct run *r, const struct pst_cedar *c, const struct pst_cedar_answer *a)
{
    pst_json_out_object(&r->res);
    pst_json_out_kstr(&r->res, "decision", a->allow ? PST_STR("allow") : PST_STR("deny"));
    PST_JSON_KEY(&r->res, "reason");
    pst_json_out_array(&r->res);
    for (size_t i = 0; i < a->n_reasons; i++) {
        pst_json_out_str(&r->res, pst_cedar_policy(c, a->reasons[i]).id);
    }
    pst_json_out_end(&r->res);
    PST_JSON_KEY(&r->res, "errors");
    pst_json_out_array(&r->res);
    for (size_t i = 0; i < a->n_errors; i++) {
        pst_json_out_str(&r->res, pst_cedar_policy(c, a->errors[i].policy).id);
    }
    pst_json_out_end(&r->res);
    pst_json_out_end(&r->res);
}

/* By the schema, as upstream does; a context that does not conform is read as it is. */
static enum pst_status read_context(struct run *r, struct pst_cedar_request *rq,
                                    struct pst_cedar_value action, struct pst_str text,
                                    struct pst_cedar_value *ret, struct pst_err *err)
{
    struct pst_err ignored;
    if (r->schema != NULL &&
        pst_cedar_context_by_schema(rq, r->schema, action, text, ret, &ignored) == PST_OK) {
        return PST_OK;
    }
    return pst_cedar_value_json(rq, text, ret, err);
}

static void run_request(struct run *r, const char *path, const struct pst_cedar *c,
                        struct pst_str text, const struct pst_json *q, int64_t number)
{
    struct pst_err err = {0};
    struct pst_cedar_answer a = {0};
    pst_arena_clear(&r->requests);
    struct pst_cedar_request *rq = pst_cedar_request_new(c, &r->requests);
    if (rq == NULL) {
        (void)pst_fail(&err, PST_E_NO_MEMORY, "no memory for the request");
        broken(r, path, &err);
        return;
    }
    pst_cedar_principal(rq, uid_of(rq, PST_JSON_GET(q, "principal")));
    pst_cedar_action(rq, uid_of(rq, PST_JSON_GET(q, "action")));
    pst_cedar_resource(rq, uid_of(rq, PST_JSON_GET(q, "resource")));
    const struct pst_json *context = PST_JSON_GET(q, "context");
    struct pst_cedar_value v = {0};
    if (context != NULL &&
        read_context(r, rq, uid_of(rq, PST_JSON_GET(q, "action")),
                     pst_str_cut(text, context->offset, context->length), &v, &err) != PST_OK) {
        broken(r, path, &err);
        return;
    }
    pst_cedar_context(rq, v);
    if (pst_cedar_authorize(rq, &a, &err) != PST_OK) {
        broken(r, path, &err);
        return;
    }
    r->asked++;
    print_answer(r, c, &a);
    if (r->verdicts) {
        return;
    }
    struct pst_str want = {0};
    (void)pst_json_str(PST_JSON_GET(q, "decision"), &want);
    const struct pst_json *reasons = PST_JSON_GET(q, "reason");
    reasons = reasons != NULL ? reasons : PST_JSON_GET(q, "reasons");
    if (want.n != 0 && !pst_str_eq_nocase(want, a.allow ? PST_STR("allow") : PST_STR("deny"))) {
        disagree(r, path, number, a.allow ? "decision: allow" : "decision: deny");
    }
    if (reasons != NULL && !same_ids(c, reasons, a.reasons, 1, a.n_reasons)) {
        disagree(r, path, number, "reasons");
    }
    const struct pst_json *errors = PST_JSON_GET(q, "errors");
    size_t stride = sizeof a.errors[0] / sizeof(uint32_t);
    if (errors != NULL &&
        !same_ids(c, errors, a.n_errors != 0 ? &a.errors[0].policy : NULL, stride, a.n_errors)) {
        disagree(r, path, number, "errors");
    }
}

/* The set itself, or what an image of it opens as. */
static struct pst_cedar *opened(struct run *r, struct pst_cedar *c, struct pst_err *err)
{
    struct pst_cedar *again = NULL;
    if (!r->through_image) {
        return c;
    }
    pst_buf_clear(&r->image);
    if (pst_cedar_image_write(c, &r->image, err) != PST_OK ||
        pst_cedar_image_open(pst_buf_str(&r->image), &again, err) != PST_OK) {
        return NULL;
    }
    return again;
}

static bool read_for(void *ctx, const char *path, const struct pst_json *name, struct pst_str *ret,
                     struct pst_err *err)
{
    return read_named((struct run *)ctx, path, name, ret, err);
}

static void disagree_for(void *ctx, const char *path, int64_t request, const char *what)
{
    disagree((struct run *)ctx, path, request, what);
}

static struct pst_corpus_case case_of(struct run *r, const char *path, struct pst_str text,
                                      const struct pst_json *v)
{
    return (struct pst_corpus_case){.arena = &r->arena,
                                    .path = path,
                                    .text = text,
                                    .v = v,
                                    .out = &r->res,
                                    .verdicts = r->verdicts,
                                    .ctx = r,
                                    .read = read_for,
                                    .disagree = disagree_for};
}

/* The case's policies and entities: by the schema, as upstream does, if there is one and they
 * conform; else as they are. */
static struct pst_cedar *load_set(struct run *r, const char *path, const struct pst_json *v,
                                  struct pst_err *err)
{
    struct pst_str policies = {0};
    struct pst_str entities = {0};
    struct pst_str file = PST_STR("entities");
    if (!read_named(r, path, PST_JSON_GET(v, "policies"), &policies, err) ||
        !read_named(r, path, PST_JSON_GET(v, "entities"), &entities, err)) {
        return NULL;
    }
    for (const struct pst_cedar_schema *s = r->schema;; s = NULL) {
        struct pst_cedar *c = pst_cedar_new(NULL);
        bool ok = c != NULL &&
                  pst_cedar_add_policies(c, PST_STR("policies"), policies, err) == PST_OK;
        if (s != NULL) {
            ok = ok &&
                 pst_cedar_add_entities_by_schema(c, s, file, entities, NULL, NULL, err) ==
                     PST_OK &&
                 pst_cedar_add_actions(c, s, err) == PST_OK;
        } else {
            ok = ok && pst_cedar_add_entities_json(c, file, entities, err) == PST_OK;
        }
        if (ok && pst_cedar_seal(c, err) == PST_OK) {
            return c;
        }
        pst_cedar_free(c);
        if (s == NULL) {
            return NULL;
        }
    }
}

static void run_case(struct run *r, const char *path, struct pst_str text, const struct pst_json *v)
{
    struct pst_err err = {0};
    struct pst_err ignored = {0}; /* reported when the case is validated */
    const struct pst_corpus_case validated = case_of(r, path, text, v);
    r->cases++;
    r->schema = PST_JSON_GET(v, "schema") != NULL ? pst_corpus_schema(&validated, &ignored) : NULL;
    struct pst_cedar *c = load_set(r, path, v, &err);
    bool ok = c != NULL;
    struct pst_cedar *used = ok ? opened(r, c, &err) : NULL;
    ok = used != NULL;
    pst_json_out_object(&r->res);
    pst_json_out_kstr(&r->res, "case", pst_str_c(path));
    if (!ok) {
        broken(r, path, &err);
    }
    PST_JSON_KEY(&r->res, "requests");
    pst_json_out_array(&r->res);
    const struct pst_json *list = PST_JSON_GET(v, "requests");
    list = list != NULL ? list : PST_JSON_GET(v, "queries");
    int64_t number = 0;
    for (const struct pst_json *q = pst_json_first(list); q != NULL && ok; q = q->next) {
        run_request(r, path, used, text, q, number++);
    }
    pst_json_out_end(&r->res);
    pst_corpus_validate(&validated);
    pst_json_out_end(&r->res);
    pst_cedar_schema_free(r->schema);
    r->schema = NULL;
    if (used != c) {
        pst_cedar_free(used);
    }
    pst_cedar_free(c);
}

static bool parse_case(struct run *r, const char *path, struct pst_str text,
                       const struct pst_json *v)
{
    const struct pst_corpus_case c = case_of(r, path, text, v);
    return pst_corpus_parse_entities(&c);
}

/* Files that are no cases are passed over silently: a case names policies, entities and requests.
 */
static void run_file(struct run *r, const char *path)
{
    struct pst_str text;
    struct pst_err err = {0};
    struct pst_str name = pst_str_c(path);
    pst_arena_clear(&r->arena);
    if (!pst_str_ends(name, PST_STR(".json")) || pst_str_ends(name, PST_STR(".entities.json")) ||
        pst_str_ends(name, PST_STR(".validation.json")) ||
        pst_str_ends(name, PST_STR(".cedarschema.json"))) {
        return;
    }
    struct pst_json_config config = json_config();
    const struct pst_json *v = NULL;
    if (pst_tool_read(&r->arena, path, &text, &err)) {
        v = pst_json_parse(&config, &r->arena, text, &err);
    }
    bool is_case = PST_JSON_GET(v, "policies") != NULL && PST_JSON_GET(v, "entities") != NULL &&
                   (PST_JSON_GET(v, "requests") != NULL || PST_JSON_GET(v, "queries") != NULL);
    if (is_case) {
        run_case(r, path, text, v);
    } else if (parse_case(r, path, text, v)) {
        r->cases++;
    } else if (err.code == PST_E_IO) {
        broken(r, path, &err);
    }
}

static int report(struct run *r)
{
    struct pst_buf out;
    pst_buf_init(&out, 1u << 30);
    pst_json_out_init(&r->out, &out);
    pst_json_out_object(&r->out);
    pst_json_out_ku64(&r->out, "cases", r->cases);
    pst_json_out_ku64(&r->out, "requests", r->asked);
    pst_json_out_ku64(&r->out, "disagreements_count", r->differ);
    PST_JSON_KEY(&r->out, "disagreements");
    pst_json_out_raw(&r->out, pst_buf_str(&r->disagreements));
    PST_JSON_KEY(&r->out, "results");
    pst_json_out_raw(&r->out, pst_buf_str(&r->results));
    pst_json_out_end(&r->out);
    bool ok = pst_json_out_ok(&r->out) && fwrite(out.p, 1, out.n, stdout) == out.n &&
              putchar('\n') != EOF && fflush(stdout) == 0;
    pst_buf_release(&out);
    if (!ok || r->broken != 0 || r->cases == 0) {
        return 2;
    }
    return r->differ != 0 ? 1 : 0;
}

/* For each file of policies a line: the JSON policy set, the text made from it, the formatted
 * source; or why it was refused. */
static bool translate(struct pst_arena *a, const char *path)
{
    struct pst_str text;
    struct pst_err err = {0};
    struct pst_buf json;
    struct pst_buf printed;
    struct pst_buf formatted;
    struct pst_buf line;
    struct pst_json_out o;
    struct pst_cedar *c = pst_cedar_new(NULL);
    pst_buf_init(&json, 1u << 28);
    pst_buf_init(&printed, 1u << 28);
    pst_buf_init(&formatted, 1u << 28);
    pst_buf_init(&line, 1u << 29);
    bool ok = c != NULL && pst_tool_read(a, path, &text, &err) &&
              pst_cedar_add_policies(c, pst_str_c(path), text, &err) == PST_OK &&
              pst_cedar_policies_json(c, &json, &err) == PST_OK &&
              pst_cedar_format(text, &formatted, &err) == PST_OK;
    for (uint32_t i = 0; ok && i < pst_cedar_policies(c); i++) {
        ok = pst_cedar_policy_text(c, i, &printed, &err) == PST_OK;
    }
    pst_json_out_init(&o, &line);
    pst_json_out_object(&o);
    if (ok) {
        PST_JSON_KEY(&o, "json");
        pst_json_out_raw(&o, pst_buf_str(&json));
        pst_json_out_kstr(&o, "text", pst_buf_str(&printed));
        pst_json_out_kstr(&o, "formatted", pst_buf_str(&formatted));
    } else {
        pst_json_out_kstr(&o, "error", pst_str_c(err.text));
        pst_json_out_ku64(&o, "line", err.line);
        pst_json_out_ku64(&o, "column", err.column);
    }
    pst_json_out_end(&o);
    bool written = pst_json_out_ok(&o) && fwrite(line.p, 1, line.n, stdout) == line.n &&
                   putchar('\n') != EOF;
    pst_buf_release(&json);
    pst_buf_release(&printed);
    pst_buf_release(&formatted);
    pst_buf_release(&line);
    pst_cedar_free(c);
    return written;
}

static int translate_all(int n, char **paths)
{
    struct pst_arena a;
    bool ok = true;
    pst_arena_init(&a, 1u << 20, 1u << 30);
    for (int i = 0; i < n && ok; i++) {
        pst_arena_clear(&a);
        ok = translate(&a, paths[i]);
    }
    pst_arena_release(&a);
    return ok && fflush(stdout) == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    struct run r = {0};
    struct pst_arena names;
    if (argc < 2) {
        (void)fprintf(stderr, "usage: cedar-corpus [--image] [--verdicts] DIR…\n"
                              "       cedar-corpus --translate FILE…\n");
        return 2;
    }
    if (strcmp(argv[1], "--translate") == 0) {
        return translate_all(argc - 2, &argv[2]);
    }
    pst_arena_init(&names, 65536, 1u << 30);
    pst_arena_init(&r.arena, 1u << 20, 2u << 30);
    pst_arena_init(&r.requests, 65536, 1u << 30);
    pst_buf_init(&r.results, 1u << 30);
    pst_buf_init(&r.disagreements, 1u << 30);
    pst_json_out_init(&r.res, &r.results);
    pst_json_out_init(&r.dis, &r.disagreements);
    pst_json_out_array(&r.res);
    pst_json_out_array(&r.dis);
    pst_buf_init(&r.image, 1u << 30);
    int first = 1;
    for (; first < argc && strncmp(argv[first], "--", 2) == 0; first++) {
        r.through_image = r.through_image || strcmp(argv[first], "--image") == 0;
        r.verdicts = r.verdicts || strcmp(argv[first], "--verdicts") == 0;
    }
    for (int i = first; i < argc; i++) {
        struct pst_err err = {0};
        size_t n = 0;
        char **paths = pst_tool_walk(&names, argv[i], &n, &err);
        for (size_t k = 0; k < n && paths != NULL; k++) {
            run_file(&r, paths[k]);
        }
    }
    pst_json_out_end(&r.res);
    pst_json_out_end(&r.dis);
    int status = report(&r);
    pst_arena_release(&names);
    pst_arena_release(&r.arena);
    pst_arena_release(&r.requests);
    pst_buf_release(&r.results);
    pst_buf_release(&r.disagreements);
    pst_buf_release(&r.image);
    return status;
}
