#include "audit/verify.h"

#include "audit/header.h"
#include "audit/test_log.h"
#include "base/enc.h"
#include "base/test.h"
#include "base/test_heap.h"

#include <stdlib.h>

enum { SEGMENTS = 3, PER_SEGMENT = 4 };

/* A log of three segments, each with decisions and one checkpoint. */
static void make(struct test_log *t)
{
    test_log_init(t);
    for (int s = 0; s < SEGMENTS; s++) {
        test_log_begin(t);
        for (int i = 0; i < PER_SEGMENT; i++) {
            if (i == 2) {
                test_log_checkpoint(t, s * 10 + i, false);
            } else {
                test_log_decision(t, s * 10 + i);
            }
        }
    }
    test_log_pad(t);
}

struct run {
    struct pst_str file[8];
    size_t n;
    const struct pst_note_key *key;
    const struct pst_checkpoint *expect;
    int64_t back_ns;
    size_t part;
    bool later_start;
};

static struct run all_of(struct test_log *t)
{
    struct run r = {.n = t->n, .key = &t->key, .part = TEST_SEGMENT};
    for (size_t i = 0; i < t->n; i++) {
        r.file[i] = pst_buf_str(&t->seg[i]);
    }
    return r;
}

static struct pst_verify_report verify(const struct run *r)
{
    struct pst_verify_report report;
    const struct pst_verify_options options = {
        .key = r->key, .back_ns = r->back_ns, .later_start = r->later_start};
    struct pst_verify *v = pst_verify_new(&options);
    assert_non_null(v);
    if (r->expect != NULL) {
        assert_true(pst_verify_expect(v, r->expect));
    }
    enum pst_status st = PST_OK;
    for (size_t i = 0; i < r->n && st == PST_OK; i++) {
        for (size_t at = 0; at < r->file[i].n && st == PST_OK; at += r->part) {
            st = pst_verify_feed(v, pst_str_cut(r->file[i], at, r->part));
        }
        if (st == PST_OK) {
            st = pst_verify_next(v);
        }
    }
    if (st != PST_OK) { /* it stays so */
        assert_int_equal(pst_verify_feed(v, PST_STR("x")), PST_ERR);
        assert_int_equal(pst_verify_next(v), PST_ERR);
    }
    pst_verify_finish(v, &report);
    pst_verify_free(v);
    assert_true(report.ok == (report.faults == 0) && report.ok == (report.fault == PST_FAULT_NONE));
    return report;
}

/* The frames of a segment, to be put together anew. */
struct frames {
    struct pst_str frame[16];
    size_t n;
};

static struct frames frames_of(const struct test_log *t, size_t segment)
{
    struct frames f = {0};
    struct pst_cur c = pst_cur_of(pst_str_cut(pst_buf_str(&t->seg[segment]), 0, t->used[segment]));
    pst_cur_skip(&c, PST_SEGMENT_HEADER);
    while (!pst_cur_done(&c)) {
        struct pst_cur look = c;
        uint32_t n;
        assert_true(pst_cur_u32le(&look, &n));
        assert_true(pst_cur_take(&c, n + 8, &f.frame[f.n++]));
    }
    return f;
}

static struct pst_str rebuild(const struct test_log *t, size_t segment, const struct frames *f,
                              uint8_t *ret)
{
    size_t at = PST_SEGMENT_HEADER;
    memset(ret, 0, TEST_SEGMENT);
    memcpy(ret, t->seg[segment].p, PST_SEGMENT_HEADER);
    for (size_t i = 0; i < f->n; i++) {
        memcpy(&ret[at], f->frame[i].p, f->frame[i].n);
        at += f->frame[i].n;
    }
    return pst_str_of(ret, TEST_SEGMENT);
}

static void good_logs(void **state)
{
    (void)state;
    struct test_log t;
    make(&t);
    struct run r = all_of(&t);
    static const size_t parts[] = {TEST_SEGMENT, 1, 7, 4096};
    for (size_t i = 0; i < PST_LEN(parts); i++) {
        r.part = parts[i];
        struct pst_verify_report p = verify(&r);
        assert_true(p.ok);
        assert_true(p.records == 12 && p.segments == 3 && p.first_seq == 0);
        assert_int_equal(p.bytes, SEGMENTS * TEST_SEGMENT);
        assert_true(p.checkpoints_good == 3 && p.checkpoints_bad == 0);
        assert_int_equal(p.covered, 10);
        assert_true(p.first_ts_ns == TEST_TS && p.last_ts_ns == TEST_TS + 23000000000);
        assert_memory_equal(&p.log, &t.log, sizeof p.log);
    }
    r.part = TEST_SEGMENT;
    r.key = NULL;
    struct pst_verify_report p = verify(&r);
    assert_true(p.ok && p.checkpoints_good == 0 && p.checkpoints_unchecked == 3);
    test_log_release(&t);
}

