/* Letters and codes that stand apart: words spelt out, digits for letters, names glued together,
 * numbers that are characters. One pass over the tokens of a text. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_TOKENS_H
#define PST_INSPECT_NORMAL_TOKENS_H

#include "inspect/normal/draft.h"

/* Adds COLLAPSED, BINARY, HEX (numbers of characters too), MORSE, BRAILLE, NATO. */
void pst_view_tokens(struct pst_make *make, size_t parent);

/* --- parts, each with a file of its own ---------------------------------------------------------
 */

/* COLLAPSED: the text with tokens replaced in place; written from the first one on. */
struct pst_collapse {
    struct pst_make *make;
    struct pst_str in;
    struct pst_draft out;
    size_t done;    /* bytes of the text that are in `out` */
    size_t changes; /* tokens replaced */
    size_t leet, leet_letters, accents;
};
/* A run of single letters [start, end) is closed up. */
void pst_collapse_spaced(struct pst_collapse *c, size_t start, size_t end);
/* A token between blanks: leet, glued names, heaped accents; left alone when it is none of these.
 */
void pst_collapse_token(struct pst_collapse *c, size_t start, size_t end);
size_t pst_collapse_end(struct pst_collapse *c, size_t parent);

enum pst_code { PST_CODE_BINARY, PST_CODE_HEX, PST_CODE_NUMBER, PST_CODE_NATO, PST_CODES };
struct pst_codes {
    struct pst_make *make;
    struct pst_str in;
    struct pst_draft out[PST_CODES], morse, braille;
    size_t end[PST_CODES], morse_end, braille_end;
};
/* Tokens of one kind stand at [start, end). */
void pst_codes_run(struct pst_codes *c, enum pst_code code, size_t start, size_t end);
/* Signs without letters or digits stand at [start, end). */
void pst_codes_signs(struct pst_codes *c, size_t start, size_t end);
/* Dot patterns somewhere in the text. */
void pst_codes_braille(struct pst_codes *c);
void pst_codes_end(struct pst_codes *c, size_t parent);
/* The letter a word of the alphabet of radio stands for, 0: none. */
uint8_t pst_code_nato(struct pst_str word);

#endif
