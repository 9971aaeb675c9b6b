/* Classes of ASCII bytes, without the C locale. Private to this folder. */
#ifndef PST_INSPECT_NORMAL_ASCII_H
#define PST_INSPECT_NORMAL_ASCII_H

#include <stdbool.h>
#include <stdint.h>

static inline bool pst_is_alpha(uint32_t c)
{
    return (c | 0x20U) - 'a' < 26U;
}

static inline bool pst_is_upper(uint32_t c)
{
    return c - 'A' < 26U;
}

static inline bool pst_is_lower(uint32_t c)
{
    return c - 'a' < 26U;
}

static inline bool pst_is_digit(uint32_t c)
{
    return c - '0' < 10U;
}

static inline bool pst_is_alnum(uint32_t c)
{
    return pst_is_alpha(c) || pst_is_digit(c);
}

static inline bool pst_is_blank(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

#endif
