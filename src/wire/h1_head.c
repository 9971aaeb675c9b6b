/* One head: first line, header lines, and what they mean together. */
#include "wire/h1.h"
#include "wire/h1_impl.h"

#include <string.h>

enum { FIRST_HEADERS = 32, NAME_SHOWN = 64 };

void pst_h1_head_clear(struct pst_h1 *h)
{
    h->state = H1_FIRST;
    h->block_n = 0;
    h->line_at = 0;
    h->head_n = 0;
    h->n_headers = 0;
    h->seen = 0;
    h->head = NULL;
}

static enum pst_status first_line(struct pst_h1 *h, struct pst_str line, struct pst_err *err);
/* Length, coding and host as everybody writes them. Tabs around them, and blanks behind what frames
 * a request, are no part of the value (RFC 9112 §5), but not all parsers agree, and only who looks
 * for such a parser writes them. */
static enum pst_status plainly_written(struct pst_h1 *h, const struct h1_known *known,
                                       struct pst_str value, struct pst_err *err)
{
    bool frames = known->field == H1_F_CONTENT_LENGTH || known->field == H1_F_TRANSFER_ENCODING;
    if (!frames && known->field != H1_F_HOST) {
        return PST_OK;
    }
    bool blank = frames && h->kind == PST_H1_REQUEST && pst_str_ends(value, PST_STR(" "));
    if (!blank && pst_str_find_byte(value, '\t') == PST_NPOS) {
        return PST_OK;
    }
    return pst_fail(err, h1_refuse(h, frames ? PST_E_HTTP_FRAMING : PST_E_HTTP_HOST),
                    "white space around the value of %.*s", PST_FMT(known->name));
}

static enum pst_status header_line(struct pst_h1 *h, size_t n, struct pst_err *err);
static enum pst_status head_end(struct pst_h1 *h, struct pst_err *err);

enum pst_status pst_h1_head_line(struct pst_h1 *h, struct pst_err *err)
{
    size_t n = h->block_n - h->line_at;
    if (n < 2 || h->block[h->block_n - 2] != '\r') {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_BARE_LF), "a line ends in a bare LF");
    }
    n -= 2;
    enum pst_status st;
    if (h->state == H1_FIRST) {
        st = first_line(h, pst_str_of(&h->block[h->line_at], n), err);
        h->state = st == PST_ERR ? H1_FAILED : H1_HEADERS;
    } else if (n > 0) {
        st = header_line(h, n, err);
    } else {
        return head_end(h, err);
    }
    h->head_n += n + 2;
    h->line_at = h->block_n;
    return st;
}

/* A byte that cannot stand where it stands: a CR inside a line gets its own answer, since it is
 * the line ending of somebody else's parser. */
static enum pst_status misplaced(struct pst_h1 *h, struct pst_str line, const char *what,
                                 struct pst_err *err)
{
    if (pst_str_find_byte(line, '\r') != PST_NPOS) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_BARE_LF), "a bare CR in a line");
    }
    return pst_fail(err, h1_refuse(h, PST_E_HTTP_SYNTAX), "%s", what);
}

static bool was_seen(const struct pst_h1 *h, enum h1_field field)
{
    return (h->seen & UINT64_C(1) << field) != 0;
}

/* --- first line ------------------------------------------------------------------------------- */

enum pst_h1_method pst_h1_method_of(struct pst_str name)
{
    static const struct {
        struct pst_str name;
        enum pst_h1_method method;
    } methods[] = {
        {PST_STR_INIT("POST"), PST_H1_POST},       {PST_STR_INIT("GET"), PST_H1_GET},
        {PST_STR_INIT("HEAD"), PST_H1_HEAD},       {PST_STR_INIT("PUT"), PST_H1_PUT},
        {PST_STR_INIT("PATCH"), PST_H1_PATCH},     {PST_STR_INIT("DELETE"), PST_H1_DELETE},
        {PST_STR_INIT("OPTIONS"), PST_H1_OPTIONS}, {PST_STR_INIT("CONNECT"), PST_H1_CONNECT},
    };
    for (size_t i = 0; i < PST_LEN(methods); i++) {
        if (pst_str_eq(methods[i].name, name)) {
            return methods[i].method;
        }
    }
    return PST_H1_OTHER;
}

