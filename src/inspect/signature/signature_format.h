/* How the section PST_SECTION_SIGNATURE is laid out; for its reader (signature.c) and its writer
 * (src/rules/signature_compile.c). Numbers are little-endian.
 *
 *   0-7    "PSTSIG" 1 0          8-11   rules
 *   12-15  CRC-32C of everything from byte 16 on
 *   16-19  size of the section  20-23  zero
 *   24-27  offset of the matcher's database, a multiple of 64    28-31  its size
 *   32-35  offset of the texts  36-39  their size                 40-63  zero
 *   64…    rules, 32 bytes each: u32 offset of the id among the texts, u16 length of the id,
 *          u16 length of the tags, which follow it; u8 category, u8 weight, u16 repeat;
 *          u32 channels, u32 longest; 12 bytes zero
 *
 * The database lies there as hs_deserialize_database_at leaves it at a multiple of 64: the matcher
 * uses it without a copy. */
#ifndef PST_INSPECT_SIGNATURE_FORMAT_H
#define PST_INSPECT_SIGNATURE_FORMAT_H

#include "base/str.h"

enum {
    PST_SIGNATURE_HEAD_BYTES = 64,
    PST_SIGNATURE_RULE_BYTES = 32,
    PST_SIGNATURE_ALIGN = 64,
    PST_SIGNATURE_IMAGE_MAX = 32 << 20,
    PST_SIGNATURE_CRC_FROM = 16,
};
#define PST_SIGNATURE_MAGIC PST_STR("PSTSIG\x01\0")

#endif
