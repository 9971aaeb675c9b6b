/* image.c, check.c, check_image.c: images, sound and not. */
#include "cedar/test_util.h"

#include "base/enc.h"

#include <stdlib.h>

static const char policies[] =
    "@id(\"a\") permit(principal in Group::\"g\",action in [Action::\"view\",Action::\"edit\"],"
    "resource is Doc) when {principal has x.y && context.s like \"a*b\" && [1,[2,3]].contains(1)};"
    "forbid(principal,action,resource) when {if context.n > 3 then true else"
    " {a: context.n, b: [context.n]} == {a: 1, b: [1]}} unless {ip(\"10.0.0.1\").isLoopback()};"
    "permit(principal == ?principal,action,resource);";
static const char entities[] =
    "[{\"uid\":{\"type\":\"User\",\"id\":\"alice\"},\"attrs\":{\"x\":{\"y\":[1,2,[3]]}},"
    "\"parents\":[{\"type\":\"Group\",\"id\":\"g\"}],\"tags\":{\"t\":\"v\"}},"
    "{\"uid\":{\"type\":\"Group\",\"id\":\"g\"},\"attrs\":{\"ip\":"
    "{\"__extn\":{\"fn\":\"ip\",\"arg\":\"::1/"
    "64\"}}},\"parents\":[{\"type\":\"Group\",\"id\":\"h\"}]}]";

/* The image, in memory aligned as images must be. */
static uint8_t *make_image(size_t *ret_n)
{
    struct pst_cedar *c = test_set(policies, entities);
    struct pst_buf b;
    pst_buf_init(&b, 1u << 20);
    assert_int_equal(pst_cedar_image_write(c, &b, NULL), PST_OK);
    uint8_t *p = (uint8_t *)aligned_alloc(16, (b.n + 15) / 16 * 16);
    assert_non_null(p);
    memcpy(p, b.p, b.n);
    *ret_n = b.n;
    pst_buf_release(&b);
    pst_cedar_free(c);
    return p;
}

static bool decide(const struct pst_cedar *c, const char *context)
{
    struct pst_arena a;
    struct pst_cedar_answer answer;
    pst_arena_init(&a, 4096, 1u << 20);
    struct pst_cedar_request *r = test_request(c, &a, context);
    bool ok = pst_cedar_authorize(r, &answer, NULL) == PST_OK;
    ok = ok && answer.allow;
    pst_arena_release(&a);
    return ok;
}

static void an_image_decides_as_the_set_does(void **state)
{
    (void)state;
    size_t n = 0;
    uint8_t *image = make_image(&n);
    struct pst_cedar *c = NULL;
    struct pst_err err = {0};
    if (pst_cedar_image_open(pst_str_of(image, n), &c, &err) != PST_OK) {
        fail_msg("%s", err.text);
    }
    assert_true(decide(c, "{\"s\":\"a-b\",\"n\":2}"));
    assert_false(decide(c, "{\"s\":\"a-b\",\"n\":1}"));
    assert_false(decide(c, "{\"s\":\"a-c\",\"n\":2}"));
    assert_int_equal(pst_cedar_policies(c), 3);
    assert_true(pst_str_eq(pst_cedar_policy(c, 0).id, PST_STR("policy0")));
    /* An image of an image is the same image: nothing depends on where or how it was made. */
    struct pst_buf again;
    pst_buf_init(&again, 1u << 20);
    assert_int_equal(pst_cedar_image_write(c, &again, NULL), PST_OK);
    assert_true(pst_str_eq(pst_buf_str(&again), pst_str_of(image, n)));
    pst_buf_release(&again);
    pst_cedar_free(c);
    free(image);
}

static void any_changed_byte_is_noticed(void **state)
{
    (void)state;
    size_t n = 0;
    uint8_t *image = make_image(&n);
    for (size_t i = 0; i < n; i += 7) {
        struct pst_cedar *c = NULL;
        image[i] ^= 0x40;
        if (pst_cedar_image_open(pst_str_of(image, n), &c, NULL) == PST_OK) {
            fail_msg("byte %zu", i);
        }
        image[i] ^= 0x40;
    }
    for (size_t cut = 0; cut < n; cut += 61) {
        struct pst_cedar *c = NULL;
        assert_int_equal(pst_cedar_image_open(pst_str_of(image, cut), &c, NULL), PST_ERR);
    }
    free(image);
}

/* With a checksum that fits, every change is either refused or harmless: run it and see. */
static void a_forged_image_is_refused_or_harmless(void **state)
{
    (void)state;
    size_t n = 0;
    uint8_t *image = make_image(&n);
    const size_t head = 48;
    uint32_t seed = 12345;
    unsigned opened = 0;
    for (unsigned round = 0; round < 20000; round++) {
        seed = seed * 1664525u + 1013904223u;
        size_t at = head + (seed >> 8) % (n - head);
        uint8_t old = image[at];
        image[at] = (uint8_t)(seed >> 3);
        uint32_t crc = 0;
        memcpy(&image[24], &crc, 4);
        crc = pst_crc32c(0, pst_str_of(image, n));
        memcpy(&image[24], &crc, 4);
        struct pst_cedar *c = NULL;
        if (pst_cedar_image_open(pst_str_of(image, n), &c, NULL) == PST_OK) {
            opened++;
            (void)decide(c, "{\"s\":\"a-b\",\"n\":2}");
            pst_cedar_free(c);
        }
        image[at] = old;
    }
    assert_true(opened > 0 && opened < 20000);
    free(image);
}

/* Under every memory limit a set is built, or refused with an error; never half. */
static void every_memory_limit_is_survived(void **state)
{
    (void)state;
    unsigned built = 0;
    unsigned refused = 0;
    for (uint32_t limit = 512; limit < 60000; limit += limit / 16) {
        struct pst_cedar_limits limits = {.total_bytes = limit};
        struct pst_err err = {0};
        struct pst_buf b;
        struct pst_cedar *c = pst_cedar_new(&limits);
        pst_buf_init(&b, limit);
        enum pst_status st = pst_cedar_add_policies(c, PST_STR("p"), pst_str_c(policies), &err);
        if (st == PST_OK) {
            st = pst_cedar_add_entities_json(c, PST_STR("e"), pst_str_c(entities), &err);
        }
        if (st == PST_OK) {
            st = pst_cedar_seal(c, &err);
        }
        if (st == PST_OK) {
            assert_true(decide(c, "{\"s\":\"a-b\",\"n\":2}"));
            assert_false(decide(c, "{\"s\":\"a-c\",\"n\":2}"));
            built++;
            st = pst_cedar_image_write(c, &b, &err);
        }
        if (st != PST_OK) {
            assert_int_not_equal(err.code, PST_E_NONE);
            refused++;
        }
        pst_buf_release(&b);
        pst_cedar_free(c);
    }
    assert_true(built > 0 && refused > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_decides_as_the_set_does),
        cmocka_unit_test(any_changed_byte_is_noticed),
        cmocka_unit_test(a_forged_image_is_refused_or_harmless),
        cmocka_unit_test(every_memory_limit_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
