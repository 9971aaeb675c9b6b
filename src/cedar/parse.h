/* Internal to the text parser: parse.c reads policies, parse_expr.c the expressions in them. */
#ifndef PST_CEDAR_PARSE_H
#define PST_CEDAR_PARSE_H

#include "cedar/lex.h"
#include "cedar/store.h"

/* An expression that is not finished: waiting for its right operand or its closing token. */
struct pst_cedar_frame {
    uint8_t kind;
    uint8_t op;     /* operator, function, or number of prefixes */
    uint8_t prec;   /* of a binary operator */
    uint32_t a;     /* left operand, condition, receiver or type symbol */
    uint32_t b;     /* then-branch, or key of the open member */
    uint32_t items; /* where this frame's items begin in parser.items */
    uint32_t line, column;
};

struct pst_cedar_parser {
    struct pst_cedar *c;
    struct pst_cedar_lex lex;
    struct pst_err *err;
    struct pst_buf text; /* scratch for unescaped strings and joined names */
    struct pst_cedar_frame *frames;
    uint32_t n_frames, cap_frames;
    uint32_t *items; /* finished items of all open lists */
    uint32_t n_items, cap_items;
    uint32_t file; /* symbol */
};

/* All return PST_ERR with err set; what they return otherwise goes to *ret. */
enum pst_status pst_cedar_parse_expr(struct pst_cedar_parser *p, uint32_t *ret);
/* Type name, entity reference or string at the current token. `name`: a path of identifiers, none
 * reserved, as one symbol. */
enum pst_status pst_cedar_parse_name(struct pst_cedar_parser *p, uint32_t *ret);
enum pst_status pst_cedar_parse_uid(struct pst_cedar_parser *p, uint32_t *ret);
enum pst_status pst_cedar_parse_string(struct pst_cedar_parser *p, uint32_t *ret_sym);
/* The punctuation or keyword must be next, and is passed. */
enum pst_status pst_cedar_parse_expect(struct pst_cedar_parser *p, const char *token);
/* "expected WANTED, found …" at the current token. */
enum pst_status pst_cedar_parse_unexpected(struct pst_cedar_parser *p, const char *wanted);
/* The current token, and what is wrong with it. */
enum pst_status pst_cedar_parse_fail(struct pst_cedar_parser *p, const char *what);
enum pst_status pst_cedar_parse_full(struct pst_cedar_parser *p);
/* A list under way: push its items, then move those from `from` on into kids[]. */
enum pst_status pst_cedar_parse_push(struct pst_cedar_parser *p, uint32_t item);
enum pst_status pst_cedar_parse_kids(struct pst_cedar_parser *p, uint32_t from, uint32_t *ret_at,
                                     uint32_t *ret_n);
/* The path at the current token into p->text, and the `::` and id that may follow it. */
enum pst_status pst_cedar_parse_path(struct pst_cedar_parser *p, uint32_t *ret_parts);
enum pst_status pst_cedar_parse_uid_rest(struct pst_cedar_parser *p, uint32_t *ret);
/* "policyN", as a symbol. */
uint32_t pst_cedar_policy_name(struct pst_cedar *c, uint32_t number);
static inline enum pst_status pst_cedar_parse_next(struct pst_cedar_parser *p)
{
    return pst_cedar_lex_next(&p->lex, p->err);
}

#endif
