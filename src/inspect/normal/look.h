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
    size_t percents, ampersands, backslashes, equals;
};

/* Same answer on every instruction path. */
struct pst_look pst_look(struct pst_str text);
/* The next stretch of 20 or more of [A-Za-z0-9+/_-] that begins at or after `from`; false: none. */
bool pst_look_run(struct pst_str text, size_t from, size_t *ret_start, size_t *ret_end);
/* Offset of the next byte of 0x80 or more or control but tab and line feed; text.n: none. */
size_t pst_look_odd(struct pst_str text, size_t from);
/* The text with ASCII letters in lower case. */
void pst_look_lower(uint8_t *ret, struct pst_str text);

#endif
