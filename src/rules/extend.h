/* The built-in definitions and an operator's own, in one image. */
#ifndef PST_RULES_EXTEND_H
#define PST_RULES_EXTEND_H

#include "rules/data_compile.h"

/* Compiles the built-in definitions together with `files`, which `user` marks; the other sections
 * are those of the built-in image. Appends the image to `out`. ERR: PST_E_CONFIG with file and
 * line. Takes about a second. */
PST_NODISCARD enum pst_status pst_rules_extend(struct pst_arena *arena,
                                               const struct pst_rule_file *files, size_t n,
                                               struct pst_buf *out, struct pst_err *err);

#endif
