/* Writing: heads from parts that are checked again, chunk framing, reason phrases. */
#include "wire/h1.h"
#include "wire/h1_impl.h"

/* What the parser takes is what the writer lets out: a value that would not parse back to itself is
 * refused here, whoever made it. */
static enum pst_status write_fields(struct pst_buf *out, const struct pst_h1_header *headers,
                                    size_t n, bool request, size_t *ret_hosts, struct pst_err *err)
{
    size_t hosts = 0;
    for (size_t i = 0; i < n; i++) {
        struct pst_str name = headers[i].name, value = headers[i].value;
        if (!pst_h1_token_valid(name) || !pst_h1_value_valid(value)) {
            return pst_fail(err, PST_E_HTTP_SYNTAX, "header %zu cannot be written", i);
        }
        if (request && pst_str_find_byte(name, '_') != PST_NPOS) {
            return pst_fail(err, PST_E_HTTP_HEADER, "header %zu has an underscore", i);
        }
        if (pst_h1_framing_field(name)) {
            return pst_fail(err, PST_E_HTTP_HEADER, "header %zu belongs to the framing", i);
        }
        if (pst_str_eq_nocase(name, PST_STR("host"))) {
            hosts++;
            if (request && !pst_h1_host_valid(value)) {
                return pst_fail(err, PST_E_HTTP_HOST, "the host is not valid");
            }
        }
        pst_buf_add(out, name);
        PST_BUF_LIT(out, ": ");
        pst_buf_add(out, value);
        PST_BUF_LIT(out, "\r\n");
    }
    *ret_hosts = hosts;
    return PST_OK;
}

static void write_framing(struct pst_buf *out, struct pst_h1_framing framing)
{
    if (framing.body == PST_H1_BODY_LENGTH) {
        PST_BUF_LIT(out, "content-length: ");
        pst_buf_u64(out, framing.length);
        PST_BUF_LIT(out, "\r\n");
    } else if (framing.body == PST_H1_BODY_CHUNKED) {
        PST_BUF_LIT(out, "transfer-encoding: chunked\r\n");
    }
    if (framing.close) {
        PST_BUF_LIT(out, "connection: close\r\n");
    }
    PST_BUF_LIT(out, "\r\n");
}

/* All or nothing: what was appended since `mark` goes when anything failed. */
static enum pst_status write_end(struct pst_buf *out, size_t mark, enum pst_status st,
                                 struct pst_err *err)
{
    if (st == PST_OK && out->failed) {
        st = pst_fail(err, PST_E_NO_MEMORY, "the head does not fit its buffer");
    }
    if (st != PST_OK) {
        pst_buf_truncate(out, mark);
    }
    return st;
}

static enum pst_status request_fields(struct pst_buf *out, const struct pst_h1_header *headers,
                                      size_t n, struct pst_h1_framing framing, struct pst_err *err)
{
    size_t hosts = 0;
    enum pst_status st = write_fields(out, headers, n, /* request= */ true, &hosts, err);
    if (st != PST_OK) {
        return st;
    }
    if (hosts != 1) {
        return pst_fail(err, PST_E_HTTP_HOST, "a request needs one Host");
    }
    write_framing(out, framing);
    return PST_OK;
}

enum pst_status pst_h1_write_request(struct pst_buf *out, struct pst_str method,
                                     struct pst_str path, struct pst_str query,
                                     const struct pst_h1_header *headers, size_t n,
                                     struct pst_h1_framing framing, struct pst_err *err)
{
    if (!pst_h1_token_valid(method) || pst_str_eq(method, PST_STR("CONNECT"))) {
        return pst_fail(err, PST_E_HTTP_SYNTAX, "the method cannot be written");
    }
    if (!pst_h1_path_valid(path) || !pst_h1_query_valid(query)) {
        return pst_fail(err, PST_E_HTTP_SYNTAX, "the path or query cannot be written");
    }
    if (framing.body == PST_H1_BODY_UNTIL_CLOSE) {
        return pst_fail(err, PST_E_HTTP_FRAMING, "a request cannot last until close");
    }
    size_t mark = out->n;
    pst_buf_add(out, method);
    PST_BUF_LIT(out, " ");
    pst_buf_add(out, path);
    if (query.p != NULL) {
        PST_BUF_LIT(out, "?");
        pst_buf_add(out, query);
    }
    PST_BUF_LIT(out, " HTTP/1.1\r\n");
    return write_end(out, mark, request_fields(out, headers, n, framing, err), err);
}

