/* Buffers: growable, owned, never without a cap. A failed append leaves the content as it was and
 * sets `failed`, which stays until clear and refuses further appends: a writer may append freely
 * and check once. */
#ifndef PST_BASE_BUF_H
#define PST_BASE_BUF_H

#include "base/def.h"
#include "base/str.h"

#include <stdbool.h>

struct pst_buf {
    uint8_t *p;
    size_t n;    /* bytes of content */
    size_t size; /* bytes allocated; private */
    size_t cap;  /* content never exceeds this */
    size_t head; /* consumed bytes before p[0]; private */
    bool failed;
};

void pst_buf_init(struct pst_buf *b, size_t cap);
void pst_buf_release(struct pst_buf *b);
/* Empty and not failed; keeps the memory. */
void pst_buf_clear(struct pst_buf *b);

/* s must not point into b itself. */
bool pst_buf_add(struct pst_buf *b, struct pst_str s);
bool pst_buf_byte(struct pst_buf *b, uint8_t byte);
#define PST_BUF_LIT(b, literal) pst_buf_add((b), PST_STR(literal))
bool pst_buf_u64(struct pst_buf *b, uint64_t v);
bool pst_buf_i64(struct pst_buf *b, int64_t v);
/* Formatted text of at most 512 bytes; for messages and heads, not for bodies. */
bool pst_buf_fmt(struct pst_buf *b, const char *fmt, ...) PST_PRINTF(2, 3);
/* Room for n more bytes, to be filled by the caller and then counted with pst_buf_added. NULL, and
 * failed, past the cap. Ask for cap - n at most where a full buffer is no failure. */
PST_NODISCARD uint8_t *pst_buf_room(struct pst_buf *b, size_t n);
void pst_buf_added(struct pst_buf *b, size_t n);
/* Drops the first n bytes (n <= b->n), without moving the rest. */
void pst_buf_consume(struct pst_buf *b, size_t n);
/* Drops everything past n bytes (n <= b->n). */
void pst_buf_truncate(struct pst_buf *b, size_t n);
static inline struct pst_str pst_buf_str(const struct pst_buf *b)
{
    return (struct pst_str){b->p, b->n};
}

#endif
