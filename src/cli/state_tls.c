/* A certificate for this machine, from an authority of this state folder. Whoever gives a listener
 * a certificate of their own has no use for it. */
#include "cli/state_tls.h"

#include "crypto/ca.h"
#include "crypto/server_key.h"
#include "crypto/x509.h"
#include "gate/image.h"
#include "sys/file.h"

#include <stdio.h>
#include <string.h>

enum { RENEW_S = 30 * 86400, TEXT_MAX = 65536, KEY_MAX = 16384, PATH_ROOM = PST_PATH_MAX + 32 };

struct places {
    char ca[PATH_ROOM], ca_key[PATH_ROOM], cert[PATH_ROOM], key[PATH_ROOM];
};

static bool places_of(const char *dir, struct places *p)
{
    int n[] = {
        snprintf(p->ca, sizeof p->ca, "%s/tls/ca.pem", dir),
        snprintf(p->ca_key, sizeof p->ca_key, "%s/keys/ca.key", dir),
        snprintf(p->cert, sizeof p->cert, "%s/tls/server.pem", dir),
        snprintf(p->key, sizeof p->key, "%s/tls/server.key", dir),
    };
    for (size_t i = 0; i < PST_LEN(n); i++) {
        if (n[i] < 0 || n[i] >= PATH_ROOM) {
            return false;
        }
    }
    return true;
}

static enum pst_status key_write(const char *path, const struct pst_key *key, struct pst_err *err)
{
    struct pst_secret *pem = NULL;
    enum pst_status status = pst_key_private_pem(key, &pem, err);
    if (status == PST_OK) {
        status = pst_file_write(path, 0600, pst_secret_reveal(pem), err);
    }
    pst_secret_free(pem);
    return status;
}

static enum pst_status secret_read(const char *path, struct pst_secret **ret, struct pst_err *err)
{
    struct pst_buf bytes;
    pst_buf_init(&bytes, KEY_MAX + 1);
    enum pst_status status = pst_file_private(path, err);
    if (status == PST_OK && pst_buf_room(&bytes, KEY_MAX + 1) == NULL) { /* no copies by growing */
        status = pst_fail(err, PST_E_NO_MEMORY, "no memory for a key");
    }
    if (status == PST_OK) {
        status = pst_file_read(path, &bytes, err);
    }
    if (status == PST_OK) {
        *ret = pst_secret_new(pst_buf_str(&bytes));
        status = *ret != NULL ? PST_OK
                              : pst_fail(err, PST_E_NO_MEMORY, "no locked memory for a key");
    }
    if (bytes.p != NULL) {
        pst_wipe(bytes.p, bytes.n);
    }
    pst_buf_release(&bytes);
    return status;
}

static enum pst_status key_read(const char *path, struct pst_key **ret, struct pst_err *err)
{
    struct pst_secret *pem = NULL;
    enum pst_status status = secret_read(path, &pem, err);
    if (status == PST_OK) {
        status = pst_key_from_pem(pem, ret, err);
    }
    pst_secret_free(pem);
    return status;
}

static enum pst_status authority(const struct places *p, int64_t now_s, struct pst_key **ret_key,
                                 struct pst_buf *pem, struct pst_err *err)
{
    if (pst_file_exists(p->ca_key) && pst_file_exists(p->ca)) {
        enum pst_status status = key_read(p->ca_key, ret_key, err);
        return status == PST_OK ? pst_file_read(p->ca, pem, err) : status;
    }
    if (pst_key_generate(PST_SIG_ES256, ret_key, err) != PST_OK ||
        pst_ca_certificate(*ret_key, now_s, pem, err) != PST_OK ||
        key_write(p->ca_key, *ret_key, err) != PST_OK) {
        return PST_ERR;
    }
    return pst_file_write(p->ca, 0644, pst_buf_str(pem), err);
}

/* There, still good for a while, and with its key. */
static bool good(const struct places *p, int64_t now_s)
{
    struct pst_buf pem, out;
    struct pst_x509_leaf leaf = {.n = 0};
    struct pst_secret *secret = NULL;
    struct pst_server_key *key = NULL;
    pst_buf_init(&pem, TEXT_MAX);
    pst_buf_init(&out, TEXT_MAX);
    bool ok = pst_file_exists(p->key) && pst_file_exists(p->cert) &&
              pst_file_read(p->cert, &pem, NULL) == PST_OK &&
              pst_x509_chain(pst_buf_str(&pem), &leaf, &out, NULL) == PST_OK &&
              leaf.to_s - now_s > RENEW_S && secret_read(p->key, &secret, NULL) == PST_OK &&
              pst_server_key_load(pst_secret_reveal(secret), &key, NULL) == PST_OK &&
              memcmp(pst_server_key_spki(key), leaf.spki, sizeof leaf.spki) == 0;
    pst_server_key_free(key);
    pst_secret_free(secret);
    pst_buf_release(&pem);
    pst_buf_release(&out);
    return ok;
}

enum pst_status pst_state_tls_make(const char *dir, int64_t now_s, struct pst_err *err)
{
    struct places p;
    struct pst_key *ca_key = NULL, *key = NULL;
    struct pst_buf ca, cert;
    char folder[PATH_ROOM];
    int n = snprintf(folder, sizeof folder, "%s/tls", dir);
    if (n < 0 || n >= PATH_ROOM || !places_of(dir, &p)) {
        return pst_fail(err, PST_E_CONFIG, "the state folder's path is too long");
    }
    if (pst_dir_make(folder, 0700, err) != PST_OK) {
        return PST_ERR;
    }
    if (good(&p, now_s)) {
        return PST_OK;
    }
    pst_buf_init(&ca, TEXT_MAX);
    pst_buf_init(&cert, TEXT_MAX);
    enum pst_status status = authority(&p, now_s, &ca_key, &ca, err);
    if (status == PST_OK) {
        status = pst_key_generate(PST_SIG_ES256, &key, err);
    }
    if (status == PST_OK) {
        status = pst_ca_issue(ca_key, pst_buf_str(&ca), key, now_s, &cert, err);
    }
    if (status == PST_OK) {
        status = key_write(p.key, key, err);
    }
    if (status == PST_OK) {
        status = pst_file_write(p.cert, 0644, pst_buf_str(&cert), err);
    }
    pst_key_free(ca_key);
    pst_key_free(key);
    pst_buf_release(&ca);
    pst_buf_release(&cert);
    return status;
}
