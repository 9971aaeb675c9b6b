#include "base/test.h"

#include "base/enc.h"
#include "base/test_heap.h"
#include "wire/sse.h"
#include "wire/test_json_help.h"

#include <stdlib.h>

static const struct pst_sse_limits limits = {.line_bytes = 1U << 16, .event_bytes = 1U << 16};

/* --- a stream in many cuts ----------------------------------------------------------------------
 */

enum cut { CUT_NONE, CUT_TWO, CUT_BYTES, CUT_RANDOM };

static void add_event(struct pst_buf *out, const struct pst_sse_event *e)
{
    (void)pst_buf_fmt(out, "retry=%lld comments=%u type=%zu:", (long long)e->retry_ms, e->comments,
                      e->type.n);
    (void)pst_buf_add(out, e->type);
    (void)pst_buf_fmt(out, " id=%zu:", e->id.n);
    (void)pst_buf_add(out, e->id);
    (void)pst_buf_fmt(out, " data=%zu:", e->data.n);
    (void)pst_buf_add(out, e->data);
    (void)pst_buf_byte(out, '\n');
}

/* One piece, in a heap block of its own size. */
static enum pst_status feed_piece(struct pst_sse *s, struct pst_str piece, struct pst_buf *out,
                                  struct pst_err *err)
{
    uint8_t *block = malloc(piece.n > 0 ? piece.n : 1);
    assert_non_null(block);
    if (piece.n > 0) {
        memcpy(block, piece.p, piece.n);
    }
    struct pst_str rest = pst_str_of(block, piece.n);
    enum pst_status status;
    do {
        size_t used = 0;
        struct pst_sse_event e;
        status = pst_sse_feed(s, rest, &used, &e, err);
        if (status == PST_OK) {
            assert_true(used > 0 && used <= rest.n);
            add_event(out, &e);
        } else if (status == PST_AGAIN) {
            assert_int_equal(used, rest.n);
        }
        rest = pst_str_from(rest, used);
    } while (status == PST_OK);
    free(block);
    return status;
}

static size_t cut_size(enum cut cut, bool first, size_t left, uint64_t *seed)
{
    size_t size = left;
    if (cut == CUT_TWO && first) {
        size = (size_t)*seed;
    } else if (cut == CUT_BYTES) {
        size = 1;
    } else if (cut == CUT_RANDOM) {
        size = (size_t)(test_random(seed) % 12) + (first ? 0 : 1);
    }
    return size < left ? size : left;
}

static void run(const struct pst_sse_limits *l, struct pst_str text, enum cut cut, uint64_t seed,
                struct pst_buf *out)
{
    struct pst_sse s;
    struct pst_err err = {0};
    pst_sse_init(&s, l);
    enum pst_status status = PST_AGAIN;
    size_t at = 0;
    for (bool first = true; status != PST_ERR && (first || at < text.n); first = false) {
        const size_t size = cut_size(cut, first, text.n - at, &seed);
        status = feed_piece(&s, pst_str_cut(text, at, size), out, &err);
        at += size;
    }
    if (status == PST_ERR) {
        (void)pst_buf_fmt(out, "%s %s", pst_error_row(err.code)->name, err.text);
        size_t used;
        struct pst_sse_event e;
        assert_int_equal(pst_sse_feed(&s, PST_STR("\n\n"), &used, &e, &err), PST_ERR);
    } else {
        (void)pst_buf_fmt(out, "end retry=%lld pending=%d events=%llu", (long long)s.retry_ms,
                          pst_sse_pending(&s), (unsigned long long)s.events);
    }
    assert_false(out->failed);
    pst_sse_release(&s);
}

static void compare(const struct pst_sse_limits *l, struct pst_str text, enum cut cut,
                    uint64_t seed, struct pst_str want)
{
    struct pst_buf got;
    pst_buf_init(&got, 1U << 20);
    run(l, text, cut, seed, &got);
    if (!pst_str_eq(pst_buf_str(&got), want)) {
        fail_msg("cut %d, seed %llu: wanted\n%.*s\ngot\n%.*s", (int)cut, (unsigned long long)seed,
                 PST_FMT(want), PST_FMT(pst_buf_str(&got)));
    }
    pst_buf_release(&got);
}