/* RFC 9112 §2.3: "HTTP/" DIGIT "." DIGIT, of which two are spoken. */
static enum pst_status version(struct pst_h1 *h, struct pst_str s, struct pst_err *err)
{
    if (pst_str_eq(s, PST_STR("HTTP/1.1"))) {
        h->head->minor = 1;
        return PST_OK;
    }
    if (pst_str_eq(s, PST_STR("HTTP/1.0"))) {
        h->head->minor = 0;
        return PST_OK;
    }
    bool shape = s.n == 8 && pst_str_starts(s, PST_STR("HTTP/")) && s.p[5] >= '0' &&
                 s.p[5] <= '9' && s.p[6] == '.' && s.p[7] >= '0' && s.p[7] <= '9';
    return pst_fail(err, h1_refuse(h, shape ? PST_E_HTTP_VERSION : PST_E_HTTP_SYNTAX),
                    shape ? "this HTTP version is not spoken" : "the first line is not HTTP");
}

static enum pst_status target(struct pst_h1 *h, struct pst_str s, struct pst_err *err)
{
    if (s.n == 0 || s.p[0] != '/') {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_SYNTAX),
                        "the request target must be a path that starts with '/'");
    }
    struct pst_h1_head *head = h->head;
    size_t mark = pst_str_find_byte(s, '?');
    head->has_query = mark != PST_NPOS;
    head->path = pst_str_cut(s, 0, mark);
    head->query = head->has_query ? pst_str_from(s, mark + 1) : (struct pst_str){NULL, 0};
    if (!pst_h1_path_valid(head->path)) {
        return misplaced(h, s, "the path is not made of plain segments", err);
    }
    if (head->has_query && !pst_h1_query_valid(head->query)) {
        return misplaced(h, s, "a character in the query is not allowed", err);
    }
    return PST_OK;
}

/* method SP target SP version: single spaces, no white space elsewhere (RFC 9112 §3). */
static enum pst_status request_line(struct pst_h1 *h, struct pst_str line, struct pst_err *err)
{
    size_t sp = pst_str_find_byte(line, ' ');
    struct pst_str rest = sp == PST_NPOS ? line : pst_str_from(line, sp + 1);
    size_t sp2 = pst_str_find_byte(rest, ' ');
    if (sp == PST_NPOS || sp2 == PST_NPOS) {
        return misplaced(h, line, "the request line has no version", err);
    }
    struct pst_h1_head *head = h->head;
    head->method_name = pst_str_cut(line, 0, sp);
    if (!pst_h1_token_valid(head->method_name)) {
        return misplaced(h, line, "the method is not a token", err);
    }
    enum pst_status st = version(h, pst_str_from(rest, sp2 + 1), err);
    if (st != PST_OK) {
        return pst_str_find_byte(line, '\r') == PST_NPOS ? st : misplaced(h, line, "", err);
    }
    head->method = pst_h1_method_of(head->method_name);
    if (head->method == PST_H1_CONNECT || head->method_name.n > H1_METHOD_BYTES) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_METHOD), "this method is not allowed");
    }
    return target(h, pst_str_cut(rest, 0, sp2), err);
}

