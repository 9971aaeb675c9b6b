#include "audit/segment.h"

#include "audit/header.h"
#include "audit/test_log.h"
#include "base/enc.h"
#include "base/test.h"
#include "base/test_heap.h"

/* Computed from docs/evidence.md with Python's hashlib, not with this code. */
static const char golden_header[] =
    "5053544e4c4f470a0100000000010000010000000000000000000000000000000000020000000000"
    "00c871442f3aeb186831e7cb254940346f87a1432cd6e59e923f70cbabfdb714400d850adce7c8e6"
    "30313233343536373839616263646566706f737465726e2f74657374000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000d7b9ae6";
static const char golden_genesis[] =
    "6831e7cb254940346f87a1432cd6e59e923f70cbabfdb714400d850adce7c8e6";
static const char golden_frame[] =
    "520000007b226576656e74223a227374617274222c226b696e64223a2273797374656d222c227365"
    "71223a302c227473223a22323032362d31312d32355430373a34373a33312e3132333435365a222c"
    "2276223a317d0cb0902e";
static const char golden_leaf[] =
    "568c22d9875cdc0d417d453d3c73b41166139b20857867d584c07ceecef7456e";
static const char golden_chain[] =
    "fbf23645c79f3647ff1d4b0474f76dc1864075d720c5a03bf25ce58a1922a8f6";

#define assert_hex(bytes, size, hex)                                                               \
    do {                                                                                           \
        char got_[2 * (size) + 1];                                                                 \
        pst_hex_put((bytes), (size), got_);                                                        \
        got_[2 * (size)] = 0;                                                                      \
        assert_string_equal(got_, (hex));                                                          \
    } while (0)

static struct pst_record small_record(void)
{
    return (struct pst_record){
        .kind = PST_RECORD_SYSTEM, .ts_ns = TEST_TS, .system = {.event = PST_STR("start")}};
}

static void golden(void **state)
{
    (void)state;
    struct test_log t;
    uint8_t leaf[PST_LOG_HASH];
    test_log_init(&t);
    assert_hex(t.log.chain, PST_LOG_HASH, golden_genesis);
    test_log_begin(&t);
    assert_hex(t.seg[0].p, PST_SEGMENT_HEADER, golden_header);
    struct pst_record r = small_record();
    test_log_append(&t, &r);
    struct pst_str frame = pst_str_from(pst_buf_str(&t.seg[0]), PST_SEGMENT_HEADER);
    assert_int_equal(frame.n, (sizeof golden_frame - 1) / 2);
    assert_hex(frame.p, (sizeof golden_frame - 1) / 2, golden_frame);
    pst_log_leaf(&t.sha, pst_str_cut(frame, 4, frame.n - 8), leaf);
    assert_hex(leaf, PST_LOG_HASH, golden_leaf);
    assert_hex(t.log.chain, PST_LOG_HASH, golden_chain);
    assert_int_equal(t.log.seq, 1);
    test_log_release(&t);
}

static void head_comes_back(void **state)
{
    (void)state;
    struct test_log t;
    struct pst_segment_head h;
    test_log_init(&t);
    test_log_begin(&t);
    test_log_decision(&t, 0);
    test_log_begin(&t);
    struct pst_str bytes = pst_str_cut(pst_buf_str(&t.seg[1]), 0, PST_SEGMENT_HEADER);
    assert_int_equal(pst_segment_head_read(bytes, &h, NULL), PST_OK);
    assert_true(h.number == 2 && h.first_seq == 1 && h.size == TEST_SEGMENT);
    assert_true(h.created_ns == TEST_TS);
    assert_memory_equal(h.prev, t.log.chain, PST_LOG_HASH);
    assert_memory_equal(h.log_id, t.log.log_id, PST_LOG_ID);
    assert_true(pst_log_origin_eq(&h.origin, &t.log.origin));
    for (size_t n = 0; n < PST_SEGMENT_HEADER; n++) {
        assert_int_equal(pst_segment_head_read(pst_str_cut(bytes, 0, n), &h, NULL), PST_ERR);
    }
    test_log_release(&t);
}