enum pst_status pst_h1_write_connect(struct pst_buf *out, struct pst_str authority,
                                     const struct pst_h1_header *headers, size_t n,
                                     struct pst_err *err)
{
    size_t bracket = pst_str_find_byte(authority, ']');
    struct pst_str tail = bracket == PST_NPOS ? authority : pst_str_from(authority, bracket);
    if (!pst_h1_host_valid(authority) || pst_str_find_byte(tail, ':') == PST_NPOS) {
        return pst_fail(err, PST_E_HTTP_HOST, "CONNECT needs a host and a port");
    }
    size_t mark = out->n;
    PST_BUF_LIT(out, "CONNECT ");
    pst_buf_add(out, authority);
    PST_BUF_LIT(out, " HTTP/1.1\r\nhost: ");
    pst_buf_add(out, authority);
    PST_BUF_LIT(out, "\r\n");
    size_t hosts = 0;
    enum pst_status st = write_fields(out, headers, n, /* request= */ true, &hosts, err);
    if (st == PST_OK && hosts > 0) {
        st = pst_fail(err, PST_E_HTTP_HOST, "CONNECT writes its own Host");
    }
    if (st == PST_OK) {
        write_framing(out, (struct pst_h1_framing){.body = PST_H1_BODY_NONE});
    }
    return write_end(out, mark, st, err);
}

enum pst_status pst_h1_write_response(struct pst_buf *out, unsigned status,
                                      const struct pst_h1_header *headers, size_t n,
                                      struct pst_h1_framing framing, struct pst_err *err)
{
    if (status < 200 || status > 599) {
        return pst_fail(err, PST_E_HTTP_SYNTAX, "the status is not 200-599");
    }
    if ((status == 204 || status == 304) && framing.body != PST_H1_BODY_NONE) {
        return pst_fail(err, PST_E_HTTP_FRAMING, "a %u answer has no body", status);
    }
    if (framing.body == PST_H1_BODY_UNTIL_CLOSE && !framing.close) {
        return pst_fail(err, PST_E_HTTP_FRAMING, "a body until close needs close");
    }
    size_t mark = out->n;
    PST_BUF_LIT(out, "HTTP/1.1 ");
    pst_buf_u64(out, status);
    PST_BUF_LIT(out, " ");
    pst_buf_add(out, pst_h1_reason(status));
    PST_BUF_LIT(out, "\r\n");
    size_t hosts = 0;
    enum pst_status st = write_fields(out, headers, n, /* request= */ false, &hosts, err);
    if (st == PST_OK) {
        write_framing(out, framing);
    }
    return write_end(out, mark, st, err);
}

bool pst_h1_write_continue(struct pst_buf *out)
{
    return PST_BUF_LIT(out, "HTTP/1.1 100 Continue\r\n\r\n");
}

bool pst_h1_write_chunk_begin(struct pst_buf *out, size_t n)
{
    PST_BUG_ON(n == 0); /* it would end the body */
    uint8_t line[2 * sizeof n + 2];
    size_t digits = 0;
    for (size_t rest = n; rest > 0; rest >>= 4) {
        digits++;
    }
    for (size_t i = 0; i < digits; i++) {
        line[digits - 1 - i] = (uint8_t)"0123456789abcdef"[n >> (4 * i) & 15];
    }
    line[digits] = '\r';
    line[digits + 1] = '\n';
    return pst_buf_add(out, pst_str_of(line, digits + 2));
}

