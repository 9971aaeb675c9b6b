/* Policies from Cedar's JSON format. The JSON tree is walked with the text parser's stacks:
 * children are built before their parents, without recursion. */
#include "cedar/check.h"
#include "cedar/entities.h"
#include "cedar/parse.h"

#include <stdlib.h>

enum shape {
    S_ARG,     /* {arg} */
    S_PAIR,    /* {left, right} */
    S_ATTR,    /* {left, attr} */
    S_IS,      /* {left, entity_type, in?} */
    S_LIKE,    /* {left, pattern} */
    S_IF,      /* {if, then, else} */
    S_LIST,    /* [expressions] */
    S_MEMBERS, /* {name: expression} */
};

struct form {
    const char *name;
    uint8_t shape, kind, op;
};

static const struct form forms[] = {
    {"!", S_ARG, PST_CEDAR_N_UNARY, PST_CEDAR_OP_NOT},
    {"neg", S_ARG, PST_CEDAR_N_UNARY, PST_CEDAR_OP_NEG},
    {"isEmpty", S_ARG, PST_CEDAR_N_UNARY, PST_CEDAR_OP_IS_EMPTY},
    {"==", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_EQ},
    {"!=", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_NE},
    {"<", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_LT},
    {"<=", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_LE},
    {">", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_GT},
    {">=", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_GE},
    {"+", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_ADD},
    {"-", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_SUB},
    {"*", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_MUL},
    {"in", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_IN},
    {"contains", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_CONTAINS},
    {"containsAll", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_CONTAINS_ALL},
    {"containsAny", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_CONTAINS_ANY},
    {"getTag", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_GET_TAG},
    {"hasTag", S_PAIR, PST_CEDAR_N_BINARY, PST_CEDAR_OP_HAS_TAG},
    {"&&", S_PAIR, PST_CEDAR_N_AND, 0},
    {"||", S_PAIR, PST_CEDAR_N_OR, 0},
    {".", S_ATTR, PST_CEDAR_N_GET, 0},
    {"has", S_ATTR, PST_CEDAR_N_HAS, 0},
    {"is", S_IS, PST_CEDAR_N_IS, 0},
    {"like", S_LIKE, PST_CEDAR_N_LIKE, 0},
    {"if-then-else", S_IF, PST_CEDAR_N_IF, 0},
    {"Set", S_LIST, PST_CEDAR_N_SET, 0},
    {"Record", S_MEMBERS, PST_CEDAR_N_RECORD, 0},
};

/* An expression whose children are being read. */
struct open {
    const struct pst_json *body; /* what stands under the form's name */
    const struct pst_json *next; /* of lists and members: the child to be read next */
    struct form form;
    uint32_t stage; /* of the others: children read so far */
    uint32_t items;
    bool values; /* the children are values, not expressions */
};

struct reader {
    struct pst_cedar_parser p;
    struct pst_str text;
    struct open stack[PST_JSON_DEPTH_MAX + 1];
    uint32_t depth;
    size_t offset; /* of what is wrong */
};

static enum pst_status bad(struct reader *rd, const struct pst_json *v, const char *what)
{
    rd->offset = v != NULL ? v->offset : rd->offset;
    return pst_fail(rd->p.err, PST_E_CEDAR_SYNTAX, "%s", what);
}

static enum pst_status add_node(struct reader *rd, struct pst_cedar_node node)
{
    uint32_t i = PST_CEDAR_ADD(rd->p.c, nodes, 1);
    if (i == PST_CEDAR_NO) {
        return pst_cedar_parse_full(&rd->p);
    }
    rd->p.c->nodes[i] = node;
    return pst_cedar_parse_push(&rd->p, i);
}

static enum pst_status sym_of(struct reader *rd, struct pst_str text, uint32_t *ret)
{
    *ret = pst_cedar_sym(rd->p.c, text);
    return *ret != PST_CEDAR_NO ? PST_OK : pst_cedar_parse_full(&rd->p);
}