static void head_values_are_checked(void **state)
{
    (void)state;
    /* each breaks one rule; the checksum is made right again */
    static const struct {
        size_t at;
        uint8_t value;
    } bad[] = {{0, 'p'},  {8, 2},  {12, 255},  {16, 0},    {34, 0},  {37, 1}, {47, 0x80},
               {96, ' '}, {96, 0}, {107, '+'}, {120, 'x'}, {160, 1}, {251, 1}};
    struct test_log t;
    test_log_init(&t);
    test_log_begin(&t);
    for (size_t i = 0; i < PST_LEN(bad) + 1; i++) {
        uint8_t h[PST_SEGMENT_HEADER];
        struct pst_segment_head head;
        memcpy(h, t.seg[0].p, sizeof h);
        if (i < PST_LEN(bad)) {
            assert_true(h[bad[i].at] != bad[i].value);
            h[bad[i].at] = bad[i].value;
        }
        pst_put_u32le(&h[252], pst_crc32c(0, pst_str_of(h, 252)));
        assert_int_equal(pst_segment_head_read(pst_str_of(h, sizeof h), &head, NULL),
                         i < PST_LEN(bad) ? PST_ERR : PST_OK);
    }
    test_log_release(&t);
}

static void origins_and_sizes(void **state)
{
    (void)state;
    static const uint8_t id[PST_LOG_ID];
    static const char *const bad[] = {
        "",
        "a b",
        "a+b",
        "a\x7f",
        "a\n",
        "\xc3\xab",
        "postern/a-name-that-is-longer-than-the-sixty-four-bytes-it-may-have"};
    struct pst_log log;
    struct pst_err err = {0};
    for (size_t i = 0; i < PST_LEN(bad); i++) {
        assert_int_equal(pst_log_init(&log, id, pst_str_c(bad[i]), &err), PST_ERR);
        assert_int_equal(err.code, PST_E_CONFIG);
    }
    char longest[PST_LOG_ORIGIN_MAX];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(pst_log_init(&log, id, pst_str_of(longest, sizeof longest), NULL), PST_OK);
    struct pst_buf b;
    struct pst_segment_head h;
    pst_buf_init(&b, 4096);
    assert_int_equal(pst_segment_begin(&log, 1, PST_SEGMENT_MAX, 0, &b, NULL), PST_OK);
    assert_int_equal(pst_segment_head_read(pst_buf_str(&b), &h, NULL), PST_OK);
    assert_int_equal(h.origin.n, sizeof longest);
    assert_int_equal(pst_segment_begin(&log, 1, PST_SEGMENT_MAX + 1, 0, &b, &err), PST_ERR);
    assert_int_equal(pst_segment_begin(&log, 1, PST_SEGMENT_MIN - 1, 0, &b, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    assert_int_equal(b.n, PST_SEGMENT_HEADER);
    pst_buf_release(&b);
    assert_false(pst_segment_full(PST_SEGMENT_HEADER, PST_SEGMENT_MIN));
    assert_false(pst_segment_full(PST_SEGMENT_MIN - PST_SEGMENT_FRAME_MAX, PST_SEGMENT_MIN));
    assert_true(pst_segment_full(PST_SEGMENT_MIN - PST_SEGMENT_FRAME_MAX + 1, PST_SEGMENT_MIN));
    assert_true(pst_segment_full(PST_SEGMENT_MIN + 1, PST_SEGMENT_MIN));
}

static void nothing_moves_without_room(void **state)
{
    (void)state;
    struct test_log t;
    struct pst_record r = small_record();
    test_log_init(&t);
    test_log_begin(&t);
    test_log_append(&t, &r);
    const size_t need = t.used[0] - PST_SEGMENT_HEADER;
    const struct pst_log before = t.log;
    for (size_t cap = 0; cap < need; cap++) {
        struct pst_buf b;
        struct pst_err err = {0};
        pst_buf_init(&b, cap);
        assert_int_equal(pst_log_append(&t.log, &t.sha, &r, &b, NULL, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_NO_MEMORY);
        assert_int_equal(b.n, 0);
        assert_memory_equal(&before, &t.log, sizeof before);
        pst_buf_release(&b);
    }
    for (size_t nth = 1;; nth++) {
        struct pst_buf b;
        pst_buf_init(&b, 4096);
        test_heap_fail_from(nth);
        enum pst_status st = pst_log_append(&t.log, &t.sha, &r, &b, NULL, NULL);
        test_heap_fail_from(0);
        size_t n = b.n;
        pst_buf_release(&b);
        if (st == PST_OK) {
            assert_int_equal(n, need);
            assert_int_equal(t.log.seq, 2);
            break;
        }
        assert_int_equal(n, 0);
        assert_memory_equal(&before, &t.log, sizeof before);
    }
    test_log_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(head_comes_back),
        cmocka_unit_test(head_values_are_checked),
        cmocka_unit_test(origins_and_sizes),
        cmocka_unit_test(nothing_moves_without_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
