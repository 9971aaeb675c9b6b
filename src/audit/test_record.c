#include "audit/record.h"

#include "audit/reader.h"
#include "audit/test_log.h"
#include "base/enc.h"
#include "base/test.h"
#include "base/test_heap.h"
#include "wire/json.h"
#include "wire/json_out.h"

#include <stdlib.h>
#include <time.h>

static struct pst_str put(struct pst_buf *b, const struct pst_record *r, uint64_t seq,
                          bool *ret_lossy)
{
    struct pst_err err = {0};
    pst_buf_clear(b);
    assert_int_equal(pst_record_put(b, r, seq, ret_lossy, &err), PST_OK);
    return pst_buf_str(b);
}

/* RFC 8785, as the JSON module writes it, is what stands here already. */
static bool is_jcs(struct pst_str json)
{
    const struct pst_json_config config = pst_json_config_of(PST_RECORD_MAX, 1);
    struct pst_arena arena;
    struct pst_buf out;
    pst_arena_init(&arena, 65536, 8 << 20);
    pst_buf_init(&out, 2 * PST_RECORD_MAX);
    struct pst_json *root = pst_json_parse(&config, &arena, json, NULL);
    bool same = root != NULL && pst_json_write_canonical(root, &arena, &out, NULL) == PST_OK &&
                pst_str_eq(pst_buf_str(&out), json);
    pst_buf_release(&out);
    pst_arena_release(&arena);
    return same;
}

/* The reader accepts only canonical form, so walking to the end is a check too. */
static bool is_canonical(struct pst_str json)
{
    struct pst_reader r;
    struct pst_reader_field f;
    enum pst_status st;
    pst_reader_init(&r, json);
    while ((st = pst_reader_next(&r, &f, NULL)) == PST_OK) {
    }
    return st == PST_AGAIN && is_jcs(json);
}

static bool member(struct pst_str json, const char *name, struct pst_reader_field *ret)
{
    struct pst_reader r;
    struct pst_reader_field f;
    bool found = false;
    pst_reader_init(&r, json);
    while (pst_reader_next(&r, &f, NULL) == PST_OK) {
        if (pst_str_eq(f.name, pst_str_c(name))) {
            *ret = f;
            found = true;
        }
    }
    return found;
}

static void golden(void **state)
{
    (void)state;
    struct pst_buf b;
    bool lossy = true;
    pst_buf_init(&b, PST_RECORD_MAX);
    struct pst_record r = test_decision();
    assert_str(put(&b, &r, 7, &lossy),
               "{\"action\":\"chat\",\"attempt\":1,\"body_bytes\":2048,\"body_sha256\":"
               "\"deadbeef00000000000000000000000000000000000000000000000000000001\","
               "\"config_generation\":3,\"decision\":\"allow\",\"groups\":[\"eng\","
               "\"ops \\\"night\\\"\"],\"key\":\"k_7Q\",\"kind\":\"decision\",\"max_tokens\":2000,"
               "\"network\":\"192.0.2.7\",\"on_behalf_of\":\"zo\xc3\xab@example.org\","
               "\"policies\":[\"chat-small-models\"],\"policy_generation\":5,"
               "\"principal_id\":\"demo-app\",\"principal_type\":\"Workload\",\"reason\":\"none\","
               "\"request\":\"req_0000000000001\",\"resource_id\":\"small\","
               "\"resource_type\":\"Model\",\"seq\":7,\"stream\":true,\"tools\":[\"get_weather\","
               "\"search\"],\"tools_count\":2,\"ts\":\"2026-11-25T07:47:31.123456Z\","
               "\"upstream\":\"demo\",\"upstream_model\":\"demo-small-1\",\"v\":1}");
    assert_false(lossy);
    assert_true(is_canonical(pst_buf_str(&b)));
    struct pst_record s = {
        .kind = PST_RECORD_SYSTEM,
        .ts_ns = TEST_TS,
        .sandbox = PST_STR("no_landlock"),
        .system = {.event = PST_STR("start"), .seccomp = true, .detail = PST_STR("a\tb\x01\x7f/")}};
    assert_str(put(&b, &s, 0, NULL),
               "{\"detail\":\"a\\tb\\u0001\x7f/\",\"event\":\"start\",\"kind\":\"system\","
               "\"sandbox\":\"no_landlock\",\"seccomp\":true,\"seq\":0,"
               "\"ts\":\"2026-11-25T07:47:31.123456Z\",\"v\":1}");
    pst_buf_release(&b);
}

