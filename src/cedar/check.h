/* Checks of what the evaluator relies on: used on freshly compiled code, and on images. */
#ifndef PST_CEDAR_CHECK_H
#define PST_CEDAR_CHECK_H

#include "cedar/compile.h"
#include "cedar/store.h"

/* Walks each policy's code once: valid instructions, forward targets inside the policy, one stack
 * height wherever ways meet, never below zero, zero at the end. Sets n_stack of each policy unless
 * the set is an image, where it must be right already. CEDAR_LIMIT when a stack is too high. */
PST_NODISCARD enum pst_status pst_cedar_check_code(struct pst_cedar *c, struct pst_err *err);
/* Everything else in an opened image: each index, list, hash table, order and nesting that reading
 * or evaluating relies on. Sets stack_max. */
PST_NODISCARD enum pst_status pst_cedar_check_image(struct pst_cedar *c, struct pst_err *err);
/* The file's name into an error that has none. */
void pst_cedar_err_file(struct pst_err *err, struct pst_str file);

#endif
