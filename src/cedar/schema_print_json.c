/* Schemas in the JSON syntax. */
#include "cedar/schema_build.h"
#include "cedar/schema_print.h"
#include "wire/json_out.h"

struct printer {
    const struct pst_cedar_schema *s;
    struct pst_json_out o;
};

static struct pst_str text_of(const struct printer *p, uint32_t sym)
{
    return pst_cedar_text(p->s->names, sym);
}

static void notes(struct printer *p, const struct pst_cedar_note *note)
{
    if (note == NULL) {
        return;
    }
    PST_JSON_KEY(&p->o, "annotations");
    pst_json_out_object(&p->o);
    for (; note != NULL; note = note->next) {
        pst_json_out_key(&p->o, text_of(p, note->key));
        if (note->has_value) {
            pst_json_out_str(&p->o, text_of(p, note->value));
        } else {
            pst_json_out_null(&p->o);
        }
    }
    pst_json_out_end(&p->o);
}

/* The members of a type that is neither set nor record. */
static void leaf(struct printer *p, const struct pst_cedar_written *w)
{
    struct pst_str kind = PST_STR("EntityOrCommon");
    struct pst_str name = {0};
    if (w->common != NULL) {
        name = text_of(p, w->name);
    } else if (w->is_entity) {
        kind = PST_STR("Entity");
        name = text_of(p, w->name);
    } else if (w->type == PST_CEDAR_TY_LONG || w->type == PST_CEDAR_TY_STRING) {
        kind = pst_cedar_schema_built_in(w->type);
    } else if (w->type == PST_CEDAR_TY_BOOL) {
        kind = PST_STR("Boolean");
    } else {
        kind = PST_STR("Extension");
        name = pst_cedar_schema_built_in(w->type);
    }
    pst_json_out_kstr(&p->o, "type", kind);
    if (name.n != 0) {
        pst_json_out_kstr(&p->o, "name", name);
    }
}

struct type_frame {
    const struct pst_cedar_written *w;
    const struct pst_cedar_written_member *next, *open;
};

/* What a member's object says besides its type. */
static void end_member(struct printer *p, const struct pst_cedar_written_member *m)
{
    if (m->optional) {
        pst_json_out_kbool(&p->o, "required", false);
    }
    notes(p, m->notes);
    pst_json_out_end(&p->o);
}

/* A type's object, with the annotations of its declaration. */
static void type(struct printer *p, const struct pst_cedar_written *w,
                 const struct pst_cedar_note *note)
{
    struct type_frame stack[PST_CEDAR_WRITTEN_DEPTH];
    uint32_t depth = 0;
    pst_json_out_object(&p->o);
    for (;;) {
        if (w->kind == PST_CEDAR_W_SET) {
            pst_json_out_kstr(&p->o, "type", PST_STR("Set"));
            PST_JSON_KEY(&p->o, "element");
            pst_json_out_object(&p->o);
            stack[depth++] = (struct type_frame){.w = w};
            w = w->element;
            continue;
        }
        if (w->kind == PST_CEDAR_W_RECORD) {
            pst_json_out_kstr(&p->o, "type", PST_STR("Record"));
            PST_JSON_KEY(&p->o, "attributes");
            pst_json_out_object(&p->o);
            stack[depth++] = (struct type_frame){.w = w, .next = w->members};
        } else {
            leaf(p, w);
        }
        for (; depth > 0; depth--) { /* close what is complete */
            struct type_frame *f = &stack[depth - 1];
            if (f->open != NULL) {
                end_member(p, f->open);
                f->open = NULL;
            }
            if (f->next != NULL) {
                break;
            }
            pst_json_out_end(&p->o); /* the element's object, or the attributes */
        }
        if (depth == 0) {
            break;
        }
        struct type_frame *f = &stack[depth - 1];
        f->open = f->next;
        f->next = f->next->next;
        pst_json_out_key(&p->o, text_of(p, f->open->key));
        pst_json_out_object(&p->o);
        w = f->open->type;
    }
    notes(p, note);
    pst_json_out_end(&p->o);
}

