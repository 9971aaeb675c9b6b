/* Policies and templates from text: annotations, effect, scope, conditions. */
#include "cedar/parse.h"
#include "cedar/check.h"

#include <stdio.h>
#include <stdlib.h>

static enum pst_status fail_at(struct pst_cedar_parser *p, const struct pst_cedar_tok *t,
                               const char *what)
{
    struct pst_cedar_tok_words words = pst_cedar_tok_words(t);
    return pst_fail_at(p->err, PST_E_CEDAR_SYNTAX, t->line, t->column, "%s: %s", words.c, what);
}

static bool at(const struct pst_cedar_parser *p, const char *token)
{
    return pst_cedar_tok_is(&p->lex.tok, token);
}

/* --- annotations -------------------------------------------------------------------------------
 */

static enum pst_status annotation(struct pst_cedar_parser *p, struct pst_cedar_policy_row *row)
{
    struct pst_cedar_annotation_row note = {0};
    struct pst_cedar_tok name = p->lex.tok;
    if (name.kind != PST_CEDAR_T_IDENT) {
        return pst_cedar_parse_unexpected(p, "the annotation's name after `@`");
    }
    note.key = pst_cedar_sym(p->c, name.text);
    note.value = pst_cedar_sym(p->c, PST_STR(""));
    if (note.key == PST_CEDAR_NO || note.value == PST_CEDAR_NO) {
        return pst_cedar_parse_full(p);
    }
    for (uint32_t i = row->notes; i < row->notes + row->n_notes; i++) {
        if (p->c->notes[i].key == note.key) {
            return fail_at(p, &name, "this annotation is given twice");
        }
    }
    if (pst_cedar_parse_next(p) != PST_OK) {
        return PST_ERR;
    }
    if (at(p, "(")) {
        note.has_value = 1;
        if (pst_cedar_parse_next(p) != PST_OK || pst_cedar_parse_string(p, &note.value) != PST_OK ||
            pst_cedar_parse_expect(p, ")") != PST_OK) {
            return PST_ERR;
        }
    }
    uint32_t i = PST_CEDAR_ADD(p->c, notes, 1);
    if (i == PST_CEDAR_NO) {
        return pst_cedar_parse_full(p);
    }
    p->c->notes[i] = note;
    row->n_notes++;
    return PST_OK;
}

/* --- scope -------------------------------------------------------------------------------------
 */

