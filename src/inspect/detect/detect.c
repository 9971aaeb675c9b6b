#include "inspect/detect/detect.h"

#include "inspect/detect/fusion.h"
#include "inspect/detect/weights.h"

#include <stdlib.h>

struct pst_detector {
    struct pst_weights weights;
};

static const char *const SOURCES[] = {"user", "document", "tool",        "email",
                                      "web",  "code",     "description", "output"};
_Static_assert(PST_LEN(SOURCES) == PST_SOURCES, "a name for each source");
static const char *const HEADS[] = {"override",    "persona", "extraction", "exfil",
                                    "tool_poison", "harmful", "encoded"};
_Static_assert(PST_LEN(HEADS) == PST_HEADS, "a name for each head");
static const char *const UNSAFE[] = {"hate",   "harassment", "self_harm",
                                     "sexual", "violence",   "dangerous"};
_Static_assert(PST_LEN(UNSAFE) == PST_UNSAFE_HEADS, "a name for each category");

const char *pst_source_name(enum pst_source source)
{
    return source < PST_SOURCES ? SOURCES[source] : "";
}

const char *pst_head_name(enum pst_head head)
{
    return head < PST_HEADS ? HEADS[head] : "";
}

const char *pst_unsafe_name(enum pst_unsafe category)
{
    return category < PST_UNSAFE_HEADS ? UNSAFE[category] : "";
}

enum pst_source pst_source_find(struct pst_str name)
{
    for (size_t i = 0; i < PST_SOURCES; i++) {
        if (pst_str_eq(name, pst_str_c(SOURCES[i]))) {
            return (enum pst_source)i;
        }
    }
    return PST_SOURCES;
}

enum pst_status pst_detector_init(struct pst_detector **ret, struct pst_str weights,
                                  struct pst_err *err)
{
    struct pst_detector *d = calloc(1, sizeof(*d));
    if (d == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "the detector");
    }
    if (pst_weights_open(weights, &d->weights, err) != PST_OK) {
        free(d);
        return PST_ERR;
    }
    *ret = d;
    return PST_OK;
}

void pst_detector_release(struct pst_detector *detector)
{
    free(detector);
}

/* The bytes as given, and as given but cleaned, say nothing that the plain view does not say
 * better; without any other view they are all there is. */
bool pst_detect_reads(const struct pst_views *views, size_t i)
{
    return i == 0 ? views->n == 1 : views->list[i].kind != PST_VIEW_CLEAN;
}

struct best {
    int32_t logit;
    bool any;
};

/* The window of 32 tokens that spoke loudest, as a stretch of the original. */
static void put_span(const struct pst_model_score *score, const struct pst_view *view,
                     struct pst_detection *ret)
{
    size_t start = score->tiny.start[PST_LANE_ANY];
    size_t end = score->tiny.end[PST_LANE_ANY];
    if (view->map != NULL && end > start) {
        pst_view_origin(view, start, end, &start, &end);
    }
    ret->start = (uint32_t)start;
    ret->end = (uint32_t)end;
}

static void score_view(const struct pst_detector *d, const struct pst_views *views, size_t i,
                       const struct pst_signature_hits *hits, enum pst_source source,
                       struct best *best, struct pst_detection *ret)
{
    const struct pst_view *view = &views->list[i];
    struct pst_model_score score;
    pst_model_score(&d->weights.injection, view->text, &score);
    int32_t inputs[PST_INPUTS];
    pst_fusion_inputs(&score, view, views->flags, hits, source, inputs);
    int32_t logit = pst_fusion_logit(&d->weights.fusion, inputs);
    for (size_t head = 0; head < PST_HEADS; head++) {
        int32_t small = score.small.logit[head];
        int32_t large = score.large.logit[head];
        if (head == (size_t)PST_LANE_TASK) {
            continue;
        }
        uint16_t share = pst_logit_share(small > large ? small : large);
        ret->heads[head] = share > ret->heads[head] ? share : ret->heads[head];
    }
    if (!best->any || logit > best->logit) {
        *best = (struct best){.logit = logit, .any = true};
        ret->view = (uint8_t)i;
        put_span(&score, view, ret);
    }
}

/* How much of the text was hidden from a reader who takes bytes for what they seem. */
static uint16_t encoded_share(uint32_t flags)
{
    const uint32_t never = PST_EVADE_TAGS | PST_EVADE_SELECTORS | PST_EVADE_BIDI |
                           PST_EVADE_CONTROL | PST_EVADE_CIPHER | PST_EVADE_LEET;
    const uint32_t seldom = PST_EVADE_INVISIBLE | PST_EVADE_LOOKALIKE | PST_EVADE_STYLED |
                            PST_EVADE_SPACED | PST_EVADE_MARKS | PST_EVADE_ENCODED |
                            PST_EVADE_SCRIPT | PST_EVADE_GIBBERISH;
    return (flags & never) != 0 ? 900 : (flags & seldom) != 0 ? 600 : 0;
}

static void score_answer(const struct pst_detector *d, const struct pst_view *view,
                         struct pst_detection *ret)
{
    struct pst_model_score score;
    pst_model_score(&d->weights.answer, view->text, &score);
    for (size_t i = 0; i < PST_UNSAFE_HEADS; i++) {
        uint16_t share = pst_logit_share(score.large.logit[i]);
        ret->unsafe[i] = share > ret->unsafe[i] ? share : ret->unsafe[i];
    }
}

enum pst_status pst_detect(struct pst_detector *detector, const struct pst_views *views,
                           const struct pst_signature_hits *hits, enum pst_source source,
                           struct pst_arena *arena, struct pst_detection *ret, struct pst_err *err)
{
    (void)arena; /* windows slide over a ring: nothing grows with the text */
    if (views->n == 0 || views->n > PST_VIEWS_MAX || source >= PST_SOURCES) {
        return pst_fail(err, PST_E_INTERNAL, "the detector was given nothing to look at");
    }
    if (views->cut) {
        return pst_fail(err, PST_E_LIMIT, "not every view of the text was made");
    }
    if (views->list[0].text.n > UINT32_MAX) {
        return pst_fail(err, PST_E_LIMIT, "the text is too long for the detector");
    }
    struct pst_detection d = {.flags = views->flags};
    struct best best = {0};
    for (size_t i = 0; i < views->n; i++) {
        if (!pst_detect_reads(views, i)) {
            continue;
        }
        score_view(detector, views, i, hits, source, &best, &d);
        if (source == PST_SOURCE_OUTPUT) {
            score_answer(detector, &views->list[i], &d);
        }
    }
    d.injection = pst_fusion_score(&detector->weights.fusion, source, best.logit);
    if (d.injection < PST_DETECT_SPAN_FROM) {
        d.start = d.end = 0;
    }
    d.heads[PST_HEAD_ENCODED] = encoded_share(views->flags);
    *ret = d;
    return PST_OK;
}
