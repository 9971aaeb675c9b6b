/* Pieces of the segment format that writing, reading and notes share; private to audit/. */
#ifndef PST_AUDIT_HEADER_H
#define PST_AUDIT_HEADER_H

#include "audit/segment.h"

/* False, and untouched, unless 1-64 printable ASCII characters without space and plus sign. */
PST_NODISCARD bool pst_log_origin_set(struct pst_log_origin *origin, struct pst_str text);
static inline struct pst_str pst_log_origin_str(const struct pst_log_origin *origin)
{
    return pst_str_of(origin->p, origin->n);
}
static inline bool pst_log_origin_eq(const struct pst_log_origin *a, const struct pst_log_origin *b)
{
    return pst_str_eq(pst_log_origin_str(a), pst_log_origin_str(b));
}

/* Reads PST_SEGMENT_HEADER bytes. */
PST_NODISCARD enum pst_status pst_segment_head_read(struct pst_str in, struct pst_segment_head *ret,
                                                    struct pst_err *err);

#endif
