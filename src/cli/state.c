#include "cli/state.h"

#include "audit/note.h"
#include "cli/state_tls.h"
#include "control/store.h"
#include "crypto/crypto.h"
#include "crypto/random.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "sys/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEED_BYTES = 32, FIRST_KEYS = 16 };

static const char config_demo[] =
    "# What Postern guards. Every key: docs/config.md. After a change: postern check, postern "
    "reload.\n"
    "\n"
    "listen:\n"
    "  - 127.0.0.1:8080            # plain HTTP: on this machine only\n"
    "  - address: 127.0.0.1:8443   # TLS, with a certificate of this folder's own authority\n"
    "    certificate: tls/server.pem\n"
    "    key: tls/server.key\n"
    "admin: 127.0.0.1:8081\n"
    "\n"
    "upstreams:\n"
    "  # The built-in demo model server; `postern up --demo` runs it and puts its port in.\n"
    "  demo: {url: http://127.0.0.1:9000/v1, allow_private: true}\n"
    "  # A real provider is three lines (this one, and two models below). The key stays outside.\n"
    "  # openai: {url: https://api.openai.com/v1, key: {env: OPENAI_API_KEY}}\n"
    "\n"
    "models:\n"
    "  demo: demo\n"
    "  demo-restricted: {upstream: demo, model: demo}   # exists, but no policy permits it\n"
    "  # gpt-4o-mini: openai\n"
    "\n"
    "rates:\n"
    "  - {each: principal, requests: 6000/1m, concurrent: 512}\n"
    "\n"
    "# policies: policies        # your own, in a folder beside this file; without it the built-in "
    "ones\n";

static const char config_plain[] =
    "# What Postern guards. Every key: docs/config.md. After a change: postern check, postern "
    "reload.\n"
    "\n"
    "listen: 127.0.0.1:8080   # plain HTTP: on this machine only; TLS: docs/config.md, "
    "\"Listeners\"\n"
    "admin: 127.0.0.1:8081\n"
    "\n"
    "upstreams:\n"
    "  openai: {url: https://api.openai.com/v1, key: {env: OPENAI_API_KEY}}\n"
    "\n"
    "models:\n"
    "  gpt-4o-mini: openai\n"
    "\n"
    "# Nothing is permitted until a policy says so: put *.cedar files into a folder and name it "
    "here.\n"
    "# `postern policy show` prints the built-in ones to start from.\n"
    "# policies: policies\n";

struct maker {
    char dir[PST_PATH_MAX];
    const struct pst_state_plan *plan;
    struct pst_state_made *made;
    struct pst_err *err;
};

static enum pst_status path_of(const struct maker *m, const char *name, char ret[PATH_MAX])
{
    int n = snprintf(ret, PATH_MAX, "%s/%s", m->dir, name);
    return n > 0 && n < PATH_MAX ? PST_OK
                                 : pst_fail(m->err, PST_E_CONFIG,
                                            "the state folder's path is too "
                                            "long");
}

/* Writes a file that is not there yet; one that is there stays. */
static enum pst_status write_new(const struct maker *m, const char *name, unsigned mode,
                                 struct pst_str bytes, bool *ret_made)
{
    char path[PATH_MAX];
    if (path_of(m, name, path) != PST_OK) {
        return PST_ERR;
    }
    *ret_made = !pst_file_exists(path);
    return *ret_made ? pst_file_create(path, mode, bytes, m->err) : PST_OK;
}

static enum pst_status make_folders(struct maker *m, const char *dir)
{
    static const char *const names[] = {"keys", "store", "audit", "run"};
    char full[PATH_MAX];
    if (pst_dir_make_all(dir, 0700, m->err) != PST_OK) {
        return PST_ERR;
    }
    if (realpath(dir, full) == NULL || !pst_str_to_c(pst_str_c(full), m->dir, sizeof m->dir)) {
        return pst_fail(m->err, PST_E_CONFIG, "the state folder's path is too long: %s", dir);
    }
    for (size_t i = 0; i < PST_LEN(names); i++) {
        char path[PATH_MAX];
        if (path_of(m, names[i], path) != PST_OK || pst_dir_make(path, 0700, m->err) != PST_OK) {
            return PST_ERR;
        }
    }
    memcpy(m->made->dir, m->dir, sizeof m->made->dir);
    return PST_OK;
}

static enum pst_status put_public(const struct maker *m, const struct pst_secret *seed)
{
    struct pst_key *key = NULL;
    struct pst_buf raw, text;
    struct pst_note_key note;
    bool made = false;
    pst_buf_init(&raw, 64);
    pst_buf_init(&text, 512);
    enum pst_status status = pst_key_from_seed(seed, &key, m->err);
    if (status == PST_OK) {
        status = pst_key_public_raw(key, &raw, m->err);
    }
    if (status == PST_OK) {
        status = pst_note_key_init(&note, PST_STR("postern/postern"), raw.p, m->err);
    }
    if (status == PST_OK) {
        status = pst_note_key_put(&text, &note) && pst_buf_byte(&text, '\n')
                     ? write_new(m, "audit/log.pub", 0644, pst_buf_str(&text), &made)
                     : pst_fail(m->err, PST_E_NO_MEMORY, "no memory for the log's public key");
    }
    pst_key_free(key);
    pst_buf_release(&raw);
    pst_buf_release(&text);
    return status;
}

