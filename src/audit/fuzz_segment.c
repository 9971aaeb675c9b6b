/* Bytes as one log segment: the verifier takes them whole and in pieces and must say the same;
 * recovery must stop within the valid prefix. */
#include "audit/query.h"
#include "audit/verify.h"
#include "base/enc.h"

#include <stdlib.h>

static struct pst_verify_report verify(struct pst_str in, size_t part)
{
    const struct pst_verify_options options = {.later_start = true, .back_ns = 1000000000};
    struct pst_verify_report report;
    struct pst_verify *v = pst_verify_new(&options);
    PST_BUG_ON(v == NULL);
    enum pst_status st = PST_OK;
    for (size_t at = 0; at < in.n && st == PST_OK; at += part) {
        st = pst_verify_feed(v, pst_str_cut(in, at, part));
    }
    if (st == PST_OK) {
        st = pst_verify_next(v);
    }
    pst_verify_finish(v, &report);
    pst_verify_free(v);
    PST_BUG_ON((st == PST_ERR) && report.ok);
    return report;
}

static void recover(struct pst_str in, const struct pst_verify_report *report)
{
    struct pst_recover r;
    struct pst_log log;
    struct pst_segment_end end;
    PST_BUG_ON(pst_recover_init(&r, NULL) != PST_OK);
    PST_BUG_ON(pst_recover_feed(&r, in, NULL) != PST_OK);
    if (pst_recover_finish(&r, &log, &end, NULL) == PST_OK) {
        PST_BUG_ON(end.valid > in.n || end.valid < PST_SEGMENT_HEADER || end.data_end > in.n);
        PST_BUG_ON(report->ok && (end.tail != PST_TAIL_CLEAN || log.seq != report->log.seq));
    } else {
        PST_BUG_ON(report->ok);
    }
    pst_recover_release(&r);
}

/* Checksums made right, so that what stands behind them is reached too. */
static void repair(uint8_t *p, size_t n)
{
    if (n < PST_SEGMENT_HEADER) {
        return;
    }
    pst_put_u32le(&p[PST_SEGMENT_HEADER - 4], pst_crc32c(0, pst_str_of(p, PST_SEGMENT_HEADER - 4)));
    struct pst_cur c = pst_cur_of(pst_str_of(p, n));
    struct pst_str skipped;
    uint32_t length;
    pst_cur_skip(&c, PST_SEGMENT_HEADER);
    for (;;) {
        size_t at = c.at;
        if (!pst_cur_u32le(&c, &length) || length == 0 || length > PST_RECORD_MAX ||
            !pst_cur_take(&c, (size_t)length + 4, &skipped)) {
            return;
        }
        pst_put_u32le(&p[at + 4 + length], pst_crc32c(0, pst_str_of(&p[at], 4 + length)));
    }
}

static void check(struct pst_str in)
{
    struct pst_verify_report whole = verify(in, in.n + 1), parts = verify(in, 1 + in.n % 300);
    PST_BUG_ON(whole.ok != parts.ok || whole.fault != parts.fault ||
               whole.fault_offset != parts.fault_offset || whole.records != parts.records ||
               whole.log.seq != parts.log.seq);
    recover(in, &whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_str in = pst_str_of(data, size);
    const struct pst_query query = {.principal = PST_STR("demo-app"), .since_ns = 1};
    uint8_t *copy = malloc(size > 0 ? size : 1);
    PST_BUG_ON(copy == NULL);
    check(in);
    (void)!pst_query_match(&query, in, NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    repair(copy, size);
    check(pst_str_of(copy, size));
    free(copy);
    return 0;
}
