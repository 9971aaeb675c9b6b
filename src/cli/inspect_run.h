/* What `postern inspect`, `mask` and `rules test` share: the built-in image, opened, and one text's
 * result as JSON. */
#ifndef PST_CLI_INSPECT_RUN_H
#define PST_CLI_INSPECT_RUN_H

#include "inspect/detect/reader.h"
#include "inspect/scan/scan.h"
#include "wire/json_out.h"

struct pst_inspector {
    struct pst_scan_image *image;
    struct pst_scanner *scanner;
    struct pst_detect_reader *detector; /* NULL: the image has no weights */
};

/* `image` must stay where it is. */
PST_NODISCARD enum pst_status pst_inspector_init(struct pst_inspector *ret, struct pst_str image,
                                                 struct pst_err *err);
void pst_inspector_release(struct pst_inspector *inspector);

struct pst_inspection {
    struct pst_findings findings;
    struct pst_detection detection; /* when there is a detector */
};
PST_NODISCARD enum pst_status pst_inspector_run(struct pst_inspector *inspector,
                                                const struct pst_scan_text *text,
                                                enum pst_source source, struct pst_inspection *ret,
                                                struct pst_err *err);
/* 0 … 1000 for log-odds in tenths: the chance in a thousand. */
unsigned pst_score_mille(int tenths);
const char *pst_inspection_action(enum pst_action action);
/* "allow", "flag", "mask", … : the strongest default action of the findings. */
const char *pst_inspection_verdict(const struct pst_inspector *inspector,
                                   const struct pst_inspection *result);
/* Members of an open object: findings, injection and what belongs to it, verdict. */
void pst_inspection_put(const struct pst_inspector *inspector, const struct pst_inspection *result,
                        struct pst_str text, struct pst_json_out *out);

#endif
