#include "rules/extend.h"

#include "inspect/image.h"
#include "rules/data_try.h"
#include "rules/image_build.h"

enum { FILES_MAX = 256, SECTION_MAX = 32 << 20 };

/* A section of the built-in image as it is; false when there is none. */
static bool kept(enum pst_inspect_section kind, struct pst_image_part *ret)
{
    struct pst_err none = {0};
    ret->kind = kind;
    return pst_inspect_image_section(pst_builtin_inspect_image(), kind, &ret->bytes, &none) ==
           PST_OK;
}

enum pst_status pst_rules_extend(struct pst_arena *arena, const struct pst_rule_file *files,
                                 size_t n, struct pst_buf *out, struct pst_err *err)
{
    struct pst_rule_file *all = PST_ARENA_ARRAY(arena, FILES_MAX, struct pst_rule_file);
    struct pst_rule_set set;
    struct pst_image_part parts[3];
    struct pst_buf data;
    size_t builtin = 0, n_parts = 1;
    if (all == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "rules: no memory");
    }
    if (pst_rules_unpack(pst_builtin_rule_pack(), all, FILES_MAX, &builtin, err) != PST_OK) {
        return PST_ERR;
    }
    if (n > FILES_MAX - builtin) {
        return pst_fail(err, PST_E_LIMIT, "too many files of definitions");
    }
    for (size_t i = 0; i < n; i++) {
        all[builtin + i] = files[i];
        all[builtin + i].user = true;
    }
    pst_buf_init(&data, SECTION_MAX);
    enum pst_status status = pst_rules_read(arena, all, builtin + n, /* user= */ false, &set, err);
    if (status == PST_OK) {
        status = pst_rules_build(&set, &data, err);
    }
    if (status == PST_OK) {
        parts[0] = (struct pst_image_part){PST_SECTION_DATA, pst_buf_str(&data)};
        n_parts += kept(PST_SECTION_SIGNATURE, &parts[n_parts]) ? 1 : 0;
        n_parts += kept(PST_SECTION_WEIGHTS, &parts[n_parts]) ? 1 : 0;
        status = pst_inspect_image_build(parts, n_parts, out, err);
    }
    pst_buf_release(&data);
    return status;
}
