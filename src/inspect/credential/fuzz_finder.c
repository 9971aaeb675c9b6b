/* Every recogniser of credential.def at every place where one of its openers stands. */
#include "inspect/credential/credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_str text = pst_str_of(data, size < 8192 ? size : 8192);
    size_t n = 0;
    const struct pst_credential_finder *list = pst_credential_finders(&n);
    for (size_t at = 0; at < text.n; at++) {
        for (size_t f = 0; f < n; f++) {
            for (size_t k = 0; k < PST_OPENERS_MAX && list[f].openers[k].n > 0; k++) {
                struct pst_str opener = list[f].openers[k], here = pst_str_cut(text, at, opener.n);
                struct pst_credential_hit hit;
                if ((list[f].nocase ? pst_str_eq_nocase(here, opener) : pst_str_eq(here, opener)) &&
                    list[f].fn(text, at, opener.n, &hit)) {
                    PST_BUG_ON(hit.start >= hit.end || hit.end > text.n);
                }
            }
        }
    }
    return 0;
}
