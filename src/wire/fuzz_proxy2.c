/* One byte says how long the pieces are, the rest is what a balancer sends. However it is cut, the
 * result is the same, and no byte beyond the header is asked for. */
#include "wire/proxy2.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 512 };

static enum pst_status play(struct pst_proxy2 *p, struct pst_str in, size_t piece, size_t *ret_used,
                            enum pst_error *ret_code)
{
    struct pst_err err = {0};
    enum pst_status status = PST_AGAIN;
    size_t used = 0;
    pst_proxy2_init(p, LIMIT);
    while (status == PST_AGAIN && used < in.n) {
        size_t n = pst_proxy2_want(p);
        PST_BUG_ON(n == 0 || n > PST_PROXY2_FIXED + LIMIT);
        struct pst_str bytes = pst_str_cut(in, used, n < piece ? n : piece);
        used += bytes.n;
        status = pst_proxy2_feed(p, bytes, &err);
    }
    *ret_used = used;
    *ret_code = err.code;
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct pst_str in = pst_str_from(pst_str_of(data, size), 1);
    struct pst_proxy2 a, b;
    size_t used_a, used_b;
    enum pst_error code_a, code_b;
    enum pst_status whole = play(&a, in, SIZE_MAX, &used_a, &code_a);
    enum pst_status cut = play(&b, in, 1 + data[0] % 17, &used_b, &code_b);
    PST_BUG_ON(whole != cut || code_a != code_b);
    if (whole == PST_OK) {
        PST_BUG_ON(used_a != used_b || a.source != b.source || a.port != b.port);
        PST_BUG_ON(memcmp(a.address, b.address, sizeof a.address) != 0);
        PST_BUG_ON(!pst_proxy2_begins(in));
    }
    pst_proxy2_release(&a);
    pst_proxy2_release(&b);
    return 0;
}
