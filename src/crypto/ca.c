#include "crypto/ca.h"

#include "crypto/key.h"
#include "crypto/ossl.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

enum { DAY_S = 86400, CA_DAYS = 3650, SERVER_DAYS = 365, BACK_S = 3600, SERIAL_BITS = 127 };

struct extension {
    int nid;
    const char *value;
};

static const struct extension ca_extensions[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_name_constraints,
     "critical,permitted;DNS:localhost,permitted;IP:127.0.0.1/255.255.255.255,"
     "permitted;IP:0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {NID_subject_key_identifier, "hash"},
};

static const struct extension server_extensions[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};

static bool extend(X509 *cert, X509 *issuer, const struct extension *list, size_t n)
{
    X509V3_CTX ctx;
    bool ok = true;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    for (size_t i = 0; ok && i < n; i++) {
        X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, list[i].nid, list[i].value);
        ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
        X509_EXTENSION_free(ext);
    }
    return ok;
}

static bool serial(X509 *cert)
{
    BIGNUM *number = BN_new();
    bool ok = number != NULL &&
              BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return ok;
}

static bool name(X509 *cert, const char *text)
{
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                      (const unsigned char *)text, -1, -1, 0) == 1;
}

/* All but extensions and signature. */
static X509 *begin(const struct pst_key *key, const char *cn, int64_t now_s, int64_t days)
{
    X509 *cert = X509_new();
    bool ok = cert != NULL && X509_set_version(cert, 2) == 1 && serial(cert) && name(cert, cn) &&
              X509_set_pubkey(cert, key->pkey) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(cert), now_s - BACK_S) != NULL &&
              ASN1_TIME_set(X509_getm_notAfter(cert), now_s + days * DAY_S) != NULL;
    if (!ok) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static bool put(struct pst_buf *out, const X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    bool ok = bio != NULL && PEM_write_bio_X509(bio, cert) == 1;
    long n = ok ? BIO_get_mem_data(bio, &text) : 0;
    ok = ok && n > 0 && pst_buf_add(out, pst_str_of(text, (size_t)n));
    BIO_free(bio);
    return ok;
}

enum pst_status pst_ca_certificate(const struct pst_key *key, int64_t now_s, struct pst_buf *out,
                                   struct pst_err *err)
{
    X509 *cert = begin(key, "Postern local CA", now_s, CA_DAYS);
    bool ok = cert != NULL && X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
              extend(cert, cert, ca_extensions, PST_LEN(ca_extensions)) &&
              X509_sign(cert, key->pkey, EVP_sha256()) > 0 && put(out, cert);
    X509_free(cert);
    return ok ? PST_OK
              : pst_ossl_fail(err, PST_E_INTERNAL, "the authority's certificate cannot be made");
}

static X509 *read_pem(struct pst_str pem)
{
    BIO *bio = pem.n <= INT32_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, pst_ossl_no_password, NULL) : NULL;
    BIO_free(bio);
    return cert;
}

enum pst_status pst_ca_issue(const struct pst_key *ca_key, struct pst_str ca_pem,
                             const struct pst_key *key, int64_t now_s, struct pst_buf *out,
                             struct pst_err *err)
{
    X509 *ca = read_pem(ca_pem);
    if (ca == NULL || X509_check_private_key(ca, ca_key->pkey) != 1) {
        X509_free(ca);
        return pst_ossl_fail(err, PST_E_CONFIG,
                             "the authority's key and certificate do not belong together");
    }
    X509 *cert = begin(key, "localhost", now_s, SERVER_DAYS);
    bool ok = cert != NULL && X509_set_issuer_name(cert, X509_get_subject_name(ca)) == 1 &&
              extend(cert, ca, server_extensions, PST_LEN(server_extensions)) &&
              X509_sign(cert, ca_key->pkey, EVP_sha256()) > 0 && put(out, cert);
    X509_free(cert);
    X509_free(ca);
    return ok ? PST_OK : pst_ossl_fail(err, PST_E_INTERNAL, "a certificate cannot be made");
}
