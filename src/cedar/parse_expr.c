/* Expressions: operator precedence with an explicit stack of unfinished expressions, so that depth
 * costs a frame and not a call. Precedence, from the grammar: if < || < && < relations < + - < * <
 * prefixes < member access. Relations do not associate. */
#include "cedar/parse.h"

#include <stdlib.h>

enum frame_kind {
    F_BINARY,
    F_IS_IN, /* a: left, b: type */
    F_PREFIX,
    F_PAREN,
    F_SET,
    F_RECORD,
    F_CALL,
    F_METHOD, /* op: function, or PST_CEDAR_FN_COUNT + operator for the built-in
                 ones */
    F_IF,
    F_THEN,
    F_ELSE,
};

enum { PREC_OR = 1, PREC_AND, PREC_REL, PREC_ADD, PREC_MUL };

/* What may come next. */
enum want {
    WANT_EXPR,    /* an expression: `if` is allowed */
    WANT_OPERAND, /* after an operator: no `if` */
    WANT_MEMBER,  /* after a prefix: no further prefix */
    HAVE_MEMBER,  /* a primary: member access may follow */
    HAVE_EXPR,    /* a whole `if`: only a closing token may follow */
    DONE,
};

struct expr {
    struct pst_cedar_parser *p;
    uint32_t base; /* frames of enclosing calls: none of ours */
    uint32_t node; /* the expression just read */
    bool is_rel;   /* it is a has, like or is without parentheses */
    enum want want;
};

static bool at(const struct expr *e, const char *token)
{
    return pst_cedar_tok_is(&e->p->lex.tok, token);
}

/* --- nodes, frames, items ----------------------------------------------------------------------
 */

static enum pst_status add_node(struct expr *e, struct pst_cedar_node node, uint32_t line,
                                uint32_t column)
{
    uint32_t i = PST_CEDAR_ADD(e->p->c, nodes, 1);
    if (i == PST_CEDAR_NO) {
        return pst_cedar_parse_full(e->p);
    }
    node.line = line;
    node.column = (uint16_t)(column < UINT16_MAX ? column : UINT16_MAX);
    e->p->c->nodes[i] = node;
    e->node = i;
    e->is_rel = false;
    return PST_OK;
}

static enum pst_status push(struct expr *e, struct pst_cedar_frame f,
                            const struct pst_cedar_tok *at_token)
{
    struct pst_cedar_parser *p = e->p;
    if (p->n_frames >= p->c->limits.depth) {
        return pst_fail_at(p->err, PST_E_CEDAR_LIMIT, p->lex.tok.line, p->lex.tok.column,
                           "expressions are nested more than %u deep", p->c->limits.depth);
    }
    if (p->n_frames == p->cap_frames) {
        uint32_t cap = p->cap_frames != 0 ? p->cap_frames * 2 : 32;
        void *more = realloc(p->frames, cap * sizeof p->frames[0]);
        if (more == NULL) {
            return pst_cedar_parse_full(p);
        }
        p->frames = (struct pst_cedar_frame *)more;
        p->cap_frames = cap;
    }
    f.items = p->n_items;
    f.line = at_token->line;
    f.column = at_token->column;
    p->frames[p->n_frames++] = f;
    return PST_OK;
}

static struct pst_cedar_frame *top(const struct expr *e)
{
    return e->p->n_frames > e->base ? &e->p->frames[e->p->n_frames - 1] : NULL;
}

/* --- operands ----------------------------------------------------------------------------------
 */

static enum pst_status number(struct expr *e, bool negative, uint32_t line, uint32_t column)
{
    struct pst_cedar_parser *p = e->p;
    uint64_t v = 0;
    for (size_t i = 0; i < p->lex.tok.text.n; i++) {
        if (__builtin_mul_overflow(v, 10u, &v) ||
            __builtin_add_overflow(v, (uint64_t)(p->lex.tok.text.p[i] - '0'), &v)) {
            return pst_cedar_parse_fail(p, "this number is too large");
        }
    }
    uint64_t max = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (v > max) {
        return pst_cedar_parse_fail(p, "this number is too large");
    }
    v = negative ? 0 - v : v;
    struct pst_cedar_node node = {
        .kind = PST_CEDAR_N_LONG, .a = (uint32_t)v, .b = (uint32_t)(v >> 32)};
    e->want = HAVE_MEMBER;
    return add_node(e, node, line, column) == PST_OK ? pst_cedar_parse_next(p) : PST_ERR;
}

