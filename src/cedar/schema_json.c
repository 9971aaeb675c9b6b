/* Schemas in the JSON syntax: JSON → declarations. Places are byte offsets. */
#include "cedar/lex.h"
#include "cedar/schema_build.h"
#include "wire/json.h"

#include <stdio.h>

static struct pst_cedar_place place_of(const struct pst_json *v)
{
    return (struct pst_cedar_place){.line = v->offset};
}

static enum pst_status bad(struct pst_cedar_schema_build *b, const struct pst_json *v,
                           const char *what)
{
    return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place_of(v), "%s", what);
}

static enum pst_status symbol(struct pst_cedar_schema_build *b, struct pst_str text, uint32_t *ret)
{
    *ret = pst_cedar_sym(b->s->names, text);
    return *ret != PST_CEDAR_NO ? PST_OK : pst_cedar_schema_full(b);
}

/* Every member is one of the words; `words` ends with NULL. */
static enum pst_status only(struct pst_cedar_schema_build *b, const struct pst_json *v,
                            const char *what, const char *const *words)
{
    if (!pst_json_is(v, PST_JSON_OBJECT)) {
        return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place_of(v), "%s must be an object",
                                     what);
    }
    for (const struct pst_json *m = pst_json_first(v); m != NULL; m = m->next) {
        size_t i = 0;
        while (words[i] != NULL && !pst_str_eq(m->name, pst_str_c(words[i]))) {
            i++;
        }
        if (words[i] == NULL) {
            int n = (int)(m->name.n < 60 ? m->name.n : 60);
            return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place_of(m),
                                         "%s has no member `%.*s`", what, n,
                                         (const char *)m->name.p);
        }
    }
    return PST_OK;
}

static enum pst_status array(struct pst_cedar_schema_build *b, const struct pst_json *v,
                             const char *what)
{
    return v == NULL || v->type == PST_JSON_NULL || v->type == PST_JSON_ARRAY
               ? PST_OK
               : pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place_of(v), "%s must be a list",
                                       what);
}

static enum pst_status text_of(struct pst_cedar_schema_build *b, const struct pst_json *v,
                               const struct pst_json *in, const char *what, struct pst_str *ret)
{
    if (v == NULL) {
        return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place_of(in), "`%s` is missing here",
                                     what);
    }
    return pst_json_str(v, ret) ? PST_OK
                                : pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place_of(v),
                                                        "`%s` must be a text", what);
}

/* A name with its namespace; built-in types may be written with __cedar. */
static enum pst_status type_name(struct pst_cedar_schema_build *b, const struct pst_json *v,
                                 struct pst_str text, uint32_t *ret)
{
    struct pst_str rest = text;
    if (pst_str_starts(rest, PST_STR("__cedar::"))) {
        rest = pst_str_from(rest, 9);
    }
    return pst_cedar_name_valid(rest) ? symbol(b, text, ret)
                                      : bad(b, v, "this is not a valid type name");
}

static enum pst_status ident(struct pst_cedar_schema_build *b, const struct pst_json *v,
                             uint32_t *ret)
{
    return pst_cedar_ident_valid(v->name) && !pst_cedar_ident_reserved(v->name)
               ? symbol(b, v->name, ret)
               : bad(b, v, "this name is not an identifier, or is reserved");
}

/* --- annotations -------------------------------------------------------------------------------
 */

static enum pst_status annotations(struct pst_cedar_schema_build *b, const struct pst_json *v,
                                   struct pst_cedar_note **ret)
{
    struct pst_cedar_note **last = ret;
    *ret = NULL;
    if (v != NULL && v->type != PST_JSON_OBJECT) {
        return bad(b, v, "annotations must be an object");
    }
    if (v != NULL && v->count > PST_CEDAR_NOTES_MAX) {
        return pst_cedar_schema_fail(b, PST_E_CEDAR_LIMIT, place_of(v),
                                     "there are more than %d annotations here",
                                     PST_CEDAR_NOTES_MAX);
    }
    for (const struct pst_json *m = pst_json_first(v); m != NULL; m = m->next) {
        struct pst_cedar_note *note = PST_CEDAR_SCHEMA_NEW(b, struct pst_cedar_note);
        struct pst_str value = PST_STR("");
        if (note == NULL) {
            return PST_ERR;
        }
        note->has_value = pst_json_str(m, &value);
        if (!note->has_value && m->type != PST_JSON_NULL) {
            return bad(b, m, "an annotation's value must be a text");
        }
        if (!pst_cedar_ident_valid(m->name)) {
            return bad(b, m, "an annotation's name must be an identifier");
        }
        if (symbol(b, m->name, &note->key) != PST_OK || symbol(b, value, &note->value) != PST_OK) {
            return PST_ERR;
        }
        *last = note;
        last = &note->next;
    }
    return PST_OK;
}

