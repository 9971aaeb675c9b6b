#include "audit/segment.h"

#include "audit/test_log.h"
#include "base/enc.h"
#include "base/test.h"
#include "base/test_heap.h"

#include <stdlib.h>

enum { RECORDS = 4 };

struct seen {
    size_t heads, records;
    uint64_t offset[RECORDS + 1];
    uint32_t crc[RECORDS + 1];
    enum pst_status st;
    struct pst_segment_end end;
};

static void feed(struct pst_segment_dec *d, struct pst_str part, struct seen *s)
{
    struct pst_cur in = pst_cur_of(part);
    struct pst_segment_item item;
    /* an exact block, so that reading past a part is seen by a sanitizer */
    uint8_t *exact = malloc(part.n > 0 ? part.n : 1);
    assert_non_null(exact);
    if (part.n > 0) {
        memcpy(exact, part.p, part.n);
    }
    in.in.p = exact;
    while (s->st != PST_ERR && (s->st = pst_segment_next(d, &in, &item, NULL)) == PST_OK) {
        if (item.type == PST_SEGMENT_HEAD) {
            s->heads++;
            assert_int_equal(item.head->number, 1);
            continue;
        }
        assert_true(s->records <= RECORDS);
        s->offset[s->records] = item.offset;
        s->crc[s->records++] = pst_crc32c(0, item.json);
    }
    assert_true(s->st == PST_ERR || pst_cur_done(&in));
    free(exact);
}

static void finish(struct pst_segment_dec *d, struct seen *s)
{
    s->st = pst_segment_finish(d, &s->end, NULL);
    pst_segment_dec_release(d);
}

static struct seen decode(struct pst_str file)
{
    struct pst_segment_dec d;
    struct seen s = {0};
    pst_segment_dec_init(&d);
    feed(&d, file, &s);
    finish(&d, &s);
    return s;
}

static void assert_same(const struct seen *a, const struct seen *b)
{
    assert_true(a->heads == b->heads && a->records == b->records && a->st == b->st);
    assert_memory_equal(a->offset, b->offset, sizeof a->offset);
    assert_memory_equal(a->crc, b->crc, sizeof a->crc);
    assert_true(a->end.tail == b->end.tail && a->end.valid == b->end.valid &&
                a->end.data_end == b->end.data_end && a->end.file_size == b->end.file_size);
}

/* A file with RECORDS frames; `ends` gets the offset behind each. */
static struct pst_str make(struct test_log *t, size_t ends[RECORDS + 1])
{
    test_log_init(t);
    test_log_begin(t);
    ends[0] = t->used[0];
    for (int i = 0; i < RECORDS; i++) {
        test_log_decision(t, i);
        ends[i + 1] = t->used[0];
    }
    test_log_pad(t);
    return pst_buf_str(&t->seg[0]);
}

static void reads_what_was_written(void **state)
{
    (void)state;
    struct test_log t;
    size_t ends[RECORDS + 1];
    struct pst_str file = make(&t, ends);
    struct seen s = decode(file);
    assert_int_equal(s.st, PST_OK);
    assert_true(s.heads == 1 && s.records == RECORDS);
    for (size_t i = 0; i < RECORDS; i++) {
        assert_int_equal(s.offset[i], ends[i]);
    }
    assert_int_equal(s.end.tail, PST_TAIL_CLEAN);
    assert_int_equal(s.end.valid, ends[RECORDS]);
    assert_int_equal(s.end.data_end, ends[RECORDS]);
    assert_int_equal(s.end.file_size, TEST_SEGMENT);
    test_log_release(&t);
}