/* version SP 3DIGIT SP [reason] (RFC 9112 §4) */
static enum pst_status status_line(struct pst_h1 *h, struct pst_str line, struct pst_err *err)
{
    if (!pst_h1_value_clean(line)) {
        return misplaced(h, line, "a control character in the status line", err);
    }
    if (line.n < 13 || line.p[8] != ' ' || line.p[12] != ' ') {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_SYNTAX), "the status line is not well formed");
    }
    enum pst_status st = version(h, pst_str_cut(line, 0, 8), err);
    if (st != PST_OK) {
        return st;
    }
    uint64_t status = 0;
    if (!pst_str_u64(pst_str_cut(line, 9, 3), &status) || status < 100 || status > 599) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_SYNTAX), "the status is not 100-599");
    }
    if (status == 101) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_SYNTAX),
                        "101 (Switching Protocols) was not asked for");
    }
    if (status < 200 && h->head->minor == 0) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_SYNTAX), "HTTP/1.0 has no interim answers");
    }
    h->head->status = (uint16_t)status;
    h->head->reason = pst_str_from(line, 13);
    return PST_OK;
}

static enum pst_status first_line(struct pst_h1 *h, struct pst_str line, struct pst_err *err)
{
    h->head = PST_ARENA_NEW(h->arena, struct pst_h1_head);
    if (h->head == NULL) {
        return pst_fail(err, h1_refuse(h, PST_E_NO_MEMORY), "no memory for the head");
    }
    enum pst_status st = h->kind == PST_H1_REQUEST ? request_line(h, line, err)
                                                   : status_line(h, line, err);
    if (st == PST_OK) {
        h->head->keep_alive = h->head->minor == 1;
        return PST_AGAIN;
    }
    return st;
}

/* --- header lines ----------------------------------------------------------------------------- */

static enum pst_status header_add(struct pst_h1 *h, struct pst_h1_header header,
                                  struct pst_err *err)
{
    if (h->n_headers == h->limits.headers) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_HEADER_LIMIT), "more than %u headers",
                        h->limits.headers);
    }
    if (h->n_headers == h->headers_size) {
        size_t size = h->headers_size > 0 ? h->headers_size * 2 : FIRST_HEADERS;
        size = size > h->limits.headers ? h->limits.headers : size;
        struct pst_h1_header *headers = pst_arena_take(h->arena, size * sizeof *headers);
        if (headers == NULL) {
            return pst_fail(err, h1_refuse(h, PST_E_NO_MEMORY), "no memory for the headers");
        }
        if (h->n_headers > 0) {
            memcpy(headers, h->headers, h->n_headers * sizeof *headers);
        }
        h->headers = headers;
        h->headers_size = size;
    }
    h->headers[h->n_headers++] = header;
    return PST_AGAIN;
}

static enum pst_status repeated(struct pst_h1 *h, const struct h1_known *known, struct pst_err *err)
{
    enum pst_error code = PST_E_HTTP_HEADER;
    if (known->field == H1_F_CONTENT_LENGTH || known->field == H1_F_TRANSFER_ENCODING) {
        code = PST_E_HTTP_FRAMING;
    } else if (known->field == H1_F_HOST) {
        code = PST_E_HTTP_HOST;
    }
    return pst_fail(err, h1_refuse(h, code), "the header %.*s is repeated", PST_FMT(known->name));
}

/* A nomination in Connection tells the next hop to drop that header; only the two that name none
 * pass (RFC 9110 §7.6.1). */
static enum pst_status connection(struct pst_h1 *h, struct pst_str value, struct pst_err *err)
{
    if (pst_str_eq_nocase(value, PST_STR("close"))) {
        h->head->keep_alive = false;
        return PST_OK;
    }
    if (pst_str_eq_nocase(value, PST_STR("keep-alive"))) {
        h->head->keep_alive = true;
        return PST_OK;
    }
    return pst_fail(err, h1_refuse(h, PST_E_HTTP_HEADER),
                    "Connection may say only close or keep-alive");
}

static enum pst_status content_length(struct pst_h1 *h, struct pst_str value, struct pst_err *err)
{
    if (!pst_str_u64(value, &h->head->content_length)) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING),
                        "Content-Length is not one plain decimal number");
    }
    return PST_OK;
}

