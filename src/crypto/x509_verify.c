#include "crypto/x509_verify.h"

#include "crypto/hash.h"
#include "crypto/ossl.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { SECURITY_LEVEL = 2 }; /* 112 bits: RSA of 2048, no SHA-1 */

struct pst_x509_anchors {
    X509_STORE *store;
};

static enum pst_status invalid(struct pst_err *err, const char *what)
{
    ERR_clear_error();
    return pst_fail(err, PST_E_IDENTITY_INVALID, "the client certificate is not accepted: %s",
                    what);
}

static enum pst_status no_memory(struct pst_err *err)
{
    return pst_ossl_fail(err, PST_E_NO_MEMORY, "no memory for a certificate");
}

/* --- authorities ------------------------------------------------------------------------------ */

static enum pst_status anchor_add(X509_STORE *store, X509 *cert, unsigned at, struct pst_err *err)
{
    enum { CA_BY_ITS_CONSTRAINTS = 1 };
    if (at > PST_X509_ANCHORS) {
        return pst_fail(err, PST_E_LIMIT, "there are more than %d authorities", PST_X509_ANCHORS);
    }
    if (X509_check_ca(cert) != CA_BY_ITS_CONSTRAINTS) {
        ERR_clear_error();
        return pst_fail(err, PST_E_CONFIG, "certificate %u is not that of an authority", at);
    }
    return X509_STORE_add_cert(store, cert) == 1 ? PST_OK : no_memory(err);
}

static enum pst_status anchors_read(X509_STORE *store, struct pst_str pem, struct pst_err *err)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    unsigned count = 0;
    enum pst_status status = bio != NULL ? PST_OK : no_memory(err);
    ERR_clear_error();
    while (status == PST_OK) {
        X509 *cert = PEM_read_bio_X509(bio, NULL, pst_ossl_no_password, NULL);
        if (cert == NULL) {
            break;
        }
        status = anchor_add(store, cert, ++count, err);
        X509_free(cert);
    }
    BIO_free(bio);
    /* the one good end of the loop is "no further block" */
    if (status == PST_OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        char what[64];
        pst_text(what, sizeof what, "certificate %u is not valid", count + 1);
        status = pst_ossl_fail(err, PST_E_CONFIG, what);
    }
    ERR_clear_error();
    if (status == PST_OK && count == 0) {
        status = pst_fail(err, PST_E_CONFIG, "there is no certificate");
    }
    return status;
}

static bool store_set_up(X509_STORE *store)
{
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_depth(param, PST_X509_CHAIN_CERTS);
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    return X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_CLIENT) == 1 &&
           X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

enum pst_status pst_x509_anchors_new(struct pst_str pem, struct pst_x509_anchors **ret,
                                     struct pst_err *err)
{
    if (pem.n == 0 || pem.n > PST_X509_ANCHOR_BYTES) {
        return pst_fail(err, PST_E_CONFIG, "authorities have 1 to %d bytes, not %zu",
                        PST_X509_ANCHOR_BYTES, pem.n);
    }
    struct pst_x509_anchors *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a certificate");
    }
    a->store = X509_STORE_new();
    enum pst_status status = a->store != NULL && store_set_up(a->store) ? PST_OK : no_memory(err);
    if (status == PST_OK) {
        status = anchors_read(a->store, pem, err);
    }
    if (status != PST_OK) {
        pst_x509_anchors_free(a);
        return status;
    }
    *ret = a;
    return PST_OK;
}

void pst_x509_anchors_free(struct pst_x509_anchors *a)
{
    if (a != NULL) {
        X509_STORE_free(a->store);
        free(a);
    }
}

/* --- the chain -------------------------------------------------------------------------------- */

static void certs_free(STACK_OF(X509) * certs)
{
    sk_X509_pop_free(certs, X509_free);
}