/* Good, torn, holed and corrupt files: the same items and the same verdict for any cut. */
static void splits_change_nothing(void **state)
{
    (void)state;
    struct test_log t;
    size_t ends[RECORDS + 1];
    struct pst_str file = make(&t, ends);
    uint8_t *copy = malloc(file.n);
    assert_non_null(copy);
    for (int kind = 0; kind < 5; kind++) {
        size_t n = file.n;
        memcpy(copy, file.p, n);
        switch (kind) {
        case 1:
            memset(&copy[ends[RECORDS] - 50], 0, 50);
            break;
        case 2:
            memset(&copy[ends[2]], 0, 1200);
            break;
        case 3:
            copy[ends[3] + 40] ^= 1;
            break;
        case 4:
            n = ends[RECORDS] - 9;
            break;
        default:
            break;
        }
        struct seen whole = decode(pst_str_of(copy, n));
        const size_t step = kind == 0 ? 1 : 5;
        for (size_t cut = 0; cut <= n; cut += cut < ends[RECORDS] + 600 ? step : 2003) {
            struct pst_segment_dec d;
            struct seen s = {0};
            pst_segment_dec_init(&d);
            feed(&d, pst_str_of(copy, cut), &s);
            feed(&d, pst_str_of(&copy[cut], n - cut), &s);
            finish(&d, &s);
            assert_same(&whole, &s);
        }
        for (int round = 0; round < 40; round++) {
            struct pst_segment_dec d;
            struct seen s = {0};
            size_t most = round == 0 ? 1 : 1 + (size_t)rand() % 2000;
            pst_segment_dec_init(&d);
            for (size_t at = 0; at < n;) {
                size_t part = 1 + (size_t)rand() % most;
                part = part < n - at ? part : n - at;
                feed(&d, pst_str_of(&copy[at], part), &s);
                at += part;
            }
            finish(&d, &s);
            assert_same(&whole, &s);
        }
    }
    free(copy);
    test_log_release(&t);
}

static void a_write_cut_at_any_byte(void **state)
{
    (void)state;
    struct test_log t;
    size_t ends[RECORDS + 1];
    struct pst_str file = make(&t, ends);
    uint8_t *copy = malloc(file.n);
    assert_non_null(copy);
    /* the last two frames were one write */
    for (size_t cut = ends[RECORDS - 2]; cut < ends[RECORDS]; cut++) {
        size_t whole = cut >= ends[RECORDS - 1] ? RECORDS - 1 : RECORDS - 2;
        memcpy(copy, file.p, file.n);
        memset(&copy[cut], 0, ends[RECORDS] - cut);
        struct seen s = decode(pst_str_of(copy, file.n));
        assert_int_equal(s.records, whole);
        assert_int_equal(s.end.valid, ends[whole]);
        assert_int_equal(s.end.tail, cut == ends[whole] ? PST_TAIL_CLEAN : PST_TAIL_TORN);
        s = decode(pst_str_of(copy, cut)); /* and when the file ends there */
        assert_int_equal(s.records, whole);
        assert_int_equal(s.end.valid, ends[whole]);
        assert_int_equal(s.end.tail, cut == ends[whole] ? PST_TAIL_SHORT : PST_TAIL_TORN);
    }
    free(copy);
    test_log_release(&t);
}

static void pages_out_of_order(void **state)
{
    (void)state;
    struct test_log t;
    size_t ends[RECORDS + 1];
    struct pst_str file = make(&t, ends);
    uint8_t *copy = malloc(file.n);
    assert_non_null(copy);
    size_t data_end = ends[RECORDS];
    for (size_t sector = 512; sector + 512 < data_end; sector += 512) {
        memcpy(copy, file.p, file.n);
        memset(&copy[sector], 0, 512);
        size_t whole = 0;
        while (ends[whole + 1] <= sector) {
            whole++;
        }
        struct seen s = decode(pst_str_of(copy, file.n));
        assert_int_equal(s.end.tail, PST_TAIL_HOLED);
        assert_int_equal(s.records, whole);
        assert_int_equal(s.end.data_end, data_end);
        /* the same number of zeros that are no sector's is damage */
        memcpy(copy, file.p, file.n);
        memset(&copy[sector + 100], 0, 411);
        assert_int_equal(decode(pst_str_of(copy, file.n)).end.tail, PST_TAIL_CORRUPT);
    }
    /* only the part of a sector behind the last synced frame is lost */
    size_t sector_end = (ends[2] / 512 + 1) * 512;
    memcpy(copy, file.p, file.n);
    memset(&copy[ends[2]], 0, sector_end - ends[2]);
    struct seen s = decode(pst_str_of(copy, file.n));
    assert_int_equal(s.end.tail, PST_TAIL_HOLED);
    assert_int_equal(s.end.valid, ends[2]);
    free(copy);
    test_log_release(&t);
}