static void every_kind_when_empty(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, PST_RECORD_MAX);
    for (size_t k = 0; k < PST_RECORD_KINDS; k++) {
        struct pst_record r = {.kind = (enum pst_record_kind)k};
        bool lossy = false;
        struct pst_reader_field f;
        struct pst_str json = put(&b, &r, k, &lossy);
        assert_true(is_canonical(json));
        assert_int_equal(lossy, k == PST_RECORD_CHECKPOINT); /* a digest that must be there */
        assert_true(member(json, "kind", &f));
        assert_int_equal(pst_record_kind_of(f.raw), k);
        assert_true(pst_str_eq(pst_record_kind_name((enum pst_record_kind)k), f.raw));
        assert_true(member(json, "seq", &f));
        assert_int_equal(f.number, k);
        if (member(json, "decision", &f)) {
            assert_str(f.raw, "deny"); /* what a forgotten member says */
        }
    }
    assert_int_equal(pst_record_kind_of(PST_STR("nonesuch")), PST_RECORD_KINDS);
    assert_str(pst_record_kind_name(PST_RECORD_KINDS), "unknown");
    assert_str(pst_record_verdict_name(PST_VERDICT_AMEND), "amend");
    struct pst_record none = {.kind = PST_RECORD_KINDS};
    assert_dies((void)!pst_record_put(&b, &none, 0, NULL, NULL));
    pst_buf_release(&b);
}

struct table_row {
    const char *kind, *name, *type;
    size_t cap;
};

static const struct table_row table[] = {
#define PST_RECORD(KIND, name, text)
#define PST_FIELD(kind, TYPE, name, NEED, cap, text) {#kind, #name, #TYPE, cap},
#define PST_RECORD_END(KIND, name)
#include "tables/records.def"
#define PST_RECORD_COMMON
#include "tables/records.def"
#undef PST_RECORD_COMMON
#undef PST_RECORD
#undef PST_FIELD
#undef PST_RECORD_END
};

static size_t row_bytes(const struct table_row *row)
{
    size_t fixed = strcmp(row->type, "INT") == 0       ? 16
                   : strcmp(row->type, "BOOL") == 0    ? 5
                   : strcmp(row->type, "HASH") == 0    ? 66
                   : strcmp(row->type, "VERDICT") == 0 ? 7
                   : strcmp(row->type, "TIME") == 0    ? PST_TIME_CHARS + 2
                                                       : 0;
    assert_true((fixed == 0) == (row->cap > 0)); /* a cap stands where the type fixes none */
    return strlen(row->name) + 4 + (fixed > 0 ? fixed : row->cap);
}

static void table_is_in_order_and_fits(void **state)
{
    (void)state;
    size_t common = 0, total = 0, names = 0;
    for (size_t i = 0; i < PST_LEN(table); i++) {
        if (strcmp(table[i].kind, "common") == 0) {
            common += row_bytes(&table[i]);
        }
    }
    for (size_t i = 0; i < PST_LEN(table); i++) {
        bool same = i > 0 && strcmp(table[i].kind, table[i - 1].kind) == 0;
        if (same) {
            assert_true(strcmp(table[i - 1].name, table[i].name) < 0);
        }
        total = (same ? total : common + 1) + row_bytes(&table[i]);
        names = (same ? names : 16) + strlen(table[i].name) + 3;
        assert_true(total <= PST_RECORD_MAX);
        assert_true(names <= 1024); /* "lossy" can name them all */
    }
}

