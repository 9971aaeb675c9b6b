/* One head of HTTP/2: fields as they are unpacked, and what they mean together (RFC 9113 §8.2,
 * §8.3). The elements are those of HTTP/1.1, and so are their checks. */
#include "wire/h1_impl.h"
#include "wire/h2_impl.h"

#include <string.h>

enum {
    FIRST_HEADERS = 16,
    NAME_SHOWN = 64,
    BOMB = 4,       /* times the limit, unpacked, and nobody reads on */
    LINE_BYTES = 4, /* that a field has around it in HTTP/1.1: one meaning of the limit */
};

enum { P_METHOD = 1, P_SCHEME = 2, P_PATH = 4, P_AUTHORITY = 8 };

void pst_h2_head_begin(struct h2_head *b, struct pst_arena *arena)
{
    *b = (struct h2_head){.arena = arena};
    b->head = PST_ARENA_NEW(arena, struct pst_h1_head);
    if (b->head == NULL) {
        (void)pst_fail(&b->fault, PST_E_NO_MEMORY, "no memory for the head");
    }
}

static struct pst_str copy(struct h2_head *b, struct pst_str s)
{
    struct pst_str kept = s.n > 0 ? pst_arena_copy(b->arena, s) : PST_STR("");
    if (kept.n != s.n) {
        (void)pst_fail(&b->fault, PST_E_NO_MEMORY, "no memory for the headers");
    }
    return kept;
}

/* --- pseudo-header fields --------------------------------------------------------------------- */

static enum pst_status path(struct h2_head *b, const struct pst_h1_limits *limits, struct pst_str s)
{
    if (s.n > limits->line_bytes) {
        return pst_fail(&b->fault, PST_E_HTTP_URI_LIMIT, "the path is longer than %u bytes",
                        limits->line_bytes);
    }
    size_t mark = pst_str_find_byte(s, '?');
    struct pst_str plain = pst_str_cut(s, 0, mark);
    if (!pst_h1_path_valid(plain)) {
        return pst_fail(&b->fault, PST_E_HTTP_SYNTAX, "the path is not made of plain segments");
    }
    if (mark != PST_NPOS && !pst_h1_query_valid(pst_str_from(s, mark + 1))) {
        return pst_fail(&b->fault, PST_E_HTTP_SYNTAX, "a character in the query is not allowed");
    }
    struct pst_str kept = copy(b, s);
    b->head->path = pst_str_cut(kept, 0, mark);
    b->head->has_query = mark != PST_NPOS;
    b->head->query = mark != PST_NPOS ? pst_str_from(kept, mark + 1) : (struct pst_str){NULL, 0};
    return PST_OK;
}

static enum pst_status method(struct h2_head *b, struct pst_str s)
{
    if (!pst_h1_token_valid(s)) {
        return pst_fail(&b->fault, PST_E_HTTP_SYNTAX, "the method is not a token");
    }
    b->head->method = pst_h1_method_of(s);
    if (b->head->method == PST_H1_CONNECT || s.n > H1_METHOD_BYTES) {
        return pst_fail(&b->fault, PST_E_HTTP_METHOD, "this method is not allowed");
    }
    b->head->method_name = copy(b, s);
    return PST_OK;
}

static enum pst_status pseudo(struct h2_head *b, const struct pst_h1_limits *limits,
                              struct pst_str name, struct pst_str value)
{
    static const struct {
        struct pst_str name;
        unsigned bit;
    } rows[] = {
        {PST_STR_INIT(":method"), P_METHOD},
        {PST_STR_INIT(":scheme"), P_SCHEME},
        {PST_STR_INIT(":path"), P_PATH},
        {PST_STR_INIT(":authority"), P_AUTHORITY},
    };
    unsigned bit = 0;
    for (size_t i = 0; i < PST_LEN(rows); i++) {
        bit = pst_str_eq(name, rows[i].name) ? rows[i].bit : bit;
    }
    if (bit == 0) {
        return pst_fail(&b->fault, PST_E_HTTP_SYNTAX, "an unknown pseudo-header field");
    }
    if ((b->pseudo & bit) != 0 || b->regular) {
        return pst_fail(&b->fault, PST_E_HTTP_SYNTAX, "%.*s is repeated or behind other fields",
                        PST_FMT(name));
    }
    b->pseudo |= bit;
    switch (bit) {
    case P_METHOD:
        return method(b, value);
    case P_PATH:
        return path(b, limits, value);
    case P_AUTHORITY:
        if (!pst_h1_host_valid(value)) {
            return pst_fail(&b->fault, PST_E_HTTP_HOST, ":authority is not a host");
        }
        b->authority = copy(b, value);
        return PST_OK;
    default:
        if (!pst_str_eq(value, PST_STR("http")) && !pst_str_eq(value, PST_STR("https"))) {
            return pst_fail(&b->fault, PST_E_HTTP_SYNTAX, ":scheme is neither http nor https");
        }
        return PST_OK;
    }
}

/* --- fields ----------------------------------------------------------------------------------- */

