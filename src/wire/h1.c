/* The driver: collects lines for the head, walks the body. */
#include "wire/h1.h"

#include "wire/h1_impl.h"

#include <string.h>

enum { FIRST_BLOCK = 2048 };

void pst_h1_init(struct pst_h1 *h, enum pst_h1_kind kind, const struct pst_h1_limits *limits,
                 struct pst_arena *arena)
{
    PST_BUG_ON(limits->line_bytes == 0 || limits->header_bytes == 0 || limits->headers == 0);
    PST_BUG_ON(limits->head_bytes == 0 || limits->head_bytes >= 1 << 20);
    *h = (struct pst_h1){.kind = kind, .limits = *limits, .arena = arena};
    pst_h1_reset(h);
}

void pst_h1_reset(struct pst_h1 *h)
{
    PST_BUG_ON(h->begun && h->state != H1_DONE);
    h->state = H1_FIRST;
    h->begun = false;
    h->expected = PST_H1_GET;
    h->interims = 0;
    h->block = NULL;
    h->block_size = 0;
    h->headers = NULL;
    h->headers_size = 0;
    h->left = 0;
    h->total = 0;
    h->chunks = 0;
    h->digits = 0;
    pst_h1_head_clear(h);
}

void pst_h1_expect(struct pst_h1 *h, enum pst_h1_method method)
{
    PST_BUG_ON(h->kind != PST_H1_RESPONSE || h->begun);
    h->expected = method;
}

/* --- head ------------------------------------------------------------------------------------- */

/* The smaller of the two limits that govern this line speaks, so that the answer does not depend on
 * how the line was cut. `n` is what the line holds at least, line end included. */
static enum pst_status line_limit(struct pst_h1 *h, size_t n, struct pst_err *err)
{
    bool first = h->state == H1_FIRST;
    size_t line = (size_t)(first ? h->limits.line_bytes : h->limits.header_bytes) + 2;
    size_t head = h->limits.head_bytes - h->head_n;
    if (n <= line && n <= head) {
        return PST_OK;
    }
    if (head < line) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_HEADER_LIMIT),
                        "the head is larger than %u bytes", h->limits.head_bytes);
    }
    if (first && h->kind == PST_H1_REQUEST) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_URI_LIMIT),
                        "the request line is longer than %u bytes", h->limits.line_bytes);
    }
    return pst_fail(err, h1_refuse(h, PST_E_HTTP_HEADER_LIMIT), "a line is longer than %zu bytes",
                    line - 2);
}

/* A full block is left in the arena with the lines it holds; only the unfinished line moves. */
static enum pst_status block_add(struct pst_h1 *h, struct pst_str s, struct pst_err *err)
{
    if (s.n > h->block_size - h->block_n) {
        size_t held = h->block_n - h->line_at;
        size_t size = held * 2 > FIRST_BLOCK ? held * 2 : FIRST_BLOCK;
        size = size < held + s.n ? held + s.n : size;
        uint8_t *block = pst_arena_take(h->arena, size);
        if (block == NULL) {
            return pst_fail(err, h1_refuse(h, PST_E_NO_MEMORY), "no memory for the head");
        }
        if (held > 0) {
            memcpy(block, &h->block[h->line_at], held);
        }
        h->block = block;
        h->block_size = size;
        h->block_n = held;
        h->line_at = 0;
    }
    memcpy(&h->block[h->block_n], s.p, s.n);
    h->block_n += s.n;
    return PST_OK;
}

/* Anything that cannot start a message is refused at its first byte: TLS on a plain port, an empty
 * line, what another parser would skip. */
static bool first_byte_ok(const struct pst_h1 *h, uint8_t byte)
{
    return h->kind == PST_H1_REQUEST ? h1_is(byte, H1_C_TOKEN) : byte == 'H';
}