/* --- types -------------------------------------------------------------------------------------
 */

/* What else an object that is a type may say. */
enum place_of_type { PLAIN, MEMBER, COMMON };

struct type_frame {
    struct pst_cedar_written *w;
    const struct pst_json *next; /* its element or its next attribute */
    struct pst_cedar_written_member **last;
    struct pst_cedar_written_member *open;
};

struct type_kind {
    const char *name;
    enum pst_cedar_written_kind kind;
    const char *needs; /* the member it needs, or NULL */
};

static const struct type_kind type_kinds[] = {
    {"String", PST_CEDAR_W_STRING, NULL},         {"Long", PST_CEDAR_W_LONG, NULL},
    {"Boolean", PST_CEDAR_W_BOOL, NULL},          {"Set", PST_CEDAR_W_SET, "element"},
    {"Record", PST_CEDAR_W_RECORD, "attributes"}, {"Entity", PST_CEDAR_W_ENTITY, "name"},
    {"Extension", PST_CEDAR_W_EXTENSION, "name"}, {"EntityOrCommon", PST_CEDAR_W_NAME, "name"},
};

static enum pst_status check_members(struct pst_cedar_schema_build *b, const struct pst_json *v,
                                     const struct type_kind *kind, enum place_of_type where)
{
    const char *words[8] = {"type"};
    size_t n = 1;
    if (kind->needs != NULL) {
        words[n++] = kind->needs;
    }
    if (kind->kind == PST_CEDAR_W_RECORD) {
        words[n++] = "additionalAttributes";
    }
    if (where == MEMBER) {
        words[n++] = "required";
    }
    if (where != PLAIN) {
        words[n++] = "annotations";
    }
    if (only(b, v, "this type", words) != PST_OK) {
        return PST_ERR;
    }
    if (kind->needs != NULL && pst_json_get(v, pst_str_c(kind->needs)) == NULL) {
        return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place_of(v), "`%s` is missing here",
                                     kind->needs);
    }
    const struct pst_json *more = PST_JSON_GET(v, "additionalAttributes");
    return more == NULL || more->type == PST_JSON_FALSE
               ? PST_OK
               : bad(b, more, "additionalAttributes is not part of Cedar 4");
}

/* A type's object; of a set or record a frame is opened. */
static enum pst_status begin_type(struct pst_cedar_schema_build *b,
                                  const struct pst_cedar_space *space, const struct pst_json *v,
                                  enum place_of_type where, struct type_frame *stack,
                                  uint32_t *depth, struct pst_cedar_written **ret)
{
    struct pst_str text = {0};
    struct type_kind kind = {"", PST_CEDAR_W_COMMON, NULL};
    if (!pst_json_is(v, PST_JSON_OBJECT)) {
        return bad(b, v, "a type must be an object");
    }
    if (text_of(b, PST_JSON_GET(v, "type"), v, "type", &text) != PST_OK) {
        return PST_ERR;
    }
    for (size_t i = 0; i < PST_LEN(type_kinds); i++) {
        kind = pst_str_eq(text, pst_str_c(type_kinds[i].name)) ? type_kinds[i] : kind;
    }
    struct pst_cedar_written *w = pst_cedar_schema_new_type(b, kind.kind, place_of(v), space);
    *ret = w;
    if (w == NULL || check_members(b, v, &kind, where) != PST_OK) {
        return PST_ERR;
    }
    if (kind.kind == PST_CEDAR_W_COMMON) {
        return type_name(b, v, text, &w->name);
    }
    if (kind.kind != PST_CEDAR_W_SET && kind.kind != PST_CEDAR_W_RECORD) {
        if (kind.needs == NULL) {
            return PST_OK;
        }
        return text_of(b, PST_JSON_GET(v, "name"), v, "name", &text) == PST_OK
                   ? type_name(b, v, text, &w->name)
                   : PST_ERR;
    }
    const struct pst_json *part = pst_json_get(v, pst_str_c(kind.needs));
    if (kind.kind == PST_CEDAR_W_RECORD) {
        if (!pst_json_is(part, PST_JSON_OBJECT)) {
            return bad(b, part, "attributes must be an object");
        }
        part = pst_json_first(part);
    }
    if (*depth == PST_CEDAR_WRITTEN_DEPTH) {
        return pst_cedar_schema_fail(b, PST_E_CEDAR_LIMIT, place_of(v),
                                     "types are nested more than %d deep here",
                                     PST_CEDAR_WRITTEN_DEPTH);
    }
    stack[(*depth)++] = (struct type_frame){.w = w, .next = part, .last = &w->members};
    return PST_OK;
}