static enum pst_status header_add(struct h2_head *b, const struct pst_h1_limits *limits,
                                  struct pst_h1_header header)
{
    if (b->n == limits->headers) {
        return pst_fail(&b->fault, PST_E_HTTP_HEADER_LIMIT, "more than %u headers",
                        limits->headers);
    }
    if (b->n == b->size) {
        size_t size = b->size > 0 ? b->size * 2 : FIRST_HEADERS;
        struct pst_h1_header *headers = pst_arena_take(b->arena, size * sizeof *headers);
        if (headers == NULL) {
            return pst_fail(&b->fault, PST_E_NO_MEMORY, "no memory for the headers");
        }
        if (b->n > 0) {
            memcpy(headers, b->headers, b->n * sizeof *headers);
        }
        b->headers = headers;
        b->size = size;
    }
    b->headers[b->n++] = header;
    return PST_OK;
}

static enum pst_status name_check(struct h2_head *b, struct pst_str name)
{
    bool underscore = false, upper = false;
    for (size_t i = 0; i < name.n; i++) {
        underscore = underscore || name.p[i] == '_';
        upper = upper || (name.p[i] >= 'A' && name.p[i] <= 'Z');
    }
    if (!pst_h1_token_valid(name)) {
        return pst_fail(&b->fault, PST_E_HTTP_SYNTAX, "a header name is not a token");
    }
    if (underscore || upper) {
        return pst_fail(&b->fault, PST_E_HTTP_HEADER, "the header %.*s has %s",
                        PST_FMT(pst_str_cut(name, 0, NAME_SHOWN)),
                        upper ? "an upper-case letter" : "an underscore");
    }
    return PST_OK;
}

static enum pst_status not_allowed(struct h2_head *b, struct pst_str name)
{
    return pst_fail(&b->fault, PST_E_HTTP_HEADER, "the header %.*s is not allowed",
                    PST_FMT(pst_str_cut(name, 0, NAME_SHOWN)));
}

/* The fields that say something about the message. */
static enum pst_status act_on(struct h2_head *b, const struct h1_known *known, struct pst_str value)
{
    switch ((enum h1_field)known->field) {
    case H1_F_CONTENT_LENGTH:
        if (!pst_str_u64(value, &b->head->content_length)) {
            return pst_fail(&b->fault, PST_E_HTTP_FRAMING,
                            "content-length is not one plain decimal number");
        }
        return PST_OK;
    case H1_F_EXPECT:
        if (!pst_str_eq_nocase(value, PST_STR("100-continue"))) {
            return pst_fail(&b->fault, PST_E_HTTP_EXPECT,
                            "only expect: 100-continue is understood");
        }
        b->head->expect_continue = true;
        return PST_OK;
    case H1_F_HOST:
        if (!pst_h1_host_valid(value)) {
            return pst_fail(&b->fault, PST_E_HTTP_HOST, "the host header is not valid");
        }
        b->head->host = value;
        return PST_OK;
    case H1_F_TE: /* RFC 9113 §8.2.2: may be there, if it says no more than this */
        return pst_str_eq_nocase(value, PST_STR("trailers")) ? PST_OK : not_allowed(b, known->name);
    case H1_F_CONNECTION:
    case H1_F_KEEP_ALIVE:
    case H1_F_TRAILER:
    case H1_F_TRANSFER_ENCODING:
    case H1_F_UPGRADE:
        return not_allowed(b, known->name);
    case H1_F_NONE:
    case H1_F_OTHERS:
        break;
    }
    return PST_OK;
}

/* A cookie may come in crumbs (RFC 9113 §8.2.3); nothing else of the table may be repeated. */
static bool repeated(const struct h2_head *b, const struct h1_known *known)
{
    return (b->seen & UINT64_C(1) << known->field) != 0 && known->once[PST_H1_REQUEST] &&
           !pst_str_eq(known->name, PST_STR("cookie"));
}

static enum pst_status regular(struct h2_head *b, const struct pst_h1_limits *limits,
                               struct pst_str name, struct pst_str value)
{
    b->regular = true;
    if (name_check(b, name) != PST_OK) {
        return PST_ERR;
    }
    if (!pst_h1_value_valid(value)) {
        return pst_fail(&b->fault, PST_E_HTTP_SYNTAX,
                        "a control character or outer white space in a header value");
    }
    if (pst_str_eq(name, PST_STR("proxy-connection"))) {
        return not_allowed(b, name);
    }
    const struct h1_known *known = pst_h1_known(name);
    if (known != NULL && repeated(b, known)) {
        enum pst_error code = known->field == H1_F_CONTENT_LENGTH ? PST_E_HTTP_FRAMING
                              : known->field == H1_F_HOST         ? PST_E_HTTP_HOST
                                                                  : PST_E_HTTP_HEADER;
        return pst_fail(&b->fault, code, "the header %.*s is repeated", PST_FMT(known->name));
    }
    struct pst_h1_header header = {copy(b, name), copy(b, value)};
    if (b->fault.code != PST_E_NONE) {
        return PST_ERR;
    }
    if (known != NULL) {
        b->seen |= UINT64_C(1) << known->field;
        if (act_on(b, known, header.value) != PST_OK) {
            return PST_ERR;
        }
        if (known->field == H1_F_TE) {
            return PST_OK; /* of this hop only */
        }
    }
    return header_add(b, limits, header);
}