/* Fills every member of every kind with the worst that its type can hold. */
static void fill(struct pst_record *r, struct pst_str text, const struct pst_strs *list)
{
    switch (r->kind) {
#define FILL_STR(at) at = text
#define FILL_STRS(at) at = *list
#define FILL_INT(at) at = UINT64_MAX
#define FILL_BOOL(at) at = true
#define FILL_HASH(at) at = text.p
#define FILL_VERDICT(at) at = PST_VERDICT_AMEND
#define PST_RECORD(KIND, name, text) case PST_RECORD_##KIND:
#define PST_FIELD(kind, TYPE, name, NEED, cap, text) FILL_##TYPE(r->kind.name);
#define PST_RECORD_END(KIND, name) break;
#include "tables/records.def"
#undef PST_RECORD
#undef PST_FIELD
#undef PST_RECORD_END
    case PST_RECORD_KINDS:
        break;
    }
    r->request = text;
    r->sandbox = text;
}

static void whatever_the_members_hold(void **state)
{
    (void)state;
    enum { N = 70000 };
    static const uint8_t bytes[] = {0x00, 0x1f, '"', '\\', 'a', 0x7f, 0x80, 0xff, 0xc3, 0xed, 0xf4};
    uint8_t *text = malloc(N);
    struct pst_str *items = calloc(300, sizeof *items);
    struct pst_buf b;
    pst_buf_init(&b, PST_RECORD_MAX);
    assert_non_null(text);
    assert_non_null(items);
    for (size_t k = 0; k < PST_RECORD_KINDS; k++) {
        for (size_t c = 0; c < PST_LEN(bytes) + 20; c++) {
            for (size_t i = 0; i < N; i++) {
                text[i] = c < PST_LEN(bytes) ? bytes[c] : (uint8_t)rand();
            }
            for (size_t i = 0; i < 300; i++) {
                items[i] = pst_str_of(&text[i], i % 2 == 0 ? i : N - i);
            }
            struct pst_record r = {.kind = (enum pst_record_kind)k, .ts_ns = TEST_TS};
            const struct pst_strs list = {items, 300};
            bool lossy = false;
            fill(&r, pst_str_of(text, N), &list);
            struct pst_str json = put(&b, &r, UINT64_MAX, &lossy);
            assert_true(lossy);
            assert_true(json.n <= PST_RECORD_MAX);
            assert_true(is_canonical(json));
        }
    }
    pst_buf_release(&b);
    free(items);
    free(text);
}

