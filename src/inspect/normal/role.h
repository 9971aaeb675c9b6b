/* Marks of whose turn it is: tokens of chat templates, which a text from outside has no business to
 * hold, and lines that begin like turns. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_ROLE_H
#define PST_INSPECT_NORMAL_ROLE_H

#include "inspect/normal/draft.h"

struct pst_role {
    uint32_t start, end;
    bool token; /* else the head of a line */
};
/* The next one at or after `from`. */
bool pst_role_next(struct pst_str text, size_t from, struct pst_role *ret);
/* How many there are that say something. */
size_t pst_roles_count(struct pst_str text, size_t *ret_tokens);
/* The text without the tokens. `out->make` is set. */
void pst_roles_strip(struct pst_str text, struct pst_draft *out);

#endif
