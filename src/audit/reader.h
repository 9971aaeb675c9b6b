/* Reads one record: strict about canonical form, ignorant of kinds, so that it reads records of
 * later versions too. Accepts exactly one flat object in RFC 8785 form: keys of [a-z0-9_] in
 * strictly ascending order, no white space, strings with the shortest escapes and valid UTF-8,
 * whole numbers 0 … 2^53-1, true, false, arrays of strings. No allocation, no recursion. */
#ifndef PST_AUDIT_READER_H
#define PST_AUDIT_READER_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum pst_reader_type { PST_READER_STR, PST_READER_STRS, PST_READER_INT, PST_READER_BOOL };

struct pst_reader_field {
    struct pst_str name;
    enum pst_reader_type type;
    /* STR: the text between the quotes, still escaped. STRS: what stands between the brackets.
     * INT, BOOL: the literal. */
    struct pst_str raw;
    uint64_t number; /* INT; BOOL: 0 or 1 */
};

struct pst_reader {
    struct pst_cur cur;
    struct pst_str last; /* name of the member before; private */
    bool begun, ended;
};

/* `json` must stay valid while the reader and its fields are in use. */
void pst_reader_init(struct pst_reader *r, struct pst_str json);
/* PST_OK: one member. PST_AGAIN: the object ended, and nothing stands behind it. PST_ERR: not a
 * record in canonical form (PST_E_SYNTAX, column = offset + 1). */
enum pst_status pst_reader_next(struct pst_reader *r, struct pst_reader_field *ret,
                                struct pst_err *err);

/* The value of a raw string (escapes resolved) equals `plain`. */
bool pst_reader_eq(struct pst_str raw, struct pst_str plain);
/* Appends the value; false when `out` is full. */
bool pst_reader_plain(struct pst_str raw, struct pst_buf *out);
/* Walks a STRS field: start with a cursor over field.raw; false at the end. */
bool pst_reader_item(struct pst_cur *items, struct pst_str *ret_raw);

/* RFC 3339 as pst_time_put writes it (27 bytes, "…Z"), checked field by field. */
PST_NODISCARD bool pst_reader_time(struct pst_str text, int64_t *ret_unix_ns);

#endif
