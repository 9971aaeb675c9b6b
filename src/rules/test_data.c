/* Definitions from text to findings: what is refused, and what a small set of them finds. */
#include "base/test.h"
#include "inspect/scan/scan.h"
#include "rules/data_compile.h"

#include <stdlib.h>

static const char rules[] = "defaults:\n"
                            "  source: here\n"
                            "  licence: none\n"
                            "---\n"
                            "- type: BADGE\n"
                            "  title: 'Badge'\n"
                            "  group: security\n"
                            "  form: 'AA_9999_9999'\n"
                            "  prior: 10\n"
                            "  examples: ['[[AB 1234 5678]]']\n"
                            "  counter: ['AB 1234']\n"
                            "- type: LOCKER\n"
                            "  group: security\n"
                            "  form: '9{7}'\n"
                            "  prior: -20\n"
                            "  needs_context: true\n"
                            "  keys: ['locker_no', 'lkr']\n"
                            "  context: {en: ['locker'], de: ['Schließfach']}\n"
                            "  against: ['parcel']\n"
                            "  examples: ['locker [[1234567]]']\n"
                            "  counter: ['1234567']\n";

struct world {
    struct pst_arena arena;
    struct pst_buf section;
    uint8_t *bytes;
    struct pst_scan_image *image;
    struct pst_scanner *scanner;
};

static int set_up(void **state)
{
    static struct world w;
    struct pst_rule_set set;
    struct pst_err err = {0};
    const struct pst_rule_file file = {PST_STR("test.yaml"), pst_str_c(rules), false, false};
    pst_arena_init(&w.arena, 0, 64 << 20);
    pst_buf_init(&w.section, 4 << 20);
    bool ok = pst_rules_read(&w.arena, &file, 1, false, &set, &err) == PST_OK &&
              pst_rules_build(&set, &w.section, &err) == PST_OK;
    w.bytes = ok ? aligned_alloc(64, (w.section.n / 64 + 1) * 64) : NULL;
    if (w.bytes != NULL) {
        memcpy(w.bytes, w.section.p, w.section.n);
    }
    ok = w.bytes != NULL &&
         pst_scan_image_open(pst_str_of(w.bytes, w.section.n), &w.image, &err) == PST_OK &&
         pst_scanner_init(&w.scanner, w.image, &err) == PST_OK;
    if (!ok) {
        print_error("%u: %s\n", err.line, err.text);
    }
    *state = &w;
    return ok ? 0 : -1;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    pst_scanner_release(w->scanner);
    pst_scan_image_close(w->image);
    free(w->bytes);
    pst_buf_release(&w->section);
    pst_arena_release(&w->arena);
    return 0;
}

/* "TYPE text" of every finding, joined by '|'. */
static const char *found(struct world *w, const struct pst_scan_text *t, struct pst_buf *out)
{
    struct pst_findings f;
    struct pst_err err = {0};
    pst_buf_clear(out);
    if (pst_scan(w->scanner, t, &f, &err) != PST_OK) {
        return "error";
    }
    for (size_t i = 0; i < f.n; i++) {
        struct pst_str type = pst_scan_type(w->image, f.list[i].type)->name;
        struct pst_str text = pst_str_cut(t->text, f.list[i].start,
                                          f.list[i].end - f.list[i].start);
        assert_true(
            pst_buf_fmt(out, "%s%.*s %.*s", i > 0 ? "|" : "", PST_FMT(type), PST_FMT(text)));
    }
    assert_true(pst_buf_byte(out, 0));
    return (const char *)out->p;
}

static void finds(struct world *w, const char *text, const char *key, const char *want)
{
    struct pst_buf out;
    pst_buf_init(&out, 65536);
    const struct pst_scan_text t = {.text = pst_str_c(text), .key = pst_str_c(key)};
    const char *have = found(w, &t, &out);
    if (strcmp(have, want) != 0) {
        print_message("%s\n", text);
    }
    assert_string_equal(have, want);
    pst_buf_release(&out);
}

static void test_forms(void **state)
{
    struct world *w = *state;
    finds(w, "it is AB 1234 5678, yes", "", "BADGE AB 1234 5678");
    finds(w, "ab12345678", "", "BADGE ab12345678");
    finds(w, "AB-1234-5678", "", "BADGE AB-1234-5678");
    finds(w, "AB-1234 5678", "", ""); /* one kind of separator */
    finds(w, "XAB12345678 AB123456789 AB1234567", "", "");
    finds(w, "so AB 1234 5678 9", "", "BADGE AB 1234 5678");
    finds(w, "\xef\xbc\xa1\xef\xbc\xa2 1234 5678", "", "BADGE \xef\xbc\xa1\xef\xbc\xa2 1234 5678");
    finds(w, "AB \xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4 5678", "",
          "BADGE AB \xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4 5678");
}

