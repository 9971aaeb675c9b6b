/* Files of definitions: the first byte chooses entities or credentials, the user's or the
 * product's. What is read is built, and what is built can be opened. */
#include "rules/data_compile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_arena arena;
    struct pst_rule_set set;
    struct pst_buf out;
    struct pst_err err = {0};
    if (size < 1) {
        return 0;
    }
    const struct pst_rule_file file = {PST_STR("fuzz.yaml"), pst_str_of(&data[1], size - 1),
                                       (data[0] & 1U) != 0, (data[0] & 4U) != 0};
    pst_arena_init(&arena, 0, 64 << 20);
    pst_buf_init(&out, 16 << 20);
    if (pst_rules_read(&arena, &file, 1, (data[0] & 2U) != 0, &set, &err) == PST_OK &&
        pst_rules_build(&set, &out, &err) == PST_OK) {
        struct pst_scan_image *image = NULL;
        uint8_t *bytes = aligned_alloc(64, (out.n / 64 + 1) * 64);
        PST_BUG_ON(bytes == NULL);
        memcpy(bytes, out.p, out.n);
        PST_BUG_ON(pst_scan_image_open(pst_str_of(bytes, out.n), &image, &err) != PST_OK);
        pst_scan_image_close(image);
        free(bytes);
    }
    pst_buf_release(&out);
    pst_arena_release(&arena);
    return 0;
}
