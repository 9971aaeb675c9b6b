/* HTTP/1.1 messages, strict, both directions (RFC 9110, RFC 9112). Sans-I/O and incremental: the
 * caller feeds whatever it has, in pieces of any size; the events do not depend on the pieces.
 *
 * There is one grammar and no switch that widens it. Every refusal is final for the connection:
 * after PST_ERR the parser answers PST_ERR for ever, and the caller closes. What is refused that
 * RFC 9112 would let pass is listed in README.md.
 *
 * Ownership: the head (struct, header array, every view in it) lives in the arena given at init,
 * until the caller clears it. BODY views point into the bytes just fed. */
#ifndef PST_WIRE_H1_H
#define PST_WIRE_H1_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum pst_h1_kind { PST_H1_REQUEST, PST_H1_RESPONSE };

/* Methods are case-sensitive tokens; whatever is not named here is OTHER and its spelling is in the
 * head. CONNECT is refused in requests (PST_E_HTTP_METHOD), and exists for pst_h1_expect. */
enum pst_h1_method {
    PST_H1_OTHER,
    PST_H1_GET,
    PST_H1_HEAD,
    PST_H1_POST,
    PST_H1_PUT,
    PST_H1_PATCH,
    PST_H1_DELETE,
    PST_H1_OPTIONS,
    PST_H1_CONNECT,
};

/* How the end of the body is known (RFC 9112 §6). UNTIL_CLOSE only in responses that also say
 * `Connection: close`; its END comes from pst_h1_finish, and a truncation cannot be told from it.
 */
enum pst_h1_body {
    PST_H1_BODY_NONE,
    PST_H1_BODY_LENGTH,
    PST_H1_BODY_CHUNKED,
    PST_H1_BODY_UNTIL_CLOSE,
};

/* All are inclusive maxima; none may be 0 but `chunks`, `body_bytes` and `interims`. head_bytes
 * must be below 1 MiB. An arena of 4 * head_bytes + 128 * headers + 8 KiB always suffices. */
struct pst_h1_limits {
    uint32_t line_bytes;   /* request or status line without CR LF: PST_E_HTTP_URI_LIMIT (request),
                              PST_E_HTTP_HEADER_LIMIT (response) */
    uint32_t head_bytes;   /* first line, headers, every CR LF: PST_E_HTTP_HEADER_LIMIT */
    uint32_t header_bytes; /* one header line without CR LF: the same */
    uint32_t headers;      /* number of header lines: the same */
    uint32_t interims;     /* 1xx responses before the final one: the same */
    uint64_t chunks;       /* chunks of one body, the last one not counted: PST_E_HTTP_FRAMING */
    uint64_t body_bytes;   /* decoded bytes of one body: PST_E_BODY_TOO_LARGE, which a larger
                              Content-Length gets before any HEAD event */
};

struct pst_h1_header {
    struct pst_str name;  /* lower case, a token; without underscore in a request */
    struct pst_str value; /* without surrounding white space; may be empty; no control character but
                             HTAB; bytes from 0x80 up pass and mean nothing */
};

struct pst_h1_head {
    /* request */
    enum pst_h1_method method;
    struct pst_str method_name;
    struct pst_str path;  /* origin-form, still percent-encoded: '/' segment *('/' segment) */
    struct pst_str query; /* what follows the first '?', still encoded */
    bool has_query;       /* "/x?" has an empty query, "/x" has none */
    struct pst_str host;  /* the Host field as sent, syntax checked */
    bool expect_continue; /* the client waits for 100 (Continue) before it sends the body */
    /* response */
    uint16_t status; /* 200-599 */
    struct pst_str reason;
    /* both */
    uint8_t minor;   /* HTTP/1.minor: 0 or 1 */
    bool keep_alive; /* the connection may carry another message after END */
    bool upgrade;    /* an Upgrade field is there; it has no effect here */
    enum pst_h1_body body;
    uint64_t content_length; /* with PST_H1_BODY_LENGTH; else what a HEAD or 304 answer announced */
    const struct pst_h1_header *headers;
    size_t n_headers;
};

enum pst_h1_event_type { PST_H1_EVENT_HEAD, PST_H1_EVENT_BODY, PST_H1_EVENT_END };

struct pst_h1_event {
    enum pst_h1_event_type type;
    const struct pst_h1_head *head; /* HEAD: valid until the arena is cleared */
    struct pst_str body;            /* BODY: never empty; a view into the bytes fed */
};

/* One parser per connection and direction; the fields are private. */
struct pst_h1 {
    enum pst_h1_kind kind;
    struct pst_h1_limits limits;
    struct pst_arena *arena;
    enum pst_h1_method expected; /* the method a response answers */
    int state;
    enum pst_error failed;
    bool begun; /* a byte of this message, or an interim response, was read */
    uint32_t interims;
    /* the head while it arrives */
    uint8_t *block; /* lines; older blocks stay in the arena, where the views point */
    size_t block_n, block_size, line_at, head_n;
    struct pst_h1_header *headers;
    size_t n_headers, headers_size;
    uint64_t seen; /* known headers met, one bit each */
    struct pst_h1_head *head;
    /* the body */
    uint64_t left, total, chunks;
    uint32_t digits;
};