static void test_context(void **state)
{
    struct world *w = *state;
    finds(w, "1234567", "", "");
    finds(w, "my locker is 1234567", "", "LOCKER 1234567");
    finds(w, "your lockers: 1234567", "", "LOCKER 1234567"); /* inflected */
    finds(w, "a blocker 1234567", "", "");                   /* whole words */
    finds(w,
          "Das Schlie\xc3\x9f"
          "fach 1234567",
          "", "LOCKER 1234567");
    finds(w, "1234567", "lockerNo", "LOCKER 1234567");
    finds(w, "1234567", "LOCKER NO", "LOCKER 1234567");
    finds(w, "{\"locker-no\": \"1234567\"}", "", "LOCKER 1234567");
    finds(w, "<locker_no>1234567</locker_no>", "", "LOCKER 1234567");
    finds(w, "locker\n\n\n1234567", "", ""); /* of another stretch */
}

/* A name this short is looked for only where names stand, so that it is the column that speaks. */
static void test_columns(void **state)
{
    struct world *w = *state;
    finds(w, "name,lkr,city\nAda,1234567,Bern\nBob,7654321,Rome\n", "",
          "LOCKER 1234567|LOCKER 7654321");
    finds(w, "name;lkr\nAda;1234567\n", "", "LOCKER 1234567");
    finds(w, "name,lkr,city\n\"A, B\",1234567,x\n\"A, B\",x,1234567\n", "", "LOCKER 1234567");
    finds(w, "Here they are:\n\n| name | lkr |\n|---|---|\n| Ada | 1234567 |\n| Bob | 7654321 |\n",
          "", "LOCKER 1234567|LOCKER 7654321");
    finds(w, "lkr,city,a\n1,2,1234567\n", "", "");
    finds(w, "a,lkr,c\n1,2\n3,1234567\n", "", ""); /* another table */
}

static void test_views(void **state)
{
    struct world *w = *state;
    finds(w, "see QUIgMTIzNCA1Njc4IGFuZCBtb3JlIHdvcmRz there", "", "BADGE QUIgMTIzNCA1Njc4");
}

/* With more to come, nothing is released that a longer text would take back. */
static void test_streams(void **state)
{
    struct world *w = *state;
    const struct pst_str text = PST_STR("so my badge is AB 1234 5678 and a locker 1234567 too");
    struct pst_findings f;
    struct pst_err err = {0};
    for (size_t n = 0; n <= text.n; n++) {
        struct pst_scan_text t = {.text = pst_str_cut(text, 0, n), .more = true};
        assert_int_equal(pst_scan(w->scanner, &t, &f, &err), PST_OK);
        assert_true(f.safe <= n);
        bool in_badge = f.safe > 15 && f.safe < 27, in_locker = f.safe > 41 && f.safe < 48;
        assert_false(in_badge || in_locker);
    }
    struct pst_scan_text t = {.text = PST_STR("1234567 x"), .before = PST_STR("my locker ")};
    assert_int_equal(pst_scan(w->scanner, &t, &f, &err), PST_OK);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.list[0].start, 0);
    assert_int_equal(f.list[0].end, 7);
    assert_int_equal(f.safe, t.text.n);
    /* what is found in encoded text that went before is not found again, nor elsewhere */
    const struct pst_str encoded = PST_STR("see QUIgMTIzNCA1Njc4IGFuZCBtb3JlIHdvcmRz there ");
    for (size_t n = 0; n <= encoded.n; n++) {
        t = (struct pst_scan_text){.text = pst_str_from(encoded, n),
                                   .before = pst_str_cut(encoded, 0, n)};
        assert_int_equal(pst_scan(w->scanner, &t, &f, &err), PST_OK);
        assert_true(n == 0 ? f.n == 1 : f.n <= 1);
        assert_true(n < 40 || f.n == 0); /* its 36 bytes are over */
        for (size_t i = 0; i < f.n; i++) {
            assert_true(f.list[i].start < f.list[i].end && f.list[i].end <= t.text.n);
        }
    }
}

