/* The rules as they are: every file is read and compiled, every example is hit by its rule, no
 * counter-example is. */
#include "base/test.h"
#include "rules/signature_load.h"

#include <stdlib.h>

static char **files;
static size_t files_n;

static void test_examples(void **state)
{
    struct pst_arena arena;
    struct pst_signature_set set = {0};
    struct pst_signature_image *opened = NULL;
    struct pst_err err = {0};
    uint8_t *image = NULL;
    size_t image_n = 0;
    (void)state;
    pst_arena_init(&arena, 1 << 20, 128 << 20);
    enum pst_status status = pst_signature_load(&arena, files, files_n, &set, &image, &image_n,
                                                &err);
    if (status == PST_OK) {
        status = pst_signature_image_open(pst_str_of(image, image_n), &opened, &err);
    }
    if (status == PST_OK) {
        status = pst_signature_try(&set, opened, &err);
    }
    if (status != PST_OK) {
        print_message("%s:%u: %s\n", err.file, err.line, err.text);
    }
    assert_int_equal(status, PST_OK);
    assert_true(set.n >= 60);
    pst_signature_image_close(opened);
    free(image);
    pst_arena_release(&arena);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples)};
    files = &argv[1];
    files_n = (size_t)argc - 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
