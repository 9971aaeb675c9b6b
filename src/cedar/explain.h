/* Beside the decision: what can be said before everything is known, and why it came out so. */
#ifndef PST_CEDAR_EXPLAIN_H
#define PST_CEDAR_EXPLAIN_H

#include "cedar/cedar.h"

/* A value that is not known yet: as the whole context, or as a member of a record in it. */
struct pst_cedar_value pst_cedar_unknown(void);

enum pst_cedar_certainty {
    PST_CEDAR_NEVER,  /* whatever the unknown values are: denied */
    PST_CEDAR_ALWAYS, /* whatever they are: allowed */
    PST_CEDAR_DEPENDS,
};

struct pst_cedar_outlook {
    enum pst_cedar_certainty verdict;
    bool error_certain; /* some policy fails whatever the values are: a caller that denies on errors
                           denies */
    bool error_possible; /* some policy may fail */
};

/* Decides as far as that is possible without the unknown values. Sound, not complete: NEVER and
 * ALWAYS are certain, DEPENDS may be said of what a cleverer look would settle. For lists of what a
 * principal may use, hide what is NEVER. Errors as for pst_cedar_authorize. */
PST_NODISCARD enum pst_status pst_cedar_outlook(struct pst_cedar_request *r,
                                                struct pst_cedar_outlook *ret, struct pst_err *err);

/* Appends, in words and lines, the decision, the determining policies, and for a denial what
 * failed: the condition, the values it saw, and the nearest change that would permit. Off the hot
 * path: every policy is looked at. Names and values of the request are quoted: this is for those
 * who may see them. */
PST_NODISCARD enum pst_status pst_cedar_explain(struct pst_cedar_request *r, struct pst_buf *out,
                                                struct pst_err *err);
/* A value as Cedar text, at most about `max` bytes. */
bool pst_cedar_value_text(const struct pst_cedar_request *r, struct pst_cedar_value v, size_t max,
                          struct pst_buf *out);

#endif
