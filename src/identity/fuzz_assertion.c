/* Tokens: the bytes as they are, and the bytes signed with the right key, so that what lies behind
 * the signature is reached too. What is accepted keeps its promises. */
#include "base/enc.h"
#include "crypto/hash.h"
#include "identity/assertion.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEY PST_STR("pst_0123456789ab_CAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJic000000")

static bool verify(struct pst_str token)
{
    struct pst_arena arena;
    struct pst_str sub;
    struct pst_err err = {0};
    pst_arena_init(&arena, 4096, 65536);
    bool ok = pst_assertion_verify(token, KEY, 1800000000, 300, &arena, &sub, &err) == PST_OK;
    PST_BUG_ON(ok && (sub.n == 0 || sub.n > PST_ASSERTION_SUB_MAX || !pst_utf8_valid(sub)));
    PST_BUG_ON(!ok && err.code != PST_E_ASSERTION_INVALID);
    pst_arena_release(&arena);
    return ok;
}

/* header NUL claims → a token of them with a good signature */
static bool sign(struct pst_str in, struct pst_buf *out)
{
    struct pst_hmac hmac;
    uint8_t mac[32];
    struct pst_err err = {0};
    size_t cut = pst_str_find_byte(in, 0);
    if (cut == PST_NPOS || !pst_b64_put(out, PST_B64_URL, pst_str_cut(in, 0, cut)) ||
        !pst_buf_byte(out, '.') || !pst_b64_put(out, PST_B64_URL, pst_str_from(in, cut + 1)) ||
        pst_hmac_init(&hmac, KEY, &err) != PST_OK) {
        return false;
    }
    pst_hmac_once(&hmac, pst_buf_str(out), mac);
    pst_hmac_release(&hmac);
    return pst_buf_byte(out, '.') && pst_b64_put(out, PST_B64_URL, pst_str_of(mac, sizeof mac));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_str in = pst_str_of(data, size);
    struct pst_buf token;
    (void)verify(in);
    pst_buf_init(&token, 16384);
    if (sign(in, &token) && verify(pst_buf_str(&token))) {
        token.p[token.n - 10] ^= 1; /* no token is good with another signature */
        PST_BUG_ON(verify(pst_buf_str(&token)));
    }
    pst_buf_release(&token);
    return 0;
}
