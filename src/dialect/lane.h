/* Lanes: one text of an answer each, however the upstream cuts it. A filter sees all text of a lane
 * that has not been released yet and says how much of it may go; a mask or a restore also says what
 * goes instead. No byte is released while a matcher that covers it could still match. */
#ifndef PST_DIALECT_LANE_H
#define PST_DIALECT_LANE_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum pst_lane_kind {
    PST_LANE_CONTENT,
    PST_LANE_REFUSAL,
    PST_LANE_REASONING,  /* `reasoning_content` */
    PST_LANE_REASONING2, /* `reasoning` */
    PST_LANE_TRANSCRIPT, /* of spoken answers */
    PST_LANE_UNKNOWN,    /* a string member of a delta that nobody knows */
    PST_LANE_ARGUMENTS,  /* of one tool call; always whole */
    PST_LANE_ATOM,       /* complete where it stands: ids, citations, strings in unknown members */
};

struct pst_lane {
    uint32_t choice;
    uint32_t index;      /* the call's, for ARGUMENTS */
    uint8_t kind;        /* enum pst_lane_kind */
    struct pst_str name; /* the member's, for UNKNOWN */
};

struct pst_lane_filter {
    /* `held` is all text of the lane that was not released; `end` says that no more comes, and
     * everything must be taken (`held` may be empty: a filter may take text and hold it itself).
     * Sets *ret_taken to the length of the prefix that leaves the hold (moved back to a character's
     * start by the caller), and appends to `out` what is released for it. ERR stops the answer;
     * with PST_E_SENSITIVE_DATA in the dialect's own way: a stream ends with finish_reason
     * "content_filter", a choice of a whole answer loses the text and its calls and says the same.
     */
    enum pst_status (*push)(void *ctx, const struct pst_lane *lane, struct pst_str held, bool end,
                            size_t *ret_taken, struct pst_buf *out, struct pst_err *err);
};

#endif
