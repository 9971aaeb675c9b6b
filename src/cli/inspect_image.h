/* The inspection image that is built into this program. */
#ifndef PST_CLI_INSPECT_IMAGE_H
#define PST_CLI_INSPECT_IMAGE_H

#include "base/str.h"

/* Aligned to 64 bytes, for as long as the program runs. */
struct pst_str pst_inspect_image_builtin(void);

#endif