static void every_flip(void **state)
{
    (void)state;
    struct test_log t;
    make(&t);
    struct run r = all_of(&t);
    for (size_t s = 0; s < SEGMENTS; s += 2) {
        uint8_t *copy = malloc(TEST_SEGMENT);
        assert_non_null(copy);
        memcpy(copy, t.seg[s].p, TEST_SEGMENT);
        r.file[s] = pst_str_of(copy, TEST_SEGMENT);
        for (size_t at = 0; at < TEST_SEGMENT; at += at < t.used[s] + 16 ? 1 : 2039) {
            copy[at] ^= (uint8_t)(1 + at % 255);
            struct pst_verify_report p = verify(&r);
            if (p.ok) {
                fail_msg("a flip at %zu of segment %zu was not seen", at, s + 1);
            }
            assert_int_equal(p.fault_segment, s + 1);
            assert_true(p.fault_offset <= at);
            copy[at] ^= (uint8_t)(1 + at % 255);
        }
        free(copy);
        r.file[s] = pst_buf_str(&t.seg[s]);
    }
    test_log_release(&t);
}

/* Flips under a checksum made right again: only chain and signatures are left to see them. */
static void every_flip_by_someone_careful(void **state)
{
    (void)state;
    struct test_log t;
    make(&t);
    struct run r = all_of(&t);
    uint8_t *copy = malloc(TEST_SEGMENT);
    assert_non_null(copy);
    memcpy(copy, t.seg[0].p, TEST_SEGMENT);
    r.file[0] = pst_str_of(copy, TEST_SEGMENT);
    for (size_t f = 0, at = PST_SEGMENT_HEADER; f < PER_SEGMENT; f++) {
        size_t n = frames_of(&t, 0).frame[f].n;
        for (size_t i = 4; i < n - 4; i++) {
            copy[at + i] ^= 1;
            pst_put_u32le(&copy[at + n - 4], pst_crc32c(0, pst_str_of(&copy[at], n - 4)));
            assert_false(verify(&r).ok);
            copy[at + i] ^= 1;
        }
        pst_put_u32le(&copy[at + n - 4], pst_crc32c(0, pst_str_of(&copy[at], n - 4)));
        at += n;
    }
    assert_true(verify(&r).ok);
    free(copy);
    test_log_release(&t);
}

static void records_moved(void **state)
{
    (void)state;
    struct test_log t;
    make(&t);
    uint8_t *copy = malloc(TEST_SEGMENT);
    assert_non_null(copy);
    for (size_t s = 0; s < SEGMENTS; s++) {
        const struct frames good = frames_of(&t, s);
        assert_int_equal(good.n, PER_SEGMENT);
        for (size_t i = 0; i < good.n; i++) {
            struct run r = all_of(&t);
            struct frames f = good; /* one removed */
            f.n--;
            memmove(&f.frame[i], &f.frame[i + 1], (f.n - i) * sizeof f.frame[0]);
            r.file[s] = rebuild(&t, s, &f, copy);
            struct pst_verify_report p = verify(&r);
            bool tail = i == good.n - 1;
            /* a missing end shows in the next header; at the very end only a checkpoint knows */
            assert_true(p.ok == (tail && s == SEGMENTS - 1));
            assert_true(p.ok || p.fault == (tail ? PST_FAULT_LINK : PST_FAULT_SEQ));
            f = good; /* one doubled */
            memmove(&f.frame[i + 1], &f.frame[i], (f.n - i) * sizeof f.frame[0]);
            f.n++;
            r.file[s] = rebuild(&t, s, &f, copy);
            assert_int_equal(verify(&r).fault, PST_FAULT_SEQ);
            if (i > 0) { /* two swapped */
                f = good;
                f.frame[i] = good.frame[i - 1];
                f.frame[i - 1] = good.frame[i];
                r.file[s] = rebuild(&t, s, &f, copy);
                p = verify(&r);
                assert_int_equal(p.fault, PST_FAULT_SEQ);
                assert_int_equal(p.fault_segment, s + 1);
            }
        }
    }
    free(copy);
    test_log_release(&t);
}

