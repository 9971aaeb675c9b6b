/* The inspection image: one sealed file of sections, compiled by src/rules and by training, mapped
 * read-only by every front. Sections are opaque here and begin at multiples of 64 bytes.
 *
 *   bytes 0-7   "PSTINSP\x01"       8-15  total size, little-endian
 *   16-19       number of sections  20-31 zero
 *   32…         sections: u32 kind, u32 zero, u64 offset, u64 size, 32 bytes SHA-256 of the section
 */
#ifndef PST_INSPECT_IMAGE_H
#define PST_INSPECT_IMAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum pst_inspect_section {
    PST_SECTION_DATA = 1,      /* definitions and pattern database of sensitive data: scan.h */
    PST_SECTION_SIGNATURE = 2, /* injection signatures: signature.h */
    PST_SECTION_WEIGHTS = 3,   /* the detector: detect.h */
};
enum { PST_INSPECT_SECTIONS_MAX = 8, PST_INSPECT_IMAGE_MAX = 64 << 20 };

/* Structure only: offsets, sizes and kinds are checked; the digests are for whoever compares
 * images (the file comes sealed from a process that computed them). */
PST_NODISCARD enum pst_status pst_inspect_image_section(struct pst_str image,
                                                        enum pst_inspect_section kind,
                                                        struct pst_str *ret, struct pst_err *err);

#endif
