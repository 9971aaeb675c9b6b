#include "roles/front_detect.h"

#include <stdlib.h>

struct pst_front_detect {
    struct pst_detect_reader *reader;
    uint8_t
        turns[PST_FRONT_DETECT_TURNS_BYTES + PST_FRONT_DETECT_TURNS]; /* scratch: one request's */
};

void pst_front_detect_close(struct pst_front_detect *detect)
{
    if (detect != NULL) {
        pst_detect_reader_close(detect->reader);
        free(detect);
    }
}

enum pst_status pst_front_detect_open(struct pst_str image, struct pst_front_detect **ret,
                                      struct pst_err *err)
{
    struct pst_detect_reader *reader = NULL;
    *ret = NULL;
    if (pst_detect_reader_open(image, &reader, err) != PST_OK) {
        return PST_ERR;
    }
    if (reader == NULL) {
        return PST_OK;
    }
    struct pst_front_detect *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) {
        pst_detect_reader_close(reader);
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the detector");
    }
    fresh->reader = reader;
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

static void add_score(struct pst_front_detect_walk *w, const struct pst_detection *found,
                      enum pst_source source, uint32_t taint)
{
    struct pst_front_score *score = &w->score;
    score->injection = found->injection > score->injection ? found->injection : score->injection;
    score->evasion |= found->flags;
    score->tainted = score->tainted || (source != PST_SOURCE_USER && found->injection >= taint);
}

/* The next piece of a text; OK: it was the last. *ret_n: how many bytes were read. */
static enum pst_status next_piece(struct pst_front_detect *d, struct pst_str text,
                                  enum pst_source source, uint32_t taint,
                                  struct pst_front_detect_walk *w, size_t *ret_n,
                                  struct pst_err *err)
{
    struct pst_err why = {0};
    enum pst_status status = pst_detect_reader_next(d->reader, text, source, &w->text, ret_n, &why);
    if (status == PST_ERR) {
        return pst_fail(err, PST_E_UNINSPECTED, "the detector cannot read a text: %.120s",
                        why.text);
    }
    if (status == PST_OK) {
        add_score(w, &w->text.found, source, taint);
        w->text = (struct pst_detect_walk){0};
    }
    return status;
}

static bool is_turn(const struct pst_segment *s, struct pst_str text)
{
    return s->role == PST_SPEAKER_USER && s->channel == PST_CHANNEL_CONTENT && !s->is_name &&
           text.n > 0;
}

/* An order that is spread over turns says little in each of them: the last turns of the user are
 * read once more as one text. */
static enum pst_status last_turns(struct pst_front_detect *d, const struct pst_exchange *x,
                                  const struct pst_str *texts, uint32_t taint,
                                  struct pst_front_detect_walk *w, struct pst_err *err)
{
    size_t first = x->n_segments, turns = 0, bytes = 0, at = 0, n = 0;
    for (size_t i = x->n_segments; i > 0 && turns < PST_FRONT_DETECT_TURNS; i--) {
        if (!is_turn(&x->segments[i - 1], texts[i - 1])) {
            continue;
        }
        if (texts[i - 1].n > PST_FRONT_DETECT_TURNS_BYTES - bytes) {
            break; /* a long one is no piece of a short order */
        }
        bytes += texts[i - 1].n;
        turns++;
        first = i - 1;
    }
    if (turns < 2) {
        return PST_OK;
    }
    for (size_t i = first; i < x->n_segments; i++) {
        if (is_turn(&x->segments[i], texts[i])) {
            memcpy(&d->turns[at], texts[i].p, texts[i].n);
            at += texts[i].n;
            d->turns[at++] = '\n';
        }
    }
    return next_piece(d, pst_str_of(d->turns, at), PST_SOURCE_USER, taint, w, &n, err);
}

enum pst_status pst_front_detect_run(struct pst_front_detect *detect, const struct pst_exchange *x,
                                     const struct pst_str *texts, uint32_t taint,
                                     struct pst_front_detect_walk *walk, struct pst_err *err)
{
    enum pst_status status = PST_OK;
    size_t done = 0;
    while (status != PST_ERR && walk->segment < x->n_segments) {
        enum pst_source source = pst_front_detect_source(&x->segments[walk->segment]);
        size_t n = 0;
        if (source == PST_SOURCES || texts[walk->segment].n < PST_FRONT_DETECT_LEAST) {
            walk->segment++;
            continue;
        }
        if (done > PST_DETECT_PIECE - PST_DETECT_OVERLAP) { /* one piece, more or less */
            return PST_AGAIN;
        }
        status = next_piece(detect, texts[walk->segment], source, taint, walk, &n, err);
        walk->segment += status == PST_OK;
        done += n;
    }
    if (status != PST_ERR) {
        status = last_turns(detect, x, texts, taint, walk, err);
    }
    /* what one request said is not kept for the next */
    pst_detect_reader_clear(detect->reader);
    memset(detect->turns, 0, sizeof detect->turns);
    return status;
}
