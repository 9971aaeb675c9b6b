#include "cli/policy_cases.h"

#include "control/units.h"
#include "wire/json_out.h"
#include "yaml/yamltree.h"

#include <stdarg.h>
#include <string.h>

enum { JSON_MAX = 16 << 20, CASES_MAX = 10000 };

struct reading {
    struct pst_arena *arena;
    const char *path;
    bool gateway;
    struct pst_policy_suite *suite;
    struct pst_err *err;
};

static const char *const suite_keys[] = {"policies", "schema", "entities", "given", "tests"};
static const char *const case_keys[] = {"name",     "principal", "app",    "groups", "action",
                                        "resource", "context",   "expect", "by"};
static const char *const entity_keys[] = {"in", "attrs", "tags"};

PST_PRINTF(3, 4)
static enum pst_status refuse(struct reading *r, const struct pst_yaml *at, const char *fmt, ...)
{
    char text[PST_ERR_TEXT];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    (void)pst_fail_at(r->err, PST_E_CONFIG, at->line, at->column, "%s", text);
    return PST_ERR;
}

static enum pst_status no_memory(struct reading *r)
{
    return pst_fail(r->err, PST_E_NO_MEMORY, "no memory for the tests");
}

/* Every member of a mapping has one of the names. */
static enum pst_status keys_known(struct reading *r, const struct pst_yaml *map,
                                  const char *const *names, size_t n, const char *what)
{
    if (map->kind != PST_YAML_MAP) {
        return refuse(r, map, "%s is a mapping of names and values", what);
    }
    for (const struct pst_yaml *m = map->first; m != NULL; m = m->next) {
        bool known = false;
        for (size_t i = 0; i < n && !known; i++) {
            known = pst_str_eq(m->key, pst_str_c(names[i]));
        }
        if (!known) {
            const char *nearest = pst_name_nearest(m->key, names, n);
            struct pst_str key = pst_str_cut(m->key, 0, 40);
            return pst_fail_at(r->err, PST_E_CONFIG, m->key_line, m->key_column,
                               "%s has no \"%.*s\"%s%s%s", what, PST_FMT(key),
                               nearest != NULL ? "; did you mean \"" : "",
                               nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
        }
    }
    return PST_OK;
}

/* --- values as JSON ----------------------------------------------------------------------- */

static void put_scalar(struct pst_json_out *o, const struct pst_yaml *v)
{
    int64_t number;
    if (v->plain && pst_str_i64(v->text, &number)) {
        pst_json_out_i64(o, number);
    } else if (v->plain &&
               (pst_str_eq(v->text, PST_STR("true")) || pst_str_eq(v->text, PST_STR("false")))) {
        pst_json_out_bool(o, v->text.n == 4);
    } else {
        pst_json_out_str(o, v->text);
    }
}

/* A value with all in it: whole numbers, true and false without quotes are what they look like,
 * every other scalar is a string. */
static void put_value(struct pst_json_out *o, const struct pst_yaml *root)
{
    const struct pst_yaml *open[PST_YAML_DEPTH_MAX + 1], *at = root;
    size_t n = 0;
    while (at != NULL || n > 0) {
        if (at == NULL) { /* the innermost is complete */
            pst_json_out_end(o);
            n--;
            at = n > 0 ? open[n]->next : NULL;
            continue;
        }
        if (n > 0 && open[n - 1]->kind == PST_YAML_MAP) {
            pst_json_out_key(o, at->key);
        }
        if (at->kind == PST_YAML_SCALAR) {
            put_scalar(o, at);
            at = n > 0 ? at->next : NULL;
            continue;
        }
        PST_BUG_ON(n >= PST_LEN(open)); /* the reader has refused what is deeper */
        if (at->kind == PST_YAML_MAP) {
            pst_json_out_object(o);
        } else {
            pst_json_out_array(o);
        }
        open[n++] = at;
        at = at->first;
    }
}

static enum pst_status json_of(struct reading *r, const struct pst_yaml *v, struct pst_str *ret)
{
    struct pst_buf buf;
    struct pst_json_out o;
    pst_buf_init(&buf, JSON_MAX);
    pst_json_out_init(&o, &buf);
    put_value(&o, v);
    *ret = pst_arena_copy(r->arena, pst_buf_str(&buf));
    bool ok = pst_json_out_ok(&o) && ret->p != NULL;
    pst_buf_release(&buf);
    return ok ? PST_OK : no_memory(r);
}

/* --- scalars ------------------------------------------------------------------------------ */

static enum pst_status ref(struct reading *r, const struct pst_yaml *v, bool action,
                           struct pst_cedar_uid_text *ret)
{
    struct pst_err err = {0};
    if (v->kind != PST_YAML_SCALAR) {
        return refuse(r, v, "an entity is expected here, such as User/alice");
    }
    return pst_policy_ref(r->arena, r->gateway, action, v->text, ret, &err) == PST_OK
               ? PST_OK
               : refuse(r, v, "%s", err.text);
}

static enum pst_status path_of(struct reading *r, const struct pst_yaml *v, const char **ret)
{
    struct pst_str folder = pst_str_c(r->path);
    if (v->kind != PST_YAML_SCALAR || v->text.n == 0 || pst_str_find_byte(v->text, 0) != PST_NPOS) {
        return refuse(r, v, "a path is expected here");
    }
    while (folder.n > 0 && folder.p[folder.n - 1] != '/') {
        folder.n--;
    }
    if (v->text.p[0] == '/') {
        folder.n = 0;
    }
    char *path = PST_ARENA_ARRAY(r->arena, folder.n + v->text.n + 1, char);
    if (path == NULL) {
        return no_memory(r);
    }
    if (folder.n > 0) {
        memcpy(path, folder.p, folder.n);
    }
    memcpy(&path[folder.n], v->text.p, v->text.n);
    *ret = path;
    return PST_OK;
}

/* One, or a list of them: the first, then ->next while `list`. */
static const struct pst_yaml *first_of(const struct pst_yaml *v)
{
    return v != NULL && v->kind == PST_YAML_LIST ? v->first : v;
}

static const struct pst_yaml *next_of(const struct pst_yaml *v, const struct pst_yaml *one)
{
    return v->kind == PST_YAML_LIST ? one->next : NULL;
}

/* --- cases -------------------------------------------------------------------------------- */

static enum pst_status read_groups(struct reading *r, const struct pst_yaml *v,
                                   struct pst_policy_question *q)
{
    for (const struct pst_yaml *g = first_of(v); g != NULL; g = next_of(v, g)) {
        if (q->n_groups == PST_POLICY_GROUPS_MAX) {
            return refuse(r, g, "there are more than %d groups", PST_POLICY_GROUPS_MAX);
        }
        struct pst_cedar_uid_text *to = &q->groups[q->n_groups++];
        if (r->gateway && g->kind == PST_YAML_SCALAR && g->text.n > 0 &&
            pst_str_find_byte(g->text, '/') == PST_NPOS &&
            pst_str_find_byte(g->text, '"') == PST_NPOS) {
            *to = (struct pst_cedar_uid_text){PST_STR("Postern::Group"), g->text};
        } else if (ref(r, g, false, to) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status read_by(struct reading *r, const struct pst_yaml *v,
                               struct pst_policy_case *c)
{
    c->with_by = v != NULL;
    for (const struct pst_yaml *b = first_of(v); b != NULL; b = next_of(v, b)) {
        if (b->kind != PST_YAML_SCALAR || b->text.n == 0 || c->n_by == PST_POLICY_BY_MAX) {
            return refuse(r, b,
                          "`by` is the @id of a policy, or a list of at most %d; [] is: "
                          "no policy",
                          PST_POLICY_BY_MAX);
        }
        c->by[c->n_by++] = b->text;
    }
    return PST_OK;
}

static enum pst_status read_expect(struct reading *r, const struct pst_yaml *at,
                                   const struct pst_yaml *v, struct pst_policy_case *c)
{
    static const char *const words[] = {
        [PST_EXPECT_ALLOW] = "allow", [PST_EXPECT_DENY] = "deny", [PST_EXPECT_ERROR] = "error"};
    for (size_t i = 0; v != NULL && v->kind == PST_YAML_SCALAR && i < PST_LEN(words); i++) {
        if (pst_str_eq(v->text, pst_str_c(words[i]))) {
            c->expect = (enum pst_policy_expect)i;
            return PST_OK;
        }
    }
    return refuse(r, v != NULL ? v : at,
                  "`expect` is allow, deny, or error (denied because a "
                  "policy cannot be evaluated)");
}

static const struct pst_yaml *said(const struct pst_yaml *one, const struct pst_yaml *given,
                                   const char *key)
{
    const struct pst_yaml *v = pst_yaml_get(one, pst_str_c(key));
    return v != NULL ? v : pst_yaml_get(given, pst_str_c(key));
}

static enum pst_status read_case(struct reading *r, const struct pst_yaml *one,
                                 const struct pst_yaml *given, struct pst_policy_case *c)
{
    struct pst_policy_question *q = &c->question;
    const struct pst_yaml *name = pst_yaml_get(one, PST_STR("name"));
    struct {
        const char *key;
        bool action, needed;
        struct pst_cedar_uid_text *into;
    } refs[] = {{"principal", false, true, &q->principal},
                {"action", true, true, &q->action},
                {"resource", false, true, &q->resource},
                {"app", false, false, &q->app}};
    if (keys_known(r, one, case_keys, PST_LEN(case_keys), "a test") != PST_OK) {
        return PST_ERR;
    }
    c->line = one->line;
    c->name = name != NULL && name->kind == PST_YAML_SCALAR ? name->text : PST_STR("(no name)");
    for (size_t i = 0; i < PST_LEN(refs); i++) {
        const struct pst_yaml *v = said(one, given, refs[i].key);
        if (v == NULL && refs[i].needed) {
            return refuse(r, one, "the test does not say its %s", refs[i].key);
        }
        if (v != NULL && ref(r, v, refs[i].action, refs[i].into) != PST_OK) {
            return PST_ERR;
        }
    }
    const struct pst_yaml *groups = said(one, given, "groups");
    const struct pst_yaml *context = said(one, given, "context");
    if (context != NULL && context->kind != PST_YAML_MAP) {
        return refuse(r, context, "the context is a mapping of names and values");
    }
    if (read_groups(r, groups, q) != PST_OK ||
        read_by(r, pst_yaml_get(one, PST_STR("by")), c) != PST_OK ||
        (context != NULL && json_of(r, context, &q->context) != PST_OK)) {
        return PST_ERR;
    }
    return read_expect(r, one, pst_yaml_get(one, PST_STR("expect")), c);
}

static enum pst_status read_cases(struct reading *r, const struct pst_yaml *root)
{
    const struct pst_yaml *tests = pst_yaml_get(root, PST_STR("tests"));
    const struct pst_yaml *given = pst_yaml_get(root, PST_STR("given"));
    if (tests == NULL || tests->kind != PST_YAML_LIST || tests->count == 0 ||
        tests->count > CASES_MAX) {
        return refuse(r, tests != NULL ? tests : root, "`tests` is a list of 1 to %d tests",
                      CASES_MAX);
    }
    if (given != NULL && keys_known(r, given, case_keys, PST_LEN(case_keys), "`given`") != PST_OK) {
        return PST_ERR;
    }
    r->suite->cases = PST_ARENA_ARRAY(r->arena, tests->count, struct pst_policy_case);
    if (r->suite->cases == NULL) {
        return no_memory(r);
    }
    for (const struct pst_yaml *one = tests->first; one != NULL; one = one->next) {
        if (read_case(r, one, given, &r->suite->cases[r->suite->n_cases++]) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

/* --- entities ----------------------------------------------------------------------------- */

static void put_uid(struct pst_json_out *o, struct pst_cedar_uid_text uid)
{
    pst_json_out_object(o);
    pst_json_out_kstr(o, "type", uid.type);
    pst_json_out_kstr(o, "id", uid.id);
    pst_json_out_end(o);
}

static void put_record(struct pst_json_out *o, const char *key, const struct pst_yaml *v)
{
    pst_json_out_key(o, pst_str_c(key));
    if (v != NULL && v->kind == PST_YAML_MAP) {
        put_value(o, v);
    } else {
        pst_json_out_object(o);
        pst_json_out_end(o);
    }
}

/* `Model/x: [Provider/y]`, or `Model/x: {in: [Provider/y], attrs: {…}, tags: {…}}`. */
static enum pst_status put_entity(struct reading *r, struct pst_json_out *o,
                                  const struct pst_yaml *e)
{
    struct pst_cedar_uid_text uid;
    struct pst_yaml name = {.text = e->key, .line = e->key_line, .column = e->key_column};
    bool map = e->kind == PST_YAML_MAP;
    if (ref(r, &name, false, &uid) != PST_OK ||
        (map && keys_known(r, e, entity_keys, PST_LEN(entity_keys), "an entity") != PST_OK)) {
        return PST_ERR;
    }
    pst_json_out_object(o);
    PST_JSON_KEY(o, "uid");
    put_uid(o, uid);
    put_record(o, "attrs", pst_yaml_get(e, PST_STR("attrs")));
    put_record(o, "tags", pst_yaml_get(e, PST_STR("tags")));
    PST_JSON_KEY(o, "parents");
    pst_json_out_array(o);
    const struct pst_yaml *in = map ? pst_yaml_get(e, PST_STR("in")) : e;
    in = in != NULL && pst_yaml_empty(in) ? NULL : in;
    for (const struct pst_yaml *p = first_of(in); p != NULL; p = next_of(in, p)) {
        if (ref(r, p, false, &uid) != PST_OK) {
            return PST_ERR;
        }
        put_uid(o, uid);
    }
    pst_json_out_end(o);
    pst_json_out_end(o);
    return PST_OK;
}

static enum pst_status read_entities(struct reading *r, const struct pst_yaml *v)
{
    struct pst_buf buf;
    struct pst_json_out o;
    const char *path = NULL;
    if (v == NULL) {
        return PST_OK;
    }
    if (v->kind != PST_YAML_MAP) {
        return path_of(r, v, &path) == PST_OK
                   ? pst_load_file(r->arena, path, PST_POLICY_FILE_MAX, &r->suite->entities, r->err)
                   : PST_ERR;
    }
    pst_buf_init(&buf, JSON_MAX);
    pst_json_out_init(&o, &buf);
    pst_json_out_array(&o);
    enum pst_status status = PST_OK;
    for (const struct pst_yaml *e = v->first; e != NULL && status == PST_OK; e = e->next) {
        status = put_entity(r, &o, e);
    }
    if (status == PST_OK) {
        pst_json_out_end(&o);
        r->suite->entities = pst_arena_copy(r->arena, pst_buf_str(&buf));
        status = pst_json_out_ok(&o) && r->suite->entities.p != NULL ? PST_OK : no_memory(r);
    }
    pst_buf_release(&buf);
    return status;
}

/* --- the file ----------------------------------------------------------------------------- */

static enum pst_status read_suite(struct reading *r, const struct pst_yaml *root)
{
    static const struct pst_yaml here = {.line = 1, .column = 1};
    struct pst_policy_suite *suite = r->suite;
    if (root == NULL) {
        return refuse(r, &here, "the file is empty");
    }
    const struct pst_yaml *policies = pst_yaml_get(root, PST_STR("policies"));
    const struct pst_yaml *schema = pst_yaml_get(root, PST_STR("schema"));
    if (keys_known(r, root, suite_keys, PST_LEN(suite_keys), "a file of tests") != PST_OK) {
        return PST_ERR;
    }
    if (policies == NULL) {
        return refuse(r, root, "`policies` is missing: the files or folders that are tested");
    }
    for (const struct pst_yaml *p = first_of(policies); p != NULL; p = next_of(policies, p)) {
        if (suite->n_policies == PST_LEN(suite->policies)) {
            return refuse(r, p, "at most %d files or folders; put the policies into a folder",
                          (int)PST_LEN(suite->policies));
        }
        if (path_of(r, p, &suite->policies[suite->n_policies++]) != PST_OK) {
            return PST_ERR;
        }
    }
    if (suite->n_policies == 0) {
        return refuse(r, policies, "`policies` names no file");
    }
    if (schema != NULL && pst_str_eq(schema->text, PST_STR("none"))) {
        suite->schema = "none";
    } else if (schema != NULL && path_of(r, schema, &suite->schema) != PST_OK) {
        return PST_ERR;
    }
    r->gateway = suite->schema == NULL;
    if (read_entities(r, pst_yaml_get(root, PST_STR("entities"))) != PST_OK) {
        return PST_ERR;
    }
    return read_cases(r, root);
}

enum pst_status pst_policy_suite_read(struct pst_arena *arena, const char *path,
                                      struct pst_str text, struct pst_policy_suite *ret,
                                      struct pst_err *err)
{
    struct pst_yaml *root = NULL;
    struct pst_err local = {0};
    struct reading r = {.arena = arena, .path = path, .suite = ret, .err = &local};
    *ret = (struct pst_policy_suite){.n_cases = 0};
    if (pst_yaml_parse(arena, text, &root, &local) == PST_OK && read_suite(&r, root) == PST_OK) {
        return PST_OK;
    }
    if (local.file[0] == 0 && local.line != 0) {
        pst_str_cut_c(pst_str_c(path), local.file, sizeof local.file);
    }
    if (err != NULL) {
        *err = local;
    }
    return PST_ERR;
}
