/* Schemas in the human syntax: text → declarations. */
#include "cedar/parse.h"
#include "cedar/schema_build.h"

#include <stdlib.h>

struct reader {
    struct pst_cedar_schema_build *b;
    struct pst_cedar_parser p;
    struct pst_cedar_space *space; /* the one that declarations go to */
    uint32_t depth;                /* of types, at most */
};

static bool at(const struct reader *r, const char *token)
{
    return pst_cedar_tok_is(&r->p.lex.tok, token);
}

static enum pst_status next(struct reader *r)
{
    return pst_cedar_parse_next(&r->p);
}

static enum pst_status expect(struct reader *r, const char *token)
{
    return pst_cedar_parse_expect(&r->p, token);
}

static struct pst_cedar_place here(const struct reader *r)
{
    return (struct pst_cedar_place){r->p.lex.tok.line, r->p.lex.tok.column};
}

static enum pst_status symbol(struct reader *r, struct pst_str text, uint32_t *ret)
{
    *ret = pst_cedar_sym(r->b->s->names, text);
    return *ret != PST_CEDAR_NO ? PST_OK : pst_cedar_schema_full(r->b);
}

/* An identifier that is not one of the policy language's words. */
static enum pst_status ident(struct reader *r, const char *wanted, uint32_t *ret)
{
    if (r->p.lex.tok.kind != PST_CEDAR_T_IDENT) {
        return pst_cedar_parse_unexpected(&r->p, wanted);
    }
    if (pst_cedar_ident_reserved(r->p.lex.tok.text)) {
        return pst_cedar_parse_fail(&r->p, "this word is reserved and cannot be a name");
    }
    return symbol(r, r->p.lex.tok.text, ret) == PST_OK ? next(r) : PST_ERR;
}

/* Of an attribute or action: an identifier or a string. */
static enum pst_status name_or_string(struct reader *r, const char *wanted, uint32_t *ret)
{
    if (r->p.lex.tok.kind == PST_CEDAR_T_STRING) {
        return pst_cedar_parse_string(&r->p, ret);
    }
    if (at(r, "__cedar")) { /* reserved in type names only */
        return symbol(r, r->p.lex.tok.text, ret) == PST_OK ? next(r) : PST_ERR;
    }
    return ident(r, wanted, ret);
}

/* --- annotations -------------------------------------------------------------------------------
 */

static enum pst_status annotation(struct reader *r, struct pst_cedar_note **list)
{
    struct pst_cedar_note note = {0};
    struct pst_cedar_place place = here(r);
    if (r->p.lex.tok.kind != PST_CEDAR_T_IDENT) {
        return pst_cedar_parse_unexpected(&r->p, "the annotation's name after `@`");
    }
    if (symbol(r, r->p.lex.tok.text, &note.key) != PST_OK ||
        symbol(r, PST_STR(""), &note.value) != PST_OK || next(r) != PST_OK) {
        return PST_ERR;
    }
    if (at(r, "(")) {
        note.has_value = true;
        if (next(r) != PST_OK || pst_cedar_parse_string(&r->p, &note.value) != PST_OK ||
            expect(r, ")") != PST_OK) {
            return PST_ERR;
        }
    }
    struct pst_cedar_note **last = list;
    uint32_t n = 0;
    for (; *last != NULL; last = &(*last)->next) {
        if (++n == PST_CEDAR_NOTES_MAX) {
            return pst_cedar_schema_fail(r->b, PST_E_CEDAR_LIMIT, place,
                                         "there are more than %d annotations here",
                                         PST_CEDAR_NOTES_MAX);
        }
        if ((*last)->key == note.key) {
            return pst_cedar_schema_fail(r->b, PST_E_CEDAR_SCHEMA, place,
                                         "this annotation is given twice");
        }
    }
    *last = PST_CEDAR_SCHEMA_NEW(r->b, struct pst_cedar_note);
    if (*last == NULL) {
        return PST_ERR;
    }
    **last = note;
    return PST_OK;
}