bool pst_h2_head_field(struct h2_head *b, const struct pst_h1_limits *limits, struct pst_str name,
                       struct pst_str value)
{
    b->bytes += name.n + value.n + LINE_BYTES;
    if (b->bytes / BOMB > limits->head_bytes) {
        return false;
    }
    if (b->fault.code != PST_E_NONE) {
        return true;
    }
    if (b->bytes > limits->head_bytes) {
        (void)pst_fail(&b->fault, PST_E_HTTP_HEADER_LIMIT, "the head is larger than %u bytes",
                       limits->head_bytes);
    } else if (name.n > 0 && name.p[0] == ':') {
        (void)pseudo(b, limits, name, value);
    } else if (name.n + value.n + 2 > limits->header_bytes) {
        (void)pst_fail(&b->fault, PST_E_HTTP_HEADER_LIMIT, "a header is longer than %u bytes",
                       limits->header_bytes);
    } else {
        (void)regular(b, limits, name, value);
    }
    return true;
}

/* --- the whole head --------------------------------------------------------------------------- */

/* Crumbs become one cookie, in the place of the first. */
static enum pst_status cookies_join(struct h2_head *b)
{
    size_t total = 0, crumbs = 0, kept = 0, at = 0;
    struct pst_str name = PST_STR("cookie");
    for (size_t i = 0; i < b->n; i++) {
        if (pst_str_eq(b->headers[i].name, name)) {
            total += b->headers[i].value.n + 2;
            crumbs++;
        }
    }
    if (crumbs < 2) {
        return PST_OK;
    }
    uint8_t *all = pst_arena_take(b->arena, total);
    struct pst_h1_header *first = NULL;
    if (all == NULL) {
        return pst_fail(&b->fault, PST_E_NO_MEMORY, "no memory for the headers");
    }
    for (size_t i = 0; i < b->n; i++) {
        struct pst_h1_header header = b->headers[i];
        if (!pst_str_eq(header.name, name)) {
            b->headers[kept++] = header;
            continue;
        }
        if (first == NULL) {
            first = &b->headers[kept++];
            first->name = header.name;
        } else {
            all[at++] = ';';
            all[at++] = ' ';
        }
        for (size_t k = 0; k < header.value.n; k++) {
            all[at++] = header.value.p[k];
        }
    }
    first->value = pst_str_of(all, at);
    b->n = kept;
    return PST_OK;
}

/* RFC 9113 §8.3.1: the two name one host, and whoever reads only fields finds it there. */
static enum pst_status host(struct h2_head *b, const struct pst_h1_limits *limits)
{
    struct pst_h1_head *head = b->head;
    if ((b->pseudo & P_AUTHORITY) == 0) {
        return head->host.n > 0
                   ? PST_OK
                   : pst_fail(&b->fault, PST_E_HTTP_HOST, "neither :authority nor host is there");
    }
    if (head->host.n == 0) {
        head->host = b->authority;
        return header_add(b, limits, (struct pst_h1_header){PST_STR("host"), b->authority});
    }
    if (!pst_str_eq_nocase(head->host, b->authority)) {
        return pst_fail(&b->fault, PST_E_HTTP_HOST, ":authority and host disagree");
    }
    return PST_OK;
}

enum pst_status pst_h2_head_end(struct h2_head *b, const struct pst_h1_limits *limits, bool last,
                                struct pst_err *err)
{
    const unsigned must = P_METHOD | P_SCHEME | P_PATH;
    struct pst_h1_head *head = b->head;
    bool length = (b->seen & UINT64_C(1) << H1_F_CONTENT_LENGTH) != 0;
    if (b->fault.code == PST_E_NONE && (b->pseudo & must) != must) {
        (void)pst_fail(&b->fault, PST_E_HTTP_SYNTAX, ":method, :scheme or :path is missing");
    }
    if (b->fault.code == PST_E_NONE && length && last && head->content_length > 0) {
        (void)pst_fail(&b->fault, PST_E_HTTP_FRAMING, "a content-length, and no content");
    }
    if (b->fault.code == PST_E_NONE && length && head->content_length > limits->body_bytes) {
        (void)pst_fail(&b->fault, PST_E_BODY_TOO_LARGE, "the body is larger than %llu bytes",
                       (unsigned long long)limits->body_bytes);
    }
    if (b->fault.code != PST_E_NONE || host(b, limits) != PST_OK || cookies_join(b) != PST_OK) {
        *err = b->fault;
        return PST_ERR;
    }
    head->minor = 1;
    head->keep_alive = true;
    head->body = length ? PST_H1_BODY_LENGTH : last ? PST_H1_BODY_NONE : PST_H1_BODY_CHUNKED;
    head->expect_continue = head->expect_continue && !last &&
                            !(length && head->content_length == 0);
    head->headers = b->headers;
    head->n_headers = b->n;
    return PST_OK;
}
