/* The image lies in the read-only part of the program: shared by all who run it, never copied. */
#include "rules/image_build.h"

__asm__(".pushsection .rodata.pst_inspect_image, \"a\"\n"
        ".balign 64\n"
        ".globl pst_inspect_image_begin\n"
        "pst_inspect_image_begin:\n"
        ".incbin \"" PST_INSPECT_IMAGE_FILE "\"\n"
        ".globl pst_inspect_image_end\n"
        "pst_inspect_image_end:\n"
        ".globl pst_rule_pack_begin\n"
        "pst_rule_pack_begin:\n"
        ".incbin \"" PST_RULE_PACK_FILE "\"\n"
        ".globl pst_rule_pack_end\n"
        "pst_rule_pack_end:\n"
        ".popsection\n");

extern const uint8_t pst_inspect_image_begin[] __attribute__((visibility("hidden")));
extern const uint8_t pst_inspect_image_end[] __attribute__((visibility("hidden")));
extern const uint8_t pst_rule_pack_begin[] __attribute__((visibility("hidden")));
extern const uint8_t pst_rule_pack_end[] __attribute__((visibility("hidden")));

struct pst_str pst_builtin_inspect_image(void)
{
    uintptr_t begin = (uintptr_t)pst_inspect_image_begin, end = (uintptr_t)pst_inspect_image_end;
    return pst_str_of(pst_inspect_image_begin, (size_t)(end - begin));
}

struct pst_str pst_builtin_rule_pack(void)
{
    uintptr_t begin = (uintptr_t)pst_rule_pack_begin, end = (uintptr_t)pst_rule_pack_end;
    return pst_str_of(pst_rule_pack_begin, (size_t)(end - begin));
}
