/* Responses of a hostile upstream: whatever the bytes and however they are cut, the events are the
 * same. Input: one byte of flags (bits 0-1: GET, HEAD, CONNECT; bit 2: narrow limits), one byte n,
 * n piece lengths, the connection's bytes. */
#include "wire/h1_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum pst_h1_method expect[] = {PST_H1_GET, PST_H1_HEAD, PST_H1_CONNECT,
                                                PST_H1_POST};
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
    struct h1_trace_plan plan = h1_trace_plan(PST_H1_RESPONSE);
    plan.expect = expect[flags & 3];
    plan.limits.body_bytes = 1000;
    plan.limits.chunks = 20;
    if (flags & 4) {
        plan.limits.line_bytes = 30;
        plan.limits.header_bytes = 50;
        plan.limits.head_bytes = 200;
        plan.limits.headers = 5;
        plan.limits.interims = 1;
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
    return 0;
}