/* A run of ! or -. A minus directly before a number that stands alone belongs to the number, so
 * that the smallest number can be written. */
static enum pst_status prefixes(struct expr *e)
{
    struct pst_cedar_parser *p = e->p;
    struct pst_cedar_tok first = p->lex.tok;
    bool minus = at(e, "-");
    uint8_t count = 0;
    uint32_t line = 0;
    uint32_t column = 0;
    while (at(e, minus ? "-" : "!")) {
        if (++count > 4) {
            return pst_cedar_parse_fail(p, "at most four of these in a row");
        }
        line = p->lex.tok.line;
        column = p->lex.tok.column;
        if (pst_cedar_parse_next(p) != PST_OK) {
            return PST_ERR;
        }
    }
    bool fold = false;
    if (minus && p->lex.tok.kind == PST_CEDAR_T_NUMBER) {
        struct pst_cedar_lex ahead = p->lex;
        if (pst_cedar_lex_next(&ahead, p->err) != PST_OK) {
            return PST_ERR;
        }
        fold = !pst_cedar_tok_is(&ahead.tok, ".") && !pst_cedar_tok_is(&ahead.tok, "[") &&
               !pst_cedar_tok_is(&ahead.tok, "(");
        count = fold ? (uint8_t)(count - 1) : count;
    }
    struct pst_cedar_frame f = {
        .kind = F_PREFIX, .op = minus ? PST_CEDAR_OP_NEG : PST_CEDAR_OP_NOT, .a = count};
    if (count != 0 && push(e, f, &first) != PST_OK) {
        return PST_ERR;
    }
    e->want = WANT_MEMBER;
    return fold ? number(e, true, line, column) : PST_OK;
}

static enum pst_cedar_var variable(struct pst_str word)
{
    static const char *const names[PST_CEDAR_VAR_COUNT] = {"principal", "action", "resource",
                                                           "context"};
    for (unsigned i = 0; i < PST_CEDAR_VAR_COUNT; i++) {
        if (pst_str_eq(word, pst_str_c(names[i]))) {
            return (enum pst_cedar_var)i;
        }
    }
    return PST_CEDAR_VAR_COUNT;
}

/* Ends an empty list at once, else waits for its first item. */
static enum pst_status open_list(struct expr *e, struct pst_cedar_frame f,
                                 const struct pst_cedar_tok *token);

static enum pst_status function_call(struct expr *e, const struct pst_cedar_tok *name,
                                     uint32_t parts)
{
    struct pst_str path = pst_buf_str(&e->p->text);
    enum pst_cedar_fn fn = parts == 1 ? pst_cedar_fn_find(path, false) : PST_CEDAR_FN_COUNT;
    if (fn == PST_CEDAR_FN_COUNT) {
        bool method = parts == 1 && pst_cedar_fn_find(path, true) != PST_CEDAR_FN_COUNT;
        return pst_fail_at(e->p->err, PST_E_CEDAR_SYNTAX, name->line, name->column,
                           method ? "`%.*s` is a method, not a function: write x.%.*s(…)"
                                  : "there is no function `%.*s`%.*s",
                           PST_FMT(path), method ? (int)path.n : 0, (const char *)path.p);
    }
    struct pst_cedar_frame f = {.kind = F_CALL, .op = (uint8_t)fn};
    return open_list(e, f, name);
}