bool pst_h1_write_chunk_end(struct pst_buf *out)
{
    return PST_BUF_LIT(out, "\r\n");
}

bool pst_h1_write_chunk_last(struct pst_buf *out)
{
    return PST_BUF_LIT(out, "0\r\n\r\n");
}

struct pst_str pst_h1_reason(unsigned status)
{
    static const struct {
        uint16_t status;
        struct pst_str phrase;
    } phrases[] = {
        {100, PST_STR_INIT("Continue")},
        {101, PST_STR_INIT("Switching Protocols")},
        {103, PST_STR_INIT("Early Hints")},
        {200, PST_STR_INIT("OK")},
        {201, PST_STR_INIT("Created")},
        {202, PST_STR_INIT("Accepted")},
        {203, PST_STR_INIT("Non-Authoritative Information")},
        {204, PST_STR_INIT("No Content")},
        {205, PST_STR_INIT("Reset Content")},
        {206, PST_STR_INIT("Partial Content")},
        {300, PST_STR_INIT("Multiple Choices")},
        {301, PST_STR_INIT("Moved Permanently")},
        {302, PST_STR_INIT("Found")},
        {303, PST_STR_INIT("See Other")},
        {304, PST_STR_INIT("Not Modified")},
        {307, PST_STR_INIT("Temporary Redirect")},
        {308, PST_STR_INIT("Permanent Redirect")},
        {400, PST_STR_INIT("Bad Request")},
        {401, PST_STR_INIT("Unauthorized")},
        {402, PST_STR_INIT("Payment Required")},
        {403, PST_STR_INIT("Forbidden")},
        {404, PST_STR_INIT("Not Found")},
        {405, PST_STR_INIT("Method Not Allowed")},
        {406, PST_STR_INIT("Not Acceptable")},
        {407, PST_STR_INIT("Proxy Authentication Required")},
        {408, PST_STR_INIT("Request Timeout")},
        {409, PST_STR_INIT("Conflict")},
        {410, PST_STR_INIT("Gone")},
        {411, PST_STR_INIT("Length Required")},
        {412, PST_STR_INIT("Precondition Failed")},
        {413, PST_STR_INIT("Content Too Large")},
        {414, PST_STR_INIT("URI Too Long")},
        {415, PST_STR_INIT("Unsupported Media Type")},
        {416, PST_STR_INIT("Range Not Satisfiable")},
        {417, PST_STR_INIT("Expectation Failed")},
        {421, PST_STR_INIT("Misdirected Request")},
        {422, PST_STR_INIT("Unprocessable Content")},
        {425, PST_STR_INIT("Too Early")},
        {426, PST_STR_INIT("Upgrade Required")},
        {428, PST_STR_INIT("Precondition Required")},
        {429, PST_STR_INIT("Too Many Requests")},
        {431, PST_STR_INIT("Request Header Fields Too Large")},
        {451, PST_STR_INIT("Unavailable For Legal Reasons")},
        {499, PST_STR_INIT("Client Closed Request")}, /* not registered; ours in errors.def */
        {500, PST_STR_INIT("Internal Server Error")},
        {501, PST_STR_INIT("Not Implemented")},
        {502, PST_STR_INIT("Bad Gateway")},
        {503, PST_STR_INIT("Service Unavailable")},
        {504, PST_STR_INIT("Gateway Timeout")},
        {505, PST_STR_INIT("HTTP Version Not Supported")},
        {507, PST_STR_INIT("Insufficient Storage")},
        {511, PST_STR_INIT("Network Authentication Required")},
        {529, PST_STR_INIT("Overloaded")}, /* not registered; Anthropic's */
    };
    for (size_t i = 0; i < PST_LEN(phrases); i++) {
        if (phrases[i].status == status) {
            return phrases[i].phrase;
        }
    }
    return PST_STR("Unknown");
}
