/* Whether a value that a secret-keeping name is given is a secret: not entropy alone, which misses
 * GitHub!23 and takes identifiers, but what the value is made of, how it is written down and what
 * else it could be. */
#ifndef PST_INSPECT_PLAUSIBLE_H
#define PST_INSPECT_PLAUSIBLE_H

#include "inspect/credential/assign.h"

/* Log-odds in tenths, below 0: no. `chosen`: of a person's choosing (a password), so that weak ones
 * count; otherwise made by a machine. `ret_random`: the value itself is random. */
int pst_plausible(struct pst_str text, const struct pst_assign *a, bool chosen, bool *ret_random);
/* The value itself, by evidence that needs no writing: for whole texts and decoded headers. */
int pst_plausible_value(struct pst_str value, bool chosen, bool *ret_random);

#endif