/* Nothing is allocated. The arena must outlive the parser's use of it. */
void pst_h1_init(struct pst_h1 *h, enum pst_h1_kind kind, const struct pst_h1_limits *limits,
                 struct pst_arena *arena);
/* Ready for the next message of the same connection; only after END. Forgets the head: call it
 * before the arena is cleared. A response parser expects an answer to GET until told otherwise. */
void pst_h1_reset(struct pst_h1 *h);
/* Response parser, before the first byte of a response: the method it answers, since HEAD and
 * CONNECT decide whether a body follows (RFC 9112 §6.3). */
void pst_h1_expect(struct pst_h1 *h, enum pst_h1_method method);

/* Takes a prefix of `in` (*ret_used bytes).
 *   OK     one event in *ret_event; call again with the rest, even when the rest is empty: END may
 *          need no bytes
 *   AGAIN  all of `in` was taken; feed more, or call pst_h1_finish when there is no more
 *   ERR    refused: HTTP_SYNTAX FRAMING BARE_LF HEADER HOST HEADER_LIMIT URI_LIMIT VERSION METHOD
 *          EXPECT, BODY_TOO_LARGE, NO_MEMORY
 * Must not be called between END and reset; what END left of `in` belongs to the next message (or,
 * when keep_alive is false, to nobody). On ERR *ret_used and *ret_event are untouched. */
PST_NODISCARD enum pst_status pst_h1_feed(struct pst_h1 *h, struct pst_str in, size_t *ret_used,
                                          struct pst_h1_event *ret_event, struct pst_err *err);
/* The peer sends no more. OK: END of a body that lasts until close. AGAIN: nothing was begun, or
 * END was given already. ERR: the message was cut off. */
PST_NODISCARD enum pst_status pst_h1_finish(struct pst_h1 *h, struct pst_h1_event *ret_event,
                                            struct pst_err *err);

/* Number of fields of this name (lower case); the first one's value in *ret if there is any.
 * Callers that act on a value want 1: a repeated field that is not in the table of singletons
 * passes. */
size_t pst_h1_find(const struct pst_h1_head *head, struct pst_str name, struct pst_str *ret);

/* --- checks of single elements, shared by parser, serialiser and configuration ---------------- */

bool pst_h1_token_valid(struct pst_str s); /* RFC 9110 §5.6.2, not empty */
bool pst_h1_value_valid(struct pst_str s); /* RFC 9110 §5.5, trimmed, may be empty */
bool pst_h1_host_valid(struct pst_str s);  /* name, IPv4 or [IPv6], with an optional port 1-65535 */
bool pst_h1_path_valid(struct pst_str s);  /* plain segments only; see README.md */
bool pst_h1_query_valid(struct pst_str s); /* RFC 3986 §3.4, without %00 */

/* --- writing ---------------------------------------------------------------------------------- */

/* The writer states the framing: fields named content-length, transfer-encoding, connection,
 * trailer, te, upgrade and keep-alive are refused in `headers`. */
struct pst_h1_framing {
    enum pst_h1_body body;
    uint64_t length; /* with PST_H1_BODY_LENGTH */
    bool close;      /* writes `Connection: close` */
};

/* Appends a whole head. On ERR (PST_E_HTTP_SYNTAX, HTTP_HEADER, HTTP_HOST, HTTP_FRAMING; NO_MEMORY
 * when the buffer is full) nothing was appended. Names, values, path and query are checked as the
 * parser checks them, so nothing can be injected. A request needs exactly one `host`; path without
 * query: query {NULL, 0}. UNTIL_CLOSE is for responses, with close. */
PST_NODISCARD enum pst_status pst_h1_write_request(struct pst_buf *out, struct pst_str method,
                                                   struct pst_str path, struct pst_str query,
                                                   const struct pst_h1_header *headers, size_t n,
                                                   struct pst_h1_framing framing,
                                                   struct pst_err *err);
/* `CONNECT authority` with its Host (RFC 9112 §3.2.3), for an upstream proxy; the authority needs a
 * port. */
PST_NODISCARD enum pst_status pst_h1_write_connect(struct pst_buf *out, struct pst_str authority,
                                                   const struct pst_h1_header *headers, size_t n,
                                                   struct pst_err *err);
/* A final response (200-599), reason phrase from the table. 204 and 304 need BODY_NONE; any other
 * status without body should say BODY_LENGTH with 0. */
PST_NODISCARD enum pst_status pst_h1_write_response(struct pst_buf *out, unsigned status,
                                                    const struct pst_h1_header *headers, size_t n,
                                                    struct pst_h1_framing framing,
                                                    struct pst_err *err);
/* false when the buffer is full */
bool pst_h1_write_continue(struct pst_buf *out);
bool pst_h1_write_chunk_begin(struct pst_buf *out, size_t n); /* n > 0; then n bytes of data */
bool pst_h1_write_chunk_end(struct pst_buf *out);
bool pst_h1_write_chunk_last(struct pst_buf *out);
/* RFC 9110 §15; "Unknown" for a status without a registered phrase. */
struct pst_str pst_h1_reason(unsigned status);

#endif
