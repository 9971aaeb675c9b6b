/* Values: 16 bytes {tag, n, i}, compared by number wherever they are scalar.
 *
 * An index (symbol, entity reference, first item, first member, address) with PST_CEDAR_LOCAL set
 * is the request's own; without it, the set's. Scalars of one tag are equal exactly when `i` is,
 * but for addresses. A set's items are sorted (pst_cedar_value_cmp) and distinct; a record's
 * members are sorted by key and distinct. */
#ifndef PST_CEDAR_VALUE_H
#define PST_CEDAR_VALUE_H

#include "base/buf.h"
#include "cedar/cedar.h"

enum pst_cedar_tag {
    PST_CEDAR_NONE = 0, /* as a record: {} */
    PST_CEDAR_BOOL,     /* i: 0 or 1 */
    PST_CEDAR_LONG,     /* i */
    PST_CEDAR_STRING,   /* i: symbol */
    PST_CEDAR_UID,      /* i: entity reference */
    PST_CEDAR_DECIMAL,  /* i: ten-thousandths */
    PST_CEDAR_DATETIME, /* i: milliseconds since 1970 */
    PST_CEDAR_DURATION, /* i: milliseconds */
    PST_CEDAR_IP,       /* i: address index */
    PST_CEDAR_SET,      /* n items from value i */
    PST_CEDAR_RECORD,   /* n members from field i */
    PST_CEDAR_UNKNOWN,  /* partial evaluation only */
    PST_CEDAR_TAG_COUNT
};

#define PST_CEDAR_LOCAL 0x80000000u /* set in an index: the request's own */
#define PST_CEDAR_NO UINT32_MAX     /* no index */

/* A member of a record. */
struct pst_cedar_field {
    uint32_t key; /* symbol */
    uint32_t zero;
    struct pst_cedar_value value;
};

/* An address or a network; v4 addresses in the last four bytes. */
struct pst_cedar_ip {
    uint8_t addr[16];
    uint8_t prefix; /* 0-32 or 0-128 */
    uint8_t v6;     /* 1 or 0 */
    uint8_t zero[2];
};

/* What a value's indexes refer to: the set alone (r NULL), or the set and a request. */
struct pst_cedar_ctx {
    const struct pst_cedar *c;
    const struct pst_cedar_request *r;
};

struct pst_str pst_cedar_sym_text(struct pst_cedar_ctx x, uint32_t sym);
/* Type symbol and id symbol of an entity reference. */
uint32_t pst_cedar_uid_type(struct pst_cedar_ctx x, uint32_t uid);
uint32_t pst_cedar_uid_id(struct pst_cedar_ctx x, uint32_t uid);
/* Items of a set, members of a record (NONE: none), address of an IP. */
const struct pst_cedar_value *pst_cedar_items(struct pst_cedar_ctx x, struct pst_cedar_value v);
const struct pst_cedar_field *pst_cedar_fields(struct pst_cedar_ctx x, struct pst_cedar_value v);
const struct pst_cedar_ip *pst_cedar_ip_of(struct pst_cedar_ctx x, struct pst_cedar_value v);
/* The member called `key`, NULL when there is none. */
const struct pst_cedar_value *pst_cedar_member(struct pst_cedar_ctx x, struct pst_cedar_value rec,
                                               uint32_t key);

/* Order and equality over all values; structural, with an explicit stack. JSON nests at most
 * 128 deep and literals of a policy 100, so that no value from input is deeper than this; what a
 * caller builds deeper than this is equal to itself only. */
enum { PST_CEDAR_VALUE_DEPTH = 240, PST_CEDAR_LITERAL_DEPTH = 100 };
int pst_cedar_value_cmp(struct pst_cedar_ctx x, struct pst_cedar_value a, struct pst_cedar_value b);
bool pst_cedar_value_eq(struct pst_cedar_ctx x, struct pst_cedar_value a, struct pst_cedar_value b);
/* Sorts and removes duplicates in place; returns how many are left. */
uint32_t pst_cedar_items_sort(struct pst_cedar_ctx x, struct pst_cedar_value *v, uint32_t n);
/* Extension texts (ext_*.c). False: not one. */
bool pst_cedar_decimal_parse(struct pst_str s, int64_t *ret);
bool pst_cedar_ip_parse(struct pst_str s, struct pst_cedar_ip *ret);
bool pst_cedar_datetime_parse(struct pst_str s, int64_t *ret);
bool pst_cedar_duration_parse(struct pst_str s, int64_t *ret);
/* Text of an extension value, as its constructor reads it. */
bool pst_cedar_decimal_put(struct pst_buf *out, int64_t v);
bool pst_cedar_ip_put(struct pst_buf *out, const struct pst_cedar_ip *ip);
bool pst_cedar_duration_put(struct pst_buf *out, int64_t ms);
int pst_cedar_ip_cmp(const struct pst_cedar_ip *a, const struct pst_cedar_ip *b);
bool pst_cedar_ip_in_range(const struct pst_cedar_ip *a, const struct pst_cedar_ip *range);
bool pst_cedar_ip_loopback(const struct pst_cedar_ip *a);
bool pst_cedar_ip_multicast(const struct pst_cedar_ip *a);

#endif
