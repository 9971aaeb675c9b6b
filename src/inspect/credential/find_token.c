/* Tokens that carry their own form: JWT, headers, cookies, Azure keys, one-time-password links. */
#include "inspect/credential/find.h"
#include "inspect/credential/plausible.h"
#include "inspect/credential/selfcheck.h"
#include "inspect/credential/value.h"

static bool is_base64url(uint8_t c)
{
    return pst_is_ident(c) || c == '-';
}

static size_t run_of(struct pst_str text, size_t i, size_t most, bool (*of)(uint8_t))
{
    size_t k = i;
    while (k < text.n && k - i < most && of(text.p[k])) {
        k++;
    }
    return k - i;
}

/* RFC 7519, RFC 7516: three or five parts; the first is a JSON header. An unsigned one ends in '.'.
 */
bool pst_finder_jwt(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    (void)len;
    if (at > 0 && (is_base64url(text.p[at - 1]) || text.p[at - 1] == '.')) {
        return false;
    }
    size_t header = run_of(text, at, 1024, is_base64url), i = at + header, parts = 1, signature = 0;
    if (pst_at(text, i) != '.' || !pst_jwt_header(pst_str_cut(text, at, header))) {
        return false;
    }
    while (parts < 5 && pst_at(text, i) == '.') {
        signature = run_of(text, i + 1, PST_SECRET_MAX, is_base64url);
        i += 1 + signature;
        parts++;
    }
    bool unsigned_token = parts == 3 && signature == 0;
    if (parts < 3 || i - at < 40 || (signature < 20 && !unsigned_token) ||
        i - at > PST_SECRET_MAX) {
        return false;
    }
    *ret = (struct pst_credential_hit){at, i, unsigned_token ? 20 : 45,
                                       PST_WHY_PREFIX | PST_WHY_CHECK};
    return true;
}

/* RFC 7617: base64 of user:password. */
bool pst_finder_basic_header(struct pst_str text, size_t at, size_t len,
                             struct pst_credential_hit *ret)
{
    uint8_t out[256];
    if (at > 0 && pst_is_ident(text.p[at - 1])) {
        return false;
    }
    size_t start = at + len;
    while (pst_is_blank(pst_at(text, start))) {
        start++;
    }
    size_t i = start;
    while (i < text.n && i - start < PST_CREDENTIAL_REACH &&
           (pst_is_alnum(text.p[i]) || text.p[i] == '+' || text.p[i] == '/' || text.p[i] == '-' ||
            text.p[i] == '_')) {
        i++;
    }
    size_t n = pst_base64_peek(pst_str_cut(text, start, i - start), out, sizeof(out));
    while (pst_at(text, i) == '=') {
        i++;
    }
    struct pst_str plain = pst_str_of(out, n);
    size_t colon = pst_str_find_byte(plain, ':');
    if (i - start < 8 || colon == PST_NPOS || colon == 0) {
        return false;
    }
    for (size_t k = 0; k < n; k++) {
        if (plain.p[k] < 0x20 || plain.p[k] == 0x7f) {
            return false;
        }
    }
    struct pst_str password = pst_str_from(plain, colon + 1);
    if (password.n > 0 && pst_value_placeholder(password) && !pst_value_common_password(password)) {
        return false; /* username:password, as documents have it */
    }
    *ret = (struct pst_credential_hit){start, i, password.n == 0 ? 10 : 35,
                                       PST_WHY_PREFIX | PST_WHY_CHECK};
    return true;
}

static bool is_token68(uint8_t c)
{
    return pst_is_ident(c) || (c != 0 && strchr("-.~+/=:|", c) != NULL);
}

/* RFC 6750: what follows is opaque, so that only its randomness tells it from prose. */
bool pst_finder_bearer_header(struct pst_str text, size_t at, size_t len,
                              struct pst_credential_hit *ret)
{
    if (at > 0 && pst_is_ident(text.p[at - 1])) {
        return false;
    }
    size_t start = at + len;
    while (pst_is_blank(pst_at(text, start))) {
        start++;
    }
    size_t n = run_of(text, start, PST_SECRET_MAX, is_token68);
    while (n > 0 && (text.p[start + n - 1] == '.' || text.p[start + n - 1] == ':' ||
                     text.p[start + n - 1] == '|')) {
        n--;
    }
    struct pst_str value = pst_str_cut(text, start, n);
    bool random = false;
    if (n < 12 || n >= PST_SECRET_MAX) {
        return false;
    }
    int score = pst_plausible_value(value, /* chosen= */ false, &random);
    if (score < 0 || (!random && n < 20)) {
        return false;
    }
    *ret = (struct pst_credential_hit){start, start + n, (int16_t)(score + 5),
                                       PST_WHY_PREFIX | (random ? PST_WHY_ENTROPY : PST_WHY_FORM)};
    return true;
}

