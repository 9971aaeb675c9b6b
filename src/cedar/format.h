/* Policies written out: as JSON (Cedar's JSON policy format), as text, and text formatted anew. */
#ifndef PST_CEDAR_FORMAT_H
#define PST_CEDAR_FORMAT_H

#include "cedar/cedar.h"

/* One policy or template in the JSON policy format. NO_MEMORY when `out` is full. */
PST_NODISCARD enum pst_status pst_cedar_policy_json(const struct pst_cedar *c, uint32_t policy,
                                                    struct pst_buf *out, struct pst_err *err);
/* All of a set: {"templates", "staticPolicies", "templateLinks"}. */
PST_NODISCARD enum pst_status pst_cedar_policies_json(const struct pst_cedar *c,
                                                      struct pst_buf *out, struct pst_err *err);
/* One policy or template as Cedar text, made from what was understood (comments are lost), with a
 * newline at the end. A link is written as the policy that its template becomes. */
PST_NODISCARD enum pst_status pst_cedar_policy_text(const struct pst_cedar *c, uint32_t policy,
                                                    struct pst_buf *out, struct pst_err *err);
/* Source text with one house style: 4 spaces, lines up to 80 columns where that is possible; the
 * comments and the tokens stay exactly as they are, in order. Formatting twice changes nothing
 * more. Text that does not parse is refused as by pst_cedar_add_policies. */
PST_NODISCARD enum pst_status pst_cedar_format(struct pst_str text, struct pst_buf *out,
                                               struct pst_err *err);

#endif