static enum pst_status string_member(struct reader *rd, const struct pst_json *o, const char *name,
                                     uint32_t *ret)
{
    struct pst_str s;
    if (!pst_json_str(pst_json_get(o, pst_str_c(name)), &s)) {
        return bad(rd, o, "a text is missing");
    }
    return sym_of(rd, s, ret);
}

/* --- values ------------------------------------------------------------------------------------
 */

static enum pst_status uid_node(struct reader *rd, const struct pst_json *v)
{
    struct pst_cedar_value uid;
    struct pst_cedar_target t = {.c = rd->p.c};
    rd->offset = v->offset;
    if (pst_cedar_json_uid(t, v, &uid, rd->p.err) != PST_OK) {
        return PST_ERR;
    }
    return add_node(rd, (struct pst_cedar_node){.kind = PST_CEDAR_N_UID, .a = (uint32_t)uid.i});
}

static enum pst_status extension_node(struct reader *rd, const struct pst_json *v)
{
    struct pst_str name;
    struct pst_str text;
    struct pst_cedar_node arg = {.kind = PST_CEDAR_N_STRING};
    struct pst_cedar_node call = {.kind = PST_CEDAR_N_CALL};
    if (!pst_json_str(PST_JSON_GET(v, "fn"), &name) ||
        !pst_json_str(PST_JSON_GET(v, "arg"), &text)) {
        return bad(rd, v, "__extn takes {\"fn\": \"…\", \"arg\": \"…\"}");
    }
    enum pst_cedar_fn fn = pst_cedar_fn_find(name, false);
    if (fn == PST_CEDAR_FN_COUNT) {
        return bad(rd, v, "there is no such function");
    }
    call.op = (uint8_t)fn;
    uint32_t from = rd->p.n_items;
    if (sym_of(rd, text, &arg.a) != PST_OK || add_node(rd, arg) != PST_OK ||
        pst_cedar_parse_kids(&rd->p, from, &call.a, &call.b) != PST_OK) {
        return PST_ERR;
    }
    return add_node(rd, call);
}

static enum pst_status open_list(struct reader *rd, const struct pst_json *body, struct form form,
                                 bool values)
{
    if (rd->depth > PST_JSON_DEPTH_MAX) {
        return bad(rd, body, "nested too deeply");
    }
    rd->stack[rd->depth++] = (struct open){.body = body,
                                           .next = pst_json_first(body),
                                           .form = form,
                                           .items = rd->p.n_items,
                                           .values = values};
    return PST_OK;
}

static enum pst_status value_node(struct reader *rd, const struct pst_json *v)
{
    struct pst_cedar_node node = {.kind = PST_CEDAR_N_BOOL};
    struct pst_str text;
    int64_t number = 0;
    bool yes = false;
    if (pst_json_bool(v, &yes)) {
        node.a = yes;
        return add_node(rd, node);
    }
    if (pst_json_i64(v, &number)) {
        node.kind = PST_CEDAR_N_LONG;
        node.a = (uint32_t)number;
        node.b = (uint32_t)((uint64_t)number >> 32);
        return add_node(rd, node);
    }
    if (pst_json_str(v, &text)) {
        node.kind = PST_CEDAR_N_STRING;
        return sym_of(rd, text, &node.a) == PST_OK ? add_node(rd, node) : PST_ERR;
    }
    if (PST_JSON_GET(v, "__entity") != NULL) {
        return uid_node(rd, v);
    }
    if (PST_JSON_GET(v, "__extn") != NULL && v->count == 1) {
        return extension_node(rd, PST_JSON_GET(v, "__extn"));
    }
    if (pst_json_is(v, PST_JSON_ARRAY)) {
        return open_list(rd, v, (struct form){"", S_LIST, PST_CEDAR_N_SET, 0}, true);
    }
    if (pst_json_is(v, PST_JSON_OBJECT)) {
        return open_list(rd, v, (struct form){"", S_MEMBERS, PST_CEDAR_N_RECORD, 0}, true);
    }
    return bad(rd, v, "this is not a value of Cedar");
}

