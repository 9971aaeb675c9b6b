/* The least context that an action allows, for tools that let a person say only what matters. */
#ifndef PST_CEDAR_BLANK_H
#define PST_CEDAR_BLANK_H

#include "cedar/schema.h"

/* Appends a JSON object with every required member of the action's context: false, 0, "", [] and
 * records of these. An entity or extension value cannot be made up: it is left out, and whoever
 * asks must say it. CEDAR_SCHEMA when the action is not declared; NO_MEMORY when `out` is full. */
PST_NODISCARD enum pst_status pst_cedar_context_blank(const struct pst_cedar_schema *s,
                                                      struct pst_cedar_uid_text action,
                                                      struct pst_buf *out, struct pst_err *err);

#endif
