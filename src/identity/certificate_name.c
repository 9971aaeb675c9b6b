#include "identity/certificate_name.h"

static bool letter(uint8_t c)
{
    uint8_t low = (uint8_t)(c | 0x20);
    return low >= 'a' && low <= 'z';
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* The text up to the next `end`, which is skipped; false when all was taken. */
static bool next_part(struct pst_str *rest, uint8_t end, struct pst_str *ret)
{
    if (rest->p == NULL) {
        return false;
    }
    size_t at = pst_str_find_byte(*rest, end);
    *ret = pst_str_cut(*rest, 0, at);
    *rest = at == PST_NPOS ? (struct pst_str){NULL, 0} : pst_str_from(*rest, at + 1);
    return true;
}

static bool has_star(struct pst_str s)
{
    return pst_str_find_byte(s, '*') != PST_NPOS;
}

static bool is_star(struct pst_str s)
{
    return pst_str_eq(s, PST_STR("*"));
}

/* --- SPIFFE ----------------------------------------------------------------------------------- */

bool pst_spiffe_id_meant(struct pst_str uri)
{
    return pst_str_eq_nocase(pst_str_cut(uri, 0, 7), PST_STR("spiffe:"));
}

static bool dots(struct pst_str s)
{
    return pst_str_eq(s, PST_STR(".")) || pst_str_eq(s, PST_STR(".."));
}

static bool segment_valid(struct pst_str s, bool tilde)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (!letter(c) && !digit(c) && c != '.' && c != '-' && c != '_' && !(tilde && c == '~')) {
            return false;
        }
    }
    return s.n > 0 && !dots(s);
}

/* With `*` as a segment where `star` allows it. */
static bool spiffe_valid(struct pst_str uri, bool star)
{
    struct pst_str rest = pst_str_from(uri, 9), domain, segment;
    if (uri.n > PST_X509_NAME_BYTES || !pst_str_starts(uri, PST_STR("spiffe://")) ||
        !next_part(&rest, '/', &domain) || domain.n == 0 || domain.n > 255 || rest.p == NULL) {
        return false;
    }
    for (size_t i = 0; i < domain.n; i++) {
        uint8_t c = domain.p[i];
        if (!digit(c) && (c < 'a' || c > 'z') && c != '.' && c != '-' && c != '_') {
            return false;
        }
    }
    while (next_part(&rest, '/', &segment)) {
        if (!segment_valid(segment, false) && !(star && is_star(segment))) {
            return false;
        }
    }
    return true;
}

bool pst_spiffe_id_valid(struct pst_str uri)
{
    return spiffe_valid(uri, false);
}

/* --- patterns --------------------------------------------------------------------------------- */

/* Where the path of scheme://authority/path begins, behind its slash; NPOS: it has none. */
static size_t path_at(struct pst_str uri)
{
    size_t slashes = pst_str_find(uri, PST_STR("://"));
    if (slashes == PST_NPOS) {
        return PST_NPOS;
    }
    size_t slash = pst_str_find_byte(pst_str_from(uri, slashes + 3), '/');
    return slash == PST_NPOS ? PST_NPOS : slashes + 3 + slash + 1;
}

static const char *uri_fault(struct pst_str p)
{
    size_t colon = pst_str_find_byte(p, ':'), at = path_at(p);
    if (pst_spiffe_id_meant(p)) {
        return spiffe_valid(p, true)
                   ? NULL
                   : "this is no SPIFFE ID, such as spiffe://example.org/batch; * "
                     "may stand for a whole segment of its path";
    }
    if (colon == PST_NPOS || colon == 0 || !letter(p.p[0])) {
        return "a URI begins with its scheme, such as spiffe://example.org/batch";
    }
    struct pst_str rest = pst_str_from(p, at), segment;
    if (has_star(pst_str_cut(p, 0, at))) {
        return "* may stand for a whole segment of the path only";
    }
    while (at != PST_NPOS && next_part(&rest, '/', &segment)) {
        if (has_star(segment) && !is_star(segment)) {
            return "* may stand for a whole segment of the path only";
        }
    }
    return NULL;
}

