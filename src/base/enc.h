/* Encodings: hex, base64 (both alphabets, strict), Crockford base32 of 64-bit ids, CRC-32C, UTF-8
 * validation, RFC 3339 times. All pure. */
#ifndef PST_BASE_ENC_H
#define PST_BASE_ENC_H

#include "base/buf.h"
#include "base/def.h"
#include "base/str.h"

#include <stdbool.h>

/* Lower-case hex of n bytes into 2n chars (no NUL). */
void pst_hex_put(const uint8_t *in, size_t n, char *ret);
/* Strict lower- or upper-case hex of exactly 2*n digits. */
PST_NODISCARD bool pst_hex_get(struct pst_str in, uint8_t *ret, size_t n);

enum pst_b64 {
    PST_B64_STD, /* RFC 4648 §4, padded */
    PST_B64_URL, /* RFC 4648 §5, no padding (RFC 7515 §2) */
};
bool pst_b64_put(struct pst_buf *out, enum pst_b64 alphabet, struct pst_str in);
/* Strict: right alphabet and padding, no white space, unused bits zero. At most cap bytes. */
PST_NODISCARD bool pst_b64_get(struct pst_str in, enum pst_b64 alphabet, uint8_t *ret, size_t cap,
                               size_t *ret_n);

/* 13 characters of Crockford base32, sorting as the number does. */
enum { PST_ID_CHARS = 13 };
void pst_id_put(uint64_t id, char ret[PST_ID_CHARS]);
PST_NODISCARD bool pst_id_get(struct pst_str in, uint64_t *ret);

/* CRC-32C (Castagnoli, RFC 3720 §12.1), of `crc` continued; start with 0. */
uint32_t pst_crc32c(uint32_t crc, struct pst_str in);

/* Whole input is well-formed UTF-8 (Unicode 15 table 3-7: no surrogates, no overlongs). */
bool pst_utf8_valid(struct pst_str in);
/* The code point at the start and its length in bytes (1-4); 0 when ill-formed or empty. */
size_t pst_utf8_get(struct pst_str in, uint32_t *ret);
/* Writes the code point (must be a scalar value) into 4 bytes; returns the length. */
size_t pst_utf8_put(uint32_t cp, uint8_t ret[4]);

/* "2026-11-25T07:32:31.123456Z" (27 bytes) of nanoseconds since 1970, cut to microseconds. */
enum { PST_TIME_CHARS = 27 };
void pst_time_put(int64_t unix_ns, char ret[PST_TIME_CHARS]);

#endif