static bool is_cookie_name(uint8_t c)
{
    return pst_is_ident(c) || c == '-' || c == '.';
}

static bool is_quote_or_line(uint8_t c)
{
    return c == '"' || c == '\'' || c == '`' || c == '\n' || c == '\r';
}

/* Cookies whose name speaks of a session or of authentication; the first of them. */
bool pst_finder_cookie(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    static const char *const NAMES[] = {"sess",     "sid",     "auth",       "token", "jwt",
                                        "remember", "csrf",    "xsrf",       "login", "user_",
                                        "identity", ".aspnet", "credential", "secret"};
    size_t i = at + len, end = i;
    uint8_t before = at > 0 ? text.p[at - 1] : '\n';
    if (pst_is_alnum(before) || before == ' ' || before == ';') {
        return false; /* a header begins here, or it is read again and again */
    }
    while (end < text.n && end - i < PST_SECRET_MAX && !is_quote_or_line(text.p[end])) {
        end++;
    }
    while (i < end) {
        while (i < end && (pst_is_blank(text.p[i]) || text.p[i] == ';')) {
            i++;
        }
        size_t name = run_of(text, i, 64, is_cookie_name), start = i + name + 1, k = start;
        if (pst_at(text, i + name) != '=') {
            return false;
        }
        while (k < end && text.p[k] != ';' && text.p[k] != '"' && text.p[k] != '\'' &&
               !pst_is_space(text.p[k])) {
            k++;
        }
        struct pst_str what = pst_str_cut(text, i, name);
        bool random = false;
        bool meant = false;
        for (size_t n = 0; n < PST_LEN(NAMES); n++) {
            meant = meant || pst_holds_nocase(what, NAMES[n]);
        }
        int score = meant && k - start >= 12
                        ? pst_plausible_value(pst_str_cut(text, start, k - start), false, &random)
                        : -1;
        if (score >= 0 && random) {
            *ret = (struct pst_credential_hit){start, k, (int16_t)score,
                                               PST_WHY_ASSIGNED | PST_WHY_ENTROPY};
            return true;
        }
        i = k + 1;
    }
    return false;
}

static bool is_base62(uint8_t c)
{
    return pst_is_alnum(c);
}

/* Microsoft's common annotated security keys: 52 of base62, the signature, 26 or more after it. */
bool pst_finder_azure_key(struct pst_str text, size_t at, size_t len,
                          struct pst_credential_hit *ret)
{
    size_t after = run_of(text, at + len, 64, is_base62);
    if (at < 52 || (after != 26 && after != 27)) {
        return false;
    }
    size_t start = at - 52, end = at + len + after;
    for (size_t i = start; i < at; i++) {
        if (!is_base62(text.p[i])) {
            return false;
        }
    }
    if (start > 0 && is_base62(text.p[start - 1])) {
        return false;
    }
    while (pst_at(text, end) == '=' && end - start < 88) {
        end++;
    }
    *ret = (struct pst_credential_hit){start, end, 55, PST_WHY_PREFIX | PST_WHY_FORM};
    return true;
}

/* HCP Terraform: fourteen of base62 before the mark, sixty and more after it. */
bool pst_finder_atlas_token(struct pst_str text, size_t at, size_t len,
                            struct pst_credential_hit *ret)
{
    size_t after = run_of(text, at + len, 80, is_base64url), before = 0;
    while (before < 15 && before < at && is_base62(text.p[at - 1 - before])) {
        before++;
    }
    if (before != 14 || after < 60 || after > 70) {
        return false;
    }
    *ret = (struct pst_credential_hit){at - 14, at + len + after, 50,
                                       PST_WHY_PREFIX | PST_WHY_FORM};
    return true;
}

static size_t run_before(struct pst_str text, size_t at, size_t most, bool (*of)(uint8_t))
{
    size_t n = 0;
    while (n < most && n < at && of(text.p[at - 1 - n])) {
        n++;
    }
    return n;
}