/* Labels of letters, digits, dash and underscore. */
static bool dns_valid(struct pst_str s)
{
    struct pst_str label;
    if (s.n == 0 || s.n > 253) {
        return false;
    }
    while (next_part(&s, '.', &label)) {
        if (label.n == 0 || label.n > 63 || label.p[0] == '-' || label.p[label.n - 1] == '-') {
            return false;
        }
        for (size_t i = 0; i < label.n; i++) {
            uint8_t c = label.p[i];
            if (!letter(c) && !digit(c) && c != '-' && c != '_') {
                return false;
            }
        }
    }
    return true;
}

static const char *dns_fault(struct pst_str p)
{
    bool star = pst_str_starts(p, PST_STR("*."));
    struct pst_str rest = star ? pst_str_from(p, 2) : p;
    if (!dns_valid(rest)) {
        return has_star(rest) ? "* may stand for the first label only"
                              : "this is no DNS name, such as app1.internal or *.internal";
    }
    return NULL;
}

static const char *email_fault(struct pst_str p)
{
    size_t at = pst_str_find_byte(p, '@');
    if (has_star(p)) {
        return "an e-mail address has no *; name each person";
    }
    return at != PST_NPOS && at > 0 && dns_valid(pst_str_from(p, at + 1))
               ? NULL
               : "this is no e-mail address, such as alice@example.org";
}

const char *pst_certificate_pattern_fault(enum pst_x509_name_kind kind, struct pst_str pattern)
{
    if (pattern.n == 0 || pattern.n > PST_CERTIFICATE_PATTERN_MAX) {
        return "a name of 1 to 512 characters is expected here";
    }
    for (size_t i = 0; i < pattern.n; i++) {
        if (pattern.p[i] <= 0x20 || pattern.p[i] >= 0x7f) {
            return "names of certificates are printable ASCII without blanks";
        }
    }
    return kind == PST_X509_URI   ? uri_fault(pattern)
           : kind == PST_X509_DNS ? dns_fault(pattern)
                                  : email_fault(pattern);
}

/* --- matching --------------------------------------------------------------------------------- */

static bool uri_matches(struct pst_str pattern, struct pst_str name)
{
    if (!has_star(pattern)) {
        return pst_str_eq(pattern, name);
    }
    size_t at = path_at(pattern);
    if (at == PST_NPOS || !pst_str_eq(pst_str_cut(pattern, 0, at), pst_str_cut(name, 0, at))) {
        return false;
    }
    bool tilde = !pst_spiffe_id_meant(pattern);
    struct pst_str p = pst_str_from(pattern, at), n = pst_str_from(name, at), a, b;
    while (next_part(&p, '/', &a)) {
        if (!next_part(&n, '/', &b) || !(is_star(a) ? segment_valid(b, tilde) : pst_str_eq(a, b))) {
            return false;
        }
    }
    return n.p == NULL;
}

static bool dns_matches(struct pst_str pattern, struct pst_str name)
{
    if (!dns_valid(name)) { /* one with a star, too */
        return false;
    }
    if (pst_str_starts(pattern, PST_STR("*."))) {
        size_t dot = pst_str_find_byte(name, '.');
        return dot != PST_NPOS &&
               pst_str_eq_nocase(pst_str_from(pattern, 1), pst_str_from(name, dot));
    }
    return pst_str_eq_nocase(pattern, name);
}

static bool email_matches(struct pst_str pattern, struct pst_str name)
{
    size_t at = pst_str_find_byte(pattern, '@');
    return at != PST_NPOS && pst_str_eq(pst_str_cut(pattern, 0, at), pst_str_cut(name, 0, at)) &&
           pst_str_eq_nocase(pst_str_from(pattern, at), pst_str_from(name, at));
}

bool pst_certificate_pattern_matches(enum pst_x509_name_kind kind, struct pst_str pattern,
                                     struct pst_str name)
{
    if (name.n == 0 || has_star(name)) {
        return false;
    }
    switch (kind) {
    case PST_X509_URI:
        return uri_matches(pattern, name);
    case PST_X509_DNS:
        return dns_matches(pattern, name);
    case PST_X509_EMAIL:
        return email_matches(pattern, name);
    }
    return false;
}
