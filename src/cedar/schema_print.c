/* Schemas in the human syntax, and what they mean as sorted text. */
#include "cedar/schema_print.h"
#include "cedar/lex.h"
#include "cedar/schema_build.h"

#include <stdlib.h>

/* --- in both syntaxes --------------------------------------------------------------------------
 */

struct pst_str pst_cedar_schema_built_in(uint32_t type)
{
    switch (type) {
    case PST_CEDAR_TY_BOOL:
        return PST_STR("Bool");
    case PST_CEDAR_TY_LONG:
        return PST_STR("Long");
    case PST_CEDAR_TY_STRING:
        return PST_STR("String");
    case PST_CEDAR_TY_DECIMAL:
        return PST_STR("decimal");
    case PST_CEDAR_TY_IP:
        return PST_STR("ipaddr");
    case PST_CEDAR_TY_DATETIME:
        return PST_STR("datetime");
    case PST_CEDAR_TY_DURATION:
        return PST_STR("duration");
    default:
        PST_BUG_ON(true);
        return PST_STR("");
    }
}

bool pst_cedar_schema_hidden(const struct pst_cedar_schema *s, struct pst_str built_in)
{
    uint32_t sym = pst_cedar_sym_find(s->names, built_in);
    for (const struct pst_cedar_space *p = s->spaces; p != NULL && sym != PST_CEDAR_NO;
         p = p->next) {
        for (const struct pst_cedar_common *d = p->commons; d != NULL; d = d->next) {
            if (d->name == sym) {
                return true;
            }
        }
        for (const struct pst_cedar_entity_decl *d = p->entities; d != NULL; d = d->next) {
            if (d->name == sym) {
                return true;
            }
        }
    }
    return false;
}

/* --- human syntax ------------------------------------------------------------------------------
 */

struct printer {
    const struct pst_cedar_schema *s;
    struct pst_buf *out;
    struct pst_err *err;
    const struct pst_cedar_space *space; /* being printed */
    uint32_t indent;
    bool unsaid; /* err is set: something cannot be said in this syntax */
};

static void put(struct printer *p, struct pst_str text)
{
    (void)pst_buf_add(p->out, text); /* a full buffer stays failed: seen once, at the end */
}
#define PUT(p, literal) put((p), PST_STR(literal))

static struct pst_str text_of(const struct printer *p, uint32_t sym)
{
    return pst_cedar_text(p->s->names, sym);
}

static void line(struct printer *p)
{
    PUT(p, "\n");
    for (uint32_t i = 0; i < p->indent; i++) {
        PUT(p, "    ");
    }
}

static void quoted(struct printer *p, uint32_t sym)
{
    (void)pst_cedar_quote(p->out, text_of(p, sym));
}

/* An attribute or action: bare when it can be. */
static void name(struct printer *p, uint32_t sym)
{
    struct pst_str text = text_of(p, sym);
    if (pst_cedar_ident_valid(text) && !pst_cedar_ident_reserved(text)) {
        put(p, text);
    } else {
        quoted(p, sym);
    }
}

static void notes(struct printer *p, const struct pst_cedar_note *note)
{
    for (; note != NULL; note = note->next) {
        PUT(p, "@");
        put(p, text_of(p, note->key));
        if (note->has_value) {
            PUT(p, "(");
            quoted(p, note->value);
            PUT(p, ")");
        }
        line(p);
    }
}

/* A type that is neither set nor record. */
static void leaf(struct printer *p, const struct pst_cedar_written *w)
{
    if (w->common != NULL || w->is_entity) {
        uint32_t sym = w->is_entity ? p->s->types.rows[w->type].a : w->common->full;
        if (w->is_entity && p->s->common_of_sym[sym] != NULL && !p->unsaid) {
            p->unsaid = true;
            (void)pst_fail(p->err, PST_E_CEDAR_SCHEMA,
                           "the human syntax cannot name the entity type `%.*s`, because a common "
                           "type has the same name",
                           (int)(text_of(p, sym).n < 80 ? text_of(p, sym).n : 80),
                           (const char *)text_of(p, sym).p);
        }
        /* The record that a shape names may come from another namespace. */
        put(p, text_of(p, w->space == p->space ? w->name : sym));
        return;
    }
    struct pst_str text = pst_cedar_schema_built_in(w->type);
    if (pst_cedar_schema_hidden(p->s, text)) {
        PUT(p, "__cedar::");
    }
    put(p, text);
}

