/* Keys and signatures from outside: PEM, JWK members, DER. The first byte chooses. */
#include "crypto/crypto.h"
#include "crypto/sign.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(struct pst_key *k, struct pst_str sig)
{
    if (k == NULL) {
        return;
    }
    const enum pst_sig algs[] = {PST_SIG_EDDSA, PST_SIG_ES256, PST_SIG_RS256};
    for (size_t i = 0; i < PST_LEN(algs); i++) {
        bool ok = pst_key_verify(k, algs[i], PST_STR("message"), sig);
        PST_BUG_ON(ok && algs[i] != pst_key_alg(k));
    }
    struct pst_buf out;
    struct pst_key *again = NULL;
    pst_buf_init(&out, 8192);
    PST_BUG_ON(pst_key_public_pem(k, &out, NULL) != PST_OK);
    PST_BUG_ON(pst_key_from_public_pem(pst_buf_str(&out), &again, NULL) != PST_OK);
    PST_BUG_ON(pst_key_alg(again) != pst_key_alg(k));
    pst_key_free(again);
    pst_buf_release(&out);
    pst_key_free(k);
}

static void der(struct pst_str in)
{
    uint8_t raw[64], again[72];
    size_t n = 0;
    if (pst_ecdsa_der_to_raw(in, raw)) {
        PST_BUG_ON(!pst_ecdsa_raw_to_der(pst_str_of(raw, 64), again, &n));
        PST_BUG_ON(!pst_str_eq(pst_str_of(again, n), in));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (pst_crypto_init(NULL) != PST_OK) {
        abort();
    }
    struct pst_str in = pst_str_from(pst_str_of(data, size), 1);
    struct pst_key *k = NULL;
    struct pst_secret *secret;
    enum pst_status status = PST_ERR;
    switch (size > 0 ? data[0] % 6 : 0) {
    case 0:
        status = pst_key_from_public_pem(in, &k, NULL);
        break;
    case 1:
        secret = pst_secret_new(in);
        status = secret != NULL ? pst_key_from_pem(secret, &k, NULL) : PST_ERR;
        pst_secret_free(secret);
        break;
    case 2:
        status = pst_key_from_p256(pst_str_cut(in, 0, 32), pst_str_cut(in, 32, 32), &k, NULL);
        break;
    case 3:
        status = pst_key_from_rsa(pst_str_from(in, 4), pst_str_cut(in, 0, 4), &k, NULL);
        break;
    case 4:
        status = pst_key_from_ed25519(pst_str_cut(in, 0, 32), &k, NULL);
        break;
    default:
        der(in);
        break;
    }
    PST_BUG_ON((status == PST_OK) != (k != NULL));
    use(k, pst_str_from(in, 32));
    return 0;
}