static void every_cut(const struct pst_sse_limits *l, struct pst_str text, struct pst_str want)
{
    compare(l, text, CUT_NONE, 0, want);
    compare(l, text, CUT_BYTES, 0, want);
    for (uint64_t at = 0; at <= text.n; at++) {
        compare(l, text, CUT_TWO, at, want);
    }
    for (uint64_t seed = 1; seed <= 8; seed++) {
        compare(l, text, CUT_RANDOM, seed, want);
    }
}
#define EVENTS(text, want) every_cut(&limits, PST_STR(text), PST_STR(want))

/* --- our cases ----------------------------------------------------------------------------------
 */

static void events_are_dispatched(void **state)
{
    (void)state;
    EVENTS("", "end retry=-1 pending=0 events=0");
    EVENTS("data: a\n\n", "retry=-1 comments=0 type=7:message id=0: data=1:a\n"
                          "end retry=-1 pending=0 events=1");
    EVENTS(": hi\r\n:\r\nevent: x\r\nid: 7\r\nretry: 0050\r\ndata: a\r\ndata\r\ndata:b\r\n\r\n"
           "data\r\n\r\n",
           "retry=50 comments=2 type=1:x id=1:7 data=4:a\n\nb\n"
           "retry=-1 comments=0 type=7:message id=1:7 data=0:\n"
           "end retry=50 pending=0 events=2");
    EVENTS("data: a\r\rdata: b\r\n\rdata: c\n\r",
           "retry=-1 comments=0 type=7:message id=0: data=1:a\n"
           "retry=-1 comments=0 type=7:message id=0: data=1:b\n"
           "retry=-1 comments=0 type=7:message id=0: data=1:c\n"
           "end retry=-1 pending=0 events=3");
}

static void only_what_the_standard_names_counts(void **state)
{
    (void)state;
    EVENTS("Data: a\ndata : b\n data: c\ndatax: d\nevent\nfoo\n\n",
           "end retry=-1 pending=0 events=0");
    EVENTS("retry: 1x\nretry: -1\nretry: +1\nretry:\nretry\nretry: 1 \nretry:  2\nretry: 0\n",
           "end retry=0 pending=0 events=0");
    EVENTS("retry: 9223372036854775807\nretry: 9223372036854775808\nretry: "
           "99999999999999999999999\n",
           "end retry=9223372036854775807 pending=0 events=0");
    EVENTS("id: a\0b\ndata:\n\n", "retry=-1 comments=0 type=7:message id=0: data=0:\n"
                                  "end retry=-1 pending=0 events=1");
    EVENTS("event: lost\n\ndata: x\n\n", "retry=-1 comments=0 type=7:message id=0: data=1:x\n"
                                         "end retry=-1 pending=0 events=1");
}

static void a_bom_is_skipped_once(void **state)
{
    (void)state;
#define X_EVENT "retry=-1 comments=0 type=7:message id=0: data=1:x\nend retry=-1 pending=0 events=1"
    EVENTS("\xef\xbb\xbf"
           "data:x\n\n",
           X_EVENT);
    EVENTS("\xef\xbb\xbf\xef\xbb\xbf"
           "data:y\n\ndata:x\n\n",
           X_EVENT);
    EVENTS("\xef\xbb"
           "data:y\n\ndata:x\n\n",
           X_EVENT);
    EVENTS("\xef\n\ndata:x\n\n", X_EVENT);
    EVENTS("\xef\xbb\r\n\r\ndata:x\n\n", X_EVENT);
}

static void ill_formed_utf8_is_replaced(void **state)
{
    (void)state;
    EVENTS("event: \xff\nid: \xc3\ndata: a\xe2\x82\ndata: \xac\n\n",
           "retry=-1 comments=0 type=3:\xef\xbf\xbd id=3:\xef\xbf\xbd "
           "data=8:a\xef\xbf\xbd\n\xef\xbf\xbd\nend retry=-1 pending=0 events=1");
}

static void a_cut_off_event_is_pending(void **state)
{
    (void)state;
    EVENTS("data: a\n", "end retry=-1 pending=1 events=0");
    EVENTS("data: a", "end retry=-1 pending=1 events=0");
    EVENTS("data: a\n\nda", "retry=-1 comments=0 type=7:message id=0: data=1:a\n"
                            "end retry=-1 pending=1 events=1");
    EVENTS("id: 1\n", "end retry=-1 pending=0 events=0");
}

