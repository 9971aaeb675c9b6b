/* Private keys: PEM of all kinds, PuTTY, JWK, and the key of a Google service account. */
#include "inspect/credential/find.h"
#include "inspect/credential/value.h"

enum { KEY_SURE = 60, LABEL_MAX = 48, KEY_MAX = 1 << 20 };

/* The bytes that a key's lines consist of, real line ends or escaped ones, comment marks before it.
 */
static bool is_key_byte(uint8_t c)
{
    return c != 0 && c < 0x7f && c != '{' && c != '}' && c != '[' && c != ']' && c != '$' &&
           c != '%' && c != '^' && c != '!' && c != '~' && c != '?';
}

/* Where the key that begins at `i` ends: behind its END line, else before what no key holds, or the
 * next opener: so that a text full of openers is read once. */
static size_t key_end(struct pst_str text, size_t i)
{
    size_t most = i + KEY_MAX, blank_lines = 0;
    while (i < text.n && i < most && is_key_byte(text.p[i])) {
        if (text.p[i] == '-' && pst_has_nocase(text, i, "-----end ")) {
            size_t k = i + 9;
            while (k < text.n && k < i + 9 + LABEL_MAX && text.p[k] != '-' && text.p[k] != '\n') {
                k++;
            }
            while (k < text.n && text.p[k] == '-') {
                k++;
            }
            return k;
        }
        if (text.p[i] == '-' && pst_has_nocase(text, i, "-----begin ")) {
            return i;
        }
        /* an unfinished key ends where the paragraph does; a header has one empty line after it */
        blank_lines += text.p[i] == '\n' && pst_at(text, i + 1) == '\n';
        if (blank_lines >= 3) {
            return i;
        }
        i++;
    }
    return i;
}

/* A line of base64 near the start. */
static bool has_body(struct pst_str text, size_t from, size_t end)
{
    size_t run = 0, most = end - from < 512 ? end : from + 512;
    for (size_t i = from; i < most; i++) {
        run = pst_is_alnum(text.p[i]) || text.p[i] == '+' || text.p[i] == '/' ? run + 1 : 0;
        if (run >= 24) {
            struct pst_value_shape shape;
            pst_value_shape(pst_str_cut(text, i + 1 - run, run), &shape);
            return shape.distinct >= 8;
        }
    }
    return false;
}

bool pst_finder_pem(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    size_t i = at + len, most = i + LABEL_MAX;
    bool ssh2 = text.p[at + 4] == ' ';
    size_t label = i;
    while (i < most && (pst_is_upper(pst_at(text, i)) || pst_is_digit(pst_at(text, i)) ||
                        pst_at(text, i) == ' ')) {
        i++;
    }
    struct pst_str name = pst_str_cut(text, label, i - label);
    if (pst_str_find(name, PST_STR("PRIVATE")) == PST_NPOS || !pst_has_nocase(text, i, "----")) {
        if (!ssh2 || pst_str_find(name, PST_STR("ENCRYPTED")) == PST_NPOS) {
            return false;
        }
    }
    while (pst_at(text, i) == '-') {
        i++;
    }
    size_t end = key_end(text, i);
    /* The opener alone counts where the text ends: the rest may still come. */
    struct pst_str rest = pst_str_cut(text, i, end - i);
    bool cut = end >= text.n && rest.n <= 80 && pst_str_find_byte(rest, ' ') == PST_NPOS &&
               pst_str_find_byte(rest, '"') == PST_NPOS;
    if (!cut && !has_body(text, i, end)) {
        return false;
    }
    *ret = (struct pst_credential_hit){at, end, KEY_SURE, PST_WHY_PREFIX | PST_WHY_FORM};
    return true;
}

