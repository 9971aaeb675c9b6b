/* Every recogniser at every byte of the text, every check on its head: spans lie in the text, are
 * as long as promised, and hold the anchor near. */
#include "base/str.h"
#include "inspect/find/find.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_str text = pst_str_of(data, size > 2048 ? 2048 : size);
    size_t finders, checks;
    const struct pst_find_row *find = pst_find_rows(&finders);
    const struct pst_check_row *check = pst_check_rows(&checks);
    for (size_t at = 0; at < text.n; at++) {
        for (size_t i = 0; i < finders; i++) {
            struct pst_found f = find[i].fn(text, at);
            if (f.verdict != PST_CHECK_NO) {
                PST_BUG_ON(f.start >= f.end || f.end > text.n ||
                           f.end - f.start > PST_FIND_REACH * 2);
                PST_BUG_ON(f.start > at || f.end < at);
            }
        }
    }
    for (size_t i = 0; i < checks; i++) {
        (void)check[i].fn(pst_str_cut(text, 0, PST_CHECK_MAX));
    }
    return 0;
}
