/* The value that begins at a place: quotes, wrappers, and where an unquoted one ends. */
#ifndef PST_INSPECT_ASSIGN_VALUE_H
#define PST_INSPECT_ASSIGN_VALUE_H

#include "inspect/credential/assign.h"

/* `i`: behind the sign. Reads `how` and the name's ends; fills the rest. False: no value here. */
bool pst_assign_value(struct pst_str text, size_t i, struct pst_assign *ret);

#endif