/* A name: entity, function call or variable. */
static enum pst_status named(struct expr *e)
{
    struct pst_cedar_parser *p = e->p;
    struct pst_cedar_tok first = p->lex.tok;
    uint32_t parts = 0;
    if (pst_cedar_parse_path(p, &parts) != PST_OK) {
        return PST_ERR;
    }
    struct pst_cedar_node node = {.kind = PST_CEDAR_N_UID};
    e->want = HAVE_MEMBER;
    if (at(e, "::")) {
        if (pst_cedar_parse_uid_rest(p, &node.a) != PST_OK) {
            return PST_ERR;
        }
        return add_node(e, node, first.line, first.column);
    }
    if (at(e, "(")) {
        return function_call(e, &first, parts);
    }
    enum pst_cedar_var var = parts == 1 ? variable(first.text) : PST_CEDAR_VAR_COUNT;
    if (var == PST_CEDAR_VAR_COUNT) {
        struct pst_cedar_tok_words words = pst_cedar_tok_words(&first);
        return pst_fail_at(p->err, PST_E_CEDAR_SYNTAX, first.line, first.column,
                           "%s is no variable: there are principal, action, resource and context",
                           words.c);
    }
    node = (struct pst_cedar_node){.kind = PST_CEDAR_N_VAR, .a = var};
    return add_node(e, node, first.line, first.column);
}

static enum pst_status literal_string(struct expr *e)
{
    struct pst_cedar_tok token = e->p->lex.tok;
    struct pst_cedar_node node = {.kind = PST_CEDAR_N_STRING};
    e->want = HAVE_MEMBER;
    if (pst_cedar_parse_string(e->p, &node.a) != PST_OK) {
        return PST_ERR;
    }
    return add_node(e, node, token.line, token.column);
}

static enum pst_status operand(struct expr *e)
{
    struct pst_cedar_parser *p = e->p;
    struct pst_cedar_tok token = p->lex.tok;
    if (at(e, "if") && e->want == WANT_EXPR) {
        struct pst_cedar_frame f = {.kind = F_IF};
        return push(e, f, &token) == PST_OK ? pst_cedar_parse_next(p) : PST_ERR;
    }
    if ((at(e, "!") || at(e, "-")) && e->want != WANT_MEMBER) {
        return prefixes(e);
    }
    if (token.kind == PST_CEDAR_T_NUMBER) {
        return number(e, false, token.line, token.column);
    }
    if (token.kind == PST_CEDAR_T_STRING) {
        return literal_string(e);
    }
    if (at(e, "true") || at(e, "false")) {
        struct pst_cedar_node node = {.kind = PST_CEDAR_N_BOOL, .a = at(e, "true")};
        e->want = HAVE_MEMBER;
        return add_node(e, node, token.line, token.column) == PST_OK ? pst_cedar_parse_next(p)
                                                                     : PST_ERR;
    }
    if (at(e, "(")) {
        struct pst_cedar_frame f = {.kind = F_PAREN};
        e->want = WANT_EXPR;
        return push(e, f, &token) == PST_OK ? pst_cedar_parse_next(p) : PST_ERR;
    }
    if (at(e, "[") || at(e, "{")) {
        struct pst_cedar_frame f = {.kind = at(e, "[") ? F_SET : F_RECORD};
        return open_list(e, f, &token);
    }
    if (token.kind == PST_CEDAR_T_SLOT) {
        return pst_cedar_parse_fail(p, "a slot may stand in the scope only");
    }
    if (token.kind == PST_CEDAR_T_IDENT) {
        return named(e);
    }
    return pst_cedar_parse_unexpected(p, "an expression");
}

/* --- lists -------------------------------------------------------------------------------------
 */

static const char *closer(const struct pst_cedar_frame *f)
{
    return f->kind == F_SET ? "]" : f->kind == F_RECORD ? "}" : ")";
}

