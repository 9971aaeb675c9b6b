/* Credentials: confirming what the multi-pattern matcher woke. A rule is fixed-layout data from the
 * image; a confirmation reads a bounded stretch around the hit and says span, score and why. Pure,
 * no allocation, linear in what it reads. */
#ifndef PST_INSPECT_CREDENTIAL_H
#define PST_INSPECT_CREDENTIAL_H

#include "base/str.h"

#include <stdbool.h>

enum pst_credential_kind { PST_CREDENTIAL_TOKEN, PST_CREDENTIAL_ASSIGNED, PST_CREDENTIAL_FIND };

/* One element of a value: a byte set and how often. Literals are sets of one byte. */
struct pst_value_part {
    uint8_t set[32]; /* bit per byte value: byte b is bit b % 8 of set[b / 8] */
    uint16_t min, max;
};
enum { PST_VALUE_PARTS_MAX = 24, PST_CREDENTIAL_REACH = 512, PST_ASSIGN_REACH = 96 };
/* The longest secret that a token or an assigned value may be; what is longer is none. A finder
 * says its own limit in its row. */
enum { PST_SECRET_MAX = 4096 };

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
 * False: nothing here. `key`: the name the whole text is the value of. What is confirmed:
 *   token     prefix and value parts, edges, entropy, words, placeholders, self-check
 *   assigned  with parts: the name stands before a value that the parts cover whole;
 *             without: the name itself is given a value that is plausible as a secret (words_ok:
 *             as one that a person chose), see assign.h and plausible.h
 *   find      whatever the recogniser's row says */
bool pst_credential_confirm(const struct pst_credential_rule *rule, struct pst_str text, size_t at,
                            size_t len, struct pst_str key, struct pst_credential_hit *ret);
/* The whole text is the value of `key`, which holds one of the rule's names: {"dd_api_key": "…"}.
 */
bool pst_credential_confirm_keyed(const struct pst_credential_rule *rule, struct pst_str text,
                                  struct pst_str key, struct pst_credential_hit *ret);

/* Lays the parts over the text from `at` on. Every part takes as many bytes as it can; when that
 * leaves a later part short, the longest stretch over which all parts can be laid is taken instead
 * (of the first PST_CREDENTIAL_REACH bytes). PST_NPOS: they cannot be laid; else where they end. */
size_t pst_value_match(const struct pst_value_part *parts, size_t n, struct pst_str text,
                       size_t at);
static inline bool pst_byte_in(const uint8_t set[32], uint8_t byte)
{
    return ((unsigned)set[byte >> 3] >> (byte & 7U) & 1U) != 0;
}

/* --- rows of credential.def, for the compiler of rules and the scanner --------------------------
 */

enum { PST_OPENERS_MAX = 12 };
/* `at`, `len`: the opener, as in pst_credential_confirm(). A hit's score is absolute. */
typedef bool (*pst_credential_find_fn)(struct pst_str text, size_t at, size_t len,
                                       struct pst_credential_hit *ret);
struct pst_credential_finder {
    struct pst_str name;
    bool nocase;      /* openers in any case of ASCII letters */
    uint16_t longest; /* bytes from the opener to the end of the secret; 0: unbounded, masked from
                         the opener on */
    pst_credential_find_fn fn;
    struct pst_str openers[PST_OPENERS_MAX]; /* literals that wake it; the empty ones are none */
};
const struct pst_credential_finder *pst_credential_finders(size_t *ret_n);

/* `secret`: prefix and value. False: it is not what it looks like. */
typedef bool (*pst_credential_check_fn)(struct pst_str secret);
struct pst_credential_check {
    struct pst_str name;
    bool proof; /* arithmetic or a decoded structure: speaks strongly for it */
    pst_credential_check_fn fn;
};
const struct pst_credential_check *pst_credential_checks(size_t *ret_n);

#endif
