/* What the files of the HTTP/1.1 codec share, and the head of HTTP/2 with them; nobody else
 * includes this. */
#ifndef PST_WIRE_H1_IMPL_H
#define PST_WIRE_H1_IMPL_H

#include "wire/h1.h"

enum h1_state {
    H1_FIRST,   /* request or status line */
    H1_HEADERS, /* header lines */
    H1_LENGTH,  /* `left` bytes of body */
    H1_CLOSE,   /* body until the peer closes */
    H1_SIZE,    /* digits of a chunk size */
    H1_SIZE_LF,
    H1_DATA, /* `left` bytes of chunk data */
    H1_DATA_CR,
    H1_DATA_LF,
    H1_LAST_CR, /* the CR LF after the last chunk, where trailers would be */
    H1_LAST_LF,
    H1_END,  /* END is due and needs no byte */
    H1_DONE, /* END was given */
    H1_FAILED,
};

/* What a byte may be part of. */
enum {
    H1_C_TOKEN = 1,      /* RFC 9110 §5.6.2 tchar */
    H1_C_PATH = 2,       /* pchar without ';' and '%', RFC 3986 §3.3 */
    H1_C_QUERY = 4,      /* pchar, '/' and '?', without '%', RFC 3986 §3.4 */
    H1_C_UNRESERVED = 8, /* RFC 3986 §2.3 */
    H1_C_NAME = 16,      /* of a host name: letter, digit, '-', '_', '.' */
    H1_C_HEX = 32,       /* hexadecimal digit */
};
extern const uint8_t pst_h1_class[256];
/* Lower case of a token byte; 0 for every other byte. */
extern const uint8_t pst_h1_lower[256];

static inline bool h1_is(uint8_t byte, unsigned classes)
{
    return (pst_h1_class[byte] & classes) != 0;
}

enum { H1_METHOD_BYTES = 32 }; /* of a method's name, at most */
enum pst_h1_method pst_h1_method_of(struct pst_str name);

/* 0-15, or -1 */
int pst_h1_hex(uint8_t byte);
/* No control character but HTAB. */
bool pst_h1_value_clean(struct pst_str s);

/* Known fields: the ones this codec acts on, and the ones that may come once only. */
enum h1_field {
    H1_F_NONE,
    H1_F_CONNECTION,
    H1_F_CONTENT_LENGTH,
    H1_F_EXPECT,
    H1_F_HOST,
    H1_F_KEEP_ALIVE,
    H1_F_TE,
    H1_F_TRAILER,
    H1_F_TRANSFER_ENCODING,
    H1_F_UPGRADE,
    H1_F_OTHERS, /* singletons without a meaning here, one number each from this one on */
};
struct h1_known {
    struct pst_str name;
    uint8_t field; /* enum h1_field or beyond; below 64 */
    bool once[2];  /* by enum pst_h1_kind */
};
/* The row of a lower-case name, or NULL. */
const struct h1_known *pst_h1_known(struct pst_str name);
/* A name, in any case, that only the writer itself may write. */
bool pst_h1_framing_field(struct pst_str name);

/* Remembers the refusal; returns the code, so that it stands inside pst_fail. */
static inline enum pst_error h1_refuse(struct pst_h1 *h, enum pst_error code)
{
    h->state = H1_FAILED;
    h->failed = code;
    return code;
}

/* Judges the line block[line_at .. block_n), which ends in LF, in place. AGAIN: more lines follow.
 * OK: the head is complete in h->head and the state is that of the body. */
enum pst_status pst_h1_head_line(struct pst_h1 *h, struct pst_err *err);
/* Back to the start of a head, keeping the memory of the block. */
void pst_h1_head_clear(struct pst_h1 *h);

#endif