/* The key and colon of a record member, kept in the frame until its value is there. */
static enum pst_status record_key(struct expr *e)
{
    struct pst_cedar_parser *p = e->p;
    uint32_t key = 0;
    struct pst_cedar_tok token = p->lex.tok;
    if (token.kind == PST_CEDAR_T_IDENT) {
        if (pst_cedar_ident_reserved(token.text)) {
            return pst_cedar_parse_fail(p, "this word is reserved; put the key in quotes");
        }
        key = pst_cedar_sym(p->c, token.text);
        if (key == PST_CEDAR_NO || pst_cedar_parse_next(p) != PST_OK) {
            return key == PST_CEDAR_NO ? pst_cedar_parse_full(p) : PST_ERR;
        }
    } else if (token.kind != PST_CEDAR_T_STRING) {
        return pst_cedar_parse_unexpected(p, "a key");
    } else if (pst_cedar_parse_string(p, &key) != PST_OK) {
        return PST_ERR;
    }
    struct pst_cedar_frame *f = top(e);
    for (uint32_t i = f->items; i < p->n_items; i += 2) {
        if (p->items[i] == key) {
            return pst_fail_at(p->err, PST_E_CEDAR_SYNTAX, token.line, token.column,
                               "this key is in the record already");
        }
    }
    f->b = key;
    return pst_cedar_parse_expect(p, ":");
}

static enum pst_status close_list(struct expr *e);

/* At the first token of an item, or at the closing token. */
static enum pst_status item_or_close(struct expr *e)
{
    if (at(e, closer(top(e)))) {
        return close_list(e);
    }
    e->want = WANT_EXPR;
    return top(e)->kind == F_RECORD ? record_key(e) : PST_OK;
}

static enum pst_status open_list(struct expr *e, struct pst_cedar_frame f,
                                 const struct pst_cedar_tok *token)
{
    if (push(e, f, token) != PST_OK || pst_cedar_parse_next(e->p) != PST_OK) {
        return PST_ERR;
    }
    return item_or_close(e);
}

static enum pst_status built_in_method(struct expr *e, const struct pst_cedar_frame *f,
                                       enum pst_cedar_op op)
{
    struct pst_cedar_parser *p = e->p;
    uint32_t want = op == PST_CEDAR_OP_IS_EMPTY ? 0 : 1;
    uint32_t got = p->n_items - f->items;
    if (got != want) {
        return pst_fail_at(p->err, PST_E_CEDAR_SYNTAX, f->line, f->column,
                           "this method takes exactly %u argument%s, not %u", want,
                           want == 1 ? "" : "s", got);
    }
    struct pst_cedar_node node = {
        .kind = want == 0 ? PST_CEDAR_N_UNARY : PST_CEDAR_N_BINARY, .op = (uint8_t)op, .a = f->a};
    if (want != 0) {
        node.b = p->items[f->items];
    }
    p->n_items = f->items;
    return add_node(e, node, f->line, f->column);
}

/* Makes the node of the list on top of the stack; the closing token is current. */
static enum pst_status close_list(struct expr *e)
{
    struct pst_cedar_parser *p = e->p;
    struct pst_cedar_frame f = *top(e);
    p->n_frames--;
    e->want = HAVE_MEMBER;
    if (pst_cedar_parse_next(p) != PST_OK) {
        return PST_ERR;
    }
    if (f.kind == F_METHOD && f.op >= PST_CEDAR_FN_COUNT) {
        return built_in_method(e, &f, (enum pst_cedar_op)(f.op - PST_CEDAR_FN_COUNT));
    }
    struct pst_cedar_node node = {.op = f.op};
    if (pst_cedar_parse_kids(p, f.items, &node.a, &node.b) != PST_OK) {
        return PST_ERR;
    }
    switch ((enum frame_kind)f.kind) {
    case F_SET:
        node.kind = PST_CEDAR_N_SET;
        break;
    case F_RECORD:
        node.kind = PST_CEDAR_N_RECORD;
        node.b /= 2;
        break;
    case F_CALL:
    case F_METHOD: /* the receiver is its first item */
        node.kind = PST_CEDAR_N_CALL;
        break;
    case F_BINARY:
    case F_IS_IN:
    case F_PREFIX:
    case F_PAREN:
    case F_IF:
    case F_THEN:
    case F_ELSE:
    default:
        PST_BUG_ON(true);
    }
    return add_node(e, node, f.line, f.column);
}

/* --- member access -----------------------------------------------------------------------------
 */

