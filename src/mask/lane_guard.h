/* The lane guard: a struct pst_lane_filter that looks at every text of an answer before the client
 * sees it. A text lane is held back to a boundary behind which nothing that was not looked at can
 * begin; tokens issued in this conversation are restored, however they were cut; arguments of tool
 * calls are looked at and restored string by string, within their JSON. Escapes that command a
 * terminal are taken out before anything else is looked for, and addresses that would carry data to
 * a host nobody named are neutralised last, with the restored values in them. What cannot be
 * inspected is an error, and nothing held is released after it. A finding whose action is block is
 * the error PST_E_SENSITIVE_DATA: the dialect ends the choice with its own word for it. */
#ifndef PST_MASK_LANE_GUARD_H
#define PST_MASK_LANE_GUARD_H

#include "base/arena.h"
#include "dialect/lane.h"
#include "inspect/answer/argument.h"
#include "inspect/answer/host.h"
#include "inspect/answer/leak.h"
#include "mask/mask.h"

enum { PST_GUARD_CONTEXT = 96 /* bytes of released text that the scanner still sees */ };

struct pst_guard_lane;

struct pst_lane_guard {
    struct pst_mask mask;    /* of answers; `vault` NULL: nothing is restored */
    struct pst_arena *arena; /* lanes and trees of arguments; as long as the answer */
    uint64_t seed;
    uint64_t now_ms;               /* set before each feed */
    size_t hold_max;               /* bytes held back in one lane, at most */
    const struct pst_hosts *hosts; /* to which addresses may point; NULL: neither addresses nor
                                      escapes are looked at */
    bool strict;                   /* an address that is only clicked needs a known host too */
    /* The operator's prompt, which an answer should not tell; NULL: it is not looked for. */
    const struct pst_leak_source *prompt;
    bool prompt_stops; /* telling it is an error, PST_E_SENSITIVE_DATA */
    bool prompt_told;  /* so far: an answer told it */
    /* What the user said, beside which arguments of tool calls are put; NULL: they are not. */
    const struct pst_provenance *said;
    struct pst_argument_facts unsaid; /* so far */
    struct pst_guard_lane *lanes;     /* private */
    struct pst_leak argument_leak;    /* private: all arguments of the answer */
};

/* The filter; its ctx is a struct pst_lane_guard. */
extern const struct pst_lane_filter pst_lane_guard_filter;
/* Gives back what the lanes hold. A zeroed guard has nothing. */
void pst_lane_guard_release(struct pst_lane_guard *g);

#endif
