/* Texts written in characters that are not seen. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_UNSEEN_H
#define PST_INSPECT_NORMAL_UNSEEN_H

#include "inspect/normal/draft.h"

void pst_view_tags(struct pst_make *make, size_t parent);
void pst_view_selectors(struct pst_make *make, size_t parent);
/* REVERSED: what stands under an override of direction, as it is drawn. */
void pst_view_reordered(struct pst_make *make, size_t parent);
/* REVERSED: a text that stands on its head. */
void pst_view_turned(struct pst_make *make, size_t parent);

#endif
