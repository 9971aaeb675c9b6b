/* The admin API, sans-I/O: who asks what, to a status and a JSON body. It acts only after a
 * decision permitted it and a record of it was written: asking and recording are not its business.
 *
 *   POST   /admin/v1/keys              {owner, groups?, label?, expires_in_s?, may_assert?} -> 201
 *   GET    /admin/v1/keys              -> {keys: [...]}
 *   GET    /admin/v1/keys/ID
 *   POST   /admin/v1/keys/ID/rotate    {grace_s?, expires_in_s?} -> 201; the old key ends after
 * grace_s DELETE /admin/v1/keys/ID           revokes GET    /admin/v1/status POST /admin/v1/reload
 *   GET    /metrics                    Prometheus text
 *
 * The secret of a key is in the answer that makes it, and nowhere else, ever. */
#ifndef PST_CONTROL_ADMIN_H
#define PST_CONTROL_ADMIN_H

#include "base/buf.h"
#include "base/def.h"
#include "base/err.h"
#include "base/str.h"
#include "control/store.h"
#include "wire/json_out.h"

#include <stdbool.h>

/* What administration works on; all set, `user` is passed to the functions. */
struct pst_admin {
    struct pst_store *store;
    uint64_t max_keys; /* the limit "keys" */
    void *user;
    void (*random)(void *user, uint8_t *ret, size_t n);
    /* A key was made, changed or revoked: warden must hear of it now. */
    void (*key_changed)(void *user, const struct pst_key_row *row);
    /* Asks for a reload; `now`: what is under way is decided again. AGAIN: under way, answer later
     * with pst_admin_reloaded. */
    enum pst_status (*reload)(void *user, bool now, struct pst_err *err);
    /* Adds members to an object that is open. */
    void (*status)(void *user, struct pst_json_out *out);
    void (*metrics)(void *user, struct pst_buf *out);
};

struct pst_admin_in {
    struct pst_str method, path, body;
    struct pst_str who; /* "User::local-0" */
    int64_t now_s;      /* seconds since 1970 */
};

/* What was changed, for evidence; an empty action: nothing was. Never a secret. */
struct pst_admin_deed {
    char action[30];  /* "key.create" */
    char object[62];  /* the key's id */
    char detail[510]; /* "owner=Workload::demo groups=demo may_assert=yes" */
};

struct pst_admin_out {
    uint16_t status; /* HTTP */
    struct pst_admin_deed deed;
    bool json;           /* else text/plain; version=0.0.4 */
    struct pst_buf body; /* the caller inits and releases; wipe it: it may hold a new key */
};

/* OK: *out is the answer (an error too is an answer). AGAIN: it comes later (reload). Never ERR. */
PST_NODISCARD enum pst_status pst_admin_handle(const struct pst_admin *admin,
                                               const struct pst_admin_in *in,
                                               struct pst_admin_out *out);
/* The answer to a reload: `why` is the reason when it was refused. */
void pst_admin_reloaded(bool ok, uint32_t generation, struct pst_str why,
                        struct pst_admin_out *out);
/* An error as an answer, in the shape of the OpenAI API. */
void pst_admin_refuse(const struct pst_err *err, struct pst_admin_out *out);
/* Takes apart what a front submits: "METHOD PATH\n" and the body behind it. */
PST_NODISCARD bool pst_admin_split(struct pst_str submitted, struct pst_admin_in *ret);

#endif
