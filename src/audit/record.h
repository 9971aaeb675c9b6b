/* Evidence records: typed structs to canonical JSON (RFC 8785). The kinds and their members are the
 * rows of src/tables/records.def; a struct pst_record_<kind> has one member a row.
 *
 * A record is flat: strings, whole numbers, booleans and arrays of strings. It never holds text of
 * a prompt, an answer, an argument or a secret: digests and sizes stand for them.
 *
 * Whatever the members hold, the record can be written: a string past its cap is cut between
 * characters, an array past its cap loses its last items, a byte that is not UTF-8 becomes U+FFFD,
 * a number past 2^53-1 becomes 2^53-1; the member "lossy" then names them. The caps of one kind
 * add up to less than PST_RECORD_MAX, so only memory can fail. */
#ifndef PST_AUDIT_RECORD_H
#define PST_AUDIT_RECORD_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum {
    PST_RECORD_MAX = 65535,    /* bytes of JSON: the entry size of C2SP tlog-tiles */
    PST_RECORD_ITEM_MAX = 258, /* bytes of JSON of one item of an array, quotes included */
    PST_RECORD_VERSION = 1,
    PST_RECORD_FIELDS_MAX = 64, /* own and common members of one kind */
};

enum pst_record_kind {
#define PST_RECORD(KIND, name, text) PST_RECORD_##KIND,
#define PST_FIELD(kind, TYPE, name, NEED, cap, text)
#define PST_RECORD_END(KIND, name)
#include "tables/records.def"
#undef PST_RECORD
#undef PST_FIELD
#undef PST_RECORD_END
    PST_RECORD_KINDS
};

enum pst_record_verdict {
    PST_VERDICT_DENY = 0, /* what a forgotten member says */
    PST_VERDICT_ALLOW,
    PST_VERDICT_AMEND,
};

struct pst_strs {
    const struct pst_str *p;
    size_t n;
};

/* What a member of each TYPE is in C. Views and digests are only read during pst_record_put. A HASH
 * is 32 bytes or NULL; NULL where the row says MUST is written as 64 zeros and named in "lossy". */
#define PST_RECORD_C_STR struct pst_str
#define PST_RECORD_C_STRS struct pst_strs
#define PST_RECORD_C_INT uint64_t
#define PST_RECORD_C_BOOL bool
#define PST_RECORD_C_HASH const uint8_t *
#define PST_RECORD_C_VERDICT enum pst_record_verdict

#define PST_RECORD(KIND, name, text) struct pst_record_##name {
#define PST_FIELD(kind, TYPE, name, NEED, cap, text) PST_RECORD_C_##TYPE name;
#define PST_RECORD_END(KIND, name)                                                                 \
    }                                                                                              \
    ;
#include "tables/records.def"
#undef PST_RECORD
#undef PST_FIELD
#undef PST_RECORD_END

/* One record of any kind; start from `= {.kind = …}`, everything else may stay zero. */
struct pst_record {
    enum pst_record_kind kind;
    int64_t ts_ns;          /* since 1970, as the recorder's clock says */
    struct pst_str request; /* request id text; empty when there is none */
    struct pst_str sandbox; /* what is not enforced on this machine; empty when all is */
    union {
#define PST_RECORD(KIND, name, text) struct pst_record_##name name;
#define PST_FIELD(kind, TYPE, name, NEED, cap, text)
#define PST_RECORD_END(KIND, name)
#include "tables/records.def"
#undef PST_RECORD
#undef PST_FIELD
#undef PST_RECORD_END
    };
};

/* "decision", "tool", …; and back: PST_RECORD_KINDS for an unknown name. */
struct pst_str pst_record_kind_name(enum pst_record_kind kind);
enum pst_record_kind pst_record_kind_of(struct pst_str name);
/* "allow", "deny", "amend" */
struct pst_str pst_record_verdict_name(enum pst_record_verdict verdict);

/* Appends the record as canonical JSON with index `seq`. `ret_lossy` (may be NULL) is set to true
 * when a member had to be cut or repaired. PST_E_NO_MEMORY, and `out` as before (but for its failed
 * mark), when memory or the cap of `out` does not allow it. */
PST_NODISCARD enum pst_status pst_record_put(struct pst_buf *out, const struct pst_record *record,
                                             uint64_t seq, bool *ret_lossy, struct pst_err *err);

#endif