static enum pst_status member(struct pst_cedar_schema_build *b, struct type_frame *f,
                              const struct pst_json *v)
{
    struct pst_cedar_written_member *m = PST_CEDAR_SCHEMA_NEW(b, struct pst_cedar_written_member);
    if (m == NULL || symbol(b, v->name, &m->key) != PST_OK ||
        annotations(b, PST_JSON_GET(v, "annotations"), &m->notes) != PST_OK) {
        return PST_ERR;
    }
    bool required = true;
    const struct pst_json *r = PST_JSON_GET(v, "required");
    if (r != NULL && !pst_json_bool(r, &required)) {
        return bad(b, r, "`required` must be true or false");
    }
    m->optional = !required;
    m->place = place_of(v);
    *f->last = m;
    f->last = &m->next;
    f->open = m;
    f->w->n_members++;
    return PST_OK;
}

static enum pst_status type(struct pst_cedar_schema_build *b, const struct pst_cedar_space *space,
                            const struct pst_json *v, enum place_of_type where,
                            struct pst_cedar_written **ret)
{
    struct type_frame stack[PST_CEDAR_WRITTEN_DEPTH];
    uint32_t depth = 0;
    for (;;) {
        struct pst_cedar_written *done = NULL;
        if (begin_type(b, space, v, where, stack, &depth, &done) != PST_OK) {
            return PST_ERR;
        }
        if (depth > 0 && stack[depth - 1].w == done) {
            done = NULL; /* it has just been opened */
        }
        for (; depth > 0; depth--) {
            struct type_frame *f = &stack[depth - 1];
            if (done != NULL && f->w->kind == PST_CEDAR_W_SET) {
                f->w->element = done;
                f->next = NULL;
            } else if (done != NULL) {
                f->open->type = done;
            }
            if (f->next != NULL) {
                break;
            }
            done = f->w;
        }
        if (depth == 0) {
            *ret = done;
            return PST_OK;
        }
        struct type_frame *f = &stack[depth - 1];
        v = f->next;
        where = PLAIN;
        if (f->w->kind == PST_CEDAR_W_RECORD) {
            f->next = v->next;
            where = MEMBER;
            if (!pst_json_is(v, PST_JSON_OBJECT)) {
                return bad(b, v, "a type must be an object");
            }
            if (member(b, f, v) != PST_OK) {
                return PST_ERR;
            }
        }
    }
}

/* --- declarations ------------------------------------------------------------------------------
 */

