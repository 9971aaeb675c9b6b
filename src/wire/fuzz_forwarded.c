/* The first byte chooses the header's name, the rest is its value. What is read lies inside it. */
#include "wire/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct pst_str in = pst_str_from(pst_str_of(data, size), 1);
    struct pst_forwarded f = {.n = 0};
    struct pst_err err = {0};
    enum pst_status status = (data[0] & 1) != 0 ? pst_forwarded_for(&f, in, &err)
                                                : pst_forwarded_elements(&f, in, &err);
    PST_BUG_ON((status == PST_OK) != (err.code == PST_E_NONE) || f.n > PST_FORWARDED_MAX);
    PST_BUG_ON(status == PST_OK && f.n == 0);
    for (size_t i = 0; i < f.n; i++) {
        PST_BUG_ON(f.from[i].n > 0 && (f.from[i].p < in.p || f.from[i].n > in.n));
    }
    return 0;
}
