/* The path of pst_crc32c for processors without the instruction; here for its test. */
#ifndef PST_BASE_CRC32C_H
#define PST_BASE_CRC32C_H

#include "base/str.h"

uint32_t pst_crc32c_portable(uint32_t crc, struct pst_str in);

#endif
