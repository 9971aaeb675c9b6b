/* The files of signatures named on a command line, for the tools and tests beside. */
#ifndef PST_RULES_SIGNATURE_LOAD_H
#define PST_RULES_SIGNATURE_LOAD_H

#include "rules/signature_compile.h"

enum { PST_SIGNATURE_FILES_MAX = 64, PST_SIGNATURE_FILE_MAX = 1 << 20 };

/* Reads, parses and compiles. `store`: see the set, may be NULL. `*image` is memory at a multiple
 * of 64, to be freed. */
PST_NODISCARD enum pst_status pst_signature_load(struct pst_arena *arena, char *const *names,
                                                 size_t n, const char *store,
                                                 struct pst_signature_set *ret, uint8_t **image,
                                                 size_t *image_n, struct pst_err *err);

#endif
