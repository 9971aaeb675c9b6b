/* Views: a pointer and a length, passed by value. A NUL is data. A view owns nothing; it is valid
 * as long as the bytes it points at, which its maker states. Nothing outside base/ does arithmetic
 * on the pointer: cut, cursor and find do it, checked. */
#ifndef PST_BASE_STR_H
#define PST_BASE_STR_H

#include "base/def.h"

#include <stdbool.h>
#include <string.h>

struct pst_str {
    const uint8_t *p;
    size_t n;
};

#define PST_STR(literal) ((struct pst_str){(const uint8_t *)("" literal ""), sizeof(literal) - 1})
/* The same for static initialisers. */
#define PST_STR_INIT(literal) {(const uint8_t *)("" literal ""), sizeof(literal) - 1}
/* For printf("%.*s"): only for bytes that are known to be printable. */
#define PST_FMT(s) (int)((s).n > 4096 ? 4096 : (s).n), (const char *)(s).p

#define PST_NPOS SIZE_MAX

static inline struct pst_str pst_str_of(const void *p, size_t n)
{
    return (struct pst_str){(const uint8_t *)p, n};
}

/* A view of a C string; NULL gives the empty view. */
static inline struct pst_str pst_str_c(const char *s)
{
    return (struct pst_str){(const uint8_t *)s, s != NULL ? strlen(s) : 0};
}

static inline bool pst_str_eq(struct pst_str a, struct pst_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Bytewise order, shorter first on a tie: the order of sorted tables and canonical JSON keys that
 * are ASCII. */
int pst_str_cmp(struct pst_str a, struct pst_str b);
/* ASCII letters compare without case; every other byte exactly. */
bool pst_str_eq_nocase(struct pst_str a, struct pst_str b);
bool pst_str_starts(struct pst_str s, struct pst_str prefix);
bool pst_str_ends(struct pst_str s, struct pst_str suffix);
/* Offset of the first byte or substring, PST_NPOS when absent. */
size_t pst_str_find_byte(struct pst_str s, uint8_t byte);
size_t pst_str_find(struct pst_str s, struct pst_str needle);
/* The part from `from` of at most `n` bytes; out-of-range values are clamped. */
struct pst_str pst_str_cut(struct pst_str s, size_t from, size_t n);
static inline struct pst_str pst_str_from(struct pst_str s, size_t from)
{
    return pst_str_cut(s, from, SIZE_MAX);
}
/* Without ASCII space and tab at either end. */
struct pst_str pst_str_trim(struct pst_str s);
/* Strict decimal: digits only, no sign, no leading zero but "0" itself, no overflow. */
bool pst_str_u64(struct pst_str s, uint64_t *ret);
/* Strict decimal with an optional leading minus, no "-0". */
bool pst_str_i64(struct pst_str s, int64_t *ret);
/* Copies into a C string of `cap` bytes; false (and an empty string) when it does not fit or holds
 * a NUL. */
PST_NODISCARD bool pst_str_to_c(struct pst_str s, char *ret, size_t cap);
/* The same for texts that may be cut: as much as fits, up to the first NUL. */
void pst_str_cut_c(struct pst_str s, char *ret, size_t cap);
/* Formatted text for people, cut where it does not fit, always NUL-terminated. */
void pst_text(char *ret, size_t cap, const char *fmt, ...) PST_PRINTF(3, 4);
/* Equal or not in time that depends on the lengths only. */
bool pst_str_eq_const_time(struct pst_str a, struct pst_str b);

/* --- cursor: the one way to advance in input ------------------------------------------------- */

struct pst_cur {
    struct pst_str in;
    size_t at; /* <= in.n, always */
};

static inline struct pst_cur pst_cur_of(struct pst_str in)
{
    return (struct pst_cur){in, 0};
}

static inline bool pst_cur_done(const struct pst_cur *c)
{
    return c->at >= c->in.n;
}

static inline size_t pst_cur_left(const struct pst_cur *c)
{
    return c->in.n - c->at;
}

/* The byte `ahead` places on, or -1 past the end. */
static inline int pst_cur_peek(const struct pst_cur *c, size_t ahead)
{
    return ahead < c->in.n - c->at ? c->in.p[c->at + ahead] : -1;
}

static inline void pst_cur_skip(struct pst_cur *c, size_t n)
{
    PST_BUG_ON(n > c->in.n - c->at);
    c->at += n;
}

static inline struct pst_str pst_cur_rest(const struct pst_cur *c)
{
    return pst_str_from(c->in, c->at);
}

/* Takes exactly n bytes; false and unmoved when fewer are left. */
bool pst_cur_take(struct pst_cur *c, size_t n, struct pst_str *ret);
/* Takes a byte or a literal if it is next. */
bool pst_cur_byte(struct pst_cur *c, uint8_t byte);
bool pst_cur_lit(struct pst_cur *c, struct pst_str lit);
/* Fixed-width little- and big-endian numbers, for image and log formats. */
bool pst_cur_u8(struct pst_cur *c, uint8_t *ret);
bool pst_cur_u16le(struct pst_cur *c, uint16_t *ret);
bool pst_cur_u32le(struct pst_cur *c, uint32_t *ret);
bool pst_cur_u64le(struct pst_cur *c, uint64_t *ret);

/* Writers of the same numbers into a caller's array. */
static inline void pst_put_u16le(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}
static inline void pst_put_u32le(uint8_t *p, uint32_t v)
{
    pst_put_u16le(p, (uint16_t)v);
    pst_put_u16le(p + 2, (uint16_t)(v >> 16));
}
static inline void pst_put_u64le(uint8_t *p, uint64_t v)
{
    pst_put_u32le(p, (uint32_t)v);
    pst_put_u32le(p + 4, (uint32_t)(v >> 32));
}

#endif
