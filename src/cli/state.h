/* The state folder: what `init` makes. What exists is left alone; nothing is overwritten. */
#ifndef PST_CLI_STATE_H
#define PST_CLI_STATE_H

#include "base/def.h"
#include "base/err.h"
#include "gate/image.h"
#include "identity/key.h"

#include <stdbool.h>

struct pst_state_made {
    bool fresh;             /* the folder had no database before */
    char dir[PST_PATH_MAX]; /* absolute */
    /* Keys that were made now, to be shown once and wiped; empty texts: none. */
    char admin_key[PST_KEY_CHARS + 1];
    char demo_key[PST_KEY_CHARS + 1];
};

/* Makes what is missing of the folder (mode 0700): postern.yaml, keys/log.seed, audit/log.pub,
 * store/postern.db with a first key for administration and, for the demo, one for an app. */
struct pst_state_plan {
    bool demo;          /* with a demo model, a demo app and its key */
    bool no_keys;       /* no first keys: whoever is root creates them over the Unix socket */
    const char *config; /* where postern.yaml goes instead; NULL: into the folder */
    int64_t now_s;
};
PST_NODISCARD enum pst_status pst_state_make_as(const char *dir, const struct pst_state_plan *plan,
                                                struct pst_state_made *ret, struct pst_err *err);
PST_NODISCARD enum pst_status pst_state_make(const char *dir, bool demo, int64_t now_s,
                                             struct pst_state_made *ret, struct pst_err *err);
void pst_state_made_wipe(struct pst_state_made *made);

#endif