static enum pst_cedar_op built_in(struct pst_str name)
{
    static const struct {
        const char *name;
        enum pst_cedar_op op;
    } rows[] = {
        {"contains", PST_CEDAR_OP_CONTAINS},        {"containsAll", PST_CEDAR_OP_CONTAINS_ALL},
        {"containsAny", PST_CEDAR_OP_CONTAINS_ANY}, {"isEmpty", PST_CEDAR_OP_IS_EMPTY},
        {"getTag", PST_CEDAR_OP_GET_TAG},           {"hasTag", PST_CEDAR_OP_HAS_TAG}};
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        if (pst_str_eq(name, pst_str_c(rows[i].name))) {
            return rows[i].op;
        }
    }
    return PST_CEDAR_OP_COUNT;
}

static enum pst_status method(struct expr *e, const struct pst_cedar_tok *name)
{
    struct pst_cedar_parser *p = e->p;
    struct pst_cedar_frame f = {.kind = F_METHOD, .a = e->node};
    enum pst_cedar_op op = built_in(name->text);
    enum pst_cedar_fn fn = pst_cedar_fn_find(name->text, true);
    if (op == PST_CEDAR_OP_COUNT && fn == PST_CEDAR_FN_COUNT) {
        bool function = pst_cedar_fn_find(name->text, false) != PST_CEDAR_FN_COUNT;
        struct pst_cedar_tok_words words = pst_cedar_tok_words(name);
        return pst_fail_at(p->err, PST_E_CEDAR_SYNTAX, name->line, name->column, "%s %s", words.c,
                           function ? "is a function, not a method" : "is no method");
    }
    f.op = (uint8_t)(op != PST_CEDAR_OP_COUNT ? (unsigned)PST_CEDAR_FN_COUNT + (unsigned)op : fn);
    if (push(e, f, name) != PST_OK ||
        (op == PST_CEDAR_OP_COUNT && pst_cedar_parse_push(p, e->node) != PST_OK) ||
        pst_cedar_parse_next(p) != PST_OK) {
        return PST_ERR;
    }
    return item_or_close(e);
}

/* .name, .method(…) or ["name"]; the token that opens it is current. */
static enum pst_status member(struct expr *e)
{
    struct pst_cedar_parser *p = e->p;
    if (at(e, "(")) {
        return pst_cedar_parse_fail(p, "a call is written name(…) or value.name(…)");
    }
    struct pst_cedar_node node = {.kind = PST_CEDAR_N_GET, .op = at(e, "["), .a = e->node};
    if (pst_cedar_parse_next(p) != PST_OK) {
        return PST_ERR;
    }
    struct pst_cedar_tok name = p->lex.tok;
    if (node.op != 0) {
        if (pst_cedar_parse_string(p, &node.b) != PST_OK ||
            pst_cedar_parse_expect(p, "]") != PST_OK) {
            return PST_ERR;
        }
        return add_node(e, node, name.line, name.column);
    }
    if (name.kind != PST_CEDAR_T_IDENT) {
        return pst_cedar_parse_unexpected(p, "an attribute or method name");
    }
    if (pst_cedar_ident_reserved(name.text)) {
        return pst_cedar_parse_fail(p, "this word is reserved; write [\"…\"]");
    }
    if (pst_cedar_parse_next(p) != PST_OK) {
        return PST_ERR;
    }
    if (at(e, "(")) {
        return method(e, &name);
    }
    node.b = pst_cedar_sym(p->c, name.text);
    return node.b != PST_CEDAR_NO ? add_node(e, node, name.line, name.column)
                                  : pst_cedar_parse_full(p);
}

/* --- operators ---------------------------------------------------------------------------------
 */