static void list(struct printer *p, const char *key, const struct pst_cedar_name_ref *refs,
                 bool ids)
{
    pst_json_out_key(&p->o, pst_str_c(key));
    pst_json_out_array(&p->o);
    for (; refs != NULL; refs = refs->next) {
        pst_json_out_str(&p->o, text_of(p, ids ? refs->id : refs->type));
    }
    pst_json_out_end(&p->o);
}

static void entity(struct printer *p, const struct pst_cedar_entity_decl *d)
{
    pst_json_out_key(&p->o, text_of(p, d->name));
    pst_json_out_object(&p->o);
    if (d->is_enum) {
        list(p, "enum", d->ids, true);
    }
    if (d->parents != NULL) {
        list(p, "memberOfTypes", d->parents, false);
    }
    if (d->shape != NULL) {
        PST_JSON_KEY(&p->o, "shape");
        type(p, d->shape, NULL);
    }
    if (d->tags != NULL) {
        PST_JSON_KEY(&p->o, "tags");
        type(p, d->tags, NULL);
    }
    notes(p, d->notes);
    pst_json_out_end(&p->o);
}

static void action(struct printer *p, const struct pst_cedar_action_decl *d)
{
    pst_json_out_key(&p->o, text_of(p, d->id));
    pst_json_out_object(&p->o);
    if (d->parents != NULL) {
        PST_JSON_KEY(&p->o, "memberOf");
        pst_json_out_array(&p->o);
        for (const struct pst_cedar_name_ref *ref = d->parents; ref != NULL; ref = ref->next) {
            pst_json_out_object(&p->o);
            pst_json_out_kstr(&p->o, "id", text_of(p, ref->id));
            if (ref->type != PST_CEDAR_NO) {
                pst_json_out_kstr(&p->o, "type", text_of(p, ref->type));
            }
            pst_json_out_end(&p->o);
        }
        pst_json_out_end(&p->o);
    }
    if (d->applies) {
        PST_JSON_KEY(&p->o, "appliesTo");
        pst_json_out_object(&p->o);
        list(p, "principalTypes", d->principals, false);
        list(p, "resourceTypes", d->resources, false);
        if (d->context != NULL) {
            PST_JSON_KEY(&p->o, "context");
            type(p, d->context, NULL);
        }
        pst_json_out_end(&p->o);
    }
    notes(p, d->notes);
    pst_json_out_end(&p->o);
}

static void put_space(struct printer *p, const struct pst_cedar_space *space)
{
    pst_json_out_key(&p->o, text_of(p, space->name));
    pst_json_out_object(&p->o);
    if (space->commons != NULL) {
        PST_JSON_KEY(&p->o, "commonTypes");
        pst_json_out_object(&p->o);
        for (const struct pst_cedar_common *d = space->commons; d != NULL; d = d->next) {
            pst_json_out_key(&p->o, text_of(p, d->name));
            type(p, d->type, d->notes);
        }
        pst_json_out_end(&p->o);
    }
    PST_JSON_KEY(&p->o, "entityTypes");
    pst_json_out_object(&p->o);
    for (const struct pst_cedar_entity_decl *d = space->entities; d != NULL; d = d->next) {
        entity(p, d);
    }
    pst_json_out_end(&p->o);
    PST_JSON_KEY(&p->o, "actions");
    pst_json_out_object(&p->o);
    for (const struct pst_cedar_action_decl *d = space->actions; d != NULL; d = d->next) {
        action(p, d);
    }
    pst_json_out_end(&p->o);
    notes(p, space->notes);
    pst_json_out_end(&p->o);
}

enum pst_status pst_cedar_schema_print_json(const struct pst_cedar_schema *s, struct pst_buf *out,
                                            struct pst_err *err)
{
    struct printer p = {.s = s};
    pst_json_out_init(&p.o, out);
    pst_json_out_object(&p.o);
    for (const struct pst_cedar_space *space = s->spaces; space != NULL; space = space->next) {
        bool empty = space->commons == NULL && space->entities == NULL && space->actions == NULL;
        if (!empty || text_of(&p, space->name).n != 0) {
            put_space(&p, space);
        }
    }
    pst_json_out_end(&p.o);
    return pst_json_out_ok(&p.o)
               ? PST_OK
               : pst_fail(err, PST_E_NO_MEMORY, "the printed schema is too large");
}
