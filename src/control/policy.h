/* The check of policies before anything runs on them: the grammar of every file, every annotation,
 * the entities, and that all of it together can be sealed. */
#ifndef PST_CONTROL_POLICY_H
#define PST_CONTROL_POLICY_H

#include "base/def.h"
#include "base/err.h"
#include "control/compile.h"

/* err names file, line and column. `*ret_count` is the number of policies; may be NULL. */
PST_NODISCARD enum pst_status pst_policy_check(const struct pst_source *sources, size_t n,
                                               struct pst_str entities, size_t *ret_count,
                                               struct pst_err *err);

#endif
