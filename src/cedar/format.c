/* The formatter works on tokens, not on trees: that keeps comments and every literal as written. A
 * pair of brackets is a group; a group that does not fit on its line, or holds a comment, is
 * broken: its contents on lines of their own, one for each item or operand of && and ||. */
#include "cedar/format.h"

#include "cedar/lex.h"

#include <stdlib.h>

enum { WIDTH = 80, INDENT = 4 };

struct piece {
    struct pst_cedar_tok tok;
    struct pst_str gap; /* what stood before it: white space and comments */
    uint32_t match;     /* of an opening token: the closing one; of a closing one: its own number */
    uint32_t width;     /* of the line from the first token to the end of this one, unbroken */
    bool commented;     /* there is a comment in the gap */
    bool condition;     /* a brace of when or unless, not of a record */
    bool space;         /* a space before it when nothing is broken */
    bool unary;         /* a sign or negation, not an operator */
};

struct formatter {
    struct piece *pieces;
    uint32_t n, cap;
    struct pst_buf *out;
    uint32_t column;
    uint32_t *open; /* groups around the current token */
    bool *broken;   /* whether each of them is */
    uint32_t depth;
    uint32_t indent;
    bool failed;
};

static bool is(const struct piece *p, const char *text)
{
    return pst_cedar_tok_is(&p->tok, text);
}

static bool opens(const struct piece *p)
{
    return is(p, "(") || is(p, "[") || is(p, "{");
}

static bool closes(const struct piece *p)
{
    return is(p, ")") || is(p, "]") || is(p, "}");
}

/* A word that stands between operands, so that what follows it is an operand of its own. */
static bool is_word_operator(const struct piece *p)
{
    static const char *const words[] = {"in", "is", "has", "like", "if", "then", "else"};
    for (size_t i = 0; i < PST_LEN(words); i++) {
        if (is(p, words[i])) {
            return true;
        }
    }
    return false;
}

/* The token ends an operand: what follows is an operator, an access or a closing token. */
static bool ends_operand(const struct piece *p)
{
    return closes(p) || p->tok.kind == PST_CEDAR_T_STRING || p->tok.kind == PST_CEDAR_T_NUMBER ||
           p->tok.kind == PST_CEDAR_T_SLOT ||
           (p->tok.kind == PST_CEDAR_T_IDENT && !is_word_operator(p));
}

static bool space_between(const struct piece *a, const struct piece *b)
{
    if (is(b, ",") || is(b, ";") || is(b, ":") || is(b, ".") || is(b, "::")) {
        return false;
    }
    if (is(a, ".") || is(a, "::") || is(a, "@") || a->unary || is(a, "(") || is(a, "[")) {
        return false;
    }
    if (is(b, ")") || is(b, "]")) {
        return false;
    }
    if (is(a, "{") || is(b, "}")) {
        return (is(a, "{") ? a : b)->condition && !(is(a, "{") && is(b, "}"));
    }
    return !((is(b, "(") || is(b, "[")) && ends_operand(a));
}

/* --- reading -----------------------------------------------------------------------------------
 */

static bool add_piece(struct formatter *f, const struct pst_cedar_lex *lex, size_t from)
{
    if (f->n == f->cap) {
        uint32_t cap = f->cap != 0 ? f->cap * 2 : 256;
        void *more = cap < UINT32_MAX / 256 ? realloc(f->pieces, cap * sizeof f->pieces[0]) : NULL;
        if (more == NULL) {
            return false;
        }
        f->pieces = (struct piece *)more;
        f->cap = cap;
    }
    struct piece *p = &f->pieces[f->n];
    *p = (struct piece){.tok = lex->tok, .match = f->n};
    p->gap = pst_str_cut(lex->cur.in, from, lex->tok.at - from);
    p->commented = pst_str_find_byte(p->gap, '/') != PST_NPOS;
    if (f->n > 0) {
        const struct piece *before = p - 1;
        p->unary = is(p, "!") || (is(p, "-") && !ends_operand(before));
        p->condition = is(p, "{") && (is(before, "when") || is(before, "unless")) && f->n > 1 &&
                       (closes(before - 1));
        p->space = space_between(before, p);
        p->width = before->width + p->space;
    }
    p->width += (uint32_t)p->tok.text.n;
    f->n++;
    return true;
}

