/* HTTP/2 sessions: hostile bytes behind a preface, whole and in pieces; the events must agree, the
 * memory must stay within its bound. The first byte chooses how streams are treated, the second how
 * the bytes are cut. */
#include "wire/h2_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct h2_trace trace; /* large */

static void plan(uint8_t flags)
{
    struct pst_h2_limits limits = h2_trace_limits();
    if ((flags & 1) != 0) {
        limits.head.head_bytes = 200;
        limits.head.header_bytes = 60;
        limits.head.headers = 5;
        limits.head.body_bytes = 100;
        limits.streams = 3;
        limits.resets = 3;
        limits.control = 20;
    }
    if ((flags & 2) != 0) {
        limits.memory_bytes = (size_t)(flags >> 4) * 8192 + 1024;
    }
    (void)h2_trace_open(&trace, &limits);
    trace.answer = (flags & 4) == 0;
    trace.hold = (flags & 8) != 0;
    trace.close_at_head = (flags & 0xf3) == 0x30;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_cur c = pst_cur_of(pst_str_of(data, size));
    struct pst_err err = {0};
    struct pst_buf in, whole;
    uint8_t flags = 0, cut = 0;
    if (!pst_cur_u8(&c, &flags) || !pst_cur_u8(&c, &cut)) {
        return 0;
    }
    pst_buf_init(&in, 1 << 20);
    pst_buf_init(&whole, 1 << 24);
    if (cut < 250) {
        h2_put_begin(&in);
    }
    pst_buf_add(&in, pst_cur_rest(&c));
    plan(flags);
    (void)h2_trace_feed(&trace, pst_buf_str(&in));
    pst_buf_add(&whole, pst_buf_str(&trace.events));
    if (trace.h != NULL) {
        PST_BUG_ON(pst_h2_live(trace.h) > H2_TRACE_STREAMS);
        h2_trace_resume(&trace);
    }
    if (trace.h != NULL) {
        enum pst_status status = pst_h2_tick(trace.h, trace.now_ms + 60000, &err);
        PST_BUG_ON(status == PST_AGAIN);
        h2_trace_send(&trace);
    }
    h2_trace_close(&trace);

    /* Where nothing is sent in between, the cut changes nothing. */
    const size_t cuts[] = {(size_t)cut % 16 + 1, (size_t)cut / 16 + 1};
    plan(flags);
    trace.quiet = true;
    (void)h2_trace_cut(&trace, pst_buf_str(&in), cuts, 2);
    h2_trace_send(&trace);
    if ((flags & 0x0a) == 0) {
        PST_BUG_ON(!pst_str_eq(pst_buf_str(&whole), pst_buf_str(&trace.events)));
    }
    h2_trace_close(&trace);
    pst_buf_release(&in);
    pst_buf_release(&whole);
    return 0;
}