/* Finishes the frame on top, whose right operand is e->node. */
static enum pst_status reduce(struct expr *e)
{
    struct pst_cedar_frame f = *top(e);
    e->p->n_frames--;
    struct pst_cedar_node node = {.a = f.a, .b = e->node};
    if (f.kind == F_PREFIX) {
        for (uint32_t i = 0; i < f.a; i++) {
            node = (struct pst_cedar_node){.kind = PST_CEDAR_N_UNARY, .op = f.op, .a = e->node};
            if (add_node(e, node, f.line, f.column) != PST_OK) {
                return PST_ERR;
            }
        }
        return PST_OK;
    }
    if (f.kind == F_IS_IN) {
        node = (struct pst_cedar_node){.kind = PST_CEDAR_N_IS, .a = f.a, .b = f.b, .c = e->node};
    } else if (f.prec == PREC_OR || f.prec == PREC_AND) {
        node.kind = f.prec == PREC_OR ? PST_CEDAR_N_OR : PST_CEDAR_N_AND;
    } else {
        node.kind = PST_CEDAR_N_BINARY;
        node.op = f.op;
    }
    return add_node(e, node, f.line, f.column);
}

static bool reducible(const struct pst_cedar_frame *f, unsigned prec)
{
    return f != NULL && (f->kind == F_PREFIX ||
                         ((f->kind == F_BINARY || f->kind == F_IS_IN) && f->prec >= prec));
}

/* The first attribute of a has and, for a path, the rest: tests joined by &&. */
static enum pst_status has_path(struct expr *e, const struct pst_cedar_tok *has)
{
    struct pst_cedar_parser *p = e->p;
    struct pst_cedar_node node = {.kind = PST_CEDAR_N_HAS, .a = e->node};
    if (p->lex.tok.kind == PST_CEDAR_T_STRING) {
        return pst_cedar_parse_string(p, &node.b) == PST_OK
                   ? add_node(e, node, has->line, has->column)
                   : PST_ERR;
    }
    uint32_t so_far = PST_CEDAR_NO;
    for (;;) {
        struct pst_cedar_tok name = p->lex.tok;
        if (name.kind != PST_CEDAR_T_IDENT) {
            return pst_cedar_parse_unexpected(p, "an attribute name after `has`");
        }
        if (pst_cedar_ident_reserved(name.text)) {
            return pst_cedar_parse_fail(p, "this word is reserved; put it in quotes");
        }
        node.b = pst_cedar_sym(p->c, name.text);
        if (node.b == PST_CEDAR_NO) {
            return pst_cedar_parse_full(p);
        }
        if (add_node(e, node, name.line, name.column) != PST_OK ||
            pst_cedar_parse_next(p) != PST_OK) {
            return PST_ERR;
        }
        if (so_far != PST_CEDAR_NO) {
            struct pst_cedar_node both = {
                .kind = PST_CEDAR_N_AND, .op = 1, .a = so_far, .b = e->node};
            if (add_node(e, both, has->line, has->column) != PST_OK) {
                return PST_ERR;
            }
        }
        so_far = e->node;
        if (!at(e, ".")) {
            return PST_OK;
        }
        struct pst_cedar_node get = {.kind = PST_CEDAR_N_GET, .a = node.a, .b = node.b};
        if (add_node(e, get, name.line, name.column) != PST_OK ||
            pst_cedar_parse_next(p) != PST_OK) {
            return PST_ERR;
        }
        node.a = e->node;
    }
}

struct pattern {
    struct pst_cedar_parser *p;
};

/* A star ends one text of the pattern and begins the next. */
static bool pattern_star(void *ctx)
{
    struct pst_cedar_parser *p = ((struct pattern *)ctx)->p;
    uint32_t sym = pst_cedar_sym(p->c, pst_buf_str(&p->text));
    pst_buf_clear(&p->text);
    return sym != PST_CEDAR_NO && pst_cedar_parse_push(p, sym) == PST_OK;
}