/* A list of texts: entity type names, or ids. */
static enum pst_status refs(struct pst_cedar_schema_build *b, const struct pst_json *v,
                            const char *what, bool ids, struct pst_cedar_name_ref **ret)
{
    struct pst_cedar_name_ref **last = ret;
    if (array(b, v, what) != PST_OK) {
        return PST_ERR;
    }
    for (const struct pst_json *e = pst_json_first(v); e != NULL; e = e->next) {
        struct pst_str text = {0};
        struct pst_cedar_name_ref *ref = pst_cedar_schema_new_ref(b, &last, place_of(e));
        if (ref == NULL) {
            return PST_ERR;
        }
        if (!pst_json_str(e, &text)) {
            return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place_of(e),
                                         "%s is a list of texts", what);
        }
        enum pst_status st = ids ? symbol(b, text, &ref->id) : type_name(b, e, text, &ref->type);
        if (st != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status common(struct pst_cedar_schema_build *b, struct pst_cedar_space *space,
                              const struct pst_json *v)
{
    struct pst_cedar_common *d = PST_CEDAR_SCHEMA_NEW(b, struct pst_cedar_common);
    if (d == NULL || ident(b, v, &d->name) != PST_OK ||
        type(b, space, v, COMMON, &d->type) != PST_OK ||
        annotations(b, PST_JSON_GET(v, "annotations"), &d->notes) != PST_OK) {
        return PST_ERR;
    }
    d->place = place_of(v);
    *space->last_common = d;
    space->last_common = &d->next;
    return PST_OK;
}

static enum pst_status entity(struct pst_cedar_schema_build *b, struct pst_cedar_space *space,
                              const struct pst_json *v)
{
    static const char *const words[] = {"memberOfTypes", "shape", "tags", "annotations", NULL};
    static const char *const enum_words[] = {"enum", "annotations", NULL};
    struct pst_cedar_entity_decl *d = PST_CEDAR_SCHEMA_NEW(b, struct pst_cedar_entity_decl);
    const struct pst_json *ids = PST_JSON_GET(v, "enum");
    if (d == NULL || ident(b, v, &d->name) != PST_OK ||
        only(b, v, ids != NULL ? "an enumerated entity type" : "an entity type",
             ids != NULL ? enum_words : words) != PST_OK ||
        annotations(b, PST_JSON_GET(v, "annotations"), &d->notes) != PST_OK ||
        refs(b, PST_JSON_GET(v, "memberOfTypes"), "memberOfTypes", false, &d->parents) != PST_OK ||
        refs(b, ids, "enum", true, &d->ids) != PST_OK) {
        return PST_ERR;
    }
    d->place = place_of(v);
    d->is_enum = ids != NULL;
    if (ids != NULL && ids->count == 0) {
        return bad(b, ids, "an enumerated entity type needs at least one id");
    }
    const struct pst_json *shape = PST_JSON_GET(v, "shape");
    const struct pst_json *tags = PST_JSON_GET(v, "tags");
    if ((shape != NULL && type(b, space, shape, PLAIN, &d->shape) != PST_OK) ||
        (tags != NULL && type(b, space, tags, PLAIN, &d->tags) != PST_OK)) {
        return PST_ERR;
    }
    *space->last_entity = d;
    space->last_entity = &d->next;
    return PST_OK;
}

static enum pst_status action_parents(struct pst_cedar_schema_build *b, const struct pst_json *v,
                                      struct pst_cedar_action_decl *d)
{
    static const char *const words[] = {"id", "type", NULL};
    struct pst_cedar_name_ref **last = &d->parents;
    if (array(b, v, "memberOf") != PST_OK) {
        return PST_ERR;
    }
    for (const struct pst_json *e = pst_json_first(v); e != NULL; e = e->next) {
        struct pst_str id = {0};
        struct pst_str name = {0};
        struct pst_cedar_name_ref *ref = pst_cedar_schema_new_ref(b, &last, place_of(e));
        if (ref == NULL || only(b, e, "a member of memberOf", words) != PST_OK ||
            text_of(b, PST_JSON_GET(e, "id"), e, "id", &id) != PST_OK ||
            symbol(b, id, &ref->id) != PST_OK) {
            return PST_ERR;
        }
        const struct pst_json *t = PST_JSON_GET(e, "type");
        if (t != NULL && t->type != PST_JSON_NULL &&
            (text_of(b, t, e, "type", &name) != PST_OK ||
             type_name(b, t, name, &ref->type) != PST_OK)) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status applies_to(struct pst_cedar_schema_build *b,
                                  const struct pst_cedar_space *space, const struct pst_json *v,
                                  struct pst_cedar_action_decl *d)
{
    static const char *const words[] = {"principalTypes", "resourceTypes", "context", NULL};
    if (v == NULL || v->type == PST_JSON_NULL) {
        return PST_OK;
    }
    if (only(b, v, "appliesTo", words) != PST_OK) {
        return PST_ERR;
    }
    const struct pst_json *principals = PST_JSON_GET(v, "principalTypes");
    const struct pst_json *resources = PST_JSON_GET(v, "resourceTypes");
    const struct pst_json *context = PST_JSON_GET(v, "context");
    if (!pst_json_is(principals, PST_JSON_ARRAY) || !pst_json_is(resources, PST_JSON_ARRAY)) {
        return bad(b, v, "appliesTo needs the lists principalTypes and resourceTypes");
    }
    d->applies = true;
    if (refs(b, principals, "principalTypes", false, &d->principals) != PST_OK ||
        refs(b, resources, "resourceTypes", false, &d->resources) != PST_OK) {
        return PST_ERR;
    }
    return context != NULL ? type(b, space, context, PLAIN, &d->context) : PST_OK;
}

static enum pst_status action(struct pst_cedar_schema_build *b, struct pst_cedar_space *space,
                              const struct pst_json *v)
{
    static const char *const words[] = {"appliesTo", "memberOf", "annotations", "attributes", NULL};
    struct pst_cedar_action_decl *d = PST_CEDAR_SCHEMA_NEW(b, struct pst_cedar_action_decl);
    if (d == NULL || symbol(b, v->name, &d->id) != PST_OK ||
        only(b, v, "an action", words) != PST_OK ||
        annotations(b, PST_JSON_GET(v, "annotations"), &d->notes) != PST_OK ||
        action_parents(b, PST_JSON_GET(v, "memberOf"), d) != PST_OK ||
        applies_to(b, space, PST_JSON_GET(v, "appliesTo"), d) != PST_OK) {
        return PST_ERR;
    }
    const struct pst_json *attrs = PST_JSON_GET(v, "attributes");
    if (attrs != NULL && attrs->type != PST_JSON_NULL) {
        return bad(b, attrs, "actions have no attributes in Cedar 4");
    }
    d->place = place_of(v);
    *space->last_action = d;
    space->last_action = &d->next;
    return PST_OK;
}

static enum pst_status each(struct pst_cedar_schema_build *b, struct pst_cedar_space *space,
                            const struct pst_json *v, const char *what,
                            enum pst_status (*read)(struct pst_cedar_schema_build *,
                                                    struct pst_cedar_space *,
                                                    const struct pst_json *))
{
    if (!pst_json_is(v, PST_JSON_OBJECT)) {
        return pst_cedar_schema_fail(b, PST_E_CEDAR_SCHEMA, place_of(v), "%s must be an object",
                                     what);
    }
    for (const struct pst_json *m = pst_json_first(v); m != NULL; m = m->next) {
        if (read(b, space, m) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status read_space(struct pst_cedar_schema_build *b, const struct pst_json *v)
{
    static const char *const words[] = {"entityTypes", "actions", "commonTypes", "annotations",
                                        NULL};
    struct pst_cedar_space *space = NULL;
    uint32_t name = 0;
    if (v->name.n != 0 && !pst_cedar_name_valid(v->name)) {
        return bad(b, v, "this is not a valid namespace");
    }
    if (only(b, v, "a namespace", words) != PST_OK || symbol(b, v->name, &name) != PST_OK ||
        pst_cedar_schema_add_space(b, name, place_of(v), &space) != PST_OK) {
        return PST_ERR;
    }
    const struct pst_json *types = PST_JSON_GET(v, "entityTypes");
    const struct pst_json *actions = PST_JSON_GET(v, "actions");
    const struct pst_json *commons = PST_JSON_GET(v, "commonTypes");
    const struct pst_json *notes = PST_JSON_GET(v, "annotations");
    if (types == NULL || actions == NULL) {
        return bad(b, v, "a namespace needs entityTypes and actions");
    }
    if (notes != NULL && v->name.n == 0) {
        return bad(b, notes, "what is in no namespace cannot be annotated as one");
    }
    if (annotations(b, notes, &space->notes) != PST_OK ||
        (commons != NULL && each(b, space, commons, "commonTypes", common) != PST_OK) ||
        each(b, space, types, "entityTypes", entity) != PST_OK) {
        return PST_ERR;
    }
    return each(b, space, actions, "actions", action);
}

enum pst_status pst_cedar_schema_read_json(struct pst_cedar_schema_build *b)
{
    struct pst_arena scratch;
    uint32_t limit = b->s->names->limits.text_bytes;
    struct pst_json_config config = pst_json_config_of(limit, b->s->names->limits.seed);
    config.limits.depth = PST_JSON_DEPTH_MAX;
    config.limits.name_bytes = config.limits.string_bytes;
    config.stable = true;
    pst_arena_init(&scratch, 4096, b->s->names->limits.total_bytes);
    const struct pst_json *v = pst_json_parse(&config, &scratch, b->text, b->err);
    enum pst_status st = v != NULL ? PST_OK : PST_ERR;
    if (st == PST_OK && v->type != PST_JSON_OBJECT) {
        st = bad(b, v, "a schema must be an object of namespaces");
    }
    for (const struct pst_json *m = pst_json_first(v); m != NULL && st == PST_OK; m = m->next) {
        st = read_space(b, m);
    }
    pst_arena_release(&scratch);
    return st;
}
