/* The recognisers of credential.def, each with its opener, and what they share. */
#ifndef PST_INSPECT_CREDENTIAL_FIND_H
#define PST_INSPECT_CREDENTIAL_FIND_H

#include "inspect/credential/credential.h"
#include "inspect/finding.h"

#define PST_FINDER(name, nocase, longest, ...)                                                     \
    bool pst_finder_##name(struct pst_str text, size_t at, size_t len,                             \
                           struct pst_credential_hit *ret);
#include "inspect/credential/credential.def"
#undef PST_FINDER

/* A password seen where a format has one: refuses placeholders and references; the score grows with
 * plausibility. `base`: score of a plain word there; below 0 plain words are refused. */
bool pst_finder_password(struct pst_str text, size_t start, size_t end, int base,
                         struct pst_credential_hit *ret);
/* The end of the word at `i`: the first blank, line end or quote, at most PST_CREDENTIAL_REACH on.
 * A quoted word is unwrapped: *ret_start moves behind the quote. */
size_t pst_finder_word(struct pst_str text, size_t i, size_t *ret_start);
/* The end of the line that `i` is in, at most `reach` bytes on. */
size_t pst_finder_line(struct pst_str text, size_t i, size_t reach);

#endif
