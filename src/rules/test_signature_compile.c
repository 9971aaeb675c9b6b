/* Compiling signatures and scanning with them, and what is refused. */
#include "base/test.h"
#include "base/test_heap.h"
#include "inspect/signature/signature_format.h"
#include "rules/signature_compile.h"
#include "rules/signature_pattern.h"

#include <stdlib.h>

#define HEAD                                                                                       \
    "- defaults:\n    category: override\n    tags: [LLM01, AML.T0051.000]\n"                      \
    "    words:\n      drop: 'ignore|forget'\n"
#define RULE(id, pattern, more)                                                                    \
    "- id: " id "\n  pattern: '" pattern "'\n  weight: 10\n" more                                  \
    "  examples: [x]\n  counter: [y]\n"

static struct pst_arena arena;

static enum pst_status read_text(struct pst_str text, struct pst_signature_set *set,
                                 struct pst_err *err)
{
    const struct pst_signature_file file = {PST_STR("a.yaml"), text};
    pst_arena_release(&arena);
    pst_arena_init(&arena, 1 << 16, 8 << 20);
    return pst_signature_read(&arena, &file, 1, set, err);
}

/* An image at a multiple of 64; to be freed. */
static uint8_t *build(struct pst_str text, size_t *ret_n)
{
    struct pst_signature_set set = {0};
    struct pst_buf out;
    struct pst_err err = {0};
    assert_int_equal(read_text(text, &set, &err), PST_OK);
    pst_buf_init(&out, PST_SIGNATURE_IMAGE_MAX);
    assert_int_equal(pst_signature_build(&set, &out, &err), PST_OK);
    uint8_t *placed = aligned_alloc(64, (out.n + 63) / 64 * 64);
    assert_non_null(placed);
    memcpy(placed, out.p, out.n);
    *ret_n = out.n;
    pst_buf_release(&out);
    return placed;
}

struct bed {
    uint8_t *bytes;
    size_t n;
    struct pst_signature_image *image;
    struct pst_signature_scanner *scanner;
};

static void bed_make(struct bed *b, struct pst_str text)
{
    b->bytes = build(text, &b->n);
    assert_int_equal(pst_signature_image_open(pst_str_of(b->bytes, b->n), &b->image, NULL), PST_OK);
    assert_int_equal(pst_signature_scanner_init(&b->scanner, b->image, NULL), PST_OK);
}

static void bed_release(struct bed *b)
{
    pst_signature_scanner_release(b->scanner);
    pst_signature_image_close(b->image);
    free(b->bytes);
}

static struct pst_signature_hits scan(struct bed *b, const char *text, uint32_t channels)
{
    struct pst_signature_hits hits;
    struct pst_views views = {.n = 1};
    views.list[0].text = pst_str_c(text);
    assert_int_equal(pst_signature_scan_in(b->scanner, &views, channels, &hits, NULL), PST_OK);
    return hits;
}

static void test_scan(void **state)
{
    struct bed b;
    (void)state;
    bed_make(&b, PST_STR(HEAD RULE("one", "\\b{{drop}} (?:all |the ){0,2}previous words", "") RULE(
                     "two", "geheime l\xc3\xb6sung", "  category: exfil\n  channels: [tool]\n")
                             RULE("three", "answer: yes", "  repeat: 3\n")));
    assert_int_equal(pst_signature_count(b.image), 3);
    assert_str(pst_signature_id(b.image, 1), "two");
    assert_str(pst_signature_get(b.image, 0).tags, "LLM01 AML.T0051.000");

    struct pst_signature_hits hits = scan(&b, "Please FORGET *all*\nprevious  words. ok", 1);
    assert_int_equal(hits.n, 1);
    assert_int_equal(hits.list[0].rule, 0);
    assert_int_equal(hits.list[0].end, 35);
    assert_int_equal(hits.by_category[PST_CATEGORY_OVERRIDE], 10);

    /* a rule of another channel says nothing; letters count without their marks too */
    assert_int_equal(scan(&b, "die geheime loesung", 1U << 0).n, 0);
    assert_int_equal(scan(&b, "die geheime loesung", 1U << 2).n, 1);
    assert_int_equal(scan(&b, "die geheime losung", 1U << 2).n, 1);
    assert_int_equal(scan(&b, "die geheime l\xc3\xb6sung", UINT32_MAX).n, 1);

    assert_int_equal(scan(&b, "answer: yes answer: yes", 1).n, 0);
    assert_int_equal(scan(&b, "answer: yes\nanswer: yes\nAnswer: yes\nanswer: yes", 1).n, 1);
    assert_int_equal(scan(&b, "", 1).n, 0);
    bed_release(&b);
}

