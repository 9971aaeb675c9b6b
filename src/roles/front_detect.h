/* The detector in a front: how much the texts of a request look like an attempt to change whose
 * instructions are followed, and whether one that did came from outside (a tool, a document). */
#ifndef PST_ROLES_FRONT_DETECT_H
#define PST_ROLES_FRONT_DETECT_H

#include "base/err.h"
#include "base/str.h"
#include "dialect/exchange.h"
#include "inspect/detect/reader.h"

enum {
    PST_FRONT_DETECT_LEAST = 8, /* shorter texts say nothing */
    /* So many of the user's last turns are read once more as one text, when together they have no
     * more than so many bytes. */
    PST_FRONT_DETECT_TURNS = 8,
    PST_FRONT_DETECT_TURNS_BYTES = 8 << 10,
};

struct pst_front_detect; /* one per front: signatures, weights and scratch */

/* `image`: the inspection image, mapped for as long as what is opened here. *ret stays NULL when it
 * has no weights. Whoever holds *ret closes it. */
PST_NODISCARD enum pst_status
pst_front_detect_open(struct pst_str image, struct pst_front_detect **ret, struct pst_err *err);
void pst_front_detect_close(struct pst_front_detect *detect);

/* Of all texts of a request together. */
struct pst_front_score {
    uint16_t injection; /* the highest score, 0 … 1000 */
    uint32_t evasion;   /* enum pst_evasion, of all */
    bool tainted;       /* a text that no trusted party wrote reached the threshold */
};

/* Where a text came from, for the detector; PST_SOURCES: it is not scored (what the model said
 * itself, names, identifiers, addresses). */
enum pst_source pst_front_detect_source(const struct pst_segment *s);

/* How far it has come. Zeroed: at the beginning. */
struct pst_front_detect_walk {
    size_t segment;
    struct pst_detect_walk text; /* within that segment */
    struct pst_front_score score;
};

/* Scores the segments of an exchange, about a piece's worth of bytes with each call. `texts[i]` is
 * what segment i said when it came. `taint`: the threshold, 0 … 1000. PST_AGAIN: call again for
 * more; OK: walk->score is that of all. ERR (PST_E_UNINSPECTED): a text could not be read. */
PST_NODISCARD enum pst_status pst_front_detect_run(struct pst_front_detect *detect,
                                                   const struct pst_exchange *x,
                                                   const struct pst_str *texts, uint32_t taint,
                                                   struct pst_front_detect_walk *walk,
                                                   struct pst_err *err);

#endif
