/* PEM texts of an operator: whatever they hold, what comes out is certificates alone: no label of a
 * key, which base64 cannot spell because of its space. */
#include "base/def.h"
#include "crypto/crypto.h"
#include "crypto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_x509_leaf leaf = {.n = 0};
    struct pst_err err = {0};
    struct pst_buf out;
    struct pst_str pem = pst_str_of(data, size);
    PST_BUG_ON(pst_crypto_init(&err) != PST_OK);
    pst_buf_init(&out, 1 << 20);
    if (pst_x509_chain(pem, &leaf, &out, &err) == PST_OK) {
        PST_BUG_ON(leaf.n == 0 || leaf.n > PST_X509_CHAIN_MAX || out.n == 0);
        PST_BUG_ON(pst_str_find(pst_buf_str(&out), PST_STR("PRIVATE KEY")) != PST_NPOS);
    } else {
        PST_BUG_ON(err.text[0] == 0);
    }
    pst_buf_clear(&out);
    if (pst_x509_authorities(pem, &out, &err) == PST_OK) {
        PST_BUG_ON(pst_str_find(pst_buf_str(&out), PST_STR("PRIVATE KEY")) != PST_NPOS);
    }
    pst_buf_release(&out);
    return 0;
}
