#include "rules/image_build.h"

#include "crypto/hash.h"

static bool put_u32(struct pst_buf *out, uint32_t v)
{
    uint8_t bytes[4];
    pst_put_u32le(bytes, v);
    return pst_buf_add(out, pst_str_of(bytes, sizeof bytes));
}

static bool put_u64(struct pst_buf *out, uint64_t v)
{
    uint8_t bytes[8];
    pst_put_u64le(bytes, v);
    return pst_buf_add(out, pst_str_of(bytes, sizeof bytes));
}

static size_t aligned(size_t n)
{
    return (n + 63) / 64 * 64;
}

static bool zeros(struct pst_buf *out, size_t n)
{
    bool ok = true;
    for (size_t i = 0; i < n && ok; i++) {
        ok = pst_buf_byte(out, 0);
    }
    return ok;
}

enum pst_status pst_inspect_image_build(const struct pst_image_part *parts, size_t n,
                                        struct pst_buf *out, struct pst_err *err)
{
    const size_t begin = out->n, head = aligned(32 + n * 56);
    size_t at = head;
    PST_BUG_ON(n > PST_INSPECT_SECTIONS_MAX);
    for (size_t i = 0; i < n; i++) {
        at += aligned(parts[i].bytes.n);
    }
    bool ok = pst_buf_add(out, PST_STR("PSTINSP\x01")) && put_u64(out, at) &&
              put_u32(out, (uint32_t)n) && zeros(out, 12);
    at = head;
    for (size_t i = 0; i < n && ok; i++) {
        uint8_t digest[32];
        pst_sha256(parts[i].bytes, digest);
        ok = put_u32(out, (uint32_t)parts[i].kind) && put_u32(out, 0) && put_u64(out, at) &&
             put_u64(out, parts[i].bytes.n) && pst_buf_add(out, pst_str_of(digest, sizeof digest));
        at += aligned(parts[i].bytes.n);
    }
    ok = ok && zeros(out, begin + head - out->n);
    for (size_t i = 0; i < n && ok; i++) {
        ok = pst_buf_add(out, parts[i].bytes) &&
             zeros(out, aligned(parts[i].bytes.n) - parts[i].bytes.n);
    }
    return ok ? PST_OK : pst_fail(err, PST_E_LIMIT, "the inspection image is too large");
}