/* The key that signs the evidence, and its public half, by which anybody can verify it. */
static enum pst_status make_log_key(const struct maker *m)
{
    char path[PATH_MAX];
    bool made = false;
    if (path_of(m, "keys/log.seed", path) != PST_OK) {
        return PST_ERR;
    }
    struct pst_secret *seed = NULL;
    if (pst_file_exists(path)) {
        struct pst_buf bytes;
        pst_buf_init(&bytes, SEED_BYTES);
        enum pst_status status = pst_file_private(path, m->err);
        if (status == PST_OK) {
            status = pst_file_read(path, &bytes, m->err);
        }
        if (status == PST_OK && bytes.n != SEED_BYTES) {
            status = pst_fail(m->err, PST_E_CONFIG, "%s is not a seed of 32 bytes", path);
        }
        if (status == PST_OK) {
            seed = pst_secret_new(pst_buf_str(&bytes));
        }
        if (bytes.p != NULL) {
            pst_wipe(bytes.p, bytes.n);
        }
        pst_buf_release(&bytes);
        if (status != PST_OK) {
            return status;
        }
    } else {
        seed = pst_secret_random(SEED_BYTES);
    }
    if (seed == NULL) {
        return pst_fail(m->err, PST_E_NO_MEMORY, "no locked memory for the log's key");
    }
    enum pst_status status = write_new(m, "keys/log.seed", 0600, pst_secret_reveal(seed), &made);
    if (status == PST_OK) {
        status = put_public(m, seed);
    }
    pst_secret_free(seed);
    return status;
}

/* What masking keys are derived from. Another one makes every token of before unknown. */
static enum pst_status make_data_key(const struct maker *m)
{
    char path[PATH_MAX];
    bool made = false;
    if (path_of(m, "keys/data.key", path) != PST_OK) {
        return PST_ERR;
    }
    if (pst_file_exists(path)) {
        return pst_file_private(path, m->err);
    }
    struct pst_secret *key = pst_secret_random(SEED_BYTES);
    if (key == NULL) {
        return pst_fail(m->err, PST_E_NO_MEMORY, "no locked memory for the data key");
    }
    enum pst_status status = write_new(m, "keys/data.key", 0600, pst_secret_reveal(key), &made);
    pst_secret_free(key);
    return status;
}

static enum pst_status make_key(const struct maker *m, struct pst_store *store, const char *owner,
                                const char *group, const char *label, bool may_assert,
                                char ret[PST_KEY_CHARS + 1])
{
    uint8_t random[8 + PST_KEY_SECRET_BYTES];
    struct pst_key_text key;
    struct pst_key_row row = {.n_groups = 1, .may_assert = may_assert, .created_s = m->plan->now_s};
    pst_random(random, sizeof random);
    pst_key_make(random, &key);
    pst_key_hash(&key, row.hash);
    memcpy(row.id, key.id, sizeof row.id);
    bool fits = pst_str_to_c(pst_str_c(owner), row.owner, sizeof row.owner) &&
                pst_str_to_c(pst_str_c(group), row.groups[0], sizeof row.groups[0]) &&
                pst_str_to_c(pst_str_c(label), row.label, sizeof row.label);
    PST_BUG_ON(!fits);
    enum pst_status status = pst_store_key_add(store, &row, FIRST_KEYS, m->err);
    if (status == PST_OK) {
        pst_key_format(&key, ret);
    }
    pst_wipe(random, sizeof random);
    pst_wipe(&key, sizeof key);
    return status;
}

static enum pst_status make_store(const struct maker *m)
{
    char path[PATH_MAX];
    struct pst_store *store = NULL;
    if (path_of(m, "store/postern.db", path) != PST_OK) {
        return PST_ERR;
    }
    m->made->fresh = !pst_file_exists(path);
    if (pst_store_open(path, &store, m->err) != PST_OK) {
        return PST_ERR;
    }
    enum pst_status status = PST_OK;
    if (m->made->fresh && !m->plan->no_keys) {
        status = make_key(m, store, "User::admin", "admins", "first administrator", false,
                          m->made->admin_key);
        if (status == PST_OK && m->plan->demo) {
            status = make_key(m, store, "Workload::demo", "demo", "demo app", true,
                              m->made->demo_key);
        }
    }
    pst_store_close(store);
    return status;
}

/* What is there stays, as with everything else. */
static enum pst_status make_config(const struct maker *m)
{
    const char *elsewhere = m->plan->config;
    struct pst_str text = pst_str_c(m->plan->demo ? config_demo : config_plain);
    bool made = false;
    if (elsewhere == NULL) {
        return write_new(m, "postern.yaml", 0600, text, &made);
    }
    return pst_file_exists(elsewhere) ? PST_OK : pst_file_create(elsewhere, 0600, text, m->err);
}

enum pst_status pst_state_make_as(const char *dir, const struct pst_state_plan *plan,
                                  struct pst_state_made *ret, struct pst_err *err)
{
    *ret = (struct pst_state_made){0};
    struct maker m = {.plan = plan, .made = ret, .err = err};
    if (pst_crypto_init(err) != PST_OK || make_folders(&m, dir) != PST_OK ||
        make_config(&m) != PST_OK || make_log_key(&m) != PST_OK || make_data_key(&m) != PST_OK ||
        (plan->demo && pst_state_tls_make(m.dir, plan->now_s, err) != PST_OK) ||
        make_store(&m) != PST_OK) {
        pst_state_made_wipe(ret);
        return PST_ERR;
    }
    return PST_OK;
}

enum pst_status pst_state_make(const char *dir, bool demo, int64_t now_s,
                               struct pst_state_made *ret, struct pst_err *err)
{
    const struct pst_state_plan plan = {.demo = demo, .now_s = now_s};
    return pst_state_make_as(dir, &plan, ret, err);
}

void pst_state_made_wipe(struct pst_state_made *made)
{
    pst_wipe(made->admin_key, sizeof made->admin_key);
    pst_wipe(made->demo_key, sizeof made->demo_key);
}
