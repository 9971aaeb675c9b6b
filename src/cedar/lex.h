/* Tokens of policies and schemas. White space and comments separate tokens; a comment runs from //
 * to the end of the line. The text must be valid UTF-8; it is not copied. */
#ifndef PST_CEDAR_LEX_H
#define PST_CEDAR_LEX_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum pst_cedar_tok_kind {
    PST_CEDAR_T_END,
    PST_CEDAR_T_IDENT,  /* keywords too: see pst_cedar_tok_is */
    PST_CEDAR_T_SLOT,   /* ?name */
    PST_CEDAR_T_NUMBER, /* digits */
    PST_CEDAR_T_STRING, /* with its quotes and escapes: see pst_cedar_unescape */
    PST_CEDAR_T_PUNCT,  /* one of @ . , ; : :: ( ) { } [ ] == != < <= >= > || && + - * / % ! = ? */
};

struct pst_cedar_tok {
    enum pst_cedar_tok_kind kind;
    struct pst_str text;
    uint32_t at;           /* byte offset */
    uint32_t line, column; /* 1-based; columns count code points */
};

struct pst_cedar_lex {
    struct pst_cur cur;
    uint32_t line, column;
    struct pst_cedar_tok tok;  /* the token to be looked at next */
    struct pst_cedar_tok prev; /* the one before it */
};

/* Checks UTF-8 and reads the first token into lex->tok. */
PST_NODISCARD enum pst_status pst_cedar_lex_init(struct pst_cedar_lex *lex, struct pst_str text,
                                                 struct pst_err *err);
/* Moves on by one token; at the end it stays at the end. */
PST_NODISCARD enum pst_status pst_cedar_lex_next(struct pst_cedar_lex *lex, struct pst_err *err);

/* The current token is this punctuation, or this identifier. */
bool pst_cedar_tok_is(const struct pst_cedar_tok *t, const char *text);
/* "end of input", or the token in quotes, cut to a readable length; for messages. */
struct pst_cedar_tok_words {
    char c[48];
};
struct pst_cedar_tok_words pst_cedar_tok_words(const struct pst_cedar_tok *t);

/* `in is if then else like has true false __cedar`: not usable as a name. */
bool pst_cedar_ident_reserved(struct pst_str ident);
bool pst_cedar_ident_valid(struct pst_str ident);

/* Appends the bytes that a STRING token stands for: \n \r \t \\ \0 \' \" \xHH (below 80) \u{1-6
 * hex}. With `stars`, for patterns: \* is a star to be matched, and a bare * calls star(ctx)
 * instead of being appended. The error has the position of the escape. */
PST_NODISCARD enum pst_status pst_cedar_unescape(const struct pst_cedar_tok *t, struct pst_buf *out,
                                                 bool (*star)(void *ctx), void *ctx,
                                                 struct pst_err *err);
/* Appends s with quotes and the escapes that Cedar prints. */
bool pst_cedar_quote(struct pst_buf *out, struct pst_str s);

#endif
