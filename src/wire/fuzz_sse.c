/* Two bytes choose the limits and the cuts, the rest is the stream. However it is cut, the events
 * must be the same, and an event that is written must be read as what it was. */
#include "wire/sse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok) {
        abort();
    }
}

static void comes_back(const struct pst_sse_event *e)
{
    const struct pst_sse_limits wide = {.line_bytes = 1U << 20, .event_bytes = 1U << 20};
    struct pst_sse s;
    struct pst_sse_event got;
    struct pst_buf out;
    size_t used;
    pst_sse_init(&s, &wide);
    pst_buf_init(&out, 4U << 20);
    /* a NUL may come in a type but not go: everything else the parser gives can be written */
    if (pst_sse_put(&out, e->type, e->data, e->id, e->retry_ms)) {
        must(pst_sse_feed(&s, pst_buf_str(&out), &used, &got, NULL) == PST_OK && used == out.n);
        must(pst_str_eq(got.type, e->type) && pst_str_eq(got.data, e->data));
        must(pst_str_eq(got.id, e->id) && got.retry_ms == e->retry_ms);
    } else {
        must(pst_str_find_byte(e->type, 0) != PST_NPOS);
    }
    pst_buf_release(&out);
    pst_sse_release(&s);
}

static void put(struct pst_buf *log, struct pst_str s)
{
    (void)pst_buf_u64(log, s.n);
    (void)pst_buf_byte(log, ':');
    (void)pst_buf_add(log, s);
}

static void put_event(struct pst_buf *log, const struct pst_sse_event *e)
{
    put(log, e->type);
    put(log, e->data);
    put(log, e->id);
    (void)pst_buf_i64(log, e->retry_ms);
    (void)pst_buf_byte(log, ' ');
    (void)pst_buf_u64(log, e->comments);
}

static void run(const struct pst_sse_limits *limits, struct pst_str text, uint8_t cuts,
                struct pst_buf *log)
{
    struct pst_sse s;
    struct pst_err err = {0};
    enum pst_status status = PST_AGAIN;
    uint32_t state = cuts;
    pst_sse_init(&s, limits);
    for (size_t at = 0; at < text.n && status != PST_ERR;) {
        state = state * 1664525 + 1013904223;
        const size_t n = cuts == 0 ? text.n : cuts == 1 ? 1 : (state >> 24) % cuts;
        struct pst_str piece = pst_str_cut(text, at, n);
        at += piece.n;
        do {
            size_t used = 0;
            struct pst_sse_event e;
            status = pst_sse_feed(&s, piece, &used, &e, &err);
            must(used <= piece.n && (status != PST_AGAIN || used == piece.n));
            piece = pst_str_from(piece, used);
            if (status == PST_OK) {
                must(e.data.n + e.type.n <= (size_t)limits->event_bytes + sizeof "message");
                put_event(log, &e);
                comes_back(&e);
            }
        } while (status == PST_OK);
        must(s.line.n <= limits->line_bytes);
    }
    (void)pst_buf_fmt(log, "%d %d %s %lld %d", (int)status, (int)err.code, err.text,
                      (long long)s.retry_ms, status != PST_ERR && pst_sse_pending(&s));
    pst_sse_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 1U << 16) {
        return 0;
    }
    const struct pst_str text = pst_str_from(pst_str_of(data, size), 2);
    const uint32_t line = data[0] < 128 ? 1U << 17 : data[0] - 127U + 3;
    const struct pst_sse_limits limits = {.line_bytes = line, .event_bytes = 2 * line};
    struct pst_buf whole, cut;
    pst_buf_init(&whole, 64U << 20);
    pst_buf_init(&cut, 64U << 20);
    run(&limits, text, 0, &whole);
    run(&limits, text, data[1] > 0 ? data[1] : 1, &cut);
    must(!whole.failed && !cut.failed);
    must(pst_str_eq(pst_buf_str(&whole), pst_buf_str(&cut)));
    pst_buf_release(&whole);
    pst_buf_release(&cut);
    return 0;
}