struct type_frame {
    const struct pst_cedar_written *w;
    const struct pst_cedar_written_member *next;
};

static void type(struct printer *p, const struct pst_cedar_written *w)
{
    struct type_frame stack[PST_CEDAR_WRITTEN_DEPTH];
    uint32_t depth = 0;
    for (;;) {
        if (w->kind == PST_CEDAR_W_SET) {
            PUT(p, "Set<");
            stack[depth++] = (struct type_frame){w, NULL};
            w = w->element;
            continue;
        }
        if (w->kind == PST_CEDAR_W_RECORD) {
            PUT(p, "{");
            stack[depth++] = (struct type_frame){w, w->members};
            p->indent++;
        } else {
            leaf(p, w);
        }
        for (; depth > 0; depth--) { /* close what is complete */
            struct type_frame *f = &stack[depth - 1];
            if (f->w->kind == PST_CEDAR_W_SET) {
                PUT(p, ">");
                continue;
            }
            if (f->next != f->w->members) {
                PUT(p, ",");
            }
            if (f->next != NULL) {
                line(p);
                break;
            }
            p->indent--;
            if (f->w->members != NULL) {
                line(p);
            }
            PUT(p, "}");
        }
        if (depth == 0) {
            return;
        }
        struct type_frame *f = &stack[depth - 1];
        notes(p, f->next->notes);
        name(p, f->next->key);
        put(p, f->next->optional ? PST_STR("?: ") : PST_STR(": "));
        w = f->next->type;
        f->next = f->next->next;
    }
}

static void refs(struct printer *p, const struct pst_cedar_name_ref *list)
{
    PUT(p, "[");
    for (const struct pst_cedar_name_ref *ref = list; ref != NULL; ref = ref->next) {
        if (ref != list) {
            PUT(p, ", ");
        }
        if (ref->type != PST_CEDAR_NO) {
            put(p, text_of(p, ref->type));
        }
        if (ref->type != PST_CEDAR_NO && ref->id != PST_CEDAR_NO) {
            PUT(p, "::");
        }
        if (ref->id != PST_CEDAR_NO) {
            quoted(p, ref->id);
        }
    }
    PUT(p, "]");
}

static void common(struct printer *p, const struct pst_cedar_common *d)
{
    line(p);
    notes(p, d->notes);
    PUT(p, "type ");
    put(p, text_of(p, d->name));
    PUT(p, " = ");
    type(p, d->type);
    PUT(p, ";");
}

static void entity(struct printer *p, const struct pst_cedar_entity_decl *d)
{
    line(p);
    notes(p, d->notes);
    PUT(p, "entity ");
    put(p, text_of(p, d->name));
    if (d->is_enum) {
        PUT(p, " enum ");
        refs(p, d->ids);
    }
    if (d->parents != NULL) {
        PUT(p, " in ");
        refs(p, d->parents);
    }
    if (d->shape != NULL) {
        PUT(p, " ");
        /* A shape is a record here; from JSON it may be the name of one. */
        const struct pst_cedar_written *w = d->shape;
        while (w->kind != PST_CEDAR_W_RECORD) {
            w = w->common->type;
        }
        type(p, w);
    }
    if (d->tags != NULL) {
        PUT(p, " tags ");
        type(p, d->tags);
    }
    PUT(p, ";");
}