static enum pst_status like(struct expr *e, const struct pst_cedar_tok *word)
{
    struct pst_cedar_parser *p = e->p;
    if (p->lex.tok.kind != PST_CEDAR_T_STRING) {
        return pst_cedar_parse_unexpected(p, "a pattern in quotes after `like`");
    }
    struct pst_cedar_node node = {.kind = PST_CEDAR_N_LIKE, .a = e->node};
    struct pattern pattern = {p};
    uint32_t from = p->n_items;
    pst_buf_clear(&p->text);
    if (pst_cedar_unescape(&p->lex.tok, &p->text, pattern_star, &pattern, p->err) != PST_OK) {
        return PST_ERR;
    }
    if (!pattern_star(&pattern)) {
        return pst_cedar_parse_full(p);
    }
    if (pst_cedar_parse_kids(p, from, &node.b, &node.c) != PST_OK ||
        pst_cedar_parse_next(p) != PST_OK) {
        return PST_ERR;
    }
    return add_node(e, node, word->line, word->column);
}

static enum pst_status is_type(struct expr *e, const struct pst_cedar_tok *word)
{
    struct pst_cedar_parser *p = e->p;
    uint32_t type = 0;
    if (pst_cedar_parse_name(p, &type) != PST_OK) {
        return PST_ERR;
    }
    if (!at(e, "in")) {
        struct pst_cedar_node node = {
            .kind = PST_CEDAR_N_IS, .a = e->node, .b = type, .c = PST_CEDAR_NO};
        return add_node(e, node, word->line, word->column);
    }
    struct pst_cedar_frame f = {.kind = F_IS_IN, .prec = PREC_REL, .a = e->node, .b = type};
    e->want = WANT_OPERAND;
    return push(e, f, word) == PST_OK ? pst_cedar_parse_next(p) : PST_ERR;
}

/* has, like, is: the left operand is e->node, the word is passed. */
static enum pst_status word_relation(struct expr *e, const struct pst_cedar_tok *word)
{
    if (pst_cedar_parse_next(e->p) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status st = PST_OK;
    if (pst_cedar_tok_is(word, "has")) {
        st = has_path(e, word);
    } else if (pst_cedar_tok_is(word, "like")) {
        st = like(e, word);
    } else {
        st = is_type(e, word);
    }
    e->is_rel = e->want == HAVE_MEMBER;
    return st;
}

struct operator
{
    const char *text;
    uint8_t prec, op;
};

static const struct operator* find_operator(const struct pst_cedar_tok *t)
{
    static const struct operator rows[] = {
        {"||", PREC_OR, 0},
        {"&&", PREC_AND, 0},
        {"==", PREC_REL, PST_CEDAR_OP_EQ},
        {"!=", PREC_REL, PST_CEDAR_OP_NE},
        {"<", PREC_REL, PST_CEDAR_OP_LT},
        {"<=", PREC_REL, PST_CEDAR_OP_LE},
        {">", PREC_REL, PST_CEDAR_OP_GT},
        {">=", PREC_REL, PST_CEDAR_OP_GE},
        {"in", PREC_REL, PST_CEDAR_OP_IN},
        {"has", PREC_REL, PST_CEDAR_OP_COUNT},
        {"like", PREC_REL, PST_CEDAR_OP_COUNT},
        {"is", PREC_REL, PST_CEDAR_OP_COUNT},
        {"+", PREC_ADD, PST_CEDAR_OP_ADD},
        {"-", PREC_ADD, PST_CEDAR_OP_SUB},
        {"*", PREC_MUL, PST_CEDAR_OP_MUL},
    };
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        if (pst_cedar_tok_is(t, rows[i].text)) {
            return &rows[i];
        }
    }
    return NULL;
}

static enum pst_status binary(struct expr *e, const struct operator* o)
{
    struct pst_cedar_parser *p = e->p;
    struct pst_cedar_tok token = p->lex.tok;
    while (reducible(top(e), o->prec == PREC_REL ? PREC_REL + 1u : o->prec)) {
        if (reduce(e) != PST_OK) {
            return PST_ERR;
        }
    }
    bool after_rel = e->is_rel ||
                     (top(e) != NULL && (top(e)->kind == F_BINARY || top(e)->kind == F_IS_IN) &&
                      top(e)->prec == PREC_REL);
    if (o->prec == PREC_REL && after_rel) {
        return pst_cedar_parse_fail(p, "relations do not chain; use parentheses");
    }
    if (o->prec > PREC_REL && e->is_rel) {
        return pst_cedar_parse_fail(p, "use parentheses around what stands before it");
    }
    if (o->op == PST_CEDAR_OP_COUNT) {
        return word_relation(e, &token);
    }
    struct pst_cedar_frame f = {.kind = F_BINARY, .op = o->op, .prec = o->prec, .a = e->node};
    e->want = WANT_OPERAND;
    e->is_rel = false;
    return push(e, f, &token) == PST_OK ? pst_cedar_parse_next(p) : PST_ERR;
}