static void segments_moved(void **state)
{
    (void)state;
    struct test_log t;
    make(&t);
    struct run good = all_of(&t), r = good;
    r.n = 0;
    assert_int_equal(verify(&r).fault, PST_FAULT_EMPTY);
    r = good; /* doubled */
    r.file[2] = good.file[1];
    assert_int_equal(verify(&r).fault, PST_FAULT_LINK);
    r = good; /* swapped */
    r.file[1] = good.file[2];
    r.file[2] = good.file[1];
    assert_int_equal(verify(&r).fault, PST_FAULT_LINK);
    r = good; /* the middle one left out */
    r.file[1] = good.file[2];
    r.n = 2;
    struct pst_verify_report p = verify(&r);
    assert_int_equal(p.fault, PST_FAULT_LINK);
    assert_int_equal(p.fault_segment, 2);
    r = good; /* the first left out */
    r.file[0] = good.file[1];
    r.file[1] = good.file[2];
    r.n = 2;
    assert_int_equal(verify(&r).fault, PST_FAULT_START);
    r.later_start = true;
    p = verify(&r);
    assert_true(p.ok && p.first_seq == 4 && p.records == 8 && p.checkpoints_good == 2);
    r = good; /* cut anywhere behind the header, or within it */
    for (size_t n = 0; n < TEST_SEGMENT; n += n < t.used[2] + 8 ? 13 : 997) {
        for (size_t s = 0; s < SEGMENTS; s += 2) {
            r = good;
            r.file[s].n = n;
            p = verify(&r);
            assert_int_equal(p.fault, n < PST_SEGMENT_HEADER ? PST_FAULT_HEADER : PST_FAULT_TAIL);
        }
    }
    /* a segment of another log with the same numbers */
    struct test_log other;
    test_log_init(&other);
    other.log.log_id[0] ^= 1;
    test_log_begin(&other);
    test_log_begin(&other);
    test_log_pad(&other);
    r = good;
    r.file[1] = pst_buf_str(&other.seg[1]);
    assert_int_equal(verify(&r).fault, PST_FAULT_LINK);
    r = good;
    r.file[0] = pst_buf_str(&other.seg[0]); /* the chain does not begin as its id says */
    assert_int_equal(verify(&r).fault, PST_FAULT_LINK);
    test_log_release(&other);
    test_log_release(&t);
}

static void checkpoints_from_elsewhere(void **state)
{
    (void)state;
    struct test_log t;
    make(&t);
    struct pst_checkpoint point = {.origin = t.log.origin, .records = t.log.seq};
    memcpy(point.head, t.log.chain, PST_LOG_HASH);
    struct run r = all_of(&t);
    r.expect = &point;
    assert_true(verify(&r).ok);
    /* the last record, or the last segment, is gone */
    uint8_t *copy = malloc(TEST_SEGMENT);
    assert_non_null(copy);
    struct frames f = frames_of(&t, 2);
    f.n--;
    r.file[2] = rebuild(&t, 2, &f, copy);
    struct pst_verify_report p = verify(&r);
    assert_int_equal(p.fault, PST_FAULT_EXPECTED);
    r.n = 2;
    assert_int_equal(verify(&r).fault, PST_FAULT_EXPECTED);
    /* another history of the same length */
    r = all_of(&t);
    r.expect = &point;
    point.head[5] ^= 1;
    p = verify(&r);
    assert_int_equal(p.fault, PST_FAULT_EXPECTED);
    assert_int_equal(p.fault_segment, 3);
    point.head[5] ^= 1;
    assert_true(pst_log_origin_set(&point.origin, PST_STR("postern/other")));
    assert_int_equal(verify(&r).fault, PST_FAULT_EXPECTED);
    point.origin = t.log.origin;
    /* the empty log, and a place before the first segment given */
    point.records = 0;
    pst_log_genesis(t.log.log_id, PST_STR(TEST_ORIGIN), point.head);
    assert_true(verify(&r).ok);
    r.file[0] = r.file[1];
    r.file[1] = r.file[2];
    r.n = 2;
    r.later_start = true;
    p = verify(&r);
    assert_int_equal(p.fault, PST_FAULT_EXPECTED);
    free(copy);
    const struct pst_verify_options none = {0};
    struct pst_verify *v = pst_verify_new(&none);
    for (size_t i = 0; i < PST_VERIFY_EXPECT_MAX; i++) {
        assert_true(pst_verify_expect(v, &point));
    }
    assert_false(pst_verify_expect(v, &point));
    pst_verify_free(v);
    pst_verify_free(NULL);
    test_log_release(&t);
}

