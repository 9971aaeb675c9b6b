/* The inspection image: its sections put together (inspect/image.h). */
#ifndef PST_RULES_IMAGE_BUILD_H
#define PST_RULES_IMAGE_BUILD_H

#include "base/buf.h"
#include "base/err.h"
#include "inspect/image.h"

struct pst_image_part {
    enum pst_inspect_section kind;
    struct pst_str bytes;
};
/* Appends the image to `out`; the same parts give the same bytes. */
PST_NODISCARD enum pst_status pst_inspect_image_build(const struct pst_image_part *parts, size_t n,
                                                      struct pst_buf *out, struct pst_err *err);
/* The image that the build made from rules/ and that is built into the program; at a multiple
 * of 64. */
struct pst_str pst_builtin_inspect_image(void);
/* The files of definitions that it was made from (data_try.h: a pack), for their examples. */
struct pst_str pst_builtin_rule_pack(void);

#endif
