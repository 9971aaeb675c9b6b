/* The log file format, both ways, over memory: whoever owns the files calls this. Byte by byte in
 * docs/evidence.md.
 *
 * A log is a chain of records over segments of a fixed, preallocated (zeroed) size. A segment is a
 * header of 256 bytes and frames: u32le length, canonical JSON, u32le CRC-32C over both. A zero
 * length ends the written part; all behind it is zero.
 *
 *   leaf_n  = SHA-256(0x00 ‖ JSON_n)             the leaf hash of RFC 6962 §2.1
 *   chain_n = SHA-256(0x01 ‖ chain_{n-1} ‖ leaf_n)
 *   before the first record: chain = SHA-256(0x02 ‖ log id ‖ origin)
 *
 * Segment boundaries are not part of the chain; a header repeats the chain hash before its first
 * record, which links the files. */
#ifndef PST_AUDIT_SEGMENT_H
#define PST_AUDIT_SEGMENT_H

#include "audit/record.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/hash.h"

#include <stdbool.h>

enum {
    PST_SEGMENT_HEADER = 256,
    PST_SEGMENT_VERSION = 1,
    PST_SEGMENT_FRAME_MAX = 4 + PST_RECORD_MAX + 4,
    PST_SEGMENT_MIN = 128 * 1024, /* bytes of a segment file, at least; … */
    PST_LOG_HASH = 32,
    PST_LOG_ID = 16,
    PST_LOG_ORIGIN_MAX = 64,
};
#define PST_SEGMENT_MAX ((uint64_t)1 << 32) /* … and at most */

struct pst_log_origin { /* "postern/<log name>", without NUL */
    uint8_t p[PST_LOG_ORIGIN_MAX];
    size_t n;
};

struct pst_segment_head {
    uint64_t number;    /* from 1 */
    uint64_t first_seq; /* index of the first record */
    uint64_t size;      /* bytes of the whole file */
    int64_t created_ns;
    uint8_t prev[PST_LOG_HASH]; /* chain hash before the first record */
    uint8_t log_id[PST_LOG_ID];
    struct pst_log_origin origin;
};

/* Where a log stands: all that a writer needs to go on. Plain data, may be copied. */
struct pst_log {
    uint64_t seq;                /* index of the next record = number of records so far */
    uint8_t chain[PST_LOG_HASH]; /* after record seq-1 */
    uint8_t log_id[PST_LOG_ID];
    struct pst_log_origin origin;
};

/* --- hashes ------------------------------------------------------------------------------- */

/* `sha` is any context of the caller's, initialised; it is left ready. */
void pst_log_leaf(struct pst_sha256 *sha, struct pst_str json, uint8_t ret[PST_LOG_HASH]);
void pst_log_link(struct pst_sha256 *sha, const uint8_t chain[PST_LOG_HASH],
                  const uint8_t leaf[PST_LOG_HASH], uint8_t ret[PST_LOG_HASH]);
void pst_log_genesis(const uint8_t log_id[PST_LOG_ID], struct pst_str origin,
                     uint8_t ret[PST_LOG_HASH]);

/* --- writing ------------------------------------------------------------------------------ */

/* A new log. `log_id` is random; `origin` is 1-64 bytes of printable ASCII without space and plus
 * sign (it is the key name of signed notes too): PST_E_CONFIG otherwise. */
PST_NODISCARD enum pst_status pst_log_init(struct pst_log *log, const uint8_t log_id[PST_LOG_ID],
                                           struct pst_str origin, struct pst_err *err);
/* Appends the header of segment `number` for the place where the log stands. `size` is the size of
 * the file, PST_SEGMENT_MIN … PST_SEGMENT_MAX (PST_E_LIMIT). */
PST_NODISCARD enum pst_status pst_segment_begin(const struct pst_log *log, uint64_t number,
                                                uint64_t size, int64_t created_ns,
                                                struct pst_buf *out, struct pst_err *err);
/* A segment with `used` bytes may not have room for any record: begin the next one first. */
static inline bool pst_segment_full(uint64_t used, uint64_t size)
{
    return used > size || size - used < PST_SEGMENT_FRAME_MAX;
}
/* Appends one frame and moves the log on. Nothing is changed (but the failed mark of `out`) when it
 * fails, which only memory can cause. `ret_lossy` as in pst_record_put. */
PST_NODISCARD enum pst_status pst_log_append(struct pst_log *log, struct pst_sha256 *sha,
                                             const struct pst_record *record, struct pst_buf *out,
                                             bool *ret_lossy, struct pst_err *err);