/* --- expressions -------------------------------------------------------------------------------
 */

static enum pst_status variable_node(struct reader *rd, const struct pst_json *v)
{
    static const char *const names[PST_CEDAR_VAR_COUNT] = {"principal", "action", "resource",
                                                           "context"};
    struct pst_str name;
    for (uint32_t i = 0; pst_json_str(v, &name) && i < PST_CEDAR_VAR_COUNT; i++) {
        if (pst_str_eq(name, pst_str_c(names[i]))) {
            return add_node(rd, (struct pst_cedar_node){.kind = PST_CEDAR_N_VAR, .a = i});
        }
    }
    return bad(rd, v, "there is no such variable");
}

static enum pst_status expression(struct reader *rd, const struct pst_json *v)
{
    const struct pst_json *body = pst_json_first(v);
    if (!pst_json_is(v, PST_JSON_OBJECT) || v->count != 1) {
        return bad(rd, v, "an expression is an object with one member");
    }
    if (pst_str_eq(body->name, PST_STR("Value"))) {
        return value_node(rd, body);
    }
    if (pst_str_eq(body->name, PST_STR("Var"))) {
        return variable_node(rd, body);
    }
    struct form form = {0};
    for (size_t i = 0; i < PST_LEN(forms) && form.name == NULL; i++) {
        if (pst_str_eq(body->name, pst_str_c(forms[i].name))) {
            form = forms[i];
        }
    }
    if (form.name == NULL) {
        enum pst_cedar_fn fn = pst_cedar_fn_find(body->name, false);
        fn = fn != PST_CEDAR_FN_COUNT ? fn : pst_cedar_fn_find(body->name, true);
        if (fn == PST_CEDAR_FN_COUNT) {
            return bad(rd, body, "there is no such operator or function");
        }
        form = (struct form){"", S_LIST, PST_CEDAR_N_CALL, (uint8_t)fn};
    }
    if (body->type != (form.shape == S_LIST ? PST_JSON_ARRAY : PST_JSON_OBJECT)) {
        return bad(rd, body, "the operands have the wrong form");
    }
    return open_list(rd, body, form, false);
}

/* The next child to be read; NULL: all are there. */
static const struct pst_json *next_child(struct reader *rd, struct open *o)
{
    static const char *const names[][3] = {
        [S_ARG] = {"arg", NULL, NULL},   [S_PAIR] = {"left", "right", NULL},
        [S_ATTR] = {"left", NULL, NULL}, [S_IS] = {"left", "in", NULL},
        [S_LIKE] = {"left", NULL, NULL}, [S_IF] = {"if", "then", "else"},
    };
    (void)rd;
    if (o->form.shape == S_LIST || o->form.shape == S_MEMBERS) {
        const struct pst_json *child = o->next;
        o->next = child != NULL ? child->next : NULL;
        return child;
    }
    if (o->stage == 3 || names[o->form.shape][o->stage] == NULL) {
        return NULL;
    }
    return pst_json_get(o->body, pst_str_c(names[o->form.shape][o->stage++]));
}

/* A pattern: the old form is a text, the new one a list of "Wildcard" and {"Literal": text}. */
static enum pst_status pattern(struct reader *rd, const struct pst_json *v,
                               struct pst_cedar_node *node)
{
    uint32_t from = rd->p.n_items;
    uint32_t sym = 0;
    pst_buf_clear(&rd->p.text);
    if (!pst_json_is(v, PST_JSON_ARRAY)) {
        return bad(rd, v, "a pattern is a list");
    }
    for (const struct pst_json *e = pst_json_first(v);; e = e->next) {
        struct pst_str text;
        bool star = pst_json_str(e, &text) && pst_str_eq(text, PST_STR("Wildcard"));
        if (e == NULL || star) {
            if (sym_of(rd, pst_buf_str(&rd->p.text), &sym) != PST_OK ||
                pst_cedar_parse_push(&rd->p, sym) != PST_OK) {
                return PST_ERR;
            }
            pst_buf_clear(&rd->p.text);
        } else if (!pst_json_str(PST_JSON_GET(e, "Literal"), &text) || e->count != 1) {
            return bad(rd, e, "a pattern holds \"Wildcard\" and {\"Literal\": \"…\"}");
        } else if (!pst_buf_add(&rd->p.text, text)) {
            return pst_cedar_parse_full(&rd->p);
        }
        if (e == NULL) {
            return pst_cedar_parse_kids(&rd->p, from, &node->b, &node->c);
        }
    }
}

