/* Nodes and policies as Cedar text, with as few parentheses as the grammar allows. */
#include "cedar/lex.h"
#include "cedar/print.h"

/* How tightly a node's own operator binds. */
enum { B_IF, B_OR, B_AND, B_REL, B_ADD, B_MUL, B_PREFIX, B_MEMBER };

static uint32_t binding(const struct pst_cedar_node *n)
{
    switch ((enum pst_cedar_kind)n->kind) {
    case PST_CEDAR_N_IF:
        return B_IF;
    case PST_CEDAR_N_OR:
        return B_OR;
    case PST_CEDAR_N_AND:
        return n->op == 1 ? (uint32_t)B_REL : (uint32_t)B_AND;
    case PST_CEDAR_N_HAS:
    case PST_CEDAR_N_LIKE:
    case PST_CEDAR_N_IS:
        return B_REL;
    case PST_CEDAR_N_UNARY:
        return n->op == PST_CEDAR_OP_IS_EMPTY ? (uint32_t)B_MEMBER : (uint32_t)B_PREFIX;
    case PST_CEDAR_N_LONG:
        return n->b >> 31 != 0 ? (uint32_t)B_PREFIX : (uint32_t)B_MEMBER;
    case PST_CEDAR_N_BINARY:
        if (n->op >= PST_CEDAR_OP_CONTAINS) {
            return B_MEMBER;
        }
        if (n->op == PST_CEDAR_OP_MUL) {
            return B_MUL;
        }
        return n->op == PST_CEDAR_OP_ADD || n->op == PST_CEDAR_OP_SUB ? (uint32_t)B_ADD
                                                                      : (uint32_t)B_REL;
    case PST_CEDAR_N_BOOL:
    case PST_CEDAR_N_STRING:
    case PST_CEDAR_N_UID:
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_GET:
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_RECORD:
    case PST_CEDAR_N_CALL:
    case PST_CEDAR_N_COUNT:
    default:
        return B_MEMBER;
    }
}

static void node(struct pst_cedar_print *p, uint32_t n, uint32_t weakest)
{
    pst_cedar_print_part(p, PST_CEDAR_P_NODE, n, weakest);
}

static bool plain_name(const struct pst_cedar *c, uint32_t sym)
{
    struct pst_str s = pst_cedar_text(c, sym);
    return pst_cedar_ident_valid(s) && !pst_cedar_ident_reserved(s);
}

static void uid(struct pst_cedar_print *p, uint32_t u)
{
    pst_cedar_print_part(p, PST_CEDAR_P_NAME, p->c->uids[u].type, 0);
    pst_cedar_print_text(p, "::");
    pst_cedar_print_part(p, PST_CEDAR_P_QUOTE, p->c->uids[u].id, 0);
}

/* a has b.c.d is a chain of tests; the innermost knows a. */
static void has_path(struct pst_cedar_print *p, const struct pst_cedar_node *n)
{
    uint32_t tests = 1;
    bool plain = true;
    const struct pst_cedar_node *inner = n;
    for (; inner->kind == PST_CEDAR_N_AND; inner = &p->c->nodes[inner->a]) {
        plain = plain && plain_name(p->c, p->c->nodes[inner->b].b);
        tests++;
    }
    if (!plain || !plain_name(p->c, inner->b)) {
        node(p, n->a, B_AND);
        pst_cedar_print_text(p, " && ");
        node(p, n->b, B_REL);
        return;
    }
    node(p, inner->a, B_ADD);
    pst_cedar_print_text(p, " has ");
    pst_cedar_print_part(p, PST_CEDAR_P_NAME, inner->b, 0);
    for (uint32_t step = 1; step < tests; step++) {
        const struct pst_cedar_node *at = n;
        for (uint32_t k = tests - 1; k > step; k--) {
            at = &p->c->nodes[at->a];
        }
        pst_cedar_print_text(p, ".");
        pst_cedar_print_part(p, PST_CEDAR_P_NAME, p->c->nodes[at->b].b, 0);
    }
}

static void list(struct pst_cedar_print *p, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) {
            pst_cedar_print_text(p, ", ");
        }
        node(p, p->c->kids[first + i], B_IF);
    }
}

static void call(struct pst_cedar_print *p, const struct pst_cedar_node *n)
{
    const struct pst_cedar_fn_row *row = pst_cedar_fn((enum pst_cedar_fn)n->op);
    bool method = row->method && n->b > 0;
    if (method) {
        node(p, p->c->kids[n->a], B_MEMBER);
        pst_cedar_print_text(p, ".");
    }
    pst_cedar_print_text(p, row->name);
    pst_cedar_print_text(p, "(");
    list(p, n->a + method, n->b - method);
    pst_cedar_print_text(p, ")");
}

