/* What a character is, to the normaliser: script, kind, and whether NFKC or an ornament changes it.
 * Tables are made by tools/unicode_tables.py. Pure. */
#ifndef PST_INSPECT_NORMAL_UNICODE_H
#define PST_INSPECT_NORMAL_UNICODE_H

#include "base/def.h"

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
const char *pst_unicode_version(void);

#endif