/* An entity, or the slot that goes with the variable; parentheses around it are allowed. */
static enum pst_status entity_or_slot(struct pst_cedar_parser *p, enum pst_cedar_var var,
                                      struct pst_cedar_scope *s)
{
    uint32_t parens = 0;
    while (at(p, "(")) {
        parens++;
        if (parens > 16 || pst_cedar_parse_next(p) != PST_OK) {
            return parens > 16 ? fail_at(p, &p->lex.tok, "too many parentheses") : PST_ERR;
        }
    }
    if (p->lex.tok.kind == PST_CEDAR_T_SLOT) {
        bool match =
            (var == PST_CEDAR_PRINCIPAL && pst_str_eq(p->lex.tok.text, PST_STR("?principal"))) ||
            (var == PST_CEDAR_RESOURCE && pst_str_eq(p->lex.tok.text, PST_STR("?resource")));
        if (!match) {
            return fail_at(p, &p->lex.tok,
                           "only ?principal and ?resource are slots, each in the "
                           "scope of its own variable");
        }
        s->slot = 1;
        s->uid = PST_CEDAR_NO;
        if (pst_cedar_parse_next(p) != PST_OK) {
            return PST_ERR;
        }
    } else if (at(p, "[")) {
        return fail_at(p, &p->lex.tok, "a list may stand after `action in` only");
    } else if (p->lex.tok.kind != PST_CEDAR_T_IDENT) {
        return pst_cedar_parse_unexpected(p, "an entity such as User::\"alice\"");
    } else if (pst_cedar_parse_uid(p, &s->uid) != PST_OK) {
        return PST_ERR;
    }
    for (; parens > 0; parens--) {
        if (pst_cedar_parse_expect(p, ")") != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

static bool is_action_type(struct pst_str type)
{
    return pst_str_eq(type, PST_STR("Action")) || pst_str_ends(type, PST_STR("::Action"));
}

static enum pst_status action_uid(struct pst_cedar_parser *p, struct pst_cedar_scope *s)
{
    struct pst_cedar_tok token = p->lex.tok;
    if (entity_or_slot(p, PST_CEDAR_ACTION, s) != PST_OK) {
        return PST_ERR;
    }
    if (!is_action_type(pst_cedar_text(p->c, p->c->uids[s->uid].type))) {
        return fail_at(p, &token, "an action's type must be Action, in any namespace");
    }
    return PST_OK;
}

static enum pst_status action_list(struct pst_cedar_parser *p, struct pst_cedar_scope *s)
{
    uint32_t from = p->n_items;
    if (pst_cedar_parse_expect(p, "[") != PST_OK) {
        return PST_ERR;
    }
    while (!at(p, "]")) {
        struct pst_cedar_scope one = {0};
        if (action_uid(p, &one) != PST_OK || pst_cedar_parse_push(p, one.uid) != PST_OK) {
            return PST_ERR;
        }
        if (!at(p, "]") && pst_cedar_parse_expect(p, ",") != PST_OK) {
            return PST_ERR;
        }
    }
    s->kind = PST_CEDAR_SCOPE_LIST;
    return pst_cedar_parse_kids(p, from, &s->uid, &s->n) == PST_OK ? pst_cedar_parse_next(p)
                                                                   : PST_ERR;
}

static enum pst_status action_scope(struct pst_cedar_parser *p, struct pst_cedar_scope *s)
{
    if (at(p, "is")) {
        return fail_at(p, &p->lex.tok, "`is` cannot restrict the action");
    }
    bool eq = at(p, "==");
    if (!eq && !at(p, "in")) {
        return PST_OK;
    }
    s->kind = eq ? PST_CEDAR_SCOPE_EQ : PST_CEDAR_SCOPE_IN;
    if (pst_cedar_parse_next(p) != PST_OK) {
        return PST_ERR;
    }
    return !eq && at(p, "[") ? action_list(p, s) : action_uid(p, s);
}

static enum pst_status entity_scope(struct pst_cedar_parser *p, enum pst_cedar_var var,
                                    struct pst_cedar_scope *s)
{
    if (at(p, "is")) {
        s->kind = PST_CEDAR_SCOPE_IS;
        if (pst_cedar_parse_next(p) != PST_OK || pst_cedar_parse_name(p, &s->type) != PST_OK) {
            return PST_ERR;
        }
        if (at(p, "==")) {
            return fail_at(p, &p->lex.tok, "`is` cannot be combined with `==`");
        }
        if (!at(p, "in")) {
            return PST_OK;
        }
        s->kind = PST_CEDAR_SCOPE_IS_IN;
    } else if (at(p, "==") || at(p, "in")) {
        s->kind = at(p, "==") ? PST_CEDAR_SCOPE_EQ : PST_CEDAR_SCOPE_IN;
    } else {
        return PST_OK;
    }
    return pst_cedar_parse_next(p) == PST_OK ? entity_or_slot(p, var, s) : PST_ERR;
}

static enum pst_status scope(struct pst_cedar_parser *p, struct pst_cedar_policy_row *row)
{
    static const char *const names[3] = {"principal", "action", "resource"};
    if (pst_cedar_parse_expect(p, "(") != PST_OK) {
        return PST_ERR;
    }
    for (unsigned i = 0; i < 3; i++) {
        struct pst_cedar_scope *s = &row->scope[i];
        *s = (struct pst_cedar_scope){.kind = PST_CEDAR_SCOPE_ANY,
                                      .type = PST_CEDAR_NO,
                                      .uid = PST_CEDAR_NO,
                                      .line = p->lex.tok.line,
                                      .column = p->lex.tok.column};
        if (pst_cedar_parse_expect(p, names[i]) != PST_OK) {
            return PST_ERR;
        }
        enum pst_status st = i == PST_CEDAR_ACTION ? action_scope(p, s)
                                                   : entity_scope(p, (enum pst_cedar_var)i, s);
        if (st != PST_OK) {
            return PST_ERR;
        }
        if (s->slot != 0) {
            row->is_template = 1;
        }
        bool last = i == 2;
        if ((!last || at(p, ",")) && pst_cedar_parse_expect(p, ",") != PST_OK) {
            return PST_ERR;
        }
    }
    return pst_cedar_parse_expect(p, ")");
}

/* --- conditions and the whole ------------------------------------------------------------------
 */

static enum pst_status condition(struct pst_cedar_parser *p)
{
    bool unless = at(p, "unless");
    uint32_t node = 0;
    if (pst_cedar_parse_next(p) != PST_OK || pst_cedar_parse_expect(p, "{") != PST_OK) {
        return PST_ERR;
    }
    if (at(p, "}")) {
        return fail_at(p, &p->lex.tok, "a condition cannot be empty");
    }
    if (pst_cedar_parse_expr(p, &node) != PST_OK || pst_cedar_parse_expect(p, "}") != PST_OK) {
        return PST_ERR;
    }
    return pst_cedar_parse_push(p, node) == PST_OK ? pst_cedar_parse_push(p, unless) : PST_ERR;
}

uint32_t pst_cedar_policy_name(struct pst_cedar *c, uint32_t number)
{
    char name[24];
    int n = snprintf(name, sizeof name, "policy%u", number);
    return pst_cedar_sym(c, pst_str_of(name, (size_t)n));
}

static enum pst_status policy(struct pst_cedar_parser *p)
{
    struct pst_cedar_tok first = p->lex.tok;
    uint32_t number = PST_CEDAR_N_OF(p->c, policies);
    if (number >= p->c->limits.policies) {
        return pst_fail_at(p->err, PST_E_CEDAR_LIMIT, first.line, first.column,
                           "more than %u policies", p->c->limits.policies);
    }
    struct pst_cedar_policy_row row = {.file = p->file,
                                       .line = first.line,
                                       .column = first.column,
                                       .link_of = PST_CEDAR_NO,
                                       .notes = PST_CEDAR_N_OF(p->c, notes)};
    while (at(p, "@")) {
        if (pst_cedar_parse_next(p) != PST_OK || annotation(p, &row) != PST_OK) {
            return PST_ERR;
        }
    }
    row.forbid = at(p, "forbid");
    if (row.forbid == 0 && !at(p, "permit")) {
        return pst_cedar_parse_unexpected(p, "`permit`, `forbid` or an annotation");
    }
    if (pst_cedar_parse_next(p) != PST_OK || scope(p, &row) != PST_OK) {
        return PST_ERR;
    }
    uint32_t from = p->n_items;
    while (at(p, "when") || at(p, "unless")) {
        if (condition(p) != PST_OK) {
            return PST_ERR;
        }
    }
    if (!at(p, ";")) {
        return pst_cedar_parse_unexpected(p, "`when`, `unless` or `;`");
    }
    size_t end = p->lex.tok.at + 1u;
    row.text = pst_cedar_sym(p->c, pst_str_cut(p->lex.cur.in, first.at, end - first.at));
    row.id = pst_cedar_policy_name(p->c, number);
    if (row.text == PST_CEDAR_NO || row.id == PST_CEDAR_NO ||
        pst_cedar_parse_kids(p, from, &row.conds, &row.n_conds) != PST_OK) {
        return pst_cedar_parse_full(p);
    }
    row.n_conds /= 2;
    if (PST_CEDAR_ADD(p->c, policies, 1) == PST_CEDAR_NO) {
        return pst_cedar_parse_full(p);
    }
    p->c->policies[number] = row;
    return pst_cedar_parse_next(p);
}

void pst_cedar_err_file(struct pst_err *err, struct pst_str file)
{
    if (err != NULL && err->file[0] == 0 &&
        !pst_str_to_c(pst_str_cut(file, 0, sizeof err->file - 1), err->file, sizeof err->file)) {
        err->file[0] = 0;
    }
}

enum pst_status pst_cedar_add_policies(struct pst_cedar *c, struct pst_str file,
                                       struct pst_str text, struct pst_err *err)
{
    PST_BUG_ON(c->sealed);
    struct pst_err own = {0};
    struct pst_cedar_parser p = {.c = c, .err = &own, .file = pst_cedar_sym(c, file)};
    pst_buf_init(&p.text, c->limits.text_bytes);
    enum pst_status st = PST_OK;
    if (text.n > c->limits.text_bytes) {
        st = pst_fail(&own, PST_E_CEDAR_LIMIT, "the source is larger than %u bytes",
                      c->limits.text_bytes);
    } else if (p.file == PST_CEDAR_NO) {
        st = pst_fail(&own, PST_E_NO_MEMORY, "no memory for the policies");
    } else {
        st = pst_cedar_lex_init(&p.lex, text, &own);
    }
    while (st == PST_OK && p.lex.tok.kind != PST_CEDAR_T_END) {
        st = policy(&p);
    }
    pst_buf_release(&p.text);
    free(p.frames);
    free(p.items);
    if (st != PST_OK) {
        own.file[0] = 0;
        pst_cedar_err_file(&own, file);
        if (err != NULL) {
            *err = own;
        }
    }
    return st;
}
