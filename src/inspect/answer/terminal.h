/* Commands to a terminal in an answer: escape sequences, operating-system commands (OSC 8 links,
 * OSC 52 clipboard), C1 controls, backspaces. They are taken out wherever they are cut; nothing is
 * held back: what a sequence has swallowed so far is remembered instead. ECMA-48, xterm's control
 * sequences. */
#ifndef PST_INSPECT_ANSWER_TERMINAL_H
#define PST_INSPECT_ANSWER_TERMINAL_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

struct pst_terminal {
    uint8_t state;     /* private */
    uint8_t lead;      /* private: 0xC2 waits for what follows */
    uint32_t removed;  /* sequences and controls taken out so far */
    uint32_t commands; /* of these, strings to the operating system or device: OSC, DCS, APC, PM */
    uint32_t spelled;  /* escapes written as text ("\x1b[31m"): told, not removed */
    uint8_t back[4];   /* private: the last bytes, to see spelled escapes */
};

/* One per lane; zeroed is fresh. Appends what is left of `text` to `out`; false when `out` is full.
 * `end`: nothing more comes. An unfinished sequence stays removed. */
bool pst_terminal_push(struct pst_terminal *t, struct pst_str text, bool end, struct pst_buf *out);

#endif
