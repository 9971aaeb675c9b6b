/* A finding: where something stands in a text, what it is, how sure, and why. Offsets are bytes of
 * the text given, also when it was seen in a decoded view of it. */
#ifndef PST_INSPECT_FINDING_H
#define PST_INSPECT_FINDING_H

#include "base/def.h"
#include "base/str.h"

#include <stdbool.h>

/* What spoke for a finding; several bits. pst_finding_explain() says them. */
enum pst_why {
    PST_WHY_FORM = 1U << 0,     /* the form, without arithmetic */
    PST_WHY_CHECK = 1U << 1,    /* its check digit or structure holds */
    PST_WHY_CONTEXT = 1U << 2,  /* a word nearby speaks for it */
    PST_WHY_KEY = 1U << 3,      /* the name it is given to speaks for it */
    PST_WHY_AGAINST = 1U << 4,  /* a word nearby speaks against it */
    PST_WHY_PREFIX = 1U << 5,   /* a literal only this issuer uses */
    PST_WHY_ENTROPY = 1U << 6,  /* random, not words */
    PST_WHY_ASSIGNED = 1U << 7, /* given to a name that keeps secrets */
    PST_WHY_PAIR = 1U << 8,     /* its other half stands near */
    PST_WHY_DECODED = 1U << 9,  /* seen only after decoding */
    PST_WHY_DICTIONARY = 1U << 10,
    PST_WHY_MODEL = 1U << 11, /* a learned tagger; reported apart */
    PST_WHY_USER = 1U << 12,  /* a definition of postern.yaml */
};

struct pst_finding {
    uint32_t start, end; /* bytes of the text given, end exclusive */
    uint16_t type;       /* index into the image's types */
    uint16_t rule;       /* index of the definition */
    int16_t score;       /* log-odds in tenths, as sum of prior and context */
    uint8_t view;        /* 0: as given; else enum pst_view_kind of the view it was seen in */
    uint8_t pad;
    uint32_t why; /* enum pst_why bits */
};

#endif
