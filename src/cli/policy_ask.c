/* A question to a world of policies, as a Cedar request. */
#include "cli/policy_world.h"

#include "cedar/blank.h"
#include "cedar/conform.h"
#include "wire/json_out.h"

struct asking {
    const struct pst_policy_world *w;
    struct pst_arena *arena;
    struct pst_cedar_request *r;
    struct pst_err *err;
};

static struct pst_cedar_value value_of(struct asking *a, struct pst_cedar_uid_text uid)
{
    return pst_cedar_uid(a->r, uid.type, uid.id);
}

/* --- the principal, where the question says more of it than the entities do ------------------- */

static struct pst_cedar_uid_text uid_in_json(const struct pst_json *v)
{
    struct pst_cedar_uid_text uid = {.type = {NULL, 0}};
    const struct pst_json *inner = PST_JSON_GET(v, "__entity");
    v = inner != NULL ? inner : v;
    (void)pst_json_str(PST_JSON_GET(v, "type"), &uid.type);
    (void)pst_json_str(PST_JSON_GET(v, "id"), &uid.id);
    return uid;
}

static const struct pst_json *entity_in_json(const struct pst_policy_world *w,
                                             struct pst_cedar_uid_text uid)
{
    for (const struct pst_json *e = pst_json_first(w->entities); e != NULL; e = e->next) {
        struct pst_cedar_uid_text have = uid_in_json(PST_JSON_GET(e, "uid"));
        if (pst_str_eq(have.type, uid.type) && pst_str_eq(have.id, uid.id)) {
            return e;
        }
    }
    return NULL;
}

static enum pst_status record_of(struct asking *a, const struct pst_json *v,
                                 struct pst_cedar_value *ret)
{
    struct pst_str text = PST_STR("{}");
    if (v != NULL) {
        text = pst_str_cut(a->w->entities_text, v->offset, v->length);
    }
    return pst_cedar_value_json(a->r, text, ret, a->err);
}

/* An entity of this request: what the entities say of it, and `more` parents. */
static enum pst_status put_entity(struct asking *a, struct pst_cedar_uid_text uid,
                                  const struct pst_cedar_uid_text *more, size_t n,
                                  const struct pst_cedar_uid_text *app)
{
    const struct pst_json *known = entity_in_json(a->w, uid);
    const struct pst_json *parents = PST_JSON_GET(known, "parents");
    size_t count = 0, max = n + (parents != NULL ? parents->count : 0);
    struct pst_cedar_value *list = PST_ARENA_ARRAY(a->arena, max + 1, struct pst_cedar_value);
    struct pst_cedar_value attrs, tags;
    if (list == NULL || record_of(a, PST_JSON_GET(known, "attrs"), &attrs) != PST_OK ||
        record_of(a, PST_JSON_GET(known, "tags"), &tags) != PST_OK) {
        return list != NULL ? PST_ERR : pst_fail(a->err, PST_E_NO_MEMORY, "no memory to ask");
    }
    for (const struct pst_json *p = pst_json_first(parents); p != NULL && count < max;
         p = p->next) {
        list[count++] = value_of(a, uid_in_json(p));
    }
    for (size_t i = 0; i < n; i++) {
        list[count++] = value_of(a, more[i]);
    }
    if (app != NULL && pst_str_eq(app->type, PST_STR("Postern::Workload"))) {
        /* as the gateway does for whom an app names */
        struct pst_cedar_record *rec = pst_cedar_record_new(a->r, 1);
        if (rec != NULL) {
            pst_cedar_record_put(rec, PST_STR("app"), value_of(a, *app));
            attrs = pst_cedar_record_done(rec);
        }
    }
    pst_cedar_entity(a->r, value_of(a, uid), attrs, tags, list, count);
    return PST_OK;
}

static enum pst_status put_principal(struct asking *a, const struct pst_policy_question *q)
{
    if (q->app.type.n == 0) {
        return q->n_groups == 0 ? PST_OK
                                : put_entity(a, q->principal, q->groups, q->n_groups, NULL);
    }
    if (put_entity(a, q->app, q->groups, q->n_groups, NULL) != PST_OK) {
        return PST_ERR;
    }
    return put_entity(a, q->principal, &q->app, 1, &q->app);
}

/* --- the context -------------------------------------------------------------------------- */

