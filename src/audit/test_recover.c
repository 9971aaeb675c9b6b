#include "audit/segment.h"

#include "audit/test_log.h"
#include "base/enc.h"
#include "base/test.h"
#include "base/test_heap.h"

#include <stdlib.h>

enum { RECORDS = 5 };

struct outcome {
    enum pst_status st;
    struct pst_log log;
    struct pst_segment_end end;
    struct pst_err err;
};

static struct outcome recover(struct pst_str file, size_t part)
{
    struct pst_recover r;
    struct outcome o = {0};
    assert_int_equal(pst_recover_init(&r, NULL), PST_OK);
    for (size_t at = 0; at < file.n; at += part) {
        assert_int_equal(pst_recover_feed(&r, pst_str_cut(file, at, part), NULL), PST_OK);
    }
    o.st = pst_recover_finish(&r, &o.log, &o.end, &o.err);
    pst_recover_release(&r);
    return o;
}

static void goes_on_where_it_stopped(void **state)
{
    (void)state;
    struct test_log t;
    struct pst_log states[RECORDS + 1];
    size_t ends[RECORDS + 1];
    test_log_init(&t);
    test_log_begin(&t);
    for (int i = 0; i <= RECORDS; i++) {
        if (i > 0) {
            test_log_decision(&t, i);
        }
        states[i] = t.log;
        ends[i] = t.used[0];
    }
    test_log_pad(&t);
    struct pst_str file = pst_buf_str(&t.seg[0]);
    uint8_t *copy = malloc(file.n);
    assert_non_null(copy);
    /* cut at any byte of any frame: the records before it and the right state */
    for (size_t cut = PST_SEGMENT_HEADER; cut <= ends[RECORDS]; cut++) {
        size_t whole = 0;
        while (whole < RECORDS && ends[whole + 1] <= cut) {
            whole++;
        }
        memcpy(copy, file.p, file.n);
        memset(&copy[cut], 0, file.n - cut);
        struct outcome o = recover(pst_str_of(copy, file.n), 1 + cut % 5000);
        assert_int_equal(o.st, PST_OK);
        assert_memory_equal(&o.log, &states[whole], sizeof o.log);
        assert_int_equal(o.end.valid, ends[whole]);
        assert_true(o.end.tail == PST_TAIL_CLEAN || o.end.tail == PST_TAIL_TORN);
        assert_true(o.end.data_end <= cut);
    }
    /* what is written next continues the chain as if nothing had happened */
    memcpy(copy, file.p, file.n);
    memset(&copy[ends[3] + 17], 0, file.n - ends[3] - 17);
    struct outcome o = recover(pst_str_of(copy, file.n), 4096);
    struct pst_buf b;
    pst_buf_init(&b, 4096);
    struct pst_record r = test_decision();
    r.ts_ns += (int64_t)4 * 1000000000;
    assert_int_equal(pst_log_append(&o.log, &t.sha, &r, &b, NULL, NULL), PST_OK);
    assert_int_equal(b.n, ends[4] - ends[3]);
    assert_memory_equal(b.p, &file.p[ends[3]], b.n);
    assert_memory_equal(&o.log, &states[4], sizeof o.log);
    pst_buf_release(&b);
    free(copy);
    test_log_release(&t);
}

static void what_is_no_crash(void **state)
{
    (void)state;
    struct test_log t;
    test_log_init(&t);
    test_log_begin(&t);
    test_log_decision(&t, 0);
    size_t second = t.used[0];
    test_log_decision(&t, 1);
    size_t end = t.used[0];
    test_log_pad(&t);
    struct pst_str file = pst_buf_str(&t.seg[0]);
    uint8_t *copy = malloc(file.n);
    assert_non_null(copy);
    /* a record was taken out, frames whole: the index tells */
    memcpy(copy, file.p, file.n);
    memmove(&copy[PST_SEGMENT_HEADER], &file.p[second], end - second);
    memset(&copy[PST_SEGMENT_HEADER + end - second], 0, second - PST_SEGMENT_HEADER);
    struct outcome o = recover(pst_str_of(copy, file.n), 1000);
    assert_int_equal(o.st, PST_OK);
    assert_int_equal(o.end.tail, PST_TAIL_CORRUPT);
    assert_int_equal(o.end.valid, PST_SEGMENT_HEADER);
    assert_int_equal(o.log.seq, 0);
    /* a flipped bit in the middle */
    memcpy(copy, file.p, file.n);
    copy[second - 30] ^= 4;
    assert_int_equal(recover(pst_str_of(copy, file.n), 1000).end.tail, PST_TAIL_CORRUPT);
    /* the header is damaged, records behind it */
    memcpy(copy, file.p, file.n);
    copy[20] ^= 4;
    o = recover(pst_str_of(copy, file.n), 1000);
    assert_int_equal(o.st, PST_ERR);
    assert_int_equal(o.err.code, PST_E_SYNTAX);
    free(copy);
    test_log_release(&t);
}

static void never_begun(void **state)
{
    (void)state;
    struct test_log t;
    test_log_init(&t);
    test_log_begin(&t);
    test_log_pad(&t);
    struct pst_str file = pst_buf_str(&t.seg[0]);
    uint8_t *copy = malloc(file.n);
    assert_non_null(copy);
    for (size_t cut = 0; cut < PST_SEGMENT_HEADER; cut++) {
        memcpy(copy, file.p, file.n);
        memset(&copy[cut], 0, file.n - cut);
        struct outcome o = recover(pst_str_of(copy, file.n), 333);
        assert_int_equal(o.st, PST_ERR);
        assert_int_equal(o.err.code, PST_E_NOT_FOUND);
        assert_int_equal(recover(pst_str_of(copy, cut), 333).err.code, PST_E_NOT_FOUND);
    }
    struct outcome o = recover(file, 333);
    assert_int_equal(o.st, PST_OK);
    assert_int_equal(o.end.tail, PST_TAIL_CLEAN);
    assert_memory_equal(&o.log, &t.log, sizeof o.log);
    free(copy);
    test_log_release(&t);
}

static void memory_fails(void **state)
{
    (void)state;
    struct test_log t;
    struct pst_recover r;
    struct pst_err err = {0};
    test_log_init(&t);
    test_log_begin(&t);
    assert_int_equal(pst_recover_init(&r, NULL), PST_OK);
    test_heap_fail_from(1);
    enum pst_status st = pst_recover_feed(&r, pst_str_cut(pst_buf_str(&t.seg[0]), 0, 10), &err);
    test_heap_fail_from(0);
    assert_int_equal(st, PST_ERR);
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    pst_recover_release(&r);
    pst_recover_release(NULL);
    test_log_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_where_it_stopped),
        cmocka_unit_test(what_is_no_crash),
        cmocka_unit_test(never_begun),
        cmocka_unit_test(memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
