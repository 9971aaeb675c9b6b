/* Texts inside a text: JSON in a string (a tool call's arguments), and JSON in strings of that.
 * Every decoded string, number and member name is shown to a function, which may put another in its
 * place; what changed is written again as JSON, escaped as often as it was. So a value with a quote
 * or a line feed in it never breaks what it stands in. Without a change the text stays as it is. */
#ifndef PST_MASK_INSIDE_H
#define PST_MASK_INSIDE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum { PST_INSIDE_NEST = 4 /* JSON in JSON in … */ };

struct pst_inside {
    struct pst_arena *arena; /* trees and new texts; not cleared */
    uint64_t seed;           /* of the parser's hash */
    /* `key`: the name of the member the text is the value of; of the nearest one in arrays. What
     * goes instead of `text` is appended to `out`. Any other status than OK ends the walk, and is
     * its result. */
    enum pst_status (*text)(void *ctx, struct pst_str key, struct pst_str text, struct pst_buf *out,
                            struct pst_err *err);
    void *ctx;
};

/* Appends to `out` what `text` becomes. A text that is no JSON object or array is one text. ERR
 * also PST_E_UNINSPECTED: JSON that cannot be read here, or nested deeper than PST_INSIDE_NEST. */
PST_NODISCARD enum pst_status pst_inside_apply(const struct pst_inside *in, struct pst_str key,
                                               struct pst_str text, struct pst_buf *out,
                                               struct pst_err *err);

#endif