static void record(struct pst_cedar_print *p, const struct pst_cedar_node *n)
{
    pst_cedar_print_text(p, "{");
    for (uint32_t i = 0; i < n->b; i++) {
        pst_cedar_print_text(p, i > 0 ? ", " : "");
        pst_cedar_print_part(p, PST_CEDAR_P_KEY, p->c->kids[n->a + 2 * i], 0);
        pst_cedar_print_text(p, ": ");
        node(p, p->c->kids[n->a + 2 * i + 1], B_IF);
    }
    pst_cedar_print_text(p, "}");
}

static void binary(struct pst_cedar_print *p, const struct pst_cedar_node *n)
{
    uint32_t own = binding(n);
    const char *name = pst_cedar_op_name((enum pst_cedar_op)n->op);
    if (own == B_MEMBER) {
        node(p, n->a, B_MEMBER);
        pst_cedar_print_text(p, ".");
        pst_cedar_print_text(p, name);
        pst_cedar_print_text(p, "(");
        node(p, n->b, B_IF);
        pst_cedar_print_text(p, ")");
        return;
    }
    node(p, n->a, own == B_REL ? (uint32_t)B_ADD : own);
    pst_cedar_print_text(p, " ");
    pst_cedar_print_text(p, name);
    pst_cedar_print_text(p, " ");
    node(p, n->b, own + 1);
}

static void unary(struct pst_cedar_print *p, const struct pst_cedar_node *n)
{
    if (n->op == PST_CEDAR_OP_IS_EMPTY) {
        node(p, n->a, B_MEMBER);
        pst_cedar_print_text(p, ".isEmpty()");
        return;
    }
    /* Parentheses around a number keep the minus from becoming part of it. */
    bool number = p->c->nodes[n->a].kind == PST_CEDAR_N_LONG && n->op == PST_CEDAR_OP_NEG;
    pst_cedar_print_text(p, n->op == PST_CEDAR_OP_NOT ? "!" : number ? "-(" : "-");
    node(p, n->a, number ? (uint32_t)B_IF : (uint32_t)B_MEMBER);
    pst_cedar_print_text(p, number ? ")" : "");
}

static void member(struct pst_cedar_print *p, const struct pst_cedar_node *n)
{
    bool plain = plain_name(p->c, n->b) && n->op == 0;
    node(p, n->a, B_MEMBER);
    pst_cedar_print_text(p, plain ? "." : "[");
    pst_cedar_print_part(p, plain ? PST_CEDAR_P_NAME : PST_CEDAR_P_QUOTE, n->b, 0);
    pst_cedar_print_text(p, plain ? "" : "]");
}

static void pair(struct pst_cedar_print *p, const struct pst_cedar_node *n, const char *word)
{
    uint32_t own = binding(n);
    node(p, n->a, own);
    pst_cedar_print_text(p, word);
    node(p, n->b, own + 1);
}

static void operators(struct pst_cedar_print *p, const struct pst_cedar_node *n, uint32_t self)
{
    switch ((enum pst_cedar_kind)n->kind) {
    case PST_CEDAR_N_IF:
        pst_cedar_print_text(p, "if ");
        node(p, n->a, B_IF);
        pst_cedar_print_text(p, " then ");
        node(p, n->b, B_IF);
        pst_cedar_print_text(p, " else ");
        node(p, n->c, B_IF);
        break;
    case PST_CEDAR_N_AND:
        if (n->op == 1) {
            has_path(p, n);
        } else {
            pair(p, n, " && ");
        }
        break;
    case PST_CEDAR_N_OR:
        pair(p, n, " || ");
        break;
    case PST_CEDAR_N_UNARY:
        unary(p, n);
        break;
    case PST_CEDAR_N_BINARY:
        binary(p, n);
        break;
    case PST_CEDAR_N_GET:
        member(p, n);
        break;
    case PST_CEDAR_N_HAS:
        node(p, n->a, B_ADD);
        pst_cedar_print_text(p, " has ");
        pst_cedar_print_part(p, PST_CEDAR_P_KEY, n->b, 0);
        break;
    case PST_CEDAR_N_LIKE:
        node(p, n->a, B_ADD);
        pst_cedar_print_text(p, " like ");
        pst_cedar_print_part(p, PST_CEDAR_P_QUOTE, self, 1);
        break;
    case PST_CEDAR_N_IS:
        node(p, n->a, B_ADD);
        pst_cedar_print_text(p, " is ");
        pst_cedar_print_part(p, PST_CEDAR_P_NAME, n->b, 0);
        if (n->c != PST_CEDAR_NO) {
            pst_cedar_print_text(p, " in ");
            node(p, n->c, B_ADD);
        }
        break;
    case PST_CEDAR_N_CALL:
        call(p, n);
        break;
    case PST_CEDAR_N_BOOL:
    case PST_CEDAR_N_LONG:
    case PST_CEDAR_N_STRING:
    case PST_CEDAR_N_UID:
    case PST_CEDAR_N_VAR:
    case PST_CEDAR_N_SLOT:
    case PST_CEDAR_N_SET:
    case PST_CEDAR_N_RECORD:
    case PST_CEDAR_N_COUNT:
    default:
        break;
    }
}