static void test_views(void **state)
{
    struct bed b;
    struct pst_signature_hits hits;
    struct pst_views views = {.n = 2};
    uint32_t map[32];
    static uint8_t whole[200];
    (void)state;
    bed_make(&b, PST_STR(HEAD RULE("one", "{{drop}} words", "")));
    memset(whole, 'x', sizeof whole);
    for (uint32_t i = 0; i < 32; i++) {
        map[i] = 100 + 2 * i;
    }
    views.list[0].text = PST_STR("ignore words");
    views.list[1].text = PST_STR("so: ignore words");
    views.list[1].map = map;
    views.list[1].whole = pst_str_of(whole, sizeof whole);
    assert_int_equal(pst_signature_scan(b.scanner, &views, &hits, NULL), PST_OK);
    /* in both views, but its weight counts once */
    assert_int_equal(hits.n, 2);
    assert_int_equal(hits.by_category[PST_CATEGORY_OVERRIDE], 10);
    assert_int_equal(hits.list[1].view, 1);
    assert_true(hits.list[1].start >= 100 && hits.list[1].end >= 130);
    /* a view that differs in capitals only shows nothing new; one in a single letter does */
    views.list[1] = (struct pst_view){.text = PST_STR("IGNORE Words")};
    assert_int_equal(pst_signature_scan(b.scanner, &views, &hits, NULL), PST_OK);
    assert_int_equal(hits.n, 1);
    views.list[1].text = PST_STR("ignore words");
    views.list[0].text = PST_STR("ignor\x05 words");
    assert_int_equal(pst_signature_scan(b.scanner, &views, &hits, NULL), PST_OK);
    assert_true(hits.n == 1 && hits.list[0].view == 1);
    views.n = PST_VIEWS_MAX + 1;
    assert_int_equal(pst_signature_scan(b.scanner, &views, &hits, NULL), PST_ERR);
    bed_release(&b);
}

static void refuse(struct pst_str text, const char *why)
{
    struct pst_signature_set set = {0};
    struct pst_buf out;
    struct pst_err err = {0};
    enum pst_status status = read_text(text, &set, &err);
    pst_buf_init(&out, PST_SIGNATURE_IMAGE_MAX);
    if (status == PST_OK) {
        status = pst_signature_build(&set, &out, &err);
    }
    assert_int_equal(status, PST_ERR);
    assert_int_equal(err.code, PST_E_CONFIG);
    assert_non_null(strstr(err.text, why));
    assert_true(err.line > 0);
    pst_buf_release(&out);
}

static void test_refused(void **state)
{
    (void)state;
    refuse(PST_STR("a: b\n"), "list");
    refuse(PST_STR(HEAD RULE("a", "abc", "")), "literal");
    refuse(PST_STR(HEAD RULE("a", "(?:abcdef)?x", "")), "less than four bytes");
    refuse(PST_STR(HEAD RULE("a", "abcd(", "")), "arent");
    refuse(PST_STR(HEAD RULE("a", "abcd[\xc3\xa9x]", "")), "class");
    refuse(PST_STR(HEAD RULE("a", "{{nothing}} abcd", "")), "no words of this name");
    refuse(PST_STR(HEAD RULE("a", "{{drop abcd", "")), "without");
    refuse(PST_STR(HEAD RULE("a", "abcd", "  category: none\n")), "category");
    refuse(PST_STR(HEAD RULE("a", "abcd", "  colour: red\n")), "no such member");
    refuse(PST_STR(HEAD RULE("a", "abcd", "  tags: [T1000]\n")), "tags");
    refuse(PST_STR(HEAD RULE("a", "abcd", "  channels: [radio]\n")), "channels");
    refuse(PST_STR(HEAD RULE("a", "abcd", "  repeat: 0\n")), "number");
    refuse(PST_STR(HEAD RULE("a", "abcd", "") RULE("a", "abcde", "")), "already");
    refuse(PST_STR(HEAD "- id: a\n  pattern: abcd\n  weight: 5\n  examples: [x]\n"),
           "counter-examples");
}