/* The fields this codec acts on. Values point into the block, which may move: none is kept. */
static enum pst_status act_on(struct pst_h1 *h, const struct h1_known *known, struct pst_str value,
                              struct pst_err *err)
{
    switch ((enum h1_field)known->field) {
    case H1_F_CONNECTION:
        return connection(h, value, err);
    case H1_F_CONTENT_LENGTH:
        return content_length(h, value, err);
    case H1_F_EXPECT:
        if (h->kind == PST_H1_REQUEST && !pst_str_eq_nocase(value, PST_STR("100-continue"))) {
            return pst_fail(err, h1_refuse(h, PST_E_HTTP_EXPECT),
                            "only Expect: 100-continue is understood");
        }
        h->head->expect_continue = h->kind == PST_H1_REQUEST;
        return PST_OK;
    case H1_F_HOST:
        if (h->kind == PST_H1_REQUEST && !pst_h1_host_valid(value)) {
            return pst_fail(err, h1_refuse(h, PST_E_HTTP_HOST), "the Host header is not valid");
        }
        return PST_OK;
    case H1_F_TE:
    case H1_F_TRAILER:
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_HEADER), "the header %.*s is not allowed",
                        PST_FMT(known->name));
    case H1_F_TRANSFER_ENCODING:
        if (!pst_str_eq_nocase(value, PST_STR("chunked"))) {
            return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING),
                            "Transfer-Encoding may say only chunked");
        }
        return PST_OK;
    case H1_F_UPGRADE:
        h->head->upgrade = true;
        return PST_OK;
    case H1_F_KEEP_ALIVE:
    case H1_F_NONE:
    case H1_F_OTHERS:
        break;
    }
    return PST_OK;
}

static enum pst_status header_line(struct pst_h1 *h, size_t n, struct pst_err *err)
{
    uint8_t *p = &h->block[h->line_at];
    struct pst_str line = pst_str_of(p, n);
    if (p[0] == ' ' || p[0] == '\t') {
        return misplaced(h, line, "a header line starts with white space", err);
    }
    size_t i = 0;
    bool underscore = false;
    for (uint8_t low; (low = pst_h1_lower[p[i]]) != 0; i++) { /* CR ends it, at the latest */
        p[i] = low;
        underscore |= low == '_';
    }
    if (i == 0 || p[i] != ':') {
        return misplaced(h, line, "a header name is not a token followed by a colon", err);
    }
    struct pst_str name = pst_str_cut(line, 0, i);
    struct pst_str value = pst_str_from(line, i + 1);
    if (!pst_h1_value_clean(value)) {
        return misplaced(h, value, "a control character in a header value", err);
    }
    if (underscore && h->kind == PST_H1_REQUEST) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_HEADER), "the header %.*s has an underscore",
                        PST_FMT(pst_str_cut(name, 0, NAME_SHOWN)));
    }
    const struct h1_known *known = pst_h1_known(name);
    if (known != NULL && plainly_written(h, known, value, err) != PST_OK) {
        return PST_ERR;
    }
    value = pst_str_trim(value);
    if (known != NULL) {
        if (was_seen(h, known->field) && known->once[h->kind]) {
            return repeated(h, known, err);
        }
        h->seen |= UINT64_C(1) << known->field;
        enum pst_status st = act_on(h, known, value, err);
        if (st != PST_OK) {
            return st;
        }
    }
    return header_add(h, (struct pst_h1_header){name, value}, err);
}

/* --- the whole head --------------------------------------------------------------------------- */

