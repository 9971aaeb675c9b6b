/* Definitions against their own examples: what a definition promises is run, not read. */
#ifndef PST_RULES_DATA_TRY_H
#define PST_RULES_DATA_TRY_H

#include "rules/data_compile.h"

/* An example in which the type was not found where it is marked, or a counter-example in which it
 * was found, or one that is not well formed. */
struct pst_rule_failure {
    const struct pst_rule_def *def;
    const struct pst_type *type;
    struct pst_str example; /* as it was scanned; as written when it could not be */
    bool counter;
    const char *what;
};
typedef void (*pst_rule_failure_fn)(void *ctx, const struct pst_rule_failure *failure);

struct pst_rule_tried {
    size_t defs, examples, counters, failed;
};

/* `image` was opened from what pst_rules_build() made of this set. Every failure is told to `fn`
 * (NULL: only counted). ERR: it could not be tried (no memory). */
PST_NODISCARD enum pst_status pst_rules_try(const struct pst_rule_set *set,
                                            const struct pst_scan_image *image,
                                            pst_rule_failure_fn fn, void *ctx,
                                            struct pst_rule_tried *ret, struct pst_err *err);

/* Several files in one, as they are built into the program: names and texts, each with its length
 * before it (4 bytes, little-endian). */
PST_NODISCARD bool pst_rules_pack(const struct pst_rule_file *files, size_t n, struct pst_buf *out);
/* Views into the pack. ERR: not one, or more than `room` files. */
PST_NODISCARD enum pst_status pst_rules_unpack(struct pst_str pack, struct pst_rule_file *files,
                                               size_t room, size_t *ret_n, struct pst_err *err);

#endif