static void test_try(void **state)
{
    struct pst_signature_set set = {0};
    struct pst_err err = {0};
    struct bed b;
    (void)state;
    bed_make(&b, PST_STR(HEAD RULE("a", "abcd", "")));
    assert_int_equal(read_text(PST_STR(HEAD RULE("a", "abcd", "")), &set, &err), PST_OK);
    assert_int_equal(pst_signature_try(&set, b.image, &err), PST_ERR);
    assert_non_null(strstr(err.text, "example 1 is not hit"));
    set.list[0].examples.list[0] = PST_STR("xx ABCD");
    assert_int_equal(pst_signature_try(&set, b.image, &err), PST_OK);
    set.list[0].counter.list[0] = PST_STR("abcd");
    assert_int_equal(pst_signature_try(&set, b.image, &err), PST_ERR);
    assert_non_null(strstr(err.text, "counter-example 1 is hit"));
    bed_release(&b);
}

/* Every byte changed and every prefix is refused; nothing is read outside. */
static void test_damage(void **state)
{
    struct pst_signature_image *image = NULL;
    size_t n = 0;
    (void)state;
    uint8_t *bytes = build(PST_STR(HEAD RULE("a", "abcd", "")), &n);
    for (size_t i = 0; i < n; i += i < 512 ? 1 : 97) {
        bytes[i] ^= 0x20;
        assert_int_equal(pst_signature_image_open(pst_str_of(bytes, n), &image, NULL), PST_ERR);
        bytes[i] ^= 0x20;
    }
    for (size_t i = 0; i < n; i += i < 512 ? 1 : 97) {
        assert_int_equal(pst_signature_image_open(pst_str_of(bytes, i), &image, NULL), PST_ERR);
    }
    assert_int_equal(pst_signature_image_open(pst_str_of(bytes, n), &image, NULL), PST_OK);
    pst_signature_image_close(image);
    free(bytes);
}

static void test_same_bytes(void **state)
{
    size_t n = 0, m = 0;
    (void)state;
    uint8_t *a = build(PST_STR(HEAD RULE("a", "abcd", "") RULE("b", "efgh x", "")), &n);
    uint8_t *b = build(PST_STR(HEAD RULE("a", "abcd", "") RULE("b", "efgh x", "")), &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
}

static void test_no_memory(void **state)
{
    struct pst_signature_image *image = NULL;
    struct pst_signature_scanner *scanner = NULL;
    size_t n = 0;
    (void)state;
    uint8_t *bytes = build(PST_STR(HEAD RULE("a", "abcd", "")), &n);
    for (size_t i = 1; i <= 2; i++) {
        test_heap_fail_from(i);
        assert_int_equal(pst_signature_image_open(pst_str_of(bytes, n), &image, NULL), PST_ERR);
    }
    test_heap_fail_from(0);
    assert_int_equal(pst_signature_image_open(pst_str_of(bytes, n), &image, NULL), PST_OK);
    for (size_t i = 1; i <= 2; i++) {
        test_heap_fail_from(i);
        assert_int_equal(pst_signature_scanner_init(&scanner, image, NULL), PST_ERR);
    }
    test_heap_fail_from(0);
    pst_signature_image_close(image);
    free(bytes);
}

static void test_pattern(void **state)
{
    struct pst_buf out;
    (void)state;
    pst_buf_init(&out, 4096);
    assert_true(pst_signature_expression(PST_STR("[a b]\xc3\xa9?\\ x"), false, &out));
    assert_str(pst_buf_str(&out), "[a b](?:\xc3\xa9|e)?\\ x\0");
    pst_buf_clear(&out);
    assert_false(pst_signature_expression(PST_STR("\xc3"), false, &out));
    pst_buf_release(&out);
    assert_int_equal(pst_signature_literal(PST_STR("ab(cd)efgh?")), 3);
    assert_int_equal(pst_signature_literal(PST_STR("a[bcde]f\\.gh")), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan),      cmocka_unit_test(test_views),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_try),
        cmocka_unit_test(test_damage),    cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_pattern),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pst_arena_release(&arena);
    return failed;
}
