/* Bytes of any origin as text: what is not UTF-8 becomes U+FFFD, one for each maximal ill-formed
 * part (Unicode 15 §3.9, as the WHATWG Encoding standard decodes). */
#ifndef PST_BASE_LOSSY_H
#define PST_BASE_LOSSY_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

/* Appends; false when out is full. */
bool pst_utf8_lossy(struct pst_buf *out, struct pst_str in);

#endif
