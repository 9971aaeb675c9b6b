/* Values and requests that exist already, against a schema. */
#include "cedar/conform.h"

#include "cedar/conform_model.h"
#include "cedar/request.h"

/* --- entity references -------------------------------------------------------------------------
 */

static struct pst_str shortened(struct pst_str s)
{
    struct pst_str cut = pst_str_cut(s, 0, 60);
    while (cut.n > 0 && cut.n < s.n && (s.p[cut.n] & 0xC0) == 0x80) {
        cut.n--;
    }
    return cut;
}
#define NAME(s) (int)shortened(s).n, (const char *)(s).p

enum pst_status pst_cedar_uid_allowed(const struct pst_cedar_schema *s, struct pst_str type,
                                      struct pst_str id, struct pst_err *err)
{
    uint32_t i = pst_cedar_schema_find_type(s, type);
    if (i == PST_CEDAR_NO) {
        return pst_fail(err, PST_E_CEDAR_SCHEMA, "the entity type `%.*s` is not declared",
                        NAME(type));
    }
    const struct pst_cedar_entity_type *t = &s->entity_types[i];
    if (t->is_action && pst_cedar_schema_find_action(s, type, id) == PST_CEDAR_NO) {
        return pst_fail(err, PST_E_CEDAR_SCHEMA, "the action `%.*s` is not declared", NAME(id));
    }
    uint32_t sym = pst_cedar_sym_find(s->names, id);
    if (t->is_enum && !pst_cedar_sorted_has(t->ids, t->n_ids, sym)) {
        return pst_fail(err, PST_E_CEDAR_SCHEMA,
                        "`%.*s` is not one of the ids of the enumerated entity type `%.*s`",
                        NAME(id), NAME(type));
    }
    return PST_OK;
}

/* --- values ------------------------------------------------------------------------------------
 */

struct frame {
    struct pst_cedar_value v;
    uint32_t type;
    uint32_t next; /* member or item to be looked at next */
    uint32_t key;  /* of the member being looked at */
};

struct walk {
    struct pst_cedar_ctx x;
    const struct pst_cedar_schema *s;
    const char *name;
    struct pst_err *err;
    struct frame stack[PST_CEDAR_TYPE_DEPTH + 1];
    uint32_t depth;
};

static void put_path(const struct walk *w, struct pst_buf *out)
{
    (void)pst_buf_add(out, pst_str_c(w->name));
    size_t whole = out->n; /* nothing follows when the value itself is wrong */
    (void)PST_BUF_LIT(out, " `");
    size_t inside = out->n;
    for (uint32_t i = 0; i < w->depth && out->n < 120; i++) {
        const struct frame *f = &w->stack[i];
        if (f->v.tag == PST_CEDAR_SET) {
            (void)PST_BUF_LIT(out, "[]");
        } else if (f->key != PST_CEDAR_NO) {
            (void)(i == 0 || PST_BUF_LIT(out, "."));
            (void)pst_buf_add(out, shortened(pst_cedar_sym_text(w->x, f->key)));
        }
    }
    if (out->n == inside) {
        pst_buf_truncate(out, whole);
    } else {
        (void)PST_BUF_LIT(out, "`");
    }
}

static enum pst_status wrong(const struct walk *w, const char *what)
{
    struct pst_buf path;
    pst_buf_init(&path, 1024);
    put_path(w, &path);
    enum pst_status st = pst_fail(w->err, PST_E_CEDAR_SCHEMA, "%.*s: %s", (int)path.n,
                                  (const char *)path.p, what);
    pst_buf_release(&path);
    return st;
}

static enum pst_status mismatch(const struct walk *w, uint32_t type, struct pst_cedar_value v)
{
    static const char *const words[PST_CEDAR_TAG_COUNT] = {
        [PST_CEDAR_NONE] = "a record",       [PST_CEDAR_BOOL] = "a boolean",
        [PST_CEDAR_LONG] = "a number",       [PST_CEDAR_STRING] = "a text",
        [PST_CEDAR_UID] = "an entity",       [PST_CEDAR_DECIMAL] = "a decimal",
        [PST_CEDAR_DATETIME] = "a datetime", [PST_CEDAR_DURATION] = "a duration",
        [PST_CEDAR_IP] = "an ipaddr",        [PST_CEDAR_SET] = "a set",
        [PST_CEDAR_RECORD] = "a record",     [PST_CEDAR_UNKNOWN] = "an unknown",
    };
    struct pst_buf path;
    pst_buf_init(&path, 1024);
    put_path(w, &path);
    enum pst_status st = pst_cedar_mismatch(w->s, type, words[v.tag], &path, w->err);
    pst_buf_release(&path);
    return st;
}

