/* Decoders of base: what they accept encodes back to the same text. */
#include "base/enc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void base64(struct pst_str in)
{
    for (int i = 0; i < 2; i++) {
        enum pst_b64 alphabet = i == 0 ? PST_B64_STD : PST_B64_URL;
        uint8_t *bytes = malloc(in.n + 1);
        size_t n = 0;
        if (bytes != NULL && pst_b64_get(in, alphabet, bytes, in.n, &n)) {
            struct pst_buf out;
            pst_buf_init(&out, in.n);
            PST_BUG_ON(!pst_b64_put(&out, alphabet, pst_str_of(bytes, n)));
            PST_BUG_ON(!pst_str_eq(pst_buf_str(&out), in));
            pst_buf_release(&out);
        }
        free(bytes);
    }
}

/* The fast check of a whole text against the step-by-step reader. */
static void utf8(struct pst_str in)
{
    size_t at = 0;
    while (at < in.n) {
        uint32_t cp;
        uint8_t bytes[4];
        size_t n = pst_utf8_get(pst_str_from(in, at), &cp);
        if (n == 0) {
            break;
        }
        PST_BUG_ON(pst_utf8_put(cp, bytes) != n);
        PST_BUG_ON(!pst_str_eq(pst_str_of(bytes, n), pst_str_cut(in, at, n)));
        at += n;
    }
    PST_BUG_ON(pst_utf8_valid(in) != (at == in.n));
}

static void small(struct pst_str in)
{
    uint64_t u;
    int64_t v;
    char text[21];
    struct pst_buf out;
    pst_buf_init(&out, 64);
    if (pst_str_u64(in, &u)) {
        PST_BUG_ON(!pst_buf_u64(&out, u) || !pst_str_eq(pst_buf_str(&out), in));
    }
    pst_buf_clear(&out);
    if (pst_str_i64(in, &v)) {
        PST_BUG_ON(!pst_buf_i64(&out, v) || !pst_str_eq(pst_buf_str(&out), in));
    }
    if (pst_id_get(in, &u)) {
        pst_id_put(u, text);
        PST_BUG_ON(!pst_str_eq(pst_str_of(text, PST_ID_CHARS), in));
    }
    uint8_t bytes[8];
    if (pst_hex_get(in, bytes, sizeof bytes)) {
        pst_hex_put(bytes, sizeof bytes, text);
        PST_BUG_ON(!pst_str_eq_nocase(pst_str_of(text, 16), in));
    }
    pst_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_str in = pst_str_of(data, size);
    base64(in);
    utf8(in);
    small(in);
    return 0;
}
