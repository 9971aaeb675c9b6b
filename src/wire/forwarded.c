#include "wire/forwarded.h"

static enum pst_status bad(struct pst_err *err, const char *what)
{
    return pst_fail(err, PST_E_HTTP_HEADER, "a forwarding header is not valid: %s", what);
}

static enum pst_status keep(struct pst_forwarded *f, struct pst_str from, struct pst_err *err)
{
    if (f->n == PST_FORWARDED_MAX) {
        return bad(err, "it names too many senders");
    }
    f->from[f->n++] = from;
    return PST_OK;
}

static bool is_port(struct pst_str s)
{
    uint64_t port;
    return pst_str_u64(s, &port) && port <= UINT16_MAX;
}

static bool address_bytes(struct pst_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], low = (uint8_t)(c | 0x20);
        if ((c < '0' || c > ':') && (low < 'a' || low > 'f') && c != '.') {
            return false;
        }
    }
    return s.n > 0;
}

/* An address in brackets or with one colon loses both brackets and port; false: of another form. */
static bool node_split(struct pst_str s, bool bare_v6, struct pst_str *ret)
{
    size_t colon = pst_str_find_byte(s, ':');
    if (s.n > 0 && s.p[0] == '[') {
        size_t end = pst_str_find_byte(s, ']');
        struct pst_str rest = end == PST_NPOS ? s : pst_str_from(s, end + 1);
        *ret = end == PST_NPOS ? (struct pst_str){NULL, 0} : pst_str_cut(s, 1, end - 1);
        return end != PST_NPOS && pst_str_find_byte(*ret, ':') != PST_NPOS &&
               (rest.n == 0 || (rest.p[0] == ':' && is_port(pst_str_from(rest, 1))));
    }
    if (colon == PST_NPOS) {
        *ret = s;
        return s.n > 0;
    }
    if (pst_str_find_byte(pst_str_from(s, colon + 1), ':') != PST_NPOS) {
        *ret = s;
        return bare_v6;
    }
    *ret = pst_str_cut(s, 0, colon);
    return colon > 0 && is_port(pst_str_from(s, colon + 1));
}

static bool node_address(struct pst_str s, bool bare_v6, struct pst_str *ret)
{
    return node_split(s, bare_v6, ret) && address_bytes(*ret);
}

enum pst_status pst_forwarded_for(struct pst_forwarded *f, struct pst_str value,
                                  struct pst_err *err)
{
    for (bool more = true; more;) {
        size_t comma = pst_str_find_byte(value, ',');
        struct pst_str one = pst_str_trim(pst_str_cut(value, 0, comma)), from = {NULL, 0};
        more = comma != PST_NPOS;
        value = more ? pst_str_from(value, comma + 1) : value;
        if (!pst_str_eq_nocase(one, PST_STR("unknown")) && !node_address(one, true, &from)) {
            return bad(err, "a sender is no address");
        }
        if (keep(f, from, err) != PST_OK) {
            return PST_ERR;
        }
    }
    return PST_OK;
}

/* --- Forwarded -------------------------------------------------------------------------------- */

/* RFC 9110 §5.6.2 */
static bool is_token(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c > 0 && c < 0x7f && memchr("!#$%&'*+-.^_`|~", c, 15) != NULL);
}

static struct pst_str take_token(struct pst_cur *cur)
{
    size_t from = cur->at;
    while (is_token(pst_cur_peek(cur, 0))) {
        pst_cur_skip(cur, 1);
    }
    return pst_str_cut(cur->in, from, cur->at - from);
}

/* RFC 9110 §5.6.4; *ret is what stands between the quotes, as it is written. */
static bool take_quoted(struct pst_cur *cur, struct pst_str *ret, bool *ret_escaped)
{
    size_t from = cur->at + 1;
    *ret_escaped = false;
    if (!pst_cur_byte(cur, '"')) {
        return false;
    }
    for (;;) {
        int c = pst_cur_peek(cur, 0);
        if (c == '"') {
            *ret = pst_str_cut(cur->in, from, cur->at - from);
            pst_cur_skip(cur, 1);
            return true;
        }
        if (c == '\\') {
            *ret_escaped = true;
            pst_cur_skip(cur, 1);
            c = pst_cur_peek(cur, 0);
        }
        if (c < 0x20 && c != '\t') {
            return false; /* the end, too */
        }
        if (c == 0x7f) {
            return false;
        }
        pst_cur_skip(cur, 1);
    }
}

/* RFC 7239 §6: an address, "unknown" or an obfuscated name; the last two name nobody. */
static bool node_read(struct pst_str value, bool quoted, struct pst_str *ret)
{
    struct pst_str name = pst_str_cut(value, 0, pst_str_find_byte(value, ':'));
    bool nobody = pst_str_eq_nocase(name, PST_STR("unknown")) || (name.n > 1 && name.p[0] == '_');
    for (size_t i = 0; nobody && i < value.n; i++) {
        nobody = is_token(value.p[i]) || value.p[i] == ':';
    }
    *ret = (struct pst_str){NULL, 0};
    if (nobody) {
        return true;
    }
    bool colon = pst_str_find_byte(value, ':') != PST_NPOS;
    return (quoted || !colon) && node_address(value, false, ret);
}

struct element {
    struct pst_str names[8], from;
    size_t n;
};

static enum pst_status pair_read(struct pst_cur *cur, struct element *e, struct pst_err *err)
{
    struct pst_str name = take_token(cur), value = {NULL, 0};
    bool escaped = false;
    if (name.n == 0 || !pst_cur_byte(cur, '=')) {
        return bad(err, "a pair has no name or no value");
    }
    bool quoted = pst_cur_peek(cur, 0) == '"', whole = true;
    if (quoted) {
        whole = take_quoted(cur, &value, &escaped);
    } else {
        value = take_token(cur);
        whole = value.n > 0;
    }
    if (!whole) {
        return bad(err, "a value is not well formed");
    }
    for (size_t i = 0; i < e->n; i++) {
        if (pst_str_eq_nocase(e->names[i], name)) {
            return bad(err, "a pair is repeated");
        }
    }
    if (e->n == PST_LEN(e->names)) {
        return bad(err, "it has too many pairs");
    }
    e->names[e->n++] = name;
    if (pst_str_eq_nocase(name, PST_STR("for")) &&
        (escaped || !node_read(value, quoted, &e->from))) {
        return bad(err, "a sender is no address");
    }
    return PST_OK;
}

static void skip_blank(struct pst_cur *cur)
{
    while (pst_cur_byte(cur, ' ') || pst_cur_byte(cur, '\t')) {
    }
}

enum pst_status pst_forwarded_elements(struct pst_forwarded *f, struct pst_str value,
                                       struct pst_err *err)
{
    struct pst_cur cur = pst_cur_of(value);
    for (;;) {
        struct element e = {.n = 0};
        skip_blank(&cur);
        do {
            if (pair_read(&cur, &e, err) != PST_OK) {
                return PST_ERR;
            }
        } while (pst_cur_byte(&cur, ';'));
        skip_blank(&cur);
        if (keep(f, e.from, err) != PST_OK) {
            return PST_ERR;
        }
        if (pst_cur_done(&cur)) {
            return PST_OK;
        }
        if (!pst_cur_byte(&cur, ',')) {
            return bad(err, "something stands behind an element");
        }
    }
}
