/* The detector: how much a text looks like an attempt to change whose instructions are followed. A
 * score that means a false-alarm rate, per channel; labels; the span that spoke loudest. It raises
 * an attacker's cost; it does not stop injection: policy does. */
#ifndef PST_INSPECT_DETECT_H
#define PST_INSPECT_DETECT_H

#include "base/arena.h"
#include "base/err.h"
#include "inspect/normal/normal.h"
#include "inspect/signature/signature.h"

enum pst_head {
    PST_HEAD_OVERRIDE,
    PST_HEAD_PERSONA,
    PST_HEAD_EXTRACTION,
    PST_HEAD_EXFIL,
    PST_HEAD_TOOL_POISON,
    PST_HEAD_HARMFUL, /* asks for something harmful: not an injection */
    PST_HEAD_ENCODED,
    PST_HEADS,
};
/* Categories of answers: scores with wide bands, for review, not verdicts. */
enum pst_unsafe {
    PST_UNSAFE_HATE,
    PST_UNSAFE_HARASSMENT,
    PST_UNSAFE_SELF_HARM,
    PST_UNSAFE_SEXUAL,
    PST_UNSAFE_VIOLENCE,
    PST_UNSAFE_DANGEROUS,
    PST_UNSAFE_HEADS
};

/* Where a text came from: each has its own calibration. */
enum pst_source {
    PST_SOURCE_USER,
    PST_SOURCE_DOCUMENT,
    PST_SOURCE_TOOL,
    PST_SOURCE_EMAIL,
    PST_SOURCE_WEB,
    PST_SOURCE_CODE,
    PST_SOURCE_DESCRIPTION, /* of a tool */
    PST_SOURCE_OUTPUT,      /* a model's answer */
    PST_SOURCES,
};
const char *pst_source_name(enum pst_source source);
const char *pst_head_name(enum pst_head head);         /* "override" */
const char *pst_unsafe_name(enum pst_unsafe category); /* "hate" */
/* PST_SOURCES when there is none of this name. */
enum pst_source pst_source_find(struct pst_str name);

/* From this score on a span is told: below it the loudest stretch says nothing. */
enum { PST_DETECT_SPAN_FROM = 250 };

struct pst_detection {
    uint16_t injection; /* 0 … 1000: see docs/detector-quality.md for the rate it stands for */
    uint16_t heads[PST_HEADS];         /* 0 … 1000 each */
    uint16_t unsafe[PST_UNSAFE_HEADS]; /* PST_SOURCE_OUTPUT only */
    uint32_t flags;                    /* enum pst_evasion */
    uint32_t start, end; /* of the original: the stretch that spoke loudest; empty: none */
    uint8_t view;        /* index of the view that won */
    uint8_t pad[3];
};

/* Whether the detector scores this view of a text. */
bool pst_detect_reads(const struct pst_views *views, size_t i);

struct pst_detector; /* weights and scratch; one per thread */
/* `weights`: a whole, verified weights file, mapped for as long as the detector lives. A wrong
 * magic, version, size or digest is refused. */
PST_NODISCARD enum pst_status pst_detector_init(struct pst_detector **ret, struct pst_str weights,
                                                struct pst_err *err);
void pst_detector_release(struct pst_detector *detector);

/* ERR: could not inspect (a view limit, no memory): the caller's exception row decides. Scratch
 * memory is of the arena and may be reset after the call. `hits` may be NULL: no signatures. */
PST_NODISCARD enum pst_status pst_detect(struct pst_detector *detector,
                                         const struct pst_views *views,
                                         const struct pst_signature_hits *hits,
                                         enum pst_source source, struct pst_arena *arena,
                                         struct pst_detection *ret, struct pst_err *err);

#endif
