/* The rules as they are, in the image that the build made of them: every example is hit by its
 * rule, no counter-example is. First argument: the folder where the build keeps what it compiled.
 */
#include "base/test.h"
#include "rules/signature_load.h"

#include <stdlib.h>

static const char *store;
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
    enum pst_status status = pst_signature_load(&arena, files, files_n, store, &set, &image,
                                                &image_n, &err);
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
    const char *told = getenv("POSTERN_RULE_STORE"); /* as rulec */
    store = told != NULL && told[0] != 0 ? told : argc > 1 ? argv[1] : NULL;
    files = &argv[2];
    files_n = argc > 2 ? (size_t)argc - 2 : 0;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