static void expand(struct pst_cedar_print *p, uint32_t self, uint32_t weakest)
{
    const struct pst_cedar_node *n = &p->c->nodes[self];
    bool parens = binding(n) < weakest;
    pst_cedar_print_text(p, parens ? "(" : "");
    switch ((enum pst_cedar_kind)n->kind) {
    case PST_CEDAR_N_BOOL:
        pst_cedar_print_text(p, n->a != 0 ? "true" : "false");
        break;
    case PST_CEDAR_N_LONG:
        pst_cedar_print_part(p, PST_CEDAR_P_NAME, self, 2);
        break;
    case PST_CEDAR_N_STRING:
        pst_cedar_print_part(p, PST_CEDAR_P_QUOTE, n->a, 0);
        break;
    case PST_CEDAR_N_UID:
        uid(p, n->a);
        break;
    case PST_CEDAR_N_SLOT:
        pst_cedar_print_text(p, "?");
        pst_cedar_print_text(p, pst_cedar_var_name((enum pst_cedar_var)n->a));
        break;
    case PST_CEDAR_N_VAR:
        pst_cedar_print_text(p, pst_cedar_var_name((enum pst_cedar_var)n->a));
        break;
    case PST_CEDAR_N_SET:
        pst_cedar_print_text(p, "[");
        list(p, n->a, n->b);
        pst_cedar_print_text(p, "]");
        break;
    case PST_CEDAR_N_RECORD:
        record(p, n);
        break;
    case PST_CEDAR_N_IF:
    case PST_CEDAR_N_AND:
    case PST_CEDAR_N_OR:
    case PST_CEDAR_N_UNARY:
    case PST_CEDAR_N_BINARY:
    case PST_CEDAR_N_GET:
    case PST_CEDAR_N_HAS:
    case PST_CEDAR_N_LIKE:
    case PST_CEDAR_N_IS:
    case PST_CEDAR_N_CALL:
    case PST_CEDAR_N_COUNT:
    default:
        operators(p, n, self);
        break;
    }
    pst_cedar_print_text(p, parens ? ")" : "");
}

/* The texts of a pattern in one literal: stars between them, their own stars escaped. */
static bool pattern(struct pst_cedar_print *p, const struct pst_cedar_node *n)
{
    bool ok = pst_buf_byte(p->out, '"');
    for (uint32_t i = 0; i < n->c && ok; i++) {
        struct pst_buf quoted;
        pst_buf_init(&quoted, SIZE_MAX / 4);
        ok = (i == 0 || pst_buf_byte(p->out, '*')) &&
             pst_cedar_quote(&quoted, pst_cedar_text(p->c, p->c->kids[n->b + i]));
        for (size_t k = 1; ok && k + 1 < quoted.n; k++) {
            ok = (quoted.p[k] != '*' || pst_buf_byte(p->out, '\\')) &&
                 pst_buf_byte(p->out, quoted.p[k]);
        }
        pst_buf_release(&quoted);
    }
    return ok && pst_buf_byte(p->out, '"');
}

static bool write(struct pst_cedar_print *p, const struct pst_cedar_print_part *part)
{
    if (part->b == 1) {
        return pattern(p, &p->c->nodes[part->a]);
    }
    if (part->b == 2) {
        const struct pst_cedar_node *n = &p->c->nodes[part->a];
        return pst_buf_i64(p->out, (int64_t)(((uint64_t)n->b << 32) | n->a));
    }
    bool plain = part->what == PST_CEDAR_P_NAME ||
                 (part->what == PST_CEDAR_P_KEY && plain_name(p->c, part->a));
    struct pst_str s = pst_cedar_text(p->c, part->a);
    return plain ? pst_buf_add(p->out, s) : pst_cedar_quote(p->out, s);
}