/* All children are on the items: makes the node. */
static enum pst_status close(struct reader *rd)
{
    struct open o = rd->stack[--rd->depth];
    struct pst_cedar_node node = {.kind = o.form.kind, .op = o.form.op, .c = PST_CEDAR_NO};
    uint32_t n = rd->p.n_items - o.items;
    uint32_t need = o.form.shape == S_PAIR ? 2 : o.form.shape == S_IF ? 3 : 1;
    if (o.form.shape == S_LIST || o.form.shape == S_MEMBERS) {
        if (pst_cedar_parse_kids(&rd->p, o.items, &node.a, &node.b) != PST_OK) {
            return PST_ERR;
        }
        node.b /= o.form.shape == S_MEMBERS ? 2 : 1;
        return add_node(rd, node);
    }
    if (n < need) {
        return bad(rd, o.body, "an operand is missing");
    }
    const uint32_t *items = &rd->p.items[o.items];
    node.a = items[0];
    node.b = n > 1 ? items[1] : 0;
    node.c = o.form.shape == S_IF ? items[2] : node.c;
    if (o.form.shape == S_IS) {
        node.c = n > 1 ? items[1] : PST_CEDAR_NO;
    }
    rd->p.n_items = o.items;
    struct pst_str name;
    if (o.form.shape == S_ATTR && string_member(rd, o.body, "attr", &node.b) != PST_OK) {
        return PST_ERR;
    }
    if (o.form.shape == S_IS) {
        if (!pst_json_str(PST_JSON_GET(o.body, "entity_type"), &name) ||
            !pst_cedar_name_valid(name)) {
            return bad(rd, o.body, "entity_type is not a type name");
        }
        if (sym_of(rd, name, &node.b) != PST_OK) {
            return PST_ERR;
        }
    }
    if (o.form.shape == S_LIKE && pattern(rd, PST_JSON_GET(o.body, "pattern"), &node) != PST_OK) {
        return PST_ERR;
    }
    return add_node(rd, node);
}

static enum pst_status whole_expression(struct reader *rd, const struct pst_json *v, uint32_t *ret)
{
    if (expression(rd, v) != PST_OK) {
        return PST_ERR;
    }
    while (rd->depth > 0) {
        struct open *o = &rd->stack[rd->depth - 1];
        const struct pst_json *child = next_child(rd, o);
        if (child == NULL) {
            if (close(rd) != PST_OK) {
                return PST_ERR;
            }
            continue;
        }
        uint32_t key = 0;
        bool values = o->values;
        if (o->form.shape == S_MEMBERS && (sym_of(rd, child->name, &key) != PST_OK ||
                                           pst_cedar_parse_push(&rd->p, key) != PST_OK)) {
            return PST_ERR;
        }
        if ((values ? value_node(rd, child) : expression(rd, child)) != PST_OK) {
            return PST_ERR;
        }
    }
    *ret = rd->p.items[--rd->p.n_items];
    return PST_OK;
}

/* --- policies ----------------------------------------------------------------------------------
 */

