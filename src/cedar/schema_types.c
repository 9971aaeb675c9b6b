/* From types as written to types: names looked up, common types replaced. An explicit stack: a
 * common type may name another, and so on. */
#include "cedar/schema_build.h"

#include <stdlib.h>

struct frame {
    struct pst_cedar_written *w;
    struct pst_cedar_written_member *next; /* of a record: not looked at yet */
    struct pst_cedar_common *common;       /* of a name: being resolved above this frame */
};

struct resolver {
    struct pst_cedar_schema_build *b;
    struct frame *stack;
    uint32_t n, cap;
};

bool pst_cedar_schema_reserved_type(struct pst_str name)
{
    static const char *const words[] = {"Bool", "Boolean", "Entity", "Extension",
                                        "Long", "Record",  "Set",    "String"};
    for (size_t i = 0; i < PST_LEN(words); i++) {
        if (pst_str_eq(name, pst_str_c(words[i]))) {
            return true;
        }
    }
    return false;
}

/* Extension types are told from the others by *ret_extension. */
static uint32_t built_in(struct pst_str name, bool *ret_extension)
{
    static const struct {
        const char *name;
        uint32_t type;
    } rows[] = {{"Bool", PST_CEDAR_TY_BOOL},        {"Long", PST_CEDAR_TY_LONG},
                {"String", PST_CEDAR_TY_STRING},    {"ipaddr", PST_CEDAR_TY_IP},
                {"decimal", PST_CEDAR_TY_DECIMAL},  {"datetime", PST_CEDAR_TY_DATETIME},
                {"duration", PST_CEDAR_TY_DURATION}};
    if (pst_str_starts(name, PST_STR("__cedar::"))) {
        name = pst_str_from(name, 9);
    }
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        if (pst_str_eq(name, pst_str_c(rows[i].name))) {
            *ret_extension = i >= 3;
            return rows[i].type;
        }
    }
    return PST_CEDAR_NO;
}

static bool push(struct resolver *r, struct pst_cedar_written *w)
{
    if (r->n == r->cap) {
        uint32_t cap = r->cap != 0 ? r->cap * 2 : 64;
        struct frame *more = (struct frame *)realloc(r->stack, cap * sizeof more[0]);
        if (more == NULL) {
            (void)pst_cedar_schema_full(r->b);
            return false;
        }
        r->stack = more;
        r->cap = cap;
    }
    r->stack[r->n++] = (struct frame){.w = w, .next = w->members};
    return true;
}

static enum pst_status no_type(struct resolver *r, const struct pst_cedar_written *w)
{
    if (r->b->s->types.full) {
        return pst_cedar_schema_full(r->b);
    }
    return pst_cedar_schema_fail(r->b, PST_E_CEDAR_LIMIT, w->place,
                                 "types are nested more than %d deep here", PST_CEDAR_TYPE_DEPTH);
}

static enum pst_status finish(struct resolver *r, struct pst_cedar_written *w, uint32_t type)
{
    w->type = type;
    r->n--;
    return type != PST_CEDAR_NO ? PST_OK : no_type(r, w);
}

/* The declaration that a name means: looked for in its namespace, then in none. A common type goes
 * before an entity type of the same name. */