static enum pst_status refuse_foreign(struct expr *e)
{
    if (at(e, "=")) {
        return pst_cedar_parse_fail(e->p, "comparison is written ==");
    }
    if (at(e, "/") || at(e, "%")) {
        return pst_cedar_parse_fail(e->p, "Cedar has no division and no remainder");
    }
    return PST_OK;
}

/* An item of the list on top is complete. */
static enum pst_status end_item(struct expr *e)
{
    struct pst_cedar_parser *p = e->p;
    const struct pst_cedar_frame *f = top(e);
    if ((f->kind == F_RECORD && pst_cedar_parse_push(p, f->b) != PST_OK) ||
        pst_cedar_parse_push(p, e->node) != PST_OK) {
        return PST_ERR;
    }
    if (at(e, ",")) {
        return pst_cedar_parse_next(p) == PST_OK ? item_or_close(e) : PST_ERR;
    }
    if (!at(e, closer(f))) {
        return pst_cedar_parse_unexpected(p, f->kind == F_SET      ? "`,` or `]`"
                                             : f->kind == F_RECORD ? "`,` or `}`"
                                                                   : "`,` or `)`");
    }
    return close_list(e);
}

/* The expression e->node cannot go on: gives it to whatever waits for it. */
static enum pst_status end_expr(struct expr *e)
{
    struct pst_cedar_parser *p = e->p;
    while (reducible(top(e), 0)) {
        if (reduce(e) != PST_OK) {
            return PST_ERR;
        }
    }
    struct pst_cedar_frame *f = top(e);
    if (f == NULL) {
        e->want = DONE;
        return PST_OK;
    }
    e->is_rel = false;
    if (f->kind == F_PAREN) {
        p->n_frames--;
        e->want = HAVE_MEMBER;
        return pst_cedar_parse_expect(p, ")");
    }
    if (f->kind == F_IF) {
        f->kind = F_THEN;
        f->a = e->node;
        e->want = WANT_EXPR;
        return pst_cedar_parse_expect(p, "then");
    }
    if (f->kind == F_THEN) {
        f->kind = F_ELSE;
        f->b = e->node;
        e->want = WANT_EXPR;
        return pst_cedar_parse_expect(p, "else");
    }
    if (f->kind == F_ELSE) {
        struct pst_cedar_node node = {.kind = PST_CEDAR_N_IF, .a = f->a, .b = f->b, .c = e->node};
        p->n_frames--;
        e->want = HAVE_EXPR;
        return add_node(e, node, f->line, f->column);
    }
    return end_item(e);
}

static enum pst_status after_operand(struct expr *e)
{
    if (e->want == HAVE_MEMBER && !e->is_rel) {
        if (at(e, ".") || at(e, "[") || at(e, "(")) {
            return member(e);
        }
    }
    const struct operator* o = e->want == HAVE_MEMBER ? find_operator(&e->p->lex.tok) : NULL;
    if (o != NULL) {
        return binary(e, o);
    }
    return refuse_foreign(e) == PST_OK ? end_expr(e) : PST_ERR;
}

enum pst_status pst_cedar_parse_expr(struct pst_cedar_parser *p, uint32_t *ret)
{
    struct expr e = {.p = p, .base = p->n_frames, .want = WANT_EXPR};
    while (e.want != DONE) {
        bool wants = e.want == WANT_EXPR || e.want == WANT_OPERAND || e.want == WANT_MEMBER;
        if ((wants ? operand(&e) : after_operand(&e)) != PST_OK) {
            return PST_ERR;
        }
    }
    *ret = e.node;
    return PST_OK;
}
