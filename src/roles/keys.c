/* Keys: signs what audit asks it to sign, with the log's key, and the TLS handshakes of fronts with
 * those of the listeners, and gives each front the masking key that it derives from the data key
 * and the keys of session tickets. Nothing else: no network, no files after its start; none of its
 * own keys ever leaves. */
#include "roles/roles.h"

#include "crypto/crypto.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "mask/scope.h"
#include "roles/house.h"
#include "roles/keys_set.h"
#include "roles/keys_tls.h"
#include "sys/fd.h"

#include <stdlib.h>

struct keys {
    struct pst_house house;
    struct pst_key *log_key;
    uint8_t public_key[PST_ED25519_BYTES];
    struct pst_secret *masking;
    struct pst_keys_set tls;
    struct pst_keys_tls signer;
};

static enum pst_status data_key(struct keys *k, int fd, struct pst_err *err)
{
    uint8_t key[PST_DATA_KEY_BYTES], masking[PST_MASKING_KEY_BYTES];
    if (pst_fd_pread_full(fd, key, sizeof key, 0, err) != PST_OK) {
        return pst_fail(err, PST_E_CONFIG, "the data key cannot be read");
    }
    pst_masking_key(key, masking);
    k->masking = pst_secret_new(pst_str_of(masking, sizeof masking));
    pst_wipe(key, sizeof key);
    pst_wipe(masking, sizeof masking);
    return k->masking != NULL ? PST_OK : pst_fail(err, PST_E_NO_MEMORY, "no locked memory");
}

/* All fronts have the same one, so that a conversation may go on in any of them. */
static void on_peer(void *user, struct pst_link *link)
{
    struct keys *k = user;
    struct pst_ipc_masking m;
    if (link->peer != PST_ROLE_FRONT || k->masking == NULL) {
        return;
    }
    if (!link->admin) { /* which masks nothing */
        memcpy(m.key, pst_secret_reveal(k->masking).p, sizeof m.key);
        (void)PST_LINK_SEND(link, MASKING, &m);
        pst_wipe(&m, sizeof m);
    }
    pst_keys_tls_tickets_send(&k->signer, link);
}

/* Whether it fits the certificate is the supervisor's to say: it has the plan. */
static void tls_key(struct keys *k, uint32_t index, int fd)
{
    struct pst_ipc_tls_key_read m = {.index = index};
    struct pst_err err = {0};
    m.ok = pst_keys_set_add(&k->tls, fd, m.spki, &err) == PST_OK;
    PST_ISTR_CUT(m.text, pst_str_c(err.text));
    (void)PST_LINK_SEND(&k->house.control.link, TLS_KEY_READ, &m);
}

static enum pst_status on_order(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct keys *k = ctx;
    const struct pst_ipc_tls_keys *order = m->fixed;
    struct pst_ipc_tls_keys_read read = {0};
    if (m->type != PST_IPC_TLS_KEYS) {
        return PST_ERR;
    }
    switch (order->step) {
    case PST_TLS_KEYS_READ:
        read.generation = order->generation;
        (void)PST_LINK_SEND(link, TLS_KEYS_READ, &read);
        return PST_OK;
    case PST_TLS_KEYS_COMMIT:
        pst_keys_set_commit(&k->tls);
        return PST_OK;
    case PST_TLS_KEYS_DROP:
        pst_keys_set_drop(&k->tls);
        return PST_OK;
    default:
        return PST_ERR;
    }
}

static enum pst_status on_grant(void *user, const struct pst_ipc_grant *grant, int *fd,
                                struct pst_err *err)
{
    struct keys *k = user;
    uint8_t seed[PST_ED25519_BYTES];
    if (grant->what == PST_GRANT_TLS_KEY) {
        tls_key(k, grant->index, *fd);
        return PST_OK;
    }
    if (k->house.running) {
        return pst_fail(err, PST_E_CONFIG, "keys was granted its own keys twice");
    }
    if (grant->what == PST_GRANT_DATA_KEY) {
        return data_key(k, *fd, err);
    }
    if (grant->what != PST_GRANT_LOG_KEY) {
        return pst_fail(err, PST_E_CONFIG, "keys was granted something it has no use for");
    }
    if (pst_fd_pread_full(*fd, seed, sizeof seed, 0, err) != PST_OK) {
        return pst_fail(err, PST_E_CONFIG, "the log key cannot be read");
    }
    struct pst_secret *secret = pst_secret_new(pst_str_of(seed, sizeof seed));
    struct pst_buf raw;
    pst_wipe(seed, sizeof seed);
    pst_buf_init(&raw, 64);
    enum pst_status status = secret == NULL ? pst_fail(err, PST_E_NO_MEMORY, "no locked memory")
                                            : pst_key_from_seed(secret, &k->log_key, err);
    if (status == PST_OK) {
        status = pst_key_public_raw(k->log_key, &raw, err);
    }
    if (status == PST_OK && raw.n == sizeof k->public_key) {
        memcpy(k->public_key, raw.p, raw.n);
    }
    pst_buf_release(&raw);
    pst_secret_free(secret);
    return status;
}

static enum pst_status on_sign(struct keys *k, struct pst_link *link, const struct pst_ipc_sign *m,
                               struct pst_str text)
{
    struct pst_ipc_signed out = {.id = m->id};
    uint8_t signature[PST_SIG_MAX];
    size_t n = 0;
    struct pst_err err = {0};
    /* only checkpoints of an evidence log: no other text can be had signed with this key */
    if (!pst_str_starts(text, PST_STR("postern/"))) {
        return PST_ERR;
    }
    if (pst_key_sign(k->log_key, text, signature, &n, &err) != PST_OK ||
        n != sizeof out.signature) {
        pst_house_fail(&k->house, &err);
        return PST_OK;
    }
    memcpy(out.signature, signature, sizeof out.signature);
    memcpy(out.public_key, k->public_key, sizeof out.public_key);
    (void)PST_LINK_SEND(link, SIGNED, &out);
    return PST_OK;
}

static enum pst_status on_message(struct pst_link *link, struct pst_message *m, void *ctx)
{
    struct keys *k = ctx;
    if (m->type == PST_IPC_TLS_SIGN) {
        return pst_keys_tls_sign(&k->signer, link, m->fixed, m->tail);
    }
    return m->type == PST_IPC_SIGN ? on_sign(k, link, m->fixed, m->tail) : PST_ERR;
}

static enum pst_status on_start(void *user, const struct pst_ipc_go *go,
                                struct pst_sandbox_config *sandbox, struct pst_err *err)
{
    (void)go;
    (void)sandbox;
    struct keys *k = user;
    pst_keys_tls_begin(&k->signer);
    return k->log_key != NULL && k->masking != NULL
               ? PST_OK
               : pst_fail(err, PST_E_CONFIG, "keys was started without its keys");
}

int pst_keys_main(uint8_t index)
{
    static const struct pst_house_ops ops = {
        .grant = on_grant,
        .late_grants = true,
        .order = on_order,
        .start = on_start,
        .message = on_message,
        .peer_new = on_peer,
    };
    struct pst_err err = {0};
    struct keys *k = calloc(1, sizeof *k);
    if (k == NULL || pst_crypto_init(&err) != PST_OK ||
        pst_keys_tls_init(&k->signer, &k->house, &k->tls, &err) != PST_OK) {
        free(k);
        return 1;
    }
    int status = pst_house_run(&k->house, PST_ROLE_KEYS, index, &ops, k);
    pst_key_free(k->log_key);
    pst_secret_free(k->masking);
    pst_keys_tls_release(&k->signer);
    pst_keys_set_release(&k->tls);
    free(k);
    return status;
}