static void cuts_and_says_so(void **state)
{
    (void)state;
    struct pst_buf b;
    struct pst_reader_field f;
    bool lossy = false;
    pst_buf_init(&b, PST_RECORD_MAX);
    uint8_t long_text[200];
    for (size_t i = 0; i < sizeof long_text; i += 2) {
        memcpy(&long_text[i], "\xc3\xab", 2);
    }
    static const struct pst_str groups[] = {PST_STR_INIT("ok"), PST_STR_INIT("b\xff"
                                                                             "d")};
    struct pst_record r = test_decision();
    r.decision.action = pst_str_of(long_text, sizeof long_text);
    r.decision.groups = (struct pst_strs){groups, PST_LEN(groups)};
    r.decision.max_tokens = (uint64_t)1 << 53;
    r.sandbox = PST_STR("\xed\xa0\x80");
    struct pst_str json = put(&b, &r, 1, &lossy);
    assert_true(lossy && is_canonical(json));
    assert_true(member(json, "lossy", &f));
    assert_str(f.raw, "\"action\",\"groups\",\"max_tokens\",\"sandbox\"");
    assert_true(member(json, "action", &f));
    assert_int_equal(f.raw.n, 64); /* the cap of 66 without quotes, no half character */
    assert_true(pst_utf8_valid(f.raw));
    assert_true(member(json, "groups", &f));
    assert_str(f.raw, "\"ok\",\"b\xef\xbf\xbd"
                      "d\"");
    assert_true(member(json, "max_tokens", &f));
    assert_int_equal(f.number, ((uint64_t)1 << 53) - 1);
    assert_true(member(json, "sandbox", &f));
    assert_str(f.raw, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    /* an exact fit is not a cut */
    r = test_decision();
    r.decision.action = pst_str_of(long_text, 64);
    (void)put(&b, &r, 1, &lossy);
    assert_false(lossy);
    pst_buf_release(&b);
}

/* Every byte at every place of a short text comes back as it was. */
static void any_byte_anywhere(void **state)
{
    (void)state;
    struct pst_buf b;
    pst_buf_init(&b, PST_RECORD_MAX);
    for (unsigned byte = 0; byte < 0x80; byte++) {
        for (size_t n = 1; n < 20; n++) {
            for (size_t at = 0; at < n; at++) {
                uint8_t text[20];
                struct pst_reader_field f;
                bool lossy = true;
                memset(text, 'a', sizeof text);
                text[at] = (uint8_t)byte;
                struct pst_record r = {.kind = PST_RECORD_VIOLATION,
                                       .violation = {.code = pst_str_of(text, n)}};
                assert_true(member(put(&b, &r, 1, &lossy), "code", &f));
                assert_true(pst_reader_eq(f.raw, pst_str_of(text, n)) && !lossy);
                bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
                assert_true(escaped == (f.raw.n > n));
            }
        }
    }
    pst_buf_release(&b);
}

static void cuts_lists_between_items(void **state)
{
    (void)state;
    struct pst_buf b;
    struct pst_reader_field f;
    struct pst_str names[400];
    bool lossy = false;
    pst_buf_init(&b, PST_RECORD_MAX);
    for (size_t i = 0; i < PST_LEN(names); i++) {
        names[i] = PST_STR("a_tool_with_a_name_of_sixty_four_bytes_as_the_providers_allow_it");
        assert_int_equal(names[i].n, 64);
    }
    struct pst_record r = test_decision();
    r.decision.tools = (struct pst_strs){names, 128}; /* the most that OpenAI takes */
    r.decision.tools_count = 128;
    (void)put(&b, &r, 1, &lossy);
    assert_false(lossy);
    r.decision.tools = (struct pst_strs){names, PST_LEN(names)};
    r.decision.tools_count = PST_LEN(names);
    struct pst_str json = put(&b, &r, 1, &lossy);
    assert_true(lossy);
    assert_true(member(json, "tools", &f));
    struct pst_cur c = pst_cur_of(f.raw);
    struct pst_str item;
    size_t n = 0;
    while (pst_reader_item(&c, &item)) {
        assert_true(pst_str_eq(item, names[0]));
        n++;
    }
    assert_int_equal(n, (16384 - 1) / 67);
    assert_true(member(json, "tools_count", &f));
    assert_int_equal(f.number, PST_LEN(names));
    pst_buf_release(&b);
}

static void out_of_room(void **state)
{
    (void)state;
    struct pst_buf b;
    struct pst_err err = {0};
    struct pst_record r = test_decision();
    pst_buf_init(&b, PST_RECORD_MAX);
    size_t need = put(&b, &r, 1, NULL).n;
    pst_buf_release(&b);
    for (size_t cap = 2; cap < need + 2; cap++) {
        pst_buf_init(&b, cap);
        assert_true(PST_BUF_LIT(&b, "ab"));
        bool lossy = true;
        assert_int_equal(pst_record_put(&b, &r, 1, &lossy, &err), PST_ERR);
        assert_int_equal(err.code, PST_E_NO_MEMORY);
        assert_str(pst_buf_str(&b), "ab");
        assert_true(lossy);
        pst_buf_release(&b);
    }
    pst_buf_init(&b, need + 2);
    assert_true(PST_BUF_LIT(&b, "ab"));
    assert_int_equal(pst_record_put(&b, &r, 1, NULL, &err), PST_OK);
    pst_buf_release(&b);
    size_t nth = 1;
    for (;; nth++) {
        pst_buf_init(&b, PST_RECORD_MAX);
        test_heap_fail_from(nth);
        enum pst_status st = pst_record_put(&b, &r, 1, NULL, &err);
        test_heap_fail_from(0);
        assert_int_equal(b.n, st == PST_OK ? need : 0);
        pst_buf_release(&b);
        if (st == PST_OK) {
            break;
        }
    }
    assert_true(nth > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden),
        cmocka_unit_test(every_kind_when_empty),
        cmocka_unit_test(table_is_in_order_and_fits),
        cmocka_unit_test(whatever_the_members_hold),
        cmocka_unit_test(cuts_and_says_so),
        cmocka_unit_test(any_byte_anywhere),
        cmocka_unit_test(cuts_lists_between_items),
        cmocka_unit_test(out_of_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