static enum pst_status scope_entity(struct reader *rd, const struct pst_json *v, unsigned var,
                                    struct pst_cedar_scope *s)
{
    static const char *const slots[3] = {"?principal", NULL, "?resource"};
    struct pst_str slot;
    const struct pst_json *entity = PST_JSON_GET(v, "entity");
    if (pst_json_str(PST_JSON_GET(v, "slot"), &slot)) {
        if (slots[var] == NULL || !pst_str_eq(slot, pst_str_c(slots[var]))) {
            return bad(rd, v, "this slot cannot stand here");
        }
        s->slot = 1;
        return PST_OK;
    }
    struct pst_cedar_value uid;
    struct pst_cedar_target t = {.c = rd->p.c};
    if (entity == NULL) {
        return bad(rd, v, "an entity is missing");
    }
    rd->offset = entity->offset;
    if (pst_cedar_json_uid(t, entity, &uid, rd->p.err) != PST_OK) {
        return PST_ERR;
    }
    s->uid = (uint32_t)uid.i;
    struct pst_str type = pst_cedar_text(rd->p.c, rd->p.c->uids[s->uid].type);
    if (var == PST_CEDAR_ACTION && !pst_str_eq(type, PST_STR("Action")) &&
        !pst_str_ends(type, PST_STR("::Action"))) {
        return bad(rd, entity, "an action's type must be Action, in any namespace");
    }
    return PST_OK;
}

static enum pst_status action_list(struct reader *rd, const struct pst_json *list,
                                   struct pst_cedar_scope *s)
{
    uint32_t from = rd->p.n_items;
    struct pst_cedar_target t = {.c = rd->p.c};
    for (const struct pst_json *e = pst_json_first(list); e != NULL; e = e->next) {
        struct pst_cedar_value uid;
        rd->offset = e->offset;
        if (pst_cedar_json_uid(t, e, &uid, rd->p.err) != PST_OK ||
            pst_cedar_parse_push(&rd->p, (uint32_t)uid.i) != PST_OK) {
            return PST_ERR;
        }
    }
    s->kind = PST_CEDAR_SCOPE_LIST;
    return pst_cedar_parse_kids(&rd->p, from, &s->uid, &s->n);
}

static enum pst_status scope(struct reader *rd, const struct pst_json *v, unsigned var,
                             struct pst_cedar_scope *s)
{
    struct pst_str op;
    struct pst_str type;
    *s = (struct pst_cedar_scope){.type = PST_CEDAR_NO, .uid = PST_CEDAR_NO};
    if (!pst_json_str(PST_JSON_GET(v, "op"), &op)) {
        return bad(rd, v, "a scope has an `op`");
    }
    const struct pst_json *list = PST_JSON_GET(v, "entities");
    const struct pst_json *in = PST_JSON_GET(v, "in");
    if (pst_str_eq(op, PST_STR("All"))) {
        return PST_OK;
    }
    if (pst_str_eq(op, PST_STR("in")) && var == PST_CEDAR_ACTION &&
        pst_json_is(list, PST_JSON_ARRAY)) {
        return action_list(rd, list, s);
    }
    if (pst_str_eq(op, PST_STR("==")) || pst_str_eq(op, PST_STR("in"))) {
        s->kind = pst_str_eq(op, PST_STR("==")) ? PST_CEDAR_SCOPE_EQ : PST_CEDAR_SCOPE_IN;
        return scope_entity(rd, v, var, s);
    }
    if (!pst_str_eq(op, PST_STR("is")) || var == PST_CEDAR_ACTION) {
        return bad(rd, v, "this `op` cannot stand here");
    }
    if (!pst_json_str(PST_JSON_GET(v, "entity_type"), &type) || !pst_cedar_name_valid(type)) {
        return bad(rd, v, "entity_type is not a type name");
    }
    s->kind = in != NULL ? PST_CEDAR_SCOPE_IS_IN : PST_CEDAR_SCOPE_IS;
    if (sym_of(rd, type, &s->type) != PST_OK) {
        return PST_ERR;
    }
    return in != NULL ? scope_entity(rd, in, var, s) : PST_OK;
}

