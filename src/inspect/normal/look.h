/* The first look at a text: one pass that says which of the slower ones could find anything, and
 * where runs stand that could be encodings. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_LOOK_H
#define PST_INSPECT_NORMAL_LOOK_H

#include "base/str.h"

#include <stdbool.h>

enum pst_hint {
    PST_HINT_HIGH = 1U << 0,    /* a byte of 0x80 or more */
    PST_HINT_CONTROL = 1U << 1, /* a control character but tab and line feed; DEL */
    PST_HINT_RUN = 1U << 2,     /* 20 or more of [A-Za-z0-9+/_-] together */
    PST_HINT_MARKUP = 1U << 3,  /* a '<' */
    PST_HINT_BRACKET = 1U << 4, /* a '[' */
};

struct pst_look {
    uint32_t hints;
    size_t ampersands, backslashes; /* blocks that hold one */
    size_t percents, equals; /* with two hexadecimal digits after them (or %u): at least those */
};

/* Same answer on every instruction path. */
struct pst_look pst_look(struct pst_str text);
/* The next stretch of 20 or more of [A-Za-z0-9+/_-] that begins at or after `from`; false: none. */
bool pst_look_run(struct pst_str text, size_t from, size_t *ret_start, size_t *ret_end);
/* Offset of the next byte of 0x80 or more or control but tab and line feed; text.n: none. */
size_t pst_look_odd(struct pst_str text, size_t from);
/* Offset of the next of three bytes; text.n: none. */
size_t pst_look_any(struct pst_str text, size_t from, uint8_t a, uint8_t b, uint8_t c);
/* Offset of the next place where the one stands before the other; text.n: none. */
size_t pst_look_pair(struct pst_str text, size_t from, uint8_t a, uint8_t b);
/* The text with ASCII letters in lower case. */
void pst_look_lower(uint8_t *ret, struct pst_str text);

#endif
