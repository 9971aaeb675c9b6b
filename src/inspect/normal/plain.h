/* CLEAN and PLAIN: the text as a reader sees it. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_PLAIN_H
#define PST_INSPECT_NORMAL_PLAIN_H

#include "inspect/normal/draft.h"

/* What the cleaning of a text found out about it. */
struct pst_clean {
    bool changed;   /* something differs from the parent */
    bool matters;   /* characters that were to be overlooked went, or letters were restyled */
    bool reordered; /* an override of direction */
    bool tags;      /* there are tag characters to be read */
    bool selectors; /* or selectors, or sneaky bits */
    size_t turned;  /* letters that stand on their heads */
    size_t right_to_left, cjk, latin; /* letters */
    size_t foreign,
        foreign_sure; /* letters of alphabets that have Latin look-alikes; of these, alike */
    size_t accents;   /* Latin letters beyond ASCII */
    size_t pictures, braille;
};

/* NFKC, invisibles and control characters gone; case as it was. `out` is written from the first
 * change on (with all that is before it), and empty when there is none. Counts flags when `flags`.
 */
void pst_clean(struct pst_make *make, struct pst_str in, bool flags, struct pst_draft *out,
               struct pst_clean *ret);
/* Case folded, look-alikes in words of mixed script folded. `map`: offsets of `in` in the parent,
 * NULL: the same. */
void pst_plain(struct pst_make *make, struct pst_str in, const uint32_t *map, bool flags,
               const struct pst_clean *clean, struct pst_draft *out);

#endif