static enum pst_status annotations(struct reader *r, struct pst_cedar_note **ret)
{
    *ret = NULL;
    while (at(r, "@")) {
        if (next(r) != PST_OK || annotation(r, ret) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

/* --- types -------------------------------------------------------------------------------------
 */

struct type_frame {
    struct pst_cedar_written *w;
    struct pst_cedar_written_member **last; /* of a record: where the next member goes */
    struct pst_cedar_written_member *open;  /* its member that waits for its type */
};

/* A type name: a path, which may begin with __cedar. */
static enum pst_status path(struct reader *r, uint32_t *ret)
{
    uint32_t parts = 0;
    pst_buf_clear(&r->b->scratch);
    if (at(r, "__cedar")) {
        if (next(r) != PST_OK || expect(r, "::") != PST_OK ||
            !PST_BUF_LIT(&r->b->scratch, "__cedar::")) {
            return PST_ERR;
        }
    }
    if (pst_cedar_parse_path(&r->p, &parts) != PST_OK) {
        return PST_ERR;
    }
    return pst_buf_add(&r->b->scratch, pst_buf_str(&r->p.text))
               ? symbol(r, pst_buf_str(&r->b->scratch), ret)
               : pst_cedar_schema_full(r->b);
}

/* Up to the colon of a member. */
static enum pst_status member(struct reader *r, struct type_frame *f)
{
    struct pst_cedar_note *notes = NULL;
    uint32_t key = 0;
    if (annotations(r, &notes) != PST_OK) {
        return PST_ERR;
    }
    struct pst_cedar_place place = here(r);
    if (name_or_string(r, "an attribute's name or `}`", &key) != PST_OK) {
        return PST_ERR;
    }
    bool optional = at(r, "?");
    if ((optional && next(r) != PST_OK) || expect(r, ":") != PST_OK) {
        return PST_ERR;
    }
    struct pst_cedar_written_member *m = PST_CEDAR_SCHEMA_NEW(r->b,
                                                              struct pst_cedar_written_member);
    if (m == NULL) {
        return PST_ERR;
    }
    *m = (struct pst_cedar_written_member){
        .key = key, .optional = optional, .notes = notes, .place = place};
    *f->last = m;
    f->last = &m->next;
    f->open = m;
    f->w->n_members++;
    return PST_OK;
}

/* The start of a type. A set or record goes on the stack and its first part is next. */
static enum pst_status begin_type(struct reader *r, struct type_frame *stack, uint32_t *depth,
                                  struct pst_cedar_written **ret)
{
    struct pst_cedar_lex ahead = r->p.lex;
    bool record = at(r, "{");
    bool set = at(r, "Set");
    if (set) {
        if (pst_cedar_lex_next(&ahead, r->b->err) != PST_OK) {
            return PST_ERR;
        }
        set = pst_cedar_tok_is(&ahead.tok, "<");
    }
    if (!record && r->p.lex.tok.kind != PST_CEDAR_T_IDENT) {
        return pst_cedar_parse_unexpected(&r->p, "a type");
    }
    struct pst_cedar_written *w = pst_cedar_schema_new_type(r->b,
                                                            record ? PST_CEDAR_W_RECORD
                                                            : set  ? PST_CEDAR_W_SET
                                                                   : PST_CEDAR_W_NAME,
                                                            here(r), r->space);
    *ret = w;
    if (w == NULL) {
        return PST_ERR;
    }
    if (!record && !set) {
        return path(r, &w->name);
    }
    if (*depth == r->depth) {
        return pst_cedar_schema_fail(r->b, PST_E_CEDAR_LIMIT, w->place,
                                     "types are nested more than %u deep here", r->depth);
    }
    stack[(*depth)++] = (struct type_frame){.w = w, .last = &w->members};
    if (next(r) != PST_OK) {
        return PST_ERR;
    }
    return set ? next(r) : PST_OK;
}

/* A type is finished, or a record was just opened (done NULL): goes on until the next type begins
 * (*ret NULL) or nothing is open any more (*ret the whole). */
static enum pst_status close_types(struct reader *r, struct type_frame *stack, uint32_t *depth,
                                   struct pst_cedar_written *done, struct pst_cedar_written **ret)
{
    *ret = NULL;
    while (*depth > 0) {
        struct type_frame *f = &stack[*depth - 1];
        if (f->w->kind == PST_CEDAR_W_SET) {
            if (done == NULL) {
                return PST_OK;
            }
            f->w->element = done;
            if (expect(r, ">") != PST_OK) {
                return PST_ERR;
            }
        } else {
            if (done != NULL) {
                f->open->type = done;
                if (at(r, ",")) {
                    if (next(r) != PST_OK) {
                        return PST_ERR;
                    }
                } else if (!at(r, "}")) {
                    return pst_cedar_parse_unexpected(&r->p, "`,` or `}`");
                }
            }
            if (!at(r, "}")) {
                return member(r, f);
            }
            if (next(r) != PST_OK) {
                return PST_ERR;
            }
        }
        done = f->w;
        (*depth)--;
    }
    *ret = done;
    return PST_OK;
}

static enum pst_status type(struct reader *r, struct pst_cedar_written **ret)
{
    struct type_frame stack[PST_CEDAR_WRITTEN_DEPTH];
    uint32_t depth = 0;
    *ret = NULL;
    while (*ret == NULL) {
        struct pst_cedar_written *w = NULL;
        if (begin_type(r, stack, &depth, &w) != PST_OK) {
            return PST_ERR;
        }
        bool opened = depth > 0 && stack[depth - 1].w == w;
        if (close_types(r, stack, &depth, opened ? NULL : w, ret) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

/* --- lists of names ----------------------------------------------------------------------------
 */

/* An entity type's name. */
static enum pst_status type_ref(struct reader *r, struct pst_cedar_name_ref ***last)
{
    struct pst_cedar_name_ref *ref = pst_cedar_schema_new_ref(r->b, last, here(r));
    return ref != NULL ? path(r, &ref->type) : PST_ERR;
}

/* An action: a name or string in this namespace, or Type::"id". */
static enum pst_status action_ref(struct reader *r, struct pst_cedar_name_ref ***last)
{
    struct pst_cedar_name_ref *ref = pst_cedar_schema_new_ref(r->b, last, here(r));
    if (ref == NULL) {
        return PST_ERR;
    }
    if (r->p.lex.tok.kind == PST_CEDAR_T_STRING) {
        return pst_cedar_parse_string(&r->p, &ref->id);
    }
    uint32_t name = 0;
    uint32_t parts = 0;
    if (pst_cedar_parse_path(&r->p, &parts) != PST_OK ||
        symbol(r, pst_buf_str(&r->p.text), &name) != PST_OK) {
        return PST_ERR;
    }
    if (at(r, "::")) {
        ref->type = name;
        return next(r) == PST_OK ? pst_cedar_parse_string(&r->p, &ref->id) : PST_ERR;
    }
    if (parts != 1) {
        return pst_cedar_parse_unexpected(&r->p, "`::` and the action's id");
    }
    ref->id = name;
    return PST_OK;
}

/* One item, or a list in brackets without a comma at its end. */
static enum pst_status refs(struct reader *r, struct pst_cedar_name_ref **ret, bool may_be_empty,
                            enum pst_status (*item)(struct reader *, struct pst_cedar_name_ref ***))
{
    struct pst_cedar_name_ref **last = ret;
    *ret = NULL;
    if (!at(r, "[")) {
        return item(r, &last);
    }
    if (next(r) != PST_OK) {
        return PST_ERR;
    }
    if (at(r, "]") && may_be_empty) {
        return next(r);
    }
    for (;;) {
        if (item(r, &last) != PST_OK) {
            return PST_ERR;
        }
        if (!at(r, ",")) {
            return expect(r, "]");
        }
        if (next(r) != PST_OK) {
            return PST_ERR;
        }
    }
}

/* --- declarations ------------------------------------------------------------------------------
 */

/* name {, name}: each with its place. */
static enum pst_status names(struct reader *r, bool strings, struct pst_cedar_name_ref **ret)
{
    struct pst_cedar_name_ref **last = ret;
    *ret = NULL;
    for (;;) {
        struct pst_cedar_name_ref *ref = pst_cedar_schema_new_ref(r->b, &last, here(r));
        if (ref == NULL) {
            return PST_ERR;
        }
        enum pst_status st = strings ? name_or_string(r, "an action's name", &ref->id)
                                     : ident(r, "a name", &ref->id);
        if (st != PST_OK) {
            return PST_ERR;
        }
        if (!at(r, ",")) {
            return PST_OK;
        }
        if (next(r) != PST_OK) {
            return PST_ERR;
        }
    }
}

static enum pst_status enum_id(struct reader *r, struct pst_cedar_name_ref ***last)
{
    struct pst_cedar_name_ref *ref = pst_cedar_schema_new_ref(r->b, last, here(r));
    return ref != NULL ? pst_cedar_parse_string(&r->p, &ref->id) : PST_ERR;
}

static enum pst_status entity_body(struct reader *r, struct pst_cedar_entity_decl *d)
{
    if (at(r, "enum")) {
        d->is_enum = true;
        if (next(r) != PST_OK) {
            return PST_ERR;
        }
        return at(r, "[") ? refs(r, &d->ids, false, enum_id) : expect(r, "[");
    }
    if (at(r, "in") && (next(r) != PST_OK || refs(r, &d->parents, true, type_ref) != PST_OK)) {
        return PST_ERR;
    }
    bool equals = at(r, "=");
    if (equals && next(r) != PST_OK) {
        return PST_ERR;
    }
    if (at(r, "{")) {
        if (type(r, &d->shape) != PST_OK) {
            return PST_ERR;
        }
    } else if (equals) {
        return pst_cedar_parse_unexpected(&r->p, "`{` and the attributes");
    }
    return at(r, "tags") ? (next(r) == PST_OK ? type(r, &d->tags) : PST_ERR) : PST_OK;
}

static enum pst_status entity(struct reader *r, struct pst_cedar_note *notes)
{
    struct pst_cedar_name_ref *list = NULL;
    struct pst_cedar_entity_decl d = {.notes = notes};
    if (names(r, false, &list) != PST_OK || entity_body(r, &d) != PST_OK) {
        return PST_ERR;
    }
    if (!at(r, ";")) {
        return pst_cedar_parse_unexpected(&r->p, "`in`, `{`, `tags`, `enum` or `;`");
    }
    for (; list != NULL; list = list->next) {
        struct pst_cedar_entity_decl *one = PST_CEDAR_SCHEMA_NEW(r->b,
                                                                 struct pst_cedar_entity_decl);
        if (one == NULL) {
            return PST_ERR;
        }
        *one = d;
        one->name = list->id;
        one->place = list->place;
        *r->space->last_entity = one;
        r->space->last_entity = &one->next;
    }
    return next(r);
}

static enum pst_status applies_part(struct reader *r, struct pst_cedar_action_decl *d, bool seen[3])
{
    static const char *const parts[] = {"principal", "resource", "context"};
    unsigned part = 0;
    while (part < 3 && !at(r, parts[part])) {
        part++;
    }
    if (part == 3) {
        return pst_cedar_parse_unexpected(&r->p, "`principal`, `resource` or `context`");
    }
    if (seen[part]) {
        return pst_cedar_parse_fail(&r->p, "this is given twice");
    }
    seen[part] = true;
    if (next(r) != PST_OK || expect(r, ":") != PST_OK) {
        return PST_ERR;
    }
    if (part == 2) {
        return type(r, &d->context);
    }
    return refs(r, part == 0 ? &d->principals : &d->resources, false, type_ref);
}

static enum pst_status applies_to(struct reader *r, struct pst_cedar_action_decl *d)
{
    bool seen[3] = {false};
    struct pst_cedar_place place = here(r);
    d->applies = true;
    if (expect(r, "{") != PST_OK) {
        return PST_ERR;
    }
    for (;;) {
        if (applies_part(r, d, seen) != PST_OK) {
            return PST_ERR;
        }
        if (at(r, ",") && next(r) != PST_OK) {
            return PST_ERR;
        }
        if (at(r, "}")) {
            break;
        }
        if (!pst_cedar_tok_is(&r->p.lex.prev, ",")) {
            return pst_cedar_parse_unexpected(&r->p, "`,` or `}`");
        }
    }
    if (!seen[0] || !seen[1]) {
        return pst_cedar_schema_fail(
            r->b, PST_E_CEDAR_SCHEMA, place,
            "appliesTo needs a `%s`: name at least one entity type, or leave appliesTo away for "
            "an action that is only a group",
            seen[0] ? "resource" : "principal");
    }
    return next(r);
}

static enum pst_status action(struct reader *r, struct pst_cedar_note *notes)
{
    struct pst_cedar_name_ref *list = NULL;
    struct pst_cedar_action_decl d = {.notes = notes};
    if (names(r, true, &list) != PST_OK ||
        (at(r, "in") && (next(r) != PST_OK || refs(r, &d.parents, false, action_ref) != PST_OK)) ||
        (at(r, "appliesTo") && (next(r) != PST_OK || applies_to(r, &d) != PST_OK))) {
        return PST_ERR;
    }
    if (at(r, "attributes")) {
        return pst_cedar_parse_fail(&r->p, "actions have no attributes in Cedar 4");
    }
    if (!at(r, ";")) {
        return pst_cedar_parse_unexpected(&r->p, "`in`, `appliesTo` or `;`");
    }
    for (; list != NULL; list = list->next) {
        struct pst_cedar_action_decl *one = PST_CEDAR_SCHEMA_NEW(r->b,
                                                                 struct pst_cedar_action_decl);
        if (one == NULL) {
            return PST_ERR;
        }
        *one = d;
        one->id = list->id;
        one->place = list->place;
        *r->space->last_action = one;
        r->space->last_action = &one->next;
    }
    return next(r);
}

static enum pst_status common(struct reader *r, struct pst_cedar_note *notes)
{
    struct pst_cedar_common *d = PST_CEDAR_SCHEMA_NEW(r->b, struct pst_cedar_common);
    if (d == NULL) {
        return PST_ERR;
    }
    d->notes = notes;
    d->place = here(r);
    if (ident(r, "the name of a type", &d->name) != PST_OK || expect(r, "=") != PST_OK ||
        type(r, &d->type) != PST_OK || expect(r, ";") != PST_OK) {
        return PST_ERR;
    }
    *r->space->last_common = d;
    r->space->last_common = &d->next;
    return PST_OK;
}

static enum pst_status declaration(struct reader *r, struct pst_cedar_note *notes)
{
    static const struct {
        const char *word;
        enum pst_status (*read)(struct reader *, struct pst_cedar_note *);
    } kinds[] = {{"entity", entity}, {"action", action}, {"type", common}};
    for (size_t i = 0; i < PST_LEN(kinds); i++) {
        if (at(r, kinds[i].word)) {
            return next(r) == PST_OK ? kinds[i].read(r, notes) : PST_ERR;
        }
    }
    return pst_cedar_parse_unexpected(&r->p, "`entity`, `action`, `type` or `namespace`");
}

/* After `namespace`. */
static enum pst_status read_space(struct reader *r, struct pst_cedar_note *notes)
{
    struct pst_cedar_place place = here(r);
    uint32_t name = 0;
    uint32_t parts = 0;
    if (pst_cedar_parse_path(&r->p, &parts) != PST_OK ||
        symbol(r, pst_buf_str(&r->p.text), &name) != PST_OK ||
        pst_cedar_schema_add_space(r->b, name, place, &r->space) != PST_OK) {
        return PST_ERR;
    }
    r->space->notes = notes;
    if (expect(r, "{") != PST_OK) {
        return PST_ERR;
    }
    while (!at(r, "}")) {
        if (annotations(r, &notes) != PST_OK || declaration(r, notes) != PST_OK) {
            return PST_ERR;
        }
    }
    r->space = r->b->s->spaces;
    return next(r);
}

static enum pst_status schema(struct reader *r)
{
    while (r->p.lex.tok.kind != PST_CEDAR_T_END) {
        struct pst_cedar_note *notes = NULL;
        if (annotations(r, &notes) != PST_OK) {
            return PST_ERR;
        }
        enum pst_status st = PST_OK;
        if (at(r, "namespace")) {
            st = next(r) == PST_OK ? read_space(r, notes) : PST_ERR;
        } else {
            st = declaration(r, notes);
        }
        if (st != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

enum pst_status pst_cedar_schema_read_text(struct pst_cedar_schema_build *b,
                                           const struct pst_cedar_limits *limits)
{
    struct reader r = {.b = b, .p = {.c = b->s->names, .err = b->err}};
    bool lower = limits != NULL && limits->depth != 0 && limits->depth < PST_CEDAR_WRITTEN_DEPTH;
    r.depth = lower ? limits->depth : PST_CEDAR_WRITTEN_DEPTH;
    /* What stands outside of namespaces is the first of them. */
    uint32_t none = 0;
    pst_buf_init(&r.p.text, b->s->names->limits.text_bytes);
    enum pst_status st = symbol(&r, PST_STR(""), &none);
    if (st == PST_OK) {
        st = pst_cedar_schema_add_space(b, none, (struct pst_cedar_place){1, 1}, &r.space);
    }
    if (st == PST_OK) {
        st = pst_cedar_lex_init(&r.p.lex, b->text, b->err);
    }
    if (st == PST_OK) {
        st = schema(&r);
    }
    pst_buf_release(&r.p.text);
    free(r.p.items);
    free(r.p.frames);
    return st;
}
