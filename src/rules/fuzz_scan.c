/* Hostile text against the built-in definitions: findings lie in the text, in order, apart; what is
 * safe to release cuts none of them; the first two bytes choose key, text before and more to come.
 */
#include "base/buf.h"
#include "base/enc.h"
#include "base/lossy.h"
#include "inspect/image.h"
#include "inspect/scan/scan.h"
#include "rules/image_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void findings_check(const struct pst_findings *f, struct pst_str text)
{
    PST_BUG_ON(f->safe > text.n || f->n > PST_FINDINGS_MAX);
    for (size_t i = 0; i < f->n; i++) {
        const struct pst_finding *x = &f->list[i];
        PST_BUG_ON(x->start >= x->end || x->end > text.n || x->score < 0);
        PST_BUG_ON(i > 0 && x->start < f->list[i - 1].end);
        PST_BUG_ON(x->start < f->safe && x->end > f->safe);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct pst_str keys[] = {PST_STR_INIT(""), PST_STR_INIT("ssn"),
                                          PST_STR_INIT("password"), PST_STR_INIT("iban")};
    struct pst_str section;
    struct pst_scan_image *image = NULL;
    struct pst_scanner *scanner = NULL;
    struct pst_findings found;
    struct pst_buf text;
    struct pst_err err = {0};
    if (size < 2) {
        return 0;
    }
    pst_buf_init(&text, 1 << 20);
    PST_BUG_ON(!pst_utf8_lossy(&text, pst_str_of(&data[2], size - 2)));
    PST_BUG_ON(pst_inspect_image_section(pst_builtin_inspect_image(), PST_SECTION_DATA, &section,
                                         &err) != PST_OK ||
               pst_scan_image_open(section, &image, &err) != PST_OK ||
               pst_scanner_init(&scanner, image, &err) != PST_OK);
    struct pst_scan_text t = {
        .text = pst_buf_str(&text), .key = keys[data[0] & 3U], .more = (data[0] & 4U) != 0};
    if ((data[0] & 8U) != 0) {
        size_t n = data[1] < t.text.n ? data[1] : t.text.n;
        while (n < t.text.n && (t.text.p[n] & 0xC0U) == 0x80U) {
            n++;
        }
        t.before = pst_str_cut(t.text, 0, n);
        t.text = pst_str_from(t.text, n);
    }
    if (pst_scan(scanner, &t, &found, &err) == PST_OK) {
        findings_check(&found, t.text);
    }
    pst_scanner_release(scanner);
    pst_scan_image_close(image);
    pst_buf_release(&text);
    return 0;
}
