/* Policy slicing. Each policy stands under the rarest thing that a request must have for it to
 * apply: one entity that principal, action or resource must be or be in, or one type of principal
 * or resource. A request looks under its own entities, their ancestors and types only: what it
 * costs does not depend on policies about others. */
#ifndef PST_CEDAR_INDEX_H
#define PST_CEDAR_INDEX_H

#include "cedar/request.h"

/* Builds the buckets. NO_MEMORY. */
PST_NODISCARD enum pst_status pst_cedar_index(struct pst_cedar *c, struct pst_err *err);

/* Walks the policies that may apply to a request, in no order. A policy with a list of actions may
 * come more than once. */
struct pst_cedar_walk {
    const struct pst_cedar_request *r;
    struct pst_cedar_span bucket; /* what is left of the one being walked */
    struct pst_cedar_entity_view entity;
    uint32_t var, step;
    /* The attribute or tag that a guard looked at last: neighbours ask for the same. */
    uint32_t asked_sym;
    uint8_t asked_var, asked_tag;
    bool asked_known;                    /* the record it was looked for in is known */
    const struct pst_cedar_value *asked; /* NULL: it is not there */
};
void pst_cedar_walk_init(struct pst_cedar_walk *w, const struct pst_cedar_request *r);
/* PST_CEDAR_NO at the end. */
uint32_t pst_cedar_walk_next(struct pst_cedar_walk *w);

#endif
