/* Where a value begins and ends. */
#include "inspect/credential/assign_value.h"
#include "inspect/credential/credential.h"
#include "inspect/credential/value.h"

enum { SIGNS_IN_VALUE_MAX = 2 };

struct quote {
    const char *open, *close;
};
/* The longer first. */
static const struct quote QUOTES[] = {
    {"\\\\\\\"", "\\\\\\\""},
    {"\\\"", "\\\""},
    {"\\'", "\\'"},
    {"\"\"\"", "\"\"\""},
    {"'''", "'''"},
    {"\"", "\""},
    {"'", "'"},
    {"**", "**"},
    {"`", "`"},
    {"\xe2\x80\x9c", "\xe2\x80\x9d"},
    {"\xe2\x80\x9e", "\xe2\x80\x9c"},
    {"\xe2\x80\x98", "\xe2\x80\x99"},
    {"\xc2\xab", "\xc2\xbb"},
    {"\xe3\x80\x8c", "\xe3\x80\x8d"},
    {"\xe3\x80\x8e", "\xe3\x80\x8f"},
    {"&quot;", "&quot;"},
    {"<![cdata[", "]]>"},
    {"<code>", "</code>"},
    {"<b>", "</b>"},
    {"<td>", "</td>"},
    {"</td><td>", "</td>"},
    {"</b> <code>", "</code>"},
};
/* Calls that give their argument on. */
static const char *const WRAPPERS[] = {
    "convertto-securestring -string ",
    "convertto-securestring ",
    "secretstr(",
    "secret(",
    "securestring(",
    "string::from(",
    "some(",
    "string.valueof(",
    "buffer.from(",
    "bytes(",
    "str(",
    "string(",
    "new string(",
    "lit(",
    "sensitive(",
    "to_string(",
    "encode(",
    "base64encode(",
    "process.env.x || ",
    "!!str ",
    "-string ",
    "quote(",
    "text(",
    "@secure(",
};

static size_t skip_wrappers(struct pst_str text, size_t i)
{
    for (size_t n = 0; n < 2; n++) {
        for (size_t k = 0; k < PST_LEN(WRAPPERS); k++) {
            if (pst_has_nocase(text, i, WRAPPERS[k])) {
                i += strlen(WRAPPERS[k]);
                break;
            }
        }
    }
    /* b"", r'', u"", L"", @"", $"", N'' */
    for (size_t n = 1; n <= 2; n++) {
        uint8_t quote = pst_at(text, i + n), c = pst_at(text, i);
        bool prefix = pst_is_alpha(c) || c == '@' || c == '$';
        if ((quote == '"' || quote == '\'') && prefix &&
            (n == 1 || pst_is_alpha(pst_at(text, i + 1)))) {
            return i + n;
        }
    }
    return i;
}

/* From behind the opening quote to the closing one, or to the end of the text. */
static size_t quoted_end(struct pst_str text, size_t i, const char *close)
{
    size_t most = i + PST_SECRET_MAX;
    bool escapes = close[0] == '"' || close[0] == '\'';
    bool many = strlen(close) == 3 && close[0] != 0 && close[0] == close[1];
    while (i < text.n && i < most) {
        uint8_t c = text.p[i];
        if (pst_has_nocase(text, i, close)) {
            return i;
        }
        if (c == '\n' && !many) {
            return PST_NPOS; /* "NAME="+value: the quote closed what began before the name */
        }
        i += escapes && c == '\\' && i + 1 < text.n ? 2 : 1;
    }
    return i < text.n ? PST_NPOS : text.n;
}

/* name= or name: follows: the next pair of a list begins here. */
static bool pair_follows(struct pst_str text, size_t i)
{
    size_t k = i;
    while (k < i + 32 && (pst_is_ident(pst_at(text, k)) || pst_at(text, k) == ' ')) {
        k++;
    }
    return k > i && (pst_at(text, k) == '=' || pst_at(text, k) == ':');
}

/* Whether the byte at `i` ends an unquoted value that began at `from`. */
static bool ends_value(struct pst_str text, size_t from, size_t i, const struct pst_assign *a)
{
    uint8_t c = text.p[i], next = pst_at(text, i + 1);
    bool at_end = i + 1 >= text.n || pst_is_space(next);
    switch (c) {
    case '"':
    case '\'':
    case '`':
    case '<':
    case '>':
        return true;
    case ';':
        return a->how == PST_ASSIGN_PART || at_end || pair_follows(text, i + 1) || next == '"' ||
               next == '\'';
    case ',':
        return at_end || next == '"' || next == '\'' || next == '}' || pair_follows(text, i + 1);
    case '&':
        return a->how == PST_ASSIGN_QUERY || at_end || pair_follows(text, i + 1);
    case '#':
        return a->how == PST_ASSIGN_QUERY;
    case '|':
        return a->how == PST_ASSIGN_CELL || at_end;
    case '\\':
        return next == 'n' || next == 'r' || next == 't' || next == '"' || next == '\\' || at_end;
    case ')':
    case ']':
    case '}': {
        uint8_t open = c == ')' ? '(' : (c == ']' ? '[' : '{');
        for (size_t k = from; k < i; k++) {
            if (text.p[k] == open) {
                return false;
            }
        }
        return true;
    }
    default:
        return pst_is_space(c);
    }
}

