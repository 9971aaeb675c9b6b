#include "roles/keys_set.h"

#include "crypto/secret.h"
#include "sys/fd.h"

#include <stdlib.h>
#include <string.h>

static void clear(struct pst_keys_one *one)
{
    for (size_t i = 0; i < one->n; i++) {
        pst_tls_key_free(one->keys[i]);
    }
    *one = (struct pst_keys_one){.n = 0};
}

enum pst_status pst_keys_set_add(struct pst_keys_set *set, int fd, uint8_t ret_spki[PST_TLS_SPKI],
                                 struct pst_err *err)
{
    uint64_t size = 0;
    struct pst_tls_key *key = NULL;
    if (set->coming.n == PST_KEYS_SET_MAX) {
        return pst_fail(err, PST_E_LIMIT, "too many keys");
    }
    if (pst_fd_size(fd, &size, err) != PST_OK || size == 0 || size > PST_KEYS_FILE_MAX) {
        return pst_fail(err, PST_E_CONFIG, "the file is not a private key");
    }
    uint8_t *text = malloc((size_t)size);
    struct pst_secret *pem = NULL;
    enum pst_status status = text != NULL ? pst_fd_pread_full(fd, text, (size_t)size, 0, err)
                                          : pst_fail(err, PST_E_NO_MEMORY, "no memory for a key");
    if (status == PST_OK) {
        pem = pst_secret_new(pst_str_of(text, (size_t)size));
        status = pem != NULL ? pst_tls_key_new(pem, &key, err)
                             : pst_fail(err, PST_E_NO_MEMORY, "no locked memory for a key");
    }
    if (text != NULL) {
        pst_wipe(text, (size_t)size);
    }
    free(text);
    pst_secret_free(pem);
    if (status != PST_OK) {
        return status;
    }
    memcpy(ret_spki, pst_tls_key_spki(key), PST_TLS_SPKI);
    set->coming.keys[set->coming.n++] = key;
    return PST_OK;
}

void pst_keys_set_commit(struct pst_keys_set *set)
{
    clear(&set->before);
    set->before = set->current;
    set->current = set->coming;
    set->coming = (struct pst_keys_one){.n = 0};
}

void pst_keys_set_drop(struct pst_keys_set *set)
{
    clear(&set->coming);
}

void pst_keys_set_release(struct pst_keys_set *set)
{
    clear(&set->before);
    clear(&set->current);
    clear(&set->coming);
}

static const struct pst_tls_key *find(const struct pst_keys_one *one,
                                      const uint8_t spki[PST_TLS_SPKI])
{
    for (size_t i = 0; i < one->n; i++) {
        if (memcmp(pst_tls_key_spki(one->keys[i]), spki, PST_TLS_SPKI) == 0) {
            return one->keys[i];
        }
    }
    return NULL;
}

const struct pst_tls_key *pst_keys_set_find(const struct pst_keys_set *set,
                                            const uint8_t spki[PST_TLS_SPKI])
{
    const struct pst_tls_key *key = find(&set->current, spki);
    key = key != NULL ? key : find(&set->coming, spki);
    return key != NULL ? key : find(&set->before, spki);
}
