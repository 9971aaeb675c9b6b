/* Findings as facts: what kind of thing was found in a request's texts, how often, and what became
 * of it. As text, between processes and in evidence:
 *
 *   personal:EMAIL:masked:2       personal|secret : type : clear|masked|removed : count
 *
 * clear: it would leave as it is. masked: behind a token that comes back. removed: redacted,
 * hashed, cut short or blocked. No byte of what was found is in it. */
#ifndef PST_GATE_FINDINGS_H
#define PST_GATE_FINDINGS_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

enum pst_found_state { PST_FOUND_CLEAR, PST_FOUND_MASKED, PST_FOUND_REMOVED };
enum { PST_FOUND_MAX = 192, PST_FOUND_TYPE_MAX = 64, PST_FOUND_TEXT_MAX = 96 };

struct pst_found {
    struct pst_str text; /* the whole item */
    struct pst_str type; /* upper-case letters, digits, underscores */
    bool secret;
    uint8_t state; /* enum pst_found_state */
    uint32_t count;
};

PST_NODISCARD bool pst_found_put(struct pst_buf *out, const struct pst_found *f);
/* Strict: false for any text that put would not have written. Views into `text`. */
PST_NODISCARD bool pst_found_get(struct pst_str text, struct pst_found *ret);
/* Whether one word of a policy's @mask, @redact or @block ("pii", "personal", "secrets", "all", a
 * type) means this. */
bool pst_found_meant(const struct pst_found *f, struct pst_str word);
/* The words of such a value, separated by commas: begin with *at = 0; false at the end. */
bool pst_found_word(struct pst_str value, size_t *at, struct pst_str *ret);
/* Whether every word is one, and there is one at all. */
bool pst_found_words_valid(struct pst_str value);

#endif
