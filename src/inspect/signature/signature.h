/* Signatures of injections: curated expressions over the views of a text. They feed the score and
 * explain it; none blocks alone. The database is compiled by src/rules (signature_compile.h) and
 * read here, in place, from read-only memory. */
#ifndef PST_INSPECT_SIGNATURE_H
#define PST_INSPECT_SIGNATURE_H

#include "base/err.h"
#include "inspect/normal/normal.h"

enum { PST_SIGNATURES_MAX = 1024, PST_SIGNATURE_CATEGORIES = 16, PST_SIGNATURE_HITS_MAX = 64 };

enum pst_category {
#define PST_CATEGORY(name, text) PST_CATEGORY_##name,
#include "inspect/signature/categories.def"
#undef PST_CATEGORY
    PST_CATEGORIES
};
/* "override"; NULL past the last. */
const char *pst_category_name(size_t category);

struct pst_signature_hit {
    uint16_t rule;
    uint8_t view;     /* index into the views */
    uint8_t category; /* enum pst_category */
    /* Of the original. The end is exact; the start lies before the match by no more than the
     * longest match of the rule, and 256 bytes before the end at most. */
    uint32_t start, end;
};
struct pst_signature_hits {
    struct pst_signature_hit
        list[PST_SIGNATURE_HITS_MAX]; /* the first ones, each rule once per view */
    size_t n;
    /* Sums of weights, each rule once however many views show it, saturated. Complete also when
     * the list was cut. */
    uint16_t by_category[PST_SIGNATURE_CATEGORIES];
    bool cut; /* more hits than the list holds */
};

/* One rule, as the image has it. */
struct pst_signature {
    struct pst_str id, tags; /* tags: one space between any two */
    uint8_t category;        /* enum pst_category */
    uint8_t weight;          /* 1 … 100 */
    uint16_t repeat;         /* how often it must occur in one view */
    uint32_t channels;       /* bit n: enum pst_source n */
    uint32_t longest;        /* bytes of its longest match; UINT32_MAX: unbounded */
};
enum { PST_SIGNATURE_CHANNELS_ALL = 0xff };

struct pst_signature_image; /* opened; opaque */
/* `image`: the bytes of the section PST_SECTION_SIGNATURE, at a multiple of 64, mapped for as long
 * as the opened image lives. Structure, checksum, and the matcher's version and platform are
 * checked; whether the maker is trusted is the mapper's business. ERR: PST_E_CONFIG with what is
 * wrong, PST_E_NO_MEMORY. */
PST_NODISCARD enum pst_status pst_signature_image_open(struct pst_str image,
                                                       struct pst_signature_image **ret,
                                                       struct pst_err *err);
void pst_signature_image_close(struct pst_signature_image *image);
size_t pst_signature_count(const struct pst_signature_image *image);
/* `rule` < count; views into the image. */
struct pst_signature pst_signature_get(const struct pst_signature_image *image, size_t rule);
struct pst_str pst_signature_id(const struct pst_signature_image *image, size_t rule);

struct pst_signature_scanner; /* scratch; one per thread; all memory is taken here */
PST_NODISCARD enum pst_status pst_signature_scanner_init(struct pst_signature_scanner **ret,
                                                         const struct pst_signature_image *image,
                                                         struct pst_err *err);
void pst_signature_scanner_release(struct pst_signature_scanner *scanner);
/* Scans every view for the rules of every channel. ERR: could not inspect; `ret` is then not to be
 * used. */
PST_NODISCARD enum pst_status pst_signature_scan(struct pst_signature_scanner *scanner,
                                                 const struct pst_views *views,
                                                 struct pst_signature_hits *ret,
                                                 struct pst_err *err);
/* The same for the rules of some channels only (bit n: enum pst_source n). */
PST_NODISCARD enum pst_status
pst_signature_scan_in(struct pst_signature_scanner *scanner, const struct pst_views *views,
                      uint32_t channels, struct pst_signature_hits *ret, struct pst_err *err);

#endif