bool pst_finder_putty(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    size_t end = at + len;
    if (!pst_is_digit(pst_at(text, end)) || pst_at(text, end + 1) != ':') {
        return false;
    }
    struct pst_str rest = pst_str_cut(text, end, 1 << 14);
    size_t secret = pst_str_find(rest, PST_STR("Private-Lines:"));
    size_t mac = pst_str_find(rest, PST_STR("Private-MAC:"));
    if (secret == PST_NPOS) {
        return false;
    }
    end = mac != PST_NPOS && mac > secret ? pst_finder_line(text, end + mac, 96)
                                          : key_end(text, end + secret);
    *ret = (struct pst_credential_hit){at, end, KEY_SURE, PST_WHY_PREFIX | PST_WHY_FORM};
    return true;
}

/* The string given to a member of the object around: between the quotes. */
static bool member(struct pst_str text, size_t from, size_t to, const char *name, size_t *ret_start,
                   size_t *ret_end)
{
    size_t n = strlen(name);
    for (size_t i = from; i + n + 4 < to && i + n + 4 < text.n; i++) {
        if (text.p[i] != '"' || !pst_has_nocase(text, i + 1, name)) {
            continue;
        }
        size_t k = i + 1 + n;
        k += pst_at(text, k) == '\\';
        if (pst_at(text, k) != '"') {
            continue;
        }
        k++;
        while (pst_is_space(pst_at(text, k)) || pst_at(text, k) == ':') {
            k++;
        }
        k += pst_at(text, k) == '\\';
        if (pst_at(text, k) != '"') {
            continue;
        }
        *ret_start = k + 1;
        k++;
        while (k < text.n && k < *ret_start + 4096 && text.p[k] != '"' && text.p[k] != '\n') {
            k++;
        }
        *ret_end = k > *ret_start && text.p[k - 1] == '\\' ? k - 1 : k;
        return true;
    }
    return false;
}

/* RFC 7518 §6: "d" of RSA, EC and OKP, "k" of a symmetric key. */
bool pst_finder_jwk(struct pst_str text, size_t at, size_t len, struct pst_credential_hit *ret)
{
    size_t from = at, to = at + len, start = 0, end = 0;
    /* to the braces, or to another "kty": of two, each reads its own half */
    while (from > 0 && at - from < 1024 && text.p[from - 1] != '{' && text.p[from - 1] != '}' &&
           !pst_has_nocase(text, from - 1, "kty")) {
        from--;
    }
    while (to < text.n && to - at < 2048 && text.p[to] != '}' && !pst_has_nocase(text, to, "kty")) {
        to++;
    }
    bool found = member(text, from, to, "d", &start, &end) ||
                 member(text, from, to, "k", &start, &end);
    if (!found || end - start < 20) {
        return false;
    }
    for (size_t i = start; i < end; i++) {
        if (!pst_is_ident(text.p[i]) && text.p[i] != '-') {
            return false;
        }
    }
    *ret = (struct pst_credential_hit){start, end, KEY_SURE, PST_WHY_FORM | PST_WHY_ASSIGNED};
    return true;
}

bool pst_finder_gcp_service_account(struct pst_str text, size_t at, size_t len,
                                    struct pst_credential_hit *ret)
{
    size_t start = 0, end = 0, from = at > 1024 ? at - 1024 : 0;
    if (!member(text, at > 0 ? at : 0, at + len + 8, "private_key", &start, &end)) {
        return false;
    }
    struct pst_str value = pst_str_cut(text, start, end - start);
    struct pst_str around = pst_str_cut(text, from, end - from + 1024);
    if (pst_str_find(value, PST_STR("PRIVATE KEY")) == PST_NPOS || value.n < 64 ||
        (pst_str_find(around, PST_STR("service_account")) == PST_NPOS &&
         pst_str_find(around, PST_STR("client_email")) == PST_NPOS)) {
        return false;
    }
    *ret = (struct pst_credential_hit){start, end, KEY_SURE + 5,
                                       PST_WHY_FORM | PST_WHY_ASSIGNED | PST_WHY_PAIR};
    return true;
}
