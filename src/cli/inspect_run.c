#include "cli/inspect_run.h"

#include "inspect/image.h"

#include <math.h>

enum pst_status pst_inspector_init(struct pst_inspector *ret, struct pst_str image,
                                   struct pst_err *err)
{
    struct pst_str data;
    *ret = (struct pst_inspector){0};
    if (pst_inspect_image_section(image, PST_SECTION_DATA, &data, err) != PST_OK ||
        pst_scan_image_open(data, &ret->image, err) != PST_OK ||
        pst_scanner_init(&ret->scanner, ret->image, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_detect_reader_open(image, &ret->detector, err);
}

void pst_inspector_release(struct pst_inspector *i)
{
    pst_detect_reader_close(i->detector);
    pst_scanner_release(i->scanner);
    pst_scan_image_close(i->image);
}

enum pst_status pst_inspector_run(struct pst_inspector *i, const struct pst_scan_text *text,
                                  enum pst_source source, struct pst_inspection *ret,
                                  struct pst_err *err)
{
    ret->detection = (struct pst_detection){0};
    if (pst_scan(i->scanner, text, &ret->findings, err) != PST_OK) {
        return PST_ERR;
    }
    return i->detector != NULL
               ? pst_detect_reader_run(i->detector, text->text, source, &ret->detection, err)
               : PST_OK;
}

unsigned pst_score_mille(int tenths)
{
    double p = 1.0 / (1.0 + exp(-(double)tenths / 10.0));
    return (unsigned)(p * 1000.0 + 0.5);
}

const char *pst_inspection_action(enum pst_action action)
{
    static const char *const names[] = {
        [PST_ACT_ALLOW] = "allow",   [PST_ACT_FLAG] = "flag",       [PST_ACT_MASK] = "mask",
        [PST_ACT_REDACT] = "redact", [PST_ACT_PARTIAL] = "partial", [PST_ACT_HASH] = "hash",
        [PST_ACT_BLOCK] = "block"};
    return names[action];
}

const char *pst_inspection_verdict(const struct pst_inspector *i,
                                   const struct pst_inspection *result)
{
    /* from the mildest to the strongest */
    static const uint8_t order[] = {
        [PST_ACT_ALLOW] = 0, [PST_ACT_FLAG] = 1,   [PST_ACT_HASH] = 2, [PST_ACT_PARTIAL] = 3,
        [PST_ACT_MASK] = 4,  [PST_ACT_REDACT] = 5, [PST_ACT_BLOCK] = 6};
    uint8_t strongest = PST_ACT_ALLOW;
    for (size_t k = 0; k < result->findings.n; k++) {
        uint8_t action = pst_scan_type(i->image, result->findings.list[k].type)->action;
        strongest = order[action] > order[strongest] ? action : strongest;
    }
    return pst_inspection_action((enum pst_action)strongest);
}

/* Code points before a byte offset; offsets come in order. */
struct points {
    struct pst_str text;
    size_t at, n;
};

static uint64_t points_at(struct points *p, size_t offset)
{
    if (offset < p->at) {
        p->at = 0;
        p->n = 0;
    }
    for (; p->at < offset && p->at < p->text.n; p->at++) {
        p->n += (p->text.p[p->at] & 0xC0U) != 0x80U;
    }
    return p->n;
}

static void span_put(struct points *points, size_t start, size_t end, struct pst_json_out *out)
{
    pst_json_out_ku64(out, "start", points_at(points, start));
    pst_json_out_ku64(out, "end", points_at(points, end));
    pst_json_out_ku64(out, "byte_start", start);
    pst_json_out_ku64(out, "byte_end", end);
}

static void detection_put(const struct pst_inspection *result, struct points *points,
                          struct pst_json_out *out)
{
    const struct pst_detection *d = &result->detection;
    pst_json_out_ku64(out, "injection", d->injection);
    PST_JSON_KEY(out, "labels");
    pst_json_out_object(out);
    for (size_t i = 0; i < PST_HEADS; i++) {
        pst_json_out_ku64(out, pst_head_name((enum pst_head)i), d->heads[i]);
    }
    for (size_t i = 0; i < PST_UNSAFE_HEADS; i++) {
        if (d->unsafe[i] > 0) {
            pst_json_out_ku64(out, pst_unsafe_name((enum pst_unsafe)i), d->unsafe[i]);
        }
    }
    pst_json_out_end(out);
    PST_JSON_KEY(out, "flags");
    pst_json_out_array(out);
    for (size_t bit = 0; bit < 16; bit++) {
        const char *name = (d->flags >> bit & 1U) != 0 ? pst_evasion_name(bit) : NULL;
        if (name != NULL) {
            pst_json_out_str(out, pst_str_c(name));
        }
    }
    pst_json_out_end(out);
    PST_JSON_KEY(out, "spans");
    pst_json_out_array(out);
    if (d->end > d->start) {
        pst_json_out_object(out);
        span_put(points, d->start, d->end, out);
        pst_json_out_end(out);
    }
    pst_json_out_end(out);
}

void pst_inspection_put(const struct pst_inspector *i, const struct pst_inspection *result,
                        struct pst_str text, struct pst_json_out *out)
{
    struct points points = {.text = text};
    PST_JSON_KEY(out, "findings");
    pst_json_out_array(out);
    for (size_t k = 0; k < result->findings.n; k++) {
        const struct pst_finding *f = &result->findings.list[k];
        struct pst_buf why;
        pst_buf_init(&why, 4096);
        pst_json_out_object(out);
        pst_json_out_kstr(out, "type", pst_scan_type(i->image, f->type)->name);
        span_put(&points, f->start, f->end, out);
        pst_json_out_ku64(out, "score", pst_score_mille(f->score));
        if (pst_finding_explain(i->image, f, &why)) {
            pst_json_out_kstr(out, "why", pst_buf_str(&why));
        }
        pst_json_out_end(out);
        pst_buf_release(&why);
    }
    pst_json_out_end(out);
    if (i->detector != NULL) {
        detection_put(result, &points, out);
    }
    pst_json_out_kstr(out, "verdict", pst_str_c(pst_inspection_verdict(i, result)));
}
