/* What a page holds but does not show. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_HIDDEN_H
#define PST_INSPECT_NORMAL_HIDDEN_H

#include "inspect/normal/draft.h"

/* HIDDEN: comments, elements that are not drawn, texts of attributes, front matter, titles of link
 * references; a line each. */
void pst_view_hidden(struct pst_make *make, size_t parent);

#endif
