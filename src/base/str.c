#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"

int pst_str_cmp(struct pst_str a, struct pst_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool pst_str_eq_nocase(struct pst_str a, struct pst_str b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (a.p[i] != b.p[i] && lower(a.p[i]) != lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

bool pst_str_starts(struct pst_str s, struct pst_str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool pst_str_ends(struct pst_str s, struct pst_str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

size_t pst_str_find_byte(struct pst_str s, uint8_t byte)
{
    const uint8_t *hit = s.n > 0 ? memchr(s.p, byte, s.n) : NULL;
    return hit != NULL ? (size_t)(hit - s.p) : PST_NPOS;
}

size_t pst_str_find(struct pst_str s, struct pst_str needle)
{
    if (needle.n == 0) {
        return 0;
    }
    if (needle.n > s.n) {
        return PST_NPOS;
    }
    const uint8_t *hit = memmem(s.p, s.n, needle.p, needle.n);
    return hit != NULL ? (size_t)(hit - s.p) : PST_NPOS;
}

struct pst_str pst_str_cut(struct pst_str s, size_t from, size_t n)
{
    size_t at = from < s.n ? from : s.n;
    size_t left = s.n - at;
    return (struct pst_str){s.p != NULL ? s.p + at : NULL, n < left ? n : left};
}

struct pst_str pst_str_trim(struct pst_str s)
{
    size_t from = 0, to = s.n;
    while (from < to && (s.p[from] == ' ' || s.p[from] == '\t')) {
        from++;
    }
    while (to > from && (s.p[to - 1] == ' ' || s.p[to - 1] == '\t')) {
        to--;
    }
    return pst_str_cut(s, from, to - from);
}

bool pst_str_u64(struct pst_str s, uint64_t *ret)
{
    if (s.n == 0 || s.n > 20 || (s.p[0] == '0' && s.n > 1)) {
        return false;
    }
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || !pst_mul_u64(v, 10, &v) ||
            !pst_add_u64(v, (uint64_t)(s.p[i] - '0'), &v)) {
            return false;
        }
    }
    *ret = v;
    return true;
}

bool pst_str_i64(struct pst_str s, int64_t *ret)
{
    bool minus = s.n > 0 && s.p[0] == '-';
    uint64_t v;
    if (!pst_str_u64(minus ? pst_str_from(s, 1) : s, &v)) {
        return false;
    }
    if (!minus) {
        if (v > INT64_MAX) {
            return false;
        }
        *ret = (int64_t)v;
        return true;
    }
    if (v == 0 || v > (uint64_t)INT64_MAX + 1) {
        return false;
    }
    *ret = -(int64_t)(v - 1) - 1; /* the least value has no positive twin */
    return true;
}

void pst_text(char *ret, size_t cap, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (vsnprintf(ret, cap, fmt, args) < 0) {
        ret[0] = 0;
    }
    va_end(args);
}

void pst_str_cut_c(struct pst_str s, char *ret, size_t cap)
{
    PST_BUG_ON(cap == 0);
    struct pst_str kept = pst_str_cut(s, 0, cap - 1);
    size_t nul = pst_str_find_byte(kept, 0);
    size_t n = nul != PST_NPOS ? nul : kept.n;
    if (n > 0) {
        memcpy(ret, kept.p, n);
    }
    ret[n] = 0;
}

bool pst_str_to_c(struct pst_str s, char *ret, size_t cap)
{
    if (cap == 0) {
        return false;
    }
    if (s.n >= cap || pst_str_find_byte(s, 0) != PST_NPOS) {
        ret[0] = '\0';
        return false;
    }
    if (s.n > 0) {
        memcpy(ret, s.p, s.n);
    }
    ret[s.n] = '\0';
    return true;
}

bool pst_str_eq_const_time(struct pst_str a, struct pst_str b)
{
    if (a.n != b.n) {
        return false;
    }
    uint8_t diff = 0;
    for (size_t i = 0; i < a.n; i++) {
        diff = (uint8_t)(diff | (a.p[i] ^ b.p[i]));
        /* hides the value, so that no compiler may stop at the first difference */
        __asm__("" : "+r"(diff));
    }
    return diff == 0;
}

bool pst_cur_take(struct pst_cur *c, size_t n, struct pst_str *ret)
{
    if (n > pst_cur_left(c)) {
        return false;
    }
    *ret = pst_str_cut(c->in, c->at, n);
    c->at += n;
    return true;
}

bool pst_cur_byte(struct pst_cur *c, uint8_t byte)
{
    if (pst_cur_peek(c, 0) != byte) {
        return false;
    }
    c->at++;
    return true;
}

bool pst_cur_lit(struct pst_cur *c, struct pst_str lit)
{
    if (!pst_str_starts(pst_cur_rest(c), lit)) {
        return false;
    }
    c->at += lit.n;
    return true;
}

static bool number(struct pst_cur *c, size_t bytes, uint64_t *ret)
{
    struct pst_str s;
    if (!pst_cur_take(c, bytes, &s)) {
        return false;
    }
    uint64_t v = 0;
    for (size_t i = bytes; i > 0; i--) {
        v = v << 8 | s.p[i - 1];
    }
    *ret = v;
    return true;
}

bool pst_cur_u8(struct pst_cur *c, uint8_t *ret)
{
    uint64_t v;
    if (!number(c, 1, &v)) {
        return false;
    }
    *ret = (uint8_t)v;
    return true;
}

bool pst_cur_u16le(struct pst_cur *c, uint16_t *ret)
{
    uint64_t v;
    if (!number(c, 2, &v)) {
        return false;
    }
    *ret = (uint16_t)v;
    return true;
}

bool pst_cur_u32le(struct pst_cur *c, uint32_t *ret)
{
    uint64_t v;
    if (!number(c, 4, &v)) {
        return false;
    }
    *ret = (uint32_t)v;
    return true;
}

bool pst_cur_u64le(struct pst_cur *c, uint64_t *ret)
{
    return number(c, 8, ret);
}
