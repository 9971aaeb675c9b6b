/* The private keys of TLS listeners in keys: those of the configuration in force, those of one that
 * is about to be, and those of the one before, for handshakes that are under way. */
#ifndef PST_ROLES_KEYS_SET_H
#define PST_ROLES_KEYS_SET_H

#include "crypto/server_key.h"

#include <stddef.h>

enum { PST_KEYS_SET_MAX = 16 };

struct pst_keys_one {
    struct pst_server_key *keys[PST_KEYS_SET_MAX];
    size_t n;
};

struct pst_keys_set {
    struct pst_keys_one before, current, coming;
};

/* Reads the key behind a descriptor that was granted, and keeps it with the coming ones. `ret_spki`
 * becomes its name. */
PST_NODISCARD enum pst_status pst_keys_set_add(struct pst_keys_set *set, int fd,
                                               uint8_t ret_spki[PST_X509_SPKI_BYTES],
                                               struct pst_err *err);
/* The coming ones are in force: those before the ones before are gone. */
void pst_keys_set_commit(struct pst_keys_set *set);
/* The coming ones were refused. */
void pst_keys_set_drop(struct pst_keys_set *set);
void pst_keys_set_release(struct pst_keys_set *set);
/* NULL: there is none of this name. */
const struct pst_server_key *pst_keys_set_find(const struct pst_keys_set *set,
                                               const uint8_t spki[PST_X509_SPKI_BYTES]);

#endif