static void every_flip_is_seen(void **state)
{
    (void)state;
    struct test_log t;
    size_t ends[RECORDS + 1];
    struct pst_str file = make(&t, ends);
    uint8_t *copy = malloc(file.n);
    assert_non_null(copy);
    const struct seen good = decode(file);
    memcpy(copy, file.p, file.n);
    for (size_t at = 0; at < file.n; at += at < ends[RECORDS] + 600 ? 1 : 2003) {
        static const uint8_t flips[] = {0x01, 0xa0};
        for (size_t k = 0; k < PST_LEN(flips); k++) {
            copy[at] ^= flips[k];
            struct seen s = decode(pst_str_of(copy, file.n));
            if (at < PST_SEGMENT_HEADER) {
                assert_int_equal(s.st, PST_ERR);
            } else {
                size_t whole = 0;
                while (whole < RECORDS && ends[whole + 1] <= at) {
                    whole++;
                }
                assert_int_equal(s.records, whole);
                assert_memory_equal(s.crc, good.crc, whole * sizeof s.crc[0]);
                assert_int_equal(s.end.valid, ends[whole]);
                assert_true(s.end.tail != PST_TAIL_CLEAN && s.end.tail != PST_TAIL_SHORT);
                /* damage with records behind it is never taken for a cut write */
                assert_true(at >= ends[RECORDS - 1] || s.end.tail == PST_TAIL_CORRUPT);
            }
            copy[at] ^= flips[k];
        }
    }
    free(copy);
    test_log_release(&t);
}

static void sizes(void **state)
{
    (void)state;
    struct test_log t;
    size_t ends[RECORDS + 1];
    struct pst_str file = make(&t, ends);
    assert_int_equal(decode(pst_str_cut(file, 0, ends[RECORDS])).end.tail, PST_TAIL_SHORT);
    assert_int_equal(decode(pst_str_cut(file, 0, file.n - 1)).end.tail, PST_TAIL_SHORT);
    assert_int_equal(decode(pst_str_cut(file, 0, ends[RECORDS] + 3)).end.tail, PST_TAIL_SHORT);
    for (size_t n = 0; n < PST_SEGMENT_HEADER; n++) {
        assert_int_equal(decode(pst_str_cut(file, 0, n)).st, PST_ERR);
    }
    uint8_t *longer = calloc(1, file.n + 1);
    assert_non_null(longer);
    memcpy(longer, file.p, file.n);
    assert_int_equal(decode(pst_str_of(longer, file.n + 1)).end.tail, PST_TAIL_CORRUPT);
    free(longer);
    assert_str(pst_segment_tail_name(PST_TAIL_CLEAN), "clean");
    assert_str(pst_segment_tail_name(PST_TAIL_SHORT), "short");
    assert_str(pst_segment_tail_name(PST_TAIL_TORN), "torn");
    assert_str(pst_segment_tail_name(PST_TAIL_HOLED), "holed");
    assert_str(pst_segment_tail_name(PST_TAIL_CORRUPT), "corrupt");
    test_log_release(&t);
}

static void memory_fails(void **state)
{
    (void)state;
    struct test_log t;
    size_t ends[RECORDS + 1];
    struct pst_str file = make(&t, ends);
    struct pst_segment_dec d;
    struct pst_segment_item item;
    struct pst_err err = {0};
    struct pst_cur in = pst_cur_of(pst_str_cut(file, 0, 100));
    pst_segment_dec_init(&d);
    test_heap_fail_from(1);
    enum pst_status st = pst_segment_next(&d, &in, &item, &err);
    test_heap_fail_from(0);
    assert_int_equal(st, PST_ERR);
    assert_int_equal(err.code, PST_E_NO_MEMORY);
    pst_segment_dec_release(&d);
    pst_segment_dec_release(NULL);
    test_log_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(splits_change_nothing),
        cmocka_unit_test(a_write_cut_at_any_byte),
        cmocka_unit_test(pages_out_of_order),
        cmocka_unit_test(every_flip_is_seen),
        cmocka_unit_test(sizes),
        cmocka_unit_test(memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