static void action(struct printer *p, const struct pst_cedar_action_decl *d)
{
    line(p);
    notes(p, d->notes);
    PUT(p, "action ");
    name(p, d->id);
    if (d->parents != NULL) {
        PUT(p, " in ");
        refs(p, d->parents);
    }
    /* An action that applies to nothing is said by leaving it away. */
    if (d->principals != NULL && d->resources != NULL) {
        PUT(p, " appliesTo {");
        p->indent++;
        line(p);
        PUT(p, "principal: ");
        refs(p, d->principals);
        PUT(p, ",");
        line(p);
        PUT(p, "resource: ");
        refs(p, d->resources);
        PUT(p, ",");
        if (d->context != NULL) {
            line(p);
            PUT(p, "context: ");
            type(p, d->context);
            PUT(p, ",");
        }
        p->indent--;
        line(p);
        PUT(p, "}");
    }
    PUT(p, ";");
}

enum pst_status pst_cedar_schema_print_text(const struct pst_cedar_schema *s, struct pst_buf *out,
                                            struct pst_err *err)
{
    struct printer p = {.s = s, .out = out, .err = err};
    for (const struct pst_cedar_space *space = s->spaces; space != NULL; space = space->next) {
        bool named = text_of(&p, space->name).n != 0;
        p.space = space;
        if (named) {
            line(&p);
            notes(&p, space->notes);
            PUT(&p, "namespace ");
            put(&p, text_of(&p, space->name));
            PUT(&p, " {");
            p.indent++;
        }
        for (const struct pst_cedar_common *d = space->commons; d != NULL; d = d->next) {
            common(&p, d);
        }
        for (const struct pst_cedar_entity_decl *d = space->entities; d != NULL; d = d->next) {
            entity(&p, d);
        }
        for (const struct pst_cedar_action_decl *d = space->actions; d != NULL; d = d->next) {
            action(&p, d);
        }
        if (named) {
            p.indent--;
            line(&p);
            PUT(&p, "}");
        }
    }
    PUT(&p, "\n");
    if (p.unsaid) {
        return PST_ERR;
    }
    return out->failed ? pst_fail(err, PST_E_NO_MEMORY, "the printed schema is too large") : PST_OK;
}

/* --- what it means -----------------------------------------------------------------------------
 */

static struct pst_str sym_text(const void *ctx, uint32_t sym)
{
    return pst_cedar_schema_text((const struct pst_cedar_schema *)ctx, sym);
}

/* One line of the result, with what it is sorted by. */
struct row {
    struct pst_str line;
};

static int by_line(const void *a, const void *b)
{
    return pst_str_cmp(((const struct row *)a)->line, ((const struct row *)b)->line);
}

static bool add_uid(const struct pst_cedar_schema *s, uint32_t action, struct pst_buf *out)
{
    const struct pst_cedar_uid_row *uid = &s->names->uids[s->actions[action].uid];
    return pst_buf_add(out, pst_cedar_text(s->names, uid->type)) && PST_BUF_LIT(out, "::") &&
           pst_cedar_quote(out, pst_cedar_text(s->names, uid->id));
}

enum item { TYPES, ACTIONS, IDS };

/* " word [a, b]" in order of the texts, which is found by selection: lists are short. */
static bool add_list(const struct pst_cedar_schema *s, const char *word, enum item item,
                     const uint32_t *list, uint32_t n, struct pst_buf *out)
{
    struct pst_buf texts;
    struct row *rows = (struct row *)calloc((size_t)n + 1, sizeof rows[0]);
    uint32_t *ends = (uint32_t *)calloc((size_t)n + 1, sizeof ends[0]);
    pst_buf_init(&texts, out->cap);
    bool ok = rows != NULL && ends != NULL;
    for (uint32_t i = 0; i < n && ok; i++) {
        ok = item == TYPES
                 ? pst_buf_add(&texts, pst_cedar_text(s->names, s->entity_types[list[i]].name))
             : item == ACTIONS ? add_uid(s, list[i], &texts)
                               : pst_cedar_quote(&texts, pst_cedar_text(s->names, list[i]));
        ends[i + 1] = (uint32_t)texts.n;
    }
    for (uint32_t i = 0; i < n && ok; i++) {
        rows[i].line = pst_str_cut(pst_buf_str(&texts), ends[i], ends[i + 1] - ends[i]);
    }
    if (ok) {
        qsort(rows, n, sizeof rows[0], by_line);
        ok = PST_BUF_LIT(out, " ") && pst_buf_add(out, pst_str_c(word)) && PST_BUF_LIT(out, " [");
    }
    for (uint32_t i = 0; i < n && ok; i++) {
        ok = (i == 0 || PST_BUF_LIT(out, ", ")) && pst_buf_add(out, rows[i].line);
    }
    ok = ok && PST_BUF_LIT(out, "]");
    pst_buf_release(&texts);
    free(rows);
    free(ends);
    return ok;
}