static void limits_hold(void **state)
{
    (void)state;
    const struct pst_sse_limits l = {.line_bytes = 10, .event_bytes = 8};
#define LIMITED(text, want) every_cut(&l, PST_STR(text), PST_STR(want))
    LIMITED("data:12345\n\n", "retry=-1 comments=0 type=7:message id=0: data=5:12345\n"
                              "end retry=-1 pending=0 events=1");
    LIMITED("data:123456\n\n", "UPSTREAM_TOO_LARGE a line is larger than the limit after 0 events");
    LIMITED(":2345678901", "UPSTREAM_TOO_LARGE a line is larger than the limit after 0 events");
    LIMITED("data:1234\ndata:123\n\n", "retry=-1 comments=0 type=7:message id=0: data=8:1234\n123\n"
                                       "end retry=-1 pending=0 events=1");
    LIMITED("data:1234\ndata:1234\n",
            "UPSTREAM_TOO_LARGE an event is larger than the limit after 0 events");
    LIMITED("event:123\ndata:1234\ndata:5\n",
            "UPSTREAM_TOO_LARGE an event is larger than the limit after 0 events");
    LIMITED("data:1234\nevent:1234\n\n",
            "retry=-1 comments=0 type=4:1234 id=0: data=4:1234\nend retry=-1 pending=0 events=1");
    /* three bytes each once they are U+FFFD */
    LIMITED("data:\xff\xff\n\n", "retry=-1 comments=0 type=7:message id=0: data=6:"
                                 "\xef\xbf\xbd\xef\xbf\xbd\nend retry=-1 pending=0 events=1");
    LIMITED("data:\xff\xff\xff\n\n",
            "UPSTREAM_TOO_LARGE an event is larger than the limit after 0 events");
    LIMITED("id:\xff\xff\xff\xff\xff\xff\xff\ndata\n\n",
            "retry=-1 comments=0 type=7:message id=21:\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd data=0:\n"
            "end retry=-1 pending=0 events=1");
    LIMITED("data\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n",
            "UPSTREAM_TOO_LARGE an event is larger than the limit after 0 events");
    struct pst_sse s;
    assert_dies(pst_sse_init(&s, &((struct pst_sse_limits){.line_bytes = 1})));
    assert_dies(pst_sse_init(&s, &((struct pst_sse_limits){.event_bytes = 1})));
}

static void an_endless_line_is_not_held(void **state)
{
    (void)state;
    struct pst_sse s;
    pst_sse_init(&s, &limits);
    uint8_t block[4096];
    memset(block, 'a', sizeof block);
    size_t fed = 0, used;
    struct pst_sse_event e;
    struct pst_err err = {0};
    while (pst_sse_feed(&s, pst_str_of(block, sizeof block), &used, &e, &err) == PST_AGAIN) {
        fed += used;
        assert_true(fed <= limits.line_bytes);
    }
    assert_int_equal(err.code, PST_E_UPSTREAM_TOO_LARGE);
    assert_true(s.line.size <= limits.line_bytes);
    /* cleared, it takes a new stream */
    pst_sse_clear(&s);
    assert_int_equal(pst_sse_feed(&s, PST_STR("data\n\n"), &used, &e, &err), PST_OK);
    pst_sse_release(&s);
    pst_sse_release(NULL);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    const struct pst_str text = PST_STR(
        "\xef\xbb\xbf: c\nevent: e\nid: i\nretry: 5\ndata: a\xff\ndata: b\n\n");
    bool passed = false;
    for (size_t nth = 1; !passed; nth++) {
        struct pst_sse s;
        struct pst_err err = {0};
        pst_sse_init(&s, &limits);
        enum pst_status status = PST_AGAIN;
        test_heap_fail_from(nth);
        for (size_t at = 0; status == PST_AGAIN && at < text.n; at++) {
            size_t used;
            struct pst_sse_event e;
            status = pst_sse_feed(&s, pst_str_cut(text, at, 1), &used, &e, &err);
        }
        test_heap_fail_from(0);
        passed = status == PST_OK;
        assert_true(passed || (status == PST_ERR && err.code == PST_E_NO_MEMORY));
        assert_true(nth < 100 && (nth > 3 || !passed));
        pst_sse_release(&s);
    }
}

/* --- the public cases ---------------------------------------------------------------------------
 */

static void text_of(const struct pst_json *object, const char *name, struct pst_buf *out)
{
    struct pst_str s;
    assert_true(pst_json_str(pst_json_get(object, pst_str_c(name)), &s));
    (void)pst_buf_fmt(out, " %s=%zu:", name, s.n);
    (void)pst_buf_add(out, s);
}

