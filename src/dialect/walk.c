#include "dialect/walk.h"

void pst_walk_init(struct pst_walk *w, const struct pst_table *table,
                   const struct pst_walk_ops *ops, void *ctx)
{
    w->table = table;
    w->ops = ops;
    w->ctx = ctx;
    w->allow_state = false;
    w->refusal = PST_E_NONE;
    w->unknown_members = 0;
    w->state_seen = false;
    w->depth = 0;
}

/* --- errors ---------------------------------------------------------------------------------- */

static void path_step(struct pst_buf *out, const struct pst_json *container,
                      const struct pst_json *child, uint32_t index)
{
    if (container->type == PST_JSON_ARRAY) {
        pst_buf_fmt(out, "[%u]", (unsigned)index);
        return;
    }
    if (out->n > 0) {
        pst_buf_byte(out, '.');
    }
    /* a member's name may be the peer's own and is shown to people */
    struct pst_str name = pst_str_cut(child->name, 0, 64);
    for (size_t i = 0; i < name.n; i++) {
        uint8_t c = name.p[i];
        pst_buf_byte(out, c >= 0x20 && c < 0x7F && c != '"' && c != '\\' ? c : '?');
    }
}

enum pst_status pst_walk_fail(const struct pst_walk *w, struct pst_err *err, enum pst_error code,
                              const char *text)
{
    if (w->refusal != PST_E_NONE && code != PST_E_NO_MEMORY) {
        code = w->refusal;
    }
    struct pst_buf path;
    pst_buf_init(&path, 4096);
    for (uint32_t i = 0; i < w->depth && w->frames[i].at != NULL; i++) {
        path_step(&path, w->frames[i].node, w->frames[i].at, w->frames[i].index);
    }
    struct pst_str shown = pst_str_cut(pst_buf_str(&path), 0, 120);
    (void)pst_fail(err, code, "%.*s%s%s", PST_FMT(shown), shown.n > 0 ? ": " : "", text);
    pst_buf_release(&path);
    return PST_ERR;
}

static enum pst_status fail_type(const struct pst_walk *w, const struct pst_table_row *row,
                                 struct pst_err *err)
{
    static const struct {
        uint16_t bit;
        const char *text;
    } names[] = {
        {PST_TYPE_STRING, "a string"},
        {PST_TYPE_INTEGER, "an integer"},
        {PST_TYPE_NUMBER, "a number"},
        {PST_TYPE_BOOL, "true or false"},
        {PST_TYPE_OBJECT, "an object"},
        {PST_TYPE_OBJECTS, "an array of objects"},
        {PST_TYPE_STRINGS, "an array of strings"},
        {PST_TYPE_NULL, "null"},
    };
    struct pst_buf text;
    pst_buf_init(&text, 256);
    PST_BUF_LIT(&text, "must be ");
    bool first = true;
    for (size_t i = 0; i < PST_LEN(names); i++) {
        if ((row->types & names[i].bit) != 0) {
            pst_buf_fmt(&text, "%s%s", first ? "" : " or ", names[i].text);
            first = false;
        }
    }
    pst_buf_byte(&text, 0);
    (void)pst_walk_fail(w, err, PST_E_DIALECT_MEMBER,
                        text.failed ? "has the wrong type" : (const char *)text.p);
    pst_buf_release(&text);
    return PST_ERR;
}

static enum pst_status fail_value(const struct pst_walk *w, const struct pst_table_row *row,
                                  struct pst_err *err)
{
    struct pst_buf text;
    pst_buf_init(&text, 256);
    PST_BUF_LIT(&text, "this value is not known here; known are");
    for (const char *const *v = w->table->values[row->values]; *v != NULL; v++) {
        pst_buf_fmt(&text, " %s", *v);
    }
    pst_buf_byte(&text, 0);
    (void)pst_walk_fail(w, err, PST_E_DIALECT_UNKNOWN,
                        text.failed ? "this value is not known here" : (const char *)text.p);
    pst_buf_release(&text);
    return PST_ERR;
}

