/* The normaliser: one pass over valid UTF-8, several views of what a reader (a person or a model)
 * would see, each with a map back to the original bytes, and flags for what was hidden. Views are
 * bounded: count, depth and bytes. A view is never instead of the text: callers look at both. */
#ifndef PST_INSPECT_NORMAL_H
#define PST_INSPECT_NORMAL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

enum pst_view_kind {
    PST_VIEW_GIVEN, /* the bytes themselves */
    PST_VIEW_PLAIN, /* NFKC, skeleton of look-alikes, invisibles gone, bidi stripped, case folded */
    PST_VIEW_TAGS,  /* Unicode tag characters as the ASCII they spell */
    PST_VIEW_SELECTORS, /* variation selectors as bytes */
    PST_VIEW_COLLAPSED, /* s p a c e d and leet words closed up */
    PST_VIEW_BASE64,
    PST_VIEW_BASE32,
    PST_VIEW_HEX,
    PST_VIEW_PERCENT,
    PST_VIEW_ENTITY,
    PST_VIEW_ESCAPE,
    PST_VIEW_QUOTED,
    PST_VIEW_BINARY,
    PST_VIEW_MORSE,
    PST_VIEW_BRAILLE,
    PST_VIEW_NATO,
    PST_VIEW_ROT13,
    PST_VIEW_ATBASH,
    PST_VIEW_REVERSED,
    PST_VIEW_WORDS_REVERSED,
    PST_VIEW_UTF16,
    PST_VIEW_BASE85,
    PST_VIEW_HIDDEN, /* comments and hidden elements of HTML and Markdown */
    PST_VIEW_CLEAN,  /* as PLAIN, but with its case and without the folding of look-alikes: for
                        values; made only where characters were dropped or letters restyled */
    PST_VIEW_KINDS,
};

enum pst_evasion {
    PST_EVADE_INVISIBLE = 1U << 0,
    PST_EVADE_TAGS = 1U << 1,
    PST_EVADE_SELECTORS = 1U << 2,
    PST_EVADE_BIDI = 1U << 3,
    PST_EVADE_LOOKALIKE = 1U << 4, /* scripts mixed within a word */
    PST_EVADE_STYLED = 1U << 5,    /* mathematical, fullwidth, circled … letters */
    PST_EVADE_SPACED = 1U << 6,
    PST_EVADE_LEET = 1U << 7,
    PST_EVADE_MARKS = 1U << 8,    /* piled combining marks */
    PST_EVADE_CONTROL = 1U << 9,  /* backspace, escape sequences */
    PST_EVADE_ENCODED = 1U << 10, /* an encoding that decodes to text */
    PST_EVADE_CIPHER = 1U << 11,  /* reads as words only after rot13, reversal … */
    PST_EVADE_HIDDEN = 1U << 12,  /* hidden elements, comments with words */
    PST_EVADE_ROLES = 1U << 13,   /* chat template tokens and fake roles */
    PST_EVADE_SCRIPT = 1U << 14,  /* a fantasy or unrelated script */
    PST_EVADE_GIBBERISH = 1U << 15,
};

struct pst_view {
    struct pst_str text; /* UTF-8 */
    /* map[i]: offset in the original of the unit (character, group of digits, escape) that byte i
     * of the view came from; n + 1 entries. NULL: the same offsets (the text itself, and a PLAIN
     * that differs in case only). Use pst_view_origin. */
    const uint32_t *map;
    struct pst_str whole; /* the original */
    uint8_t kind;         /* enum pst_view_kind */
    uint8_t depth;        /* decodings between the original and this view */
    uint8_t parent;       /* index of the view it was made from */
    bool moved;           /* the order is not that of the original: the map is not monotone */
};

enum { PST_VIEWS_MAX = 64, PST_VIEW_DEPTH_MAX = 3 };

struct pst_views {
    struct pst_view list[PST_VIEWS_MAX]; /* [0] is the text as given, with a NULL map: identity */
    size_t n;
    uint32_t flags;      /* enum pst_evasion */
    bool cut;            /* a limit was reached: not everything was looked at */
    uint16_t counts[16]; /* per flag, per 1024 bytes of text (or all, if shorter), saturated */
};

enum pst_views_want {
    PST_WANT_DATA = 1U << 0,   /* encodings only: for sensitive data */
    PST_WANT_READER = 1U << 1, /* everything: for the detector */
};

/* Room: a reader's views of an honest text take about its own length, of one disguised throughout a
 * few times that; limit = 4 * text.n reads everything that is worth it. The arena gives at most
 * about 16 bytes for each byte of the larger of text and limit.
 * With PST_WANT_READER there is always a PLAIN of the text (unless it is empty), and every decoded
 * view that is not in plain form has one beside it (parent: the view); a view that says nothing new
 * is left out. A decoder puts all that it found into one view: escapes in their place with the text
 * around them, runs (base64, hex …) alone, a line each.
 * All memory is of the arena, at most `limit` bytes of views. `text` must be valid UTF-8. ERR only
 * without memory. Text that holds nothing unusual costs one fast pass and yields PLAIN only when
 * asked. */
PST_NODISCARD enum pst_status pst_views_make(struct pst_str text, uint32_t want, size_t limit,
                                             struct pst_arena *arena, struct pst_views *ret,
                                             struct pst_err *err);
/* A long text is looked at in pieces: where the piece of at most `n` bytes (24 or more) that begins
 * at `from` may end, so that a run that goes on in the next piece can be decoded there. */
enum { PST_PIECE_BYTES = 128 << 10 };
size_t pst_text_piece(struct pst_str text, size_t from, size_t n);
/* Where the piece after one that ends at `end` may begin, so that the two have up to `n` bytes in
 * common: before a word, or at `end` itself when a run has no such place (it goes on there). */
size_t pst_text_overlap(struct pst_str text, size_t end, size_t n);
/* "base64", "plain" …; of a flag by its bit: "invisible" …; NULL past the last. */
const char *pst_view_kind_name(enum pst_view_kind kind);
const char *pst_evasion_name(size_t bit);
/* The stretch of the original that [start, end) of a view came from, out to whole units; start <
 * end <= text.n. */
void pst_view_origin(const struct pst_view *view, size_t start, size_t end, size_t *ret_start,
                     size_t *ret_end);

#endif
