#include "roles/keys_set.h"

#include "crypto/secret.h"
#include "sys/fd.h"

#include <stdlib.h>
#include <string.h>

static void clear(struct pst_keys_one *one)
{
    for (size_t i = 0; i < one->n; i++) {
        pst_server_key_free(one->keys[i]);
    }
    *one = (struct pst_keys_one){.n = 0};
}

enum pst_status pst_keys_set_add(struct pst_keys_set *set, int fd,
                                 uint8_t ret_spki[PST_X509_SPKI_BYTES], struct pst_err *err)
{
    uint64_t size = 0;
    struct pst_server_key *key = NULL;
    if (set->coming.n == PST_KEYS_SET_MAX) {
        return pst_fail(err, PST_E_LIMIT, "too many keys");
    }
    if (pst_fd_size(fd, &size, err) != PST_OK || size == 0 || size > PST_SERVER_KEY_FILE_MAX) {
        return pst_fail(err, PST_E_CONFIG, "the file is not a private key");
    }
    uint8_t *text = malloc((size_t)size);
    if (text == NULL) {
        return pst_fail(err, PST_E_NO_MEMORY, "no memory for a key");
    }
    enum pst_status status = pst_fd_pread_full(fd, text, (size_t)size, 0, err);
    if (status == PST_OK) {
        status = pst_server_key_load(pst_str_of(text, (size_t)size), &key, err);
    }
    pst_wipe(text, (size_t)size);
    free(text);
    if (status != PST_OK) {
        return status;
    }
    memcpy(ret_spki, pst_server_key_spki(key), PST_X509_SPKI_BYTES);
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

static const struct pst_server_key *find(const struct pst_keys_one *one,
                                         const uint8_t spki[PST_X509_SPKI_BYTES])
{
    for (size_t i = 0; i < one->n; i++) {
        if (memcmp(pst_server_key_spki(one->keys[i]), spki, PST_X509_SPKI_BYTES) == 0) {
            return one->keys[i];
        }
    }
    return NULL;
}

const struct pst_server_key *pst_keys_set_find(const struct pst_keys_set *set,
                                               const uint8_t spki[PST_X509_SPKI_BYTES])
{
    const struct pst_server_key *key = find(&set->current, spki);
    key = key != NULL ? key : find(&set->coming, spki);
    return key != NULL ? key : find(&set->before, spki);
}
