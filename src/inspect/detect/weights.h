/* The weights file: made by training/detector, read in place. All numbers little-endian.
 *
 *   0-7     "PSTDETW\x01"
 *   8-11    version of the format, PST_WEIGHTS_VERSION
 *   12-15   size of the file
 *   16-19   CRC-32C of everything from byte 64 on
 *   20-23   PST_GRAM_VERSION of the n-grams it was trained on
 *   24-27   bits of the table of injections, 28-31 bits of the table of answers
 *   32-63   SHA-256 of everything from byte 64 on: `postern detector verify`
 *   64-319  what it was made from, ASCII for people, padded with NUL
 *   320…    int32: bias and scale of both tables (8 each), then fusion bias, fusion weights, knots
 *   2048…   the two tables */
#ifndef PST_INSPECT_DETECT_WEIGHTS_H
#define PST_INSPECT_DETECT_WEIGHTS_H

#include "base/err.h"
#include "inspect/detect/detect.h"
#include "inspect/detect/fusion.h"
#include "inspect/detect/model.h"

enum {
    PST_WEIGHTS_VERSION = 2, /* 2: tiny windows in place of the whole text */
    PST_WEIGHTS_HEADER = 64,
    PST_WEIGHTS_NOTE = 256,
    PST_WEIGHTS_NUMBERS = PST_WEIGHTS_HEADER + PST_WEIGHTS_NOTE,
    PST_WEIGHTS_TABLES = 2048,
    PST_WEIGHTS_BITS_MIN = 4,
    PST_WEIGHTS_BITS_MAX = PST_GRAM_BITS,
};

struct pst_weights {
    struct pst_table injection; /* lanes: enum pst_head, but see PST_LANE_TASK and _ANY */
    struct pst_table answer;    /* lanes: enum pst_unsafe */
    struct pst_fusion fusion;
    struct pst_str note;   /* up to its first NUL; printable ASCII */
    struct pst_str digest; /* 32 bytes as the file states them, not verified here */
    struct pst_str body;   /* what the digest is of */
};
/* `file` must outlive `ret`. PST_E_CONFIG when magic, version, size, checksum or a number is wrong;
 * `ret` is then untouched. */
PST_NODISCARD enum pst_status pst_weights_open(struct pst_str file, struct pst_weights *ret,
                                               struct pst_err *err);

#endif