/* One DER certificate after another, and nothing else. */
static enum pst_status chain_read(struct pst_str chain, STACK_OF(X509) * certs, struct pst_err *err)
{
    const unsigned char *at = chain.p;
    size_t used = 0;
    if (chain.n == 0 || chain.n > PST_X509_CHAIN_BYTES) {
        return invalid(err, "its chain is empty or too long");
    }
    while (used < chain.n) {
        X509 *cert = d2i_X509(NULL, &at, (long)(chain.n - used));
        if (cert == NULL) {
            return invalid(err, "it cannot be read");
        }
        used = (uintptr_t)at - (uintptr_t)chain.p;
        if (sk_X509_num(certs) == PST_X509_CHAIN_CERTS) {
            X509_free(cert);
            return invalid(err, "its chain is too long");
        }
        if (sk_X509_push(certs, cert) <= 0) {
            X509_free(cert);
            return no_memory(err);
        }
    }
    return PST_OK;
}

/* Unix seconds of a certificate's time. */
static bool seconds_of(const ASN1_TIME *t, int64_t *ret)
{
    ASN1_TIME *zero = ASN1_TIME_set(NULL, 0);
    int days = 0, rest = 0;
    bool ok = zero != NULL && ASN1_TIME_diff(&days, &rest, zero, t) == 1;
    ASN1_TIME_free(zero);
    *ret = (int64_t)days * 86400 + rest;
    return ok;
}

/* The time in which the whole path is valid. */
static enum pst_status times_read(STACK_OF(X509) * path, struct pst_x509_client *out,
                                  struct pst_err *err)
{
    out->from_s = INT64_MIN;
    out->until_s = INT64_MAX;
    for (int i = 0; i < sk_X509_num(path); i++) {
        const X509 *cert = sk_X509_value(path, i);
        int64_t from = 0, until = 0;
        if (!seconds_of(X509_get0_notBefore(cert), &from) ||
            !seconds_of(X509_get0_notAfter(cert), &until)) {
            return invalid(err, "its dates cannot be read");
        }
        out->from_s = from > out->from_s ? from : out->from_s;
        out->until_s = until < out->until_s ? until : out->until_s;
    }
    return PST_OK;
}

static enum pst_status path_verify(const struct pst_x509_anchors *a, STACK_OF(X509) * certs,
                                   int64_t now_s, struct pst_x509_client *out, struct pst_err *err)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (ctx == NULL || X509_STORE_CTX_init(ctx, a->store, sk_X509_value(certs, 0), certs) != 1) {
        X509_STORE_CTX_free(ctx);
        return no_memory(err);
    }
    X509_STORE_CTX_set_time(ctx, 0, (time_t)now_s);
    enum pst_status status = PST_ERR;
    if (X509_verify_cert(ctx) == 1) {
        status = times_read(X509_STORE_CTX_get0_chain(ctx), out, err);
    } else {
        int why = X509_STORE_CTX_get_error(ctx);
        bool dates = why == X509_V_ERR_CERT_HAS_EXPIRED || why == X509_V_ERR_CERT_NOT_YET_VALID;
        if (why == X509_V_ERR_OUT_OF_MEM) {
            (void)no_memory(err);
        } else if (dates && X509_STORE_CTX_get_error_depth(ctx) == 0) {
            (void)pst_fail(err, PST_E_IDENTITY_EXPIRED, "the client certificate is not valid now");
        } else {
            (void)invalid(err, X509_verify_cert_error_string(why));
        }
    }
    X509_STORE_CTX_free(ctx);
    ERR_clear_error();
    return status;
}

/* --- the leaf --------------------------------------------------------------------------------- */

static bool printable(struct pst_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7f) {
            return false;
        }
    }
    return s.n > 0 && s.n <= PST_X509_NAME_BYTES;
}

