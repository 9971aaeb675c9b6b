#include "cedar/lex.h"

#include "base/enc.h"

#include <stdio.h>

static bool ident_start(int ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

static bool digit(int ch)
{
    return ch >= '0' && ch <= '9';
}

/* Moves over n bytes of one line, counting code points as columns. */
static void advance(struct pst_cedar_lex *lex, size_t n)
{
    struct pst_str s = pst_str_cut(lex->cur.in, lex->cur.at, n);
    for (size_t i = 0; i < s.n; i++) {
        lex->column += (s.p[i] & 0xC0) != 0x80;
    }
    pst_cur_skip(&lex->cur, n);
}

/* Length of the white space character at the cursor, 0 when it is none. The set is Unicode's
 * White_Space, which the grammar's \s means. */
static size_t space_length(const struct pst_cedar_lex *lex)
{
    int ch = pst_cur_peek(&lex->cur, 0);
    if (ch == ' ' || (ch >= '\t' && ch <= '\r')) {
        return 1;
    }
    if (ch < 0x80) {
        return 0;
    }
    uint32_t cp = 0;
    size_t n = pst_utf8_get(pst_cur_rest(&lex->cur), &cp);
    bool space = cp == 0x85 || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
                 cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
    return space ? n : 0;
}

static void skip_blank(struct pst_cedar_lex *lex)
{
    for (;;) {
        int ch = pst_cur_peek(&lex->cur, 0);
        if (ch == '\n') {
            pst_cur_skip(&lex->cur, 1);
            lex->line++;
            lex->column = 1;
        } else if (ch == '/' && pst_cur_peek(&lex->cur, 1) == '/') {
            while (ch != '\n' && ch != '\r' && ch >= 0) {
                advance(lex, 1);
                ch = pst_cur_peek(&lex->cur, 0);
            }
        } else {
            size_t n = space_length(lex);
            if (n == 0) {
                return;
            }
            advance(lex, n);
        }
    }
}

static size_t word_length(const struct pst_cedar_lex *lex, size_t from)
{
    size_t n = from;
    while (ident_start(pst_cur_peek(&lex->cur, n)) || digit(pst_cur_peek(&lex->cur, n))) {
        n++;
    }
    return n;
}

static size_t punct_length(int ch, int next)
{
    switch (ch) {
    case '@':
    case '.':
    case ',':
    case ';':
    case '(':
    case ')':
    case '{':
    case '}':
    case '[':
    case ']':
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '?':
        return 1;
    case ':':
        return next == ':' ? 2 : 1;
    case '=':
    case '!':
    case '<':
    case '>':
        return next == '=' ? 2 : 1;
    case '|':
    case '&':
        return next == ch ? 2 : 0;
    default:
        return 0;
    }
}

/* Takes a string with its quotes. Line breaks are allowed in it, as in Cedar. */
static enum pst_status take_string(struct pst_cedar_lex *lex, struct pst_err *err)
{
    size_t start = lex->cur.at;
    advance(lex, 1);
    for (;;) {
        int ch = pst_cur_peek(&lex->cur, 0);
        if (ch == '\\' && pst_cur_peek(&lex->cur, 1) >= 0 && pst_cur_peek(&lex->cur, 1) != '\n') {
            advance(lex, 2);
        } else if (ch < 0 || ch == '\\') {
            return pst_fail_at(err, PST_E_CEDAR_SYNTAX, lex->tok.line, lex->tok.column,
                               "this string has no end");
        } else if (ch == '\n') {
            pst_cur_skip(&lex->cur, 1);
            lex->line++;
            lex->column = 1;
        } else {
            advance(lex, 1);
            if (ch == '"') {
                break;
            }
        }
    }
    lex->tok.text = pst_str_cut(lex->cur.in, start, lex->cur.at - start);
    lex->tok.kind = PST_CEDAR_T_STRING;
    return PST_OK;
}

enum pst_status pst_cedar_lex_next(struct pst_cedar_lex *lex, struct pst_err *err)
{
    lex->prev = lex->tok;
    skip_blank(lex);
    struct pst_cedar_tok *t = &lex->tok;
    *t = (struct pst_cedar_tok){.kind = PST_CEDAR_T_END,
                                .text = pst_str_cut(lex->cur.in, lex->cur.at, 0),
                                .at = (uint32_t)lex->cur.at,
                                .line = lex->line,
                                .column = lex->column};
    int ch = pst_cur_peek(&lex->cur, 0);
    int next = pst_cur_peek(&lex->cur, 1);
    size_t n = 0;
    if (ch < 0) {
        return PST_OK;
    }
    if (ch == '"') {
        return take_string(lex, err);
    }
    if (ident_start(ch)) {
        t->kind = PST_CEDAR_T_IDENT;
        n = word_length(lex, 0);
    } else if (digit(ch)) {
        t->kind = PST_CEDAR_T_NUMBER;
        while (digit(pst_cur_peek(&lex->cur, n))) {
            n++;
        }
    } else if (ch == '?' && ident_start(next)) {
        t->kind = PST_CEDAR_T_SLOT;
        n = word_length(lex, 1);
    } else {
        t->kind = PST_CEDAR_T_PUNCT;
        n = punct_length(ch, next);
    }
    if (n == 0) {
        return pst_fail_at(err, PST_E_CEDAR_SYNTAX, lex->line, lex->column,
                           ch > 0x20 && ch < 0x7F ? "unexpected character `%c`"
                                                  : "unexpected character (byte %02x)",
                           (unsigned)ch);
    }
    t->text = pst_str_cut(lex->cur.in, lex->cur.at, n);
    advance(lex, n);
    return PST_OK;
}

enum pst_status pst_cedar_lex_init(struct pst_cedar_lex *lex, struct pst_str text,
                                   struct pst_err *err)
{
    *lex = (struct pst_cedar_lex){.cur = pst_cur_of(text), .line = 1, .column = 1};
    if (text.n > UINT32_MAX / 4) {
        return pst_fail(err, PST_E_CEDAR_LIMIT, "the source is larger than 1 GiB");
    }
    if (!pst_utf8_valid(text)) {
        return pst_fail(err, PST_E_CEDAR_SYNTAX, "the source is not valid UTF-8");
    }
    return pst_cedar_lex_next(lex, err);
}

bool pst_cedar_tok_is(const struct pst_cedar_tok *t, const char *text)
{
    /* Most tokens are told apart by their first byte; the parser asks this all the time. */
    return (t->kind == PST_CEDAR_T_PUNCT || t->kind == PST_CEDAR_T_IDENT) &&
           t->text.p[0] == (uint8_t)text[0] && pst_str_eq(t->text, pst_str_c(text));
}

struct pst_cedar_tok_words pst_cedar_tok_words(const struct pst_cedar_tok *t)
{
    struct pst_cedar_tok_words w = {{0}};
    if (t->kind == PST_CEDAR_T_END) {
        (void)snprintf(w.c, sizeof w.c, "end of input");
        return w;
    }
    /* Cut before a code point that would be split, and never print control characters. */
    struct pst_str s = pst_str_cut(t->text, 0, 32);
    while (s.n > 0 && s.n < t->text.n && (t->text.p[s.n] & 0xC0) == 0x80) {
        s.n--;
    }
    char clean[33] = {0};
    for (size_t i = 0; i < s.n; i++) {
        clean[i] = s.p[i] < 0x20 || s.p[i] == 0x7F ? '?' : (char)s.p[i];
    }
    (void)snprintf(w.c, sizeof w.c, "`%s%s`", clean, s.n < t->text.n ? "…" : "");
    return w;
}

bool pst_cedar_ident_reserved(struct pst_str ident)
{
    static const char *const words[] = {"in",   "is",  "if",   "then",  "else",
                                        "like", "has", "true", "false", "__cedar"};
    for (size_t i = 0; i < PST_LEN(words); i++) {
        if (ident.n != 0 && ident.p[0] == (uint8_t)words[i][0] &&
            pst_str_eq(ident, pst_str_c(words[i]))) {
            return true;
        }
    }
    return false;
}

bool pst_cedar_ident_valid(struct pst_str ident)
{
    if (ident.n == 0 || !ident_start(ident.p[0])) {
        return false;
    }
    for (size_t i = 1; i < ident.n; i++) {
        if (!ident_start(ident.p[i]) && !digit(ident.p[i])) {
            return false;
        }
    }
    return true;
}
