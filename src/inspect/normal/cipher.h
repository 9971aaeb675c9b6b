/* Texts that read as words only after letters are exchanged, turned round or moved. Private. */
#ifndef PST_INSPECT_NORMAL_CIPHER_H
#define PST_INSPECT_NORMAL_CIPHER_H

#include "inspect/normal/draft.h"

/* Shifts of the alphabet, atbash, words and texts read backwards, words in reverse order, pig
 * latin. `parent`: a text in plain form. */
void pst_view_ciphers(struct pst_make *make, size_t parent);
/* rot47, of a text with its case. */
void pst_view_rot47(struct pst_make *make, size_t parent);

#endif
