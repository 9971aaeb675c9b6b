/* The scanner: sensitive data in one text. A front has one; it owns its scratch memory, allocates
 * little while scanning (views, below a cap), and keeps nothing of a text. The image is immutable.
 */
#ifndef PST_INSPECT_SCAN_H
#define PST_INSPECT_SCAN_H

#include "base/err.h"
#include "inspect/finding.h"

enum { PST_TYPES_MAX = 1024, PST_FINDINGS_MAX = 4096 };

/* What a type is and what happens to it, from the image. */
enum pst_action {
    PST_ACT_ALLOW,
    PST_ACT_FLAG,
    PST_ACT_MASK,
    PST_ACT_REDACT,
    PST_ACT_PARTIAL,
    PST_ACT_HASH,
    PST_ACT_BLOCK
};

struct pst_type {
    struct pst_str name, title, group;
    bool secret;      /* a credential: never tokenised, never restored */
    uint8_t action;   /* enum pst_action: the default */
    uint16_t longest; /* bytes; 0: unbounded, masked from its opener on */
};

struct pst_scan_image; /* opened image; opaque */
/* `image` must stay mapped. ERR: PST_E_… with what is wrong; a wrong version, a wrong size or a
 * wrong platform is refused. */
PST_NODISCARD enum pst_status pst_scan_image_open(struct pst_str image, struct pst_scan_image **ret,
                                                  struct pst_err *err);
void pst_scan_image_close(struct pst_scan_image *image);
size_t pst_scan_types(const struct pst_scan_image *image);
const struct pst_type *pst_scan_type(const struct pst_scan_image *image, size_t type);
/* PST_NPOS when there is none. */
size_t pst_scan_type_find(const struct pst_scan_image *image, struct pst_str name);

struct pst_scanner; /* scratch; one per thread */
PST_NODISCARD enum pst_status
pst_scanner_init(struct pst_scanner **ret, const struct pst_scan_image *image, struct pst_err *err);
void pst_scanner_release(struct pst_scanner *scanner);

struct pst_scan_text {
    struct pst_str text; /* valid UTF-8, decoded (not JSON-escaped) */
    struct pst_str
        key; /* name of the member, column or variable it is the value of; may be empty */
    struct pst_str before; /* text that directly precedes it (already released): context only */
    bool more; /* more text may follow: a candidate that touches the end is held, see ret_safe */
};

struct pst_findings {
    const struct pst_finding *list; /* sorted by start, none overlap; valid until the next scan */
    size_t n;
    /* Bytes of the text that no matcher can still reach back over: with `more` set, what is before
     * it may be released. Without `more` it is the text's length. */
    size_t safe;
};

/* ERR: could not inspect (too many findings, a limit, no memory): the caller's exception row
 * decides. */
PST_NODISCARD enum pst_status pst_scan(struct pst_scanner *scanner,
                                       const struct pst_scan_text *text, struct pst_findings *ret,
                                       struct pst_err *err);
/* The same in parts, for long texts: each step does about so many bytes of work, until one is not
 * PST_AGAIN. Text and key must stay, and the scanner is taken, from begin to the last step. */
PST_NODISCARD enum pst_status pst_scan_begin(struct pst_scanner *scanner,
                                             const struct pst_scan_text *text, struct pst_err *err);
PST_NODISCARD enum pst_status pst_scan_step(struct pst_scanner *scanner, size_t bytes,
                                            struct pst_findings *ret, struct pst_err *err);
/* One line for people and evidence: "check digit holds; 'steuer' nearby". No byte of the text
 * itself but context words of the definition. */
struct pst_buf;
PST_NODISCARD bool pst_finding_explain(const struct pst_scan_image *image,
                                       const struct pst_finding *f, struct pst_buf *out);

#endif
