/* What a value is like: random or read as words, a placeholder, a reference, a thing of another
 * kind. All integer, pure, linear in the value. */
#ifndef PST_INSPECT_VALUE_H
#define PST_INSPECT_VALUE_H

#include "base/str.h"

#include <stdbool.h>

/* Bytes of each kind, and how they follow one another. */
struct pst_value_shape {
    size_t n, lower, upper, digit, special, space, high; /* high: bytes of 0x80 and more */
    size_t distinct;                                     /* different bytes */
    size_t letter_run;                                   /* the longest run of ASCII letters */
    size_t hex;                                          /* bytes that are hexadecimal digits */
    size_t steps;    /* changes between lower, upper and digit, but not one capital before lower */
    size_t repeat;   /* the longest run of one byte */
    size_t sequence; /* the longest run of bytes each one more, or each one less, than the last */
};
void pst_value_shape(struct pst_str value, struct pst_value_shape *ret);

/* Shannon entropy of the bytes, in hundredths of a bit per byte; of the first 255 bytes. */
unsigned pst_value_entropy(struct pst_str value);

/* How unlike words and identifiers the letters of a value follow one another: hundredths of a bit
 * per pair of letters. Words are below -40, random letters above 40; 0 without pairs. */
int pst_value_rarity(struct pst_str value);

/* Reads like words: what a name, a sentence or an identifier looks like, whatever its entropy. */
bool pst_value_words(struct pst_str value);

/* Stands for a secret and is none: changeme, <your-key>, xxxx, ${VAR}, %(x)s, AKIA…EXAMPLE. */
bool pst_value_reserved(struct pst_str value);
/* That, or monotone: what no machine that makes secrets would make. */
bool pst_value_placeholder(struct pst_str value);
/* Made of few bytes, repeated or in sequence: 00000000, abcdefgh12345678. */
bool pst_value_monotone(const struct pst_value_shape *shape);

/* 8-4-4-4-12 hexadecimal digits. */
bool pst_value_uuid(struct pst_str value);
/* A path, an address, a date, a version, a number with a unit, the name of an algorithm, a media
 * type, an ARN …: things that are given to names like those of secrets. */
bool pst_value_thing(struct pst_str value);
/* Among what people choose most: 123456, letmein, qwerty … */
bool pst_value_common_password(struct pst_str value);

/* --- bytes and words, for the rest of this folder -----------------------------------------------
 */

static inline bool pst_is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}
static inline bool pst_is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}
static inline bool pst_is_alpha(uint8_t c)
{
    return pst_is_lower(c | 0x20);
}
static inline bool pst_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}
static inline bool pst_is_alnum(uint8_t c)
{
    return pst_is_alpha(c) || pst_is_digit(c);
}
static inline bool pst_is_hex(uint8_t c)
{
    return pst_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
static inline bool pst_is_ident(uint8_t c)
{
    return pst_is_alnum(c) || c == '_';
}
static inline bool pst_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}
static inline bool pst_is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
/* The byte, or 0 past the end. */
static inline uint8_t pst_at(struct pst_str s, size_t i)
{
    return i < s.n ? s.p[i] : 0;
}
bool pst_has_nocase_rest(struct pst_str s, size_t i, const char *lit);
/* `s` at `i` continues with `lit`, letters in any case; `lit` is in lower case. The first byte is
 * looked at in line: most calls end there. */
static inline bool pst_has_nocase(struct pst_str s, size_t i, const char *lit)
{
    uint8_t c = pst_at(s, i);
    return (pst_is_upper(c) ? c | 0x20 : c) == (uint8_t)lit[0] && pst_has_nocase_rest(s, i, lit);
}
/* `lit` (in lower case) stands somewhere in `s`, letters in any case. */
bool pst_holds_nocase(struct pst_str s, const char *lit);
/* `word`, folded, is in a list in lower case that is sorted by strcmp. */
bool pst_word_in(struct pst_str word, const char *const *list, size_t n);

#endif