static bool is_record(struct pst_cedar_value v)
{
    return v.tag == PST_CEDAR_RECORD || v.tag == PST_CEDAR_NONE;
}

/* The kind of type that a value's tag belongs to. */
static enum pst_cedar_type_kind kind_of(struct pst_cedar_value v)
{
    static const uint8_t kinds[PST_CEDAR_TAG_COUNT] = {
        [PST_CEDAR_NONE] = PST_CEDAR_TY_RECORD,
        [PST_CEDAR_BOOL] = PST_CEDAR_TY_BOOL,
        [PST_CEDAR_LONG] = PST_CEDAR_TY_LONG,
        [PST_CEDAR_STRING] = PST_CEDAR_TY_STRING,
        [PST_CEDAR_UID] = PST_CEDAR_TY_ENTITY,
        [PST_CEDAR_DECIMAL] = PST_CEDAR_TY_DECIMAL,
        [PST_CEDAR_DATETIME] = PST_CEDAR_TY_DATETIME,
        [PST_CEDAR_DURATION] = PST_CEDAR_TY_DURATION,
        [PST_CEDAR_IP] = PST_CEDAR_TY_IP,
        [PST_CEDAR_SET] = PST_CEDAR_TY_SET,
        [PST_CEDAR_RECORD] = PST_CEDAR_TY_RECORD,
    };
    return (enum pst_cedar_type_kind)kinds[v.tag];
}

static enum pst_status entity(const struct walk *w, struct pst_cedar_value v, uint32_t type)
{
    struct pst_err inner = {0};
    uint32_t uid = (uint32_t)v.i;
    struct pst_str name = pst_cedar_sym_text(w->x, pst_cedar_uid_type(w->x, uid));
    if (!pst_str_eq(name, pst_cedar_schema_text(w->s, w->s->types.rows[type].a))) {
        return mismatch(w, type, v);
    }
    struct pst_str id = pst_cedar_sym_text(w->x, pst_cedar_uid_id(w->x, uid));
    return pst_cedar_uid_allowed(w->s, name, id, &inner) == PST_OK ? PST_OK : wrong(w, inner.text);
}

/* Every required member is there. */
static enum pst_status members_there(struct walk *w, struct pst_cedar_value v, uint32_t type)
{
    const struct pst_cedar_type_def *def = &w->s->types.rows[type];
    for (uint32_t i = 0; i < def->n; i++) {
        const struct pst_cedar_member_type *m = &w->s->types.members[def->a + i];
        struct pst_str key = pst_cedar_schema_text(w->s, m->key);
        bool found = m->required == 0;
        for (uint32_t k = 0; k < v.n && !found; k++) {
            found = pst_str_eq(key, pst_cedar_sym_text(w->x, pst_cedar_fields(w->x, v)[k].key));
        }
        if (!found) {
            struct pst_err inner = {0};
            (void)pst_fail(&inner, PST_E_CEDAR_SCHEMA, "`%.*s` is missing", NAME(key));
            return wrong(w, inner.text);
        }
    }
    return PST_OK;
}

/* Looks at one value; a set or record is opened. */
static enum pst_status look(struct walk *w, struct pst_cedar_value v, uint32_t type)
{
    if (kind_of(v) != pst_cedar_type_kind(&w->s->types, type)) {
        return mismatch(w, type, v);
    }
    if (v.tag == PST_CEDAR_UID) {
        return entity(w, v, type);
    }
    if (!is_record(v) && v.tag != PST_CEDAR_SET) {
        return PST_OK;
    }
    if (is_record(v) && members_there(w, v, type) != PST_OK) {
        return PST_ERR;
    }
    PST_BUG_ON(w->depth > PST_CEDAR_TYPE_DEPTH);
    w->stack[w->depth++] = (struct frame){.v = v, .type = type, .key = PST_CEDAR_NO};
    return PST_OK;
}

static enum pst_status look_next(struct walk *w)
{
    struct frame *f = &w->stack[w->depth - 1];
    const struct pst_cedar_type_def *def = &w->s->types.rows[f->type];
    uint32_t i = f->next++;
    if (def->kind == PST_CEDAR_TY_SET) {
        return look(w, pst_cedar_items(w->x, f->v)[i], def->a);
    }
    const struct pst_cedar_field *field = &pst_cedar_fields(w->x, f->v)[i];
    uint32_t key = pst_cedar_sym_find(w->s->names, pst_cedar_sym_text(w->x, field->key));
    const struct pst_cedar_member_type *m = key != PST_CEDAR_NO
                                                ? pst_cedar_type_member(&w->s->types, f->type, key)
                                                : NULL;
    f->key = field->key;
    return m != NULL ? look(w, field->value, m->type)
                     : wrong(w, "the schema does not declare this");
}

