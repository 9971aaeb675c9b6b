/* Internal: what both printers of schemas need. */
#ifndef PST_CEDAR_SCHEMA_PRINT_H
#define PST_CEDAR_SCHEMA_PRINT_H

#include "cedar/schema_model.h"

/* The name of a built-in type, without __cedar. */
struct pst_str pst_cedar_schema_built_in(uint32_t type);
/* Some declaration has that name, so that only __cedar:: reaches the built-in type surely. */
bool pst_cedar_schema_hidden(const struct pst_cedar_schema *s, struct pst_str built_in);

#endif