static bool read_pieces(struct formatter *f, struct pst_str text, struct pst_err *err)
{
    struct pst_cedar_lex lex;
    size_t from = 0;
    enum pst_status st = pst_cedar_lex_init(&lex, text, err);
    while (st == PST_OK) {
        if (!add_piece(f, &lex, from)) {
            (void)pst_fail(err, PST_E_NO_MEMORY, "no memory to format the policies");
            return false;
        }
        if (lex.tok.kind == PST_CEDAR_T_END) {
            return true;
        }
        from = lex.tok.at + lex.tok.text.n;
        st = pst_cedar_lex_next(&lex, err);
    }
    return false;
}

/* Brackets match, because the text has been parsed. */
static bool match_brackets(struct formatter *f)
{
    f->open = (uint32_t *)calloc((size_t)f->n + 1, sizeof f->open[0]);
    f->broken = (bool *)calloc((size_t)f->n + 1, sizeof f->broken[0]);
    if (f->open == NULL || f->broken == NULL) {
        return false;
    }
    uint32_t depth = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        if (opens(&f->pieces[i])) {
            f->open[depth++] = i;
        } else if (closes(&f->pieces[i]) && depth > 0) {
            struct piece *open = &f->pieces[f->open[--depth]];
            open->match = i;
            f->pieces[i].condition = open->condition;
        }
    }
    /* The spaces inside a condition's braces were not known when its closing brace was read. */
    for (uint32_t i = 1; i < f->n; i++) {
        struct piece *p = &f->pieces[i];
        p->space = space_between(p - 1, p);
        p->width = (p - 1)->width + p->space + (uint32_t)p->tok.text.n;
    }
    return true;
}

/* --- writing -----------------------------------------------------------------------------------
 */

static void put(struct formatter *f, struct pst_str s)
{
    f->failed = f->failed || !pst_buf_add(f->out, s);
    f->column += (uint32_t)s.n;
}

static void newline(struct formatter *f)
{
    put(f, PST_STR("\n"));
    f->column = 0;
    for (uint32_t i = 0; i < f->indent * INDENT; i++) {
        put(f, PST_STR(" "));
    }
}

static bool blank_line(struct pst_str gap)
{
    size_t first = pst_str_find_byte(gap, '\n');
    return first != PST_NPOS && pst_str_find_byte(pst_str_from(gap, first + 1), '\n') != PST_NPOS;
}

/* The comments of a gap, each ending its line. A comment that stood on the line of the token before
 * stays there. Leaves the line of the last comment open. */
static void comments(struct formatter *f, struct pst_str gap, bool first_in_file)
{
    bool first = true;
    while (true) {
        size_t at = pst_str_find(gap, PST_STR("//"));
        if (at == PST_NPOS) {
            break;
        }
        struct pst_str before = pst_str_cut(gap, 0, at);
        gap = pst_str_from(gap, at);
        size_t end = 0;
        while (end < gap.n && gap.p[end] != '\n' && gap.p[end] != '\r') {
            end++;
        }
        bool same_line = pst_str_find_byte(before, '\n') == PST_NPOS;
        if (first && same_line && !first_in_file) {
            put(f, PST_STR(" "));
        } else if (!first || !first_in_file) {
            if (f->depth == 0 && blank_line(before)) {
                put(f, PST_STR("\n"));
            }
            newline(f);
        }
        put(f, pst_str_trim(pst_str_cut(gap, 0, end)));
        gap = pst_str_from(gap, end);
        first = false;
    }
    if (f->depth == 0 && blank_line(gap)) {
        put(f, PST_STR("\n"));
    }
}

