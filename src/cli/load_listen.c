/* What listeners with TLS name: certificates and authorities are read, keys are looked at from
 * outside. */
#include "cli/load.h"
#include "crypto/secret.h"
#include "crypto/server_key.h"
#include "sys/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const struct pst_config_listen *listen_of(const struct pst_config *config, size_t i)
{
    return i < config->n_listen    ? &config->listen[i]
           : i == config->n_listen ? &config->admin
                                   : NULL;
}

static enum pst_status read_text(struct pst_loaded *l, const char *path, size_t cap,
                                 struct pst_config_place at, struct pst_str *ret,
                                 struct pst_err *err)
{
    struct pst_err why = {0};
    return pst_load_file(&l->arena, path, cap, ret, &why) == PST_OK
               ? PST_OK
               : pst_fail_at(err, PST_E_CONFIG, at.line, at.column, "%s", why.text);
}

/* Nobody but the supervisor opens it, and nobody but keys reads it. */
static enum pst_status key_look(struct pst_loaded *l, const struct pst_config_listen *listen,
                                struct pst_err *err)
{
    struct stat st;
    const struct pst_config_place at = listen->key_at;
    if (stat(listen->key, &st) != 0) {
        return pst_fail_at(err, PST_E_CONFIG, at.line, at.column, "%s: %m", listen->key);
    }
    if (!S_ISREG(st.st_mode) || st.st_size == 0 || st.st_size > PST_SERVER_KEY_FILE_MAX) {
        return pst_fail_at(err, PST_E_CONFIG, at.line, at.column,
                           "%s is not a file with a private key", listen->key);
    }
    if ((st.st_mode & S_IROTH) != 0) {
        pst_listen_note(l->notes, at, "every user of this machine may read the key %s; chmod 600",
                        listen->key);
    }
    return PST_OK;
}

static enum pst_status read_all(struct pst_loaded *l, int64_t now_s, struct pst_err *err)
{
    const struct pst_config_listen *listen;
    l->listen_tls = PST_ARENA_ARRAY(&l->arena, PST_LISTEN_TLS_MAX, struct pst_listen_tls);
    l->notes = PST_ARENA_NEW(&l->arena, struct pst_listen_notes);
    if (l->listen_tls == NULL || l->notes == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for the listeners");
    }
    for (size_t i = 0; (listen = listen_of(l->config, i)) != NULL; i++) {
        struct pst_str chain = {0}, clients = {0};
        if (listen->certificate[0] == 0) {
            continue;
        }
        enum pst_status status = read_text(l, listen->certificate, PST_CHAIN_BYTES_MAX,
                                           listen->certificate_at, &chain, err);
        if (status == PST_OK && listen->clients[0] != 0) {
            status = read_text(l, listen->clients, PST_CLIENTS_BYTES_MAX, listen->clients_at,
                               &clients, err);
        }
        if (status == PST_OK) {
            status = pst_listen_tls_read(&l->arena, listen, chain, clients, now_s,
                                         &l->listen_tls[i], l->notes, err);
        }
        if (status == PST_OK) {
            status = key_look(l, listen, err);
        }
        if (status != PST_OK) {
            return status;
        }
    }
    return PST_OK;
}

static enum pst_status named(const struct pst_common *common, struct pst_loaded *l,
                             enum pst_status status, struct pst_err *err)
{
    for (size_t i = 0; l->notes != NULL && i < l->notes->n; i++) {
        pst_load_name(common, l, &l->notes->list[i]);
    }
    if (status != PST_OK && err->line != 0) {
        pst_load_name(common, l, err);
    }
    return status;
}

enum pst_status pst_load_listeners(const struct pst_common *common, struct pst_loaded *l,
                                   int64_t now_s, struct pst_err *err)
{
    return named(common, l, read_all(l, now_s, err), err);
}

static enum pst_status key_check(struct pst_loaded *l, const struct pst_config_listen *listen,
                                 const struct pst_listen_tls *tls, struct pst_err *err)
{
    const struct pst_config_place at = listen->key_at;
    struct pst_server_key *key = NULL;
    struct pst_err why = {0};
    struct pst_buf pem;
    pst_buf_init(&pem, PST_SERVER_KEY_FILE_MAX + 1);
    if (pst_buf_room(&pem, PST_SERVER_KEY_FILE_MAX + 1) ==
        NULL) { /* no copies left behind by growing */
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a key");
    }
    enum pst_status status = pst_file_read(listen->key, &pem, &why);
    if (status != PST_OK) {
        pst_listen_note(l->notes, at, "whether the key fits could not be checked: %s", why.text);
        status = PST_OK;
    } else if (pst_server_key_load(pst_buf_str(&pem), &key, &why) != PST_OK) {
        status = pst_fail_at(err, why.code, at.line, at.column, "%s: %s", listen->key, why.text);
    } else if (memcmp(pst_server_key_spki(key), tls->spki, sizeof tls->spki) != 0) {
        status = pst_fail_at(err, PST_E_CONFIG, at.line, at.column,
                             "%s is not the key of the certificate %s", listen->key,
                             listen->certificate);
    }
    pst_wipe(pem.p, pem.n);
    pst_buf_release(&pem);
    pst_server_key_free(key);
    return status;
}

enum pst_status pst_load_keys_check(const struct pst_common *common, struct pst_loaded *l,
                                    struct pst_err *err)
{
    const struct pst_config_listen *listen;
    enum pst_status status = PST_OK;
    for (size_t i = 0; status == PST_OK && (listen = listen_of(l->config, i)) != NULL; i++) {
        if (listen->key[0] != 0) {
            status = key_check(l, listen, &l->listen_tls[i], err);
        }
    }
    return named(common, l, status, err);
}
