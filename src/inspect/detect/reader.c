#include "inspect/detect/reader.h"

#include "inspect/image.h"

#include <stdlib.h>

enum {
    VIEWS_LEAST = 64 << 10,
    VIEWS_TIMES = 8, /* twice what reads everything that is worth it: beyond it is a bomb */
    ARENA_FIRST = 256 << 10,
    ARENA_MAX = 16 << 20,
};

struct pst_detect_reader {
    struct pst_signature_image *image;
    struct pst_signature_scanner *signatures; /* NULL: the image has none */
    struct pst_detector *detector;
    struct pst_arena arena; /* of one piece of one text */
    struct pst_views views;
    struct pst_signature_hits hits;
};

void pst_detect_reader_close(struct pst_detect_reader *reader)
{
    if (reader != NULL) {
        pst_detector_release(reader->detector);
        pst_signature_scanner_release(reader->signatures);
        pst_signature_image_close(reader->image);
        pst_arena_release(&reader->arena);
        free(reader);
    }
}

enum pst_status pst_detect_reader_open(struct pst_str image, struct pst_detect_reader **ret,
                                       struct pst_err *err)
{
    struct pst_str signatures, weights;
    struct pst_err none = {0};
    *ret = NULL;
    if (pst_inspect_image_section(image, PST_SECTION_WEIGHTS, &weights, &none) != PST_OK) {
        return PST_OK;
    }
    struct pst_detect_reader *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the detector");
    }
    pst_arena_init(&fresh->arena, ARENA_FIRST, ARENA_MAX);
    enum pst_status status = pst_detector_init(&fresh->detector, weights, err);
    if (status == PST_OK &&
        pst_inspect_image_section(image, PST_SECTION_SIGNATURE, &signatures, &none) == PST_OK) {
        status = pst_signature_image_open(signatures, &fresh->image, err);
        if (status == PST_OK) {
            status = pst_signature_scanner_init(&fresh->signatures, fresh->image, err);
        }
    }
    if (status != PST_OK) {
        pst_detect_reader_close(fresh);
        return status;
    }
    *ret = fresh;
    return PST_OK;
}

void pst_detect_reader_clear(struct pst_detect_reader *reader)
{
    pst_arena_clear(&reader->arena);
}

static enum pst_status read_piece(struct pst_detect_reader *r, struct pst_str text,
                                  enum pst_source source, struct pst_detection *ret,
                                  struct pst_err *err)
{
    pst_arena_clear(&r->arena);
    if (pst_views_make(text, PST_WANT_READER, VIEWS_LEAST + VIEWS_TIMES * text.n, &r->arena,
                       &r->views, err) != PST_OK) {
        return PST_ERR;
    }
    if (r->signatures != NULL &&
        pst_signature_scan_in(r->signatures, &r->views, 1U << source, &r->hits, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_detect(r->detector, &r->views, r->signatures != NULL ? &r->hits : NULL, source,
                      &r->arena, ret, err);
}

static void keep_louder(uint16_t *a, uint16_t b)
{
    *a = *a > b ? *a : b;
}

/* The score of a long text is that of its loudest piece. */
static void add_piece(struct pst_detection *all, const struct pst_detection *d, size_t from)
{
    if (from == 0 || d->injection > all->injection) {
        bool spans = d->end > d->start;
        all->injection = d->injection;
        all->start = spans ? d->start + (uint32_t)from : 0;
        all->end = spans ? d->end + (uint32_t)from : 0;
        all->view = d->view;
    }
    for (size_t i = 0; i < PST_HEADS; i++) {
        keep_louder(&all->heads[i], d->heads[i]);
    }
    for (size_t i = 0; i < PST_UNSAFE_HEADS; i++) {
        keep_louder(&all->unsafe[i], d->unsafe[i]);
    }
    all->flags |= d->flags;
}

enum pst_status pst_detect_reader_next(struct pst_detect_reader *reader, struct pst_str text,
                                       enum pst_source source, struct pst_detect_walk *walk,
                                       size_t *ret_n, struct pst_err *err)
{
    struct pst_detection found;
    *ret_n = 0;
    if (walk->at >= text.n) {
        return PST_OK;
    }
    if (text.n > UINT32_MAX) {
        return pst_fail(err, PST_E_LIMIT, "the text is too long for the detector");
    }
    size_t from = walk->at;
    size_t end = pst_text_piece(text, from, PST_DETECT_PIECE);
    if (read_piece(reader, pst_str_cut(text, from, end - from), source, &found, err) != PST_OK) {
        return PST_ERR;
    }
    add_piece(&walk->found, &found, from);
    *ret_n = end - from;
    if (end == text.n) {
        walk->at = end;
        return PST_OK;
    }
    walk->at = pst_text_overlap(text, end, PST_DETECT_OVERLAP);
    return PST_AGAIN;
}

enum pst_status pst_detect_reader_run(struct pst_detect_reader *reader, struct pst_str text,
                                      enum pst_source source, struct pst_detection *ret,
                                      struct pst_err *err)
{
    struct pst_detect_walk walk = {0};
    enum pst_status status;
    size_t n;
    do {
        status = pst_detect_reader_next(reader, text, source, &walk, &n, err);
    } while (status == PST_AGAIN);
    if (status == PST_OK) {
        *ret = walk.found;
    }
    return status;
}
