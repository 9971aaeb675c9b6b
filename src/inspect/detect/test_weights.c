#include "base/test.h"
#include "test_weights_file.h"

static enum pst_status open_it(const uint8_t *file, size_t n, struct pst_weights *ret)
{
    struct pst_err err = {0};
    enum pst_status status = pst_weights_open(pst_str_of(file, n), ret, &err);
    if (status != PST_OK) {
        assert_int_equal(err.code, PST_E_CONFIG);
        assert_true(err.text[0] != '\0');
    }
    return status;
}

static void test_a_whole_file_opens(void **state)
{
    (void)state;
    uint8_t file[TEST_WEIGHTS];
    test_weights_make(file);
    struct pst_weights w;
    assert_int_equal(open_it(file, sizeof(file), &w), PST_OK);
    assert_str(w.note, "made for a test");
    assert_int_equal(w.injection.bits, TEST_BITS);
    assert_int_equal(w.injection.weights.n, TEST_TABLE);
    assert_int_equal(w.answer.weights.n, TEST_TABLE);
    assert_int_equal(w.injection.scale[0], 1 << 10);
    assert_int_equal(w.fusion.weight[PST_INPUT_SMALL + PST_LANE_ANY], 1 << 16);
    assert_int_equal(w.fusion.knot[PST_SOURCE_OUTPUT][PST_KNOTS - 1], 400);
    assert_int_equal(w.body.n, sizeof(file) - 64);
}

static void test_a_cut_or_longer_file_is_refused(void **state)
{
    (void)state;
    uint8_t file[TEST_WEIGHTS + 1] = {0};
    test_weights_make(file);
    struct pst_weights w = {.answer = {.bits = 77}};
    for (size_t n = 0; n < TEST_WEIGHTS; n++) {
        assert_int_equal(open_it(file, n, &w), PST_ERR);
    }
    assert_int_equal(open_it(file, TEST_WEIGHTS + 1, &w), PST_ERR);
    assert_int_equal(w.answer.bits, 77); /* untouched */
}

static void test_a_damaged_byte_is_refused(void **state)
{
    (void)state;
    uint8_t file[TEST_WEIGHTS];
    test_weights_make(file);
    struct pst_weights w;
    for (size_t i = 0; i < sizeof(file); i++) {
        if (i >= 32 && i < 64) {
            continue; /* the digest is for `postern detector verify` */
        }
        file[i] ^= 0x10;
        assert_int_equal(open_it(file, sizeof(file), &w), PST_ERR);
        file[i] ^= 0x10;
    }
    assert_int_equal(open_it(file, sizeof(file), &w), PST_OK);
}

/* With a right checksum, a number that could make the arithmetic overflow is still refused. */
static void refused_with(size_t at, uint32_t value)
{
    uint8_t file[TEST_WEIGHTS];
    test_weights_make(file);
    pst_put_u32le(&file[at], value);
    test_weights_seal(file, sizeof(file));
    struct pst_weights w;
    assert_int_equal(open_it(file, sizeof(file), &w), PST_ERR);
}

static void test_numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    refused_with(PST_WEIGHTS_NUMBERS, 1U << 30);                 /* bias */
    refused_with(PST_WEIGHTS_NUMBERS + 4 * PST_LANES, 1U << 24); /* scale */
    refused_with(PST_WEIGHTS_NUMBERS + 4 * PST_LANES, 1U << 31); /* scale below zero */
    refused_with(TEST_FUSION, 1U << 30);                         /* bias of the fusion */
    refused_with(TEST_FUSION + 4, 0x80000000U);                  /* weight of the fusion */
    refused_with(TEST_KNOTS + 4, 0);                             /* a knot that does not rise */
    refused_with(TEST_KNOTS + 4 * (PST_KNOTS - 1), 1U << 27);    /* a knot too far */
    refused_with(8, PST_WEIGHTS_VERSION + 1);
    refused_with(20, PST_GRAM_VERSION + 1);
    refused_with(24, PST_WEIGHTS_BITS_MAX + 1);
    refused_with(28, PST_WEIGHTS_BITS_MIN - 1);
    refused_with(24, 0xFFFFFFFFU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_file_opens),
        cmocka_unit_test(test_a_cut_or_longer_file_is_refused),
        cmocka_unit_test(test_a_damaged_byte_is_refused),
        cmocka_unit_test(test_numbers_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
