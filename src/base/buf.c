#include "base/buf.h"

#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 256, BUF_FMT_MAX = 512 };

void pst_buf_init(struct pst_buf *b, size_t cap)
{
    *b = (struct pst_buf){.cap = cap};
}

static uint8_t *buf_start(const struct pst_buf *b)
{
    return b->p != NULL ? b->p - b->head : NULL;
}

void pst_buf_release(struct pst_buf *b)
{
    if (b == NULL) {
        return;
    }
    free(buf_start(b));
    *b = (struct pst_buf){.cap = b->cap};
}

void pst_buf_clear(struct pst_buf *b)
{
    b->p = buf_start(b);
    b->head = 0;
    b->n = 0;
    b->failed = false;
}

/* Makes room for `total` bytes of content (<= cap) by sliding or by growing. Sliding costs n bytes
 * moved, so it is chosen only when at least as many were consumed, or when growing is over. */
static bool buf_reserve(struct pst_buf *b, size_t total)
{
    if (b->p != NULL && total <= b->size && (b->head >= b->n || b->size >= b->cap)) {
        uint8_t *start = buf_start(b);
        memmove(start, b->p, b->n);
        b->p = start;
        b->head = 0;
        return true;
    }
    size_t size = b->size < b->cap / 2 ? b->size * 2 : b->cap;
    size = size > BUF_FIRST ? size : BUF_FIRST;
    size = size > total ? size : total;
    size = size < b->cap ? size : b->cap;
    uint8_t *p;
    if (b->head == 0) {
        p = realloc(b->p, size);
    } else {
        p = malloc(size);
        if (p != NULL) {
            memcpy(p, b->p, b->n);
            free(buf_start(b));
        }
    }
    if (p == NULL) {
        return false;
    }
    b->p = p;
    b->head = 0;
    b->size = size;
    return true;
}

static bool room_slow(struct pst_buf *b, size_t n)
{
    if (!b->failed && n <= b->cap - b->n && buf_reserve(b, b->n + n)) {
        return true;
    }
    b->failed = true;
    return false;
}

static inline bool buf_has(struct pst_buf *b, size_t n)
{
    /* the block never exceeds the cap, so what fits at its end needs no other check */
    if (__builtin_expect(!b->failed && b->p != NULL && n <= b->size - b->head - b->n, 1)) {
        return true;
    }
    return room_slow(b, n);
}

bool pst_buf_add(struct pst_buf *b, struct pst_str s)
{
    if (s.n == 0) {
        return !b->failed;
    }
    if (!buf_has(b, s.n)) {
        return false;
    }
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
    return true;
}

bool pst_buf_byte(struct pst_buf *b, uint8_t byte)
{
    if (!buf_has(b, 1)) {
        return false;
    }
    b->p[b->n++] = byte;
    return true;
}

bool pst_buf_u64(struct pst_buf *b, uint64_t v)
{
    uint8_t digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (uint8_t)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    return pst_buf_add(b, pst_str_of(&digits[at], sizeof digits - at));
}

bool pst_buf_i64(struct pst_buf *b, int64_t v)
{
    if (v >= 0) {
        return pst_buf_u64(b, (uint64_t)v);
    }
    /* sign and digits in one append, so that a failure leaves no lone sign */
    uint8_t digits[20];
    size_t at = sizeof digits;
    uint64_t rest = -(uint64_t)v;
    do {
        digits[--at] = (uint8_t)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    digits[--at] = '-';
    return pst_buf_add(b, pst_str_of(&digits[at], sizeof digits - at));
}

bool pst_buf_fmt(struct pst_buf *b, const char *fmt, ...)
{
    char text[BUF_FMT_MAX + 1];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0 || n > BUF_FMT_MAX) {
        b->failed = true;
        return false;
    }
    return pst_buf_add(b, pst_str_of(text, (size_t)n));
}

uint8_t *pst_buf_room(struct pst_buf *b, size_t n)
{
    /* n = 0 still wants a pointer that can be written through with length 0 */
    if (!buf_has(b, n)) {
        return NULL;
    }
    return b->p + b->n;
}

void pst_buf_added(struct pst_buf *b, size_t n)
{
    PST_BUG_ON(n > b->size - b->head - b->n);
    b->n += n;
}

void pst_buf_consume(struct pst_buf *b, size_t n)
{
    PST_BUG_ON(n > b->n);
    b->n -= n;
    if (b->n == 0) {
        b->p = buf_start(b);
        b->head = 0;
    } else {
        b->p += n;
        b->head += n;
    }
}

void pst_buf_truncate(struct pst_buf *b, size_t n)
{
    PST_BUG_ON(n > b->n);
    b->n = n;
    if (n == 0) {
        b->p = buf_start(b);
        b->head = 0;
    }
}
