/* Files of rules named on a command line, to an inspection image: for the build and `postern
 * rules`. */
#ifndef PST_RULES_LOAD_H
#define PST_RULES_LOAD_H

#include "rules/data_compile.h"
#include "rules/signature_compile.h"

enum { PST_RULE_FILES_MAX = 256, PST_RULE_FILE_MAX = 4 << 20 };

struct pst_rules {
    struct pst_rule_set data;
    struct pst_signature_set signatures;
};

/* A file in a folder `credentials` or `injection` is of that kind, any other of entities. Texts and
 * sets live in the arena. */
PST_NODISCARD enum pst_status pst_rules_load(struct pst_arena *arena, char *const *names, size_t n,
                                             struct pst_rules *ret, struct pst_err *err);
/* Appends the image; `weights` is the detector's section, empty: none. */
PST_NODISCARD enum pst_status pst_rules_image(struct pst_rules *rules, struct pst_str weights,
                                              struct pst_buf *out, struct pst_err *err);
PST_NODISCARD enum pst_status pst_rules_file(struct pst_arena *arena, const char *name,
                                             struct pst_str *ret, struct pst_err *err);

#endif