bool pst_cedar_print_expr(const struct pst_cedar *c, uint32_t n, struct pst_buf *out)
{
    struct pst_cedar_print p = {.c = c, .out = out};
    return pst_cedar_print_run(&p, n, expand, write);
}

/* --- policies ----------------------------------------------------------------------------------
 */

static bool scope_entity(const struct pst_cedar *c, const struct pst_cedar_scope *s, unsigned var,
                         struct pst_buf *out)
{
    if (s->slot != 0 && s->uid == PST_CEDAR_NO) {
        return pst_buf_byte(out, '?') &&
               pst_buf_add(out, pst_str_c(pst_cedar_var_name((enum pst_cedar_var)var)));
    }
    return pst_buf_add(out, pst_cedar_text(c, c->uids[s->uid].type)) && PST_BUF_LIT(out, "::") &&
           pst_cedar_quote(out, pst_cedar_text(c, c->uids[s->uid].id));
}

static bool scope(const struct pst_cedar *c, const struct pst_cedar_scope *s, unsigned var,
                  struct pst_buf *out)
{
    bool ok = pst_buf_add(out, pst_str_c(pst_cedar_var_name((enum pst_cedar_var)var)));
    switch ((enum pst_cedar_scope_kind)s->kind) {
    case PST_CEDAR_SCOPE_EQ:
        return ok && PST_BUF_LIT(out, " == ") && scope_entity(c, s, var, out);
    case PST_CEDAR_SCOPE_IN:
        return ok && PST_BUF_LIT(out, " in ") && scope_entity(c, s, var, out);
    case PST_CEDAR_SCOPE_IS:
    case PST_CEDAR_SCOPE_IS_IN:
        ok = ok && PST_BUF_LIT(out, " is ") && pst_buf_add(out, pst_cedar_text(c, s->type));
        return ok && (s->kind == PST_CEDAR_SCOPE_IS ||
                      (PST_BUF_LIT(out, " in ") && scope_entity(c, s, var, out)));
    case PST_CEDAR_SCOPE_LIST:
        ok = ok && PST_BUF_LIT(out, " in [");
        for (uint32_t i = 0; i < s->n && ok; i++) {
            struct pst_cedar_scope one = {.uid = c->kids[s->uid + i]};
            ok = (i == 0 || PST_BUF_LIT(out, ", ")) && scope_entity(c, &one, var, out);
        }
        return ok && PST_BUF_LIT(out, "]");
    case PST_CEDAR_SCOPE_ANY:
    case PST_CEDAR_SCOPE_COUNT:
    default:
        return ok;
    }
}

static bool notes(const struct pst_cedar *c, const struct pst_cedar_policy_row *p,
                  struct pst_buf *out)
{
    bool ok = true;
    for (uint32_t i = p->notes; i < p->notes + p->n_notes && ok; i++) {
        const struct pst_cedar_annotation_row *a = &c->notes[i];
        ok = pst_buf_byte(out, '@') && pst_buf_add(out, pst_cedar_text(c, a->key)) &&
             (a->has_value == 0 ||
              (pst_buf_byte(out, '(') && pst_cedar_quote(out, pst_cedar_text(c, a->value)) &&
               pst_buf_byte(out, ')'))) &&
             pst_buf_byte(out, '\n');
    }
    return ok;
}

enum pst_status pst_cedar_policy_text(const struct pst_cedar *c, uint32_t policy,
                                      struct pst_buf *out, struct pst_err *err)
{
    PST_BUG_ON(policy >= PST_CEDAR_N_OF(c, policies));
    const struct pst_cedar_policy_row *p = &c->policies[policy];
    bool ok = notes(c, p, out) &&
              (p->forbid != 0 ? PST_BUF_LIT(out, "forbid(") : PST_BUF_LIT(out, "permit("));
    for (unsigned v = 0; v < 3 && ok; v++) {
        ok = (v == 0 || PST_BUF_LIT(out, ", ")) && scope(c, &p->scope[v], v, out);
    }
    ok = ok && PST_BUF_LIT(out, ")");
    for (uint32_t i = 0; i < p->n_conds && ok; i++) {
        bool unless = c->kids[p->conds + 2 * i + 1] != 0;
        ok = (unless ? PST_BUF_LIT(out, "\nunless { ") : PST_BUF_LIT(out, "\nwhen { ")) &&
             pst_cedar_print_expr(c, c->kids[p->conds + 2 * i], out) && PST_BUF_LIT(out, " }");
    }
    ok = ok && PST_BUF_LIT(out, ";\n");
    return ok ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "the text is larger than the limit");
}
