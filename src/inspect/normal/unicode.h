/* What a character is, to the normaliser: script, kind, and whether NFKC or an ornament changes it.
 * Tables are made by tools/unicode_tables.py. Pure. */
#ifndef PST_INSPECT_NORMAL_UNICODE_H
#define PST_INSPECT_NORMAL_UNICODE_H

#include "base/str.h"

#include <stdbool.h>

enum pst_script {
    PST_SCRIPT_NONE, /* common, inherited or unassigned */
    PST_SCRIPT_LATIN,
    PST_SCRIPT_GREEK,
    PST_SCRIPT_CYRILLIC,
    PST_SCRIPT_ARMENIAN,
    PST_SCRIPT_HEBREW,
    PST_SCRIPT_ARABIC, /* and the others written from right to left with joining letters */
    PST_SCRIPT_INDIC,
    PST_SCRIPT_SEA, /* Thai, Lao, Khmer, Myanmar: no spaces between words */
    PST_SCRIPT_CJK,
    PST_SCRIPT_CAPITALS, /* Cherokee, Lisu, syllabics: whole alphabets of look-alikes */
    PST_SCRIPT_MONGOLIAN,
    PST_SCRIPT_FANCY, /* runes, hieroglyphs, private use: no language of a conversation */
    PST_SCRIPT_OTHER,
};
enum pst_glyph {
    PST_GLYPH_SIGN,
    PST_GLYPH_LETTER,
    PST_GLYPH_MARK,
    PST_GLYPH_DIGIT,
    PST_GLYPH_UNSEEN, /* default ignorable, format */
    PST_GLYPH_PICTURE,
    PST_GLYPH_SPACE,
};
enum {
    PST_PROP_COMPAT = 1 << 7, /* NFKC changes the character by itself */
    PST_PROP_MAYBE = 1 << 8,  /* NFKC may join or move it */
    PST_PROP_STYLED = 1 << 9, /* an ornamental ASCII letter or digit */
};

uint16_t pst_unicode(uint32_t cp);
static inline enum pst_script pst_unicode_script(uint16_t prop)
{
    return (enum pst_script)(prop & 15);
}
static inline enum pst_glyph pst_unicode_glyph(uint16_t prop)
{
    return (enum pst_glyph)(prop >> 4 & 7);
}
/* The letters (lower case ASCII, 1 to 3) that an ornament NFKC leaves stands for; NULL: none. */
const char *pst_unicode_ornament(uint32_t cp);
/* The ASCII letters that a character of another script resembles; NULL: none. ret_sure: by the
 * tables of Unicode, not only in the hands of one who disguises words. */
const char *pst_unicode_alike(uint32_t cp, bool *ret_sure);
/* The character of `script` that an ASCII letter resembles, lower case; 0: none. */
uint32_t pst_unicode_back(uint8_t letter, enum pst_script script);
/* The code point at `at`, of text that is known to be UTF-8; *ret_n: its bytes, never past the end.
 */
static inline uint32_t pst_unicode_at(struct pst_str in, size_t at, size_t *ret_n)
{
    uint32_t b = in.p[at];
    size_t left = in.n - at;
    if (b < 0x80 || left < 2) {
        *ret_n = 1;
        return b;
    }
    if (b < 0xE0 || left < 3) {
        *ret_n = 2;
        return (b & 31) << 6 | (in.p[at + 1] & 63U);
    }
    if (b < 0xF0 || left < 4) {
        *ret_n = 3;
        return (b & 15) << 12 | (in.p[at + 1] & 63U) << 6 | (in.p[at + 2] & 63U);
    }
    *ret_n = 4;
    return (b & 7) << 18 | (in.p[at + 1] & 63U) << 12 | (in.p[at + 2] & 63U) << 6 |
           (in.p[at + 3] & 63U);
}
/* The end of the letters beyond ASCII from `at` on that stand for themselves: no marks, none that
 * NFKC changes or joins, no ornaments, no unrelated script; and the one before a mark is left to
 * it. Letters are counted by script. */
enum { PST_SCRIPTS = PST_SCRIPT_OTHER + 1 };
size_t pst_unicode_simple(struct pst_str in, size_t at, size_t counts[PST_SCRIPTS]);
/* The end of the characters beyond ASCII from `at` on that have no case and no Latin look-alikes.
 */
size_t pst_unicode_caseless(struct pst_str in, size_t at);
const char *pst_unicode_version(void);

#endif
