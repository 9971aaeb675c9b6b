/* What a page holds but does not show, and marks of whose turn it is. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_HIDDEN_H
#define PST_INSPECT_NORMAL_HIDDEN_H

#include "inspect/normal/draft.h"

/* HIDDEN: comments, elements that are not drawn, texts of attributes, front matter, titles of link
 * references; a line each. */
void pst_view_hidden(struct pst_make *make, size_t parent);

/* Chat template tokens and fake turns: [start, end) of each, in order. Counts the flag. */
struct pst_role {
    uint32_t start, end;
};
/* The next one at or after `from`. `token`: it is a token, which no text holds honestly but one
 * about templates; false: a line that begins like a turn. */
bool pst_role_next(struct pst_str text, size_t from, struct pst_role *ret, bool *ret_token);

#endif
