/* Reads names and values and confirms, at every offset of hostile text; the first byte chooses. */
#include "inspect/credential/assign.h"
#include "inspect/credential/credential.h"
#include "inspect/credential/plausible.h"
#include "inspect/credential/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 4096) {
        return 0;
    }
    struct pst_str text = pst_str_of(data + 1, size - 1);
    struct pst_credential_rule rule = {.kind = PST_CREDENTIAL_ASSIGNED, .words_ok = data[0] & 1};
    size_t len = 1 + (data[0] >> 4);
    for (size_t i = 0; i < 32; i++) {
        rule.parts[0].set[i] = (uint8_t)(i < 16 ? 0xff : 0);
        rule.parts[1].set[i] = (uint8_t)(i >= 6 && i < 8 ? 0xff : 0);
    }
    rule.parts[0].max = 40;
    rule.parts[1].min = 4;
    rule.parts[1].max = 9;
    rule.n_parts = data[0] & 2 ? 2 : 0;
    for (size_t at = 0; at < text.n; at += 1 + (data[0] & 7)) {
        struct pst_credential_hit hit;
        struct pst_assign a;
        size_t n = len < text.n - at ? len : text.n - at;
        if (pst_credential_confirm(&rule, text, at, n, PST_STR("password"), &hit)) {
            PST_BUG_ON(hit.start >= hit.end || hit.end > text.n);
        }
        if (pst_assign_read(text, at, n, &a)) {
            bool random = false;
            PST_BUG_ON(a.start >= a.end || a.end > text.n || a.name_end > text.n);
            (void)pst_plausible(text, &a, (data[0] & 4) != 0, &random);
        }
    }
    struct pst_credential_hit hit;
    (void)pst_credential_confirm_keyed(&rule, text, pst_str_cut(text, 0, len), &hit);
    return 0;
}