static enum pst_status find(struct resolver *r, const struct pst_cedar_written *w,
                            const struct pst_cedar_common **ret_common, uint32_t *ret_entity)
{
    struct pst_cedar_schema *s = r->b->s;
    uint32_t candidates[2] = {w->name, w->name};
    *ret_common = NULL;
    *ret_entity = PST_CEDAR_NO;
    if (pst_str_find(pst_cedar_text(s->names, w->name), PST_STR("::")) == PST_NPOS) {
        candidates[0] = pst_cedar_schema_qualify(r->b, w->space->name, w->name);
        if (candidates[0] == PST_CEDAR_NO) {
            return pst_cedar_schema_full(r->b);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        uint32_t sym = candidates[i];
        if (w->kind != PST_CEDAR_W_ENTITY && sym < s->n_syms &&
            r->b->s->common_of_sym[sym] != NULL) {
            *ret_common = r->b->s->common_of_sym[sym];
            return PST_OK;
        }
        if (w->kind != PST_CEDAR_W_COMMON && pst_cedar_schema_entity_type(s, sym) != PST_CEDAR_NO) {
            *ret_entity = sym;
            return PST_OK;
        }
    }
    return PST_OK;
}

static enum pst_status undeclared(struct resolver *r, const struct pst_cedar_written *w)
{
    struct pst_str name = pst_cedar_text(r->b->s->names, w->name);
    const char *what = w->kind == PST_CEDAR_W_ENTITY      ? "an entity type"
                       : w->kind == PST_CEDAR_W_EXTENSION ? "an extension type"
                       : w->kind == PST_CEDAR_W_COMMON    ? "a common type"
                                                          : "a common type or entity type";
    return pst_cedar_schema_fail(r->b, PST_E_CEDAR_SCHEMA, w->place, "`%.*s` is not declared as %s",
                                 (int)(name.n < 80 ? name.n : 80), (const char *)name.p, what);
}

static enum pst_status name(struct resolver *r, struct frame *f)
{
    struct pst_cedar_written *w = f->w;
    if (f->common != NULL) {
        f->common->busy = false;
        return finish(r, w, f->common->type->type);
    }
    uint32_t entity = PST_CEDAR_NO;
    bool extension = false;
    struct pst_cedar *names = r->b->s->names;
    if (w->kind == PST_CEDAR_W_EXTENSION) {
        struct pst_str text = pst_cedar_text(names, w->name);
        uint32_t type = built_in(text, &extension);
        bool plain = pst_str_find(text, PST_STR("::")) == PST_NPOS;
        return extension && plain ? finish(r, w, type) : undeclared(r, w);
    }
    if (find(r, w, &w->common, &entity) != PST_OK) {
        return PST_ERR;
    }
    struct pst_str text = pst_cedar_text(names, w->name); /* a view that new symbols end */
    if (entity != PST_CEDAR_NO) {
        w->is_entity = true;
        return finish(r, w, pst_cedar_type_entity(&r->b->s->types, entity));
    }
    if (w->common == NULL) {
        uint32_t type = w->kind != PST_CEDAR_W_ENTITY ? built_in(text, &extension) : PST_CEDAR_NO;
        return type != PST_CEDAR_NO ? finish(r, w, type) : undeclared(r, w);
    }
    if (w->common->type->type != PST_CEDAR_NO) {
        return finish(r, w, w->common->type->type);
    }
    /* The declaration is the schema's own, which is being built here. */
    f->common = r->b->s->common_of_sym[w->common->full];
    if (f->common->busy) {
        return pst_cedar_schema_fail(r->b, PST_E_CEDAR_SCHEMA, w->place,
                                     "common types refer to each other in a circle, here `%.*s`",
                                     (int)(text.n < 80 ? text.n : 80), (const char *)text.p);
    }
    f->common->busy = true;
    return push(r, f->common->type) ? PST_OK : PST_ERR;
}

static enum pst_status declared_twice(struct resolver *r, const struct pst_cedar_written *w,
                                      uint32_t key)
{
    bool first = true;
    struct pst_str text = pst_cedar_text(r->b->s->names, key);
    const struct pst_cedar_written_member *m = w->members;
    for (; m->key != key || first; m = m->next) {
        first = first && m->key != key;
    }
    return pst_cedar_schema_fail(r->b, PST_E_CEDAR_SCHEMA, m->place,
                                 "the attribute `%.*s` is declared twice",
                                 (int)(text.n < 80 ? text.n : 80), (const char *)text.p);
}

static enum pst_status record(struct resolver *r, struct frame *f)
{
    struct pst_cedar_written *w = f->w;
    for (; f->next != NULL; f->next = f->next->next) {
        if (f->next->type->type == PST_CEDAR_NO) {
            return push(r, f->next->type) ? PST_OK : PST_ERR;
        }
    }
    struct pst_cedar_member_type *members = (struct pst_cedar_member_type *)malloc(
        ((size_t)w->n_members + 1) * sizeof members[0]);
    if (members == NULL) {
        return pst_cedar_schema_full(r->b);
    }
    uint32_t n = 0;
    for (const struct pst_cedar_written_member *m = w->members; m != NULL; m = m->next) {
        members[n++] = (struct pst_cedar_member_type){
            .key = m->key, .type = m->type->type, .required = m->optional ? 0 : 1};
    }
    uint32_t type = pst_cedar_type_record(&r->b->s->types, members, n, false);
    enum pst_status st = PST_OK;
    for (uint32_t i = 1; i < n && st == PST_OK; i++) { /* they are sorted now */
        if (members[i].key == members[i - 1].key) {
            st = declared_twice(r, w, members[i].key);
        }
    }
    free(members);
    return st == PST_OK ? finish(r, w, type) : PST_ERR;
}

static enum pst_status step(struct resolver *r)
{
    struct frame *f = &r->stack[r->n - 1];
    struct pst_cedar_written *w = f->w;
    if (w->type != PST_CEDAR_NO) {
        r->n--;
        return PST_OK;
    }
    switch (w->kind) {
    case PST_CEDAR_W_LONG:
        return finish(r, w, PST_CEDAR_TY_LONG);
    case PST_CEDAR_W_STRING:
        return finish(r, w, PST_CEDAR_TY_STRING);
    case PST_CEDAR_W_BOOL:
        return finish(r, w, PST_CEDAR_TY_BOOL);
    case PST_CEDAR_W_SET:
        if (w->element->type == PST_CEDAR_NO) {
            return push(r, w->element) ? PST_OK : PST_ERR;
        }
        return finish(r, w, pst_cedar_type_set(&r->b->s->types, w->element->type));
    case PST_CEDAR_W_RECORD:
        return record(r, f);
    case PST_CEDAR_W_NAME:
    case PST_CEDAR_W_COMMON:
    case PST_CEDAR_W_ENTITY:
    case PST_CEDAR_W_EXTENSION:
    default:
        return name(r, f);
    }
}

enum pst_status pst_cedar_schema_resolve_type(struct pst_cedar_schema_build *b,
                                              struct pst_cedar_written *w)
{
    struct resolver r = {.b = b};
    enum pst_status st = push(&r, w) ? PST_OK : PST_ERR;
    while (r.n > 0 && st == PST_OK) {
        st = step(&r);
    }
    free(r.stack);
    return st;
}
