/* The decoders. Each reads one view and adds at most one view of its kind, with all stretches it
 * could decode; linear in the view. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_DECODE_H
#define PST_INSPECT_NORMAL_DECODE_H

#include "inspect/normal/draft.h"
#include "inspect/normal/look.h"

/* Escapes in place, the text around them kept: %41, &#65; &lt;, \u0041 \x41 \101, =41. */
void pst_decode_escapes(struct pst_make *make, size_t parent, const struct pst_look *look);
/* Runs of an alphabet: base64, base32, hex, and data: URIs; only what they hold, a line each. */
void pst_decode_runs(struct pst_make *make, size_t parent, const struct pst_look *look);
/* A stretch without blanks, shorter than a run, that is base64 of letters; several in a row are
 * read together, as words or, when they are of one length, as the groups of one text. */
bool pst_short64(struct pst_str t);
void pst_short64_read(struct pst_draft *out, struct pst_str in, size_t start, size_t end);
/* Whether there is a run that could be decoded and does not stand in the text as given. */
bool pst_runs_new(struct pst_str in, struct pst_str given);
/* Denser alphabets and names of hosts: ascii85, base85, uuencoded lines, punycode. */
void pst_decode_dense(struct pst_make *make, size_t parent);
/* A stretch without blanks that could be base85 without marks; where it ended, `start`: it is none.
 */
size_t pst_dense_token(struct pst_draft *out, struct pst_str in, size_t start, size_t end);

#endif