static enum pst_status feed_head(struct pst_h1 *h, struct pst_cur *c, struct pst_err *err)
{
    while (!pst_cur_done(c)) {
        struct pst_str rest = pst_cur_rest(c);
        if (h->state == H1_FIRST && h->block_n == 0 && !first_byte_ok(h, rest.p[0])) {
            return pst_fail(err, h1_refuse(h, PST_E_HTTP_SYNTAX),
                            "byte 0x%02x cannot start a message", rest.p[0]);
        }
        h->begun = true;
        size_t lf = pst_str_find_byte(rest, '\n');
        struct pst_str part = lf == PST_NPOS ? rest : pst_str_cut(rest, 0, lf + 1);
        size_t held = h->block_n - h->line_at;
        enum pst_status st = line_limit(h, held + part.n + (lf == PST_NPOS ? 1 : 0), err);
        if (st == PST_OK) {
            st = block_add(h, part, err);
        }
        if (st != PST_OK) {
            return st;
        }
        pst_cur_skip(c, part.n);
        if (lf == PST_NPOS) {
            return PST_AGAIN;
        }
        st = pst_h1_head_line(h, err);
        if (st != PST_AGAIN) {
            return st;
        }
    }
    return PST_AGAIN;
}

/* --- body ------------------------------------------------------------------------------------- */

/* Up to `left` bytes become a BODY event. */
static enum pst_status feed_data(struct pst_h1 *h, struct pst_cur *c, enum h1_state next,
                                 struct pst_h1_event *ret_event)
{
    size_t n = pst_cur_left(c);
    if (n > h->left) {
        n = (size_t)h->left;
    }
    struct pst_str body = pst_str_cut(c->in, c->at, n);
    pst_cur_skip(c, n);
    h->left -= n;
    if (h->left == 0) {
        h->state = (int)next;
    }
    *ret_event = (struct pst_h1_event){.type = PST_H1_EVENT_BODY, .body = body};
    return PST_OK;
}

static enum pst_status feed_close(struct pst_h1 *h, struct pst_cur *c,
                                  struct pst_h1_event *ret_event, struct pst_err *err)
{
    h->left = h->limits.body_bytes - h->total;
    if (h->left == 0) {
        return pst_fail(err, h1_refuse(h, PST_E_BODY_TOO_LARGE),
                        "the body is larger than %llu bytes",
                        (unsigned long long)h->limits.body_bytes);
    }
    size_t before = c->at;
    enum pst_status st = feed_data(h, c, H1_CLOSE, ret_event);
    h->total += c->at - before;
    return st;
}

/* A chunk's size line is complete (RFC 9112 §7.1). */
static enum pst_status chunk_begin(struct pst_h1 *h, struct pst_err *err)
{
    h->digits = 0;
    if (h->left == 0) {
        h->state = H1_LAST_CR;
        return PST_AGAIN;
    }
    if (h->left > INT64_MAX) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING), "a chunk size is out of range");
    }
    if (h->chunks == h->limits.chunks) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING), "more than %llu chunks",
                        (unsigned long long)h->limits.chunks);
    }
    if (h->left > h->limits.body_bytes - h->total) {
        return pst_fail(err, h1_refuse(h, PST_E_BODY_TOO_LARGE),
                        "the body is larger than %llu bytes",
                        (unsigned long long)h->limits.body_bytes);
    }
    h->chunks++;
    h->total += h->left;
    h->state = H1_DATA;
    return PST_AGAIN;
}

static enum pst_status chunk_size_byte(struct pst_h1 *h, uint8_t byte, struct pst_err *err)
{
    int digit = pst_h1_hex(byte);
    if (digit >= 0) {
        if (h->digits == 16) {
            return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING),
                            "a chunk size has more than 16 digits");
        }
        h->left = h->left << 4 | (uint64_t)digit;
        h->digits++;
        return PST_AGAIN;
    }
    if (byte == '\r' && h->digits > 0) {
        h->state = H1_SIZE_LF;
        return PST_AGAIN;
    }
    if (byte == '\n') {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_BARE_LF), "a chunk size ends in a bare LF");
    }
    if (byte == ';') {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING), "chunk extensions are not allowed");
    }
    return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING), "byte 0x%02x in a chunk size", byte);
}

/* One fixed byte of the chunk framing. */
static enum pst_status chunk_want(struct pst_h1 *h, uint8_t byte, uint8_t want, enum h1_state next,
                                  struct pst_err *err)
{
    if (byte == want) {
        h->state = (int)next;
        return PST_AGAIN;
    }
    if (byte == '\n' || want == '\n') {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_BARE_LF),
                        "a chunk line does not end in CR LF");
    }
    return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING),
                    h->state == H1_LAST_CR ? "trailers are not allowed"
                                           : "a chunk is longer than its size");
}