/* --- one member ------------------------------------------------------------------------------ */

static enum pst_status push(struct pst_walk *w, struct pst_json *node, uint8_t object,
                            const struct pst_table_row *row, struct pst_err *err)
{
    if (w->depth == PST_LEN(w->frames)) {
        return pst_walk_fail(w, err, PST_E_JSON_DEPTH, "nested too deeply");
    }
    struct pst_walk_frame *f = &w->frames[w->depth++];
    *f = (struct pst_walk_frame){.node = node, .next = node->first, .row = row, .object = object};
    if (object >= PST_CHILD_OBJECTS && node->type == PST_JSON_OBJECT && w->ops->enter != NULL) {
        return w->ops->enter(w->ctx, w, err);
    }
    return PST_OK;
}

static bool is_integer(const struct pst_json *v)
{
    int64_t number;
    return pst_json_i64(v, &number);
}

static bool type_fits(uint16_t types, const struct pst_json *v)
{
    if ((types & PST_TYPE_ANY) != 0) {
        return true;
    }
    switch ((enum pst_json_type)v->type) {
    case PST_JSON_NULL:
        return (types & PST_TYPE_NULL) != 0;
    case PST_JSON_FALSE:
    case PST_JSON_TRUE:
        return (types & PST_TYPE_BOOL) != 0;
    case PST_JSON_NUMBER:
        return (types & PST_TYPE_NUMBER) != 0 || ((types & PST_TYPE_INTEGER) != 0 && is_integer(v));
    case PST_JSON_STRING:
        return (types & PST_TYPE_STRING) != 0;
    case PST_JSON_ARRAY:
        return (types & (PST_TYPE_OBJECTS | PST_TYPE_STRINGS)) != 0;
    case PST_JSON_OBJECT:
        return (types & PST_TYPE_OBJECT) != 0;
    }
    return false;
}

static enum pst_status visit_text(struct pst_walk *w, const struct pst_table_row *row,
                                  struct pst_json *v, bool is_name, struct pst_err *err)
{
    return w->ops->text != NULL ? w->ops->text(w->ctx, w, row, v, is_name, err) : PST_OK;
}

/* A value whose inside no table describes: its strings and names are text, numbers pass. */
static enum pst_status visit_free(struct pst_walk *w, const struct pst_table_row *row,
                                  struct pst_json *v, struct pst_err *err)
{
    if (v->type == PST_JSON_STRING) {
        return visit_text(w, row, v, /* is_name= */ false, err);
    }
    if (v->type >= PST_JSON_ARRAY) {
        return push(w, v, PST_CHILD_FREE, row, err);
    }
    return PST_OK;
}

/* Members nobody knows are kept: SDKs gain fields every month. Their strings are inspected. */
static enum pst_status visit_unknown(struct pst_walk *w, const struct pst_walk_frame *f,
                                     struct pst_json *v, struct pst_err *err)
{
    const struct pst_table_object *o = &w->table->objects[f->object];
    for (size_t i = o->first; i < o->end; i++) {
        if (pst_str_eq_nocase(w->table->rows[i].name, v->name)) {
            return pst_walk_fail(w, err, PST_E_JSON_CASE_VARIANT,
                                 "differs from a known member only in case");
        }
    }
    w->unknown_members++;
    enum pst_status st = visit_text(w, /* row= */ NULL, v, /* is_name= */ true, err);
    return st != PST_OK ? st : visit_free(w, /* row= */ NULL, v, err);
}

static enum pst_status check_string(struct pst_walk *w, const struct pst_table_row *row,
                                    struct pst_json *v, struct pst_err *err)
{
    if (row->values != 0) {
        return pst_table_value(w->table, row->values, v->text) ? PST_OK : fail_value(w, row, err);
    }
    if (row->cls == PST_CLASS_OPAQUE || row->cls == PST_CLASS_CONTROL) {
        return PST_OK;
    }
    return visit_text(w, row, v, /* is_name= */ false, err);
}

