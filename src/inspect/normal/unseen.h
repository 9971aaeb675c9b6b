/* Texts written in characters that are not seen. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_UNSEEN_H
#define PST_INSPECT_NORMAL_UNSEEN_H

#include "inspect/normal/draft.h"

void pst_view_tags(struct pst_make *make, size_t parent);
void pst_view_selectors(struct pst_make *make, size_t parent);

#endif