static bool add_type(const struct pst_cedar_schema *s, const char *word, uint32_t type,
                     struct pst_buf *out)
{
    return PST_BUF_LIT(out, " ") && pst_buf_add(out, pst_str_c(word)) && PST_BUF_LIT(out, " ") &&
           pst_cedar_type_print(&s->types, type, SIZE_MAX, true, sym_text, s, out);
}

static bool entity_line(const struct pst_cedar_schema *s, const struct pst_cedar_entity_type *t,
                        struct pst_buf *out)
{
    bool ok = PST_BUF_LIT(out, "entity ") && pst_buf_add(out, pst_cedar_text(s->names, t->name)) &&
              add_list(s, "in", TYPES, t->ancestors, t->n_ancestors, out) &&
              add_type(s, "attributes", t->attrs, out);
    if (ok && t->tags != PST_CEDAR_NO) {
        ok = add_type(s, "tags", t->tags, out);
    }
    if (ok && t->is_enum) {
        ok = add_list(s, "enum", IDS, t->ids, t->n_ids, out);
    }
    return ok && PST_BUF_LIT(out, "\n");
}

static bool action_line(const struct pst_cedar_schema *s, uint32_t i, struct pst_buf *out)
{
    const struct pst_cedar_schema_action *a = &s->actions[i];
    bool ok = PST_BUF_LIT(out, "action ") && add_uid(s, i, out) &&
              add_list(s, "in", ACTIONS, a->ancestors, a->n_ancestors, out);
    if (ok && a->n_principals != 0 && a->n_resources != 0) {
        ok = add_list(s, "principal", TYPES, a->principals, a->n_principals, out) &&
             add_list(s, "resource", TYPES, a->resources, a->n_resources, out) &&
             add_type(s, "context", a->context, out);
    }
    return ok && PST_BUF_LIT(out, "\n");
}

enum pst_status pst_cedar_schema_print_resolved(const struct pst_cedar_schema *s,
                                                struct pst_buf *out, struct pst_err *err)
{
    struct pst_buf lines;
    uint32_t n = s->n_entity_types + s->n_actions;
    struct row *rows = (struct row *)calloc((size_t)n + 1, sizeof rows[0]);
    size_t *ends = (size_t *)calloc((size_t)n + 1, sizeof ends[0]);
    pst_buf_init(&lines, out->cap);
    bool ok = rows != NULL && ends != NULL;
    for (uint32_t i = 0; i < n && ok; i++) {
        ok = i < s->n_entity_types ? entity_line(s, &s->entity_types[i], &lines)
                                   : action_line(s, i - s->n_entity_types, &lines);
        ends[i + 1] = lines.n;
    }
    for (uint32_t i = 0; i < n && ok; i++) {
        rows[i].line = pst_str_cut(pst_buf_str(&lines), ends[i], ends[i + 1] - ends[i]);
    }
    if (ok) {
        qsort(rows, n, sizeof rows[0], by_line);
    }
    for (uint32_t i = 0; i < n && ok; i++) {
        ok = pst_buf_add(out, rows[i].line);
    }
    pst_buf_release(&lines);
    free(rows);
    free(ends);
    return ok ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "the resolved schema is too large");
}
