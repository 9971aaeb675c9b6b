/* JSON writing: trees, typed values one after the other, and canonical form. What is written is
 * always built from decoded values; escapes are the minimal ones, which are also those of RFC 8785
 * §3.2.2.2. */
#ifndef PST_WIRE_JSON_OUT_H
#define PST_WIRE_JSON_OUT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "wire/json.h"

#include <stdbool.h>

/* --- trees -------------------------------------------------------------------------------------
 */

/* Appends the value, compact, members in their order, numbers as their literals. ERR: deeper than
 * PST_JSON_DEPTH_MAX (PST_E_JSON_DEPTH) or `out` is full (PST_E_NO_MEMORY); then `out` is cut back
 * to what it held. */
PST_NODISCARD enum pst_status pst_json_write(const struct pst_json *v, struct pst_buf *out,
                                             struct pst_err *err);
/* The same in canonical form (RFC 8785): members in order of UTF-16 code units, numbers as ES6
 * writes the nearest double; one that has no finite double is PST_E_JSON_LIMIT. `scratch` holds the
 * sorted members and is not cleared. */
PST_NODISCARD enum pst_status pst_json_write_canonical(const struct pst_json *v,
                                                       struct pst_arena *scratch,
                                                       struct pst_buf *out, struct pst_err *err);
/* The order of member names in canonical form: by UTF-16 code units. Both are valid UTF-8. */
int pst_json_name_cmp(struct pst_str a, struct pst_str b);
/* Text of a finite double as ECMAScript's Number::toString writes it (RFC 8785 §3.2.2.3). */
enum { PST_JSON_DOUBLE_CHARS = 32 };
PST_NODISCARD struct pst_str pst_json_double_text(double value, char ret[PST_JSON_DOUBLE_CHARS]);

/* --- values one after the other ----------------------------------------------------------------
 */

/* Commas are put where they belong. Mistakes of the caller (a value without key in an object, an
 * end too many) are bugs and abort; a full buffer or bad text is remembered: check once with
 * pst_json_out_ok. */
struct pst_json_out {
    struct pst_buf *buf;
    uint64_t objects[PST_JSON_DEPTH_MAX / 64]; /* one bit a level: object or array */
    uint32_t depth;
    bool comma, keyed, done, failed;
};

void pst_json_out_init(struct pst_json_out *o, struct pst_buf *buf);
/* One whole value was written and nothing failed. */
bool pst_json_out_ok(const struct pst_json_out *o);

void pst_json_out_object(struct pst_json_out *o);
void pst_json_out_array(struct pst_json_out *o);
void pst_json_out_end(struct pst_json_out *o); /* of the innermost object or array */
void pst_json_out_key(struct pst_json_out *o, struct pst_str name);
#define PST_JSON_KEY(o, literal) pst_json_out_key((o), PST_STR(literal))
void pst_json_out_str(struct pst_json_out *o, struct pst_str text); /* not UTF-8: failed */
/* Bytes from anywhere: what is not UTF-8 becomes U+FFFD. */
void pst_json_out_lossy(struct pst_json_out *o, struct pst_str bytes);
void pst_json_out_u64(struct pst_json_out *o, uint64_t value);
void pst_json_out_i64(struct pst_json_out *o, int64_t value);
void pst_json_out_bool(struct pst_json_out *o, bool value);
void pst_json_out_null(struct pst_json_out *o);
/* One complete JSON value that this program wrote or checked itself; put as it is. */
void pst_json_out_raw(struct pst_json_out *o, struct pst_str json);
void pst_json_out_value(struct pst_json_out *o, const struct pst_json *v);

/* Key and value in one call. */
void pst_json_out_kstr(struct pst_json_out *o, const char *key, struct pst_str text);
void pst_json_out_ku64(struct pst_json_out *o, const char *key, uint64_t value);
void pst_json_out_ki64(struct pst_json_out *o, const char *key, int64_t value);
void pst_json_out_kbool(struct pst_json_out *o, const char *key, bool value);

/* --- strings -----------------------------------------------------------------------------------
 */

/* Appends the text as the inside of a JSON string (no quotes). The text must be UTF-8: false when
 * it is not, or when out is full. */
bool pst_json_escape(struct pst_buf *out, struct pst_str text);

#endif