/* Whether the policy's structure wants a new line before this token, outside of all brackets. */
static bool starts_line(const struct formatter *f, uint32_t i)
{
    const struct piece *p = &f->pieces[i];
    const struct piece *before = &f->pieces[i - 1];
    if (f->depth != 0) {
        return false;
    }
    bool after_note = is(before, ")") || before->tok.kind == PST_CEDAR_T_IDENT;
    return is(before, ";") || is(p, "@") ||
           (after_note && p->tok.kind == PST_CEDAR_T_IDENT &&
            !(i > 1 && is(&f->pieces[i - 2], "@") && is(before, "@"))) ||
           (is(before, "}") && p->tok.kind == PST_CEDAR_T_IDENT);
}

static bool breaks_before(const struct formatter *f, uint32_t i)
{
    if (f->depth == 0 || !f->broken[f->depth - 1]) {
        return false;
    }
    const struct piece *before = &f->pieces[i - 1];
    return i - 1 == f->open[f->depth - 1] || is(before, ",") || is(before, "&&") ||
           is(before, "||");
}

static void enter(struct formatter *f, uint32_t i)
{
    const struct piece *p = &f->pieces[i];
    bool comment = false;
    for (uint32_t k = i + 1; k <= p->match && !comment; k++) {
        comment = f->pieces[k].commented;
    }
    uint32_t width = f->pieces[p->match].width - p->width;
    f->open[f->depth] = i;
    f->broken[f->depth] = comment || (p->match > i + 1 && f->column + width + 2 > WIDTH);
    f->indent += f->broken[f->depth];
    f->depth++;
}

static void leave(struct formatter *f)
{
    f->depth--;
    f->indent -= f->broken[f->depth];
}

static void piece(struct formatter *f, uint32_t i)
{
    const struct piece *p = &f->pieces[i];
    bool last = p->tok.kind == PST_CEDAR_T_END;
    bool was_broken = false;
    if (closes(p) && f->depth > 0) {
        was_broken = f->broken[f->depth - 1];
        if (p->commented) {
            comments(f, p->gap, false);
        }
        leave(f);
    } else if (p->commented) {
        bool new_policy = i > 0 && f->depth == 0 && is(&f->pieces[i - 1], ";");
        bool own_line = pst_str_find_byte(
                            pst_str_cut(p->gap, 0, pst_str_find(p->gap, PST_STR("//"))), '\n') !=
                        PST_NPOS;
        if (new_policy && own_line &&
            !blank_line(pst_str_cut(p->gap, 0, pst_str_find(p->gap, PST_STR("//"))))) {
            put(f, PST_STR("\n"));
        }
        comments(f, p->gap, i == 0);
    }
    if (last) {
        return;
    }
    if (p->commented || was_broken) {
        newline(f);
    } else if (i > 0 && starts_line(f, i)) {
        if (is(&f->pieces[i - 1], ";")) {
            put(f, PST_STR("\n"));
        }
        newline(f);
    } else if (i > 0 && breaks_before(f, i)) {
        newline(f);
    } else if (p->space) {
        put(f, PST_STR(" "));
    }
    put(f, p->tok.text);
    if (opens(p)) {
        enter(f, i);
    }
}

enum pst_status pst_cedar_format(struct pst_str text, struct pst_buf *out, struct pst_err *err)
{
    struct pst_cedar *c = pst_cedar_new(NULL);
    struct formatter f = {.out = out};
    size_t start = out->n;
    if (c == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory to format the policies");
    }
    enum pst_status st = pst_cedar_add_policies(c, PST_STR(""), text, err);
    pst_cedar_free(c);
    if (st == PST_OK && (!read_pieces(&f, text, err) || !match_brackets(&f))) {
        st = PST_ERR;
    }
    for (uint32_t i = 0; i < f.n && st == PST_OK; i++) {
        piece(&f, i);
    }
    if (st == PST_OK && out->n > start) {
        while (out->n > start && out->p[out->n - 1] == '\n') {
            pst_buf_truncate(out, out->n - 1);
        }
        put(&f, PST_STR("\n"));
    }
    free(f.pieces);
    free(f.open);
    free(f.broken);
    if (st == PST_OK && f.failed) {
        st = pst_fail(err, PST_E_NO_MEMORY, "the formatted text is larger than the limit");
    }
    return st;
}
