/* What recognisers share: classes of bytes, and the answer "nothing here". */
#ifndef PST_INSPECT_FIND_GROW_H
#define PST_INSPECT_FIND_GROW_H

#include "inspect/find/find.h"

static inline bool pst_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}
static inline bool pst_is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool pst_is_hex(uint8_t c)
{
    return pst_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
/* Bytes of letters beyond ASCII in scripts that part their words by spaces (Latin, Greek,
 * Cyrillic). */
static inline bool pst_is_high_letter(uint8_t c)
{
    return c >= 0x80 && c <= 0xD3;
}
static inline uint8_t pst_byte_at(struct pst_str text, size_t at)
{
    return at < text.n ? text.p[at] : 0;
}
static inline uint8_t pst_byte_before(struct pst_str text, size_t at)
{
    return at > 0 ? text.p[at - 1] : 0;
}
static inline struct pst_found pst_found_none(size_t resume)
{
    return (struct pst_found){.verdict = PST_CHECK_NO, .resume = resume};
}
static inline struct pst_found pst_found_at(size_t start, size_t end, enum pst_verdict verdict)
{
    return (struct pst_found){.start = start, .end = end, .verdict = verdict, .resume = end};
}

#endif