/* The events of one cut, in the words of the cases. */
static void public_run(struct pst_str text, enum cut cut, uint64_t seed, struct pst_buf *out)
{
    struct pst_sse s;
    pst_sse_init(&s, &limits);
    size_t at = 0;
    for (bool first = true; first || at < text.n; first = false) {
        const size_t end = at + cut_size(cut, first, text.n - at, &seed);
        enum pst_status status;
        do {
            size_t used = 0;
            struct pst_sse_event e;
            status = pst_sse_feed(&s, pst_str_cut(text, at, end - at), &used, &e, NULL);
            assert_true(status != PST_ERR);
            at += used;
            if (status == PST_OK) {
                (void)pst_buf_fmt(out, " type=%zu:", e.type.n);
                (void)pst_buf_add(out, e.type);
                (void)pst_buf_fmt(out, " data=%zu:", e.data.n);
                (void)pst_buf_add(out, e.data);
                (void)pst_buf_fmt(out, " lastEventId=%zu:", e.id.n);
                (void)pst_buf_add(out, e.id);
            }
        } while (status == PST_OK);
    }
    (void)pst_buf_fmt(out, " retry=%lld", (long long)s.retry_ms);
    pst_sse_release(&s);
}

static void public_case(const struct pst_json *root)
{
    struct pst_buf want, got;
    struct pst_str encoded;
    uint8_t bytes[8192];
    size_t n = 0;
    pst_buf_init(&want, 1U << 20);
    pst_buf_init(&got, 1U << 20);
    const struct pst_json *e = pst_json_first(PST_JSON_GET(root, "events"));
    for (; e != NULL; e = e->next) {
        text_of(e, "type", &want);
        text_of(e, "data", &want);
        text_of(e, "lastEventId", &want);
    }
    int64_t retry_ms = -1;
    (void)pst_json_i64(PST_JSON_GET(root, "reconnection_ms"), &retry_ms);
    (void)pst_buf_fmt(&want, " retry=%lld", (long long)retry_ms);
    assert_true(pst_json_str(PST_JSON_GET(root, "stream_b64"), &encoded));
    assert_true(pst_b64_get(encoded, PST_B64_STD, bytes, sizeof bytes, &n));
    for (uint64_t at = 0; at < n + 12; at++) {
        const enum cut cut = at == 0   ? CUT_NONE
                             : at == 1 ? CUT_BYTES
                             : at < 10 ? CUT_RANDOM
                                       : CUT_TWO;
        pst_buf_clear(&got);
        public_run(pst_str_of(bytes, n), cut, cut == CUT_TWO ? at - 10 : at, &got);
        if (!pst_str_eq(pst_buf_str(&got), pst_buf_str(&want))) {
            fail_msg("%.*s: wanted\n%.*s\ngot\n%.*s", PST_FMT(PST_JSON_GET(root, "id")->text),
                     PST_FMT(pst_buf_str(&want)), PST_FMT(pst_buf_str(&got)));
        }
    }
    pst_buf_release(&want);
    pst_buf_release(&got);
}

static void public_cases(void **state)
{
    (void)state;
    struct pst_buf file;
    pst_buf_init(&file, 1U << 20);
    if (!test_vector_read("http/sse/cases.jsonl", &file)) {
        test_vector_missing("http/sse");
        pst_buf_release(&file);
        return;
    }
    struct pst_str rest = pst_buf_str(&file);
    const struct pst_json_config config = pst_json_config_of(1U << 20, 1);
    int n = 0;
    while (rest.n > 0) {
        const size_t end = pst_str_find_byte(rest, '\n');
        struct pst_arena arena;
        pst_arena_init(&arena, 4096, 1U << 20);
        const struct pst_json *root = pst_json_parse(&config, &arena, pst_str_cut(rest, 0, end),
                                                     NULL);
        assert_non_null(root);
        public_case(root);
        pst_arena_release(&arena);
        rest = end == PST_NPOS ? PST_STR("") : pst_str_from(rest, end + 1);
        n++;
    }
    assert_int_equal(n, 39);
    pst_buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_dispatched),
        cmocka_unit_test(only_what_the_standard_names_counts),
        cmocka_unit_test(a_bom_is_skipped_once),
        cmocka_unit_test(ill_formed_utf8_is_replaced),
        cmocka_unit_test(a_cut_off_event_is_pending),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(an_endless_line_is_not_held),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(public_cases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
