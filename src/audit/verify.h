/* An incremental verifier over the segments of a log, in order: frames, canonical form, indexes,
 * times, chain, links between segments, checkpoints. Reads nothing itself.
 *
 *     pst_verify_init; for each file: pst_verify_feed…, pst_verify_next; pst_verify_finish */
#ifndef PST_AUDIT_VERIFY_H
#define PST_AUDIT_VERIFY_H

#include "audit/note.h"
#include "audit/segment.h"

enum {
    /* A checkpoint record stands at most this many records behind the last one that it covers. */
    PST_VERIFY_LAG = 16384,
    PST_VERIFY_EXPECT_MAX = 8,
};

enum pst_verify_fault {
    PST_FAULT_NONE = 0,
    PST_FAULT_HEADER,     /* a segment's header is not valid */
    PST_FAULT_TAIL,       /* a segment does not end as it should: see end.tail */
    PST_FAULT_LINK,       /* a segment does not follow the one before it */
    PST_FAULT_RECORD,     /* not a record in canonical form, or without seq, ts, kind */
    PST_FAULT_SEQ,        /* an index is missing, repeated or out of order */
    PST_FAULT_TIME,       /* time went back by more than is tolerated */
    PST_FAULT_CHECKPOINT, /* a checkpoint contradicts the records, or is not well formed */
    PST_FAULT_SIGNATURE,  /* a checkpoint's signature is missing or bad */
    PST_FAULT_EXPECTED,   /* an external checkpoint contradicts the log, or the log is too short */
    PST_FAULT_START,      /* the first segment is not number 1 and a later start was not allowed */
    PST_FAULT_EMPTY,      /* no segment at all */
    PST_FAULT_MEMORY,
};

struct pst_verify_options {
    const struct pst_note_key *key; /* NULL: signatures are not checked, and the report says so */
    int64_t back_ns;                /* time may go back by this much between neighbours */
    bool later_start;               /* older segments may be absent */
};

struct pst_verify_report {
    bool ok; /* no fault at all */
    uint64_t records, segments, bytes;
    uint64_t first_seq; /* not 0 only with later_start */
    int64_t first_ts_ns, last_ts_ns;
    uint64_t checkpoints_good;      /* signature checked and right */
    uint64_t checkpoints_unchecked; /* right, but no key was given */
    uint64_t checkpoints_bad;
    uint64_t covered;   /* records covered by the last good (or unchecked) checkpoint */
    struct pst_log log; /* origin, id, number of records and chain hash at the end */
    /* the first fault: what, in which segment (its place in the order, from 1), at which offset */
    enum pst_verify_fault fault;
    uint64_t fault_segment, fault_offset;
    uint64_t faults;
    struct pst_err err;
    struct pst_segment_end end; /* of the last segment judged */
};

struct pst_verify;

/* NULL when memory fails (512 KiB for the chain hashes that checkpoints may refer back to). */
PST_NODISCARD struct pst_verify *pst_verify_new(const struct pst_verify_options *options);
void pst_verify_free(struct pst_verify *v);
/* A checkpoint known from elsewhere: the log must have that chain hash there. False past
 * PST_VERIFY_EXPECT_MAX. Call before feeding. */
PST_NODISCARD bool pst_verify_expect(struct pst_verify *v, const struct pst_checkpoint *checkpoint);
/* Bytes of the current file. PST_ERR once nothing more can be verified; the report has the fault.
 */
PST_NODISCARD enum pst_status pst_verify_feed(struct pst_verify *v, struct pst_str bytes);
/* The current file has ended. A tail that is not CLEAN is a fault, in the last segment too: a
 * reader of a live log may meet a frame that is being written, and should look again. */
PST_NODISCARD enum pst_status pst_verify_next(struct pst_verify *v);
/* The whole log has been fed. */
void pst_verify_finish(struct pst_verify *v, struct pst_verify_report *ret);
/* "a segment does not follow the one before it" */
struct pst_str pst_verify_fault_text(enum pst_verify_fault fault);

#endif