/* State kept by the provider escapes inspection: what was put there was seen by nobody here. */
static enum pst_status check_class(struct pst_walk *w, const struct pst_table_row *row,
                                   const struct pst_json *v, struct pst_err *err)
{
    if (v->type == PST_JSON_NULL || v->type == PST_JSON_FALSE) {
        return PST_OK;
    }
    if (row->cls == PST_CLASS_REFUSED) {
        return pst_walk_fail(w, err, PST_E_DIALECT_UNKNOWN, "a caller may not choose this");
    }
    if (row->cls == PST_CLASS_STATE) {
        w->state_seen = true;
        if (!w->allow_state) {
            return pst_walk_fail(w, err, PST_E_DIALECT_STATE,
                                 "state kept by the provider is not allowed");
        }
    }
    return PST_OK;
}

static enum pst_status visit_known(struct pst_walk *w, const struct pst_table_row *row,
                                   struct pst_json *v, struct pst_err *err)
{
    if (!type_fits(row->types, v)) {
        return fail_type(w, row, err);
    }
    if (check_class(w, row, v, err) != PST_OK) {
        return PST_ERR;
    }
    if (row->hook != 0 && w->ops->member != NULL &&
        w->ops->member(w->ctx, w, row, v, err) != PST_OK) {
        return PST_ERR;
    }
    if (v->type == PST_JSON_STRING) {
        return check_string(w, row, v, err);
    }
    return v->type >= PST_JSON_ARRAY ? push(w, v, row->child, row, err) : PST_OK;
}

/* --- the walk -------------------------------------------------------------------------------- */

static enum pst_status visit_member(struct pst_walk *w, struct pst_walk_frame *f,
                                    struct pst_json *v, struct pst_err *err)
{
    const struct pst_table_row *row = pst_table_find(w->table, f->object, v->name);
    if (row == NULL) {
        return visit_unknown(w, f, v, err);
    }
    if ((row->types & PST_TYPE_REQUIRED) != 0) {
        f->required++;
    }
    return visit_known(w, row, v, err);
}

static enum pst_status visit_element(struct pst_walk *w, const struct pst_walk_frame *f,
                                     struct pst_json *v, struct pst_err *err)
{
    const struct pst_table_row *row = f->row;
    if (v->type == PST_JSON_OBJECT && (row->types & PST_TYPE_OBJECTS) != 0) {
        return push(w, v, f->object, row, err);
    }
    if (v->type == PST_JSON_STRING && (row->types & PST_TYPE_STRINGS) != 0) {
        return check_string(w, row, v, err);
    }
    return pst_walk_fail(w, err, PST_E_DIALECT_MEMBER,
                         (row->types & PST_TYPE_OBJECTS) != 0 ? "must be an object"
                                                              : "must be a string");
}

static enum pst_status visit_inside_free(struct pst_walk *w, const struct pst_walk_frame *f,
                                         struct pst_json *v, struct pst_err *err)
{
    if (f->node->type == PST_JSON_OBJECT &&
        visit_text(w, f->row, v, /* is_name= */ true, err) != PST_OK) {
        return PST_ERR;
    }
    if (f->object == PST_CHILD_NUMBERS && v->type != PST_JSON_NUMBER) {
        return pst_walk_fail(w, err, PST_E_DIALECT_MEMBER, "must be a number");
    }
    return visit_free(w, f->row, v, err);
}

/* Every required member was seen; and where `type` says which variant this is, the member of that
 * name is there. */