static enum pst_status chunk_frame(struct pst_h1 *h, struct pst_cur *c, struct pst_err *err)
{
    uint8_t byte = c->in.p[c->at];
    pst_cur_skip(c, 1);
    switch ((enum h1_state)h->state) {
    case H1_SIZE:
        return chunk_size_byte(h, byte, err);
    case H1_SIZE_LF: {
        enum pst_status st = chunk_want(h, byte, '\n', H1_DATA, err);
        return st == PST_AGAIN ? chunk_begin(h, err) : st;
    }
    case H1_DATA_CR:
        return chunk_want(h, byte, '\r', H1_DATA_LF, err);
    case H1_DATA_LF:
        return chunk_want(h, byte, '\n', H1_SIZE, err);
    case H1_LAST_CR:
        return chunk_want(h, byte, '\r', H1_LAST_LF, err);
    case H1_LAST_LF:
        return chunk_want(h, byte, '\n', H1_END, err);
    case H1_FIRST:
    case H1_HEADERS:
    case H1_LENGTH:
    case H1_CLOSE:
    case H1_DATA:
    case H1_END:
    case H1_DONE:
    case H1_FAILED:
        break;
    }
    pst_bug(__FILE__, __LINE__, "a state outside the chunk framing");
}

static enum pst_status feed_body(struct pst_h1 *h, struct pst_cur *c,
                                 struct pst_h1_event *ret_event, struct pst_err *err)
{
    enum pst_status st = PST_AGAIN;
    while (st == PST_AGAIN) {
        if (h->state == H1_END) {
            h->state = H1_DONE;
            *ret_event = (struct pst_h1_event){.type = PST_H1_EVENT_END};
            return PST_OK;
        }
        if (pst_cur_done(c)) {
            return PST_AGAIN;
        }
        if (h->state == H1_LENGTH) {
            st = feed_data(h, c, H1_END, ret_event);
        } else if (h->state == H1_DATA) {
            st = feed_data(h, c, H1_DATA_CR, ret_event);
        } else if (h->state == H1_CLOSE) {
            st = feed_close(h, c, ret_event, err);
        } else {
            st = chunk_frame(h, c, err);
        }
    }
    return st;
}

enum pst_status pst_h1_feed(struct pst_h1 *h, struct pst_str in, size_t *ret_used,
                            struct pst_h1_event *ret_event, struct pst_err *err)
{
    PST_BUG_ON(h->state == H1_DONE);
    if (h->state == H1_FAILED) {
        return pst_fail(err, h->failed, "the message was refused before");
    }
    struct pst_cur c = pst_cur_of(in);
    enum pst_status st;
    if (h->state == H1_FIRST || h->state == H1_HEADERS) {
        st = feed_head(h, &c, err);
        if (st == PST_OK) {
            *ret_event = (struct pst_h1_event){.type = PST_H1_EVENT_HEAD, .head = h->head};
        }
    } else {
        st = feed_body(h, &c, ret_event, err);
    }
    if (st != PST_ERR) {
        *ret_used = c.at;
    }
    return st;
}

enum pst_status pst_h1_finish(struct pst_h1 *h, struct pst_h1_event *ret_event, struct pst_err *err)
{
    if (h->state == H1_FAILED) {
        return pst_fail(err, h->failed, "the message was refused before");
    }
    if (h->state == H1_CLOSE || h->state == H1_END) {
        h->state = H1_DONE;
        *ret_event = (struct pst_h1_event){.type = PST_H1_EVENT_END};
        return PST_OK;
    }
    if (h->state == H1_DONE || !h->begun) {
        return PST_AGAIN;
    }
    if (h->state == H1_FIRST || h->state == H1_HEADERS) {
        return pst_fail(err, h1_refuse(h, PST_E_HTTP_SYNTAX), "the head was cut off");
    }
    return pst_fail(err, h1_refuse(h, PST_E_HTTP_FRAMING), "the body was cut off");
}

size_t pst_h1_find(const struct pst_h1_head *head, struct pst_str name, struct pst_str *ret)
{
    size_t found = 0;
    for (size_t i = 0; i < head->n_headers; i++) {
        if (pst_str_eq(head->headers[i].name, name)) {
            if (found++ == 0) {
                *ret = head->headers[i].value;
            }
        }
    }
    return found;
}
