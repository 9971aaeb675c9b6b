#include "base/test.h"
#include "gate/steps.h"

/* What the steps are to say, one after the other, and what they were asked. */
struct course_test {
    struct pst_course course;
    enum pst_step_result say[4];
    enum pst_error code[4];
    unsigned calls[4];
    bool enter; /* the second step runs the driver from inside */
};

static enum pst_step_result run(struct course_test *t, struct pst_err *err);

static enum pst_step_result step(struct course_test *t, unsigned at, struct pst_err *err)
{
    t->calls[at]++;
    if (t->code[at] != PST_E_NONE) {
        (void)pst_fail(err, t->code[at], "step %u", at);
    }
    if (t->enter && at == 1) {
        (void)run(t, err);
    }
    return t->say[at];
}

static enum pst_step_result step_0(void *request, struct pst_err *err)
{
    return step(request, 0, err);
}

static enum pst_step_result step_1(void *request, struct pst_err *err)
{
    return step(request, 1, err);
}

static enum pst_step_result step_2(void *request, struct pst_err *err)
{
    return step(request, 2, err);
}

static const struct pst_step steps[] = {
    {"zero", step_0, PST_X_REQUEST_UNREADABLE},
    {"one", step_1, PST_X_IDENTITY_UNVERIFIED},
    {"two", step_2, PST_X_POLICY_UNEVALUATED},
};

static enum pst_step_result run(struct course_test *t, struct pst_err *err)
{
    return pst_steps_run(steps, PST_LEN(steps), &t->course, 0, t, err);
}

static void test_through(void **state)
{
    (void)state;
    struct course_test t = {.say = {PST_STEP_NEXT, PST_STEP_NEXT, PST_STEP_NEXT}};
    struct pst_err err = {0};
    assert_int_equal(run(&t, &err), PST_STEP_NEXT);
    assert_int_equal(t.course.at, 3);
    assert_int_equal(run(&t, &err), PST_STEP_NEXT); /* at the end: nothing is done twice */
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(t.calls[i], 1);
    }
    assert_int_equal(err.code, PST_E_NONE);
}

static void test_wait(void **state)
{
    (void)state;
    struct course_test t = {.say = {PST_STEP_NEXT, PST_STEP_WAIT, PST_STEP_NEXT}};
    struct pst_err err = {0};
    assert_int_equal(run(&t, &err), PST_STEP_WAIT);
    assert_int_equal(run(&t, &err), PST_STEP_WAIT); /* it is asked again, and those before it not */
    assert_int_equal(t.calls[0], 1);
    assert_int_equal(t.calls[1], 2);
    assert_int_equal(t.calls[2], 0);
    pst_course_pass(&t.course);
    assert_int_equal(run(&t, &err), PST_STEP_NEXT);
    assert_int_equal(t.calls[1], 2);
    assert_int_equal(t.calls[2], 1);
}

/* A stop is for good, with a reason always. */
static void test_stop(void **state)
{
    (void)state;
    struct course_test t = {.say = {PST_STEP_NEXT, PST_STEP_STOP, PST_STEP_NEXT}};
    struct pst_err err = {0};
    assert_int_equal(run(&t, &err), PST_STEP_STOP);
    assert_int_equal(err.code, PST_E_IDENTITY_INVALID); /* of the exception: the step gave none */
    assert_int_equal(pst_steps_exception(steps, &t.course), PST_X_IDENTITY_UNVERIFIED);
    t.say[1] = PST_STEP_NEXT;
    assert_int_equal(run(&t, &err), PST_STEP_STOP);
    assert_int_equal(t.calls[1], 1);
    assert_int_equal(t.calls[2], 0);
    t = (struct course_test){.say = {PST_STEP_STOP}, .code = {PST_E_BODY_TOO_LARGE}};
    err = (struct pst_err){0};
    assert_int_equal(run(&t, &err), PST_STEP_STOP);
    assert_int_equal(err.code, PST_E_BODY_TOO_LARGE);
    assert_string_equal(err.text, "step 0");
}

/* Each exception can be forced: the step it belongs to is not even asked. */
static void test_simulated(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct course_test t = {.say = {PST_STEP_NEXT, PST_STEP_NEXT, PST_STEP_NEXT}};
        struct pst_err err = {0};
        uint64_t bit = (uint64_t)1 << steps[i].exception;
        assert_int_equal(pst_steps_run(steps, PST_LEN(steps), &t.course, bit, &t, &err),
                         PST_STEP_STOP);
        assert_int_equal(err.code, pst_exception_row(steps[i].exception)->error);
        assert_int_equal(t.calls[i], 0);
    }
}

static void test_reentered(void **state)
{
    (void)state;
    struct course_test t = {.say = {PST_STEP_NEXT, PST_STEP_NEXT, PST_STEP_NEXT}, .enter = true};
    struct pst_err err = {0};
    assert_dies((void)run(&t, &err));
}

static void test_exceptions(void **state)
{
    (void)state;
    assert_true(PST_X_COUNT <= 64); /* a bit each */
    for (unsigned i = 0; i < PST_X_COUNT; i++) {
        const struct pst_exception_row *row = pst_exception_row((enum pst_exception)i);
        assert_true(row->error > PST_E_NONE && row->error < PST_E_COUNT);
        assert_true(pst_error_row(row->error)->status >= 400);
        assert_int_equal(pst_exception_find(pst_str_c(row->name)), i);
    }
    assert_int_equal(pst_exception_find(PST_STR("")), PST_X_COUNT);
    assert_int_equal(pst_exception_find(PST_STR("warden_silent")), PST_X_COUNT);
    assert_int_equal(pst_exception_find(PST_STR("WARDEN_SILENT")), PST_X_WARDEN_SILENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_through),   cmocka_unit_test(test_wait),
        cmocka_unit_test(test_stop),      cmocka_unit_test(test_simulated),
        cmocka_unit_test(test_reentered), cmocka_unit_test(test_exceptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