static enum pst_status check_complete(struct pst_walk *w, struct pst_walk_frame *f,
                                      struct pst_err *err)
{
    const struct pst_table_object *o = &w->table->objects[f->object];
    f->at = NULL;
    uint16_t required = 0;
    const struct pst_table_row *variant = NULL;
    for (size_t i = o->first; i < o->end; i++) {
        const struct pst_table_row *row = &w->table->rows[i];
        if ((row->types & PST_TYPE_REQUIRED) != 0) {
            required++;
            if (row->values != 0 && pst_str_eq(row->name, PST_STR("type"))) {
                struct pst_json *type = pst_json_get(f->node, row->name);
                variant = pst_json_is(type, PST_JSON_STRING)
                              ? pst_table_find(w->table, f->object, type->text)
                              : NULL;
            }
        }
    }
    struct pst_str missing = {NULL, 0};
    if (f->required != required) {
        for (size_t i = o->first; i < o->end && missing.p == NULL; i++) {
            const struct pst_table_row *row = &w->table->rows[i];
            if ((row->types & PST_TYPE_REQUIRED) != 0 && pst_json_get(f->node, row->name) == NULL) {
                missing = row->name;
            }
        }
    } else if (variant != NULL && pst_json_get(f->node, variant->name) == NULL) {
        missing = variant->name;
    }
    if (missing.p == NULL) {
        return PST_OK;
    }
    char text[96];
    struct pst_buf b;
    pst_buf_init(&b, sizeof text);
    pst_buf_fmt(&b, "the member %.*s is missing", PST_FMT(missing));
    bool ok = pst_str_to_c(pst_buf_str(&b), text, sizeof text);
    pst_buf_release(&b);
    return pst_walk_fail(w, err, PST_E_DIALECT_REQUIRED, ok ? text : "a member is missing");
}

static enum pst_status step(struct pst_walk *w, struct pst_err *err)
{
    struct pst_walk_frame *f = &w->frames[w->depth - 1];
    struct pst_json *v = f->next;
    if (v == NULL) {
        if (f->object >= PST_CHILD_OBJECTS && f->node->type == PST_JSON_OBJECT) {
            if (check_complete(w, f, err) != PST_OK ||
                (w->ops->leave != NULL && w->ops->leave(w->ctx, w, err) != PST_OK)) {
                return PST_ERR;
            }
        }
        w->depth--;
        return PST_OK;
    }
    f->index = f->at == NULL ? 0 : f->index + 1;
    f->at = v;
    f->next = v->next;
    if (f->object < PST_CHILD_OBJECTS && f->object != PST_CHILD_NONE) {
        return visit_inside_free(w, f, v, err);
    }
    return f->node->type == PST_JSON_ARRAY ? visit_element(w, f, v, err)
                                           : visit_member(w, f, v, err);
}

enum pst_status pst_walk_run(struct pst_walk *w, struct pst_json *root, uint8_t object,
                             struct pst_err *err)
{
    w->depth = 0;
    if (root->type != PST_JSON_OBJECT) {
        return pst_walk_fail(w, err, PST_E_DIALECT_MEMBER, "the body must be an object");
    }
    if (push(w, root, object, /* row= */ NULL, err) != PST_OK) {
        return PST_ERR;
    }
    while (w->depth > 0) {
        if (step(w, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

/* --- searching ------------------------------------------------------------------------------- */

bool pst_json_path(const struct pst_json *root, const struct pst_json *node, struct pst_buf *out)
{
    struct {
        const struct pst_json *container, *at;
        uint32_t index;
    } stack[PST_JSON_DEPTH_MAX];
    size_t depth = 0;
    const struct pst_json *v = root;
    while (v != node) {
        const struct pst_json *child = pst_json_first(v);
        if (child != NULL && depth < PST_LEN(stack)) {
            stack[depth].container = v;
            stack[depth].at = child;
            stack[depth++].index = 0;
            v = child;
            continue;
        }
        while (depth > 0 && stack[depth - 1].at->next == NULL) {
            depth--;
        }
        if (depth == 0) {
            return false;
        }
        stack[depth - 1].at = stack[depth - 1].at->next;
        stack[depth - 1].index++;
        v = stack[depth - 1].at;
    }
    for (size_t i = 0; i < depth; i++) {
        path_step(out, stack[i].container, stack[i].at, stack[i].index);
    }
    return true;
}
