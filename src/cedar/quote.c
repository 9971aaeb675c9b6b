/* String literals: from what is between the quotes to bytes, and back. */
#include "base/enc.h"
#include "cedar/lex.h"

struct unescape {
    struct pst_cur cur;
    uint32_t line, column;
    struct pst_err *err;
};

static enum pst_status bad_escape(const struct unescape *u, const char *what)
{
    return pst_fail_at(u->err, PST_E_CEDAR_SYNTAX, u->line, u->column, "%s", what);
}

static int hex_value(int ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }
    if (ch >= 'a' && ch <= 'f') {
        return ch - 'a' + 10;
    }
    return ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

/* After "\x": two digits, at most 7f. */
static enum pst_status hex_escape(struct unescape *u, uint32_t *ret)
{
    int hi = hex_value(pst_cur_peek(&u->cur, 0));
    int lo = hex_value(pst_cur_peek(&u->cur, 1));
    if (hi < 0 || lo < 0 || hi > 7) {
        return bad_escape(u, "\\x takes two hex digits, at most 7f");
    }
    pst_cur_skip(&u->cur, 2);
    *ret = (uint32_t)(hi * 16 + lo);
    return PST_OK;
}

/* After "\u": {1 to 6 digits}; Rust's rules allow underscores after the first digit. */
static enum pst_status unicode_escape(struct unescape *u, uint32_t *ret)
{
    uint32_t cp = 0;
    int digits = 0;
    bool open = pst_cur_byte(&u->cur, '{');
    for (;;) {
        int ch = pst_cur_peek(&u->cur, 0);
        if (ch == '_' && digits > 0) {
            pst_cur_skip(&u->cur, 1);
            continue;
        }
        int v = hex_value(ch);
        if (v < 0 || digits == 6) {
            break;
        }
        cp = cp * 16 + (uint32_t)v;
        digits++;
        pst_cur_skip(&u->cur, 1);
    }
    if (!open || digits == 0 || !pst_cur_byte(&u->cur, '}')) {
        return bad_escape(u, "\\u takes one to six hex digits in braces");
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF)) {
        return bad_escape(u, "\\u names no character");
    }
    *ret = cp;
    return PST_OK;
}

/* The character an escape stands for, the cursor being after the backslash. */
static enum pst_status escape(struct unescape *u, bool stars, uint32_t *ret)
{
    int ch = pst_cur_peek(&u->cur, 0);
    if (ch < 0) {
        return bad_escape(u, "the string ends in a backslash");
    }
    pst_cur_skip(&u->cur, 1);
    switch (ch) {
    case 'n':
        *ret = '\n';
        return PST_OK;
    case 'r':
        *ret = '\r';
        return PST_OK;
    case 't':
        *ret = '\t';
        return PST_OK;
    case '0':
        *ret = 0;
        return PST_OK;
    case '\\':
    case '\'':
    case '"':
        *ret = (uint32_t)ch;
        return PST_OK;
    case 'x':
        return hex_escape(u, ret);
    case 'u':
        return unicode_escape(u, ret);
    case '*':
        if (stars) {
            *ret = '*';
            return PST_OK;
        }
        return bad_escape(u, "\\* is an escape in patterns only");
    default:
        return bad_escape(u, "unknown escape");
    }
}

enum pst_status pst_cedar_unescape(const struct pst_cedar_tok *t, struct pst_buf *out,
                                   bool (*star)(void *ctx), void *ctx, struct pst_err *err)
{
    PST_BUG_ON(t->kind != PST_CEDAR_T_STRING || t->text.n < 2);
    struct unescape u = {.cur = pst_cur_of(pst_str_cut(t->text, 1, t->text.n - 2)),
                         .line = t->line,
                         .column = t->column + 1,
                         .err = err};
    bool room = true;
    while (!pst_cur_done(&u.cur) && room) {
        size_t before = u.cur.at;
        int ch = pst_cur_peek(&u.cur, 0);
        pst_cur_skip(&u.cur, 1);
        if (ch == '\\') {
            uint32_t cp = 0;
            if (escape(&u, star != NULL, &cp) != PST_OK) {
                return PST_ERR;
            }
            uint8_t utf8[4];
            size_t n = pst_utf8_put(cp, utf8);
            room = pst_buf_add(out, pst_str_of(utf8, n));
        } else if (ch == '*' && star != NULL) {
            room = star(ctx);
        } else {
            room = pst_buf_byte(out, (uint8_t)ch);
        }
        if (ch == '\n') {
            u.line++;
            u.column = 1;
        } else if ((ch & 0xC0) != 0x80) {
            u.column += (uint32_t)(u.cur.at - before);
        }
    }
    return room ? PST_OK
                : pst_fail_at(err, PST_E_CEDAR_LIMIT, t->line, t->column,
                              "this string is larger than the limit");
}

/* Control characters and what does not print are written as Rust's debug escapes are read back. */
bool pst_cedar_quote(struct pst_buf *out, struct pst_str s)
{
    bool ok = pst_buf_byte(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        uint8_t ch = s.p[i];
        if (ch == '"' || ch == '\\') {
            ok = pst_buf_byte(out, '\\') && pst_buf_byte(out, ch);
        } else if (ch == '\n') {
            ok = PST_BUF_LIT(out, "\\n");
        } else if (ch == '\r') {
            ok = PST_BUF_LIT(out, "\\r");
        } else if (ch == '\t') {
            ok = PST_BUF_LIT(out, "\\t");
        } else if (ch == 0) {
            ok = PST_BUF_LIT(out, "\\0");
        } else if (ch < 0x20 || ch == 0x7F) {
            ok = pst_buf_fmt(out, "\\u{%x}", (unsigned)ch);
        } else {
            ok = pst_buf_byte(out, ch);
        }
        if (!ok) {
            return false;
        }
    }
    return pst_buf_byte(out, '"') && ok;
}