/* RFC 9112 §6.3, with every case that two parsers could read differently refused. */
static enum pst_status framing(struct pst_h1 *h, struct pst_err *err)
{
    struct pst_h1_head *head = h->head;
    bool chunked = was_seen(h, H1_F_TRANSFER_ENCODING);
    bool length = was_seen(h, H1_F_CONTENT_LENGTH);
    if (chunked && length) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING),
                        "Content-Length and Transfer-Encoding together");
    }
    if (chunked && head->minor == 0) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING),
                        "Transfer-Encoding in an HTTP/1.0 message");
    }
    head->body = chunked ? PST_H1_BODY_CHUNKED : length ? PST_H1_BODY_LENGTH : PST_H1_BODY_NONE;
    return PST_OK;
}

static enum pst_status request_end(struct pst_h1 *h, struct pst_err *err)
{
    struct pst_h1_head *head = h->head;
    if (!was_seen(h, H1_F_HOST)) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_HOST), "the Host header is missing");
    }
    enum pst_status st = framing(h, err);
    if (st != PST_OK) {
        return st;
    }
    /* RFC 9110 §10.1.1: nothing to wait for without content, and HTTP/1.0 does not know it */
    bool content = head->body == PST_H1_BODY_CHUNKED ||
                   (head->body == PST_H1_BODY_LENGTH && head->content_length > 0);
    head->expect_continue = head->expect_continue && content && head->minor == 1;
    return PST_OK;
}

static enum pst_status response_end(struct pst_h1 *h, struct pst_err *err)
{
    struct pst_h1_head *head = h->head;
    enum pst_status st = framing(h, err);
    if (st != PST_OK) {
        return st;
    }
    bool tunnel = h->expected == PST_H1_CONNECT && head->status < 300;
    if (head->status < 200 || head->status == 204 || tunnel) {
        if (head->body != PST_H1_BODY_NONE) {
            return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING),
                            "a %u answer may not announce a body", head->status);
        }
        return PST_OK;
    }
    if (head->status == 304 || h->expected == PST_H1_HEAD) {
        head->body = PST_H1_BODY_NONE;
        return PST_OK;
    }
    if (head->body == PST_H1_BODY_NONE) {
        if (!was_seen(h, H1_F_CONNECTION) || head->keep_alive) {
            return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING),
                            "the answer has neither a length nor Connection: close");
        }
        head->body = PST_H1_BODY_UNTIL_CLOSE;
    }
    return PST_OK;
}

static enum h1_state body_state(const struct pst_h1_head *head)
{
    switch (head->body) {
    case PST_H1_BODY_LENGTH:
        return head->content_length > 0 ? H1_LENGTH : H1_END;
    case PST_H1_BODY_CHUNKED:
        return H1_SIZE;
    case PST_H1_BODY_UNTIL_CLOSE:
        return H1_CLOSE;
    case PST_H1_BODY_NONE:
        break;
    }
    return H1_END;
}

static enum pst_status head_end(struct pst_h1 *h, struct pst_err *err)
{
    struct pst_h1_head *head = h->head;
    enum pst_status st = h->kind == PST_H1_REQUEST ? request_end(h, err) : response_end(h, err);
    if (st != PST_OK) {
        return st;
    }
    if (h->kind == PST_H1_RESPONSE && head->status < 200) {
        if (h->interims == h->limits.interims) {
            return pst_fail(err, h1_refuse(h, PST_E_HTTP_HEADER_LIMIT),
                            "more than %u interim answers", h->limits.interims);
        }
        h->interims++;
        pst_h1_head_clear(h);
        return PST_AGAIN;
    }
    if (head->body == PST_H1_BODY_LENGTH) {
        if (head->content_length > h->limits.body_bytes) {
            return pst_fail(err, h1_refuse(h, PST_E_BODY_TOO_LARGE),
                            "the body is larger than %llu bytes",
                            (unsigned long long)h->limits.body_bytes);
        }
        h->left = head->content_length;
    }
    head->headers = h->headers;
    head->n_headers = h->n_headers;
    if (h->kind == PST_H1_REQUEST) {
        (void)pst_h1_find(head, PST_STR("host"), &head->host);
    }
    h->state = (int)body_state(head);
    return PST_OK;
}
