/* The making of views: one context per call, drafts that grow in the arena under the caller's
 * limit, and the rules by which a draft becomes a view. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_DRAFT_H
#define PST_INSPECT_NORMAL_DRAFT_H

#include "inspect/normal/normal.h"

struct pst_make {
    struct pst_str text; /* the original */
    uint32_t want;       /* enum pst_views_want */
    size_t left;         /* bytes of views that may still be made */
    struct pst_arena *arena;
    struct pst_views *ret;
    uint32_t hits[16]; /* per flag */
    bool no_memory;
};

/* A flag seen `times` times more. */
void pst_make_hit(struct pst_make *make, enum pst_evasion flag, size_t times);

struct pst_draft {
    struct pst_make *make;
    uint8_t *text;
    uint32_t *map; /* offsets in the parent */
    size_t n, size;
    bool over; /* the limit or the memory ended it: what there is stays usable */
};

/* `guess`: bytes that will probably do. */
void pst_draft_init(struct pst_draft *d, struct pst_make *make, size_t guess);
/* Room for one byte more, or over. */
bool pst_draft_grow(struct pst_draft *d, size_t more);
static inline void pst_draft_byte(struct pst_draft *d, uint8_t byte, size_t from)
{
    if (d->n < d->size || pst_draft_grow(d, 1)) {
        d->text[d->n] = byte;
        d->map[d->n] = (uint32_t)from;
        d->n++;
    }
}
/* Code point (a scalar value) or text that came from one place. */
void pst_draft_cp(struct pst_draft *d, uint32_t cp, size_t from);
void pst_draft_text(struct pst_draft *d, struct pst_str s, size_t from);
/* Bytes [from, from + n) of the parent as they are. */
void pst_draft_copy(struct pst_draft *d, struct pst_str parent, size_t from, size_t n);
/* The bytes from `mark` on become text: UTF-8 as it is, UTF-16 and Latin-1 turned into it. False,
 * and the bytes are gone, when they are none of these or less than 85 % printable. */
bool pst_draft_settle(struct pst_draft *d, size_t mark);
/* Drops the last character; false when there is none after `floor`. */
bool pst_draft_pop(struct pst_draft *d, size_t floor);

/* Adds the draft to the views; its index, or 0 when it was empty, said nothing new, or found no
 * room (then `cut` is set). `end`: where the draft's end lies in the parent. */
size_t pst_draft_view(struct pst_draft *d, enum pst_view_kind kind, size_t parent, size_t end,
                      bool decoded, bool moved);

#endif