static enum pst_status name_add(struct pst_x509_name *names, size_t *n,
                                enum pst_x509_name_kind kind, const ASN1_IA5STRING *value,
                                struct pst_arena *arena, struct pst_err *err)
{
    struct pst_str text = pst_str_of(ASN1_STRING_get0_data(value),
                                     (size_t)ASN1_STRING_length(value));
    if (!printable(text)) {
        return invalid(err, "one of its names is not printable ASCII");
    }
    for (size_t i = 0; i < *n; i++) {
        if (names[i].kind == kind && pst_str_eq(names[i].text, text)) {
            return invalid(err, "one of its names is repeated");
        }
    }
    text = pst_arena_copy(arena, text);
    if (text.p == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a certificate");
    }
    names[(*n)++] = (struct pst_x509_name){.kind = kind, .text = text};
    return PST_OK;
}

static enum pst_status names_take(const GENERAL_NAMES *all, struct pst_arena *arena,
                                  struct pst_x509_client *out, struct pst_err *err)
{
    int count = sk_GENERAL_NAME_num(all);
    if (count > PST_X509_NAMES) {
        return invalid(err, "it has too many names");
    }
    struct pst_x509_name *names = PST_ARENA_ARRAY(arena, (size_t)count, struct pst_x509_name);
    enum pst_status status = PST_OK;
    if (names == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a certificate");
    }
    for (int i = 0; status == PST_OK && i < count; i++) {
        int type = 0;
        const ASN1_IA5STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &type);
        if (type == GEN_URI || type == GEN_DNS || type == GEN_EMAIL) {
            enum pst_x509_name_kind kind = type == GEN_URI   ? PST_X509_URI
                                           : type == GEN_DNS ? PST_X509_DNS
                                                             : PST_X509_EMAIL;
            status = name_add(names, &out->n_names, kind, value, arena, err);
        }
    }
    out->names = names;
    return status;
}

static enum pst_status names_read(const X509 *leaf, struct pst_arena *arena,
                                  struct pst_x509_client *out, struct pst_err *err)
{
    int critical = 0;
    GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, &critical, NULL);
    if (all == NULL) { /* -1: there is none; -2: there are two; else it cannot be read */
        ERR_clear_error();
        return critical == -1 ? PST_OK : invalid(err, "its names cannot be read");
    }
    enum pst_status status = names_take(all, arena, out, err);
    GENERAL_NAMES_free(all);
    return status;
}

static enum pst_status key_name(const X509 *leaf, struct pst_x509_client *out, struct pst_err *err)
{
    unsigned char *der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);
    if (n <= 0) {
        return no_memory(err);
    }
    pst_sha256(pst_str_of(der, (size_t)n), out->spki);
    OPENSSL_free(der);
    return PST_OK;
}

static enum pst_status leaf_read(X509 *leaf, struct pst_arena *arena, struct pst_x509_client *out,
                                 struct pst_err *err)
{
    uint32_t flags = X509_get_extension_flags(leaf);
    if ((flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0) {
        return invalid(err, "an extension is not valid, or critical and not understood");
    }
    if ((flags & EXFLAG_CA) != 0) {
        return invalid(err, "it is that of an authority");
    }
    if ((flags & EXFLAG_KUSAGE) != 0) {
        uint32_t usage = X509_get_key_usage(leaf);
        out->signs = (usage & KU_DIGITAL_SIGNATURE) != 0;
        out->certifies = (usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0;
    }
    if (key_name(leaf, out, err) != PST_OK) {
        return PST_ERR;
    }
    return names_read(leaf, arena, out, err);
}

enum pst_status pst_x509_client_verify(const struct pst_x509_anchors *a, struct pst_str chain,
                                       int64_t now_s, struct pst_arena *arena,
                                       struct pst_x509_client *ret, struct pst_err *err)
{
    struct pst_x509_client out = {.n_names = 0};
    STACK_OF(X509) *certs = sk_X509_new_null();
    ERR_clear_error();
    enum pst_status status = certs != NULL ? chain_read(chain, certs, err) : no_memory(err);
    if (status == PST_OK) {
        status = path_verify(a, certs, now_s, &out, err);
    }
    if (status == PST_OK) {
        status = leaf_read(sk_X509_value(certs, 0), arena, &out, err);
    }
    certs_free(certs);
    ERR_clear_error();
    if (status == PST_OK) {
        *ret = out;
    }
    return status;
}