static enum pst_status annotations(struct reader *rd, const struct pst_json *list,
                                   struct pst_cedar_policy_row *row)
{
    struct pst_cedar *c = rd->p.c;
    row->notes = PST_CEDAR_N_OF(c, notes);
    for (const struct pst_json *a = pst_json_first(list); a != NULL; a = a->next) {
        struct pst_cedar_annotation_row note = {.has_value = a->type == PST_JSON_STRING};
        struct pst_str value = PST_STR("");
        if (!pst_json_str(a, &value) && a->type != PST_JSON_NULL) {
            return bad(rd, a, "an annotation is a text or null");
        }
        if (!pst_cedar_ident_valid(a->name)) {
            return bad(rd, a, "this cannot be an annotation's name");
        }
        if (sym_of(rd, a->name, &note.key) != PST_OK || sym_of(rd, value, &note.value) != PST_OK) {
            return PST_ERR;
        }
        uint32_t at = PST_CEDAR_ADD(c, notes, 1);
        if (at == PST_CEDAR_NO) {
            return pst_cedar_parse_full(&rd->p);
        }
        c->notes[at] = note;
        row->n_notes++;
    }
    return PST_OK;
}

static enum pst_status conditions(struct reader *rd, const struct pst_json *list,
                                  struct pst_cedar_policy_row *row)
{
    uint32_t from = rd->p.n_items;
    if (list != NULL && list->type != PST_JSON_ARRAY) {
        return bad(rd, list, "conditions are a list");
    }
    for (const struct pst_json *v = pst_json_first(list); v != NULL; v = v->next) {
        struct pst_str kind;
        uint32_t node = 0;
        bool known = pst_json_str(PST_JSON_GET(v, "kind"), &kind) &&
                     (pst_str_eq(kind, PST_STR("when")) || pst_str_eq(kind, PST_STR("unless")));
        if (!known || PST_JSON_GET(v, "body") == NULL) {
            return bad(rd, v, "a condition has a kind, when or unless, and a body");
        }
        if (whole_expression(rd, PST_JSON_GET(v, "body"), &node) != PST_OK ||
            pst_cedar_parse_push(&rd->p, node) != PST_OK ||
            pst_cedar_parse_push(&rd->p, pst_str_eq(kind, PST_STR("unless"))) != PST_OK) {
            return PST_ERR;
        }
    }
    if (pst_cedar_parse_kids(&rd->p, from, &row->conds, &row->n_conds) != PST_OK) {
        return PST_ERR;
    }
    row->n_conds /= 2;
    return PST_OK;
}

/* `id` empty: policyN. */
static enum pst_status policy(struct reader *rd, const struct pst_json *v, struct pst_str id)
{
    static const char *const names[3] = {"principal", "action", "resource"};
    struct pst_cedar *c = rd->p.c;
    uint32_t number = PST_CEDAR_N_OF(c, policies);
    struct pst_cedar_policy_row row = {.file = rd->p.file, .link_of = PST_CEDAR_NO};
    struct pst_str effect;
    if (number >= c->limits.policies) {
        return pst_fail(rd->p.err, PST_E_CEDAR_LIMIT, "more than %u policies", c->limits.policies);
    }
    if (!pst_json_str(PST_JSON_GET(v, "effect"), &effect) ||
        (!pst_str_eq(effect, PST_STR("permit")) && !pst_str_eq(effect, PST_STR("forbid")))) {
        return bad(rd, v, "the effect is permit or forbid");
    }
    row.forbid = pst_str_eq(effect, PST_STR("forbid"));
    for (unsigned i = 0; i < 3; i++) {
        if (scope(rd, pst_json_get(v, pst_str_c(names[i])), i, &row.scope[i]) != PST_OK) {
            return PST_ERR;
        }
        row.is_template = row.is_template != 0 || row.scope[i].slot != 0;
    }
    if (annotations(rd, PST_JSON_GET(v, "annotations"), &row) != PST_OK ||
        conditions(rd, PST_JSON_GET(v, "conditions"), &row) != PST_OK) {
        return PST_ERR;
    }
    row.id = id.n != 0 ? pst_cedar_sym(c, id) : pst_cedar_policy_name(c, number);
    row.text = pst_cedar_sym(c, PST_STR(""));
    if (row.id == PST_CEDAR_NO || row.text == PST_CEDAR_NO ||
        PST_CEDAR_ADD(c, policies, 1) == PST_CEDAR_NO) {
        return pst_cedar_parse_full(&rd->p);
    }
    c->policies[number] = row;
    return PST_OK;
}

