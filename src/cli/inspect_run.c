#include "cli/inspect_run.h"

#include "inspect/image.h"

#include <math.h>

enum { ARENA_MAX = 96 << 20, VIEWS_MAX = 8 << 20 };

enum pst_status pst_inspector_init(struct pst_inspector *ret, struct pst_str image,
                                   struct pst_err *err)
{
    struct pst_str data, signatures, weights;
    struct pst_err none = {0};
    *ret = (struct pst_inspector){0};
    pst_arena_init(&ret->arena, 1 << 20, ARENA_MAX);
    if (pst_inspect_image_section(image, PST_SECTION_DATA, &data, err) != PST_OK ||
        pst_scan_image_open(data, &ret->image, err) != PST_OK ||
        pst_scanner_init(&ret->scanner, ret->image, err) != PST_OK) {
        return PST_ERR;
    }
    if (pst_inspect_image_section(image, PST_SECTION_SIGNATURE, &signatures, &none) == PST_OK &&
        (pst_signature_image_open(signatures, &ret->signature_image, err) != PST_OK ||
         pst_signature_scanner_init(&ret->signatures, ret->signature_image, err) != PST_OK)) {
        return PST_ERR;
    }
    if (pst_inspect_image_section(image, PST_SECTION_WEIGHTS, &weights, &none) == PST_OK) {
        return pst_detector_init(&ret->detector, weights, err);
    }
    return PST_OK;
}

void pst_inspector_release(struct pst_inspector *i)
{
    pst_detector_release(i->detector);
    pst_signature_scanner_release(i->signatures);
    pst_signature_image_close(i->signature_image);
    pst_scanner_release(i->scanner);
    pst_scan_image_close(i->image);
    pst_arena_release(&i->arena);
}

static enum pst_status detect_piece(struct pst_inspector *i, struct pst_str text,
                                    enum pst_source source, struct pst_inspection *ret,
                                    struct pst_err *err)
{
    struct pst_views views;
    pst_arena_clear(&i->arena);
    if (pst_views_make(text, PST_WANT_READER, VIEWS_MAX, &i->arena, &views, err) != PST_OK) {
        return PST_ERR;
    }
    if (i->signatures != NULL &&
        pst_signature_scan_in(i->signatures, &views, 1U << source, &ret->hits, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_detect(i->detector, &views, i->signatures != NULL ? &ret->hits : NULL, source,
                      &i->arena, &ret->detection, err);
}

static void louder(uint16_t *a, uint16_t b)
{
    *a = *a > b ? *a : b;
}

/* The score of a long text is that of its loudest piece. */
static enum pst_status detect(struct pst_inspector *i, struct pst_str text, enum pst_source source,
                              struct pst_inspection *ret, struct pst_err *err)
{
    struct pst_detection all = {0};
    for (size_t from = 0, to; from < text.n; from = to) {
        to = pst_text_piece(text, from, PST_PIECE_BYTES);
        if (detect_piece(i, pst_str_cut(text, from, to - from), source, ret, err) != PST_OK) {
            return PST_ERR;
        }
        const struct pst_detection *d = &ret->detection;
        if (from == 0 || d->injection > all.injection) {
            all.injection = d->injection;
            all.start = d->start + (uint32_t)from;
            all.end = d->end + (uint32_t)from;
            all.view = d->view;
        }
        for (size_t k = 0; k < PST_HEADS; k++) {
            louder(&all.heads[k], d->heads[k]);
        }
        for (size_t k = 0; k < PST_UNSAFE_HEADS; k++) {
            louder(&all.unsafe[k], d->unsafe[k]);
        }
        all.flags |= d->flags;
    }
    ret->detection = all;
    return PST_OK;
}

enum pst_status pst_inspector_run(struct pst_inspector *i, const struct pst_scan_text *text,
                                  enum pst_source source, struct pst_inspection *ret,
                                  struct pst_err *err)
{
    ret->hits = (struct pst_signature_hits){0};
    ret->detection = (struct pst_detection){0};
    if (pst_scan(i->scanner, text, &ret->findings, err) != PST_OK) {
        return PST_ERR;
    }
    return i->detector != NULL ? detect(i, text->text, source, ret, err) : PST_OK;
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
