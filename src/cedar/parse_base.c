/* What both parsers of the text need: messages, lists under way, names and strings. */
#include "cedar/parse.h"

#include <stdlib.h>

enum pst_status pst_cedar_parse_full(struct pst_cedar_parser *p)
{
    return pst_fail_at(p->err, PST_E_CEDAR_LIMIT, p->lex.tok.line, p->lex.tok.column,
                       "the policies need more memory than the limit");
}

enum pst_status pst_cedar_parse_unexpected(struct pst_cedar_parser *p, const char *wanted)
{
    struct pst_cedar_tok_words words = pst_cedar_tok_words(&p->lex.tok);
    return pst_fail_at(p->err, PST_E_CEDAR_SYNTAX, p->lex.tok.line, p->lex.tok.column,
                       "expected %s, found %s", wanted, words.c);
}

enum pst_status pst_cedar_parse_expect(struct pst_cedar_parser *p, const char *token)
{
    if (!pst_cedar_tok_is(&p->lex.tok, token)) {
        char wanted[32] = "`";
        size_t n = strlen(token);
        PST_BUG_ON(n > 16);
        memcpy(&wanted[1], token, n);
        wanted[n + 1] = '`';
        return pst_cedar_parse_unexpected(p, wanted);
    }
    return pst_cedar_parse_next(p);
}

enum pst_status pst_cedar_parse_fail(struct pst_cedar_parser *p, const char *what)
{
    struct pst_cedar_tok_words words = pst_cedar_tok_words(&p->lex.tok);
    return pst_fail_at(p->err, PST_E_CEDAR_SYNTAX, p->lex.tok.line, p->lex.tok.column, "%s: %s",
                       words.c, what);
}

enum pst_status pst_cedar_parse_push(struct pst_cedar_parser *p, uint32_t item)
{
    if (p->n_items == p->cap_items) {
        uint32_t cap = p->cap_items != 0 ? p->cap_items * 2 : 64;
        void *more = cap < UINT32_MAX / 8 ? realloc(p->items, cap * sizeof p->items[0]) : NULL;
        if (more == NULL) {
            return pst_cedar_parse_full(p);
        }
        p->items = (uint32_t *)more;
        p->cap_items = cap;
    }
    p->items[p->n_items++] = item;
    return PST_OK;
}

/* Moves the items from `from` on into kids[]. */
enum pst_status pst_cedar_parse_kids(struct pst_cedar_parser *p, uint32_t from, uint32_t *ret_at,
                                     uint32_t *ret_n)
{
    uint32_t n = p->n_items - from;
    uint32_t first = PST_CEDAR_ADD(p->c, kids, n);
    if (first == PST_CEDAR_NO) {
        return pst_cedar_parse_full(p);
    }
    if (n != 0) {
        memcpy(&p->c->kids[first], &p->items[from], n * sizeof p->items[0]);
    }
    p->n_items = from;
    *ret_at = first;
    *ret_n = n;
    return PST_OK;
}

/* --- names and strings -------------------------------------------------------------------------
 */

enum pst_status pst_cedar_parse_string(struct pst_cedar_parser *p, uint32_t *ret_sym)
{
    if (p->lex.tok.kind != PST_CEDAR_T_STRING) {
        return pst_cedar_parse_unexpected(p, "a string");
    }
    pst_buf_clear(&p->text);
    if (pst_cedar_unescape(&p->lex.tok, &p->text, NULL, NULL, p->err) != PST_OK) {
        return PST_ERR;
    }
    *ret_sym = pst_cedar_sym(p->c, pst_buf_str(&p->text));
    return *ret_sym != PST_CEDAR_NO ? pst_cedar_parse_next(p) : pst_cedar_parse_full(p);
}

/* The path of identifiers at the current token into p->text, `::` between them. Stops before a `::`
 * that no identifier follows. */
enum pst_status pst_cedar_parse_path(struct pst_cedar_parser *p, uint32_t *ret_parts)
{
    pst_buf_clear(&p->text);
    *ret_parts = 0;
    for (;;) {
        if (p->lex.tok.kind != PST_CEDAR_T_IDENT) {
            return pst_cedar_parse_unexpected(p, "a name");
        }
        if (pst_cedar_ident_reserved(p->lex.tok.text)) {
            return pst_cedar_parse_fail(p, "this word is reserved and cannot be a name");
        }
        if (!pst_buf_add(&p->text, p->lex.tok.text)) {
            return pst_cedar_parse_full(p);
        }
        ++*ret_parts;
        if (pst_cedar_parse_next(p) != PST_OK) {
            return PST_ERR;
        }
        if (!pst_cedar_tok_is(&p->lex.tok, "::")) {
            return PST_OK;
        }
        struct pst_cedar_lex ahead = p->lex;
        if (pst_cedar_lex_next(&ahead, p->err) != PST_OK) {
            return PST_ERR;
        }
        if (ahead.tok.kind != PST_CEDAR_T_IDENT) {
            return PST_OK;
        }
        p->lex = ahead;
        if (!PST_BUF_LIT(&p->text, "::")) {
            return pst_cedar_parse_full(p);
        }
    }
}

enum pst_status pst_cedar_parse_name(struct pst_cedar_parser *p, uint32_t *ret)
{
    uint32_t parts = 0;
    if (pst_cedar_parse_path(p, &parts) != PST_OK) {
        return PST_ERR;
    }
    if (pst_cedar_tok_is(&p->lex.tok, "::")) {
        return pst_cedar_parse_fail(p, "expected a type name, not an entity");
    }
    *ret = pst_cedar_sym(p->c, pst_buf_str(&p->text));
    return *ret != PST_CEDAR_NO ? PST_OK : pst_cedar_parse_full(p);
}

/* After the path: `::` and the id. */
enum pst_status pst_cedar_parse_uid_rest(struct pst_cedar_parser *p, uint32_t *ret)
{
    uint32_t type = pst_cedar_sym(p->c, pst_buf_str(&p->text));
    if (type == PST_CEDAR_NO) {
        return pst_cedar_parse_full(p);
    }
    uint32_t id = 0;
    if (pst_cedar_parse_expect(p, "::") != PST_OK || pst_cedar_parse_string(p, &id) != PST_OK) {
        return PST_ERR;
    }
    *ret = pst_cedar_uid_add(p->c, type, id);
    return *ret != PST_CEDAR_NO ? PST_OK : pst_cedar_parse_full(p);
}

enum pst_status pst_cedar_parse_uid(struct pst_cedar_parser *p, uint32_t *ret)
{
    uint32_t parts = 0;
    return pst_cedar_parse_path(p, &parts) == PST_OK ? pst_cedar_parse_uid_rest(p, ret) : PST_ERR;
}
