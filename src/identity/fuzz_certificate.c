/* The first byte chooses: a chain of certificates against an authority, or a pattern and a name,
 * one after the other with a line feed between them. */
#include "crypto/crypto.h"
#include "identity/certificate_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An authority that signed one of the seeds; its key was thrown away. */
static const char authority[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBGjCBwKADAgECAgEBMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAWEwHhcNMjYw\n"
                                "MTAxMDAwMDAwWhcNNDYwMTAxMDAwMDAwWjAMMQowCAYDVQQDDAFhMFkwEwYHKoZI\n"
                                "zj0CAQYIKoZIzj0DAQcDQgAETMv2nGYG/2kAI9tNE5gkBWROEdXjKMxppzKnkl9X\n"
                                "tVx4rGdVrU2FxiTmxyFSXNjjpS0Mq6hlpqWCarHTDOhWnaMTMBEwDwYDVR0TAQH/\n"
                                "BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEA3nDATnuVY7thMyQMxgZZpREtNnz4\n"
                                "UkICUQQJjIGEQ3sCIQClx97sXPuvMlPFqxjvSGP5E9LSdfJ9gjVRDQ7MYJdf9w==\n"
                                "-----END CERTIFICATE-----\n";

static void chain(struct pst_str in)
{
    struct pst_x509_anchors *anchors = NULL;
    struct pst_x509_client client;
    struct pst_arena arena;
    struct pst_err err = {0};
    PST_BUG_ON(pst_crypto_init(&err) != PST_OK);
    PST_BUG_ON(pst_x509_anchors_new(pst_str_c(authority), &anchors, &err) != PST_OK);
    pst_arena_init(&arena, 4096, 1 << 18);
    if (pst_x509_client_verify(anchors, in, 1900000000, &arena, &client, &err) == PST_OK) {
        for (size_t i = 0; i < client.n_names; i++) {
            PST_BUG_ON(client.names[i].text.n == 0);
            PST_BUG_ON(pst_str_find_byte(client.names[i].text, 0) != PST_NPOS);
        }
    } else {
        PST_BUG_ON(err.code == PST_E_NONE);
    }
    pst_arena_release(&arena);
    pst_x509_anchors_free(anchors);
}

static void pattern(struct pst_str in)
{
    size_t end = pst_str_find_byte(in, '\n');
    struct pst_str p = pst_str_cut(in, 0, end);
    struct pst_str name = end == PST_NPOS ? p : pst_str_from(in, end + 1);
    for (int i = PST_X509_URI; i <= PST_X509_EMAIL; i++) {
        enum pst_x509_name_kind kind = (enum pst_x509_name_kind)i;
        if (pst_certificate_pattern_fault(kind, p) == NULL) {
            bool ok = pst_certificate_pattern_matches(kind, p, name);
            PST_BUG_ON(ok && pst_str_find_byte(name, '*') != PST_NPOS);
            PST_BUG_ON(ok && pst_str_find_byte(name, 0) != PST_NPOS);
            /* a SPIFFE ID by a pattern is one */
            PST_BUG_ON(ok && kind == PST_X509_URI && pst_spiffe_id_meant(p) &&
                       !pst_spiffe_id_valid(name) && pst_str_find_byte(name, '~') == PST_NPOS);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pst_str in = pst_str_from(pst_str_of(data, size), 1);
    if (size > 0) {
        if ((data[0] & 1) != 0) {
            chain(in);
        } else {
            pattern(in);
        }
    }
    return 0;
}
