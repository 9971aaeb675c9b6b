/* What is built into the program from policies/: used where a configuration names no folder. */
#ifndef PST_CONTROL_BUILTIN_H
#define PST_CONTROL_BUILTIN_H

#include "control/compile.h"

extern const struct pst_source pst_builtin_policies[]; /* *.cedar, in order of their names */
extern const size_t pst_builtin_policies_n;
extern const struct pst_source pst_builtin_schema[]; /* one */
extern const size_t pst_builtin_schema_n;

#endif
