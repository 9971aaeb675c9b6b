/* Credentials: confirming what the multi-pattern matcher woke. A rule is fixed-layout data from the
 * image; a confirmation reads a bounded stretch around the hit and says span, score and why. */
#ifndef PST_INSPECT_CREDENTIAL_H
#define PST_INSPECT_CREDENTIAL_H

#include "base/str.h"

#include <stdbool.h>

enum pst_credential_kind { PST_CREDENTIAL_TOKEN, PST_CREDENTIAL_ASSIGNED, PST_CREDENTIAL_FIND };

/* One element of a value: a byte set and how often. Literals are sets of one byte. */
struct pst_value_part {
    uint8_t set[32]; /* bit per byte value */
    uint16_t min, max;
};
enum { PST_VALUE_PARTS_MAX = 12, PST_CREDENTIAL_REACH = 512, PST_ASSIGN_REACH = 96 };

struct pst_credential_rule {
    uint8_t kind; /* enum pst_credential_kind */
    uint8_t n_parts;
    uint8_t words_ok; /* 0: a value that reads like words is refused */
    uint8_t find;     /* row of credential.def, for PST_CREDENTIAL_FIND */
    uint8_t check;    /* row + 1 of the self-checks in credential.def, 0: none */
    uint8_t nocase;
    uint16_t entropy; /* hundredths of a bit per byte, 0: not asked */
    int16_t prior;    /* log-odds in tenths */
    uint8_t edge[32]; /* bytes that may not stand directly around it */
    struct pst_value_part parts[PST_VALUE_PARTS_MAX];
};

struct pst_credential_hit {
    size_t start, end; /* of the secret itself, not of its name */
    int16_t score;     /* log-odds in tenths; below 0: no finding */
    uint32_t why;      /* enum pst_why bits */
};

/* `at`: offset of the first byte of the prefix, name or opener that was matched, `len` its length.
 * False: nothing here. `key`: the name the whole text is the value of. Pure, bounded, no
 * allocation. */
bool pst_credential_confirm(const struct pst_credential_rule *rule, struct pst_str text, size_t at,
                            size_t len, struct pst_str key, struct pst_credential_hit *ret);
/* The whole text is the value of `key`, which holds one of the rule's names: {"dd_api_key": "…"}.
 */
bool pst_credential_confirm_keyed(const struct pst_credential_rule *rule, struct pst_str text,
                                  struct pst_str key, struct pst_credential_hit *ret);

#endif
