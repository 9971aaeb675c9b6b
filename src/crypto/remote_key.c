#include "crypto/remote_key.h"

#include "crypto/tls_scheme.h"

#include <openssl/async.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/core_object.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

#define PARAM_KEY "postern-key"

struct remote_key {
    EVP_PKEY *public;
    struct pst_remote_lane *lane;
};

/* --- the key object --------------------------------------------------------------------------- */

static void *key_new(void *library)
{
    (void)library;
    return OPENSSL_zalloc(sizeof(struct remote_key));
}

static void key_free(void *p)
{
    struct remote_key *k = p;
    if (k != NULL) {
        EVP_PKEY_free(k->public);
        OPENSSL_free(k);
    }
}

/* Both halves, as far as anybody who only uses it can tell. */
static int key_has(const void *p, int selection)
{
    (void)selection;
    return ((const struct remote_key *)p)->public != NULL;
}

static int key_import(void *p, int selection, const OSSL_PARAM params[])
{
    struct remote_key *k = p;
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, PARAM_KEY);
    const void *at = NULL;
    (void)selection;
    if (param == NULL || OSSL_PARAM_get_octet_ptr(param, &at, NULL) != 1) {
        return 0;
    }
    const struct remote_key *from = at;
    if (EVP_PKEY_up_ref(from->public) != 1) {
        return 0;
    }
    *k = *from;
    return 1;
}

static const OSSL_PARAM *key_import_types(int selection)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_octet_ptr(PARAM_KEY, NULL, 0), OSSL_PARAM_END};
    (void)selection;
    return types;
}

/* The public half, whatever is asked for: it is what a certificate is compared with. */
static int key_export(void *p, int selection, OSSL_CALLBACK *give, void *arg)
{
    const struct remote_key *k = p;
    OSSL_PARAM *params = NULL;
    (void)selection;
    int ok = k->public != NULL && EVP_PKEY_todata(k->public, EVP_PKEY_PUBLIC_KEY, &params) == 1 &&
             give(params, arg) == 1;
    OSSL_PARAM_free(params);
    return ok;
}

static const OSSL_PARAM *key_export_types(int selection)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
                                       OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
                                       OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
                                       OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
                                       OSSL_PARAM_END};
    (void)selection;
    return types;
}

static int key_get_params(void *p, OSSL_PARAM params[])
{
    return EVP_PKEY_get_params(((const struct remote_key *)p)->public, params);
}

static const OSSL_PARAM *key_gettable(void *library)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
                                       OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
                                       OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
                                       OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
                                       OSSL_PARAM_END};
    (void)library;
    return types;
}

/* A name that no other provider has: these keys are signed with by this provider or not at all. */
static const char *key_operation(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "POSTERN-REMOTE" : NULL;
}

/* --- the signature ---------------------------------------------------------------------------- */

struct signing {
    const struct remote_key *key;
    const char *digest;
    bool pss;
};

static void *sign_new(void *library, const char *properties)
{
    (void)library;
    (void)properties;
    return OPENSSL_zalloc(sizeof(struct signing));
}

static void sign_free(void *p)
{
    OPENSSL_free(p);
}

/* Digests by our names; false: none that is used here. */
static bool digest_named(const char *name, const char **ret)
{
    static const struct {
        const char *name, *ours;
    } names[] = {{"SHA2-256", "SHA256"}, {"SHA256", "SHA256"},   {"SHA2-384", "SHA384"},
                 {"SHA384", "SHA384"},   {"SHA2-512", "SHA512"}, {"SHA512", "SHA512"}};
    *ret = NULL;
    for (size_t i = 0; name != NULL && i < PST_LEN(names); i++) {
        if (OPENSSL_strcasecmp(name, names[i].name) == 0) {
            *ret = names[i].ours;
        }
    }
    return name == NULL || *name == 0 || *ret != NULL;
}

static bool set_padding(struct signing *s, const OSSL_PARAM *p)
{
    int mode = 0;
    if (p->data_type == OSSL_PARAM_UTF8_STRING) {
        mode = strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0       ? RSA_PKCS1_PSS_PADDING
               : strcmp(p->data, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 0 ? RSA_PKCS1_PADDING
                                                                      : 0;
    } else if (OSSL_PARAM_get_int(p, &mode) != 1) {
        return false;
    }
    s->pss = mode == RSA_PKCS1_PSS_PADDING;
    return s->pss || mode == RSA_PKCS1_PADDING;
}

/* The one salt of TLS: as long as the digest (RFC 8446 §4.2.3). */
static bool is_salt_of_tls(const OSSL_PARAM *p)
{
    int n = 0;
    return p->data_type == OSSL_PARAM_UTF8_STRING
               ? strcmp(p->data, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0
               : OSSL_PARAM_get_int(p, &n) == 1 && n == RSA_PSS_SALTLEN_DIGEST;
}

static int sign_set(void *p, const OSSL_PARAM params[])
{
    if (params == NULL) {
        return 1;
    }
    const OSSL_PARAM *pad = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
    const OSSL_PARAM *salt = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
    return (pad == NULL || set_padding(p, pad)) && (salt == NULL || is_salt_of_tls(salt));
}

static const OSSL_PARAM *sign_settable(void *p, void *library)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0), OSSL_PARAM_END};
    (void)p;
    (void)library;
    return types;
}

