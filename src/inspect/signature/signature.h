/* Signatures of injections: curated expressions over the views of a text. They feed the score and
 * explain it; none blocks alone. The database is compiled by src/rules and read here. */
#ifndef PST_INSPECT_SIGNATURE_H
#define PST_INSPECT_SIGNATURE_H

#include "base/err.h"
#include "inspect/normal/normal.h"

enum { PST_SIGNATURES_MAX = 1024, PST_SIGNATURE_CATEGORIES = 16, PST_SIGNATURE_HITS_MAX = 64 };

struct pst_signature_hit {
    uint16_t rule;
    uint8_t view;        /* index into the views */
    uint8_t category;    /* enum pst_head or the further categories of categories.def */
    uint32_t start, end; /* of the original, as near as the matcher can say */
};
struct pst_signature_hits {
    struct pst_signature_hit
        list[PST_SIGNATURE_HITS_MAX]; /* the first ones, each rule once per view */
    size_t n;
    uint16_t by_category[PST_SIGNATURE_CATEGORIES]; /* sums of weights */
    bool cut;
};

struct pst_signature_image;
PST_NODISCARD enum pst_status pst_signature_image_open(struct pst_str image,
                                                       struct pst_signature_image **ret,
                                                       struct pst_err *err);
void pst_signature_image_close(struct pst_signature_image *image);
struct pst_str pst_signature_id(const struct pst_signature_image *image, size_t rule);

struct pst_signature_scanner; /* scratch; one per thread */
PST_NODISCARD enum pst_status pst_signature_scanner_init(struct pst_signature_scanner **ret,
                                                         const struct pst_signature_image *image,
                                                         struct pst_err *err);
void pst_signature_scanner_release(struct pst_signature_scanner *scanner);
/* Scans every view. ERR: could not inspect. */
PST_NODISCARD enum pst_status pst_signature_scan(struct pst_signature_scanner *scanner,
                                                 const struct pst_views *views,
                                                 struct pst_signature_hits *ret,
                                                 struct pst_err *err);

#endif
