/* Passwords in URLs (RFC 3986 §3.2.1) and signatures of Azure shared access. */
#include "inspect/credential/find.h"
#include "inspect/credential/value.h"

enum { USER_MAX = 256 };

/* host:8080/ */
static bool port_before(struct pst_str text, size_t colon, size_t slash)
{
    size_t i = colon + 1;
    while (i < slash && pst_is_digit(text.p[i])) {
        i++;
    }
    return i == slash && slash - colon <= 6;
}

struct userinfo {
    size_t colon, sign; /* 0: none */
};

static bool ends_url(uint8_t c)
{
    return pst_is_space(c) || (c != 0 && strchr("\"'`<>\\,)", c) != NULL);
}

/* The first ':' and the last '@' before the path: passwords hold '@' unescaped often enough, and
 * '/' where an '@' still follows. */
static struct userinfo read_userinfo(struct pst_str text, size_t from)
{
    struct userinfo ret = {0, 0};
    for (size_t i = from; i < text.n && i - from < USER_MAX && !ends_url(text.p[i]); i++) {
        uint8_t c = text.p[i];
        bool path = c == '/' &&
                    (ret.colon == 0 || ret.sign != 0 || port_before(text, ret.colon, i) ||
                     pst_str_find_byte(pst_str_cut(text, i, 64), '@') == PST_NPOS);
        if (path || (c == '?' && ret.sign != 0)) {
            break;
        }
        ret.colon = c == ':' && ret.colon == 0 ? i : ret.colon;
        ret.sign = c == '@' ? i : ret.sign;
    }
    return ret;
}

/* As documents show the form: user:pass@host, p@host, bob:bob@host. */
static bool shows_form(struct pst_str user, struct pst_str value)
{
    static const char *const SHOWN[] = {"p", "pass", "pw", "pwd"};
    return value.n < 3 || pst_word_in(value, SHOWN, PST_LEN(SHOWN)) ||
           pst_str_eq_nocase(user, value) || pst_str_find(value, PST_STR("//")) != PST_NPOS ||
           (user.n == 0 && pst_str_find_byte(value, ':') != PST_NPOS);
}

/* scheme://user:password@host */
bool pst_finder_url_password(struct pst_str text, size_t at, size_t len,
                             struct pst_credential_hit *ret)
{
    size_t from = at + len;
    if (at == 0 || !pst_is_alnum(text.p[at - 1])) {
        return false;
    }
    struct userinfo u = read_userinfo(text, from);
    if (u.colon == 0 || u.sign <= u.colon + 1 || u.sign - u.colon - 1 > 200) {
        return false;
    }
    uint8_t host = pst_at(text, u.sign + 1);
    if (!pst_is_alnum(host) && host < 0x80 && (host == 0 || strchr("[${<_%", host) == NULL)) {
        return false;
    }
    struct pst_str user = pst_str_cut(text, from, u.colon - from);
    struct pst_str value = pst_str_cut(text, u.colon + 1, u.sign - u.colon - 1);
    return !shows_form(user, value) && pst_finder_password(text, u.colon + 1, u.sign, 5, ret);
}

/* What shares a query with a signature: its version or its expiry. */
static bool beside_signature(struct pst_str text, size_t start, size_t end)
{
    size_t from = start, to = end;
    while (from > 0 && start - from < PST_CREDENTIAL_REACH && !ends_url(text.p[from - 1])) {
        from--;
    }
    while (to < text.n && to - end < 256 && !ends_url(text.p[to])) {
        to++;
    }
    struct pst_str around = pst_str_cut(text, from, to - from);
    return pst_holds_nocase(around, "sv=20") || pst_holds_nocase(around, "se=20") ||
           pst_holds_nocase(around, "se=1") || pst_holds_nocase(around, "api-version=");
}

/* A shared access signature: sig= with sv= or se= around it in one query. */
bool pst_finder_azure_sas(struct pst_str text, size_t at, size_t len,
                          struct pst_credential_hit *ret)
{
    uint8_t before = at > 0 ? text.p[at - 1] : '&';
    size_t start = at + len, end = start;
    if (strchr("&?;\" ", before) == NULL) {
        return false;
    }
    while (
        end < text.n && end - start < 128 &&
        (pst_is_alnum(text.p[end]) || (text.p[end] != 0 && strchr("%+/", text.p[end]) != NULL))) {
        end++;
    }
    while (pst_at(text, end) == '=') {
        end++;
    }
    struct pst_str value = pst_str_cut(text, start, end - start);
    if (value.n < 32 || pst_value_entropy(value) < 380 || pst_value_placeholder(value) ||
        !beside_signature(text, at, end)) {
        return false;
    }
    *ret = (struct pst_credential_hit){start, end, 40,
                                       PST_WHY_FORM | PST_WHY_PAIR | PST_WHY_ENTROPY};
    return true;
}
