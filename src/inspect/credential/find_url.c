/* Passwords in URLs (RFC 3986 §3.2.1) and signatures of Azure shared access. */
#include "inspect/credential/find.h"
#include "inspect/credential/value.h"

enum { USER_MAX = 256 };

/* scheme://user:password@host. The last '@' before the path divides: passwords hold '@' unescaped
 * often enough. */
bool pst_finder_url_password(struct pst_str text, size_t at, size_t len,
                             struct pst_credential_hit *ret)
{
    size_t from = at + len, i = from, colon = 0, sign = 0;
    if (at == 0 || !pst_is_alnum(text.p[at - 1])) {
        return false;
    }
    for (; i < text.n && i - from < USER_MAX; i++) {
        uint8_t c = text.p[i];
        if (pst_is_space(c) || c == '"' || c == '\'' || c == '`' || c == '<' || c == '>' ||
            c == '\\' || c == ',' || (c == '/' && sign == 0 && colon == 0) || c == ')') {
            break;
        }
        if (c == '/' &&
            (sign != 0 || pst_str_find_byte(pst_str_cut(text, i, 64), '@') == PST_NPOS)) {
            break;
        }
        if (c == ':' && colon == 0) {
            colon = i;
        }
        if (c == '@') {
            sign = i;
        }
        if (c == '?' && sign != 0) {
            break;
        }
    }
    if (colon == 0 || sign <= colon + 1 || sign - colon - 1 > 200) {
        return false;
    }
    uint8_t host = pst_at(text, sign + 1);
    if (!pst_is_alnum(host) && host != '[' && host != '$' && host != '{' && host != '<' &&
        host != '_' && host != '%' && host < 0x80) {
        return false;
    }
    struct pst_str user = pst_str_cut(text, from, colon - from);
    struct pst_str value = pst_str_cut(text, colon + 1, sign - colon - 1);
    bool example = pst_str_eq_nocase(value, PST_STR("pass")) ||
                   pst_str_eq_nocase(value, PST_STR("pw")) ||
                   pst_str_eq_nocase(value, PST_STR("p")) || pst_str_eq_nocase(user, value) ||
                   value.n < 3;
    if (example || pst_str_find(value, PST_STR("//")) != PST_NPOS ||
        (user.n == 0 && pst_str_find_byte(value, ':') != PST_NPOS)) {
        return false;
    }
    return pst_finder_password(text, colon + 1, sign, 5, ret);
}

/* A shared access signature: sig= with sv= or se= and sp= or sr= around it in one query. */
bool pst_finder_azure_sas(struct pst_str text, size_t at, size_t len,
                          struct pst_credential_hit *ret)
{
    uint8_t before = at > 0 ? text.p[at - 1] : '&';
    size_t start = at + len, end = start, from = at;
    if (before != '&' && before != '?' && before != ';' && before != '"' && before != ' ') {
        return false;
    }
    while (end < text.n && end - start < 128 &&
           (pst_is_alnum(text.p[end]) || text.p[end] == '%' || text.p[end] == '+' ||
            text.p[end] == '/')) {
        end++;
    }
    while (pst_at(text, end) == '=') {
        end++;
    }
    while (from > 0 && at - from < PST_CREDENTIAL_REACH && !pst_is_space(text.p[from - 1]) &&
           text.p[from - 1] != '"') {
        from--;
    }
    size_t to = end;
    while (to < text.n && to - end < 256 && !pst_is_space(text.p[to]) && text.p[to] != '"') {
        to++;
    }
    struct pst_str around = pst_str_cut(text, from, to - from);
    bool version = pst_holds_nocase(around, "sv=20") || pst_holds_nocase(around, "se=20") ||
                   pst_holds_nocase(around, "se=1") || pst_holds_nocase(around, "api-version=");
    struct pst_str value = pst_str_cut(text, start, end - start);
    if (!version || value.n < 32 || pst_value_entropy(value) < 380 ||
        pst_value_placeholder(value)) {
        return false;
    }
    *ret = (struct pst_credential_hit){start, end, 40,
                                       PST_WHY_FORM | PST_WHY_PAIR | PST_WHY_ENTROPY};
    return true;
}
