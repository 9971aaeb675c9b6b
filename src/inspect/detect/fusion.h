/* From what the model, the signatures and the normaliser say about one view to one number, and from
 * that, per source, to a score that means a false-alarm rate. Integers only. */
#ifndef PST_INSPECT_DETECT_FUSION_H
#define PST_INSPECT_DETECT_FUSION_H

#include "inspect/detect/detect.h"
#include "inspect/detect/model.h"

enum {
    /* A request to an assistant, honest or not: nothing on a user's turn, much in a document. Its
     * place among the heads is free because flags, not words, say what is encoded. */
    PST_LANE_TASK = PST_HEAD_ENCODED,
    PST_LANE_ANY = PST_HEADS, /* any injection, harmful asks not counted */
};
_Static_assert((int)PST_HEADS + 1 == (int)PST_LANES, "one lane for each head, and one for any");

enum pst_script {
    PST_SCRIPT_LATIN,
    PST_SCRIPT_CYRILLIC_GREEK,
    PST_SCRIPT_HEBREW_ARABIC,
    PST_SCRIPT_INDIC,
    PST_SCRIPT_EAST_ASIAN,
    PST_SCRIPT_OTHER,
    PST_SCRIPTS,
};
/* The script of most of the text's letters; Latin when there are none. Exported for tests. */
enum pst_script pst_script_of(struct pst_str text);

/* The inputs, in this order; fixed-point with ten bits. Part of the weights' format. */
enum pst_input {
    PST_INPUT_SMALL,                                  /* the loudest small window, each lane */
    PST_INPUT_LARGE = PST_INPUT_SMALL + PST_LANES,    /* the same of large windows */
    PST_INPUT_TINY = PST_INPUT_LARGE + PST_LANES,     /* of tiny windows */
    PST_INPUT_SIGNATURE = PST_INPUT_TINY + PST_LANES, /* sums of weights by category */
    PST_INPUT_FLAG = PST_INPUT_SIGNATURE + PST_SIGNATURE_CATEGORIES,
    PST_INPUT_DECODED = PST_INPUT_FLAG + 16, /* the view was decoded */
    PST_INPUT_HIDDEN,                        /* the view is of hidden text */
    PST_INPUT_LENGTH,                        /* one of eight */
    PST_INPUT_SCRIPT = PST_INPUT_LENGTH + 8,
    PST_INPUT_SOURCE = PST_INPUT_SCRIPT + PST_SCRIPTS,
    PST_INPUT_SOURCE_SMALL = PST_INPUT_SOURCE + PST_SOURCES, /* PST_LANE_ANY for this source */
    PST_INPUT_SOURCE_LARGE = PST_INPUT_SOURCE_SMALL + PST_SOURCES,
    PST_INPUT_SOURCE_TASK = PST_INPUT_SOURCE_LARGE + PST_SOURCES, /* PST_LANE_TASK likewise */
    PST_INPUT_OVER = PST_INPUT_SOURCE_TASK + PST_SOURCES,         /* positive part of the two */
    PST_INPUT_KIND = PST_INPUT_OVER + 2, /* the loudest of the kinds of injection, and its */
    PST_INPUTS = PST_INPUT_KIND + 2,     /* positive part */
};

enum { PST_KNOTS = 21 }; /* scores 0, 50, 100 … 1000 */

struct pst_fusion {
    int32_t bias;                         /* a logit */
    int32_t weight[PST_INPUTS];           /* with 16 bits */
    int32_t knot[PST_SOURCES][PST_KNOTS]; /* the logit at which each score begins, rising */
};

void pst_fusion_inputs(const struct pst_model_score *score, const struct pst_view *view,
                       uint32_t flags, const struct pst_signature_hits *hits,
                       enum pst_source source, int32_t ret[PST_INPUTS]);
int32_t pst_fusion_logit(const struct pst_fusion *fusion, const int32_t inputs[PST_INPUTS]);
/* 0 … 1000: 250 for each tenth part of the false alarms; see docs/detector-quality.md. */
uint16_t pst_fusion_score(const struct pst_fusion *fusion, enum pst_source source, int32_t logit);
/* 1000 / (1 + exp(-logit)), by straight lines. */
uint16_t pst_logit_share(int32_t logit);

#endif