/* --- reading ------------------------------------------------------------------------------ */

/* What the bytes behind the last whole frame are. */
enum pst_segment_tail {
    PST_TAIL_CLEAN = 0, /* zeros up to the declared size */
    PST_TAIL_SHORT,     /* the file ends early, between frames */
    PST_TAIL_TORN,      /* one unfinished frame, then only zeros or the end: a write that was cut */
    PST_TAIL_HOLED,     /* a sector (512 bytes) of zeros, then data: unsynced pages that reached the
                           disk out of order when power failed, or a stray byte among the zeros */
    PST_TAIL_CORRUPT,   /* a bad frame with data behind it, or one that no cut write can leave */
};

enum pst_segment_item_type { PST_SEGMENT_HEAD, PST_SEGMENT_RECORD };

struct pst_segment_item {
    enum pst_segment_item_type type;
    uint64_t offset;                     /* of the header (0) or frame in the file */
    const struct pst_segment_head *head; /* HEAD; lives as long as the decoder */
    struct pst_str json;                 /* RECORD; valid until the next call or the input's end */
};

struct pst_segment_dec {
    int state;                  /* private, all of it */
    struct pst_buf held;        /* a frame whose bytes came in parts */
    uint64_t at;                /* bytes taken so far */
    uint64_t frame_at;          /* offset of the frame in hand: end of the valid prefix */
    uint64_t frame_end;         /* end the bad frame claims */
    uint64_t zeros;             /* length of the run of zeros that ends at `at` */
    uint64_t data_end;          /* offset behind the last byte that is not zero */
    bool done;                  /* `held` is the record given out last */
    bool bad, cut, hole, after; /* what was seen behind the valid prefix */
    struct pst_segment_head head;
};

struct pst_segment_end {
    enum pst_segment_tail tail;
    uint64_t valid;     /* length of the valid prefix: header and whole frames */
    uint64_t data_end;  /* offset behind the last byte that is not zero */
    uint64_t file_size; /* bytes fed */
};

void pst_segment_dec_init(struct pst_segment_dec *d);
void pst_segment_dec_release(struct pst_segment_dec *d);
/* Takes bytes of one file in order. PST_OK: one item. PST_AGAIN: all of `in` was taken. PST_ERR:
 * the header is not valid (PST_E_SYNTAX) or memory failed. What stands behind the valid prefix is
 * swallowed and judged by finish; the items do not depend on how the input is cut. */
PST_NODISCARD enum pst_status pst_segment_next(struct pst_segment_dec *d, struct pst_cur *in,
                                               struct pst_segment_item *ret, struct pst_err *err);
/* The file has ended. PST_ERR (PST_E_SYNTAX) when it ended within the header. */
PST_NODISCARD enum pst_status pst_segment_finish(struct pst_segment_dec *d,
                                                 struct pst_segment_end *ret, struct pst_err *err);
struct pst_str pst_segment_tail_name(enum pst_segment_tail tail);

/* --- recovery ----------------------------------------------------------------------------- */

/* Replays the last segment of a log, fed in order: where to go on. CLEAN, TORN and HOLED tails are
 * recoverable: the owner keeps bytes valid … data_end aside, zeroes them, goes on at `valid` and
 * says so in a `system` record. SHORT: extend with zeros. CORRUPT is for people to look at. */
struct pst_recover {
    struct pst_segment_dec dec;
    struct pst_sha256 sha;
    struct pst_log log; /* state after the valid prefix */
    uint64_t bad_at;
    bool begun;       /* the header was read */
    bool chain_bad;   /* at bad_at an index is not the next one: treated as corrupt */
    bool headless;    /* the header cannot be read; … */
    bool data_behind; /* … and something stands behind it */
};

/* PST_E_NO_MEMORY; release is fine in any case. */
PST_NODISCARD enum pst_status pst_recover_init(struct pst_recover *r, struct pst_err *err);
void pst_recover_release(struct pst_recover *r);
PST_NODISCARD enum pst_status pst_recover_feed(struct pst_recover *r, struct pst_str bytes,
                                               struct pst_err *err);
/* Sets both on PST_OK. PST_E_NOT_FOUND: the file has no valid header and nothing behind it, as a
 * crash between creating and beginning a segment leaves it: begin it again. PST_E_SYNTAX: the
 * header is damaged. */
PST_NODISCARD enum pst_status pst_recover_finish(struct pst_recover *r, struct pst_log *ret_log,
                                                 struct pst_segment_end *ret_end,
                                                 struct pst_err *err);

#endif
