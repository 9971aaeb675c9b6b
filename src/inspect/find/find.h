/* Recognisers of things that no form can describe: addresses, phones, URLs, coins. Each is woken by
 * an anchor (a byte or a digit run, as find.def says) and grows outward from it, at most
 * PST_FIND_REACH bytes to either side, so that hostile text costs linear time. */
#ifndef PST_INSPECT_FIND_H
#define PST_INSPECT_FIND_H

#include "inspect/check/check.h"

enum { PST_FIND_REACH = 320 };

/* How the engine wakes a recogniser. */
enum pst_anchor {
    PST_ANCHOR_AT,      /* '@' */
    PST_ANCHOR_COLON,   /* ':' (IPv6, MAC, URL) */
    PST_ANCHOR_DIGITS,  /* first byte of a run of digits with single separators */
    PST_ANCHOR_PLUS,    /* '+' before a digit */
    PST_ANCHOR_WORD,    /* first byte of a run of letters and digits, 16 bytes or longer */
    PST_ANCHOR_PERCENT, /* '%' (card tracks) */
};

struct pst_found {
    size_t start, end;        /* in the text */
    enum pst_verdict verdict; /* PST_CHECK_NO: nothing here */
    size_t resume;            /* no anchor before this offset needs to wake this recogniser again */
};

/* `at`: offset of the anchor in `text`. The text may be hostile; it is valid UTF-8. */
typedef struct pst_found (*pst_find_fn)(struct pst_str text, size_t at);

struct pst_find_row {
    struct pst_str name;
    enum pst_anchor anchor;
    uint16_t longest; /* bytes it may span: the hold-back of a stream */
    pst_find_fn fn;
};
const struct pst_find_row *pst_find_find(struct pst_str name);
const struct pst_find_row *pst_find_rows(size_t *ret_n);

#endif