/* In parts the same is found, however small they are. */
static void test_parts(void **state)
{
    struct world *w = *state;
    struct pst_buf text;
    struct pst_findings f;
    struct pst_err err = {0};
    static const size_t sizes[] = {1, 100, 5000, 1 << 20};
    struct pst_finding whole[256];
    pst_buf_init(&text, 1 << 20);
    while (text.n < 300000) {
        static const char line[] = "a badge AB 1234 5678 and a locker 1234567, then "
                                   "QUIgMTIzNCA1Njc4IGFuZCBtb3JlIHdvcmRz; ";
        assert_true(pst_buf_add(&text, pst_str_c(line)));
        for (size_t i = 0; i < 5000; i++) {
            assert_true(pst_buf_byte(&text, i % 7 == 0 ? ' ' : (uint8_t)('0' + i % 10)));
        }
    }
    const struct pst_scan_text t = {.text = pst_buf_str(&text)};
    assert_int_equal(pst_scan(w->scanner, &t, &f, &err), PST_OK);
    size_t n = f.n;
    assert_in_range(n, 100, PST_LEN(whole));
    memcpy(whole, f.list, n * sizeof *whole);
    for (size_t i = 0; i < PST_LEN(sizes); i++) {
        enum pst_status status;
        size_t turns = 0;
        assert_int_equal(pst_scan_begin(w->scanner, &t, &err), PST_OK);
        while ((status = pst_scan_step(w->scanner, sizes[i], &f, &err)) == PST_AGAIN) {
            turns++;
        }
        assert_int_equal(status, PST_OK);
        assert_int_equal(f.n, n);
        assert_memory_equal(f.list, whole, n * sizeof *whole);
        assert_true(i == PST_LEN(sizes) - 1 ? turns == 0 : turns >= 8);
    }
    pst_buf_release(&text);
}

static void test_limits(void **state)
{
    struct world *w = *state;
    struct pst_buf text;
    struct pst_findings f;
    struct pst_err err = {0};
    pst_buf_init(&text, 8 << 20);
    while (text.n < 1 << 20) {
        assert_true(pst_buf_add(&text, PST_STR("AB12345678 ")));
    }
    struct pst_scan_text t = {.text = pst_buf_str(&text)};
    assert_int_equal(pst_scan(w->scanner, &t, &f, &err), PST_ERR);
    assert_int_equal(err.code, PST_E_LIMIT);
    pst_buf_clear(&text);
    while (text.n < 4 << 20) {
        assert_true(pst_buf_byte(&text, (uint8_t)('0' + text.n % 10)));
    }
    t.text = pst_buf_str(&text);
    assert_int_equal(pst_scan(w->scanner, &t, &f, &err), PST_OK);
    assert_int_equal(f.n, 0);
    pst_buf_release(&text);
}

static void test_damaged(void **state)
{
    struct world *w = *state;
    struct pst_scan_image *image = NULL;
    struct pst_err err = {0};
    size_t n = w->section.n, step = n / 200 + 1;
    uint8_t *copy = aligned_alloc(64, (n / 64 + 1) * 64);
    assert_non_null(copy);
    for (size_t i = 0; i < n; i += i < 256 ? 1 : step) {
        memcpy(copy, w->section.p, n);
        copy[i] ^= 0x40;
        assert_int_equal(pst_scan_image_open(pst_str_of(copy, n), &image, &err), PST_ERR);
    }
    memcpy(copy, w->section.p, n);
    for (size_t i = 0; i < n; i += step) {
        assert_int_equal(pst_scan_image_open(pst_str_of(copy, i), &image, &err), PST_ERR);
    }
    free(copy);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"- type: X1\n  form: '9999'\n  colour: red\n", "an unknown member"},
        {"- type: x1\n  form: '9999'\n", "type:"},
        {"- type: X1\n  form: '999'\n", "4 to 40"},
        {"- type: X1\n  form: '9{4,60}'\n", "form"},
        {"- type: X1\n  form: '99{3,30}A{1,9}'\n", "too many"},
        {"- type: X1\n  form: '-9999'\n", "form"},
        {"- type: X1\n", "exactly one"},
        {"- type: X1\n  form: '9999'\n  find: email\n", "exactly one"},
        {"- type: X1\n  find: nothing_such\n", "none of this name"},
        {"- type: X1\n  form: '9999'\n  check: nothing_such\n", "none of this name"},
        {"- type: X1\n  form: '9999'\n  prior: 1000\n", "out of range"},
        {"- type: X1\n  form: '9999'\n  action: sing\n", "no such action"},
        {"- type: X1\n  form: '9999'\n- type: X1\n  form: '9999'\n", "already"},
        {"type: X1\n", "a list"},
    };
    (void)state;
    for (size_t i = 0; i < PST_LEN(cases); i++) {
        struct pst_arena arena;
        struct pst_rule_set set;
        struct pst_err err = {0};
        const struct pst_rule_file file = {PST_STR("t"), pst_str_c(cases[i].text), false, false};
        pst_arena_init(&arena, 0, 64 << 20);
        enum pst_status status = pst_rules_read(&arena, &file, 1, true, &set, &err);
        if (status == PST_OK || strstr(err.text, cases[i].why) == NULL) {
            print_message("%s: %s\n", cases[i].text, err.text);
        }
        assert_int_equal(status, PST_ERR);
        assert_non_null(strstr(err.text, cases[i].why));
        pst_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),   cmocka_unit_test(test_context),
        cmocka_unit_test(test_columns), cmocka_unit_test(test_views),
        cmocka_unit_test(test_streams), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_limits),  cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