/* A checkpoint record with whatever it claims, signed with the log's own key when `note` is empty.
 */
static struct pst_verify_report with_checkpoint(uint64_t records, int head_flip, const char *note,
                                                bool wrong_signature, uint64_t note_records)
{
    struct test_log t;
    struct pst_buf b;
    test_log_init(&t);
    test_log_begin(&t);
    test_log_decision(&t, 0);
    test_log_decision(&t, 1);
    struct pst_log real = t.log;
    uint8_t head[PST_LOG_HASH];
    t.log.seq = note_records;
    t.log.chain[0] ^= head_flip > 1 ? 1 : 0;
    memcpy(head, t.log.chain, sizeof head);
    head[1] ^= head_flip == 1 ? 1 : 0;
    pst_buf_init(&b, PST_NOTE_MAX);
    if (note != NULL) {
        pst_buf_add(&b, pst_str_c(note));
    } else {
        test_log_note(&t, &b, wrong_signature);
    }
    t.log = real;
    struct pst_record r = {.kind = PST_RECORD_CHECKPOINT,
                           .ts_ns = TEST_TS + 2000000000,
                           .checkpoint = {.durability = PST_STR("answer"),
                                          .head = head,
                                          .note = pst_buf_str(&b),
                                          .records = records}};
    test_log_append(&t, &r);
    test_log_pad(&t);
    struct run run = all_of(&t);
    struct pst_verify_report p = verify(&run);
    assert_int_equal(p.checkpoints_good + p.checkpoints_bad, 1);
    assert_int_equal(p.records, 3); /* the rest of the log is still looked at */
    pst_buf_release(&b);
    test_log_release(&t);
    return p;
}

static void checkpoints_that_lie(void **state)
{
    (void)state;
    assert_true(with_checkpoint(2, 0, NULL, false, 2).ok);
    assert_int_equal(with_checkpoint(2, 0, NULL, true, 2).fault, PST_FAULT_SIGNATURE);
    assert_int_equal(with_checkpoint(2, 1, NULL, false, 2).fault, PST_FAULT_CHECKPOINT);
    assert_int_equal(with_checkpoint(2, 2, NULL, false, 2).fault, PST_FAULT_CHECKPOINT);
    assert_int_equal(with_checkpoint(1, 0, NULL, false, 2).fault, PST_FAULT_CHECKPOINT);
    assert_int_equal(with_checkpoint(1, 0, NULL, false, 1).fault, PST_FAULT_CHECKPOINT);
    assert_int_equal(with_checkpoint(3, 0, NULL, false, 3).fault, PST_FAULT_CHECKPOINT);
    assert_int_equal(with_checkpoint(2, 0, "", false, 2).fault, PST_FAULT_CHECKPOINT);
    assert_int_equal(with_checkpoint(2, 0, "postern/test\n", false, 2).fault, PST_FAULT_CHECKPOINT);
    struct pst_verify_report p = with_checkpoint(2, 0, NULL, true, 2);
    assert_int_equal(p.covered, 0);
    assert_int_equal(p.err.code, PST_E_IDENTITY_INVALID);
}

/* A checkpoint may stand some records behind what it covers, but not any number. */
static void late_checkpoints(void **state)
{
    (void)state;
    struct test_log t;
    struct pst_buf note;
    test_log_init(&t);
    test_log_begin(&t);
    pst_buf_init(&note, PST_NOTE_MAX);
    test_log_decision(&t, 0);
    test_log_note(&t, &note, false);
    uint8_t head[PST_LOG_HASH];
    memcpy(head, t.log.chain, sizeof head);
    test_log_decision(&t, 1);
    test_log_decision(&t, 2);
    struct pst_record r = {.kind = PST_RECORD_CHECKPOINT,
                           .ts_ns = TEST_TS + 3000000000,
                           .checkpoint = {.durability = PST_STR("interval"),
                                          .window_ms = 50,
                                          .head = head,
                                          .note = pst_buf_str(&note),
                                          .records = 1}};
    test_log_append(&t, &r);
    test_log_pad(&t);
    struct run run = all_of(&t);
    struct pst_verify_report p = verify(&run);
    assert_true(p.ok && p.checkpoints_good == 1 && p.covered == 1);
    pst_buf_release(&note);
    test_log_release(&t);
}