/* Members of `own` go over into `all` instead of those of their name. */
static bool members_move(struct asking *a, struct pst_json *all, struct pst_json *own)
{
    while (own->first != NULL) {
        struct pst_json *member = own->first;
        struct pst_str name = member->name;
        if (!pst_json_remove(own, member) || !pst_json_put(a->arena, all, name, member)) {
            return false;
        }
    }
    return true;
}

/* What is a record in both is one of both, such as `findings`. */
static bool context_merge(struct asking *a, struct pst_json *all, struct pst_json *own)
{
    for (struct pst_json *member = own->first, *next; member != NULL; member = next) {
        struct pst_json *blank = pst_json_get(all, member->name);
        next = member->next;
        if (blank != NULL && pst_json_is(blank, PST_JSON_OBJECT) &&
            pst_json_is(member, PST_JSON_OBJECT) &&
            (!members_move(a, blank, member) || !pst_json_remove(own, member))) {
            return false;
        }
    }
    return members_move(a, all, own);
}

/* What the question does not say is false, 0 or empty: the gateway always says everything. */
static enum pst_status fill_context(struct asking *a, const struct pst_policy_question *q,
                                    struct pst_str given, struct pst_str *ret)
{
    struct pst_buf text;
    struct pst_json_config config = pst_json_config_of(PST_POLICY_FILE_MAX, /* seed= */ 0);
    config.stable = true;
    pst_buf_init(&text, PST_POLICY_FILE_MAX);
    enum pst_status status = pst_cedar_context_blank(a->w->schema, q->action, &text, a->err);
    struct pst_json *all = NULL, *own = NULL;
    if (status == PST_OK) {
        all = pst_json_parse(&config, a->arena, pst_arena_copy(a->arena, pst_buf_str(&text)),
                             a->err);
        own = pst_json_parse(&config, a->arena, given, a->err);
        status = all != NULL && own != NULL ? PST_OK : PST_ERR;
    }
    if (status == PST_OK && !pst_json_is(own, PST_JSON_OBJECT)) {
        status = pst_fail(a->err, PST_E_CEDAR_SCHEMA, "the context is not a JSON object");
    }
    if (status == PST_OK && !context_merge(a, all, own)) {
        status = pst_fail(a->err, PST_E_NO_MEMORY, "no memory for the context");
    }
    if (status == PST_OK) {
        pst_buf_clear(&text);
        status = pst_json_write(all, &text, a->err);
        *ret = pst_arena_copy(a->arena, pst_buf_str(&text));
    }
    pst_buf_release(&text);
    return status;
}

static enum pst_status put_context(struct asking *a, const struct pst_policy_question *q,
                                   struct pst_cedar_value action)
{
    struct pst_str text = q->context.n > 0 ? q->context : PST_STR("{}");
    struct pst_cedar_value v;
    if (a->w->gateway && fill_context(a, q, text, &text) != PST_OK) {
        return PST_ERR;
    }
    if ((a->w->schema != NULL
             ? pst_cedar_context_by_schema(a->r, a->w->schema, action, text, &v, a->err)
             : pst_cedar_value_json(a->r, text, &v, a->err)) != PST_OK) {
        if (a->w->gateway && a->err != NULL) {
            a->err->line = 0; /* of a text that nobody wrote */
        }
        return PST_ERR;
    }
    pst_cedar_context(a->r, v);
    return PST_OK;
}

enum pst_status pst_policy_ask(const struct pst_policy_world *w, struct pst_arena *arena,
                               const struct pst_policy_question *q, struct pst_cedar_request **ret,
                               struct pst_err *err)
{
    struct asking a = {w, arena, pst_cedar_request_new(w->set, arena), err};
    if (a.r == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory to ask");
    }
    struct pst_cedar_value action = value_of(&a, q->action);
    pst_cedar_principal(a.r, value_of(&a, q->principal));
    pst_cedar_action(a.r, action);
    pst_cedar_resource(a.r, value_of(&a, q->resource));
    if (put_principal(&a, q) != PST_OK || put_context(&a, q, action) != PST_OK ||
        (w->schema != NULL && pst_cedar_request_conforms(a.r, w->schema, err) != PST_OK)) {
        return PST_ERR;
    }
    *ret = a.r;
    return PST_OK;
}