static size_t unquoted_end(struct pst_str text, size_t from, const struct pst_assign *a)
{
    size_t i = from, most = from + PST_SECRET_MAX, signs = 0;
    /* in prose of scripts without spaces, what is not ASCII is the sentence going on */
    bool ascii = a->how == PST_ASSIGN_PROSE || (a->name_end > 0 && text.p[a->name_end - 1] >= 0x80);
    while (i < text.n && i < most && !ends_value(text, from, i, a)) {
        uint8_t c = text.p[i];
        bool wide = (c == 0xe3 && pst_at(text, i + 1) == 0x80) ||
                    (c == 0xef && pst_at(text, i + 1) == 0xbc);
        if (wide || (ascii && c >= 0x80)) {
            break;
        }
        /* a chain of names: nothing is given here, and reading on would be paid for at every one */
        signs += c == '=' && pst_is_alnum(pst_at(text, i + 1));
        if (signs > SIGNS_IN_VALUE_MAX) {
            return PST_NPOS;
        }
        i++;
    }
    if (i >= most) {
        return PST_NPOS;
    }
    bool spoken = a->how == PST_ASSIGN_PROSE || a->how == PST_ASSIGN_COLON;
    while (i > from && (text.p[i - 1] == ',' || text.p[i - 1] == ';' ||
                        (spoken && (text.p[i - 1] == '.' || text.p[i - 1] == ':')))) {
        i--;
    }
    return i;
}

/* What the rest of the line says about an unquoted value. */
static void judge_rest(struct pst_str text, struct pst_assign *ret)
{
    size_t i = ret->end, most = ret->end + PST_ASSIGN_REACH;
    uint8_t direct = pst_at(text, i);
    while (i < most && pst_is_blank(pst_at(text, i))) {
        i++;
    }
    uint8_t c = pst_at(text, i);
    ret->lone = i >= text.n || c == '\n' || c == '\r' || (i > ret->end && c == '#');
    bool listed = direct == ',' && pst_at(text, ret->end + 1) != 0 && ret->how == PST_ASSIGN_COLON;
    bool operated = ret->how != PST_ASSIGN_CELL && i > ret->end && c != 0 &&
                    strchr("+*?.&|([{", c) != NULL;
    bool ends = direct == ';' && ret->how != PST_ASSIGN_PART;
    ret->code = ret->code || direct == '(' || direct == '[' || direct == ')' || listed ||
                (!ret->shouted && (ends || operated));
}

/* Password=v; between other pairs of a connection string. */
static bool in_connection_string(struct pst_str text, const struct pst_assign *a)
{
    size_t i = a->name_start, least = i > 4 ? i - 4 : 0;
    while (i > least && (text.p[i - 1] == ' ')) {
        i--;
    }
    return i > 0 && text.p[i - 1] == ';' && a->how == PST_ASSIGN_SIGN && !a->code;
}

bool pst_assign_value(struct pst_str text, size_t i, struct pst_assign *ret)
{
    size_t most = i + PST_ASSIGN_REACH;
    while (i < most && pst_is_blank(pst_at(text, i))) {
        i++;
    }
    i = skip_wrappers(text, i);
    for (size_t k = 0; k < PST_LEN(QUOTES); k++) {
        if (pst_at(text, i) == (uint8_t)QUOTES[k].open[0] &&
            pst_has_nocase(text, i, QUOTES[k].open)) {
            ret->start = i + strlen(QUOTES[k].open);
            ret->end = quoted_end(text, ret->start, QUOTES[k].close);
            ret->quoted = true;
            return ret->end != PST_NPOS && ret->end > ret->start;
        }
    }
    if (ret->how == PST_ASSIGN_CALL || ret->how == PST_ASSIGN_SQL) {
        return false; /* an argument that is no literal */
    }
    if (in_connection_string(text, ret)) {
        ret->how = PST_ASSIGN_PART;
    }
    ret->start = i;
    ret->end = unquoted_end(text, i, ret);
    if (ret->end == PST_NPOS || ret->end <= ret->start) {
        return false;
    }
    if (ret->how == PST_ASSIGN_XML && !pst_has_nocase(text, ret->end, "</")) {
        return false;
    }
    if (pst_at(text, ret->end) == ';' && pair_follows(text, ret->end + 1) && !ret->code) {
        ret->how = PST_ASSIGN_PART; /* the first of a connection string */
    }
    judge_rest(text, ret);
    return true;
}