/* Telegram bots: a number, and 35 characters of which the first two are AA. */
bool pst_finder_telegram(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    size_t before = run_before(text, at, 12, pst_is_digit);
    size_t after = run_of(text, at + len, 40, is_base64url), end = at + len + after;
    if (before < 8 || before > 10 || after != 33 ||
        (at > before && pst_is_alpha(text.p[at - before - 1])) ||
        pst_value_placeholder(pst_str_cut(text, at + 1, after + 2))) {
        return false;
    }
    *ret = (struct pst_credential_hit){at - before, end, 45, PST_WHY_PREFIX | PST_WHY_FORM};
    return true;
}

/* 32 hexadecimal digits, -us, and the number of a data centre. */
bool pst_finder_mailchimp(struct pst_str text, size_t at, size_t len,
                          struct pst_credential_hit *ret)
{
    size_t before = run_before(text, at, 33, pst_is_hex);
    size_t after = run_of(text, at + len, 3, pst_is_digit), end = at + len + after;
    if (before != 32 || after < 1 || after > 2 || pst_is_ident(pst_at(text, end)) ||
        (at > 32 && pst_is_ident(text.p[at - 33])) ||
        pst_value_placeholder(pst_str_cut(text, at - 32, 32))) {
        return false;
    }
    *ret = (struct pst_credential_hit){at - 32, end, 40, PST_WHY_FORM};
    return true;
}

/* 36 hexadecimal digits and NRAL. */
bool pst_finder_newrelic(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    size_t before = run_before(text, at, 37, pst_is_hex), end = at + len;
    if (before != 36 || pst_is_ident(pst_at(text, end)) ||
        (at > 36 && pst_is_ident(text.p[at - 37]))) {
        return false;
    }
    *ret = (struct pst_credential_hit){at - 36, end, 50, PST_WHY_FORM};
    return true;
}

static bool is_entra(uint8_t c)
{
    return pst_is_ident(c) || c == '~' || c == '.' || c == '-';
}

/* Microsoft Entra client secrets: three characters, a digit, Q~, and 31 to 34 more. */
bool pst_finder_azure_client_secret(struct pst_str text, size_t at, size_t len,
                                    struct pst_credential_hit *ret)
{
    size_t after = run_of(text, at + len, 40, is_entra);
    if (at < 3 || after < 31 || after > 34 || (at > 3 && is_entra(text.p[at - 4]))) {
        return false;
    }
    for (size_t i = at - 3; i < at; i++) {
        if (!is_entra(text.p[i])) {
            return false;
        }
    }
    struct pst_str value = pst_str_cut(text, at - 3, 3 + len + after);
    if (pst_value_entropy(value) < 350 || pst_value_placeholder(value)) {
        return false;
    }
    *ret = (struct pst_credential_hit){at - 3, at + len + after, 40,
                                       PST_WHY_PREFIX | PST_WHY_ENTROPY};
    return true;
}

static size_t query_value(struct pst_str text, size_t from, const char *name, size_t *ret_end)
{
    size_t most = from + PST_CREDENTIAL_REACH, n = strlen(name);
    for (size_t i = from; i < text.n && i < most && !pst_is_space(text.p[i]); i++) {
        if ((text.p[i] == '?' || text.p[i] == '&') && pst_has_nocase(text, i + 1, name)) {
            size_t k = i + 1 + n;
            while (k < text.n && k < most &&
                   (pst_is_alnum(text.p[k]) || text.p[k] == '%' || text.p[k] == '=')) {
                k++;
            }
            *ret_end = k;
            return i + 1 + n;
        }
    }
    return PST_NPOS;
}

/* Key URI of authenticators: secret in base32. */
bool pst_finder_otpauth(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    size_t end = 0, start = query_value(text, at + len, "secret=", &end);
    if (start == PST_NPOS || end - start < 8) {
        return false;
    }
    *ret = (struct pst_credential_hit){start, end, 40, PST_WHY_PREFIX | PST_WHY_ASSIGNED};
    return true;
}

/* WIFI:T:WPA;S:name;P:password;; */
bool pst_finder_wifi(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    size_t end = pst_finder_line(text, at, 256);
    for (size_t i = at + len - 1; i + 3 < end; i++) {
        if ((text.p[i] == ';' || text.p[i] == ':') && text.p[i + 1] == 'P' &&
            text.p[i + 2] == ':') {
            size_t k = i + 3;
            while (k < end && text.p[k] != ';') {
                k += text.p[k] == '\\' ? 2 : 1;
            }
            return k <= end && pst_finder_password(text, i + 3, k, 20, ret);
        }
    }
    return false;
}