static int sign_init(void *p, const char *digest, void *key, const OSSL_PARAM params[])
{
    struct signing *s = p;
    if (key != NULL) {
        s->key = key;
    }
    s->pss = false;
    return s->key != NULL && digest_named(digest, &s->digest) && sign_set(s, params);
}

/* Rests until the signature is there. Who wakes the job too early finds it resting again. */
static int sign_whole(void *p, unsigned char *out, size_t *ret_n, size_t room,
                      const unsigned char *text, size_t n)
{
    const struct signing *s = p;
    enum pst_tls_kind kind;
    size_t longest = (size_t)EVP_PKEY_get_size(s->key->public);
    if (out == NULL) {
        *ret_n = longest;
        return 1;
    }
    const struct pst_tls_scheme *scheme = pst_tls_kind_of(s->key->public, &kind)
                                              ? pst_tls_scheme_find(kind, s->pss, s->digest)
                                              : NULL;
    struct pst_remote_wish *wish = s->key->lane->wish;
    if (scheme == NULL || wish == NULL || wish->state != PST_REMOTE_IDLE ||
        ASYNC_get_current_job() == NULL) {
        return 0;
    }
    wish->scheme = scheme->number;
    wish->text = pst_str_of(text, n);
    wish->state = PST_REMOTE_WAITS;
    while (wish->state == PST_REMOTE_WAITS) {
        if (ASYNC_pause_job() != 1) {
            wish->state = PST_REMOTE_FAILED;
        }
    }
    bool ok = wish->state == PST_REMOTE_SIGNED && wish->n > 0 && wish->n <= room &&
              wish->n <= longest;
    if (ok) {
        memcpy(out, wish->signature, wish->n);
        *ret_n = wish->n;
    }
    wish->state = PST_REMOTE_IDLE;
    wish->text = (struct pst_str){NULL, 0};
    return ok;
}

/* --- the provider ----------------------------------------------------------------------------- */

#define FN(id, f) {(id), (void (*)(void))(f)}

static const OSSL_DISPATCH key_functions[] = {
    FN(OSSL_FUNC_KEYMGMT_NEW, key_new),
    FN(OSSL_FUNC_KEYMGMT_FREE, key_free),
    FN(OSSL_FUNC_KEYMGMT_HAS, key_has),
    FN(OSSL_FUNC_KEYMGMT_IMPORT, key_import),
    FN(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, key_import_types),
    FN(OSSL_FUNC_KEYMGMT_EXPORT, key_export),
    FN(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, key_export_types),
    FN(OSSL_FUNC_KEYMGMT_GET_PARAMS, key_get_params),
    FN(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, key_gettable),
    FN(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, key_operation),
    {0, NULL},
};

static const OSSL_DISPATCH sign_functions[] = {
    FN(OSSL_FUNC_SIGNATURE_NEWCTX, sign_new),
    FN(OSSL_FUNC_SIGNATURE_FREECTX, sign_free),
    FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, sign_init),
    FN(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, sign_whole),
    FN(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, sign_set),
    FN(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, sign_settable),
    {0, NULL},
};

static const OSSL_ALGORITHM *provider_query(void *library, int operation, int *ret_no_cache)
{
    static const OSSL_ALGORITHM keys[] = {
        {"EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=postern", key_functions, NULL},
        {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=postern", key_functions, NULL},
        {"ED25519:1.3.101.112", "provider=postern", key_functions, NULL},
        {NULL, NULL, NULL, NULL},
    };
    static const OSSL_ALGORITHM signatures[] = {
        {"POSTERN-REMOTE", "provider=postern", sign_functions, NULL},
        {NULL, NULL, NULL, NULL},
    };
    (void)library;
    *ret_no_cache = 0;
    return operation == OSSL_OP_KEYMGMT ? keys : operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **ret_context)
{
    static const OSSL_DISPATCH functions[] = {
        FN(OSSL_FUNC_PROVIDER_QUERY_OPERATION, provider_query),
        {0, NULL},
    };
    (void)handle;
    (void)in;
    *out = functions;
    *ret_context = NULL;
    return 1;
}

bool pst_remote_library_init(struct pst_remote_library *l)
{
    *l = (struct pst_remote_library){.ctx = OSSL_LIB_CTX_new()};
    if (l->ctx == NULL || OSSL_PROVIDER_add_builtin(l->ctx, "postern", provider_init) != 1) {
        return false;
    }
    l->usual = OSSL_PROVIDER_load(l->ctx, "default");
    l->own = OSSL_PROVIDER_load(l->ctx, "postern");
    return l->usual != NULL && l->own != NULL;
}

void pst_remote_library_release(struct pst_remote_library *l)
{
    if (l->own != NULL) {
        (void)OSSL_PROVIDER_unload(l->own);
    }
    if (l->usual != NULL) {
        (void)OSSL_PROVIDER_unload(l->usual);
    }
    OSSL_LIB_CTX_free(l->ctx);
}

EVP_PKEY *pst_remote_key_new(struct pst_remote_library *l, EVP_PKEY *public,
                             struct pst_remote_lane *lane)
{
    static const char *const names[] = {
        [PST_TLS_EC] = "EC", [PST_TLS_RSA] = "RSA", [PST_TLS_ED25519] = "ED25519"};
    enum pst_tls_kind kind;
    struct remote_key from = {public, lane};
    void *at = &from;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_ptr(PARAM_KEY, &at, sizeof from),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = NULL;
    if (!pst_tls_kind_of(public, &kind)) {
        return NULL;
    }
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(l->ctx, names[kind], "provider=postern");
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}