static void times(void **state)
{
    (void)state;
    struct test_log t;
    test_log_init(&t);
    test_log_begin(&t);
    test_log_decision(&t, 5);
    test_log_decision(&t, 3);
    test_log_decision(&t, 4);
    test_log_pad(&t);
    struct run r = all_of(&t);
    r.back_ns = 2000000000;
    assert_true(verify(&r).ok);
    r.back_ns = 1999999999;
    struct pst_verify_report p = verify(&r);
    assert_true(p.fault == PST_FAULT_TIME && p.faults == 1 && p.records == 3);
    test_log_release(&t);
}

static void records_without_what_is_needed(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{}",
        "{\"kind\":\"system\",\"seq\":0,\"v\":1}",
        "{\"kind\":\"system\",\"ts\":\"2026-11-25T07:47:31.123456Z\",\"v\":1}",
        "{\"seq\":0,\"ts\":\"2026-11-25T07:47:31.123456Z\",\"v\":1}",
        "{\"kind\":\"system\",\"seq\":\"0\",\"ts\":\"2026-11-25T07:47:31.123456Z\",\"v\":1}",
        "{\"kind\":\"system\",\"seq\":0,\"ts\":\"2026-11-25T07:47:31Z\",\"v\":1}",
        "{\"kind\":\"system\", \"seq\":0,\"ts\":\"2026-11-25T07:47:31.123456Z\",\"v\":1}",
        "not json",
    };
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        struct test_log t;
        uint8_t word[4];
        test_log_init(&t);
        test_log_begin(&t);
        struct pst_buf *b = &t.seg[0];
        pst_put_u32le(word, (uint32_t)strlen(bad[i]));
        pst_buf_add(b, pst_str_of(word, 4));
        pst_buf_add(b, pst_str_c(bad[i]));
        pst_put_u32le(word, pst_crc32c(0, pst_str_from(pst_buf_str(b), PST_SEGMENT_HEADER)));
        pst_buf_add(b, pst_str_of(word, 4));
        test_log_pad(&t);
        struct run r = all_of(&t);
        assert_int_equal(verify(&r).fault, PST_FAULT_RECORD);
        test_log_release(&t);
    }
}

static void memory_fails(void **state)
{
    (void)state;
    struct test_log t;
    make(&t);
    const struct pst_verify_options options = {.key = &t.key};
    test_heap_fail_from(1);
    assert_null(pst_verify_new(&options));
    test_heap_fail_from(0);
    for (size_t nth = 1;; nth++) {
        struct pst_verify *v = pst_verify_new(&options);
        struct pst_verify_report p;
        assert_non_null(v);
        test_heap_fail_from(nth);
        for (size_t i = 0; i < t.n; i++) {
            if (pst_verify_feed(v, pst_str_cut(pst_buf_str(&t.seg[i]), 0, 700)) != PST_OK ||
                pst_verify_feed(v, pst_str_from(pst_buf_str(&t.seg[i]), 700)) != PST_OK ||
                pst_verify_next(v) != PST_OK) {
                break;
            }
        }
        test_heap_fail_from(0);
        pst_verify_finish(v, &p);
        pst_verify_free(v);
        if (p.ok) {
            assert_true(nth > 1);
            break;
        }
        assert_true(nth < 100);
    }
    for (size_t i = 0; i <= PST_FAULT_MEMORY; i++) {
        assert_true(pst_verify_fault_text((enum pst_verify_fault)i).n > 5);
    }
    assert_str(pst_verify_fault_text((enum pst_verify_fault)99), "unknown fault");
    test_log_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_logs),
        cmocka_unit_test(every_flip),
        cmocka_unit_test(every_flip_by_someone_careful),
        cmocka_unit_test(records_moved),
        cmocka_unit_test(segments_moved),
        cmocka_unit_test(checkpoints_from_elsewhere),
        cmocka_unit_test(checkpoints_that_lie),
        cmocka_unit_test(late_checkpoints),
        cmocka_unit_test(times),
        cmocka_unit_test(records_without_what_is_needed),
        cmocka_unit_test(memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