enum pst_status pst_cedar_value_conforms(struct pst_cedar_ctx x, const struct pst_cedar_schema *s,
                                         struct pst_cedar_value v, uint32_t type, const char *name,
                                         struct pst_err *err)
{
    struct walk w = {.x = x, .s = s, .name = name, .err = err};
    enum pst_status st = look(&w, v, type);
    while (w.depth > 0 && st == PST_OK) {
        const struct frame *f = &w.stack[w.depth - 1];
        if (f->next == f->v.n) {
            w.depth--;
        } else {
            st = look_next(&w);
        }
    }
    return st;
}

/* --- requests ----------------------------------------------------------------------------------
 */

static enum pst_status applies(const struct pst_cedar_request *r, const struct pst_cedar_schema *s,
                               enum pst_cedar_var var, const uint32_t *types, uint32_t n,
                               struct pst_err *err)
{
    struct pst_cedar_ctx x = {.c = r->c, .r = r};
    const char *word = var == PST_CEDAR_PRINCIPAL ? "principal" : "resource";
    struct pst_str type = pst_cedar_sym_text(x, pst_cedar_uid_type(x, r->vars[var]));
    struct pst_str id = pst_cedar_sym_text(x, pst_cedar_uid_id(x, r->vars[var]));
    if (pst_cedar_uid_allowed(s, type, id, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_cedar_sorted_has(types, n, pst_cedar_schema_find_type(s, type))
               ? PST_OK
               : pst_fail(err, PST_E_CEDAR_SCHEMA,
                          "the action does not apply to a %s of type `%.*s`", word, NAME(type));
}

static enum pst_status action_of(struct pst_cedar_ctx x, const struct pst_cedar_schema *s,
                                 uint32_t uid, const struct pst_cedar_schema_action **ret,
                                 struct pst_err *err)
{
    struct pst_str type = pst_cedar_sym_text(x, pst_cedar_uid_type(x, uid));
    struct pst_str id = pst_cedar_sym_text(x, pst_cedar_uid_id(x, uid));
    uint32_t i = pst_cedar_schema_find_action(s, type, id);
    if (i == PST_CEDAR_NO) {
        return pst_fail(err, PST_E_CEDAR_SCHEMA, "the action `%.*s` is not declared", NAME(id));
    }
    *ret = &s->actions[i];
    return PST_OK;
}

enum pst_status pst_cedar_request_conforms(const struct pst_cedar_request *r,
                                           const struct pst_cedar_schema *s, struct pst_err *err)
{
    struct pst_cedar_ctx x = {.c = r->c, .r = r};
    const struct pst_cedar_schema_action *a = NULL;
    for (unsigned i = 0; i < 3; i++) {
        if (r->vars[i] == PST_CEDAR_NO) {
            return pst_fail(err, PST_E_CEDAR_SCHEMA,
                            "the request lacks a principal, an action or a resource");
        }
    }
    if (action_of(x, s, r->vars[PST_CEDAR_ACTION], &a, err) != PST_OK ||
        applies(r, s, PST_CEDAR_PRINCIPAL, a->principals, a->n_principals, err) != PST_OK ||
        applies(r, s, PST_CEDAR_RESOURCE, a->resources, a->n_resources, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_cedar_value_conforms(x, s, r->context, a->context, "context", err);
}

enum pst_status pst_cedar_context_by_schema(struct pst_cedar_request *r,
                                            const struct pst_cedar_schema *s,
                                            struct pst_cedar_value action, struct pst_str text,
                                            struct pst_cedar_value *ret, struct pst_err *err)
{
    struct pst_cedar_ctx x = {.c = r->c, .r = r};
    struct pst_json_config config = pst_json_config_of(r->c->limits.text_bytes, r->c->limits.seed);
    const struct pst_cedar_schema_action *a = NULL;
    const struct pst_json *at = NULL;
    config.limits.depth = PST_JSON_DEPTH_MAX;
    config.limits.name_bytes = config.limits.string_bytes;
    config.stable = true;
    if (action.tag != PST_CEDAR_UID) {
        return pst_fail(err, PST_E_CEDAR_SCHEMA, "the action is not an entity");
    }
    if (action_of(x, s, (uint32_t)action.i, &a, err) != PST_OK) {
        return PST_ERR;
    }
    const struct pst_json *v = pst_json_parse(&config, r->arena, text, err);
    if (v == NULL) {
        return PST_ERR;
    }
    struct pst_cedar_target t = {.r = r};
    if (pst_cedar_json_typed(t, s, v, a->context, "context", r->arena, ret, &at, err) != PST_OK) {
        if (err != NULL) {
            pst_cedar_json_position(err, text, at->offset);
        }
        return PST_ERR;
    }
    return PST_OK;
}
