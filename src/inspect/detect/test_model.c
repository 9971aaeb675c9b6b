#include "inspect/detect/model.h"

#include "base/test.h"

enum { BITS = 12, TABLE = PST_LANES << BITS };

/* A table in which only the n-grams of one word weigh anything. */
static void weigh(uint8_t table[TABLE], const char *word, int8_t weight)
{
    struct pst_grams g;
    pst_grams_init(&g, pst_str_c(word));
    while (pst_grams_next(&g)) {
        for (size_t i = 0; i < g.n; i++) {
            memset(&table[(size_t)(g.id[i] >> (PST_GRAM_BITS - BITS)) * PST_LANES],
                   (unsigned char)weight, PST_LANES);
        }
    }
}

static struct pst_table table_of(const uint8_t table[TABLE])
{
    struct pst_table t = {.weights = pst_str_of(table, TABLE), .bits = BITS};
    for (size_t i = 0; i < PST_LANES; i++) {
        t.scale[i] = 1 << 14;
        t.bias[i] = -1000;
    }
    return t;
}

static void test_an_empty_text_is_its_bias(void **state)
{
    (void)state;
    static uint8_t table[TABLE];
    memset(table, 0, sizeof(table));
    struct pst_table t = table_of(table);
    struct pst_model_score s;
    pst_model_score(&t, pst_str_c(""), &s);
    for (size_t i = 0; i < PST_LANES; i++) {
        assert_int_equal(s.small.logit[i], -1000);
        assert_int_equal(s.large.logit[i], -1000);
        assert_int_equal(s.tiny.logit[i], -1000);
        assert_int_equal(s.small.end[i], 0);
    }
    assert_int_equal(s.tokens, 0);
}

static void test_a_short_text_by_hand(void **state)
{
    (void)state;
    static uint8_t table[TABLE];
    memset(table, 1, sizeof(table));
    struct pst_table t = table_of(table);
    struct pst_model_score s;
    pst_model_score(&t, pst_str_c("abc"), &s);
    /* 3 letters of three n-grams and 5 of the word: 14; counted as 64: 14 / 8 / 64 of a logit */
    assert_int_equal(s.small.logit[0], -1000 + 14 * 1024 / 64 / 8);
    assert_int_equal(s.large.logit[0], s.small.logit[0]);
    assert_int_equal(s.small.start[0], 0);
    assert_int_equal(s.small.end[0], 3);
}

/* A loud word in the middle of a long text is found, and where it stands. */
static void test_windows_find_it(void **state)
{
    (void)state;
    static uint8_t table[TABLE];
    memset(table, 0, sizeof(table));
    weigh(table, "zyzzyva", 100);
    struct pst_table t = table_of(table);
    static char text[60000];
    for (size_t at = 0; at < sizeof(text) - 8;) {
        int n = snprintf(&text[at], sizeof(text) - at, "%s ", at == 30000 ? "zyzzyva" : "a.b");
        at += (size_t)n;
    }
    struct pst_model_score s;
    pst_model_score(&t, pst_str_c(text), &s);
    assert_true(s.small.logit[0] > s.large.logit[0]);
    assert_true(s.tiny.logit[0] > s.small.logit[0]);
    assert_true(s.small.start[0] <= 30000 && s.small.end[0] >= 30007);
    assert_true(s.small.end[0] - s.small.start[0] < 1000);
    assert_true(s.large.start[0] <= 30000 && s.large.end[0] >= 30007);
}

/* The loudest window is found wherever it stands: at the edges of blocks, at either end. */
static void test_every_place(void **state)
{
    (void)state;
    static uint8_t table[TABLE];
    memset(table, 0, sizeof(table));
    weigh(table, "zyzzyva", 100);
    struct pst_table t = table_of(table);
    for (size_t place = 0; place < 200; place++) {
        char text[2048] = {0};
        size_t at = 0, start = 0;
        for (size_t i = 0; i < 200; i++) {
            start = i == place ? at : start;
            at += (size_t)snprintf(&text[at], sizeof(text) - at, "%s ",
                                   i == place ? "zyzzyva" : "a");
        }
        struct pst_model_score s;
        pst_model_score(&t, pst_str_c(text), &s);
        assert_true(s.small.start[0] <= start && s.small.end[0] >= start + 7);
        assert_true(s.small.logit[0] > 0);
    }
}

static void test_no_text_overflows(void **state)
{
    (void)state;
    static uint8_t table[TABLE];
    static uint8_t text[1 << 18];
    for (int sign = 0; sign < 2; sign++) {
        memset(table, sign == 0 ? 0x7F : 0x80, sizeof(table));
        struct pst_table t = table_of(table);
        for (size_t i = 0; i < PST_LANES; i++) {
            t.scale[i] = (1 << 24) - 1;
        }
        for (int kind = 0; kind < 3; kind++) {
            for (size_t i = 0; i < sizeof(text); i++) {
                text[i] = kind == 0 ? 'a' : kind == 1 ? (uint8_t)("a ."[i % 3]) : (uint8_t)i % 128;
            }
            struct pst_model_score s;
            pst_model_score(&t, pst_str_of(text, sizeof(text)), &s);
            int32_t most = 64 * PST_LOGIT_ONE;
            assert_int_equal(s.small.logit[3], sign == 0 ? most : -most);
            assert_int_equal(s.large.logit[3], sign == 0 ? most : -most);
            assert_int_equal(s.tiny.logit[3], sign == 0 ? most : -most);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_text_is_its_bias),
        cmocka_unit_test(test_a_short_text_by_hand),
        cmocka_unit_test(test_windows_find_it),
        cmocka_unit_test(test_every_place),
        cmocka_unit_test(test_no_text_overflows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
