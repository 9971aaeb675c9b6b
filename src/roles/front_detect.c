#include "roles/front_detect.h"

#include "inspect/image.h"

#include <stdlib.h>

enum {
    VIEWS_LEAST = 64 << 10,
    VIEWS_TIMES = 8, /* twice what reads everything that is worth it: beyond it is a bomb */
    ARENA_FIRST = 256 << 10,
    ARENA_MAX = 16 << 20,
};

struct pst_front_detect {
    struct pst_signature_image *image;
    struct pst_signature_scanner *signatures; /* NULL: the image has none */
    struct pst_detector *detector;
    struct pst_arena arena; /* of one piece of one text */
    struct pst_views views;
    struct pst_signature_hits hits;
};

void pst_front_detect_close(struct pst_front_detect *detect)
{
    if (detect != NULL) {
        pst_detector_release(detect->detector);
        pst_signature_scanner_release(detect->signatures);
        pst_signature_image_close(detect->image);
        pst_arena_release(&detect->arena);
        free(detect);
    }
}

enum pst_status pst_front_detect_open(struct pst_str image, struct pst_front_detect **ret,
                                      struct pst_err *err)
{
    struct pst_str signatures, weights;
    struct pst_err none = {0};
    *ret = NULL;
    if (pst_inspect_image_section(image, PST_SECTION_WEIGHTS, &weights, &none) != PST_OK) {
        return PST_OK;
    }
    struct pst_front_detect *fresh = calloc(1, sizeof *fresh);
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
        pst_front_detect_close(fresh);
        return status;
    }
    *ret = fresh;
    return PST_OK;
}

static enum pst_source source_of_speaker(uint8_t role)
{
    switch (role) {
    case PST_SPEAKER_SYSTEM:
    case PST_SPEAKER_DEVELOPER:
    case PST_SPEAKER_USER:
        return PST_SOURCE_USER;
    case PST_SPEAKER_TOOL:
    case PST_SPEAKER_FUNCTION:
        return PST_SOURCE_TOOL;
    case PST_SPEAKER_ASSISTANT:
        return PST_SOURCES;
    default:
        return PST_SOURCE_DOCUMENT; /* outside any message: material, not a turn */
    }
}

enum pst_source pst_front_detect_source(const struct pst_segment *s)
{
    if (s->is_name) {
        return PST_SOURCES;
    }
    switch (s->channel) {
    case PST_CHANNEL_CONTENT:
    case PST_CHANNEL_UNKNOWN:
        return source_of_speaker(s->role);
    case PST_CHANNEL_DESCRIPTION:
    case PST_CHANNEL_SCHEMA:
        return PST_SOURCE_DESCRIPTION;
    default:
        return PST_SOURCES;
    }
}

static enum pst_status piece(struct pst_front_detect *d, struct pst_str text,
                             enum pst_source source, struct pst_detection *ret, struct pst_err *err)
{
    pst_arena_clear(&d->arena);
    if (pst_views_make(text, PST_WANT_READER, VIEWS_LEAST + VIEWS_TIMES * text.n, &d->arena,
                       &d->views, err) != PST_OK) {
        return PST_ERR;
    }
    if (d->signatures != NULL &&
        pst_signature_scan_in(d->signatures, &d->views, 1U << source, &d->hits, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_detect(d->detector, &d->views, d->signatures != NULL ? &d->hits : NULL, source,
                      &d->arena, ret, err);
}

/* Where a piece that should begin or end at `at` does: before a character, not in it. */
static size_t boundary(struct pst_str text, size_t at)
{
    while (at > 0 && at < text.n && (text.p[at] & 0xC0) == 0x80) {
        at--;
    }
    return at;
}

/* The next piece of a text; *ret_n: how many bytes were read. */
static enum pst_status next_piece(struct pst_front_detect *d, struct pst_str text,
                                  enum pst_source source, uint32_t taint,
                                  struct pst_front_detect_walk *w, size_t *ret_n,
                                  struct pst_err *err)
{
    struct pst_detection found;
    struct pst_err why = {0};
    struct pst_front_score *score = &w->score;
    size_t end = text.n - w->at > PST_FRONT_DETECT_PIECE
                     ? boundary(text, w->at + PST_FRONT_DETECT_PIECE)
                     : text.n;
    if (piece(d, pst_str_cut(text, w->at, end - w->at), source, &found, &why) != PST_OK) {
        return pst_fail(err, PST_E_UNINSPECTED, "the detector cannot read a text: %.120s",
                        why.text);
    }
    score->injection = found.injection > score->injection ? found.injection : score->injection;
    score->evasion |= found.flags;
    score->tainted = score->tainted || (source != PST_SOURCE_USER && found.injection >= taint);
    *ret_n = end - w->at;
    if (end < text.n) {
        w->at = boundary(text, end - PST_FRONT_DETECT_OVERLAP);
    } else {
        w->segment++;
        w->at = 0;
    }
    return PST_OK;
}

enum pst_status pst_front_detect_run(struct pst_front_detect *detect, const struct pst_exchange *x,
                                     const struct pst_str *texts, uint32_t taint,
                                     struct pst_front_detect_walk *walk, struct pst_err *err)
{
    enum pst_status status = PST_OK;
    size_t done = 0;
    while (status == PST_OK && walk->segment < x->n_segments) {
        enum pst_source source = pst_front_detect_source(&x->segments[walk->segment]);
        size_t n = 0;
        if (source == PST_SOURCES || texts[walk->segment].n < PST_FRONT_DETECT_LEAST) {
            walk->segment++;
            continue;
        }
        if (done >= PST_FRONT_DETECT_PIECE) {
            status = PST_AGAIN;
            break;
        }
        status = next_piece(detect, texts[walk->segment], source, taint, walk, &n, err);
        done += n;
    }
    pst_arena_clear(&detect->arena); /* what one request said is not kept for the next */
    return status;
}
