#include "inspect/image.h"

#include "base/str.h"

enum { HEAD = 32, ROW = 56 };

enum pst_status pst_inspect_image_section(struct pst_str image, enum pst_inspect_section kind,
                                          struct pst_str *ret, struct pst_err *err)
{
    struct pst_cur c = pst_cur_of(image);
    struct pst_str zeros;
    uint64_t size;
    uint32_t n;
    if (!pst_cur_lit(&c, PST_STR("PSTINSP\x01")) || !pst_cur_u64le(&c, &size) || size != image.n ||
        !pst_cur_u32le(&c, &n) || n > PST_INSPECT_SECTIONS_MAX ||
        !pst_cur_take(&c, HEAD - 20, &zeros)) {
        return pst_fail(err, PST_E_CONFIG, "inspection image: not of this version, or cut off");
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t row_kind, zero;
        uint64_t at, bytes;
        struct pst_str digest;
        if (!pst_cur_u32le(&c, &row_kind) || !pst_cur_u32le(&c, &zero) || !pst_cur_u64le(&c, &at) ||
            !pst_cur_u64le(&c, &bytes) || !pst_cur_take(&c, 32, &digest) || at % 64 != 0 ||
            at > image.n || bytes > image.n - at) {
            return pst_fail(err, PST_E_CONFIG, "inspection image: a section lies outside");
        }
        if (row_kind == (uint32_t)kind) {
            *ret = pst_str_cut(image, (size_t)at, (size_t)bytes);
            return PST_OK;
        }
    }
    return pst_fail(err, PST_E_NOT_FOUND, "inspection image: there is no such section");
}
