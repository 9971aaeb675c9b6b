#include "crypto/x509.h"

#include "crypto/ossl.h"
#include "crypto/tls_scheme.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { SECURITY_BITS = 112 };

/* --- texts -------------------------------------------------------------------------------- */

/* How many blocks there are, all of them certificates. OpenSSL's reader passes over blocks of other
 * kinds in silence. */
static enum pst_status count_blocks(struct pst_str pem, uint32_t cap, uint32_t *ret,
                                    struct pst_err *err)
{
    uint32_t n = 0;
    size_t at = 0;
    for (;;) {
        struct pst_str rest = pst_str_from(pem, at);
        size_t begin = pst_str_find(rest, PST_STR("-----BEGIN "));
        if (begin == PST_NPOS) {
            break;
        }
        struct pst_str label = pst_str_from(rest, begin + sizeof "-----BEGIN " - 1);
        size_t end = pst_str_find(label, PST_STR("-----"));
        label = pst_str_cut(label, 0, end == PST_NPOS ? 0 : end);
        if (pst_str_ends(label, PST_STR("PRIVATE KEY"))) {
            return pst_fail(err, PST_E_CONFIG,
                            "it holds a private key; keep the key in a file of its own");
        }
        if (!pst_str_eq(label, PST_STR("CERTIFICATE"))) {
            return pst_fail(err, PST_E_CONFIG, "it holds something that is not a certificate");
        }
        at += begin + 1;
        if (++n > cap) {
            return pst_fail(err, PST_E_CONFIG, "it holds more than %u certificates", cap);
        }
    }
    if (n == 0) {
        return pst_fail(err, PST_E_CONFIG,
                        "it is not PEM: there is no -----BEGIN CERTIFICATE----- in it");
    }
    *ret = n;
    return PST_OK;
}

static BIO *reader(struct pst_str pem, struct pst_err *err)
{
    BIO *bio = pem.n <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    if (bio == NULL) {
        (void)pst_fail(err, PST_E_NO_MEMORY, "no memory for a certificate");
    }
    return bio;
}

/* The next certificate of a text. */
static X509 *next(BIO *bio, uint32_t at, struct pst_err *err)
{
    X509 *cert = PEM_read_bio_X509(bio, NULL, pst_ossl_no_password, NULL);
    if (cert == NULL) {
        char what[64];
        pst_text(what, sizeof what, "certificate %u cannot be read", at + 1);
        (void)pst_ossl_fail(err, PST_E_CONFIG, what);
    }
    return cert;
}

static enum pst_status put(struct pst_buf *out, const X509 *cert, struct pst_err *err)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    enum pst_status status = PST_ERR;
    if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1) {
        long n = BIO_get_mem_data(bio, &text);
        status = n > 0 && pst_buf_add(out, pst_str_of(text, (size_t)n)) ? PST_OK : PST_ERR;
    }
    BIO_free(bio);
    return status == PST_OK ? PST_OK : pst_fail(err, PST_E_LIMIT, "its certificates are too large");
}

/* --- one certificate ---------------------------------------------------------------------- */

static enum pst_status seconds(const ASN1_TIME *time, int64_t *ret, struct pst_err *err)
{
    ASN1_TIME *zero = ASN1_TIME_set(NULL, 0);
    int days = 0, rest = 0;
    bool ok = zero != NULL && ASN1_TIME_diff(&days, &rest, zero, time) == 1;
    ASN1_TIME_free(zero);
    if (!ok) {
        return pst_ossl_fail(err, PST_E_CONFIG, "a date of the certificate cannot be read");
    }
    *ret = (int64_t)days * 86400 + rest;
    return PST_OK;
}

