/* Requests: whatever the bytes and however they are cut, the events are the same; and a head that
 * was accepted can be written again and then says the same.
 * Input: one byte of flags, one byte n, n piece lengths, the connection's bytes. */
#include "wire/h1_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* parse(write(parse(x))) = parse(x) for the first message, framing fields aside. */
static void round_trip(const struct h1_trace_plan *plan, struct pst_str in)
{
    struct pst_arena arena;
    pst_arena_init(&arena, 4096, 1 << 20);
    struct pst_h1 h;
    struct pst_h1_event ev, ev2;
    size_t used = 0;
    pst_h1_init(&h, PST_H1_REQUEST, &plan->limits, &arena);
    if (pst_h1_feed(&h, in, &used, &ev, NULL) == PST_OK && ev.type == PST_H1_EVENT_HEAD) {
        const struct pst_h1_head *a = ev.head;
        struct pst_h1_header kept[100];
        size_t n = 0;
        for (size_t i = 0; i < a->n_headers; i++) {
            struct pst_str name = a->headers[i].name;
            if (!pst_str_eq(name, PST_STR("connection")) && !pst_str_eq(name, PST_STR("upgrade")) &&
                !pst_str_eq(name, PST_STR("keep-alive")) &&
                !pst_str_eq(name, PST_STR("proxy-connection")) &&
                !pst_str_eq(name, PST_STR("content-length")) &&
                !pst_str_eq(name, PST_STR("transfer-encoding"))) {
                kept[n++] = a->headers[i];
            }
        }
        struct pst_buf out;
        pst_buf_init(&out, 1 << 20);
        struct pst_h1_framing framing = {a->body, a->content_length, !a->keep_alive};
        PST_BUG_ON(pst_h1_write_request(&out, a->method_name, a->path, a->query, kept, n, framing,
                                        NULL) != PST_OK);
        struct h1_trace_plan roomy = h1_trace_plan(PST_H1_REQUEST);
        struct pst_h1 h2;
        pst_h1_init(&h2, PST_H1_REQUEST, &roomy.limits, &arena);
        PST_BUG_ON(pst_h1_feed(&h2, pst_buf_str(&out), &used, &ev2, NULL) != PST_OK);
        const struct pst_h1_head *b = ev2.head;
        PST_BUG_ON(used != out.n || a->method != b->method || a->body != b->body ||
                   a->content_length != b->content_length || a->keep_alive != b->keep_alive);
        PST_BUG_ON(!pst_str_eq(a->path, b->path) || !pst_str_eq(a->query, b->query) ||
                   a->has_query != b->has_query || !pst_str_eq(a->host, b->host));
        for (size_t i = 0; i < n; i++) {
            PST_BUG_ON(!pst_str_eq(kept[i].name, b->headers[i].name) ||
                       !pst_str_eq(kept[i].value, b->headers[i].value));
        }
        pst_buf_release(&out);
    }
    pst_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_cur c = pst_cur_of(pst_str_of(data, size));
    uint8_t flags = 0, n = 0;
    if (!pst_cur_u8(&c, &flags) || !pst_cur_u8(&c, &n)) {
        return 0;
    }
    size_t cuts[256], n_cuts = 0, sum = 0;
    for (uint8_t cut = 0; n_cuts < n && pst_cur_u8(&c, &cut); n_cuts++) {
        cuts[n_cuts] = cut;
        sum += cut;
    }
    struct pst_str in = pst_cur_rest(&c);
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_REQUEST);
    plan.limits.body_bytes = 1000;
    plan.limits.chunks = 20;
    if (flags & 1) {
        plan.limits.line_bytes = 40;
        plan.limits.header_bytes = 50;
        plan.limits.head_bytes = 200;
        plan.limits.headers = 5;
    }
    struct pst_buf whole, cut;
    pst_buf_init(&whole, 1 << 24);
    pst_buf_init(&cut, 1 << 24);
    enum pst_error code = h1_trace(&whole, &plan, in);
    plan.cuts = sum > 0 ? cuts : (const size_t[]){1};
    plan.n_cuts = sum > 0 ? n_cuts : 1;
    PST_BUG_ON(h1_trace(&cut, &plan, in) != code);
    PST_BUG_ON(!pst_str_eq(pst_buf_str(&whole), pst_buf_str(&cut)));
    if (flags & 0x80) { /* an arena that may be too small: anything but a crash */
        plan.arena_cap = (size_t)(flags & 0x70) * 64;
        pst_buf_clear(&cut);
        (void)h1_trace(&cut, &plan, in);
    }
    pst_buf_release(&whole);
    pst_buf_release(&cut);
    round_trip(&plan, in);
    return 0;
}
