#include "cli/detector_eval.h"

#include "base/test.h"

struct state {
    struct pst_arena arena;
    struct pst_eval eval;
};

static int setup(void **state)
{
    static struct state s;
    pst_arena_init(&s.arena, 1 << 14, 1 << 20);
    s.eval = (struct pst_eval){0};
    *state = &s;
    return 0;
}

static int teardown(void **state)
{
    struct state *s = *state;
    pst_arena_release(&s->arena);
    return 0;
}

static const struct pst_json *row_of(struct state *s, const char *json)
{
    struct pst_json_config config = pst_json_config_of(4096, 1);
    const struct pst_json *row = pst_json_parse(&config, &s->arena, pst_str_c(json), NULL);
    assert_non_null(row);
    return row;
}

static void test_what_is_an_attack(void **state)
{
    struct state *s = *state;
    assert_true(pst_eval_attack(row_of(s, "{\"labels\":[\"harmful_ask\",\"exfil\"]}")));
    assert_true(pst_eval_attack(row_of(s, "{\"labels\":[\"persona_jailbreak\"]}")));
    assert_false(pst_eval_attack(row_of(s, "{\"labels\":[\"harmful_ask\",\"encoded\"]}")));
    assert_false(pst_eval_attack(row_of(s, "{\"labels\":[]}")));
    assert_false(pst_eval_attack(row_of(s, "{\"labels\":\"override\"}")));
    assert_false(pst_eval_attack(row_of(s, "{}")));
}

static void test_rows_are_counted(void **state)
{
    struct state *s = *state;
    const struct pst_json *attack = row_of(s, "{\"labels\":[\"override\"],\"lang\":\"de\"}");
    const struct pst_json *honest = row_of(s, "{\"labels\":[],\"lang\":\"fr\"}");
    pst_eval_add(&s->eval, attack, PST_SOURCE_EMAIL, 64, 500);
    pst_eval_add(&s->eval, attack, PST_SOURCE_EMAIL, 65, 499);
    pst_eval_add(&s->eval, honest, PST_SOURCE_USER, 100000, 750);
    assert_int_equal(s->eval.all.attacks, 2);
    assert_int_equal(s->eval.all.attacks_over[1], 1);
    assert_int_equal(s->eval.all.honest, 1);
    assert_int_equal(s->eval.all.honest_over[2], 1);
    assert_int_equal(s->eval.channel[PST_SOURCE_EMAIL].attacks, 2);
    assert_int_equal(s->eval.channel[PST_SOURCE_USER].honest, 1);
    assert_int_equal(s->eval.length[0].attacks, 1);
    assert_int_equal(s->eval.length[1].attacks, 1);
    assert_int_equal(s->eval.length[PST_EVAL_LENGTHS - 1].honest, 1);
    assert_int_equal(s->eval.languages, 2);
    assert_string_equal(s->eval.language_name[0], "de");
}

static void test_no_language_is_lost(void **state)
{
    struct state *s = *state;
    for (int i = 0; i < PST_EVAL_LANGUAGES + 10; i++) {
        char json[64];
        pst_text(json, sizeof(json), "{\"lang\":\"l%d\"}", i);
        pst_eval_add(&s->eval, row_of(s, json), PST_SOURCE_USER, 1, 0);
    }
    uint64_t n = 0;
    for (size_t i = 0; i < s->eval.languages; i++) {
        n += s->eval.language[i].honest;
    }
    assert_int_equal(n, PST_EVAL_LANGUAGES + 10);
}

static void test_wilson(void **state)
{
    (void)state;
    double low, high;
    pst_eval_wilson(0, 0, &low, &high);
    assert_true(low <= 0.0 && high >= 1.0);
    pst_eval_wilson(0, 100, &low, &high);
    assert_true(low < 1e-9 && high > 0.036 && high < 0.038);
    pst_eval_wilson(50, 100, &low, &high);
    assert_true(low > 0.403 && low < 0.405 && high > 0.595 && high < 0.597);
    pst_eval_wilson(100, 100, &low, &high);
    assert_true(high > 1.0 - 1e-9 && low > 0.962 && low < 0.964);
}

static void test_the_counts_come_out(void **state)
{
    struct state *s = *state;
    struct pst_buf buf;
    struct pst_json_out o;
    pst_eval_add(&s->eval, row_of(s, "{\"labels\":[\"override\"]}"), PST_SOURCE_TOOL, 10, 1000);
    pst_buf_init(&buf, 1 << 16);
    pst_json_out_init(&o, &buf);
    pst_json_out_object(&o);
    pst_eval_put(&s->eval, &o);
    pst_json_out_end(&o);
    assert_true(pst_json_out_ok(&o));
    assert_true(pst_str_find(pst_buf_str(&buf), PST_STR("\"name\":\"tool\"")) != PST_NPOS);
    assert_true(pst_str_find(pst_buf_str(&buf), PST_STR("\"name\":\"web\"")) == PST_NPOS);
    pst_buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_an_attack, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_language_is_lost, setup, teardown),
        cmocka_unit_test(test_wilson),
        cmocka_unit_test_setup_teardown(test_the_counts_come_out, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