/* Only what the TLS server can sign with: told here, or no handshake would ever succeed. */
static enum pst_status key_read(const X509 *cert, uint8_t ret_spki[PST_X509_SPKI_BYTES],
                                struct pst_err *err)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    enum pst_tls_kind kind;
    if (key == NULL) {
        return pst_ossl_fail(err, PST_E_CONFIG, "the key of the certificate cannot be read");
    }
    if (!pst_tls_kind_of(key, &kind)) {
        return pst_fail(err, PST_E_CONFIG,
                        "its key of %d bits is of a kind or size that is not served; use EC P-256 "
                        "or P-384, RSA with 2048 to 4096 bits, or Ed25519",
                        EVP_PKEY_get_bits(key));
    }
    return pst_tls_spki_of(key, ret_spki)
               ? PST_OK
               : pst_ossl_fail(err, PST_E_CONFIG, "the key of the certificate cannot be read");
}

/* A root signs itself, and nobody looks at that signature. */
static enum pst_status signature_check(X509 *cert, uint32_t at, struct pst_err *err)
{
    int bits = 0;
    if (X509_check_issued(cert, cert) == X509_V_OK) {
        return PST_OK;
    }
    if (X509_get_signature_info(cert, NULL, NULL, &bits, NULL) != 1 || bits < SECURITY_BITS) {
        ERR_clear_error();
        return pst_fail(err, PST_E_CONFIG,
                        "certificate %u is signed with an algorithm that nobody trusts any more",
                        at + 1);
    }
    return PST_OK;
}

static bool named(const X509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type = sk_GENERAL_NAME_value(names, i)->type;
        found = found || type == GEN_DNS || type == GEN_IPADD;
    }
    GENERAL_NAMES_free(names);
    ERR_clear_error();
    return found;
}

static enum pst_status leaf_read(const X509 *cert, struct pst_x509_leaf *leaf, struct pst_err *err)
{
    leaf->named = named(cert);
    if (key_read(cert, leaf->spki, err) != PST_OK ||
        seconds(X509_get0_notBefore(cert), &leaf->from_s, err) != PST_OK) {
        return PST_ERR;
    }
    return seconds(X509_get0_notAfter(cert), &leaf->to_s, err);
}

/* --- chains and bundles ------------------------------------------------------------------- */

enum pst_status pst_x509_chain(struct pst_str pem, struct pst_x509_leaf *ret, struct pst_buf *out,
                               struct pst_err *err)
{
    struct pst_x509_leaf leaf = {.ordered = true};
    if (count_blocks(pem, PST_X509_CHAIN_MAX, &leaf.n, err) != PST_OK) {
        return PST_ERR;
    }
    BIO *bio = reader(pem, err);
    X509 *before = NULL;
    enum pst_status status = bio != NULL ? PST_OK : PST_ERR;
    for (uint32_t i = 0; status == PST_OK && i < leaf.n; i++) {
        X509 *cert = next(bio, i, err);
        if (cert == NULL) {
            status = PST_ERR;
            break;
        }
        if (i == 0) {
            status = leaf_read(cert, &leaf, err);
        } else {
            leaf.ordered = leaf.ordered && X509_check_issued(cert, before) == X509_V_OK;
        }
        if (status == PST_OK) {
            status = signature_check(cert, i, err);
        }
        if (status == PST_OK) {
            status = put(out, cert, err);
        }
        X509_free(before);
        before = cert;
    }
    X509_free(before);
    BIO_free(bio);
    if (status == PST_OK) {
        *ret = leaf;
    }
    return status;
}

enum pst_status pst_x509_authorities(struct pst_str pem, struct pst_buf *out, struct pst_err *err)
{
    uint32_t n = 0;
    if (count_blocks(pem, PST_X509_BUNDLE_MAX, &n, err) != PST_OK) {
        return PST_ERR;
    }
    BIO *bio = reader(pem, err);
    enum pst_status status = bio != NULL ? PST_OK : PST_ERR;
    for (uint32_t i = 0; status == PST_OK && i < n; i++) {
        X509 *cert = next(bio, i, err);
        if (cert == NULL) {
            status = PST_ERR;
            break;
        }
        if (X509_check_ca(cert) == 0) {
            status = pst_fail(err, PST_E_CONFIG,
                              "certificate %u is not an authority: it may not issue others", i + 1);
        }
        if (status == PST_OK) {
            status = put(out, cert, err);
        }
        X509_free(cert);
    }
    BIO_free(bio);
    return status;
}