static struct pst_cedar_uid_text slot_value(const struct pst_json *values, const char *name)
{
    struct pst_cedar_uid_text uid = {0};
    const struct pst_json *o = NULL;
    if (pst_cedar_json_is_uid(pst_json_get(values, pst_str_c(name)), &o)) {
        (void)pst_json_str(PST_JSON_GET(o, "type"), &uid.type);
        (void)pst_json_str(PST_JSON_GET(o, "id"), &uid.id);
    }
    return uid;
}

static enum pst_status links(struct reader *rd, const struct pst_json *list)
{
    for (const struct pst_json *v = pst_json_first(list); v != NULL; v = v->next) {
        const struct pst_json *values = PST_JSON_GET(v, "values");
        struct pst_str from;
        struct pst_str id;
        if (!pst_json_str(PST_JSON_GET(v, "templateId"), &from) ||
            !pst_json_str(PST_JSON_GET(v, "newId"), &id)) {
            return bad(rd, v, "a link has templateId, newId and values");
        }
        rd->offset = v->offset;
        if (pst_cedar_link(rd->p.c, from, id, slot_value(values, "?principal"),
                           slot_value(values, "?resource"), rd->p.err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static enum pst_status policy_set(struct reader *rd, const struct pst_json *root)
{
    static const char *const parts[2] = {"templates", "staticPolicies"};
    for (unsigned i = 0; i < 2; i++) {
        const struct pst_json *part = pst_json_get(root, pst_str_c(parts[i]));
        if (part != NULL && part->type != PST_JSON_OBJECT) {
            return bad(rd, part, "policies stand under their ids, in an object");
        }
        for (const struct pst_json *v = pst_json_first(part); v != NULL; v = v->next) {
            if (policy(rd, v, v->name) != PST_OK) {
                return PST_ERR;
            }
        }
    }
    return links(rd, PST_JSON_GET(root, "templateLinks"));
}

enum pst_status pst_cedar_add_policies_json(struct pst_cedar *c, struct pst_str file,
                                            struct pst_str text, struct pst_err *err)
{
    PST_BUG_ON(c->sealed);
    struct pst_err own = {0};
    struct pst_arena tree;
    struct reader rd = {.p = {.c = c, .err = &own, .file = pst_cedar_sym(c, file)}, .text = text};
    pst_arena_init(&tree, 65536, c->limits.total_bytes);
    pst_buf_init(&rd.p.text, c->limits.text_bytes);
    struct pst_json_config config = pst_json_config_of(c->limits.text_bytes, c->limits.seed);
    config.limits.depth = PST_JSON_DEPTH_MAX;
    config.limits.name_bytes = config.limits.string_bytes;
    config.stable = true;
    const struct pst_json *root = pst_json_parse(&config, &tree, text, &own);
    enum pst_status st = root != NULL ? PST_OK : PST_ERR;
    if (root != NULL && rd.p.file == PST_CEDAR_NO) {
        st = pst_cedar_parse_full(&rd.p);
    }
    if (st == PST_OK) {
        st = PST_JSON_GET(root, "effect") != NULL ? policy(&rd, root, PST_STR(""))
                                                  : policy_set(&rd, root);
        if (st != PST_OK && own.line == 0) {
            pst_cedar_json_position(&own, text, rd.offset);
        }
    }
    pst_arena_release(&tree);
    pst_buf_release(&rd.p.text);
    free(rd.p.items);
    free(rd.p.frames);
    if (st != PST_OK) {
        pst_cedar_err_file(&own, file);
        if (err != NULL) {
            *err = own;
        }
    }
    return st;
}
