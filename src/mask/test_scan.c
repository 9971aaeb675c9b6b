/* A scanner for the tests of what becomes of findings: three types with forms that need no rules. A
 * run of [A-Za-z0-9@.-] is an EMAIL with an @ inside, a CARD of 16 digits, an API_KEY that begins
 * with sk- and has 12 bytes. A text with UNSCANNABLE in it cannot be inspected. */
#include "base/buf.h"
#include "inspect/scan/scan.h"

#include <stdlib.h>

struct pst_scan_image {
    int unused;
};

struct pst_scanner {
    struct pst_finding list[PST_FINDINGS_MAX];
};

static const struct pst_type types[] = {
    {PST_STR_INIT("EMAIL"), PST_STR_INIT("address"), PST_STR_INIT("contact"), false, PST_ACT_MASK,
     128},
    {PST_STR_INIT("CARD"), PST_STR_INIT("card"), PST_STR_INIT("payment"), false, PST_ACT_MASK, 16},
    {PST_STR_INIT("API_KEY"), PST_STR_INIT("key"), PST_STR_INIT("credential"), true, PST_ACT_REDACT,
     64},
};

enum pst_status pst_scan_image_open(struct pst_str image, struct pst_scan_image **ret,
                                    struct pst_err *err)
{
    (void)image;
    *ret = calloc(1, sizeof **ret);
    return *ret != NULL ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "no memory");
}

void pst_scan_image_close(struct pst_scan_image *image)
{
    free(image);
}

size_t pst_scan_types(const struct pst_scan_image *image)
{
    (void)image;
    return PST_LEN(types);
}

const struct pst_type *pst_scan_type(const struct pst_scan_image *image, size_t type)
{
    (void)image;
    return &types[type];
}

size_t pst_scan_type_find(const struct pst_scan_image *image, struct pst_str name)
{
    (void)image;
    for (size_t i = 0; i < PST_LEN(types); i++) {
        if (pst_str_eq(types[i].name, name)) {
            return i;
        }
    }
    return PST_NPOS;
}

enum pst_status pst_scanner_init(struct pst_scanner **ret, const struct pst_scan_image *image,
                                 struct pst_err *err)
{
    (void)image;
    *ret = calloc(1, sizeof **ret);
    return *ret != NULL ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "no memory");
}

void pst_scanner_release(struct pst_scanner *scanner)
{
    free(scanner);
}

static bool runs(uint8_t b)
{
    return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || b == '@' ||
           b == '.' || b == '-';
}

static size_t classify(struct pst_str run)
{
    size_t at = pst_str_find_byte(run, '@'), digits = 0;
    for (size_t i = 0; i < run.n; i++) {
        digits += run.p[i] >= '0' && run.p[i] <= '9' ? 1 : 0;
    }
    if (pst_str_starts(run, PST_STR("sk-")) && run.n >= 12) {
        return 2;
    }
    if (digits == 16 && run.n == 16) {
        return 1;
    }
    return at != PST_NPOS && at > 0 && at + 1 < run.n ? 0 : PST_NPOS;
}

enum pst_status pst_scan(struct pst_scanner *scanner, const struct pst_scan_text *text,
                         struct pst_findings *ret, struct pst_err *err)
{
    struct pst_str t = text->text;
    size_t n = 0, at = 0;
    if (pst_str_find(t, PST_STR("UNSCANNABLE")) != PST_NPOS) {
        return pst_fail(err, PST_E_LIMIT, "a text of the test");
    }
    *ret = (struct pst_findings){.list = scanner->list, .safe = t.n};
    while (at < t.n && n < PST_FINDINGS_MAX) {
        size_t start = at;
        while (at < t.n && runs(t.p[at])) {
            at++;
        }
        if (at > start) {
            size_t stop = at;
            while (stop > start && t.p[stop - 1] == '.') {
                stop--; /* the end of a sentence */
            }
            size_t type = classify(pst_str_cut(t, start, stop - start));
            if (at == t.n && text->more) {
                ret->safe = start;
            } else if (type != PST_NPOS) {
                scanner->list[n++] = (struct pst_finding){.start = (uint32_t)start,
                                                          .end = (uint32_t)stop,
                                                          .type = (uint16_t)type,
                                                          .why = PST_WHY_FORM};
            }
        } else {
            at++;
        }
    }
    ret->n = n;
    return PST_OK;
}

bool pst_finding_explain(const struct pst_scan_image *image, const struct pst_finding *f,
                         struct pst_buf *out)
{
    (void)image;
    (void)f;
    return PST_BUF_LIT(out, "a form of the test");
}
